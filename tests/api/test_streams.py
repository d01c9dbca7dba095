"""Contract, section 8: streams of notifications, by microtask-events.

Plain readers on threads (streams.py) and a real browser's EventSource (browser.py), before the
real nginx, and before the process itself where nginx would be in the way.
"""

import concurrent.futures
import contextlib
import datetime
import html
import json
import os
import pathlib
import resource
import signal
import socket
import statistics
import subprocess
import threading
import time

import httpx
import pymongo
import pytest
from bson import ObjectId

from browser import page
from client import PASSWORD, Api, assert_error, eventually, http_client, iso, now, ok, unique
from conftest import OF_THE_STACK, ROOT, tour
from market import approve, post_task, reject, submit, told
from promises import promise
from second_nginx import nginx_in_front, second_nginx
from streams import PATH, Reader, UnixConnection, connect_to, notification, notify

ORIGIN = "http://localhost:3000"
STREAMS_A_USER = 20
FIELDS = ["_id", "toEmail", "message", "actionRoute", "type", "isRead", "archived"]


def ticket_of(user):
    return ok(user.api.post("/notifications/stream-ticket"))["ticket"]


def as_listed(document):
    """A stored notification as the contract shows it."""
    shown = {name: document[name] for name in FIELDS}
    shown["_id"] = str(shown["_id"])
    return {**shown, **{name: iso(document[name]) for name in ("createdAt", "updatedAt")}}


def ask(stack, user=None, token=None, method="GET", **kwargs):
    """A call of the stream that is refused, or has no body."""
    token = user.token if user else token
    return stack.api.request(method, "/notifications/stream", token=token, **kwargs)


def events_pid(stack):
    return int(stack.env()["PID_EVENTS"])


def events_socket(stack):
    return stack.state / "sockets" / "events.sock"


# --- what takes long is begun first ---


@pytest.fixture(scope="module")
def idle(stack):
    """A reader whom nobody tells anything."""
    token, asked = stack.user("worker").token, time.monotonic()
    with Reader(stack.base_url, token=token) as reader:
        yield asked, reader


LOSSES = ["deleted", "closing", "logged out", "new password", "expired", "expired by ticket"]


@pytest.fixture(scope="module")
def losers(stack):
    """Users whose streams are open, and who then lose their access, each in a way of their own; and
    two who keep it.
    """
    users = {name: stack.user("worker") for name in [*LOSSES, "in good standing", "another role"]}
    soon = {"exp": int(time.time()) + 20}
    for name in ("expired", "expired by ticket"):
        users[name].api = Api(stack.http, stack.token(users[name], **soon))
    with contextlib.ExitStack() as opened:
        readers = {}
        for name, user in users.items():
            given = {"token": user.api.token}
            if name in ("logged out", "expired by ticket"):
                given = {"query": {"ticket": ticket_of(user)}}
            readers[name] = opened.enter_context(Reader(stack.base_url, **given))
        for name, reader in readers.items():
            assert reader.status == 200, name
        stack.db.users.delete_one({"_id": ObjectId(users["deleted"].id)})
        change = {"$set": {"closing": True}}
        stack.db.users.update_one({"_id": ObjectId(users["closing"].id)}, change)
        ok(users["logged out"].api.post("/auth/logout"))
        body = {"currentPassword": PASSWORD, "newPassword": PASSWORD + "2"}
        ok(users["new password"].api.put("/auth/password", json=body))
        change = {"$set": {"role": "buyer"}}
        stack.db.users.update_one({"_id": ObjectId(users["another role"].id)}, change)
        yield time.monotonic() + max(0, soon["exp"] - time.time()), users, readers


@pytest.fixture(autouse=True)
def begun(idle, losers):
    pass


# --- being told ---


