/* smtp.c - SMTP (RFC 5321), as Zeek's analyzer/protocol/smtp/SMTP.cc follows it.
 *
 * Confirms: a client's line that is a known command, an answer inside AUTH, the end of DATA; the first valid reply after
 * a gap.  Violates: a server's line that does not begin with a code of 100 to 599.  Other unknown lines of the client
 * are ignored.  To know which lines of the client are commands, the dialogue is followed: the state moves with each command
 * as if it succeeded, and again with its reply.  STARTTLS with 220 hands over to SSL.  The 26th
 * invalid transaction (scripts/base/protocols/smtp/main.zeek) ends it, the service stays.  X: see mail.h.
 *
 * Keeps two unfinished lines (line_streams.h), at most 1000 commands of one byte that wait for replies, one mail (mail.h) and its
 * BDAT line (smtp_bdat.c).  The commands are allocated here: pipelines are short, only an attacker's has 1000.
 */
#include <stdlib.h>

#include "service/line_streams.h"
#include "service/mail/smtp.h"
#include "service/text.h"

#define MAX_WAITING 1000u
#define MAX_INVALID 25u /* SMTP::max_invalid_mail_transactions */

enum command {
	CMD_NONE, /* -1 in Zeek: a gap took it */
	CMD_EHLO,
	CMD_HELO,
	CMD_MAIL,
	CMD_RCPT,
	CMD_DATA,
	CMD_QUIT,
	CMD_RSET,
	CMD_VRFY,
	CMD_EXPN,
	CMD_HELP,
	CMD_NOOP,
	CMD_STARTTLS,
	CMD_X_ANONYMOUSTLS,
	CMD_CONN_ESTABLISHMENT, /* the greeting answers it */
	CMD_END_OF_DATA,
	CMD_SEND,
	CMD_SOML,
	CMD_SAML,
	CMD_TURN,
	CMD_BDAT,
	CMD_ETRN,
	CMD_AUTH,
	CMD_AUTH_ANSWER,
	CMD_COUNT
};

static const char *const words[CMD_COUNT] = {
	NULL,          "EHLO", "HELO",     "MAIL",           "RCPT",
	"DATA",        "QUIT", "RSET",     "VRFY",           "EXPN",
	"HELP",        "NOOP", "STARTTLS", "X_ANONYMOUSTLS", "CONN_ESTABLISHMENT",
	"END_OF_DATA", "SEND", "SOML",     "SAML",           "TURN",
	"BDAT",        "ETRN", "AUTH",     "AUTH_ANSWER",
};

/* Zeek's states; MAIL_OK, RCPT_OK and similar ones make no difference here. */
enum state {
	STATE_COMMANDS,
	STATE_IN_DATA,
	STATE_IN_BDAT,
	STATE_IN_AUTH,
	STATE_AFTER_GAP,
	STATE_GAP_RECOVERY,
	STATE_IN_TLS
};

struct smtp {
	struct line_streams streams;
	struct bdat         bdat;
	struct mail        *mail;
	uint8_t            *waiting; /* a ring, after `first` */
	uint16_t            room, head, n;
	uint16_t            pending_reply; /* code of a reply of several lines */
	uint8_t             first;         /* the command that the next reply answers */
	uint8_t             state;
	uint8_t             sender;  /* a side; TURN changes it */
	bool                crossed; /* Zeek keeps each side's lines under its name before the roles were flipped */
	uint16_t            number;  /* index among the connection's confirmed ones; 0: not confirmed */
};

static void
confirm(struct talk *t)
{
	struct smtp              *s = talk_state(t);
	struct smtp_transactions *tr = talk_smtp(t);

	talk_confirm(t);
	if (s->number != 0)
		return;
	tr->disabled = false;
	s->number = (uint16_t)++tr->confirmed;
}

/* ---- commands that wait for replies */

