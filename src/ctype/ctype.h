/* The type model: C types as interned descriptors with gcc's x86-64 layout (psABI 3.1.2), and the declared names.
 *
 * A CTypeTable owns every CType made through it until ctype_table_free; no type is freed earlier but by a rollback.
 * Invariants: two structurally equal types (other than records and enums, which are equal only to themselves) are the
 * same pointer; `main` is the variant without qualifiers and alignment override, and main->main == main; completing
 * a record or enum updates all its variants; an array's qualifiers are its element's (C11 6.7.3p9).
 * A table belongs to one thread at a time; two tables share nothing. */
#ifndef AIRLOCK_CTYPE_CTYPE_H
#define AIRLOCK_CTYPE_CTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"

typedef enum CTypeKind {
    CTYPE_VOID,      /* size unknown, align 1 (gcc's sizeof(void) == 1 is the face's business) */
    CTYPE_BOOL,      /* _Bool */
    CTYPE_INTEGER,   /* `scalar` is one of the integer scalars, char and __int128 included */
    CTYPE_ENUM,      /* u.enumeration; `scalar` is the compatible integer type's */
    CTYPE_FLOATING,  /* `scalar` is one of the binary floating scalars */
    CTYPE_DECIMAL,   /* `scalar` is one of the decimal floating scalars, which nothing here computes with */
    CTYPE_COMPLEX,   /* `scalar` is the part's floating or (gcc's) integer scalar; u.element the part's type */
    CTYPE_VECTOR,    /* u.element, nelems; size is a power of two */
    CTYPE_POINTER,   /* u.element is the pointed-to type */
    CTYPE_REFERENCE, /* u.element; C++'s T&, laid out as a pointer */
    CTYPE_ARRAY,     /* u.element, nelems; see is_vla, is_unbounded */
    CTYPE_RECORD,    /* struct or union: u.record */
    CTYPE_FUNCTION   /* u.function; size unknown, align 1 */
} CTypeKind;

/* Every arithmetic type that gcc tells apart, each line X(NAME, C spelling, nbytes, align, class). */
typedef enum CScalar {
#define CTYPE_SCALAR(name, spelling, nbytes, align, class) CSCALAR_##name,
#include "ctype/scalar.def"
#undef CTYPE_SCALAR
    CSCALAR_COUNT
} CScalar;

typedef enum CScalarClass {
    CSCALAR_BOOL,
    CSCALAR_SIGNED,
    CSCALAR_UNSIGNED,
    CSCALAR_FLOATING,
    CSCALAR_DECIMAL
} CScalarClass;

enum { QUALIFIER_CONST = 1, QUALIFIER_VOLATILE = 2, QUALIFIER_RESTRICT = 4, QUALIFIER_ATOMIC = 8 };

#define CTYPE_SIZE_UNKNOWN UINT64_MAX

typedef struct CType CType;
typedef struct CRecord CRecord;
typedef struct CEnum CEnum;
typedef struct CFunction CFunction;
typedef struct CTypeTable CTypeTable;

struct CType {
    uint8_t kind;          /* CTypeKind */
    uint8_t scalar;        /* CScalar for BOOL, INTEGER, ENUM, FLOATING, DECIMAL, COMPLEX (the part's) */
    uint8_t qualifiers;    /* QUALIFIER_* set */
    bool is_vla : 1;       /* ARRAY `[?]` or RECORD that ends in one: its size is known only per object */
    bool is_unbounded : 1; /* ARRAY `[]` (flexible or incomplete): size CTYPE_SIZE_UNKNOWN, nelems 0 */
    uint32_t align;        /* bytes, a power of two, this variant's (an aligned typedef may differ from main's) */
    uint64_t size;         /* bytes, or CTYPE_SIZE_UNKNOWN; for a VLA array UNKNOWN, for a VLA record its fixed part */
    uint64_t nelems;       /* ARRAY and VECTOR */
    union {
        CType *element;
        CRecord *record;
        CEnum *enumeration;
        CFunction *function;
    } u;
    CType *main; /* never NULL */
    void *face;  /* for the face above (bind): NULL at first, never touched here */
};

/* One member of a record. Bit position p of a bit-field counts from the least significant bit of the byte at `offset`.
 */
typedef struct CMember {
    const char *name; /* interned; NULL for an unnamed struct/union member or unnamed bit-field */
    CType *type;      /* with qualifiers; for a bit-field its declared type */
    uint64_t offset; /* bytes from the record's start; a bit-field's is that of the aligned storage unit of its declared
                      * type where it fits inside one, else of its first byte */
    bool is_bitfield;
    uint8_t bit_offset; /* 0..63 (127 for __int128) within the storage unit, see offset; 0 when no bit-field. The unit
                         * may reach past a packed record's end: touch only the bytes that hold the field's bits */
    uint8_t bit_width;  /* 1..64, for __int128 up to 128; 0 only for the unnamed `:0` */
    uint32_t align; /* bytes: what the member itself asks for, by its type, attributes and pragmas; 0: a bit-field */
} CMember;

