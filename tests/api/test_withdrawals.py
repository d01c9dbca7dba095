"""Contract, section 6: withdrawals; and of section 2: what may be withdrawn, and that the coins of
a pending one are held; of section 8: the notifications that are written with them.
"""

import datetime
import json

import pytest
from bson import Int64, ObjectId

from client import UNKNOWN_ID, assert_error, faults, iso, now, ok, register_input, unique
from market import (
    approve,
    coins,
    ids,
    post_task,
    reject,
    stored_user,
    stored_withdrawal,
    submit,
    told,
    withdraw,
)
from profiling import profiled
from promises import promise

FIELDS = {
    "_id",
    "worker_id",
    "worker_email",
    "worker_name",
    "withdrawal_coin",
    "withdrawal_amount",
    "payment_system",
    "account_number",
    "status",
    "withdraw_date",
    "createdAt",
    "updatedAt",
}
PENDING = ["/withdrawals/admin/pending", "/withdrawals/pending", "/admin/withdrawals"]
DECIDING = ["/withdrawals", "/admin/withdrawals"]


@pytest.fixture
def rich(new_worker):
    return new_worker(1000)


def body(**changes):
    good = {"withdrawal_coin": 200, "payment_system": "bkash", "account_number": "01712345678"}
    return {name: value for name, value in (good | changes).items() if value is not None}


def ask(worker, **changes):
    return worker.api.post("/withdrawals", json=body(**changes))


def decide(admin, withdrawal, verdict, path="/withdrawals", **reason):
    return admin.api.put(f"{path}/{withdrawal['_id']}/{verdict}", json=reason)


def held(db, user):
    return stored_user(db, user)["pending_coins"]


def journal(db, withdrawal, kind):
    return db.ledger.find_one({"_id": f"{kind}:{withdrawal['_id']}"})


# --- POST / ---


@promise("1 Requests", "Coins are stored as BSON int64")
@promise("2 Balances", "`users.pending_coins` is what pending withdrawals hold")
@promise(
    "6 POST /",
    "→ 201 {message, withdrawal, coins, pending_coins}",
    "It moves the coins from coins to pending_coins",
)
@promise(
    "6 Fields",
    "_id, worker_id, worker_email, worker_name, withdrawal_coin, withdrawal_amount, payment_system, "
    "account_number, status, withdraw_date, createdAt, updatedAt",
)
def test_a_withdrawal_moves_the_coins_to_pending_coins(rich, db, books):
    answer = ok(ask(rich, withdrawal_coin=300), 201)
    assert answer["message"]
    assert (answer["coins"], answer["pending_coins"]) == (700, 300)
    assert (coins(db, rich), held(db, rich)) == (700, 300)
    made = answer["withdrawal"]
    assert FIELDS <= set(made)
    expected = {
        "worker_id": rich.id,
        "worker_email": rich.email,
        "worker_name": rich.name,
        "withdrawal_coin": 300,
        "withdrawal_amount": 15,
        "payment_system": "bkash",
        "account_number": "01712345678",
        "status": "pending",
    }
    assert {name: made[name] for name in expected} == expected
    stored = stored_withdrawal(db, made)
    assert type(stored["withdrawal_coin"]) is Int64
    assert stored["worker_id"] == ObjectId(rich.id)
    assert iso(stored["withdraw_date"]) == made["withdraw_date"] == made["createdAt"]
    row = journal(db, made, "hold")
    assert (row["from"], row["to"], row["coins"], row["kind"], row["user"], row["actor"]) == (
        f"user:{rich.id}",
        f"held:{made['_id']}",
        300,
        "hold",
        ObjectId(rich.id),
        rich.id,
    )
    second = ok(ask(rich), 201)
    assert (second["coins"], second["pending_coins"]) == (500, 500)


