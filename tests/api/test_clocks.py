"""Contract, sections 1 to 8: leases, deadlines, windows and what is kept for a while do not hang on
the clock of a worker. Here it is ten minutes off, and those of MongoDB and the streams are right.
"""

import datetime
import glob
import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from bson import ObjectId

from client import assert_error, eventually, now, ok, register_input, task_input, unique
from conftest import ROOT, own_stack
from fake_stripe import FakeStripe, event, signed
from market import post_task, submit
from promises import promise
from streams import Reader, notify

(FAKETIME,) = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") or [""]
MINUTES = 10
# What a call may take, on a busy machine, and a clock may be read late: far less than it is off.
CLOSE = datetime.timedelta(minutes=1)

pytestmark = pytest.mark.skipif(not FAKETIME, reason="there is no libfaketime")


@pytest.fixture(scope="module", params=[MINUTES, -MINUTES], ids=["ahead", "behind"])
def minutes(request):
    return request.param


@pytest.fixture(scope="module")
def stack(minutes, tmp_path_factory):
    """Its one worker is that many minutes ahead."""
    launches = tmp_path_factory.mktemp("launches")
    (launches / "worker 1").write_text(
        f"export LD_PRELOAD={FAKETIME} FAKETIME={minutes:+d}m FAKETIME_DONT_FAKE_MONOTONIC=1\n"
    )
    launcher = ROOT / "tests" / "torture" / "faults" / "launcher"
    options = ("--workers", "1", "--no-demo", "--launcher", str(launcher))
    env = {"LAUNCHES": str(launches), "REGISTER_LIMIT": "5"}
    with FakeStripe() as fake, own_stack(*options, env=env | fake.settings()) as stack:
        yield stack


def assert_close(when, expected):
    assert abs(when - expected) < CLOSE, (when, expected)


@promise(
    "1 Idempotency-Key",
    "Leases, what is kept and windows go by the database's clock, not by a worker's",
)
def test_the_workers_clock_is_off(stack, minutes):
    """What it logs goes by its host, right or wrong."""
    stack.api.get("/health")
    said = json.loads(stack.worker_log().splitlines()[-1])["time"]
    when = datetime.datetime.fromisoformat(said.removesuffix("Z"))
    assert_close(when, now() + datetime.timedelta(minutes=minutes))


@promise(
    "1 Idempotency-Key",
    "Leases, what is kept and windows go by the database's clock, not by a worker's",
)
def test_records_tell_the_time_of_the_database(stack):
    buyer = stack.user("buyer", 1000)
    task = stack.db.tasks.find_one({"_id": ObjectId(post_task(buyer)["_id"])})
    assert_close(task["createdAt"], now())
    assert_close(task["_id"].generation_time.replace(tzinfo=None), now())


def key_record(stack, buyer):
    (record,) = stack.db.idempotency.find({"user_id": ObjectId(buyer.id)})
    return record


@promise(
    "1 Idempotency-Key",
    "Leases, what is kept and windows go by the database's clock, not by a worker's",
)
def test_an_answer_is_kept_for_a_day(stack):
    buyer = stack.user("buyer", 1000)
    headers = {"Idempotency-Key": unique()}
    ok(buyer.api.post("/tasks", json=task_input(), headers=headers), 201)
    kept = key_record(stack, buyer)["expires_at"]
    assert_close(kept, now() + datetime.timedelta(days=1))


def claimed_again(stack, buyer, seconds):
    """A call with a key whose claimant died, with so many seconds left of its lease."""
    call = {"json": task_input(), "headers": {"Idempotency-Key": unique()}}
    ok(buyer.api.post("/tasks", **call), 201)
    stack.db.idempotency.update_one(
        {"_id": key_record(stack, buyer)["_id"]},
        {
            "$set": {
                "state": "claimed",
                "lease_until": now() + datetime.timedelta(seconds=seconds),
            }
        },
    )
    return buyer.api.post("/tasks", **call)


@promise(
    "1 Idempotency-Key",
    "Leases, what is kept and windows go by the database's clock, not by a worker's",
)
def test_a_lease_that_runs_is_honoured(stack):
    assert_error(claimed_again(stack, stack.user("buyer", 1000), 25), 409, "in_progress")


