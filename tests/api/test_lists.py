"""Contract, section 1: lists, by page and by cursor."""

import base64
import datetime
import math
import time

import pytest
from bson import Int64, ObjectId

from client import ahead, assert_error, eventually, faults, now, ok, task_input, unique
from fail_points import held_up
from profiling import profiled
from promises import promise
from wire import Call, at_once, outcomes

MANY = 103  # above the largest page
ORDERS = [
    sign + field
    for field in ("createdAt", "payable_amount", "completion_date", "required_workers")
    for sign in ("", "-")
]


@pytest.fixture(scope="module")
def shelf(stack):
    """A category of MANY tasks of one buyer, with ties in every field but the date of creation."""
    buyer, category = stack.user("buyer", 10**6), unique("shelf")
    dates = [ahead(days=days) for days in (3, 4)]
    tasks = [
        ok(
            buyer.api.post(
                "/tasks",
                json=task_input(
                    category=category,
                    payable_amount=1 + i % 3,
                    required_workers=1 + i % 4,
                    completion_date=dates[i % 2],
                ),
            ),
            201,
        )["task"]
        for i in range(MANY)
    ]
    buyer.category, buyer.tasks = category, tasks
    return buyer


def page(shelf, path="/tasks", **params):
    if path == "/tasks":
        params["category"] = shelf.category
    return ok(shelf.api.get(path, params=params))


def ids(answer):
    return [task["_id"] for task in answer["tasks"]]


def walk(shelf, first, **params):
    """Everything from a first page on, by `next`; and how many calls it took."""
    answer, seen, calls = first, ids(first), 1
    while answer["next"] is not None:
        answer = page(shelf, after=answer["next"], **params)
        assert answer["tasks"], "next is null at the end, not one call later"
        seen += ids(answer)
        calls += 1
        assert calls < 1000
    return seen, calls


# --- pages ---


@promise("1 Lists", "`page` (1..) and `limit` (1..100, default 10)", "Numbers are numbers")
def test_a_list_says_total_pages_current_page_and_next_as_numbers(shelf):
    answer = page(shelf)
    assert {"tasks", "total", "pages", "currentPage", "next"} <= set(answer)
    assert (answer["total"], answer["pages"], answer["currentPage"]) == (
        MANY,
        math.ceil(MANY / 10),
        1,
    )
    assert all(type(answer[field]) is int for field in ("total", "pages", "currentPage"))
    assert isinstance(answer["next"], str)
    assert len(answer["tasks"]) == 10, "the default"
    assert ids(answer) == [task["_id"] for task in shelf.tasks[::-1][:10]], "newest first"


@promise("1 Lists", "`page` (1..) and `limit` (1..100, default 10)")
def test_pages_follow_one_another(shelf):
    seen = []
    for number in range(1, 6):
        answer = page(shelf, page=number, limit=25)
        assert (answer["currentPage"], answer["pages"], answer["total"]) == (number, 5, MANY)
        seen += ids(answer)
    assert seen == [task["_id"] for task in shelf.tasks[::-1]]
    assert answer["next"] is None


@promise("1 Lists", "A larger limit is clamped to 100")
def test_a_larger_limit_is_clamped_to_100(shelf):
    for limit in (100, 101, 5000, "9" * 18):
        answer = page(shelf, limit=limit)
        assert (len(answer["tasks"]), answer["pages"]) == (100, 2)


@promise("1 Lists", "Not a number or below 1: 400")
@pytest.mark.parametrize("field", ["page", "limit"])
@pytest.mark.parametrize("bad", ["0", "-1", "x", "1.5", "1e1", "0x1", "1;2"])
def test_a_page_or_limit_that_is_no_number_or_below_1_is_400(shelf, field, bad):
    refused = shelf.api.get("/tasks", params={field: bad})
    assert_error(refused, 400, "invalid_input")
    assert list(faults(refused)) == [field]


