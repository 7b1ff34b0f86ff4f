/* The types and names that every table knows from the start. */
#include <string.h>

#include "ctype/table.h"

static const struct ScalarRow {
    const char *spelling;
    uint8_t nbytes, align, class;
} scalar_rows[CSCALAR_COUNT] = {
#define CTYPE_SCALAR(name, spelling, nbytes, align, class) [CSCALAR_##name] = {spelling, nbytes, align, class},
#include "ctype/scalar.def"
#undef CTYPE_SCALAR
};

static const struct TypedefRow {
    const char *name;
    CScalar scalar;
} typedef_rows[] = {
    {"bool", CSCALAR_BOOL_},          {"int8_t", CSCALAR_SCHAR},    {"int16_t", CSCALAR_SHORT},
    {"int32_t", CSCALAR_INT},         {"int64_t", CSCALAR_LONG},    {"uint8_t", CSCALAR_UCHAR},
    {"uint16_t", CSCALAR_USHORT},     {"uint32_t", CSCALAR_UINT},   {"uint64_t", CSCALAR_ULONG},
    {"intptr_t", CSCALAR_LONG},       {"uintptr_t", CSCALAR_ULONG}, {"size_t", CSCALAR_ULONG},
    {"ssize_t", CSCALAR_LONG},        {"ptrdiff_t", CSCALAR_LONG},  {"wchar_t", CSCALAR_INT},
    {"char16_t", CSCALAR_USHORT},     {"char32_t", CSCALAR_UINT},   {"__int128_t", CSCALAR_INT128},
    {"__uint128_t", CSCALAR_UINT128},
};

CScalarClass ctype_scalar_class(CScalar scalar)
{
    return (CScalarClass)scalar_rows[scalar].class;
}

const char *ctype_scalar_spelling(CScalar scalar)
{
    return scalar_rows[scalar].spelling;
}

static CTypeKind scalar_kind(CScalar scalar)
{
    switch (ctype_scalar_class(scalar)) {
    case CSCALAR_BOOL: return CTYPE_BOOL;
    case CSCALAR_FLOATING: return CTYPE_FLOATING;
    case CSCALAR_DECIMAL: return CTYPE_DECIMAL;
    case CSCALAR_SIGNED:
    case CSCALAR_UNSIGNED: break;
    }
    return CTYPE_INTEGER;
}

static bool make_basic_types(CTypeTable *table)
{
    CType type = {.kind = CTYPE_VOID, .align = 1, .size = CTYPE_SIZE_UNKNOWN};
    TypeNode *node = types_new(table, &type);
    unsigned i;
    if (node == NULL)
        return false;
    table->void_type = &node->type;
    for (i = 0; i < CSCALAR_COUNT; i++) {
        type.kind = (uint8_t)scalar_kind((CScalar)i);
        type.scalar = (uint8_t)i;
        type.align = scalar_rows[i].align;
        type.size = scalar_rows[i].nbytes;
        node = types_new(table, &type);
        if (node == NULL)
            return false;
        table->scalars[i] = &node->type;
    }
    return true;
}

static bool declare_typedef(CTypeTable *table, const char *name, CType *type)
{
    CDecl decl = {.kind = CDECL_TYPEDEF, .type = type};
    if (type == NULL)
        return false;
    decl.name = ctype_intern(table, name, strlen(name));
    return decl.name != NULL && ctype_declare(table, &decl) != NULL;
}

/* psABI figure 3.34: typedef struct __va_list_tag va_list[1]. */
static CType *make_va_list(CTypeTable *table)
{
    static const char *const names[] = {"gp_offset", "fp_offset", "overflow_arg_area", "reg_save_area"};
    CMemberSpec members[4];
    CRecordSpec spec = {.members = members, .nmembers = 4};
    CType *area = ctype_pointer(table, ctype_void(table));
    const char *tag = ctype_intern(table, "__va_list_tag", strlen("__va_list_tag"));
    CType *record;
    unsigned i;
    if (area == NULL || tag == NULL || (record = ctype_record_new(table, tag, false)) == NULL)
        return NULL;
    for (i = 0; i < 4; i++) {
        members[i] = (CMemberSpec){.type = i < 2 ? ctype_scalar(table, CSCALAR_UINT) : area};
        members[i].name = ctype_intern(table, names[i], strlen(names[i]));
        if (members[i].name == NULL)
            return NULL;
    }
    if (ctype_record_complete(table, record->u.record, &spec) != CRECORD_OK || !ctype_bind_tag(table, tag, record))
        return NULL;
    return ctype_array(table, record, 1);
}

bool predefined_declare(CTypeTable *table)
{
    CType *va_list_type;
    size_t i;
    if (!make_basic_types(table))
        return false;
    for (i = 0; i < sizeof typedef_rows / sizeof *typedef_rows; i++)
        if (!declare_typedef(table, typedef_rows[i].name, ctype_scalar(table, typedef_rows[i].scalar)))
            return false;
    va_list_type = make_va_list(table);
    return declare_typedef(table, "__builtin_va_list", va_list_type) &&
           declare_typedef(table, "va_list", va_list_type) && declare_typedef(table, "__gnuc_va_list", va_list_type) &&
           declare_typedef(table, "__builtin_sysv_va_list", va_list_type) &&
           declare_typedef(table, "__builtin_ms_va_list", ctype_pointer(table, ctype_scalar(table, CSCALAR_CHAR)));
}
