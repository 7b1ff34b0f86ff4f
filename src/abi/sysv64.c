/* Owns the rules of psABI 3.2.3 and nothing else: classes of eightbytes, and the order in which registers and stack are
 * taken. Where the psABI leaves room, gcc 12 decides, as its compiled callees show (spec/unit/abi_classify.c). */
#include "abi/sysv64.h"

/* -- classification ------------------------------------------------------------------------------------------------ */

/* What a leaf of each kind contributes. Its natural alignment is the size, but for the 32-byte complex, whose parts
 * count. */
static const struct Kind {
    uint8_t nbytes;
    uint8_t align;
    uint8_t first; /* Class of the leaf's first eightbyte */
    uint8_t rest;  /* and of those behind it */
} kinds[ABI_KIND_COUNT] = {
    [ABI_BOOL] = {1, 1, CLASS_INTEGER, CLASS_NONE},
    [ABI_I8] = {1, 1, CLASS_INTEGER, CLASS_NONE},
    [ABI_U8] = {1, 1, CLASS_INTEGER, CLASS_NONE},
    [ABI_I16] = {2, 2, CLASS_INTEGER, CLASS_NONE},
    [ABI_U16] = {2, 2, CLASS_INTEGER, CLASS_NONE},
    [ABI_I32] = {4, 4, CLASS_INTEGER, CLASS_NONE},
    [ABI_U32] = {4, 4, CLASS_INTEGER, CLASS_NONE},
    [ABI_I64] = {8, 8, CLASS_INTEGER, CLASS_NONE},
    [ABI_U64] = {8, 8, CLASS_INTEGER, CLASS_NONE},
    [ABI_POINTER] = {8, 8, CLASS_INTEGER, CLASS_NONE},
    [ABI_I128] = {16, 16, CLASS_INTEGER, CLASS_INTEGER},
    [ABI_F16] = {2, 2, CLASS_SSE, CLASS_NONE},
    [ABI_F32] = {4, 4, CLASS_SSE, CLASS_NONE},
    [ABI_F64] = {8, 8, CLASS_SSE, CLASS_NONE},
    [ABI_F80] = {16, 16, CLASS_X87, CLASS_X87UP},
    [ABI_F128] = {16, 16, CLASS_SSE, CLASS_SSEUP},
    [ABI_COMPLEX_F80] = {32, 16, CLASS_COMPLEX_X87, CLASS_COMPLEX_X87},
    [ABI_VECTOR8] = {8, 8, CLASS_SSE, CLASS_NONE},
    [ABI_VECTOR16] = {16, 16, CLASS_SSE, CLASS_SSEUP},
    [ABI_VECTOR32] = {32, 32, CLASS_SSE, CLASS_SSEUP},
    [ABI_VECTOR64] = {64, 64, CLASS_SSE, CLASS_SSEUP},
    [ABI_MEMORY] = {1, 1, CLASS_MEMORY, CLASS_NONE},
};

static bool is_x87(Class class)
{
    return class == CLASS_X87 || class == CLASS_X87UP || class == CLASS_COMPLEX_X87;
}

/* Step 4 of the aggregate rules, (a) to (f). */
static Class merge(Class a, Class b)
{
    if (a == b || b == CLASS_NONE)
        return a;
    if (a == CLASS_NONE)
        return b;
    if (a == CLASS_MEMORY || b == CLASS_MEMORY)
        return CLASS_MEMORY;
    if (a == CLASS_INTEGER || b == CLASS_INTEGER)
        return CLASS_INTEGER;
    if (is_x87(a) || is_x87(b))
        return CLASS_MEMORY;
    return CLASS_SSE;
}

static bool is_bare_complex_f80(const AbiType *type)
{
    return type->nleaves == 1 && type->leaves[0].kind == ABI_COMPLEX_F80;
}

/* Step 5, the post-merger clean-up: false for a value that belongs in memory after all. It also mends an SSEUP without
 * SSE. */
