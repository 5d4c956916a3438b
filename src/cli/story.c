/* story.c - a history read letter by letter; see story.h.
 *
 * A walk remembers who has sent what and says for each next letter whether it fits.  Zeek writes each letter for the
 * roles at that moment: those before a `^` have the opposite case of what the final roles would give, which is
 * corrected here, so that the left side is always the originator of the record.
 */
#include "cli/story.h"

#include <stdio.h>
#include <string.h>

struct walk {
	enum story_proto proto;
	unsigned         seen[3][128]; /* by side and letter: how often */
	size_t           at;
};

struct verdict {
	const char *remark;
	bool        odd;
};

static unsigned
sent(const struct walk *w, enum story_side side, char letter)
{
	return w->seen[side][(unsigned char)letter];
}

static bool
either(const struct walk *w, char letter)
{
	return sent(w, STORY_ORIG, letter) || sent(w, STORY_RESP, letter);
}

static enum story_side
other(enum story_side side)
{
	return side == STORY_ORIG ? STORY_RESP : STORY_ORIG;
}

/* Returns whether the originator has sent a SYN and no SYN-ACK is known. */
static bool
unanswered(const struct walk *w)
{
	return sent(w, STORY_ORIG, 's') && !sent(w, STORY_RESP, 'h');
}

static bool
no_opening(const struct walk *w)
{
	return !either(w, 's') && !either(w, 'h');
}

static struct verdict
usual(const char *remark)
{
	return (struct verdict){ remark, false };
}

static struct verdict
odd(const char *remark)
{
	return (struct verdict){ remark, true };
}

/* Conditions that make any packet unusual. */
static const char midstream[] = "nothing of an opening was seen: the capture began in the middle, or a scan";
static const char after_reset[] = "comes after the connection was broken off";
static const char new_sequence[] = "again, with another sequence number";

static struct verdict
see_syn(const struct walk *w, enum story_side side)
{
	if (sent(w, side, 's'))
		return odd("again, with another sequence number: a new attempt between the same ports");
	if (side == STORY_RESP && sent(w, STORY_ORIG, 's'))
		return odd("both ask at the same time");
	if (side == STORY_RESP)
		return odd("the responder asks: the roles are uncertain");
	if (either(w, 'h') || either(w, 'a') || either(w, 'd') || either(w, 'f') || either(w, 'r'))
		return odd("comes late: out of order, or the ports are used a second time");
	return usual(NULL);
}

static struct verdict
see_syn_ack(const struct walk *w, enum story_side side)
{
	if (sent(w, side, 'h'))
		return odd(new_sequence);
	if (side == STORY_ORIG)
		return odd("answers a SYN that was not seen: a scan, or a reply to a forged address");
	if (!sent(w, STORY_ORIG, 's'))
		return odd("the SYN before it was not seen");
	return usual(NULL);
}

static struct verdict
see_ack(const struct walk *w, enum story_side side)
{
	if (w->at == 0 || no_opening(w))
		return w->at == 0 ? odd(midstream) : usual(NULL);
	if (either(w, 'r'))
		return odd(after_reset);
	if (unanswered(w))
		return odd(side == STORY_ORIG
		               ? "acknowledges what was not seen: the responder's packets are missing"
		               : "answers the SYN with a bare ACK: an older connection, or its SYN-ACK is missing");
	if (side == STORY_ORIG && sent(w, STORY_RESP, 'h') && !sent(w, side, 'd') && !sent(w, side, 'f'))
		return usual("the handshake is complete");
	return usual(NULL);
}

static struct verdict
see_data(const struct walk *w, enum story_side side)
{
	if (w->proto == STORY_UDP)
		return side == STORY_RESP && !sent(w, STORY_ORIG, 'd') ? odd("an answer whose question was not seen")
		                                                       : usual(side == STORY_RESP ? "answers" : NULL);
	if (w->at == 0)
		return odd(midstream);
	if (either(w, 'r'))
		return odd(after_reset);
	if (sent(w, side, 'f'))
		return odd("comes after its own FIN: out of order, or sent again");
	if (unanswered(w))
		return odd(side == STORY_ORIG ? "before any SYN-ACK: the responder's packets are missing, or TCP Fast Open"
		                              : "without a SYN-ACK: packets are missing");
	if (side == STORY_RESP && sent(w, STORY_ORIG, 's') && !sent(w, STORY_ORIG, 'd'))
		return usual("the responder speaks first, as servers of SSH, SMTP and FTP do");
	return usual(NULL);
}

