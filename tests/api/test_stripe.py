"""Contract, section 7, with the provider stripe: what buyers call. Against a Stripe of the tests'
own (fake_stripe.py).
"""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from bson import ObjectId

from client import UNKNOWN_ID, assert_error, faults, ok, unique
from conftest import own_stack
from fake_stripe import SECRET_KEY, WEBHOOK_SECRET
from market import coins
from promises import promise
from stripe_stack import (  # noqa: F401 - fixtures among them
    alerted,
    assert_credited,
    buyer,
    confirm,
    create,
    db,
    fake,
    of,
    promises,
    purchase,
    settings,
    stack,
    stored,
    succeeded,
    tell,
)


# --- create-payment ---


@promise("7 GET /packages, POST /create-payment", "With stripe the answer has clientSecret too")
@promise("7 POST /webhook", "metadata {paymentId, userId, coins}")
def test_a_payment_is_ordered_at_stripe_for_the_page_to_pay(fake, db, buyer):
    payment, secret = create(buyer)
    intent = fake.of_payment(payment["_id"])
    assert secret == intent["client_secret"]
    assert (intent["amount"], intent["currency"]) == (1000, "usd")
    assert intent["metadata"] == {
        "paymentId": payment["_id"],
        "userId": buyer.id,
        "coins": "150",
    }
    assert (payment["status"], payment["payment_method"]) == ("pending", "stripe")
    assert coins(db, buyer) == 0


@promise(
    "7 Fields, and how coins are credited",
    "A pending row is committed before a provider is called",
    "The call is made outside any transaction",
)
def test_the_record_is_there_before_stripe_is_asked(fake, stack, db, buyer):
    """A pending row is committed before a provider is called."""
    card = fake.card("visa", "hold")
    fake.holding.clear()
    fake.released.clear()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(purchase, buyer, card)
        try:
            assert fake.holding.wait(60)
            [payment] = of(db, buyer)
            assert payment["status"] == "pending"
            # Other calls about the same records need not wait: no transaction is open.
            payment_id = {"_id": payment["_id"]}
            db.payments.update_one(payment_id, {"$set": {"seen": True}})
            db.users.update_one({"_id": ObjectId(buyer.id)}, {"$set": {"seen": True}})
        finally:
            fake.released.set()
        # The held answer breaks off, and the second try finds what was charged.
        assert ok(answer.result())["newBalance"] == 150
    assert fake.charged(buyer) == 1


@pytest.mark.parametrize("fault", ["drop", 500, 429, "garbage", "empty", "lost"])
def test_an_order_whose_answer_fails_is_given_once_more(fake, buyer, fault):
    fake.spoil_orders(fault)
    payment, secret = create(buyer)
    assert fake.of_payment(payment["_id"])["client_secret"] == secret


def test_an_order_that_stays_unanswered_is_unavailable_and_failed(fake, db, buyer):
    """Without the secret nobody can pay it."""
    fake.spoil_orders("drop", "drop")
    refused = buyer.api.post("/payments/create-payment", json={"coins": 150})
    assert_error(refused, 503, "unavailable")
    assert refused.headers["retry-after"]
    assert [payment["status"] for payment in of(db, buyer)] == ["failed"]


@promise("1 Idempotency-Key", "It is honoured on those of section 7")
def test_a_payment_that_was_created_with_a_key_is_created_once(fake, db, buyer):
    headers, body = {"Idempotency-Key": unique("key-")}, {"coins": 150}
    first = buyer.api.post("/payments/create-payment", json=body, headers=headers)
    again = buyer.api.post("/payments/create-payment", json=body, headers=headers)
    assert ok(first, 201) == ok(again, 201)
    assert again.headers["idempotent-replayed"] == "true"
    assert len(of(db, buyer)) == 1


# --- confirm ---


