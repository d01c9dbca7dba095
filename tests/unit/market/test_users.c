/* New users, as steps. */
#include "market/users.h"
#include "rule.h"
#include "suites.h"

static const struct {
	const char *role;
	long long bonus;
} newcomers[] = { { "worker", 10 }, { "buyer", 50 } };

START_TEST(a_newcomer_begins_with_the_bonus_of_the_role)
{
	const struct register_input input = { .name = "Ada",
					      .email = "Ada@Example.com",
					      .role = newcomers[_i].role };

	user_add(&rule.call, &input, rule_doc("{\"password\": \"x\"}"), ERR_EMAIL_TAKEN, &rule.txn);
	ck_assert_uint_eq(rule.txn.count, 2);
	const bson_t *user = rule_insert(0, USERS, ERR_EMAIL_TAKEN);
	ck_assert_int_eq(doc_whole(user, "coins", -1), newcomers[_i].bonus);
	ck_assert_int_eq(doc_whole(user, "pending_coins", -1), 0);
	ck_assert_str_eq(doc_text(user, "email_key"), "ada@example.com");
	ck_assert_str_eq(doc_text(user, "password"), "x");

	struct id id = doc_own_id(user);
	const char *hex = id_text(rule.arena, &id);
	rule_row(1, arena_printf(rule.arena, "bonus:%s", hex),
		 arena_printf(rule.arena,
			      "\"from\": \"grants\", \"to\": \"user:%s\", \"coins\": %lld, "
			      "\"kind\": \"bonus\", \"user\": {\"$oid\": \"%s\"}",
			      hex, newcomers[_i].bonus, hex),
		 ERR_INTERNAL);
}
END_TEST

START_TEST(an_admin_is_made_without_coins)
{
	const struct register_input input = { .name = "Eve",
					      .email = "e@example.com",
					      .role = "admin" };

	user_create_admin(&rule.call, &input, "hash", &rule.txn);
	ck_assert_uint_eq(rule.txn.count, 1);
	ck_assert_int_eq(doc_whole(rule_insert(0, USERS, ERR_EMAIL_TAKEN), "coins", -1), 0);
}
END_TEST

Suite *suite_users(void)
{
	Suite *suite = suite_create("users");
	TCase *tests = tcase_create("new");

	tcase_add_checked_fixture(tests, rule_setup, rule_teardown);
	tcase_add_loop_test(tests, a_newcomer_begins_with_the_bonus_of_the_role, 0,
			    sizeof newcomers / sizeof *newcomers);
	tcase_add_test(tests, an_admin_is_made_without_coins);
	suite_add_tcase(suite, tests);
	return suite;
}
