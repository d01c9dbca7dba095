"""Contract, section 9: corrections by an operator, by the call and by `microtaskctl adjust`: in the journal
with reason and actor, told to the user, never below 0.
"""

import pytest
from bson import Int64, ObjectId

from client import UNKNOWN_ID, assert_error, faults, ok, unique
from market import coins, stored_user, told
from promises import promise
from wire import Call, at_once, outcomes

pytestmark = pytest.mark.usefixtures("books", "counters")


def adjust(admin, user, amount, reason="Paid twice", **headers):
    body = {"coins": amount, "reason": reason}
    return admin.api.post(f"/admin/users/{user.id}/adjust", json=body, headers=headers)


def adjustments(db, user):
    return list(db.ledger.find({"user": ObjectId(user.id), "kind": "adjust"}).sort("at", 1))


@promise(
    "9 POST /users/:id/adjust",
    "For admins: {coins, reason} → {message, user}",
    "In the journal, with reason and actor",
)
def test_coins_are_given_and_taken_with_reason_and_actor(db, new_buyer, admin):
    buyer = new_buyer(100)
    answer = ok(adjust(admin, buyer, 30, "  A bank fee  "))
    assert set(answer) == {"message", "user"}
    assert (answer["user"]["_id"], answer["user"]["coins"]) == (buyer.id, 130)
    assert ok(adjust(admin, buyer, -130))["user"]["coins"] == 0 == coins(db, buyer)
    given, taken = adjustments(db, buyer)
    assert (given["from"], given["to"], given["coins"]) == ("adjustments", f"user:{buyer.id}", 30)
    assert (taken["from"], taken["to"], taken["coins"]) == (f"user:{buyer.id}", "adjustments", 130)
    assert (given["reason"], given["actor"]) == ("A bank fee", admin.id)
    entries = ok(admin.api.get("/admin/ledger", params={"user": buyer.id}))["entries"]
    assert [entry.get("reason") for entry in entries][:2] == ["Paid twice", "A bank fee"]
    assert entries[0]["kind"] == "adjust" and entries[0]["actor"] == admin.id


@promise("9 POST /users/:id/adjust", "The user is told")
@pytest.mark.parametrize("role", ["worker", "buyer", "admin"])
def test_the_user_is_told(stack, db, admin, role):
    user = stack.user(role, 10)
    ok(adjust(admin, user, -5, "A mistake of ours"))
    [notification] = told(db, user)
    assert (notification["type"], notification["actionRoute"]) == (
        "payment",
        f"/dashboard/{role}/home",
    )
    assert "5 coins" in notification["message"] and "A mistake of ours" in notification["message"]
    stack.retire(user)


@promise("9 POST /users/:id/adjust", "Below 0: 400 `insufficient_coins`")
def test_nobody_falls_below_0(db, new_worker, admin):
    worker = new_worker(20)
    refused = adjust(admin, worker, -21)
    assert_error(refused, 400, "insufficient_coins", required=21, available=20)
    assert coins(db, worker) == 20 and told(db, worker) == []
    ok(adjust(admin, worker, -20))


@promise("9 POST /users/:id/adjust", "coins: whole, not 0; reason 1..500")
@pytest.mark.parametrize(
    "body, code",
    [
        ({"coins": 0, "reason": "x"}, "invalid_input"),
        ({"coins": "0.0", "reason": "x"}, "invalid_input"),
        ({"coins": 1.5, "reason": "x"}, "whole_coins_required"),
        ({"coins": "many", "reason": "x"}, "invalid_input"),
        ({"coins": [1], "reason": "x"}, "invalid_input"),
        ({"reason": "x"}, "invalid_input"),
        ({"coins": 1}, "invalid_input"),
        ({"coins": 1, "reason": ""}, "invalid_input"),
        ({"coins": 1, "reason": "  "}, "invalid_input"),
        ({"coins": 1, "reason": "x" * 501}, "invalid_input"),
    ],
)
def test_coins_are_whole_and_not_0_and_the_reason_has_1_to_500_characters(
    db, worker, admin, body, code
):
    refused = admin.api.post(f"/admin/users/{worker.id}/adjust", json=body)
    assert_error(refused, 400, code)
    assert faults(refused)
    assert adjustments(db, worker) == []


