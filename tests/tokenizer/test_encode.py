from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.errors import InputError
from tokenizer.encode import Encode, decode
from tokenizer.figures import figures
from tokenizer.train import BOS_ID, EOS_ID, train_bpe

WORDS = [
    "the",
    " ",
    "  ",
    "\t",
    "\n",
    "\r\n",
    "\n\n\t",
    "▁",
    "▁▁x",
    "\0",
    "</s>",
    "<s>",
    "<0x41>",
    "狐狸",
    "é",
    "é",
    "👩‍👩‍👧",
    "▅",
    "12",
]
TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])), st.lists(st.sampled_from(WORDS)).map("".join)
)


def encode(model: Path, texts: list[str | None], **settings: object) -> pa.RecordBatch:
    batch = pa.RecordBatch.from_pydict(
        {"doc_id": [str(i) for i in range(len(texts))], "text": pa.array(texts, pa.string())}
    )
    return Encode(str(model), **settings)(batch)  # type: ignore[arg-type]


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(TEXT, min_size=1, max_size=8))
def test_any_text_comes_back_exactly_and_both_engines_agree(model: Path, texts: list[str]) -> None:
    fast, slow = (encode(model, texts, engine=engine) for engine in ("kitoken", "sentencepiece"))
    assert fast.equals(slow)
    assert [decode(model, ids) for ids in fast.column("input_ids").to_pylist()] == texts


@given(texts=st.lists(TEXT, max_size=4), bos=st.booleans())
@settings(deadline=None)
def test_eos_ends_every_document_exactly_once(model: Path, texts: list[str], bos: bool) -> None:
    for row in encode(model, texts, bos=bos).column("input_ids").to_pylist():
        assert row.index(EOS_ID) == len(row) - 1
        assert [i for i, token in enumerate(row) if token == BOS_ID] == [0] * bos


def test_columns_are_appended_to_the_batch(model: Path) -> None:
    out = encode(model, ["ab é", "", None])
    assert out.schema.names == ["doc_id", "text", "n_bytes", "n_tokens", "input_ids"]
    assert out.column("n_bytes").to_pylist() == [5, 0, 0]
    assert out.column("n_tokens").to_pylist()[1:] == [1, 1]
    assert out.schema.field("input_ids").type == pa.list_(pa.int32())
    assert out.column("n_tokens").to_pylist() == [len(row) for row in out.column("input_ids").to_pylist()]
    assert encode(model, []).num_rows == 0


def test_a_missing_or_broken_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"not a model")
    for name in ("absent", "broken"):
        with pytest.raises(InputError, match=name):
            encode(tmp_path / name, ["x"])


def test_a_model_replaced_under_the_same_path_is_read_again(tmp_path: Path, model: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes(model.read_bytes())
    before = encode(path, ["zebra zebra"])
    train_bpe(iter(["zebra " * 50]), path, vocab_size=271)
    assert encode(path, ["zebra zebra"]).column("n_tokens")[0].as_py() < before.column("n_tokens")[0].as_py()


def test_figures_count_bytes_tokens_and_words_by_language(model: Path) -> None:
    batch = encode(model, ["the lazy dog", "der Hund", "x"])
    batch = batch.append_column("lang", pa.array(["en", "de", None]))
    got = figures([batch.slice(0, 1), batch.slice(1)], vocab_size=500)
    tokens = batch.column("n_tokens").to_pylist()
    assert got["by_language"]["en"] == {
        "documents": 1, "bytes": 12, "tokens": tokens[0],
        "bytes_per_token": 12 / tokens[0], "fertility": tokens[0] / 3
    }  # fmt: skip
    assert list(got["by_language"]) == ["de", "en", "unknown"]
    assert got["all"]["tokens"] == sum(tokens)
    ids = {i for row in batch.column("input_ids").to_pylist() for i in row}
    assert got["vocabulary_used"] == len(ids) / 500


@pytest.mark.slow
def test_engines_agree_on_real_documents_in_many_languages(tmp_path: Path, shared_data: Path) -> None:
    with gzip.open(shared_data / "bench" / "0.jsonl.gz", "rt") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    train_bpe(iter(texts), tmp_path / "m", vocab_size=8000)
    fast, slow = (encode(tmp_path / "m", texts, engine=engine) for engine in ("kitoken", "sentencepiece"))
    assert fast.equals(slow)
    assert [decode(tmp_path / "m", ids) for ids in fast.column("input_ids").to_pylist()] == texts
