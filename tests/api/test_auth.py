"""Contract, section 3: accounts, passwords and tokens."""

import hashlib
import hmac
import json
import pathlib
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import bcrypt
import jwt
import pytest
from bson import ObjectId

from client import (
    PASSWORD,
    UNKNOWN_ID,
    Api,
    assert_error,
    b64url,
    faults,
    log_in,
    now,
    ok,
    register_input,
    sign,
    task_input,
    unique,
    unique_email,
)
from promises import promise

pytestmark = pytest.mark.usefixtures("fresh_throttle")
WEEK = 7 * 24 * 3600


def seconds():
    return int(time.time())


# --- registration ---


@promise("2 Roles", "Registration bonus: worker 10, buyer 50")
@promise(
    "3 POST /register",
    "{name, email, password, role, photoURL?} → 201 {token, user{_id, name, email, role, coins, photoURL}}",
    "role worker|buyer",
)
@pytest.mark.parametrize("role, bonus", [("worker", 10), ("buyer", 50)])
def test_registering_gives_a_token_the_user_and_the_bonus(api, role, bonus, books):
    body = register_input(role=role, name="  Rosa Diaz ", photoURL="https://example.org/rosa.png")
    answer = ok(api.post("/auth/register", json=body), 201)
    user = answer["user"]
    assert set(answer) >= {"token", "user"}
    assert (
        user.items()
        >= {
            "name": "Rosa Diaz",
            "email": body["email"],
            "role": role,
            "coins": bonus,
            "photoURL": "https://example.org/rosa.png",
        }.items()
    )
    me = ok(api.get("/auth/me", token=answer["token"]))
    assert (me["_id"], me["coins"], me["role"]) == (user["_id"], bonus, role)


@promise(
    "3 POST /register",
    "{name, email, password, role, photoURL?} → 201 {token, user{_id, name, email, role, coins, photoURL}}",
)
def test_photo_url_may_be_left_out(api):
    assert ok(api.post("/auth/register", json=register_input()), 201)["user"]["photoURL"] == ""


@promise(
    "3 POST /register",
    "Two are the same when they differ in the case of ASCII letters alone",
    "400 `email_taken`",
)
@promise("10 Collections", "Unique keys: users.email_key, the lower-cased address")
def test_an_email_can_be_registered_once_whatever_its_case(api, db):
    email = unique_email("Mixed.Case")
    registered = ok(api.post("/auth/register", json=register_input(email=f"  {email} ")), 201)[
        "user"
    ]
    assert registered["email"].lower() == email.lower()
    for again in (email, email.upper(), email.lower()):
        assert_error(
            api.post("/auth/register", json=register_input(email=again)), 400, "email_taken"
        )
        ok(log_in(api, again))
    assert db.users.count_documents({"email_key": email.lower()}) == 1


@promise("3 POST /register", "Two are the same when they differ in the case of ASCII letters alone")
@pytest.mark.parametrize(
    "one, other", [("\u00c9mile", "\u00e9mile"), ("\u0130", "i"), ("\u03a3", "\u03c3")]
)
def test_addresses_that_differ_in_more_than_the_case_of_ascii_letters_are_two(api, one, other):
    tail = unique_email("Case")
    users = {}
    for mailbox, password in ((one, PASSWORD), (other, "new horse 5")):
        body = register_input(email=mailbox + tail, password=password)
        users[mailbox] = ok(api.post("/auth/register", json=body), 201)["user"]["_id"]
        again = register_input(email=mailbox + tail.upper())
        assert_error(api.post("/auth/register", json=again), 400, "email_taken")
    assert len(set(users.values())) == 2
    for mailbox, password in ((one, PASSWORD), (other, "new horse 5")):
        assert ok(log_in(api, mailbox + tail.lower(), password))["user"]["_id"] == users[mailbox]
    assert_error(log_in(api, one + tail, "new horse 5"), 401, "unauthorized")


