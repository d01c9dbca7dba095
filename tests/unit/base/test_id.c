#include "base/id.h"
#include "suites.h"

#include <string.h>

static bool parse(const char *text, struct id *id)
{
	return id_parse(text, strlen(text), id);
}

START_TEST(twenty_four_hex_digits_are_an_id)
{
	static const uint8_t bytes[12] = { 0x65, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5,
					   0xf6, 0x07, 0x18, 0x29, 0x3a, 0x4b };
	struct id lower, upper;

	ck_assert(parse("65a1b2c3d4e5f60718293a4b", &lower));
	ck_assert_mem_eq(lower.bytes, bytes, sizeof(bytes));
	ck_assert(parse("65A1B2C3D4E5F60718293A4B", &upper));
	ck_assert(id_equal(&lower, &upper));
}
END_TEST

START_TEST(an_id_is_written_in_lower_case)
{
	char hex[ID_HEX_LENGTH + 1];
	struct id id;

	ck_assert(parse("65A1B2C3D4E5F60718293A4B", &id));
	id_hex(&id, hex);
	ck_assert_str_eq(hex, "65a1b2c3d4e5f60718293a4b");
}
END_TEST

PROMISE("1 Requests", "Ids are 24 hex digits")
START_TEST(anything_else_is_no_id)
{
	struct id id = { .bytes = { 7 } };

	ck_assert(!parse("", &id));
	ck_assert(!parse("65a1b2c3d4e5f60718293a4", &id));
	ck_assert(!parse("65a1b2c3d4e5f60718293a4b0", &id));
	ck_assert(!parse("65a1b2c3d4e5f60718293a4g", &id));
	ck_assert(!parse("g5a1b2c3d4e5f60718293a4b", &id));
	ck_assert(!parse(" 5a1b2c3d4e5f60718293a4b", &id));
	ck_assert(!parse("0x65a1b2c3d4e5f60718293a", &id));
	ck_assert(!id_parse("65a1b2c3d4e5f60718293a4\0", 24, &id));
	ck_assert_uint_eq(id.bytes[0], 7);
}
END_TEST

START_TEST(ids_that_differ_in_one_bit_are_not_equal)
{
	struct id a = { { 0 } }, b = { { 0 } };

	ck_assert(id_equal(&a, &b));
	b.bytes[11] = 1;
	ck_assert(!id_equal(&a, &b));
}
END_TEST

Suite *suite_id(void)
{
	Suite *suite = suite_create("id");
	TCase *id = tcase_create("id");

	tcase_add_test(id, twenty_four_hex_digits_are_an_id);
	tcase_add_test(id, an_id_is_written_in_lower_case);
	tcase_add_test(id, anything_else_is_no_id);
	tcase_add_test(id, ids_that_differ_in_one_bit_are_not_equal);
	suite_add_tcase(suite, id);
	return suite;
}
