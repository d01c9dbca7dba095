"""Contract, section 1: an answer is at most 4 MiB, and whoever does not read it holds up nobody."""

import concurrent.futures
import datetime
import http.client
import json
import math
import pathlib
import re
import socket
import time
from contextlib import ExitStack, contextmanager

import pytest
from bson import Int64, ObjectId

from client import eventually, now, ok, unique
from conftest import ROOT
from promises import promise
from second_nginx import second_nginx
from wire import Call, address, connect, request_bytes, tls_context

MOST = 4 * 1024 * 1024
MANY = 50
SOON = now() + datetime.timedelta(days=9)
# The longest text of section 5, of what JSON spells with most bytes: only older data has it.
LONG = "\x01" * 20000
HUGE = "many words " * 1_400_000  # near to what a document can hold


def document(**fields):
    return {"_id": ObjectId(), "createdAt": now(), "updatedAt": now(), **fields}


def old_task(buyer, **fields):
    task = {"task_title": "Old", "task_detail": "Old", "submission_info": "", "task_image_url": ""}
    task |= {"required_workers": 1, "payable_amount": Int64(1), "completion_date": SOON}
    task |= {"buyer_id": ObjectId(buyer.id), "buyer_email": buyer.email, "status": "active"}
    return document(**task | {"buyer_name": buyer.name, "expires_at": SOON} | fields)


def old_submission(worker, buyer, task, **fields):
    people = {"worker_id": ObjectId(worker.id), "worker_email": worker.email}
    people |= {"buyer_id": ObjectId(buyer.id), "buyer_email": buyer.email}
    people |= {"task_title": "Old", "payable_amount": Int64(1)}
    return document(**people, task_id=task["_id"], submission_details=LONG, **fields)


@contextmanager
def kept(db, collection, documents):
    """For a while in the database, put there by somebody else."""
    db[collection].insert_many(documents)
    try:
        yield [str(document["_id"]) for document in documents]
    finally:
        db[collection].delete_many({"_id": {"$in": [row["_id"] for row in documents]}})


class Hoard:
    """Fifty records of each kind, with more text than an answer has room for."""

    def __init__(self, stack, opened):
        def keep(collection, documents):
            return opened.enter_context(kept(stack.db, collection, list(documents)))

        self.buyer, self.worker = stack.user("buyer"), stack.user("worker")
        buyer, worker, mark = self.buyer, self.worker, unique("hoard")
        self.mark, self.category = mark, mark
        numbers = range(MANY)
        tasks = [old_task(buyer, task_detail=LONG, category=mark) for _ in numbers]
        self.ids = {"tasks": keep("tasks", tasks), "task": str(tasks[0]["_id"])}
        for status in ("approved", "pending"):
            work = (old_submission(worker, buyer, tasks[0], status=status) for _ in numbers)
            self.ids[status] = keep("submissions", work)
        self.ids["submissions"] = self.ids["approved"] + self.ids["pending"]
        asked = {"worker_id": ObjectId(worker.id), "status": "pending", "withdrawal_coin": 200}
        asked |= {"worker_email": worker.email, "account_number": LONG}
        asked |= {"withdrawal_amount": 10, "payment_system": "bkash"}
        self.ids["withdrawals"] = keep("withdrawals", (document(**asked) for _ in numbers))
        paid = {"buyer_id": ObjectId(buyer.id), "status": "failed", "transaction_id": LONG}
        paid |= {"coin_amount": 10, "buyer_email": buyer.email, "buyer_name": buyer.name}
        self.ids["payments"] = keep("payments", (document(**paid, price=1) for _ in numbers))
        person = {"role": "worker", "photoURL": LONG, "coins": Int64(0), "pending_coins": Int64(0)}
        person |= {"name": mark, "authProvider": "email"}
        people = (document(**person, email=f"{mark}{i}@example.com") for i in numbers)
        self.ids["users"] = keep("users", people)
        row = {"from": "grants", "to": "grants", "coins": Int64(1), "kind": "bonus", "at": now()}
        row |= {"user": ObjectId(buyer.id), "actor": "service", "request_id": LONG}
        rows = ({"_id": f"{mark}:{i:02}", **row} for i in numbers)
        self.ids["entries"] = keep("ledger", rows)
        told = {"user_id": ObjectId(worker.id), "toEmail": worker.email, "message": LONG}
        told |= {"actionRoute": "/dashboard/worker/home", "type": "task", "isRead": False}
        self.ids["told"] = keep("notifications", (document(**told) for _ in numbers))


@pytest.fixture(scope="module")
def hoard(stack):
    with ExitStack() as opened:
        yield Hoard(stack, opened)


