"""A stack of its own whose provider is stripe, and what tests do with it. A test module takes the
fixtures by importing them.
"""

import datetime
import json

import pytest
from bson import ObjectId

from client import now, ok
from conftest import own_stack
from fake_stripe import FakeStripe, charge, dispute, event, signed
from market import coins, told


@pytest.fixture(scope="module")
def fake():
    with FakeStripe() as fake:
        yield fake


@pytest.fixture(scope="module")
def settings(fake):
    return {**fake.settings(), "COIN_PACKAGES_EXTRA": "50:5,19:19.99"}


@pytest.fixture(scope="module")
def stack(settings):
    with own_stack("--no-demo", env=settings) as stack:
        yield stack


@pytest.fixture(scope="module")
def db(stack):
    return stack.db


@pytest.fixture(autouse=True)
def promises(fake, books):
    """What holds after each test: balanced books, and Stripe had nothing to complain about."""
    yield
    assert fake.complaints == []


@pytest.fixture
def buyer(new_buyer):
    return new_buyer(0)


@pytest.fixture
def sweep(stack, settings):
    """sweep() runs one. The stack's own may be at the same payment just then, so what came of it
    is waited for.
    """

    def run(**env):
        done = stack.ctl("sweep", env={**settings, **env})
        assert done.returncode == 0, done.stderr

    return run


def create(buyer, package=150):
    answer = ok(buyer.api.post("/payments/create-payment", json={"coins": package}), 201)
    return answer["payment"], answer["clientSecret"]


def purchase(buyer, card, package=150, price=10, key=None, **more):
    body = {"coins": package, "amount": price, "paymentMethodId": card}
    headers = {"Idempotency-Key": key} if key else {}
    return buyer.api.post("/payments/purchase-coins", json=body, headers=headers, **more)


def confirm(buyer, payment, transaction):
    body = {"transactionId": transaction}
    return buyer.api.put(f"/payments/confirm/{payment['_id']}", json=body)


def payload(kind, intent):
    return json.dumps(event(kind, intent)).encode()


def tell(stack, kind, intent, **changes):
    """Stripe tells the service; the answer."""
    body = payload(kind, {**intent, **changes})
    return stack.api.post(
        "/payments/webhook",
        content=body,
        headers={"Stripe-Signature": signed(body), "Content-Type": "application/json"},
    )


def succeeded(stack, intent, **changes):
    changes.setdefault("status", "succeeded")
    return tell(stack, "payment_intent.succeeded", intent, **changes)


def bought(fake, stack, buyer, package=150):
    """A payment that is completed: it, and its intent."""
    payment, _ = create(buyer, package)
    intent = fake.pay(fake.of_payment(payment["_id"]))
    ok(succeeded(stack, intent))
    return payment, intent


def refunded(stack, intent, cents):
    return tell(stack, "charge.refunded", charge(intent, cents))


def disputed(stack, intent, cents=None, **more):
    return tell(stack, "charge.dispute.created", dispute(intent, cents=cents, **more))


def closed(stack, intent, verdict, cents=None, **more):
    return tell(stack, "charge.dispute.closed", dispute(intent, verdict, cents, **more))


def stored(db, payment):
    return db.payments.find_one({"_id": ObjectId(payment["_id"])})


def of(db, buyer):
    return list(db.payments.find({"buyer_id": ObjectId(buyer.id)}).sort("_id", 1))


def purchases(db, buyer):
    return db.ledger.count_documents({"user": ObjectId(buyer.id), "kind": "purchase"})


def alerts(stack):
    return [line for line in stack.worker_log().splitlines() if '"ALERT: ' in line]


class alerted:
    """The block must cause this many alerts in the log, each an error line."""

    def __init__(self, stack, count=1):
        self.stack, self.count = stack, count

    def __enter__(self):
        self.before = len(alerts(self.stack))

    def __exit__(self, kind, *_):
        if kind is None:
            new = alerts(self.stack)[self.before :]
            assert len(new) == self.count, new
            assert all('"level":"error"' in line for line in new)


def assert_credited(stack, buyer, total=150, times=1):
    assert coins(stack.db, buyer) == total
    assert purchases(stack.db, buyer) == times
    assert len([n for n in told(stack.db, buyer) if n["type"] == "payment"]) == times


def make_due(db, payment, **age):
    """As if it had been opened so long ago."""
    then = now() - datetime.timedelta(**(age or {"minutes": 6}))
    db.payments.update_one(
        {"_id": ObjectId(payment["_id"])}, {"$set": {"createdAt": then, "check_at": now()}}
    )
