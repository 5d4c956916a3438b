/* sqlite.c - sqlite:FILE: a row of a table per record, through SQLite.
 *
 * The table has every column that a record can have, under Zeek's name: numbers as numbers, true and false as 1 and 0,
 * sets as JSON arrays. Lines come as JSON objects, which SQLite parses itself. Duplicates are recognised by uid and
 * interim, and ignored.
 */
#include <stddef.h>

#include "ship/kind.h"

#ifdef CONNLOG_SQLITE3
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUSY_MS = 1000 };

struct sqlite {
	const char   *path, *table;
	sqlite3      *db; /* while it is open */
	sqlite3_stmt *insert;
};

static void *
sqlite_prepare(struct url *u, const struct ship_setup *setup, char *err, size_t err_size)
{
	struct sqlite *s = calloc(1, sizeof *s);
	const char    *table = url_option(u, "table");

	(void)setup;
	if (s == NULL || *u->path == '\0' || (table != NULL && *table == '\0')) {
		snprintf(err, err_size,
		         s == NULL          ? "out of memory"
		         : *u->path == '\0' ? "the path of a file is expected"
		                            : "table= wants a name");
		free(s);
		return NULL;
	}
	s->path = u->path;
	s->table = table != NULL ? table : "conn";
	return s;
}

static const char *
type_of(const connlog_column_info *c)
{
	switch (c->type) {
	case CONNLOG_TIME:
	case CONNLOG_INTERVAL:
	case CONNLOG_DOUBLE:
		return "REAL";
	case CONNLOG_PORT:
	case CONNLOG_COUNT:
	case CONNLOG_INT:
	case CONNLOG_BOOL:
		return "INTEGER";
	default:
		return "TEXT";
	}
}

/* Runs one statement and frees it; NULL means that there was no memory for it. Returns 0, or -1 with a message in the
 * link. */
static int
run(struct sqlite *s, struct link *l, char *sql)
{
	const int outcome = sql != NULL ? sqlite3_exec(s->db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;

	sqlite3_free(sql);
	return outcome == SQLITE_OK ? 0 : link_fail(l, "%s", sql != NULL ? sqlite3_errmsg(s->db) : "out of memory");
}

/* Returns whether the table has that column already. */
static bool
has_column(struct sqlite *s, const char *name)
{
	return sqlite3_table_column_metadata(s->db, NULL, s->table, name, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
}

/* Creates the table, or adds columns that an older one lacks. */
static int
make_table(struct sqlite *s, struct link *l)
{
	const connlog_column_info *c;

	if (run(s, l, sqlite3_mprintf("CREATE TABLE IF NOT EXISTS \"%w\" (ts REAL)", s->table)) != 0)
		return -1;
	for (size_t i = 0; (c = connlog_column_at(i)) != NULL; i++)
		if (!has_column(s, c->name) &&
		    run(s, l, sqlite3_mprintf("ALTER TABLE \"%w\" ADD COLUMN \"%w\" %s", s->table, c->name, type_of(c))) != 0)
			return -1;
	return run(s, l,
	           sqlite3_mprintf("CREATE UNIQUE INDEX IF NOT EXISTS \"%w_uid\" ON \"%w\" (uid, ifnull(interim, 0))",
	                           s->table, s->table));
}

/* Appends the text for each column: its name, or the expression that extracts its value from the line. */
static void
put_columns(sqlite3_str *sql, const char *format)
{
	const connlog_column_info *c;

	for (size_t i = 0; (c = connlog_column_at(i)) != NULL; i++) {
		sqlite3_str_appendall(sql, i > 0 ? "," : "");
		sqlite3_str_appendf(sql, format, c->name);
	}
}

static int
prepare_insert(struct sqlite *s, struct link *l)
{
	sqlite3_str *sql = sqlite3_str_new(s->db);

	sqlite3_str_appendf(sql, "INSERT OR IGNORE INTO \"%w\" (", s->table);
	put_columns(sql, "\"%w\"");
	sqlite3_str_appendall(sql, ") VALUES (");
	put_columns(sql, "json_extract(?1,'$.\"%q\"')");
	sqlite3_str_appendall(sql, ")");
	char     *text = sqlite3_str_finish(sql);
	const int outcome = text != NULL ? sqlite3_prepare_v2(s->db, text, -1, &s->insert, NULL) : SQLITE_NOMEM;
	sqlite3_free(text);
	return outcome == SQLITE_OK ? 0 : link_fail(l, "%s", sqlite3_errmsg(s->db));
}

static int
sqlite_close(void *sink, struct link *l, bool well)
{
	struct sqlite *s = sink;

	(void)l, (void)well;
	sqlite3_finalize(s->insert);
	sqlite3_close(s->db);
	s->insert = NULL;
	s->db = NULL;
	return 0;
}

static int
sqlite_open(void *sink, struct link *l)
{
	struct sqlite *s = sink;

	if (sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK) {
		link_fail(l, "%s", s->db != NULL ? sqlite3_errmsg(s->db) : "out of memory");
	} else {
		sqlite3_busy_timeout(s->db, BUSY_MS);
		if (run(s, l, sqlite3_mprintf("PRAGMA journal_mode = WAL")) == 0 &&
		    run(s, l, sqlite3_mprintf("PRAGMA synchronous = NORMAL")) == 0 && make_table(s, l) == 0 &&
		    prepare_insert(s, l) == 0)
			return 0;
	}
	sqlite_close(s, l, false);
	return -1;
}

/* Delivers all lines in one transaction, or none. */
static int
sqlite_deliver(void *sink, struct link *l, const char *p, size_t n, size_t *done)
{
	struct sqlite *s = sink;
	const char    *end;
	int            outcome = SQLITE_DONE;

	if (run(s, l, sqlite3_mprintf("BEGIN IMMEDIATE")) != 0)
		return -1;
	for (size_t at = *done; at < n && outcome == SQLITE_DONE; at = (size_t)(end + 1 - p)) {
		end = memchr(p + at, '\n', n - at);
		if (end == NULL)
			end = p + n - 1;
		outcome = sqlite3_bind_text(s->insert, 1, p + at, (int)((size_t)(end - p) - at), SQLITE_STATIC);
		if (outcome == SQLITE_OK)
			outcome = sqlite3_step(s->insert);
		sqlite3_reset(s->insert);
	}
	if (outcome != SQLITE_DONE) {
		link_fail(l, "%s", sqlite3_errmsg(s->db));
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
		return -1;
	}
	if (run(s, l, sqlite3_mprintf("COMMIT")) != 0)
		return -1;
	*done = n;
	return 0;
}

#endif

const struct ship_kind kind_sqlite = {
	.scheme = "sqlite",
	.syntax = "sqlite:FILE",
	.needs = NEED_FILE,
	.format = "json",
	.column = "interim",
	.fixed = true,
#ifdef CONNLOG_SQLITE3
	.prepare = sqlite_prepare,
	.open = sqlite_open,
	.deliver = sqlite_deliver,
	.close = sqlite_close,
	.free = free,
#else
	.missing = "libsqlite3-dev",
#endif
};
