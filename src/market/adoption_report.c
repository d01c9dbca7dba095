/* What adoption tells: how many records each rule concerned, with how many coins, and which they were. */
#include "market/adoption_private.h"

#include <inttypes.h>

/* Every rule in words, under the collection whose records it concerns. */
static const struct {
	enum collection in;
	const char *text;
} rules[RULE_COUNT] = {
	[RULE_USER_OPENED] = { USERS, "opening balance in the journal" },
	[RULE_USER_KNOWN] = { USERS,
			      "the journal knows it already: coins left as they are, which the audit "
			      "compares with it" },
	[RULE_USER_EMAIL_TRIMMED] = { USERS, "e-mail had blanks at its ends: trimmed" },
	[RULE_USER_EMAIL_BLANKS] = { USERS,
				     "e-mail has blanks at its ends, and another account has it "
				     "without them: cannot log in" },
	[RULE_USER_COINS_FLOORED] = { USERS, "coins had a fraction: rounded down" },
	[RULE_USER_COINS_BAD] = { USERS, "coins were negative, missing or no number: now 0" },
	[RULE_USER_PENDING_BACK] = { USERS, "pending_coins that nothing held: back in coins" },
	[RULE_USER_PENDING_SPENT] = { USERS,
				      "pending_coins of approved withdrawals: gone with them" },
	[RULE_USER_EMAIL_SHARED] = { USERS,
				     "e-mail of an older account in another case: logs in only with "
				     "the address as it was registered" },
	[RULE_USER_EMAIL_MISSING] = { USERS, "no e-mail: cannot log in" },
	[RULE_USER_ROLE_SET] = { USERS, "no role: now worker, as the older server took it" },
	[RULE_USER_ROLE_FOLDED] = { USERS, "role in another case, or with blanks: folded" },
	[RULE_USER_ROLE_UNKNOWN] = { USERS,
				     "unknown role: kept, and may do nothing that asks for one" },
	[RULE_USER_ID_ODD] = { USERS, "_id is no ObjectId, so no call can name it: coins now 0" },
	[RULE_TASK_OPENED] = { TASKS, "opening balance of the escrow in the journal" },
	[RULE_TASK_KNOWN] = { TASKS,
			      "the journal knows it already: not opened again, and the audit compares "
			      "it" },
	[RULE_TASK_BAD_AMOUNTS] = { TASKS, "active with amounts that cannot be: cancelled" },
	[RULE_TASK_NO_BUYER] = { TASKS, "active without a buyer: cancelled" },
	[RULE_TASK_COMPLETED] = { TASKS,
				  "active with no open slot and nothing pending: completed" },
	[RULE_TASK_SLOTS_TAKEN] = { TASKS, "open slots lowered by the pending submissions" },
	[RULE_TASK_OVERSUBSCRIBED] = { TASKS,
				       "more pending submissions than slots paid for: the escrow "
				       "opens with coins that no buyer paid" },
	[RULE_TASK_ENDED_WITH_SLOTS] = { TASKS,
					 "completed or cancelled with open slots: now none" },
	[RULE_TASK_AMOUNTS_FLOORED] = { TASKS, "amounts had a fraction: rounded down" },
	[RULE_TASK_STATUS_UNKNOWN] = { TASKS, "unknown status: completed" },
	[RULE_TASK_NO_DEADLINE] = { TASKS,
				    "no completion_date: closed, the sweep refunds open slots" },
	[RULE_TASK_OWNERLESS] = { TASKS, "ended, and its buyer is no user" },
	[RULE_WORK_NO_TASK] = { SUBMISSIONS, "pending without a task: rejected" },
	[RULE_WORK_NO_WORKER] = { SUBMISSIONS, "pending without a worker: rejected" },
	[RULE_WORK_TASK_UNFIT] = { SUBMISSIONS,
				   "pending, and its task can neither pay nor be reviewed: rejected" },
	[RULE_WORK_NO_SLOT] = { SUBMISSIONS,
				"pending, and its task, adopted before, has no slot for it: rejected" },
	[RULE_WORK_SLOT_TAKEN] = { SUBMISSIONS,
				   "pending, and its task was adopted before: took an open slot" },
	[RULE_WORK_PAID] = { SUBMISSIONS, "pending, and paid by the journal: approved" },
	[RULE_WORK_PRICE_SET] = { SUBMISSIONS,
				  "pending at another price than its task's: now the task's" },
	[RULE_WORK_AMOUNT_FLOORED] = { SUBMISSIONS, "payable_amount had a fraction: rounded down" },
	[RULE_WORK_AMOUNT_BAD] = { SUBMISSIONS,
				   "payable_amount was negative, missing or no number: now 0" },
	[RULE_WORK_TWICE] = { SUBMISSIONS,
			      "further submission of a worker to a task: kept, without a unique key" },
	[RULE_WORK_STATUS_UNKNOWN] = { SUBMISSIONS, "unknown status: left as it is" },
	[RULE_WORK_OWNERLESS] = { SUBMISSIONS, "its worker is no user" },
	[RULE_WITHDRAWAL_HELD] = { WITHDRAWALS, "pending: held" },
	[RULE_WITHDRAWAL_FROM_COINS] = { WITHDRAWALS,
					 "pending, and pending_coins did not suffice: held from coins" },
	[RULE_WITHDRAWAL_NOT_COVERED] = { WITHDRAWALS,
					  "pending, and neither pending_coins nor coins suffice: rejected" },
	[RULE_WITHDRAWAL_DECIDED] = { WITHDRAWALS,
				      "pending, and decided by the journal: approved or rejected" },
	[RULE_WITHDRAWAL_NO_WORKER] = { WITHDRAWALS, "pending without a worker: rejected" },
	[RULE_WITHDRAWAL_FLOORED] = { WITHDRAWALS, "withdrawal_coin had a fraction: rounded down" },
	[RULE_WITHDRAWAL_BAD] = { WITHDRAWALS,
				  "withdrawal_coin was negative, missing or no number: now 0" },
	[RULE_WITHDRAWAL_STATUS_UNKNOWN] = { WITHDRAWALS, "unknown status: left as it is" },
	[RULE_WITHDRAWAL_OWNERLESS] = { WITHDRAWALS, "its worker is no user" },
	[RULE_PAYMENT_FLOORED] = { PAYMENTS, "coin_amount had a fraction: rounded down" },
	[RULE_PAYMENT_BAD] = { PAYMENTS, "coin_amount was negative, missing or no number: now 0" },
	[RULE_PAYMENT_TWICE] = { PAYMENTS,
				 "further payment of one transaction: kept, without a unique key" },
	[RULE_PAYMENT_OWNERLESS] = { PAYMENTS, "its buyer is no user" },
	[RULE_PAYMENT_CREDITED] = { PAYMENTS, "open, and credited by the journal: completed" },
	[RULE_NOTIFICATION_OWNERLESS] = { NOTIFICATIONS, "its address is no user's" },
};

