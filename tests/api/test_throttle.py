"""Contract, section 1, Limits: per client address, so each test comes from one of its own."""

import datetime
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import (
    assert_error,
    client_from_another_address,
    log_in,
    now,
    ok,
    register_input,
    unique_email,
)
from conftest import own_stack
from promises import promise

ORIGIN = "https://shop.example"  # of the stack that has settings


@pytest.fixture(autouse=True)
def clean(fresh_throttle):
    pass


def fail(api, email, times):
    for _ in range(times):
        assert_error(log_in(api, email, "wrong horse 2"), 401, "unauthorized")


def assert_throttled(refused, longest=15 * 60):
    assert_error(refused, 429, "too_many_requests")
    assert 1 <= int(refused.headers["retry-after"]) <= longest


# --- as they are set without further ado ---


@promise("1 Errors", "429 with `Retry-After`")
@promise(
    "1 Limits",
    "LOGIN_FAILURES 10 per account and address",
    "After it even the right password waits",
)
@promise(
    "3 Passwords and failures",
    "Failed logins are counted per account and address and per address",
)
def test_after_ten_failures_even_the_right_password_waits(from_elsewhere, worker):
    api = from_elsewhere()
    fail(api, worker.email, 10)
    assert_throttled(log_in(api, worker.email))
    assert_throttled(log_in(api, worker.email.upper()))


@promise("1 Limits", "LOGIN_FAILURES 10 per account and address")
@promise(
    "3 Passwords and failures",
    "Failed logins are counted in MongoDB, so that all processes count together",
)
def test_guesses_made_at_once_are_all_counted(from_elsewhere, worker):
    api = from_elsewhere()
    with ThreadPoolExecutor(15) as pool:
        answers = list(pool.map(lambda _: log_in(api, worker.email, "wrong horse 2"), range(15)))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {401, 429, 503}
    assert statuses.count(401) <= 10, statuses


@promise(
    "1 Limits",
    "0 = off",
    "`scripts/run` in development sets RATE_LIMIT and REGISTER_LIMIT to 0 unless given",
)
def test_0_is_off_as_development_has_it_for_calls_and_registrations(from_elsewhere):
    api = from_elsewhere()
    for _ in range(21):
        ok(api.post("/auth/register", json=register_input()), 201)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: api.get("/tasks").status_code, range(510))) == {200}


# --- settable, in a stack of their own ---

FAILURES, REGISTRATIONS, CALLS = 2, 3, 30


@pytest.fixture(scope="module")
def limited():
    settings = {
        "LOGIN_FAILURES": str(FAILURES),
        "REGISTER_LIMIT": str(REGISTRATIONS),
        "RATE_LIMIT": str(CALLS),
        "CORS_ORIGINS": f"{ORIGIN},http://localhost:8080",
    }
    with own_stack("--no-demo", env=settings) as stack:
        yield stack


@pytest.fixture
def here(limited):
    """A client at an address of its own, and so unlimited yet."""
    api = client_from_another_address(limited)
    yield api
    api.http.close()


@pytest.fixture
def there(limited):
    """A client at yet another address."""
    api = client_from_another_address(limited)
    yield api
    api.http.close()


@pytest.fixture
def somebody(limited):
    return limited.user("worker")


@promise("1 Limits", "A success before that clears the account's count")
def test_a_success_in_time_clears_the_accounts_count(here, somebody):
    for _ in range(3):
        fail(here, somebody.email, FAILURES - 1)
        ok(log_in(here, somebody.email))
    fail(here, somebody.email, FAILURES)
    assert_throttled(log_in(here, somebody.email))


@promise("1 Limits", "All are per client address")
@promise("3 Passwords and failures", "429, never a lock-out of the account from elsewhere")
def test_the_account_is_never_locked_out_from_elsewhere_nor_others_from_here(
    here, there, somebody, limited
):
    fail(here, somebody.email, FAILURES)
    assert_throttled(log_in(here, somebody.email))
    ok(log_in(there, somebody.email))
    assert_throttled(log_in(here, somebody.email))
    ok(log_in(here, limited.user("worker").email))


@promise("1 Limits", "All are settable")
@promise("3 Passwords and failures", "Failed logins of unknown accounts are counted alike")
def test_unknown_accounts_are_counted_alike(here):
    nobody = unique_email("nobody")
    fail(here, nobody, FAILURES)
    assert_throttled(log_in(here, nobody))


@promise("1 Limits", "Ten times LOGIN_FAILURES per address")
@promise(
    "3 Passwords and failures",
    "Failed logins are counted per account and address and per address",
)
def test_ten_times_as_many_failures_stop_an_address(here, there, somebody):
    """Spread over accounts, so that none of them is at its own limit."""
    for _ in range(10 * FAILURES - 1):
        fail(here, unique_email(), 1)
    ok(log_in(here, somebody.email))
    fail(here, unique_email(), 1)
    assert_throttled(log_in(here, somebody.email))
    ok(log_in(there, somebody.email))


