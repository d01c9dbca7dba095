"""Contract, section 1: what is checked before anything is touched, and how it is told."""

import pytest
from bson import ObjectId

from client import (
    PASSWORD,
    UNKNOWN_ID,
    assert_error,
    faults,
    ok,
    register_input,
    task_input,
    unique,
)
from promises import promise

JSON = {"Content-Type": "application/json"}


def send_profile(user, text):
    """PUT /auth/profile with a body of exactly these bytes."""
    body = text if isinstance(text, bytes) else text.encode()
    return user.api.put("/auth/profile", content=body, headers=JSON)


# --- strict JSON ---

NOT_JSON = {
    "nothing but a brace": "{",
    "no value": '{"name": }',
    "single quotes": "{'name': 'Ada'}",
    "bare word": "{name: 1}",
    "comment": '{"name": "Ada" /* x */}',
    "trailing comma": '{"name": "Ada",}',
    "something after the end": '{"name": "Ada"} x',
    "two values": '{"name": "Ada"}{}',
    "duplicate keys": '{"name": "Ada", "name": "Eve"}',
    "duplicate keys, one escaped": r'{"name": "Ada", "n\u0061me": "Eve"}',
    "duplicate keys deeper": '{"name": "Ada", "x": {"a": 1, "a": 2}}',
    "NUL escaped": r'{"name": "A\u0000da"}',
    "NUL escaped in a key": r'{"name": "Ada", "x\u0000y": 1}',
    "NUL raw": b'{"name": "A\x00da"}',
    "raw control character": b'{"name": "A\x01da"}',
    "raw line feed in a text": '{"name": "A\nda"}',
    "bad UTF-8": b'{"name": "A\xffda"}',
    "cut UTF-8": b'{"name": "Ad\xc3"}',
    "overlong UTF-8": b'{"name": "A\xc1\xa1da"}',
    "a surrogate as UTF-8": b'{"name": "A\xed\xa0\x80da"}',
    "beyond Unicode": b'{"name": "A\xf4\x90\x80\x80da"}',
    "lone high surrogate": r'{"name": "A\ud800da"}',
    "lone low surrogate": r'{"name": "A\udc00da"}',
    "surrogates the wrong way round": r'{"name": "A\udc00\ud800da"}',
    "unknown escape": r'{"name": "A\xda"}',
    "NaN": '{"name": "Ada", "x": NaN}',
    "Infinity": '{"name": "Ada", "x": Infinity}',
    "minus Infinity": '{"name": "Ada", "x": -Infinity}',
    "beyond int64": '{"name": "Ada", "x": 9223372036854775808}',
    "below int64": '{"name": "Ada", "x": -9223372036854775809}',
    "beyond int64 by its exponent": '{"name": "Ada", "x": 1e19}',
    "beyond double": '{"name": "Ada", "x": 1e400}',
    "leading zero": '{"name": "Ada", "x": 01}',
    "plus sign": '{"name": "Ada", "x": +1}',
    "no digit before the point": '{"name": "Ada", "x": .5}',
    "no digit after the point": '{"name": "Ada", "x": 1.}',
    "hexadecimal": '{"name": "Ada", "x": 0x10}',
    "nested too deep": '{"name": "Ada", "x": ' + "[" * 33 + "]" * 33 + "}",
    "nested far too deep": '{"name": "Ada", "x": ' + "[" * 100000 + "]" * 100000 + "}",
    "objects nested too deep": '{"name": "Ada", "x": ' + '{"a":' * 33 + "1" + "}" * 33 + "}",
}


