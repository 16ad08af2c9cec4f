"""A URL list of millions of domains: what its index costs to build, a URL to look up, a further process to hold.

`python -m benchmarks.url_lists [DOMAINS]`, 3,000,000 made-up domains by default. The index is one file that every
process maps; `own` is memory that no other process shares (USS), less what the process had before the list. The last
row is what the domains alone take as a Python set.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from pipelines.lists.suffixes import registered_domains
from pipelines.lists.urls import UrlCategories, index_for

URLS = 100_000


def domains(number: int, seed: int) -> list[str]:
    """Made-up domains, in no order."""
    names = np.random.default_rng(seed).integers(0, 1 << 40, number)
    return [f"site-{name:x}.zone-{name % 1000}.com" for name in names.tolist()]


def own_bytes() -> int:
    """Memory of this process that it shares with none."""
    return int(psutil.Process().memory_full_info().uss)


def addresses() -> pa.RecordBatch:
    """URLs of which a half is listed."""
    hosts = domains(URLS // 2, 0) + domains(URLS // 2, 1)
    return pa.record_batch({"url": [f"https://www.{host}/a/page?id=1" for host in hosts]})


def use(folder: str) -> list[str]:
    """Of this process: seconds to have the index, MB of its own that it took, ns a URL to look up."""
    urls, stage = addresses(), UrlCategories(folder)
    registered_domains(urls.column("url"))
    before, began = own_bytes(), time.process_time()
    index_for(folder, None)
    ready = time.process_time() - began
    began = time.process_time()
    listed = stage(urls).column("url_listed").to_numpy().sum()
    each = (time.process_time() - began) / URLS * 1e9
    assert listed >= URLS // 2
    return [f"{ready:.1f}", f"{(own_bytes() - before) / 1e6:.0f}", f"{each:,.0f}"]


def main() -> None:
    """Print the table."""
    if sys.argv[1:2] == ["--use"]:
        print(*use(sys.argv[2]))
        return
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000_000
    table = Table("", "ready, CPU s", "own, MB", "ns a URL", title=f"a list of {number:,} domains")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "made").mkdir()
        (Path(folder) / "made" / "domains").write_text("\n".join(domains(number, 0)))
        command = [sys.executable, "-m", "benchmarks.url_lists", "--use", folder]
        for name in ("the process that builds the index", "a second process", "a third"):
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            table.add_row(name, *done.stdout.split())
            index = index_for(folder, None)
            index.keys.max(), index.bits.max()  # from here on every page of the file is another process's too
        size = f"{(index.keys.nbytes + index.bits.nbytes) / 1e6:.0f} (shared)"
        if isinstance(index.keys, np.memmap) and index.keys.filename:
            Path(index.keys.filename).unlink()
    table.add_row("the index's file", "", size, "")
    before = own_bytes()
    held = set(domains(number, 0))
    table.add_row(f"a Python set of {len(held):,}", "", f"{(own_bytes() - before) / 1e6:.0f}", "")
    Console().print(table)


if __name__ == "__main__":
    main()
