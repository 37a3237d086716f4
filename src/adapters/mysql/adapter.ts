/** The adapter for MySQL and MariaDB. */
import type { Adapter } from '../../core/adapter.ts';
import { connect } from './connect.ts';
import { MysqlDecoder } from './decoder.ts';
import { describer } from './describer.ts';
import { redact } from './location.ts';
import { joinLane } from './reader.ts';
import { MysqlWriteLane } from './writer.ts';

export const adapter: Adapter = {
  name: 'mysql',
  schemes: ['mysql:', 'mariadb:'],
  module: import.meta.url,
  capabilities: { kinds: ['logical'], synchronous: false, replace: true, changes: false },
  redact,
  connect,
  joinLane,
  joinWriteLane: async (invitation, context) => new MysqlWriteLane(invitation, context),
  decoder: (open) => new MysqlDecoder(open),
  describer,
};
