/** Names of relations as SQL reads them. */
import type { ObjectName } from '../../core/adapter.ts';
import { identifier } from './catalog/quoting.ts';

/** The qualified and quoted name of what an object's tuple ends with: schema and name. */
export function relationOf(object: ObjectName): string {
  return `${identifier(object.at(-2) ?? '')}.${identifier(object.at(-1) ?? '')}`;
}
