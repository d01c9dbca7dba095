#include "base/buffer.h"
#include "suites.h"

#include <string.h>

START_TEST(everything_put_stands_in_order_with_a_nul_behind)
{
	struct buffer buffer = { 0 };

	buffer_put(&buffer, "abc", 2);
	buffer_byte(&buffer, '-');
	buffer_text(&buffer, "text");
	buffer_printf(&buffer, "<%s %d>", "f", 5);
	buffer_int(&buffer, 42);
	ck_assert_str_eq(buffer.bytes, "ab-text<f 5>42");
	ck_assert_uint_eq(buffer.length, strlen(buffer.bytes));
	buffer_free(&buffer);
}
END_TEST

START_TEST(nothing_put_is_an_empty_text)
{
	struct buffer buffer = { 0 };

	ck_assert_ptr_null(buffer.bytes);
	buffer_put(&buffer, NULL, 0);
	ck_assert_str_eq(buffer.bytes, "");
	buffer_free(&buffer);
}
END_TEST

START_TEST(nuls_inside_count_as_bytes)
{
	struct buffer buffer = { 0 };

	buffer_put(&buffer, "a\0b", 3);
	ck_assert_uint_eq(buffer.length, 3);
	ck_assert_mem_eq(buffer.bytes, "a\0b", 4);
	buffer_free(&buffer);
}
END_TEST

START_TEST(it_grows_and_keeps_what_was_there)
{
	struct buffer buffer = { 0 };

	for (int i = 0; i < 100000; i++)
		buffer_byte(&buffer, (char)('a' + i % 26));
	ck_assert_uint_eq(buffer.length, 100000);
	ck_assert_uint_lt(buffer.length, buffer.capacity);
	for (int i = 0; i < 100000; i++)
		if (buffer.bytes[i] != 'a' + i % 26)
			ck_abort_msg("byte %d was lost", i);
	buffer_free(&buffer);
}
END_TEST

static void assert_int(int64_t value, const char *expected)
{
	struct buffer buffer = { 0 };

	buffer_int(&buffer, value);
	ck_assert_str_eq(buffer.bytes, expected);
	buffer_free(&buffer);
}

START_TEST(whole_numbers_are_written_to_both_ends_of_int64)
{
	assert_int(0, "0");
	assert_int(-1, "-1");
	assert_int(1000, "1000");
	assert_int(INT64_MAX, "9223372036854775807");
	assert_int(INT64_MIN, "-9223372036854775808");
}
END_TEST

START_TEST(a_reset_keeps_usual_memory_and_returns_what_is_large)
{
	struct buffer buffer = { 0 };

	buffer_text(&buffer, "first");
	size_t capacity = buffer.capacity;
	buffer_reset(&buffer);
	ck_assert_uint_eq(buffer.length, 0);
	ck_assert_uint_eq(buffer.capacity, capacity);
	ck_assert_str_eq(buffer.bytes, "");
	buffer_printf(&buffer, "%02000000d", 1);
	buffer_reset(&buffer);
	ck_assert_ptr_null(buffer.bytes);
	ck_assert_uint_eq(buffer.capacity, 0);
	buffer_text(&buffer, "again");
	ck_assert_str_eq(buffer.bytes, "again");
	buffer_free(&buffer);
	buffer_free(&buffer);
}
END_TEST

Suite *suite_buffer(void)
{
	Suite *suite = suite_create("buffer");
	TCase *buffer = tcase_create("buffer");

	tcase_add_test(buffer, everything_put_stands_in_order_with_a_nul_behind);
	tcase_add_test(buffer, nothing_put_is_an_empty_text);
	tcase_add_test(buffer, nuls_inside_count_as_bytes);
	tcase_add_test(buffer, it_grows_and_keeps_what_was_there);
	tcase_add_test(buffer, whole_numbers_are_written_to_both_ends_of_int64);
	tcase_add_test(buffer, a_reset_keeps_usual_memory_and_returns_what_is_large);
	suite_add_tcase(suite, buffer);
	return suite;
}
