#include "auth/token.h"
#include "base/encoding.h"
#include "suites.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define SECRET "unit-test-key-0123456789abcdefghij"
#define USER "65a1b2c3d4e5f60718293a4b"
#define NOW INT64_C(1750000000)
#define ISSUED INT64_C(1700000000)
#define EXPIRES INT64_C(4102444800) /* the year 2100 */

#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define PAYLOAD                                                                        \
	"{\"userId\":\"" USER "\",\"email\":\"anna@example.org\",\"role\":\"worker\"," \
	"\"iat\":1700000000,\"exp\":4102444800}"

/*
 * Made by jsonwebtoken 9 (NODE_) and PyJWT 2.6 (PY_) with the secret above, of the claims above but
 * for what the name says.
 */
#define HEADER_64 "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
#define CLAIMS_64                                                                                  \
	"eyJ1c2VySWQiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJlbWFpbCI6ImFubmFAZXhhbXBsZS5vcmciLCJy" \
	"b2xlIjoid29ya2VyIiwiaWF0IjoxNzAwMDAwMDAwLCJl"
#define FAR_64 CLAIMS_64 "eHAiOjQxMDI0NDQ4MDB9"
#define MAC_64 "_qFqLsr8RSyLkrv3M5O6n-blT7YkcGXvKvWjXmYx1s4"
#define NODE_FAR HEADER_64 "." FAR_64 "." MAC_64

static struct arena *arena;
static struct token_claims claims;

static void setup(void)
{
	arena = arena_new();
	memset(&claims, 0, sizeof(claims));
}

static void teardown(void)
{
	arena_free(arena);
}

static enum err verify_at(const char *token, int64_t milliseconds)
{
	const struct token_secrets secrets = { .current = SECRET };

	return token_verify(arena, &secrets, token, milliseconds, &claims);
}

static enum err verify(const char *token)
{
	return verify_at(token, NOW * 1000);
}

static enum err verify_with(const char *current, const char *previous, const char *token)
{
	const struct token_secrets secrets = { .current = current, .previous = previous };

	return token_verify(arena, &secrets, token, NOW * 1000, &claims);
}

/* A token of any two texts with a good MAC: what only a holder of the secret can make. */
static const char *signed_token(const char *header, const char *payload)
{
	unsigned char mac[32];
	const char *text =
		arena_printf(arena, "%s.%s", base64url_encode(arena, header, strlen(header)),
			     base64url_encode(arena, payload, strlen(payload)));

	ck_assert_ptr_nonnull(HMAC(EVP_sha256(), SECRET, (int)strlen(SECRET),
				   (const unsigned char *)text, strlen(text), mac, NULL));
	return arena_printf(arena, "%s.%s", text, base64url_encode(arena, mac, sizeof(mac)));
}

static void assert_claims(const char *email, const char *role, int64_t issued, int64_t expires)
{
	char hex[ID_HEX_LENGTH + 1];

	id_hex(&claims.user, hex);
	ck_assert_str_eq(hex, USER);
	ck_assert_str_eq(claims.email, email);
	ck_assert_str_eq(claims.role, role);
	ck_assert_int_eq(claims.issued_at, issued);
	ck_assert_int_eq(claims.expires_at, expires);
}

PROMISE("3 Tokens",
	"Interchangeable with tokens made by the usual Node library with the same secret")
START_TEST(tokens_of_other_libraries_are_taken)
{
	/* Both libraries make the very same token of these claims. */
	ck_assert_int_eq(verify(NODE_FAR), OK);
	assert_claims("anna@example.org", "worker", ISSUED, EXPIRES);
}
END_TEST

/* {"alg","kid","typ"} and a further claim {"extra":{"a":[1]}} */
#define PY_KID                                                          \
	"eyJhbGciOiJIUzI1NiIsImtpZCI6IjEiLCJ0eXAiOiJKV1QifQ." CLAIMS_64 \
	"eHAiOjQxMDI0NDQ4MDAsImV4dHJhIjp7ImEiOlsxXX19.lf1brdGjRzY48QJQB-4UY1O3CG59A13rZlgTxHMlug8"
/* {"alg"} */
#define PY_NOTYP "eyJhbGciOiJIUzI1NiJ9." FAR_64 ".IdueVYHRy2Qbs9OO4m5p41Ol9_R_WkpT33fOVGXQmJY"

