/** Asks for a secret on the terminal, without echo. */
import { openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { DbimgError } from '../core/errors.ts';

/** Whether there is somebody to ask. */
export function canPrompt(): boolean {
  if (!process.stderr.isTTY) return false;
  if (process.stdin.isTTY) return true;
  const terminal = openTerminal();
  terminal?.destroy();
  return terminal !== undefined;
}

/** The controlling terminal, when standard input is a pipe. */
function openTerminal(): ReadStream | undefined {
  try {
    return new ReadStream(openSync('/dev/tty', 'r'));
  } catch {
    return undefined;
  }
}

const ENTER = new Set(['\r', '\n']);
const CANCEL = new Set(['\u0003', '\u0004']);
const ERASE = new Set(['\u007f', '\b']);

/** Prints `question` on standard error and reads a line from the terminal. Throws `CANCELLED` on Ctrl-C and Ctrl-D. */
export async function promptSecret(question: string): Promise<string> {
  const opened = process.stdin.isTTY ? undefined : openTerminal();
  const terminal = opened ?? process.stdin;
  // The echo goes before the question comes: who types at once is not shown.
  terminal.setRawMode(true);
  process.stderr.write(question);
  terminal.setEncoding('utf8');
  terminal.resume();
  try {
    return await readLine(terminal);
  } finally {
    terminal.setRawMode(false);
    terminal.pause();
    opened?.destroy();
    process.stderr.write('\n');
  }
}

function readLine(terminal: ReadStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const typed: string[] = [];
    const onData = (text: string): void => {
      for (const character of text) {
        if (ENTER.has(character) || CANCEL.has(character)) {
          terminal.off('data', onData);
          if (ENTER.has(character)) resolve(typed.join(''));
          else reject(new DbimgError('CANCELLED', 'No passphrase was given.'));
          return;
        }
        if (ERASE.has(character)) typed.pop();
        else typed.push(character);
      }
    };
    terminal.on('data', onData);
  });
}
