/* Declarators against gcc: random declarations, seeded, with shuffled specifiers, qualifiers, needless parentheses, attributes
 * wherever gcc takes one, comments and joined lines, are parsed here and compiled there; gcc asserts that each name has the type
 * that ctype_spell says of it.
 *
 *     cdecl_declarators [COUNT [SEED]]       or AIRLOCK_COUNT, AIRLOCK_SEED in the environment; 2000 declarations by default */
#include <inttypes.h>

#include "cdecl_help.h"

enum { PER_BATCH = 500, TEXT_MAX = 1 << 14 };

/* -- writing ------------------------------------------------------------------------------------------------------------------ */

typedef struct Text {
    char bytes[TEXT_MAX];
    size_t length;
    bool is_cut;
} Text;

static void put(Text *text, const char *bytes)
{
    size_t length = strlen(bytes);
    text->is_cut = text->is_cut || text->length + length + 1 > sizeof text->bytes;
    if (text->is_cut)
        return;
    memcpy(text->bytes + text->length, bytes, length + 1);
    text->length += length;
}

/* What may stand between two tokens. */
static void put_space(Text *text)
{
    static const char *const spaces[] = {" ", " ", " ", "\n", "\t", " /* ( * */ ", " // [\n", " \\\n ", "\\\r\n \v", " /*\n*/"};
    put(text, spaces[pick(sizeof spaces / sizeof *spaces)]);
}

static void put_token(Text *text, const char *token)
{
    put(text, token);
    put_space(text);
}

static void put_attribute(Text *text)
{
    static const char *const attributes[] = {"__attribute__((unused))", "__attribute__((__unused__, deprecated(\"(\")))", "__attribute__(())", "__attribute__((,unused,))"};
    if (chance(15))
        put_token(text, attributes[pick(sizeof attributes / sizeof *attributes)]);
}

static void put_qualifiers(Text *text, bool is_pointer)
{
    static const char *const qualifiers[] = {"const", "volatile", "__const", "__volatile__", "restrict", "__restrict"};
    while (chance(25))
        put_token(text, qualifiers[pick(is_pointer ? 6 : 4)]);
}

/* -- types -------------------------------------------------------------------------------------------------------------------- */

static const char *const specifier_sets[][5] = {
    {"int"}, {"char"}, {"unsigned", "char"}, {"long", "unsigned", "int"}, {"short", "signed"}, {"long", "long", "int", "unsigned"},
    {"double", "long"}, {"_Complex", "float"}, {"__int128", "unsigned"}, {"_Bool"}, {"struct known"}, {"union unknown"}, {"enum colour"},
    {"alias"}, {"pointer_alias"}, {"__typeof__(int (*)[2])"}, {"void"}, {"function_alias"}, {"array_alias"}, {"struct known"},
};
enum { SET_INCOMPLETE = 11, SET_VOID = 16, SET_FUNCTION = 17, SET_ARRAY = 18, NSETS = 20 };

/* What a declarator may still be applied to. */
typedef enum Kind { KIND_OBJECT, KIND_UNSIZED, KIND_VOID, KIND_FUNCTION, KIND_ARRAY } Kind;

static Kind put_specifiers(Text *text, const char *storage)
{
    unsigned set = pick(NSETS), count = 0, order[5], i;
    bool is_stored = storage == NULL;
    while (count < 5 && specifier_sets[set][count] != NULL)
        order[count] = count, count++;
    for (i = count; i > 1; i--) {
        unsigned k = pick(i), swapped = order[k];
        order[k] = order[i - 1];
        order[i - 1] = swapped;
    }
    for (i = 0; i < count; i++) {
        put_attribute(text);
        if (set != SET_FUNCTION)
            put_qualifiers(text, false);
        if (!is_stored && chance(50)) {
            put_token(text, storage);
            is_stored = true;
        }
        put_token(text, specifier_sets[set][order[i]]);
    }
    if (!is_stored)
        put_token(text, storage);
    return set == SET_VOID ? KIND_VOID : set == SET_INCOMPLETE ? KIND_UNSIZED : set == SET_FUNCTION ? KIND_FUNCTION : set == SET_ARRAY ? KIND_ARRAY : KIND_OBJECT;
}

static void put_parameter(Text *text, unsigned depth);

static void put_parameters(Text *text, unsigned depth)
{
    unsigned count = pick(4), i;
    put_token(text, "(");
    if (count == 0)
        put_token(text, chance(50) ? "void" : "");
    for (i = 0; i < count; i++) {
        if (i > 0)
            put_token(text, ",");
        put_parameter(text, depth + 1);
    }
    if (count > 0 && chance(20))
        put_token(text, ", ...");
    put_token(text, ")");
}

/* What comes to stand around a name, from the name outwards. */
typedef enum Op { OP_STAR, OP_BRACKETS, OP_PARENTHESES } Op;

static bool is_next(Op op, Kind kind)
{
    if (op == OP_STAR)
        return true;
    return op == OP_BRACKETS ? kind == KIND_OBJECT || kind == KIND_ARRAY : kind == KIND_OBJECT || kind == KIND_UNSIZED || kind == KIND_VOID;
}

/* Draws the operations from the base type inwards, so that each is legal on what the ones before made. */
static unsigned draw_ops(Op ops[8], Kind *kind, unsigned depth)
{
    unsigned count = 0, wanted = pick(depth > 2 ? 3 : 6);
    while (count < wanted) {
        Op op = (Op)pick(3);
        if (!is_next(op, *kind))
            continue;
        ops[count++] = op;
        *kind = op == OP_STAR ? KIND_OBJECT : op == OP_BRACKETS ? KIND_ARRAY : KIND_FUNCTION;
    }
    return count;
}

