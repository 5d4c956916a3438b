/* write.c - writes the packets that were found to pcapng files: see connlog_archive.h.
 *
 * All packets of a file are sorted by number and read once more. If each connection has its own file, as many are
 * written at a time as may be open.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "archive/extract.h"
#include "archive/pcapng_write.h"
#include "archive/rewrite.h"
#include "engine/options.h"
#include "record/anonymize.h"

enum { FILES_AT_ONCE = 128, COMMENT_MAX = 4096 };

/* A packet of a connection. */
struct choice {
	uint64_t number;
	uint32_t wanted, part;
};

struct job {
	connlog_extractor    *x;
	struct choice        *choices; /* by number */
	size_t                n, room;
	uint64_t             *numbers; /* each number once */
	size_t                n_numbers, at;
	struct pcapng_writer *writers;
	size_t                first; /* with `each`: the writers are those of the connections from this index on */
	bool                  each;
	char                 *err;
	size_t                err_size;
};

static int
by_number(const void *va, const void *vb)
{
	const struct choice *a = va, *b = vb;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	if (a->wanted != b->wanted)
		return a->wanted < b->wanted ? -1 : 1;
	return (a->part > b->part) - (a->part < b->part);
}

static bool
choose(struct job *j, size_t wanted)
{
	const struct candidate *c = j->x->wanted.at[wanted].is;

	if (!c)
		return true;
	if (j->room - j->n < c->n) {
		const size_t   room = j->n + c->n > 2 * j->room ? j->n + c->n : 2 * j->room;
		struct choice *choices = realloc(j->choices, room * sizeof *choices);
		if (!choices)
			return false;
		j->choices = choices;
		j->room = room;
	}
	for (size_t i = 0; i < c->n; i++)
		j->choices[j->n++] = (struct choice){ c->packets[i].number, (uint32_t)wanted, c->packets[i].part };
	return true;
}

/* Sorts the choices and removes duplicates: a packet counts once per connection, however many of the connection's parts
 * it holds. */
static bool
sort(struct job *j)
{
	size_t n = 0;

	if (j->n > 0)
		qsort(j->choices, j->n, sizeof *j->choices, by_number);
	for (size_t i = 0; i < j->n; i++)
		if (n == 0 || j->choices[n - 1].number != j->choices[i].number ||
		    j->choices[n - 1].wanted != j->choices[i].wanted)
			j->choices[n++] = j->choices[i];
	j->n = n;
	j->numbers = calloc(n ? n : 1, sizeof *j->numbers);
	for (size_t i = 0; j->numbers && i < n; i++)
		if (j->n_numbers == 0 || j->numbers[j->n_numbers - 1] != j->choices[i].number)
			j->numbers[j->n_numbers++] = j->choices[i].number;
	return j->numbers != NULL;
}

/* Writes the uid that the connection has in the file to `out`; "-" if it has none. */
static void
name_of(const connlog_extractor *x, size_t wanted, char out[CONNLOG_UID_SIZE])
{
	const struct wanted *w = &x->wanted.at[wanted];
	const char          *uid = *w->uid ? w->uid : w->is ? w->is->uid : "";
	char                 text[UID_TEXT_MAX];
	size_t               n;

	snprintf(out, CONNLOG_UID_SIZE, "%s", *uid ? uid : "-");
	if (!x->anonymizer || !*uid)
		return;
	if (!anonymizer_uid(x->anonymizer, (struct text){ uid, strlen(uid) }, text, &n))
		snprintf(out, CONNLOG_UID_SIZE, "-");
	else
		snprintf(out, CONNLOG_UID_SIZE, "%.*s", (int)n, text);
}

