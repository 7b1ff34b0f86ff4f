/* Relations: the one place that says when two C types agree, by LuaJIT's rules. Its words: enums count as their
 * integers, integers of one size are not told apart by sign or rank, records are only themselves. */
#ifndef AIRLOCK_BIND_RELATION_H
#define AIRLOCK_BIND_RELATION_H

#include "ctype/ctype.h"

/* Whether a pointer to `source` converts to a pointer to `target` without a cast: const and volatile may be added at
 * the first level, void is anything, and functions differ only by their number of parameters. */
bool relation_converts(const CType *target, const CType *source);

/* Whether pointers to these have a difference and an order, and are the same to ffi.istype: qualifiers of the first
 * level do not count, void is only void, functions are as C says. */
bool relation_agrees(const CType *a, const CType *b);

/* Whether an object of `source` is copied into one of `target` as it is: of the same type, arrays of one size whose
 * elements agree, vectors of one size. */
bool relation_copies(const CType *target, const CType *source);

/* ffi.istype: whether an object of `type` is one of type `wanted`. Qualifiers do not count, a reference is what it
 * refers to, a pointer to a record is the record. */
bool relation_is_type(const CType *wanted, const CType *type);

#endif
