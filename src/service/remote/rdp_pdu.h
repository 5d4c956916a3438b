/* rdp_pdu.h - the TPKT packets of RDP's connection sequence, each with the form that Zeek demands (rdp-protocol.pac). */
#ifndef CONNLOG_SERVICE_RDP_PDU_H
#define CONNLOG_SERVICE_RDP_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What packets have said, also one that then turns out to be broken. */
struct rdp_said {
	bool     rdp;       /* for sure: confirmed */
	bool     encrypted; /* what follows is */
	uint32_t method;    /* 0: RDP's own, else TLS */
};

/* [p, p+n): a complete packet, its header of 4 bytes included.  Returns false: it does not have the form. */
bool rdp_packet(struct rdp_said *said, const uint8_t *p, size_t n);

#endif
