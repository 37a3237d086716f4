/** SQLite as a source and a target of images: files, read page by page. */
import type { Adapter } from '../../core/adapter.ts';
import { SqliteDatabase } from './connect.ts';
import { decoder } from './decoder.ts';
import { SqliteDescriber } from './describer.ts';
import { encoder } from './encoder.ts';
import { SqliteReadLane } from './reader.ts';
import { translator } from './translator.ts';
import { SqliteWorkbench } from './workbench.ts';
import { SqliteWriteLane } from './writer.ts';

export const adapter: Adapter = {
  name: 'sqlite',
  schemes: ['sqlite:', 'file:'],
  module: import.meta.url,
  capabilities: {
    kinds: ['logical', 'physical'],
    synchronous: true,
    replace: true,
    changes: false,
    salvage: true,
  },
  redact: (location) => location,
  connect: async (location, context) => new SqliteDatabase(location, context),
  joinLane: (invitation, context) => SqliteReadLane.join(invitation, context),
  joinWriteLane: (invitation, context) => SqliteWriteLane.join(invitation, context),
  decoder,
  describer: () => new SqliteDescriber(),
  translator,
  encoder,
  workbench: (directory) => SqliteWorkbench.open(directory),
};