/* A constant that a record's body declares, and the one declared before it. */
typedef struct CConstant {
    const struct CConstant *older; /* or NULL */
    const char *name;              /* interned; NULL: all enumerators of an enum that the body defines */
    CType *type;                   /* integer or enum */
    uint64_t value;                /* two's complement of the type */
} CConstant;

struct CRecord {
    const char *tag;          /* interned, or NULL */
    const char *typedef_name; /* without tag: what its first typedef names it, or NULL */
    bool is_union : 1;
    bool is_complete : 1;
    bool is_local : 1;       /* of prototype scope: its tag does not lead to it */
    bool has_flexible : 1;   /* last member is a flexible `[]`, `[?]` array, or a record that has one */
    bool has_constants : 1;  /* its own, or an unnamed member's */
    bool is_transparent : 1; /* a union that is passed as its first member is (__attribute__((transparent_union))) */
    uint32_t line;           /* where it was defined, 0 if unknown */
    uint32_t file;           /* a number for ctype_file */
    uint32_t nmembers;
    CMember *members;           /* in order of declaration, unnamed ones included */
    const CConstant *constants; /* newest first, or NULL */
    CType *type;                /* its main variant */
    CTypeTable *table;
};

typedef struct CEnumerator {
    const char *name; /* interned */
    uint64_t value;   /* two's complement, sign-extended to 64 bits; signed or not as the enum's scalar says */
} CEnumerator;

struct CEnum {
    const char *tag;          /* interned, or NULL */
    const char *typedef_name; /* as of a record */
    bool is_complete;
    bool is_local;
    uint32_t line; /* as of a record */
    uint32_t file;
    uint32_t nenumerators;
    CEnumerator *enumerators;
    CType *type;
    CTypeTable *table;
};

/* Parameter types are adjusted (arrays and functions decayed) and without top-level qualifiers. */
struct CFunction {
    CType *result;
    uint32_t nparams;
    bool is_variadic;
    bool is_ms_abi; /* __attribute__((ms_abi)) */
    CType *params[];
};

typedef enum CDeclKind {
    CDECL_TYPEDEF,
    CDECL_FUNCTION,
    CDECL_VARIABLE,
    CDECL_CONSTANT /* enumerator or `static const` integer with a constant initialiser */
} CDeclKind;

enum { CDECL_FILE_MAX = (1 << 23) - 1 };

/* An alignment in five bits: 0 for none, else 1 + log2 of its bytes. */
static inline unsigned ctype_align_code(uint32_t align)
{
    return align == 0 ? 0 : 1 + (unsigned)__builtin_ctz(align);
}

static inline uint32_t ctype_align_of_code(unsigned code)
{
    return code == 0 ? 0 : UINT32_C(1) << (code - 1);
}

typedef struct CDecl {
    const char *name; /* interned */
    CType *type;
    uint32_t line;            /* 0: predefined */
    uint32_t file : 23;       /* a number for ctype_file, up to CDECL_FILE_MAX */
    uint32_t kind : 2;        /* CDeclKind */
    uint32_t align_code : 5;  /* of its own aligned attribute or _Alignas: see ctype_align_code */
    bool has_asm_name : 1;    /* FUNCTION, VARIABLE: its linker symbol comes from __asm__("…") */
    bool has_param_names : 1; /* FUNCTION: some parameter is named */
    union {
        uint64_t value;           /* CONSTANT: two's complement of its type, which for an enumerator is its enum's */
        const char *const *names; /* the asm name, then the parameters' names or NULLs: as far as it has them */
    };
} CDecl;

_Static_assert(sizeof(CDecl) == 32, "one for each declared name");

/* The linker symbol that an asm label gives, else NULL: the name itself. */
static inline const char *ctype_asm_name(const CDecl *decl)
{
    return decl->has_asm_name ? decl->names[0] : NULL;
}

/* The name of parameter i < nparams of a function, interned, or NULL. */
static inline const char *ctype_param_name(const CDecl *decl, uint32_t i)
{
    return decl->has_param_names ? decl->names[(decl->has_asm_name ? 1 : 0) + i] : NULL;
}

/* -- the table ----------------------------------------------------------------------------------------------------- */

/* New table with the basic types and the predefined names (int8_t … uintptr_t, size_t, ssize_t, ptrdiff_t, wchar_t,
 * char16_t, char32_t, __int128_t, __uint128_t, bool, va_list and gcc's __builtin_…va_list). NULL when memory is out.
 * Keeps `allocator` by value. */
CTypeTable *ctype_table_new(const Allocator *allocator);
void ctype_table_free(CTypeTable *table);

/* The interned copy of a name, NUL-terminated, unique per table by content; NULL when memory is out. */
const char *ctype_intern(CTypeTable *table, const char *text, size_t length);
/* The interned copy if there is one, else NULL; allocates nothing. */
const char *ctype_find_name(const CTypeTable *table, const char *text, size_t length);

