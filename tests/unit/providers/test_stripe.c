/* Signatures and events; the values were made with another implementation of HMAC. */
#include "base/turn.h"
#include "providers/provider.h"
#include "providers/stripe.h"
#include "suites.h"

#include <pthread.h>
#include <string.h>

#define SECRET "whsec_9fJq2LmT"
#define BODY "{\"type\":\"payment_intent.succeeded\"}"
#define WHEN INT64_C(1700000000)
#define MAC "d99a0ecf52a85dcd09249718e405d9a9dab237967e118eeea9ac6f5ee48c3250"
#define MAC_OTHER "e73ae2c8f064bc7beb5420f3fcd1b83215f6aae1092cca14e2894283cb43bdd5"
#define MAC_EMPTY "b97823ccef9ceda4e0262d89d254dc7ce20968aec0d36b31928adc5866d24a67"

static struct arena *arena;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

static bool is_signed(const char *signature, int64_t seconds)
{
	return stripe_signed(signature, SECRET, BODY, strlen(BODY), seconds * 1000);
}

static const char *const good[] = {
	"t=1700000000,v1=" MAC,
	"t=1700000000,v1=" MAC_OTHER ",v1=" MAC,
	"t=1700000000,v1=" MAC
	",v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39",
	"v1=" MAC ",t=1700000000",
	"x=1,t=1700000000,v1=,v1=" MAC ",",
};

START_TEST(a_signature_of_stripe_is_known)
{
	ck_assert(is_signed(good[_i], WHEN));
	ck_assert(is_signed(good[_i], WHEN + 300));
	ck_assert(is_signed(good[_i], WHEN - 300));
}
END_TEST

PROMISE("7 POST /webhook", "A signature is taken for 300 s")
START_TEST(a_signature_lasts_300_seconds)
{
	ck_assert(!is_signed(good[0], WHEN + 301));
	ck_assert(!is_signed(good[0], WHEN - 301));
}
END_TEST

static const char *const bad[] = {
	NULL,
	"",
	",",
	"v1=" MAC,
	"t=1700000000",
	"t=1700000000,v1=",
	"t=1700000000,v1=" MAC_OTHER,
	"t=1700000000,v0=" MAC,
	"t=1700000001,v1=" MAC,
	"t=,v1=" MAC,
	"t= 1700000000,v1=" MAC,
	"t=+1700000000,v1=" MAC,
	"t=99999999999999999999,v1=" MAC,
	"t=1700000000,v1=" MAC "00",
	"t=1700000000.,v1=" MAC,
	"t=1700000000;v1=" MAC,
	"T=1700000000,V1=" MAC,
	MAC,
};

START_TEST(anything_else_is_not_signed)
{
	ck_assert(!is_signed(bad[_i], WHEN));
}
END_TEST

PROMISE("7 POST /webhook", "`Stripe-Signature` over the raw body (HMAC-SHA256)")
START_TEST(each_byte_of_the_body_counts)
{
	char body[] = BODY;

	for (size_t i = 0; i < sizeof(body) - 1; i++) {
		body[i] ^= 1;
		ck_assert(!stripe_signed(good[0], SECRET, body, sizeof(body) - 1, WHEN * 1000));
		body[i] ^= 1;
	}
	ck_assert(!stripe_signed(good[0], SECRET, body, sizeof(body) - 2, WHEN * 1000));
	ck_assert(!stripe_signed(good[0], "whsec_9fJq2LmT ", BODY, strlen(BODY), WHEN * 1000));
	ck_assert(stripe_signed("t=1700000000,v1=" MAC_EMPTY, SECRET, "", 0, WHEN * 1000));
}
END_TEST

#define INTENT                                                                               \
	"{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"amount\":1000,"                    \
	"\"amount_received\":1000,\"currency\":\"usd\",\"status\":\"succeeded\","            \
	"\"charges\":{\"data\":[{\"id\":\"ch_1\",\"metadata\":{\"paymentId\":\"other\"}}]}," \
	"\"last_payment_error\":null,"                                                       \
	"\"metadata\":{\"paymentId\":\"65ab000102030405060708ff\",\"coins\":\"150\"}}"

