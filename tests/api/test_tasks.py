"""Contract, section 4: tasks; and of section 2: slots, escrow, deadlines.

What every input shares (types, lengths, dates) is tested in test_validation.py, pages and cursors
in test_lists.py.
"""

import datetime
import time

import pytest
from bson import Int64, ObjectId

from client import (
    UNKNOWN_ID,
    ahead,
    assert_error,
    eventually,
    faults,
    iso,
    now,
    ok,
    task_input,
    unique,
)
from market import (
    approve,
    coins,
    ids,
    pass_deadline,
    post_task,
    reject,
    stored_task,
    stored_user,
    submit,
    told,
)
from promises import promise

PUBLIC_FIELDS = {
    "_id",
    "task_title",
    "task_detail",
    "required_workers",
    "payable_amount",
    "completion_date",
    "submission_info",
    "task_image_url",
    "category",
    "buyer_name",
    "buyer_id",
    "status",
    "createdAt",
    "updatedAt",
}


def found(api, **params):
    """The ids of the first 100 tasks that GET /tasks gives."""
    return ids(ok(api.get("/tasks", params={"limit": 100, **params}))["tasks"])


def see(api, task):
    return ok(api.get(f"/tasks/{task['_id']}"))


def status_soon(db, task, status):
    """Whether the task has the status within the second that the contract gives it."""
    return eventually(lambda: stored_task(db, task)["status"] == status, within=1.0)


# --- POST / ---


@promise(
    "2 Prices",
    "A task costs required_workers × payable_amount",
    "A task's cost is taken from the buyer when it is created",
)
@promise(
    "4 POST /",
    "→ 201 {message, task, remainingCoins}",
    "Buyer fields come from the token's user",
)
@promise(
    "4 Fields",
    "_id, task_title, task_detail, required_workers, payable_amount, completion_date, submission_info, "
    "task_image_url, category, buyer_email, buyer_name, buyer_id, status, createdAt, updatedAt",
)
def test_a_task_is_made_as_asked_and_paid_into_escrow(new_buyer, db, books):
    buyer = new_buyer(1000)
    body = task_input(
        required_workers=3, payable_amount=7, task_image_url="https://example.org/a.png"
    )
    answer = ok(buyer.api.post("/tasks", json=body), 201)
    assert answer["message"]
    assert answer["remainingCoins"] == 1000 - 21 == buyer.coins()
    task = answer["task"]
    assert PUBLIC_FIELDS | {"buyer_email"} <= set(task)
    assert {name: task[name] for name in body} == body
    assert (task["buyer_id"], task["buyer_email"], task["buyer_name"]) == (
        buyer.id,
        buyer.email,
        buyer.name,
    )
    assert task["status"] == "active"
    assert task["createdAt"] == task["updatedAt"]


def test_coins_and_owners_are_kept_as_the_old_server_s_data_expects(buyer, db, books):
    task = post_task(buyer)
    stored = stored_task(db, task)
    assert type(stored["required_workers"]) is Int64 and type(stored["payable_amount"]) is Int64
    assert type(stored_user(db, buyer)["coins"]) is Int64
    assert stored["buyer_id"] == ObjectId(buyer.id)
    for name in ("completion_date", "createdAt", "updatedAt"):
        assert iso(stored[name]) == task[name], name


@promise("4 POST /", "task_image_url? and category?")
def test_image_and_category_may_be_left_out(buyer, books):
    task = post_task(buyer, task_image_url=None, category=None)
    assert see(buyer.api, task)["task_title"] == task["task_title"]


@promise("1 Errors", "Plus the extra fields named below")
@promise("2 Balances", "`users.coins` is what the user can spend")
@promise("4 POST /", "400 {code: insufficient_coins, required, available}")
def test_the_last_coin_can_be_spent_and_no_more(new_buyer, db, books):
    buyer = new_buyer(30)
    refused = buyer.api.post("/tasks", json=task_input(required_workers=31, payable_amount=1))
    assert_error(refused, 400, "insufficient_coins", required=31, available=30)
    assert db.tasks.count_documents({"buyer_id": ObjectId(buyer.id)}) == 0
    made = buyer.api.post("/tasks", json=task_input(required_workers=3, payable_amount=10))
    assert ok(made, 201)["remainingCoins"] == 0
    refused = buyer.api.post("/tasks", json=task_input(required_workers=1, payable_amount=1))
    assert_error(refused, 400, "insufficient_coins", required=1, available=0)


@promise("2 Prices", "A task costs required_workers × payable_amount")
def test_the_dearest_task_is_a_number_too(buyer):
    refused = buyer.api.post(
        "/tasks", json=task_input(required_workers=10_000, payable_amount=1_000_000)
    )
    assert_error(refused, 400, "insufficient_coins", required=10_000_000_000, available=1000)


@promise(
    "4 POST /",
    "task_title 1..200, task_detail 1..5000, submission_info 1..2000, category ≤50",
)
def test_a_task_needs_all_but_image_and_category(buyer):
    refused = buyer.api.post("/tasks", json={})
    assert_error(refused, 400, "invalid_input")
    assert set(faults(refused)) == {
        "task_title",
        "task_detail",
        "required_workers",
        "payable_amount",
        "completion_date",
        "submission_info",
    }


