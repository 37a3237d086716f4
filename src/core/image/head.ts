/** HEAD: the first frame. It says what the image is and how to open the rest. `docs/format.md` section 4. */
import type { ImageKind, ImageSummary, Plain, Position, ServerInfo } from '../adapter.ts';
import { type KeyWrap, readKeyWrap } from '../codec/keys.ts';
import { damaged, unsupportedFormat } from './damage.ts';
import { readPosition, readServer } from './entries.ts';
import { Fields, parseJson } from './json.ts';
import { FORMAT } from './prelude.ts';

export interface Head extends ImageSummary {
  readonly format: typeof FORMAT;
  /** UUID of this image. */
  readonly image: string;
  readonly kind: ImageKind;
  readonly adapter: string;
  readonly server: ServerInfo;
  /** Where the source stood when the dump began; ROOT has the final position. */
  readonly position: Position;
  /** ISO 8601. */
  readonly created: string;
  /** What wrote it: `dbimg 0.1.0`. */
  readonly tool: string;
  /** For an increment: the image before it, and the content id of that one's ROOT. */
  readonly parent?: { readonly image: string; readonly root: string };
  /** Present if all frames but this one are encrypted. */
  readonly cipher?: 'aes-256-gcm';
  /** The chain key, wrapped once for each way to open it. */
  readonly keys?: readonly KeyWrap[];
  /** Ed25519, 32 bytes in base64. Present if every frame is signed. */
  readonly publicKey?: string;
  readonly details?: Plain;
}

const KINDS: readonly string[] = ['logical', 'physical', 'log'] satisfies readonly ImageKind[];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MAX_WRAPS = 256;

/** @throws DbimgError `IMAGE_DAMAGED`, `FORMAT_UNSUPPORTED` */
export function parseHead(bytes: Uint8Array): Head {
  const fields = new Fields(parseJson(bytes, 'HEAD frame'), 'HEAD frame');
  if (fields.count('format') !== FORMAT)
    throw unsupportedFormat('The HEAD frame has another format version.');
  const kind = fields.string('kind');
  if (!KINDS.includes(kind)) throw unsupportedFormat(`The image is of the unknown kind "${kind}".`);
  const head: Head = {
    format: FORMAT,
    image: fields.matching('image', UUID),
    kind: kind as ImageKind,
    adapter: fields.string('adapter'),
    server: readServer(fields.fields('server')),
    position: readPosition(fields.fields('position')),
    created: fields.string('created'),
    tool: fields.string('tool'),
    ...fields.optional('parent', (name) => readParent(fields.fields(name))),
    ...fields.optional('cipher', (name) => readCipher(fields.string(name))),
    ...fields.optional('keys', (name) => fields.list(name).slice(0, MAX_WRAPS).map(readKeyWrap)),
    ...fields.optional('publicKey', (name) => fields.matching(name, /^[A-Za-z0-9+/]{43}=$/)),
    ...fields.optional('details', (name) => fields.plain(name)),
  };
  if ((head.cipher === undefined) !== (head.keys === undefined))
    throw damaged('The HEAD frame has a cipher or keys only.');
  return head;
}

function readParent(fields: Fields): { image: string; root: string } {
  return { image: fields.matching('image', UUID), root: fields.matching('root', /^[0-9a-f]{64}$/) };
}

function readCipher(name: string): 'aes-256-gcm' {
  if (name !== 'aes-256-gcm') throw unsupportedFormat(`The image is encrypted with "${name}".`);
  return name;
}

/** An image id as 16 bytes. */
export function imageIdBytes(image: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(image.replaceAll('-', ''), 'hex'));
}
