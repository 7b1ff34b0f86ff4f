/* The frame's constants for C: the same file that asm/abi.inc includes, proved against AbiFrame. */
#ifndef AIRLOCK_ABI_FRAME_H
#define AIRLOCK_ABI_FRAME_H

#include "abi/abi.h"

#define ABI_NOTE(text)
#define ABI_CONSTANT(name, value) ABI_##name = (value),
enum {
#include "abi/frame_offsets.def"
    ABI_NGPRS = 6,
    ABI_NVECS = 8
};
#undef ABI_NOTE
#undef ABI_CONSTANT

_Static_assert(offsetof(AbiFrame, gpr) == ABI_FRAME_GPR, "frame_offsets.def: gpr");
_Static_assert(offsetof(AbiFrame, rax) == ABI_FRAME_RAX, "frame_offsets.def: rax");
_Static_assert(offsetof(AbiFrame, rdx) == ABI_FRAME_RDX, "frame_offsets.def: rdx");
_Static_assert(offsetof(AbiFrame, result) == ABI_FRAME_RESULT, "frame_offsets.def: result");
_Static_assert(offsetof(AbiFrame, result.st[1]) == ABI_FRAME_RESULT + 16, "the trampoline stores st1 behind st0");
_Static_assert(offsetof(AbiFrame, vec) == ABI_FRAME_VEC, "frame_offsets.def: vec");
_Static_assert(sizeof(AbiFrame) == ABI_FRAME_VEC && ABI_FRAME_VEC % 16 == 0, "the variable part starts 16-aligned");
_Static_assert(offsetof(AbiPlan, flags) == ABI_PLAN_FLAGS, "frame_offsets.def: flags");
_Static_assert(offsetof(AbiPlan, frame_nbytes) == ABI_PLAN_FRAME_NBYTES, "frame_offsets.def: frame_nbytes");
_Static_assert(offsetof(AbiPlan, stack_offset) == ABI_PLAN_STACK_OFFSET, "frame_offsets.def: stack_offset");

#endif
