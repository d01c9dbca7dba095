"""Numbers: rows of the journal, balances, slots, counters, debts and notifications must follow from
what happened.
"""

import collections

ADMINS = "admins"  # whom some notifications go to: every admin of the moment
BONUS = {"worker": 10, "buyer": 50}


def user(name):
    return f"user:{name}"


def escrow(name):
    return f"escrow:{name}"


def held(name):
    return f"held:{name}"


# --- the journal ---


def rows(r):
    """Rows stay as they were written; each new one is made by what happened, and says so."""
    for name, row in r.before.ledger.items():
        if r.after.ledger.get(name) != row:
            gone = "changed" if name in r.after.ledger else "gone"
            r.violate("lost", f"the journal's row {name} is {gone}")
    causes = {name: one for one in r.effects for name in one.rows}
    for name in causes.keys() - r.rows.keys():
        r.violate("difference", f"{causes[name]}, without the row {name}", causes[name].cause)
    for name, row in r.rows.items():
        kind, subject = name.split(":")[:2]
        one = causes.get(name)
        if not one and kind not in ("reverse", "restore", "repay", "forfeit"):
            r.violate("difference", f"nothing that happened explains the row {name}: {row}")
            continue
        op = one.cause if one and isinstance(one.cause, dict) else None
        try:
            expected = SHAPES[kind](r, subject, row, op)
        except (KeyError, TypeError) as missing:
            r.violate("difference", f"the row {name} lacks what it is about: {missing!r}", op)
            continue
        found = tuple(row.get(field) for field in ("from", "to", "coins", "kind", "user", "task"))
        if found != expected or row["coins"] <= 0:
            r.violate("difference", f"the row {name} says {found}, not {expected}", op)
        if op and row["actor"] != (op["actor"] if acts(op) else "service"):
            r.violate("difference", f"the row {name} names {row['actor']}, not {op['actor']}", op)


def acts(op):
    return op["kind"] not in ("auth.register", "payment.webhook")


def bonus(r, name, row, op):
    role = op["input"]["role"] if op else None
    return "grants", user(name), BONUS.get(role, row["coins"]), "bonus", name, None


def task(r, name, row, op):
    buyer, asked = r.after.tasks[name]["buyer_id"], op["input"]
    cost = int(asked["required_workers"]) * int(asked["payable_amount"])
    return user(buyer), escrow(name), cost, "task", buyer, name


def slots(r, name, row, op):
    record, delta = r.after.tasks[name], op["input"]["delta"]
    buyer, sides = record["buyer_id"], (user(record["buyer_id"]), escrow(name))
    giver, taker = sides if delta > 0 else reversed(sides)
    return giver, taker, abs(delta) * record["payable_amount"], "slots", buyer, name


def ended(r, name, row, op):
    """As many slots as were open; slots() below counts them all."""
    record = r.after.tasks[name]
    whole = row["coins"] // record["payable_amount"] * record["payable_amount"]
    return escrow(name), user(record["buyer_id"]), whole, row["kind"], record["buyer_id"], name


def reward(r, name, row, op):
    work = r.after.submissions[name]
    worker, about = work["worker_id"], work["task_id"]
    return escrow(about), user(worker), work["payable_amount"], "reward", worker, about


def refund(r, name, row, op):
    work = r.after.submissions[name]
    buyer, about = work["buyer_id"], work["task_id"]
    return escrow(about), user(buyer), work["payable_amount"], "refund", buyer, about


def purchase(r, name, row, op):
    payment = r.after.payments[name]
    buyer = payment["buyer_id"]
    return "sales", user(buyer), payment["coin_amount"], "purchase", buyer, None


def withdrawal(r, name, row, op):
    asked = r.after.withdrawals[name]
    worker = asked["worker_id"]
    giver, taker = {
        "hold": (user(worker), held(name)),
        "payout": (held(name), "payouts"),
        "release": (held(name), user(worker)),
    }[row["kind"]]
    return giver, taker, asked["withdrawal_coin"], row["kind"], worker, None


def adjust(r, name, row, op):
    whom, coins = op["input"]["user"], int(op["input"]["coins"])
    sides = ("adjustments", user(whom)) if coins > 0 else (user(whom), "adjustments")
    return *sides, abs(coins), "adjust", whom, None


