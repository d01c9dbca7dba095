#!/usr/bin/python3
"""Fills a database with what an older server would have left after years: for trying adoption, and
its pace, on much data.

    tests/api/old_market.py mongodb://127.0.0.1:27017/old?replicaSet=rs0 140000
"""

import datetime
import random
import sys

from bson import ObjectId
from pymongo import MongoClient
from pymongo.uri_parser import parse_uri

# of a thousand records
SHARES = {
    "users": 70,
    "tasks": 70,
    "submissions": 580,
    "withdrawals": 70,
    "payments": 70,
    "notifications": 140,
}
EPOCH = datetime.datetime(2024, 3, 1)
WORDS = "watch film visit page write review share post follow like photo shop test app".split()
AT_ONCE = 10000


class Market:
    """Deterministic: the same counts make the same records."""

    def __init__(self, counts):
        self.counts, self.random = counts, random.Random(1)

    def id(self, collection, n):
        return ObjectId(f"65e1{list(SHARES).index(collection):04x}{n:016x}")

    def email(self, n):
        return f"Person{n}@old.example" if n % 10 else f"person{n}@Old.example "

    def date(self):
        return EPOCH + datetime.timedelta(minutes=self.random.randrange(10**5))

    def users(self, n):
        return {
            "name": f"Somebody {n}",
            "email": self.email(n),
            "password": "$2b$10$" + "x" * 53,
            "photoURL": "",
            "role": "buyer" if n % 4 == 0 else "worker",
            "coins": self.random.randrange(2000) + self.random.choice((0, 0, 0.5)),
            "pending_coins": self.random.choice((0, 200, 400)),
            "authProvider": "email",
        }

    def tasks(self, n):
        buyer = n * 4 % self.counts["users"]
        words = self.random.choices(WORDS, k=30)
        return {
            "task_title": f"{words[0]} {words[1]} {n}",
            "task_detail": " ".join(words),
            "required_workers": self.random.randrange(12),
            "payable_amount": 1 + self.random.randrange(30),
            "completion_date": EPOCH + datetime.timedelta(days=3650),
            "submission_info": "A screenshot",
            "task_image_url": "",
            "buyer_email": self.email(buyer),
            "buyer_name": f"Somebody {buyer}",
            "buyer_id": self.id("users", buyer),
            "status": self.random.choice(("active", "active", "completed")),
        }

    def submissions(self, n):
        # now and then somebody handed in twice
        pair = n if n % 50 else n // 2
        task = pair % self.counts["tasks"]
        worker = (pair * 7 + pair // self.counts["tasks"]) % self.counts["users"]
        return {
            "task_id": self.id("tasks", task),
            "task_title": f"Task {task}",
            "payable_amount": 10,
            "worker_email": self.email(worker),
            "worker_name": f"Somebody {worker}",
            "submission_details": "https://example.org/proof",
            "buyer_email": self.email(task * 4 % self.counts["users"]),
            "buyer_name": "",
            "status": self.random.choice(("pending", "approved", "approved", "rejected")),
            "submitted_date": self.date(),
        }

    def withdrawals(self, n):
        worker = n * 3 % self.counts["users"]
        return {
            "worker_email": self.email(worker),
            "worker_name": f"Somebody {worker}",
            "withdrawal_coin": 200 + self.random.randrange(200),
            "withdrawal_amount": 10,
            "payment_system": "bkash",
            "account_number": "01700000000",
            "status": self.random.choice(("pending", "approved", "rejected")),
            "withdraw_date": self.date(),
        }

    def payments(self, n):
        buyer = n * 4 % self.counts["users"]
        return {
            "buyer_email": self.email(buyer),
            "buyer_name": f"Somebody {buyer}",
            "coin_amount": 150,
            "price": 10,
            "payment_method": "card",
            "transaction_id": f"txn_{n if n % 100 else n // 2}",
            "status": "completed",
            "payment_date": self.date(),
        }

    def notifications(self, n):
        return {
            "toEmail": self.email(n % self.counts["users"]),
            "message": "Your submission has been approved!",
            "actionRoute": "/dashboard/worker-home",
            "type": "approval",
            "isRead": False,
        }

    def record(self, collection, n):
        made = self.date()
        own = getattr(self, collection)(n)
        if collection != "users":
            own["updatedAt"] = made
        return {"_id": self.id(collection, n), **own, "createdAt": made, "__v": 0}


def fill(db, records):
    db.users.create_index("email", unique=True)
    counts = {name: max(1, records * share // 1000) for name, share in SHARES.items()}
    market = Market(counts)
    for name, count in counts.items():
        for first in range(0, count, AT_ONCE):
            some = range(first, min(first + AT_ONCE, count))
            db[name].insert_many([market.record(name, n) for n in some])
    return sum(counts.values())


if __name__ == "__main__":
    uri, wanted = sys.argv[1], int(sys.argv[2])
    print(fill(MongoClient(uri)[parse_uri(uri)["database"]], wanted), "records")