@promise(
    "8 Streams",
    "Each new notification of the caller",
    "A notification is sent within a second of its commit",
    "`id` is the notification's; `data` the notification as GET lists it",
)
def test_what_happens_is_told_within_a_second_as_the_list_shows_it(
    stack, buyer, worker, new_worker
):
    """Whichever worker process it happened in; everybody their own."""
    with Reader(stack.base_url, token=buyer.token) as boss, Reader(
        stack.base_url, token=worker.token
    ) as hand, Reader(stack.base_url, token=new_worker().token) as other:
        waits = []
        for number in range(8):
            task = post_task(buyer, required_workers=1)
            submission = submit(worker, task)
            waits.append((time.monotonic(), boss, number))
            if number % 2:
                approve(buyer, submission)
            else:
                reject(buyer, submission, reason="Blurred ☂\n\ndata: no")
            waits.append((time.monotonic(), hand, number))
        boss.wait_for(8)
        hand.wait_for(8)
        late = [reader.events[number].at - since for since, reader, number in waits]
        assert statistics.median(late) < 1, late
        for user, reader in ((buyer, boss), (worker, hand)):
            listed = ok(user.api.get("/notifications", params={"limit": 100}))
            assert reader.ids() == [shown["_id"] for shown in reversed(listed)]
            assert [event.data for event in reader.events] == listed[::-1]
            assert {event.type for event in reader.events} == {"message"}
        assert other.events == []


@promise("8 Streams", "GET /stream, by token or `?ticket=`", "Each new notification of the caller")
def test_every_stream_of_a_user_is_told(stack, db, worker):
    with Reader(stack.base_url, token=worker.token) as one, Reader(
        stack.base_url, query={"ticket": ticket_of(worker)}
    ) as another:
        ids = notify(db, worker, 3)
        for reader in (one, another):
            reader.wait_for(3)
            assert reader.ids() == ids


@promise("8 Streams", "A notification is sent whichever worker or host wrote it")
def test_two_nginx_and_two_processes_of_streams_tell_the_same(stack, db, tmp_path, worker):
    """As on several hosts: whoever wrote it, and wherever one listens."""
    with second_nginx(stack, tmp_path) as url, own_events(stack) as other_process:
        with Reader(stack.base_url, token=worker.token) as here, Reader(
            url, token=worker.token
        ) as there, Reader(other_process, token=worker.token) as elsewhere:
            assert there.answer.headers["API-Version"] == "1"
            notify(db, worker, 2)
            with http_client(url) as client:
                buyer = stack.user("buyer", 100)
                task = post_task(buyer)
                body = {"task_id": task["_id"], "submission_details": "Done."}
                made = ok(Api(client, worker.token).post("/submissions", json=body), 201)
            approve(buyer, made["submission"])
            ids = [str(document["_id"]) for document in told(db, worker)]
            assert len(ids) == 3
            for reader in (here, there, elsewhere):
                reader.wait_for(3)
                assert sorted(reader.ids()) == ids


@promise(
    "8 Streams",
    "Proxies in front pass it on at once: `X-Accel-Buffering: no`, `Cache-Control: no-store, no-transform`",
)
def test_a_proxy_in_front_that_gathers_answers_passes_streams_on_at_once(
    stack, db, tmp_path, worker
):
    """An nginx of somebody else's, which buffers unless it is told not to."""
    with nginx_in_front(stack, tmp_path) as url:
        with Reader(url, token=worker.token) as reader:
            assert reader.status == 200
            assert reader.answer.headers["Cache-Control"] == "no-store, no-transform"
            for _ in range(3):
                count = len(reader.events) + 1
                begun = time.monotonic()
                notify(db, worker, 1)
                assert reader.wait_for(count)[-1].at - begun < 15, "not with what comes later"
        refused = stack.http.get(url + PATH)
        assert_error(refused, 401, "unauthorized")


def test_a_worker_that_is_asked_for_a_stream_says_that_it_has_none(stack, tmp_path, worker):
    """Where nginx is set up without microtask-events."""
    shipped = tmp_path / "conf"
    shipped.mkdir()
    text = (ROOT / "conf" / "nginx.conf").read_text()
    without = text.replace("location ~ ^/api/notifications/stream/?$", "location = /unused")
    assert without != text
    (shipped / "nginx.conf").write_text(without)
    with second_nginx(stack, tmp_path, shipped) as url, http_client(url) as client:
        api = Api(client)
        assert_error(api.get("/notifications/stream"), 401, "unauthorized")
        refused = api.get("/notifications/stream", token=worker.token)
        assert_error(refused, 501, "not_configured")


# --- who may listen ---


