/* public.h - the one place that says what a connlog_record of the API is: a struct record.
 *
 * connlog_record stays an incomplete type for ever; a pointer to one is a pointer to a struct record.
 */
#ifndef CONNLOG_RECORD_PUBLIC_H
#define CONNLOG_RECORD_PUBLIC_H

#include "connlog.h"
#include "record/record.h"

static inline const struct record *
record_of(const connlog_record *r)
{
	return (const struct record *)r;
}

static inline const connlog_record *
record_public(const struct record *r)
{
	return (const connlog_record *)r;
}

#endif
