"""Contract, section 7: money that goes back takes its share of the coins back, once, in whatever order
it is told; what the buyer no longer has they owe. Events are signed by Stripe's own library.
"""

import concurrent.futures
import datetime
import json
import threading
import time

import pytest
from bson import Int64, ObjectId

from client import UNKNOWN_ID, assert_error, eventually, ok, task_input, unique
from fail_points import held_up
from fake_stripe import charge, dispute, event, signed
from market import approve, coins, post_task, stored_user, submit, told
from promises import promise
from stripe_stack import (  # noqa: F401 - fixtures among them
    alerted,
    alerts,
    bought,
    buyer,
    closed,
    confirm,
    create,
    db,
    disputed,
    fake,
    promises,
    purchase,
    refunded,
    settings,
    stack,
    stored,
    succeeded,
    sweep,
    tell,
)
from wire import Call, at_once, outcomes

CLIENTS = 40


def owed(db, user):
    return stored_user(db, user).get("owed_coins", 0)


def reversal(db, payment):
    kept = stored(db, payment)
    assert kept["status"] == "completed", "it keeps its status"
    return kept.get("reversal"), kept.get("reversed_coins", 0)


def back_call(kind, thing):
    """The same as tell(), to be made with others at once."""
    body = event(kind, thing)
    headers = {"Stripe-Signature": signed(json.dumps(body).encode())}
    return Call("POST", "/payments/webhook", None, body, headers)


# --- refunds ---


@promise(
    "7 Money that goes back",
    "`charge.refunded`, whole or in part, several times, takes its share back, rounded down",
    "The payment keeps its status and gains `reversal` and `reversed_coins`",
    "Buyer and admins are told, an ALERT is logged",
)
def test_a_refund_takes_the_coins_back(fake, stack, db, buyer, new_admin):
    admin = new_admin()
    payment, intent = bought(fake, stack, buyer)
    with alerted(stack):
        assert ok(refunded(stack, intent, 1000)) == {"received": True}
    assert (coins(db, buyer), owed(db, buyer)) == (0, 0)
    assert reversal(db, payment) == ("refunded", 150)
    assert type(stored(db, payment)["reversed_coins"]) is Int64
    [listed] = ok(buyer.api.get("/payments/history"))["payments"]
    assert (listed["status"], listed["reversal"], listed["reversed_coins"]) == (
        "completed",
        "refunded",
        150,
    )
    [row] = db.ledger.find({"user": ObjectId(buyer.id), "kind": "reversal"})
    assert (row["from"], row["to"], row["coins"]) == (f"user:{buyer.id}", "reversals", 150)
    for who, page in ((buyer, "/dashboard/buyer/payment-history"), (admin, "/dashboard/admin/home")):
        notification = told(db, who)[-1]
        assert (notification["type"], notification["actionRoute"]) == ("payment", page)
        assert "Payment" in notification["message"] and "150" in notification["message"]


@promise(
    "7 Money that goes back",
    "`charge.refunded`, whole or in part, several times, takes its share back, rounded down",
)
@pytest.mark.parametrize("order", ["as sent", "turned", "last only", "each twice"])
def test_partial_refunds_take_their_share_rounded_down(fake, stack, db, buyer, order):
    """amount_refunded is what went back in all: 10 coins for 100 cents, 15 and 33 and 99 of them."""
    payment, intent = bought(fake, stack, buyer, 10)
    shares = {15: 1, 33: 3, 99: 9}
    parts = {
        "as sent": [15, 33, 99],
        "turned": [99, 15, 33],
        "last only": [99],
        "each twice": [15, 15, 33, 33, 99, 99],
    }[order]
    for number, cents in enumerate(parts):
        ok(refunded(stack, intent, cents))
        highest = max(parts[: number + 1])
        assert coins(db, buyer) == 10 - shares[highest]
        assert reversal(db, payment) == ("refunded", shares[highest])
    ok(refunded(stack, intent, 100))
    assert coins(db, buyer) == 0 and reversal(db, payment) == ("refunded", 10)


@promise("7 Money that goes back", "Each once")
def test_the_same_refund_again_does_nothing(fake, stack, db, buyer):
    payment, intent = bought(fake, stack, buyer)
    ok(refunded(stack, intent, 500))
    before = (stored(db, payment), len(told(db, buyer)))
    with alerted(stack, 0):
        for _ in range(3):
            ok(refunded(stack, intent, 500))
    assert (stored(db, payment), len(told(db, buyer))) == before
    assert coins(db, buyer) == 75


