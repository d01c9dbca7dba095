"""Answers that a worker makes once for several who ask at the same moment.

All ask with a token that is no good: so nginx keeps nothing for them, and they are answered as if they had none.
"""

import itertools
import threading

import pytest

from client import ok, task_input, unique
from fail_points import held_up
from profiling import profiled
from wire import Call, at_once, outcomes

STALE = "stale"
SHORT_MS = 500  # for which the first making is held up, while the others come


@pytest.fixture(scope="module")
def buyer(stack):
    """Cancels what was posted, as other tests count what lists read."""
    someone = stack.user("buyer", 10**6)
    someone.posted = []
    yield someone
    for task in someone.posted:
        ok(someone.api.delete(f"/tasks/{task}"))


def post(buyer, category, title="Watch a film"):
    body = task_input(category=category, task_title=title)
    buyer.posted.append(ok(buyer.api.post("/tasks", json=body), 201)["task"]["_id"])


def asking(category, **headers):
    return Call("GET", f"/tasks?category={category}", STALE, None, headers)


def titles(answer):
    return [task["task_title"] for task in answer["tasks"]]


def test_fifty_who_want_a_list_at_once_cost_a_few_commands(stack, buyer, db):
    """Each worker makes the one that is held up, and the next for those who came meanwhile; whoever found no thread
    free yet has one more."""
    category = unique("wanted")
    post(buyer, category)
    tag = stack.api.get("/tasks", token=STALE, params={"category": category}).headers["ETag"]
    calls = [asking(category, **({"If-None-Match": tag} if i % 5 == 4 else {})) for i in range(50)]
    with profiled(db, **{"command.find": "tasks", "command.filter.category": category}) as ran:
        with held_up(stack.mongo.admin, "find", 2, ms=SHORT_MS, collection=db.tasks):
            answers = at_once(stack, calls)
    assert 2 <= len(ran) <= 12, len(ran)
    assert outcomes(answers) == {200: 40, 304: 10}
    assert {answer.headers["etag"] for answer in answers} == {tag}
    assert len({answer.headers["x-request-id"] for answer in answers}) == 50
    bodies = [answer.body for answer in answers if answer.status == 200]
    assert all(titles(body) == ["Watch a film"] for body in bodies) and bodies.count(bodies[0]) == 40


def test_a_list_shows_what_was_acknowledged_before_it_was_asked_for(stack, buyer):
    """Others ask for it all the time, so that there is always a making under way that began too early."""
    category, stop, failures = unique("fresh"), threading.Event(), []

    def others():
        while not stop.is_set():
            answer = stack.api.get("/tasks", token=STALE, params={"category": category})
            if answer.status_code != 200:
                failures.append(answer.text)

    crowd = [threading.Thread(target=others) for _ in range(8)]
    for thread in crowd:
        thread.start()
    try:
        for count in range(1, 41):
            post(buyer, category)
            answer = stack.api.get("/tasks", token=STALE, params={"category": category})
            assert ok(answer)["total"] == count
    finally:
        stop.set()
        for thread in crowd:
            thread.join()
    assert not failures


def test_each_gets_the_answer_to_its_own_question(stack, buyer):
    categories = [unique("of") for _ in range(6)]
    for category in categories:
        post(buyer, category, f"Only in {category}")
    asked = list(itertools.islice(itertools.cycle([*categories, unique("none")]), 70))
    for _ in range(5):
        for category, answer in zip(asked, at_once(stack, [asking(category) for category in asked])):
            found = [f"Only in {category}"] if category in categories else []
            assert (answer.status, titles(answer.body)) == (200, found)


def test_a_failure_is_told_to_each_and_does_not_last(stack, buyer, db):
    category = unique("failing")
    post(buyer, category)
    data = {"failCommands": ["find"], "errorCode": 8000, "namespace": db.tasks.full_name}
    stack.fail_point("failCommand", "alwaysOn", appName="microtask", **data)
    try:
        answers = at_once(stack, [asking(category)] * 30)
    finally:
        stack.fail_point("failCommand", "off")
    assert outcomes(answers) == {"internal": 30}
    told = [(answer.body["requestId"], answer.headers["x-request-id"]) for answer in answers]
    assert all(of_body == of_header for of_body, of_header in told) and len(set(told)) == 30
    answer = stack.api.get("/tasks", token=STALE, params={"category": category})
    assert len(ok(answer)["tasks"]) == 1
