/* payload.h - the payload of the connections in the `mix` capture. */
#ifndef CONNLOG_BENCH_PAYLOAD_H
#define CONNLOG_BENCH_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kind { TLS, HTTP, DNS, NO_PROTOCOL };

/* Writes the `nth` message of a side (from 0), of about `want` bytes and at most 1460, to `p`. Returns its length. Each
 * message is complete: a TLS record, an HTTP request or response, a DNS query or response. */
size_t payload(enum kind kind, bool from_client, unsigned nth, size_t want, uint64_t random, uint8_t *p);

#endif
