#include "rule.h"

#include "store/mark.h"

#include <string.h>

#define NOW_MS INT64_C(1900000000123)

struct rule_case rule;

void rule_setup(void)
{
	rule = (struct rule_case){ .arena = arena_new() };
	rule.call = (struct call){ .arena = rule.arena,
				   .caller = &rule.caller,
				   .request_id = "r-1",
				   .now = NOW_MS,
				   .detail = &rule.detail };
	txn_start(&rule.txn, rule.arena);
}

void rule_teardown(void)
{
	arena_free(rule.arena);
}

struct id rule_id(const char *hex)
{
	struct id id;

	ck_assert(id_parse(hex, strlen(hex), &id));
	return id;
}

void rule_caller(const char *hex, enum role role)
{
	rule.caller = (struct caller){ .known = true,
				       .id = rule_id(hex),
				       .role = role,
				       .email = "caller@example.com",
				       .name = "Caller",
				       .coins = 1000 };
}

const bson_t *rule_doc(const char *json)
{
	bson_error_t error;
	bson_t *doc = bson_new_from_json((const uint8_t *)json, -1, &error);

	ck_assert_msg(doc != NULL, "%s: %s", error.message, json);
	return doc_keep(rule.arena, doc);
}

/* Numbers print alike whatever their size. */
void rule_same(const bson_t *doc, const char *json)
{
	char *is = bson_as_relaxed_extended_json(doc, NULL);
	char *should = bson_as_relaxed_extended_json(rule_doc(json), NULL);

	ck_assert_str_eq(is, should);
	bson_free(is);
	bson_free(should);
}

static const struct step *step_of(size_t i, int kind, enum collection in, enum err on_miss)
{
	ck_assert_uint_lt(i, rule.txn.count);
	const struct step *step = &rule.txn.steps[i];

	ck_assert_int_eq(step->kind, kind);
	ck_assert_int_eq(step->in, in);
	ck_assert_int_eq(step->on_miss, on_miss);
	return step;
}

static void assert_filter(const struct step *step, const char *filter)
{
	rule_same(step->of_any, filter);
	ck_assert((int)step->in >= MARKED_COUNT || bson_has_field(step->filter, MARK));
}

void rule_update(size_t i, enum collection in, const char *filter, const char *change,
		 enum err on_miss)
{
	const struct step *step = step_of(i, STEP_UPDATE, in, on_miss);

	assert_filter(step, filter);
	rule_same(step->change, change);
}

void rule_remove(size_t i, enum collection in, const char *filter, enum err on_miss)
{
	assert_filter(step_of(i, STEP_REMOVE, in, on_miss), filter);
}

void rule_then(size_t i)
{
	step_of(i, STEP_THEN, META, OK);
}

const bson_t *rule_insert(size_t i, enum collection in, enum err taken)
{
	return step_of(i, STEP_INSERT, in, taken)->doc;
}

void rule_row(size_t i, const char *key, const char *what, enum err taken)
{
	const char *actor = rule.caller.known ? id_text(rule.arena, &rule.caller.id) : "service";

	rule_same(rule_insert(i, LEDGER, taken),
		  arena_printf(rule.arena,
			       "{\"_id\": \"%s\", %s, \"actor\": \"%s\", \"request_id\": \"r-1\", "
			       "\"at\": " NOW "}",
			       key, what, actor));
}

void rule_notification(size_t i, const char *user, const char *message)
{
	const bson_t *notification = rule_insert(i, NOTIFICATIONS, ERR_INTERNAL);
	struct id id;

	ck_assert(doc_id(notification, "user_id", &id));
	ck_assert_str_eq(id_text(rule.arena, &id), user);
	ck_assert_str_eq(doc_text(notification, "message"), message);
}

void rule_found(size_t i, const char *json)
{
	ck_assert_uint_lt(i, rule.txn.count);
	rule.txn.steps[i].found = rule_doc(json);
}

enum err rule_decide(size_t i)
{
	struct step step;

	rule_then(i);
	step = rule.txn.steps[i];
	rule.txn.ran = rule.txn.count;
	return step.then(step.context, &rule.txn);
}
