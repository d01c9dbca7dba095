/* What each call takes and refuses, by the input of its row. The kinds of fields have tests of their own, in json/. */
#include "api/api.h"
#include "base/clock.h"
#include "base/still_clock.h"
#include "suites.h"

#include <string.h>

static struct arena *arena;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

static const struct schema *body_of(enum method method, const char *path)
{
	const struct routes routes = api_routes();

	for (size_t i = 0; i < routes.count; i++)
		if (routes.rows[i].method == method && !strcmp(routes.rows[i].path, path))
			return routes.rows[i].body;
	return NULL;
}

static struct faults faults_of(enum method method, const char *path, const char *body)
{
	struct faults faults = { 0 };
	struct err_detail detail = { 0 };
	enum err err = OK;

	schema_decode_body(arena, body_of(method, path), body, strlen(body), &faults, &detail,
			   &err);
	ck_assert_int_eq(err, OK);
	return faults;
}

#define TASK(date)                                                                          \
	"{\"task_title\":\"A video\",\"task_detail\":\"Watch it.\",\"required_workers\":2," \
	"\"payable_amount\":5,\"submission_info\":\"A link\",\"completion_date\":\"" date "\"}"
#define WITHDRAWAL(coins, rest) \
	"{\"withdrawal_coin\":" coins ",\"payment_system\":\"bkash\"," rest "}"
#define PERSON(password, role)                                                                    \
	"{\"name\":\"Ada\",\"email\":\"ada@example.org\",\"password\":\"" password "\",\"role\":" \
	"\"" role "\"}"
#define ID_TEXT "\"65a1b2c3d4e5f60718293a4b\""

static const struct input_case {
	enum method method;
	const char *path, *body;
	const char *field; /* that is refused; NULL: none is */
	enum err err;
} cases[] = {
	{ POST, "/tasks", TASK("9999-01-31"), NULL, OK },
	{ POST, "/tasks", "{\"task_title\":\"A video\"}", "task_detail", ERR_INVALID_INPUT },
	{ POST, "/tasks/:id/slots", "{\"delta\":-10000}", NULL, OK },
	{ POST, "/tasks/:id/slots", "{\"delta\":10001}", "delta", ERR_INVALID_INPUT },
	{ POST, "/tasks/:id/slots", "{\"delta\":0}", "delta", ERR_INVALID_INPUT },
	/* old callers send the whole task back: slots and price are no fields of an edit */
	{ PUT, "/tasks/:id", "{\"required_workers\":-1,\"payable_amount\":\"x\"}", NULL, OK },
	{ PUT, "/tasks/:id", "{\"task_title\":\"\"}", "task_title", ERR_INVALID_INPUT },
	/* whether it moves the deadline on depends on the task */
	{ PUT, "/tasks/:id", "{\"completion_date\":\"2000-01-31\"}", NULL, OK },
	{ PUT, "/submissions/:id/reject", "", NULL, OK },
	{ PUT, "/submissions/:id/status", "{\"status\":\"approved\"}", NULL, OK },
	{ PUT, "/submissions/:id/status", "{\"status\":\"rejected\",\"reason\":\"No\"}", NULL, OK },
	{ PUT, "/submissions/:id/status", "{\"status\":\"pending\"}", "status", ERR_INVALID_INPUT },
	{ PUT, "/submissions/:id/status", "{}", "status", ERR_INVALID_INPUT },
	{ POST, "/submissions/review", "{\"ids\":[" ID_TEXT "],\"status\":\"approved\"}", NULL,
	  OK },
	{ POST, "/submissions/review", "{\"ids\":[],\"status\":\"approved\"}", "ids",
	  ERR_INVALID_INPUT },
	{ POST, "/submissions/review", "{\"ids\":[7],\"status\":\"approved\"}", "ids",
	  ERR_INVALID_ID },
	{ POST, "/withdrawals", WITHDRAWAL("200", "\"account_number\":\"017\""), NULL, OK },
	{ POST, "/withdrawals", WITHDRAWAL("199", "\"account_number\":\"017\""), "withdrawal_coin",
	  ERR_BELOW_MINIMUM },
	{ POST, "/withdrawals", WITHDRAWAL("200.5", "\"account_number\":\"017\""),
	  "withdrawal_coin", ERR_WHOLE_COINS },
	/* a number of digits alone is a text, too */
	{ POST, "/withdrawals", WITHDRAWAL("200", "\"account_number\":17"), NULL, OK },
	{ POST, "/withdrawals", WITHDRAWAL("200", "\"account_number\":1.5"), "account_number",
	  ERR_INVALID_INPUT },
	{ POST, "/payments/create-payment", "{\"coins\":150}", NULL, OK },
	{ POST, "/payments/create-payment", "{\"coins\":0}", "coins", ERR_NOT_A_PACKAGE },
	{ POST, "/payments/purchase-coins", "{\"coins\":150,\"amount\":-10}", "amount",
	  ERR_NOT_A_PACKAGE },
	{ POST, "/payments/purchase-coins", "{\"coins\":150,\"amount\":10.005}", "amount",
	  ERR_INVALID_INPUT },
	{ PUT, "/payments/confirm/:paymentId", "{\"transactionId\":\" \"}", "transactionId",
	  ERR_INVALID_INPUT },
	{ POST, "/auth/register", PERSON("engine-1843", "buyer"), NULL, OK },
	/* refused as forbidden, by the handler, and not as unknown */
	{ POST, "/auth/register", PERSON("engine-1843", "admin"), NULL, OK },
	{ POST, "/auth/register", PERSON("engine-1843", "root"), "role", ERR_INVALID_INPUT },
	{ POST, "/auth/register", PERSON("engines", "buyer"), "password", ERR_INVALID_INPUT },
	{ PUT, "/auth/password", "{\"currentPassword\":\"x\",\"newPassword\":\"engine-1843\"}",
	  NULL, OK }, /* the old one may be from before the rule */
	{ PUT, "/admin/users/:id/role", "{\"role\":\"admin\"}", NULL, OK },
	{ POST, "/admin/users/:id/adjust", "{\"coins\":-30,\"reason\":\"Paid twice\"}", NULL, OK },
	{ POST, "/admin/users/:id/adjust", "{\"coins\":0,\"reason\":\"Paid twice\"}", "coins",
	  ERR_INVALID_INPUT },
	{ POST, "/admin/users/:id/adjust", "{\"coins\":30,\"reason\":\" \"}", "reason",
	  ERR_INVALID_INPUT },
};

