/** The memory adapter, the reference, against the conformance suite. */
import { randomUUID } from 'node:crypto';
import { adapter } from '../../src/adapters/memory/adapter.ts';
import { databases, MemoryDatabase } from '../../src/adapters/memory/database.ts';
import { decodeRow, encodeRow } from '../../src/adapters/memory/types.ts';
import { adapterSuite, type Cell, type Scratch, type Subject } from '../../src/testkit/index.ts';

type Stored = string | number | null;

function database(location: string): MemoryDatabase | undefined {
  return databases.get(location.slice('memory:'.length));
}

function scratch(name: string): Scratch {
  return {
    location: `memory:${name}`,
    [Symbol.asyncDispose]: async () => void databases.delete(name),
  };
}

function store(cell: Cell): Stored {
  if (typeof cell === 'bigint') return Number(cell);
  return cell instanceof Uint8Array ? `base64:${Buffer.from(cell).toString('base64')}` : cell;
}

function load(cell: Stored | boolean): Cell {
  if (typeof cell === 'number') return BigInt(cell);
  if (typeof cell !== 'string' || !cell.startsWith('base64:')) return cell as Cell;
  return new Uint8Array(Buffer.from(cell.slice('base64:'.length), 'base64'));
}

const subject: Subject = {
  name: 'memory',
  adapter,
  faultStride: 1,
  oddNames: ['a"b', "it's", 'line\nend', '😀', 'x'.repeat(63)],
  async create() {
    const name = randomUUID();
    databases.set(name, new MemoryDatabase());
    return scratch(name);
  },
  absent: async () => scratch(randomUUID()),
  async fill(location, tables) {
    await database(location)?.change((state) => {
      for (const { name, columns, rows } of tables) {
        const encoded = rows.map((row) => encodeRow(row.map(store)));
        state.tables.set(name, { columns: columns.map((column) => column.name), rows: encoded });
        state.indexes.set(`${name} key`, { table: name, column: 0, unique: true });
        state.indexes.set(`${name} second`, { table: name, column: 1, unique: false });
        state.views.set(`${name} view`, { over: [name] });
        state.counters.set(`${name} counter`, rows.length);
      }
    });
  },
  async rows(location, table) {
    const rows = database(location)?.state.tables.get(table)?.rows;
    const decoded = rows?.map((row) => decodeRow(row).map(load));
    return decoded?.sort((a, b) => Number((a[0] as bigint) - (b[0] as bigint)));
  },
  async transfer(location, table, from, to, amount) {
    await database(location)?.change((state) => {
      const rows = state.tables.get(table)?.rows ?? [];
      for (const [id, change] of [
        [from, -amount],
        [to, amount],
      ] as const) {
        const [key, balance, ...rest] = decodeRow(rows[id] as Uint8Array);
        rows[id] = encodeRow([key as Stored, (balance as number) + change, ...rest]);
      }
    });
  },
  async traces(location) {
    const unfinished = [...databases.keys()].filter((name) => name.startsWith('.'));
    return [...(database(location)?.sessions ?? []), ...unfinished];
  },
  async compare(a, b) {
    const [x, y] = [database(a), database(b)].map((found) => found && describe(found));
    return x === y ? [] : [`${x} is not ${y}`];
  },
  files: {
    async write(location, path, bytes) {
      await database(location)?.change((state) => state.files.set(path, bytes));
    },
    read: async (location, path) => database(location)?.state.files.get(path),
  },
};

/** Everything of a database in a canonical order. */
function describe({ state }: MemoryDatabase): string {
  const tables = [...state.tables].map(([name, { columns, rows }]) => [
    name,
    columns,
    rows.map((row) => Buffer.from(row).toString('latin1')).sort(),
  ]);
  return JSON.stringify([tables, state.views, state.indexes, state.counters].map((map) => [...map].sort()));
}

adapterSuite('memory', async () => subject);
