"""Plots as SVG: a panel for each call, a line for each contender."""

import html
import math

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 250, 170, 46, 26, 10, 30  # of a panel, and of its margins
ACROSS = 4
COLOURS = {"ours": "#c0392b", "go": "#2471a3", "fastify": "#d68910", "old": "#7d8a8c"}
OTHER = "#4a235a"
# On a light and on a dark page.
STYLE = "text{font:10px sans-serif;fill:#666}.title{font-weight:bold}.axis{stroke:#9996;fill:none}"


def short(value):
    """1500 as 1.5k."""
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g}{name}"
    return f"{value:g}"


def nice_top(value):
    """The next of 1, 2, 5, 10, 20, …"""
    unit = 10 ** math.floor(math.log10(value)) if value > 0 else 1
    return next(unit * step for step in (1, 2, 5, 10) if unit * step >= value)


def text(x, y, words, anchor="middle", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{html.escape(words)}</text>'


def panel(title, lines, steps):
    """lines: contender: [(step, value)]. The steps stand at equal distances, as each doubles the one before or more."""
    top = nice_top(max((value for points in lines.values() for _, value in points), default=1))
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    at_x = {step: LEFT + wide * (number + 0.5) / len(steps) for number, step in enumerate(steps)}
    at_y = lambda value: TOP + high * (1 - value / top)
    drawn = [text(LEFT, 14, title, "start", ' class="title"')]
    for part in (0, 0.5, 1):
        y = at_y(top * part)
        drawn.append(
            f'<path class="axis" d="M{LEFT} {y:.1f}h{wide}"/>' + text(LEFT - 4, y + 3, short(top * part), "end")
        )
    drawn += [text(x, HEIGHT - 14, short(step)) for step, x in at_x.items()]
    for name, points in lines.items():
        colour = COLOURS.get(name, OTHER)
        places = [(at_x[step], at_y(value)) for step, value in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in places]
    return "".join(drawn)


def legend(names, y):
    drawn, x = [], LEFT
    for name in names:
        drawn.append(f'<rect x="{x}" y="{y - 8}" width="10" height="10" fill="{COLOURS.get(name, OTHER)}"/>')
        drawn.append(text(x + 15, y + 1, name, "start"))
        x += 40 + 7 * len(name)
    return "".join(drawn)


def plot(results, figure, title, what):
    """A figure of all calls that have it."""
    panels = []
    for call in results.calls:
        lines = {name: results.line(name, call, figure) for name in results.contenders}
        lines = {name: points for name, points in lines.items() if points}
        if lines:
            panels.append(panel(call, lines, results.steps))
    across = min(ACROSS, len(panels)) or 1
    width, height = across * WIDTH, -(-len(panels) // across) * HEIGHT + 50
    placed = "".join(
        f'<g transform="translate({number % across * WIDTH} {number // across * HEIGHT + 46})">{drawn}</g>\n'
        for number, drawn in enumerate(panels)
    )
    head = text(LEFT, 16, f"{title}, by {what}", "start", ' class="title"')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"<style>{STYLE}</style>\n{head}{legend(results.contenders, 36)}\n{placed}</svg>\n"
    )
