/* Arithmetic on complex numbers: C's, computed by the compiler's own in the type that C's conversions give, and gcc's on
 * complex integers. */
#include "bind/errors.h"
#include "bind/metatype.h"
#include "bind/operand.h"

/* An operand as the operation takes it: parts of the common type, the imaginary one of a real operand missing. */
typedef struct Term {
    const char *parts;
    bool is_real;
} Term;

/* -- floating types ------------------------------------------------------------------------------------------------ */

typedef _Complex float QuadComplex __attribute__((mode(TC)));

/* A real operand stays real: in C, infinity * (1 + 2i) has no NaN. */
#define FLOATING_OPERATOR(name, real_type, complex_type)                                                               \
    static void name(Operator op, const Term *left, const Term *right, void *result)                                   \
    {                                                                                                                  \
        complex_type x = 0;                                                                                            \
        complex_type y = 0;                                                                                            \
        complex_type z;                                                                                                \
        real_type a;                                                                                                   \
        real_type b;                                                                                                   \
        memcpy(&x, left->parts, left->is_real ? sizeof a : sizeof x);                                                  \
        memcpy(&y, right->parts, right->is_real ? sizeof b : sizeof y);                                                \
        memcpy(&a, &x, sizeof a);                                                                                      \
        memcpy(&b, &y, sizeof b);                                                                                      \
        switch (op) {                                                                                                  \
        case OP_ADD: z = left->is_real ? a + y : right->is_real ? x + b : x + y; break;                                \
        case OP_SUB: z = left->is_real ? a - y : right->is_real ? x - b : x - y; break;                                \
        case OP_MUL: z = left->is_real ? a * y : right->is_real ? x * b : x * y; break;                                \
        case OP_UNM: z = -x; break;                                                                                    \
        default: z = left->is_real ? a / y : right->is_real ? x / b : x / y; break;                                    \
        }                                                                                                              \
        memcpy(result, &z, sizeof z);                                                                                  \
    }
FLOATING_OPERATOR(operate_float, float, _Complex float)
FLOATING_OPERATOR(operate_double, double, _Complex double)
FLOATING_OPERATOR(operate_long_double, long double, _Complex long double)
FLOATING_OPERATOR(operate_quad, __float128, QuadComplex)
#undef FLOATING_OPERATOR

static void convert_parts(const TypeInfo *to, const TypeInfo *from, const char *source, char *target, int count)
{
    for (int i = 0; i < count; i++) {
        Number number = number_load(from, source + (size_t)i * from->type->size);
        (void)number_store(to, target + (size_t)i * to->type->size, &number);
    }
}

/* Types of 16 bits are computed with as float, and rounded at the end. */
static void operate_half(FfiState *S, lua_State *L, const TypeInfo *part, Operator op, const Term terms[2],
                         void *result)
{
    const TypeInfo *wide = typeinfo_of(S, L, ctype_scalar(S->types, CSCALAR_FLOAT));
    float parts[2][2] = {{0}};
    float computed[2];
    Term converted[2];
    for (int i = 0; i < 2; i++) {
        convert_parts(wide, part, terms[i].parts, (char *)parts[i], terms[i].is_real ? 1 : 2);
        converted[i] = (Term){.parts = (char *)parts[i], .is_real = terms[i].is_real};
    }
    operate_float(op, &converted[0], &converted[1], computed);
    convert_parts(part, wide, (char *)computed, result, 2);
}

/* -- integers, an extension of gcc's ------------------------------------------------------------------------------- */

/* To the part's type and back. */
static Uint128 narrow(const TypeInfo *part, Uint128 value)
{
    return number_load(part, &value).integer;
}

static bool is_signed(const TypeInfo *part, Uint128 value)
{
    return number_load(part, &value).kind == NUMBER_SIGNED;
}

/* By zero it is the lowest number (the middle one of an unsigned type), as with integers that are not complex. */
static Uint128 quotient_of(const TypeInfo *part, Uint128 a, Uint128 b)
{
    Integers integers = {.a = a, .b = b, .is_signed = is_signed(part, a), .is_wide = part->type->size == 16};
    Uint128 quotient = (Uint128)1 << (8 * part->type->size - 1);
    Uint128 remainder;
    if (b != 0)
        integers_divide(&integers, &quotient, &remainder);
    return narrow(part, quotient);
}

