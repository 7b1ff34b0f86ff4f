/* Records and enums: making, completing, finding members, and the size of those whose length varies.
 *
 * Invariant: a record of more than INDEX_MIN members has an index in which each name that a member makes visible (its
 * own, or for an unnamed struct or union all of its members') has a slot; open addressing, at most half full. */
#include <string.h>

#include "base/tiny.h"
#include "ctype/layout.h"
#include "ctype/table.h"

enum { INDEX_MIN = TINY(8, 1) };

static RecordNode *record_node(const CRecord *record)
{
    return (RecordNode *)record;
}

CType *ctype_record_new(CTypeTable *table, const char *tag, bool is_union)
{
    CType type = {.kind = CTYPE_RECORD, .align = 1, .size = CTYPE_SIZE_UNKNOWN};
    RecordNode *node = arena_alloc(&table->arena, sizeof *node);
    TypeNode *type_node;
    if (node == NULL)
        return NULL;
    *node = (RecordNode){.record = {.tag = tag, .is_union = is_union, .table = table}};
    type.u.record = &node->record;
    type_node = types_new(table, &type);
    if (type_node == NULL)
        return NULL;
    node->record.type = &type_node->type;
    return &type_node->type;
}

/* -- finding ------------------------------------------------------------------------------------------------------- */

/* Unnamed struct or union member, whose members count as the record's own (C11 6.7.2.1p13). */
static const CRecord *unnamed_record(const CMember *member)
{
    return member->name == NULL && member->type->kind == CTYPE_RECORD ? member->type->u.record : NULL;
}

static const CMember *find(const CRecord *record, const CName *name, uint64_t *offset);

/* Member `i` itself, or the one of that name inside it. */
static const CMember *find_in_member(const CRecord *record, uint32_t i, const CName *name, uint64_t *offset)
{
    const CMember *member = &record->members[i];
    const CRecord *inner = unnamed_record(member);
    const CMember *found;
    if (member->name == name->text) {
        *offset = member->offset;
        return member;
    }
    if (inner == NULL)
        return NULL;
    found = find(inner, name, offset);
    *offset += member->offset;
    return found;
}

static const CMember *find_indexed(const RecordNode *node, const CName *name, uint64_t *offset)
{
    uint32_t slot = name->hash & node->index_mask;
    for (; node->index[slot] != 0; slot = (slot + 1) & node->index_mask) {
        const CMember *member = find_in_member(&node->record, node->index[slot] - 1, name, offset);
        if (member != NULL)
            return member;
    }
    return NULL;
}

static const CMember *find(const CRecord *record, const CName *name, uint64_t *offset)
{
    uint32_t i;
    *offset = 0;
    if (record_node(record)->index != NULL)
        return find_indexed(record_node(record), name, offset);
    for (i = 0; i < record->nmembers; i++) {
        const CMember *member = find_in_member(record, i, name, offset);
        if (member != NULL)
            return member;
    }
    return NULL;
}

const CMember *ctype_find_member(const CRecord *record, const char *name, size_t length, uint64_t *offset)
{
    const CName *found = names_find(record->table, name, length);
    return found == NULL ? NULL : find(record, found, offset);
}

static bool find_in_list(const CEnum *enumeration, const CName *name, uint64_t *value)
{
    uint32_t i;
    for (i = 0; i < enumeration->nenumerators; i++)
        if (enumeration->enumerators[i].name == name->text) {
            *value = enumeration->enumerators[i].value;
            return true;
        }
    return false;
}

static bool is_constant(const CConstant *constant, const char *name, size_t length, uint64_t *value)
{
    if (constant->name == NULL)
        return ctype_find_enumerator(constant->type->u.enumeration, name, length, value);
    *value = constant->value;
    return strlen(constant->name) == length && memcmp(constant->name, name, length) == 0;
}

