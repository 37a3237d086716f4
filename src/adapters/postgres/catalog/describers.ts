/** Which family describes which kind. */
import { describeConstraints, describeSeparateChecks } from './constraints.ts';
import { describeDefaultPrivileges } from './default-privileges.ts';
import type { Describe } from './draft.ts';
import { describeExtensions } from './extensions.ts';
import { describeServers, describeUserMappings, describeWrappers } from './foreign.ts';
import { describeAggregates, describeFunctions, describeLanguages, describeTransforms } from './functions.ts';
import { describeIndexes, describeIndexPartitions, describeStatistics } from './indexes.ts';
import type { KindName } from './kinds.ts';
import {
  describeAccessMethods,
  describeCasts,
  describeConversions,
  describeOperatorClasses,
  describeOperatorFamilies,
  describeOperators,
} from './operators.ts';
import { describePolicies, describeRowSecurity } from './policies.ts';
import {
  describePublications,
  describePublishedSchemas,
  describePublishedTables,
  describeSubscriptions,
} from './replication.ts';
import { describeSchemas } from './schemas.ts';
import { describeSequences } from './sequences.ts';
import { describeDefaults, describePartitions, describeTables } from './tables.ts';
import {
  describeSearchConfigurations,
  describeSearchDictionaries,
  describeSearchParsers,
  describeSearchTemplates,
} from './text-search.ts';
import { describeEventTriggers, describeRules, describeTriggers } from './triggers.ts';
import { describeCollations, describeShellTypes, describeTypes } from './types.ts';
import { describeMaterializedViews, describeRefreshes, describeViewQueries, describeViews } from './views.ts';

export const DESCRIBERS: Readonly<Record<KindName, Describe>> = {
  schema: describeSchemas,
  language: describeLanguages,
  collation: describeCollations,
  extension: describeExtensions,
  'shell-type': describeShellTypes,
  type: describeTypes,
  'domain-constraint': describeSeparateChecks,
  cast: describeCasts,
  function: describeFunctions,
  aggregate: describeAggregates,
  transform: describeTransforms,
  'access-method': describeAccessMethods,
  operator: describeOperators,
  'operator-family': describeOperatorFamilies,
  'operator-class': describeOperatorClasses,
  conversion: describeConversions,
  'text-search-parser': describeSearchParsers,
  'text-search-template': describeSearchTemplates,
  'text-search-dictionary': describeSearchDictionaries,
  'text-search-configuration': describeSearchConfigurations,
  'foreign-data-wrapper': describeWrappers,
  server: describeServers,
  'user-mapping': describeUserMappings,
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
  rule: describeRules,
  'foreign-key': describeConstraints,
  trigger: describeTriggers,
  'row-security': describeRowSecurity,
  policy: describePolicies,
  publication: describePublications,
  'publication-table': describePublishedTables,
  'publication-schema': describePublishedSchemas,
  refresh: describeRefreshes,
  'default-privileges': describeDefaultPrivileges,
  subscription: describeSubscriptions,
  'event-trigger': describeEventTriggers,
};
