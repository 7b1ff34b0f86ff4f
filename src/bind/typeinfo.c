#include "bind/typeinfo.h"

#include <string.h>

#include "bind/errors.h"
#include "bind/leaves.h"

/* -- kinds --------------------------------------------------------------------------------------------------------- */

static ValueKind kind_of_integer(uint64_t size, bool is_signed)
{
    switch (size) {
    case 1: return is_signed ? VALUE_I8 : VALUE_U8;
    case 2: return is_signed ? VALUE_I16 : VALUE_U16;
    case 4: return is_signed ? VALUE_I32 : VALUE_U32;
    case 8: return is_signed ? VALUE_I64 : VALUE_U64;
    default: return is_signed ? VALUE_I128 : VALUE_U128;
    }
}

static ValueKind kind_of_floating(CScalar scalar)
{
    switch (scalar) {
    case CSCALAR_BFLOAT16: return VALUE_BF16;
    case CSCALAR_FLOAT16: return VALUE_F16;
    case CSCALAR_FLOAT: return VALUE_F32;
    case CSCALAR_DOUBLE: return VALUE_F64;
    case CSCALAR_LDOUBLE: return VALUE_F80;
    default: return VALUE_F128;
    }
}

static ValueKind kind_of_scalar(const CType *type)
{
    CScalar scalar = (CScalar)type->scalar;
    switch (ctype_scalar_class(scalar)) {
    case CSCALAR_BOOL: return VALUE_BOOL;
    case CSCALAR_FLOATING: return kind_of_floating(scalar);
    case CSCALAR_DECIMAL: return VALUE_DECIMAL;
    case CSCALAR_SIGNED: return kind_of_integer(type->size, true);
    case CSCALAR_UNSIGNED: return kind_of_integer(type->size, false);
    }
    return VALUE_VOID;
}

static ValueKind kind_of(const CType *type)
{
    switch ((CTypeKind)type->kind) {
    case CTYPE_VOID: return VALUE_VOID;
    case CTYPE_BOOL:
    case CTYPE_INTEGER:
    case CTYPE_FLOATING:
    case CTYPE_DECIMAL: return kind_of_scalar(type);
    case CTYPE_ENUM: return VALUE_ENUM;
    case CTYPE_COMPLEX: return VALUE_COMPLEX;
    case CTYPE_VECTOR: return VALUE_VECTOR;
    case CTYPE_POINTER: return VALUE_POINTER;
    case CTYPE_REFERENCE: return VALUE_REFERENCE;
    case CTYPE_ARRAY: return VALUE_ARRAY;
    case CTYPE_RECORD: return VALUE_RECORD;
    case CTYPE_FUNCTION: return VALUE_FUNCTION;
    }
    return VALUE_VOID;
}

static ValueKind underlying_of(const CType *type, ValueKind kind)
{
    if (kind == VALUE_ENUM)
        return kind_of_scalar(type);
    if (kind == VALUE_COMPLEX)
        return kind_of_scalar(type->u.element);
    return kind;
}

/* The type that can have the metatype of values of `type`, or NULL. */
static CType *metatype_owner(const CType *type)
{
    if (type->kind == CTYPE_POINTER || type->kind == CTYPE_REFERENCE)
        type = type->u.element;
    bool can_have = type->kind == CTYPE_RECORD || type->kind == CTYPE_VECTOR || type->kind == CTYPE_COMPLEX;
    return can_have ? type->main : NULL;
}

TypeInfo *typeinfo_make(FfiState *S, lua_State *L, CType *type)
{
    /* how its values convert is not known before, and would be remembered wrong */
    if (type->kind == CTYPE_ENUM && !ctype_is_complete(type))
        error_raise(L, MESSAGE_INCOMPLETE, error_push_type(L, type));
    /* first: what fails leaves nothing half made */
    bool leads_to_record =
        (type->kind == CTYPE_POINTER || type->kind == CTYPE_REFERENCE) && type->u.element->kind == CTYPE_RECORD;
    TypeInfo *record = leads_to_record ? typeinfo_of(S, L, type->u.element) : NULL;
    CType *owner = metatype_owner(type);
    TypeInfo *meta = owner != NULL && owner != type ? typeinfo_of(S, L, owner) : NULL;
    TypeInfo *info = state_alloc(S, L, sizeof *info);
    info->state = S;
    info->type = type;
    info->kind = (uint8_t)kind_of(type);
    info->underlying = (uint8_t)underlying_of(type, (ValueKind)info->kind);
    info->is_const = (type->qualifiers & QUALIFIER_CONST) != 0;
    info->is_pointer = info->kind == VALUE_POINTER || info->kind == VALUE_REFERENCE;
    if (info->is_pointer || info->kind == VALUE_ARRAY) {
        info->plain_element = type->u.element->main;
        info->element_qualifiers = type->u.element->qualifiers;
        info->is_text = info->kind == VALUE_POINTER && typeinfo_is_byte(type->u.element);
    }
    info->record = info->kind == VALUE_RECORD ? info : record;
    info->meta = owner == type ? info : meta;
    type->face = info;
    return info;
}

