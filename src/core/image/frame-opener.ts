/** From stored frames back to plain bytes: decrypt, decompress, check. Works in any thread. */
import { createDecipheriv, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { associatedData, contentIdOf, nonceOf, signedBytes } from '../codec/sealing.ts';
import { decompress } from '../codec/zstd.ts';
import { badSignature, damaged } from './damage.ts';
import { CODEC, FLAG, FRAME, type StoredFrame, TAG_BYTES } from './frame.ts';

export type { StoredFrame } from './frame.ts';

/** Everything needed to open frames of an image. Structured-clone data; holds keys, so it is never stored. */
export interface Opening {
  /** The image id as 16 bytes. */
  readonly image: Uint8Array;
  /** SHA-256 of HEAD's plain bytes. */
  readonly headHash: Uint8Array;
  readonly keys?: { readonly imageKey: Uint8Array; readonly idKey: Uint8Array };
  /** Ed25519, 32 bytes. Present if every frame must be signed. */
  readonly publicKey?: Uint8Array;
}

export class FrameOpener {
  readonly #opening: Opening;

  constructor(opening: Opening) {
    this.#opening = opening;
  }

  /**
   * The plain bytes of a frame, proven to be those of its content id.
   * @throws DbimgError `IMAGE_DAMAGED`
   */
  async open(frame: StoredFrame): Promise<Uint8Array<ArrayBuffer>> {
    const keys = frame.type === FRAME.HEAD ? undefined : this.#opening.keys;
    if (((frame.flags & FLAG.ENCRYPTED) !== 0) !== (keys !== undefined)) {
      throw damaged(`The frame at byte ${frame.offset} is ${keys ? 'not ' : ''}encrypted, unlike its image.`);
    }
    const packed = keys ? decrypt(frame, this.#opening.headHash, keys.imageKey) : frame.payload;
    const plain = frame.codec === CODEC.ZSTD ? await unpack(frame, packed) : packed;
    if (plain.length !== frame.plainLength)
      throw damaged(`The frame at byte ${frame.offset} has the wrong length.`);
    if (Buffer.compare(contentIdOf(plain, keys?.idKey), frame.contentId) !== 0) {
      throw damaged(`The content of the frame at byte ${frame.offset} is not what its content id says.`);
    }
    return plain;
  }
}

const keyObjects = new WeakMap<Uint8Array, KeyObject>();

/**
 * Checks a frame's signature.
 * @throws DbimgError `SIGNATURE_BAD`
 */
export function checkSignature(
  opening: Pick<Opening, 'image' | 'publicKey'>,
  header: Uint8Array,
  signature: Uint8Array | undefined,
  offset: number,
): void {
  const { image, publicKey } = opening;
  if (!publicKey) {
    if (signature) throw damaged(`The frame at byte ${offset} is signed, but its image names no key.`);
    return;
  }
  if (!signature) throw badSignature(`The frame at byte ${offset} of a signed image has no signature.`);
  let key = keyObjects.get(publicKey);
  if (!key) {
    const x = Buffer.from(publicKey).toString('base64url');
    key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    keyObjects.set(publicKey, key);
  }
  if (!verify(null, signedBytes(image, header), key, signature)) {
    throw badSignature(`The signature of the frame at byte ${offset} is not valid.`);
  }
}

function decrypt(frame: StoredFrame, headHash: Uint8Array, imageKey: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = frame.payload.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', imageKey, nonceOf(frame.header), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(associatedData(headHash, frame.header));
  decipher.setAuthTag(frame.payload.subarray(length));
  const plain = decipher.update(frame.payload.subarray(0, length));
  try {
    decipher.final();
  } catch (cause) {
    throw damaged(`The frame at byte ${frame.offset} was changed after it was encrypted.`, { cause });
  }
  return new Uint8Array(plain.buffer as ArrayBuffer, plain.byteOffset, plain.length);
}

async function unpack(frame: StoredFrame, packed: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await decompress(packed, frame.plainLength);
  } catch (cause) {
    throw damaged(`The frame at byte ${frame.offset} cannot be decompressed.`, { cause });
  }
}
