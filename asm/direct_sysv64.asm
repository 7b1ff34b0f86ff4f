; Direct ways into a C function of the System V x86-64 ABI (psABI 3.2.3), for calls that take no stack and no vector wider than
; eight bytes and whose result is in rax or xmm0: the argument registers are loaded and the function is jumped to, so that it
; returns to our caller with its result. Nothing is pushed, and the CFA is rsp + 8 throughout. al says how many vector registers
; may be used: whoever planned the call need not have known that the function has a `...`.

%include "abi.inc"
%include "sysv64.inc"

; direct name, integer registers, vector registers:
; uint64_t or double abi_direct_sysv64_NAME(const AbiFrame *frame, AbiFunction function)
;
; in        rdi frame, rsi function
; clobbers  rax, r11, which holds the function for the jump, and what it loads
; out       as the function leaves it
; preserves all that the function preserves
;
;       rsp + 8   CFA
;       rsp       return address
%macro direct 3
PROC abi_direct_sysv64_%1
        mov     r11, rsi
        mov     eax, %3
        load_vectors rdi, %3, movsd, xmm, 8
        load_gprs rdi, %2
        jmp     r11
ENDPROC abi_direct_sysv64_%1
%endmacro

        direct  gpr0, 0, 0
        direct  gpr1, 1, 0
        direct  gpr2, 2, 0
        direct  gpr3, 3, 0
        direct  gpr4, 4, 0
        direct  gpr5, 5, 0
        direct  gpr6, 6, 0
        direct  vec1, 0, 1
        direct  vec2, 0, 2
        direct  vec3, 0, 3
        direct  vec4, 0, 4
        direct  vec5, 0, 5
        direct  vec6, 0, 6
        direct  vec7, 0, 7
        direct  vec8, 0, 8
        direct  both1, 6, 1
        direct  both2, 6, 2
        direct  both3, 6, 3
        direct  both4, 6, 4
        direct  both5, 6, 5
        direct  both6, 6, 6
        direct  both7, 6, 7
        direct  both8, 6, 8
