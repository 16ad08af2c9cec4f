"""A data set's folder as the Hugging Face hub holds it, or as `save_to_disk` wrote it.

On the hub (huggingface.co/docs/hub/datasets-manual-configuration, datasets-file-names-and-splits): README.md
opens with YAML whose `configs` give each subset's `data_files`, a split and its patterns; without it the names
of files and folders tell the split, and where none does, all is train. `save_to_disk` writes state.json with the
names of its Arrow files, and for several splits dataset_dict.json above their folders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
import pyarrow as pa
import yaml
from pyarrow import fs

from daybreak.errors import InputError
from pipelines.ingest import delimited, text
from pipelines.ingest.inputs import Input, expand, glob_pattern
from pipelines.ingest.keyed import read_keyed
from pipelines.ingest.keys import Keys
from pipelines.ingest.streams import open_file, unreadable

FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*$", re.S | re.M)
DATA = re.compile(r"\.(parquet|arrow|jsonl?|ndjson|csv|tsv|txt)(\.(gz|zst|xz|bz2|lz4))?$", re.I)
SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "eval", "evaluation"),
}
"""Words in a path that name its split; whole words, as the hub has it."""

Patterns = Mapping[str, Sequence[str]]
"""Patterns of files, below the folder, by split."""

Held = Mapping[str, Input]
"""What a folder holds, by name below the folder."""


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
) -> Iterator[pa.RecordBatch]:
    """Read one data file: Parquet, Arrow, CSV or TSV, text (a line a document), else JSON Lines.

    Options as for JSON Lines and CSV; config and splits choose the files, see data_files.
    """
    kind = DATA.search(path)
    if kind and kind[1].lower() in ("csv", "tsv"):
        return delimited.read(path, filesystem, batch_bytes=batch_bytes, options=options)
    if kind and kind[1].lower() == "txt":
        return text.read(path, filesystem, batch_bytes=batch_bytes, options={"document": "line"})
    return read_keyed(path, filesystem, batch_bytes, Keys.of(options))


def data_files(name: str, folders: Sequence[str], options: Mapping[str, Any]) -> list[Input]:
    """The data files of the wanted config and splits in each folder, called by their paths below it.

    Raises InputError where a folder holds no data, or not that config or split; it names those that are there.
    """
    found = []
    for folder in folders:
        root = folder.rstrip("/")
        prefix = root.rsplit("/", 1)[-1] + "/" if len(folders) > 1 else ""
        held = {item.file: item for item in expand(name, [root])}
        patterns = _patterns(name, root, held, options.get("config"))
        for split in _wanted(name, root, patterns, options.get("splits", ["train"])):
            files = _matched(name, root, held, patterns[split])
            found += [replace(held[file], file=prefix + file) for file in files]
    return sorted(set(found))


def _matched(name: str, root: str, held: Held, patterns: Sequence[str]) -> set[str]:
    """The data files in the folder that `patterns` name."""
    found: set[str] = set()
    for pattern in patterns:
        rule = re.compile(glob_pattern(pattern))
        matched = {file for file in held if file == pattern or rule.fullmatch(file)}
        if not matched:
            raise InputError(
                f"{name}: '{pattern}' matches no file in {root}, which holds {len(held)}. Fetch the folder whole"
            )
        found |= {file for file in matched if DATA.search(file)}
    return found


def _wanted(name: str, root: str, patterns: Patterns, splits: Sequence[str]) -> list[str]:
    if list(patterns) == [""]:
        return [""]
    missing = [split for split in splits if split not in patterns]
    if missing:
        raise InputError(
            f"{name}: {root} has no split {', '.join(missing)}; it has {', '.join(patterns) or 'none'}. "
            "Set options.splits"
        )
    return list(splits)


def _patterns(name: str, root: str, held: Held, config: str | None) -> Patterns:
    """The data files by split; the split '' is that of a folder that was saved as one."""
    if (saved := _json(held, "dataset_dict.json")) is not None:
        return {split: _saved(held, f"{split}/") for split in saved.get("splits", [])}
    if "state.json" in held:
        return {"": _saved(held, "")}
    configs = _configs(held)
    if configs:
        return _data_files(_chosen(name, root, configs, config))
    if config is not None:
        raise InputError(f"{name}: {root} has no configs, so no {config!r}. Leave options.config out")
    return _by_name(name, root, held)


def _saved(held: Held, prefix: str) -> list[str]:
    state = _json(held, f"{prefix}state.json") or {}
    return [prefix + file["filename"] for file in state.get("_data_files", [])]


def _configs(held: Held) -> list[Mapping[str, Any]]:
    """`configs` of README.md, those with data files."""
    card = _bytes(held["README.md"].path) if "README.md" in held else b""
    head = FRONT_MATTER.match(card.decode(errors="replace"))
    try:
        values = yaml.safe_load(head[1]) if head else None
    except yaml.YAMLError as error:
        raise unreadable(held["README.md"].path, f"its YAML cannot be read ({error})", "Mend it") from None
    configs = values.get("configs") if isinstance(values, Mapping) else None
    return [c for c in configs or [] if isinstance(c, Mapping) and ("data_files" in c or "data_dir" in c)]


def _chosen(
    name: str, root: str, configs: Sequence[Mapping[str, Any]], config: str | None
) -> Mapping[str, Any]:
    names = [str(one.get("config_name", "default")) for one in configs]
    defaults = [names[at] for at, one in enumerate(configs) if one.get("default")]
    wanted = config or next(iter(defaults), None) or (names[0] if len(names) == 1 else "default")
    if wanted not in names:
        raise InputError(
            f"{name}: {root} has no config {wanted!r}; it has {', '.join(names)}. Set options.config"
        )
    return configs[names.index(wanted)]


def _data_files(config: Mapping[str, Any]) -> Patterns:
    """The patterns of one config, in any of the forms in which a card writes them."""
    folder = f"{str(config.get('data_dir') or '').strip('/')}/".lstrip("/")
    given = config.get("data_files", "**")
    if isinstance(given, Mapping):
        given = [{"split": split, "path": path} for split, path in given.items()]
    if isinstance(given, str) or (given and all(isinstance(one, str) for one in given)):
        given = [{"split": "train", "path": given}]
    found: dict[str, list[str]] = {}
    for one in given:
        paths = [one["path"]] if isinstance(one["path"], str) else one["path"]
        found.setdefault(str(one["split"]), []).extend(folder + path for path in paths)
    return found


def _by_name(name: str, root: str, held: Held) -> Patterns:
    """Data files by the split that their path names; all are train where none names one."""
    paths = [file for file in held if DATA.search(file)]
    if not paths:
        raise InputError(f"{name}: {root} holds no data file (Parquet, Arrow, JSON, CSV or text)")
    found: dict[str, list[str]] = {}
    for path in paths:
        if split := _split_of(path):
            found.setdefault(split, []).append(path)
    return found or {"train": paths}


def _split_of(path: str) -> str | None:
    words = re.split(r"[^a-z]+", path.lower())
    return next((split for split, names in SPLITS.items() if any(name in words for name in names)), None)


def _json(held: Held, file: str) -> dict[str, Any] | None:
    """The JSON object in a file of the folder; None where there is no such file."""
    if file not in held:
        return None
    try:
        value = orjson.loads(_bytes(held[file].path))
    except orjson.JSONDecodeError as error:
        raise unreadable(held[file].path, f"it is not JSON ({error})", "Fetch or save it again") from None
    return value if isinstance(value, dict) else {}


def _bytes(path: str) -> bytes:
    with open_file(path) as file:
        return bytes(file.read())
