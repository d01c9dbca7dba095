/* What moves coins, as steps: the user's document, the journal, and what is owed. */
#include "base/count.h"
#include "market/ledger.h"
#include "rule.h"
#include "suites.h"

static struct id worker, task, withdrawal;

static void setup(void)
{
	rule_setup();
	worker = rule_id(WORKER);
	task = rule_id(TASK);
	withdrawal = rule_id(WITHDRAWAL);
}

static struct transfer reward(int64_t coins)
{
	return (struct transfer){
		.key = "approve:1",
		.from = account_escrow(&task),
		.to = account_user(&worker),
		.coins = coins,
		.kind = "reward",
		.on_miss = ERR_CONFLICT,
		.taken = ERR_ALREADY_PROCESSED,
	};
}

static void move(struct account from, struct account to, int64_t coins)
{
	ledger_move(&rule.call, &rule.txn,
		    &(struct transfer){ .key = "k",
					.from = from,
					.to = to,
					.coins = coins,
					.kind = "kind",
					.user = &worker,
					.on_miss = ERR_CONFLICT });
}

PROMISE("2 The books",
	"Every movement is one transaction that changes the balances and appends to the journal")
START_TEST(coins_that_come_are_added_and_noted)
{
	struct transfer transfer = reward(50);

	ledger_move(&rule.call, &rule.txn, &transfer);
	ck_assert_uint_eq(rule.txn.count, 3);
	rule_update(0, USERS, "{\"_id\": " OID(WORKER) "}", "{\"$inc\": {\"coins\": 50}}",
		    ERR_CONFLICT);
	rule_row(1, "approve:1",
		 "\"from\": \"escrow:" TASK "\", \"to\": \"user:" WORKER
		 "\", \"coins\": 50, \"kind\": \"reward\", \"user\": " OID(
			 WORKER) ", \"task\": " OID(TASK),
		 ERR_ALREADY_PROCESSED);
	rule_then(2);
}
END_TEST

/* Each pair of accounts of which one is a user's: what guards the user's document, and what changes in it. */
static const struct {
	enum account_kind from, to;
	const char *guard, *change;
} moves[] = {
	{ ACCOUNT_USER, ACCOUNT_ESCROW, "\"coins\": {\"$gte\": 7}, " OWING_NOTHING,
	  "\"coins\": -7" },
	{ ACCOUNT_USER, ACCOUNT_HELD, "\"coins\": {\"$gte\": 7}, " OWING_NOTHING,
	  "\"coins\": -7, \"pending_coins\": 7" },
	{ ACCOUNT_HELD, ACCOUNT_USER, "\"pending_coins\": {\"$gte\": 7}",
	  "\"pending_coins\": -7, \"coins\": 7" },
	{ ACCOUNT_HELD, ACCOUNT_PAYOUTS, "\"pending_coins\": {\"$gte\": 7}, " OWING_NOTHING,
	  "\"pending_coins\": -7" },
	{ ACCOUNT_USER, ACCOUNT_ADJUSTMENTS, "\"coins\": {\"$gte\": 7}", "\"coins\": -7" },
	{ ACCOUNT_USER, ACCOUNT_REVERSALS, "\"coins\": {\"$gte\": 7}", "\"coins\": -7" },
	{ ACCOUNT_GRANTS, ACCOUNT_USER, NULL, "\"coins\": 7" },
	{ ACCOUNT_SALES, ACCOUNT_USER, NULL, "\"coins\": 7" },
	{ ACCOUNT_ADJUSTMENTS, ACCOUNT_USER, NULL, "\"coins\": 7" },
	{ ACCOUNT_REVERSALS, ACCOUNT_USER, NULL, "\"coins\": 7" },
};

START_TEST(what_is_moved_must_be_there_and_whoever_owes_neither_spends_nor_withdraws)
{
	const char *guard = moves[_i].guard;
	struct account from = { .kind = moves[_i].from, .of = worker };
	struct account to = { .kind = moves[_i].to, .of = worker };

	move(from, to, 7);
	rule_update(0, USERS,
		    arena_printf(rule.arena, "{\"_id\": " OID(WORKER) "%s%s}", guard ? ", " : "",
				 guard ? guard : ""),
		    arena_printf(rule.arena, "{\"$inc\": {%s}}", moves[_i].change), ERR_CONFLICT);
	ck_assert_uint_eq(rule.txn.count, moves[_i].to == ACCOUNT_USER ? 3 : 2);
}
END_TEST

