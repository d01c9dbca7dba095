"""Contract, section 10: whatever bears no mark is adopted whenever init-db runs, beside running workers; readiness and
the audit name it until then.
"""

import datetime
import re
import threading
import time

import pytest
from bson import Int64, ObjectId

from client import PASSWORD, Api, assert_error, ok, register_input, unique, user_token
from conftest import own_stack
from fail_points import held_up
from market import approve, post_task, stored_submission, stored_task, submit, withdraw
from old_server import MISSING
from profiling import profiled
from promises import promise
from test_adoption import COLLECTIONS, Chaos, Place, comparable, dump, rules, spawn


class Late(Place):
    """A market of ours that is in use, and an older server that writes into it."""

    def __init__(self, stack):
        super().__init__(stack, stack.db.name)
        self.api = stack.api

    def log_in(self, email, status=200):
        answer = self.api.post("/auth/login", json={"email": email, "password": PASSWORD})
        return ok(answer, status)

    def api_of(self, user):
        token = user_token(self.stack.jwt_secret, user["_id"], user["email"], user["role"])
        return Api(self.stack.http, token)

    def audit(self):
        return ok(self.stack.user("admin").api.get("/admin/audit"))

    def ready(self):
        return ok(self.api.get("/health/ready"))

    def tidy(self):
        """Records that no call made, and the journal does not know."""
        self.ctl("init-db")


@pytest.fixture(scope="module")
def service():
    with own_stack("--no-demo", env={"REGISTER_LIMIT": "0", "RATE_LIMIT": "0"}) as service:
        yield service


@pytest.fixture
def late(service):
    here = Late(service)
    yield here
    assert "balanced" in here.ctl("audit")
    assert "unadopted" not in here.ready()


@pytest.fixture
def people(late):
    """Ours."""
    return late.stack.user("buyer", 1000), late.stack.user("worker", 500)


@promise("1 Health", "Ready is 200 while single records are to be adopted, which it names")
@promise("10 init-db", "Readiness and the audit name such records until then")
def test_readiness_and_the_audit_name_what_is_to_be_adopted(late):
    """The market goes on meanwhile."""
    assert "unadopted" not in late.ready() and "unadopted" not in late.audit()
    rich, poor = late.old.user("worker", 70), late.old.user("worker", 0)
    buyer = late.old.user("buyer", 0)
    task = late.old.task(buyer, 3, 10)
    late.old.submission(rich, task)
    late.old.withdrawal(rich, 30)
    late.old.payment(buyer)
    late.old.notification(poor)
    counts = {"users": 3, **{name: 1 for name in COLLECTIONS if name != "users"}}
    assert late.ready()["unadopted"] == counts
    ok(late.api.get("/tasks"))
    audit = late.audit()
    assert audit["balanced"] is False and audit["unadopted"] == counts
    differences = {one["_id"]: one for one in audit["differences"]}
    assert set(differences) == {str(rich["_id"]), str(task["_id"])}
    for record, found in ((rich, 70), (task, 40)):
        one = differences[str(record["_id"])]
        assert (one["kind"], one["expected"], one["found"]) == ("missing", 0, found)
    said = late.stack.ctl("audit")
    assert said.returncode == 1 and "users: 3 not adopted" in said.stdout
    said = late.adopt()
    assert "users: 3 adopted" in said and "nothing was changed" not in said
    assert late.audit()["balanced"] is True


@promise(
    "10 init-db",
    "It adopts whatever is neither adopted nor ours, whenever it is run: what was restored, and what the old "
    "server wrote late",
)
def test_records_that_all_come_late_are_adopted_as_they_would_have_been_before(late):
    buyer, worker = late.old.user("buyer", 100.5), late.old.user("worker", 500, pending_coins=100)
    task = late.old.task(buyer, 4, 10)
    work = late.old.submission(worker, task)
    asked = late.old.withdrawal(worker, 200)
    late.adopt()
    assert (late.user(buyer)["coins"], late.user(buyer)["open_tasks"]) == (100, 1)
    found = late.user(worker)
    assert [found[name] for name in ("coins", "pending_coins", "pending_submissions")] == [
        400,
        200,
        1,
    ]
    assert late.task(task)["required_workers"] == 3
    mine, admin = late.api_of(buyer), late.stack.user("admin")
    ok(mine.put(f"/submissions/{work['_id']}/approve"))
    ok(admin.api.put(f"/withdrawals/{asked['_id']}/approve"))
    ok(mine.delete(f"/tasks/{task['_id']}"))
    assert late.user(buyer)["coins"] == 130 and late.user(worker)["coins"] == 410


