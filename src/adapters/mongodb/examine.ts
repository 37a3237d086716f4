/** What `doctor` says of a MongoDB deployment. */
import type { Context, Finding } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { Facts } from './facts.ts';
import { History } from './history.ts';
import { listDatabases, takeInventory } from './inventory.ts';
import { type Endpoint, isLocal } from './location.ts';
import { namespaceOf } from './names.ts';
import { Session } from './session.ts';

type Probe = (session: Session, facts: Facts) => Promise<readonly Finding[]>;

const ORDER = ['obstacle', 'warning', 'note', 'ok'] as const;
/** Below this many hours an oplog may roll over while a large database is dumped. */
const SHORT_OPLOG = 2;

/** The most serious first. */
export async function* examine(endpoint: Endpoint, facts: Facts, context: Context): AsyncGenerator<Finding> {
  await using session = await Session.open(endpoint, context);
  const findings: Finding[] = [];
  for (const probe of PROBES) findings.push(...(await probe(session, facts)));
  for (const level of ORDER) yield* findings.filter((finding) => finding.level === level);
}

const server: Probe = async (session, facts) => {
  const { info, deployment, setName } = facts;
  const kind = setName === undefined ? `a ${deployment}` : `member of the replica set ${setName}`;
  return [
    { level: 'ok', what: `MongoDB ${info.version}, ${kind}.` },
    ...(deployment === 'mongos' ? [MONGOS] : []),
    ...(deployment === 'stand-alone' ? [STAND_ALONE] : []),
    ...(deployment === 'replica set' && !facts.writable ? [SECONDARY] : []),
    ...(session.tls || isLocal(session.endpoint) ? [] : [UNENCRYPTED]),
  ];
};

const MONGOS: Finding = {
  level: 'obstacle',
  code: 'UNSUPPORTED',
  what: 'This is mongos: a sharded cluster has no one moment to be dumped at.',
  hint: 'Stop the balancer and dump each shard by the URL of its replica set.',
};

const STAND_ALONE: Finding = {
  level: 'warning',
  what: 'A stand-alone has no oplog: its documents cannot be read as of one moment while others write.',
  hint: 'Dump with --lock, or with --allow fuzzy if nobody writes, or make it a replica set of one member.',
};

const SECONDARY: Finding = {
  level: 'note',
  what: 'This member is not the primary: it can be dumped, but nothing can be restored here.',
};

const UNENCRYPTED: Finding = {
  level: 'warning',
  what: 'The connection is not encrypted.',
  hint: 'Add tls=true to the URL if the server speaks TLS.',
};

const contents: Probe = async (session, facts) => {
  if (facts.deployment === 'mongos') return [];
  try {
    const databases = await listDatabases(session, session.endpoint.database);
    const { collections, scratch } = await takeInventory(session, databases, () => true);
    const capped = collections.filter((collection) => collection.capped);
    return [
      { level: 'ok', what: `${collections.length} collections and views in ${databases.length} databases.` },
      ...(capped.length === 0 ? [] : [cappedNote(capped.length)]),
      ...scratch.map((object) => leftover(namespaceOf(object))),
    ];
  } catch (error) {
    return [denied(error)];
  }
};

function cappedNote(count: number): Finding {
  return {
    level: 'note',
    what: `${count} capped collections: images hold the oplog of the dump as well, and restoring replays it.`,
  };
}

function leftover(name: string): Finding {
  return {
    level: 'warning',
    what: `${name} belongs to a restore that is running, or that died.`,
    hint: 'If none is running, drop it.',
  };
}

const principals: Probe = async (session) => {
  const doing = { what: 'Users and roles cannot be read' };
  try {
    await session.query('admin', { find: 'system.users', limit: 1, projection: { _id: 1 } }, doing);
    return [{ level: 'ok', what: 'Users and roles can be read.' }];
  } catch (error) {
    return [{ ...denied(error), level: 'warning' }];
  }
};

/** How far the oplog reaches back, and whether it may be read. */
const oplog: Probe = async (session, facts) => {
  if (facts.deployment !== 'replica set') return [];
  try {
    const start = await new History(session).start();
    const { cursor } = await session.query(
      'local',
      { find: 'oplog.rs', sort: { $natural: 1 }, limit: 1, projection: { ts: 1 } },
      { what: 'The oplog cannot be read' },
    );
    const oldest = (cursor.firstBatch[0]?.ts.toBigInt() ?? start) as bigint;
    const hours = Number((start >> 32n) - (oldest >> 32n)) / 3600;
    const what = `The oplog reaches back ${hours.toFixed(1)} hours.`;
    return [hours < SHORT_OPLOG ? { level: 'note', what } : { level: 'ok', what }];
  } catch (error) {
    return [{ ...denied(error), level: 'warning' }];
  }
};

const locks: Probe = async (session) => {
  const doing = { what: 'Locks cannot be seen' };
  try {
    const { fsyncLock } = await session.query('admin', { currentOp: 1, $ownOps: true }, doing);
    if (fsyncLock !== true) return [];
    const what = 'Writers are kept out by an fsync lock.';
    return [{ level: 'warning', what, hint: 'If no backup is running: db.fsyncUnlock().' }];
  } catch {
    return [];
  }
};

const ttl: Probe = async (session) => {
  const doing = { what: 'Parameters cannot be read' };
  try {
    const { ttlMonitorEnabled } = await session.query(
      'admin',
      { getParameter: 1, ttlMonitorEnabled: 1 },
      doing,
    );
    if (ttlMonitorEnabled !== false) return [];
    const hint = 'If no restore is running: db.adminCommand({setParameter: 1, ttlMonitorEnabled: true}).';
    return [{ level: 'warning', what: 'The TTL monitor is off: nothing expires.', hint }];
  } catch {
    return [];
  }
};

function denied(error: unknown): Finding {
  if (!(error instanceof DbimgError) || error.code !== 'PERMISSION_DENIED') throw error;
  return {
    level: 'obstacle',
    code: 'PERMISSION_DENIED',
    what: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
}

const PROBES: readonly Probe[] = [server, contents, principals, oplog, locks, ttl];
