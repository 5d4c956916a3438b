/* story_words.c - the tables of story.h: letters, states, findings. */
#include "cli/story.h"

#include <string.h>
#include <strings.h>

enum { TCP = STORY_TCP, UDP = STORY_UDP, OTHER = STORY_OTHER };

static const char once[] = "once a side";
static const char per_sequence[] = "again for each new sequence number";
static const char scaled[] = "at 1, 10, 100, ... times";

const struct story_letter story_letters[] = {
	{ 's', STORY_OPEN, TCP, "SYN", "asks to open a connection", per_sequence },
	{ 'h', STORY_OPEN, TCP, "SYN-ACK", "agrees to open it", per_sequence },
	{ 'a', STORY_TALK, TCP, "ACK", "acknowledges, without data of its own", once },
	{ 'd', STORY_TALK, TCP | UDP, "data", "sends payload", once },
	{ 'f', STORY_CLOSE, TCP, "FIN", "has nothing more to send", per_sequence },
	{ 'r', STORY_ABORT, TCP, "RST", "breaks off", per_sequence },
	{ 'c', STORY_TROUBLE, TCP | UDP, "bad checksum", "a packet whose checksum is wrong; it is left out of the analysis",
	  scaled },
	{ 'g', STORY_TROUBLE, TCP, "gap", "sent bytes that the other side received and the capture lacks", scaled },
	{ 't', STORY_TROUBLE, TCP, "retransmission", "sends data again", scaled },
	{ 'w', STORY_TROUBLE, TCP, "zero window", "can take no more data for now", scaled },
	{ 'i', STORY_TROUBLE, TCP, "FIN+RST", "a packet that contradicts itself", once },
	{ 'q', STORY_TROUBLE, TCP, "SYN+FIN or SYN+RST", "a packet with flags that exclude each other", once },
	{ '^', STORY_NOTE, TCP | UDP | OTHER, "roles turned", "Zeek's heuristic swapped originator and responder",
	  "each time" },
	{ 'x', STORY_NOTE, TCP | UDP | OTHER, "partial analysis",
	  "something inside was not analysed, e.g. a limit was exceeded", "once a connection" },
	{ 0 },
};

const struct story_letter *
story_letter_find(char letter)
{
	const char low = letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;

	for (const struct story_letter *l = story_letters; l->name != NULL; l++)
		if (l->letter == low)
			return l;
	return NULL;
}

const char *const story_group_names[STORY_GROUPS] = {
	[STORY_COMPLETE] = "complete",     [STORY_RUNNING] = "not closed",
	[STORY_UNANSWERED] = "unanswered", [STORY_BROKEN] = "refused or broken off",
	[STORY_PARTIAL] = "seen in part",
};

