/* From ffi_type to the call engine's types: struct layout, and the flattened leaves. */
#ifndef AIRLOCK_LIBFFI_ADAPTER_H
#define AIRLOCK_LIBFFI_ADAPTER_H

#include "abi/abi.h"
#include "libffi/ffi.h"

#define ADAPTER_NLEAVES_MAX ABI_REGISTERS_NBYTES_MAX /* one in each byte */

static inline bool adapter_is_abi(ffi_abi abi)
{
    return abi > FFI_FIRST_ABI && abi < FFI_LAST_ABI;
}

/* Works out size and alignment of a struct, complex or vector type, of its elements without a size first; `offsets` gets
 * each element's, unless NULL. FFI_BAD_TYPEDEF: it has no elements, or nothing in them, or one of an unknown number. Threads
 * may do so with one type at the same time, and call adapter_is_laid_out: who sees the size sees the alignment. */
ffi_status adapter_lay_out(ffi_type *type, size_t *offsets);

/* The same where the size is not known yet. FFI_BAD_TYPEDEF also where the type itself has an unknown number. */
ffi_status adapter_complete(ffi_type *type);

static inline bool adapter_is_laid_out(const ffi_type *type)
{
    return __atomic_load_n(&type->size, __ATOMIC_ACQUIRE) != 0;
}

/* The AbiKind of a laid-out type that is one leaf by itself, ABI_MEMORY for one of which the size alone is known; else -1. */
int adapter_scalar_kind(const ffi_type *type);

/* The type that FFI_TYPE_`code` stands for, a scalar by its number or void, whatever size a client gives it; `leaf` gets its
 * leaf, if it has one, and must last as long. */
AbiType adapter_scalar(unsigned code, AbiLeaf *leaf);

/* The leaves of a laid-out type of up to 64 bytes, in order; their number. Types of more are memory whatever they hold
 * and have none, nor have structs of more than 16 bytes that hold no vector of so many. */
uint32_t adapter_flatten(const ffi_type *type, AbiLeaf leaves[ADAPTER_NLEAVES_MAX]);

#endif
