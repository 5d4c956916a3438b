/* tour.h - captures read as one stream of packets, and read again at some of them.
 *
 * The first walk notes a place about every megabyte: which packet is next, and where it is in which file.  Packets that are wanted
 * later are found from the place before them; a compressed file is read from its start.
 */
#ifndef CONNLOG_ARCHIVE_TOUR_H
#define CONNLOG_ARCHIVE_TOUR_H

#include "archive/marks.h"
#include "base/outbuf.h"
#include "capture/capfile.h"
#include "capture/filter.h"
#include "capture/inputs.h"
#include "capture/rawframe.h"

struct place {
	uint64_t number; /* of the next packet */
	uint64_t offset; /* where it is, or something that is no packet before it */
	uint32_t file;
	uint32_t mark, marks; /* of pcapng: which of the tour's marks have to be read before (capfile_resume()) */
};

/* A part of a file that is read, and before it the times of what is not: the least and the greatest of each part, in nanoseconds. */
struct stretch {
	uint64_t offset, end;
	size_t   mark, marks;   /* of the plan's */
	size_t   time, times_n; /* of the plan's */
};

/* What is read of a file. */
struct plan {
	bool            parts; /* only those in `at`; else all */
	struct stretch *at;
	struct marks    marks;
	int64_t        *times;
	size_t          n, n_times, room, times_room;
};

struct tour {
	struct inputs         inputs;
	struct filter        *filter; /* NULL: all packets */
	volatile sig_atomic_t stop;
	void (*notice)(void *arg, const char *text); /* of files that cannot be read or are damaged */
	void *notice_arg;

	struct capfile file;
	bool           open;
	size_t         next;   /* input to open next */
	uint64_t       number; /* of the next packet */
	uint64_t       done_bytes;
	struct plan   *plans;                        /* of each file; NULL: all are read */
	size_t         stretch;                      /* of the file's plan: the next */
	uint64_t       begun, end;                   /* the current one's first byte, and behind its last */
	uint64_t       bytes;                        /* that were read in all walks */
	void (*on_skipped)(void *arg, int64_t time); /* packets up to then are left out */
	void         *on_skipped_arg;
	uint64_t      place_at;   /* from there on the next place is noted */
	bool          damaged;    /* some of it could not be read */
	int           unfiltered; /* CONNLOG_OK, or why the next packet cannot be filtered */
	char          unfiltered_why[400];
	struct place *places;
	size_t        n_places, places_room;
	struct marks  marks;
};

/* Lists the files, which have to be regular.  Returns CONNLOG_OK, or an error with its text; free it in either case. */
int  tour_init(struct tour *t, const char *const *paths, size_t n, const char *bpf, char *err, size_t err_size);
void tour_free(struct tour *t);

/* Begins from the first file.  `plans` says what is read of each, or is NULL. */
void tour_begin(struct tour *t, struct plan *plans);
/* Reads up to `max` packets, which are valid until the next call; what is wrong with a file is told, and the next one follows.
 * Returns their number, CONNLOG_END, or an error with its text after which nothing more is to be had. */
int  tour_read(struct tour *t, connlog_packet *p, size_t max, char *err, size_t err_size);
void tour_progress(const struct tour *t, connlog_source_progress *out);

/* Reads the packets of these numbers once more, which increase, and hands each to `fn` with its index among them.  Returns CONNLOG_OK,
 * what `fn` returned if that was something else, or an error with its text. */
typedef int (*tour_fn)(void *arg, size_t i, const struct rawframe *frame);
int tour_again(struct tour *t, const uint64_t *numbers, size_t n, tour_fn fn, void *arg, char *err, size_t err_size);

#endif
