/** The adapter for MySQL and MariaDB. */
import type { Adapter } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { connect } from './connect.ts';
import { MysqlDecoder } from './decoder.ts';
import { redact } from './location.ts';
import { MysqlWriteLane } from './writer.ts';

const unsupported = async (): Promise<never> => {
  throw new DbimgError('UNSUPPORTED', 'This dbimg has no lanes for MySQL yet.');
};

export const adapter: Adapter = {
  name: 'mysql',
  schemes: ['mysql:', 'mariadb:'],
  module: import.meta.url,
  capabilities: { kinds: ['logical'], synchronous: false, replace: true, changes: false },
  redact,
  connect,
  joinLane: unsupported,
  joinWriteLane: async (invitation, context) => new MysqlWriteLane(invitation, context),
  decoder: (open) => new MysqlDecoder(open),
};
