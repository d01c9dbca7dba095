#include "http/request.h"
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

Suite *suite_request(void)
{
	Suite *suite = suite_create("request");
	TCase *headers = tcase_create("headers");

	tcase_add_test(headers, a_header_is_found_by_its_name);
	suite_add_tcase(suite, headers);
	return suite;
}
