#include "auth/google.h"
#include "auth/google_vectors.h"
#include "auth/jwk.h"
#include "auth/jws.h"
#include "base/encoding.h"
#include "suites.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#define CLIENT "407408718192.apps.googleusercontent.com"
#define ISSUED INT64_C(1770000000)
#define EXPIRES INT64_C(1770003600)
#define NOW (ISSUED + 100)

static struct arena *arena;
static struct jwk_set *keys;
static struct google_claims claims;
static int asked; /* times that a key was looked for */
static EVP_PKEY *own; /* the key of kid "own": what we sign with here */

static void make_own_key(void)
{
	own = EVP_RSA_gen(JWK_BITS_MIN);
	ck_assert_ptr_nonnull(own);
}

static void free_own_key(void)
{
	EVP_PKEY_free(own);
}

static void setup(void)
{
	arena = arena_new();
	keys = jwk_set_read(arena, GOOGLE_KEYS, strlen(GOOGLE_KEYS));
	ck_assert_ptr_nonnull(keys);
	asked = 0;
}

static void teardown(void)
{
	jwk_set_free(keys);
	arena_free(arena);
}

static enum err find(void *context, const char *kid, EVP_PKEY **key)
{
	(void)context;
	asked++;
	if (!strcmp(kid, "down"))
		return ERR_UNAVAILABLE;
	*key = strcmp(kid, "own") ? jwk_set_find(keys, kid) : own;
	if (*key == own)
		EVP_PKEY_up_ref(own);
	return *key ? OK : ERR_UNAUTHORIZED;
}

static enum err verify_at(const char *token, int64_t now)
{
	const struct google_check check = { .client_ids =
						    "other.apps.googleusercontent.com," CLIENT,
					    .find = find };

	return google_verify(arena, &check, token, now * 1000, &claims);
}

/* A token of any two texts with a good signature: what only Google can make. */
static const char *signed_token(const char *header, const char *payload)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char signature[JWK_BITS_MIN / 8];
	size_t length = sizeof(signature);
	const char *text =
		arena_printf(arena, "%s.%s", base64url_encode(arena, header, strlen(header)),
			     base64url_encode(arena, payload, strlen(payload)));

	ck_assert_int_eq(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, own), 1);
	ck_assert_int_eq(EVP_DigestSign(context, signature, &length, (const unsigned char *)text,
					strlen(text)),
			 1);
	EVP_MD_CTX_free(context);
	return arena_printf(arena, "%s.%s", text, base64url_encode(arena, signature, length));
}

#define HEADER "{\"alg\":\"RS256\",\"kid\":\"own\",\"typ\":\"JWT\"}"

#define ISS "\"iss\":\"https://accounts.google.com\","
#define AUD "\"aud\":\"" CLIENT "\","
#define SUB "\"sub\":\"110169484474386276334\","
#define MAIL "\"email\":\"ada@example.org\","
#define VERIFIED "\"email_verified\":true,"
#define EXP "\"exp\":1770003600"
/* All but the expiry. */
#define CLAIMS ISS AUD SUB MAIL VERIFIED

static enum err verify(const char *payload)
{
	return verify_at(signed_token(HEADER, payload), NOW);
}

/* ---- good ones ---- */

static void assert_ada(void)
{
	ck_assert_str_eq(claims.subject, "110169484474386276334");
	ck_assert_str_eq(claims.email, "Ada.Lovelace@example.org");
	ck_assert_str_eq(claims.name, "Ada Lovelace");
	ck_assert_str_eq(claims.picture, "https://lh3.googleusercontent.com/a/ada=s96-c");
}

START_TEST(tokens_of_another_implementation_are_taken)
{
	ck_assert_int_eq(verify_at(GOOGLE_FIRST, NOW), OK);
	assert_ada();
	ck_assert_int_eq(verify_at(GOOGLE_SECOND, NOW), OK);
	assert_ada();
	ck_assert_int_eq(asked, 2);
}
END_TEST

