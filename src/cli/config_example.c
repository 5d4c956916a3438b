/* config_example.c - `connlog check --example`: prints a settings file with every setting, generated from the tables
 * of the command line.  `make install` puts it into /etc/connlog. */
#include <stdio.h>
#include <string.h>

#include "cli/settings.h"

/* Example values of options; `usual` lines are not commented out, since a sensor needs them. */
static const struct {
	const char *name, *value;
	bool        usual;
} option_values[] = {
	{ "interface", "eth0", false },
	{ "filter", "\"not port 22\"", false },
	{ "ring-block", "256K", false },
	{ "ring-timeout", "20msec", false },
	{ "snaplen", "262144", false },
	{ "output", "/var/log/connlog", true },
	{ "to", "unix:/run/collector.sock", false },
	{ "rotate-interval", "1hr", true },
	{ "rotate-size", "500M", false },
	{ "rotate-dir", "/var/log/connlog/old", false },
	{ "rotate-exec", "/usr/local/bin/archive-log", false },
	{ "compress", "zstd", true },
	{ "keep-age", "30day", false },
	{ "keep-size", "100G", false },
	{ "flush-interval", "1sec", false },
	{ "spool", "64M", false },
	{ "exit-timeout", "5sec", false },
	{ "script", "/etc/connlog/scripts/drop_scans.lua", false },
	{ "seed", "text", false },
	{ "shard", "0/4", false },
	{ "user", "connlog", false },
	{ "metrics", "127.0.0.1:9911", false },
	{ "web", "127.0.0.1:8080", false },
	{ "web-window", "5min", false },
	{ "web-memory", "16M", false },
	{ "web-token", "/etc/connlog/web.token", false },
	{ "memory", "2G", false },
	{ "stats", "/var/log/connlog/stats.json", false },
	{ "stats-interval", "1min", false },
	{ "format", "json", false },
	{ "fields", "+community_id,+vlan", false },
	{ "interim", "5min,1hr", false },
	{ "long", "usual", false },
	{ "where", "\"not (proto == udp and id.resp_p == 53)\"", false },
	{ "where-file", "/etc/connlog/where", false },
	{ "anonymize", "/etc/connlog/key", false },
	{ "networks", "/etc/connlog/networks.csv", false },
	{ "fold", "scans,dns,icmp", false },
	{ "fold-where", "\"id.resp_p == 123 and proto == udp\"", false },
	{ "fold-by", "id.orig_h,id.resp_p,proto,conn_state", false },
	{ "fold-window", "5min", false },
	{ "local-nets", "192.0.2.0/24,2001:db8::/32", false },
	{ "neighbor-nets", "198.51.100.0/24", false },
};

/* Constants that are not in the library's table, or have no value there. */
static const struct {
	const char *name, *value, *doc;
} constant_values[] = {
	{ "LogAscii::separator", "\\x09", "what stands between the columns of zeek: one character" },
	{ "LogAscii::set_separator", "\",\"", "the same between the elements of a set" },
	{ "LogAscii::empty_field", "(empty)", "what stands for an empty text or set" },
	{ "LogAscii::unset_field", "-", "what stands for a column that is unset" },
	{ "LogAscii::use_json", "T", "the same as format = json" },
	{ "LogAscii::json_timestamps", "JSON::TS_ISO8601", "how json writes ts" },
	{ "LogAscii::json_include_unset_fields", "T", "let json have columns that are unset, with null" },
	{ "LogAscii::include_meta", "T", "F: zeek without header lines and #close" },
	{ "Site::local_nets", "192.0.2.0/24", "networks that local_orig and local_resp call local (+= adds some)" },
	{ "Site::neighbor_nets", "198.51.100.0/24", "networks of neighbours, for bro0 and bro1" },
	{ "record_state_history", "F", "write the history in bro1.5" },
	{ "dpd_conn_logs", "F", "write a ? in bro1.5 behind a service that is only the name of the port" },
	{ "Parquet::addresses", "text", "addresses in parquet: text, or binary (16 bytes)" },
	{ "Parquet::level", "1", "level of zstd in parquet" },
	{ "Parquet::row_group_rows", "131072", "rows of a row group at most" },
	{ "Parquet::row_group_bytes", "64M", "bytes of a row group, about" },
	{ "Parquet::file_bytes", "256M", "a file of a folder of parquet is ended when it is as long" },
	{ "Parquet::open_files", "24", "files of a folder that are written at the same time" },
	{ "Parquet::memory", "256M", "bytes, about, for what of a folder is not written yet" },
	{ "Parquet::part", "sensor1", "what the names of a folder's files begin with" },
	{ "Log::default_logdir", "/var/log/connlog", "the same as output" },
	{ "Log::default_rotation_interval", "1hr", "the same as rotate-interval" },
	{ "Log::default_rotation_dir", "/var/log/connlog/old", "the same as rotate-dir" },
	{ "Log::default_rotation_date_format", "%Y-%m-%d-%H-%M-%S", "the time in the names of rotated logs" },
	{ "Log::default_rotation_postprocessor_cmd", "/usr/local/bin/archive-log", "the same as rotate-exec" },
	{ "log_rotate_base_time", "00:00", "the time of the day from which rotate-interval counts" },
	{ "Log::flush_interval", "1sec", "the same as flush-interval" },
	{ "ignore_checksums_nets", "192.0.2.0/24", NULL },
	{ "ConnThreshold::generic_packet_thresholds", "1000,10000", NULL },
	{ "tcp_content_delivery_ports_orig", "80/tcp", NULL },
	{ "tcp_content_delivery_ports_resp", "80/tcp", NULL },
};
enum { CONSTANT_VALUES = sizeof constant_values / sizeof constant_values[0] };

