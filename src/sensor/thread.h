/* thread.h - threads that receive no signals, and their locks. */
#ifndef CONNLOG_SENSOR_THREAD_H
#define CONNLOG_SENSOR_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>

/* Starts a thread with all signals blocked, so that the main thread receives them. Returns whether it runs. */
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

/* Initializes a lock and a condition that uses the monotonic clock. Returns false when out of memory. */
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