START_TEST(a_token_expires_with_the_second_of_its_exp)
{
	ck_assert_int_eq(verify_at(GOOGLE_FIRST, EXPIRES - 1), OK);
	ck_assert_int_eq(verify_at(GOOGLE_FIRST, EXPIRES), ERR_TOKEN_EXPIRED);
	ck_assert_int_eq(verify_at(GOOGLE_FIRST, EXPIRES + 1000), ERR_TOKEN_EXPIRED);
}
END_TEST

START_TEST(clocks_may_differ_by_a_minute)
{
	ck_assert_int_eq(verify_at(GOOGLE_FIRST, ISSUED - 60), OK);
	ck_assert_int_eq(verify_at(GOOGLE_FIRST, ISSUED - 60 - 1), ERR_UNAUTHORIZED);
}
END_TEST

static const char *const good_payloads[] = {
	CLAIMS EXP,
	"\"iss\":\"accounts.google.com\"," AUD SUB MAIL VERIFIED EXP,
	ISS AUD SUB MAIL "\"email_verified\":\"true\"," EXP,
	CLAIMS "\"iat\":1770000000,\"nbf\":1770000000," EXP,
	CLAIMS "\"iat\":1770000160,\"nbf\":1770000160," EXP,
	CLAIMS "\"azp\":\"another\",\"hd\":\"example.org\",\"more\":{\"a\":[1]}," EXP,
	CLAIMS "\"exp\":4102444800",
	CLAIMS "\"exp\":4102444800.5",
	CLAIMS "\"x\":{\"a\":1,\"a\":2,\"b\":\"\\ud800\"}," EXP,
};

START_TEST(a_token_of_the_right_claims_is_taken)
{
	const char *payload = arena_printf(arena, "{%s}", good_payloads[_i]);

	ck_assert_msg(verify(payload) == OK, "%s", payload);
	ck_assert_str_eq(claims.email, "ada@example.org");
}
END_TEST

#define X10 "xxxxxxxxxx"
#define X50 X10 X10 X10 X10 X10
#define E_ACUTE "\xc3\xa9"

/* What a token's name and picture become. */
static const struct {
	const char *claim, *name, *picture;
} profiles[] = {
	{ "", "ada", "" },
	{ "\"name\":null,\"picture\":null,", "ada", "" },
	{ "\"name\":\"  \",\"picture\":\"\",", "ada", "" },
	{ "\"name\":\" Ada \",", "Ada", "" },
	{ "\"name\":\"" E_ACUTE X50 X50 "\",", E_ACUTE X50 X10 X10 X10 X10 "xxxxxxxxx", "" },
	{ "\"name\":\"" X50 X10 X10 X10 X10 "xxxxxxxxx x\",", X50 X10 X10 X10 X10 "xxxxxxxxx", "" },
	{ "\"picture\":\"http://x.example/a.png\",", "ada", "http://x.example/a.png" },
	{ "\"picture\":\"javascript:alert(1)\",", "ada", "" },
	{ "\"picture\":\"//x.example/a.png\",", "ada", "" },
};

START_TEST(name_and_picture_come_fit_for_an_account)
{
	ck_assert_int_eq(verify(arena_printf(arena, "{%s%s%s}", CLAIMS, profiles[_i].claim, EXP)),
			 OK);
	ck_assert_str_eq(claims.name, profiles[_i].name);
	ck_assert_str_eq(claims.picture, profiles[_i].picture);
}
END_TEST

START_TEST(a_picture_has_at_most_2048_characters)
{
	for (int length = 2047; length <= 2049; length++) {
		const char *picture = arena_printf(arena, "https://x.example/%0*d", length - 18, 0);

		ck_assert_uint_eq(strlen(picture), (size_t)length);
		ck_assert_int_eq(verify(arena_printf(arena, "{%s\"picture\":\"%s\",%s}", CLAIMS,
						     picture, EXP)),
				 OK);
		ck_assert_str_eq(claims.picture, length <= GOOGLE_PICTURE_MAX ? picture : "");
	}
}
END_TEST

