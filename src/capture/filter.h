/* filter.h - a pcap filter over packets of any link type. */
#ifndef CONNLOG_CAPTURE_FILTER_H
#define CONNLOG_CAPTURE_FILTER_H

#include "connlog.h"

struct filter;

/* => NULL with a text in `err` where `expression` compiles for no usual link type. */
struct filter *filter_new(const char *expression, char *err, size_t err_size);
void           filter_free(struct filter *f);

/* => 1 when the packet is wanted, 0 when not, or an error with its text (without a file's name) when the
 * filter does not compile for the packet's link type. */
int filter_match(struct filter *f, const connlog_packet *p, char *err, size_t err_size);

#endif
