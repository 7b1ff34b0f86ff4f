/* __attribute__((mode(…))): gcc's machine modes, which keep a type's class and signedness and choose its size. */
#include "cdecl/parser.h"

/* An element's mode: by itself, and as V4SI and the like with a power of two of elements within the bounds, 0 for none.
 * gcc 12 has no BF, gcc 13 the rest. */
static const struct ModeRow {
    const char *name;
    CScalar signed_scalar, unsigned_scalar; /* the same for a floating mode */
    uint8_t nelems_min, nelems_max;
} mode_rows[] = {
    {"QI", CSCALAR_SCHAR, CSCALAR_UCHAR, 2, 128},
    {"HI", CSCALAR_SHORT, CSCALAR_USHORT, 2, 64},
    {"SI", CSCALAR_INT, CSCALAR_UINT, 1, 64},
    {"DI", CSCALAR_LONG, CSCALAR_ULONG, 1, 16},
    {"TI", CSCALAR_INT128, CSCALAR_UINT128, 1, 8},
    {"byte", CSCALAR_SCHAR, CSCALAR_UCHAR, 0, 0},
    {"word", CSCALAR_LONG, CSCALAR_ULONG, 0, 0},
    {"pointer", CSCALAR_LONG, CSCALAR_ULONG, 0, 0},
    {"unwind_word", CSCALAR_LONG, CSCALAR_ULONG, 0, 0},
    {"libgcc_cmp_return", CSCALAR_LONG, CSCALAR_ULONG, 0, 0},
    {"libgcc_shift_count", CSCALAR_LONG, CSCALAR_ULONG, 0, 0},
    {"BF", CSCALAR_BFLOAT16, CSCALAR_BFLOAT16, 2, 128},
    {"HF", CSCALAR_FLOAT16, CSCALAR_FLOAT16, 2, 128},
    {"SF", CSCALAR_FLOAT, CSCALAR_FLOAT, 2, 64},
    {"DF", CSCALAR_DOUBLE, CSCALAR_DOUBLE, 2, 32},
    {"XF", CSCALAR_LDOUBLE, CSCALAR_LDOUBLE, 0, 0},
    {"TF", CSCALAR_FLOAT128, CSCALAR_FLOAT128, 2, 16},
    {"SD", CSCALAR_DECIMAL32, CSCALAR_DECIMAL32, 0, 0},
    {"DD", CSCALAR_DECIMAL64, CSCALAR_DECIMAL64, 0, 0},
    {"TD", CSCALAR_DECIMAL128, CSCALAR_DECIMAL128, 0, 0},
};

/* The complex modes, by their parts. */
static const struct ModeRow complex_rows[] = {
    {"CQI", CSCALAR_SCHAR, CSCALAR_UCHAR, 0, 0},    {"CHI", CSCALAR_SHORT, CSCALAR_USHORT, 0, 0},
    {"CSI", CSCALAR_INT, CSCALAR_UINT, 0, 0},       {"CDI", CSCALAR_LONG, CSCALAR_ULONG, 0, 0},
    {"CTI", CSCALAR_INT128, CSCALAR_UINT128, 0, 0}, {"HC", CSCALAR_FLOAT16, CSCALAR_FLOAT16, 0, 0},
    {"SC", CSCALAR_FLOAT, CSCALAR_FLOAT, 0, 0},     {"DC", CSCALAR_DOUBLE, CSCALAR_DOUBLE, 0, 0},
    {"XC", CSCALAR_LDOUBLE, CSCALAR_LDOUBLE, 0, 0}, {"TC", CSCALAR_FLOAT128, CSCALAR_FLOAT128, 0, 0},
};

static const struct ModeRow *find_row(const struct ModeRow *rows, size_t nrows, Word mode)
{
    size_t i;
    for (i = 0; i < nrows; i++)
        if (is_word(mode, rows[i].name))
            return &rows[i];
    return NULL;
}

