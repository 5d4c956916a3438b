/* notify.h - reports the state of a service to the service manager: systemd's sd_notify(3), a datagram of lines to a socket named by
 * the environment.  Does nothing without one. */
#ifndef CONNLOG_SENSOR_NOTIFY_H
#define CONNLOG_SENSOR_NOTIFY_H

struct notify {
	int    fd;       /* -1: no manager */
	double watchdog; /* seconds between keep-alives; 0: none are expected */
	double alive_at; /* the next one, by clock_steady() */
};

/* Connects to the socket in NOTIFY_SOCKET, and removes that variable and the watchdog's from the environment, so that child
 * programs do not report for this one. */
void notify_open(struct notify *n);
/* Sends such lines: "READY=1", "STOPPING=1", "STATUS=...".  Drops what cannot be sent immediately. */
void notify_say(struct notify *n, const char *lines);
/* To be called regularly, with clock_steady(), by the watched loop. */
void notify_alive(struct notify *n, double now);
void notify_close(struct notify *n);

#endif
