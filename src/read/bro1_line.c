/* bro1_line.c - turns a line of Bro 1 into a record.
 *
 * write/bro1.c describes the line, bro1_layouts[] (record/bro1.h) its parts.  "?" is an unset column, and so is a service
 * that only says that the port has no name.  What Zeek has no column for goes into two of ours: `flags`, if there are any
 * besides X, and `addl`, the additional text.
 *
 * In 1.5 a history can precede the additional text: a word that consists only of history letters is taken for one.
 */
#include "read/bro1.h"

#include <string.h>

#include "base/parse.h"
#include "record/schema.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Returns the next word, without surrounding blanks; an empty one at the end. */
static struct text
next_word(const char **at, const char *end)
{
	const char *p = *at;

	while (p < end && is_blank(*p))
		p++;
	const char *word = p;
	while (p < end && !is_blank(*p))
		p++;
	*at = p;
	return (struct text){ word, (size_t)(p - word) };
}

bool
bro1_split(enum bro1_kind kind, const char *line, size_t n, struct bro1_words *w)
{
	const struct bro1_layout *layout = &bro1_layouts[kind];
	const char               *p = line;

	memset(w->at, 0, sizeof w->at);
	w->end = line + n;
	for (size_t i = 0; i < layout->n; i++) {
		struct text word = next_word(&p, w->end);
		if (word.n == 0 && layout->at[i] != BRO1_FLAGS)
			return false;
		w->at[layout->at[i]] = word;
	}
	w->rest = p + (p < w->end); /* after one blank */
	return true;
}

/* Stores the word in its column.  Returns false if it is not a value of that type. */
static bool
read_column(struct bro1_line *out, enum column_id id, struct text word)
{
	struct record *r = out->record;
	void          *at = (char *)r + schema[id].offset;
	uint64_t       count;
	bool           good = true, plain = false;

	if (text_is(word, "?"))
		return true;
	switch (schema[id].info.type) {
	case CONNLOG_TIME:
	case CONNLOG_INTERVAL:
		good = parse_double(word.p, word.n, at, &plain);
		break;
	case CONNLOG_ADDR:
		good = addr_parse(word.p, word.n, at);
		break;
	case CONNLOG_PORT:
		good = parse_u64(word.p, word.n, &count) && count <= UINT16_MAX;
		if (good)
			*(uint16_t *)at = (uint16_t)count;
		break;
	case CONNLOG_COUNT:
		good = parse_u64(word.p, word.n, at);
		break;
	default:
		*(struct text *)at = word;
	}
	if (good)
		r->has |= HAS(id);
	/* Not every format writes a number as 007 or -0. */
	if (good && plain && word.p[0] != '-' && !(word.n > 1 && word.p[0] == '0' && word.p[1] != '.'))
		out->literals[id] = word;
	return good;
}

/* The column of each part, where the originator comes first. */
static const enum column_id columns[BRO1_PARTS] = {
	[BRO1_START] = COL_TS,
	[BRO1_DURATION] = COL_DURATION,
	[BRO1_SERVICE] = COL_SERVICE,
	[BRO1_FIRST_H] = COL_ORIG_H,
	[BRO1_SECOND_H] = COL_RESP_H,
	[BRO1_FIRST_P] = COL_ORIG_P,
	[BRO1_SECOND_P] = COL_RESP_P,
	[BRO1_PROTO] = COL_PROTO,
	[BRO1_ORIG_BYTES] = COL_ORIG_BYTES,
	[BRO1_RESP_BYTES] = COL_RESP_BYTES,
	[BRO1_STATE] = COL_CONN_STATE,
};

/* Returns the same column of the other endpoint. */
static enum column_id
other_end(enum column_id id)
{
	switch (id) {
	case COL_ORIG_H:
		return COL_RESP_H;
	case COL_RESP_H:
		return COL_ORIG_H;
	case COL_ORIG_P:
		return COL_RESP_P;
	case COL_RESP_P:
		return COL_ORIG_P;
	default:
		return id;
	}
}

static const char *const expected[BRO1_PARTS] = {
	[BRO1_START] = "the start is not a time in seconds",
	[BRO1_DURATION] = "the duration is neither a number nor ?",
	[BRO1_FIRST_H] = "the first address is none",
	[BRO1_SECOND_H] = "the second address is none",
	[BRO1_FIRST_P] = "the first port is none",
	[BRO1_SECOND_P] = "the second port is none",
	[BRO1_PROTO] = "the protocol is not tcp, udp or icmp",
	[BRO1_ORIG_BYTES] = "the originator's bytes are neither a number nor ?",
	[BRO1_RESP_BYTES] = "the responder's bytes are neither a number nor ?",
	[BRO1_STATE] = "the state is not one of S0 S1 SF REJ S2 S3 RSTO RSTR RSTOS0 RSTRH SH SHR OTH",
	[BRO1_FLAGS] = "the flags are not of L, U and X",
};