@promise("3 POST /register", "name 1..100", "Email: one @, a dot in the domain, ≤254")
def test_a_name_has_100_and_an_email_254_characters_at_most(api):
    longest, name = unique_email("x" * 254)[-254:], "é" * 100
    user = ok(api.post("/auth/register", json=register_input(email=longest, name=name)), 201)[
        "user"
    ]
    assert (user["email"], user["name"]) == (longest, name)
    refused = api.post("/auth/register", json=register_input(email="y" + longest))
    assert_error(refused, 400, "invalid_input")
    assert list(faults(refused)) == ["email"]


@promise("3 POST /register", "400 `email_taken`")
def test_of_simultaneous_registrations_of_one_email_one_succeeds(api, books):
    email = unique_email()
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(
                lambda _: api.post("/auth/register", json=register_input(email=email)), range(6)
            )
        )
    assert sorted(answer.status_code for answer in answers) == [201] + [400] * 5
    for answer in answers:
        if answer.status_code == 400:
            assert_error(answer, 400, "email_taken")


@promise("2 Roles", "Nobody registers as admin")
@promise("3 POST /register", "403 role admin")
def test_nobody_registers_as_admin(api):
    email = unique_email()
    assert_error(
        api.post("/auth/register", json=register_input(role="admin", email=email)), 403, "forbidden"
    )
    assert_error(log_in(api, email), 401, "unauthorized")


@promise("1 Requests", "Lengths of passwords count bytes")
@promise("2 Roles", "Roles: `worker`, `buyer`, `admin`")
@promise(
    "3 POST /register",
    "name 1..100",
    "role worker|buyer",
    "Email: no empty part, no brackets, blanks or invisible characters, in NFC",
    "Email: one @, a dot in the domain, ≤254",
    "Password: 6..72 bytes with a letter and a digit",
)
@pytest.mark.parametrize(
    "field, bad",
    [
        ("name", [None, "", "  ", "x" * 101]),
        (
            "email",
            [
                None,
                "",
                "x",
                "x@y",
                "x y@example.org",
                "a@b@example.org",
                "@example.org",
                "x" * 243 + "@example.org",
                "x@example..org",
                "x@example.org.",
                "<x@example.org>",
                "x@[127.0.0.1]",
                "x\u200b@example.org",
                "\u3164@example.org",
                "x\u202e@example.org",
                "x\u0007@example.org",
                "e\u0301mile@example.org",
                "\u212a@example.org",
                "x@\u212b.example.org",
            ],
        ),
        (
            "password",
            [None, "", "abc1", "abcdef", "123456", "a1" * 36 + "x", "a1" + "é" * 36, 1234567],
        ),
        ("role", [None, "", "root", "Worker"]),
        ("photoURL", ["javascript:x", "x" * 10]),
    ],
)
def test_a_bad_registration_is_400(api, field, bad):
    for value in bad:
        body = register_input()
        body[field] = value
        refused = api.post("/auth/register", json=body)
        assert refused.status_code == 400, (field, value, refused.text)
        assert_error(refused, 400, "invalid_input")
        assert list(faults(refused)) == [field], value


@promise("1 Requests", "Passwords are never trimmed", "Lengths of passwords count bytes")
@promise("3 POST /register", "Password: 6..72 bytes with a letter and a digit")
@pytest.mark.parametrize("password", ["abcde1", "a1" * 36, "a1" + "é" * 35, " a 1 b "])
def test_a_password_has_6_to_72_bytes_with_a_letter_and_a_digit_and_is_never_trimmed(api, password):
    body = register_input(password=password)
    ok(api.post("/auth/register", json=body), 201)
    ok(log_in(api, body["email"], password))
    if password != password.strip():
        assert_error(log_in(api, body["email"], password.strip()), 401, "unauthorized")


@promise("3 GET /me, PUT /profile", "GET /me: the user document without password")
@promise("3 Passwords and failures", "bcrypt cost 10")
def test_passwords_are_kept_as_bcrypt_of_cost_10_and_never_shown(api, db, admin):
    body = register_input()
    answer = api.post("/auth/register", json=body)
    user_id = ok(answer, 201)["user"]["_id"]
    kept = db.users.find_one({"_id": ObjectId(user_id)})["password"]
    assert kept[:7] in ("$2a$10$", "$2b$10$") and len(kept) == 60
    assert bcrypt.checkpw(body["password"].encode(), kept.encode())
    token = answer.json()["token"]
    for shown in (
        answer,
        api.get("/auth/me", token=token),
        api.put("/auth/profile", token=token, json={"name": "Ada"}),
    ):
        assert (
            "password" not in shown.text
            and kept not in shown.text
            and body["password"] not in shown.text
        )