@promise("1 Requests", "Money is US dollars, a JSON number with at most 2 decimals")
@promise("2 Prices", "Withdrawal: 20 coins = $1")
@promise("6 Fields", "withdrawal_amount = coin / 20")
@pytest.mark.parametrize(
    "amount, dollars",
    [(200, "10"), (201, "10.05"), (203, "10.15"), (219, "10.95"), (250, "12.5"), (999, "49.95")],
)
def test_20_coins_are_a_dollar_told_with_2_decimals_at_most(rich, db, amount, dollars, books):
    answer = ask(rich, withdrawal_coin=amount)
    made = ok(answer, 201)["withdrawal"]
    assert f'"withdrawal_amount":{dollars},' in answer.text
    assert stored_withdrawal(db, made)["withdrawal_amount"] == float(dollars)
    listed = rich.api.get("/withdrawals/worker/history")
    assert f'"withdrawal_amount":{dollars},' in listed.text


@promise("2 Prices", "Withdrawal: at most the available balance")
def test_the_whole_balance_can_be_withdrawn(new_worker, db, books):
    worker = new_worker(200)
    answer = ok(ask(worker), 201)
    assert (answer["coins"], answer["pending_coins"]) == (0, 200)


@promise("1 Errors", "Plus the extra fields named below")
@promise("2 Prices", "Withdrawal: at least 200 coins")
@promise("6 POST /", "withdrawal_coin ≥ 200, else 400 {minRequired: 200}")
@pytest.mark.parametrize("amount", [199, 0, -200, "199", " 0 ", -(2**62)])
def test_below_200_the_minimum_is_told(rich, db, amount, books):
    refused = assert_error(ask(rich, withdrawal_coin=amount), 400, "below_minimum", minRequired=200)
    assert [fault["field"] for fault in refused["errors"]] == ["withdrawal_coin"]
    assert coins(db, rich) == 1000


@promise("6 POST /", "withdrawal_coin ≥ 200, else 400 {minRequired: 200}")
def test_the_minimum_is_told_beside_other_faults(rich, books):
    refused = ask(rich, withdrawal_coin=10, payment_system="cash")
    assert_error(refused, 400, "invalid_input", minRequired=200)
    assert faults(refused) == {
        "withdrawal_coin": "below_minimum",
        "payment_system": "invalid_input",
    }


@promise("6 POST /", "withdrawal_coin ≥ 200, else 400 {minRequired: 200}")
def test_who_has_less_than_the_minimum_is_told_the_minimum_first(new_worker, books):
    assert_error(ask(new_worker(50), withdrawal_coin=60), 400, "below_minimum", minRequired=200)


@promise("2 Prices", "Withdrawal: at most the available balance")
@promise("6 POST /", "400 {available, required} when there is less")
@pytest.mark.parametrize("amount", [1001, 2**63 - 1, "1001"])
def test_more_than_the_available_balance_is_refused(rich, db, amount, books):
    assert_error(
        ask(rich, withdrawal_coin=amount),
        400,
        "insufficient_coins",
        available=1000,
        required=int(amount),
    )
    assert (coins(db, rich), held(db, rich)) == (1000, 0)
    assert db.withdrawals.count_documents({"worker_id": ObjectId(rich.id)}) == 0


@promise("2 Balances", "`users.coins` is what the user can spend")
@promise("6 POST /", "400 {available, required} when there is less")
def test_what_is_held_cannot_be_withdrawn_again(rich, books):
    withdraw(rich, 900)
    assert_error(ask(rich), 400, "insufficient_coins", available=100, required=200)


@promise("1 Requests", "A fraction of a coin is 400 `whole_coins_required`")
@pytest.mark.parametrize("amount, code", [(200.5, "whole_coins_required"), (None, "invalid_input")])
def test_coins_are_whole_and_asked_for(rich, amount, code):
    refused = ask(rich, withdrawal_coin=amount)
    assert_error(refused, 400, code)
    assert faults(refused) == {"withdrawal_coin": code}


