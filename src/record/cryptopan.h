/* cryptopan.h - Crypto-PAn: addresses are encrypted so that two which have their first n bits in common, and no more, have so
 * afterwards (Fan, Xu, Ammar, Moon: "Prefix-preserving IP address anonymization", 2004).
 *
 * The key's first half is one of AES-128, and encrypts the second half, which fills the blocks.
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

/* Returns false where libcrypto failed; it can be freed all the same. */
bool cryptopan_init(struct cryptopan *c, const uint8_t key[CRYPTOPAN_KEY]);
void cryptopan_free(struct cryptopan *c);

/* Encrypts `n` bytes, 16 at most, in place.  Returns false where libcrypto failed, and nothing is changed. */
bool cryptopan_encrypt(const struct cryptopan *c, uint8_t *at, size_t n);

#endif
