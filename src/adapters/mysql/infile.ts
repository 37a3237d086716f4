/** LOAD DATA LOCAL without a file: the client's side of the protocol, from memory. */
import type { Doing } from '../../core/server-errors.ts';
import type { Wire } from './driver.ts';

import { type Outcome, ResultSet } from './result-set.ts';
import { packetHeader, type Session, sendQuery } from './session.ts';

/** Bytes that each part leaves free at its start, for the header of its packet. */
export const HEADROOM = 4;
/** The first packet after the statement (0) and the server's request (1). */
const FIRST = 2;

/**
 * Runs a LOAD DATA LOCAL INFILE statement; its file is `parts`, each of which becomes a packet. The session must have
 * been opened with `localFiles`.
 *
 * If `parts` throws, the server is told that the file ends, since the protocol has no other way to stop, and the error is
 * thrown when it has answered: it has loaded the rows so far, and the caller must roll them back.
 */
export async function loadLocal(
  session: Session,
  statement: string,
  parts: AsyncIterable<Uint8Array>,
  doing: Doing,
): Promise<Outcome> {
  return await session.submit(doing, async ({ wire }) => {
    const asked = Promise.withResolvers<void>();
    const result = new ResultSet(undefined, asked.resolve);
    wire.expect(result, () => undefined);
    sendQuery(wire, statement);
    await Promise.race([asked.promise, result.outcome]);
    const failure = await sendParts(wire, result, parts).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const outcome = await result.outcome.catch((error: unknown) => {
      throw failure ? failure.error : error;
    });
    if (failure) throw failure.error;
    return outcome;
  });
}

async function sendParts(wire: Wire, result: ResultSet, parts: AsyncIterable<Uint8Array>): Promise<void> {
  let sequence = FIRST;
  try {
    for await (const part of parts) {
      // An answer before the end is an error: the rest is not wanted.
      if (result.done) return;
      if (part.length === HEADROOM) continue;
      part.set(packetHeader(part.length - HEADROOM, sequence++));
      if (!wire.write(part)) await drained(wire);
    }
  } finally {
    if (!result.done) wire.write(packetHeader(0, sequence));
  }
}

async function drained(wire: Wire): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  wire.once('drain', resolve);
  wire.once('close', resolve);
  await promise;
  wire.off('drain', resolve);
  wire.off('close', resolve);
}