@promise(
    "10 init-db",
    "It adopts whatever is neither adopted nor ours, whenever it is run: what was restored, and what the old "
    "server wrote late",
)
def test_late_work_takes_an_open_slot_of_a_task_of_ours_or_is_rejected(late, people):
    buyer, worker = people
    task = post_task(buyer, required_workers=2, payable_amount=5)
    document = stored_task(late.db, task)
    others = [late.old.user("worker", 0) for _ in range(2)]
    works = [late.old.submission({"email": worker.email, "name": ""}, document)]
    works += [late.old.submission(other, document) for other in others]
    said = late.adopt()
    states = [late.work(work)["status"] for work in works]
    assert sorted(states) == ["pending", "pending", "rejected"]
    assert "took an open slot" in said and "has no slot for it: rejected" in said
    assert stored_task(late.db, task)["required_workers"] == 0
    counted = late.db.users.find_one({"_id": ObjectId(worker.id)})["pending_submissions"]
    assert counted == (states[0] == "pending")
    for work, state in zip(works, states):
        if state == "pending":
            ok(buyer.api.put(f"/submissions/{work['_id']}/approve"))
    assert stored_task(late.db, task)["status"] == "completed"


@promise(
    "10 init-db",
    "It adopts whatever is neither adopted nor ours, whenever it is run: what was restored, and what the old "
    "server wrote late",
)
def test_work_of_ours_that_was_restored_has_its_slot_already(late, people):
    """Pending as it was; paid since; handed in to a task whose slots are all taken."""
    buyer, worker = people
    task = post_task(buyer, required_workers=3, payable_amount=5)
    other = late.stack.user("worker", 0)
    waiting, paid = submit(worker, task), submit(other, task)
    before = [stored_submission(late.db, one) for one in (waiting, paid)]
    approve(buyer, paid)
    for document in before:
        for field in ("adopted", "slot_key", "worker_id"):
            document.pop(field)
        late.db.submissions.replace_one({"_id": document["_id"]}, document)
    said = late.adopt()
    assert "paid by the journal: approved" in said and "took an open slot" not in said
    assert stored_task(late.db, task)["required_workers"] == 1
    assert [stored_submission(late.db, one)["status"] for one in (waiting, paid)] == [
        "pending",
        "approved",
    ]
    approve(buyer, waiting)
    assert (worker.coins(), other.coins()) == (505, 5)


@promise(
    "10 init-db",
    "It adopts whatever is neither adopted nor ours, whenever it is run: what was restored, and what the old "
    "server wrote late",
)
def test_a_late_task_of_a_buyer_of_ours_is_opened_and_counted(late, people):
    buyer, _ = people
    owner = {"_id": ObjectId(buyer.id), "email": buyer.email, "name": buyer.name}
    task = late.old.task(owner, 2, 10)
    late.adopt()
    assert late.opened("task", task) == 20
    assert late.user(owner)["open_tasks"] == 1
    assert ok(buyer.api.delete(f"/tasks/{task['_id']}"))["refundedAmount"] == 20
    assert late.user(owner)["open_tasks"] == 0


@promise(
    "10 init-db",
    "It adopts whatever is neither adopted nor ours, whenever it is run: what was restored, and what the old "
    "server wrote late",
)
def test_late_withdrawals_of_a_worker_of_ours_are_held_from_coins_or_rejected(late, people):
    _, worker = people
    owner = {"email": worker.email, "name": worker.name}
    first, second = late.old.withdrawal(owner, 300), late.old.withdrawal(owner, 300)
    late.adopt()
    states = {one["_id"]: late.withdrawal(one)["status"] for one in (first, second)}
    assert sorted(states.values()) == ["pending", "rejected"]
    user = late.db.users.find_one({"_id": ObjectId(worker.id)})
    assert (user["coins"], user["pending_coins"], user["pending_withdrawals"]) == (200, 300, 1)
    [held] = [record for record, state in states.items() if state == "pending"]
    ok(late.stack.user("admin").api.put(f"/withdrawals/{held}/reject"))
    assert worker.coins() == 500


