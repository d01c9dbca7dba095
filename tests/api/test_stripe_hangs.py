"""A Stripe that does not answer: those who pay wait for it, a few at a time, and nobody else does.

It hangs for as long as the service waits for it, or until the test lets it answer; that all who are to wait have come is
told by the workers' logs.
"""

import contextlib

import pytest

from client import assert_error, eventually, ok, unique
from logs import Tail
from promises import promise
from stripe_stack import (  # noqa: F401 fixtures
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
)
from wire import Call, Volley, at_once, outcomes

PATH = "/payments/purchase-coins"


@pytest.fixture
def hang(fake):
    """hang(): a card about which Stripe says nothing until the end of the test."""
    fake.holding.clear()
    fake.released.clear()
    yield lambda: fake.card("visa", "hold", "hold")
    fake.released.set()


def buyers(stack, count):
    return [stack.user("buyer") for _ in range(count)]


def purchase_call(buyer, card, **headers):
    return Call("POST", PATH, buyer.token, {"coins": 150, "amount": 10, "paymentMethodId": card}, headers)


@contextlib.contextmanager
def hanging(stack, calls):
    """Each of these waits for Stripe or for its turn, or was turned away. Gives their volley, and the log since they came."""
    with Volley(stack, calls) as volley:
        log = Tail(stack)
        volley.fire()
        log.wait_for_all(len(calls), "to call a payment provider")
        yield volley, log


def ended(log):
    """The calls that Stripe was waited for in vain; the others that were answered had no turn."""
    return set(log.answered(PATH)) - log.said("No turn to call a payment provider")


@promise("1 Limits", "Another service that hangs holds up only those who need it")
def test_40_calls_that_hang_hold_up_nobody(fake, stack, hang):
    calls = [
        purchase_call(one, hang(), **{"Idempotency-Key": unique("key-")})
        for one in buyers(stack, 40)
    ]
    with hanging(stack, calls) as (volley, log):
        for _ in range(4):
            for path in ("/health", "/tasks"):
                ok(stack.api.get(path))
        assert not ended(log), "they hang still"
        answers = volley.answers()
    assert outcomes(answers) == {"unavailable": 40}
    for answer in answers:
        assert answer.status == 503, "before nginx gives up, which is a 504"
        assert int(answer.headers["retry-after"]) >= 1


@promise(
    "1 Limits",
    "No account can take more than its share of calls that wait for another service",
)
def test_an_account_has_no_more_than_its_share_of_what_hangs(fake, stack, hang, buyer):
    """Twenty calls of one buyer: the others pay as ever."""
    share = 2 * len(stack.worker_pids())
    with hanging(stack, [purchase_call(buyer, hang()) for _ in range(20)]) as (volley, log):
        eventually(lambda: len(of(stack.db, buyer)) >= share)
        for other in buyers(stack, 6):
            assert ok(purchase(other, fake.card()))["newBalance"] == 150
        assert len(of(stack.db, buyer)) == share, "two at a time in each process"
        assert outcomes(volley.answers()) == {"unavailable": 20}


@promise(
    "1 Limits",
    "No account can take more than its share of calls that wait for another service",
)
def test_who_is_turned_away_has_paid_nothing_and_may_use_the_key_again(fake, stack, hang, buyer):
    with hanging(stack, [purchase_call(buyer, hang()) for _ in range(8)]) as (volley, log):
        card, key = fake.card(), unique("key-")
        refused = purchase(buyer, card, key=key)
        assert_error(refused, 503, "unavailable")
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.headers["x-request-id"] in log.said("No turn to call a payment provider")
        fake.released.set()
        volley.answers()
    eventually(lambda: purchase(buyer, card, key=key).status_code == 200)
    made = [p for p in of(stack.db, buyer) if p["status"] == "completed"]
    assert fake.charged(buyer) >= 1 and len(made) >= 1
    assert ok(purchase(buyer, card, key=key))["paymentId"] in {str(p["_id"]) for p in made}


def test_a_kept_answer_waits_for_no_turn(fake, stack, hang, buyer):
    card, key = fake.card(), unique("key-")
    first = purchase(buyer, card, key=key)
    ok(first)
    with hanging(stack, [purchase_call(buyer, hang()) for _ in range(20)]) as (volley, log):
        again = purchase(buyer, card, key=key)
        assert (again.status_code, again.content) == (200, first.content)
        assert again.headers["idempotent-replayed"] == "true"
        fake.released.set()
        volley.answers()


@promise("1 Limits", "Another service that hangs holds up only those who need it")
def test_when_stripe_is_back_all_is_as_before(fake, stack, hang):
    calls = [purchase_call(one, hang()) for one in buyers(stack, 20)]
    with hanging(stack, calls) as (volley, _):
        assert fake.holding.wait(60)
        fake.released.set()
        volley.answers()
    calls = [purchase_call(one, fake.card()) for one in buyers(stack, 40)]
    assert outcomes(at_once(stack, calls)) == {200: 40}


@promise("1 Limits", "Another service that hangs holds up only those who need it")
def test_confirming_and_asking_wait_as_buying_does(fake, stack, hang, buyer, db):
    """Every call that asks Stripe is behind the same wall."""
    payment, _ = create(buyer)
    intent = fake.of_payment(payment["_id"])["id"]
    calls = [purchase_call(one, hang()) for one in buyers(stack, 36)]
    with hanging(stack, calls) as (volley, log):
        confirmed = confirm(buyer, payment, intent)
        assert confirmed.status_code in (409, 503)
        asked = buyer.api.post("/payments/create-payment", json={"coins": 10})
        assert asked.status_code in (201, 503)
        met = {answer.headers["x-request-id"] for answer in (confirmed, asked)}
        assert met <= log.said("turn to call a payment provider")
        assert outcomes(volley.answers()) == {"unavailable": 36}