# --- login ---


@promise("3 POST /login", "{email, password} → 200 as above", "It sets lastLogin")
def test_login_answers_as_registration_did_and_notes_the_time(api, new_worker, db):
    worker = new_worker(7, photoURL="https://example.org/x.png")
    answer = ok(log_in(api, worker.email))
    assert (
        answer["user"].items()
        >= {
            "_id": worker.id,
            "name": worker.name,
            "email": worker.email,
            "role": "worker",
            "coins": 7,
            "photoURL": "https://example.org/x.png",
        }.items()
    )
    assert ok(api.get("/auth/me", token=answer["token"]))["_id"] == worker.id
    noted = db.users.find_one({"_id": ObjectId(worker.id)})["lastLogin"]
    assert abs((now() - noted).total_seconds()) < 60


def worked_ms(stack):
    """What the workers have worked so far, as Linux counts it for each thread, however busy the machine is."""
    threads = [path for pid in stack.worker_pids() for path in pathlib.Path(f"/proc/{pid}/task").iterdir()]
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e6


@promise("3 POST /login", "401, same text and time for unknown email and wrong password")
def test_an_unknown_email_and_a_wrong_password_get_the_same_text_in_the_same_time(
    stack, api, new_worker
):
    """The time is that of hashing; all else are single reads."""
    known, unknown = new_worker().email, unique_email()

    def measure(email):
        begun = worked_ms(stack)
        refused = log_in(api, email, "wrong horse 2")
        took = worked_ms(stack) - begun
        body = assert_error(refused, 401, "unauthorized")
        return took, (body["error"], *sorted(body), *sorted(refused.headers))

    measured = [(measure(known), measure(unknown)) for _ in range(7)]
    assert len({shape for pair in measured for _, shape in pair}) == 1
    wrong, nobody = (statistics.median(pair[i][0] for pair in measured) for i in (0, 1))
    told = f"{nobody:.0f} ms for an unknown e-mail, {wrong:.0f} ms for a known"
    assert 0.6 < nobody / wrong < 1.67, told


@promise("3 Passwords and failures", "`$2a$`, `$2b$` and `$2y$` verify")
@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
def test_hashes_of_each_bcrypt_kind_verify(api, new_worker, prefix):
    hashed = prefix + bcrypt.hashpw(b"old horse 3", bcrypt.gensalt(10)).decode()[4:]
    worker = new_worker(password=hashed)
    ok(log_in(api, worker.email, "old horse 3"))
    assert_error(log_in(api, worker.email, "old horse 4"), 401, "unauthorized")


@promise("3 POST /login", "Existing hashes verify on the first 72 bytes, as the Node library did")
def test_existing_hashes_verify_on_the_first_72_bytes_as_the_node_library_did(api, new_worker):
    long = "p4ssword" * 10
    worker = new_worker(password=bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(10)).decode())
    ok(log_in(api, worker.email, long))
    ok(log_in(api, worker.email, long[:72] + "something else"))
    assert_error(log_in(api, worker.email, long[:71]), 401, "unauthorized")


@pytest.mark.parametrize(
    "kept", [None, "", "plain text 1", "$2b$10$short", "$1$abc$def", "$2b$99$" + "x" * 53]
)
def test_an_account_without_a_bcrypt_hash_cannot_log_in(api, new_worker, kept):
    worker = new_worker(password=kept)
    for password in (PASSWORD, "plain text 1", " "):
        assert_error(log_in(api, worker.email, password), 401, "unauthorized")


# --- me, profile ---


@promise("3 GET /me, PUT /profile", "GET /me: the user document without password")
def test_me_is_the_user_document_without_password(new_worker):
    worker = new_worker(12)
    me = ok(worker.api.get("/auth/me"))
    assert {
        "_id",
        "name",
        "email",
        "photoURL",
        "role",
        "coins",
        "pending_coins",
        "authProvider",
        "createdAt",
    } <= set(me)
    assert (me["_id"], me["email"], me["coins"], me["pending_coins"]) == (
        worker.id,
        worker.email,
        12,
        0,
    )
    assert "password" not in me