bool ctype_find_constant(const CRecord *record, const char *name, size_t length, CType **type, uint64_t *value)
{
    const CConstant *constant;
    uint32_t i;
    for (constant = record->constants; constant != NULL; constant = constant->older) {
        *type = constant->type;
        if (is_constant(constant, name, length, value))
            return true;
    }
    for (i = 0; record->has_constants && i < record->nmembers; i++) {
        const CRecord *inner = unnamed_record(&record->members[i]);
        if (inner != NULL && ctype_find_constant(inner, name, length, type, value))
            return true;
    }
    return false;
}

/* Every enumerator is declared under its name, which tells its enum; of two enums defined alike the first one is told.
 */
bool ctype_find_enumerator(const CEnum *enumeration, const char *name, size_t length, uint64_t *value)
{
    const CName *found = names_find(enumeration->table, name, length);
    const CDecl *decl = found == NULL ? NULL : found->decl;
    if (decl == NULL || decl->kind != CDECL_CONSTANT || decl->type->kind != CTYPE_ENUM)
        return false;
    if (decl->type != enumeration->type)
        return find_in_list(enumeration, found, value);
    *value = decl->value;
    return true;
}

/* -- the index ----------------------------------------------------------------------------------------------------- */

/* The number of names that a record makes visible. */
static uint32_t count_names(const CRecord *record)
{
    uint32_t i, count = 0;
    for (i = 0; i < record->nmembers; i++) {
        const CRecord *inner = unnamed_record(&record->members[i]);
        count += inner != NULL ? count_names(inner) : record->members[i].name != NULL;
    }
    return count;
}

typedef bool NameVisitor(CRecord *record, uint32_t i, const CName *name);

/* Calls visit for each name that `member`, in or below member i, makes visible; the name for which it returned false,
 * or NULL. */
static const char *visit_names(CRecord *record, uint32_t i, const CMember *member, NameVisitor *visit)
{
    const CRecord *inner = unnamed_record(member);
    const char *refused = NULL;
    uint32_t k;
    if (member->name != NULL)
        return visit(record, i, ctype_name_of(member->name)) ? NULL : member->name;
    for (k = 0; inner != NULL && refused == NULL && k < inner->nmembers; k++)
        refused = visit_names(record, i, &inner->members[k], visit);
    return refused;
}

/* For a large record: false when the name is there, otherwise puts it in. */
static bool index_name(CRecord *record, uint32_t i, const CName *name)
{
    RecordNode *node = record_node(record);
    uint32_t slot = name->hash & node->index_mask;
    uint64_t offset;
    for (; node->index[slot] != 0; slot = (slot + 1) & node->index_mask)
        if (node->index[slot] - 1 < i && find_in_member(record, node->index[slot] - 1, name, &offset) != NULL)
            return false;
    node->index[slot] = i + 1;
    return true;
}

/* For a small record: whether no earlier member has the name. */
static bool is_new_name(CRecord *record, uint32_t i, const CName *name)
{
    uint64_t offset;
    uint32_t k;
    for (k = 0; k < i; k++)
        if (find_in_member(record, k, name, &offset) != NULL)
            return false;
    return true;
}

/* Makes the index of a large record and finds a name that is there twice. */
static CRecordStatus index_members(CTypeTable *table, RecordNode *node, CRecordSpec *spec)
{
    CRecord *record = &node->record;
    uint32_t nnames = count_names(record), nslots = 2 * INDEX_MIN, i;
    NameVisitor *visit = record->nmembers > INDEX_MIN ? index_name : is_new_name;
    if (record->nmembers > INDEX_MIN) {
        while (nslots < 2 * nnames)
            nslots *= 2;
        node->index = arena_alloc(&table->arena, nslots * sizeof *node->index);
        if (node->index == NULL)
            return CRECORD_MEMORY;
        memset(node->index, 0, nslots * sizeof *node->index);
        node->index_mask = nslots - 1;
    }
    for (i = 0; i < record->nmembers; i++) {
        spec->duplicate = i;
        spec->duplicate_name = visit_names(record, i, &record->members[i], visit);
        if (spec->duplicate_name != NULL)
            return CRECORD_DUPLICATE;
    }
    return CRECORD_OK;
}

