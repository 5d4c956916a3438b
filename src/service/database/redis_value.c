/* redis_value.c - a value of RESP2 or RESP3, as a server sends it (Zeek: redis/resp.spicy, ServerData). */
#include "service/database/redis.h"

#define LIMIT ((uint64_t)1 << 63) /* Spicy's range of a number without its sign; 2^63 itself becomes negative */

/* Handles a byte of a number's line, without the CR LF: that a CR is part of the number shows only with the next
 * byte. */
static void
number_byte(struct redis_number *x, uint8_t c)
{
	const unsigned digit = c - (unsigned)'0';

	if (digit < 10) {
		if (x->value > (LIMIT - digit) / 10)
			x->bad = true;
		else
			x->value = x->value * 10 + digit;
	} else if ((c == '-' || c == '+') && x->n == 0) {
		x->minus = c == '-';
	} else {
		x->bad = true;
	}
	x->n++;
}

bool
redis_number_end(struct redis_number *x, bool *cr, uint8_t c)
{
	if (*cr && c != '\n')
		x->bad = true;
	if (redis_line_end(cr, c))
		return true;
	if (c != '\r')
		number_byte(x, c);
	return false;
}

bool
redis_number_is(const struct redis_number *x, int64_t *v)
{
	if (x->value == LIMIT)
		*v = INT64_MIN;
	else
		*v = x->minus ? -(int64_t)x->value : (int64_t)x->value;
	return !x->bad && x->n > 0;
}

/* Ends a value, and lists that end with it. */
static enum redis_answer
value_end(struct redis_value *v)
{
	v->phase = REDIS_TYPE;
	while (v->depth) {
		const unsigned top = v->depth - 1u;
		if (v->rest[top] && --v->rest[top])
			return REDIS_MORE;
		v->depth--;
		if (v->attribute[top]) {
			v->phase = REDIS_TYPE_AGAIN;
			return REDIS_MORE;
		}
	}
	return REDIS_DONE;
}

static enum redis_answer
list_begin(struct redis_value *v, uint64_t n)
{
	if (n > REDIS_MAX_ELEMENTS - v->elements)
		return REDIS_BAD;
	v->elements += (uint32_t)n;
	if (n && v->depth == REDIS_MAX_DEPTH - 1)
		return REDIS_BAD;
	v->attribute[v->depth] = v->type == '|';
	v->rest[v->depth++] = (uint32_t)(v->type == '%' || v->type == '|' ? 2 * n : n);
	v->phase = REDIS_TYPE;
	return n ? REDIS_MORE : value_end(v);
}

static enum redis_answer
after_number(struct redis_value *v)
{
	int64_t n;

	if (!redis_number_is(&v->number, &n))
		return REDIS_FATAL;
	switch (v->type) {
	case '$':
	case '!':
	case '=':
		if (n > REDIS_MAX_SIZE)
			return REDIS_BAD;
		if (n < 0)
			return value_end(v);
		v->left = (uint32_t)n;
		v->phase = n ? REDIS_CONTENT : REDIS_TAIL;
		return REDIS_MORE;
	case '*':
	case '>':
		return n < -1 ? REDIS_BAD : list_begin(v, n < 0 ? 0 : (uint64_t)n);
	default: /* converted to an unsigned number */
		return n < 0 ? REDIS_FATAL : list_begin(v, (uint64_t)n);
	}
}

static enum redis_answer
value_type(struct redis_value *v, uint8_t c)
{
	const bool again = v->phase == REDIS_TYPE_AGAIN;

	v->type = c;
	v->cr = false;
	v->left = 0;
	v->number = (struct redis_number){ 0 };
	switch (c) {
	case '+':
	case '-':
	case ':':
	case ',':
	case '(':
	case '_':
		v->phase = REDIS_LINE;
		return REDIS_MORE;
	case '#':
		v->phase = REDIS_BOOL;
		return REDIS_MORE;
	case '|':
		v->phase = REDIS_NUMBER;
		return again ? REDIS_BAD : REDIS_MORE;
	case '$':
	case '!':
	case '=':
	case '*':
	case '>':
	case '%':
	case '~':
		v->phase = REDIS_NUMBER;
		return REDIS_MORE;
	default:
		return REDIS_BAD;
	}
}

enum redis_answer
redis_value_step(struct redis_value *v, struct bytes in, size_t *n)
{
	const uint8_t c = in.p[0];

	*n = 1;
	switch (v->phase) {
	case REDIS_TYPE:
	case REDIS_TYPE_AGAIN:
		return value_type(v, c);
	case REDIS_BOOL:
		v->phase = REDIS_LINE;
		return REDIS_MORE;
	case REDIS_NUMBER:
		if (++v->left > REDIS_MAX_SIZE)
			return REDIS_BAD;
		return redis_number_end(&v->number, &v->cr, c) ? after_number(v) : REDIS_MORE;
	case REDIS_CONTENT:
		*n = v->left < in.n ? v->left : in.n;
		v->left -= (uint32_t)*n;
		if (v->left == 0)
			v->phase = REDIS_TAIL;
		return REDIS_MORE;
	default: /* LINE, TAIL */
		if (++v->left > REDIS_MAX_SIZE)
			return REDIS_BAD;
		return redis_line_end(&v->cr, c) ? value_end(v) : REDIS_MORE;
	}
}