@promise(
    "1 Idempotency-Key",
    "Leases, what is kept and windows go by the database's clock, not by a worker's",
)
def test_a_lease_that_is_over_is_taken_over(stack):
    assert claimed_again(stack, stack.user("buyer", 1000), -60).status_code == 201


@promise("8 Streams", "60 s")
def test_a_stream_ticket_lives_a_minute(stack):
    worker = stack.user("worker")
    ticket = ok(worker.api.post("/notifications/stream-ticket"))["ticket"]
    (record,) = stack.db.tickets.find({"user_id": ObjectId(worker.id)})
    assert_close(record["expires_at"], now() + datetime.timedelta(minutes=1))
    with Reader(stack.base_url, query={"ticket": ticket}) as reader:
        assert reader.status == 200


@promise("8 Streams", "`Last-Event-ID` resumes without loss")
def test_a_stream_goes_on_without_loss(stack):
    """What such a worker wrote is found behind what the reader saw last."""
    buyer = stack.user("buyer", 1000)
    (seen,) = notify(stack.db, buyer)
    submit(stack.user("worker"), post_task(buyer))
    with Reader(stack.base_url, token=buyer.token, last=seen) as reader:
        reader.wait_for(1)


@promise("2 Deadlines", "At its deadline a task takes no more submissions")
def test_deadlines_are_those_of_all(stack):
    buyer, worker = stack.user("buyer", 1000), stack.user("worker")
    ahead, past = post_task(buyer), post_task(buyer)
    for task, minutes in ((ahead, 5), (past, -5)):
        stack.db.tasks.update_one(
            {"_id": ObjectId(task["_id"])},
            {"$set": {"expires_at": now() + datetime.timedelta(minutes=minutes)}},
        )
    body = {"submission_details": "Done."}
    late = worker.api.post("/submissions", json=body | {"task_id": past["_id"]})
    assert_error(late, 400, "deadline_passed")
    ok(worker.api.post("/submissions", json=body | {"task_id": ahead["_id"]}), 201)


@promise(
    "1 Idempotency-Key",
    "Leases, what is kept and windows go by the database's clock, not by a worker's",
)
def test_tokens_and_windows_begin_now(stack):
    token = ok(stack.api.post("/auth/register", json=register_input()), 201)["token"]
    claims = jwt.decode(token, stack.jwt_secret, algorithms=["HS256"])
    assert abs(claims["iat"] - time.time()) < CLOSE.total_seconds()
    (window,) = stack.db.throttle.find({"_id": {"$regex": "^register:"}})
    assert_close(window["expires_at"], now() + datetime.timedelta(hours=1))


@promise(
    "1 Idempotency-Key",
    "Leases, what is kept and windows go by the database's clock, not by a worker's",
)
def test_calls_that_come_before_mongodb_is_heard_go_by_its_clock_all_the_same(stack):
    """Their worker began while MongoDB stood still, and has not heard yet what time it is there."""
    body = json.dumps(event("payment_intent.created", {"id": unique("pi_")})).encode()
    headers = {"Stripe-Signature": signed(body), "Content-Type": "application/json"}
    buyer = stack.user("buyer", 1000)

    def webhook():
        return stack.api.post("/payments/webhook", content=body, headers=headers)

    def post():
        key = {"Idempotency-Key": unique()}  # nginx may have kept a connection to the one that died
        return buyer.api.post("/tasks", json=task_input(), headers=key)

    with ThreadPoolExecutor(2) as pool:
        stack.pause_mongod()
        try:
            (first,) = stack.worker_pids()
            os.kill(first, signal.SIGKILL)
            eventually(lambda: stack.worker_pids() != [first])
            eventually(lambda: stack.api.get("/health").status_code == 200)
            early = [pool.submit(webhook), pool.submit(post)]
            time.sleep(0.5)
        finally:
            stack.resume_mongod()
        told, posted = (one.result() for one in early)
    ok(told)
    task = stack.db.tasks.find_one({"_id": ObjectId(ok(posted, 201)["task"]["_id"])})
    assert_close(task["createdAt"], now())
