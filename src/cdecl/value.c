/* Values of constant expressions and C's conversions between them (C11 6.3), on gcc's types.
 *
 * Invariants: an integer's bits are extended to 128 as its type says, a pointer's are its 64; a floating number is
 * rounded to its type. Complex and vector values are known by type alone. */
#include "cdecl/value.h"

/* -- numbers ------------------------------------------------------------------------------------------------------- */

/* 2 to the power of n. */
static Real power_of_two(int n)
{
    return (Real)__builtin_ldexpl(1.0L, n);
}

/* To the 11 bits of _Float16, ties to even; below 2^-14 its bits are worth 2^-24 and more. */
static Real round_half(Real number)
{
    const Real shifter = power_of_two(112);
    Real magnitude = number < 0 ? -number : number, unit;
    int exponent;
    if (!(magnitude > 0) || magnitude > power_of_two(17)) /* zero, NaN and what is too large */
        return magnitude > 0 ? number * (Real)__builtin_inf() : number;
    (void)__builtin_frexpl((long double)magnitude, &exponent);
    unit = power_of_two(exponent - 11 > -24 ? exponent - 11 : -24);
    magnitude = ((magnitude / unit + shifter) - shifter) * unit;
    if (magnitude >= power_of_two(16))
        magnitude = (Real)__builtin_inf();
    return number < 0 ? -magnitude : magnitude;
}

/* gcc computes _Float16 in float and rounds it where it is cast or stored (FLT_EVAL_METHOD 0 but for this type). */
Real real_round(CScalar scalar, Real number)
{
    switch (scalar) {
    case CSCALAR_FLOAT16:
    case CSCALAR_FLOAT: return (Real)(float)number;
    case CSCALAR_DOUBLE: return (Real)(double)number;
    case CSCALAR_LDOUBLE: return (Real)(long double)number;
    default: return number;
    }
}

/* An integer rounded once. */
static Real real_of(CScalar scalar, const Value *value)
{
    bool is_negative = value_is_negative(value);
    SignedBits bits = (SignedBits)value->bits;
    switch (scalar) {
    case CSCALAR_FLOAT16:
    case CSCALAR_FLOAT: return is_negative ? (Real)(float)bits : (Real)(float)value->bits;
    case CSCALAR_DOUBLE: return is_negative ? (Real)(double)bits : (Real)(double)value->bits;
    case CSCALAR_LDOUBLE: return is_negative ? (Real)(long double)bits : (Real)(long double)value->bits;
    default: return real_round(scalar, is_negative ? (Real)bits : (Real)value->bits);
    }
}

/* Truncates to the type's width and extends again. */
static Bits normalize(const CType *type, Bits bits)
{
    unsigned nbits = (unsigned)type->size * 8;
    if (type->kind == CTYPE_BOOL)
        return bits != 0;
    if (nbits >= 128)
        return bits;
    bits &= ((Bits)1 << nbits) - 1;
    return is_integer(type) && is_signed(type) && bits >> (nbits - 1) ? bits | ~(((Bits)1 << nbits) - 1) : bits;
}

/* A number as an integer; beyond the type's range it is the nearest that the type has, as gcc folds it. */
static Bits bits_of(const CType *type, Real number)
{
    int nbits = (int)type->size * 8 - is_signed(type);
    Real limit = power_of_two(nbits);
    Bits highest = nbits == 128 ? ~(Bits)0 : ((Bits)1 << nbits) - 1;
    if (number != number)
        return 0;
    if (number >= limit)
        return highest;
    if (number <= (is_signed(type) ? -limit : 0))
        return is_signed(type) ? ~highest : 0;
    return number < 0 ? (Bits)(SignedBits)number : (Bits)number;
}

/* -- values -------------------------------------------------------------------------------------------------------- */

Value value_integer(Parser *parser, CScalar scalar, Bits bits)
{
    Value value = {.type = ctype_scalar(parser->table, scalar), .is_known = true};
    value.bits = normalize(value.type, bits);
    return value;
}

