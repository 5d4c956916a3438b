/* signatures.c - Zeek's default signatures: the rules, their automata, and when a rule fires.
 *
 * Each direction has up to SIG_GROUPS automata, which run as one (joint.h). States multiply when two rules wait for
 * different things, so the rules are grouped to keep each automaton small: rules that decide within a few bytes; rules
 * that wait for one word; and IRC's, which wait for several. DHCP's, whose bytes come late in the datagram, are
 * separate, so that they are run only if those bytes are right.
 */
#include "dpd/signatures.h"
#include "dpd/joint.h"

#include <stdlib.h>
#include <string.h>

#include "base/slab.h"

#define MAX_STATES     4096
#define MAX_JOINT      2048
#define KRB_REQUEST    "(\\x6a|\\x6c).{1,4}\\x30.{1,4}\\xa1\\x03\\x02\\x01\\x05\\xa2\\x03\\x02\\x01"
#define KRB_REPLY      "(\\x6b|\\x6d|\\x7e).{1,4}\\x30.{1,4}\\xa0\\x03\\x02\\x01\\x05\\xa1\\x03\\x02\\x01"
#define LDAP_BIND      "\\x30.\\x02\\x01.\\x60"
#define IRC_SERVER     "(|.*[\\r\\n]) *[Ss][Ee][Rr][Vv][Ee][Rr] +[^ ]+ +[0-9]+ +:.+[\\r\\n]"
#define SOCKS4_REQUEST "\\x04[\\x01\\x02].{0,32}\\x00"
#define SOCKS4_REPLY   "\\x00[\\x5a-\\x5d]"
#define SSH            "[sS][sS][hH]-[12]\\."
#define HTTP_METHODS                                                                                                   \
	"OPTIONS|GET|HEAD|POST|PUT|DELETE|ACL|BASELINE-CONTROL|BIND|CHECKIN|CHECKOUT|CONNECT|COPY|LABEL|LINK|LOCK|MERGE|"  \
	"MKACTIVITY|MKCALENDAR|MKCOL|MKREDIRECTREF|MOVE|ORDERPATCH|PATCH|PROPFIND|PROPPATCH|REBIND|REPORT|SEARCH|TRACE|"   \
	"UNBIND|UNCHECKOUT|UNLINK|UNLOCK|UPDATE|VERSION-CONTROL|BCOPY|BDELETE|BMOVE|BPROPFIND|BPROPPATCH|NOTIFY|POLL|"     \
	"SUBSCRIBE|UNSUBSCRIBE|X-MS-ENUMATTS|MKWORKSPACE|RPC_IN_DATA|RPC_OUT_DATA"

enum transport { TCP = 1, UDP = 2, ANY = TCP | UDP };
enum tcp_side { BOTH, O, R };
enum group { SHORT, WORDS, IRC, FAR = IRC }; /* FAR: UDP only */
enum direction { TCP_ORIG, TCP_RESP, UDP_ANY, DIRECTIONS };

struct rule {
	const char    *name;
	enum transport transport;
	enum tcp_side  side;
	enum group     group;
	unsigned       reverse; /* number of the rule that must have fired in the opposite direction, or 0 */
	enum service   enable;
	const char    *pattern;
};