@promise("7 PUT /confirm/:paymentId", "With stripe the intent is looked up and must have succeeded")
def test_a_paid_intent_confirms_its_payment(fake, stack, buyer):
    payment, _ = create(buyer)
    intent = fake.pay(fake.of_payment(payment["_id"]))
    answer = ok(confirm(buyer, payment, intent["id"]))
    assert answer["newBalance"] == 150
    assert answer["payment"]["transaction_id"] == intent["id"]
    assert answer["payment"]["status"] == "completed"
    assert_credited(stack, buyer)
    assert ok(confirm(buyer, payment, intent["id"])) == answer
    assert_error(confirm(buyer, payment, "pi_other"), 409, "conflict")
    assert_credited(stack, buyer)


@promise("7 PUT /confirm/:paymentId", "With stripe the intent is looked up and must have succeeded")
@pytest.mark.parametrize(
    "status", ["requires_payment_method", "requires_action", "processing", "canceled"]
)
def test_an_intent_that_has_not_succeeded_confirms_nothing(fake, db, buyer, status):
    payment, _ = create(buyer)
    intent = fake.of_payment(payment["_id"])
    fake.intents[intent["id"]]["status"] = status
    assert_error(confirm(buyer, payment, intent["id"]), 409, "conflict")
    assert coins(db, buyer) == 0 and stored(db, payment)["status"] == "pending"


@promise("7 PUT /confirm/:paymentId", "With stripe the intent must be for that amount and currency")
def test_an_intent_confirms_neither_another_amount_nor_another_currency(fake, stack, db, buyer):
    payment, _ = create(buyer)
    intent = fake.of_payment(payment["_id"])
    for changes in ({"amount": 100}, {"amount": 1001}, {"currency": "inr"}):
        fake.intents[intent["id"]].update(amount=1000, currency="usd")
        fake.intents[intent["id"]].update(changes)
        fake.pay(intent)
        with alerted(stack):
            assert_error(confirm(buyer, payment, intent["id"]), 409, "conflict")
    assert coins(db, buyer) == 0


@promise("7 PUT /confirm/:paymentId", "With stripe the intent is looked up and must have succeeded")
def test_an_intent_confirms_only_the_payment_it_is_of(fake, db, buyer, new_buyer):
    """Another's intent, one's own other one, one made elsewhere, none at all."""
    other, (mine, _), (second, _) = new_buyer(0), create(buyer), create(buyer)
    theirs, _ = create(other)
    for payment in (theirs, second):
        intent = fake.pay(fake.of_payment(payment["_id"]))
        assert_error(confirm(buyer, mine, intent["id"]), 409, "conflict")
    foreign = {**intent, "id": f"pi_{unique()}", "metadata": {}}
    fake.intents[foreign["id"]] = {**foreign, "metadata": {"paymentId": UNKNOWN_ID}}
    asked = len(fake.asked)
    for transaction in (foreign["id"], "pi_none", "txn"):
        assert_error(confirm(buyer, mine, transaction), 409, "conflict")
    assert len(fake.asked) == asked + 2, "what is no intent's id is not asked about"
    assert coins(db, buyer) == 0
    del fake.intents[foreign["id"]]


@pytest.mark.parametrize("odd", ["../customers", "pi_1?x=1", "pi_1/confirm", "pi 1", "pi_é", ".."])
def test_no_transaction_id_leads_elsewhere(fake, buyer, odd):
    payment, _ = create(buyer)
    asked = len(fake.asked)
    assert_error(confirm(buyer, payment, odd), 409, "conflict")
    assert len(fake.asked) == asked


@promise("7 PUT /confirm/:paymentId", "409: failed")
def test_a_failed_payment_is_not_confirmed(fake, stack, buyer):
    payment, _ = create(buyer)
    intent = fake.of_payment(payment["_id"])
    assert ok(tell(stack, "payment_intent.payment_failed", intent)) == {"received": True}
    fake.pay(intent)
    assert_error(confirm(buyer, payment, intent["id"]), 409, "conflict")
    assert coins(stack.db, buyer) == 0


def test_confirming_while_stripe_is_away_can_be_tried_again(fake, stack, buyer):
    payment, _ = create(buyer)
    intent = fake.pay(fake.of_payment(payment["_id"]))
    fake.down = True
    try:
        refused = confirm(buyer, payment, intent["id"])
    finally:
        fake.down = False
    assert_error(refused, 503, "unavailable")
    ok(confirm(buyer, payment, intent["id"]))
    assert_credited(stack, buyer)