@promise(
    "10 init-db",
    "It adopts whatever is neither adopted nor ours, whenever it is run: what was restored, and what the old "
    "server wrote late",
)
def test_a_withdrawal_of_ours_that_was_restored_is_what_the_journal_says(late, people):
    _, worker = people
    admin = late.stack.user("admin")
    late.db.users.update_one({"_id": ObjectId(worker.id)}, {"$inc": {"coins": Int64(100)}})
    late.db.ledger.update_one(
        {"_id": f"opening:user:{worker.id}"}, {"$inc": {"coins": Int64(100)}}
    )
    made = [withdraw(worker) for _ in range(3)]
    before = [late.db.withdrawals.find_one({"_id": ObjectId(one["_id"])}) for one in made]
    ok(admin.api.put(f"/withdrawals/{made[0]['_id']}/approve"))
    ok(admin.api.put(f"/withdrawals/{made[1]['_id']}/reject"))
    for document in before:
        del document["adopted"]
        late.db.withdrawals.replace_one({"_id": document["_id"]}, document)
    assert "decided by the journal" in late.adopt()
    states = [late.withdrawal(one)["status"] for one in before]
    assert states == ["approved", "rejected", "pending"]
    user = late.db.users.find_one({"_id": ObjectId(worker.id)})
    assert (user["coins"], user["pending_coins"], user["pending_withdrawals"]) == (200, 200, 1)


@promise(
    "10 init-db",
    "It adopts whatever is neither adopted nor ours, whenever it is run: what was restored, and what the old "
    "server wrote late",
)
@pytest.mark.parametrize("status", ["pending", "failed"])
def test_a_payment_of_ours_that_was_restored_is_what_the_journal_says(late, people, status):
    """Credited before, it is completed, not open for ever; what nobody paid yet stays as it is."""
    buyer, _ = people
    made = [
        ok(buyer.api.post("/payments/create-payment", json={"coins": 10}), 201)["payment"]
        for _ in range(2)
    ]
    before = [late.db.payments.find_one({"_id": ObjectId(one["_id"])}) for one in made]
    path = f"/payments/confirm/{made[0]['_id']}"
    intent = unique("pi_")
    ok(buyer.api.put(path, json={"transactionId": intent}))
    for document in before:
        del document["adopted"]
        late.db.payments.replace_one(
            {"_id": document["_id"]}, {**document, "status": status, "intent_id": f"{intent}"}
        )
        intent = unique("pi_")
    assert "credited by the journal" in late.adopt()
    states = [late.db.payments.find_one({"_id": one["_id"]}) for one in before]
    assert [one["status"] for one in states] == ["completed", status]
    assert states[0]["transaction_id"] == states[0]["txn_key"] == states[0]["intent_id"]
    answer = buyer.api.put(path, json={"transactionId": states[0]["intent_id"]})
    assert ok(answer)["newBalance"] == 1010
    assert_error(buyer.api.put(path, json={"transactionId": unique("pi_")}), 409, "conflict")


@promise(
    "10 init-db",
    "It adopts whatever is neither adopted nor ours, whenever it is run: what was restored, and what the old "
    "server wrote late",
)
def test_a_late_account_whose_address_is_taken_is_told(late):
    """The one that is in the books keeps the address."""
    email = f"{unique('rosa')}@old.example"
    ours = ok(late.api.post("/auth/register", json=register_input(email=email)), 201)["user"]
    twin = late.old.user("worker", 5, email=f"{email.title()} ")
    bare = late.old.user("worker", 5, email=f" {email}")
    said = late.adopt()
    assert re.search(rf"e-mail of an older account.*{twin['_id']}", said), said
    assert re.search(rf"cannot log in.*{bare['_id']}", said), said
    assert "email_key" not in late.user(twin) and "email_key" not in late.user(bare)
    assert late.log_in(email)["user"]["_id"] == ours["_id"]
    assert late.log_in(email.title())["user"]["_id"] == str(twin["_id"])


