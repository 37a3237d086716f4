/** Looks at the whole catalog before anything is made: what does not fit is told at once. */
import type { CatalogEntry, Context, Finding, ImageSummary, TargetOptions } from '../../core/adapter.ts';
import { withoutDatabase } from './connect.ts';
import { describeEntry } from './entries.ts';
import type { Endpoint } from './location.ts';
import { notEmpty } from './preconditions.ts';
import { Session } from './session.ts';
import { contentOf } from './situation.ts';

export class Reviewer {
  readonly #endpoint: Endpoint;
  readonly #options: TargetOptions;
  readonly #context: Context;
  readonly #databases = new Set<string>();

  constructor(endpoint: Endpoint, options: TargetOptions, context: Context) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#context = context;
  }

  async review(entries: readonly CatalogEntry[], _image: ImageSummary): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const entry of entries) {
      if (entry.kind === 'database') findings.push(...(await this.#database(entry)));
      if (entry.traits?.includes('superuser') && !this.#options.trust) findings.push(untrusted(entry));
    }
    return findings;
  }

  /** A location with a database takes an image of one; one without is asked only now what is there. */
  async #database(entry: CatalogEntry): Promise<Finding[]> {
    const name = entry.object[0] ?? '';
    this.#databases.add(name);
    if (this.#endpoint.database !== undefined) {
      if (this.#databases.size !== 2) return [];
      return [
        {
          level: 'obstacle',
          code: 'USAGE',
          what: `The image holds several databases (${[...this.#databases].join(', ')}, …), the URL names one.`,
          hint: 'Leave the database out of the URL, or choose one with --only NAME.',
        },
      ];
    }
    if (this.#options.replace) return [];
    await using session = await Session.open(withoutDatabase(this.#endpoint), this.#context);
    return notEmpty(name, await contentOf(session, name));
  }
}

function untrusted(entry: CatalogEntry): Finding {
  return {
    level: 'obstacle',
    code: 'UNTRUSTED',
    what: `The ${describeEntry(entry)} acts with more rights than its user.`,
    hint: 'If you know where the image comes from, say so with --trust.',
  };
}
