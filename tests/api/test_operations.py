"""What an operator does about each alert stands in docs/operations.md."""

import pathlib
import re

from promises import promise

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "operations.md").read_text()
SOURCES = sorted((ROOT / "src").rglob("*.[ch]"))
NAMED = dict(
    re.findall(r'#define (ALERT_\w+) "([^"]+)"', (ROOT / "src/market/alerts.h").read_text())
)


@promise("9 POST /users/:id/adjust", "What an operator does about each alert stands in the docs")
def test_each_alert_is_named_and_explained():
    rows = {line.split("|")[1].strip() for line in DOCUMENT.splitlines() if line.startswith("| ")}
    assert set(NAMED.values()) <= rows, set(NAMED.values()) - rows
    assert rows - set(NAMED.values()) == {"alert", "---"}, "of alerts that are no more"
    for row in DOCUMENT.splitlines():
        if row.startswith("| "):
            assert all(cell.strip() for cell in row.strip("|").split("|")), row


@promise("9 POST /users/:id/adjust", "What an operator does about each alert stands in the docs")
def test_there_are_no_other_alerts():
    """Each comes from alerts.h, by name, or as an argument of a function that takes one."""
    used = set()
    for path in SOURCES:
        text = path.read_text()
        used |= set(re.findall(r"\bALERT_\w+", text)) if path.name != "alerts.h" else set()
        for after in re.findall(r'"ALERT: ([^"]*)"\s*(\w*)', text):
            if path.name == "alerts.h":
                continue
            assert after[0].startswith("%s") or after[1] in NAMED, (path.name, after)
    assert used == set(NAMED), used ^ set(NAMED)
