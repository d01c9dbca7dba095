"""What threads of a worker ask MongoDB for at the same moment they ask for together. Callers notice nothing of that:
each gets their own. MongoDB is slowed down here, so that many wait at once; the number of commands shows that they went
together.
"""

import contextlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from bson import Int64, ObjectId

from client import assert_error, now, ok, task_input, unique
from market import post_task, submit
from promises import promise

SLOW_MS = 120  # less than what makes those who wait go by themselves
pytestmark = pytest.mark.usefixtures("books")


@pytest.fixture(autouse=True, scope="module")
def sweep_paused(stack):
    with stack.sweep_paused():
        yield


@contextlib.contextmanager
def slow(stack, command, collection):
    """with slow(…) as count: each such command takes SLOW_MS; afterwards count[0] is how many there were."""
    admin, name, count = stack.mongo.admin, "failCommand", []
    data = {"failCommands": [command], "blockConnection": True, "blockTimeMS": SLOW_MS}
    data |= {"appName": "microtask", "namespace": collection.full_name}
    before = admin.command("configureFailPoint", name, mode="alwaysOn", data=data)["count"]
    try:
        yield count
    finally:
        count.append(admin.command("configureFailPoint", name, mode="off")["count"] - before)


@contextlib.contextmanager
def unanswered(stack, command, collection):
    """with unanswered(…) as carried_out: MongoDB carries out such commands, but answers none before the end of the
    block; carried_out(4) returns when so many are.
    """
    admin, name = stack.mongo.admin, "waitAfterCommandFinishesExecution"
    data = {"ns": collection.full_name, "commands": [command]}
    before = admin.command("configureFailPoint", name, mode="alwaysOn", data=data)["count"]

    def carried_out(count):
        admin.command("waitForFailPoint", name, timesEntered=before + count, maxTimeMS=50000)

    try:
        yield carried_out
    finally:
        admin.command("configureFailPoint", name, mode="off")


def all_at_once(calls):
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))


# --- reads ---


def getting(user, path):
    return lambda: user.api.get(path)


def test_each_gets_the_record_they_asked_for(stack, db, buyer):
    """Or hears that there is none: absent ones stand among present ones, and several ask for the same."""
    there = [post_task(buyer)["_id"] for _ in range(4)]
    asked = [there[i % 4] if i % 3 else str(ObjectId()) for i in range(48)]
    with slow(stack, "find", db.tasks) as count:
        answers = all_at_once([getting(buyer, f"/tasks/{task}") for task in asked])
    assert count[0] <= len(asked) // 2, "they did not go together"
    for task, answer in zip(asked, answers):
        if task in there:
            assert ok(answer)["_id"] == task
        else:
            assert_error(answer, 404, "not_found")


@promise(
    "2 The books",
    "Every read that decides sees what no election can take back, all that was acknowledged among it",
)
def test_who_comes_while_others_wait_for_an_old_answer_gets_the_new_one(stack, db, buyer):
    """Reads that MongoDB has carried out, but not answered, know nothing of a change since."""
    task, alone, groups = post_task(buyer, task_title="Old")["_id"], 4, 2  # in two workers
    get = getting(buyer, f"/tasks/{task}")
    with ThreadPoolExecutor(24) as pool:
        with unanswered(stack, "find", db.tasks) as carried_out:
            early = [pool.submit(get) for _ in range(12)]
            carried_out(alone + groups)
            db.tasks.update_one({"_id": ObjectId(task)}, {"$set": {"task_title": "New"}})
            late = [pool.submit(get) for _ in range(12)]
            carried_out(alone + groups * 2)
        assert "Old" in {ok(one.result())["task_title"] for one in early}, "none was early enough"
        assert {ok(one.result())["task_title"] for one in late} == {"New"}


# --- claims ---


def posting(buyer, key, **changes):
    """The same body for the same key."""
    body = json.dumps(task_input(task_title=key, **changes))
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    return lambda: buyer.api.post("/tasks", content=body, headers=headers)


def titles(db, buyer):
    return [task["task_title"] for task in db.tasks.find({"buyer_id": ObjectId(buyer.id)})]


def test_a_taken_key_is_nobody_elses_trouble(stack, db, new_buyer):
    """Free keys, one whose call is done, one that stood for another body, and one whose call runs."""
    buyer, free = new_buyer(5000), [unique(f"free-{number}-") for number in range(24)]
    names = [unique(kind) for kind in ("done-", "used-", "runs-")]
    done, used, running = (posting(buyer, name) for name in names)
    made, *_ = (ok(call(), 201) for call in (done, used, running))
    last = db.idempotency.find({"user_id": ObjectId(buyer.id)}).sort("expires_at", -1)[0]
    claimed = {"state": "claimed", "lease_until": now() + timedelta(seconds=60)}
    db.idempotency.update_one({"_id": last["_id"]}, {"$set": claimed})
    with slow(stack, "insert", db.idempotency) as count:
        calls = [posting(buyer, key) for key in free]
        calls.insert(3, done)
        calls.insert(9, posting(buyer, names[1], payable_amount=6))
        calls.insert(15, running)
        answers = all_at_once(calls)
    assert count[0] <= len(calls) // 2, "they did not go together"
    early, reused, kept = answers.pop(15), answers.pop(9), answers.pop(3)
    assert ok(kept, 201) == made
    assert kept.headers["idempotent-replayed"] == "true"
    assert_error(reused, 422, "key_reused")
    assert_error(early, 409, "in_progress")
    assert [ok(answer, 201)["task"]["task_title"] for answer in answers] == free
    assert sorted(titles(db, buyer)) == sorted(names + free)


def test_two_with_the_same_key_in_one_group_happen_once(stack, db, new_buyer):
    buyer, keys = new_buyer(5000), [unique("twin-") for _ in range(12)]
    with slow(stack, "insert", db.idempotency):
        answers = all_at_once([posting(buyer, key) for key in keys] * 2)
    for first, second in zip(answers[:12], answers[12:]):
        statuses = sorted([first.status_code, second.status_code])
        assert statuses in ([201, 201], [201, 409])
        if statuses == [201, 201]:
            assert first.content == second.content
    assert sorted(titles(db, buyer)) == sorted(keys)


def test_records_too_large_for_one_reply_are_all_found(stack, db, buyer, new_worker):
    """MongoDB cuts a reply at 16 MB: whoever is not in it must not hear that there is no such record. The workers see
    small ones first, as few that are large would be read together.
    """
    task = post_task(buyer, required_workers=20)
    small, *large = [submit(new_worker(), task)["_id"] for _ in range(17)]
    db.submissions.update_many(
        {"_id": {"$in": [ObjectId(one) for one in large]}}, {"$set": {"unknown": "x" * 3 * 2**20}}
    )
    with ThreadPoolExecutor(28) as pool:
        with unanswered(stack, "find", db.submissions) as carried_out:
            asked = [small] * 4 + large
            first = [pool.submit(getting(buyer, f"/submissions/{small}")) for _ in range(4)]
            carried_out(4)
            more = [pool.submit(getting(buyer, f"/submissions/{one}")) for one in large]
            carried_out(6)
        answers = [one.result() for one in first + more]
    assert [ok(answer)["submission"]["_id"] for answer in answers] == asked
