/* The table of payment providers: what a row must have, and that a row is all that a further provider takes. */
#include "base/config.h"
#include "providers/provider.h"
#include "suites.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (int)(sizeof(array) / sizeof(array[0]))

static struct arena *arena;
static char problem[256];

static void setup(void)
{
	arena = arena_new();
	problem[0] = '\0';
}

static void teardown(void)
{
	arena_free(arena);
}

/* ---- what a row must have ---- */

START_TEST(every_row_says_all_that_is_asked_of_it)
{
	ck_assert_ptr_null(providers_check(provider_rows, problem));
	for (size_t i = 0; provider_rows[i]; i++)
		ck_assert_ptr_eq(provider_settings[i], &provider_rows[i]->settings);
}
END_TEST

/* The members whose lack keeps a row from starting, each a pointer. */
static const size_t needed[] = {
	offsetof(struct provider, settings.name),  offsetof(struct provider, is_method),
	offsetof(struct provider, create),	   offsetof(struct provider, charge),
	offsetof(struct provider, look_up),	   offsetof(struct provider, find),
	offsetof(struct provider, header),	   offsetof(struct provider, header_help),
	offsetof(struct provider, is_signed),	   offsetof(struct provider, read_event),
	offsetof(struct provider, is_transaction),
};

START_TEST(a_row_that_leaves_something_out_does_not_start)
{
	struct provider row = provider_stripe;
	const struct provider *const rows[] = { &provider_dummy, &row, NULL };

	ck_assert_ptr_null(providers_check(rows, problem));
	memset((char *)&row + needed[_i], 0, sizeof(void *));
	ck_assert_ptr_eq(providers_check(rows, problem), problem);
	ck_assert_ptr_nonnull(strstr(problem, "provider 2"));
}
END_TEST

START_TEST(a_row_without_events_says_why)
{
	struct provider row = provider_dummy;
	const struct provider *const rows[] = { &row, NULL };

	row.untold = NULL;
	ck_assert_ptr_eq(providers_check(rows, problem), problem);
	row.untold = "It is shy.";
	row.read_event = provider_stripe.read_event;
	ck_assert_ptr_eq(providers_check(rows, problem), problem);
}
END_TEST

START_TEST(a_name_stands_for_one_row)
{
	struct provider row = provider_stripe;
	const struct provider *const rows[] = { &provider_dummy, &row, NULL };

	row.settings.name = "dummy";
	ck_assert_ptr_eq(providers_check(rows, problem), problem);
	row.settings.name = "none";
	ck_assert_ptr_eq(providers_check(rows, problem), problem);
}
END_TEST

/* ---- a further provider ---- */

struct bank_settings {
	const char *key;
	int64_t tries;
};

static const struct setting bank_rows[] = {
	{ "BANK_KEY", SETTING_TEXT, offsetof(struct bank_settings, key),
	  .flags = SETTING_NEEDED | SETTING_SECRET, .sentence = "The bank's key." },
	{ "BANK_TRIES", SETTING_WHOLE, offsetof(struct bank_settings, tries), .standard = "2",
	  .max = 9, .sentence = "How often it is asked." },
};

static struct bank_settings kept;
static const struct provider_settings bank = { "bank", bank_rows, 2, &kept, sizeof kept };
static const struct provider_settings *const with_bank[] = { &provider_dummy.settings, &bank,
							     NULL };

static const struct config *read_with(const char *name, const char *value)
{
	setenv(name, value, 1);
	return config_read(arena, with_bank, NULL, problem);
}

static void bank_setup(void)
{
	setup();
	setenv("MONGODB_URI", "mongodb://db.internal:27017/market", 1);
	setenv("JWT_SECRET", "kJ8vQz3mT0xWn5Rb7LcYd2HsUe9GfAp4", 1);
	unsetenv("BANK_KEY");
	unsetenv("BANK_TRIES");
}

static void bank_teardown(void)
{
	static const char *const names[] = { "MONGODB_URI", "JWT_SECRET", "PAYMENTS_PROVIDER",
					     "BANK_KEY", "BANK_TRIES" };

	for (int i = 0; i < COUNT(names); i++)
		unsetenv(names[i]);
	teardown();
}

START_TEST(a_provider_is_chosen_by_its_name_and_brings_its_settings)
{
	ck_assert_ptr_null(read_with("PAYMENTS_PROVIDER", "bank"));
	ck_assert_str_eq(problem, "BANK_KEY is not set, and PAYMENTS_PROVIDER bank needs it.");
	ck_assert_ptr_null(read_with("BANK_TRIES", "10"));
	ck_assert_str_eq(problem, "BANK_TRIES must be a whole number of 0 to 9.");
	unsetenv("BANK_TRIES");
	const struct config *config = read_with("BANK_KEY", "secret");
	ck_assert_msg(config != NULL, "%s", problem);
	ck_assert_int_eq(config->provider, 2);
	ck_assert_str_eq(kept.key, "secret");
	ck_assert_int_eq(kept.tries, 2);
	ck_assert_ptr_null(read_with("PAYMENTS_PROVIDER", "stripe"));
	ck_assert_str_eq(problem, "PAYMENTS_PROVIDER must be none, dummy or bank.");
}
END_TEST