START_TEST(a_long_mailbox_is_cut_to_a_name)
{
	ck_assert_int_eq(verify("{" ISS AUD SUB "\"email\":\"" X50 X50 X10
				"@example.org\"," VERIFIED EXP "}"),
			 OK);
	ck_assert_str_eq(claims.name, X50 X50);
}
END_TEST

/* ---- bad ones ---- */

static const struct {
	const char *what, *token;
} bad_tokens[] = {
	{ "another key than the kid's", GOOGLE_OTHER },
	{ "an RSA key of 1024 bits", GOOGLE_WEAK },
	{ "RS512", GOOGLE_RS512 },
	{ "PS256", GOOGLE_PS256 },
	{ "ES256", GOOGLE_ES256 },
	{ "HS256 with the public key as secret", GOOGLE_HS256_PEM },
	{ "none", GOOGLE_NONE },
	{ "no kid", GOOGLE_NO_KID },
	{ "padding", GOOGLE_FIRST "=" },
	{ "a line end", GOOGLE_FIRST "\n" },
	{ "a space", " " GOOGLE_FIRST },
	{ "four parts", GOOGLE_FIRST "." },
	{ "nothing", "" },
	{ "dots", ".." },
	{ "no token", "x" },
};

START_TEST(a_bad_token_is_refused)
{
	enum err err = verify_at(bad_tokens[_i].token, NOW);

	ck_assert_msg(err == ERR_UNAUTHORIZED, "%s: %s", bad_tokens[_i].what, err_row(err)->code);
}
END_TEST

START_TEST(a_token_cut_short_anywhere_is_refused)
{
	size_t length = strlen(GOOGLE_FIRST);

	for (size_t cut = 0; cut < length; cut++)
		ck_assert_int_eq(verify_at(arena_copy(arena, GOOGLE_FIRST, cut), NOW),
				 ERR_UNAUTHORIZED);
}
END_TEST

START_TEST(a_changed_character_is_refused_wherever_it_is)
{
	for (size_t at = 0; at < strlen(GOOGLE_FIRST); at += 7) {
		char *token = arena_text(arena, GOOGLE_FIRST);

		token[at] = token[at] == 'A' ? 'B' : 'A';
		ck_assert_int_ne(verify_at(token, NOW), OK);
	}
}
END_TEST

START_TEST(a_key_is_asked_for_only_by_tokens_of_the_right_form)
{
	static const char *const formless[] = { "x",	     "a.b.c",	       "..",
						GOOGLE_NONE, GOOGLE_HS256_PEM, GOOGLE_NO_KID };

	for (size_t i = 0; i < sizeof(formless) / sizeof(formless[0]); i++)
		verify_at(formless[i], NOW);
	ck_assert_int_eq(asked, 0);
}
END_TEST

START_TEST(keys_that_cannot_be_had_are_told_apart)
{
	ck_assert_int_eq(verify_at(signed_token("{\"alg\":\"RS256\",\"kid\":\"down\"}", "{}"), NOW),
			 ERR_UNAVAILABLE);
	ck_assert_int_eq(
		verify_at(signed_token("{\"alg\":\"RS256\",\"kid\":\"nobody\"}", "{}"), NOW),
		ERR_UNAUTHORIZED);
}
END_TEST

