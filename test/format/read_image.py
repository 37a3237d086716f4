#!/usr/bin/env python3
"""Lists and checks a dbimg image. Written from docs/format.md alone; needs Python 3.9 and the zstd command or module.

usage: read_image.py IMAGE     prints one JSON object; exit 1 and one line on stderr if anything is wrong
Content of encrypted images is not opened, and signatures are not verified: that takes more than Python's library has.
"""
import base64
import hashlib
import json
import struct
import subprocess
import sys
import zlib

MAGIC = b'\x89DBIMG\r\n\x1a\n'
NAMES = [None, 'HEAD', 'CATALOG', 'OPEN', 'DATA', 'REF', 'CLOSE', 'LOG', 'INDEX', 'TABLE', 'ROOT', 'ABORT']
HEAD, CATALOG, OPEN, DATA, REF, CLOSE, LOG, INDEX, TABLE, ROOT, ABORT = range(1, 12)
STREAMS = {HEAD: 0xFFFFFF00, CATALOG: 0, INDEX: 0xFFFFFF01, TABLE: 0xFFFFFF02, ROOT: 0xFFFFFF03, LOG: 0xFFFFFF04,
           ABORT: 0xFFFFFF05}
CONTINUED, UNFINISHED, ENCRYPTED, SIGNED = 1, 2, 4, 8
MiB = 1024 * 1024


class Damaged(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Damaged(what)


def unzstd(data, length):
    try:
        import zstandard
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=max(length, 1))
    except ImportError:
        done = subprocess.run(['zstd', '-d', '-c', '-q'], input=data, capture_output=True)
        check(done.returncode == 0, 'zstd: ' + done.stderr.decode().strip())
        return done.stdout


class Frame:
    def __init__(self, image, offset):
        self.offset = offset
        self.header = image[offset:offset + 80]
        check(len(self.header) == 80, f'the image ends at {len(image)}')
        (sync, self.type, self.codec, self.flags, self.stream, self.sequence, self.records, self.plain_length,
         self.stored_length) = struct.unpack_from('<4sBBHIQIII', self.header)
        self.id = self.header[32:64]
        crc, reserved, header_crc = struct.unpack_from('<IQI', self.header, 64)
        check(sync == b'DBIF' and zlib.crc32(self.header[:76]) == header_crc, f'no frame at {offset}')
        check(1 <= self.type <= 11 and self.codec <= 1 and self.flags < 16 and reserved == 0, f'unknown frame at {offset}')
        check(self.plain_length <= 8 * MiB and self.stored_length <= 16 * MiB, f'impossible length at {offset}')
        start = offset + 80
        self.stored = image[start:start + self.stored_length]
        self.end = start + self.stored_length + (64 if self.flags & SIGNED else 0)
        check(self.end <= len(image), 'the image ends within a frame')
        check(zlib.crc32(self.stored) == crc, f'CRC of the frame at {offset}')

    def plain(self):
        """The plain bytes, checked against the content id; None if they are encrypted."""
        if self.flags & ENCRYPTED:
            return None
        plain = unzstd(self.stored, self.plain_length) if self.codec else self.stored
        check(len(plain) == self.plain_length, f'length of the frame at {self.offset}')
        check(hashlib.sha256(plain).digest() == self.id, f'content of the frame at {self.offset}')
        return plain


def prelude_length(image):
    start = image[:256].find(b'\n') + 1 if image[:2] == b'#!' else 0
    check(image[start:start + 10] == MAGIC, 'not an image')
    check(len(image) >= start + 16, 'the image ends within its prelude')
    version, flags = struct.unpack_from('<HI', image, start + 10)
    check(version == 0 and flags == 0, f'format version {version}, flags {flags}')
    return start + 16


