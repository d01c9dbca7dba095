"""Contract, section 7, as far as no provider that takes money is needed: packages, and payments
with the provider dummy, which is what a development stack has.
"""

import json
import re

import pytest
from bson import Int64, ObjectId

from client import UNKNOWN_ID, assert_error, eventually, faults, now, ok, unique
from conftest import own_stack
from market import coins, told
from promises import promise
from wire import Call, at_once, outcomes

PACKAGES = [(10, 1), (150, 10), (500, 20), (1000, 35)]
PAYMENT_FIELDS = {
    "_id",
    "buyer_id",
    "buyer_email",
    "buyer_name",
    "coin_amount",
    "price",
    "coins",
    "amount",
    "currency",
    "payment_method",
    "transaction_id",
    "status",
    "payment_date",
    "createdAt",
    "updatedAt",
}


@pytest.fixture(autouse=True)
def balanced(books):
    """Coins move in every test here."""


@pytest.fixture
def buyer(new_buyer):
    return new_buyer(0)


def create(buyer, coins=150, **headers):
    answer = buyer.api.post("/payments/create-payment", json={"coins": coins}, headers=headers)
    return ok(answer, 201)["payment"]


def confirm(user, payment, transaction, **headers):
    body = {"transactionId": transaction}
    return user.api.put(f"/payments/confirm/{payment['_id']}", json=body, headers=headers)


def stored(db, payment):
    return db.payments.find_one({"_id": ObjectId(payment["_id"])})


def purchases(db, buyer):
    """The journal's rows of what a buyer bought."""
    return list(db.ledger.find({"user": ObjectId(buyer.id), "kind": "purchase"}))


# --- packages ---


@promise("2 Prices", "Coin packages 10 → $1, 150 → $10, 500 → $20, 1000 → $35")
@promise(
    "7 GET /packages, POST /create-payment",
    "GET /packages, public: a plain array [{coins, price}]",
)
def test_packages_are_a_plain_array_for_everybody(api):
    answer = api.get("/payments/packages")
    assert ok(answer) == [{"coins": coins, "price": price} for coins, price in PACKAGES]
    assert answer.headers["etag"]


@promise(
    "2 The books",
    "A start-up warning names each package that can be withdrawn for more than it costs",
)
def test_each_start_warns_of_packages_that_pay_out_more_than_they_cost(stack):
    """The known hole: 20 coins are withdrawn as $1."""
    warned = [
        json.loads(line)["message"]
        for line in stack.worker_log().splitlines()
        if "COIN_PACKAGES" in line and '"level":"warn"' in line
    ]
    assert {tuple(re.findall(r"\$?[\d.]+", line)) for line in warned} == {
        ("500", "$20", "$25"),
        ("1000", "$35", "$50"),
    }


# --- create and confirm ---


@promise(
    "1 Validation",
    "A client can never set role, coins, status, owner or dates of record through a body",
)
@promise("7 Providers", "PAYMENTS_PROVIDER `dummy`, the default in development")
@promise("7 GET /packages, POST /create-payment", '→ 201 {message, payment{…, status:"pending"}}')
@promise(
    "7 Fields, and how coins are credited",
    "_id, buyer_id, buyer_email, buyer_name, coin_amount, price, currency, payment_method, transaction_id, "
    "status, payment_date, createdAt, updatedAt",
    "coin_amount and price also under their older names `coins`, `amount`",
)
def test_a_payment_is_pending_until_it_is_confirmed(db, buyer):
    forged = {"status": "completed", "price": 0.01, "coin_amount": 9999, "buyer_id": UNKNOWN_ID}
    forged |= {"transaction_id": "txn", "payment_method": "gift", "currency": "jpy"}
    body = {**forged, "coins": 150}
    answer = ok(buyer.api.post("/payments/create-payment", json=body), 201)
    payment = answer["payment"]
    assert answer["message"] and "clientSecret" not in answer
    assert set(payment) == PAYMENT_FIELDS
    assert payment["status"] == "pending"
    assert payment["coin_amount"] == payment["coins"] == 150
    assert payment["price"] == payment["amount"] == 10
    assert (payment["currency"], payment["payment_method"]) == ("usd", "dummy")
    assert (payment["buyer_id"], payment["buyer_email"]) == (buyer.id, buyer.email)
    assert payment["transaction_id"] is None
    assert buyer.coins() == 0 and purchases(db, buyer) == [] and told(db, buyer) == []


