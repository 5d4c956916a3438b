/* ftp_dialogue.c - matches FTP replies with commands and announces data connections, as Zeek's scripts do
 * (scripts/base/protocols/ftp: main.zeek, utils-commands.zeek; src/analyzer/protocol/ftp/functions.bif).
 *
 * A reply is matched with the pending command that fits best: its code is one that answers the command, its text names
 * the command or the argument. PASV and EPSV announce with their reply, PORT and EPRT immediately.
 *
 * Keeps at most 20 commands with the first 15 bytes of the word and the first 47 of the argument (a longer one counts
 * as not named in the reply). They are allocated here, since usually only one or two are pending.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "service/file/ftp.h"
#include "service/text.h"

#define MAX_COMMANDS 20u /* FTP::max_pending_commands */
#define TEXT_MAX     128u

struct ftp_command {
	uint32_t seq;
	uint8_t  word_n, arg_n; /* as many as are kept */
	char     word[16];
	char     arg[48];
};

/* ---- which codes answer which commands (FTP::cmd_reply_code) */

static const struct {
	const char *word;
	uint16_t    codes[24];
} answers[] = {
	{ "<init>", { 120, 220, 421 } },
	{ "USER", { 230, 331, 332, 421, 530, 500, 501 } },
	{ "PASS", { 230, 202, 332, 421, 530, 500, 501, 503 } },
	{ "ACCT", { 230, 202, 421, 530, 500, 501, 503 } },
	{ "CWD", { 250, 421, 500, 501, 502, 530, 550 } },
	{ "CDUP", { 200, 250, 421, 500, 501, 502, 530, 550 } },
	{ "SMNT", { 202, 250, 421, 500, 501, 502, 530, 550 } },
	{ "REIN", { 120, 220, 421, 500, 502 } },
	{ "QUIT", { 221, 500 } },
	{ "PORT", { 200, 421, 500, 501, 530 } },
	{ "PASV", { 227, 421, 500, 501, 502, 530 } },
	{ "MODE", { 200, 421, 500, 501, 502, 504, 530 } },
	{ "TYPE", { 200, 421, 500, 501, 504, 530 } },
	{ "STRU", { 200, 421, 500, 501, 504, 530 } },
	{ "ALLO", { 200, 202, 421, 500, 501, 504, 530 } },
	{ "REST", { 200, 350, 421, 500, 501, 502, 530 } },
	{ "STOR", { 110, 125, 150, 226, 250, 421, 425, 426, 451, 551, 552, 532, 450, 452, 553, 500, 501, 530, 550 } },
	{ "STOU", { 110, 125, 150, 226, 250, 421, 425, 426, 451, 551, 552, 532, 450, 452, 553, 500, 501, 530, 550 } },
	{ "RETR", { 110, 125, 150, 226, 250, 421, 425, 426, 451, 450, 500, 501, 530, 550 } },
	{ "LIST", { 125, 150, 226, 250, 421, 425, 426, 451, 450, 500, 501, 502, 530, 550 } },
	{ "NLST", { 125, 150, 226, 250, 421, 425, 426, 451, 450, 500, 501, 502, 530, 550 } },
	{ "APPE", { 125, 150, 226, 250, 421, 425, 426, 451, 551, 552, 532, 450, 550, 452, 553, 500, 501, 502, 530 } },
	{ "RNFR", { 350, 421, 450, 550, 500, 501, 502, 530 } },
	{ "RNTO", { 250, 421, 532, 553, 500, 501, 502, 503, 530 } },
	{ "DELE", { 250, 421, 450, 550, 500, 501, 502, 530 } },
	{ "RMD", { 250, 421, 500, 501, 502, 530, 550 } },
	{ "MKD", { 257, 421, 500, 501, 502, 530, 550 } },
	{ "PWD", { 257, 421, 500, 501, 502, 550 } },
	{ "ABOR", { 225, 226, 421, 500, 501, 502 } },
	{ "SYST", { 215, 421, 500, 501, 502, 530 } },
	{ "STAT", { 211, 212, 213, 421, 450, 500, 501, 502, 530 } },
	{ "HELP", { 200, 211, 214, 421, 500, 501, 502 } },
	{ "SITE", { 200, 202, 214, 500, 501, 502, 530 } },
	{ "NOOP", { 200, 421, 500 } },
	{ "LPRT", { 500, 501, 521 } },
	{ "FEAT", { 211, 500, 502 } },
	{ "OPTS", { 200, 451, 501 } },
	{ "EPSV", { 229, 500, 501 } },
	{ "EPRT", { 200, 500, 501, 522 } },
	{ "SIZE", { 213, 500, 501, 550 } },
	{ "MDTM", { 213, 500, 501, 550 } },
	{ "MLST", { 150, 226, 250, 500, 501, 550 } },
	{ "MLSD", { 150, 226, 250, 500, 501, 550 } },
	{ "CLNT", { 200, 500 } },
	{ "MACB", { 200, 500, 550 } },
};

