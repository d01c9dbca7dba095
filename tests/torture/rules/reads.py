"""What callers were shown while it went on: records that are there, ends that stay, rows that the
journal has, books that balance at every moment.
"""

# Where answers show records of a collection, one or many.
PLACES = {
    "tasks": ("task", "tasks"),
    "submissions": ("submission", "submissions", "approvedSubmissions"),
    "withdrawals": ("withdrawal", "withdrawals"),
    "payments": ("payment", "payments"),
}
ENDS = {
    "tasks": {"cancelled": ("cancelled",), "completed": ("completed", "cancelled")},
    "submissions": {"approved": ("approved",), "rejected": ("rejected",)},
    "withdrawals": {"approved": ("approved",), "rejected": ("rejected",)},
    "payments": {"completed": ("completed",)},
}
FOR_GOOD = ("payable_amount", "withdrawal_coin", "coin_amount", "worker_id", "buyer_id")


def records(r):
    """Whatever was shown is there in the end, too: no answer tells of what was taken back."""
    for op in r.operations:
        answer = op["answer"]
        if op["outcome"] != "ok" or not isinstance(answer, dict):
            continue
        if op["kind"] in ("task.read", "task.write"):
            answer = {"task": answer}
        for collection, places in PLACES.items():
            for shown in (one for place in places for one in as_list(answer.get(place))):
                wrong = differs(shown, collection, getattr(r.after, collection))
                if wrong:
                    text = f"{op['kind']} showed of {collection} {shown['_id']} {wrong}"
                    r.violate("difference", text, op)


def as_list(value):
    """The records under a name; a count may have the same one."""
    found = value if isinstance(value, list) else [value]
    return [one for one in found if isinstance(one, dict)]


def differs(shown, collection, stored):
    """What cannot have been, or None."""
    record = stored.get(shown["_id"])
    if not record:
        return "what is not there"
    later = ENDS[collection].get(shown["status"], (record["status"],))
    if record["status"] not in later:
        return f"as {shown['status']}, and it is {record['status']}"
    for field in FOR_GOOD:
        value = shown.get(field)
        if field in shown and not isinstance(value, dict) and value != record.get(field):
            return f"with {field} {value}, and it is {record.get(field)}"
    return None


def journal(r):
    for op in r.operations:
        if op["kind"] != "admin.ledger" or op["outcome"] != "ok":
            continue
        for row in op["answer"]["entries"]:
            stored = r.after.ledger.get(row["_id"])
            parts = ("from", "to", "coins", "kind")
            if not stored or any(stored[part] != row[part] for part in parts):
                r.violate("lost", f"the row {row['_id']} was shown, and is not there so", op)


def audits(r):
    """They balance at every moment."""
    for op in r.operations:
        if op["kind"] == "admin.audit" and op["outcome"] == "ok":
            told = op["answer"]
            if not told["balanced"] or told["differences"]:
                r.violate("difference", f"an audit said {told['differences'][:3]}", op)


RULES = (records, journal, audits)
