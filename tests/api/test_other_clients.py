"""Contract, section 1: what other programs send, which mean well."""

import gzip
import json

import pytest

from client import UNKNOWN_ID, assert_error, faults, ok, register_input, task_input, unique
from market import post_task, submit, withdraw
from promises import promise

JSON = {"Content-Type": "application/json"}
MARK = b"\xef\xbb\xbf"


# --- empty bodies ---


@promise("1 Requests", "A body that is `null` is an empty one")
@pytest.mark.parametrize("body", [b"null", b" null\r\n", MARK + b"null", b""], ids=repr)
def test_a_body_that_is_null_is_an_empty_one(api, buyer, new_worker, books, body):
    """It names what is missing, and does where nothing is needed."""
    refused = buyer.api.post("/tasks", content=body, headers=JSON)
    assert_error(refused, 400, "invalid_input")
    needed = set(task_input()) - {"task_image_url", "category"}
    assert faults(refused) == {field: "invalid_input" for field in needed}
    refused = api.post("/auth/login", content=body, headers=JSON)
    assert set(faults(refused)) == {"email", "password"}
    assert ok(buyer.api.put("/auth/profile", content=body, headers=JSON))["name"] == buyer.name
    task = post_task(buyer)
    path = f"/tasks/{task['_id']}"
    assert ok(buyer.api.put(path, content=body, headers=JSON))["task_title"] == task["task_title"]
    work = [submit(new_worker(), task)["_id"] for _ in range(2)]
    ok(buyer.api.put(f"/submissions/{work[0]}/approve", content=body, headers=JSON))
    ok(buyer.api.put(f"/submissions/{work[1]}/reject", content=body, headers=JSON))
    ok(buyer.api.delete(path, content=body, headers=JSON))


# --- bodies where none is needed ---

ODD = [
    (b"{}", "application/json"),
    (b"null", "application/json"),
    (b"", "application/json"),
    (b"not JSON", "application/json"),
    (b"[1", "application/json"),
    (b'{"a":1,"a":2}', "application/json"),
    (b"\xff\x00\x01", "application/octet-stream"),
    (b"a=b", "application/x-www-form-urlencoded"),
    (b"hello", "text/plain"),
    (b"hello", None),
]


def sent(body, content_type, **more):
    headers = {"Content-Type": content_type} if content_type else {}
    return {"content": body, "headers": headers | more}


@promise("1 Requests", "A body where none is needed is not looked at")
@pytest.mark.parametrize("body, content_type", ODD)
def test_a_body_where_none_is_needed_is_not_looked_at(
    api, admin, new_buyer, new_worker, books, body, content_type
):
    odd = sent(body, content_type)
    buyer, worker = new_buyer(1000), new_worker(500)
    task = post_task(buyer)
    work = submit(worker, task)
    ok(api.request("GET", "/tasks", **odd))
    ok(buyer.api.request("GET", "/auth/me", **odd))
    ok(buyer.api.put(f"/submissions/{work['_id']}/approve", **odd))
    ok(admin.api.put(f"/withdrawals/{withdraw(worker)['_id']}/approve", **odd))
    [told, *_] = ok(worker.api.get("/notifications"))
    ok(worker.api.put(f"/notifications/{told['_id']}/read", **odd))
    ok(worker.api.put("/notifications/read-all", **odd))
    ok(worker.api.post("/notifications/stream-ticket", **odd))
    ok(worker.api.delete(f"/notifications/{told['_id']}", **odd))
    ok(buyer.api.delete(f"/tasks/{task['_id']}", **odd))
    ok(admin.api.delete(f"/admin/tasks/{post_task(buyer)['_id']}", **odd))
    ok(buyer.api.post("/auth/logout", **odd))
    ok(admin.api.delete(f"/admin/users/{worker.id}", **odd))


@promise("1 Requests", "A body where none is needed is not looked at")
def test_what_is_not_looked_at_changes_no_refusal(worker, buyer):
    odd = sent(b"[1", "text/plain", **{"Content-Encoding": "gzip"})
    assert_error(worker.api.delete(f"/tasks/{UNKNOWN_ID}", **odd), 404, "not_found")
    assert_error(worker.api.delete("/tasks/zzz", **odd), 400, "invalid_id")
    assert_error(worker.api.put(f"/withdrawals/{UNKNOWN_ID}/approve", **odd), 403, "forbidden")


@promise("1 Requests", "A body where none is needed is not looked at")
def test_a_key_is_still_bound_to_the_body_byte_for_byte(buyer):
    path = f"/tasks/{post_task(buyer)['_id']}"
    key = {"Idempotency-Key": unique("key")}
    done = buyer.api.delete(path, **sent(b"{}", "text/plain", **key))
    again = buyer.api.delete(path, **sent(b"{}", "application/json", **key))
    assert ok(done) == ok(again) and again.headers["idempotent-replayed"] == "true"
    assert_error(buyer.api.delete(path, headers=key), 422, "key_reused")


# --- blank parameters ---

BLANK = ["", "%20", "+", "%09", "%C2%A0", "%E3%80%80"]


