/* options.c - see options.h.
 *
 * Names and defaults are Zeek's (scripts/base/init-bare.zeek and the scripts named there); options of our own have no
 * module name. Values are written as in Zeek's scripts: T and F, 5sec, 1.5min, 10.0.0.0/8,fd00::/8, 80/tcp.
 */
#include "engine/options.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/emergency.h"
#include "engine/values.h"

enum kind {
	BOOL,
	INTERVAL,
	COUNT,
	COUNT_UINT,
	COUNT_SIZE,
	COUNTS,
	AGES,
	SUBNETS,
	PORTS,
	STRING,
	SHARE,
	MEMORY,
	COLUMN_LIST
};

struct option {
	connlog_option_info info; /* must stay first: connlog_option_at() returns a pointer to it */
	enum kind           kind;
	size_t              offset;
	size_t              offset_udp; /* PORTS: offset of the set for UDP; 0: TCP only */
};

#define AT(member) offsetof(struct connlog_options, member)

/* clang-format off */
static const char likely_server_ports[] =
	"21/tcp,22/tcp,25/tcp,53/tcp,79/tcp,80/tcp,81/tcp,88/tcp,135/tcp,139/tcp,143/tcp,389/tcp,443/tcp,445/tcp,465/tcp,"
	"502/tcp,563/tcp,585/tcp,587/tcp,614/tcp,631/tcp,636/tcp,989/tcp,990/tcp,992/tcp,993/tcp,995/tcp,1080/tcp,1434/tcp,"
	"1883/tcp,2811/tcp,3128/tcp,3268/tcp,3306/tcp,3389/tcp,5222/tcp,5223/tcp,5269/tcp,5432/tcp,6379/tcp,6666/tcp,"
	"6667/tcp,6668/tcp,6669/tcp,8000/tcp,8080/tcp,8888/tcp,20000/tcp,53/udp,67/udp,88/udp,123/udp,137/udp,161/udp,"
	"162/udp,389/udp,443/udp,514/udp,1812/udp,2123/udp,2152/udp,3389/udp,3544/udp,4011/udp,4754/udp,4789/udp,5060/udp,"
	"5072/udp,5353/udp,5355/udp,6081/udp,20000/udp";

