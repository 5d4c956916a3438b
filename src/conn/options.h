/* options.h - the options of connection tracking, under Zeek's names (scripts/base/init-bare.zeek). */
#ifndef CONNLOG_CONN_OPTIONS_H
#define CONNLOG_CONN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conn/nets.h"

/* A set of ports of one transport, one bit per port. */
struct port_set {
	uint64_t bits[1024];
};

static inline bool
port_set_has(const struct port_set *s, uint16_t port)
{
	return s->bits[port >> 6] >> (port & 63) & 1;
}

static inline void
port_set_add(struct port_set *s, uint16_t port)
{
	s->bits[port >> 6] |= (uint64_t)1 << (port & 63);
}

/* A set of numbers. */
#define COUNT_SET_MAX 64
struct count_set {
	uint64_t at[COUNT_SET_MAX];
	unsigned n;
};

/* A list of intervals in seconds, in ascending order. */
#define AGES_MAX 16
struct age_set {
	double   at[AGES_MAX];
	unsigned n;
};

/* Times in seconds. */
struct conn_options {
	double tcp_SYN_timeout, tcp_session_timer, tcp_connection_linger, tcp_attempt_delay, tcp_close_delay;
	double tcp_inactivity_timeout, udp_inactivity_timeout, icmp_inactivity_timeout, unknown_ip_inactivity_timeout;
	double port_inactivity_timeout;     /* Conn::port_inactivity_timeouts: 1 hr for the ports below */
	double analyzer_inactivity_timeout; /* Conn::analyzer_inactivity_timeouts: 1 hr for SSH and FTP */

	double tcp_reset_delay, tcp_partial_close_delay; /* timers of connection_reset and connection_partial_close */

	double connection_status_update_interval; /* 0: none */

	bool partial_connection_ok, tcp_SYN_ack_ok, detect_filtered_trace, report_gaps_for_partial;

	uint64_t tcp_max_initial_window, tcp_max_above_hole_without_any_acks, tcp_excessive_data_without_further_acks;
	uint64_t tunnel_max_changes_per_connection; /* Tunnel::max_changes_per_connection */
	uint64_t max_timer_expires;                 /* 0: all that are due */

	struct port_set likely_server_tcp, likely_server_udp; /* likely_server_ports */
	struct port_set port_inactivity_tcp;

	struct count_set generic_packet_thresholds; /* ConnThreshold::generic_packet_thresholds */

	/* streams that tcp_contents reports: by the responder's port, or all */
	bool            tcp_content_deliver_all_orig, tcp_content_deliver_all_resp;
	struct port_set tcp_content_delivery_ports_orig, tcp_content_delivery_ports_resp;

	/* ours */
	uint64_t max_connections;      /* beyond this, the least recently active of a sample is logged and dropped */
	uint64_t max_history;          /* letters */
	double   emergency_timeout;    /* when memory runs short, connections with one active side end after this */
	uint64_t max_reassembly_bytes; /* bytes for the intervals above holes, over all connections */

	uint32_t       measure;             /* MEASURE() bits: what is measured of packets */
	uint64_t       first_payload_bytes; /* bytes of each side, at most FIRST_PAYLOAD_MAX */
	struct age_set interim;             /* ages at which an open connection is logged; the last one repeats */
	struct age_set long_ages;           /* ages at which it is passed to connlog_on_long() */

	/* the record */
	struct net_set local_nets;       /* Site::local_nets with Site::private_address_space */
	bool           log_community_id; /* the column is needed; it costs a SHA-1 */
	uint64_t       community_id_seed;
	bool           community_id_base64;
	char          *seed; /* uids and hashing depend on this string; NULL: random */
};

#endif
