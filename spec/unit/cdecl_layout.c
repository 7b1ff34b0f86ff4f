/* Record layout against gcc: random structs and unions, seeded, are parsed here and compiled there; compared are size, alignment,
 * the offset of every member (through unnamed ones), and for each bit-field the bytes after all ones were written to it.
 *
 *     cdecl_layout [COUNT [SEED]]       or AIRLOCK_COUNT, AIRLOCK_SEED in the environment; 1000 types by default */
#include <inttypes.h>
#include <stdarg.h>
#include <time.h>

#include "cdecl_help.h"

enum { PER_BATCH = 250, TEXT_MAX = 1 << 20, BYTES_MAX = 4096 };

typedef struct Text {
    char *bytes;
    size_t length;
} Text;

static uint64_t state;

static unsigned pick(unsigned n)
{
    return (unsigned)(draw(&state) % n);
}

static bool chance(unsigned percent)
{
    return pick(100) < percent;
}

__attribute__((format(printf, 2, 3))) static void add(Text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text->length += (size_t)vsnprintf(text->bytes + text->length, TEXT_MAX - text->length, format, arguments);
    va_end(arguments);
}

/* -- the generator ---------------------------------------------------------------------------------------------------------- */

static const char prelude[] =
    "enum small { S0, S1 }; enum negative { N0 = -1 }; enum wide { W0 = 1, W1 = 0x123456789aLL };\n"
    "enum __attribute__((packed)) byte_enum { B0, B1 = 200 };\n"
    "typedef int aligned16 __attribute__((aligned(16))); typedef long long lax __attribute__((aligned(2)));\n"
    "typedef short strict __attribute__((aligned(8))); typedef float v4 __attribute__((vector_size(16)));\n"
    "typedef int v8 __attribute__((vector_size(32))); typedef double v64 __attribute__((vector_size(64)));\n"
    "typedef int lowint __attribute__((aligned(1))); typedef unsigned char bytes5[5];\n"
    "typedef int mode_di __attribute__((mode(DI)));\n"
    "struct empty {}; struct three { char c[3]; };\n";

static const char *const plain_types[] = {
    "char", "signed char", "unsigned char", "short", "unsigned short", "int", "unsigned", "long", "unsigned long", "long long",
    "float", "double", "long double", "_Bool", "__int128", "_Complex float", "_Complex double", "_Complex long double", "__float128",
    "_Complex char", "_Complex unsigned short", "_Complex __int128", "_Decimal32", "_Decimal64", "_Decimal128", "_Float16", "void *", "enum small", "enum negative", "enum wide", "enum byte_enum", "aligned16", "lax", "strict", "v4", "v8", "v64", "lowint",
    "bytes5", "mode_di", "struct empty", "struct three", "_Atomic int", "_Atomic struct three", "_Atomic _Complex float", "const char *const", "__builtin_va_list",
};

static const char *const field_types[] = {
    "char", "signed char", "unsigned char", "short", "unsigned short", "int", "unsigned", "long", "unsigned long", "long long",
    "unsigned long long", "_Bool", "enum small", "enum negative", "enum wide", "enum byte_enum", "aligned16", "lax", "strict", "lowint", "mode_di",
};

static const unsigned field_widths[] = {8, 8, 8, 16, 16, 32, 32, 64, 64, 64, 64, 1, 32, 32, 64, 8, 32, 64, 16, 32, 64};

static const char *const aligns[] = {"1", "2", "4", "8", "16", "32", "64"};

static const char *some_attribute(unsigned percent)
{
    static char text[96];
    text[0] = '\0';
    if (chance(percent)) {
        unsigned which = pick(4);
        if (which == 0)
            snprintf(text, sizeof text, "__attribute__((packed))");
        else if (which == 1)
            snprintf(text, sizeof text, "__attribute__((__aligned__(%s)))", aligns[pick(7)]);
        else if (which == 2)
            snprintf(text, sizeof text, "__attribute__((packed, aligned(%s)))", aligns[pick(7)]);
        else
            snprintf(text, sizeof text, "__attribute__((aligned))");
    }
    return text;
}

static void add_bitfield(Text *text, unsigned *nmembers)
{
    unsigned type = pick(sizeof field_types / sizeof *field_types), nbits = field_widths[type];
    unsigned width = chance(25) ? (8u << pick(4)) : 1 + pick(nbits);
    if (width > nbits)
        width = nbits;
    if (chance(8))
        add(text, "%s : 0 %s; ", field_types[type], some_attribute(5));
    else if (chance(10))
        add(text, "%s : %u %s; ", field_types[type], width, some_attribute(5));
    else
        add(text, "%s m%u : %u %s; ", field_types[type], (*nmembers)++, width, some_attribute(8));
}

static void add_members(Text *text, unsigned *nmembers, unsigned depth, bool is_union, unsigned ntypes);