@promise(
    "8 Streams",
    "Server-sent events",
    "Proxies in front pass it on at once: `X-Accel-Buffering: no`, `Cache-Control: no-store, no-transform`",
)
def test_a_stream_says_what_it_is_to_browsers_of_our_front_ends(stack, worker):
    with Reader(stack.base_url, token=worker.token, headers={"Origin": ORIGIN}) as reader:
        headers = reader.answer.headers
        assert headers["Content-Type"].split(";")[0] == "text/event-stream"
        assert headers["Cache-Control"] == "no-store, no-transform"
        assert headers["X-Accel-Buffering"] == "no"
        assert headers["Access-Control-Allow-Origin"] == ORIGIN
        assert headers["Access-Control-Allow-Credentials"] == "true"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Request-Id"]
        assert "Connection" not in headers or headers["Connection"] != "close"


@promise("8 Streams", "GET /stream, by token or `?ticket=`")
def test_without_a_good_token_or_ticket_nobody_listens(stack, worker):
    assert_error(ask(stack), 401, "unauthorized")
    assert_error(ask(stack, content=b"{}"), 401, "unauthorized")  # a body is not looked at
    assert_error(ask(stack, token="x.y.z"), 401, "unauthorized")
    assert_error(ask(stack, token=stack.token(worker, exp=1)), 401, "token_expired")
    assert_error(ask(stack, params={"ticket": "x" * 43}), 401, "unauthorized")
    assert_error(ask(stack, params={"ticket": "x" * 4000}), 401, "unauthorized")
    assert_error(ask(stack, params={"ticket": ""}), 401, "unauthorized")
    ticket = {"ticket": ticket_of(worker)}  # where both are sent, the token is what counts
    assert_error(ask(stack, token="x.y.z", params=ticket), 401, "unauthorized")
    assert ask(stack, method="HEAD", params=ticket).status_code == 200
    refused = ask(stack, headers={"Origin": ORIGIN, "X-Request-Id": unique()})
    assert refused.headers["access-control-allow-origin"] == ORIGIN
    assert refused.headers["www-authenticate"] == "Bearer"
    assert refused.headers["cache-control"] == "no-store"
    stack.db.users.delete_one({"_id": ObjectId(worker.id)})
    assert_error(ask(stack, worker), 401, "unauthorized")


def test_other_methods_and_a_trailing_slash(stack, worker):
    for method in ("POST", "PUT", "PATCH"):
        refused = ask(stack, worker, method=method)
        assert_error(refused, 405, "method_not_allowed")
        assert {"GET", "HEAD", "OPTIONS"} <= set(refused.headers["allow"].split(", "))
    assert ask(stack, method="OPTIONS").status_code == 204
    with stack.http.stream(
        "GET", PATH + "/", headers={"Authorization": f"Bearer {worker.token}"}
    ) as answer:
        assert answer.status_code == 200
    head = ask(stack, worker, method="HEAD")
    assert head.headers["cache-control"] == "no-store, no-transform"
    assert head.headers["x-accel-buffering"] == "no"
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"].split(";")[0] == "text/event-stream"
    refused = ask(stack, method="HEAD")
    assert (refused.status_code, refused.content) == (401, b"")


@promise("8 Streams", "POST /stream-ticket, for anyone with a token → {ticket}", "Single use")
def test_a_ticket_opens_one_stream_and_is_kept_and_logged_nowhere(stack, db, new_buyer, books):
    user = new_buyer()
    ticket = ticket_of(user)
    assert len(ticket) >= 32
    with Reader(stack.base_url, query={"ticket": ticket}) as reader:
        assert reader.status == 200
        notify(db, user)
        reader.wait_for(1)
    assert_error(ask(stack, params={"ticket": ticket}), 401, "unauthorized")
    assert ticket_of(user) != ticket_of(user)
    assert ticket.encode() not in b"".join(repr(row).encode() for row in db.tickets.find())
    # What nginx cannot get answered it logs, with the address but without the query.
    broken = ticket_of(user)
    os.kill(events_pid(stack), signal.SIGSTOP)
    try:
        with pytest.raises(httpx.TimeoutException):
            stack.http.get(PATH, params={"ticket": broken}, timeout=0.3)
    finally:
        os.kill(events_pid(stack), signal.SIGCONT)
    for log in (stack.state / "logs").iterdir():
        said = log.read_text(errors="replace")
        assert ticket not in said and broken not in said, log


