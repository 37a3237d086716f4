/** Logical replication: publications and what they publish, subscriptions. */
import type { Describe, Draft } from './draft.ts';
import { CATALOG } from './kinds.ts';
import { qualified, roleName } from './quoting.ts';
import type { CatalogSession } from './session.ts';

interface PublicationRow {
  readonly oid: number;
  readonly name: string;
  readonly quoted: string;
  readonly owner: string;
  readonly all: boolean;
  readonly parameters: string;
}

function publicationParameters(server: CatalogSession): string {
  return `concat_ws(', ', 'publish = ' || quote_literal(concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END,
      CASE WHEN p.pubupdate THEN 'update' END, CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END))
    ${server.pick(13, `, CASE WHEN p.pubviaroot THEN 'publish_via_partition_root = true' END`, '')}
    ${server.pick(18, `, CASE p.pubgencols WHEN 's' THEN 'publish_generated_columns = stored' END`, '')})`;
}

export const describePublications: Describe = async ({ server }, oids) => {
  const rows = await server.describe<PublicationRow>(
    `SELECT p.oid::int8 AS oid, p.pubname AS name, quote_ident(p.pubname) AS quoted, ${roleName('p.pubowner')} AS owner,
       p.puballtables AS "all", ${publicationParameters(server)} AS parameters
     FROM pg_publication AS p WHERE p.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map((row): Draft => {
    const identity = `PUBLICATION ${row.quoted}`;
    return {
      oid: row.oid,
      schema: '',
      name: row.name,
      sql: [`CREATE ${identity}${row.all ? ' FOR ALL TABLES' : ''} WITH (${row.parameters})`],
      adorned: [{ classId: CATALOG.pg_publication, oid: row.oid, identity, owner: row.owner }],
    };
  });
};

interface PublishedRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly publication: string;
  readonly what: string;
  readonly tableOid: number;
}

export const describePublishedTables: Describe = async ({ server }, oids) => {
  const columns = `(SELECT ' (' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) || ')' FROM pg_attribute AS a
    WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs))`;
  const narrowed = server.pick(
    15,
    `coalesce(${columns}, '') || coalesce(' WHERE (' || pg_get_expr(r.prqual, r.prrelid) || ')', '')`,
    `''`,
  );
  const rows = await server.describe<PublishedRow>(
    `SELECT r.oid::int8 AS oid, n.nspname AS schema, t.relname AS name, quote_ident(p.pubname) AS publication,
       ${qualified('n.nspname', 't.relname')} || ${narrowed} AS what, t.oid::int8 AS "tableOid"
     FROM pg_publication_rel AS r JOIN pg_publication AS p ON p.oid = r.prpubid JOIN pg_class AS t ON t.oid = r.prrelid
     JOIN pg_namespace AS n ON n.oid = t.relnamespace WHERE r.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map(
    (row): Draft => ({
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      of: [row.schema, row.name],
      sql: [`ALTER PUBLICATION ${row.publication} ADD TABLE ONLY ${row.what}`],
      exclusive: [row.tableOid],
    }),
  );
};

export const describePublishedSchemas: Describe = async ({ server }, oids) => {
  const rows = await server.describe<{ oid: number; name: string; quoted: string; publication: string }>(
    `SELECT r.oid::int8 AS oid, n.nspname AS name, quote_ident(n.nspname) AS quoted, quote_ident(p.pubname) AS publication
     FROM pg_publication_namespace AS r JOIN pg_publication AS p ON p.oid = r.pnpubid
     JOIN pg_namespace AS n ON n.oid = r.pnnspid WHERE r.oid = ANY ($1::oid[])`,
    oids,
  );
  return rows.map(
    (row): Draft => ({
      oid: row.oid,
      schema: '',
      name: row.name,
      sql: [`ALTER PUBLICATION ${row.publication} ADD TABLES IN SCHEMA ${row.quoted}`],
    }),
  );
};

