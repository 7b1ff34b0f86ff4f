; The ABI course's functions, hand-written for System V x86-64 (psABI 3.2.3); course.c has their C twins.

default rel

section .note.GNU-stack noalloc noexec nowrite progbits
section .text

; -----------------------------------------------------------------------------------------------------------------------------
; uint32_t alternate_sum_8(uint32_t x1, uint32_t x2, …, uint32_t x8);    x1 - x2 + x3 - x4 + x5 - x6 + x7 - x8
;
; In:       edi = x1, esi = x2, edx = x3, ecx = x4, r8d = x5, r9d = x6
;           [rsp + 8] = x7, [rsp + 16] = x8, four bytes each in an eightbyte
; Out:      eax
; Clobbers: flags
global alternate_sum_8:function
alternate_sum_8:
    endbr64
    mov     eax, edi
    sub     eax, esi
    add     eax, edx
    sub     eax, ecx
    add     eax, r8d
    sub     eax, r9d
    add     eax, [rsp + 8]
    sub     eax, [rsp + 16]
    ret

; -----------------------------------------------------------------------------------------------------------------------------
; void product_2_f(uint32_t *dst, uint32_t x, float f);                   *dst = (uint32_t)((float)x * f)
;
; In:       rdi = dst, esi = x, xmm0 = f
; Clobbers: rax, xmm1
global product_2_f:function
product_2_f:
    endbr64
    mov     eax, esi                    ; the upper half of rsi is undefined: zero-extend
    pxor    xmm1, xmm1
    cvtsi2ss xmm1, rax
    mulss   xmm1, xmm0
    cvttss2si rax, xmm1                 ; 64 bits, for products of 2^31 and more
    mov     [rdi], eax
    ret

; -----------------------------------------------------------------------------------------------------------------------------
; void product_9_f(double *dst, uint32_t x1, float f1, …, uint32_t x9, float f9);
;                                                                         *dst = f1 * … * f9 * x1 * … * x9, as double
; In:       rdi = dst, esi = x1, edx = x2, ecx = x3, r8d = x4, r9d = x5, xmm0..xmm7 = f1..f8
;           [rsp +  8] = x6
;           [rsp + 16] = x7
;           [rsp + 24] = x8
;           [rsp + 32] = x9
;           [rsp + 40] = f9
; Clobbers: rax, xmm0..xmm7

; xmm0 *= (double)(uint32_t)%1
%macro MULTIPLY_U32 1
    mov     eax, %1
    cvtsi2sd xmm1, rax
    mulsd   xmm0, xmm1
%endmacro

; xmm0 *= (double)(float)%1
%macro MULTIPLY_F32 1
    cvtss2sd %1, %1
    mulsd   xmm0, %1
%endmacro

global product_9_f:function
product_9_f:
    endbr64
    cvtss2sd xmm0, xmm0
    MULTIPLY_F32 xmm1
    MULTIPLY_F32 xmm2
    MULTIPLY_F32 xmm3
    MULTIPLY_F32 xmm4
    MULTIPLY_F32 xmm5
    MULTIPLY_F32 xmm6
    MULTIPLY_F32 xmm7
    movss   xmm1, [rsp + 40]
    MULTIPLY_F32 xmm1
    MULTIPLY_U32 esi
    MULTIPLY_U32 edx
    MULTIPLY_U32 ecx
    MULTIPLY_U32 r8d
    MULTIPLY_U32 r9d
    MULTIPLY_U32 [rsp + 8]
    MULTIPLY_U32 [rsp + 16]
    MULTIPLY_U32 [rsp + 24]
    MULTIPLY_U32 [rsp + 32]
    movsd   [rdi], xmm0
    ret
