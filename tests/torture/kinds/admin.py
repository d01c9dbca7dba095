"""Calls of admins about people: corrections, roles, removal; the journal and the audit."""

from calls import Kind
from world import pick, word


def about(user):
    """What a call concerns that is about somebody else."""
    return {"accounts": (user,), "input": {"user": user}}


def choose_adjust(world, rng):
    """Who has little gets more; sometimes more is taken than is there."""
    admin = world.anybody(rng, "admin")
    person = world.anybody(rng, "worker", "buyer")
    if not admin or not person:
        return None
    poor = [one for one in world.of_role("buyer") if one.coins < 300]
    if poor and rng.random() < 0.6:
        person = pick(rng, sorted(poor, key=lambda one: one.id))
    few = person.coins < 500
    coins = rng.choice((200, 300, 500)) if few else rng.choice((-50, -7, 40, -100000))
    body = {"coins": coins, "reason": f"Because {word(rng)}"}
    if rng.random() < 0.04:
        body["coins"] = rng.choice((0, 1.5, "ten"))
    path = f"/admin/users/{person.id}/adjust"
    return world.act("admin.adjust", f"POST {path}", admin, body, **about(person.id), key=True)


def learn_user(world, call, status, answer):
    user = answer.get("user") if status == 200 else None
    if user and user["_id"] in world.people:
        person = world.people[user["_id"]]
        person.role, person.coins = user["role"], user["coins"]


def choose_role(world, rng):
    """Admins are few: two who demote each other at once are what this is about."""
    admins = world.of_role("admin")
    admin = world.anybody(rng, "admin")
    if not admin:
        return None
    if rng.random() < (0.4 if len(admins) > 1 else 0.15):
        person, role = pick(rng, admins), rng.choice(("worker", "buyer"))
    else:
        idle = [one for one in world.people.values() if not one.busy and one.role != "admin"]
        person = pick(rng, idle) if rng.random() < 0.8 else world.anybody(rng, "worker", "buyer")
        role = (
            "admin" if len(admins) < 4 and rng.random() < 0.6 else rng.choice(("worker", "buyer"))
        )
    told = {"accounts": (person.id,), "input": {"user": person.id, "to": role}}
    path = f"/admin/users/{person.id}/role"
    return world.act("admin.role", f"PUT {path}", admin, {"role": role}, **told)


def choose_remove(world, rng):
    """There must be enough left; those who are gone are removed once more."""
    admin = world.anybody(rng, "admin")
    enough = [
        one.id
        for role, least in (("worker", 6), ("buyer", 3), ("admin", 3))
        for one in world.of_role(role)[least - 1 :]
    ]
    user = pick(rng, enough)
    if world.gone and (not user or rng.random() < 0.2):
        user = pick(rng, [one.id for one in world.gone])
    if admin and rng.random() < 0.1:
        user = admin.id  # nobody removes themselves
    path = f"/admin/users/{user}"
    return user and world.act("admin.remove", f"DELETE {path}", admin, **about(user), key=True)


def learn_remove(world, call, status, answer):
    user = call.input["user"]
    if status == 200 and user in world.people and user in call.path:
        world.gone.append(world.people.pop(user))


def choose_ledger(world, rng):
    admin, person = world.anybody(rng, "admin"), world.anybody(rng, "worker", "buyer")
    path = person and f"/admin/ledger?user={person.id}&limit=20"
    return person and world.act("admin.ledger", f"GET {path}", admin, accounts=(person.id,))


def choose_audit(world, rng):
    return world.act("admin.audit", "GET /admin/audit", world.anybody(rng, "admin"), accounts=())


KINDS = [
    Kind("admin.adjust", 4, choose_adjust, learn_user),
    Kind("admin.role", 1, choose_role, learn_user),
    Kind("admin.remove", 0.4, choose_remove, learn_remove),
    Kind("admin.ledger", 0.5, choose_ledger),
    Kind("admin.audit", 0.3, choose_audit),
]
