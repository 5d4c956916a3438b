/* live.c - the source that captures from an interface through libpcap.
 *
 * A read waits with poll() until something is there or WAIT_MS have gone, then one pcap_dispatch() copies what
 * the kernel has ready into a batch of our own, since libpcap's memory is good for the callback only.  To stop
 * is to set a flag: the kernel is then told to take in nothing more, and what it still holds is handed out
 * before the end.
 */
#include <linux/filter.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "capture/dlt.h"
#include "capture/source.h"

#define RING_SIZE (64 << 20) /* bytes that the kernel keeps for us */
#define BATCH_MAX 32
#define WAIT_MS   100 /* the longest that a read waits, and that the kernel holds a packet back */

struct live {
	connlog_source        base;
	pcap_t               *pcap;
	char                 *name;
	int32_t               link;
	volatile sig_atomic_t stop;
	bool                  draining; /* stopped: the kernel takes in nothing more */
	bool                  ended;
	uint64_t              packets, bytes;

	/* the batch of the read that is going on */
	connlog_packet *p;
	size_t          n, used;
	uint8_t         arena[BATCH_MAX * CAPTURE_SNAPLEN_MAX]; /* mostly untouched, so mostly not there */
};

static struct live *
live_of(connlog_source *s)
{
	return (struct live *)(void *)s;
}

static void
keep_packet(u_char *arg, const struct pcap_pkthdr *h, const u_char *data)
{
	struct live    *l = (struct live *)(void *)arg;
	connlog_packet *p = &l->p[l->n++];
	uint32_t        caplen = h->caplen < CAPTURE_SNAPLEN_MAX ? h->caplen : CAPTURE_SNAPLEN_MAX;

	memcpy(l->arena + l->used, data, caplen);
	p->data = l->arena + l->used;
	p->caplen = caplen;
	p->len = h->len;
	p->link = l->link;
	p->flags = 0;
	p->sec = h->ts.tv_sec;
	p->nsec = (uint32_t)h->ts.tv_usec * 1000;
	l->used += caplen;
	l->bytes += h->len;
}

/* Has the kernel drop everything from now on. => false where it cannot be told to: not a packet socket. */
static bool
close_the_door(struct live *l)
{
	struct sock_filter nothing = { .code = BPF_RET | BPF_K, .k = 0 };
	struct sock_fprog  program = { .len = 1, .filter = &nothing };

	return setsockopt(pcap_fileno(l->pcap), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

static bool
wait_for_packets(struct live *l, int ms)
{
	struct pollfd fd = { .fd = pcap_get_selectable_fd(l->pcap), .events = POLLIN };

	return poll(&fd, 1, ms) > 0;
}

static int
live_read(connlog_source *s, connlog_packet *p, size_t max, char *err, size_t err_size)
{
	struct live *l = live_of(s);
	int          r;

	if (l->stop && !l->draining) {
		l->draining = true;
		l->ended = !close_the_door(l);
	}
	if (l->ended)
		return CONNLOG_END;
	l->p = p;
	l->n = l->used = 0;
	for (int tries = 0; tries < 2 && l->n == 0; tries++) {
		/* The kernel gives up a block that is not full after WAIT_MS, so what is left comes within that. */
		if (tries == 1 && !wait_for_packets(l, l->draining ? 2 * WAIT_MS : WAIT_MS))
			break;
		r = pcap_dispatch(l->pcap, max < BATCH_MAX ? (int)max : BATCH_MAX, keep_packet, (u_char *)(void *)l);
		if (r < 0 && l->n == 0) {
			l->ended = true;
			return source_fail(err, err_size, CONNLOG_IO, "%s: %s", l->name, pcap_geterr(l->pcap));
		}
	}
	if (l->n == 0 && l->draining) {
		l->ended = true;
		return CONNLOG_END;
	}
	l->packets += l->n;
	return (int)l->n;
}

static void
live_progress(const connlog_source *s, connlog_source_progress *out)
{
	const struct live *l = (const struct live *)(const void *)s;
	struct pcap_stat   st;

	out->bytes = l->bytes;
	out->packets = l->packets;
	out->name = l->name;
	if (pcap_stats(l->pcap, &st) == 0)
		out->dropped = (uint64_t)st.ps_drop + st.ps_ifdrop;
}

static void
live_stop(connlog_source *s)
{
	live_of(s)->stop = 1;
}

static void
live_free(connlog_source *s)
{
	struct live *l = live_of(s);

	if (l->pcap)
		pcap_close(l->pcap);
	free(l->name);
	free(l);
}

/* => CONNLOG_OK, or an error with its text. */
static int
open_interface(struct live *l, char *err, size_t err_size)
{
	char why[PCAP_ERRBUF_SIZE];
	int  r;

	l->pcap = pcap_create(l->name, why);
	if (!l->pcap)
		return source_fail(err, err_size, CONNLOG_IO, "%s: %s", l->name, why);
	pcap_set_snaplen(l->pcap, CAPTURE_SNAPLEN_MAX);
	pcap_set_promisc(l->pcap, 1);
	pcap_set_timeout(l->pcap, WAIT_MS);
	pcap_set_buffer_size(l->pcap, RING_SIZE);
	r = pcap_activate(l->pcap);
	if (r == PCAP_ERROR_PERM_DENIED)
		return source_fail(
			err, err_size, CONNLOG_IO,
			"%s: no permission to capture: run as root, or allow the program with `setcap cap_net_raw+ep`", l->name);
	if (r < 0)
		return source_fail(err, err_size, CONNLOG_IO, "%s: %s", l->name,
		                   r == PCAP_ERROR ? pcap_geterr(l->pcap) : pcap_statustostr(r));
	if (pcap_setnonblock(l->pcap, 1, why) != 0)
		return source_fail(err, err_size, CONNLOG_IO, "%s: %s", l->name, why);
	l->link = pcap_datalink(l->pcap);
	return CONNLOG_OK;
}

static int
set_filter(struct live *l, const char *bpf, char *err, size_t err_size)
{
	struct bpf_program code;
	int                r;

	if (!bpf || !*bpf || l->link == DLT_NFLOG) /* which has no filters: see filter.c */
		return CONNLOG_OK;
	if (pcap_compile(l->pcap, &code, bpf, 1, PCAP_NETMASK_UNKNOWN) != 0)
		return source_fail(err, err_size, CONNLOG_BAD_OPTION, "the filter '%s' does not compile for %s: %s", bpf,
		                   l->name, pcap_geterr(l->pcap));
	r = pcap_setfilter(l->pcap, &code);
	pcap_freecode(&code);
	if (r != 0)
		return source_fail(err, err_size, CONNLOG_IO, "the filter '%s' cannot be set on %s: %s", bpf, l->name,
		                   pcap_geterr(l->pcap));
	return CONNLOG_OK;
}

connlog_source *
connlog_source_live(const char *iface, const char *bpf, char *err, size_t err_size)
{
	static const struct source_ops ops = { live_read, live_progress, live_stop, live_free };
	struct live                   *l = calloc(1, sizeof *l);

	if (!l || !(l->name = strdup(iface))) {
		source_fail(err, err_size, CONNLOG_NO_MEMORY, "no memory for a source");
		free(l);
		return NULL;
	}
	l->base.ops = &ops;
	if (open_interface(l, err, err_size) != CONNLOG_OK || set_filter(l, bpf, err, err_size) != CONNLOG_OK) {
		live_free(&l->base);
		return NULL;
	}
	return &l->base;
}