@promise("8 Streams", "Single use")
def test_of_twenty_who_redeem_a_ticket_at_once_one_listens(stack, worker):
    params = {"ticket": ticket_of(worker)}
    with concurrent.futures.ThreadPoolExecutor(20) as pool:

        def redeem(_):
            with stack.http.stream("GET", PATH, params=params) as answer:
                return 200 if answer.status_code == 200 else json.loads(answer.read())["code"]

        outcomes = list(pool.map(redeem, range(20)))
    assert sorted(map(str, outcomes)) == ["200"] + ["unauthorized"] * 19


@promise("8 Streams", "60 s")
@promise("10 Collections", "`idempotency`, `throttle`, `tickets` (TTL)")
def test_a_ticket_lasts_a_minute_and_no_longer_than_its_token(stack, db, new_worker):
    user = new_worker()
    before = now()
    ticket = ticket_of(user)
    (row,) = db.tickets.find({"user_id": ObjectId(user.id)})
    assert (row["expires_at"] - before).total_seconds() > 55
    assert (row["expires_at"] - now()).total_seconds() < 61
    past = now() - datetime.timedelta(minutes=1)
    db.tickets.update_one({"_id": row["_id"]}, {"$set": {"expires_at": past}})
    assert_error(ask(stack, params={"ticket": ticket}), 401, "unauthorized")

    ticket = ticket_of(user)
    ok(user.api.post("/auth/logout"))
    assert_error(ask(stack, params={"ticket": ticket}), 401, "unauthorized")

    user = new_worker()
    for seconds in (2, 4, 8, 16, 32):  # as soon as the machine allows
        brief = stack.token(user, exp=int(time.time()) + seconds)
        given = stack.api.post("/notifications/stream-ticket", token=brief)
        if given.status_code == 200:
            break
    ticket = ok(given)["ticket"]
    eventually(lambda: ask(stack, token=brief, method="HEAD").status_code == 401)
    assert_error(ask(stack, params={"ticket": ticket}), 401, "token_expired")

    user = new_worker()
    ticket = ticket_of(user)
    db.users.delete_one({"_id": ObjectId(user.id)})
    assert_error(ask(stack, params={"ticket": ticket}), 401, "unauthorized")


# --- coming back ---


@promise("8 Streams", "`Last-Event-ID` resumes without loss")
def test_last_event_id_resumes_without_loss(stack, db, worker, new_worker):
    other = new_worker()
    with Reader(stack.base_url, token=worker.token) as first:
        ids = notify(db, worker, 3)
        first.wait_for(3)
    missed = notify(db, worker, 30)
    notify(db, worker, 2, archived=True)
    notify(db, other, 2)
    with Reader(stack.base_url, token=worker.token, last=first.last) as second:
        second.wait_for_ids(missed)
        after = notify(db, worker)
        second.wait_for_ids(after)
        fresh = [event.id for event in second.events if event.id not in ids]
        assert fresh == missed + after, "the oldest first, each once here"
        assert first.last not in second.ids(), "what was seen last need not be told again"
        for event in second.events:
            document = db.notifications.find_one({"_id": ObjectId(event.id)})
            assert event.data == as_listed(document) and document["user_id"] == ObjectId(worker.id)
    query = {"ticket": ticket_of(worker), "lastEventId": missed[-1]}
    with Reader(stack.base_url, query=query) as third:
        third.wait_for_ids(after)


@promise("8 Streams", "At least once")
def test_what_was_committed_late_is_not_lost(stack, db, worker):
    """Made before the one that was seen last, by a slower worker or one whose clock is behind, but
    committed after it.
    """
    with Reader(stack.base_url, token=worker.token) as first:
        moment = now()
        earlier = moment - datetime.timedelta(seconds=8)
        late = notification(worker, createdAt=earlier)
        late["_id"] = ObjectId.from_datetime(earlier.replace(tzinfo=datetime.timezone.utc))
        long_job = notification(worker, createdAt=moment - datetime.timedelta(minutes=5))
        notify(db, worker)
        first.wait_for(1)
    db.notifications.insert_many([late, long_job])
    with Reader(stack.base_url, token=worker.token, last=first.last) as second:
        second.wait_for_ids([late["_id"], long_job["_id"]])


