"""A round that never was: a small market in memory, operations on it, the snapshots around them.

It keeps the rules, so the model finds nothing; tests then spoil it.
"""

import base64
import copy
import itertools
import json

import bcrypt

import snapshot

DAY = 86_400_000
NOW = 1_800_000_000_000  # milliseconds


def token(iat):
    """As far as anybody reads it here."""
    claims = base64.urlsafe_b64encode(json.dumps({"iat": iat}).encode()).decode().rstrip("=")
    return f"head.{claims}.mac"


def stored_hash(password):
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


class Market:
    """state is what the database holds; history what callers heard."""

    def __init__(self):
        self.state = snapshot.Snapshot(**{name: {} for name in snapshot.COLLECTIONS}, at=NOW)
        self.history, self.moments = [], itertools.count(1)
        self.before = None

    def begin(self):
        self.before = copy.deepcopy(self.state)
        return self

    # --- records ---

    def row(self, name, giver, taker, coins, kind, op=None, **about):
        """A movement, in the journal and in the balances."""
        self.state.ledger[name] = {
            "_id": name,
            "from": giver,
            "to": taker,
            "coins": coins,
            "kind": kind,
            "actor": (op and op["actor"]) or "service",
            "request_id": op["attempts"][0]["request_id"] if op else "tests",
            **about,
        }
        for account, sign in ((giver, -1), (taker, 1)):
            sort, _, whose = account.partition(":")
            if sort == "user" and whose in self.state.users:
                self.state.users[whose]["coins"] += sign * coins
            elif sort == "held":
                worker = self.state.withdrawals[whose]["worker_id"]
                self.state.users[worker]["pending_coins"] += sign * coins

    def user(self, name, role, coins=0):
        self.state.users[name] = {
            "_id": name,
            "role": role,
            "name": name,
            "email": f"{name}@example.org",
            "email_key": f"{name}@example.org",
            "password": stored_hash(f"pass {name} 1"),
            "coins": 0,
            "pending_coins": 0,
            "open_tasks": 0,
            "pending_submissions": 0,
            "pending_withdrawals": 0,
        }
        if coins:
            self.row(f"opening:user:{name}", "opening", f"user:{name}", coins, "opening", user=name)

    def tell(self, user, about):
        name = f"note{len(self.state.notifications)}"
        self.state.notifications[name] = {"user_id": user, "type": about, "isRead": False}

    # --- operations ---

    def op(self, kind, actor=None, outcome="ok", answer=None, key=True, status=200, **more):
        n = len(self.history)
        start, end = next(self.moments), next(self.moments)
        record = {
            "n": n,
            "kind": kind,
            "actor": actor,
            "task": None,
            "submission": None,
            "withdrawal": None,
            "payment": None,
            "key": f"k{n}" if key else None,
            "start": start,
            "end": None if outcome == "unknown" else end,
            "outcome": outcome,
            "status": status,
            "code": answer.get("code") if outcome == "refused" else None,
            "answer": answer or {"message": f"done {n}"},
            "attempts": [{"request_id": f"r{n}", "start": start, "end": end, "status": status}],
            **more,
        }
        record["input"] = {"iat": 100, **more.get("input", {})}
        self.history.append(record)
        if key and outcome == "ok":
            self.state.idempotency[f"k{n}"] = {
                "user_id": actor,
                "state": "done",
                "status": status,
                "body": json.dumps(record["answer"]).encode(),
            }
        return record

    def register(self, name, role, coins):
        op = self.op(
            "auth.register",
            key=False,
            status=201,
            answer={"user": {"_id": name}, "token": token(100)},
            input={"email": f"{name}@example.org", "role": role, "name": name},
        )
        self.user(name, role)
        self.row(f"bonus:{name}", "grants", f"user:{name}", coins, "bonus", op, user=name)
        return op

    def post(self, buyer, name, slots, price, op=True):
        asked = {"required_workers": slots, "payable_amount": price}
        if op is True:
            answer = {"task": {"_id": name, "status": "active"}}
            op = self.op("task.post", buyer, status=201, answer=answer, input=asked)
        self.state.tasks[name] = {
            **asked,
            "buyer_id": buyer,
            "buyer_name": buyer,
            "task_title": name,
            "status": "active",
            "expires_at": NOW + DAY,
        }
        sides = f"user:{buyer}", f"escrow:{name}"
        self.row(f"task:{name}", *sides, slots * price, "task", op, user=buyer, task=name)
        self.state.users[buyer]["open_tasks"] += 1

    def slots(self, name, delta):
        task = self.state.tasks[name]
        buyer = task["buyer_id"]
        op = self.op("task.slots", buyer, task=name, input={"delta": delta})
        task["required_workers"] += delta
        sides = (f"user:{buyer}", f"escrow:{name}")[:: 1 if delta > 0 else -1]
        coins = abs(delta) * task["payable_amount"]
        self.row(f"slots:{name}:{op['n']}", *sides, coins, "slots", op, user=buyer, task=name)

    def cancel(self, name, actor, kind="task.cancel", **more):
        task = self.state.tasks[name]
        op = self.op(kind, actor, task=name, **more)
        coins = task["required_workers"] * task["payable_amount"]
        buyer = task["buyer_id"]
        task.update(status="cancelled", required_workers=0)
        self.state.users[buyer]["open_tasks"] -= 1
        sides = f"escrow:{name}", f"user:{buyer}"
        self.row(f"cancel:{name}:1", *sides, coins, "cancel", op, user=buyer, task=name)
        if kind == "admin.task_cancel":
            self.tell(buyer, "task")

    def submit(self, worker, task, name, op=True):
        record = self.state.tasks[task]
        details = {"submission_details": f"work {name}"}
        if op:
            answer = {"submission": {"_id": name, "status": "pending"}}
            self.op("submission.post", worker, status=201, task=task, answer=answer, input=details)
        self.state.submissions[name] = {
            **details,
            "task_id": task,
            "worker_id": worker,
            "worker_name": worker,
            "buyer_id": record["buyer_id"],
            "buyer_name": record["buyer_id"],
            "payable_amount": record["payable_amount"],
            "status": "pending",
        }
        record["required_workers"] -= 1
        self.state.users[worker]["pending_submissions"] += 1
        if op:
            self.tell(record["buyer_id"], "submission")

    def review(self, name, actor, verdict, kind=None, **more):
        work = self.state.submissions[name]
        worker, task, reason = work["worker_id"], work["task_id"], f"reason {name}"
        kind = kind or f"submission.{'approve' if verdict == 'approved' else 'reject'}"
        op = self.op(
            kind, actor, task=task, submission=name, **{"input": {"reason": reason}, **more}
        )
        work.update(status=verdict, reviewed_date=NOW)
        self.state.users[worker]["pending_submissions"] -= 1
        price = work["payable_amount"]
        if verdict == "approved":
            sides = f"escrow:{task}", f"user:{worker}"
            self.row(f"approve:{name}", *sides, price, "reward", op, user=worker, task=task)
        else:
            work["rejection_reason"] = op["input"]["reason"]
            record = self.state.tasks[task]
            if record["status"] == "active":
                record["required_workers"] += 1
            else:
                buyer = record["buyer_id"]
                sides = f"escrow:{task}", f"user:{buyer}"
                self.row(f"reject:{name}", *sides, price, "refund", op, user=buyer, task=task)
        self.tell(worker, "approval" if verdict == "approved" else "rejection")
        return op

    def withdraw(self, worker, coins, name):
        op = self.op(
            "withdrawal.post",
            worker,
            status=201,
            answer={"withdrawal": {"_id": name, "status": "pending"}},
        )
        self.state.withdrawals[name] = {
            "worker_id": worker,
            "worker_name": worker,
            "withdrawal_coin": coins,
            "status": "pending",
        }
        self.row(f"hold:{name}", f"user:{worker}", f"held:{name}", coins, "hold", op, user=worker)
        self.state.users[worker]["pending_withdrawals"] += 1
        for admin, one in self.state.users.items():
            if one["role"] == "admin":
                self.tell(admin, "withdrawal")

    def decide(self, name, admin, approve):
        asked = self.state.withdrawals[name]
        worker, coins = asked["worker_id"], asked["withdrawal_coin"]
        kind = "approve" if approve else "reject"
        op = self.op(f"withdrawal.{kind}", admin, withdrawal=name)
        asked["status"] = "approved" if approve else "rejected"
        word, taker = ("payout", "payouts") if approve else ("release", f"user:{worker}")
        self.row(f"{word}:{name}", f"held:{name}", taker, coins, word, op, user=worker)
        self.state.users[worker]["pending_withdrawals"] -= 1
        self.tell(worker, "withdrawal")

    def adjust(self, admin, user, coins, **more):
        asked = {"user": user, "coins": coins, "reason": f"because {len(self.history)}"}
        op = self.op("admin.adjust", admin, input=asked, **more)
        row = f"adjust:{op['n']}"
        self.row(row, "adjustments", f"user:{user}", coins, "adjust", op, user=user)
        self.tell(user, "payment")
        return op

    def purchase(self, buyer, name, coins, price):
        order = {"coins": coins, "amount": price}
        op = self.op("payment.purchase", buyer, answer={"paymentId": name}, input=order)
        self.state.payments[name] = {
            "_id": name,
            "buyer_id": buyer,
            "buyer_name": buyer,
            "coin_amount": coins,
            "price": price,
            "status": "completed",
            "transaction_id": f"pi_{name}",
            "txn_key": f"pi_{name}",
        }
        self.row(f"purchase:{name}", "sales", f"user:{buyer}", coins, "purchase", op, user=buyer)
        self.tell(buyer, "payment")

    def refund(self, name, cents):
        payment = self.state.payments[name]
        buyer, coins = payment["buyer_id"], payment["coin_amount"]
        told = {"intent": f"pi_{name}", "cents": cents, "forged": False, "type": "charge.refunded"}
        self.op("payment.refund", key=False, payment=name, input=told)
        back = coins * cents // round(payment["price"] * 100)
        taken = min(back, self.state.users[buyer]["coins"])
        payment.update(refunded_cents=cents, reversed_coins=back, reversal_rev=1)
        sides = f"user:{buyer}", "reversals"
        self.row(f"reverse:{name}:1", *sides, taken, "reversal", user=buyer)
        self.state.users[buyer]["owed_coins"] = back - taken
        self.tell(buyer, "payment")
        for admin, one in self.state.users.items():
            if one["role"] == "admin":
                self.tell(admin, "payment")

    def login(self, user, iat):
        answer = {"user": {"_id": user}, "token": token(iat)}
        told = {"user": user, "right": True}
        self.op("auth.login", key=False, answer=answer, input=told)

    def logout(self, user):
        return self.op("auth.logout", user, key=False)

    def rename(self, user, name):
        self.op("profile.write", user, key=False, input={"name": name})
        self.state.users[user]["name"] = name

    def change_password(self, user, new):
        answer = {"token": token(101)}
        self.op("auth.password", user, key=False, answer=answer, input={"newPassword": new})
        self.state.users[user]["password"] = stored_hash(new)

    def remove(self, admin, user):
        op = self.op("admin.remove", admin, input={"user": user})
        coins = self.state.users[user]["coins"]
        self.row(f"forfeit:{user}", f"user:{user}", "forfeits", coins, "forfeit", op, user=user)
        del self.state.users[user]

    def refused(self, kind, actor, code, status=400, **more):
        extra = more.pop("extra", {})
        return self.op(kind, actor, "refused", {"code": code, **extra}, status=status, **more)


