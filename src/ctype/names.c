/* Interned identifiers: hash chains whose nodes carry what the name means. A name is found by one hash of its text. */
#include <string.h>

#include "base/tiny.h"
#include "ctype/table.h"

/* Names to a chain before there are more chains. */
enum { NAMES_INITIAL = TINY(256, 1), CHAIN_LENGTH = 2 };

static uint64_t word_at(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
    return word;
}

/* What is shorter than eight bytes: in two overlapping halves, or its first, middle and last byte. */
static uint64_t short_word(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    uint32_t low, high;
    if (length == 0)
        return 0;
    if (length < 4)
        return bytes[0] | (uint64_t)bytes[length / 2] << 8 | (uint64_t)bytes[length - 1] << 16;
    memcpy(&low, text, sizeof low);
    memcpy(&high, text + length - sizeof high, sizeof high);
    return low | (uint64_t)high << 32;
}

/* Eight bytes a step, the last of which overlap the ones before. */
static uint32_t hash_text(const char *text, size_t length)
{
    uint64_t hash = length;
    size_t i;
    if (length < 8) {
        hash = hash_mix(hash, short_word(text, length));
    } else {
        for (i = 0; i + 8 < length; i += 8)
            hash = hash_mix(hash, word_at(text + i));
        hash = hash_mix(hash, word_at(text + length - 8));
    }
    return hash_end(hash);
}

bool names_init(CTypeTable *table)
{
    table->names = mem_alloc(&table->allocator, NAMES_INITIAL * sizeof *table->names);
    if (table->names == NULL)
        return false;
    memset(table->names, 0, NAMES_INITIAL * sizeof *table->names);
    table->names_mask = NAMES_INITIAL - 1;
    return true;
}

/* Doubles the chains: each falls apart into two, in its order. When memory is out they just get longer. */
static void grow(CTypeTable *table)
{
    size_t nold = table->names_mask + 1, nnew = nold * 2, i;
    CName **names = mem_alloc(&table->allocator, nnew * sizeof *names);
    if (names == NULL)
        return;
    for (i = 0; i < nold; i++) {
        CName *name, **ends[2] = {&names[i], &names[i + nold]};
        for (name = table->names[i]; name != NULL; name = name->next) {
            CName ***end = &ends[(name->hash & nold) != 0];
            **end = name;
            *end = &name->next;
        }
        *ends[0] = *ends[1] = NULL;
    }
    mem_free(&table->allocator, table->names, nold * sizeof *names);
    table->names = names;
    table->names_mask = nnew - 1;
}

/* The link to the name, or where the chain ends without it. */
static CName **find(const CTypeTable *table, const char *text, size_t length, uint32_t hash)
{
    CName **link = &table->names[hash & table->names_mask];
    while (*link != NULL &&
           ((*link)->hash != hash || (*link)->length != length || memcmp((*link)->text, text, length) != 0))
        link = &(*link)->next;
    return link;
}

CName *names_find(const CTypeTable *table, const char *text, size_t length)
{
    return *find(table, text, length, hash_text(text, length));
}

/* New names go to the end of their chain, so that keywords and other early names are found first. */
CName *ctype_name(CTypeTable *table, const char *text, size_t length)
{
    uint32_t hash = hash_text(text, length);
    CName **link = find(table, text, length, hash);
    CName *name = *link;
    if (name != NULL)
        return name;
    if (length >= UINT32_MAX)
        return NULL;
    name = arena_alloc(&table->arena, offsetof(CName, text) + length + 1);
    if (name == NULL || !table_note_added(table, &table->added_names, name))
        return NULL;
    if (table->nnames > CHAIN_LENGTH * table->names_mask) {
        grow(table);
        link = find(table, text, length, hash);
    }
    name->next = NULL;
    name->decl = NULL;
    name->tag = NULL;
    name->hash = hash;
    name->length = (uint32_t)length;
    name->stamp = 0;
    name->keyword = 0;
    memcpy(name->text, text, length);
    name->text[length] = '\0';
    *link = name;
    table->nnames++;
    return name;
}

const CName *ctype_next_name(const CTypeTable *table, const CName *name)
{
    size_t i = 0;
    if (name != NULL && name->next != NULL)
        return name->next;
    if (name != NULL)
        i = (name->hash & table->names_mask) + 1;
    while (i <= table->names_mask && table->names[i] == NULL)
        i++;
    return i <= table->names_mask ? table->names[i] : NULL;
}

void names_forget(CTypeTable *table, size_t nkept)
{
    CName *name;
    while ((name = table_take_added(&table->added_names, nkept)) != NULL) {
        CName **link = &table->names[name->hash & table->names_mask];
        while (*link != name)
            link = &(*link)->next;
        *link = name->next;
        table->nnames--;
    }
}

const char *ctype_intern(CTypeTable *table, const char *text, size_t length)
{
    CName *name = ctype_name(table, text, length);
    return name == NULL ? NULL : name->text;
}

const char *ctype_find_name(const CTypeTable *table, const char *text, size_t length)
{
    CName *name = names_find(table, text, length);
    return name == NULL ? NULL : name->text;
}

const CDecl *ctype_find_decl(const CTypeTable *table, const char *name, size_t length)
{
    CName *found = names_find(table, name, length);
    return found == NULL ? NULL : found->decl;
}

CType *ctype_find_tag(const CTypeTable *table, const char *name, size_t length)
{
    CName *found = names_find(table, name, length);
    return found == NULL ? NULL : found->tag;
}
