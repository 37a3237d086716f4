/** What stands in the way of a restore, and what it would do. */
import type { Finding, ImageSummary, TargetOptions } from '../../core/adapter.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { Facts } from './facts.ts';
import { type Endpoint, hostsOf } from './location.ts';

export interface Obstacle {
  readonly code: ErrorCode;
  readonly what: string;
  readonly hint?: string;
}

/** What is at the place of one database. */
export interface Situation {
  readonly database: string;
  /** Names of collections and views. */
  readonly there: readonly string[];
}

export function obstaclesOf(
  facts: Facts,
  image: ImageSummary,
  situation: Situation | undefined,
  options: TargetOptions,
): Obstacle[] {
  const obstacles: Obstacle[] = [];
  if (image.kind !== 'logical') {
    obstacles.push({
      code: 'UNSUPPORTED',
      what: `A ${image.kind} image is not restored into a running server.`,
    });
  }
  if (facts.deployment === 'mongos') {
    obstacles.push({
      code: 'UNSUPPORTED',
      what: 'This is mongos: what is restored beside cannot take its name in a sharded cluster.',
      hint: 'Restore into each shard by the URL of its replica set, with the balancer stopped.',
    });
  } else if (!facts.writable) {
    obstacles.push({
      code: 'UNSUPPORTED',
      what: 'This member is not the primary: nothing can be written.',
      hint: 'Give the URL of the replica set: all hosts, and replicaSet=NAME.',
    });
  }
  if (situation) obstacles.push(...contentObstacles(situation, options));
  return obstacles;
}

/** A database without collections does not exist. */
export function contentObstacles({ database, there }: Situation, options: TargetOptions): Obstacle[] {
  if (there.length === 0) {
    if (options.create) return [];
    return [
      {
        code: 'DATABASE_UNKNOWN',
        what: `There is no database ${database}.`,
        hint: 'Use --create to make it.',
      },
    ];
  }
  if (options.replace) return [];
  const hint = 'Use --replace to replace it once the new one is complete, or name another database.';
  return [{ code: 'TARGET_NOT_EMPTY', what: `The database ${database} is not empty.`, hint }];
}

export function findingsOf(obstacles: readonly Obstacle[]): Finding[] {
  return obstacles.map(({ code, what, hint }) => ({
    level: 'obstacle',
    code,
    what,
    ...(hint === undefined ? {} : { hint }),
  }));
}

/** What may go wrong although nothing stands in the way. */
export function warningsOf(facts: Facts, image: ImageSummary): string[] {
  const source = Number.parseInt(image.server.version, 10);
  if (!(source > facts.major)) return [];
  return [
    `The target is MongoDB ${facts.info.version}, older than the source's ${image.server.version}: what is new since then cannot be restored there.`,
  ];
}

export function planSteps(
  endpoint: Endpoint,
  database: string | undefined,
  options: TargetOptions,
): string[] {
  const where = database === undefined ? `the databases of ${hostsOf(endpoint)}` : `the database ${database}`;
  return [
    `make collections beside, in ${where}, under names that begin with dbimg_`,
    `load the documents with ${options.lanes} lanes`,
    'build the indexes',
    ...(options.replace
      ? ['give every collection its name, in place of the one that has it', 'drop what else is there']
      : ['give every collection its name']),
    'fill time-series collections and system.js, which cannot be renamed, once more under their names; make views',
    'merge users and roles',
  ];
}
