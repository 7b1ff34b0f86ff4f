/* The way from a declaration to the call engine, without Lua: the random signatures of the differential test are given to the parser as text, and
 * what bind's adapter makes of each type must be classified as the test's own tables are, whose offsets gcc compiled and whose classes the
 * differential test proves by calls.
 * Usage: leaves_gcc [seed [count]], or AIRLOCK_SEED and AIRLOCK_COUNT in the environment. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/sysv64.h"
#include "bind/leaves.h"
#include "cdecl/cdecl.h"
#include "unit.h"

#include "abi_differential/batch.h"
#include "abi_differential/values.h"

/* The names that generate.lua draws from, as callee.h declares them. */
static const char prelude[] =
    "typedef void *Pointer; typedef const char *Text; typedef int (*FunctionPointer)(int);"
    "typedef long long LongLong; typedef unsigned long long UnsignedLongLong;"
    "typedef __int128 Int128; typedef unsigned __int128 UnsignedInt128;"
    "typedef enum { UNSIGNED_A, UNSIGNED_B = 0x7fffffff } EnumUnsigned;"
    "typedef enum { SIGNED_A = -1, SIGNED_B = 1 } EnumSigned;"
    "typedef enum { LONG_A = -1, LONG_B = 0x7fffffffffffffff } EnumLong;"
    "typedef enum { PACKED_A, PACKED_B = 255 } __attribute__((packed)) EnumPacked;"
    "typedef float _Complex ComplexFloat; typedef double _Complex ComplexDouble;"
    "typedef long double _Complex ComplexLongDouble; typedef float _Complex ComplexFloat128 __attribute__((mode(TC)));"
    "typedef char _Complex ComplexChar; typedef short _Complex ComplexShort; typedef int _Complex ComplexInt;"
    "typedef long _Complex ComplexLong; typedef __int128 _Complex ComplexInt128;"
    "typedef _Decimal32 Decimal32; typedef _Decimal64 Decimal64; typedef _Decimal128 Decimal128;"
    "typedef _Float16 Float16; typedef _Float16 _Complex ComplexFloat16;"
    "typedef float Vector4F32 __attribute__((vector_size(4)));";

static const char vector_format[] = "typedef %s Vector%d%s __attribute__((vector_size(%d)));";

static char directory[512];

static void run(const char *command)
{
    if (system(command) != 0) { /* NOLINT(cert-env33-c): the tests' own compiler and generator */
        fprintf(stderr, "leaves_gcc: failed: %s\n", command);
        exit(2);
    }
}

static const char *from_environment(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : otherwise;
}

static bool declare(CTypeTable *table, const char *text, Error *error)
{
    CdeclSource source = {.text = text, .length = strlen(text)};
    return cdecl_declare(table, &source, error);
}

static CTypeTable *new_table(void)
{
    static const char *const elements[][2] = {{"int8_t", "I8"},   {"uint8_t", "U8"},   {"int16_t", "I16"}, {"uint16_t", "U16"},
                                              {"int32_t", "I32"}, {"uint32_t", "U32"}, {"int64_t", "I64"}, {"uint64_t", "U64"},
                                              {"float", "F32"},   {"double", "F64"}};
    static const int sizes[] = {8, 16, 32, 64};
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    Error error = {.code = ERROR_NONE};
    char text[160];
    if (table == NULL || !CHECK(declare(table, prelude, &error))) {
        fprintf(stderr, "leaves_gcc: %s\n", error.text);
        exit(2);
    }
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++)
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
            snprintf(text, sizeof text, vector_format, elements[i][0], sizes[j], elements[i][1], sizes[j]);
            CHECK(declare(table, text, &error));
        }
    return table;
}

static void format_classes(char *text, const Classes *classes)
{
    for (uint32_t i = 0; i < classes->count; i++)
        text[i] = "-IsuxXCM"[classes->of[i]];
    text[classes->count] = '\0';
}

