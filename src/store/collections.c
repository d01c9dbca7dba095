#include "store/collections.h"

#include "store/doc.h"

#include <stdio.h>

#define NOTHING_PERSONAL ((const struct personal[]){ { 0 } })
#define PEOPLE(...) ((const struct personal[]){ __VA_ARGS__, { 0 } })

static const struct personal buyers[] = {
	{ "buyer_id",
	  RECORD_STAYS,
	  { { "buyer_name", BECOMES_NAME }, { "buyer_email", BECOMES_EMAIL } } },
	{ 0 },
};

const struct collection_row collection_rows[COLLECTION_COUNT] = {
	[USERS] = { "users", PEOPLE({ "_id",
				      RECORD_IS_ACCOUNT,
				      { { "name", BECOMES_NAME },
					{ "email", BECOMES_EMAIL },
					{ "email_key", BECOMES_EMPTY },
					{ "searched", BECOMES_EMPTY },
					{ "photoURL", BECOMES_EMPTY },
					{ "googleId", BECOMES_EMPTY },
					{ "google_key", BECOMES_EMPTY },
					{ "password", BECOMES_EMPTY } } }) },
	[TASKS] = { "tasks", buyers },
	[SUBMISSIONS] = { "submissions", PEOPLE({ "buyer_id",
						  RECORD_STAYS,
						  { { "buyer_name", BECOMES_NAME },
						    { "buyer_email", BECOMES_EMAIL } } },
						{ "worker_id",
						  RECORD_STAYS,
						  { { "worker_name", BECOMES_NAME },
						    { "worker_email", BECOMES_EMAIL } } }) },
	[WITHDRAWALS] = { "withdrawals", PEOPLE({ "worker_id",
						  RECORD_STAYS,
						  { { "worker_name", BECOMES_NAME },
						    { "worker_email", BECOMES_EMAIL },
						    { "account_number", STAYS } } }) },
	[PAYMENTS] = { "payments", buyers },
	[NOTIFICATIONS] = { "notifications", PEOPLE({ "user_id",
						      RECORD_GOES,
						      { { "toEmail", BECOMES_EMAIL },
							{ "message", BECOMES_EMPTY } } }) },
	[LEDGER] = { "ledger", NOTHING_PERSONAL },
	[IDEMPOTENCY] = { "idempotency",
			  PEOPLE({ "user_id", RECORD_GOES, { { "body", BECOMES_EMPTY } } },
				 { "people", RECORD_IS_ANSWER, { { "body", BECOMES_EMPTY } } }) },
	/* hashes of addresses, for some minutes */
	[THROTTLE] = { "throttle", NOTHING_PERSONAL },
	[TICKETS] = { "tickets", NOTHING_PERSONAL },
	[META] = { "meta", NOTHING_PERSONAL },
};

const char *collection_name(enum collection collection)
{
	return collection_rows[collection].name;
}

static const char *row_problem(const struct collection_row *row)
{
	if (!row->name)
		return "has no name";
	if (!row->people)
		return "says nothing of people: name the fields that hold somebody's data, or say NOTHING_PERSONAL";
	for (const struct personal *person = row->people; person->whose; person++)
		if (!person->fields[0].name)
			return "has a person without a field";
	return NULL;
}

const char *collections_check(const struct collection_row rows[COLLECTION_COUNT], char problem[256])
{
	for (int in = 0; in < COLLECTION_COUNT; in++) {
		const char *what = row_problem(&rows[in]);

		if (!what)
			continue;
		snprintf(problem, 256, "Collection %d, %s, %s.", in + 1,
			 rows[in].name ? rows[in].name : "?", what);
		return problem;
	}
	return NULL;
}

static const char *text_of(struct arena *arena, const struct personal_field *field,
			   const struct id *id)
{
	switch (field->then) {
	case BECOMES_NAME:
		return DELETED_NAME;
	case BECOMES_EMAIL:
		return arena_printf(arena, DELETED_EMAIL("%s"), id_text(arena, id));
	case BECOMES_EMPTY:
		return "";
	default:
		return NULL;
	}
}

bson_t *personal_forgotten(struct arena *arena, const struct personal *person, const struct id *id)
{
	bson_t *texts = DOC(arena, NULL);

	for (const struct personal_field *field = person->fields; field->name; field++) {
		const char *text = text_of(arena, field, id);

		if (text)
			BSON_APPEND_UTF8(texts, field->name, text);
	}
	return texts;
}
