/* to_sqlite.c - writes the records of a capture into a table of SQLite, a column each.
 *
 *     cc to_sqlite.c -o to_sqlite $(pkg-config --cflags --libs connlog sqlite3)
 *     ./to_sqlite capture.pcap conn.db
 *     sqlite3 conn.db 'SELECT "id.resp_h", sum(orig_bytes) FROM conn GROUP BY 1'
 * Shows the schema: every column, by its type.
 */
#include <connlog.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

struct table {
	sqlite3      *db;
	sqlite3_stmt *insert;
};

static const char *
type_of(connlog_type type)
{
	switch (type) {
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

/* Creates the table and the statement that adds a row to it. Returns SQLite's result code. */
static int
open_table(struct table *t, const char *path)
{
	char                       create[4096] = "CREATE TABLE conn", insert[512] = "INSERT INTO conn VALUES";
	const connlog_column_info *info;
	size_t                     c = strlen(create), n = strlen(insert);

	for (size_t i = 0; (info = connlog_column_at(i)) != NULL; i++) {
		c += (size_t)snprintf(create + c, sizeof create - c, "%s\"%s\" %s", i ? ", " : "(", info->name,
		                      type_of(info->type));
		n += (size_t)snprintf(insert + n, sizeof insert - n, "%s?", i ? "," : "(");
	}
	snprintf(create + c, sizeof create - c, "); BEGIN");
	snprintf(insert + n, sizeof insert - n, ")");
	int status = sqlite3_open(path, &t->db);
	if (status == SQLITE_OK)
		status = sqlite3_exec(t->db, create, NULL, NULL, NULL);
	if (status == SQLITE_OK)
		status = sqlite3_prepare_v2(t->db, insert, -1, &t->insert, NULL);
	return status;
}

static void
bind_value(sqlite3_stmt *insert, int at, connlog_value v)
{
	char text[1024]; /* more than any address or set has */

	connlog_value_text(v, text, sizeof text);
	if (!v.set)
		sqlite3_bind_null(insert, at);
	else if (v.type == CONNLOG_TIME || v.type == CONNLOG_INTERVAL || v.type == CONNLOG_DOUBLE)
		sqlite3_bind_double(insert, at, v.number);
	else if (v.type == CONNLOG_PORT || v.type == CONNLOG_COUNT)
		sqlite3_bind_int64(insert, at, (sqlite3_int64)v.count);
	else if (v.type == CONNLOG_INT)
		sqlite3_bind_int64(insert, at, v.integer);
	else if (v.type == CONNLOG_BOOL)
		sqlite3_bind_int(insert, at, v.boolean);
	else if (v.type == CONNLOG_STRING || v.type == CONNLOG_ENUM)
		sqlite3_bind_text(insert, at, v.text.p, (int)v.text.n, SQLITE_TRANSIENT);
	else /* addresses, and sets with commas between the elements */
		sqlite3_bind_text(insert, at, text, -1, SQLITE_TRANSIENT);
}

static int
insert_record(void *arg, const connlog_record *r)
{
	struct table *t = arg;

	for (size_t i = 0; connlog_column_at(i) != NULL; i++)
		bind_value(t->insert, (int)i + 1, connlog_record_get(r, i));
	const int status = sqlite3_step(t->insert);
	sqlite3_reset(t->insert);
	return status == SQLITE_DONE ? CONNLOG_OK : status; /* SQLite's codes are positive, connlog's errors negative */
}

int
main(int argc, char **argv)
{
	char            err[512] = "";
	struct table    table = { 0 };
	connlog_engine *engine = connlog_engine_new(NULL, err, sizeof err);
	connlog_source *source =
		argc == 3 ? connlog_source_files((const char *const *)argv + 1, 1, NULL, err, sizeof err) : NULL;
	int status = CONNLOG_NO_MEMORY, sql = SQLITE_OK;

	if (engine && source && (sql = open_table(&table, argv[2])) == SQLITE_OK &&
	    connlog_on_record(engine, insert_record, &table) == CONNLOG_OK) {
		status = connlog_run(engine, source, err, sizeof err);
		const int last = connlog_finish(engine); /* logs connections that are still open */
		sql = last == CONNLOG_OK ? sqlite3_exec(table.db, "COMMIT", NULL, NULL, NULL) : last;
	}
	if (sql != SQLITE_OK)
		fprintf(stderr, "to_sqlite: %s: %s\n", argv[2], sqlite3_errmsg(table.db));
	else if (status != CONNLOG_END)
		fprintf(stderr, "to_sqlite: %s\n", argc == 3 ? err : "usage: to_sqlite CAPTURE DATABASE");
	connlog_source_free(source);
	connlog_engine_free(engine);
	sqlite3_finalize(table.insert);
	sqlite3_close(table.db);
	return sql == SQLITE_OK && status == CONNLOG_END ? 0 : 1;
}
