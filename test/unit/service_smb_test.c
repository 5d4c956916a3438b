/* SMB and what it carries: which chunks cause errors, which confirm. */
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

enum { A, B, GAP_A, GAP_B }; /* who says it; of whom something is missing */

#define STEPS   12
#define T(text) text, sizeof(text) - 1

struct step {
	int         what;
	const char *text;
	size_t      n;
};

struct scenario {
	const char *name, *said;
	struct step steps[STEPS];
};

#define Z4  "\0\0\0\0"
#define Z16 Z4 Z4 Z4 Z4
/* An SMB2 header with a command, and an echo; something that is no SMB. */
#define SMB2(command) "\xfeSMB\x40\0" Z4 "\0\0" command "\0\0\0" Z16 Z16 Z16
#define ECHO          "\0\0\0\x44" SMB2("\x0d") "\4\0\0\0"
#define SHORT         "\0\0\0\x42" SMB2("\x0d") "\4\0"
#define REST          "\0\0"

/* clang-format off */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
static const struct scenario scenarios[] = {
	{ "three chunks", "+smb", { { A, T(ECHO) }, { B, T(ECHO) }, { A, T(ECHO) } } },
	{ "nothing before a header", "", { { A, T("\x81\0\0\0") }, { B, T("\x82\0\0\0") }, { A, T(ECHO) }, { B, T(ECHO) } } },
	{ "what does not fit", "-smb", { { A, T(SHORT) } } },
	/* a side that waited for its next frame loses a chunk to the gap */
	{ "a gap", "-smb -smb +smb",
	  { { A, T(ECHO) }, { B, T(ECHO) }, { GAP_A, NULL, 1 }, { A, T(ECHO) }, { B, T(ECHO) }, { A, T(ECHO) } } },
	{ "a gap within a frame", "-smb +smb",
	  { { A, ECHO, 30 }, { GAP_B, NULL, 1 }, { A, T(ECHO) }, { A, T(ECHO) }, { A, T(ECHO) } } },
	{ "a gap before all", "+smb", { { GAP_A, NULL, 1 }, { A, T(ECHO) }, { B, T(ECHO) }, { A, T(ECHO) } } },
	{ "no header, no error", "-smb",
	  { { A, T(ECHO) }, { GAP_A, NULL, 1 }, { A, T(REST REST REST REST) }, { B, T(REST REST REST REST) }, { A, T(ECHO) } } },
	/* so does the other side of one with an error; that side itself does not */
	{ "an error", "-smb -smb +smb",
	  { { A, T(ECHO) }, { B, T(SHORT) }, { B, T(ECHO) }, { A, T(ECHO) }, { A, T(ECHO) } } },
	{ "a gap, and no need of a header on the other side", "-smb +smb",
	  { { A, T(ECHO) }, { GAP_A, NULL, 1 }, { B, T(ECHO) }, { A, T(REST) }, { A, T(ECHO) } } },
};
/* clang-format on */

static void
play(const struct scenario *sc)
{
	struct talk *t = talk_begin(&recogniser_smb);

	for (const struct step *st = sc->steps; st < sc->steps + STEPS && st->n; st++)
		if (st->text)
			talk_feed(t, st->what, (struct bytes){ (const uint8_t *)st->text, st->n });
		else
			t->what->gap(t, st->what - GAP_A, st->n);
}

static void
test_scenarios(void **state)
{
	(void)state;
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
		const struct scenario *sc = &scenarios[i];
		play(sc);
		if (strcmp(said, sc->said) != 0) {
			print_error("%s: [%s], not [%s]\n", sc->name, said, sc->said);
			wrong++;
		}
		talk_end_all();
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_scenarios) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
