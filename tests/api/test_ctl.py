"""microtaskctl: what an operator does beside the running service; and the configuration."""

import datetime
import json
import pathlib
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pymongo
import pytest
from bson import Int64, ObjectId

from client import eventually, now, ok, task_input, unique, unique_email
from conftest import ROOT
from fail_points import held_up
from profiling import profiled
from promises import promise

pytestmark = pytest.mark.usefixtures("fresh_throttle")


def sentence(said):
    """What a refusal says: one sentence on standard error, and a status that is not 0."""
    assert said.returncode != 0, said.stdout
    lines = said.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].endswith("."), said.stderr
    return lines[0]


@pytest.fixture
def scratch(stack):
    """scratch() names an empty database on the same server: (database, environment for ctl)."""
    made = []

    def make():
        name = unique("scratch_")
        made.append(name)
        return stack.mongo[name], {
            "MONGODB_URI": stack.mongodb_uri.replace(f"/{stack.db.name}", f"/{name}", 1)
        }

    yield make
    for name in made:
        stack.mongo.drop_database(name)


# --- create-admin ---


def create_admin(stack, email, password="admin horse 6", name="Ada Min"):
    return stack.ctl("create-admin", name, email, stdin=password + "\n")


@promise("2 Roles", "Admins are made by `microtaskctl create-admin`")
def test_create_admin_makes_someone_who_can_log_in_as_admin(stack, api, books):
    email = unique_email("Admin")
    said = create_admin(stack, email)
    assert said.returncode == 0, said.stderr
    assert "admin horse 6" not in said.stdout + said.stderr
    session = ok(api.post("/auth/login", json={"email": email, "password": "admin horse 6"}))
    assert (session["user"]["role"], session["user"]["name"], session["user"]["coins"]) == (
        "admin",
        "Ada Min",
        0,
    )
    ok(api.get("/admin/audit", token=session["token"]))


def test_create_admin_refuses_a_taken_email_and_a_weak_password(stack, api, worker):
    sentence(create_admin(stack, worker.email.upper()))
    assert ok(worker.api.get("/auth/me"))["role"] == "worker", "nobody is promoted on the side"
    for email, password in (
        (unique_email(), ""),
        (unique_email(), "abc1"),
        (unique_email(), "only letters"),
        (unique_email(), "a1" * 37),
        ("no address", "admin horse 6"),
        ("a@b", "admin horse 6"),
        ("two@ats@example.org", "admin horse 6"),
        ("", "admin horse 6"),
    ):
        sentence(create_admin(stack, email, password))
        assert stack.db.users.count_documents({"email": email}) == 0


def test_create_admin_keeps_the_rules_of_a_registration(stack, api):
    email = unique_email()
    sentence(create_admin(stack, email, name=""))
    sentence(create_admin(stack, email, name="x" * 101))
    assert stack.db.users.count_documents({"email": email}) == 0
    assert create_admin(stack, f"  {email} ", name="  Ada  ").returncode == 0
    kept = stack.db.users.find_one({"email": email})
    assert (kept["name"], kept["role"]) == ("Ada", "admin")


@pytest.mark.parametrize(
    "arguments",
    [
        ["init-db", "--no-such"],
        ["audit", "now"],
        ["create-admin", "Ada"],
        ["create-admin", "Ada", "a@example.org", "secret"],
        ["routes", "all"],
        ["sweep", "--every", "0"],
        ["sweep", "--every", "5s"],
        ["sweep", "--once"],
        ["seed-demo", "--scale", "many"],
        ["seed-demo", "--scale"],
        ["seed-demo", "--scale", "1000001"],
        ["init-set", "rs0"],
        ["init-set", "rs0", "no address"],
        ["init-set", "rs0", "127.0.0.1:1"],
    ],
    ids=" ".join,
)
def test_arguments_that_mean_nothing_are_refused(stack, arguments):
    said = stack.ctl(*arguments)
    assert said.returncode != 0 and said.stdout == "" and said.stderr


# --- init-set ---


def test_init_set_tells_that_a_set_takes_writes_and_leaves_it_as_it_is(stack):
    admin = stack.mongo.admin
    before = admin.command("replSetGetConfig")["config"]
    said = stack.ctl("init-set", "other", before["members"][0]["host"])
    assert (said.returncode, said.stderr) == (0, "")
    assert admin.command("replSetGetConfig")["config"] == before


# --- init-db ---