def test_what_is_refunded_beyond_the_price_takes_no_more_than_all(fake, stack, db, buyer):
    _, other = bought(fake, stack, buyer)
    payment, intent = bought(fake, stack, buyer)
    ok(refunded(stack, intent, 10**15))
    assert coins(db, buyer) == 150 and reversal(db, payment) == ("refunded", 150)
    assert other["id"] != intent["id"]


# --- disputes ---


@promise(
    "7 Money that goes back",
    "`charge.dispute.created` takes its share",
    "`charge.dispute.closed` as won returns them, as lost it is final",
)
def test_a_dispute_takes_its_share_and_won_returns_it(fake, stack, db, buyer):
    payment, intent = bought(fake, stack, buyer)
    with alerted(stack):
        ok(disputed(stack, intent, 500))
    assert coins(db, buyer) == 75 and reversal(db, payment) == ("disputed", 75)
    with alerted(stack):
        ok(closed(stack, intent, "won", 500))
    assert coins(db, buyer) == 150 and reversal(db, payment) == (None, 0)
    for _ in range(2):
        ok(closed(stack, intent, "won", 500))
        ok(disputed(stack, intent, 500))
    assert coins(db, buyer) == 150 and reversal(db, payment) == (None, 0)
    kinds = [row["kind"] for row in db.ledger.find({"user": ObjectId(buyer.id)})]
    assert sorted(kinds) == ["purchase", "restored", "reversal"]


@promise(
    "7 Money that goes back",
    "`charge.dispute.closed` as won returns them, as lost it is final",
)
def test_a_lost_dispute_is_charged_back(fake, stack, db, buyer):
    payment, intent = bought(fake, stack, buyer)
    ok(disputed(stack, intent))
    ok(closed(stack, intent, "lost"))
    assert coins(db, buyer) == 0 and reversal(db, payment) == ("charged_back", 150)
    ok(disputed(stack, intent))
    assert reversal(db, payment) == ("charged_back", 150)


@promise(
    "7 Money that goes back",
    "`charge.dispute.closed` as won returns them, as lost it is final",
)
def test_an_inquiry_that_is_closed_returns_the_coins(fake, stack, db, buyer):
    payment, intent = bought(fake, stack, buyer)
    ok(disputed(stack, intent, status="warning_needs_response"))
    ok(closed(stack, intent, "warning_closed"))
    assert coins(db, buyer) == 150 and reversal(db, payment) == (None, 0)


@promise("7 Money that goes back", "In whatever order events come")
@pytest.mark.parametrize("verdict, left, name", [("won", 150, None), ("lost", 0, "charged_back")])
def test_a_verdict_may_be_told_before_the_dispute(fake, stack, db, buyer, verdict, left, name):
    payment, intent = bought(fake, stack, buyer)
    ok(closed(stack, intent, verdict))
    assert coins(db, buyer) == left
    ok(disputed(stack, intent))
    assert coins(db, buyer) == left and reversal(db, payment) == (name, 150 - left)


@promise("7 Money that goes back", "In whatever order events come")
def test_of_two_verdicts_the_later_one_stands(fake, stack, db, buyer):
    payment, intent = bought(fake, stack, buyer)
    for verdict, at in (("won", 300), ("lost", 200), ("won", 300), ("lost", 200)):
        body = event("charge.dispute.closed", dispute(intent, verdict)) | {"created": at}
        content = json.dumps(body).encode()
        headers = {"Stripe-Signature": signed(content)}
        ok(stack.api.post("/payments/webhook", content=content, headers=headers))
        assert coins(db, buyer) == 150
    assert reversal(db, payment) == (None, 0)