@promise("7 PUT /confirm/:paymentId", "{transactionId 1..255} → {message, payment, newBalance}")
@promise(
    "7 Fields, and how coins are credited",
    "_id, buyer_id, buyer_email, buyer_name, coin_amount, price, currency, payment_method, transaction_id, "
    "status, payment_date, createdAt, updatedAt",
    "status is pending|completed|failed",
)
@promise(
    "8 What is told, to whom",
    "To the buyer: payment completed",
    "actionRoute of a buyer: `/dashboard/buyer/{home,my-tasks,review,payment-history}`",
    "Icons by words in the message: Payment",
)
@promise("8 The calls", "type is approval|rejection|withdrawal|submission|task|payment")
def test_confirming_gives_the_coins_and_tells_the_buyer(db, buyer):
    payment, transaction = create(buyer), unique("txn-")
    answer = ok(confirm(buyer, payment, transaction))
    assert answer["message"] and answer["newBalance"] == 150 == buyer.coins()
    assert answer["payment"]["status"] == "completed"
    assert answer["payment"]["transaction_id"] == transaction
    assert set(answer["payment"]) == PAYMENT_FIELDS
    [row] = purchases(db, buyer)
    assert (row["_id"], row["from"], row["to"], row["coins"]) == (
        f"purchase:{payment['_id']}",
        "sales",
        f"user:{buyer.id}",
        150,
    )
    [notification] = told(db, buyer)
    assert (notification["type"], notification["actionRoute"]) == (
        "payment",
        "/dashboard/buyer/payment-history",
    )
    assert "Payment" in notification["message"] and "150" in notification["message"]


@promise(
    "10 Collections",
    "`users`, `tasks`, `submissions`, `withdrawals`, `payments`, `notifications` have the fields above, "
    "loadable by a Mongoose app with those schemas",
)
def test_what_is_kept_is_what_a_mongoose_app_reads(db, buyer):
    """Coins are int64, money a double, ids ObjectIds."""
    payment = create(buyer)
    ok(confirm(buyer, payment, unique("txn-")))
    kept = stored(db, payment)
    assert type(kept["coin_amount"]) is Int64 and type(kept["price"]) is float
    assert kept["buyer_id"] == ObjectId(buyer.id)
    assert kept["payment_date"] >= kept["createdAt"]


@promise("7 PUT /confirm/:paymentId", "Same transaction again: the same answer, no coins again")
def test_the_same_transaction_again_gets_the_same_answer_and_no_coins(db, buyer):
    payment, transaction = create(buyer), unique("txn-")
    first = ok(confirm(buyer, payment, transaction))
    for again in (transaction, f" {transaction} "):  # texts are trimmed
        assert ok(confirm(buyer, payment, again)) == first
    assert len(purchases(db, buyer)) == len(told(db, buyer)) == 1


@promise("1 Errors", "409: conflict")
@promise("7 PUT /confirm/:paymentId", "409: completed with another")
def test_a_completed_payment_takes_no_other_transaction(db, buyer):
    payment, transaction = create(buyer), unique("txn-")
    ok(confirm(buyer, payment, transaction))
    assert_error(confirm(buyer, payment, unique("txn-")), 409, "conflict")
    assert stored(db, payment)["transaction_id"] == transaction
    assert buyer.coins() == 150


@promise("7 PUT /confirm/:paymentId", "409: a transaction used elsewhere")
def test_a_transaction_pays_one_payment_only(db, buyer, new_buyer):
    transaction, other = unique("txn-"), new_buyer(0)
    ok(confirm(buyer, create(buyer), transaction))
    for who in (buyer, other):
        payment = create(who)
        assert_error(confirm(who, payment, transaction), 409, "conflict")
        assert stored(db, payment)["status"] == "pending"
        ok(confirm(who, payment, unique("txn-")))
    assert (buyer.coins(), other.coins()) == (300, 150)


@promise("7 PUT /confirm/:paymentId", "409: failed")
def test_a_failed_payment_is_not_confirmed(db, buyer):
    payment = create(buyer)
    db.payments.update_one({"_id": ObjectId(payment["_id"])}, {"$set": {"status": "failed"}})
    assert_error(confirm(buyer, payment, unique("txn-")), 409, "conflict")
    assert buyer.coins() == 0


