/* filter.c - libpcap's filters, compiled once for each link type that occurs.
 *
 * A filter's program depends on the link type, and one stream of packets may have several.  NFLOG packets pass
 * unfiltered, as in Zeek (src/iosource/pcap/Source.cc).
 */
#include "capture/filter.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "capture/dlt.h"
#include "capture/source.h"

struct program {
	int32_t            link;
	struct bpf_program code;
};

struct filter {
	char           *expression;
	struct program *at;
	size_t          n, last; /* last: the one used most recently */
};

static int
compile(struct filter *f, int32_t link, char *err, size_t err_size)
{
	struct program *at = realloc(f->at, (f->n + 1) * sizeof *at);
	pcap_t         *dead = at ? pcap_open_dead(link, CAPTURE_SNAPLEN_MAX) : NULL;
	int             status = CONNLOG_OK;
	char            name[DLT_TEXT_MAX];

	if (at)
		f->at = at;
	if (!dead)
		return source_fail(err, err_size, CONNLOG_NO_MEMORY, "no memory for the filter");
	at[f->n].link = link;
	dlt_text(link, name);
	if (pcap_compile(dead, &at[f->n].code, f->expression, 1, PCAP_NETMASK_UNKNOWN) == 0)
		f->last = f->n++;
	else
		status = source_fail(err, err_size, CONNLOG_BAD_INPUT, "the filter '%s' does not compile for link type %s: %s",
		                     f->expression, name, pcap_geterr(dead));
	pcap_close(dead);
	return status;
}

struct filter *
filter_new(const char *expression, char *err, size_t err_size)
{
	/* Ethernet first, since its error message counts; the others accept words that it does not */
	static const int32_t usual[] = {
		DLT_IEEE802_11_RADIO, DLT_RAW, DLT_LINUX_SLL2, DLT_PPP, DLT_PFLOG, DLT_MTP2, DLT_SUNATM
	};
	struct filter *f = calloc(1, sizeof *f);
	char           ignored[1];
	bool           good;

	if (!f || !(f->expression = strdup(expression))) {
		source_fail(err, err_size, CONNLOG_NO_MEMORY, "no memory for the filter");
		filter_free(f);
		return NULL;
	}
	good = compile(f, DLT_EN10MB, err, err_size) == CONNLOG_OK;
	for (size_t i = 0; i < sizeof usual / sizeof usual[0] && !good; i++)
		good = compile(f, usual[i], ignored, sizeof ignored) == CONNLOG_OK;
	if (good)
		return f;
	filter_free(f);
	return NULL;
}

void
filter_free(struct filter *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++)
		pcap_freecode(&f->at[i].code);
	free(f->at);
	free(f->expression);
	free(f);
}

/* Makes the program for a link type the `last`, compiling it if necessary.  Returns CONNLOG_OK or an error with a
 * message. */
static int
choose(struct filter *f, int32_t link, char *err, size_t err_size)
{
	size_t i = 0;

	if (f->at[f->last].link == link)
		return CONNLOG_OK;
	while (i < f->n && f->at[i].link != link)
		i++;
	if (i == f->n)
		return compile(f, link, err, err_size);
	f->last = i;
	return CONNLOG_OK;
}

const struct bpf_program *
filter_program(struct filter *f, int32_t link, char *err, size_t err_size)
{
	return choose(f, link, err, err_size) == CONNLOG_OK ? &f->at[f->last].code : NULL;
}

int
filter_match(struct filter *f, const connlog_packet *p, char *err, size_t err_size)
{
	struct pcap_pkthdr h = { .caplen = p->caplen, .len = p->len };
	int                status;

	if (p->link == DLT_NFLOG)
		return 1;
	if ((status = choose(f, p->link, err, err_size)) != CONNLOG_OK)
		return status;
	return pcap_offline_filter(&f->at[f->last].code, &h, p->data) != 0;
}
