/** Columns of tables: their clause in CREATE TABLE and what can only be set by ALTER TABLE. */
import type { DescribedColumn } from './described.ts';
import type { AdornedColumn } from './draft.ts';
import type { ObjectGraph } from './graph.ts';
import { CATALOG } from './kinds.ts';
import { aclJson, collationName, foreignOptions, storageParameters } from './quoting.ts';
import type { CatalogSession } from './session.ts';
import type { TableRow } from './tables.ts';
import { TYPE_FACTS } from './value-kinds.ts';

export interface ColumnRow extends AdornedColumn, DescribedColumn {
  readonly type: string;
  readonly collation: string | null;
  readonly notNull: boolean;
  /** Since PostgreSQL 18 every NOT NULL is a constraint with a name. */
  readonly notNullName: string | null;
  readonly notNullOid: number | null;
  readonly notNullLocal: boolean;
  readonly notNullNoInherit: boolean;
  readonly notNullValid: boolean;
  readonly defaultOid: number | null;
  readonly defaultText: string | null;
  /** `s` stored, `v` virtual, or empty. */
  readonly generated: string;
  readonly parentDefault: boolean;
  readonly local: boolean;
  readonly storage: string | null;
  readonly compression: string | null;
  readonly statistics: number | null;
  readonly parameters: string | null;
  readonly foreignOptions: string | null;
}

const STORAGE = `CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' WHEN 'x' THEN 'EXTENDED' END`;
const COMPRESSION = `CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END`;

/** SQL: the columns of relation `c` as a JSON array of {@link ColumnRow}. */
export function columnsJson(server: CatalogSession): string {
  const named = server.since(18);
  const inherited = `FROM pg_inherits AS i JOIN pg_attribute AS p ON p.attrelid = i.inhparent AND p.attname = a.attname
    AND NOT p.attisdropped WHERE a.attinhcount > 0 AND i.inhrelid = a.attrelid`;
  const local = named ? 'nn.conislocal' : `NOT EXISTS (SELECT 1 ${inherited} AND p.attnotnull)`;
  return `coalesce((SELECT json_agg(json_build_object(
      'number', a.attnum, 'name', quote_ident(a.attname), 'plain', a.attname, 'facts', ${TYPE_FACTS},
      'identity', a.attidentity <> '', 'comment', col_description(a.attrelid, a.attnum),
      'type', format_type(a.atttypid, a.atttypmod),
      'collation', CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation THEN ${collationName('a.attcollation')} END,
      'notNull', a.attnotnull, 'notNullName', ${named ? 'quote_ident(nn.conname)' : 'NULL'},
      'notNullOid', ${named ? 'nn.oid::int8' : 'NULL'}, 'notNullLocal', ${local}, 'notNullNoInherit', ${named ? 'nn.connoinherit' : 'false'},
      'notNullValid', ${named ? 'nn.convalidated' : 'true'},
      'defaultOid', d.oid::int8, 'defaultText', pg_get_expr(d.adbin, d.adrelid), 'generated', a.attgenerated,
      'parentDefault', EXISTS (SELECT 1 ${inherited} AND p.atthasdef), 'local', a.attislocal,
      'storage', CASE WHEN a.attstorage <> t.typstorage THEN ${STORAGE} END,
      'compression', ${server.pick(14, COMPRESSION, 'NULL')},
      'statistics', CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END,
      'parameters', ${storageParameters('a.attoptions')}, 'foreignOptions', ${foreignOptions('a.attfdwoptions')},
      'acl', ${aclJson('a.attacl', `acldefault('c', c.relowner)`)}) ORDER BY a.attnum)
    FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    ${named ? `LEFT JOIN pg_constraint AS nn ON nn.conrelid = a.attrelid AND nn.contype = 'n' AND nn.conkey[1] = a.attnum` : ''}
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]'::json)`;
}

/** Whether the column is made by the table itself rather than by a parent. */
function isOwn(table: TableRow, column: ColumnRow): boolean {
  return column.local || table.partition;
}

function hasOwnNotNull(table: TableRow, column: ColumnRow): boolean {
  return column.notNull && column.notNullValid && (column.notNullLocal || table.partition);
}