static const char *const bad_headers[] = {
	"{\"alg\":\"rs256\",\"kid\":\"own\"}",
	"{\"alg\":\" RS256\",\"kid\":\"own\"}",
	"{\"alg\":\"RS256\",\"kid\":\" own\"}",
	"{\"alg\":\"RS256\",\"kid\":\"\"}",
	"{\"alg\":\"RS256\",\"kid\":null}",
	"{\"alg\":\"RS256\",\"kid\":7}",
	"{\"alg\":\"RS256\",\"kid\":{\"$ne\":\"\"}}",
	"{\"alg\":\"RS256\",\"kid\":\"nobody\",\"kid\":\"own\"}",
	"{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"own\"}",
	"{\"alg\":[\"RS256\"],\"kid\":\"own\"}",
	"{\"alg\":\"RS256\",\"kid\":\"own\",\"crit\":[\"b64\"]}",
	"{\"kid\":\"own\"}",
	"",
};

START_TEST(a_bad_header_is_refused_though_the_signature_fits)
{
	ck_assert_msg(verify_at(signed_token(bad_headers[_i], "{" CLAIMS EXP "}"), NOW) ==
			      ERR_UNAUTHORIZED,
		      "%s", bad_headers[_i]);
}
END_TEST

static const char *const bad_payloads[] = {
	/* the issuer */
	AUD SUB MAIL VERIFIED EXP,
	"\"iss\":\"https://accounts.google.com/\"," AUD SUB MAIL VERIFIED EXP,
	"\"iss\":\"http://accounts.google.com\"," AUD SUB MAIL VERIFIED EXP,
	"\"iss\":\"https://accounts.google.com.evil.example\"," AUD SUB MAIL VERIFIED EXP,
	"\"iss\":\" accounts.google.com\"," AUD SUB MAIL VERIFIED EXP,
	"\"iss\":[\"accounts.google.com\"]," AUD SUB MAIL VERIFIED EXP,
	/* the audience */
	ISS SUB MAIL VERIFIED EXP,
	ISS "\"aud\":\"another.apps.googleusercontent.com\"," SUB MAIL VERIFIED EXP,
	ISS "\"aud\":\"\"," SUB MAIL VERIFIED EXP,
	ISS "\"aud\":\"" CLIENT " \"," SUB MAIL VERIFIED EXP,
	ISS "\"aud\":[\"" CLIENT "\"]," SUB MAIL VERIFIED EXP,
	/* who it is */
	ISS AUD MAIL VERIFIED EXP,
	ISS AUD "\"sub\":\"\"," MAIL VERIFIED EXP,
	ISS AUD "\"sub\":null," MAIL VERIFIED EXP,
	ISS AUD "\"sub\":110169484474386276," MAIL VERIFIED EXP,
	ISS AUD "\"sub\":{\"$gt\":\"\"}," MAIL VERIFIED EXP,
	ISS AUD "\"sub\":\"" X50 X50 X50 X50 X50 X10 "\"," MAIL VERIFIED EXP,
	ISS AUD SUB VERIFIED EXP,
	ISS AUD SUB "\"email\":\"\"," VERIFIED EXP,
	ISS AUD SUB "\"email\":\"ada\"," VERIFIED EXP,
	ISS AUD SUB "\"email\":\"ada@example.org\\u0000\"," VERIFIED EXP,
	ISS AUD SUB "\"email\":[\"ada@example.org\"]," VERIFIED EXP,
	/* a verified address */
	ISS AUD SUB MAIL EXP,
	ISS AUD SUB MAIL "\"email_verified\":false," EXP,
	ISS AUD SUB MAIL "\"email_verified\":\"false\"," EXP,
	ISS AUD SUB MAIL "\"email_verified\":null," EXP,
	ISS AUD SUB MAIL "\"email_verified\":1," EXP,
	ISS AUD SUB MAIL "\"email_verified\":\"yes\"," EXP,
	/* times */
	ISS AUD SUB MAIL "\"email_verified\":true",
	CLAIMS "\"exp\":null",
	CLAIMS "\"exp\":\"4102444800\"",
	CLAIMS "\"exp\":-1",
	CLAIMS "\"exp\":1e300",
	CLAIMS "\"nbf\":1770000161," EXP,
	CLAIMS "\"iat\":1770000161," EXP,
	CLAIMS "\"iat\":\"now\"," EXP,
	/* said twice */
	CLAIMS "\"exp\":1,\"exp\":1770003600",
	CLAIMS "\"sub\":\"2\"," EXP,
	CLAIMS "\"aud\":\"" CLIENT "\"," EXP,
	/* an expired one with another fault is no expired one */
	ISS AUD SUB MAIL "\"email_verified\":false,\"exp\":1",
	ISS "\"aud\":\"another\"," SUB MAIL VERIFIED "\"exp\":1",
};

