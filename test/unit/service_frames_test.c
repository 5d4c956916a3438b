/* Recognisers of streams of frames, on their own: what makes SSH, MySQL, DCE-RPC and Kerberos fail, and what does
 * not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "service/gather.h"
#include "talk_help.h"

extern const struct recogniser recogniser_dce_rpc, recogniser_krb, recogniser_mysql, recogniser_ssh;

static const struct recogniser *
recogniser_of(enum service s)
{
	(void)s;
	return NULL;
}

#define Z4  "\0\0\0\0"
#define Z16 Z4 Z4 Z4 Z4

#define SSH_LINE "SSH-2.0-a\r\n"
#define DH                                                                                                             \
	"\0\0\0\x1a"                                                                                                       \
	"diffie-hellman-group1-sha1"
#define KEXINIT "\0\0\0\x5d\4\x14" Z16 DH Z16 Z16 Z4 "\0" Z4 Z4
#define NEWKEYS "\0\0\0\x0c\x0a\x15" Z4 Z4 "\0\0"
#define NO_ROOM "\0\0\0\1\0" /* for the message's type */

/* An ECDH message of which the padding would be longer than the packet, and the string is too long for Zeek. */
#define CURVE                                                                                                          \
	"\0\0\0\x11"                                                                                                       \
	"curve25519-sha256"
#define KEXINIT2 "\0\0\0\x54\4\x14" Z16 CURVE Z16 Z16 Z4 "\0" Z4 Z4
#define LONG     "\0\0\0\7\6\x1e\xff\0\0\x20\x23"

#define MYSQL_SERVER                                                                                                   \
	"\x4a\0\0\0\x0a"                                                                                                   \
	"5.7.0\0"                                                                                                          \
	"\1\0\0\0"                                                                                                         \
	"saltsalt\0"                                                                                                       \
	"\xff\xf7\x08\2\0\xff\x81\x15" Z4 Z4 "\0\0"                                                                        \
	"abcdefghijkl\0"                                                                                                   \
	"mysql_native_password\0"
/* Attributes of the connection, of which the first has a negative length. */
#define MYSQL_CLIENT                                                                                                   \
	"\x2d\0\0\1\0\2\x10\0" Z4 "\0" Z16 Z4 "\0\0\0"                                                                     \
	"a\0"                                                                                                              \
	"\0"                                                                                                               \
	"\x09\xfe\0\0\0\x80\0\0\0\0"

/* A request with an argument of a length in eight bytes, of which the upper four do not count. */
#define AS_REQ(length) "\x6a\0\x30\0\xa1\3\2\1\5\xa2\3\2\1\x0a\xa4\0\x30\0\xaf\x88\0\0\0\1\0\0\0" length "xx"

/* A part of a request of DCE-RPC: first, last. */
#define PART(flags, length) "\5\0\0" flags "\x10\0\0\0" length "\0\0\0\1\0\0\0"

/* clang-format off */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
static const struct dialogue dialogues[] = {
	{ "the method is found when one side is encrypted", &recogniser_ssh, "+ssh -ssh",
	  { { A, T(SSH_LINE) }, { B, T(SSH_LINE) }, { A, T(KEXINIT) }, { A, T(NEWKEYS) }, { A, T("secret") }, { B, T(KEXINIT) }, { A, T("x" NO_ROOM) } } },
	{ "a message before its padding", &recogniser_ssh, "X -ssh",
	  { { A, T(SSH_LINE) }, { B, T(SSH_LINE) }, { A, T(KEXINIT2) }, { B, T(KEXINIT2) }, { A, T(LONG) } } },
	{ "a negative length", &recogniser_mysql, "-mysql", { { B, T(MYSQL_SERVER) }, { A, T(MYSQL_CLIENT) } } },
	{ "a length is an int", &recogniser_krb, "+krb", { { A, T(AS_REQ("\2")) } } },
	{ "a length that is too long", &recogniser_krb, "-krb", { { A, T(AS_REQ("\3")) } } },
	{ "a body is its last fragment", &recogniser_dce_rpc, "+dce_rpc -dce_rpc", { { A, T(PART("\1", "\x18") Z4 Z4) }, { A, T(PART("\2", "\x14") Z4) } } },
	{ "a body that is long enough", &recogniser_dce_rpc, "+dce_rpc", { { A, T(PART("\1", "\x14") Z4) }, { A, T(PART("\2", "\x18") Z4 Z4) } } },
};
/* clang-format on */

static void
test_dialogues(void **state)
{
	(void)state;
	dialogues_are(dialogues, sizeof dialogues / sizeof *dialogues);
}

/* A message of 70,000 bytes arrives in pieces and is still parsed: too many methods add an X. */
static void
test_long_message(void **state)
{
	enum { NAMES = 70000, WHOLE = 4 + 2 + 16 + 4 + NAMES + 36 + 1 + 4 + 4, PIECE = 1000 };
	static uint8_t p[WHOLE] = { 0, (WHOLE - 4) >> 16, ((WHOLE - 4) >> 8) & 255, (WHOLE - 4) & 255, 4, 0x14 };
	struct talk   *t = talk_begin(&recogniser_ssh);

	(void)state;
	p[23] = NAMES >> 16;
	p[24] = (NAMES >> 8) & 255;
	p[25] = NAMES & 255;
	for (size_t i = 0; i < NAMES; i++)
		p[26 + i] = i & 1 ? ',' : 'a';
	for (int side = A; side <= B; side++)
		talk_feed(t, side, (struct bytes){ (const uint8_t *)SSH_LINE, sizeof SSH_LINE - 1 });
	for (size_t i = 0; i < WHOLE; i += PIECE) {
		assert_string_equal(said, "");
		talk_feed(t, A, (struct bytes){ p + i, WHOLE - i < PIECE ? WHOLE - i : PIECE });
	}
	assert_string_equal(said, "X");
	talk_end_all();
	assert_int_equal(held.used, 0);
}

static void
test_flow_buffer(void **state)
{
	uint32_t room = 0;

	(void)state;
	assert_true(flow_buffer_fits(&room, 1));
	assert_int_equal(room, 512);
	assert_true(flow_buffer_fits(&room, 8u << 20));
	assert_int_equal(room, 8u << 20);
	assert_false(flow_buffer_fits(&room, (8u << 20) + 1)); /* twice as much would be too much */
	flow_buffer_next(&room);
	assert_int_equal(room, 512);
	assert_true(flow_buffer_fits(&room, 10u << 20));
	assert_false(flow_buffer_fits(&room, (10u << 20) + 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_dialogues), cmocka_unit_test(test_long_message),
		                                cmocka_unit_test(test_flow_buffer) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
