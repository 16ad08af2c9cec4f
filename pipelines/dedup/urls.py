"""The form of a URL that duplicates are judged by. It is never stored: documents keep their own URL.

The scheme and its default port go, and "www." before the host; the host is in lower case. The fragment goes,
and query parameters that only tell where a visitor came from (`TRACKING`); the others stay, in their order.
A path's last slash goes, and an empty query. Percent-encoding is as in RFC 3986, section 6.2.2: unreserved
characters stand for themselves, all others and those beyond ASCII are encoded, in capital letters. So two
URLs with one form lead, as a rule, to one page; pages that a site tells apart by the scheme alone do not.
"""

from __future__ import annotations

import re
from urllib.parse import quote_from_bytes, unquote_to_bytes

import pyarrow as pa
import pyarrow.compute as pc
import xxhash

TRACKING = (
    "utm_[^=&]*|mtm_[^=&]*|pk_[a-z]+|gclid|dclid|gbraid|wbraid|gclsrc|fbclid|msclkid|twclid|ttclid|yclid|igshid"
    "|li_fat_id|mc_[ce]id|_ga|_gl|_hs(?:enc|mi)|mkt_tok|vero_id|oly_(?:anon|enc)_id|wickedid|s_cid|ref_src"
)
"""Names of query parameters that no page depends on, as a regular expression."""

_PARTS = r"(?s)^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//(?:[^/?#@]*@)?(?P<host>[^/?#]*)(?P<path>[^?#]*)(?P<query>(?:\?[^#]*)?)"
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})|([^\x21-\x7e])")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def normal_urls(urls: pa.Array) -> pa.Array:
    """Normalised URLs (string); null where there is none, or one without a host."""
    parts = pc.extract_regex(pc.utf8_trim_whitespace(urls), pattern=_PARTS)
    host, path, query = (pc.struct_field(parts, name) for name in ("host", "path", "query"))
    host = pc.replace_substring_regex(pc.utf8_lower(host), r"^www\.|:(?:80|443)?$", "")
    path = pc.replace_substring_regex(_encoded(path), r"/+$", "")
    joined = pc.binary_join_element_wise(host, path, _query(_encoded(query)), "")
    return pc.if_else(pc.greater(pc.binary_length(host), 0), joined, pa.scalar(None, pa.string()))


def url_hash(urls: pa.Array) -> pa.Array:
    """XXH3 (128 bits, 32 hexadecimal digits) of each normalised URL, null where there is none."""
    digest = xxhash.xxh3_128_hexdigest
    hashes = [None if url is None else digest(url) for url in normal_urls(urls).cast(pa.binary()).to_pylist()]
    return pa.array(hashes, pa.string())


def _query(queries: pa.Array) -> pa.Array:
    """Without tracking parameters. Each parameter stands between two & while they go: RE2 looks at none twice."""
    apart = pc.replace_substring_regex(queries, r"^\?|&", "&&")
    apart = pc.binary_join_element_wise(apart, "&", "")
    left = pc.replace_substring_regex(apart, rf"(?i)&(?:{TRACKING})(?:=[^&]*)?&", "")
    left = pc.replace_substring_regex(pc.replace_substring_regex(left, r"&+", "&"), r"&$", "")
    return pc.replace_substring_regex(left, r"^&", "?")


def _encoded(texts: pa.Array) -> pa.Array:
    """With normal percent-encoding; only texts that have some, or need some, are taken apart."""
    odd = pc.fill_null(pc.match_substring_regex(texts, r"%|[^\x21-\x7e]"), False)
    if not pc.any(odd, min_count=0).as_py():
        return texts
    rest = [_ESCAPE.sub(_escape, text).decode() for text in texts.filter(odd).cast(pa.binary()).to_pylist()]
    return pc.replace_with_mask(texts, odd, pa.array(rest, texts.type))


def _escape(found: re.Match[bytes]) -> bytes:
    byte = found[2] or unquote_to_bytes(found[0])
    return byte if byte[0] in _UNRESERVED else quote_from_bytes(byte, safe="").encode()
