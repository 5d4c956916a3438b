/* thread.h - threads of the library's own, which signals do not reach. */
#ifndef CONNLOG_BASE_THREAD_H
#define CONNLOG_BASE_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

/* Begins a thread with all signals blocked: they are for the threads of the program, which know what to do about them.
 * Returns whether it runs. */
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
