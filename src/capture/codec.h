/* codec.h - unpacks gzip (RFC 1952) and zstd (RFC 8878), detected by their first bytes. */
#ifndef CONNLOG_CAPTURE_CODEC_H
#define CONNLOG_CAPTURE_CODEC_H

#include "base/bytes.h"

struct codec;

/* Returns "gzip" or "zstd" if the data begins like that, or NULL. */
const char *codec_detect(struct bytes head);
/* `name` is the result of codec_detect().  Returns NULL when out of memory. */
struct codec *codec_new(const char *name);
void          codec_free(struct codec *c);
const char   *codec_name(const struct codec *c);

/* Returns where to put compressed bytes and stores the room in `*n`; all earlier ones must have been used. */
uint8_t *codec_input(struct codec *c, size_t *n);
/* Tells the codec that `n` bytes were put there. */
void codec_input_done(struct codec *c, size_t n);
/* Returns whether codec_step() needs more input to continue. */
bool codec_hungry(const struct codec *c);
/* Returns whether the compressed bytes so far are complete. */
bool codec_complete(const struct codec *c);

/* Unpacks into `out` and stores the number of bytes in `*made`.  Returns NULL, or what is wrong with the compressed
 * bytes. */
const char *codec_step(struct codec *c, uint8_t *out, size_t n, size_t *made);

#endif