@promise(
    "10 init-db",
    "Readiness and the audit name such records until then",
    "A restore that kept `meta` and `ledger`, or lost the `ledger`, is noticed",
)
def test_users_and_tasks_restored_over_ours_are_named_and_not_opened_twice(late, people):
    """meta and ledger were kept: the audit goes by the journal, and nothing is made up."""
    buyer, worker = people
    task = post_task(buyer, required_workers=2, payable_amount=5)
    old_user = late.db.users.find_one({"_id": ObjectId(buyer.id)})
    post_task(buyer, required_workers=1, payable_amount=100)
    for field in ("adopted", "open_tasks", "pending_submissions", "pending_withdrawals"):
        old_user.pop(field, None)
    now_user = late.db.users.find_one_and_replace({"_id": old_user["_id"]}, old_user)
    gone = late.db.users.find_one_and_delete({"_id": ObjectId(worker.id)})
    try:
        assert late.ready()["unadopted"] == {"users": 1}
        differences = {(one["_id"], one["kind"]): one for one in late.audit()["differences"]}
        assert differences[(buyer.id, "missing")]["found"] == 990
        assert differences[(worker.id, "missing")]["expected"] == 500
        assert_error(buyer.api.delete(f"/tasks/{task['_id']}"), 409, "conflict")
        said = late.ctl("init-db")
        assert "the journal knows it already" in said
        assert late.user(old_user)["coins"] == 990, "nobody's balance is made up"
        [one] = [one for one in late.audit()["differences"] if one["_id"] == buyer.id]
        assert (one["kind"], one["expected"], one["found"]) == ("coins", 890, 990)
    finally:
        late.db.users.replace_one({"_id": now_user["_id"]}, now_user)
        late.db.users.insert_one(gone)


@promise("10 init-db", "A restore that kept `meta` and `ledger`, or lost the `ledger`, is noticed")
def test_a_whole_restore_of_the_older_data_is_adopted_to_the_same(stack):
    """Everything but meta and ledger, from the backup made before adoption."""
    here = Place(stack)
    try:
        buyer, worker = here.old.user("buyer", 100), here.old.user("worker", 500)
        task = here.old.task(buyer, 3, 10)
        here.old.submission(worker, task)
        here.old.withdrawal(worker, 200)
        backup = {name: list(here.db[name].find()) for name in COLLECTIONS}
        here.adopt()
        first = {name: list(here.db[name].find().sort("_id", 1)) for name in ("users", "tasks")}
        for name, records in backup.items():
            here.db[name].delete_many({})
            if records:
                here.db[name].insert_many(records)
        here.ctl("init-db")
        for name, records in first.items():
            assert comparable(list(here.db[name].find().sort("_id", 1))) == comparable(records)
        assert "balanced" in here.ctl("audit")
        assert here.opened("task", task) == 30 and here.opened("user", buyer) == 100
    finally:
        stack.mongo.drop_database(here.name)


@promise("10 init-db", "A restore that kept `meta` and `ledger`, or lost the `ledger`, is noticed")
def test_a_journal_that_was_dropped_is_noticed(stack):
    here = Place(stack)
    try:
        here.old.task(here.old.user("buyer", 100), 3, 10)
        here.adopt()
        assert "lacks" not in here.ctl("init-db")
        here.db.ledger.delete_many({})
        assert "The journal lacks 2 of the newest" in here.ctl("init-db")
        assert here.stack.ctl("audit", env=here.env).returncode == 1
    finally:
        stack.mongo.drop_database(here.name)


@pytest.fixture
def twice(stack):
    """twice(seed): any old data, adopted, and any more of it since, some of which belongs to the first."""
    made = []

    def make(seed):
        here = Place(stack)
        made.append(here.name)
        here.db.users.drop_index("email_1")
        Chaos(here, seed).fill()
        here.adopt()
        here.db.users.delete_one({"_id": "no ObjectId"})
        here.db.tasks.delete_one({"_id": 7})
        for name in COLLECTIONS:  # as a restore that bypasses them
            here.db.command("collMod", name, validationLevel="off")
        more = Chaos(here, seed + 50)
        more.ids = 10**6
        more.fill()
        tasks = list(here.db.tasks.find({"adopted": {"$gt": 0}}))
        users = list(here.db.users.find({"adopted": {"$gt": 0}, "email": {"$type": "string"}}))
        for n in range(60):
            here.old.submission(more.pick(*users), more.pick(*tasks), _id=more.id())
            here.old.withdrawal(more.pick(*users), 20 + n, _id=more.id())
            buyer = more.pick(*users)
            here.old.task(buyer, n % 4, 1 + n, _id=more.id())
        return here

    yield make
    for name in made:
        stack.mongo.drop_database(name)


