/** Which columns may travel in COPY's binary format, and what their bytes are. */
import type { Session } from './session.ts';

/**
 * Built-in types whose send and receive functions have been the same since PostgreSQL 12 and whose binary form names
 * no other object. Not `xml`, whose binary form depends on the encoding; nor `tsquery`, `int2vector` and
 * `oidvector`, whose receive functions refuse the empty value that their send functions write.
 */
const STABLE = new Set(
  (
    'bool bytea char name int8 int2 int4 oid tid xid cid xid8 text json jsonb jsonpath point lseg path box polygon ' +
    'line circle float4 float8 money macaddr macaddr8 inet cidr bpchar varchar date time timestamp timestamptz ' +
    'interval timetz bit varbit numeric uuid tsvector txid_snapshot pg_snapshot pg_lsn'
  ).split(' '),
);

/** Whether values of a built-in type have a binary form that dbimg reads. */
export function hasStableForm(name: string): boolean {
  return STABLE.has(name);
}

/** Types below this oid were made by initdb and have the same oid in every cluster. */
const FIRST_USER_OID = 16384;

/**
 * What the bytes of a value are: the name of a built-in type, `enum`, `array<T>`, `range<T>` or `multirange<T>`.
 * A domain is what it is a domain over.
 */
export type WireType = string;

interface TypeRow {
  readonly oid: number;
  readonly typname: string;
  readonly typtype: string;
  readonly typelem: number;
  readonly isarray: boolean;
  readonly typbasetype: number;
  readonly subtype: number | null;
}

/** Resolves types by their oid and remembers them. */
export class WireTypes {
  readonly #session: Session;
  readonly #version: number;
  readonly #rows = new Map<number, TypeRow>();

  constructor(session: Session, version: number) {
    this.#session = session;
    this.#version = version;
  }

  /** Reads what is needed to resolve these types. */
  async load(oids: readonly number[]): Promise<void> {
    let missing = [...new Set(oids)].filter((oid) => !this.#rows.has(oid));
    while (missing.length > 0) {
      for (const row of await this.#read(missing)) this.#rows.set(row.oid, row);
      const next = missing.flatMap((oid) => {
        const row = this.#rows.get(oid);
        return row ? [row.typelem, row.typbasetype, row.subtype ?? 0] : [];
      });
      missing = [...new Set(next)].filter((oid) => oid !== 0 && !this.#rows.has(oid));
    }
  }

  /** Undefined if values of the type must travel as text. The type was loaded before. */
  wire(oid: number): WireType | undefined {
    const row = this.#rows.get(oid);
    switch (row?.typtype) {
      case 'e':
        return 'enum';
      case 'd':
        return this.wire(row.typbasetype);
      case 'r':
        return this.#around('range', row.subtype ?? 0);
      case 'm':
        return this.#around('multirange', row.subtype ?? 0);
      case 'b':
        if (oid >= FIRST_USER_OID) return undefined;
        // The binary form of an array names the type of its elements by oid.
        if (row.isarray) return row.typelem < FIRST_USER_OID ? this.#around('array', row.typelem) : undefined;
        return STABLE.has(row.typname) ? row.typname : undefined;
      default:
        return undefined;
    }
  }

  #around(what: string, inner: number): WireType | undefined {
    const wire = this.wire(inner);
    return wire === undefined ? undefined : `${what}<${wire}>`;
  }

  async #read(oids: readonly number[]): Promise<readonly TypeRow[]> {
    const multirange = this.#version >= 140000 ? 'OR (t.typtype = $$m$$ AND r.rngmultitypid = t.oid)' : '';
    const rows = await this.#session.query(
      `SELECT t.oid::int8::text AS oid, t.typname, t.typtype, t.typelem::int8::text AS typelem,
              t.typcategory = 'A' AND t.typlen = -1 AND t.typelem <> 0
                AND t.typname NOT IN ('int2vector', 'oidvector') AS isarray,
              t.typbasetype::int8::text AS typbasetype, r.rngsubtype::int8::text AS subtype
         FROM pg_catalog.pg_type AS t
         LEFT JOIN pg_catalog.pg_range AS r ON r.rngtypid = t.oid ${multirange}
        WHERE t.oid = ANY ($1::oid[])`,
      [`{${oids.join(',')}}`],
      { what: 'The types could not be read' },
    );
    return rows.map((row) => ({
      oid: Number(row.oid),
      typname: String(row.typname),
      typtype: String(row.typtype),
      typelem: Number(row.typelem),
      isarray: row.isarray === true,
      typbasetype: Number(row.typbasetype),
      subtype: row.subtype === null ? null : Number(row.subtype),
    }));
  }
}

/** `array<int4>` → `int4`. */
export function innerOf(wire: WireType): WireType {
  return wire.slice(wire.indexOf('<') + 1, -1);
}
