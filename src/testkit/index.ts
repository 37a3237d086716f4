/**
 * The conformance suite that every adapter must pass. Call it in a file for `node:test`:
 *
 * ```ts
 * import { adapterSuite } from 'dbimg/testkit';
 * adapterSuite({ name: 'mine', adapter, create: …, … });
 * ```
 */
import { describe } from 'node:test';
import { consistency } from './consistency.ts';
import { faults } from './faults.ts';
import { physical } from './physical.ts';
import { refusals } from './refusals.ts';
import type { Subject } from './subject.ts';
import { thereAndBack } from './there-and-back.ts';

export { pipe } from '../core/store/pipe.ts';
export type { Cell, ColumnSpec, Scratch, Subject, TableSpec } from './subject.ts';
export { type OnCall, tapped } from './tap.ts';

/** Registers all tests of the suite for one adapter. `subject` is asked for when the first test runs. */
export function adapterSuite(name: string, subject: () => Promise<Subject>): void {
  let made: Promise<Subject> | undefined;
  const get = (): Promise<Subject> => {
    made ??= subject();
    return made;
  };
  describe(`adapter ${name}`, () => {
    thereAndBack(get);
    consistency(get);
    refusals(get);
    faults(get);
    physical(get);
  });
}