TypeInfo *typeinfo_make_element(TypeInfo *info, lua_State *L)
{
    info->element = typeinfo_of(info->state, L, info->type->u.element);
    return info->element;
}

TypeInfo *typeinfo_pointer_to(FfiState *S, lua_State *L, CType *element)
{
    state_enter(S, L);
    CType *type = ctype_pointer(S->types, element);
    if (type == NULL)
        error_raise(L, MESSAGE_NO_MEMORY);
    return typeinfo_of(S, L, type);
}

void typeinfo_set_stride(TypeInfo *info)
{
    const CType *type = info->type;
    uint64_t nbytes = info->element->type->size;
    if (nbytes == 0 || nbytes > INT32_MAX)
        return;
    bool is_bounded = info->kind == VALUE_ARRAY && ctype_is_complete(type) && !type->is_vla;
    info->stride = nbytes;
    info->limit = is_bounded ? type->nelems : INT64_MAX / nbytes;
}

bool typeinfo_array_length(const CType *array, const char *start, const char *end, uint64_t *count)
{
    *count = array->nelems;
    if (!ctype_is_open(array))
        return true;
    if (end == NULL || array->u.element->size == 0)
        return false;
    *count = (uint64_t)(end - start) / array->u.element->size;
    return true;
}

/* -- fields by key string ------------------------------------------------------------------------------------------ */

static uint32_t count_names(const CRecord *record)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < record->nmembers; i++) {
        const CMember *member = &record->members[i];
        if (member->name != NULL)
            count++;
        else if (member->type->kind == CTYPE_RECORD && !member->is_bitfield)
            count += count_names(member->type->u.record);
    }
    return count;
}

static Field *table_slot(FieldTable *table, const void *key)
{
    uint32_t i = typeinfo_hash_key(key) & table->mask;
    while (table->slots[i].key != NULL && table->slots[i].key != key)
        i = (i + 1) & table->mask;
    return &table->slots[i];
}

/* The string for a name that lives as long as the state: its pointer identifies it if it is short enough to be
 * interned. */
static const void *anchor_name(FfiState *S, lua_State *L, const char *name)
{
    state_push_ref(L, S->ref_names);
    lua_pushstring(L, name);
    const void *key = lua_topointer(L, -1);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_pushvalue(L, -1);
        lua_rawset(L, -4);
        lua_pop(L, 2);
    } else {
        key = lua_topointer(L, -1); /* of a long name, the copy that is anchored */
        lua_pop(L, 3);
    }
    return key;
}

/* Whether an array member may be indexed beyond its length: it ends the record (the old idiom for a flexible array). */
static bool is_trailing(const CRecord *record, uint32_t index, bool outer_trailing)
{
    return outer_trailing && (record->is_union || index + 1 == record->nmembers);
}

typedef struct FieldScan {
    FfiState *S;
    lua_State *L;
    FieldTable *table;
} FieldScan;

static void add_fields(const FieldScan *scan, const CRecord *record, uint64_t base, unsigned qualifiers, bool trailing)
{
    for (uint32_t i = 0; i < record->nmembers; i++) {
        const CMember *member = &record->members[i];
        bool is_last = is_trailing(record, i, trailing);
        unsigned all = qualifiers | member->type->qualifiers;
        if (member->name == NULL) {
            if (member->type->kind == CTYPE_RECORD && !member->is_bitfield)
                add_fields(scan, member->type->u.record, base + member->offset, all, is_last);
            continue;
        }
        state_enter(scan->S, scan->L);
        CType *type = ctype_qualified(scan->S->types, member->type, all);
        if (type == NULL)
            error_raise(scan->L, MESSAGE_NO_MEMORY);
        TypeInfo *info = typeinfo_of(scan->S, scan->L, type);
        scan->table->has_long_names |= strlen(member->name) > scan->S->interned_length;
        const void *key = anchor_name(scan->S, scan->L, member->name);
        *table_slot(scan->table, key) = (Field){
            .key = key,
            .offset = base + member->offset,
            .info = info,
            .member = member,
            .kind = member->is_bitfield ? VALUE_BITFIELD : info->kind,
            .is_const = (all & QUALIFIER_CONST) != 0,
            .is_unchecked = info->kind == VALUE_ARRAY && is_last,
        };
    }
}