@promise(
    "4 POST /",
    "task_title 1..200, task_detail 1..5000, submission_info 1..2000, category ≤50",
)
@pytest.mark.parametrize(
    "field, bad",
    [
        ("task_title", ""),
        ("task_title", "x" * 201),
        ("task_detail", " "),
        ("task_detail", "x" * 5001),
        ("submission_info", ""),
        ("submission_info", "x" * 2001),
        ("category", "x" * 51),
        ("required_workers", 0),
        ("required_workers", 10_001),
        ("payable_amount", 0),
        ("payable_amount", 1_000_001),
        ("payable_amount", -5),
    ],
)
def test_fields_keep_to_their_ranges(buyer, field, bad, books):
    refused = buyer.api.post("/tasks", json=task_input(**{field: bad}))
    assert refused.status_code == 400
    assert set(faults(refused)) == {field}
    assert buyer.coins() == 1000


# --- deadlines ---


@promise("4 POST /", "completion_date ahead")
def test_a_deadline_must_be_ahead(buyer, books):
    for late in (
        iso(now() - datetime.timedelta(seconds=90)),
        iso(now() - datetime.timedelta(days=2)),
        "2020-01-31",
    ):
        refused = buyer.api.post("/tasks", json=task_input(completion_date=late))
        assert refused.status_code == 400, late
        assert set(faults(refused)) == {"completion_date"}


def day_with_time_left():
    """Today, as a date; in its last minutes tomorrow's first moment is waited for."""
    left = datetime.timedelta(days=1) - (now() - now().replace(hour=0, minute=0, second=0, microsecond=0))
    if left < datetime.timedelta(minutes=2):
        time.sleep(left.total_seconds() + 1)
    return now().strftime("%Y-%m-%d")


@promise(
    "2 Deadlines",
    "A completion_date of exactly midnight UTC is a whole day: the task stays open to that day's end",
)
def test_midnight_utc_is_a_whole_day(api, buyer, new_worker, books):
    """Today's date is a deadline ahead until the day is over, and shown as it was given."""
    today = day_with_time_left()
    word = unique("today")
    for given in (today, f"{today}T00:00:00.000Z"):
        task = post_task(buyer, completion_date=given, task_title=word)
        assert task["completion_date"] == f"{today}T00:00:00.000Z"
        assert task["_id"] in found(buyer.api, q=word)
        submit(new_worker(), task)
    yesterday = (now() - datetime.timedelta(days=1)).strftime("%Y-%m-%d")
    assert buyer.api.post("/tasks", json=task_input(completion_date=yesterday)).status_code == 400


@promise("2 Deadlines", "At its deadline a task takes no more submissions")
@promise("5 POST /", "400 past the deadline")
def test_at_its_deadline_a_task_takes_no_more_submissions_and_is_listed_no_more(
    api, buyer, new_worker, db, books
):
    word = unique("late")
    task = post_task(buyer, task_title=word)
    pass_deadline(db, task)
    refused = new_worker().api.post(
        "/submissions", json={"task_id": task["_id"], "submission_details": "Done."}
    )
    assert_error(refused, 400, "deadline_passed")
    assert found(buyer.api, q=word) == []
    assert see(api, task)["_id"] == task["_id"], "it can still be looked at"


@promise(
    "2 Deadlines",
    "At the deadline required_workers becomes 0",
    "What is pending stays reviewable",
)
@promise(
    "8 What is told, to whom",
    "To the buyer: slots refunded at the deadline",
    "actionRoute of a buyer: `/dashboard/buyer/{home,my-tasks,review,payment-history}`",
    "Icons by words in the message: task",
)
def test_after_the_deadline_open_slots_are_refunded_once_and_the_buyer_is_told(
    new_buyer, new_worker, db, stack, books
):
    buyer = new_buyer(100)
    task = post_task(buyer, required_workers=4, payable_amount=10)
    pending = submit(new_worker(), task)
    pass_deadline(db, task)
    for _ in range(2):
        assert stack.ctl("sweep").returncode == 0
        assert coins(db, buyer) == 60 + 30
        assert stored_task(db, task)["required_workers"] == 0
    assert stored_task(db, task)["status"] == "active", "a submission is still pending"
    refund = [notification for notification in told(db, buyer) if notification["type"] == "task"]
    assert len(refund) == 1
    assert refund[0]["actionRoute"] == "/dashboard/buyer/my-tasks"
    assert "task" in refund[0]["message"].lower()
    assert approve(buyer, pending)["coinsAdded"] == 10, "what is pending stays reviewable"
    status_soon(db, task, "completed")


@promise(
    "2 Slots and escrow",
    "Rejecting refunds the slot's price to the buyer once the task is expired",
)
def test_an_expired_task_refunds_what_is_rejected(new_buyer, new_worker, db, stack, books):
    """Whether or not the sweep has been there: a slot given back after the deadline is money
    back.
    """
    buyer = new_buyer(100)
    tasks = [post_task(buyer, required_workers=2, payable_amount=10) for _ in range(2)]
    submissions = [submit(new_worker(), task) for task in tasks]
    for task in tasks:
        pass_deadline(db, task)
    reject(buyer, submissions[0])
    assert stack.ctl("sweep").returncode == 0
    reject(buyer, submissions[1])
    assert stack.ctl("sweep").returncode == 0
    assert coins(db, buyer) == 100
    for task in tasks:
        assert stored_task(db, task)["required_workers"] == 0
        status_soon(db, task, "completed")


def test_an_expired_task_without_pending_work_is_completed_by_the_refund(
    new_buyer, db, stack, books
):
    buyer = new_buyer(100)
    task = post_task(buyer, required_workers=10, payable_amount=10)
    assert coins(db, buyer) == 0
    pass_deadline(db, task)
    assert stack.ctl("sweep").returncode == 0
    status_soon(db, task, "completed")
    assert coins(db, buyer) == 100


# --- slots and completion ---


