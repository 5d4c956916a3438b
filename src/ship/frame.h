/* frame.h - the framing of lines in the disk spool. */
#ifndef CONNLOG_SHIP_FRAME_H
#define CONNLOG_SHIP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_kind {
	FRAME_LINES = 0x4c4c6e63, /* "cnLL" as bytes: whole lines, `records` of them */
	FRAME_HEAD = 0x44486e63,  /* "cnHD": the header, for every new connection */
	FRAME_FOOT = 0x54466e63,  /* "cnFT": the footer */
};

struct frame {
	uint32_t kind;
	uint32_t n;       /* bytes of payload */
	uint32_t records; /* in them */
	uint32_t check;   /* CRC-32 of the payload */
};

enum { FRAME_MAX = 64 << 20 }; /* bytes; a longer frame is invalid */

/* Returns whether the header is plausible. */
static inline bool
frame_is_good(const struct frame *f)
{
	return (f->kind == FRAME_LINES || f->kind == FRAME_HEAD || f->kind == FRAME_FOOT) && f->n <= FRAME_MAX;
}

#endif
