/* fuzz_where.c - conditions: any text, tested on a record with any bytes.
 *
 * The condition is what precedes the first NUL byte, the rest is the record. The error of a rejected text must lie
 * within it; of a condition and its negation exactly one must hold, unless a regular expression was abandoned.
 */
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "connlog_where.h"
#include "record/public.h"

struct input {
	const uint8_t *p;
	size_t         n;
};

static void
take(struct input *in, void *out, size_t n)
{
	memset(out, 0, n);
	if (n > in->n)
		n = in->n;
	if (n > 0)
		memcpy(out, in->p, n);
	in->p += n;
	in->n -= n;
}

static struct text
take_text(struct input *in)
{
	uint8_t n;

	take(in, &n, 1);
	const struct text t = { (const char *)in->p, n < in->n ? n : in->n };
	in->p += t.n;
	in->n -= t.n;
	return t;
}

/* Texts point into the input. */
static void
make_record(struct input in, struct record *r, struct text set[2], struct extra extras[2])
{
	static const char *const names[] = { "user", "tags" };

	take(&in, &r->has, sizeof r->has);
	take(&in, &r->ts, sizeof r->ts);
	take(&in, &r->duration, sizeof r->duration);
	take(&in, &r->orig_bytes, sizeof r->orig_bytes);
	take(&in, &r->orig_h, sizeof r->orig_h);
	take(&in, &r->resp_h, sizeof r->resp_h);
	take(&in, &r->resp_p, sizeof r->resp_p);
	take(&in, &r->vlan, sizeof r->vlan);
	r->local_orig = r->has & 1;
	r->service = take_text(&in);
	r->history = take_text(&in);
	set[0] = take_text(&in);
	set[1] = take_text(&in);
	r->tunnel_parents = r->failed_service = (struct text_set){ set, 2 };
	for (int i = 0; i < 2; i++) {
		extras[i] = (struct extra){ .name = text_from(names[i]), .type = text_from("string"), .set = r->has & 2 };
		extras[i].kind = i == 0 ? EXTRA_TEXT : EXTRA_LIST;
		extras[i].text = set[0];
		extras[i].list = r->failed_service;
	}
	r->extras = extras;
	r->extras_n = 2;
}

static void
try_condition(const char *text, const char *contrary, const struct record *r, unsigned flags)
{
	connlog_where_error error;
	connlog_where      *w = connlog_where_new(text, flags, &error), *not_w;

	if (!w) {
		check(error.text[0] != '\0' && error.at + error.n <= strlen(text), "the error is not in the text");
		return;
	}
	not_w = connlog_where_new(contrary, flags, &error); /* it may exceed the limit now */
	connlog_where *copy = connlog_where_copy(w);
	check(copy != NULL, "there is no copy");
	const bool holds = connlog_where_match(copy, record_public(r));
	if (not_w) {
		const bool other = connlog_where_match(not_w, record_public(r));
		check(holds != other || connlog_where_given_up(copy) > 0, "a condition and its contrary agree");
	}
	connlog_where_free(w);
	connlog_where_free(copy);
	connlog_where_free(not_w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *zero = size > 0 ? memchr(data, 0, size) : NULL;
	const size_t   n = zero ? (size_t)(zero - data) : size;
	char          *text = malloc(n + 1), *contrary = malloc(n + sizeof "not (\n)");
	struct record  r = { .has = 0 };
	struct text    set[2];
	struct extra   extras[2];

	if (text && contrary) {
		if (n > 0)
			memcpy(text, data, n);
		text[n] = '\0';
		sprintf(contrary, "not (%s\n)", text);
		make_record((struct input){ data + n + (zero != NULL), size - n - (zero != NULL) }, &r, set, extras);
		try_condition(text, contrary, &r, 0);
		try_condition(text, contrary, &r, CONNLOG_WHERE_EXTRAS);
	}
	free(text);
	free(contrary);
	return 0;
}