/* A type that no tag leads to is only found through what declares it. */
static void note_change(CTypeTable *table, const char *tag, bool is_local, const CType *type)
{
    if (tag != NULL && !is_local && ctype_name_of(tag)->tag == type)
        table->nchanges++;
}

/* -- completing ---------------------------------------------------------------------------------------------------- */

static unsigned members_depth(const CRecord *record)
{
    unsigned depth = 0;
    uint32_t i;
    for (i = 0; i < record->nmembers; i++) {
        const CType *type = record->members[i].type;
        if ((type->kind == CTYPE_RECORD || type->kind == CTYPE_ARRAY) && ctype_depth(type) + 1 > depth)
            depth = ctype_depth(type) + 1;
    }
    return depth;
}

static bool is_flexible(const CType *type)
{
    if (type->kind == CTYPE_RECORD)
        return type->u.record->has_flexible;
    return type->kind == CTYPE_ARRAY && ctype_is_open(type);
}

static void note_constants(CRecord *record, const CConstant *constants)
{
    uint32_t i;
    record->constants = constants;
    record->has_constants = constants != NULL;
    for (i = 0; i < record->nmembers; i++) {
        const CRecord *inner = unnamed_record(&record->members[i]);
        record->has_constants = record->has_constants || (inner != NULL && inner->has_constants);
    }
}

/* By its last member, a union by any. */
static void note_flexible(CRecord *record, CType *shape)
{
    uint32_t i;
    for (i = record->is_union || record->nmembers == 0 ? 0 : record->nmembers - 1; i < record->nmembers; i++) {
        record->has_flexible = record->has_flexible || is_flexible(record->members[i].type);
        shape->is_vla = shape->is_vla || record->members[i].type->is_vla;
    }
}

static CRecordStatus complete(CTypeTable *table, RecordNode *node, CRecordSpec *spec)
{
    CRecord *record = &node->record;
    CType shape = *record->type;
    Layout layout;
    CRecordStatus status;
    record->members = arena_alloc(&table->arena, (spec->nmembers > 0 ? spec->nmembers : 1) * sizeof *record->members);
    if (record->members == NULL)
        return CRECORD_MEMORY;
    if (!layout_record(spec, record->is_union, record->members, &layout))
        return CRECORD_TOO_LARGE;
    record->nmembers = spec->nmembers;
    status = index_members(table, node, spec);
    if (status != CRECORD_OK)
        return status;
    record->line = spec->line;
    record->file = spec->file;
    record->is_complete = true;
    note_constants(record, spec->constants);
    shape.size = layout.size;
    shape.align = layout.align;
    note_flexible(record, &shape);
    if (!types_complete(table, record->type, &shape, members_depth(record)))
        return CRECORD_MEMORY;
    record->is_transparent = spec->is_transparent && transparent_is_possible(record);
    return CRECORD_OK;
}

CRecordStatus ctype_record_complete(CTypeTable *table, CRecord *record, CRecordSpec *spec)
{
    RecordNode *node = record_node(record), before = *node;
    CRecordStatus status;
    if (!ctype_journal(table, node, sizeof *node))
        return CRECORD_MEMORY;
    status = complete(table, node, spec);
    if (status != CRECORD_OK)
        *node = before;
    else
        note_change(table, record->tag, record->is_local, record->type);
    return status;
}

/* -- variable-length types ----------------------------------------------------------------------------------------- */

/* Bytes up to the end of the array of `nelems` elements that a value of this type ends in, for a union up to the end of
 * its largest member. False when that is too large. */
