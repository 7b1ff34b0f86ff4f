/* Leaves by gcc 12's reading of the psABI (its classify_argument as seen from outside), where that says more than the
 * psABI: arrays count by their first element, bit-fields by the eightbytes they touch, in a union by their width. */
#include "bind/leaves.h"

static bool add_type(LeafList *list, const CType *type, uint64_t offset, bool is_whole);

/* False when the list is full. A union's overlapping members are one leaf. */
static bool add_leaf(LeafList *list, uint64_t offset, AbiKind kind)
{
    for (uint32_t i = list->scope; i < list->count; i++)
        if (list->leaves[i].offset == offset && list->leaves[i].kind == (uint32_t)kind)
            return true;
    if (list->count == LEAVES_MAX)
        return false;
    list->leaves[list->count++] = (AbiLeaf){.offset = (uint32_t)offset, .kind = (uint32_t)kind};
    return true;
}

/* -- scalars, complex numbers and vectors -------------------------------------------------------------------------- */

/* A decimal goes where the binary type of its size goes. */
static AbiKind kind_of_floating(CScalar scalar)
{
    switch (scalar) {
    case CSCALAR_BFLOAT16:
    case CSCALAR_FLOAT16: return ABI_F16;
    case CSCALAR_FLOAT:
    case CSCALAR_DECIMAL32: return ABI_F32;
    case CSCALAR_DOUBLE:
    case CSCALAR_DECIMAL64: return ABI_F64;
    case CSCALAR_LDOUBLE: return ABI_F80;
    default: return ABI_F128;
    }
}

static AbiKind kind_of_integer(uint64_t size, bool is_signed)
{
    switch (size) {
    case 1: return is_signed ? ABI_I8 : ABI_U8;
    case 2: return is_signed ? ABI_I16 : ABI_U16;
    case 4: return is_signed ? ABI_I32 : ABI_U32;
    case 8: return is_signed ? ABI_I64 : ABI_U64;
    default: return ABI_I128;
    }
}

static AbiKind kind_of_scalar(const CType *type)
{
    switch (ctype_scalar_class((CScalar)type->scalar)) {
    case CSCALAR_BOOL: return ABI_BOOL;
    case CSCALAR_SIGNED: return kind_of_integer(type->size, true);
    case CSCALAR_UNSIGNED: return kind_of_integer(type->size, false);
    case CSCALAR_FLOATING:
    case CSCALAR_DECIMAL: return kind_of_floating((CScalar)type->scalar);
    }
    return ABI_MEMORY;
}

/* A complex long double by itself is returned in st0 and st1; as a member it is two long doubles like any complex. */
static bool add_complex(LeafList *list, const CType *type, uint64_t offset, bool is_whole)
{
    AbiKind part = kind_of_scalar(type->u.element);
    if (part == ABI_F80 && is_whole)
        return add_leaf(list, offset, ABI_COMPLEX_F80);
    return add_leaf(list, offset, part) && add_leaf(list, offset + type->size / 2, part);
}

/* The vectors that no vector mode of gcc's holds: one floating element, decimals, more than one of sixteen bytes. */
static bool is_vector_in_memory(const CType *type)
{
    const CType *element = type->u.element;
    return element->kind == CTYPE_DECIMAL || (element->kind == CTYPE_FLOATING && type->nelems == 1) ||
           (element->size == 16 && type->nelems > 1);
}

/* Small integer vectors are integers. */
static bool add_vector(LeafList *list, const CType *type, uint64_t offset)
{
    if (is_vector_in_memory(type))
        return add_leaf(list, offset, ABI_MEMORY);
    switch (type->size) {
    case 2: return add_leaf(list, offset, ABI_U16);
    case 4: return add_leaf(list, offset, type->u.element->kind == CTYPE_FLOATING ? ABI_F32 : ABI_U32);
    case 8: return add_leaf(list, offset, ABI_VECTOR8);
    case 16: return add_leaf(list, offset, ABI_VECTOR16);
    case 32: return add_leaf(list, offset, ABI_VECTOR32);
    case 64: return add_leaf(list, offset, ABI_VECTOR64);
    default: return false;
    }
}

/* -- arrays -------------------------------------------------------------------------------------------------------- */

/* A leaf of the same class that is aligned anywhere. */
static AbiKind plain_kind(AbiKind kind)
{
    if (kind == ABI_MEMORY)
        return ABI_MEMORY;
    return kind <= ABI_I128 ? ABI_U8 : ABI_F16;
}

static uint64_t leaf_nbytes(AbiKind kind)
{
    bool is_two_eightbytes = kind == ABI_I128 || kind == ABI_F80 || kind == ABI_F128 || kind == ABI_VECTOR16;
    return kind == ABI_VECTOR64 ? 64 : kind == ABI_VECTOR32 ? 32 : is_two_eightbytes ? 16 : 1;
}

static uint64_t count_eightbytes(uint64_t offset, uint64_t nbytes)
{
    return (offset % 8 + nbytes + 7) / 8;
}

/* The classes of the first element's eightbytes (leaves first_leaf .. end_leaf - 1) go round for the rest of the array;
 * the later elements' alignment is not asked for. */