@promise("1 Lists", "Past the end: an empty list")
def test_past_the_end_is_an_empty_list(shelf):
    for number in (12, 1000, 10**9):
        answer = page(shelf, page=number)
        assert (answer["tasks"], answer["total"], answer["next"]) == ([], MANY, None)
        assert answer["currentPage"] == number


@promise("1 Lists", "No items: pages 0")
def test_no_items_make_no_pages(new_buyer):
    for path, params in (
        ("/tasks", {"category": unique()}),
        ("/tasks/buyer/my-tasks", {}),
        ("/submissions/buyer/review", {}),
    ):
        answer = ok(new_buyer().api.get(path, params=params))
        assert (answer["total"], answer["pages"], answer["currentPage"], answer["next"]) == (
            0,
            0,
            1,
            None,
        )
        assert [] in answer.values()


LISTS = [
    ("worker", "/tasks"),
    ("buyer", "/tasks/buyer/my-tasks"),
    ("worker", "/submissions/worker/my-submissions"),
    ("worker", "/submissions/worker/approved"),
    ("buyer", "/submissions/buyer/review"),
    ("admin", "/submissions"),
    ("worker", "/withdrawals/worker/history"),
    ("admin", "/withdrawals/admin/pending"),
    ("admin", "/withdrawals/pending"),
    ("admin", "/admin/withdrawals"),
    ("admin", "/admin/ledger"),
    ("buyer", "/payments/history"),
    ("admin", "/admin/users"),
    ("admin", "/admin/tasks"),
]


@promise("1 Lists", "Every list answers `{<items>, total, pages, currentPage, next}`")
@pytest.mark.parametrize("role, path", LISTS)
def test_every_list_takes_and_answers_the_same(stack, role, path):
    user = stack.user(role, 0)
    answer = ok(user.api.get(path, params={"page": 1, "limit": 1}))
    assert {"total", "pages", "currentPage", "next"} <= set(answer)
    items = [value for value in answer.values() if isinstance(value, list)]
    assert len(items) == 1 and len(items[0]) <= 1
    assert answer["pages"] == answer["total"], "of pages of one item there are as many as items"
    for bad in ({"page": "0"}, {"limit": "x"}, {"after": "zzz"}):
        refused = user.api.get(path, params=bad)
        assert_error(refused, 400, "invalid_input")
        assert list(faults(refused)) == list(bad)


# --- cursors ---


@promise("1 Lists", "`next` is an opaque cursor, null at the end", "`?after=<next>` continues")
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_next_leads_to_the_end_without_a_gap_or_repeat(shelf, limit):
    seen, calls = walk(shelf, page(shelf, limit=limit), limit=limit)
    assert seen == [task["_id"] for task in shelf.tasks[::-1]]
    assert calls == math.ceil(MANY / limit)


@promise("1 Lists", "`?after=<next>` continues")
@promise(
    "4 GET /",
    "`sortBy` one of createdAt, payable_amount, completion_date, required_workers, `-` for descending",
)
@pytest.mark.parametrize("order", ORDERS)
def test_every_order_is_complete_with_pages_and_with_cursors_although_values_repeat(shelf, order):
    by_cursor, _ = walk(shelf, page(shelf, sortBy=order, limit=20), sortBy=order, limit=20)
    by_page = sum(
        (ids(page(shelf, sortBy=order, limit=20, page=number)) for number in range(1, 7)), []
    )
    assert by_cursor == by_page
    assert sorted(by_cursor) == sorted(task["_id"] for task in shelf.tasks)
    values = {task["_id"]: task[order.lstrip("-")] for task in shelf.tasks}
    in_order = [values[task_id] for task_id in by_cursor]
    assert in_order == sorted(in_order, reverse=order.startswith("-"))


def test_a_cursor_can_be_taken_from_the_middle_and_page_is_then_ignored(shelf):
    middle = page(shelf, page=3)
    after = page(shelf, after=middle["next"], page=9)
    assert ids(after) == ids(page(shelf, page=4))
    assert after["total"] == MANY


