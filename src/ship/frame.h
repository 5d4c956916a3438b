/* frame.h - pieces of a log on their way to a sink: through a socket between two processes of one program, and in its files. */
#ifndef CONNLOG_SHIP_FRAME_H
#define CONNLOG_SHIP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_kind {
	FRAME_LINES = 0x4c4c6e63, /* "cnLL" as bytes: whole lines, which are `records` records */
	FRAME_HEAD = 0x44486e63,  /* "cnHD": what stands before the first line, wherever one begins */
	FRAME_FOOT = 0x54466e63,  /* "cnFT": what stands past the last one; nothing comes any more */
};

struct frame {
	uint32_t kind;
	uint32_t n;       /* bytes that follow */
	uint32_t records; /* in them */
	uint32_t check;   /* CRC-32 of them, in a file; 0 in a socket */
};

enum { FRAME_MAX = 64 << 20 }; /* bytes: more is none of ours */

/* Reads so many bytes.  Returns false at the end, and where there is an error. */
bool frame_read_all(int fd, void *p, size_t n);

/* Returns whether it is a frame that one of ours has made. */
static inline bool
frame_is_good(const struct frame *f)
{
	return (f->kind == FRAME_LINES || f->kind == FRAME_HEAD || f->kind == FRAME_FOOT) && f->n <= FRAME_MAX;
}

#endif