@promise("7 Money that goes back", "Each once")
def test_refund_and_dispute_together_take_no_more_than_all(fake, stack, db, buyer):
    bought(fake, stack, buyer)
    payment, intent = bought(fake, stack, buyer)
    ok(refunded(stack, intent, 600))
    assert reversal(db, payment) == ("refunded", 90)
    ok(disputed(stack, intent))
    assert reversal(db, payment) == ("disputed", 150) and coins(db, buyer) == 150
    ok(disputed(stack, intent, number=2))
    assert reversal(db, payment) == ("disputed", 150) and coins(db, buyer) == 150
    ok(closed(stack, intent, "lost", number=2))
    assert reversal(db, payment) == ("charged_back", 150)
    ok(closed(stack, intent, "won"))
    assert reversal(db, payment) == ("charged_back", 150) and coins(db, buyer) == 150


# --- debts ---


@promise("7 Money that goes back", "What the buyer no longer has is noted as `owed_coins`")
def test_what_was_spent_is_owed_and_paid_by_what_comes(fake, stack, db, buyer):
    payment, intent = bought(fake, stack, buyer)
    task = post_task(buyer, required_workers=2, payable_amount=50)
    with alerted(stack):
        ok(refunded(stack, intent, 1000))
    assert (coins(db, buyer), owed(db, buyer)) == (0, 100)
    assert reversal(db, payment) == ("refunded", 150)
    assert "100" in told(db, buyer)[-1]["message"]
    assert ok(buyer.api.get("/auth/me"))["owed_coins"] == 100
    assert_error(buyer.api.post("/tasks", json=task_input()), 409, "coins_owed", owed=100)
    ok(buyer.api.delete(f"/tasks/{task['_id']}"))
    assert (coins(db, buyer), owed(db, buyer)) == (0, 0)


@promise("7 Money that goes back", "Coins that come to them pay it first, in the same transaction")
def test_a_dispute_that_is_won_pays_the_debt_it_made(fake, stack, db, buyer):
    _, intent = bought(fake, stack, buyer)
    post_task(buyer, required_workers=2, payable_amount=50)
    ok(disputed(stack, intent))
    assert (coins(db, buyer), owed(db, buyer)) == (0, 100)
    ok(closed(stack, intent, "won"))
    assert (coins(db, buyer), owed(db, buyer)) == (50, 0)


@promise("7 Money that goes back", "What the buyer no longer has is noted as `owed_coins`")
@promise("9 GET /stats", "reversedCoins and owedCoins (section 7)")
def test_the_hole_of_the_packages_and_a_charge_back_end_in_a_debt_and_an_alert(
    fake, stack, db, buyer, new_worker, new_admin
):
    """500 coins for $20 are withdrawn as $25, and then the $20 are charged back."""
    worker, admin = new_worker(0), new_admin()
    payment, intent = bought(fake, stack, buyer, 500)
    approve(buyer, submit(worker, post_task(buyer, required_workers=1, payable_amount=500)))
    body = {"withdrawal_coin": 500, "payment_system": "bkash", "account_number": "017"}
    withdrawal = ok(worker.api.post("/withdrawals", json=body), 201)["withdrawal"]
    assert withdrawal["withdrawal_amount"] == 25
    ok(admin.api.put(f"/withdrawals/{withdrawal['_id']}/approve"))
    before = ok(admin.api.get("/admin/stats"))
    with alerted(stack, 2):
        ok(disputed(stack, intent))
        ok(closed(stack, intent, "lost"))
    assert (coins(db, buyer), owed(db, buyer)) == (0, 500)
    assert reversal(db, payment) == ("charged_back", 500)
    assert payment["_id"] in alerts(stack)[-1] and "owes 500" in alerts(stack)[-1]
    after = ok(admin.api.get("/admin/stats"))
    assert after["reversedCoins"] - before["reversedCoins"] == 500
    assert after["owedCoins"] - before["owedCoins"] == 500
    audit = ok(admin.api.get("/admin/audit"))
    assert audit["balanced"] and audit["reversals"] >= 0


@promise("7 Money that goes back", "Meanwhile they can neither withdraw nor post: 409 `coins_owed`")
def test_a_pending_withdrawal_of_who_owes_is_not_approved(
    fake, stack, db, buyer, new_admin
):
    """Rejected, its coins pay the debt."""
    admin = new_admin()
    _, intent = bought(fake, stack, buyer, 500)
    ok(admin.api.put(f"/admin/users/{buyer.id}/role", json={"role": "worker"}))
    body = {"withdrawal_coin": 400, "payment_system": "bkash", "account_number": "017"}
    withdrawal = ok(buyer.api.post("/withdrawals", json=body), 201)["withdrawal"]
    ok(disputed(stack, intent))
    assert (coins(db, buyer), owed(db, buyer)) == (0, 400)
    path = f"/withdrawals/{withdrawal['_id']}"
    assert_error(admin.api.put(f"{path}/approve"), 409, "coins_owed", owed=400)
    assert_error(buyer.api.post("/withdrawals", json=body), 409, "coins_owed")
    ok(admin.api.put(f"{path}/reject"))
    assert (coins(db, buyer), owed(db, buyer)) == (0, 0)


