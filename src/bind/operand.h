/* Operands of operators: Lua values and cdata as arith.c, complex.c and compare.c see them, references followed, and the
 * common integer type of two. Nothing here raises but where it says so. */
#ifndef AIRLOCK_BIND_OPERAND_H
#define AIRLOCK_BIND_OPERAND_H

#include <string.h>

#include "bind/cdata.h"
#include "bind/number.h"

/* OPERATOR(name, symbol) */
#define OPERATORS(OPERATOR)                                                                                            \
    OPERATOR(ADD, "+")                                                                                                 \
    OPERATOR(SUB, "-")                                                                                                 \
    OPERATOR(MUL, "*")                                                                                                 \
    OPERATOR(DIV, "/")                                                                                                 \
    OPERATOR(IDIV, "//")                                                                                               \
    OPERATOR(MOD, "%")                                                                                                 \
    OPERATOR(POW, "^")                                                                                                 \
    OPERATOR(BAND, "&")                                                                                                \
    OPERATOR(BOR, "|")                                                                                                 \
    OPERATOR(BXOR, "~")                                                                                                \
    OPERATOR(SHL, "<<")                                                                                                \
    OPERATOR(SHR, ">>")                                                                                                \
    OPERATOR(UNM, "unary -")                                                                                           \
    OPERATOR(BNOT, "unary ~")                                                                                          \
    OPERATOR(LT, "<")                                                                                                  \
    OPERATOR(LE, "<=")                                                                                                 \
    OPERATOR(EQ, "==")

typedef enum Operator {
#define OPERATOR_ID(name, symbol) OP_##name,
    OPERATORS(OPERATOR_ID)
#undef OPERATOR_ID
} Operator;

typedef struct Operand {
    Cdata *cdata;   /* NULL: a Lua value */
    TypeInfo *info; /* of the value: the cdata's, or what a reference refers to; NULL: a Lua value */
    void *address;  /* of the value, when it is a cdata's */
    int index;      /* on the stack */
} Operand;

/* Makes an operand of a reference one of what it refers to; a NULL one stays, and has no operators. [-0, +0, v] */
void operand_follow(lua_State *L, Operand *operand);

/* The value at `index`. [-0, +0, v] */
static inline Operand operand_of(lua_State *L, int index)
{
    Operand operand = {.cdata = cdata_to(L, index), .index = index};
    if (operand.cdata == NULL)
        return operand;
    operand.info = operand.cdata->info;
    operand.address = cdata_address(operand.cdata);
    if (operand.info->kind == VALUE_REFERENCE)
        operand_follow(L, &operand);
    return operand;
}

static inline ValueKind operand_kind(const Operand *operand)
{
    return operand->info != NULL ? (ValueKind)operand->info->kind : VALUE_VOID;
}

/* The 64 bits of a Lua integer or a 64-bit integer cdata, the operands that take no thought: of the value at `index`,
 * which is this cdata or, for NULL, a Lua value. False: it is another. [-0, +0, -] */
ALWAYS_INLINE bool word_at(lua_State *L, int index, Cdata *cdata, uint64_t *word, bool *is_unsigned)
{
    if (cdata == NULL) {
        if (!lua_isinteger(L, index))
            return false;
        *word = (uint64_t)lua_tointegerx(L, index, NULL);
        return true;
    }
    ValueKind kind = (ValueKind)cdata->info->kind;
    if (kind != VALUE_I64 && kind != VALUE_U64)
        return false;
    memcpy(word, cdata_address(cdata), sizeof *word);
    *is_unsigned |= kind == VALUE_U64;
    return true;
}

/* A Lua number or a cdata of a real type; no boolean of Lua's and no string. */
bool operand_to_number(lua_State *L, const Operand *operand, Number *number);

/* Both as numbers, where a string beside an enum is the name of one of its constants. */
bool operands_to_numbers(lua_State *L, const Operand *left, const Operand *right, Number *a, Number *b);

/* What a pointer, an array or a C function has as an address and there; nil, for `pointee` NULL, is a NULL of any type.
 * [-0, +0, -] */
bool operand_to_address(lua_State *L, const Operand *operand, void **address, const CType **pointee);

/* Two integers of one type: as wide as the wider operand, 64 bits at least; unsigned when an operand of that width is.
 */
typedef struct Integers {
    Uint128 a; /* sign- or zero-extended, as is b */
    Uint128 b;
    bool is_signed;
    bool is_wide; /* 128 bits */
} Integers;

/* Both operands in their common type; false: one is no number, or a float that no integer of that width holds. */
bool operands_to_integers(FfiState *S, lua_State *L, const Operand *left, const Operand *right, Integers *integers);

/* The type of these integers. [-0, +0, v] */
TypeInfo *integers_type(FfiState *S, lua_State *L, bool is_signed, bool is_wide);

/* a / b and a % b truncated as in C; the lowest by -1 wraps. b is not zero. */
void integers_divide(const Integers *integers, Uint128 *quotient, Uint128 *remainder);

/* Raises: these operands at 1 and 2 have no such operator. [-0, +0, v] */
_Noreturn void operator_refuse(lua_State *L, Operator op);

/* complex.c: + - * / and unary minus where an operand is complex and the other one a number; false, and nothing is
 * pushed: it is not so. [-0, +(0|1), v] */
bool complex_operator(FfiState *S, lua_State *L, Operator op, const Operand *left, const Operand *right);

/* The same for two complex numbers of one type, whose parts are doubles, without a metatype; NULL: a Lua value. False:
 * it is not so. [-0, +(0|1), m] */
bool complex_quickly(lua_State *L, Operator op, Cdata *left, Cdata *right);

/* Whether a complex number equals another or a number: by its parts, exactly. */
bool complex_is_equal(lua_State *L, const Operand *left, const Operand *right);

#endif