@promise("1 Lists", "`?after=<next>` continues")
def test_what_is_added_meanwhile_neither_repeats_nor_hides_anything(new_buyer):
    buyer = new_buyer(10**6)
    buyer.category = unique("busy")

    def add():
        return ok(buyer.api.post("/tasks", json=task_input(category=buyer.category)), 201)["task"][
            "_id"
        ]

    before = [add() for _ in range(12)]
    answer = page(buyer, limit=3)
    seen = ids(answer)
    while answer["next"]:
        add(), add()
        answer = page(buyer, limit=3, after=answer["next"])
        seen += ids(answer)
    assert seen == before[::-1]


@promise("1 Lists", "`page` is then ignored")
def test_with_a_cursor_page_is_not_even_looked_at(shelf):
    after = page(shelf)["next"]
    for odd in ("0", "abc", "7"):
        answer = page(shelf, after=after, page=odd)
        assert ids(answer) == ids(page(shelf, page=2))
        assert answer["currentPage"] == 1


def test_a_cursor_survives_the_removal_of_the_record_it_points_at(new_buyer):
    buyer = new_buyer(10**6)
    buyer.category = unique("gone")
    made = [
        ok(buyer.api.post("/tasks", json=task_input(category=buyer.category)), 201)["task"]["_id"]
        for _ in range(6)
    ]
    first = page(buyer, limit=3)
    ok(buyer.api.delete(f"/tasks/{ids(first)[-1]}"))
    assert ids(page(buyer, limit=3, after=first["next"])) == made[2::-1]


@promise("1 Lists", "A cursor of another list or order: 400")
def test_a_cursor_of_another_list_or_order_is_400(shelf, new_buyer):
    """Other filters make another list, too, and another's own records."""
    by_date = page(shelf)["next"]
    by_pay = page(shelf, sortBy="payable_amount")["next"]
    own = page(shelf, "/tasks/buyer/my-tasks", limit=10)["next"]
    here = {"category": shelf.category}
    for path, params in (
        ("/tasks", {"after": by_pay, **here}),
        ("/tasks", {"after": by_date, "sortBy": "createdAt", **here}),
        ("/tasks", {"after": by_date, "sortBy": "payable_amount", **here}),
        ("/tasks", {"after": by_date, "sortBy": "-completion_date", **here}),
        ("/tasks", {"after": by_pay, "sortBy": "-payable_amount", **here}),
        ("/tasks", {"after": by_pay, "sortBy": "required_workers", **here}),
        ("/tasks", {"after": by_date}),
        ("/tasks", {"after": by_date, "q": "film", **here}),
        ("/tasks", {"after": by_date, "min_payable": 2, **here}),
        ("/public/tasks", {"after": by_date, **here}),
        ("/tasks", {"after": own}),
        ("/tasks/buyer/my-tasks", {"after": by_date}),
        ("/submissions/buyer/review", {"after": own}),
    ):
        refused = shelf.api.get(path, params=params)
        assert_error(refused, 400, "invalid_input")
        assert list(faults(refused)) == ["after"]
    ok(shelf.api.get("/tasks", params={"after": by_date, **here}))
    refused = new_buyer().api.get("/tasks/buyer/my-tasks", params={"after": own})
    assert_error(refused, 400, "invalid_input")


@promise("1 Lists", "A cursor that is malformed: 400")
def test_a_malformed_cursor_is_400(shelf):
    good = page(shelf)["next"]
    bad = [
        "zzz",
        "!",
        "0",
        "null",
        "x" * 5000,
        good[:-4],
        good + "AAAA",
        "\0",
        '{"$gt":""}',
        "é",
        base64.urlsafe_b64encode(b'{"createdAt":{"$gt":0}}').decode(),
    ]
    for after in bad:
        refused = shelf.api.get("/tasks", params={"after": after})
        assert_error(refused, 400, "invalid_input")
        assert list(faults(refused)) == ["after"], after


# --- totals ---


