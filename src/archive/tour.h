/* tour.h - reads captures as one stream of packets, and reads some of these packets again.
 *
 * The first walk notes a place about every megabyte: the number of the next packet, and where it is in which file.
 * Packets wanted later are found from the place before them; a compressed file is read from its start.
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
	uint64_t offset; /* of the packet, or of other blocks before it */
	uint32_t file;
	uint32_t mark, marks; /* pcapng: the tour's marks that have to be read first (capfile_resume()) */
};

/* A part of a file that is read, and the times of the skipped parts before it: the lowest and the highest of each, in
 * nanoseconds. */
struct stretch {
	uint64_t offset, end;
	size_t   mark, marks;   /* in the plan */
	size_t   time, times_n; /* in the plan */
};

/* The parts of a file that are read. */
struct plan {
	bool            parts; /* only the parts in `at`; otherwise everything */
	struct stretch *at;
	struct marks    marks;
	int64_t        *times;
	size_t          n, n_times, room, times_room;
};

struct tour {
	struct inputs         inputs;
	struct filter        *filter; /* NULL: all packets */
	volatile sig_atomic_t stop;
	void (*notice)(void *arg, const char *text); /* reports files that cannot be read or are damaged */
	void *notice_arg;

	struct capfile file;
	bool           open;
	size_t         next;   /* input to open next */
	uint64_t       number; /* of the next packet */
	uint64_t       done_bytes;
	struct plan   *plans;                        /* one per file; NULL: everything is read */
	size_t         stretch;                      /* index of the next part in the file's plan */
	uint64_t       begun, end;                   /* the first byte of the current part, and the one after its last */
	uint64_t       bytes;                        /* read in all walks */
	void (*on_skipped)(void *arg, int64_t time); /* packets up to that time are skipped */
	void         *on_skipped_arg;
	uint64_t      place_at;   /* offset from which the next place is noted */
	bool          damaged;    /* a part could not be read */
	int           unfiltered; /* CONNLOG_OK, or why the next packet cannot be filtered */
	char          unfiltered_why[400];
	struct place *places;
	size_t        n_places, places_room;
	struct marks  marks;
};

/* Lists the files, which must be regular. Returns CONNLOG_OK, or an error with a message; the tour has to be freed in
 * either case. */
int  tour_init(struct tour *t, const char *const *paths, size_t n, const char *bpf, char *err, size_t err_size);
void tour_free(struct tour *t);

/* Starts from the first file. `plans` determines what is read of each file; NULL: everything. */
void tour_begin(struct tour *t, struct plan *plans);
/* Reads up to `max` packets, which are valid until the next call. An error in a file is reported, and the next file
 * follows. Returns their number, CONNLOG_END, or an error with a message, after which no more packets can be read. */
int  tour_read(struct tour *t, connlog_packet *p, size_t max, char *err, size_t err_size);
void tour_progress(const struct tour *t, connlog_source_progress *out);

/* Reads the packets with these numbers, in ascending order, once more and passes each to `fn` with its index among
 * them. Returns CONNLOG_OK, the result of `fn` if that is not CONNLOG_OK, or an error with a message. */
typedef int (*tour_fn)(void *arg, size_t i, const struct rawframe *frame);
int tour_again(struct tour *t, const uint64_t *numbers, size_t n, tour_fn fn, void *arg, char *err, size_t err_size);

#endif
