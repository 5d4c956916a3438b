/* irc.c - IRC (RFC 1459, RFC 2812), as Zeek's analyzer/protocol/irc/IRC.cc follows it.
 *
 * Confirms: a client's line with a known command; a server's never does.  Violates: less than 3 bytes after tags and prefix, a
 * digit at the beginning that is not part of a three-digit code and a blank, and from the 21st on each command of more than
 * 20 bytes.  Lines of more than 512 bytes are ignored.  A reply 670 hands the streams over to SSL; DCC SEND, sent
 * by either side, announces a connection (scripts/base/protocols/irc/dcc-send.zeek).
 *
 * Links between servers can be compressed; Zeek decompresses after splitting lines, so compressed bytes that look like line
 * ends are missing.
 *
 * Buffers an unfinished line of at most 1000 bytes of each side, and the decompressor (unzip.h).
 */
#include "service/line_streams.h"
#include "service/text.h"
#include "service/unzip.h"

#define LINE_CAP       1000u
#define LINE_MAX       512u
#define COMMAND_MAX    20u
#define LONG_COMMANDS  20u
#define REPLY_STARTTLS 670u
#define MAX_PARAMETERS 8u

struct irc {
	struct line_streams streams;
	uint8_t             long_commands; /* commands that are too long, to LONG_COMMANDS + 1 */
	/* Between servers: everything is compressed once both have registered and offered it. */
	bool          registered[2], zip[2], compressed;
	struct unzip *unzip[2];
};

/* The parts of a line that are needed. */
struct message {
	struct bytes command, params;
	bool         prefixed;
};

/* Consumes `*b` through the next blank, and returns what is before it. */
static struct bytes
take_word(struct bytes *b)
{
	const uint8_t     *blank = b->n > 0 ? memchr(b->p, ' ', b->n) : NULL;
	const size_t       n = blank ? (size_t)(blank - b->p) : b->n;
	const struct bytes word = bytes_head(*b, n);

	*b = bytes_skip(*b, n + 1);
	return word;
}

static bool
is_client_command(struct bytes word)
{
	static const char *const commands[] = {
		"ADMIN",    "AWAY",    "CNOTICE", "CPRIVMSG", "CONNECT", "DIE",    "ENCAP",   "ERROR",    "INFO",
		"INVITE",   "ISON",    "JOIN",    "KICK",     "KILL",    "KNOCK",  "LINKS",   "LIST",     "LUSERS",
		"MODE",     "MOTD",    "NAMES",   "NICK",     "NOTICE",  "OPER",   "PART",    "PASS",     "PING",
		"PONG",     "PRIVMSG", "QUIT",    "REHASH",   "RULES",   "SERVER", "SERVICE", "SERVLIST", "SETNAME",
		"SILENCE",  "SQUERY",  "SQUIT",   "STATS",    "SUMMON",  "TIME",   "TOPIC",   "TRACE",    "USER",
		"USERHOST", "USERS",   "VERSION", "WALLOPS",  "WHO",     "WHOIS",  "WHOWAS",  "STARTTLS",
	};

	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (text_is_like(word, commands[i]))
			return true;
	return false;
}

/* ---- DCC */

/* Parses a decimal number at the beginning; what follows does not matter.  Returns false if there is none or it is too large. */
static bool
number(struct bytes b, uint32_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < b.n && text_is_digit(b.p[i]); i++)
		if ((v = v * 10 + (b.p[i] - (unsigned)'0')) > UINT32_MAX)
			return false;
	*out = (uint32_t)v;
	return b.n > 0 && text_is_digit(b.p[0]);
}

/* DCC type argument address port [size [T]] */
static void
dcc(struct talk *t, struct bytes b)
{
	struct bytes words[MAX_PARAMETERS];
	size_t       n = 0;
	uint32_t     host, port;

	while (b.n > 0 && n < MAX_PARAMETERS) {
		words[n] = take_word(&b);
		n += words[n].n > 0;
	}
	if (n < 5 || n > 7 || (n == 7 && !(words[6].n == 1 && words[6].p[0] == 'T')))
		return;
	if (!number(words[3], &host) || !number(words[4], &port) || port > UINT16_MAX)
		return;
	if (words[1].n != 4 || memcmp(words[1].p, "SEND", 4) != 0)
		return;
	const uint8_t     four[4] = { (uint8_t)(host >> 24), (uint8_t)(host >> 16), (uint8_t)(host >> 8), (uint8_t)host };
	const struct addr addr = addr_from_v4(four);
	talk_expect(t, SERVICE_IRC_DCC_DATA, NULL, &addr, (uint16_t)port);
}

