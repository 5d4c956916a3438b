/* The table of columns, --fields, and what the public interface shows of both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "record/public.h"
#include "record/schema.h"

#define DEFAULT_COLUMNS                                                                                                \
	"ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state "          \
	"local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents "       \
	"ip_proto"
#define ADDED_COLUMNS                                                                                                  \
	" community_id orig_l2_addr resp_l2_addr vlan inner_vlan speculative_service failed_service ip_proto_name "        \
	"pppoe_session_id"

static void
check_names(const struct field_set *set, const char *want)
{
	char   text[1024] = "";
	size_t n = 0;
	for (size_t i = 0; i < set->n; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i > 0 ? " " : "", set->at[i].name);
	assert_string_equal(text, want);
}

static void
profiles_have_zeeks_order(void **state)
{
	struct field_set set;

	(void)state;
	field_set_profile(&set, PROFILE_DEFAULT);
	check_names(&set, DEFAULT_COLUMNS);
	field_set_profile(&set, PROFILE_ALL);
	check_names(&set, DEFAULT_COLUMNS ADDED_COLUMNS);
}

static void
lists_of_fields(void **state)
{
	static const struct {
		const char *list, *want; /* NULL: refused */
	} rows[] = {
		{ "all", DEFAULT_COLUMNS ADDED_COLUMNS },
		{ "uid", "uid" },
		{ "resp_bytes,ts,uid", "resp_bytes ts uid" },
		{ "ts,ts,uid", "ts uid" },
		{ "+community_id,+vlan", DEFAULT_COLUMNS " community_id vlan" },
		{ "+ts", DEFAULT_COLUMNS },
		{ "ts,uid,+vlan", "ts uid vlan" },
		{ "ts,uid,proto,-uid", "ts proto" },
		{ "+policy/protocols/conn/vlan-logging", DEFAULT_COLUMNS " vlan inner_vlan" },
		{ "ts,+protocols/conn/mac-logging.zeek", "ts orig_l2_addr resp_l2_addr" },
		{ "ts,policy/protocols/conn/speculative-service", "ts speculative_service" },
		{ "", NULL },
		{ ",", NULL },
		{ "ts,", NULL },
		{ "+", NULL },
		{ "-all", NULL },
		{ "TS", NULL },
		{ "ts uid", NULL },
		{ "+nothing", NULL },
		{ "id.orig", NULL },
		{ "vlan-logging", NULL },
		{ "policy/protocols/conn/vlan-logging.zee", NULL },
		{ "policy/protocols/conn/vlan", NULL },
		{ "policy/", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct field_set set;
		char             err[1024] = "";
		field_set_profile(&set, PROFILE_DEFAULT);
		const char *problem = field_set_parse(&set, NULL, rows[i].list, err, sizeof err);
		if (rows[i].want == NULL) {
			if (problem == NULL)
				fail_msg("\"%s\" was taken", rows[i].list);
		} else {
			if (problem != NULL)
				fail_msg("\"%s\": %s", rows[i].list, problem);
			check_names(&set, rows[i].want);
		}
	}
}

static void
an_error_is_cut_to_fit(void **state)
{
	struct field_set set;
	char             err[16];

	(void)state;
	field_set_profile(&set, PROFILE_DEFAULT);
	assert_ptr_equal(field_set_parse(&set, NULL, "nothing", err, sizeof err), err);
	assert_int_equal(strlen(err), sizeof err - 1);
}

static void
columns_are_found_by_name(void **state)
{
	(void)state;
	size_t n = 0;
	for (const connlog_column_info *c; (c = connlog_column_at(n)) != NULL; n++) {
		assert_int_equal(connlog_column_find(c->name), n);
		assert_true(c->doc[0] != '\0');
	}
	assert_int_equal(n, schema_columns);
	assert_int_equal(connlog_column_find("nothing"), -1);
	assert_string_equal(connlog_column_at((size_t)connlog_column_find("tunnel_parents"))->type_name, "set[string]");
}

static connlog_value
get(const struct record *r, const char *name)
{
	int column = connlog_column_find(name);
	assert_true(column >= 0);
	return connlog_record_get(record_public(r), (size_t)column);
}

static void
values_are_read_by_column(void **state)
{
	static const struct text parents[] = { { "Ca", 2 }, { "Cbc", 3 } };
	const uint8_t            four[] = { 10, 1, 2, 3 };
	struct record r = { .has = HAS_ALWAYS | HAS_LASTED | HAS_LOCAL | HAS(COL_TUNNEL_PARENTS) | HAS(COL_VLAN) };

	(void)state;
	r.ts = 1.5;
	r.duration = 0.25;
	r.uid = (struct text){ "Cx", 2 };
	r.orig_h = addr_from_v4(four);
	r.resp_p = 443;
	r.resp_bytes = 1ull << 40;
	r.local_resp = true;
	r.tunnel_parents = (struct text_set){ parents, 2 };
	r.vlan = -1;

	assert_true(get(&r, "ts").number == 1.5);
	assert_true(get(&r, "duration").number == 0.25);
	assert_int_equal(get(&r, "uid").text.n, 2);
	assert_memory_equal(get(&r, "uid").text.p, "Cx", 2);
	assert_memory_equal(get(&r, "id.orig_h").address, r.orig_h.b, 16);
	assert_int_equal(get(&r, "id.resp_p").count, 443);
	assert_true(get(&r, "resp_bytes").count == 1ull << 40);
	assert_false(get(&r, "local_orig").boolean);
	assert_true(get(&r, "local_resp").boolean);
	assert_int_equal(get(&r, "vlan").integer, -1);
	connlog_value v = get(&r, "tunnel_parents");
	assert_int_equal(v.texts.n, 2);
	assert_memory_equal(v.texts.at[1].p, "Cbc", 3);

	assert_false(get(&r, "service").set);
	assert_false(get(&r, "inner_vlan").set);
	assert_int_equal(get(&r, "inner_vlan").type, CONNLOG_INT);
	assert_false(connlog_record_get(record_public(&r), schema_columns).set);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(profiles_have_zeeks_order), cmocka_unit_test(lists_of_fields),
		cmocka_unit_test(an_error_is_cut_to_fit),    cmocka_unit_test(columns_are_found_by_name),
		cmocka_unit_test(values_are_read_by_column),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
