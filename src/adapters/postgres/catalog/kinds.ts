/** The kinds of nodes in the graph of a catalog, in the order in which those that are ready at once are created. */

/** Catalogs whose rows are objects, by the fixed oid with which `pg_depend.classid` names them. */
export const CATALOG = {
  pg_am: 2601,
  pg_amop: 2602,
  pg_amproc: 2603,
  pg_attrdef: 2604,
  pg_cast: 2605,
  pg_class: 1259,
  pg_collation: 3456,
  pg_constraint: 2606,
  pg_conversion: 2607,
  pg_default_acl: 826,
  pg_event_trigger: 3466,
  pg_extension: 3079,
  pg_foreign_data_wrapper: 2328,
  pg_foreign_server: 1417,
  pg_language: 2612,
  pg_namespace: 2615,
  pg_opclass: 2616,
  pg_operator: 2617,
  pg_opfamily: 2753,
  pg_policy: 3256,
  pg_proc: 1255,
  pg_publication: 6104,
  pg_publication_namespace: 6237,
  pg_publication_rel: 6106,
  pg_rewrite: 2618,
  pg_statistic_ext: 3381,
  pg_subscription: 6100,
  pg_transform: 3576,
  pg_trigger: 2620,
  pg_ts_config: 3602,
  pg_ts_dict: 3600,
  pg_ts_parser: 3601,
  pg_ts_template: 3764,
  pg_type: 1247,
  pg_user_mapping: 1418,
} as const;

/** Stand-ins for steps without a catalog row: their key is the oid of the object that they belong to. */
export const STEP = { shell: 1, attach: 2, indexAttach: 3, rowSecurity: 4, refresh: 5 } as const;

export type NodePhase = 'pre' | 'post' | 'finish';

export type KindName =
  | 'schema'
  | 'language'
  | 'collation'
  | 'extension'
  | 'shell-type'
  | 'type'
  | 'domain-constraint'
  | 'cast'
  | 'function'
  | 'aggregate'
  | 'transform'
  | 'access-method'
  | 'operator'
  | 'operator-family'
  | 'operator-class'
  | 'conversion'
  | 'text-search-parser'
  | 'text-search-template'
  | 'text-search-dictionary'
  | 'text-search-configuration'
  | 'foreign-data-wrapper'
  | 'server'
  | 'user-mapping'
  | 'sequence'
  | 'table'
  | 'view'
  | 'materialized-view'
  | 'view-query'
  | 'default'
  | 'check'
  | 'partition'
  | 'index'
  | 'unvalidated-check'
  | 'constraint'
  | 'index-partition'
  | 'statistics'
  | 'rule'
  | 'foreign-key'
  | 'trigger'
  | 'row-security'
  | 'policy'
  | 'publication'
  | 'publication-table'
  | 'publication-schema'
  | 'refresh'
  | 'default-privileges'
  | 'subscription'
  | 'event-trigger';

const KIND_TABLE: Readonly<Record<KindName, readonly [number, NodePhase]>> = {
  schema: [CATALOG.pg_namespace, 'pre'],
  language: [CATALOG.pg_language, 'pre'],
  collation: [CATALOG.pg_collation, 'pre'],
  extension: [CATALOG.pg_extension, 'pre'],
  'shell-type': [STEP.shell, 'pre'],
  type: [CATALOG.pg_type, 'pre'],
  'domain-constraint': [CATALOG.pg_constraint, 'pre'],
  cast: [CATALOG.pg_cast, 'pre'],
  function: [CATALOG.pg_proc, 'pre'],
  aggregate: [CATALOG.pg_proc, 'pre'],
  transform: [CATALOG.pg_transform, 'pre'],
  'access-method': [CATALOG.pg_am, 'pre'],
  operator: [CATALOG.pg_operator, 'pre'],
  'operator-family': [CATALOG.pg_opfamily, 'pre'],
  'operator-class': [CATALOG.pg_opclass, 'pre'],
  conversion: [CATALOG.pg_conversion, 'pre'],
  'text-search-parser': [CATALOG.pg_ts_parser, 'pre'],
  'text-search-template': [CATALOG.pg_ts_template, 'pre'],
  'text-search-dictionary': [CATALOG.pg_ts_dict, 'pre'],
  'text-search-configuration': [CATALOG.pg_ts_config, 'pre'],
  'foreign-data-wrapper': [CATALOG.pg_foreign_data_wrapper, 'pre'],
  server: [CATALOG.pg_foreign_server, 'pre'],
  'user-mapping': [CATALOG.pg_user_mapping, 'pre'],
  sequence: [CATALOG.pg_class, 'pre'],
  table: [CATALOG.pg_class, 'pre'],
  view: [CATALOG.pg_class, 'pre'],
  'materialized-view': [CATALOG.pg_class, 'pre'],
  'view-query': [CATALOG.pg_rewrite, 'pre'],
  default: [CATALOG.pg_attrdef, 'pre'],
  check: [CATALOG.pg_constraint, 'pre'],
  partition: [STEP.attach, 'pre'],
  index: [CATALOG.pg_class, 'post'],
  'unvalidated-check': [CATALOG.pg_constraint, 'post'],
  constraint: [CATALOG.pg_constraint, 'post'],
  'index-partition': [STEP.indexAttach, 'post'],
  statistics: [CATALOG.pg_statistic_ext, 'post'],
  rule: [CATALOG.pg_rewrite, 'post'],
  'foreign-key': [CATALOG.pg_constraint, 'post'],
  trigger: [CATALOG.pg_trigger, 'post'],
  'row-security': [STEP.rowSecurity, 'post'],
  policy: [CATALOG.pg_policy, 'post'],
  publication: [CATALOG.pg_publication, 'post'],
  'publication-table': [CATALOG.pg_publication_rel, 'post'],
  'publication-schema': [CATALOG.pg_publication_namespace, 'post'],
  refresh: [STEP.refresh, 'post'],
  'default-privileges': [CATALOG.pg_default_acl, 'finish'],
  subscription: [CATALOG.pg_subscription, 'finish'],
  'event-trigger': [CATALOG.pg_event_trigger, 'finish'],
};

/** All kinds; the place in this list is the kind's number in the graph. */
export const KINDS: readonly KindName[] = Object.keys(KIND_TABLE) as KindName[];

const NUMBERS: ReadonlyMap<KindName, number> = new Map(KINDS.map((name, at) => [name, at]));

/** The number of a kind in the graph. */
export function kindNumber(name: KindName): number {
  return NUMBERS.get(name) as number;
}

/** The catalog or step whose oids name nodes of this kind. */
export function classOf(name: KindName): number {
  return KIND_TABLE[name][0];
}

/** The phase in which a kind is created if nothing pushes it later. */
export function phaseOf(name: KindName): NodePhase {
  return KIND_TABLE[name][1];
}