# --- before the payment is completed here ---


@promise("7 Money that goes back", "Also before the payment is completed here")
@pytest.mark.parametrize("first", ["refund", "dispute", "lost", "won", "half"])
@pytest.mark.parametrize("how", ["event", "confirm"])
def test_what_is_told_before_the_payment_is_completed_waits_for_that(
    fake, stack, db, buyer, first, how
):
    payment, _ = create(buyer)
    intent = fake.pay(fake.of_payment(payment["_id"]))
    tellings = {
        "refund": (lambda: refunded(stack, intent, 1000), 0, ("refunded", 150)),
        "half": (lambda: refunded(stack, intent, 500), 75, ("refunded", 75)),
        "dispute": (lambda: disputed(stack, intent), 0, ("disputed", 150)),
        "lost": (lambda: closed(stack, intent, "lost"), 0, ("charged_back", 150)),
        "won": (lambda: closed(stack, intent, "won"), 150, (None, 0)),
    }
    telling, left, becomes = tellings[first]
    for _ in range(2):
        ok(telling())
    assert stored(db, payment)["status"] == "pending" and coins(db, buyer) == 0
    if how == "confirm":
        assert ok(confirm(buyer, payment, intent["id"]))["newBalance"] == left
    else:
        ok(succeeded(stack, intent))
    assert coins(db, buyer) == left and owed(db, buyer) == 0
    assert reversal(db, payment) == becomes
    assert db.meta.count_documents({"_id": f"reversal:{intent['id']}"}) == 0
    ok(telling())
    assert coins(db, buyer) == left and reversal(db, payment) == becomes


@promise("7 Money that goes back", "Also before the payment is completed here")
def test_a_dispute_of_a_charge_that_we_did_not_hear_of_waits_too(fake, stack, db, buyer):
    """The answer to the charge was lost: the intent is not known here, and a dispute names nothing else."""
    assert purchase(buyer, fake.card("visa", "drop", "drop"), timeout=30).status_code == 503
    [payment] = db.payments.find({"buyer_id": ObjectId(buyer.id)})
    payment = {"_id": str(payment["_id"])}
    intent = fake.of_payment(payment["_id"])
    with alerted(stack):
        ok(disputed(stack, intent))
    ok(succeeded(stack, intent))
    assert coins(db, buyer) == 0 and reversal(db, payment) == ("disputed", 150)
    ok(closed(stack, intent, "won"))
    assert coins(db, buyer) == 150 and reversal(db, payment) == (None, 0)


@promise("7 Money that goes back", "Also before the payment is completed here")
def test_what_meets_the_completion_in_the_same_moment_is_settled_by_the_sweep(
    fake, stack, db, buyer, sweep
):
    """As if the note had been written just after the completion looked for it."""
    payment, intent = bought(fake, stack, buyer)
    db.meta.insert_one(
        {
            "_id": f"reversal:{intent['id']}",
            "rev": Int64(1),
            "refunded_cents": Int64(1000),
            "disputes": [],
            "reversal_at": stored(db, payment)["updatedAt"],
        }
    )
    note = db.meta.find_one({"_id": f"reversal:{intent['id']}"})
    sweep()
    eventually(lambda: coins(db, buyer) == 0, within=30)
    assert reversal(db, payment) == ("refunded", 150)
    before = (stored(db, payment), len(told(db, buyer)))
    db.meta.insert_one(note)
    sweep()
    assert (stored(db, payment), len(told(db, buyer))) == before, "it was known"
    assert db.meta.count_documents({"_id": f"reversal:{intent['id']}"}) == 0