static const struct option table[] = {
	{ { "ignore_checksums", "bool", "F", "take packets with a wrong checksum for good ones (-C)" }, BOOL, AT(decode.ignore_checksums), 0 },
	{ { "ignore_checksums_nets", "subnets", "", "the same for packets that these networks sent" }, SUBNETS, AT(ignore_checksums_nets), 0 },
	{ { "frag_timeout", "interval", "5min", "how long to wait for the fragments of a datagram, 0 for ever" }, INTERVAL, AT(decode.frag_timeout), 0 },
	{ { "Tunnel::max_depth", "count", "4", "tunnels inside each other that are looked into" }, COUNT_UINT, AT(decode.tunnel_max_depth), 0 },
	{ { "Tunnel::ip_tunnel_timeout", "interval", "24hrs", "how long an idle GRE or IP tunnel keeps its uid" }, INTERVAL, AT(decode.ip_tunnel_timeout), 0 },
	{ { "Tunnel::validate_vxlan_checksums", "bool", "T", "verify the UDP checksum of VXLAN where there is one" }, BOOL, AT(decode.validate_vxlan_checksums), 0 },
	{ { "Tunnel::delay_teredo_confirmation", "bool", "T", "Teredo only once both sides have sent it" }, BOOL, AT(decode.delay_teredo_confirmation), 0 },
	{ { "Tunnel::delay_gtp_confirmation", "bool", "F", "GTPv1 only once both sides have sent it" }, BOOL, AT(decode.delay_gtp_confirmation), 0 },
	{ { "Tunnel::max_changes_per_connection", "count", "5", "changes of the tunnel around a connection that are noted" }, COUNT, AT(conn.tunnel_max_changes_per_connection), 0 },
	{ { "PacketAnalyzer::max_depth", "count", "25", "headers inside each other that are looked into" }, COUNT_UINT, AT(decode.max_depth), 0 },
	{ { "partial_connection_ok", "bool", "T", "take up TCP connections midway" }, BOOL, AT(conn.partial_connection_ok), 0 },
	{ { "tcp_SYN_ack_ok", "bool", "T", "take up TCP connections at their SYN-ACK" }, BOOL, AT(conn.tcp_SYN_ack_ok), 0 },
	{ { "detect_filtered_trace", "bool", "F", "no gaps for connections of which only SYN, FIN and RST are there" }, BOOL, AT(conn.detect_filtered_trace), 0 },
	{ { "report_gaps_for_partial", "bool", "F", "count gaps of connections that were joined midway" }, BOOL, AT(conn.report_gaps_for_partial), 0 },
	{ { "tcp_SYN_timeout", "interval", "5secs", "first look at whether a TCP connection has ended" }, INTERVAL, AT(conn.tcp_SYN_timeout), 0 },
	{ { "tcp_session_timer", "interval", "6secs", "the looks after that" }, INTERVAL, AT(conn.tcp_session_timer), 0 },
	{ { "tcp_connection_linger", "interval", "5secs", "silence after which a half-closed connection can have ended" }, INTERVAL, AT(conn.tcp_connection_linger), 0 },
	{ { "tcp_attempt_delay", "interval", "5secs", "how long to wait for an answer to a SYN, 0 for ever" }, INTERVAL, AT(conn.tcp_attempt_delay), 0 },
	{ { "tcp_close_delay", "interval", "5secs", "how long to wait for stragglers after closing" }, INTERVAL, AT(conn.tcp_close_delay), 0 },
	{ { "tcp_inactivity_timeout", "interval", "5min", "silence that ends a TCP connection, 0 for never" }, INTERVAL, AT(conn.tcp_inactivity_timeout), 0 },
	{ { "udp_inactivity_timeout", "interval", "1min", "the same for UDP, and for TCP before its handshake" }, INTERVAL, AT(conn.udp_inactivity_timeout), 0 },
	{ { "icmp_inactivity_timeout", "interval", "1min", "the same for ICMP" }, INTERVAL, AT(conn.icmp_inactivity_timeout), 0 },
	{ { "unknown_ip_inactivity_timeout", "interval", "1min", "the same for every other IP protocol" }, INTERVAL, AT(conn.unknown_ip_inactivity_timeout), 0 },
	{ { "port_inactivity_timeout", "interval", "1hr", "the same for TCP on port_inactivity_ports (Conn::port_inactivity_timeouts)" }, INTERVAL, AT(conn.port_inactivity_timeout), 0 },
	{ { "port_inactivity_ports", "ports", "21/tcp,22/tcp,23/tcp,513/tcp", "responders' ports of interactive services" }, PORTS, AT(conn.port_inactivity_tcp), 0 },
	{ { "analyzer_inactivity_timeout", "interval", "1hr", "the same for ssh and ftp (Conn::analyzer_inactivity_timeouts)" }, INTERVAL, AT(conn.analyzer_inactivity_timeout), 0 },
	{ { "likely_server_ports", "ports", likely_server_ports, "ports that tell the responder of a connection joined midway" }, PORTS, AT(conn.likely_server_tcp), AT(conn.likely_server_udp) },
	{ { "tcp_reset_delay", "interval", "5secs", "where connection_reset is handled: how long to wait after a RST that follows a FIN" }, INTERVAL, AT(conn.tcp_reset_delay), 0 },
	{ { "tcp_partial_close_delay", "interval", "3secs", "where connection_partial_close is handled: how long to wait for the other side's FIN" }, INTERVAL, AT(conn.tcp_partial_close_delay), 0 },
	{ { "connection_status_update_interval", "interval", "0secs", "where connection_status_update is handled: how often, 0 for never" }, INTERVAL, AT(conn.connection_status_update_interval), 0 },
	{ { "ConnThreshold::generic_packet_thresholds", "counts", "", "where conn_generic_packet_threshold_crossed is handled: packets of both sides" }, COUNTS, AT(conn.generic_packet_thresholds), 0 },
	{ { "tcp_content_deliver_all_orig", "bool", "F", "tcp_contents for the originators of all connections" }, BOOL, AT(conn.tcp_content_deliver_all_orig), 0 },
	{ { "tcp_content_deliver_all_resp", "bool", "F", "tcp_contents for the responders of all connections" }, BOOL, AT(conn.tcp_content_deliver_all_resp), 0 },
	{ { "tcp_content_delivery_ports_orig", "ports", "", "responders' ports whose originators' streams are delivered" }, PORTS, AT(conn.tcp_content_delivery_ports_orig), 0 },
	{ { "tcp_content_delivery_ports_resp", "ports", "", "responders' ports whose responders' streams are delivered" }, PORTS, AT(conn.tcp_content_delivery_ports_resp), 0 },
	{ { "tcp_max_initial_window", "count", "16384", "bytes without any acknowledgement after which none are waited for" }, COUNT, AT(conn.tcp_max_initial_window), 0 },
	{ { "tcp_max_above_hole_without_any_acks", "count", "16384", "bytes above a hole without any acknowledgement that end reassembly" }, COUNT, AT(conn.tcp_max_above_hole_without_any_acks), 0 },
	{ { "tcp_excessive_data_without_further_acks", "count", "10485760", "bytes not acknowledged that end reassembly" }, COUNT, AT(conn.tcp_excessive_data_without_further_acks), 0 },
	{ { "Conn::default_extract", "bool", "F", "write the contents of all TCP connections into files, one a side" }, BOOL, AT(contents.default_extract), 0 },
	{ { "Conn::extraction_prefix", "string", "contents", "what the names of these files begin with; may name a folder" }, STRING, AT(contents.extraction_prefix), 0 },
	{ { "max_timer_expires", "count", "300", "timers run before each packet, 0 for all that are due" }, COUNT, AT(conn.max_timer_expires), 0 },
	{ { "interim", "intervals", "", "log connections that are still open at these ages, and each last one again (--interim)" }, AGES, AT(conn.interim), 0 },
	{ { "measure", "columns", "", "measure what these columns or groups of columns need (docs/COLUMNS.md); --fields with them sets it" }, COLUMN_LIST, AT(conn.measure), 0 },
	{ { "first_payload_bytes", "count", "16", "bytes of each side that orig_first_payload and resp_first_payload show, 64 at most" }, COUNT, AT(conn.first_payload_bytes), 0 },
	{ { "long", "intervals", "", "ages at which connections that are still open are in conn_long.log (--long)" }, AGES, AT(conn.long_ages), 0 },
	{ { "detect_services", "bool", "T", "look into payload: service, and what follows from it" }, BOOL, AT(service.detect_services), 0 },
	{ { "dpd_buffer_size", "count", "1024", "bytes of a connection that are kept until its service is known" }, COUNT, AT(service.dpd_buffer_size), 0 },
	{ { "dpd_max_packets", "count", "100", "chunks of a connection that are kept until its service is known" }, COUNT, AT(service.dpd_max_packets), 0 },
	{ { "dpd_match_only_beginning", "bool", "T", "match signatures in what is kept only; --fields with speculative_service unsets it" }, BOOL, AT(service.dpd_match_only_beginning), 0 },
	{ { "dpd_ignore_ports", "bool", "F", "services by signature only, not by port" }, BOOL, AT(service.dpd_ignore_ports), 0 },
	{ { "DPD::ignore_violations_after", "count", "10240", "bytes after which a service stays whatever comes, 0 for never" }, COUNT, AT(service.ignore_violations_after), 0 },
	{ { "DPD::track_removed_services_in_connection", "bool", "F", "name a service that failed with a - before it" }, BOOL, AT(service.track_removed_services_in_connection), 0 },
	{ { "GridFTP::size_threshold", "count", "1073741824", "IP bytes of a side that make a TLS connection gridftp-data" }, COUNT, AT(service.gridftp_size_threshold), 0 },
	{ { "GridFTP::max_time", "interval", "2min", "how long a connection may have lasted by then" }, INTERVAL, AT(service.gridftp_max_time), 0 },
	{ { "GridFTP::skip_data", "bool", "T", "ignore all further packets of that connection" }, BOOL, AT(service.gridftp_skip_data), 0 },
	{ { "dns_session_timeout", "interval", "10sec", "how often UDP connections of dns are looked at" }, INTERVAL, AT(service.dns_session_timeout), 0 },
	{ { "max_expected_connections", "count", "100000", "announced data connections (FTP, DCC) remembered" }, COUNT, AT(service.max_expected), 0 },
	{ { "Site::local_nets", "subnets", "", "networks that local_orig and local_resp call local" }, SUBNETS, AT(local_nets), 0 },
	{ { "Site::private_address_space_is_local", "bool", "T", "private networks are local too" }, BOOL, AT(private_is_local), 0 },
	{ { "log_community_id", "bool", "F", "compute community_id; --fields with that column sets it" }, BOOL, AT(conn.log_community_id), 0 },
	{ { "CommunityID::seed", "count", "0", "seed of community_id" }, COUNT, AT(conn.community_id_seed), 0 },
	{ { "CommunityID::do_base64", "bool", "T", "community_id in base 64, else in hexadecimal" }, BOOL, AT(conn.community_id_base64), 0 },
	{ { "seed", "string", "", "text on which uids depend, so that the same input gives the same log (--seed)" }, STRING, AT(conn.seed), 0 },
	{ { "max_connections", "count", "10000000", "connections at once; beyond, an idle one is logged and dropped" }, COUNT, AT(conn.max_connections), 0 },
	{ { "max_history", "count", "4096", "letters of a history" }, COUNT, AT(conn.max_history), 0 },
	{ { "max_reassembly_bytes", "count", "268435456", "memory for what TCP holds above gaps, all connections together" }, COUNT, AT(conn.max_reassembly_bytes), 0 },
	{ { "max_line_bytes", "count", "268435456", "memory for long lines and messages that are unfinished and for unpacking, all connections together" }, COUNT, AT(service.max_line_bytes), 0 },
	{ { "max_fragments", "count", "65536", "datagrams in reassembly at once; beyond, the oldest is dropped" }, COUNT_SIZE, AT(decode.max_fragments), 0 },
	{ { "max_fragment_bytes", "count", "67108864", "memory for fragments" }, COUNT_SIZE, AT(decode.max_fragment_bytes), 0 },
	{ { "max_ip_tunnels", "count", "65536", "GRE and IP tunnels remembered" }, COUNT_SIZE, AT(decode.max_ip_tunnels), 0 },
	{ { "max_memory", "size", "0", "memory of all connections and of what is kept for them, such as 2G; 0 for no bound (--memory)" }, MEMORY, AT(max_memory), 0 },
	{ { "emergency_timeout", "interval", "1sec", "silence that ends a connection of one side when max_memory is nearly used up" }, INTERVAL, AT(conn.emergency_timeout), 0 },
	{ { "workers", "count", "1", "threads that track connections, 0 for as many as there are cores (-j)" }, COUNT, AT(workers), 0 },
	{ { "parallel_handlers", "bool", "F", "call handlers in the threads of the workers, without an order between them" }, BOOL, AT(parallel_handlers), 0 },
	{ { "shard", "string", "", "track only the connections of share K of N, written K/N with K from 0 (--shard)" }, SHARE, AT(share), 0 },
	{ { "max_batch", "count", "32", "packets that are decoded ahead of the one that is tracked, 1 to 32; only the speed depends on it" }, COUNT, AT(max_batch), 0 },
	{ { "script_max_instructions", "count", "10000000", "Lua instructions of one call, 0 for no limit; a hundred times as many at a script's beginning and end" }, COUNT, AT(script_max_instructions), 0 },
};
/* clang-format on */
#define N_OPTIONS (sizeof table / sizeof *table)

