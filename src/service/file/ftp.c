/* ftp.c - FTP's control connection (RFC 959), as Zeek's analyzer/protocol/ftp/FTP.cc follows it.
 *
 * Confirms: a client's line whose first word has 3 to 100 bytes, all printable; the command does not matter. Violates:
 * a server's line, outside a multi-line reply, that does not begin with a code of at least 100, or in which the code is
 * not followed by a blank or '-'. AUTH TLS answered by 234 hands the streams over to SSL; AUTH GSSAPI answered by 334
 * hands over the tokens in the lines (ftp_adat.c). PORT, EPRT, PASV and EPSV announce data connections
 * (ftp_dialogue.c).
 *
 * Buffers an unfinished line of each side (nvt.h) and at most 20 commands of 72 bytes.
 */
#include "service/file/ftp.h"
#include "service/file/nvt.h"
#include "service/lines.h"
#include "service/text.h"

#define MIN_WORD 3u
#define MAX_WORD 100u /* FTP::max_command_length */

enum auth { AUTH_OTHER, AUTH_TLS, AUTH_GSSAPI };

struct ftp {
	struct nvt          nvt[2];
	struct ftp_dialogue dialogue;
	struct ftp_adat     adat;
	uint16_t            pending_reply; /* code of a reply of several lines */
	uint8_t             auth;          /* what the last AUTH requested, exactly */
	bool                tls;           /* the streams are SSL's */
};

static void
begin(struct talk *t)
{
	struct ftp *f = talk_state(t);

	for (int side = 0; side < 2; side++)
		f->nvt[side].nul_sensitive = true;
}

static bool
contains(struct bytes b, const char *text)
{
	return memmem(b.p, b.n, text, strlen(text)) != NULL;
}

/* ---- lines */

/* Converts the word to upper case.  Returns false if it is not a command. */
static bool
command(struct bytes word, uint8_t upper[MAX_WORD])
{
	if (word.n < MIN_WORD || word.n > MAX_WORD)
		return false;
	for (size_t i = 0; i < word.n; i++) {
		const uint8_t c = word.p[i];
		if (c < 0x21 || c > 0x7e)
			return false;
		upper[i] = c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
	}
	return true;
}

static void
request_line(struct talk *t, struct bytes line)
{
	struct ftp        *f = talk_state(t);
	const struct bytes from_word = text_skip_blanks(line);
	const struct bytes word = text_word(from_word);
	const struct bytes arg = text_skip_blanks(bytes_skip(from_word, word.n));
	uint8_t            upper[MAX_WORD];
	const struct bytes cmd = { upper, word.n };

	if (!command(word, upper))
		return;
	talk_confirm(t);
	if (text_is(cmd, "AUT") || text_is(cmd, "AUTH"))
		f->auth = text_is(arg, "TLS") ? AUTH_TLS : text_is(arg, "GSSAPI") ? AUTH_GSSAPI : AUTH_OTHER;
	if (text_is(cmd, "AUTH"))
		talk_gridftp(t, contains(arg, "GSSAPI"));
	ftp_request(t, &f->dialogue, cmd, arg);
	if (f->adat.followed)
		ftp_adat_request(t, &f->adat, line);
}

/* Handles what a reply means for encryption. */
static void
negotiate(struct talk *t, unsigned code)
{
	struct ftp *f = talk_state(t);

	if (code == 234 && f->auth == AUTH_TLS) {
		if (talk_hand_over(t, SERVICE_SSL)) /* otherwise the child that is fed tokens stays */
			f->adat.followed = false;
		f->tls = true;
	}
	if (code == 334 && f->auth == AUTH_GSSAPI && talk_hand_over(t, SERVICE_SSL))
		f->adat = (struct ftp_adat){ .followed = true };
}

static void
reply_line(struct talk *t, struct bytes line, uint64_t full)
{
	struct ftp  *f = talk_state(t);
	unsigned     code = 0;
	struct bytes text = line;
	bool         more = false;

	(void)text_code(line, &code);
	if (f->pending_reply) {
		if (code == f->pending_reply && full > 3 && line.p[3] == ' ') {
			text = text_skip_blanks(bytes_skip(line, 3));
			f->pending_reply = 0;
		} else {
			more = true;
			code = 0;
		}
	} else if (code < 100 || (full > 3 && line.p[3] != '-' && line.p[3] != ' ')) {
		talk_violate(t);
		return;
	} else if (full > 3 && line.p[3] == '-') {
		f->pending_reply = (uint16_t)code;
		text = text_skip_blanks(bytes_skip(line, 4));
		more = true;
	} else {
		text = text_skip_blanks(bytes_skip(line, 3));
	}
	negotiate(t, code);
	ftp_reply(t, &f->dialogue, code, text, more);
	if (!f->tls && f->adat.followed)
		ftp_adat_reply(t, &f->adat, line);
}

/* Passes bytes to SSL: all of them, or, if tokens were followed before, only tokens. */
static void
pass(struct talk *t, int side, struct bytes b)
{
	struct ftp *f = talk_state(t);

	if (!f->adat.followed)
		talk_pass(t, side, b);
	else if (side == TALK_ORIG)
		ftp_adat_request(t, &f->adat, b);
	else
		ftp_adat_reply(t, &f->adat, b);
}

static void
deliver(struct talk *t, int side, struct bytes line, uint64_t full)
{
	struct ftp *f = talk_state(t);

	if (line.n == 0) /* empty, or out of memory */
		return;
	if (f->tls)
		pass(t, side, line);
	else if (side == TALK_ORIG)
		request_line(t, line);
	else if (line.n == full || line.n > 3)
		reply_line(t, line, full);
}

/* The rest of a chunk after 234 is still split into lines, as in Zeek. */
static void
cut(struct talk *t, int side, struct bytes b)
{
	struct ftp  *f = talk_state(t);
	struct bytes line;
	uint64_t     full;
	bool         x = false;

	if (f->nvt[side].encrypting)
		return;
	while (nvt_next(&f->nvt[side], &f->nvt[!side], talk_budget(t), &b, &line, &full, &x))
		deliver(t, side, line, full);
	if (x)
		talk_note_x(t);
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	struct ftp *f = talk_state(t);

	if (f->tls)
		pass(t, side, b);
	else
		cut(t, side, b);
}

static void
eof(struct talk *t, int side)
{
	struct ftp *f = talk_state(t);

	if (nvt_unfinished(&f->nvt[side]))
		cut(t, side, lines_lf);
}

static void
flipped(struct talk *t)
{
	struct ftp      *f = talk_state(t);
	const struct nvt was = f->nvt[0];

	f->nvt[0] = f->nvt[1];
	f->nvt[1] = was;
}

static void
end(struct talk *t)
{
	struct ftp *f = talk_state(t);

	held_clear(&f->nvt[0].held, talk_budget(t));
	held_clear(&f->nvt[1].held, talk_budget(t));
	ftp_dialogue_clear(&f->dialogue);
}

static const uint16_t ports[] = { 21, 2811, 0 };

const struct recogniser recogniser_ftp = {
	.service = SERVICE_FTP,
	.tcp_ports = ports,
	.state_size = sizeof(struct ftp),
	.begin = begin,
	.feed = feed,
	.eof = eof,
	.flipped = flipped,
	.end = end,
};
