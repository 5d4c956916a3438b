/* talk.h - what a recogniser is, and what it may ask for.
 *
 * A recogniser follows one protocol.  For every connection that it is attached to it has a `struct talk`, which holds its
 * state and is the handle for its requests.  It is fed what the peers send (TCP: a chunk of the stream, in order, as Zeek's
 * reassembler delivers it, which is one segment's new bytes; UDP: one datagram) and knows nothing else of the connection.
 * The inspection (dpd/) carries out its requests: confirmations and violations after the packet, as Zeek does with its
 * events, everything else immediately.
 *
 * A recogniser allocates only through `struct gather` and `struct lines`, or says in its file comment why it does
 * otherwise, and frees it in end().
 */
#ifndef CONNLOG_DPD_TALK_H
#define CONNLOG_DPD_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "dpd/names.h"

enum { TALK_ORIG, TALK_RESP }; /* sides, as in conn.h */

struct talk;

/* Ports are the responder's, in host order, terminated by 0. */
struct recogniser {
	enum service    service;
	const uint16_t *tcp_ports, *udp_ports;
	size_t          state_size; /* of talk_state(), which is zeroed; at most TALK_STATE_MAX */
	size_t          udp_size;   /* its size over UDP if that is less, otherwise 0 */
	/* Takes a chunk or a datagram (which may be empty).  The bytes are only valid during the call. */
	void (*feed)(struct talk *t, int side, struct bytes b);
	/* These may be NULL. */
	void (*begin)(struct talk *t);                       /* attached; no input yet */
	void (*gap)(struct talk *t, int side, uint64_t len); /* TCP: bytes that were not captured */
	void (*eof)(struct talk *t, int side);               /* TCP: that side has ended and was fed completely */
	void (*closed)(struct talk *t);                      /* TCP: a side closes or is reset (ConnectionClosed) */
	void (*cut)(struct talk *t);     /* TCP: a RST, or the connection is finished (PacketWithRST, ConnectionFinished) */
	void (*flipped)(struct talk *t); /* the ends have changed roles (FlipRoles) */
	void (*end)(struct talk *t);     /* frees what the state owns */
	/* UDP: Zeek's analyzer does not catch exceptions (talk_throw()), and only SetSkip stops the input. */
	bool unguarded;
};

#define TALK_STATE_MAX 2000 /* anything larger is allocated */

/* Sixteen bytes, since there can be millions: it refers to others by number.  Its state follows it. */
struct talk {
	uint32_t parent, child, next; /* other talks of the inspection; without a parent it belongs to the connection */
	uint8_t  what;                /* enum service; SERVICE_NONE: a matcher of signatures (PIA) */
	uint8_t  flags;               /* the inspection's */
};

_Static_assert(sizeof(struct talk) == 16, "as it says");

static inline void *
talk_state(const struct talk *t)
{
	return (void *)(uintptr_t)(t + 1);
}

/* ---- queries */

bool     talk_udp(const struct talk *t);
bool     talk_partial(const struct talk *t); /* TCP joined midway (IsPartial); false for UDP */
uint16_t talk_port(const struct talk *t, int side);
/* Returns where its input comes from; SERVICE_NONE: the connection, or a matcher. */
enum service talk_parent(const struct talk *t);
/* Returns the address of that side, after flips. */
struct addr talk_addr(const struct talk *t, int side);

/* ---- requests */

/* Returns the budget, shared by all connections, for buffers of more than a few KiB. */
struct budget *talk_budget(const struct talk *t);

/* AnalyzerConfirmation; only the first one of `t` counts. */
void talk_confirm(struct talk *t);
/* AnalyzerViolation; may be repeated.  Dropped where Zeek drops it (partial TCP, gaps, sizes).  Input continues until the
 * packet is done. */
void talk_violate(struct talk *t);
/* An exception that the analyzer does not catch: a violation, but of the matcher if it occurs in a datagram that the matcher
 * replays. */
void talk_throw(struct talk *t);
/* SetSkip: no more input of any kind. */
void talk_skip(struct talk *t);
/* A gap() for recognisers that give up at gaps. */
void talk_skip_at_gap(struct talk *t, int side, uint64_t len);
/* Only violations can follow: the inspection may detach `t` once these no longer count. */
void talk_settled(struct talk *t);
/* Does what a script's disable_analyzer does: `t` is detached after the packet; the service stays. */
void talk_disable(struct talk *t);
/* Connection::FlipRoles. */
void talk_flip(struct talk *t);
/* Adds the letter X to the history, once per connection. */
void talk_note_x(struct talk *t);
/* dns_session_timeout: the connection is checked every 10 seconds and ends after 9 seconds of silence (DNS over UDP). */
void talk_dns_timer(struct talk *t);

/* Attaches a child that receives what talk_pass() passes.  Returns NULL if `t` already has a live one of that service, or when
 * out of memory. */
struct talk *talk_hand_over(struct talk *t, enum service service);
/* Attaches a signature matcher as a child (a child PIA); what it finds becomes a child of `t`. */
void talk_guess(struct talk *t);
/* Pass input to all children, in order. */
void talk_pass(struct talk *t, int side, struct bytes b);
void talk_pass_gap(struct talk *t, int side, uint64_t len);
void talk_pass_eof(struct talk *t, int side);
/* Removes all children. */
void talk_drop_children(struct talk *t);

/* Creates a recogniser for an inner protocol that Zeek keeps outside the connection's tree (GSSAPI, NTLM, Kerberos, DCE-RPC in
 * SMB).  It is fed with talk_feed() instead of talk_pass(), and ends with `t` or talk_release().  Returns NULL when out of
 * memory. */
struct talk *talk_outside(struct talk *t, enum service service);
void         talk_feed(struct talk *outside, int side, struct bytes b);
void         talk_release(struct talk *outside);

/* Makes events raised so far in this packet take effect now (Zeek drains its queue at a WebSocket upgrade and at new
 * files). */
void talk_drain(struct talk *t);

/* schedule_analyzer: for five minutes, a TCP connection to `resp`:`port` from `orig` (NULL: from any host) is `data`
 * (SERVICE_FTP_DATA or SERVICE_IRC_DCC_DATA). */
void talk_expect(struct talk *t, enum service data, const struct addr *orig, const struct addr *resp, uint16_t port);

/* What scripts/base/protocols/smtp/main.zeek keeps per connection, for all of its SMTP recognisers together. */
struct smtp_transactions {
	uint32_t confirmed : 16; /* recognisers */
	uint32_t disabled  : 1;  /* the last of them */
	uint32_t invalid   : 8;
	uint32_t mail_from : 1, rcpt_to : 1; /* since the last mail's end */
};

struct smtp_transactions *talk_smtp(struct talk *t);

/* FTP: whether the last AUTH named GSSAPI; if so, `gridftp` follows when TLS is established inside. */
void talk_gridftp(struct talk *t, bool gssapi);
/* ssl_established: disables `t`, and adds `gridftp` if that is expected. */
void talk_ssl_established(struct talk *t);
/* GridFTP's script, for TLS without encryption: from now on the size of the connection may make it `gridftp-data`. */
void talk_gridftp_data(struct talk *t);

#endif
