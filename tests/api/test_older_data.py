"""Contract, section 10: documents without fields of ours are read all the same.

These are as an older server wrote them (numbers as int32 or double, `__v`, nothing of ours), put
beside the running service, and nothing that it offers may stumble over them.
"""

import datetime

import httpx
import pytest
from bson import Int64, ObjectId

from client import (
    PASSWORD,
    PASSWORD_HASH,
    Api,
    assert_error,
    log_in,
    now,
    ok,
    register_input,
    task_input,
    unique,
    unique_email,
    user_token,
)
from market import approve, reject, stored_submission, stored_task, submit, withdraw
from promises import promise


def old_user(stack, role, **fields):
    """Without photoURL, email_key, counters; coins as a double."""
    document = {
        "_id": ObjectId(),
        "name": f"Old {unique()}",
        "email": unique_email(role),
        "password": PASSWORD_HASH,
        "role": role,
        "coins": 0.0,
        "__v": 0,
    }
    document.update(fields)
    stack.db.users.insert_one(document)
    return document


def api_of(stack, user):
    token = user_token(stack.jwt_secret, user["_id"], user["email"], user["role"])
    return Api(stack.http, token)


@pytest.fixture
def old_task(db, buyer):
    """A task of the buyer that bears the mark and nothing else of ours: no rev, expires_at or words;
    its escrow stands in the journal.
    """
    document = {
        "_id": ObjectId(),
        "task_title": f"Old task {unique()}",
        "task_detail": "Do it.",
        "required_workers": 2,
        "payable_amount": 5.0,
        "completion_date": now() + datetime.timedelta(days=3),
        "submission_info": "A word.",
        "buyer_id": ObjectId(buyer.id),
        "buyer_email": buyer.email,
        "buyer_name": buyer.name,
        "status": "active",
        "createdAt": now(),
        "adopted": 1,
        "__v": 0,
    }
    db.tasks.insert_one(document)
    db.ledger.insert_one(
        {
            "_id": f"opening:task:{document['_id']}",
            "from": "opening",
            "to": f"escrow:{document['_id']}",
            "coins": Int64(10),
            "kind": "opening",
            "task": document["_id"],
            "actor": "service",
            "request_id": "tests",
            "at": now(),
        }
    )
    return {"_id": str(document["_id"]), "task_title": document["task_title"]}


# What the schemas of the older server say of our records: a type, or what a text may be. Mongoose
# reads any number as a Number.
TYPES = {
    "text": str,
    "number": (int, float, Int64),
    "date": datetime.datetime,
    "id": ObjectId,
    "flag": bool,
}
PAGES = {
    "/dashboard/" + page
    for page in """worker/home worker/submissions worker/withdrawals buyer/home buyer/my-tasks
        buyer/review buyer/payment-history admin/home admin/withdrawals""".split()
}
SCHEMAS = {
    "users": """name text, email text, password text, photoURL text, role worker|buyer|admin,
        coins number, pending_coins number, authProvider email|google, lastLogin? date,
        createdAt date""",
    "tasks": """task_title text, task_detail text, required_workers number, payable_amount number,
        completion_date date, submission_info text, task_image_url text, category text,
        buyer_email text, buyer_name text, buyer_id id, status active|completed|cancelled,
        createdAt date, updatedAt date""",
    "submissions": """task_id id, task_title text, payable_amount number, worker_email text,
        worker_name text, submission_details text, buyer_email text, buyer_name text,
        status pending|approved|rejected, rejection_reason? text, reason_code? text,
        submitted_date date, reviewed_date? date, createdAt date, updatedAt date""",
    "withdrawals": """worker_email text, worker_name text, withdrawal_coin number,
        withdrawal_amount number, payment_system stripe|bkash|rocket|nagad, account_number text,
        status pending|approved|rejected, rejection_reason? text, withdraw_date date,
        processed_date? date, createdAt date, updatedAt date""",
    "payments": """buyer_email text, buyer_name text, coin_amount number, price number,
        currency text, payment_method text, transaction_id? text,
        status pending|completed|failed, payment_date? date, createdAt date, updatedAt date""",
    "notifications": """toEmail text, message text, isRead flag,
        actionRoute page,
        type approval|rejection|withdrawal|submission|task|payment, createdAt date,
        updatedAt date""",
}


