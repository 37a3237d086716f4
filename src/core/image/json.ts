/** JSON from strangers: bounded in size and depth, and every field looked at before it is believed. */
import type { Plain } from '../adapter.ts';
import { damaged } from './damage.ts';

/** No JSON document in an image is nested deeper. */
export const MAX_JSON_DEPTH = 100;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Parses UTF-8 JSON.
 * @throws DbimgError `IMAGE_DAMAGED`
 */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  checkDepth(bytes, what);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw damaged(`The ${what} is not valid JSON.`, { cause });
  }
}

function checkDepth(bytes: Uint8Array, what: string): void {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (quoted) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      if (depth > MAX_JSON_DEPTH) throw damaged(`The ${what} is nested too deeply.`);
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1;
  }
}

/** The fields of a JSON object. Every method throws `IMAGE_DAMAGED` if the field is not what is asked for. */
export class Fields {
  readonly #of: { readonly [name: string]: unknown };
  readonly #what: string;

  constructor(value: unknown, what: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw damaged(`The ${what} is not a JSON object.`);
    }
    this.#of = value as { [name: string]: unknown };
    this.#what = what;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#of, name);
  }

  get(name: string): unknown {
    return this.has(name) ? this.#of[name] : undefined;
  }

  string(name: string): string {
    const value = this.get(name);
    return typeof value === 'string' ? value : this.#refuse(name);
  }

  /** A string that matches `pattern`. */
  matching(name: string, pattern: RegExp): string {
    const value = this.string(name);
    return pattern.test(value) ? value : this.#refuse(name);
  }

  /** A whole number from 0 to `max`. */
  count(name: string, max: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.get(name);
    const counted = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max;
    return counted ? value : this.#refuse(name);
  }

  boolean(name: string): boolean {
    const value = this.get(name);
    return typeof value === 'boolean' ? value : this.#refuse(name);
  }

  fields(name: string): Fields {
    if (!this.has(name)) return this.#refuse(name);
    return new Fields(this.#of[name], `${name} of the ${this.#what}`);
  }

  list(name: string): readonly unknown[] {
    const value = this.get(name);
    return Array.isArray(value) ? value : this.#refuse(name);
  }

  strings(name: string): readonly string[] {
    const value = this.list(name);
    return value.every((item) => typeof item === 'string') ? (value as string[]) : this.#refuse(name);
  }

  counts(name: string): readonly number[] {
    const value = this.list(name);
    const good = value.every((item) => typeof item === 'number' && Number.isSafeInteger(item) && item >= 0);
    return good ? (value as number[]) : this.#refuse(name);
  }

  /** A JSON object whose values are strings. */
  dictionary(name: string): { readonly [name: string]: string } {
    const value = this.get(name);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return this.#refuse(name);
    return Object.values(value).every((item) => typeof item === 'string')
      ? (value as { [name: string]: string })
      : this.#refuse(name);
  }

  plain(name: string): Plain {
    return this.has(name) ? (this.#of[name] as Plain) : this.#refuse(name);
  }

  /** `{ [name]: read() }` if the field is there, else nothing: for optional properties. */
  optional<K extends string, T>(name: K, read: (name: K) => T): { [name in K]?: T } {
    return this.has(name) ? ({ [name]: read(name) } as { [name in K]: T }) : {};
  }

  #refuse(name: string): never {
    throw damaged(`The field "${name}" of the ${this.#what} is missing or wrong.`);
  }
}