def shape(db):
    """Collections with their options and indexes."""
    return {
        entry["name"]: (entry.get("options"), db[entry["name"]].index_information())
        for entry in db.list_collections()
    }


@promise("10 init-db", "`microtaskctl init-db` makes indexes and moderate validators")
def test_init_db_makes_collections_and_indexes_and_changes_nothing_when_run_again(stack, scratch):
    db, env = scratch()
    assert stack.ctl("init-db", env=env).returncode == 0
    made = shape(db)
    assert {
        "users",
        "tasks",
        "submissions",
        "ledger",
        "idempotency",
        "throttle",
        "notifications",
    } <= set(made)
    assert stack.ctl("init-db", env=env).returncode == 0
    assert shape(db) == made


@promise("10 init-db", "Safe beside running workers")
def test_init_db_is_safe_beside_itself(stack, scratch):
    db, env = scratch()
    with ThreadPoolExecutor(3) as pool:
        said = list(pool.map(lambda _: stack.ctl("init-db", env=env), range(3)))
    assert [one.returncode for one in said] == [0, 0, 0], [one.stderr for one in said]


@promise(
    "10 Collections",
    "Unique keys: users.email_key, the lower-cased address",
    "Unique keys: submissions.slot_key",
    "Unique keys: payments.txn_key",
    "Partial indexes, so that old duplicates stop nothing",
)
def test_unique_keys_leave_old_duplicates_alone(stack, scratch):
    """The unique indexes are partial: what the old server left double stops nothing."""
    db, env = scratch()
    assert stack.ctl("init-db", env=env).returncode == 0
    for name, key in (("users", "email_key"), ("submissions", "slot_key"), ("payments", "txn_key")):
        unique_ones = [one for one in db[name].index_information().values() if one.get("unique")]
        assert [(key, 1)] in [index["key"] for index in unique_ones], name
        for index in unique_ones:
            assert "partialFilterExpression" in index, (name, index)


@promise("3 POST /register", "Two are the same when they differ in the case of ASCII letters alone")
def test_keys_of_addresses_made_by_an_earlier_rule_are_made_anew(stack, scratch):
    """It folded letters of every alphabet, so a look-alike held the key of another's address."""
    db, env = scratch()
    assert stack.ctl("init-db", env=env).returncode == 0
    db.meta.delete_one({"_id": "email_keys"})
    earlier = {
        "\u212aay@x.example": ("kay@x.example", "\u212aay@x.example"),
        "\u00c9mile@X.example": ("\u00e9mile@x.example", "\u00c9mile@x.example"),
        "Ann@x.example": ("ann@x.example", "ann@x.example"),
        "\u00c9@TWICE.example": ("\u00e9@twice.example", None),
        "\u00c9@twice.example": ("\u00c9@twice.example", "\u00c9@twice.example"),
    }
    for address, (key, _) in earlier.items():
        fields = {"name": "x", "role": "worker", "coins": Int64(0), "adopted": 2}
        db.users.insert_one({"email": address, "email_key": key, **fields})
    assert "users: 3 keys of addresses made anew" in stack.ctl("init-db", env=env).stdout
    kept = {user["email"]: user.get("email_key") for user in db.users.find()}
    assert kept == {address: key for address, (_, key) in earlier.items()}
    before = shape(db)
    assert "made anew" not in stack.ctl("init-db", env=env).stdout and shape(db) == before


@promise("10 Collections", "`idempotency`, `throttle`, `tickets` (TTL)")
def test_what_is_kept_for_a_time_is_removed_by_mongodb(stack, scratch):
    db, env = scratch()
    assert stack.ctl("init-db", env=env).returncode == 0
    for name in ("idempotency", "throttle", "tickets"):
        indexes = db[name].index_information().values()
        ttl = [
            (one["key"], one["expireAfterSeconds"])
            for one in indexes
            if "expireAfterSeconds" in one
        ]
        assert ttl == [([("expires_at", 1)], 0)], name


@promise("2 Balances", "Neither is ever negative")
@promise("10 init-db", "`microtaskctl init-db` makes indexes and moderate validators")
def test_validators_keep_balances_from_becoming_negative(stack, db, worker):
    for change in ({"coins": Int64(-1)}, {"pending_coins": Int64(-1)}):
        with pytest.raises(pymongo.errors.WriteError, match="[vV]alidation"):
            db.users.update_one({"_id": ObjectId(worker.id)}, {"$set": change})