START_TEST(a_bad_payload_is_refused_though_the_signature_fits)
{
	const char *payload = arena_printf(arena, "{%s}", bad_payloads[_i]);

	ck_assert_msg(verify(payload) == ERR_UNAUTHORIZED, "%s", payload);
}
END_TEST

START_TEST(a_payload_that_is_no_object_is_refused)
{
	static const char *const none[] = { "",
					    "null",
					    "[]",
					    "{" CLAIMS EXP,
					    "{" CLAIMS EXP "} x",
					    "{" CLAIMS EXP ",\"name\":\"\xff\"}" };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_msg(verify(none[i]) == ERR_UNAUTHORIZED, "%s", none[i]);
}
END_TEST

START_TEST(a_token_of_4096_bytes_is_read_and_a_longer_one_refused)
{
	for (int filler = 2350; filler < 2650; filler += 3) {
		const char *token =
			signed_token(HEADER, arena_printf(arena, "{%s\"x\":\"%0*d\",%s}", CLAIMS,
							  filler, 0, EXP));
		enum err expected = strlen(token) <= JWS_LENGTH_MAX ? OK : ERR_UNAUTHORIZED;

		ck_assert_int_eq(verify_at(token, NOW), expected);
	}
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof(array[0]))

Suite *suite_google(void)
{
	Suite *suite = suite_create("google");
	TCase *good = tcase_create("good");
	TCase *bad = tcase_create("bad");

	tcase_add_unchecked_fixture(good, make_own_key, free_own_key);
	tcase_add_checked_fixture(good, setup, teardown);
	tcase_add_test(good, tokens_of_another_implementation_are_taken);
	tcase_add_test(good, a_token_expires_with_the_second_of_its_exp);
	tcase_add_test(good, clocks_may_differ_by_a_minute);
	tcase_add_loop_test(good, a_token_of_the_right_claims_is_taken, 0, COUNT(good_payloads));
	tcase_add_loop_test(good, name_and_picture_come_fit_for_an_account, 0, COUNT(profiles));
	tcase_add_test(good, a_picture_has_at_most_2048_characters);
	tcase_add_test(good, a_long_mailbox_is_cut_to_a_name);
	tcase_add_unchecked_fixture(bad, make_own_key, free_own_key);
	tcase_add_checked_fixture(bad, setup, teardown);
	tcase_add_loop_test(bad, a_bad_token_is_refused, 0, COUNT(bad_tokens));
	tcase_add_test(bad, a_token_cut_short_anywhere_is_refused);
	tcase_add_test(bad, a_changed_character_is_refused_wherever_it_is);
	tcase_add_test(bad, a_key_is_asked_for_only_by_tokens_of_the_right_form);
	tcase_add_test(bad, keys_that_cannot_be_had_are_told_apart);
	tcase_add_loop_test(bad, a_bad_header_is_refused_though_the_signature_fits, 0,
			    COUNT(bad_headers));
	tcase_add_loop_test(bad, a_bad_payload_is_refused_though_the_signature_fits, 0,
			    COUNT(bad_payloads));
	tcase_add_test(bad, a_payload_that_is_no_object_is_refused);
	tcase_add_test(bad, a_token_of_4096_bytes_is_read_and_a_longer_one_refused);
	suite_add_tcase(suite, good);
	suite_add_tcase(suite, bad);
	return suite;
}
