"""The model: what each call does that took effect, and whether a round's end agrees with it.

    effects.py    what took effect between two snapshots of the database, and by which operation
    causes.py     each effect has a cause that may have it; an acknowledged call has its effect
    books.py      rows of the journal, balances, slots, counters, notifications follow from effects
    reversals.py  so do the coins of payments whose money went back, and debts
    refusals.py   refusals were true at some moment of the round
    rights.py     whoever did something may do it
    keys.py       keys keep the answers given
    access.py     tokens that ended are refused; the last writer's password, name and role stand
    reads.py      what callers were shown stayed

A rule is a function in the RULES of one of these: it takes a Round and calls its violate().
"""

from history import Violation

from . import access, books, causes, keys, reads, refusals, reversals, rights
from .effects import Round, may_have

RULES = [
    rule
    for module in (causes, books, reversals, refusals, rights, keys, access, reads)
    for rule in module.RULES
]


def check(before, history, after):
    """Everything that must not be, as history.Violation."""
    r = Round(before, history, after)
    for rule in RULES:
        rule(r)
    return r.violations


def late(after, later, history):
    """What was done after a round's end by operations whose outcome was told before it."""
    by_request = {attempt["request_id"]: op for op in history for attempt in op["attempts"]}
    for name in later.ledger.keys() - after.ledger.keys():
        op = by_request.get(later.ledger[name]["request_id"])
        if op and not may_have(op):
            text = f"{op['kind']} was {op['outcome']}, and writes {name} after that"
            yield Violation("doubled", text, (op["n"],), "rules")


def resolve(before, history, after):
    """Says of each operation of unknown outcome whether it took effect: "effective" is true, false,
    or None where nothing tells. Of many reviewed at once "effective_ids" are those that were. What
    it made, no answer told: the operation is about that from now on.
    """
    r = Round(before, history, after)
    for op in r.operations:
        if not may_have(op):
            continue
        caused = r.caused[op["n"]]
        op["effective"] = bool(caused) if op["kind"] in CAUSING else None
        if op["kind"] == "submission.review":
            op["effective_ids"] = [one.subject for one in caused]
        elif op["kind"] == "admin.remove":
            op["effective"] = r.is_gone(op["input"]["user"])
        for one in caused:
            name = MADE.get(one.what)
            if name and op[name] is None:
                op[name] = one.subject


MADE = {"posted": "task", "submitted": "submission", "asked": "withdrawal", "bought": "payment"}
CAUSING = set().union(*causes.CAUSES.values())
