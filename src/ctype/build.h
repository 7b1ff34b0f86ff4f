/* How the parser fills a CTypeTable: names with their bindings, records, enums and declarations. The faces above only
 * ask, through ctype.h.
 *
 * Every change to something that existed before ctype_begin goes through ctype_journal first, so that ctype_rollback
 * finds it as it was. */
#ifndef AIRLOCK_CTYPE_BUILD_H
#define AIRLOCK_CTYPE_BUILD_H

#include "ctype/ctype.h"

/* As ctype_table_new, with memory taken in chunks of this many bytes at first: small ones let tests fail every
 * allocation. */
CTypeTable *ctype_table_new_sized(const Allocator *allocator, size_t chunk_nbytes);

/* -- names --------------------------------------------------------------------------------------------------------- */

/* One interned identifier and what it means at file scope. */
typedef struct CName {
    struct CName *next; /* in its hash chain */
    CDecl *decl;        /* as an ordinary identifier, or NULL */
    CType *tag;         /* as a struct, union or enum tag, or NULL */
    uint32_t hash;
    uint32_t length;
    uint32_t stamp;  /* set and read by the parser: the innermost open list that it is in */
    uint8_t keyword; /* set and read by the parser, 0: none */
    char text[];     /* NUL-terminated; what ctype_intern returns */
} CName;

/* The interned name, made when it is new; NULL when memory is out. */
CName *ctype_name(CTypeTable *table, const char *text, size_t length);

/* The CName around a text that ctype_intern returned. */
static inline CName *ctype_name_of(const char *interned)
{
    return (CName *)((uintptr_t)interned - offsetof(CName, text));
}

/* The name behind another in an order without meaning, the first one behind NULL; NULL at the end. */
const CName *ctype_next_name(const CTypeTable *table, const CName *name);

/* The table's own allocator. */
const Allocator *ctype_allocator(const CTypeTable *table);

/* The number of a file by its interned name in *number, 0 for NULL and behind the largest number; false when memory is
 * out. The file that was asked for last keeps its number. */
bool ctype_file_number(CTypeTable *table, const char *file, uint32_t *number);

/* A number that no earlier call returned, for CName.stamp. */
uint32_t ctype_next_stamp(CTypeTable *table);

/* The byte in which the parser notes that it has interned its keywords. */
bool *ctype_keywords_flag(CTypeTable *table);

/* -- transactions -------------------------------------------------------------------------------------------------- */

/* Saves nbytes at `place` for a rollback; true at once outside of a transaction. False when memory is out. */
bool ctype_journal(CTypeTable *table, void *place, size_t nbytes);

/* Whether anything that ctype.h can find by name was added or changed since ctype_begin. */
bool ctype_is_changed(const CTypeTable *table);

/* Within a transaction: a state to return to, in the place of the checkpoint before. */
void ctype_checkpoint(CTypeTable *table);
/* Whether anything that ctype.h can find by name was added or changed since then. */
bool ctype_is_changed_since_checkpoint(const CTypeTable *table);
/* Undoes all since the checkpoint. */
void ctype_return(CTypeTable *table);

/* Uninitialised memory that lives as long as the table or until a rollback; NULL when memory is out. */
void *ctype_alloc(CTypeTable *table, size_t nbytes);

/* -- derived types ------------------------------------------------------------------------------------------------- */

/* How deeply a type is nested: 0 for a basic or enum type, one more for each derivation and for each level of member by
 * value; but a record counts as 0 where a pointer, result or parameter leads to it. Whoever walks a type recursively
 * relies on the parser's bound on it. */
unsigned ctype_depth(const CType *type);
enum { CTYPE_DEPTH_MAX = 1000 };

/* As ctype_function, for `()` of C11 6.7.6.3p14: no parameters, compatible with every prototype of the same result. */
CType *ctype_function_unprototyped(CTypeTable *table, CType *result, bool is_ms_abi);

/* The alignment that ctype_aligned gave to this variant, 0 when it has none of its own. */
uint32_t ctype_own_align(const CType *type);

