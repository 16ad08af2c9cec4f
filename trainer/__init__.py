"""The trainer: a decoder-only language model trained on token shards, in one process or data-parallel."""
