/** What is inside an image, without a server and without reading its rows. */
import type { ObjectName, Omission, Position, ServerInfo } from '../adapter.ts';
import type { Keys } from '../codec/keys.ts';
import { ImageFile } from '../image/file.ts';
import { kindOf } from '../image/frame.ts';
import type { Head } from '../image/head.ts';
import { ImageReader } from '../image/reader.ts';
import type { Root } from '../image/root.ts';
import type { Store } from '../store/store.ts';

export interface InspectJob {
  readonly store: Store;
  readonly keys: Keys;
}

export interface InspectedObject {
  readonly object: ObjectName;
  readonly encoding: string;
  readonly parts: number;
  readonly records: number;
  /** Plain bytes. */
  readonly bytes: number;
  readonly stored: number;
}

export interface Inspection {
  readonly image: string;
  readonly format: number;
  readonly kind: Head['kind'];
  readonly adapter: string;
  readonly server: ServerInfo;
  readonly position: Position;
  readonly created: string;
  readonly tool: string;
  readonly encrypted: boolean;
  readonly signed: boolean;
  /** Size of the image in bytes. */
  readonly size: number;
  readonly totals: Root['totals'];
  readonly omissions: readonly Omission[];
  readonly objects: readonly InspectedObject[];
  /** How many catalog entries there are of each kind. */
  readonly kinds: { readonly [kind: string]: number };
  /** Objects of the catalog that hold secrets, and those that act as superuser. */
  readonly secrets: readonly ObjectName[];
  readonly superuser: readonly ObjectName[];
}

export interface FrameRow {
  readonly offset: number;
  readonly type: string;
  readonly stream: number;
  readonly sequence: number;
  readonly records: number;
  readonly bytes: number;
  readonly stored: number;
  /** Hexadecimal. */
  readonly contentId: string;
}

export async function inspectImage(job: InspectJob): Promise<Inspection> {
  const store = await job.store.open();
  try {
    const file = await ImageFile.open(store, job.keys);
    const { head, root } = file;
    return {
      image: head.image,
      format: head.format,
      kind: head.kind,
      adapter: head.adapter,
      server: head.server,
      position: root.position,
      created: head.created,
      tool: head.tool,
      encrypted: head.cipher !== undefined,
      signed: head.publicKey !== undefined,
      size: store.size ?? 0,
      totals: root.totals,
      omissions: root.omissions,
      objects: await objectsOf(file),
      ...(await catalogOf(file)),
    };
  } finally {
    await store.close();
  }
}

async function objectsOf(file: ImageFile): Promise<InspectedObject[]> {
  const objects = new Map<string, InspectedObject>();
  for await (const stream of file.streams()) {
    const key = JSON.stringify(stream.object);
    const before = objects.get(key);
    objects.set(key, {
      object: stream.object,
      encoding: stream.encoding,
      parts: (before?.parts ?? 0) + 1,
      records: (before?.records ?? 0) + stream.records,
      bytes: (before?.bytes ?? 0) + stream.bytes,
      stored: (before?.stored ?? 0) + stream.stored,
    });
  }
  return [...objects.values()].sort((a, b) => b.stored - a.stored);
}

async function catalogOf(file: ImageFile): Promise<Pick<Inspection, 'kinds' | 'secrets' | 'superuser'>> {
  const kinds: Record<string, number> = {};
  const secrets: ObjectName[] = [];
  const superuser: ObjectName[] = [];
  for await (const entry of file.catalog()) {
    kinds[entry.kind] = (kinds[entry.kind] ?? 0) + 1;
    if (entry.traits?.includes('secret')) secrets.push(entry.object);
    if (entry.traits?.includes('superuser')) superuser.push(entry.object);
  }
  return { kinds, secrets, superuser };
}

/** The frames of an image in file order; damage ends the sequence with an error. */
export async function* frameRows(job: InspectJob): AsyncGenerator<FrameRow> {
  const store = await job.store.open();
  try {
    const reader = await ImageReader.open(store.stream(true), job.keys);
    for await (const frame of reader.frames()) {
      yield {
        offset: frame.offset,
        type: kindOf(frame.type),
        stream: frame.stream,
        sequence: frame.sequence,
        records: frame.records,
        bytes: frame.plainLength,
        stored: frame.storedLength,
        contentId: Buffer.from(frame.contentId).toString('hex'),
      };
    }
  } finally {
    await store.close();
  }
}
