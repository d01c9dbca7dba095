"""A Stripe that does not answer: those who pay wait for it, a few at a time, and nobody else does."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import assert_error, eventually, ok, unique
from stripe_stack import (  # noqa: F401 fixtures
    buyer,
    create,
    db,
    fake,
    of,
    promises,
    purchase,
    settings,
    stack,
)
from wire import Call, at_once, outcomes

ANSWERED = 15  # nginx gives up then


@pytest.fixture
def hang(fake):
    """hang(): a card about which Stripe says nothing until the end of the test."""
    fake.holding.clear()
    fake.released.clear()
    yield lambda: fake.card("visa", "hold", "hold")
    fake.released.set()


def buyers(stack, count):
    return [stack.user("buyer") for _ in range(count)]


def timed(call, *arguments, **more):
    begun = time.monotonic()
    return call(*arguments, **more), time.monotonic() - begun


def test_40_calls_that_hang_hold_up_nobody(fake, stack, hang):
    with ThreadPoolExecutor(40) as pool:
        calls = [
            pool.submit(timed, purchase, one, hang(), timeout=20, key=unique("key-"))
            for one in buyers(stack, 40)
        ]
        assert fake.holding.wait(10)
        took, begun = [], time.monotonic()
        while time.monotonic() - begun < 4:
            took += [timed(stack.api.get, path)[1] for path in ("/health", "/tasks")]
        answers = [call.result() for call in calls]
    assert sorted(took)[int(len(took) * 0.99)] < 0.3 and max(took) < 1, sorted(took)[-5:]
    for answer, seconds in answers:
        assert_error(answer, 503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        assert seconds < ANSWERED


def test_an_account_has_no_more_than_its_share_of_what_hangs(fake, stack, hang, buyer):
    """Twenty calls of one buyer: the others pay as ever."""
    with ThreadPoolExecutor(20) as pool:
        calls = [pool.submit(purchase, buyer, hang(), timeout=20) for _ in range(20)]
        assert fake.holding.wait(10)
        time.sleep(0.5)
        for other in buyers(stack, 6):
            answer, seconds = timed(purchase, other, fake.card())
            assert ok(answer)["newBalance"] == 150
            assert seconds < 2
        under_way = len(of(stack.db, buyer))
        statuses = Counter(call.result().status_code for call in calls)
    assert statuses == {503: 20}
    assert under_way <= 2 * len(stack.worker_pids()), "two at a time in each process"


def test_who_is_turned_away_has_paid_nothing_and_may_use_the_key_again(fake, stack, hang, buyer):
    with ThreadPoolExecutor(12) as pool:
        held = [pool.submit(purchase, buyer, hang(), timeout=20) for _ in range(8)]
        assert fake.holding.wait(10)
        time.sleep(0.5)
        card, key = fake.card(), unique("key-")
        refused, seconds = timed(purchase, buyer, card, key=key)
        assert_error(refused, 503, "unavailable")
        assert seconds < 5, "told soon"
        assert int(refused.headers["retry-after"]) >= 1
        fake.released.set()
        for call in held:
            call.result()
    eventually(lambda: purchase(buyer, card, key=key).status_code == 200)
    made = [p for p in of(stack.db, buyer) if p["status"] == "completed"]
    assert fake.charged(buyer) >= 1 and len(made) >= 1
    assert ok(purchase(buyer, card, key=key))["paymentId"] in {str(p["_id"]) for p in made}


def test_when_stripe_is_back_all_is_as_before(fake, stack, hang):
    with ThreadPoolExecutor(20) as pool:
        held = [
            pool.submit(purchase, one, hang(), timeout=20) for one in buyers(stack, 20)
        ]
        assert fake.holding.wait(10)
        time.sleep(3)
        fake.released.set()
        for call in held:
            call.result()
    payers = buyers(stack, 40)
    calls = [
        Call(
            "POST",
            "/payments/purchase-coins",
            one.token,
            {"coins": 150, "amount": 10, "paymentMethodId": fake.card()},
        )
        for one in payers
    ]
    assert outcomes(at_once(stack, calls)) == {200: 40}


def test_confirming_and_asking_wait_as_buying_does(fake, stack, hang, buyer, db):
    """Every call that asks Stripe is behind the same wall."""
    payment, _ = create(buyer)
    with ThreadPoolExecutor(40) as pool:
        calls = [pool.submit(purchase, one, hang(), timeout=20) for one in buyers(stack, 36)]
        assert fake.holding.wait(10)
        time.sleep(1)
        intent = fake.of_payment(payment["_id"])["id"]
        path, body = f"/payments/confirm/{payment['_id']}", {"transactionId": intent}
        confirmed, seconds = timed(buyer.api.put, path, json=body)
        assert confirmed.status_code in (409, 503) and seconds < 5
        asked, seconds = timed(buyer.api.post, "/payments/create-payment", json={"coins": 10})
        assert asked.status_code in (201, 503) and seconds < 5
        for call in calls:
            assert call.result().status_code == 503
