/* unzip.h - decompresses a stream as Zeek's ZIP analyzer does (analyzer/protocol/zip/ZIP.cc): gzip or zlib, or raw deflate if
 * it begins as neither.
 *
 * zlib's state and window, up to UNZIP_BYTES, are charged to the budget; if it is exhausted, there is no output.  Only multipart
 * bodies that are compressed as a whole and links between IRC servers are decompressed, so few connections ever need one.
 */
#ifndef CONNLOG_SERVICE_UNZIP_H
#define CONNLOG_SERVICE_UNZIP_H

#include "base/budget.h"
#include "base/bytes.h"

#define UNZIP_BYTES 49152u

struct unzip;

/* Receives decompressed bytes, at most 4 KiB at a time. */
typedef void (*unzip_fn)(void *arg, struct bytes out);

/* `*u` is NULL before the first bytes.  `take` must not free it. */
void unzip_feed(struct unzip **u, struct budget *budget, struct bytes in, unzip_fn take, void *arg);
void unzip_free(struct unzip *u, struct budget *budget);

#endif
