/* A type as C text: the declarator is written from the inside out, what stands left of the name first (C11 6.7.6).
 *
 * Untagged records and enums are spelled by their first typedef's name, or else as `struct {line 12}`, `union {line
 * 12}`, `enum {line 12}`, which is not C. A type that only an attribute can say is spelled with gcc's attribute; the
 * alignment of an aligned typedef is left out. Types share types, so that a text can be longer than any memory: beyond
 * SPELLING_NBYTES_MAX parameters are left out. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctype/table.h"

enum { SPELLING_NBYTES_MAX = 1 << 20 };

typedef struct Writer {
    char *buffer;
    size_t nbytes;
    size_t length;  /* of the whole text, cut or not */
    bool needs_gap; /* a word was written: what follows is separated by a space */
} Writer;

static void put(Writer *writer, const char *text, size_t length)
{
    if (writer->length < writer->nbytes) {
        size_t room = writer->nbytes - writer->length;
        memcpy(writer->buffer + writer->length, text, length < room ? length : room);
    }
    writer->length += length;
}

static void put_text(Writer *writer, const char *text)
{
    put(writer, text, strlen(text));
}

static void put_gap(Writer *writer)
{
    if (writer->needs_gap)
        put(writer, " ", 1);
    writer->needs_gap = false;
}

static void put_word(Writer *writer, const char *word)
{
    put_gap(writer);
    put_text(writer, word);
    writer->needs_gap = true;
}

static void put_number(Writer *writer, const char *format, uint64_t number)
{
    char digits[64];
    snprintf(digits, sizeof digits, format, number);
    put_text(writer, digits);
}

static void put_qualifiers(Writer *writer, unsigned qualifiers)
{
    if (qualifiers & QUALIFIER_CONST)
        put_word(writer, "const");
    if (qualifiers & QUALIFIER_VOLATILE)
        put_word(writer, "volatile");
    if (qualifiers & QUALIFIER_RESTRICT)
        put_word(writer, "restrict");
    if (qualifiers & QUALIFIER_ATOMIC)
        put_word(writer, "_Atomic");
}

/* -- types that are one word or two -------------------------------------------------------------------------------- */

static void put_nominal(Writer *writer, const char *keyword, const char *tag, const char *typedef_name, uint32_t line)
{
    if (tag == NULL && typedef_name != NULL) {
        put_word(writer, typedef_name);
        return;
    }
    put_word(writer, keyword);
    if (tag != NULL) {
        put_word(writer, tag);
        return;
    }
    put_gap(writer);
    if (line == 0)
        put_text(writer, "{}");
    else
        put_number(writer, "{line %" PRIu64 "}", line);
    writer->needs_gap = true;
}

static void put_base(Writer *writer, const CType *type)
{
    const CRecord *record = type->u.record;
    const CEnum *enumeration = type->u.enumeration;
    put_qualifiers(writer, type->qualifiers);
    switch ((CTypeKind)type->kind) {
    case CTYPE_VOID: put_word(writer, "void"); break;
    case CTYPE_COMPLEX:
        put_word(writer, "_Complex");
        /* the same type, but gcc takes no _Complex before __float128 */
        put_word(writer, type->scalar == CSCALAR_FLOAT128 ? "_Float128" : ctype_scalar_spelling((CScalar)type->scalar));
        break;
    case CTYPE_RECORD:
        put_nominal(writer, record->is_union ? "union" : "struct", record->tag, record->typedef_name, record->line);
        break;
    case CTYPE_ENUM: put_nominal(writer, "enum", enumeration->tag, enumeration->typedef_name, enumeration->line); break;
    case CTYPE_VECTOR:
        put_base(writer, type->u.element);
        put_gap(writer);
        put_number(writer, "__attribute__((vector_size(%" PRIu64 ")))", type->size);
        writer->needs_gap = true;
        break;
    default: put_word(writer, ctype_scalar_spelling((CScalar)type->scalar));
    }
}

/* -- declarators --------------------------------------------------------------------------------------------------- */

static bool is_pointing(const CType *type)
{
    return type->kind == CTYPE_POINTER || type->kind == CTYPE_REFERENCE;
}

/* A pointer to an array or function needs parentheses around its star. */
static bool is_nested(const CType *pointer)
{
    return pointer->u.element->kind == CTYPE_ARRAY || pointer->u.element->kind == CTYPE_FUNCTION;
}

/* Where gcc takes it: before the parentheses of a function type, or before the star of what points to one. */
static void put_abi(Writer *writer, const CType *function)
{
    if (function->u.function->is_ms_abi)
        put_word(writer, "__attribute__((ms_abi))");
}

static void put_left(Writer *writer, const CType *type)
{
    if (type->kind == CTYPE_ARRAY) {
        put_left(writer, type->u.element);
    } else if (type->kind == CTYPE_FUNCTION) {
        put_left(writer, type->u.function->result);
        put_abi(writer, type);
    } else if (is_pointing(type)) {
        bool is_function = type->u.element->kind == CTYPE_FUNCTION;
        put_left(writer, is_function ? type->u.element->u.function->result : type->u.element);
        put_gap(writer);
        put_text(writer, is_nested(type) ? "(" : "");
        if (is_function)
            put_abi(writer, type->u.element);
        put_gap(writer);
        put_text(writer, type->kind == CTYPE_POINTER ? "*" : "&");
        put_qualifiers(writer, type->qualifiers);
    } else {
        put_base(writer, type);
    }
}

static void put_type(Writer *writer, const CType *type, const char *name);

static void put_params(Writer *writer, const CType *type)
{
    const CFunction *function = type->u.function;
    uint32_t i;
    put_text(writer, "(");
    for (i = 0; i < function->nparams; i++) {
        if (writer->length > SPELLING_NBYTES_MAX) {
            put_text(writer, " /* ... */");
            break;
        }
        put_text(writer, i > 0 ? ", " : "");
        put_type(writer, function->params[i], NULL);
    }
    if (function->is_variadic)
        put_text(writer, function->nparams > 0 ? ", ..." : "...");
    else if (function->nparams == 0 && !type_node(type)->is_unprototyped)
        put_text(writer, "void");
    put_text(writer, ")");
}

static void put_bound(Writer *writer, const CType *array)
{
    if (array->is_vla)
        put_text(writer, "[?]");
    else if (array->is_unbounded)
        put_text(writer, "[]");
    else
        put_number(writer, "[%" PRIu64 "]", array->nelems);
}

static void put_right(Writer *writer, const CType *type)
{
    for (;;) {
        if (type->kind == CTYPE_ARRAY) {
            put_gap(writer);
            put_bound(writer, type);
            type = type->u.element;
        } else if (type->kind == CTYPE_FUNCTION) {
            put_gap(writer);
            put_params(writer, type);
            type = type->u.function->result;
        } else if (is_pointing(type)) {
            put_text(writer, is_nested(type) ? ")" : "");
            writer->needs_gap = writer->needs_gap && !is_nested(type);
            type = type->u.element;
        } else {
            break;
        }
    }
}

static void put_type(Writer *writer, const CType *type, const char *name)
{
    writer->needs_gap = false;
    put_left(writer, type);
    if (name != NULL) {
        put_gap(writer);
        put_text(writer, name);
    }
    put_right(writer, type);
    writer->needs_gap = false;
}

size_t ctype_spell(const CType *type, const char *name, char *buffer, size_t nbytes)
{
    Writer writer = {.buffer = buffer, .nbytes = nbytes};
    put_type(&writer, type, name);
    if (nbytes > 0)
        buffer[writer.length < nbytes ? writer.length : nbytes - 1] = '\0';
    return writer.length;
}
