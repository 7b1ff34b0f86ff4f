/* Operators on cdata: 64- and 128-bit integer arithmetic with C's wrap-around, pointer arithmetic, comparisons. */
#include <string.h>

#include "bind/convert.h"
#include "bind/metamethods.h"
#include "bind/relation.h"

typedef enum Operator {
    OP_ADD,
    OP_SUB,
    OP_MUL,
    OP_DIV,
    OP_IDIV,
    OP_MOD,
    OP_POW,
    OP_BAND,
    OP_BOR,
    OP_BXOR,
    OP_SHL,
    OP_SHR
} Operator;

static const char *const operator_names[] = {"+", "-", "*", "/", "//", "%", "^", "&", "|", "~", "<<", ">>"};

/* -- integers: as wide as the wider operand, 64 bits at least; unsigned when an operand of that width is ----------- */

typedef struct Operands {
    Uint128 a;
    Uint128 b;
    bool is_signed;
    bool is_wide; /* 128 bits */
} Operands;

static bool operand_is(FfiState *S, lua_State *L, int index, ValueKind kind)
{
    Cdata *cdata = cdata_to(S, L, index);
    return cdata != NULL && cdata->info->underlying == kind;
}

static TypeInfo *result_type(FfiState *S, lua_State *L, const Operands *operands)
{
    CScalar scalar = operands->is_wide ? (operands->is_signed ? CSCALAR_INT128 : CSCALAR_UINT128)
                                       : (operands->is_signed ? CSCALAR_LONG : CSCALAR_ULONG);
    return typeinfo_of(S, L, ctype_scalar(S->types, scalar));
}

static bool to_integer(const TypeInfo *type, const Number *number, Uint128 *integer)
{
    _Alignas(16) unsigned char value[16];
    if (!number_store(type, value, number))
        return false;
    *integer = number_load(type, value).integer;
    return true;
}

/* A Lua number or a real cdata number. */
static bool operand_to(FfiState *S, lua_State *L, int index, Number *number)
{
    const Cdata *cdata = cdata_to(S, L, index);
    return lua_type(L, index) != LUA_TBOOLEAN && (cdata == NULL || cdata->info->kind != VALUE_COMPLEX) &&
           number_to(S, L, index, number);
}

/* Both operands as integers of the common type; false when one is no number. */
static bool to_operands(FfiState *S, lua_State *L, Operands *operands)
{
    Number a;
    Number b;
    if (!operand_to(S, L, 1, &a) || !operand_to(S, L, 2, &b))
        return false;
    bool is_unsigned_wide = operand_is(S, L, 1, VALUE_U128) || operand_is(S, L, 2, VALUE_U128);
    operands->is_wide = is_unsigned_wide || operand_is(S, L, 1, VALUE_I128) || operand_is(S, L, 2, VALUE_I128);
    operands->is_signed =
        operands->is_wide ? !is_unsigned_wide : !(operand_is(S, L, 1, VALUE_U64) || operand_is(S, L, 2, VALUE_U64));
    const TypeInfo *type = result_type(S, L, operands);
    return to_integer(type, &a, &operands->a) && to_integer(type, &b, &operands->b);
}

/* Quotient and remainder truncated as in C; the most negative number by -1 wraps. b is not zero. */
static void divide(const Operands *operands, Uint128 *quotient, Uint128 *remainder)
{
    if (!operands->is_signed) {
        *quotient = operands->a / operands->b;
        *remainder = operands->a % operands->b;
    } else if (operands->b == (Uint128)-1) {
        *quotient = -operands->a;
        *remainder = 0;
    } else {
        *quotient = (Uint128)((Int128)operands->a / (Int128)operands->b);
        *remainder = (Uint128)((Int128)operands->a % (Int128)operands->b);
    }
}

static Uint128 floor_divide(const Operands *operands)
{
    Uint128 quotient;
    Uint128 remainder;
    divide(operands, &quotient, &remainder);
    bool signs_differ = operands->is_signed && ((operands->a ^ operands->b) >> 127) != 0;
    return quotient - (remainder != 0 && signs_differ);
}

static Uint128 power(const Operands *operands)
{
    Uint128 base = operands->a;
    Uint128 exponent = operands->b;
    Uint128 product = 1;
    if (operands->is_signed && (Int128)exponent < 0) /* 1/base^n truncated */
        return base == 1 ? 1 : base == (Uint128)-1 ? (exponent & 1 ? (Uint128)-1 : 1) : 0;
    for (; exponent != 0; exponent >>= 1) {
        if (exponent & 1)
            product *= base;
        base *= base;
    }
    return product;
}

/* As in Lua: a shift by the width or more gives 0, a negative one goes the other way; bits that come in are zero. */
static Uint128 shift(const Operands *operands, bool left)
{
    unsigned width = operands->is_wide ? 128 : 64;
    Uint128 mask = operands->is_wide ? ~(Uint128)0 : (Uint128)UINT64_MAX;
    Uint128 count = operands->b;
    if (operands->is_signed && (Int128)count < 0) {
        count = -count;
        left = !left;
    }
    if (count >= width)
        return 0;
    return left ? operands->a << (unsigned)count : (operands->a & mask) >> (unsigned)count;
}

