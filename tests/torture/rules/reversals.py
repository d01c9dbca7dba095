"""Money that went back: what Stripe told of a payment's refunds and disputes, joined in whatever
order it came, decides what coins are taken back; what was not there is owed.
"""

import collections


class Told:
    """What was told of one transaction: certainly, and perhaps."""

    def __init__(self):
        self.refunded = {True: [0], False: []}  # cents, by whether it was acknowledged
        self.disputes = {}  # id → {"cents", True: [(created, state)], False: […]}

    def add(self, op):
        said, sure = op["input"], op["outcome"] == "ok"
        if op["kind"] == "payment.refund":
            self.refunded[sure].append(said["cents"])
        else:
            closed = op["kind"] == "payment.dispute_closed"
            self.dispute(said["dispute"], said["cents"])[sure].append(
                (said["created"], said["status"] if closed else "open")
            )

    def dispute(self, name, cents):
        return self.disputes.setdefault(name, {"cents": cents, True: [], False: []})

    def known(self, record):
        """What the database had before."""
        self.refunded[True].append(record.get("refunded_cents", 0))
        for one in record.get("disputes", []):
            self.dispute(one["id"], one["cents"])[True].append((one["told_at"], one["state"]))


def told_of(r):
    """Transaction → Told."""
    found = collections.defaultdict(Told)
    for op in r.operations:
        if op["kind"] in ("payment.refund", "payment.dispute", "payment.dispute_closed"):
            if not op["input"]["forged"] and op["outcome"] != "refused":
                found[op["input"]["intent"]].add(op)
    for name, note in r.before.meta.items():
        if name.startswith("reversal:"):
            found[name.partition(":")[2]].known(note)
    for payment in r.before.payments.values():
        if payment.get("txn_key") in found:
            found[payment["txn_key"]].known(payment)
    return found


def states(one):
    """The states that a dispute may be in: of two verdicts the later one stands."""
    sure = [said for said in one[True] if said[1] != "open"]
    since = max((at for at, _ in sure), default=None)
    allowed = {state for at, state in sure if at == since}
    allowed |= {state for at, state in one[False] if since is None or at >= since}
    return allowed if sure else allowed | {"open"}


def reversals(r):
    """All that was acknowledged is known of the payment, or noted until it is completed."""
    completed = completed_payments(r)
    for transaction, told in told_of(r).items():
        record = completed.get(transaction) or r.after.meta.get(f"reversal:{transaction}", {})
        least = max(told.refunded[True])
        refunded = record.get("refunded_cents", 0)
        if refunded < least:
            text = f"{transaction}: {least} cents refunded were acknowledged, {refunded} are known"
            r.violate("lost", text)
        elif refunded != least and refunded not in told.refunded[False]:
            r.violate("difference", f"{transaction}: nobody told of {refunded} cents refunded")
        found = {one["id"]: one for one in record.get("disputes", [])}
        for name, one in told.disputes.items():
            if name not in found and one[True]:
                r.violate("lost", f"{transaction}: the dispute {name} was acknowledged")
            elif name in found and found[name]["state"] not in states(one):
                state = found[name]["state"]
                r.violate("difference", f"dispute {name} is {state}, not one of {states(one)}")


def completed_payments(r):
    """By their transactions."""
    return {
        payment["transaction_id"]: payment
        for payment in r.after.payments.values()
        if payment["status"] == "completed" and payment.get("transaction_id")
    }


def shares(r):
    """The coins that are back are the share of what is known."""
    for payment in completed_payments(r).values():
        found = payment.get("reversed_coins", 0)
        if found != share(payment):
            name = payment["_id"]
            r.violate("difference", f"payment {name} has {found} coins back, not {share(payment)}")


def opened(r):
    """A payment is there for each answer that names one, and none without a call. Who loses access
    while the provider is asked has ordered all the same.
    """
    named, may = {}, collections.Counter()
    for op in r.operations:
        if op["kind"] not in ("payment.create", "payment.purchase"):
            continue
        answer = op["answer"] if isinstance(op["answer"], dict) else {}
        name = answer.get("paymentId") or answer.get("payment", {}).get("_id")
        if name:
            named[name] = op
        elif op["outcome"] == "unknown" or len(op["attempts"]) > 1 or op["code"] == "unauthorized":
            may[op["actor"], op["input"]["coins"]] += 1
    for name in named.keys() - r.after.payments.keys():
        r.violate("lost", f"payment {name} was answered, and is not there", named[name])
    for name, payment in r.new("payments"):
        whose = payment["buyer_id"], payment["coin_amount"]
        if name in named:
            if whose != (named[name]["actor"], named[name]["input"]["coins"]):
                r.violate("difference", f"payment {name} is not what was ordered", named[name])
        elif payment["status"] != "failed":
            may[whose] -= 1
            if may[whose] < 0:
                r.violate("doubled", f"payment {name} of {whose[1]} coins was ordered by nobody")


def share(payment):
    """The coins that are back: their share of the money, rounded down."""
    coins, cents = payment["coin_amount"], round(payment["price"] * 100)
    back = min(payment.get("refunded_cents", 0), cents)
    disputes = [one for one in payment.get("disputes", []) if one["state"] != "won"]
    back = min(back + sum(one["cents"] for one in disputes), cents)
    return coins * back // cents


def debts(r):
    """What went back and was not there is owed, until coins that come pay it; and nobody owes who
    has coins.
    """
    owed = collections.Counter()
    for name, payment in r.after.payments.items():
        before = r.before.payments.get(name, {}).get("reversed_coins", 0)
        owed[payment["buyer_id"]] += payment.get("reversed_coins", 0) - before
    for row in r.rows.values():
        if row["kind"] in ("reversal", "repayment"):
            owed[row["user"]] -= row["coins"]
        elif row["kind"] == "restored":
            owed[row["user"]] += row["coins"]
    for name, one in r.after.users.items():
        owes = one.get("owed_coins", 0)
        expected = r.before.users.get(name, {}).get("owed_coins", 0) + owed[name]
        if owes != expected:
            r.violate("difference", f"user {name} owes {owes}, and not {expected}")
        if owes > 0 and one["coins"] > 0:
            r.violate("difference", f"user {name} owes {owes} and has {one['coins']} coins")


RULES = (reversals, shares, debts, opened)