@promise("3 GET /me, PUT /profile", "PUT /profile {name?, photoURL?} → the user without password")
def test_profile_changes_name_and_photo_alone(new_worker):
    worker = new_worker(photoURL="https://example.org/old.png")
    changed = ok(worker.api.put("/auth/profile", json={"name": " Ada "}))
    assert (changed["name"], changed["photoURL"]) == ("Ada", "https://example.org/old.png")
    changed = ok(worker.api.put("/auth/profile", json={"photoURL": "https://example.org/new.png"}))
    assert (changed["name"], changed["photoURL"]) == ("Ada", "https://example.org/new.png")
    assert ok(worker.api.put("/auth/profile", json={"photoURL": ""}))["photoURL"] == ""
    assert "password" not in changed and changed["email"] == worker.email
    assert ok(worker.api.put("/auth/profile"))["name"] == "Ada", "nothing given, nothing changed"


@promise("3 GET /me, PUT /profile", "PUT /profile {name?, photoURL?} → the user without password")
@pytest.mark.parametrize(
    "field, bad", [("name", ["", "  ", "x" * 101, 5]), ("photoURL", ["x", "ftp://x.example/"])]
)
def test_a_bad_profile_is_400(worker, field, bad):
    for value in bad:
        refused = worker.api.put("/auth/profile", json={field: value})
        assert_error(refused, 400, "invalid_input")
        assert list(faults(refused)) == [field]


# --- Google: test_google.py has the rest ---


@promise("3 POST /google-login", "501 when GOOGLE_CLIENT_ID is not set")
def test_google_login_is_501_until_it_is_set_up(api):
    refused = api.post("/auth/google-login", json={"tokenId": "a.token.of-google"})
    assert_error(refused, 501, "not_configured")


# --- change of password, log-out ---


def change_password(user, current=PASSWORD, new="new horse 5"):
    return user.api.put("/auth/password", json={"currentPassword": current, "newPassword": new})


@promise(
    "3 PUT /password, POST /logout",
    "PUT /password {currentPassword, newPassword} → 200 {message, token}",
    "Tokens issued before stop working",
    "The new one works at once",
)
def test_after_a_change_of_password_old_tokens_stop_and_the_new_one_works_at_once(
    api, worker, token_for
):
    elsewhere = ok(log_in(api, worker.email))["token"]
    answer = ok(change_password(worker))
    assert answer["message"]
    for old in (worker.token, elsewhere, token_for(worker, iat=seconds() - 5)):
        assert_error(api.get("/auth/me", token=old), 401, "unauthorized")
    assert ok(api.get("/auth/me", token=answer["token"]))["_id"] == worker.id
    assert_error(log_in(api, worker.email), 401, "unauthorized")
    fresh = ok(log_in(api, worker.email, "new horse 5"))["token"]
    ok(api.get("/auth/me", token=fresh))


@promise("3 PUT /password, POST /logout", "The new one works at once")
@promise(
    "3 Tokens",
    "A token issued afterwards works at once: its iat is at least tokens_valid_after + 1",
)
def test_tokens_work_at_once_also_after_two_changes_in_one_second(api, worker):
    password = PASSWORD
    for number in range(3):
        answer = ok(change_password(worker, password, f"horse number {number}"))
        password = f"horse number {number}"
        old, worker.api = worker.api, Api(api.http, answer["token"])
        ok(worker.api.get("/auth/me"))
        assert_error(old.get("/auth/me"), 401, "unauthorized")
        ok(api.get("/auth/me", token=ok(log_in(api, worker.email, password))["token"]))


def test_of_simultaneous_changes_of_one_password_one_succeeds(api, worker):
    """Each was asked with the password before: the others are told that it is wrong by now."""
    news = [f"new horse {number}" for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda new: change_password(worker, new=new), news))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(200) == 1 and set(statuses) <= {200, 400, 401, 503}, statuses
    for new, status in zip(news, statuses):
        assert log_in(api, worker.email, new).status_code == (200 if status == 200 else 401)
    ok(api.get("/auth/me", token=answers[statuses.index(200)].json()["token"]))


