/* Owns what an ffi_type means: its layout, as libffi works it out (elements one behind the other, each at its alignment),
 * and its leaves. */
#include "libffi/adapter.h"

/* The AbiKind of what is a scalar by its number. */
static const signed char kinds[FFI_TYPE_LAST + 1] = {
    [FFI_TYPE_VOID] = -1,        [FFI_TYPE_INT] = ABI_I32,        [FFI_TYPE_FLOAT] = ABI_F32,
    [FFI_TYPE_DOUBLE] = ABI_F64, [FFI_TYPE_LONGDOUBLE] = ABI_F80, [FFI_TYPE_UINT8] = ABI_U8,
    [FFI_TYPE_SINT8] = ABI_I8,   [FFI_TYPE_UINT16] = ABI_U16,     [FFI_TYPE_SINT16] = ABI_I16,
    [FFI_TYPE_UINT32] = ABI_U32, [FFI_TYPE_SINT32] = ABI_I32,     [FFI_TYPE_UINT64] = ABI_U64,
    [FFI_TYPE_SINT64] = ABI_I64, [FFI_TYPE_STRUCT] = -1,          [FFI_TYPE_POINTER] = ABI_POINTER,
    [FFI_TYPE_COMPLEX] = -1,     [FFI_TYPE_UINT128] = ABI_I128,   [FFI_TYPE_SINT128] = ABI_I128,
    [FFI_TYPE_VECTOR] = -1,
};

/* What C has vectors and complex types of. */
static bool is_arithmetic(const ffi_type *type)
{
    return type != NULL && type->type <= FFI_TYPE_LAST && kinds[type->type] >= 0 && type->type != FFI_TYPE_POINTER;
}

AbiType adapter_scalar(unsigned code, AbiLeaf *leaf)
{
    static const ffi_type *const scalars[] = {
        [FFI_TYPE_FLOAT] = &ffi_type_float,     [FFI_TYPE_DOUBLE] = &ffi_type_double,
        [FFI_TYPE_INT] = &ffi_type_sint32,      [FFI_TYPE_LONGDOUBLE] = &ffi_type_longdouble,
        [FFI_TYPE_UINT8] = &ffi_type_uint8,     [FFI_TYPE_SINT8] = &ffi_type_sint8,
        [FFI_TYPE_UINT16] = &ffi_type_uint16,   [FFI_TYPE_SINT16] = &ffi_type_sint16,
        [FFI_TYPE_UINT32] = &ffi_type_uint32,   [FFI_TYPE_SINT32] = &ffi_type_sint32,
        [FFI_TYPE_UINT64] = &ffi_type_uint64,   [FFI_TYPE_SINT64] = &ffi_type_sint64,
        [FFI_TYPE_POINTER] = &ffi_type_pointer,
    };
    if (code == FFI_TYPE_VOID)
        return (AbiType){.align = 1};
    const ffi_type *type = scalars[code];
    *leaf = (AbiLeaf){.kind = (uint32_t)kinds[code]};
    return (AbiType){.size = type->size, .align = type->alignment, .nleaves = 1, .leaves = leaf};
}

/* -- layout -------------------------------------------------------------------------------------------------------- */

static size_t round_up(size_t n, size_t align)
{
    return align == 0 ? n : (n + align - 1) / align * align;
}

/* The alignment first: adapter_is_laid_out asks for the size. By exchange, and not where it is there already: another thread
 * that laid the same type out meanwhile has written the same and may be reading it. ThreadSanitizer takes an exchange that
 * fails for a write. */