@pytest.fixture
def long_list(new_buyer, db):
    """long_list(n): a buyer with n tasks, completed long ago, so that they hold no coins."""
    made = []

    def make(count):
        buyer = new_buyer(0)
        made.append(ObjectId(buyer.id))
        at = now()
        db.tasks.insert_many(
            {
                "task_title": "Old",
                "task_detail": "Old",
                "required_workers": Int64(0),
                "payable_amount": Int64(1),
                "completion_date": at,
                "expires_at": at,
                "submission_info": "Old",
                "task_image_url": "",
                "category": "",
                "buyer_id": made[-1],
                "buyer_email": buyer.email,
                "buyer_name": buyer.name,
                "status": "completed",
                "createdAt": at,
                "updatedAt": at,
            }
            for _ in range(count)
        )
        return buyer

    yield make
    db.tasks.delete_many({"buyer_id": {"$in": made}})


def total_becomes(buyer, total, approximate):
    """Whichever worker is asked. Until then it is what was seen: no answer waits for a count, and counting takes a busy
    machine its time.
    """

    def asked():
        answer = page(buyer, "/tasks/buyer/my-tasks", limit=100)
        found = (answer["total"], answer["pages"], bool(answer.get("totalApprox")))
        assert found[2] or found == (total, math.ceil(total / 100), False), "exact, or says that it is not"
        return found == (total, math.ceil(total / 100), approximate)

    eventually(lambda: all(asked() for _ in range(8)), within=20)


@promise(
    "1 Lists",
    "`total` is exact up to 10,000 records",
    "Beyond, it may be up to 5 s old, with `totalApprox: true`",
)
def test_totals_are_exact_up_to_10000_and_say_so_beyond(long_list, db):
    total_becomes(long_list(10000), 10000, False)
    other = long_list(10001)
    total_becomes(other, 10001, True)
    last = db.tasks.find_one({"buyer_id": ObjectId(other.id)})
    db.tasks.insert_one({**last, "_id": ObjectId()})
    total_becomes(other, 10002, True)  # each process keeps what it counted, for 5 s


@pytest.fixture
def counts_that(stack):
    """counts_that(errorCode=…): each count of the database from now on."""

    def fail(**how):
        stack.fail_point("failCommand", "alwaysOn", failCommands=["count"], **how)

    yield fail
    stack.fail_point("failCommand", "off")


@promise("1 Lists", "No count delays or fails a list")
@pytest.mark.parametrize(
    "code, words",
    # words of its own, as a total is kept that was made behind the scenes
    [(50, "watch"), (2, "film"), (262, "watch film")],
    ids=["takes too long", "fails", "is overrun"],
)
def test_no_count_fails_a_list(shelf, counts_that, code, words):
    """What was seen of it is told: this page, and that there is a next."""
    whole = page(shelf, limit=3)
    assert whole["total"] == MANY and "totalApprox" not in whole
    counts_that(errorCode=code)
    for number in (1, 2):
        answer = page(shelf, limit=3, page=number, min_payable=number, q=words)
        assert len(answer["tasks"]) == 3 and answer["next"]
        assert (answer["total"], answer["totalApprox"]) == (number * 3 + 1, True)
    end = page(shelf, limit=100, page=2)
    assert end["total"] == MANY and "totalApprox" not in end, "its end was seen"


@promise("1 Lists", "`total` is exact up to 10,000 records")
@pytest.mark.parametrize("records, counts", [(3, 0), (4, 0), (10, 0), (60, 1)])
def test_the_end_of_a_short_list_tells_its_total(long_list, db, records, counts):
    """A page reads on a little behind its end; only what goes on beyond that is counted."""
    buyer = long_list(records)
    for number, shown in ((1, 3), (2, min(3, records - 3))):
        with profiled(db, ns=db.tasks.full_name, **{"command.count": "tasks"}) as counted:
            answer = page(buyer, "/tasks/buyer/my-tasks", limit=3, page=number)
        assert (len(answer["tasks"]), answer["total"]) == (shown, records)
        assert (answer["next"] is not None) == (3 * number < records)
        assert len(counted) == counts or (records == 3 and number == 2), counted