/* PRIVMSG target [:][\1]text */
static void
private_message(struct talk *t, struct bytes b)
{
	if (b.n == 0 || !memchr(b.p, ' ', b.n))
		return;
	take_word(&b);
	b = text_skip(b, ' ');
	if (b.n > 0 && b.p[0] == ':')
		b = bytes_skip(b, 1);
	if (b.n > 0 && b.p[0] == 1)
		b = bytes_skip(b, 1);
	if (b.n <= 3 || memcmp(b.p, "DCC", 3) != 0)
		return;
	if (b.p[b.n - 1] == 1)
		b.n--;
	dcc(t, b);
}

/* ---- servers */

/* PASS password version flags options: the options name Z. */
static bool
offers_zip(struct bytes b)
{
	unsigned n = 0;

	while (b.n > 0) {
		const struct bytes word = take_word(&b);
		if (word.n > 0 && ++n == 4)
			return memchr(word.p, 'Z', word.n) || memchr(word.p, 'z', word.n);
	}
	return false;
}

static void
between_servers(struct irc *s, int side, const struct message *m)
{
	if (s->registered[side])
		return;
	if (text_is_like(m->command, "PASS"))
		s->zip[side] = offers_zip(m->params);
	if (text_is_like(m->command, "SERVER") && !m->prefixed)
		s->registered[side] = true;
}

/* ---- lines */

/* Consumes tags and prefix.  Returns false if nothing follows them. */
static bool
take_prefix(struct bytes *b, bool *prefixed)
{
	*prefixed = false;
	if (b->p[0] == '@') {
		if (!memchr(b->p, ' ', b->n))
			return false;
		take_word(b);
	}
	if (b->n > 0 && b->p[0] == ':') {
		if (!memchr(b->p, ' ', b->n))
			return false;
		*prefixed = take_word(b).n > 1;
		*b = text_skip(*b, ' ');
	}
	return true;
}

static void
reply(struct talk *t, struct bytes b)
{
	unsigned code;

	if (b.n < 4 || !text_code(b, &code) || b.p[3] != ' ') {
		talk_violate(t);
		return;
	}
	if (code == REPLY_STARTTLS)
		line_streams_upgrade(t);
}

static void
command(struct talk *t, int side, struct message *m)
{
	struct irc *s = talk_state(t);

	if (side == TALK_ORIG && is_client_command(m->command))
		talk_confirm(t);
	if (text_is_like(m->command, "STARTTLS"))
		return;
	between_servers(s, side, m);
	if (m->command.n > COMMAND_MAX) {
		if (s->long_commands <= LONG_COMMANDS)
			s->long_commands++;
		if (s->long_commands > LONG_COMMANDS)
			talk_violate(t);
		return;
	}
	if (text_is_like(m->command, "PRIVMSG"))
		private_message(t, m->params);
	if (s->registered[0] && s->registered[1] && s->zip[0] && s->zip[1])
		s->compressed = true;
}

/* Takes a line, or decompressed bytes, or, after 670, any bytes. */
static void
line(struct talk *t, int side, struct bytes b, uint64_t full)
{
	struct irc    *s = talk_state(t);
	struct message m;

	if (s->streams.raw) {
		line_streams_pass(t, side, b);
		return;
	}
	if (full > LINE_MAX || b.n != full)
		return;
	b = text_skip(b, ' ');
	if (b.n < 3 || !take_prefix(&b, &m.prefixed))
		return;
	if (b.n < 3) {
		talk_violate(t);
		return;
	}
	if (text_is_digit(b.p[0])) {
		reply(t, b);
		return;
	}
	m.command = take_word(&b);
	m.params = text_skip(b, ' ');
	command(t, side, &m);
}

struct unpacked {
	struct talk *t;
	int          side;
};

static void
take_unpacked(void *arg, struct bytes b)
{
	const struct unpacked *to = arg;

	line(to->t, to->side, b, b.n);
}

static void
take(struct talk *t, int side, struct bytes b, uint64_t full)
{
	struct irc     *s = talk_state(t);
	struct unpacked to = { t, side };

	if (s->compressed)
		unzip_feed(&s->unzip[side], talk_budget(t), b, take_unpacked, &to);
	else
		line(t, side, b, full);
}

static void
begin(struct talk *t)
{
	struct irc *s = talk_state(t);

	line_streams_begin(t, take);
	s->streams.side[0].cap = s->streams.side[1].cap = LINE_CAP;
}

static void
end(struct talk *t)
{
	struct irc *s = talk_state(t);

	for (int side = 0; side < 2; side++)
		unzip_free(s->unzip[side], talk_budget(t));
	line_streams_end(t);
}

static const uint16_t ports[] = { 6666, 6667, 6668, 6669, 0 };

const struct recogniser recogniser_irc = {
	.service = SERVICE_IRC,
	.tcp_ports = ports,
	.state_size = sizeof(struct irc),
	.begin = begin,
	.feed = line_streams_feed,
	.eof = line_streams_eof,
	.flipped = line_streams_flipped,
	.end = end,
};