static bool clean_up(const AbiType *type, Classes *classes)
{
    if (classes->count > 2 && !is_bare_complex_f80(type)) {
        if (classes->of[0] != CLASS_SSE)
            return false;
        for (uint32_t i = 1; i < classes->count; i++)
            if (classes->of[i] != CLASS_SSEUP)
                return false;
    }
    for (uint32_t i = 0; i < classes->count; i++) {
        Class before = i == 0 ? CLASS_NONE : (Class)classes->of[i - 1];
        if (classes->of[i] == CLASS_MEMORY)
            return false;
        if (classes->of[i] == CLASS_X87UP && before != CLASS_X87)
            return false;
        if (classes->of[i] == CLASS_SSEUP && before != CLASS_SSE && before != CLASS_SSEUP)
            classes->of[i] = CLASS_SSE;
    }
    return true;
}

/* Merges the leaves into their eightbytes: false when one is unaligned. */
static bool merge_leaves(const AbiType *type, Classes *classes)
{
    for (uint32_t i = 0; i < type->nleaves; i++) {
        const AbiLeaf *leaf = &type->leaves[i];
        const struct Kind *kind = &kinds[leaf->kind];
        if (leaf->offset % kind->align != 0)
            return false;
        for (uint32_t at = 0; at < kind->nbytes; at += 8) {
            uint32_t n = (leaf->offset + at) / 8;
            if (n < classes->count)
                classes->of[n] = (uint8_t)merge((Class)classes->of[n], (Class)(at == 0 ? kind->first : kind->rest));
        }
    }
    return true;
}

void sysv64_classify(const AbiType *type, Classes *classes)
{
    *classes = (Classes){0};
    if (type->size == 0)
        return;
    if (type->size <= 8 * SYSV64_NCLASSES_MAX) {
        classes->count = (uint32_t)(type->size + 7) / 8;
        if (merge_leaves(type, classes) && clean_up(type, classes))
            return;
    }
    classes->count = 1;
    classes->of[0] = CLASS_MEMORY;
}

/* -- registers ----------------------------------------------------------------------------------------------------- */

/* Eightbytes of the vector register that starts at eightbyte i: an SSE and the SSEUPs behind it. */
static uint32_t vector_neightbytes(const Classes *classes, uint32_t i)
{
    uint32_t end = i + 1;
    while (end < classes->count && classes->of[end] == CLASS_SSEUP)
        end++;
    return end - i;
}

static uint64_t nbytes_from(const AbiType *type, uint32_t eightbyte, uint64_t nbytes)
{
    uint64_t left = type->size - 8 * (uint64_t)eightbyte;
    return left < nbytes ? left : nbytes;
}

/* -- arguments ----------------------------------------------------------------------------------------------------- */

/* True when a value of these classes goes to the stack whatever registers are left. A callee's va_arg finds sixteen
 * bytes of each vector register at most, so wider unnamed ones do too. */
static bool is_stack_only(const Classes *classes, bool is_unnamed)
{
    Class first = (Class)classes->of[0];
    return first == CLASS_MEMORY || is_x87(first) || (is_unnamed && vector_neightbytes(classes, 0) > 2);
}

/* All registers of the value or none ("Passing", the rule after 5). */
static bool fits_registers(const Classes *classes, const AbiCursor *cursor)
{
    uint32_t ngpr = cursor->ngpr, nvec = cursor->nvec;
    for (uint32_t i = 0; i < classes->count; i++) {
        ngpr += classes->of[i] == CLASS_INTEGER;
        nvec += classes->of[i] == CLASS_SSE;
    }
    return ngpr <= ABI_NGPRS && nvec <= ABI_NVECS;
}

/* Takes the next register of the eightbyte's class and returns its place in the frame. */
static uint32_t take_register(Builder *builder, Class class)
{
    if (class == CLASS_INTEGER)
        return ABI_FRAME_GPR + 8 * builder->cursor.ngpr++;
    return ABI_FRAME_VEC + builder->vec_stride * builder->cursor.nvec++;
}

static void note_vector(Builder *builder, uint32_t nbytes, uint32_t index)
{
    if (nbytes > builder->arg_vec_nbytes)
        builder->arg_vec_nbytes = nbytes;
    if (nbytes > 16 && builder->wide_arg == 0)
        builder->wide_arg = index + 1;
}

