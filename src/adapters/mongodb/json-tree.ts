/**
 * JSON text as trees, through stream-json: the text comes in pieces, one tree is held at a time. Fields keep their order,
 * also when two have one name, and numbers the digits in which they are written.
 */
import { getManyValues, isMany, none } from 'stream-chain/defs.js';
import { jsonParser } from 'stream-json/parser.js';

export type Json =
  | { readonly kind: 'object'; readonly members: (readonly [name: string, value: Json])[] }
  | { readonly kind: 'array'; readonly items: Json[] }
  | { readonly kind: 'string'; readonly text: string }
  /** As it was written. */
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'literal'; readonly value: true | false | null };

interface Token {
  readonly name: string;
  readonly value?: string | boolean | null;
}

/** Deeper than any document that MongoDB stores. */
const DEEPEST = 250;

/** Takes text; gives the values that stand one after the other, or the elements of one outer array. */
export class JsonTrees {
  readonly #tokenize = jsonParser({ packValues: true, streamValues: false, jsonStreaming: true }) as (
    text: string | typeof none,
  ) => unknown;
  readonly #elements: boolean;
  readonly #open: Json[] = [];
  #complete: Json[] = [];
  #name = '';
  #outer: 'unknown' | 'open' | 'none' = 'unknown';

  /** @param elements whether an array at the outermost level stands for its elements. */
  constructor(elements: boolean) {
    this.#elements = elements;
  }

  /** The values that this piece completes. @throws Error that says what is wrong with the text. */
  push(piece: string): Json[] {
    return this.#take(piece);
  }

  /** The last values. @throws Error if the text ends within one. */
  end(): Json[] {
    const last = this.#take(none);
    if (this.#open.length > 0 || this.#outer === 'open') throw new Error('the text ends within a value');
    return last;
  }

  #take(piece: string | typeof none): Json[] {
    const output = this.#tokenize(piece);
    const tokens = output === none ? [] : isMany(output) ? getManyValues(output) : [output];
    for (const token of tokens as readonly Token[]) this.#token(token);
    const complete = this.#complete;
    this.#complete = [];
    return complete;
  }

  #token(token: Token): void {
    if (token.name === 'keyValue') this.#name = String(token.value);
    else if (token.name === 'endObject' || token.name === 'endArray') this.#close();
    else if (token.name === 'startArray' && this.#elements && this.#outer === 'unknown') this.#outer = 'open';
    else this.#add(nodeOf(token));
  }

  #add(node: Json): void {
    if (this.#outer === 'unknown') this.#outer = 'none';
    const parent = this.#open.at(-1);
    if (parent?.kind === 'object') parent.members.push([this.#name, node]);
    else if (parent?.kind === 'array') parent.items.push(node);
    if (node.kind === 'object' || node.kind === 'array') {
      this.#open.push(node);
      if (this.#open.length > DEEPEST) throw new Error(`it is nested more than ${DEEPEST} levels deep`);
    } else if (parent === undefined) this.#complete.push(node);
  }

  #close(): void {
    const node = this.#open.pop();
    if (node === undefined) this.#outer = 'none';
    else if (this.#open.length === 0) this.#complete.push(node);
  }
}

function nodeOf({ name, value }: Token): Json {
  switch (name) {
    case 'startObject':
      return { kind: 'object', members: [] };
    case 'startArray':
      return { kind: 'array', items: [] };
    case 'stringValue':
      return { kind: 'string', text: String(value) };
    case 'numberValue':
      return { kind: 'number', text: String(value) };
    default:
      return { kind: 'literal', value: value as true | false | null };
  }
}
