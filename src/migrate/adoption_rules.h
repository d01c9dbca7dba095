/*
 * The rules of adoption that the report has a line for, in its order: the name, the collection, and the words of the
 * line. There is no include guard, as the file is included twice: for the names, and for the words.
 */
RULE(USER_OPENED, USERS, "opening balance in the journal")
RULE(USER_KNOWN, USERS,
     "the journal knows it already: coins left as they are, which the audit compares with it")
RULE(USER_COINS_FLOORED, USERS, "coins had a fraction: rounded down")
RULE(USER_COINS_BAD, USERS, "coins were negative, missing or no number: now 0")
RULE(USER_PENDING_BACK, USERS, "pending_coins that nothing held: back in coins")
RULE(USER_PENDING_SPENT, USERS, "pending_coins of approved withdrawals: gone with them")
RULE(USER_EMAIL_TRIMMED, USERS, "e-mail had blanks at its ends: trimmed")
RULE(USER_EMAIL_BLANKS, USERS,
     "e-mail has blanks at its ends, and another account has it without them: cannot log in")
RULE(USER_EMAIL_SHARED, USERS,
     "e-mail of an older account in another case: logs in only with the address as it was registered")
RULE(USER_EMAIL_MISSING, USERS, "no e-mail: cannot log in")
RULE(USER_ROLE_SET, USERS, "no role: now worker, as the older server took it")
RULE(USER_ROLE_FOLDED, USERS, "role in another case, or with blanks: folded")
RULE(USER_ROLE_UNKNOWN, USERS, "unknown role: kept, and may do nothing that asks for one")
RULE(USER_ID_ODD, USERS, "_id is no ObjectId, so no call can name it: coins now 0")
RULE(TASK_OPENED, TASKS, "opening balance of the escrow in the journal")
RULE(TASK_KNOWN, TASKS, "the journal knows it already: not opened again, and the audit compares it")
RULE(TASK_BAD_AMOUNTS, TASKS, "active with amounts that cannot be: cancelled")
RULE(TASK_NO_BUYER, TASKS, "active without a buyer: cancelled")
RULE(TASK_COMPLETED, TASKS, "active with no open slot and nothing pending: completed")
RULE(TASK_SLOTS_TAKEN, TASKS, "open slots lowered by the pending submissions")
RULE(TASK_OVERSUBSCRIBED, TASKS,
     "more pending submissions than slots paid for: the escrow opens with coins that no buyer paid")
RULE(TASK_ENDED_WITH_SLOTS, TASKS, "completed or cancelled with open slots: now none")
RULE(TASK_AMOUNTS_FLOORED, TASKS, "amounts had a fraction: rounded down")
RULE(TASK_STATUS_UNKNOWN, TASKS, "unknown status: completed")
RULE(TASK_NO_DEADLINE, TASKS, "no completion_date: closed, the sweep refunds open slots")
RULE(TASK_OWNERLESS, TASKS, "ended, and its buyer is no user")
RULE(WORK_NO_TASK, SUBMISSIONS, "pending without a task: rejected")
RULE(WORK_NO_WORKER, SUBMISSIONS, "pending without a worker: rejected")
RULE(WORK_TASK_UNFIT, SUBMISSIONS,
     "pending, and its task can neither pay nor be reviewed: rejected")
RULE(WORK_NO_SLOT, SUBMISSIONS,
     "pending, and its task, adopted before, has no slot for it: rejected")
RULE(WORK_SLOT_TAKEN, SUBMISSIONS, "pending, and its task was adopted before: took an open slot")
RULE(WORK_PAID, SUBMISSIONS, "pending, and paid by the journal: approved")
RULE(WORK_PRICE_SET, SUBMISSIONS, "pending at another price than its task's: now the task's")
RULE(WORK_AMOUNT_FLOORED, SUBMISSIONS, "payable_amount had a fraction: rounded down")
RULE(WORK_AMOUNT_BAD, SUBMISSIONS, "payable_amount was negative, missing or no number: now 0")
RULE(WORK_TWICE, SUBMISSIONS,
     "further submission of a worker to a task: kept, without a unique key")
RULE(WORK_STATUS_UNKNOWN, SUBMISSIONS, "unknown status: left as it is")
RULE(WORK_OWNERLESS, SUBMISSIONS, "its worker is no user")
RULE(WITHDRAWAL_HELD, WITHDRAWALS, "pending: held")
RULE(WITHDRAWAL_FROM_COINS, WITHDRAWALS,
     "pending, and pending_coins did not suffice: held from coins")
RULE(WITHDRAWAL_NOT_COVERED, WITHDRAWALS,
     "pending, and neither pending_coins nor coins suffice: rejected")
RULE(WITHDRAWAL_DECIDED, WITHDRAWALS, "pending, and decided by the journal: approved or rejected")
RULE(WITHDRAWAL_NO_WORKER, WITHDRAWALS, "pending without a worker: rejected")
RULE(WITHDRAWAL_FLOORED, WITHDRAWALS, "withdrawal_coin had a fraction: rounded down")
RULE(WITHDRAWAL_BAD, WITHDRAWALS, "withdrawal_coin was negative, missing or no number: now 0")
RULE(WITHDRAWAL_STATUS_UNKNOWN, WITHDRAWALS, "unknown status: left as it is")
RULE(WITHDRAWAL_OWNERLESS, WITHDRAWALS, "its worker is no user")
RULE(PAYMENT_FLOORED, PAYMENTS, "coin_amount had a fraction: rounded down")
RULE(PAYMENT_BAD, PAYMENTS, "coin_amount was negative, missing or no number: now 0")
RULE(PAYMENT_TWICE, PAYMENTS, "further payment of one transaction: kept, without a unique key")
RULE(PAYMENT_OWNERLESS, PAYMENTS, "its buyer is no user")
RULE(PAYMENT_CREDITED, PAYMENTS, "open, and credited by the journal: completed")
RULE(NOTIFICATION_OWNERLESS, NOTIFICATIONS, "its address is no user's")
