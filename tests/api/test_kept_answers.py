"""Contract, section 4, GET /tasks: anonymous answers may be a second old. nginx keeps them, and here that shows: calls
go by `plain`, which asks for what others ask for, too.
"""

import threading
import time

import pytest

from client import assert_error, eventually, http_client, ok, unique
from logs import Tail
from market import ids, post_task, submit
from promises import promise
from second_nginx import second_nginx

ORIGINS = ("http://localhost:5173", "https://microtash.vercel.app")
SLOT = 0.5  # s; an answer is shown to those who ask within the same


@pytest.fixture
def plain(stack):
    """plain(headers, **query): GET /tasks, or another method."""
    return lambda headers=None, method="GET", **query: stack.http.request(
        method, "/api/tasks", headers=headers, params=query
    )


@pytest.fixture
def asked(stack):
    """asked(): the request ids of the lists that workers were asked for since the test began."""
    log = Tail(stack)
    return lambda: set(log.answered("/tasks"))


def slots_since(begun):
    return int((time.monotonic() - begun) / SLOT) + 2


# --- how old they are ---


@promise("4 GET /", "Anonymous answers may be a second old")
def test_an_anonymous_answer_is_a_second_old_at_most(plain, buyer, books):
    """Whoever asks a second after the answer to a post sees what was posted, while others keep asking."""
    category, posted, asking = unique("fresh"), [], threading.Event()

    def keep_posting():
        for _ in range(12):
            task = post_task(buyer, category=category, required_workers=1, payable_amount=1)
            posted.append((time.monotonic(), task["_id"]))
            time.sleep(0.3)  # in ever other parts of a second
        time.sleep(1.2)
        asking.set()

    poster = threading.Thread(target=keep_posting)
    poster.start()
    answers = 0
    while not asking.is_set():
        begun = time.monotonic()
        due = {task for when, task in list(posted) if when <= begun - 1}
        shown = set(ids(ok(plain(category=category, limit=100))["tasks"]))
        assert due <= shown, f"older than a second, {begun % 1:.3f}"
        answers += 1
        time.sleep(0.01)
    poster.join()
    assert len(posted) == 12 and answers > 12


@promise("4 GET /", "Anonymous answers may be a second old")
def test_who_asks_again_at_once_does_not_reach_a_worker(plain, asked, buyer, books):
    """Each half second one call at most, however many there are; and each answer is good for its very address."""
    lists = {unique("list"): [], (category := unique("list")): [post_task(buyer, category=category)["_id"]]}
    begun = time.monotonic()
    for _ in range(40):
        for category, tasks in lists.items():
            assert ids(ok(plain(category=category))["tasks"]) == tasks
    eventually(asked)
    assert 2 <= len(asked()) <= 2 * slots_since(begun) + 1 < 80, "with the post's"


# --- whose they are ---


def test_a_token_neither_gets_a_kept_answer_nor_leaves_one(plain, asked, buyer, worker, books):
    """A worker is not shown what they submitted to: their list and the anonymous one differ."""
    category = unique("whose")
    task = post_task(buyer, category=category)
    submit(worker, task)
    mine, nobody = {"Authorization": f"Bearer {worker.token}"}, None
    eventually(lambda: ids(ok(plain(category=category))["tasks"]) == [task["_id"]])
    for headers in [nobody, mine, mine, nobody] * 10:
        answer = plain(headers, category=category)
        assert ids(ok(answer)["tasks"]) == ([] if headers else [task["_id"]])
        assert answer.headers["cache-control"] == ("no-store" if headers else "no-cache")
    own = [plain(mine, category=category).headers["x-request-id"] for _ in range(5)]
    eventually(lambda: set(own) <= asked())


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer stale"},
        {"Authorization": "0"},
        {"If-Match": '"x"'},
        {"If-Modified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"},
        {"If-Unmodified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"},
    ],
    ids=lambda headers: "-".join(headers).lower(),
)
def test_what_nginx_might_judge_otherwise_is_judged_by_a_worker(plain, asked, headers):
    category = unique("odd")
    answers = [plain(one, category=category) for one in (None, headers, headers, headers)]
    assert [ok(answer)["total"] for answer in answers] == [0] * 4
    eventually(lambda: {answer.headers["x-request-id"] for answer in answers} <= asked())


@pytest.mark.parametrize("content", [b"x", [b"x"]], ids=["announced", "in-chunks"])
def test_a_body_is_judged_by_a_worker(stack, plain, asked, content):
    """It may be too large."""
    query, answers = {"category": unique("body")}, []
    for _ in range(3):
        ok(plain(**query))
        content = content if isinstance(content, bytes) else iter([b"x"])
        answers.append(stack.http.request("GET", "/api/tasks", params=query, content=content))
    assert [answer.status_code for answer in answers] == [200] * 3
    eventually(lambda: {answer.headers["x-request-id"] for answer in answers} <= asked())


