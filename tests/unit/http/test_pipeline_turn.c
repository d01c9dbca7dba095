/* Calls that wait for a turn between two halves. */
#include "pipeline_fixture.h"
#include "suites.h"

#define WORKER "Bearer worker"

START_TEST(a_call_that_needs_a_turn_stops_before_it_acts)
{
	ck_assert_int_eq(scene_begin(WORKER), TURN_PROVIDER);
	expect_reached("auth ");
	scene_resume();
	expect_status(200);
	expect_reached("auth auth handle ");
}
END_TEST

START_TEST(one_that_is_refused_anyway_waits_for_nothing)
{
	ck_assert_int_eq(scene_begin("Bearer buyer"), TURN_NONE);
	expect_status(403);
}
END_TEST

START_TEST(who_is_turned_away_is_told_when_to_come_back)
{
	ck_assert_int_eq(scene_begin(WORKER), TURN_PROVIDER);
	scene_turn_away(12);
	expect_status(503);
	expect_code("unavailable");
	expect_header("Retry-After: 12");
	expect_reached("auth ");
}
END_TEST

START_TEST(a_token_that_ended_meanwhile_does_nothing)
{
	ck_assert_int_eq(scene_begin(WORKER), TURN_PROVIDER);
	scene.rq.authorization = "Bearer ended";
	scene_resume();
	expect_status(401);
	expect_reached("auth auth ");
}
END_TEST

START_TEST(a_role_that_was_lost_meanwhile_does_nothing)
{
	ck_assert_int_eq(scene_begin(WORKER), TURN_PROVIDER);
	scene.rq.authorization = "Bearer buyer";
	scene_resume();
	expect_status(403);
	expect_reached("auth auth ");
}
END_TEST

START_TEST(it_is_as_late_as_it_is_when_the_turn_comes)
{
	ck_assert_int_eq(scene_begin(WORKER), TURN_PROVIDER);
	int64_t began = scene.rq.now;
	scene.rq.now -= 1000;
	scene_resume();
	ck_assert_int_ge(scene.rq.now, began);
}
END_TEST

START_TEST(without_bulkheads_both_halves_follow_each_other)
{
	scene.rq.authorization = WORKER;
	scene_send("PUT", "/api/scarce");
	expect_status(200);
}
END_TEST

Suite *suite_pipeline_turn(void)
{
	Suite *suite = suite_create("pipeline_turn");
	TCase *turns = tcase_create("turns");

	tcase_add_checked_fixture(turns, scene_setup, scene_teardown);
	tcase_add_test(turns, a_call_that_needs_a_turn_stops_before_it_acts);
	tcase_add_test(turns, one_that_is_refused_anyway_waits_for_nothing);
	tcase_add_test(turns, who_is_turned_away_is_told_when_to_come_back);
	tcase_add_test(turns, a_token_that_ended_meanwhile_does_nothing);
	tcase_add_test(turns, a_role_that_was_lost_meanwhile_does_nothing);
	tcase_add_test(turns, it_is_as_late_as_it_is_when_the_turn_comes);
	tcase_add_test(turns, without_bulkheads_both_halves_follow_each_other);
	suite_add_tcase(suite, turns);
	return suite;
}
