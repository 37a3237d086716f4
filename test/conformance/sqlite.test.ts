/** The SQLite adapter against the conformance suite. */
import { adapterSuite } from '../../src/testkit/index.ts';
import { subject } from './sqlite-subject.ts';

adapterSuite('sqlite', async () => subject);
