// Where everything lies in the kernel's memory, which never grows.

/** Bytes of a message header that came in pieces. */
export const HEAD: usize = 1024;
/** Bytes of an unfinished hash block. */
export const TAIL: usize = 2048;
/** Wire bytes, then room to read 16 bytes too far. */
export const INPUT: usize = 65536;
export const INPUT_SIZE: u32 = 262144;
/** Records of the piece that is being filled, then room to write 16 bytes too far. */
export const PIECE: usize = 393216;
export const PIECE_SIZE: u32 = 4194304;

/** No record is longer. */
export const MAX_RECORD: u32 = 0x7fffffff;