@promise(
    "1 Validation",
    "Duplicate keys, NUL, bad UTF-8, lone surrogates, NaN and Infinity, numbers beyond int64, nesting deeper "
    "than 32 are 400",
)
@pytest.mark.parametrize("text", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_what_is_not_strict_json_is_400(worker, text):
    refused = send_profile(worker, text)
    assert refused.status_code == 400, refused.text
    assert_error(refused, 400, refused.json()["code"])
    assert refused.json()["code"] in ("invalid_json", "invalid_input")
    assert ok(worker.api.get("/auth/me"))["name"] == worker.name, "nothing was touched"


@pytest.mark.parametrize("text", ["[]", '"Ada"', "1", "true", '[{"name": "Ada"}]'])
def test_a_body_that_is_no_object_is_400(worker, text):
    assert_error(send_profile(worker, text), 400, "invalid_json")


STRICT = {
    "nested as deep as is allowed": '{"name": "Ada", "x": ' + "[" * 31 + "]" * 31 + "}",
    "the largest number": '{"name": "Ada", "x": 9223372036854775807}',
    "the smallest number": '{"name": "Ada", "x": -9223372036854775808}',
    "white space": ' \r\n\t{ "name" :\t"Ada"\n}\n ',
    "escapes": r'{"n\u0061me": "\u0041da"}',
    "a pair of surrogates": r'{"name": "Ada", "x": "\ud83d\ude00"}',
    "an empty key": '{"name": "Ada", "": 1}',
}


@promise("1 Requests", "JSON in, UTF-8")
@promise(
    "1 Validation",
    "Duplicate keys, NUL, bad UTF-8, lone surrogates, NaN and Infinity, numbers beyond int64, nesting deeper "
    "than 32 are 400",
)
@pytest.mark.parametrize("text", STRICT.values(), ids=STRICT.keys())
def test_all_of_json_is_read(worker, text):
    assert ok(send_profile(worker, text))["name"] == "Ada"


# --- types ---


@promise(
    "1 Validation",
    "A JSON object or array where a scalar is expected is 400",
    "No query operator ever reaches MongoDB",
)
@pytest.mark.parametrize(
    "operator", [{"$gt": ""}, {"$ne": None}, {"$regex": ".*"}, ["a@b.example"], [], {}]
)
def test_an_object_or_array_for_a_scalar_is_400_so_no_operator_reaches_the_database(
    api, new_buyer, operator
):
    for field in ("email", "password"):
        body = {"email": "a@b.example", "password": PASSWORD, field: operator}
        refused = api.post("/auth/login", json=body)
        assert_error(refused, 400, "invalid_input")
        assert list(faults(refused)) == [field]
    buyer = new_buyer()
    for field in task_input():
        refused = buyer.api.post("/tasks", json=task_input(**{field: operator}))
        assert refused.status_code == 400, (field, refused.text)
        assert list(faults(refused)) == [field]


@promise("1 Validation", "No query operator ever reaches MongoDB")
def test_an_operator_as_an_id_is_400(worker, buyer):
    refused = worker.api.post(
        "/submissions", json={"task_id": {"$ne": ""}, "submission_details": "Done"}
    )
    assert refused.status_code == 400 and list(faults(refused)) == ["task_id"]
    refused = buyer.api.post(
        "/submissions/review", json={"ids": [{"$ne": ""}], "status": "approved"}
    )
    assert refused.status_code == 400 and list(faults(refused)) == ["ids"]


@promise("1 Validation", "No query operator ever reaches MongoDB")
def test_operators_in_a_query_string_are_unknown_fields(buyer):
    """?category[$ne]=x is a field of that odd name, which is ignored; it is no operator."""
    category = unique("c")
    ok(buyer.api.post("/tasks", json=task_input(category=category)), 201)
    found = ok(
        buyer.api.get(
            "/tasks", params={"category": category, "category[$ne]": category, "status[$in]": "x"}
        )
    )
    assert found["total"] == 1
    assert ok(buyer.api.get("/tasks", params={"category": '{"$ne":"x"}'}))["total"] == 0


@pytest.mark.parametrize("wrong", [5, 5.5, True, False])
def test_a_text_is_a_text(buyer, wrong):
    refused = buyer.api.post("/tasks", json=task_input(task_title=wrong))
    assert refused.status_code == 400 and list(faults(refused)) == ["task_title"]


@promise(
    "1 Requests",
    "A number field also takes a plain decimal string (digits, optional minus and fraction, trimmed)",
    "A number field also takes `10.0`",
)
@pytest.mark.parametrize("seven", [7, 7.0, "7", "7.0", " 7 ", "7.00", "07"])
def test_a_number_field_takes_a_plain_decimal_text_too(new_buyer, seven, books):
    buyer = new_buyer(100)
    task = ok(
        buyer.api.post("/tasks", json=task_input(required_workers=seven, payable_amount=seven)), 201
    )["task"]
    assert (task["required_workers"], task["payable_amount"]) == (7, 7)
    assert buyer.coins() == 51


@promise(
    "1 Requests",
    "A number field also takes a plain decimal string (digits, optional minus and fraction, trimmed)",
)
@pytest.mark.parametrize(
    "wrong", ["", " ", "seven", "7e0", "0x7", "+7", "7,0", "1_0", "--7", "7 7", "NaN", "٧", True]
)
def test_other_texts_are_no_numbers(buyer, wrong):
    for field in ("required_workers", "payable_amount"):
        refused = buyer.api.post("/tasks", json=task_input(**{field: wrong}))
        assert_error(refused, 400, "invalid_input")
        assert faults(refused) == {field: "invalid_input"}


@promise("1 Requests", "A fraction of a coin is 400 `whole_coins_required`")
@pytest.mark.parametrize("fraction", [1.5, "1.5", 0.1, "10.01", 1e-5])
def test_a_fraction_of_a_coin_is_whole_coins_required(buyer, fraction):
    refused = buyer.api.post("/tasks", json=task_input(payable_amount=fraction))
    assert_error(refused, 400, "whole_coins_required")
    assert faults(refused) == {"payable_amount": "whole_coins_required"}


@promise("4 POST /", "required_workers 1..10000, payable_amount 1..1000000")
@pytest.mark.parametrize(
    "field, good, bad",
    [
        ("required_workers", (1, 10000), (0, -1, "-1", 10001, 9223372036854775807)),
        ("payable_amount", (1, 1000000), (0, -1, "-1", 1000001, "9223372036854775807", "9" * 40)),
    ],
)
def test_numbers_have_a_range(new_buyer, field, good, bad):
    buyer = new_buyer(0)
    for value in good:
        assert_error(
            buyer.api.post("/tasks", json=task_input(**{field: value})), 400, "insufficient_coins"
        )
    for value in bad:
        refused = buyer.api.post("/tasks", json=task_input(**{field: value}))
        assert_error(refused, 400, "invalid_input")
        assert list(faults(refused)) == [field], value


@promise("1 Requests", "`null` means absent")
def test_null_means_absent(buyer):
    body = task_input()
    body.update(task_image_url=None, category=None)
    task = ok(buyer.api.post("/tasks", json=body), 201)["task"]
    changed = ok(
        buyer.api.put(f"/tasks/{task['_id']}", json={"task_title": None, "category": "films"})
    )
    assert (changed["task_title"], changed["category"]) == (task["task_title"], "films")
    body["task_title"] = None
    refused = buyer.api.post("/tasks", json=body)
    assert_error(refused, 400, "invalid_input")
    assert list(faults(refused)) == ["task_title"]


# --- texts ---

TEXTS = {"task_title": 200, "task_detail": 5000, "submission_info": 2000, "category": 50}


@promise("1 Requests", "Lengths count Unicode code points")
@promise(
    "4 POST /",
    "task_title 1..200, task_detail 1..5000, submission_info 1..2000, category ≤50",
)
@pytest.mark.parametrize("field, longest", TEXTS.items())
def test_lengths_count_code_points(buyer, field, longest):
    """Neither bytes nor UTF-16 units: 😀 is four and two of those."""
    text = "😀" * longest
    task = ok(buyer.api.post("/tasks", json=task_input(**{field: text})), 201)["task"]
    assert task[field] == text
    refused = buyer.api.post("/tasks", json=task_input(**{field: text + "x"}))
    assert_error(refused, 400, "invalid_input")
    assert list(faults(refused)) == [field]


@promise("1 Requests", "Strings are trimmed")
def test_texts_are_trimmed_before_they_are_measured(buyer):
    task = ok(
        buyer.api.post("/tasks", json=task_input(task_title="  \t" + "x" * 200 + "\r\n ")), 201
    )["task"]
    assert task["task_title"] == "x" * 200
    refused = buyer.api.post("/tasks", json=task_input(task_title=" \n\t "))
    assert_error(refused, 400, "invalid_input")


@promise("1 Requests", "JSON in, UTF-8", "JSON out, UTF-8")
def test_texts_come_back_as_they_were_sent(worker, buyer):
    name = 'Zoë "Z" <b>\\ / 漢字 😀 \u2028 $where'
    assert ok(worker.api.put("/auth/profile", json={"name": name}))["name"] == name
    assert ok(worker.api.get("/auth/me"))["name"] == name
    detail = f"{name} \u202e overridden \u200b"
    task = ok(buyer.api.post("/tasks", json=task_input(task_detail=detail)), 201)["task"]
    assert task["task_detail"] == detail


@promise("1 Requests", "URLs are empty or http(s), at most 2048")
@pytest.mark.parametrize(
    "good",
    [
        "",
        "http://example.org",
        "https://example.org/a%20b?c=d#e",
        "https://example.org/" + "x" * 2028,
    ],
)
def test_urls_are_empty_or_http_or_https(buyer, good):
    task = ok(buyer.api.post("/tasks", json=task_input(task_image_url=good)), 201)["task"]
    assert task["task_image_url"] == good


@promise("1 Requests", "URLs are empty or http(s), at most 2048")
@pytest.mark.parametrize(
    "bad",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.org/x",
        "//example.org/x",
        "/x.png",
        "example.org",
        "http://",
        "https://exa mple.org/",
        "https://example.org/" + "x" * 2029,
    ],
)
def test_other_urls_are_400(buyer, worker, bad):
    for refused, field in (
        (buyer.api.post("/tasks", json=task_input(task_image_url=bad)), "task_image_url"),
        (worker.api.put("/auth/profile", json={"photoURL": bad}), "photoURL"),
    ):
        assert_error(refused, 400, "invalid_input")
        assert list(faults(refused)) == [field]


