/* states_per_host.c - counts for each host how the connections that it originated have ended.
 *
 *     cc states_per_host.c -o states_per_host $(pkg-config --cflags --libs connlog)
 *     ./states_per_host capture.pcap
 *
 * Demonstrates records: columns by their numbers, texts and addresses, and how a callback stops the engine.
 */
#include <connlog.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const states[] = { "S0",   "S1",     "SF",    "REJ", "S2",  "S3", "RSTO",
	                                  "RSTR", "RSTOS0", "RSTRH", "SH",  "SHR", "OTH" };
enum { STATES = sizeof states / sizeof states[0] };

struct host {
	uint8_t  address[16];
	unsigned ended[STATES];
};

struct counts {
	size_t       orig_h, conn_state; /* the columns' numbers, looked up once */
	struct host *hosts;              /* by address */
	size_t       n;
};

/* Returns the host's counts, or NULL when out of memory. */
static struct host *
host_of(struct counts *c, const uint8_t address[16])
{
	size_t low = 0, high = c->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int    order = memcmp(c->hosts[middle].address, address, 16);
		if (order == 0)
			return &c->hosts[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	struct host *hosts = realloc(c->hosts, (c->n + 1) * sizeof *hosts);
	if (!hosts)
		return NULL;
	c->hosts = hosts;
	memmove(hosts + low + 1, hosts + low, (c->n++ - low) * sizeof *hosts);
	hosts[low] = (struct host){ { 0 }, { 0 } };
	memcpy(hosts[low].address, address, 16);
	return &hosts[low];
}

static int
count_state(void *arg, const connlog_record *r)
{
	struct counts      *c = arg;
	struct host        *h = host_of(c, connlog_record_get(r, c->orig_h).address);
	const connlog_value state = connlog_record_get(r, c->conn_state);

	if (!h)
		return CONNLOG_NO_MEMORY;    /* the engine stops, and connlog_run() returns it */
	for (int i = 0; i < STATES; i++) /* texts have a length and no NUL */
		if (strlen(states[i]) == state.text.n && memcmp(states[i], state.text.p, state.text.n) == 0)
			h->ended[i]++;
	return CONNLOG_OK;
}

static void
print_host(const struct host *h)
{
	connlog_value address = { .type = CONNLOG_ADDR, .set = true };
	char          text[64];

	memcpy(address.address, h->address, 16);
	connlog_value_text(address, text, sizeof text);
	printf("%s", text);
	for (int i = 0; i < STATES; i++)
		if (h->ended[i] > 0)
			printf("\t%s %u", states[i], h->ended[i]);
	putchar('\n');
}

int
main(int argc, char **argv)
{
	char          err[512] = "usage: states_per_host CAPTURE";
	struct counts counts = { (size_t)connlog_column_find("id.orig_h"), (size_t)connlog_column_find("conn_state"), NULL,
		                     0 };
	int           status = CONNLOG_NO_MEMORY;

	connlog_engine *engine = argc == 2 ? connlog_engine_new(NULL, err, sizeof err) : NULL;
	connlog_source *source =
		engine ? connlog_source_files((const char *const *)argv + 1, 1, NULL, err, sizeof err) : NULL;
	if (source && connlog_on_record(engine, count_state, &counts) == CONNLOG_OK) {
		status = connlog_run(engine, source, err, sizeof err);
		connlog_finish(engine); /* connections that are still open count as well */
	}
	for (size_t i = 0; i < counts.n; i++)
		print_host(&counts.hosts[i]);
	if (status != CONNLOG_END)
		fprintf(stderr, "states_per_host: %s\n", err);
	free(counts.hosts);
	connlog_source_free(source);
	connlog_engine_free(engine);
	return status == CONNLOG_END ? 0 : 1;
}
