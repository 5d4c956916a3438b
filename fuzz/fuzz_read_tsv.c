/* fuzz_read_tsv.c - any bytes as Zeek's tab-separated log or as CSV, chosen by the last byte; written again as both. */
#include "read_log.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const formats[][2] = {
		{ "zeek", "zeek" }, { "zeek", "csv" }, { "csv", "zeek" }, { "csv", "csv" }
	};

	if (size == 0)
		return 0;
	const char *const *f = formats[data[size - 1] & 3];
	check_again((struct bytes){ data, size - 1 }, f[0], f[1]);
	return 0;
}
