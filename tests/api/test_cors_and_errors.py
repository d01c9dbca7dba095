"""Contract, section 1: callers on other origins, and answers when something is broken."""

import contextlib
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import Api, assert_error, eventually, http_client, ok, task_input
from conftest import ROOT
from promises import promise
from second_nginx import second_nginx

ORIGINS = ["http://localhost:5173", "http://localhost:3000", "https://microtash.vercel.app"]
MIB = 1024 * 1024


def names(value):
    return {name.strip().lower() for name in value.split(",")}


def assert_allowed(answer, origin):
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "origin" in names(answer.headers["vary"])
    exposed = names(answer.headers["access-control-expose-headers"])
    assert {"x-request-id", "retry-after", "etag", "idempotent-replayed"} <= exposed


# --- CORS ---


@promise(
    "1 CORS",
    "Its default is `http://localhost:5173,http://localhost:3000,https://microtash.vercel.app`",
    "Credentials allowed",
    "`Vary: Origin`",
    "X-Request-Id, Retry-After, ETag and Idempotent-Replayed exposed",
)
@pytest.mark.parametrize("origin", ORIGINS)
def test_our_front_ends_may_call_and_read_the_answers_headers(api, worker, origin):
    headers = {"Origin": origin}
    for answer in (
        api.get("/health", headers=headers),
        worker.api.get("/auth/me", headers=headers),
        api.get("/auth/me", headers=headers),
        api.get("/nothing", headers=headers),
        api.post("/auth/login", json={}, headers=headers),
    ):
        assert_allowed(answer, origin)


@promise("1 CORS", "Exact match", "`Vary: Origin`")
@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://localhost:5173.evil.example",
        "http://localhost:51730",
        "https://localhost:5173",
        "HTTP://LOCALHOST:5173",
        "http://localhost:5173/",
        "https://microtash-vercel.app",
        "https://x.microtash.vercel.app",
        "null",
    ],
)
def test_another_origin_gets_no_permission(api, origin):
    """Exact match. The answer is given all the same: the browser keeps it from the page."""
    for answer in (
        api.get("/health", headers={"Origin": origin}),
        api.options("/tasks", headers={"Origin": origin}),
    ):
        assert answer.status_code in (200, 204)
        assert "access-control-allow-origin" not in answer.headers
        assert "access-control-allow-credentials" not in answer.headers
        assert "origin" in names(answer.headers["vary"]), "no cache may keep it for another origin"


@promise(
    "1 CORS",
    "OPTIONS on any path: 204 before auth",
    "Methods GET, HEAD, PUT, PATCH, POST, DELETE; requested headers reflected; 10 min",
)
@pytest.mark.parametrize(
    "path", ["/tasks", "/auth/me", "/admin/audit", "/tasks/zzz", "/no/such/route", "/health"]
)
def test_a_preflight_on_any_path_is_204_before_auth(api, path):
    answer = api.options(
        path,
        headers={
            "Origin": ORIGINS[0],
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "authorization,idempotency-key,x-whatever",
        },
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert_allowed(answer, ORIGINS[0])
    assert names(answer.headers["access-control-allow-methods"]) == {
        "get",
        "head",
        "put",
        "patch",
        "post",
        "delete",
    }
    assert (
        answer.headers["access-control-allow-headers"] == "authorization,idempotency-key,x-whatever"
    )
    assert answer.headers["access-control-max-age"] == "600"


@promise("1 CORS", "OPTIONS on any path: 204 before auth")
def test_options_without_an_origin_is_204_too(api, stack):
    assert api.options("/tasks").status_code == 204
    assert stack.http.options("/").status_code == 204, "on any path"


# --- errors that nginx makes itself ---


@promise("1 CORS", "nginx's own 413 is JSON of the shape above and carries the CORS headers")
def test_nginx_own_413_is_json_of_the_same_shape_with_cors_headers(worker):
    refused = worker.api.put(
        "/auth/profile",
        content=b" " * (3 * MIB),
        headers={"Content-Type": "application/json", "Origin": ORIGINS[1]},
    )
    assert_error(refused, 413, "body_too_large")
    assert_allowed(refused, ORIGINS[1])


@promise("1 CORS", "nginx's own 502 and 504 are JSON of that shape and carry the CORS headers")
@pytest.mark.parametrize("answers, status", [("nobody", 502), ("too late", 504)])
def test_nginx_own_502_and_504_are_json_of_the_same_shape_with_cors_headers(
    stack, tmp_path, answers, status
):
    """No worker, and one that takes calls and does not answer. nginx is as shipped, but does not wait
    for 15 s.
    """
    shipped, worker = tmp_path / "conf", tmp_path / "worker.sock"
    shipped.mkdir()
    text = (ROOT / "conf" / "nginx.conf").read_text()
    impatient = re.sub(r"fastcgi_read_timeout +15s;", "fastcgi_read_timeout 1s;", text)
    assert impatient != text
    (shipped / "nginx.conf").write_text(impatient)
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(worker))
        worker.chmod(0o666)
        if answers != "nobody":
            listener.listen(8)
        with second_nginx(stack, tmp_path, shipped, [worker]) as url, http_client(url) as client:
            for method, path in (("GET", "/tasks"), ("PUT", "/auth/profile"), ("POST", "/tasks")):
                refused = Api(client).request(method, path, headers={"Origin": ORIGINS[0]})
                assert_error(refused, status, "unavailable")
                assert_allowed(refused, ORIGINS[0])
                assert int(refused.headers["retry-after"]) >= 1
                assert refused.headers["api-version"] == "1"
            refused = Api(client).get("/public/tasks")
            assert_error(refused, status, "unavailable", success=False)


