"""Contract, section 7, with the provider stripe: what becomes of payments without their buyers'
calls, or in spite of crashes. Events are signed by Stripe's own library.
"""

import datetime
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe
from bson import ObjectId

from client import UNKNOWN_ID, assert_error, eventually, now, ok, unique
from fake_stripe import WEBHOOK_SECRET, charge, event, signed
from market import coins
from promises import promise
from stripe_stack import (  # noqa: F401 - fixtures among them
    alerted,
    assert_credited,
    bought,
    buyer,
    confirm,
    create,
    db,
    fake,
    make_due,
    of,
    payload,
    promises,
    purchase,
    purchases,
    settings,
    stack,
    stored,
    succeeded,
    sweep,
    tell,
)
from wire import Call, at_once, outcomes

CLIENTS = 50


# --- the webhook ---


@promise("7 POST /webhook", "`Stripe-Signature` over the raw body (HMAC-SHA256)")
def test_our_signatures_are_those_of_stripes_library():
    body = payload("payment_intent.succeeded", {"id": "pi_1"})
    assert stripe.Webhook.construct_event(body, signed(body), WEBHOOK_SECRET)["type"]


@promise("7 POST /webhook", "succeeded credits once")
def test_a_success_credits_once(fake, stack, db, buyer):
    payment, _ = create(buyer)
    intent = fake.pay(fake.of_payment(payment["_id"]))
    for _ in range(3):
        assert ok(succeeded(stack, intent)) == {"received": True}
    kept = stored(db, payment)
    assert (kept["status"], kept["transaction_id"]) == ("completed", intent["id"])
    assert_credited(stack, buyer)
    assert ok(confirm(buyer, payment, intent["id"]))["newBalance"] == 150


@promise("7 POST /webhook", "payment_failed marks failed (a later success still completes)")
def test_a_failure_marks_failed_and_a_later_success_completes(fake, stack, db, buyer):
    payment, _ = create(buyer)
    intent = fake.of_payment(payment["_id"])
    for _ in range(2):
        ok(tell(stack, "payment_intent.payment_failed", intent))
        assert stored(db, payment)["status"] == "failed"
    ok(succeeded(stack, fake.pay(intent)))
    assert stored(db, payment)["status"] == "completed"
    assert_credited(stack, buyer)
    ok(tell(stack, "payment_intent.payment_failed", intent))
    assert stored(db, payment)["status"] == "completed", "a late failure takes nothing back"


@promise(
    "7 POST /webhook",
    "amount_received must equal price × 100 in usd, else nothing is credited and an alert logged",
)
@pytest.mark.parametrize(
    "changes",
    [
        {"amount_received": 999},
        {"amount_received": 1001},
        {"amount_received": 0},
        {"amount_received": None},
        {"amount_received": "many"},
        {"currency": "eur"},
        {"currency": None},
    ],
)
def test_another_amount_or_currency_credits_nothing_and_alerts(fake, stack, db, buyer, changes):
    payment, _ = create(buyer)
    intent = fake.of_payment(payment["_id"])
    with alerted(stack):
        answer = succeeded(stack, {**intent, "amount_received": 1000, **changes})
        assert ok(answer) == {"received": True}
    assert coins(db, buyer) == 0 and stored(db, payment)["status"] == "pending"
    ok(succeeded(stack, fake.pay(intent)))
    assert_credited(stack, buyer)


@promise("7 POST /webhook", "Every verified event → 200 {received:true}")
@pytest.mark.parametrize(
    "metadata", [{}, {"paymentId": UNKNOWN_ID}, {"paymentId": "42"}, {"paymentId": ""}, None]
)
@pytest.mark.parametrize("kind", ["succeeded", "payment_failed"])
def test_an_unknown_payment_alerts(stack, metadata, kind):
    intent = {"id": "pi_x", "amount_received": 1000, "currency": "usd", "metadata": metadata}
    with alerted(stack):
        assert ok(tell(stack, f"payment_intent.{kind}", intent)) == {"received": True}


