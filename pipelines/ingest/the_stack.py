"""Source code: The Stack (Kocetkov et al. 2022, arXiv 2211.15533), its deduplicated forms, and StarCoderData.

Parquet or JSON Lines, a row a file: content, lang, ext, size, hexsha, max_stars_repo_name, max_stars_repo_path,
max_stars_repo_licenses (a list of SPDX names), max_stars_count. The Stack v2 has no content, only where it is
to be found; with the content fetched its keys are path, repo_name, language, detected_licenses.
"""

from __future__ import annotations

from pipelines.ingest.keyed import keyed_reader
from pipelines.ingest.keys import Keys

KEYS = Keys(
    text=("content",),
    url=(),
    timestamp=(),
    licence=("max_stars_repo_licenses", "detected_licenses", "licenses", "license"),
    metadata=("hexsha", "blob_id", "size", "ext", "license_type"),
    renamed={
        "programming_language": ("lang", "language"),
        "repository": ("max_stars_repo_name", "repo_name"),
        "path": ("max_stars_repo_path", "path"),
        "stars": ("max_stars_count", "star_events_count"),
    },
)

read = keyed_reader(KEYS)
"""Read one shard of source code. No options.

The metadata keeps licence, programming language and where the file stands; the row's language is null, for
that is the language of people.
"""
