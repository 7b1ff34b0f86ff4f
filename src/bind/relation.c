#include "bind/relation.h"

typedef enum Level {
    LEVEL_CONVERTED, /* what is pointed to, in a conversion */
    LEVEL_COMPARED,  /* the same in a comparison */
    LEVEL_NESTED     /* behind one more pointer or inside an array: the qualifiers are the same too */
} Level;

static CTypeKind kind_of(const CType *type)
{
    return type->kind == CTYPE_ENUM ? CTYPE_INTEGER : (CTypeKind)type->kind;
}

static bool qualifiers_agree(const CType *target, const CType *source, Level level)
{
    enum { COUNTED = QUALIFIER_CONST | QUALIFIER_VOLATILE };
    unsigned wanted = target->qualifiers & COUNTED;
    unsigned got = source->qualifiers & COUNTED;
    switch (level) {
    case LEVEL_CONVERTED: return (got & ~wanted) == 0;
    case LEVEL_COMPARED: return true;
    default: return wanted == got;
    }
}

/* An array of unknown length is as long as any other to a conversion. */
static bool lengths_agree(const CType *target, const CType *source)
{
    return target->size == source->size || !ctype_is_complete(target) || !ctype_is_complete(source);
}

static bool pointees_agree(const CType *target, const CType *source, Level level)
{
    if (!qualifiers_agree(target, source, level))
        return false;
    if (level == LEVEL_CONVERTED && (target->kind == CTYPE_VOID || source->kind == CTYPE_VOID))
        return true;
    if (target->main == source->main)
        return true;
    if (kind_of(target) != kind_of(source))
        return false;
    switch (kind_of(target)) {
    case CTYPE_INTEGER: return target->size == source->size;
    case CTYPE_POINTER: return pointees_agree(target->u.element, source->u.element, LEVEL_NESTED);
    case CTYPE_VECTOR:
    case CTYPE_ARRAY:
        return lengths_agree(target, source) && pointees_agree(target->u.element, source->u.element, LEVEL_NESTED);
    case CTYPE_FUNCTION:
        if (level == LEVEL_CONVERTED)
            return target->u.function->nparams == source->u.function->nparams;
        break;
    default: break;
    }
    return ctype_is_compatible(target->main, source->main);
}

bool relation_converts(const CType *target, const CType *source)
{
    return pointees_agree(target, source, LEVEL_CONVERTED);
}

bool relation_agrees(const CType *a, const CType *b)
{
    return pointees_agree(a, b, LEVEL_COMPARED);
}

static bool is_same_integer(const CType *a, const CType *b)
{
    return a->size == b->size && ctype_scalar_class((CScalar)a->scalar) == ctype_scalar_class((CScalar)b->scalar);
}

static bool is_same_array(const CType *a, const CType *b)
{
    return a->size == b->size && a->is_vla == b->is_vla && a->is_unbounded == b->is_unbounded &&
           relation_agrees(a->u.element, b->u.element);
}

bool relation_copies(const CType *target, const CType *source)
{
    if (target->main == source->main)
        return true;
    if (target->kind != source->kind || !ctype_is_complete(target))
        return false;
    return target->kind == CTYPE_VECTOR ? target->size == source->size
                                        : target->kind == CTYPE_ARRAY && is_same_array(target, source);
}

static const CType *referred(const CType *type)
{
    return type->kind == CTYPE_REFERENCE ? type->u.element : type;
}

bool relation_is_type(const CType *wanted, const CType *type)
{
    wanted = referred(wanted);
    type = referred(type);
    if (wanted->main == type->main)
        return true;
    if (wanted->kind == CTYPE_RECORD && type->kind == CTYPE_POINTER)
        return type->u.element->main == wanted->main;
    if (wanted->kind != type->kind)
        return false;
    switch ((CTypeKind)wanted->kind) {
    case CTYPE_INTEGER: return is_same_integer(wanted, type);
    case CTYPE_POINTER: return relation_agrees(wanted->u.element, type->u.element);
    case CTYPE_ARRAY: return is_same_array(wanted, type);
    default: return ctype_is_compatible(wanted->main, type->main);
    }
}
