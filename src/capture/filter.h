/* filter.h - a pcap filter over packets of any link type. */
#ifndef CONNLOG_CAPTURE_FILTER_H
#define CONNLOG_CAPTURE_FILTER_H

#include "connlog.h"

struct bpf_program;
struct filter;

/* Returns NULL and writes a message to `err` where `expression` compiles for no usual link type. */
struct filter *filter_new(const char *expression, char *err, size_t err_size);
void           filter_free(struct filter *f);

/* Returns its program for a link type, which stays valid until the next call for another one; or NULL with a text. */
const struct bpf_program *filter_program(struct filter *f, int32_t link, char *err, size_t err_size);

/* Returns 1 when the packet is wanted, 0 when not, or an error with its text (without a file's name) when the
 * filter does not compile for the packet's link type. */
int filter_match(struct filter *f, const connlog_packet *p, char *err, size_t err_size);

#endif
