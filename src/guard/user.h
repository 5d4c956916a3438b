/* user.h - whom root becomes, and how the log's folder gets to be that user's. */
#ifndef CONNLOG_GUARD_USER_H
#define CONNLOG_GUARD_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct guard_user {
	char  name[64]; /* "" where it has none */
	uid_t uid;
	gid_t gid;
};

/* Finds the user: the one that is wanted, or else whose the folder is (NULL: none) where that is not root, or else connlog or
 * nobody.  Returns false with a text: there is no such user. */
bool guard_find_user(struct guard_user *u, const char *wanted, const char *folder, char *err, size_t err_size);

/* Gives a folder of root's to the user with the logs of that name in it, if nothing else is in it but `inner` (NULL: nothing).
 * Returns whether it did. */
bool guard_hand_over(const char *folder, const char *name, const char *inner, const struct guard_user *u);

/* Gives up being root, or another user with such rights, for good.  Returns 0 or errno. */
int guard_become(const struct guard_user *u);

#endif
