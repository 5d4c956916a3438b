/* options.h - every option in one table: name, type, default, offset. */
#ifndef CONNLOG_ENGINE_OPTIONS_H
#define CONNLOG_ENGINE_OPTIONS_H

#include "conn/options.h"
#include "connlog.h"
#include "decode/decode.h"
#include "dpd/options.h"
#include "event/contents.h"

#define SHARES_MAX 4096

/* The share `index` of `of` shares, or everything if `of` is 0. */
struct share {
	uint16_t index, of;
};

struct connlog_options {
	struct decode_options   decode;
	struct conn_options     conn;
	struct service_options  service;
	struct contents_options contents;
	struct net_set          ignore_checksums_nets;
	struct net_set          local_nets;       /* Site::local_nets as given; private ranges are added to it */
	bool                    private_is_local; /* Site::private_address_space_is_local */
	uint64_t                script_max_instructions;
	uint64_t                max_batch;
	uint64_t                max_memory;        /* bytes of the engine; 0: no bound */
	uint64_t                workers;           /* 0: as many as there are cores */
	bool                    parallel_handlers; /* callbacks may run in the workers' threads */
	struct share            share;
};

/* Makes a copy that owns what it points at, with Site's private ranges added to the local ones; copies the defaults if
 * `from` is NULL. Returns false when out of memory; `out` is then empty. */
bool options_copy(const struct connlog_options *from, struct connlog_options *out);
/* Frees what the options own, but not the struct. */
void options_clear(struct connlog_options *o);

#endif
