/* Record layout against gcc: random structs and unions, seeded, are parsed here and compiled there; compared are size and alignment
 * (of a typedef with attributes too), the offset of every member (through unnamed ones, and inside named ones without tag), and for
 * each bit-field the bytes after all ones were written to it.
 *
 *     cdecl_layout [COUNT [SEED]]       or AIRLOCK_COUNT, AIRLOCK_SEED in the environment; 5000 types by default */
#include <inttypes.h>
#include <stdarg.h>
#include <time.h>

#include "cdecl_help.h"

enum { PER_BATCH = 250, TEXT_MAX = 1 << 20, BYTES_MAX = 4096 };

typedef struct Text {
    char *bytes;
    size_t length;
} Text;

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
    "enum short_enum { H0 = -1, H1 = 200 } __attribute__((packed)); enum signed_wide { L0 = -1, L1 = 0x123456789aLL };\n"
    "typedef int aligned16 __attribute__((aligned(16))); typedef long long lax __attribute__((aligned(2)));\n"
    "typedef short strict __attribute__((aligned(8))); typedef float v4 __attribute__((vector_size(16)));\n"
    "typedef char aligned_char __attribute__((aligned(4))); typedef _Bool aligned_bool __attribute__((aligned(2)));\n"
    "typedef __int128 lax128 __attribute__((aligned(4))); typedef enum small lax_enum __attribute__((aligned(2)));\n"
    "typedef int v8 __attribute__((vector_size(32))); typedef double v64 __attribute__((vector_size(64)));\n"
    "typedef short v2 __attribute__((vector_size(4))); typedef v4 lax_v4 __attribute__((aligned(4)));\n"
    "typedef int lowint __attribute__((aligned(1))); typedef unsigned char bytes5[5];\n"
    "typedef int mode_di __attribute__((mode(DI))); typedef unsigned mode_qi __attribute__((mode(QI)));\n"
    "typedef double lax_double __attribute__((aligned(4))); typedef void (*function)(int); typedef void *pointer;\n"
    "struct empty {}; struct three { char c[3]; }; union empty_union {}; struct none { int none[0]; };\n";

static const char *const plain_types[] = {
    "char", "signed char", "unsigned char", "short", "unsigned short", "int", "unsigned", "long", "unsigned long", "long long",
    "float", "double", "long double", "_Bool", "__int128", "_Complex float", "_Complex double", "_Complex long double", "__float128",
    "_Complex char", "_Complex unsigned short", "_Complex __int128", "_Decimal32", "_Decimal64", "_Decimal128",
    "_Float16", "void *", "enum small", "enum negative", "enum wide", "enum byte_enum", "enum short_enum", "aligned16", "lax", "strict",
    "v4", "v8", "v64", "v2", "lax_v4", "lowint", "bytes5", "mode_di", "lax_double", "function", "struct empty", "struct three",
    "union empty_union", "struct none", "_Atomic int", "_Atomic struct three", "_Atomic _Complex float", "_Atomic(short)",
    "const char *const", "__builtin_va_list", "lax128", "aligned_char", "volatile unsigned long long",
};

static const char *const element_types[] = {
    "char", "short", "int", "double", "long double", "pointer", "struct three", "struct empty", "v4", "lax", "__int128",
    "_Complex float", "lowint", "_Float16", "struct none", "_Atomic long", "bytes5", "enum byte_enum",
};

/* The last ones are not for `T (attributes m)` and type names: gcc 12 would change the array's typedef itself, and pass over what is
 * asked of a packed enum, or for less of an atomic type. */
enum { NODD_ELEMENTS = 3 };

static const struct FieldType {
    const char *name;
    unsigned nbits;
} field_types[] = {
    {"char", 8}, {"signed char", 8}, {"unsigned char", 8}, {"short", 16}, {"unsigned short", 16}, {"int", 32}, {"unsigned", 32},
    {"long", 64}, {"unsigned long", 64}, {"long long", 64}, {"unsigned long long", 64}, {"__int128", 128}, {"unsigned __int128", 128},
    {"_Bool", 1}, {"enum small", 32}, {"enum negative", 32}, {"enum wide", 64}, {"enum signed_wide", 64}, {"enum byte_enum", 8},
    {"enum short_enum", 16}, {"aligned16", 32}, {"lax", 64}, {"strict", 16}, {"lowint", 32}, {"mode_di", 64}, {"mode_qi", 8},
    {"aligned_char", 8}, {"aligned_bool", 1}, {"lax128", 128}, {"lax_enum", 32}, {"const int", 32}, {"volatile unsigned short", 16},
};

