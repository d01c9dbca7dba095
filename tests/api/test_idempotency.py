"""Contract, section 1: a call with an Idempotency-Key happens once, however often it is sent."""

import datetime
import functools
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from bson import ObjectId

import described
from client import ahead, assert_error, eventually, faults, now, ok, task_input, unique
from fail_points import held_up
from market import submit, withdraw
from promises import promise

JSON = {"Content-Type": "application/json"}


def key():
    return {"Idempotency-Key": unique("key-")}


def post_task(buyer, headers, **changes):
    return buyer.api.post("/tasks", json=task_input(task_title="Once", **changes), headers=headers)


@pytest.fixture
def held_up_commit(stack):
    """with held_up_commit() as under_way: the next commit takes long."""
    with stack.sweep_paused():
        yield functools.partial(held_up, stack.mongo.admin, "commitTransaction")


# --- replay ---


@promise(
    "1 Idempotency-Key",
    "A repeat gets the same status and body with `Idempotent-Replayed: true`",
)
def test_a_repeat_gets_the_same_status_and_body_and_nothing_happens_again(new_buyer, books):
    buyer, headers, body = new_buyer(100), key(), json.dumps(task_input())
    first = buyer.api.post("/tasks", content=body, headers={**JSON, **headers})
    assert first.status_code == 201 and "idempotent-replayed" not in first.headers
    for _ in range(3):
        again = buyer.api.post("/tasks", content=body, headers={**JSON, **headers})
        assert again.status_code == 201
        assert again.content == first.content
        assert again.headers["idempotent-replayed"] == "true"
        assert again.headers["content-type"] == first.headers["content-type"]
        assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert buyer.coins() == 90
    assert ok(buyer.api.get("/tasks/buyer/my-tasks"))["total"] == 1


@promise("1 Idempotency-Key", "A key is claimed for a method and path")
def test_the_same_record_is_the_same_path_however_its_id_is_written(buyer, books):
    task = ok(post_task(buyer, key()), 201)["task"]
    headers, before = key(), buyer.coins()
    for written in (task["_id"], task["_id"].upper()):
        ok(buyer.api.post(f"/tasks/{written}/slots", json={"delta": 1}, headers=headers))
    assert buyer.coins() == before - 5, "once"


@promise(
    "1 Idempotency-Key",
    "A repeat gets the same status and body with `Idempotent-Replayed: true`",
)
def test_the_answer_is_kept_also_when_the_record_has_changed_since(buyer, books):
    headers, body = key(), json.dumps(task_input())
    first = buyer.api.post("/tasks", content=body, headers={**JSON, **headers})
    path = f"/tasks/{ok(first, 201)['task']['_id']}"
    ok(buyer.api.put(path, json={"task_title": "Changed"}))
    ok(buyer.api.delete(path))
    again = buyer.api.post("/tasks", content=body, headers={**JSON, **headers})
    assert (again.status_code, again.content) == (201, first.content)


def every_call(world):
    """Each call that takes a key: who, method, path, body."""
    buyer, admin, worker, task = world.buyer, world.admin, world.worker, world.task
    yield buyer, "POST", "/tasks", lambda: task_input()
    yield buyer, "POST", f"/tasks/{task()}/slots", lambda: {"delta": 1}
    yield buyer, "POST", f"/tasks/{task()}/slots", lambda: {"delta": -1}
    yield buyer, "DELETE", f"/tasks/{task()}", None
    yield worker, "POST", "/submissions", lambda: {"task_id": task(), "submission_details": "Done"}
    yield buyer, "PUT", f"/submissions/{world.submission()}/approve", None
    yield buyer, "PUT", f"/submissions/{world.submission()}/reject", lambda: {"reason": "No"}
    yield buyer, "PUT", f"/submissions/{world.submission()}/status", lambda: {"status": "approved"}
    yield admin, "PUT", f"/submissions/{world.submission()}/status", lambda: {"status": "rejected"}
    yield buyer, "POST", "/submissions/review", lambda: {
        "ids": [world.submission(), world.submission()],
        "status": "approved",
    }
    yield worker, "POST", "/withdrawals", lambda: {
        "withdrawal_coin": 200,
        "payment_system": "rocket",
        "account_number": "017",
    }
    for path in ("/withdrawals", "/admin/withdrawals"):
        yield admin, "PUT", f"{path}/{world.withdrawal()}/approve", None
        yield admin, "PUT", f"{path}/{world.withdrawal()}/reject", lambda: {"reason": "No"}
    yield buyer, "POST", "/payments/create-payment", lambda: {"coins": 150}
    yield buyer, "PUT", f"/payments/confirm/{world.payment()}", lambda: {
        "transactionId": unique("txn-")
    }
    yield buyer, "POST", "/payments/dummy-payment", lambda: {"coins": 150}
    yield buyer, "POST", "/payments/purchase-coins", lambda: {"coins": 150, "amount": 10}
    yield admin, "POST", f"/admin/users/{worker.id}/adjust", lambda: {"coins": 1, "reason": "Owed"}
    yield admin, "DELETE", f"/admin/tasks/{task()}", None
    yield admin, "DELETE", f"/admin/users/{world.new_worker().id}", None


