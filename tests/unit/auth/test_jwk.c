#include "auth/google_vectors.h"
#include "auth/jwk.h"
#include "base/encoding.h"
#include "suites.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

static struct arena *arena;
static const char *modulus; /* of a key of 2048 bits, as a set has it */

static const char *number_text(const EVP_PKEY *key, const char *name)
{
	unsigned char bytes[JWK_BITS_MAX / 8];
	BIGNUM *number = NULL;

	ck_assert_int_eq(EVP_PKEY_get_bn_param(key, name, &number), 1);
	int length = BN_bn2bin(number, bytes);
	BN_free(number);
	return base64url_encode(arena, bytes, (size_t)length);
}

static void setup(void)
{
	EVP_PKEY *key = EVP_RSA_gen(JWK_BITS_MIN);

	arena = arena_new();
	modulus = number_text(key, OSSL_PKEY_PARAM_RSA_N);
	EVP_PKEY_free(key);
}

static void teardown(void)
{
	arena_free(arena);
}

static struct jwk_set *read_text(const char *text)
{
	return jwk_set_read(arena, text, strlen(text));
}

static bool has(const struct jwk_set *set, const char *kid)
{
	EVP_PKEY *key = jwk_set_find(set, kid);

	EVP_PKEY_free(key);
	return key != NULL;
}

START_TEST(keys_are_found_by_their_kid)
{
	struct jwk_set *set = read_text(GOOGLE_KEYS);

	ck_assert_ptr_nonnull(set);
	ck_assert(has(set, "first") && has(set, "second"));
	ck_assert(!has(set, "First") && !has(set, "firs") && !has(set, "") && !has(set, "third"));
	jwk_set_free(set);
}
END_TEST

START_TEST(weak_and_other_kinds_of_keys_are_left_out)
{
	struct jwk_set *set = read_text(GOOGLE_KEYS);

	ck_assert(!has(set, "weak") && !has(set, "curve"));
	jwk_set_free(set);
}
END_TEST

START_TEST(a_key_outlives_its_set_for_whoever_holds_it)
{
	struct jwk_set *set = read_text(GOOGLE_KEYS);
	EVP_PKEY *key = jwk_set_find(set, "first");

	jwk_set_free(set);
	ck_assert_int_eq(EVP_PKEY_get_bits(key), 2048);
	EVP_PKEY_free(key);
}
END_TEST

#define KEY(members) "{\"kid\":\"a\",\"n\":\"N\"," members "}"

/* N stands for the modulus. */
static const struct {
	bool taken;
	const char *key;
} single[] = {
	{ true, KEY("\"kty\":\"RSA\",\"e\":\"AQAB\"") },
	{ true, KEY("\"kty\":\"RSA\",\"e\":\"Aw\"") },
	{ true, KEY("\"kty\":\"RSA\",\"e\":\"AQAB\",\"use\":\"sig\",\"alg\":\"RS256\"") },
	{ true, KEY("\"kty\":\"RSA\",\"e\":\"AQAB\",\"x5c\":[\"x\"],\"more\":{}") },
	{ false, KEY("\"e\":\"AQAB\"") },
	{ false, KEY("\"kty\":\"rsa\",\"e\":\"AQAB\"") },
	{ false, KEY("\"kty\":\"oct\",\"k\":\"AQAB\"") },
	{ false, KEY("\"kty\":\"RSA\",\"e\":\"AQAB\",\"use\":\"enc\"") },
	{ false, KEY("\"kty\":\"RSA\",\"e\":\"AQAB\",\"alg\":\"RS512\"") },
	{ false, KEY("\"kty\":\"RSA\"") },
	{ false, KEY("\"kty\":\"RSA\",\"e\":\"\"") },
	{ false, KEY("\"kty\":\"RSA\",\"e\":\"AQ\"") }, /* 1 */
	{ false, KEY("\"kty\":\"RSA\",\"e\":\"Ag\"") }, /* 2 */
	{ false, KEY("\"kty\":\"RSA\",\"e\":\"AA\"") }, /* 0 */
	{ false, KEY("\"kty\":\"RSA\",\"e\":\"AQAB==\"") },
	{ false, KEY("\"kty\":\"RSA\",\"e\":\"AQAAAAAAAAAAAAAB\"") }, /* more than 64 bits */
	{ false, KEY("\"kty\":\"RSA\",\"e\":65537") },
	{ false, "{\"n\":\"N\",\"kty\":\"RSA\",\"e\":\"AQAB\"}" },
	{ false, "{\"kid\":\"\",\"n\":\"N\",\"kty\":\"RSA\",\"e\":\"AQAB\"}" },
	{ false, "{\"kid\":\"a\",\"kty\":\"RSA\",\"e\":\"AQAB\"}" },
	{ false, "{\"kid\":\"a\",\"n\":\"AQAB\",\"kty\":\"RSA\",\"e\":\"AQAB\"}" },
	{ false, "{\"kid\":\"a\",\"n\":\"!\",\"kty\":\"RSA\",\"e\":\"AQAB\"}" },
	{ false, "\"N\"" },
	{ false, "{}" },
};

