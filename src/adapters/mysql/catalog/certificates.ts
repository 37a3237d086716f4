/** What an account must show of its certificate: the servers write it without escaping, as no statement could be read. */
import { literal } from '../quoting.ts';
import type { Session } from '../session.ts';

const WORDS = ['subject', 'issuer', 'cipher'] as const;

/** `SHOW CREATE USER` so that it can be run. */
export async function withCertificateQuoted(
  session: Session,
  text: string,
  user: string,
  host: string,
): Promise<string> {
  if (!/ REQUIRE (SUBJECT|ISSUER|CIPHER) '/.test(text)) return text;
  const [row] = await session.query(
    `SELECT x509_subject AS subject, x509_issuer AS issuer, ssl_cipher AS cipher FROM mysql.user
      WHERE User = ${literal(user)} AND Host = ${literal(host)}`,
  );
  return WORDS.reduce((written, word) => {
    const value = row?.[word];
    return value
      ? written.replace(` ${word.toUpperCase()} '${value}'`, () => ` ${word.toUpperCase()} ${literal(value)}`)
      : written;
  }, text);
}
