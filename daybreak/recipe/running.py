"""Sections `spark` and `remote`: how a build runs, never what it makes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from daybreak.recipe.section import Count, Section


class Spark(Section):
    """How Spark runs when `daybreak run` starts it; spark-submit's own settings win. Never changes the output."""

    master: str = "local[2]"
    driver_memory: str = "3g"
    partitions: Count | None = Field(
        None, description="tasks a pass; by default one a unit of work, up to 4096"
    )
    shuffle_partitions: Count = 8
    conf: dict[str, str] = Field(default_factory=dict, description="further Spark settings")


class ObjectStore(Section):
    """An S3-compatible store. Keys come from the environment or the platform, never from here."""

    endpoint: str | None = Field(
        None, description="address of a store that is not AWS's, e.g. https://minio.example.org:9000"
    )
    region: str | None = Field(None, description="region; by default what the environment says")
    anonymous: bool = Field(False, description="ask without keys, for public buckets")


class Remote(Section):
    """Reaching inputs over HTTP(S) and in object stores, for each worker process. Never changes the output."""

    retries: Annotated[int, Field(ge=0, le=100)] = Field(
        6, description="further attempts of a request that failed in a way that may pass"
    )
    backoff: Annotated[float, Field(gt=0)] = Field(
        0.5, description="seconds that the wait between attempts begins with; doubled each time, with jitter"
    )
    max_wait: Annotated[float, Field(gt=0)] = Field(
        120.0, description="longest wait between attempts, seconds, whatever a server's Retry-After asks for"
    )
    connect_timeout: Annotated[float, Field(gt=0)] = Field(10.0, description="seconds to reach a server")
    read_timeout: Annotated[float, Field(gt=0)] = Field(60.0, description="seconds without a byte")
    min_rate: Annotated[int, Field(ge=0)] = Field(
        1000, description="bytes a second, over read_timeout, below which an attempt is given up"
    )
    connections: Count = Field(4, description="requests at once to one host")
    pause: Annotated[float, Field(ge=0)] = Field(
        0.0, description="least seconds between the starts of two requests to one host"
    )
    contact: str | None = Field(
        None, description="address or page where servers' owners reach you, told in User-Agent"
    )
    cache: str | None = Field(
        None, description="folder on a local disk where what was read is kept; none by default"
    )
    cache_gb: Annotated[float, Field(gt=0)] = Field(20.0, description="size of that folder at most, GB")
    s3: ObjectStore = Field(default_factory=ObjectStore)
