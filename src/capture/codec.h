/* codec.h - unpacking gzip (RFC 1952) and zstd (RFC 8878), told by their first bytes. */
#ifndef CONNLOG_CAPTURE_CODEC_H
#define CONNLOG_CAPTURE_CODEC_H

#include "base/bytes.h"

struct codec;

/* Returns "gzip" or "zstd" when that is what begins like this, or NULL. */
const char *codec_detect(struct bytes head);
/* Returns NULL when out of memory; `name` is what codec_detect() answered. */
struct codec *codec_new(const char *name);
void          codec_free(struct codec *c);
const char   *codec_name(const struct codec *c);

/* Where packed bytes are to be put: room for `*n` of them, all earlier ones having been used. */
uint8_t *codec_input(struct codec *c, size_t *n);
/* Says that `n` were put there. */
void codec_input_done(struct codec *c, size_t n);
/* Returns true when codec_step() can do no more without further input. */
bool codec_hungry(const struct codec *c);
/* Returns true when the packed bytes so far are complete. */
bool codec_complete(const struct codec *c);

/* Unpacks into `out`, `*made` bytes of it.  Returns NULL, or what is wrong with the packed bytes. */
const char *codec_step(struct codec *c, uint8_t *out, size_t n, size_t *made);

#endif
