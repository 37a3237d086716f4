/**
 * Containers for the integration tests, through testcontainers, on images built from `docker/`.
 *
 * DBIMG_TEST_POSTGRES_IMAGE names another image with the interface of the official one, such as `postgres:18`, which is
 * pulled when it is missing; the one built here never is.
 */
import { execFile, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { PostgreSqlContainer } from '@testcontainers/postgresql';

const run = promisify(execFile);

const BUILT_HERE = 'dbimg-test-postgres:18';
export const POSTGRES_IMAGE: string = process.env.DBIMG_TEST_POSTGRES_IMAGE ?? BUILT_HERE;

const DOCKER_START_TIMEOUT = 60_000;

/**
 * A container that is not yet started: `await using container = await (await postgresContainer()).start()`.
 * Everything it needs is brought up before: the Docker daemon where that is possible, and the image.
 *
 * @throws Error that says what to install when there is no Docker and this process may not start it.
 */
export async function postgresContainer(): Promise<PostgreSqlContainer> {
  await ensureDocker();
  await ensureImage();
  // Its reaper is an image from a registry. Our containers are disposed by the tests themselves.
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
  const { PullPolicy } = await import('testcontainers');
  const container = new PostgreSqlContainer(POSTGRES_IMAGE);
  return POSTGRES_IMAGE === BUILT_HERE ? container.withPullPolicy(PullPolicy.neverPull()) : container;
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
  await ensureImage();
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

async function ensureImage(): Promise<void> {
  if (POSTGRES_IMAGE !== BUILT_HERE) return;
  const present = await run('docker', ['image', 'inspect', POSTGRES_IMAGE]).catch(() => undefined);
  if (present !== undefined) return;
  await run(fileURLToPath(new URL('../../docker/postgres/build', import.meta.url)), [POSTGRES_IMAGE]);
}