@pytest.mark.parametrize("amount", ["200", "200.0", 200.0, " 200 "])
def test_forms_send_the_amount_as_text(rich, amount, books):
    assert ok(ask(rich, withdrawal_coin=amount), 201)["withdrawal"]["withdrawal_coin"] == 200


@promise("6 POST /", "payment_system stripe|bkash|rocket|nagad|paypal|bank_transfer")
@pytest.mark.parametrize("system", ["stripe", "bkash", "rocket", "nagad", "paypal", "bank_transfer"])
def test_payment_systems(rich, system, books):
    made = ok(ask(rich, payment_system=system), 201)["withdrawal"]
    assert made["payment_system"] == system


@promise("6 POST /", "payment_system stripe|bkash|rocket|nagad|paypal|bank_transfer")
@pytest.mark.parametrize("system", ["cash", "Stripe", "", None, ["stripe"], {"$ne": ""}])
def test_other_payment_systems_are_400(rich, system):
    refused = ask(rich, payment_system=system)
    assert_error(refused, 400, "invalid_input")
    assert set(faults(refused)) == {"payment_system"}


@promise("6 POST /", "account_number 1..64 (text or digits)")
@pytest.mark.parametrize(
    "number, kept",
    [
        ("DE89 3704 0044", "DE89 3704 0044"),
        (" 007 ", "007"),
        ("é" * 64, "é" * 64),
        ("1", "1"),
        (1712345678, "1712345678"),
        (9007199254740993, "9007199254740993"),
        (2**63 - 1, str(2**63 - 1)),
        (0, "0"),
    ],
)
def test_an_account_number_is_text_or_digits_and_kept_as_text(rich, db, number, kept, books):
    made = ok(ask(rich, account_number=number), 201)["withdrawal"]
    assert made["account_number"] == kept
    assert stored_withdrawal(db, made)["account_number"] == kept


@promise("6 POST /", "account_number 1..64 (text or digits)")
@pytest.mark.parametrize("number", ["", "   ", "1" * 65, None, -5, 1.5, True, [1], {"$gt": 0}])
def test_other_account_numbers_are_400(rich, number):
    refused = ask(rich, account_number=number)
    assert_error(refused, 400, "invalid_input")
    assert set(faults(refused)) == {"account_number"}


@promise("6 Fields", "Account numbers are never logged")
def test_account_numbers_are_never_logged(rich, admin, stack, books):
    number = unique("account")
    made = withdraw(rich, account_number=number)
    ask(rich, account_number=number, withdrawal_coin=5000)
    ask(rich, account_number=number, payment_system="cash")
    ok(rich.api.get("/withdrawals/worker/history"))
    ok(admin.api.get(PENDING[0]))
    ok(decide(admin, made, "approve"))
    log = stack.worker_log()
    assert "/withdrawals" in log and number not in log


@promise(
    "1 Validation",
    "A client can never set role, coins, status, owner or dates of record through a body",
)
def test_the_client_decides_nothing_else(rich, db, books):
    forged = {
        "status": "approved",
        "withdrawal_amount": 1000,
        "worker_id": UNKNOWN_ID,
        "worker_email": "other@example.org",
        "processed_date": "2020-01-01",
    }
    made = ok(ask(rich, **forged), 201)["withdrawal"]
    assert (made["status"], made["withdrawal_amount"], made["worker_id"], made["worker_email"]) == (
        "pending",
        10,
        rich.id,
        rich.email,
    )
    assert "processed_date" not in stored_withdrawal(db, made)


@promise(
    "8 What is told, to whom",
    "To the admins: withdrawal requested",
    "actionRoute of an admin: `/dashboard/admin/{home,withdrawals}`",
    "Icons by words in the message: withdraw",
)
def test_every_admin_is_told_that_a_withdrawal_is_requested(rich, new_admin, db, books):
    admins = [new_admin() for _ in range(3)]
    withdraw(rich, 250)
    for admin in admins:
        [notification] = told(db, admin)
        assert notification["user_id"] == ObjectId(admin.id)
        assert (notification["type"], notification["actionRoute"]) == (
            "withdrawal",
            "/dashboard/admin/withdrawals",
        )
        assert "withdraw" in notification["message"]
        assert rich.name not in notification["message"], "it would outlive the removal of the user"
        assert "250" in notification["message"] and "12.50" in notification["message"]
        assert "approved" not in notification["message"], "the front end's icons go by words"
        assert (notification["isRead"], notification["archived"]) == (False, False)
    assert told(db, rich) == []


