; The way from C into a callback (Microsoft x64 ABI): what the entries of slots jump to (callback_sysv64.asm), which saves the arguments
; into a frame, calls the slot's target and loads the result. The target is code of the System V ABI: what that may change and the
; Microsoft ABI preserves (rdi, rsi, xmm6-xmm15) is saved here.

%include "abi.inc"

; It is no C function: r10 is the slot, everything else as the C caller left it.
;
; preserves rbx, r12-r15 by not touching them, rbp, rdi, rsi, xmm6-xmm15
;
;       rbp + 16  room for the arguments in registers, behind it the stack arguments: frame + plan->stack_offset
;       rbp +  8  return address
;       rbp       saved rbp
;       rbp -  8  saved rdi
;       rbp - 16  saved rsi
;                 xmm0-xmm3, at a stride of 8 in room for eight
;                 the frame
;       rsp       saved xmm6-xmm15
;
; void target(AbiSlot *slot, AbiFrame *frame)

XMMS_NBYTES   equ 160
FRAME_NBYTES  equ FRAME_VEC + 64
XMMS_CFA      equ (FRAME_NBYTES + XMMS_NBYTES + 32) / 8 ; from rsp to the CFA, in eightbytes

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
        mov     rax, [r10 + SLOT_TARGET]
; Other faces' entries come in here, with r10 what the target gets, rax the target, and flags that nobody needs here in r11d.
        global  abi_enter_with_win64:function hidden
abi_enter_with_win64 equ $
        cfi_push rbp
        cfi_frame
        cfi_push rdi
        cfi_push rsi
        sub     rsp, FRAME_NBYTES + XMMS_NBYTES
        save_xmms
        lea     rsi, [rsp + XMMS_NBYTES]
        mov     rdi, r10
        mov     [rsi + FRAME_GPR], rcx
        mov     [rsi + FRAME_GPR + 8], rdx
        mov     [rsi + FRAME_GPR + 16], r8
        mov     [rsi + FRAME_GPR + 24], r9
        movsd   [rsi + FRAME_VEC], xmm0
        movsd   [rsi + FRAME_VEC + 8], xmm1
        movsd   [rsi + FRAME_VEC + 16], xmm2
        movsd   [rsi + FRAME_VEC + 24], xmm3
        call    rax
        mov     rax, [rsp + XMMS_NBYTES + FRAME_RAX]
        movups  xmm0, [rsp + XMMS_NBYTES + FRAME_RESULT]
        reload_xmms
        cfi_reload rsi
        cfi_reload rdi
        cfi_leave
        ret
ENDPROC abi_enter_win64
