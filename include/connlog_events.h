/* connlog_events.h - events and scripts. connlog.h includes it, and states the conventions that hold for all of the
 * interface. */
#ifndef CONNLOG_EVENTS_H
#define CONNLOG_EVENTS_H

#include "connlog.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- events ----------------------------------------------------------------------------------------------- */

/* The events of Zeek's TCP analyzer and related ones, under Zeek's names; connlog_event_at() describes each.  An event without
 * a handler costs nothing.  As in Zeek, handling connection_reset, connection_partial_close or connection_status_update
 * starts additional timers, and the first two can change when a connection ends. */
typedef enum connlog_event_id {
	CONNLOG_EVENT_NEW_CONNECTION,
	CONNLOG_EVENT_NEW_CONNECTION_CONTENTS,
	CONNLOG_EVENT_CONNECTION_SYN_PACKET,
	CONNLOG_EVENT_CONNECTION_FIRST_ACK,
	CONNLOG_EVENT_CONNECTION_ESTABLISHED,
	CONNLOG_EVENT_CONNECTION_ATTEMPT,
	CONNLOG_EVENT_CONNECTION_REJECTED,
	CONNLOG_EVENT_CONNECTION_RESET,
	CONNLOG_EVENT_CONNECTION_EOF,
	CONNLOG_EVENT_CONNECTION_FINISHED,
	CONNLOG_EVENT_CONNECTION_HALF_FINISHED,
	CONNLOG_EVENT_CONNECTION_PARTIAL_CLOSE,
	CONNLOG_EVENT_CONNECTION_PENDING,
	CONNLOG_EVENT_PARTIAL_CONNECTION,
	CONNLOG_EVENT_TCP_PACKET,
	CONNLOG_EVENT_TCP_OPTION,
	CONNLOG_EVENT_TCP_OPTIONS,
	CONNLOG_EVENT_TCP_CONTENTS,
	CONNLOG_EVENT_TCP_REXMIT,
	CONNLOG_EVENT_TCP_MULTIPLE_CHECKSUM_ERRORS,
	CONNLOG_EVENT_TCP_MULTIPLE_GAP,
	CONNLOG_EVENT_TCP_MULTIPLE_RETRANSMISSIONS,
	CONNLOG_EVENT_TCP_MULTIPLE_ZERO_WINDOWS,
	CONNLOG_EVENT_CONTENTS_FILE_WRITE_FAILURE,
	CONNLOG_EVENT_CONTENT_GAP,
	CONNLOG_EVENT_CONNECTION_REUSED,
	CONNLOG_EVENT_CONNECTION_FLIPPED,
	CONNLOG_EVENT_CONNECTION_TIMEOUT,
	CONNLOG_EVENT_CONNECTION_STATUS_UPDATE,
	CONNLOG_EVENT_CONNECTION_STATE_REMOVE,
	CONNLOG_EVENT_CONNECTION_FLOW_LABEL_CHANGED,
	CONNLOG_EVENT_TUNNEL_CHANGED,
	CONNLOG_EVENT_UDP_REQUEST,
	CONNLOG_EVENT_UDP_REPLY,
	CONNLOG_EVENT_UDP_MULTIPLE_CHECKSUM_ERRORS,
	CONNLOG_EVENT_CONN_BYTES_THRESHOLD_CROSSED,
	CONNLOG_EVENT_CONN_PACKETS_THRESHOLD_CROSSED,
	CONNLOG_EVENT_CONN_DURATION_THRESHOLD_CROSSED,
	CONNLOG_EVENT_CONN_GENERIC_PACKET_THRESHOLD_CROSSED,
	CONNLOG_EVENTS /* their number */
} connlog_event_id;

#define CONNLOG_ARGUMENTS_MAX 6

typedef struct connlog_argument_info {
	const char  *name; /* Zeek's; NULL past the last argument */
	connlog_type type;
	const char  *type_name; /* Zeek's: "count", "TCP::OptionList" */
} connlog_argument_info;

/* An event; its arguments do not include the connection.  Static. */
typedef struct connlog_event_info {
	const char           *name;
	const char           *doc;
	bool                  frequent; /* raised for many packets: left out unless asked for by name */
	connlog_argument_info arguments[CONNLOG_ARGUMENTS_MAX + 1];
} connlog_event_info;

