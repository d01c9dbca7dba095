"""The steps of the main job, for tests in which they are not what is tested, and a look into the
database.
"""

import datetime

from bson import ObjectId

from client import now, ok, task_input


def post_task(buyer, **changes):
    """A task of the buyer: 2 slots at 5 coins unless told otherwise."""
    return ok(buyer.api.post("/tasks", json=task_input(**changes)), 201)["task"]


def submit(worker, task, details="Done, see the screenshot."):
    body = {"task_id": task["_id"], "submission_details": details}
    return ok(worker.api.post("/submissions", json=body), 201)["submission"]


def approve(reviewer, submission):
    return ok(reviewer.api.put(f"/submissions/{submission['_id']}/approve"))


def reject(reviewer, submission, **body):
    return ok(reviewer.api.put(f"/submissions/{submission['_id']}/reject", json=body))


def withdraw(worker, coins=200, **changes):
    """A withdrawal that the worker asks for."""
    body = {"withdrawal_coin": coins, "payment_system": "bkash", "account_number": "01712345678"}
    return ok(worker.api.post("/withdrawals", json=body | changes), 201)["withdrawal"]


def stored_task(db, task):
    return db.tasks.find_one({"_id": ObjectId(task["_id"])})


def stored_submission(db, submission):
    return db.submissions.find_one({"_id": ObjectId(submission["_id"])})


def stored_withdrawal(db, withdrawal):
    return db.withdrawals.find_one({"_id": ObjectId(withdrawal["_id"])})


def stored_user(db, user):
    return db.users.find_one({"_id": ObjectId(user.id)})


def coins(db, user):
    return stored_user(db, user)["coins"]


def tasks_of(db, buyer):
    return db.tasks.count_documents({"buyer_id": ObjectId(buyer.id)})


def pass_deadline(db, task):
    """Moves a task's deadline two days back: the day itself is over too, should it be a whole-day
    deadline.
    """
    past = now() - datetime.timedelta(days=2)
    db.tasks.update_one(
        {"_id": ObjectId(task["_id"])}, {"$set": {"completion_date": past, "expires_at": past}}
    )


def told(db, user):
    """The notifications of a user, oldest first."""
    return list(db.notifications.find({"toEmail": user.email}).sort("_id", 1))


def notification(db, user, **changes):
    """A notification of the user, put into the database; its id. None leaves a field out."""
    document = {
        "user_id": ObjectId(user.id),
        "toEmail": user.email,
        "message": "Your submission has been approved.",
        "actionRoute": "/dashboard/worker/submissions",
        "type": "approval",
        "isRead": False,
        "archived": False,
        "createdAt": now(),
        "updatedAt": now(),
    }
    document.update(changes)
    kept = {name: value for name, value in document.items() if value is not None}
    return str(db.notifications.insert_one(kept).inserted_id)


def ids(records):
    return [record["_id"] for record in records]


def assert_counters(db, since):
    """The counters that guard a change of role agree with the records, for users made since a
    moment.
    """
    users = list(db.users.find({"_id": {"$gt": ObjectId.from_datetime(since)}}))
    wrong = []
    for field, collection, owner, status in (
        ("open_tasks", "tasks", "buyer_id", "active"),
        ("pending_submissions", "submissions", "worker_id", "pending"),
        ("pending_withdrawals", "withdrawals", "worker_id", "pending"),
    ):
        groups = db[collection].aggregate(
            [{"$match": {"status": status}}, {"$group": {"_id": f"${owner}", "n": {"$sum": 1}}}]
        )
        found = {group["_id"]: group["n"] for group in groups}
        wrong += [
            (str(user["_id"]), field, user.get(field, 0), found.get(user["_id"], 0))
            for user in users
            if user.get(field, 0) != found.get(user["_id"], 0)
        ]
    assert wrong == [], "(user, counter, kept, counted)"
