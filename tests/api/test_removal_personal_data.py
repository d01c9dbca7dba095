"""Personal data: the program's own table says which fields hold it (`microtaskctl personal-data`),
and a removal goes by it. Here every field of that table is filled, and the whole database is looked
through for what is in a field that the table forgets.
"""

import json
import pathlib
import re

import bson
import pytest
from bson import ObjectId
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

import described
from client import User, eventually, now, ok, register_input, task_input, unique
from market import stored_user
from promises import promise
from wire import Call, at_once, outcomes

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| `(\w+)` \| `(\w+)` \| `(\w+)` \| (.+) \|$", re.MULTILINE)
NOBODY = re.compile(r"^\| `(\w+)` \| nothing personal \|", re.MULTILINE)
RAW = CodecOptions(document_class=RawBSONDocument)

pytestmark = pytest.mark.usefixtures("books")


def printed(stack):
    said = stack.ctl("personal-data", env={"MONGODB_URI": ""})
    assert said.returncode == 0, said.stderr
    return said.stdout


@pytest.fixture
def table(stack):
    """(collection, field, the field that says whose, what a removal does) of each field."""
    rows = ROW.findall(printed(stack))
    assert rows
    return rows


def collections_of(db):
    """Without MongoDB's own, such as a profile that another test asked for."""
    return {name for name in db.list_collection_names() if not name.startswith("system.")}


def fields_with(db, words):
    """Each (collection, field, word) where a word stands in a record, in whatever case."""
    found = set()
    words = [word.lower().encode() for word in words]
    for name in collections_of(db):
        for record in db.get_collection(name, codec_options=RAW).find():
            if any(word in record.raw.lower() for word in words):
                found |= {(name, *hit) for hit in hits(bson.decode(record.raw), words)}
    return found


def hits(record, words):
    for field, value in record.items():
        text = bson.encode({"": value}).lower()
        yield from ((field, word.decode()) for word in words if word in text)


def assert_logs_without(stack, words):
    """mongod's is the operator's: what it tells of slow commands is its own affair."""
    for log in (stack.state / "logs").iterdir():
        text = log.read_text(errors="replace").lower() if log.name != "mongod.log" else ""
        assert not [word for word in words if word.lower() in text], log.name


# --- the table ---


def test_the_page_is_what_the_program_prints(stack):
    """`make docs` prints it anew."""
    assert (ROOT / "docs" / "personal-data.md").read_text() == printed(stack)


def test_each_collection_says_what_it_holds(stack, table):
    said = {row[0] for row in table} | set(NOBODY.findall(printed(stack)))
    assert said == collections_of(stack.db)


# --- what real calls leave behind ---


@pytest.fixture
def newcomer(stack, from_elsewhere):
    """newcomer(role): somebody who registered, and has a picture."""

    def register(role):
        email = unique("Person") + "@Example.org"
        person = {"name": unique("Person"), "email": email, "role": role}
        body = register_input(**person)
        made = ok(from_elsewhere().post("/auth/register", json=body), 201)
        api = stack.api.as_user(made["token"])
        user = User(id=made["user"]["_id"], token=made["token"], api=api, **person)
        user.photo = f"https://example.org/{unique()}.png"
        ok(user.api.put("/auth/profile", json={"photoURL": user.photo}))
        return user

    return register


def words_of(*users):
    return [word for user in users for word in (user.name, user.email, user.photo)]


class Kept:
    """Calls with keys, and what they were answered."""

    def __init__(self):
        self.calls = []

    def __call__(self, who, method, path, body=None):
        headers = {"Idempotency-Key": unique("key")}
        more = {} if body is None else {"json": body}
        answer = who.api.request(method, path, headers=headers, **more)
        assert answer.status_code in (200, 201), answer.text
        self.calls.append((who, method, path, more, headers, answer.text))
        return answer.json()

    def assert_repeated_without(self, admin, *users):
        """To the admin, the only one who is left, with what the records say now."""
        mine = [call for call in self.calls if call[0] is admin]
        assert mine
        for who, method, path, more, headers, text in mine:
            again = who.api.request(method, path, headers=headers, **more)
            assert again.headers["idempotent-replayed"] == "true"
            for user in users:
                text = text.replace(user.name, "Deleted user").replace(user.photo, "")
                text = text.replace(user.email, f"deleted-{user.id}@invalid")
            assert again.json() == json.loads(text)


