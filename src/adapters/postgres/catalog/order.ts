/**
 * Puts the nodes of a catalog into an order in which each comes after what it needs.
 *
 * Circles are opened where PostgreSQL allows an object to be completed later: a base type by its shell, a default, a
 * check or a domain's constraint by ALTER, a view by CREATE OR REPLACE over a stand-in with the same columns.
 */
import type { ObjectGraph } from './graph.ts';
import { type KindName, phaseOf, STEP } from './kinds.ts';

/** Kinds that tables and types may wait for, but that may themselves wait until the data is there. */
const POSTPONABLE: ReadonlySet<KindName> = new Set<KindName>([
  'function',
  'aggregate',
  'operator',
  'operator-class',
  'operator-family',
  'cast',
  'view',
  'materialized-view',
]);

/** What is cut off its whole to open a circle, mildest first. */
const SEPARABLE: readonly (readonly KindName[])[] = [
  ['default'],
  ['check', 'domain-constraint'],
  ['view-query'],
];

const PHASES = { pre: 0, post: 1, finish: 2 } as const;

/** 0 before the data, 1 after it, 2 at the very end. */
export function phaseNumber(graph: ObjectGraph, node: number): number {
  const phase = PHASES[phaseOf(graph.kind(node))];
  return phase === 0 && graph.isPostponed(node) ? 1 : phase;
}

function isPart(graph: ObjectGraph, node: number): boolean {
  return graph.whole(node) >= 0;
}

/** Leaves out what needs a node that was left out, except that a table can do without a default or a check. */
export function spreadDropped(graph: ObjectGraph): void {
  const { start, to } = graph.adjacency(true);
  const work: number[] = [];
  for (let node = 0; node < graph.size; node++) if (graph.isDropped(node)) work.push(node);
  const drop = (node: number): void => {
    if (graph.isDropped(node)) return;
    graph.drop(node);
    work.push(node);
  };
  for (let node = work.pop(); node !== undefined; node = work.pop()) {
    const dispensable =
      isPart(graph, node) && graph.kind(node) !== 'view-query' && !graph.isInseparable(node);
    for (let at = start[node] as number; at < (start[node + 1] as number); at++) {
      const user = to[at] as number;
      if (!(dispensable && user === graph.whole(node))) drop(user);
    }
  }
  for (let node = 0; node < graph.size; node++) {
    const whole = graph.whole(node);
    if (whole >= 0 && graph.isDropped(whole)) graph.drop(node);
  }
}

/** Moves behind the data what needs something that is only made there, such as a view that groups by a primary key. */
export function spreadPostponed(graph: ObjectGraph): void {
  const { start, to } = graph.adjacency(true);
  const work: number[] = [];
  for (let node = 0; node < graph.size; node++) if (phaseNumber(graph, node) === 1) work.push(node);
  for (let node = work.pop(); node !== undefined; node = work.pop()) {
    for (let at = start[node] as number; at < (start[node + 1] as number); at++) {
      const user = to[at] as number;
      if (phaseNumber(graph, user) !== 0) continue;
      if (user === graph.whole(node) && graph.isSeparate(node)) continue;
      if (isPart(graph, user) && !graph.isInseparable(user)) graph.separate(user);
      else if (!POSTPONABLE.has(graph.kind(user))) continue;
      graph.postpone(user);
      work.push(user);
    }
  }
}