START_TEST(a_key_must_be_one_for_rs256)
{
	const char *at = strstr(single[_i].key, "\"N\"");
	const char *key = single[_i].key;

	if (at)
		key = arena_printf(arena, "%.*s\"%s\"%s", (int)(at - key), key, modulus, at + 3);
	struct jwk_set *set = read_text(arena_printf(arena, "{\"keys\":[%s]}", key));

	ck_assert_msg(has(set, "a") == single[_i].taken, "%s", single[_i].key);
	jwk_set_free(set);
}
END_TEST

START_TEST(an_even_or_a_huge_modulus_is_left_out)
{
	unsigned char bytes[JWK_BITS_MAX / 8 + 1];
	static const struct {
		size_t length;
		unsigned char last;
		bool taken;
	} sizes[] = { { 256, 1, true },
		      { 256, 2, false },
		      { 255, 1, false },
		      { 1024, 1, true },
		      { 1025, 1, false } };

	memset(bytes, 0x55, sizeof(bytes));
	bytes[0] = 0x80;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		bytes[sizes[i].length - 1] = sizes[i].last;
		struct jwk_set *set = read_text(arena_printf(
			arena,
			"{\"keys\":[{\"kid\":\"a\",\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"%s\"}]}",
			base64url_encode(arena, bytes, sizes[i].length)));

		ck_assert_int_eq(has(set, "a"), sizes[i].taken);
		jwk_set_free(set);
		bytes[sizes[i].length - 1] = 0x55;
	}
}
END_TEST

static const char *const no_sets[] = {
	"",
	"garbage",
	"<html></html>",
	"null",
	"[]",
	"{}",
	"{\"keys\":null}",
	"{\"keys\":[]}",
	"{\"keys\":{}}",
	"{\"keys\":[{}]}",
	"{\"keys\":[7]}",
	"{\"keys\":[],\"keys\":[]}",
};

START_TEST(what_is_no_set_of_keys_is_none)
{
	ck_assert_ptr_null(read_text(no_sets[_i]));
}
END_TEST

START_TEST(a_set_cut_short_is_none)
{
	for (size_t cut = 0; cut < strlen(GOOGLE_KEYS); cut += 11)
		ck_assert_ptr_null(jwk_set_read(arena, GOOGLE_KEYS, cut));
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof(array[0]))

Suite *suite_jwk(void)
{
	Suite *suite = suite_create("jwk");
	TCase *tcase = tcase_create("sets");

	tcase_add_unchecked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, keys_are_found_by_their_kid);
	tcase_add_test(tcase, weak_and_other_kinds_of_keys_are_left_out);
	tcase_add_test(tcase, a_key_outlives_its_set_for_whoever_holds_it);
	tcase_add_loop_test(tcase, a_key_must_be_one_for_rs256, 0, COUNT(single));
	tcase_add_test(tcase, an_even_or_a_huge_modulus_is_left_out);
	tcase_add_loop_test(tcase, what_is_no_set_of_keys_is_none, 0, COUNT(no_sets));
	tcase_add_test(tcase, a_set_cut_short_is_none);
	suite_add_tcase(suite, tcase);
	return suite;
}
