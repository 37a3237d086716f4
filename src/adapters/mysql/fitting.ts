/**
 * Fits the catalog of one product or version into another: writes what is said differently there, and names precisely
 * what does not fit.
 */
import type { CatalogEntry, Finding } from '../../core/adapter.ts';
import { withoutQuoted } from './catalog/create-table.ts';
import { collationFor, collationsIn } from './collations.ts';
import { bodyOf, describeEntry, type EntryBody } from './entries.ts';
import type { Product } from './facts.ts';
import { fitTable } from './fitting-tables.ts';

/** What fitting depends on: plain data, known before the first entry. */
export interface Fit {
  readonly source: Product;
  readonly target: Product;
  /** As `ServerFacts.version`. */
  readonly version: number;
  readonly collations: readonly string[];
  readonly engines: readonly string[];
  readonly authentication: readonly string[];
  /** Names of privileges in upper case. */
  readonly privileges: readonly string[];
  /** What may change on the way: `Endpoint.convert`. */
  readonly convert: readonly string[];
}

/** A misfit, and what to call it. */
export interface Misfit {
  readonly level: 'obstacle' | 'warning';
  /** Continues `The table shop.t `. */
  readonly what: string;
  readonly hint?: string;
}

export interface Fitted {
  readonly entry: CatalogEntry;
  readonly misfits: readonly Misfit[];
}

/** What a statement becomes. Misfits are added to `misfits`. */
export type Rewrite = (statement: string, fit: Fit, misfits: Misfit[]) => string;

const MODES: Readonly<Record<Product, ReadonlySet<string>>> = {
  MySQL: new Set(['TIME_TRUNCATE_FRACTIONAL']),
  MariaDB: new Set([
    'NO_AUTO_CREATE_USER',
    'IGNORE_BAD_TABLE_OPTIONS',
    'EMPTY_STRING_IS_NULL',
    'SIMULTANEOUS_ASSIGNMENT',
    'TIME_ROUND_FRACTIONAL',
    ...[
      'NO_FIELD_OPTIONS',
      'NO_KEY_OPTIONS',
      'NO_TABLE_OPTIONS',
      'ORACLE',
      'MSSQL',
      'DB2',
      'MAXDB',
      'POSTGRESQL',
    ],
    ...['MYSQL323', 'MYSQL40'],
  ]),
};
/** Whoever made something under these would not notice that they are missing. */
const HARMLESS_MODES: ReadonlySet<string> = new Set(['NO_AUTO_CREATE_USER', 'IGNORE_BAD_TABLE_OPTIONS']);

/** Kinds that one product has and the other not. */
const KINDS: Readonly<Record<Product, ReadonlySet<string>>> = {
  MySQL: new Set(['statistics', 'histogram', 'spatial reference system', 'resource group']),
  MariaDB: new Set(['sequence', 'sequence value', 'package', 'package body']),
};

export function fitEntry(entry: CatalogEntry, fit: Fit): Fitted {
  const misfits: Misfit[] = [];
  const crosses = fit.source !== fit.target;
  if (crosses && KINDS[fit.source].has(entry.kind)) {
    misfits.push({ level: 'obstacle', what: `is something that ${fit.target} does not have` });
    return { entry, misfits };
  }
  const body = bodyOf(entry);
  const rewrites = rewritesOf(entry.kind, crosses);
  const statements = body.statements
    .map((statement) => rewrites.reduce((text, rewrite) => rewrite(text, fit, misfits), statement))
    .filter((statement) => statement !== '');
  const environment = environmentOf(body, fit, misfits);
  return { entry: { ...entry, body: { ...(entry.body as object), ...environment, statements } }, misfits };
}

export function findingOf(entry: CatalogEntry, misfit: Misfit): Finding {
  const { level, what, hint } = misfit;
  return {
    level,
    ...(level === 'obstacle' ? { code: 'UNSUPPORTED' as const } : {}),
    what: `The ${describeEntry(entry)} ${what}.`,
    ...(hint === undefined ? {} : { hint }),
  };
}

