/** Fills the graph of a catalog: objects, the names they are also known by, and what each needs. */
import { type Adjacency, ObjectGraph } from './graph.ts';
import { aliasQueries, inventoryQueries } from './inventory.ts';
import { CATALOG, classOf, type KindName, STEP } from './kinds.ts';
import { openCircles, spreadDropped, spreadPostponed } from './order.ts';
import { type CatalogSession, FIRST_USER_OID } from './session.ts';

/** Parts are written inside the object that their catalog row points to. */
const WHOLES: Partial<Record<KindName, number>> = {
  'domain-constraint': CATALOG.pg_type,
  'view-query': CATALOG.pg_class,
  default: CATALOG.pg_class,
  check: CATALOG.pg_class,
};

/** Steps that belong to a relation and come after it. */
const OF_RELATION: ReadonlySet<KindName> = new Set<KindName>([
  'partition',
  'index-partition',
  'row-security',
  'refresh',
]);

/** The graph of a database's objects, ready to be sorted. */
export interface BuiltGraph {
  readonly graph: ObjectGraph;
  /** Nodes that need each other in a way that PostgreSQL gives no way out of, as far as we know. */
  readonly closed: readonly number[];
}

/**
 * Reads which objects there are and what needs what.
 *
 * @param selects whether the relation (schema, name) is wanted; what is not wanted is dropped with what needs it.
 */
export async function buildGraph(
  server: CatalogSession,
  selects: (schema: string, name: string) => boolean,
): Promise<BuiltGraph> {
  const graph = new ObjectGraph();
  for (const [kind, sql] of inventoryQueries(server)) await addObjects(server, graph, kind, sql);
  for (const sql of aliasQueries(server)) {
    for await (const [classId, oid, targetClass, target] of server.numbers(sql)) {
      graph.alias(classId as number, oid as number, graph.find(targetClass as number, target as number));
    }
  }
  await addDependencies(server, graph);
  await addStructure(server, graph);
  await dropUnselected(server, graph, selects);
  spreadDropped(graph);
  spreadPostponed(graph);
  addRefreshOrder(graph);
  return { graph, closed: openCircles(graph) };
}

async function addObjects(
  server: CatalogSession,
  graph: ObjectGraph,
  kind: KindName,
  sql: string,
): Promise<void> {
  const wholeClass = WHOLES[kind];
  for await (const [oid, wholeOid, mark] of server.numbers(sql)) {
    const whole = wholeClass === undefined ? -1 : graph.find(wholeClass, wholeOid as number);
    if (wholeClass !== undefined && whole < 0) continue;
    const node = graph.add(kind, classOf(kind), oid as number, whole);
    if (kind === 'default' && mark === 1) graph.bind(node);
    if (kind === 'domain-constraint' && mark === 1) {
      graph.separate(node);
      graph.postpone(node);
    }
    if (kind === 'constraint' || kind === 'index-partition') {
      graph.edge(node, graph.find(CATALOG.pg_class, mark as number));
    }
    if (OF_RELATION.has(kind)) graph.edge(node, graph.find(CATALOG.pg_class, oid as number));
    if (kind === 'type') graph.edge(node, graph.find(STEP.shell, oid as number));
  }
}

async function addDependencies(server: CatalogSession, graph: ObjectGraph): Promise<void> {
  const sql = `SELECT classid::int8, objid::int8, refclassid::int8, refobjid::int8 FROM pg_depend
    WHERE (deptype IN ('n', 'a', 'i') OR deptype = 'P' AND classid = 'pg_trigger'::regclass)
      AND objid >= ${FIRST_USER_OID} AND refobjid >= ${FIRST_USER_OID}`;
  for await (const row of server.numbers(sql)) {
    const [classId, oid, neededClass, neededOid] = row as readonly [number, number, number, number];
    const from = graph.find(classId, oid);
    const to = graph.find(neededClass, neededOid);
    if (from < 0 || to < 0 || from === to) continue;
    if (graph.whole(from) === to || graph.whole(to) === from) continue;
    const kind = graph.kind(from);
    const needed = graph.kind(to);
    if (kind === 'index' && needed === 'constraint') continue;
    if (kind === 'extension' && needed !== 'extension' && needed !== 'schema') continue;
    const inherits = kind === 'table' && needed === 'table' && neededClass === CATALOG.pg_class;
    if (inherits && graph.find(STEP.attach, oid) >= 0) continue;
    graph.edge(from, to);
  }
}