@promise("9 POST /users/:id/adjust", "coins: whole, not 0; reason 1..500")
def test_the_longest_reason_and_coins_as_text(db, worker, admin):
    ok(adjust(admin, worker, " 7 ", "ß" * 500))
    assert coins(db, worker) == 7


def test_a_user_who_is_not_there_or_going_is_404(db, worker, admin):
    assert_error(
        admin.api.post(f"/admin/users/{UNKNOWN_ID}/adjust", json={"coins": 1, "reason": "x"}),
        404,
        "not_found",
    )
    db.users.update_one({"_id": ObjectId(worker.id)}, {"$set": {"closing": True}})
    assert_error(adjust(admin, worker, 1), 404, "not_found")
    db.users.update_one({"_id": ObjectId(worker.id)}, {"$unset": {"closing": ""}})


@promise("7 Money that goes back", "Coins that come to them pay it first, in the same transaction")
def test_coins_that_are_given_pay_what_is_owed_first(db, worker, admin):
    db.users.update_one({"_id": ObjectId(worker.id)}, {"$set": {"owed_coins": Int64(40)}})
    assert ok(adjust(admin, worker, 30))["user"]["owed_coins"] == 10
    assert coins(db, worker) == 0
    assert ok(adjust(admin, worker, 30))["user"]["coins"] == 20
    assert stored_user(db, worker)["owed_coins"] == 0


def test_a_call_with_a_key_happens_once(db, worker, admin):
    key = {"Idempotency-Key": unique("key-")}
    first = adjust(admin, worker, 5, **key)
    again = adjust(admin, worker, 5, **key)
    assert ok(first) == ok(again) and again.headers["idempotent-replayed"] == "true"
    assert coins(db, worker) == 5 and len(adjustments(db, worker)) == 1


@promise("9 POST /users/:id/adjust", "Below 0: 400 `insufficient_coins`")
def test_corrections_at_once_and_spending_meet_in_the_balance(stack, db, new_buyer, admin):
    buyer = new_buyer(100)
    take = Call(
        "POST",
        f"/admin/users/{buyer.id}/adjust",
        admin.token,
        {"coins": -10, "reason": "At once"},
    )
    answers = at_once(stack, [take] * 40)
    assert outcomes(answers) == {200: 10, "insufficient_coins": 30}
    assert coins(db, buyer) == 0


# --- microtaskctl ---


@promise("9 POST /users/:id/adjust", "`microtaskctl adjust` does the same")
def test_microtaskctl_does_the_same(stack, db, new_buyer):
    buyer = new_buyer(100)
    done = stack.ctl("adjust", buyer.email.upper(), -30, "Refunded by hand")
    assert done.returncode == 0, done.stderr
    assert "70 coins" in done.stdout and coins(db, buyer) == 70
    [row] = adjustments(db, buyer)
    assert (row["reason"], row["actor"], row["request_id"]) == (
        "Refunded by hand",
        "service",
        "microtaskctl",
    )
    assert "Refunded by hand" in told(db, buyer)[-1]["message"]
    assert stack.ctl("adjust", buyer.email, "5", "More").returncode == 0
    assert coins(db, buyer) == 75


@promise("9 POST /users/:id/adjust", "`microtaskctl adjust` does the same")
def test_microtaskctl_refuses_what_the_call_refuses(stack, db, new_buyer):
    buyer = new_buyer(100)
    for coins_given, reason in ((0, "x"), ("1.5", "x"), ("many", "x"), (-101, "x"), (1, " ")):
        done = stack.ctl("adjust", buyer.email, coins_given, reason)
        assert done.returncode != 0 and done.stderr.strip(), (coins_given, reason)
    done = stack.ctl("adjust", "nobody@example.org", 1, "x")
    assert done.returncode != 0 and "account" in done.stderr
    assert stack.ctl("adjust", buyer.email, 1).returncode == 2
    assert coins(db, buyer) == 100 and adjustments(db, buyer) == []


@promise("9 POST /users/:id/adjust", "In the journal, with reason and actor")
def test_books_with_corrections_balance_by_their_term(stack, new_worker, admin):
    before = ok(admin.api.get("/admin/audit"))
    worker = new_worker(10)
    ok(adjust(admin, worker, 30))
    ok(adjust(admin, worker, -25))
    after = ok(admin.api.get("/admin/audit"))
    assert after["balanced"] and after["adjustments"] - before["adjustments"] == 5
