"""What callers were refused: each refusal must have been true at some moment of the round."""

import bcrypt

from .books import CLOCKS_DIFFER, deadlines_moved
from .rights import is_anothers, role_forbids

WRONG_INPUT = {"invalid_input", "invalid_id", "whole_coins_required", "not_a_package"}


def of_calls(r):
    for op in r.operations:
        if op["outcome"] != "refused":
            continue
        reason = REASONS.get(op["code"])
        if reason is None:
            r.violate("illegal", f"{op['kind']} was refused: {op['status']} {op['code']}", op)
        elif not reason(r, op):
            r.violate(
                "illegal", f"{op['kind']} was refused with {op['code']}, without a reason", op
            )


def of_many(r):
    """Of those reviewed at once, each that was refused."""
    for op in r.operations:
        if op["kind"] != "submission.review" or op["outcome"] != "ok":
            continue
        for result in op["answer"]["results"]:
            reason = result["ok"] or REASONS.get(result.get("code"))
            as_one = {**op, "submission": result["_id"], "outcome": "refused"}
            if not reason or (reason is not True and not reason(r, as_one)):
                text = f"of many, {result['_id']} was refused with {result.get('code')}"
                r.violate("illegal", text, op)


def always(r, op):
    return True


def lacks_coins(r, op):
    """The answer says so by its numbers."""
    available, required = op["answer"].get("available"), op["answer"].get("required")
    return available is not None and required is not None and 0 <= available < required


def email_taken(r, op):
    """Somebody has the address, had it, or registered it meanwhile."""
    email = op["input"]["email"].lower()
    people = [*r.before.users.values(), *r.after.users.values()]
    tried = (other for other in r.operations if other["kind"] == "auth.register")
    return any(one["email"].lower() == email for one in people) or any(
        other["input"]["email"].lower() == email and other["outcome"] != "refused"
        for other in tried
        if other is not op
    )


def is_decided(r, op):
    for records, name in (
        (r.after.submissions, op["submission"]),
        (r.after.withdrawals, op["withdrawal"]),
    ):
        if name in records:
            return records[name]["status"] != "pending"
    return False


def submitted_before(r, op):
    return any(
        (work["worker_id"], work["task_id"]) == (op["actor"], op["task"])
        for work in r.after.submissions.values()
    )


def deadline_passed(r, op):
    task = r.after.tasks[op["task"]]
    return op["task"] in deadlines_moved(r) or task["expires_at"] <= r.after.at + CLOCKS_DIFFER


def is_missing(r, op):
    """Nothing of that id, or a task that is cancelled, or somebody who is gone."""
    if op["input"].get("spoiled") or op["kind"] == "payment.dummy":
        return True
    if op["task"] and op["task"] in r.after.tasks and not op["submission"]:
        return r.after.tasks[op["task"]]["status"] == "cancelled"
    whom = op["input"].get("user")
    buyer = r.after.payments.get(op["payment"], {}).get("buyer_id")
    if whom or buyer:
        return r.is_gone(whom or buyer)
    return op["submission"] not in r.after.submissions


def below_minimum(r, op):
    return int(op["input"]["withdrawal_coin"]) < 200


def does_not_fit(r, op):
    """A state that the call cannot meet; of those it can there is a code for each."""
    told = op["input"]
    if op["kind"] == "task.slots":
        return r.after.tasks[op["task"]]["status"] != "active" or deadline_passed(r, op)
    if op["kind"] == "admin.remove":
        return op["actor"] == told["user"] or "admin" in r.roles[told["user"]]
    if op["kind"] == "payment.confirm":
        return not told["paid"] or has_failed(r, op["payment"]) or r.is_gone(op["actor"])
    if op["kind"].startswith(("submission.", "withdrawal.")):
        record = r.after.submissions.get(op["submission"]) or r.after.withdrawals[op["withdrawal"]]
        return any(r.is_gone(record[of]) for of in ("worker_id", "buyer_id") if of in record)
    return op["kind"] == "admin.role"  # the judge knows who has something open


def has_failed(r, name):
    return r.before.payments.get(name, {}).get("status") == "failed" or any(
        op["payment"] == name and op["input"].get("type") == "payment_intent.payment_failed"
        for op in r.operations
    )


def owes(r, op):
    """Something went back in the round, or was owed before."""
    whom = op["actor"]
    if op["withdrawal"]:
        whom = r.after.withdrawals[op["withdrawal"]]["worker_id"]
    owed = any(shot.users.get(whom, {}).get("owed_coins", 0) for shot in (r.before, r.after))
    return owed or any(
        row["kind"] in ("reversal", "repayment") and row["user"] == whom for row in r.rows.values()
    )


def was_out(r, op):
    """No token; one that was ended; a wrong password; or somebody is gone."""
    who = op["actor"]
    if op["kind"] == "auth.login":
        return wrong_password(r, op["input"]["user"], op["input"]["password"], op)
    if who is None or r.is_gone(who):
        return True
    valid_after = r.before.users.get(who, {}).get("tokens_valid_after", 0)
    return op["input"]["iat"] <= valid_after or touched(
        r, who, op, r.given.get(op.get("token"), -1)
    )


def wrong_password(r, who, password, op):
    """Not what was stored before the round, or it may be another one by now."""
    stored = r.before.users.get(who, {}).get("password")
    return (
        stored is None
        or touched(r, who, op)
        or not bcrypt.checkpw(password.encode(), stored.encode())
    )


def touched(r, who, op, since=-1):
    """Their password or tokens may have changed before the operation's end. What was over when the
    token was asked for (since) ended none of it, and who asked for it is no other.
    """
    return r.is_gone(who) or any(
        other["kind"] in ("auth.logout", "auth.password")
        and other["actor"] == who
        and other["outcome"] != "refused"
        and other["start"] < op["end"]
        and (other["end"] is None or other["end"] > since)
        and other["start"] != since
        for other in r.operations
    )


REASONS = {
    **{code: always for code in WRONG_INPUT},
    "insufficient_coins": lacks_coins,
    "email_taken": email_taken,
    "already_processed": is_decided,
    "already_submitted": submitted_before,
    "deadline_passed": deadline_passed,
    "no_open_slot": always,
    "not_found": is_missing,
    "not_owner": is_anothers,
    "forbidden": role_forbids,
    "below_minimum": below_minimum,
    "coins_owed": owes,
    "unauthorized": was_out,
    "wrong_password": lambda r, op: wrong_password(
        r, op["actor"], op["input"]["currentPassword"], op
    ),
    "conflict": does_not_fit,
    "payment_required": lambda r, op: "visa" not in op["input"]["paymentMethodId"],
    "bad_signature": lambda r, op: op["input"]["forged"],
    "key_reused": lambda r, op: op["key"] is not None and op["input"].get("reused"),
}


RULES = (of_calls, of_many)
