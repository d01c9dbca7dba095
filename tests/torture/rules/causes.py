"""Who did it: each effect has a cause that may have caused it, and each acknowledged operation has
its effect, once.
"""

from .effects import SERVICE, kind_of, may_have

# What may have caused what: the kinds of calls, or the service by itself.
REVIEWS = {"submission.approve", "submission.reject", "submission.status", "submission.review"}
CAUSES = {
    "registered": {"auth.register"},
    "posted": {"task.post"},
    "resized": {"task.slots"},
    "cancelled": {"task.cancel", "admin.task_cancel", "admin.remove"},
    "expired": {SERVICE},
    "submitted": {"submission.post"},
    "approved": REVIEWS - {"submission.reject"},
    "rejected": REVIEWS - {"submission.approve"} | {"admin.remove"},
    "asked": {"withdrawal.post"},
    "paid out": {"withdrawal.approve"},
    "released": {"withdrawal.reject", "admin.remove"},
    "bought": {"payment.confirm", "payment.purchase", "payment.webhook", SERVICE},
    "adjusted": {"admin.adjust"},
    "removed": {"admin.remove"},
}

# What an acknowledged call did: (what, which record), None where the answer does not name it.
PROMISES = {
    "auth.register": lambda op: [("registered", op["answer"]["user"]["_id"])],
    "task.post": lambda op: [("posted", op["answer"]["task"]["_id"])],
    "task.slots": lambda op: [("resized", None)],
    "task.cancel": lambda op: [("cancelled", op["task"])],
    "admin.task_cancel": lambda op: [("cancelled", op["task"])],
    "submission.post": lambda op: [("submitted", op["answer"]["submission"]["_id"])],
    "submission.approve": lambda op: [("approved", op["submission"])],
    "submission.reject": lambda op: [("rejected", op["submission"])],
    "submission.status": lambda op: [(op["input"]["status"], op["submission"])],
    "submission.review": lambda op: [
        (op["input"]["status"], result["_id"]) for result in op["answer"]["results"] if result["ok"]
    ],
    "withdrawal.post": lambda op: [("asked", op["answer"]["withdrawal"]["_id"])],
    "withdrawal.approve": lambda op: [("paid out", op["withdrawal"])],
    "withdrawal.reject": lambda op: [("released", op["withdrawal"])],
    "admin.adjust": lambda op: [("adjusted", None)],
    "payment.purchase": lambda op: [("bought", op["answer"]["paymentId"])],
}
# Of these it is enough that it is so in the end: the same may be told several times, by several.
SHARED = {
    "payment.confirm": lambda op: [("bought", op["payment"])],
    "payment.webhook": lambda op: [("bought", op["payment"])] if tells_paid(op) else [],
    "admin.remove": lambda op: [("removed", op["input"]["user"])],
}


def tells_paid(op):
    told = op["input"]
    paid = told["type"] == "payment_intent.succeeded" and not told["forged"]
    return paid and told["received"] == told["cents"]


def causes(r):
    """Each effect has a cause that may have caused it, and that was not refused."""
    for one in r.effects:
        op = one.cause
        if kind_of(op) not in CAUSES[one.what]:
            by = f"by {kind_of(op)}" if op else "and nobody asked for it"
            r.violate("difference", f"{one.what} {one.subject}: {by}", op)
        elif op != SERVICE and op["outcome"] == "refused" and not may_have(op):
            r.violate("illegal", f"{op['kind']} was refused with {op['code']}, and {one}", op)
        elif op != SERVICE and not aims_at(r, op, one):
            r.violate("difference", f"{one} by a {op['kind']} of something else", op)


def aims_at(r, op, one):
    """Did the operation name what happened?"""
    if op["kind"] == "admin.remove":
        record = getattr(r.after, RECORDS.get(one.what, "users")).get(one.subject, {})
        people = {record.get("buyer_id"), record.get("worker_id"), one.subject}
        return op["input"]["user"] in people
    if op["kind"] == "submission.review":
        return one.subject in op["input"]["ids"]
    if op["kind"] == "payment.webhook" and not tells_paid(op):
        return False
    if op["kind"] in SHARED and one.what == "bought":
        transaction = op["input"].get("transactionId") or op["input"].get("intent")
        payment = r.after.payments[one.subject]
        return op["payment"] == one.subject and payment["transaction_id"] == transaction
    named = {op["task"], op["submission"], op["withdrawal"], op["payment"], op["input"].get("user")}
    return one.subject in named or one.what in MAKES_ITS_SUBJECT


# Of what a removal ends.
RECORDS = {"cancelled": "tasks", "rejected": "submissions", "released": "withdrawals"}
MAKES_ITS_SUBJECT = {"registered", "posted", "submitted", "asked", "bought"}


def promises(r):
    """What was acknowledged happened, by whom it was acknowledged to."""
    for op in r.operations:
        if op["outcome"] != "ok":
            continue
        for what, subject in PROMISES.get(op["kind"], nothing)(op):
            own = [one for one in r.caused[op["n"]] if one.what == what]
            if any(subject in (None, one.subject) for one in own):
                continue
            other = r.by_what.get((what, subject))
            if not other:
                r.violate("lost", f"{op['kind']} was acknowledged, and not {what}: {subject}", op)
            else:
                twice = isinstance(other.cause, dict) and other.cause["outcome"] == "ok"
                r.violate(
                    "doubled" if twice else "illegal",
                    f"{op['kind']} was acknowledged, and {other} by {kind_of(other.cause)}",
                    op,
                    other.cause,
                )
        for what, subject in SHARED.get(op["kind"], nothing)(op):
            if not is_so(r, what, subject):
                r.violate("lost", f"{op['kind']} was acknowledged, and not {what}: {subject}", op)


def nothing(_):
    return []


def is_so(r, what, subject):
    if what == "removed":
        return r.is_gone(subject)
    payment = r.after.payments.get(subject)
    return payment and (payment["status"] == "completed" or r.is_gone(payment["buyer_id"]))


def once(r):
    """An operation does what it does once, however often it was sent."""
    for op in r.operations:
        caused = r.caused[op["n"]]
        if op["kind"] == "admin.remove":
            continue
        if op["kind"] == "submission.review":
            most = len(set(op["input"]["ids"]))
        else:
            most = 1
        if len(caused) > most:
            did = ", ".join(map(str, caused))
            r.violate("doubled", f"one {op['kind']} did it {len(caused)} times: {did}", op)


# Once refused so, these can never be done: what decides it does not change back.
DONE_ALREADY = {
    "submission.approve": 400,
    "submission.reject": 400,
    "submission.status": 400,
    "withdrawal.approve": 400,
    "withdrawal.reject": 400,
    "task.cancel": 404,
    "admin.task_cancel": 404,
}


def one_at_a_time(r):
    """While a call with a key runs, its repeat does not run beside it: none is told that it is done
    already, when it was done by this very key.
    """
    for op in r.operations:
        final = DONE_ALREADY.get(op["kind"])
        if (
            final
            and op["outcome"] == "ok"
            and final in [attempt["status"] for attempt in op["attempts"]]
        ):
            r.violate("doubled", f"{op['kind']} ran twice with one key: {final} beside 200", op)


RULES = (causes, promises, once, one_at_a_time)
