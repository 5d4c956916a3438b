/* pop3.c - POP3 (RFC 1939), as Zeek's analyzer/protocol/pop3/POP3.cc follows it.  It has no port of its own.
 *
 * Confirms: +OK in answer to USER, CAPA or STLS.  Violates: a server's line outside a multi-line answer that does not begin
 * with a known word, and the 11th and every further unknown command of the client.  To match answers with commands, the
 * client's commands wait in a queue until the previous one is answered.  STLS answered by +OK hands the streams over to SSL.
 * X: see mail.h; RETR and TOP show mails.
 *
 * Keeps two unfinished lines (line_streams.h), at most 10 commands of one byte, one mail (mail.h).
 */
#include "service/line_streams.h"
#include "service/mail/mail.h"
#include "service/text.h"

#define MAX_WAITING 10u /* POP3::max_pending_commands */
#define MAX_UNKNOWN 10u /* POP3::max_unknown_client_commands */

/* Words, in the order in which they are compared. */
enum word {
	OK,
	ERR,
	USER,
	PASS,
	APOP,
	AUTH,
	STAT,
	LIST,
	RETR,
	DELE,
	RSET,
	NOOP,
	LAST,
	QUIT,
	TOP,
	CAPA,
	UIDL,
	STLS,
	XSENDER,
	UNKNOWN, /* also: no command yet */
	HAS_ARGUMENT = 0x80
};

static const char *const words[UNKNOWN] = {
	"OK",   "ERR",  "USER", "PASS", "APOP", "AUTH", "STAT", "LIST", "RETR",    "DELE",
	"RSET", "NOOP", "LAST", "QUIT", "TOP",  "CAPA", "UIDL", "STLS", "XSENDER",
};

enum master { START, AUTHORIZATION, TRANSACTION, OVER };

struct pop3 {
	struct line_streams streams;
	struct mail        *mail;
	uint8_t             waiting[MAX_WAITING + 1]; /* words, the first is being answered */
	uint8_t             n;
	uint8_t             unknown; /* commands, to MAX_UNKNOWN + 1 */
	uint8_t             master;
	uint8_t             state, last_state;    /* the command that the next +OK answers; UNKNOWN: the greeting */
	bool                guessing;             /* a command came before login: +OK will mean that none was needed */
	bool                authenticating;       /* the client's lines are not commands */
	bool                want_lines, in_lines; /* the answer has several lines; it is inside them */
};

/* ---- words */

/* Returns the line's first word, with HAS_ARGUMENT if more follows. */
static uint8_t
word_of(struct bytes b)
{
	const uint8_t *nul = b.n > 0 ? memchr(b.p, 0, b.n) : NULL;

	if (nul)
		b.n = (size_t)(nul - b.p);
	b = text_skip_blanks(b);
	while (b.n > 0 && b.p[b.n - 1] == ' ')
		b.n--;
	const uint8_t *blank = b.n > 0 ? memchr(b.p, ' ', b.n) : NULL;
	struct bytes   word = blank ? bytes_head(b, (size_t)(blank - b.p)) : b;
	if (word.n == 0)
		return UNKNOWN;
	for (unsigned w = OK; w < UNKNOWN; w++) {
		if (word.n > 0 && (word.p[0] == '+' || word.p[0] == '-'))
			word = bytes_skip(word, 1);
		if (text_is_like(word, words[w]))
			return (uint8_t)(blank ? w | HAS_ARGUMENT : w);
	}
	return UNKNOWN;
}

/* ---- the client */

/* Handles a command that Zeek accepts only after login. */
static void
transaction(struct pop3 *s, enum word w)
{
	if (s->master == TRANSACTION) {
		s->state = w == XSENDER ? LAST : (uint8_t)w;
	} else {
		s->guessing = true;
		s->last_state = (uint8_t)w;
	}
}

static void
authorization(struct pop3 *s, enum word w, bool argument)
{
	if (s->master != AUTHORIZATION || (w == PASS && s->state != USER))
		return;
	s->state = (uint8_t)w;
	if (w == AUTH && argument)
		s->authenticating = true;
	else if (w == AUTH)
		s->want_lines = true;
}

static void
unknown_command(struct talk *t)
{
	struct pop3 *s = talk_state(t);

	if (s->authenticating)
		return;
	if (s->unknown <= MAX_UNKNOWN)
		s->unknown++;
	if (s->unknown > MAX_UNKNOWN)
		talk_violate(t);
}

/* Handles the first command in the queue, which the server answers next. */
static void
process(struct talk *t)
{
	struct pop3    *s = talk_state(t);
	const bool      argument = s->waiting[0] & HAS_ARGUMENT;
	const enum word w = s->waiting[0] & (unsigned)~HAS_ARGUMENT;

	if (s->n == 0)
		return;
	switch (w) {
	case OK:
	case ERR:
		break;
	case USER:
	case PASS:
	case APOP:
	case AUTH:
		authorization(s, w, argument);
		break;
	case RETR:
	case TOP:
		s->want_lines = true;
		transaction(s, w);
		break;
	case LIST:
	case UIDL:
		if (!argument)
			s->want_lines = true;
		transaction(s, w);
		break;
	case QUIT:
		if (s->master == OVER)
			transaction(s, LAST);
		else
			s->state = QUIT;
		break;
	case STAT: /* before login it is ignored, unlike the others */
		if (s->master == TRANSACTION)
			s->state = STAT;
		break;
	case CAPA:
		s->want_lines = true;
		s->state = CAPA;
		break;
	case STLS:
		s->state = STLS;
		break;
	case UNKNOWN:
		unknown_command(t);
		break;
	default:
		transaction(s, w);
	}
}