@promise("7 PUT /confirm/:paymentId", "For its buyer")
def test_only_its_buyer_confirms_a_payment(buyer, new_buyer, worker, admin, api):
    payment = create(buyer)
    for other in (new_buyer(0), worker, admin):
        assert_error(confirm(other, payment, unique("txn-")), 403, "not_owner")
    missing, malformed = {"_id": UNKNOWN_ID}, {"_id": "42"}
    assert_error(confirm(buyer, missing, "txn"), 404, "not_found")
    assert_error(confirm(buyer, malformed, "txn"), 400, "invalid_id")
    assert buyer.coins() == 0


@promise("7 PUT /confirm/:paymentId", "For its buyer")
def test_a_buyer_whose_role_has_changed_still_gets_what_was_paid_for(db, buyer, admin):
    payment = create(buyer)
    ok(admin.api.put(f"/admin/users/{buyer.id}/role", json={"role": "worker"}))
    assert ok(confirm(buyer, payment, unique("txn-")))["newBalance"] == 150


@promise("7 PUT /confirm/:paymentId", "{transactionId 1..255} → {message, payment, newBalance}")
@pytest.mark.parametrize("bad", ["", " ", "x" * 256, None, 7, {"$ne": ""}, ["txn"]])
def test_a_transaction_id_is_1_to_255_characters(buyer, bad):
    payment = create(buyer)
    refused = confirm(buyer, payment, bad)
    assert_error(refused, 400, "invalid_input")
    assert set(faults(refused)) == {"transactionId"}
    ok(confirm(buyer, payment, unique("x").ljust(255, "x")))


BAD_COINS = [
    (11, "not_a_package"),
    (0, "not_a_package"),
    (-10, "not_a_package"),
    (10**15, "not_a_package"),
    ("15", "not_a_package"),
    (10.5, "whole_coins_required"),
    ("10.5", "whole_coins_required"),
    ("ten", "invalid_input"),
    (None, "invalid_input"),
    (True, "invalid_input"),
    ({"$gt": 0}, "invalid_input"),
]


@promise(
    "7 GET /packages, POST /create-payment",
    "POST /create-payment, for buyers: {coins: a package}",
)
@promise(
    "7 POST /dummy-payment",
    "For buyers: {coins: a package} → 201 {message, payment, newBalance}",
)
@pytest.mark.parametrize("path", ["create-payment", "dummy-payment"])
@pytest.mark.parametrize("bad, code", BAD_COINS)
def test_only_packages_are_sold(db, buyer, path, bad, code):
    assert_error(buyer.api.post(f"/payments/{path}", json={"coins": bad}), 400, code)
    assert db.payments.count_documents({"buyer_id": ObjectId(buyer.id)}) == 0


@promise(
    "7 GET /packages, POST /create-payment",
    "POST /create-payment, for buyers: {coins: a package}",
)
def test_coins_may_come_as_text_as_forms_send_them(buyer):
    for good in ("150", " 150 ", 150.0, "150.0"):
        assert create(buyer, good)["coins"] == 150


# --- dummy-payment ---


@promise("2 Prices", "Coin packages 10 → $1, 150 → $10, 500 → $20, 1000 → $35")
@promise(
    "7 POST /dummy-payment",
    "For buyers: {coins: a package} → 201 {message, payment, newBalance}",
)
@pytest.mark.parametrize("package, price", PACKAGES)
def test_a_dummy_payment_is_completed_at_once(db, buyer, package, price):
    answer = ok(buyer.api.post("/payments/dummy-payment", json={"coins": package}), 201)
    assert answer["message"] and answer["newBalance"] == package == buyer.coins()
    assert set(answer["payment"]) == PAYMENT_FIELDS
    assert (answer["payment"]["status"], answer["payment"]["price"]) == ("completed", price)
    assert answer["payment"]["transaction_id"]
    assert len(purchases(db, buyer)) == len(told(db, buyer)) == 1


def test_dummy_payments_add_up(db, buyer):
    for total in (10, 20, 30):
        answer = ok(buyer.api.post("/payments/dummy-payment", json={"coins": 10}), 201)
        assert answer["newBalance"] == total
    assert len({row["_id"] for row in purchases(db, buyer)}) == 3


# --- purchase-coins ---


@promise(
    "7 POST /purchase-coins",
    "For buyers: {coins, amount, paymentMethodId?}: a package",
    "→ {success:true, paymentId, coinsAdded, newBalance, message}",
)
def test_coins_are_purchased_at_the_price_of_their_package(db, buyer):
    body = {"coins": 150, "amount": 10, "paymentMethodId": "pm_whatever"}
    answer = ok(buyer.api.post("/payments/purchase-coins", json=body))
    assert set(answer) == {"success", "paymentId", "coinsAdded", "newBalance", "message"}
    assert answer["success"] is True
    assert (answer["coinsAdded"], answer["newBalance"]) == (150, 150)
    [listed] = ok(buyer.api.get("/payments/history"))["payments"]
    assert (listed["_id"], listed["status"]) == (answer["paymentId"], "completed")
    assert len(purchases(db, buyer)) == 1


