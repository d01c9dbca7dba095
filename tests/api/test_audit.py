"""Contract, sections 2 and 9: the journal has every coin's way, and the audit compares."""

import datetime
import re
import threading

import pytest
from bson import Int64, ObjectId

from client import UNKNOWN_ID, assert_error, eventually, faults, iso, now, ok, register_input, task_input, unique
from conftest import assert_balanced
from fail_points import held_up
from market import pass_deadline, submit, withdraw
from promises import promise

NUMBERS = {
    "coins",
    "pending_coins",
    "escrow",
    "opening",
    "bonuses",
    "purchases",
    "adjustments",
    "payouts",
    "forfeits",
    "users",
    "tasks",
}


def audit(admin):
    return ok(admin.api.get("/admin/audit"))


def hand_in(worker, task_id):
    return submit(worker, {"_id": task_id})["_id"]


@pytest.fixture
def task(new_buyer):
    """A task with two open slots at 5 coins, of a buyer who began with 100."""
    buyer = new_buyer(100)
    made = ok(buyer.api.post("/tasks", json=task_input()), 201)["task"]
    made["buyer"] = buyer
    return made


@promise(
    "9 GET /audit",
    "For admins: {balanced, asOf, coins, pending_coins, escrow, opening, bonuses, purchases, adjustments, "
    "payouts, forfeits, reversals, users, tasks, differences}",
)
def test_the_audit_says_all_the_sums_and_that_they_agree(admin, task, books):
    said = audit(admin)
    assert NUMBERS | {"balanced", "asOf", "differences"} <= set(said)
    assert all(type(said[name]) is int for name in NUMBERS)
    assert re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", said["asOf"])
    assert said["balanced"] is True and said["differences"] == []


@promise(
    "2 Slots and escrow",
    "A task's escrow = (required_workers + its pending submissions) × payable_amount",
)
@promise(
    "2 The books",
    "Every movement is one transaction that changes the balances and appends to the journal",
    "Σ coins + Σ pending_coins + Σ escrow = opening + bonuses + purchases ± adjustments − payouts − forfeits "
    "− reversals, at every moment",
)
@promise("9 GET /audit", "Computed now, in one snapshot")
def test_each_movement_changes_the_sums_by_just_its_coins(
    admin, api, new_worker, new_buyer, stack, books
):
    assert (
        stack.ctl("sweep").returncode == 0
    )  # so that no deadline of another test refunds meanwhile

    def moved(before):
        after = audit(admin)
        return {name: after[name] - before[name] for name in NUMBERS if after[name] != before[name]}

    start = audit(admin)
    buyer, worker, other = new_buyer(100), new_worker(), new_worker()
    assert moved(start) == {"coins": 100, "opening": 100, "users": 3}
    start = audit(admin)
    ok(api.post("/auth/register", json=register_input(role="buyer")), 201)
    assert moved(start) == {"coins": 50, "bonuses": 50, "users": 1}
    start = audit(admin)
    task = ok(buyer.api.post("/tasks", json=task_input(required_workers=3, payable_amount=7)), 201)[
        "task"
    ]["_id"]
    assert moved(start) == {"coins": -21, "escrow": 21, "tasks": 1}
    start = audit(admin)
    mine, theirs = hand_in(worker, task), hand_in(other, task)
    assert moved(start) == {}, "pending work is still escrow"
    ok(buyer.api.put(f"/submissions/{mine}/approve"))
    assert moved(start) == {"coins": 7, "escrow": -7}
    ok(buyer.api.put(f"/submissions/{theirs}/reject"))
    assert moved(start) == {"coins": 7, "escrow": -7}, "the slot came back, not the coins"
    start = audit(admin)
    ok(buyer.api.post(f"/tasks/{task}/slots", json={"delta": -1}))
    assert moved(start) == {"coins": 7, "escrow": -7}
    start = audit(admin)
    ok(buyer.api.delete(f"/tasks/{task}"))
    assert moved(start) == {"coins": 7, "escrow": -7}


