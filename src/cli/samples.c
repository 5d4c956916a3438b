/* samples.c - see samples.h. */
#include "cli/samples.h"

#include <stdlib.h>
#include <string.h>

static const char prefix[] = "connlog_";

/* Takes a label's value out of the quotes at *p and moves *p past them.  Returns NULL if there is none. */
static const char *
take_value(char **p)
{
	char *in = strchr(*p, '"'), *out = in;

	if (in == NULL)
		return NULL;
	const char *value = out;
	for (in++; *in != '"' && *in != '\0'; in++) {
		if (*in == '\\' && in[1] != '\0')
			in++;
		*out++ = *in;
	}
	if (*in == '\0')
		return NULL;
	*out = '\0';
	*p = in + 1;
	return value;
}

/* Parses a line in place.  Returns false if it is not a sample. */
static bool
take_line(char *line, struct sample *out)
{
	char *p = line + strcspn(line, "{ "), *end;

	if (*line == '#' || *p == '\0')
		return false;
	const bool labels = *p == '{';
	*p++ = '\0';
	*out = (struct sample){ .name = line, .label = "", .more = "" };
	if (strncmp(line, prefix, sizeof prefix - 1) == 0)
		out->name += sizeof prefix - 1;
	if (labels) {
		if ((out->label = take_value(&p)) == NULL)
			return false;
		if (*p == ',' && (out->more = take_value(&p)) == NULL)
			return false;
		p += strcspn(p, "}");
		if (*p++ == '\0')
			return false;
	}
	out->value = strtod(p, &end);
	return end != p;
}

bool
samples_read(struct samples *s, char *text)
{
	size_t lines = 1;

	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	*s = (struct samples){ .text = text, .at = malloc(lines * sizeof *s->at) };
	if (s->at == NULL)
		return false;
	for (char *line = text, *next; line != NULL; line = next) {
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		s->n += take_line(line, &s->at[s->n]);
	}
	return true;
}

void
samples_free(struct samples *s)
{
	free(s->at);
	free(s->text);
	*s = (struct samples){ .text = NULL };
}

const struct sample *
samples_find(const struct samples *s, const char *name, const char *label, const char *more)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->at[i].name, name) == 0 && (label == NULL || strcmp(s->at[i].label, label) == 0) &&
		    (more == NULL || strcmp(s->at[i].more, more) == 0))
			return &s->at[i];
	return NULL;
}

double
samples_get(const struct samples *s, const char *name, const char *label)
{
	const struct sample *found = samples_find(s, name, label, NULL);
	return found != NULL ? found->value : 0;
}

double
samples_sum(const struct samples *s, const char *name)
{
	double sum = 0;

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->at[i].name, name) == 0)
			sum += s->at[i].value;
	return sum;
}
