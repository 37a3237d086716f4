/** Full text search: parsers, templates, dictionaries and configurations. */
import type { Describe, Draft } from './draft.ts';
import { CATALOG } from './kinds.ts';
import { functionName, qualified, roleName } from './quoting.ts';

interface SearchRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly qualified: string;
  readonly owner: string | null;
  readonly parameters: string;
  readonly mappings: readonly string[] | null;
}

/** What the four kinds differ in. */
interface SearchKind {
  readonly keyword: 'PARSER' | 'TEMPLATE' | 'DICTIONARY' | 'CONFIGURATION';
  readonly catalog: 'pg_ts_parser' | 'pg_ts_template' | 'pg_ts_dict' | 'pg_ts_config';
  readonly prefix: string;
  readonly parameters: string;
  readonly mappings?: string;
}

function describeSearch(kind: SearchKind): Describe {
  const { keyword, catalog, prefix, parameters, mappings } = kind;
  const owned = keyword === 'DICTIONARY' || keyword === 'CONFIGURATION';
  return async ({ server }, oids) => {
    const rows = await server.describe<SearchRow>(
      `SELECT o.oid::int8 AS oid, n.nspname AS schema, o.${prefix}name AS name,
         ${qualified('n.nspname', `o.${prefix}name`)} AS qualified,
         ${owned ? roleName(`o.${prefix}owner`) : 'NULL'} AS owner, ${parameters} AS parameters, ${mappings ?? 'NULL'} AS mappings
       FROM ${catalog} AS o JOIN pg_namespace AS n ON n.oid = o.${prefix}namespace WHERE o.oid = ANY ($1::oid[])`,
      oids,
    );
    return rows.map((row): Draft => {
      const identity = `TEXT SEARCH ${keyword} ${row.qualified}`;
      return {
        oid: row.oid,
        schema: row.schema,
        name: row.name,
        sql: [
          `CREATE ${identity} (${row.parameters})`,
          ...(row.mappings ?? []).map((mapping) => `ALTER ${identity} ADD MAPPING FOR ${mapping}`),
        ],
        adorned: [
          {
            classId: CATALOG[catalog],
            oid: row.oid,
            identity,
            ...(row.owner === null ? {} : { owner: row.owner }),
          },
        ],
        ...(owned ? {} : { traits: ['superuser'] as const }),
      };
    });
  };
}

function calls(keyword: string, column: string): string {
  return `CASE WHEN o.${column}::oid <> 0 THEN '${keyword} = ' || ${functionName(`o.${column}::oid`)} END`;
}

export const describeSearchParsers: Describe = describeSearch({
  keyword: 'PARSER',
  catalog: 'pg_ts_parser',
  prefix: 'prs',
  parameters: `concat_ws(', ', ${calls('START', 'prsstart')}, ${calls('GETTOKEN', 'prstoken')}, ${calls('END', 'prsend')},
    ${calls('HEADLINE', 'prsheadline')}, ${calls('LEXTYPES', 'prslextype')})`,
});

export const describeSearchTemplates: Describe = describeSearch({
  keyword: 'TEMPLATE',
  catalog: 'pg_ts_template',
  prefix: 'tmpl',
  parameters: `concat_ws(', ', ${calls('INIT', 'tmplinit')}, ${calls('LEXIZE', 'tmpllexize')})`,
});

export const describeSearchDictionaries: Describe = describeSearch({
  keyword: 'DICTIONARY',
  catalog: 'pg_ts_dict',
  prefix: 'dict',
  parameters: `concat_ws(', ', (SELECT 'TEMPLATE = ' || ${qualified('tn.nspname', 't.tmplname')} FROM pg_ts_template AS t
    JOIN pg_namespace AS tn ON tn.oid = t.tmplnamespace WHERE t.oid = o.dicttemplate), o.dictinitoption)`,
});

export const describeSearchConfigurations: Describe = describeSearch({
  keyword: 'CONFIGURATION',
  catalog: 'pg_ts_config',
  prefix: 'cfg',
  parameters: `(SELECT 'PARSER = ' || ${qualified('pn.nspname', 'p.prsname')} FROM pg_ts_parser AS p
    JOIN pg_namespace AS pn ON pn.oid = p.prsnamespace WHERE p.oid = o.cfgparser)`,
  mappings: `(SELECT json_agg(m.text ORDER BY m.token) FROM (
    SELECT t.alias AS token, quote_ident(t.alias) || ' WITH ' || string_agg(${qualified('dn.nspname', 'd.dictname')}, ', ' ORDER BY c.mapseqno) AS text
    FROM pg_ts_config_map AS c JOIN pg_ts_dict AS d ON d.oid = c.mapdict JOIN pg_namespace AS dn ON dn.oid = d.dictnamespace
    CROSS JOIN LATERAL (SELECT k.alias FROM ts_token_type(o.cfgparser) AS k WHERE k.tokid = c.maptokentype) AS t
    WHERE c.mapcfg = o.oid GROUP BY t.alias) AS m)`,
});
