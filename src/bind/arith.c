/* Arithmetic on cdata: 64- and 128-bit integers with C's wrap-around, and pointers. What is built in comes first, but for
 * complex numbers; then the operands' metatypes. */
#include "bind/errors.h"
#include "bind/metamethods.h"
#include "bind/metatype.h"
#include "bind/operand.h"
#include "bind/relation.h"

/* -- integers ------------------------------------------------------------------------------------------------------ */

static Uint128 floor_divide(const Integers *integers)
{
    Uint128 quotient;
    Uint128 remainder;
    integers_divide(integers, &quotient, &remainder);
    bool signs_differ = integers->is_signed && ((integers->a ^ integers->b) >> 127) != 0;
    return quotient - (remainder != 0 && signs_differ);
}

/* To a negative exponent: 1/base^n truncated; of zero, the greatest number. */
static Uint128 inverse_power(const Integers *integers)
{
    Uint128 base = integers->a;
    if (base == 0)
        return ~(Uint128)0 >> (integers->is_wide ? 1 : 65);
    if (base == (Uint128)-1)
        return integers->b & 1 ? base : 1;
    return base == 1;
}

static Uint128 power(const Integers *integers)
{
    Uint128 base = integers->a;
    Uint128 exponent = integers->b;
    Uint128 product = 1;
    if (integers->is_signed && (Int128)exponent < 0)
        return inverse_power(integers);
    for (; exponent != 0; exponent >>= 1) {
        if (exponent & 1)
            product *= base;
        base *= base;
    }
    return product;
}

static Uint128 divide(lua_State *L, Operator op, const Integers *integers)
{
    Uint128 quotient;
    Uint128 remainder;
    if (integers->b == 0 && op == OP_IDIV)
        error_raise(L, MESSAGE_DIVIDE_BY_ZERO, "//");
    if (integers->b == 0)
        return (Uint128)1 << (integers->is_wide ? 127 : 63); /* as LuaJIT documents it */
    if (op == OP_IDIV)
        return floor_divide(integers);
    integers_divide(integers, &quotient, &remainder);
    return op == OP_DIV ? quotient : remainder;
}

static Uint128 compute(lua_State *L, Operator op, const Integers *integers)
{
    switch (op) {
    case OP_ADD: return integers->a + integers->b;
    case OP_SUB: return integers->a - integers->b;
    case OP_MUL: return integers->a * integers->b;
    case OP_POW: return power(integers);
    case OP_BAND: return integers->a & integers->b;
    case OP_BOR: return integers->a | integers->b;
    case OP_BXOR: return integers->a ^ integers->b;
    case OP_UNM: return -integers->a;
    case OP_BNOT: return ~integers->a;
    default: return divide(L, op, integers);
    }
}

static void push_integer(FfiState *S, lua_State *L, Uint128 value, bool is_signed, bool is_wide)
{
    TypeInfo *type = integers_type(S, L, is_signed, is_wide);
    memcpy(cdata_push_new(L, type), &value, (size_t)type->type->size);
}

static bool integer_operator(FfiState *S, lua_State *L, Operator op, const Operand *left, const Operand *right)
{
    Integers integers;
    if (!operands_to_integers(S, L, left, right, &integers))
        return false;
    push_integer(S, L, compute(L, op, &integers), integers.is_signed, integers.is_wide);
    return true;
}

/* -- shifts: in the left operand's type, Lua's way ----------------------------------------------------------------- */

/* By the width or more gives 0, by a negative count goes the other way; the bits that come in are zero. */
static Uint128 shift(const Integers *value, const Integers *count, bool left)
{
    unsigned width = value->is_wide ? 128 : 64;
    Uint128 places = count->a;
    if (count->is_signed && (Int128)places < 0) {
        places = -places;
        left = !left;
    }
    if (places >= width)
        return 0;
    return left ? value->a << (unsigned)places : (value->a << (128 - width) >> (128 - width)) >> (unsigned)places;
}

static bool shift_operator(FfiState *S, lua_State *L, Operator op, const Operand *left, const Operand *right)
{
    Integers value;
    Integers count;
    if (!operands_to_integers(S, L, left, left, &value) || !operands_to_integers(S, L, right, right, &count))
        return false;
    push_integer(S, L, shift(&value, &count, op == OP_SHL), value.is_signed, value.is_wide);
    return true;
}

/* -- pointers ------------------------------------------------------------------------------------------------------ */