@pytest.mark.parametrize("gone", ["removed", "closing"])
def test_a_removed_buyer_alerts(fake, stack, db, buyer, gone):
    payment, _ = create(buyer)
    intent = fake.pay(fake.of_payment(payment["_id"]))
    user = {"_id": ObjectId(buyer.id)}
    if gone == "removed":
        db.users.delete_one(user)
    else:
        db.users.update_one(user, {"$set": {"closing": True}})
    with alerted(stack):
        assert ok(succeeded(stack, intent)) == {"received": True}
    assert stored(db, payment)["status"] == "pending" and purchases(db, buyer) == 0


@promise("2 The books", "What the service does by itself moves no coins of such a record either")
@pytest.mark.parametrize("kind", ["payments", "users"])
def test_a_payment_or_buyer_without_the_mark_is_not_credited_and_alerts(
    fake, stack, db, buyer, kind
):
    """Restored, and not adopted yet; afterwards it is credited when the sweep asks."""
    payment, _ = create(buyer)
    intent = fake.pay(fake.of_payment(payment["_id"]))
    record = {"_id": ObjectId(payment["_id"] if kind == "payments" else buyer.id)}
    db[kind].update_one(record, {"$unset": {"adopted": ""}})
    with alerted(stack):
        assert ok(succeeded(stack, intent)) == {"received": True}
    assert stored(db, payment)["status"] == "pending" and coins(db, buyer) == 0
    make_due(db, payment)
    if kind == "payments":
        assert stack.ctl("sweep", env={"PAYMENTS_PROVIDER": "dummy"}).returncode == 0
    assert stored(db, payment)["status"] == "pending"
    db[kind].update_one(record, {"$set": {"adopted": 1}})
    ok(succeeded(stack, intent))
    assert_credited(stack, buyer)


def test_a_second_intent_for_a_completed_payment_alerts(fake, stack, buyer):
    payment, _ = create(buyer)
    intent = fake.pay(fake.of_payment(payment["_id"]))
    ok(succeeded(stack, intent))
    with alerted(stack):
        ok(succeeded(stack, {**intent, "id": f"pi_{unique()}"}))
    assert_credited(stack, buyer)


@promise("7 POST /webhook", "Every verified event → 200 {received:true}")
def test_a_success_of_a_payment_in_a_state_of_an_older_server_alerts(fake, stack, db, buyer):
    """It is received: told again and again it would be no other."""
    payment, _ = create(buyer)
    intent = fake.pay(fake.of_payment(payment["_id"]))
    db.payments.update_one({"_id": ObjectId(payment["_id"])}, {"$set": {"status": "refunded"}})
    with alerted(stack):
        assert ok(succeeded(stack, intent)) == {"received": True}
    assert_error(confirm(buyer, payment, intent["id"]), 409, "conflict")
    assert stored(db, payment)["status"] == "refunded" and purchases(db, buyer) == 0


@promise("7 POST /webhook", "Every verified event → 200 {received:true}")
@pytest.mark.parametrize(
    "body",
    [
        {"type": "charge.updated", "data": {"object": {"id": "ch_1"}}},
        {"type": "charge.dispute.updated", "data": {"object": {"id": "dp_1"}}},
        {"type": "payment_intent.created", "data": {"object": {"id": "pi_1"}}},
        {"type": "payment_intent.succeeded.v2", "data": {"object": {"id": "pi_1"}}},
        {"type": "account.updated"},
        {"type": None},
        {},
    ],
)
def test_other_events_are_received(stack, body):
    content = json.dumps(body).encode()
    with alerted(stack, 0):
        answer = stack.api.post(
            "/payments/webhook", content=content, headers={"Stripe-Signature": signed(content)}
        )
    assert ok(answer) == {"received": True}


@promise("7 POST /webhook", "`Stripe-Signature` over the raw body (HMAC-SHA256)")
@pytest.mark.parametrize("content_type", [None, "text/plain", "application/json; charset=latin1"])
def test_the_signature_alone_decides_whatever_the_content_type(fake, stack, buyer, content_type):
    payment, _ = create(buyer)
    body = payload("payment_intent.succeeded", fake.pay(fake.of_payment(payment["_id"])))
    headers = {"Content-Type": content_type} if content_type else {}
    bad = stack.api.post("/payments/webhook", content=body, headers=headers)
    assert_error(bad, 400, "bad_signature")
    headers["Stripe-Signature"] = signed(body)
    ok(stack.api.post("/payments/webhook", content=body, headers=headers))
    assert_credited(stack, buyer)


