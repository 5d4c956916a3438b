/* notify.c - see notify.h. */
#include "sensor/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Returns a socket connected to that path, or to an abstract name after "@"; -1 if that fails. */
static int
connect_to(const char *name)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const size_t       n = strlen(name);

	if ((*name != '/' && *name != '@') || n < 2 || n >= sizeof to.sun_path)
		return -1;
	memcpy(to.sun_path, name, n + 1);
	if (*name == '@')
		to.sun_path[0] = '\0';
	const int       fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const socklen_t to_n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (*name != '@'));
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, to_n) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Returns the seconds between two keep-alives: half of the manager's timeout. */
static double
watchdog(void)
{
	const char *micros = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (micros == NULL || (pid != NULL && strtol(pid, NULL, 10) != (long)getpid()))
		return 0;
	return strtod(micros, NULL) / 1e6 / 2;
}

void
notify_open(struct notify *n)
{
	const char *name = getenv("NOTIFY_SOCKET");

	*n = (struct notify){ .fd = name != NULL ? connect_to(name) : -1 };
	if (n->fd >= 0)
		n->watchdog = watchdog();
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void
notify_say(struct notify *n, const char *lines)
{
	if (n->fd >= 0 && write(n->fd, lines, strlen(lines)) < 0)
		return; /* there is nobody to report it to */
}

void
notify_alive(struct notify *n, double now)
{
	if (!(n->watchdog > 0) || now < n->alive_at)
		return;
	notify_say(n, "WATCHDOG=1");
	n->alive_at = now + n->watchdog;
}

void
notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}
