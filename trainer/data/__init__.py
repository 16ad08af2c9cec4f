"""From shards and plan to batches."""
