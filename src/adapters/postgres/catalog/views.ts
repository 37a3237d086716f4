/** Views and materialized views. */
import type { Acl, AdornedColumn, Describe, Draft } from './draft.ts';
import { CATALOG } from './kinds.ts';
import { aclJson, collationName, inTablespace, qualified, roleName, storageParameters } from './quoting.ts';

interface ViewColumn extends AdornedColumn {
  readonly type: string;
  readonly collation: string | null;
  readonly defaultOid: number | null;
  readonly defaultText: string | null;
  readonly statistics: number | null;
  readonly storage: string | null;
  readonly compression: string | null;
  readonly parameters: string | null;
}

interface ViewRow {
  readonly oid: number;
  readonly query: number;
  readonly schema: string;
  readonly name: string;
  readonly qualified: string;
  readonly owner: string;
  readonly acl: Acl | null;
  readonly parameters: string | null;
  readonly method: string | null;
  readonly tablespace: string | null;
  readonly definition: string;
  readonly size: number;
  readonly columns: readonly ViewColumn[];
}

function viewSql(compression: string, where: string): string {
  return `SELECT c.oid::int8 AS oid, r.oid::int8 AS query, n.nspname AS schema, c.relname AS name,
      ${qualified('n.nspname', 'c.relname')} AS qualified, ${roleName('c.relowner')} AS owner,
      ${aclJson('c.relacl', `acldefault('r', c.relowner)`)} AS acl, ${storageParameters('c.reloptions')} AS parameters,
      (SELECT quote_ident(am.amname) FROM pg_am AS am WHERE am.oid = c.relam AND am.amname <> 'heap') AS method,
      (SELECT s.spcname FROM pg_tablespace AS s WHERE s.oid = c.reltablespace) AS tablespace,
      rtrim(pg_get_viewdef(c.oid), '; ') AS definition,
      CASE WHEN c.relkind = 'm' THEN pg_relation_size(c.oid) ELSE 0 END AS size,
      coalesce((SELECT json_agg(json_build_object('number', a.attnum, 'name', quote_ident(a.attname),
          'type', format_type(a.atttypid, a.atttypmod),
          'collation', CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation THEN ${collationName('a.attcollation')} END,
          'defaultOid', d.oid::int8, 'defaultText', pg_get_expr(d.adbin, d.adrelid),
          'statistics', CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END,
          'storage', CASE WHEN c.relkind = 'm' AND a.attstorage <> t.typstorage THEN CASE a.attstorage WHEN 'p' THEN 'PLAIN'
            WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' WHEN 'x' THEN 'EXTENDED' END END,
          'compression', ${compression}, 'parameters', ${storageParameters('a.attoptions')},
          'acl', ${aclJson('a.attacl', `acldefault('c', c.relowner)`)}) ORDER BY a.attnum)
        FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
        LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]'::json) AS columns
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_rewrite AS r ON r.ev_class = c.oid AND r.rulename = '_RETURN'
    WHERE ${where} = ANY ($1::oid[])`;
}

function adorned(row: ViewRow, keyword: string): NonNullable<Draft['adorned']> {
  return [
    {
      classId: CATALOG.pg_class,
      oid: row.oid,
      identity: `${keyword} ${row.qualified}`,
      grantAs: `TABLE ${row.qualified}`,
      owner: row.owner,
      acl: row.acl,
      relation: row.qualified,
      columns: row.columns,
    },
  ];
}

function createView(row: ViewRow, replace: boolean, definition: string): string {
  const options = row.parameters === null ? '' : ` WITH (${row.parameters})`;
  return `CREATE ${replace ? 'OR REPLACE ' : ''}VIEW ${row.qualified}${options} AS\n${definition}`;
}

/** A query that gives the columns of the view and nothing else, until its own query can be made. */
function standIn(row: ViewRow): string {
  const columns = row.columns.map((column) => {
    const collation = column.collation === null ? '' : ` COLLATE ${column.collation}`;
    return `NULL::${column.type}${collation} AS ${column.name}`;
  });
  return `SELECT ${columns.join(',\n  ')}`;
}

export const describeViews: Describe = async ({ server, graph }, oids) => {
  const rows = await server.describe<ViewRow>(viewSql('NULL', 'c.oid'), oids);
  return rows.map((row): Draft => {
    const separate = graph.isSeparate(graph.find(CATALOG.pg_rewrite, row.query));
    const defaults = row.columns.filter((column) => {
      if (column.defaultOid === null) return false;
      const node = graph.find(CATALOG.pg_attrdef, column.defaultOid);
      return node >= 0 && !graph.isSeparate(node) && !graph.isDropped(node);
    });
    return {
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      of: [row.schema, row.name],
      sql: [
        // A stand-in cannot have a check option: it is no updatable view.
        separate
          ? `CREATE VIEW ${row.qualified} AS\n${standIn(row)}`
          : createView(row, false, row.definition),
        ...defaults.map(
          (column) =>
            `ALTER VIEW ${row.qualified} ALTER COLUMN ${column.name} SET DEFAULT ${column.defaultText}`,
        ),
      ],
      adorned: adorned(row, 'VIEW'),
    };
  });
};

/** The real query of a view that began as a stand-in. */
export const describeViewQueries: Describe = async ({ server }, oids) => {
  const rows = await server.describe<ViewRow>(viewSql('NULL', 'r.oid'), oids);
  return rows.map(
    (row): Draft => ({
      oid: row.query,
      schema: row.schema,
      name: row.name,
      of: [row.schema, row.name],
      sql: [createView(row, true, row.definition)],
      exclusive: [row.oid],
    }),
  );
};

export const describeMaterializedViews: Describe = async ({ server }, oids) => {
  const compression = server.pick(
    14,
    `CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END`,
    'NULL',
  );
  const rows = await server.describe<ViewRow>(viewSql(compression, 'c.oid'), oids);
  return rows.map((row): Draft => {
    const method = row.method === null ? '' : ` USING ${row.method}`;
    const options = row.parameters === null ? '' : ` WITH (${row.parameters})`;
    const create = `CREATE MATERIALIZED VIEW ${row.qualified}${method}${options} AS\n${row.definition}\nWITH NO DATA`;
    return {
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      of: [row.schema, row.name],
      sql: [
        ...inTablespace(row.tablespace, [create]),
        ...row.columns.flatMap((column) => {
          const alter = `ALTER MATERIALIZED VIEW ${row.qualified} ALTER COLUMN ${column.name}`;
          return [
            ...(column.statistics === null ? [] : [`${alter} SET STATISTICS ${column.statistics}`]),
            ...(column.storage === null ? [] : [`${alter} SET STORAGE ${column.storage}`]),
            ...(column.compression === null ? [] : [`${alter} SET COMPRESSION ${column.compression}`]),
            ...(column.parameters === null ? [] : [`${alter} SET (${column.parameters})`]),
          ];
        }),
      ],
      adorned: adorned(row, 'MATERIALIZED VIEW'),
    };
  });
};

/** REFRESH of the materialized views that are filled in the source. */
export const describeRefreshes: Describe = async ({ server }, oids) => {
  const rows = await server.describe<ViewRow>(viewSql('NULL', 'c.oid'), oids);
  return rows.map(
    (row): Draft => ({
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      of: [row.schema, row.name],
      sql: [`REFRESH MATERIALIZED VIEW ${row.qualified}`],
      exclusive: [row.oid],
      size: row.size,
    }),
  );
};