def buy(kept, buyer):
    kept(buyer, "POST", "/payments/dummy-payment", {"coins": 10})
    kept(buyer, "POST", "/payments/purchase-coins", {"coins": 10, "amount": 1})
    payment = kept(buyer, "POST", "/payments/create-payment", {"coins": 10})["payment"]["_id"]
    kept(buyer, "PUT", f"/payments/confirm/{payment}", {"transactionId": unique("txn-")})


def work(kept, admin, buyer, worker):
    """One submission stays pending, and one task open."""
    tasks = [kept(buyer, "POST", "/tasks", task_input())["task"]["_id"] for _ in range(8)]
    kept(buyer, "POST", f"/tasks/{tasks[0]}/slots", {"delta": 1})
    bodies = [{"task_id": task, "submission_details": "Done."} for task in tasks]
    first, second, third, fourth, fifth, *_ = [
        kept(worker, "POST", "/submissions", body)["submission"]["_id"] for body in bodies
    ]
    kept(buyer, "PUT", f"/submissions/{first}/approve")
    kept(admin, "PUT", f"/submissions/{second}/approve")
    kept(buyer, "PUT", f"/submissions/{third}/reject", {"reason": "No"})
    kept(admin, "PUT", f"/submissions/{fourth}/status", {"status": "rejected"})
    kept(buyer, "POST", "/submissions/review", {"ids": [fifth], "status": "approved"})
    kept(buyer, "DELETE", f"/tasks/{tasks[0]}")
    kept(admin, "DELETE", f"/admin/tasks/{tasks[1]}")


def cash_in(kept, admin, worker, account):
    """One withdrawal stays pending."""
    body = {"withdrawal_coin": 200, "payment_system": "bkash", "account_number": account}
    for path, decision in (
        ("/withdrawals", "approve"),
        ("/withdrawals", "reject"),
        ("/admin/withdrawals", "approve"),
        ("/admin/withdrawals", "reject"),
    ):
        asked = kept(worker, "POST", "/withdrawals", body)["withdrawal"]["_id"]
        kept(admin, "PUT", f"{path}/{asked}/{decision}", {})
    kept(worker, "POST", "/withdrawals", body)


def do_everything(admin, buyer, worker, account):
    """All that leaves something of a buyer and a worker behind, each call with a key."""
    kept = Kept()
    for user in (buyer, worker):
        kept(admin, "POST", f"/admin/users/{user.id}/adjust", {"coins": 1000, "reason": "Earned"})
    buy(kept, buyer)
    work(kept, admin, buyer, worker)
    cash_in(kept, admin, worker, account)
    made = {described.name_of(method, path) for _, method, path, *_ in kept.calls}
    assert made == described.calls_with_a_key() - {"deleteAdminUsersById"}, "all but the removal"
    return kept


@promise(
    "9 DELETE /users/:id",
    "The job turns name and e-mail in kept records into `Deleted user` and `deleted-<id>@invalid`",
)
def test_nothing_of_them_is_in_a_field_that_is_not_in_the_table_nor_anywhere_afterwards(
    stack, db, table, admin, newcomer
):
    buyer, worker = newcomer("buyer"), newcomer("worker")
    words, account = words_of(buyer, worker), unique("account")
    kept = do_everything(admin, buyer, worker, account)
    marked = {row[:2] for row in table}
    found = fields_with(db, [*words, account])
    assert {hit[:2] for hit in found} <= marked
    assert {hit[2] for hit in found} == {word.lower() for word in (*words, account)}

    calls = [Call("DELETE", f"/admin/users/{user.id}", admin.token) for user in (buyer, worker)]
    assert outcomes(at_once(stack, calls)) == {200: 2}
    both = {"_id": {"$in": [ObjectId(user.id) for user in (buyer, worker)]}}
    eventually(lambda: stack.ctl("sweep").returncode == 0 and not db.users.count_documents(both))
    assert fields_with(db, words) == set()
    stays = {row[:2] for row in table if row[3].startswith("stays")} | {("idempotency", "body")}
    assert {hit[:2] for hit in fields_with(db, [account])} == stays
    kept.assert_repeated_without(admin, buyer, worker)
    assert_logs_without(stack, [*words, account])


