/* signatures.h - which service do the first bytes of a connection look like?
 *
 * The rules are those of Zeek's default scripts.  A rule has a pattern that one direction's bytes must match from the
 * first one on, and may ask for another rule to have fired in the opposite direction; whichever comes last completes it.
 * A matcher holds both directions of a connection (or of a stream inside another protocol).
 */
#ifndef CONNLOG_DPD_SIGNATURES_H
#define CONNLOG_DPD_SIGNATURES_H

#include "base/bytes.h"
#include "dpd/dfa.h"
#include "service/names.h"

#define SIG_RULES  52
#define SIG_GROUPS 3 /* automata that a direction runs */
#define SIG_OUT    SIG_RULES

struct slab;
struct signatures; /* the compiled rules of one engine */

#define SIG_FEW 7

/* Both directions; all zero is a new one. */
struct sig_match {
	uint16_t state[2][SIG_GROUPS];
	/* Bits 1 << slot: its first packet (or else its first bytes) was there; 4 << slot: that packet's header was seen, so that the
	 * rules that ask for a transport live. */
	uint8_t begun;
	/* What has matched and fired of up to seven rules (struct sig_sets); or where there are more of them, SIG_MANY and then the
	 * handle of a whole struct sig_sets. */
	uint8_t few[SIG_FEW];
};

/* By slot. */
struct sig_sets {
	uint64_t seen[2]; /* rules whose pattern has matched, a bit each */
	uint64_t fired[2];
};

/* Returns NULL when out of memory. */
struct signatures *signatures_new(void);
void               signatures_free(struct signatures *s);

/* A direction's matching begins with the packet whose header chooses the rules; once begun, nothing changes. */
static inline void
sig_start(struct sig_match *m, int slot)
{
	if (!(m->begun & 1 << slot))
		m->begun |= (uint8_t)(5 << slot);
}

/* Takes one chunk of `slot` (0 originator, 1 responder): TCP's continue the stream, UDP's datagrams stand alone.
 * `is_tcp`: the connection is TCP, else no condition on a TCP side holds.  The services to enable go to `out` in order.
 * Returns how many. */
unsigned signatures_match(struct signatures *s, struct sig_match *m, bool udp, bool is_tcp, int slot, struct bytes b,
                          enum service out[SIG_OUT]);

/* Returns can a rule that enables a service still fire? */
bool signatures_alive(const struct signatures *s, const struct sig_match *m, bool udp, bool is_tcp);

/* Returns steps for which an automaton had no room for another state: answered as if nothing could match any more; and chunks of which
 * what has matched found no memory. */
uint64_t signatures_lost(const struct signatures *s);

/* Returns what has matched and fired. */
struct sig_sets signatures_sets(const struct signatures *s, const struct sig_match *m);

/* Gives back what a matcher has that is over. */
void signatures_forget(struct signatures *s, struct sig_match *m);

/* Matchers in use that have matched more than a few rules. */
size_t signatures_many(const struct signatures *s);

/* What these have. */
struct slab *signatures_slab(struct signatures *s);

/* A rule's name, 0 <= rule < SIG_RULES. */
const char *signature_name(unsigned rule);

/* The automaton of a direction (0, 1: TCP's originator and responder; 2: UDP) and group; NULL where it has no rules. */
struct dfa *signatures_dfa(struct signatures *s, unsigned direction, unsigned group);

#endif