/* -- records ------------------------------------------------------------------------------------------------------- */

/* One member as it is declared. */
typedef struct CMemberSpec {
    const char *name; /* interned, or NULL */
    CType *type;
    uint32_t align; /* of an aligned attribute or _Alignas, 0: none */
    bool is_packed; /* by its own attribute */
    bool is_bitfield;
    uint8_t width;   /* of a bit-field */
    uint32_t line;   /* for the caller's messages, as is place: not read here */
    uint32_t length; /* bytes at place */
    const char *place;
} CMemberSpec;

/* What the declaration of a record says beyond its members. */
typedef struct CRecordSpec {
    const CMemberSpec *members;
    uint32_t nmembers;
    bool is_packed;
    uint32_t align;             /* of an aligned attribute, 0: none */
    uint32_t pack;              /* bytes, of #pragma pack, 0: none */
    bool is_ms_layout;          /* __attribute__((ms_struct)) */
    bool is_transparent;        /* __attribute__((transparent_union)), which only some unions heed */
    const CConstant *constants; /* of ctype_alloc, or NULL */
    uint32_t line;              /* where it is defined */
    uint32_t file;              /* its number */
    uint32_t duplicate;         /* out when the status is DUPLICATE: index of the member that brings a name … */
    const char *duplicate_name; /* … which was there before */
} CRecordSpec;

typedef enum CRecordStatus {
    CRECORD_OK,
    CRECORD_MEMORY,
    CRECORD_TOO_LARGE, /* beyond PTRDIFF_MAX */
    CRECORD_DUPLICATE  /* member name, also through unnamed members */
} CRecordStatus;

/* A new incomplete record; NULL when memory is out. */
CType *ctype_record_new(CTypeTable *table, const char *tag, bool is_union);

/* Lays the members out and completes the record and all its variants. Members are complete types of acceptable depth,
 * but for a last flexible or VLA array. Unless CRECORD_OK, the record stays incomplete. */
CRecordStatus ctype_record_complete(CTypeTable *table, CRecord *record, CRecordSpec *spec);

/* -- enums --------------------------------------------------------------------------------------------------------- */

CType *ctype_enum_new(CTypeTable *table, const char *tag);

/* The integer type that gcc gives an enum with these values: the first of unsigned int, int, unsigned long, long that
 * fits, or with `is_packed` the smallest. `has_unsigned`: some value is above INT64_MAX, so that negative means large.
 */
CScalar ctype_enum_scalar(const CEnumerator *enumerators, uint32_t count, bool has_unsigned, bool is_packed);

/* Completes the enum with a copy of the enumerators; false when memory is out. */
bool ctype_enum_complete(CTypeTable *table, CEnum *enumeration, const CEnumerator *enumerators, uint32_t count,
                         CScalar scalar);

/* -- declarations -------------------------------------------------------------------------------------------------- */

/* Binds the name to a copy of the declaration, in the place of what it meant before; NULL when memory is out. */
CDecl *ctype_declare(CTypeTable *table, const CDecl *decl);

/* Overwrites a declaration of the table; false when memory is out. */
bool ctype_redeclare(CTypeTable *table, const CDecl *old, const CDecl *decl);

/* Binds a tag; false when memory is out. */
bool ctype_bind_tag(CTypeTable *table, const char *tag, CType *type);

/* Gives an untagged record or enum the name of its first typedef; false when memory is out. */
bool ctype_name_type(CTypeTable *table, CType *type, const char *name);

/* Whether two declarations of one name may have these types, qualifiers included (C11 6.7p3, 6.7p4); untagged records
 * and enums are the same when they are defined alike, so that a text may be declared twice. */
bool ctype_is_redeclaration(const CType *a, const CType *b);

/* Whether two complete records or enums are defined alike: names, types, layout. */
bool ctype_is_same_definition(const CType *a, const CType *b);

/* Of two types that ctype_is_redeclaration accepts, the one that says more (array with bound, function with prototype).
 */
CType *ctype_composite(CType *older, CType *newer);

#endif
