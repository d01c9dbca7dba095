"""Contract, section 9: the public lists below /api/public, kept as old callers know them."""

import pytest

from client import UNKNOWN_ID, assert_error, eventually, ok
from market import ids, pass_deadline, post_task, submit
from promises import promise


@promise(
    "9 /api/public",
    "`/tasks` (limit 6 by default) → {success:true, tasks, total, page, pages}",
)
def test_open_tasks_newest_first_six_a_page(api, buyer, new_worker, db, books):
    tasks = [post_task(buyer, required_workers=1) for _ in range(7)]
    full, cancelled, expired = (post_task(buyer, required_workers=1) for _ in range(3))
    submit(new_worker(), full)
    ok(buyer.api.delete(f"/tasks/{cancelled['_id']}"))
    pass_deadline(db, expired)
    answer = eventually(
        lambda: (page := ok(api.get("/public/tasks")))["tasks"][0]["_id"] == tasks[6]["_id"]
        and page,
        within=30,
    )
    assert answer["success"] is True
    assert ids(answer["tasks"]) == ids(tasks)[:0:-1]
    assert answer["page"] == 1
    assert answer["total"] >= 7
    assert answer["pages"] == -(-answer["total"] // 6)
    second = ok(api.get("/public/tasks", params={"page": 2}))
    assert (second["tasks"][0]["_id"], second["page"]) == (tasks[0]["_id"], 2)
    two = ok(api.get("/public/tasks", params={"limit": 2}))
    assert (ids(two["tasks"]), two["pages"]) == (ids(tasks)[:-3:-1], -(-two["total"] // 2))


@promise(
    "4 Fields",
    "Public answers leave out buyer_email unless the caller is the owner or an admin",
)
@promise("9 /api/public", "`/tasks` has buyer_id as {_id, name}")
def test_a_listed_task_names_its_buyer_but_not_their_email(api, buyer, books):
    task = post_task(buyer)
    listed = eventually(
        lambda: (first := ok(api.get("/public/tasks"))["tasks"][0])["_id"] == task["_id"] and first,
        within=30,
    )
    assert listed["buyer_id"] == {"_id": buyer.id, "name": buyer.name}
    assert buyer.email not in str(listed)
    same = {name for name in task if name not in ("buyer_id", "buyer_email")}
    assert {name: listed[name] for name in same} == {name: task[name] for name in same}


@promise("9 /api/public", "`/tasks/:id` → {success:true, task}")
def test_one_task(api, buyer, books):
    task = post_task(buyer)
    answer = ok(api.get(f"/public/tasks/{task['_id']}"))
    assert answer["success"] is True
    same = {name for name in task if name not in ("buyer_id", "buyer_email")}
    assert {name: answer["task"][name] for name in same} == {name: task[name] for name in same}
    assert buyer.email not in str(answer)


@promise("9 /api/public", "Their errors also carry `success:false`")
@pytest.mark.parametrize(
    "path, status, code",
    [
        (f"/public/tasks/{UNKNOWN_ID}", 404, "not_found"),
        ("/public/tasks/42", 400, "invalid_id"),
        ("/public/tasks?page=0", 400, "invalid_input"),
        ("/public/tasks?limit=some", 400, "invalid_input"),
    ],
)
def test_errors_say_success_false(api, path, status, code):
    assert_error(api.get(path), status, code, success=False)


@promise("9 /api/public", "Their errors also carry `success:false`")
def test_so_do_those_about_the_method(api):
    assert_error(api.put("/public/tasks"), 405, "method_not_allowed", success=False)


@promise("9 /api/public", "Their errors also carry `success:false`")
def test_other_errors_do_not(api):
    assert "success" not in api.get(f"/tasks/{UNKNOWN_ID}").json()


@promise(
    "9 /api/public",
    "`/top-workers` → {success:true, workers:[{_id, name, photoURL, coins, role}]}",
)
def test_top_workers(api, new_worker, db):
    most = max([user["coins"] for user in db.users.find({}, {"coins": 1})] + [0])
    workers = [new_worker(most + i, photoURL=f"https://example.org/{i}.png") for i in range(1, 8)]
    expected = [
        {
            "_id": worker.id,
            "name": worker.name,
            "photoURL": f"https://example.org/{i}.png",
            "coins": most + i,
            "role": "worker",
        }
        for i, worker in reversed(list(enumerate(workers, 1)))
    ][:6]
    eventually(
        lambda: ok(api.get("/public/top-workers")) == {"success": True, "workers": expected},
        within=30,
    )


@promise(
    "9 /api/public",
    "`/tasks` (limit 6 by default) → {success:true, tasks, total, page, pages}",
)
def test_a_token_makes_no_difference(buyer, worker, books):
    """A worker who submitted sees the task here all the same, and nobody the buyer's e-mail."""
    task = post_task(buyer)
    submit(worker, task)
    for who in (worker, buyer):
        listed = eventually(
            lambda: (first := ok(who.api.get("/public/tasks"))["tasks"][0])["_id"] == task["_id"]
            and first,
            within=30,
        )
        assert "buyer_email" not in listed
