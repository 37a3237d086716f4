export type { CutLimits, Piece, RecorderOptions } from './piece.ts';
export { PlainRecorder as Recorder } from './plain.ts';