@promise(
    "1 Requests",
    "A number field also takes a plain decimal string (digits, optional minus and fraction, trimmed)",
)
@promise("7 POST /purchase-coins", "For buyers: {coins, amount, paymentMethodId?}: a package")
@pytest.mark.parametrize("amount", [10, "10", 10.0, "10.00", " 10 "])
def test_amounts_are_read_as_forms_send_them(buyer, amount):
    body = {"coins": "150", "amount": amount, "paymentMethodId": ""}
    assert ok(buyer.api.post("/payments/purchase-coins", json=body))["coinsAdded"] == 150


@promise(
    "7 POST /purchase-coins",
    "For buyers: {coins, amount, paymentMethodId?}: a package",
    "`COIN_PACKAGES_EXTRA` has none by default",
)
@pytest.mark.parametrize(
    "body, code",
    [
        ({"coins": 150, "amount": 9.99}, "not_a_package"),
        ({"coins": 150, "amount": 1}, "not_a_package"),
        ({"coins": 150, "amount": 0}, "not_a_package"),
        ({"coins": 150, "amount": -10}, "not_a_package"),
        ({"coins": 50, "amount": 5}, "not_a_package"),
        ({"coins": 151, "amount": 10}, "not_a_package"),
        ({"coins": 150, "amount": 10.001}, "invalid_input"),
        ({"coins": 150}, "invalid_input"),
        ({"amount": 10}, "invalid_input"),
        ({}, "invalid_input"),
        ({"coins": 150, "amount": 10, "paymentMethodId": {"$ne": 1}}, "invalid_input"),
        ({"coins": 1.5, "amount": 10}, "whole_coins_required"),
    ],
)
def test_nothing_is_sold_below_its_price(db, buyer, body, code):
    assert_error(buyer.api.post("/payments/purchase-coins", json=body), 400, code)
    assert db.payments.count_documents({"buyer_id": ObjectId(buyer.id)}) == 0


# --- history ---


@promise(
    "7 GET /history",
    "For buyers: {payments, total, pages, totalPages, currentPage, next, totalAmount} newest first",
    "total counts all, totalAmount sums completed",
)
def test_history_lists_the_buyers_own_newest_first(buyer, new_buyer):
    pending, completed = create(buyer, 10), create(buyer, 150)
    ok(confirm(buyer, completed, unique("txn-")))
    dummy = ok(buyer.api.post("/payments/dummy-payment", json={"coins": 1000}), 201)["payment"]
    create(new_buyer(0))
    history = ok(buyer.api.get("/payments/history"))
    assert [payment["_id"] for payment in history["payments"]] == [
        dummy["_id"],
        completed["_id"],
        pending["_id"],
    ]
    assert all(set(payment) == PAYMENT_FIELDS for payment in history["payments"])
    assert history["total"] == 3
    assert history["totalAmount"] == 45, "completed ones alone"
    assert (history["pages"], history["totalPages"], history["currentPage"]) == (1, 1, 1)
    assert history["next"] is None


@promise("7 GET /history", "total counts all, totalAmount sums completed")
def test_history_is_paged_while_its_sum_is_over_all(buyer):
    for _ in range(5):
        ok(buyer.api.post("/payments/dummy-payment", json={"coins": 10}), 201)
    seen, after = [], None
    while True:
        params = {"limit": 2, **({"after": after} if after else {})}
        page = ok(buyer.api.get("/payments/history", params=params))
        assert (page["total"], page["pages"], page["totalPages"]) == (5, 3, 3)
        assert page["totalAmount"] == 5
        seen += [payment["_id"] for payment in page["payments"]]
        after = page["next"]
        if not after:
            break
    assert len(set(seen)) == 5
    assert ok(buyer.api.get("/payments/history", params={"page": 9}))["payments"] == []
    assert_error(buyer.api.get("/payments/history", params={"page": 0}), 400, "invalid_input")


@promise(
    "7 GET /history",
    "For buyers: {payments, total, pages, totalPages, currentPage, next, totalAmount} newest first",
)
def test_an_empty_history(buyer):
    assert ok(buyer.api.get("/payments/history")) == {
        "payments": [],
        "total": 0,
        "pages": 0,
        "totalPages": 0,
        "currentPage": 1,
        "next": None,
        "totalAmount": 0,
    }