static void check_type(const char *declaration, const CType *type, const BatchType *batch)
{
    static LeafList list;
    ValueType wanted;
    Classes got_classes;
    Classes wanted_classes;
    char got[SYSV64_NCLASSES_MAX + 1];
    char expected[SYSV64_NCLASSES_MAX + 1];
    if (!CHECK(leaves_of(type->main, &list))) {
        fprintf(stderr, "%s\n%s cannot be passed\n", declaration, batch->name);
        return;
    }
    AbiType abi = {.size = type->main->size, .align = type->main->align, .nleaves = list.count, .leaves = list.leaves};
    value_load_type(&wanted, batch);
    sysv64_classify(&abi, &got_classes);
    sysv64_classify(&wanted.abi, &wanted_classes);
    format_classes(got, &got_classes);
    format_classes(expected, &wanted_classes);
    if (!CHECK_TEXT(got, expected) || !CHECK_INT(abi.size, batch->size) || !CHECK_INT(abi.align, batch->align))
        fprintf(stderr, "%s\nin %s\n", declaration, batch->name);
    value_unload_type(&wanted);
}

static void check_signature(CTypeTable *table, const Batch *batch, const BatchSignature *signature)
{
    char name[40];
    Error error = {.code = ERROR_NONE};
    if (!CHECK(declare(table, signature->declaration, &error))) {
        fprintf(stderr, "%s\n%u:%u: %s\n", signature->declaration, error.line, error.column, error.text);
        return;
    }
    snprintf(name, sizeof name, "callee_%llu", (unsigned long long)signature->index);
    const CDecl *decl = ctype_find_decl(table, name, strlen(name));
    if (!CHECK(decl != NULL))
        return;
    const CFunction *function = decl->type->u.function;
    CHECK_INT(function->nparams, signature->nfixed);
    for (uint32_t i = 0; i < signature->nfixed; i++)
        check_type(signature->declaration, function->params[i], &batch->types[signature->args[i].type]);
    if (signature->result != BATCH_NO_TYPE)
        check_type(signature->declaration, function->result, &batch->types[signature->result]);
}

static void check_batch(const char *name)
{
    char text[2048];
    const char *spec = from_environment("AIRLOCK_SPEC", "spec");
    snprintf(text, sizeof text,
             "%s -O0 -std=gnu11 -w -Wno-psabi -Wno-packed-bitfield-compat -fPIC -shared -mavx512f '-I%s/../src' '-I%s/unit/abi_differential' '-I%s' -o '%s/%s.so' '%s/%s_table.c'",
             from_environment("CC", "gcc"), spec, spec, directory, directory, name, directory, name);
    run(text);
    snprintf(text, sizeof text, "%s/%s.so", directory, name);
    void *handle = dlopen(text, RTLD_NOW | RTLD_LOCAL);
    if (!CHECK(handle != NULL)) {
        fprintf(stderr, "%s\n", dlerror());
        return;
    }
    const Batch *batch = dlsym(handle, "batch");
    CTypeTable *table = new_table();
    for (uint32_t i = 0; i < batch->nsignatures; i++)
        check_signature(table, batch, &batch->signatures[i]);
    ctype_table_free(table);
    dlclose(handle);
}

int main(int argc, char **argv)
{
    const char *seed = argc > 1 ? argv[1] : from_environment("AIRLOCK_SEED", "1");
    const char *count = argc > 2 ? argv[2] : from_environment("AIRLOCK_COUNT", "1000");
    char command[1024];
    char name[64];
    snprintf(directory, sizeof directory, "%s/leaves_gcc.XXXXXX", from_environment("AIRLOCK_BUILD", "/tmp"));
    if (mkdtemp(directory) == NULL)
        return 2;
    printf("leaves_gcc: seed %s, %s signatures\n", seed, count);
    /* tables only: 2 stands for all vectors, whose registers nothing here needs */
    snprintf(command, sizeof command, "%s '%s/unit/abi_differential/generate.lua' %s 0 %s 2 250 '%s'",
             from_environment("LUA", "lua5.4"), from_environment("AIRLOCK_SPEC", "spec"), seed, count, directory);
    run(command);
    snprintf(command, sizeof command, "%s/batches", directory);
    FILE *list = fopen(command, "r");
    if (list == NULL)
        return 2;
    while (fscanf(list, "%63s %*d %*u", name) == 1)
        check_batch(name);
    fclose(list);
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    run(command);
    return unit_end("leaves_gcc");
}
