/** What stands in the way of a restore, and what it would do. */
import type { ImageSummary, TargetOptions } from '../../core/adapter.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { Endpoint } from './location.ts';
import type { Situation } from './situation.ts';

export interface Obstacle {
  readonly code: ErrorCode;
  readonly what: string;
  readonly hint?: string;
}

/** Whether the restore fills the existing database itself, because no other can be put into its place. */
export function staysInside(situation: Situation): boolean {
  return situation.exists && !(situation.facts.createDatabase && situation.own);
}

export function obstaclesOf(
  endpoint: Endpoint,
  situation: Situation,
  options: TargetOptions,
  image: ImageSummary,
): Obstacle[] {
  const { facts } = situation;
  const name = endpoint.database;
  const obstacles: Obstacle[] = [];
  if (image.kind !== 'logical') {
    obstacles.push({
      code: 'UNSUPPORTED',
      what: `A ${image.kind} image is not restored into a running server.`,
    });
  }
  if (facts.recovery) {
    obstacles.push({
      code: 'UNSUPPORTED',
      what: 'The server is a standby: nothing can be written.',
      hint: 'Give the URL of the primary.',
    });
  }
  if (facts.pooled) {
    obstacles.push({
      code: 'POOLER_IN_BETWEEN',
      what: 'A connection pooler answers in place of the server; a restore needs sessions of its own.',
      hint: 'Give the URL of the server itself.',
    });
  }
  return [
    ...obstacles,
    ...(situation.exists
      ? contentObstacles(name, situation, options)
      : missingObstacles(name, situation, options)),
  ];
}

function missingObstacles(name: string, { facts }: Situation, options: TargetOptions): Obstacle[] {
  if (!options.create) {
    return [
      { code: 'DATABASE_UNKNOWN', what: `There is no database ${name}.`, hint: 'Use --create to make it.' },
    ];
  }
  if (facts.createDatabase) return [];
  return [
    {
      code: 'PERMISSION_DENIED',
      what: `${facts.user} may not make databases.`,
      hint: `Let an administrator make an empty database ${name}, or ALTER ROLE ${facts.user} CREATEDB.`,
    },
  ];
}

function contentObstacles(name: string, situation: Situation, options: TargetOptions): Obstacle[] {
  const { empty, unfinished, others, facts } = situation;
  if (unfinished !== undefined && !options.replace) {
    const what = `The database ${name} holds what an earlier restore left (${unfinished}).`;
    return [{ code: 'TARGET_NOT_EMPTY', what, hint: 'Use --replace to remove it and begin anew.' }];
  }
  if (!empty && unfinished === undefined && !options.replace) {
    const hint = 'Use --replace to replace it once the new one is complete, or name another database.';
    return [{ code: 'TARGET_NOT_EMPTY', what: `The database ${name} is not empty.`, hint }];
  }
  if (!empty && unfinished === undefined && staysInside(situation)) {
    const what = `${facts.user} may not put another database into the place of ${name}.`;
    return [{ code: 'PERMISSION_DENIED', what, hint: `That takes CREATEDB and the ownership of ${name}.` }];
  }
  if (others.length > 0 && !options.replace) {
    const what = `The database ${name} is being used: ${others.join(', ')}.`;
    return [{ code: 'LOCK_TIMEOUT', what, hint: 'Let those sessions end, or end them with --replace.' }];
  }
  return [];
}

/** What may go wrong although nothing stands in the way. */
export function warningsOf({ facts }: Situation, image: ImageSummary): string[] {
  const major = (version: string): number => Number.parseInt(version, 10);
  if (major(facts.info.version) >= major(image.server.version)) return [];
  return [
    `The target is PostgreSQL ${facts.info.version}, older than the source's ${image.server.version}: ` +
      'what is new since then cannot be restored there.',
  ];
}

export function planSteps(endpoint: Endpoint, situation: Situation, options: TargetOptions): string[] {
  const name = endpoint.database;
  const load = [
    'make roles, types, functions and tables',
    `load the rows with ${options.lanes} lanes`,
    'build indexes and constraints',
  ];
  const analyze = options.analyze ? ['gather planner statistics'] : [];
  if (staysInside(situation)) {
    return [
      `fill the database ${name} behind the schema dbimg_unfinished`,
      ...load,
      ...analyze,
      'drop the schema dbimg_unfinished',
    ];
  }
  const last = situation.exists
    ? `give the new database the name ${name} in one transaction, and drop the old one`
    : `give the new database the name ${name}`;
  const ending = situation.exists && options.replace ? [`end all sessions in ${name}`] : [];
  return ['make a new database beside', ...load, ...analyze, ...ending, last];
}
