/* thread.h - starts the library's own threads, which receive no signals. */
#ifndef CONNLOG_BASE_THREAD_H
#define CONNLOG_BASE_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

/* Starts a thread with all signals blocked: they are meant for the program's own threads.  Returns whether it was
 * started. */
static inline bool
thread_begin(pthread_t *thread, void *(*work)(void *), void *arg)
{
	sigset_t all, before;

	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return false;
	const bool runs = pthread_create(thread, NULL, work, arg) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return runs;
}

#endif