@promise(
    "1 Requests",
    "Dates in: ISO 8601 date or date-time",
    "`T` and `Z` of a date are taken in either case",
)
@pytest.mark.parametrize(
    "sent, kept",
    [
        ("2040-02-29", "2040-02-29T00:00:00.000Z"),
        ("2040-02-29T12:30:00Z", "2040-02-29T12:30:00.000Z"),
        ("2040-02-29T12:30:00.5Z", "2040-02-29T12:30:00.500Z"),
        ("2040-02-29T12:30:00.123Z", "2040-02-29T12:30:00.123Z"),
        ("2040-02-29T12:30:00+05:30", "2040-02-29T07:00:00.000Z"),
        ("2040-02-29T20:30:00-04:00", "2040-03-01T00:30:00.000Z"),
        ("2040-02-29t12:30:00z", "2040-02-29T12:30:00.000Z"),
        ("2040-02-29t12:30:00.123+00:00", "2040-02-29T12:30:00.123Z"),
    ],
)
def test_dates_are_iso_8601(buyer, sent, kept):
    assert (
        ok(buyer.api.post("/tasks", json=task_input(completion_date=sent)), 201)["task"][
            "completion_date"
        ]
        == kept
    )


@promise("1 Requests", "Dates in: ISO 8601 date or date-time")
@pytest.mark.parametrize(
    "bad",
    [
        "",
        "tomorrow",
        "29/02/2040",
        "2041-02-29",
        "2040-13-01",
        "2040-02-29T25:00:00Z",
        "2040-02-29T12:60:00Z",
        "2040-02-29 x",
        "Wed, 29 Feb 2040 12:00:00 GMT",
        True,
    ],
)
def test_other_dates_are_400(buyer, bad):
    refused = buyer.api.post("/tasks", json=task_input(completion_date=bad))
    assert_error(refused, 400, "invalid_input")
    assert list(faults(refused)) == ["completion_date"]