START_TEST(an_input_is_taken_or_refused_by_its_row)
{
	const struct input_case *asked = &cases[_i];
	struct faults faults = faults_of(asked->method, asked->path, asked->body);

	if (!asked->field) {
		ck_assert_msg(faults.count == 0, "%s: %s", asked->body, faults.list[0].message);
		return;
	}
	ck_assert_msg(faults.count >= 1, "%s is taken", asked->body);
	ck_assert_str_eq(faults.list[0].field, asked->field);
	ck_assert_str_eq(err_row(faults.list[0].err)->code, err_row(asked->err)->code);
}
END_TEST

START_TEST(of_too_few_coins_the_least_are_told)
{
	struct faults faults =
		faults_of(POST, "/withdrawals", WITHDRAWAL("1", "\"account_number\":\"1\""));

	ck_assert_str_eq(faults.list[0].number_name, "minRequired");
	ck_assert_int_eq(faults.list[0].number, 200);
}
END_TEST

static size_t faults_of_date(int64_t when)
{
	char text[CLOCK_ISO_LENGTH + 1];

	clock_iso(when, text);
	return faults_of(POST, "/tasks", arena_printf(arena, TASK("%s"), text)).count;
}

PROMISE("2 Deadlines",
	"A completion_date of exactly midnight UTC is a whole day: the task stays open to that day's end")
START_TEST(todays_midnight_is_ahead_and_an_hour_that_has_passed_is_not)
{
	int64_t now = INT64_C(1769850000000), midnight = now - now % CLOCK_DAY;

	clock_stop();
	clock_heard(now);
	ck_assert_uint_eq(faults_of_date(midnight), 0);
	ck_assert_uint_eq(faults_of_date(midnight - CLOCK_DAY), 1);
	ck_assert_uint_eq(faults_of_date(now + CLOCK_DAY), 0);
	ck_assert_uint_eq(faults_of_date(now - CLOCK_SECOND), 1);
}
END_TEST

START_TEST(the_rows_of_all_calls_fit_together)
{
	const struct routes routes = api_routes();
	char problem[256];

	ck_assert_ptr_null(routes_check(routes.rows, routes.count, problem));
}
END_TEST

Suite *suite_inputs(void)
{
	Suite *suite = suite_create("inputs");
	TCase *inputs = tcase_create("inputs");

	tcase_add_checked_fixture(inputs, setup, teardown);
	tcase_add_loop_test(inputs, an_input_is_taken_or_refused_by_its_row, 0,
			    sizeof cases / sizeof *cases);
	tcase_add_test(inputs, of_too_few_coins_the_least_are_told);
	tcase_add_test(inputs, todays_midnight_is_ahead_and_an_hour_that_has_passed_is_not);
	tcase_add_test(inputs, the_rows_of_all_calls_fit_together);
	suite_add_tcase(suite, inputs);
	return suite;
}
