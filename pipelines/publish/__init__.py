"""Write the token shards that a plan asks for."""

from pipelines.publish.publish import publish

__all__ = ["publish"]
