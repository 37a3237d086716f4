/**
 * Starts a server by hand, prints its URL and stays until Ctrl-C:
 *
 *     node test/engines/start-mysql.ts                                   MySQL 9
 *     node test/engines/start-mysql.ts mariadb                           MariaDB 10.11
 *     node test/engines/start-mysql.ts mariadb-11.8 --max-allowed-packet=1M
 */
import { once } from 'node:events';
import { type StartMysqlOptions, startMysql } from './mysql.ts';

const [which = 'mysql', ...options] = process.argv.slice(2);
const [product, version] = which.split('-');
if (product !== 'mysql' && product !== 'mariadb') {
  throw new Error('usage: start-mysql.ts [mysql | mariadb | mariadb-11.8] [--server-option=value …]');
}
const settings = Object.fromEntries(
  options.map((option) => {
    const [name = '', ...value] = option.replace(/^--/, '').split('=');
    return [name, value.length === 0 ? true : value.join('=')] as const;
  }),
);
// Listening from now on: a server that is still starting is to be removed too.
const end = Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
await using server = await startMysql({
  product,
  settings,
  ...(version === undefined ? {} : { version: version as NonNullable<StartMysqlOptions['version']> }),
});
const { socket, dataDir, pid } = server.process;
console.log(`${server.url}\nsocket ${socket}\ndata   ${dataDir}\npid    ${pid}`);
// An open timer keeps the process; the server itself does not.
const awake = setInterval(() => {}, 60_000);
await end;
clearInterval(awake);