@promise("8 Streams", "An unknown `Last-Event-ID` starts now")
@pytest.mark.parametrize(
    "last", ["0123456789abcdef01234567", "of another user", "nonsense", "since-", "since-9x", "☂"]
)
def test_an_unknown_last_event_id_starts_now(stack, db, worker, new_worker, last):
    notify(db, worker, 3)
    if last == "of another user":
        (last,) = notify(db, new_worker())
    with Reader(stack.base_url, token=worker.token, query={"lastEventId": last}) as reader:
        ids = notify(db, worker, 2)
        reader.wait_for(2)
        assert reader.ids() == ids


@promise("8 Streams", "`Last-Event-ID` resumes without loss")
def test_one_who_was_told_nothing_yet_resumes_too(stack, db, worker):
    """A stream begins with an id of its own that is no event."""
    notify(db, worker, 3)
    with Reader(stack.base_url, token=worker.token) as first:
        eventually(lambda: first.resume_points)
        assert first.events == []
    missed = notify(db, worker, 5)
    with Reader(stack.base_url, token=worker.token, last=first.last) as second:
        second.wait_for_ids(missed)


@promise("8 Streams", "More than 1000 missed: `event: reset`")
def test_a_thousand_missed_are_told_and_more_are_a_reset(stack, db, worker):
    (first,) = notify(db, worker)
    missed = notify(db, worker, 1000)
    with Reader(stack.base_url, token=worker.token, last=first) as reader:
        reader.wait_for(1000)
        assert reader.ids() == missed
    one_more = notify(db, worker)
    with Reader(stack.base_url, token=worker.token, last=first) as reader:
        (event,) = reader.wait_for(1)
        assert event.type == "reset" and event.data["message"]
        after = notify(db, worker)
        reader.wait_for_ids(after)
        assert not set(reader.ids()) & set(missed + one_more)
    between = notify(db, worker)
    with Reader(stack.base_url, token=worker.token, last=event.id) as reader:
        reader.wait_for_ids(between)
        assert {event.type for event in reader.events} == {"message"}, "it goes on from the reset"


@promise("8 Streams", "More than 1000 missed: `event: reset`")
def test_more_text_than_a_stream_may_be_behind_is_a_reset(stack, db, worker):
    """Messages of older data, far longer than ours: together they would fill the memory."""
    (first,) = notify(db, worker)
    missed = notify(db, worker, 100, message="x" * 50_000)
    with Reader(stack.base_url, token=worker.token, last=first) as reader:
        (event,) = reader.wait_for(1)
        assert event.type == "reset"
        after = notify(db, worker)
        reader.wait_for_ids(after)
        assert not set(reader.ids()) & set(missed)


# --- many, and slow ones ---