/* A rule's number is its index plus 1; rules are tried in this order. */
static const struct rule rules[SIG_RULES] = {
	{ "dpd_dce_rpc", ANY, BOTH, SHORT, 0, SERVICE_DCE_RPC, "\\x05[\\x00\\x01][\\x00-\\x13]" },
	{ "dhcp_cookie", UDP, BOTH, FAR, 0, SERVICE_DHCP, ".{236}\\x63\\x82\\x53\\x63" },
	{ "dpd_dnp3_server", TCP, R, SHORT, 0, SERVICE_DNP3_TCP, "\\x05\\x64" },
	{ "dpd_dnp3_server_udp", UDP, BOTH, SHORT, 0, SERVICE_DNP3_UDP, "\\x05\\x64" },
	{ "dpd_ftp_client", TCP, O, WORDS, 0, SERVICE_NONE, "(|.*[\\n\\r]) *[uU][sS][eE][rR] " },
	{ "dpd_ftp_server", TCP, R, WORDS, 5, SERVICE_FTP, "[\\n\\r ]*(120|220)[^0-9].*[\\n\\r] *(230|331)[^0-9]" },
	{ "dpd_http_client", TCP, O, SHORT, 0, SERVICE_HTTP, "[[:space:]]*(" HTTP_METHODS ")" },
	{ "dpd_http_server", TCP, R, SHORT, 0, SERVICE_HTTP, "[hH][tT][tT][pP]/[0-9]" },
	{ "irc_client1", TCP, O, IRC, 11, SERVICE_IRC,
	  "(|.*[\\r\\n]) *[Uu][Ss][Ee][Rr] +.+[\\n\\r]+ *[Nn][Ii][Cc][Kk] +.*[\\r\\n]" },
	{ "irc_client2", TCP, O, IRC, 11, SERVICE_IRC,
	  "(|.*[\\r\\n]) *[Nn][Ii][Cc][Kk] +.+[\\r\\n]+ *[Uu][Ss][Ee][Rr] +.+[\\r\\n]" },
	{ "irc_server_reply", TCP, R, WORDS, 0, SERVICE_NONE, "(|.*[\\n\\r])(:[^ \\n\\r]+ )?[0-9][0-9][0-9] " },
	{ "irc_server_to_server1", TCP, BOTH, IRC, 0, SERVICE_NONE, IRC_SERVER },
	{ "irc_server_to_server2", TCP, BOTH, IRC, 12, SERVICE_IRC, IRC_SERVER },
	{ "dpd_krb_udp_requests", UDP, BOTH, SHORT, 0, SERVICE_KRB, KRB_REQUEST },
	{ "dpd_krb_udp_replies", UDP, BOTH, SHORT, 0, SERVICE_KRB, KRB_REPLY },
	{ "dpd_krb_tcp_requests", TCP, BOTH, SHORT, 0, SERVICE_KRB_TCP, ".{4}" KRB_REQUEST },
	{ "dpd_krb_tcp_replies", TCP, BOTH, SHORT, 0, SERVICE_KRB_TCP, ".{4}" KRB_REPLY },
	{ "dpd_ldap_client_udp", UDP, BOTH, SHORT, 0, SERVICE_NONE, LDAP_BIND },
	{ "dpd_ldap_server_udp", UDP, BOTH, SHORT, 18, SERVICE_LDAP_UDP, "\\x30" },
	{ "dpd_ldap_client_tcp", TCP, BOTH, SHORT, 0, SERVICE_NONE, LDAP_BIND },
	{ "dpd_ldap_server_tcp", TCP, BOTH, SHORT, 20, SERVICE_LDAP_TCP, "\\x30" },
	{ "dpd_mqtt", ANY, BOTH, SHORT, 0, SERVICE_MQTT, ".{4,7}MQ" },
	{ "dpd_pop3_server", TCP, R, SHORT, 24, SERVICE_POP3, "\\+OK" },
	{ "dpd_pop3_client", TCP, O, WORDS, 0, SERVICE_NONE,
	  "(|.*[\\r\\n])[[:space:]]*([uU][sS][eE][rR][[:space:]]|[aA][pP][oO][pP][[:space:]]|[cC][aA][pP][aA]|"
	  "[aA][uU][tT][hH]|[sS][tT][lL][sS])" },
	{ "dpd_postgresql_client_sslrequest", TCP, BOTH, SHORT, 0, SERVICE_NONE,
	  "\\x00\\x00\\x00\\x08\\x04\\xd2\\x16\\x2f" },
	{ "dpd_postgresql_server_ssl_confirm", ANY, BOTH, SHORT, 25, SERVICE_POSTGRESQL, "[SN]" },
	{ "dpd_postgresql_client_startup_3_x", TCP, BOTH, SHORT, 0, SERVICE_NONE, "....\\x00\\x03\\x00.{0,256}user\\x00" },
	{ "dpd_postgresql_server_any_response", ANY, BOTH, SHORT, 27, SERVICE_POSTGRESQL, "[a-zA-Z0-9]\\x00\\x00.." },
	{ "dpd_rdp_client", TCP, BOTH, WORDS, 30, SERVICE_RDP,
	  ".*(Cookie: mstshash=|Duca.*(rdpdr|rdpsnd|drdynvc|cliprdr))" },
	{ "dpd_rdp_server", TCP, BOTH, WORDS, 0, SERVICE_NONE, "(.{5}\\xd0|.*McDn)" },
	{ "dpd_rdpeudp_syn", UDP, BOTH, SHORT, 0, SERVICE_RDPEUDP, "\\xff{4}.{2}.{1}\\x01" },
	{ "resp-client", TCP, O, WORDS, 33, SERVICE_REDIS, ".*\\r\\n" },
	{ "resp-serialized-server", TCP, R, WORDS, 0, SERVICE_REDIS,
	  "([-+_,].*\\r\\n|[:$*#(!=%`~>][+-]?[0-9]+(\\.[0-9]*)?\\r\\n)" },
	{ "dpd_rfb_server", TCP, R, SHORT, 35, SERVICE_RFB, "RFB" },
	{ "dpd_rfb_client", TCP, O, SHORT, 0, SERVICE_NONE, "RFB" },
	{ "dpd_sip_udp_req", UDP, BOTH, WORDS, 0, SERVICE_SIP, ".* SIP/[0-9]\\.[0-9]\\r\\n" },
	{ "dpd_sip_udp_resp", UDP, BOTH, SHORT, 0, SERVICE_SIP, " ?SIP/[0-9]\\.[0-9](\\r\\n| [0-9][0-9][0-9] )" },
	{ "dpd_smb", TCP, BOTH, SHORT, 0, SERVICE_SMB, "....[\\xfe\\xff]SMB" },
	{ "dpd_smtp_client", TCP, O, WORDS, 40, SERVICE_SMTP,
	  "(|.*[\\n\\r])[[:space:]]*([hH][eE][lL][oO]|[eE][hH][lL][oO])" },
	{ "dpd_smtp_server", TCP, R, SHORT, 0, SERVICE_NONE, "[[:space:]]*220[[:space:]-]" },
	{ "dpd_socks4_client", TCP, O, SHORT, 0, SERVICE_NONE, SOCKS4_REQUEST },
	{ "dpd_socks4_server", TCP, R, SHORT, 41, SERVICE_SOCKS, SOCKS4_REPLY },
	{ "dpd_socks4_reverse_client", TCP, R, SHORT, 0, SERVICE_NONE, SOCKS4_REQUEST },
	{ "dpd_socks4_reverse_server", TCP, O, SHORT, 43, SERVICE_SOCKS, SOCKS4_REPLY },
	{ "dpd_socks5_client", TCP, O, SHORT, 0, SERVICE_NONE, "\\x05.[\\x00-\\x09]" },
	{ "dpd_socks5_server", TCP, R, SHORT, 45, SERVICE_SOCKS, "\\x05[\\x00\\x01\\x02\\x03\\x05-\\x09\\xff]" },
	{ "dpd_ssh_client", TCP, O, SHORT, 48, SERVICE_SSH, SSH },
	{ "dpd_ssh_server", TCP, R, SHORT, 0, SERVICE_NONE, SSH },
	{ "dpd_tls_server", TCP, R, SHORT, 0, SERVICE_SSL,
	  "(\\x15\\x03[\\x00-\\x03]....)?\\x16\\x03[\\x00-\\x03]..\\x02...((\\x03[\\x00-\\x04])|(\\x7F[\\x00-\\x50]))" },
	{ "dpd_tls_client", TCP, O, SHORT, 0, SERVICE_SSL, "\\x16\\x03[\\x00-\\x03]..\\x01...\\x03[\\x00-\\x03]" },
	{ "dpd_dtls_client", UDP, BOTH, SHORT, 0, SERVICE_DTLS,
	  "\\x16\\xfe[\\xff\\xfd]\\x00{7}...\\x01...........\\xfe[\\xff\\xfd]" },
	{ "dpd_xmpp", TCP, BOTH, SHORT, 0, SERVICE_XMPP,
	  "(<\\?xml[^?>]*\\?>)?[\\n\\r ]*<stream:stream [^>]*xmlns='jabber:" },
};

