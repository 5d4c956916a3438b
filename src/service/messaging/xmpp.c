/* xmpp.c - XMPP (RFC 6120) until it is encrypted or authenticated, as Zeek follows it (analyzer/protocol/xmpp/).
 *
 * Every chunk is a sequence of tags, each followed by text, from its first byte to its last; any other violates.
 * Confirms: the originator's tag stream:stream.  Inspection ends after a tag that only follows authentication; after the
 * client's starttls and the server's proceed everything is passed to TLS.  Nothing is buffered.
 */
#include "dpd/talk.h"
#include "service/text.h"

static const uint16_t ports[] = { 5222, 5269, 0 };

struct xmpp {
	bool starttls, tls;
};

/* Returns the name without its namespace. */
static struct bytes
local(struct bytes name)
{
	const uint8_t *colon = memchr(name.p, ':', name.n);
	const size_t   before = colon ? (size_t)(colon - name.p) + 1 : 0;

	return before < name.n ? bytes_skip(name, before) : name;
}

static bool
authenticated(struct bytes name)
{
	return text_is(name, "success") || text_is(name, "message") || text_is(name, "db:result") ||
	       text_is(name, "db:verify") || text_is(name, "presence");
}

static void
tag(struct talk *t, int side, struct bytes name)
{
	struct xmpp *x = talk_state(t);

	if (side == TALK_ORIG && text_is(name, "stream:stream"))
		talk_confirm(t);
	if (authenticated(name))
		talk_skip(t);
	if (side == TALK_ORIG && text_is(local(name), "starttls"))
		x->starttls = true;
	if (side == TALK_RESP && x->starttls && text_is(local(name), "proceed")) {
		x->tls = true;
		talk_hand_over(t, SERVICE_SSL);
	}
}

static bool
is_name_char(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '?' || c == ':';
}

static struct bytes
skip_text(struct bytes b)
{
	size_t n = 0;

	while (n < b.n && b.p[n] != '<' && b.p[n] != '>')
		n++;
	return bytes_skip(b, n);
}

/* Takes a tag and the text after it.  Returns false if there is none. */
static bool
next_tag(struct bytes *b, struct bytes *name)
{
	while (b->n > 0 && (b->p[0] == ' ' || b->p[0] == '\r' || b->p[0] == '\n'))
		*b = bytes_skip(*b, 1);
	if (b->n == 0 || b->p[0] != '<')
		return false;
	*b = bytes_skip(*b, 1);
	const size_t slash = b->n > 0 && b->p[0] == '/';
	size_t       n = slash;
	while (n < b->n && is_name_char(b->p[n]))
		n++;
	if (n == slash)
		return false;
	*name = bytes_head(*b, n);
	*b = skip_text(bytes_skip(*b, n));
	if (b->n == 0 || b->p[0] != '>')
		return false;
	*b = skip_text(bytes_skip(*b, 1));
	return true;
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	const struct xmpp *x = talk_state(t);
	struct bytes       name;

	if (x->tls) {
		talk_pass(t, side, b);
		return;
	}
	if (talk_partial(t))
		return;
	while (b.n > 0) {
		if (!next_tag(&b, &name)) {
			talk_violate(t);
			return;
		}
		tag(t, side, name);
	}
}

/* Both sides are lost, unless TLS continues. */
static void
gap(struct talk *t, int side, uint64_t len)
{
	const struct xmpp *x = talk_state(t);

	(void)side;
	(void)len;
	if (!x->tls)
		talk_skip(t);
}

const struct recogniser recogniser_xmpp = {
	.service = SERVICE_XMPP,
	.tcp_ports = ports,
	.state_size = sizeof(struct xmpp),
	.feed = feed,
	.gap = gap,
};