/** Order that `pg_depend` does not tell or tells the other way round. */
async function addStructure(server: CatalogSession, graph: ObjectGraph): Promise<void> {
  const link = async (fromClass: number, toClass: number, sql: string): Promise<void> => {
    for await (const [from, to] of server.numbers(sql)) {
      graph.edge(graph.find(fromClass, from as number), graph.find(toClass, to as number));
    }
  };
  const relation = CATALOG.pg_class;
  const constraint = CATALOG.pg_constraint;
  const user = FIRST_USER_OID;
  await link(
    STEP.attach,
    relation,
    `SELECT inhrelid::int8, inhparent::int8 FROM pg_inherits WHERE inhrelid >= ${user}`,
  );
  await link(
    relation,
    relation,
    `SELECT indexrelid::int8, indrelid::int8 FROM pg_index WHERE indexrelid >= ${user}`,
  );
  await link(
    constraint,
    relation,
    `SELECT oid::int8, conrelid::int8 FROM pg_constraint WHERE conrelid >= ${user} AND contype IN ('p', 'u', 'x', 'f')`,
  );
  await link(
    STEP.indexAttach,
    constraint,
    `SELECT i.inhrelid::int8, k.oid::int8 FROM pg_inherits AS i
     JOIN pg_constraint AS k ON k.conindid IN (i.inhrelid, i.inhparent) AND k.contype IN ('p', 'u', 'x')
     JOIN pg_class AS c ON c.oid = i.inhrelid WHERE c.relkind IN ('i', 'I')`,
  );
  await link(
    constraint,
    constraint,
    `SELECT f.oid::int8, k.oid::int8 AS key FROM pg_constraint AS f
     JOIN pg_constraint AS k ON k.conindid = f.conindid AND k.contype IN ('p', 'u') WHERE f.contype = 'f'`,
  );
  await link(
    constraint,
    STEP.indexAttach,
    `WITH RECURSIVE part (key, index) AS (
       SELECT f.oid, i.inhrelid FROM pg_constraint AS f JOIN pg_inherits AS i ON i.inhparent = f.conindid
       WHERE f.contype = 'f' AND f.conparentid = 0
       UNION ALL SELECT p.key, i.inhrelid FROM part AS p JOIN pg_inherits AS i ON i.inhparent = p.index
     ) SELECT key::int8, index::int8 FROM part`,
  );
}

async function dropUnselected(
  server: CatalogSession,
  graph: ObjectGraph,
  selects: (schema: string, name: string) => boolean,
): Promise<void> {
  const relations = server.stream(
    `SELECT c.oid::text, n.nspname::text, c.relname::text FROM pg_class AS c
     JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'f', 'm', 'v') AND c.oid >= ${FIRST_USER_OID}`,
  );
  for await (const rows of relations) {
    for (const [oid, schema, name] of rows) {
      const node = graph.find(CATALOG.pg_class, Number(oid));
      if (node < 0 || graph.kind(node) === 'extension') continue;
      if (!selects(schema as string, name as string)) graph.drop(node);
    }
  }
}

/** Kinds through which reading a materialized view's query may lead. */
const READ_THROUGH: ReadonlySet<KindName> = new Set<KindName>([
  'view',
  'view-query',
  'function',
  'aggregate',
]);

/**
 * A materialized view is refreshed after those that it reads, also through views and functions, and after the indexes
 * and keys of the tables that it reads; its own indexes are made when it is full.
 */
function addRefreshOrder(graph: ObjectGraph): void {
  const needs = graph.adjacency(false);
  const users = graph.adjacency(true);
  for (let node = 0; node < graph.size; node++) {
    if (graph.kind(node) !== 'refresh') continue;
    const own = graph.find(CATALOG.pg_class, graph.oid(node));
    for (const index of neighbours(users, own)) if (graph.kind(index) === 'index') graph.edge(index, node);
    for (const reached of readBy(graph, needs, users, own)) {
      const kind = graph.kind(reached);
      if (kind === 'materialized-view') graph.edge(node, graph.find(STEP.refresh, graph.oid(reached)));
      if (kind === 'view-query' || kind === 'function') graph.edge(node, reached);
      if (kind !== 'table') continue;
      for (const user of neighbours(users, reached)) {
        if (graph.kind(user) === 'index' || graph.kind(user) === 'constraint') graph.edge(node, user);
      }
    }
  }
}

function neighbours(side: Adjacency, node: number): Uint32Array {
  return side.to.subarray(side.start[node], side.start[node + 1]);
}

function readBy(graph: ObjectGraph, needs: Adjacency, users: Adjacency, view: number): ReadonlySet<number> {
  const reached = new Set<number>();
  const work = [view];
  const reach = (node: number): void => {
    if (reached.has(node) || node === view) return;
    reached.add(node);
    if (READ_THROUGH.has(graph.kind(node))) work.push(node);
  };
  for (let node = work.pop(); node !== undefined; node = work.pop()) {
    for (const needed of neighbours(needs, node)) reach(needed);
    for (const user of neighbours(users, node)) {
      // The separate query of a view is not among what the view needs, yet it is what reading the view runs.
      if (graph.kind(user) === 'view-query' && graph.whole(user) === node) reach(user);
    }
  }
  return reached;
}
