/* outfit.h - what a run on an interface has opened before anything of it is confined. */
#ifndef CONNLOG_CLI_OUTFIT_H
#define CONNLOG_CLI_OUTFIT_H

#include "sensor/notify.h"

struct outfit {
	struct notify notify; /* the service manager */
};

#endif
