"""Lanes: from a key to the hash range that one worker serves at a time."""

from zlib import crc32


def lane_of(key: str, lanes: int) -> int:
    """The lane of a key: the same in every process, version and language (CRC-32 of its UTF-8 bytes, modulo)."""
    try:
        return crc32(key.encode()) % lanes
    except UnicodeEncodeError:
        return crc32(key.encode("utf-8", "surrogatepass")) % lanes


def fair_share(lanes: int, instances: int, mine: int) -> int:
    """How many lanes one of several instances should hold; the `mine`-th (from 0) takes one of the remainder."""
    if instances <= 0:
        return lanes
    each, rest = divmod(lanes, instances)
    return each + (1 if mine < rest else 0)