static void add_record(Text *text, unsigned *nmembers, unsigned depth, unsigned ntypes)
{
    bool is_union = chance(30);
    add(text, "%s %s { ", is_union ? "union" : "struct", some_attribute(8));
    add_members(text, nmembers, depth + 1, is_union, ntypes);
    add(text, "} %s", some_attribute(8));
}

static void add_member(Text *text, unsigned *nmembers, unsigned depth, unsigned ntypes)
{
    unsigned kind = pick(100);
    if (kind < 30) {
        add_bitfield(text, nmembers);
    } else if (kind < 40 && depth < 3) {
        add_record(text, nmembers, depth, ntypes);
        add(text, "; ");
    } else if (kind < 48 && depth < 3) {
        unsigned inner = 0;
        add_record(text, &inner, depth, ntypes);
        add(text, " m%u; ", (*nmembers)++);
    } else if (kind < 58 && ntypes > 0) {
        add(text, "struct t%u m%u %s; ", pick(ntypes), (*nmembers)++, some_attribute(8));
    } else if (kind < 72) {
        static const char *const elements[] = {"char",        "short",  "int",          "double",
                                               "long double", "void *", "struct three", "struct empty",
                                               "bytes5",      "v4",     "lax"};
        add(text, "%s m%u[%u]", elements[pick(11)], (*nmembers)++, pick(5));
        add(text, "%s %s; ", chance(30) ? "[2]" : "", some_attribute(8));
    } else if (kind < 76) {
        add(text, "_Alignas(%s) char m%u; ", aligns[pick(7)], (*nmembers)++);
    } else {
        add(text, "%s m%u %s; ", plain_types[pick(sizeof plain_types / sizeof *plain_types)], (*nmembers)++,
            some_attribute(10));
    }
}

static void add_members(Text *text, unsigned *nmembers, unsigned depth, bool is_union, unsigned ntypes)
{
    unsigned count = pick(depth == 0 ? 9 : 5), i;
    for (i = 0; i < count; i++)
        add_member(text, nmembers, depth, ntypes);
    if (!is_union && depth == 0 && *nmembers > 0 && chance(8))
        add(text, "%s m%u[]; ", chance(50) ? "long" : "short", (*nmembers)++);
}

/* struct tN { … }; with attributes before or behind, under a #pragma pack now and then. Only records without flexible
 * member may be members of later ones; gcc takes the others too, and so does this. */
static void add_type(Text *text, unsigned index)
{
    unsigned nmembers = 0, pack = chance(15) ? 1u << pick(5) : 0;
    if (pack > 0)
        add(text, "#pragma pack(push, %u)\n", pack);
    add(text, "struct %s t%u { ", some_attribute(12), index);
    add_members(text, &nmembers, 0, false, index);
    add(text, "} %s;\n", some_attribute(12));
    if (pack > 0)
        add(text, "#pragma pack(pop)\n");
}

/* -- the probe --------------------------------------------------------------------------------------------------------------- */

/* One line of the oracle's output a probe: what gcc says must be what the type model says. */
typedef struct Probe {
    FILE *file;    /* the probe program, or NULL when its output is read */
    FILE *output;
    unsigned index;
    unsigned nbad;
} Probe;

