/* quic_crypto.h - decrypts QUIC's Initial packets, whose keys are public (RFC 9001, 5; RFC 9369, 3.3). */
#ifndef CONNLOG_SERVICE_QUIC_CRYPTO_H
#define CONNLOG_SERVICE_QUIC_CRYPTO_H

#include "base/bytes.h"

enum { QUIC_PAYLOAD_MAX = 10000 /* Zeek's limit */ };
enum { QUIC_VERSION_1 = 0x00000001u, QUIC_VERSION_2 = 0x6b3343cfu };

/* Returns whether Zeek knows that version. */
bool quic_version_known(uint32_t version);

struct quic_sealed {
	uint32_t     version;
	bool         from_client;
	struct bytes dcid;          /* of the client's first Initial packet */
	struct bytes packet;        /* from the first byte to the end of the payload */
	size_t       number_offset; /* offset of the packet number, where the payload begins */
};

/* Decrypts into `out`.  Returns the bytes of plaintext; 0 if there are none or the packet is not authentic. */
size_t quic_open(const struct quic_sealed *s, uint8_t out[QUIC_PAYLOAD_MAX]);

#endif
