"""Who may come in, and what was written over: tokens that ended, the last password, name and role;
one of each where there may be one; and nothing left of who is gone.
"""

import collections

import bcrypt

from world import issued_at

ENDINGS = ("auth.logout", "auth.password")
GIVING = ("auth.register", "auth.login", "auth.password")
# To these a token that has ended is no token, and they are public.
PUBLIC = ("task.read", "list.tasks")


def tokens(r):
    """No token given out before a log-out or a change of password works after its answer."""
    given = collections.defaultdict(list)  # user → [(when it was known, its iat)]
    for op in r.operations:
        if op["outcome"] == "ok" and op["kind"] in GIVING:
            whose = op["answer"].get("user", {}).get("_id") or op["actor"]
            given[whose].append((op["end"], issued_at(op["answer"]["token"])))
    ended = collections.defaultdict(list)  # user → [(operation, the latest iat that it ended)]
    for op in r.operations:
        if op["kind"] in ENDINGS and op["outcome"] == "ok":
            before = [iat for known, iat in given[op["actor"]] if known < op["start"]]
            ended[op["actor"]].append((op, max([op["input"]["iat"], *before])))
    for op in r.operations:
        if op["outcome"] != "ok" or op["kind"] in PUBLIC:
            continue
        for ending, iat in ended.get(op["actor"], []):
            if op["start"] > ending["end"] and op["input"]["iat"] <= iat:
                r.violate("illegal", f"{op['kind']} with a token that was ended before", ending, op)


def removed(r):
    """No token works of somebody who was removed."""
    for op in r.operations:
        if op["outcome"] != "ok" or op["kind"] in PUBLIC:
            continue
        gone = r.by_what.get(("removed", op["actor"]))
        order = gone and gone.cause
        if isinstance(order, dict) and order["outcome"] == "ok" and op["start"] > order["end"]:
            r.violate("illegal", f"{op['kind']} by somebody who was removed before", order, op)


def last_ones(ops):
    """The acknowledged; and those that nobody certainly came after: one of these wrote last."""
    sure = [op for op in ops if op["outcome"] == "ok"]
    latest = max((op["start"] for op in sure), default=0)
    return sure, [op for op in ops if op["outcome"] == "unknown" or op["end"] >= latest]


def last_writes(r):
    """What stands in a field that is written over is what one of the last writers wrote."""
    for kind, records, subject, field, value in (
        ("profile.write", "users", lambda op: op["actor"], "name", lambda op: op["input"]["name"]),
        (
            "admin.role",
            "users",
            lambda op: op["input"]["user"],
            "role",
            lambda op: op["input"]["to"],
        ),
        ("task.write", "tasks", lambda op: op["task"], "task_title", title),
    ):
        writers = collections.defaultdict(list)
        for op in r.operations:
            if op["kind"] == kind and op["outcome"] != "refused":
                writers[subject(op)].append(op)
        before, after = getattr(r.before, records), getattr(r.after, records)
        for name, record in after.items():
            sure, ops = last_ones(writers[name])
            allowed = {value(op) for op in ops}
            if not sure and name in before:
                allowed.add(before[name][field])
            if (sure or name in before) and record[field] not in allowed:
                what = "lost" if sure else "difference"
                text = f"{field} of {name} is {record[field]!r}, not one of {sorted(allowed)}"
                r.violate(what, text, *ops)


def title(op):
    return op["input"]["task_title"]


def passwords(r):
    """The password is one that a last writer set; nobody else changes it."""
    writers = collections.defaultdict(list)
    for op in r.operations:
        if op["kind"] == "auth.password" and op["outcome"] != "refused":
            writers[op["actor"]].append(op)
    for name, one in r.after.users.items():
        sure, ops = last_ones(writers[name])
        before = r.before.users.get(name, one)["password"]
        if not ops and one["password"] != before:
            r.violate("difference", f"the password of {name} changed, and nobody asked for it")
        elif sure and not any(verifies(op, one["password"]) for op in ops):
            r.violate("lost", f"the password of {name} is none of those set last", *ops)


def verifies(op, stored):
    return bcrypt.checkpw(op["input"]["newPassword"].encode(), stored.encode())


def unique(r):
    """One user an address, one work a worker and task, one payment a transaction; an admin."""
    for what, values in (
        ("address", [one["email_key"] for one in r.after.users.values()]),
        (
            "submission of worker and task",
            [(one["worker_id"], one["task_id"]) for one in r.after.submissions.values()],
        ),
        (
            "completed payment",
            [one["txn_key"] for one in r.after.payments.values() if one.get("txn_key")],
        ),
    ):
        for value, count in collections.Counter(values).items():
            if count > 1:
                r.violate("doubled", f"{count} times the same {what}: {value}")
    admins = [one for one in r.after.users.values() if one["role"] == "admin"]
    if not any(not one.get("closing") for one in admins):
        r.violate("difference", "there is no admin left")


def leftovers(r):
    """Whoever is gone has left nothing; for a minute it is still being looked for."""
    people = set(r.after.users)
    for name, note in r.after.notifications.items():
        if note["user_id"] not in people and note["user_id"] not in r.after.meta:
            r.violate("difference", f"notification {name} is of {note['user_id']}, who is gone")
    for claim in r.after.idempotency.values():
        if claim["user_id"] not in people and claim["user_id"] not in r.after.meta:
            r.violate("difference", f"a kept answer is of {claim['user_id']}, who is gone")
    for name, work in r.after.submissions.items():
        if work["status"] == "pending" and work["buyer_id"] not in people:
            r.violate("difference", f"{name} waits for {work['buyer_id']}, who is gone")
    for records, owner, name in (
        (r.after.tasks, "buyer_id", "buyer_name"),
        (r.after.submissions, "buyer_id", "buyer_name"),
        (r.after.submissions, "worker_id", "worker_name"),
        (r.after.withdrawals, "worker_id", "worker_name"),
        (r.after.payments, "buyer_id", "buyer_name"),
    ):
        for key, record in records.items():
            whose = record[owner]
            if whose not in people and whose not in r.after.meta:
                if record[name] != "Deleted user":
                    r.violate("difference", f"{key} still names {whose}, who is gone")


def read_all(r):
    """What was read is read."""
    readers = {
        op["actor"]
        for op in r.operations
        if op["kind"] == "notifications.read_all" and op["outcome"] == "ok"
    }
    for name, note in r.before.notifications.items():
        now = r.after.notifications.get(name)
        if now and note["user_id"] in readers and not now["isRead"]:
            r.violate("lost", f"notification {name} is unread, though all were read")


RULES = (tokens, removed, last_writes, passwords, unique, leftovers, read_all)