Value value_floating(Parser *parser, CScalar scalar, Real number)
{
    return (Value){.type = ctype_scalar(parser->table, scalar), .number = number, .is_known = true};
}

Value value_unknown(CType *type, const Token *at, Message why)
{
    return (Value){.type = type, .why = why, .at = *at};
}

Value value_typeless(Parser *parser, const Token *at, Message why)
{
    Value value = value_unknown(ctype_scalar(parser->table, CSCALAR_INT), at, why);
    value.is_typeless = true;
    return value;
}

bool value_need_type(Parser *parser, const Value *value)
{
    return !value->is_typeless || parser_fail(parser, &value->at, value->why, &value->at);
}

bool value_is_negative(const Value *value)
{
    return is_integer(value->type) && is_signed(value->type) && (SignedBits)value->bits < 0;
}

uint64_t value_size(const Value *value)
{
    return value->bits > UINT64_MAX ? UINT64_MAX : (uint64_t)value->bits;
}

bool value_is_true(const Value *value)
{
    return value->type->kind == CTYPE_FLOATING ? value->number != 0 : value->bits != 0;
}

void value_forget(Value *value, const Token *at, Message why)
{
    if (!value->is_known)
        return;
    value->is_known = false;
    value->why = why;
    value->at = *at;
}

void value_spread(Value *into, const Value *from)
{
    if (!from->is_known)
        value_forget(into, &from->at, from->why);
    into->is_typeless = into->is_typeless || from->is_typeless;
}

void value_become_rvalue(Value *value)
{
    value->is_lvalue = false;
    value->is_held = false;
    value->bitfield = NULL;
    value->align = 0;
    value->is_address = false;
    value->is_null = false;
}

/* -- conversions --------------------------------------------------------------------------------------------------- */

/* What an lvalue holds only the run knows; arrays and functions become pointers. */
bool value_decay(Parser *parser, Value *value)
{
    CType *type = value->type;
    if (value->is_typeless)
        return true;
    if (type->kind == CTYPE_REFERENCE) {
        type = value->type = type->u.element;
        value->is_lvalue = true;
    }
    if (type->kind == CTYPE_ARRAY)
        value->type = ctype_pointer(parser->table, type->u.element);
    else if (type->kind == CTYPE_FUNCTION)
        value->type = ctype_pointer(parser->table, type);
    else if (value->is_lvalue && !value->is_held)
        value_forget(value, &value->at, MESSAGE_NOT_KNOWN);
    if (value->type == NULL)
        return parser_fail_memory(parser);
    if (value->is_lvalue || value->type != type)
        value_become_rvalue(value);
    value->type = value->type->main;
    return true;
}

void value_convert(Value *value, CType *type)
{
    if (type->kind == CTYPE_COMPLEX || value->type->kind == CTYPE_COMPLEX)
        value_forget(value, &value->at, MESSAGE_NOT_KNOWN);
    else if (type->kind == CTYPE_FLOATING && value->type->kind == CTYPE_FLOATING)
        value->number = real_round((CScalar)type->scalar, value->number);
    else if (type->kind == CTYPE_FLOATING)
        value->number = real_of((CScalar)type->scalar, value);
    else if (type->kind == CTYPE_BOOL)
        value->bits = value_is_true(value);
    else if (value->type->kind == CTYPE_FLOATING)
        value->bits = bits_of(type, value->number);
    else
        value->bits = normalize(type, value->bits);
    value->type = type;
}

/* An enum's or narrow type's value goes to int, any other stays; the scalars are ordered by rank. */
static CScalar promoted(const CType *type)
{
    return type->scalar < CSCALAR_INT ? CSCALAR_INT : (CScalar)type->scalar;
}

void value_promote(Parser *parser, Value *value)
{
    value_convert(value, ctype_scalar(parser->table, promoted(value->type)));
}

