"""The effects of a round: what is in its last snapshot that was not in the first.

An effect is read from the records and the journal: a task is there that was not, a submission is
approved that was pending. Its cause is the operation whose request id its row in the journal bears,
or whose word stands in its record; or the service itself.
"""

import collections
import dataclasses

from history import Violation
from world import issued_at

from . import access, books

SERVICE = "service"

# These come before a key is looked at, so they say nothing about an earlier attempt.
AHEAD_OF_KEYS = {"unauthorized", "token_expired", "forbidden", "too_many_requests"}


def may_have(op):
    """Nobody knows whether it took effect."""
    lost = len(op["attempts"]) > 1 and op["code"] in AHEAD_OF_KEYS
    return op["outcome"] == "unknown" or (op["outcome"] == "refused" and lost)


@dataclasses.dataclass
class Effect:
    what: str
    subject: str
    cause: object  # an operation, SERVICE, or None: nobody
    rows: list = dataclasses.field(default_factory=list)  # of the journal
    notified: list = dataclasses.field(default_factory=list)  # (user, type) of notifications

    def __str__(self):
        return f"{self.what} {self.subject}"


class Round:
    """Both snapshots and the operations between them, by whatever they are looked up by."""

    def __init__(self, before, history, after):
        self.before, self.after = before, after
        self.operations = [op for op in history if "kind" in op]
        self.rows = {name: row for name, row in after.ledger.items() if name not in before.ledger}
        self.by_request, self.by_word = {}, collections.defaultdict(list)
        self.aimed = collections.defaultdict(list)  # at a task or user, to end it
        self.given = {}  # token → when it was asked for last
        self.roles = collections.defaultdict(set)  # user → every role that they may have had
        for shot in (before, after):
            for name, user in shot.users.items():
                self.roles[name].add(user["role"])
        for op in self.operations:
            self.take(op)
        self.effects = [effect for look in LOOKS for effect in look(self)]
        self.by_what = {(one.what, one.subject): one for one in self.effects}
        self.caused = collections.defaultdict(list)
        for one in self.effects:
            if isinstance(one.cause, dict):
                self.caused[one.cause["n"]].append(one)
        self.violations = []

    def take(self, op):
        """An operation, by all that it may be known by."""
        if op.get("token") and "iat" not in op["input"]:
            op["input"]["iat"] = issued_at(op["token"])
        for attempt in op["attempts"]:
            self.by_request[attempt["request_id"]] = op
        for field in ("submission_details", "reason"):
            self.by_word[op["input"].get(field)].append(op)
        if op["kind"] in ("task.cancel", "admin.task_cancel"):
            self.aimed[op["task"]].append(op)
        elif op["kind"] == "admin.remove":
            self.aimed[op["input"]["user"]].append(op)
        elif op["kind"] in access.GIVING and op["outcome"] == "ok":
            token = op["answer"]["token"]
            self.given[token] = max(self.given.get(token, 0), op["start"])
        if op["kind"] == "admin.role" and op["outcome"] != "refused":
            self.roles[op["input"]["user"]].add(op["input"]["to"])
        elif op["kind"] == "auth.register" and op["outcome"] == "ok":
            self.roles[op["answer"]["user"]["_id"]].add(op["input"]["role"])

    def violate(self, what, text, *ops):
        numbers = tuple(op["n"] for op in ops if isinstance(op, dict))
        self.violations.append(Violation(what, text, numbers, "rules"))

    def by_row(self, name):
        """Who made a row of the journal."""
        row = self.after.ledger.get(name)
        if not row:
            return None
        return self.by_request.get(row["request_id"]) or (
            SERVICE if row["actor"] == "service" else None
        )

    def by_aim(self, *subjects):
        """Whoever wanted it, the acknowledged first."""
        ops = [op for subject in subjects for op in self.aimed.get(subject, [])]
        sure = [op for op in ops if op["outcome"] == "ok"]
        perhaps = sorted(filter(may_have, ops), key=lambda op: op["start"])
        return first(sure + perhaps)

    def became(self, collection, *statuses):
        """Records that have one of these statuses now, and had not before."""
        before, after = getattr(self.before, collection), getattr(self.after, collection)
        for name, record in after.items():
            was = before.get(name, {}).get("status")
            if record["status"] in statuses and was != record["status"]:
                yield name, record

    def new(self, collection):
        before = getattr(self.before, collection)
        for name, record in getattr(self.after, collection).items():
            if name not in before:
                yield name, record

    def rows_of(self, kind):
        return [(name, row) for name, row in self.rows.items() if row["kind"] == kind]

    def is_gone(self, user):
        found = self.after.users.get(user)
        return not found or bool(found.get("closing"))


