/* redis_command.c - a command, as a client sends it: a list of strings, or a line (Zeek: redis/resp.spicy, ClientData).
 *
 * Its first argument is looked up in lower case, so it must be valid text (decoding.h).
 */
#include "service/database/redis.h"

#define MAX_INLINE 1024u /* with its CR LF */

static void
argument_bytes(struct redis_command *c, struct bytes b)
{
	if (c->seen == 0)
		for (size_t i = 0; i < b.n; i++)
			decoding_byte(&c->name, b.p[i]);
}

static enum redis_answer
command_end(const struct redis_command *c)
{
	return c->seen == 0 || c->unset || !decoding_good(&c->name) ? REDIS_BAD : REDIS_DONE;
}

static bool
blank(uint8_t c)
{
	return c == 0 || c == '\t' || c == '\n' || c == '\r' || c == ' ';
}

/* Returns the length of the token at the beginning; quotes are part of it. */
static size_t
token(struct bytes b)
{
	uint8_t quote = 0;
	size_t  i = 0;

	for (; i < b.n && (quote || !blank(b.p[i])); i++) {
		const uint8_t c = b.p[i];
		if (!quote && (c == '"' || c == '\''))
			quote = c;
		else if (quote && c == '\\' && i + 1 < b.n && b.p[i + 1] == quote)
			i++;
		else if (quote && c == quote)
			quote = 0;
	}
	return i;
}

static enum redis_answer
inline_end(struct redis_command *c)
{
	struct bytes b = gather_held(&c->line);

	b.n = b.n >= 2 ? b.n - 2 : 0; /* without CR LF */

	for (;;) {
		while (b.n && blank(b.p[0]))
			b = bytes_skip(b, 1);
		if (!b.n)
			return command_end(c);
		const size_t n = token(b);
		argument_bytes(c, bytes_head(b, n));
		c->seen++;
		b = bytes_skip(b, n);
	}
}

static enum redis_answer
inline_byte(struct redis_command *c, uint8_t byte)
{
	const uint8_t one[1] = { byte };
	struct bytes  b = { one, 1 };

	if (gather_held(&c->line).n == MAX_INLINE)
		return REDIS_BAD;
	gather_need(&c->line, &b, gather_held(&c->line).n + 2);
	return redis_line_end(&c->cr, byte) ? inline_end(c) : REDIS_MORE;
}

/* Handles a complete number: that of the elements, or the length of one. */
static enum redis_answer
command_number(struct redis_command *c)
{
	int64_t n;

	if (!redis_number_is(&c->number, &n))
		return REDIS_BAD;
	if (c->phase == REDIS_NUMBER) {
		if (n <= 0 || n > REDIS_MAX_ELEMENTS)
			return REDIS_BAD;
		c->elements = (uint32_t)n;
		c->phase = REDIS_TYPE_AGAIN;
		return REDIS_MORE;
	}
	if (n > REDIS_MAX_SIZE)
		return REDIS_BAD;
	c->unset |= n < 0;
	c->left = n < 0 ? 0 : (uint32_t)n;
	c->phase = c->left ? REDIS_CONTENT : REDIS_TAIL;
	return REDIS_MORE;
}

static enum redis_answer
number_step(struct redis_command *c, uint8_t byte)
{
	if (c->number.n >= REDIS_MAX_SIZE)
		return REDIS_BAD;
	if (!redis_number_end(&c->number, &c->cr, byte))
		return REDIS_MORE;
	c->cr = false;
	return command_number(c);
}

static enum redis_answer
tail_step(struct redis_command *c, uint8_t byte)
{
	if (++c->left > REDIS_MAX_SIZE)
		return REDIS_BAD;
	if (!redis_line_end(&c->cr, byte))
		return REDIS_MORE;
	c->seen++;
	c->phase = REDIS_TYPE_AGAIN;
	return c->seen == c->elements ? command_end(c) : REDIS_MORE;
}

enum redis_answer
redis_command_step(struct redis_command *c, struct bytes in, size_t *n)
{
	const uint8_t byte = in.p[0];

	*n = 1;
	switch (c->phase) {
	case REDIS_TYPE:
		c->phase = byte == '*' ? REDIS_NUMBER : REDIS_INLINE;
		return byte == '*' ? REDIS_MORE : inline_byte(c, byte);
	case REDIS_INLINE:
		return inline_byte(c, byte);
	case REDIS_TYPE_AGAIN: /* of an element */
		c->phase = REDIS_ELEMENT;
		c->number = (struct redis_number){ 0 };
		c->cr = false;
		return byte == '$' ? REDIS_MORE : REDIS_BAD;
	case REDIS_CONTENT:
		*n = c->left < in.n ? c->left : in.n;
		argument_bytes(c, bytes_head(in, *n));
		c->left -= (uint32_t)*n;
		if (c->left > 0)
			return REDIS_MORE;
		c->phase = REDIS_TAIL;
		return c->lost ? REDIS_LOST : REDIS_MORE;
	case REDIS_TAIL:
		return tail_step(c, byte);
	default: /* NUMBER, ELEMENT */
		return number_step(c, byte);
	}
}

/* A string is examined only when it is complete. */
enum redis_answer
redis_command_gap(struct redis_command *c, uint64_t len)
{
	if (c->phase != REDIS_CONTENT || len >= c->left)
		return REDIS_LOST;
	c->left -= (uint32_t)len;
	c->lost = true;
	return REDIS_MORE;
}

void
redis_command_clear(struct redis_command *c)
{
	gather_clear(&c->line);
	*c = (struct redis_command){ 0 };
}