START_TEST(further_header_fields_and_claims_are_ignored)
{
	ck_assert_int_eq(verify(PY_KID), OK);
	assert_claims("anna@example.org", "worker", ISSUED, EXPIRES);
	ck_assert_int_eq(verify(PY_NOTYP), OK);
}
END_TEST

PROMISE("3 Tokens",
	"Interchangeable with tokens made by the usual Node library with the same secret")
START_TEST(our_token_is_the_one_that_the_node_library_makes)
{
	struct token_claims made = { .email = "anna@example.org",
				     .role = "worker",
				     .issued_at = ISSUED,
				     .expires_at = EXPIRES };

	ck_assert(id_parse(USER, strlen(USER), &made.user));
	ck_assert_str_eq(token_sign(arena, SECRET, &made), NODE_FAR);
}
END_TEST

START_TEST(any_text_in_a_claim_comes_back)
{
	/* jsonwebtoken's token of the same claims */
	static const char node[] =
		HEADER_64 ".eyJ1c2VySWQiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJlbWFpbCI6Inpvw6sgXC"
			  "J4XCJcXFxuQGV4YW1wbGUub3JnIiwicm9sZSI6ImJ1eWVyIiwiaWF0IjoxNzAwMDAwMDAwLC"
			  "JleHAiOjQxMDI0NDQ4MDB9.Q_B5GuP6aypRWE7Yaxoeea-Mo03hHWVVUht7DkBdW_4";
	const char *email = "zo\xc3\xab \"x\"\\\n@example.org";
	struct token_claims made = {
		.email = email, .role = "buyer", .issued_at = ISSUED, .expires_at = EXPIRES
	};

	ck_assert_int_eq(verify(node), OK);
	assert_claims(email, "buyer", ISSUED, EXPIRES);
	made.user = claims.user;
	ck_assert_int_eq(verify(token_sign(arena, SECRET, &made)), OK);
	assert_claims(email, "buyer", ISSUED, EXPIRES);
}
END_TEST

START_TEST(a_token_without_email_role_and_iat_is_taken)
{
	ck_assert_int_eq(
		verify(signed_token(HEADER, "{\"userId\":\"" USER "\",\"exp\":4102444800}")), OK);
	ck_assert_ptr_null(claims.email);
	ck_assert_ptr_null(claims.role);
	ck_assert_int_eq(claims.issued_at, 0);
	ck_assert_int_eq(verify(token_sign(arena, SECRET, &claims)), OK);
	ck_assert_ptr_null(claims.email);
}
END_TEST

/* jsonwebtoken with expiresIn: "7d" */
#define NODE_7D \
	HEADER_64 "." CLAIMS_64 "eHAiOjE3MDA2MDQ4MDB9.2oE9-AwhyqgzdWxgGqVdHrUPJH1j26iEryrVF3occHE"

START_TEST(a_token_expires_with_the_second_of_its_exp)
{
	const int64_t expires = ISSUED + TOKEN_LIFE_SECONDS;

	ck_assert_int_eq(verify_at(NODE_7D, expires * 1000 - 1), OK);
	ck_assert_int_eq(claims.expires_at, expires);
	ck_assert_int_eq(verify_at(NODE_7D, expires * 1000), ERR_TOKEN_EXPIRED);
	ck_assert_int_eq(verify_at(NODE_7D, expires * 1000 + 1), ERR_TOKEN_EXPIRED);
}
END_TEST

START_TEST(an_expired_token_with_another_fault_is_just_refused)
{
	ck_assert_int_eq(verify(NODE_7D), ERR_TOKEN_EXPIRED);
	ck_assert_int_eq(verify_with("another-secret-of-at-least-32-bytes", NULL, NODE_7D),
			 ERR_UNAUTHORIZED);
	ck_assert_int_eq(verify(signed_token(HEADER, "{\"userId\":\"x\",\"exp\":1700000001}")),
			 ERR_UNAUTHORIZED);
}
END_TEST