function rewritesOf(kind: string, crosses: boolean): readonly Rewrite[] {
  if (kind === 'account') return crosses ? [authentication, accountProperties] : [authentication];
  if (kind === 'role') return crosses ? [roles] : [];
  if (/grant$/.test(kind)) return crosses ? [privileges, roleNames] : [privileges];
  if (kind === 'default role') return crosses ? [defaultRoles] : [];
  if (kind === 'engine') return [engines];
  if (kind === 'table' || kind === 'index') return [engines, collations, ...(crosses ? [fitTable] : [])];
  if (kind === 'function' || kind === 'procedure') return crosses ? [routines, collations] : [collations];
  return [collations];
}

const collations: Rewrite = (statement, fit, misfits) => {
  let text = statement;
  for (const name of collationsIn(statement)) {
    if (fit.collations.includes(name)) continue;
    const other = collationFor(name, fit.collations);
    if (other !== undefined && fit.convert.includes('collations')) {
      misfits.push({ level: 'warning', what: `gets the collation ${other} instead of ${name}` });
      text = text.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), other);
      continue;
    }
    misfits.push({
      level: 'obstacle',
      what: `uses the collation ${name}, which the target does not have`,
      ...(other === undefined
        ? {}
        : {
            hint: `With ?convert=collations in the URL of the target it becomes ${other}, which may sort differently.`,
          }),
    });
  }
  return text;
};

const engines: Rewrite = (statement, fit, misfits) => {
  const name = /\bENGINE\s*=\s*(\w+)/i.exec(withoutQuoted(statement))?.[1];
  if (name === undefined || fit.engines.includes(name.toLowerCase())) return statement;
  if (fit.convert.includes('engines')) {
    misfits.push({ level: 'warning', what: `gets the engine InnoDB instead of ${name}` });
    return statement
      .replace(new RegExp(`\\bENGINE\\s*=\\s*${name}\\b`, 'i'), 'ENGINE=InnoDB')
      .replace(/ ROW_FORMAT=(PAGE|FIXED)\b/i, '');
  }
  misfits.push({
    level: 'obstacle',
    what: `is of the storage engine ${name}, which the target does not have`,
    hint: 'Install the engine, or let it become InnoDB with ?convert=engines in the URL of the target.',
  });
  return statement;
};

