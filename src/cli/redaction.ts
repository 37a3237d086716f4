/**
 * The last line of defence for secrets: adapters redact the locations they put into messages, and everything the
 * command line prints of an error or a warning passes here as well, whoever wrote it.
 */
const MASK = '***';

/** A location without its password. Unlike text, a location is one thing: its password may contain anything. */
export function redactLocation(location: string): string {
  return redactText(location.replace(/(\/\/[^/:@]*):[\s\S]*@/u, `$1:${MASK}@`));
}

/**
 * Text without passwords: in the user part of URLs, in `user:password@host`, and in `password=…` or `password: '…'` settings. Each of
 * `locations` (what the user typed, or an environment variable holds) is also replaced as a whole.
 */
export function redactText(text: string, locations: readonly string[] = []): string {
  let result = text;
  for (const location of locations) {
    const redacted = redactLocation(location);
    if (redacted !== location) result = result.replaceAll(location, redacted);
  }
  return result
    .replace(/(\/\/[^\s/:@]*):\S*@/gu, `$1:${MASK}@`)
    .replace(/(^|[\s"'`(])([^\s:@/"'`(]+):(?!\/\/)[^\s@]*@(?=[^\s@])/gu, `$1$2:${MASK}@`)
    .replace(/((?:password|passphrase|passwd)=)('[^']*'|[^\s&'"]+)/giu, `$1${MASK}`)
    .replace(/((?:password|passphrase|passwd)["']?: )("[^"\n]*"|'[^'\n]*')/giu, `$1${MASK}`);
}

/** What on the command line and in the environment may be a location that holds a password. */
export function knownLocations(argv: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const values = [...argv, env.DBIMG_SOURCE, env.DBIMG_TARGET, env.MONGODB_URI, env.DATABASE_URL];
  return values.filter((value): value is string => value !== undefined && /[@=]/u.test(value));
}
