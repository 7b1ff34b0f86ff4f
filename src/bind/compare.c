/* Comparisons: == and ffi.eq, which never raise, and the order, which does for what has none. */
#include "bind/compare.h"

#include "bind/ctypeobj.h"
#include "bind/errors.h"
#include "bind/metamethods.h"
#include "bind/metatype.h"
#include "bind/operand.h"
#include "bind/pointer.h"
#include "bind/relation.h"

/* -- order --------------------------------------------------------------------------------------------------------- */

static int order_of(const Integers *integers)
{
    if (integers->a == integers->b)
        return 0;
    bool less = integers->is_signed ? (Int128)integers->a < (Int128)integers->b : integers->a < integers->b;
    return less ? -1 : 1;
}

/* Pointers by their unsigned addresses, if what they point to agrees; nil is a NULL of either's type. */
static bool order_pointers(lua_State *L, const Operand *left, const Operand *right, int *order)
{
    void *a;
    void *b;
    const CType *pointee;
    const CType *other;
    if (!operand_to_address(L, left, &a, &pointee) || !operand_to_address(L, right, &b, &other))
        return false;
    *order = ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
    return pointee == NULL || other == NULL || relation_agrees(pointee, other);
}

/* -1, 0 or 1 in *order; false: nothing built in says. */
static bool compare(FfiState *S, lua_State *L, const Operand *left, const Operand *right, int *order)
{
    Integers integers;
    if (order_pointers(L, left, right, order))
        return true;
    if (!operands_to_integers(S, L, left, right, &integers))
        return false;
    *order = order_of(&integers);
    return true;
}

NOINLINE static int order_operator(lua_State *L, Operator op, int limit)
{
    Operand left = operand_of(L, 1);
    Operand right = operand_of(L, 2);
    int order;
    if (compare(state_of(L), L, &left, &right, &order)) {
        lua_pushboolean(L, order < limit);
        return 1;
    }
    if (metatype_operator(L, left.info, right.info) == 0)
        operator_refuse(L, op);
    return 1;
}

/* Two 64-bit operands at once: as unsigned ones, signed ones with their highest bits turned. */
#define ORDER_METAMETHOD(name, op, relation, limit)                                                                    \
    int meta_##name(lua_State *L)                                                                                      \
    {                                                                                                                  \
        uint64_t a;                                                                                                    \
        uint64_t b;                                                                                                    \
        bool is_unsigned = false;                                                                                      \
        if (!word_at(L, 1, cdata_to(L, 1), &a, &is_unsigned) || !word_at(L, 2, cdata_to(L, 2), &b, &is_unsigned))      \
            return order_operator(L, op, limit);                                                                       \
        uint64_t lowest = is_unsigned ? 0 : (uint64_t)1 << 63;                                                         \
        lua_pushboolean(L, (a ^ lowest) relation(b ^ lowest));                                                         \
        return 1;                                                                                                      \
    }
ORDER_METAMETHOD(lt, OP_LT, <, 0)
ORDER_METAMETHOD(le, OP_LE, <=, 1)
#undef ORDER_METAMETHOD

/* -- equality ------------------------------------------------------------------------------------------------------ */

static bool is_address(const Operand *operand)
{
    return operand_kind(operand) == VALUE_POINTER || operand_kind(operand) == VALUE_ARRAY;
}

/* Where a cdata is or points that is not compared by its value: pointer, array, record, vector, decimal. */
static bool to_place(const Operand *operand, void **place)
{
    ValueKind kind = operand_kind(operand);
    *place = kind == VALUE_POINTER ? *(void **)operand->address : operand->address;
    return is_address(operand) || kind == VALUE_RECORD || kind == VALUE_VECTOR || kind == VALUE_DECIMAL;
}

static bool places_equal(const Operand *left, const Operand *right)
{
    void *a;
    void *b;
    return to_place(left, &a) && to_place(right, &b) && a == b;
}