/* dpd_rdpeudp_syn requires a datagram of about a full packet. */
#define RDPEUDP_SYN   31
#define RDPEUDP_LEAST 1132
#define RDPEUDP_MOST  1232

#define DHCP_COOKIE_AT 236

#define BIT(rule) (UINT64_C(1) << (rule))

_Static_assert(SIG_GROUPS == JOINT_MAX, "a direction's automata are walked as one");

struct signatures {
	struct dfa   *dfa[DIRECTIONS][SIG_GROUPS];
	struct joint *joint[DIRECTIONS];
	uint64_t      group[DIRECTIONS][SIG_GROUPS]; /* rules of each automaton */
	uint64_t      run[DIRECTIONS];               /* rules that can fire in a direction */
	uint64_t      no_transport;                  /* rules that apply without a header */
	uint64_t      tcp_side;                      /* rules with a condition on the TCP side */
	uint64_t      enables;                       /* rules that enable a service */
	uint64_t      free_rules;                    /* rules that require no other rule */
	uint64_t      lone_rules; /* of these, rules with no other condition that no other rule requires */
	uint64_t      dependents[SIG_RULES];
	struct slab   many;   /* struct sig_sets */
	uint64_t      forgot; /* matches lost because a matcher had no room, and directions that could not be compiled */
};

