"""The rooms of the source: each folder of src/ includes only itself and those below it, and what
comes from outside stays in the room that wraps it. docs/architecture.md says why. Coins move in
one file. And the layout of what stands in them. Needs no running service.
"""

import pathlib
import re
import subprocess

import pytest

from promises import promise

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"

# The highest first. The programs themselves, src/*.c, stand above all.
ROOMS = [
    "ctl",
    "streams",
    "api",
    "server",
    "http",
    "migrate",
    "market",
    "providers",
    "auth",
    "store",
    "json",
    "base",
]

# What stands below a room and is none of its business all the same.
NEVER = {"market": ["json"]}

# Headers of others, and the only places that may include them: rooms, or single files.
KEPT_IN = [
    (r"fcgiapp\.h|fcgi_stdio\.h|fcgios\.h", ["server/fcgi.c"]),
    (r"(libmongoc-1\.0/)?(mongoc/.*|mongoc.*\.h)", ["store"]),
    (
        r"(libbson-1\.0/)?(bson/.*|bson.*\.h)",
        ["store", "auth", "providers", "market", "migrate", "http", "streams", "api", "ctl"],
    ),
    (r"(json-c/.*|json\.h|json_object.*|json_tokener\.h)", ["json"]),
    (r"curl/.*", ["providers"]),
    (r"uni(str|case|norm|ctype|types|name|width|gbrk|wbrk|lbrk|conv)\.h", ["base"]),
    (r"(event2/.*|event\.h|evhttp\.h|evutil\.h)", ["streams"]),
]

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def sources(src):
    return sorted(path for path in src.rglob("*") if path.suffix in (".c", ".h"))


def includes(path):
    """The (header, is it ours) pairs of a file. Includes in comments count: nobody should need
    one there.
    """
    return [(ours or foreign, bool(ours)) for ours, foreign in INCLUDE.findall(path.read_text())]


def wrong_own(src, file, header):
    """Why a file may not include one of our headers, or None."""
    if header == "config.h":
        return None  # made by configure
    if header.startswith(".") or not (src / header).is_file():
        return "is not named from src/ on"
    room, target = file.parts[0], pathlib.PurePath(header).parts[0]
    if len(file.parts) == 1:
        return None  # a program
    if target not in ROOMS:
        return "is in no room"
    if ROOMS.index(target) < ROOMS.index(room):
        return f"is above {room}/"
    if target in NEVER.get(room, []):
        return f"is nothing for {room}/"
    return None


def wrong_foreign(file, header):
    """Why a file may not include a header of others, or None."""
    for pattern, places in KEPT_IN:
        if re.fullmatch(pattern, header):
            allowed = str(file) in places or file.parts[0] in places
            return None if allowed else f"belongs in {', '.join(places)}"
    return None


def violations(src):
    found = []
    for path in sources(src):
        file = path.relative_to(src)
        if len(file.parts) > 1 and file.parts[0] not in ROOMS:
            found.append(f"src/{file}: this folder is in no list of rooms")
            continue
        for header, ours in includes(path):
            why = wrong_own(src, file, header) if ours else wrong_foreign(file, header)
            if why:
                found.append(f"src/{file}: {header} {why}")
    return found


def test_each_room_includes_only_those_below_it():
    assert sources(SRC), f"no sources in {SRC}"
    assert violations(SRC) == []


def test_unit_tests_stand_in_the_rooms_of_what_they_test():
    suites = sources(ROOT / "tests" / "unit")
    rooms = {path.parent.name for path in suites if path.parent.name != "unit"}
    assert rooms and rooms <= set(ROOMS)