#define COUNT_OF(array) ((unsigned)(sizeof(array) / sizeof *(array)))
#define ONE_OF(array) ((array)[pick(COUNT_OF(array))])

static const char *const aligns[] = {"1", "2", "4", "8", "16", "32", "64"};

/* What this batch has so far. */
typedef struct TypeNote {
    bool is_union;
    bool is_inside; /* an unnamed member of another: its names are taken */
} TypeNote;

static TypeNote notes[PER_BATCH];

/* The text of one of the last few calls. */
static char *attribute_buffer(void)
{
    static char buffers[4][112];
    static unsigned next;
    char *buffer = buffers[next++ % 4];
    buffer[0] = '\0';
    return buffer;
}

/* On a member or typedef; with this chance. */
static const char *some_attribute(unsigned percent)
{
    char *text = attribute_buffer();
    if (!chance(percent))
        return text;
    switch (pick(5)) {
    case 0:
    case 1: strcpy(text, "__attribute__((packed))"); break;
    case 2: snprintf(text, 112, "__attribute__((__aligned__(%s)))", ONE_OF(aligns)); break;
    case 3: snprintf(text, 112, "__attribute__((packed, aligned(%s)))", ONE_OF(aligns)); break;
    default: strcpy(text, "__attribute__((aligned))"); break;
    }
    return text;
}

/* On a struct or union. */
static const char *record_attribute(unsigned percent)
{
    char *text = attribute_buffer();
    if (!chance(percent))
        return text;
    switch (pick(8)) {
    case 0:
    case 1:
    case 2: strcpy(text, "__attribute__((ms_struct))"); break;
    case 3: strcpy(text, "__attribute__((packed, __ms_struct__))"); break;
    case 4: snprintf(text, 112, "__attribute__((ms_struct)) __attribute__((aligned(%s)))", ONE_OF(aligns)); break;
    case 5: strcpy(text, chance(50) ? "__attribute__((gcc_struct, ms_struct))" : "__attribute__((ms_struct, gcc_struct))"); break;
    default: return some_attribute(100);
    }
    return text;
}

static const char *type_keyword(bool is_union)
{
    return is_union ? "union" : "struct";
}

/* The type being written: its members are m<index>_0, … */
typedef struct Writer {
    Text *text;
    unsigned index;
    unsigned nmembers;
} Writer;

static void add_name(Writer *writer)
{
    add(writer->text, "m%u_%u", writer->index, writer->nmembers++);
}

static unsigned some_width(unsigned nbits)
{
    unsigned width = chance(25) ? 8u << pick(5) : chance(10) ? nbits : 1 + pick(nbits);
    return width > nbits ? nbits : width;
}

/* One or two fields of a type: T name : width attributes, … */
static void add_bitfield(Writer *writer)
{
    const struct FieldType *type = &ONE_OF(field_types);
    Text *text = writer->text;
    unsigned count = 1 + chance(15);
    add(text, "%s %s ", some_attribute(4), type->name);
    while (count-- > 0) {
        if (chance(10)) {
            add(text, ": 0 %s", some_attribute(10));
        } else if (chance(10)) {
            add(text, ": %u %s", some_width(type->nbits), some_attribute(10));
        } else {
            add_name(writer);
            add(text, " : %u %s", some_width(type->nbits), some_attribute(12));
        }
        add(text, count > 0 ? ", " : "; ");
    }
}

static void add_members(Writer *writer, unsigned depth);

static void add_record(Writer *writer, unsigned depth)
{
    add(writer->text, "%s %s { ", type_keyword(chance(30)), record_attribute(15));
    add_members(writer, depth + 1);
    add(writer->text, "} %s", record_attribute(15));
}

/* An earlier type, by its tag or by a typedef that may be aligned, named or (-fms-extensions) not. */
static void add_earlier(Writer *writer)
{
    unsigned other = pick(writer->index);
    bool is_unnamed = !notes[other].is_inside && chance(25);
    if (chance(50))
        add(writer->text, "%s t%u ", type_keyword(notes[other].is_union), other);
    else
        add(writer->text, "T%u ", other);
    if (is_unnamed)
        notes[other].is_inside = true;
    else
        add_name(writer);
    add(writer->text, " %s; ", is_unnamed ? "" : some_attribute(12));
}

static void add_array(Writer *writer)
{
    add(writer->text, "%s ", ONE_OF(element_types));
    add_name(writer);
    add(writer->text, "[%u]%s %s; ", pick(5), chance(30) ? "[2]" : chance(10) ? "[3][0]" : "", some_attribute(12));
}

