/** Contestants measured in turn, round after round, so that what the machine does beside hits all of them alike. */

/** Figures of one run: seconds or bytes, by name. */
export type Figures = Readonly<Record<string, number>>;

export interface Contestant {
  readonly name: string;
  run(): Promise<Figures>;
}

export interface Rounds {
  readonly rounds: number;
  /** Runs of each before the first round, not counted. */
  readonly warmUps: number;
}

/** What each contestant did in each round. */
export type Results = ReadonlyMap<string, readonly Figures[]>;

/** Every contestant once in each round, beginning with another one each time. */
export async function inTurn(
  contestants: readonly Contestant[],
  { rounds, warmUps }: Rounds,
  tell: (line: string) => void,
): Promise<Results> {
  const results = new Map<string, Figures[]>(contestants.map(({ name }) => [name, []]));
  for (let round = -warmUps; round < rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const contestant = contestants[(turn + round + warmUps) % contestants.length];
      if (contestant === undefined) continue;
      const figures = await contestant.run();
      const wall = (figures.wall ?? 0).toFixed(2);
      tell(`  ${round < 0 ? 'warm-up' : `round ${round + 1}`}  ${contestant.name}  ${wall} s`);
      if (round >= 0) results.get(contestant.name)?.push(figures);
    }
  }
  return results;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** One figure of one contestant over all rounds. Throws if it was never measured: a typing error must not look like a result. */
export function series(results: Results, contestant: string, figure: string): readonly number[] {
  const values = results.get(contestant)?.map((figures) => figures[figure]) ?? [];
  if (values.length === 0 || values.some((value) => value === undefined)) {
    throw new Error(`${contestant} has no figure ${figure}`);
  }
  return values as number[];
}