@promise("10 init-db", "`microtaskctl init-db` makes indexes and moderate validators")
def test_validators_leave_older_documents_alone(stack, db):
    """They are moderate: what breaks a rule already may go on being written."""
    odd = {"_id": ObjectId(), "name": "Odd", "email": unique_email(), "coins": Int64(-5)}
    users = db.users.with_options(write_concern=pymongo.WriteConcern("majority"))
    users.insert_one(odd, bypass_document_validation=True)
    try:
        users.update_one({"_id": odd["_id"]}, {"$set": {"name": "Still odd"}})
        with pytest.raises(pymongo.errors.WriteError, match="[vV]alidation"):
            users.insert_one({**odd, "_id": ObjectId()})
    finally:
        users.delete_one({"_id": odd["_id"]})


# --- audit ---


def test_audit_tells_by_its_exit_status_whether_the_books_balance(stack, scratch):
    db, env = scratch()
    assert stack.ctl("init-db", env=env).returncode == 0
    said = stack.ctl("audit", env=env)
    assert said.returncode == 0 and "balanced" in said.stdout
    user = db.users.insert_one(
        {
            "name": "X",
            "email": "x@example.org",
            "email_key": "x@example.org",
            "role": "worker",
            "coins": Int64(3),
            "pending_coins": Int64(0),
            "createdAt": now(),
        }
    ).inserted_id
    said = stack.ctl("audit", env=env)
    assert said.returncode == 1
    assert str(user) in said.stdout and "NOT BALANCED" in said.stdout.upper()


# --- sweep ---


def overdue_task(db, buyer):
    task = ok(buyer.api.post("/tasks", json=task_input()), 201)["task"]["_id"]
    past = now() - datetime.timedelta(days=2)
    db.tasks.update_one(
        {"_id": ObjectId(task)}, {"$set": {"completion_date": past, "expires_at": past}}
    )
    return task


@promise("9 GET /ledger, GET /top-workers", "actor is a user's id or `service`")
def test_sweep_refunds_overdue_tasks_once_however_many_run_at_once(stack, db, new_buyer, books):
    buyer = new_buyer(100)
    tasks = [overdue_task(db, buyer) for _ in range(5)]
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: stack.ctl("sweep"), range(4)))
    assert [one.returncode for one in said] == [0] * 4, [one.stderr for one in said]
    assert buyer.coins() == 100
    refunds = list(db.ledger.find({"to": f"user:{buyer.id}", "from": {"$regex": "^escrow:"}}))
    assert sorted(str(row["task"]) for row in refunds) == sorted(tasks)
    assert {row["actor"] for row in refunds} == {"service"}


