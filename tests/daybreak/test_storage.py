"""Two attempts of a task may write one file at once: a reader sees one whole content, and no attempt fails."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from daybreak.storage import Store


def test_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    store = Store.at(tmp_path)
    contents = {bytes([letter]) * 200_000 for letter in range(8)}

    def write(content: bytes) -> bool:
        for _ in range(20):
            store.write("mark.json", content)
            if store.read("mark.json") not in contents:
                return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(write, contents))
    assert store.names() == ["mark.json"]
