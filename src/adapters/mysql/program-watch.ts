/** What databases, views, routines, triggers and events look like, as the server sums it up. */
import type { ObjectName } from '../../core/adapter.ts';
import { type Fingerprints, FLEETING, keyOf } from './fingerprints.ts';
import { literal } from './quoting.ts';
import type { Session } from './session.ts';

interface Programs {
  readonly databases: readonly string[];
  selects(object: ObjectName): boolean;
}

interface Kind {
  readonly view: string;
  readonly schema: string;
  readonly name: string;
  readonly word: string;
  /** Table by which it is chosen. */
  readonly of?: string;
  readonly definer?: string;
  /** Whether it may go by itself. */
  readonly fleeting?: string;
  readonly values: readonly string[];
}

const CHARACTERS = [
  'SQL_MODE',
  'DEFINER',
  'CHARACTER_SET_CLIENT',
  'COLLATION_CONNECTION',
  'DATABASE_COLLATION',
];
/** The scheduler ends such events: it disables or drops them. */
const ENDING = '(EXECUTE_AT IS NOT NULL OR ENDS IS NOT NULL)';

const KINDS: readonly Kind[] = [
  {
    ...{ view: 'SCHEMATA', schema: 'SCHEMA_NAME', name: "''", word: "'database'" },
    values: ['DEFAULT_CHARACTER_SET_NAME', 'DEFAULT_COLLATION_NAME'],
  },
  {
    ...{ view: 'VIEWS', schema: 'TABLE_SCHEMA', name: 'TABLE_NAME', word: "'view'" },
    ...{ of: 'TABLE_NAME', definer: 'DEFINER' },
    values: ['VIEW_DEFINITION', 'CHECK_OPTION', 'DEFINER', 'SECURITY_TYPE', ...CHARACTERS.slice(2, 4)],
  },
  {
    ...{ view: 'ROUTINES', schema: 'ROUTINE_SCHEMA', name: 'ROUTINE_NAME', word: 'LOWER(ROUTINE_TYPE)' },
    definer: 'DEFINER',
    values: [
      ...['DTD_IDENTIFIER', 'ROUTINE_DEFINITION', 'IS_DETERMINISTIC', 'SQL_DATA_ACCESS', 'SECURITY_TYPE'],
      ...['CREATED', 'LAST_ALTERED', 'ROUTINE_COMMENT', ...CHARACTERS],
    ],
  },
  {
    ...{ view: 'TRIGGERS', schema: 'TRIGGER_SCHEMA', name: 'TRIGGER_NAME', word: "'trigger'" },
    ...{ of: 'EVENT_OBJECT_TABLE', definer: 'DEFINER' },
    values: [
      ...['EVENT_OBJECT_TABLE', 'ACTION_TIMING', 'EVENT_MANIPULATION', 'ACTION_ORDER', 'ACTION_STATEMENT'],
      ...['CREATED', ...CHARACTERS],
    ],
  },
  {
    ...{ view: 'EVENTS', schema: 'EVENT_SCHEMA', name: 'EVENT_NAME', word: "'event'" },
    ...{ definer: 'DEFINER', fleeting: ENDING },
    // Not LAST_EXECUTED; and of those that end by themselves not whether they have.
    values: [
      ...[
        'EVENT_DEFINITION',
        'TIME_ZONE',
        'EXECUTE_AT',
        'INTERVAL_VALUE',
        'INTERVAL_FIELD',
        'STARTS',
        'ENDS',
      ],
      ...[
        'ON_COMPLETION',
        'CREATED',
        'LAST_ALTERED',
        'EVENT_COMMENT',
        `IF(${ENDING}, '', STATUS)`,
        ...CHARACTERS,
      ],
    ],
  },
];

/** With `user@host` of everybody who defined something. */
export async function programFingerprints(
  session: Session,
  programs: Programs,
): Promise<{ readonly fingerprints: Fingerprints; readonly definers: ReadonlySet<string> }> {
  const fingerprints = new Map<string, string>();
  const definers = new Set<string>();
  if (programs.databases.length === 0) return { fingerprints, definers };
  const databases = programs.databases.map(literal).join(', ');
  for (const { view, schema, name, word, of, definer, fleeting, values } of KINDS) {
    const rows = await session.query(
      `SELECT ${schema} AS s, ${name} AS n, ${word} AS word, ${of ?? 'NULL'} AS chosen, ${definer ?? 'NULL'} AS definer,
              ${fleeting ?? '0'} AS fleeting, SHA2(CONCAT_WS(0x00, ${values.map(shown).join(', ')}), 256) AS sum
         FROM information_schema.${view} WHERE ${schema} IN (${databases})`,
      { what: 'The definitions could not be listed' },
    );
    for (const row of rows) {
      const [database, object] = [String(row.s), row.n ? [String(row.s), row.n] : [String(row.s)]];
      if (row.chosen != null && !programs.selects([database, row.chosen])) continue;
      fingerprints.set(keyOf(String(row.word), object), `${row.fleeting === '1' ? FLEETING : ''}${row.sum}`);
      if (row.definer != null) definers.add(row.definer);
    }
  }
  return { fingerprints, definers };
}

/** NULL is not the empty text. */
const shown = (value: string): string => `IFNULL(CAST(${value} AS BINARY), '\\\\N')`;
