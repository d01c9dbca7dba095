#include "market/tokens.h"

#include "base/clock.h"
#include "store/doc.h"

/* Values in a stage are expressions, and a hash begins with a dollar. */
static bson_t *literals(struct arena *arena, const bson_t *set)
{
	bson_t *values = doc_new(arena), value;
	bson_iter_t at;

	bson_iter_init(&at, set);
	while (bson_iter_next(&at)) {
		BSON_APPEND_DOCUMENT_BEGIN(values, bson_iter_key(&at), &value);
		bson_append_iter(&value, "$literal", -1, &at);
		bson_append_document_end(values, &value);
	}
	return values;
}

static void stage_add(struct arena *arena, struct doc_array *stages, const bson_t *set)
{
	doc_array_doc(stages, DOC(arena, PART("$set", set)));
}

/* $max passes over what a user does not have yet. */
static void ended_add(struct arena *arena, struct doc_array *stages, int64_t used, int64_t now)
{
	stage_add(arena, stages,
		  DOC(arena,
		      SUB("tokens_valid_after",
			  LIST("$max",
			       ITEM(LIST("$add", BCON_UTF8("$tokens_valid_after"), BCON_INT64(1))),
			       BCON_UTF8("$last_token_at"), BCON_INT64(used),
			       BCON_INT64((now + CLOCK_SECOND - 1) / CLOCK_SECOND)))));
}

static void begun_add(struct arena *arena, struct doc_array *stages, int64_t now)
{
	stage_add(arena, stages,
		  DOC(arena,
		      SUB("last_token_at",
			  LIST("$max", BCON_UTF8("$last_token_at"), BCON_INT64(now / CLOCK_SECOND),
			       ITEM(LIST("$add", BCON_UTF8("$tokens_valid_after"),
					 BCON_INT64(1)))))));
}

const bson_t *tokens_begin(struct arena *arena, const bson_t *set, int64_t now)
{
	struct doc_array stages = doc_array_new(arena);

	stage_add(arena, &stages, literals(arena, set));
	begun_add(arena, &stages, now);
	return stages.doc;
}

const bson_t *tokens_end(struct arena *arena, const bson_t *set, const char *unset, int64_t used,
			 int64_t now)
{
	struct doc_array stages = doc_array_new(arena);

	/* a $set of nothing is an error */
	if (!doc_is_empty(set))
		stage_add(arena, &stages, literals(arena, set));
	if (unset)
		doc_array_doc(&stages, DOC(arena, TEXT("$unset", unset)));
	ended_add(arena, &stages, used, now);
	begun_add(arena, &stages, now);
	return stages.doc;
}