@promise(
    "1 Limits",
    "All are per client address",
    "All are settable",
    "REGISTER_LIMIT 20",
    "`scripts/run` in development sets RATE_LIMIT and REGISTER_LIMIT to 0 unless given",
)
@promise("3 Passwords and failures", "Registration is limited per address")
def test_registration_is_limited_per_address(here, there):
    for _ in range(REGISTRATIONS):
        ok(here.post("/auth/register", json=register_input()), 201)
    assert_throttled(here.post("/auth/register", json=register_input()), longest=3600)
    ok(there.post("/auth/register", json=register_input()), 201)


@promise("1 Limits", "A registration is counted once")
def test_a_registration_is_counted_once_though_others_take_its_address_meanwhile(limited, here):
    """Its transaction is planned again then, which is no further try."""
    limited.db.throttle.delete_many({})
    body = register_input()
    with ThreadPoolExecutor(REGISTRATIONS) as pool:
        answers = list(
            pool.map(lambda _: here.post("/auth/register", json=body), range(REGISTRATIONS))
        )
    assert sorted(answer.status_code for answer in answers) == [201] + [400] * (REGISTRATIONS - 1)
    [counted] = limited.db.throttle.find()
    assert counted["count"] == REGISTRATIONS


@promise(
    "1 Limits",
    "LOGIN_FAILURES are counted for 15 minutes",
    "REGISTER_LIMIT counts for an hour",
)
def test_what_was_counted_is_forgotten_when_its_time_is_over(here, somebody, limited):
    """15 minutes for failed logins, an hour for registrations; told by the clock, not waited for."""
    throttle, begun = limited.db.throttle, now()
    throttle.delete_many({})
    fail(here, somebody.email, FAILURES)
    minutes = [(row["expires_at"] - begun).total_seconds() / 60 for row in throttle.find()]
    assert len(minutes) == 2 and all(15 <= time < 15.5 for time in minutes), "account, address"
    throttle.update_many({}, {"$set": {"expires_at": now()}})
    ok(log_in(here, somebody.email))

    throttle.delete_many({})
    for _ in range(REGISTRATIONS):
        ok(here.post("/auth/register", json=register_input()), 201)
    assert_throttled(here.post("/auth/register", json=register_input()), longest=3600)
    [counted] = throttle.find()
    assert 3600 <= (counted["expires_at"] - begun).total_seconds() < 3630
    throttle.update_many({}, {"$set": {"expires_at": now() - datetime.timedelta(seconds=1)}})
    ok(here.post("/auth/register", json=register_input()), 201)


@promise("1 CORS", "`CORS_ORIGINS` says whose pages may call")
def test_cors_origins_are_those_that_are_set(here):
    for origin in (ORIGIN, "http://localhost:8080"):
        answer = here.get("/health", headers={"Origin": origin})
        assert answer.headers["access-control-allow-origin"] == origin
        assert here.options("/tasks", headers={"Origin": origin}).headers["access-control-max-age"]
    for origin in (
        "http://localhost:5173",
        "https://microtash.vercel.app",
        "https://shop.example.org",
    ):
        answer = here.get("/health", headers={"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers


@promise("1 Errors", "429 with `Retry-After`")
@promise("1 CORS", "nginx's own 429 is JSON of that shape and carries the CORS headers")
@promise(
    "1 Limits",
    "All are per client address",
    "All are settable",
    "RATE_LIMIT 500 calls in 15 minutes",
    "`scripts/run` in development sets RATE_LIMIT and REGISTER_LIMIT to 0 unless given",
)
def test_calls_are_limited_per_address_and_refused_in_the_shape_of_every_error(here, there):
    answers = [here.get("/tasks", headers={"Origin": ORIGIN}) for _ in range(CALLS + 4)]
    statuses = [answer.status_code for answer in answers]
    assert statuses[:CALLS] == [200] * CALLS and statuses[CALLS:].count(429) >= 3, statuses
    refused = answers[statuses.index(429)]
    assert_throttled(refused)
    assert refused.headers["access-control-allow-origin"] == ORIGIN
    assert "retry-after" in refused.headers["access-control-expose-headers"].lower()
    ok(there.get("/tasks"))


@promise(
    "1 Limits",
    "The webhook and health are not counted, and nothing that only looks like them is exempt",
)
def test_health_and_the_webhook_are_not_counted(here):
    for path in ("/health", "/health/", "/health/ready", "/payments/webhook", "/payments/webhook/"):
        method = "POST" if "webhook" in path else "GET"
        statuses = {here.request(method, path).status_code for _ in range(2 * CALLS)}
        assert statuses == {404 if "webhook" in path else 200}, path
    ok(here.get("/tasks"))


@promise(
    "1 Limits",
    "The webhook and health are not counted, and nothing that only looks like them is exempt",
)
@pytest.mark.parametrize(
    "path",
    [
        "/health/x",
        "/healthy",
        "/payments/webhook/x",
        "/payments/webhooks",
        "/payments/%77ebhook",
        "/payments/webhook//",
        "/Payments/webhook",
    ],
)
def test_what_only_looks_like_them_is_counted(here, path):
    statuses = [here.get(path).status_code for _ in range(CALLS + 4)]
    assert 429 in statuses, statuses
