"""A data set's folder as the Hugging Face hub holds it, or as `save_to_disk` wrote it.

On the hub (huggingface.co/docs/hub/datasets-manual-configuration, datasets-file-names-and-splits): README.md
opens with YAML whose `configs` give each subset's `data_files`, a split and its patterns; without it the names
of files and folders tell the split, and where none does, all is train. `save_to_disk` writes state.json with the
names of its Arrow files, and for several splits dataset_dict.json above their folders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa
import yaml
from pyarrow import fs

from daybreak.errors import InputError
from pipelines.ingest import delimited, text
from pipelines.ingest.inputs import Input, expand
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


def read(
    path: str,
    filesystem: fs.FileSystem | None = None,
    *,
    batch_bytes: int = 4 << 20,
    options: Mapping[str, Any],
) -> Iterator[pa.RecordBatch]:
    """Read one data file: Parquet, Arrow, CSV or TSV, text (a line a document), else JSON Lines.

    Options as for JSON Lines; config and splits choose the files, see data_files.
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
        patterns = _patterns(name, root, options.get("config"))
        for split in _wanted(name, root, patterns, options.get("splits", ["train"])):
            found += _inputs(name, root, prefix, patterns[split])
    return sorted(set(found))


def _inputs(name: str, root: str, prefix: str, patterns: Sequence[str]) -> list[Input]:
    """The files that `patterns` name below `root`."""
    return [
        Input(name, prefix + _below(item.path, root), item.path, item.size, item.mtime_ns)
        for item in expand(name, [f"{root}/{pattern}" for pattern in patterns])
        if DATA.search(item.path)
    ]


def _below(path: str, root: str) -> str:
    """`path` from `root` on, wherever the file system lets the root's path begin."""
    place = root.removeprefix("file://")
    return path[path.index(place) + len(place) + 1 :] if place in path else path.rsplit("/", 1)[-1]


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


def _patterns(name: str, root: str, config: str | None) -> Patterns:
    """The data files by split; the split '' is that of a folder that was saved as one."""
    if (saved := _json(f"{root}/dataset_dict.json")) is not None:
        return {split: _saved(f"{root}/{split}", f"{split}/") for split in saved.get("splits", [])}
    if _json(f"{root}/state.json") is not None:
        return {"": _saved(root, "")}
    configs = _configs(root)
    if configs:
        return _data_files(_chosen(name, root, configs, config))
    if config is not None:
        raise InputError(f"{name}: {root} has no configs, so no {config!r}. Leave options.config out")
    return _by_name(name, root)


def _saved(folder: str, prefix: str) -> list[str]:
    state = _json(f"{folder}/state.json")
    if state is None:
        raise unreadable(f"{folder}/state.json", "there is no such file", "Save the data set again")
    return [prefix + file["filename"] for file in state.get("_data_files", [])]


def _configs(root: str) -> list[Mapping[str, Any]]:
    """`configs` of README.md, those with data files."""
    card = _bytes(f"{root}/README.md")
    head = FRONT_MATTER.match(card.decode(errors="replace")) if card else None
    try:
        values = yaml.safe_load(head[1]) if head else None
    except yaml.YAMLError as error:
        raise unreadable(f"{root}/README.md", f"its YAML cannot be read ({error})", "Mend it") from None
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


def _by_name(name: str, root: str) -> Patterns:
    """Data files by the split that their path names; all are train where none names one."""
    paths = [item.file for item in expand(name, [root]) if DATA.search(item.file)]
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


def _json(path: str) -> dict[str, Any] | None:
    """The JSON object in a file; None where there is no such file or it holds something else."""
    data = _bytes(path)
    try:
        value = orjson.loads(data) if data else None
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _bytes(path: str) -> bytes | None:
    try:
        with open_file(path) as file:
            return bytes(file.read())
    except InputError:
        return None