# Preloaded, it has the driver give no connection at first but one, to the command itself.
NO_CONNECTIONS = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
void *mongoc_client_pool_pop(void *pool)
{
	static atomic_int asked;
	void *(*pop)(void *) = (void *(*)(void *))dlsym(RTLD_NEXT, "mongoc_client_pool_pop");
	int before = asked++;
	return before == 0 || before > 20 ? pop(pool) : NULL;
}
"""


@promise("2 Deadlines", "Within a minute its open slots are refunded")
def test_sweep_asks_again_for_a_connection_that_it_could_not_have(stack, db, new_buyer, tmp_path):
    buyer, library = new_buyer(100), tmp_path / "no-connections.so"
    command = ["cc", "-shared", "-fPIC", "-o", library, "-x", "c", "-", "-ldl"]
    subprocess.run(command, input=NO_CONNECTIONS, text=True, check=True)
    env = stack.ctl_environment({"LD_PRELOAD": str(library)})
    argv = [stack.env()["MICROTASKCTL"], "sweep", "--every", "1"]
    with stack.sweep_paused():
        overdue_task(db, buyer)
        with subprocess.Popen(argv, env=env, stderr=subprocess.DEVNULL) as sweep:
            try:
                eventually(lambda: buyer.coins() == 100)
            finally:
                sweep.terminate()


@promise("2 Deadlines", "Within a minute its open slots are refunded")
def test_sweep_refunds_many_at_once_and_one_bad_record_stops_no_other(
    stack, db, new_buyer, books
):
    """Groups share transactions; the one whose buyer is gone is left, and it alone."""
    buyer, gone = new_buyer(400), new_buyer(10)
    with stack.sweep_paused():  # or the stack's own takes some before all are there
        for _ in range(20):
            overdue_task(db, buyer)
        orphan = overdue_task(db, gone)
        for _ in range(20):
            overdue_task(db, buyer)
        kept = db.users.find_one_and_delete({"_id": ObjectId(gone.id)})
    try:
        stack.ctl("sweep")
        assert buyer.coins() == 400
        assert db.tasks.find_one({"_id": ObjectId(orphan)})["required_workers"] > 0
    finally:
        db.users.insert_one(kept)
    assert stack.ctl("sweep").returncode == 0
    assert gone.coins() == 10


@promise("2 Deadlines", "Within a minute its open slots are refunded")
def test_deadlines_wait_for_no_other_duty_of_the_sweep(stack, db, new_buyer, new_worker, books):
    """A removal hangs meanwhile: its last write takes seconds."""
    buyer, leaver = new_buyer(100), new_worker()
    task = overdue_task(db, buyer)
    db.users.update_one({"_id": ObjectId(leaver.id)}, {"$set": {"closing": True}})
    hangs = held_up(stack.mongo.admin, "delete", ms=10000, collection=db.users)
    with stack.sweep_paused(), hangs as under_way:
        sweep = subprocess.Popen(
            [stack.env()["MICROTASKCTL"], "sweep"], env=stack.ctl_environment()
        )
        under_way()
        eventually(lambda: buyer.coins() == 100, within=10)
        assert db.users.find_one({"_id": ObjectId(leaver.id)}), "it is still at the removal"
        assert sweep.poll() is None
    assert sweep.wait(60) == 0
    assert not db.users.find_one({"_id": ObjectId(leaver.id)})
    assert db.ledger.find_one({"task": ObjectId(task), "to": f"user:{buyer.id}"})


@promise("2 Deadlines", "Within a minute its open slots are refunded")
def test_sweep_looks_at_full_tasks_by_the_hundred(stack, db, new_buyer, new_worker, books):
    """Not at each of them: there may be tens of thousands that wait for a review."""
    buyer, worker = new_buyer(0), new_worker()
    full = [ObjectId() for _ in range(700)]
    common = {"buyer_id": ObjectId(buyer.id), "payable_amount": Int64(0), "createdAt": now()}
    ahead = now() + datetime.timedelta(days=2)
    db.tasks.insert_many(
        {
            "_id": task,
            **common,
            "status": "active",
            "required_workers": Int64(0),
            "completion_date": ahead,
            "expires_at": ahead,
        }
        for task in full
    )
    db.submissions.insert_many(
        {"task_id": task, **common, "worker_id": ObjectId(worker.id), "status": "pending"}
        for task in full
    )
    try:
        # the sweep that runs by itself would look as well
        with stack.sweep_paused(), profiled(db, ns=db.submissions.full_name) as asked:
            assert stack.ctl("sweep").returncode == 0
        assert 2 <= len(asked) <= 40, asked
    finally:
        for collection in (db.tasks, db.submissions):
            collection.delete_many({"buyer_id": ObjectId(buyer.id)})


def test_sweep_approves_what_nobody_reviewed_for_review_days_and_0_is_off(
    stack, db, buyer, new_worker, books
):
    worker, prompt = new_worker(), new_worker()
    task = ok(buyer.api.post("/tasks", json=task_input()), 201)["task"]["_id"]
    old, recent = (
        ok(one.api.post("/submissions", json={"task_id": task, "submission_details": "Done"}), 201)[
            "submission"
        ]["_id"]
        for one in (worker, prompt)
    )
    # Eleven years, so that ten years of patience touch no other submission of these tests.
    long_ago = now() - datetime.timedelta(days=11 * 365)
    db.submissions.update_one(
        {"_id": ObjectId(old)}, {"$set": {"submitted_date": long_ago, "createdAt": long_ago}}
    )

    def status(submission):
        return ok(buyer.api.get(f"/submissions/{submission}"))["submission"]["status"]

    assert stack.ctl("sweep", env={"REVIEW_DAYS": "0"}).returncode == 0
    assert status(old) == "pending"
    said = stack.ctl("sweep", env={"REVIEW_DAYS": "3650"})
    assert said.returncode == 0, said.stderr
    assert (status(old), status(recent)) == ("approved", "pending")
    assert (worker.coins(), prompt.coins()) == (5, 0)
    assert db.ledger.find_one({"to": f"user:{worker.id}"})["actor"] == "service"


# --- seed-demo ---


def without_dates(value):
    """A document without what depends on the time of seeding and on the salt of a hash."""
    if isinstance(value, dict):
        return {
            name: without_dates(inner)
            for name, inner in value.items()
            if not isinstance(inner, datetime.datetime) and name != "password"
        }
    return [without_dates(inner) for inner in value] if isinstance(value, list) else value


def contents(db):
    names = ("users", "tasks", "submissions", "ledger", "notifications")
    return {name: [without_dates(row) for row in db[name].find().sort("_id", 1)] for name in names}


def test_seed_demo_is_deterministic_and_adds_its_data_once(stack, scratch):
    seeded = []
    for _ in range(2):
        db, env = scratch()
        assert stack.ctl("init-db", env=env).returncode == 0
        said = stack.ctl("seed-demo", env=env)
        assert said.returncode == 0, said.stderr
        seeded.append(contents(db))
    assert seeded[0] == seeded[1]
    assert stack.ctl("seed-demo", env=env).returncode == 0
    assert contents(db) == seeded[1], "run again it changes nothing"
    assert stack.ctl("audit", env=env).returncode == 0
    assert {user["role"] for user in seeded[0]["users"]} == {"worker", "buyer", "admin"}


def test_seed_demo_to_scale_has_so_many_tasks_and_balanced_books(stack, scratch):
    db, env = scratch()
    assert stack.ctl("init-db", env=env).returncode == 0
    said = stack.ctl("seed-demo", "--scale", 1000, env=env)
    assert said.returncode == 0, said.stderr
    assert db.tasks.count_documents({}) >= 1000
    assert (
        db.submissions.count_documents({}) > 0 and db.users.count_documents({"role": "worker"}) > 1
    )
    audit = stack.ctl("audit", env=env)
    assert audit.returncode == 0, audit.stdout


@promise("7 Providers", "The service runs as production unless MICROTASK_ENV=development")
def test_seed_demo_is_refused_in_production(stack, scratch):
    """Its accounts' password is public."""
    db, env = scratch()
    said = stack.ctl("seed-demo", env={**env, "MICROTASK_ENV": "production"})
    sentence(said)
    assert db.users.count_documents({}) == 0


