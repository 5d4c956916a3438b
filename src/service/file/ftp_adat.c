/* ftp_adat.c - GSSAPI tokens in FTP (RFC 2228); those of GSI are TLS records (Zeek's FTP_ADAT_Analyzer).
 *
 * A token is passed to SSL if all of it decodes.  The client's first must be exactly one handshake record: other mechanisms
 * are not followed.  Nothing is buffered.
 */
#include "service/file/ftp.h"
#include "service/text.h"

static int
digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : c == '=' ? 0 : -1;
}

/* Collects contiguous bytes, for the child of `t` if `t` is set. */
struct sink {
	struct talk *t;
	int          side;
	size_t       n, total;
	uint8_t      p[512];
};

static void
flush(struct sink *s)
{
	if (s->t && s->n > 0)
		talk_pass(s->t, s->side, (struct bytes){ s->p, s->n });
	s->n = 0;
}

static void
put(struct sink *s, uint8_t c)
{
	if (s->n == sizeof s->p) {
		if (!s->t)
			s->n--; /* only the beginning is needed */
		else
			flush(s);
	}
	s->p[s->n++] = c;
	s->total++;
}

/* Four digits are three bytes, minus one for each '=' among them. */
static void
group(struct sink *s, uint32_t bits, unsigned padding)
{
	for (unsigned i = 0; i + padding < 3; i++)
		put(s, (uint8_t)(bits >> (16 - 8 * i)));
}

/* Returns false if it is not base64: other characters, or groups after one with '='. */
static bool
decode(struct bytes in, struct sink *s)
{
	uint32_t bits = 0;
	unsigned n = 0, padding = 0;
	bool     padded = false;

	for (size_t i = 0; i < in.n; i++) {
		const int d = digit(in.p[i]);
		if (d < 0)
			return false;
		padding += in.p[i] == '=';
		bits = bits << 6 | (uint32_t)d;
		if (++n < 4)
			continue;
		if (padded)
			return false;
		group(s, bits, padding);
		padded = padding > 0;
		bits = 0;
		n = padding = 0;
	}
	if (n > 0 && !padded)
		group(s, bits << 6 * (4 - n), padding + 4 - n);
	flush(s);
	return true;
}

static void
stop(struct talk *t, struct ftp_adat *a)
{
	talk_drop_children(t);
	a->followed = false;
}

void
ftp_adat_request(struct talk *t, struct ftp_adat *a, struct bytes line)
{
	const struct bytes from_word = text_skip_blanks(line);
	const struct bytes word = text_word(from_word);
	struct sink        look = { 0 }, pass = { .t = t, .side = TALK_ORIG };

	/* A word is compared over its own length: a prefix is enough. */
	if (word.n <= 4 && memcmp(word.p, "AUTH", word.n) == 0 && memcmp(word.p, "ADAT", word.n) != 0) {
		stop(t, a);
		return;
	}
	if (word.n > 4 || memcmp(word.p, "ADAT", word.n) != 0)
		return;
	const struct bytes token = text_skip_blanks(bytes_skip(from_word, word.n));
	const bool         good = decode(token, &look);
	const bool         first = !a->not_first;
	a->not_first = true;
	if (first && (!good || look.total < 5 || look.p[0] != 0x16 || look.total - 5 != load_be16(look.p + 3)))
		stop(t, a);
	else if (good)
		decode(token, &pass);
}

void
ftp_adat_reply(struct talk *t, struct ftp_adat *a, struct bytes line)
{
	static const uint16_t last[] = { 232, 234, 235, 421, 431, 500, 501, 503, 535, 631, 632, 633 };
	unsigned              code = 0;
	struct sink           look = { 0 }, pass = { .t = t, .side = TALK_RESP };

	(void)text_code(line, &code);
	if (code == 235 || code == 334 || code == 335) {
		struct bytes b = bytes_skip(line, 3);
		if (b.n > 0 && b.p[0] == '-')
			b = bytes_skip(b, 1);
		b = text_skip_blanks(b);
		if (text_begins(b, "ADAT=") && decode(bytes_skip(b, 5), &look))
			decode(bytes_skip(b, 5), &pass);
	}
	for (size_t i = 0; i < sizeof last / sizeof *last; i++)
		if (code == last[i]) {
			stop(t, a);
			return;
		}
}