static void pass_in_registers(Builder *builder, uint32_t index, const AbiType *type, const Classes *classes)
{
    for (uint32_t i = 0; i < classes->count; i++) {
        uint32_t nbytes = 8;
        if (classes->of[i] != CLASS_INTEGER && classes->of[i] != CLASS_SSE)
            continue; /* NO_CLASS; SSEUP went with its SSE */
        if (classes->of[i] == CLASS_SSE) {
            nbytes = 8 * vector_neightbytes(classes, i);
            note_vector(builder, nbytes, index);
        }
        builder_copy(builder, 8 * i, take_register(builder, (Class)classes->of[i]), nbytes_from(type, i, nbytes));
    }
}

/* A scalar is one eightbyte, extended by its kind, wherever it goes. */
static void pass_scalar(Builder *builder, uint32_t index, Class class, AbiMoveOp op)
{
    uint32_t frame;
    if (class == CLASS_INTEGER ? builder->cursor.ngpr < ABI_NGPRS : builder->cursor.nvec < ABI_NVECS) {
        frame = take_register(builder, class);
        if (class == CLASS_SSE)
            note_vector(builder, 8, index);
    } else {
        frame = builder_take_stack(builder, 8, 8);
    }
    builder_move(builder, op, 0, frame);
}

static void pass(Builder *builder, uint32_t index, const AbiType *type)
{
    const AbiSignature *signature = builder->signature;
    AbiMoveOp scalar_op = builder_scalar_op(type);
    Classes classes;
    sysv64_classify(type, &classes);
    builder_open(builder);
    if (scalar_op != MOVE_COUNT && classes.of[0] != CLASS_MEMORY) {
        pass_scalar(builder, index, (Class)classes.of[0], scalar_op);
        builder_close_arg(builder, index, true);
        return;
    }
    if (classes.count > 0) {
        bool is_unnamed = signature->is_variadic && index >= signature->nfixed;
        if (!is_stack_only(&classes, is_unnamed) && fits_registers(&classes, &builder->cursor))
            pass_in_registers(builder, index, type, &classes);
        else
            builder_copy(builder, 0, builder_take_stack(builder, type->size, type->align), type->size);
    }
    builder_close_arg(builder, index, false);
}

/* -- the result ---------------------------------------------------------------------------------------------------- */

static void return_in_registers(Builder *builder, const AbiType *type, const Classes *classes)
{
    AbiMoveOp scalar_op = builder_scalar_op(type);
    uint32_t ngpr = 0, nvec = 0;
    if (scalar_op != MOVE_COUNT && classes->of[0] == CLASS_INTEGER) { /* a callback extends it, as compilers do */
        builder_move(builder, scalar_op, 0, ABI_FRAME_RAX);
        return;
    }
    for (uint32_t i = 0; i < classes->count; i++) {
        uint32_t width = 8 * vector_neightbytes(classes, i);
        if (classes->of[i] == CLASS_INTEGER) {
            builder_copy(builder, 8 * i, (ngpr++ == 0 ? ABI_FRAME_RAX : ABI_FRAME_RDX), nbytes_from(type, i, 8));
        } else if (classes->of[i] == CLASS_SSE) {
            builder_copy(builder, 8 * i, ABI_FRAME_RESULT + 16 * nvec++, nbytes_from(type, i, width));
            builder->result_vec_nbytes = width;
            builder->flags |= (uint32_t)(width == 64   ? ABI_FLAG_RESULT_ZMM
                                         : width == 32 ? ABI_FLAG_RESULT_YMM
                                                       : ABI_FLAG_RESULT_XMM);
        } else if (classes->of[i] == CLASS_X87) {
            builder_move(builder, MOVE_ST, 8 * i, ABI_FRAME_RESULT);
            builder->flags |= ABI_FLAG_RESULT_ST0;
        }
    }
}

static void return_complex_f80(Builder *builder)
{
    builder_move(builder, MOVE_ST, 0, ABI_FRAME_RESULT);
    builder_move(builder, MOVE_ST, 16, ABI_FRAME_RESULT + 16);
    builder->flags |= ABI_FLAG_RESULT_ST0 | ABI_FLAG_RESULT_ST1;
}

