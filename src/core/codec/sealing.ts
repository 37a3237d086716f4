/** From plain bytes to frames: compress, name by content, encrypt, sign. Works in any thread. */
import { createCipheriv, createHmac, createPrivateKey, hash, type KeyObject, sign } from 'node:crypto';
import type { StreamOpen } from '../adapter.ts';
import type { Reference } from '../image/entries.ts';
import {
  CODEC,
  encodeHeader,
  FLAG,
  FRAME,
  type FrameType,
  MAX_PLAIN,
  sealHeader,
  TAG_BYTES,
} from '../image/frame.ts';
import { type Digest, digestToJSON } from '../records/digest.ts';
import type { Piece } from '../records/piece.ts';
import { compress } from './zstd.ts';

/** Everything a lane needs to seal frames of an image. Structured-clone data; holds keys, so it is never stored. */
export interface Sealing {
  /** zstd level, 1–19. */
  readonly level: number;
  /** The image id as 16 bytes. */
  readonly image: Uint8Array;
  /** SHA-256 of HEAD's plain bytes: binds encrypted frames to it. */
  readonly headHash: Uint8Array;
  readonly keys?: { readonly imageKey: Uint8Array; readonly idKey: Uint8Array };
  /** Ed25519 in PKCS #8 DER. */
  readonly signingKey?: Uint8Array;
}

/** A frame ready to be written. Structured-clone data; each of `parts` may be transferred. */
export interface SealedFrame {
  readonly type: FrameType;
  readonly stream: number;
  readonly sequence: number;
  readonly flags: number;
  readonly records: number;
  readonly plainLength: number;
  readonly storedLength: number;
  readonly contentId: Uint8Array<ArrayBuffer>;
  /** DATA and REF: the digest of the records that end in it. */
  readonly digest?: Digest;
  /** OPEN: what it says. */
  readonly open?: StreamOpen;
  /** REF: what it says. */
  readonly reference?: Reference;
  /** CLOSE: what it says. */
  readonly total?: StreamTotal;
  /** Header, stored bytes and perhaps signature: the frame is these bytes in this order. */
  readonly parts: readonly Uint8Array<ArrayBuffer>[];
}

export interface StreamTotal {
  readonly digest: Digest;
  /** Plain bytes of all DATA frames of the stream. */
  readonly bytes: number;
}

/** What {@link sealFrame} needs to know of a frame besides its bytes. */
export interface FramePlan {
  readonly type: FrameType;
  readonly stream: number;
  readonly sequence: number;
  readonly records: number;
  readonly continued?: boolean;
  readonly unfinished?: boolean;
}

/**
 * Seals one frame. HEAD is the only one that is never encrypted.
 *
 * A sequence number must be used once only for its stream: with the image key it is the nonce.
 */
export async function sealFrame(
  sealing: Sealing,
  plan: FramePlan,
  plain: Uint8Array<ArrayBuffer>,
): Promise<SealedFrame> {
  if (plain.length > MAX_PLAIN) throw new RangeError(`a frame of ${plain.length} bytes`);
  const keys = plan.type === FRAME.HEAD ? undefined : sealing.keys;
  const compressed = await compress(plain, sealing.level);
  const packed = compressed ?? plain;
  const storedLength = packed.length + (keys ? TAG_BYTES : 0);
  const flags =
    (plan.continued ? FLAG.CONTINUED : 0) |
    (plan.unfinished ? FLAG.UNFINISHED : 0) |
    (keys ? FLAG.ENCRYPTED : 0) |
    (sealing.signingKey ? FLAG.SIGNED : 0);
  const { type, stream, sequence, records } = plan;
  const contentId = contentIdOf(plain, keys?.idKey);
  const fields = {
    type,
    stream,
    sequence,
    records,
    flags,
    storedLength,
    plainLength: plain.length,
    contentId,
  };
  const header = encodeHeader({ ...fields, codec: compressed ? CODEC.ZSTD : CODEC.RAW });
  const stored = keys ? encrypt(packed, header, sealing.headHash, keys.imageKey) : packed;
  sealHeader(header, stored);
  const parts = [header, stored];
  if (sealing.signingKey) parts.push(signHeader(sealing.image, header, sealing.signingKey));
  return { ...fields, parts };
}

