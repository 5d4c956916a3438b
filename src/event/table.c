/* table.c - the table of events: name, arguments with their types, one line of documentation.
 *
 * Callbacks in C, functions in Lua, lines of JSON, `connlog events --list` and the manual page all come from it.  Sources:
 * Zeek 8.2.2 src/event.bif, src/analyzer/protocol/tcp/events.bif, src/analyzer/protocol/conn-size/events.bif,
 * src/packet_analysis/protocol/udp/events.bif; the arguments of connection_state_remove are connlog's (Zeek's handlers
 * find them in the connection).
 */
#include <string.h>

#include "connlog.h"

#define IS_ORIG                                                                                                        \
	{                                                                                                                  \
		"is_orig", CONNLOG_BOOL, "bool"                                                                                \
	}
#define COUNT(name)                                                                                                    \
	{                                                                                                                  \
		name, CONNLOG_COUNT, "count"                                                                                   \
	}

static const connlog_event_info events[CONNLOG_EVENTS] = {
	[CONNLOG_EVENT_NEW_CONNECTION] = { .name = "new_connection", .doc = "The first packet of a connection." },
	[CONNLOG_EVENT_NEW_CONNECTION_CONTENTS] = { .name = "new_connection_contents",
	                                            .doc = "The stream of a TCP connection begins to be reassembled." },
	[CONNLOG_EVENT_CONNECTION_SYN_PACKET] = { .name = "connection_SYN_packet",
	                                          .doc = "A packet with SYN, of either side.",
	                                          .arguments = { { "pkt", CONNLOG_RECORD, "SYN_packet" } } },
	[CONNLOG_EVENT_CONNECTION_FIRST_ACK] = { .name = "connection_first_ACK",
	                                         .doc = "The originator's first packet with ACK." },
	[CONNLOG_EVENT_CONNECTION_ESTABLISHED] = { .name = "connection_established",
	                                           .doc = "The responder has answered a SYN with a SYN-ACK." },
	[CONNLOG_EVENT_CONNECTION_ATTEMPT] = { .name = "connection_attempt",
	                                       .doc = "Nobody has answered the SYN for tcp_attempt_delay." },
	[CONNLOG_EVENT_CONNECTION_REJECTED] = { .name = "connection_rejected", .doc = "A SYN was answered by RST." },
	[CONNLOG_EVENT_CONNECTION_RESET] = { .name = "connection_reset", .doc = "A side has aborted with RST." },
	[CONNLOG_EVENT_CONNECTION_EOF] = { .name = "connection_EOF",
	                                   .doc = "A side has ended, and all that it had sent was delivered.",
	                                   .arguments = { IS_ORIG } },
	[CONNLOG_EVENT_CONNECTION_FINISHED] = { .name = "connection_finished", .doc = "Both sides have closed." },
	[CONNLOG_EVENT_CONNECTION_HALF_FINISHED] = { .name = "connection_half_finished",
	                                             .doc = "A side has closed; of the other nothing was ever seen." },
	[CONNLOG_EVENT_CONNECTION_PARTIAL_CLOSE] = { .name = "connection_partial_close",
	                                             .doc = "One side has closed for tcp_partial_close_delay, the other "
	                                                    "has not." },
	[CONNLOG_EVENT_CONNECTION_PENDING] = { .name = "connection_pending",
	                                       .doc = "The input ended while the connection was open." },
	[CONNLOG_EVENT_PARTIAL_CONNECTION] = { .name = "partial_connection",
	                                       .doc = "Both sides were seen of a connection whose beginning was not." },
	[CONNLOG_EVENT_TCP_PACKET] = { .name = "tcp_packet",
	                               .doc = "Every TCP packet.",
	                               .frequent = true,
	                               .arguments = { IS_ORIG,
	                                              { "flags", CONNLOG_STRING, "string" },
	                                              COUNT("seq"),
	                                              COUNT("ack"),
	                                              COUNT("len"),
	                                              { "payload", CONNLOG_BYTES, "string" } } },
	[CONNLOG_EVENT_TCP_OPTION] = { .name = "tcp_option",
	                               .doc = "Every option of a TCP header.",
	                               .frequent = true,
	                               .arguments = { IS_ORIG, COUNT("opt"), COUNT("optlen") } },
	[CONNLOG_EVENT_TCP_OPTIONS] = { .name = "tcp_options",
	                                .doc = "The options of a TCP header, taken apart.",
	                                .frequent = true,
	                                .arguments = { IS_ORIG, { "options", CONNLOG_RECORDS, "TCP::OptionList" } } },
	[CONNLOG_EVENT_TCP_CONTENTS] = { .name = "tcp_contents",
	                                 .doc = "A chunk of a stream in order, where tcp_content_deliver_all_* or "
	                                        "tcp_content_delivery_ports_* ask for it.",
	                                 .frequent = true,
	                                 .arguments = { IS_ORIG, COUNT("seq"), { "contents", CONNLOG_BYTES, "string" } } },
	[CONNLOG_EVENT_TCP_REXMIT] = { .name = "tcp_rexmit",
	                               .doc = "A packet that does not go beyond what its side has sent before.",
	                               .frequent = true,
	                               .arguments = { IS_ORIG, COUNT("seq"), COUNT("len"), COUNT("data_in_flight"),
	                                              COUNT("window") } },
	[CONNLOG_EVENT_TCP_MULTIPLE_CHECKSUM_ERRORS] = { .name = "tcp_multiple_checksum_errors",
	                                                 .doc = "Bad checksums of a side have reached 10, 100, ...",
	                                                 .arguments = { IS_ORIG, COUNT("threshold") } },
	[CONNLOG_EVENT_TCP_MULTIPLE_GAP] = { .name = "tcp_multiple_gap",
	                                     .doc = "Content gaps of a side have reached 10, 100, ...",
	                                     .arguments = { IS_ORIG, COUNT("threshold") } },
	[CONNLOG_EVENT_TCP_MULTIPLE_RETRANSMISSIONS] = { .name = "tcp_multiple_retransmissions",
	                                                 .doc = "Retransmissions of a side have reached 10, 100, ...",
	                                                 .arguments = { IS_ORIG, COUNT("threshold") } },
	[CONNLOG_EVENT_TCP_MULTIPLE_ZERO_WINDOWS] = { .name = "tcp_multiple_zero_windows",
	                                              .doc = "Zero windows of a side have reached 10, 100, ...",
	                                              .arguments = { IS_ORIG, COUNT("threshold") } },
	[CONNLOG_EVENT_CONTENTS_FILE_WRITE_FAILURE] = { .name = "contents_file_write_failure",
	                                                .doc = "The file that takes a side's contents cannot be written.",
	                                                .arguments = { IS_ORIG, { "msg", CONNLOG_STRING, "string" } } },
	[CONNLOG_EVENT_CONTENT_GAP] = { .name = "content_gap",
	                                .doc = "Bytes that were acknowledged and never seen.",
	                                .arguments = { IS_ORIG, COUNT("seq"), COUNT("length") } },
	[CONNLOG_EVENT_CONNECTION_REUSED] = { .name = "connection_reused",
	                                      .doc = "A SYN begins another connection with the same end points." },
	[CONNLOG_EVENT_CONNECTION_FLIPPED] = { .name = "connection_flipped",
	                                       .doc = "Originator and responder have changed places." },
	[CONNLOG_EVENT_CONNECTION_TIMEOUT] = { .name = "connection_timeout",
	                                       .doc = "A timer has ended the connection: inactivity, or the delay after "
	                                              "closing." },
	[CONNLOG_EVENT_CONNECTION_STATUS_UPDATE] = { .name = "connection_status_update",
	                                             .doc =
	                                                 "Every connection_status_update_interval, where that is not 0." },
	[CONNLOG_EVENT_CONNECTION_STATE_REMOVE] = { .name = "connection_state_remove",
	                                            .doc = "The connection is about to be logged and forgotten.",
	                                            .arguments = { { "history", CONNLOG_STRING, "string" },
	                                                           COUNT("orig_state"),
	                                                           COUNT("resp_state") } },
	[CONNLOG_EVENT_CONNECTION_FLOW_LABEL_CHANGED] = { .name = "connection_flow_label_changed",
	                                                  .doc = "A side's IPv6 flow label is another one than before.",
	                                                  .arguments = { IS_ORIG, COUNT("old_label"),
	                                                                 COUNT("new_label") } },
	[CONNLOG_EVENT_TUNNEL_CHANGED] = { .name = "tunnel_changed",
	                                   .doc = "The tunnels around the connection are others than before.",
	                                   .arguments = { { "e", CONNLOG_RECORDS, "EncapsulatingConnVector" } } },
	[CONNLOG_EVENT_UDP_REQUEST] = { .name = "udp_request", .doc = "Every UDP packet of the originator." },
	[CONNLOG_EVENT_UDP_REPLY] = { .name = "udp_reply", .doc = "Every UDP packet of the responder." },
	[CONNLOG_EVENT_UDP_MULTIPLE_CHECKSUM_ERRORS] = { .name = "udp_multiple_checksum_errors",
	                                                 .doc = "Bad checksums of a side have reached 10, 100, ...",
	                                                 .arguments = { IS_ORIG, COUNT("threshold") } },
	[CONNLOG_EVENT_CONN_BYTES_THRESHOLD_CROSSED] = { .name = "conn_bytes_threshold_crossed",
	                                                 .doc = "The IP bytes of a side have reached the threshold set for "
	                                                        "them.",
	                                                 .arguments = { COUNT("threshold"), IS_ORIG } },
	[CONNLOG_EVENT_CONN_PACKETS_THRESHOLD_CROSSED] = { .name = "conn_packets_threshold_crossed",
	                                                   .doc = "The packets of a side have reached the threshold set "
	                                                          "for them.",
	                                                   .arguments = { COUNT("threshold"), IS_ORIG } },
	[CONNLOG_EVENT_CONN_DURATION_THRESHOLD_CROSSED] = { .name = "conn_duration_threshold_crossed",
	                                                    .doc = "The connection lasts longer than the threshold set for "
	                                                           "it.",
	                                                    .arguments = { { "threshold", CONNLOG_INTERVAL, "interval" },
	                                                                   IS_ORIG } },
	[CONNLOG_EVENT_CONN_GENERIC_PACKET_THRESHOLD_CROSSED] = { .name = "conn_generic_packet_threshold_crossed",
	                                                          .doc = "The packets of both sides have reached one of "
	                                                                 "ConnThreshold::generic_packet_thresholds.",
	                                                          .arguments = { COUNT("threshold") } },
};

const connlog_event_info *
connlog_event_at(size_t id)
{
	return id < CONNLOG_EVENTS ? &events[id] : NULL;
}

int
connlog_event_find(const char *name)
{
	for (int id = 0; id < CONNLOG_EVENTS; id++)
		if (strcmp(events[id].name, name) == 0)
			return id;
	return -1;
}