class World:
    def __init__(self, stack):
        self.buyer, self.worker, self.admin = (
            stack.user("buyer", 10000),
            stack.user("worker", 10000),
            stack.user("admin"),
        )
        self.new_worker = lambda: stack.user("worker")

    def task(self):
        return ok(self.buyer.api.post("/tasks", json=task_input()), 201)["task"]["_id"]

    def withdrawal(self):
        return withdraw(self.worker)["_id"]

    def payment(self):
        made = self.buyer.api.post("/payments/create-payment", json={"coins": 150})
        return ok(made, 201)["payment"]["_id"]

    def submission(self):
        return submit(self.new_worker(), {"_id": self.task()})["_id"]


def records_of(db, user):
    """How many rows of the journal and payments there are of the user's doing."""
    mine = ({"actor": user.id}, {"buyer_id": ObjectId(user.id)})
    return db.ledger.count_documents(mine[0]), db.payments.count_documents(mine[1])


@promise(
    "1 Idempotency-Key",
    "It is honoured on every POST, PUT and DELETE of sections 4 to 6 that creates a record or moves coins",
    "It is honoured on those of section 7",
    "It is honoured on the DELETEs of section 9",
)
def test_every_call_that_creates_a_record_or_moves_coins_takes_a_key(stack, db, books):
    """Sent again without a key each would do something else: create again, or be refused."""
    made = set()
    for user, method, path, body in every_call(World(stack)):
        headers, content = key(), b"" if body is None else json.dumps(body()).encode()
        if content:
            headers.update(JSON)
        first = user.api.request(method, path, content=content, headers=headers)
        assert first.status_code in (200, 201), (method, path, first.text)
        left = records_of(db, user)
        again = user.api.request(method, path, content=content, headers=headers)
        assert (again.status_code, again.content) == (first.status_code, first.content), (
            method,
            path,
        )
        assert again.headers.get("idempotent-replayed") == "true", (method, path)
        assert records_of(db, user) == left, (method, path)
        made.add(described.name_of(method, path))
    assert made == described.calls_with_a_key(), "every_call() makes them all"


# --- what a key belongs to ---


@promise("1 Errors", "422: idempotency key reused with another body")
@promise("1 Idempotency-Key", "Same key, other body (byte for byte): 422")
def test_the_same_key_with_another_body_is_422(buyer, books):
    headers, body = {**JSON, **key()}, json.dumps(task_input())
    first = ok(buyer.api.post("/tasks", content=body, headers=headers), 201)
    for other in (json.dumps(task_input()), body + " ", body.replace("{", "{ ", 1)):
        assert_error(buyer.api.post("/tasks", content=other, headers=headers), 422, "key_reused")
    assert (
        ok(buyer.api.post("/tasks", content=body, headers=headers), 201) == first
    ), "the kept answer stands"
    assert buyer.coins() == 990


@promise("1 Idempotency-Key", "A key is claimed for a user")
def test_a_key_is_its_users_own(buyer, new_buyer, books):
    headers, body, other = key(), task_input(), new_buyer(50)
    ok(buyer.api.post("/tasks", json=body, headers=headers), 201)
    theirs = other.api.post("/tasks", json=body, headers=headers)
    assert "idempotent-replayed" not in theirs.headers
    assert ok(theirs, 201)["task"]["buyer_id"] == other.id
    assert other.coins() == 40


