"""Contract, section 1: how every call is answered, whatever it is about."""

import json
import re
import select
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from bson import Int64, ObjectId

from client import UNKNOWN_ID, assert_error, ok, task_input, unique
from promises import promise

MIB = 1024 * 1024
DATE_OUT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


@pytest.fixture
def task(buyer):
    """A task of `buyer` with two open slots."""
    return ok(buyer.api.post("/tasks", json=task_input()), 201)["task"]


# --- paths and methods ---


@promise("1 Requests", "A trailing slash is ignored")
def test_a_trailing_slash_is_ignored(api, buyer, task):
    assert ok(buyer.api.get(f"/tasks/{task['_id']}/"))["_id"] == task["_id"]
    assert ok(buyer.api.get("/tasks/"))["currentPage"] == 1
    ok(buyer.api.post("/auth/logout/"))


@promise(
    "1 Errors",
    "An error is `{error, message, code, requestId}`, `message` the same as `error`",
)
@pytest.mark.parametrize("path", ["/", "/nothing", "/tasks/x/y/z", "/auth", "/auth/me/x"])
def test_an_unknown_route_is_404(api, path):
    assert_error(api.get(path), 404, "not_found")


@promise("1 Requests", "HEAD answers as GET without the body")
def test_head_answers_as_get_without_the_body(buyer, task):
    for path in ("/health", "/tasks", f"/tasks/{task['_id']}", "/auth/me"):
        got, head = buyer.api.get(path), buyer.api.head(path)
        assert head.status_code == got.status_code == 200
        assert head.content == b""
        assert head.headers.get("etag") == got.headers.get("etag")
        assert head.headers["content-type"] == got.headers["content-type"]


@promise("1 Requests", "HEAD answers as GET without the body")
def test_head_is_refused_as_get_is(api, worker):
    for path, token, status in (
        ("/auth/me", None, 401),
        ("/admin/audit", worker.token, 403),
        ("/tasks/zzz", None, 400),
        (f"/tasks/{UNKNOWN_ID}", None, 404),
        ("/nothing", None, 404),
        ("/auth/login", None, 405),
    ):
        head = api.head(path, token=token)
        assert (head.status_code, head.content) == (status, b""), path


@promise("1 Errors", "405 with `Allow`")
@pytest.mark.parametrize(
    "method, path, allowed",
    [
        ("DELETE", "/auth/login", {"POST"}),
        ("GET", "/auth/register", {"POST"}),
        ("POST", "/auth/me", {"GET", "HEAD"}),
        ("PATCH", "/tasks", {"GET", "HEAD", "POST"}),
        ("POST", f"/tasks/{UNKNOWN_ID}", {"GET", "HEAD", "PUT", "DELETE"}),
        ("DELETE", "/admin/audit", {"GET", "HEAD"}),
    ],
)
def test_another_method_is_405_and_allow_names_those_there_are(api, method, path, allowed):
    refused = api.request(method, path)
    assert_error(refused, 405, "method_not_allowed")
    told = {name.strip() for name in refused.headers["allow"].split(",")}
    assert told - {"OPTIONS"} == allowed


# --- bodies ---


@promise(
    "1 Requests",
    "PUT and POST that need no input accept an empty body of any or no content type",
)
@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/json"]
)
def test_put_and_post_without_input_take_an_empty_body_of_any_content_type(
    buyer, new_worker, task, content_type, books
):
    headers = {"Content-Type": content_type} if content_type else {}
    worker = new_worker()
    made = ok(
        worker.api.post(
            "/submissions", json={"task_id": task["_id"], "submission_details": "Done"}
        ),
        201,
    )
    ok(buyer.api.put(f"/submissions/{made['submission']['_id']}/approve", headers=headers))
    ok(buyer.api.put("/notifications/read-all", headers=headers))
    ok(buyer.api.post("/notifications/stream-ticket", headers=headers))
    ok(worker.api.post("/auth/logout", headers=headers))


def padded(text, size):
    return text.encode() + b" " * (size - len(text))