@promise(
    "10 init-db",
    "It adopts whatever is neither adopted nor ours, whenever it is run: what was restored, and what the old "
    "server wrote late",
)
@pytest.mark.parametrize("seed", (21, 22, 23))
def test_any_late_data_is_adopted_balanced_once_and_as_a_dry_run_foretold(twice, seed):
    here = twice(seed)
    before = dump(here.db)
    foretold = here.ctl("init-db", "--dry-run")
    assert dump(here.db) == before
    done = here.adopt()
    assert "took an open slot" in done
    # what several records want of one in the books goes to the first who comes
    shared = ("slot", "held", "suffice", "adopted")
    alike = [line for line in rules(foretold) if not any(word in line for word in shared)]
    assert [line for line in rules(done) if not any(word in line for word in shared)] == alike
    after = dump(here.db)
    assert "nothing was changed" in here.ctl("init-db")
    assert dump(here.db) == after
    for name, field, counted in (
        ("tasks", "open_tasks", {"buyer_id": None, "status": "active"}),
        ("submissions", "pending_submissions", {"worker_id": None, "status": "pending"}),
        ("withdrawals", "pending_withdrawals", {"worker_id": None, "status": "pending"}),
    ):
        [owner] = [key for key, value in counted.items() if value is None]
        for user in here.db.users.find({"_id": {"$type": "objectId"}}):
            found = here.db[name].count_documents({**counted, owner: user["_id"]})
            assert user[field] == found, (user["_id"], field)


@promise(
    "10 init-db",
    "It adopts whatever is neither adopted nor ours, whenever it is run: what was restored, and what the old "
    "server wrote late",
)
def test_killed_at_any_moment_and_run_again_all_late_data_is_adopted(twice):
    here = twice(31)
    for wait in (0.05, 0.1, 0.15, 0.2, 0.3):
        process = spawn(here, "init-db")
        time.sleep(wait)
        process.kill()
        process.wait()
    here.adopt()
    assert "nothing was changed" in here.ctl("init-db")


@promise("10 init-db", "Records of ours of an earlier version get the mark, and keep their coins")
def test_an_earlier_version_s_records_get_the_mark_and_keep_their_coins(late, people):
    """Ours bore none then; workers of this version wait for it."""
    buyer, worker = people
    task = post_task(buyer, required_workers=3, payable_amount=5)
    done, waiting = submit(worker, task), submit(late.stack.user("worker", 0), task)
    approve(buyer, done)
    asked = withdraw(worker)
    admin = late.stack.ctl("create-admin", "Eve", f"{unique('eve')}@example.org", stdin=PASSWORD)
    assert admin.returncode == 0
    late.db.users.update_one({"name": "Eve"}, {"$set": {"role": "worker"}})
    before = dump(late.db)
    for name in COLLECTIONS:
        late.db[name].update_many({}, {"$unset": {"adopted": ""}})
    late.db.meta.update_one({"_id": "adopted"}, {"$set": {"version": 1}})
    assert late.api.get("/health/ready").status_code == 503
    said = late.adopt()
    assert "opening balance" not in said, said
    assert late.ready()["status"] == "OK"
    after = dump(late.db)
    for name in COLLECTIONS:
        for was, became in zip(before[name][2], after[name][2], strict=True):
            assert became == became | was | {"adopted": became["adopted"]}, name
    assert after["ledger"] == before["ledger"]
    approve(buyer, waiting)
    ok(late.stack.user("admin").api.put(f"/withdrawals/{asked['_id']}/reject"))


