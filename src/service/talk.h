/* talk.h - what a recogniser is, and what it may ask for.
 *
 * A recogniser follows one protocol.  For every connection that it is attached to it has a `struct talk`: a place for
 * its state, and the way in which it asks for things.  It is fed with what the peers say - TCP: a chunk of the stream, in
 * order, as Zeek's reassembler cuts it (one segment's new bytes); UDP: one datagram - and knows nothing else of the
 * connection.  What it asks for is carried out by the inspection (dpd/): confirmations and violations when
 * the packet is done, as Zeek does with its events, the rest at once.
 *
 * A recogniser allocates nothing but through `struct gather` and `struct lines`, or says in its head why it does, and
 * releases it in end().
 */
#ifndef CONNLOG_SERVICE_TALK_H
#define CONNLOG_SERVICE_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "service/names.h"

enum { TALK_ORIG, TALK_RESP }; /* sides, as in conn.h */

struct talk;

/* Ports: of the responder, host order, ended by 0. */
struct recogniser {
	enum service    service;
	const uint16_t *tcp_ports, *udp_ports;
	size_t          state_size; /* of talk_state(), which starts zeroed; at most TALK_STATE_MAX */
	size_t          udp_size;   /* how much of it there is over UDP, where that is less; else 0 */
	/* A chunk or a datagram (which may be empty). The bytes are gone when it returns. */
	void (*feed)(struct talk *t, int side, struct bytes b);
	/* All but feed may be NULL. */
	void (*begin)(struct talk *t);                       /* attached; no input yet */
	void (*gap)(struct talk *t, int side, uint64_t len); /* TCP: bytes that will never come */
	void (*eof)(struct talk *t, int side);               /* TCP: that side has ended and all of it was fed */
	void (*closed)(struct talk *t);                      /* TCP: a side closes or is reset (ConnectionClosed) */
	void (*cut)(struct talk *t);     /* TCP: a RST, or all is over (PacketWithRST, ConnectionFinished) */
	void (*flipped)(struct talk *t); /* the ends have changed roles (FlipRoles) */
	void (*end)(struct talk *t);     /* frees what the state owns */
	/* UDP: Zeek's analyzer lets exceptions out (talk_throw()), and SetSkip is all that keeps datagrams from it. */
	bool unguarded;
};

#define TALK_STATE_MAX 2000 /* what more it needs it allocates */

/* Sixteen bytes, for there may be millions: whom it is of is known by numbers.  Its state follows. */
struct talk {
	uint32_t parent, child, next; /* the inspection's places for talks; no parent: it is the connection's */
	uint8_t  what;                /* enum service; SERVICE_NONE: a matcher of signatures (PIA) */
	uint8_t  flags;               /* the inspection's */
};

_Static_assert(sizeof(struct talk) == 16, "as it says");

static inline void *
talk_state(const struct talk *t)
{
	return (void *)(uintptr_t)(t + 1);
}

/* ---- what it can know */

bool     talk_udp(const struct talk *t);
bool     talk_partial(const struct talk *t); /* TCP joined midway (IsPartial); false for UDP */
uint16_t talk_port(const struct talk *t, int side);
/* Who hands it what it gets; SERVICE_NONE: the connection, or a matcher. */
enum service talk_parent(const struct talk *t);
/* => The connection's end at that side, after flips. */
struct addr talk_addr(const struct talk *t, int side);

/* ---- what it can ask for */

/* What is held beyond a few KiB comes out of it: all connections share it. */
struct budget *talk_budget(const struct talk *t);

/* AnalyzerConfirmation: counts once in the life of `t`. */
void talk_confirm(struct talk *t);
/* AnalyzerViolation: may be raised again and again. Dropped where Zeek drops it (partial TCP, gaps, sizes). The recogniser
 * goes on being fed until the packet is done. */
void talk_violate(struct talk *t);
/* An exception that the analyzer lets out: a violation, but of the matcher where it comes of a datagram that the matcher
 * replays. */
void talk_throw(struct talk *t);
/* SetSkip: no more input of any kind. */
void talk_skip(struct talk *t);
/* A recogniser's gap() that gives up. */
void talk_skip_at_gap(struct talk *t, int side, uint64_t len);
/* From now on nothing but violations could come of it: the inspection may let go of it once these no longer count. */
void talk_settled(struct talk *t);
/* A script's disable_analyzer: let go of when the packet is done, the service stays. */
void talk_disable(struct talk *t);
/* Connection::FlipRoles. */
void talk_flip(struct talk *t);
/* The letter X in the history, once per connection. */
void talk_note_x(struct talk *t);
/* dns_session_timeout: the connection is looked at every 10 seconds and ends after 9 of silence (DNS over UDP). */
void talk_dns_timer(struct talk *t);

/* Another recogniser that gets what talk_pass() passes. => NULL where `t` has a live one of that service already, or there
 * is no memory. */
struct talk *talk_hand_over(struct talk *t, enum service service);
/* A matcher of signatures as a child: what it finds becomes a child of `t` (a child PIA). */
void talk_guess(struct talk *t);
/* Passes input to all children, in order. */
void talk_pass(struct talk *t, int side, struct bytes b);
void talk_pass_gap(struct talk *t, int side, uint64_t len);
void talk_pass_eof(struct talk *t, int side);
/* Removes all children. */
void talk_drop_children(struct talk *t);

/* A recogniser for things inside that Zeek keeps outside the connection's tree (GSSAPI, NTLM, Kerberos, DCE-RPC in SMB):
 * it is not fed by talk_pass() but with talk_feed(), and ends with `t` or with talk_release(). => NULL without memory. */
struct talk *talk_outside(struct talk *t, enum service service);
void         talk_feed(struct talk *outside, int side, struct bytes b);
void         talk_release(struct talk *outside);

/* Events raised until now in this packet take effect now (Zeek drains its queue at WebSocket's upgrade and at new files). */
void talk_drain(struct talk *t);

/* schedule_analyzer: a TCP connection to `resp`:`port`, from `orig` or, where it is NULL, from anybody, is `data`
 * (SERVICE_FTP_DATA or SERVICE_IRC_DCC_DATA); for five minutes. */
void talk_expect(struct talk *t, enum service data, const struct addr *orig, const struct addr *resp, uint16_t port);

/* What scripts/base/protocols/smtp/main.zeek keeps of a connection, all of its recognisers of SMTP together. */
struct smtp_transactions {
	uint32_t confirmed : 16; /* recognisers */
	uint32_t disabled  : 1;  /* the last of them */
	uint32_t invalid   : 8;
	uint32_t mail_from : 1, rcpt_to : 1; /* since the last mail's end */
};

struct smtp_transactions *talk_smtp(struct talk *t);

/* FTP: the last AUTH's argument names GSSAPI, or no longer does: `gridftp` follows when TLS is established inside. */
void talk_gridftp(struct talk *t, bool gssapi);
/* ssl_established: disables `t`, and adds `gridftp` where that is expected. */
void talk_ssl_established(struct talk *t);
/* GridFTP's script, of TLS that encrypts nothing: from now on the connection's bytes may make it `gridftp-data`. */
void talk_gridftp_data(struct talk *t);

#endif
