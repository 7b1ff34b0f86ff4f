/* One input of the fuzzer, which the corpus test runs as well: the bytes are a text of declarations or a type name, and what
 * must hold of every text is checked. A failure aborts.
 *
 *     byte 0: bit 0 a type name, bit 1 values for `$`, bit 2 a second table entry; bytes 1 and 2, little-endian: the number of
 *     the allocation that fails, 0 for none; the rest is the text. */
#ifndef AIRLOCK_SPEC_CDECL_FUZZ_H
#define AIRLOCK_SPEC_CDECL_FUZZ_H

#include "cdecl_help.h"
#include "ctype/build.h"

#define FUZZ_REQUIRE(condition) ((condition) ? (void)0 : fuzz_fail(#condition, __LINE__))

_Noreturn static inline void fuzz_fail(const char *condition, int line)
{
    fprintf(stderr, "cdecl_fuzz.h:%d: does not hold: %s\n", line, condition);
    abort();
}

static inline bool fuzz_parse(CTypeTable *table, const CdeclSource *source, bool is_type_name, Error *error)
{
    memset(error, 0, sizeof *error);
    return is_type_name ? cdecl_type_name(table, source, error) != NULL : cdecl_declare(table, source, error);
}

/* What a face does with a type: spells it, reads its layout, finds its members. */
static inline void fuzz_use_type(const CType *type)
{
    char spelling[256];
    uint32_t i;
    uint64_t offset;
    ctype_spell(type, "name", spelling, sizeof spelling);
    FUZZ_REQUIRE(type->main->main == type->main && type->align > 0 && (type->align & (type->align - 1)) == 0);
    if (type->kind != CTYPE_RECORD || !ctype_is_complete(type))
        return;
    FUZZ_REQUIRE(type->size <= PTRDIFF_MAX && type->main->size % type->main->align == 0);
    for (i = 0; i < type->u.record->nmembers; i++) {
        const CMember *member = &type->u.record->members[i];
        FUZZ_REQUIRE(member->offset <= type->size);
        if (member->name != NULL)
            FUZZ_REQUIRE(ctype_find_member(type->u.record, member->name, strlen(member->name), &offset) == member);
    }
}

static inline void fuzz_use_table(const CTypeTable *table)
{
    const CName *name = NULL;
    while ((name = ctype_next_name(table, name)) != NULL) {
        if (name->decl != NULL)
            fuzz_use_type(name->decl->type);
        if (name->tag != NULL)
            fuzz_use_type(name->tag);
    }
}

static inline void fuzz_check_error(const Error *error)
{
    FUZZ_REQUIRE(error->code != ERROR_NONE && error->text[0] != '\0');
    FUZZ_REQUIRE(memchr(error->text, '\0', sizeof error->text) != NULL && memchr(error->file, '\0', sizeof error->file) != NULL);
    FUZZ_REQUIRE(memchr(error->source, '\0', sizeof error->source) != NULL && error->caret < sizeof error->source);
}

/* The same text, first with a failing allocation, then twice without: what fails leaves the heap as it was. */
static inline void fuzz_table(CTypeTable *table, CountingHeap *heap, const CdeclSource *source, bool is_type_name, size_t fail_at)
{
    int round;
    for (round = 0; round < 3; round++) {
        size_t nbytes = heap->nbytes;
        Error error;
        bool is_good;
        heap->ncalls = 0;
        heap->fail_at = fail_at;
        is_good = fuzz_parse(table, source, is_type_name, &error);
        heap->fail_at = 0;
        if (is_good) {
            fuzz_use_table(table);
        } else {
            fuzz_check_error(&error);
            FUZZ_REQUIRE(round < 2 || heap->nbytes == nbytes); /* before that hash tables grow */
        }
        fail_at = 0;
    }
}

static inline void fuzz_one(const uint8_t *data, size_t size)
{
    CountingHeap heap;
    Allocator allocator = counting_allocator(&heap);
    CTypeTable *table;
    CdeclParam params[3] = {{.kind = CDECL_PARAM_TYPE}, {.kind = CDECL_PARAM_INTEGER, .u.integer = 3}, {.kind = CDECL_PARAM_NAME}};
    CdeclSource source;
    if (size < 3)
        return;
    table = ctype_table_new_sized(&allocator, 1); /* a block for each piece, so that a sanitizer sees their ends */
    FUZZ_REQUIRE(table != NULL && declare(table, "")); /* interns the keywords */
    params[0].u.type = ctype_scalar(table, CSCALAR_SHORT);
    params[2].u.name.text = "given";
    params[2].u.name.length = 5;
    source = (CdeclSource){.text = (const char *)data + 3, .length = size - 3, .params = params};
    source.nparams = data[0] & 2 ? 3 : 0;
    fuzz_table(table, &heap, &source, data[0] & 1, (size_t)data[1] | (size_t)data[2] << 8);
    ctype_table_free(table);
    FUZZ_REQUIRE(heap.nblocks == 0 && heap.nbytes == 0);
}

#endif
