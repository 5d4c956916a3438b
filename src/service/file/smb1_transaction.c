/* smb1_transaction.c - transactions: see smb1.c.  Those over named pipes carry DCE-RPC. */
#include "service/file/smb1.h"

/* Returns whether the wide or narrow `name` has `text` at its `at`th character. */
static bool
has(struct bytes name, bool wide, size_t at, const char *text)
{
	for (size_t i = 0; text[i]; i++) {
		const uint8_t *p = bytes_at(name, (at + i) << wide, 1);
		if (!p || *p != (uint8_t)text[i])
			return false;
	}
	return true;
}

/* Skips the parameters, whose length and offset are given, to the offset of the data. */
static void
to_data(const struct smb1_record *r, const uint8_t *parameters, const uint8_t *data)
{
	smb1_to(r, load_le16(parameters + 2));
	read_skip(r->m->c, load_le16(parameters));
	smb1_to(r, load_le16(data));
}

void
smb1_transaction_request(const struct smb1_record *r)
{
	struct smb1   *m = r->m;
	struct reader *c = m->c;
	const uint8_t *p = smb1_fixed(r, 29);

	if (!p)
		return;
	read_skip(c, 2u * p[27] + 2);
	const struct bytes name = smb1_string(c, m->unicode, smb1_position(r));
	to_data(r, p + 19, p + 25);
	if (c->bad)
		return;
	const bool in_pipes = has(name, m->unicode, 0, "\\PIPE\\");
	const bool lanman = in_pipes && has(name, m->unicode, 6, "LANMAN");
	if (in_pipes && !lanman)
		smb_pipe_data(m->t, 0, TALK_ORIG, read_take(c, read_left(c)));
	smb_transaction_set(talk_state(m->t), m->id, in_pipes ? !lanman : smb_tree_is_pipe(talk_state(m->t), m->tree));
}

void
smb1_transaction_response(const struct smb1_record *r)
{
	struct smb1   *m = r->m;
	struct reader *c = m->c;
	const uint8_t *p = smb1_fixed(r, 21);

	if (!p)
		return;
	read_skip(c, 2u * p[19] + 2);
	to_data(r, p + 7, p + 15);
	if (c->bad || load_le16(p + 13) == 0)
		return;
	if (!read_more(c))
		read_fail(c);
	else if (smb_transaction_take(talk_state(m->t), m->id))
		smb_pipe_data(m->t, 0, TALK_RESP, read_take(c, read_left(c)));
}

void
smb1_transaction_secondary(const struct smb1_record *r, bool second)
{
	const uint8_t *p = smb1_fixed(r, second ? 21 : 19);

	if (!r->request || !p)
		return;
	to_data(r, p + 5, p + 13);
	if (second)
		read_skip(r->m->c, load_le16(p + 11));
}

void
smb1_transaction2_request(const struct smb1_record *r)
{
	struct reader *c = r->m->c;
	const uint8_t *p = smb1_fixed(r, 33);

	if (!p)
		return;
	smb1_to(r, load_le16(p + 21));
	switch (load_le16(p + 29)) {
	case 0x01: /* find first; its name, like that of the others, is relative to the sub-command */
		read_skip(c, 12);
		(void)smb1_string(c, r->m->unicode, 12);
		break;
	case 0x05: /* query path */
		read_skip(c, 6);
		(void)smb1_string(c, r->m->unicode, 6);
		break;
	case 0x07: /* query file */
		read_skip(c, 4);
		break;
	case 0x10: /* DFS referral */
		read_skip(c, 2);
		(void)smb1_string(c, r->m->unicode, 2);
		break;
	default:
		break;
	}
}

void
smb1_transaction2_response(const struct smb1_record *r)
{
	const uint8_t *p = smb1_fixed(r, 23);

	read_skip(r->m->c, p ? load_le16(p + 21) : 0);
}
