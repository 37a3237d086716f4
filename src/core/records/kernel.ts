/** The WebAssembly kernel: compiled once per thread, its instances lent to recorders. */
import { KERNEL_MODULE } from './kernel.wasm.ts';

/** What `feed`, `append` and `flush` return; larger numbers are `FAULT_BASE` plus a `Fault`. */
export const OUTCOME = {
  all: 0,
  foreign: 1,
  pieceReady: 2,
  pieceReadyAtEnd: 3,
} as const;

export const FAULT_BASE = 16;

/** Framings by the kernel's numbers. */
export const FRAMING_NUMBERS = {
  'pg-copy-text': 1,
  'pg-copy-binary': 2,
  'mysql-packet': 3,
  bson: 4,
  'bson-array': 5,
} as const;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly HEAD: { readonly value: number };
  readonly INPUT: { readonly value: number };
  readonly INPUT_SIZE: { readonly value: number };
  readonly PIECE: { readonly value: number };
  readonly PIECE_SIZE: { readonly value: number };
  open(keep: boolean, min: number, target: number, max: number): void;
  setFraming(framing: number): void;
  feed(from: number, to: number): number;
  append(from: number, to: number, last: boolean): number;
  flush(): number;
  release(): void;
  position(): number;
  held(): number;
  inside(): number;
  sumLow(): bigint;
  sumHigh(): bigint;
  records(): number;
  bytes(): number;
  readyLength(): number;
  readyUnfinished(): number;
  continued(): number;
  openLines(values: number): void;
  delimit(from: number, to: number): number;
  linesLength(): number;
  linesEnded(): number;
  insideLine(): number;
}

/** An instance with its memory. The regions stay where they are: the memory never grows. */
export interface Kernel {
  readonly run: Exports;
  /** Bytes of a message header that came in pieces. */
  readonly head: Uint8Array<ArrayBuffer>;
  readonly inputStart: number;
  readonly input: Uint8Array<ArrayBuffer>;
  readonly pieceStart: number;
  readonly pieceSize: number;
}

/** What is used of it; the whole is among the types of browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** Each owns some 5 MiB. */
const MOST_IDLE = 4;
const idle: Kernel[] = [];
let compiled: object | undefined;

export function borrowKernel(): Kernel {
  return idle.pop() ?? instantiate();
}

/** Gives an instance back. From here on nobody else may write into its memory. */
export function returnKernel(kernel: Kernel): void {
  if (idle.length < MOST_IDLE) idle.push(kernel);
}

function instantiate(): Kernel {
  compiled ??= new WebAssembly.Module(Buffer.from(KERNEL_MODULE, 'base64'));
  const run = new WebAssembly.Instance(compiled).exports as Exports;
  return {
    run,
    head: new Uint8Array(run.memory.buffer, run.HEAD.value, 32),
    inputStart: run.INPUT.value,
    input: new Uint8Array(run.memory.buffer, run.INPUT.value, run.INPUT_SIZE.value),
    pieceStart: run.PIECE.value,
    pieceSize: run.PIECE_SIZE.value,
  };
}