@promise(
    "2 Slots and escrow",
    "`required_workers` counts the slots still open; a submission takes one",
)
def test_a_submission_takes_a_slot_and_a_rejection_gives_it_back(buyer, new_worker, db, books):
    task = post_task(buyer, required_workers=2, payable_amount=5)
    submission = submit(new_worker(), task)
    assert see(buyer.api, task)["required_workers"] == 1
    reject(buyer, submission)
    after = see(buyer.api, task)
    assert (after["required_workers"], after["status"]) == (2, "active")
    assert coins(db, buyer) == 990, "the escrow stays with the slot"


@promise(
    "2 Slots and escrow",
    "No open slot and nothing pending: status `completed`, within a second",
)
@promise("4 Fields", "status is active|completed|cancelled")
def test_with_no_open_slot_and_nothing_pending_a_task_is_completed_within_a_second(
    buyer, new_worker, db, books
):
    task = post_task(buyer, required_workers=2, payable_amount=5)
    first, second = submit(new_worker(), task), submit(new_worker(), task)
    approve(buyer, first)
    assert stored_task(db, task)["status"] == "active", "one is pending"
    approve(buyer, second)
    status_soon(db, task, "completed")


@promise(
    "2 Slots and escrow",
    "No open slot and nothing pending: status `completed`, within a second",
)
def test_a_slot_that_is_open_keeps_a_task_active(buyer, new_worker, db, books):
    task = post_task(buyer, required_workers=2, payable_amount=5)
    approve(buyer, submit(new_worker(), task))
    rejected = submit(new_worker(), task)
    reject(buyer, rejected)
    assert stored_task(db, task)["status"] == "active"
    approve(buyer, submit(new_worker(), task))
    status_soon(db, task, "completed")


# --- GET / ---


@promise("4 GET /", "Open tasks: status active, a slot open, deadline ahead", "→ {tasks,…}")
def test_the_list_shows_open_tasks_alone(api, buyer, new_worker, db, books):
    """Open: status active, a slot open, the deadline ahead."""
    word = unique("open")

    def make(**changes):
        return post_task(buyer, task_title=f"{word} {unique()}", required_workers=1, **changes)

    open_task, full, completed, cancelled, expired = (make() for _ in range(5))
    submit(new_worker(), full)
    approve(buyer, submit(new_worker(), completed))
    ok(buyer.api.delete(f"/tasks/{cancelled['_id']}"))
    pass_deadline(db, expired)
    answer = ok(api.get("/tasks", params={"q": word}))
    assert ids(answer["tasks"]) == [open_task["_id"]]
    assert (answer["total"], answer["pages"], answer["currentPage"], answer["next"]) == (
        1,
        1,
        1,
        None,
    )


@promise(
    "4 Fields",
    "_id, task_title, task_detail, required_workers, payable_amount, completion_date, submission_info, "
    "task_image_url, category, buyer_email, buyer_name, buyer_id, status, createdAt, updatedAt",
)
def test_a_listed_task_is_the_task_without_the_buyers_email(api, buyer, books):
    word = unique("public")
    task = post_task(buyer, task_title=word)
    [listed] = ok(api.get("/tasks", params={"q": word}))["tasks"]
    assert PUBLIC_FIELDS <= set(listed)
    assert "buyer_email" not in listed
    assert listed == {name: value for name, value in task.items() if name in listed}


@promise(
    "4 Fields",
    "Public answers leave out buyer_email unless the caller is the owner or an admin",
)
def test_the_buyers_email_is_the_owners_and_the_admins_to_see(
    api, buyer, new_buyer, worker, admin, books
):
    word = unique("email")
    task = post_task(buyer, task_title=word)
    for who, sees in (
        (buyer.api, True),
        (admin.api, True),
        (new_buyer().api, False),
        (worker.api, False),
        (api, False),
    ):
        [listed] = ok(who.get("/tasks", params={"q": word}))["tasks"]
        for shown in (listed, see(who, task)):
            assert (shown.get("buyer_email") == buyer.email) is sees
            assert ("buyer_email" in shown) is sees


@pytest.fixture(scope="module")
def sorted_tasks(stack):
    """Four open tasks, each first or last in another order."""
    buyer, word = stack.user("buyer", 10_000), unique("sort")
    return word, [
        post_task(
            buyer,
            task_title=word,
            payable_amount=pay,
            required_workers=slots,
            completion_date=ahead(days=days),
        )
        for pay, slots, days in ((7, 1, 5), (3, 4, 2), (9, 3, 9), (1, 2, 4))
    ]


@promise(
    "4 GET /",
    "`sortBy` one of createdAt, payable_amount, completion_date, required_workers, `-` for descending",
)
@pytest.mark.parametrize(
    "field", ["createdAt", "payable_amount", "completion_date", "required_workers"]
)
def test_the_list_can_be_sorted_both_ways(api, sorted_tasks, field):
    word, tasks = sorted_tasks
    upwards = ids(sorted(tasks, key=lambda task: task[field]))
    assert found(api, q=word, sortBy=field) == upwards
    assert found(api, q=word, sortBy=f"-{field}") == upwards[::-1]


@promise("4 GET /", "Default `-createdAt`")
def test_the_newest_come_first_unless_asked(api, sorted_tasks):
    word, tasks = sorted_tasks
    assert found(api, q=word) == ids(tasks)[::-1]


@promise(
    "4 GET /",
    "`sortBy` one of createdAt, payable_amount, completion_date, required_workers, `-` for descending",
)
@pytest.mark.parametrize("bad", ["title", "--createdAt", "buyer_email", "$natural", "status"])
def test_another_order_is_400(api, bad):
    refused = api.get("/tasks", params={"sortBy": bad})
    assert_error(refused, 400, "invalid_input")
    assert set(faults(refused)) == {"sortBy"}