BAD_SIGNATURES = {
    "none": lambda body: None,
    "empty": lambda body: "",
    "nonsense": lambda body: "v1",
    "another secret": lambda body: signed(body, "whsec_other"),
    "the secret without its prefix": lambda body: signed(body, WEBHOOK_SECRET[6:]),
    "another body": lambda body: signed(body + b" "),
    "too old": lambda body: signed(body, at=int(time.time()) - 310),
    "too far ahead": lambda body: signed(body, at=int(time.time()) + 310),
    "another time": lambda body: signed(body).replace("t=1", "t=2", 1),
    "another scheme": lambda body: signed(body).replace("v1=", "v0="),
    "upper case": lambda body: signed(body).upper(),
    "cut short": lambda body: signed(body)[:-1],
}


@promise(
    "7 POST /webhook",
    "`Stripe-Signature` over the raw body (HMAC-SHA256)",
    "400 bad signature",
)
@pytest.mark.parametrize("how", BAD_SIGNATURES)
def test_a_bad_signature_is_400_and_nothing_is_read(fake, stack, db, buyer, how):
    payment, _ = create(buyer)
    intent = fake.pay(fake.of_payment(payment["_id"]))
    for body in (payload("payment_intent.succeeded", intent), b"not JSON", b"", b'{"a":1,"a":2}'):
        signature = BAD_SIGNATURES[how](body)
        headers = {} if signature is None else {"Stripe-Signature": signature}
        refused = stack.api.post("/payments/webhook", content=body, headers=headers)
        assert_error(refused, 400, "bad_signature")
    assert stored(db, payment)["status"] == "pending"


@promise("7 POST /webhook", "A signature is taken for 300 s")
@pytest.mark.parametrize("seconds", [-290, 290])
def test_a_signature_lasts_five_minutes_either_way(stack, seconds):
    body = b'{"type":"ping"}'
    headers = {"Stripe-Signature": signed(body, at=int(time.time()) + seconds)}
    ok(stack.api.post("/payments/webhook", content=body, headers=headers))


def test_one_good_signature_of_several_is_enough(stack):
    """Stripe signs with both secrets while one is being replaced."""
    body = b'{"type":"ping"}'
    good = signed(body)
    other = signed(body, "whsec_old", at=int(good[2:].split(",")[0])).split(",")[1]
    for signature in (good.replace(",", f",{other},"), f"{good},{other},v0=00"):
        headers = {"Stripe-Signature": signature}
        ok(stack.api.post("/payments/webhook", content=body, headers=headers))


@pytest.mark.parametrize("body", [b"not JSON", b"[]", b"\xff", b""])
def test_a_signed_body_that_is_no_event_is_400(stack, body):
    text = body.decode("latin1").encode("utf-8") if body == b"\xff" else body
    headers = {"Stripe-Signature": signed(text)}
    refused = stack.api.post("/payments/webhook", content=text, headers=headers)
    assert_error(refused, 400, "invalid_json")


@pytest.mark.parametrize("body", [b"{}", b'{"type":1}', b'{"type":["charge.refunded"]}'])
def test_an_event_of_no_readable_type_is_received(stack, body):
    headers = {"Stripe-Signature": signed(body)}
    answer = stack.api.post("/payments/webhook", content=body, headers=headers)
    assert ok(answer) == {"received": True}


# --- strange JSON ---


