"""Contract, sections 1 to 9: every call x every kind of caller x own and another's record.

What is expected stands in access_matrix.csv, one line a call. A call that the service has and the
file lacks fails here too: whoever adds one says who may make it.
"""

import csv
import pathlib
import re

import pytest
from bson import ObjectId

import described
from client import (
    PASSWORD,
    UNKNOWN_ID,
    assert_error,
    eventually,
    faults,
    ok,
    register_input,
    task_input,
    unique,
    user_token,
)
from market import (
    approve,
    notification,
    pass_deadline,
    post_task,
    reject,
    stored_task,
    submit,
    withdraw,
)
from promises import promise

FILE = pathlib.Path(__file__).with_name("access_matrix.csv")
CALLERS = ["anonymous", "worker", "buyer", "admin", "demoted", "deleted"]

# What a call needs besides its record, for it to be a good one, where the document's examples of the
# members that it needs would not do.
BODIES = {
    "POST /api/auth/register": lambda scene: register_input(),
    "POST /api/auth/login": lambda scene: {"email": scene.email, "password": PASSWORD},
    "PUT /api/auth/profile": lambda scene: {"name": "Another Name"},
    "PUT /api/auth/password": lambda scene: {
        "currentPassword": PASSWORD,
        "newPassword": PASSWORD + "2",
    },
    "POST /api/tasks": lambda scene: task_input(),
    "PUT /api/tasks/:id": lambda scene: {"task_title": "Another title"},
    "POST /api/submissions": lambda scene: {
        "task_id": scene.task(own=False),
        "submission_details": "Done.",
    },
    "PUT /api/submissions/:id/reject": lambda scene: {"reason": "No"},
    "POST /api/submissions/review": lambda scene: {
        "ids": [scene.submission(own=False)],
        "status": "approved",
    },
    "PUT /api/withdrawals/:id/reject": lambda scene: {"reason": "No"},
    "PUT /api/payments/confirm/:paymentId": lambda scene: {"transactionId": unique("txn-")},
    "PUT /api/admin/users/:id/role": lambda scene: {"role": "admin"},
    "POST /api/admin/users/:id/adjust": lambda scene: {"coins": 1, "reason": "Paid twice"},
}


def example(call):
    """What the document shows of the members that the call needs, or None when it needs none."""
    method, path = call.replace("/api", "", 1).split()
    content = described.described(method, path).get("requestBody", {}).get("content", {})
    schema = described.resolve(content.get("application/json", {}).get("schema", {}))
    needed = {name: schema["properties"][name] for name in schema.get("required", [])}
    return {name: member["examples"][0] for name, member in needed.items()} or None


def good_body(call, scene):
    return BODIES[call](scene) if call in BODIES else example(call)


def read_matrix():
    lines = [line for line in FILE.read_text().splitlines() if line and not line.startswith("#")]
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines)]
    assert rows[0] == ["method", "path", *CALLERS]
    matrix = {f"{row[0]} {row[1]}": dict(zip(CALLERS, row[2:])) for row in rows[1:]}
    assert len(matrix) == len(rows) - 1, "a call stands here twice"
    return matrix


MATRIX = read_matrix()


def grants(cell):
    return any(expected[0] == "2" for expected in cell.split("/"))


