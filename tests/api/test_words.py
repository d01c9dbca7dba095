"""Contract, section 1: searching compares in NFC, and marks belong to the word they stand on."""

import re
import unicodedata

import pytest
from bson import ObjectId

from client import assert_error, faults, ok, register_input, unique
from market import ids, post_task, stored_task, stored_user
from promises import promise

# The same word, as one character or several: Bengali (whose NFC is the longer form), Vietnamese,
# Korean, and letters with two marks in either order.
ALIKE = {
    "bengali rra": ("বা\u09dcি", "বা\u09a1\u09bcি"),
    "vietnamese": ("Vi\u1ec7t", "Vie\u0323\u0302t"),
    "vietnamese, marks the other way round": ("Vi\u1ec7t", "Vie\u0302\u0323t"),
    "korean": ("\ud55c\uad6d", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
    "french": ("caf\u00e9", "cafe\u0301"),
    "cyrillic": ("\u0439", "\u0438\u0306"),
    "case": ("\u00c9COLE", "e\u0301cole"),
    "german case": ("STRA\u1e9eE", "straße"),
    "turkish case": ("\u0130stanbul", "istanbul"),
    "turkish case, the other i": ("IŞIK", "ışık"),
    "greek case": ("ΟΔΟΣ", "οδος"),
    "persian, with its joiner and without": ("می\u200cخواهم", "میخواهم"),
    "hindi, with a joiner and without": ("क्\u200dष", "क्ष"),
}
# … which only a detail may hold.
HIDDEN = {
    "a soft hyphen": ("co\u00adoperate", "cooperate"),
    "marks of direction": ("\u200fשלום\u200e", "שלום"),
}

# A word, and one that begins with the same letters: a mark makes it another.
APART = {
    "kara, karma": ("कर", "कर्म"),
    "hin, hindi": ("हिन", "हिन्दी"),
    "tamil": ("க", "கி"),
    "bengali": ("ক", "ক্ষ"),
    "thai": ("\u0e01", "\u0e01\u0e34"),
    "arabic": ("\u0643", "\u0643\u064e"),
    "hebrew": ("\u05d0", "\u05d0\u05b8"),
    "latin": ("cafe", "cafe\u0301"),
    "a mark without a composed form": ("x", "x\u0302"),
}


def found(api, **params):
    return ids(ok(api.get("/tasks", params={"limit": 100, **params}))["tasks"])


def found_users(admin, text):
    return ids(ok(admin.api.get("/admin/users", params={"q": text}))["users"])


@promise("1 Requests", "Searching compares in NFC")
@pytest.mark.parametrize("one, other", (ALIKE | HIDDEN).values(), ids=(ALIKE | HIDDEN).keys())
def test_a_task_is_found_however_its_words_are_put_together(api, buyer, one, other):
    category = unique("alike")
    written = [post_task(buyer, task_detail=f"{text} !", category=category) for text in (one, other)]
    for text in (one, other):
        assert found(api, category=category, q=text) == ids(written)[::-1]
    assert [task["task_detail"] for task in written] == [f"{one} !", f"{other} !"], "kept as sent"


@promise("1 Requests", "In searching, marks belong to the word they stand on")
@pytest.mark.parametrize("word, longer", APART.values(), ids=APART.keys())
def test_marks_belong_to_the_word_they_stand_on(api, buyer, word, longer):
    category = unique("apart")
    short, long = (post_task(buyer, task_detail=text, category=category) for text in (word, longer))
    assert found(api, category=category, q=word) == [short["_id"]]
    assert found(api, category=category, q=longer) == [long["_id"]]


@promise("1 Requests", "In searching, marks belong to the word they stand on")
def test_a_word_is_not_taken_apart_at_its_marks(api, buyer):
    """हिन्दी is one word, neither two nor any of its pieces in another order."""
    category = unique("hindi")
    post_task(buyer, task_title="हिन्दी", category=category)
    for text in ("दी हिन", "हिन दी", "ह न द", "हिन्", "दी"):
        assert found(api, category=category, q=text) == [], text


WORDLESS = ["!", "-", "...", "@ _ #", "\u2665", "\U0001f600", "\u200b!", "\u0301"]


@promise("4 GET /", "A `q` without any word finds nothing, a blank one is none")
@pytest.mark.parametrize("text", WORDLESS)
def test_a_q_without_any_word_finds_nothing(api, admin, buyer, new_worker, text):
    category = unique("wordless")
    post_task(buyer, task_detail=f"Label {text} photos", category=category)
    new_worker(name=f"Mia {text}")
    listed = ok(api.get("/tasks", params={"category": category, "q": text}))
    assert (listed["tasks"], listed["total"], listed["pages"]) == ([], 0, 0)
    assert listed["next"] is None
    assert ok(api.get("/public/tasks", params={"category": category, "q": text}))["tasks"] == []
    listed = ok(admin.api.get("/admin/users", params={"q": text}))
    assert (listed["users"], listed["total"]) == ([], 0)


@promise("1 Requests", "A blank query parameter is absent")
@promise("4 GET /", "A `q` without any word finds nothing, a blank one is none")
@pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0", "\u3000"])
def test_a_blank_q_is_no_filter(api, admin, buyer, blank):
    category = unique("blank")
    task = post_task(buyer, category=category)
    assert found(api, category=category, q=blank) == [task["_id"]]
    everybody = ok(admin.api.get("/admin/users"))["total"]
    assert ok(admin.api.get("/admin/users", params={"q": blank}))["total"] == everybody


def test_a_zero_width_space_divides_words_of_scripts_without_spaces(api, buyer):
    category = unique("thai")
    task = post_task(buyer, task_detail="ภาษา\u200bไทย", category=category)
    assert found(api, category=category, q="ไทย") == [task["_id"]]
    assert found(api, category=category, q="ภาษา ไทย") == [task["_id"]]


# --- users ---


@promise("1 Requests", "Searching compares in NFC")
@pytest.mark.parametrize("one, other", ALIKE.values(), ids=ALIKE.keys())
def test_a_user_is_found_however_the_name_is_put_together(api, admin, new_worker, one, other):
    mark = unique("alike")
    first, second = new_worker(name=f"{mark} One"), new_worker(name=f"{mark} Two")
    for user, text in ((first, one), (second, other)):
        name = f"{mark} {text}"
        assert ok(user.api.put("/auth/profile", json={"name": name}))["name"] == name
    for text in (one, other):
        assert found_users(admin, f"{mark} {text}") == [second.id, first.id]


@promise("1 Requests", "In searching, marks belong to the word they stand on")
def test_a_part_of_a_name_does_not_end_between_a_letter_and_its_mark(admin, new_worker):
    mark = unique("part")
    user = new_worker()
    ok(user.api.put("/auth/profile", json={"name": f"{mark} कर्म"}))
    for text, hits in (("कर", 0), ("कर्", 1), ("कर्म", 1), ("क", 1)):
        assert len(found_users(admin, f"{mark} {text}")) == hits, text


@promise("1 Requests", "Searching compares in NFC")
def test_who_registers_is_found_by_name_and_by_address(api, admin):
    mark = unique("new")
    body = register_input(name=f"Zoe\u0308 {mark}", email=f"{mark}.mail@example.org")
    user = ok(api.post("/auth/register", json=body), 201)["user"]
    for text in (f"zoë {mark}", f"ZOE\u0308 {mark.upper()}", f"{mark}.MAIL@"):
        assert found_users(admin, text) == [user["_id"]], text


def test_what_users_are_found_by_is_shown_to_nobody(admin, worker):
    [listed] = ok(admin.api.get("/admin/users", params={"q": worker.email}))["users"]
    for shown in (listed, ok(worker.api.get("/auth/me"))):
        assert not {"searched", "search_version"} & set(shown)


# --- records whose words an older version made, or nobody ---


@promise("1 Requests", "Searching compares in NFC")
def test_init_db_makes_words_anew_that_older_rules_made(stack, api, admin, buyer, new_worker, db):
    category, mark = unique("older"), unique("user")
    task = post_task(buyer, task_title="কর্ম বা\u09dcি", category=category)
    user = new_worker(name=f"{mark} Jose\u0301")
    db.tasks.update_one(
        {"_id": ObjectId(task["_id"])},
        {"$set": {"words": ["কর", "ম", "বা", "ড\u09bc"]}, "$unset": {"search_version": 1}},
    )
    db.users.update_one(
        {"_id": ObjectId(user.id)}, {"$unset": {"searched": 1, "search_version": 1}}
    )
    assert found(api, category=category, q="কর") == [task["_id"]], "as the older rules had it"
    before = stored_task(db, task), stored_user(db, user)

    foretold = stack.ctl("init-db", "--dry-run")
    assert re.search(r"tasks: \d+ to be made searchable", foretold.stdout)
    assert (stored_task(db, task), stored_user(db, user)) == before
    said = stack.ctl("init-db")
    assert said.returncode == 0 and "nothing was changed" not in said.stdout
    assert re.search(r"tasks: \d+ made searchable", said.stdout) and "users:" in said.stdout

    assert found(api, category=category, q="কর") == []
    assert found(api, category=category, q="বা\u09a1\u09bcি কর্ম") == [task["_id"]]
    assert found_users(admin, f"{mark} josé") == [user.id]
    derived = {"words", "searched", "search_version"}
    for old, new in zip(before, (stored_task(db, task), stored_user(db, user))):
        assert {**old, **{key: new[key] for key in derived & set(new)}} == new, "nothing else"
    assert "nothing was changed" in stack.ctl("init-db").stdout


@promise("10 What becomes of old data", "Documents without fields of ours are read all the same")
def test_records_without_words_are_found_by_their_texts(api, admin, buyer, new_worker, db):
    """As whoever puts a record into the database leaves it, until init-db has seen it."""
    category, mark = unique("bare"), unique("user")
    task = post_task(buyer, task_title="বা\u09dcি কর্ম", category=category)
    user = new_worker(name=f"{mark} Zoë")
    for collection, record in ((db.tasks, task["_id"]), (db.users, user.id)):
        collection.update_one(
            {"_id": ObjectId(record)}, {"$unset": {"words": 1, "searched": 1, "search_version": 1}}
        )
    assert found(api, category=category, q="বা\u09dcি") == [task["_id"]]
    assert found(api, category=category, q="কর") == []
    assert found_users(admin, f"{mark} ZOË") == [user.id]


# --- cursors ---

SHARING = [
    ({"category": "a|b", "q": "c"}, {"category": "a", "q": "b|c"}),
    ({"category": "a|", "q": "b"}, {"category": "a", "q": "|b"}),
    ({"category": "1:a", "q": "b"}, {"category": "1", "q": "a1:b"}),
    ({"category": "a", "min_payable": 1}, {"category": "1|a"}),
    ({"category": "-", "q": "a"}, {"q": "-a"}),
]


@promise("1 Lists", "A cursor of another list or order: 400")
@pytest.mark.parametrize("one, other", SHARING)
def test_filters_that_differ_share_neither_cursor_nor_total(api, one, other, buyer):
    """However their texts would run together."""
    title = "a b c 1a"
    made = [
        post_task(buyer, task_title=title, category=params.get("category", "plain"))
        for params in (one, one, other, other)
    ]
    first = ok(api.get("/tasks", params={**one, "limit": 1}))
    assert first["next"]
    refused = api.get("/tasks", params={**other, "limit": 1, "after": first["next"]})
    assert_error(refused, 400, "invalid_input")
    assert list(faults(refused)) == ["after"]
    ok(api.get("/tasks", params={**one, "limit": 1, "after": first["next"]}))
    for task in made:
        ok(buyer.api.delete(f"/tasks/{task['_id']}"))


@promise("1 Requests", "Text is kept as it was sent")
def test_texts_that_are_one_in_nfc_are_kept_as_they_were_sent(buyer, db):
    for text in ("Cafe\u0301", "Caf\u00e9", "বা\u09dcি"):
        task = post_task(buyer, task_title=text, task_detail=text)
        assert task["task_title"] == task["task_detail"] == text
        assert stored_task(db, task)["task_title"] == text
        words = stored_task(db, task)["words"]
        assert all(unicodedata.is_normalized("NFC", word) for word in words)
