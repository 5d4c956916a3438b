/* capture_settings.c - see capture_settings.h.  The limits are those of connlog_source_interfaces(), which checks them
 * too, but does not know the options' names. */
#include "cli/capture_settings.h"

#include <inttypes.h>
#include <string.h>

#include "cli/units.h"

#define KIB          UINT64_C(1024)
#define MIB          (1024 * KIB)
#define RING_USUAL   (64 * MIB)
#define BLOCK_USUAL  (256 * KIB)
#define BLOCK_LEAST  (16 * KIB)
#define BLOCK_MOST   (64 * MIB)
#define SNAPLEN_MOST (256 * KIB)

enum { TIMEOUT_USUAL = 20, TIMEOUT_MOST = 10000, SNAPLEN_LEAST = 64 };

const char *
capture_settings_name(int key)
{
	switch (key) {
	case 'p':
		return "--no-promiscuous";
	case OPT_RING:
		return "--ring";
	case OPT_RING_BLOCK:
		return "--ring-block";
	case OPT_RING_TIMEOUT:
		return "--ring-timeout";
	case OPT_SNAPLEN:
		return "--snaplen";
	case OPT_WAIT:
		return "--wait";
	case OPT_EXIT_ON_DOWN:
		return "--exit-on-down";
	default:
		return NULL;
	}
}

static bool
set_ring(const char *value, uint64_t *out)
{
	if (units_size(value, out) && *out >= 2 * BLOCK_LEAST && *out <= UINT32_MAX)
		return true;
	complain("--ring %s: a size like 64M is expected, 32K at least and less than 4G", value);
	return false;
}

static bool
set_block(const char *value, uint32_t *out)
{
	uint64_t n;

	if (units_size(value, &n) && n >= BLOCK_LEAST && n <= BLOCK_MOST && (n & (n - 1)) == 0) {
		*out = (uint32_t)n;
		return true;
	}
	complain("--ring-block %s: a power of two from 16K to 64M is expected, like 256K", value);
	return false;
}

static bool
set_timeout(const char *value, uint32_t *out)
{
	double seconds;

	if (units_interval(value, &seconds) && seconds >= 0.001 && seconds * 1000 <= TIMEOUT_MOST) {
		*out = (uint32_t)(seconds * 1000 + 0.5);
		return true;
	}
	complain("--ring-timeout %s: an interval like 20msec is expected, 1msec to 10sec", value);
	return false;
}

static bool
set_snaplen(const char *value, uint32_t *out)
{
	uint64_t n;

	if (units_size(value, &n) && n >= SNAPLEN_LEAST && n <= SNAPLEN_MOST) {
		*out = (uint32_t)n;
		return true;
	}
	complain("--snaplen %s: a number of bytes from %d to %" PRIu64 " is expected", value, SNAPLEN_LEAST, SNAPLEN_MOST);
	return false;
}

bool
capture_settings_apply(connlog_live_options *o, int key, const char *value)
{
	switch (key) {
	case 'p':
		o->not_promiscuous = true;
		return true;
	case OPT_RING:
		return set_ring(value, &o->ring);
	case OPT_RING_BLOCK:
		return set_block(value, &o->block);
	case OPT_RING_TIMEOUT:
		return set_timeout(value, &o->timeout);
	case OPT_SNAPLEN:
		return set_snaplen(value, &o->snaplen);
	case OPT_WAIT:
		o->wait = true;
		return true;
	default: /* only OPT_EXIT_ON_DOWN is left */
		o->exit_on_down = true;
		return true;
	}
}

bool
capture_settings_check(const connlog_live_options *o)
{
	const uint64_t ring = o->ring != 0 ? o->ring : RING_USUAL, block = o->block != 0 ? o->block : BLOCK_USUAL;

	if (ring >= 2 * block)
		return true;
	complain("a ring has two blocks at least, and --ring %" PRIu64 "K is less than two of --ring-block %" PRIu64 "K",
	         ring / KIB, block / KIB);
	return false;
}

bool
capture_settings_suit(const connlog_live_options *o, const char *const *names, size_t n)
{
	const char *rings_only = o->block != 0 ? "--ring-block" : o->wait ? "--wait" : NULL;

	for (size_t i = 0; i < n; i++) {
		if (strncmp(names[i], "pcap:", 5) == 0 && rings_only != NULL) {
			complain("%s is not for libpcap, and %s asks for that", rings_only, names[i]);
			return false;
		}
		for (size_t j = 0; j < i; j++)
			if (strcmp(names[i], names[j]) == 0) {
				complain("the interface %s is given twice", names[i]);
				return false;
			}
	}
	return true;
}

double
capture_settings_late(const connlog_live_options *o)
{
	/* Twice the time-out after which a block is handed over, and as long again until an idle interface is no longer
	 * waited for. */
	return 4 * (o->timeout != 0 ? o->timeout : TIMEOUT_USUAL) / 1000.0;
}