/* Attributes in every place of a member's declaration. */
static void add_places(Writer *writer)
{
    static const char *const pointers[] = {"", "*", "*const ", "(", "(*", "**"};
    Text *text = writer->text;
    const char *pointer = ONE_OF(pointers);
    unsigned element = pick(COUNT_OF(element_types) - (pointer[0] == '(' ? NODD_ELEMENTS : 0));
    add(text, "%s %s %s ", some_attribute(20), element_types[element], some_attribute(20));
    if (pointer[0] == '(')
        add(text, "( %s %s", some_attribute(40), pointer + 1);
    else
        add(text, "%s", pointer);
    if (pointer[0] == '*' || pointer[0] == '(')
        add(text, "%s ", some_attribute(30));
    add_name(writer);
    if (pointer[0] == '(')
        add(text, ")[2]");
    add(text, " %s", some_attribute(20));
    if (chance(40)) {
        add(text, ", %s ", chance(40) ? "*" : "");
        add_name(writer);
        add(text, " %s", some_attribute(20));
    }
    add(text, "; ");
}

static void add_alignas(Writer *writer)
{
    if (chance(30))
        add(writer->text, "_Alignas(%s) char ", ONE_OF(aligns));
    else if (chance(40))
        add(writer->text, "_Alignas(_Alignof(%s %s %s %s)) char ", element_types[pick(COUNT_OF(element_types) - NODD_ELEMENTS)],
            some_attribute(60), chance(50) ? "*" : "", some_attribute(30));
    else
        add(writer->text, "_Alignas(%s) _Alignas(%u) %s ", ONE_OF(plain_types), 64u, ONE_OF(element_types));
    add_name(writer);
    add(writer->text, "; ");
}

static void add_plain(Writer *writer)
{
    add(writer->text, "%s ", ONE_OF(plain_types));
    add_name(writer);
    add(writer->text, " %s; ", some_attribute(12));
}

static void add_member(Writer *writer, unsigned depth)
{
    unsigned kind = pick(100);
    if (kind < 45) {
        add_bitfield(writer);
    } else if (kind < 52 && depth < 3) {
        add_record(writer, depth);
        add(writer->text, "; ");
    } else if (kind < 58 && depth < 3) {
        add_record(writer, depth);
        add(writer->text, " ");
        add_name(writer);
        add(writer->text, " %s; ", some_attribute(10));
    } else if (kind < 66 && writer->index > 0) {
        add_earlier(writer);
    } else if (kind < 74) {
        add_array(writer);
    } else if (kind < 82) {
        add_places(writer);
    } else if (kind < 85) {
        add_alignas(writer);
    } else {
        add_plain(writer);
    }
}

static void add_members(Writer *writer, unsigned depth)
{
    unsigned count = pick(depth == 0 ? 9 : 5), i;
    for (i = 0; i < count; i++)
        add_member(writer, depth);
}

/* A #pragma pack, in most cases undone behind the type; what it says stays on otherwise. Returns what to put behind. */
static const char *add_pragma(Text *text)
{
    static const char *const odd[] = {"pop", "3", "32", "pop, 8", "pop, nobody", "push, 3", "push, 8, 4", "push, a, b", "0x2", "1u", "0", "pup"};
    switch (pick(8)) {
    case 0: add(text, "#pragma pack(%u)\n", 1u << pick(5)); return "#pragma pack()\n";
    case 1: add(text, "#pragma pack(push)\n#pragma pack(%u)\n", 1u << pick(4)); return "#pragma pack(pop)\n";
    case 2: add(text, "#pragma pack(push, outer, %u)\n#pragma pack(push, 1)\n", 1u << pick(4)); return "#pragma pack(pop, outer)\n";
    case 3: add(text, "#pragma pack(%u)\n", 1u << pick(4)); return "";
    case 4: add(text, "#pragma pack()\n"); return "";
    case 5: add(text, "#pragma pack(push, %u, outer)\n", 1u << pick(4)); return "#pragma pack(push, outer)\n#pragma pack(pop, outer)\n";
    case 6: add(text, "#pragma pack(%s)\n", ONE_OF(odd)); return "";
    default: add(text, "#pragma pack(push, %u)\n", 1u << pick(5)); return "#pragma pack(pop)\n";
    }
}

/* struct tN { … }; with attributes before or behind, under a #pragma pack now and then, and its typedef TN. Records with a
 * flexible member may be members of later ones: gcc takes them, and so does this. */