static Uint128 compute(lua_State *L, Operator op, const Operands *operands)
{
    Uint128 quotient;
    Uint128 remainder;
    if (op == OP_IDIV && operands->b == 0)
        error_raise(L, MESSAGE_DIVIDE_BY_ZERO, operator_names[op]);
    if ((op == OP_DIV || op == OP_MOD) && operands->b == 0)
        return (Uint128)1 << (operands->is_wide ? 127 : 63); /* as LuaJIT documents it */
    switch (op) {
    case OP_ADD: return operands->a + operands->b;
    case OP_SUB: return operands->a - operands->b;
    case OP_MUL: return operands->a * operands->b;
    case OP_DIV: divide(operands, &quotient, &remainder); return quotient;
    case OP_MOD: divide(operands, &quotient, &remainder); return remainder;
    case OP_IDIV: return floor_divide(operands);
    case OP_POW: return power(operands);
    case OP_BAND: return operands->a & operands->b;
    case OP_BOR: return operands->a | operands->b;
    case OP_BXOR: return operands->a ^ operands->b;
    case OP_SHL: return shift(operands, true);
    case OP_SHR: return shift(operands, false);
    }
    return 0;
}

_Noreturn static void raise_operands(lua_State *L, Operator op)
{
    const char *left = error_push_value(L, 1);
    error_raise(L, MESSAGE_ARITHMETIC, operator_names[op], left, error_push_value(L, 2));
}

static int integer_operator(lua_State *L, Operator op)
{
    FfiState *S = state_of(L);
    Operands operands;
    if (!to_operands(S, L, &operands))
        raise_operands(L, op);
    Uint128 result = compute(L, op, &operands);
    TypeInfo *type = result_type(S, L, &operands);
    memcpy(cdata_push_new(L, type), &result, (size_t)type->type->size);
    return 1;
}

/* -- pointers ------------------------------------------------------------------------------------------------------ */

/* The element type that a pointer or array steps by, and where it points; NULL when it is neither. */
static TypeInfo *stepped(FfiState *S, lua_State *L, Cdata *cdata, char **address)
{
    if (cdata == NULL || (cdata->info->kind != VALUE_POINTER && cdata->info->kind != VALUE_ARRAY))
        return NULL;
    *address = cdata->info->kind == VALUE_POINTER ? cdata_pointer(S, cdata) : cdata_address(S, cdata);
    return typeinfo_element(cdata->info, L);
}

static int64_t element_nbytes(lua_State *L, const TypeInfo *element, const Cdata *cdata)
{
    if (!ctype_is_complete(element->type))
        error_no_elements(L, cdata->info->type);
    return (int64_t)element->type->size;
}

/* pointer + integer, integer + pointer, pointer - integer; false: no such operands */
static bool offset_pointer(FfiState *S, lua_State *L, int pointer, int other, bool negative)
{
    char *address;
    int64_t count;
    int64_t offset;
    Cdata *cdata = cdata_to(S, L, pointer);
    TypeInfo *element = stepped(S, L, cdata, &address);
    if (element == NULL || !number_to_integer(S, L, other, &count))
        return false;
    if (__builtin_mul_overflow(count, element_nbytes(L, element, cdata), &offset))
        error_raise(L, MESSAGE_INDEX_OVERFLOW, (LUAI_UACINT)count, error_push_type(L, cdata->info->type));
    uintptr_t moved = (uintptr_t)address + (negative ? -(uintptr_t)offset : (uintptr_t)offset);
    TypeInfo *type = cdata->info;
    if (type->kind == VALUE_ARRAY) {
        state_enter(S, L);
        CType *made = ctype_pointer(S->types, element->type);
        if (made == NULL)
            error_raise(L, MESSAGE_NO_MEMORY);
        type = typeinfo_of(S, L, made);
    }
    cdata_push_pointer_or_nil(L, type, (void *)moved, pointer);
    return true;
}

/* pointer - pointer, in elements */
static bool subtract_pointers(FfiState *S, lua_State *L)
{
    char *a;
    char *b;
    Cdata *left = cdata_to(S, L, 1);
    Cdata *right = cdata_to(S, L, 2);
    TypeInfo *element = stepped(S, L, left, &a);
    TypeInfo *other = stepped(S, L, right, &b);
    if (element == NULL || other == NULL)
        return false;
    if (!relation_agrees(element->type, other->type)) {
        const char *name = error_push_type(L, right->info->type);
        error_raise(L, MESSAGE_POINTER_DIFFERENCE, name, error_push_type(L, left->info->type));
    }
    int64_t nbytes = element_nbytes(L, element, left);
    lua_pushinteger(L, nbytes == 0 ? 0 : ((int64_t)((uintptr_t)a - (uintptr_t)b)) / nbytes);
    return true;
}

int meta_add(lua_State *L)
{
    FfiState *S = state_of(L);
    if (offset_pointer(S, L, 1, 2, false) || offset_pointer(S, L, 2, 1, false))
        return 1;
    return integer_operator(L, OP_ADD);
}