def assert_loadable(collection, records):
    """Each field is there unless it is optional (?), some record has it, and all have its type."""
    assert records, collection
    for row in SCHEMAS[collection].split(","):
        field, kind = row.split()
        optional, field = field.endswith("?"), field.rstrip("?")
        values = [record[field] for record in records if field in record]
        assert values and (optional or len(values) == len(records)), (collection, field)
        for value in values:
            words = PAGES if kind == "page" else kind.split("|")
            good = isinstance(value, TYPES[kind]) if kind in TYPES else value in words
            assert good, (collection, field, value)


@promise(
    "8 What is told, to whom",
    "actionRoute is one of the front end's pages: `/dashboard/worker/{home,submissions,withdrawals}`",
)
@promise(
    "10 Collections",
    "`users`, `tasks`, `submissions`, `withdrawals`, `payments`, `notifications` have the fields above, "
    "loadable by a Mongoose app with those schemas",
)
def test_what_is_kept_is_what_the_older_servers_schemas_load(stack, api, db, admin, fresh_throttle, books):
    """One record of each state of each kind, made by the service alone."""
    people = {}
    for role in ("buyer", "worker"):
        session = ok(api.post("/auth/register", json=register_input(role=role)), 201)
        people[role] = api.as_user(session["token"])
        people[role + "_id"] = ObjectId(session["user"]["_id"])
    buyer, worker = people["buyer"], people["worker"]
    ok(api.post("/auth/login", json={"email": session["user"]["email"], "password": PASSWORD}))
    ok(buyer.post("/payments/dummy-payment", json={"coins": 500}), 201)
    ok(buyer.post("/payments/create-payment", json={"coins": 10}), 201)
    tasks = [
        ok(buyer.post("/tasks", json=task_input(payable_amount=50)), 201)["task"] for _ in range(3)
    ]
    for task, verdict in zip(tasks, ("approve", "reject", None)):
        body = {"task_id": task["_id"], "submission_details": "Done."}
        made = ok(worker.post("/submissions", json=body), 201)["submission"]
        if verdict:
            body = {"reason": "No", "reason_code": "no"} if verdict == "reject" else None
            ok(buyer.put(f"/submissions/{made['_id']}/{verdict}", json=body))
    ok(buyer.delete(f"/tasks/{tasks[1]['_id']}"))
    rich = stack.user("worker", 600)
    asked = [withdraw(rich, 200) for _ in range(3)]
    ok(admin.api.put(f"/withdrawals/{asked[0]['_id']}/approve"))
    ok(admin.api.put(f"/withdrawals/{asked[1]['_id']}/reject", json={"reason": "No"}))

    ids = [people["buyer_id"], people["worker_id"], ObjectId(rich.id)]
    owned = {"$or": [{field: {"$in": ids}} for field in ("buyer_id", "worker_id", "user_id", "_id")]}
    for collection in SCHEMAS:
        assert_loadable(collection, list(db[collection].find(owned)))


@promise("10 Collections", "`__v` may be absent or present")
def test_an_old_user_logs_in_and_edits_the_profile(stack, api, fresh_throttle):
    user = old_user(stack, "worker")
    session = ok(api.post("/auth/login", json={"email": user["email"], "password": PASSWORD}))
    assert (session["user"]["coins"], session["user"]["photoURL"]) == (0, "")
    mine = api_of(stack, user)
    tag = mine.get("/auth/me").headers["etag"]
    edited = ok(mine.put("/auth/profile", json={"name": "New"}, headers={"If-Match": tag}))
    assert edited["name"] == "New"
    tag = mine.get("/auth/me").headers["etag"]
    ok(mine.put("/auth/profile", json={"photoURL": "https://x.example/"}, headers={"If-Match": tag}))