@promise("4 GET /", "`category`, `min_payable`")
def test_category_and_least_pay_narrow_the_list(api, buyer, books):
    word, category = unique("narrow"), unique("category")
    cheap = post_task(buyer, task_title=word, category=category, payable_amount=4)
    dear = post_task(buyer, task_title=word, category=category, payable_amount=5)
    other = post_task(buyer, task_title=word, category=category + "s", payable_amount=6)
    assert found(api, category=category) == ids([dear, cheap])
    assert found(api, category=category, min_payable=5) == ids([dear])
    assert found(api, q=word, min_payable=5) == ids([other, dear])
    assert found(api, q=word, category=category, min_payable=6) == []


# --- search ---


@pytest.fixture(scope="module")
def searchable(stack):
    """search(text) says whether GET /tasks?q=text finds the one task written here."""
    buyer, mark = stack.user("buyer", 100), unique("search")
    task = post_task(
        buyer,
        task_title=f"{mark} Café-Bar 'ÜBER' #42",
        task_detail="Watch the films: foo_bar, ПРИВЕТ Ωμέγα; e-mail to x@y.example (100%). "
        "日本語 İstanbul v2beta",
    )

    def search(text):
        hits = found(stack.api, q=f"{mark} {text}")
        assert hits in ([], [task["_id"]])
        return bool(hits)

    return search


@promise("4 GET /", "`q`: whole words that all occur in title or detail")
@pytest.mark.parametrize(
    "text",
    [
        "café",
        "bar",
        "42",
        "films",
        "watch the films",
        "films watch",
        "café films",
        "foo",
        "x y example",
        "100",
        "mail",
        "日本語",
        "v2beta",
        "the",
    ],
)
def test_search_finds_whole_words_in_title_and_detail_all_of_which_occur(searchable, text):
    assert searchable(text)


@promise("4 GET /", "`q`: whole words that all occur in title or detail")
@pytest.mark.parametrize(
    "text",
    [
        "film",
        "ca",
        "afé",
        "cafébar",
        "foobar",
        "4",
        "420",
        "watching",
        "日本",
        "v2",
        "beta",
        "films absent",
        "cafe",
    ],
)
def test_search_finds_no_parts_stems_or_lookalikes_of_words(searchable, text):
    assert not searchable(text)


@promise("4 GET /", "Words are found in any case")
@pytest.mark.parametrize(
    "text", ["CAFÉ", "über", "Über", "привет", "Привет", "ωΜΈΓΑ", "FILMS", "V2BETA"]
)
def test_search_takes_any_case_of_any_script(searchable, text):
    assert searchable(text)


@promise("4 GET /", "Words are runs of letters and digits")
@pytest.mark.parametrize(
    "text",
    [
        "café-bar",
        "foo_bar",
        "foo-bar",
        "foo.bar",
        "'über'",
        "#42",
        "(100%)",
        "films!",
        "-films",
        '"the watch"',
        "foo+bar",
        "$films",
        "bar\\42",
    ],
)
def test_punctuation_and_underscores_only_part_words(searchable, text):
    """Words are runs of letters and digits; nothing else has a meaning in a search."""
    assert searchable(text)


@promise("4 GET /", "Words are runs of letters and digits")
@pytest.mark.parametrize("text", [".*", "^films$ absent", "caf.", "fil*", "[a-z]+ absent"])
def test_search_knows_no_patterns(searchable, text):
    words = [word for word in ("absent", "caf", "fil") if word in text]
    assert searchable(text) is (not words)


@promise("4 GET /", "Words are runs of letters and digits")
def test_search_words_stay_apart_between_title_and_detail(searchable):
    """The title's last word and the detail's first do not grow together."""
    assert searchable("42 watch") and not searchable("42watch")


@promise("4 GET /", "`q` (≤100)")
def test_a_search_has_at_most_100_characters(api):
    assert api.get("/tasks", params={"q": "é" * 100}).status_code == 200
    refused = api.get("/tasks", params={"q": "é" * 101})
    assert_error(refused, 400, "invalid_input")
    assert set(faults(refused)) == {"q"}


@promise("4 GET /", "`q`: whole words that all occur in title or detail")
def test_search_follows_a_change_of_the_text(api, buyer, books):
    old, new = unique("old"), unique("new")
    task = post_task(buyer, task_title=old)
    ok(buyer.api.put(f"/tasks/{task['_id']}", json={"task_title": new}))
    assert found(buyer.api, q=new) == [task["_id"]]
    assert found(buyer.api, q=old) == []


# --- what a worker has handed in to ---


@promise("4 GET /", "A worker's token leaves out tasks they have submitted to")
def test_a_workers_token_leaves_out_tasks_they_submitted_to(
    api, buyer, new_worker, token_for, books
):
    word = unique("mine")
    done, left = post_task(buyer, task_title=word), post_task(buyer, task_title=word)
    worker, other = new_worker(), new_worker()
    submission = submit(worker, done)
    answer = ok(worker.api.get("/tasks", params={"q": word}))
    assert (ids(answer["tasks"]), answer["total"]) == ([left["_id"]], 1)
    assert found(other.api, q=word) == ids([left, done])
    assert found(api, q=word) == ids([left, done])
    assert found(api.as_user(token_for(worker, exp=1)), q=word) == ids(
        [left, done]
    ), "an expired token is ignored"
    reject(buyer, submission)
    assert found(worker.api, q=word) == [left["_id"]], "once per worker and task, for good"


