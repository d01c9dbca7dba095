#include "auth/jwk.h"

#include "base/encoding.h"
#include "base/memory.h"
#include "json/schema.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

/* ---- as it is written ---- */

struct key_text {
	const char *kind, *use, *alg, *kid, *modulus, *exponent;
};

/* None is trimmed, and none is required: a key of another kind is left out, not an error. */
static const struct field key_fields[] = {
	FIELD("kty", PASSWORD, key_text, kind),	 FIELD("use", PASSWORD, key_text, use),
	FIELD("alg", PASSWORD, key_text, alg),	 FIELD("kid", PASSWORD, key_text, kid),
	FIELD("n", PASSWORD, key_text, modulus), FIELD("e", PASSWORD, key_text, exponent),
};

static const struct schema key_schema = SCHEMA_OF("Jwk", struct key_text, key_fields);

struct set_text {
	struct object_list keys;
};

static const struct field set_fields[] = {
	FIELD("keys", OBJECTS, set_text, keys, .flags = FIELD_REQUIRED, .max = JWK_KEYS_MAX,
	      .of = &key_schema),
};

static const struct schema set_schema = SCHEMA_OF("JwkSet", struct set_text, set_fields);

static const struct set_text *set_text_read(struct arena *arena, const char *json, size_t length)
{
	struct faults faults = { .count = 0 };
	struct err_detail detail = { 0 };
	enum err err = OK;
	const struct set_text *text =
		schema_decode_body(arena, &set_schema, json, length, &faults, &detail, &err);

	return faults.count == 0 ? text : NULL;
}

static bool is_or_absent(const char *text, const char *wanted)
{
	return !text || strcmp(text, wanted) == 0;
}

static bool is_for_us(const struct key_text *text)
{
	return text->kind && strcmp(text->kind, "RSA") == 0 && is_or_absent(text->use, "sig") &&
	       is_or_absent(text->alg, "RS256") && text->kid && *text->kid && text->modulus &&
	       text->exponent;
}

/* ---- as OpenSSL has it ---- */

static void release_number(void *number)
{
	BN_free(number);
}

/* NULL when it is not strict base64url, or longer than the largest modulus. */
static BIGNUM *number_read(struct arena *arena, const char *text)
{
	size_t length;
	const uint8_t *bytes = base64url_decode(arena, text, strlen(text), &length);
	BIGNUM *number = NULL;

	if (bytes && length <= JWK_BITS_MAX / 8)
		number = BN_bin2bn(bytes, (int)length, NULL);
	arena_defer(arena, release_number, number);
	return number;
}

static EVP_PKEY *key_make(const BIGNUM *modulus, const BIGNUM *exponent)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *parameters = NULL;
	EVP_PKEY *key = NULL;

	if (build && context && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent))
		parameters = OSSL_PARAM_BLD_to_param(build);
	if (parameters && EVP_PKEY_fromdata_init(context) == 1 &&
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		key = NULL;
	OSSL_PARAM_free(parameters);
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_BLD_free(build);
	/* what a stranger's key did is nobody's error later on */
	ERR_clear_error();
	return key;
}

static EVP_PKEY *key_read(struct arena *arena, const struct key_text *text)
{
	if (!is_for_us(text))
		return NULL;
	const BIGNUM *modulus = number_read(arena, text->modulus);
	const BIGNUM *exponent = number_read(arena, text->exponent);
	if (!modulus || !exponent || BN_num_bits(modulus) < JWK_BITS_MIN || !BN_is_odd(modulus))
		return NULL;
	/* 1 would make every text its own signature */
	if (!BN_is_odd(exponent) || BN_is_one(exponent) || BN_num_bits(exponent) > 64)
		return NULL;
	return key_make(modulus, exponent);
}

/* ---- a set ---- */

struct jwk_set {
	size_t count;
	struct {
		char *kid;
		EVP_PKEY *key;
	} keys[JWK_KEYS_MAX];
};

struct jwk_set *jwk_set_read(struct arena *arena, const char *json, size_t length)
{
	const struct set_text *text = set_text_read(arena, json, length);
	struct jwk_set *set = memory_new(sizeof(*set));

	for (size_t i = 0; text && i < text->keys.count; i++) {
		const struct key_text *key_text = text->keys.objects[i];
		EVP_PKEY *key = key_read(arena, key_text);

		if (!key)
			continue;
		set->keys[set->count].kid = memory_text(key_text->kid);
		set->keys[set->count++].key = key;
	}
	if (set->count > 0)
		return set;
	jwk_set_free(set);
	return NULL;
}

void jwk_set_free(struct jwk_set *set)
{
	for (size_t i = 0; set && i < set->count; i++) {
		free(set->keys[i].kid);
		EVP_PKEY_free(set->keys[i].key);
	}
	free(set);
}

EVP_PKEY *jwk_set_find(const struct jwk_set *set, const char *kid)
{
	for (size_t i = 0; set && i < set->count; i++) {
		if (strcmp(set->keys[i].kid, kid) != 0)
			continue;
		EVP_PKEY_up_ref(set->keys[i].key);
		return set->keys[i].key;
	}
	return NULL;
}

bool jwk_verify_rs256(EVP_PKEY *key, const void *text, size_t length, const uint8_t *signature,
		      size_t signature_length)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool fits = context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
		    EVP_DigestVerify(context, signature, signature_length, text, length) == 1;

	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return fits;
}