/* Returns the event's definition, or NULL if there is no such event. */
CONNLOG_API const connlog_event_info *connlog_event_at(size_t id);
/* Returns the id of the event with that name, or -1. */
CONNLOG_API int connlog_event_find(const char *name);

/* Called when the event is raised; `event` and everything obtained from it are valid during the call. Return anything
 * but CONNLOG_OK to stop, as for connlog_on_record(). A handler's actions can raise further events immediately, at most
 * 64 deep. */
typedef int (*connlog_event_fn)(void *arg, const connlog_event *event);
/* Registers a handler, which should be done before the first packet.  All handlers of an event are called in order of
 * registration.  Returns CONNLOG_OK, CONNLOG_BAD_OPTION (no such event) or CONNLOG_NO_MEMORY. */
CONNLOG_API int connlog_on_event(connlog_engine *e, connlog_event_id id, connlog_event_fn fn, void *arg);

/* Returns which event it is, for handlers of several. */
CONNLOG_API connlog_event_id connlog_event_which(const connlog_event *event);
/* Returns the packet time of the event in seconds since the epoch (Zeek's network_time()). */
CONNLOG_API double connlog_event_time(const connlog_event *event);
/* Returns the argument at index `i`, in the order of connlog_event_info; an unset value past the last one. */
CONNLOG_API connlog_value connlog_event_argument(const connlog_event *event, size_t i);
/* Returns the event's connection as it is now, with every column that is already known. */
CONNLOG_API const connlog_record *connlog_event_record(const connlog_event *event);

/* Writes the contents of the event's connection to files, one per side, named after the option Conn::extraction_prefix and
 * the connection.  Starts now if both sides have been seen, otherwise at connection_established (Zeek: set_contents_file,
 * c$extract_orig, c$extract_resp).  The option Conn::default_extract does this for all connections.
 * Returns CONNLOG_OK, or CONNLOG_BAD_OPTION if the connection is not TCP. */
CONNLOG_API int connlog_event_extract(const connlog_event *event, bool orig, bool resp);

/* Sets a threshold of the event's connection, as Zeek's set_current_conn_bytes_threshold() and related functions do: one of
 * each kind per side; 0 removes it.  Its event is raised once, when the threshold is crossed, which can be immediately.
 * `is_orig` is ignored for durations.
 * Returns CONNLOG_OK, CONNLOG_BAD_OPTION (not a valid threshold) or CONNLOG_NO_MEMORY. */
typedef enum connlog_threshold {
	CONNLOG_THRESHOLD_BYTES,    /* of IP: conn_bytes_threshold_crossed */
	CONNLOG_THRESHOLD_PACKETS,  /* conn_packets_threshold_crossed */
	CONNLOG_THRESHOLD_DURATION, /* in seconds: conn_duration_threshold_crossed; checked when a packet arrives */
} connlog_threshold;
CONNLOG_API int
connlog_event_set_threshold(const connlog_event *event, connlog_threshold which, double value, bool is_orig);

/* ---- scripts ---------------------------------------------------------------------------------------------- */

/* Loads and runs a Lua script, which should be done before the first packet.  Its global functions named after events handle
 * those events, log_policy(rec) and log_conn(rec) act as the callbacks of connlog_on_policy() and connlog_on_record(), and
 * connlog_done() is called by the first connlog_finish(); see docs/SCRIPTS.md.  Scripts are isolated from each other and are
 * freed with the engine.  A later error in a script is counted and raises a notice (connlog_on_notice()); nothing stops.
 * Returns CONNLOG_OK, or with a message CONNLOG_IO (cannot be read), CONNLOG_BAD_INPUT (not Lua, fails, or handles nothing),
 * CONNLOG_BAD_OPTION (the library was built without Lua) or CONNLOG_NO_MEMORY. */
CONNLOG_API int connlog_script_load(connlog_engine *e, const char *path, char *err, size_t err_size);

/* Called for each line that a script prints, without its newline. */
typedef void (*connlog_print_fn)(void *arg, connlog_text line);
CONNLOG_API void connlog_on_print(connlog_engine *e, connlog_print_fn fn, void *arg);

#ifdef __cplusplus
}
#endif
#endif
