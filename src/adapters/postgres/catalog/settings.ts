/** Settings kept for roles and databases, as `ALTER … SET`. */
import { identifier, literal } from './quoting.ts';

/** Settings whose value is a list of names, stored quoted one by one. */
const NAME_LISTS: ReadonlySet<string> = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

/** The names in a stored list: `"$user", public` gives `$user` and `public`. */
function listedNames(list: string): readonly string[] {
  const names: string[] = [];
  for (const match of list.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*?))\s*(?:,|$)/g)) {
    const [text, quoted, plain] = match;
    if (text === '' && names.length > 0) break;
    names.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'));
  }
  return names;
}

/**
 * `ALTER … SET name TO value` for a setting as the catalog keeps it.
 *
 * @param alter for example `ALTER ROLE "app"`.
 * @param setting `name=value`.
 */
export function settingStatement(alter: string, setting: string): string {
  const at = setting.indexOf('=');
  const name = setting.slice(0, at);
  const value = setting.slice(at + 1);
  const quoted = name.split('.').map(identifier).join('.');
  const values = NAME_LISTS.has(name.toLowerCase()) ? listedNames(value) : [value];
  return `${alter} SET ${quoted} TO ${values.map(literal).join(', ')}`;
}