@promise("1 Lists", "No count delays or fails a list")
def test_many_are_counted_once_for_all_who_come_first(stack, long_list, db):
    """In each worker one finds out that there are more than are counted exactly, then one for those who came meanwhile;
    and one thread counts them all, perhaps once more when that is old."""
    buyer = long_list(20_050)
    calls = [Call("GET", "/tasks/buyer/my-tasks?limit=1", buyer.token)] * 40
    workers = len(stack.worker_pids())
    with profiled(db, ns=db.tasks.full_name, **{"command.count": "tasks"}) as counted:
        with held_up(stack.mongo.admin, "count", workers, ms=300, collection=db.tasks):
            assert outcomes(at_once(stack, calls)) == {200: len(calls)}
    assert len(counted) <= 4 * workers, [ran["command"] for ran in counted]
    total_becomes(buyer, 20_050, True)


@promise("1 Lists", "No count delays or fails a list")
def test_totals_of_many_are_made_behind_the_scenes(long_list, counts_that):
    """The last one serves while the next is made, and however long that takes nobody waits."""
    buyer = long_list(10050)
    total_becomes(buyer, 10050, True)
    counts_that(errorCode=50)
    time.sleep(6)  # longer than one is kept
    for _ in range(4):
        answer = page(buyer, "/tasks/buyer/my-tasks", limit=1)
        assert answer["totalApprox"] is True
        assert answer["total"] in (10050, 2), "what was known last, or what was seen"


@promise("1 Lists", "`?after=<next>` costs the same however deep")
def test_a_page_by_cursor_costs_the_same_however_deep(long_list, db):
    """MongoDB reads the page's records and one beyond, and seeks to the first of them."""
    buyer = long_list(5000)
    path = "/tasks/buyer/my-tasks"
    for number in (1, 240, 490):
        after = page(buyer, path, limit=10, page=number)["next"]
        with profiled(db, **{"command.find": "tasks", "command.limit": 11}) as all_that_ran:
            assert len(page(buyer, path, limit=10, after=after)["tasks"]) == 10
        [ran] = all_that_ran
        assert ran["docsExamined"] <= 11 and ran["keysExamined"] <= 13, (number, ran)
        assert not ran.get("hasSortStage")


# --- open tasks among many that are full ---

FULL = 300


@pytest.fixture
def full_tasks(new_buyer, db):
    """A buyer with FULL tasks whose slots are all taken, and whose work nobody has reviewed."""
    buyer, category = new_buyer(10**4), unique("full")
    at = now()
    tasks = [
        {
            "task_title": "Full",
            "task_detail": "Full",
            "required_workers": Int64(0),
            "payable_amount": Int64(100 + i),
            "completion_date": at + datetime.timedelta(days=9),
            "expires_at": at + datetime.timedelta(days=9),
            "submission_info": "",
            "task_image_url": "",
            "category": category,
            "buyer_id": ObjectId(buyer.id),
            "buyer_email": buyer.email,
            "buyer_name": buyer.name,
            "status": "active",
            "createdAt": at,
            "updatedAt": at,
        }
        for i in range(FULL)
    ]
    made = db.tasks.insert_many(tasks).inserted_ids
    works = db.submissions.insert_many({"task_id": task, "status": "pending"} for task in made)
    buyer.category = category
    yield buyer
    db.submissions.delete_many({"_id": {"$in": works.inserted_ids}})
    db.tasks.delete_many({"_id": {"$in": made}})


@promise("1 Lists", "`?after=<next>` costs the same however deep")
@pytest.mark.parametrize("order", [order for order in ORDERS if order.startswith("-")])
def test_tasks_that_are_full_cost_the_list_of_open_ones_nothing(full_tasks, stack, db, order):
    """Once the sweep has noticed them, which is within a minute."""
    task = task_input(category=full_tasks.category, required_workers=1)
    ok(full_tasks.api.post("/tasks", json=task), 201)
    assert stack.ctl("sweep").returncode == 0
    with profiled(db, **{"command.find": "tasks", "command.limit": 11}) as ran:
        assert len(page(full_tasks, sortBy=order)["tasks"]) == 1
    open_ones = db.tasks.count_documents({"status": "active", "required_workers": {"$gt": 0}})
    assert ran and all(one["docsExamined"] <= open_ones for one in ran), ran