# --- routes, openapi ---

ROUTES = """
GET /api/health public
GET /api/health/ready public
POST /api/auth/register public
POST /api/auth/login public
GET /api/auth/me any
PUT /api/auth/profile any
PUT /api/auth/password any
POST /api/auth/logout any
GET /api/tasks public
GET /api/tasks/:id public
POST /api/tasks buyer
GET /api/tasks/buyer/my-tasks buyer
GET /api/tasks/admin/top-workers public
GET /api/tasks/top-workers public
POST /api/submissions worker
GET /api/submissions/worker/my-submissions worker
GET /api/submissions/worker/approved worker
GET /api/submissions/buyer/review buyer
GET /api/submissions admin
POST /api/submissions/review buyer,admin
GET /api/admin/audit admin
GET /api/admin/ledger admin
GET /api/public/tasks public
GET /api/public/tasks/:id public
GET /api/public/top-workers public
""".strip().splitlines()


def test_routes_lists_every_call_and_who_may_use_it(stack):
    said = stack.ctl("routes", env={"MONGODB_URI": ""})
    assert said.returncode == 0, said.stderr
    lines = said.stdout.splitlines()
    assert all(
        re.fullmatch(r"(GET|PUT|POST|DELETE) /api(/[\w:-]+)+ [a-z,]+", line) for line in lines
    ), lines
    assert len(set(lines)) == len(lines)
    assert set(ROUTES) <= set(lines), set(ROUTES) - set(lines)


def test_openapi_has_just_the_calls_that_routes_lists(stack):
    said = stack.ctl("openapi", env={"MONGODB_URI": ""})
    assert said.returncode == 0, said.stderr
    document = json.loads(said.stdout)
    assert document["openapi"].startswith("3.")
    base = document["servers"][0]["url"].rstrip("/") if document.get("servers") else ""
    base = re.sub(r"^https?://[^/]*", "", base)
    described = {
        (method.upper(), re.sub(r"\{(\w+)\}", r":\1", base + path))
        for path, calls in document["paths"].items()
        for method in calls
        if method in ("get", "put", "post", "delete")
    }
    listed = {tuple(line.split()[:2]) for line in stack.ctl("routes").stdout.splitlines()}
    assert described == listed
    for reference in re.findall(r'"\$ref": ?"#/([^"]+)"', said.stdout):
        place = document
        for step in reference.split("/"):
            place = place[step]


# --- what both programs make of their surroundings ---


def test_an_unknown_command_shows_the_usage(stack):
    for arguments in ((), ("nonsense",)):
        said = stack.ctl(*arguments)
        assert said.returncode == 2 and "usage" in said.stderr
        assert "create-admin" in said.stderr