const connlog_option_info *
connlog_option_at(size_t i)
{
	return i < N_OPTIONS ? &table[i].info : NULL;
}

/* Assigns a value. Returns NULL, or what was expected when the value does not fit. */
static const char *
assign(struct connlog_options *o, const struct option *opt, const char *value, bool add)
{
	void    *at = (char *)o + opt->offset;
	uint64_t n;

	switch (opt->kind) {
	case BOOL:
		return value_bool(value, at) ? NULL : "T or F";
	case INTERVAL:
		return value_interval(value, at) ? NULL : "a time such as 5sec, 1.5min or 1hr";
	case COUNT:
		return value_count(value, at) ? NULL : "a number";
	case COUNT_UINT:
		if (!value_count(value, &n) || n > UINT32_MAX)
			return "a number";
		*(unsigned *)at = (unsigned)n;
		return NULL;
	case COUNT_SIZE:
		if (!value_count(value, &n) || n > SIZE_MAX)
			return "a number";
		*(size_t *)at = (size_t)n;
		return NULL;
	case COUNTS:
		return value_counts(value, at, add) ? NULL : "numbers such as 10,100,1000, at most 64 of them";
	case AGES:
		return value_ages(value, at)
		           ? NULL
		           : "intervals such as 5min,1hr, each longer than the one before, at most 16 of them";
	case SUBNETS:
		return value_subnets(value, at, add) ? NULL : "networks such as 10.0.0.0/8,fd00::/8";
	case PORTS:
		return value_ports(value, at, opt->offset_udp ? (void *)((char *)o + opt->offset_udp) : NULL, add)
		           ? NULL
		           : (opt->offset_udp ? "ports such as 80/tcp,53/udp" : "ports such as 22/tcp,23/tcp");
	case MEMORY:
		if (!value_size(value, &n) || (n > 0 && n < MEMORY_LEAST))
			return "a size such as 512M or 4G, 16M at least, or 0 for no bound";
		*(uint64_t *)at = n;
		return NULL;
	case SHARE:
		return value_share(value, at) ? NULL : "a share such as 0/4, with at most 4096 of them";
	case COLUMN_LIST:
		return value_measures(value, at, add) ? NULL
		                                      : "names of columns or groups, such as rtt,orig_retrans or quality";
	case STRING:
		return value_string(value, at) ? NULL : "a text (no memory for it)";
	}
	return "nothing";
}