static void add_type(Text *text, unsigned index)
{
    Writer writer = {text, index, 0};
    bool is_union = chance(20);
    const char *behind = chance(25) ? add_pragma(text) : "";
    notes[index] = (TypeNote){is_union, false};
    add(text, "%s %s t%u { ", type_keyword(is_union), record_attribute(25), index);
    add_members(&writer, 0);
    if (!is_union && writer.nmembers > 0 && chance(8)) {
        add(text, "%s ", chance(50) ? "long" : "short");
        add_name(&writer);
        add(text, "[]%s; ", chance(30) ? "[3]" : "");
    }
    add(text, "} %s;\n%s", record_attribute(25), behind);
    add(text, "typedef %s t%u T%u %s;\n", type_keyword(is_union), index, index, some_attribute(20));
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
        fprintf(stderr, "t%u %s: gcc has %s, we have %s\n", probe->index, name, line, wanted);
        probe->nbad++;
    }
}

static void probe_bitfield(Probe *probe, const char *path, const CMember *member, uint64_t offset, uint64_t size)
{
    static char hex[2 * BYTES_MAX + 1];
    if (probe->file == NULL) {
        expected_bytes(member, offset, size, hex);
        check_line(probe, path, hex);
        return;
    }
    fprintf(probe->file, "  { R%u v; memset(&v, 0, sizeof v); ", probe->index);
    if ((member->type->qualifiers & QUALIFIER_CONST) != 0) /* only an initialiser writes it */
        fprintf(probe->file, "static R%u c = {.%s = -1}; memcpy(&v, &c, sizeof v); ", probe->index, path);
    else
        fprintf(probe->file, "v.%s = %s; ", path, member->type->kind == CTYPE_BOOL ? "1" : "-1");
    fprintf(probe->file, "dump(&v, sizeof v); }\n");
}

static void probe_offset(Probe *probe, const char *path, uint64_t offset)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, offset);
    if (probe->file != NULL)
        fprintf(probe->file, "  printf(\"%%zu\\n\", __builtin_offsetof(R%u, %s));\n", probe->index, path);
    else
        check_line(probe, path, text);
}

/* The members of the record at `base`, which `path` leads to: nothing, or names with a dot behind each. */
static void probe_members(Probe *probe, const CRecord *record, const char *path, uint64_t base, uint64_t size)
{
    uint32_t i;
    for (i = 0; i < record->nmembers; i++) {
        const CMember *member = &record->members[i];
        const CRecord *inner = member->type->kind == CTYPE_RECORD ? member->type->u.record : NULL;
        uint64_t offset = base + member->offset;
        char name[128];
        snprintf(name, sizeof name, "%s%s", path, member->name == NULL ? "" : member->name);
        if (member->name != NULL && !member->is_bitfield)
            probe_offset(probe, name, offset);
        else if (member->name != NULL && size <= BYTES_MAX)
            probe_bitfield(probe, name, member, offset, size);
        if (inner != NULL && member->name != NULL && inner->tag == NULL)
            strcat(name, ".");
        if (inner != NULL && (member->name == NULL || inner->tag == NULL))
            probe_members(probe, inner, name, offset, size);
    }
}

static void probe_size(Probe *probe, char prefix, const CType *type)
{
    char name[32], wanted[64];
    snprintf(name, sizeof name, "%c%u", prefix, probe->index);
    snprintf(wanted, sizeof wanted, "%" PRIu64 " %" PRIu32, type->size, type->align);
    if (probe->file != NULL)
        fprintf(probe->file, "  printf(\"%%zu %%zu\\n\", sizeof(%s), __alignof__(%s));\n", name, name);
    else
        check_line(probe, "size and alignment", wanted);
}

static void probe_type(Probe *probe, const CTypeTable *table)
{
    char name[32];
    const CType *type;
    snprintf(name, sizeof name, "T%u", probe->index);
    if (!CHECK(find_decl(table, name) != NULL))
        return;
    type = find_decl(table, name)->type;
    if (probe->file != NULL)
        fprintf(probe->file, "typedef %s t%u R%u;\nstatic void f%u(void) {\n", type_keyword(type->u.record->is_union),
                probe->index, probe->index, probe->index);
    probe_size(probe, 'R', type->u.record->type);
    probe_size(probe, 'T', type);
    probe_members(probe, type->u.record, "", 0, type->size);
    if (probe->file != NULL)
        fprintf(probe->file, "}\n");
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
    uint64_t count = begin_random("cdecl_layout", "types", 5000, argc, argv);
    while (count > 0) {
        unsigned part = count < PER_BATCH ? (unsigned)count : PER_BATCH;
        run_batch(part);
        count -= part;
    }
    remove_scratch_directory();
    return unit_end("cdecl_layout");
}
