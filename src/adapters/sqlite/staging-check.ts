/** A last look at a file that is to be published, by SQLite itself. */
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { Check, Context } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { Warning } from '../../core/events.ts';
import { missingPart, sqliteError } from './errors.ts';

/** Findings that are read; one is enough to fail. */
const MOST_FINDINGS = 20;

/**
 * What SQLite finds in rows rather than in pages: it was so in the source, and an image is the source. A column may
 * have been made NOT NULL over rows that are NULL, or a CHECK may call a function of the application.
 */
const OF_ROWS =
  /^(NULL value in|CHECK constraint failed in|non-\w+ value in|\w+ value in|row not in PRIMARY KEY|malformed inverted index|unable to validate|In RTree)/;

/**
 * Looks at every page. Of a physical image, which has what the source had, page by page, findings are warnings.
 *
 * @throws DbimgError `UNSUPPORTED` if a virtual table was restored without the tables of its content.
 */
export function checkPages(path: string, physical: boolean, context: Context): Check[] {
  const url = pathToFileURL(path);
  // Without locks and WAL: nobody else knows the file.
  url.search = 'immutable=1';
  const connection = new DatabaseSync(url, { readOnly: true });
  try {
    const findings = findingsOf(connection, context);
    if (!physical) findings.push(...ofKeyedTables(connection, context));
    const wrong = findings.filter((finding) => !OF_ROWS.test(finding));
    if (physical && wrong.length > 0) {
      context.warn({
        code: 'source-damaged',
        message: `The database is damaged, as its source was: ${wrong[0]}`,
      });
    }
    const detail = (physical ? findings : [...wrong, ...findings])[0];
    return [
      {
        name: 'pages are whole',
        passed: physical || wrong.length === 0,
        ...(detail === undefined ? {} : { detail }),
      },
    ];
  } catch (error) {
    if (!physical || error instanceof DbimgError)
      throw sqliteError(error, 'The new database could not be checked');
    context.warn(unchecked('The database', error));
    return [{ name: 'pages are whole', passed: true, detail: 'Not checked.' }];
  } finally {
    connection.close();
  }
}

function findingsOf(connection: DatabaseSync, context: Context): string[] {
  try {
    return check(connection, 'quick_check', `${MOST_FINDINGS}`);
  } catch (error) {
    const tables = connection.prepare(`SELECT name, type FROM pragma_table_list WHERE schema = 'main'`).all();
    const names = tables.map(({ name }) => String(name));
    const virtual = tables.filter(({ type }) => type === 'virtual').map(({ name }) => String(name));
    if (virtual.length === 0 && missingPart(error) === undefined) throw error;
    const bare = virtual.find((name) => !names.some((other) => other.startsWith(`${name}_`)));
    if (bare !== undefined && String(error).includes(bare)) throw withoutContent(bare);
    if (missingPart(error) === undefined) {
      // Its module is not content, as after a restore without rows; tables of other kinds can still be looked at.
      context.warn({
        code: 'virtual-table',
        message: `A virtual table does not open: ${error instanceof Error ? error.message : error}`,
        hint: 'Its content was left out, or needs its application.',
      });
    }
    const others = tables.filter(({ type }) => type !== 'virtual' && type !== 'view');
    return others.flatMap(({ name }) => findingsOfTable(connection, 'quick_check', String(name), context));
  }
}

/** A CHECK or an order of its own that only the application knows is no failure: the pages are as they were written. */
function findingsOfTable(connection: DatabaseSync, pragma: Pragma, name: string, context: Context): string[] {
  try {
    return check(connection, pragma, quoted(name));
  } catch (error) {
    if (missingPart(error) === undefined) throw error;
    context.warn({ ...unchecked(`Table ${name}`, error), object: ['main', name] });
    return [];
  }
}

function unchecked(what: string, error: unknown): Warning {
  return {
    code: 'unchecked',
    message: `${what} was not looked at by SQLite: ${missingPart(error) ?? (error as Error).message}.`,
    hint: 'Look at it with the program that uses the database.',
  };
}

/** `quick_check` does not look at the order of WITHOUT ROWID tables, which are restored in the order of the image. */
function ofKeyedTables(connection: DatabaseSync, context: Context): string[] {
  const tables = connection
    .prepare(`SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND wr`)
    .all();
  return tables.flatMap(({ name }) => {
    const findings = findingsOfTable(connection, 'integrity_check', String(name), context);
    const disorder = findings.find((finding) => finding.startsWith('row not in PRIMARY KEY'));
    if (disorder !== undefined) {
      context.warn({
        code: 'source-damaged',
        message: `Rows are not in the order of their key, as in the source: ${disorder}.`,
        object: ['main', String(name)],
        hint: 'Nothing is lost, but SQLite does not find all of them by their key. Copy them into a new table.',
      });
    }
    return findings;
  });
}

type Pragma = 'quick_check' | 'integrity_check';

function check(connection: DatabaseSync, pragma: Pragma, what: string): string[] {
  const rows = connection.prepare(`PRAGMA ${pragma}(${what})`).all();
  return rows.map((row) => String(row[pragma])).filter((finding) => finding !== 'ok');
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function withoutContent(name: string): DbimgError {
  return new DbimgError(
    'UNSUPPORTED',
    `The virtual table ${name} would be restored without the tables of its content.`,
    { object: ['main', name], hint: `Select them together: '${name}*' instead of '${name}'.` },
  );
}
