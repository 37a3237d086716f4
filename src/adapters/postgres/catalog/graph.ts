/**
 * The objects of a database and what each needs, a few bytes apiece: a database may have a million of them.
 *
 * Nodes are numbered in the order in which they were added, which is by kind and name; so comparing two numbers is
 * comparing kind and name, and no name is held.
 */
import { KINDS, type KindName, kindNumber } from './kinds.ts';
import type { Oid } from './session.ts';

const NONE = -1;

/** A list of unsigned 32-bit numbers that grows. */
class Uint32List {
  #items = new Uint32Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.#items.length) {
      const larger = new Uint32Array(this.length * 2);
      larger.set(this.#items);
      this.#items = larger;
    }
    this.#items[this.length++] = value;
  }

  at(index: number): number {
    return this.#items[index] as number;
  }

  set(index: number, value: number): void {
    this.#items[index] = value;
  }
}

/** (class, oid) → node, by open addressing. */
class ObjectMap {
  #classes = new Uint16Array(4096);
  #oids = new Uint32Array(4096);
  #nodes = new Int32Array(4096);
  #used = 0;

  get(classId: number, oid: Oid): number {
    const slot = this.#slot(classId, oid);
    return this.#oids[slot] === 0 ? NONE : (this.#nodes[slot] as number);
  }

  set(classId: number, oid: Oid, node: number): void {
    if (this.#used * 2 >= this.#oids.length) this.#grow();
    const slot = this.#slot(classId, oid);
    if (this.#oids[slot] === 0) this.#used++;
    this.#classes[slot] = classId;
    this.#oids[slot] = oid;
    this.#nodes[slot] = node;
  }

  #slot(classId: number, oid: Oid): number {
    const mask = this.#oids.length - 1;
    let slot = (Math.imul(oid ^ Math.imul(classId, 0x85ebca6b), 0x9e3779b1) >>> 7) & mask;
    while (this.#oids[slot] !== 0 && (this.#oids[slot] !== oid || this.#classes[slot] !== classId)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow(): void {
    const classes = this.#classes;
    const oids = this.#oids;
    const nodes = this.#nodes;
    this.#classes = new Uint16Array(oids.length * 2);
    this.#oids = new Uint32Array(oids.length * 2);
    this.#nodes = new Int32Array(oids.length * 2);
    this.#used = 0;
    oids.forEach((oid, at) => {
      if (oid !== 0) this.set(classes[at] as number, oid, nodes[at] as number);
    });
  }
}

/** What is known of a node beside its edges. */
const FLAG = { separate: 1, post: 2, dropped: 4, alone: 8 } as const;

/** Edges sorted by one end: those of node n are `to[start[n]] … to[start[n + 1] - 1]`. */
export interface Adjacency {
  readonly start: Uint32Array;
  readonly to: Uint32Array;
}

export class ObjectGraph {
  readonly #kinds = new Uint32List();
  readonly #oids = new Uint32List();
  readonly #wholes = new Uint32List();
  readonly #flags = new Uint32List();
  readonly #map = new ObjectMap();
  readonly #from = new Uint32List();
  readonly #to = new Uint32List();

  get size(): number {
    return this.#kinds.length;
  }

  /**
   * Adds an object. `whole` is the node of which it is a part: a part is written inside its whole (a default inside
   * CREATE TABLE) unless it is made separate. `alone` parts cannot be made separate.
   */
  add(kind: KindName, classId: number, oid: Oid, whole: number = NONE): number {
    const node = this.#kinds.length;
    this.#kinds.push(kindNumber(kind));
    this.#oids.push(oid);
    this.#wholes.push(whole + 1);
    this.#flags.push(0);
    this.#map.set(classId, oid, node);
    return node;
  }

  /** Makes an object that has no node of its own known under a node: what needs it needs the node. */
  alias(classId: number, oid: Oid, node: number): void {
    if (node >= 0 && this.find(classId, oid) < 0) this.#map.set(classId, oid, node);
  }

  /** The node of an object; -1 for what is no node, such as everything that initdb made. */
  find(classId: number, oid: Oid): number {
    return this.#map.get(classId, oid);
  }

  /** `from` needs `to`. */
  edge(from: number, to: number): void {
    if (from === to || from < 0 || to < 0) return;
    this.#from.push(from);
    this.#to.push(to);
  }

  kind(node: number): KindName {
    return KINDS[this.#kinds.at(node)] as KindName;
  }

  oid(node: number): Oid {
    return this.#oids.at(node);
  }

  /** The node of which this one is a part, or -1. */
  whole(node: number): number {
    return this.#wholes.at(node) - 1;
  }

  /** Whether a part is written on its own, after its whole. */
  isSeparate(node: number): boolean {
    return (this.#flags.at(node) & FLAG.separate) !== 0;
  }

  /** Whether a node has to wait for the data although its kind need not. */
  isPostponed(node: number): boolean {
    return (this.#flags.at(node) & FLAG.post) !== 0;
  }

  /** Whether a node was left out by the user's choice. */
  isDropped(node: number): boolean {
    return (this.#flags.at(node) & FLAG.dropped) !== 0;
  }

  /** Whether a part can only be written inside its whole, such as a generated column's expression. */
  isInseparable(node: number): boolean {
    return (this.#flags.at(node) & FLAG.alone) !== 0;
  }

  separate(node: number): void {
    this.#flags.set(node, this.#flags.at(node) | FLAG.separate);
  }

  postpone(node: number): void {
    this.#flags.set(node, this.#flags.at(node) | FLAG.post);
  }

  drop(node: number): void {
    this.#flags.set(node, this.#flags.at(node) | FLAG.dropped);
  }

  bind(node: number): void {
    this.#flags.set(node, this.#flags.at(node) | FLAG.alone);
  }

  /**
   * Rewrites every edge: `change` gives the new end, or -1 to remove it. Used to send functions to a type's shell.
   */
  redirect(change: (from: number, to: number) => number): void {
    let kept = 0;
    for (let at = 0; at < this.#from.length; at++) {
      const from = this.#from.at(at);
      const to = change(from, this.#to.at(at));
      if (to < 0 || to === from) continue;
      this.#from.set(kept, from);
      this.#to.set(kept, to);
      kept++;
    }
    this.#from.length = kept;
    this.#to.length = kept;
  }

  /**
   * For every node what it needs, or (`reverse`) what needs it. A whole needs its parts; a part that is separate needs
   * its whole.
   */
  adjacency(reverse: boolean): Adjacency {
    const start = new Uint32Array(this.size + 1);
    this.#eachEdge((from, to) => {
      const key = reverse ? to : from;
      start[key + 1] = (start[key + 1] as number) + 1;
    });
    for (let node = 0; node < this.size; node++) {
      start[node + 1] = (start[node + 1] as number) + (start[node] as number);
    }
    const next = start.slice();
    const to = new Uint32Array(start[this.size] as number);
    this.#eachEdge((source, needed) => {
      const key = reverse ? needed : source;
      const slot = next[key] as number;
      to[slot] = reverse ? source : needed;
      next[key] = slot + 1;
    });
    return { start, to };
  }

  #eachEdge(visit: (from: number, to: number) => void): void {
    for (let at = 0; at < this.#from.length; at++) visit(this.#from.at(at), this.#to.at(at));
    for (let node = 0; node < this.size; node++) {
      const whole = this.whole(node);
      if (whole < 0) continue;
      if (this.isSeparate(node)) visit(node, whole);
      else visit(whole, node);
    }
  }
}