# --- lists ---


@promise("6 Lists", "GET /worker/history, for workers: own, newest first")
@promise("6 Fields", "status is pending|approved|rejected")
def test_a_worker_sees_the_own_ones_newest_first(rich, new_worker, admin, books):
    other = new_worker(500)
    withdraw(other)
    made = [withdraw(rich)["_id"] for _ in range(3)]
    ok(decide(admin, {"_id": made[0]}, "reject"))
    answer = ok(rich.api.get("/withdrawals/worker/history"))
    assert ids(answer["withdrawals"]) == made[::-1]
    assert [one["status"] for one in answer["withdrawals"]] == ["pending", "pending", "rejected"]
    assert answer["total"] == 3
    assert all("coinSources" not in one for one in answer["withdrawals"])


@promise("6 Lists", "GET /admin/pending, GET /pending, for admins: pending ones")
@promise(
    "6 Decisions",
    "`/api/admin/withdrawals`, `/api/admin/withdrawals/:id/approve` and `/reject` are the same calls",
)
@pytest.mark.parametrize("path", PENDING)
def test_an_admin_sees_the_pending_ones_newest_first(rich, admin, path, books):
    made = [withdraw(rich) for _ in range(3)]
    ok(decide(admin, made[1], "approve"))
    answer = ok(admin.api.get(path, params={"limit": 2}))
    assert ids(answer["withdrawals"]) == [made[2]["_id"], made[0]["_id"]]
    assert FIELDS <= set(answer["withdrawals"][0])
    assert answer["withdrawals"][0]["account_number"] == "01712345678"
    further = ok(admin.api.get(path, params={"limit": 2, "after": answer["next"]}))
    assert not {made[1]["_id"], made[2]["_id"]} & set(ids(further["withdrawals"]))


@promise(
    "6 Decisions",
    "`/api/admin/withdrawals`, `/api/admin/withdrawals/:id/approve` and `/reject` are the same calls",
)
def test_a_cursor_continues_under_each_of_the_lists_names(rich, admin, books):
    withdraw(rich), withdraw(rich)
    first = ok(admin.api.get(PENDING[0], params={"limit": 1}))
    answers = [
        ok(admin.api.get(path, params={"limit": 1, "after": first["next"]})) for path in PENDING
    ]
    assert answers[0] == answers[1] == answers[2]


# --- where the coins came from ---


def sources(admin, withdrawal):
    listed = ok(admin.api.get("/admin/withdrawals", params={"limit": 100}))["withdrawals"]
    [found] = [one for one in listed if one["_id"] == withdrawal["_id"]]
    return found["coinSources"]


def earn(worker, buyer, amount):
    approve(buyer, submit(worker, post_task(buyer, required_workers=1, payable_amount=amount)))


@promise(
    "2 The books",
    "An admin sees with each pending withdrawal where the worker's coins came from",
)
@promise(
    "6 Lists",
    "Each pending one has `coinSources` {bonus, earned, buyers: [{buyer_id, coins}]}",
)
def test_a_pending_withdrawal_tells_where_the_workers_coins_came_from(
    api, admin, new_buyer, db, stack, books
):
    """A registration bonus, and rewards of two buyers."""
    session = ok(api.post("/auth/register", json=register_input()), 201)
    worker = stack.user("worker")
    worker.id, worker.api = session["user"]["_id"], api.as_user(session["token"])
    one, other = new_buyer(1000), new_buyer(1000)
    for buyer, amount in ((one, 100), (other, 150), (one, 20)):
        earn(worker, buyer, amount)
    made = withdraw(worker, 280)
    assert sources(admin, made) == {
        "bonus": 10,
        "earned": 270,
        "buyers": [
            {"buyer_id": other.id, "coins": 150},
            {"buyer_id": one.id, "coins": 120},
        ],
    }


