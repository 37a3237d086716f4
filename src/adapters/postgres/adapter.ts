/** The PostgreSQL adapter. */
import type { Adapter } from '../../core/adapter.ts';
import { connect } from './connect.ts';
import { PostgresDecoder } from './decoder.ts';
import { PostgresDescriber } from './describer.ts';
import { redact } from './location.ts';
import { PostgresReadLane } from './reader.ts';
import { PostgresWriteLane } from './writer.ts';

export const adapter: Adapter = {
  name: 'postgres',
  schemes: ['postgres:', 'postgresql:'],
  module: import.meta.url,
  capabilities: { kinds: ['logical'], synchronous: false, replace: true, changes: false },
  redact,
  connect,
  joinLane: PostgresReadLane.join,
  joinWriteLane: async (invitation, context) => new PostgresWriteLane(invitation, context),
  decoder: (open) => new PostgresDecoder(open),
  describer: () => new PostgresDescriber(),
};
