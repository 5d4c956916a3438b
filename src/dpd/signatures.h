/* signatures.h - matches the first bytes of a connection against the signatures of services.
 *
 * The rules are those of Zeek's default scripts. A rule has a pattern that one direction must match from its first byte
 * on, and can require that another rule has fired in the opposite direction; it fires when both conditions are met. A
 * matcher handles both directions of a connection (or of a stream inside another protocol).
 */
#ifndef CONNLOG_DPD_SIGNATURES_H
#define CONNLOG_DPD_SIGNATURES_H

#include "base/bytes.h"
#include "dpd/dfa.h"
#include "dpd/names.h"

#define SIG_RULES  52
#define SIG_GROUPS 3 /* automata per direction */
#define SIG_OUT    SIG_RULES

struct slab;
struct signatures; /* the compiled rules of one engine */

#define SIG_FEW 7

/* Both directions; initialised to zeros. */
struct sig_match {
	uint16_t state[2][SIG_GROUPS];
	/* Bits 1 << slot: its first packet (or its first bytes) was seen; 4 << slot: that packet's header was seen, so that rules with a
	 * transport condition apply. */
	uint8_t begun;
	/* Up to seven rules that have matched or fired (struct sig_sets); for more, SIG_MANY and the handle of a complete struct
	 * sig_sets. */
	uint8_t few[SIG_FEW];
};

/* Indexed by slot. */
struct sig_sets {
	uint64_t seen[2]; /* rules whose pattern has matched, one bit each */
	uint64_t fired[2];
};

/* Returns the rules; the automata of a direction are compiled when its first bytes arrive. Returns NULL when out of
 * memory. */
struct signatures *signatures_new(void);
void               signatures_free(struct signatures *s);

/* Begins the matching of a direction with the packet whose header selects the rules; has no effect afterwards. */
static inline void
sig_start(struct sig_match *m, int slot)
{
	if (!(m->begun & 1 << slot))
		m->begun |= (uint8_t)(5 << slot);
}

/* Frees what all matchers hold, which must not be used any more. */
void signatures_forget_all(struct signatures *s);

/* Processes one chunk of `slot` (0 originator, 1 responder): TCP's chunks continue the stream, UDP's datagrams stand
 * alone. `is_tcp`: the connection is TCP; otherwise conditions on a TCP side are false. Stores the services to enable
 * in `out`, in order, and returns their number. */
unsigned signatures_match(struct signatures *s, struct sig_match *m, bool udp, bool is_tcp, int slot, struct bytes b,
                          enum service out[SIG_OUT]);

/* Returns whether a rule that enables a service can still fire. */
bool signatures_alive(const struct signatures *s, const struct sig_match *m, bool udp, bool is_tcp);

/* Returns the number of failures for lack of room or memory: transitions without room for another state (nothing can
 * match after them), chunks whose matches were lost, and directions that could not be compiled (none of their rules
 * fires). */
uint64_t signatures_lost(const struct signatures *s);

/* Returns what has matched and fired. */
struct sig_sets signatures_sets(const struct signatures *s, const struct sig_match *m);

/* Frees what is attached to a finished matcher. */
void signatures_forget(struct signatures *s, struct sig_match *m);

/* Returns the number of matchers in use with more than a few matches. */
size_t signatures_many(const struct signatures *s);

/* Returns the slab that these use. */
struct slab *signatures_slab(struct signatures *s);

/* Returns the name of a rule, 0 <= rule < SIG_RULES. */
const char *signature_name(unsigned rule);

/* Returns the automaton of a direction (0, 1: TCP's originator and responder; 2: UDP) and group; NULL if it has no
 * rules, or when out of memory. */
struct dfa *signatures_dfa(struct signatures *s, unsigned direction, unsigned group);

#endif
