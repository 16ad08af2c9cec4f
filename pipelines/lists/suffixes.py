"""The registered domain of an address: one label more than its public suffix (eTLD+1), by publicsuffix.org's list.

The list is the one that the library `publicsuffixlist` brings along. Its rules become one sorted array of hashes,
made once a process and read by a kernel; which rule prevails is as in the library: the longest, exceptions before
wildcards before plain rules, and a top-level domain that is not listed is a suffix.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from publicsuffixlist import PSLFILE

from pipelines.kernels.arrow import TextView, as_array, put, text_view
from pipelines.kernels.compile import kernel
from pipelines.kernels.hashing import BASIS, PRIME, fmix64
from pipelines.lists.hosts import DOT, find, host_bounds, lower, parent_hash, plain_urls

PLAIN, WILD, EXCEPTION = 1, 2, 4
"""Bits of a rule: the domain is a suffix, all that stand right below it are, it is none in spite of such a rule."""

PRIVATE = "===BEGIN PRIVATE DOMAINS==="
BRACKET, ZERO, NINE, X = (ord(c) for c in "[09x")


@dataclass(frozen=True)
class Suffixes:
    """keys: sorted hashes of the rules' domains, uint64. bits: what rules each has, uint64."""

    keys: np.ndarray
    bits: np.ndarray


@cache
def suffixes(private: bool = True) -> Suffixes:
    """The list. private: with the suffixes that companies registered (github.io), not those of registries alone."""
    rules: dict[str, int] = {}
    for rule in _rules(private):
        bit = EXCEPTION if rule[0] == "!" else WILD if rule.startswith("*.") else PLAIN
        domain = rule.removeprefix("!").removeprefix("*.")
        rules[domain] = rules.get(domain, 0) | bit
    hashes = np.zeros(len(rules), np.uint64)
    view = text_view(plain_urls(pa.array(rules, pa.string())))
    _hash_rules(view.starts, view.stops, view.data, hashes)
    order = np.argsort(hashes)
    table = Suffixes(hashes[order], np.array([*rules.values()], np.uint64)[order])
    table.keys.flags.writeable = table.bits.flags.writeable = False
    return table


def _rules(private: bool) -> Iterator[str]:
    for line in Path(PSLFILE).read_text(encoding="utf-8").splitlines():
        if PRIVATE in line and not private:
            return
        rule = line.strip().lower().split(" ")[0]
        if rule and not rule.startswith("//"):
            yield rule


@kernel
def _hash_rules(starts, stops, data, out):  # type: ignore[no-untyped-def]
    for row in range(starts.size):
        out[row] = parent_hash(data, starts[row], stops[row])


@kernel
def _numeric(data, begin, end):  # type: ignore[no-untyped-def]
    """Whether a host ends in a number, decimal or hexadecimal: then it is an IPv4 address (WHATWG URL, 3.5)."""
    at = end
    while at > begin and data[at - 1] != DOT:
        at -= 1
    hexadecimal = end - at > 1 and data[at] == ZERO and lower(data[at + 1]) == X
    for k in range(at + 2 if hexadecimal else at, end):
        byte = lower(data[k])
        if not (ZERO <= byte <= NINE or (hexadecimal and 0x61 <= byte <= 0x66)):
            return False
    return end > at


@kernel
def suffix_start(data, begin, end, keys, bits):  # type: ignore[no-untyped-def]
    """Where the public suffix of the host [begin, end) begins; -1 for an IP address or a host with an empty label."""
    if end == begin or data[begin] == BRACKET or _numeric(data, begin, end):
        return np.int64(-1)
    value = BASIS
    after = end  # where the label before this one begins
    found = np.int64(-1)
    above = False  # whether the suffix takes this label in, whatever it is
    for k in range(end - begin):
        at = end - 1 - k
        if data[at] == DOT and data[at - 1] == DOT:
            return np.int64(-1)
        value = (value ^ np.uint64(lower(data[at]))) * PRIME
        if at > begin and data[at - 1] != DOT:
            continue
        rules = find(keys, bits, fmix64(value))
        if rules & np.uint64(EXCEPTION):
            found = after
        elif above or rules or found < 0:
            found = np.int64(at)
        above = rules & np.uint64(WILD) != 0
        after = at
    return found


@kernel
def _bounds(starts, stops, data, keys, bits, begins, ends):  # type: ignore[no-untyped-def]
    """Bounds of each address's registered domain; equal where it has none."""
    for row in range(starts.size):
        begin, end, _ = host_bounds(data, starts[row], stops[row])
        at = suffix_start(data, begin, end, keys, bits)
        begins[row] = ends[row] = end
        if at > begin:
            at -= 1
            while at > begin and data[at - 1] != DOT:
                at -= 1
            begins[row] = at


@kernel
def _copied(begins, ends, data, out):  # type: ignore[no-untyped-def]
    """Fill `out` with the bytes between the bounds, one row behind the other, in lower case."""
    to = 0
    for row in range(begins.size):
        for at in range(begins[row], ends[row]):
            out[to] = lower(data[at])
            to += 1


@kernel
def _whole(starts, stops, data, keys, bits, out):  # type: ignore[no-untyped-def]
    for row in range(starts.size):
        begin, end, _ = host_bounds(data, starts[row], stops[row])
        out[row] = suffix_start(data, begin, end, keys, bits) == begin


def bare_suffixes(view: TextView) -> np.ndarray:
    """Which entries of a list are a public suffix and no more: bool (rows,). Suffixes of companies are domains."""
    table, out = suffixes(private=False), np.zeros(len(view.starts), bool)
    _whole(view.starts, view.stops, view.data, table.keys, table.bits, out)
    return out


def registered_domains(urls: pa.Array, private: bool = True) -> pa.Array:
    """The registered domain of each address (string), in lower case and punycode; null where it has none.

    IP addresses, hosts of one label and public suffixes have none. private: as in `suffixes`.
    """
    table, view = suffixes(private), text_view(plain_urls(pc.utf8_trim_whitespace(as_array(urls))))
    begins, ends = np.empty(len(view.starts), np.int64), np.empty(len(view.starts), np.int64)
    _bounds(view.starts, view.stops, view.data, table.keys, table.bits, begins, ends)
    lengths = ends - begins
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    data = np.empty(offsets[-1], np.uint8)
    _copied(begins, ends, view.data, data)
    found = pa.StringArray.from_buffers(len(lengths), pa.py_buffer(offsets), pa.py_buffer(data))
    return pc.if_else(pa.array(lengths > 0), found, pa.scalar(None, pa.string()))


@dataclass(frozen=True)
class UrlDomain:
    """Append `url_domain`, the registered domain of `url`. private: as in `suffixes`."""

    private: bool = True
    name: ClassVar[str] = "url_domain"

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` with the column; null where the address has no registered domain."""
        return put(batch, self.name, registered_domains(batch.column("url"), self.private))
