/* SMB and what it carries: which chunks cause errors, and which confirm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "talk_help.h"

extern const struct recogniser recogniser_dce_rpc, recogniser_gssapi, recogniser_krb, recogniser_ntlm, recogniser_smb;

static const struct recogniser *
recogniser_of(enum service s)
{
	return s == SERVICE_DCE_RPC  ? &recogniser_dce_rpc
	       : s == SERVICE_GSSAPI ? &recogniser_gssapi
	       : s == SERVICE_KRB    ? &recogniser_krb
	                             : &recogniser_ntlm;
}

#define Z4  "\0\0\0\0"
#define Z16 Z4 Z4 Z4 Z4
/* An SMB2 header with a command, and an echo; something that is no SMB. */
#define SMB2(command) "\xfeSMB\x40\0" Z4 "\0\0" command "\0\0\0" Z16 Z16 Z16
#define ECHO          "\0\0\0\x44" SMB2("\x0d") "\4\0\0\0"
#define SHORT         "\0\0\0\x42" SMB2("\x0d") "\4\0"
#define REST          "\0\0"

/* With a tree: a file of it is read, it turns out to be of pipes, an answer that is DCE-RPC. */
#define SMB2_OF(id, tree, command) "\xfeSMB\x40\0" Z4 "\0\0" command "\0\0\0" Z4 Z4 id Z4 Z4 tree Z16 Z4 Z4
#define READ                       "\0\0\0\x70" SMB2_OF(Z4, "\7\0\0\0", "\x08") Z16 Z16 Z16
#define IS_PIPE                    "\0\0\0\x50" SMB2_OF("\1\0\0\0", "\7\0\0\0", "\x03") "\x10\0\2\0" Z4 Z4 Z4
#define NAK                        "\5\0\x0d\3\x10\0\0\0\x10\0\0\0\1\0\0\0"
#define ANSWER                     "\0\0\0\x60" SMB2_OF(Z4, Z4, "\x08") "\x11\0\x50\0\x10\0\0\0" Z4 Z4 NAK
/* SMB1: a tree connected, with or without the name of a file system, which is not there. */
#define TREE(bytes)                                                                                                    \
	"\0\0\0\x2b\xffSMB\x75" Z16 Z4 Z4 "\0\0\0"                                                                         \
	"\0\xff\0\0\0" bytes "IPC\0"

/* clang-format off */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define SMB &recogniser_smb
static const struct dialogue dialogues[] = {
	{ "three chunks", SMB, "+smb", { { A, T(ECHO) }, { B, T(ECHO) }, { A, T(ECHO) } } },
	{ "nothing before a header", SMB, "", { { A, T("\x81\0\0\0") }, { B, T("\x82\0\0\0") }, { A, T(ECHO) }, { B, T(ECHO) } } },
	{ "what does not fit", SMB, "-smb", { { A, T(SHORT) } } },
	/* a side that waited for its next frame loses a chunk to the gap */
	{ "a gap", SMB, "-smb -smb +smb",
	  { { A, T(ECHO) }, { B, T(ECHO) }, { GAP_A, NULL, 1 }, { A, T(ECHO) }, { B, T(ECHO) }, { A, T(ECHO) } } },
	{ "a gap within a frame", SMB, "-smb +smb",
	  { { A, ECHO, 30 }, { GAP_B, NULL, 1 }, { A, T(ECHO) }, { A, T(ECHO) }, { A, T(ECHO) } } },
	{ "a gap before all", SMB, "+smb", { { GAP_A, NULL, 1 }, { A, T(ECHO) }, { B, T(ECHO) }, { A, T(ECHO) } } },
	{ "no header, no error", SMB, "-smb",
	  { { A, T(ECHO) }, { GAP_A, NULL, 1 }, { A, T(REST REST REST REST) }, { B, T(REST REST REST REST) }, { A, T(ECHO) } } },
	/* so does the other side of one with an error; that side itself does not */
	{ "an error", SMB, "-smb -smb +smb",
	  { { A, T(ECHO) }, { B, T(SHORT) }, { B, T(ECHO) }, { A, T(ECHO) }, { A, T(ECHO) } } },
	{ "a gap, and no need of a header on the other side", SMB, "-smb +smb",
	  { { A, T(ECHO) }, { GAP_A, NULL, 1 }, { B, T(ECHO) }, { A, T(REST) }, { A, T(ECHO) } } },
	{ "what was read of a tree before it was one of pipes", SMB, "+dce_rpc +smb", { { A, T(READ) }, { B, T(IS_PIPE) }, { B, T(ANSWER) } } },
	{ "a name that need not be there", SMB, "", { { A, T(ECHO) }, { B, T(TREE("\4\0")) } } },
	{ "a name that should be there", SMB, "-smb", { { A, T(ECHO) }, { B, T(TREE("\5\0")) } } },
};
/* clang-format on */

static void
test_dialogues(void **state)
{
	(void)state;
	dialogues_are(dialogues, sizeof dialogues / sizeof *dialogues);
}

/* A frame of two messages, of which the second is after 100,000 bytes and does not fit, and another one that does
 * not. */
static void
long_frame_is(uint64_t memory, const char *what)
{
	enum { HEAD = 4 + 64 + 8, DATA = 100000, TAIL = 64 + 2, TOTAL = HEAD + DATA + TAIL, PIECE = 1460 };
	static const uint8_t head[] = "\0\0\0\0" SMB2("\x0e") "\x09\0\x48\0\0\0\0\0", tail[] = SMB2("\x0d") "\4\0";
	static uint8_t       p[TOTAL];
	const uint64_t       most = held.most;
	struct talk         *t = talk_begin(&recogniser_smb);

	held.most = memory;
	memcpy(p, head, HEAD);
	for (unsigned i = 0; i < 3; i++) {
		p[1 + i] = (uint8_t)((TOTAL - 4) >> (16 - 8 * i));      /* the frame's length */
		p[24 + i] = (uint8_t)((HEAD - 4 + DATA) >> 8 * i);      /* where the next message is */
		p[4 + 64 + 4 + i] = (uint8_t)((uint32_t)DATA >> 8 * i); /* the first one's data */
	}
	memcpy(p + HEAD + DATA, tail, TAIL);
	talk_feed(t, A, (struct bytes){ (const uint8_t *)ECHO, sizeof ECHO - 1 });
	for (size_t i = 0; i < TOTAL; i += PIECE)
		talk_feed(t, B, (struct bytes){ p + i, TOTAL - i < PIECE ? TOTAL - i : PIECE });
	talk_feed(t, B, (struct bytes){ (const uint8_t *)SHORT, sizeof SHORT - 1 });
	assert_string_equal(said, what);
	talk_end_all();
	held.most = most;
}

static void
test_long_frame(void **state)
{
	(void)state;
	long_frame_is(1 << 20, "+smb -smb -smb");
	long_frame_is(0, "+smb -smb"); /* counted, so the next frame is found */
	assert_int_equal(held.used, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_dialogues), cmocka_unit_test(test_long_frame) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
