/* ssh_kex.h - the messages of SSH's key exchange, each with the form that Zeek requires (ssh-protocol.pac). */
#ifndef CONNLOG_SERVICE_SSH_KEX_H
#define CONNLOG_SERVICE_SSH_KEX_H

#include "service/gather.h"
#include "service/reader.h"

/* The kind of packets that follow in one direction. */
enum ssh_state { SSH_VERSION, SSH_KEXINIT, SSH_GEX, SSH_DH, SSH_ECC, SSH_GSS, SSH_RSA, SSH_ENCRYPTED };

/* The methods offered by the side that spoke first. */
struct ssh_choice {
	bool          seen;
	uint8_t       side;
	struct gather names;
};

/* Parses a KEXINIT of `side`. `*method`: set to the negotiated method if it is settled and known. `*x`: set if a length
 * or a list exceeds Zeek's limit. Returns false if it does not have the required form. */
bool ssh_kexinit(struct ssh_choice *c, int side, struct bytes payload, enum ssh_state *method, bool *x);
/* Parses a message of a method. `p` is payload and padding, `pad` bytes of which are padding. */
bool ssh_kex_message(enum ssh_state state, uint8_t type, struct bytes p, uint8_t pad, bool *x);
/* Version 1. */
bool ssh1_public_key(struct reader *r);
bool ssh1_session_key(struct reader *r);

#endif