@pytest.mark.parametrize(
    "file, line, why",
    [
        ("base/a.c", '#include "http/h.h"', "above"),
        ("store/a.h", '#include "market/h.h"', "above"),
        ("market/a.c", '#include "http/h.h"', "above"),
        ("market/a.c", '#include "../http/h.h"', "not named from src/"),
        ("market/a.h", '#include "json/h.h"', "nothing for market/"),
        ("http/other.c", "#include <fcgiapp.h>", "belongs in"),
        ("market/a.c", "  #  include <mongoc/mongoc.h>", "belongs in"),
        ("server/a.h", "#include <bson/bson.h>", "belongs in"),
        ("api/a.c", "#include <json-c/json.h>", "belongs in"),
        ("auth/a.c", "#include <curl/curl.h>", "belongs in"),
        ("http/a.c", "#include <event2/event.h>", "belongs in"),
        ("tool.c", "#include <mongoc/mongoc.h>", "belongs in"),
        ("attic/a.c", "", "no list of rooms"),
    ],
)
def test_the_rule_notices(tmp_path, file, line, why):
    """A checker that finds nothing in a wrong tree would pass for ever."""
    for room in ROOMS:
        (tmp_path / room).mkdir()
        (tmp_path / room / "h.h").write_text("")
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(line + "\n")
    found = violations(tmp_path)
    assert len(found) == 1 and why in found[0], found


def test_the_rule_lets_pass(tmp_path):
    for room in ROOMS:
        (tmp_path / room).mkdir()
        (tmp_path / room / "h.h").write_text("")
    (tmp_path / "program.c").write_text(
        '#include "api/h.h"\n#include "base/h.h"\n#include <stdio.h>\n'
    )
    (tmp_path / "server" / "fcgi.c").write_text(
        '#include <fcgiapp.h>\n#include "http/h.h"\n#include "base/h.h"\n'
    )
    (tmp_path / "store" / "a.c").write_text("#include <mongoc/mongoc.h>\n#include <bson/bson.h>\n")
    assert violations(tmp_path) == []


WORDS = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\])*"', re.DOTALL)


def names_of_a_provider(src):
    """Where code names a payment provider: its own files and the list of all may."""
    table = next(path for path in sources(src) if path.name == "provider.h")
    named = re.search(r"#define EACH_PROVIDER\(X\) (.*)", table.read_text()).group(1)
    names = set(re.findall(r"X\((\w+)\)", named)) - {"dummy"}  # which is a word of its own
    assert names
    found = []
    for path in sources(src):
        own = path.parent == table.parent and path.name.startswith((*names, "provider.h"))
        code = WORDS.sub("", path.read_text())
        if not own and re.search("|".join(names), code, re.IGNORECASE):
            found.append(str(path.relative_to(src)))
    return found


def test_a_payment_provider_is_named_in_its_own_files_alone():
    assert names_of_a_provider(SRC) == []


def test_the_rule_of_providers_notices(tmp_path):
    (tmp_path / "provider.h").write_text("#define EACH_PROVIDER(X) X(dummy) X(bank)\n")
    (tmp_path / "bank_http.c").write_text("int bank;\n")
    (tmp_path / "words.c").write_text('/* the bank */ const char *text = "of \\"bank";\n')
    assert names_of_a_provider(tmp_path) == []
    (tmp_path / "other.c").write_text("int x = BANK_X;\n")
    assert names_of_a_provider(tmp_path) == ["other.c"]


# Balances of users change in one file, where the journal row stands beside each change. The migration of older records
# writes what it finds; the others are numbers of another document of the same name.
BALANCE = r'"(coins|pending_coins|owed_coins)"'
BALANCE_CHANGE = re.compile(
    BALANCE + r",\s*BCON_(?:INT|DOUBLE)\w*\((?!-1\))"
    r"|BSON_APPEND_\w+\(\s*&?\w+,\s*" + BALANCE + r"|\b(?:WHOLE|INT|PAIR)\(\s*" + BALANCE + r"(?!,\s*-1\))"
)
BALANCES_OF_OTHERS = {
    "market/payments.c": {"coins"},  # of a payment: what it is for
    "market/audit.c": {"coins", "pending_coins"},  # of an audit: the sums
}


