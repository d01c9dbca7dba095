"""What the tests talk to the service with: a client, users made ready to act, some assertions.

Nothing here knows the code of the service. It knows the contract, the collections it names, and
how to sign a token with the service's secret.
"""

import base64
import dataclasses
import datetime
import itertools
import re
import secrets
import time

import bcrypt
import httpx
import jwt
from bson import Int64, ObjectId

from described import check_response

UNKNOWN_ID = "0123456789abcdef01234567"
PASSWORD = "correct horse 1"
# s; nginx gives up long before, and then we are told
PATIENCE = 60
# One hash for all users made by make_user(): hashing costs 50 ms, and the password is the same.
PASSWORD_HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(10)).decode()

_counter = itertools.count(1)
_run = secrets.token_hex(4)
# Limits count by addresses: whoever needs one has it alone.
_addresses = (f"127.77.{a}.{b}" for a in range(256) for b in range(1, 255))


def unique(prefix="x"):
    """A word that no other test and no earlier run has used."""
    return f"{prefix}{_run}n{next(_counter)}"


def unique_email(prefix="user"):
    return f"{unique(prefix)}@example.org"


def now():
    """The time as MongoDB keeps it: UTC, milliseconds, no zone."""
    moment = datetime.datetime.utcnow()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def iso(moment):
    """A moment (UTC) the way the contract writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def ahead(**delta):
    """A moment from now on, as the contract writes it: ahead(days=3). A day without arguments."""
    return iso(now() + datetime.timedelta(**(delta or {"days": 1})))


def http_client(base_url, **more):
    """A pool of connections for many calls and threads; certificates are self-signed here. Each
    answer must be what docs/openapi.json says.
    """
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=2)
    return httpx.Client(
        base_url=base_url,
        verify=False,
        timeout=PATIENCE,
        limits=limits,
        trust_env=False,
        event_hooks={"response": [check_response]},
        **more,
    )


class Api:
    """Calls below /api, with or without a token.

    Everything but `token` goes to httpx: json=, content=, params=, headers=, …
    `token` unset: the client's own token, if it has one; None: no token.

    An anonymous list of tasks may be a second old, as others were shown it. Here each is asked for in words that nobody
    else uses, and so is of now; test_kept_answers.py asks as others do.
    """

    OWN = object()

    def __init__(self, http, token=None):
        self.http = http
        self.token = token

    def as_user(self, token):
        return Api(self.http, token)

    def request(self, method, path, token=OWN, headers=None, **kwargs):
        token = self.token if token is Api.OWN else token
        headers = list(headers.items() if isinstance(headers, dict) else headers or [])
        if token is not None:
            headers.append(("Authorization", f"Bearer {token}"))
        elif method in ("GET", "HEAD") and (list_of_tasks := re.fullmatch(r"/tasks/?(\?.*)?", path)):
            path += ("&" if list_of_tasks[1] else "?") + unique("asked=")
        return self.http.request(method, "/api" + path, headers=headers, **kwargs)

    def get(self, path, **kwargs):
        return self.request("GET", path, **kwargs)

    def head(self, path, **kwargs):
        return self.request("HEAD", path, **kwargs)

    def post(self, path, **kwargs):
        return self.request("POST", path, **kwargs)

    def put(self, path, **kwargs):
        return self.request("PUT", path, **kwargs)

    def delete(self, path, **kwargs):
        return self.request("DELETE", path, **kwargs)

    def options(self, path, **kwargs):
        return self.request("OPTIONS", path, **kwargs)


def new_address():
    """One of this machine that nobody used before in this run."""
    return next(_addresses)


def client_from_another_address(stack):
    """A client whose calls come from a loopback address that nobody used before in this run."""
    url = httpx.URL(stack.base_url).copy_with(host="127.0.0.1")
    transport = httpx.HTTPTransport(verify=False, local_address=new_address())
    return Api(httpx.Client(base_url=url, transport=transport, timeout=PATIENCE, trust_env=False))


@dataclasses.dataclass
class User:
    """Someone who can act: user.api.get("/auth/me") carries their token."""

    id: str
    email: str
    role: str
    name: str
    token: str
    api: Api
    password: str = PASSWORD

    def coins(self):
        """What they can spend, as the service tells."""
        answer = self.api.get("/auth/me")
        assert answer.status_code == 200, answer.text
        return answer.json()["coins"]


def sign(claims, secret, algorithm="HS256", **kwargs):
    """A token as any other implementation makes it."""
    return jwt.encode(claims, secret, algorithm=algorithm, **kwargs)


def b64url(data):
    """As the parts of a token are written."""
    data = data if isinstance(data, bytes) else data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def user_token(secret, user_id, email, role, claims=None):
    """A user's token; a claim given as None is left out."""
    issued = int(time.time())
    all_claims = {
        "userId": str(user_id),
        "email": email,
        "role": role,
        "iat": issued,
        "exp": issued + 3600,
    }
    all_claims.update(claims or {})
    return sign({name: value for name, value in all_claims.items() if value is not None}, secret)


