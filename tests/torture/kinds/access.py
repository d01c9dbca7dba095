"""Calls about accounts and access: registering, logging in and out, passwords, profiles."""

from calls import Call, Kind
from world import Person, issued_at, pick, word


def choose_register(world, rng):
    """Few, as each is a hash; every third address is one that somebody has or tries to get."""
    email = f"{word(rng)}@example.org"
    if world.addresses and rng.random() < 0.35:
        email = pick(rng, world.addresses)
    body = {
        "name": f"Newcomer {word(rng)}",
        "email": email.upper() if rng.random() < 0.1 else email,
        "password": f"pass {word(rng)}",
        "role": rng.choices(("worker", "buyer", "admin"), (6, 3, 1))[0],
    }
    world.addresses.append(email)
    return Call("auth.register", "POST", "/auth/register", body, input=dict(body))


def learn_register(world, call, status, answer):
    if status == 201:
        user = answer["user"]
        world.people[user["_id"]] = Person(
            user["_id"],
            user["email"],
            user["role"],
            user["name"],
            answer["token"],
            call.body["password"],
            user["coins"],
        )


def choose_login(world, rng):
    """Whoever was logged out comes back; others come rarely, as each is a hash."""
    ended = [person for person in world.people.values() if person.token in person.dead]
    if not ended and rng.random() < 0.7:
        return None
    person = pick(rng, ended) if ended else world.anybody(rng, "worker", "buyer", "admin")
    right = rng.random() < 0.85
    body = {"email": person.email, "password": person.password if right else "wrong guess 1"}
    told = {**body, "user": person.id, "right": right}
    return Call("auth.login", "POST", "/auth/login", body, accounts=(person.id,), input=told)


def learn_token(world, call, status, answer):
    """A new token; those from before are kept: some of them were ended."""
    person = world.people.get(call.input.get("user") or call.actor)
    if status == 200 and person:
        person.token = answer["token"]
        if call.kind == "auth.password":
            person.password = call.body["newPassword"]


def choose_logout(world, rng):
    """Half of them by whoever came in last, so that within a second one ends what began."""
    last = max(world.people.values(), key=lambda person: issued_at(person.token))
    person = last if rng.random() < 0.5 else world.anybody(rng, "worker", "buyer", "admin")
    return world.act("auth.logout", "POST /auth/logout", person)


def learn_logout(world, call, status, answer):
    """Their next token is got by logging in."""
    person = world.people.get(call.actor)
    if status == 200 and person:
        person.dead.append(call.token)


def choose_password(world, rng):
    person = world.anybody(rng, "worker", "buyer")
    right = rng.random() < 0.8
    body = {
        "currentPassword": person.password if right else "wrong guess 1",
        "newPassword": f"new {word(rng)}" if rng.random() < 0.9 else "short",
    }
    return world.act("auth.password", "PUT /auth/password", person, body)


def choose_me(world, rng):
    person = world.anybody(rng, "worker", "buyer", "admin")
    return world.act("me.read", "GET /auth/me", person)


def choose_me_ended(world, rng):
    """With a token that was ended, mostly one of the last."""
    ended = [(person, token) for person in world.people.values() for token in person.dead[-2:]]
    if not ended:
        return None
    person, token = pick(rng, sorted(ended, key=lambda one: issued_at(one[1])))
    told = {"iat": issued_at(token), "role": person.role, "spoiled": "ended token"}
    who = {"token": token, "actor": person.id, "accounts": (person.id,)}
    return Call("me.read", "GET", "/auth/me", **who, input=told)


def learn_me(world, call, status, answer):
    person = world.people.get(call.actor)
    if status == 200 and person:
        person.coins, person.role = answer["coins"], answer["role"]
        person.owed = answer.get("owed_coins", 0)


def choose_profile(world, rng):
    person = world.anybody(rng, "worker", "buyer")
    body = {"name": f"Renamed {word(rng)}"}
    return world.act("profile.write", "PUT /auth/profile", person, body)


KINDS = [
    Kind("auth.register", 1.5, choose_register, learn_register),
    Kind("auth.login", 3, choose_login, learn_token),
    Kind("auth.logout", 0.8, choose_logout, learn_logout),
    Kind("auth.password", 0.7, choose_password, learn_token),
    Kind("me.read", 8, choose_me, learn_me),
    Kind("me.read", 1.5, choose_me_ended, learn_me),
    Kind("profile.write", 2, choose_profile),
]
