/* What the tests of the call engine share: types as the engine wants them, and plans that must succeed. For spec/unit/abi_*.c. */
#ifndef AIRLOCK_SPEC_ABI_CASE_H
#define AIRLOCK_SPEC_ABI_CASE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "abi/abi.h"
#include "unit.h"

static const AbiLeaf case_leaves[ABI_KIND_COUNT] = {
    {0, ABI_BOOL},     {0, ABI_I8},       {0, ABI_U8},       {0, ABI_I16},     {0, ABI_U16},         {0, ABI_I32},
    {0, ABI_U32},      {0, ABI_I64},      {0, ABI_U64},      {0, ABI_POINTER}, {0, ABI_I128},        {0, ABI_F16},
    {0, ABI_F32},      {0, ABI_F64},      {0, ABI_F80},      {0, ABI_F128},    {0, ABI_COMPLEX_F80}, {0, ABI_VECTOR8},
    {0, ABI_VECTOR16}, {0, ABI_VECTOR32}, {0, ABI_VECTOR64}, {0, ABI_MEMORY}};

/* A bare scalar of a C type. */
#define CASE_SCALAR(type, kind) ((AbiType){sizeof(type), _Alignof(type), 1, &case_leaves[kind], false})
#define CASE_VOID               ((AbiType){0, 1, 0, NULL, false})
#define CASE_INT                CASE_SCALAR(int, ABI_I32)
#define CASE_LONG               CASE_SCALAR(long, ABI_I64)
#define CASE_DOUBLE             CASE_SCALAR(double, ABI_F64)

/* A call by abi_invoke, for what takes one argument. */
typedef struct Call {
    const AbiPlan *plan;
    AbiFunction function;
    void *result;
    void *const *values;
} Call;

/* A plan of the system allocator; NULL, with the reason said, when the machine has not got the registers. Other failures end the test. */
static inline AbiPlan *case_plan(const char *name, const AbiSignature *signature)
{
    Error error;
    AbiPlan *plan = abi_plan_new(&mem_system_allocator, signature, &error);
    if (plan == NULL && error.code == ERROR_UNSUPPORTED) {
        printf("skipped: %s: %s\n", name, error.text);
    } else if (plan == NULL) {
        fprintf(stderr, "%s: no plan: %s\n", name, error.text);
        exit(1);
    }
    return plan;
}

static inline AbiPlan *case_fixed_plan(const char *name, AbiType result, const AbiType *args, uint32_t nargs)
{
    AbiSignature signature = {result, args, nargs, nargs, false, ABI_SYSV64};
    return case_plan(name, &signature);
}

static inline AbiPlan *case_win64_plan(const char *name, AbiType result, const AbiType *args, uint32_t nargs)
{
    AbiSignature signature = {result, args, nargs, nargs, false, ABI_WIN64};
    return case_plan(name, &signature);
}

static inline void case_free(AbiPlan *plan)
{
    abi_plan_free(&mem_system_allocator, plan);
}

/* True inside valgrind, which single-steps nothing and knows no AVX-512. */
static inline bool case_is_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");
    return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

#endif