@promise("6 Lists", "`coinSources` has opening balances as earned without a buyer")
def test_an_opening_balance_counts_as_earned_without_a_buyer(rich, new_worker, admin, books):
    poorer = new_worker(300)
    mine, theirs = withdraw(rich), withdraw(poorer)
    assert sources(admin, mine) == {"bonus": 0, "earned": 1000, "buyers": []}
    assert sources(admin, theirs) == {"bonus": 0, "earned": 300, "buyers": []}


@promise("6 Lists", "`coinSources` are sums over the worker's whole journal")
def test_the_sums_are_over_the_whole_journal_and_what_came_back_is_no_source(
    rich, new_buyer, admin, books
):
    """Neither a rejected withdrawal nor one that left before changes where coins came from."""
    buyer = new_buyer(100)
    earn(rich, buyer, 40)
    ok(decide(admin, withdraw(rich, 300), "approve"))
    ok(decide(admin, withdraw(rich, 300), "reject"))
    expected = {
        "bonus": 0,
        "earned": 1040,
        "buyers": [{"buyer_id": buyer.id, "coins": 40}],
    }
    assert sources(admin, withdraw(rich)) == expected
    assert sources(admin, withdraw(rich)) == expected, "the same for each of a worker's"


@promise("6 Lists", "`coinSources` has the top 5 buyers")
def test_the_five_buyers_who_paid_most_are_named(rich, new_buyer, admin, books):
    buyers = [new_buyer(100) for _ in range(7)]
    for buyer, amount in zip(buyers, (11, 17, 13, 12, 16, 15, 14)):
        earn(rich, buyer, amount)
    said = sources(admin, withdraw(rich))
    assert [one["coins"] for one in said["buyers"]] == [17, 16, 15, 14, 13]
    assert said["buyers"][0]["buyer_id"] == buyers[1].id
    assert said["earned"] == 1000 + 98


@promise("6 Lists", "`coinSources` are sums over the worker's whole journal")
def test_what_a_former_buyer_was_refunded_is_not_earned(buyer, admin, db, books):
    task = post_task(buyer, required_workers=10, payable_amount=5)
    ok(buyer.api.delete(f"/tasks/{task['_id']}"))
    ok(admin.api.put(f"/admin/users/{buyer.id}/role", json={"role": "worker"}))
    assert sources(admin, withdraw(buyer)) == {"bonus": 0, "earned": 1000, "buyers": []}


def test_rewards_of_an_earlier_version_name_the_buyer_through_the_task(
    rich, buyer, new_buyer, admin, db, books
):
    earlier, lost = new_buyer(100), new_buyer(100)
    earn(rich, buyer, 30)
    earn(rich, earlier, 20)
    earn(rich, earlier, 21)
    earn(rich, lost, 25)
    old = {"to": f"user:{rich.id}", "buyer": ObjectId(earlier.id)}
    assert db.ledger.update_many(old, {"$unset": {"buyer": 1}}).modified_count == 2
    old["buyer"] = ObjectId(lost.id)
    db.ledger.update_one(old, {"$unset": {"buyer": 1}, "$set": {"task": ObjectId()}})
    assert sources(admin, withdraw(rich)) == {
        "bonus": 0,
        "earned": 1096,
        "buyers": [{"buyer_id": earlier.id, "coins": 41}, {"buyer_id": buyer.id, "coins": 30}],
    }


