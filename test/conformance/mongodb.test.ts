/** The MongoDB adapter against the conformance suite, on a replica set of one member. */
import { after } from 'node:test';
import { adapter } from '../../src/adapters/mongodb/adapter.ts';
import { adapterSuite } from '../../src/testkit/index.ts';
import { startMongo } from '../engines/mongodb.ts';
import { mongodbSubject } from './mongodb-subject.ts';

const server = startMongo();
after(async () => await (await server).stop());

adapterSuite('mongodb', async () => mongodbSubject(await server, adapter));
