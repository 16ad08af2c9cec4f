"""`write_sample`: gathers, writes beside the target, and renames into place: no half sample is ever seen."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from daybreak.errors import WorkspaceError
from daybreak.sample import layouts, manifest, warc
from daybreak.sample.dirt import write_dirt
from daybreak.sample.documents import deal
from daybreak.sample.gather import packages
from daybreak.sample.manifest import SampleReport, Shard
from daybreak.sample.place import partial, refuse_foreign, replace
from daybreak.sample.plan import Allocation, allocate, by_language, shards_of

DEFAULT_MEGABYTES = 24
SHARDS = {"warc": 4, "wet": 2, "c4": 4, "pile": 3, "openwebtext": 2, "refinedweb": 2}
Progress = Callable[[str], None]


def write_sample(
    directory: Path, *, megabytes: int = DEFAULT_MEGABYTES, progress: Progress | None = None
) -> SampleReport:
    """Writes the sample to `directory`, or keeps the one there if it is whole and of this environment.

    megabytes: million bytes of content in all (text; for WARC the pages' HTML), at least 1.
    progress: called with a line of text at each step.
    Raises WorkspaceError where the folder holds something else, cannot be written, or is being written.
    """
    if megabytes < 1:
        raise WorkspaceError(f"a sample of {megabytes} MB cannot be made: ask for 1 or more")
    directory = Path(os.path.abspath(directory))
    say = progress or (lambda message: None)
    installed = packages()
    environment = manifest.fingerprint(installed, megabytes)
    there = manifest.read_complete(directory)
    if there and there["fingerprint"] == environment:
        say(f"{directory} holds the whole sample of this environment already: kept")
        return manifest.report(directory, there, kept=True)
    refuse_foreign(directory)
    try:
        with partial(directory) as folder:
            shards = _write_all(folder, allocate(installed, megabytes, say), say)
            written = manifest.write_manifest(folder, shards, environment, megabytes)
            replace(folder, directory)
    except OSError as error:
        raise WorkspaceError(f"the sample cannot be written at {directory}: {error}") from error
    return manifest.report(directory, written, kept=False)


def _write_all(root: Path, given: Allocation, say: Progress) -> list[Shard]:
    for folder in ("commoncrawl", "c4", "the_pile/train", "openwebtext", "oscar-23.01", "refinedweb"):
        (root / folder).mkdir(parents=True)
    say("writing Common Crawl, C4, The Pile, OpenWebText, OSCAR and RefinedWeb shards")
    return [
        *_crawl(root, given),
        *_texts(root, given),
        *_oscar(root, given),
        *write_dirt(root, given.dirty_documents, given.dirty_exchanges),
    ]


def _crawl(root: Path, given: Allocation) -> Iterator[Shard]:
    for number, exchanges in enumerate(deal(given.exchanges, SHARDS["warc"])):
        name = f"commoncrawl/DAYBREAK-SAMPLE-{number:05d}.warc.gz"
        yield warc.write_warc(root / name, name, exchanges)
    for number, documents in enumerate(deal(given.wet, SHARDS["wet"])):
        name = f"commoncrawl/DAYBREAK-SAMPLE-{number:05d}.warc.wet.gz"
        yield warc.write_wet(root / name, name, documents)


def _texts(root: Path, given: Allocation) -> Iterator[Shard]:
    last = SHARDS["c4"]
    for number, documents in enumerate(deal(given.c4, last)):
        name = f"c4/c4-train.{number:05d}-of-{last:05d}.json.gz"
        yield layouts.write_c4(root / name, name, documents)
    for number, documents in enumerate(deal(given.pile, SHARDS["pile"])):
        name = f"the_pile/train/{number:02d}.jsonl.zst"
        yield layouts.write_pile(root / name, name, documents)
    for number, documents in enumerate(deal(given.openwebtext, SHARDS["openwebtext"])):
        name = f"openwebtext/urlsf_subset{number:02d}-{number}_data.xz"
        yield layouts.write_openwebtext(root / name, name, documents)
    last = SHARDS["refinedweb"]
    for number, documents in enumerate(deal(given.refinedweb, last)):
        name = f"refinedweb/train-{number:05d}-of-{last:05d}.parquet"
        yield layouts.write_refinedweb(root / name, name, documents)


def _oscar(root: Path, given: Allocation) -> Iterator[Shard]:
    for lang, documents in by_language(given.oscar).items():
        (root / f"oscar-23.01/{lang}_meta").mkdir()
        for number, part in enumerate(shards_of(documents, 2 if lang == "en" else 1), 1):
            name = f"oscar-23.01/{lang}_meta/{lang}_meta_part_{number}.jsonl.zst"
            yield layouts.write_oscar(root / name, name, part)
