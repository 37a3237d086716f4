/**
 * The conformance suite once more, on the server of DBIMG_TEST_POSTGRES_URL if that is set, else on a container of an
 * image built from `docker/postgres`, which users reach by the network as they do in their own integration tests.
 */
import { after } from 'node:test';
import { adapterSuite } from '../../src/testkit/index.ts';
import { postgresSubject, type TestServer } from '../conformance/postgres-subject.ts';
import { postgresContainer } from '../engines/containers.ts';
import { startPostgres } from '../engines/postgres.ts';

interface Running extends TestServer {
  stop(): Promise<unknown>;
}

async function start(): Promise<Running> {
  if (process.env.DBIMG_TEST_POSTGRES_URL !== undefined) return await startPostgres();
  const container = await (await postgresContainer()).start();
  // Docker's own network may be reached by another address than loopback, where dbimg insists on TLS.
  const url = `${container.getConnectionUri()}?sslmode=disable`;
  return { url, version: 18, stop: () => container.stop() };
}

const server = start();
after(async () => await (await server).stop());

adapterSuite('postgres elsewhere', async () => ({ ...postgresSubject(await server), faultStride: 5 }));