@promise(
    "10 init-db",
    "It adopts whatever is neither adopted nor ours, whenever it is run: what was restored, and what the old "
    "server wrote late",
)
def test_it_runs_beside_workers_that_write(late, people):
    """What they write bears the mark from the start, so nothing of it is adopted."""
    buyer, _ = people
    stop, failures = threading.Event(), []

    def work():
        worker = late.stack.user("worker", 0)
        while not stop.is_set():
            try:
                task = post_task(buyer, required_workers=1, payable_amount=1)
                approve(buyer, submit(worker, task))
            except AssertionError as failure:
                failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            user = late.old.user("worker", 5)
            task = late.old.task({"_id": ObjectId(buyer.id), "email": buyer.email, "name": ""}, 2, 3)
            late.old.submission(user, task)
            said = late.ctl("init-db")
            assert "users: 1 adopted" in said and "tasks: 1 adopted" in said
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures


@promise("10 init-db", "Safe beside running workers")
def test_workers_spend_their_coins_while_late_withdrawals_take_them(late):
    """What is read of a balance may be gone when the transaction comes to it: then it is planned anew."""
    workers = [late.stack.user("worker", 1000) for _ in range(4)]
    owners = [{"email": worker.email, "name": worker.name} for worker in workers]
    asked = [late.old.withdrawal(owner, 50) for _ in range(15) for owner in owners]
    body = {"withdrawal_coin": 200, "payment_system": "bkash", "account_number": "1"}
    answers = {worker.id: [] for worker in workers}

    def spend(worker):
        while not answers[worker.id] or answers[worker.id][-1] == 201:
            answers[worker.id].append(worker.api.post("/withdrawals", json=body).status_code)

    threads = [threading.Thread(target=spend, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    late.adopt()
    for thread in threads:
        thread.join()
    for worker in workers:
        mine = {"worker_id": ObjectId(worker.id), "status": "pending"}
        held = [one["withdrawal_coin"] for one in late.db.withdrawals.find(mine)]
        user = late.db.users.find_one({"_id": ObjectId(worker.id)})
        assert answers[worker.id][-1] == 400, answers
        assert (user["coins"], user["pending_coins"]) == (1000 - sum(held), sum(held))
        assert user["pending_withdrawals"] == len(held)
    assert {late.withdrawal(one)["status"] for one in asked} <= {"pending", "rejected"}


@promise("10 init-db", "Safe beside running workers")
def test_coins_that_come_during_a_run_cover_late_withdrawals(late):
    """However long it has been since all users were read."""
    worker = late.stack.user("worker", 0)
    asked = late.old.withdrawal({"email": worker.email, "name": worker.name}, 200)
    late.old.task(late.old.user("buyer", 0), 1, 10)
    with held_up(
        late.stack.mongo.admin, "update", ms=1000, collection=late.db.tasks
    ) as under_way:
        run = spawn(late, "init-db")
        under_way()
        correction = {"coins": 300, "reason": "Paid too little"}
        ok(late.stack.user("admin").api.post(f"/admin/users/{worker.id}/adjust", json=correction))
    assert run.wait(timeout=60) == 0
    user = late.db.users.find_one({"_id": ObjectId(worker.id)})
    assert late.withdrawal(asked)["status"] == "pending"
    assert (user["coins"], user["pending_coins"], user["pending_withdrawals"]) == (100, 200, 1)


@promise("10 init-db", "It adopts without reading what is adopted")
def test_where_nothing_is_to_be_adopted_it_reads_no_collection(late):
    """By an index that is empty then, however much there is."""
    for name in COLLECTIONS:
        plan = late.db[name].find({"adopted": None}).sort("_id", 1).explain()
        assert "unadopted" in str(plan["queryPlanner"]["winningPlan"]), name
    names = [f"{late.db.name}.{name}" for name in COLLECTIONS]
    with profiled(late.db, ns={"$in": names}) as ran:
        assert "nothing was changed" in late.ctl("init-db")
    mine = [one for one in ran if one.get("appName") == "microtask" and "$db" in one["command"]]
    assert mine
    for one in mine:
        assert one.get("planSummary") != "COLLSCAN" or one.get("docsExamined", 0) <= 1000, one
    looks = [one for one in mine if one["op"] == "command" and "count" in one["command"]]
    assert len(looks) >= len(COLLECTIONS)
    assert all(one.get("keysExamined", 0) + one.get("docsExamined", 0) <= 2 for one in looks), looks