static AbiResult result_kind(const Builder *builder, const Classes *classes)
{
    if (builder->nmoves == 0)
        return ABI_RESULT_VOID;
    if (classes->count == 1 && classes->of[0] == CLASS_INTEGER)
        return ABI_RESULT_RAX;
    if (classes->count == 1 && classes->of[0] == CLASS_SSE)
        return ABI_RESULT_XMM0;
    return ABI_RESULT_MOVES;
}

static AbiReturn return_kind(const Classes *classes)
{
    Class first = (Class)classes->of[0], second = (Class)classes->of[1];
    if (classes->count == 0 || first == CLASS_MEMORY || (classes->count == 1 && first == CLASS_INTEGER))
        return ABI_RETURN_WORD;
    if (classes->count == 1 && first == CLASS_SSE)
        return ABI_RETURN_DOUBLE;
    bool is_first_word = first == CLASS_INTEGER, is_second_word = second == CLASS_INTEGER;
    if (classes->count != 2 || (!is_first_word && first != CLASS_SSE) || (!is_second_word && second != CLASS_SSE))
        return ABI_RETURN_OTHER;
    if (is_first_word)
        return is_second_word ? ABI_RETURN_WORDS : ABI_RETURN_WORD_DOUBLE;
    return is_second_word ? ABI_RETURN_DOUBLE_WORD : ABI_RETURN_DOUBLES;
}

static void return_result(Builder *builder, const AbiType *type)
{
    Classes classes;
    sysv64_classify(type, &classes);
    builder->returns = is_bare_complex_f80(type) ? ABI_RETURN_OTHER : return_kind(&classes);
    builder_open(builder);
    if (classes.count > 0 && classes.of[0] == CLASS_MEMORY) {
        builder->cursor.ngpr = 1; /* rdi: where the callee stores it */
        builder_close_result(builder, ABI_RESULT_MEMORY);
        return;
    }
    if (is_bare_complex_f80(type))
        return_complex_f80(builder);
    else
        return_in_registers(builder, type, &classes);
    builder_close_result(builder, result_kind(builder, &classes));
}

void sysv64_lay_out(Builder *builder)
{
    const AbiSignature *signature = builder->signature;
    return_result(builder, &signature->result);
    for (uint32_t i = 0; i < signature->nargs; i++)
        pass(builder, i, &signature->args[i]);
}

/* -- without the trampoline ---------------------------------------------------------------------------------------- */

/* asm/direct_sysv64.asm: the first so many integer registers, or vector registers, or all integer registers and so many
 * vector registers. */
#define DIRECT(name) void abi_direct_sysv64_##name(void);
#include "abi/direct_sysv64.def"
#undef DIRECT

AbiFunction sysv64_direct(const Builder *builder)
{
    static const AbiFunction ways[] = {
#define DIRECT(name) abi_direct_sysv64_##name,
#include "abi/direct_sysv64.def"
#undef DIRECT
    };
    const AbiCursor *end = &builder->cursor;
    _Static_assert(sizeof ways / sizeof ways[0] == 1 + ABI_NGPRS + 2 * ABI_NVECS, "direct_sysv64.def");
    if (builder->signature->is_variadic || end->stack_nbytes > 0 || builder->vec_stride > 8 ||
        builder->returns == ABI_RETURN_OTHER)
        return NULL;
    if (end->nvec == 0)
        return ways[end->ngpr];
    return ways[end->ngpr == 0 ? ABI_NGPRS + end->nvec : ABI_NGPRS + ABI_NVECS + end->nvec];
}

/* asm/stacked_sysv64.asm. */
void abi_stacked_sysv64(void);

enum { STACKED_FRAME_NBYTES_MAX = 2048 }; /* less than a page: the guard page cannot be stepped over */

AbiFunction sysv64_stacked(const Builder *builder)
{
    const AbiCursor *end = &builder->cursor;
    if (end->stack_nbytes == 0 || builder->stack_align > 16 || builder->vec_stride > 8 ||
        builder->stack_offset + end->stack_nbytes > STACKED_FRAME_NBYTES_MAX)
        return NULL;
    return builder->returns == ABI_RETURN_WORD || builder->returns == ABI_RETURN_DOUBLE ? abi_stacked_sysv64 : NULL;
}