int meta_sub(lua_State *L)
{
    FfiState *S = state_of(L);
    if (offset_pointer(S, L, 1, 2, true) || subtract_pointers(S, L))
        return 1;
    return integer_operator(L, OP_SUB);
}

#define INTEGER_METAMETHOD(name, op)                                                                                   \
    int meta_##name(lua_State *L)                                                                                      \
    {                                                                                                                  \
        return integer_operator(L, op);                                                                                \
    }
INTEGER_METAMETHOD(mul, OP_MUL)
INTEGER_METAMETHOD(div, OP_DIV)
INTEGER_METAMETHOD(idiv, OP_IDIV)
INTEGER_METAMETHOD(mod, OP_MOD)
INTEGER_METAMETHOD(pow, OP_POW)
INTEGER_METAMETHOD(band, OP_BAND)
INTEGER_METAMETHOD(bor, OP_BOR)
INTEGER_METAMETHOD(bxor, OP_BXOR)
INTEGER_METAMETHOD(shl, OP_SHL)
INTEGER_METAMETHOD(shr, OP_SHR)
#undef INTEGER_METAMETHOD

/* Lua gives a unary operator its operand twice. */
static int unary_operator(lua_State *L, const char *name, bool negates)
{
    FfiState *S = state_of(L);
    Operands operands;
    if (!to_operands(S, L, &operands))
        error_raise(L, MESSAGE_UNARY, name, error_push_value(L, 1));
    Uint128 result = negates ? -operands.a : ~operands.a;
    TypeInfo *type = result_type(S, L, &operands);
    memcpy(cdata_push_new(L, type), &result, (size_t)type->type->size);
    return 1;
}

int meta_unm(lua_State *L)
{
    return unary_operator(L, "unary -", true);
}

int meta_bnot(lua_State *L)
{
    return unary_operator(L, "unary ~", false);
}

/* -- comparisons --------------------------------------------------------------------------------------------------- */

/* What a pointer, array or record compares by; false: a number or nothing. */
static bool compared_address(FfiState *S, Cdata *cdata, uintptr_t *address, const CType **pointee)
{
    void *start;
    if (cdata == NULL || cdata->info->kind == VALUE_COMPLEX || cdata->info->kind == VALUE_DECIMAL ||
        !cdata_points_to(S, cdata, &start, pointee))
        return false;
    *address = (uintptr_t)start;
    return true;
}

static bool complex_equal(const TypeInfo *info, const char *a, const TypeInfo *other, const char *b)
{
    Number parts[4] = {number_load(info, a), number_load(info, a + info->type->size / 2), number_load(other, b),
                       number_load(other, b + other->type->size / 2)};
    return number_is_equal(&parts[0], &parts[2]) && number_is_equal(&parts[1], &parts[3]);
}

static int compare_numbers(const Operands *operands)
{
    if (operands->a == operands->b)
        return 0;
    bool less = operands->is_signed ? (Int128)operands->a < (Int128)operands->b : operands->a < operands->b;
    return less ? -1 : 1;
}

/* Never raises: what cannot be compared is unequal. */
int meta_eq(lua_State *L)
{
    FfiState *S = state_of(L);
    Cdata *left = cdata_to(S, L, 1);
    Cdata *right = cdata_to(S, L, 2);
    uintptr_t a;
    uintptr_t b;
    const CType *pointee;
    Operands operands;
    bool equal = false;
    if (left == NULL || right == NULL)
        equal = false;
    else if (compared_address(S, left, &a, &pointee) && compared_address(S, right, &b, &pointee))
        equal = a == b;
    else if (left->info->kind == VALUE_COMPLEX && right->info->kind == VALUE_COMPLEX)
        equal = complex_equal(left->info, cdata_address(S, left), right->info, cdata_address(S, right));
    else if (value_is_number((ValueKind)left->info->kind) && value_is_number((ValueKind)right->info->kind))
        equal = to_operands(S, L, &operands) && compare_numbers(&operands) == 0;
    lua_pushboolean(L, equal);
    return 1;
}

_Noreturn static void raise_compare(lua_State *L)
{
    const char *left = error_push_value(L, 1);
    error_raise(L, MESSAGE_COMPARE, left, error_push_value(L, 2));
}

/* -1, 0 or 1; raises for what has no order. */
static int compare(lua_State *L)
{
    FfiState *S = state_of(L);
    uintptr_t a;
    uintptr_t b;
    const CType *left;
    const CType *right;
    Operands operands;
    if (compared_address(S, cdata_to(S, L, 1), &a, &left) && compared_address(S, cdata_to(S, L, 2), &b, &right)) {
        bool any_void = left->kind == CTYPE_VOID || right->kind == CTYPE_VOID;
        if (!any_void && !relation_agrees(left, right))
            raise_compare(L);
        return (a > b) - (a < b);
    }
    if (!to_operands(S, L, &operands))
        raise_compare(L);
    return compare_numbers(&operands);
}

int meta_lt(lua_State *L)
{
    lua_pushboolean(L, compare(L) < 0);
    return 1;
}

int meta_le(lua_State *L)
{
    lua_pushboolean(L, compare(L) <= 0);
    return 1;
}
