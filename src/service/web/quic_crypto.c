/* quic_crypto.c - see quic_crypto.h.
 *
 * Follows RFC 9001, 5.2 to 5.4, as Zeek's decrypt_crypto.cc implements it: the packet number is used as it is, not expanded
 * from earlier ones.  OpenSSL allocates its contexts here; they are freed before quic_open() returns.
 */
#include "service/web/quic_crypto.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { SALT = 20, SECRET = 32, KEY = 16, IV = 12, TAG = 16, SAMPLE = 16, NUMBER_MAX = 4 };

/* The versions from `first` to `last` derive their keys from the same salt. */
struct era {
	uint32_t first, last;
	uint8_t  salt;
};

static const uint8_t salts[][SALT] = {
	{ 0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a, /* draft 22 */
	  0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a },
	{ 0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, /* draft 23 */
	  0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02 },
	{ 0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, /* draft 29 */
	  0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99 },
	{ 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, /* version 1 */
	  0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a },
	{ 0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, /* version 2 */
	  0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9 },
};

static const struct era eras[] = {
	{ 0xff000016, 0xff000016, 0 }, /* drafts; faceb0xx is Facebook's mvfst */
	{ 0xfaceb001, 0xfaceb001, 0 }, { 0xff000017, 0xff00001c, 1 },         { 0xfaceb002, 0xfaceb002, 1 },
	{ 0xfaceb00e, 0xfaceb00e, 1 }, { 0xfaceb011, 0xfaceb013, 1 },         { 0xff00001d, 0xff000020, 2 },
	{ 0xff000021, 0xff000022, 3 }, { QUIC_VERSION_1, QUIC_VERSION_1, 3 }, { QUIC_VERSION_2, QUIC_VERSION_2, 4 },
};

static const struct era *
era_of(uint32_t version)
{
	for (size_t i = 0; i < sizeof eras / sizeof *eras; i++)
		if (version >= eras[i].first && version <= eras[i].last)
			return &eras[i];
	return NULL;
}

bool
quic_version_known(uint32_t version)
{
	return era_of(version) != NULL;
}

/* HKDF-Expand-Label of TLS 1.3 without context; `n` <= 32, so that one block of HKDF does. */
static bool
expand(const uint8_t secret[SECRET], const char *label, uint8_t *out, size_t n)
{
	static const char prefix[] = "tls13 ";
	uint8_t           info[64], block[EVP_MAX_MD_SIZE];
	const size_t      label_len = strlen(label), prefix_len = sizeof prefix - 1;
	size_t            at = 0;

	if (4 + prefix_len + label_len + 1 > sizeof info)
		return false;
	info[at++] = 0;
	info[at++] = (uint8_t)n;
	info[at++] = (uint8_t)(prefix_len + label_len);
	memcpy(info + at, prefix, prefix_len);
	memcpy(info + at + prefix_len, label, label_len);
	at += prefix_len + label_len;
	info[at++] = 0; /* no context */
	info[at++] = 1; /* the first block */
	if (!HMAC(EVP_sha256(), secret, SECRET, info, at, block, NULL))
		return false;
	memcpy(out, block, n);
	return true;
}

struct keys {
	uint8_t key[KEY], iv[IV], mask_key[KEY];
};

static bool
derive(const struct quic_sealed *s, struct keys *k)
{
	const struct era *era = era_of(s->version);
	const bool        v2 = s->version == QUIC_VERSION_2;
	uint8_t           initial[EVP_MAX_MD_SIZE], secret[SECRET];

	return era && HMAC(EVP_sha256(), salts[era->salt], SALT, s->dcid.p, s->dcid.n, initial, NULL) &&
	       expand(initial, s->from_client ? "client in" : "server in", secret, SECRET) &&
	       expand(secret, v2 ? "quicv2 key" : "quic key", k->key, KEY) &&
	       expand(secret, v2 ? "quicv2 iv" : "quic iv", k->iv, IV) &&
	       expand(secret, v2 ? "quicv2 hp" : "quic hp", k->mask_key, KEY);
}

/* Computes the mask that hides the first byte and the packet number. */
static bool
header_mask(EVP_CIPHER_CTX *ctx, const uint8_t key[KEY], const uint8_t sample[SAMPLE], uint8_t mask[SAMPLE])
{
	int n = 0;

	return EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, key, NULL) && EVP_CIPHER_CTX_set_padding(ctx, 0) &&
	       EVP_EncryptUpdate(ctx, mask, &n, sample, SAMPLE) && n == SAMPLE && EVP_CIPHER_CTX_reset(ctx);
}

/* `first` and `number` (of `number_len` bytes) are unprotected. */
static size_t
decrypt(EVP_CIPHER_CTX *ctx, const struct quic_sealed *s, struct keys *k, uint8_t first, const uint8_t *number,
        size_t number_len, uint8_t out[QUIC_PAYLOAD_MAX])
{
	const struct bytes body = bytes_skip(s->packet, s->number_offset + number_len);
	const int          n = (int)(body.n - TAG);
	uint8_t            tag[TAG];
	int                len = 0, more = 0;

	for (size_t i = 0; i < number_len; i++)
		k->iv[IV - number_len + i] ^= number[i];
	memcpy(tag, body.p + n, TAG);
	const bool good = EVP_DecryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, k->key, k->iv) &&
	                  EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG, tag) &&
	                  EVP_DecryptUpdate(ctx, NULL, &len, &first, 1) &&
	                  EVP_DecryptUpdate(ctx, NULL, &len, s->packet.p + 1, (int)s->number_offset - 1) &&
	                  EVP_DecryptUpdate(ctx, NULL, &len, number, (int)number_len) &&
	                  EVP_DecryptUpdate(ctx, out, &len, body.p, n) && EVP_DecryptFinal_ex(ctx, out + len, &more) > 0;
	return good && len > 0 ? (size_t)len : 0;
}

static size_t
open_with(EVP_CIPHER_CTX *ctx, const struct quic_sealed *s, uint8_t out[QUIC_PAYLOAD_MAX])
{
	struct keys    k;
	uint8_t        mask[SAMPLE], number[NUMBER_MAX];
	const uint8_t *sample = bytes_at(s->packet, s->number_offset + NUMBER_MAX, SAMPLE);

	if (!sample || s->number_offset == 0 || s->packet.n - s->number_offset > QUIC_PAYLOAD_MAX)
		return 0;
	if (!derive(s, &k) || !header_mask(ctx, k.mask_key, sample, mask))
		return 0;
	const uint8_t first = s->packet.p[0] ^ (mask[0] & 0x0f);
	const size_t  number_len = (first & 3) + 1u;
	for (size_t i = 0; i < number_len; i++)
		number[i] = s->packet.p[s->number_offset + i] ^ mask[1 + i];
	return decrypt(ctx, s, &k, first, number, number_len, out);
}

size_t
quic_open(const struct quic_sealed *s, uint8_t out[QUIC_PAYLOAD_MAX])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const size_t    n = ctx ? open_with(ctx, s, out) : 0;

	EVP_CIPHER_CTX_free(ctx);
	return n;
}
