/* cryptopan.c - see cryptopan.h. */
#include "record/cryptopan.h"

#include <openssl/evp.h>
#include <string.h>

enum { BLOCK = 16, BITS_MAX = 128 };

bool
cryptopan_init(struct cryptopan *c, const uint8_t key[CRYPTOPAN_KEY])
{
	int n = 0;

	c->aes = EVP_CIPHER_CTX_new();
	return c->aes != NULL && EVP_EncryptInit_ex(c->aes, EVP_aes_128_ecb(), NULL, key, NULL) &&
	       EVP_CIPHER_CTX_set_padding(c->aes, 0) && EVP_EncryptUpdate(c->aes, c->pad, &n, key + BLOCK, BLOCK) &&
	       n == BLOCK;
}

void
cryptopan_free(struct cryptopan *c)
{
	EVP_CIPHER_CTX_free(c->aes);
	c->aes = NULL;
}

/* Whether a bit is flipped is decided by the first bit of an encrypted block, which consists of the bits before it and
 * then the pad's.  The blocks are independent, so all are encrypted in one call, which processors with AES instructions
 * do in parallel. */
bool
cryptopan_encrypt(const struct cryptopan *c, uint8_t *at, size_t n)
{
	uint8_t      blocks[BITS_MAX * BLOCK], flips[BLOCK] = { 0 };
	const size_t bits = 8 * n;
	int          done = 0;

	for (size_t i = 0; i < bits; i++) {
		uint8_t      *block = blocks + i * BLOCK;
		const size_t  whole = i / 8;
		const uint8_t of_pad = (uint8_t)(0xff >> i % 8);
		memcpy(block, at, whole);
		memcpy(block + whole, c->pad + whole, BLOCK - whole);
		block[whole] = (uint8_t)((at[whole] & ~of_pad) | (c->pad[whole] & of_pad));
	}
	if (!EVP_EncryptUpdate(c->aes, blocks, &done, blocks, (int)(bits * BLOCK)) || (size_t)done != bits * BLOCK)
		return false;
	for (size_t i = 0; i < bits; i++)
		flips[i / 8] |= (uint8_t)((blocks[i * BLOCK] & 0x80) >> i % 8);
	for (size_t i = 0; i < n; i++)
		at[i] ^= flips[i];
	return true;
}
