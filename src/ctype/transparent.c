/* Transparent unions: which unions gcc lets be passed as their first member, and what an argument of one is.
 *
 * gcc decides by machine modes: the way it would hold an object in registers. A union's mode is the integer mode of its
 * size, unless a member or its size has none; the attribute counts when the first member's mode is that one. */
#include "ctype/table.h"

typedef enum ModeClass { MODE_BLOCK, MODE_INTEGER, MODE_FLOATING, MODE_COMPLEX, MODE_VECTOR } ModeClass;

/* Equal modes are equal in all parts. */
typedef struct Mode {
    ModeClass class;
    CScalar scalar; /* FLOATING and COMPLEX: the type's or part's; otherwise the first */
    uint64_t nbytes;
} Mode;

static const Mode block_mode = {.class = MODE_BLOCK};

/* Types share types, so that the ways through one can be very many: beyond this many steps it has no mode. */
enum { MODE_STEPS_MAX = 10000 };

static Mode mode_of(const CType *type, unsigned *nsteps);

static Mode integer_mode(uint64_t nbytes)
{
    bool is_mode = nbytes > 0 && nbytes <= 16 && (nbytes & (nbytes - 1)) == 0;
    return is_mode ? (Mode){.class = MODE_INTEGER, .nbytes = nbytes} : block_mode;
}

static bool is_same_mode(const Mode *a, const Mode *b)
{
    return a->class == b->class && a->scalar == b->scalar && a->nbytes == b->nbytes;
}

/* A long double has 80 bits of value in its 128. */
static unsigned precision(const Mode *mode)
{
    if (mode->class == MODE_FLOATING && mode->scalar == CSCALAR_LDOUBLE)
        return 80;
    return (unsigned)mode->nbytes * 8;
}

static Mode array_mode(const CType *type, unsigned *nsteps)
{
    Mode element = mode_of(type->u.element, nsteps);
    if (type->size == CTYPE_SIZE_UNKNOWN || element.class == MODE_BLOCK)
        return block_mode;
    return type->nelems == 1 ? element : integer_mode(type->size);
}

/* Of the members as large as the record the one of the highest precision decides; for a union integers alone. A member
 * without mode leaves the record without. */
static Mode record_mode(const CType *type, unsigned *nsteps)
{
    const CRecord *record = type->u.record;
    Mode widest = block_mode;
    uint32_t i;
    for (i = 0; i < record->nmembers; i++) {
        const CMember *member = &record->members[i];
        Mode mode = mode_of(member->type, nsteps);
        uint64_t nbits = member->is_bitfield ? member->bit_width : member->type->size * 8;
        if (!member->is_bitfield && mode.class == MODE_BLOCK && member->type->size != 0)
            return block_mode;
        if (nbits == type->size * 8 && precision(&mode) > precision(&widest))
            widest = mode;
    }
    if (widest.nbytes == type->size && (!record->is_union || widest.class == MODE_INTEGER))
        return widest;
    return integer_mode(type->size);
}

/* Wider ones have a mode with AVX alone, which gcc does not take for granted. */
static Mode vector_mode(const CType *type)
{
    CTypeKind element = (CTypeKind)type->u.element->kind;
    if (type->size > 16 || element == CTYPE_DECIMAL || (element == CTYPE_FLOATING && type->nelems == 1))
        return block_mode;
    return (Mode){MODE_VECTOR, (CScalar)type->scalar, type->size};
}

static Mode mode_of(const CType *type, unsigned *nsteps)
{
    if (++*nsteps > MODE_STEPS_MAX)
        return block_mode;
    switch ((CTypeKind)type->kind) {
    case CTYPE_BOOL:
    case CTYPE_INTEGER:
    case CTYPE_ENUM:
    case CTYPE_POINTER:
    case CTYPE_REFERENCE: return integer_mode(type->size);
    case CTYPE_FLOATING:
    case CTYPE_DECIMAL: return (Mode){MODE_FLOATING, (CScalar)type->scalar, type->size};
    case CTYPE_COMPLEX: return (Mode){MODE_COMPLEX, (CScalar)type->scalar, type->size};
    case CTYPE_VECTOR: return vector_mode(type);
    case CTYPE_ARRAY: return array_mode(type, nsteps);
    case CTYPE_RECORD: return record_mode(type, nsteps);
    case CTYPE_VOID:
    case CTYPE_FUNCTION: break;
    }
    return block_mode;
}

bool transparent_is_possible(const CRecord *record)
{
    const CType *type = record->type;
    Mode own, first;
    unsigned nsteps = 0;
    if (!record->is_union || record->nmembers == 0 || !ctype_is_complete(type))
        return false;
    own = record_mode(type, &nsteps);
    first = mode_of(record->members[0].type, &nsteps);
    return nsteps <= MODE_STEPS_MAX && is_same_mode(&own, &first);
}

CType *ctype_transparent(CTypeTable *table, CType *type)
{
    const CRecord *record = type->kind == CTYPE_RECORD ? type->u.record : NULL;
    RecordNode *copy;
    TypeNode *node;
    if (record == NULL || record->is_transparent || !transparent_is_possible(record))
        return type;
    copy = arena_alloc(&table->arena, sizeof *copy);
    if (copy == NULL)
        return NULL;
    *copy = *(const RecordNode *)record;
    node = types_new(table, type->main);
    if (node == NULL)
        return NULL;
    node->depth = type_node(type->main)->depth;
    node->type.face = NULL;
    node->type.u.record = &copy->record;
    copy->record.type = &node->type;
    copy->record.typedef_name = NULL;
    copy->record.is_transparent = true;
    return ctype_qualified(table, &node->type, type->qualifiers);
}

CType *ctype_argument_type(CType *type)
{
    bool is_transparent = type->kind == CTYPE_RECORD && type->u.record->is_transparent;
    return is_transparent ? type->u.record->members[0].type->main : type;
}