def difference(said, of):
    return [one for one in said["differences"] if one["_id"] == of]


@promise("9 GET /audit", "differences: [{kind, _id, expected, found}]: coins, pending_coins")
@pytest.mark.parametrize("field, kind", [("coins", "coins"), ("pending_coins", "pending_coins")])
def test_coins_that_appeared_in_a_user_are_found(admin, new_worker, db, stack, field, kind):
    worker = new_worker(40)
    expected = 40 if field == "coins" else 0
    one = {"_id": ObjectId(worker.id)}
    db.users.update_one(one, {"$inc": {field: Int64(7)}})
    try:
        said = audit(admin)
        assert said["balanced"] is False
        assert difference(said, worker.id) == [
            {"kind": kind, "_id": worker.id, "expected": expected, "found": expected + 7}
        ]
        assert stack.ctl("audit").returncode == 1
    finally:
        db.users.update_one(one, {"$inc": {field: Int64(-7)}})
    assert_balanced(stack)
    assert stack.ctl("audit").returncode == 0


@promise(
    "2 Slots and escrow",
    "A task's escrow = (required_workers + its pending submissions) × payable_amount",
)
@promise("9 GET /audit", "differences of the kind escrow")
def test_escrow_that_does_not_fit_the_journal_is_found(admin, task, db, stack):
    one = {"_id": ObjectId(task["_id"])}
    db.tasks.update_one(one, {"$inc": {"required_workers": Int64(1)}})
    try:
        said = audit(admin)
        assert said["balanced"] is False
        assert difference(said, task["_id"]) == [
            {"kind": "escrow", "_id": task["_id"], "expected": 10, "found": 15}
        ]
    finally:
        db.tasks.update_one(one, {"$inc": {"required_workers": Int64(-1)}})
    assert_balanced(stack)


@promise("9 GET /audit", "differences: each user or task that disagrees with the journal")
def test_two_mistakes_that_cancel_out_are_found_all_the_same(admin, new_worker, db, stack):
    """Each user and task is compared with the journal, not only the sums."""
    rich, poor = new_worker(30), new_worker(30)
    ids = [ObjectId(rich.id), ObjectId(poor.id)]
    for user, change in zip(ids, (5, -5)):
        db.users.update_one({"_id": user}, {"$inc": {"coins": Int64(change)}})
    try:
        said = audit(admin)
        assert said["balanced"] is False
        assert {(one["_id"], one["expected"], one["found"]) for one in said["differences"]} == {
            (rich.id, 30, 35),
            (poor.id, 30, 25),
        }
    finally:
        for user, change in zip(ids, (-5, 5)):
            db.users.update_one({"_id": user}, {"$inc": {"coins": Int64(change)}})
    assert_balanced(stack)


@promise("9 GET /audit", "differences of the kind missing")
def test_a_user_whose_coins_the_journal_knows_but_who_is_gone_is_missing(
    admin, new_worker, db, stack
):
    worker = new_worker(30)
    document = db.users.find_one_and_delete({"_id": ObjectId(worker.id)})
    try:
        said = audit(admin)
        assert said["balanced"] is False
        assert [(one["kind"], one["expected"]) for one in difference(said, worker.id)] == [
            ("missing", 30)
        ]
    finally:
        db.users.insert_one(document)
    assert_balanced(stack)


@promise("9 GET /audit", "differences: [{kind, _id, expected, found}]: coins, pending_coins")
def test_a_user_whose_coins_the_journal_does_not_know_is_found(admin, new_worker, db, stack):
    worker = new_worker(0)
    one = {"_id": ObjectId(worker.id)}
    db.users.update_one(one, {"$set": {"coins": Int64(3)}})
    try:
        assert [(one["expected"], one["found"]) for one in difference(audit(admin), worker.id)] == [
            (0, 3)
        ]
    finally:
        db.users.update_one(one, {"$set": {"coins": Int64(0)}})
    assert_balanced(stack)