/* nbf 1800000000 */
#define NODE_NBF                                                                                   \
	HEADER_64                                                                                  \
	".eyJ1c2VySWQiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJlbWFpbCI6ImFubmFAZXhhbXBsZS5vcmciLCJ" \
	"yb2xlIjoid29ya2VyIiwiaWF0IjoxNzAwMDAwMDAwLCJuYmYiOjE4MDAwMDAwMDAsImV4cCI6NDEwMjQ0NDgwMH"  \
	"0.QFk_oBgat1uWYKewLVik-DwkeFuCn9wGC_Ho7h3YCkg"

START_TEST(a_token_counts_from_the_second_of_its_nbf)
{
	ck_assert_int_eq(verify_at(NODE_NBF, INT64_C(1799999999999)), ERR_UNAUTHORIZED);
	ck_assert_int_eq(verify_at(NODE_NBF, INT64_C(1800000000000)), OK);
}
END_TEST

START_TEST(another_secret_is_refused)
{
	ck_assert_int_eq(verify_with(SECRET "x", NULL, NODE_FAR), ERR_UNAUTHORIZED);
	ck_assert_int_eq(verify_with("unit-test-key-0123456789abcdefghiJ", NULL, NODE_FAR),
			 ERR_UNAUTHORIZED);
}
END_TEST

#define FRESH "a-new-secret-of-at-least-32-bytes-here"

PROMISE("3 Tokens", "JWT_SECRET_PREVIOUS still verifies and never signs")
START_TEST(earlier_secrets_verify_and_never_sign)
{
	ck_assert_int_eq(verify_with(FRESH, SECRET, NODE_FAR), OK);
	ck_assert_int_eq(verify_with(FRESH, "short," SECRET ",x", NODE_FAR), OK);
	ck_assert_int_eq(verify_with(FRESH, "short,x", NODE_FAR), ERR_UNAUTHORIZED);
	ck_assert_int_eq(verify_with(FRESH, SECRET "x", NODE_FAR), ERR_UNAUTHORIZED);
	/* a part of one, or several as one, is none */
	ck_assert_int_eq(verify_with(FRESH, SECRET ".x", NODE_FAR), ERR_UNAUTHORIZED);
	ck_assert_int_eq(verify_with("x", NULL, token_sign(arena, "x,y", &claims)),
			 ERR_UNAUTHORIZED);
	ck_assert_int_eq(verify_with(FRESH, SECRET, NODE_FAR), OK);
	const char *signed_anew = token_sign(arena, FRESH, &claims);
	ck_assert_int_eq(verify_with(FRESH, NULL, signed_anew), OK);
	ck_assert_int_eq(verify_with(SECRET, NULL, signed_anew), ERR_UNAUTHORIZED);
}
END_TEST

/* What Date.now() / 1000 gives for each of the three. */
PROMISE("3 Tokens", "Times may have a fraction")
START_TEST(times_may_have_a_fraction)
{
	const char *token = signed_token(HEADER, "{\"userId\":\"" USER
						 "\",\"iat\":1700000000.123,\"nbf\":1700000000.5,"
						 "\"exp\":1700000007.25}");

	ck_assert_int_eq(verify_at(token, INT64_C(1700000000499)), ERR_UNAUTHORIZED);
	ck_assert_int_eq(verify_at(token, INT64_C(1700000000500)), OK);
	/* the whole second after it: at or before a limit in whole seconds is what it was */
	ck_assert_int_eq(claims.issued_at, 1700000001);
	ck_assert_int_eq(claims.expires_at, 1700000008);
	ck_assert_int_eq(verify_at(token, INT64_C(1700000007249)), OK);
	ck_assert_int_eq(verify_at(token, INT64_C(1700000007250)), ERR_TOKEN_EXPIRED);
	ck_assert_int_eq(verify(signed_token(HEADER, "{\"userId\":\"" USER "\",\"iat\":1.7e9,"
						     "\"exp\":4102444800.000000001}")),
			 OK);
	ck_assert_int_eq(claims.issued_at, 1700000000);
	ck_assert_int_eq(claims.expires_at, 4102444801);
}
END_TEST

#define OPEN "[[[[[[[[[["
#define CLOSE "]]]]]]]]]]"
#define GOOD "\"userId\":\"" USER "\",\"exp\":4102444800"

