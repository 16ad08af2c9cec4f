"""`daybreak sample`."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from daybreak.sample import write_sample


def run(directory: Path, megabytes: int) -> None:
    """Write the sample and say what is in it."""
    console = Console()
    report = write_sample(
        directory, megabytes=megabytes, progress=lambda line: console.print(f"  {line}", highlight=False)
    )
    console.print(str(report), highlight=False, soft_wrap=True)


def run_days(directory: Path, days: str, bad: list[str]) -> None:
    """Write days of news and say what is in them."""
    from daybreak.sample.days import parse_days, write_days

    report = write_days(directory, parse_days(days), bad)
    Console().print(str(report), highlight=False, soft_wrap=True)
