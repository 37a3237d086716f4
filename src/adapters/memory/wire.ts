/** How lanes reach a memory database: directly in its own thread, by messages from any other. */
import { randomUUID } from 'node:crypto';
import { BroadcastChannel, isMainThread } from 'node:worker_threads';
import { asDbimgError, DbimgError, type ErrorCode } from '../../core/errors.ts';

type Request = { readonly id: string; readonly method: string; readonly args: readonly unknown[] };
type Reply =
  | { readonly reply: string; readonly result: unknown }
  | { readonly reply: string; readonly error: { code: ErrorCode; message: string } };
type Method = (...args: readonly never[]) => unknown;

const CHANNEL = 'dbimg-memory';
const methods = new Map<string, Method>();
let channel: BroadcastChannel | undefined;
const waiting = new Map<string, (reply: Reply) => void>();

/** Makes `method` callable from other threads. The databases live in the main thread, so it alone serves. */
export function serve(name: string, method: Method): void {
  methods.set(name, method);
}

/** Opens the door for lanes in workers. It does not keep the process alive. */
export function listen(): void {
  if (!isMainThread || channel) return;
  channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = (event) => {
    const request = (event as { data: unknown }).data as Request;
    if (request.id !== undefined) void answer(request);
  };
  channel.unref();
}

/** Calls a served method, wherever it is. */
export async function call(name: string, ...args: readonly unknown[]): Promise<unknown> {
  if (isMainThread) return await run({ id: '', method: name, args });
  channel ??= dial();
  const id = randomUUID();
  const reply = await new Promise<Reply>((resolve) => {
    waiting.set(id, resolve);
    channel?.postMessage({ id, method: name, args } satisfies Request);
  });
  if ('error' in reply) throw DbimgError.from(reply.error);
  return reply.result;
}

async function answer(request: Request): Promise<void> {
  const reply = request.id;
  try {
    channel?.postMessage({ reply, result: await run(request) } satisfies Reply);
  } catch (error) {
    channel?.postMessage({ reply, error: asDbimgError(error).toJSON() } satisfies Reply);
  }
}

async function run(request: Request): Promise<unknown> {
  const method = methods.get(request.method);
  if (!method) throw new TypeError(`the memory database serves no ${request.method}`);
  return await method(...(request.args as never[]));
}

function dial(): BroadcastChannel {
  const dialled = new BroadcastChannel(CHANNEL);
  dialled.onmessage = (event) => {
    const reply = (event as { data: unknown }).data as Reply;
    waiting.get(reply.reply)?.(reply);
    waiting.delete(reply.reply);
  };
  dialled.unref();
  return dialled;
}