/* Declared ordinary name (typedef, function, variable, constant) or NULL. `name` need not be interned. */
const CDecl *ctype_find_decl(const CTypeTable *table, const char *name, size_t length);
/* The name of the file that a declaration's number stands for, interned; NULL for 0, which is none. */
const char *ctype_file(const CTypeTable *table, uint32_t number);
/* struct, union or enum tag or NULL. */
CType *ctype_find_tag(const CTypeTable *table, const char *name, size_t length);

/* Transactions: everything added after a mark (types, names, completions, declarations) is undone by the rollback, as
 * if it had never been. Marks do not nest. A commit forgets the mark. No function may fail between rollback and commit.
 */
void ctype_begin(CTypeTable *table);
void ctype_commit(CTypeTable *table);
void ctype_rollback(CTypeTable *table);

/* -- making types: each returns the interned type, or NULL with memory out --------------------------------------------
 */

CType *ctype_void(CTypeTable *table);
CType *ctype_scalar(CTypeTable *table, CScalar scalar); /* its kind is by the scalar's class */
CType *ctype_complex(CTypeTable *table, CScalar part);
CType *ctype_pointer(CTypeTable *table, CType *element);
CType *ctype_reference(CTypeTable *table, CType *element);
/* nelems elements. An element of unknown size, or a size beyond PTRDIFF_MAX, is the caller's error to refuse
 * beforehand. */
CType *ctype_array(CTypeTable *table, CType *element, uint64_t nelems);
CType *ctype_array_unbounded(CTypeTable *table, CType *element); /* `[]` */
CType *ctype_array_vla(CTypeTable *table, CType *element);       /* `[?]` */
CType *ctype_vector(CTypeTable *table, CType *element, uint64_t nbytes);
CType *ctype_function(CTypeTable *table, CType *result, CType *const *params, uint32_t nparams, bool is_variadic,
                      bool is_ms_abi);
/* The variant with exactly these qualifiers (for an array: of its elements). */
CType *ctype_qualified(CTypeTable *table, CType *type, unsigned qualifiers);
/* The variant whose alignment is `align` (typedef with __attribute__((aligned))). */
CType *ctype_aligned(CTypeTable *table, CType *type, uint32_t align);

/* A union like this one, and with its name, but another type, that is transparent: what gcc makes of a typedef with the
 * attribute. The type itself when gcc would ignore the attribute: it is no complete union, or its first member is not
 * passed as the whole is. */
CType *ctype_transparent(CTypeTable *table, CType *type);

/* -- asking -------------------------------------------------------------------------------------------------------- */

static inline bool ctype_is_complete(const CType *type)
{
    return type->size != CTYPE_SIZE_UNKNOWN;
}

/* Whether the size of an object is its own and not its type's: of arrays `[?]` and `[]`, and records that end in `[?]`. */
static inline bool ctype_is_open(const CType *type)
{
    return type->is_vla || type->is_unbounded;
}

CScalarClass ctype_scalar_class(CScalar scalar);
const char *ctype_scalar_spelling(CScalar scalar);

/* The type that an argument of this type is passed as: the first member's of a transparent union, else itself. */
CType *ctype_argument_type(CType *type);

/* Same type but for qualifiers and alignment at any level that C calls compatible (C11 6.2.7), long and long long
 * distinct. */
bool ctype_is_compatible(const CType *a, const CType *b);

/* Member found by name, looking through unnamed struct and union members; *offset receives its byte offset from the
 * start of `record`. NULL when there is none. `name` is compared as text. Constant time on average. */
const CMember *ctype_find_member(const CRecord *record, const char *name, size_t length, uint64_t *offset);

/* Whether the record, or an unnamed member of it, declares a constant of that name, and its type and value. `name` is
 * compared as text. */
bool ctype_find_constant(const CRecord *record, const char *name, size_t length, CType **type, uint64_t *value);

/* Whether the enum has an enumerator of that name, and its value. Constant time, but for the name of another enum's. */
bool ctype_find_enumerator(const CEnum *enumeration, const char *name, size_t length, uint64_t *value);

/* Bytes of an object of a variable-length type (is_vla) whose array has nelems elements: of a record its size without
 * elements, and the elements. False when that is too large for an object. */
bool ctype_vla_nbytes(const CType *type, uint64_t nelems, uint64_t *nbytes);

/* How many of these bytes are behind the array: the padding at the record's end. */
uint64_t ctype_vla_padding(const CType *type);

/* Writes the C spelling of a type ("const char *", "int (*)(double)", "struct point [3]"), with `name` as declarator
 * when not NULL. Returns the length that the whole text has, like snprintf; always NUL-terminates when nbytes > 0.
 * Untagged records are spelled by their typedef name, else "struct {line N}" … as the implementation documents. */
size_t ctype_spell(const CType *type, const char *name, char *buffer, size_t nbytes);

#endif
