"""What the figures look like: the page, the table of goals, the comparison with an earlier run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sections
from rows import Goal, Row

Figures = Mapping[str, Any]

# A median that is worse by more than this, and than the spread of its rounds, is pointed out.
_NOISE = 0.05


def write(target: Path, heading: str, figures: Figures, rows: Sequence[Row]) -> None:
    """Puts all rows that were ever measured into their section of the page."""
    measured = [row for row in rows if row.name in figures]
    parts = [_GOALS, table(figures, measured), *_differences(figures, measured)]
    parts += [_details(row, figures[row.name]) for row in measured]
    sections.put(target, heading, "\n\n".join(parts))


_GOALS = """Written by `bench/run`; [bench/README.md](../bench/README.md) says how. Graft and its
peers did the same work in the same run, taking turns. A ratio above 1 is in Graft's favour."""


def table(figures: Figures, rows: Sequence[Row]) -> str:
    """Each goal with what was reached."""
    lines = ["| row | Graft | against | ratio | goal | |", "|---|---|---|---|---|---|"]
    for row in rows:
        medians = figures[row.name]["medians"]
        for goal in row.goals:
            if goal.way in medians and goal.against in medians:
                lines.append(_goal(row, goal, medians))
    return "\n".join(lines)


def _goal(row: Row, goal: Goal, medians: Mapping[str, float]) -> str:
    way, against = medians[goal.way], medians[goal.against]
    ratio = row.ratio(way, against)
    wanted = "–" if goal.least is None else f"{goal.least:g} ×"
    verdict = "" if goal.least is None else ("reached" if ratio >= goal.least else "**missed**")
    return (
        f"| {row.name} | {goal.way}: {figure(way)} {row.unit} "
        f"| {goal.against}: {figure(against)} {row.unit} | {ratio:.2f} × | {wanted} | {verdict} |"
    )


def _details(row: Row, figures: Figures) -> str:
    lines = [
        f"### {row.name}",
        "",
        f"{row.title}.",
        "",
        f"| | {row.unit}, median | least to most |",
        "|---|---|---|",
    ]
    for name, values in figures["measured"].items():
        median = figures["medians"][name]
        spread = f"{figure(min(values))} to {figure(max(values))}" if len(values) > 1 else "–"
        lines.append(f"| {name} | {figure(median)} | {spread} |")
    rounds = figures["rounds"]
    notes = ["One round." if rounds == 1 else f"{rounds} rounds."]
    if figures["scale"] != 1:
        notes.append(f"Numbers of images times {figures['scale']:g}.")
    if figures["others"] is not None:
        notes.append(f"Other processes took {figures['others']:.0%} of the processors at most.")
    if row.remark is not None:
        notes.append(row.remark(figures["medians"]))
    return "\n".join([*lines, "", " ".join(notes)])


def _differences(figures: Figures, rows: Sequence[Row]) -> list[str]:
    """On which machine, with which versions and images what was measured."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        of = figures[row.name]
        facts = {**of["machine"], "images": of["images"], **of["versions"]}
        text = "\n".join(f"| {name} | {value} |" for name, value in facts.items())
        groups.setdefault(text, []).append(row.name)
    every = len(groups) == 1
    return [
        f"| {'machine' if every else ', '.join(names)} | |\n|---|---|\n{text}"
        for text, names in groups.items()
    ]


def comparison(before: Figures, after: Figures, rows: Sequence[Row]) -> str:
    """Each way then and now; what became worse stands out."""
    lines = ["| row | | then | now | times as good | |", "|---|---|---|---|---|---|"]
    for row in rows:
        if row.name not in before:
            continue
        old, new = before[row.name], after[row.name]
        for name in new["medians"]:
            if name in old["medians"]:
                lines.append(_change(row, name, old, new))
    return "\n".join(lines)


def _change(row: Row, name: str, old: Figures, new: Figures) -> str:
    then, now = old["medians"][name], new["medians"][name]
    ratio = row.ratio(now, then)
    best_now, worst_then = _best(row, new["measured"][name]), _worst(row, old["measured"][name])
    worse = ratio < 1 - _NOISE and row.ratio(best_now, worst_then) < 1
    verdict = "**WORSE**" if worse else ("better" if ratio > 1 + _NOISE else "")
    return (
        f"| {row.name} | {name} | {figure(then)} | {figure(now)} {row.unit} "
        f"| {ratio:.2f} | {verdict} |"
    )


def _best(row: Row, values: Sequence[float]) -> float:
    return max(values) if row.more_is_better else min(values)


def _worst(row: Row, values: Sequence[float]) -> float:
    return min(values) if row.more_is_better else max(values)


def figure(value: float) -> str:
    """Three digits that mean something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
