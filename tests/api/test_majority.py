"""Contract, section 2: every write that decides waits for the majority and every read that decides
goes to the primary, whatever the connection string says. On a real set of three members.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from bson import ObjectId
from pymongo import WriteConcern

import tour
from client import assert_error, eventually, log_in, now, ok, task_input, unique
from conftest import assert_balanced
from fail_points import held_up
from market import assert_counters, coins, post_task, submit, tasks_of
from promises import promise
from replica_set import ReplicaSet
from streams import Reader

# What an operator may have had for other programs, or copied from somewhere.
UNSAFE = (
    "w=1&wtimeoutMS=1&journal=false&retryWrites=false&retryReads=false&readConcernLevel=available"
    "&readPreference=secondaryPreferred&socketTimeoutMS=0&serverSelectionTimeoutMS=0&maxPoolSize=1"
)
URIS = {"nothing": "", "w=1": "w=1", "everything unsafe": UNSAFE}
WRITES = {"insert", "update", "delete", "findAndModify", "createIndexes", "collMod", "create"}
READS = {"find", "aggregate", "count", "distinct", "getMore"}
PATIENCE = 15  # nginx's with a worker: a 503 is told before, as then it says 504


@pytest.fixture(scope="module")
def members():
    with ReplicaSet() as members:
        yield members


@pytest.fixture(scope="module")
def stack(members):
    """The one that the other fixtures here make people for."""
    with members.stack(UNSAFE, "--no-demo") as stack:
        yield stack


@pytest.fixture(scope="module")
def db(stack):
    return stack.db


def timed(call):
    begun = time.monotonic()
    return call(), time.monotonic() - begun


# --- what the servers were asked ---


@promise(
    "2 The books",
    "Every write that decides waits for the majority, whatever the connection string says",
)
@pytest.mark.parametrize("said", URIS)
def test_every_write_says_majority_and_every_transaction_snapshot(members, said):
    """The log of the servers, over everything that callers and operators do: the tour, adoption and
    demo data, an admin made, a removal, the sweep, streams.
    """
    name = unique("majority_")
    with members.recorded() as commands, members.stack(URIS[said], database=name) as stack:
        tour.make(stack.base_url)
        operate(stack)
        all_of_them = commands()
    writes = [one for one in all_of_them if one.name in WRITES and not one.in_transaction]
    commits = [one for one in all_of_them if one.name == "commitTransaction"]
    begun = [one for one in all_of_them if one.document.get("startTransaction")]
    assert len(writes) > 40 and len(commits) > 30 and len(begun) >= len(commits)
    assert {"insert", "update", "delete", "findAndModify", "createIndexes"} <= {
        one.name for one in writes
    }
    for one in writes + commits:
        assert one.document.get("writeConcern", {}).get("w") == "majority", one
    for one in begun:
        assert one.document["readConcern"] == {"level": "snapshot"}, one


def operate(stack):
    made = stack.ctl("create-admin", "Ada", f"{unique()}@example.org", stdin="correct horse 1\n")
    assert made.returncode == 0, made.stderr
    admin, buyer, worker = stack.user("admin"), stack.user("buyer", 500), stack.user("worker")
    log_in(stack.api, buyer.email, "wrong horse 1")
    ok(log_in(stack.api, buyer.email))
    tasks = [post_task(buyer) for _ in range(3)]
    submissions = [submit(worker, task)["_id"] for task in tasks]
    ok(buyer.api.post("/submissions/review", json={"ids": submissions[:2], "status": "approved"}))
    ticket = ok(worker.api.post("/notifications/stream-ticket"))["ticket"]
    with Reader(stack.base_url, query={"ticket": ticket}) as reader:
        assert reader.status == 200
    ok(admin.api.delete(f"/admin/users/{worker.id}"))
    ok(admin.api.get("/admin/audit"))
    for command in (["sweep"], ["audit"], ["init-db"]):
        said = stack.ctl(*command)
        assert said.returncode == 0, said.stderr + said.stdout


@promise(
    "2 The books",
    "Every read that decides goes to the primary, whatever the connection string says",
)
@pytest.mark.parametrize("said", URIS)
def test_no_read_of_a_call_goes_to_a_secondary(members, said):
    with members.stack(URIS[said], "--no-demo", database=unique("reads_")) as stack:
        with members.recorded() as commands:
            buyer = stack.user("buyer", 100)
            for _ in range(20):
                ok(buyer.api.get("/auth/me"))
                ok(buyer.api.get("/tasks"))
                ok(buyer.api.get("/tasks/buyer/my-tasks"))
                ok(stack.user("admin").api.get("/admin/stats"))
            primary = members.primary()
            reads = [one for one in commands() if one.name in READS]
    assert len(reads) > 60
    assert [one for one in reads if one.member is not primary] == []


# --- what becomes of a write that no majority confirms ---


@promise(
    "2 The books",
    "Every write that decides waits for the majority, whatever the connection string says",
)
def test_a_write_without_a_majority_is_a_503_in_time(members, stack, new_buyer):
    buyers = [new_buyer(100) for _ in range(4)]
    with members.secondaries_stopped():
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(post, buyers))
    for answer in answers:
        assert_error(answer, 503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1
    assert_balanced(stack)


def post(buyer, **headers):
    return buyer.api.post("/tasks", json=SAME_TASK, headers=headers)


SAME_TASK = task_input(required_workers=1, payable_amount=10)


@promise(
    "2 The books",
    "Every write that decides waits for the majority, whatever the connection string says",
)
def test_with_a_key_it_happens_once_all_the_same(members, stack, db, new_buyer):
    """Refused for now while both secondaries stand still, and sent again until it is done."""
    buyer, headers = new_buyer(100), {"Idempotency-Key": unique("key")}
    with members.secondaries_stopped():
        for _ in range(2):
            answer = post(buyer, **headers)
            assert_error(answer, 503, "unavailable")
    made = post(buyer, **headers)
    assert made.status_code == 201, made.text
    assert tasks_of(db, buyer) == 1
    assert coins(db, buyer) == 90
    again = post(buyer, **headers)
    assert (again.content, again.headers["idempotent-replayed"]) == (made.content, "true")
    assert_balanced(stack)


@promise(
    "2 The books",
    "Every write that decides waits for the majority, whatever the connection string says",
)
def test_a_commit_that_no_majority_confirms_is_a_503_and_its_key_tells_what_became_of_it(
    members, stack, db, new_buyer
):
    """The secondaries stop between the claim and the commit, which is held up for that."""
    buyer, headers = new_buyer(100), {"Idempotency-Key": unique("key")}
    at_primary = members.primary().direct.admin
    with ThreadPoolExecutor(1) as pool, held_up(
        at_primary, "commitTransaction"
    ) as under_way:
        first = pool.submit(lambda: post(buyer, **headers))
        under_way()
        with members.secondaries_stopped():
            answer = first.result()
    assert_error(answer, 503, "unavailable")
    made = post(buyer, **headers)
    assert made.status_code == 201, made.text
    assert tasks_of(db, buyer) == 1
    assert coins(db, buyer) == 90
    assert_balanced(stack)


@promise(
    "2 The books",
    "Every write that decides waits for the majority, whatever the connection string says",
)
def test_every_kind_of_write_is_a_503_without_a_majority(members, stack, db, new_worker):
    """Also those that no transaction carries: a ticket, a payment asked for, a counted log-in."""
    begun = now()
    buyer, worker, admin = stack.user("buyer", 500), new_worker(500), stack.user("admin")
    other = new_worker()
    task = post_task(buyer)
    submission = submit(new_worker(), task)["_id"]
    calls = {
        "profile": lambda: worker.api.put("/auth/profile", json={"name": "Else"}),
        "log-in": lambda: log_in(stack.api, worker.email),
        "wrong log-in": lambda: log_in(stack.api, worker.email, "wrong horse 1"),
        "submission": lambda: submit_raw(worker, task),
        "approval": lambda: buyer.api.put(f"/submissions/{submission}/approve"),
        "ticket": lambda: worker.api.post("/notifications/stream-ticket"),
        "payment": lambda: buyer.api.post("/payments/create-payment", json={"coins": 10}),
        "role": lambda: admin.api.put(f"/admin/users/{other.id}/role", json={"role": "buyer"}),
    }
    with members.secondaries_stopped(), ThreadPoolExecutor(len(calls)) as pool:
        asked = {name: pool.submit(call) for name, call in calls.items()}
        answers = {name: call.result() for name, call in asked.items()}
    for name, answer in answers.items():
        assert answer.status_code == 503, (name, answer.status_code, answer.text)
        assert int(answer.headers["retry-after"]) >= 1, name
    assert_balanced(stack)
    assert_counters(db, begun)
    stack.retire(admin)


@promise(
    "2 The books",
    "Every write that decides waits for the majority, whatever the connection string says",
)
def test_what_was_done_before_is_not_told_before_it_is_confirmed(members, stack, db, new_buyer):
    """A repeat that has nothing left to do says so of what no election can take back: here of a
    payment whose completion has reached the primary alone.
    """
    buyer = new_buyer(100)
    made = ok(buyer.api.post("/payments/create-payment", json={"coins": 10}), 201)
    payment = {"_id": ObjectId(made["payment"]["_id"])}
    path, body = f"/payments/confirm/{payment['_id']}", {"transactionId": unique("t")}
    completed = {"$set": {"status": "completed", "transaction_id": body["transactionId"]}}
    unsafe = db.payments.with_options(write_concern=WriteConcern(w=1))
    with members.secondaries_stopped():
        unsafe.update_one(payment, completed)
        answer = buyer.api.put(path, json=body)
        assert_error(answer, 503, "unavailable")
    assert buyer.api.put(path, json=body).status_code == 200
    db.payments.delete_one(payment)


# --- what no majority has is told to nobody: it may yet be taken back ---


@promise(
    "2 The books",
    "Every read that decides sees what no election can take back, all that was acknowledged among it",
)
def test_a_token_is_not_told_as_ended_before_its_end_is_confirmed(members, stack, new_worker):
    worker = new_worker()
    with members.secondaries_stopped():
        assert_error(worker.api.post("/auth/logout"), 503, "unavailable")
        ok(worker.api.get("/auth/me"))
    # it has reached the others since, or was taken back
    eventually(
        lambda: worker.api.post("/auth/logout").status_code in (200, 401), every=0.5
    )
    assert_error(worker.api.get("/auth/me"), 401, "unauthorized")


@promise(
    "2 The books",
    "Every read that decides sees what no election can take back, all that was acknowledged among it",
)
def test_coins_and_records_are_read_as_confirmed(members, stack, new_buyer):
    buyer = new_buyer(100)
    with members.secondaries_stopped():
        assert_error(post(buyer), 503, "unavailable")
        assert buyer.coins() == 100
        assert ok(buyer.api.get("/tasks/buyer/my-tasks"))["tasks"] == []


@promise("2 The books", "No refusal is told from what an election may take back")
def test_a_refusal_tells_of_nothing_that_may_yet_be_taken_back(members, stack, new_worker):
    """The work may be pending again after an election: that it was approved is not said yet."""
    buyer, worker = stack.user("buyer", 500), new_worker()
    submission = submit(worker, post_task(buyer))["_id"]
    approve = f"/submissions/{submission}/approve"
    with members.secondaries_stopped():
        for _ in range(2):
            answer = buyer.api.put(approve)
            assert_error(answer, 503, "unavailable")
    eventually(lambda: buyer.api.put(approve).status_code in (200, 400), every=0.5)
    assert_error(buyer.api.put(approve), 400, "already_processed")
    assert_balanced(stack)


@promise(
    "2 The books",
    "Every read that decides sees what no election can take back, all that was acknowledged among it",
)
def test_with_a_new_primary_all_that_was_acknowledged_is_read(members, stack, new_buyer):
    """It does not know at once that it is confirmed. Each process asks before it reads there."""
    buyer = new_buyer(100)
    ok(post(buyer), 201)
    with members.recorded() as commands:
        members.step_down()
        elected = members.primary()
        eventually(lambda: buyer.api.get("/auth/me").status_code == 200)
        assert buyer.coins() == 90
        reads = [one for one in commands() if one.member is elected and one.name in READS]
    levels = [one.document.get("readConcern", {}).get("level") for one in reads]
    assert "linearizable" in levels and "majority" in levels
    assert set(levels) <= {"linearizable", "majority", "snapshot"}


@promise(
    "2 The books",
    "Σ coins + Σ pending_coins + Σ escrow = opening + bonuses + purchases ± adjustments − payouts − forfeits "
    "− reversals, at every moment",
)
@promise("9 GET /audit", "Computed now, in one snapshot")
def test_the_reads_of_an_audit_are_of_one_moment(members, stack, new_admin):
    admin = new_admin()
    with members.recorded() as commands:
        ok(admin.api.get("/admin/audit"))
        concerns = [one.document.get("readConcern", {}) for one in commands() if one.name in READS]
    moments = [one.get("atClusterTime") for one in concerns if one.get("level") == "snapshot"]
    assert len(moments) > 2
    assert moments.count(None) == 1, "the first alone finds a moment"
    assert len({str(moment) for moment in moments if moment}) == 1


def submit_raw(worker, task):
    return worker.api.post(
        "/submissions", json={"task_id": task["_id"], "submission_details": "Done."}
    )


# --- what is read while secondaries are behind ---


@promise(
    "2 The books",
    "Every read that decides goes to the primary, whatever the connection string says",
)
def test_new_people_are_known_and_new_roles_count_though_secondaries_lag(members, stack, db):
    with members.lagging(members.secondaries()[0]):
        for _ in range(12):
            user = stack.user("buyer", 50)
            ok(user.api.get("/auth/me"))
            assert post(user).status_code == 201
            db.users.update_one({"_id": ObjectId(user.id)}, {"$set": {"role": "worker"}})
            assert_error(post(user), 403, "forbidden")
            ok(user.api.get("/submissions/worker/my-submissions"))


@promise(
    "2 The books",
    "Every read that decides goes to the primary, whatever the connection string says",
)
def test_a_frozen_secondary_is_nobodys_trouble(members, stack):
    frozen = members.secondaries()[0]
    frozen.stop()
    try:
        for _ in range(12):
            user = stack.user("buyer", 50)
            answer, seconds = timed(lambda: user.api.get("/auth/me"))
            ok(answer)
            assert seconds < PATIENCE
            assert post(user).status_code == 201
    finally:
        frozen.go_on()
        members.settle()
