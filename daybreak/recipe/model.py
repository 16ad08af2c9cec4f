"""What a recipe may say: one frozen model a section, each key with its meaning.

A section that is left out (or `null`) switches its stage off where a corpus can do without it.
The order of stages is fixed by what they need of each other, not by the order in the file.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from daybreak.recipe.crawl import COMMON_CRAWL, Files, Select
from daybreak.recipe.options import check_options
from daybreak.recipe.publication import Gates, Publish
from daybreak.recipe.schedule import Schedule
from daybreak.recipe.section import Section

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
SignalName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

Format = Literal[
    "commoncrawl_warc",
    "commoncrawl_wet",
    "commoncrawl_wat",
    "c4",
    "the_pile",
    "openwebtext",
    "oscar",
    "refinedweb",
    "fineweb",
    "dolma",
    "dclm",
    "the_stack",
    "gutenberg",
    "huggingface",
    "jsonl",
    "parquet",
    "arrow",
    "csv",
    "text",
]
FORMATS: tuple[str, ...] = get_args(Format)


DAY = r"^\d{4}-\d{2}-\d{2}$"


def is_day(text: Any) -> bool:
    """Whether it is a day of the calendar, written YYYY-MM-DD in ASCII digits: safe as a part of a path."""
    if not (isinstance(text, str) and text.isascii() and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


class Source(Section):
    """One named input: `paths`, or a `crawl` of Common Crawl."""

    format: Format = Field(description="layout of the shards")
    paths: list[str] = Field(default_factory=list, description="files, folders or globs")
    crawl: str | None = Field(
        None,
        pattern=r"^CC-(NEWS|MAIN-\d{4}(-\d{2,4})?)$",
        description="a crawl by its name instead of paths: CC-MAIN-2024-10, or CC-NEWS with `day`",
    )
    day: str | None = Field(None, pattern=DAY, description="of CC-NEWS: the day (UTC), e.g. 2026-01-02")
    last_day: str | None = Field(None, pattern=DAY, description="of CC-NEWS: all days from `day` to this one")
    base: str = Field(
        COMMON_CRAWL, description="where crawls lie: an address, or a folder laid out like Common Crawl's"
    )
    files: Files | None = Field(None, description="a part of the crawl's files")
    select: Select | None = Field(None, description="pages chosen by the crawl's columnar index")
    weight: Annotated[float, Field(gt=0)] = Field(
        1.0, description="share of the tokens in the mixture, relative"
    )
    rules: list[str] | None = Field(None, description="rule sets for this source instead of quality.rules")
    options: dict[str, Any] = Field(default_factory=dict, description="settings of the reader, e.g. text_key")

    @field_validator("options")
    @classmethod
    def _options(cls, options: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if layout := info.data.get("format"):
            check_options(layout, options)
        return options

    @model_validator(mode="after")
    def _place(self) -> Source:
        news = self.crawl == "CC-NEWS"
        wrong = {
            "paths is missing (or name a crawl of Common Crawl: `crawl`)": not self.paths and not self.crawl,
            "paths and crawl exclude each other": bool(self.paths) and self.crawl is not None,
            "crawl needs one of the formats commoncrawl_warc, commoncrawl_wet and commoncrawl_wat": (
                self.crawl is not None and not self.format.startswith("commoncrawl_")
            ),
            "crawl CC-NEWS needs `day`, and holds WARC only: format commoncrawl_warc": (
                news and (self.day is None or self.format != "commoncrawl_warc")
            ),
            "day is for crawl CC-NEWS": self.day is not None and not news,
            "last_day needs `day`, and does not come before it": (
                self.last_day is not None and self.last_day < (self.day or "9")
            ),
            "base and files are for a `crawl`": self.crawl is None
            and (self.base != COMMON_CRAWL or self.files is not None),
            "select needs a crawl CC-MAIN-... and format commoncrawl_warc": (
                self.select is not None and (not self.crawl or news or self.format != "commoncrawl_warc")
            ),
            "select and files exclude each other; select.share and select.limit take a part": (
                self.select is not None and self.files is not None
            ),
        }
        for message in (text for text, holds in wrong.items() if holds):
            raise ValueError(message)
        return self


class Spark(Section):
    """How Spark runs when `daybreak run` starts it; spark-submit's own settings win. Never changes the output."""

    master: str = "local[2]"
    driver_memory: str = "3g"
    partitions: Count | None = Field(
        None, description="tasks a pass; by default one a unit of work, up to 4096"
    )
    shuffle_partitions: Count = 8
    conf: dict[str, str] = Field(default_factory=dict, description="further Spark settings")