@pytest.mark.parametrize(
    "method, path, status, code",
    [
        ("POST", "/no/such/route", 404, "not_found"),
        ("POST", "/health", 405, "method_not_allowed"),
        ("POST", "/tasks", 413, "body_too_large"),
        ("PUT", "/auth/profile", 413, "body_too_large"),
    ],
)
def test_a_body_too_large_even_for_nginx_is_refused_in_the_same_order(
    api, method, path, status, code
):
    refused = api.request(
        method, path, content=b" " * (3 * MIB), headers={"Content-Type": "application/json"}
    )
    assert_error(refused, status, code)


@promise("1 Errors", "503 with `Retry-After` when nginx has no room for a large body")
def test_a_large_body_that_nginx_finds_no_room_for_is_503_with_retry_after(stack, worker):
    """Its disk is full, say. Nothing is wrong with the call, nor with what stands behind nginx."""
    spool = stack.state / "nginx" / "tmp" / "client_body"
    away = spool.rename(spool.with_name("away"))
    profile = {"name": "Ada", "ignored": "x" * 200_000}
    try:
        answer = worker.api.put("/auth/profile", json=profile, headers={"Origin": ORIGINS[0]})
    finally:
        away.rename(spool)
    assert_error(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert_allowed(answer, ORIGINS[0])
    ok(worker.api.put("/auth/profile", json=profile))


@promise("1 Errors", "405 with `Allow`")
def test_methods_that_nginx_refuses_itself_are_told_like_any_other(api):
    refused = api.request("TRACE", "/tasks")
    assert_error(refused, 405, "method_not_allowed")
    assert names(refused.headers["allow"]) == {"get", "head", "post", "options"}
    assert_error(api.request("TRACE", "/no/such/route"), 404, "not_found")


@promise("1 Requests", "Base path `/api`")
def test_outside_of_api_and_the_pages_there_is_nothing(stack):
    for path in ("/nothing", "/index.php", "/apix"):
        refused = stack.http.get(path, headers={"Origin": ORIGINS[0]})
        assert_error(refused, 404, "not_found")
        assert_allowed(refused, ORIGINS[0])


def test_what_is_no_proper_http_is_refused_in_json(stack):
    for answer in (
        stack.http.get("/api/tasks?q=" + "x" * 9000),
        stack.http.get("/api/tasks", headers={"X-Long": "x" * 9000}),
    ):
        assert 400 <= answer.status_code < 500
        body = answer.json()
        assert body["error"] == body["message"] and body["code"] and body["requestId"]
        assert answer.headers["cache-control"] == "no-store"


# --- errors of ours ---


@promise(
    "1 Errors",
    "An error is `{error, message, code, requestId}`, `message` the same as `error`",
    "500: no internals in it",
)
def test_a_500_shows_no_internals_and_can_be_found_in_the_log_by_its_request_id(stack, worker):
    request_id = f"req-{time.time_ns()}"
    # 2 is BadValue: MongoDB is there and refuses what we sent, which is our fault.
    stack.fail_point("failCommand", "alwaysOn", failCommands=["find", "aggregate"], errorCode=2)
    try:
        broken = worker.api.get("/auth/me", headers={"X-Request-Id": request_id})
    finally:
        stack.fail_point("failCommand", "off")
    assert_error(broken, 500, "internal", requestId=request_id)
    for word in ("mongo", "find", "badvalue", "src/", ".c:", "users"):
        assert word not in broken.text.replace(request_id, "").lower()
    assert set(broken.json()) == {"error", "message", "code", "requestId"}
    eventually(
        lambda: any(
            request_id in line and "500" in line for line in stack.worker_log().splitlines()
        ),
        within=30,
    )
    ok(worker.api.get("/auth/me"))


@promise("1 Errors", "503 with `Retry-After` when MongoDB cannot be reached")
@promise("1 Health", "Ready is 503 when MongoDB cannot be reached")
def test_while_mongodb_is_away_calls_are_503_with_retry_after_and_all_is_well_afterwards(
    stack, api, buyer, books, mongod_paused
):
    headers = {"Idempotency-Key": f"away-{time.time_ns()}", "Origin": ORIGINS[2]}
    body = task_input()
    mongod_paused()
    with ThreadPoolExecutor(3) as pool:
        calls = [
            pool.submit(buyer.api.get, "/auth/me", headers=headers),
            pool.submit(buyer.api.post, "/tasks", json=body, headers=headers),
            pool.submit(api.get, "/health/ready", headers=headers),
        ]
        ok(api.get("/health")), "the process itself is well"
        answers = [call.result() for call in calls]
    for answer in answers:
        assert_error(answer, 503, "unavailable")  # of ours: nginx's own, after 15 s, is a 504
        assert int(answer.headers["retry-after"]) >= 1
        assert_allowed(answer, ORIGINS[2])
    stack.resume_mongod()
    eventually(lambda: api.get("/health/ready").status_code == 200, within=60)
    # Nobody can know whether the first attempt reached MongoDB; with the key it happens once.
    made = eventually(
        lambda: (answer := buyer.api.post("/tasks", json=body, headers=headers)).status_code == 201
        and answer,
        within=90,
        every=0.5,
    )
    assert ok(made, 201)["remainingCoins"] == 990
    assert buyer.coins() == 990
