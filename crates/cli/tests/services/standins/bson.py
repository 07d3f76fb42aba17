"""As much of BSON as MongoDB's shell and its users need; anything else is an error, not a guess."""

import struct


class Int64(int):
    """A whole number that is written with eight bytes, however small it is."""


class Unknown(Exception):
    pass


def _text(raw, at):
    (length,) = struct.unpack_from("<i", raw, at)
    return raw[at + 4 : at + 3 + length].decode(), at + 4 + length


def _binary(raw, at):
    (length,) = struct.unpack_from("<i", raw, at)
    return raw[at + 5 : at + 5 + length], at + 5 + length


def _fixed(form, kind=lambda value: value):
    return lambda raw, at: (kind(struct.unpack_from(form, raw, at)[0]), at + struct.calcsize(form))


READERS = {
    0x01: _fixed("<d"),
    0x02: _text,
    0x03: lambda raw, at: read(raw, at),
    0x04: lambda raw, at: (lambda found: (list(found[0].values()), found[1]))(read(raw, at)),
    0x05: _binary,
    0x07: lambda raw, at: (raw[at : at + 12].hex(), at + 12),
    0x08: _fixed("<?"),
    0x09: _fixed("<q", Int64),
    0x0A: lambda raw, at: (None, at),
    0x10: _fixed("<i"),
    0x11: _fixed("<Q", Int64),
    0x12: _fixed("<q", Int64),
}


def read(raw, at=0):
    """The document that begins here, and where it ends."""
    (length,) = struct.unpack_from("<i", raw, at)
    end, at, found = at + length, at + 4, {}
    while at < end - 1:
        kind, close = raw[at], raw.index(0, at + 1)
        name = raw[at + 1 : close].decode()
        if kind not in READERS or name in found:
            raise Unknown(f"{name} of type {kind:#x}")
        found[name], at = READERS[kind](raw, close + 1)
    if at != end - 1 or raw[at] != 0:
        raise Unknown("a document that does not end where it says")
    return found, end


def _element(name, value):
    head = name.encode() + b"\0"
    match value:
        case bool():
            return b"\x08" + head + struct.pack("<?", value)
        case Int64():
            return b"\x12" + head + struct.pack("<q", value)
        case int():
            return b"\x10" + head + struct.pack("<i", value)
        case float():
            return b"\x01" + head + struct.pack("<d", value)
        case str():
            text = value.encode() + b"\0"
            return b"\x02" + head + struct.pack("<i", len(text)) + text
        case bytes():
            return b"\x05" + head + struct.pack("<iB", len(value), 0) + value
        case dict():
            return b"\x03" + head + write(value)
        case list():
            return b"\x04" + head + write({str(index): one for index, one in enumerate(value)})
        case None:
            return b"\x0a" + head
    raise Unknown(f"{name}: {value!r}")


def write(document):
    inner = b"".join(_element(name, value) for name, value in document.items()) + b"\0"
    return struct.pack("<i", len(inner) + 4) + inner
