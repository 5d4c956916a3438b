/* httpd.h - what the servers of a sensor share (serve.h, web.h): a listening socket, and a thread of libmicrohttpd's that answers there.
 * Without that library there is none of it. */
#ifndef CONNLOG_SENSOR_HTTPD_H
#define CONNLOG_SENSOR_HTTPD_H

#ifdef CONNLOG_MICROHTTPD
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

/* Opens a listening socket at "ADDRESS:PORT"; `loopback`, which may be NULL, becomes whether only this machine reaches it.  `send_room` is
 * how many bytes a connection may have on their way, 0 for the kernel's choice.  Returns -1 and writes a message on failure. */
int httpd_listen(const char *address, int send_room, bool *loopback, char *err, size_t err_size);

struct httpd_options {
	unsigned connections; /* at once */
	unsigned patience;    /* seconds for a silent connection */
	size_t   memory;      /* bytes of a request, and of what is being sent */
	bool     suspends;    /* uses MHD_suspend_connection() */
};

/* Begins to answer; the socket becomes the daemon's.  Returns NULL if no thread can be started. */
struct MHD_Daemon *httpd_start(int fd, const struct httpd_options *o, MHD_AccessHandlerCallback handle, void *arg);

/* Sends an answer of one line, which is static. */
enum MHD_Result httpd_answer(struct MHD_Connection *c, unsigned code, const char *text);
#endif

#endif
