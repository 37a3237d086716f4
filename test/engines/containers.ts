/**
 * Containers for the integration tests, through testcontainers, on images built from `docker/`.
 *
 * DBIMG_TEST_POSTGRES_IMAGE (MYSQL, MARIADB, MONGODB) names another image with the interface of the official one, such as
 * `postgres:18`, which is pulled when it is missing; the one built here never is.
 */
import { execFile, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { MariaDbContainer } from '@testcontainers/mariadb';
import type { MongoDBContainer } from '@testcontainers/mongodb';
import type { MySqlContainer } from '@testcontainers/mysql';
import type { PostgreSqlContainer } from '@testcontainers/postgresql';
import type { GenericContainer } from 'testcontainers';

const run = promisify(execFile);

/** Names and folders of the images that `docker/` builds. */
const BUILT_HERE = {
  postgres: 'dbimg-test-postgres:18',
  mysql: 'dbimg-test-mysql:9',
  mariadb: 'dbimg-test-mariadb:10.11',
  mongodb: 'dbimg-test-mongodb:6.0.5',
} as const;
type Engine = keyof typeof BUILT_HERE;

const imageOf = (engine: Engine): string =>
  process.env[`DBIMG_TEST_${engine.toUpperCase()}_IMAGE`] ?? BUILT_HERE[engine];

export const POSTGRES_IMAGE: string = imageOf('postgres');

const DOCKER_START_TIMEOUT = 60_000;

/**
 * A container that is not yet started: `await using container = await (await postgresContainer()).start()`.
 * Everything it needs is brought up before: the Docker daemon where that is possible, and the image.
 *
 * @throws Error that says what to install when there is no Docker and this process may not start it.
 */
export async function postgresContainer(): Promise<PostgreSqlContainer> {
  await prepare('postgres');
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
  return await notPulled('postgres', new PostgreSqlContainer(imageOf('postgres')));
}

/** As {@link postgresContainer}. */
export async function mysqlContainer(): Promise<MySqlContainer> {
  await prepare('mysql');
  const { MySqlContainer } = await import('@testcontainers/mysql');
  return await notPulled('mysql', new MySqlContainer(imageOf('mysql')));
}

/** As {@link postgresContainer}. */
export async function mariadbContainer(): Promise<MariaDbContainer> {
  await prepare('mariadb');
  const { MariaDbContainer } = await import('@testcontainers/mariadb');
  return await notPulled('mariadb', new MariaDbContainer(imageOf('mariadb')));
}

/** As {@link postgresContainer}: a replica set of one member. */
export async function mongodbContainer(): Promise<MongoDBContainer> {
  await prepare('mongodb');
  const { MongoDBContainer } = await import('@testcontainers/mongodb');
  return await notPulled('mongodb', new MongoDBContainer(imageOf('mongodb')));
}

async function prepare(engine: Engine): Promise<void> {
  await ensureDocker();
  await ensureImage(engine);
  // Its reaper is an image from a registry. Our containers are disposed by the tests themselves.
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
}

async function notPulled<Container extends GenericContainer>(
  engine: Engine,
  container: Container,
): Promise<Container> {
  const { PullPolicy } = await import('testcontainers');
  return imageOf(engine) === BUILT_HERE[engine]
    ? container.withPullPolicy(PullPolicy.neverPull())
    : container;
}

/**
 * Name of a long-lived container on the host's network in which PostgreSQL's client programs can be run with
 * `docker exec`.
 */
export async function startToolsContainer(): Promise<string> {
  const name = 'dbimg-test-postgres-tools';
  await ensureDocker();
  const running = await run('docker', ['inspect', '-f', '{{.State.Running}}', name]).catch(() => undefined);
  if (running?.stdout.trim() === 'true') return name;
  await ensureImage('postgres');
  const idle = ['--entrypoint', 'sleep', POSTGRES_IMAGE, 'infinity'];
  await run('docker', ['run', '-d', '--rm', '--network', 'host', '--name', name, ...idle]).catch(
    (error: Error) => {
      // Another test process was quicker.
      if (!error.message.includes('is already in use')) throw error;
    },
  );
  return name;
}

async function dockerAnswers(): Promise<boolean> {
  return run('docker', ['info', '-f', '{{.ServerVersion}}']).then(
    () => true,
    () => false,
  );
}

async function ensureDocker(): Promise<void> {
  if (await dockerAnswers()) return;
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new Error('The integration tests need Docker: install it, start it, and let this user talk to it.');
  }
  await installDocker();
  const log = openSync(join(tmpdir(), 'dbimg-dockerd.log'), 'a');
  // Of several test processes that start one at once, all but the first daemon give up on its pid file.
  spawn('dockerd', [], { detached: true, stdio: ['ignore', log, log] }).unref();
  for (const deadline = Date.now() + DOCKER_START_TIMEOUT; Date.now() < deadline; await sleep(200)) {
    if (await dockerAnswers()) return;
  }
  throw new Error(`dockerd did not start: see ${join(tmpdir(), 'dbimg-dockerd.log')}`);
}

async function installDocker(): Promise<void> {
  const script = `
    set -e
    exec 9> "$1"; flock 9
    for program in docker dockerd iptables; do command -v $program > /dev/null || missing=1; done
    [ -n "$missing" ] || exit 0
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends docker.io iptables
    command -v docker > /dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -qy docker-cli`;
  await run('sh', ['-c', script, 'install-docker', join(tmpdir(), 'dbimg-apt.lock')]).catch(
    (error: Error) => {
      throw new Error('The integration tests need Docker, which could not be installed with apt-get.', {
        cause: error,
      });
    },
  );
}

async function ensureImage(engine: Engine): Promise<void> {
  const image = imageOf(engine);
  if (image !== BUILT_HERE[engine]) return;
  const present = await run('docker', ['image', 'inspect', image]).catch(() => undefined);
  if (present !== undefined) return;
  await run(fileURLToPath(new URL(`../../docker/${engine}/build`, import.meta.url)), [image]);
}
