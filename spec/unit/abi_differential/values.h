/* Values of the types of a batch: what the engine is told about a type, random bytes that are legal for it, and which of its bits count. For
 * abi_differential.c alone. */
#ifndef AIRLOCK_SPEC_ABI_DIFFERENTIAL_VALUES_H
#define AIRLOCK_SPEC_ABI_DIFFERENTIAL_VALUES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "random.h"

/* -- types --------------------------------------------------------------------------------------------------------- */

enum { VALUE_NBYTES_MAX = 1024 }; /* of one type, and of the twin of a record */

typedef struct ValueType {
    const BatchType *batch;
    AbiType abi;
    AbiLeaf *leaves;       /* of abi */
    AbiLeaf *value_leaves; /* those that hold a value */
    uint32_t nvalues;
    unsigned char *mask; /* bits that belong to a member */
} ValueType;

/* The bytes of a leaf's value, long double's padding left out; 0 when there is none. */
static inline size_t value_leaf_nbytes(uint32_t kind)
{
    static const unsigned char nbytes[ABI_KIND_COUNT + 1] = {
        [ABI_BOOL] = 1,         [ABI_I8] = 1,    [ABI_U8] = 1,      [ABI_I16] = 2,       [ABI_U16] = 2,
        [ABI_I32] = 4,          [ABI_U32] = 4,   [ABI_I64] = 8,     [ABI_U64] = 8,       [ABI_POINTER] = 8,
        [ABI_I128] = 16,        [ABI_F16] = 2,   [ABI_F32] = 4,     [ABI_F64] = 8,       [ABI_F80] = 10,
        [ABI_COMPLEX_F80] = 10, [ABI_F128] = 16, [ABI_VECTOR8] = 8, [ABI_VECTOR16] = 16, [ABI_VECTOR32] = 32,
        [ABI_VECTOR64] = 64,
    };
    return nbytes[kind];
}

static inline bool value_is_sse_or_x87(uint32_t kind)
{
    return kind >= ABI_F16;
}

static inline void value_add_leaf(ValueType *type, size_t offset, uint32_t kind)
{
    type->leaves = realloc(type->leaves, (type->abi.nleaves + 1) * sizeof *type->leaves);
    if (type->leaves == NULL)
        abort();
    type->leaves[type->abi.nleaves++] = (AbiLeaf){(uint32_t)offset, kind};
    type->abi.leaves = type->leaves;
}

/* The bits of one bit-field, all set in `object`: into the mask, and a leaf into each eightbyte that it touches. */
static inline void value_add_bits(ValueType *type, const BatchBits *bits, const unsigned char *object)
{
    ptrdiff_t first = -1, eightbyte = -1;
    for (ptrdiff_t i = 0; i < VALUE_NBYTES_MAX; i++) {
        ptrdiff_t place = bits->base + i;
        if (object[i] == 0)
            continue;
        if (first < 0)
            first = place;
        if (bits->is_named)
            type->mask[place] |= object[i];
        if (place / 8 != eightbyte)
            value_add_leaf(type, (size_t)place, ABI_U8);
        eightbyte = place / 8;
    }
    if (bits->kind != BATCH_NO_LEAF && (size_t)(first - bits->record) % value_leaf_nbytes(bits->kind) == 0)
        value_add_leaf(type, (size_t)first, bits->kind);
}

static inline void value_find_bits(ValueType *type)
{
    static _Alignas(64) unsigned char object[VALUE_NBYTES_MAX];
    BatchBits bits;
    memset(object, 0, sizeof object);
    for (unsigned index = 0; type->batch->set_bits(object, index, &bits); index++) {
        value_add_bits(type, &bits, object);
        memset(object, 0, sizeof object);
    }
}

/* In a later element of an array alignment does not count: an unaligned leaf shows the engine its classes alone. */
static inline void value_add_later_leaf(ValueType *type, uint32_t offset, uint32_t kind)
{
    size_t nbytes = value_leaf_nbytes(kind);
    if (offset % nbytes == 0) {
        value_add_leaf(type, offset, kind);
        return;
    }
    for (size_t i = offset / 8; i <= (offset + nbytes - 1) / 8; i++)
        value_add_leaf(type, 8 * i, value_is_sse_or_x87(kind) ? ABI_F16 : ABI_U8);
}

static inline void value_mask_leaf(ValueType *type, AbiLeaf leaf)
{
    memset(type->mask + leaf.offset, 0xff, value_leaf_nbytes(leaf.kind));
    if (leaf.kind == ABI_COMPLEX_F80)
        memset(type->mask + leaf.offset + 16, 0xff, value_leaf_nbytes(leaf.kind));
}

