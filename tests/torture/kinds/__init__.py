"""All kinds of calls, in one table; and what can be wrong with any call."""

import dataclasses

from client import UNKNOWN_ID
from world import issued_at, pick

from . import access, admin, payments, reads, submissions, tasks, withdrawals

SPOILED = 0.06  # so many calls are sent with something wrong


def spoil(world, call, rng):
    """The call with something wrong that any call can have: its token, or an id."""
    how = rng.choice(("no token", "ended token", "other role", "bad id", "no such id"))
    subject = call.submission or call.withdrawal or call.payment or call.task
    if not call.token:
        return call
    call.input["spoiled"] = how
    if how == "no token":
        call.token = call.actor = None
    elif how == "ended token":
        found = [(person, token) for person in world.people.values() for token in person.dead]
        if found:
            send_as(call, *pick(rng, found))
    elif how == "other role":
        person = world.anybody(rng, *{"buyer", "worker", "admin"} - {call.input["role"]})
        if person:
            send_as(call, person, person.token)
    elif subject and subject in call.path:
        call.path = call.path.replace(subject, "nonsense" if how == "bad id" else UNKNOWN_ID)
        call.submission = call.withdrawal = call.payment = call.task = None
    return call


def send_as(call, person, token):
    call.actor, call.token = person.id, token
    call.input |= {"iat": issued_at(token), "role": person.role}


def may_spoil(kind):
    """The kind, of whose calls a few are sent with something wrong."""

    def choose(world, rng):
        call = kind.choose(world, rng)
        return spoil(world, call, rng) if call and rng.random() < SPOILED else call

    def learn(world, call, status, answer):
        person = world.people.get(call.actor)
        if status == 401 and person and call.token == person.token:
            person.dead.append(call.token)
        kind.learn(world, call, status, answer or {})

    return dataclasses.replace(kind, choose=choose, learn=learn)


KINDS = [
    may_spoil(kind)
    for table in (
        access.KINDS,
        payments.KINDS,
        tasks.KINDS,
        submissions.KINDS,
        withdrawals.KINDS,
        admin.KINDS,
        reads.KINDS,
    )
    for kind in table
]
