/** The PostgreSQL adapter against the conformance suite, on PostgreSQL 15. */
import { after } from 'node:test';
import { adapterSuite } from '../../src/testkit/index.ts';
import { startPostgres } from '../engines/postgres.ts';
import { postgresSubject } from './postgres-subject.ts';

const server = startPostgres({ version: 15 });
after(async () => await (await server).stop());

adapterSuite('postgres 15', async () => postgresSubject(await server));