# --- how faults are told ---


@promise("1 Requests", "With more bad fields the code is `invalid_input`")
@promise("1 Validation", "It reports every fault at once")
@promise("1 Errors", "For bad fields also `errors: [{field, code, message}]`")
def test_every_fault_is_told_at_once(buyer):
    bad = {
        "task_title": " ",
        "task_detail": ["x"],
        "required_workers": 0,
        "payable_amount": 2.5,
        "completion_date": "soon",
        "task_image_url": "javascript:x",
        "category": "x" * 51,
    }
    refused = buyer.api.post("/tasks", json=bad)
    assert_error(refused, 400, "invalid_input")
    assert set(faults(refused)) == set(bad) | {"submission_info"}
    assert (
        faults(refused)["payable_amount"] == "whole_coins_required"
    ), "each keeps its own code in the list"


@promise(
    "1 Requests",
    "With one bad field the answer's code is that field's",
    "With more bad fields the code is `invalid_input`",
)
def test_with_one_bad_field_the_code_is_that_fields(buyer, worker):
    refused = worker.api.post("/submissions", json={"task_id": "zzz", "submission_details": "Done"})
    assert_error(refused, 400, "invalid_id")
    assert faults(refused) == {"task_id": "invalid_id"}
    refused = worker.api.post("/submissions", json={"task_id": "zzz"})
    assert_error(refused, 400, "invalid_input")
    assert faults(refused) == {"task_id": "invalid_id", "submission_details": "invalid_input"}
    refused = buyer.api.post(f"/tasks/{UNKNOWN_ID}/slots", json={"delta": 1.5})
    assert refused.status_code == 400 and list(faults(refused)) == ["delta"]


def test_an_empty_body_where_input_is_needed_names_what_is_missing(api, buyer):
    for headers in ({}, JSON):
        refused = buyer.api.post("/tasks", headers=headers)
        assert_error(refused, 400, "invalid_input")
        assert set(faults(refused)) == {
            "task_title",
            "task_detail",
            "required_workers",
            "payable_amount",
            "completion_date",
            "submission_info",
        }
    assert set(faults(api.post("/auth/login", json={}))) == {"email", "password"}


