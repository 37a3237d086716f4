/** What stands in the way of a restore before its catalog is known, and what it would do. */
import type { Finding, ImageSummary, TargetOptions } from '../../core/adapter.ts';
import type { Endpoint } from './location.ts';
import type { Situation } from './situation.ts';

/** Of the database that the location names. */
export interface FinalDatabase {
  readonly name: string;
  readonly exists: boolean;
  readonly content: readonly string[];
}

/** What a restore does in its own schemas. */
const NEEDED = ['CREATE', 'DROP', 'ALTER', 'INSERT', 'SELECT', 'INDEX', 'REFERENCES'];
const IN_FINAL = ['CREATE', 'INSERT', 'ALTER', 'DROP'];
/** Stands for all names of scratch schemas. */
const ANY_SCRATCH = 'dbimg_0';

export function obstaclesOf(
  situation: Situation,
  final: FinalDatabase | undefined,
  options: TargetOptions,
  image: ImageSummary,
): Finding[] {
  const { facts } = situation;
  const obstacles: Finding[] = [];
  if (image.kind !== 'logical') {
    obstacles.push({
      level: 'obstacle',
      code: 'UNSUPPORTED',
      what: `A ${image.kind} image is not restored into a running server.`,
    });
  }
  if (facts.readOnly) {
    obstacles.push({
      level: 'obstacle',
      code: 'UNSUPPORTED',
      what: 'The server is read-only: nothing can be written.',
      hint: 'Give the URL of the primary, or SET GLOBAL read_only = OFF.',
    });
  }
  return [...obstacles, ...privilegeObstacles(situation, final), ...contentObstacles(final, options)];
}

function privilegeObstacles({ facts, privileges }: Situation, final: FinalDatabase | undefined): Finding[] {
  const missing = (database: string, needed: readonly string[]): string[] =>
    needed.filter((privilege) => !privileges.on(database, privilege));
  const beside = missing(ANY_SCRATCH, NEEDED);
  const obstacles: Finding[] = [];
  const user = facts.account;
  if (beside.length > 0) {
    obstacles.push({
      level: 'obstacle',
      code: 'PERMISSION_DENIED',
      what: `${user} may not make the databases beside, in which a restore grows: ${beside.join(', ')} on dbimg\\_% is missing.`,
      hint: `An administrator can run: GRANT ALL ON \`dbimg\\_%\`.* TO ${user}`,
    });
  }
  const inside = final === undefined ? [] : missing(final.name, IN_FINAL);
  if (final !== undefined && inside.length > 0) {
    obstacles.push({
      level: 'obstacle',
      code: 'PERMISSION_DENIED',
      what: `${user} may not write into ${final.name}: ${inside.join(', ')} is missing.`,
      hint: `An administrator can run: GRANT ALL ON \`${final.name}\`.* TO ${user}`,
    });
  }
  return obstacles;
}

function contentObstacles(final: FinalDatabase | undefined, options: TargetOptions): Finding[] {
  if (final === undefined) return [];
  if (!final.exists && !options.create) {
    return [
      {
        level: 'obstacle',
        code: 'DATABASE_UNKNOWN',
        what: `There is no database ${final.name}.`,
        hint: 'Use --create to make it.',
      },
    ];
  }
  return options.replace ? [] : notEmpty(final.name, final.content);
}

export function notEmpty(name: string, content: readonly string[]): Finding[] {
  if (content.length === 0) return [];
  const shown = content.slice(0, 3).join(', ');
  return [
    {
      level: 'obstacle',
      code: 'TARGET_NOT_EMPTY',
      what: `The database ${name} is not empty: it has ${shown}${content.length > 3 ? ', …' : ''}.`,
      hint: 'Use --replace to replace it once the new one is complete, or name another database.',
    },
  ];
}

/** What may go wrong although nothing stands in the way. */
export function warningsOf({ facts, localInfile }: Situation, image: ImageSummary): Finding[] {
  const warnings: Finding[] = [];
  const { product, version } = image.server;
  if (product !== facts.info.product) {
    warnings.push({
      level: 'warning',
      what: `The image is of ${product} ${version}, the target is ${facts.info.product} ${facts.info.version}.`,
    });
  } else if (isOlder(facts.info.version, version)) {
    warnings.push({
      level: 'warning',
      what:
        `The target is ${product} ${facts.info.version}, older than the source's ${version}: ` +
        'what is new since then cannot be restored there.',
    });
  }
  if (!localInfile) {
    warnings.push({
      level: 'warning',
      what: 'The server takes no LOAD DATA LOCAL (local_infile is off): rows are inserted, which takes longer.',
      hint: 'An administrator can run: SET GLOBAL local_infile = ON',
    });
  }
  return warnings;
}

/** By the first two numbers. */
function isOlder(a: string, b: string): boolean {
  const number = (text: string): number => {
    const [major = 0, minor = 0] = text.split('.').map(Number);
    return major * 1000 + minor;
  };
  return number(a) < number(b);
}

export function planSteps(
  endpoint: Endpoint,
  final: FinalDatabase | undefined,
  options: TargetOptions,
): string[] {
  const place = endpoint.database ?? 'the databases of the image';
  const replaced = final !== undefined && final.content.length > 0 && options.replace;
  return [
    'make databases beside, whose names begin with dbimg_',
    'make accounts that are missing, and tables with their keys',
    `load the rows with ${options.lanes} lanes`,
    'build secondary indexes and foreign keys',
    ...(options.analyze ? ['gather statistics of the tables'] : []),
    ...(final !== undefined && !final.exists ? [`make the database ${final.name}`] : []),
    replaced
      ? `move all tables into ${place} with one RENAME TABLE, which takes the old ones away`
      : `move all tables into ${place} with one RENAME TABLE`,
    'make routines, views, triggers and grants, and at last enable events',
    ...(replaced ? ['drop the old tables'] : []),
  ];
}
