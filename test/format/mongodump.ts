/** The second reader and writer of mongodump archives, in Python. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What an archive holds, as `mongodump.py` prints it. */
export interface ArchiveContents {
  readonly header: {
    readonly concurrent_collections: number;
    readonly version: string;
    readonly server_version: string;
    readonly tool_version: string;
  };
  readonly prelude: readonly {
    readonly db: string;
    readonly collection: string;
    readonly metadata: string;
    readonly size: number;
    readonly type: string;
  }[];
  /** Segments as they follow one another: namespace and number of documents. */
  readonly order: readonly (readonly [namespace: string, documents: number])[];
  /** By namespace, in base64. */
  readonly documents: { readonly [namespace: string]: readonly string[] };
  readonly hashes?: { readonly [namespace: string]: string };
}

const SCRIPT = fileURLToPath(new URL('./mongodump.py', import.meta.url));

/** Throws with what is wrong with the archive. */
export async function readArchive(archive: Uint8Array): Promise<ArchiveContents> {
  return JSON.parse((await python('read', archive)).toString());
}

export async function writeArchive(contents: ArchiveContents): Promise<Buffer> {
  return await python('write', Buffer.from(JSON.stringify(contents)));
}

function python(job: string, input: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { encoding: 'buffer', maxBuffer: 2 ** 30 } as const;
    const child = execFile('python3', [SCRIPT, job], options, (error, stdout, stderr) => {
      if (error)
        reject(new Error(stderr.toString().trim().split('\n').at(-1) ?? 'python3 failed', { cause: error }));
      else resolve(stdout);
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}
