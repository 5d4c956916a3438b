/* screen.c - see screen.h.  The escape codes are those of every terminal since the VT100, and xterm's for the alternate
 * screen. */
#include "cli/screen.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "sensor/clock.h"

static volatile sig_atomic_t stopped;
static struct termios        before;

static void
on_stop(int sig)
{
	(void)sig;
	stopped = 1;
}

void
screen_open(struct screen *s)
{
	const struct sigaction stop = { .sa_handler = on_stop };
	struct termios         raw;

	*s = (struct screen){ .height = 0 };
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	term_init(&s->term, stdout);
	if (isatty(STDOUT_FILENO) != 1)
		return;
	s->height = 1;
	s->keys = tcgetattr(STDIN_FILENO, &before) == 0;
	if (s->keys) {
		raw = before;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	fputs("\033[?1049h\033[?25l", stdout); /* the alternate screen, without a cursor */
}

void
screen_close(struct screen *s)
{
	if (s->height == 0)
		return;
	fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	if (s->keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

void
screen_begin(struct screen *s)
{
	struct winsize size;

	if (s->height == 0)
		return;
	term_init(&s->term, stdout); /* the size may have changed */
	s->height = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
	fputs("\033[H\033[2J", stdout);
}

bool
screen_end(struct screen *s)
{
	(void)s;
	return fflush(stdout) == 0;
}

bool
screen_wait(struct screen *s, double seconds)
{
	struct pollfd   keys = { .fd = s->keys ? STDIN_FILENO : -1, .events = POLLIN };
	struct timespec t;
	sigset_t        none, stops;
	char            key;

	/* A signal between the check and the wait would be lost. */
	sigemptyset(&none);
	sigemptyset(&stops);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGTERM);
	sigprocmask(SIG_BLOCK, &stops, &none);
	t = clock_timespec(seconds);
	const int n = stopped ? 0 : ppoll(&keys, 1, &t, &none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (n > 0 && read(STDIN_FILENO, &key, 1) == 1 && (key == 'q' || key == 'Q'))
		return false;
	if (n > 0 && keys.revents & (POLLHUP | POLLERR))
		return false;
	return !stopped;
}