@promise("7 Money that goes back", "Also before the payment is completed here")
@pytest.mark.parametrize("late", ["note", "completion"])
def test_a_dispute_and_a_completion_that_looked_before_the_other_was_written_still_meet(
    fake, stack, db, buyer, late
):
    """What is late was built when nothing was known of the other."""
    payment, _ = create(buyer)
    intent = fake.pay(fake.of_payment(payment["_id"]))
    first, second = (disputed, succeeded) if late == "note" else (succeeded, disputed)
    command, records = ("insert", db.meta) if late == "note" else ("findAndModify", db.payments)
    slow = held_up(stack.mongo.admin, command, ms=2000, collection=records)
    with alerted(stack), concurrent.futures.ThreadPoolExecutor(1) as pool:
        with slow as under_way:
            answer = pool.submit(first, stack, intent)
            under_way()
            ok(second(stack, intent))
            ok(answer.result())
    assert "a payment went back" in alerts(stack)[-1]
    assert (coins(db, buyer), owed(db, buyer)) == (0, 0)
    assert reversal(db, payment) == ("disputed", 150)
    assert db.meta.count_documents({"_id": f"reversal:{intent['id']}"}) == 0


@promise("7 Money that goes back", "Buyer and admins are told, an ALERT is logged")
def test_disputes_at_the_moment_of_the_completion_take_the_coins_and_alert_once(fake, stack, db):
    for turn in range(10):
        buyer = stack.user("buyer", 0)
        payment, _ = create(buyer)
        intent = fake.pay(fake.of_payment(payment["_id"]))
        calls = [
            back_call("payment_intent.succeeded", intent),
            back_call("charge.dispute.created", dispute(intent)),
        ]
        with alerted(stack):
            assert outcomes(at_once(stack, calls[:: (-1) ** turn])) == {200: 2}
        assert coins(db, buyer) == 0 and reversal(db, payment) == ("disputed", 150)
        assert "a payment went back" in alerts(stack)[-1]


# --- records that are not adopted ---


def without_mark(db, collection, record):
    done = db[collection].update_one({"_id": ObjectId(record)}, {"$unset": {"adopted": ""}})
    assert done.modified_count == 1


@promise("2 The books", "What the service does by itself moves no coins of such a record either")
@pytest.mark.parametrize("kind", ["payments", "users", "old"])
@pytest.mark.parametrize("days", [0, 40])
def test_money_of_a_record_without_the_mark_goes_back_once_it_is_adopted(
    fake, stack, db, buyer, sweep, kind, days
):
    """Stripe is told 200 and tells nothing again, so what it told is kept, however long that takes."""
    other, other_intent = bought(fake, stack, buyer)
    payment, intent = bought(fake, stack, buyer)
    without_mark(db, *(("users", buyer.id) if kind == "users" else ("payments", payment["_id"])))
    mine, note = {"_id": ObjectId(payment["_id"])}, {"_id": f"reversal:{intent['id']}"}
    if kind == "old":  # its transaction has no key of ours
        db.payments.update_one(mine, {"$unset": {"txn_key": ""}})
    before = stored(db, payment)
    with alerted(stack, 2):
        assert ok(refunded(stack, intent, 500)) == {"received": True}
        assert ok(disputed(stack, intent)) == {"received": True}
    assert "not adopted" in alerts(stack)[-1]
    assert stored(db, payment) == before and coins(db, buyer) == 300
    long_ago = db.meta.find_one(note)["reversal_at"] - datetime.timedelta(days=days)
    db.meta.update_one(note, {"$set": {"reversal_at": long_ago}})
    sweep()
    assert db.meta.count_documents(note) == 1 and coins(db, buyer) == 300
    if kind != "users":
        ok(refunded(stack, other_intent, 1000))
        assert coins(db, buyer) == 150, "others are not held up"
    assert stack.ctl("init-db").returncode == 0
    sweep()
    eventually(lambda: reversal(db, payment) == ("disputed", 150), within=30)
    assert coins(db, buyer) == (150 if kind == "users" else 0)
    assert db.meta.count_documents(note) == 0


