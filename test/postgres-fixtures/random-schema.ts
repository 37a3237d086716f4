/**
 * Draws up random databases for round trips: schemas, types, tables over all types, partitions, inheritance, rows,
 * constraints, indexes, views, functions, triggers, policies, privileges, comments, large objects, odd names.
 */
import { addIndexesAndConstraints } from './random/constraints.ts';
import { Draft } from './random/draft.ts';
import {
  addComments,
  addDatabaseProperties,
  addLargeObjects,
  addPrivileges,
  addPublications,
  addSequences,
} from './random/extras.ts';
import { addFunctions, addTriggersRulesPolicies, addViews } from './random/programs.ts';
import { addTables } from './random/tables.ts';
import { addRolesAndSchemas, addTypes } from './random/user-types.ts';

export interface RandomDatabaseOptions {
  /** Major version of the server, 13 to 18. */
  readonly version: number;
}

/**
 * Statements for an empty database and a superuser; each of them succeeds. The same seed and version give the same
 * database. Run each on its own, not all in one transaction: new enum labels are used right after they were added.
 */
export function randomDatabase(seed: number, options: RandomDatabaseOptions): string[] {
  const draft = new Draft(seed, options.version);
  addRolesAndSchemas(draft);
  addTypes(draft);
  addSequences(draft);
  addTables(draft);
  addFunctions(draft);
  addIndexesAndConstraints(draft);
  addViews(draft);
  addTriggersRulesPolicies(draft);
  addLargeObjects(draft);
  addPublications(draft);
  addPrivileges(draft);
  addComments(draft);
  addDatabaseProperties(draft);
  return draft.statements;
}
