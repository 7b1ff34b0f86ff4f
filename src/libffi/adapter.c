/* Owns what an ffi_type means: its layout, as libffi works it out (elements one behind the other, each at its alignment),
 * and its leaves. */
#include "libffi/adapter.h"

/* -- layout -------------------------------------------------------------------------------------------------------- */

static size_t round_up(size_t n, size_t align)
{
    return align == 0 ? n : (n + align - 1) / align * align;
}

ffi_status adapter_lay_out(ffi_type *type, size_t *offsets)
{
    size_t size = 0;
    unsigned short align = 0;
    if (type == NULL || type->elements == NULL)
        return FFI_BAD_TYPEDEF;
    for (ffi_type **element = type->elements; *element != NULL; element++) {
        if ((*element)->size == 0 && adapter_lay_out(*element, NULL) != FFI_OK)
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
    type->size = round_up(size, align);
    type->alignment = align;
    return FFI_OK;
}

/* -- leaves -------------------------------------------------------------------------------------------------------- */

static const signed char kinds[FFI_TYPE_LAST + 1] = {
    [FFI_TYPE_VOID] = -1,        [FFI_TYPE_INT] = ABI_I32,        [FFI_TYPE_FLOAT] = ABI_F32,
    [FFI_TYPE_DOUBLE] = ABI_F64, [FFI_TYPE_LONGDOUBLE] = ABI_F80, [FFI_TYPE_UINT8] = ABI_U8,
    [FFI_TYPE_SINT8] = ABI_I8,   [FFI_TYPE_UINT16] = ABI_U16,     [FFI_TYPE_SINT16] = ABI_I16,
    [FFI_TYPE_UINT32] = ABI_U32, [FFI_TYPE_SINT32] = ABI_I32,     [FFI_TYPE_UINT64] = ABI_U64,
    [FFI_TYPE_SINT64] = ABI_I64, [FFI_TYPE_STRUCT] = -1,          [FFI_TYPE_POINTER] = ABI_POINTER,
    [FFI_TYPE_COMPLEX] = -1,     [FFI_TYPE_UINT128] = ABI_I128,   [FFI_TYPE_SINT128] = ABI_I128,
    [FFI_TYPE_VECTOR] = -1,
};

static int vector_kind(size_t size)
{
    switch (size) {
    case 8: return ABI_VECTOR8;
    case 16: return ABI_VECTOR16;
    case 32: return ABI_VECTOR32;
    case 64: return ABI_VECTOR64;
    default: return ABI_MEMORY;
    }
}

int adapter_scalar_kind(const ffi_type *type)
{
    if (type->type == FFI_TYPE_VECTOR)
        return vector_kind(type->size);
    if (type->type == FFI_TYPE_COMPLEX && type->elements[0]->type == FFI_TYPE_LONGDOUBLE)
        return ABI_COMPLEX_F80;
    return type->type <= FFI_TYPE_LAST ? kinds[type->type] : -1;
}

typedef struct Leaves {
    AbiLeaf *leaves;
    uint32_t count;
} Leaves;

static void add_leaf(Leaves *leaves, size_t offset, int kind)
{
    if (leaves->count < ADAPTER_NLEAVES_MAX && offset < 64)
        leaves->leaves[leaves->count++] = (AbiLeaf){.offset = (uint32_t)offset, .kind = (uint32_t)kind};
}

static void add_type(Leaves *leaves, size_t offset, const ffi_type *type);

static void add_complex(Leaves *leaves, size_t offset, const ffi_type *type)
{
    const ffi_type *part = type->elements[0];
    add_type(leaves, offset, part);
    add_type(leaves, offset + part->size, part);
}

static void add_type(Leaves *leaves, size_t offset, const ffi_type *type)
{
    if (type->type == FFI_TYPE_COMPLEX) {
        add_complex(leaves, offset, type);
    } else if (type->type == FFI_TYPE_STRUCT) {
        size_t at = 0;
        for (ffi_type **element = type->elements; *element != NULL; element++) {
            at = round_up(at, (*element)->alignment);
            add_type(leaves, offset + at, *element);
            at += (*element)->size;
        }
    } else {
        int kind = adapter_scalar_kind(type);
        if (kind >= 0)
            add_leaf(leaves, offset, kind);
    }
}

uint32_t adapter_flatten(const ffi_type *type, AbiLeaf leaves[ADAPTER_NLEAVES_MAX])
{
    Leaves found = {.leaves = leaves};
    int kind = adapter_scalar_kind(type);
    if (type->size > 64)
        return 0;
    if (kind >= 0)
        add_leaf(&found, 0, kind);
    else
        add_type(&found, 0, type);
    return found.count;
}
