/** Everything that a dump holds besides documents, read at once. */
import type { ObjectName, Omission, SnapshotOptions } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { Contents, Principal } from './catalog.ts';
import { listDatabases, listIndexes, measure, takeInventory } from './inventory.ts';
import type { Endpoint } from './location.ts';
import type { Size } from './parts.ts';
import type { Session } from './session.ts';

export interface TakenContents extends Contents {
  readonly databases: readonly string[];
  readonly sizes: ReadonlyMap<Contents['collections'][number], Size>;
  readonly strange: readonly ObjectName[];
  readonly omissions: readonly Omission[];
}

export async function takeContents(
  session: Session,
  endpoint: Endpoint,
  options: SnapshotOptions,
): Promise<TakenContents> {
  const selects = (object: ObjectName): boolean => options.selects?.(object) ?? true;
  const databases = await listDatabases(session, endpoint.database);
  const { collections, strange } = await takeInventory(session, databases, selects);
  const indexes = await listIndexes(session, collections);
  const sizes = await measure(session, collections);
  const { principals, omissions } = await listPrincipals(session, endpoint, options);
  return { databases, collections, indexes, sizes, strange, principals, omissions };
}

/** Users and roles that the dumped databases own; of all, if all are dumped. */
async function listPrincipals(
  session: Session,
  endpoint: Endpoint,
  options: SnapshotOptions,
): Promise<{ principals: Principal[]; omissions: Omission[] }> {
  const principals: Principal[] = [];
  const filter = endpoint.database === undefined ? {} : { db: endpoint.database };
  const kinds = options.noSecrets ? (['role'] as const) : (['role', 'user'] as const);
  try {
    for (const kind of kinds) {
      const doing = { what: `The ${kind}s could not be read`, object: ['admin', `system.${kind}s`] };
      const command = { find: `system.${kind}s`, filter };
      for await (const document of session.documents('admin', command, doing)) {
        principals.push({ kind, document: Buffer.from(document) });
      }
    }
    return { principals, omissions: [] };
  } catch (error) {
    if (!(error instanceof DbimgError) || error.code !== 'PERMISSION_DENIED') throw error;
    const reason = 'This user may not read users and roles: the role backup in admin can.';
    return { principals: [], omissions: [{ kind: 'users', object: ['admin', 'system.users'], reason }] };
  }
}
