"""Contract, section 3: tokens that were ended stay ended, whatever runs at once."""

import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import jwt
import pytest
from bson import ObjectId

from client import PASSWORD, Api, assert_error, eventually, log_in, ok
from hashing import hashing_held, wait_until_one_would_hash
from promises import promise

pytestmark = pytest.mark.usefixtures("fresh_throttle")
NEW = "new horse 5"


def change_password(user, current=PASSWORD, new=NEW):
    return user.api.put("/auth/password", json={"currentPassword": current, "newPassword": new})


def ended_until(db, user):
    return db.users.find_one({"_id": ObjectId(user.id)}).get("tokens_valid_after", -1)


def issued(token):
    return jwt.decode(token, options={"verify_signature": False})["iat"]


def works(api, token):
    return api.get("/auth/me", token=token).status_code == 200


# --- the moment only moves forward ---


@promise("3 Tokens", "That moment only moves forward")
def test_a_change_of_password_does_not_take_back_what_ended_while_it_hashed(
    stack, api, new_worker, token_for, db
):
    ahead, worker = int(time.time()) + 100, new_worker()
    with ThreadPoolExecutor(1) as pool:
        with hashing_held(stack):
            change = pool.submit(change_password, worker)
            wait_until_one_would_hash(stack)
            ending = {"$set": {"tokens_valid_after": ahead}}
            db.users.update_one({"_id": ObjectId(worker.id)}, ending)
        fresh = ok(change.result())["token"]
    assert ended_until(db, worker) > ahead and issued(fresh) > ended_until(db, worker)
    assert not works(api, token_for(worker, iat=ahead))
    assert works(api, fresh)


@promise("3 Tokens", "That moment only moves forward")
def test_a_change_of_password_that_overlaps_a_log_out(api, new_worker, db):
    """The later of the two decides; none of them ever takes back what the other ended."""

    def overlap(delay):
        worker = new_worker()
        seen, done = [], threading.Event()

        def watch():
            while not done.is_set():
                seen.append(ended_until(db, worker))

        other = Api(api.http, ok(log_in(api, worker.email))["token"])
        with ThreadPoolExecutor(2) as pool:
            watcher = pool.submit(watch)
            change = pool.submit(change_password, worker)
            try:
                time.sleep(delay)
                out = other.post("/auth/logout")
                changed = change.result()
            finally:
                done.set()
            watcher.result()
        assert out.status_code in (200, 401), out.text
        if changed.status_code == 401 and out.status_code == 200:
            return not works(api, worker.token)  # the log-out came before the change began
        fresh = ok(changed)["token"]
        assert seen == sorted(seen)
        assert not works(api, worker.token) and not works(api, other.token)
        # what the change gave is good unless the log-out came after it
        return works(api, fresh) or out.status_code == 200

    assert all(overlap(0.01 * number) for number in range(25))


@promise(
    "3 Tokens",
    "No token given out before the answer to a change of password or a logout works after it",
)
def test_who_knows_the_old_password_keeps_nothing(api, new_worker):
    """They log in and out in a loop while the owner changes it."""
    for _ in range(14):
        worker = new_worker()
        tokens, refused, done = [], [], threading.Event()

        def loop():
            while not done.is_set():
                answer = log_in(api, worker.email)
                if answer.status_code == 200:
                    tokens.append(answer.json()["token"])
                    if len(tokens) % 2:
                        api.post("/auth/logout", token=tokens[-1])
                else:
                    refused.append(answer)

        with ThreadPoolExecutor(2) as pool:
            loops = [pool.submit(loop) for _ in range(2)]
            eventually(lambda: tokens)
            changed = change_password(worker)
            while changed.status_code == 401:  # logged out by the other before it began
                worker.api = Api(api.http, ok(log_in(api, worker.email))["token"])
                changed = change_password(worker)
            fresh = ok(changed)["token"]
            eventually(lambda: refused)
            done.set()
            for one in loops:
                one.result()
        assert [token for token in tokens if works(api, token)] == []
        assert works(api, fresh)


