"""What the documents say is what happens: the tour is what the service answers today, the commands
run, the links lead somewhere. All of it against a fresh stack with nothing but the demo data.
"""

import pathlib
import re
import shlex
import subprocess
import tempfile

import pytest

from client import ok
from conftest import ROOT, tour

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


# --- the tour ---


@pytest.mark.parametrize("path", [tour.MARKDOWN, tour.PAGE], ids=lambda path: path.name)
def test_the_tour_is_what_the_service_answers_today(showcase, path):
    assert path.read_text() == showcase.toured[path], "scripts/tour (or make docs) writes it anew"


# --- the commands of the README ---


def first_tour():
    """The lines to type, and the answers that stand below some of them as comments."""
    text = (ROOT / "README.md").read_text().split("## A first tour")[1].split("\n## ")[0]
    return [line.removeprefix("    ") for line in text.splitlines() if line.startswith("    ")]


def expected(lines):
    """What the text says is printed: a comment that begins with a brace. … stands for anything."""
    return [
        re.escape(re.sub(r"\s", "", line.removeprefix("#"))).replace("…", ".*")
        for line in lines
        if re.match(r"# *\{", line)
    ]


def test_the_readmes_first_tour_prints_what_it_says(showcase):
    lines = first_tour()
    assert lines[0].startswith("API=https://localhost:8443/api")
    script = "\n".join([f"API={showcase.base_url}/api", *lines[1:]])
    said = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=300
    )
    assert said.returncode == 0, said.stderr
    printed = re.findall(r"\{[^{}]*\}", said.stdout)  # jq writes an object in several lines
    wanted = expected(lines)
    assert len(wanted) >= 3 and len(printed) == len(wanted), said.stdout
    for text, pattern in zip(printed, wanted):
        assert re.fullmatch(pattern, re.sub(r"\s", "", text)), (text, pattern)


# --- what the documents name is there ---


def commands():
    """Each line of a document that is set as a command and calls a program of ours, as its words."""
    for document in DOCUMENTS:
        for line in document.read_text().splitlines():
            for text in re.findall(r"`([^`]+)`", line) + re.findall(r"^    (.+)", line):
                word = text.split()[0] if text.split() else ""
                if re.match(r"(scripts/|microtask(d|ctl)$|tests/)", word):
                    words = shlex.split(text, comments=True)
                    yield pytest.param(words, id=f"{document.name}: {text[:60]}")


@pytest.mark.parametrize("words", commands())
def test_a_command_that_a_document_names_is_there(stack, words):
    program = words[0]
    if program == "microtaskctl" and words[1:] and words[1][0] != "-":
        assert re.search(rf"^ +{re.escape(words[1])} ", stack.ctl().stderr, re.M), words
    elif program.startswith(("scripts/", "bench/", "tests/")):
        assert (ROOT / program).exists() or list(ROOT.glob(program)), words
    if program == "scripts/run":
        known = (ROOT / "scripts" / "stack.py").read_text()
        for option in (word for word in words if word.startswith("--")):
            assert f'"{option}"' in known, words


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_to_files_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), target


def test_the_readme_has_a_map_of_all_documents():
    readme = (ROOT / "README.md").read_text()
    for document in DOCUMENTS[1:]:
        assert f"({document.relative_to(ROOT)})" in readme, document.name


def test_the_readme_names_each_event_that_stripe_must_send():
    sources = "".join(path.read_text() for path in (ROOT / "src").glob("*/stripe*.c"))
    acted_upon = set(re.findall(r'"([a-z_.]+)", NEWS_', sources))
    assert len(acted_upon) >= 5, acted_upon
    readme = (ROOT / "README.md").read_text()
    assert not {event for event in acted_upon if f"`{event}`" not in readme}


def test_a_distribution_holds_all_that_the_repository_does(stack):
    """`make distdir`, as `make dist` begins: a file that no list in Makefile.am names is left out."""
    if not (ROOT / ".git").exists():
        pytest.skip("no repository to compare with")
    kept = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    wanted = set(kept.stdout.splitlines()) - {".gitignore"}
    build = pathlib.Path(stack.env()["MICROTASKCTL"]).parent
    with tempfile.TemporaryDirectory() as to:
        made = subprocess.run(
            ["make", "-s", "distdir", f"distdir={to}/all"], cwd=build, capture_output=True, text=True
        )
        assert made.returncode == 0, made.stderr
        assert not {name for name in wanted if not pathlib.Path(to, "all", name).exists()}


def test_the_fresh_stack_is_none_the_worse(showcase):
    """The tours moved coins: the books of the stack they were played on balance."""
    audit = ok(showcase.user("admin").api.get("/admin/audit"))
    assert audit["balanced"] is True and audit["differences"] == []