static const struct {
	struct account account;
	const char *name;
} names[] = {
	{ { .kind = ACCOUNT_GRANTS }, "grants" },
	{ { .kind = ACCOUNT_SALES }, "sales" },
	{ { .kind = ACCOUNT_PAYOUTS }, "payouts" },
	{ { .kind = ACCOUNT_FORFEITS }, "forfeits" },
	{ { .kind = ACCOUNT_ADJUSTMENTS }, "adjustments" },
	{ { .kind = ACCOUNT_REVERSALS }, "reversals" },
	{ { .kind = ACCOUNT_OPENING }, "opening" },
};

START_TEST(accounts_have_the_names_that_the_journal_has_had)
{
	struct account user = account_user(&worker), escrow = account_escrow(&task),
		       held = account_held(&withdrawal);

	ck_assert_str_eq(account_name(rule.arena, &user), "user:" WORKER);
	ck_assert_str_eq(account_name(rule.arena, &escrow), "escrow:" TASK);
	ck_assert_str_eq(account_name(rule.arena, &held), "held:" WITHDRAWAL);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		ck_assert_str_eq(account_name(rule.arena, &names[i].account), names[i].name);
	ck_assert_uint_eq(COUNT_OF(names) + 3, ACCOUNT_COUNT);
}
END_TEST

START_TEST(what_else_changes_of_the_user_is_one_step_with_it)
{
	struct transfer transfer = reward(50);

	transfer.guard = rule_doc("{\"role\": \"worker\"}");
	txn_update(&rule.txn, USERS, rule_doc("{\"_id\": " OID(WORKER) ", \"a\": 1}"),
		   rule_doc("{\"$inc\": {\"pending_submissions\": -1}}"), ERR_CONFLICT);
	ledger_move(&rule.call, &rule.txn, &transfer);
	ck_assert_uint_eq(rule.txn.count, 3);
	rule_update(0, USERS, "{\"_id\": " OID(WORKER) ", \"a\": 1, \"role\": \"worker\"}",
		    "{\"$inc\": {\"pending_submissions\": -1, \"coins\": 50}}", ERR_CONFLICT);
	ck_assert_int_eq(rule.txn.steps[0].read, READ_AFTER);
}
END_TEST

START_TEST(a_new_users_document_begins_with_what_is_moved)
{
	struct account grants = { .kind = ACCOUNT_GRANTS };
	bson_t *user = doc_copy(rule.arena, rule_doc("{\"_id\": " OID(WORKER) "}"));

	bson_concat(user, ledger_balances(rule.arena, 0));
	txn_insert(&rule.txn, USERS, user, ERR_EMAIL_TAKEN);
	move(grants, account_user(&worker), 10);
	ck_assert_uint_eq(rule.txn.count, 2);
	ck_assert_int_eq(doc_whole(rule_insert(0, USERS, ERR_EMAIL_TAKEN), "coins", -1), 10);
	ck_assert_int_eq(doc_whole(rule.txn.steps[0].doc, "pending_coins", -1), 0);
	ck_assert_int_eq(doc_whole(rule.txn.steps[1].doc, "coins", -1), 10);
}
END_TEST

START_TEST(a_removed_users_document_takes_the_balance_along)
{
	struct account forfeits = { .kind = ACCOUNT_FORFEITS };

	txn_remove(&rule.txn, USERS, rule_doc("{\"_id\": " OID(WORKER) ", \"coins\": 8}"),
		   ERR_CONFLICT);
	move(account_user(&worker), forfeits, 8);
	ck_assert_uint_eq(rule.txn.count, 2);
	ck_assert_int_eq(doc_whole(rule.txn.steps[1].doc, "coins", 0), 8);
}
END_TEST

START_TEST(coins_that_come_to_whoever_is_removed_pay_no_debt)
{
	struct account grants = { .kind = ACCOUNT_GRANTS };

	txn_remove(&rule.txn, USERS, rule_doc("{\"_id\": " OID(WORKER) "}"), ERR_CONFLICT);
	move(grants, account_user(&worker), 8);
	ck_assert_uint_eq(rule.txn.count, 2);
	ck_assert_int_eq(rule.txn.steps[1].kind, STEP_INSERT);
}
END_TEST

static const struct {
	int64_t coins, owed; /* as the credit of 50 left them */
	int64_t paid;
} debts[] = { { 50, 0, 0 },   { 50, 30, 30 }, { 50, 50, 50 },
	      { 50, 80, 50 }, { 90, 80, 50 }, { 20, 80, 20 } };

