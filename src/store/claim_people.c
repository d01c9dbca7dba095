#include "store/claim_people.h"

#include "store/doc.h"
#include "json/json_edit.h"
#include "json/json_in.h"

#include <string.h>

/* A record that is removed with its owner is shown to nobody else. */
static bool is_shown(const struct personal *person)
{
	return person->record == RECORD_STAYS || person->record == RECORD_IS_ACCOUNT;
}

bson_t *claim_people(const struct txn *txn)
{
	struct doc_array people = doc_array_new(txn->arena);
	struct id id;

	for (size_t i = 0; i < txn->count; i++) {
		const struct step *step = &txn->steps[i];
		const bson_t *doc = step->found ? step->found : step->doc;
		const struct personal *person = collection_rows[step->in].people;

		for (; doc && person->whose; person++)
			if (is_shown(person) && doc_id(doc, person->whose, &id))
				doc_array_id(&people, &id);
	}
	return people.doc;
}

/* An answer has the id of a record's owner beside its texts, as the database does. */
static bool person_take_out(struct arena *arena, struct json_object *answer,
			    const struct personal *person, const struct id *id)
{
	const bson_t *texts = personal_forgotten(arena, person, id);
	const char *hex = id_text(arena, id);
	bson_iter_t at;
	bool any = false;

	bson_iter_init(&at, texts);
	while (bson_iter_next(&at))
		any |= json_replace(answer, person->whose, hex, bson_iter_key(&at),
				    bson_iter_utf8(&at, NULL));
	return any;
}

/* The answer without the person; NULL when it does not show them. */
static const char *body_without(struct arena *arena, const char *body, size_t length,
				const struct id *id)
{
	const char *problem;
	struct json_object *answer = json_in(arena, body, length, &problem);
	bool any = false;

	for (int in = 0; in < COLLECTION_COUNT; in++)
		for (const struct personal *person = collection_rows[in].people; person->whose;
		     person++)
			if (is_shown(person))
				any |= person_take_out(arena, answer, person, id);
	return any ? json_written(answer) : NULL;
}

struct db_update claim_forget(struct arena *arena, const bson_t *kept, const struct id *id)
{
	bson_t *filter = DOC(arena, NULL), *change = DOC(arena, SUB("$pull", ID("people", id)));
	uint32_t length;
	const uint8_t *bytes = doc_bytes(kept, "body", &length);
	const char *body = body_without(arena, (const char *)bytes, length, id);

	doc_unchanged(filter, kept, "_id");
	doc_unchanged(filter, kept, "body");
	if (body)
		bson_concat(
			change,
			DOC(arena, SUB("$set", PAIR("body", BCON_BIN(BSON_SUBTYPE_BINARY,
								     (const uint8_t *)body,
								     (uint32_t)strlen(body))))));
	return (struct db_update){ filter, change };
}
