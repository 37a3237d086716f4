/** Records of one engine as records of another, chunk by chunk: decoded, put in order, encoded. Works in any thread. */
import type { Adapter, Chunk, Column, StreamOpen } from '../adapter.ts';
import { DbimgError } from '../errors.ts';
import { damaged } from '../image/damage.ts';
import type { Relation } from '../relation.ts';
import type { RecordEncoder, Value } from '../value.ts';
import { DigestSink, type Totals } from './lane-sink.ts';

/** What a lane must know of a chunk that another engine wrote. Plain data. */
export interface Foreign {
  /** How its records are to be read. */
  readonly open: StreamOpen;
  readonly relation: Relation;
  /** Number of its first record within the target's object. */
  readonly first: number;
}

/** Bytes of a chunk that are held in memory. More than one record only if all are small. */
const MAX_CHUNK = 256 * 1024 * 1024;

const NULL: Value = { type: 'null' };

export class Transcoder {
  readonly #source: Adapter;
  readonly #target: Adapter;

  constructor(source: Adapter, target: Adapter) {
    this.#source = source;
    this.#target = target;
  }

  /**
   * @param open the stream as the target knows it.
   * @throws DbimgError `IMAGE_DAMAGED` if the chunk does not hold as many records as it says; `UNSUPPORTED` for values
   * that the target cannot take.
   */
  async chunk(
    open: StreamOpen,
    foreign: Foreign,
    chunk: Chunk,
  ): Promise<Chunk & { readonly totals: Totals }> {
    const bytes = await joined(chunk, foreign.open);
    const encoder = this.#target.encoder?.(open) as RecordEncoder;
    const sink = new DigestSink();
    let out = Buffer.allocUnsafe(bytes.length + bytes.length / 2);
    let length = 0;
    let records = 0;
    try {
      for (const values of decoded(this.#source, foreign, bytes)) {
        const record = encoder.encode(values, foreign.first + records);
        sink.append(record, true);
        if (length + record.length > out.length) out = grown(out, length, length + record.length);
        out.set(record, length);
        length += record.length;
        records += 1;
      }
    } catch (error) {
      sink.drop();
      throw named(error, foreign.open);
    }
    const totals = sink.end();
    if (records !== chunk.records) throw damaged('A chunk has other records than its frame says.');
    return { records, pieces: [out.subarray(0, length)], totals };
  }
}

/** Room for more than is needed now. */
function grown(bytes: Buffer, used: number, needed: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafe(Math.max(needed, bytes.length * 2));
  larger.set(bytes.subarray(0, used));
  return larger;
}

/** The rows of a chunk as values of the relation's columns, in their order. */
export function* decoded(
  source: Adapter,
  { open, relation }: Pick<Foreign, 'open' | 'relation'>,
  bytes: Uint8Array,
): Generator<readonly Value[]> {
  const decoder = source.decoder(open, relation);
  const places = placesOf(relation.columns, decoder.columns);
  const asGiven = places.length === decoder.columns.length && places.every((place, at) => place === at);
  if (asGiven) yield* decoder.decode(bytes);
  else for (const values of decoder.decode(bytes)) yield places.map((place) => values[place] ?? NULL);
}

function placesOf(columns: readonly Column[], given: readonly Column[]): number[] {
  const at = new Map(given.map(({ name }, place) => [name, place]));
  return columns.map(({ name }) => {
    const place = at.get(name);
    if (place !== undefined) return place;
    throw damaged(`A stream has no column ${name}, which the catalog of the image has.`);
  });
}

async function joined({ pieces }: Chunk, { object }: StreamOpen): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length > MAX_CHUNK) {
      throw new DbimgError('UNSUPPORTED', 'A record of more than 256 MiB cannot go to another engine.', {
        object,
        hint: 'Leave the table out with --skip.',
      });
    }
    all.push(piece);
  }
  return all.length === 1 ? (all[0] as Uint8Array) : Buffer.concat(all);
}

/** Errors name the table. */
function named(error: unknown, { object }: StreamOpen): unknown {
  if (!(error instanceof DbimgError) || error.object) return error;
  const { code, message, hint } = error;
  return new DbimgError(code, message, { object, cause: error, ...(hint === undefined ? {} : { hint }) });
}
