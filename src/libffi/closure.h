/* What assembly and the closure forms share: the ways in from closures that are no slots. */
#ifndef AIRLOCK_LIBFFI_CLOSURE_H
#define AIRLOCK_LIBFFI_CLOSURE_H

#include "abi/callback.h"
#include "libffi/ffi.h"

/* asm/libffi_enter.asm: where a closure in its caller's own executable memory, and a Go closure, lead; r10 is the closure. */
void libffi_enter_owned_sysv64(void);
void libffi_enter_go_sysv64(void);
void libffi_enter_owned_win64(void);
void libffi_enter_go_win64(void);

/* What those call. */
void libffi_owned_target(ffi_closure *closure, AbiFrame *frame);
void libffi_go_target(ffi_go_closure *closure, AbiFrame *frame);

/* The address at which a closure can be read when its code runs: of one in its caller's own memory the writable view may be gone. */
void *libffi_readable_closure(void *closure, void *codeloc);

#define ABI_NOTE(text)
#define ABI_CONSTANT(name, value) LIBFFI_##name = (value),
enum {
#include "libffi/closure_offsets.def"
};
#undef ABI_NOTE
#undef ABI_CONSTANT

_Static_assert(offsetof(ffi_closure, cif) == LIBFFI_CLOSURE_CIF, "closure_offsets.def: a closure's cif");
_Static_assert(offsetof(ffi_go_closure, cif) == LIBFFI_GO_CLOSURE_CIF, "closure_offsets.def: a Go closure's cif");
_Static_assert(offsetof(ffi_cif, bytes) == LIBFFI_CIF_SIGNATURE, "closure_offsets.def: intern_attach");
_Static_assert(offsetof(AbiOwner, plan) == LIBFFI_OWNER_PLAN, "closure_offsets.def: a Signature starts with its owner");
_Static_assert(sizeof(ffi_closure) == 56 && sizeof(ffi_go_closure) == 24, "the binary contract");
_Static_assert(sizeof(ffi_raw_closure) == 72 && sizeof(ffi_java_raw_closure) == 72, "the binary contract");

#endif
