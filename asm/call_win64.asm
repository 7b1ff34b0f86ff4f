; The call trampoline of the Microsoft x64 ABI: the way from a filled frame into a C function and back; what goes where was decided
; by the plan. The callee preserves more than our own ABI asks for (rdi, rsi, xmm6-xmm15).

%include "abi.inc"

; void abi_call_win64(AbiFrame *frame, AbiFunction function, uint64_t stack_offset, uint64_t stack_nbytes, uint32_t flags)
;
; in        rdi frame, rsi function, rdx stack_offset, rcx stack_nbytes (multiple of 16, at least 32); r8d is not looked at
; keeps     rbx frame, r11 function until the call
; out       frame->rax and frame->result
; preserves rbx, rbp, r12-r15
;
;       rbp + 16  CFA
;       rbp +  8  return address
;       rbp       saved rbp
;       rbp -  8  saved rbx
;       rbp - 16  nothing
;                 stack arguments, first one lowest
;       rsp       room for the four arguments in registers; multiple of 16

SHADOW_NBYTES equ 32

PROC abi_call_win64
        cfi_push rbp
        cfi_frame
        cfi_push rbx
        push    rax
        mov     rbx, rdi
        mov     r11, rsi
        lea     rax, [rdi + rdx]
        sub     rcx, SHADOW_NBYTES
        jz      .shadow
; From the last one down, so that every page is touched in order and a guard page is met.
.push:
        push    qword [rax + rcx + SHADOW_NBYTES - 8]
        push    qword [rax + rcx + SHADOW_NBYTES - 16]
        sub     rcx, 16
        jnz     .push
.shadow:
        sub     rsp, SHADOW_NBYTES
; In both registers of its position, whatever it is: a function with `...` takes a float from the integer register.
        mov     rcx, [rbx + FRAME_GPR]
        mov     rdx, [rbx + FRAME_GPR + 8]
        mov     r8, [rbx + FRAME_GPR + 16]
        mov     r9, [rbx + FRAME_GPR + 24]
        movq    xmm0, rcx
        movq    xmm1, rdx
        movq    xmm2, r8
        movq    xmm3, r9
        mov     r10, [rbx + FRAME_RAX]      ; the static chain, of languages that have one
        call    r11
        mov     [rbx + FRAME_RAX], rax
        movups  [rbx + FRAME_RESULT], xmm0
        cfi_reload rbx
        cfi_leave
        ret
ENDPROC abi_call_win64