def strange(body, how):
    """The same event with something in it that strict JSON refuses."""
    text = json.dumps(body)
    inside = '"data": {"object": {'
    assert inside in text
    junk = {
        "a lone surrogate": r'"name": "\ud83d"',
        "NUL": r'"name": "a\u0000b"',
        "a control character": '"name": "a\x01b"',
        "beyond every number": '"weight": 1e400, "other": -1e400',
        "beyond 64 bits": '"weight": 123456789012345678901234567890',
        "a name twice": '"name": 1, "name": 2',
        "a name twice, deep": '"name": {"a": 1, "a": {"b": 2, "b": 3}}',
        "deep nesting": '"deep": ' + "[" * 20000 + "]" * 20000,
        "deep objects": '"deep": ' + '{"a":' * 20000 + "1" + "}" * 20000,
        "very many values": '"many": [' + ",".join("1" * 20001) + "]",
        "a lone surrogate as a name": r'"\udc00": 1',
        "no name at all": '"": {"": ""}',
        "odd words": '"a": NaN, "b": -Infinity, "c": undefined',
        "odd numbers": '"a": 01, "b": +1, "c": .5, "d": 0x1F',
        "odd escapes": r'"a": "\q\x41", "b": "\\"',
        "brackets in texts": r'"a": "}]\"}]", "b": ["]", "}"]',
    }
    if how in junk:
        text = text.replace(inside, f"{inside}{junk[how]}, ", 1)
        text = text.replace("{", "{" + junk[how] + ", ", 1)
    content = text.encode()
    return {
        "bad UTF-8": content.replace(b'"object": "event"', b'"object": "\xff\xc3(\xed\xa0\x80"'),
        "a byte order mark": b"\xef\xbb\xbf" + content,
        "blanks around": b" \r\n\t" + content + b"\n\n",
        "escaped names": content.replace(b'"type"', rb'"\u0074ype"').replace(
            b'"data"', rb'"dat\u0061"'
        ),
    }.get(how, content)


STRANGE = [
    "a lone surrogate",
    "NUL",
    "a control character",
    "beyond every number",
    "beyond 64 bits",
    "a name twice",
    "a name twice, deep",
    "deep nesting",
    "deep objects",
    "very many values",
    "a lone surrogate as a name",
    "no name at all",
    "odd words",
    "odd numbers",
    "odd escapes",
    "brackets in texts",
    "bad UTF-8",
    "a byte order mark",
    "blanks around",
    "escaped names",
]


def post_signed(stack, content):
    mac = signed(content)
    headers = {"Stripe-Signature": mac, "Content-Type": "application/json"}
    return stack.api.post("/payments/webhook", content=content, headers=headers)


@promise(
    "7 POST /webhook",
    "Every verified event is acted upon, whatever else is in it and however strange its JSON",
)
@pytest.mark.parametrize("how", STRANGE)
def test_an_event_is_acted_upon_however_strange_its_json(fake, stack, buyer, how):
    payment, _ = create(buyer)
    intent = fake.pay(fake.of_payment(payment["_id"]))
    content = strange(event("payment_intent.succeeded", intent), how)
    for _ in range(2):
        assert ok(post_signed(stack, content)) == {"received": True}
    assert_credited(stack, buyer)


@promise(
    "7 POST /webhook",
    "Every verified event is acted upon, whatever else is in it and however strange its JSON",
)
@pytest.mark.parametrize("how", STRANGE)
def test_an_event_of_another_type_is_received_however_strange_its_json(stack, how):
    content = strange(event("customer.updated", {"id": "cus_1"}), how)
    with alerted(stack, 0):
        assert ok(post_signed(stack, content)) == {"received": True}


@promise("7 POST /webhook", "A verified event of which what it needs cannot be read is an alert")
@pytest.mark.parametrize(
    "field, value",
    [
        ("amount_received", "1e400"),
        ("amount_received", "1000.5"),
        ("amount_received", "[1000]"),
        ("currency", r'"us\ud800d"'),
        ("currency", r'"usd\u0000"'),
        ("id", r'"pi_\u0000"'),
        ("id", "7"),
        ("metadata", "[]"),
        ("metadata", r'{"paymentId": "\ud800"}'),
        ("metadata", '{"paymentId": 1e400}'),
    ],
)
def test_an_event_whose_needed_fields_cannot_be_read_is_received_with_an_alert(
    fake, stack, db, buyer, field, value
):
    payment, _ = create(buyer)
    intent = fake.pay(fake.of_payment(payment["_id"]))
    text = json.dumps(event("payment_intent.succeeded", {**intent, field: "HERE"}))
    with alerted(stack):
        answer = post_signed(stack, text.replace('"HERE"', value).encode())
    assert ok(answer) == {"received": True}
    assert stored(db, payment)["status"] == "pending" and coins(db, buyer) == 0