@promise("1 Requests", "A blank query parameter is absent")
@pytest.mark.parametrize("blank", BLANK)
def test_a_blank_query_parameter_is_absent(api, admin, buyer, worker, blank, books):
    post_task(buyer, category=unique("blank"))

    def query(*names):
        return "?" + "&".join(f"{name}={blank}" for name in names)

    page = ("page", "limit", "after")
    for who, path, names in (
        (api, "/tasks", (*page, "sortBy", "q", "category", "min_payable")),
        (api, "/public/tasks", (*page, "sortBy", "q", "category", "min_payable")),
        (buyer.api, "/tasks/buyer/my-tasks", page),
        (buyer.api, "/submissions/buyer/review", page),
        (buyer.api, "/payments/history", page),
        (worker.api, "/submissions/worker/my-submissions", page),
        (worker.api, "/submissions/worker/approved", page),
        (worker.api, "/withdrawals/worker/history", page),
        (worker.api, "/notifications", ("limit", "email")),
        (admin.api, "/submissions", page),
        (admin.api, "/admin/users", (*page, "role", "q")),
        (admin.api, "/admin/tasks", (*page, "status")),
        (admin.api, "/admin/ledger", (*page, "user", "task")),
        (admin.api, "/withdrawals/pending", page),
    ):
        # a list that others change meanwhile is compared by its shape
        whole, blanks = ok(who.get(path)), ok(who.get(path + query(*names)))
        assert type(whole) is type(blanks)
        if isinstance(whole, dict):
            assert set(whole) == set(blanks)
            assert blanks.get("currentPage", 1) == 1


@promise("1 Requests", "A blank query parameter is absent")
def test_a_parameter_is_given_once_where_all_but_one_are_blank(api, buyer, books):
    category = unique("once")
    tasks = [post_task(buyer, category=category)["_id"] for _ in range(3)]
    path = f"/tasks?category=&category={category}&limit=&limit=2&page=+&page=2&after="
    assert [task["_id"] for task in ok(api.get(path))["tasks"]] == tasks[:1]
    assert_error(api.get("/tasks?page=&page=1&page=2"), 400, "invalid_input")


def test_what_is_not_blank_is_judged_as_ever(api):
    for query in ("page=0", "limit=x", "min_payable=-", "sortBy=%00", "min_payable=%FF"):
        assert_error(api.get("/tasks?" + query), 400, "invalid_input")


# --- byte order marks ---


@promise("1 Requests", "A byte order mark before JSON is skipped")
def test_a_byte_order_mark_before_json_is_skipped(api, buyer, books):
    title = unique("Marked ")
    body = MARK + json.dumps(task_input(task_title=title)).encode()
    assert ok(buyer.api.post("/tasks", content=body, headers=JSON), 201)["task"]["task_title"] == (
        title
    )
    body = MARK + json.dumps(register_input()).encode()
    ok(api.post("/auth/register", content=body, headers=JSON), 201)
    for body in (MARK * 2 + b"{}", b"{" + MARK + b"}", "{}".encode("utf-16")):
        refused = buyer.api.put("/auth/profile", content=body, headers=JSON)
        assert_error(refused, 400, "invalid_json")


# --- encoded bodies ---


@promise("1 Requests", "A `Content-Encoding` other than identity is 415")
@pytest.mark.parametrize(
    "encoding",
    ["gzip", "GZIP", "x-gzip", "deflate", "br", "zstd", "identity, gzip", "gzip, identity"],
)
def test_an_encoded_body_is_415_and_told_why(api, buyer, encoding):
    body = gzip.compress(json.dumps(task_input()).encode())
    refused = buyer.api.post("/tasks", content=body, headers=JSON | {"Content-Encoding": encoding})
    said = assert_error(refused, 415, "unsupported_media_type")
    assert "Content-Encoding" in said["error"]
    assert refused.headers["accept-encoding"] == "identity"


@promise("1 Requests", "A `Content-Encoding` other than identity is 415")
@pytest.mark.parametrize("encoding", ["identity", "Identity", "identity, identity", ""])
def test_identity_is_no_encoding(buyer, encoding):
    headers = JSON | {"Content-Encoding": encoding}
    name = unique("Plain ")
    body = json.dumps({"name": name}).encode()
    assert ok(buyer.api.put("/auth/profile", content=body, headers=headers))["name"] == name


@promise("1 Requests", "A `Content-Encoding` other than identity is 415")
def test_an_encoded_body_is_refused_in_the_order_of_refusals(api, worker, buyer):
    encoded = {"content": b"\x1f\x8b", "headers": JSON | {"Content-Encoding": "gzip"}}
    assert_error(api.post("/nowhere", **encoded), 404, "not_found")
    assert_error(api.post("/tasks/zzz", **encoded), 405, "method_not_allowed")
    large = encoded | {"content": b"x" * (1024 * 1024 + 1)}
    assert_error(buyer.api.post("/tasks", **large), 413, "body_too_large")
    assert_error(api.post("/tasks", **encoded), 401, "unauthorized")
    assert_error(worker.api.post("/tasks", **encoded), 403, "forbidden")
    assert_error(buyer.api.put("/tasks/zzz", **encoded), 415, "unsupported_media_type")
    assert_error(buyer.api.post("/tasks", headers=encoded["headers"]), 400, "invalid_input")
    ok(buyer.api.put("/auth/profile", headers=encoded["headers"]))


# --- paths ---


@pytest.mark.parametrize("path", ["/Tasks", "/TASKS", "/auth/Me", "/tasks/Buyer/my-tasks"])
def test_a_path_in_another_case_is_404(buyer, path):
    found = buyer.api.get(path)
    assert found.status_code in (400, 404) and found.json()["code"] in ("not_found", "invalid_id")