static inline void value_load_type(ValueType *type, const BatchType *batch)
{
    if (batch->size > VALUE_NBYTES_MAX)
        abort();
    *type = (ValueType){.batch = batch};
    type->abi = (AbiType){.size = batch->size, .align = batch->align, .is_record = batch->is_record != 0};
    type->mask = calloc(VALUE_NBYTES_MAX, 1);
    type->value_leaves = calloc(batch->nleaves + 1, sizeof *type->value_leaves);
    if (type->mask == NULL || type->value_leaves == NULL)
        abort();
    for (uint32_t i = 0; i < batch->nleaves; i++) {
        AbiLeaf leaf = batch->leaves[i];
        uint32_t kind = leaf.kind & (BATCH_NO_VALUE - 1);
        if (kind == BATCH_NO_LEAF)
            continue;
        if (leaf.kind & BATCH_LATER && kind != ABI_MEMORY)
            value_add_later_leaf(type, leaf.offset, kind);
        else
            value_add_leaf(type, leaf.offset, kind);
        if (leaf.kind & BATCH_NO_VALUE)
            continue;
        type->value_leaves[type->nvalues++] = (AbiLeaf){leaf.offset, kind};
        value_mask_leaf(type, type->value_leaves[type->nvalues - 1]);
    }
    if (batch->set_bits != NULL)
        value_find_bits(type);
}

static inline void value_unload_type(ValueType *type)
{
    free(type->leaves);
    free(type->value_leaves);
    free(type->mask);
}

/* The kind of a scalar or vector that is no record and no complex number; ABI_KIND_COUNT for anything else. */
static inline uint32_t value_scalar_kind(const ValueType *type)
{
    return type->batch->is_record || type->abi.nleaves != 1 ? (uint32_t)ABI_KIND_COUNT : type->leaves[0].kind;
}

/* -- values -------------------------------------------------------------------------------------------------------- */

/* Valgrind computes x87 with 64 bits; long doubles are then such as survive it. */
static inline bool value_x87_is_exact(void)
{
    static int known = -1;
    if (known < 0) {
        unsigned char in[16] = {1, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f}, out[16] = {0};
        __asm__ volatile("fldt %1\n\tfstpt %0" : "=m"(out) : "m"(in));
        known = memcmp(in, out, 10) == 0;
    }
    return known != 0;
}

static inline void value_make_f80(unsigned char *bytes, Random *random)
{
    if (value_x87_is_exact()) {
        uint64_t exponent = 1 + random_next(random) % 0x7ffe;
        bytes[7] |= 0x80; /* a normal number has its integer bit set */
        bytes[8] = (unsigned char)exponent;
        bytes[9] = (unsigned char)(exponent >> 8 | (bytes[9] & 0x80));
    } else {
        long double value = (long double)(double)(int64_t)random_next(random);
        memcpy(bytes, &value, 10);
    }
}

/* Makes random bytes legal for the kind; NaNs become quiet. */
static inline void value_make_legal(uint32_t kind, unsigned char *bytes, Random *random)
{
    switch (kind) {
    case ABI_BOOL: bytes[0] &= 1; break;
    case ABI_F16:
        if ((bytes[1] & 0x7c) == 0x7c)
            bytes[1] |= 0x02;
        break;
    case ABI_F32:
        if ((bytes[3] & 0x7f) == 0x7f && bytes[2] & 0x80)
            bytes[2] |= 0x40;
        break;
    case ABI_F64:
        if ((bytes[7] & 0x7f) == 0x7f && (bytes[6] & 0xf0) == 0xf0)
            bytes[6] |= 0x08;
        break;
    case ABI_F128:
        if ((bytes[15] & 0x7f) == 0x7f && bytes[14] == 0xff)
            bytes[13] |= 0x80;
        break;
    case ABI_COMPLEX_F80:
        value_make_f80(bytes + 16, random);
        value_make_f80(bytes, random);
        break;
    case ABI_F80: value_make_f80(bytes, random); break;
    default: break;
    }
}

/* Fills all bytes, padding too. */
static inline void value_draw(const ValueType *type, unsigned char *value, Random *random)
{
    random_fill(random, value, type->abi.size);
    for (uint32_t i = 0; i < type->nvalues; i++)
        value_make_legal(type->value_leaves[i].kind, value + type->value_leaves[i].offset, random);
}

/* The first byte whose bits that count differ, or -1. */
static inline long value_compare(const ValueType *type, const unsigned char *got, const unsigned char *wanted)
{
    for (size_t i = 0; i < type->abi.size; i++) {
        if (((got[i] ^ wanted[i]) & type->mask[i]) != 0)
            return (long)i;
    }
    return -1;
}

/* An integer of up to 8 bytes, extended as its kind says. */
static inline uint64_t value_extended(uint32_t kind, const unsigned char *value)
{
    size_t nbytes = value_leaf_nbytes(kind);
    bool is_signed = kind == ABI_I8 || kind == ABI_I16 || kind == ABI_I32;
    uint64_t bits = is_signed && value[nbytes - 1] & 0x80 ? UINT64_MAX : 0;
    memcpy(&bits, value, nbytes);
    return bits;
}

#endif
