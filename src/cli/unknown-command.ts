import type { Hook } from '@oclif/core';
import { DbimgError } from '../core/errors.ts';
import { nearNames } from '../core/near-names.ts';
import { formatError } from './failure.ts';

/** Called by oclif for a command that is not there: told as every other error is. */
const unknownCommand: Hook.CommandNotFound = async ({ id, config, context }) => {
  // oclif takes the words that follow for parts of the command's name: locations too, and their passwords.
  const [word = ''] = id.split(':');
  const [near] = nearNames(word, config.commandIDs);
  const error = new DbimgError('USAGE', `There is no command ${JSON.stringify(word)}.`, {
    hint: near === undefined ? 'dbimg --help' : `Did you mean: dbimg ${near}`,
  });
  for (const line of formatError(error)) process.stderr.write(`${line}\n`);
  context.exit(error.exit);
};

export default unknownCommand;
