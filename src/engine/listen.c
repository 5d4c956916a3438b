/* listen.c - an engine's callbacks, and the queries about its state. */
#include "engine/crew.h"
#include "engine/engine.h"
#include "engine/handlers.h"

/* The time of what is being tracked, which a worker's engine is at. */
static double
tracked_time(const connlog_engine *e)
{
	return e->store.now + e->store.shift;
}

void
listen_init(connlog_engine *e)
{
	static const struct script_host host = {
		.on_event = connlog_on_event,
		.on_policy = connlog_on_policy,
		.on_record = connlog_on_record,
		.time = tracked_time,
	};

	e->scripts.host = &host;
	e->scripts.max_instructions = e->opt.script_max_instructions;
}

bool
engine_begin(connlog_engine *e)
{
	e->begun = true;
	if (e->crew && crew_start(e->crew)) {
		crew_begin(e->crew, e->lender);
		return true;
	}
	crew_free(e->crew);
	e->crew = NULL;
	if (e->on_worker && e->status == CONNLOG_OK)
		e->status = e->on_worker(e->on_worker_arg, e, 0);
	return false;
}

void
connlog_on_worker(connlog_engine *e, connlog_worker_fn fn, void *arg)
{
	e->on_worker = fn;
	e->on_worker_arg = arg;
}

int
connlog_on_record(connlog_engine *e, connlog_record_fn fn, void *arg)
{
	return listeners_add(&e->bus.records, (void (*)(void))fn, arg) ? CONNLOG_OK : CONNLOG_NO_MEMORY;
}

int
connlog_on_policy(connlog_engine *e, connlog_policy_fn fn, void *arg)
{
	return listeners_add(&e->bus.policies, (void (*)(void))fn, arg) ? CONNLOG_OK : CONNLOG_NO_MEMORY;
}

int
connlog_on_event(connlog_engine *e, connlog_event_id id, connlog_event_fn fn, void *arg)
{
	if ((unsigned)id >= CONNLOG_EVENTS)
		return CONNLOG_BAD_OPTION;
	return bus_on_event(&e->bus, id, fn, arg) ? CONNLOG_OK : CONNLOG_NO_MEMORY;
}

void
connlog_on_notice(connlog_engine *e, connlog_notice_fn fn, void *arg)
{
	if (e->crew && e->crew->started) { /* the crew's engines report through this one */
		e->crew->notice = fn;
		e->crew->notice_arg = arg;
		return;
	}
	e->notices.fn = e->scripts.notice.fn = fn;
	e->notices.arg = e->scripts.notice.arg = arg;
}

int
connlog_script_load(connlog_engine *e, const char *path, char *err, size_t err_size)
{
	if (e->crew && e->opt.parallel_handlers)
		return handlers_load(e->crew, path, err, err_size);
	return scripts_load(&e->scripts, e, path, err, err_size);
}

void
connlog_on_print(connlog_engine *e, connlog_print_fn fn, void *arg)
{
	if (e->crew && e->crew->started) {
		e->crew->print = fn;
		e->crew->print_arg = arg;
		return;
	}
	e->scripts.print.fn = fn;
	e->scripts.print.arg = arg;
}

double
connlog_time(const connlog_engine *e)
{
	return (e->crew ? e->clock.now : e->store.now) + e->store.shift;
}

unsigned
connlog_workers(const connlog_engine *e)
{
	return e->crew ? e->crew->n : 1;
}
