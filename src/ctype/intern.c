/* Interning: each derived type exists once by structure, each variant once by its main type.
 *
 * Invariant: the hash chains hold the derived types and their variants, which no completion changes; the variants of a
 * basic or nominal type hang on a list at it. A variant differs from its main by (qualifiers, own_align) alone, but
 * that an array variant's element carries the array's qualifiers too. */
#include <string.h>

#include "base/tiny.h"
#include "ctype/table.h"

/* Types to a chain before there are more chains. */
enum { TYPES_INITIAL = TINY(64, 1), CHAIN_LENGTH = 2 };

bool types_init(CTypeTable *table)
{
    table->types = mem_alloc(&table->allocator, TYPES_INITIAL * sizeof *table->types);
    if (table->types == NULL)
        return false;
    memset(table->types, 0, TYPES_INITIAL * sizeof *table->types);
    table->types_mask = TYPES_INITIAL - 1;
    return true;
}

/* Doubles the chains. When memory is out they just get longer. */
static void grow(CTypeTable *table)
{
    size_t nold = table->types_mask + 1, nnew = nold * 2, i;
    TypeNode **types = mem_alloc(&table->allocator, nnew * sizeof *types);
    if (types == NULL)
        return;
    memset(types, 0, nnew * sizeof *types);
    for (i = 0; i < nold; i++) {
        TypeNode *node = table->types[i];
        while (node != NULL) {
            TypeNode *next = node->next;
            TypeNode **chain = &types[node->hash & (nnew - 1)];
            node->next = *chain;
            *chain = node;
            node = next;
        }
    }
    mem_free(&table->allocator, table->types, nold * sizeof *types);
    table->types = types;
    table->types_mask = nnew - 1;
}

TypeNode *types_new(CTypeTable *table, const CType *type)
{
    TypeNode *node = arena_alloc(&table->arena, sizeof *node);
    if (node == NULL || !table_note_added(table, &table->added_types, node))
        return NULL;
    *node = (TypeNode){.type = *type};
    node->type.main = &node->type;
    return node;
}

void types_insert(CTypeTable *table, TypeNode *node, uint32_t hash)
{
    TypeNode **chain;
    if (table->ntypes > CHAIN_LENGTH * table->types_mask)
        grow(table);
    chain = &table->types[hash & table->types_mask];
    node->hash = hash;
    node->next = *chain;
    node->is_hashed = true;
    *chain = node;
    table->ntypes++;
}

static void unchain(CTypeTable *table, TypeNode *node)
{
    TypeNode **link = &table->types[node->hash & table->types_mask];
    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    table->ntypes--;
}

/* Variants are put right behind their main, so the newest one is the first to go. */
void types_forget(CTypeTable *table, size_t nkept)
{
    TypeNode *node;
    while ((node = table_take_added(&table->added_types, nkept)) != NULL) {
        if (node->is_hashed)
            unchain(table, node);
        else if (node->type.main != &node->type)
            ((TypeNode *)node->type.main)->next = node->next;
    }
}

unsigned ctype_depth(const CType *type)
{
    return type_node(type->main)->depth;
}

uint32_t ctype_own_align(const CType *type)
{
    return ctype_align_of_code(type_node(type)->own_align_code);
}

/* -- variants ------------------------------------------------------------------------------------------------------ */

/* An _Atomic object of a size that the machine handles as a whole is aligned to it, as gcc does. */
static uint32_t variant_align(const CType *type, unsigned qualifiers, uint32_t own_align)
{
    bool is_lock_free = type->size >= 1 && type->size <= 16 && (type->size & (type->size - 1)) == 0;
    if (own_align != 0)
        return own_align;
    if ((qualifiers & QUALIFIER_ATOMIC) != 0 && type->kind != CTYPE_ARRAY && is_lock_free && type->size > type->align)
        return (uint32_t)type->size;
    return type->align;
}

static uint32_t hash_variant(const CType *main, unsigned qualifiers, uint32_t own_align)
{
    uint64_t hash = hash_mix((uint64_t)(uintptr_t)main, qualifiers | (uint64_t)own_align << 32);
    return hash_end(hash);
}

static bool is_variant(const TypeNode *node, const CType *main, unsigned qualifiers, uint32_t own_align)
{
    return node->type.main == main && node->type.qualifiers == qualifiers && ctype_own_align(&node->type) == own_align;
}

static TypeNode *find_variant(const CTypeTable *table, TypeNode *main, unsigned qualifiers, uint32_t own_align)
{
    TypeNode *node = main;
    if (is_variant(main, &main->type, qualifiers, own_align))
        return main;
    if (main->is_hashed)
        node = table->types[hash_variant(&main->type, qualifiers, own_align) & table->types_mask];
    while (node != NULL && !is_variant(node, &main->type, qualifiers, own_align))
        node = node->next;
    return node;
}

static void insert_variant(CTypeTable *table, TypeNode *node, TypeNode *main)
{
    if (main->is_hashed) {
        types_insert(table, node, hash_variant(&main->type, node->type.qualifiers, ctype_own_align(&node->type)));
        return;
    }
    node->next = main->next;
    main->next = node;
}

