"""The arithmetic of the bench: its ratios, its verdicts, its tables. The bench itself runs for hours."""

import xml.dom.minidom

import pytest

import alike
import compare
import plots
import report
from processes import Failed


def test_a_ratio_is_the_median_of_the_rounds_and_half_their_range():
    assert report.ratio([300, 100, 200], [100, 100, 100]) == (2, 1)


def test_what_slows_a_whole_round_is_not_in_a_ratio():
    assert report.ratio([100, 10, 50], [50, 5, 25]) == (2, 0)


def test_a_round_without_a_figure_has_no_ratio():
    assert report.ratio([None, 4, 0, 6], [1, 2, 1, 3]) == (2, 0)
    assert report.ratio([None], [1]) is None
    with pytest.raises(ValueError):
        report.ratio([1, 2], [1])


@pytest.mark.parametrize(
    "ratio, lost",
    [
        ((0.95, 0), False),  # within a tenth
        ((0.85, 0), True),
        ((0.85, 0.04), True),
        ((0.85, 0.06), False),  # it may have been bad luck
        ((1.5, 0), False),
    ],
)
def test_a_loss_counts_beyond_a_tenth_and_the_spread(ratio, lost):
    assert report.lost(report.Ratio(*ratio)) is lost


def test_without_a_figure_or_a_spread_nothing_is_lost():
    assert report.lost(None) is False
    assert report.lost(report.ratio([1], [2])) is False


@pytest.mark.parametrize(
    "ratio, text",
    [
        ((0.85, 0.101), "0.85 ± 0.10"),
        ((12.345, None), "12.35"),
        ((0.00051, 0.0001), "0.00051 ± 0.00010"),
    ],
)
def test_a_ratio_is_shown_with_its_spread_and_never_as_zeros(ratio, text):
    assert report.shown(report.Ratio(*ratio)) == text


def rows(call="task", clients=(32,), **by_contender):
    """A round for each pair of figures: rate and processor's time."""
    return [
        {
            "contender": name,
            "call": call,
            "clients": step,
            "round": number,
            "rate": rate,
            "cpu": cpu,
        }
        for name, figures in by_contender.items()
        for number, (rate, cpu) in enumerate(figures)
        for step in clients
    ]


def test_the_verdict_names_what_got_slower():
    same = [(100, 10)] * 3
    text, failed = compare.compare(rows(before=same, now=same))
    assert not failed and text.endswith("Nothing got slower by more than a tenth.")
    measured = rows(before=same, now=same) + rows("approve", before=same, now=[(50, 20)] * 3)
    text, failed = compare.compare(measured)
    assert failed and text.endswith(
        "tenth: approve (answers/s), approve (for the processor's time)"
    )
    assert "| task | 32 | 1.00 ± 0.00 | 1.00 ± 0.00 |" in text
    assert "| approve | 32 | 0.50 ± 0.00 | 0.50 ± 0.00 |" in text


def test_a_loss_that_the_spread_explains_is_no_verdict():
    measured = rows(before=[(100, 10)] * 3, now=[(80, 10), (85, 10), (110, 10)])
    text, failed = compare.compare(measured)
    assert not failed and "| task | 32 | 0.85 ± 0.15 | 1.00 ± 0.00 |" in text


def test_a_build_that_only_takes_more_of_the_processor_fails_too():
    text, failed = compare.compare(rows(before=[(100, 10)] * 3, now=[(100, 12)] * 3))
    assert failed and text.endswith("tenth: task (for the processor's time)")


def test_the_summary_has_ratios_of_rounds_in_whatever_order_they_came():
    measured = rows(clients=(1, 64), ours=[(100, 10), (300, 10)], go=[(100, 20), (100, 20)])
    text = report.summary(report.Results(measured[::-1]), {"task": "GET /tasks/:id"})
    assert "At 64 clients." in text
    assert "| task: GET /tasks/:id | 200 | 2.00 ± 1.00 | 10 | 2.00 ± 0.00 |" in text


def test_details_leave_out_what_was_not_measured():
    text = report.details(report.Results(rows(ours=[(100, 10)], go=[(200, 20)])), "task")
    assert text.splitlines() == [
        "| clients | contender | answers/s |",
        "| --- | --: | --: |",
        "| 32 | ours | 100 |",
        "| 32 | go | 200 |",
    ]


class Named:
    def __init__(self, name):
        self.name = name


@pytest.mark.parametrize("wrong, stops", [(None, False), ("go", True), ("old", False)])
def test_contenders_that_answer_otherwise_are_not_compared(monkeypatch, wrong, stops):
    monkeypatch.setattr(
        alike, "fact", lambda one, call, _: ("other", call)[one.name != wrong or call != "me"]
    )
    said = []
    contenders = [Named(name) for name in ("ours", "go", "old")]
    if stops:
        with pytest.raises(Failed, match="me: ours answers me, but {'go': 'other'}"):
            alike.check(contenders, "token", said.append)
    else:
        alike.check(contenders, "token", said.append)
        assert said == (["me: ours answers me, but {'old': 'other'}"] if wrong else [])


def test_only_what_is_between_the_marks_is_replaced():
    text = "head\n<!-- calls: made by bench/run -->\nold\n<!-- end of calls -->\nfoot\n"
    assert report.replace(text, "calls", "new") == text.replace("old", "new")
    with pytest.raises(ValueError):
        report.replace("head\n", "calls", "new")


def test_a_plot_has_a_panel_for_each_call_and_a_point_for_each_figure():
    measured = rows(clients=(1, 32), ours=[(100, 10)], go=[(1500, 20)]) + rows(
        "list <1>", ours=[(7, 1)]
    )
    drawn = xml.dom.minidom.parseString(
        plots.plot(report.Results(measured), "rate", "Answers", "clients")
    )
    assert len(drawn.getElementsByTagName("g")) == 2
    assert len(drawn.getElementsByTagName("circle")) == 5


@pytest.mark.parametrize("value, top", [(0, 1), (3, 5), (10, 10), (11, 20), (0.3, 0.5)])
def test_an_axis_ends_at_a_round_number(value, top):
    assert plots.nice_top(value) == pytest.approx(top)