static bool
runs_in(const struct rule *r, enum direction d)
{
	if (d == UDP_ANY) /* the required rule is TCP's, so this one never fires */
		return r->transport & UDP && (!r->reverse || rules[r->reverse - 1].transport & UDP);
	return r->transport & TCP && r->side != (d == TCP_ORIG ? R : O);
}

/* Assigns a direction's rules to its automata. */
static void
divide(struct signatures *s, enum direction d)
{
	for (unsigned i = 0; i < SIG_RULES; i++)
		if (runs_in(&rules[i], d)) {
			s->group[d][rules[i].group] |= BIT(i);
			s->run[d] |= BIT(i);
		}
}

static bool
compile(struct signatures *s, enum direction d, unsigned group)
{
	struct dfa_pattern patterns[SIG_RULES];
	unsigned           n = 0;

	for (uint64_t left = s->group[d][group]; left; left &= left - 1) {
		const unsigned rule = (unsigned)__builtin_ctzll(left);
		patterns[n++] = (struct dfa_pattern){ rules[rule].pattern, BIT(rule) };
	}
	if (n > 0)
		s->dfa[d][group] = dfa_new(patterns, n, MAX_STATES);
	return n == 0 || s->dfa[d][group];
}

static void
discard(struct signatures *s, enum direction d)
{
	joint_free(s->joint[d]);
	s->joint[d] = NULL;
	for (unsigned g = 0; g < SIG_GROUPS; g++) {
		dfa_free(s->dfa[d][g]);
		s->dfa[d][g] = NULL;
	}
}

/* Compiles the rules of a direction, when its first bytes arrive. Returns false when out of memory; none of the rules
 * fires then. */
static __attribute__((noinline)) bool
compile_all(struct signatures *s, enum direction d)
{
	bool ok = s->run[d] != 0;

	for (unsigned g = 0; ok && g < SIG_GROUPS; g++)
		ok = compile(s, d, g);
	if (ok && (s->joint[d] = joint_new(s->dfa[d], MAX_JOINT)) != NULL)
		return true;
	discard(s, d);
	s->run[d] = 0;
	s->forgot++;
	return false;
}

