/** Large objects as one stream of pieces, with what is known of each object beside its first piece. */
import type { ObjectName, Part, StreamOpen } from '../../core/adapter.ts';
import type { ServerFacts } from './facts.ts';
import type { Session } from './session.ts';
import { VALUE_SETTINGS } from './settings.ts';

/** Bytes of one piece: a record stays far below a chunk's size. */
const PIECE_BYTES = 1024 * 1024;
const PART_BYTES = 64 * 1024 * 1024;

/** Where the objects of a database are found by name. */
export const LARGE_OBJECTS: readonly [schema: string, name: string] = ['pg_catalog', 'pg_largeobject'];

const COLUMNS: readonly (readonly [name: string, type: string, wire: string])[] = [
  ['loid', 'oid', 'oid'],
  ['offset', 'bigint', 'int8'],
  ['data', 'bytea', 'bytea'],
  ['owner', 'name', 'name'],
  ['acl', 'text', 'text'],
  ['comment', 'text', 'text'],
];

export function isLargeObjects(object: ObjectName): boolean {
  return object.at(-2) === LARGE_OBJECTS[0] && object.at(-1) === LARGE_OBJECTS[1];
}

export class LargeObjectLister {
  readonly object: ObjectName;
  readonly #session: Session;
  readonly #facts: ServerFacts;

  constructor(session: Session, facts: ServerFacts) {
    this.object = [facts.database, ...LARGE_OBJECTS];
    this.#session = session;
    this.#facts = facts;
  }

  /** None if there are no large objects. Parts begin at every n-th object, so that new ones move no border. */
  async *parts(): AsyncGenerator<Part> {
    const doing = { what: 'The large objects could not be listed' };
    const row = await this.#session.row(
      `SELECT count(*)::text AS count, pg_catalog.pg_relation_size('pg_catalog.pg_largeobject')::text AS bytes
         FROM pg_catalog.pg_largeobject_metadata`,
      undefined,
      doing,
    );
    const count = Number(row.count);
    if (count === 0) return;
    const bytes = Number(row.bytes);
    const perPart = 2 ** Math.max(0, Math.floor(Math.log2(PART_BYTES / Math.max(1, bytes / count))));
    const starts = await this.#session.query(
      `SELECT loid::int8::text AS loid FROM (SELECT oid AS loid, pg_catalog.row_number() OVER (ORDER BY oid) - 1 AS place
         FROM pg_catalog.pg_largeobject_metadata) AS o WHERE place % $1 = 0 AND place > 0 ORDER BY o.loid`,
      [perPart],
      doing,
    );
    const bounds = [undefined, ...starts.map((start) => String(start.loid)), undefined];
    for (let part = 0; part < bounds.length - 1; part++) {
      yield {
        open: this.#open(part),
        estimate: {
          bytes: Math.round(bytes / (bounds.length - 1)),
          records: Math.round(count / (bounds.length - 1)),
        },
        scope: { source: `(${piecesQuery(bounds[part], bounds[part + 1])})` },
      };
    }
  }

  #open(part: number): StreamOpen {
    return {
      object: this.object,
      part,
      encoding: 'pg.copy.binary',
      columns: COLUMNS.map(([name, type]) => ({ name, type })),
      settings: { client_encoding: this.#facts.encoding, ...VALUE_SETTINGS },
      details: { wire: COLUMNS.map(([, , wire]) => wire) },
    };
  }
}

/**
 * Reads by `lo_get`, for which every owner has the right; the table itself is the superuser's. An object ends with the
 * first piece that is not full, which is empty if the length is a multiple of a piece.
 */
function piecesQuery(from: string | undefined, to: string | undefined): string {
  const conditions = [
    ...(from === undefined ? [] : [`m.oid >= ${from}::pg_catalog.oid`]),
    ...(to === undefined ? [] : [`m.oid < ${to}::pg_catalog.oid`]),
  ];
  return `
    SELECT m.oid AS loid, p.start, p.data,
           CASE WHEN p.start = 0 THEN pg_catalog.pg_get_userbyid(m.lomowner) END AS owner,
           CASE WHEN p.start = 0 THEN m.lomacl::text END AS acl,
           CASE WHEN p.start = 0 THEN pg_catalog.obj_description(m.oid, 'pg_largeobject') END AS comment
      FROM (SELECT * FROM pg_catalog.pg_largeobject_metadata AS m
             ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''} ORDER BY m.oid) AS m
      CROSS JOIN LATERAL (
        WITH RECURSIVE piece (start, data) AS (
          SELECT 0::int8, pg_catalog.lo_get(m.oid, 0, ${PIECE_BYTES})
          UNION ALL
          SELECT start + ${PIECE_BYTES}, pg_catalog.lo_get(m.oid, start + ${PIECE_BYTES}, ${PIECE_BYTES})
            FROM piece WHERE pg_catalog.length(data) = ${PIECE_BYTES})
        SELECT start, data FROM piece) AS p`;
}
