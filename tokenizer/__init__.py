"""Train a BPE, encode, fingerprint, write and read token shards. Imports neither Spark nor torch."""
