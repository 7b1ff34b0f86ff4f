/* What assembly and the closure forms share: the ways in from entries that are no slots. */
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
void *libffi_closure_seen(void *closure, void *codeloc);

_Static_assert(offsetof(ffi_closure, cif) == 32 && sizeof(ffi_closure) == 56, "the binary contract");
_Static_assert(offsetof(ffi_go_closure, cif) == 8 && sizeof(ffi_go_closure) == 24, "the binary contract");
_Static_assert(sizeof(ffi_raw_closure) == 72 && sizeof(ffi_java_raw_closure) == 72, "the binary contract");
_Static_assert(offsetof(AbiOwner, plan) == 0, "libffi_enter.asm");

#endif
