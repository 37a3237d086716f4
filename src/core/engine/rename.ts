/** `--rename 'shop.*=shop2.*'`: objects come back under other names. */
import type { ObjectName, RenameRule } from '../adapter.ts';
import { DbimgError } from '../errors.ts';

/**
 * `A=B`: names as they are in the image, and what they become. `*` in A is any run of characters, and stands in B, in
 * the same order, for what it was.
 *
 * @throws DbimgError `USAGE`
 */
export function renameRule(text: string): RenameRule {
  const [from = '', to = '', ...more] = text.split('=');
  const stars = (pattern: string): number => pattern.split('*').length - 1;
  if (from === '' || to === '' || more.length > 0 || stars(from) !== stars(to)) {
    throw new DbimgError('USAGE', `${JSON.stringify(text)} does not say what becomes what.`, {
      hint: "It looks like --rename 'shop.orders=shop.orders_old' or --rename 'shop.*=shop2.*', with as many * on both sides.",
    });
  }
  return { from, to };
}

/** The name that the first matching rule gives, or the name itself. It has as many parts as before. */
export function renamed(rules: readonly RenameRule[], object: ObjectName): ObjectName {
  const name = object.join('.');
  for (const { from, to } of rules) {
    const source = from
      .split('*')
      .map((literal) => literal.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
      .join('(.*)');
    const match = new RegExp(`^${source}$`, 'su').exec(name);
    if (!match) continue;
    const parts = match.slice(1);
    return split(
      to.replaceAll('*', () => parts.shift() ?? ''),
      object.length,
    );
  }
  return object;
}

/** Only the last part may hold dots of its own. */
function split(name: string, parts: number): ObjectName {
  const all = name.split('.');
  if (all.length < parts || all.some((part, at) => part === '' && at < parts)) {
    throw new DbimgError('USAGE', `${JSON.stringify(name)} is no name of ${parts} parts.`, {
      hint: 'Both sides of --rename are whole names, such as shop.orders.',
    });
  }
  return [...all.slice(0, parts - 1), all.slice(parts - 1).join('.')];
}
