/* settings.c - the command line of the commands that read packets: `read`, `live` and, for the most part, `events`. */
#include "cli/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/units.h"
#include "connlog_long.h"

enum { MEMORY_SHARE = 8 /* of --memory that rows of --fold may take */ };

const struct option_row settings_rows[] = {
	{ 'r', "read", "FILE", "read FILE; may be repeated; - is standard input" },
	{ 'i', "interface", "IFACE", "capture from IFACE; may be repeated; pcap:IFACE: through libpcap" },
	{ 'f', "filter", "BPF", "look only at packets that this pcap filter lets through" },
	{ 'C', "no-checksums", NULL, "take packets with bad checksums for good" },
	{ OPT_SCRIPT, "script", "FILE.lua", "let this Lua script handle events and records; may be repeated" },
	{ OPT_SEED, "seed", "TEXT", "make uids and header times depend on TEXT and the input alone" },
	{ 'j', "workers", "N", "track connections in N threads, with the same log; 0 is as many as there are cores" },
	{ OPT_SHARD, "shard", "K/N", "log only the connections of share K of N, with the clock of the whole input" },
	{ OPT_MEMORY, "memory", "SIZE", "memory of the process, a bound that holds under attack: 2G" },
	{ OPT_STATS, "stats", "FILE", "write all counters as JSON to FILE; - is standard error" },
	{ OPT_NO_SANDBOX, "no-sandbox", NULL, "keep all rights: no Landlock, no seccomp" },
	{ 'q', "quiet", NULL, "no warnings and no progress" },
	{ 'v', "verbose", NULL, "a line of summary at the end" },
	{ 'p', "no-promiscuous", NULL, "live: capture only what is meant for this host" },
	{ OPT_RING, "ring", "SIZE", "live: memory of each interface for packets that wait (64M)" },
	{ OPT_RING_BLOCK, "ring-block", "SIZE", "live: its blocks (256K)" },
	{ OPT_RING_TIMEOUT, "ring-timeout", "TIME", "live: a block that is not full is read after that time (20msec)" },
	{ OPT_SNAPLEN, "snaplen", "BYTES", "live: capture no more of a packet (262144)" },
	{ OPT_WAIT, "wait", NULL, "live: wait for interfaces that are not there yet" },
	{ OPT_EXIT_ON_DOWN, "exit-on-down", NULL, "live: end when an interface goes down or away, do not wait for it" },
	{ OPT_CONFIG, "config", "FILE", "live: read settings from FILE; the command line beats them" },
	{ OPT_METRICS, "metrics", "ADDRESS:PORT", "live: let Prometheus ask for the counters there (127.0.0.1:9911)" },
	{ OPT_USER, "user", "NAME", "live: whom root becomes; without it whose the log's folder is, connlog or nobody" },
	{ OPT_ROTATE_INTERVAL, "rotate-interval", "TIME", "live: begin a new log at each multiple of 1hr, 1day ..." },
	{ OPT_ROTATE_SIZE, "rotate-size", "SIZE", "live: begin a new log before it gets larger than that (500M)" },
	{ OPT_ROTATE_DIR, "rotate-dir", "DIR", "live: where rotated logs go; without it they stay where they are" },
	{ OPT_ROTATE_EXEC, "rotate-exec", "COMMAND", "live: run this for each rotated log, as Zeek does" },
	{ OPT_COMPRESS, "compress", "gzip|zstd", "live: pack rotated logs; gzip:9, zstd:19 for a level" },
	{ OPT_KEEP_AGE, "keep-age", "TIME", "live: remove rotated logs that are older (30day)" },
	{ OPT_KEEP_SIZE, "keep-size", "SIZE", "live: remove the oldest where rotated logs take more (100G)" },
	{ OPT_FLUSH_INTERVAL, "flush-interval", "TIME", "live: records are in the log after that time (1sec)" },
	{ OPT_SPOOL, "spool", "SIZE",
	  "live: memory for records that wait (64M), or DIR,SIZE: and room on a disk, for --to" },
	{ OPT_WEB, "web", "ADDRESS:PORT", "live: show a page of what happens, for a browser" },
	{ OPT_WEB_WINDOW, "web-window", "TIME", "live: what is the past for that page (5min)" },
	{ OPT_WEB_MEMORY, "web-memory", "SIZE", "live: memory for its records (16M)" },
	{ OPT_WEB_TOKEN, "web-token", "FILE", "live: the token that has to be shown to see it" },
	{ OPT_STATS_INTERVAL, "stats-interval", "TIME", "live: write the counters of --stats every so often, too" },
	{ OPT_EXIT_TIMEOUT, "exit-timeout", "TIME",
	  "live: give the last records up when none is written for so long (5sec)" },
};
const size_t settings_rows_n = sizeof settings_rows / sizeof settings_rows[0];

