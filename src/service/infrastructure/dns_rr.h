/* dns_rr.h - the names and resource records of a DNS message, as far as Zeek takes them (RFC 1035, 2136, 6891, 9460 ...).
 *
 * Nothing but the lengths matters here: what follows is found as Zeek finds it (analyzer/protocol/dns/DNS.cc), also where it
 * is wrong: most types are not bounded by their rdlength, and a field that is not all there reads as 0 and takes nothing.
 */
#ifndef CONNLOG_SERVICE_DNS_RR_H
#define CONNLOG_SERVICE_DNS_RR_H

#include "base/bytes.h"

enum dns_section { DNS_ANSWERS, DNS_PREREQUISITES, DNS_UPDATES }; /* the latter two: of a dynamic update */

enum dns_answer { DNS_OK, DNS_FAILED, DNS_VIOLATED }; /* DNS_VIOLATED has failed, too */

struct dns_head {
	uint16_t type, class;
};

struct dns_context {
	bool             netbios; /* the responder's port is 137: long labels, and SRV means NBSTAT */
	enum dns_section section;
	uint16_t         zone_class; /* of a dynamic update */
};

/* Takes a name, a type and a class: a question, a zone, the start of a record.  Returns false if there are no 4 bytes for
 * the latter two. */
bool dns_take_head(struct bytes *in, bool netbios, struct dns_head *out);
/* Takes a resource record. */
enum dns_answer dns_take_record(struct bytes *in, const struct dns_context *c);

#endif
