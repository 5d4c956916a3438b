/* dns_rr.h - the names and resource records of a DNS message, as far as Zeek parses them (RFC 1035, 2136, 6891, 9460 ...).
 *
 * Only lengths matter here, to find what follows exactly as Zeek does (analyzer/protocol/dns/DNS.cc), even where Zeek is wrong:
 * most types are not bounded by their rdlength, and an incomplete field reads as 0 and takes no bytes.
 */
#ifndef CONNLOG_SERVICE_DNS_RR_H
#define CONNLOG_SERVICE_DNS_RR_H

#include "base/bytes.h"

enum dns_section { DNS_ANSWERS, DNS_PREREQUISITES, DNS_UPDATES }; /* the last two: of a dynamic update */

enum dns_answer { DNS_OK, DNS_FAILED, DNS_VIOLATED }; /* DNS_VIOLATED is also a failure */

struct dns_head {
	uint16_t type, class;
};

struct dns_context {
	bool             netbios; /* the responder's port is 137: long labels, and SRV means NBSTAT */
	enum dns_section section;
	uint16_t         zone_class; /* of a dynamic update */
};

/* Parses a name, a type and a class: a question, a zone, the start of a record. Returns false if there are less than 4
 * bytes for the type and the class. */
bool dns_take_head(struct bytes *in, bool netbios, struct dns_head *out);
/* Parses a resource record. */
enum dns_answer dns_take_record(struct bytes *in, const struct dns_context *c);

#endif
