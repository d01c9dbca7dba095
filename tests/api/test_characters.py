"""Contract, section 1: which characters texts hold, and names, titles and categories."""

import pytest

from client import assert_error, faults, ok, register_input, task_input, unique
from market import post_task, submit
from promises import promise

CONTROLS = ["\x01", "\x07", "\x08", "\x0b", "\x0c", "\x1b", "\x1f", "\x7f", "\x80", "\x85", "\x9f"]


def texts(api, admin, buyer, worker, text):
    """Every call that takes a text, with that text in the field that is named."""
    task = post_task(buyer)
    work = submit(worker, task)["_id"]
    money = {"withdrawal_coin": 200, "payment_system": "bkash", "account_number": "1"}
    pay = ok(buyer.api.post("/payments/create-payment", json={"coins": 10}), 201)["payment"]
    for field in ("task_title", "task_detail", "submission_info", "category", "task_image_url"):
        yield field, buyer.api.post("/tasks", json=task_input(**{field: text}))
        yield field, buyer.api.put(f"/tasks/{task['_id']}", json={field: text})
    yield "name", api.post("/auth/register", json=register_input(name=text))
    yield "email", api.post("/auth/register", json=register_input(email=f"a{text}b@example.org"))
    yield "photoURL", api.post("/auth/register", json=register_input(photoURL=text))
    yield "name", worker.api.put("/auth/profile", json={"name": text})
    yield "submission_details", worker.api.post(
        "/submissions", json={"task_id": task["_id"], "submission_details": text}
    )
    for field in ("reason", "reason_code"):
        yield field, buyer.api.put(f"/submissions/{work}/reject", json={field: text})
    status = {"status": "rejected", "reason": text}
    yield "reason", buyer.api.put(f"/submissions/{work}/status", json=status)
    yield "reason", buyer.api.post("/submissions/review", json=status | {"ids": [work]})
    yield "account_number", worker.api.post("/withdrawals", json=money | {"account_number": text})
    held = ok(worker.api.post("/withdrawals", json=money), 201)["withdrawal"]["_id"]
    yield "reason", admin.api.put(f"/withdrawals/{held}/reject", json={"reason": text})
    yield "transactionId", buyer.api.put(
        f"/payments/confirm/{pay['_id']}", json={"transactionId": text}
    )
    for path in ("/tasks", "/public/tasks"):
        for field in ("q", "category"):
            yield field, api.get(path, params={field: text})
    yield "q", admin.api.get("/admin/users", params={"q": text})


@promise(
    "1 Requests",
    "Text holds no control characters but tab, line feed and carriage return (400)",
)
@pytest.mark.parametrize("control", CONTROLS, ids=ascii)
def test_no_text_holds_control_characters(api, admin, new_buyer, new_worker, control, books):
    buyer, worker = new_buyer(1000), new_worker(500)
    for field, refused in texts(api, admin, buyer, worker, f"a{control}b"):
        assert_error(refused, 400, "invalid_input")
        assert list(faults(refused)) == [field], refused.request.url


@promise(
    "1 Requests",
    "Text holds no control characters but tab, line feed and carriage return (400)",
)
def test_tabs_and_line_ends_are_no_control_characters(worker, buyer, api):
    text = "one\ttwo\r\nthree\nfour"
    assert post_task(buyer, task_detail=text)["task_detail"] == text
    ok(api.get("/tasks", params={"q": text}))
    assert submit(worker, post_task(buyer), text)["submission_details"] == text


@promise(
    "1 Requests",
    "Text holds no control characters but tab, line feed and carriage return (400)",
)
def test_passwords_hold_anything(api, fresh_throttle):
    person = register_input(password="a1\x01\x7f\x85\u202e\u200b!")
    ok(api.post("/auth/register", json=person), 201)
    ok(api.post("/auth/login", json={key: person[key] for key in ("email", "password")}))


@promise(
    "1 Requests",
    "Text holds no control characters but tab, line feed and carriage return (400)",
)
def test_a_control_character_beside_another_fault_is_told_with_it(buyer):
    refused = buyer.api.post("/tasks", json=task_input(task_detail="\x01", category="x" * 51))
    assert set(faults(refused)) == {"task_detail", "category"}