static enum err told(const char *text, struct provider_event *event)
{
	return provider_stripe.read_event(arena, text, strlen(text), event);
}

START_TEST(an_event_has_a_type_and_an_intent)
{
	struct provider_event event;

	ck_assert_int_eq(told("{\"id\":\"evt_1\",\"type\":\"payment_intent.succeeded\","
			      "\"data\":{\"object\":" INTENT "}}",
			      &event),
			 OK);
	ck_assert_int_eq(event.news, NEWS_PAID);
	ck_assert_str_eq(event.receipt.id, "pi_1");
	ck_assert_str_eq(event.receipt.payment, "65ab000102030405060708ff");
	ck_assert(receipt_pays(&event.receipt, 1000));
	ck_assert(!receipt_pays(&event.receipt, 999));
}
END_TEST

static const char *const odd[] = {
	"{}",
	"{\"type\":null}",
	"{\"type\":\"payment_intent.succeeded\"}",
	"{\"type\":\"payment_intent.succeeded\",\"data\":[]}",
	"{\"type\":\"payment_intent.succeeded\",\"data\":{\"object\":7}}",
	"{\"type\":\"payment_intent.succeeded\",\"data\":{\"object\":{\"id\":7}}}",
	"{\"type\":\"charge.refunded\",\"data\":{\"object\":" INTENT "}}",
};

START_TEST(an_event_of_another_kind_has_no_intent)
{
	struct provider_event event;

	ck_assert_int_eq(told(odd[_i], &event), OK);
	ck_assert_ptr_null(event.receipt.id);
}
END_TEST

static const char *const no_events[] = {
	"x", "[]", "7", "", "{\"type\":\"x\"",
};

/* In it and around it. */
#define STRANGE \
	"\"a\":\"\\ud800\\u0000\",\"b\":1e400,\"c\":[[[{}]]],\"d\":{\"x\":1,\"x\":2},\"e\":NaN,"

START_TEST(what_stands_beside_does_not_keep_an_event_from_being_read)
{
	struct provider_event event;

	ck_assert_int_eq(told("\xEF\xBB\xBF{" STRANGE
			      "\"type\":\"payment_intent.succeeded\",\"data\":{" STRANGE
			      "\"object\":{" STRANGE
			      "\"id\":\"pi_1\",\"currency\":\"usd\",\"amount\":1e400,"
			      "\"amount_received\":1000}}}",
			      &event),
			 OK);
	ck_assert_str_eq(event.receipt.id, "pi_1");
	ck_assert_int_eq(event.receipt.received.value, 1000);
	ck_assert(!event.receipt.amount.given);
}
END_TEST

START_TEST(money_that_goes_back_is_read)
{
	struct provider_event event;

	told("{\"type\":\"charge.refunded\",\"created\":7,\"data\":{\"object\":{\"id\":\"ch_1\",\"amount\":1000,"
	     "\"amount_refunded\":400,\"payment_intent\":\"pi_1\",\"currency\":\"usd\"}}}",
	     &event);
	ck_assert_str_eq(event.back.transaction, "pi_1");
	ck_assert_int_eq(event.news, NEWS_REFUNDED);
	ck_assert_int_eq(event.back.cents.value, 400);
	ck_assert_int_eq(event.created, 7);
	told("{\"type\":\"charge.dispute.closed\",\"data\":{\"object\":{\"id\":\"dp_1\",\"amount\":1000,"
	     "\"payment_intent\":\"pi_1\",\"status\":\"won\"}}}",
	     &event);
	ck_assert_str_eq(event.back.dispute, "dp_1");
	ck_assert_int_eq(event.news, NEWS_DISPUTE_CLOSED);
	ck_assert_int_eq(event.back.verdict, VERDICT_WON);
	ck_assert_int_eq(event.back.cents.value, 1000);
}
END_TEST