# path, who asks, the member with the records, which of them are ours, oldest first?
LISTS = [
    ("/tasks?limit=100&category={category}", None, "tasks", "tasks", False),
    ("/public/tasks?limit=100&category={category}", None, "tasks", "tasks", False),
    ("/tasks/buyer/my-tasks", "buyer", "tasks", "tasks", False),
    ("/admin/tasks?limit=100&status=active", "admin", "tasks", "tasks", False),
    ("/submissions/worker/my-submissions?limit=100", "worker", "submissions", "submissions", False),
    ("/submissions/worker/approved", "worker", "approvedSubmissions", "approved", False),
    ("/submissions/buyer/review?limit=100", "buyer", "submissions", "pending", True),
    ("/submissions/task/{task}", "buyer", "submissions", "submissions", False),
    ("/submissions?limit=100", "admin", "submissions", "submissions", False),
    ("/withdrawals/worker/history?limit=100", "worker", "withdrawals", "withdrawals", False),
    ("/withdrawals/pending?limit=100", "admin", "withdrawals", "withdrawals", False),
    ("/payments/history?limit=100", "buyer", "payments", "payments", False),
    ("/admin/users?limit=100&q={mark}", "admin", "users", "users", False),
    ("/admin/ledger?limit=100&user={buyer}", "admin", "entries", "entries", False),
]


@promise(
    "1 Lists",
    "An answer is at most 4 MiB: a page that would be longer ends earlier, and `next` goes on from there",
)
@pytest.mark.parametrize("path, who, member, ours, oldest_first", LISTS, ids=[r[0] for r in LISTS])
def test_a_page_that_would_be_longer_ends_earlier_and_next_goes_on(
    hoard, api, new_admin, path, who, member, ours, oldest_first
):
    """Each record once, in order; total and pages are what they would be were there room."""
    user = new_admin() if who == "admin" else getattr(hoard, who) if who else None
    path = path.format(
        category=hoard.category, mark=hoard.mark, task=hoard.ids["task"], buyer=hoard.buyer.id
    )
    wanted = hoard.ids[ours] if oldest_first else hoard.ids[ours][::-1]
    seen, after, calls = [], "", 0
    while not set(wanted) <= set(seen):
        answer = api.get(path + after, token=user.token if user else None)
        body = ok(answer)
        assert len(answer.content) <= MOST
        rows = [row["_id"] for row in body[member]]
        assert rows and not set(wanted) <= set(rows)
        limit = 100 if "limit=" in path else 1000
        if who != "admin" or "user" in path:
            assert body["total"] == len(wanted)
        assert body["pages"] == math.ceil(body["total"] / limit)
        seen += rows
        calls += 1
        if body["next"] is None:
            break
        after = ("&" if "?" in path else "?") + f"after={body['next']}"
    assert [row for row in seen if row in set(wanted)] == wanted
    assert len(seen) == len(set(seen)), "none twice"
    assert calls >= 2


@promise(
    "1 Lists",
    "An answer is at most 4 MiB: a page that would be longer ends earlier, and `next` goes on from there",
)
@pytest.mark.parametrize("history", [10, 1001], ids=["a short history", "a long history"])
def test_what_a_worker_handed_in_is_left_out_of_pages_that_end_earlier(hoard, db, new_worker, history):
    """Also where what is left out stands just before or behind the record that a page had no room for."""
    worker, tasks = new_worker(), hoard.ids["tasks"][::-1]
    elsewhere = [ObjectId() for _ in range(history)]
    for first in range(5):
        done = tasks[first::5]
        work = [
            document(worker_id=ObjectId(worker.id), task_id=task, status="rejected")
            for task in elsewhere + [ObjectId(task) for task in done]
        ]
        with kept(db, "submissions", work):
            seen, ends, asked = [], 0, {"category": hoard.category, "limit": 100}
            while True:
                answer = worker.api.get("/tasks", params=asked)
                assert len(answer.content) <= MOST
                body = ok(answer)
                seen += [task["_id"] for task in body["tasks"]]
                assert body["total"] == MANY - len(done)
                ends += 1
                if body["next"] is None:
                    break
                asked["after"] = body["next"]
            assert ends == 2
            assert seen == [task for task in tasks if task not in done]
            page = {"category": hoard.category, "limit": 7, "page": 3}
            third = ok(worker.api.get("/tasks", params=page))
            assert [task["_id"] for task in third["tasks"]] == seen[14:21]


@promise(
    "1 Lists",
    "An answer is at most 4 MiB: a page that would be longer ends earlier, and `next` goes on from there",
)
def test_a_plain_array_ends_earlier_too(hoard):
    answer = hoard.worker.api.get("/notifications", params={"limit": 100})
    listed = ok(answer)
    assert len(answer.content) <= MOST
    assert 0 < len(listed) < MANY
    assert [row["_id"] for row in listed] == hoard.ids["told"][::-1][: len(listed)]


