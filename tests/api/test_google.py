"""Contract, section 3, POST /auth/google-login: with keys, a key server and a stack of the tests' own."""

import functools
import hashlib
import hmac
import http.server
import itertools
import json
import subprocess
import threading
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from bson import Int64, ObjectId
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from client import (
    PASSWORD,
    assert_error,
    b64url,
    eventually,
    faults,
    now,
    ok,
    register_input,
    unique,
    unique_email,
)
from conftest import ROOT, own_stack
from hashing import hashing_held, wait_until_one_would_hash
from logs import Tail
from market import post_task, stored_user
from promises import promise
from wire import Call, Volley, outcomes

CLIENT_ID = "1234-tests.apps.googleusercontent.com"
OTHER_CLIENT_ID = "5678-app.apps.googleusercontent.com"
REGISTRATIONS = 80
_subjects = itertools.count(time.time_ns() // 1000)


# --- what stands in for Google ---


def new_key(bits=2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


KEYS = {"first": new_key(), "second": new_key()}
STRANGER = new_key()


def jwk(kid, key):
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": kid,
        "n": public["n"],
        "e": public["e"],
    }


class KeyServer:
    """Publishes keys as Google does, or fails to. .count: requests so far."""

    def __init__(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                with outer.lock:
                    outer.count += 1
                outer.answer(self)

            def log_message(self, *_):
                pass

        self.lock = threading.Lock()
        self.count = 0
        self.released = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/certs"
        self.behave()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def behave(self):
        self.keys, self.status, self.text, self.hold = dict(KEYS), 200, None, False
        self.released.set()

    def down(self):
        """The connection ends without an answer."""
        self.status = None

    def slow(self):
        self.released.clear()
        self.hold = True

    def answer(self, handler):
        if self.hold:
            self.released.wait(60)
        if self.status is None:
            return
        text = self.text
        if text is None:
            text = json.dumps({"keys": [jwk(kid, key) for kid, key in self.keys.items()]})
        handler.send_response(self.status)
        handler.send_header("Cache-Control", "public, max-age=21600, must-revalidate")
        handler.send_header("Content-Type", "application/json; charset=UTF-8")
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text.encode())

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


def claims(**changes):
    """Somebody's, as Google says them. None leaves a claim out."""
    issued = int(time.time())
    said = {
        "iss": "https://accounts.google.com",
        "azp": CLIENT_ID,
        "aud": CLIENT_ID,
        "sub": str(next(_subjects)),
        "email": unique_email("google"),
        "email_verified": True,
        "nbf": issued - 300,
        "name": "Ada Lovelace",
        "picture": "https://lh3.example/a/ada=s96-c",
        "given_name": "Ada",
        "iat": issued,
        "exp": issued + 3600,
        "jti": unique(),
    }
    said.update(changes)
    return {name: value for name, value in said.items() if value is not None}


def sign(said, kid="first", key=None, algorithm="RS256", **headers):
    """Google's token, or one by another key under the name of one of Google's."""
    return jwt.encode(said, key or KEYS[kid], algorithm, headers={"kid": kid, **headers})


def sign_text(header, payload, key=KEYS["first"]):
    """Of any two texts, also of such as no library would sign."""
    text = f"{b64url(header)}.{b64url(payload)}".encode()
    prepared = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
    return text.decode() + "." + b64url(prepared.sign(text, key))


# --- the stack ---


@pytest.fixture(scope="module")
def google():
    server = KeyServer()
    yield server
    server.close()


def warm(stack):
    """Until every worker has the keys: calls in a row take turns among them."""
    eventually(
        lambda: all(login(stack.api, sign(claims())).status_code == 200 for _ in range(6)),
        every=0.5,
    )


def reload(stack):
    """Every worker anew, without any keys."""
    said = subprocess.run(
        [ROOT / "scripts" / "reload", "--state", stack.state],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.fixture(scope="module")
def stack(google):
    settings = {
        "GOOGLE_CLIENT_ID": f"{OTHER_CLIENT_ID},{CLIENT_ID}",
        "MICROTASK_GOOGLE_KEYS_URL": google.url,
        "REGISTER_LIMIT": str(REGISTRATIONS),
        "no_proxy": "127.0.0.1",
    }
    with own_stack("--no-demo", env=settings) as stack:
        warm(stack)
        yield stack


@pytest.fixture(scope="module")
def db(stack):
    return stack.db


@pytest.fixture(autouse=True)
def clean(fresh_throttle, google):
    google.behave()
    yield
    google.behave()


def login(api, id_token, **kwargs):
    return api.post("/auth/google-login", json={"tokenId": id_token}, **kwargs)


def users_of(db, said):
    return list(db.users.find({"$or": [{"googleId": said["sub"]}, {"email": said["email"]}]}))


def password_login(api, email, password=PASSWORD):
    return api.post("/auth/login", json={"email": email, "password": password})


# --- a newcomer ---


@promise("3 POST /google-login", "{tokenId} → 200 as login", "A new user is a worker with 10 coins")
def test_a_newcomer_becomes_a_worker_with_10_coins(api, db, books):
    said = claims()
    answer = ok(login(api, sign(said)))
    assert set(answer) == {"token", "user"}
    assert (
        answer["user"].items()
        == {
            "_id": answer["user"]["_id"],
            "name": "Ada Lovelace",
            "email": said["email"],
            "role": "worker",
            "coins": 10,
            "photoURL": said["picture"],
        }.items()
    )
    me = ok(api.get("/auth/me", token=answer["token"]))
    assert (me["_id"], me["googleId"], me["authProvider"]) == (
        answer["user"]["_id"],
        said["sub"],
        "google",
    )
    (kept,) = users_of(db, said)
    assert "password" not in kept and type(kept["coins"]) is Int64
    assert abs((now() - kept["lastLogin"]).total_seconds()) < 60
    rows = list(db.ledger.find({"user": kept["_id"]}))
    assert [(row["from"], row["coins"], row["kind"]) for row in rows] == [("grants", 10, "bonus")]


def test_a_newcomer_can_work_at_once(stack, api, books):
    token = ok(login(api, sign(claims())))["token"]
    task = post_task(stack.user("buyer", 100))
    body = {"task_id": task["_id"], "submission_details": "Done."}
    ok(api.post("/submissions", token=token, json=body), 201)


@pytest.mark.parametrize(
    "changes, name, photo",
    [
        ({"name": None}, "{mailbox}", None),
        ({"name": "   "}, "{mailbox}", None),
        ({"name": "\u200b\u3164"}, "{mailbox}", None),
        ({"name": "\u202eadA"}, "{mailbox}", None),
        ({"name": "A\x01da"}, "{mailbox}", None),
        ({"picture": "https://example.org/\x01"}, None, ""),
        ({"name": 12 * "Ada Byron "}, (10 * "Ada Byron ").strip(), None),
        ({"picture": None}, None, ""),
        ({"picture": "javascript:alert(1)"}, None, ""),
        ({"picture": "https://x.example/" + "a" * 2048}, None, ""),
        ({"email_verified": "true"}, None, None),
        ({"iss": "accounts.google.com"}, None, None),
        ({"nbf": None, "iat": None}, None, None),
    ],
)
def test_what_google_may_say_otherwise(api, changes, name, photo):
    said = claims(**changes)
    user = ok(login(api, sign(said, kid="second")))["user"]
    mailbox = said["email"].split("@")[0]
    assert user["name"] == (name or "Ada Lovelace").format(mailbox=mailbox)
    assert user["photoURL"] == (said["picture"] if photo is None else photo)


@promise("3 PUT /password, POST /logout", "400 `no_password` for a Google-only account")
def test_a_google_only_account_has_no_password(api):
    said = claims()
    token = ok(login(api, sign(said)))["token"]
    body = {"currentPassword": PASSWORD, "newPassword": "new horse 5"}
    assert_error(api.put("/auth/password", token=token, json=body), 400, "no_password")
    for password in (PASSWORD, said["sub"], " "):
        assert_error(password_login(api, said["email"], password), 401, "unauthorized")
    taken = register_input(email=said["email"].upper())
    assert_error(api.post("/auth/register", json=taken), 400, "email_taken")


@promise("1 Errors", "Public routes ignore an invalid or expired token rather than refuse it")
def test_a_stale_token_is_ignored(api, stack):
    for stale in ("nonsense", stack.user("worker").token, stack.token(stack.user("buyer"), exp=1)):
        ok(login(api, sign(claims()), token=stale))


# --- somebody known ---


def test_a_second_log_in_is_the_same_account_without_a_second_bonus(api, db, books):
    said = claims()
    first = ok(login(api, sign(said)))
    renamed = ok(api.put("/auth/profile", token=first["token"], json={"name": "Countess"}))
    before = users_of(db, said)[0]["lastLogin"]
    db.users.update_one({"googleId": said["sub"]}, {"$unset": {"lastLogin": ""}})
    again = ok(login(api, sign({**said, "email_verified": "true"}, kid="second")))
    assert again["user"]["_id"] == first["user"]["_id"]
    assert (again["user"]["coins"], again["user"]["name"]) == (10, renamed["name"])
    (kept,) = users_of(db, said)
    assert kept["lastLogin"] >= before
    for token in (first["token"], again["token"]):
        ok(api.get("/auth/me", token=token))


def test_the_account_is_googles_id_whatever_the_address_is_now(api, db, books):
    said = claims()
    first = ok(login(api, sign(said)))["user"]
    moved = ok(login(api, sign({**said, "email": unique_email("moved")})))["user"]
    assert (moved["_id"], moved["email"]) == (first["_id"], said["email"])


def test_an_older_servers_google_account_is_found(api, stack, books):
    """Without any field of ours, and with the password that that server may have left."""
    said = claims()
    old = stack.user("buyer", 7, googleId=said["sub"], authProvider="google")
    stack.db.users.update_one({"_id": ObjectId(old.id)}, {"$unset": {"email_key": ""}})
    answer = ok(login(api, sign(said)))["user"]
    assert (answer["_id"], answer["role"], answer["coins"]) == (old.id, "buyer", 7)
    ok(old.api.get("/auth/me"))
    ok(password_login(api, old.email))


# --- linking ---


@promise(
    "3 POST /google-login",
    "Linking to an existing password account removes that password and its tokens",
)
def test_linking_removes_the_password_and_its_tokens(api, stack, db, books):
    """Whoever registered the address may not own it; whom Google verified does."""
    user = stack.user("buyer", 25, email=unique_email("Mixed.Case"))
    elsewhere = ok(password_login(api, user.email))["token"]
    said = claims(email=user.email.upper())
    answer = ok(login(api, sign(said)))
    assert (answer["user"]["_id"], answer["user"]["role"], answer["user"]["coins"]) == (
        user.id,
        "buyer",
        25,
    )
    assert (answer["user"]["email"], answer["user"]["name"]) == (user.email, user.name)
    for old in (user.token, elsewhere):
        assert_error(api.get("/auth/me", token=old), 401, "unauthorized")
    assert_error(password_login(api, user.email), 401, "unauthorized")
    me = ok(api.get("/auth/me", token=answer["token"])), "the new one works at once"
    assert (me[0]["googleId"], me[0]["authProvider"]) == (said["sub"], "google")
    kept = stored_user(db, user)
    assert "password" not in kept
    assert abs((now() - kept["lastLogin"]).total_seconds()) < 60
    body = {"currentPassword": PASSWORD, "newPassword": "new horse 5"}
    assert_error(api.put("/auth/password", token=answer["token"], json=body), 400, "no_password")
    again = ok(login(api, sign(said)))
    for token in (answer["token"], again["token"]):
        ok(api.get("/auth/me", token=token)), "only linking ends tokens"


@pytest.mark.parametrize("google_id", [None, ""])
def test_an_older_servers_account_is_linked(api, stack, db, google_id, books):
    user = stack.user("worker", 3, googleId=google_id)
    db.users.update_one(
        {"_id": ObjectId(user.id)}, {"$unset": {"email_key": "", "authProvider": ""}}
    )
    said = claims(email=user.email)
    assert ok(login(api, sign(said)))["user"]["_id"] == user.id
    assert stored_user(db, user)["googleId"] == said["sub"]


@promise("3 Tokens", "That moment only moves forward")
def test_a_token_ended_ahead_of_time_stays_ended(api, stack, db):
    """tokens_valid_after may lie ahead of the clock; linking does not take it back."""
    ahead = int(time.time()) + 100
    user = stack.user("worker", tokens_valid_after=ahead)
    answer = ok(login(api, sign(claims(email=user.email))))
    assert stored_user(db, user)["tokens_valid_after"] > ahead
    assert_error(api.get("/auth/me", token=stack.token(user, iat=ahead + 1)), 401, "unauthorized")
    ok(api.get("/auth/me", token=answer["token"]))


@promise("3 POST /google-login", "GOOGLE_CLIENT_ID may list several, with commas")
def test_several_client_ids_are_taken(api):
    """A page's and an app's, each with an id of its own; and nothing between or beside them."""
    for client in (CLIENT_ID, OTHER_CLIENT_ID):
        ok(login(api, sign(claims(aud=client))))
    for audience in ("", ",", f"{OTHER_CLIENT_ID},{CLIENT_ID}", CLIENT_ID[:-1]):
        assert_error(login(api, sign(claims(aud=audience))), 401, "unauthorized")


@promise(
    "3 POST /google-login",
    "The same address by the rule of registration: ASCII letters fold, nothing else",
)
@pytest.mark.parametrize(
    "theirs, alike", [("\u212a", "k"), ("\u212b", "\u00e5"), ("\u0130", "i"), ("\u00c9", "\u00e9")]
)
def test_an_address_that_looks_like_anothers_is_not_theirs(api, stack, db, theirs, alike, books):
    """KELVIN SIGN, ANGSTROM SIGN, dotted I, E acute: Google may have given it to somebody else."""
    tail = unique_email("")
    user = stack.user("worker", email=alike + tail)
    before = stored_user(db, user)
    said = claims(email=theirs + tail)
    answer = login(api, sign(said))
    if unicodedata.is_normalized("NFC", theirs):
        assert ok(answer)["user"]["_id"] != user.id
    else:
        assert_error(answer, 401, "unauthorized")
        assert users_of(db, said) == []
    assert stored_user(db, user) == before
    ok(user.api.get("/auth/me"))
    ok(password_login(api, user.email))


def test_an_address_of_another_google_account_is_409(api, stack, db, books):
    """It may have passed to somebody else: the account stays with whom it was made by."""
    said = claims()
    first = ok(login(api, sign(said)))
    before = users_of(db, said)
    assert_error(login(api, sign(claims(email=said["email"]))), 409, "conflict")
    assert users_of(db, said) == before
    ok(api.get("/auth/me", token=first["token"]))


@promise(
    "3 POST /google-login",
    "The same address by the rule of registration: ASCII letters fold, nothing else",
)
def test_an_account_of_an_odd_address_is_still_googles(api, stack, db):
    """Made before there were rules for addresses, it is found by Google's id for the person."""
    odd = claims(email=f"a..b\u212a@{unique_email('').split('@')[1]}")
    assert_error(login(api, sign(odd)), 401, "unauthorized")
    user = stack.user("worker", email=odd["email"], googleId=odd["sub"])
    assert ok(login(api, sign(odd)))["user"]["_id"] == user.id


def test_a_user_being_removed_is_401(api, stack, db):
    linked, unlinked = claims(), claims()
    for said, fields in ((linked, {"googleId": linked["sub"]}), (unlinked, {})):
        user = stack.user("worker", email=said["email"], closing=True, **fields)
        before = stored_user(db, user)
        assert_error(login(api, sign(said)), 401, "unauthorized")
        assert stored_user(db, user) == before and len(users_of(db, said)) == 1


# --- tokens that are not good ---


def public_pem():
    return (
        KEYS["first"]
        .public_key()
        .public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def hs256(said, secret):
    text = f'{b64url(json.dumps({"alg": "HS256", "kid": "first"}))}.{b64url(json.dumps(said))}'
    return text + "." + b64url(hmac.new(secret, text.encode(), hashlib.sha256).digest())


def without_signature(said, algorithm):
    return f'{b64url(json.dumps({"alg": algorithm, "kid": "first"}))}.{b64url(json.dumps(said))}.'


HEADER = '{"alg":"RS256","kid":"first"}'


def doubled(said, member):
    return json.dumps(said)[:-1] + f",{member}}}"


BAD = {
    "another key": lambda said: sign(said, key=STRANGER),
    "the key of another kid": lambda said: sign(said, kid="first", key=KEYS["second"]),
    "an unknown kid": lambda said: sign(said, kid="nobody", key=STRANGER),
    "no kid": lambda said: jwt.encode(said, KEYS["first"], "RS256"),
    "alg none": lambda said: without_signature(said, "none"),
    "no signature": lambda said: without_signature(said, "RS256"),
    "HS256 by the public key": lambda said: hs256(said, public_pem()),
    "HS256 by the client id": lambda said: hs256(said, CLIENT_ID.encode()),
    "RS512": lambda said: sign(said, algorithm="RS512"),
    "PS256": lambda said: sign(said, algorithm="PS256"),
    "crit": lambda said: sign(said, crit=["x"], x=1),
    "another issuer": lambda said: sign({**said, "iss": "https://accounts.evil.example"}),
    "no issuer": lambda said: sign({**said, "iss": ""}),
    "another audience": lambda said: sign({**said, "aud": "1234-other.apps.googleusercontent.com"}),
    "several audiences": lambda said: sign({**said, "aud": [CLIENT_ID, "other"]}),
    "no audience": lambda said: sign({n: v for n, v in said.items() if n != "aud"}),
    "an unverified address": lambda said: sign({**said, "email_verified": False}),
    "an unverified address as text": lambda said: sign({**said, "email_verified": "false"}),
    "an address of unknown standing": lambda said: sign(
        {n: v for n, v in said.items() if n != "email_verified"}
    ),
    "no address": lambda said: sign({n: v for n, v in said.items() if n != "email"}),
    "an address that is none": lambda said: sign({**said, "email": "ada"}),
    "no sub": lambda said: sign({n: v for n, v in said.items() if n != "sub"}),
    "an empty sub": lambda said: sign({**said, "sub": ""}),
    "an operator as sub": lambda said: sign({**said, "sub": {"$ne": None}}),
    "an operator as address": lambda said: sign({**said, "email": {"$gt": ""}}),
    "no expiry": lambda said: sign({n: v for n, v in said.items() if n != "exp"}),
    "issued tomorrow": lambda said: sign({**said, "iat": int(time.time()) + 86400}),
    "good from tomorrow": lambda said: sign({**said, "nbf": int(time.time()) + 86400}),
    "expired and for others": lambda said: sign({**said, "exp": 1, "aud": "other"}),
    "a claim twice": lambda said: sign_text(HEADER, doubled(said, '"sub":"2"')),
    "alg twice": lambda said: sign_text('{"alg":"none",' + HEADER[1:], json.dumps(said)),
    "no object": lambda said: sign_text(HEADER, json.dumps([said])),
    "bad UTF-8": lambda said: sign_text(HEADER, b'{"name":"\xff",' + json.dumps(said)[1:].encode()),
    "cut short": lambda said: sign(said)[:-1],
    "padded": lambda said: sign(said) + "==",
    "plain base64": lambda said: "+/" + sign(said)[2:],
    "two parts": lambda said: sign(said).rsplit(".", 1)[0],
    "four parts": lambda said: sign(said) + ".x",
    "a payload of another": lambda said: ".".join(
        [sign(said).split(".")[0], b64url(json.dumps(claims())), sign(said).split(".")[2]]
    ),
    "our own token": lambda said: jwt.encode(said, "x" * 32, "HS256"),
    "no token": lambda said: "x",
}


@promise(
    "3 POST /google-login",
    "RS256 signature against Google's published keys",
    "Issuer, audience GOOGLE_CLIENT_ID, expiry and email_verified are checked",
)
@pytest.mark.parametrize("what", BAD)
def test_a_bad_token_is_401_and_does_nothing(api, stack, db, what):
    victim = stack.user("worker")
    before = stored_user(db, victim)
    count = db.users.count_documents({})
    for said in (claims(), claims(email=victim.email)):
        assert_error(login(api, BAD[what](said)), 401, "unauthorized")
    assert db.users.count_documents({}) == count and stored_user(db, victim) == before
    ok(victim.api.get("/auth/me"))


@promise("3 POST /google-login", "RS256 signature against Google's published keys")
def test_the_bad_tokens_are_bad_by_just_that(api):
    """What they are made from is good."""
    said = claims()
    for token in (sign(said), sign_text(HEADER, json.dumps(said)), f"  {sign(said)} "):
        ok(login(api, token))


@promise(
    "3 POST /google-login",
    "Issuer, audience GOOGLE_CLIENT_ID, expiry and email_verified are checked",
)
def test_an_expired_token_is_told_apart(api, db):
    said = claims(exp=int(time.time()) - 1)
    assert_error(login(api, sign(said)), 401, "token_expired")
    assert_error(login(api, sign(said, key=STRANGER)), 401, "unauthorized")
    assert users_of(db, said) == []


@promise("3 POST /google-login", "{tokenId} → 200 as login")
def test_the_token_is_one_text(api):
    for body in ({}, {"tokenId": None}, {"tokenId": ""}, {"tokenId": 7}, {"tokenId": ["x"]}):
        refused = api.post("/auth/google-login", json=body)
        assert_error(refused, 400, "invalid_input")
        assert list(faults(refused)) == ["tokenId"], body
    assert_error(login(api, "x" * 4097), 400, "invalid_input")


def test_nothing_of_a_token_is_logged(api, stack):
    said = claims()
    for token in (sign(said), sign(claims(), kid="nobody", key=STRANGER)):
        login(api, token)
        assert token not in stack.worker_log() and token.split(".")[1] not in stack.worker_log()
    assert said["email"] not in stack.worker_log() and said["sub"] not in stack.worker_log()


# --- registration is limited ---


@promise("3 Passwords and failures", "Registration is limited per address")
def test_newcomers_count_as_registrations_and_others_do_not(api, books):
    known = claims()
    ok(login(api, sign(known)))
    for _ in range(REGISTRATIONS - 1):
        ok(login(api, sign(claims())))
    refused = login(api, sign(claims()))
    assert_error(refused, 429, "too_many_requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 3600
    assert_error(api.post("/auth/register", json=register_input()), 429, "too_many_requests")
    ok(login(api, sign(known)))


@promise("1 Limits", "A registration is counted once")
def test_a_newcomer_counts_once_though_the_account_cannot_be_made(api, stack, db):
    """A user may hold the key and not be found by it. Making the account is planned again then, which is no
    further registration.
    """
    said, stranger = claims(), stack.user("worker")
    db.throttle.delete_many({})
    db.users.update_one({"_id": ObjectId(stranger.id)}, {"$set": {"google_key": said["sub"]}})
    assert_error(login(api, sign(said)), 409, "conflict")
    [counted] = db.throttle.find()
    assert counted["count"] == 1


# --- at once ---


def at_once(calls):
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def log_in_at_once(api, tokens):
    return at_once([functools.partial(login, api, token) for token in tokens])


@promise("3 POST /google-login", "A new user is a worker with 10 coins")
def test_of_first_log_ins_at_once_all_are_one_user(api, db, books):
    said = claims()
    answers = log_in_at_once(api, [sign(said)] * 50)
    assert len({ok(answer)["user"]["_id"] for answer in answers}) == 1
    (kept,) = users_of(db, said)
    assert kept["coins"] == 10 and db.ledger.count_documents({"user": kept["_id"]}) == 1
    for answer in answers[:5]:
        ok(api.get("/auth/me", token=answer.json()["token"]))


def test_one_google_account_makes_one_user_whatever_addresses_it_says_at_once(api, db, books):
    said = claims()
    tokens = [sign({**said, "email": unique_email("turn")}) for _ in range(20)]
    answers = log_in_at_once(api, tokens)
    assert len({ok(answer)["user"]["_id"] for answer in answers}) == 1
    assert db.users.count_documents({"googleId": said["sub"]}) == 1


def test_one_address_is_one_google_accounts_whoever_says_it_at_once(api, db, books):
    email = unique_email("shared")
    answers = log_in_at_once(api, [sign(claims(email=email)) for _ in range(20)])
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [200] + [409] * 19, statuses
    assert db.users.count_documents({"email": email}) == 1


def test_a_registration_and_a_first_log_in_at_once_make_one_user(api, db, books):
    """Whichever is first, in the end it is Google's, and the password opens nothing."""
    for _ in range(5):
        said = claims()
        body, token = register_input(email=said["email"], role="worker"), sign(said)
        registered, *signed_in = at_once(
            [lambda: api.post("/auth/register", json=body)] + [lambda: login(api, token)] * 3
        )
        (kept,) = users_of(db, said)
        assert (kept["googleId"], kept["coins"]) == (said["sub"], 10) and "password" not in kept
        assert {ok(answer)["user"]["_id"] for answer in signed_in} == {str(kept["_id"])}
        if registered.status_code == 201:
            session = registered.json()["token"]
            assert_error(api.get("/auth/me", token=session), 401, "unauthorized")
        else:
            assert_error(registered, 400, "email_taken")


@promise(
    "3 POST /google-login",
    "Linking to an existing password account removes that password and its tokens",
)
def test_linking_outlives_log_ins_and_changes_of_password_under_way(api, stack, db, books):
    for _ in range(4):
        user = stack.user("worker")
        said = claims(email=user.email)
        body = {"currentPassword": PASSWORD, "newPassword": "new horse 5"}
        with ThreadPoolExecutor(4) as pool:
            with hashing_held(stack):
                log = Tail(stack)
                change = pool.submit(user.api.put, "/auth/password", json=body)
                under_way = [pool.submit(password_login, api, user.email) for _ in range(3)]
                log.wait_for_all(4, "to hash")
                wait_until_one_would_hash(stack)
                linked = login(api, sign(said))
            changed, *logins = [call.result() for call in (change, *under_way)]
        tokens = [answer.json().get("token") for answer in (changed, *logins)]
        for token in filter(None, tokens):
            assert_error(api.get("/auth/me", token=token), 401, "unauthorized")
        ok(api.get("/auth/me", token=ok(linked)["token"]))
        assert "password" not in stored_user(db, user)
        assert_error(password_login(api, user.email, "new horse 5"), 401, "unauthorized")


def test_linking_at_once_is_done_once(api, stack, db, books):
    user = stack.user("worker", 5)
    said = claims(email=user.email)
    answers = log_in_at_once(api, [sign(said)] * 20)
    assert {ok(answer)["user"]["_id"] for answer in answers} == {user.id}
    assert len(users_of(db, said)) == 1
    ok(api.get("/auth/me", token=ok(login(api, sign(said)))["token"]))


def test_an_account_is_linked_to_one_google_account_alone(api, stack, db, books):
    for _ in range(3):
        user = stack.user("worker", 5)
        one, other = (claims(email=user.email) for _ in range(2))
        answers = log_in_at_once(api, [sign(one), sign(other)] * 8)
        winner = stored_user(db, user)["googleId"]
        for said, answer in zip([one, other] * 8, answers):
            if said["sub"] == winner:
                assert ok(answer)["user"]["_id"] == user.id
            else:
                assert_error(answer, 409, "conflict")


# --- Google's keys ---


@promise("3 POST /google-login", "The keys are cached")
def test_unknown_kids_do_not_make_us_hammer_google(api, google):
    bad = [sign(claims(), kid=unique("kid"), key=STRANGER) for _ in range(60)]
    before, started = google.count, time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        for answer in pool.map(lambda token: login(api, token), bad):
            assert_error(answer, 401, "unauthorized")
    pauses = (time.monotonic() - started) / 5
    assert google.count - before <= 2 * (pauses + 1), "two workers, each at most once in 5 s"


@promise("3 POST /google-login", "The keys are cached")
def test_good_tokens_ask_google_nothing(api, google):
    before = google.count
    for _ in range(20):
        ok(login(api, sign(claims())))
    assert google.count == before


@promise("3 POST /google-login", "The keys are refreshed on an unknown kid")
def test_a_new_key_is_found_by_its_kid(api, google):
    kid, key = unique("kid"), new_key()
    google.keys[kid] = key
    said = claims()
    eventually(
        lambda: login(api, sign(said, kid=kid, key=key)).status_code == 200, every=0.5
    )
    ok(login(api, sign(said)))


def break_by(google, how):
    {
        "down": google.down,
        "slow": google.slow,
        "garbage": lambda: setattr(google, "text", "<!DOCTYPE html><title>Error</title>"),
        "an error": lambda: setattr(google, "status", 503),
    }[how]()


@promise("3 POST /google-login", "The keys are cached")
@pytest.mark.parametrize("how", ["down", "slow", "garbage", "an error"])
def test_known_keys_serve_on_while_google_cannot_be_reached(api, google, how):
    break_by(google, how)
    refused = login(api, sign(claims(), kid=unique("kid"), key=STRANGER))
    assert (refused.status_code, refused.json()["code"]) in (
        (503, "unavailable"),
        (401, "unauthorized"),
    ), "asked in vain, or asked a moment ago"
    ok(login(api, sign(claims())))


@pytest.mark.parametrize("how", ["down", "slow", "garbage"])
def test_without_any_keys_it_is_503_until_google_is_back(api, stack, google, how):
    break_by(google, how)
    reload(stack)
    refused = login(api, sign(claims()))
    assert_error(refused, 503, "unavailable")  # a few seconds, as after 15 nginx says 504
    assert int(refused.headers["retry-after"]) >= 1
    assert_error(login(api, without_signature(claims(), "none")), 401, "unauthorized")
    google.behave()
    warm(stack)


@promise("1 Limits", "Another service that hangs holds up only those who need it")
def test_a_slow_google_does_not_keep_others_waiting(api, stack, google):
    google.slow()
    reload(stack)
    path, turn = "/auth/google-login", "turn to sign in with Google"
    with Volley(
        stack, [Call("POST", path, None, {"tokenId": sign(claims())}) for _ in range(40)]
    ) as storm:
        log = Tail(stack)
        storm.fire()
        eventually(lambda: log.said(turn))
        for _ in range(4):
            ok(api.get("/health"))
        assert set(log.answered(path)) <= log.said(f"No {turn}"), "who waits for Google does so still"
        assert outcomes(storm.answers()) == {"unavailable": 40}
    google.behave()
    warm(stack)