def test_the_sources_are_read_from_the_keys_of_an_index(rich, new_buyer, admin, db, books):
    """No scan, and not even the workers' rows."""
    earn(rich, new_buyer(100), 5)
    withdraw(rich)
    asked = {"command.aggregate": "ledger", "command.pipeline.0.$match.to": {"$exists": True}}
    with profiled(db, **asked) as all_that_ran:
        ok(admin.api.get("/admin/withdrawals", params={"limit": 1}))
    [ran] = all_that_ran
    assert "IXSCAN" in ran["planSummary"] and "COLLSCAN" not in ran["planSummary"]
    assert ran["docsExamined"] == 0


# --- PUT /:id/approve ---


@promise(
    "6 Decisions",
    "PUT /:id/approve, for admins: the held coins leave → {message, withdrawal, workerNewBalance, "
    "workerCoinsRemaining}",
    "`/api/admin/withdrawals`, `/api/admin/withdrawals/:id/approve` and `/reject` are the same calls",
)
@promise(
    "6 Fields",
    "processed_date and rejection_reason, once decided",
    "status is pending|approved|rejected",
)
@pytest.mark.parametrize("path", DECIDING)
def test_approved_the_held_coins_leave(rich, admin, db, path, books):
    made = withdraw(rich, 400)
    answer = ok(decide(admin, made, "approve", path))
    assert answer["message"]
    assert (answer["workerNewBalance"], answer["workerCoinsRemaining"]) == (600, 600)
    decided = answer["withdrawal"]
    assert (decided["_id"], decided["status"]) == (made["_id"], "approved")
    assert FIELDS | {"processed_date"} <= set(decided)
    assert (coins(db, rich), held(db, rich)) == (600, 0)
    row = journal(db, made, "payout")
    assert (row["from"], row["to"], row["coins"], row["user"], row["actor"]) == (
        f"held:{made['_id']}",
        "payouts",
        400,
        ObjectId(rich.id),
        admin.id,
    )
    stored = stored_withdrawal(db, made)
    assert stored["status"] == "approved"
    assert iso(stored["processed_date"]) == decided["processed_date"]


@promise(
    "8 What is told, to whom",
    "To the worker: withdrawal approved",
    "actionRoute is one of the front end's pages: `/dashboard/worker/{home,submissions,withdrawals}`",
)
@promise("8 The calls", "type is approval|rejection|withdrawal|submission|task|payment")
def test_the_worker_is_told_of_an_approval(rich, admin, db, books):
    ok(decide(admin, withdraw(rich, 250), "approve"))
    [notification] = told(db, rich)
    assert notification["user_id"] == ObjectId(rich.id)
    assert (notification["type"], notification["actionRoute"]) == (
        "withdrawal",
        "/dashboard/worker/withdrawals",
    )
    assert "withdraw" in notification["message"] and "approved" in notification["message"]
    assert "250" in notification["message"] and "12.50" in notification["message"]


# --- PUT /:id/reject ---


@promise(
    "6 Decisions",
    "PUT /:id/reject, for admins: {reason?} → {message, withdrawal}",
    "Of a rejected withdrawal the held coins return to coins",
    "`/api/admin/withdrawals`, `/api/admin/withdrawals/:id/approve` and `/reject` are the same calls",
)
@promise("6 Fields", "processed_date and rejection_reason, once decided")
@pytest.mark.parametrize("path", DECIDING)
def test_rejected_the_held_coins_are_the_workers_again(rich, admin, db, path, books):
    made = withdraw(rich, 400)
    answer = ok(decide(admin, made, "reject", path, reason=" No such account. "))
    assert answer["message"]
    decided = answer["withdrawal"]
    assert (decided["status"], decided["rejection_reason"]) == ("rejected", "No such account.")
    assert decided["processed_date"] == decided["updatedAt"]
    assert (coins(db, rich), held(db, rich)) == (1000, 0)
    row = journal(db, made, "release")
    assert (row["from"], row["to"], row["coins"]) == (
        f"held:{made['_id']}",
        f"user:{rich.id}",
        400,
    )
    assert ok(ask(rich, withdrawal_coin=1000), 201)["coins"] == 0, "and can be withdrawn again"