/* What is built in for two cdata of which none is a record, vector or complex number; false: it is not so. */
static bool compare_equal(FfiState *S, lua_State *L, const Operand *left, const Operand *right, bool *equal)
{
    uint64_t a;
    uint64_t b;
    bool is_unsigned = false;
    Integers integers;
    if (word_at(L, 1, left->cdata, &a, &is_unsigned) && word_at(L, 2, right->cdata, &b, &is_unsigned))
        *equal = a == b;
    else if (is_address(left) && is_address(right))
        *equal = places_equal(left, right);
    else if (value_is_number(operand_kind(left)) && value_is_number(operand_kind(right)))
        *equal = operands_to_integers(S, L, left, right, &integers) && order_of(&integers) == 0;
    else
        return false;
    return true;
}

/* Lua asks for two userdata only. Never raises: what cannot be compared is unequal. */
int meta_eq(lua_State *L)
{
    FfiState *S = state_of(L);
    Operand left = operand_of(L, 1);
    Operand right = operand_of(L, 2);
    bool equal;
    if (!compare_equal(S, L, &left, &right, &equal)) {
        if (metatype_operator(L, left.info, right.info) != 0)
            return 1;
        equal = complex_is_equal(L, &left, &right) || places_equal(&left, &right);
    }
    lua_pushboolean(L, equal);
    return 1;
}

/* -- ffi.eq -------------------------------------------------------------------------------------------------------- */

/* The address of what C would compare as a pointer. A record has one beside a pointer, a userdata of another library as
 * where it is passed. */
static bool to_pointer(lua_State *L, const Operand *operand, void **address)
{
    const CType *pointee;
    if (operand->info != NULL)
        return to_place(operand, address);
    switch (lua_type(L, operand->index)) {
    case LUA_TLIGHTUSERDATA: *address = lua_touserdata(L, operand->index); return true;
    case LUA_TUSERDATA:
        *address = pointer_of_userdata(L, operand->index);
        return *address != NULL && ctypeobj_to(L, operand->index) == NULL;
    default: return operand_to_address(L, operand, address, &pointee);
    }
}

/* true and false beside a _Bool. */
static bool booleans_equal(lua_State *L, const Operand *boolean, const Operand *other)
{
    return lua_type(L, boolean->index) == LUA_TBOOLEAN && operand_kind(other) == VALUE_BOOL &&
           lua_toboolean(L, boolean->index) == (*(uint8_t *)other->address != 0);
}

static bool numbers_equal(lua_State *L, const Operand *left, const Operand *right)
{
    Number a;
    Number b;
    if (operands_to_numbers(L, left, right, &a, &b))
        return number_is_equal(&a, &b);
    return complex_is_equal(L, left, right) || booleans_equal(L, left, right) || booleans_equal(L, right, left);
}

/* Lua's own == is right for two values of which neither is C's. */
static bool is_lua_only(lua_State *L, const Operand *left, const Operand *right)
{
    int a = lua_type(L, left->index);
    return left->info == NULL && right->info == NULL && a == lua_type(L, right->index) && a != LUA_TFUNCTION;
}

/* Its metatype says what equals it, and else its address: as == does. */
static bool is_metatype_only(const Operand *operand)
{
    return operand_kind(operand) == VALUE_RECORD || operand_kind(operand) == VALUE_VECTOR;
}

static bool values_equal(lua_State *L)
{
    Operand left = operand_of(L, 1);
    Operand right = operand_of(L, 2);
    void *a;
    void *b;
    if (lua_rawequal(L, 1, 2) && left.info == NULL)
        return true;
    if (is_lua_only(L, &left, &right) || is_metatype_only(&left) || is_metatype_only(&right))
        return lua_compare(L, 1, 2, LUA_OPEQ) != 0;
    if (numbers_equal(L, &left, &right))
        return true;
    return to_pointer(L, &left, &a) && to_pointer(L, &right, &b) && a == b;
}

int compare_values(lua_State *L)
{
    for (int i = 1; i <= 2; i++)
        if (lua_isnone(L, i))
            error_argument(L, i, "ffi.eq", "value");
    lua_settop(L, 2);
    lua_pushboolean(L, values_equal(L));
    return 1;
}
