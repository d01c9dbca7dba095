/* Documents as they are written in the code: what each macro makes, told as MongoDB's own JSON with types. */
#include "store/doc.h"
#include "suites.h"

#include <string.h>

static struct arena *arena;
static const struct id someone = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 } };

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

static void assert_json(const bson_t *doc, const char *json)
{
	char *told = bson_as_canonical_extended_json(doc, NULL);

	ck_assert_str_eq(told, json);
	bson_free(told);
}

START_TEST(each_pair_has_its_type)
{
	assert_json(DOC(arena, ID("_id", &someone)),
		    "{ \"_id\" : { \"$oid\" : \"0102030405060708090a0b0c\" } }");
	assert_json(DOC(arena, TEXT("a", "b")), "{ \"a\" : \"b\" }");
	assert_json(DOC(arena, INT("a", -1)), "{ \"a\" : { \"$numberInt\" : \"-1\" } }");
	assert_json(DOC(arena, WHOLE("a", INT64_C(1) << 40)),
		    "{ \"a\" : { \"$numberLong\" : \"1099511627776\" } }");
	assert_json(DOC(arena, DATE("a", 1000)),
		    "{ \"a\" : { \"$date\" : { \"$numberLong\" : \"1000\" } } }");
	assert_json(DOC(arena, BOOL("a", true), NONE("b")), "{ \"a\" : true, \"b\" : null }");
	assert_json(DOC(arena, PAIR("a", BCON_CENTS(1050))),
		    "{ \"a\" : { \"$numberDouble\" : \"10.5\" } }");
}
END_TEST

START_TEST(a_document_has_the_size_of_its_bytes)
{
	char text[300] = "";

	memset(text, 'x', sizeof text - 1);
	ck_assert_uint_eq(doc_size(DOC(arena, NULL)), 5);
	ck_assert_uint_eq(doc_size(DOC(arena, INT("a", 1))), 12);
	ck_assert(doc_is_empty(DOC(arena, NULL)) && !doc_is_empty(DOC(arena, INT("a", 1))));
	/* too long for the struct itself */
	ck_assert_uint_eq(doc_size(DOC(arena, TEXT("a", text))), 5 + 3 + 4 + 300);
}
END_TEST

START_TEST(documents_and_arrays_stand_in_place)
{
	assert_json(DOC(arena, SUB("a", TEXT("b", "c"), SUB("d", BOOL("e", false))), NONE("f")),
		    "{ \"a\" : { \"b\" : \"c\", \"d\" : { \"e\" : false } }, \"f\" : null }");
	assert_json(DOC(arena, LIST("a", BCON_UTF8("b"), ITEM(TEXT("c", "d"), NONE("e")))),
		    "{ \"a\" : [ \"b\", { \"c\" : \"d\", \"e\" : null } ] }");
	assert_json(DOC(arena, EMPTY("a"), EMPTY_LIST("b")), "{ \"a\" : {  }, \"b\" : [  ] }");
}
END_TEST

START_TEST(what_was_made_before_is_a_part)
{
	struct doc_array array = doc_array_new(arena);

	doc_array_text(&array, "b");
	assert_json(DOC(arena, PART("a", DOC(arena, TEXT("b", "c"))), ARRAY("d", array.doc)),
		    "{ \"a\" : { \"b\" : \"c\" }, \"d\" : [ \"b\" ] }");
}
END_TEST

START_TEST(a_pipeline_is_the_array_of_its_stages)
{
	bson_t *inner = PIPELINE(arena, STAGE("$match", TEXT("a", "b")));
	bson_t *pipeline = PIPELINE(arena, ITEM(PART("$match", DOC(arena, NULL))),
				    STAGE("$lookup", TEXT("as", "of"), ARRAY("pipeline", inner)),
				    ITEM(TEXT("$count", "n")));

	assert_json(pipeline, "{ \"0\" : { \"$match\" : {  } }, "
			      "\"1\" : { \"$lookup\" : { \"as\" : \"of\", \"pipeline\" : "
			      "[ { \"$match\" : { \"a\" : \"b\" } } ] } }, "
			      "\"2\" : { \"$count\" : \"n\" } }");
}
END_TEST

START_TEST(a_pipeline_may_be_text_behind_its_match)
{
	assert_json(doc_pipeline(arena, DOC(arena, TEXT("a", "b")), JSON([
					 { "$group" : { "_id" : "$a", "n" : { "$sum" : 1 } } },
					 { "$sort" : { "n" : -1 } }
				 ])),
		    "{ \"0\" : { \"$match\" : { \"a\" : \"b\" } }, "
		    "\"1\" : { \"$group\" : { \"_id\" : \"$a\", "
		    "\"n\" : { \"$sum\" : { \"$numberInt\" : \"1\" } } } }, "
		    "\"2\" : { \"$sort\" : { \"n\" : { \"$numberInt\" : \"-1\" } } } }");
}
END_TEST

Suite *suite_doc(void)
{
	Suite *suite = suite_create("doc");
	TCase *made = tcase_create("made");

	tcase_add_checked_fixture(made, setup, teardown);
	tcase_add_test(made, each_pair_has_its_type);
	tcase_add_test(made, a_document_has_the_size_of_its_bytes);
	tcase_add_test(made, documents_and_arrays_stand_in_place);
	tcase_add_test(made, what_was_made_before_is_a_part);
	tcase_add_test(made, a_pipeline_is_the_array_of_its_stages);
	tcase_add_test(made, a_pipeline_may_be_text_behind_its_match);
	suite_add_tcase(suite, made);
	return suite;
}