@promise(
    "8 What is told, to whom",
    "To the worker: withdrawal rejected",
    "Icons by words in the message: withdraw",
)
def test_the_worker_is_told_of_a_rejection_with_its_reason(rich, admin, db, books):
    ok(decide(admin, withdraw(rich, 250), "reject", reason="The account is closed."))
    [notification] = told(db, rich)
    assert (notification["type"], notification["actionRoute"]) == (
        "withdrawal",
        "/dashboard/worker/withdrawals",
    )
    assert "withdraw" in notification["message"]
    assert "The account is closed." in notification["message"]
    assert "approved" not in notification["message"], "the front end's icons go by words"


@promise("6 Decisions", "PUT /:id/reject, for admins: {reason?} → {message, withdrawal}")
@pytest.mark.parametrize(
    "send",
    [{}, {"json": {}}, {"json": {"reason": None}}, {"json": {"reason": " "}}, {"content": b""}],
)
def test_a_reason_is_optional(rich, admin, db, send, books):
    made = withdraw(rich)
    answer = ok(admin.api.put(f"/withdrawals/{made['_id']}/reject", **send))
    assert "rejection_reason" not in answer["withdrawal"]
    [told_of] = told(db, rich)
    assert "Reason" not in told_of["message"]


def test_a_reason_has_500_characters_at_most(rich, admin, db, books):
    made = withdraw(rich)
    refused = decide(admin, made, "reject", reason="x" * 501)
    assert refused.status_code == 400 and set(faults(refused)) == {"reason"}
    assert stored_withdrawal(db, made)["status"] == "pending"
    ok(decide(admin, made, "reject", reason="é" * 500))


# --- both ---


@promise("6 Decisions", "400 already processed")
@pytest.mark.parametrize("first", ["approve", "reject"])
@pytest.mark.parametrize("then", ["approve", "reject"])
def test_what_is_decided_stays_decided(rich, admin, db, first, then, books):
    made = withdraw(rich)
    ok(decide(admin, made, first))
    before = stored_withdrawal(db, made), stored_user(db, rich)
    for path in DECIDING:
        assert_error(decide(admin, made, then, path), 400, "already_processed")
    assert (stored_withdrawal(db, made), stored_user(db, rich)) == before
    assert len(told(db, rich)) == 1


@pytest.mark.parametrize("path", DECIDING)
@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_unknown_and_malformed_ids(admin, path, verdict):
    assert_error(decide(admin, {"_id": UNKNOWN_ID}, verdict, path), 404, "not_found")
    assert_error(decide(admin, {"_id": "42"}, verdict, path), 400, "invalid_id")


def older(db, worker, coin, user_coins):
    """A pending withdrawal as adoption leaves one of an older server: its coins are held, its
    numbers and dates are of the types that were found.
    """
    record = {
        "_id": ObjectId(),
        "worker_email": worker.email,
        "worker_name": worker.name,
        "withdrawal_coin": coin,
        "withdrawal_amount": coin / 20,
        "payment_system": "stripe",
        "account_number": "4242",
        "withdraw_date": now() - datetime.timedelta(days=400),
        "status": "pending",
        "__v": 0,
        "worker_id": ObjectId(worker.id),
        "createdAt": now() - datetime.timedelta(days=400),
        "adopted": 1,
    }
    db.withdrawals.insert_one(record)
    db.ledger.insert_one(
        {
            "_id": f"hold:{record['_id']}",
            "from": f"user:{worker.id}",
            "to": f"held:{record['_id']}",
            "coins": Int64(coin),
            "kind": "hold",
            "user": ObjectId(worker.id),
            "actor": "service",
            "request_id": "tests",
            "at": now(),
        }
    )
    db.users.update_one(
        {"_id": ObjectId(worker.id)},
        {"$set": {"coins": user_coins, "pending_coins": coin, "pending_withdrawals": 1}},
    )
    return {"_id": str(record["_id"])}