@promise(
    "7 Fields, and how coins are credited",
    "coin_amount and price also under their older names `coins`, `amount`",
)
def test_older_records_are_shown_and_summed_whatever_their_numbers_are(db, buyer):
    """Data of the older server: int32, doubles, only the older names, no transaction."""
    owner = {"buyer_id": ObjectId(buyer.id), "buyer_email": buyer.email, "buyer_name": buyer.name}
    db.payments.insert_many(
        [
            {**owner, "coin_amount": 10, "price": 1, "status": "completed", "createdAt": now()},
            {**owner, "coins": 20.0, "amount": 0.1, "status": "completed", "createdAt": now()},
            {**owner, "coin_amount": 30, "price": 0.2, "status": "completed", "createdAt": now()},
            {**owner, "coin_amount": 5, "price": 99.0, "status": "failed", "createdAt": now()},
        ]
    )
    history = ok(buyer.api.get("/payments/history"))
    shown = {
        (p["coin_amount"], p["coins"], p["price"], p["amount"], p["transaction_id"])
        for p in history["payments"]
    }
    assert shown == {
        (10, 10, 1, 1, None),
        (20, 20, 0.1, 0.1, None),
        (30, 30, 0.2, 0.2, None),
        (5, 5, 99, 99, None),
    }
    assert history["totalAmount"] == 1.3
    db.payments.delete_many({"buyer_id": ObjectId(buyer.id)})


@promise("7 POST /webhook", "404 under dummy")
def test_there_is_no_webhook_under_dummy(api):
    """404 for anyone, whatever is sent."""
    for content in (b"", b"{}", b"not JSON"):
        headers = {"Stripe-Signature": "t=1,v1=00"}
        assert_error(api.post("/payments/webhook", content=content), 404, "not_found")
        assert_error(
            api.post("/payments/webhook", content=content, headers=headers), 404, "not_found"
        )


# --- once ---


@promise("1 Idempotency-Key", "Any other answer releases the key, as nothing happened")
def test_a_refused_call_gives_its_key_back(buyer):
    headers = {"Idempotency-Key": unique("key-")}
    path = "/payments/dummy-payment"
    assert_error(buyer.api.post(path, json={"coins": 11}, headers=headers), 400, "not_a_package")
    answer = buyer.api.post(path, json={"coins": 10}, headers=headers)
    assert ok(answer, 201)["newBalance"] == 10 and "idempotent-replayed" not in answer.headers


@promise("7 PUT /confirm/:paymentId", "Same transaction again: the same answer, no coins again")
def test_a_payment_confirmed_many_times_at_once_is_credited_once(stack, db, buyer):
    payment, transaction = create(buyer), unique("txn-")
    call = Call(
        "PUT",
        f"/payments/confirm/{payment['_id']}",
        buyer.token,
        {"transactionId": transaction},
    )
    answers = at_once(stack, [call] * 60)
    assert outcomes(answers) == {200: 60}
    assert {answer.body["newBalance"] for answer in answers} == {150}
    assert coins(db, buyer) == 150
    assert len(purchases(db, buyer)) == len(told(db, buyer)) == 1


@promise("7 PUT /confirm/:paymentId", "409: completed with another")
def test_a_payment_confirmed_at_once_with_many_transactions_takes_one(stack, db, buyer):
    payment = create(buyer)
    calls = [
        Call(
            "PUT",
            f"/payments/confirm/{payment['_id']}",
            buyer.token,
            {"transactionId": unique("txn-")},
        )
        for _ in range(50)
    ]
    answers = at_once(stack, calls)
    assert outcomes(answers) == {200: 1, "conflict": 49}
    [won] = [answer for answer in answers if answer.status == 200]
    assert stored(db, payment)["transaction_id"] == won.call.body["transactionId"]
    assert coins(db, buyer) == 150


@promise("7 PUT /confirm/:paymentId", "409: a transaction used elsewhere")
@promise("10 Collections", "Unique keys: payments.txn_key")
def test_one_transaction_for_many_payments_at_once_pays_one(stack, db, new_buyer):
    buyers = [new_buyer(0) for _ in range(50)]
    transaction = unique("txn-")
    calls = [
        Call(
            "PUT",
            f"/payments/confirm/{create(buyer)['_id']}",
            buyer.token,
            {"transactionId": transaction},
        )
        for buyer in buyers
    ]
    answers = at_once(stack, calls)
    assert outcomes(answers) == {200: 1, "conflict": 49}
    assert sum(coins(db, buyer) for buyer in buyers) == 150
    assert db.payments.count_documents({"transaction_id": transaction}) == 1