# --- purchase-coins ---


@promise("7 POST /purchase-coins", "With stripe: the card is charged")
@promise("7 POST /webhook", "STRIPE_API_BASE points tests elsewhere")
@promise(
    "7 Fields, and how coins are credited",
    "The call has the payment's id as its idempotency key",
)
def test_a_card_is_charged(fake, stack, db, buyer):
    answer = ok(purchase(buyer, fake.card()))
    assert (answer["success"], answer["coinsAdded"], answer["newBalance"]) == (True, 150, 150)
    [payment] = of(db, buyer)
    intent = fake.of_payment(answer["paymentId"])
    assert payment["transaction_id"] == intent["id"]
    assert (intent["amount"], intent["metadata"]["userId"]) == (1000, buyer.id)
    assert_credited(stack, buyer)


@promise("7 POST /purchase-coins", "What is bought may be one of `COIN_PACKAGES_EXTRA`")
@pytest.mark.parametrize("package, price, cents", [(50, 5, 500), (19, 19.99, 1999), (10, 1, 100)])
def test_extra_packages_are_sold_for_what_they_cost_to_the_cent(fake, buyer, package, price, cents):
    answer = ok(purchase(buyer, fake.card(), package, price))
    assert answer["coinsAdded"] == package
    assert fake.of_payment(answer["paymentId"])["amount"] == cents


@promise(
    "7 GET /packages, POST /create-payment",
    "POST /create-payment, for buyers: {coins: a package}",
)
def test_extra_packages_are_for_purchases_alone(db, buyer):
    refused = buyer.api.post("/payments/create-payment", json={"coins": 50})
    assert_error(refused, 400, "not_a_package")
    assert 50 not in [package["coins"] for package in ok(buyer.api.get("/payments/packages"))]


@pytest.mark.parametrize("card", [None, "", "  "])
def test_a_charge_needs_a_card(fake, db, buyer, card):
    refused = purchase(buyer, card)
    assert_error(refused, 400, "invalid_input")
    assert set(faults(refused)) == {"paymentMethodId"}
    assert of(db, buyer) == []


@promise("7 Fields, and how coins are credited", "status is pending|completed|failed")
def test_a_declined_card_is_402_with_what_stripe_says_to_its_owner(fake, db, buyer):
    refused = purchase(buyer, fake.card("declined"))
    assert_error(refused, 402, "payment_required")
    assert refused.json()["message"] == "Your card has insufficient funds."
    assert "clientSecret" not in refused.json()
    assert [payment["status"] for payment in of(db, buyer)] == ["failed"]
    assert coins(db, buyer) == 0


def test_a_declined_purchase_gives_its_key_back(fake, stack, db, buyer):
    """Nothing happened: another card may be tried with the same key."""
    key = unique("key-")
    assert_error(purchase(buyer, fake.card("declined"), key=key), 402, "payment_required")
    assert_error(purchase(buyer, fake.card("declined"), key=key), 402, "payment_required")
    ok(purchase(buyer, fake.card(), key=key))
    statuses = sorted(payment["status"] for payment in of(db, buyer))
    assert statuses == ["completed", "failed", "failed"]
    assert_credited(stack, buyer)


def test_a_card_that_stripe_does_not_know_is_the_callers_mistake(fake, db, buyer):
    refused = purchase(buyer, fake.card("unknown"))
    assert_error(refused, 400, "invalid_input")
    assert set(faults(refused)) == {"paymentMethodId"}
    assert [payment["status"] for payment in of(db, buyer)] == ["failed"]


@promise("7 POST /purchase-coins", "402 {clientSecret} when the bank wants a further step")
def test_a_further_step_is_402_with_the_secret_for_it(fake, stack, db, buyer):
    """Then the page does the step, and confirms."""
    refused = purchase(buyer, fake.card("bank"))
    [payment] = of(db, buyer)
    intent = fake.of_payment(str(payment["_id"]))
    assert_error(
        refused,
        402,
        "payment_required",
        clientSecret=intent["client_secret"],
        paymentId=str(payment["_id"]),
    )
    assert payment["status"] == "pending" and coins(db, buyer) == 0
    fake.pay(intent)
    answer = ok(confirm(buyer, {"_id": payment["_id"]}, intent["id"]))
    assert answer["newBalance"] == 150
    assert_credited(stack, buyer)


