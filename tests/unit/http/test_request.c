#include "http/request.h"
#include "http/route.h"
#include "suites.h"

static char *sent[] = {
	"HTTP_ACCEPT_LANGUAGE_X=no",
	"XHTTP_ACCEPT_LANGUAGE=no",
	"ACCEPT_LANGUAGE=no",
	"HTTP_ACCEPT_LANGUAGE=",
	"HTTP_ACCEPT_LANGUAGE=de",
	"HTTP_ACCEPT_LANGUAGE=en",
	"HTTP_EMPTY=",
	NULL,
};

START_TEST(a_header_is_found_by_its_name)
{
	const struct request rq = { .params = sent };

	ck_assert_str_eq(request_header(&rq, "Accept-Language"), "de");
	ck_assert_str_eq(request_header(&rq, "accept-language"), "de");
	ck_assert_ptr_null(request_header(&rq, "Accept"));
	ck_assert_ptr_null(request_header(&rq, "Empty"));
	ck_assert_ptr_null(request_header(&(struct request){ 0 }, "Accept-Language"));
}
END_TEST

START_TEST(an_answer_has_the_status_of_its_row)
{
	const struct route plain = { .status = 0 }, makes = { .status = 201 };
	struct request rq = { .route = &makes };

	respond(&rq);
	ck_assert_int_eq(rq.status, 201);
	rq.route = &plain;
	respond_array(&rq);
	ck_assert_int_eq(rq.status, 200);
	respond_status(&rq, 503);
	ck_assert_int_eq(rq.status, 503);
	buffer_free(&rq.out);
}
END_TEST

Suite *suite_request(void)
{
	Suite *suite = suite_create("request");
	TCase *headers = tcase_create("headers");
	TCase *answer = tcase_create("answer");

	tcase_add_test(headers, a_header_is_found_by_its_name);
	tcase_add_test(answer, an_answer_has_the_status_of_its_row);
	suite_add_tcase(suite, headers);
	suite_add_tcase(suite, answer);
	return suite;
}
