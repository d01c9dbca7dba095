"""Contract, section 1: a value sent back as it is stored is no change and is not judged. Old
callers echo whole records, and old records hold what is refused today.
"""

import dataclasses
import datetime

import httpx
import pytest
from bson import Int64, ObjectId

from client import UNKNOWN_ID, Api, ahead, assert_error, faults, now, ok, unique
from market import post_task, stored_task, stored_user
from promises import promise

MISSING = object()
BIDI, HIDDEN, CONTROL, NUL = "\u202eadA", "Ada\u200b", "a\x01b\x7f\x85", "a\0b"

# What a task of an older server may have in its fields.
OLD_TASK = {
    "task_title": [
        "x" * 260,
        " padded ",
        "",
        BIDI,
        HIDDEN,
        "\u3164",
        CONTROL,
        NUL,
        None,
        MISSING,
        42,
    ],
    "task_detail": ["y" * 9000, "", CONTROL, NUL, " two\r\nlines ", None, MISSING, True],
    "submission_info": ["z" * 3000, "", CONTROL, None, MISSING, 1.5],
    "task_image_url": [
        "uploads/me.png",
        "www.example.org/a.png",
        "data:image/png;base64,AAAA",
        "https://example.org/" + "a" * 3000,
        "http://",
        None,
        MISSING,
        7,
    ],
    "category": ["c" * 80, BIDI, HIDDEN, CONTROL, None, MISSING, False],
    "completion_date": [
        datetime.datetime(2020, 1, 2, 3, 4, 5, 678000),
        datetime.datetime(2020, 1, 2),
        "next week",
        "2020-01-02",
        None,
        MISSING,
    ],
}
CASES = [(field, value) for field, values in OLD_TASK.items() for value in values]


changed = []


def write(collection, record_id, field, value):
    how = {"$unset": {field: 1}} if value is MISSING else {"$set": {field: value}}
    collection.update_one({"_id": ObjectId(record_id)}, how)


def change(collection, record_id, field, value):
    """Puts a value of old into a record, until the test is over."""
    record = collection.find_one({"_id": ObjectId(record_id)})
    changed.append((collection, record_id, field, record.get(field, MISSING)))
    write(collection, record_id, field, value)


@pytest.fixture(autouse=True)
def change_back():
    """Lists that other tests look at show nothing odd."""
    yield
    while changed:
        write(*changed.pop())


@pytest.fixture(scope="module")
def undescribed(stack):
    """undescribed(user) is that user's Api, but answers are not compared with the OpenAPI document:
    a field of another type is shown as what it is.
    """
    with httpx.Client(base_url=stack.base_url, verify=False, trust_env=False) as http:
        yield lambda user: dataclasses.replace(user, api=Api(http, user.token))


def see(api, task):
    return ok(api.get(f"/tasks/{task['_id']}"))


def put(buyer, task, body, **kwargs):
    return buyer.api.put(f"/tasks/{task['_id']}", json=body, **kwargs)


@promise("1 Validation", "A value sent back as it is stored is no change and is not judged")
@pytest.mark.parametrize("field, value", CASES, ids=lambda case: str(case)[:20])
def test_a_whole_task_sent_back_is_no_change_whatever_it_holds(
    buyer, undescribed, db, books, field, value
):
    task, buyer = post_task(buyer), undescribed(buyer)
    change(db.tasks, task["_id"], field, value)
    before = stored_task(db, task)
    shown = see(buyer.api, task)
    assert ok(put(buyer, task, shown)) == shown
    assert stored_task(db, task) == before


@promise("1 Validation", "A value sent back as it is stored is no change and is not judged")
@pytest.mark.parametrize("field, value", CASES, ids=lambda case: str(case)[:20])
def test_another_field_changes_beside_what_is_sent_back(
    buyer, undescribed, db, books, field, value
):
    task, buyer = post_task(buyer), undescribed(buyer)
    change(db.tasks, task["_id"], field, value)
    before, shown = stored_task(db, task), see(buyer.api, task)
    other = "task_detail" if field == "task_title" else "task_title"
    changed = ok(put(buyer, task, shown | {other: "New text"}))
    assert changed == shown | {other: "New text", "updatedAt": changed["updatedAt"]}
    after = stored_task(db, task)
    assert after.get(field, MISSING) == before.get(field, MISSING)