@promise("9 GET /audit", "differences of the kind missing")
def test_an_account_that_no_event_of_ours_wrote_is_one_difference_not_many(admin, new_worker, db, stack):
    """A name in capitals stands elsewhere in the order of names."""
    users = [new_worker(5) for _ in range(3)]
    row = f"opening:{unique('odd')}"
    db.ledger.insert_one(
        {
            "_id": row,
            "from": "opening",
            "to": f"user:{users[0].id.upper()}",
            "coins": Int64(7),
            "kind": "opening",
            "at": now(),
        }
    )
    try:
        found = audit(admin)
        assert found["balanced"] is False
        assert [difference["kind"] for difference in found["differences"]] == ["missing"]
    finally:
        db.ledger.delete_one({"_id": row})
    assert_balanced(stack)


@promise("9 GET /audit", "differences: up to 100")
def test_at_most_100_differences_are_listed(admin, stack, db):
    users = [ObjectId(stack.user("worker", 1).id) for _ in range(101)]
    db.users.update_many({"_id": {"$in": users}}, {"$set": {"coins": Int64(2)}})
    try:
        said = audit(admin)
        assert said["balanced"] is False and len(said["differences"]) == 100
    finally:
        db.users.update_many({"_id": {"$in": users}}, {"$set": {"coins": Int64(1)}})
    assert_balanced(stack)


@promise(
    "10 What becomes of old data",
    "A role changed in the database by an operator does not unbalance the audit",
)
def test_a_role_changed_in_the_database_by_an_operator_does_not_unbalance_the_audit(
    task, db, stack
):
    one = {"_id": ObjectId(task["buyer"].id)}
    db.users.update_one(one, {"$set": {"role": "worker"}})
    assert_balanced(stack)


@promise(
    "2 The books",
    "Σ coins + Σ pending_coins + Σ escrow = opening + bonuses + purchases ± adjustments − payouts − forfeits "
    "− reversals, at every moment",
)
@promise("9 GET /audit", "Computed now, in one snapshot")
def test_the_audit_is_one_snapshot_also_while_coins_move(admin, new_buyer, new_worker, stack):
    stop = threading.Event()
    broken = []

    def trade(buyer, worker):
        while not stop.is_set():
            try:
                task = ok(buyer.api.post("/tasks", json=task_input(required_workers=1)), 201)[
                    "task"
                ]["_id"]
                ok(buyer.api.put(f"/submissions/{hand_in(worker, task)}/approve"))
            except AssertionError as problem:
                broken.append(problem)
                return

    traders = [
        threading.Thread(target=trade, args=(new_buyer(10000), new_worker())) for _ in range(4)
    ]
    for trader in traders:
        trader.start()
    try:
        for _ in range(15):
            said = audit(admin)
            assert said["balanced"] is True and said["differences"] == [], said
    finally:
        stop.set()
        for trader in traders:
            trader.join()
    assert not broken, broken[0]
    assert_balanced(stack)


@promise("9 GET /audit", "Where the books are too large for 5 s, the last finished run")
def test_books_too_large_for_five_seconds_are_told_by_the_last_finished_run(admin, stack):
    """… and the next sweep makes a fresh one."""
    before = ok(admin.api.get("/admin/audit"))
    with stack.sweep_paused(), held_up(stack.mongo.admin, "aggregate", ms=7000):
        told = ok(admin.api.get("/admin/audit"))
    assert told == before, "the last finished run"
    assert stack.ctl("sweep").returncode == 0

    def audited_anew():
        kept = stack.db.meta.find_one({"_id": "audit"})
        return iso(kept["asOf"]) > before["asOf"]

    eventually(audited_anew, within=30)  # the stack's own sweep may have been first
    assert stack.db.meta.find_one({"_id": "audit asked"}) is None


