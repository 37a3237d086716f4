/** What reacts: triggers, rules and event triggers. */
import type { Describe, Draft } from './draft.ts';
import { CATALOG } from './kinds.ts';
import { functionName, qualified, roleName } from './quoting.ts';

interface TriggerRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly quoted: string;
  readonly table: string;
  readonly tableName: string;
  readonly relkind: string;
  readonly definition: string;
  readonly enabled: string;
  readonly copied: boolean;
  readonly constraint: number | null;
  readonly locked: readonly number[];
}

/** SQL: the table `t` and all its partitions, which get a copy of its triggers. */
const WITH_PARTITIONS = `(WITH RECURSIVE touched (oid) AS (
    SELECT t.oid UNION SELECT i.inhrelid FROM touched JOIN pg_inherits AS i ON i.inhparent = touched.oid WHERE t.relkind = 'p'
  ) SELECT json_agg(touched.oid::int8) FROM touched)`;

/** As a trigger or rule says when it fires; nothing for the usual way. */
function enabling(table: string, what: string, enabled: string, always: boolean): readonly string[] {
  const words: Readonly<Record<string, string>> = {
    D: 'DISABLE',
    A: 'ENABLE ALWAYS',
    R: 'ENABLE REPLICA',
    O: 'ENABLE',
  };
  if (enabled === 'O' && !always) return [];
  return [`ALTER TABLE ${table} ${words[enabled] ?? 'ENABLE'} ${what}`];
}

export const describeTriggers: Describe = async ({ server }, oids) => {
  const copied = server.since(13)
    ? 'g.tgparentid <> 0'
    : `EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.classid = 'pg_trigger'::regclass AND d.objid = g.oid
         AND d.refclassid = 'pg_trigger'::regclass)`;
  const rows = await server.describe<TriggerRow>(
    `SELECT g.oid::int8 AS oid, n.nspname AS schema, g.tgname AS name, quote_ident(g.tgname) AS quoted,
       ${qualified('n.nspname', 't.relname')} AS "table", t.relname AS "tableName", t.relkind AS relkind,
       pg_get_triggerdef(g.oid) AS definition, g.tgenabled AS enabled, ${copied} AS copied,
       nullif(g.tgconstraint, 0)::int8 AS "constraint", ${WITH_PARTITIONS} AS locked
     FROM pg_trigger AS g JOIN pg_class AS t ON t.oid = g.tgrelid JOIN pg_namespace AS n ON n.oid = t.relnamespace
     WHERE g.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map((row): Draft => {
    const what = `TRIGGER ${row.quoted}`;
    const table = row.relkind === 'v' ? row.table : `ONLY ${row.table}`;
    return {
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      of: [row.schema, row.tableName],
      // A partition has got its copy with its parent's trigger; only its state is its own.
      sql: [...(row.copied ? [] : [row.definition]), ...enabling(table, what, row.enabled, row.copied)],
      adorned: [
        { classId: CATALOG.pg_trigger, oid: row.oid, identity: `${what} ON ${row.table}` },
        ...(row.constraint === null
          ? []
          : [
              {
                classId: CATALOG.pg_constraint,
                oid: row.constraint,
                identity: `CONSTRAINT ${row.quoted} ON ${row.table}`,
              },
            ]),
      ],
      exclusive: row.locked,
    };
  });
};

interface RuleRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly quoted: string;
  readonly table: string;
  readonly tableOid: number;
  readonly tableName: string;
  readonly definition: string;
  readonly enabled: string;
}

export const describeRules: Describe = async ({ server }, oids) => {
  const rows = await server.describe<RuleRow>(
    `SELECT r.oid::int8 AS oid, n.nspname AS schema, r.rulename AS name, quote_ident(r.rulename) AS quoted,
       ${qualified('n.nspname', 't.relname')} AS "table", t.oid::int8 AS "tableOid", t.relname AS "tableName",
       pg_get_ruledef(r.oid) AS definition, r.ev_enabled AS enabled
     FROM pg_rewrite AS r JOIN pg_class AS t ON t.oid = r.ev_class JOIN pg_namespace AS n ON n.oid = t.relnamespace
     WHERE r.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map(
    (row): Draft => ({
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      of: [row.schema, row.tableName],
      sql: [row.definition, ...enabling(row.table, `RULE ${row.quoted}`, row.enabled, false)],
      adorned: [
        { classId: CATALOG.pg_rewrite, oid: row.oid, identity: `RULE ${row.quoted} ON ${row.table}` },
      ],
      exclusive: [row.tableOid],
    }),
  );
};

interface EventTriggerRow {
  readonly oid: number;
  readonly name: string;
  readonly quoted: string;
  readonly owner: string;
  readonly event: string;
  readonly tags: string | null;
  readonly function: string;
  readonly enabled: string;
}

export const describeEventTriggers: Describe = async ({ server }, oids) => {
  const rows = await server.describe<EventTriggerRow>(
    `SELECT e.oid::int8 AS oid, e.evtname AS name, quote_ident(e.evtname) AS quoted, ${roleName('e.evtowner')} AS owner,
       quote_ident(e.evtevent) AS event, (SELECT string_agg(quote_literal(t), ', ') FROM unnest(e.evttags) AS t) AS tags,
       ${functionName('e.evtfoid')} AS function, e.evtenabled AS enabled
     FROM pg_event_trigger AS e WHERE e.oid = ANY ($1::oid[])`,
    oids,
  );
  const words: Readonly<Record<string, string>> = { D: 'DISABLE', A: 'ENABLE ALWAYS', R: 'ENABLE REPLICA' };
  return rows.map((row): Draft => {
    const identity = `EVENT TRIGGER ${row.quoted}`;
    const when = row.tags === null ? '' : ` WHEN TAG IN (${row.tags})`;
    return {
      oid: row.oid,
      schema: '',
      name: row.name,
      sql: [
        `CREATE ${identity} ON ${row.event}${when} EXECUTE FUNCTION ${row.function}()`,
        ...(row.enabled === 'O' ? [] : [`ALTER ${identity} ${words[row.enabled]}`]),
      ],
      adorned: [{ classId: CATALOG.pg_event_trigger, oid: row.oid, identity, owner: row.owner }],
      traits: ['superuser'],
    };
  });
};
