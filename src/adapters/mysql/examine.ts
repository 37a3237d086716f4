/** What `doctor` says of a server. */
import type { Context, Finding } from '../../core/adapter.ts';
import type { ServerFacts } from './facts.ts';
import { describeEndpoint, type Endpoint } from './location.ts';
import { Session } from './session.ts';

type Probe = (session: Session, facts: ServerFacts) => Promise<readonly Finding[]>;

const ORDER = ['obstacle', 'warning', 'note', 'ok'] as const;

/** The most serious first. */
export async function* examine(
  endpoint: Endpoint,
  facts: ServerFacts,
  context: Context,
): AsyncGenerator<Finding> {
  await using session = await Session.open(endpoint, context);
  const findings: Finding[] = [];
  for (const probe of PROBES) findings.push(...(await probe(session, facts)));
  for (const level of ORDER) yield* findings.filter((finding) => finding.level === level);
}

const server: Probe = async (session, facts) => [
  {
    level: 'ok',
    what: `${facts.product} ${facts.info.version}, ${describeEndpoint(session.endpoint)}, as ${facts.account}.`,
  },
];

const PROBES: readonly Probe[] = [server];
