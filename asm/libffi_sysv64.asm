; The ways into libffi's closures that are no slots (System V x86-64 ABI). r10 is the closure, everything else as the C caller left
; it; the engine's way in takes it from there: r10 what the target gets, r11d the plan's flags, rax the target.

%include "abi.inc"

extern abi_enter_with_sysv64:function hidden
extern libffi_owned_target:function hidden
extern libffi_go_target:function hidden

CLOSURE_CIF equ 32                          ; ffi_closure.cif
GO_CIF      equ 8                           ; ffi_go_closure.cif
CIF_PLAN    equ 24                          ; the private words of ffi_cif: address of an AbiOwner
PLAN_FLAGS  equ 8                           ; AbiPlan.flags

; enter name, offset of the cif in the closure, target
%macro enter 3
PROC libffi_enter_%1
        mov     rax, [r10 + %2]
        mov     rax, [rax + CIF_PLAN]
        mov     rax, [rax]
        mov     r11d, [rax + PLAN_FLAGS]
        lea     rax, [%3]
        jmp     abi_enter_with_sysv64
ENDPROC libffi_enter_%1
%endmacro

        enter   owned, CLOSURE_CIF, libffi_owned_target
        enter   go, GO_CIF, libffi_go_target