@promise("4 GET /", "A worker's token leaves out tasks they have submitted to")
def test_leaving_tasks_out_holds_for_pages_and_cursors(buyer, new_worker, books):
    word, worker = unique("pages"), new_worker()
    tasks = [post_task(buyer, task_title=word) for _ in range(7)]
    for task in tasks[::2]:
        submit(worker, task)
    expected = ids([tasks[5], tasks[3], tasks[1]])
    first = ok(worker.api.get("/tasks", params={"q": word, "limit": 2}))
    assert ids(first["tasks"]) == expected[:2]
    assert (first["total"], first["pages"]) == (3, 2)
    second = ok(worker.api.get("/tasks", params={"q": word, "limit": 2, "after": first["next"]}))
    assert (ids(second["tasks"]), second["next"]) == (expected[2:], None)
    assert (
        ids(ok(worker.api.get("/tasks", params={"q": word, "limit": 2, "page": 2}))["tasks"])
        == expected[2:]
    )


# --- GET /:id ---


@promise("4 GET /:id", "The task, for everybody, open or not")
def test_anyone_sees_a_task_open_or_not(api, buyer, new_worker, db, books):
    task = post_task(buyer, required_workers=1)
    assert see(api, task) == {name: value for name, value in task.items() if name != "buyer_email"}
    approve(buyer, submit(new_worker(), task))
    status_soon(db, task, "completed")
    shown = see(api, task)
    assert (shown["status"], shown["required_workers"]) == ("completed", 0)


@promise("4 GET /:id", "The task, for everybody, open or not")
def test_a_task_that_is_not_there(api):
    assert_error(api.get(f"/tasks/{UNKNOWN_ID}"), 404, "not_found")
    assert_error(api.get("/tasks/42"), 400, "invalid_id")


# --- PUT /:id ---


@promise(
    "4 PUT /:id",
    "{task_title?, task_detail?, submission_info?, task_image_url?, category?, completion_date?} → the task",
)
@pytest.mark.parametrize(
    "change",
    [
        {"task_title": "Another title"},
        {"task_detail": "Another detail"},
        {"submission_info": "Another way to hand in"},
        {"task_image_url": "https://example.org/b.png"},
        {"category": "writing"},
        {"completion_date": ahead(days=30)},
        {"task_title": "Two", "category": "at once"},
    ],
    ids=lambda change: "+".join(change),
)
def test_the_owner_changes_what_is_said_of_a_task(api, buyer, db, change, books):
    task = post_task(buyer)
    changed = ok(buyer.api.put(f"/tasks/{task['_id']}", json=change))
    assert changed["updatedAt"] >= task["updatedAt"]
    assert changed == {**task, **change, "updatedAt": changed["updatedAt"]}
    assert see(buyer.api, task) == changed


@promise("4 PUT /:id", "required_workers and payable_amount in the body are ignored")
def test_price_and_slots_in_a_change_are_ignored(buyer, db, books):
    """Old callers send back the whole task, with whatever they have in it."""
    task = post_task(buyer, required_workers=2, payable_amount=5)
    echo = {
        **task,
        "task_title": "New title",
        "required_workers": 99,
        "payable_amount": 77,
        "status": "completed",
    }
    echo |= {
        "buyer_id": UNKNOWN_ID,
        "buyer_email": "x@y.example",
        "createdAt": "2020-01-01T00:00:00.000Z",
    }
    changed = ok(buyer.api.put(f"/tasks/{task['_id']}", json=echo))
    assert changed == {**task, "task_title": "New title", "updatedAt": changed["updatedAt"]}
    assert coins(db, buyer) == 990


@promise("4 PUT /:id", "required_workers and payable_amount in the body are ignored")
@pytest.mark.parametrize("nonsense", ["many", -1, 0.5, 10**7])
def test_even_a_nonsensical_price_is_ignored_in_a_change(buyer, nonsense, books):
    task = post_task(buyer)
    body = {"task_title": "New title", "required_workers": nonsense, "payable_amount": nonsense}
    assert ok(buyer.api.put(f"/tasks/{task['_id']}", json=body))["payable_amount"] == 5


@promise(
    "4 PUT /:id",
    "{task_title?, task_detail?, submission_info?, task_image_url?, category?, completion_date?} → the task",
)
def test_a_change_of_nothing_is_fine(buyer, books):
    task = post_task(buyer)
    for body in ({}, {"task_title": None}):
        changed = ok(buyer.api.put(f"/tasks/{task['_id']}", json=body))
        assert {**changed, "updatedAt": 0} == {**task, "updatedAt": 0}


@promise(
    "4 PUT /:id",
    "completion_date ahead, an earlier one 400",
    "The stored completion_date again is no change",
)
def test_a_deadline_can_be_moved_out_but_not_in(buyer, db, books):
    task = post_task(buyer, completion_date=ahead(days=5))
    path = f"/tasks/{task['_id']}"
    assert (
        ok(buyer.api.put(path, json={"completion_date": task["completion_date"]}))[
            "completion_date"
        ]
        == task["completion_date"]
    )
    for earlier in (ahead(days=4), ahead(days=-1)):
        refused = buyer.api.put(path, json={"completion_date": earlier})
        assert refused.status_code == 400, earlier
        assert set(faults(refused)) == {"completion_date"}
    later = ahead(days=6)
    assert ok(buyer.api.put(path, json={"completion_date": later}))["completion_date"] == later
    assert see(buyer.api, task)["completion_date"] == later


