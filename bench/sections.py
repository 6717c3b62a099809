"""Sections of a page, each written by the command that measures what it says."""

import re
from pathlib import Path


def put(page: Path, heading: str, text: str) -> None:
    """Replaces the section with this heading, or adds it at the end; all others stay.

    ``heading`` has no marks; ``text`` is what stands below it.
    """
    written = page.read_text("utf-8") if page.exists() else "# Performance\n"
    section = f"## {heading}\n\n{text.strip()}\n"
    parts = re.split(r"(?m)^(?=## )", written)
    kept = [part.rstrip() + "\n" for part in parts]
    places = [i for i, part in enumerate(kept) if part.startswith(f"## {heading}\n")]
    if places:
        kept[places[0]] = section
    else:
        kept.append(section)
    beside = page.with_name(page.name + ".new")
    beside.write_text("\n".join(kept), encoding="utf-8")
    beside.replace(page)