/* They are read at each start, and a process starts once; but nothing of an earlier reading may seem to be given. */
START_TEST(what_a_provider_keeps_is_read_anew)
{
	read_with("BANK_TRIES", "7");
	ck_assert_ptr_nonnull(read_with("BANK_KEY", "secret"));
	ck_assert_int_eq(kept.tries, 7);
	unsetenv("BANK_KEY");
	unsetenv("BANK_TRIES");
	ck_assert_ptr_nonnull(config_read(arena, with_bank, NULL, problem));
	ck_assert_ptr_null(kept.key);
	ck_assert_int_eq(kept.tries, 2);
}
END_TEST

START_TEST(what_another_provider_needs_is_not_missed)
{
	const struct config *config = read_with("PAYMENTS_PROVIDER", "dummy");

	ck_assert_msg(config != NULL, "%s", problem);
	ck_assert_ptr_eq(provider_of(config), &provider_dummy);
	ck_assert_ptr_null(kept.key);
}
END_TEST

START_TEST(the_settings_of_a_provider_are_told_and_its_secrets_are_not)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	setenv("BANK_KEY", "secret-of-the-bank", 1);
	config_print_help(with_bank, out);
	config_print_markdown(with_bank, out);
	fclose(out);
	ck_assert_ptr_nonnull(strstr(text, "none, dummy, bank; default"));
	ck_assert_ptr_nonnull(strstr(text, "\nBANK_TRIES\n    How often it is asked.\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n| `BANK_KEY` | none | secret text | "));
	ck_assert_ptr_null(strstr(text, "secret-of-the-bank"));
	free(text);
}
END_TEST

START_TEST(the_headers_of_those_that_sign_are_told_in_turn)
{
	const char *help = NULL;

	ck_assert_str_eq(provider_header(0, &help), provider_stripe.header);
	ck_assert_str_eq(help, provider_stripe.header_help);
	ck_assert_ptr_null(provider_header(1, &help));
}
END_TEST

/* ---- what was paid ---- */

START_TEST(only_us_dollars_that_were_received_are_a_payment)
{
	const struct receipt paid = { .state = RECEIPT_PAID,
				      .currency = "usd",
				      .amount = { true, 1000 },
				      .received = { true, 1000 } };
	struct receipt other = paid;

	ck_assert(receipt_pays(&paid, 1000));
	other.currency = "eur";
	ck_assert(!receipt_pays(&other, 1000));
	other.currency = NULL;
	ck_assert(!receipt_pays(&other, 1000));
	other = paid;
	other.state = RECEIPT_OPEN;
	ck_assert(!receipt_pays(&other, 1000));
	other = paid;
	other.received = (struct number){ true, 100 };
	ck_assert(!receipt_pays(&other, 1000));
	other.received = (struct number){ false, 0 };
	ck_assert(!receipt_pays(&other, 0));
}
END_TEST

START_TEST(the_dummy_believes_what_it_is_asked)
{
	const struct id payment = { { 0x65, 0xab } };
	const struct order order = { .payment = &payment, .user = &payment, .cents = 1000 };
	struct receipt receipt;

	ck_assert_int_eq(provider_dummy.create(arena, &order, &receipt), OK);
	ck_assert(!receipt_pays(&receipt, 1000));
	ck_assert_int_eq(provider_dummy.charge(arena, &order, &receipt), OK);
	ck_assert(receipt_pays(&receipt, 1000));
	ck_assert_str_eq(receipt.id, "dummy_65ab00000000000000000000");
	ck_assert_int_eq(provider_dummy.look_up(arena, &order, "anything", &receipt), OK);
	ck_assert(receipt_pays(&receipt, 1000));
	ck_assert_str_eq(receipt.id, "anything");
	ck_assert_str_eq(receipt.payment, "65ab00000000000000000000");
}
END_TEST

Suite *suite_provider(void)
{
	Suite *suite = suite_create("provider");
	TCase *rows = tcase_create("rows");
	TCase *further = tcase_create("further");

	tcase_add_checked_fixture(rows, setup, teardown);
	tcase_add_test(rows, every_row_says_all_that_is_asked_of_it);
	tcase_add_loop_test(rows, a_row_that_leaves_something_out_does_not_start, 0, COUNT(needed));
	tcase_add_test(rows, a_row_without_events_says_why);
	tcase_add_test(rows, a_name_stands_for_one_row);
	tcase_add_test(rows, the_headers_of_those_that_sign_are_told_in_turn);
	tcase_add_test(rows, only_us_dollars_that_were_received_are_a_payment);
	tcase_add_test(rows, the_dummy_believes_what_it_is_asked);
	tcase_add_checked_fixture(further, bank_setup, bank_teardown);
	tcase_add_test(further, a_provider_is_chosen_by_its_name_and_brings_its_settings);
	tcase_add_test(further, what_a_provider_keeps_is_read_anew);
	tcase_add_test(further, what_another_provider_needs_is_not_missed);
	tcase_add_test(further, the_settings_of_a_provider_are_told_and_its_secrets_are_not);
	suite_add_tcase(suite, rows);
	suite_add_tcase(suite, further);
	return suite;
}