# --- names, titles, categories ---

BLANK = ["\u200b", "\u3164", "\u00ad", "\u2060\u2060", "\u2800", "\u0301", "\u115f", "\ufe0f"]
HIDING = {
    "zero-width space": "A\u200bda",
    "word joiner": "Ada\u2060",
    "soft hyphen": "A\u00adda",
    "byte order mark inside": "A\ufeffda",
    "filler": "A\u3164da",
    "right-to-left override": "\u202eadA",
    "left-to-right override": "\u202dAda\u202c",
    "embedding": "\u202bAda",
    "isolate": "\u2067Ada\u2069",
    "mark of direction": "Ada\u200f",
    "joiner at the end": "Ada\u200d",
    "joiner at the start": "\u200cAda",
    "two joiners": "A\u200d\u200cda",
    "joiner beside a blank": "A\u200d da",
    "tags without a flag": "Ada\U000e0041",
}
GOOD = {
    "persian": "می\u200cخواهم",
    "hindi": "क्\u200dष",
    "bengali": "র\u200d্যাব",
    "older malayalam": "അവന\u0d4d\u200d",
    "a family": "👨\u200d👩\u200d👧 & co",
    "a flag": "🏳\ufe0f\u200d🌈",
    "a flag in tags": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "a heart": "❤\ufe0f",
    "a key cap": "1\ufe0f\u20e3",
    "hebrew": "שלום",
    "arabic with vowels": "مُحَمَّد",
    "in parts": "Zoe\u0308",
    "one symbol": "♥",
}


def labels(api, buyer, worker, text):
    """Every call that takes a name, a title or a category."""
    task = post_task(buyer)
    for field in ("task_title", "category"):
        yield field, buyer.api.post("/tasks", json=task_input(**{field: text}))
        yield field, buyer.api.put(f"/tasks/{task['_id']}", json={field: text})
    yield "name", worker.api.put("/auth/profile", json={"name": text})
    yield "name", api.post("/auth/register", json=register_input(name=text))


@promise("1 Requests", "Names, titles and categories show at least one visible character")
@pytest.mark.parametrize("text", BLANK, ids=ascii)
def test_names_titles_and_categories_show_at_least_one_visible_character(
    api, buyer, worker, text, books
):
    for field, refused in labels(api, buyer, worker, text):
        assert_error(refused, 400, "invalid_input")
        assert list(faults(refused)) == [field]


@promise(
    "1 Requests",
    "Names, titles and categories hold no bidirectional overrides and no zero-width characters",
)
@pytest.mark.parametrize("text", HIDING.values(), ids=HIDING.keys())
def test_names_titles_and_categories_hide_nothing(api, buyer, worker, text, books):
    for field, refused in labels(api, buyer, worker, text):
        assert_error(refused, 400, "invalid_input")
        assert list(faults(refused)) == [field]


@promise("1 Requests", "Joiners inside a word or an emoji are taken")
@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD.keys())
def test_joiners_inside_words_and_emoji_are_taken_and_kept(api, buyer, worker, text, books):
    for field, taken in labels(api, buyer, worker, text):
        assert taken.status_code < 300, taken.text
        said = taken.json()
        kept = said.get("task") or said.get("user") or said
        assert kept[field] == text


@promise("1 Requests", "Names, titles and categories show at least one visible character")
def test_a_category_may_be_empty(buyer, books):
    assert post_task(buyer, category=" ")["category"] == ""


@promise("1 Requests", "Joiners inside a word or an emoji are taken")
def test_other_texts_may_hold_what_names_may_not(worker, buyer):
    text = "‮ ‏ a\u200bb \u2067c\u2069 \u3164"
    assert post_task(buyer, task_detail=text)["task_detail"] == text.strip()


@promise("1 Requests", "Names, titles and categories show at least one visible character")
def test_an_admin_made_on_the_command_line_is_named_by_the_same_rules(stack):
    email = f"{unique('a')}@example.org"
    refused = stack.ctl("create-admin", "Ad\u202ea", email, stdin="pass-word-1\n")
    assert refused.returncode != 0 and "name" in refused.stderr