@promise(
    "9 GET /audit",
    "For admins: {balanced, asOf, coins, pending_coins, escrow, opening, bonuses, purchases, adjustments, "
    "payouts, forfeits, reversals, users, tasks, differences}",
)
@promise(
    "9 GET /ledger, GET /top-workers",
    "GET /ledger, for admins: {entries: [{_id, from, to, coins, kind, user?, task?, actor, request_id, at}], "
    "…} newest first",
)
def test_the_books_are_the_admins(api, worker, buyer):
    for path in ("/admin/audit", "/admin/ledger"):
        assert_error(api.get(path), 401, "unauthorized")
        for user in (worker, buyer):
            assert_error(user.api.get(path), 403, "forbidden")


# --- the journal ---


@promise(
    "10 Collections",
    "`ledger` is append-only: from, to, coins, kind, refs, actor, request id, at",
)
def test_the_journal_is_only_ever_added_to(admin, api, new_worker, new_buyer, stack, db, books):
    """Whatever moves coins, and also when users are removed: no row is changed or goes."""
    with db.ledger.watch() as changes:
        bought = ok(api.post("/auth/register", json=register_input(role="buyer")), 201)
        buyer, worker = api.as_user(bought["token"]), new_worker(1000)
        ok(buyer.post("/payments/dummy-payment", json={"coins": 150}), 201)
        tasks = [
            ok(buyer.post("/tasks", json=task_input(payable_amount=10)), 201)["task"]["_id"]
            for _ in range(3)
        ]
        ok(buyer.post(f"/tasks/{tasks[0]}/slots", json={"delta": 1}))
        ok(buyer.put(f"/submissions/{hand_in(worker, tasks[0])}/approve"))
        refused = hand_in(worker, tasks[1])
        ok(buyer.delete(f"/tasks/{tasks[1]}"))
        ok(buyer.put(f"/submissions/{refused}/reject"))
        pass_deadline(db, {"_id": tasks[2]})
        assert stack.ctl("sweep").returncode == 0
        for verdict in ("approve", "reject"):
            asked = withdraw(worker)
            ok(admin.api.put(f"/withdrawals/{asked['_id']}/{verdict}"))
        for user in (bought["user"]["_id"], worker.id):
            ok(admin.api.delete(f"/admin/users/{user}"))
        seen = []
        while change := changes.try_next():
            seen.append(change)
    assert {change["operationType"] for change in seen} == {"insert"}
    rows = [change["fullDocument"] for change in seen]
    assert {row["kind"] for row in rows} >= {
        "bonus",
        "purchase",
        "task",
        "slots",
        "reward",
        "cancel",
        "refund",
        "expire",
        "hold",
        "payout",
        "release",
        "forfeit",
    }
    for row in rows:
        assert {"from", "to", "coins", "kind", "actor", "request_id", "at"} <= set(row), row
        assert type(row["coins"]) is Int64 and row["coins"] > 0


def entries(admin, **params):
    return ok(admin.api.get("/admin/ledger", params=params))["entries"]


@promise(
    "9 GET /ledger, GET /top-workers",
    "GET /ledger, for admins: {entries: [{_id, from, to, coins, kind, user?, task?, actor, request_id, at}], "
    "…} newest first",
    "actor is a user's id or `service`",
    "Filter `user`, `task`",
)
@promise(
    "10 Collections",
    "`ledger` is append-only: from, to, coins, kind, refs, actor, request id, at",
)
def test_an_entry_says_what_moved_why_and_by_whom(admin, task, new_worker, books):
    buyer, worker = task["buyer"], new_worker()
    submission = hand_in(worker, task["_id"])
    answer = buyer.api.put(
        f"/submissions/{submission}/approve", headers={"X-Request-Id": "the-approval"}
    )
    ok(answer)
    newest, oldest = entries(admin, task=task["_id"])
    assert (newest["from"], newest["to"], newest["coins"]) == (
        f"escrow:{task['_id']}",
        f"user:{worker.id}",
        5,
    )
    assert (newest["actor"], newest["request_id"]) == (buyer.id, "the-approval")
    assert (newest["user"], newest["task"]) == (worker.id, task["_id"])
    assert (oldest["from"], oldest["to"], oldest["coins"]) == (
        f"user:{buyer.id}",
        f"escrow:{task['_id']}",
        10,
    )
    assert oldest["actor"] == buyer.id and oldest["user"] == buyer.id
    for entry in (newest, oldest):
        assert {"_id", "from", "to", "coins", "kind", "actor", "request_id", "at"} <= set(entry)
        assert isinstance(entry["_id"], str) and isinstance(entry["kind"], str)
    assert newest["kind"] != oldest["kind"]
    assert newest["at"] >= oldest["at"], "newest first"


