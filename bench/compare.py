"""The verdict on a build beside the one before it."""

from report import Results, lost, ratio, shown, table


def gains(results, call, clients):
    """Above 1 is better: the rate, and the processor's time for an answer."""
    before, now = ((name, call, clients) for name in ("before", "now"))
    return {
        "answers/s": ratio(results.each(*now, "rate"), results.each(*before, "rate")),
        "for the processor's time": ratio(results.each(*before, "cpu"), results.each(*now, "cpu")),
    }


def compare(rows):
    """A table with its last line, and whether something got slower."""
    results = Results(rows)
    slower, lines = [], []
    for call in results.calls:
        for clients in results.steps:
            found = gains(results, call, clients)
            slower += [f"{call} ({what})" for what, gain in found.items() if lost(gain)]
            lines.append([call, clients, *map(shown, found.values())])
    text = table(["call", "clients", *found], lines)
    end = f"Slower by more than a tenth: {', '.join(slower)}" if slower else "Nothing got slower by more than a tenth."
    return f"\nNow by before; above 1 is better.\n\n{text}\n{end}", bool(slower)