def sample_round():
    """A market with one of everything before the round, and one of every happening within it."""
    market = Market()
    for name, role, coins in (
        ("anna", "admin", 0),
        ("bob", "buyer", 1000),
        ("will", "worker", 700),
        ("wes", "worker", 300),
    ):
        market.user(name, role, coins)
    market.post("bob", "old", 4, 5)
    for worker, name in (("will", "s1"), ("wes", "s2")):
        market.submit(worker, "old", name, op=False)
    market.withdraw("will", 200, "w1")
    market.purchase("bob", "p1", 150, 10)
    market.state.notifications.clear()
    market.state.idempotency.clear()
    market.history.clear()
    market.begin()
    market.register("newcomer", "worker", 10)
    market.post("bob", "film", 5, 10)
    market.slots("film", 2)
    market.slots("film", -1)
    market.submit("will", "film", "s3")
    market.submit("wes", "film", "s4")
    market.review("s1", "bob", "approved")
    market.review("s2", "bob", "rejected")
    market.review(
        "s3",
        "anna",
        "approved",
        kind="submission.status",
        input={"status": "approved", "reason": "fine"},
    )
    market.cancel("film", "anna", "admin.task_cancel")
    market.review("s4", "bob", "rejected")
    market.decide("w1", "anna", True)
    market.withdraw("wes", 200, "w2")
    market.decide("w2", "anna", False)
    market.adjust("anna", "wes", 30)
    market.purchase("bob", "p2", 500, 20)
    market.refund("p1", 500)
    market.rename("bob", "Bobby")
    market.change_password("bob", "new one 1")
    market.logout("wes")
    market.remove("anna", "newcomer")
    market.refused("submission.approve", "bob", "already_processed", submission="s1", task="old")
    market.refused(
        "task.post", "bob", "insufficient_coins", extra={"required": 5000, "available": 900}
    )
    return market
