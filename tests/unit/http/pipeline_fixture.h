/*
 * A small service for the tests of the pipeline: a table of one call of each kind, handlers that note when they are
 * reached, and a stand-in that knows callers by the word in their token, as tokens are looked up in the database. What
 * needs one, as keys do, is tried in tests/api.
 */
#ifndef TESTS_PIPELINE_FIXTURE_H
#define TESTS_PIPELINE_FIXTURE_H

#include "http/pipeline.h"
#include "http/route.h"

#include <check.h>
#undef fail /* an old name of ck_abort_msg; in http it refuses a request */

/* What a test sends and sees. */
struct scene {
	struct request rq;
	char reached[64]; /* "auth claim handle " … in the order of the calls */
	enum err handler_result; /* OK, or what the handler fails with */
	int handler_status; /* of its answer; 0: it gives none */
	enum err shown_result; /* of who shows the record that is edited */
	enum err auth_result; /* for the token "other" */
	const char *sentence; /* of the handler's failure */
	const char *field;
	bool insufficient; /* the handler's failure tells two numbers */
	int retry_after;
};

/* The scene of the running test, reset by setup. */
extern struct scene scene;

void scene_setup(void);
void scene_teardown(void);

/* From now on the database is away, and nobody has seen yet that the data is adopted. Until then there is none. */
void scene_close(void);

/* Sends the request that rq holds by then, with this method and URI. */
void scene_send(const char *method, const char *uri);
/* A PUT of a JSON text with a good worker's token to /api/things/<id>. */
void scene_put(const char *body);

/* The first half of a call that needs a turn, and the others. */
enum turn scene_begin(const char *token);
void scene_resume(void);
void scene_turn_away(int seconds);

void expect_status(int status);
/* The whole line, without its end. */
void expect_header(const char *line);
void expect_no_header(const char *name);
void expect_in_body(const char *part);
void expect_code(const char *code);
void expect_reached(const char *steps);

#define SCENE_ID "65ab000102030405060708ff"

#endif
