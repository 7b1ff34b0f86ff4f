/* The ops of AbiMove. An op that widens writes a whole eightbyte of the frame; a result is never written beyond its
 * bytes. */
#ifndef AIRLOCK_ABI_MOVE_H
#define AIRLOCK_ABI_MOVE_H

typedef enum AbiMoveOp {
    MOVE_8,   /* an eightbyte as it is */
    MOVE_I8,  /* argument: sign-extended to 64 bits */
    MOVE_U8,  /* argument: zero-extended; result: that many bytes; so the next five */
    MOVE_I16, /* as I8 */
    MOVE_U16,
    MOVE_I32, /* as I8 */
    MOVE_U32,
    MOVE_16, /* sixteen bytes that lie together on both sides: two eightbytes, or one vector */
    MOVE_SIMPLE_LAST = MOVE_16,
    MOVE_PART,      /* nbytes (3, 5, 6, 7) of an eightbyte; the frame's rest is zero */
    MOVE_BLOCK,     /* argument: count bytes onto the stack or into a wide vector register; result: out of one */
    MOVE_REFERENCE, /* argument: count bytes to a copy in the frame, whose address is an eightbyte; back from where that
                     * leads */
    MOVE_ST,        /* result: an x87 register's ten bytes, padded with zeros to sixteen */
    MOVE_COUNT
} AbiMoveOp;

#endif
