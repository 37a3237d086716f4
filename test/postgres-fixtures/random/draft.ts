/** A random database while it is being drawn up: its statements so far, and what later statements may refer to. */

import { Random } from '../../random.ts';
import { arrayOf, BUILTIN_TYPES, type SqlType } from './builtin-types.ts';
import { Identifiers, literal } from './identifiers.ts';

export interface Column {
  /** Quoted. */
  readonly name: string;
  readonly type: SqlType;
  readonly notNull: boolean;
  /** No value may be given: generated, or left to the default. */
  readonly automatic: boolean;
}

export interface Table {
  /** Qualified and quoted. */
  readonly name: string;
  readonly schema: string;
  readonly kind: 'plain' | 'partitioned' | 'partition' | 'parent' | 'child';
  /** Without the key `id`, which every table has: 1, 2, … {@link rows}. */
  readonly columns: readonly Column[];
  rows: number;
  readonly unlogged: boolean;
  /** Columns of the unique key that others may refer to; `id` alone unless partitioned. */
  readonly key: readonly string[] | undefined;
}

export interface Routine {
  readonly name: string;
  /** With argument types, as GRANT and COMMENT want it. */
  readonly signature: string;
}

export class Draft {
  readonly random: Random;
  readonly version: number;
  readonly names: Identifiers;
  readonly statements: string[] = [];
  readonly schemas: string[] = ['public'];
  readonly userTypes: SqlType[] = [];
  readonly tables: Table[] = [];
  /** Views and materialized views with the number of their columns; the first is called `id`. */
  readonly views: string[] = [];
  readonly functions: Routine[] = [];
  readonly sequences: string[] = [];
  /** `TABLE x`, `COLUMN x.y`, … that may get a comment. */
  readonly commentable: string[] = [];

  constructor(seed: number, version: number) {
    this.random = new Random(seed);
    this.version = version;
    this.names = new Identifiers(this.random);
  }

  add(statement: string): void {
    this.statements.push(statement);
  }

  /** A schema at random. */
  schema(): string {
    return this.random.pick(this.schemas);
  }

  /** A fresh qualified name in a random schema. */
  place(): string {
    return `${this.schema()}.${this.names.fresh()}`;
  }

  /** Any type that the server has: builtin, own, or an array of one. */
  type(): SqlType {
    const { random } = this;
    const builtin = BUILTIN_TYPES.filter((type) => (type.since ?? 0) <= this.version);
    const base =
      random.chance(0.3) && this.userTypes.length > 0 ? random.pick(this.userTypes) : random.pick(builtin);
    return random.chance(0.15) ? arrayOf(base) : base;
  }

  comment(): string {
    const words = ['a note', "it's", 'two\nlines', '🐘', '\\.', '$$', '"'];
    return literal(this.random.some(words, 3).join(' '));
  }
}

/** Roles that random databases own and grant with; shared by all databases of a server, so made only if missing. */
export const ROLES = ['dbimg_random_owner', 'dbimg_random_reader', 'dbimg_random_writer'] as const;