static Uint128 magnitude_of(const TypeInfo *part, Uint128 value)
{
    return is_signed(part, value) && (Int128)value < 0 ? -value : value;
}

/* x / y as gcc does it on integers: Smith's way, with the ratio of y's parts truncated. */
static void divide_integers(const TypeInfo *part, const Uint128 x[2], const Uint128 y[2], Uint128 z[2])
{
    int big = magnitude_of(part, y[0]) < magnitude_of(part, y[1]) ? 1 : 0;
    Uint128 ratio = quotient_of(part, y[1 - big], y[big]);
    Uint128 divisor = narrow(part, y[1 - big] * ratio + y[big]);
    Uint128 re = big == 1 ? x[0] * ratio + x[1] : x[1] * ratio + x[0];
    Uint128 im = big == 1 ? x[1] * ratio - x[0] : x[1] - x[0] * ratio;
    z[0] = quotient_of(part, narrow(part, re), divisor);
    z[1] = quotient_of(part, narrow(part, im), divisor);
}

static void operate_integers(const TypeInfo *part, Operator op, const Term *left, const Term *right, char *result)
{
    size_t nbytes = (size_t)part->type->size;
    Uint128 x[2] = {number_load(part, left->parts).integer, 0};
    Uint128 y[2] = {number_load(part, right->parts).integer, 0};
    Uint128 z[2] = {0, 0};
    if (!left->is_real)
        x[1] = number_load(part, left->parts + nbytes).integer;
    if (!right->is_real)
        y[1] = number_load(part, right->parts + nbytes).integer;
    switch (op) {
    case OP_ADD: z[0] = x[0] + y[0], z[1] = x[1] + y[1]; break;
    case OP_SUB: z[0] = x[0] - y[0], z[1] = x[1] - y[1]; break;
    case OP_MUL: z[0] = x[0] * y[0] - x[1] * y[1], z[1] = x[0] * y[1] + x[1] * y[0]; break;
    case OP_UNM: z[0] = -x[0], z[1] = -x[1]; break;
    default: divide_integers(part, x, y, z); break;
    }
    memcpy(result, &z[0], nbytes);
    memcpy(result + nbytes, &z[1], nbytes);
}

/* -- the common type ----------------------------------------------------------------------------------------------- */

/* The type of a part, or of a real operand after C's promotions; NULL: it is no number. */
static TypeInfo *part_of(FfiState *S, lua_State *L, const Operand *operand)
{
    ValueKind kind = operand_kind(operand);
    if (operand->info == NULL) {
        if (lua_type(L, operand->index) != LUA_TNUMBER)
            return NULL;
        return lua_isinteger(L, operand->index) ? S->word : typeinfo_of(S, L, ctype_scalar(S->types, CSCALAR_DOUBLE));
    }
    if (kind == VALUE_COMPLEX)
        return typeinfo_element(operand->info, L);
    if (!value_is_number(kind))
        return NULL;
    if (value_is_integer((ValueKind)operand->info->underlying) && operand->info->type->size < 4)
        return typeinfo_of(S, L, ctype_scalar(S->types, CSCALAR_INT));
    return kind == VALUE_ENUM ? typeinfo_of(S, L, ctype_scalar(S->types, (CScalar)operand->info->type->scalar))
                              : operand->info;
}

/* The parts in the common type: where they stand, or converted into `room`. */
static Term term_of(lua_State *L, const TypeInfo *part, const Operand *operand, char *room)
{
    Number number;
    if (operand_kind(operand) == VALUE_COMPLEX) {
        TypeInfo *own = typeinfo_element(operand->info, L);
        if (own->underlying == part->underlying)
            return (Term){.parts = operand->address, .is_real = false};
        convert_parts(part, own, operand->address, room, 2);
        return (Term){.parts = room, .is_real = false};
    }
    if (operand_to_number(L, operand, &number))
        (void)number_store(part, room, &number);
    return (Term){.parts = room, .is_real = true};
}

