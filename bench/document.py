"""Writes what was measured into docs/performance.md, with its plots beside it."""

import json

from load import CALLS
from plots import plot
from processes import HERE, ROOT
from report import Results, details, replace, summary

DOCUMENT = ROOT / "docs" / "performance.md"
PLOTS = HERE / "figures"
# part: what its steps are, and its plots: the figure, the file, the title
PARTS = {
    "calls": ("clients", (
        ("rate", "rate.svg", "Answers a second"),
        ("cpu", "cpu.svg", "Milliseconds of processor for 1,000 answers (app, nginx and mongod)"),
        ("group", "group.svg", "Answers to a commit"),
    )),
    "growth": ("tasks", (
        ("cpu", "growth-cpu.svg", "Milliseconds of processor for 1,000 answers"),
        ("p50", "growth-p50.svg", "Milliseconds until half of the answers were there"),
    )),
}  # fmt: skip


def kept(state, part):
    return state / f"{part}.json"


def keep(state, part, about, rows):
    kept(state, part).write_text(json.dumps({"about": about, "rows": rows}, indent=1) + "\n")


def short(part, results):
    return summary(results, {name: call.path for name, call in CALLS.items()}, PARTS[part][0])


def paragraphs(part, about, results):
    """The Markdown of a part, whose plots are written on the way."""
    by, plots = PARTS[part]
    yield f"{about['day']}, commit {about['commit']}, {about['machine']}; {about['versions']}."
    yield f"    {about['command']}"
    for figure, file, title in plots:
        (PLOTS / file).write_text(plot(results, figure, title, by))
        yield f"![{title}, by {by}](../bench/{PLOTS.name}/{file})"
    if "ours" in results.contenders:
        yield short(part, results)
    for call in results.calls:
        yield f"### {call}: {CALLS[call].path}"
        yield details(results, call, by)


def read(state, part):
    """What the run was about, and its results."""
    data = json.loads(kept(state, part).read_text())
    return data["about"], Results(data["rows"], PARTS[part][0])


def write_all(state):
    """Every part that was measured."""
    for part in PARTS:
        if kept(state, part).exists():
            write(state, part)


def write(state, part):
    about, results = read(state, part)
    PLOTS.mkdir(exist_ok=True)
    text = "\n\n".join(one.strip("\n") for one in paragraphs(part, about, results))
    DOCUMENT.write_text(replace(DOCUMENT.read_text(), part, text))
