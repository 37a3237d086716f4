/** Asks for a secret on the terminal, without echo. */
import { DbimgError } from '../core/errors.ts';

/** Whether there is somebody to ask. */
export function canPrompt(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

const ENTER = new Set(['\r', '\n']);
const CANCEL = new Set(['\u0003', '\u0004']);
const ERASE = new Set(['\u007f', '\b']);

/** Prints `question` on standard error and reads a line from the terminal. Throws `CANCELLED` on Ctrl-C and Ctrl-D. */
export async function promptSecret(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.resume();
  try {
    return await readLine(stdin);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}

function readLine(stdin: NodeJS.ReadStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const typed: string[] = [];
    const onData = (text: string): void => {
      for (const character of text) {
        if (ENTER.has(character) || CANCEL.has(character)) {
          stdin.off('data', onData);
          if (ENTER.has(character)) resolve(typed.join(''));
          else reject(new DbimgError('CANCELLED', 'No passphrase was given.'));
          return;
        }
        if (ERASE.has(character)) typed.pop();
        else typed.push(character);
      }
    };
    stdin.on('data', onData);
  });
}
