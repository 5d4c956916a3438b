/* smb1_session.c - negotiation, sessions and trees: see smb1.c. */
#include "service/file/smb1.h"

void
smb1_negotiate_request(const struct smb1_record *r)
{
	struct reader *c = r->m->c;
	const uint8_t *p = smb1_fixed(r, 3);
	const size_t   outer = read_enter(c, p ? load_le16(p + 1) : 0);

	while (read_more(c)) {
		read_skip(c, 1);
		(void)smb1_string(c, false, 0);
	}
	read_leave(c, outer);
}

/* The strings in these are relative to the end of the dialect. */
static void
negotiate_nt_response(const struct smb1_record *r, size_t start)
{
	struct smb1   *m = r->m;
	struct reader *c = m->c;
	const uint8_t *p = smb1_fixed(r, 34);

	if (!p)
		return;
	if (p[20] & 0x80) { /* extended security: the capabilities' bit 31 */
		read_skip(c, 16);
		const struct bytes blob = read_string(c, load_le16(p + 32) - 16u);
		if (!c->bad)
			smb_blob(m->t, TALK_RESP, blob);
	} else {
		read_skip(c, p[31]);
		(void)smb1_string(c, m->unicode, c->at - start);
	}
}

void
smb1_negotiate_response(const struct smb1_record *r)
{
	struct reader *c = r->m->c;
	const uint8_t *p = smb1_fixed(r, 3);
	const size_t   start = c->at;

	if (!p)
		return;
	if (p[0] == 0x01) {
		read_skip(c, 2);
	} else if (p[0] == 0x0d) {
		const uint8_t *q = smb1_fixed(r, 26);
		read_skip(c, q ? load_le16(q + 20) : 0);
		(void)smb1_string(c, r->m->unicode, c->at - start);
	} else if (p[0] == 0x11) {
		negotiate_nt_response(r, start);
	} else {
		read_fail(c);
	}
}

/* The fixed part of a session setup, by its number of words. Returns it, and stores its security blob. */
static const uint8_t *
setup_request(const struct smb1_record *r, uint8_t words, struct bytes *blob)
{
	struct reader *c = r->m->c;
	const size_t   n = words == 0x0a ? 22 : words == 0x0c ? 26 : 28;

	if (words < 0x0a || words == 0x0b || words > 0x0d) {
		read_fail(c);
		return NULL;
	}
	const uint8_t *p = smb1_fixed(r, n);
	if (words == 0x0a)
		read_skip(c, p ? load_le16(p + 14) : 0);
	else if (words == 0x0c)
		*blob = read_take(c, p ? load_le16(p + 14) : 0);
	else
		read_skip(c, p ? (uint32_t)load_le16(p + 14) + load_le16(p + 16) : 0);
	smb1_strings(r, words == 0x0c ? 2 : 4);
	return p;
}

static const uint8_t *
setup_response(const struct smb1_record *r, uint8_t words, struct bytes *blob)
{
	const uint8_t *p = NULL;

	if (words == 3) {
		p = smb1_fixed(r, 8);
		smb1_optional_strings(r, p && load_le16(p + 6) ? 3 : 0);
	} else if (words == 4) {
		p = smb1_fixed(r, 10);
		*blob = read_take(r->m->c, p ? load_le16(p + 6) : 0);
		smb1_strings(r, 2);
	} else {
		read_skip(r->m->c, 2);
	}
	return p;
}

void
smb1_session_setup(const struct smb1_record *r)
{
	const struct reader *c = r->m->c;
	const uint8_t       *words = smb1_fixed(r, 1);
	struct bytes         blob = { 0 };

	if (!words)
		return;
	const uint8_t *p = (r->request ? setup_request : setup_response)(r, *words, &blob);
	if (!c->bad && p)
		smb1_andx(r, p, r->request, r->base + 1u);
	if (!c->bad)
		smb_blob(r->m->t, r->request ? TALK_ORIG : TALK_RESP, blob);
}

void
smb1_logoff(const struct smb1_record *r)
{
	const uint8_t *p = smb1_fixed(r, 7);

	if (p)
		smb1_andx(r, p + 1, true, r->base); /* a request, whichever side sends it */
}

void
smb1_tree_connect_request(const struct smb1_record *r)
{
	const uint8_t *p = smb1_fixed(r, 11);

	if (!p)
		return;
	read_skip(r->m->c, load_le16(p + 7));
	smb1_strings(r, 1);
	(void)smb1_string(r->m->c, false, 0);
	smb1_chain(r, p);
}

void
smb1_tree_connect_response(const struct smb1_record *r)
{
	struct smb1   *m = r->m;
	struct reader *c = m->c;
	const uint8_t *p = smb1_fixed(r, 5);

	if (!p)
		return;
	read_skip(c, p[0] >= 3 ? 2 + 2u * (p[0] - 3u) : 0);
	const uint16_t     size = read_le16(c);
	const struct bytes service = smb1_string(c, false, 0);
	smb1_optional_strings(r, size > service.n ? 1 : 0);
	smb1_chain(r, p);
	if (!c->bad && service.n >= 3 && memcmp(service.p, "IPC", 3) == 0)
		smb_tree_set_pipe(talk_state(m->t), m->tree);
}