/* Returns the constant's index in the table above, or CONSTANT_VALUES. */
static size_t
find_constant(const char *name)
{
	size_t i = 0;

	while (i < CONSTANT_VALUES && strcmp(constant_values[i].name, name) != 0)
		i++;
	return i;
}

/* An option without an example value in the table gets one of its kind. */
static void
print_option(const struct option_row *row)
{
	static const char live[] = "live: ";
	const char       *doc = row->doc, *value = "yes";
	bool              usual = false;

	if (strncmp(doc, live, sizeof live - 1) == 0)
		doc += sizeof live - 1;
	if (row->argument != NULL)
		value = strcmp(row->argument, "TIME") == 0 ? "1min" : strcmp(row->argument, "SIZE") == 0 ? "64M" : "1";
	for (size_t i = 0; i < sizeof option_values / sizeof option_values[0]; i++)
		if (strcmp(option_values[i].name, row->name) == 0) {
			value = option_values[i].value;
			usual = option_values[i].usual;
		}
	printf("\n# %s\n%s%s = %s\n", doc, usual ? "" : "#", row->name, value);
}

static void
print_constant(const char *name, const char *doc, const char *value)
{
	printf("\n# %s\n#%s = %s\n", doc, name, value);
}

static void
print_library_constants(const struct args_spec *spec)
{
	const connlog_option_info *info;

	for (size_t i = 0; (info = connlog_option_at(i)) != NULL; i++) {
		const size_t at = find_constant(info->name);
		if (args_find(spec, info->name, strlen(info->name)) != NULL ||
		    log_constant_is_known(info->name, strlen(info->name)))
			continue;
		print_constant(info->name, info->doc, at < CONSTANT_VALUES ? constant_values[at].value : info->initial);
	}
}

void
config_print_example(const struct args_spec *spec)
{
	const struct option_row *row;
	const char              *name;

	printf("# connlog.conf - settings of `connlog live --config FILE`, which connlog.service runs with this file.\n"
	       "#\n"
	       "# NAME = VALUE: every long option of `connlog live` and every one of Zeek's constants, one a line; what "
	       "may be\n"
	       "# given several times may be so here.  A value has quotes (\"...\") where there is a # in it, or blanks "
	       "around it.\n"
	       "# An option that takes no value wants yes or no.  What the command line says beats what is said here.\n"
	       "# `connlog check FILE` says what is wrong.  Lines that begin with # are comments: this file names every "
	       "setting,\n"
	       "# with its default or an example.  To begin, set `interface`.\n"
	       "\n# ---- options "
	       "-------------------------------------------------------------------------------------------------\n");
	for (size_t i = 0; (row = args_at(spec, i)) != NULL; i++)
		if (config_takes(row))
			print_option(row);
	printf("\n# ---- constants of Zeek's logging "
	       "------------------------------------------------------------------------------\n");
	for (size_t i = 0; (name = log_constant_at(i)) != NULL; i++) {
		const size_t at = find_constant(name);
		if (at < CONSTANT_VALUES)
			print_constant(name, constant_values[at].doc, constant_values[at].value);
	}
	printf("\n# ---- constants of connections: Zeek's, and connlog's own limits, with their defaults "
	       "-------------------------\n");
	print_library_constants(spec);
}