interface SubscriptionRow {
  readonly oid: number;
  readonly name: string;
  readonly quoted: string;
  readonly owner: string;
  readonly connection: string;
  readonly publications: string;
  readonly parameters: string;
  readonly state: string;
}

function subscriptionParameters(server: CatalogSession): string {
  const flags: [number, string][] = [
    [14, `CASE WHEN s.subbinary THEN 'binary = true' END`],
    [
      14,
      server.pick(
        16,
        `CASE s.substream WHEN 't' THEN 'streaming = on' WHEN 'p' THEN 'streaming = parallel' END`,
        `CASE WHEN s.substream THEN 'streaming = on' END`,
      ),
    ],
    [15, `CASE WHEN s.subtwophasestate <> 'd' THEN 'two_phase = on' END`],
    [15, `CASE WHEN s.subdisableonerr THEN 'disable_on_error = true' END`],
    [16, `CASE WHEN NOT s.subpasswordrequired THEN 'password_required = false' END`],
    [16, `CASE WHEN s.subrunasowner THEN 'run_as_owner = true' END`],
    [16, `CASE WHEN s.suborigin <> 'any' THEN 'origin = ' || quote_literal(s.suborigin) END`],
    [17, `CASE WHEN s.subfailover THEN 'failover = true' END`],
  ];
  const known = flags.filter(([major]) => server.since(major)).map(([, flag]) => flag);
  return `concat_ws(', ', 'connect = false', 'slot_name = ' || coalesce(quote_literal(s.subslotname), 'NONE'),
    CASE WHEN s.subsynccommit <> 'off' THEN 'synchronous_commit = ' || quote_literal(s.subsynccommit) END${known.map((flag) => `, ${flag}`).join('')})`;
}

/**
 * Subscriptions come back disabled and without looking at their publisher: two subscribers on one slot would tear the
 * stream apart. Whoever moves the subscriber enables the new one.
 */
export const describeSubscriptions: Describe = async ({ server, omit }, oids) => {
  const rows = await server.describe<SubscriptionRow>(
    `SELECT s.oid::int8 AS oid, s.subname AS name, quote_ident(s.subname) AS quoted, ${roleName('s.subowner')} AS owner,
       quote_literal(s.subconninfo) AS connection,
       (SELECT string_agg(quote_ident(p), ', ') FROM unnest(s.subpublications) AS p) AS publications,
       ${subscriptionParameters(server)} AS parameters, CASE WHEN s.subenabled THEN 'enabled' ELSE 'disabled' END AS state
     FROM pg_subscription AS s WHERE s.oid = ANY ($1::oid[])`,
    oids,
  );
  const drafts: Draft[] = [];
  for (const row of rows) {
    if (server.noSecrets) {
      omit('subscription', '', row.name, 'Its connection may hold a password; secrets were not wanted.');
      continue;
    }
    if (row.state === 'enabled') {
      omit(
        'subscription-state',
        '',
        row.name,
        'It is restored disabled and without its position: enable it where it is to run.',
      );
    }
    const identity = `SUBSCRIPTION ${row.quoted}`;
    drafts.push({
      oid: row.oid,
      schema: '',
      name: row.name,
      sql: [
        `CREATE ${identity} CONNECTION ${row.connection} PUBLICATION ${row.publications} WITH (${row.parameters})`,
      ],
      adorned: [{ classId: CATALOG.pg_subscription, oid: row.oid, identity, owner: row.owner }],
      traits: ['superuser', 'secret'],
    });
  }
  return drafts;
};

/** Subscriptions that only a superuser could read, by name. */
export async function hiddenSubscriptions(server: CatalogSession): Promise<readonly string[]> {
  if (server.superuser) return [];
  const rows = await server.rows<{ name: string }>(
    `SELECT s.subname AS name FROM pg_subscription AS s
     WHERE s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()) ORDER BY 1`,
  );
  return rows.map((row) => row.name);
}