def memory_of(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def ask_for_one(path, query="", token=""):
    """Over a socket of its own, without a thread."""
    stream = connect_to(path, timeout=60)
    given = f"Authorization: Bearer {token}\r\n" if token else ""
    stream.sendall(f"GET {PATH}{query} HTTP/1.1\r\nHost: x\r\n{given}\r\n".encode())
    return stream


def open_many(path, tokens, tickets=()):
    """A stream for each."""
    streams = [ask_for_one(path, token=token) for token in tokens]
    streams += [ask_for_one(path, f"?ticket={ticket}") for ticket in tickets]
    for stream in streams:
        read_until(stream, b"id: since-")
    return streams


def read_until(stream, wanted, most=65536):
    said = b""
    while wanted not in said and len(said) < most:
        part = stream.recv(4096)
        assert part, said
        said += part
    assert said.startswith(b"HTTP/1.1 200 OK") or b"HTTP/1.1" not in said
    return said


def test_five_thousand_streams_on_one_process_in_under_200_mb(stack, db, new_worker):
    """They are idle; then one user is told something, on all streams a user may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    users = [new_worker() for _ in range(5000 // STREAMS_A_USER)]
    streams = []
    try:
        tokens = [user.token for user in users for _ in range(STREAMS_A_USER)]
        streams = open_many(events_socket(stack), tokens)
        assert len(streams) == 5000
        used = memory_of(events_pid(stack))
        assert used < 200, f"{used:.0f} MB"
        began = time.monotonic()
        (told_id,) = notify(db, users[-1])
        for stream in streams[-STREAMS_A_USER:]:
            read_until(stream, told_id.encode())
        assert time.monotonic() - began < 15, "at once, not with the next comment"
    finally:
        for stream in streams:
            stream.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_reader_who_does_not_read_is_dropped_and_slows_nobody(stack, db, worker):
    (slow,) = open_many(events_socket(stack), [worker.token])
    log = stack.state / "logs" / "events.log"
    drops = log.read_text().count("too far behind")
    with Reader(stack.base_url, token=worker.token) as quick:
        ids = []
        for _ in range(6):
            ids += notify(db, worker, 500, message="x" * 480)
            quick.wait_for(len(ids))
        eventually(lambda: log.read_text().count("too far behind") > drops)
        assert memory_of(events_pid(stack)) < 200
        said = b""
        with contextlib.suppress(ConnectionError):
            while part := slow.recv(65536):
                said += part
        assert ids[0].encode() in said and ids[-1].encode() not in said, "cut off in the middle"
        quick.wait_for_ids(notify(db, worker))
        assert quick.ids()[: len(ids)] == ids
    slow.close()


@contextlib.contextmanager
def own_events(stack, database=None, **settings):
    """A further microtask-events, without nginx; the path of its socket."""
    program = pathlib.Path(stack.env()["MICROTASKCTL"]).with_name("microtask-events")
    uri = stack.mongodb_uri
    if database:
        uri = uri.replace(f"/{stack.db.name}?", f"/{database}?")
    environment = {name: value for name, value in os.environ.items() if name not in OF_THE_STACK}
    environment |= {"MICROTASK_ENV": "development", "MONGODB_URI": uri}
    environment |= {"JWT_SECRET": stack.jwt_secret, **settings}
    path = stack.state / "sockets" / f"{unique('events-')}.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(64)
        with open(stack.state / "logs" / "events-of-tests.log", "ab") as log:
            process = subprocess.Popen([program], stdin=listener, stderr=log, env=environment)
    try:
        yield path
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        path.unlink()


def refusal_of(path, query="", **headers):
    connection = UnixConnection(path)
    connection.request("GET", PATH + query, headers=headers)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    return answer, body


@promise("1 Limits", "No account can take more than its share of streams: 20 a user")
def test_one_user_has_twenty_streams_and_takes_no_place_of_others(stack, db, new_worker, worker):
    """By token and by ticket alike; whoever asks for more is told when to try again."""
    crowd = new_worker()
    authorization = {"Authorization": f"Bearer {crowd.token}"}
    with own_events(stack, MICROTASK_STREAMS="100") as path:
        streams = open_many(path, [crowd.token] * (STREAMS_A_USER // 2))
        for _ in range(STREAMS_A_USER // 2):
            streams += open_many(path, [], tickets=[ticket_of(crowd)])
        for ticket in (None, None, ticket_of(crowd), ticket_of(crowd)):
            query = f"?ticket={ticket}" if ticket else ""
            answer, body = refusal_of(path, query, **({} if ticket else authorization))
            assert answer.status == 429 and 1 <= int(answer.headers["Retry-After"]) <= 60
            assert body["code"] == "too_many_requests" and body["requestId"]
            assert answer.headers["Content-Type"].startswith("application/json")

        # others have theirs, and those that are open are told what comes
        other = open_many(path, [worker.token])
        for user, its in ((crowd, streams), (worker, other)):
            (told_id,) = notify(db, user)
            for stream in its:
                read_until(stream, told_id.encode())

        # one that ends makes room for one
        streams.pop().close()

        def has_room():
            with contextlib.suppress(AssertionError):
                return open_many(path, [crowd.token])

        streams += eventually(has_room)
        assert refusal_of(path, **authorization)[0].status == 429
        for stream in streams + other:
            stream.close()


@promise("1 Limits", "No account can take more than its share of streams: 20 a user")
def test_of_many_who_come_at_once_twenty_of_a_user_listen(stack, new_worker):
    crowd = new_worker()
    with own_events(stack, MICROTASK_STREAMS="1000") as path:
        streams = [ask_for_one(path, token=crowd.token) for _ in range(3 * STREAMS_A_USER)]
        outcomes = [stream.recv(4096).split(b" ")[1] for stream in streams]
        assert outcomes.count(b"200") == STREAMS_A_USER, outcomes
        assert outcomes.count(b"429") == 2 * STREAMS_A_USER, outcomes
        for stream in streams:
            stream.close()


def test_beyond_the_limit_of_streams_newcomers_are_refused(stack, db, worker):
    with own_events(stack, MICROTASK_STREAMS="3") as path:
        streams = open_many(path, [worker.token] * 3)
        connection = UnixConnection(path)
        connection.request("GET", PATH, headers={"Authorization": f"Bearer {worker.token}"})
        answer = connection.getresponse()
        assert answer.status == 503 and int(answer.headers["Retry-After"]) >= 1
        assert json.loads(answer.read())["code"] == "unavailable"
        streams.pop().close()

        def has_room():
            with contextlib.suppress(AssertionError):
                return open_many(path, [worker.token])

        streams += eventually(has_room)
        (told_id,) = notify(db, worker)
        for stream in streams:
            read_until(stream, told_id.encode())
            stream.close()


@promise("8 Streams", "At least once")
def test_a_gap_in_the_record_of_changes_resets_every_stream(stack):
    """Here: the collection is dropped. What was committed meanwhile nobody can tell."""
    other = pymongo.MongoClient(stack.mongodb_uri)[unique("streams")]
    user = stack.user("worker")
    other.users.insert_one(stack.db.users.find_one({"_id": ObjectId(user.id)}))
    try:
        with own_events(stack, database=other.name) as path:
            with Reader(path, token=user.token) as reader:
                notify(other, user)
                reader.wait_for(1)
                other.notifications.drop()
                assert reader.wait_for(2)[1].type == "reset"
                ids = notify(other, user)
                reader.wait_for_ids(ids)
    finally:
        other.client.drop_database(other.name)
        other.client.close()


# --- losing access, and being told nothing: begun at the top ---


@promise("8 Streams", "A comment every 15 s")
def test_a_comment_every_15_seconds(idle):
    asked, reader = idle
    eventually(lambda: reader.comments)
    assert 14 < reader.comments[0] - asked < 30
    assert reader.events == [] and not reader.over.is_set()


@promise("8 Streams", "Closed within a minute when the user loses access")
def test_who_loses_access_is_told_nothing_more_within_a_minute(stack, db, losers):
    since, users, readers = losers
    left = max(0, 60 - (time.monotonic() - since))
    eventually(lambda: all(readers[name].over.is_set() for name in LOSSES), within=left)
    for name in ("in good standing", "another role"):
        ids = notify(db, users[name])
        readers[name].wait_for_ids(ids)


# --- restarts ---


class Writer:
    """Tells a user something new every few milliseconds until the end of the block; what could be
    written is in the database.
    """

    def __init__(self, stack, user):
        self.stack, self.user = stack, user
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over.wait(0.02):
            with contextlib.suppress(pymongo.errors.PyMongoError):
                notify(self.stack.db, self.user)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def written(self):
        return self.stack.db.notifications.distinct("_id", {"user_id": ObjectId(self.user.id)})


def kill(stack, name, number):
    """Ends a process of the stack and waits for its successor."""
    pid = int(stack.env()[f"PID_{name}"])
    os.kill(pid, number)

    def succeeded():
        with contextlib.suppress(FileNotFoundError, ValueError):
            return int(stack.env()[f"PID_{name}"]) != pid

    eventually(succeeded)


@promise("8 Streams", "At least once")
@pytest.mark.parametrize(
    "name, number, ends",
    [
        ("EVENTS", signal.SIGKILL, True),
        ("EVENTS", signal.SIGTERM, True),
        ("NGINX", signal.SIGKILL, True),
        ("MONGOD", signal.SIGKILL, False),
    ],
)
def test_nothing_is_lost_when_a_process_is_killed(stack, worker, name, number, ends):
    """Readers come back with what they saw last; a database that is away ends no stream, and who
    comes meanwhile waits for it.
    """
    with Reader(stack.base_url, token=worker.token, returns=True) as reader, Writer(
        stack, worker
    ) as writer:
        reader.wait_for(5)
        kill(stack, name, number)
        if not ends:
            with Reader(stack.base_url, token=worker.token) as newcomer:
                assert newcomer.status == 200
        seen = len(reader.events)
        eventually(lambda: len(reader.events) > seen + 20)
        writer.over.set()
        writer.thread.join()
        reader.wait_for_ids(writer.written())
        assert reader.opened > 1 if ends else reader.opened == 1


def test_told_to_stop_it_ends_within_a_few_seconds_and_streams_end_in_good_order(stack, worker):
    with own_events(stack) as path:
        with Reader(path, token=worker.token) as reader:
            began = time.monotonic()
        assert reader.status == 200
    assert time.monotonic() - began < 15, "it waits for no reader"


# --- a browser ---

# The lines that docs/api.md and the tour show, on a page of a front end; and some to see what came of them.
PAGE = f"""<!doctype html><title>streams</title><script>
{tour.LISTEN}
const told = [];
let opened = 0;
window.EventSource = class extends EventSource {{
    constructor(address) {{
        super(address);
        this.addEventListener("open", () => opened++);
    }}
}};
</script>"""
START = "listen(...arguments, (notification) => told.push(notification));"


@promise(
    "8 Streams",
    "The lines of the tour survive a restart, with a new ticket and `lastEventId`",
)
def test_the_lines_that_the_tour_shows_are_those_tried_here():
    assert f"```js\n{tour.LISTEN}\n```" in tour.MARKDOWN.read_text()
    assert tour.LISTEN in html.unescape(tour.PAGE.read_text())


@promise(
    "8 Streams",
    "Server-sent events",
    "The lines of the tour survive a restart, with a new ticket and `lastEventId`",
)
@pytest.mark.parametrize("before", [3, 0], ids=["told-something", "told-nothing-yet"])
def test_a_browsers_eventsource_listens_and_goes_on_after_a_restart(stack, db, worker, before):
    """By the lines of the tour. Each is told once, also where nothing was told before the restart."""
    with page(PAGE, ORIGIN) as shown:

        def seen():
            return shown.script("return told.map((one) => one._id)")

        shown.script(START, stack.base_url + "/api", worker.token)
        shown.wait("return opened === 1")
        first = notify(db, worker, before, message="Größe ☂ \u2028 \"<script>\"") if before else []
        eventually(lambda: seen() == first)
        for one in shown.script("return told"):
            assert one == as_listed(db.notifications.find_one({"_id": ObjectId(one["_id"])}))
        kill(stack, "EVENTS", signal.SIGKILL)
        missed = notify(db, worker, 3)
        eventually(lambda: set(missed) <= set(seen()))
        kill(stack, "EVENTS", signal.SIGTERM)
        later = notify(db, worker, 1)
        eventually(lambda: set(later) <= set(seen()))
        assert sorted(seen()) == sorted(first + missed + later), "each once"


@promise(
    "8 Streams",
    "The lines of the tour survive a restart, with a new ticket and `lastEventId`",
)
def test_the_lines_of_the_tour_end_with_the_token_and_read_the_list_after_a_reset(
    stack, db, new_worker
):
    worker = new_worker()
    with page(PAGE, ORIGIN) as shown:
        shown.script(f"last = 'since-{int(time.time() * 1000) - 60000}';")
        notify(db, worker, 1001)
        shown.script(START, stack.base_url + "/api", worker.token)
        shown.wait("return told.includes(null)")
        ok(worker.api.post("/auth/logout"))
        shown.script("const real = fetch; window.asked = []; window.fetch = (...call) =>"
                     " real(...call).then((answer) => (asked.push(answer.status), answer));")
        kill(stack, "EVENTS", signal.SIGKILL)
        shown.wait("return asked.includes(401)")
        time.sleep(4)
        assert shown.script("return asked") == [401], "it has stopped asking"