static bool is_stepped(const Operand *operand)
{
    return operand_kind(operand) == VALUE_POINTER || operand_kind(operand) == VALUE_ARRAY;
}

static char *start_of(const Operand *operand)
{
    return operand->info->kind == VALUE_ARRAY ? operand->address : *(void **)operand->address;
}

/* Size of what the pointer or array steps by. */
static int64_t element_nbytes(lua_State *L, const Operand *operand)
{
    const CType *element = operand->info->type->u.element;
    if (!ctype_is_complete(element))
        error_no_elements(L, operand->info->type);
    return (int64_t)element->size;
}

static bool to_count(FfiState *S, lua_State *L, const Operand *operand, int64_t *count)
{
    Number number;
    if (operand->info == NULL && lua_isinteger(L, operand->index)) {
        *count = lua_tointegerx(L, operand->index, NULL);
        return true;
    }
    return operand_to_number(L, operand, &number) && number_store(S->word, count, &number);
}

/* A pointer's own type, that of a pointer to an array's first element. */
static TypeInfo *moved_type(FfiState *S, lua_State *L, TypeInfo *info)
{
    return info->kind == VALUE_ARRAY ? typeinfo_pointer_to(S, L, info->type->u.element) : info;
}

/* The way of nearly all pointer arithmetic: a pointer whose stride is known, by a Lua integer that cannot overflow. */
ALWAYS_INLINE bool move_quickly(lua_State *L, Cdata *pointer, const Cdata *other, bool negative)
{
    if (pointer == NULL || other != NULL || !lua_isinteger(L, 2))
        return false;
    TypeInfo *info = pointer->info;
    int64_t limit = (int64_t)info->limit;
    int64_t count = lua_tointegerx(L, 2, NULL);
    if (info->kind != VALUE_POINTER || info->stride == 0 || count >= limit || count <= -limit)
        return false;
    uintptr_t offset = (uintptr_t)count * info->stride;
    uintptr_t moved = (uintptr_t)cdata_pointer(pointer) + (negative ? -offset : offset);
    if (moved == 0)
        lua_pushnil(L);
    else
        cdata_push_pointer_from(L, info, (void *)moved, pointer, 1);
    return true;
}

/* pointer + integer, integer + pointer, pointer - integer; false: no such operands */
static bool offset_pointer(FfiState *S, lua_State *L, const Operand *pointer, const Operand *other, bool negative)
{
    int64_t count;
    int64_t offset;
    if (!is_stepped(pointer) || !to_count(S, L, other, &count))
        return false;
    if (__builtin_mul_overflow(count, element_nbytes(L, pointer), &offset))
        error_raise(L, MESSAGE_INDEX_OVERFLOW, (LUAI_UACINT)count, error_push_type(L, pointer->info->type));
    uintptr_t moved = (uintptr_t)start_of(pointer) + (negative ? -(uintptr_t)offset : (uintptr_t)offset);
    TypeInfo *type = moved_type(S, L, pointer->info);
    (void)typeinfo_element(type, L);
    typeinfo_set_stride(type);
    cdata_push_pointer_or_nil(L, type, (void *)moved, pointer->index);
    return true;
}

/* pointer - pointer, in elements */
static bool subtract_pointers(lua_State *L, const Operand *left, const Operand *right)
{
    if (!is_stepped(left) || !is_stepped(right))
        return false;
    if (!relation_agrees(left->info->type->u.element, right->info->type->u.element)) {
        const char *name = error_push_type(L, right->info->type);
        error_raise(L, MESSAGE_POINTER_DIFFERENCE, name, error_push_type(L, left->info->type));
    }
    int64_t nbytes = element_nbytes(L, left);
    if (nbytes == 0)
        error_raise(L, MESSAGE_NO_DIFFERENCE, error_push_type(L, left->info->type));
    lua_pushinteger(L, (int64_t)((uintptr_t)start_of(left) - (uintptr_t)start_of(right)) / nbytes);
    return true;
}

static bool pointer_operator(FfiState *S, lua_State *L, Operator op, const Operand *left, const Operand *right)
{
    if (op == OP_ADD)
        return offset_pointer(S, L, left, right, false) || offset_pointer(S, L, right, left, false);
    return op == OP_SUB && (offset_pointer(S, L, left, right, true) || subtract_pointers(L, left, right));
}

/* -- metamethods --------------------------------------------------------------------------------------------------- */

static bool is_complex(const Operand *operand)
{
    return operand_kind(operand) == VALUE_COMPLEX;
}