static struct verdict
see_fin(const struct walk *w, enum story_side side)
{
	if (sent(w, side, 'f'))
		return odd(new_sequence);
	if (w->at == 0)
		return odd(midstream);
	if (either(w, 'r'))
		return odd(after_reset);
	if (sent(w, other(side), 'f'))
		return usual("now both directions are closed");
	if (unanswered(w))
		return odd("closes, and no SYN-ACK was seen: packets are missing, or a scan");
	return usual(side == STORY_ORIG ? "the originator closes first; the responder may go on sending"
	                                : "the responder closes first; the originator may go on sending");
}

static struct verdict
see_rst(const struct walk *w, enum story_side side)
{
	if (sent(w, side, 'r'))
		return usual(new_sequence);
	if (w->at == 0)
		return odd("a reset out of nothing: an answer to a forged address, or captured late");
	if (sent(w, other(side), 'r'))
		return odd("both break off");
	if (sent(w, STORY_ORIG, 'f') && sent(w, STORY_RESP, 'f'))
		return usual("after both sides had closed: harmless");
	if (unanswered(w) && side == STORY_RESP)
		return odd("refuses: nothing listens on this port, or a firewall says so");
	if (unanswered(w))
		return odd("gives up before an answer was seen");
	if (side == STORY_ORIG && sent(w, side, 's') && !sent(w, side, 'a') && !sent(w, side, 'd'))
		return odd("breaks off the handshake: a half-open scan, or a SYN-ACK it did not expect");
	if (sent(w, side, 'f'))
		return usual("after its own FIN: it takes no more of what the other side sends");
	if (sent(w, other(side), 'f'))
		return usual("in place of a FIN of its own");
	return odd("breaks off an open connection");
}

/* Letters that are written at 1, 10, 100 … times. */
static struct verdict
see_scaled(const struct walk *w, enum story_side side, char letter)
{
	static const char *const times[] = {
		"at least 10 times by now",         "at least 100 times by now",         "at least 1,000 times by now",
		"at least 10,000 times by now",     "at least 100,000 times by now",     "at least 1,000,000 times by now",
		"at least 10,000,000 times by now", "at least 100,000,000 times by now", "at least 1,000,000,000 times by now",
	};
	const unsigned n = sent(w, side, letter), last = sizeof times / sizeof times[0];

	if (n > 0)
		return odd(times[n > last ? last - 1 : n - 1]);
	switch (letter) {
	case 'c':
		return odd("damaged on the way; if all of a host's packets have it, its network card fills it in later (-C)");
	case 'g':
		return odd("packets were lost between the network and the capture");
	case 't':
		return usual("once is common: a packet was lost or late");
	default:
		return usual("it reads more slowly than the other side sends");
	}
}

static struct verdict
judge(const struct walk *w, enum story_side side, const struct story_letter *known)
{
	if (known == NULL)
		return odd("not a letter of Zeek's");
	if ((known->protos & (unsigned)w->proto) == 0)
		return odd("not a letter that Zeek writes for this protocol");
	if (strchr("adiqx", known->letter) != NULL && sent(w, side, known->letter))
		return odd("Zeek writes this letter once: a second one is none of its own");
	switch (known->letter) {
	case 's':
		return see_syn(w, side);
	case 'h':
		return see_syn_ack(w, side);
	case 'a':
		return see_ack(w, side);
	case 'd':
		return see_data(w, side);
	case 'f':
		return see_fin(w, side);
	case 'r':
		return see_rst(w, side);
	case 'i':
	case 'q':
		return odd("no ordinary host sends this: scanners and fingerprinting tools do");
	case '^':
		return usual(
			w->at == 0 ? "the first packet seen was the responder's, to judge by its port or flags"
					   : "letters before it are shown in the new roles; counts and state may still be in the old ones");
	case 'x':
		return odd("what was recognised inside may be incomplete");
	default:
		return see_scaled(w, side, known->letter);
	}
}