/* V4SF: takes the count of elements from the word, 0 when it has none. */
static unsigned take_count(Word *mode)
{
    size_t i = 1;
    unsigned nelems = 0;
    if (mode->text[0] != 'V')
        return 0;
    for (; i < mode->length && i < 4 && is_digit(mode->text[i]); i++)
        nelems = nelems * 10 + (unsigned)(mode->text[i] - '0');
    if (nelems > 0)
        *mode = (Word){mode->text + i, mode->length - i};
    return nelems;
}

static CScalar scalar_of(const struct ModeRow *row, const CType *type)
{
    bool is_unsigned = ctype_scalar_class((CScalar)type->scalar) == CSCALAR_UNSIGNED;
    return is_unsigned ? row->unsigned_scalar : row->signed_scalar;
}

/* An enum like this one, of another integer type; one whose values are not known yet becomes that type. */
static CType *enum_of(Parser *parser, const CType *type, CScalar scalar)
{
    const CEnum *from = type->u.enumeration;
    CType *copy;
    if (!from->is_complete)
        return ctype_scalar(parser->table, scalar);
    copy = ctype_enum_new(parser->table, from->tag);
    if (copy == NULL ||
        !ctype_enum_complete(parser->table, copy->u.enumeration, from->enumerators, from->nenumerators, scalar))
        return NULL;
    copy->u.enumeration->line = from->line;
    copy->u.enumeration->file = from->file;
    return copy;
}

static bool is_floating(const CType *type)
{
    return type->kind == CTYPE_FLOATING || type->kind == CTYPE_DECIMAL;
}

/* Whether a mode applies to a type; a pointer's is the pointer's own. */
static bool is_applicable(const struct ModeRow *row, unsigned nelems, const CType *type)
{
    bool is_integer_mode = row->signed_scalar != row->unsigned_scalar;
    if (nelems > 0 && (nelems < row->nelems_min || nelems > row->nelems_max || (nelems & (nelems - 1)) != 0))
        return false;
    if (!is_integer_mode)
        return is_floating(type);
    if (type->kind == CTYPE_INTEGER)
        return true;
    return nelems == 0 &&
           (type->kind == CTYPE_ENUM || (type->kind == CTYPE_POINTER && row->signed_scalar == CSCALAR_LONG));
}

/* What the mode makes of the type: `*made` is NULL when memory is out. False: it does not apply. */
static bool make(Parser *parser, const CName *name, CType *type, CType **made)
{
    Word mode = bare_word(name);
    unsigned nelems = take_count(&mode);
    const struct ModeRow *row = find_row(mode_rows, sizeof mode_rows / sizeof *mode_rows, mode);
    const struct ModeRow *complex_row = find_row(complex_rows, sizeof complex_rows / sizeof *complex_rows, mode);
    CScalar scalar;
    if (type->kind == CTYPE_COMPLEX) {
        if (complex_row == NULL || nelems > 0)
            return false;
        *made = ctype_complex(parser->table, scalar_of(complex_row, type));
        return true;
    }
    if (row == NULL || !is_applicable(row, nelems, type))
        return false;
    scalar = scalar_of(row, type);
    if (type->kind == CTYPE_POINTER)
        *made = type;
    else if (type->kind == CTYPE_ENUM)
        *made = enum_of(parser, type, scalar);
    else
        *made = ctype_scalar(parser->table, scalar);
    if (nelems > 0 && *made != NULL)
        *made = ctype_vector(parser->table, *made, nelems * (*made)->size);
    return true;
}

CType *mode_apply(Parser *parser, const Attributes *attributes, CType *type)
{
    unsigned qualifiers = type->qualifiers;
    CType *made;
    if (!make(parser, attributes->mode, type, &made)) {
        parser_fail(parser, &attributes->at, MESSAGE_BAD_MODE, attributes->mode->text, type);
        return NULL;
    }
    made = made == NULL ? NULL : ctype_qualified(parser->table, made, qualifiers);
    if (made == NULL)
        parser_fail_memory(parser);
    return made;
}
