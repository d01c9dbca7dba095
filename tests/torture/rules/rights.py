"""Who may do what: what was done was done by somebody who may, by role and as the owner."""

import collections

BUYER, WORKER, ADMIN = {"buyer"}, {"worker"}, {"admin"}
WHO_MAY = {
    "task.post": BUYER,
    "submission.post": WORKER,
    "submission.review": BUYER | ADMIN,
    "withdrawal.post": WORKER,
    "withdrawal.approve": ADMIN,
    "withdrawal.reject": ADMIN,
    "payment.create": BUYER,
    "payment.purchase": BUYER,
    "payment.dummy": BUYER,
    "list.my_tasks": BUYER,
    "list.my_work": WORKER,
    "list.approved": WORKER,
    "list.to_review": BUYER,
    "list.withdrawals": WORKER,
    "list.pending": ADMIN,
    "list.payments": BUYER,
    "list.users": ADMIN,
    "admin.adjust": ADMIN,
    "admin.role": ADMIN,
    "admin.remove": ADMIN,
    "admin.task_cancel": ADMIN,
    "admin.ledger": ADMIN,
    "admin.audit": ADMIN,
    "auth.register": BUYER | WORKER,
}

OWNERS_ONLY = {
    "task.slots",
    "task.write",
    "task.cancel",
    "payment.confirm",
    "submission.read",
    "submission.approve",
    "submission.reject",
    "submission.status",
}


def rights(r):
    """The roles are those that somebody may have had; after a change that is over, the new one."""
    changes = collections.defaultdict(list)
    for op in r.operations:
        if op["kind"] == "admin.role" and op["outcome"] != "refused":
            changes[op["input"]["user"]].append(op)
    for op in r.operations:
        if op["outcome"] != "ok" or op["actor"] is None:
            continue
        may, had = WHO_MAY.get(op["kind"]), r.roles[op["actor"]]
        if len(changes[op["actor"]]) == 1 and (last := changes[op["actor"]][0])["end"]:
            had = {last["input"]["to"]} if last["end"] < op["start"] else had
        if may and not may & had:
            r.violate("illegal", f"{op['kind']} was done by a {' or '.join(had)}", op)
        elif op["kind"] in OWNERS_ONLY and is_anothers(r, op):
            r.violate("illegal", f"{op['kind']} was done by somebody who does not own it", op)


def is_anothers(r, op):
    for records, name, owner in (
        (r.after.submissions, op["submission"], ("buyer_id",)),
        (r.after.payments, op["payment"], ("buyer_id",)),
        (r.after.tasks, op["task"], ("buyer_id",)),
    ):
        if name in records:
            owners = ("worker_id", *owner) if op["kind"] == "submission.read" else owner
            mine = op["actor"] in [records[name].get(field) for field in owners]
            admin = "admin" in r.roles[op["actor"]]
            if op["outcome"] == "refused":  # with the role of then
                admin = r.roles[op["actor"]] == ADMIN
            return not mine and not (admin and op["kind"].startswith("submission"))
    return False


def role_forbids(r, op):
    if op["kind"] == "auth.register":
        return op["input"]["role"] == "admin"
    return bool(r.roles[op["actor"]] - WHO_MAY.get(op["kind"], set()))


RULES = (rights,)