# --- what belongs to the call, and not to the answer ---


@promise("1 CORS", "`Vary: Origin`")
@promise("1 Responses", "`X-Request-Id` on every answer")
def test_each_call_has_headers_of_its_own(plain, asked):
    category, given = unique("own"), []
    for turn in range(20):
        origin = (*ORIGINS, None)[turn % 3]
        headers = {"X-Request-Id": unique("call"), **({"Origin": origin} if origin else {})}
        answer = plain(headers, category=category)
        assert ok(answer)["total"] == 0
        assert answer.headers.get("access-control-allow-origin") == origin
        assert answer.headers["x-request-id"] == headers["X-Request-Id"]
        for name, value in (("cache-control", "no-cache"), ("vary", "Origin"), ("api-version", "1")):
            assert answer.headers.get_list(name) == [value]
        given.append(headers["X-Request-Id"])
    eventually(asked)
    assert len(asked() & set(given)) < 20, "some were kept answers"
    made = {plain(category=category).headers["x-request-id"] for _ in range(20)}
    assert len(made) == 20


@promise("1 Responses", "They honour `If-None-Match` (304)")
def test_a_kept_answer_has_an_etag_and_is_not_sent_again_to_who_has_it(plain, asked):
    category = unique("tag")
    etag = plain(category=category).headers["etag"]
    assert etag.startswith('W/"')
    seen = []
    for tags in [etag, f'"other", {etag}', "*"] * 8:
        same = plain({"If-None-Match": tags, "Origin": ORIGINS[0]}, category=category)
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["etag"] == etag
        assert same.headers["cache-control"] == "no-cache"
        assert same.headers["access-control-allow-origin"] == ORIGINS[0]
        seen.append(same.headers["x-request-id"])
    ok(plain({"If-None-Match": '"other"'}, category=category))
    eventually(asked)
    assert set(seen) - asked(), "some were kept answers"


@promise("1 Requests", "HEAD answers as GET without the body")
def test_a_head_is_the_get_without_its_body(plain, asked):
    category, other, heads = unique("head"), unique("other"), []
    for turn in range(24):  # each of them is the first now and then
        query = {"category": (category, other)[turn % 2]}
        order = ("GET", "HEAD", "GET")[turn % 2 :]
        answers = {method: plain(method=method, **query) for method in order}
        get, head = answers["GET"], answers["HEAD"]
        assert (head.status_code, head.content) == (200, b"") and ok(get)["total"] == 0
        for name in ("content-type", "content-length", "etag", "cache-control"):
            assert head.headers[name] == get.headers[name]
        heads.append(head.headers["x-request-id"])
    eventually(asked)
    assert set(heads) - asked(), "some were kept answers"


# --- what is not kept ---


def test_an_error_is_not_kept(stack, plain):
    category = unique("error")
    stack.fail_point("failCommand", "alwaysOn", failCommands=["find", "aggregate"], errorCode=2)
    try:
        assert_error(plain(category=category), 500, "internal")
    finally:
        stack.fail_point("failCommand", "off")
    ok(plain(category=category))
    assert_error(plain(page="0", category=category), 400, "invalid_input")


def test_kept_answers_count_against_the_limit(stack, tmp_path):
    """Whoever asks for them."""
    with second_nginx(stack, tmp_path, rate_limit=10) as url, http_client(url) as client:
        query = {"category": unique("counted")}
        answers = [client.get("/api/tasks", params=query) for _ in range(14)]
        assert [answer.status_code for answer in answers[:10]] == [200] * 10
        assert 429 in [answer.status_code for answer in answers[10:]]


def test_ever_other_lists_take_no_room_for_long(stack, buyer, tmp_path, books):
    """What nobody asks for any more goes, and what is long does not come."""
    short, long = unique("short"), unique("long")
    post_task(buyer, category=short)
    for _ in range(9):
        post_task(buyer, category=long, task_detail="x" * 5000, required_workers=1, payable_amount=1)
    folder = tmp_path / "nginx" / "cache"

    def kept():
        return [path for path in folder.rglob("*") if path.is_file()]

    with second_nginx(stack, tmp_path) as url, http_client(url) as client:
        answer = client.get("/api/tasks", params={"category": long})
        assert len(answer.content) > 40_000 and not kept()
        for n in range(300):
            ok(client.get("/api/tasks", params={"category": short, "n": n}))
        eventually(lambda: kept() == [])
        query = {"category": short}
        eventually(lambda: ok(client.get("/api/tasks", params=query)) and len(kept()) == 1)