def forfeit(r, name, row, op):
    return user(name), "forfeits", row["coins"], "forfeit", name, None


def reverse(r, name, row, op):
    buyer = r.after.payments[name]["buyer_id"]
    return user(buyer), "reversals", row["coins"], "reversal", buyer, None


def restore(r, name, row, op):
    buyer = r.after.payments[name]["buyer_id"]
    return "reversals", user(buyer), row["coins"], "restored", buyer, None


def repay(r, name, row, op):
    """Out of what came to a debtor, at most all of it."""
    income = r.after.ledger[row["_id"].partition(":")[2]]
    coins = min(row["coins"], income["coins"])
    return income["to"], "reversals", coins, "repayment", income["user"], income.get("task")


SHAPES = {
    "bonus": bonus,
    "task": task,
    "slots": slots,
    "cancel": ended,
    "expire": ended,
    "approve": reward,
    "reject": refund,
    "purchase": purchase,
    "hold": withdrawal,
    "payout": withdrawal,
    "release": withdrawal,
    "adjust": adjust,
    "forfeit": forfeit,
    "reverse": reverse,
    "restore": restore,
    "repay": repay,
}


# --- balances ---


def balances(r):
    """Every balance is what the journal's rows add up to; so the sum of all is, too."""
    sums = collections.Counter()
    for row in r.after.ledger.values():
        sums[row["to"]] += row["coins"]
        sums[row["from"]] -= row["coins"]
    pending = collections.Counter()
    for name, asked in r.after.withdrawals.items():
        holds = asked["withdrawal_coin"] if asked["status"] == "pending" else 0
        pending[asked["worker_id"]] += holds
        compare(r, f"what withdrawal {name} holds", holds, sums.pop(held(name), 0))
    for name, one in r.after.users.items():
        compare(r, f"coins of user {name}", one["coins"], sums.pop(user(name), 0))
        compare(r, f"pending_coins of user {name}", one["pending_coins"], pending.pop(name, 0))
        if one["coins"] < 0 or one["pending_coins"] < 0:
            r.violate("difference", f"user {name} has less than nothing")
    work = collections.Counter(
        one["task_id"] for one in r.after.submissions.values() if one["status"] == "pending"
    )
    for name, one in r.after.tasks.items():
        holds = (one["required_workers"] + work[name]) * one["payable_amount"]
        compare(r, f"escrow of task {name}", holds, sums.pop(escrow(name), 0))
    for account, coins in sums.items():
        if ":" in account and coins:
            r.violate("difference", f"{coins} coins are left on {account}, which is gone")


def compare(r, what, found, expected):
    if found != expected:
        r.violate("difference", f"{what}: {found}, and not {expected}")


def counters(r):
    """What users have open is counted with them; and nobody has anything open who is gone."""
    for counter, records, owner, status in (
        ("open_tasks", r.after.tasks, "buyer_id", "active"),
        ("pending_submissions", r.after.submissions, "worker_id", "pending"),
        ("pending_withdrawals", r.after.withdrawals, "worker_id", "pending"),
    ):
        open_now = collections.Counter(
            one[owner] for one in records.values() if one["status"] == status
        )
        for name, one in r.after.users.items():
            compare(r, f"{counter} of user {name}", one.get(counter, 0), open_now.pop(name, 0))
        for name, count in open_now.items():
            r.violate("difference", f"user {name} is gone and has {count} {counter}")


def open_slots(r):
    """Slots are bought, taken, given back and refunded one by one."""
    changes = collections.Counter()
    for one in r.effects:
        if one.what == "submitted":
            changes[r.after.submissions[one.subject]["task_id"]] -= 1
        elif one.what == "rejected" and not one.rows:
            changes[r.after.submissions[one.subject]["task_id"]] += 1
        for name in one.rows:
            row = r.rows.get(name)
            if row and row["kind"] in ("task", "slots", "cancel", "expire"):
                sign = 1 if row["to"].startswith("escrow:") else -1
                price = r.after.tasks[row["task"]]["payable_amount"]
                changes[row["task"]] += sign * row["coins"] // price
    for name, one in r.after.tasks.items():
        before = r.before.tasks.get(name, {}).get("required_workers", 0)
        compare(r, f"open slots of task {name}", one["required_workers"], before + changes[name])
        if one["status"] == "cancelled" and one["required_workers"]:
            r.violate("difference", f"task {name} is cancelled and has open slots")