static bool
are_flags(struct text t)
{
	for (size_t i = 0; i < t.n; i++)
		if (t.p[i] != 'L' && t.p[i] != 'U' && t.p[i] != 'X')
			return false;
	return t.n <= 2;
}

static bool
is_proto(struct text t)
{
	return text_is(t, "tcp") || text_is(t, "udp") || text_is(t, "icmp") || text_is(t, "unknown_transport") ||
	       text_is(t, "?");
}

/* Returns whether the word is valid for that part, beyond what read_column() checks. */
static bool
may_be(enum bro1_part part, struct text word)
{
	switch (part) {
	case BRO1_FLAGS:
		return are_flags(word);
	case BRO1_PROTO:
		return is_proto(word);
	case BRO1_STATE:
		return bro1_is_state(word) || text_is(word, "?");
	default:
		return true;
	}
}

/* Returns whether all letters are those of Bro 1's or Zeek's histories. */
static bool
is_history(struct text t)
{
	for (size_t i = 0; i < t.n; i++)
		if (t.p[i] == '\0' || strchr("ShHsAaDdFfRrCcIiQqTtWwGg^", t.p[i]) == NULL)
			return false;
	return t.n > 0;
}

/* Returns whether a history follows, including "X" for none, and moves `w->rest` past it. */
static bool
take_history(struct bro1_words *w, struct record *r)
{
	const char       *p = w->rest;
	const struct text word = next_word(&p, w->end);
	const bool        none = text_is(word, "X");

	if (!none && !is_history(word))
		return false;
	w->rest = p + (p < w->end);
	if (!none) {
		r->history = word;
		r->has |= HAS(COL_HISTORY);
	}
	return true;
}

/* Returns whether the service is one that Bro 1 derives from the record's ports. */
static bool
is_made_up(struct text service, enum bro1_kind kind, bool marked, const struct record *r)
{
	char              room[BRO1_SERVICE_MAX];
	const struct text made_up = bro1_service(r, kind, marked, room);

	return made_up.n == service.n && memcmp(made_up.p, service.p, service.n) == 0;
}

/* Interprets a service: the name of a port counts as one, but not if a "?" follows it, and neither does "other" for a port
 * without a name. */
static void
settle_service(enum bro1_kind kind, struct record *r)
{
	const bool        there = r->has & HAS(COL_SERVICE);
	const struct text word = there ? r->service : (struct text){ "other", 5 };

	if (kind == BRO0) {
		r->proto = bro1_service_proto(word);
		r->has |= HAS(COL_PROTO);
	}
	if (!there)
		return;
	r->has &= ~HAS(COL_SERVICE);
	const bool other = bro1_service_is_other(word, r), marked = word.p[word.n - 1] == '?';
	if (!((other || marked) && is_made_up(word, kind, marked, r)))
		r->has |= HAS(COL_SERVICE);
}

/* Returns the column of that part; Zeek has the originator first. */
static enum column_id
column_of(enum bro1_part part, bool orig_first)
{
	return orig_first ? columns[part] : other_end(columns[part]);
}

const char *
bro1_parse(enum bro1_kind kind, const char *line, size_t n, struct bro1_line *out)
{
	const struct bro1_layout *layout = &bro1_layouts[kind];
	struct bro1_words         w;

	if (!bro1_split(kind, line, n, &w))
		return "the line has too few words";
	const struct text flags = w.at[BRO1_FLAGS];
	const bool        local_init = flags.n > 0 && memchr(flags.p, 'L', flags.n) != NULL;
	for (size_t i = 0; i < layout->n; i++) {
		const enum bro1_part part = layout->at[i];
		const enum column_id id = column_of(part, kind == BRO1_5 || local_init);
		if (!may_be(part, w.at[part]) || (part != BRO1_FLAGS && !read_column(out, id, w.at[part])))
			return expected[part];
	}
	out->history_seen = kind == BRO1_5 && take_history(&w, out->record);
	settle_service(kind, out->record);
	out->flags = text_is(flags, "X") ? (struct text){ "", 0 } : flags;
	out->addl = (struct text){ w.rest, (size_t)(w.end - w.rest) };
	return NULL;
}