static const char *const foreign[] = {
	"{\"nick\":\"\\ud800\"," GOOD "}",
	"{" GOOD ",\"nick\":\"\\udc00 \\u0000 \xff\"}",
	"{\"x\":1,\"x\":2," GOOD "}",
	"{\"n\":[1e400,-99999999999999999999,{\"exp\":1,\"exp\":2}]," GOOD "}",
	"{\"deep\":" OPEN OPEN OPEN OPEN "0" CLOSE CLOSE CLOSE CLOSE "," GOOD "}",
	" {\"\\ud800\" : null , " GOOD " , \"\":{\"]\":\"}\\\"\"} } ",
};

PROMISE("3 Tokens", "Claims that are not ours are not judged")
START_TEST(claims_of_others_are_not_judged)
{
	ck_assert_msg(verify(signed_token(HEADER, foreign[_i])) == OK, "%s", foreign[_i]);
	ck_assert_int_eq(claims.expires_at, EXPIRES);
}
END_TEST

static const char *const foreign_headers[] = {
	"{\"kid\":\"\\ud800\",\"alg\":\"HS256\"}",
	"{\"alg\":\"HS256\",\"x\":1e400,\"x\":[{}]}",
	"{\"alg\":\"HS256\",\"x\":{\"crit\":[\"b64\"]}}",
};

PROMISE("3 Tokens", "Claims that are not ours are not judged")
START_TEST(header_fields_of_others_are_not_judged)
{
	ck_assert_msg(verify(signed_token(foreign_headers[_i], PAYLOAD)) == OK, "%s",
		      foreign_headers[_i]);
}
END_TEST

static const struct {
	const char *what, *token;
} bad_tokens[] = {
	{ "jsonwebtoken's HS512",
	  "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9." FAR_64
	  ".8nhoXt2tzE3f57dWEVXi-9tLAwwB3DbebK63_y9k3j6ete9BSpNi4ibA3vnZEU2G2NZSEpl4pB3EWwiGFc-YCQ" },
	{ "jsonwebtoken's none", "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." FAR_64 "." },
	{ "none with the MAC of HS256", "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." FAR_64 "." MAC_64 },
	{ "jsonwebtoken's RS256",
	  "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9." FAR_64
	  ".Ey9cKNKFwge5HLBsx8ENqR6VIGt0KoqITbpIJsH-zeejiCfJ0gZ2GBZXiE2Y4HVSmgRCv28qlltnN0TPFMvUcc2"
	  "U3eamHVuN409lbeXNjecvYUC2JxdoG12nlg_BaY8t-ckLASUtsMZbZu2i_3K89_r59hYZGv-34_ERKbmDzujjWg"
	  "XBMocQzhP3ASMYcgtFfrjyUV6dFJiKvSyGT13rfs7Jc9-r-jVl34qrMyl-nfP_AsfB7hemaokGf352Sw770sAUn"
	  "Z_tlS60tmTTbMY6Ec8Fk77X49n4KtRtdmwCf1Ml6XMc-56lIJloEb4DHUbe5rz-0c7HCnFGnDo5Vz2XeQ" },
	{ "PyJWT's crit", "eyJhbGciOiJIUzI1NiIsImNyaXQiOlsiYjY0Il0sInR5cCI6IkpXVCJ9." FAR_64
			  ".IY0AP1GDnWsL0WQbZ7WdBpYkQQ9Jk76URUy79WaRcHI" },
	{ "jsonwebtoken's without exp", HEADER_64
	  ".eyJ1c2VySWQiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJlbWFpbCI6ImFubmFAZXhhbXBsZS5vcmciLC"
	  "Jyb2xlIjoid29ya2VyIiwiaWF0IjoxNzAwMDAwMDAwfQ.BHFUqmBWCKaFDmpTEtfdIX8Y7RJufgU_72HiQkMxEz"
	  "Q" },
	{ "a changed payload", HEADER_64 "." CLAIMS_64 "eHAiOjQxMDI0NDQ4MDF9." MAC_64 },
	{ "a changed MAC", HEADER_64 "." FAR_64 "._qFqLsr8RSyLkrv3M5O6n-blT7YkcGXvKvWjXmYx1s8" },
	{ "a MAC cut short", HEADER_64 "." FAR_64 "._qFqLsr8RSyLkrv3M5O6n-blT7YkcGXvKvWjXmYx1g" },
	{ "no MAC", HEADER_64 "." FAR_64 "." },
	{ "a non-canonical last character",
	  HEADER_64 "." FAR_64 "._qFqLsr8RSyLkrv3M5O6n-blT7YkcGXvKvWjXmYx1s5" },
	{ "padding", NODE_FAR "=" },
	{ "plain base64", HEADER_64 "." FAR_64 "./qFqLsr8RSyLkrv3M5O6n+blT7YkcGXvKvWjXmYx1s4" },
	{ "a line end", NODE_FAR "\n" },
	{ "a space", " " NODE_FAR },
	{ "two parts", HEADER_64 "." FAR_64 },
	{ "one part", HEADER_64 },
	{ "four parts", NODE_FAR "." },
	{ "nothing", "" },
	{ "dots", ".." },
	{ "no header", "." FAR_64 "." MAC_64 },
	{ "no payload", HEADER_64 ".." MAC_64 },
};