@promise(
    "2 Deadlines",
    "A completion_date of exactly midnight UTC is a whole day: the task stays open to that day's end",
)
def test_a_whole_day_is_not_cut_short_by_an_hour_of_it(buyer, db, books):
    """completion_date at midnight means that day's end: an hour of that day is earlier."""
    day = (now() + datetime.timedelta(days=5)).date().isoformat()
    task = post_task(buyer, completion_date=day)
    path = f"/tasks/{task['_id']}"
    refused = buyer.api.put(path, json={"completion_date": f"{day}T12:00:00Z"})
    assert_error(refused, 400, "invalid_input")
    assert set(faults(refused)) == {"completion_date"}
    next_day = (now() + datetime.timedelta(days=6)).date().isoformat()
    ok(buyer.api.put(path, json={"completion_date": f"{next_day}T12:00:00Z"}))


@promise("4 PUT /:id", "The stored completion_date again is no change")
def test_the_stored_deadline_again_is_no_change_also_when_it_has_passed(buyer, db, books):
    task = post_task(buyer)
    pass_deadline(db, task)
    passed = iso(stored_task(db, task)["completion_date"])
    body = {"task_title": "New title", "completion_date": passed}
    assert ok(buyer.api.put(f"/tasks/{task['_id']}", json=body))["task_title"] == "New title"
    later_but_not_ahead = {"completion_date": iso(now() - datetime.timedelta(hours=26))}
    refused = buyer.api.put(f"/tasks/{task['_id']}", json=later_but_not_ahead)
    assert_error(refused, 400, "invalid_input")
    assert set(faults(refused)) == {"completion_date"}


@promise("4 PUT /:id", "completion_date ahead, an earlier one 400")
@promise(
    "10 Collections",
    "Guards and counters are kept by the transactions that need them (tasks: rev, expires_at)",
)
def test_a_moved_deadline_is_the_one_that_counts(buyer, new_worker, db, stack, books):
    """The moment a task closes is kept beside its date: both move."""
    task = post_task(buyer, completion_date=ahead(seconds=10))
    later = ahead(days=3)
    ok(buyer.api.put(f"/tasks/{task['_id']}", json={"completion_date": later}))
    eventually(lambda: iso(now()) > task["completion_date"], within=15)
    assert stack.ctl("sweep").returncode == 0
    submit(new_worker(), task)


@promise("1 Validation", "It happens before anything is touched")
@promise(
    "4 PUT /:id",
    "{task_title?, task_detail?, submission_info?, task_image_url?, category?, completion_date?} → the task",
)
@pytest.mark.parametrize(
    "field, bad",
    [
        ("task_title", ""),
        ("task_title", "x" * 201),
        ("task_detail", "x" * 5001),
        ("submission_info", ""),
        ("task_image_url", "ftp://example.org/a"),
        ("category", "x" * 51),
        ("completion_date", "soon"),
    ],
)
def test_a_bad_change_changes_nothing(buyer, db, field, bad, books):
    task = post_task(buyer)
    before = stored_task(db, task)
    refused = buyer.api.put(f"/tasks/{task['_id']}", json={"task_title": "Changed", field: bad})
    assert refused.status_code == 400
    assert set(faults(refused)) == {field}
    assert stored_task(db, task) == before


@promise("4 PUT /:id", "For its owner")
@promise("4 POST /:id/slots", "For its owner")
@promise("4 DELETE /:id", "For its owner")
def test_only_the_owner_changes_a_task(buyer, new_buyer, db, books):
    task = post_task(buyer)
    stranger = new_buyer()
    path = f"/tasks/{task['_id']}"
    before = stored_task(db, task)
    assert_error(stranger.api.put(path, json={"task_title": "Mine"}), 403, "not_owner")
    assert_error(stranger.api.post(f"{path}/slots", json={"delta": 1}), 403, "not_owner")
    assert_error(stranger.api.delete(path), 403, "not_owner")
    assert stored_task(db, task) == before
    assert_error(buyer.api.put(f"/tasks/{UNKNOWN_ID}", json={}), 404, "not_found")


@promise("4 PUT /:id", "For its owner")
@promise("10 Collections", "Ownership goes by id, e-mails are for display")
def test_ownership_goes_by_id_not_by_email(buyer, new_buyer, db, books):
    task = post_task(buyer)
    db.tasks.update_one(
        {"_id": ObjectId(task["_id"])}, {"$set": {"buyer_email": "moved@example.org"}}
    )
    ok(buyer.api.put(f"/tasks/{task['_id']}", json={"task_title": "Still mine"}))
    stranger = new_buyer(email=unique("moved") + "@example.org")
    db.tasks.update_one({"_id": ObjectId(task["_id"])}, {"$set": {"buyer_email": stranger.email}})
    assert_error(stranger.api.put(f"/tasks/{task['_id']}", json={}), 403, "not_owner")


# --- POST /:id/slots ---


def slots(buyer, task, delta):
    return buyer.api.post(f"/tasks/{task['_id']}/slots", json={"delta": delta})


@promise(
    "4 POST /:id/slots",
    "{delta: whole, not 0} buys or gives back open slots → 200 {message, task, remainingCoins}",
)
def test_slots_are_bought_and_given_back_at_the_tasks_price(new_buyer, db, books):
    buyer = new_buyer(100)
    task = post_task(buyer, required_workers=2, payable_amount=10)
    for delta, now_open, left in ((3, 5, 50), (-4, 1, 90), ("2", 3, 70)):
        answer = ok(slots(buyer, task, delta))
        assert answer["message"]
        assert (
            answer["task"]["required_workers"]
            == now_open
            == stored_task(db, task)["required_workers"]
        )
        assert answer["task"]["payable_amount"] == 10
        assert answer["remainingCoins"] == left == coins(db, buyer)


