/* The table's inside, for src/ctype alone. */
#ifndef AIRLOCK_CTYPE_TABLE_H
#define AIRLOCK_CTYPE_TABLE_H

#include "base/arena.h"
#include "ctype/build.h"

/* A CType with what interning needs. */
typedef struct TypeNode {
    CType type;             /* first, so that a CType * is a TypeNode * */
    struct TypeNode *next;  /* in the hash chain of main types */
    struct TypeNode *older; /* made before this one */
    uint32_t hash;          /* of a main derived type; 0 and in no chain for variants and nominal types */
    uint32_t own_align;     /* of ctype_aligned, 0: none */
    uint16_t depth;         /* see ctype_depth */
    bool is_hashed;
    bool is_unprototyped; /* FUNCTION declared with `()` */
} TypeNode;

/* A record with the index of its members: `index` has index_mask + 1 slots of member number + 1, 0 for empty, by the
 * hash of each name that the member makes visible. NULL when the record has few members. */
typedef struct RecordNode {
    CRecord record; /* first */
    uint32_t *index;
    uint32_t index_mask;
} RecordNode;

typedef struct JournalEntry {
    struct JournalEntry *older;
    void *place;
    size_t nbytes;
    unsigned char saved[];
} JournalEntry;

struct CTypeTable {
    Allocator allocator;
    Arena arena;   /* types, names, declarations */
    CName **names; /* hash chains, names_mask + 1 */
    size_t nnames;
    size_t names_mask;
    CName *newest_name;
    TypeNode **types; /* hash chains of main derived types, types_mask + 1 */
    size_t ntypes;
    size_t types_mask;
    TypeNode *newest_type;
    CType *void_type;
    CType *scalars[CSCALAR_COUNT];
    uint32_t stamp; /* the last that ctype_next_stamp gave */
    bool has_keywords;
    /* the transaction */
    bool in_transaction;
    bool is_changed;
    Arena journal_arena;
    JournalEntry *journal; /* newest first */
    ArenaMark mark;
    CName *mark_name; /* newest_name at the mark */
    TypeNode *mark_type;
};

static inline const TypeNode *type_node(const CType *type)
{
    return (const TypeNode *)type;
}

/* names.c */
bool names_init(CTypeTable *table);
void names_forget(CTypeTable *table, CName *oldest_kept);
CName *names_find(const CTypeTable *table, const char *text, size_t length);

/* intern.c */
bool types_init(CTypeTable *table);
void types_forget(CTypeTable *table, TypeNode *oldest_kept);
/* A new type node that is its own main and in no chain; NULL when memory is out. */
TypeNode *types_new(CTypeTable *table, const CType *type);
/* Puts a main type with its hash into the chains. */
void types_insert(CTypeTable *table, TypeNode *node, uint32_t hash);
/* Gives all variants of a completed main its size and alignment; false when memory is out. */
bool types_complete(CTypeTable *table, CType *main, uint64_t size, uint32_t align, bool is_vla, unsigned depth);

/* A depth as a node keeps it. */
static inline uint16_t types_depth(unsigned depth)
{
    return depth > UINT16_MAX ? UINT16_MAX : (uint16_t)depth;
}

/* predefined.c */
bool predefined_declare(CTypeTable *table);

/* Mixes a word into a hash. */
static inline uint64_t hash_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ (hash >> 29);
}

#endif