static __attribute__((no_sanitize_thread)) void publish(ffi_type *type, size_t size, unsigned short align)
{
    unsigned short old_align = __atomic_load_n(&type->alignment, __ATOMIC_ACQUIRE);
    size_t old_size = __atomic_load_n(&type->size, __ATOMIC_ACQUIRE);
    if (old_align != align)
        __atomic_compare_exchange_n(&type->alignment, &old_align, align, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    if (old_size != size)
        __atomic_compare_exchange_n(&type->size, &old_size, size, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* Of a vector all elements are one scalar. Its size is a power of two, and it is aligned to that, as gcc has them. */
static ffi_status lay_out_vector(ffi_type *type)
{
    const ffi_type *element = type->elements[0];
    size_t nbytes = 0, size = 1;
    if (!is_arithmetic(element) || element->type == FFI_TYPE_LONGDOUBLE)
        return FFI_BAD_TYPEDEF;
    for (ffi_type **other = type->elements; *other != NULL; other++) {
        if ((*other)->type != element->type)
            return FFI_BAD_TYPEDEF;
        nbytes += element->size;
    }
    while (size < nbytes)
        size *= 2;
    if (size > ABI_REGISTERS_NBYTES_MAX)
        return FFI_BAD_TYPEDEF;
    publish(type, size, (unsigned short)size);
    return FFI_OK;
}

static ffi_status lay_out_complex(ffi_type *type)
{
    const ffi_type *part = type->elements[0];
    if (!is_arithmetic(part))
        return FFI_BAD_TYPEDEF;
    publish(type, 2 * part->size, part->alignment);
    return FFI_OK;
}

static ffi_status lay_out_struct(ffi_type *type, size_t *offsets)
{
    size_t size = 0;
    unsigned short align = 0;
    for (ffi_type **element = type->elements; *element != NULL; element++) {
        if (adapter_complete(*element) != FFI_OK)
            return FFI_BAD_TYPEDEF;
        size = round_up(size, (*element)->alignment);
        if (offsets != NULL)
            offsets[element - type->elements] = size;
        size += (*element)->size;
        if (align < (*element)->alignment)
            align = (*element)->alignment;
    }
    if (size == 0)
        return FFI_BAD_TYPEDEF;
    publish(type, round_up(size, align), align);
    return FFI_OK;
}

ffi_status adapter_lay_out(ffi_type *type, size_t *offsets)
{
    if (type == NULL || type->elements == NULL)
        return FFI_BAD_TYPEDEF;
    switch (type->type) {
    case FFI_TYPE_VECTOR: return lay_out_vector(type);
    case FFI_TYPE_COMPLEX: return lay_out_complex(type);
    default: return lay_out_struct(type, offsets);
    }
}

ffi_status adapter_complete(ffi_type *type)
{
    if (type->type > FFI_TYPE_LAST)
        return FFI_BAD_TYPEDEF;
    return adapter_is_laid_out(type) ? FFI_OK : adapter_lay_out(type, NULL);
}

/* -- where the members of a struct are ------------------------------------------------------------------------------ */

/* Clients may say how large a struct is and how aligned, and list the members of a union, or of a packed struct. */
enum { OVERLAID = 0, NATURAL = 0xffff }; /* or the most that a member is aligned to */

static size_t next_offset(size_t at, const ffi_type *element, unsigned pack)
{
    return pack == OVERLAID ? 0 : round_up(at, element->alignment < pack ? element->alignment : pack);
}

static size_t nbytes_placed(const ffi_type *type, unsigned pack)
{
    size_t at = 0, end = 0;
    for (ffi_type **element = type->elements; *element != NULL; element++) {
        at = next_offset(at, *element, pack) + (*element)->size;
        if (end < at)
            end = at;
    }
    return round_up(end, type->alignment);
}

/* How the members lie if the struct is to have its size. */
static unsigned placement(const ffi_type *type)
{
    static const unsigned short ways[] = {NATURAL, OVERLAID, 8, 4, 2, 1};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (nbytes_placed(type, ways[i]) == type->size)
            return ways[i];
    return NATURAL;
}

/* -- leaves -------------------------------------------------------------------------------------------------------- */

static bool is_aggregate(const ffi_type *type)
{
    return type->type == FFI_TYPE_STRUCT || type->type == FFI_TYPE_COMPLEX || type->type == FFI_TYPE_VECTOR;
}

/* As gcc has them: a few bytes are an integer, and no register holds one floating element or several of sixteen bytes. */
static int vector_kind(const ffi_type *type)
{
    const ffi_type *element = type->elements[0];
    if (element == NULL)
        return ABI_MEMORY;
    bool is_floating = element->type == FFI_TYPE_FLOAT || element->type == FFI_TYPE_DOUBLE;
    if (type->elements[1] == NULL ? is_floating : element->size == 16)
        return ABI_MEMORY;
    switch (type->size) {
    case 1: return ABI_U8;
    case 2: return ABI_U16;
    case 4: return ABI_U32;
    case 8: return ABI_VECTOR8;
    case 16: return ABI_VECTOR16;
    case 32: return ABI_VECTOR32;
    case 64: return ABI_VECTOR64;
    default: return ABI_MEMORY;
    }
}

int adapter_scalar_kind(const ffi_type *type)
{
    if (is_aggregate(type) && type->elements == NULL)
        return ABI_MEMORY; /* a client that says the size alone */
    if (type->type == FFI_TYPE_VECTOR)
        return vector_kind(type);
    if (type->type == FFI_TYPE_COMPLEX && type->elements[0]->type == FFI_TYPE_LONGDOUBLE)
        return ABI_COMPLEX_F80;
    return type->type <= FFI_TYPE_LAST ? kinds[type->type] : -1;
}

typedef struct Leaves {
    AbiLeaf *leaves;
    uint32_t count;
    bool has_union;
    bool has_unsaid; /* members that are void, or not there though the size has room for them */
} Leaves;

static bool has_leaf(const Leaves *leaves, size_t offset, int kind)
{
    for (uint32_t i = 0; i < leaves->count; i++)
        if (leaves->leaves[i].offset == offset && leaves->leaves[i].kind == (uint32_t)kind)
            return true;
    return false;
}

/* Each once, so that the members of a union do not use the room up. */
static void add_leaf(Leaves *leaves, size_t offset, int kind)
{
    if (leaves->has_union && has_leaf(leaves, offset, kind))
        return;
    if (leaves->count < ADAPTER_NLEAVES_MAX && offset < ABI_REGISTERS_NBYTES_MAX)
        leaves->leaves[leaves->count++] = (AbiLeaf){.offset = (uint32_t)offset, .kind = (uint32_t)kind};
}

static void add_type(Leaves *leaves, size_t offset, const ffi_type *type);

static void add_complex(Leaves *leaves, size_t offset, const ffi_type *type)
{
    const ffi_type *part = type->elements[0];
    add_type(leaves, offset, part);
    add_type(leaves, offset + part->size, part);
}

static void add_struct(Leaves *leaves, size_t offset, const ffi_type *type)
{
    unsigned pack = placement(type);
    size_t at = 0;
    leaves->has_union |= pack == OVERLAID;
    leaves->has_unsaid |= nbytes_placed(type, pack) < type->size;
    for (ffi_type **element = type->elements; *element != NULL; element++) {
        at = next_offset(at, *element, pack);
        add_type(leaves, offset + at, *element);
        at += (*element)->size;
    }
}

static void add_type(Leaves *leaves, size_t offset, const ffi_type *type)
{
    int kind = adapter_scalar_kind(type);
    if (kind >= 0 && kind != ABI_COMPLEX_F80)
        add_leaf(leaves, offset, kind);
    else if (type->type == FFI_TYPE_COMPLEX)
        add_complex(leaves, offset, type);
    else if (type->type == FFI_TYPE_STRUCT)
        add_struct(leaves, offset, type);
    else if (type->type == FFI_TYPE_VOID)
        leaves->has_unsaid = true;
}

static bool is_empty_eightbyte(const Leaves *leaves, size_t offset)
{
    for (uint32_t i = 0; i < leaves->count; i++)
        if (leaves->leaves[i].offset / 8 == offset / 8)
            return false;
    return true;
}

/* PHP says the size of a struct or union, and lists void for an array and the first member of a union alone: what nothing
 * that is said lies in are integers, as most arrays in small structs are. */
static void add_unsaid(Leaves *leaves, size_t nbytes)
{
    enum { REGISTERS_NBYTES = 16 };
    for (size_t offset = 0; nbytes <= REGISTERS_NBYTES && offset < nbytes; offset += 8)
        if (is_empty_eightbyte(leaves, offset))
            add_leaf(leaves, offset, ABI_U8);
}

/* What alone has a struct of more than sixteen bytes passed in a register. */
static bool has_wide_vector(const ffi_type *type)
{
    for (ffi_type **element = type->elements; element != NULL && *element != NULL; element++)
        if ((*element)->size > 16 &&
            ((*element)->type == FFI_TYPE_VECTOR || ((*element)->type == FFI_TYPE_STRUCT && has_wide_vector(*element))))
            return true;
    return false;
}

uint32_t adapter_flatten(const ffi_type *type, AbiLeaf leaves[ADAPTER_NLEAVES_MAX])
{
    Leaves found = {.leaves = leaves};
    int kind = adapter_scalar_kind(type);
    if (type->size > ABI_REGISTERS_NBYTES_MAX)
        return 0;
    if (kind >= 0)
        add_leaf(&found, 0, kind);
    else if (type->size <= 16 || has_wide_vector(type))
        add_type(&found, 0, type);
    if (found.has_unsaid)
        add_unsaid(&found, type->size);
    return found.count;
}
