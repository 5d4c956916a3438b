/* story.h - explains a connection's `history` and `conn_state` in words.
 *
 * Everything here is a pure function or a constant table; `connlog explain` prints it and the HTML page draws it. The
 * letters and their sides follow Zeek 8.2.2: scripts/base/protocols/conn/main.zeek (meaning, conn_state),
 * src/packet_analysis/protocol/tcp/TCPSessionAdapter.cc (update_history, update_window),
 * src/analyzer/protocol/tcp/TCP_Endpoint.cc (once per side, swapped roles), src/session/Session.cc (1, 10, 100 …) and
 * src/packet_analysis/protocol/udp/ (D, d, C, c).  The symbols of the states are those of Bro 1.5.3's
 * doc/misc/conn-logs.
 */
#ifndef CONNLOG_CLI_STORY_H
#define CONNLOG_CLI_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum story_proto {
	STORY_TCP = 1,
	STORY_UDP = 2,
	STORY_OTHER = 4, /* ICMP and the rest */
};

enum story_side { STORY_ORIG, STORY_RESP, STORY_NEITHER };

/* The kind of a letter, which decides how it is drawn and coloured. */
enum story_kind { STORY_OPEN, STORY_TALK, STORY_CLOSE, STORY_ABORT, STORY_TROUBLE, STORY_NOTE };

struct story_letter {
	char            letter; /* lower case */
	enum story_kind kind;
	unsigned        protos;  /* the story_proto in whose histories it occurs */
	const char     *name;    /* "SYN-ACK" */
	const char     *meaning; /* "agrees to open it" */
	const char     *counted; /* when it is repeated */
};

struct story_step {
	char                       letter; /* as it is in the history */
	enum story_side            side;   /* by the final roles, even if they were swapped */
	const struct story_letter *known;  /* NULL: not one of Zeek's letters */
	const char                *remark; /* constant, or NULL if there is nothing to add */
	bool                       odd;    /* unusual for an ordinary connection */
};

/* All letters; the table ends with a row without a name. */
extern const struct story_letter story_letters[];

/* Returns the row of a letter in upper or lower case, or NULL. */
const struct story_letter *story_letter_find(char letter);

/* Returns whether the text consists of Zeek's letters only and has at least one. */
bool story_is_history(const char *history, size_t n);

/* Returns UDP if all letters of the history also occur with UDP, otherwise TCP. */
enum story_proto story_proto_of(const char *history, size_t n);
/* Returns the transport for a value of the column `proto` or `ip_proto_name` ("tcp", "udp", "icmp" …). */
enum story_proto story_proto_named(const char *name, size_t n);

/* Fills `n` steps, one per letter. */
void story_steps(enum story_proto proto, const char *history, size_t n, struct story_step *steps);

/* Summarises the history in one sentence: how it was opened, who sent, how it ended.  Returns the length; the text is
 * always terminated and fits in STORY_OUTLINE_MAX bytes. */
#define STORY_OUTLINE_MAX 160
size_t story_outline(enum story_proto proto, const struct story_step *steps, size_t n, char *out, size_t size);

/* ---- states ------------------------------------------------------------------------------------------------ */

enum story_group { STORY_COMPLETE, STORY_RUNNING, STORY_UNANSWERED, STORY_BROKEN, STORY_PARTIAL, STORY_GROUPS };

struct story_state {
	const char      *name;
	const char      *symbol; /* from hot-report */
	enum story_group group;
	const char      *brief;   /* two or three words */
	const char      *meaning; /* for TCP */
	const char      *udp;     /* for UDP; NULL: UDP has no such state */
	const char      *usual;   /* what is usual and what is not */
	const char      *example; /* a history that leads to it */
};

/* The thirteen states, with a final row without a name; and the names of their groups. */
extern const struct story_state story_states[];
extern const char *const        story_group_names[STORY_GROUPS];

/* Looks up a state, ignoring case.  Returns NULL if there is none. */
const struct story_state *story_state_find(const char *name, size_t n);

/* ---- what the numbers of a record tell ----------------------------------------------------------------------- */

/* Values that the record does not have are negative. */
struct story_numbers {
	double duration;
	double bytes[2], packets[2], ip_bytes[2]; /* by story_side */
	double missed;
	bool   service, tunnelled;
};

/* The texts of the findings, ending with NULL.  story_find() returns those that apply, bit i for the i-th. */
extern const char *const story_findings[];
unsigned                 story_find(enum story_proto proto, const struct story_numbers *r);

#endif
