/* Whose key is taken, when many are claimed with one command. */
#include "store/claim_insert.h"
#include "suites.h"

#include "store/doc.h"

enum { COUNT = 3, TAKEN = 11000, DISK_FULL = 14031, NOT_CONFIRMED = 64 };

static struct arena *arena;
static struct claim_insert inserts[COUNT], *members[COUNT];

static void setup(void)
{
	arena = arena_new();
	for (size_t i = 0; i < COUNT; i++) {
		inserts[i] = (struct claim_insert){ .err = ERR_INTERNAL };
		members[i] = &inserts[i];
	}
}

static void teardown(void)
{
	arena_free(arena);
}

static void expect(size_t which, enum err err, bool ours)
{
	ck_assert_int_eq(inserts[which].err, err);
	ck_assert_int_eq(inserts[which].ours, ours);
}

START_TEST(without_errors_all_are_ours)
{
	claim_inserts_judge(DOC(arena, INT("ok", 1), INT("n", COUNT)), members, COUNT);
	for (size_t i = 0; i < COUNT; i++)
		expect(i, OK, true);
}
END_TEST

START_TEST(a_taken_key_is_its_own_members_affair)
{
	claim_inserts_judge(DOC(arena, INT("n", 1),
				LIST("writeErrors", ITEM(INT("index", 0), INT("code", TAKEN)),
				     ITEM(INT("index", 2), INT("code", TAKEN)))),
			    members, COUNT);
	expect(0, OK, false);
	expect(1, OK, true);
	expect(2, OK, false);
}
END_TEST

START_TEST(another_refusal_is_an_error_of_its_member_alone)
{
	claim_inserts_judge(DOC(arena, INT("n", 1),
				LIST("writeErrors", ITEM(INT("index", 1), INT("code", TAKEN)),
				     ITEM(INT("index", 2), INT("code", DISK_FULL)))),
			    members, COUNT);
	expect(0, OK, true);
	expect(1, OK, false);
	expect(2, ERR_INTERNAL, false);
}
END_TEST

START_TEST(what_is_not_confirmed_is_nobodys_while_a_taken_key_is_taken)
{
	claim_inserts_judge(DOC(arena, INT("n", 2),
				LIST("writeErrors", ITEM(INT("index", 1), INT("code", TAKEN))),
				SUB("writeConcernError", INT("code", NOT_CONFIRMED),
				    TEXT("errmsg", "timeout"))),
			    members, COUNT);
	expect(0, ERR_UNAVAILABLE, false);
	expect(1, OK, false);
	expect(2, ERR_UNAVAILABLE, false);
}
END_TEST

Suite *suite_claim_insert(void)
{
	Suite *suite = suite_create("claim_insert");
	TCase *tc = tcase_create("replies");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, without_errors_all_are_ours);
	tcase_add_test(tc, a_taken_key_is_its_own_members_affair);
	tcase_add_test(tc, another_refusal_is_an_error_of_its_member_alone);
	tcase_add_test(tc, what_is_not_confirmed_is_nobodys_while_a_taken_key_is_taken);
	suite_add_tcase(suite, tc);
	return suite;
}
