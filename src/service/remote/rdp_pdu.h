/* rdp_pdu.h - the TPKT packets of RDP's connection sequence, each with the form that Zeek requires (rdp-protocol.pac). */
#ifndef CONNLOG_SERVICE_RDP_PDU_H
#define CONNLOG_SERVICE_RDP_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What packets have stated, even one that turns out to be malformed. */
struct rdp_said {
	bool     rdp;       /* certain: confirmed */
	bool     encrypted; /* what follows is encrypted */
	uint32_t method;    /* 0: RDP's own, otherwise TLS */
};

/* Parses [p, p+n): a complete packet, including its header of 4 bytes. Returns false if it does not have the required
 * form. */
bool rdp_packet(struct rdp_said *said, const uint8_t *p, size_t n);

#endif