@promise("9 GET /ledger, GET /top-workers", "Filter `user`, `task`")
def test_the_filter_user_gives_all_of_a_users_coins(admin, task, new_worker, books):
    buyer, worker = task["buyer"], new_worker(3)
    ok(buyer.api.put(f"/submissions/{hand_in(worker, task['_id'])}/approve"))
    for user, start in ((buyer, 100), (worker, 3)):
        balance = 0
        for entry in entries(admin, user=user.id, limit=100):
            balance += entry["coins"] * (
                (entry["to"] == f"user:{user.id}") - (entry["from"] == f"user:{user.id}")
            )
        assert balance == user.coins() != start


@promise("2 Roles", "Registration bonus: worker 10, buyer 50")
def test_a_registration_bonus_is_an_entry(admin, api, books):
    user = ok(api.post("/auth/register", json=register_input(role="worker")), 201)["user"]["_id"]
    (entry,) = entries(admin, user=user)
    assert (entry["from"], entry["to"], entry["coins"]) == ("grants", f"user:{user}", 10)


@promise(
    "9 GET /ledger, GET /top-workers",
    "GET /ledger, for admins: {entries: [{_id, from, to, coins, kind, user?, task?, actor, request_id, at}], "
    "…} newest first",
)
def test_the_journal_is_a_list_newest_first_with_cursors(admin, task, books):
    buyer = task["buyer"]
    for _ in range(5):
        ok(buyer.api.post(f"/tasks/{task['_id']}/slots", json={"delta": 1}))
    everything = entries(admin, task=task["_id"])
    assert len(everything) == 6
    assert [entry["at"] for entry in everything] == sorted(
        (entry["at"] for entry in everything), reverse=True
    )
    answer = ok(admin.api.get("/admin/ledger", params={"task": task["_id"], "limit": 4}))
    assert (answer["total"], answer["pages"]) == (6, 2)
    rest = entries(admin, task=task["_id"], limit=4, after=answer["next"])
    assert answer["entries"] + rest == everything


@promise("9 GET /ledger, GET /top-workers", "Filter `user`, `task`")
def test_filters_are_ids_and_an_unknown_one_matches_nothing(admin):
    for name in ("user", "task"):
        refused = admin.api.get("/admin/ledger", params={name: "zzz"})
        assert_error(refused, 400, "invalid_id")
        assert list(faults(refused)) == [name]
        assert entries(admin, **{name: UNKNOWN_ID}) == []


def test_entries_of_one_instant_are_all_there_page_by_page(admin, db):
    """The ids of journal rows are texts: a cursor goes on inside a tie of theirs too."""
    user, at = ObjectId(), datetime.datetime(2020, 1, 1)
    rows = [
        {
            "_id": f"test:{user}:{i}",
            "from": "opening",
            "to": "opening",
            "coins": Int64(1),
            "kind": "opening",
            "user": user,
            "actor": "service",
            "request_id": "tests",
            "at": at,
        }
        for i in range(5)
    ]
    db.ledger.insert_many(rows)
    try:
        seen, after = [], None
        while len(seen) < 10:
            page = ok(
                admin.api.get(
                    "/admin/ledger",
                    params={"user": str(user), "limit": 1, **({"after": after} if after else {})},
                )
            )
            seen += [entry["_id"] for entry in page["entries"]]
            after = page["next"]
            if not after:
                break
        assert seen == sorted((row["_id"] for row in rows), reverse=True)
    finally:
        db.ledger.delete_many({"user": user})
