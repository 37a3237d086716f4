/** A random database while it is being drawn up: its statements so far, and what later statements may refer to. */
import { type MysqlProduct, mysqlName } from '../../engines/mysql.ts';
import { Random } from '../../random.ts';
import { literal, type MysqlType } from './types.ts';

export interface Column {
  /** Quoted. */
  readonly name: string;
  readonly type: MysqlType;
  readonly notNull: boolean;
  /** No value may be given. */
  readonly generated: boolean;
}

export interface Table {
  /** Quoted. */
  readonly name: string;
  readonly engine: 'InnoDB' | 'MyISAM' | 'Aria' | 'MEMORY';
  readonly partitioned: boolean;
  readonly versioned: boolean;
  /** `id` is an `int` and the primary key. */
  readonly keyed: boolean;
  /** Without `id`, which every table has: 1, 2, … {@link rows}. */
  readonly columns: readonly Column[];
  readonly rows: number;
}

const PLAIN = [
  'customer',
  'orders',
  'item',
  'price',
  'note',
  'created_at',
  'kind',
  'state',
  'code',
  'amount',
];
const ODD = [
  ...[
    'select',
    'key',
    'two words',
    "it's",
    'a "quoted" one',
    'back\\slash',
    'line\nbreak',
    'tab\tbed',
    'größe',
    '中文',
  ],
  ...['a.b', '$1', '--', '/*', ';', '%s', '`', '1st', 'UPPER', '@', '#', '?', ':x', ','],
];
const LONGEST = 64;

export class Draft {
  readonly random: Random;
  readonly product: MysqlProduct;
  readonly statements: string[] = [];
  readonly tables: Table[] = [];
  /** Tables, views: quoted names with a column `id`. */
  readonly readable: string[] = [];
  #count = 0;

  constructor(seed: number, product: MysqlProduct) {
    this.random = new Random(seed);
    this.product = product;
  }

  add(statement: string): void {
    this.statements.push(statement);
  }

  /** A new name, quoted, that no other call gives: one in four is odd, some are as long as names may be. */
  name(): string {
    this.#count += 1;
    const { random } = this;
    const word = random.chance(0.25) ? random.pick(ODD) : `${random.pick(PLAIN)}_`;
    const name = random.chance(0.5) ? `${word}${this.#count}` : `n${this.#count}${word}.`;
    return mysqlName(random.chance(0.05) ? name.padEnd(LONGEST, 'x') : name);
  }

  comment(): string {
    const words = ['a note', "it's", 'two\nlines', '🐬', '\\', '"', ';', '`'];
    return literal(this.random.some(words, 3).join(' '));
  }
}