class Scene:
    """One caller before one call, with the record that the call is about."""

    def __init__(self, stack, call, kind):
        self.stack, self.call, self.kind = stack, call, kind
        self.role = said = kind
        if kind in ("demoted", "deleted"):
            said = next(
                (role for role in ("admin", "buyer", "worker") if grants(MATRIX[call][role])),
                "admin",
            )
            # Records of one's own are made in this role; a former admin is a mere worker now.
            self.role = "worker" if (kind, said) == ("demoted", "admin") else said
        self.user = None if kind == "anonymous" else stack.user(self.role, 1000)
        self.token = self.user and user_token(stack.jwt_secret, self.user.id, self.user.email, said)
        self.after = "buyer" if said == "worker" else "worker"

    def fall(self):
        """The moment of demotion or deletion, after the record was made."""
        users = self.stack.db.users
        if self.kind == "demoted":
            users.update_one({"_id": ObjectId(self.user.id)}, {"$set": {"role": self.after}})
        if self.kind == "deleted":
            self.document = users.find_one_and_delete({"_id": ObjectId(self.user.id)})

    def rise(self):
        """The books know a deleted user's coins: the account is put back."""
        if self.kind == "deleted":
            self.stack.db.users.insert_one(self.document)
        if self.role == "admin" and self.user:
            self.stack.retire(self.user)

    @property
    def email(self):
        return (self.user or self.stack.user("worker")).email

    def task(self, own):
        buyer = self.user if own and self.role == "buyer" else self.stack.user("buyer", 1000)
        task = post_task(buyer)
        if own and self.role == "worker":
            submit(self.user, task)
        return task["_id"]

    def submission(self, own):
        buyer = self.user if own and self.role == "buyer" else self.stack.user("buyer", 1000)
        worker = self.user if own and self.role == "worker" else self.stack.user("worker")
        return submit(worker, post_task(buyer))["_id"]

    def withdrawal(self, own):
        own = own and self.role == "worker"
        return withdraw(self.user if own else self.stack.user("worker", 1000))["_id"]

    def payment(self, own):
        buyer = self.user if own and self.role == "buyer" else self.stack.user("buyer")
        answer = buyer.api.post("/payments/create-payment", json={"coins": 10})
        return ok(answer, 201)["payment"]["_id"]

    def record(self, own):
        """(collection, id), or None for a call that is about no record."""
        if "/submissions/task/" in self.call or "/tasks/:" in self.call:
            return "tasks", self.task(own)
        if "/submissions/:" in self.call:
            return "submissions", self.submission(own)
        if "/withdrawals/:" in self.call:
            return "withdrawals", self.withdrawal(own)
        if "/notifications/:" in self.call:
            user = self.user if own and self.user else self.stack.user("worker")
            return "notifications", notification(self.stack.db, user)
        if "/payments/confirm/:" in self.call:
            return "payments", self.payment(own)
        if "/users/:" in self.call:
            return "users", self.user.id if own and self.user else self.stack.user("worker").id
        return None


def send(stack, method, path, token, body):
    """A stream has no end: of its answer only a refusal is read."""
    if (method, path) != ("GET", "/notifications/stream"):
        return stack.api.request(method, path, token=token, json=body)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with stack.http.stream(method, "/api" + path, headers=headers) as answer:
        if answer.status_code >= 400:
            answer.read()
        return answer


def ask(stack, call, kind, own):
    """Makes the call as this kind of caller. A refusal must leave the record as it was."""
    scene = Scene(stack, call, kind)
    collection, record = scene.record(own) or (None, None)
    method, path = call.split()
    path = "/".join(
        record if part.startswith(":") else part for part in path.removeprefix("/api").split("/")
    )
    body = good_body(call, scene)
    scene.fall()
    before = record and stack.db[collection].find_one({"_id": ObjectId(record)})
    try:
        answer = send(stack, method, path, scene.token, body)
    finally:
        after = record and stack.db[collection].find_one({"_id": ObjectId(record)})
        scene.rise()
    assert (
        answer.status_code < 400 or after == before
    ), f"{call} by {kind}: refused, but the record has changed"
    return answer


def fits(answer, expected):
    if expected in ("role", "owner"):
        code = {"role": "forbidden", "owner": "not_owner"}[expected]
        return answer.status_code == 403 and answer.json()["code"] == code
    return answer.status_code == int(expected)


