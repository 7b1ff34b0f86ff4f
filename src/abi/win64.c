/* Owns the rules of the Microsoft x64 calling convention and nothing else. Arguments are slots of eight bytes: the first
 * four are rcx, rdx, r8, r9, or xmm0 to xmm3 for a float or double, the others are on the stack behind room for these
 * four. What has no slot's size goes by reference to a copy. For types that Microsoft's compilers have not got (__int128,
 * long double of 16 bytes, complex numbers, vectors that are no __m128) gcc 12 decides, as its compiled ms_abi functions
 * show (spec/unit/abi_differential.c). */
#include "abi/win64.h"

/* -- types --------------------------------------------------------------------------------------------------------- */

static bool is_bare(const AbiType *type, AbiKind kind)
{
    return !type->is_record && type->nleaves == 1 && type->leaves[0].kind == (uint32_t)kind;
}

static bool is_floating(const AbiType *type)
{
    return is_bare(type, ABI_F32) || is_bare(type, ABI_F64);
}

static bool has_slot_size(const AbiType *type)
{
    return type->size == 1 || type->size == 2 || type->size == 4 || type->size == 8;
}

/* A vector of one floating element, which gcc keeps in memory; a record with one in it counts by its size. */
static bool is_vector_in_memory(const AbiType *type)
{
    for (uint32_t i = 0; i < type->nleaves; i++)
        if (type->leaves[i].kind == ABI_MEMORY)
            return !type->is_record;
    return false;
}

/* -- arguments ----------------------------------------------------------------------------------------------------- */

/* A slot has one place in the frame, whichever register it is in: a call loads both from there, of which a function with
 * `...` takes the integer register; a callback stores the one that the flags tell. */
static uint32_t slot_place(const Builder *builder, uint32_t slot)
{
    return (slot < WIN64_NSLOTS ? ABI_FRAME_GPR : builder->stack_offset) + 8 * slot;
}

static void pass(Builder *builder, uint32_t index, uint32_t slot)
{
    const AbiType *type = &builder->signature->args[index];
    AbiMoveOp scalar_op = builder_scalar_op(type);
    builder_open(builder);
    if (!has_slot_size(type) || is_vector_in_memory(type))
        builder_refer(builder, type, slot_place(builder, slot));
    else if (scalar_op != MOVE_COUNT)
        builder_move(builder, scalar_op, 0, slot_place(builder, slot));
    else
        builder_copy(builder, 0, slot_place(builder, slot), type->size);
    if (is_floating(type) && slot < WIN64_NSLOTS)
        builder->flags |= (uint32_t)ABI_FLAG_FLOATING_0 << slot;
    builder_close_arg(builder, index, scalar_op != MOVE_COUNT);
}

/* -- the result ---------------------------------------------------------------------------------------------------- */

/* True when the caller passes the address of room for it. */
static bool return_result(Builder *builder, const AbiType *type)
{
    AbiMoveOp scalar_op = builder_scalar_op(type);
    AbiResult result = ABI_RESULT_RAX;
    builder_open(builder);
    if (type->size == 0) {
        result = ABI_RESULT_VOID;
    } else if (is_floating(type)) {
        builder_move(builder, scalar_op, 0, ABI_FRAME_RESULT);
        result = ABI_RESULT_XMM0;
    } else if (is_bare(type, ABI_I128) || is_bare(type, ABI_VECTOR16)) {
        builder_copy(builder, 0, ABI_FRAME_RESULT, type->size);
        result = ABI_RESULT_MOVES;
    } else if (!has_slot_size(type)) {
        result = ABI_RESULT_MEMORY;
    } else if (scalar_op != MOVE_COUNT) {
        builder_move(builder, scalar_op, 0, ABI_FRAME_RAX);
    } else {
        builder_copy(builder, 0, ABI_FRAME_RAX, type->size);
    }
    builder_close_result(builder, result);
    return result == ABI_RESULT_MEMORY;
}

void win64_lay_out(Builder *builder)
{
    const AbiSignature *signature = builder->signature;
    uint32_t first = return_result(builder, &signature->result);
    uint64_t nslots = (uint64_t)first + signature->nargs;
    builder->returns = ABI_RETURN_OTHER;
    builder_take_stack(builder, 8 * (nslots < WIN64_NSLOTS ? WIN64_NSLOTS : nslots), 8);
    for (uint32_t i = 0; i < signature->nargs; i++)
        pass(builder, i, first + i);
}
