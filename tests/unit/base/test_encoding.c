#include "base/count.h"
#include "base/encoding.h"
#include "suites.h"

#include <string.h>

static struct arena *arena;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

/* RFC 4648 section 10, without padding, and the two characters of its section 5. */
static const struct {
	const char *bytes;
	const char *text;
} base64_vectors[] = {
	{ "", "" },
	{ "f", "Zg" },
	{ "fo", "Zm8" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg" },
	{ "fooba", "Zm9vYmE" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xfb\xef\xbe", "----" },
	{ "\xff\xff\xff", "____" },
};

START_TEST(base64url_is_written_and_read_as_the_rfc_says)
{
	const char *bytes = base64_vectors[_i].bytes, *text = base64_vectors[_i].text;
	size_t length;

	ck_assert_str_eq(base64url_encode(arena, bytes, strlen(bytes)), text);
	const uint8_t *decoded = base64url_decode(arena, text, strlen(text), &length);
	ck_assert_ptr_nonnull(decoded);
	ck_assert_uint_eq(length, strlen(bytes));
	ck_assert_mem_eq(decoded, bytes, length + 1);
}
END_TEST

START_TEST(base64url_brings_back_any_bytes)
{
	uint8_t bytes[256];
	size_t decoded;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 167 + 13);
	for (size_t length = 0; length <= sizeof(bytes); length++) {
		const char *text = base64url_encode(arena, bytes, length);
		const uint8_t *back = base64url_decode(arena, text, strlen(text), &decoded);
		ck_assert_ptr_nonnull(back);
		ck_assert_uint_eq(decoded, length);
		ck_assert_mem_eq(back, bytes, length);
	}
}
END_TEST

static const char *const base64_bad[] = {
	"Z",	  "Zm9vY", /* a lone last digit */
	"Zg==",	  "Zm8=",  "====", /* padding */
	"Zh",	  "Zm9", /* last bits that are not zero */
	"Zm9v\n", " Zm9v", "Zm 9v", "Zm9v+", "Zm9v/", "Zm9v.", "Zm9\xc3\xa4",
};

START_TEST(loose_base64url_is_refused)
{
	size_t length;

	ck_assert_ptr_null(
		base64url_decode(arena, base64_bad[_i], strlen(base64_bad[_i]), &length));
}
END_TEST

START_TEST(a_nul_in_base64url_is_refused)
{
	size_t length;

	ck_assert_ptr_null(base64url_decode(arena, "Zm9\0", 4, &length));
}
END_TEST

START_TEST(hex_is_written_in_lower_case)
{
	char out[11];

	hex_encode("\x00\x0f\xf0\xab\xff", 5, out);
	ck_assert_str_eq(out, "000ff0abff");
	hex_encode("", 0, out);
	ck_assert_str_eq(out, "");
}
END_TEST

static const char *const utf8_good[] = {
	"",
	"plain\x7f",
	"\xc2\x80", /* U+0080 */
	"\xdf\xbf", /* U+07FF */
	"\xe0\xa0\x80", /* U+0800 */
	"\xed\x9f\xbf", /* U+D7FF */
	"\xee\x80\x80", /* U+E000 */
	"\xef\xbf\xbf", /* U+FFFF */
	"\xf0\x90\x80\x80", /* U+10000 */
	"\xf4\x8f\xbf\xbf", /* U+10FFFF */
	"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
};

START_TEST(utf8_is_valid)
{
	ck_assert(utf8_valid(utf8_good[_i], strlen(utf8_good[_i])));
}
END_TEST

static const char *const utf8_bad[] = {
	"\x80",
	"\xbf",
	"a\x80", /* a tail without a start */
	"\xc2",
	"\xe2\x82",
	"\xf0\x9f\x98", /* cut off */
	"\xc2 ",
	"\xe2\x82 ",
	"\xe2 \x82", /* another in between */
	"\xc0\x80",
	"\xc1\xbf",
	"\xe0\x9f\xbf", /* overlong */
	"\xe0\x80\x80",
	"\xf0\x8f\xbf\xbf",
	"\xf0\x80\x80\x80", /* overlong */
	"\xed\xa0\x80",
	"\xed\xbf\xbf", /* surrogates */
	"\xf4\x90\x80\x80",
	"\xf5\x80\x80\x80", /* above U+10FFFF */
	"\xf8\x88\x80\x80",
	"\xfe",
	"\xff",
};

START_TEST(bytes_that_are_not_utf8_are_told_from_it)
{
	ck_assert(!utf8_valid(utf8_bad[_i], strlen(utf8_bad[_i])));
}
END_TEST

START_TEST(code_points_are_counted_and_not_bytes)
{
	ck_assert_uint_eq(utf8_count("", 0), 0);
	ck_assert_uint_eq(utf8_count("abc", 3), 3);
	ck_assert_uint_eq(utf8_count("\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", 9), 3);
}
END_TEST

START_TEST(every_code_point_is_written_and_read_back)
{
	for (uint32_t code_point = 0; code_point <= 0x10ffff; code_point++) {
		char text[4];
		size_t read;
		if (code_point >= 0xd800 && code_point <= 0xdfff)
			continue;
		size_t length = utf8_encode(code_point, text);
		if (!utf8_valid(text, length) || utf8_next(text, &read) != code_point ||
		    read != length)
			ck_abort_msg("U+%04X is lost", code_point);
	}
}
END_TEST

START_TEST(a_long_hash_tells_apart_what_differs_anywhere)
{
	uint8_t text[40] = { 0 };
	uint64_t seen[COUNT_OF(text) + 1];

	for (size_t length = 0; length <= sizeof text; length++) {
		seen[length] = hash_long(text, length);
		for (size_t shorter = 0; shorter < length; shorter++)
			ck_assert_uint_ne(seen[length], seen[shorter]);
		for (size_t bit = 0; bit < 8 * length; bit++) {
			text[bit / 8] ^= (uint8_t)(1 << bit % 8);
			ck_assert_uint_ne(hash_long(text, length), seen[length]);
			text[bit / 8] = 0;
		}
	}
}
END_TEST

START_TEST(hashes_are_those_of_fnv_1a)
{
	ck_assert_uint_eq(hash_bytes("", 0), UINT64_C(0xcbf29ce484222325));
	ck_assert_uint_eq(hash_bytes("a", 1), UINT64_C(0xaf63dc4c8601ec8c));
	ck_assert_uint_eq(hash_bytes("foobar", 6), UINT64_C(0x85944171f73967e8));
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof(array[0]))

Suite *suite_encoding(void)
{
	Suite *suite = suite_create("encoding");
	TCase *base64 = tcase_create("base64url and hex");
	TCase *utf8 = tcase_create("utf8 and hash");

	tcase_add_checked_fixture(base64, setup, teardown);
	tcase_add_loop_test(base64, base64url_is_written_and_read_as_the_rfc_says, 0,
			    COUNT(base64_vectors));
	tcase_add_test(base64, base64url_brings_back_any_bytes);
	tcase_add_loop_test(base64, loose_base64url_is_refused, 0, COUNT(base64_bad));
	tcase_add_test(base64, a_nul_in_base64url_is_refused);
	tcase_add_test(base64, hex_is_written_in_lower_case);
	tcase_add_loop_test(utf8, utf8_is_valid, 0, COUNT(utf8_good));
	tcase_add_loop_test(utf8, bytes_that_are_not_utf8_are_told_from_it, 0, COUNT(utf8_bad));
	tcase_add_test(utf8, code_points_are_counted_and_not_bytes);
	tcase_add_test(utf8, every_code_point_is_written_and_read_back);
	tcase_add_test(utf8, hashes_are_those_of_fnv_1a);
	tcase_add_test(utf8, a_long_hash_tells_apart_what_differs_anywhere);
	suite_add_tcase(suite, base64);
	suite_add_tcase(suite, utf8);
	return suite;
}
