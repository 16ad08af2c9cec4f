"""Addresses as hashes: every parent domain of a host, and every prefix of an address that ends at a boundary.

Addresses are read without scheme, user and port, in ASCII lower case; hosts in punycode, without a last dot.
Prefixes leave out a leading `www.`.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.kernels.arrow import TextView, as_array, text_view
from pipelines.kernels.compile import kernel
from pipelines.kernels.hashing import BASIS, PRIME, fmix64

DOT, SLASH, COLON, AT, HASH, QUESTION, STAR = (ord(c) for c in "./:@#?*")
BOUNDARIES = (SLASH, QUESTION, HASH, ord("&"))
WWW = np.frombuffer(b"www.", np.uint8)
FOREIGN_HOST = r"^([a-zA-Z][a-zA-Z0-9+.\-]*://)?[^/?#]*[^\x00-\x7f/?#]"
"""An address whose host has a character outside ASCII."""
AUTHORITY = re.compile(r"((?:[^/?#]*?://)?(?:[^/?#]*@)?)([^/?#:]*)")
"""What stands before an address's host, and the host."""
PREFIX_BASIS = fmix64(BASIS)
"""Where hashes of prefixes start, so that they are never those of domains."""


def plain_urls(column: pa.Array) -> pa.Array:
    """The addresses with hosts outside ASCII in punycode (IDNA 2003); one that has no such form stays as it is."""
    urls = pc.fill_null(as_array(column), "")
    mask = pc.match_substring_regex(urls, FOREIGN_HOST)
    if not pc.any(mask).as_py():
        return urls
    mended = [punycode(url) for url in urls.filter(mask).to_pylist()]
    return pc.replace_with_mask(urls, mask, pa.array(mended, urls.type))


def punycode(url: str) -> str:
    """One address with its host in punycode."""
    found = AUTHORITY.match(url)
    try:
        return f"{found[1]}{found[2].lower().encode('idna').decode()}{url[found.end() :]}" if found else url
    except UnicodeError:
        return url


@kernel
def lower(byte):  # type: ignore[no-untyped-def]
    """An ASCII letter in lower case; every other byte as it is."""
    return byte | 0x20 if 0x41 <= byte <= 0x5A else byte


@kernel
def host_bounds(data, start, stop):  # type: ignore[no-untyped-def]
    """(begin, end of the host, where the path begins) of the address in the bytes [start, stop).

    Without a scheme, the address begins with its host. Leading dots and stars are passed over.
    """
    begin = start
    for at in range(start, stop - 2):
        if data[at] == COLON and data[at + 1] == SLASH and data[at + 2] == SLASH:
            begin = at + 3
            break
        if data[at] == SLASH or data[at] == QUESTION or data[at] == HASH:
            break
    path = begin
    while path < stop and data[path] != SLASH and data[path] != QUESTION and data[path] != HASH:
        if data[path] == AT:
            begin = path + 1
        path += 1
    end = begin
    bracket = begin < path and data[begin] == 0x5B
    while end < path and (bracket or data[end] != COLON):
        bracket = bracket and data[end] != 0x5D
        end += 1
    while begin < end and (data[begin] == DOT or data[begin] == STAR):
        begin += 1
    while end > begin and data[end - 1] == DOT:
        end -= 1
    return begin, end, path


@kernel
def parent_hash(data, begin, end):  # type: ignore[no-untyped-def]
    """Hash of the domain in the bytes [begin, end), read from its end."""
    value = BASIS
    for k in range(end - begin):
        value = (value ^ np.uint64(lower(data[end - 1 - k]))) * PRIME
    return fmix64(value)


@kernel
def prefix_start(data, begin, end):  # type: ignore[no-untyped-def]
    """(where prefixes of an address begin, their hash so far): its host without `www.`."""
    www = end - begin > WWW.size
    for k in range(WWW.size):
        www = www and lower(data[begin + k]) == WWW[k]
    begin = begin + WWW.size if www else begin
    value = PREFIX_BASIS
    for at in range(begin, end):
        value = (value ^ np.uint64(lower(data[at]))) * PRIME
    return begin, value


