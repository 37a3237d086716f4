/** Everything that can be wrong with a stream of records. The numbers are shared with the WebAssembly kernel. */
import type { Framing } from '../adapter.ts';
import { DbimgError } from '../errors.ts';

export const FAULT = {
  tooShort: 1,
  tooLong: 2,
  signature: 3,
  flags: 4,
  extension: 5,
  emptyPacket: 6,
} as const;

export type Fault = (typeof FAULT)[keyof typeof FAULT];

const REASONS: Readonly<Record<Fault, string>> = {
  [FAULT.tooShort]: 'a length is smaller than possible',
  [FAULT.tooLong]: 'a record is longer than 2 GiB',
  [FAULT.signature]: 'the binary COPY signature is missing',
  [FAULT.flags]: 'the binary COPY header has flags that are not known',
  [FAULT.extension]: 'the binary COPY header is longer than its message',
  [FAULT.emptyPacket]: 'a row packet is empty',
};

export function faultError(fault: Fault, framing: Framing | undefined): DbimgError {
  if (framing === undefined) {
    return new DbimgError('UNSUPPORTED', `The records cannot be read: ${REASONS[fault]}.`);
  }
  return new DbimgError(
    'SERVER_ERROR',
    `What the server sent is not the protocol (${framing}): ${REASONS[fault]}.`,
    {
      hint: 'Connect to the database server itself, without a proxy or pooler in between.',
    },
  );
}

export function misuse(message: string): DbimgError {
  return new DbimgError('BUG', message);
}