class Reader:
    """One pass over the frames, keeping what the INDEX, TABLE and ROOT frames must say."""

    def __init__(self, image):
        self.image, self.next, self.open, self.owner = image, {}, {}, None
        self.listed, self.closed, self.blocks, self.pages, self.rows = [], [], [], [], []
        self.catalog, self.log, self.frames, self.sum, self.index_sum = b'', 0, 0, 0, 0
        self.data_begun = False

    def read(self):
        begin = at = prelude_length(self.image)
        while True:
            frame = Frame(self.image, at)
            check((frame.type == HEAD) == (at == begin), f'HEAD at {at}')
            plain = frame.plain()
            if frame.type == HEAD:
                check(plain is not None, 'HEAD is encrypted')
                self.head, self.head_id = json.loads(plain), frame.id.hex()
            check(bool(frame.flags & SIGNED) == ('publicKey' in self.head), f'signature of the frame at {at}')
            check(bool(frame.flags & ENCRYPTED) == ('cipher' in self.head and frame.type != HEAD), f'encryption at {at}')
            self.order(frame)
            check(frame.type != ABORT, f'given up by its writer: {plain}')
            if frame.type == ROOT:
                return self.finish(frame, plain, begin)
            self.take(frame, plain)
            at = frame.end

    def order(self, frame):
        where = f'{NAMES[frame.type]} frame at {frame.offset}'
        in_streams = frame.type in (OPEN, DATA, REF, CLOSE)
        check(1 <= frame.stream < 0xFFFFFF00 if in_streams else frame.stream == STREAMS[frame.type], 'stream of ' + where)
        check(frame.sequence == self.next.get(frame.stream, 0), 'sequence of ' + where)
        self.next[frame.stream] = frame.sequence + 1
        if in_streams:
            check((frame.type == OPEN) == (frame.stream not in self.open) == (frame.sequence == 0), 'place of ' + where)
        if frame.type in (INDEX, ABORT):
            return check(not frame.flags & 3, 'flags of ' + where)
        check(bool(frame.flags & CONTINUED) == (self.owner is not None), 'place of ' + where)
        check(self.owner in (None, frame.stream), 'place of ' + where)
        check(not frame.flags & 3 or frame.type in (CATALOG, DATA, LOG), 'flags of ' + where)
        check(frame.type != CATALOG or not self.data_begun, 'place of ' + where)
        self.data_begun = self.data_begun or frame.type == OPEN
        self.owner = frame.stream if frame.flags & UNFINISHED else None

    def take(self, frame, plain):
        if frame.type == INDEX:
            return self.index(frame, plain)
        if frame.type == TABLE:
            self.table(frame, plain)
        self.listed.append(struct.pack('<Q', frame.offset) + frame.header[4:68])
        check(len(self.listed) <= 4096, 'an INDEX frame is missing')
        self.frames += 1
        stream = self.open.get(frame.stream)
        if frame.type == OPEN:
            self.open[frame.stream] = {'stream': frame.stream, 'records': 0, 'bytes': 0, 'stored': 0,
                                       'firstBlock': len(self.blocks), **pick(plain, 'object', 'part', 'encoding')}
        elif frame.type in (DATA, REF):
            stream['records'] += frame.records
            stream['bytes'] += frame.plain_length if frame.type == DATA else pick(plain, 'bytes').get('bytes', 0)
            stream['stored'] += frame.stored_length if frame.type == DATA else 0
        elif frame.type == CLOSE:
            total = pick(plain, 'records', 'sum', 'bytes')
            check(plain is None or [stream['records'], stream['bytes']] == [total['records'], total['bytes']], 'CLOSE')
            self.closed.append({**stream, **total, 'lastBlock': len(self.blocks)})
            del self.open[frame.stream]
        elif frame.type == CATALOG:
            self.catalog += plain or b'\n' * frame.records
        elif frame.type == LOG:
            self.log += 1

    def index(self, frame, plain):
        check(frame.records == len(self.listed) > 0, f'number of entries of the INDEX frame at {frame.offset}')
        if plain is not None:
            entries = [plain[i:i + 88] for i in range(0, len(plain), 88)]
            check([entry[:72] for entry in entries] == self.listed, f'entries of the INDEX frame at {frame.offset}')
            self.index_sum += sum(int.from_bytes(entry[72:], 'little') for entry in entries)
        self.blocks.append({'offset': frame.offset, 'id': frame.id.hex(), 'count': frame.records})
        self.listed = []

    def table(self, frame, plain):
        check(frame.records == len(self.closed) > 0, f'number of lines of the TABLE frame at {frame.offset}')
        if plain is not None:
            rows = [json.loads(line) for line in plain.split(b'\n')[:-1]]
            check(rows == self.closed, f'lines of the TABLE frame at {frame.offset}')
            self.sum += sum(int(row['sum'], 16) for row in rows)
        self.rows += self.closed
        self.pages.append({'offset': frame.offset, 'id': frame.id.hex(), 'count': frame.records})
        self.closed = []

    def finish(self, frame, plain, begin):
        check(not (self.open or self.listed or self.closed), 'something is unlisted or unclosed at ROOT')
        entries = [json.loads(line) for line in self.catalog.split(b'\n') if line]
        if plain is not None:
            root = json.loads(plain)
            names = ('records', 'bytes', 'stored')
            totals = {'frames': self.frames, 'entries': len(entries), 'streams': len(self.rows), 'log': self.log,
                      'sum': f'{self.sum % 2**128:032x}', **{n: sum(row[n] for row in self.rows) for n in names}}
            check(root['totals'] == totals, 'totals in ROOT')
            check(self.sum % 2**128 == self.index_sum % 2**128, 'digests of INDEX and TABLE')
            check(root['blocks'] == self.blocks and root['pages'] == self.pages, 'blocks or pages in ROOT')
            check(root['prelude'] == hashlib.sha256(self.image[:begin]).hexdigest(), 'prelude')
            check(root['head'] == self.head_id and root['image'] == self.head['image'], 'HEAD in ROOT')
        self.footer(frame)
        return {'head': self.head, 'entries': entries, 'frames': self.frames, 'blocks': len(self.blocks),
                'streams': self.rows, 'root': None if plain is None else root, 'bytes': len(self.image),
                'signed': len(base64.b64decode(self.head.get('publicKey', ''))) == 32, 'encrypted': plain is None}

    def footer(self, root):
        footer = self.image[root.end:]
        check(len(footer) >= 64, 'no footer')
        offset, length, root_id, reserved, crc, magic = struct.unpack_from('<QQ32sII8s', footer)
        check(magic == b'DBIMGEND' and zlib.crc32(footer[:52]) == crc and reserved == 0, 'footer')
        check([offset, length, root_id] == [root.offset, root.end + 64, root.id], 'the footer names another ROOT')
        check(length == len(self.image), 'bytes after the footer')


def pick(plain, *names):
    """Some fields of a JSON payload; none of an encrypted one."""
    return {} if plain is None else {name: value for name, value in json.loads(plain).items() if name in names}


if __name__ == '__main__':
    try:
        with open(sys.argv[1], 'rb') as file:
            print(json.dumps(Reader(file.read()).read()))
    except Damaged as error:
        sys.exit(f'damaged: {error}')
