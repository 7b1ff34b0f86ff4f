/* Signatures, each planned once for the life of the process: what a prepared ffi_cif refers to. There are as many as
 * there are different signatures, so nothing is owned by a cif, which may be copied and forgotten. */
#ifndef AIRLOCK_LIBFFI_INTERN_H
#define AIRLOCK_LIBFFI_INTERN_H

#include <string.h>

#include "abi/callback.h"
#include "libffi/ffi.h"
#include "libffi/location.h"

typedef struct Signature {
    AbiOwner owner; /* first: a slot's owner is one, and asm/libffi_enter.asm reads owner.plan; never freed */
    /* The rest of its bucket, by the next two bits of the hash. */
    _Atomic(struct Signature *) children[4];
    uint64_t hash;
    uint32_t nwords;     /* of the key; 0: the hash says all */
    Locations locations; /* in a closure's call; its args are behind the key */
    uint32_t key[];
} Signature;

_Static_assert(offsetof(Signature, owner) == 0, "an AbiOwner of this library is a Signature");

/* That of a cif whose types are laid out, planned now if it was not yet. NULL: memory is out, or no call can be like this. May
 * be called in any thread, and in the child of a fork whatever other threads were doing. */
const Signature *intern_signature(const ffi_cif *cif, unsigned nfixed, bool is_variadic);

/* The same for one that is not variadic and was planned before, if it has few arguments, all of them scalars; NULL for any
 * other, also for one that ffi_prep_cif refuses. */
const Signature *intern_known(const ffi_cif *cif);

/* To a cif and back: its private words hold the address. */
static inline void intern_attach(ffi_cif *cif, const Signature *signature)
{
    memcpy(&cif->bytes, &signature, sizeof signature);
}

static inline const Signature *intern_of(const ffi_cif *cif)
{
    const Signature *signature;
    memcpy(&signature, &cif->bytes, sizeof signature);
    return signature;
}

_Static_assert(offsetof(ffi_cif, bytes) == 24 && sizeof(ffi_cif) == 32, "two private words hold an address");

#endif