@promise("2 The books", "Coins never appear or vanish, however many ask at once")
def test_many_purchases_of_one_buyer_at_once_are_all_credited(stack, db, buyer):
    call = Call("POST", "/payments/dummy-payment", buyer.token, {"coins": 10})
    answers = at_once(stack, [call] * 50)
    assert outcomes(answers) == {201: 50}
    assert sorted(answer.body["newBalance"] for answer in answers) == list(range(10, 501, 10))
    assert coins(db, buyer) == 500


@promise("1 Idempotency-Key", "Of many repeats at once one happens")
def test_a_key_used_by_many_at_once_buys_once(stack, db, buyer):
    headers = {"Idempotency-Key": unique("key-")}
    call = Call("POST", "/payments/dummy-payment", buyer.token, {"coins": 10}, headers)
    answers = at_once(stack, [call] * 50)
    assert set(outcomes(answers)) <= {201, "in_progress"}
    assert coins(db, buyer) == 10
    assert db.payments.count_documents({"buyer_id": ObjectId(buyer.id)}) == 1


# --- faults of the database ---


@pytest.mark.parametrize("commits", [1, 2])
def test_a_key_finds_its_payment_again_after_an_error(stack, db, buyer, commits):
    """The pending row and the crediting are two transactions; whichever fails, the call sent again
    goes on with the same payment.
    """
    headers = {"Idempotency-Key": unique("key-")}
    stack.fail_point(
        "failCommand",
        {"skip": commits - 1},
        failCommands=["commitTransaction"],
        errorCode=251,
        errorLabels=["TransientTransactionError"],
    )
    try:
        answer = buyer.api.post("/payments/dummy-payment", json={"coins": 10}, headers=headers)
    finally:
        stack.fail_point("failCommand", "off")
    assert_error(answer, 503, "unavailable")

    def again():
        repeated = buyer.api.post("/payments/dummy-payment", json={"coins": 10}, headers=headers)
        return repeated.status_code == 201 and repeated.json()

    done = eventually(again, within=90, every=0.2)
    assert done["newBalance"] == coins(db, buyer) == 10
    assert db.payments.count_documents({"buyer_id": ObjectId(buyer.id)}) == 1


# --- without a provider ---


@pytest.fixture(scope="module")
def without_provider():
    """Production, where payments are off until they are set."""
    settings = {
        "MICROTASK_ENV": "production",
        "RATE_LIMIT": "0",
        "COIN_PACKAGES": "19:19.99,7:0.5",
        "COIN_PACKAGES_EXTRA": "70:0.07",
    }
    with own_stack("--no-demo", "--workers", "1", env=settings) as stack:
        yield stack


@promise("2 Prices", "`COIN_PACKAGES` sets them")
@promise("7 Providers", "PAYMENTS_PROVIDER `dummy` in production only when set")
def test_production_takes_no_payments_until_it_is_told_how(without_provider):
    """Every call that needs a provider is 501; packages and history are there."""
    stack = without_provider
    buyer, api = stack.user("buyer", 0), stack.api
    payment = {"_id": UNKNOWN_ID}
    calls = [
        buyer.api.post("/payments/create-payment", json={"coins": 19}),
        buyer.api.post("/payments/dummy-payment", json={"coins": 19}),
        buyer.api.post("/payments/purchase-coins", json={"coins": 19, "amount": 19.99}),
        confirm(buyer, payment, "txn"),
        api.post("/payments/webhook", content=b"{}"),
    ]
    for answer in calls:
        assert_error(answer, 501, "not_configured")
    assert ok(api.get("/payments/packages")) == [
        {"coins": 19, "price": 19.99},
        {"coins": 7, "price": 0.5},
    ]
    assert ok(buyer.api.get("/payments/history"))["total"] == 0
    assert stack.db.payments.count_documents({}) == 0


@promise(
    "2 The books",
    "A start-up warning names each package that can be withdrawn for more than it costs",
)
def test_the_warning_names_packages_of_either_list(without_provider):
    log = without_provider.worker_log()
    warned = {word for word in ("COIN_PACKAGES:", "COIN_PACKAGES_EXTRA:") if word in log}
    assert warned == {"COIN_PACKAGES_EXTRA:"}, log
    assert "70 coins cost $0.07 and can be withdrawn as $3.50" in log