@promise("1 Errors", "401: no, invalid or expired token", "403: wrong role or not the owner")
@promise(
    "1 Identity",
    "A request acts with the user's current existence, not the token's: a deleted user gets 401",
    "A request acts with the user's current role: a changed one counts at once",
)
@promise("3 POST /register", "Public: anybody may, also with any token")
@promise("3 GET /me, PUT /profile", "Both are for anyone with a token")
@promise("4 GET /", "Public, token optional")
@promise("4 POST /", "For buyers")
@promise("4 PUT /:id", "For its owner")
@promise("4 POST /:id/slots", "For its owner")
@promise("4 DELETE /:id", "For its owner")
@promise("5 POST /", "For workers")
@promise(
    "5 Lists",
    "GET /worker/my-submissions, for workers: own, newest first",
    "GET /worker/approved, for workers: {approvedSubmissions, totalEarnings, total, …}",
    "GET /buyer/review, for buyers: pending ones on own tasks, oldest first",
    "GET /, for admins: all, newest first",
)
@promise("5 GET /:id", "For its worker, its buyer, admins")
@promise(
    "5 Reviews",
    "approve, reject and status are for the task's buyer and admins",
    "POST /review, for buyers and admins: {ids (1..100), status, reason?}",
)
@promise("6 POST /", "For workers")
@promise(
    "6 Lists",
    "GET /worker/history, for workers: own, newest first",
    "GET /admin/pending, GET /pending, for admins: pending ones",
)
@promise(
    "6 Decisions",
    "PUT /:id/approve, for admins: the held coins leave → {message, withdrawal, workerNewBalance, "
    "workerCoinsRemaining}",
    "PUT /:id/reject, for admins: {reason?} → {message, withdrawal}",
)
@promise(
    "7 GET /packages, POST /create-payment",
    "GET /packages, public: a plain array [{coins, price}]",
    "POST /create-payment, for buyers: {coins: a package}",
)
@promise("7 PUT /confirm/:paymentId", "For its buyer")
@promise(
    "7 POST /dummy-payment",
    "For buyers: {coins: a package} → 201 {message, payment, newBalance}",
)
@promise("7 POST /purchase-coins", "For buyers: {coins, amount, paymentMethodId?}: a package")
@promise(
    "7 GET /history",
    "For buyers: {payments, total, pages, totalPages, currentPage, next, totalAmount} newest first",
)
@promise(
    "8 The calls",
    "PUT /:id/read, by its owner → the notification",
    "DELETE /:id, by its owner: archived (kept, not listed or counted) → {message}",
)
@promise(
    "8 Streams",
    "POST /stream-ticket, for anyone with a token → {ticket}",
    "GET /stream, by token or `?ticket=`",
)
@promise("9 GET /stats", "For admins: all the numbers named below")
@promise("9 GET /users", "For admins: newest first")
@promise("9 PUT /users/:id/role", "For admins: {role} → {message, user}")
@promise("9 POST /users/:id/adjust", "For admins: {coins, reason} → {message, user}")
@promise("9 DELETE /users/:id", "For admins → 200 {message}", "409 for oneself")
@promise(
    "9 Tasks",
    "GET /tasks, for admins: all tasks but cancelled ones, newest first, each with `submissionCount`",
    "DELETE /tasks/:id, for admins: as the owner's delete",
)
@promise(
    "9 GET /audit",
    "For admins: {balanced, asOf, coins, pending_coins, escrow, opening, bonuses, purchases, adjustments, "
    "payouts, forfeits, reversals, users, tasks, differences}",
)
@promise(
    "9 GET /ledger, GET /top-workers",
    "GET /ledger, for admins: {entries: [{_id, from, to, coins, kind, user?, task?, actor, request_id, at}], "
    "…} newest first",
    "GET /top-workers, for anyone with a token: as /tasks/top-workers",
)
@pytest.mark.parametrize("call", MATRIX)
def test_who_may(stack, call, fresh_throttle, books):
    wrong = []
    for kind, cell in MATRIX[call].items():
        for own, expected in zip((True, False), (cell.split("/") * 2)[:2]):
            if ":" not in call and not own:
                continue  # no record
            answer = ask(stack, call, kind, own)
            if not fits(answer, expected):
                said = answer.json().get("code", "") if answer.status_code >= 400 else ""
                wrong.append(
                    f"{kind}, {'own' if own else 'foreign'}: "
                    f"expected {expected}, got {answer.status_code} {said}"
                )
    assert not wrong, "\n".join(wrong)