PROMISE("3 Tokens", "Only HS256 is accepted")
START_TEST(a_bad_token_is_refused)
{
	enum err err = verify(bad_tokens[_i].token);

	ck_assert_msg(err == ERR_UNAUTHORIZED, "%s: %s", bad_tokens[_i].what, err_row(err)->code);
}
END_TEST

static const char *const bad_headers[] = {
	"{\"typ\":\"JWT\"}",
	"{\"alg\":\"hs256\"}",
	"{\"alg\":\"HS256 \"}",
	"{\"alg\":\" HS256\"}",
	"{\"alg\":\"HS256\\u0000\"}",
	"{\"alg\":\"HS2567\"}",
	"{\"alg\":\"\"}",
	"{\"alg\":null}",
	"{\"alg\":256}",
	"{\"alg\":[\"HS256\"]}",
	"{\"Alg\":\"HS256\"}",
	"{\"alg\":\"none\",\"alg\":\"HS256\"}",
	"{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
	"{\"alg\":\"HS256\",\"typ\":1}",
	"{\"alg\":\"HS256\",\"typ\":{}}",
	"{\"alg\":\"HS256\",\"crit\":[]}",
	"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
	"{\"alg\":\"HS256\",\"crit\":\"exp\"}",
	"{\"alg\":\"HS256\",\"crit\":true}",
	"{\"alg\":\"HS256\",\"crit\":{}}",
	"{\"alg\":\"HS256\",\"crit\":\"\"}",
	"{\"alg\":\"HS256\",\"crit\":null}",
	"{\"alg\":\"HS256\",\"crit\":\"\\ud800\"}",
	"{\"alg\":\"HS256\",\"\\u0063rit\":[\"exp\"]}",
	"{\"alg\":\"none\",\"\\u0061lg\":\"HS256\"}",
	"{'alg':'HS256'}",
	"{\"alg\":\"HS256\"",
	"{\"alg\":\"HS256\"} x",
	"[\"HS256\"]",
	"\"HS256\"",
	"",
};

PROMISE("3 Tokens", "exp required, nbf honoured, crit refused")
START_TEST(a_bad_header_is_refused_though_the_mac_fits)
{
	ck_assert_msg(verify(signed_token(bad_headers[_i], PAYLOAD)) == ERR_UNAUTHORIZED, "%s",
		      bad_headers[_i]);
}
END_TEST

#define WITH_USER(rest) "{\"userId\":\"" USER "\"," rest "}"

