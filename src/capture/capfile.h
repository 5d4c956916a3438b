/* capfile.h - one capture file being read; pcap_file.c and pcapng_file.c know the two formats. */
#ifndef CONNLOG_CAPTURE_CAPFILE_H
#define CONNLOG_CAPTURE_CAPFILE_H

#include "capture/source.h"
#include "capture/stream.h"

/* What the header of a pcap file says about its records. */
struct pcap_layout {
	size_t   header; /* bytes of a record header: 16, or 24 in Kuznetzov's variant */
	bool     nanoseconds;
	uint8_t  lengths; /* PCAP_LENGTHS_… */
	int32_t  link;
	uint16_t linktype; /* the same as in the file */
	uint32_t said;     /* the snapshot length in the file */
	uint32_t snaplen;  /* longer packets are truncated to it */
	uint32_t max;      /* longer packets mean damage */
};

struct capfile {
	struct stream in;
	const char   *name;    /* for messages; not owned */
	uint64_t      packets; /* returned so far */
	bool          big_endian;
	bool          as_zeek; /* pcapng, read as Zeek's own source reads it (pcapng_file.c), without a filter */

	/* Returns up to `max` packets, whose data is valid until the next call.  Returns their number, CONNLOG_END, or an
	 * error with a message.  A failure is reported after everything before it has been returned. */
	int (*next)(struct capfile *f, connlog_packet *p, size_t max, char *err, size_t err_size);

	struct pcap_layout pcap;
	struct {
		struct pcapng_interface *at; /* of the section */
		size_t                   n, room;
		uint64_t                 section; /* where its header is */
		bool                     keep;    /* what is in the descriptions of interfaces */
	} pcapng;
};

/* Opens a capture, detects its format and reads everything before its first packet.  `as_zeek` affects only
 * pcapng.  Returns CONNLOG_OK, or an error with a message; the file must be closed in either case. */
int capfile_open(struct capfile *f, const char *path, bool as_zeek, size_t window, const volatile sig_atomic_t *stop,
                 char *err, size_t err_size);
int capfile_open_memory(struct capfile *f, struct bytes memory, size_t window, char *err, size_t err_size);
/* Returns whether the file begins as a capture that is not compressed. */
bool capfile_is_plain(const char *path);
void capfile_close(struct capfile *f);

/* An interface of pcapng. */
struct pcapng_interface {
	int32_t  link;
	uint32_t snaplen;
	uint64_t resolution;  /* units of time in a second */
	uint64_t offset;      /* seconds to add; two's complement */
	uint64_t at;          /* where its description is in the file */
	uint8_t *description; /* with `keep`: the contents of that block, allocated; else NULL */
	uint32_t description_n;
};

/* Goes on with the packet that is at `offset` of a plain file that has just been opened.  Of pcapng, `marks` are the places of the
 * section's header and of the descriptions of interfaces that are known there, in their order.
 * Returns CONNLOG_OK, or an error with its text. */
int capfile_resume(struct capfile *f, const uint64_t *marks, size_t n, uint64_t offset, char *err, size_t err_size);
/* Reads the block there, which is no packet. */
int  pcapng_file_mark(struct capfile *f, uint64_t mark, char *err, size_t err_size);
void pcapng_file_free(struct capfile *f);

/* Open the two formats; called when the magic number matches, and must set `next`. */
bool pcap_file_detect(struct bytes head);
int  pcap_file_begin(struct capfile *f, char *err, size_t err_size);
bool pcapng_file_detect(struct bytes head);
int  pcapng_file_begin(struct capfile *f, char *err, size_t err_size);

/* Reports that the next record is damaged, how, and where.  Returns CONNLOG_BAD_INPUT. */
__attribute__((format(printf, 4, 5))) int
capfile_damaged(const struct capfile *f, char *err, size_t err_size, const char *format, ...);
/* Reports that the next record, of `size` bytes, is incomplete, why, and where. */
int capfile_short(const struct capfile *f, size_t size, char *err, size_t err_size);

#endif
