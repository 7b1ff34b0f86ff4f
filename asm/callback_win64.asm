; The way from C into a callback (Microsoft x64 ABI): what the entries of slots jump to (entries.asm), which saves the arguments
; into a frame, calls the slot's target and loads the result. The target is code of the System V ABI: what that may change and the
; Microsoft ABI preserves (rdi, rsi, xmm6-xmm15) is saved here.

%include "abi.inc"

; It is no C function: r10 is the slot, everything else as the C caller left it. An argument's place in the frame is the same
; whichever register it is in: the flags know.
;
; preserves rbx, r12-r15 by not touching them, rbp, rdi, rsi, xmm6-xmm15
;
;       rbp + 16  room for the arguments in registers, behind it the stack arguments: frame + plan->stack_offset
;       rbp +  8  return address
;       rbp       saved rbp
;       rbp -  8  saved rdi
;       rbp - 16  saved rsi
;                 the frame
;       rsp       saved xmm6-xmm15
;
; void target(AbiSlot *slot, AbiFrame *frame)

XMMS_NBYTES   equ 160
XMMS_CFA      equ (FRAME_VEC + XMMS_NBYTES + 32) / 8 ; from rsp to the CFA, in eightbytes: rsi, rdi, rbp and the return address too

; Both ways between xmm6-xmm15 and where they are saved.
%macro save_xmms 0
  %assign n 0
  %rep 10
    %assign number n + 6
        movaps  [rsp + n * 16], xmm %+ number
        cfi_bytes DW_CFA_offset | (dwarf_xmm0 + number), XMMS_CFA - 2 * n
    %assign n n + 1
  %endrep
%endmacro

%macro reload_xmms 0
  %assign n 0
  %rep 10
    %assign number n + 6
        movaps  xmm %+ number, [rsp + n * 16]
        cfi_bytes DW_CFA_restore | (dwarf_xmm0 + number)
    %assign n n + 1
  %endrep
%endmacro

PROC abi_enter_win64
        mov     r11d, [r10 + SLOT_FLAGS]
        mov     rax, [r10 + SLOT_TARGET]
; Other faces' entries come in here, with r10 what the target gets, r11d flags and rax the target.
        global  abi_enter_with_win64:function hidden
abi_enter_with_win64 equ $
        cfi_push rbp
        cfi_frame
        cfi_push rdi
        cfi_push rsi
        sub     rsp, FRAME_VEC + XMMS_NBYTES
        save_xmms
        lea     rsi, [rsp + XMMS_NBYTES]
        mov     rdi, r10
        mov     [rsi + FRAME_GPR], rcx
        mov     [rsi + FRAME_GPR + 8], rdx
        mov     [rsi + FRAME_GPR + 16], r8
        mov     [rsi + FRAME_GPR + 24], r9
        test    r11d, FLAG_FLOATING_ANY
        jz      .call
; What is in vector registers, over what happened to be in the integer registers of the same positions.
  %assign n 0
  %rep 4
        test    r11d, FLAG_FLOATING_0 << n
        jz      .integer_ %+ n
        movsd   [rsi + FRAME_GPR + n * 8], xmm %+ n
.integer_ %+ n:
    %assign n n + 1
  %endrep
.call:
        call    rax
        mov     rax, [rsp + XMMS_NBYTES + FRAME_RAX]
        movups  xmm0, [rsp + XMMS_NBYTES + FRAME_RESULT]
        reload_xmms
        cfi_reload rsi
        cfi_reload rdi
        cfi_leave
        ret
ENDPROC abi_enter_win64