def test_queries_are_checked_as_bodies_are(buyer):
    refused = buyer.api.get(
        "/tasks", params={"page": "0", "limit": "x", "sortBy": "password", "min_payable": "much"}
    )
    assert_error(refused, 400, "invalid_input")
    assert set(faults(refused)) == {"page", "limit", "sortBy", "min_payable"}


# --- what a body can never do ---

OURS = {
    "_id": UNKNOWN_ID,
    "id": UNKNOWN_ID,
    "role": "admin",
    "coins": 999999,
    "pending_coins": 999999,
    "status": "completed",
    "createdAt": "2001-01-01T00:00:00.000Z",
    "updatedAt": "2001-01-01T00:00:00.000Z",
    "lastLogin": "2001-01-01",
    "buyer_id": UNKNOWN_ID,
    "buyer_email": "eve@example.org",
    "buyer_name": "Eve",
    "worker_id": UNKNOWN_ID,
    "expires_at": "2001-01-01",
    "rev": 99,
    "escrow": 99,
    "tokens_valid_after": 1,
    "authProvider": "google",
    "__proto__": {"admin": True},
    "$set": {"role": "admin"},
    "a.b": 1,
}


@promise(
    "1 Validation",
    "Unknown fields are ignored",
    "A client can never set role, coins, status, owner or dates of record through a body",
)
@promise("4 POST /", "Buyer fields come from the token's user")
def test_unknown_fields_are_ignored_and_none_of_ours_can_be_set(api, new_buyer, db, books):
    body = {**OURS, **register_input(role="buyer")}
    registered = ok(api.post("/auth/register", json=body), 201)["user"]
    assert (registered["role"], registered["coins"]) == ("buyer", 50)
    kept = db.users.find_one({"_id": ObjectId(registered["_id"])})
    assert (
        kept["authProvider"] == "email"
        and kept["pending_coins"] == 0
        and kept["createdAt"].year > 2001
    )
    assert "$set" not in kept and "a.b" not in kept and "__proto__" not in kept

    buyer = new_buyer(100)
    for answer in (
        buyer.api.put("/auth/profile", json={**OURS, "name": "Ada"}),
        buyer.api.get("/auth/me"),
    ):
        user = ok(answer)
        assert (user["_id"], user["role"], user["coins"], user["name"]) == (
            buyer.id,
            "buyer",
            100,
            "Ada",
        )

    task = ok(buyer.api.post("/tasks", json={**OURS, **task_input()}), 201)["task"]
    changed = ok(buyer.api.put(f"/tasks/{task['_id']}", json={**OURS, "task_title": "New"}))
    for seen in (task, changed):
        assert seen["_id"] not in (UNKNOWN_ID,) and seen["status"] == "active"
        assert (seen["buyer_id"], seen["buyer_email"], seen["buyer_name"]) == (
            buyer.id,
            buyer.email,
            "Ada",
        )
        assert not seen["createdAt"].startswith("2001")


@promise(
    "1 Validation",
    "A client can never set role, coins, status, owner or dates of record through a body",
)
def test_a_submission_belongs_to_its_caller_whatever_the_body_says(buyer, worker, books):
    task = ok(buyer.api.post("/tasks", json=task_input()), 201)["task"]
    made = ok(
        worker.api.post(
            "/submissions",
            json={
                **OURS,
                "status": "approved",
                "task_id": task["_id"],
                "submission_details": "Done",
                "payable_amount": 900,
            },
        ),
        201,
    )["submission"]
    assert (made["worker_id"], made["buyer_id"], made["status"], made["payable_amount"]) == (
        worker.id,
        buyer.id,
        "pending",
        5,
    )


@promise("1 Validation", "It happens before anything is touched")
def test_validation_comes_before_anything_is_touched(buyer, db, books):
    rows = db.ledger.count_documents({"user": ObjectId(buyer.id)})
    assert (
        buyer.api.post("/tasks", json=task_input(completion_date="2001-01-01")).status_code == 400
    )
    assert buyer.api.post("/tasks", json=task_input(category="x" * 51)).status_code == 400
    assert buyer.coins() == 1000
    assert db.tasks.count_documents({"buyer_id": ObjectId(buyer.id)}) == 0
    assert db.ledger.count_documents({"user": ObjectId(buyer.id)}) == rows