class Ingest(Section):
    """Reading the sources."""

    max_bad_inputs: Annotated[int, Field(ge=0)] = Field(0, description="files that may be unreadable")
    batch_bytes: Annotated[int, Field(ge=1 << 16)] = Field(4 << 20, description="text a batch, bytes")
    unit_bytes: Annotated[int, Field(ge=1 << 10)] = Field(
        256 << 20,
        description="stored bytes a unit of work: a larger file is read, and resumed, in pieces (of one compressed "
        "stream a piece is four times as many decoded bytes)",
    )
    guard: bool = Field(
        True, description="read and extract in watched child processes, so that no record ends the run"
    )
    record_seconds: Annotated[float, Field(gt=0)] = Field(
        60.0, description="CPU seconds that a record may take in one stage before it is quarantined"
    )
    record_memory: Annotated[int, Field(ge=64 << 20)] = Field(
        2 << 30, description="memory that a record may take before it is quarantined, bytes"
    )


Reservation = Literal["noai", "tdm", "noindex", "noarchive", "noimageai"]


class Extract(Section):
    """HTML to text."""

    main_content: bool = Field(True, description="leave out navigation, headers and footers")
    extractor: Literal["daybreak", "resiliparse", "trafilatura"] = Field(
        "daybreak", description="daybreak, resiliparse, or trafilatura (some ten times slower)"
    )
    format: Literal["text", "markdown"] = Field(
        "text", description="markdown marks headings, lists, code and table rows"
    )
    honour: list[Reservation] = Field(
        default_factory=lambda: list[Reservation](("noai", "tdm")),
        description="reservations in a page or its HTTP headers that drop it; [] for none",
    )


class Language(Section):
    """Language and script of each document, of its segments, and which are kept."""

    identifier: str = Field("lid176", description="lid176, fasttext (with `model`) or heliport (an extra)")
    model: str | None = Field(None, description="a fastText model file, for identifier fasttext")
    max_chars: Count = Field(1000, description="characters of a text that are looked at, from its beginning")
    segments: Annotated[int, Field(ge=0, le=64)] = Field(
        4, description="segments of a text that are looked at for other languages; 0 for none"
    )
    keep: list[str] | None = Field(
        None, description="languages to keep, written en, eng or eng_Latn; all when left out"
    )
    min_score: Share = Field(0.5, description="least score of the language found")
    min_scores: dict[str, Share] = Field(
        default_factory=dict, description="other least scores by language: {fra: 0.6}"
    )
    min_share: Share = Field(
        0.0, description="least share of a text's segments in its language; 0 keeps mixed texts"
    )

    @model_validator(mode="after")
    def _segments(self) -> Language:
        if self.min_share and not self.segments:
            raise ValueError("min_share needs segments: set segments above 0, or leave min_share out")
        return self


class UserRule(Section):
    """A rule of your own: a document is kept if `signal comparison threshold` (see `daybreak rules signals`)."""

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    signal: str
    comparison: Literal["<=", ">=", "<", ">"]
    threshold: float
    scope: Literal["all", "spaced", "unspaced"] = Field(
        "all", description="only texts in scripts with, or without, spaces between words"
    )
    languages: list[str] | None = Field(None, description="only documents of these languages")
    source: str = Field("the recipe", description="where the rule comes from")


class UserSet(Section):
    """A rule set of your own, over others or from nothing."""

    base: list[str] = Field(
        default_factory=list,
        description="sets whose rules it starts from (line edits stay with the set: name it too)",
    )
    rules: list[UserRule] = Field(
        default_factory=list, description="further rules, or others of the same name"
    )


Thresholds = dict[str, dict[str, float | None]]


