; The call trampoline of the System V x86-64 ABI (psABI 3.2.3). It owns the way from a filled frame into a C function and back;
; what goes where was decided by the plan. MXCSR, the x87 control word and the direction flag are the callee's and the caller's
; affair: nothing here touches them.

%include "abi.inc"
%include "sysv64.inc"

; void abi_call_sysv64(AbiFrame *frame, AbiFunction function, uint64_t stack_offset, uint64_t stack_nbytes, uint32_t flags)
;
; in        rdi frame, rsi function, rdx stack_offset, rcx stack_nbytes (multiple of 16), r8d flags
; keeps     rbx frame, [rbp - FLAGS_DEPTH] flags, r11 function until the call
; out       frame->rax, frame->rdx and, by flags, frame->result
; preserves rbx, rbp, r12-r15
;
;       rbp + 16  CFA                               stack arguments of our caller, if any
;       rbp +  8  return address
;       rbp       saved rbp
;       rbp -  8  saved rbx
;       rbp - 16  flags
;                 gap up to the alignment that an over-aligned argument wants
;                 stack arguments, first one lowest
;       rsp       multiple of 16 or of that alignment

FLAGS_DEPTH equ 16

PROC abi_call_sysv64
        cfi_push rbp
        cfi_frame
        cfi_push rbx
        push    r8
        mov     rbx, rdi
        mov     r11, rsi
        test    r8d, FLAG_BEFORE_ANY
        jz      .registers
        test    rcx, rcx
        jnz     .stack
.vectors:
        test    r8d, FLAG_VEC_ANY
        jnz     .load_8
.registers:
        mov     eax, r8d                    ; al: vector registers used, for a function with `...`
        load_gprs rbx, 6
        mov     r10, [rbx + FRAME_RAX]      ; the static chain, of languages that have one
        call    r11
        mov     [rbx + FRAME_RAX], rax
        mov     [rbx + FRAME_RDX], rdx
        test    dword [rbp - FLAGS_DEPTH], FLAG_AFTER_ANY
        jnz     .store_xmm
.return:
        cfi_remember
        cfi_reload rbx
        cfi_leave
        ret
        cfi_recall

; Stack arguments are pushed from the last one down, so that every page is touched in order and a guard page is met.
.stack:
        lea     rax, [rdi + rdx]
        test    r8d, FLAG_ALIGN_ANY
        jnz     .align
.push:
        push    qword [rax + rcx - 8]
        push    qword [rax + rcx - 16]
        sub     rcx, 16
        jnz     .push
        jmp     .vectors

; Fills the gap with pushes too: it may be larger than a page.
.align:
        mov     r9, rcx
        mov     r10, -1
        mov     ecx, r8d
        shr     ecx, FLAG_ALIGN_SHIFT
        shl     r10, cl
        mov     rcx, r9
        mov     rdx, rsp
        sub     rdx, rcx
        and     rdx, r10                    ; where the arguments start
        add     rdx, rcx                    ; and end
.gap:
        cmp     rsp, rdx
        je      .push
        push    0
        jmp     .gap

; Vector registers at the stride of the widest one.
.load_8:
        test    r8d, FLAG_VEC_8
        jz      .load_16
        load_vectors rbx, 8, movsd, xmm, 8
        jmp     .registers
.load_16:
        test    r8d, FLAG_VEC_16
        jz      .load_32
        load_vectors rbx, 8, movups, xmm, 16
        jmp     .registers
.load_32:
        test    r8d, FLAG_VEC_32
        jz      .load_64
        load_vectors rbx, 8, vmovups, ymm, 32
        jmp     .registers
.load_64:
        load_vectors rbx, 8, vmovups, zmm, 64
        jmp     .registers

; Results beyond rax and rdx, by flags; then the upper halves that our own loads or the result left dirty.
.store_xmm:
        mov     eax, [rbp - FLAGS_DEPTH]
        test    eax, FLAG_RESULT_XMM
        jz      .store_st0
        movups  [rbx + FRAME_RESULT], xmm0
        movups  [rbx + FRAME_RESULT + 16], xmm1
        jmp     .zero_uppers
.store_st0:
        test    eax, FLAG_RESULT_ST0
        jz      .store_ymm
        fstp    tword [rbx + FRAME_RESULT]
        test    eax, FLAG_RESULT_ST1
        jz      .zero_uppers
        fstp    tword [rbx + FRAME_RESULT + 16]
        jmp     .zero_uppers
.store_ymm:
        test    eax, FLAG_RESULT_YMM
        jz      .store_zmm
        vmovups [rbx + FRAME_RESULT], ymm0
        jmp     .zero_uppers
.store_zmm:
        test    eax, FLAG_RESULT_ZMM
        jz      .zero_uppers
        vmovups [rbx + FRAME_RESULT], zmm0
.zero_uppers:
        test    eax, FLAG_VZEROUPPER
        jz      .return
        vzeroupper
        jmp     .return
ENDPROC abi_call_sysv64
