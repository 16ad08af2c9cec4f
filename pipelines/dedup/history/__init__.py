"""Duplicates across runs: a folder that grows by batch, read by hash, never by text.

HISTORY/history.json                          which batches there are: replaced as a whole, so a change is
                                              there or not
HISTORY/batches/<number>-<name>.<commit>/…    the tables of a batch (or of several, compacted) by bucket, with
                                              a manifest
HISTORY/removed/<commit>.parquet              doc_ids that were taken down since the last compaction
"""
