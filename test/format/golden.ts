/** Images that every later dbimg must be able to read, and the keys they were written with. The keys guard nothing. */
import type { Keys } from '../../src/core/codec/keys.ts';
import type { ImageOptions } from '../../src/core/image/writer.ts';

const SIGNING_KEY = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
-----END PRIVATE KEY-----
`;
const PASSPHRASE = 'golden';

export interface Golden {
  readonly file: string;
  readonly options: Partial<ImageOptions>;
  readonly keys: Keys;
}

export const GOLDEN: readonly Golden[] = [
  { file: 'v0-plain.dbimg', options: { shebang: true }, keys: {} },
  {
    file: 'v0-encrypted.dbimg',
    options: { encrypt: { passphrase: PASSPHRASE, scryptLogN: 10 } },
    keys: { passphrase: () => PASSPHRASE },
  },
  {
    file: 'v0-signed.dbimg',
    options: { sign: { privateKey: SIGNING_KEY } },
    keys: { trustedSigners: ['A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg='] },
  },
];