@promise("1 Errors", "413: a body over 1 MiB")
def test_a_body_of_one_mib_is_read_and_one_byte_more_is_413(worker):
    headers = {"Content-Type": "application/json"}
    body = json.dumps({"name": "Ada"})
    assert (
        ok(worker.api.put("/auth/profile", content=padded(body, MIB), headers=headers))["name"]
        == "Ada"
    )
    assert_error(
        worker.api.put("/auth/profile", content=padded(body, MIB + 1), headers=headers),
        413,
        "body_too_large",
    )


@promise("1 Errors", "413: a body over 1 MiB")
def test_413_also_for_a_body_whose_length_is_not_announced(worker):
    def pieces():
        yield b'{"name": "Ada"}'
        for _ in range(16):
            yield b" " * (MIB // 16)

    refused = worker.api.put(
        "/auth/profile", content=pieces(), headers={"Content-Type": "application/json"}
    )
    assert_error(refused, 413, "body_too_large")


@promise("1 Errors", "415: a body that is not JSON")
@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
    ],
)
def test_a_body_that_is_not_json_is_415(worker, content_type):
    refused = worker.api.put(
        "/auth/profile", content=b'{"name": "Ada"}', headers={"Content-Type": content_type}
    )
    assert_error(refused, 415, "unsupported_media_type")


@promise("1 Requests", "JSON in, UTF-8")
@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"]
)
def test_json_is_taken_in_each_spelling_of_its_media_type(worker, content_type):
    name = unique("Zoë ")
    body = json.dumps({"name": name}, ensure_ascii=False).encode()
    assert (
        ok(worker.api.put("/auth/profile", content=body, headers={"Content-Type": content_type}))[
            "name"
        ]
        == name
    )


# --- ids, dates, coins ---


@promise("1 Requests", "A malformed id is 400")
@pytest.mark.parametrize(
    "bad",
    [
        "1",
        "x" * 24,
        UNKNOWN_ID[:-1],
        UNKNOWN_ID + "0",
        "%C3%A9" * 24,
        "%24ne",
        "0x23456789abcdef01234567",
    ],
)
def test_a_malformed_id_is_400(buyer, bad):
    for method, path in (
        ("GET", f"/tasks/{bad}"),
        ("DELETE", f"/tasks/{bad}"),
        ("GET", f"/submissions/task/{bad}"),
    ):
        assert_error(buyer.api.request(method, path), 400, "invalid_id")


@promise("1 Requests", "An unknown id is 404")
def test_an_unknown_id_is_404(buyer):
    for method, path, body in (
        ("GET", f"/tasks/{UNKNOWN_ID}", None),
        ("PUT", f"/tasks/{UNKNOWN_ID}", {"task_title": "New"}),
        ("DELETE", f"/tasks/{UNKNOWN_ID}", None),
        ("GET", f"/submissions/{UNKNOWN_ID}", None),
        ("PUT", f"/submissions/{UNKNOWN_ID}/approve", None),
    ):
        assert_error(buyer.api.request(method, path, json=body), 404, "not_found")


@promise("1 Requests", "Ids are 24 hex digits")
def test_ids_are_hex_digits_of_either_case(buyer, task):
    assert ok(buyer.api.get(f"/tasks/{task['_id'].upper()}"))["_id"] == task["_id"]


@promise("1 Requests", "Dates out: UTC with milliseconds")
def test_dates_go_out_in_utc_with_milliseconds(buyer):
    task = ok(
        buyer.api.post("/tasks", json=task_input(completion_date="2040-02-29T23:30:00+06:00")), 201
    )["task"]
    assert task["completion_date"] == "2040-02-29T17:30:00.000Z"
    for field in ("createdAt", "updatedAt"):
        assert DATE_OUT.match(task[field]), field
    assert DATE_OUT.match(ok(buyer.api.get("/auth/me"))["createdAt"])


@promise("1 Requests", "Coins are whole numbers", "Coins are stored as BSON int64")
def test_coins_are_whole_numbers_kept_as_int64(buyer, task, db, books):
    user = db.users.find_one({"_id": ObjectId(buyer.id)})
    kept = db.tasks.find_one({"_id": ObjectId(task["_id"])})
    assert user["coins"] == 1000 - 2 * 5
    assert isinstance(user["coins"], Int64) and isinstance(kept["payable_amount"], Int64)
    me = buyer.api.get("/auth/me")
    assert re.search(r'"coins": ?990[,}]', me.text), "a number without a point"