@promise("1 Idempotency-Key", "A key is claimed for a method and path")
def test_a_key_belongs_to_a_method_and_path(buyer, books):
    headers = key()
    task = ok(post_task(buyer, headers), 201)["task"]
    more = buyer.api.post(f"/tasks/{task['_id']}/slots", json={"delta": 1}, headers=headers)
    assert "idempotent-replayed" not in more.headers
    assert ok(more)["task"]["required_workers"] == 3
    gone = buyer.api.delete(f"/tasks/{task['_id']}", headers=headers)
    assert "idempotent-replayed" not in gone.headers
    assert ok(gone)["refundedAmount"] == 15


@promise("1 Idempotency-Key", "Any other answer releases the key, as nothing happened")
def test_a_refused_call_releases_its_key_as_nothing_happened(new_buyer, worker, books):
    buyer, headers = new_buyer(10), key()
    assert_error(
        post_task(buyer, headers, payable_amount=100),
        400,
        "insufficient_coins",
        required=200,
        available=10,
    )
    assert_error(post_task(buyer, headers, category="x" * 51), 400, "invalid_input")
    made = post_task(buyer, headers)
    assert "idempotent-replayed" not in made.headers
    ok(made, 201)
    assert_error(post_task(buyer, headers, payable_amount=1), 422, "key_reused")


@promise("1 Idempotency-Key", "Any other answer releases the key, as nothing happened")
def test_a_refusal_by_the_state_releases_the_key_too(buyer, new_worker, books):
    task = ok(buyer.api.post("/tasks", json=task_input(required_workers=1)), 201)["task"]
    first, headers = new_worker(), key()
    body = {"task_id": task["_id"], "submission_details": "Done"}
    rival = submit(new_worker(), task)
    assert_error(first.api.post("/submissions", json=body, headers=headers), 400, "no_open_slot")
    ok(buyer.api.put(f"/submissions/{rival['_id']}/reject"))
    ok(first.api.post("/submissions", json=body, headers=headers), 201)


def test_only_a_good_token_can_ask_for_a_kept_answer(api, buyer, new_buyer, books):
    headers, body = key(), task_input()
    ok(buyer.api.post("/tasks", json=body, headers=headers), 201)
    assert_error(api.post("/tasks", json=body, headers=headers), 401, "unauthorized")
    ok(buyer.api.post("/auth/logout"))
    assert_error(buyer.api.post("/tasks", json=body, headers=headers), 401, "unauthorized")


def end_the_token(user, db):
    ok(user.api.post("/auth/logout"))


def take_the_role(user, db):
    db.users.update_one({"_id": ObjectId(user.id)}, {"$set": {"role": "worker"}})