def make_user(db, http, secret, role, coins=0, **fields):
    """A user as adoption leaves one: the document, and the opening balance in the journal.

    So the books balance. Registering through the service would cost a password hash (50 ms of CPU)
    each; the tests make hundreds.
    """
    user_id = ObjectId()
    email = fields.pop("email", None) or unique_email(role)
    name = fields.pop("name", None) or f"{role.capitalize()} {unique()}"
    document = {
        "_id": user_id,
        "name": name,
        "email": email,
        "email_key": email.lower(),
        "password": PASSWORD_HASH,
        "photoURL": "",
        "role": role,
        "coins": Int64(coins),
        "pending_coins": Int64(0),
        "authProvider": "email",
        "createdAt": now(),
        "adopted": 1,
    }
    document.update(fields)
    if coins:
        db.ledger.insert_one(
            {
                "_id": f"opening:user:{user_id}",
                "from": "opening",
                "to": f"user:{user_id}",
                "coins": Int64(coins),
                "kind": "opening",
                "user": user_id,
                "actor": "service",
                "request_id": "tests",
                "at": now(),
            }
        )
    db.users.insert_one(document)
    token = user_token(secret, user_id, email, role)
    return User(str(user_id), email, role, name, token, Api(http, token))


def task_input(**changes):
    """A good body for POST /tasks: 2 slots at 5 coins. None leaves a field out."""
    body = {
        "task_title": f"Watch a film {unique()}",
        "task_detail": "Watch it to the end and say what it is about.",
        "required_workers": 2,
        "payable_amount": 5,
        "completion_date": ahead(days=3),
        "submission_info": "One sentence and a screenshot.",
        "task_image_url": "",
        "category": "video",
    }
    body.update(changes)
    return {name: value for name, value in body.items() if value is not None}


def register_input(**changes):
    """A good body for POST /auth/register. None leaves a field out."""
    body = {"name": "Rosa Diaz", "email": unique_email(), "password": PASSWORD, "role": "worker"}
    body.update(changes)
    return {name: value for name, value in body.items() if value is not None}


def ok(response, status=200):
    """The JSON of an answer that must have succeeded."""
    assert (
        response.status_code == status
    ), f"{response.request.method} {response.request.url}: {response.status_code} {response.text}"
    return response.json()


def assert_error(response, status, code, **extra):
    """The whole shape that the contract gives to every error, and the fields that this one adds."""
    assert response.status_code == status, f"{response.status_code} {response.text}"
    assert response.headers["content-type"].split(";")[0] == "application/json"
    body = response.json()
    assert body["code"] == code, body
    assert isinstance(body["error"], str) and body["error"], "a sentence for a person"
    assert body["message"] == body["error"], "message repeats error"
    assert body["requestId"] == response.headers["x-request-id"]
    for name, value in extra.items():
        assert body.get(name) == value, f"{name}: expected {value!r} in {body}"
    return body


def faults(response):
    """The bad fields of a 400 as {field: code}; each has a sentence of its own."""
    errors = response.json().get("errors", [])
    for fault in errors:
        assert {"field", "code", "message"} <= set(fault), fault
        assert fault["message"]
    found = {fault["field"]: fault["code"] for fault in errors}
    assert len(found) == len(errors), f"a field is reported twice: {errors}"
    return found


def eventually(check, within=60.0, every=0.05):
    """Waits until check() says something true, and returns that. within: seconds that are promised; else it takes what
    it takes on a busy machine, and no longer on a quick one.
    """
    end = time.monotonic() + within
    while True:
        said = check()
        if said:
            return said
        assert time.monotonic() < end, f"not within {within} s; last: {said!r}"
        time.sleep(every)


def log_in(api, email, password=PASSWORD):
    return api.post("/auth/login", json={"email": email, "password": password})
