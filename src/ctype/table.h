/* The table's inside, for src/ctype alone. */
#ifndef AIRLOCK_CTYPE_TABLE_H
#define AIRLOCK_CTYPE_TABLE_H

#include "base/arena.h"
#include "base/stack.h"
#include "base/tiny.h"
#include "ctype/build.h"

/* A CType with what interning needs. */
typedef struct TypeNode {
    CType type;               /* first, so that a CType * is a TypeNode * */
    struct TypeNode *next;    /* hashed: in its chain; else in the list of variants that begins at main */
    uint32_t hash;            /* when hashed */
    uint16_t depth;           /* see ctype_depth */
    uint8_t own_align_code;   /* ctype_align_code of ctype_aligned's alignment */
    bool is_hashed : 1;       /* derived types and their variants are; basic and nominal ones are not */
    bool is_unprototyped : 1; /* FUNCTION declared with `()` */
} TypeNode;

_Static_assert(sizeof(TypeNode) == 64, "the most of what a large header takes");

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

/* Things that a transaction has added, in blocks of a list; `count` of them count. */
typedef struct Added {
    struct Added *older, *newer;
    void *items[TINY(62, 1)];
} Added;

typedef struct AddedList {
    Added *first, *newest;
    size_t count;
} AddedList;

/* A state of the table to return to. */
typedef struct Checkpoint {
    ArenaMark arena;
    struct JournalEntry *journal;
    size_t nnames, ntypes; /* added before */
    size_t files;          /* bytes of them */
    size_t nchanges;
} Checkpoint;

struct CTypeTable {
    Allocator allocator;
    Arena arena;   /* types, names, declarations */
    CName **names; /* hash chains, names_mask + 1 */
    size_t nnames;
    size_t names_mask;
    TypeNode **types; /* hash chains, types_mask + 1 */
    size_t ntypes;
    size_t types_mask;
    CType *void_type;
    CType *scalars[CSCALAR_COUNT];
    Stack files;    /* const char *: the file of each number from 1 on; one that comes again has more than one */
    uint32_t stamp; /* the last that ctype_next_stamp gave */
    bool has_keywords;
    /* the transaction */
    bool in_transaction;
    size_t nchanges; /* of what is found by name */
    Arena journal_arena;
    JournalEntry *journal; /* newest first */
    AddedList added_names; /* CName */
    AddedList added_types; /* TypeNode */
    Checkpoint start;
    Checkpoint latest;
};

static inline const TypeNode *type_node(const CType *type)
{
    return (const TypeNode *)type;
}

/* table.c */
/* Remembers for a rollback what was added; true at once outside of a transaction. False when memory is out. */
bool table_note_added(CTypeTable *table, AddedList *list, void *item);
/* Takes the newest from the list; NULL when there are no more than nkept. */
void *table_take_added(AddedList *list, size_t nkept);

/* names.c */
bool names_init(CTypeTable *table);
/* Takes out of the chains what the transaction added, but for the first nkept. */
void names_forget(CTypeTable *table, size_t nkept);
CName *names_find(const CTypeTable *table, const char *text, size_t length);

/* intern.c */
bool types_init(CTypeTable *table);
void types_forget(CTypeTable *table, size_t nkept);
/* A new type node that is its own main and in no chain; NULL when memory is out. */
TypeNode *types_new(CTypeTable *table, const CType *type);
/* Puts a derived type or variant of one with its hash into the chains. */
void types_insert(CTypeTable *table, TypeNode *node, uint32_t hash);
/* Gives a nominal type and all its variants the size, alignment, scalar and is_vla of `as`; false when memory is out.
 * */
bool types_complete(CTypeTable *table, CType *main, const CType *as, unsigned depth);

/* A depth as a node keeps it. */
static inline uint16_t types_depth(unsigned depth)
{
    return depth > UINT16_MAX ? UINT16_MAX : (uint16_t)depth;
}

/* transparent.c: whether a complete record would be passed as its first member is, with the attribute. */
bool transparent_is_possible(const CRecord *record);

/* predefined.c */
bool predefined_declare(CTypeTable *table);

/* Mixes a word into a hash. */
static inline uint64_t hash_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ (hash >> 29);
}

/* The hash as it is kept. */
static inline uint32_t hash_end(uint64_t hash)
{
    return (uint32_t)(hash ^ hash >> 32);
}

#endif
