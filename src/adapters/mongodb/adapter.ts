/** The MongoDB adapter. */
import type { Adapter } from '../../core/adapter.ts';
import { connect } from './connect.ts';
import { MongoDecoder } from './decoder.ts';
import { describer } from './describer.ts';
import { formats, texts } from './interchange.ts';
import { redact } from './location.ts';
import { MongoReadLane } from './reader.ts';
import { MongoWriteLane } from './writer.ts';

export const adapter: Adapter = {
  name: 'mongodb',
  schemes: ['mongodb:', 'mongodb+srv:'],
  module: import.meta.url,
  capabilities: { kinds: ['logical'], synchronous: false, replace: true, changes: false, rename: true },
  redact,
  connect,
  joinLane: MongoReadLane.join,
  joinWriteLane: MongoWriteLane.join,
  formats,
  texts,
  decoder: (open, relation) => new MongoDecoder(open, relation),
  describer,
};
