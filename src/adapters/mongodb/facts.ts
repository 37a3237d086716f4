/** What a deployment is: product, version, kind, and what we are to it. */
import { type Document, Timestamp } from 'mongodb';
import type { ServerInfo } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { Endpoint } from './location.ts';
import type { Session } from './session.ts';

/** How the history of a deployment can be read. */
export type Deployment = 'replica set' | 'stand-alone' | 'mongos';

export interface Facts {
  readonly info: ServerInfo;
  readonly deployment: Deployment;
  /** Whether it takes writes. */
  readonly writable: boolean;
  /** Major version. */
  readonly major: number;
  readonly setName: string | undefined;
}

const OLDEST = 5;

/** @throws DbimgError `SERVER_UNSUPPORTED` for versions before 5, and for what only speaks like MongoDB. */
export async function readFacts(session: Session, endpoint: Endpoint): Promise<Facts> {
  const doing = { what: 'The server could not be asked what it is' };
  const build = await session.query('admin', { buildInfo: 1 }, doing);
  const hello = await session.query('admin', { hello: 1 }, doing);
  const version = String(build.version);
  const major = Number.parseInt(version, 10);
  if (!(major >= OLDEST)) {
    throw new DbimgError(
      'SERVER_UNSUPPORTED',
      `This is MongoDB ${version}; dbimg needs version ${OLDEST} or later.`,
    );
  }
  const deployment = deploymentOf(hello);
  const compatibility = await featureCompatibility(session);
  return {
    info: {
      product: 'MongoDB',
      version,
      settings: {
        deployment,
        ...(compatibility === undefined ? {} : { featureCompatibilityVersion: compatibility }),
        // What the image will be of: one database, or all.
        ...(endpoint.database === undefined ? {} : { database: endpoint.database }),
      },
    },
    deployment,
    writable: hello.isWritablePrimary === true,
    major,
    setName: hello.setName,
  };
}

function deploymentOf(hello: Document): Deployment {
  if (hello.msg === 'isdbgrid') return 'mongos';
  return typeof hello.setName === 'string' ? 'replica set' : 'stand-alone';
}

/** Not everybody may ask. */
async function featureCompatibility(session: Session): Promise<string | undefined> {
  const command = { getParameter: 1, featureCompatibilityVersion: 1 };
  try {
    const reply = await session.query('admin', command, { what: 'A parameter could not be read' });
    return String(reply.featureCompatibilityVersion?.version);
  } catch (error) {
    if (error instanceof DbimgError && error.code === 'PERMISSION_DENIED') return undefined;
    if (error instanceof DbimgError && error.code === 'SERVER_ERROR') return undefined;
    throw error;
  }
}

/** Cluster time as plain data: seconds and ordinal. */
export interface ClusterTime {
  readonly t: number;
  readonly i: number;
}

export function toTimestamp({ t, i }: ClusterTime): Timestamp {
  return new Timestamp({ t, i });
}

export function clusterTimeOf(value: bigint): ClusterTime {
  return { t: Number(value >> 32n), i: Number(value & 0xffffffffn) };
}

export function numberOfTime({ t, i }: ClusterTime): bigint {
  return (BigInt(t) << 32n) | BigInt(i);
}
