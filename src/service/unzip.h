/* unzip.h - a compressed stream, unpacked as Zeek's ZIP analyzer does it (analyzer/protocol/zip/ZIP.cc): gzip or zlib, and raw
 * where it begins as neither.
 *
 * Held: zlib's state and window, up to UNZIP_BYTES, out of the budget; without, nothing comes out.  Only a multipart body
 * that is compressed as a whole and links between IRC servers are unpacked, so few connections ever have one.
 */
#ifndef CONNLOG_SERVICE_UNZIP_H
#define CONNLOG_SERVICE_UNZIP_H

#include "base/budget.h"
#include "base/bytes.h"

#define UNZIP_BYTES 49152u

struct unzip;

/* Takes what is unpacked, at most 4 KiB at once. */
typedef void (*unzip_fn)(void *arg, struct bytes out);

/* `*u`: NULL before the first bytes. What `take` does must not free it. */
void unzip_feed(struct unzip **u, struct budget *budget, struct bytes in, unzip_fn take, void *arg);
void unzip_free(struct unzip *u, struct budget *budget);

#endif