@promise("7 Money that goes back", "Each once")
@pytest.mark.parametrize("how", ["event", "note"])
def test_money_of_a_restored_payment_goes_back_by_a_persons_hand(
    fake, stack, db, buyer, sweep, how
):
    """The journal knows what was taken before: it is taken once, and Stripe is not told to ask again for days."""
    payment, intent = bought(fake, stack, buyer)
    before = stored(db, payment)
    ok(refunded(stack, intent, 500))
    db.payments.replace_one({"_id": before["_id"]}, before)
    with alerted(stack, how == "event"):
        if how == "event":
            assert ok(refunded(stack, intent, 1000)) == {"received": True}
        else:
            note = {"_id": f"reversal:{intent['id']}", "rev": Int64(1), "disputes": []}
            cents = {"refunded_cents": Int64(1000), "reversal_at": before["updatedAt"]}
            db.meta.insert_one({**note, **cents})
            sweep()
            eventually(lambda: db.meta.count_documents({"_id": note["_id"]}) == 0, within=30)
    assert coins(db, buyer) == 75 and stored(db, payment) == before


# --- whose money it was ---


@promise("7 Money that goes back", "Buyer and admins are told, an ALERT is logged")
@pytest.mark.parametrize("kind", ["charge.refunded", "charge.dispute.created", "charge.dispute.closed"])
def test_money_that_bought_nothing_here_alerts(stack, kind):
    intent = {
        "id": f"pi_{unique()}",
        "amount": 1000,
        "currency": "usd",
        "metadata": {"paymentId": UNKNOWN_ID},
    }
    thing = charge(intent, 1000) if kind == "charge.refunded" else dispute(intent, "lost")
    with alerted(stack):
        assert ok(tell(stack, kind, thing)) == {"received": True}


@promise("7 Money that goes back", "Another transaction's money takes nothing")
def test_a_second_charge_that_was_never_credited_takes_nothing_when_it_goes_back(
    fake, stack, db, buyer
):
    """Paid twice, and one of them is refunded: the coins stay."""
    payment, intent = bought(fake, stack, buyer)
    other = {**intent, "id": f"pi_{unique()}"}
    with alerted(stack, 2):
        ok(succeeded(stack, other))
        ok(refunded(stack, other, 1000))
    assert coins(db, buyer) == 150 and reversal(db, payment) == (None, 0)


@promise("7 POST /webhook", "A verified event of which what it needs cannot be read is an alert")
@pytest.mark.parametrize(
    "changes",
    [
        {"amount_refunded": None},
        {"amount_refunded": "much"},
        {"amount_refunded": -1},
        {"amount_refunded": 10.5},
        {"payment_intent": None, "metadata": {}},
        {"payment_intent": None, "metadata": {"paymentId": UNKNOWN_ID}},
        {"payment_intent": "search"},
        {"payment_intent": {"id": "pi_1"}, "metadata": None},
        {"currency": "eur"},
    ],
)
def test_a_refund_that_cannot_be_read_alerts_and_moves_nothing(fake, stack, db, buyer, changes):
    payment, intent = bought(fake, stack, buyer)
    with alerted(stack):
        ok(tell(stack, "charge.refunded", charge(intent, 1000), **changes))
    assert coins(db, buyer) == 150 and reversal(db, payment) == (None, 0)


@promise("7 POST /webhook", "A verified event of which what it needs cannot be read is an alert")
@pytest.mark.parametrize("changes", [{"id": None}, {"status": "odd"}, {"status": None}, {"amount": None}])
def test_a_verdict_that_cannot_be_read_alerts_and_moves_nothing(fake, stack, db, buyer, changes):
    payment, intent = bought(fake, stack, buyer)
    with alerted(stack):
        ok(tell(stack, "charge.dispute.closed", dispute(intent, "lost"), **changes))
    assert coins(db, buyer) == 150 and reversal(db, payment) == (None, 0)


def test_a_refund_that_names_our_payment_alone_is_of_its_transaction(fake, stack, db, buyer):
    payment, intent = bought(fake, stack, buyer)
    ok(tell(stack, "charge.refunded", charge(intent, 1000), payment_intent=None))
    assert coins(db, buyer) == 0 and reversal(db, payment) == ("refunded", 150)
    payment, _ = create(buyer)
    intent = fake.pay(fake.of_payment(payment["_id"]))
    ok(tell(stack, "charge.refunded", charge(intent, 1000), payment_intent=None))
    ok(succeeded(stack, intent))
    assert coins(db, buyer) == 0 and reversal(db, payment) == ("refunded", 150)


# --- removed buyers ---