static bool has_metatype(const Operand *operand)
{
    return operand->info != NULL && metatype_has(operand->info);
}

static bool built_in(FfiState *S, lua_State *L, Operator op, const Operand *left, const Operand *right)
{
    if (op == OP_SHL || op == OP_SHR)
        return shift_operator(S, L, op, left, right);
    return pointer_operator(S, L, op, left, right) || integer_operator(S, L, op, left, right);
}

NOINLINE static int operate(lua_State *L, Operator op)
{
    FfiState *S = state_of(L);
    Operand left = operand_of(L, 1);
    Operand right = operand_of(L, 2);
    bool any_record = operand_kind(&left) == VALUE_RECORD || operand_kind(&right) == VALUE_RECORD;
    if (any_record && metatype_operator(L, left.info, right.info) != 0)
        return 1;
    bool any_complex = is_complex(&left) || is_complex(&right);
    if (!any_complex && built_in(S, L, op, &left, &right))
        return 1;
    if (any_complex && !has_metatype(&left) && !has_metatype(&right) && complex_operator(S, L, op, &left, &right))
        return 1;
    if (metatype_operator(L, left.info, right.info) == 0 && !complex_operator(S, L, op, &left, &right))
        operator_refuse(L, op);
    return 1;
}

/* A record's own entry, where it is the left operand: there is nothing else to ask. */
ALWAYS_INLINE bool push_own_operator(lua_State *L, const Cdata *left)
{
    return left != NULL && left->info->kind == VALUE_RECORD && metatype_push_own(L, left->info) != LUA_TNIL;
}

ALWAYS_INLINE int push_word(lua_State *L, const Cdata *left, const Cdata *right, uint64_t value, bool is_unsigned)
{
    const Cdata *cdata = left != NULL ? left : right;
    const FfiState *S = cdata != NULL ? cdata->info->state : state_of(L);
    TypeInfo *type = is_unsigned ? S->uword : S->word;
    memcpy(cdata_push_bare(L, type, sizeof value), &value, sizeof value);
    cdata_set_metatable(L, type);
    return 1;
}

/* `otherwise` is tried where two 64-bit operands a and b, of which `expression` is to be had at once, are not given. */
#define WORD_METAMETHOD(name, op, expression, otherwise)                                                               \
    int meta_##name(lua_State *L)                                                                                      \
    {                                                                                                                  \
        Cdata *left = cdata_to(L, 1);                                                                                  \
        if (push_own_operator(L, left))                                                                                \
            return metatype_call_pair(L);                                                                              \
        Cdata *right = cdata_to(L, 2);                                                                                 \
        uint64_t a;                                                                                                    \
        uint64_t b;                                                                                                    \
        bool is_unsigned = false;                                                                                      \
        if (word_at(L, 1, left, &a, &is_unsigned) && word_at(L, 2, right, &b, &is_unsigned))                           \
            return push_word(L, left, right, expression, is_unsigned);                                                 \
        return (otherwise) ? 1 : operate(L, op);                                                                       \
    }
WORD_METAMETHOD(add, OP_ADD, a + b, move_quickly(L, left, right, false) || complex_quickly(L, OP_ADD, left, right))
WORD_METAMETHOD(sub, OP_SUB, a - b, move_quickly(L, left, right, true) || complex_quickly(L, OP_SUB, left, right))
WORD_METAMETHOD(mul, OP_MUL, a *b, complex_quickly(L, OP_MUL, left, right))
WORD_METAMETHOD(band, OP_BAND, a &b, false)
WORD_METAMETHOD(bor, OP_BOR, a | b, false)
WORD_METAMETHOD(bxor, OP_BXOR, a ^ b, false)
#undef WORD_METAMETHOD

#define METAMETHOD(name, op)                                                                                           \
    int meta_##name(lua_State *L)                                                                                      \
    {                                                                                                                  \
        return push_own_operator(L, cdata_to(L, 1)) ? metatype_call_pair(L) : operate(L, op);                          \
    }
METAMETHOD(div, OP_DIV)
METAMETHOD(idiv, OP_IDIV)
METAMETHOD(mod, OP_MOD)
METAMETHOD(pow, OP_POW)
METAMETHOD(shl, OP_SHL)
METAMETHOD(shr, OP_SHR)
METAMETHOD(unm, OP_UNM) /* Lua gives a unary operator its operand twice */
METAMETHOD(bnot, OP_BNOT)
#undef METAMETHOD
