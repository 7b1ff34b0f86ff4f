/* One case of the test, and what is said of it when it fails. For abi_differential.c alone. */
#ifndef AIRLOCK_SPEC_ABI_DIFFERENTIAL_CHECK_H
#define AIRLOCK_SPEC_ABI_DIFFERENTIAL_CHECK_H

#include <stdarg.h>
#include <stdio.h>

#include "calls.h"
#include "entry.h"

/* A signature on one compiler and level, with its values. */
typedef struct Case {
    const BatchSignature *signature;
    const ValueType *types;
    const struct Variant *variant;
    const Callees *callees;
    Call call;
    unsigned char wanted[RETURNED_NBYTES]; /* the result */
    EntryRecord entry;                     /* what each call starts with */
    uint32_t compiler_al;                  /* at entry from the compiled caller */
    char complaint[2000];                  /* of the last call; "" when all was well */
} Case;

static inline void complain(Case *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void complain(Case *c, const char *format, ...)
{
    size_t length = strlen(c->complaint);
    va_list list;
    va_start(list, format);
    vsnprintf(c->complaint + length, sizeof c->complaint - length, format, list);
    va_end(list);
}

static inline void complain_bytes(Case *c, const char *title, const unsigned char *bytes, size_t nbytes)
{
    complain(c, "\n        %s", title);
    for (size_t i = 0; i < nbytes; i++)
        complain(c, "%s%02x", i % 8 == 0 ? " " : "", bytes[i]);
}

static inline void check_value(Case *c, const char *what, uint32_t number, const ValueType *type,
                               const unsigned char *got, const void *wanted)
{
    long place = value_compare(type, got, wanted);
    if (place < 0)
        return;
    complain(c, "\n      %s %u (%s, %llu bytes, align %u) differs at byte %ld", what, number, type->batch->name,
             (unsigned long long)type->abi.size, type->abi.align, place);
    if (type->abi.size > 64)
        return;
    complain_bytes(c, "wanted", wanted, type->abi.size);
    complain_bytes(c, "got   ", got, type->abi.size);
    complain_bytes(c, "mask  ", type->mask, type->abi.size);
}

static inline void check_saved_registers(Case *c, const uint64_t *got, const uint64_t *wanted)
{
    static const char *const names[6] = {"rbx", "rbp", "r12", "r13", "r14", "r15"};
    for (size_t i = 0; i < 6; i++) {
        if (got[i] != wanted[i])
            complain(c, "\n      %s is %llx, was %llx", names[i], (unsigned long long)got[i],
                     (unsigned long long)wanted[i]);
    }
}

/* What ms_abi preserves besides. */
static inline void check_saved_registers_ms(Case *c)
{
    const MachineBetween *between = &machine_between_state;
    const MachineBetweenMs *ms = &machine_between_ms_state;
    if (between->rdi_out != ms->rdi_in || between->rsi_out != ms->rsi_in)
        complain(c, "\n      rdi is %llx, was %llx; rsi is %llx, was %llx", (unsigned long long)between->rdi_out,
                 (unsigned long long)ms->rdi_in, (unsigned long long)between->rsi_out, (unsigned long long)ms->rsi_in);
    for (size_t i = 0; i < 10; i++) {
        if (memcmp(ms->out[i], ms->in[i], sizeof ms->in[i]) != 0)
            complain(c, "\n      xmm%zu is not what it was", i + 6);
    }
}

enum { FLAG_DIRECTION = 1 << 10, MXCSR_STATUS = 0x3f };

/* fnstenv: registers of the x87 stack that are in use. */
static inline uint32_t count_x87(uint32_t tags)
{
    uint32_t n = 0;
    for (int i = 0; i < 8; i++)
        n += (tags >> 2 * i & 3) != 3;
    return n;
}

/* nx87: x87 registers that hold a result. */
static inline void check_state(Case *c, const char *where, const MachineCall *machine, uint64_t flags, uint32_t mxcsr,
                               const uint32_t *x87, uint32_t nx87)
{
    if (flags & FLAG_DIRECTION)
        complain(c, "\n      at %s the direction flag is set", where);
    if ((mxcsr & ~(uint32_t)MXCSR_STATUS) != (machine->mxcsr_in & ~(uint32_t)MXCSR_STATUS))
        complain(c, "\n      at %s MXCSR is %x, was %x", where, mxcsr, machine->mxcsr_in);
    if ((x87[0] & 0xffff) != machine->control_in)
        complain(c, "\n      at %s the x87 control word is %x, was %x", where, x87[0] & 0xffff, machine->control_in);
    if (count_x87(x87[2]) != nx87)
        complain(c, "\n      at %s %u x87 registers are in use, wanted %u", where, count_x87(x87[2]), nx87);
}

#endif