@promise("3 PUT /password, POST /logout", "Tokens issued before stop working")
def test_a_login_under_way_does_not_outlive_a_change_of_its_password(api, worker):
    with ThreadPoolExecutor(6) as pool:
        logins = [pool.submit(log_in, api, worker.email) for _ in range(5)]
        changed = pool.submit(change_password, worker)
        fresh = ok(changed.result())["token"]
        tokens = [call.result().json().get("token") for call in logins]
    for token in filter(None, tokens):
        assert_error(api.get("/auth/me", token=token), 401, "unauthorized")
    ok(api.get("/auth/me", token=fresh))


@promise("3 PUT /password, POST /logout", "400 `wrong_password`")
def test_a_wrong_current_password_changes_nothing(api, worker):
    refused = change_password(worker, current="wrong horse 2")
    assert_error(refused, 400, "wrong_password")
    ok(worker.api.get("/auth/me"))
    ok(log_in(api, worker.email))


@promise(
    "3 PUT /password, POST /logout",
    "PUT /password {currentPassword, newPassword} → 200 {message, token}",
)
def test_a_new_password_follows_the_rules_of_registration(worker):
    for bad in ("", "abc1", "abcdef", "123456", "a1" * 36 + "x"):
        refused = change_password(worker, new=bad)
        assert_error(refused, 400, "invalid_input")
        assert list(faults(refused)) == ["newPassword"]


@promise("3 PUT /password, POST /logout", "400 `no_password` for a Google-only account")
def test_a_google_only_account_has_no_password_to_change(new_worker):
    worker = new_worker(password=None, authProvider="google", googleId=unique())
    assert_error(change_password(worker), 400, "no_password")


@promise(
    "3 PUT /password, POST /logout",
    "POST /logout: every token of the user stops working → {message}",
)
def test_logging_out_stops_every_token_of_the_user_and_of_nobody_else(api, worker, new_worker):
    other, elsewhere = new_worker(), ok(log_in(api, worker.email))["token"]
    assert ok(worker.api.post("/auth/logout"))["message"]
    for old in (worker.token, elsewhere):
        assert_error(api.get("/auth/me", token=old), 401, "unauthorized")
    ok(other.api.get("/auth/me"))
    again = ok(log_in(api, worker.email))["token"]
    ok(api.get("/auth/me", token=again)), "a token issued afterwards works at once"
    assert (
        jwt.decode(again, options={"verify_signature": False})["iat"]
        > jwt.decode(elsewhere, options={"verify_signature": False})["iat"]
    )


@promise("3 Tokens", "`users.tokens_valid_after` refuses tokens with iat at or before it")
@promise(
    "10 Collections",
    "Guards and counters of users: open_tasks, pending_submissions, pending_withdrawals, closing, "
    "tokens_valid_after",
)
def test_tokens_valid_after_refuses_tokens_issued_at_or_before_it(api, worker, token_for, db):
    limit = seconds() - 100
    db.users.update_one({"_id": ObjectId(worker.id)}, {"$set": {"tokens_valid_after": limit}})
    for issued, status in ((limit - 1, 401), (limit, 401), (limit + 1, 200)):
        assert api.get("/auth/me", token=token_for(worker, iat=issued)).status_code == status, (
            issued - limit
        )


@promise(
    "3 Tokens",
    "A token issued afterwards works at once: its iat is at least tokens_valid_after + 1",
)
def test_a_token_issued_after_tokens_valid_after_has_an_iat_beyond_it(api, worker, db):
    limit = seconds() + 3
    db.users.update_one({"_id": ObjectId(worker.id)}, {"$set": {"tokens_valid_after": limit}})
    token = ok(log_in(api, worker.email))["token"]
    assert jwt.decode(token, options={"verify_signature": False})["iat"] >= limit + 1
    ok(api.get("/auth/me", token=token))


# --- tokens ---