@promise("1 Requests", "Coins are read tolerantly (int32, int64, double)")
@pytest.mark.parametrize("kept", [200, 200.0], ids=["int32", "double"])
def test_coins_are_read_tolerantly_as_older_data_has_them(new_buyer, new_worker, db, kept, books):
    buyer, worker = new_buyer(200), new_worker()
    db.users.update_one({"_id": ObjectId(buyer.id)}, {"$set": {"coins": kept}})
    assert buyer.coins() == 200
    made = ok(buyer.api.post("/tasks", json=task_input(required_workers=2, payable_amount=7)), 201)
    assert made["remainingCoins"] == 186 and isinstance(made["remainingCoins"], int)
    db.tasks.update_one(
        {"_id": ObjectId(made["task"]["_id"])}, {"$set": {"payable_amount": type(kept)(7)}}
    )
    handed_in = ok(
        worker.api.post(
            "/submissions", json={"task_id": made["task"]["_id"], "submission_details": "Done"}
        ),
        201,
    )
    approved = ok(buyer.api.put(f"/submissions/{handed_in['submission']['_id']}/approve"))
    assert (approved["coinsAdded"], approved["workerNewBalance"]) == (7, 7)


@promise("1 Requests", "URLs are never fetched")
def test_urls_are_never_fetched(buyer, api):
    """Whoever listens there is not called, neither when an address is stored nor when it is shown."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/a.png"
        task = ok(buyer.api.post("/tasks", json=task_input(task_image_url=url)), 201)["task"]
        path = f"/tasks/{task['_id']}"
        ok(buyer.api.put(path, json={"task_image_url": url + "?2"}))
        assert ok(buyer.api.put("/auth/profile", json={"photoURL": url}))["photoURL"] == url
        assert ok(api.get(path))["task_image_url"] == url + "?2"
        ok(api.get("/tasks", params={"limit": 100}))
        assert select.select([listener], [], [], 0.5)[0] == [], "somebody called"


# --- the order of refusals ---


@promise(
    "1 Validation",
    "Refusals come in this order: route 404, method 405, size 413, token 401, role 403, media type 415, ids "
    "and body 400, record 404, owner 403, state 400 or 409",
)
def test_refusals_come_in_the_contracts_order(api, buyer, new_buyer, worker, task):
    """Each request has a fault at one stage and at every later one: the earlier is told."""
    too_big, text = b"x" * (MIB + 1), {"Content-Type": "text/plain"}
    bad_token, stranger = "not.a.token", new_buyer()
    body = {"task_title": "x" * 201}
    mine, unknown = f"/tasks/{task['_id']}", f"/tasks/{UNKNOWN_ID}"

    def refused(status, code, method, path, **kwargs):
        assert_error(api.request(method, path, **kwargs), status, code)

    refused(
        404, "not_found", "PATCH", "/no/such/route", token=bad_token, content=too_big, headers=text
    )
    refused(
        405,
        "method_not_allowed",
        "PATCH",
        "/tasks/zzz",
        token=bad_token,
        content=too_big,
        headers=text,
    )
    refused(
        413, "body_too_large", "PUT", "/tasks/zzz", token=bad_token, content=too_big, headers=text
    )
    refused(401, "unauthorized", "PUT", "/tasks/zzz", token=bad_token, content=b"{", headers=text)
    refused(401, "unauthorized", "PUT", "/tasks/zzz", content=b"{", headers=text)
    refused(403, "forbidden", "POST", "/tasks", token=worker.token, content=b"{", headers=text)
    refused(
        415,
        "unsupported_media_type",
        "PUT",
        "/tasks/zzz",
        token=buyer.token,
        content=b"{",
        headers=text,
    )
    refused(400, "invalid_id", "PUT", "/tasks/zzz", token=buyer.token, json={})
    refused(400, "invalid_input", "PUT", unknown, token=buyer.token, json=body)
    refused(404, "not_found", "PUT", unknown, token=buyer.token, json={"task_title": "New"})
    refused(400, "invalid_input", "PUT", mine, token=stranger.token, json=body)
    # What is not within 0..10000 is a fault of state: the owner is told, no other.
    refused(403, "not_owner", "POST", mine + "/slots", token=stranger.token, json={"delta": -9})
    refused(400, "invalid_input", "POST", mine + "/slots", token=buyer.token, json={"delta": -9})


@promise(
    "1 Validation",
    "Refusals come in this order: route 404, method 405, size 413, token 401, role 403, media type 415, ids "
    "and body 400, record 404, owner 403, state 400 or 409",
)
def test_a_foreign_record_is_403_before_its_state_is_told(
    buyer, new_buyer, new_worker, task, books
):
    made = ok(
        new_worker().api.post(
            "/submissions", json={"task_id": task["_id"], "submission_details": "Done"}
        ),
        201,
    )
    approve = f"/submissions/{made['submission']['_id']}/approve"
    ok(buyer.api.put(approve))
    assert_error(new_buyer().api.put(approve), 403, "not_owner")
    assert_error(buyer.api.put(approve), 400, "already_processed")


# --- headers ---


@promise(
    "1 Responses",
    "`X-Request-Id` on every answer",
    "`API-Version: 1`, nosniff, HSTS, a deny-all Content-Security-Policy",
)
def test_every_answer_carries_the_headers_of_the_contract(api, worker, task):
    answers = [
        api.get("/health"),
        worker.api.get("/auth/me"),
        api.get("/tasks"),
        api.get("/nothing"),
        api.get("/auth/me"),
        api.get("/tasks/zzz"),
        api.post("/auth/login", json={}),
        worker.api.get("/tasks", headers={"If-None-Match": "*"}),
        api.options("/tasks"),
    ]
    assert [answer.status_code for answer in answers] == [
        200,
        200,
        200,
        404,
        401,
        400,
        400,
        304,
        204,
    ]
    for answer in answers:
        headers = answer.headers
        assert re.match(r"^[\x21-\x7e]{8,}$", headers["x-request-id"])
        assert headers["api-version"] == "1"
        assert headers["x-content-type-options"] == "nosniff"
        assert re.match(r"^max-age=[1-9]\d{5,}", headers["strict-transport-security"])
        assert "default-src 'none'" in headers["content-security-policy"]
        for name in ("x-request-id", "api-version", "content-security-policy", "vary"):
            assert len(headers.get_list(name)) == 1, f"{name} twice"


@promise("1 Requests", "JSON out, UTF-8")
def test_answers_are_json_in_utf_8(api):
    health = api.get("/health")
    assert health.headers["content-type"].lower().replace(" ", "") in (
        "application/json",
        "application/json;charset=utf-8",
    )
    assert health.json() == {"status": "OK", "message": "Server is running"}


@promise("1 Responses", "`Cache-Control: no-store` where a token was used")
def test_where_a_token_was_used_the_answer_is_not_stored(worker, api):
    for answer in (
        worker.api.get("/auth/me"),
        worker.api.get("/tasks"),
        worker.api.get("/admin/audit"),
    ):
        assert answer.headers["cache-control"] == "no-store"


@promise("1 Responses", "It is the caller's, if it sent a sane one")
def test_the_callers_request_id_is_kept_if_sane(api):
    for sane in ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "req_42", "A" * 32):
        answer = api.get("/auth/me", headers={"X-Request-Id": sane})
        assert answer.headers["x-request-id"] == sane
        assert answer.json()["requestId"] == sane


@promise("1 Responses", "It is the caller's, if it sent a sane one")
@pytest.mark.parametrize("insane", ["", "x" * 2000, "a b", 'a"b', "<script>", "é", "a;b=c", "a\\b"])
def test_an_insane_request_id_is_replaced(api, insane):
    answer = api.get("/auth/me", headers=[("X-Request-Id", insane.encode())])
    assert answer.headers["x-request-id"] != insane
    assert re.match(r"^[A-Za-z0-9._-]{8,64}$", answer.headers["x-request-id"])
    assert answer.json()["requestId"] == answer.headers["x-request-id"]


@promise("1 Responses", "`X-Request-Id` on every answer")
def test_request_ids_differ(api):
    assert len({api.get("/health").headers["x-request-id"] for _ in range(20)}) == 20


# --- ETag, If-None-Match, If-Match ---


@pytest.fixture
def etag_paths(buyer, task):
    return [
        "/auth/me",
        f"/tasks/{task['_id']}",
        "/tasks/buyer/my-tasks",
        "/tasks?limit=1",
        "/submissions/buyer/review",
        f"/submissions/task/{task['_id']}",
        "/notifications",
        "/payments/history",
        "/payments/packages",
        f"/public/tasks/{task['_id']}",
        "/tasks/top-workers",
    ]


@promise(
    "1 Responses",
    "GETs of one record or a list carry a weak `ETag`",
    "They honour `If-None-Match` (304)",
)
def test_gets_of_records_and_lists_carry_a_weak_etag_and_answer_304(buyer, etag_paths):
    for path in etag_paths:
        first = buyer.api.get(path)
        tag = first.headers["etag"]
        assert re.match(r'^W/"[\x21\x23-\x7e]+"$', tag), path
        for known in (tag, f'"other", {tag}', "*"):
            again = buyer.api.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b""), (path, known)
            assert again.headers["etag"] == tag
        assert buyer.api.head(path, headers={"If-None-Match": tag}).status_code == 304
        assert buyer.api.get(path, headers={"If-None-Match": 'W/"other"'}).status_code == 200


@promise("1 Responses", "GETs of one record or a list carry a weak `ETag`")
def test_an_etag_changes_with_the_record(buyer, task):
    path = f"/tasks/{task['_id']}"
    before = buyer.api.get(path).headers["etag"]
    ok(buyer.api.put(path, json={"task_title": unique("New title ")}))
    after = buyer.api.get(path, headers={"If-None-Match": before})
    assert after.status_code == 200 and after.headers["etag"] != before


@promise("1 Responses", "PUT of a task honours `If-Match` (412)")
def test_put_of_a_task_honours_if_match(buyer, task):
    path = f"/tasks/{task['_id']}"
    stale = buyer.api.get(path).headers["etag"]
    ok(buyer.api.put(path, json={"task_title": "First"}, headers={"If-Match": stale}))
    assert_error(
        buyer.api.put(path, json={"task_title": "Second"}, headers={"If-Match": stale}),
        412,
        "precondition_failed",
    )
    assert ok(buyer.api.get(path))["task_title"] == "First"
    current = buyer.api.get(path).headers["etag"]
    ok(
        buyer.api.put(
            path, json={"task_title": "Third"}, headers={"If-Match": f'"else", {current}'}
        )
    )
    ok(buyer.api.put(path, json={"task_title": "Fourth"}, headers={"If-Match": "*"}))


@promise("1 Responses", "PUT of a profile honours `If-Match` (412)")
def test_put_of_a_profile_honours_if_match(worker):
    stale = worker.api.get("/auth/me").headers["etag"]
    ok(worker.api.put("/auth/profile", json={"name": "First"}, headers={"If-Match": stale}))
    refused = worker.api.put("/auth/profile", json={"name": "Second"}, headers={"If-Match": stale})
    assert_error(refused, 412, "precondition_failed")
    assert ok(worker.api.get("/auth/me"))["name"] == "First"
    current = worker.api.get("/auth/me").headers["etag"]
    ok(worker.api.put("/auth/profile", json={"name": "Third"}, headers={"If-Match": current}))


@promise("1 Responses", "PUT of a task honours `If-Match` (412)")
@promise(
    "10 Collections",
    "Guards and counters are kept by the transactions that need them (tasks: rev, expires_at)",
)
def test_of_two_writers_with_the_same_etag_one_wins(buyer, task):
    path = f"/tasks/{task['_id']}"
    tag = buyer.api.get(path).headers["etag"]

    def write(number):
        return buyer.api.put(
            path, json={"task_title": f"Writer {number}"}, headers={"If-Match": tag}
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(write, range(8))) == [200] + [412] * 7


# --- health ---


@promise(
    "1 Health",
    '`GET /api/health` → 200 `{"status":"OK","message":"Server is running"}`',
    "`GET /api/health/ready` → 200",
)
def test_health_and_readiness(api):
    assert ok(api.get("/health")) == {"status": "OK", "message": "Server is running"}
    ok(api.get("/health/ready"))