static void
wait_for_reply(struct smtp *s, enum command c)
{
	if (s->first == CMD_NONE) {
		s->first = (uint8_t)c;
		return;
	}
	if (s->n == MAX_WAITING)
		s->n = 0;
	if (s->n == s->room) {
		const uint16_t room = s->room ? (uint16_t)(s->room * 2) : 16;
		uint8_t       *grown = malloc(room);
		if (!grown)
			return;
		for (uint16_t i = 0; i < s->n; i++)
			grown[i] = s->waiting[(s->head + i) % s->room];
		free(s->waiting);
		s->waiting = grown;
		s->room = room;
		s->head = 0;
	}
	s->waiting[(s->head + s->n++) % s->room] = (uint8_t)c;
}

static enum command
next_answered(struct smtp *s)
{
	const enum command c = s->first;

	s->first = CMD_NONE;
	if (s->n > 0) {
		s->first = s->waiting[s->head];
		s->head = (uint16_t)((s->head + 1) % s->room);
		s->n--;
	}
	return c;
}

/* ---- mails */

static void
end_data(struct talk *t)
{
	struct smtp *s = talk_state(t);

	if (s->bdat.open) {
		if (s->bdat.left > 0)
			s->streams.side[0].plain = s->streams.side[1].plain = 0;
		if (bdat_end(&s->bdat, s->mail))
			talk_note_x(t);
	}
	mail_free(s->mail);
	s->mail = NULL;
}

static void
begin_data(struct smtp *s, enum state state)
{
	s->state = (uint8_t)state;
	mail_free(s->mail);
	s->mail = mail_new();
}

/* Returns false if the argument is invalid: the command then has no effect. */
static bool
begin_chunk(struct smtp *s, int side, struct bytes arg)
{
	uint64_t size;
	bool     last;

	if (!bdat_argument(arg, &size, &last))
		return false;
	s->streams.side[side ^ s->crossed].plain = size;
	if (!s->bdat.open) {
		begin_data(s, STATE_IN_BDAT);
		s->bdat.open = true;
	}
	s->bdat.left = size;
	s->bdat.last = last;
	return true;
}

static void
invalid_transaction(struct talk *t)
{
	struct smtp_transactions *tr = talk_smtp(t);
	const struct smtp        *s = talk_state(t);

	if (tr->invalid <= MAX_INVALID)
		tr->invalid++;
	if (tr->invalid > MAX_INVALID && !tr->disabled && s->number == tr->confirmed) {
		tr->disabled = true;
		talk_disable(t);
	}
}

/* ---- the state after a command and its reply; code 0: no reply yet */

static void
data_state(struct talk *t, unsigned code)
{
	struct smtp *s = talk_state(t);

	if (code == 0) {
		begin_data(s, STATE_IN_DATA);
	} else if (code != 354) {
		if (s->state == STATE_IN_DATA)
			end_data(t);
		s->state = STATE_COMMANDS;
	}
}

static void
start_tls(struct talk *t)
{
	struct smtp *s = talk_state(t);

	s->state = STATE_IN_TLS;
	line_streams_upgrade(t);
}

static void
mail_state(struct smtp *s, unsigned code)
{
	static const uint16_t refused[] = { 421, 451, 452, 500, 501, 503, 550, 552, 553 };

	if (code == 0)
		s->state = STATE_COMMANDS;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (code == refused[i] && s->state != STATE_IN_DATA)
			s->state = STATE_COMMANDS;
}

