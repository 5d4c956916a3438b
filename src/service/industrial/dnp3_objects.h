/* dnp3_objects.h - the application layer of DNP3: headers of objects, and objects. */
#ifndef CONNLOG_SERVICE_DNP3_OBJECTS_H
#define CONNLOG_SERVICE_DNP3_OBJECTS_H

#include "base/bytes.h"

/* Returns whether a fragment contains everything it announces. */
bool dnp3_request_fits(struct bytes fragment);
bool dnp3_response_fits(struct bytes fragment);

#endif
