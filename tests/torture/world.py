"""Who and what there is, as the callers know it: from what answers have told, and from the snapshot
that a round begins with. It is their knowledge, not the truth, and lags behind as theirs does.

All chance comes from the `rng` of an operation, so an operation of a seed is the same again as far
as the same is known by then.
"""

import base64
import collections
import dataclasses
import json
import zlib

import bcrypt
from bson import ObjectId

from calls import Call
from client import PASSWORD, ok

# (role, how many, coins)
CAST = (("buyer", 3, 1500), ("worker", 7, 300), ("admin", 2, 0))
EXTRA_PACKAGES = {50: 5, 120: 10, 19: 19.99}  # coins → price
# Of a cost that makes a log-in cheap: hashes of the usual one would be most of what a run takes.
PASSWORD_HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()


def settings(fake):
    """What the stack's environment says: payments go to this provider, and nobody is throttled."""
    return {
        **fake.settings(),
        "COIN_PACKAGES_EXTRA": ",".join(f"{n}:{price}" for n, price in EXTRA_PACKAGES.items()),
        "LOGIN_FAILURES": "0",
        "RATE_LIMIT": "0",
        "REGISTER_LIMIT": "0",
    }


def issued_at(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["iat"]


@dataclasses.dataclass(repr=False)
class Person:
    """Somebody who can act, and what they believe about themselves."""

    id: str
    email: str
    role: str
    name: str
    token: str
    password: str = PASSWORD
    coins: int = 0
    owed: int = 0
    busy: bool = False  # has something open, as the last snapshot said
    dead: list = dataclasses.field(default_factory=list)  # tokens that were ended

    def __repr__(self):
        return self.id  # the same whatever becomes of them (pick)


class World:
    """people, tasks, submissions, withdrawals and payments by id; the newest at the end."""

    def __init__(self, stack, fake, rng):
        self.fake = fake
        self.people = {}
        self.tasks = {}  # id → {buyer, price, open, status, expires_at, title}
        self.submissions = {}  # id → {task, worker, buyer, status}
        self.withdrawals = {}  # id → {worker, coins, status}
        self.payments = {}  # id → {buyer, coins, price, status}
        self.addresses = collections.deque(maxlen=50)  # that were registered, or tried
        self.gone = collections.deque(maxlen=20)  # people who were removed
        for role, count, coins in CAST:
            for _ in range(count):
                name = f"{role} {word(rng)}"
                self.add(stack.user(role, coins, name=name, password=PASSWORD_HASH))
        self.add(self.worker_who_bought(stack, rng))

    def add(self, user):
        self.people[user.id] = Person(user.id, user.email, user.role, user.name, user.token)

    def worker_who_bought(self, stack, rng):
        """Once a buyer: what they paid can go back while they withdraw."""
        user = stack.user("buyer", name=f"once a buyer {word(rng)}")
        order = {"coins": 1000, "amount": 35, "paymentMethodId": "pm_visa_1"}
        ok(user.api.post("/payments/purchase-coins", json=order))
        stack.db.users.update_one({"_id": ObjectId(user.id)}, {"$set": {"role": "worker"}})
        return dataclasses.replace(user, role="worker")

    # --- people ---

    def of_role(self, role):
        return [person for person in self.people.values() if person.role == role]

    def anybody(self, rng, *roles):
        """One of a role, mostly one of the few who were there first."""
        found = [person for role in roles for person in self.of_role(role)]
        return pick(rng, found[::-1])

    def act(self, kind, request, person, body=None, accounts=None, input=None, key=False, **record):
        """A call of a person with their token, as "PUT /auth/profile"; None where there is nobody.
        It is about the accounts of the record that it names, else about the person's own.
        """
        if not person:
            return None
        if work := self.submissions.get(record.get("submission")):
            record["task"] = work["task"]
        if accounts is None:
            accounts = self.people_of(**record) or (person.id,)
        told = {"iat": issued_at(person.token), "role": person.role, **(body or {})}
        told |= input or {}
        who = {"token": person.token, "actor": person.id, "accounts": accounts, "input": told}
        return Call(kind, *request.split(" "), body, key=key, **who, **record)

    def people_of(self, submission=None, withdrawal=None, payment=None, task=None):
        """The ids of a record's worker and buyer."""
        for name, records in (
            (submission, self.submissions),
            (withdrawal, self.withdrawals),
            (payment, self.payments),
            (task, self.tasks),
        ):
            if name:
                record = records[name]
                return tuple(record[who] for who in ("worker", "buyer") if who in record)
        return ()

    # --- what a snapshot tells ---

    def refresh(self, snapshot):
        """Everything anew, but for passwords and tokens, which no snapshot tells."""
        for name in [name for name in self.people if name not in snapshot.users]:
            self.gone.append(self.people.pop(name))
        for name, person in self.people.items():
            user = snapshot.users[name]
            person.role, person.name = user["role"], user["name"]
            person.coins, person.owed = user["coins"], user.get("owed_coins", 0)
            person.busy = any(
                user.get(counter, 0) > 0
                for counter in ("open_tasks", "pending_submissions", "pending_withdrawals")
            )
        self.tasks = newest(
            snapshot.tasks,
            lambda task: {
                "buyer": task["buyer_id"],
                "price": task["payable_amount"],
                "open": task["required_workers"],
                "status": task["status"],
                "expires_at": task["expires_at"],
                "title": task["task_title"],
            },
        )
        self.submissions = newest(
            snapshot.submissions,
            lambda work: {
                "task": work["task_id"],
                "worker": work["worker_id"],
                "buyer": work["buyer_id"],
                "status": work["status"],
            },
        )
        self.withdrawals = newest(
            snapshot.withdrawals,
            lambda asked: {
                "worker": asked["worker_id"],
                "coins": asked["withdrawal_coin"],
                "status": asked["status"],
            },
        )
        self.payments = newest(
            snapshot.payments,
            lambda payment: {
                "buyer": payment["buyer_id"],
                "coins": payment["coin_amount"],
                "price": payment["price"],
                "status": payment["status"],
            },
        )


def newest(records, told, most=400):
    """What is told of the newest records; the rest is history that nobody calls about."""
    pending = [name for name, record in records.items() if record["status"] in LIVE]
    names = sorted({*sorted(records)[-most:], *pending[-most:]})
    return {name: told(records[name]) for name in names}


LIVE = ("active", "pending")


def word(rng):
    """A word that no other operation has: whatever was made with it is known by it."""
    return f"w{rng.getrandbits(56):014x}"


def pick(rng, found, hot=3, share=0.6):
    """One of these, mostly one of the last few: there callers meet. The same one however many
    others there are, unless a newcomer wins.
    """
    found = list(found)
    if rng.random() < share:
        found = found[-hot:]
    salt = rng.getrandbits(32)
    return max(found, key=lambda item: zlib.crc32(repr(item).encode(), salt), default=None)


def with_status(records, *statuses):
    return [name for name, record in records.items() if record["status"] in statuses]