/** The default that CREATE TABLE can give, if any. */
function inlineDefault(column: ColumnRow, graph: ObjectGraph): string | null {
  if (column.defaultOid === null || column.defaultText === null) return null;
  const node = graph.find(CATALOG.pg_attrdef, column.defaultOid);
  return node < 0 || graph.isSeparate(node) || graph.isDropped(node) ? null : column.defaultText;
}

function defaultClause(column: ColumnRow, graph: ObjectGraph): readonly string[] {
  const text = inlineDefault(column, graph);
  if (text === null) return column.parentDefault && column.defaultOid === null ? ['DEFAULT NULL'] : [];
  if (column.generated === '') return [`DEFAULT ${text}`];
  return [`GENERATED ALWAYS AS (${text}) ${column.generated === 's' ? 'STORED' : 'VIRTUAL'}`];
}

function notNullClause(column: ColumnRow): string {
  const name = column.notNullName === null ? '' : `CONSTRAINT ${column.notNullName} `;
  return `${name}NOT NULL${column.notNullNoInherit ? ' NO INHERIT' : ''}`;
}

/** The column's clause in CREATE TABLE; null if a parent or the row type says it all. */
export function columnClause(table: TableRow, column: ColumnRow, graph: ObjectGraph): string | null {
  if (!isOwn(table, column)) return null;
  const rest = [
    ...defaultClause(column, graph),
    ...(hasOwnNotNull(table, column) ? [notNullClause(column)] : []),
  ];
  if (table.rowType !== null)
    return rest.length === 0 ? null : `${column.name} WITH OPTIONS ${rest.join(' ')}`;
  return [...typeClause(column), ...rest].join(' ');
}

function typeClause(column: ColumnRow): readonly string[] {
  return [
    column.name,
    column.type,
    ...(column.foreignOptions === null ? [] : [`OPTIONS (${column.foreignOptions})`]),
    ...(column.collation === null ? [] : [`COLLATE ${column.collation}`]),
  ];
}

/** The column in full, whoever made it: for a table that joins its parents when it is there already. */
export function fullColumnClause(column: ColumnRow, graph: ObjectGraph): string {
  const notNull = column.notNull && column.notNullValid ? [notNullClause(column)] : [];
  return [...typeClause(column), ...defaultClause(column, graph), ...notNull].join(' ');
}

/** The column as a parent hands it down. */
export function inheritedColumnClause(table: TableRow, column: ColumnRow, graph: ObjectGraph): string {
  const { foreignOptions: _, ...rest } = column;
  const handed =
    column.notNull && column.notNullValid && !hasOwnNotNull(table, column) ? [notNullClause(column)] : [];
  const generated = column.generated === '' ? [] : defaultClause(column, graph);
  return [...typeClause({ ...rest, foreignOptions: null }), ...generated, ...handed].join(' ');
}

/** What has to be said of the column once the table is there. */
export function columnStatements(
  table: TableRow,
  column: ColumnRow,
  keyword: string,
  graph: ObjectGraph,
): readonly string[] {
  const own = isOwn(table, column);
  const alter = `ALTER ${keyword} ONLY ${table.qualified}`;
  const change = `${alter} ALTER COLUMN ${column.name}`;
  const sql: string[] = [];
  if (!own && column.generated === '') {
    const text = inlineDefault(column, graph);
    if (text !== null) sql.push(`${change} SET DEFAULT ${text}`);
    else if (column.parentDefault && column.defaultOid === null) sql.push(`${change} DROP DEFAULT`);
  }
  if (!own && hasOwnNotNull(table, column)) {
    sql.push(
      column.notNullName === null
        ? `${change} SET NOT NULL`
        : `${alter} ADD CONSTRAINT ${column.notNullName} NOT NULL ${column.name}${column.notNullNoInherit ? ' NO INHERIT' : ''}`,
    );
  }
  if (column.statistics !== null) sql.push(`${change} SET STATISTICS ${column.statistics}`);
  if (column.storage !== null) sql.push(`${change} SET STORAGE ${column.storage}`);
  if (column.compression !== null) sql.push(`${change} SET COMPRESSION ${column.compression}`);
  if (column.parameters !== null) sql.push(`${change} SET (${column.parameters})`);
  if (!own && column.foreignOptions !== null) sql.push(`${change} OPTIONS (${column.foreignOptions})`);
  return sql;
}
