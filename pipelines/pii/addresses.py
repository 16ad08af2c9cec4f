"""E-mail and IP addresses."""

from __future__ import annotations

import ipaddress
from functools import partial

import re2

from pipelines.pii.finders import WORD_BYTES, Finder, Span, byte_at

EMAIL_PATTERN = (
    r"[0-9A-Za-zÀ-ɏ][0-9A-Za-zÀ-ɏ._%+'-]*@"
    r"[0-9A-Za-zÀ-ɏ](?:[0-9A-Za-zÀ-ɏ-]*[0-9A-Za-zÀ-ɏ])?(?:\.[0-9A-Za-zÀ-ɏ-]+)*\.[A-Za-z]{2,}\b"
)
"""Local part, @, labels, a top level of letters; letters are Latin, so that text around in other scripts
stays.
"""

IPV4_PATTERN = r"\d{1,3}(?:\.\d{1,3}){3}"
IPV6_PATTERN = r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}"

FILE_ENDINGS = frozenset(
    (b"png", b"jpg", b"jpeg", b"gif", b"webp", b"svg", b"css", b"js", b"html", b"pdf"),
)
"""What `icon@2x.png` ends in: a file, not a host."""

SECTION_NUMBER = 8
"""Up to this many characters, four numbers with dots are more often a section or version than a person's
address.
"""

_VERSION = re2.compile(rb"(?i)(?:version|release|ver|build|firmware|v)[\s.:=]*$")
_NAME_DASH = re2.compile(rb"[A-Za-z_][0-9A-Za-z_.]*-$")
_CONTEXT = 32


def check_email(text: bytes, begin: int, end: int) -> Span | None:
    """Lengths as RFC 5321 limits them (64 before the @, 254 in all), and a host, not a file, at the end."""
    local, _, host = text[begin:end].partition(b"@")
    if len(local) > 64 or end - begin > 254 or b".." in host:
        return None
    return None if host.rpartition(b".")[2].lower() in FILE_ENDINGS else (begin, end)


def check_ipv4(text: bytes, begin: int, end: int, public_only: bool) -> Span | None:
    """Four octets of 0 to 255, not part of a longer number, name or version.

    Eight characters or fewer (1.5.10.2) are taken for a section or version number. Loopback, private,
    documentation and other special ranges pass only without `public_only`.
    """
    before, after = byte_at(text, begin - 1), byte_at(text, end)
    context = text[max(0, begin - _CONTEXT) : begin]
    if before in WORD_BYTES or before == 0x2E or after in WORD_BYTES or end - begin <= SECTION_NUMBER:
        return None
    if after in b".-" and byte_at(text, end + 1) in WORD_BYTES and not _range(text, end):
        return None
    if _VERSION.search(context) or (before == 0x2D and _NAME_DASH.search(context)):
        return None
    return (begin, end) if _is_address(text[begin:end], public_only) else None


def _range(text: bytes, end: int) -> bool:
    """True if another address follows a dash."""
    return byte_at(text, end) == 0x2D and 0x30 <= byte_at(text, end + 1) <= 0x39


def check_ipv6(text: bytes, begin: int, end: int, public_only: bool) -> Span | None:
    """A valid address of seven characters or more with a digit in it; a::b and std::c are names in
    programs.
    """
    if end - begin > 2 and text[end - 1] == 0x3A and text[end - 2] != 0x3A:
        end -= 1
    before, after = byte_at(text, begin - 1), byte_at(text, end)
    if before in WORD_BYTES or before in b":." or after in WORD_BYTES:
        return None
    if after in b":." and byte_at(text, end + 1) in WORD_BYTES:
        return None
    candidate = text[begin:end]
    if len(candidate) < 7 or not any(0x30 <= byte <= 0x39 for byte in candidate):
        return None
    return (begin, end) if _is_address(candidate, public_only) else None


def _is_address(candidate: bytes, public_only: bool) -> bool:
    try:
        address = ipaddress.ip_address(candidate.decode())
    except ValueError:
        return False
    return address.is_global and not address.is_multicast if public_only else True


def email_finders() -> tuple[Finder, ...]:
    """Finds e-mail addresses."""
    return (Finder(EMAIL_PATTERN, check_email),)


def ip_finders(public_only: bool) -> tuple[Finder, ...]:
    """Finds IPv4 and IPv6 addresses."""
    return (
        Finder(IPV6_PATTERN, partial(check_ipv6, public_only=public_only)),
        Finder(IPV4_PATTERN, partial(check_ipv4, public_only=public_only)),
    )
