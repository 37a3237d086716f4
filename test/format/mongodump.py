"""A second reader and writer of mongodump archives, made from the specification of the format alone (mongo-tools,
common/archive/spec.md), with nothing but the standard library. It judges what dbimg reads and writes.

usage: mongodump.py read < ARCHIVE > JSON       fails if a checksum or the structure is wrong
       mongodump.py write < JSON > ARCHIVE      of what `read` prints; segments of `order` interleave
"""
import base64
import gzip
import hashlib
import json
import struct
import sys

MAGIC = bytes.fromhex("6de29981")
TERMINATOR = b"\xff\xff\xff\xff"
POLYNOMIAL = 0xC96C5795D7870F42
MASK = (1 << 64) - 1


def table():
    rows = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (POLYNOMIAL if value & 1 else 0)
        rows.append(value)
    return rows


TABLE = table()


def crc64(data, value=0):
    value ^= MASK
    for byte in data:
        value = TABLE[(value ^ byte) & 255] ^ (value >> 8)
    return value ^ MASK


assert crc64(b"123456789") == 0x995DC9BBDF1939FA  # CRC-64/XZ


def decode(document):
    """Fields of the headers: strings, 32-bit and 64-bit integers, booleans."""
    fields, at = {}, 4
    while document[at] != 0:
        kind = document[at]
        end = document.index(0, at + 1)
        name = document[at + 1 : end].decode()
        at = end + 1
        if kind == 0x02:
            length = struct.unpack_from("<i", document, at)[0]
            fields[name] = document[at + 4 : at + 3 + length].decode()
            at += 4 + length
        elif kind == 0x08:
            fields[name] = document[at] == 1
            at += 1
        elif kind == 0x10:
            fields[name] = struct.unpack_from("<i", document, at)[0]
            at += 4
        elif kind == 0x12:
            fields[name] = struct.unpack_from("<q", document, at)[0]
            at += 8
        else:
            raise SystemExit(f"a header has a field of type {kind}")
    assert at == len(document) - 1, "a header is longer than its fields"
    return fields


def encode(fields):
    body = b""
    for name, value in fields:
        key = name.encode() + b"\0"
        if isinstance(value, bool):
            body += b"\x08" + key + bytes([value])
        elif isinstance(value, str):
            text = value.encode() + b"\0"
            body += b"\x02" + key + struct.pack("<i", len(text)) + text
        elif name == "CRC":
            body += b"\x12" + key + struct.pack("<q", value)
        else:
            body += b"\x10" + key + struct.pack("<i", value)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


class Archive:
    def __init__(self, data):
        self.data, self.at = data, 0

    def next(self):
        """A document, or None for a terminator."""
        head = self.data[self.at : self.at + 4]
        assert len(head) == 4, "the archive ends within a block"
        if head == TERMINATOR:
            self.at += 4
            return None
        length = struct.unpack("<i", head)[0]
        document = self.data[self.at : self.at + length]
        assert 5 <= length == len(document) and document[-1] == 0, f"no document at byte {self.at}"
        self.at += length
        return document

    def ended(self):
        return self.at == len(self.data)


def read(data):
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    archive = Archive(data)
    assert data[:4] == MAGIC, "this is no mongodump archive"
    archive.at = 4
    header = decode(archive.next())
    assert list(header) == ["concurrent_collections", "version", "server_version", "tool_version"], header
    prelude = []
    while (document := archive.next()) is not None:
        prelude.append(decode(document))
        if prelude[-1]["metadata"]:
            json.loads(prelude[-1]["metadata"])
    spaces, order, open_now, most_open = {}, [], set(), 0
    while not archive.ended():
        block = archive.next()
        assert block is not None, "a block has no header"
        fields = decode(block)
        assert list(fields) == ["db", "collection", "EOF", "CRC"], fields
        name = f"{fields['db']}.{fields['collection']}"
        space = spaces.setdefault(name, {"documents": [], "crc": 0, "closed": False})
        assert not space["closed"], f"{name} goes on after its end"
        open_now.add(name)
        most_open = max(most_open, len(open_now))
        count = 0
        while (document := archive.next()) is not None:
            space["documents"].append(document)
            space["crc"] = crc64(document, space["crc"])
            count += 1
        if fields["EOF"]:
            assert count == 0, f"the end of {name} has documents"
            assert fields["CRC"] & MASK == space["crc"], f"the checksum of {name} is wrong"
            space["closed"] = True
            open_now.remove(name)
        else:
            assert fields["CRC"] == 0 and count > 0, f"a segment of {name} is empty or has a checksum"
            order.append([name, count])
    assert not open_now, f"without an end: {open_now}"
    # mongorestore works on so many namespaces at once, and waits for ever if more are open.
    assert most_open <= header["concurrent_collections"], f"{most_open} namespaces are open at once"
    announced = set()
    for entry in prelude:
        plain = f"{entry['db']}.{entry['collection']}"
        buckets = f"{entry['db']}.system.buckets.{entry['collection']}"
        announced.add(buckets if entry["type"] == "timeseries" else plain)
    assert announced == set(spaces), f"announced {announced ^ set(spaces)}"
    return {
        "header": header,
        "prelude": prelude,
        "order": order,
        "documents": {
            name: [base64.b64encode(document).decode() for document in space["documents"]]
            for name, space in spaces.items()
        },
        "hashes": {
            name: hashlib.sha256(b"".join(space["documents"])).hexdigest() for name, space in spaces.items()
        },
    }


def segment(name, documents, end=None):
    database, _, collection = name.partition(".")
    fields = [("db", database), ("collection", collection), ("EOF", end is not None)]
    value = 0 if end is None else end - (1 << 64) if end >> 63 else end
    return encode([*fields, ("CRC", value)]) + b"".join(documents) + TERMINATOR


def write(spec):
    out = [MAGIC, encode(list(spec["header"].items()))]
    out += [encode(list(entry.items())) for entry in spec["prelude"]]
    out.append(TERMINATOR)
    left = {name: [base64.b64decode(text) for text in texts] for name, texts in spec["documents"].items()}
    crcs = {name: 0 for name in left}
    remaining = [name for name, _ in spec["order"]]
    empty = [name for name in left if name not in remaining]
    for name, count in spec["order"]:
        documents, left[name] = left[name][:count], left[name][count:]
        for document in documents:
            crcs[name] = crc64(document, crcs[name])
        out.append(segment(name, documents))
        remaining.remove(name)
        if name not in remaining:
            out.append(segment(name, [], crcs[name]))
    out += [segment(name, [], 0) for name in empty]
    return b"".join(out)


if sys.argv[1] == "read":
    json.dump(read(sys.stdin.buffer.read()), sys.stdout)
else:
    sys.stdout.buffer.write(write(json.load(sys.stdin)))