static const char *const bad_payloads[] = {
	"",
	"{}",
	"null",
	"[]",
	"{\"exp\":4102444800}",
	"{\"userId\":\"65a1b2c3d4e5f60718293a4\",\"exp\":4102444800}",
	"{\"userId\":\"65a1b2c3d4e5f60718293a4g\",\"exp\":4102444800}",
	"{\"userId\":{\"$ne\":\"\"},\"exp\":4102444800}",
	"{\"userId\":null,\"exp\":4102444800}",
	WITH_USER("\"iat\":1700000000"),
	WITH_USER("\"exp\":null"),
	WITH_USER("\"exp\":\"never\""),
	WITH_USER("\"exp\":\"\""),
	WITH_USER("\"exp\":true"),
	WITH_USER("\"exp\":[4102444800]"),
	WITH_USER("\"exp\":-4102444800"),
	WITH_USER("\"exp\":1e300"),
	WITH_USER("\"exp\":99999999999999999999"),
	WITH_USER("\"exp\":NaN"),
	WITH_USER("\"exp\":1700000001,\"exp\":4102444800"),
	WITH_USER("\"exp\":4102444800,\"iat\":\"x\""),
	WITH_USER("\"exp\":4102444800,\"nbf\":\"x\""),
	WITH_USER("\"exp\":4102444800,\"nbf\":1800000000"),
	WITH_USER("\"exp\":4102444800,\"email\":{}"),
	WITH_USER("\"exp\":4102444800,\"role\":[\"admin\"]"),
	WITH_USER("\"exp\":4102444800,\"email\":\"\xff\""),
	WITH_USER("\"exp\":1700000001,\"\\u0065xp\":4102444800"),
	WITH_USER("\"exp\":4102444800,\"nbf\":1750000000.001"),
	WITH_USER("\"exp\":4102444800,\"email\":\"\\ud800\""),
	WITH_USER("\"exp\":4102444800,\"x\":"),
	WITH_USER("\"exp\":4102444800,\"x\":\"y"),
	WITH_USER("\"exp\":4102444800,\"x\":[1}") "]",
	WITH_USER("\"exp\":4102444800,\"x\" 1"),
	WITH_USER("\"exp\":4102444800,"),
	WITH_USER(",\"exp\":4102444800"),
	WITH_USER("\"exp\":4102444800") " ,",
};

PROMISE("3 Tokens", "exp required, nbf honoured, crit refused")
START_TEST(a_bad_payload_is_refused_though_the_mac_fits)
{
	ck_assert_msg(verify(signed_token(HEADER, bad_payloads[_i])) == ERR_UNAUTHORIZED, "%s",
		      bad_payloads[_i]);
}
END_TEST

START_TEST(a_token_of_4096_bytes_is_read_and_a_longer_one_refused)
{
	/* 3000 bytes of payload are 4000 of base64url; with header, MAC and dots 81 more. */
	for (int filler = 2850; filler < 2950; filler++) {
		const char *token = signed_token(
			HEADER, arena_printf(arena, WITH_USER("\"exp\":4102444800,\"x\":\"%0*d\""),
					     filler, 0));
		enum err expected = strlen(token) <= TOKEN_LENGTH_MAX ? OK : ERR_UNAUTHORIZED;
		ck_assert_int_eq(verify(token), expected);
	}
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof(array[0]))

Suite *suite_token(void)
{
	Suite *suite = suite_create("token");
	TCase *good = tcase_create("good");
	TCase *bad = tcase_create("bad");

	tcase_add_checked_fixture(good, setup, teardown);
	tcase_add_test(good, tokens_of_other_libraries_are_taken);
	tcase_add_test(good, further_header_fields_and_claims_are_ignored);
	tcase_add_test(good, our_token_is_the_one_that_the_node_library_makes);
	tcase_add_test(good, any_text_in_a_claim_comes_back);
	tcase_add_test(good, a_token_without_email_role_and_iat_is_taken);
	tcase_add_test(good, a_token_expires_with_the_second_of_its_exp);
	tcase_add_test(good, a_token_counts_from_the_second_of_its_nbf);
	tcase_add_test(good, earlier_secrets_verify_and_never_sign);
	tcase_add_test(good, times_may_have_a_fraction);
	tcase_add_loop_test(good, claims_of_others_are_not_judged, 0, COUNT(foreign));
	tcase_add_loop_test(good, header_fields_of_others_are_not_judged, 0,
			    COUNT(foreign_headers));
	tcase_add_checked_fixture(bad, setup, teardown);
	tcase_add_test(bad, an_expired_token_with_another_fault_is_just_refused);
	tcase_add_test(bad, another_secret_is_refused);
	tcase_add_loop_test(bad, a_bad_token_is_refused, 0, COUNT(bad_tokens));
	tcase_add_loop_test(bad, a_bad_header_is_refused_though_the_mac_fits, 0,
			    COUNT(bad_headers));
	tcase_add_loop_test(bad, a_bad_payload_is_refused_though_the_mac_fits, 0,
			    COUNT(bad_payloads));
	tcase_add_test(bad, a_token_of_4096_bytes_is_read_and_a_longer_one_refused);
	suite_add_tcase(suite, good);
	suite_add_tcase(suite, bad);
	return suite;
}
