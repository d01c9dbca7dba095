"""Calls about tasks: posting, slots, texts and deadlines, cancelling by buyer and by admin."""

import time

from calls import Kind
from client import ahead
from world import pick, with_status, word

OPEN_TASKS = 6  # about so many, so that callers meet at them


def choose_post(world, rng):
    """Some that end within the round; some that cost more than the buyer has."""
    buyer = world.anybody(rng, "buyer")
    owing = [person for person in world.of_role("buyer") if person.owed]
    if owing and rng.random() < 0.15:
        buyer = pick(rng, owing)
    elif not buyer or (len(with_status(world.tasks, "active")) > OPEN_TASKS and rng.random() < 0.8):
        return None
    soon, how = rng.random() < 0.2, rng.random()
    slots, price = rng.randint(1, 8), rng.randint(5, 60)
    if how < 0.06:
        price = rng.randint(100, 900) * 10
    elif how < 0.16:
        price = max(buyer.coins // slots, 1)  # all they have
    body = {
        "task_title": f"Task {word(rng)}",
        "task_detail": "Look at it and say what it is.",
        "required_workers": slots,
        "payable_amount": price,
        "completion_date": ahead(seconds=rng.randint(2, 25)) if soon else ahead(days=9),
        "submission_info": "A sentence.",
    }
    if rng.random() < 0.05:
        body["payable_amount"] = rng.choice((0, -5, 1.5, "many"))
    return world.act("task.post", "POST /tasks", buyer, body, key=True)


def learn_task(world, call, status, answer):
    """An answer that shows the task."""
    task = answer.get("task", answer) if status in (200, 201) else None
    if task and task.get("_id"):
        world.tasks[task["_id"]] = {
            "buyer": task["buyer_id"],
            "price": task["payable_amount"],
            "open": task["required_workers"],
            "status": task["status"],
            "expires_at": closes_at(task["completion_date"]),
            "title": task["task_title"],
        }
    elif status == 404 and call.task in world.tasks:
        world.tasks[call.task]["status"] = "cancelled"
    if status in (200, 201) and "remainingCoins" in answer and call.actor in world.people:
        world.people[call.actor].coins = answer["remainingCoins"]


def closes_at(text):
    moment = time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
    return (time.mktime(moment) - time.timezone) * 1000


def of_world(world, rng):
    """Mostly a task that is active, else one that was."""
    active = with_status(world.tasks, "active")
    return pick(rng, active if active and rng.random() < 0.93 else world.tasks)


def owner(world, rng, task):
    """Who may change it; now and then somebody else tries."""
    person = world.people.get(world.tasks[task]["buyer"])
    if rng.random() < 0.04:
        person = world.anybody(rng, "buyer", "worker")
    return person


def choose_slots(world, rng):
    task = of_world(world, rng)
    person = task and owner(world, rng, task)
    if not person:
        return None
    delta = rng.choices((1, 2, 3, -1, -2, 5000, -50, 0), (5, 4, 3, 5, 3, 0.5, 0.5, 0.2))[0]
    request, body = f"POST /tasks/{task}/slots", {"delta": delta}
    return world.act("task.slots", request, person, body, task=task, key=True)


def choose_write(world, rng):
    task = of_world(world, rng)
    person = task and owner(world, rng, task)
    if not person:
        return None
    body = {"task_title": f"Task {word(rng)}", "required_workers": 77, "status": "cancelled"}
    if rng.random() < 0.2:
        body["completion_date"] = ahead(days=rng.choice((10, 11, -1)))
    return world.act("task.write", f"PUT /tasks/{task}", person, body, task=task)


def choose_cancel(world, rng):
    """Less often than tasks are posted."""
    task = of_world(world, rng)
    person = task and owner(world, rng, task)
    return world.act("task.cancel", f"DELETE /tasks/{task}", person, task=task, key=True)


def choose_admin_cancel(world, rng):
    task, admin = of_world(world, rng), world.anybody(rng, "admin")
    request = f"DELETE /admin/tasks/{task}"
    return task and world.act("admin.task_cancel", request, admin, task=task, key=True)


def learn_cancel(world, call, status, answer):
    if status in (200, 404) and call.task in world.tasks:
        world.tasks[call.task]["status"] = "cancelled"


def choose_read(world, rng):
    task = of_world(world, rng)
    person = world.anybody(rng, "worker", "buyer", "admin")
    return task and world.act("task.read", f"GET /tasks/{task}", person, task=task)


KINDS = [
    Kind("task.post", 9, choose_post, learn_task),
    Kind("task.slots", 6, choose_slots, learn_task),
    Kind("task.write", 2, choose_write, learn_task),
    Kind("task.cancel", 1.3, choose_cancel, learn_cancel),
    Kind("admin.task_cancel", 0.6, choose_admin_cancel, learn_cancel),
    Kind("task.read", 7, choose_read, learn_task),
]
