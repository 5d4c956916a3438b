/* filter.h - a pcap filter for packets of any link type. */
#ifndef CONNLOG_CAPTURE_FILTER_H
#define CONNLOG_CAPTURE_FILTER_H

#include "connlog.h"

struct bpf_program;
struct filter;

/* Returns NULL and writes a message to `err` if `expression` compiles for no common link type. */
struct filter *filter_new(const char *expression, char *err, size_t err_size);
void           filter_free(struct filter *f);

/* Returns its program for a link type, valid until the next call for another link type, or NULL with a message. */
const struct bpf_program *filter_program(struct filter *f, int32_t link, char *err, size_t err_size);

/* Returns 1 if the filter accepts the packet, 0 if not, or an error with a message (without a file name) if the filter
 * does not compile for the packet's link type. */
int filter_match(struct filter *f, const connlog_packet *p, char *err, size_t err_size);

#endif
