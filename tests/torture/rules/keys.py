"""Idempotency keys: each answer that a key keeps is the one that was given."""

import collections
import json

from .books import CLOCKS_DIFFER
from .effects import AHEAD_OF_KEYS

NAMES = ("name", "email", "worker_name", "worker_email", "buyer_name", "buyer_email")
KEEPS = {
    "task.post",
    "task.slots",
    "task.cancel",
    "admin.task_cancel",
    "submission.post",
    "submission.approve",
    "submission.reject",
    "submission.status",
    "submission.review",
    "withdrawal.post",
    "withdrawal.approve",
    "withdrawal.reject",
    "payment.create",
    "payment.confirm",
    "payment.purchase",
    "admin.adjust",
    "admin.remove",
}
LEASE = 30_000  # milliseconds; taken by a worker's own clock


def claims(r):
    """A key keeps no refusal, and none is claimed for ever."""
    for claim in r.after.idempotency.values():
        if claim["state"] == "done":
            if claim["status"] >= 300:
                r.violate("difference", f"a key of {claim['user_id']} keeps a {claim['status']}")
        elif claim["lease_until"] > r.after.at and claim["user_id"] not in unheard(r):
            r.violate("difference", f"a key of {claim['user_id']} is claimed, and nothing runs")
        elif claim["lease_until"] > r.after.at + LEASE + CLOCKS_DIFFER:
            r.violate("difference", f"a key of {claim['user_id']} is claimed for too long")


def kept_answers(r):
    """For each acknowledged call with a key its answer is kept."""
    kept = collections.Counter(
        (claim["user_id"], claim["status"], nameless(json.loads(claim["body"])))
        for claim in r.after.idempotency.values()
        if claim["state"] == "done"
    )
    given = collections.Counter()
    for op in r.operations:
        if (
            op["key"]
            and op["outcome"] == "ok"
            and op["kind"] in KEEPS
            and not r.is_gone(op["actor"])
        ):
            answer = op["actor"], op["status"], nameless(op["answer"])
            given[answer] += 1
            if given[answer] > kept[answer]:
                r.violate("lost", f"{op['kind']} was acknowledged, and its key keeps no answer", op)


def unheard(r):
    """Whose calls had no clean answer at some time: a dead claimant's lease may last. So it may
    where nginx asked another worker, which refused the call before it looked at the key.
    """
    return {
        op["actor"]
        for op in r.operations
        if any(attempt["status"] is None or attempt["status"] >= 500 for attempt in op["attempts"])
        or (op["key"] and op["code"] in AHEAD_OF_KEYS)
    }


def nameless(answer):
    """Without names: they are taken out of kept answers when somebody is removed."""

    def strip(value):
        if isinstance(value, dict):
            return {key: strip(part) for key, part in value.items() if key not in NAMES}
        return [strip(part) for part in value] if isinstance(value, list) else value

    return json.dumps(strip(answer), sort_keys=True)


RULES = (claims, kept_answers)
