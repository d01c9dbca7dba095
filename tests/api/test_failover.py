"""Contract, section 1: 503 with Retry-After when MongoDB cannot be reached, and a call that came to
nothing releases its key. A real set elects a new primary under load; nobody sees anything else.
"""

import os
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pymongo
import pytest
from bson import ObjectId

from client import assert_error, eventually, ok, task_input, unique
from conftest import assert_balanced
from fail_points import held_up
from market import coins, pass_deadline
from promises import promise
from replica_set import ReplicaSet

TASK = task_input(required_workers=1, payable_amount=10)
DONE_WITHIN = 60  # a lease, an election, and what a call may take on a busy machine


@pytest.fixture(scope="module")
def members():
    with ReplicaSet() as members:
        yield members


@pytest.fixture(scope="module")
def stack(members):
    with members.stack("", "--no-demo") as stack:
        yield stack


@pytest.fixture(scope="module")
def db(stack):
    return stack.db


class Load:
    """Buyers who post with a key each, and send it again, at once, until it is done."""

    def __init__(self, stack, clients=8):
        self.stack, self.over = stack, threading.Event()
        self.posted, self.refused, self.surprises = [], 0, []
        self.lock = threading.Lock()
        # made before: the tests' own writes would wait for a primary, too
        self.buyers = [stack.user("buyer", 10000) for _ in range(clients)]
        self.threads = [threading.Thread(target=self.work, args=(one,)) for one in self.buyers]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def goes_on(self, count=20):
        """So many more were posted."""
        wanted = len(self.posted) + count
        eventually(lambda: len(self.posted) >= wanted or self.surprises)

    def work(self, buyer):
        try:
            while not self.over.is_set():
                self.post(buyer, unique("key"))
        except BaseException as surprise:  # noqa: B902 - told by the test
            self.surprises.append(repr(surprise))

    def post(self, buyer, key):
        begun = time.monotonic()
        while True:
            answer = post(buyer, key)
            if answer.status_code == 201:
                break
            assert_error(answer, 503, "unavailable")
            assert int(answer.headers["retry-after"]) >= 1
            with self.lock:
                self.refused += 1
            assert time.monotonic() - begun < DONE_WITHIN, "it cannot be done any more"
        with self.lock:
            self.posted.append((buyer, answer.json()["task"]["_id"]))

    def check(self, db):
        """Each key had its effect, once."""
        assert self.surprises == []
        for buyer in self.buyers:
            posted = [task for one, task in self.posted if one is buyer]
            kept = [str(task["_id"]) for task in db.tasks.find({"buyer_id": ObjectId(buyer.id)})]
            assert sorted(kept) == sorted(posted)
            assert coins(db, buyer) == 10000 - 10 * len(posted)


def post(buyer, key):
    return buyer.api.post("/tasks", json=TASK, headers={"Idempotency-Key": key})


@promise(
    "1 Errors",
    "503 at worst, never 500, while a set steps down, elects, stops or does not confirm",
)
@promise(
    "1 Idempotency-Key",
    "A key that cannot be given back at once is released as soon as it can",
)
def test_planned_stepdowns_under_load_are_a_503_at_worst_and_keys_stay_usable(members, stack, db):
    with Load(stack) as load:
        for _ in range(4):
            load.goes_on()
            members.step_down()
            members.primary()
            eventually(stack.is_ready)
        load.goes_on()
    load.check(db)
    assert_balanced(stack)


@promise(
    "1 Errors",
    "503 at worst, never 500, while a set steps down, elects, stops or does not confirm",
)
def test_a_killed_primary_is_a_503_at_worst_and_keys_are_usable_with_the_next(members, stack, db):
    with Load(stack) as load:
        load.goes_on()
        killed = members.primary()
        killed.kill()
        members.primary()
        eventually(stack.is_ready)
        load.goes_on()
    killed.start()
    members.settle()
    load.check(db)
    assert load.refused > 0, "the kill did not meet much"
    assert_balanced(stack)


@promise(
    "1 Errors",
    "503 at worst, never 500, while a set steps down, elects, stops or does not confirm",
)
def test_reads_go_on_with_the_next_primary(members, stack):
    """A stepdown may cut a read off, and the cursor of a long list; never as a 500."""
    user, statuses, over = stack.user("buyer", 100), [], threading.Event()

    def read():
        while not over.is_set():
            for path in ("/auth/me", "/tasks?limit=100", "/tasks/buyer/my-tasks"):
                statuses.append(user.api.get(path).status_code)

    with ThreadPoolExecutor(4) as pool:
        reading = [pool.submit(read) for _ in range(4)]
        try:
            for number in range(1, 3):
                eventually(lambda: statuses.count(200) > 20 * number)
                members.step_down()
                members.primary()
        finally:
            over.set()
        for one in reading:
            one.result()
    assert set(statuses) <= {200, 503}
    ok(user.api.get("/auth/me"))


@promise("2 Deadlines", "Within a minute its open slots are refunded")
def test_the_sweep_does_not_wait_for_a_primary_that_freezes_amid_its_question(members, stack, db):
    """It asks the next one, within the minute that refunds may take."""
    buyer = stack.user("buyer", 100)
    task = ok(buyer.api.post("/tasks", json=TASK), 201)["task"]
    primary = members.primary()
    argv = [stack.env()["MICROTASKCTL"], "sweep", "--every", "1"]
    asked = held_up(primary.direct.admin, "find", collection=db.tasks)
    with stack.sweep_paused(), asked as under_way, subprocess.Popen(
        argv, env=stack.ctl_environment(), stderr=subprocess.DEVNULL
    ) as sweep:
        pass_deadline(db, task)
        under_way()
        primary.stop()
        try:
            members.primary()
            # the stack's own would wait for the one that is frozen
            with pymongo.MongoClient(members.uri(), socketTimeoutMS=2000) as client:
                fresh = client.get_default_database()
                eventually(lambda: coins(fresh, buyer) == 100, within=60, every=1)
        finally:
            sweep.kill()
            primary.go_on()
            members.settle()


@promise(
    "1 Idempotency-Key",
    "A key that cannot be given back at once is released as soon as it can",
)
def test_a_worker_that_gives_keys_back_behind_the_scenes_stops_when_told(members, stack, db):
    """Its thread does not hold up the end of the process."""
    buyer, key = stack.user("buyer", 100), unique("key")
    primary, workers = members.primary(), stack.worker_pids()
    primary.stop()
    try:
        assert_error(post(buyer, key), 503, "unavailable")
        for pid in workers:
            os.kill(pid, signal.SIGTERM)
        eventually(lambda: not set(stack.worker_pids()) & set(workers))
    finally:
        primary.go_on()
        members.settle()
    eventually(stack.is_ready)

    def made():
        try:
            return post(buyer, key).status_code == 201
        except httpx.TransportError:
            return False

    eventually(made, every=0.5)
    assert coins(db, buyer) == 90