const struct story_state story_states[] = {
	{ "S0", "}", STORY_UNANSWERED, "no answer", "The originator asked for a connection and nothing came back.",
	  "The originator sent and nothing came back.",
	  "Usual for a host that is off or a firewall that drops; many of them from one host are a scan.", "S" },
	{ "S1", ">", STORY_RUNNING, "open", "The connection was opened and not closed while it was watched.", NULL,
	  "Usual for a connection that was still running at the end of the capture or fell silent.", "ShADad" },
	{ "SF", ">", STORY_COMPLETE, "complete", "The connection was opened and both sides closed it.", "Both sides sent.",
	  "This is what an ordinary connection looks like.", "ShADadFf" },
	{ "REJ", "[", STORY_BROKEN, "refused", "The responder answered the request to open with a reset.", NULL,
	  "Usual for a port on which nothing listens; many of them from one host are a scan.", "Sr" },
	{ "S2", "}2", STORY_RUNNING, "originator closed", "The connection was opened; only the originator closed its side.",
	  NULL, "Unusual: the responder has gone, keeps its side open, or its packets were not captured.", "ShADadF" },
	{ "S3", "}3", STORY_RUNNING, "responder closed", "The connection was opened; only the responder closed its side.",
	  NULL, "Unusual: the originator has gone, keeps its side open, or its packets were not captured.", "ShADadf" },
	{ "RSTO", ">]", STORY_BROKEN, "originator reset", "The connection was opened and the originator broke it off.",
	  NULL, "Common with web clients, which reset what they no longer need; else an application that gave up.",
	  "ShADadR" },
	{ "RSTR", ">[", STORY_BROKEN, "responder reset", "The connection was opened and the responder broke it off.", NULL,
	  "Common with servers under load and with time limits; else an application that crashed or a filter.", "ShADadr" },
	{ "RSTOS0", "}]", STORY_BROKEN, "asked, then reset",
	  "The originator asked for a connection and reset it; no SYN-ACK was seen.", NULL,
	  "Unusual: a scan, an originator that gave up, or the responder's packets were not captured.", "SR" },
	{ "RSTRH", "<[", STORY_BROKEN, "answered, then reset",
	  "The responder sent a SYN-ACK and then a reset; the SYN was not seen.", NULL,
	  "Unusual: answers to forged addresses, or the originator's packets were not captured.", "^hr" },
	{ "SH", ">h", STORY_PARTIAL, "asked, then closed",
	  "The originator asked for a connection and closed it; no SYN-ACK was seen.", NULL,
	  "Unusual: usually the responder's packets were not captured (one-way routing); else a scan.", "SADF" },
	{ "SHR", "<h", STORY_PARTIAL, "answered, then closed",
	  "The responder sent a SYN-ACK and closed; the SYN was not seen.",
	  "Only the responder sent: an answer without its question.",
	  "Unusual: usually the originator's packets were not captured (one-way routing).", "^hadf" },
	{ "OTH", "?>?", STORY_PARTIAL, "midstream",
	  "The opening was not seen: the connection ran already when the capture began.",
	  "Neither side sent anything that counts.",
	  "Usual at the beginning of a capture, and always for ICMP; else packets are missing.", "DadA" },
	{ 0 },
};

const struct story_state *
story_state_find(const char *name, size_t n)
{
	for (const struct story_state *s = story_states; s->name != NULL; s++)
		if (strlen(s->name) == n && strncasecmp(s->name, name, n) == 0)
			return s;
	return NULL;
}

enum finding {
	MISSED,
	ORIG_JUMPED,
	RESP_JUMPED,
	NO_ANSWER,
	NO_REQUEST,
	NO_SERVICE,
	LONG,
	OUTFLOW,
	TUNNELLED,
	FINDINGS
};

const char *const story_findings[] = {
	[MISSED] = "Bytes are missing from the capture: what was recognised inside may be incomplete.",
	[ORIG_JUMPED] = "More payload of the originator than bytes on the wire: do not trust orig_bytes.",
	[RESP_JUMPED] = "More payload of the responder than bytes on the wire: do not trust resp_bytes.",
	[NO_ANSWER] = "Not one packet came from the responder.",
	[NO_REQUEST] = "Not one packet came from the originator: half of the traffic is missing.",
	[NO_SERVICE] = "Data went both ways, yet no service was recognised.",
	[LONG] = "It lasted longer than a day.",
	[OUTFLOW] = "The originator sent over 10 MB, and more than ten times what it received.",
	[TUNNELLED] = "It ran inside a tunnel.",
	[FINDINGS] = NULL,
};

unsigned
story_find(enum story_proto proto, const struct story_numbers *r)
{
	const double o = r->bytes[STORY_ORIG], s = r->bytes[STORY_RESP];
	const bool   found[FINDINGS] = {
		  [MISSED] = r->missed > 0,
		  [ORIG_JUMPED] = r->ip_bytes[STORY_ORIG] >= 0 && o > r->ip_bytes[STORY_ORIG],
		  [RESP_JUMPED] = r->ip_bytes[STORY_RESP] >= 0 && s > r->ip_bytes[STORY_RESP],
		  [NO_ANSWER] = r->packets[STORY_RESP] == 0 && r->packets[STORY_ORIG] > 0,
		  [NO_REQUEST] = r->packets[STORY_ORIG] == 0 && r->packets[STORY_RESP] > 0,
		  [NO_SERVICE] = proto == STORY_TCP && !r->service && o > 0 && s > 0,
		  [LONG] = r->duration > 86400,
		  [OUTFLOW] = o > 10e6 && s >= 0 && o > 10 * s,
		  [TUNNELLED] = r->tunnelled,
	};
	unsigned bits = 0;

	for (unsigned i = 0; i < FINDINGS; i++)
		bits |= found[i] ? 1u << i : 0;
	return bits;
}