@promise("7 Money that goes back", "Of a removed buyer nothing is taken, and an ALERT is logged")
def test_a_removed_buyers_coins_are_forfeited_and_the_reversal_alerts(
    fake, stack, db, buyer, new_admin
):
    admin = new_admin()
    payment, intent = bought(fake, stack, buyer)
    ok(admin.api.delete(f"/admin/users/{buyer.id}"))
    eventually(lambda: not db.users.find_one({"_id": ObjectId(buyer.id)}), within=60)
    with alerted(stack):
        ok(refunded(stack, intent, 1000))
    assert reversal(db, payment) == ("refunded", 150)
    assert "gone" in alerts(stack)[-1]
    ok(disputed(stack, intent))
    ok(closed(stack, intent, "won"))
    assert not db.users.find_one({"_id": ObjectId(buyer.id)})


@promise("7 Money that goes back", "Of a removed buyer nothing is taken, and an ALERT is logged")
def test_who_is_removed_owing_leaves_an_alert(fake, stack, db, buyer, new_admin):
    admin = new_admin()
    _, intent = bought(fake, stack, buyer)
    worker = stack.user("worker")
    approve(buyer, submit(worker, post_task(buyer, required_workers=1, payable_amount=100)))
    ok(refunded(stack, intent, 1000))
    assert owed(db, buyer) == 100
    with alerted(stack):
        ok(admin.api.delete(f"/admin/users/{buyer.id}"))
        eventually(lambda: not db.users.find_one({"_id": ObjectId(buyer.id)}), within=60)
    assert "100" in alerts(stack)[-1] and buyer.id in alerts(stack)[-1]


# --- races and crashes ---


@promise("7 Money that goes back", "Each once")
@pytest.mark.parametrize("command", ["commitTransaction", "insert", "findAndModify"])
def test_a_transaction_that_is_run_again_takes_and_returns_once(fake, stack, db, buyer, command):
    """At the completion with what was told before, a refund that leaves a debt, a dispute that is won."""
    payment, _ = create(buyer)
    intent = fake.pay(fake.of_payment(payment["_id"]))
    ok(refunded(stack, intent, 200))

    def conflicting():
        label, fails = "TransientTransactionError", {"failCommands": [command], "errorCode": 112}
        stack.fail_point(
            "failCommand", {"times": 2}, appName="microtask", errorLabels=[label], **fails
        )

    try:
        conflicting()
        ok(succeeded(stack, intent))
        assert coins(db, buyer) == 120
        task = post_task(buyer, required_workers=1, payable_amount=100)
        conflicting()
        ok(disputed(stack, intent, 600))
        assert (coins(db, buyer), owed(db, buyer)) == (0, 70)
        conflicting()
        ok(closed(stack, intent, "won", 600))
        assert (coins(db, buyer), owed(db, buyer)) == (20, 0)
    finally:
        stack.fail_point("failCommand", "off")
    assert reversal(db, payment) == ("refunded", 30)
    ok(buyer.api.delete(f"/tasks/{task['_id']}"))
    assert coins(db, buyer) == 120


@promise("7 Money that goes back", "Each once")
def test_a_refund_told_many_times_at_once_is_taken_once(fake, stack, db, buyer):
    payment, intent = bought(fake, stack, buyer)
    calls = [back_call("charge.refunded", charge(intent, 1000))] * CLIENTS
    with alerted(stack):
        assert outcomes(at_once(stack, calls)) == {200: CLIENTS}
    assert coins(db, buyer) == 0 and reversal(db, payment) == ("refunded", 150)


@promise("7 Money that goes back", "In whatever order events come")
def test_everything_at_once_ends_the_same(fake, stack, db, buyer):
    """Completed, refunded in parts, disputed and won, all in the same moment."""
    payment, _ = create(buyer)
    intent = fake.pay(fake.of_payment(payment["_id"]))
    calls = [
        back_call("payment_intent.succeeded", intent),
        back_call("charge.refunded", charge(intent, 100)),
        back_call("charge.refunded", charge(intent, 400)),
        back_call("charge.dispute.created", dispute(intent)),
        back_call("charge.dispute.closed", dispute(intent, "won")),
    ] * 8
    answers = at_once(stack, calls)
    assert set(outcomes(answers)) <= {200, "unavailable"}
    for call in calls[:5]:  # Stripe tells again what was not taken
        again = tell(stack, call.body["type"], call.body["data"]["object"])
        assert ok(again) == {"received": True}
    assert coins(db, buyer) == 90 and reversal(db, payment) == ("refunded", 60)
    assert owed(db, buyer) == 0


