/* smb_asked.c - what SMB2 requests referred to, until their responses arrive (smb2_request_tree_id, smb2_read_fids and
 * smb2_ioctl_fids in smb/smb2-protocol.pac, smb2-com-read.pac and smb2-com-ioctl.pac).
 *
 * When 1000 are pending (SMB::max_pending_messages), all are forgotten, as in Zeek: at most 16 KB per table, and little
 * as long as responses arrive. The latest are usually needed first, so tables are searched from the end; numbers
 * usually grow, so a new one need not be searched for.
 */
#include "service/file/smb.h"

#include <stdlib.h>

enum { MAX_PENDING = 1000 };

static struct smb_about *
find(const struct smb_asked *a, uint64_t message)
{
	if (message <= a->most)
		for (unsigned i = a->n; i-- > 0;)
			if (a->about[i].message == message)
				return &a->about[i];
	return NULL;
}

static bool
make_room(struct smb_asked *a)
{
	if (a->n < a->room)
		return true;
	const uint16_t    more = a->room ? (uint16_t)(a->room * 2) : 4;
	struct smb_about *p = realloc(a->about, more * sizeof *p);
	if (!p)
		return false;
	a->about = p;
	a->room = more;
	return true;
}

void
smb_ask(struct smb_asked *a, uint64_t message, uint64_t value)
{
	if (a->n >= MAX_PENDING)
		a->n = 0;
	struct smb_about *to = find(a, message);
	if (!to) {
		if (!make_room(a))
			return;
		to = &a->about[a->n++];
	}
	*to = (struct smb_about){ message, value };
	if (message > a->most || a->n == 1)
		a->most = message;
}

uint64_t
smb_asked(const struct smb_asked *a, uint64_t message, uint64_t otherwise)
{
	const struct smb_about *at = find(a, message);

	return at ? at->value : otherwise;
}

void
smb_asked_forget(struct smb_asked *a, uint64_t message)
{
	struct smb_about *at = find(a, message);

	if (!at)
		return;
	a->n--;
	memmove(at, at + 1, (size_t)(a->about + a->n - at) * sizeof *at);
}

void
smb_asked_end(struct smb_asked *a)
{
	free(a->about);
	*a = (struct smb_asked){ 0 };
}
