/** Names and values as SQL, safe whatever they hold, under the sql_mode that dbimg's sessions have. */

/** `` `name` ``. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** A string literal, for sessions without NO_BACKSLASH_ESCAPES, as all of dbimg's are. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** A binary string: `0x…`; the empty one has no such form. */
export function hex(bytes: Uint8Array): string {
  return bytes.length === 0 ? "''" : `0x${Buffer.from(bytes).toString('hex')}`;
}

/** `` `user`@`host` ``. */
export function accountName(user: string, host: string): string {
  return `${identifier(user)}@${identifier(host)}`;
}

/** `database.name` for messages. */
export function displayName(object: readonly string[]): string {
  return object.join('.');
}
