"""Calls about work: handing in, and reviewing by one's own name, by status, and many at once."""

from calls import Kind
from client import UNKNOWN_ID
from world import pick, with_status, word


def choose_post(world, rng):
    """Mostly where a slot is open and the worker was not before, as far as they know."""
    worker = world.anybody(rng, "worker")
    active = with_status(world.tasks, "active")
    free = [name for name in active if world.tasks[name]["open"] > 0]
    how = rng.random()
    task = pick(rng, free if how < 0.8 else active if how < 0.96 else world.tasks)
    if not worker or not task:
        return None
    done = any(
        (work["task"], work["worker"]) == (task, worker.id) for work in world.submissions.values()
    )
    if done and rng.random() < 0.9:
        return None
    body = {"task_id": task, "submission_details": f"Work {word(rng)}"}
    about = {"task": task, "accounts": (worker.id,), "key": True}
    return world.act("submission.post", "POST /submissions", worker, body, **about)


def learn_work(world, call, status, answer):
    work = answer.get("submission") if status in (200, 201) else None
    if work:
        task = work["task_id"]
        world.submissions[work["_id"]] = {
            "task": task["_id"] if isinstance(task, dict) else task,
            "worker": work["worker_id"],
            "buyer": work["buyer_id"],
            "status": work["status"],
        }
        if status == 201 and call.task in world.tasks:
            world.tasks[call.task]["open"] -= 1
    elif status == 400 and answer.get("code") == "no_open_slot":
        world.tasks.get(call.task, {})["open"] = 0
    elif status == 400 and answer.get("code") == "already_processed":
        world.submissions.get(call.submission, {})["status"] = "approved"


def to_review(world, rng):
    """Mostly what is pending, and whoever may say; now and then somebody who may not."""
    pending = with_status(world.submissions, "pending")
    name = pick(rng, pending if pending and rng.random() < 0.9 else world.submissions)
    if not name:
        return None, None
    reviewer = world.people.get(world.submissions[name]["buyer"])
    other = rng.random()
    if other < 0.15:
        reviewer = world.anybody(rng, "admin")
    elif other < 0.2:
        reviewer = world.anybody(rng, "buyer", "worker")
    return name, reviewer


def choose_approve(world, rng):
    return decide(world, *to_review(world, rng), "approve", None)


def choose_reject(world, rng):
    return decide(world, *to_review(world, rng), "reject", {"reason": f"No {word(rng)}"})


def choose_status(world, rng):
    name, reviewer = to_review(world, rng)
    status = rng.choice(("approved", "rejected", "approved", "rejected", "pending"))
    body = {"status": status, "reason": f"So {word(rng)}"}
    return decide(world, name, reviewer, "status", body)


def decide(world, name, reviewer, how, body):
    request = f"PUT /submissions/{name}/{how}"
    return world.act(f"submission.{how}", request, reviewer, body, submission=name, key=True)


def choose_review(world, rng):
    """Several of one buyer's, some of them reviewed before or named twice."""
    name, reviewer = to_review(world, rng)
    if not reviewer:
        return None
    buyer = world.submissions[name]["buyer"]
    theirs = [
        one
        for one, work in world.submissions.items()
        if work["buyer"] == buyer and (work["status"] == "pending" or rng.random() < 0.05)
    ]
    ids = theirs[-rng.randint(1, 6) :] or [name]
    if rng.random() < 0.1:
        ids = [*ids, rng.choice((ids[0], UNKNOWN_ID))]
    body = {
        "ids": ids,
        "status": rng.choice(("approved", "rejected")),
        "reason": f"All {word(rng)}",
    }
    known = [world.submissions[one] for one in ids if one in world.submissions]
    about = {"accounts": tuple({work["worker"] for work in known} | {buyer}), "key": True}
    return world.act("submission.review", "POST /submissions/review", reviewer, body, **about)


def learn_review(world, call, status, answer):
    for result in answer.get("results", []):
        if result["ok"] or result.get("code") == "already_processed":
            world.submissions.get(result["_id"], {})["status"] = call.body["status"]


def choose_read(world, rng):
    name = pick(rng, world.submissions)
    person = world.anybody(rng, "worker", "buyer", "admin")
    if name and rng.random() < 0.8:
        work = world.submissions[name]
        person = world.people.get(work[rng.choice(("worker", "buyer"))])
    about = name and {"submission": name, "accounts": (world.submissions[name]["worker"],)}
    return name and world.act("submission.read", f"GET /submissions/{name}", person, **about)


KINDS = [
    Kind("submission.post", 26, choose_post, learn_work),
    Kind("submission.approve", 6, choose_approve, learn_work),
    Kind("submission.reject", 4, choose_reject, learn_work),
    Kind("submission.status", 3, choose_status, learn_work),
    Kind("submission.review", 2.5, choose_review, learn_review),
    Kind("submission.read", 4, choose_read, learn_work),
]
