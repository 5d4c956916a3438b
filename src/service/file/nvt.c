/* nvt.c - see nvt.h. */
#include "service/file/nvt.h"

enum { IAC = 255, DONT = 254, DO = 253, WONT = 252, WILL = 251, SB = 250, SE = 240 };
enum { SAID_WILL = 1, SAID_WONT = 2, SAID_DO = 4, SAID_DONT = 8 };
enum { STAGE_TEXT, STAGE_IAC, STAGE_OPTION, STAGE_SUB };

static bool
line(struct nvt *v, unsigned without, struct bytes *out, uint64_t *full)
{
	*out = held_take(&v->held, without, full);
	return true;
}

/* ---- options */

static int
option_of(uint8_t code)
{
	return code == 0 ? NVT_BINARY : code == 37 ? NVT_AUTHENTICATE : code == 38 ? NVT_ENCRYPT : -1;
}

/* Handles an option: a side's WILL or DO sets the other's flags; the option is active if this side has sent the
 * counterpart. */
static void
saw_option(struct nvt *v, struct nvt *peer, uint8_t code)
{
	const int o = option_of(code);

	if (o < 0)
		return;
	switch (v->command) {
	case WILL:
		peer->said[o] |= SAID_WILL;
		if (v->said[o] & SAID_DO)
			peer->active[o] = true;
		break;
	case WONT:
		peer->said[o] |= SAID_WONT;
		if (v->said[o] & SAID_DONT)
			peer->active[o] = false;
		break;
	case DO:
		peer->said[o] |= SAID_DO;
		if (v->said[o] & SAID_WILL)
			v->active[o] = true;
		break;
	default:
		peer->said[o] |= SAID_DONT;
		if (v->said[o] & SAID_WONT)
			v->active[o] = false;
	}
}

/* The bytes of the sub-option are its code, its data, and the IAC that ended it. */
static void
saw_sub_option(struct nvt *v, struct nvt *peer)
{
	enum { STARTING = 3, REQUEST_START = 5, AUTH_STATUS = 2, REJECT = 1, ACCEPT = 2 };

	if (v->sub < 3) /* no data */
		return;
	if (option_of(v->sub_begin[0]) == NVT_ENCRYPT && v->active[NVT_ENCRYPT]) {
		if (v->sub_begin[1] == REQUEST_START)
			v->encrypt_asked = true;
		else if (v->sub_begin[1] == STARTING && (peer->encrypt_asked || peer->encrypting || peer->authenticated))
			v->encrypting = true;
	}
	if (option_of(v->sub_begin[0]) == NVT_AUTHENTICATE && v->sub_begin[1] == AUTH_STATUS && v->sub > 3 &&
	    (v->sub_begin[2] == REJECT || v->sub_begin[2] == ACCEPT))
		v->authenticated = v->sub_begin[2] == ACCEPT;
}

static void
after_iac(struct nvt *v, struct budget *budget, uint8_t c)
{
	v->stage = STAGE_TEXT;
	if (c == IAC) {
		held_put(&v->held, budget, c);
		v->last = c;
	} else if (c == SB) {
		v->stage = STAGE_SUB;
		v->sub = 0;
		v->sub_iac = false;
	} else if (c >= WILL) {
		v->stage = STAGE_OPTION;
		v->command = c;
	}
}

/* Handles a byte of a sub-option. Returns false if it belongs to an option that begins there. */
static bool
in_sub_option(struct nvt *v, struct nvt *peer, uint8_t c, bool *x)
{
	if (v->held.length + 2 + v->sub >= ZEEK_MAX_LINE) {
		*x = true;
		v->stage = STAGE_TEXT;
		v->held.n = 0;
		v->held.length = 0;
		v->last = 0;
		return false;
	}
	if (!v->sub_iac) {
		if (v->sub < sizeof v->sub_begin)
			v->sub_begin[v->sub] = c;
		v->sub++;
		v->sub_iac = c == IAC;
		return true;
	}
	v->sub_iac = false;
	if (c == IAC)
		return true;
	saw_sub_option(v, peer);
	v->stage = c == SE ? STAGE_TEXT : STAGE_IAC;
	return c == SE;
}

/* ---- text */

/* Handles a byte of text. Returns whether it ends a line. */
static bool
in_text(struct nvt *v, struct budget *budget, uint8_t c, struct bytes *out, uint64_t *full)
{
	const uint8_t last = v->last;

	v->last = c;
	if (c == '\n') {
		if (last != '\r')
			return line(v, 0, out, full);
		return v->held.length > 0 && line(v, 1, out, full);
	}
	if (c != 0)
		held_put(&v->held, budget, c);
	else if (last != '\r') {
		if (v->nul_sensitive)
			v->nul_sensitive = false;
		else
			held_put(&v->held, budget, c);
	}
	return false;
}

bool
nvt_next(struct nvt *v, struct nvt *peer, struct budget *budget, struct bytes *in, struct bytes *out, uint64_t *full,
         bool *x)
{
	if (held_is_idle(&v->held))
		held_clear(&v->held, budget);
	while (in->n > 0) {
		uint8_t c = in->p[0];
		if (v->stage == STAGE_SUB) {
			if (in_sub_option(v, peer, c, x))
				*in = bytes_skip(*in, 1);
			continue;
		}
		*in = bytes_skip(*in, 1);
		if (v->stage == STAGE_IAC) {
			after_iac(v, budget, c);
			continue;
		}
		if (v->stage == STAGE_OPTION) {
			saw_option(v, peer, c);
			v->stage = STAGE_TEXT;
			continue;
		}
		if (v->held.length >= ZEEK_MAX_LINE) { /* return it without its last byte; this byte is lost too */
			*x = true;
			v->last = 0;
			return line(v, 1, out, full);
		}
		if (c == IAC) {
			v->stage = STAGE_IAC;
			continue;
		}
		if (v->active[NVT_BINARY])
			c &= 0x7f;
		if (in_text(v, budget, c, out, full))
			return true;
	}
	return false;
}

bool
nvt_unfinished(const struct nvt *v)
{
	return v->held.length > 0 || v->stage != STAGE_TEXT;
}