static void
update(struct talk *t, enum command c, unsigned code)
{
	struct smtp *s = talk_state(t);

	switch (c) {
	case CMD_CONN_ESTABLISHMENT:
		if (code == 0 || code == 421 || code == 554)
			s->state = STATE_COMMANDS;
		break;
	case CMD_EHLO:
	case CMD_HELO:
		if (code == 0 || code == 421 || code == 500 || code == 501 || code == 504 || code == 550)
			s->state = STATE_COMMANDS;
		break;
	case CMD_MAIL:
	case CMD_SEND:
	case CMD_SOML:
	case CMD_SAML:
		mail_state(s, code);
		break;
	case CMD_BDAT:
		if (code == 0)
			s->state = STATE_IN_BDAT;
		break;
	case CMD_RCPT:
	case CMD_RSET:
	case CMD_QUIT:
		if (code == 0)
			s->state = STATE_COMMANDS;
		break;
	case CMD_DATA:
		data_state(t, code);
		break;
	case CMD_END_OF_DATA:
		if (code == 0)
			end_data(t);
		s->state = STATE_COMMANDS;
		break;
	case CMD_AUTH:
	case CMD_AUTH_ANSWER:
		if (code != 0)
			s->state = code == 334 ? STATE_IN_AUTH : STATE_COMMANDS;
		break;
	case CMD_TURN:
		if (code == 250) {
			s->sender ^= 1;
			s->state = STATE_COMMANDS;
		}
		break;
	case CMD_STARTTLS:
	case CMD_X_ANONYMOUSTLS:
		if (code == 220)
			start_tls(t);
		break;
	default:
		if (s->state == STATE_GAP_RECOVERY && code == 354)
			begin_data(s, STATE_IN_DATA);
		break;
	}
}

/* ---- lines */

static enum command
command_of(struct bytes word)
{
	if (text_is_like(word, "X-ANONYMOUSTLS"))
		return CMD_X_ANONYMOUSTLS;
	for (int c = CMD_NONE + 1; c < CMD_COUNT; c++)
		if (text_is_like(word, words[c]))
			return (enum command)c;
	return CMD_NONE;
}

/* What the script does with a request. */
static void
transaction(struct talk *t, struct bytes word, struct bytes arg)
{
	struct smtp_transactions *tr = talk_smtp(t);

	if (word.n == 1 && word.p[0] == '.') {
		tr->mail_from = tr->rcpt_to = false;
	} else if (word.n != 4) {
		return;
	} else if (text_begins_like(word, "RCPT") && text_begins_like(arg, "TO:")) {
		tr->rcpt_to = true;
		if (!tr->mail_from)
			invalid_transaction(t);
	} else if (text_begins_like(word, "MAIL") && text_begins_like(arg, "FROM:")) {
		tr->mail_from = true;
		tr->rcpt_to = false;
	} else if (text_begins_like(word, "DATA") || text_begins_like(word, "BDAT")) {
		if (!tr->rcpt_to)
			invalid_transaction(t);
		if (text_begins_like(word, "BDAT") && arg.n >= 5 && memcmp(arg.p + arg.n - 5, " LAST", 5) == 0)
			tr->mail_from = tr->rcpt_to = false;
	}
}

static void
request(struct talk *t, int side, enum command c, struct bytes word, struct bytes arg)
{
	struct smtp *s = talk_state(t);

	wait_for_reply(s, c);
	if (c == CMD_END_OF_DATA)
		update(t, c, 0);
	confirm(t);
	transaction(t, word, arg);
	if (c == CMD_BDAT) {
		if (!begin_chunk(s, side, arg))
			return;
	} else if (s->bdat.open) {
		end_data(t);
	}
	if (c != CMD_END_OF_DATA)
		update(t, c, 0);
}

static void
sender_line(struct talk *t, int side, struct bytes b, uint64_t full)
{
	static const uint8_t stars[] = "**";
	struct smtp         *s = talk_state(t);
	struct bytes         word;
	enum command         c;

	switch (s->state) {
	case STATE_AFTER_GAP:
		return;
	case STATE_IN_DATA:
		if (full == 1 && b.n == 1 && b.p[0] == '.') {
			request(t, side, CMD_END_OF_DATA, b, b);
			return;
		}
		if (b.n > 0 && b.p[0] == '.') {
			b = bytes_skip(b, 1);
			full--;
		}
		if (!s->mail)
			begin_data(s, STATE_IN_DATA);
		if (s->mail && mail_line(s->mail, b, full))
			talk_note_x(t);
		return;
	case STATE_IN_AUTH:
		request(t, side, CMD_AUTH_ANSWER, (struct bytes){ stars, 2 }, b);
		return;
	default:
		word = text_word(b);
		b = text_skip_blanks(bytes_skip(b, word.n));
		c = command_of(word);
		if (c != CMD_NONE)
			request(t, side, c, word, b);
	}
}

