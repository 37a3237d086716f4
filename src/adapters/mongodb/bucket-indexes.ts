/** Indexes of buckets, which the oplog names, in the words in which users make those of time-series collections. */
import { documentWith, EMPTY, elementsOf, fieldOf, textOf } from './raw-bson.ts';

/** @param info of the time-series collection, as `listCollections` says it. */
export function inUserWords(index: Buffer, info: Buffer): Buffer {
  // Of measurements, and of a part of the buckets: the server keeps the words.
  const original = fieldOf(index, 'originalSpec');
  if (original) return Buffer.from(original.value);
  const options = fieldOf(info, 'options')?.value ?? EMPTY;
  const settings = fieldOf(options, 'timeseries')?.value ?? EMPTY;
  const time = textOf(fieldOf(settings, 'timeField')) ?? '';
  const meta = textOf(fieldOf(settings, 'metaField')) ?? '';
  const fields = [...elementsOf(index)].map((field) =>
    field.key === 'key' ? { ...field, value: userKey(field.value, time, meta) } : field,
  );
  return documentWith(fields);
}

/** Time is in buckets as that of their first and last measurement, both of which are indexed. */
function userKey(key: Buffer, time: string, meta: string): Buffer {
  const named = [...elementsOf(key)].flatMap((field) => {
    if (field.key === `control.max.${time}`) return [];
    if (field.key === `control.min.${time}`) return [{ ...field, key: time }];
    if (field.key !== 'meta' && !field.key.startsWith('meta.')) return [field];
    return [{ ...field, key: `${meta}${field.key.slice('meta'.length)}` }];
  });
  return documentWith(named);
}
