"""Exact and near-duplicate removal: normalise, shingle, MinHash, band, verify, cluster, decide."""
