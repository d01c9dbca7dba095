/* Signatures and events; the values were made with another implementation of HMAC. */
#include "outside/stripe.h"
#include "suites.h"

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

static enum err told(const char *text, struct stripe_event *event)
{
	return stripe_event_read(arena, text, strlen(text), event);
}

START_TEST(an_event_has_a_type_and_an_intent)
{
	struct stripe_event event;

	ck_assert_int_eq(told("{\"id\":\"evt_1\",\"type\":\"payment_intent.succeeded\","
			      "\"data\":{\"object\":" INTENT "}}",
			      &event),
			 OK);
	ck_assert_str_eq(event.type, "payment_intent.succeeded");
	ck_assert_str_eq(event.intent.id, "pi_1");
	ck_assert_str_eq(event.intent.payment, "65ab000102030405060708ff");
	ck_assert(intent_is_paid(&event.intent, 1000));
	ck_assert(!intent_is_paid(&event.intent, 999));
}
END_TEST

START_TEST(only_us_dollars_that_were_received_are_a_payment)
{
	const struct intent paid = { .status = "succeeded",
				     .currency = "usd",
				     .amount = { true, 1000 },
				     .received = { true, 1000 } };
	struct intent other = paid;

	ck_assert(intent_is_paid(&paid, 1000));
	other.currency = "eur";
	ck_assert(!intent_is_paid(&other, 1000));
	other.currency = NULL;
	ck_assert(!intent_is_paid(&other, 1000));
	other = paid;
	other.status = "processing";
	ck_assert(!intent_is_paid(&other, 1000));
	other.status = NULL;
	ck_assert(!intent_is_paid(&other, 1000));
	other = paid;
	other.received = (struct number){ true, 100 };
	ck_assert(!intent_is_paid(&other, 1000));
	other.received = (struct number){ false, 0 };
	ck_assert(!intent_is_paid(&other, 0));
}
END_TEST

static const char *const odd[] = {
	"{}",
	"{\"type\":null}",
	"{\"type\":\"payment_intent.succeeded\"}",
	"{\"type\":\"payment_intent.succeeded\",\"data\":[]}",
	"{\"type\":\"payment_intent.succeeded\",\"data\":{\"object\":7}}",
	"{\"type\":\"payment_intent.succeeded\",\"data\":{\"object\":{\"id\":7}}}",
	"{\"type\":\"payment_intent.succeeded\",\"data\":{\"object\":{\"id\":\"pi\",\"amount\":-1}}}",
	"{\"type\":\"charge.refunded\",\"data\":{\"object\":" INTENT "}}",
};

START_TEST(an_event_of_another_kind_has_no_intent)
{
	struct stripe_event event;

	ck_assert_int_eq(told(odd[_i], &event), OK);
	ck_assert_ptr_null(event.intent.id);
}
END_TEST

static const char *const no_events[] = { "x", "[]", "7", "{\"type\":1}", "{\"a\":1,\"a\":2}" };

START_TEST(what_is_no_json_object_is_no_event)
{
	struct stripe_event event;

	ck_assert_int_eq(told(no_events[_i], &event), ERR_INVALID_JSON);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof(array[0]))

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
	tcase_add_test(events, only_us_dollars_that_were_received_are_a_payment);
	tcase_add_loop_test(events, an_event_of_another_kind_has_no_intent, 0, COUNT(odd));
	tcase_add_loop_test(events, what_is_no_json_object_is_no_event, 0, COUNT(no_events));
	suite_add_tcase(suite, signatures);
	suite_add_tcase(suite, events);
	return suite;
}
