/** What is added to tables that have their rows: indexes, foreign keys, views, routines, triggers, events, sequences. */
import type { Column, Draft, Table } from './draft.ts';
import { literal } from './types.ts';

export function addIndexes(draft: Draft): void {
  for (const table of draft.tables) {
    for (let left = draft.random.integer(0, 3); left > 0; left -= 1) addIndex(draft, table);
  }
}

function addIndex(draft: Draft, table: Table): void {
  const { random } = draft;
  const usable = table.columns.filter((each) => !each.generated && each.type.key !== 'none');
  const column = usable.length > 0 ? random.pick(usable) : undefined;
  if (column === undefined) return;
  const { key, words } = column.type;
  if (key === 'spatial') {
    // MySQL warns of an index without one system of coordinates, and does not use it.
    if (column.notNull && table.engine !== 'MEMORY') {
      draft.add(`CREATE SPATIAL INDEX ${draft.name()} ON ${table.name} (${column.name})`);
    }
    return;
  }
  const full = words === true && table.engine === 'InnoDB' && !table.partitioned && !table.versioned;
  if (full && random.chance(0.3)) {
    draft.add(`CREATE FULLTEXT INDEX ${draft.name()} ON ${table.name} (${column.name})`);
    return;
  }
  const part = `${column.name}${key === 'prefix' ? '(10)' : ''}${random.chance(0.3) && table.engine === 'InnoDB' ? ' DESC' : ''}`;
  const more = random.chance(0.4) ? ['id'] : [];
  const comment = random.chance(0.2) ? ` COMMENT ${draft.comment()}` : '';
  const unique =
    more.length > 0 && random.chance(0.2) && !table.partitioned && !table.versioned ? 'UNIQUE ' : '';
  if (unique !== '' && !table.keyed) return;
  draft.add(
    `CREATE ${unique}INDEX ${draft.name()} ON ${table.name} (${[part, ...more].join(', ')})${comment}`,
  );
}

const ACTIONS = [
  '',
  ' ON DELETE CASCADE',
  ' ON DELETE SET NULL ON UPDATE CASCADE',
  ' ON UPDATE CASCADE',
  ' ON DELETE NO ACTION',
];

export function addForeignKeys(draft: Draft): void {
  const { random } = draft;
  const fit = draft.tables.filter((each) => each.engine === 'InnoDB' && !each.partitioned && !each.versioned);
  const parents = fit.filter((each) => each.keyed && each.rows > 1);
  for (const child of fit) {
    if (parents.length === 0 || !random.chance(0.5)) continue;
    const parent = random.pick(parents);
    const column = draft.name();
    draft.add(`ALTER TABLE ${child.name} ADD COLUMN ${column} int`);
    draft.add(`UPDATE ${child.name} SET ${column} = ${random.integer(1, parent.rows - 1)} WHERE id % 2 = 0`);
    // Orphans are a state too.
    const orphans = random.chance(0.15);
    if (orphans) draft.add(`SET foreign_key_checks = 0`);
    if (orphans) draft.add(`UPDATE ${child.name} SET ${column} = -7 WHERE id = 1`);
    draft.add(
      `ALTER TABLE ${child.name} ADD CONSTRAINT ${draft.name()} FOREIGN KEY (${column}) REFERENCES ${parent.name} (id)${random.pick(ACTIONS)}`,
    );
    if (orphans) draft.add(`SET foreign_key_checks = 1`);
  }
}

const MODES = [
  '',
  'ANSI_QUOTES',
  'NO_BACKSLASH_ESCAPES',
  'STRICT_TRANS_TABLES,NO_ZERO_DATE',
  'PIPES_AS_CONCAT,ANSI',
];

/** A definition is made under another mode and with other characters, in which it can be written. */
function addInOtherSession(draft: Draft, definition: string): void {
  const { random } = draft;
  const names = ['utf8mb4', 'utf8mb4 COLLATE utf8mb4_bin', 'latin1'];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
  const ascii = /^[\x00-\x7f]*$/.test(definition);
  draft.add(`SET sql_mode = '${random.pick(MODES)}'`);
  draft.add(`SET NAMES ${random.pick(ascii ? names : names.slice(0, 2))}`);
  draft.add(definition);
  draft.add('SET NAMES utf8mb4');
  draft.add(`SET sql_mode = '${DRAFT_MODE}'`);
}

