/* fuzz_networks.c - files of --networks: any text, and addresses that are looked up in it.
 *
 * The last 16 bytes are an address. An answer must point into the text, and an error must name its line.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "enrich/networks.h"

static void
check_text(struct text t, const char *text, size_t n)
{
	check(t.n == 0 || (t.p >= text && t.p + t.n <= text + n), "a text that is not of the file");
}

static void
look_up(const struct networks *networks, const struct addr *a, const char *text, size_t n)
{
	const struct network *found = networks_find(networks, a);

	if (found == NULL)
		return;
	check_text(found->host, text, n);
	check_text(found->name, text, n);
	check_text(found->site, text, n);
	for (size_t i = 0; i < found->tags.n; i++) {
		check(found->tags.at[i].n > 0, "an empty tag");
		check_text(found->tags.at[i], text, n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char        err[200];
	struct addr a = { { 0 } };

	if (size < sizeof a)
		return 0;
	const size_t n = size - sizeof a;
	char        *text = malloc(n + 1);
	if (text == NULL)
		return 0;
	if (n > 0)
		memcpy(text, data, n);
	memcpy(&a, data + n, sizeof a);
	struct networks *networks = networks_parse(text, n, err, sizeof err);
	if (networks != NULL) {
		const struct addr v4 = addr_from_v4(a.b);
		look_up(networks, &a, text, n);
		look_up(networks, &v4, text, n);
	} else {
		check(strncmp(err, "line ", 5) == 0, "an error without its line");
	}
	networks_free(networks);
	free(text);
	return 0;
}