@promise("1 Validation", "A value sent back as it is stored is no change and is not judged")
def test_an_old_task_with_all_of_it_at_once_is_sent_back(buyer, db, books):
    task = post_task(buyer)
    for field, values in OLD_TASK.items():
        change(db.tasks, task["_id"], field, values[0])
    change(db.tasks, task["_id"], "required_workers", 2.0)
    shown = see(buyer.api, task)
    echo = shown | {"required_workers": "many", "payable_amount": -1, "status": "odd", "coins": 9}
    before = stored_task(db, task)
    assert ok(put(buyer, task, echo)) == shown
    assert stored_task(db, task) == before


@promise("1 Validation", "A value sent back as it is stored is no change and is not judged")
def test_a_form_trims_what_it_sends_back(buyer, db):
    task = post_task(buyer)
    change(db.tasks, task["_id"], "task_title", "  " + "x" * 260 + "\n")
    before = stored_task(db, task)
    ok(put(buyer, task, {"task_title": "x" * 260}))
    ok(put(buyer, task, {"task_title": "\t" + "x" * 260}))
    assert stored_task(db, task) == before


@promise("1 Validation", "Any other value than the stored one is judged")
def test_any_other_value_is_judged(buyer, db):
    task = post_task(buyer)
    for field, value in (("task_title", "x" * 260), ("task_image_url", "uploads/me.png")):
        change(db.tasks, task["_id"], field, value)
    for body, fault in (
        ({"task_title": "x" * 261}, "task_title"),
        ({"task_title": "X" * 260}, "task_title"),
        ({"task_title": ["x" * 260]}, "task_title"),
        ({"task_title": "uploads/me.png", "task_image_url": "x" * 260}, "task_image_url"),
        ({"task_image_url": "uploads/you.png", "task_title": "x" * 260}, "task_image_url"),
        ({"category": "uploads/me.png" * 9}, "category"),
    ):
        refused = put(buyer, task, body)
        assert_error(refused, 400, "invalid_input")
        assert list(faults(refused)) == [fault], "what is sent back has no fault beside it"


@promise("1 Validation", "Any other value than the stored one is judged")
def test_what_is_new_has_nothing_to_be_the_same_as(buyer, api, db):
    change(db.tasks, post_task(buyer)["_id"], "task_title", "x" * 260)
    assert_error(
        buyer.api.post("/tasks", json={"task_title": "x" * 260}), 400, "invalid_input"
    )


@promise("1 Validation", "A change of nothing leaves no trace")
def test_a_change_of_nothing_leaves_the_record_as_others_have_read_it(buyer, db):
    """An If-Match of before is still good, and of old is not."""
    task = post_task(buyer)
    change(db.tasks, task["_id"], "task_title", "x" * 260)
    seen = buyer.api.get(f"/tasks/{task['_id']}")
    tag = {"If-Match": seen.headers["etag"]}
    assert ok(put(buyer, task, ok(seen))) == ok(seen)
    assert ok(put(buyer, task, ok(seen), headers=tag)) == ok(seen)
    ok(put(buyer, task, ok(seen) | {"category": "other"}, headers=tag))
    refused = put(buyer, task, {"task_title": "x" * 260}, headers=tag)
    assert_error(refused, 412, "precondition_failed")