@promise("3 POST /register", "Two are the same when they differ in the case of ASCII letters alone")
def test_an_old_user_s_address_is_taken_in_any_case(stack, api):
    user = old_user(stack, "worker")
    body = {"name": "Other", "email": user["email"].upper(), "password": PASSWORD, "role": "worker"}
    assert api.post("/auth/register", json=body).json()["code"] == "email_taken"


def test_an_old_task_is_edited_if_it_is_as_it_was_read(old_task, buyer, db, books):
    path = f"/tasks/{old_task['_id']}"
    tag = buyer.api.get(path).headers["etag"]
    title = f"Fresh {unique()}"
    edited = ok(buyer.api.put(path, json={"task_title": title}, headers={"If-Match": tag}))
    assert edited["task_title"] == title
    stale = buyer.api.put(path, json={"task_title": "Stale"}, headers={"If-Match": tag})
    assert stale.status_code == 412
    assert stored_task(db, old_task)["rev"] == 1


@promise(
    "10 Collections",
    "`__v` may be absent or present",
    "Fields of our own are never required of old data",
)
@promise("10 What becomes of old data", "Documents without fields of ours are read all the same")
def test_an_old_task_goes_all_the_way(old_task, buyer, new_worker, db, books):
    """Listed, found by its words, worked on, more slots, reviewed, cancelled."""
    word = old_task["task_title"].split()[-1]
    assert [task["_id"] for task in ok(buyer.api.get(f"/tasks?q={word}"))["tasks"]] == [
        old_task["_id"]
    ]
    first, second = new_worker(), new_worker()
    approve(buyer, submit(first, old_task))
    reject(buyer, submit(second, old_task))
    assert first.coins() == 5
    ok(buyer.api.post(f"/tasks/{old_task['_id']}/slots", json={"delta": 2}))
    assert ok(buyer.api.delete(f"/tasks/{old_task['_id']}"))["refundedAmount"] == 15


@promise("10 Collections", "Fields of our own are never required of old data")
def test_an_old_task_expires(old_task, buyer, db, stack, books):
    db.tasks.update_one(
        {"_id": ObjectId(old_task["_id"])},
        {"$set": {"completion_date": now() - datetime.timedelta(days=2)}},
    )
    assert stack.ctl("sweep").returncode == 0
    assert stored_task(db, old_task)["status"] == "completed"
    assert buyer.coins() == 1000 + 10


@promise("10 Collections", "Fields of our own are never required of old data")
def test_a_submission_that_names_no_task_or_buyer_is_shown_and_stays(stack, admin, worker, db):
    document = {
        "_id": ObjectId(),
        "task_title": "Gone",
        "payable_amount": 5,
        "worker_email": worker.email,
        "worker_id": ObjectId(worker.id),
        "submission_details": "Done.",
        "status": "approved",
        "__v": 0,
    }
    db.submissions.insert_one(document)
    shown = ok(worker.api.get(f"/submissions/{document['_id']}"))["submission"]
    assert "task_id" not in shown
    assert (shown["_id"], shown["payable_amount"]) == (str(document["_id"]), 5)
    listed = ok(worker.api.get("/submissions/worker/my-submissions"))["submissions"]
    assert [one["_id"] for one in listed] == [str(document["_id"])]


@promise("10 What becomes of old data", "Documents without fields of ours are read all the same")
def test_work_on_a_task_without_a_buyer_is_reviewed_by_an_admin(old_task, admin, worker, db, books):
    db.tasks.update_one({"_id": ObjectId(old_task["_id"])}, {"$unset": {"buyer_id": ""}})
    submission = submit(worker, old_task)
    assert "buyer_id" not in stored_submission(db, submission), "nobody's id is made up"
    approve(admin, submission)
    assert worker.coins() == 5


