/* tls_handshake.h - the handshake messages of TLS (RFC 5246, RFC 8446), as TLS, DTLS and QUIC carry them.
 *
 * Shared by ssl.c and dtls.c.  Confirms at a well-formed ClientHello, violates at a message that is not as
 * Zeek's tls-handshake-protocol.pac wants it; which bounds are looked at is written at each message.
 *
 * Holds per direction one message that is not complete: a ClientHello up to 64 KiB, any other up to 10 KiB.
 * A longer one is skipped: an other message's violation does not count any more by then.
 */
#ifndef CONNLOG_SERVICE_TLS_HANDSHAKE_H
#define CONNLOG_SERVICE_TLS_HANDSHAKE_H

#include "service/gather.h"
#include "service/talk.h"

enum {
	TLS_CLIENT_HELLO = 1,
	TLS_SERVER_HELLO = 2,
	TLS_HELLO_MAX = 0x10000, /* of a ClientHello, without its 4 bytes of prefix */
	TLS_OTHER_MAX = 10240,   /* DPD::ignore_violations_after */
};

struct tls_handshake {
	uint32_t skip[2]; /* by side: of a message that is skipped, so many bytes are to come */
	uint16_t version; /* chosen by the server, 0: not yet */
	uint16_t cipher;  /* likewise */
	bool     flipped; /* the responder behaves as client */
	bool     confirmed;
	bool     stopped; /* talk_skip() was called */
	uint8_t  shown;   /* 1 << side: it has shown a certificate */
};

/* More bytes of the handshake stream of that side, of which `part` holds what is begun.  Returns false if a message was malformed:
 * it was reported, and all bytes are dropped. */
bool tls_handshake_feed(struct tls_handshake *h, struct gather *part, struct talk *t, int side, struct bytes b);
/* Reports a violation, and wants no more input (SetSkip). */
void tls_give_up(struct tls_handshake *h, struct talk *t);
/* A ClientHello of that version: confirms, or gives up where nobody knows it. */
void tls_client_version(struct tls_handshake *h, struct talk *t, uint16_t version);
/* Both sides are encrypted, after a ClientHello (ssl_established). */
void tls_established(const struct tls_handshake *h, struct talk *t);
/* Zeek's determine_tls13(). */
bool tls_is_13(const struct tls_handshake *h);

/* tls_extensions.c: extensions up to the end of `b`, in a message of that type.  Returns false if one is malformed. May choose
 * the version. */
bool tls_extensions(struct tls_handshake *h, int side, uint8_t message, struct bytes b);
/* The version is chosen once. */
void tls_choose_version(struct tls_handshake *h, uint16_t version);

/* tls_ciphers.c: what a ServerKeyExchange holds with this cipher suite. */
enum tls_exchange { TLS_EXCHANGE_OTHER, TLS_ECDHE, TLS_ECDH_ANON, TLS_DHE, TLS_DH_ANON };
enum tls_exchange tls_exchange_of(uint16_t cipher);
/* Has its name WITH_NULL in it: does it encrypt nothing? */
bool tls_is_null(uint16_t cipher);

#endif