@promise(
    "7 POST /webhook",
    "Every verified event is acted upon, whatever else is in it and however strange its JSON",
)
def test_money_goes_back_however_strange_its_json(fake, stack, db, buyer):
    _, intent = bought(fake, stack, buyer)
    for how in STRANGE:
        content = strange(event("charge.refunded", charge(intent, 500)), how)
        assert ok(post_signed(stack, content)) == {"received": True}
    assert coins(db, buyer) == 75


@pytest.mark.parametrize("cut", [1, 2, 30])
def test_half_an_event_is_400(fake, stack, buyer, cut):
    payment, _ = create(buyer)
    content = json.dumps(
        event("payment_intent.succeeded", fake.pay(fake.of_payment(payment["_id"])))
    ).encode()
    assert_error(post_signed(stack, content[:-cut]), 400, "invalid_json")


def test_a_webhook_is_told_again_when_the_database_was_away(fake, stack, buyer):
    payment, _ = create(buyer)
    intent = fake.pay(fake.of_payment(payment["_id"]))
    stack.fail_point("failCommand", "alwaysOn", failCommands=["find"], errorCode=50)
    try:
        assert_error(succeeded(stack, intent), 503, "unavailable")
    finally:
        stack.fail_point("failCommand", "off")
    ok(succeeded(stack, intent))
    assert_credited(stack, buyer)


# --- races ---


def webhook_call(intent):
    body = event("payment_intent.succeeded", intent)
    headers = {"Stripe-Signature": signed(json.dumps(body).encode())}
    return Call("POST", "/payments/webhook", None, body, headers)


def confirm_call(buyer, payment, transaction):
    body = {"transactionId": transaction}
    return Call("PUT", f"/payments/confirm/{payment['_id']}", buyer.token, body)


@promise("7 POST /webhook", "succeeded credits once")
def test_the_same_event_many_times_at_once_credits_once(fake, stack, buyer):
    payment, _ = create(buyer)
    call = webhook_call(fake.pay(fake.of_payment(payment["_id"])))
    with alerted(stack, 0):
        assert outcomes(at_once(stack, [call] * CLIENTS)) == {200: CLIENTS}
    assert_credited(stack, buyer)