@promise("7 Money that goes back", "What the buyer no longer has is noted as `owed_coins`")
def test_a_refund_against_spending_takes_or_notes_every_coin(fake, stack, db, buyer):
    _, intent = bought(fake, stack, buyer)
    post = Call(
        "POST", "/tasks", buyer.token, task_input(required_workers=1, payable_amount=5)
    )
    calls = [post] * 20 + [back_call("charge.refunded", charge(intent, 1000))] + [post] * 20
    answers = at_once(stack, calls)
    made = outcomes(answers)[201]
    assert outcomes(answers)[200] == 1
    assert set(outcomes(answers)) <= {200, 201, "coins_owed", "insufficient_coins"}
    assert (coins(db, buyer), owed(db, buyer)) == (0, 5 * made)


@promise("7 Money that goes back", "What the buyer no longer has is noted as `owed_coins`")
def test_a_charge_back_against_withdrawals_takes_or_notes_every_coin(
    fake, stack, db, buyer, new_admin
):
    admin = new_admin()
    _, intent = bought(fake, stack, buyer, 1000)
    ok(admin.api.put(f"/admin/users/{buyer.id}/role", json={"role": "worker"}))
    body = {"withdrawal_coin": 200, "payment_system": "bkash", "account_number": "017"}
    ask = Call("POST", "/withdrawals", buyer.token, body)
    back = back_call("charge.dispute.created", dispute(intent))
    answers = at_once(stack, [ask] * 10 + [back] + [ask] * 10)
    held = 200 * outcomes(answers)[201]
    assert set(outcomes(answers)) <= {200, 201, "coins_owed", "insufficient_coins"}
    stored = stored_user(db, buyer)
    assert (stored["coins"], stored["pending_coins"]) == (0, held)
    assert stored.get("owed_coins", 0) == held


@promise("7 Money that goes back", "Of a removed buyer nothing is taken, and an ALERT is logged")
def test_a_refund_against_a_removal_leaves_the_books_balanced(fake, stack, db, buyer, new_admin):
    admin = new_admin()
    payment, intent = bought(fake, stack, buyer)
    calls = [
        Call("DELETE", f"/admin/users/{buyer.id}", admin.token),
        back_call("charge.refunded", charge(intent, 1000)),
    ]
    assert outcomes(at_once(stack, calls)) == {200: 2}
    eventually(lambda: not db.users.find_one({"_id": ObjectId(buyer.id)}), within=60)
    assert reversal(db, payment) == ("refunded", 150)
    rows = list(db.ledger.find({"user": ObjectId(buyer.id)}))
    left = sum(row["coins"] for row in rows if row["kind"] in ("reversal", "forfeit"))
    assert left == 150


@promise("7 Money that goes back", "Each once")
def test_workers_killed_while_money_goes_back_lose_nothing(fake, stack, db):
    """Told until it is answered, as Stripe does; every coin is taken once, or owed."""
    buyers = [stack.user("buyer", 0) for _ in range(24)]
    payments = [bought(fake, stack, one) for one in buyers]
    for one in buyers[::2]:
        post_task(one, required_workers=1, payable_amount=100)
    over = threading.Event()

    def kill():
        while not over.wait(0.4):
            stack.kill_workers()

    def tell_until_taken(kind, thing):
        while True:
            try:
                if tell(stack, kind, thing).status_code == 200:
                    return
            except Exception:  # noqa: B902 - a worker that died, or nginx without one
                pass
            time.sleep(0.05)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        for _, intent in payments:
            tell_until_taken("charge.refunded", charge(intent, 500))
            tell_until_taken("charge.dispute.created", dispute(intent))
    finally:
        over.set()
        killer.join()
    eventually(stack.is_ready, within=60)
    for number, (one, (payment, _)) in enumerate(zip(buyers, payments)):
        assert reversal(db, payment) == ("disputed", 150)
        expected = (0, 100) if number % 2 == 0 else (0, 0)
        assert (coins(db, one), owed(db, one)) == expected
