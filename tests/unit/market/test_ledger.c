/* What moves coins, as steps: the user's document, the journal, and what is owed. */
#include "base/count.h"
#include "market/ledger.h"
#include "store/doc.h"
#include "suites.h"

static struct arena *arena;
static struct txn txn;
static struct caller caller;
static struct call call;
static struct id user, task;

static void setup(void)
{
	arena = arena_new();
	caller = (struct caller){ 0 };
	call = (struct call){ .arena = arena, .caller = &caller, .request_id = "r-1", .now = 7 };
	user = doc_new_id();
	task = doc_new_id();
	txn_start(&txn, arena);
}

static void teardown(void)
{
	arena_free(arena);
}

static struct transfer reward(int64_t coins)
{
	return (struct transfer){
		.key = "approve:1",
		.from = account_escrow(arena, &task),
		.to = account_user(arena, &user),
		.coins = coins,
		.kind = "reward",
		.user = &user,
		.task = &task,
		.taken = ERR_ALREADY_PROCESSED,
	};
}

/* What a step adds to a field. */
static int64_t added(const struct step *step, const char *field)
{
	bson_t inc;

	return doc_part(step->change, "$inc", &inc) ? doc_whole(&inc, field, 0) : 0;
}

START_TEST(coins_that_come_are_added_and_noted)
{
	struct transfer transfer = reward(50);

	ledger_move(&call, &txn, &transfer,
		    &(struct holder){ .count = DOC(arena, "pending_submissions", BCON_INT32(-1)),
				      .on_miss = ERR_CONFLICT });
	ck_assert_uint_eq(txn.count, 3);
	ck_assert_int_eq(txn.steps[0].in, USERS);
	ck_assert_int_eq(added(&txn.steps[0], "coins"), 50);
	ck_assert_int_eq(added(&txn.steps[0], "pending_submissions"), -1);
	ck_assert_int_eq(txn.steps[0].on_miss, ERR_CONFLICT);
	ck_assert_int_eq(txn.steps[1].in, LEDGER);
	ck_assert_int_eq(txn.steps[1].on_miss, ERR_ALREADY_PROCESSED);
	ck_assert_str_eq(doc_text(txn.steps[1].doc, "_id"), "approve:1");
	ck_assert_int_eq(doc_whole(txn.steps[1].doc, "coins", 0), 50);
	ck_assert_int_eq(txn.steps[2].kind, STEP_THEN);
}
END_TEST

START_TEST(coins_that_are_held_change_both_balances_and_pay_nothing)
{
	struct transfer transfer = reward(200);
	struct id withdrawal = doc_new_id();

	transfer.from = account_user(arena, &user);
	transfer.to = account_held(arena, &withdrawal);
	ledger_move(&call, &txn, &transfer, &(struct holder){ .on_miss = ERR_CONFLICT });
	ck_assert_int_eq(added(&txn.steps[0], "coins"), -200);
	ck_assert_int_eq(added(&txn.steps[0], "pending_coins"), 200);
	ck_assert_uint_eq(txn.count, 2);
}
END_TEST

static const struct {
	int64_t coins, owed; /* as the credit of 50 left them */
	int64_t paid;
} debts[] = { { 50, 0, 0 },   { 50, 30, 30 }, { 50, 50, 50 },
	      { 50, 80, 50 }, { 90, 80, 50 }, { 20, 80, 20 } };

START_TEST(what_is_owed_is_paid_from_what_came)
{
	struct transfer transfer = reward(50);
	int64_t paid = debts[_i].paid;

	ledger_move(&call, &txn, &transfer, &(struct holder){ .on_miss = ERR_CONFLICT });
	txn.steps[0].found = DOC(arena, "coins", BCON_INT64(debts[_i].coins), "owed_coins",
				 BCON_INT64(debts[_i].owed));
	txn.ran = txn.count;
	ck_assert_int_eq(txn.steps[2].then(txn.steps[2].context, &txn), OK);
	ck_assert_uint_eq(txn.count, paid ? 5 : 3);
	if (!paid)
		return;
	ck_assert_int_eq(added(&txn.steps[3], "coins"), -paid);
	ck_assert_int_eq(added(&txn.steps[3], "owed_coins"), -paid);
	ck_assert_str_eq(doc_text(txn.steps[4].doc, "_id"), "repay:approve:1");
	ck_assert_str_eq(doc_text(txn.steps[4].doc, "from"), account_user(arena, &user));
	ck_assert_str_eq(doc_text(txn.steps[4].doc, "to"), ACCOUNT_REVERSALS);
	ck_assert_int_eq(doc_whole(txn.steps[4].doc, "coins", 0), paid);
}
END_TEST

static const struct {
	int64_t coins, taken, owed; /* of 150 */
} balances[] = { { 150, 150, 0 }, { 1000, 150, 0 }, { 40, 40, 110 }, { 0, 0, 150 } };

START_TEST(what_is_there_is_taken_back_and_the_rest_is_owed)
{
	struct transfer transfer = reward(150);

	transfer.from = account_user(arena, &user);
	transfer.to = ACCOUNT_REVERSALS;
	ledger_hold_still(&call, &txn, &user, ERR_CONFLICT);
	txn.steps[0].found = DOC(arena, "coins", BCON_INT64(balances[_i].coins));
	txn.ran = txn.count;
	ck_assert_int_eq(ledger_take_back(&call, &txn, &transfer), balances[_i].owed);
	ck_assert_int_eq(added(&txn.steps[1], "coins"), -balances[_i].taken);
	ck_assert_int_eq(added(&txn.steps[1], "owed_coins"), balances[_i].owed);
	ck_assert_uint_eq(txn.count, balances[_i].taken ? 3 : 2);
	if (balances[_i].taken)
		ck_assert_int_eq(doc_whole(txn.steps[2].doc, "coins", 0), balances[_i].taken);
}
END_TEST

Suite *suite_ledger(void)
{
	Suite *suite = suite_create("ledger");
	TCase *moves = tcase_create("moves");

	tcase_add_checked_fixture(moves, setup, teardown);
	tcase_add_test(moves, coins_that_come_are_added_and_noted);
	tcase_add_test(moves, coins_that_are_held_change_both_balances_and_pay_nothing);
	tcase_add_loop_test(moves, what_is_owed_is_paid_from_what_came, 0, COUNT_OF(debts));
	tcase_add_loop_test(moves, what_is_there_is_taken_back_and_the_rest_is_owed, 0,
			    COUNT_OF(balances));
	suite_add_tcase(suite, moves);
	return suite;
}