static bool
is_answer(const struct ftp_command *c, unsigned code)
{
	if (code == 500)
		return true;
	if (code == 0)
		return strcmp(c->word, "<init>") == 0 || strcmp(c->word, "QUIT") == 0;
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
		if (strcmp(c->word, answers[i].word) == 0)
			for (const uint16_t *p = answers[i].codes; *p; p++)
				if (*p == code)
					return true;
	return false;
}

/* ---- pending commands */

static void
add(struct ftp_dialogue *d, struct bytes word, struct bytes arg)
{
	if (d->n >= MAX_COMMANDS)
		return;
	if (d->n == d->room) {
		const uint8_t       room = d->room ? (uint8_t)(d->room * 2) : 2;
		struct ftp_command *grown = realloc(d->commands, room * sizeof *grown);
		if (!grown)
			return;
		d->commands = grown;
		d->room = room;
	}
	struct ftp_command *c = &d->commands[d->n++];
	*c = (struct ftp_command){ .seq = ++d->seq };
	c->word_n = (uint8_t)(word.n < sizeof c->word ? word.n : sizeof c->word);
	c->arg_n = (uint8_t)(arg.n <= sizeof c->arg ? arg.n : sizeof c->arg + 1);
	memcpy(c->word, word.p, c->word_n < sizeof c->word ? c->word_n : sizeof c->word - 1);
	if (arg.n > 0)
		memcpy(c->arg, arg.p, arg.n < sizeof c->arg ? arg.n : sizeof c->arg);
}

static void
begin_dialogue(struct ftp_dialogue *d)
{
	static const uint8_t init[] = "<init>";

	if (!d->begun)
		add(d, (struct bytes){ init, 6 }, (struct bytes){ init, 0 });
	d->begun = true;
}

static void
remove_matched(struct ftp_dialogue *d)
{
	for (uint8_t i = 0; i < d->n; i++)
		if (d->commands[i].seq == d->matched) {
			d->n--;
			memmove(&d->commands[i], &d->commands[i + 1], (size_t)(d->n - i) * sizeof *d->commands);
			return;
		}
}

static bool
names(struct bytes text, const char *what, size_t n, size_t room)
{
	return n <= room && (n == 0 || memmem(text.p, text.n, what, n) != NULL);
}

/* Finds the best pending command; of equally good ones the oldest, since they are in order of arrival. */
static void
match(struct ftp_dialogue *d, unsigned code, struct bytes text)
{
	const struct ftp_command *best = NULL;
	int                       best_score = -1;

	for (uint8_t i = 0; i < d->n; i++) {
		const struct ftp_command *c = &d->commands[i];
		const int score = 100 * is_answer(c, code) + 20 * names(text, c->word, c->word_n, sizeof c->word - 1) +
		                  10 * names(text, c->arg, c->arg_n, sizeof c->arg);
		if (score > best_score) {
			best = c;
			best_score = score;
		}
	}
	if (!best)
		return;
	d->matched = best->seq;
	d->matched_passive = strcmp(best->word, "PASV") == 0 || strcmp(best->word, "EPSV") == 0;
}

/* ---- announced addresses */

struct end {
	struct addr addr;
	uint16_t    port;
};

/* Copies the text to be parsed, for the C library's functions that Zeek uses. */
static void
copy_text(struct bytes b, char out[TEXT_MAX])
{
	b = bytes_head(b, TEXT_MAX - 1);
	if (b.n > 0)
		memcpy(out, b.p, b.n);
	out[b.n] = 0;
}

static bool
all_bytes(const int32_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] < 0 || v[i] > 255)
			return false;
	return true;
}

/* h1,h2,h3,h4,p1,p2 */
static bool
parse_port(struct bytes b, struct end *out)
{
	char    text[TEXT_MAX];
	int32_t v[6];

	copy_text(b, text);
	/* As in Zeek, including the result for numbers that do not fit.  NOLINTNEXTLINE(cert-err34-c) */
	if (b.n < 11 || sscanf(text, "%" SCNd32 ",%" SCNd32 ",%" SCNd32 ",%" SCNd32 ",%" SCNd32 ",%" SCNd32, &v[0], &v[1],
	                       &v[2], &v[3], &v[4], &v[5]) != 6)
		return false;
	if (!all_bytes(v, 6))
		return false;
	const uint8_t four[4] = { (uint8_t)v[0], (uint8_t)v[1], (uint8_t)v[2], (uint8_t)v[3] };
	out->addr = addr_from_v4(four);
	out->port = (uint16_t)(v[4] << 8 | v[5]);
	return true;
}

