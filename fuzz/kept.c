/* kept.c - what an engine leaves to the next one in a fuzz target: memory that it had mapped, and the compiled signatures.
 *
 * The linker's --wrap puts these functions between the library, which has no state of its own, and base/pages.h and
 * dpd/signatures.h: a target that makes an engine for each input would spend a third of its time on mapping, page faults and
 * unmapping, and a sixth on compiling the same patterns.
 *
 * Memory is cleared before it is kept, and poisoned while it is, so an engine that gets it cannot tell it from new memory, and a
 * use of memory that was freed is still an error. What is compiled follows from the rules, which are constants, and is a cache of
 * them; what connections had matched is forgotten.
 */
#include "base/pages.h"
#include "dpd/signatures.h"

#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

/* ---- memory */

enum { KEPT = 64, KEPT_USED = 64 << 10 /* more than this takes longer to clear than to map anew */ };

static struct {
	void  *p;
	size_t bytes, used;
} kept[KEPT];
static size_t          n_kept;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void *__real_pages_alloc(size_t bytes);
void *__wrap_pages_alloc(size_t bytes);
void  __wrap_pages_release(void *p, size_t bytes, size_t used);

/* Returns kept memory of this size, or NULL. */
static void *
take(size_t bytes)
{
	void *p = NULL;

	pthread_mutex_lock(&lock);
	for (size_t i = n_kept; i-- > 0 && !p;) {
		if (kept[i].bytes != bytes)
			continue;
		p = kept[i].p;
		ASAN_UNPOISON_MEMORY_REGION(p, kept[i].used);
		kept[i] = kept[--n_kept];
	}
	pthread_mutex_unlock(&lock);
	return p;
}

void *
__wrap_pages_alloc(size_t bytes)
{
	void *p = take(bytes);

	return p ? p : __real_pages_alloc(bytes);
}

void
__wrap_pages_release(void *p, size_t bytes, size_t used)
{
	bool room = false;

	if (used <= KEPT_USED) {
		memset(p, 0, used);
		pthread_mutex_lock(&lock);
		room = n_kept < KEPT;
		if (room) {
			ASAN_POISON_MEMORY_REGION(p, used);
			kept[n_kept].p = p;
			kept[n_kept].bytes = bytes;
			kept[n_kept++].used = used;
		}
		pthread_mutex_unlock(&lock);
	}
	if (!room)
		pages_free(p, bytes);
}

/* ---- signatures */

static _Atomic(struct signatures *) compiled;

struct signatures *__real_signatures_new(void);
struct signatures *__wrap_signatures_new(void);
void               __real_signatures_free(struct signatures *s);
void               __wrap_signatures_free(struct signatures *s);

struct signatures *
__wrap_signatures_new(void)
{
	struct signatures *s = atomic_exchange(&compiled, NULL);

	return s ? s : __real_signatures_new();
}

void
__wrap_signatures_free(struct signatures *s)
{
	struct signatures *none = NULL;

	if (s)
		signatures_forget_all(s);
	if (!s || signatures_lost(s) > 0 || !atomic_compare_exchange_strong(&compiled, &none, s))
		__real_signatures_free(s);
}