def test_no_address_is_in_a_field_that_is_not_in_the_table(db, table, new_worker):
    """Whatever the tests before this one did."""
    new_worker()
    found = fields_with(db, ["@example.org", "@demo.example"])
    assert found and {hit[:2] for hit in found} <= {row[:2] for row in table}


# --- each field of the table, whatever calls write into it ---

TEXTS = {
    "becomes `Deleted user`": "Deleted user",
    "becomes `deleted-<id>@invalid`": "deleted-{}@invalid",
    "becomes empty": "",
}
STAYS = "stays, for the books"
ANSWER = "shows what the records show then"
GONE = {"goes with the record", "goes with the account"}


class Filled:
    """A value of its own in each field of the table, in a user's records and in an answer that
    shows these.
    """

    def __init__(self, db, table, user):
        self.db, self.user, self.records, shown = db, user, [], []
        people = {}
        for collection, field, whose, fate in table:
            people.setdefault((collection, whose), {})[field] = fate
        for (collection, whose), fates in people.items():
            texts = {field: unique(f"{collection}-{field}-") for field in fates}
            if ANSWER in fates.values():
                continue
            about = stored_user(db, user) if whose == "_id" else {whose: ObjectId(user.id)}
            self.keep(collection, fates, {**about, **texts})
            if "goes with the record" not in fates.values():
                shown.append({whose: user.id, **texts})
        body = json.dumps({"all": shown, "price": 10.5}).encode()
        for (collection, whose), fates in people.items():
            if ANSWER in fates.values():
                answer = {whose: [ObjectId(user.id)], **dict.fromkeys(fates, body)}
                self.keep(collection, fates, answer)

    def keep(self, collection, fates, record):
        record = {"_id": ObjectId(), "adopted": 2, "createdAt": now(), **record}
        self.db[collection].replace_one({"_id": record["_id"]}, record, upsert=True)
        self.records.append((collection, fates, record))

    def words(self, but=()):
        """The values, but those in fields of which a removal makes one of these."""
        return {
            record[field]
            for _, fates, record in self.records
            for field, fate in fates.items()
            if fate not in (ANSWER, *but)
        }

    def left(self):
        return [self.db[name].find_one({"_id": record["_id"]}) for name, _, record in self.records]

    def remove(self):
        for name, _, record in self.records:
            self.db[name].delete_one({"_id": record["_id"]})


@pytest.fixture
def filled(db, table, new_worker):
    made = [Filled(db, table, new_worker()) for _ in range(2)]
    yield made
    for each in made:
        each.remove()


@promise(
    "9 DELETE /users/:id",
    "The job turns name and e-mail in kept records into `Deleted user` and `deleted-<id>@invalid`",
)
def test_each_field_of_the_table_becomes_what_it_says(stack, db, admin, filled):
    removed, bystander = filled
    ok(admin.api.delete(f"/admin/users/{removed.user.id}"))
    for (name, fates, record), left in zip(removed.records, removed.left()):
        if GONE & set(fates.values()):
            assert left is None, (name, left)
        elif ANSWER in fates.values():
            assert ObjectId(removed.user.id).binary not in bson.encode(left)
        else:
            texts = {field: TEXTS[fate] for field, fate in fates.items() if fate != STAYS}
            texts = {field: text.format(removed.user.id) for field, text in texts.items()}
            assert left == {**record, **texts}, name
    assert len(removed.words()) > len(removed.words(but=[STAYS])) > 10
    assert fields_with(db, removed.words(but=[STAYS])) == set()
    assert_logs_without(stack, removed.words())
    assert bystander.left() == [record for _, _, record in bystander.records], "nobody else's"
