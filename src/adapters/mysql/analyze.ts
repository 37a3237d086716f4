/** Statistics for what was loaded. */
import type { Context } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { identifier, literal } from './quoting.ts';
import type { Session } from './session.ts';

/** So many tables are one statement. */
const LIST = 50;

/** Statistics are worth a warning, not the whole restore. */
export async function analyzeSchemas(
  session: Session,
  schemas: readonly string[],
  context: Context,
): Promise<void> {
  for (const schema of schemas) {
    const rows = await session.query(
      `SELECT TABLE_NAME AS name FROM information_schema.TABLES
        WHERE TABLE_SCHEMA = ${literal(schema)} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')`,
    );
    const names = rows.map(({ name }) => `${identifier(schema)}.${identifier(String(name))}`);
    for (let start = 0; start < names.length; start += LIST) {
      const list = names.slice(start, start + LIST).join(', ');
      try {
        // Not into the log of transactions: the names are not yet the tables' own.
        await session.query(`ANALYZE NO_WRITE_TO_BINLOG TABLE ${list}`);
      } catch (error) {
        if (error instanceof DbimgError && /^(CANCELLED|CONNECTION_LOST)$/.test(error.code)) throw error;
        context.warn({
          code: 'statistics',
          message: `Statistics could not be gathered: ${error instanceof Error ? error.message : String(error)}`,
          hint: 'Run ANALYZE TABLE on the restored tables.',
        });
      }
    }
  }
}
