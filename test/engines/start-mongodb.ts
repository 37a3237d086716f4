/**
 * A throw-away MongoDB by hand: prints the URL of a server that lives until Ctrl-C.
 *
 * usage: node test/engines/start-mongodb.ts [--members 0|1|3] [--auth] [--oplog MIB] [--set NAME=VALUE]…
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { type StartMongoOptions, startMongo } from './mongodb.ts';

const { values } = parseArgs({
  options: {
    members: { type: 'string', default: '1' },
    auth: { type: 'boolean', default: false },
    oplog: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
  },
});

const parameters = Object.fromEntries(
  values.set.map((text): [string, string] => {
    const [name = '', ...value] = text.split('=');
    return [name, value.join('=')];
  }),
);
await using server = await startMongo({
  members: Number(values.members) as StartMongoOptions['members'] & number,
  auth: values.auth,
  parameters,
  ...(values.oplog === undefined ? {} : { oplogMiB: Number(values.oplog) }),
});
process.stdout.write(`${server.url}\n`);
const alive = setInterval(() => {}, 60_000);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
clearInterval(alive);
