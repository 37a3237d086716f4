/** The contract's own types as they come out of an image: read field by field, because an image may be hostile. */
import type {
  CatalogEntry,
  Column,
  ObjectName,
  Omission,
  Phase,
  Position,
  ServerInfo,
  StreamOpen,
} from '../adapter.ts';
import { type Digest, digestFromJSON } from '../records/digest.ts';
import { damaged } from './damage.ts';
import { Fields, parseJson } from './json.ts';

export function readPosition(fields: Fields): Position {
  return {
    type: fields.string('type'),
    value: fields.plain('value'),
    time: fields.string('time'),
    exact: fields.boolean('exact'),
  };
}

export function readServer(fields: Fields): ServerInfo {
  return {
    product: fields.string('product'),
    version: fields.string('version'),
    settings: fields.dictionary('settings'),
  };
}

/** A name of at least one component. */
export function readName(fields: Fields, name: string): ObjectName {
  const value = fields.strings(name);
  if (value.length === 0) throw damaged('An object in the image has no name.');
  return value;
}

export function readOmission(value: unknown): Omission {
  const fields = new Fields(value, 'omission');
  return { kind: fields.string('kind'), object: fields.strings('object'), reason: fields.string('reason') };
}

/** The payload of an OPEN frame. */
export function parseOpen(bytes: Uint8Array): StreamOpen {
  const fields = new Fields(parseJson(bytes, 'OPEN frame'), 'OPEN frame');
  return {
    object: readName(fields, 'object'),
    ...fields.optional('of', (name) => readName(fields, name)),
    part: fields.count('part'),
    ...fields.optional('parts', (name) => fields.count(name)),
    encoding: fields.string('encoding'),
    ...fields.optional('columns', (name) => fields.list(name).map(readColumn)),
    ...fields.optional('settings', (name) => fields.dictionary(name)),
    ...fields.optional('details', (name) => fields.plain(name)),
  };
}

function readColumn(value: unknown): Column {
  const fields = new Fields(value, 'column');
  return { name: fields.string('name'), type: fields.string('type') };
}

/** The payload of a CLOSE frame. */
export function parseTotal(bytes: Uint8Array): { readonly digest: Digest; readonly bytes: number } {
  const value = parseJson(bytes, 'CLOSE frame');
  return { digest: digestFromJSON(value), bytes: new Fields(value, 'CLOSE frame').count('bytes') };
}

/** The payload of a REF frame: a chunk that an earlier image of the chain holds. */
export interface Reference {
  /** UUID of the image that holds it. */
  readonly image: string;
  /** Where its DATA frame begins there. */
  readonly offset: number;
  /** Its content id, 64 hexadecimal digits. */
  readonly id: string;
  /** Plain bytes. */
  readonly bytes: number;
  readonly stored: number;
  readonly digest: Digest;
}

export function parseReference(bytes: Uint8Array): Reference {
  const value = parseJson(bytes, 'REF frame');
  const fields = new Fields(value, 'REF frame');
  return {
    image: fields.string('image'),
    offset: fields.count('offset'),
    id: fields.matching('id', /^[0-9a-f]{64}$/),
    bytes: fields.count('bytes'),
    stored: fields.count('stored'),
    digest: digestFromJSON(value),
  };
}

const PHASES: readonly string[] = ['pre-data', 'post-data', 'finish'] satisfies readonly Phase[];
const TRAITS: readonly string[] = ['superuser', 'secret'];

/** One line of the catalog. */
export function parseEntry(line: Uint8Array): CatalogEntry {
  const fields = new Fields(parseJson(line, 'catalog entry'), 'catalog entry');
  const phase = fields.string('phase');
  if (!PHASES.includes(phase)) throw damaged(`A catalog entry has the unknown phase "${phase}".`);
  return {
    id: fields.count('id'),
    kind: fields.string('kind'),
    object: readName(fields, 'object'),
    ...fields.optional('of', (name) => readName(fields, name)),
    phase: phase as Phase,
    ...fields.optional('after', (name) => fields.counts(name)),
    ...fields.optional('locks', (name) => readLocks(fields.fields(name))),
    ...fields.optional('size', (name) => fields.count(name)),
    ...fields.optional('traits', (name) => readTraits(fields.strings(name))),
    body: fields.plain('body'),
  };
}

function readLocks(fields: Fields): NonNullable<CatalogEntry['locks']> {
  return {
    ...fields.optional('shared', (name) => fields.counts(name)),
    ...fields.optional('exclusive', (name) => fields.counts(name)),
  };
}

function readTraits(traits: readonly string[]): NonNullable<CatalogEntry['traits']> {
  const unknown = traits.find((trait) => !TRAITS.includes(trait));
  if (unknown !== undefined) throw damaged(`A catalog entry has the unknown trait "${unknown}".`);
  return traits as NonNullable<CatalogEntry['traits']>;
}