/* ops[0] is nearest to the base type: stars are written on the way in, suffixes on the way out. A parameter's outermost
 * brackets, those nearest to its name, may hold more. */
static void put_ops(Text *text, const Op *ops, unsigned count, const char *name, unsigned depth, bool is_param, bool on_function)
{
    bool needs_group, is_function;
    if (count == 0) {
        put_token(text, name);
        return;
    }
    if (ops[0] == OP_STAR) {
        put_token(text, "*");
        put_qualifiers(text, !on_function);
        put_attribute(text);
        needs_group = chance(10) && (count > 1 || name[0] != '\0');
    } else {
        needs_group = (count > 1 && ops[1] == OP_STAR) || (chance(10) && (count > 1 || name[0] != '\0'));
    }
    is_function = ops[0] == OP_PARENTHESES;
    if (needs_group && (name[0] != '\0' || ops[1] == OP_STAR)) { /* an abstract `(` that no star follows opens parameters */
        put_token(text, "(");
        put_attribute(text);
        put_ops(text, ops + 1, count - 1, name, depth, false, is_function);
        put_token(text, ")");
    } else {
        put_ops(text, ops + 1, count - 1, name, depth, false, is_function);
    }
    if (ops[0] == OP_BRACKETS) {
        static const char *const bounds[] = {"[3]", "[ sizeof(int) ]", "[1+1]"}, *const param_bounds[] = {"[]", "[static 2]", "[const 4]", "[*]", "[restrict]"};
        if (is_param && count == 1 && !needs_group)
            put_token(text, param_bounds[pick(5)]);
        else
            put_token(text, bounds[pick(3)]);
    } else if (ops[0] == OP_PARENTHESES) {
        put_parameters(text, depth);
    }
}

static void put_parameter(Text *text, unsigned depth)
{
    Op ops[8];
    char name[16] = "";
    static unsigned nnames;
    Kind base = put_specifiers(text, chance(10) ? "register" : NULL), kind = base;
    unsigned count = draw_ops(ops, &kind, depth);
    if (chance(60))
        snprintf(name, sizeof name, "p%u", nnames++ % 1000);
    if (kind == KIND_VOID || kind == KIND_UNSIZED) {
        ops[count++] = OP_STAR;
        memmove(ops + 1, ops, (count - 1) * sizeof *ops);
        ops[0] = OP_STAR;
    }
    put_ops(text, ops, count, name, depth, true, base == KIND_FUNCTION);
    put_attribute(text);
}

/* A declaration of n0 … n(k-1), whose number is returned. */
static unsigned put_declaration(Text *text, unsigned first)
{
    static const char *const storages[] = {"typedef", "extern"};
    unsigned count = 1 + pick(3), i;
    bool is_typedef = chance(70);
    Kind base = put_specifiers(text, storages[is_typedef ? 0 : 1]);
    for (i = 0; i < count; i++) {
        Kind kind = base;
        char name[16];
        Op ops[8];
        unsigned nops = draw_ops(ops, &kind, 0);
        if (i > 0) {
            put_token(text, ",");
            put_attribute(text);
        }
        if (kind == KIND_VOID && !is_typedef) {
            ops[0] = OP_STAR;
            nops = 1;
        }
        snprintf(name, sizeof name, "n%u", first + i);
        put_ops(text, ops, nops, name, 0, false, base == KIND_FUNCTION);
        put_attribute(text);
    }
    put_token(text, ";");
    put(text, "\n");
    return count;
}

/* -- checking ----------------------------------------------------------------------------------------------------------------- */

static const char prelude[] = "struct known { int a; }; union unknown; enum colour { RED }; typedef unsigned short alias; typedef const char *pointer_alias;\n"
                              "typedef long function_alias(int, char *); typedef double array_alias[2];\n";

static void write_checks(FILE *file, const CTypeTable *table, unsigned first, unsigned count)
{
    static char spelling[1 << 16];
    unsigned i;
    for (i = first; i < first + count; i++) {
        char name[16];
        const CDecl *decl;
        snprintf(name, sizeof name, "n%u", i);
        decl = find_decl(table, name);
        if (!CHECK(decl != NULL))
            continue;
        ctype_spell(decl->type, NULL, spelling, sizeof spelling);
        fprintf(file, "_Static_assert(__builtin_types_compatible_p(__typeof__(%s) *, __typeof__(%s) *), \"%s\");\n", name, spelling, name);
    }
}

static void run_batch(unsigned wanted)
{
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    FILE *file = create_source("declarators");
    unsigned count = 0;
    char command[512];
    CHECK(declare(table, prelude));
    fputs(prelude, file);
    while (count < wanted) {
        static Text text;
        unsigned made;
        text.length = 0;
        text.is_cut = false;
        made = put_declaration(&text, count);
        if (text.is_cut)
            continue;
        if (!CHECK(declare(table, text.bytes)))
            fprintf(stderr, "    %s\n", text.bytes);
        fputs(text.bytes, file);
        write_checks(file, table, count, made);
        count += made;
    }
    fclose(file);
    snprintf(command, sizeof command, "%s -std=gnu11 -w -fsyntax-only '%s/declarators.c'", oracle_compiler(), scratch_directory());
    CHECK_INT(system(command), 0);
    ctype_table_free(table);
}

int main(int argc, char **argv)
{
    uint64_t count = begin_random("cdecl_declarators", "declarations", 2000, argc, argv), done;
    for (done = 0; done < count; done += PER_BATCH)
        run_batch(PER_BATCH);
    remove_scratch_directory();
    return unit_end("cdecl_declarators");
}