# --- what happened ---


def registrations(r):
    for name in {row["user"] for _, row in r.rows_of("bonus")} | {u for u, _ in r.new("users")}:
        row = f"bonus:{name}"
        yield Effect("registered", name, r.by_row(row), [row])


def tasks(r):
    for name, _ in r.new("tasks"):
        row = f"task:{name}"
        yield Effect("posted", name, r.by_row(row), [row])
    for name, row in r.rows_of("slots"):
        yield Effect("resized", row["task"], r.by_row(name), [name])
    for name, row in r.rows_of("expire"):
        yield Effect("expired", row["task"], r.by_row(name), [name], [(row["user"], "task")])


def cancellations(r):
    rows = {row["task"]: name for name, row in r.rows_of("cancel")}
    for name, task in r.became("tasks", "cancelled"):
        row = rows.get(name)
        cause = r.by_row(row) if row else r.by_aim(name, task["buyer_id"])
        told = [(task["buyer_id"], "task")] if kind_of(cause) == "admin.task_cancel" else []
        yield Effect("cancelled", name, cause, [row] if row else [], told)


def work(r):
    for name, one in r.new("submissions"):
        cause = first(r.by_word[one["submission_details"]])
        yield Effect("submitted", name, cause, [], [(one["buyer_id"], "submission")])
    for name, one in r.became("submissions", "approved"):
        row = f"approve:{name}"
        yield Effect("approved", name, r.by_row(row), [row], [(one["worker_id"], "approval")])
    for name, one in r.became("submissions", "rejected"):
        row = f"reject:{name}"
        rows = [row] if row in r.rows else []
        cause = r.by_row(row)
        if not cause and one.get("reason_code") == "account_removed":
            cause = r.by_aim(one["buyer_id"], one["worker_id"])
        cause = cause or first(r.by_word[one.get("rejection_reason")])
        yield Effect("rejected", name, cause, rows, [(one["worker_id"], "rejection")])


def withdrawals(r):
    for name, _ in r.new("withdrawals"):
        row = f"hold:{name}"
        yield Effect("asked", name, r.by_row(row), [row], [(books.ADMINS, "withdrawal")])
    for what, status, kind in (
        ("paid out", "approved", "payout"),
        ("released", "rejected", "release"),
    ):
        for name, one in r.became("withdrawals", status):
            row = f"{kind}:{name}"
            yield Effect(what, name, r.by_row(row), [row], [(one["worker_id"], "withdrawal")])


def money(r):
    for name, payment in r.became("payments", "completed"):
        row = f"purchase:{name}"
        yield Effect("bought", name, r.by_row(row), [row], [(payment["buyer_id"], "payment")])
    for name, row in r.rows_of("adjust"):
        yield Effect("adjusted", row["user"], r.by_row(name), [name], [(row["user"], "payment")])


def removals(r):
    there = {*r.before.users, *(row["user"] for _, row in r.rows_of("bonus"))}
    for name in there:
        if r.is_gone(name) and not r.before.users.get(name, {}).get("closing"):
            row = f"forfeit:{name}"
            rows = [row] if row in r.rows else []
            yield Effect("removed", name, r.by_row(row) or r.by_aim(name), rows)


LOOKS = (registrations, tasks, cancellations, work, withdrawals, money, removals)


def first(ops):
    return ops[0] if ops else None


def kind_of(cause):
    return cause["kind"] if isinstance(cause, dict) else cause