/** Makes the frames of one stream. */
export class StreamSealer {
  readonly #sealing: Sealing;
  readonly #stream: number;
  #sequence = 0;

  constructor(sealing: Sealing, stream: number) {
    this.#sealing = sealing;
    this.#stream = stream;
  }

  /** The first frame of the stream. */
  async open(open: StreamOpen): Promise<SealedFrame> {
    return { ...(await this.#seal({ type: FRAME.OPEN, records: 0 }, encodeJson(open))), open };
  }

  /**
   * The sequence number is taken at the call, so calls may overlap; their frames must be written in the order of the
   * calls. `piece.bytes` belongs to the frame from now on.
   */
  async data(piece: Piece): Promise<SealedFrame> {
    const { records, continued, unfinished, digest } = piece;
    return {
      ...(await this.#seal({ type: FRAME.DATA, records, continued, unfinished }, piece.bytes)),
      digest,
    };
  }

  /** In place of a DATA frame: a chunk that an earlier image of the chain holds. */
  async reference(reference: Reference): Promise<SealedFrame> {
    const { digest, ...rest } = reference;
    const plain = encodeJson({ ...rest, ...digestToJSON(digest) });
    return { ...(await this.#seal({ type: FRAME.REF, records: digest.records }, plain)), digest, reference };
  }

  /** The last frame of the stream. */
  async close(total: StreamTotal): Promise<SealedFrame> {
    const plain = encodeJson({ ...digestToJSON(total.digest), bytes: total.bytes });
    return { ...(await this.#seal({ type: FRAME.CLOSE, records: 0 }, plain)), total };
  }

  #seal(plan: Omit<FramePlan, 'stream' | 'sequence'>, plain: Uint8Array<ArrayBuffer>): Promise<SealedFrame> {
    return sealFrame(this.#sealing, { ...plan, stream: this.#stream, sequence: this.#sequence++ }, plain);
  }
}

/** `value` as UTF-8 JSON in memory of its own. */
export function encodeJson(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** SHA-256, or HMAC-SHA-256 under the id key so that equal chunks are known as such to key holders only. */
export function contentIdOf(plain: Uint8Array, idKey: Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  const id = idKey ? createHmac('sha256', idKey).update(plain).digest() : hash('sha256', plain, 'buffer');
  return new Uint8Array(id);
}

/** What encryption authenticates besides the stored bytes: SHA-256(HEAD) and the header without its two CRCs. */
export function associatedData(headHash: Uint8Array, header: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(32 + 64 + 8);
  bytes.set(headHash, 0);
  bytes.set(header.subarray(0, 64), 32);
  bytes.set(header.subarray(68, 76), 96);
  return bytes;
}

/** Stream and sequence as they stand in the header: no two frames of an image share them. */
export function nonceOf(header: Uint8Array): Uint8Array {
  return header.subarray(8, 20);
}

function encrypt(
  packed: Uint8Array,
  header: Uint8Array,
  headHash: Uint8Array,
  imageKey: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const cipher = createCipheriv('aes-256-gcm', imageKey, nonceOf(header));
  cipher.setAAD(associatedData(headHash, header));
  const stored = new Uint8Array(packed.length + TAG_BYTES);
  stored.set(cipher.update(packed));
  cipher.final();
  stored.set(cipher.getAuthTag(), packed.length);
  return stored;
}

/** What is signed: image id and header. The header names the content, so the content is signed with it. */
export function signedBytes(image: Uint8Array, header: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16 + header.length);
  bytes.set(image, 0);
  bytes.set(header, 16);
  return bytes;
}

const keyObjects = new WeakMap<Uint8Array, KeyObject>();

function signHeader(image: Uint8Array, header: Uint8Array, signingKey: Uint8Array): Uint8Array<ArrayBuffer> {
  let key = keyObjects.get(signingKey);
  if (!key) {
    key = createPrivateKey({ key: Buffer.from(signingKey), format: 'der', type: 'pkcs8' });
    keyObjects.set(signingKey, key);
  }
  return new Uint8Array(sign(null, signedBytes(image, header), key));
}
