/** What an image of MySQL holds, for other engines. */
import { BodyDescriber } from '../../core/described.ts';
import type { Describer } from '../../core/relation.ts';

/** They mean something to a server of MySQL alone. */
const LOCAL: ReadonlySet<string> = new Set([
  'database',
  'account',
  'role',
  'grant',
  'role grant',
  'default role',
  'sequence value',
]);

/** Relations are in the bodies of tables, with all their keys. */
export function describer(): Describer {
  return new BodyDescriber({
    local: LOCAL,
    reason: ({ kind }) =>
      kind === 'sequence'
        ? 'Other engines have none of this kind.'
        : 'It is written in the language of MySQL.',
  });
}