@promise(
    "1 Idempotency-Key",
    "What nginx sends again is answered as it was done, though the caller's token ended or role changed since",
)
@pytest.mark.parametrize("spoil, refusal", [(end_the_token, 401), (take_the_role, 403)])
def test_what_a_gateway_sends_again_was_done_whatever_became_of_the_caller_since(
    new_buyer, db, books, spoil, refusal
):
    """It heard no answer, and has another worker answer the same request: "Please log in." would be a lie."""
    buyer, body = new_buyer(100), json.dumps(task_input())
    headers = {**JSON, **key(), "X-Request-ID": unique("request-")}
    first = buyer.api.post("/tasks", content=body, headers=headers)
    ok(first, 201)
    spoil(buyer, db)
    again = buyer.api.post("/tasks", content=body, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    other_body = json.dumps(task_input(required_workers=1))
    for content, other in (
        (body, {"X-Request-ID": unique("request-")}),
        (body, key()),
        (other_body, {}),
    ):
        asked = buyer.api.post("/tasks", content=content, headers=headers | other)
        assert asked.status_code == refusal
    assert db.tasks.count_documents({"buyer_id": ObjectId(buyer.id)}) == 1


@promise(
    "1 Idempotency-Key",
    "What nginx sends again is answered as it was done, though the caller's token ended or role changed since",
)
def test_while_what_was_sent_before_may_be_under_way_it_is_not_told_as_refused(new_buyer, db):
    buyer, body = new_buyer(100), json.dumps(task_input())
    headers = {**JSON, **key(), "X-Request-ID": unique("request-")}
    ok(buyer.api.post("/tasks", content=body, headers=headers), 201)
    end_the_token(buyer, db)
    lease = now() + datetime.timedelta(seconds=25)
    db.idempotency.update_one(
        {"user_id": ObjectId(buyer.id)}, {"$set": {"state": "claimed", "lease_until": lease}}
    )
    told = buyer.api.post("/tasks", content=body, headers=headers)
    assert_error(told, 503, "unavailable")
    assert int(told.headers["retry-after"]) >= 1


@promise("1 Idempotency-Key", "It has 1..255 printable characters")
@pytest.mark.parametrize("good", ["k", "x" * 255, "a b!~/:;,'\"{}"])
def test_a_key_has_1_to_255_printable_characters(buyer, good, books):
    headers = {"Idempotency-Key": good[:255]}
    first, again = (
        buyer.api.post("/tasks", content=b'{"x":1}', headers={**JSON, **headers}) for _ in range(2)
    )
    assert_error(first, 400, "invalid_input")
    assert_error(again, 400, "invalid_input")
    made = ok(post_task(buyer, headers), 201)
    assert made["task"]["buyer_id"] == buyer.id


@promise("1 Idempotency-Key", "It has 1..255 printable characters")
@pytest.mark.parametrize("bad", [b"", b"x" * 256, b"a\tb", b"\xc3\xa9"])
def test_other_keys_are_400(buyer, bad):
    refused = buyer.api.post("/tasks", json=task_input(), headers=[("Idempotency-Key", bad)])
    assert_error(refused, 400, "invalid_input")
    assert buyer.coins() == 1000


# --- while the first still runs ---


@promise(
    "1 Idempotency-Key",
    "The claim is a lease of 30 s",
    "Repeat while the first runs: 409 `in_progress` with `Retry-After`",
)
def test_a_repeat_while_the_first_runs_is_409_in_progress(buyer, held_up_commit, db, books):
    """For as long as its claim is leased, 30 s, should it not end."""
    headers, body = {**JSON, **key()}, json.dumps(task_input())

    def send():
        return buyer.api.post("/tasks", content=body, headers=headers)

    begun = now()
    with ThreadPoolExecutor(1) as pool, held_up_commit() as under_way:
        first = pool.submit(send)
        under_way()
        [claim] = db.idempotency.find({**claims_of(db, buyer), "state": "claimed"})
        assert (claim["lease_until"] - begun).total_seconds() > 25
        assert (claim["lease_until"] - now()).total_seconds() <= 30
        early = send()
        assert_error(early, 409, "in_progress")
        assert 1 <= int(early.headers["retry-after"]) <= 30
        other = buyer.api.post("/tasks", content=body + " ", headers=headers)
        assert_error(other, 422, "key_reused")
        made = first.result()
    assert made.status_code == 201
    late = send()
    assert (late.status_code, late.content) == (201, made.content)
    assert buyer.coins() == 990


@promise("1 Idempotency-Key", "Of many repeats at once one happens")
def test_of_many_at_once_one_happens_and_the_others_see_it_or_wait(buyer, books):
    headers, body = {**JSON, **key()}, json.dumps(task_input())
    with ThreadPoolExecutor(24) as pool:
        answers = list(
            pool.map(lambda _: buyer.api.post("/tasks", content=body, headers=headers), range(48))
        )
    made = [answer for answer in answers if answer.status_code == 201]
    assert len([answer for answer in made if "idempotent-replayed" not in answer.headers]) == 1
    assert len({answer.content for answer in made}) == 1
    for answer in answers:
        if answer.status_code != 201:
            assert_error(answer, 409, "in_progress")
    assert buyer.coins() == 990
    assert ok(buyer.api.get("/tasks/buyer/my-tasks"))["total"] == 1


# --- the claim itself ---


def claims_of(db, user):
    return {"user_id": ObjectId(user.id)}


@promise("1 Idempotency-Key", "A dead claimant's lease is taken over")
def test_a_dead_claimants_lease_is_taken_over(buyer, db, books):
    """The claim is made what a killed worker leaves: held by nobody, without an answer."""
    headers, body = {**JSON, **key()}, json.dumps(task_input())

    def send():
        return buyer.api.post("/tasks", content=body, headers=headers)

    first = ok(send(), 201)
    left = {"$set": {"state": "claimed", "token": ObjectId()}, "$unset": {"status": 1, "body": 1}}
    lease_until = now() + datetime.timedelta(seconds=20)
    left["$set"]["lease_until"] = lease_until
    assert db.idempotency.update_one(claims_of(db, buyer), left).modified_count == 1
    waiting = send()
    assert_error(waiting, 409, "in_progress")
    assert 1 <= int(waiting.headers["retry-after"]) <= 30

    passed = {"$set": {"lease_until": now() - datetime.timedelta(minutes=1)}}
    db.idempotency.update_one(claims_of(db, buyer), passed)
    taken_over = send()
    assert "idempotent-replayed" not in taken_over.headers
    second = ok(taken_over, 201)
    assert second["task"]["_id"] != first["task"]["_id"]
    again = send()
    assert (again.content, again.headers["idempotent-replayed"]) == (taken_over.content, "true")
    assert (
        ok(buyer.api.get("/tasks/buyer/my-tasks"))["total"] == 2
    ), "the one of before, and one more"


@promise("1 Idempotency-Key", "A dead claimant's lease is taken over")
def test_of_many_who_find_a_dead_claim_one_takes_it_over(buyer, db, books):
    headers, body = {**JSON, **key()}, json.dumps(task_input())

    def send(_):
        return buyer.api.post("/tasks", content=body, headers=headers)

    ok(send(0), 201)
    dead = {
        "state": "claimed",
        "token": ObjectId(),
        "lease_until": now() - datetime.timedelta(minutes=1),
    }
    db.idempotency.update_one(
        claims_of(db, buyer), {"$set": dead, "$unset": {"status": 1, "body": 1}}
    )
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(32)))
    assert (
        len([a for a in answers if a.status_code == 201 and "idempotent-replayed" not in a.headers])
        == 1
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert ok(buyer.api.get("/tasks/buyer/my-tasks"))["total"] == 2


@promise("1 Idempotency-Key", "A 2xx answer is kept 24 h")
@promise("10 Collections", "`idempotency`, `throttle`, `tickets` (TTL)")
def test_an_answer_is_kept_for_24_hours(buyer, db, books):
    headers = key()
    ok(post_task(buyer, headers), 201)
    claim = db.idempotency.find_one(claims_of(db, buyer))
    assert abs(claim["expires_at"] - now() - datetime.timedelta(hours=24)) < datetime.timedelta(
        minutes=1
    )
    ttl = [
        index
        for index in db.idempotency.index_information().values()
        if "expireAfterSeconds" in index
    ]
    assert [index["key"] for index in ttl] == [[("expires_at", 1)]] and ttl[0][
        "expireAfterSeconds"
    ] == 0
    # MongoDB removes what is over within a minute or so; over it is at once.
    db.idempotency.update_one(
        {"_id": claim["_id"]}, {"$set": {"expires_at": now() - datetime.timedelta(minutes=1)}}
    )
    made = post_task(buyer, headers)
    assert "idempotent-replayed" not in made.headers
    ok(made, 201)


# --- what time brings into a body that was accepted ---


def post_soon_over(buyer, headers):
    """A task whose deadline has passed since; the body as it was sent, and the answer. How soon it may pass and be
    ahead still when the call comes depends on the machine.
    """
    for seconds in (1, 2, 4, 8, 16, 32):
        date = ahead(seconds=seconds)
        body = json.dumps(task_input(completion_date=date))
        made = buyer.api.post("/tasks", content=body, headers=headers)
        if made.status_code == 201:
            break
        assert "completion_date" in faults(made), made.text
    assert made.status_code == 201, made.text
    eventually(lambda: all(is_over(buyer, date) for _ in range(8)))
    return body, made


def is_over(buyer, date):
    """For the worker that happens to be asked: calls in a row take turns among them."""
    refused = buyer.api.post("/tasks", json=task_input(required_workers=0, completion_date=date))
    return "completion_date" in faults(refused)


@promise(
    "1 Idempotency-Key",
    "A repeat gets its kept answer also where the body would no longer be accepted today",
)
def test_a_kept_answer_is_not_lost_when_the_date_in_the_body_has_passed(new_buyer, books):
    buyer, headers = new_buyer(100), {**JSON, **key()}
    body, made = post_soon_over(buyer, headers)
    again = buyer.api.post("/tasks", content=body, headers=headers)
    assert (again.status_code, again.content) == (201, made.content)
    assert again.headers["idempotent-replayed"] == "true"
    fresh = buyer.api.post("/tasks", content=body, headers={**JSON, **key()})
    assert_error(fresh, 400, "invalid_input")
    # rather than the coins: the sweep may have given them back by now, as the deadline has passed
    assert buyer.api.get("/tasks/buyer/my-tasks").json()["total"] == 1


@promise(
    "1 Idempotency-Key",
    "A repeat gets its kept answer also where the body would no longer be accepted today",
)
def test_with_a_kept_answer_another_body_is_still_judged_by_itself(new_buyer, books):
    buyer, headers = new_buyer(100), {**JSON, **key()}
    body, _ = post_soon_over(buyer, headers)
    for bad in (body + " ", "{", json.dumps(task_input(required_workers=0))):
        refused = buyer.api.post("/tasks", content=bad, headers=headers)
        assert refused.status_code == 400, refused.text
    good = json.dumps(task_input())
    assert_error(buyer.api.post("/tasks", content=good, headers=headers), 422, "key_reused")


@promise(
    "1 Idempotency-Key",
    "A repeat gets its kept answer also where the body would no longer be accepted today",
)
def test_a_kept_answer_is_its_users_own_also_when_the_body_is_refused(new_buyer, books):
    buyer, other, headers = new_buyer(100), new_buyer(100), {**JSON, **key()}
    body, _ = post_soon_over(buyer, headers)
    assert_error(other.api.post("/tasks", content=body, headers=headers), 400, "invalid_input")
    nobody = buyer.api.post("/tasks", content=body, headers=headers, token="x")
    assert_error(nobody, 401, "unauthorized")


@promise(
    "1 Idempotency-Key",
    "A repeat gets its kept answer also where the body would no longer be accepted today",
)
def test_a_repeat_after_the_date_while_the_first_runs_is_in_progress(new_buyer, db, books):
    """The claim is made what it is meanwhile."""
    buyer, headers = new_buyer(100), {**JSON, **key()}
    body, made = post_soon_over(buyer, headers)
    [kept] = db.idempotency.find(claims_of(db, buyer))
    runs = {"state": "claimed", "lease_until": now() + datetime.timedelta(seconds=25)}
    db.idempotency.update_one({"_id": kept["_id"]}, {"$set": runs})
    early = buyer.api.post("/tasks", content=body, headers=headers)
    assert_error(early, 409, "in_progress")
    assert "errors" not in early.json(), "it is not about the date"
    db.idempotency.replace_one({"_id": kept["_id"]}, kept)
    late = buyer.api.post("/tasks", content=body, headers=headers)
    assert (late.status_code, late.content) == (201, made.content)


@promise(
    "1 Idempotency-Key",
    "A repeat gets its kept answer also where the body would no longer be accepted today",
)
def test_what_cannot_be_looked_up_is_not_told_as_refused(stack, new_buyer, books):
    """Who is told 400 believes that nothing happened."""
    buyer, headers = new_buyer(100), {**JSON, **key()}
    body, made = post_soon_over(buyer, headers)
    stack.fail_point(
        "failCommand",
        "alwaysOn",
        failCommands=["find"],
        errorCode=262,
        namespace=f"{stack.db.name}.idempotency",
    )
    try:
        refused = buyer.api.post("/tasks", content=body, headers=headers)
    finally:
        stack.fail_point("failCommand", "off")
    assert_error(refused, 503, "unavailable")
    again = buyer.api.post("/tasks", content=body, headers=headers)
    assert (again.status_code, again.content) == (201, made.content)


@promise(
    "1 Idempotency-Key",
    "A repeat gets its kept answer also where the body would no longer be accepted today",
)
def test_after_24_hours_the_body_is_judged_anew(new_buyer, db, books):
    buyer, headers = new_buyer(100), {**JSON, **key()}
    body, _ = post_soon_over(buyer, headers)
    past = now() - datetime.timedelta(minutes=1)
    db.idempotency.update_one(claims_of(db, buyer), {"$set": {"expires_at": past}})
    assert_error(buyer.api.post("/tasks", content=body, headers=headers), 400, "invalid_input")
