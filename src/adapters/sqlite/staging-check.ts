/** A last look at a file that is to be published, by SQLite itself. */
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { Check, Context } from '../../core/adapter.ts';
import { sqliteError } from './errors.ts';

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
 */
export function checkPages(path: string, physical: boolean, context: Context): Check[] {
  const url = pathToFileURL(path);
  // Without locks and WAL: nobody else knows the file.
  url.search = 'immutable=1';
  const connection = new DatabaseSync(url, { readOnly: true });
  try {
    const rows = connection.prepare(`PRAGMA quick_check(${MOST_FINDINGS})`).all();
    const findings = rows.map((row) => String(row.quick_check)).filter((finding) => finding !== 'ok');
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
    throw sqliteError(error, 'The new database could not be checked');
  } finally {
    connection.close();
  }
}