def test_a_mongodb_that_is_not_there_is_told_in_a_sentence(stack):
    said = stack.ctl(
        "audit", env={"MONGODB_URI": "mongodb://127.0.0.1:1/microtask?serverSelectionTimeoutMS=500"}
    )
    assert said.returncode != 0 and said.stdout == ""
    assert "MongoDB" in said.stderr and said.stderr.strip().endswith(".")


def microtaskd(stack, *arguments, name="microtaskd", **env):
    program = pathlib.Path(stack.env()["MICROTASKCTL"]).with_name(name)
    environment = {
        "MICROTASK_ENV": "development",
        "MONGODB_URI": stack.mongodb_uri,
        "JWT_SECRET": stack.jwt_secret,
        "MONGOC_DISABLE_SHM": "1",
        **env,
    }
    return subprocess.run(
        [program, *arguments], env=environment, capture_output=True, text=True, timeout=120
    )


def test_help_config_explains_every_setting_and_shows_no_secret(stack):
    said = microtaskd(stack, "--help-config")
    assert said.returncode == 0
    for name in (
        "MONGODB_URI",
        "JWT_SECRET",
        "CORS_ORIGINS",
        "RATE_LIMIT",
        "LOGIN_FAILURES",
        "REGISTER_LIMIT",
        "REVIEW_DAYS",
        "MICROTASK_ENV",
        "MICROTASK_THREADS",
    ):
        assert name in said.stdout, name
    assert stack.jwt_secret not in said.stdout + said.stderr


def test_the_page_of_settings_is_what_the_program_prints(stack):
    """docs/configuration.md; `make docs` prints it anew."""
    said = microtaskd(stack, "--help-config=markdown")
    assert said.returncode == 0
    assert (ROOT / "docs" / "configuration.md").read_text() == said.stdout
    assert stack.jwt_secret not in said.stdout and stack.mongodb_uri not in said.stdout


def test_help_has_two_forms_alone(stack):
    said = microtaskd(stack, "--help-config=html")
    assert said.returncode == 2 and said.stderr.startswith("usage: ")


@pytest.mark.parametrize(
    "bad, words",
    [
        ({"JWT_SECRET": "x" * 31}, ["JWT_SECRET", "32"]),
        ({"JWT_SECRET": ""}, ["JWT_SECRET"]),
        ({"MICROTASK_NO_SUCH": "1"}, ["MICROTASK_NO_SUCH"]),
        ({"MICROTASK_THREADS": "0"}, ["MICROTASK_THREADS"]),
        ({"MICROTASK_THREADS": "many"}, ["MICROTASK_THREADS"]),
        ({"LOGIN_FAILURES": "-1"}, ["LOGIN_FAILURES"]),
        ({"MONGODB_URI": "nonsense"}, ["MONGODB_URI"]),
        ({"COIN_PACKAGES": "10:free"}, ["COIN_PACKAGES", "10:1,150:9.99"]),
        ({"COIN_PACKAGES_EXTRA": "5:1,5:2"}, ["COIN_PACKAGES_EXTRA", "same coins"]),
    ],
)
def test_a_wrong_setting_refuses_to_start_in_one_sentence(stack, bad, words):
    said = sentence(microtaskd(stack, "--check-config", **bad))
    assert all(word in said for word in words), said
    for value in bad.values():
        assert len(value) < 20 or value not in said, "no secret is shown"


@pytest.mark.parametrize(
    "name, argument", [("microtask-events", "--check-config"), ("microtaskctl", "audit")]
)
def test_a_setting_that_is_wrong_for_one_program_is_wrong_for_all(stack, name, argument):
    said = sentence(microtaskd(stack, argument, name=name, COIN_PACKAGES="10:free"))
    assert said.startswith(f"{name}: COIN_PACKAGES must be coins:dollars"), said


def test_settings_may_stand_in_a_file(stack, tmp_path):
    settings = tmp_path / "settings"
    settings.write_text("# of this host\n\nREVIEW_DAYS=7\nMICROTASK_THREADS=0\n")
    assert "MICROTASK_THREADS" in sentence(microtaskd(stack, "-c", settings, "--check-config"))
    settings.write_text("# of this host\n\nREVIEW_DAYS=7\nMICROTASK_THREADS=8\n")
    assert microtaskd(stack, "-c", settings, "--check-config").returncode == 0
    sentence(microtaskd(stack, "-c", tmp_path / "missing", "--check-config"))
