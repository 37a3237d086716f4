/** What objects of all kinds may have: an owner, privileges, a comment, security labels, a tie to an extension. */
import type { Adorned, Draft } from './draft.ts';
import { privilegeStatements } from './privileges.ts';
import { identifier, literal } from './quoting.ts';
import type { CatalogSession } from './session.ts';

interface Note {
  readonly class: number;
  readonly oid: number;
  readonly column: number;
  readonly text: string;
  readonly sort: 'comment' | 'extension' | 'label';
  readonly provider: string | null;
}

/** Comments and security labels of a batch of objects, by class and oid. */
export class Adornments {
  readonly #notes = new Map<string, Note[]>();

  /** Reads what the objects of these drafts are adorned with: two queries for all of them. */
  static async read(server: CatalogSession, drafts: readonly Draft[]): Promise<Adornments> {
    const adornments = new Adornments();
    const all = drafts
      .flatMap((draft) => [draft, ...(draft.followers ?? [])])
      .flatMap((draft) => draft.adorned ?? []);
    if (all.length === 0) return adornments;
    const keys = [`{${all.map((one) => one.classId).join(',')}}`, `{${all.map((one) => one.oid).join(',')}}`];
    const wanted = 'unnest($1::oid[], $2::oid[]) AS w (class, oid)';
    const notes = await server.rows<Note>(
      `SELECT d.classoid::int8 AS class, d.objoid::int8 AS oid, d.objsubid AS column, d.description AS text, 'comment' AS sort, NULL AS provider
       FROM ${wanted} JOIN pg_description AS d ON d.classoid = w.class AND d.objoid = w.oid
       UNION ALL
       SELECT s.classoid::int8, s.objoid::int8, s.objsubid, s.label, 'label', s.provider
       FROM ${wanted} JOIN pg_seclabel AS s ON s.classoid = w.class AND s.objoid = w.oid
       UNION ALL
       SELECT x.classid::int8, x.objid::int8, 0, quote_ident(e.extname), 'extension', NULL
       FROM ${wanted} JOIN pg_depend AS x ON x.classid = w.class AND x.objid = w.oid AND x.deptype = 'x'
       JOIN pg_extension AS e ON e.oid = x.refobjid AND x.refclassid = 'pg_extension'::regclass
       ORDER BY 1, 2, 3, 5, 6`,
      keys,
    );
    for (const note of notes) {
      const key = `${note.class}.${note.oid}`;
      const found = adornments.#notes.get(key);
      if (found === undefined) adornments.#notes.set(key, [note]);
      else found.push(note);
    }
    return adornments;
  }

  /** Everything that follows an object's creation. */
  statements(adorned: Adorned): readonly string[] {
    const sql: string[] = [];
    if (adorned.owner !== undefined && adorned.followsOwner !== true) {
      sql.push(`ALTER ${adorned.ownerAs ?? adorned.identity} OWNER TO ${adorned.owner}`);
    }
    sql.push(...this.#privileges(adorned));
    const notes = this.#notes.get(`${adorned.classId}.${adorned.oid}`) ?? [];
    if (adorned.comesWithComment === true && !notes.some((note) => note.sort === 'comment')) {
      sql.push(`COMMENT ON ${adorned.identity} IS NULL`);
    }
    for (const note of notes) {
      const on = noteTarget(adorned, note.column);
      if (on === undefined) continue;
      sql.push(noteStatement(note, on));
    }
    return sql;
  }

  #privileges(adorned: Adorned): readonly string[] {
    const owner = adorned.owner ?? '';
    const on = adorned.grantAs ?? adorned.identity;
    const sql = adorned.acl ? [...privilegeStatements(adorned.acl, on, owner)] : [];
    for (const column of adorned.columns ?? []) {
      if (column.acl) sql.push(...privilegeStatements(column.acl, on, owner, column.name));
    }
    return sql;
  }
}

function noteStatement(note: Note, on: string): string {
  switch (note.sort) {
    case 'comment':
      return `COMMENT ON ${on} IS ${literal(note.text)}`;
    case 'extension':
      return `ALTER ${on} DEPENDS ON EXTENSION ${note.text}`;
    case 'label':
      return `SECURITY LABEL FOR ${identifier(note.provider ?? '')} ON ${on} IS ${literal(note.text)}`;
  }
}

function noteTarget(adorned: Adorned, column: number): string | undefined {
  if (column === 0) return adorned.identity;
  const found = adorned.columns?.find((one) => one.number === column);
  return found === undefined || adorned.relation === undefined
    ? undefined
    : `COLUMN ${adorned.relation}.${found.name}`;
}
