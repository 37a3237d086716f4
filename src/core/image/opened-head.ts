/** From the HEAD frame to everything that opens the others. */
import { idKeyOf, imageKeyOf, type Keys, unwrapChainKey } from '../codec/keys.ts';
import { normalizePublicKey } from '../codec/signing.ts';
import { badSignature, damaged } from './damage.ts';
import { FRAME, type StoredFrame } from './frame.ts';
import { checkSignature, FrameOpener, type Opening } from './frame-opener.ts';
import { type Head, imageIdBytes, parseHead } from './head.ts';

export interface OpenedHead {
  readonly head: Head;
  readonly opening: Opening;
}

/**
 * Reads HEAD, checks who signed it, and unwraps the chain key.
 * @throws DbimgError `IMAGE_DAMAGED`, `FORMAT_UNSUPPORTED`, `SIGNATURE_BAD`, `KEY_MISSING`, `KEY_WRONG`
 */
export async function openHead(
  frame: StoredFrame,
  signature: Uint8Array | undefined,
  keys: Keys,
): Promise<OpenedHead> {
  if (frame.type !== FRAME.HEAD) throw damaged('The first frame of the image is not HEAD.');
  const bare: Opening = { image: new Uint8Array(16), headHash: frame.contentId };
  const head = parseHead(await new FrameOpener(bare).open(frame));
  const image = imageIdBytes(head.image);
  const publicKey =
    head.publicKey === undefined ? undefined : new Uint8Array(Buffer.from(head.publicKey, 'base64'));
  const opening: Opening = { image, headHash: frame.contentId, ...(publicKey ? { publicKey } : {}) };
  checkSignature(opening, frame.header, signature, frame.offset);
  checkSigner(head, keys);
  if (!head.keys) return { head, opening };
  const chainKey = await unwrapChainKey(head.keys, keys);
  return {
    head,
    opening: { ...opening, keys: { imageKey: imageKeyOf(chainKey, image), idKey: idKeyOf(chainKey) } },
  };
}

function checkSigner(head: Head, keys: Keys): void {
  if (!keys.trustedSigners) return;
  const hint = 'Restore it only if you know where it came from; then leave out the trusted signer.';
  if (head.publicKey === undefined) throw badSignature('The image is not signed.', hint);
  if (!keys.trustedSigners.map(normalizePublicKey).includes(head.publicKey)) {
    throw badSignature(
      `The image was signed by ${head.publicKey}, who is not among the trusted signers.`,
      hint,
    );
  }
}
