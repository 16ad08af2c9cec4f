"""Names of data sets, as OpenLineage's naming has them: a namespace for where it lies, a name within it."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from daybreak.secrets import lasting, without_secrets


class Place(NamedTuple):
    """What names a data set in every event."""

    namespace: str
    name: str

    def below(self, *parts: str) -> Place:
        """A data set inside."""
        return Place(self.namespace, "/".join((self.name.rstrip("/"), *parts)))


def place_of(location: str) -> Place:
    """`file` and an absolute path, or scheme://authority and the path in it (a bucket's without a leading slash).

    Users, passwords and signed queries of an address do not come along.
    """
    if "://" not in location:
        return Place("file", location)
    parts = urlsplit(lasting(location))
    if parts.scheme == "file":
        return Place("file", parts.path)
    path = parts.path if parts.scheme in ("http", "https", "hdfs") else parts.path.lstrip("/")
    query = f"?{parts.query}" if parts.query else ""
    return Place(f"{parts.scheme}://{parts.netloc}", without_secrets(path + query) or "/")


def storage_layer(place: Place) -> str:
    """`file`, `s3`, `https`, ...: what the storage facet calls the layer."""
    return place.namespace.split("://")[0]
