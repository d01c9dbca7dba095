"""What the figures say: ratios with their spread, a verdict, and the tables of docs/performance.md."""

import collections
import math
import statistics

LOSS = 0.10  # what a build may lose to the one before it, beyond the spread
MIDDLE = 64  # clients, in the short table

Ratio = collections.namedtuple("Ratio", "middle spread")


def ratio(ours, theirs):
    """Of two contenders' figures, one of each round: the median of the rounds' ratios, and half of the distance from
    the lowest to the highest. A round's two figures were measured next to each other, so what slows a whole round down
    is not in its ratio. One round alone has no spread.
    """
    rounds = [one / other for one, other in zip(ours, theirs, strict=True) if one and other]
    if not rounds:
        return None
    return Ratio(statistics.median(rounds), (max(rounds) - min(rounds)) / 2 if len(rounds) > 1 else None)


def lost(ratio, loss=LOSS):
    """Whether a gain (above 1: better) is a loss of more than so much even if all the spread was bad luck."""
    return ratio is not None and ratio.spread is not None and ratio.middle + ratio.spread < 1 - loss


def shown(ratio):
    """With two digits behind the point, or more where these would be zeros."""
    if ratio is None:
        return "–"
    digits = max(2, 1 - math.floor(math.log10(ratio.middle)))
    return f"{ratio.middle:.{digits}f}" + ("" if ratio.spread is None else f" ± {ratio.spread:.{digits}f}")


class Results:
    """Rows of measurements (load.py), found by contender, call and number of clients (or of tasks: `by`)."""

    def __init__(self, rows, by="clients"):
        self.rows = collections.defaultdict(list)
        for row in sorted(rows, key=lambda row: row["round"]):
            self.rows[row["contender"], row["call"], row[by]].append(row)
        self.contenders, self.calls, self.steps = (list(dict.fromkeys(column)) for column in zip(*self.rows))
        self.steps.sort()

    def each(self, contender, call, step, figure):
        """By round; a figure that a call does not have is None."""
        return [row.get(figure) for row in self.rows.get((contender, call, step), ())]

    def median(self, contender, call, step, figure):
        values = [value for value in self.each(contender, call, step, figure) if value is not None]
        return statistics.median(values) if values else None

    def ratio(self, one, other, call, step, figure):
        return ratio(self.each(one, call, step, figure), self.each(other, call, step, figure))

    def line(self, contender, call, figure):
        """For a plot: the steps with their figures."""
        points = ((step, self.median(contender, call, step, figure)) for step in self.steps)
        return [point for point in points if point[1] is not None]


# --- Markdown ---


def table(head, lines):
    rule = ["---"] + ["--:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in (head, rule, *lines)) + "\n"


def number(value, digits=0):
    return "–" if value is None else f"{value:.{digits}f}"


def summary(results, paths, what="clients", first="ours"):
    """Each call in a line: our rate and its ratio to each other's, and the same of the processor's time; at a middling
    number of clients, or at the most of what there is.
    """
    step = MIDDLE if what == "clients" and MIDDLE in results.steps else results.steps[-1]
    others = [name for name in results.contenders if name != first]
    head = ["call", f"{first}, answers/s", *(f"× {name}" for name in others)]
    head += ["ms of processor a 1000", *(f"{name} takes ×" for name in others)]
    lines = []
    for call in results.calls:
        line = [f"{call}: {paths[call]}", number(results.median(first, call, step, "rate"))]
        line += [shown(results.ratio(first, name, call, step, "rate")) for name in others]
        line += [number(results.median(first, call, step, "cpu"))]
        line += [shown(results.ratio(name, first, call, step, "cpu")) for name in others]
        lines.append(line)
    return f"At {step} {what}.\n\n" + table(head, lines)


# name: what the column is called, and its digits
COLUMNS = {
    "rate": ("answers/s", 0),
    "p50": ("p50 ms", 1),
    "p99": ("p99 ms", 1),
    "cpu_app": ("app", 0),
    "cpu_nginx": ("nginx", 0),
    "cpu_mongod": ("mongod", 0),
    "commands": ("commands", 1),
    "refused": ("refused", 0),
    "broken": ("broken", 0),
    "memory": ("MB", 0),
    "group": ("a commit", 1),
    "done": ("done", 3),
    "coins": ("coins", 3),
}


def details(results, call, what="clients"):
    """All figures of a call, the medians of the rounds; columns that it has no figures for are left out."""
    keys = [(name, step) for step in results.steps for name in results.contenders if (name, call, step) in results.rows]
    columns = [one for one in COLUMNS if any(results.median(name, call, step, one) is not None for name, step in keys)]
    head = [what, "contender", *(COLUMNS[one][0] for one in columns)]
    lines = [
        [step, name, *(number(results.median(name, call, step, one), COLUMNS[one][1]) for one in columns)]
        for name, step in keys
    ]
    return table(head, lines)


def replace(text, part, by):
    """The text with what stands between a part's marks replaced."""
    begin, end = f"<!-- {part}: made by bench/run -->\n", f"<!-- end of {part} -->\n"
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"The marks of {part} are missing.")
    return before + begin + by.rstrip("\n") + "\n" + end + after