const authentication: Rewrite = (statement, fit, misfits) => {
  const code = statement.replace(/^CREATE USER (?:IF NOT EXISTS )?/i, '');
  const plugin = /IDENTIFIED (?:WITH|VIA) ['`"]?(\w+)/i.exec(code)?.[1];
  const old = /IDENTIFIED BY PASSWORD/i.test(code) ? 'mysql_native_password' : undefined;
  const name = plugin ?? old;
  if (name === undefined || fit.authentication.includes(name.toLowerCase())) return statement;
  misfits.push({
    level: 'obstacle',
    what: `logs in with ${name}, which the target does not have`,
    hint: 'Make the account on the target beforehand: what exists is left as it is. Or leave it out with --skip.',
  });
  return statement;
};

/** What the other product calls otherwise, or has only as what goes without saying. */
const accountProperties: Rewrite = (statement, { target }) => {
  if (target === 'MariaDB') {
    return statement
      .replace(/ PASSWORD HISTORY DEFAULT/g, '')
      .replace(/ PASSWORD REUSE INTERVAL DEFAULT/g, '')
      .replace(/ PASSWORD REQUIRE CURRENT DEFAULT/g, '')
      .replace(/ DEFAULT ROLE \S+$/, '');
  }
  return statement.replace(
    /IDENTIFIED BY PASSWORD '(\*[0-9A-F]{40})'/i,
    "IDENTIFIED WITH 'mysql_native_password' AS '$1'",
  );
};

/** MySQL shows roles as accounts. Who makes one in MariaDB becomes its administrator, which the reader takes back. */
const roles: Rewrite = (statement, { target }) => {
  if (target === 'MySQL') return /^REVOKE .* FROM CURRENT_USER$/i.test(statement) ? '' : statement;
  const name = /^CREATE (?:USER|ROLE) (?:IF NOT EXISTS )?(['`](?:[^'`]|``|'')*['`])/i.exec(statement)?.[1];
  return name === undefined ? statement : `CREATE ROLE ${name.replaceAll("'", '`')}`;
};

/** Roles of MySQL are accounts of any host. */
const roleNames: Rewrite = (statement, { target }) => {
  if (target === 'MySQL') return statement;
  return statement.replace(/^(GRANT )(['`][^'`]*['`])@['`]%['`]( TO )/i, '$1$2$3');
};

const defaultRoles: Rewrite = (statement, { target }) => {
  if (target === 'MariaDB') {
    return statement
      .replace(/^ALTER USER (\S+) DEFAULT ROLE (['`][^'`]*['`])@['`]%['`]$/i, 'SET DEFAULT ROLE $2 FOR $1')
      .replace(/^SET DEFAULT ROLE (['`][^'`]*['`])@['`]%['`] TO (\S+)$/i, 'SET DEFAULT ROLE $1 FOR $2');
  }
  return statement.replace(/^SET DEFAULT ROLE (\S+) FOR (\S+)$/i, 'SET DEFAULT ROLE $1 TO $2');
};

const privileges: Rewrite = (statement, fit, misfits) => {
  const list = /^GRANT (.+?) ON /is.exec(statement)?.[1];
  if (list === undefined || fit.privileges.length === 0) return statement;
  const asked = list.split(/,\s*(?![^(]*\))/).map((each) => each.replace(/\s*\(.*\)$/s, '').trim());
  const unknown = asked.filter(
    (each) => !/^(ALL( PRIVILEGES)?|USAGE)$/i.test(each) && !fit.privileges.includes(each.toUpperCase()),
  );
  if (unknown.length === 0) return statement;
  const rest = asked.filter((each) => !unknown.includes(each));
  misfits.push({
    level: 'warning',
    what: `leaves out what the target does not have: ${unknown.join(', ')}`,
  });
  // A list in parentheses belongs to a privilege that stays.
  const kept = list
    .split(/,\s*(?![^(]*\))/)
    .filter((each) => rest.includes(each.replace(/\s*\(.*\)$/s, '').trim()))
    .join(', ');
  return statement.replace(list, () => (kept === '' ? 'USAGE' : kept));
};

const routines: Rewrite = (statement, { source, target }, misfits) => {
  const code = withoutQuoted(statement);
  if (source === 'MySQL' && /\bLANGUAGE\s+(?!SQL\b)\w+/i.test(code)) {
    misfits.push({ level: 'obstacle', what: `is written in a language that ${target} does not have` });
  }
  if (source === 'MariaDB' && /^\s*CREATE\b[^(]*\bAGGREGATE\s+FUNCTION\b/i.test(code)) {
    misfits.push({
      level: 'obstacle',
      what: `is an aggregate function, which ${target} does not have in SQL`,
    });
  }
  return statement;
};

/** Modes and collations of the session that made something. */
function environmentOf(body: EntryBody, fit: Fit, misfits: Misfit[]): Partial<EntryBody> {
  const known = (name: string | undefined): string | undefined =>
    name === undefined || fit.collations.includes(name) ? name : collationFor(name, fit.collations);
  const collation = known(body.collation);
  const databaseCollation = known(body.databaseCollation);
  const sqlMode = modesOf(body.sqlMode, fit, misfits);
  return {
    ...(collation === undefined ? {} : { collation }),
    ...(databaseCollation === undefined ? {} : { databaseCollation }),
    ...(sqlMode === undefined ? {} : { sqlMode }),
  };
}

function modesOf(text: string | undefined, fit: Fit, misfits: Misfit[]): string | undefined {
  if (text === undefined || fit.source === fit.target) return text;
  const modes = text.split(',').filter((mode) => mode !== '');
  const foreign = modes.filter((mode) => MODES[fit.source].has(mode));
  for (const mode of foreign.filter((each) => !HARMLESS_MODES.has(each))) {
    misfits.push({
      level: 'obstacle',
      what: `was made in sql_mode ${mode}, which ${fit.target} does not have`,
    });
  }
  return modes.filter((mode) => !foreign.includes(mode)).join(',');
}