static void expected_bytes(const CMember *member, uint64_t offset, uint64_t size, char *hex)
{
    unsigned char bytes[BYTES_MAX] = {0};
    uint64_t first = offset * 8 + member->bit_offset, i;
    for (i = first; i < first + member->bit_width; i++)
        bytes[i / 8] |= (unsigned char)(1u << i % 8);
    for (i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    hex[2 * size] = '\0';
}

static void check_line(Probe *probe, const char *name, const char *wanted)
{
    static char line[2 * BYTES_MAX + 64];
    if (fgets(line, sizeof line, probe->output) == NULL)
        line[0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    if (strcmp(line, wanted) != 0) {
        fprintf(stderr, "struct t%u %s: gcc has %s, we have %s\n", probe->index, name, line, wanted);
        probe->nbad++;
    }
}

static void probe_bitfield(Probe *probe, const CMember *member, uint64_t offset, uint64_t size)
{
    static char hex[2 * BYTES_MAX + 1];
    if (probe->file != NULL) {
        const char *value = member->type->kind == CTYPE_BOOL ? "1" : "-1";
        fprintf(probe->file, "  { struct t%u v; memset(&v, 0, sizeof v); v.%s = %s; dump(&v, sizeof v); }\n",
                probe->index, member->name, value);
        return;
    }
    expected_bytes(member, offset, size, hex);
    check_line(probe, member->name, hex);
}

static void probe_members(Probe *probe, const CRecord *record, uint64_t base, uint64_t size)
{
    uint32_t i;
    for (i = 0; i < record->nmembers; i++) {
        const CMember *member = &record->members[i];
        char offset[32];
        if (member->name == NULL) {
            if (member->type->kind == CTYPE_RECORD)
                probe_members(probe, member->type->u.record, base + member->offset, size);
            continue;
        }
        if (member->is_bitfield) {
            if (size <= BYTES_MAX)
                probe_bitfield(probe, member, base + member->offset, size);
            continue;
        }
        snprintf(offset, sizeof offset, "%" PRIu64, base + member->offset);
        if (probe->file != NULL)
            fprintf(probe->file, "  printf(\"%%zu\\n\", __builtin_offsetof(struct t%u, %s));\n", probe->index,
                    member->name);
        else
            check_line(probe, member->name, offset);
    }
}

static void probe_type(Probe *probe, const CTypeTable *table)
{
    char name[32], wanted[64];
    const CType *type;
    snprintf(name, sizeof name, "t%u", probe->index);
    type = find_tag(table, name);
    if (!CHECK(type != NULL))
        return;
    if (probe->file != NULL) {
        fprintf(probe->file,
                "static void f%u(void) {\n  printf(\"%%zu %%zu\\n\", sizeof(struct t%u), __alignof__(struct t%u));\n",
                probe->index, probe->index, probe->index);
        probe_members(probe, type->u.record, 0, type->size);
        fprintf(probe->file, "}\n");
    } else {
        snprintf(wanted, sizeof wanted, "%" PRIu64 " %" PRIu32, type->size, type->align);
        check_line(probe, "size and alignment", wanted);
        probe_members(probe, type->u.record, 0, type->size);
    }
}

/* Every member is found by its name at its own offset. */
static void check_lookup(const CRecord *record, const CRecord *outer, uint64_t base)
{
    uint32_t i;
    for (i = 0; i < record->nmembers; i++) {
        const CMember *member = &record->members[i];
        uint64_t offset;
        if (member->name == NULL && member->type->kind == CTYPE_RECORD)
            check_lookup(member->type->u.record, outer, base + member->offset);
        if (member->name != NULL && (ctype_find_member(outer, member->name, strlen(member->name), &offset) != member ||
                                     offset != base + member->offset))
            CHECK(!"member found by name");
    }
}

static void write_program(const Text *text, const CTypeTable *table, unsigned count)
{
    Probe probe = {.file = create_source("layout")};
    unsigned i;
    fprintf(probe.file, "#include <stdio.h>\n#include <string.h>\n%s%s", prelude, text->bytes);
    fprintf(probe.file, "static void dump(const void *p, size_t n) { const unsigned char *b = p; for (size_t i = 0; i "
                        "< n; i++) printf(\"%%02x\", b[i]); printf(\"\\n\"); }\n");
    for (i = 0; i < count; i++) {
        probe.index = i;
        probe_type(&probe, table);
    }
    fprintf(probe.file, "int main(void) {\n");
    for (i = 0; i < count; i++)
        fprintf(probe.file, "  f%u();\n", i);
    fprintf(probe.file, "  return 0;\n}\n");
    fclose(probe.file);
}

static void show_bad(const Text *text, unsigned index)
{
    char start[32];
    const char *at = text->bytes, *name;
    snprintf(start, sizeof start, " t%u {", index);
    name = strstr(at, start);
    if (name != NULL) {
        while (name > at && name[-1] != '\n')
            name--;
        fprintf(stderr, "    %.*s\n", (int)strcspn(name, "\n"), name);
    }
}

/* Generates, parses, compiles and compares one batch. */
static void run_batch(unsigned count)
{
    Text text = {malloc(TEXT_MAX), 0};
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    Probe probe = {.file = NULL};
    unsigned i;
    text.bytes[0] = '\0';
    for (i = 0; i < count; i++)
        add_type(&text, i);
    CHECK(text.length < TEXT_MAX - 1);
    if (CHECK(declare(table, prelude)) && CHECK(declare(table, text.bytes))) {
        write_program(&text, table, count);
        probe.output = run_oracle("layout");
        CHECK(probe.output != NULL);
        for (i = 0; probe.output != NULL && i < count; i++) {
            CType *type;
            char name[32];
            probe.index = i;
            probe.nbad = 0;
            probe_type(&probe, table);
            CHECK_INT(probe.nbad, 0);
            if (probe.nbad > 0)
                show_bad(&text, i);
            snprintf(name, sizeof name, "t%u", i);
            type = find_tag(table, name);
            check_lookup(type->u.record, type->u.record, 0);
        }
        if (probe.output != NULL)
            pclose(probe.output);
    }
    ctype_table_free(table);
    free(text.bytes);
}

int main(int argc, char **argv)
{
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 0) : env_number("AIRLOCK_COUNT", 1000);
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : env_number("AIRLOCK_SEED", 1);
    printf("cdecl_layout: %" PRIu64 " types, seed %" PRIu64 "\n", count, seed);
    fflush(stdout);
    state = seed;
    while (count > 0) {
        unsigned part = count < PER_BATCH ? (unsigned)count : PER_BATCH;
        run_batch(part);
        count -= part;
    }
    remove_scratch_directory();
    return unit_end("cdecl_layout");
}