struct signatures *
signatures_new(void)
{
	struct signatures *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	slab_init(&s->many, sizeof(struct sig_sets));
	for (unsigned i = 0; i < SIG_RULES; i++) {
		s->no_transport |= rules[i].transport == ANY ? BIT(i) : 0;
		s->tcp_side |= rules[i].side != BOTH ? BIT(i) : 0;
		s->enables |= rules[i].enable != SERVICE_NONE ? BIT(i) : 0;
		s->free_rules |= rules[i].reverse ? 0 : BIT(i);
		if (rules[i].reverse)
			s->dependents[rules[i].reverse - 1] |= BIT(i);
	}
	for (unsigned i = 0; i < SIG_RULES; i++)
		if (!rules[i].reverse && !s->dependents[i] && i + 1 != RDPEUDP_SYN)
			s->lone_rules |= BIT(i);
	for (unsigned d = 0; d < DIRECTIONS; d++)
		divide(s, d);
	return s;
}

void
signatures_free(struct signatures *s)
{
	if (!s)
		return;
	for (unsigned d = 0; d < DIRECTIONS; d++)
		discard(s, d);
	slab_free_all(&s->many);
	free(s);
}

/* ---- matches in compact form: the rule's number, with the slot and whether it has fired in the upper two bits */

#define SIG_MANY  0xff
#define SIG_SLOT  0x40
#define SIG_FIRED 0x80

_Static_assert(SIG_RULES < 0x3f, "a rule's number has six bits, and no entry is SIG_MANY");

static uint32_t
many_of(const struct sig_match *m)
{
	uint32_t handle = 0;

	if (m->few[0] == SIG_MANY)
		memcpy(&handle, m->few + 1, sizeof handle);
	return handle;
}

struct sig_sets
signatures_sets(const struct signatures *s, const struct sig_match *m)
{
	struct sig_sets sets = { { 0 }, { 0 } };

	if (m->few[0] == SIG_MANY)
		return *(struct sig_sets *)slab_at(&s->many, many_of(m));
	for (unsigned i = 0; i < SIG_FEW && m->few[i]; i++) {
		const uint64_t bit = BIT((m->few[i] & 0x3f) - 1);
		const unsigned slot = (m->few[i] & SIG_SLOT) != 0;
		sets.seen[slot] |= bit;
		sets.fired[slot] |= m->few[i] & SIG_FIRED ? bit : 0;
	}
	return sets;
}

/* Stores what has matched; rules that have fired are a subset. */
static void
keep_sets(struct signatures *s, struct sig_match *m, const struct sig_sets *sets)
{
	uint32_t many = many_of(m);
	unsigned n = 0;

	if (!many) {
		for (unsigned slot = 0; slot < 2; slot++)
			for (uint64_t left = sets->seen[slot]; left && n <= SIG_FEW; left &= left - 1, n++) {
				const unsigned rule = (unsigned)__builtin_ctzll(left);
				const bool     fired = sets->fired[slot] & BIT(rule);
				if (n < SIG_FEW)
					m->few[n] = (uint8_t)((rule + 1) | (slot ? SIG_SLOT : 0) | (fired ? SIG_FIRED : 0));
			}
		if (n <= SIG_FEW)
			return;
		many = slab_alloc(&s->many);
		if (!many) {
			s->forgot++;
			return;
		}
		m->few[0] = SIG_MANY;
		memcpy(m->few + 1, &many, sizeof many);
	}
	*(struct sig_sets *)slab_at(&s->many, many) = *sets;
}

void
signatures_forget(struct signatures *s, struct sig_match *m)
{
	const uint32_t many = many_of(m);

	if (many)
		slab_release(&s->many, many);
	memset(m->few, 0, sizeof m->few);
}

void
signatures_forget_all(struct signatures *s)
{
	slab_free_all(&s->many);
}

size_t
signatures_many(const struct signatures *s)
{
	return s->many.used;
}

/* ---- matching */

