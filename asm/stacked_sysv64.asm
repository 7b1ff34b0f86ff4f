; The way into a C function of the System V x86-64 ABI (psABI 3.2.3) for calls with arguments on the stack: it makes the frame where
; rsp is, has it filled, loads the registers from it and drops all of it but the stack arguments, which are so written once and where
; they belong. The result stays in its registers.

%include "abi.inc"
%include "sysv64.inc"

extern abi_fill:function hidden

; uint64_t or double abi_stacked_sysv64(const AbiPlan *plan, AbiFunction function, void *result, void *const *values)
;
; in        rdi plan, whose vector registers are of eight bytes and whose frame is less than a page; rsi function; rdx, rcx for abi_fill
; keeps     rbx plan, [rbp - FUNCTION_DEPTH] function
; out       as the function leaves it
; preserves rbx, rbp, r12-r15
;
;       rbp + 16  CFA
;       rbp +  8  return address
;       rbp       saved rbp
;       rbp -  8  saved rbx
;       rbp - 16  function
;                 the frame's stack arguments: rsp when the function is called, a multiple of 16
;                 the rest of the frame: rsp when it is filled
;
; void abi_fill(const AbiPlan *plan, AbiFrame *frame, void *result, void *const *values)

FUNCTION_DEPTH equ 16

PROC abi_stacked_sysv64
        cfi_push rbp
        cfi_frame
        cfi_push rbx
        push    rsi
        mov     rbx, rdi
        mov     eax, [rdi + PLAN_FRAME_NBYTES]
        sub     rsp, rax
        mov     rsi, rsp
        call    abi_fill
        test    dword [rbx + PLAN_FLAGS], FLAG_VEC_8
        jz      .registers
        load_vectors rsp, 8, movsd, xmm, 8
.registers:
        mov     r11d, [rbx + PLAN_STACK_OFFSET]
        movzx   eax, byte [rbx + PLAN_FLAGS] ; al: vector registers used, for a function with `...`
        load_gprs rsp, 6
        add     rsp, r11
        call    [rbp - FUNCTION_DEPTH]
        cfi_reload rbx
        cfi_leave
        ret
ENDPROC abi_stacked_sysv64