PROMISE("7 Money that goes back", "Coins that come to them pay it first, in the same transaction")
START_TEST(what_is_owed_is_paid_from_what_came)
{
	struct transfer transfer = reward(50);
	long long paid = debts[_i].paid;

	ledger_move(&rule.call, &rule.txn, &transfer);
	rule_found(0, arena_printf(rule.arena, "{\"coins\": %lld, \"owed_coins\": %lld}",
				   (long long)debts[_i].coins, (long long)debts[_i].owed));
	ck_assert_int_eq(rule_decide(2), OK);
	ck_assert_uint_eq(rule.txn.count, paid ? 5 : 3);
	if (!paid)
		return;
	rule_update(3, USERS,
		    arena_printf(rule.arena,
				 "{\"_id\": " OID(WORKER) ", \"coins\": {\"$gte\": %lld}}", paid),
		    arena_printf(rule.arena,
				 "{\"$inc\": {\"owed_coins\": -%lld, \"coins\": -%lld}}", paid,
				 paid),
		    ERR_CONFLICT);
	rule_row(
		4, "repay:approve:1",
		arena_printf(rule.arena,
			     "\"from\": \"user:" WORKER
			     "\", \"to\": \"reversals\", \"coins\": %lld, \"kind\": \"repayment\", "
			     "\"user\": " OID(WORKER) ", \"task\": " OID(TASK),
			     paid),
		ERR_ALREADY_PROCESSED);
}
END_TEST

static const struct {
	int64_t coins, taken, owed; /* of 150 */
} balances[] = { { 150, 150, 0 }, { 1000, 150, 0 }, { 40, 40, 110 }, { 0, 0, 150 } };

PROMISE("7 Money that goes back", "What the buyer no longer has is noted as `owed_coins`")
START_TEST(what_is_there_is_taken_back_and_the_rest_is_owed)
{
	struct transfer transfer = reward(150);
	int64_t taken = balances[_i].taken, owed = balances[_i].owed;

	transfer.from = account_user(&worker);
	transfer.to = (struct account){ .kind = ACCOUNT_REVERSALS };
	ledger_hold_still(&rule.call, &rule.txn, &worker, ERR_CONFLICT);
	rule_update(0, USERS, "{\"_id\": " OID(WORKER) "}", "{\"$inc\": {\"reversals\": 1}}",
		    ERR_CONFLICT);
	rule_found(0, arena_printf(rule.arena, "{\"coins\": %lld}", (long long)balances[_i].coins));
	rule.txn.ran = 1;
	ck_assert_int_eq(ledger_take_back(&rule.call, &rule.txn, &transfer), owed);
	ck_assert_uint_eq(rule.txn.count, taken ? 3 : 2);

	bson_t numbers;
	ck_assert(doc_part(rule.txn.steps[1].change, "$inc", &numbers));
	ck_assert_int_eq(doc_whole(&numbers, "coins", 0), -taken);
	ck_assert_int_eq(doc_whole(&numbers, "owed_coins", 0), owed);
	if (taken)
		ck_assert_int_eq(
			doc_whole(rule_insert(2, LEDGER, ERR_ALREADY_PROCESSED), "coins", 0),
			taken);
}
END_TEST

Suite *suite_ledger(void)
{
	Suite *suite = suite_create("ledger");
	TCase *tests = tcase_create("moves");

	tcase_add_checked_fixture(tests, setup, rule_teardown);
	tcase_add_test(tests, coins_that_come_are_added_and_noted);
	tcase_add_loop_test(
		tests, what_is_moved_must_be_there_and_whoever_owes_neither_spends_nor_withdraws, 0,
		COUNT_OF(moves));
	tcase_add_test(tests, accounts_have_the_names_that_the_journal_has_had);
	tcase_add_test(tests, what_else_changes_of_the_user_is_one_step_with_it);
	tcase_add_test(tests, a_new_users_document_begins_with_what_is_moved);
	tcase_add_test(tests, a_removed_users_document_takes_the_balance_along);
	tcase_add_test(tests, coins_that_come_to_whoever_is_removed_pay_no_debt);
	tcase_add_loop_test(tests, what_is_owed_is_paid_from_what_came, 0, COUNT_OF(debts));
	tcase_add_loop_test(tests, what_is_there_is_taken_back_and_the_rest_is_owed, 0,
			    COUNT_OF(balances));
	suite_add_tcase(suite, tests);
	return suite;
}