@promise("2 Slots and escrow", "Rejecting gives the slot back")
@promise(
    "4 POST /:id/slots",
    "{delta: whole, not 0} buys or gives back open slots → 200 {message, task, remainingCoins}",
)
@pytest.mark.parametrize("how", ["rejected", "bought"])
def test_a_task_that_was_full_is_listed_as_soon_as_it_has_a_slot(
    new_buyer, new_worker, stack, db, how, books
):
    buyer = new_buyer(1000)
    buyer.category = unique("again")
    asked = task_input(category=buyer.category, required_workers=1)
    task = ok(buyer.api.post("/tasks", json=asked), 201)["task"]
    work = {"task_id": task["_id"], "submission_details": "Done."}
    done = ok(new_worker().api.post("/submissions", json=work), 201)["submission"]
    assert stack.ctl("sweep").returncode == 0
    assert db.tasks.find_one({"_id": ObjectId(task["_id"])})["full"] is True
    assert ids(page(buyer)) == []
    if how == "rejected":
        ok(buyer.api.put(f"/submissions/{done['_id']}/reject"))
    else:
        ok(buyer.api.post(f"/tasks/{task['_id']}/slots", json={"delta": 2}))
    assert ids(page(buyer)) == [task["_id"]]


@promise("10 Collections", "Fields of our own are never required of old data")
def test_a_slot_that_an_older_server_added_to_a_full_task_is_listed_by_the_next_init_db(
    new_buyer, stack, db
):
    buyer = new_buyer(1000)
    buyer.category = unique("older")
    task = ok(buyer.api.post("/tasks", json=task_input(category=buyer.category)), 201)["task"]
    db.tasks.update_one({"_id": ObjectId(task["_id"])}, {"$set": {"full": True}})
    assert ids(page(buyer)) == []
    assert "1 with new slots to be listed again" in stack.ctl("init-db", "--dry-run").stdout
    assert "1 with new slots are listed again" in stack.ctl("init-db").stdout
    assert ids(page(buyer)) == [task["_id"]]


@promise("4 GET /buyer/my-tasks, top workers", "Without `limit` up to 1000")
def test_the_last_page_of_a_long_list_is_reached(long_list):
    buyer = long_list(1201)
    assert len(page(buyer, "/tasks/buyer/my-tasks")["tasks"]) == 1000, "without limit up to 1000"
    last = page(buyer, "/tasks/buyer/my-tasks", limit=100, page=13)
    assert (len(last["tasks"]), last["next"]) == (1, None)


@promise(
    "5 Lists",
    "/worker/approved without `limit`: up to 1000",
    "/task/:taskId without `limit`: up to 1000",
)
def test_submissions_without_a_limit_come_up_to_1000(new_buyer, new_worker, db):
    """A worker's approved ones, and those of a task; one more is on the next page."""
    buyer, worker = new_buyer(0), new_worker()
    task = ObjectId()
    db.tasks.insert_one({"_id": task, "buyer_id": ObjectId(buyer.id), "status": "completed"})
    db.submissions.insert_many(
        {
            "task_id": task,
            "task_title": "Old",
            "submission_details": "Old",
            "worker_id": ObjectId(worker.id),
            "buyer_id": ObjectId(buyer.id),
            "payable_amount": Int64(1),
            "status": "approved",
            "createdAt": now(),
        }
        for _ in range(1001)
    )
    try:
        for user, path, items in (
            (worker, "/submissions/worker/approved", "approvedSubmissions"),
            (worker, f"/submissions/task/{task}", "submissions"),
            (buyer, f"/submissions/task/{task}", "submissions"),
        ):
            answer = ok(user.api.get(path))
            assert (len(answer[items]), answer["total"], answer["pages"]) == (1000, 1001, 2), path
            rest = ok(user.api.get(path, params={"after": answer["next"]}))
            assert (len(rest[items]), rest["next"]) == (1, None), path
    finally:
        db.submissions.delete_many({"task_id": task})
        db.tasks.delete_one({"_id": task})