@promise("10 Collections", "Fields of our own are never required of old data")
@pytest.mark.parametrize(
    "path, who", [("worker/my-submissions", "worker"), ("buyer/review", "buyer")]
)
def test_cursors_reach_records_without_a_date(path, who, worker, buyer, db):
    """Newest first they stand at the end, oldest first at the beginning; none is lost, none told
    twice.
    """
    made = [
        {
            "worker_id": ObjectId(worker.id),
            "buyer_id": ObjectId(buyer.id),
            "task_title": "Old",
            "submission_details": "Done.",
            "status": "pending",
            "payable_amount": 0,
            **({"createdAt": now() - datetime.timedelta(hours=i)} if i % 2 else {}),
        }
        for i in range(9)
    ]
    inserted = db.submissions.insert_many(made).inserted_ids
    reader = worker if who == "worker" else buyer
    seen, after = [], None
    while True:
        answer = ok(reader.api.get(f"/submissions/{path}?limit=2" + (after or "")))
        seen += [one["_id"] for one in answer["submissions"]]
        if answer["next"] is None:
            break
        after = f"&after={answer['next']}"
    assert sorted(seen) == sorted(map(str, inserted))
    whole = ok(reader.api.get(f"/submissions/{path}?limit=100"))["submissions"]
    assert seen == [one["_id"] for one in whole], "the order of the list itself"
    db.submissions.delete_many({"_id": {"$in": inserted}})


@promise("10 What becomes of old data", "Documents without fields of ours are read all the same")
@pytest.mark.parametrize("order", ["payable_amount", "-payable_amount"])
def test_cursors_walk_over_fractions(order, db, api, unadopted):
    """Coins that an older server kept as doubles with a fraction."""
    category = unique("fractions")
    db.tasks.insert_many(
        {
            "task_title": "Old",
            "status": "active",
            "required_workers": 1,
            "payable_amount": amount,
            "completion_date": now() + datetime.timedelta(days=1),
            "category": category,
            "createdAt": now(),
        }
        for amount in (1, 2.5, 2.75, 2.0, Int64(3), 2.5)
    )
    try:
        amounts, after = [], {}
        for _ in range(7):
            params = {"category": category, "sortBy": order, "limit": 1, **after}
            answer = ok(api.get("/tasks", params=params))
            amounts += [task["payable_amount"] for task in answer["tasks"]]
            if answer["next"] is None:
                break
            after = {"after": answer["next"]}
        assert amounts == sorted([1, 2, 2.5, 2.5, 2.75, 3], reverse=order.startswith("-"))
    finally:
        db.tasks.delete_many({"category": category})


# --- roles that nobody knows ---


@promise("3 GET /me, PUT /profile", "Both are for anyone with a token")
@pytest.mark.parametrize("role", ["boss", "Buyer", "", None, 5])
def test_what_is_for_any_is_also_for_those_of_an_unknown_role(stack, role):
    """They see and leave their own account, and may do nothing that asks for a role."""
    user = old_user(stack, "worker")
    stack.db.users.update_one({"_id": user["_id"]}, {"$set": {"role": role}})
    # the OpenAPI document knows no such role
    with httpx.Client(base_url=stack.base_url, verify=False, trust_env=False) as http:
        api = Api(http, ok(log_in(Api(http), user["email"]))["token"])
        assert ok(api.get("/notifications")) == []
        assert ok(api.put("/auth/profile", json={"name": "New"}))["name"] == "New"
        for path in ("/withdrawals/worker/history", "/tasks/buyer/my-tasks", "/admin/users"):
            assert_error(api.get(path), 403, "forbidden")
        body = {"currentPassword": PASSWORD, "newPassword": "another horse 2"}
        api = Api(http, ok(api.put("/auth/password", json=body))["token"])
        assert ok(api.get("/auth/me"))["_id"] == str(user["_id"])
        ok(api.post("/auth/logout"))
        assert_error(api.get("/auth/me"), 401, "unauthorized")
