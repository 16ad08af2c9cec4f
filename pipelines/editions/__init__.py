"""Published editions: one folder each, moved in whole.

PUBLISH/<edition>/manifest.json            what it is: counts, checksums of all files, the values gates compare
PUBLISH/<edition>/shards/…                 token shards that `datasets.load_from_disk` opens
PUBLISH/<edition>/documents/…              which documents are in it, where they come from and where they stand
PUBLISH/<edition>/model/tokenizer.model    the tokenizer of the shards
"""
