/**
 * Draws up random databases of MySQL and MariaDB for round trips: tables over all types, keys, engines, partitions and
 * history, rows, indexes, foreign keys, views, routines, triggers, events, sequences, odd names.
 */
import type { MysqlProduct } from '../engines/mysql.ts';
import { Draft } from './random/draft.ts';
import {
  addEvents,
  addForeignKeys,
  addIndexes,
  addRoutines,
  addSequences,
  addTriggers,
  addViews,
  DRAFT_MODE,
} from './random/programs.ts';
import { addTables } from './random/tables.ts';

/**
 * Statements for an empty database and an administrator, to be run in one session; each of them succeeds. The same seed
 * and product give the same database.
 */
export function randomMysqlDatabase(seed: number, product: MysqlProduct): string[] {
  const draft = new Draft(seed, product);
  draft.add('SET NAMES utf8mb4');
  draft.add(`SET sql_mode = '${DRAFT_MODE}'`);
  draft.add("SET time_zone = '+00:00'");
  draft.add(
    product === 'mysql' ? 'SET cte_max_recursion_depth = 100000' : 'SET max_recursive_iterations = 100000',
  );
  if (draft.random.chance(0.3)) draft.add('ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_german1_ci');
  addSequences(draft);
  addTables(draft);
  addIndexes(draft);
  addForeignKeys(draft);
  addViews(draft);
  addRoutines(draft);
  addTriggers(draft);
  addEvents(draft);
  return draft.statements;
}