# --- a long history ---


@pytest.fixture
def old_hand(new_worker, db):
    """A worker who has submitted to more tasks than a filter may name."""
    worker = new_worker()
    at = now()
    db.submissions.insert_many(
        {
            "task_id": ObjectId(),
            "worker_id": ObjectId(worker.id),
            "payable_amount": Int64(1),
            "status": "approved",
            "createdAt": at,
            "submitted_date": at,
        }
        for _ in range(1500)
    )
    yield worker
    db.submissions.delete_many({"worker_id": ObjectId(worker.id)})


def submitted(db, worker, tasks):
    db.submissions.insert_many(
        {
            "task_id": ObjectId(task),
            "worker_id": ObjectId(worker.id),
            "payable_amount": Int64(1),
            "status": "approved",
            "createdAt": now(),
        }
        for task in tasks
    )


@promise("4 GET /", "A worker's token leaves out tasks they have submitted to")
def test_a_long_history_leaves_out_what_was_submitted_to(shelf, old_hand, db):
    """By pages and by cursors, with the total; and a page does not read the history."""
    everything = ids(page(shelf, limit=100)) + ids(page(shelf, limit=100, page=2))
    left = [task for at, task in enumerate(everything) if at % 3]
    submitted(db, old_hand, [task for at, task in enumerate(everything) if not at % 3])

    def own(**params):
        return ok(old_hand.api.get("/tasks", params={"category": shelf.category, **params}))

    first = own(limit=10)
    assert (ids(first), first["total"], first["pages"]) == (left[:10], len(left), 7)
    assert ids(own(limit=10, page=3)) == left[20:30]
    assert (ids(own(limit=10, page=8)), own(limit=10, page=8)["total"]) == ([], len(left))
    seen, after = ids(first), first["next"]
    while after:
        answer = own(limit=10, after=after)
        seen, after = seen + ids(answer), answer["next"]
    assert seen == left
    with profiled(db, ns=db.submissions.full_name) as all_that_ran:
        assert len(ids(own(limit=10))) == 10
    reads = [ran for ran in all_that_ran if "docsExamined" in ran]
    assert reads
    for ran in reads:
        assert ran["docsExamined"] == 0 and ran["keysExamined"] <= 1001, ran


@promise("4 GET /", "A worker's token leaves out tasks they have submitted to")
def test_a_short_history_is_taken_off_the_total(shelf, new_worker, db):
    """That of each worker is their own, and counts only what the list would show."""
    everything = ids(page(shelf, limit=100)) + ids(page(shelf, limit=100, page=2))
    first, second, newcomer = new_worker(), new_worker(), new_worker()
    submitted(db, first, [*everything[:7], *(ObjectId() for _ in range(5))])
    submitted(db, second, everything[5:90])
    try:
        for worker, left in ((first, everything[7:]), (second, everything[:5] + everything[90:]), (newcomer, everything)):
            answer = ok(worker.api.get("/tasks", params={"category": shelf.category, "limit": 8}))
            assert (ids(answer), answer["total"]) == (left[:8], len(left))
            assert "totalApprox" not in answer
    finally:
        db.submissions.delete_many({"worker_id": {"$in": [ObjectId(one.id) for one in (first, second)]}})


@promise("4 GET /", "A worker's token leaves out tasks they have submitted to")
def test_who_has_submitted_to_all_sees_none(shelf, old_hand, db):
    everything = ids(page(shelf, limit=100)) + ids(page(shelf, limit=100, page=2))
    submitted(db, old_hand, everything)
    answer = ok(old_hand.api.get("/tasks", params={"category": shelf.category}))
    assert (answer["tasks"], answer["total"], answer["next"]) == ([], 0, None)
