; The ways into libffi's closures that are no slots. r10 is the closure, everything else as the C caller left it; the way in of the
; closure's ABI takes it from there: r10 what the target gets, r11d the plan's flags, rax the target.

%include "abi.inc"
%include "libffi/closure_offsets.def"

extern abi_enter_with_sysv64:function hidden
extern abi_enter_with_win64:function hidden
extern libffi_owned_target:function hidden
extern libffi_go_target:function hidden

; enter form, ABI, offset of the cif in the closure
%macro enter 3
PROC libffi_enter_%1_%2
        mov     rax, [r10 + %3]
        mov     rax, [rax + CIF_SIGNATURE]
        mov     rax, [rax + OWNER_PLAN]
        mov     r11d, [rax + PLAN_FLAGS]
        lea     rax, [libffi_%1_target]
        jmp     abi_enter_with_%2
ENDPROC libffi_enter_%1_%2
%endmacro

        enter   owned, sysv64, CLOSURE_CIF
        enter   go, sysv64, GO_CLOSURE_CIF
        enter   owned, win64, CLOSURE_CIF
        enter   go, win64, GO_CLOSURE_CIF
