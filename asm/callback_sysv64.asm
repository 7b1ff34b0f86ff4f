; The way from C into a callback (System V x86-64 ABI): what the entries of slots jump to (entries.asm), which saves the arguments
; into a frame, calls the slot's target and loads the result. What lies where was decided by the plan.

%include "abi.inc"

; It is no C function: r10 is the slot, everything else as the C caller left it.
;
; keeps     [rbp - LINK_FLAGS] slot->flags
; preserves rbx, r12-r15 by not touching them, rbp
;
;       rbp + 16  stack arguments: frame + plan->stack_offset
;       rbp +  8  return address
;       rbp       saved rbp
;       rbp -  8  flags
;       rbp - 16  target
;                 vector registers, at the plan's stride
;       rsp       the frame
;
; void target(AbiSlot *slot, AbiFrame *frame)

LINK_FLAGS  equ 8
LINK_TARGET equ 16

PROC abi_enter_sysv64
        mov     r11d, [r10 + SLOT_FLAGS]
        mov     rax, [r10 + SLOT_TARGET]
; Other faces' entries come in here, with r10 what the target gets, r11d flags and rax the target.
        global  abi_enter_with_sysv64:function hidden
abi_enter_with_sysv64 equ $
        cfi_push rbp
        cfi_frame
        push    r11
        push    rax
        test    r11d, FLAG_VEC_ANY
        jnz     .save_8
        sub     rsp, FRAME_VEC
.call:
        mov     [rsp + FRAME_GPR], rdi
        mov     [rsp + FRAME_GPR + 8], rsi
        mov     [rsp + FRAME_GPR + 16], rdx
        mov     [rsp + FRAME_GPR + 24], rcx
        mov     [rsp + FRAME_GPR + 32], r8
        mov     [rsp + FRAME_GPR + 40], r9
        mov     rdi, r10
        mov     rsi, rsp
        call    [rbp - LINK_TARGET]
        test    dword [rbp - LINK_FLAGS], FLAG_AFTER_ANY
        jnz     .load_xmm
.return:
        mov     rax, [rsp + FRAME_RAX]
        mov     rdx, [rsp + FRAME_RDX]
        cfi_remember
        cfi_leave
        ret
        cfi_recall

; save_vectors instruction, register name without number, stride: all eight into the frame.
%macro save_vectors 3
        sub     rsp, FRAME_VEC + 8 * %3
  %assign n 0
  %rep 8
        %1      [rsp + FRAME_VEC + n * %3], %2 %+ n
    %assign n n + 1
  %endrep
%endmacro

.save_8:
        test    r11d, FLAG_VEC_8
        jz      .save_16
        save_vectors movsd, xmm, 8
        jmp     .call
.save_16:
        test    r11d, FLAG_VEC_16
        jz      .save_32
        save_vectors movups, xmm, 16
        jmp     .call
.save_32:
        test    r11d, FLAG_VEC_32
        jz      .save_64
        save_vectors vmovups, ymm, 32
        vzeroupper
        jmp     .call
.save_64:
        save_vectors vmovups, zmm, 64
        vzeroupper
        jmp     .call

; Results beyond rax and rdx, by flags.
.load_xmm:
        mov     eax, [rbp - LINK_FLAGS]
        test    eax, FLAG_RESULT_XMM
        jz      .load_st0
        movups  xmm0, [rsp + FRAME_RESULT]
        movups  xmm1, [rsp + FRAME_RESULT + 16]
        jmp     .return
.load_st0:
        test    eax, FLAG_RESULT_ST0
        jz      .load_ymm
        test    eax, FLAG_RESULT_ST1
        jz      .load_only_st0
        fld     tword [rsp + FRAME_RESULT + 16]
.load_only_st0:
        fld     tword [rsp + FRAME_RESULT]
        jmp     .return
.load_ymm:
        test    eax, FLAG_RESULT_YMM
        jz      .load_zmm
        vmovups ymm0, [rsp + FRAME_RESULT]
        jmp     .return
.load_zmm:
        test    eax, FLAG_RESULT_ZMM
        jz      .return
        vmovups zmm0, [rsp + FRAME_RESULT]
        jmp     .return
ENDPROC abi_enter_sysv64