static void operate(FfiState *S, lua_State *L, const TypeInfo *part, Operator op, const Term terms[2], char *result)
{
    switch ((ValueKind)part->underlying) {
    case VALUE_F64: operate_double(op, &terms[0], &terms[1], result); break;
    case VALUE_F32: operate_float(op, &terms[0], &terms[1], result); break;
    case VALUE_F128: operate_quad(op, &terms[0], &terms[1], result); break;
    case VALUE_F80:
        operate_long_double(op, &terms[0], &terms[1], result);
        memset(result + 10, 0, 6); /* the padding of the 80-bit format: never stack rubbish */
        memset(result + 26, 0, 6);
        break;
    case VALUE_F16:
    case VALUE_BF16: operate_half(S, L, part, op, terms, result); break;
    default: operate_integers(part, op, &terms[0], &terms[1], result); break;
    }
}

/* The complex type of such parts: that of the operand they are from, if that is complex. */
static TypeInfo *type_of(FfiState *S, lua_State *L, const TypeInfo *part, const Operand *from)
{
    if (operand_kind(from) == VALUE_COMPLEX)
        return typeinfo_of(S, L, from->info->type->main);
    state_enter(S, L);
    CType *type = ctype_complex(S->types, (CScalar)part->type->scalar);
    if (type == NULL)
        error_raise(L, MESSAGE_NO_MEMORY);
    return typeinfo_of(S, L, type);
}

static bool has_complex_operator(Operator op)
{
    return op == OP_ADD || op == OP_SUB || op == OP_MUL || op == OP_DIV || op == OP_UNM;
}

/* The kinds of numbers stand in ValueKind by rank: what C's conversions choose of two is the later one. */
_Static_assert(VALUE_I32 < VALUE_U32 && VALUE_U128 < VALUE_F16 && VALUE_F16 < VALUE_F32 && VALUE_F64 < VALUE_F80 &&
                   VALUE_F80 < VALUE_F128,
               "kinds by rank");

bool complex_operator(FfiState *S, lua_State *L, Operator op, const Operand *left, const Operand *right)
{
    _Alignas(16) char rooms[2][32];
    if (!has_complex_operator(op) || (operand_kind(left) != VALUE_COMPLEX && operand_kind(right) != VALUE_COMPLEX))
        return false;
    TypeInfo *a = part_of(S, L, left);
    TypeInfo *b = part_of(S, L, right);
    if (a == NULL || b == NULL)
        return false;
    const TypeInfo *part = a->underlying >= b->underlying ? a : b;
    Term terms[2] = {term_of(L, part, left, rooms[0]), term_of(L, part, right, rooms[1])};
    TypeInfo *type = type_of(S, L, part, part == a ? left : right);
    operate(S, L, part, op, terms, cdata_push_new(L, type));
    return true;
}

bool complex_quickly(lua_State *L, Operator op, Cdata *left, Cdata *right)
{
    if (left == NULL || right == NULL || left->info != right->info)
        return false;
    TypeInfo *info = left->info;
    if (info->kind != VALUE_COMPLEX || info->underlying != VALUE_F64 || info->type->main != info->type ||
        metatype_has(info))
        return false;
    Term x = {.parts = cdata_address(left)};
    Term y = {.parts = cdata_address(right)};
    operate_double(op, &x, &y, cdata_push_bare(L, info, (size_t)info->type->size));
    cdata_set_metatable(L, info);
    return true;
}

/* -- equality ------------------------------------------------------------------------------------------------------ */

static bool parts_of(lua_State *L, const Operand *operand, Number parts[2])
{
    parts[1] = (Number){.kind = NUMBER_SIGNED};
    if (operand_kind(operand) != VALUE_COMPLEX)
        return operand_to_number(L, operand, &parts[0]);
    TypeInfo *part = typeinfo_element(operand->info, L);
    parts[0] = number_load(part, operand->address);
    parts[1] = number_load(part, (char *)operand->address + part->type->size);
    return true;
}

bool complex_is_equal(lua_State *L, const Operand *left, const Operand *right)
{
    Number a[2];
    Number b[2];
    return parts_of(L, left, a) && parts_of(L, right, b) && number_is_equal(&a[0], &b[0]) &&
           number_is_equal(&a[1], &b[1]);
}
