/** Ed25519 keys in the forms that people have them in. */
import { createPrivateKey, createPublicKey, KeyObject } from 'node:crypto';
import { DbimgError } from '../errors.ts';

export interface SignWith {
  /** Ed25519: PEM, or a KeyObject. */
  readonly privateKey: string | KeyObject;
}

/** The key as lanes take it, and the public key as HEAD names it. Fails with `USAGE` if it is no Ed25519 key. */
export function signingKeys(options: SignWith): { signingKey: Uint8Array; publicKey: string } {
  let key: KeyObject | undefined;
  try {
    key = options.privateKey instanceof KeyObject ? options.privateKey : createPrivateKey(options.privateKey);
  } catch {
    // Without the cause: its text could quote the key.
  }
  if (key?.type !== 'private' || key.asymmetricKeyType !== 'ed25519') {
    throw new DbimgError('USAGE', 'The key to sign with is no Ed25519 private key.', {
      hint: 'Make one with: openssl genpkey -algorithm ed25519 -out sign.pem',
    });
  }
  const signingKey = new Uint8Array(key.export({ format: 'der', type: 'pkcs8' }));
  return { signingKey, publicKey: rawPublicKey(createPublicKey(key)) };
}

/** A trusted signer as HEAD would name it. Fails with `USAGE` if it is no Ed25519 public key. */
export function normalizePublicKey(key: string): string {
  if (/^[A-Za-z0-9+/]{43}=$/.test(key.trim())) return key.trim();
  try {
    const object = createPublicKey(key);
    if (object.asymmetricKeyType === 'ed25519') return rawPublicKey(object);
  } catch {
    // The error below says it better.
  }
  throw new DbimgError('USAGE', 'A trusted signer is no Ed25519 public key.', {
    hint: 'Give it as PEM (openssl pkey -in sign.pem -pubout) or as 32 bytes in base64.',
  });
}

function rawPublicKey(key: KeyObject): string {
  const { x } = key.export({ format: 'jwk' });
  return Buffer.from(x as string, 'base64url').toString('base64');
}