@promise(
    "3 Tokens",
    "No token given out before the answer to a change of password or a logout works after it",
)
def test_what_was_told_before_a_log_out_does_not_work_after_it(api, new_worker, db):
    """Also of the same second; and of log-ins that overlap it those that the log-out came before."""
    for _ in range(5):
        worker = new_worker()
        with ThreadPoolExecutor(4) as pool:
            logins = [pool.submit(log_in, api, worker.email) for _ in range(4)]
            wait(logins, return_when=FIRST_COMPLETED)
            told = [login for login in logins if login.done()]
            ok(worker.api.post("/auth/logout"))
            overlapping = [login for login in logins if login not in told]
        for login in told:
            assert not works(api, ok(login.result())["token"])
        for login in overlapping:
            token = ok(login.result())["token"]
            assert works(api, token) == (issued(token) > ended_until(db, worker))
        assert works(api, ok(log_in(api, worker.email))["token"])


# --- clocks ---


@promise(
    "3 Tokens",
    "No token given out before the answer to a change of password or a logout works after it",
)
def test_a_token_of_a_worker_whose_clock_is_ahead_ends_too(api, stack, token_for, db):
    """Its iat lies beyond every clock that the log-out sees: what counts is what was given out."""
    ahead = int(time.time()) + 100
    for end in (lambda user: user.api.post("/auth/logout"), change_password):
        worker = stack.user("worker", last_token_at=ahead)
        theirs = token_for(worker, iat=ahead)
        assert works(api, theirs)
        answer = ok(end(worker))
        assert not works(api, theirs) and not works(api, worker.token)
        fresh = answer.get("token") or ok(log_in(api, worker.email))["token"]
        assert issued(fresh) > ended_until(db, worker) >= ahead
        assert works(api, fresh)


@promise(
    "3 Tokens",
    "No token given out before the answer to a change of password or a logout works after it",
)
@pytest.mark.parametrize("fraction", [0, 0.5])
def test_the_token_that_asks_for_an_end_ends_though_another_server_dated_it_ahead(
    api, new_worker, token_for, fraction
):
    """That server's clock is nothing that we can know of; the token that it gave out is."""
    for end in (lambda user: user.api.post("/auth/logout"), change_password):
        worker = new_worker()
        worker.api = Api(api.http, token_for(worker, iat=int(time.time()) + 100 + fraction))
        answer = ok(end(worker))
        assert_error(worker.api.get("/auth/me"), 401, "unauthorized")
        fresh = answer.get("token") or ok(log_in(api, worker.email))["token"]
        assert works(api, fresh)


@promise(
    "3 Tokens",
    "No token given out before the answer to a change of password or a logout works after it",
)
def test_what_was_given_out_is_noted(api, worker, db):
    """By each call that gives out a token."""

    def noted():
        return db.users.find_one({"_id": ObjectId(worker.id)})["last_token_at"]

    ahead = int(time.time()) + 50
    db.users.update_one({"_id": ObjectId(worker.id)}, {"$set": {"tokens_valid_after": ahead}})
    first = issued(ok(log_in(api, worker.email))["token"])
    assert noted() == first == ahead + 1
    assert issued(ok(log_in(api, worker.email))["token"]) == noted() == first
    worker.api = Api(api.http, ok(log_in(api, worker.email))["token"])
    assert issued(ok(change_password(worker))["token"]) == noted() > first


@promise(
    "3 Tokens",
    "No token given out before the answer to a change of password or a logout works after it",
)
def test_a_token_with_a_fraction_of_this_second_is_ended(api, worker, token_for):
    token = token_for(worker, iat=time.time())
    other = token_for(worker, iat=time.time())
    ok(Api(api.http, token).post("/auth/logout"))
    for ended in (token, other):
        assert_error(api.get("/auth/me", token=ended), 401, "unauthorized")
    ok(api.get("/auth/me", token=ok(log_in(api, worker.email))["token"]))
