/* imap.c - IMAP (RFC 3501), as Zeek's analyzer/protocol/imap/{imap-protocol,imap-analyzer}.pac follow it.
 *
 * Each chunk is parsed on its own: elements of a tag, a command and the rest of the line, up to the chunk's end.  An
 * element that is incomplete or malformed violates; those before it have had their effect.  Confirms: the server's `* ok`,
 * the client's capability and starttls, and from either side certain commands in lower case, after which inspection ends.
 * STARTTLS answered by OK hands the streams over to SSL.
 *
 * Keeps the tag of STARTTLS, which is at most a chunk.  It is allocated: clients rarely send it twice, or a long one.
 */
#include <stdlib.h>

#include "dpd/talk.h"
#include "service/text.h"

struct imap {
	uint8_t *tag;   /* of the client's STARTTLS */
	size_t   tag_n; /* 0: none */
	bool     raw;   /* the streams are SSL's */
	bool     gap;
};

struct element {
	struct bytes tag, command;
};

/* ---- pieces, consumed from `*b` */

static struct bytes
take_tag(struct bytes *b)
{
	size_t n = 0;

	while (n < b->n && b->p[n] >= 0x21 && b->p[n] <= 0x7e)
		n++;
	const struct bytes tag = bytes_head(*b, n);
	*b = bytes_skip(*b, n);
	return tag;
}

static size_t
skip_blanks(struct bytes *b)
{
	size_t n = 0;

	while (n < b->n && b->p[n] == ' ')
		n++;
	*b = bytes_skip(*b, n);
	return n;
}

static bool
is_newline(uint8_t c)
{
	return c == '\r' || c == '\n';
}

static size_t
skip_newlines(struct bytes *b)
{
	size_t n = 0;

	while (n < b->n && is_newline(b->p[n]))
		n++;
	*b = bytes_skip(*b, n);
	return n;
}

/* Returns false if one of them is not a word. */
static bool
capabilities(struct bytes *b)
{
	while (b->n > 0) {
		if (take_tag(b).n == 0)
			return false;
		skip_blanks(b);
		if (skip_newlines(b) > 0)
			break;
	}
	return true;
}

static bool
element(struct bytes *b, int side, struct element *e)
{
	e->tag = take_tag(b);
	if (e->tag.n == 0 || skip_blanks(b) == 0)
		return false;
	e->command = take_tag(b);
	if (e->command.n == 0)
		return false;
	skip_blanks(b);
	if (side == TALK_RESP && text_is(e->tag, "*") && text_is_like(e->command, "capability"))
		return capabilities(b);
	while (b->n > 0 && !is_newline(b->p[0]))
		*b = bytes_skip(*b, 1);
	return skip_newlines(b) > 0;
}

/* ---- what an element means */

/* Returns whether STARTTLS can no longer come after the command. */
static bool
is_past_login(struct bytes command)
{
	static const char *const commands[] = { "authenticate", "login", "examine", "create", "list", "fetch" };

	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (text_is(command, commands[i]))
			return true;
	return false;
}

static void
client_starttls(struct imap *s, struct bytes tag)
{
	free(s->tag);
	s->tag = malloc(tag.n);
	s->tag_n = s->tag ? tag.n : 0;
	if (s->tag)
		memcpy(s->tag, tag.p, tag.n);
}

static void
act(struct talk *t, int side, const struct element *e)
{
	struct imap *s = talk_state(t);
	const bool   ok = text_is_like(e->command, "ok");
	const bool   starttls = text_is_like(e->command, "starttls");

	if (side == TALK_RESP && text_is(e->tag, "*") && ok)
		talk_confirm(t);
	if (side == TALK_ORIG && (text_is(e->command, "capability") || starttls))
		talk_confirm(t);
	if (is_past_login(e->command)) {
		talk_confirm(t);
		talk_skip(t);
		return;
	}
	if (side == TALK_ORIG && starttls)
		client_starttls(s, e->tag);
	if (side == TALK_RESP && ok && s->tag_n > 0 && e->tag.n == s->tag_n && memcmp(e->tag.p, s->tag, s->tag_n) == 0) {
		s->raw = true;
		talk_hand_over(t, SERVICE_SSL);
	}
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	struct imap   *s = talk_state(t);
	struct element e;

	if (s->raw) {
		talk_pass(t, side, b);
		return;
	}
	if (talk_partial(t) || s->gap)
		return;
	while (b.n > 0) {
		if (!element(&b, side, &e)) {
			talk_violate(t);
			return;
		}
		act(t, side, &e);
	}
}

static void
gap(struct talk *t, int side, uint64_t len)
{
	struct imap *s = talk_state(t);

	(void)side;
	(void)len;
	s->gap = true;
	if (!s->raw)
		talk_skip(t);
}

static void
end(struct talk *t)
{
	struct imap *s = talk_state(t);

	free(s->tag);
	s->tag = NULL;
}

static const uint16_t ports[] = { 143, 0 };

const struct recogniser recogniser_imap = {
	.service = SERVICE_IMAP,
	.tcp_ports = ports,
	.state_size = sizeof(struct imap),
	.feed = feed,
	.gap = gap,
	.end = end,
};