class Quality(Section):
    """Rule sets and changes of their thresholds. `daybreak rules` lists them; `daybreak whatif` tries changes."""

    rules: list[str] = Field(default_factory=lambda: ["daybreak@1"], description="rule sets, in order")
    signals: Literal["used", "all"] = Field(
        "used",
        description="used: ours, and those of peers that the rules look at; all: so that `whatif` can try any set",
    )
    segmenters: dict[str, str] = Field(
        default_factory=dict,
        description="library that counts words of a language, as signal n_words_segmented (an extra, slow): "
        "{zho: jieba, jpn: fugashi, tha: pythainlp}",
    )
    sets: dict[str, UserSet] = Field(default_factory=dict, description="rule sets of your own, by name")
    thresholds: Thresholds = Field(
        default_factory=dict,
        description="other thresholds: {rule set: {rule: value}}; null switches a rule off",
    )
    languages: dict[str, Thresholds] = Field(
        default_factory=dict,
        description="thresholds of single languages: {language: {rule set: {rule: value}}}",
    )


PersonalData = Literal["email", "ip", "phone", "card", "iban", "national_id", "wallet", "secret"]
PERSONAL_DATA: tuple[str, ...] = get_args(PersonalData)
ScrubAction = Literal["placeholder", "pseudonym"]


class Presidio(Section):
    """Names and places by Presidio's models (install presidio-analyzer and a spaCy model; not in the lock)."""

    entities: list[str] = Field(
        default_factory=lambda: ["PERSON", "LOCATION"], description="Presidio's entity types"
    )
    language: str = Field(
        "en", description="language of the texts it looks at (ISO 639-1); others are left alone"
    )
    model: str = Field("en_core_web_sm", description="spaCy model")
    min_score: Share = Field(0.5, description="least score of a finding")


class Scrub(Section):
    """Personal data to replace, in text, URL and metadata."""

    email: bool = Field(True, description="e-mail addresses")
    ip: bool = Field(True, description="IPv4 and IPv6 addresses")
    phone: bool = Field(True, description="telephone numbers (libphonenumber)")
    card: bool = Field(True, description="payment cards (issuer ranges, Luhn)")
    iban: bool = Field(True, description="bank accounts (ISO 13616, modulo 97)")
    national_id: bool = Field(True, description="national numbers of persons with check digits")
    wallet: bool = Field(True, description="Bitcoin and Ethereum addresses")
    secret: bool = Field(True, description="API keys by known prefixes, private keys")
    action: ScrubAction = Field(
        "placeholder",
        description="what stands in their place; pseudonym needs DAYBREAK_PII_KEY in the environment",
    )
    actions: dict[PersonalData, ScrubAction] = Field(
        default_factory=dict, description="other actions: {type: action}"
    )
    public_only: bool = Field(True, description="leave IP addresses of private and special ranges")
    regions: list[str] | None = Field(
        None, description="ISO 3166 codes whose national telephone numbers are known; 49 by default"
    )
    max_density: Annotated[float, Field(gt=0)] | None = Field(
        None, description="drop documents with more findings than this per 1,000 characters"
    )
    min_findings: Count = Field(3, description="and at least this many findings")
    presidio: Presidio | None = Field(
        None, description="names and places by Presidio's models; off by default"
    )

    @property
    def types(self) -> tuple[str, ...]:
        """The types that are on."""
        return tuple(name for name in PERSONAL_DATA if getattr(self, name))

    def action_of(self, name: str) -> str:
        """What becomes of one type."""
        return next((action for kind, action in self.actions.items() if kind == name), self.action)


class Model(Section):
    """A trained classifier: adds the signals score_NAME and pareto_NAME."""

    path: str = Field(description="folder that `daybreak quality train` wrote")
    pareto_alpha: Annotated[float, Field(gt=0)] = Field(
        9.0, description="shape of the draw: keep where pareto_NAME >= 0 (GPT-3: 9)"
    )


class Perplexity(Section):
    """A KenLM language model: adds the signal perplexity_NAME. Needs the package kenlm."""

    path: str = Field(description="ARPA or binary file")
    sentencepiece: str | None = Field(
        None, description="SentencePiece model whose pieces it was trained on; by default our terms"
    )


Suffixes = Literal["all", "registries"]


class Lists(Section):
    """Word and URL lists of your own, each of which adds signals."""

    badwords: str | None = Field(
        None,
        description="folder with a file a language code (LDNOOBW), or JSON Lines {lang, word}: badword_*",
    )
    urls: str | None = Field(
        None,
        description="folder CATEGORY/domains, CATEGORY/urls (UT1), or JSON Lines {category, kind, value}: url_*",
    )
    url_categories: list[str] | None = Field(
        None, description="categories of `urls` to tell of; all when left out"
    )
    url_words: str | None = Field(
        None,
        description="folder with strict, hard, soft, or JSON Lines {kind, word}: url_strict, url_hard, url_soft",
    )
    domains: Suffixes | None = Field(
        None,
        description="each document's registered domain, by publicsuffix.org's list, as url_domain; all: what is "
        "below github.io and the like are domains of their own; registries: they are not",
    )


