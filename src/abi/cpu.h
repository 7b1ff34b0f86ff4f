/* What the processor and the kernel let a call carry in its vector registers. */
#ifndef AIRLOCK_ABI_CPU_H
#define AIRLOCK_ABI_CPU_H

#include <stdint.h>

/* Bytes of the widest vector register that can be used: 16, 32 (AVX) or 64 (AVX-512F). Asks CPUID each time, so that an
 * emulator's answer counts (valgrind has no AVX-512) and nothing global is kept. */
uint32_t cpu_vector_nbytes(void);

#endif