@promise("7 POST /purchase-coins", "402 {clientSecret} when the bank wants a further step")
def test_the_same_purchase_sent_again_with_its_key_goes_on_where_the_bank_stopped_it(
    fake, stack, db, buyer
):
    card, key = fake.card("bank"), unique("key-")
    first = purchase(buyer, card, key=key)
    again = purchase(buyer, card, key=key)
    for refused in (first, again):
        assert_error(refused, 402, "payment_required", clientSecret=first.json()["clientSecret"])
    [payment] = of(db, buyer)
    fake.pay(fake.of_payment(str(payment["_id"])))
    assert ok(purchase(buyer, card, key=key))["paymentId"] == str(payment["_id"])
    assert_credited(stack, buyer)
    assert fake.charged(buyer) == 1


def test_a_charge_of_another_amount_is_not_credited_but_told_of(fake, stack, db, buyer):
    with alerted(stack):
        assert_error(purchase(buyer, fake.card("short")), 500, "internal")
    assert coins(db, buyer) == 0
    assert [payment["status"] for payment in of(db, buyer)] == ["pending"]


@promise("7 POST /purchase-coins", "With stripe: the card is charged")
@pytest.mark.parametrize("fault", ["drop", 500, 409, "garbage", "empty", "slow", "lost"])
def test_a_charge_whose_answer_fails_is_made_once(fake, stack, buyer, fault):
    """Asked again with the same key, Stripe tells what it did."""
    answer = ok(purchase(buyer, fake.card("visa", fault)))
    assert answer["newBalance"] == 150
    assert fake.charged(buyer) == 1
    assert_credited(stack, buyer)


def test_a_charge_that_stays_unanswered_is_503_and_may_still_come(fake, stack, db, buyer):
    refused = purchase(buyer, fake.card("visa", 500, 500))
    assert_error(refused, 503, "unavailable")
    [payment] = of(db, buyer)
    assert payment["status"] == "pending" and coins(db, buyer) == 0
    ok(succeeded(stack, fake.of_payment(str(payment["_id"]))))
    assert_credited(stack, buyer)


@promise(
    "7 Fields, and how coins are credited",
    "The call has the payment's id as its idempotency key",
)
def test_a_charge_that_stays_unanswered_is_not_made_twice_by_its_key(fake, stack, db, buyer):
    card, key = fake.card("visa", "drop", "drop"), unique("key-")
    assert_error(purchase(buyer, card, key=key), 503, "unavailable")
    other = purchase(buyer, fake.card(), key=key)
    assert_error(other, 422, "key_reused")
    answer = ok(purchase(buyer, card, key=key))
    assert [str(payment["_id"]) for payment in of(db, buyer)] == [answer["paymentId"]]
    assert fake.charged(buyer) == 1
    assert_credited(stack, buyer)
    assert purchase(buyer, card, key=key).headers["idempotent-replayed"] == "true"


def test_a_key_whose_payment_was_credited_meanwhile_tells_so(fake, stack, db, buyer):
    card, key = fake.card("visa", "drop", "drop"), unique("key-")
    assert_error(purchase(buyer, card, key=key), 503, "unavailable")
    [payment] = of(db, buyer)
    ok(succeeded(stack, fake.of_payment(str(payment["_id"]))))
    answer = ok(purchase(buyer, card, key=key))
    assert (answer["paymentId"], answer["newBalance"]) == (str(payment["_id"]), 150)
    assert_credited(stack, buyer)


@promise("7 POST /webhook", "STRIPE_API_BASE points tests elsewhere")
def test_what_never_left_did_not_happen(fake, stack, db, buyer, settings):
    """Nobody listens at Stripe's address: the payment has failed, and its key is given back."""
    env = {**settings, "STRIPE_API_BASE": "http://127.0.0.1:1"}
    key = unique("key-")
    with own_stack("--no-demo", "--workers", "1", env=env) as away:
        lonely = away.user("buyer", 0)
        assert_error(purchase(lonely, "pm_1", key=key), 503, "unavailable")
        assert_error(purchase(lonely, "pm_2", key=key), 503, "unavailable")
        assert [payment["status"] for payment in of(away.db, lonely)] == ["failed", "failed"]