static void make_fields(TypeInfo *info, lua_State *L)
{
    const CRecord *record = info->type->u.record;
    uint32_t count = count_names(record);
    uint32_t nslots = 2;
    while (nslots < 2 * count)
        nslots *= 2;
    size_t nbytes = sizeof(FieldTable) + nslots * sizeof(Field);
    luaL_checkstack(L, 8, NULL);
    FieldTable *table = lua_newuserdatauv(L, nbytes, 0); /* until it is whole: an error on the way frees it */
    memset(table, 0, nbytes);
    table->mask = nslots - 1;
    FieldScan scan = {.S = info->state, .L = L, .table = table};
    add_fields(&scan, record, 0, info->type->qualifiers, true);
    table->is_all = !table->has_long_names && !record->has_constants;
    info->fields = memcpy(state_alloc(info->state, L, nbytes), table, nbytes);
    lua_pop(L, 1);
}

/* A key too long to be known by its pointer. */
static const Field *find_by_text(const TypeInfo *record, const char *text, size_t length)
{
    uint64_t offset;
    const CMember *member = ctype_find_member(record->type->u.record, text, length, &offset);
    if (member == NULL)
        return NULL;
    for (uint32_t i = 0; i <= record->fields->mask; i++) {
        const Field *field = &record->fields->slots[i];
        if (field->key != NULL && field->member == member && field->offset == offset)
            return field;
    }
    return NULL;
}

const Field *typeinfo_other_field(TypeInfo *info, lua_State *L, int index)
{
    TypeInfo *record = info->record;
    if (record->fields == NULL) {
        if (!record->type->u.record->is_complete)
            return NULL;
        make_fields(record, L);
        const Field *field = typeinfo_known_field(record, lua_topointer(L, index));
        if (field != NULL)
            return field;
    }
    if (!record->fields->has_long_names)
        return NULL;
    size_t length;
    const char *name = lua_tolstring(L, index, &length);
    return length <= info->state->interned_length ? NULL : find_by_text(record, name, length);
}

const Field *typeinfo_find_field(TypeInfo *info, lua_State *L, int index)
{
    const Field *field = typeinfo_known_field(info->record, lua_topointer(L, index));
    return field != NULL ? field : typeinfo_other_field(info, L, index);
}

/* -- members from numbers ------------------------------------------------------------------------------------------ */

static bool is_part(const CMember *member)
{
    ValueKind kind = kind_of(member->type);
    bool is_plain = (kind >= VALUE_I8 && kind <= VALUE_U64) || kind == VALUE_F32 || kind == VALUE_F64;
    return is_plain && member->name != NULL && !member->is_bitfield && member->offset <= UINT32_MAX;
}

const Parts *typeinfo_make_parts(TypeInfo *info, lua_State *L)
{
    const CRecord *record = info->type->u.record;
    uint32_t count = 0;
    uint64_t nbytes = 0;
    while (!record->is_union && count < record->nmembers && is_part(&record->members[count]))
        nbytes += record->members[count++].type->size;
    Parts *parts = state_alloc(info->state, L, sizeof *parts + count * sizeof parts->list[0]);
    parts->nbytes = info->type->size;
    parts->count = count;
    parts->is_whole = count == record->nmembers && nbytes == info->type->size;
    for (uint32_t i = 0; i < count; i++) {
        parts->list[i].offset = (uint32_t)record->members[i].offset;
        parts->list[i].kind = kind_of(record->members[i].type);
    }
    info->parts = parts;
    return parts;
}

/* -- for the call engine ------------------------------------------------------------------------------------------- */

const AbiType *typeinfo_abi(TypeInfo *info, lua_State *L)
{
    const CType *type = info->type->main;
    LeafList list;
    if (info->abi.leaves != NULL)
        return &info->abi;
    if (!leaves_of(type, &list))
        return NULL;
    AbiLeaf *leaves = state_alloc(info->state, L, (list.count + 1) * sizeof *leaves);
    memcpy(leaves, list.leaves, list.count * sizeof *leaves);
    info->abi = (AbiType){.size = info->kind == VALUE_VOID ? 0 : type->size,
                          .align = type->align,
                          .nleaves = list.count,
                          .leaves = leaves};
    return &info->abi;
}
