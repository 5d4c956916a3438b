/* tour.c - see tour.h. */
#include "archive/tour.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/more.h"

#define PLACE_EVERY (1u << 20) /* bytes of a file between places */

/* ---- the list of files ------------------------------------------------------------------------------------------------------ */

static int
check_input(const struct input *i, char *err, size_t err_size)
{
	struct stat st;

	if (i->problem)
		return source_fail(err, err_size, CONNLOG_IO, "%s: %s", i->path, i->problem);
	if (strcmp(i->path, "-") == 0)
		return source_fail(err, err_size, CONNLOG_IO, "standard input cannot be read twice: name a file");
	if (stat(i->path, &st) != 0)
		return source_fail(err, err_size, CONNLOG_IO, "%s: cannot be opened: %s", i->path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return source_fail(err, err_size, CONNLOG_IO, "%s: is no regular file, and cannot be read twice", i->path);
	return CONNLOG_OK;
}

int
tour_init(struct tour *t, const char *const *paths, size_t n, const char *bpf, char *err, size_t err_size)
{
	*t = (struct tour){ .filter = NULL };
	if (!inputs_list(&t->inputs, paths, n))
		return source_fail(err, err_size, CONNLOG_NO_MEMORY, "no memory for the list of files");
	for (size_t i = 0; i < t->inputs.n; i++) {
		const int status = check_input(&t->inputs.at[i], err, err_size);
		if (status != CONNLOG_OK)
			return status;
	}
	if (bpf && *bpf && !(t->filter = filter_new(bpf, err, err_size)))
		return CONNLOG_BAD_OPTION;
	return CONNLOG_OK;
}

static void
close_file(struct tour *t)
{
	if (t->open)
		capfile_close(&t->file);
	t->open = false;
}

void
tour_free(struct tour *t)
{
	close_file(t);
	filter_free(t->filter);
	inputs_free(&t->inputs);
	free(t->places);
	free(t->marks.at);
	*t = (struct tour){ .filter = NULL };
}

/* ---- places ----------------------------------------------------------------------------------------------------------------- */

/* Returns false when out of memory. */
static bool
add_place(struct tour *t)
{
	struct place  at = { t->number, stream_position(&t->file.in), (uint32_t)(t->next - 1), 0, 0 };
	struct place *places = more(t->places, t->n_places, &t->places_room, sizeof *places, SIZE_MAX);

	t->place_at = at.offset + PLACE_EVERY;
	if (!places)
		return false;
	t->places = places;
	const struct place *before = t->n_places > 0 ? &places[t->n_places - 1] : NULL;
	if (before && before->file == at.file && t->file.next != NULL) {
		at.mark = before->mark;
		at.marks = before->marks;
	}
	if (t->file.next != NULL && !marks_note(&t->marks, &t->file, &at.mark, &at.marks))
		return false;
	places[t->n_places++] = at;
	return true;
}

/* ---- the first walk --------------------------------------------------------------------------------------------------------- */

void
tour_begin(struct tour *t, struct plan *plans)
{
	close_file(t);
	t->plans = plans;
	t->next = t->n_places = t->marks.n = 0;
	t->number = t->done_bytes = 0;
	t->damaged = false;
}

static int
open_file(struct tour *t, size_t file, char *err, size_t err_size)
{
	const struct input *i = &t->inputs.at[file];

	close_file(t);
	t->open = true;
	t->unfiltered = CONNLOG_OK;
	const int status = capfile_open(&t->file, i->path, i->as_zeek, STREAM_WINDOW, &t->stop, err, err_size);
	if (status != CONNLOG_OK)
		close_file(t);
	else
		t->next = file + 1;
	return status;
}

/* Reports what is wrong with a file. Returns false when out of memory. */
static bool
tell(struct tour *t, int status, const char *text)
{
	if (status == CONNLOG_NO_MEMORY)
		return false;
	t->damaged = true;
	if (t->notice)
		t->notice(t->notice_arg, text);
	return true;
}

/* Keeps the packets that match the filter, up to the first one for whose link type it does not compile. Returns their
 * number. */
static int
apply_filter(struct tour *t, connlog_packet *p, int n)
{
	int kept = 0;

	for (int i = 0; i < n; i++) {
		const int r = filter_match(t->filter, &p[i], t->unfiltered_why, sizeof t->unfiltered_why);
		if (r < 0) {
			t->unfiltered = r;
			break;
		}
		if (r)
			p[kept++] = p[i];
	}
	return kept;
}

/* Reads from the open file. Returns as capfile.next() does; a packet that cannot be filtered ends the file, as with a
 * source. */
static int
read_file(struct tour *t, connlog_packet *p, size_t max, char *err, size_t err_size)
{
	const int why = t->unfiltered;

	t->unfiltered = CONNLOG_OK;
	if (why != CONNLOG_OK)
		return source_fail(err, err_size, why, "%s: %s", t->file.name, t->unfiltered_why);
	const int n = t->file.next(&t->file, p, max, err, err_size);
	return n > 0 && t->filter && !t->file.as_zeek ? apply_filter(t, p, n) : n;
}

/* Returns whether the next place has to be noted. In compressed files seeking is not possible. */
static bool
needs_place(const struct tour *t)
{
	return t->place_at == 0 || (!stream_packed(&t->file.in) && stream_position(&t->file.in) >= t->place_at);
}

/* ---- parts of files --------------------------------------------------------------------------------------------------------- */

static const struct plan *
plan_of(const struct tour *t, size_t file)
{
	return t->plans && t->plans[file].parts ? &t->plans[file] : NULL;
}

/* Returns whether the current part of the file has been read. */
static bool
is_read(const struct tour *t)
{
	return plan_of(t, t->next - 1) && !stream_packed(&t->file.in) && stream_position(&t->file.in) >= t->end;
}

/* Counts what was read of the file, and closes it. */
static void
leave(struct tour *t)
{
	const uint64_t read = stream_packed(&t->file.in) ? t->file.in.raw : stream_position(&t->file.in) - t->begun;

	t->bytes += read;
	t->done_bytes += t->inputs.at[t->next - 1].size;
	close_file(t);
}

static void
skip(struct tour *t, const struct plan *p, const struct stretch *s)
{
	for (size_t i = 0; t->on_skipped && i < s->times_n; i++)
		t->on_skipped(t->on_skipped_arg, p->times[s->time + i]);
}

/* Seeks to the next part of the open file, unless it begins within the packets read last. */
static int
next_stretch(struct tour *t, const struct plan *p, char *err, size_t err_size)
{
	const struct stretch *s = &p->at[t->stretch++];

	skip(t, p, s);
	t->end = s->end;
	if (stream_packed(&t->file.in) || stream_position(&t->file.in) >= s->offset)
		return CONNLOG_OK;
	t->bytes += stream_position(&t->file.in) - t->begun;
	t->begun = s->offset;
	t->place_at = 0;
	return capfile_resume(&t->file, p->marks.at + s->mark, s->marks, s->offset, err, err_size);
}

/* Continues with the next part of the open file, or the next file. Returns CONNLOG_END when there is none. */
static int
go_on(struct tour *t, char *err, size_t err_size)
{
	if (t->open && t->stretch < plan_of(t, t->next - 1)->n)
		return next_stretch(t, plan_of(t, t->next - 1), err, err_size);
	if (t->open)
		leave(t);
	while (t->next < t->inputs.n && plan_of(t, t->next) && plan_of(t, t->next)->n == 0)
		t->done_bytes += t->inputs.at[t->next++].size;
	if (t->next == t->inputs.n)
		return CONNLOG_END;
	t->next++;
	t->place_at = t->stretch = 0;
	const int status = open_file(t, t->next - 1, err, err_size);
	t->begun = status == CONNLOG_OK ? stream_position(&t->file.in) : 0;
	t->end = UINT64_MAX;
	return status == CONNLOG_OK && plan_of(t, t->next - 1) ? next_stretch(t, plan_of(t, t->next - 1), err, err_size)
	                                                       : status;
}

int
tour_read(struct tour *t, connlog_packet *p, size_t max, char *err, size_t err_size)
{
	while (!t->stop) {
		int r = CONNLOG_OK;
		if (!t->open || is_read(t)) {
			if ((r = go_on(t, err, err_size)) == CONNLOG_END)
				return r;
		}
		if (r == CONNLOG_OK && needs_place(t) && !add_place(t))
			return source_fail(err, err_size, CONNLOG_NO_MEMORY, "no memory for the places of packets");
		if (r == CONNLOG_OK)
			r = read_file(t, p, max, err, err_size);
		if (r > 0) {
			t->number += (uint64_t)r;
			return r;
		}
		if (r < 0 && t->open) {
			leave(t);
		}
		if (r < 0 && r != CONNLOG_END && !tell(t, r, err))
			return r;
	}
	return CONNLOG_END;
}

void
tour_progress(const struct tour *t, connlog_source_progress *out)
{
	*out = (connlog_source_progress){ .bytes = t->done_bytes + (t->open ? t->file.in.raw : 0),
		                              .total_bytes = t->inputs.total,
		                              .packets = t->number,
		                              .name = t->open ? t->file.name : NULL };
}

/* ---- the second walk */

/* Returns the last place at or before the packet. */
static const struct place *
place_of(const struct tour *t, uint64_t number)
{
	size_t lo = 0, hi = t->n_places;

	while (hi - lo > 1) {
		const size_t mid = lo + (hi - lo) / 2;
		if (t->places[mid].number <= number)
			lo = mid;
		else
			hi = mid;
	}
	return &t->places[lo];
}

static int
go_to(struct tour *t, const struct place *at, char *err, size_t err_size)
{
	int status = open_file(t, at->file, err, err_size);

	if (status != CONNLOG_OK)
		return status;
	t->number = at->number;
	t->file.pcapng.keep = true;
	if (stream_packed(&t->file.in))
		return CONNLOG_OK;
	return capfile_resume(&t->file, t->marks.at + at->mark, at->marks, at->offset, err, err_size);
}

/* Reads up to that packet, which is not before the next one. */
static int
read_to(struct tour *t, uint64_t number, connlog_packet *p, char *err, size_t err_size)
{
	for (int r = CONNLOG_OK;; t->number += (uint64_t)r) {
		r = t->stop ? source_fail(err, err_size, CONNLOG_IO, "interrupted") : read_file(t, p, 1, err, err_size);
		if (r == 1 && t->number == number) {
			t->number++;
			return CONNLOG_OK;
		}
		if (r < 0)
			return r != CONNLOG_END
			           ? r
			           : source_fail(err, err_size, CONNLOG_IO, "%s: has changed while it was read", t->file.name);
	}
}

/* Returns whether reading on from the place reaches the packet: there may be a part in between that the first walk
 * skipped. */
static bool
is_at(const struct tour *t, const struct place *at, uint64_t number)
{
	return t->open && t->next - 1 == at->file && t->number <= number &&
	       (stream_packed(&t->file.in) || stream_position(&t->file.in) >= at->offset);
}

int
tour_again(struct tour *t, const uint64_t *numbers, size_t n, tour_fn fn, void *arg, char *err, size_t err_size)
{
	struct outbuf   scratch = { 0 };
	struct rawframe frame;
	connlog_packet  p;
	int             status = CONNLOG_OK;

	close_file(t);
	for (size_t i = 0; i < n && status == CONNLOG_OK; i++) {
		const struct place *at = place_of(t, numbers[i]);
		if (!is_at(t, at, numbers[i]))
			status = go_to(t, at, err, err_size);
		if (status == CONNLOG_OK)
			status = read_to(t, numbers[i], &p, err, err_size);
		if (status == CONNLOG_OK && !rawframe_of(&t->file, &p, &scratch, &frame))
			status = source_fail(err, err_size, CONNLOG_NO_MEMORY, "out of memory");
		if (status == CONNLOG_OK)
			status = fn(arg, i, &frame);
	}
	close_file(t);
	outbuf_free(&scratch);
	return status;
}
