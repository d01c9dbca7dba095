"""Calls about withdrawals: asking, approving, rejecting."""

from calls import Kind
from world import pick, with_status, word


def choose_post(world, rng):
    """Of a worker who believes to have enough, mostly; below the minimum; beyond the balance."""
    worker = world.anybody(rng, "worker")
    if not worker:
        return None
    coins = rng.choices((200, 260, 199, 100000), (6, 2, 0.4, 0.4))[0]
    if worker.coins < 200 and rng.random() < 0.7:
        return None
    body = {
        "withdrawal_coin": coins,
        "payment_system": rng.choice(("stripe", "bkash", "paypal", "shells"))
        if rng.random() < 0.1
        else "bkash",
        "account_number": f"{word(rng)}",
    }
    return world.act("withdrawal.post", "POST /withdrawals", worker, body, key=True)


def learn_post(world, call, status, answer):
    if status == 201:
        asked = answer["withdrawal"]
        world.withdrawals[asked["_id"]] = {
            "worker": asked["worker_id"],
            "coins": asked["withdrawal_coin"],
            "status": asked["status"],
        }
        if call.actor in world.people:
            world.people[call.actor].coins = answer["coins"]


def decide(kind, word_of_path):
    """choose() for a decision about a withdrawal; also by the call's older name."""

    def choose(world, rng):
        pending = with_status(world.withdrawals, "pending")
        name = pick(rng, pending if pending and rng.random() < 0.9 else world.withdrawals)
        admin = world.anybody(rng, "admin")
        if not name or not admin:
            return None
        path = rng.choice(("/withdrawals", "/admin/withdrawals"))
        request = f"PUT {path}/{name}/{word_of_path}"
        body = None if word_of_path == "approve" else {"reason": f"Not {word(rng)}"}
        return world.act(kind, request, admin, body, withdrawal=name, key=True)

    return choose


def learn_decision(world, call, status, answer):
    known = world.withdrawals.get(call.withdrawal)
    if known and status == 200:
        known["status"] = answer["withdrawal"]["status"]
    elif known and answer.get("code") == "already_processed":
        known["status"] = "approved"


KINDS = [
    Kind("withdrawal.post", 4, choose_post, learn_post),
    Kind("withdrawal.approve", 2, decide("withdrawal.approve", "approve"), learn_decision),
    Kind("withdrawal.reject", 1.5, decide("withdrawal.reject", "reject"), learn_decision),
]
