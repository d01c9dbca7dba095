"""Before anything counts: do all contenders answer the reads and the log-in with the same records?"""

import json
import urllib.request

import seed
from processes import Failed, direct


def ids(rows):
    return [row["_id"] for row in rows]


# call: its address, and what of an answer must be the same. Of a log-in, the address and the body.
FACTS = {
    "list": ("/tasks?page=1&limit=10", lambda answer: (ids(answer["tasks"]), answer["total"])),
    "task": (f"/tasks/{seed.oid('a', 7)}", lambda answer: (answer["_id"], answer["required_workers"])),
    "me": ("/auth/me", lambda answer: (answer["_id"], answer["email"], answer["coins"])),
    "notifications": ("/notifications?limit=10", ids),
    "unread": ("/notifications/unread/count", lambda answer: answer["unreadCount"]),
    "own work": (
        "/submissions/worker/my-submissions?page=1&limit=10",
        lambda answer: (ids(answer["submissions"]), answer["total"]),
    ),
    "log in": ("/auth/login", lambda answer: (bool(answer["token"]), answer["user"]["email"])),
}


def fact(contender, call, token):
    """What an answer to a worker says; of an answer of another form, what it lacks."""
    path, pick = FACTS[call]
    body = {"email": "worker0@example.com", "password": seed.PASSWORD} if call == "log in" else None
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if call in ("list", "log in"):
        del headers["Authorization"]
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(f"{contender.base_url}/api{path}", data, headers)
    try:
        with direct().open(request, timeout=60) as answer:
            return pick(json.load(answer))
    except (OSError, ValueError, KeyError, TypeError) as failure:
        return repr(failure)


def check(contenders, token, say):
    """Of the old server's answers some are known to be others."""
    for call in FACTS:
        facts = {one.name: fact(one, call, token) for one in contenders}
        first = next(iter(facts.values()))
        if others := {name: told for name, told in facts.items() if told != first}:
            text = f"{call}: {next(iter(facts))} answers {first}, but {others}"
            if set(others) != {"old"}:
                raise Failed(text)
            say(text)
