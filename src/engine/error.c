/* error.c - the errors of connlog.h as messages, for functions without a message of their own. */
#include "connlog.h"

const char *
connlog_error_text(int error)
{
	switch (error) {
	case CONNLOG_OK:
		return "no error";
	case CONNLOG_END:
		return "the input has ended";
	case CONNLOG_NO_MEMORY:
		return "out of memory";
	case CONNLOG_BAD_OPTION:
		return "no such thing, or a value that it cannot take";
	case CONNLOG_BAD_INPUT:
		return "the input is damaged or cut short";
	case CONNLOG_IO:
		return "reading or writing failed";
	case CONNLOG_CLOSED:
		return "the reader of the output has gone";
	default:
		return "a callback has stopped the engine";
	}
}