@promise(
    "4 POST /:id/slots",
    "{delta: whole, not 0} buys or gives back open slots → 200 {message, task, remainingCoins}",
)
def test_slots_cost_what_the_buyer_has(new_buyer, db, books):
    buyer = new_buyer(50)
    task = post_task(buyer, required_workers=2, payable_amount=10)
    assert_error(slots(buyer, task, 4), 400, "insufficient_coins", required=40, available=30)
    assert (stored_task(db, task)["required_workers"], coins(db, buyer)) == (2, 30)


@promise("4 POST /:id/slots", "400 when the result is not within 0..10000")
@pytest.mark.parametrize("delta", [0, 0.5, "one", None, -3, 9_999])
def test_slots_stay_within_0_and_10000(new_buyer, db, delta, books):
    buyer = new_buyer(20_000)
    task = post_task(buyer, required_workers=2, payable_amount=1)
    refused = slots(buyer, task, delta)
    assert refused.status_code == 400, refused.text
    assert (stored_task(db, task)["required_workers"], coins(db, buyer)) == (2, 19_998)


@promise("4 POST /:id/slots", "400 when the result is not within 0..10000")
def test_slots_up_to_10000_and_down_to_0(new_buyer, db, books):
    buyer = new_buyer(20_000)
    task = post_task(buyer, required_workers=2, payable_amount=1)
    assert ok(slots(buyer, task, 9_998))["task"]["required_workers"] == 10_000
    answer = ok(slots(buyer, task, -10_000))
    assert (answer["task"]["required_workers"], answer["remainingCoins"]) == (0, 20_000)
    status_soon(db, task, "completed")


@promise(
    "4 POST /:id/slots",
    "{delta: whole, not 0} buys or gives back open slots → 200 {message, task, remainingCoins}",
)
def test_slots_that_work_was_handed_in_for_are_not_open(buyer, new_worker, db, books):
    task = post_task(buyer, required_workers=2, payable_amount=5)
    submit(new_worker(), task)
    assert slots(buyer, task, -2).status_code == 400
    ok(slots(buyer, task, -1))
    assert coins(db, buyer) == 995


@promise("1 Errors", "409: conflict")
@promise("4 POST /:id/slots", "409 unless the task is open")
def test_slots_of_a_task_that_is_not_open_are_409(buyer, new_worker, db, books):
    completed, expired, cancelled = (post_task(buyer, required_workers=1) for _ in range(3))
    approve(buyer, submit(new_worker(), completed))
    status_soon(db, completed, "completed")
    pass_deadline(db, expired)
    ok(buyer.api.delete(f"/tasks/{cancelled['_id']}"))
    before = coins(db, buyer)
    assert_error(slots(buyer, completed, 1), 409, "conflict")
    assert_error(slots(buyer, expired, 1), 409, "conflict")
    assert_error(slots(buyer, cancelled, 1), 404, "not_found")
    assert coins(db, buyer) in (before, before + 5), "but for the sweep's refund of the expired one"


# --- DELETE /:id ---


@promise("2 Slots and escrow", "Cancelling sets required_workers to 0")
@promise(
    "4 DELETE /:id",
    "Status `cancelled`, open slots refunded → {message, refundedAmount}",
    "Pending submissions keep their escrow until reviewed",
)
@promise("4 Fields", "status is active|completed|cancelled")
def test_cancelling_refunds_the_open_slots(new_buyer, new_worker, db, books):
    buyer = new_buyer(100)
    task = post_task(buyer, required_workers=5, payable_amount=10)
    approve(buyer, submit(new_worker(), task))
    submit(new_worker(), task)
    answer = ok(buyer.api.delete(f"/tasks/{task['_id']}"))
    assert answer["message"]
    assert answer["refundedAmount"] == 30
    assert coins(db, buyer) == 50 + 30, "the pending submission keeps its escrow"
    stored = stored_task(db, task)
    assert (stored["status"], stored["required_workers"]) == ("cancelled", 0)


@promise(
    "2 Slots and escrow",
    "Rejecting refunds the slot's price to the buyer once the task is cancelled",
)
@promise(
    "4 DELETE /:id",
    "The submissions of a cancelled task can be reviewed",
    "Pending submissions keep their escrow until reviewed",
)
def test_a_cancelled_tasks_pending_work_is_paid_or_refunded(new_buyer, new_worker, db, books):
    buyer, paid = new_buyer(100), new_worker()
    task = post_task(buyer, required_workers=2, payable_amount=10)
    first, second = submit(paid, task), submit(new_worker(), task)
    assert ok(buyer.api.delete(f"/tasks/{task['_id']}"))["refundedAmount"] == 0
    approve(buyer, first)
    assert (coins(db, paid), coins(db, buyer)) == (10, 80)
    reject(buyer, second)
    assert coins(db, buyer) == 90
    stored = stored_task(db, task)
    assert (stored["status"], stored["required_workers"]) == (
        "cancelled",
        0,
    ), "it stays cancelled and takes no slot back"


