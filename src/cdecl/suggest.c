/* The known name that an unknown one most likely means: the nearest by edits (insert, delete, replace, swap of
 * neighbours). Runs once, when a text has failed. */
#include <stdio.h>
#include <string.h>

#include "cdecl/parser.h"

enum { LENGTH_MAX = 63 };

typedef struct Nearest {
    const CName *wanted;
    const CName *name; /* the nearest so far, or NULL */
    unsigned edits;    /* to it */
} Nearest;

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;
    return least < c ? least : c;
}

/* Edits from a to b, both of at most LENGTH_MAX bytes: row by row, keeping the two rows before. */
static unsigned count_edits(const CName *a, const CName *b)
{
    unsigned rows[3][LENGTH_MAX + 1];
    uint32_t i, j;
    for (j = 0; j <= b->length; j++)
        rows[0][j] = j;
    for (i = 1; i <= a->length; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (j = 1; j <= b->length; j++) {
            bool is_swap = i > 1 && j > 1 && a->text[i - 1] == b->text[j - 2] && a->text[i - 2] == b->text[j - 1];
            row[j] = min3(row[j - 1] + 1, above[j] + 1, above[j - 1] + (a->text[i - 1] != b->text[j - 1]));
            if (is_swap && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
    }
    return rows[a->length % 3][b->length];
}

/* As with gcc a third of the letters may differ, rounded up when the lengths do. */
static unsigned most_edits(uint32_t a, uint32_t b)
{
    uint32_t longer = a > b ? a : b, shorter = a > b ? b : a;
    if (longer <= 1)
        return 0;
    if (longer - shorter > 1)
        return (longer + 2) / 3;
    return longer < 6 ? 1 : longer / 3;
}

static size_t count_common(const CName *a, const CName *b)
{
    size_t i = 0;
    while (a->text[i] != '\0' && a->text[i] == b->text[i])
        i++;
    return i;
}

/* Of equally near names that which begins alike for longer, then the first in the alphabet: the answer does not hang on
 * the order of the table. */
static bool is_first(const Nearest *nearest, const CName *name, unsigned edits)
{
    size_t ncommon, ncommon_before;
    if (nearest->name == NULL || edits < nearest->edits)
        return true;
    ncommon = count_common(nearest->wanted, name);
    ncommon_before = count_common(nearest->wanted, nearest->name);
    return ncommon > ncommon_before || (ncommon == ncommon_before && strcmp(name->text, nearest->name->text) < 0);
}

static void consider(Nearest *nearest, const CName *name)
{
    uint32_t a = nearest->wanted->length, b = name->length;
    unsigned most, edits;
    if (name == nearest->wanted || a > LENGTH_MAX || b > LENGTH_MAX)
        return;
    most = most_edits(a, b);
    if (nearest->name != NULL && most > nearest->edits)
        most = nearest->edits;
    if ((a > b ? a - b : b - a) > most)
        return;
    edits = count_edits(nearest->wanted, name);
    if (edits <= most && is_first(nearest, name, edits)) {
        nearest->edits = edits;
        nearest->name = name;
    }
}

static const char *keyword_of(const CType *type)
{
    if (type->kind == CTYPE_ENUM)
        return "enum ";
    return type->u.record->is_union ? "union " : "struct ";
}

static const char *show(char *buffer, size_t nbytes, const char *keyword, const CName *name)
{
    snprintf(buffer, nbytes, "%s%s", keyword, name->text);
    return buffer;
}

static bool is_typedef(const CName *name)
{
    return name->decl != NULL && name->decl->kind == CDECL_TYPEDEF;
}

const char *suggest_type(const Parser *parser, const CName *wanted, char *buffer, size_t nbytes)
{
    Nearest nearest = {.wanted = wanted};
    const CName *name = NULL;
    if (wanted->tag != NULL)
        return show(buffer, nbytes, keyword_of(wanted->tag), wanted);
    while ((name = ctype_next_name(parser->table, name)) != NULL)
        if (is_typedef(name) || name->tag != NULL || is_type_keyword(name->keyword))
            consider(&nearest, name);
    if (nearest.name == NULL)
        return NULL;
    name = nearest.name;
    return show(buffer, nbytes, is_typedef(name) || name->tag == NULL ? "" : keyword_of(name->tag), name);
}

const char *suggest_value(const Parser *parser, const CName *wanted, char *buffer, size_t nbytes)
{
    Nearest nearest = {.wanted = wanted};
    const CName *name = NULL;
    while ((name = ctype_next_name(parser->table, name)) != NULL)
        if (name->decl != NULL && !is_typedef(name))
            consider(&nearest, name);
    return nearest.name == NULL ? NULL : show(buffer, nbytes, "", nearest.name);
}

static void consider_members(Nearest *nearest, const CRecord *record)
{
    uint32_t i;
    for (i = 0; i < record->nmembers; i++) {
        const CMember *member = &record->members[i];
        if (member->name != NULL)
            consider(nearest, ctype_name_of(member->name));
        else if (member->type->kind == CTYPE_RECORD)
            consider_members(nearest, member->type->u.record);
    }
}

const char *suggest_member(const CRecord *record, const CName *wanted, char *buffer, size_t nbytes)
{
    Nearest nearest = {.wanted = wanted};
    consider_members(&nearest, record);
    return nearest.name == NULL ? NULL : show(buffer, nbytes, "", nearest.name);
}
