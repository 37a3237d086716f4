/** A restore into MySQL from a catalog and rows that a test writes by hand, step by step as the engine does it. */

import { adapter } from '../../src/adapters/mysql/adapter.ts';
import type {
  CatalogEntry,
  Context,
  ImageSummary,
  Phase,
  Plain,
  StreamOpen,
  Target,
  TargetOptions,
  WriteLane,
} from '../../src/core/adapter.ts';
import { Review } from '../../src/core/engine/review.ts';
import type { Warning } from '../../src/core/events.ts';

export type Field = string | Uint8Array | null;

export interface HandEntry {
  readonly kind: string;
  readonly object: readonly string[];
  readonly phase: Phase;
  readonly statements: readonly string[];
  readonly body?: Readonly<Record<string, Plain>>;
  readonly traits?: CatalogEntry['traits'];
}

export interface HandStream {
  readonly object: readonly string[];
  readonly columns: readonly (string | readonly [name: string, readAs: string])[];
  readonly rows: readonly (readonly Field[])[];
  readonly versioned?: boolean;
}

export interface HandImage {
  readonly product?: 'MySQL' | 'MariaDB';
  readonly version?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly entries: readonly HandEntry[];
  readonly streams?: readonly HandStream[];
}

export interface HandRestore extends Partial<TargetOptions> {
  /** Runs between the rows and post-data. */
  readonly midway?: (target: Target, lanes: readonly WriteLane[]) => Promise<void>;
  readonly signal?: AbortSignal;
  readonly lockTimeout?: number;
}

/** Restores and publishes, or abandons and throws what the engine would. Returns the warnings. */
export async function restoreByHand(
  location: string,
  image: HandImage,
  options: HandRestore = {},
): Promise<Warning[]> {
  const warnings: Warning[] = [];
  const context: Context = {
    signal: options.signal ?? new AbortController().signal,
    warn: (warning) => warnings.push(warning),
    lockTimeout: options.lockTimeout ?? 5000,
  };
  await using database = await adapter.connect(location, context);
  const { midway, signal: _, lockTimeout: __, ...rest } = options;
  await using target = await database.target({ lanes: 2, ...rest });
  const lanes: WriteLane[] = [];
  try {
    const summary = summaryOf(image, database.server.product, database.server.version);
    await target.prepare(summary);
    const entries = entriesOf(image);
    await using review = new Review(target, undefined);
    for (const entry of entries) await review.add(entry);
    await review.end();
    review.assertFits();
    for (const { level, what } of review.findings) {
      if (level === 'warning') warnings.push({ code: 'target', message: what });
    }
    await target.apply(entries.filter(({ phase }) => phase === 'pre-data'));
    for (let i = 0; i < 2; i += 1) lanes.push(await adapter.joinWriteLane(target.invitation, context));
    for (const [index, stream] of (image.streams ?? []).entries()) {
      const lane = lanes[index % 2] as WriteLane;
      const taken = await lane.load(openOf(stream, image), {
        records: stream.rows.length,
        pieces: [packed(stream.rows)],
      });
      if (taken !== stream.rows.length) throw new Error(`took ${taken} of ${stream.rows.length}`);
    }
    await midway?.(target, lanes);
    for (const entry of entries.filter(({ phase }) => phase === 'post-data')) await lanes[0]?.apply(entry);
    await target.apply(entries.filter(({ phase }) => phase === 'finish'));
    const failed = (await target.check()).find(({ passed }) => !passed);
    if (failed) throw new Error(failed.name);
    for (const lane of lanes.splice(0)) await lane[Symbol.asyncDispose]();
    await target.publish();
  } catch (error) {
    for (const lane of lanes.splice(0)) await lane[Symbol.asyncDispose]();
    await target.abandon(error);
    throw error;
  }
  return warnings;
}

export function summaryOf(image: HandImage, product: string, version: string): ImageSummary {
  return {
    image: 'by hand',
    kind: 'logical',
    adapter: 'mysql',
    server: {
      product: image.product ?? product,
      version: image.version ?? version,
      settings: image.settings ?? {},
    },
    position: { type: 'mysql', value: null, time: '2026-01-01T00:00:00Z', exact: true },
  };
}

export function entriesOf(image: HandImage): CatalogEntry[] {
  return image.entries.map(({ kind, object, phase, statements, body, traits }, index) => ({
    id: index + 1,
    kind,
    object,
    phase,
    body: { statements, ...body },
    ...(traits ? { traits } : {}),
  }));
}

export function openOf({ object, columns, versioned }: HandStream, image: HandImage): StreamOpen {
  const pairs = columns.map((column) => (typeof column === 'string' ? ([column, 'plain'] as const) : column));
  return {
    object,
    part: 0,
    encoding: 'mysql.row',
    columns: pairs.map(([name]) => ({ name, type: '' })),
    details: {
      product: image.product ?? 'MySQL',
      charsets: pairs.map(() => null),
      readAs: pairs.map(([, readAs]) => readAs),
      ...(versioned ? { versioned: true } : {}),
    },
  };
}

/** Rows as the text protocol has them. */
export function packed(rows: readonly (readonly Field[])[]): Buffer {
  return Buffer.concat(rows.flat().map(lengthEncoded));
}

function lengthEncoded(value: Field): Buffer {
  if (value === null) return Buffer.of(0xfb);
  const bytes = Buffer.from(value);
  if (bytes.length <= 250) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const head = Buffer.alloc(4);
  head[0] = 0xfd;
  head.writeUIntLE(bytes.length, 1, 3);
  return Buffer.concat([head, bytes]);
}
