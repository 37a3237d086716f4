/** The chain key: made once, wrapped for each way to open it, and everything derived from it. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, scrypt } from 'node:crypto';
import { DbimgError } from '../errors.ts';
import { damaged, unsupportedFormat } from '../image/damage.ts';
import { TAG_BYTES } from '../image/frame.ts';
import { Fields } from '../image/json.ts';

/** What a reader has to open images with. */
export interface Keys {
  /** Asked for only if the image has a passphrase. */
  readonly passphrase?: () => Promise<string> | string;
  /** `AGE-SECRET-KEY-1…` */
  readonly identities?: readonly string[];
  /** Ed25519 public keys that images must be signed with one of: PEM, or 32 bytes in base64. */
  readonly trustedSigners?: readonly string[];
}

/** For whom an image is encrypted; at least one of both. */
export interface EncryptFor {
  readonly passphrase?: string;
  /** `age1…` */
  readonly recipients?: readonly string[];
  /** Cost of guessing the passphrase: log2 of scrypt's N. Default 16: 64 MiB and some 0.4 s. */
  readonly scryptLogN?: number;
}

/** The chain key, encrypted. */
export type KeyWrap =
  | { readonly type: 'scrypt'; readonly salt: string; readonly logN: number; readonly wrapped: string }
  | { readonly type: 'age'; readonly file: string };

const SCRYPT_R = 8;
const SCRYPT_P = 1;
const DEFAULT_LOG_N = 16;
/** 128 MiB: a hostile image asks for no more. */
const MAX_LOG_N = 17;
const MIN_LOG_N = 4;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const MAX_WRAP = 65536;
const WRAP_LABEL = 'dbimg chain key';

export function readKeyWrap(value: unknown): KeyWrap {
  const fields = new Fields(value, 'wrapped key');
  const type = fields.string('type');
  if (type === 'age') {
    const file = fields.matching('file', BASE64);
    if (file.length > MAX_WRAP) throw damaged('A wrapped key is longer than any may be.');
    return { type, file };
  }
  if (type !== 'scrypt') throw unsupportedFormat(`The key of the image is wrapped by "${type}".`);
  const logN = fields.count('logN');
  if (logN < MIN_LOG_N || logN > MAX_LOG_N)
    throw damaged('The passphrase of the image has an impossible cost.');
  const salt = fields.matching('salt', /^[A-Za-z0-9+/]{43}=$/);
  return { type, salt, logN, wrapped: fields.matching('wrapped', /^[A-Za-z0-9+/]{64}$/) };
}

/** A new chain key and its wraps. Fails with `USAGE` if a recipient is none or there is nobody to encrypt for. */
export async function createChainKey(options: EncryptFor): Promise<{ key: Uint8Array; wraps: KeyWrap[] }> {
  const key = new Uint8Array(randomBytes(32));
  const wraps: KeyWrap[] = [];
  if (options.passphrase !== undefined) {
    wraps.push(await wrapByPassphrase(key, options.passphrase, options.scryptLogN ?? DEFAULT_LOG_N));
  }
  if (options.recipients && options.recipients.length > 0)
    wraps.push(await wrapByAge(key, options.recipients));
  if (wraps.length === 0) throw new DbimgError('USAGE', 'Encryption needs a passphrase or a recipient.');
  return { key, wraps };
}

/**
 * Opens the first wrap that can be opened. Identities are tried before the passphrase is asked for.
 * @throws DbimgError `KEY_MISSING`, `KEY_WRONG`
 */
export async function unwrapChainKey(wraps: readonly KeyWrap[], keys: Keys): Promise<Uint8Array> {
  const identities = keys.identities ?? [];
  let tried = false;
  for (const wrap of wraps) {
    if (wrap.type !== 'age' || identities.length === 0) continue;
    tried = true;
    const key = await unwrapByAge(wrap.file, identities);
    if (key) return key;
  }
  const byPassphrase = wraps.filter((wrap) => wrap.type === 'scrypt');
  if (byPassphrase.length > 0 && keys.passphrase) {
    tried = true;
    const passphrase = await keys.passphrase();
    for (const wrap of byPassphrase) {
      const key = await unwrapByPassphrase(wrap, passphrase);
      if (key) return key;
    }
  }
  const hint = `It opens with ${wraps.map((wrap) => (wrap.type === 'age' ? 'an age identity' : 'a passphrase')).join(' or ')}.`;
  if (tried) throw new DbimgError('KEY_WRONG', 'None of the keys given opens this image.', { hint });
  throw new DbimgError('KEY_MISSING', 'The image is encrypted and no key for it was given.', { hint });
}

/** Encrypts the frames of one image: its id makes it another key for every image of a chain. */
export function imageKeyOf(chainKey: Uint8Array, image: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', chainKey, image, 'dbimg image key', 32));
}

/** Names content: the same key in all images of a chain, so that an increment knows its parent's chunks. */
export function idKeyOf(chainKey: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', chainKey, new Uint8Array(), 'dbimg id key', 32));
}

async function wrapByPassphrase(key: Uint8Array, passphrase: string, logN: number): Promise<KeyWrap> {
  const salt = randomBytes(32);
  const cipher = createCipheriv('aes-256-gcm', await stretch(passphrase, salt, logN), new Uint8Array(12));
  cipher.setAAD(Buffer.from(WRAP_LABEL));
  const wrapped = Buffer.concat([cipher.update(key), cipher.final(), cipher.getAuthTag()]);
  return { type: 'scrypt', salt: salt.toString('base64'), logN, wrapped: wrapped.toString('base64') };
}

async function unwrapByPassphrase(
  wrap: KeyWrap & { type: 'scrypt' },
  passphrase: string,
): Promise<Uint8Array | undefined> {
  const stretched = await stretch(passphrase, Buffer.from(wrap.salt, 'base64'), wrap.logN);
  const wrapped = Buffer.from(wrap.wrapped, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', stretched, new Uint8Array(12), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(WRAP_LABEL));
  decipher.setAuthTag(wrapped.subarray(32));
  const key = decipher.update(wrapped.subarray(0, 32));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return new Uint8Array(key);
}

/** A key of 32 bytes from a passphrase; the salt is random, so it is used for one wrap only. */
function stretch(passphrase: string, salt: Uint8Array, logN: number): Promise<Buffer> {
  const options = { N: 2 ** logN, r: SCRYPT_R, p: SCRYPT_P, maxmem: 160 * SCRYPT_R * 2 ** logN };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, 32, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

async function wrapByAge(key: Uint8Array, recipients: readonly string[]): Promise<KeyWrap> {
  const age = await import('age-encryption');
  const encrypter = new age.Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch (cause) {
      throw new DbimgError('USAGE', `"${recipient}" is no age recipient.`, {
        hint: 'A recipient begins with age1; `age-keygen` makes one.',
        cause,
      });
    }
  }
  return { type: 'age', file: Buffer.from(await encrypter.encrypt(key)).toString('base64') };
}

async function unwrapByAge(file: string, identities: readonly string[]): Promise<Uint8Array | undefined> {
  const age = await import('age-encryption');
  const decrypter = new age.Decrypter();
  for (const identity of identities) {
    try {
      decrypter.addIdentity(identity);
    } catch {
      throw new DbimgError('USAGE', 'One of the identities given is no age identity.', {
        hint: 'An identity begins with AGE-SECRET-KEY-1; `age-keygen` makes one.',
      });
    }
  }
  try {
    const key = await decrypter.decrypt(new Uint8Array(Buffer.from(file, 'base64')));
    return key.length === 32 ? key : undefined;
  } catch {
    return undefined;
  }
}
