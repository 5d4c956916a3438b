/* parquet_options.c - the options of the format "parquet" by name, in one table. */
#include <stdio.h>
#include <stdlib.h>

#include "base/parse.h"
#include "connlog_parquet.h"

enum kind { ADDRESSES, LEVEL, NUMBER, SIZE, SECONDS, PART };

#define AT(member) offsetof(connlog_parquet_options, member)
static const struct {
	connlog_parquet_option_info info;
	enum kind                   kind;
	size_t                      at;
	uint64_t                    least, most;
} options[] = {
	{ { "addresses", "text", "text, or binary: 16 bytes, IPv4 as ::ffff:a.b.c.d" },
	  ADDRESSES,
	  AT(binary_addresses),
	  0,
	  0 },
	{ { "level", "1", "of zstd, 1 to 19" }, LEVEL, AT(level), 1, 19 },
	{ { "row_group_rows", "131072", "rows of a row group at most" }, NUMBER, AT(row_group_rows), 1, 1u << 30 },
	{ { "row_group_bytes", "64M", "bytes of a row group, about" }, SIZE, AT(row_group_bytes), 1 << 16, 1u << 31 },
	{ { "file_bytes", "256M", "a file of a folder is ended when it is as long" },
	  SIZE,
	  AT(file_bytes),
	  1 << 16,
	  UINT64_C(1) << 40 },
	{ { "file_age", "300", "seconds after which it is ended where records come live" },
	  SECONDS,
	  AT(file_age),
	  1,
	  86400 },
	{ { "open_files", "24", "files of a folder that are written at the same time" }, NUMBER, AT(open_files), 1, 512 },
	{ { "memory", "256M", "bytes, about, for what is not written yet" }, SIZE, AT(memory), 1 << 20, UINT64_C(1) << 40 },
	{ { "part", "", "what the names of a folder's files begin with; one that no other run has" },
	  PART,
	  AT(part),
	  0,
	  0 },
};
enum { OPTIONS = sizeof options / sizeof options[0] };

const connlog_parquet_option_info *
connlog_parquet_option_at(size_t i)
{
	return i < OPTIONS ? &options[i].info : NULL;
}

/* Parses a number, which may end in K, M or G if it is a size.  Returns whether the text is one. */
static bool
parse_number(const char *text, bool size, uint64_t *out)
{
	static const char letters[] = "KMG";
	size_t            n = strlen(text);
	const char       *letter = n > 0 && size ? strchr(letters, text[n - 1]) : NULL;
	const unsigned    shift = letter != NULL && *letter != '\0' ? 10 * (unsigned)(letter - letters + 1) : 0;

	if (!parse_u64(text, n - (shift > 0), out) || *out > UINT64_MAX >> shift)
		return false;
	*out <<= shift;
	return true;
}

/* Returns whether the text can be a file's name: it names no folder and is not one that engines skip. */
static bool
is_part(const char *text)
{
	const size_t n = strlen(text);

	return n < sizeof((connlog_parquet_options *)0)->part && strchr("._", *text) == NULL &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}

static int
wrong(size_t i, const char *value, const char *expected, char *err, size_t err_size)
{
	snprintf(err, err_size, "%s=%.80s: %s is expected", options[i].info.name, value, expected);
	return CONNLOG_BAD_OPTION;
}

static int
set_number(size_t i, void *at, const char *value, char *err, size_t err_size)
{
	char     expected[96];
	uint64_t v;

	snprintf(expected, sizeof expected, "a number from %llu to %llu%s", (unsigned long long)options[i].least,
	         (unsigned long long)options[i].most, options[i].kind == SIZE ? ", like 64M," : "");
	if (!parse_number(value, options[i].kind == SIZE, &v) || v < options[i].least || v > options[i].most)
		return wrong(i, value, expected, err, err_size);
	if (options[i].kind == LEVEL)
		*(int *)at = (int)v;
	else if (options[i].kind == SECONDS)
		*(double *)at = (double)v;
	else
		*(uint64_t *)at = v;
	return CONNLOG_OK;
}

int
connlog_parquet_set(connlog_parquet_options *o, const char *name, const char *value, char *err, size_t err_size)
{
	size_t i = 0;

	while (i < OPTIONS && strcmp(options[i].info.name, name) != 0)
		i++;
	if (i == OPTIONS) {
		snprintf(err, err_size, "parquet has no option \"%.80s\"", name);
		return CONNLOG_BAD_OPTION;
	}
	void *at = (char *)o + options[i].at;
	if (options[i].kind == PART) {
		if (!is_part(value))
			return wrong(i, value, "a name of letters, digits, - and _ that begins with none of these two", err,
			             err_size);
		snprintf(o->part, sizeof o->part, "%s", value);
		return CONNLOG_OK;
	}
	if (options[i].kind != ADDRESSES)
		return set_number(i, at, value, err, err_size);
	o->binary_addresses = strcmp(value, "binary") == 0;
	if (o->binary_addresses || strcmp(value, "text") == 0)
		return CONNLOG_OK;
	return wrong(i, value, "text or binary", err, err_size);
}
