/** The errors with which a reader refuses an image. */
import { DbimgError, type ErrorDetails } from '../errors.ts';

/** Bytes that are not what their frame, their index or the format says. */
export function damaged(what: string, details: ErrorDetails = {}): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', what, {
    hint: 'Fetch the image again from where it came; `dbimg verify` lists what is damaged in this copy.',
    ...details,
  });
}

/** The image ends before its footer. */
export function incomplete(what: string): DbimgError {
  return new DbimgError('IMAGE_INCOMPLETE', what, {
    hint: 'The dump that wrote it did not finish, or the copy was cut short. Dump or copy it again.',
  });
}

/** Written by rules that this version does not know. */
export function unsupportedFormat(what: string): DbimgError {
  return new DbimgError('FORMAT_UNSUPPORTED', what, { hint: 'Read it with a newer version of dbimg.' });
}

export function badSignature(what: string, hint?: string): DbimgError {
  return new DbimgError('SIGNATURE_BAD', what, {
    hint: hint ?? 'Somebody changed the image after it was signed. Do not restore it.',
  });
}
