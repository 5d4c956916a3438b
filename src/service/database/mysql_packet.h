/* mysql_packet.h - MySQL's packets by phase, each with the form that Zeek requires (mysql-protocol.pac). */
#ifndef CONNLOG_SERVICE_MYSQL_PACKET_H
#define CONNLOG_SERVICE_MYSQL_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kind of the server's next packet in the command phase. */
enum mysql_expect {
	MYSQL_STATUS, /* OK, an error or an end; 0, so that zeroed state is correct */
	MYSQL_NOTHING,
	MYSQL_REST,
	MYSQL_COLUMN_COUNT,
	MYSQL_COLUMN,
	MYSQL_COLUMN_OR_EOF,
	MYSQL_EOF_THEN_ROWS,
	MYSQL_ROWS,
};

/* Starts zeroed. */
struct mysql_phases {
	uint8_t           version;  /* of the server's handshake */
	uint8_t           last_seq; /* of the server's packets */
	bool              commands; /* the command phase, otherwise the connection phase */
	bool              auth;     /* connection phase: the client's next packet is authentication data */
	bool              server_attrs, client_attrs, no_eof;
	enum mysql_expect expect;
	uint32_t          columns, columns_left;
	uint32_t          caps; /* the client's */
};

enum mysql_answer { MYSQL_BAD, MYSQL_FINE, MYSQL_LOGIN, MYSQL_WANTS_TLS };

/* [p, p+n): a complete packet with its header of 4 bytes.  Returns false if it does not have the required form. */
bool              mysql_server_packet(struct mysql_phases *s, const uint8_t *p, size_t n);
enum mysql_answer mysql_client_packet(struct mysql_phases *s, const uint8_t *p, size_t n);

#endif
