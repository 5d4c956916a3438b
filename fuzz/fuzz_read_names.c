/* fuzz_read_names.c - any bytes as a log with OSSEM's or ECS's names; written with either or as Zeek's, and read again.
 *
 * Unknown columns can have names that are converted to those of the schema, so the second reading may differ.
 */
#include "read_log.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const formats[] = { "ossem", "ecs", "zeek", "json" };
	connlog_reader          *readers[2] = { NULL, NULL };

	if (size == 0)
		return 0;
	const uint8_t   last = data[size - 1];
	const char     *to = formats[last >> 1 & 3];
	connlog_writer *first = convert((struct bytes){ data, size - 1 }, formats[last & 1], to, &readers[0]),
				   *second = NULL;
	if (first != NULL) {
		const connlog_text t = connlog_writer_bytes(first);
		second = convert((struct bytes){ (const uint8_t *)t.p, t.n }, to, "zeek", &readers[1]);
	}
	connlog_writer_free(first);
	connlog_writer_free(second);
	connlog_reader_free(readers[0]);
	connlog_reader_free(readers[1]);
	return 0;
}
