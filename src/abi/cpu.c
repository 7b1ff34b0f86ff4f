/* Run-time detection of AVX and AVX-512F: the instruction set by CPUID, and by XCR0 that the kernel saves the
 * registers. */
#include "abi/cpu.h"

#include <cpuid.h>

/* Intel SDM volume 1, 13.3: state components in XCR0. */
#define XCR0_YMM 0x06u /* SSE and upper halves of ymm */
#define XCR0_ZMM 0xe6u /* those, opmask, upper halves of zmm0-15, zmm16-31 */

static uint32_t read_xcr0(void)
{
    uint32_t eax, edx;
    __asm__("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
    (void)edx;
    return eax;
}

uint32_t cpu_vector_nbytes(void)
{
    uint32_t eax, ebx, ecx, edx, xcr0;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_OSXSAVE) || !(ecx & bit_AVX))
        return 16;
    xcr0 = read_xcr0();
    if ((xcr0 & XCR0_YMM) != XCR0_YMM)
        return 16;
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || !(ebx & bit_AVX512F) || (xcr0 & XCR0_ZMM) != XCR0_ZMM)
        return 32;
    return 64;
}
