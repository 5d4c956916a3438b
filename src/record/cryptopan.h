/* cryptopan.h - Crypto-PAn: encrypts addresses so that two that share exactly their first n bits still do afterwards
 * (Fan, Xu, Ammar, Moon: "Prefix-preserving IP address anonymization", 2004).
 *
 * The first half of the key is an AES-128 key; it encrypts the second half, which pads the blocks.
 */
#ifndef CONNLOG_RECORD_CRYPTOPAN_H
#define CONNLOG_RECORD_CRYPTOPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRYPTOPAN_KEY 32 /* bytes */

struct evp_cipher_ctx_st;

struct cryptopan {
	struct evp_cipher_ctx_st *aes;
	uint8_t                   pad[16];
};

/* Returns false if libcrypto failed; the object must be freed in either case. */
bool cryptopan_init(struct cryptopan *c, const uint8_t key[CRYPTOPAN_KEY]);
void cryptopan_free(struct cryptopan *c);

/* Encrypts `n` bytes, at most 16, in place.  Returns false, with nothing changed, if libcrypto failed. */
bool cryptopan_encrypt(const struct cryptopan *c, uint8_t *at, size_t n);

#endif
