#include "base/random.h"
#include "suites.h"

#include <string.h>

START_TEST(no_two_draws_are_the_same)
{
	unsigned char first[32] = { 0 }, second[32] = { 0 }, zero[32] = { 0 };

	random_bytes(first, sizeof(first));
	random_bytes(second, sizeof(second));
	ck_assert_mem_ne(first, zero, sizeof(first));
	ck_assert_mem_ne(first, second, sizeof(first));
}
END_TEST

START_TEST(more_than_the_kernel_gives_at_once_is_filled_to_the_end)
{
	static unsigned char bytes[1000000];
	unsigned char zero[32] = { 0 };

	random_bytes(bytes, sizeof(bytes));
	ck_assert_mem_ne(bytes + sizeof(bytes) - sizeof(zero), zero, sizeof(zero));
}
END_TEST

START_TEST(numbers_below_a_bound_cover_it_evenly)
{
	unsigned drawn[6] = { 0 };

	for (int i = 0; i < 60000; i++) {
		uint32_t number = random_below(6);
		ck_assert_uint_lt(number, 6);
		drawn[number]++;
	}
	/* 10,000 each, with a standard deviation of 91: 9 of them to each side. */
	for (int i = 0; i < 6; i++)
		ck_assert(drawn[i] > 9200 && drawn[i] < 10800);
}
END_TEST

START_TEST(the_smallest_and_the_largest_bound_work)
{
	ck_assert_uint_eq(random_below(1), 0);
	ck_assert_uint_lt(random_below(UINT32_MAX), UINT32_MAX);
	ck_assert_uint_lt(random_below(UINT32_C(0x80000001)), UINT32_C(0x80000001));
}
END_TEST

Suite *suite_random(void)
{
	Suite *suite = suite_create("random");
	TCase *random = tcase_create("random");

	tcase_add_test(random, no_two_draws_are_the_same);
	tcase_add_test(random, more_than_the_kernel_gives_at_once_is_filled_to_the_end);
	tcase_add_test(random, numbers_below_a_bound_cover_it_evenly);
	tcase_add_test(random, the_smallest_and_the_largest_bound_work);
	suite_add_tcase(suite, random);
	return suite;
}
