"""Layouts of records with named values, each as its publisher lays it out, in the files that it uses."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ingest_shards import COMPRESS, errors, kinds, read, texts

from daybreak.errors import InputError


def jsonl(path: Path, values: list[Any], codec: str = "gzip") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(COMPRESS[codec](b"".join(json.dumps(value).encode() + b"\n" for value in values)))
    return path


def parquet(path: Path, values: list[dict[str, Any]]) -> Path:
    pq.write_table(pa.Table.from_pylist(values), path)
    return path


def stream(path: Path, values: list[dict[str, Any]]) -> Path:
    table = pa.Table.from_pylist(values)
    with pa.OSFile(str(path), "wb") as out, pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    return path


def metadata(row: dict[str, Any]) -> dict[str, Any]:
    return json.loads(row["metadata"] or "{}")


@pytest.mark.parametrize(
    ("name", "lang"),
    [
        ("multilingual/c4-de.tfrecord-00000-of-02048.json.gz", "de"),
        ("multilingual/c4-bg-Latn.tfrecord-00000-of-00004.json.gz", "bg-Latn"),
        ("multilingual/c4-iw-validation.tfrecord-00000-of-00001.json.gz", "iw"),
        ("en/c4-train.00000-of-01024.json.gz", None),
        ("en/c4-validation.00000-of-00008.json.gz", None),
    ],
)
def test_mc4_says_its_language_in_the_name_of_the_file(tmp_path: Path, name: str, lang: str | None) -> None:
    value = {"text": "t", "timestamp": "2020-07-04T10:11:12Z", "url": "https://a/"}
    (row,) = read("c4", jsonl(tmp_path / name, [value]))
    assert (row["lang"], row["timestamp"], row["url"]) == (lang, "2020-07-04T10:11:12Z", "https://a/")


def test_components_of_the_pile_that_are_not_wanted_are_counted_as_such(tmp_path: Path) -> None:
    values = [
        {"text": "a", "meta": {"pile_set_name": "PubMed Central"}},
        {"text": "b", "meta": {"pile_set_name": "Enron Emails"}},
        {"text": "c", "meta": {}},
        {"text": "d", "meta": None},
    ]
    path = jsonl(tmp_path / "00.jsonl.zst", values, "zstd")
    assert texts(read("the_pile", path)) == ["a", "b", "c", "d"]
    rows = read("the_pile", path, components=["PubMed Central"])
    assert kinds(rows) == ["document", *["not_selected"] * 3]
    assert [row["n_raw"] for row in rows] == [row["length"] - 1 for row in rows]


def test_a_component_of_the_real_pile(shared_data: Path) -> None:
    rows = read("the_pile", shared_data / "the_pile/train/00.jsonl.zst", components=["ArXiv", "Github"])
    assert kinds(rows).count("document") == 108
    assert len(rows) == 721


def test_openwebtext_as_the_hub_has_it_is_parquet_with_a_text(tmp_path: Path) -> None:
    path = parquet(tmp_path / "train-00000-of-00080.parquet", [{"text": "Port-au-Prince"}, {"text": "b"}])
    assert texts(read("openwebtext", path)) == ["Port-au-Prince", "b"]


def test_oscar_22_01_keeps_its_annotation_as_quality_warnings(tmp_path: Path) -> None:
    value = {
        "content": "Erste Zeile\nZweite",
        "warc_headers": {
            "warc-refers-to": "<urn:uuid:1>",
            "warc-date": "2021-09-16T22:33:26Z",
            "warc-block-digest": "sha1:X",
            "content-type": "text/plain",
            "warc-type": "conversion",
            "warc-identified-content-language": "deu",
            "content-length": "1694",
            "warc-target-uri": "https://a.de/",
            "warc-record-id": "<urn:uuid:2>",
        },
        "metadata": {
            "identification": {"label": "de", "prob": 0.8},
            "annotation": ["short_sentences", "footer"],
            "sentence_identifications": [{"label": "de", "prob": 0.9}, None],
        },
    }
    (row,) = read("oscar", jsonl(tmp_path / "de_meta_part_1.jsonl.gz", [value]))
    assert (row["text"], row["lang"], row["url"]) == ("Erste Zeile\nZweite", "de", "https://a.de/")
    assert metadata(row) == {"quality_warnings": ["short_sentences", "footer"], "record_id": "<urn:uuid:2>"}


FINEWEB = {
    "text": "A page.",
    "id": "<urn:uuid:39147604-bfbe-4ed5-b19c-54105f8ae8a7>",
    "dump": "CC-MAIN-2013-20",
    "url": "http://%20jwashington@ap.org/x",
    "date": "2013-05-18T05:48:54Z",
    "file_path": "s3://commoncrawl/crawl-data/CC-MAIN-2013-20/x.warc.gz",
    "language": "en",
    "language_score": 0.97,
    "token_count": 717,
}
FINEWEB_2 = {**FINEWEB, "language": "deu", "language_script": "Latn", "minhash_cluster_size": 3}
FINEWEB_2 |= {"top_langs": '{"deu_Latn_score": 1.0}', "token_count": None}


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (FINEWEB, {"token_count": 717, "dump": "CC-MAIN-2013-20"}),
        (FINEWEB_2, {"language_script": "Latn", "minhash_cluster_size": 3}),
    ],
)
def test_fineweb_rows_carry_date_language_and_crawl(
    tmp_path: Path, value: dict[str, Any], kept: dict[str, Any]
) -> None:
    (row,) = read("fineweb", parquet(tmp_path / "000_00000.parquet", [value]))
    assert (row["text"], row["url"]) == (value["text"], value["url"])
    assert (row["timestamp"], row["lang"]) == ("2013-05-18T05:48:54Z", value["language"])
    assert kept.items() <= metadata(row).items()
    assert "top_langs" not in metadata(row)


def test_dolma_finds_address_and_licence_in_the_metadata(tmp_path: Path) -> None:
    value = {
        "id": "9",
        "text": "t",
        "source": "stack-v2",
        "added": "2023-04-18T18:26:58.759+00:00",
        "created": "2021-03-04T05:06:07.000Z",
        "metadata": {"url": "https://b/", "license": "MIT", "title": "T", "spans": [[0, 9]]},
    }
    paper = {"id": "1", "text": "Title\nAbstract", "source": "s2ag/train", "version": "v2"}
    paper |= {"added": "2023-05-01T00:00:00Z", "created": None}
    rows = read("dolma", jsonl(tmp_path / "cc_en_head-0000.json.gz", [value, paper]))
    assert (rows[0]["url"], rows[0]["timestamp"]) == ("https://b/", "2021-03-04T05:06:07Z")
    assert metadata(rows[0]) == {"id": "9", "source": "stack-v2", "licence": "MIT", "title": "T"}
    assert (rows[1]["timestamp"], metadata(rows[1])["version"]) == ("2023-05-01T00:00:00Z", "v2")


DCLM = {
    "bff_contained_ngram_count_before_dedupe": 2,
    "language_id_whole_page_fasttext": {"en": 0.93},
    "metadata": {
        "Content-Length": "12345",
        "WARC-Date": "2015-08-30T05:06:46Z",
        "WARC-Record-ID": "<urn:uuid:7>",
        "WARC-Target-URI": "https://c/",
        "WARC-Type": "response",
    },
    "previous_word_count": 512,
    "text": "A page.",
    "url": "https://c/",
    "warcinfo": "robots: classic",
    "fasttext_openhermes_reddit_eli5_vs_rw_v2_bigram_200k_train_prob": 0.5,
}


@pytest.mark.parametrize("save", [parquet, lambda path, values: jsonl(path, values, "zstd")])
def test_dclm_is_the_same_from_json_lines_and_from_parquet(tmp_path: Path, save: Any) -> None:
    (row,) = read("dclm", save(tmp_path / "shard_00000000_processed.jsonl.zst", [DCLM]))
    assert (row["url"], row["timestamp"]) == ("https://c/", "2015-08-30T05:06:46Z")
    assert metadata(row) == {
        "bff_contained_ngram_count_before_dedupe": 2,
        "english": 0.93,
        "previous_word_count": 512,
        "quality": 0.5,
        "record_id": "<urn:uuid:7>",
    }


STACK = {
    "hexsha": "ad8fb83b",
    "size": 10,
    "ext": "py",
    "lang": "Python",
    "max_stars_repo_path": "src/a.py",
    "max_stars_repo_name": "someone/thing",
    "max_stars_repo_licenses": ["MIT", "Apache-2.0"],
    "max_stars_count": 3,
    "content": "print('a')\n",
    "avg_line_length": 10.0,
}
STACK_2 = {"blob_id": "f0", "path": "/src/a.py", "repo_name": "someone/thing", "language": "Python"}
STACK_2 |= {"detected_licenses": ["MIT"], "license_type": "permissive", "content": "print('a')\n"}


@pytest.mark.parametrize(
    ("value", "licence", "path"),
    [(STACK, ["MIT", "Apache-2.0"], "src/a.py"), (STACK_2, ["MIT"], "/src/a.py")],
)
@pytest.mark.parametrize("save", [parquet, jsonl])
def test_code_keeps_licence_language_and_place(
    tmp_path: Path, value: dict[str, Any], licence: list[str], path: str, save: Any
) -> None:
    (row,) = read("the_stack", save(tmp_path / "data-00000-of-00206.parquet", [value]))
    kept = metadata(row)
    assert (row["text"], row["lang"]) == ("print('a')\n", None)
    assert (kept["licence"], kept["programming_language"], kept["path"]) == (licence, "Python", path)
    assert kept["repository"] == "someone/thing"


ARXIV = {
    "id": "0704.0001",
    "title": "Calculation of prompt diphoton production",
    "abstract": "A fully differential calculation.",
    "license": "http://creativecommons.org/licenses/by/4.0/",
    "categories": "hep-ph",
    "update_date": "2008-11-26",
}


@pytest.mark.parametrize("save", [jsonl, parquet, stream])
def test_papers_of_several_parts_are_read_by_keys_alone(tmp_path: Path, save: Any) -> None:
    values = [ARXIV, {**ARXIV, "abstract": None}]
    layout = {jsonl: "jsonl", parquet: "parquet", stream: "arrow"}[save]
    options = {"text_key": ["title", "abstract"], "timestamp_key": "update_date", "metadata_keys": ["id"]}
    rows = read(layout, save(tmp_path / "arxiv-metadata-oai-snapshot.json", values), **options)
    assert texts(rows) == [f"{ARXIV['title']}\n\n{ARXIV['abstract']}", ARXIV["title"]]
    assert metadata(rows[0]) == {"id": "0704.0001", "licence": ARXIV["license"]}
    assert rows[0]["timestamp"] == "2008-11-26T00:00:00Z"


@pytest.mark.parametrize(("save", "layout"), [(jsonl, "jsonl"), (parquet, "parquet"), (stream, "arrow")])
def test_a_licence_is_called_licence_wherever_it_stood(tmp_path: Path, save: Any, layout: str) -> None:
    nested = {"text": "a", "meta": {"rights": "CC0-1.0"}}
    (row,) = read(layout, save(tmp_path / "x", [nested]), licence_key="meta.rights", metadata_keys=[])
    assert metadata(row) == {"licence": "CC0-1.0"}
    (row,) = read(layout, save(tmp_path / "x", [{"text": "a", "license": "MIT", "n": 1}]))
    assert metadata(row) == {"licence": "MIT", "n": 1}


BAD: list[tuple[bytes, str]] = [
    (b'{"%s": null}', "JSON null, not a string"),
    (b'{"%s": ["a"]}', "JSON array, not a string"),
    (b'{"%s": "\\ud800"}', "cannot carry"),
    (b'{"other": "a"}', "no key"),
    (b'{"%s": "caf\xe9"}', "not valid UTF-8"),
]


@pytest.mark.parametrize("layout", ["c4", "the_pile", "oscar", "fineweb", "dolma", "dclm", "the_stack"])
@pytest.mark.parametrize(("line", "reason"), BAD)
def test_bad_records_of_every_layout_are_errors_in_their_place(
    tmp_path: Path, layout: str, line: bytes, reason: str
) -> None:
    key = {"oscar": b"content", "the_stack": b"content"}.get(layout, b"text")
    good = b'{"%s": "before\xe2\x80\xa8after\\r\\u0000"}\n' % key
    bad = (line % key if b"%s" in line else line) + b"\n"
    path = tmp_path / "shard"
    path.write_bytes(good + bad + good)
    rows = read(layout, path)
    assert kinds(rows) == ["document", "error", "document"]
    assert reason in rows[1]["error"]
    assert (rows[1]["offset"], rows[1]["length"]) == (len(good), len(bad))
    assert rows[2]["text"] == "before\u2028after\r\0"


@pytest.mark.parametrize("layout", ["the_pile", "oscar", "fineweb", "dolma", "dclm", "the_stack", "c4"])
@pytest.mark.parametrize("wrong", [7, "text", [1], None, True])
def test_wrong_types_beside_the_text_cost_no_document(tmp_path: Path, layout: str, wrong: Any) -> None:
    keys = ("url", "timestamp", "date", "metadata", "meta", "warc_headers", "created", "language", "license")
    value = {"text": "t", "content": "t", **dict.fromkeys(keys, wrong)}
    assert texts(read(layout, jsonl(tmp_path / "shard", [value]))) == ["t"]


def test_bad_utf8_in_a_column_of_metadata_costs_no_document(tmp_path: Path) -> None:
    bad = pa.array([b"caf\xe9", b"b"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"text": ["a", "b"], "dump": bad, "url": bad}), tmp_path / "x.parquet")
    rows = read("fineweb", tmp_path / "x.parquet")
    assert texts(rows) == ["a", "b"]
    assert metadata(rows[0])["dump"] == rows[0]["url"] == "caf\ufffd"


def test_arrow_of_every_date_type_and_both_forms(tmp_path: Path) -> None:
    when = datetime.datetime(2020, 1, 2, 3, 4, 5)
    table = pa.table({"text": ["a", None], "timestamp": pa.array([when, when], pa.timestamp("us"))})
    with (
        pa.OSFile(str(tmp_path / "x.arrow"), "wb") as out,
        pa.ipc.new_file(out, table.schema) as writer,
    ):
        writer.write_table(table)
    rows = read("arrow", tmp_path / "x.arrow")
    assert kinds(rows) == ["document", "error"]
    assert rows[0]["timestamp"] == "2020-01-02T03:04:05Z"


@pytest.mark.parametrize("lost", [8, 40, 400])
def test_an_arrow_stream_that_breaks_off_keeps_its_rows_and_says_so(tmp_path: Path, lost: int) -> None:
    values = [{"text": f"text {number}"} for number in range(20)]
    path = stream(tmp_path / "data-00000-of-00001.arrow", values)
    path.write_bytes(path.read_bytes()[:-lost])
    rows = read("arrow", path)
    assert kinds(rows) == ["document"] * (len(rows) - 1) + ["error"]
    assert texts(rows) == [value["text"] for value in values][: len(rows) - 1]
    assert rows[-1]["offset"] == len(rows) - 1
    assert len(errors(rows)) == 1


def test_an_arrow_batch_whose_buffers_contradict_each_other_costs_its_own_rows(tmp_path: Path) -> None:
    """Arrow trusts offsets as they stand; followed, these would lead out of memory."""
    offsets = pa.py_buffer(np.array([0, 1 << 30, 2, 3], np.int32).tobytes())
    text = pa.Array.from_buffers(pa.string(), 3, [None, offsets, pa.py_buffer(b"abc")])
    schema = pa.schema({"text": pa.string()})
    with (
        pa.OSFile(str(tmp_path / "x.arrow"), "wb") as out,
        pa.ipc.new_stream(out, schema) as writer,
    ):
        for column in (pa.array(["a"]), text, pa.array(["b", "c"])):
            writer.write_batch(pa.record_batch([column], schema=schema))
    rows = read("arrow", tmp_path / "x.arrow")
    assert kinds(rows) == ["document", "error", "error", "error", "document", "document"]
    assert [row["offset"] for row in rows] == list(range(6))


def test_bad_utf8_in_dates_and_nested_values_costs_no_document(tmp_path: Path) -> None:
    bad = pa.array([b"caf\xe9", b"2020"], pa.binary()).view(pa.string())
    nested = pa.ListArray.from_arrays([0, 1, 2], bad)
    table = pa.table({"text": ["a", "b"], "timestamp": bad, "tags": nested})
    pq.write_table(table, tmp_path / "x.parquet")
    rows = read("parquet", tmp_path / "x.parquet")
    assert texts(rows) == ["a", "b"]
    assert [metadata(row) for row in rows] == [{}, {"tags": ["2020"]}]


def test_what_is_no_arrow_is_refused(tmp_path: Path) -> None:
    for data in (b"", b"ARROW1\0\0junk", b"\xff\xff\xff\xff" + bytes(3)):
        (tmp_path / "x.arrow").write_bytes(data)
        with pytest.raises(InputError, match=r"x\.arrow: it is no whole Arrow file"):
            read("arrow", tmp_path / "x.arrow")