PROMISE("7 PUT /confirm/:paymentId", "What is no intent's id asks Stripe nothing, and is 409")
START_TEST(an_id_has_a_prefix_and_letters_digits_and_underscores)
{
	static const char *const good_ids[] = { "pi_1", "pi_3NyzRDLkdIwHu7ix", "pi_a_b" };
	static const char *const bad_ids[] = { "",     "pi_",	  "pi",	   "search",
					       "PI_1", "pi_x/y",  "pi_x.", "pi_ x",
					       "pi_é", "pi_x%2f", "ch_1" };

	for (size_t i = 0; i < sizeof good_ids / sizeof good_ids[0]; i++)
		ck_assert(provider_stripe.is_transaction(good_ids[i]));
	for (size_t i = 0; i < sizeof bad_ids / sizeof bad_ids[0]; i++)
		ck_assert(!provider_stripe.is_transaction(bad_ids[i]));
}
END_TEST

static const char *const untyped[] = { "{}", "{\"type\":1}", "{\"type\":[]}", "{\"type\":null}" };

START_TEST(an_event_may_be_of_no_type)
{
	struct provider_event event;

	ck_assert_int_eq(told(untyped[_i], &event), OK);
	ck_assert_int_eq(event.news, NEWS_OTHER);
}
END_TEST

START_TEST(what_is_no_json_object_is_no_event)
{
	struct provider_event event;

	ck_assert_int_eq(told(no_events[_i], &event), ERR_INVALID_JSON);
}
END_TEST

static const struct {
	const char *status;
	enum verdict verdict;
} verdicts[] = {
	{ "won", VERDICT_WON },	  { "warning_closed", VERDICT_WON },
	{ "lost", VERDICT_LOST }, { "needs_response", VERDICT_NONE },
	{ "", VERDICT_NONE },
};

START_TEST(a_dispute_is_won_or_lost_or_nobody_can_tell)
{
	struct provider_event event;

	told(arena_printf(
		     arena,
		     "{\"type\":\"charge.dispute.closed\",\"data\":{\"object\":{\"id\":\"dp_1\","
		     "\"status\":\"%s\"}}}",
		     verdicts[_i].status),
	     &event);
	ck_assert_int_eq(event.back.verdict, verdicts[_i].verdict);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof(array[0]))

static void *ask_without_turn(void *err)
{
	struct stripe_settings *settings = provider_stripe.settings.kept;
	struct receipt receipt;

	*settings = (struct stripe_settings){ .key = "k", .base = "http://127.0.0.1:1" };

	turn_take(TURN_NONE);
	*(enum err *)err = provider_stripe.look_up(arena, NULL, "pi_1", &receipt);
	return NULL;
}

START_TEST(a_thread_that_serves_everybody_asks_stripe_nothing)
{
	enum err err = OK;
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, ask_without_turn, &err), 0);
	pthread_join(thread, NULL);
	ck_assert_int_eq(err, ERR_INTERNAL);
}
END_TEST

Suite *suite_stripe(void)
{
	Suite *suite = suite_create("stripe");
	TCase *signatures = tcase_create("signatures");
	TCase *events = tcase_create("events");

	tcase_add_loop_test(signatures, a_signature_of_stripe_is_known, 0, COUNT(good));
	tcase_add_test(signatures, a_signature_lasts_300_seconds);
	tcase_add_loop_test(signatures, anything_else_is_not_signed, 0, COUNT(bad));
	tcase_add_test(signatures, each_byte_of_the_body_counts);
	tcase_add_checked_fixture(events, setup, teardown);
	tcase_add_test(events, an_event_has_a_type_and_an_intent);
	tcase_add_test(events, a_thread_that_serves_everybody_asks_stripe_nothing);
	tcase_add_loop_test(events, an_event_of_another_kind_has_no_intent, 0, COUNT(odd));
	tcase_add_loop_test(events, an_event_may_be_of_no_type, 0, COUNT(untyped));
	tcase_add_loop_test(events, what_is_no_json_object_is_no_event, 0, COUNT(no_events));
	tcase_add_test(events, what_stands_beside_does_not_keep_an_event_from_being_read);
	tcase_add_test(events, money_that_goes_back_is_read);
	tcase_add_loop_test(events, a_dispute_is_won_or_lost_or_nobody_can_tell, 0,
			    COUNT(verdicts));
	tcase_add_test(events, an_id_has_a_prefix_and_letters_digits_and_underscores);
	suite_add_tcase(suite, signatures);
	suite_add_tcase(suite, events);
	return suite;
}