static bool
parse_pasv(struct bytes b, struct end *out)
{
	const uint8_t *at;

	if (b.n == 0 || memchr(b.p, 0, b.n))
		return false;
	if ((at = memchr(b.p, '(', b.n)))
		at++;
	else if ((at = memmem(b.p, b.n, "PORT", 4)))
		at += 5;
	else if ((at = memchr(b.p, ',', b.n)))
		while (at > b.p && text_is_digit(at[-1]))
			at--;
	if (!at || (size_t)(at - b.p) > b.n)
		return false;
	return parse_port(bytes_skip(b, (size_t)(at - b.p)), out);
}

static bool
parse_addr(const char *text, struct addr *out)
{
	uint8_t sixteen[16];
	int32_t v[4];
	int     end = 0;

	if (strchr(text, ':')) {
		if (inet_pton(AF_INET6, text, sixteen) != 1)
			return false;
		*out = addr_from_v6(sixteen);
		return true;
	}
	/* NOLINTNEXTLINE(cert-err34-c): as above */
	if (sscanf(text, "%" SCNd32 ".%" SCNd32 ".%" SCNd32 ".%" SCNd32 "%n", &v[0], &v[1], &v[2], &v[3], &end) != 4)
		return false;
	if (text[end] != 0 || !all_bytes(v, 4))
		return false;
	const uint8_t four[4] = { (uint8_t)v[0], (uint8_t)v[1], (uint8_t)v[2], (uint8_t)v[3] };
	*out = addr_from_v4(four);
	return true;
}

/* <d>protocol<d>address<d>port<d>.  As in Zeek, a valid address makes up for errors before it. */
static bool
parse_extended(struct bytes b, struct end *out)
{
	char text[TEXT_MAX], *s = text, *next;
	bool good = true;

	copy_text(b, text);
	*out = (struct end){ 0 };
	while (text_is_space((uint8_t)*s))
		s++;
	const char delimiter = *s;
	if (delimiter == 0)
		return false;
	s++;
	(void)strtol(s, &next, 10);
	good = *next == delimiter;
	s = *next ? next + 1 : next;
	if (*s && *s != delimiter) {
		char *after = strchr(s, delimiter);
		if (after)
			*after = 0;
		good = parse_addr(s, &out->addr);
		if (!after)
			return good;
		*after = delimiter;
	}
	if (!(s = strchr(s, delimiter)))
		return good;
	const int port = (int)strtol(s + 1, &next, 10);
	if (*next != delimiter || port < 0 || port > 65535)
		return false;
	out->port = (uint16_t)port;
	return good;
}

/* ---- commands and replies */

void
ftp_request(struct talk *t, struct ftp_dialogue *d, struct bytes word, struct bytes arg)
{
	struct end e = { .port = 0 };
	bool       good = false;

	if (d->matched && d->answered)
		remove_matched(d);
	begin_dialogue(d);
	add(d, word, arg);
	if (text_is(word, "PORT"))
		good = parse_port(arg, &e);
	else if (text_is(word, "EPRT"))
		good = !(arg.n && memchr(arg.p, 0, arg.n)) && parse_extended(arg, &e);
	if (good) {
		const struct addr resp = talk_addr(t, TALK_RESP);
		talk_expect(t, SERVICE_FTP_DATA, &resp, &e.addr, e.port);
	}
}

static void
passive(struct talk *t, unsigned code, struct bytes text)
{
	static const struct addr unspecified;
	struct end               e;

	if (code == 227) {
		if (!parse_pasv(text, &e))
			return;
	} else {
		const uint8_t *at = text.n ? memchr(text.p, '(', text.n) : NULL;
		if (!at || memchr(text.p, 0, text.n) || !parse_extended(bytes_skip(text, (size_t)(at + 1 - text.p)), &e))
			return;
		if (addr_equal(&e.addr, &unspecified))
			e.addr = talk_addr(t, TALK_RESP);
	}
	const struct addr orig = talk_addr(t, TALK_ORIG);
	talk_expect(t, SERVICE_FTP_DATA, &orig, &e.addr, e.port);
}

/* Returns whether the text begins with another code: `[1-9][0-9]{2} [[:print:]]{10}`. */
static bool
has_code(struct bytes b)
{
	unsigned code;

	if (b.n < 14 || !text_code(b, &code) || code < 100 || b.p[3] != ' ')
		return false;
	for (size_t i = 4; i < 14; i++)
		if (b.p[i] < 0x20 || b.p[i] > 0x7e)
			return false;
	return true;
}

void
ftp_reply(struct talk *t, struct ftp_dialogue *d, unsigned code, struct bytes text, bool more)
{
	begin_dialogue(d);
	if (more && code == 0 && d->answered && !has_code(text))
		return;
	match(d, code, text);
	d->answered = true;
	if (more)
		return;
	if ((code == 227 || code == 229) && d->matched_passive)
		passive(t, code, text);
	if (d->n > 1)
		remove_matched(d);
}

void
ftp_dialogue_clear(struct ftp_dialogue *d)
{
	free(d->commands);
	d->commands = NULL;
	d->n = d->room = 0;
}
