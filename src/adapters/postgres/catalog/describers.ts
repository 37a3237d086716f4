/** Which family describes which kind. */
import { describeConstraints, describeSeparateChecks } from './constraints.ts';
import type { Describe } from './draft.ts';
import { describeIndexes, describeIndexPartitions, describeStatistics } from './indexes.ts';
import type { KindName } from './kinds.ts';
import { describeSchemas } from './schemas.ts';
import { describeSequences } from './sequences.ts';
import { describeDefaults, describePartitions, describeTables } from './tables.ts';
import { describeMaterializedViews, describeRefreshes, describeViewQueries, describeViews } from './views.ts';

const none: Describe = async () => [];

export const DESCRIBERS: Readonly<Record<KindName, Describe>> = {
  schema: describeSchemas,
  language: none,
  collation: none,
  extension: none,
  'shell-type': none,
  type: none,
  'domain-constraint': describeSeparateChecks,
  cast: none,
  function: none,
  aggregate: none,
  transform: none,
  'access-method': none,
  operator: none,
  'operator-family': none,
  'operator-class': none,
  conversion: none,
  'text-search-parser': none,
  'text-search-template': none,
  'text-search-dictionary': none,
  'text-search-configuration': none,
  'foreign-data-wrapper': none,
  server: none,
  'user-mapping': none,
  sequence: describeSequences,
  table: describeTables,
  view: describeViews,
  'materialized-view': describeMaterializedViews,
  'view-query': describeViewQueries,
  default: describeDefaults,
  check: describeSeparateChecks,
  partition: describePartitions,
  index: describeIndexes,
  'unvalidated-check': describeConstraints,
  constraint: describeConstraints,
  'index-partition': describeIndexPartitions,
  statistics: describeStatistics,
  rule: none,
  'foreign-key': describeConstraints,
  trigger: none,
  'row-security': none,
  policy: none,
  publication: none,
  'publication-table': none,
  'publication-schema': none,
  refresh: describeRefreshes,
  'default-privileges': none,
  subscription: none,
  'event-trigger': none,
};