class Metadata(Section):
    """A number from the documents' metadata: adds the signal meta_NAME."""

    key: str = Field(min_length=1, description="where it stands, with dots between levels, e.g. meta.score")


class Near(Section):
    """Near duplicates: MinHash LSH over n-grams, verified by exact Jaccard."""

    shingles: Literal["words", "auto", "characters"] = Field(
        "words", description="what is compared; auto: a character of a script without spaces is half a word"
    )
    ngram: Count = Field(5, description="words in a shingle")
    char_ngram: Count = Field(24, description="characters in a shingle, where `shingles` is characters")
    recall: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.99, description="pairs at the threshold to find; picks `bands` and `rows` (`daybreak dup curve`)"
    )
    bands: Count | None = Field(None, description="instead of `recall`, together with `rows`")
    rows: Count | None = Field(None, description="MinHashes a band")
    engine: Literal["kernel", "spark.ml"] = Field(
        "kernel", description="what computes the bands; spark.ml: HashingTF and MinHashLSH, slower"
    )
    threshold: Share = Field(0.75, description="least exact Jaccard of a pair to be called duplicates")
    cluster: Literal["representative", "components"] = Field(
        "representative",
        description="representative: what goes resembles the document that stays; components: chains as well",
    )
    hubs: Count = Field(4, description="kept documents of a bucket that a later one is compared with")
    max_driver_edges: Count = Field(
        5_000_000, description="pairs, and rows of buckets, clustered on the driver; more in Spark"
    )

    @model_validator(mode="after")
    def _banding(self) -> Near:
        if (self.bands is None) != (self.rows is None):
            raise ValueError("set `bands` and `rows` together, or neither and `recall`")
        return self


class DedupHistory(Section):
    """Documents of earlier runs that this run is compared with; it adds its own at the end."""

    path: str = Field(description="folder, or URI of one, that grows by a batch a run")
    batch: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="name of this run's batch, e.g. its day"
    )
    buckets: Annotated[int, Field(ge=2, le=4096)] = Field(
        16, description="files a table and batch, a power of two; decided by the first run"
    )
    wait: Annotated[float, Field(ge=0)] = Field(
        600.0, description="seconds to wait for another run that uses the history"
    )