@promise(
    "4 DELETE /:id",
    "From then on 404 to every call",
    "The submissions of a cancelled task can be reviewed",
    "A cancelled task is shown to an admin and to a worker who submitted to it",
)
def test_a_cancelled_task_is_gone_but_for_those_who_have_to_do_with_it(
    api, buyer, new_buyer, new_worker, admin, db, books
):
    task = post_task(buyer)
    took_part, stranger = new_worker(), new_worker()
    submission = submit(took_part, task)
    path = f"/tasks/{task['_id']}"
    ok(buyer.api.delete(path))
    for who in (api, buyer.api, new_buyer().api, stranger.api):
        assert_error(who.get(path), 404, "not_found")
    for who in (admin.api, took_part.api):
        assert ok(who.get(path))["status"] == "cancelled"
    assert_error(buyer.api.put(path, json={"task_title": "Back"}), 404, "not_found")
    assert_error(slots(buyer, task, 1), 404, "not_found")
    assert_error(buyer.api.delete(path), 404, "not_found")
    refused = stranger.api.post(
        "/submissions", json={"task_id": task["_id"], "submission_details": "Done."}
    )
    assert_error(refused, 404, "not_found")
    assert_error(api.get(f"/public/tasks/{task['_id']}"), 404, "not_found", success=False)
    assert task["_id"] not in ids(ok(buyer.api.get("/tasks/buyer/my-tasks"))["tasks"])
    pending = ok(buyer.api.get("/submissions/buyer/review"))["submissions"]
    assert ids(pending) == [submission["_id"]], "its submissions stay reviewable"
    work = f"/submissions/task/{task['_id']}"
    for who in (buyer.api, admin.api, took_part.api):
        assert ids(ok(who.get(work))["submissions"]) == [submission["_id"]]
    for who in (new_buyer().api, stranger.api):
        assert_error(who.get(work), 404, "not_found")


@promise(
    "4 DELETE /:id",
    "A cancelled task is shown to an admin and to a worker who submitted to it",
)
def test_a_worker_may_still_look_after_their_work_was_reviewed(buyer, new_worker, books):
    task, worker = post_task(buyer), new_worker()
    reject(buyer, submit(worker, task))
    ok(buyer.api.delete(f"/tasks/{task['_id']}"))
    assert ok(worker.api.get(f"/tasks/{task['_id']}"))["status"] == "cancelled"


@promise("4 DELETE /:id", "Status `cancelled`, open slots refunded → {message, refundedAmount}")
def test_a_completed_or_expired_task_can_be_cancelled_for_nothing(
    buyer, new_worker, db, stack, books
):
    completed, expired = post_task(buyer, required_workers=1), post_task(buyer, required_workers=2)
    approve(buyer, submit(new_worker(), completed))
    status_soon(db, completed, "completed")
    pass_deadline(db, expired)
    assert stack.ctl("sweep").returncode == 0
    for task in (completed, expired):
        assert ok(buyer.api.delete(f"/tasks/{task['_id']}"))["refundedAmount"] == 0
    assert coins(db, buyer) == 995


# --- GET /buyer/my-tasks ---


@promise(
    "4 GET /buyer/my-tasks, top workers",
    "my-tasks, for buyers: own tasks but cancelled ones, newest first, each with `submissionCount` and "
    "`pendingCount`",
)
def test_my_tasks_are_mine_newest_first_with_their_counts(new_buyer, new_worker, db, books):
    buyer, other = new_buyer(), new_buyer()
    post_task(other)
    tasks = [post_task(buyer, required_workers=3) for _ in range(4)]
    for review in (approve, reject, None):
        submission = submit(new_worker(), tasks[1])
        if review:
            review(buyer, submission)
    ok(buyer.api.delete(f"/tasks/{tasks[2]['_id']}"))
    pass_deadline(db, tasks[3])
    answer = ok(buyer.api.get("/tasks/buyer/my-tasks"))
    mine = answer["tasks"]
    assert ids(mine) == ids([tasks[3], tasks[1], tasks[0]]), "all but cancelled ones"
    assert answer["total"] == 3
    assert [(task["submissionCount"], task["pendingCount"]) for task in mine] == [
        (0, 0),
        (3, 1),
        (0, 0),
    ]
    assert {task["buyer_email"] for task in mine} == {buyer.email}


@promise("4 GET /buyer/my-tasks, top workers", "Without `limit` up to 1000")
def test_my_tasks_come_all_without_a_limit_and_paged_with_one(new_buyer, books):
    buyer = new_buyer()
    tasks = [post_task(buyer, required_workers=1, payable_amount=1) for _ in range(12)]
    answer = ok(buyer.api.get("/tasks/buyer/my-tasks"))
    assert ids(answer["tasks"]) == ids(tasks)[::-1]
    assert (answer["total"], answer["pages"], answer["currentPage"], answer["next"]) == (
        12,
        1,
        1,
        None,
    )
    answer = ok(buyer.api.get("/tasks/buyer/my-tasks", params={"limit": 5, "page": 3}))
    assert ids(answer["tasks"]) == ids(tasks)[1::-1]
    assert (answer["total"], answer["pages"], answer["currentPage"]) == (12, 3, 3)


# --- top workers ---


@promise(
    "4 GET /buyer/my-tasks, top workers",
    "GET /admin/top-workers, GET /top-workers, public: the 6 workers with most coins: a plain array [{_id, "
    "name, photoURL, coins}]; no email",
)
@pytest.mark.parametrize("path", ["/tasks/top-workers", "/tasks/admin/top-workers"])
def test_the_six_workers_with_most_coins_are_public(api, new_worker, new_buyer, db, stack, path):
    most = max([user["coins"] for user in db.users.find({}, {"coins": 1})] + [0])
    workers = [new_worker(most + i) for i in (3, 1, 7, 5, 2, 6, 4)]
    new_buyer(most + 9)
    expected = [
        {"_id": worker.id, "name": worker.name, "photoURL": "", "coins": most + i}
        for i, worker in sorted(zip((3, 1, 7, 5, 2, 6, 4), workers), reverse=True)[:6]
    ]
    eventually(lambda: ok(api.get(path)) == expected, within=30)
    assert ok(workers[0].api.get(path)) == expected