@kernel
def _hash_domains(starts, stops, data, out):  # type: ignore[no-untyped-def]
    for row in range(starts.size):
        begin, end, _ = host_bounds(data, starts[row], stops[row])
        dotted = False
        for at in range(begin, end):
            dotted = dotted or data[at] == DOT
        out[row] = parent_hash(data, begin, end) if dotted else np.uint64(0)


@kernel
def _hash_prefixes(starts, stops, data, out):  # type: ignore[no-untyped-def]
    for row in range(starts.size):
        begin, end, path = host_bounds(data, starts[row], stops[row])
        _, value = prefix_start(data, begin, end)
        stop = stops[row]
        while stop > path and data[stop - 1] == SLASH:
            stop -= 1
        for at in range(path, stop):
            value = (value ^ np.uint64(lower(data[at]))) * PRIME
        out[row] = fmix64(value) if end > begin else np.uint64(0)


def entry_hashes(kind: str, view: TextView) -> np.ndarray:
    """Hash of each entry of a list, uint64 (rows,); 0 for a domain of one label and for no host at all.

    kind: `domains` or `urls`. The entries' hosts are in ASCII (see `plain_urls`).
    """
    out = np.zeros(len(view.starts), np.uint64)
    hash_all = _hash_domains if kind == "domains" else _hash_prefixes
    hash_all(view.starts, view.stops, view.data, out)
    return out


@kernel
def find(keys, bits, value):  # type: ignore[no-untyped-def]
    """The bits of `value` in the sorted `keys`, 0 where it is not there.

    Keys are hashes, so a value's place is told from the value, and better from a key near it (interpolation).
    """
    if keys.size == 0:
        return np.uint64(0)
    step = keys.size * 2.0**-64
    at = int(np.float64(value) * step)
    for _ in range(3):
        at = min(max(at, 0), keys.size - 1)
        at += int((np.float64(value) - np.float64(keys[at])) * step)
    at = min(max(at, 0), keys.size - 1)
    while at < keys.size and keys[at] < value:
        at += 1
    while at > 0 and keys[at - 1] >= value:
        at -= 1
    return bits[at] if at < keys.size and keys[at] == value else np.uint64(0)


@kernel
def _domain_bits(data, begin, end, keys, bits):  # type: ignore[no-untyped-def]
    """Bits of the host [begin, end) and of all its parents: labels are matched whole."""
    found = np.uint64(0)
    value = BASIS
    for k in range(end - begin):
        at = end - 1 - k
        value = (value ^ np.uint64(lower(data[at]))) * PRIME
        if at == begin or data[at - 1] == DOT:
            found |= find(keys, bits, fmix64(value))
    return found


@kernel
def _prefix_bits(data, begin, end, path, stop, keys, bits):  # type: ignore[no-untyped-def]
    """Bits of every prefix of the address that ends before / ? # &, or at its end."""
    _, value = prefix_start(data, begin, end)
    found = np.uint64(0)
    for at in range(path, stop + 1):
        last = at == stop
        byte = SLASH if last else data[at]
        if last or byte in BOUNDARIES:
            found |= find(keys, bits, fmix64(value))
        if not last:
            value = (value ^ np.uint64(lower(byte))) * PRIME
    return found


@kernel
def _match(starts, stops, data, keys, bits, out):  # type: ignore[no-untyped-def]
    for row in range(starts.size):
        begin, end, path = host_bounds(data, starts[row], stops[row])
        if end > begin:
            found = _domain_bits(data, begin, end, keys, bits)
            out[row] = found | _prefix_bits(data, begin, end, path, stops[row], keys, bits)


def match(urls: pa.Array, keys: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """Bits of all entries that each address falls under: uint64 (rows,). keys are sorted, bits beside them."""
    view = text_view(plain_urls(urls))
    out = np.zeros(len(view.starts), np.uint64)
    _match(view.starts, view.stops, view.data, keys, bits, out)
    return out
