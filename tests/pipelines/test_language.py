"""Language identification: known sentences, blank texts, cut batches, accuracy on labelled sentences."""

from __future__ import annotations

import gzip
import json
import pickle
from pathlib import Path

import pyarrow as pa
import pytest

from daybreak.errors import InputError
from pipelines.language.identify import Language

KNOWN = {
    "en": "The weather was fine, so we walked to the park.",
    "de": "Das Wetter war schön, also gingen wir in den Park.",
    "zh": "今天天气很好，我们去公园散步。",
    "ja": "今日は天気がいいので公園を散歩しました。",
    "th": "วันนี้อากาศดีเราจึงไปเดินเล่นที่สวนสาธารณะ",
    "ar": "كان الطقس جميلا فذهبنا إلى الحديقة.",
    "hi": "मौसम अच्छा था इसलिए हम पार्क गए।",
    "ru": "Погода была хорошая, и мы пошли в парк.",
}


def identify(*texts: str | None) -> list[dict[str, object]]:
    declared = pa.array(["xx"] * len(texts))
    batch = pa.record_batch({"lang": declared, "text": pa.array(texts, pa.string())})
    return Language()(batch).to_pylist()


def test_known_sentences_replace_the_declared_language() -> None:
    rows = identify(*KNOWN.values())
    assert [row["lang"] for row in rows] == list(KNOWN)
    assert all(0.5 < float(str(row["lang_score"])) <= 1 for row in rows)


def test_blank_texts_are_undetermined() -> None:
    rows = identify("", None, " \n\t\u3000\r\n", "\x00")
    assert {(row["lang"], row["lang_score"]) for row in rows} == {("und", 0.0)}


def test_newlines_and_cuts_change_nothing() -> None:
    text = "The weather was fine\nso we walked\r\nto the park"
    row = identify(text)[0]
    assert (row["lang"], row["text"]) == ("en", text)
    batch = pa.record_batch({"text": pa.array([*KNOWN.values(), None, ""])})
    whole = Language()(batch)
    cut = Language()(batch.slice(0, 3)).to_pylist() + Language()(batch.slice(3)).to_pylist()
    assert whole.to_pylist() == cut
    assert whole.schema.field("lang_score").type == pa.float32()
    assert Language()(batch.slice(0, 0)).schema == whole.schema


def test_only_the_beginning_is_looked_at() -> None:
    batch = pa.record_batch({"text": [KNOWN["en"] + " " + KNOWN["ru"] * 50]})
    assert Language(max_chars=40)(batch).column("lang").to_pylist() == ["en"]
    assert Language()(batch).column("lang").to_pylist() == ["ru"]


def test_emoji_and_giant_lines_get_some_answer() -> None:
    rows = identify("😀" * 1000, "a", "x" * 5_000_000)
    assert all(row["lang"] for row in rows)


def test_the_stage_travels_to_workers_without_the_model() -> None:
    stage = Language()
    stage(pa.record_batch({"text": ["hello"]}))
    assert len(pickle.dumps(stage)) < 500


def test_a_missing_model_is_named() -> None:
    with pytest.raises(InputError, match=r"/nowhere/lid\.bin"):
        Language(model="/nowhere/lid.bin")(pa.record_batch({"text": ["hello"]}))


def test_accuracy_on_labelled_sentences(shared_data: Path) -> None:
    with gzip.open(shared_data / "labelled" / "langid" / "langid.jsonl.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines]
    found = Language()(pa.record_batch({"text": [row["text"] for row in rows]})).column("lang").to_pylist()
    accuracy = sum(code == row["lang"] for code, row in zip(found, rows, strict=True)) / len(rows)
    print(f"accuracy {accuracy:.3f} on {len(rows)} sentences")
    assert accuracy > 0.75
