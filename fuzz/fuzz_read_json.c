/* fuzz_read_json.c - any bytes as a JSON log, written again as JSON and as another format, chosen by the last byte. */
#include "read_log.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const formats[] = { "json", "zeek", "csv", "json" };

	if (size == 0)
		return 0;
	check_again((struct bytes){ data, size - 1 }, "json", formats[data[size - 1] & 3]);
	return 0;
}