static CType *variant(CTypeTable *table, CType *main, unsigned qualifiers, uint32_t own_align)
{
    TypeNode *node = find_variant(table, (TypeNode *)main, qualifiers, own_align);
    CType *element = NULL, *type;
    if (node != NULL)
        return &node->type;
    if (main->kind == CTYPE_ARRAY && (element = ctype_qualified(table, main->u.element, qualifiers)) == NULL)
        return NULL;
    node = types_new(table, main);
    if (node == NULL)
        return NULL;
    type = &node->type;
    type->main = main;
    type->qualifiers = (uint8_t)qualifiers;
    type->align = variant_align(element != NULL ? element : main, qualifiers, own_align);
    type->face = NULL;
    if (element != NULL)
        type->u.element = element;
    node->own_align_code = (uint8_t)ctype_align_code(own_align);
    insert_variant(table, node, (TypeNode *)main);
    return type;
}

CType *ctype_qualified(CTypeTable *table, CType *type, unsigned qualifiers)
{
    if (type->qualifiers == qualifiers)
        return type;
    return variant(table, type->main, qualifiers, ctype_own_align(type));
}

CType *ctype_aligned(CTypeTable *table, CType *type, uint32_t align)
{
    return variant(table, type->main, type->qualifiers, align);
}

bool types_complete(CTypeTable *table, CType *main, const CType *as, unsigned depth)
{
    TypeNode *first = (TypeNode *)main, *node = first;
    do
        if (!ctype_journal(table, node, sizeof *node))
            return false;
    while ((node = node->next) != NULL);
    first->depth = types_depth(depth);
    for (node = first; node != NULL; node = node->next) {
        CType *type = &node->type;
        type->size = as->size;
        type->is_vla = as->is_vla;
        type->scalar = as->scalar;
        type->align = variant_align(as, type->qualifiers, ctype_own_align(type));
    }
    return true;
}

/* -- structural types ---------------------------------------------------------------------------------------------- */

static uint32_t hash_key(const CType *key)
{
    uint64_t shape =
        key->kind | (uint64_t)key->scalar << 8 | (uint64_t)key->is_vla << 16 | (uint64_t)key->is_unbounded << 17;
    uint64_t hash = hash_mix(hash_mix((uint64_t)(uintptr_t)key->u.element, shape), key->nelems);
    return hash_end(hash);
}

/* The main type with the key's structure. */
static CType *intern(CTypeTable *table, const CType *key)
{
    uint32_t hash = hash_key(key);
    TypeNode *node = table->types[hash & table->types_mask];
    for (; node != NULL; node = node->next)
        if (node->hash == hash && node->type.main == &node->type && node->type.kind == key->kind &&
            node->type.u.element == key->u.element && node->type.nelems == key->nelems &&
            node->type.scalar == key->scalar && node->type.is_vla == key->is_vla &&
            node->type.is_unbounded == key->is_unbounded)
            return &node->type;
    node = types_new(table, key);
    if (node == NULL)
        return NULL;
    node->depth = types_depth(key->u.element == NULL ? 0 : ctype_depth(key->u.element) + 1);
    types_insert(table, node, hash);
    return &node->type;
}

CType *ctype_void(CTypeTable *table)
{
    return table->void_type;
}

CType *ctype_scalar(CTypeTable *table, CScalar scalar)
{
    return table->scalars[scalar];
}

CType *ctype_complex(CTypeTable *table, CScalar part)
{
    CType *element = ctype_scalar(table, part);
    CType key = {.kind = CTYPE_COMPLEX, .scalar = (uint8_t)part, .align = element->align, .size = 2 * element->size};
    key.u.element = element;
    return intern(table, &key);
}

/* Records are named, not spelled out, where a pointer leads to them: that ends their depth. */
static CType *pointer(CTypeTable *table, CTypeKind kind, CType *element)
{
    CType key = {.kind = (uint8_t)kind, .align = 8, .size = 8};
    CType *type;
    key.u.element = element;
    type = intern(table, &key);
    if (type != NULL && element->kind == CTYPE_RECORD)
        ((TypeNode *)type)->depth = 1;
    return type;
}

CType *ctype_pointer(CTypeTable *table, CType *element)
{
    return pointer(table, CTYPE_POINTER, element);
}

CType *ctype_reference(CTypeTable *table, CType *element)
{
    return pointer(table, CTYPE_REFERENCE, element);
}

/* The main array type has the unqualified element; its variant has the element as it came. */
static CType *array(CTypeTable *table, CType *element, CType *key)
{
    CType *type;
    key->kind = CTYPE_ARRAY;
    key->align = element->align;
    key->u.element = ctype_qualified(table, element, 0);
    if (key->u.element == NULL)
        return NULL;
    type = intern(table, key);
    return type == NULL ? NULL : ctype_qualified(table, type, element->qualifiers);
}

CType *ctype_array(CTypeTable *table, CType *element, uint64_t nelems)
{
    CType key = {.nelems = nelems, .size = element->size * nelems};
    return array(table, element, &key);
}

CType *ctype_array_unbounded(CTypeTable *table, CType *element)
{
    CType key = {.is_unbounded = true, .size = CTYPE_SIZE_UNKNOWN};
    return array(table, element, &key);
}

CType *ctype_array_vla(CTypeTable *table, CType *element)
{
    CType key = {.is_vla = true, .size = CTYPE_SIZE_UNKNOWN};
    return array(table, element, &key);
}

CType *ctype_vector(CTypeTable *table, CType *element, uint64_t nbytes)
{
    CType key = {.kind = CTYPE_VECTOR, .scalar = element->scalar, .align = (uint32_t)nbytes, .size = nbytes};
    key.u.element = element->main;
    key.nelems = nbytes / element->size;
    return intern(table, &key);
}