/** The number of each node's circle; nodes in no circle have 0. Tarjan's algorithm without recursion. */
function circles(graph: ObjectGraph): { of: Int32Array; count: number } {
  const { start, to } = graph.adjacency(false);
  const size = graph.size;
  const of = new Int32Array(size);
  const index = new Int32Array(size);
  const low = new Int32Array(size);
  const open = new Uint8Array(size);
  const cursor = start.slice(0, size);
  const path = new Int32Array(size);
  const stack = new Int32Array(size);
  let pathLength = 0;
  let stackLength = 0;
  let counter = 0;
  let count = 0;
  const enter = (node: number): void => {
    index[node] = low[node] = ++counter;
    open[node] = 1;
    stack[stackLength++] = node;
    path[pathLength++] = node;
  };
  const leave = (node: number): void => {
    pathLength--;
    const parent = pathLength > 0 ? (path[pathLength - 1] as number) : -1;
    if (parent >= 0) low[parent] = Math.min(low[parent] as number, low[node] as number);
    if (low[node] !== index[node]) return;
    const alone = stack[stackLength - 1] === node;
    if (!alone) count++;
    for (let member = -1; member !== node; ) {
      member = stack[--stackLength] as number;
      open[member] = 0;
      of[member] = alone ? 0 : count;
    }
  };
  for (let root = 0; root < size; root++) {
    if (index[root] !== 0) continue;
    enter(root);
    while (pathLength > 0) {
      const node = path[pathLength - 1] as number;
      const at = cursor[node] as number;
      if (at === start[node + 1]) {
        leave(node);
        continue;
      }
      cursor[node] = at + 1;
      const needed = to[at] as number;
      if (phaseNumber(graph, needed) !== phaseNumber(graph, node)) continue;
      if (index[needed] === 0) enter(needed);
      else if (open[needed] === 1) low[node] = Math.min(low[node] as number, index[needed] as number);
    }
  }
  return { of, count };
}

/** Opens circles as far as possible; returns the nodes of those that stay closed. */
export function openCircles(graph: ObjectGraph): readonly number[] {
  let found = circles(graph);
  if (found.count > 0) {
    graph.redirect((from, to) => {
      if (found.of[from] === 0 || found.of[from] !== found.of[to]) return to;
      if (graph.kind(from) !== 'function' || graph.kind(to) !== 'type') return to;
      const shell = graph.find(STEP.shell, graph.oid(to));
      return shell < 0 ? to : shell;
    });
    found = circles(graph);
  }
  for (const kinds of SEPARABLE) {
    if (found.count === 0) break;
    for (let node = 0; node < graph.size; node++) {
      if (found.of[node] !== 0 && kinds.includes(graph.kind(node)) && !graph.isInseparable(node)) {
        graph.separate(node);
      }
    }
    found = circles(graph);
  }
  return found.count === 0 ? [] : [...found.of.keys()].filter((node) => found.of[node] !== 0);
}

/** A priority queue of node numbers, lowest first. */
class LowestFirst {
  readonly #heap: number[] = [];

  push(node: number): void {
    const heap = this.#heap;
    let at = heap.push(node) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((heap[parent] as number) <= node) break;
      heap[at] = heap[parent] as number;
      at = parent;
    }
    heap[at] = node;
  }

  pop(): number | undefined {
    const heap = this.#heap;
    const lowest = heap[0];
    const last = heap.pop();
    if (lowest === undefined || last === undefined || heap.length === 0) return lowest;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number)) child++;
      if ((heap[child] as number) >= last) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = last;
    return lowest;
  }
}

/** All nodes of all phases, each after what it needs; equals in the order of their numbers. */
export function sorted(graph: ObjectGraph): Uint32Array {
  const needs = graph.adjacency(false);
  const users = graph.adjacency(true);
  const size = graph.size;
  const missing = new Uint32Array(size);
  const phase = Uint8Array.from({ length: size }, (_, node) => phaseNumber(graph, node));
  for (let node = 0; node < size; node++) {
    for (let at = needs.start[node] as number; at < (needs.start[node + 1] as number); at++) {
      if (phase[needs.to[at] as number] === phase[node]) missing[node] = (missing[node] as number) + 1;
    }
  }
  const order = new Uint32Array(size);
  const done = new Uint8Array(size);
  let length = 0;
  for (const current of [0, 1, 2]) {
    const ready = new LowestFirst();
    for (let node = 0; node < size; node++)
      if (phase[node] === current && missing[node] === 0) ready.push(node);
    const place = (node: number): void => {
      done[node] = 1;
      order[length++] = node;
      for (let at = users.start[node] as number; at < (users.start[node + 1] as number); at++) {
        const user = users.to[at] as number;
        if (phase[user] !== current || done[user] === 1) continue;
        missing[user] = (missing[user] as number) - 1;
        if (missing[user] === 0) ready.push(user);
      }
    };
    const drain = (): void => {
      for (let node = ready.pop(); node !== undefined; node = ready.pop()) if (done[node] === 0) place(node);
    };
    drain();
    for (let node = 0; node < size; node++) {
      if (phase[node] !== current || done[node] === 1) continue;
      place(node);
      drain();
    }
  }
  return order;
}