@promise(
    "1 Lists",
    "An answer is at most 4 MiB: a page that would be longer ends earlier, and `next` goes on from there",
)
def test_a_page_by_number_follows_the_limit_whatever_fitted(hoard, api):
    """Pages by number stay where they are; what was left out of one is found by its next."""
    pages = [
        ok(api.get("/tasks", params={"category": hoard.category, "limit": 45, "page": n}))
        for n in (1, 2)
    ]
    newest = hoard.ids["tasks"][::-1]
    assert [row["_id"] for row in pages[0]["tasks"]] == newest[: len(pages[0]["tasks"])]
    assert [row["_id"] for row in pages[1]["tasks"]] == newest[45:]
    assert len(pages[0]["tasks"]) < 45 and pages[0]["pages"] == 2
    query = {"category": hoard.category, "limit": 45, "after": pages[0]["next"]}
    rest = [row["_id"] for row in ok(api.get("/tasks", params=query))["tasks"]]
    assert rest == newest[len(pages[0]["tasks"]) :]


@promise(
    "1 Lists",
    "An answer is at most 4 MiB: a page that would be longer ends earlier, and `next` goes on from there",
)
def test_a_single_record_fits_too_and_says_where_it_was_cut(stack, db, new_buyer, api):
    """This service takes nothing so long; an older one did."""
    buyer = new_buyer()
    tasks = [old_task(buyer, task_detail=HUGE, category=unique("huge")) for _ in range(2)]
    with kept(db, "tasks", tasks[:1]) as [one], kept(db, "tasks", tasks[1:]) as [other]:
        for path in (f"/tasks/{one}", f"/public/tasks/{one}"):
            answer = api.get(path)
            body = ok(answer)
            shown = body.get("task", body)["task_detail"]
            assert len(answer.content) <= MOST
            assert shown.endswith("…") and HUGE.startswith(shown[:-1]) and len(shown) > 1_000_000
        db.users.update_one({"_id": ObjectId(buyer.id)}, {"$set": {"photoURL": HUGE}})
        me = buyer.api.get("/auth/me")
        assert ok(me)["photoURL"].endswith("…") and len(me.content) <= MOST
        listed = ok(buyer.api.get("/tasks/buyer/my-tasks", params={"limit": 100}))
        assert [row["_id"] for row in listed["tasks"]] == [other, one]


@promise(
    "1 Lists",
    "An answer is at most 4 MiB: a page that would be longer ends earlier, and `next` goes on from there",
)
def test_a_text_as_long_as_the_contract_allows_is_shown_whole(hoard):
    shown = ok(hoard.worker.api.get(f"/submissions/{hoard.ids['approved'][0]}"))
    assert shown["submission"]["submission_details"] == LONG


# --- who does not read ---


def asked(stack, user, path, room=4096):
    """A connection on which a call was sent, with so little room for the answer."""
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    plain.settimeout(60)
    plain.connect(address(stack.base_url))
    connection = tls_context().wrap_socket(plain)
    connection.sendall(request_bytes(Call("GET", path, user.token)))
    return connection


def memory_of_workers(stack):
    statuses = [pathlib.Path(f"/proc/{pid}/status").read_text() for pid in stack.worker_pids()]
    return max(int(text.split("VmRSS:")[1].split()[0]) / 1024 for text in statuses)


def rest_of(connection, begun):
    """The body of an answer whose first bytes were read before."""
    text = begun
    while piece := connection.recv(1 << 16):
        text += piece
        head, found, body = text.partition(b"\r\n\r\n")
        if found and len(body) >= int(re.search(rb"(?i)content-length: (\d+)", head)[1]):
            return json.loads(body)
    raise AssertionError(f"cut off after {len(text)}")


@promise("1 Lists", "A client that reads slowly, or not at all, holds up nobody else")
def test_forty_who_do_not_read_hold_up_nobody(stack, hoard, worker):
    """More than there are threads; each asks for all that an answer has room for. A thread that waited for them would
    serve others only when it has given up on one, who then gets no more.
    """
    ok(hoard.buyer.api.get("/tasks/buyer/my-tasks"))
    before = memory_of_workers(stack)
    deaf = [asked(stack, hoard.buyer, "/tasks/buyer/my-tasks") for _ in range(40)]
    try:
        begun = [connection.recv(1) for connection in deaf]  # so each of them is being answered
        for _ in range(20):
            ok(worker.api.get("/auth/me"))
        for connection, first in zip(deaf, begun):
            assert len(rest_of(connection, first)["tasks"]) > 1
    finally:
        for connection in deaf:
            connection.close()
    eventually(lambda: memory_of_workers(stack) < before + 60, within=30)