int
connlog_options_set(connlog_options *o, const char *name, const char *value, char *err, size_t err_size)
{
	const size_t len = strlen(name);
	const bool   add = len > 0 && name[len - 1] == '+'; /* NAME+=VALUE */

	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option *opt = &table[i];
		if (strncmp(opt->info.name, name, len - add) != 0 || opt->info.name[len - add] != '\0')
			continue;
		if (add && opt->kind != SUBNETS && opt->kind != PORTS && opt->kind != COUNTS && opt->kind != COLUMN_LIST) {
			snprintf(err, err_size, "%s is no set: use %s=VALUE", opt->info.name, opt->info.name);
			return CONNLOG_BAD_OPTION;
		}
		const char *expected = assign(o, opt, value, add);
		if (!expected)
			return CONNLOG_OK;
		snprintf(err, err_size, "%s: '%s' is not %s", opt->info.name, value, expected);
		return CONNLOG_BAD_OPTION;
	}
	snprintf(err, err_size, "no option is called '%.*s'", (int)(len - add), name);
	return CONNLOG_BAD_OPTION;
}

connlog_options *
connlog_options_new(void)
{
	connlog_options *o = calloc(1, sizeof *o);

	if (!o)
		return NULL;
	decode_options_default(&o->decode);
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (table[i].info.initial[0] && assign(o, &table[i], table[i].info.initial, false)) {
			connlog_options_free(o);
			return NULL;
		}
	return o;
}

