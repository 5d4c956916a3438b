/* notify.h - tells the service manager how a service is: systemd's sd_notify(3), which is a datagram of lines to a socket that
 * the environment names.  Without one nothing is done. */
#ifndef CONNLOG_SENSOR_NOTIFY_H
#define CONNLOG_SENSOR_NOTIFY_H

struct notify {
	int    fd;       /* -1: nobody wants to know */
	double watchdog; /* seconds between two signs of life that are wanted; 0: none are */
	double alive_at; /* the next one, by clock_steady() */
};

/* Connects to the socket of NOTIFY_SOCKET, and takes the variable and those of the watchdog out of the environment, so that
 * programs that are run do not speak for this one. */
void notify_open(struct notify *n);
/* Sends such lines: "READY=1", "STOPPING=1", "STATUS=...".  What cannot be sent at once is not. */
void notify_say(struct notify *n, const char *lines);
/* To be called all the time, with clock_steady(), by what is to be watched. */
void notify_alive(struct notify *n, double now);
void notify_close(struct notify *n);

#endif