/* The lowest ones, as batches end in any order. */
static void id_keep(struct tally *tally, const struct id *id)
{
	size_t at = tally->count < NOTED_IDS ? (size_t)tally->count : NOTED_IDS;

	for (; at > 0 && id_compare(&tally->ids[at - 1], id) > 0; at--)
		if (at < NOTED_IDS)
			tally->ids[at] = tally->ids[at - 1];
	if (at < NOTED_IDS)
		tally->ids[at] = *id;
}

void report_note(struct report *report, const struct note *note)
{
	struct tally *tally = &report->tallies[note->rule];

	id_keep(tally, &note->id);
	tally->count++;
	if (__builtin_add_overflow(tally->coins, note->coins, &tally->coins))
		tally->coins = INT64_MAX;
}

static void tally_print(const struct tally *tally, const char *text, FILE *out)
{
	char hex[ID_HEX_LENGTH + 1];

	fprintf(out, "  %" PRId64 " × %s", tally->count, text);
	if (tally->coins)
		fprintf(out, " (%" PRId64 " coins)", tally->coins);
	for (int64_t i = 0; i < tally->count && i < NOTED_IDS; i++) {
		id_hex(&tally->ids[i], hex);
		fprintf(out, "%s %s", i ? "," : ":", hex);
	}
	fputs(tally->count > NOTED_IDS ? ", …\n" : "\n", out);
}

void report_print(const struct report *report, FILE *out)
{
	for (enum collection in = 0; in < COLLECTION_COUNT; in++) {
		if (report->records[in])
			fprintf(out, "%s: %" PRId64 " adopted\n", collection_name(in),
				report->records[in]);
		for (enum rule rule = 0; rule < RULE_COUNT; rule++)
			if (rules[rule].in == in && report->tallies[rule].count)
				tally_print(&report->tallies[rule], rules[rule].text, out);
	}
}
