#include "auth/role.h"
#include "suites.h"

START_TEST(each_role_has_a_name_that_leads_back_to_it)
{
	const enum role roles[] = { ROLE_WORKER, ROLE_BUYER, ROLE_ADMIN };

	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(role_of(role_name(roles[i])), roles[i]);
	ck_assert_str_eq(role_name(ROLE_WORKER), "worker");
	ck_assert_str_eq(role_name(ROLE_BUYER), "buyer");
	ck_assert_str_eq(role_name(ROLE_ADMIN), "admin");
}
END_TEST

START_TEST(none_and_several_roles_have_no_name)
{
	ck_assert_ptr_null(role_name(ROLE_NONE));
	ck_assert_ptr_null(role_name((enum role)(ROLE_WORKER | ROLE_ADMIN)));
}
END_TEST

START_TEST(an_unknown_name_is_no_role)
{
	ck_assert_int_eq(role_of(NULL), ROLE_NONE);
	ck_assert_int_eq(role_of(""), ROLE_NONE);
	ck_assert_int_eq(role_of("Admin"), ROLE_NONE);
	ck_assert_int_eq(role_of("admins"), ROLE_NONE);
}
END_TEST

Suite *suite_role(void)
{
	Suite *suite = suite_create("role");
	TCase *roles = tcase_create("roles");

	tcase_add_test(roles, each_role_has_a_name_that_leads_back_to_it);
	tcase_add_test(roles, none_and_several_roles_have_no_name);
	tcase_add_test(roles, an_unknown_name_is_no_role);
	suite_add_tcase(suite, roles);
	return suite;
}
