/* enrich.c - adds what a file of networks says of a record's addresses (connlog_enrich.h).
 *
 * What was read from the file never changes; a reload puts another table in its place. Each thread has an enrichment of
 * its own, which holds on to the table that its latest record used until its next record finds that there is a newer
 * one. A record costs one atomic load for that.
 */
#include "enrich/enrich.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "enrich/networks.h"
#include "record/public.h"
#include "record/schema.h"

enum { FILE_MOST = 1 << 30, FILE_FIRST = 1 << 16 /* bytes */ };

/* A file as it was read. */
struct table {
	unsigned         users; /* under the origin's lock */
	char            *text;
	struct networks *networks;
};

/* What all enrichments from a file share. */
struct origin {
	pthread_mutex_t lock;
	unsigned        users;
	char           *path;
	struct table   *now;
	atomic_uint     generation; /* of `now` */
};

struct connlog_enrichment {
	struct origin   *origin;
	struct table    *table;
	unsigned         generation; /* of `table` */
	struct record    record;     /* of connlog_enrich() */
	struct field_set columns;
};

/* ---- tables --------------------------------------------------------------------------------------------------------------- */

static void
table_free(struct table *t)
{
	if (!t)
		return;
	networks_free(t->networks);
	free(t->text);
	free(t);
}

/* Reads what is left of a file. Returns NULL on failure, with the reason in errno. */
static char *
read_all(FILE *f, size_t *n)
{
	char *text = NULL;

	*n = 0;
	for (size_t room = FILE_FIRST; room <= FILE_MOST; room *= 2) {
		char *more = realloc(text, room);
		if (!more)
			break;
		text = more;
		*n += fread(text + *n, 1, room - *n, f);
		if (ferror(f))
			break;
		if (*n < room)
			return text;
		errno = EFBIG;
	}
	free(text);
	return NULL;
}

/* Returns NULL after a message. */
static struct table *
table_read(const char *path, char *err, size_t err_size)
{
	struct table *t = calloc(1, sizeof *t);
	FILE         *f = t ? fopen(path, "re") : NULL;
	size_t        n = 0;
	char          why[200];

	if (f)
		t->text = read_all(f, &n);
	if (!t || !t->text)
		snprintf(err, err_size, "%s: cannot be read: %s", path, strerror(errno));
	else if (!(t->networks = networks_parse(t->text, n, why, sizeof why)))
		snprintf(err, err_size, "%s: %s", path, why);
	if (f)
		fclose(f);
	if (t && t->networks)
		return t;
	table_free(t);
	return NULL;
}

/* Takes the current table. */
static void
take(connlog_enrichment *x)
{
	struct origin *o = x->origin;

	pthread_mutex_lock(&o->lock);
	struct table *old = x->table;
	x->table = o->now;
	x->table->users++;
	x->generation = atomic_load(&o->generation);
	const bool unused = old && --old->users == 0;
	pthread_mutex_unlock(&o->lock);
	if (unused)
		table_free(old);
}

/* ---- enrichments ---------------------------------------------------------------------------------------------------------- */

static void
origin_free(struct origin *o)
{
	if (!o)
		return;
	table_free(o->now);
	free(o->path);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

/* Returns NULL after a message. */
static struct origin *
origin_new(const char *path, char *err, size_t err_size)
{
	struct origin *o = calloc(1, sizeof *o);

	if (!o) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&o->lock, NULL);
	o->path = strdup(path);
	o->now = table_read(path, err, err_size);
	if (o->path && o->now) {
		o->now->users = 1; /* the origin itself */
		return o;
	}
	if (o->now)
		snprintf(err, err_size, "out of memory");
	origin_free(o);
	return NULL;
}

static connlog_enrichment *
enrichment_of(struct origin *o)
{
	connlog_enrichment *x = calloc(1, sizeof *x);

	if (!x)
		return NULL;
	x->origin = o;
	pthread_mutex_lock(&o->lock);
	o->users++;
	pthread_mutex_unlock(&o->lock);
	take(x);
	return x;
}

connlog_enrichment *
connlog_enrichment_new(const char *path, char *err, size_t err_size)
{
	struct origin      *o = origin_new(path, err, err_size);
	connlog_enrichment *x = o ? enrichment_of(o) : NULL;

	if (o && !x) {
		snprintf(err, err_size, "out of memory");
		origin_free(o);
	}
	return x;
}

connlog_enrichment *
enrichment_share(const connlog_enrichment *x)
{
	return enrichment_of(x->origin);
}

void
connlog_enrichment_free(connlog_enrichment *x)
{
	if (!x)
		return;
	struct origin *o = x->origin;
	pthread_mutex_lock(&o->lock);
	const bool table_unused = --x->table->users == 0, unused = --o->users == 0;
	pthread_mutex_unlock(&o->lock);
	if (table_unused)
		table_free(x->table);
	if (unused)
		origin_free(o);
	free(x);
}

int
connlog_enrichment_reload(connlog_enrichment *x, char *err, size_t err_size)
{
	struct origin *o = x->origin;
	struct table  *fresh = table_read(o->path, err, err_size);

	if (!fresh)
		return CONNLOG_BAD_OPTION;
	fresh->users = 1;
	pthread_mutex_lock(&o->lock);
	struct table *old = o->now;
	o->now = fresh;
	atomic_fetch_add(&o->generation, 1);
	const bool unused = --old->users == 0;
	pthread_mutex_unlock(&o->lock);
	if (unused)
		table_free(old);
	return CONNLOG_OK;
}

/* ---- records -------------------------------------------------------------------------------------------------------------- */

static void
mark(struct record *r, enum column_id id, bool set)
{
	record_mark(r, HAS_WORD(id), HAS_BIT(id), set);
}

/* Sets the columns of side 0 or 1, which lie next to each other. */
static void
enrich_side(const struct networks *n, struct record *r, unsigned side, const struct addr *a)
{
	static const struct network  nothing;
	const struct network        *found = a ? networks_find(n, a) : NULL;
	const struct network        *say = found ? found : &nothing;

	r->host_name[side] = say->host;
	r->network[side] = say->name;
	r->site[side] = say->site;
	r->tags[side] = say->tags;
	mark(r, COL_ORIG_NAME + side, say->host.n > 0);
	mark(r, COL_ORIG_NETWORK + side, say->name.n > 0);
	mark(r, COL_ORIG_SITE + side, say->site.n > 0);
	mark(r, COL_ORIG_TAGS + side, say->tags.n > 0);
}

void
enrich_record(connlog_enrichment *x, struct record *r)
{
	if (atomic_load_explicit(&x->origin->generation, memory_order_acquire) != x->generation)
		take(x);
	enrich_side(x->table->networks, r, 0, r->has & HAS(COL_ORIG_H) ? &r->orig_h : NULL);
	enrich_side(x->table->networks, r, 1, r->has & HAS(COL_RESP_H) ? &r->resp_h : NULL);
}

const connlog_record *
connlog_enrich(connlog_enrichment *x, const connlog_record *r)
{
	x->record = *record_of(r);
	enrich_record(x, &x->record);
	return record_public(&x->record);
}

const connlog_columns *
connlog_enrich_columns(connlog_enrichment *x, const connlog_columns *c)
{
	x->columns = *columns_of(c);
	for (size_t i = COL_ENRICHED_FIRST; i <= COL_ENRICHED_LAST; i++) {
		const struct field field = field_of(&schema[i]);
		field_set_add(&x->columns, &field);
	}
	return columns_public(&x->columns);
}
