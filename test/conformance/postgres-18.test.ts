/** The PostgreSQL adapter against the conformance suite, on PostgreSQL 18. */
import { after } from 'node:test';
import { adapterSuite } from '../../src/testkit/index.ts';
import { startPostgres } from '../engines/postgres.ts';
import { postgresSubject } from './postgres-subject.ts';

const server = startPostgres({ version: 18 });
after(async () => await (await server).stop());

adapterSuite('postgres 18', async () => postgresSubject(await server));
