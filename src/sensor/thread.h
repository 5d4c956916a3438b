/* thread.h - threads that signals do not reach, and their locks. */
#ifndef CONNLOG_SENSOR_THREAD_H
#define CONNLOG_SENSOR_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>

/* Begins a thread with all signals blocked: they are for the one that began the program.  Returns whether it runs. */
static inline bool
thread_begin(pthread_t *thread, void *(*work)(void *), void *arg)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	const bool runs = pthread_create(thread, NULL, work, arg) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return runs;
}

/* A condition that waits by the clock that nobody sets.  Returns false: no memory. */
static inline bool
thread_lock_init(pthread_mutex_t *lock, pthread_cond_t *changed)
{
	pthread_condattr_t steady;

	if (pthread_condattr_init(&steady) != 0)
		return false;
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	const bool good = pthread_mutex_init(lock, NULL) == 0 && pthread_cond_init(changed, &steady) == 0;
	pthread_condattr_destroy(&steady);
	return good;
}

#endif
