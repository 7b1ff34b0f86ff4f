/* Declared names, and when two declarations of one name agree (C11 6.7p3, 6.7.2p5 in spirit, 6.2.7). */
#include "ctype/table.h"

static void *copy_decl(CTypeTable *table, const CDecl *decl)
{
    CDecl *copy = arena_alloc(&table->arena, sizeof *copy);
    if (copy != NULL)
        *copy = *decl;
    return copy;
}

CDecl *ctype_declare(CTypeTable *table, const CDecl *decl)
{
    CName *name = ctype_name_of(decl->name);
    CDecl *copy = copy_decl(table, decl);
    if (copy == NULL || !ctype_journal(table, &name->decl, sizeof name->decl))
        return NULL;
    name->decl = copy;
    table->nchanges++;
    return copy;
}

bool ctype_redeclare(CTypeTable *table, const CDecl *old, const CDecl *decl)
{
    CDecl *place = ctype_name_of(old->name)->decl;
    if (!ctype_journal(table, place, sizeof *place))
        return false;
    *place = *decl;
    table->nchanges++;
    return true;
}

bool ctype_bind_tag(CTypeTable *table, const char *tag, CType *type)
{
    CName *name = ctype_name_of(tag);
    if (!ctype_journal(table, &name->tag, sizeof name->tag))
        return false;
    name->tag = type;
    table->nchanges++;
    return true;
}

bool ctype_name_type(CTypeTable *table, CType *type, const char *name)
{
    const char **place =
        type->kind == CTYPE_RECORD ? &type->u.record->typedef_name : &type->u.enumeration->typedef_name;
    if (*place != NULL)
        return true;
    if (!ctype_journal(table, place, sizeof *place))
        return false;
    *place = name;
    return true;
}

CType *ctype_composite(CType *older, CType *newer)
{
    if (older->kind == CTYPE_ARRAY && older->is_unbounded && !newer->is_unbounded)
        return newer;
    if (older->kind == CTYPE_FUNCTION && type_node(older)->is_unprototyped)
        return newer;
    return older;
}

/* -- agreement ----------------------------------------------------------------------------------------------------- */

/* What two types are compared for. */
typedef enum Agreement {
    AGREE_COMPATIBLE, /* qualifiers and alignment do not count; untagged records are themselves only */
    AGREE_REDECLARED  /* qualifiers count; untagged records are what their definition says */
} Agreement;

/* Two records whose members are being compared. */
typedef struct Pair {
    const CType *a;
    const CType *b;
    const struct Pair *outer;
} Pair;

typedef struct Comparison {
    Agreement how;
    const Pair *pairs; /* innermost */
    unsigned depth;    /* of recursion */
    unsigned nsteps;   /* functions, arrays and pointers share types, so that the ways through them can be very many */
} Comparison;

/* Beyond these two types count as different. */
enum { AGREE_DEPTH_MAX = 2 * CTYPE_DEPTH_MAX, AGREE_STEPS_MAX = 1000000 };

static bool agree(const CType *a, const CType *b, Comparison *by);
static bool is_same_definition(const CType *a, const CType *b, Comparison *by);

/* gcc takes a parameter of a transparent union and one of a member's type for the same. */
static bool agree_with_member(const CType *a, const CType *b, Comparison *by)
{
    const CRecord *record = a->kind == CTYPE_RECORD ? a->u.record : NULL;
    uint32_t i;
    if (record == NULL || !record->is_transparent || a->size != b->size)
        return false;
    for (i = 0; i < record->nmembers; i++)
        if (agree(record->members[i].type->main, b, by))
            return true;
    return false;
}

static bool agree_params(const CType *a, const CType *b, Comparison *by)
{
    return agree(a, b, by) || agree_with_member(a, b, by) || agree_with_member(b, a, by);
}

static bool agree_functions(const CType *a, const CType *b, Comparison *by)
{
    const CFunction *fa = a->u.function, *fb = b->u.function;
    uint32_t i;
    if (!agree(fa->result, fb->result, by) || fa->is_ms_abi != fb->is_ms_abi)
        return false;
    if (type_node(a)->is_unprototyped || type_node(b)->is_unprototyped)
        return true;
    if (fa->nparams != fb->nparams || fa->is_variadic != fb->is_variadic)
        return false;
    for (i = 0; i < fa->nparams; i++)
        if (!agree_params(fa->params[i], fb->params[i], by))
            return false;
    return true;
}

/* An enum is compatible with its integer type (C11 6.7.2.2p4). */
static bool is_enum_of(const CType *a, const CType *b)
{
    return a->kind == CTYPE_ENUM && b->kind == CTYPE_INTEGER && a->scalar == b->scalar && ctype_is_complete(a);
}