/* Appends " UID" and which part of the connection the packet is. */
static size_t
note(const struct job *j, const struct choice *c, char *out, size_t size)
{
	static const char *const parts[PART_COUNT] = { "", " (fragment)", " (ICMP error)" };
	char                     name[CONNLOG_UID_SIZE];

	name_of(j->x, c->wanted, name);
	const int n = snprintf(out, size, " %s%s", name, parts[c->part]);
	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

/* A tour_fn. */
static int
write_packet(void *arg, size_t i, const struct rawframe *frame)
{
	struct job *j = arg;
	char        comment[COMMENT_MAX] = "connlog:";
	size_t      used = sizeof "connlog:" - 1;
	int         status = CONNLOG_OK;

	for (; j->at < j->n && j->choices[j->at].number == j->numbers[i] && status == CONNLOG_OK; j->at++) {
		const struct choice *c = &j->choices[j->at];
		if (j->each)
			used = sizeof "connlog:" - 1;
		used += note(j, c, comment + used, sizeof comment - used);
		comment[used] = '\0';
		if (j->each)
			status = pcapng_packet(&j->writers[c->wanted - j->first], frame, comment, j->err, j->err_size);
	}
	return j->each ? status : pcapng_packet(j->writers, frame, comment, j->err, j->err_size);
}

/* Writes the address that a connection's end has in the file.  Returns false if libcrypto failed. */
static bool
address_text(const connlog_extractor *x, const uint8_t address[16], char out[64])
{
	struct addr   a = addr_from_v6(address);
	connlog_value value = { .type = CONNLOG_ADDR, .set = true };

	if (x->anonymizer && !anonymizer_addr(x->anonymizer, &a))
		return false;
	memcpy(value.address, a.b, sizeof value.address);
	connlog_value_text(value, out, 64);
	return true;
}

/* Returns the section's comment about a connection: "UID proto 10.0.0.1:1234 > 10.0.0.2:80, start 1.5, 12 packets". */
static char *
describe(const struct job *j, size_t wanted)
{
	const struct wanted *w = &j->x->wanted.at[wanted];
	const char *const    proto = w->tuple.proto == 6    ? "tcp"
	                             : w->tuple.proto == 17 ? "udp"
	                             : w->tuple.proto       ? "icmp"
	                                                    : "ip";
	char                 name[CONNLOG_UID_SIZE], orig_h[64], resp_h[64], *text;
	connlog_extracted    found;

	name_of(j->x, wanted, name);
	if (!address_text(j->x, w->tuple.orig_h, orig_h) || !address_text(j->x, w->tuple.resp_h, resp_h))
		return NULL;
	connlog_extractor_at(j->x, wanted, &found);
	if (asprintf(&text, "%s %s %s port %u to %s port %u, ts %.6f, %" PRIu64 " packets counted%s%s", name, proto, orig_h,
	             w->tuple.orig_p, resp_h, w->tuple.resp_p, w->ts, found.packets,
	             found.exact ? "" : "; not what the record says: ", found.difference) < 0)
		return NULL;
	return text;
}

/* ---- one file --------------------------------------------------------------------------------------------------------------- */

/* Opens the file with the descriptions of `n` connections from index `first` on as comments, as far as there is
 * room. */
static int
open_with_comments(struct job *j, struct pcapng_writer *w, const char *path, size_t first, size_t n)
{
	enum { COMMENTS_MAX = 1000 };
	char  *comments[COMMENTS_MAX];
	size_t used = 0;

	while (used < n && used < COMMENTS_MAX && (comments[used] = describe(j, first + used)) != NULL)
		used++;
	const bool whole = used == n || used == COMMENTS_MAX;
	int        status = CONNLOG_NO_MEMORY;
	if (whole)
		status = pcapng_open(w, path, (const char *const *)comments, used, j->err, j->err_size);
	else
		snprintf(j->err, j->err_size, "out of memory");
	while (used > 0)
		free(comments[--used]);
	return status;
}

/* Writes the packets with other addresses. */
static int
rewrite(struct job *j)
{
	struct decode_options options;

	decode_options_default(&options);
	if (j->x->options.engine)
		options = j->x->options.engine->decode;
	struct rewriter *r = rewriter_new(j->x->anonymizer, j->x->keep_payload, &options, write_packet, j);
	int              status = CONNLOG_NO_MEMORY;
	snprintf(j->err, j->err_size, "out of memory"); /* what else fails says so itself */
	if (r)
		status = tour_again(&j->x->tour, j->numbers, j->n_numbers, rewriter_frame, r, j->err, j->err_size);
	if (status == CONNLOG_OK)
		status = rewriter_finish(r);
	rewriter_free(r);
	return status;
}

static int
read_again(struct job *j)
{
	if (!sort(j))
		return source_fail(j->err, j->err_size, CONNLOG_NO_MEMORY, "out of memory");
	if (j->x->anonymizer)
		return rewrite(j);
	return tour_again(&j->x->tour, j->numbers, j->n_numbers, write_packet, j, j->err, j->err_size);
}

static void
end_job(struct job *j)
{
	free(j->choices);
	free(j->numbers);
}

int
connlog_extractor_write(connlog_extractor *x, const char *path, char *err, size_t err_size)
{
	struct pcapng_writer w = { .sink = NULL };
	struct job           j = { .x = x, .writers = &w, .err = err, .err_size = err_size };
	int                  status = CONNLOG_OK;

	for (size_t i = 0; i < x->wanted.n && status == CONNLOG_OK; i++)
		if (!choose(&j, i))
			status = source_fail(err, err_size, CONNLOG_NO_MEMORY, "out of memory");
	if (status == CONNLOG_OK)
		status = open_with_comments(&j, &w, path, 0, x->wanted.n);
	if (status == CONNLOG_OK)
		status = read_again(&j);
	if (status == CONNLOG_OK)
		status = pcapng_close(&w, err, err_size);
	pcapng_free(&w);
	end_job(&j);
	return status;
}

/* ---- one file per connection */

/* Returns whether a name can be used as a file's: only the characters of a uid, and no path. */
static bool
is_plain(const char *name)
{
	for (const char *p = name; *p; p++)
		if (!((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')))
			return false;
	return *name != '\0';
}

static int
open_own(struct job *j, struct pcapng_writer *w, const char *directory, size_t wanted)
{
	char  name[CONNLOG_UID_SIZE];
	char *path;

	name_of(j->x, wanted, name);
	if (!is_plain(name))
		return source_fail(j->err, j->err_size, CONNLOG_BAD_INPUT, "the uid '%s' cannot be the name of a file", name);
	if (asprintf(&path, "%s/%s.pcapng", directory, name) < 0)
		return source_fail(j->err, j->err_size, CONNLOG_NO_MEMORY, "out of memory");
	const int status = open_with_comments(j, w, path, wanted, 1);
	free(path);
	return status;
}

/* Writes the files of `n` connections from index `first` on. */
static int
write_some(struct job *j, const char *directory, size_t n)
{
	int status = CONNLOG_OK;

	for (size_t i = 0; i < n && status == CONNLOG_OK; i++) {
		const size_t before = j->n;
		if (!choose(j, j->first + i))
			status = source_fail(j->err, j->err_size, CONNLOG_NO_MEMORY, "out of memory");
		else if (j->n > before)
			status = open_own(j, &j->writers[i], directory, j->first + i);
	}
	if (status == CONNLOG_OK)
		status = read_again(j);
	for (size_t i = 0; i < n; i++) {
		if (status == CONNLOG_OK && j->writers[i].sink)
			status = pcapng_close(&j->writers[i], j->err, j->err_size);
		pcapng_free(&j->writers[i]);
	}
	return status;
}

int
connlog_extractor_write_each(connlog_extractor *x, const char *directory, char *err, size_t err_size)
{
	struct pcapng_writer *writers = calloc(FILES_AT_ONCE, sizeof *writers);
	int                   status = CONNLOG_OK;

	if (!writers)
		return source_fail(err, err_size, CONNLOG_NO_MEMORY, "out of memory");
	for (size_t first = 0; first < x->wanted.n && status == CONNLOG_OK; first += FILES_AT_ONCE) {
		struct job   j = { .x = x, .writers = writers, .first = first, .each = true, .err = err, .err_size = err_size };
		const size_t n = x->wanted.n - first < FILES_AT_ONCE ? x->wanted.n - first : FILES_AT_ONCE;
		status = write_some(&j, directory, n);
		end_job(&j);
	}
	free(writers);
	return status;
}
