/* tls_handshake.h - the handshake messages of TLS (RFC 5246, RFC 8446), as TLS, DTLS and QUIC carry them.
 *
 * Shared by ssl.c and dtls.c.  Confirms at a well-formed ClientHello, violates at a message that does not have the
 * form of Zeek's tls-handshake-protocol.pac; each message says which limits are checked.
 *
 * Buffers per direction one incomplete message: a ClientHello up to 64 KiB, any other up to 10 KiB.  Longer ones are skipped: a
 * violation in another message would no longer count by then.
 */
#ifndef CONNLOG_SERVICE_TLS_HANDSHAKE_H
#define CONNLOG_SERVICE_TLS_HANDSHAKE_H

#include "service/gather.h"
#include "dpd/talk.h"

enum {
	TLS_CLIENT_HELLO = 1,
	TLS_SERVER_HELLO = 2,
	TLS_HELLO_MAX = 0x10000, /* of a ClientHello, without its 4 bytes of prefix */
	TLS_OTHER_MAX = 10240,   /* DPD::ignore_violations_after */
};

struct tls_handshake {
	uint32_t skip[2]; /* by side: bytes left of a message that is skipped */
	uint16_t version; /* chosen by the server; 0: not yet */
	uint16_t cipher;  /* likewise */
	bool     flipped; /* the responder behaves as client */
	bool     confirmed;
	bool     stopped; /* talk_skip() was called */
	uint8_t  shown;   /* 1 << side: it has sent a certificate */
};

/* Takes more bytes of that side's handshake stream; `part` buffers an incomplete message.  Returns false if a message was
 * malformed: it was reported, and all bytes are dropped. */
bool tls_handshake_feed(struct tls_handshake *h, struct gather *part, struct talk *t, int side, struct bytes b);
/* Reports a violation and ends the input (SetSkip). */
void tls_give_up(struct tls_handshake *h, struct talk *t);
/* A ClientHello of that version: confirms, or gives up if the version is unknown. */
void tls_client_version(struct tls_handshake *h, struct talk *t, uint16_t version);
/* Both sides are encrypted, after a ClientHello (ssl_established). */
void tls_established(const struct tls_handshake *h, struct talk *t);
/* Zeek's determine_tls13(). */
bool tls_is_13(const struct tls_handshake *h);

/* tls_extensions.c: extensions up to the end of `b`, in a message of that type.  Returns false if one is malformed. May set
 * the version. */
bool tls_extensions(struct tls_handshake *h, int side, uint8_t message, struct bytes b);
/* Sets the version, which happens once. */
void tls_choose_version(struct tls_handshake *h, uint16_t version);

/* tls_ciphers.c: the kind of ServerKeyExchange of this cipher suite. */
enum tls_exchange { TLS_EXCHANGE_OTHER, TLS_ECDHE, TLS_ECDH_ANON, TLS_DHE, TLS_DH_ANON };
enum tls_exchange tls_exchange_of(uint16_t cipher);
/* Returns whether the suite is without encryption (its name contains WITH_NULL). */
bool tls_is_null(uint16_t cipher);

#endif