@promise("1 Lists", "A client that reads slowly, or not at all, holds up nobody else")
def test_memory_comes_back_after_large_answers(stack, hoard):
    ok(hoard.buyer.api.get("/tasks/buyer/my-tasks"))
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda _: ok(hoard.buyer.api.get("/tasks/buyer/my-tasks")), range(128)))
    eventually(lambda: memory_of_workers(stack) < 120, within=30)


def highest_memory_of_workers(stack):
    """Since it was last asked for."""
    peaks = []
    for pid in stack.worker_pids():
        process = pathlib.Path(f"/proc/{pid}")
        peaks.append(int((process / "status").read_text().split("VmHWM:")[1].split()[0]) / 1024)
        (process / "clear_refs").write_text("5")
    return max(peaks)


@pytest.fixture
def patient(stack, tmp_path):
    """An nginx that lets a slow machine take its time to send and read what is large; its address."""
    shipped = tmp_path / "conf"
    shipped.mkdir()
    text = (ROOT / "conf" / "nginx.conf").read_text()
    waits = r"((?:client_header|client_body|fastcgi_send|fastcgi_read)_timeout +)15s;"
    text, many = re.subn(waits, r"\g<1>600s;", text)
    assert many == 4
    (shipped / "nginx.conf").write_text(text)
    with second_nginx(stack, tmp_path, shipped) as url:
        yield url


@promise("1 Lists", "A client that reads slowly, or not at all, holds up nobody else")
def test_large_bodies_that_come_together_take_no_more_memory_than_one_after_the_other(stack, patient):
    """nginx has all of each before it passes it on, and then passes on all at once."""
    size = 1900 * 1024
    head = f"POST /api/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n"
    highest_memory_of_workers(stack)
    before = memory_of_workers(stack)
    with ExitStack() as opened:
        bodies = [opened.enter_context(connect(patient)) for _ in range(200)]
        for connection in bodies:
            connection.settimeout(600)
            connection.sendall(head.encode() + b"x" * (size - 1))
        for connection in bodies:
            connection.sendall(b"x")
        for connection in bodies:
            assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
    assert highest_memory_of_workers(stack) - before < 80


def read_slowly(connection, rate, seconds):
    """The answer's body: so many bytes a second for a while, then all that is left."""
    response = http.client.HTTPResponse(connection, method="GET")
    response.begin()
    body, end = b"", time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.2)
        body += response.read(int(rate * 0.2))
    return int(response.headers["Content-Length"]), body + response.read()


def read_in_bursts(connection, rate, seconds):
    """As programs that keep to a pace on the average: much of it at once, then nothing for long."""
    response = http.client.HTTPResponse(connection, method="GET")
    response.begin()
    body = response.read(rate * seconds)
    time.sleep(seconds)
    return int(response.headers["Content-Length"]), body + response.read()


@promise("1 Lists", "A client that reads slowly, or not at all, holds up nobody else")
def test_forty_slow_readers_get_all_of_it(stack, hoard):
    """30 kB/s each, steadily or on the average, for longer than a worker waits for nginx."""
    path, room = "/tasks/buyer/my-tasks", 64 * 1024
    connections = [asked(stack, hoard.buyer, path, room) for _ in range(40)]
    manners = [read_slowly, read_slowly, read_slowly, read_in_bursts] * 10
    with concurrent.futures.ThreadPoolExecutor(len(connections)) as pool:
        read = [
            pool.submit(manner, connection, 30_000, 30)
            for manner, connection in zip(manners, connections)
        ]
    for connection, outcome in zip(connections, read):
        length, body = outcome.result()
        assert MOST * 0.9 < length <= MOST
        assert len(body) == length, f"cut off after {len(body)} of {length}"
        assert json.loads(body)["next"]
        connection.close()


def test_removing_somebody_holds_few_of_the_answers_that_show_them(stack, db, admin, new_worker):
    """Not all at once, where they show old records of any length."""
    worker = new_worker()
    shown = {"worker_id": worker.id, "worker_name": worker.name, "submission_details": "x" * 10**6}
    body = json.dumps({"submission": shown}).encode()
    theirs = {"people": ObjectId(worker.id)}
    answers = [
        document(body=body, people=[theirs["people"]], expires_at=SOON, removal=worker.id)
        for _ in range(60)
    ]
    with kept(db, "idempotency", answers):
        highest_memory_of_workers(stack)
        before = memory_of_workers(stack)
        ok(admin.api.delete(f"/admin/users/{worker.id}"))
        eventually(lambda: not db.idempotency.count_documents(theirs))
        shown["worker_name"] = "Deleted user"
        left = db.idempotency.find({"removal": worker.id})
        assert [json.loads(one["body"]) for one in left] == [{"submission": shown}] * 60
        assert highest_memory_of_workers(stack) - before < 100