@promise(
    "3 Tokens",
    "HS256, claims {userId, email, role, iat, exp}, 7 days, signed with JWT_SECRET",
)
def test_our_tokens_are_those_of_the_usual_library(api, stack, worker):
    asked_at = time.time()
    token = ok(log_in(api, worker.email))["token"]
    claims = jwt.decode(token, stack.jwt_secret, algorithms=["HS256"])
    assert set(claims) == {"userId", "email", "role", "iat", "exp"}
    assert (claims["userId"], claims["email"], claims["role"]) == (
        worker.id,
        worker.email,
        "worker",
    )
    assert claims["exp"] - claims["iat"] == WEEK
    assert asked_at - 5 < claims["iat"] < time.time() + 5
    header = jwt.get_unverified_header(token)
    assert (header["alg"], header["typ"]) == ("HS256", "JWT")


def claims_of(user, **changes):
    claims = {
        "userId": user.id,
        "email": user.email,
        "role": user.role,
        "iat": seconds(),
        "exp": seconds() + WEEK,
    }
    claims.update(changes)
    return {name: value for name, value in claims.items() if value is not None}


def signed_text(payload, secret, header='{"alg":"HS256","typ":"JWT"}'):
    """A token of any two texts: what no library lets one say."""
    text = f"{b64url(header)}.{b64url(payload)}"
    return text + "." + b64url(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def claims_text(user, member):
    return json.dumps(claims_of(user))[:-1] + f",{member}}}"


@promise(
    "3 Tokens",
    "Interchangeable with tokens made by the usual Node library with the same secret",
    "Times may have a fraction",
    "Claims that are not ours are not judged",
)
def test_tokens_made_by_another_implementation_work(api, worker, stack):
    for token in (
        sign(claims_of(worker), stack.jwt_secret),
        sign(claims_of(worker, nbf=seconds() - 1), stack.jwt_secret),
        sign(claims_of(worker, jti="x", aud="y", extra={"a": [1]}), stack.jwt_secret),
        sign(claims_of(worker), stack.jwt_secret, headers={"kid": "1"}),
        sign(claims_of(worker, iat=time.time(), exp=time.time() + 60.5), stack.jwt_secret),
        sign(claims_of(worker, nbf=time.time() - 0.1), stack.jwt_secret),
        signed_text(claims_text(worker, r'"nick":"\ud800 \u0000"'), stack.jwt_secret),
        signed_text(claims_text(worker, '"x":1e400,"x":' + "[" * 99 + "]" * 99), stack.jwt_secret),
    ):
        assert ok(api.get("/auth/me", token=token))["_id"] == worker.id


@promise("1 Errors", "401: no, invalid or expired token")
@promise("3 Tokens", "exp required, nbf honoured, crit refused", "Only HS256 is accepted")
def test_other_tokens_are_401(api, worker, stack):
    secret, good = stack.jwt_secret, sign(claims_of(worker), stack.jwt_secret)
    head, payload, mac = good.split(".")
    admin_payload = b64url(json.dumps(claims_of(worker, role="admin")))
    bad = {
        "no token": "x",
        "two parts": f"{head}.{payload}",
        "four parts": good + ".x",
        "empty signature": f"{head}.{payload}.",
        "alg none": jwt.encode(claims_of(worker), None, algorithm="none"),
        "HS384": sign(claims_of(worker), secret, "HS384"),
        "HS512": sign(claims_of(worker), secret, "HS512"),
        "another secret": sign(claims_of(worker), secret + "x"),
        "payload of another": f"{head}.{admin_payload}.{mac}",
        "no exp": sign(claims_of(worker, exp=None), secret),
        "nbf ahead": sign(claims_of(worker, nbf=seconds() + 600), secret),
        "crit": sign(claims_of(worker), secret, headers={"crit": ["x"], "x": 1}),
        "crit null": sign(claims_of(worker), secret, headers={"crit": None}),
        "exp twice": signed_text(claims_text(worker, r'"\u0065xp":4102444800'), secret),
        "padding": good + "=",
        "white space": f"{head}. {payload}.{mac}",
        "unknown user": sign(claims_of(worker, userId=UNKNOWN_ID), secret),
        "user id is no id": sign(claims_of(worker, userId="zzz"), secret),
        "no user id": sign(claims_of(worker, userId=None), secret),
    }
    for what, token in bad.items():
        refused = api.get("/auth/me", token=token)
        assert refused.status_code == 401, (what, refused.text)
        assert_error(refused, 401, "unauthorized")


@promise("1 Errors", "401: no, invalid or expired token")
@promise("3 Tokens", "Times may have a fraction")
def test_an_expired_token_is_told_apart(api, worker, token_for):
    assert_error(
        api.get("/auth/me", token=token_for(worker, iat=seconds() - 99, exp=seconds() - 1)),
        401,
        "token_expired",
    )
    assert_error(api.get("/auth/me", token=token_for(worker, exp=seconds())), 401, "token_expired")
    assert_error(
        api.get("/auth/me", token=token_for(worker, exp=time.time() - 0.01)), 401, "token_expired"
    )
    forged = sign(claims_of(worker, exp=seconds() - 1), "another secret of at least 32 bytes..")
    assert_error(api.get("/auth/me", token=forged), 401, "unauthorized")


@promise("1 Requests", "`Authorization: Bearer <jwt>`")
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Basic eDp5", "{token}", "Token {token}", "Bearer {token} x"]
)
def test_the_token_comes_as_authorization_bearer(api, worker, header):
    headers = {} if header is None else {"Authorization": header.format(token=worker.token)}
    assert_error(api.get("/auth/me", headers=headers), 401, "unauthorized")