def test_every_call_of_the_service_has_its_line(stack):
    listed = stack.ctl("routes")
    assert listed.returncode == 0, listed.stderr
    calls = {" ".join(line.split()[:2]) for line in listed.stdout.splitlines() if line.strip()}
    assert calls - set(MATRIX) == set(), "the service has calls that access_matrix.csv lacks"
    assert set(MATRIX) - calls == set(), "access_matrix.csv has calls that the service lacks"


@promise("1 Requests", "A malformed id is 400", "An unknown id is 404")
@pytest.mark.parametrize("call", [call for call in MATRIX if ":" in call])
def test_a_malformed_id_is_400_and_an_unknown_one_404_in_every_call(stack, call):
    """For who may make the call, and makes it well."""
    role = next(role for role in ("worker", "buyer", "admin") if grants(MATRIX[call][role]))
    user = stack.user(role)
    method, path = call.replace("/api", "", 1).split()
    body = good_body(call, None)
    for record, status, code in (("42", 400, "invalid_id"), (UNKNOWN_ID, 404, "not_found")):
        asked = re.sub(r":\w+", record, path)
        assert_error(user.api.request(method, asked, json=body), status, code)
    if role == "admin":
        stack.retire(user)


# --- the change of a role ---


def change_role(admin, user, role):
    return admin.api.put(f"/admin/users/{user.id}/role", json={"role": role})


@promise("2 Roles", "Admins are promoted by an admin", "None on a later change of role")
@promise("9 PUT /users/:id/role", "For admins: {role} → {message, user}")
def test_a_role_is_changed_at_once_and_without_a_bonus(admin, new_worker, books):
    user = new_worker(7)
    answer = ok(change_role(admin, user, "buyer"))
    assert answer["message"]
    assert (answer["user"]["_id"], answer["user"]["role"], answer["user"]["coins"]) == (
        user.id,
        "buyer",
        7,
    )
    assert "password" not in answer["user"]
    ok(user.api.get("/tasks/buyer/my-tasks"))
    assert_error(user.api.get("/submissions/worker/my-submissions"), 403, "forbidden")
    ok(change_role(admin, user, "admin"))
    ok(user.api.get("/admin/audit"))


@promise("9 PUT /users/:id/role", "409 while the user has open tasks")
def test_a_role_waits_for_open_tasks(admin, buyer, new_worker, db, stack, books):
    """Ended is ended, whichever way: completed, cancelled, or expired."""
    completed, cancelled, expired = (post_task(buyer, required_workers=1) for _ in range(3))
    submission = submit(new_worker(), completed)
    assert_error(change_role(admin, buyer, "worker"), 409, "conflict")
    approve(buyer, submission)
    eventually(lambda: stored_task(db, completed)["status"] == "completed", within=1)
    assert_error(change_role(admin, buyer, "worker"), 409, "conflict")
    ok(buyer.api.delete(f"/tasks/{cancelled['_id']}"))
    assert_error(change_role(admin, buyer, "worker"), 409, "conflict")
    pass_deadline(db, expired)
    assert stack.ctl("sweep").returncode == 0
    ok(change_role(admin, buyer, "worker"))


@promise("9 PUT /users/:id/role", "409 while the user has pending submissions")
@pytest.mark.parametrize("verdict", [approve, reject])
def test_a_role_waits_for_pending_submissions(admin, buyer, worker, verdict, books):
    submission = submit(worker, post_task(buyer))
    assert_error(change_role(admin, worker, "buyer"), 409, "conflict")
    ok(change_role(admin, worker, "worker"))
    verdict(buyer, submission)
    ok(change_role(admin, worker, "buyer"))


@promise("2 Roles", "Roles: `worker`, `buyer`, `admin`")
@promise("9 PUT /users/:id/role", "For admins: {role} → {message, user}")
def test_a_role_is_one_of_three_and_the_user_must_exist(admin, worker):
    for bad in ("root", "", None):
        refused = change_role(admin, worker, bad)
        assert refused.status_code == 400 and set(faults(refused)) == {"role"}
    assert_error(
        admin.api.put(f"/admin/users/{UNKNOWN_ID}/role", json={"role": "buyer"}), 404, "not_found"
    )
    assert_error(admin.api.put("/admin/users/42/role", json={"role": "buyer"}), 400, "invalid_id")
