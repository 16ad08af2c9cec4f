"""Files that live elsewhere: HTTP(S), S3-compatible stores, and what Hadoop's file systems read."""

from pipelines.ingest.places.opening import facts_of, filesystem_of, is_web, open_remote, web_name
from pipelines.ingest.places.settings import settings, use

__all__ = ["facts_of", "filesystem_of", "is_web", "open_remote", "settings", "use", "web_name"]
