/* pcap_tap.c - captures from an interface through libpcap, which supports more kinds of interfaces than ring.c.
 *
 * look() copies the packets that the kernel has ready into a batch of our own, since libpcap's memory is valid only
 * during its callback.  An interface that goes down or away is an error here.
 */
#include <linux/filter.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/dlt.h"
#include "capture/tap.h"

#define BATCH_MAX 32
#define BILLION   1000000000u

struct pcap_tap {
	struct tap base;
	pcap_t    *pcap;
	int32_t    link;

	connlog_packet batch[BATCH_MAX];
	size_t         n, at;                                  /* packets in it, and how many of them were taken */
	size_t         used;                                   /* bytes of the arena */
	uint8_t        arena[BATCH_MAX * CAPTURE_SNAPLEN_MAX]; /* mostly untouched, so it uses little memory */
};

static struct pcap_tap *
pcap_of(struct tap *t)
{
	return (struct pcap_tap *)(void *)t;
}

static uint64_t
time_of(const connlog_packet *p)
{
	return (uint64_t)p->sec * BILLION + p->nsec;
}

static void
keep_packet(u_char *arg, const struct pcap_pkthdr *h, const u_char *data)
{
	struct pcap_tap *t = (struct pcap_tap *)(void *)arg;
	uint32_t         caplen = h->caplen < CAPTURE_SNAPLEN_MAX ? h->caplen : CAPTURE_SNAPLEN_MAX;
	connlog_packet   p = { .data = t->arena + t->used,
		                   .caplen = caplen,
		                   .len = h->len,
		                   .link = t->link,
		                   .sec = h->ts.tv_sec,
		                   .nsec = (uint32_t)h->ts.tv_usec * 1000 };

	memcpy(t->arena + t->used, data, caplen);
	t->used += caplen;
	t->batch[t->n++] = p;
	t->base.newest = time_of(&p);
}

static void
set_head(struct pcap_tap *t)
{
	t->base.ready = t->at < t->n;
	if (t->base.ready)
		t->base.head = time_of(&t->batch[t->at]);
}

static int
pcap_tap_look(struct tap *base, char *err, size_t err_size)
{
	struct pcap_tap *t = pcap_of(base);

	if (t->at < t->n)
		return CONNLOG_OK;
	t->n = t->at = t->used = 0;
	const int r = pcap_dispatch(t->pcap, BATCH_MAX, keep_packet, (u_char *)(void *)t);
	set_head(t);
	if (r < 0 && t->n == 0)
		return source_fail(err, err_size, CONNLOG_IO, "%s: %s", base->name, pcap_geterr(t->pcap));
	base->trouble = false;
	return CONNLOG_OK;
}

static size_t
pcap_tap_take(struct tap *base, connlog_packet *p, size_t max, uint64_t until)
{
	struct pcap_tap *t = pcap_of(base);
	size_t           n = 0;

	for (; n < max && base->ready && base->head <= until; n++) {
		p[n] = t->batch[t->at++];
		base->counts.bytes += p[n].len;
		set_head(t);
	}
	base->counts.packets += n;
	return n;
}

static void
pcap_tap_count(struct tap *base)
{
	struct pcap_stat st;

	if (pcap_stats(pcap_of(base)->pcap, &st) == 0)
		base->counts.dropped = st.ps_drop;
}

/* Fails unless it is a packet socket. */
static bool
pcap_tap_close_door(struct tap *base)
{
	struct sock_filter nothing = { .code = BPF_RET | BPF_K, .k = 0 };
	struct sock_fprog  program = { .len = 1, .filter = &nothing };

	return setsockopt(pcap_fileno(pcap_of(base)->pcap), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

static int
pcap_tap_fd(const struct tap *base)
{
	return pcap_get_selectable_fd(((const struct pcap_tap *)(const void *)base)->pcap);
}

static void
pcap_tap_free(struct tap *base)
{
	struct pcap_tap *t = pcap_of(base);

	if (t->pcap)
		pcap_close(t->pcap);
	free(t);
}

/* Returns CONNLOG_OK, or an error with a message. */
static int
open_interface(struct pcap_tap *t, char *err, size_t err_size)
{
	const connlog_live_options *o = t->base.options;
	const char                 *name = t->base.name;
	char                        why[PCAP_ERRBUF_SIZE];
	int                         r;

	t->pcap = pcap_create(name, why);
	if (!t->pcap)
		return source_fail(err, err_size, CONNLOG_IO, "%s: %s", name, why);
	pcap_set_snaplen(t->pcap, (int)o->snaplen);
	pcap_set_promisc(t->pcap, !o->not_promiscuous);
	pcap_set_timeout(t->pcap, (int)o->timeout);
	pcap_set_buffer_size(t->pcap, (int)(o->ring < INT32_MAX ? o->ring : INT32_MAX));
	r = pcap_activate(t->pcap);
	if (r == PCAP_ERROR_PERM_DENIED)
		return source_fail(
			err, err_size, CONNLOG_IO,
			"%s: no permission to capture: run as root, or allow the program with `setcap cap_net_raw+ep`", name);
	if (r < 0)
		return source_fail(err, err_size, CONNLOG_IO, "%s: %s", name,
		                   r == PCAP_ERROR ? pcap_geterr(t->pcap) : pcap_statustostr(r));
	if (pcap_setnonblock(t->pcap, 1, why) != 0)
		return source_fail(err, err_size, CONNLOG_IO, "%s: %s", name, why);
	t->link = pcap_datalink(t->pcap);
	return CONNLOG_OK;
}

static int
set_filter(struct pcap_tap *t, char *err, size_t err_size)
{
	const char        *bpf = t->base.options->filter, *name = t->base.name;
	struct bpf_program code;
	int                r;

	if (!bpf || !*bpf || t->link == DLT_NFLOG) /* which is not filtered: see filter.c */
		return CONNLOG_OK;
	if (pcap_compile(t->pcap, &code, bpf, 1, PCAP_NETMASK_UNKNOWN) != 0)
		return source_fail(err, err_size, CONNLOG_BAD_OPTION, "the filter '%s' does not compile for %s: %s", bpf, name,
		                   pcap_geterr(t->pcap));
	r = pcap_setfilter(t->pcap, &code);
	pcap_freecode(&code);
	if (r != 0)
		return source_fail(err, err_size, CONNLOG_IO, "the filter '%s' cannot be set on %s: %s", bpf, name,
		                   pcap_geterr(t->pcap));
	return CONNLOG_OK;
}

int
pcap_tap_open(const char *name, const connlog_live_options *o, struct tap **out, char *err, size_t err_size)
{
	static const struct tap_ops ops = {
		pcap_tap_look, NULL, pcap_tap_take, pcap_tap_count, pcap_tap_close_door, pcap_tap_fd, pcap_tap_free,
	};
	struct pcap_tap *t = calloc(1, sizeof *t);
	int              status;

	if (!t)
		return source_fail(err, err_size, CONNLOG_NO_MEMORY, "no memory for an interface");
	t->base = (struct tap){ .ops = &ops, .name = name, .options = o };
	status = open_interface(t, err, err_size);
	if (status == CONNLOG_OK)
		status = set_filter(t, err, err_size);
	if (status != CONNLOG_OK) {
		pcap_tap_free(&t->base);
		return status;
	}
	*out = &t->base;
	return CONNLOG_OK;
}