bool
story_is_history(const char *history, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (story_letter_find(history[i]) == NULL)
			return false;
	return n > 0;
}

enum story_proto
story_proto_of(const char *history, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct story_letter *known = story_letter_find(history[i]);
		if (known != NULL && (known->protos & STORY_UDP) == 0)
			return STORY_TCP;
	}
	return STORY_UDP;
}

enum story_proto
story_proto_named(const char *name, size_t n)
{
	if (n == 3 && memcmp(name, "tcp", n) == 0)
		return STORY_TCP;
	return n == 3 && memcmp(name, "udp", n) == 0 ? STORY_UDP : STORY_OTHER;
}

static enum story_side
side_of(char letter, const struct story_letter *known, bool turned)
{
	if (known == NULL || known->kind == STORY_NOTE)
		return STORY_NEITHER;
	return (letter == known->letter) != turned ? STORY_RESP : STORY_ORIG;
}

void
story_steps(enum story_proto proto, const char *history, size_t n, struct story_step *steps)
{
	struct walk w = { .proto = proto };
	bool        turned = false; /* an odd number of role changes is yet to come */

	for (size_t i = 0; i < n; i++)
		turned ^= history[i] == '^';
	for (; w.at < n; w.at++) {
		const char                 letter = history[w.at];
		const struct story_letter *known = story_letter_find(letter);

		turned ^= letter == '^';
		enum story_side side = side_of(letter, known, turned);
		struct verdict  v = judge(&w, side, known);
		steps[w.at] = (struct story_step){ letter, side, known, v.remark, v.odd };
		if (known != NULL)
			w.seen[side][(unsigned char)known->letter]++;
	}
}

/* ---- the outline --------------------------------------------------------------------------------------------- */

static const char *
opening(const struct walk *w)
{
	const bool syn = sent(w, STORY_ORIG, 's'), answer = sent(w, STORY_RESP, 'h');

	if (syn && answer)
		return sent(w, STORY_ORIG, 'a') || sent(w, STORY_ORIG, 'd') || sent(w, STORY_ORIG, 'f')
		           ? "opened by a full handshake"
		           : "asked for and granted, but never taken up";
	if (syn)
		return sent(w, STORY_RESP, 'r') && !either(w, 'd') ? "asked for and refused" : "asked for; no SYN-ACK was seen";
	if (either(w, 'h'))
		return "of its opening only the SYN-ACK was seen";
	return "already open when first seen";
}

static const char *
talk(const struct walk *w)
{
	const bool o = sent(w, STORY_ORIG, 'd'), r = sent(w, STORY_RESP, 'd');

	if (o && r)
		return "data in both directions";
	return o ? "data from the originator only" : r ? "data from the responder only" : "no data";
}

static const char *
ending(const struct walk *w)
{
	const bool o = sent(w, STORY_ORIG, 'f'), r = sent(w, STORY_RESP, 'f');

	if (o && r)
		return "closed by both sides";
	if (unanswered(w) && sent(w, STORY_RESP, 'r'))
		return NULL; /* the opening already mentions it */
	if (either(w, 'r'))
		return !sent(w, STORY_RESP, 'r')   ? "broken off by the originator"
		       : !sent(w, STORY_ORIG, 'r') ? "broken off by the responder"
		                                   : "broken off by both sides";
	return o ? "closed by the originator only" : r ? "closed by the responder only" : "not closed";
}

size_t
story_outline(enum story_proto proto, const struct story_step *steps, size_t n, char *out, size_t size)
{
	struct walk w = { .proto = proto, .at = n };
	int         length;

	for (size_t i = 0; i < n; i++)
		if (steps[i].known != NULL)
			w.seen[steps[i].side][(unsigned char)steps[i].known->letter]++;
	if (proto == STORY_TCP) {
		const char *end = ending(&w);
		length = snprintf(out, size, "%s, %s%s%s", opening(&w), talk(&w), end ? ", " : "", end ? end : "");
	} else {
		length = snprintf(out, size, "%s", proto == STORY_UDP ? talk(&w) : "no history is kept for this protocol");
	}
	if (length < 0)
		return 0;
	return (size_t)length < size ? (size_t)length : size - 1;
}