def slots_given_back(r):
    """A rejected slot is open again while the task takes work, then its price is the buyer's."""
    for one in r.effects:
        if one.what != "rejected":
            continue
        work = r.after.submissions[one.subject]
        record, before = r.after.tasks[work["task_id"]], r.before.tasks.get(work["task_id"])
        over = work["reviewed_date"] >= record["expires_at"]
        moved = work["task_id"] in deadlines_moved(r)
        if not one.rows and (over or (before and before["status"] == "cancelled")):
            r.violate("difference", f"{one} after its task's end, and not refunded", one.cause)
        if one.rows and record["status"] == "active" and not over and not moved:
            r.violate("difference", f"{one} and refunded, while its task takes work", one.cause)


def deadlines_moved(r):
    return {op["task"] for op in r.operations if op["input"].get("completion_date")}


CLOCKS_DIFFER = 15 * 60 * 1000  # milliseconds, at most


def statuses(r):
    """Records end once, and stay so; a task is completed when nothing is left to do."""
    busy = {one["task_id"] for one in r.after.submissions.values() if one["status"] == "pending"}
    for name, one in r.after.tasks.items():
        if one["status"] == "completed" and (one["required_workers"] or name in busy):
            r.violate("difference", f"task {name} is completed, and something is left to do")
    for collection, ends in (
        ("tasks", ("completed", "cancelled")),
        ("submissions", ("approved", "rejected")),
        ("withdrawals", ("approved", "rejected")),
        ("payments", ("completed",)),
    ):
        after = getattr(r.after, collection)
        for name, one in getattr(r.before, collection).items():
            now = after.get(name, {}).get("status")
            taken_down = (one["status"], now) == ("completed", "cancelled")
            if now is None:
                r.violate("lost", f"{collection}: {name} is gone")
            elif one["status"] in ends and now != one["status"] and not taken_down:
                r.violate("difference", f"{collection}: {name} was {one['status']} and is {now}")


def deadlines(r):
    """Slots are refunded when it has passed."""
    for one in r.effects:
        if one.what == "expired" and one.subject not in deadlines_moved(r):
            if r.after.tasks[one.subject]["expires_at"] > r.after.at + CLOCKS_DIFFER:
                r.violate("difference", f"{one} before its deadline")


# --- notifications ---


def notifications(r):
    """One for each effect, to whom it concerns; those from before are still there."""
    for name, note in r.before.notifications.items():
        now = r.after.notifications.get(name)
        if not now and not r.is_gone(note["user_id"]):
            r.violate("lost", f"notification {name} of {note['user_id']} is gone")
        elif now and note["isRead"] and not now["isRead"]:
            r.violate("difference", f"notification {name} was read and is not")
    expected, to_admins = collections.Counter(), collections.Counter()
    for whom, about in [told for one in r.effects for told in one.notified] + list(of_reversals(r)):
        (to_admins if whom == ADMINS else expected)[whom, about] += 1
    found = collections.Counter(
        (note["user_id"], note["type"]) for _, note in r.new("notifications")
    )
    moved = {op["input"].get("user") for op in r.operations if op["kind"] == "admin.role"}
    for whom, one in r.after.users.items():
        if r.is_gone(whom):
            continue
        for about in ("submission", "approval", "rejection", "withdrawal", "payment", "task"):
            least = most = expected[whom, about]
            for_admins = to_admins[ADMINS, about]
            most += for_admins if one["role"] == "admin" or whom in moved else 0
            least += for_admins if one["role"] == "admin" and whom not in moved else 0
            count = found[whom, about]
            if not least <= count <= most:
                kind = "lost" if count < least else "doubled"
                r.violate(kind, f"user {whom} was told of {about} {count} times, not {least}")


def of_reversals(r):
    """Each change of what went back is told to the buyer and to the admins."""
    for name, payment in r.after.payments.items():
        changes = payment.get("reversal_rev", 0)
        changes -= r.before.payments.get(name, {}).get("reversal_rev", 0)
        for _ in range(changes):
            yield payment["buyer_id"], "payment"
            yield ADMINS, "payment"


RULES = (
    rows,
    balances,
    counters,
    open_slots,
    slots_given_back,
    statuses,
    deadlines,
    notifications,
)