static bool agree_nominal(const CType *a, const CType *b, Comparison *by)
{
    return a->main == b->main || (by->how == AGREE_REDECLARED && is_same_definition(a, b, by));
}

static bool agree_arrays(const CType *a, const CType *b)
{
    if (a->is_vla || b->is_vla)
        return a->is_vla && b->is_vla;
    return a->is_unbounded || b->is_unbounded || a->nelems == b->nelems;
}

static bool agree_inside(const CType *a, const CType *b, Comparison *by)
{
    while (a != b) {
        if (++by->nsteps > AGREE_STEPS_MAX)
            return false;
        if (by->how == AGREE_REDECLARED && a->qualifiers != b->qualifiers)
            return false;
        if (is_enum_of(a, b) || is_enum_of(b, a))
            return true;
        if (a->kind != b->kind)
            return false;
        switch ((CTypeKind)a->kind) {
        case CTYPE_RECORD:
        case CTYPE_ENUM: return agree_nominal(a, b, by);
        case CTYPE_FUNCTION: return agree_functions(a, b, by);
        case CTYPE_VECTOR:
            if (a->size != b->size)
                return false;
            break;
        case CTYPE_ARRAY:
            if (!agree_arrays(a, b))
                return false;
            break;
        case CTYPE_POINTER:
        case CTYPE_REFERENCE: break;
        default: return a->main == b->main;
        }
        a = a->u.element;
        b = b->u.element;
    }
    return true;
}

static bool agree(const CType *a, const CType *b, Comparison *by)
{
    bool is_agreed;
    if (by->depth == AGREE_DEPTH_MAX)
        return false;
    by->depth++;
    is_agreed = agree_inside(a, b, by);
    by->depth--;
    return is_agreed;
}

bool ctype_is_compatible(const CType *a, const CType *b)
{
    Comparison by = {.how = AGREE_COMPATIBLE};
    return agree(a, b, &by);
}

bool ctype_is_redeclaration(const CType *a, const CType *b)
{
    Comparison by = {.how = AGREE_REDECLARED};
    return agree(a, b, &by);
}

static bool is_same_member(const CMember *a, const CMember *b, Comparison *by)
{
    return a->name == b->name && a->offset == b->offset && a->is_bitfield == b->is_bitfield &&
           a->bit_offset == b->bit_offset && a->bit_width == b->bit_width && agree(a->type, b->type, by);
}

static bool is_same_record(const CRecord *a, const CRecord *b, Comparison *by)
{
    uint32_t i;
    if (a->is_union != b->is_union || a->is_transparent != b->is_transparent || a->nmembers != b->nmembers)
        return false;
    for (i = 0; i < a->nmembers; i++)
        if (!is_same_member(&a->members[i], &b->members[i], by))
            return false;
    return true;
}

static bool is_same_enum(const CEnum *a, const CEnum *b)
{
    uint32_t i;
    if (a->nenumerators != b->nenumerators)
        return false;
    for (i = 0; i < a->nenumerators; i++)
        if (a->enumerators[i].name != b->enumerators[i].name || a->enumerators[i].value != b->enumerators[i].value)
            return false;
    return true;
}

/* Of records that lead to themselves: what is being compared is alike until a difference shows. */
static bool is_same_members(const CType *a, const CType *b, Comparison *by)
{
    const Pair pair = {.a = a->main, .b = b->main, .outer = by->pairs};
    const Pair *outer;
    bool is_same;
    for (outer = by->pairs; outer != NULL; outer = outer->outer)
        if (outer->a == pair.a && outer->b == pair.b)
            return true;
    by->pairs = &pair;
    is_same = is_same_record(a->u.record, b->u.record, by);
    by->pairs = pair.outer;
    return is_same;
}

/* Records and enums with different tags are different types, whatever they hold. */
static bool is_same_definition(const CType *a, const CType *b, Comparison *by)
{
    if (a->kind != b->kind || !ctype_is_complete(a) || !ctype_is_complete(b) || a->main->size != b->main->size ||
        a->main->align != b->main->align)
        return false;
    if (a->kind == CTYPE_ENUM)
        return a->scalar == b->scalar && a->u.enumeration->tag == b->u.enumeration->tag &&
               is_same_enum(a->u.enumeration, b->u.enumeration);
    return a->u.record->tag == b->u.record->tag && is_same_members(a, b, by);
}

bool ctype_is_same_definition(const CType *a, const CType *b)
{
    Comparison by = {.how = AGREE_REDECLARED};
    return is_same_definition(a, b, &by);
}