@promise(
    "1 Validation",
    "Faults are told before the record is said not to be there, or to be another's",
)
def test_faults_are_told_before_the_record_and_its_owner(buyer, new_buyer, db):
    """Only the owner has a record to send back; nobody learns from a refusal what stands in it."""
    task, stranger = post_task(buyer), new_buyer()
    change(db.tasks, task["_id"], "task_title", "x" * 260)
    echo, other = {"task_title": "x" * 260}, {"task_title": "y" * 260}
    for body in (echo, other):
        assert_error(put(stranger, task, body), 400, "invalid_input")
        assert_error(put(buyer, {"_id": UNKNOWN_ID}, body), 400, "invalid_input")
    assert_error(put(stranger, task, {"task_title": "short"}), 403, "not_owner")
    assert_error(put(buyer, {"_id": UNKNOWN_ID}, {}), 404, "not_found")
    refused = put(buyer, {"_id": "zzz"}, other)
    assert set(faults(refused)) == {"id", "task_title"}
    ok(buyer.api.delete(f"/tasks/{task['_id']}"))
    assert_error(put(buyer, task, echo), 400, "invalid_input")


@promise("1 Validation", "A value sent back as it is stored is no change and is not judged")
def test_a_task_past_its_deadline_is_sent_back_with_it(buyer, db, books):
    """A date that cannot be moved there is no obstacle where it stands."""
    task = post_task(buyer)
    past = now() - datetime.timedelta(days=9)
    change(db.tasks, task["_id"], "completion_date", past)
    shown = see(buyer.api, task)
    assert ok(put(buyer, task, shown | {"category": "late"}))["completion_date"] == (
        shown["completion_date"]
    )
    assert_error(put(buyer, task, {"completion_date": "2020-01-01"}), 400, "invalid_input")
    later = ahead(days=4)
    assert ok(put(buyer, task, {"completion_date": later}))["completion_date"] == later


OLD_USER = [
    ("photoURL", "uploads/me.png"),
    ("photoURL", "//cdn.example.org/me.png"),
    ("photoURL", "javascript:x"),
    ("photoURL", "blob:https://app.example/1"),
    ("photoURL", None),
    ("photoURL", MISSING),
    ("photoURL", 5),
    ("name", "n" * 180),
    ("name", ""),
    ("name", " padded "),
    ("name", BIDI),
    ("name", HIDDEN),
    ("name", "\u200b"),
    ("name", CONTROL),
    ("name", NUL),
    ("name", None),
    ("name", MISSING),
    ("name", 42),
    ("name", 1e21),
    ("name", Int64(7)),
]


@promise("1 Validation", "A value sent back as it is stored is no change and is not judged")
@pytest.mark.parametrize("field, value", OLD_USER, ids=lambda case: ascii(case)[:20])
def test_a_whole_profile_sent_back_is_no_change_whatever_it_holds(
    new_worker, undescribed, db, field, value
):
    worker = undescribed(new_worker())
    change(db.users, worker.id, field, value)
    before = stored_user(db, worker)
    shown = ok(worker.api.get("/auth/me"))
    assert ok(worker.api.put("/auth/profile", json=shown)) == shown
    assert stored_user(db, worker) == before
    other = {"name": unique("New ")} if field == "photoURL" else {"photoURL": "https://e.org/a"}
    assert ok(worker.api.put("/auth/profile", json=shown | other)) == shown | other
    assert stored_user(db, worker).get(field, MISSING) == before.get(field, MISSING)


@promise("1 Validation", "Any other value than the stored one is judged")
def test_a_picture_of_old_is_kept_and_no_other_like_it_taken(new_worker, db):
    worker = new_worker()
    change(db.users, worker.id, "photoURL", "uploads/me.png")
    for picture in ("uploads/you.png", "UPLOADS/me.png", "uploads/me.png?"):
        refused = worker.api.put("/auth/profile", json={"photoURL": picture})
        assert_error(refused, 400, "invalid_input")
        assert list(faults(refused)) == ["photoURL"]
    both = {"name": "", "photoURL": "uploads/me.png"}
    assert list(faults(worker.api.put("/auth/profile", json=both))) == ["name"]
    assert ok(worker.api.put("/auth/profile", json={"photoURL": ""}))["photoURL"] == ""
    assert_error(
        worker.api.put("/auth/profile", json={"photoURL": "uploads/me.png"}), 400, "invalid_input"
    )
