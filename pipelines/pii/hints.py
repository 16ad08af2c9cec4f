"""What a window may hold, as bits: the kernels of `windows` raise them, each rule asks for the one that it needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

INTERNATIONAL = 1 << 0
"""A plus sign, or two zeros at the start of a group of digits."""
GROUPS_334 = 1 << 1
"""Groups of three, three and four digits in a row."""
TRUNK_ZERO = 1 << 2
"""A group that begins with 0, and another group after it."""
CHINA_MOBILE = 1 << 3
"""11 digits, alone or as 3-4-4, that begin with 1 and 3 to 9."""
PHONE_CUE = 1 << 4
"""A word such as tel shortly before, or such as fax shortly after."""
CARD = 1 << 5
"""12 digits or more."""
SSN = 1 << 6
"""Groups of three, two and four digits in a row."""
LONG_ID = 1 << 7
"""A group, or several with marks between, of 11 digits or more."""
ID_CUE = 1 << 8
"""A word that names a national number shortly before."""
EMAIL = 1 << 9
"""An @ between characters of addresses."""
QUAD = 1 << 10
"""Four numbers with dots between."""
COLONS = 1 << 11
"""Hexadecimal digits with :: or seven colons."""
IBAN = 1 << 12
"""Two capitals and two digits at the start of a word."""
LETTER_ID = 1 << 13
"""A word of 9 to 18 capitals and digits, six or more of them digits."""
WALLET = 1 << 14
"""A word as long as a wallet's address, with its beginning."""
SECRET = 1 << 15
"""A known prefix of an API key at the start of a word, or the first line of a private key."""

ALL = (1 << 16) - 1

CUE_TABLE_SIZE = 1 << 12


def cue_slot(first: int, second: int, third: int) -> int:
    """Where the table of cues keeps three lower-case bytes; other bytes may share the slot."""
    return (first * 31 * 31 + second * 31 + third) & (CUE_TABLE_SIZE - 1)


def cue_table(phone: Iterable[str], ids: Iterable[str]) -> np.ndarray:
    """Bits (PHONE_CUE, ID_CUE) by the first three bytes of every cue: int64 of shape (CUE_TABLE_SIZE,)."""
    table = np.zeros(CUE_TABLE_SIZE, np.int64)
    for bit, words in ((PHONE_CUE, phone), (ID_CUE, ids)):
        for word in words:
            table[cue_slot(*word.lower().encode()[:3])] |= bit
    table.flags.writeable = False
    return table


@dataclass(frozen=True)
class Prefixes:
    """Beginnings of keys, for kernels: `slots`, bool (CUE_TABLE_SIZE,), tells whether one begins with three bytes;
    `joints`, of the same shape, whether one has these two bytes before its first - / or _; `data`, uint8
    (n, longest), holds them padded with zeros; `lengths` is int64 (n,).
    """

    slots: np.ndarray
    joints: np.ndarray
    data: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of(cls, prefixes: Iterable[str]) -> Prefixes:
        """Of three ASCII characters or more each, a - / or _ behind at least two, or a capital behind a letter."""
        encoded = [prefix.encode() for prefix in prefixes]
        slots, joints = np.zeros((2, CUE_TABLE_SIZE), np.bool_)
        data = np.zeros((len(encoded), max(map(len, encoded))), np.uint8)
        for row, prefix in enumerate(encoded):
            slots[cue_slot(*prefix[:3])] = True
            if joint := re.search(rb"..[-/_]", prefix):
                joints[cue_slot(*joint[0])] = True
            data[row, : len(prefix)] = np.frombuffer(prefix, np.uint8)
        return cls(slots, joints, data, np.array([len(prefix) for prefix in encoded], np.int64))