static void
reply_line(struct talk *t, struct bytes b)
{
	struct smtp *s = talk_state(t);
	unsigned     code;

	if (!text_code(b, &code) || code < 100 || code > 599) {
		talk_violate(t);
		return;
	}
	if (code != s->pending_reply) {
		if (s->state == STATE_AFTER_GAP) {
			s->state = STATE_GAP_RECOVERY;
			confirm(t);
		}
		update(t, next_answered(s), code);
	}
	s->pending_reply = b.n > 3 && b.p[3] == '-' ? (uint16_t)code : 0;
}

/* Takes a line, plain bytes of a BDAT chunk, or, after STARTTLS, any bytes. */
static void
take(struct talk *t, int side, struct bytes b, uint64_t full)
{
	struct smtp *s = talk_state(t);

	if (s->state == STATE_IN_TLS) {
		line_streams_pass(t, side, b);
		return;
	}
	if (full > 0 && side == s->sender && s->bdat.open) {
		const struct bytes chunk = bytes_head(b, s->bdat.left < b.n ? (size_t)s->bdat.left : b.n);
		if (chunk.n > 0 && bdat_data(&s->bdat, s->mail, chunk))
			talk_note_x(t);
		if (s->bdat.last && s->bdat.left == 0)
			update(t, CMD_END_OF_DATA, 0);
		b = bytes_skip(b, chunk.n);
		full -= chunk.n;
		if (full == 0)
			return;
	}
	while (full > 0 && b.n == full && b.p[b.n - 1] == '\r') {
		b.n--;
		full--;
	}
	if (side == s->sender)
		sender_line(t, side, b, full);
	else
		reply_line(t, b);
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	const struct smtp *s = talk_state(t);

	if (s->streams.raw || !talk_partial(t))
		line_streams_feed(t, side, b);
}

static void
gap(struct talk *t, int side, uint64_t len)
{
	struct smtp *s = talk_state(t);

	(void)side;
	if (len == 0)
		return;
	if (s->state == STATE_IN_DATA || s->state == STATE_IN_BDAT)
		end_data(t);
	s->n = 0;
	s->first = CMD_NONE;
	s->state = STATE_AFTER_GAP;
}

static void
eof(struct talk *t, int side)
{
	if (!talk_partial(t))
		line_streams_eof(t, side);
}

static void
flipped(struct talk *t)
{
	struct smtp *s = talk_state(t);

	line_streams_flipped(t);
	s->crossed = !s->crossed;
}

static void
begin(struct talk *t)
{
	struct smtp *s = talk_state(t);

	line_streams_begin(t, take);
	s->streams.side[0].nul_sensitive = s->streams.side[1].nul_sensitive = true;
	s->first = CMD_CONN_ESTABLISHMENT;
	s->sender = TALK_ORIG;
}

static void
end(struct talk *t)
{
	struct smtp *s = talk_state(t);

	bdat_end(&s->bdat, NULL); /* too late for an X */
	mail_free(s->mail);
	s->mail = NULL;
	line_streams_end(t);
	free(s->waiting);
	s->waiting = NULL;
}

static const uint16_t ports[] = { 25, 587, 0 };

const struct recogniser recogniser_smtp = {
	.service = SERVICE_SMTP,
	.tcp_ports = ports,
	.state_size = sizeof(struct smtp),
	.begin = begin,
	.feed = feed,
	.gap = gap,
	.eof = eof,
	.flipped = flipped,
	.end = end,
};