static bool vla_end(const CType *type, uint64_t nelems, uint64_t *nbytes)
{
    if (type->kind == CTYPE_ARRAY)
        return !__builtin_mul_overflow(nelems, type->u.element->size, nbytes) && *nbytes <= PTRDIFF_MAX / 2;
    const CRecord *record = type->u.record;
    *nbytes = 0;
    for (uint32_t i = record->is_union ? 0 : record->nmembers - 1; i < record->nmembers; i++) {
        const CMember *member = &record->members[i];
        uint64_t inner = member->type->size;
        if (member->type->is_vla && !vla_end(member->type, nelems, &inner))
            return false;
        if (member->offset > PTRDIFF_MAX / 2 || inner > PTRDIFF_MAX / 2)
            return false;
        if (member->offset + inner > *nbytes)
            *nbytes = member->offset + inner;
    }
    return *nbytes <= PTRDIFF_MAX / 2;
}

uint64_t ctype_vla_padding(const CType *type)
{
    uint64_t end;
    bool is_struct = type->kind == CTYPE_RECORD && !type->u.record->is_union;
    return is_struct && vla_end(type, 0, &end) ? type->size - end : 0;
}

bool ctype_vla_nbytes(const CType *type, uint64_t nelems, uint64_t *nbytes)
{
    if (!vla_end(type, nelems, nbytes))
        return false;
    *nbytes += ctype_vla_padding(type);
    if (type->kind == CTYPE_RECORD && *nbytes < type->size) /* a union whose other members are larger */
        *nbytes = type->size;
    return *nbytes <= PTRDIFF_MAX / 2;
}

/* -- enums --------------------------------------------------------------------------------------------------------- */

CType *ctype_enum_new(CTypeTable *table, const char *tag)
{
    CType type = {.kind = CTYPE_ENUM, .scalar = CSCALAR_UINT, .align = 1, .size = CTYPE_SIZE_UNKNOWN};
    CEnum *enumeration = arena_alloc(&table->arena, sizeof *enumeration);
    TypeNode *node;
    if (enumeration == NULL)
        return NULL;
    *enumeration = (CEnum){.tag = tag, .table = table};
    type.u.enumeration = enumeration;
    node = types_new(table, &type);
    if (node == NULL)
        return NULL;
    enumeration->type = &node->type;
    return &node->type;
}

static CScalar smallest_scalar(int64_t low, uint64_t high, bool is_packed)
{
    if (low < 0) {
        if (is_packed && low >= INT8_MIN && high <= INT8_MAX)
            return CSCALAR_SCHAR;
        if (is_packed && low >= INT16_MIN && high <= INT16_MAX)
            return CSCALAR_SHORT;
        return low >= INT32_MIN && high <= INT32_MAX ? CSCALAR_INT : CSCALAR_LONG;
    }
    if (is_packed && high <= UINT8_MAX)
        return CSCALAR_UCHAR;
    if (is_packed && high <= UINT16_MAX)
        return CSCALAR_USHORT;
    return high <= UINT32_MAX ? CSCALAR_UINT : CSCALAR_ULONG;
}

CScalar ctype_enum_scalar(const CEnumerator *enumerators, uint32_t count, bool has_unsigned, bool is_packed)
{
    int64_t low = 0;
    uint64_t high = 0;
    uint32_t i;
    for (i = 0; i < count; i++) {
        uint64_t value = enumerators[i].value;
        if (!has_unsigned && (int64_t)value < low)
            low = (int64_t)value;
        else if ((has_unsigned || (int64_t)value >= 0) && value > high)
            high = value;
    }
    return smallest_scalar(low, high, is_packed);
}

bool ctype_enum_complete(CTypeTable *table, CEnum *enumeration, const CEnumerator *enumerators, uint32_t count,
                         CScalar scalar)
{
    CEnumerator *copy = arena_alloc(&table->arena, (count > 0 ? count : 1) * sizeof *copy);
    if (copy == NULL || !ctype_journal(table, enumeration, sizeof *enumeration))
        return false;
    if (!types_complete(table, enumeration->type, ctype_scalar(table, scalar), 0))
        return false;
    if (count > 0)
        memcpy(copy, enumerators, count * sizeof *copy);
    enumeration->enumerators = copy;
    enumeration->nenumerators = count;
    enumeration->is_complete = true;
    note_change(table, enumeration->tag, enumeration->is_local, enumeration->type);
    return true;
}