static enum direction
direction_of(bool udp, int slot)
{
	return udp ? UDP_ANY : slot ? TCP_RESP : TCP_ORIG;
}

/* Returns the rules that can fire in a slot. */
static uint64_t
live(const struct signatures *s, bool headers, enum direction d, bool is_tcp)
{
	return s->run[d] & (headers ? UINT64_MAX : s->no_transport) & (is_tcp ? UINT64_MAX : ~s->tcp_side);
}

/* Everything that firing needs to know about one chunk. */
struct firing {
	const struct signatures *s;
	struct sig_sets          sets;
	uint64_t                 live[2];
	size_t                   size; /* bytes of the datagram */
	enum service            *out;
	unsigned                 n;
};

static bool
conditions_hold(const struct firing *f, unsigned slot, unsigned rule)
{
	unsigned reverse = rules[rule].reverse;
	if (reverse && !(f->sets.fired[!slot] & BIT(reverse - 1)))
		return false;
	return rule + 1 != RDPEUDP_SYN || (f->size >= RDPEUDP_LEAST && f->size <= RDPEUDP_MOST);
}

/* Fires a rule in a slot unless it has fired in the other one, then the rules in either slot that waited for it. */
static void
fire(struct firing *f, unsigned slot, unsigned rule)
{
	if (f->sets.fired[!slot] & BIT(rule))
		return;
	f->sets.fired[slot] |= BIT(rule);
	if (rules[rule].enable != SERVICE_NONE)
		f->out[f->n++] = rules[rule].enable;
	for (uint64_t left = f->s->dependents[rule]; left; left &= left - 1) {
		unsigned dependent = (unsigned)__builtin_ctzll(left);
		for (unsigned turn = 0; turn < 2; turn++) {
			unsigned at = turn ? !slot : slot;
			if (f->sets.seen[at] & f->live[at] & ~f->sets.fired[at] & BIT(dependent) &&
			    conditions_hold(f, at, dependent))
				fire(f, at, dependent);
		}
	}
}

static bool
has_headers(const struct sig_match *m, int slot)
{
	return m->begun & 4 << slot;
}

/* Returns whether the datagram has what all rules of FAR require. */
static bool
has_cookie(struct bytes b)
{
	return b.n >= DHCP_COOKIE_AT + 4 && load_be32(b.p + DHCP_COOKIE_AT) == 0x63825363;
}

/* Fires the rule if it is the only one that matched in a slot, which is the usual case, depends on no other, and no
 * earlier match is pending. Returns false otherwise, without any change. */
static bool
fire_alone(const struct signatures *s, struct sig_match *m, int slot, uint64_t accepted, enum service out[SIG_OUT],
           unsigned *n)
{
	const unsigned rule = (unsigned)__builtin_ctzll(accepted);
	const uint8_t  entry = (uint8_t)((rule + 1) | (slot ? SIG_SLOT : 0));
	unsigned       at = 0, end;

	if (accepted & (accepted - 1) || !(accepted & s->lone_rules))
		return false;
	for (end = 0; end < SIG_FEW && m->few[end]; end++) {
		if (m->few[end] == SIG_MANY || !(m->few[end] & SIG_FIRED) || (m->few[end] & 0x3f) == rule + 1)
			return false;
		at += (m->few[end] & ~SIG_FIRED) < entry; /* the list is ordered */
	}
	if (end == SIG_FEW)
		return false;
	memmove(m->few + at + 1, m->few + at, end - at);
	m->few[at] = entry | SIG_FIRED;
	*n = rules[rule].enable != SERVICE_NONE;
	out[0] = rules[rule].enable;
	return true;
}