/* Further options of `read` and `live`. */
static const struct option_row rows[] = {
	{ 'o', "output", "DIR", "write DIR/conn.log instead of standard output" },
	{ OPT_SINK, "to", "URL", "deliver records there; may be repeated; --version lists the kinds, man connlog more" },
	{ OPT_FORMAT, "format", "FORMAT", "zeek (tab-separated, the default), json, ...: see --help formats" },
	{ OPT_STREAMING, "json-streaming", NULL, "json with _path and _write_ts, the time of writing, in front" },
	{ OPT_FIELDS, "fields", "LIST", "columns: a,b only these; +a,-b more or fewer; all" },
	{ OPT_INTERIM, "interim", "TIME,...", "log connections that are still open, too, at these ages (5min,1hr)" },
	{ OPT_LONG_CONNECTIONS, "long", "TIME,...",
	  "write conn_long.log, too: connections still open at these ages (usual)" },
	WHERE_ROWS(OPT_WHERE, OPT_WHERE_FILE),
	ANONYMIZE_ROW(OPT_ANONYMIZE),
	NETWORKS_ROW(OPT_NETWORKS),
	FOLDING_ROWS(OPT_FOLD),
	{ OPT_LOCAL_NETS, "local-nets", "CIDR,...", "networks that are local, besides the private ranges" },
	{ OPT_NEIGHBOR_NETS, "neighbor-nets", "CIDR,...", "networks of neighbours, flag U in bro0 and bro1" },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static bool
positional(struct settings *s, const char *argument)
{
	if (is_assignment(argument))
		return assign(s, argument);
	if (is_script(argument) && is_column_script(argument))
		return args_join(&s->scripts, "+", argument);
	if (is_script(argument) && is_json_script(argument)) {
		s->writer.format = "json";
		return true;
	}
	if (is_script(argument)) {
		complain("%s is neither a file nor a script of Zeek's that adds columns: connlog(1) lists those", argument);
		return false;
	}
	s->inputs[s->inputs_n++] = argument;
	return true;
}

static bool
add_interface(struct settings *s, const char *name)
{
	if (*name == '\0') {
		complain("--interface wants a value: it is empty");
		return false;
	}
	s->interfaces[s->interfaces_n++] = name;
	return true;
}

bool
settings_apply(void *arg, int key, const char *value)
{
	struct settings *s = arg;

	switch (key) {
	case ARG_OPERAND:
		return positional(s, value);
	case 'r':
		s->captures = true;
		s->inputs[s->inputs_n++] = value;
		return true;
	case ARG_FILE:
		s->inputs[s->inputs_n++] = value;
		return true;
	case 'i':
		return add_interface(s, value);
	case 'f':
		s->filter = value;
		return true;
	case 'C':
		return assign_option(s, "ignore_checksums", "T");
	case 'o':
		return args_set_once(&s->folder, value, "output");
	case OPT_SINK:
		s->to[s->to_n++] = value;
		return true;
	case OPT_FORMAT:
		s->writer.format = value;
		return true;
	case OPT_STREAMING:
		s->writer.json_streaming = true;
		return true;
	case OPT_FIELDS:
		return args_join(&s->fields, "", value);
	case OPT_LOCAL_NETS:
		return set_local_nets(&s->log, value, false) && assign_option(s, "Site::local_nets", value);
	case OPT_NEIGHBOR_NETS:
		return set_neighbor_nets(&s->log, value, false);
	case OPT_INTERIM:
		return assign_option(s, "interim", value);
	case OPT_LONG_CONNECTIONS:
		return assign_option(s, "long", strcmp(value, "usual") == 0 ? CONNLOG_LONG_USUAL : value);
	case OPT_WHERE:
		return where_set(&s->where, value, 0);
	case OPT_WHERE_FILE:
		return where_set_file(&s->where, value, 0);
	case OPT_ANONYMIZE:
		return anonymize_set(&s->anonymize, value);
	case OPT_NETWORKS:
		return enriching_set(&s->enriching, value);
	case OPT_SCRIPT:
		s->lua[s->lua_n++] = value;
		return true;
	case OPT_SEED:
		s->seeded = true;
		return assign_option(s, "seed", value);
	case 'j':
		return assign_option(s, "workers", value);
	case OPT_SHARD:
		return assign_option(s, "shard", value);
	case OPT_MEMORY:
		if (units_size(value, &s->memory))
			return true;
		complain("--memory %s: a size like 512M or 4G is expected, or 0 for no bound", value);
		return false;
	case OPT_STATS:
		s->stats = value;
		return true;
	case OPT_NO_SANDBOX:
		s->no_sandbox = true;
		return true;
	case 'q':
		s->quiet = true;
		return true;
	case 'v':
		s->verbose = true;
		return true;
	default:
		if (key >= OPT_FOLD && key < OPT_FOLD_END)
			return folding_set(&s->folding, key - OPT_FOLD, value);
		/* no other option is left */
		return live_settings_apply(&s->live, key, value);
	}
}

const struct args_spec settings_log_spec = {
	.about = "Turns packets into the connection log that Zeek 8.2.2 writes.",
	.rows = rows,
	.rows_n = ROWS,
	.shared = settings_rows,
	.shared_n = sizeof settings_rows / sizeof settings_rows[0],
	.apply = settings_apply,
	.notes =
		"NAME=VALUE sets a constant by Zeek's name, e.g. tcp_attempt_delay=10sec; a name of a script of Zeek's that\n"
		"adds columns (policy/protocols/conn/vlan-logging) adds them.  A file of such a name is written ./NAME or\n"
		"behind --.  `connlog COMMAND --help` is about one command.  More in connlog(1).",
};

/* Allocates room for repeatable options; there can be at most `most` of each. */
static bool
settings_init(struct settings *s, size_t most)
{
	s->log.writer = &s->writer;
	s->log.live = &s->live;
	live_settings_init(&s->live);
	s->options = connlog_options_new();
	s->inputs = calloc(most, sizeof *s->inputs);
	s->lua = calloc(most, sizeof *s->lua);
	s->interfaces = calloc(most, sizeof *s->interfaces);
	s->to = calloc(most, sizeof *s->to);
	s->extract.uids = calloc(most, sizeof *s->extract.uids);
	s->extract.logs = calloc(most, sizeof *s->extract.logs);
	if (s->extract.uids != NULL && s->extract.logs != NULL && s->to != NULL && s->options != NULL &&
	    s->inputs != NULL && s->lua != NULL && s->interfaces != NULL)
		return true;
	complain("out of memory");
	return false;
}

static void
settings_free(struct settings *s)
{
	connlog_options_free(s->options);
	free(s->inputs);
	free(s->lua);
	free(s->interfaces);
	free(s->to);
	free(s->extract.uids);
	free(s->extract.logs);
	live_settings_free(&s->live);
	free(s->fields);
	free(s->long_fields);
	log_settings_free(&s->log);
	free(s->scripts);
	config_free(&s->config);
	where_free(&s->where);
	anonymize_free(&s->anonymize);
	folding_free(&s->folding);
	enriching_free(&s->enriching);
}

/* Applies the file of --config, if given, and the command line. */
static enum args_outcome
settings_apply_all(const struct args_spec *spec, struct settings *s, int argc, char **argv)
{
	const enum args_outcome outcome = config_look(spec, argc, argv, &s->given);

	if (outcome != ARGS_RUN)
		return outcome;
	const char *path = s->given.path;
	bool        good = path == NULL || config_load(&s->config, path);
	if (!settings_init(s, (size_t)argc + s->config.n))
		return ARGS_WRONG;
	if (path != NULL)
		s->live.given = "--config";
	good = config_apply(&s->config, spec, &s->given, s) && good;
	return good ? args_walk(spec, s, argc, argv) : ARGS_WRONG;
}

/* Gives parts of one log that several processes write into a folder different names.  Returns false after a message. */
static bool
name_part(struct settings *s)
{
	connlog_parquet_options *o = &s->log.parquet;
	char                     part[2 * sizeof o->part], err[MESSAGE_MAX];
	const size_t             k = s->shard != NULL ? strcspn(s->shard, "/") : 0;

	if (*o->part == '\0' || s->shard == NULL || s->shard[k] == '\0')
		return true;
	snprintf(part, sizeof part, "%s-%.*s-of-%s", o->part, (int)k, s->shard, s->shard + k + 1);
	if (connlog_parquet_set(o, "part", part, err, sizeof err) == CONNLOG_OK)
		return true;
	complain("Parquet::%s", err);
	return false;
}

static const char interim_fields[] =
	"+interim,+interim_ts,+orig_bytes_delta,+resp_bytes_delta,+orig_pkts_delta,+resp_pkts_delta,"
	"+orig_ip_bytes_delta,+resp_ip_bytes_delta";

/* Puts these columns before what --fields asks for, which may leave them out again. */
static bool
add_columns(struct settings *s, const char *columns)
{
	char *list = NULL;

	if (!args_join(&list, "", columns) || (s->fields != NULL && !args_join(&list, "", s->fields))) {
		free(list);
		return false;
	}
	free(s->fields);
	s->fields = list;
	return true;
}

/* Returns false, after a message, where there is no place for conn_long.log. */
static bool
check_long(struct settings *s)
{
	if (s->fields != NULL && (s->long_fields = strdup(s->fields)) == NULL) {
		complain("out of memory");
		return false;
	}
	if (s->folder == NULL && s->live.folder == NULL)
		complain("--long writes conn_long.log: name a folder with -o");
	else if (s->writer.format != NULL && strcmp(s->writer.format, "parquet") == 0)
		complain("--long writes conn_long.log by lines, and parquet has none: `connlog convert` makes Parquet of it");
	else
		return true;
	return false;
}

static enum args_outcome
settings_parse(const struct args_spec *spec, struct settings *s, int argc, char **argv)
{
	const enum args_outcome outcome = settings_apply_all(spec, s, argc, argv);

	if (outcome != ARGS_RUN)
		return outcome;
	if (s->scripts != NULL && !args_join(&s->fields, "", s->scripts))
		return ARGS_WRONG;
	if (s->longs && !check_long(s))
		return ARGS_WRONG;
	if (!folding_open(&s->folding, s->memory / MEMORY_SHARE))
		return ARGS_WRONG;
	if (s->folding.with != NULL && !add_columns(s, folding_fields))
		return ARGS_WRONG;
	if (s->interim && !add_columns(s, interim_fields))
		return ARGS_WRONG;
	if (s->enriching.with != NULL && s->anonymize.with == NULL && !add_columns(s, "+networks"))
		return ARGS_WRONG;
	s->writer.fields = s->fields;
	if (s->folder == NULL)
		s->folder = s->live.folder;
	if (!capture_settings_check(&s->live.capture) || !name_part(s))
		return ARGS_WRONG;
	if (s->inputs_n > 0 || s->interfaces_n > 0 || s->list)
		return ARGS_RUN;
	complain("no input: name a capture (or - for standard input), or an interface with -i");
	args_usage(spec->command, stderr);
	fprintf(stderr, "`connlog%s%s --help` lists the options\n", spec->command != NULL ? " " : "",
	        spec->command != NULL ? spec->command : "");
	return ARGS_WRONG;
}

int
settings_run(const struct args_spec *spec, int (*with)(struct settings *s), int argc, char **argv)
{
	struct settings s = { 0 };
	int             code = EXIT_USAGE;

	switch (settings_parse(spec, &s, argc, argv)) {
	case ARGS_RUN:
		code = with(&s);
		break;
	case ARGS_DONE:
		code = EXIT_ALL_READ;
		break;
	case ARGS_WRONG:
		break;
	}
	settings_free(&s);
	return code;
}

/* Returns whether all scripts can be loaded, after a message for each that cannot. */
static bool
check_scripts(const struct settings *s)
{
	char            err[MESSAGE_MAX];
	connlog_engine *e = connlog_engine_new(s->options, err, sizeof err);
	bool            good = e != NULL;

	if (e == NULL)
		complain("%s", err);
	for (size_t i = 0; e != NULL && i < s->lua_n; i++)
		if (connlog_script_load(e, s->lua[i], err, sizeof err) != CONNLOG_OK) {
			complain("%s: %s", s->config.path, err);
			good = false;
		}
	connlog_engine_free(e);
	return good;
}

int
settings_check(const char *path)
{
	struct settings     s = { 0 };
	struct config_given none = { .path = path };
	bool                good = config_load(&s.config, path);

	good = settings_init(&s, s.config.n + 1) && config_apply(&s.config, &settings_log_spec, &none, &s) && good;
	good = good && folding_open(&s.folding, 0) && capture_settings_check(&s.live.capture) && check_scripts(&s);
	settings_free(&s);
	return good ? EXIT_ALL_READ : EXIT_USAGE;
}