void
options_clear(struct connlog_options *o)
{
	net_set_free(&o->ignore_checksums_nets);
	net_set_free(&o->local_nets);
	net_set_free(&o->conn.local_nets);
	free(o->conn.seed);
	free(o->contents.extraction_prefix);
	o->conn.seed = o->contents.extraction_prefix = NULL;
}

void
connlog_options_free(connlog_options *o)
{
	if (!o)
		return;
	options_clear(o);
	free(o);
}

static bool
copy_nets(const struct net_set *from, struct net_set *to)
{
	*to = (struct net_set){ 0 };
	for (size_t i = 0; i < from->n; i++)
		if (!net_set_add(to, from->at[i]))
			return false;
	return true;
}

static bool
copy_defaults(struct connlog_options *out)
{
	connlog_options *defaults = connlog_options_new();
	const bool       copied = defaults && options_copy(defaults, out);

	connlog_options_free(defaults);
	return copied;
}

bool
options_copy(const struct connlog_options *from, struct connlog_options *out)
{
	if (!from)
		return copy_defaults(out);
	*out = *from;
	out->conn.seed = out->contents.extraction_prefix = NULL;
	out->local_nets = out->conn.local_nets = out->ignore_checksums_nets = (struct net_set){ 0 };
	if (!copy_nets(&from->ignore_checksums_nets, &out->ignore_checksums_nets) ||
	    !copy_nets(&from->local_nets, &out->local_nets) || !copy_nets(&from->local_nets, &out->conn.local_nets) ||
	    (out->private_is_local && !net_set_add_private(&out->conn.local_nets)) ||
	    (from->conn.seed && !value_string(from->conn.seed, &out->conn.seed)) ||
	    (from->contents.extraction_prefix &&
	     !value_string(from->contents.extraction_prefix, &out->contents.extraction_prefix))) {
		options_clear(out);
		return false;
	}
	out->decode.ignore_checksums_nets = out->ignore_checksums_nets.at;
	out->decode.n_ignore_checksums_nets = out->ignore_checksums_nets.n;
	return true;
}