class Against(Section):
    """Another data set: what is already in it is dropped."""

    path: str = Field(
        description="a history, a workspace that finished dedup, or with `format` a file, folder or glob"
    )
    format: Format | None = Field(None, description="layout of the files, as in sources")
    options: dict[str, Any] = Field(default_factory=dict, description="settings of the reader, e.g. text_key")

    @field_validator("options")
    @classmethod
    def _options(cls, options: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if layout := info.data.get("format"):
            check_options(layout, options)
        return options


class Certificate(Section):
    """Made-up pairs of known similarity that go the way of all documents, to measure what a run finds."""

    pairs: Annotated[int, Field(ge=1, le=10_000)] = Field(
        40, description="pairs planted at each similarity from .5 to 1"
    )
    floor: Share = Field(
        0.98,
        description="least share found of the planted pairs at or above the threshold; under it the run fails",
    )


class DomainCap(Section):
    """At most so much of one registered domain (publicsuffix.org), of what dedup leaves in this run."""

    documents: Count | None = Field(None, description="documents that stay of a domain, at most")
    bytes: Count | None = Field(None, description="bytes of text that stay of a domain, at most")
    keep: Literal["draw", "order"] = Field(
        "draw", description="which stay. draw: by keyed hash of doc_id; order: the first by dedup's `order`"
    )
    suffixes: Suffixes = Field(
        "all",
        description="all: what is below github.io and the like are domains of their own; registries: they are not",
    )

    @model_validator(mode="after")
    def _limits(self) -> DomainCap:
        if self.documents is None and self.bytes is None:
            raise ValueError("set `documents`, `bytes` or both")
        return self


class Dedup(Section):
    """Duplicates to remove."""

    url: bool = Field(False, description="of documents with one URL (normalised) the first alone stays")
    exact: bool = Field(True, description="of documents with one text (normalised) the first alone stays")
    near: Near | None = Field(default_factory=Near)
    max_per_domain: DomainCap | None = None
    certificate: Certificate | None = Field(default_factory=Certificate)
    order: list[str] = Field(
        default_factory=lambda: ["length", "timestamp", "doc_id"],
        min_length=1,
        description="which duplicate stays, most important key first: date, timestamp, length, quality: SIGNAL, "
        "source, licence, doc_id",
    )
    source_order: list[str] = Field(
        default_factory=list, description="sources from best to worst, for the key source"
    )
    licence_key: str | None = Field(
        None, description="where the licence stands in the metadata, with dots between levels"
    )
    licence_order: list[str] = Field(
        default_factory=list, description="licences from best to worst, for the key licence"
    )
    max_driver_documents: Annotated[int, Field(ge=0)] = Field(
        200_000, description="documents, of at most 1 GB of text, that one process compares; more in Spark"
    )
    history: DedupHistory | None = None
    against: dict[SignalName, Against] = Field(
        default_factory=dict, description="other data sets, by name: what is in one of them is dropped"
    )

    @field_validator("order", mode="before")
    @classmethod
    def _keys(cls, keys: Any) -> Any:
        """`quality: SIGNAL` in YAML is a mapping of one key."""
        if not isinstance(keys, list):
            return keys
        return [
            f"quality:{key['quality']}" if isinstance(key, dict) and [*key] == ["quality"] else key
            for key in keys
        ]


class TextUnit(Section):
    """A unit of text whose later copies leave documents. Which copy is the first: `dedup`'s declared order."""

    scope: Literal["corpus", "document"] = Field("corpus", description="where a copy counts")
    copies: Count = Field(1, description="how many of each stay")


class Passage(TextUnit):
    """Paragraphs, lines or sentences."""

    normal: Literal["loose", "spaces"] = Field(
        "loose",
        description="loose: case, digits, punctuation and accents do not count; spaces: all but they do",
    )
    min_chars: Annotated[int, Field(ge=0)] = Field(0, description="shorter ones are left alone")
    min_words: Annotated[int, Field(ge=0)] = Field(0, description="those of fewer words are left alone")


class Lines(Passage):
    """Lines as they are written, white space aside."""

    normal: Literal["loose", "spaces"] = "spaces"


class Spans(Passage):
    """Sentences in a row, each window of them compared (C4)."""

    sentences: Annotated[int, Field(ge=2, le=100)] = 3


class Substrings(TextUnit):
    """Runs of tokens, wherever they begin (Lee et al. 2022)."""

    tokens: Annotated[int, Field(ge=10, le=10_000)] = Field(50, description="least length of a run")


class Passages(Section):
    """Repeated passages to cut out of documents; the units that are named, all on the text as dedup left it."""

    paragraphs: Passage | None = Field(None, description="text between line ends, compared as in CCNet")
    lines: Lines | None = None
    sentences: Passage | None = Field(None, description="by their marks; Thai and Lao have none")
    spans: Spans | None = None
    substrings: Substrings | None = None
    max_removed_share: Share = Field(
        1.0, description="a document that loses more of its characters is dropped"
    )
    min_left_chars: Count = Field(1, description="a document that is cut to fewer characters is dropped")


BenchmarkFormat = Literal["plain", "gsm8k", "humaneval", "hellaswag", "mmlu", "arc", "piqa"]


class Benchmark(Section):
    """One evaluation set, as its publisher lays it out."""

    path: str = Field(
        description="file, folder or glob: JSON Lines, JSON, Parquet, CSV or TSV, also .gz, .zst"
    )
    format: BenchmarkFormat | None = Field(None, description="layout; by default the one its keys fit")
    fields: dict[str, list[str]] = Field(
        default_factory=dict, description="keys of `id`, `text`, `answer` instead of those of the layout"
    )
    splits: list[str] = Field(
        default_factory=lambda: ["test", "validation", "valid", "val", "dev"],
        description="splits to take, where file names or a key `split` tell",
    )

    @field_validator("fields", mode="before")
    @classmethod
    def _known(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            return fields
        if fields and ("text" not in fields or fields.keys() - {"id", "text", "answer"}):
            raise ValueError("name `text`, and `id` and `answer` where there are such keys")
        return {name: [keys] if isinstance(keys, str) else keys for name, keys in fields.items()}


class Decontaminate(Section):
    """Text of evaluation sets to remove. What is left out is as the variant has it."""

    benchmarks: dict[str, Benchmark] = Field(min_length=1)
    variant: Literal["gpt3", "ngram8", "palm", "llama2"] = Field("gpt3", description="published definition")
    ngram: Annotated[int, Field(ge=5, le=64)] | None = Field(None, description="tokens of an n-gram")
    cut: Literal["words", "letters"] | None = Field(
        None, description="tokens: words less their punctuation, or runs of letters and digits"
    )
    measure: Literal["tokens", "ngrams"] | None = Field(None, description="what `min_share` is a share of")
    min_share: Share | None = Field(None, description="least share of an item that one document holds")
    skip_tokens: Annotated[int, Field(ge=0, le=16)] | None = Field(
        None, description="tokens of a match that may differ, after its first n-gram"
    )
    min_item_tokens: Count | None = Field(None, description="shorter questions or answers are passed over")
    max_corpus_documents: Annotated[int, Field(ge=0)] | None = Field(
        None, description="n-grams in more documents are ignored; 0: none is"
    )
    action: Literal["document", "span"] | None = Field(None, description="what to remove")
    margin_chars: Annotated[int, Field(ge=0)] | None = Field(
        None, description="removed on each side of a match"
    )
    min_piece_chars: Annotated[int, Field(ge=0)] | None = Field(None, description="shorter pieces go as well")
    max_pieces: Count | None = Field(None, description="a document cut into more pieces is dropped")

    @field_validator("benchmarks")
    @classmethod
    def _names(cls, benchmarks: dict[str, Benchmark]) -> dict[str, Benchmark]:
        for name in benchmarks:
            if not name.replace("_", "").replace("-", "").isalnum():
                raise ValueError(f"benchmark name {name!r}: letters, digits, - and _ only")
        return benchmarks


class Tokenizer(Section):
    """SentencePiece BPE with byte fallback: trained on this corpus, or with `path` a finished one."""

    path: str | None = Field(
        None, description="a finished tokenizer: a .model file, or a workspace whose step tokenizer is done"
    )
    vocab_size: Annotated[int, Field(ge=300)] = 8000
    sample_bytes: Count = Field(20_000_000, description="text to train on, drawn by keyed hash")
    split_digits: bool = True


class Mixture(Section):
    """How much of each source goes into training, by tokens."""

    total_tokens: Count | None = Field(
        None, description="as many as weights and max_epochs allow, by default"
    )
    max_epochs: Annotated[float, Field(gt=0)] = Field(1.0, description="how often a source may be repeated")
    order: Literal["shuffle", "length"] = "shuffle"


class Shards(Section):
    """Token shards."""

    tokens: Count = Field(2_000_000, description="tokens a shard, about")


class Train(Section):
    """The model and its training. `processes` above 1 is data-parallel under torchrun."""

    layers: Count = 4
    dim: Count = 128
    ffn_dim: Count | None = Field(None, description="width of the SwiGLU layer; 8/3 of dim by default")
    heads: Count = 4
    kv_heads: Count = 2
    seq_len: Count = 256
    batch_size: Count = Field(16, description="sequences a step, over all processes")
    micro_batch_size: Count = Field(
        4, description="sequences a process computes at once; changes memory only"
    )
    steps: Count = 100
    epochs: Count = Field(1, description="how often the plan may be read")
    lr: Annotated[float, Field(gt=0)] = 3e-3
    warmup_steps: Annotated[int, Field(ge=0)] = 8
    processes: Count = 1
    checkpoint_every: Count = 20
    eval_every: Count = 20

    @model_validator(mode="after")
    def _fits(self) -> Train:
        if self.dim % self.heads:
            raise ValueError(f"dim {self.dim} is not a multiple of heads {self.heads}")
        if self.heads % self.kv_heads:
            raise ValueError(f"heads {self.heads} is not a multiple of kv_heads {self.kv_heads}")
        if self.batch_size % (self.micro_batch_size * self.processes):
            raise ValueError(
                f"batch_size {self.batch_size} is not a multiple of micro_batch_size x processes "
                f"({self.micro_batch_size} x {self.processes})"
            )
        return self


class Report(Section):
    """The page."""

    samples: Annotated[int, Field(ge=0, le=100)] = Field(4, description="dropped documents shown a rule")


class ObjectStore(Section):
    """An S3-compatible store. Keys come from the environment or the platform, never from here."""

    endpoint: str | None = Field(
        None, description="address of a store that is not AWS's, e.g. https://minio.example.org:9000"
    )
    region: str | None = Field(None, description="region; by default what the environment says")
    anonymous: bool = Field(False, description="ask without keys, for public buckets")


class Remote(Section):
    """Reaching inputs over HTTP(S) and in object stores, for each worker process. Never changes the output."""

    retries: Annotated[int, Field(ge=0, le=100)] = Field(
        6, description="further attempts of a request that failed in a way that may pass"
    )
    backoff: Annotated[float, Field(gt=0)] = Field(
        0.5, description="seconds that the wait between attempts begins with; doubled each time, with jitter"
    )
    max_wait: Annotated[float, Field(gt=0)] = Field(
        120.0, description="longest wait between attempts, seconds, whatever a server's Retry-After asks for"
    )
    connect_timeout: Annotated[float, Field(gt=0)] = Field(10.0, description="seconds to reach a server")
    read_timeout: Annotated[float, Field(gt=0)] = Field(60.0, description="seconds without a byte")
    min_rate: Annotated[int, Field(ge=0)] = Field(
        1000, description="bytes a second, over read_timeout, below which an attempt is given up"
    )
    connections: Count = Field(4, description="requests at once to one host")
    pause: Annotated[float, Field(ge=0)] = Field(
        0.0, description="least seconds between the starts of two requests to one host"
    )
    contact: str | None = Field(
        None, description="address or page where servers' owners reach you, told in User-Agent"
    )
    cache: str | None = Field(
        None, description="folder on a local disk where what was read is kept; none by default"
    )
    cache_gb: Annotated[float, Field(gt=0)] = Field(20.0, description="size of that folder at most, GB")
    s3: ObjectStore = Field(default_factory=ObjectStore)


class Recipe(Section):
    """One corpus build."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    workspace: str = Field(description="folder for tables, shards, model and report")
    day: str | None = Field(
        None,
        description="the day that a daily run is for, YYYY-MM-DD, given with the command: `${day}` stands for it",
    )
    seed: int = Field(0, description="key of every shuffle and draw")
    min_free_gb: Annotated[float, Field(ge=0)] = Field(
        1.0, description="disk space to have before starting, GB"
    )
    sources: dict[str, Source] = Field(min_length=1)
    spark: Spark = Field(default_factory=Spark)
    remote: Remote = Field(default_factory=Remote)
    ingest: Ingest = Field(default_factory=Ingest)
    extract: Extract = Field(default_factory=Extract)
    language: Language = Field(default_factory=Language)
    quality: Quality = Field(default_factory=Quality)
    models: dict[SignalName, Model] = Field(default_factory=dict)
    perplexity: dict[SignalName, Perplexity] = Field(default_factory=dict)
    lists: Lists = Field(default_factory=Lists)
    metadata: dict[SignalName, Metadata] = Field(default_factory=dict)
    scrub: Scrub = Field(default_factory=Scrub)
    dedup: Dedup = Field(default_factory=Dedup)
    passages: Passages | None = None
    decontaminate: Decontaminate | None = None
    tokenizer: Tokenizer | None = None
    mixture: Mixture = Field(default_factory=Mixture)
    shards: Shards = Field(default_factory=Shards)
    gates: Gates | None = None
    publish: Publish | None = None
    train: Train | None = None
    report: Report | None = Field(default_factory=Report)
    schedule: Schedule | None = None

    @field_validator("day", mode="before")
    @classmethod
    def _day(cls, day: Any) -> Any:
        if day is not None and not is_day(day):
            raise ValueError("a day is written YYYY-MM-DD, e.g. day=2026-01-02")
        return day

    @field_validator("sources")
    @classmethod
    def _names(cls, sources: dict[str, Source]) -> dict[str, Source]:
        for name in sources:
            if not name.replace("_", "").replace("-", "").isalnum():
                raise ValueError(f"source name {name!r}: letters, digits, - and _ only")
        return sources

    @model_validator(mode="after")
    def _order(self) -> Recipe:
        for name in ("train", "publish"):
            if getattr(self, name) and not self.tokenizer:
                raise ValueError(
                    f"{name} needs token shards: add a `tokenizer` section, or leave `{name}` out"
                )
        return self

    def rules_for(self, source: str) -> list[str]:
        """The rule sets of one source, in order."""
        own = self.sources[source].rules
        return self.quality.rules if own is None else own
