/* values.c - see values.h. */
#include "engine/values.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "record/schema.h"

bool
value_bool(const char *text, bool *out)
{
	static const char *const yes[] = { "T", "true", "1" }, *const no[] = { "F", "false", "0" };
	for (size_t i = 0; i < 3; i++) {
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*out = strcmp(text, yes[i]) == 0;
			return true;
		}
	}
	return false;
}

bool
value_count(const char *text, uint64_t *out)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	const unsigned long long n = strtoull(text, &end, 10);
	if (*end || errno)
		return false;
	*out = n;
	return true;
}

bool
value_size(const char *text, uint64_t *out)
{
	static const char letters[] = "KMGT";
	char              digits[24];
	const size_t      n = strspn(text, "0123456789");
	uint64_t          value;

	if (n == 0 || n >= sizeof digits)
		return false;
	memcpy(digits, text, n);
	digits[n] = '\0';
	const char    *letter = text[n] ? strchr(letters, toupper((unsigned char)text[n])) : NULL;
	const unsigned shift = letter ? 10u * (unsigned)(letter - letters + 1) : 0;
	if (text[n + (letter != NULL)] != '\0' || !value_count(digits, &value) || value > UINT64_MAX >> shift)
		return false;
	*out = value << shift;
	return true;
}

bool
value_interval(const char *text, double *out)
{
	static const struct {
		const char *name;
		double      seconds;
	} units[] = { { "usec", 1e-6 }, { "msec", 1e-3 }, { "sec", 1 },    { "min", 60 },
		          { "hr", 3600 },   { "h", 3600 },    { "day", 86400 } };
	char *end;

	if (!isdigit((unsigned char)text[0]) && text[0] != '.')
		return false;
	const double n = strtod(text, &end);
	if (!isfinite(n))
		return false;
	while (*end == ' ')
		end++;
	if (*end == '\0') {
		*out = n;
		return true;
	}
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		const size_t len = strlen(units[i].name);
		if (strncmp(end, units[i].name, len) == 0 && (end[len] == '\0' || strcmp(end + len, "s") == 0)) {
			*out = n * units[i].seconds;
			return true;
		}
	}
	return false;
}

bool
value_measures(const char *text, uint32_t *out, bool add)
{
	uint32_t measures = add ? *out : 0;

	for (const char *p = strcmp(text, "{}") == 0 ? "" : text; *p != '\0';) {
		const size_t n = strcspn(p, ",");
		bool         found = false;
		for (size_t i = 0; i < schema_columns; i++)
			if (schema_means(p, n, &schema[i])) {
				measures |= schema[i].measure;
				found = true;
			}
		if (!found)
			return false;
		p += n;
		if (*p == ',' && *++p == '\0')
			return false;
	}
	*out = measures;
	return true;
}

bool
value_string(const char *text, char **out)
{
	char *copy = strdup(text);
	if (!copy)
		return false;
	free(*out);
	*out = copy;
	return true;
}

bool
value_subnets(const char *text, struct net_set *out, bool add)
{
	struct net_set set = { 0 };

	for (size_t i = 0; add && i < out->n; i++)
		if (!net_set_add(&set, out->at[i]))
			goto bad;
	if (!net_set_parse(&set, text))
		goto bad;
	net_set_free(out);
	*out = set;
	return true;
bad:
	net_set_free(&set);
	return false;
}

static bool
port_add(const char *at, size_t len, struct port_set *tcp, struct port_set *udp)
{
	unsigned port = 0;
	size_t   i = 0;

	for (; i < len && isdigit((unsigned char)at[i]) && port <= 65535; i++)
		port = 10 * port + (unsigned)(at[i] - '0');
	if (i == 0 || port > 65535 || len - i != 4)
		return false;
	if (memcmp(at + i, "/tcp", 4) == 0)
		port_set_add(tcp, (uint16_t)port);
	else if (udp && memcmp(at + i, "/udp", 4) == 0)
		port_set_add(udp, (uint16_t)port);
	else
		return false;
	return true;
}

bool
value_ports(const char *text, struct port_set *tcp, struct port_set *udp, bool add)
{
	struct port_set sets[2] = { 0 };
	const char     *at;
	size_t          len;

	if (add) {
		sets[0] = *tcp;
		if (udp)
			sets[1] = *udp;
	}
	while ((len = parse_element(&text, &at)) > 0)
		if (!port_add(at, len, &sets[0], udp ? &sets[1] : NULL))
			return false;
	*tcp = sets[0];
	if (udp)
		*udp = sets[1];
	return true;
}

bool
value_counts(const char *text, struct count_set *out, bool add)
{
	struct count_set set = { 0 };
	const char      *at;
	size_t           len;
	char             number[24];

	if (add)
		set = *out;
	while ((len = parse_element(&text, &at)) > 0) {
		if (set.n == COUNT_SET_MAX || len >= sizeof number)
			return false;
		memcpy(number, at, len);
		number[len] = '\0';
		if (!value_count(number, &set.at[set.n++]))
			return false;
	}
	*out = set;
	return true;
}

bool
value_ages(const char *text, struct age_set *out)
{
	struct age_set set = { .n = 0 };
	const char    *at;
	size_t         len;
	char           interval[32];

	while ((len = parse_element(&text, &at)) > 0) {
		if (set.n == AGES_MAX || len >= sizeof interval)
			return false;
		memcpy(interval, at, len);
		interval[len] = '\0';
		if (!value_interval(interval, &set.at[set.n]) || set.at[set.n] <= (set.n > 0 ? set.at[set.n - 1] : 0))
			return false;
		set.n++;
	}
	*out = set;
	return true;
}

bool
value_share(const char *text, struct share *out)
{
	unsigned index, of;
	int      n = 0;

	if (*text == '\0') {
		*out = (struct share){ 0, 0 };
		return true;
	}
	if (strspn(text, "0123456789/") != strlen(text) || sscanf(text, "%4u/%4u%n", &index, &of, &n) != 2 ||
	    text[n] != '\0')
		return false;
	if (of == 0 || of > SHARES_MAX || index >= of)
		return false;
	*out = (struct share){ (uint16_t)index, (uint16_t)of };
	return true;
}
