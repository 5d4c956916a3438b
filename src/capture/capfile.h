/* capfile.h - one capture file, being read; pcap_file.c and pcapng_file.c know the two formats. */
#ifndef CONNLOG_CAPTURE_CAPFILE_H
#define CONNLOG_CAPTURE_CAPFILE_H

#include "capture/source.h"
#include "capture/stream.h"

/* What a pcap file's header says of its records. */
struct pcap_layout {
	size_t   header; /* size of a record's: 16, or 24 for Kuznetzov's */
	bool     nanoseconds;
	uint8_t  lengths; /* PCAP_LENGTHS_… */
	int32_t  link;
	uint32_t snaplen; /* longer packets are cut to it */
	uint32_t max;     /* longer ones are damage */
};

struct capfile {
	struct stream in;
	const char   *name;    /* for texts; not owned */
	uint64_t      packets; /* handed out so far */
	bool          big_endian;
	bool          as_zeek; /* pcapng, read as Zeek's own source reads it: see pcapng_file.c; it filters nothing */

	/* Up to `max` packets, whose data is valid until the next call.
	 * Returns their number, or CONNLOG_END, or an error with its text.  A failure is told when everything before
	 * it has been handed out. */
	int (*next)(struct capfile *f, connlog_packet *p, size_t max, char *err, size_t err_size);

	struct pcap_layout pcap;
	struct {
		struct pcapng_interface *at; /* of the section */
		size_t                   n, room;
	} pcapng;
};

/* Opens a capture and reads what stands before its first packet; the format is told by its content.  `as_zeek` is
 * for pcapng only: other captures are read as ever.
 * Returns CONNLOG_OK, or an error with its text; close it in either case. */
int  capfile_open(struct capfile *f, const char *path, bool as_zeek, size_t window, const volatile sig_atomic_t *stop,
                  char *err, size_t err_size);
int  capfile_open_memory(struct capfile *f, struct bytes memory, size_t window, char *err, size_t err_size);
void capfile_close(struct capfile *f);

/* The formats: called when the magic number is theirs, with `next` to be set. */
bool pcap_file_detect(struct bytes head);
int  pcap_file_begin(struct capfile *f, char *err, size_t err_size);
bool pcapng_file_detect(struct bytes head);
int  pcapng_file_begin(struct capfile *f, char *err, size_t err_size);

/* Says that the next record is damaged, in what way, and where that is.  Returns CONNLOG_BAD_INPUT. */
__attribute__((format(printf, 4, 5))) int
capfile_damaged(const struct capfile *f, char *err, size_t err_size, const char *format, ...);
/* Says that the next record, of `size` bytes, is not all there: why, and where that is. */
int capfile_short(const struct capfile *f, size_t size, char *err, size_t err_size);

#endif
