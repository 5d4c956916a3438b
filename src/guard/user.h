/* user.h - the user that root becomes, and handing the log's folder over to that user. */
#ifndef CONNLOG_GUARD_USER_H
#define CONNLOG_GUARD_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct guard_user {
	char  name[64]; /* "" if it has none */
	uid_t uid;
	gid_t gid;
};

/* Finds the user: `wanted` if given, otherwise the owner of `folder` (may be NULL) if that is not root, otherwise connlog or
 * nobody.  Returns false and writes a message if there is no such user. */
bool guard_find_user(struct guard_user *u, const char *wanted, const char *folder, char *err, size_t err_size);

/* Changes the owner of a folder of root's, and of the logs called `name` in it, to the user, if the folder contains nothing else
 * except `inner` (may be NULL).  Returns whether it did. */
bool guard_hand_over(const char *folder, const char *name, const char *inner, const struct guard_user *u);

/* Becomes that user permanently.  Returns 0 or errno. */
int guard_become(const struct guard_user *u);

#endif