@promise(
    "7 Fields, and how coins are credited",
    "The call has the payment's id as its idempotency key",
)
@pytest.mark.parametrize("trouble", ["out of reach", 401])
def test_what_keeps_a_repeat_from_stripe_does_not_undo_the_first(fake, stack, db, buyer, trouble):
    """The first order may have been carried out: it stays the one that its key goes on with."""
    faults = ["drop", "drop"] + [trouble] * (trouble == 401)
    card, key = fake.card("visa", *faults), unique("key-")
    assert_error(purchase(buyer, card, key=key), 503, "unavailable")
    with fake.unreachable() if trouble == "out of reach" else contextlib.nullcontext():
        assert_error(purchase(buyer, card, key=key), 503, "unavailable")
    assert [payment["status"] for payment in of(db, buyer)] == ["pending"]
    answer = ok(purchase(buyer, card, key=key))
    assert [str(payment["_id"]) for payment in of(db, buyer)] == [answer["paymentId"]]
    assert fake.charged(buyer) == 1
    assert_credited(stack, buyer)


def test_stripes_refusal_of_us_is_our_fault_and_no_secret_is_logged(fake, stack, db, buyer):
    assert_error(purchase(buyer, fake.card("visa", 401)), 500, "internal")
    assert [payment["status"] for payment in of(db, buyer)] == ["failed"]
    assert "Stripe refuses us: 401" in stack.worker_log()
    assert SECRET_KEY not in stack.worker_log() and WEBHOOK_SECRET not in stack.worker_log()


@promise("7 POST /dummy-payment", "dummy only")
def test_there_are_no_dummy_payments_with_stripe(db, buyer):
    refused = buyer.api.post("/payments/dummy-payment", json={"coins": 10})
    assert_error(refused, 404, "not_found")
    assert of(db, buyer) == []


# --- settings ---


@promise("7 Providers", "`stripe` refuses to start without its secret key and webhook secret")
@pytest.mark.parametrize("missing", ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"])
def test_stripe_refuses_to_start_without_its_secrets(stack, settings, missing):
    said = stack.ctl("sweep", env={**settings, missing: ""})
    assert said.returncode == 1
    assert said.stderr.strip() == (
        f"microtaskctl: {missing} is not set, and PAYMENTS_PROVIDER stripe needs it."
    )


@promise("7 PUT /confirm/:paymentId", "What is no intent's id asks Stripe nothing, and is 409")
@pytest.mark.parametrize(
    "transaction",
    [
        "search",
        "search?query=metadata['paymentId']:'x'",
        "pi_",
        "pi_x/../pi_y",
        "pi_x/confirm",
        "pi_x?expand[]=charges",
        "pi_x#",
        "pi_x%2f..",
        "PI_x",
        "ch_1",
        "../charges/ch_1",
        "pi_é",
        "pi_x y",
    ],
)
def test_what_is_no_intents_id_reaches_no_address_of_stripes(fake, db, buyer, transaction):
    """Least of all another one than that of an intent."""
    payment, _ = create(buyer)
    before = len(fake.asked)
    assert_error(confirm(buyer, payment, transaction), 409, "conflict")
    assert len(fake.asked) == before
    assert stored(db, payment)["status"] == "pending"


@promise("7 POST /purchase-coins", "With stripe, a paymentMethodId that is no id is 400")
@pytest.mark.parametrize("method", ["pm_1/../x", "pm 1", "pm_1&amount=1", "pm_1\r\nX: y", "é", "x" * 256])
def test_what_is_no_payment_methods_id_is_400_and_not_asked_about(fake, db, buyer, method):
    before = len(fake.asked)
    refused = purchase(buyer, method)
    assert_error(refused, 400, "invalid_input")
    assert set(faults(refused)) == {"paymentMethodId"}
    assert len(fake.asked) == before and of(db, buyer) == []
