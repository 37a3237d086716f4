/** The two recorders under test, and short ways to speak of them. */
import { DbimgError } from '../../src/core/errors.ts';
import type { CutLimits, Piece } from '../../src/core/records/piece.ts';
import { PlainRecorder } from '../../src/core/records/plain.ts';
import { Recorder } from '../../src/core/records/recorder.ts';
import type { RecorderClass } from './records-wire.ts';

export const BOTH: readonly RecorderClass[] = [Recorder, PlainRecorder];

export function isError(code: string, text: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof DbimgError && error.code === code && text.test(error.message);
}

export function counted(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + length) % 251);
}

export function collect(
  Class: RecorderClass,
  limits: CutLimits,
): { recorder: InstanceType<RecorderClass>; pieces: Piece[] } {
  const pieces: Piece[] = [];
  return { recorder: new Class({ keep: true, limits, onPiece: (piece) => pieces.push(piece) }), pieces };
}