/* The scalars of integers come in pairs of one rank, signed first. */
static CScalar common_integer(CScalar a, CScalar b)
{
    CScalar high = a > b ? a : b, low = a > b ? b : a;
    bool high_is_unsigned = ctype_scalar_class(high) == CSCALAR_UNSIGNED;
    if (high_is_unsigned || ctype_scalar_class(low) == CSCALAR_SIGNED)
        return high;
    /* signed of higher rank against unsigned: long long cannot hold all of unsigned long */
    return high == CSCALAR_LLONG && low == CSCALAR_ULONG ? CSCALAR_ULLONG : high;
}

_Static_assert(CSCALAR_INT + 1 == CSCALAR_UINT && CSCALAR_ULONG + 1 == CSCALAR_LLONG, "pairs of one rank, in order");

/* Of two types of which one at least is floating or complex: the wider floating scalar. */
static CScalar common_floating(const CType *a, const CType *b)
{
    if (is_integer(a))
        return (CScalar)b->scalar;
    return is_integer(b) || a->scalar > b->scalar ? (CScalar)a->scalar : (CScalar)b->scalar;
}

CType *value_common_type(Parser *parser, const CType *a, const CType *b)
{
    CType *type;
    if (is_integer(a) && is_integer(b))
        return ctype_scalar(parser->table, common_integer(promoted(a), promoted(b)));
    if (a->kind != CTYPE_COMPLEX && b->kind != CTYPE_COMPLEX)
        return ctype_scalar(parser->table, common_floating(a, b));
    type = ctype_complex(parser->table, common_floating(a, b));
    if (type == NULL)
        parser_fail_memory(parser);
    return type;
}

/* -- casts --------------------------------------------------------------------------------------------------------- */

/* What gcc's alignof looks for behind the casts of a pointer that it cannot compute: the strictest type pointed to. */
static uint32_t cast_align(const Value *value, const CType *type)
{
    uint32_t align;
    if (value->is_known || !is_pointer(value->type) || !is_pointer(type))
        return 0;
    align = value->type->u.element->align;
    return value->is_address || value->align < align ? align : value->align;
}

static bool is_void_pointer(const CType *type)
{
    return is_pointer(type) && type->u.element->kind == CTYPE_VOID && type->u.element->qualifiers == 0;
}

static bool is_castable(const CType *from, const CType *to)
{
    if (from->kind == CTYPE_VECTOR || to->kind == CTYPE_VECTOR)
        return from->size == to->size && (is_integer(from) || from->kind == CTYPE_VECTOR) &&
               (is_integer(to) || to->kind == CTYPE_VECTOR);
    if ((from->kind == CTYPE_RECORD || to->kind == CTYPE_RECORD) && from->main == to->main)
        return true;
    if (!is_scalar(from) || !is_scalar(to) || !ctype_is_complete(to))
        return false;
    return (!is_pointer(from) || is_integer(to) || is_pointer(to)) &&
           (!is_pointer(to) || is_integer(from) || is_pointer(from));
}

bool value_cast(Parser *parser, const Token *at, Value *value, CType *type)
{
    uint32_t align;
    bool is_null;
    if (!value_decay(parser, value))
        return false;
    if (value->is_typeless || type->kind == CTYPE_VOID) {
        value->is_typeless = false;
        value_become_rvalue(value);
        value->type = type->main;
        value_forget(value, at, MESSAGE_NOT_KNOWN);
        return true;
    }
    if (!is_castable(value->type, type))
        return parser_fail(parser, at, MESSAGE_BAD_CAST, value->type, type);
    align = cast_align(value, type);
    is_null = is_integer(value->type) && value->is_known && value->bits == 0 && is_void_pointer(type);
    value_become_rvalue(value);
    if (!is_scalar(type) || !is_scalar(value->type))
        value_forget(value, at, MESSAGE_NOT_KNOWN);
    else
        value_convert(value, type->main);
    if (type->kind == CTYPE_FLOATING && type->scalar == CSCALAR_FLOAT16)
        value->number = round_half(value->number);
    value->type = type->main;
    value->align = align;
    value->is_null = is_null;
    return true;
}