def balance_changes(src):
    found = []
    for path in sources(src):
        file = path.relative_to(src).as_posix()
        if file == "market/ledger.c" or re.match(r"(migrate/adoption\w*\.c|migrate/)", file):
            continue
        for change in BALANCE_CHANGE.finditer(path.read_text()):
            field = next(filter(None, change.groups()))
            if field not in BALANCES_OF_OTHERS.get(file, ()):
                found.append(f"{file}: {field}")
    return found


@promise(
    "2 The books",
    "Every movement is one transaction that changes the balances and appends to the journal",
)
def test_coins_move_in_the_ledger_alone():
    assert BALANCE_CHANGE.search((SRC / "market" / "ledger.c").read_text())
    assert balance_changes(SRC) == []


@pytest.mark.parametrize(
    "line, moves",
    [
        ('DOC(arena, "$inc", "{", "coins", BCON_INT64(work->price), "}")', True),
        ('DOC(arena, "$set", "{", "owed_coins",\n\t\tBCON_INT32(0), "}")', True),
        ('BSON_APPEND_INT64(&change, "pending_coins", -held);', True),
        ('SUB("$inc", WHOLE("coins", price))', True),
        ('INT("owed_coins", 0)', True),
        ('SUB("$sort", INT("coins", -1))', False),
        ('doc_whole(user, "coins", 0)', False),
        ('DOC(arena, "coins", "{", "$gte", BCON_INT64(taken), "}")', False),
        ('DOC(arena, "sort", "{", "coins", BCON_INT32(-1), "}")', False),
        ('{ .field = "coins", .type = VIEW_WHOLE }', False),
    ],
)
def test_a_change_of_a_balance_is_noticed(tmp_path, line, moves):
    for room in ("api", "migrate"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "a.c").write_text(line + "\n")
    assert [found.split(":")[0] for found in balance_changes(tmp_path)] == ["api/a.c"] * moves


# Lists of keys, values and braces; pairs are macros of store/doc.h.
UNPAIRED = re.compile(r'"[{\[]"\s*,|(?<!PAIR\()(?<!LIST\()"[\w$.]+",\s*BCON_')


def unpaired(text):
    return [match.group() for match in UNPAIRED.finditer(text)]


def test_documents_are_made_of_pairs():
    wrong = {
        str(path.relative_to(SRC)): unpaired(path.read_text())
        for path in sources(SRC)
        if path.name != "doc.h" and "store/doc.h" in path.read_text()
    }
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize(
    "text, right",
    [
        ('DOC(arena, "status", BCON_UTF8(status))', False),
        ('DOC(arena, "$set",\n\t"{", DATE("updatedAt", now), "}")', False),
        ('DOC(arena, "$in", "[", BCON_UTF8("a"), "]")', False),
        ('DOC(arena, TEXT("a", b), PAIR("price", BCON_CENTS(cents)))', True),
        ('DOC(arena, SUB("a", LIST("$in", BCON_UTF8("b"), BCON_NULL)))', True),
    ],
)
def test_the_rule_of_pairs_notices(text, right):
    assert (unpaired(text) == []) == right


def clang_format_14():
    """Another version lays out otherwise."""
    for name in ("clang-format-14", "clang-format"):
        try:
            told = subprocess.run([name, "--version"], capture_output=True, text=True, check=True)
        except (FileNotFoundError, subprocess.CalledProcessError):
            continue
        if " 14." in told.stdout:
            return name
    return None


def test_clang_format_decides_the_layout():
    tool = clang_format_14()
    if not tool:
        pytest.skip("needs clang-format 14 (Debian 12: clang-format)")
    files = sources(SRC) + sources(ROOT / "tests")
    told = subprocess.run(
        [tool, "--dry-run", *map(str, files)], capture_output=True, text=True, cwd=ROOT, check=True
    )
    wrong = {line.split(":")[0] for line in told.stderr.splitlines() if "[-Wclang-format" in line}
    assert sorted(wrong) == [], "clang-format -i these"