static bool repeat_element(LeafList *list, const CType *array, uint64_t offset, uint32_t first_leaf, uint32_t end_leaf)
{
    uint64_t nelement = count_eightbytes(offset, array->u.element->size);
    uint64_t narray = count_eightbytes(offset, array->size);
    for (uint64_t i = nelement; i < narray && nelement > 0; i++) {
        uint64_t source = offset / 8 + i % nelement;
        for (uint32_t j = first_leaf; j < end_leaf; j++) {
            AbiLeaf leaf = list->leaves[j];
            uint64_t last = (leaf.offset + leaf_nbytes((AbiKind)leaf.kind) - 1) / 8;
            if (leaf.offset / 8 <= source && source <= last &&
                !add_leaf(list, 8 * (offset / 8 + i), plain_kind((AbiKind)leaf.kind)))
                return false;
        }
    }
    return true;
}

/* Takes the leaves from `first_leaf` on into the scope around them, where they may stand already. */
static void merge_scope(LeafList *list, uint32_t first_leaf, uint32_t outer_scope)
{
    uint32_t end = list->count;
    list->scope = outer_scope;
    list->count = first_leaf;
    for (uint32_t i = first_leaf; i < end; i++)
        add_leaf(list, list->leaves[i].offset, (AbiKind)list->leaves[i].kind);
}

static bool add_array(LeafList *list, const CType *type, uint64_t offset)
{
    uint32_t outer_scope = list->scope;
    uint32_t first_leaf = list->count;
    if (ctype_is_open(type) || count_eightbytes(offset, type->size) == 0)
        return true; /* a flexible array, or one of no length between two eightbytes */
    list->scope = first_leaf;
    bool ok =
        add_type(list, type->u.element, offset, false) && repeat_element(list, type, offset, first_leaf, list->count);
    merge_scope(list, first_leaf, outer_scope);
    return ok;
}

/* -- records ------------------------------------------------------------------------------------------------------- */

/* In a union a bit-field of any width, 0 too, is an integer of its width rounded up, which can be unaligned. */
static bool add_union_bits(LeafList *list, const CMember *member, uint64_t offset, uint64_t union_nbytes)
{
    uint64_t nbytes = 1;
    while (nbytes * 8 < member->bit_width)
        nbytes *= 2;
    if (!add_leaf(list, offset / 8 * 8, offset % nbytes != 0 ? ABI_MEMORY : ABI_U8))
        return false;
    return nbytes < 16 || union_nbytes <= 8 || add_leaf(list, offset / 8 * 8 + 8, ABI_U8);
}

/* A bit-field counts in every eightbyte it touches. One as wide as an integer type and in the place of one, in a record
 * that is not packed, is an ordinary member. */
static bool add_struct_bits(LeafList *list, const CMember *member, uint64_t record_offset, uint32_t record_align)
{
    uint64_t width = member->bit_width;
    uint64_t nbytes = width / 8;
    uint64_t position = member->offset * 8 + member->bit_offset;
    if (width == 0)
        return true;
    bool is_integer = width == 16 || width == 32 || width == 64;
    if (is_integer && position % width == 0 && record_align >= nbytes &&
        !add_leaf(list, record_offset + position / 8, kind_of_integer(nbytes, false)))
        return false;
    uint64_t first = record_offset * 8 + position;
    for (uint64_t eightbyte = first / 64; eightbyte <= (first + width - 1) / 64; eightbyte++)
        if (!add_leaf(list, eightbyte * 8, ABI_U8))
            return false;
    return true;
}

static bool add_member(LeafList *list, const CRecord *record, const CMember *member, uint64_t offset)
{
    if (!member->is_bitfield)
        return add_type(list, member->type, offset + member->offset, false);
    if (record->is_union)
        return add_union_bits(list, member, offset, record->type->size);
    return add_struct_bits(list, member, offset, record->type->align);
}

static bool add_record(LeafList *list, const CType *type, uint64_t offset)
{
    const CRecord *record = type->u.record;
    for (uint32_t i = 0; i < record->nmembers; i++)
        if (!add_member(list, record, &record->members[i], offset))
            return false;
    return true;
}

/* -- all ----------------------------------------------------------------------------------------------------------- */

static bool add_type(LeafList *list, const CType *type, uint64_t offset, bool is_whole)
{
    if (++list->nsteps > LEAVES_STEPS_MAX)
        return false;
    switch ((CTypeKind)type->kind) {
    case CTYPE_VOID: return true;
    case CTYPE_BOOL:
    case CTYPE_INTEGER:
    case CTYPE_ENUM:
    case CTYPE_FLOATING:
    case CTYPE_DECIMAL: return add_leaf(list, offset, kind_of_scalar(type));
    case CTYPE_POINTER:
    case CTYPE_REFERENCE: return add_leaf(list, offset, ABI_POINTER);
    case CTYPE_COMPLEX: return add_complex(list, type, offset, is_whole);
    case CTYPE_VECTOR: return add_vector(list, type, offset);
    case CTYPE_ARRAY: return add_array(list, type, offset);
    case CTYPE_RECORD: return add_record(list, type, offset);
    case CTYPE_FUNCTION: return false;
    }
    return false;
}

bool leaves_of(const CType *type, LeafList *list)
{
    list->count = list->scope = list->nsteps = 0;
    if (type->kind == CTYPE_VOID)
        return true;
    if (!ctype_is_complete(type) || type->is_vla || type->kind == CTYPE_FUNCTION)
        return false;
    return type->size > LEAVES_TYPE_NBYTES_MAX || add_type(list, type, 0, true);
}