@promise("7 POST /webhook", "succeeded credits once")
def test_confirming_and_the_event_at_once_credit_once(fake, stack, buyer):
    payment, _ = create(buyer)
    intent = fake.pay(fake.of_payment(payment["_id"]))
    calls = [confirm_call(buyer, payment, intent["id"]), webhook_call(intent)] * (CLIENTS // 2)
    with alerted(stack, 0):
        answers = at_once(stack, calls)
    assert outcomes(answers) == {200: CLIENTS}
    assert {a.body.get("newBalance", 150) for a in answers} == {150}
    assert_credited(stack, buyer)


@promise("7 POST /webhook", "payment_failed marks failed (a later success still completes)")
def test_failure_and_success_at_once_end_completed(fake, stack, db, buyer):
    payment, _ = create(buyer)
    intent = fake.pay(fake.of_payment(payment["_id"]))
    good = webhook_call(intent)
    body = event("payment_intent.payment_failed", intent)
    headers = {"Stripe-Signature": signed(json.dumps(body).encode())}
    bad = Call("POST", "/payments/webhook", None, body, headers)
    answers = at_once(stack, [bad, good] * (CLIENTS // 2))
    assert outcomes(answers) == {200: CLIENTS}
    assert stored(db, payment)["status"] == "completed"
    assert_credited(stack, buyer)


@promise("7 POST /purchase-coins", "With stripe: the card is charged")
def test_a_key_used_by_many_at_once_charges_once(fake, stack, buyer):
    body = {"coins": 150, "amount": 10, "paymentMethodId": fake.card()}
    headers = {"Idempotency-Key": unique("key-")}
    call = Call("POST", "/payments/purchase-coins", buyer.token, body, headers)
    answers = at_once(stack, [call] * CLIENTS)
    assert set(outcomes(answers)) <= {200, "in_progress"}
    assert fake.charged(buyer) == 1
    assert_credited(stack, buyer)


# --- crashes, and what heals them ---


def kill_between_charge_and_credit(fake, stack, buyer, key=None):
    """The card is charged, the answer is held, and the workers are killed. Returns what the caller is answered."""
    card = fake.card("visa", "hold")
    fake.holding.clear()
    fake.released.clear()
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(purchase, buyer, card, key=key)
        try:
            assert fake.holding.wait(60)
            stack.kill_workers()
        finally:
            fake.released.set()
        return call.result()


def crash_between_charge_and_credit(fake, stack, buyer):
    assert kill_between_charge_and_credit(fake, stack, buyer).status_code >= 500
    [payment] = of(stack.db, buyer)
    assert payment["status"] == "pending" and coins(stack.db, buyer) == 0
    assert fake.charged(buyer) == 1
    return {"_id": str(payment["_id"])}


@promise(
    "7 Fields, and how coins are credited",
    "Then coins are credited, whatever crashes in between",
)
def test_a_crash_after_the_charge_is_healed_by_the_event(fake, stack, buyer):
    payment = crash_between_charge_and_credit(fake, stack, buyer)
    ok(succeeded(stack, fake.of_payment(payment["_id"])))
    assert_credited(stack, buyer)


@promise(
    "7 Fields, and how coins are credited",
    "Then coins are credited, whatever crashes in between",
)
def test_a_crash_after_the_charge_is_healed_by_confirming(fake, stack, buyer):
    payment = crash_between_charge_and_credit(fake, stack, buyer)
    ok(confirm(buyer, payment, fake.of_payment(payment["_id"])["id"]))
    assert_credited(stack, buyer)


@promise(
    "7 Fields, and how coins are credited",
    "Then coins are credited, whatever crashes in between",
)
def test_a_crash_after_the_charge_is_healed_by_the_sweep(fake, stack, db, buyer, sweep):
    payment = crash_between_charge_and_credit(fake, stack, buyer)
    sweep()
    assert stored(db, payment)["status"] == "pending", "its call might still be running"
    make_due(db, payment)
    sweep()
    eventually(lambda: stored(db, payment)["status"] == "completed")
    assert_credited(stack, buyer)
    assert "check_at" not in stored(db, payment)
    ok(succeeded(stack, fake.of_payment(payment["_id"])))
    assert_credited(stack, buyer)


def test_a_dead_callers_key_finds_the_payment_and_charges_nothing_again(fake, stack, db, buyer):
    """Another worker takes the key over, while the caller waits."""
    answer = ok(kill_between_charge_and_credit(fake, stack, buyer, unique("key-")))
    [payment] = of(db, buyer)
    assert answer["paymentId"] == str(payment["_id"])
    assert fake.charged(buyer) == 1
    assert_credited(stack, buyer)


@promise(
    "7 Fields, and how coins are credited",
    "Then coins are credited, whatever crashes in between",
)
def test_all_healers_at_once_credit_once(fake, stack, db, buyer, sweep):
    payment = crash_between_charge_and_credit(fake, stack, buyer)
    intent = fake.of_payment(payment["_id"])
    make_due(db, payment)
    with ThreadPoolExecutor(4) as pool:
        sweeps = [pool.submit(sweep) for _ in range(3)]
        calls = [confirm_call(buyer, payment, intent["id"]), webhook_call(intent)] * 20
        assert outcomes(at_once(stack, calls)) == {200: 40}
        for done in sweeps:
            done.result()
    assert_credited(stack, buyer)


# --- the sweep ---


def test_the_sweep_heals_an_event_that_never_came(fake, stack, db, buyer, sweep):
    """Also after a first card had failed."""
    payment, _ = create(buyer)
    intent = fake.of_payment(payment["_id"])
    ok(tell(stack, "payment_intent.payment_failed", intent))
    fake.pay(intent)
    make_due(db, payment)
    sweep()
    eventually(lambda: stored(db, payment)["status"] == "completed")
    assert_credited(stack, buyer)


@promise("2 The books", "What the service does by itself moves no coins of such a record either")
def test_payments_without_the_mark_keep_the_sweep_from_no_other(fake, stack, db, buyer, sweep):
    """More of them than it looks up in a run, and due before."""
    payment, _ = create(buyer)
    fake.pay(fake.of_payment(payment["_id"]))
    make_due(db, payment)
    copy = {**stored(db, payment), "check_at": datetime.datetime(2020, 1, 1)}
    del copy["adopted"]
    old = [{**copy, "_id": ObjectId(), "intent_id": unique("pi_")} for _ in range(30)]
    db.payments.insert_many(old)
    try:
        sweep()
        eventually(lambda: stored(db, payment)["status"] == "completed")
    finally:
        db.payments.delete_many({"_id": {"$in": [one["_id"] for one in old]}})
    assert_credited(stack, buyer)


def test_the_sweep_fails_what_was_canceled(fake, stack, db, buyer, sweep):
    payment, _ = create(buyer)
    fake.intents[fake.of_payment(payment["_id"])["id"]]["status"] = "canceled"
    make_due(db, payment)
    sweep()
    eventually(lambda: stored(db, payment)["status"] == "failed")
    assert coins(db, buyer) == 0


def test_the_sweep_credits_no_other_amount(fake, stack, db, buyer, sweep):
    payment, _ = create(buyer)
    intent = fake.of_payment(payment["_id"])
    fake.intents[intent["id"]]["amount"] = 1
    fake.pay(intent)
    make_due(db, payment)
    sweep()
    assert stored(db, payment)["status"] == "pending" and coins(db, buyer) == 0


def test_the_sweep_asks_ever_more_rarely_and_gives_up_after_a_week(fake, db, buyer, sweep):
    payment, _ = create(buyer)
    intent = fake.of_payment(payment["_id"])

    def looks():
        return [path for _, path, _ in fake.asked].count(f"/v1/payment_intents/{intent['id']}")

    waits = []
    for age in ({"minutes": 6}, {"hours": 2}, {"days": 3}):
        make_due(db, payment, **age)
        before = looks()
        sweep()
        sweep()
        eventually(lambda: looks() == before + 1)
        waits.append(stored(db, payment)["check_at"] - now())
    assert datetime.timedelta(minutes=4) < waits[0] < datetime.timedelta(minutes=7)
    assert datetime.timedelta(hours=1) < waits[1] < datetime.timedelta(hours=3)
    assert datetime.timedelta(hours=20) < waits[2] <= datetime.timedelta(hours=24)
    make_due(db, payment, days=8)
    sweep()
    eventually(lambda: "check_at" not in stored(db, payment))
    assert stored(db, payment)["status"] == "pending"


def test_the_sweep_does_not_wait_for_a_stripe_that_is_away(fake, stack, db, buyer, settings):
    """It ends with the first that is not answered; deadlines come before."""
    for _ in range(5):
        make_due(db, create(buyer)[0])
    with stack.sweep_paused():
        fake.down, asked = True, len(fake.asked)
        try:
            done = stack.ctl("sweep", env=settings)
        finally:
            fake.down = False
    assert done.returncode == 1 and len(done.stderr.strip().splitlines()) >= 1
    assert len(fake.asked) - asked <= 2, "two tries"


def test_the_sweep_never_charges(fake, stack, db, buyer, sweep):
    """A payment that Stripe never heard of stays as it is."""
    card = fake.card("visa", "lost", "lost")
    assert_error(purchase(buyer, card), 503, "unavailable")
    [payment] = of(db, buyer)
    make_due(db, {"_id": payment["_id"]})
    sweep()
    assert fake.charged(buyer) == 0
    assert [payment["status"] for payment in of(db, buyer)] == ["pending"]
    assert coins(db, buyer) == 0