@promise("1 Requests", "Coins are read tolerantly (int32, int64, double)")
@pytest.mark.parametrize("coin, left", [(240, 60), (240.0, 60.0), (Int64(240), 60.0)])
@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_withdrawals_of_older_data_are_decided_as_any(
    new_worker, admin, db, coin, left, verdict, books
):
    worker = new_worker(300)
    made = older(db, worker, coin, left)
    [listed] = ok(worker.api.get("/withdrawals/worker/history"))["withdrawals"]
    assert (listed["_id"], listed["withdrawal_coin"], listed["withdrawal_amount"]) == (
        made["_id"],
        240,
        12,
    )
    answer = decide(admin, made, verdict)
    assert '"withdrawal_coin":240,"withdrawal_amount":12,' in answer.text
    ok(answer)
    after = stored_user(db, worker)
    assert (after["coins"], after["pending_coins"], after["pending_withdrawals"]) == (
        60 if verdict == "approve" else 300,
        0,
        0,
    )


def test_a_record_that_holds_nothing_pays_nothing(new_worker, admin, db, books):
    """Should one say more than is held, it is refused rather than paid out of other holds."""
    worker = new_worker(500)
    made = withdraw(worker)
    db.withdrawals.update_one(
        {"_id": ObjectId(made["_id"])}, {"$set": {"withdrawal_coin": Int64(201)}}
    )
    for verdict in ("approve", "reject"):
        assert_error(decide(admin, made, verdict), 409, "conflict")
    assert (coins(db, worker), held(db, worker)) == (300, 200)


# --- what else depends on it ---


@promise("9 PUT /users/:id/role", "409 while the user has pending withdrawals")
@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_a_role_waits_for_pending_withdrawals(rich, admin, verdict, books):
    made = withdraw(rich)

    def change():
        return admin.api.put(f"/admin/users/{rich.id}/role", json={"role": "buyer"})

    assert_error(change(), 409, "conflict")
    ok(decide(admin, made, verdict))
    ok(change())
    assert_error(ask(rich), 403, "forbidden")


@promise("2 Balances", "`users.pending_coins` is what pending withdrawals hold")
def test_each_step_changes_the_sums_of_the_books_by_just_its_coins(rich, admin, books):
    names = ("coins", "pending_coins", "escrow", "payouts")

    def sums():
        said = ok(admin.api.get("/admin/audit"))
        assert said["balanced"] is True and said["differences"] == []
        return [said[name] for name in names]

    def step(make):
        before = sums()
        made = make()
        return made, [after - was for was, after in zip(before, sums())]

    paid, change = step(lambda: withdraw(rich, 300))
    assert change == [-300, 300, 0, 0]
    kept, change = step(lambda: withdraw(rich, 250))
    assert change == [-250, 250, 0, 0]
    _, change = step(lambda: ok(decide(admin, paid, "approve")))
    assert change == [0, -300, 0, 300]
    _, change = step(lambda: ok(decide(admin, kept, "reject")))
    assert change == [250, -250, 0, 0]


def test_the_journal_shows_them_to_admins(rich, admin, books):
    made = withdraw(rich)
    ok(decide(admin, made, "reject"))
    entries = ok(admin.api.get("/admin/ledger", params={"user": rich.id}))["entries"]
    assert [(entry["_id"], entry["kind"]) for entry in entries[:2]] == [
        (f"release:{made['_id']}", "release"),
        (f"hold:{made['_id']}", "hold"),
    ]
    assert "account_number" not in json.dumps(entries)


def test_earning_goes_on_while_coins_are_held(rich, buyer, admin, db, books):
    withdraw(rich, 1000)
    submission = submit(rich, post_task(buyer))
    approve(buyer, submission)
    reject(buyer, submit(rich, post_task(buyer)))
    assert (coins(db, rich), held(db, rich)) == (5, 1000)