/** Of everything else in a draft. */
export const DRAFT_MODE = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';

export function addViews(draft: Draft): void {
  const { random } = draft;
  for (let left = random.integer(0, 5); left > 0; left -= 1) {
    const name = draft.name();
    const over = random.pick(draft.readable);
    const table = draft.tables.find((each) => each.name === over);
    const columns = [
      'id',
      ...(table === undefined ? [] : seen(random.some([...table.columns, undefined]), over)),
    ];
    const algorithm = random.pick(['', '', 'ALGORITHM = MERGE ', 'ALGORITHM = TEMPTABLE ']);
    const security = random.pick(['', 'SQL SECURITY INVOKER ']);
    draft.add(
      `CREATE ${algorithm}${security}VIEW ${name} AS SELECT ${columns.join(', ')} FROM ${over} WHERE id > ${random.integer(0, 9)}`,
    );
    draft.readable.push(name);
  }
}

function seen(columns: readonly (Column | undefined)[], over: string): string[] {
  return columns.flatMap((each) => (each === undefined ? [] : [`${over}.${each.name}`]));
}

export function addRoutines(draft: Draft): void {
  const { random } = draft;
  for (let left = random.integer(0, 4); left > 0; left -= 1) {
    const comment = random.chance(0.3)
      ? ` COMMENT ${literal(random.pick(['a note', 'x; y', '/* z */']))}`
      : '';
    const security = random.pick(['', ' SQL SECURITY INVOKER']);
    const name = draft.name();
    const readable = random.pick(draft.readable);
    const body = `BEGIN DECLARE n int; SELECT COUNT(*) INTO n FROM ${readable}; SET b = n + a; END`;
    const procedure = `CREATE PROCEDURE ${name}(IN a int, OUT b bigint)${comment}${security} ${body}`;
    const plain = `CREATE FUNCTION ${name}(a varchar(10)) RETURNS varchar(30) DETERMINISTIC${comment}${security} RETURN CONCAT(a, 'x')`;
    addInOtherSession(draft, random.chance(0.5) ? procedure : plain);
  }
}

export function addTriggers(draft: Draft): void {
  const { random } = draft;
  for (const table of draft.tables) {
    for (let left = random.integer(0, 3); left > 0; left -= 1) {
      const when = `${random.pick(['BEFORE', 'AFTER'])} ${random.pick(['INSERT', 'UPDATE', 'DELETE'])}`;
      const name = draft.name();
      addInOtherSession(
        draft,
        `CREATE TRIGGER ${name} ${when} ON ${table.name} FOR EACH ROW SET @seen = 'it is; ${left}'`,
      );
    }
  }
}

export function addEvents(draft: Draft): void {
  const { random } = draft;
  for (let left = random.integer(0, 2); left > 0; left -= 1) {
    const state = random.pick(['ENABLE', 'DISABLE']);
    const every = random.pick(['1 DAY', "'1:30' HOUR_MINUTE", '3 WEEK']);
    const when = random.chance(0.3)
      ? "AT '2037-05-05 05:05:05'"
      : `EVERY ${every} STARTS '2036-01-01 00:00:00'`;
    const keep = random.pick(['', ' ON COMPLETION PRESERVE']);
    const name = draft.name();
    const zone = random.pick(['+00:00', '-05:30', 'SYSTEM']);
    draft.add(`SET time_zone = '${zone}'`);
    addInOtherSession(draft, `CREATE EVENT ${name} ON SCHEDULE ${when}${keep} ${state} DO SET @x = 1`);
    draft.add("SET time_zone = '+00:00'");
  }
}

export function addSequences(draft: Draft): void {
  const { random } = draft;
  if (draft.product !== 'mariadb') return;
  for (let left = random.integer(0, 3); left > 0; left -= 1) {
    const name = draft.name();
    const step = random.pick([1, 3, -2]);
    const cache = random.pick(['', ' NOCACHE', ' CACHE 10']);
    const cycle = random.pick(['', ' CYCLE']);
    draft.add(
      `CREATE SEQUENCE ${name} START WITH ${random.integer(-50, -1)} MINVALUE -1000 MAXVALUE 1000 INCREMENT BY ${step}${cache}${cycle}`,
    );
    if (random.chance(0.7)) draft.add(`SELECT NEXTVAL(${name})`);
  }
}