/* Fires what has matched in a slot in a chunk of `size` bytes. Returns the number of services that this enables. */
static __attribute__((noinline)) unsigned
fire_all(struct signatures *s, struct sig_match *m, bool udp, bool is_tcp, int slot, size_t size, uint64_t accepted,
         enum service out[SIG_OUT])
{
	struct firing f = { .s = s, .sets = signatures_sets(s, m), .size = size, .out = out };
	for (int i = 0; i < 2; i++)
		f.live[i] = live(s, has_headers(m, i), direction_of(udp, i), is_tcp);
	/* For a stream, patterns matched in earlier chunks are tried again with the new ones. */
	uint64_t tried = udp ? accepted : f.sets.seen[slot] | accepted;
	for (uint64_t left = tried; left; left &= left - 1) {
		unsigned rule = (unsigned)__builtin_ctzll(left);
		if (f.sets.fired[slot] & BIT(rule))
			continue;
		f.sets.seen[slot] |= BIT(rule);
		if (conditions_hold(&f, (unsigned)slot, rule))
			fire(&f, (unsigned)slot, rule);
	}
	keep_sets(s, m, &f.sets);
	return f.n;
}

unsigned
signatures_match(struct signatures *s, struct sig_match *m, bool udp, bool is_tcp, int slot, struct bytes b,
                 enum service out[SIG_OUT])
{
	enum direction d = direction_of(udp, slot);
	m->begun |= (uint8_t)(1 << slot);
	if (__builtin_expect(!s->joint[d], 0) && !compile_all(s, d))
		return 0;
	uint64_t accepted = udp ? joint_match(s->joint[d], has_cookie(b) ? 0 : 1 << FAR, b.p, b.n)
	                        : joint_run(s->joint[d], m->state[slot], b.p, b.n);
	accepted &= live(s, has_headers(m, slot), d, is_tcp);
	unsigned n = 0;
	if (accepted && !fire_alone(s, m, slot, accepted, out, &n))
		n = fire_all(s, m, udp, is_tcp, slot, b.n, accepted, out);
	return n;
}

/* Returns the rules whose pattern has matched in a slot, or still can. */
static uint64_t
possible(const struct signatures *s, const struct sig_match *m, const struct sig_sets *sets, bool udp, bool is_tcp,
         int slot)
{
	enum direction d = direction_of(udp, slot);
	uint64_t       alive = sets->seen[slot];
	for (unsigned g = 0; g < SIG_GROUPS; g++) /* a direction that is not compiled yet is at its start */
		alive |= s->dfa[d][g] ? dfa_alive(s->dfa[d][g], m->state[slot][g]) : s->group[d][g];
	const bool may_come = !(m->begun & 1 << slot);
	return alive & live(s, may_come || has_headers(m, slot), d, is_tcp) & ~sets->fired[slot] & ~sets->fired[!slot];
}

bool
signatures_alive(const struct signatures *s, const struct sig_match *m, bool udp, bool is_tcp)
{
	const struct sig_sets sets = signatures_sets(s, m);
	uint64_t              can[2];
	for (int i = 0; i < 2; i++)
		can[i] = possible(s, m, &sets, udp, is_tcp, i);
	if ((can[0] | can[1]) & s->free_rules & s->enables)
		return true;
	/* No required rule requires another one. */
	for (int i = 0; i < 2; i++)
		for (uint64_t left = can[i] & ~s->free_rules & s->enables; left; left &= left - 1) {
			uint64_t asked = BIT(rules[__builtin_ctzll(left)].reverse - 1);
			if ((can[!i] | sets.fired[!i]) & asked)
				return true;
		}
	return false;
}

uint64_t
signatures_lost(const struct signatures *s)
{
	uint64_t sum = s->forgot;
	for (unsigned i = 0; i < DIRECTIONS * SIG_GROUPS; i++)
		if (s->dfa[i / SIG_GROUPS][i % SIG_GROUPS])
			sum += dfa_size(s->dfa[i / SIG_GROUPS][i % SIG_GROUPS]).lost;
	return sum;
}

const char *
signature_name(unsigned rule)
{
	return rules[rule].name;
}

struct dfa *
signatures_dfa(struct signatures *s, unsigned direction, unsigned group)
{
	return s->joint[direction] || compile_all(s, direction) ? s->dfa[direction][group] : NULL;
}

struct slab *
signatures_slab(struct signatures *s)
{
	return &s->many;
}
