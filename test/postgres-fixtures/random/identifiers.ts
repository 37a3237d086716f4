/** Quoting, and names of the kind that people should not use but do. */
import type { Random } from '../../random.ts';

const ODD = [
  'select', 'User', 'two words', 'it\'s', 'a "quoted" one', 'back\\slash', 'line\nbreak', 'tab\tbed', '🐘', 'größe', '中文',
  'a.b', '$1', '$$', '--', '/*', ';', '%s %I', '{0}', ':x', '1st', ' ', 'UPPER', 'e\u0301', '\u202e', '*', '(x)', '[1]', ',', '@',
]; // biome-ignore format: a list of words reads better on few lines
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
  'label',
];
const LONGEST = 63;

export function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** Reserved words among {@link PLAIN} and {@link ODD}. */
const RESERVED = new Set(['select', 'user']);

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A new name, plain or odd, that no other call gives: one in five is odd, one in forty as long as names may be. */
export class Identifiers {
  readonly #random: Random;
  #count = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Quoted where that is needed. */
  fresh(): string {
    this.#count += 1;
    const random = this.#random;
    if (!random.chance(0.2)) return identifier(`${random.pick(PLAIN)}_${this.#count}`);
    const odd = random.chance(0.5)
      ? `${random.pick(ODD)}${this.#count}`
      : `${this.#count}${random.pick(ODD)}`;
    return identifier(random.chance(0.12) ? lengthen(`${this.#count} ${odd}`) : odd);
  }
}

function lengthen(name: string): string {
  return name + 'x'.repeat(Math.max(0, LONGEST - Buffer.byteLength(name)));
}
