"""Records as the older server (Node, Express, Mongoose) left them: its schemas, its defaults, its
mistakes.

Nothing here knows of the fields that are ours. A field given as MISSING is left out.
"""

import datetime

from bson import ObjectId

from client import PASSWORD_HASH, now, unique

MISSING = object()

COLLECTIONS = ("users", "tasks", "submissions", "withdrawals", "payments", "notifications")


def whole(document):
    return {name: value for name, value in document.items() if value is not MISSING}


class OldServer:
    """Fills a database. Each method inserts one document and returns it."""

    def __init__(self, db):
        self.db = db
        # mongoose makes this one by itself, from `unique: true`
        db.users.create_index("email", unique=True)

    def insert(self, collection, document, changes):
        document = whole({"_id": ObjectId(), **document, **changes, "__v": 0})
        self.db[collection].insert_one(document)
        return document

    def user(self, role="worker", coins=0, **changes):
        """Saved by Mongoose: numbers as int32 or double, no updatedAt."""
        return self.insert(
            "users",
            {
                "name": f"Somebody {unique()}",
                "email": f"{unique('person')}@old.example",
                "password": PASSWORD_HASH,
                "photoURL": "",
                "role": role,
                "coins": coins,
                "pending_coins": 0,
                "authProvider": "email",
                "createdAt": now(),
            },
            changes,
        )

    def task(self, buyer, required_workers=3, payable_amount=10, **changes):
        return self.insert(
            "tasks",
            {
                "task_title": f"Watch a film {unique()}",
                "task_detail": "Watch it to the end.",
                "required_workers": required_workers,
                "payable_amount": payable_amount,
                "completion_date": now() + datetime.timedelta(days=30),
                "submission_info": "A screenshot",
                "task_image_url": "",
                "buyer_email": buyer["email"],
                "buyer_name": buyer["name"],
                "buyer_id": buyer["_id"],
                "status": "active",
                "createdAt": now(),
                "updatedAt": now(),
            },
            changes,
        )

    def submission(self, worker, task, status="pending", **changes):
        """Owned by e-mail alone."""
        reviewed = MISSING if status == "pending" else now()
        return self.insert(
            "submissions",
            {
                "task_id": task["_id"],
                "task_title": task["task_title"],
                "payable_amount": task.get("payable_amount", 0),
                "worker_email": worker["email"],
                "worker_name": worker["name"],
                "submission_details": "https://example.org/proof",
                "buyer_email": task.get("buyer_email", ""),
                "buyer_name": task.get("buyer_name", ""),
                "status": status,
                "submitted_date": now(),
                "reviewed_date": reviewed,
                "createdAt": now(),
                "updatedAt": now(),
            },
            changes,
        )

    def withdrawal(self, worker, coins=200, status="pending", **changes):
        amount = coins / 20 if isinstance(coins, (int, float)) else 10
        return self.insert(
            "withdrawals",
            {
                "worker_email": worker["email"],
                "worker_name": worker["name"],
                "withdrawal_coin": coins,
                "withdrawal_amount": amount,
                "payment_system": "bkash",
                "account_number": "01700000000",
                "status": status,
                "withdraw_date": now(),
                "createdAt": now(),
                "updatedAt": now(),
            },
            changes,
        )

    def payment(self, buyer, coin_amount=150, price=10, **changes):
        return self.insert(
            "payments",
            {
                "buyer_email": buyer["email"],
                "buyer_name": buyer["name"],
                "coin_amount": coin_amount,
                "price": price,
                "payment_method": "card",
                "transaction_id": unique("txn_"),
                "status": "completed",
                "payment_date": now(),
                "createdAt": now(),
                "updatedAt": now(),
            },
            changes,
        )

    def notification(self, user, **changes):
        return self.insert(
            "notifications",
            {
                "toEmail": user["email"],
                "message": "Your submission has been approved!",
                "actionRoute": "/dashboard/worker-home",
                "type": "approval",
                "isRead": False,
                "createdAt": now(),
                "updatedAt": now(),
            },
            changes,
        )