static void
client_line(struct talk *t, struct bytes b)
{
	struct pop3 *s = talk_state(t);

	if (s->authenticating)
		return;
	s->waiting[s->n++] = word_of(b);
	if (s->n > MAX_WAITING) {
		s->n--;
		memmove(s->waiting, s->waiting + 1, s->n);
	}
	if (s->n == 1)
		process(t);
}

/* ---- the server */

static void
answered(struct talk *t)
{
	struct pop3 *s = talk_state(t);

	if (s->n == 0)
		return;
	s->n--;
	memmove(s->waiting, s->waiting + 1, s->n);
	process(t);
}

static void
mail_data(struct talk *t, struct bytes b, uint64_t full)
{
	struct pop3 *s = talk_state(t);

	if (s->mail && mail_line(s->mail, b, full))
		talk_note_x(t);
}

static void
end_mail(struct pop3 *s)
{
	mail_free(s->mail);
	s->mail = NULL;
}

static void
long_answer(struct talk *t, struct bytes b, uint64_t full)
{
	struct pop3 *s = talk_state(t);

	if (full == 1 && b.n == 1 && b.p[0] == '.') {
		s->want_lines = s->in_lines = false;
		end_mail(s);
		answered(t);
	} else if (s->state == RETR || s->state == TOP) {
		mail_data(t, b, full);
	}
}

static void
ok(struct talk *t, struct bytes b, uint64_t full)
{
	struct pop3 *s = talk_state(t);

	if (s->guessing) {
		s->master = TRANSACTION;
		s->guessing = false;
		s->state = s->last_state;
	}
	switch (s->state) {
	case UNKNOWN:
		s->master = AUTHORIZATION;
		break;
	case USER:
		s->master = AUTHORIZATION;
		talk_confirm(t);
		break;
	case AUTH:
		s->in_lines = s->want_lines;
		if (s->authenticating)
			s->master = TRANSACTION;
		s->authenticating = false;
		break;
	case TOP:
	case RETR:
		if (!s->mail)
			s->mail = mail_new();
		mail_data(t, b, full);
		s->in_lines = s->want_lines;
		break;
	case CAPA:
		talk_confirm(t);
		s->in_lines = s->want_lines;
		break;
	case UIDL:
	case LIST:
		s->in_lines = s->want_lines;
		break;
	case STLS:
		talk_confirm(t);
		line_streams_upgrade(t);
		return;
	case QUIT:
		s->master = OVER;
		break;
	default:
		s->master = TRANSACTION;
	}
	if (!s->in_lines)
		answered(t);
}

static void
err(struct talk *t)
{
	struct pop3 *s = talk_state(t);

	s->in_lines = s->want_lines = s->guessing = s->authenticating = false;
	switch (s->state) {
	case USER:
	case PASS:
	case APOP:
	case AUTH:
		s->master = AUTHORIZATION;
		s->state = UNKNOWN;
		break;
	case QUIT:
		s->master = OVER;
		break;
	case UNKNOWN:
	case CAPA:
	case STLS:
		break;
	default:
		s->master = TRANSACTION;
	}
	answered(t);
}

static void
server_line(struct talk *t, struct bytes b, uint64_t full)
{
	struct pop3 *s = talk_state(t);

	if (s->in_lines) {
		long_answer(t, b, full);
		return;
	}
	switch (word_of(b) & (unsigned)~HAS_ARGUMENT) {
	case OK:
		ok(t, b, full);
		break;
	case ERR:
		err(t);
		break;
	case UNKNOWN:
		if (!s->authenticating)
			talk_violate(t);
		break;
	default: /* a client's word: merely strange */
		break;
	}
}

/* ---- the streams */

static void
take(struct talk *t, int side, struct bytes b, uint64_t full)
{
	const struct pop3 *s = talk_state(t);

	if (s->streams.raw)
		line_streams_pass(t, side, b);
	else if (talk_partial(t))
		return;
	else if (side == TALK_RESP)
		server_line(t, b, full);
	else if (full > 0)
		client_line(t, b);
}

static void
begin(struct talk *t)
{
	struct pop3 *s = talk_state(t);

	line_streams_begin(t, take);
	s->state = s->last_state = UNKNOWN;
}

static void
end(struct talk *t)
{
	end_mail(talk_state(t));
	line_streams_end(t);
}

const struct recogniser recogniser_pop3 = {
	.service = SERVICE_POP3,
	.state_size = sizeof(struct pop3),
	.begin = begin,
	.feed = line_streams_feed,
	.eof = line_streams_eof,
	.flipped = line_streams_flipped,
	.end = end,
};