# --- identity ---


@promise(
    "1 Identity",
    "A request acts with the user's current existence, not the token's: a deleted user gets 401",
)
def test_a_deleted_user_is_401_at_once(new_worker, db):
    worker = new_worker()
    ok(worker.api.get("/auth/me"))
    db.users.delete_one({"_id": ObjectId(worker.id)})
    assert_error(worker.api.get("/auth/me"), 401, "unauthorized")
    assert_error(
        worker.api.post("/submissions", json={"task_id": UNKNOWN_ID, "submission_details": "x"}),
        401,
        "unauthorized",
    )


@promise("1 Identity", "A request acts with the user's current role: a changed one counts at once")
def test_a_changed_role_counts_at_once_whatever_the_token_says(new_worker, db):
    user = new_worker(100)
    assert_error(user.api.post("/tasks", json=task_input()), 403, "forbidden")
    db.users.update_one({"_id": ObjectId(user.id)}, {"$set": {"role": "buyer"}})
    ok(user.api.post("/tasks", json=task_input()), 201)
    assert_error(user.api.get("/submissions/worker/my-submissions"), 403, "forbidden")
    db.users.update_one({"_id": ObjectId(user.id)}, {"$set": {"role": "worker"}})
    assert_error(user.api.post("/tasks", json=task_input()), 403, "forbidden")


@promise("1 Identity", "A request acts with the user's current role: a changed one counts at once")
def test_a_token_cannot_claim_a_role(api, worker, token_for):
    assert_error(api.get("/admin/audit", token=token_for(worker, role="admin")), 403, "forbidden")
    assert ok(api.get("/auth/me", token=token_for(worker, role="admin")))["role"] == "worker"


@promise("1 Errors", "Public routes ignore an invalid or expired token rather than refuse it")
def test_public_routes_ignore_a_bad_token(api, buyer, worker, token_for):
    """The front end sends its stale token even when it logs in."""
    task = ok(buyer.api.post("/tasks", json=task_input()), 201)["task"]
    expired = token_for(worker, exp=seconds() - 1)
    for stale in ("nonsense", expired, token_for(worker, userId=UNKNOWN_ID)):
        for path in (
            "/tasks",
            f"/tasks/{task['_id']}",
            "/tasks/top-workers",
            "/tasks/admin/top-workers",
            "/payments/packages",
            "/public/tasks",
            f"/public/tasks/{task['_id']}",
            "/public/top-workers",
            "/health",
            "/health/ready",
        ):
            assert api.get(path, token=stale).status_code == 200, path
        ok(api.post("/auth/login", json={"email": worker.email, "password": PASSWORD}, token=stale))
    ok(api.post("/auth/register", json=register_input(), token=expired), 201)
