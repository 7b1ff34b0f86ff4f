/* TypeInfo: what the Lua face knows of a CType, made on first use and kept in CType.face: how its values convert, its
 * fields by key string, its leaves for the call engine. One per variant, so a const struct has const fields. */
#ifndef AIRLOCK_BIND_TYPEINFO_H
#define AIRLOCK_BIND_TYPEINFO_H

#include "abi/abi.h"
#include "bind/state.h"
#include "ctype/ctype.h"

/* How a value of a type converts between C and Lua. */
typedef enum ValueKind {
    VALUE_VOID,
    VALUE_BOOL,
    VALUE_I8,
    VALUE_U8,
    VALUE_I16,
    VALUE_U16,
    VALUE_I32,
    VALUE_U32,
    VALUE_I64,
    VALUE_U64, /* read as cdata from 2^63 up */
    VALUE_I128,
    VALUE_U128,
    VALUE_BF16, /* __bf16 */
    VALUE_F16,
    VALUE_F32,
    VALUE_F64,
    VALUE_F80,
    VALUE_F128,
    VALUE_ENUM,     /* as TypeInfo.underlying, and takes its constants' names */
    VALUE_BITFIELD, /* only in a Field: as its type, through the member's bits */
    VALUE_POINTER,
    VALUE_REFERENCE,
    VALUE_RECORD,
    VALUE_ARRAY,
    VALUE_VECTOR,
    VALUE_COMPLEX,
    VALUE_DECIMAL, /* no number in Lua: a cdata that is copied, like a vector */
    VALUE_FUNCTION
} ValueKind;

static inline bool value_is_integer(ValueKind kind)
{
    return kind >= VALUE_BOOL && kind <= VALUE_U128;
}

static inline bool value_is_number(ValueKind kind)
{
    return kind >= VALUE_BOOL && kind <= VALUE_ENUM;
}

typedef struct TypeInfo TypeInfo;
typedef struct Signature Signature;

typedef struct Field {
    const void *key; /* lua_topointer of the anchored Lua string; NULL: empty slot */
    uint64_t offset; /* bytes from the record's start */
    TypeInfo *info;
    const CMember *member;
    uint8_t kind; /* ValueKind, VALUE_BITFIELD for a bit-field */
    bool is_const;
    bool is_unchecked; /* array at the record's end: its index is not checked */
} Field;

/* Open-addressing hash by key pointer; at most half full. */
typedef struct FieldTable {
    uint32_t mask;
    bool has_long_names; /* longer than what Lua interns: their pointers do not tell */
    bool is_all;         /* none such, and no constants: a string that is not here is the metatype's business */
    Field slots[];
} FieldTable;

/* The members that a struct begins with and that plain numbers initialise. */
typedef struct Part {
    uint32_t offset;
    ValueKind kind;
} Part;

typedef struct Parts {
    uint64_t nbytes; /* of the struct */
    uint32_t count;
    bool is_whole; /* they are all of it, without padding */
    Part list[];
} Parts;

struct TypeInfo {
    FfiState *state;
    CType *type;
    uint8_t kind;       /* ValueKind */
    uint8_t underlying; /* ENUM: ValueKind of its integer; COMPLEX: of its part; else == kind */
    bool is_const;
    bool is_pointer;            /* its value is an address that an index or field goes through (POINTER, REFERENCE) */
    bool is_text;               /* POINTER to char and its kin */
    const CType *plain_element; /* POINTER, REFERENCE, ARRAY: the element type without qualifiers */
    uint8_t element_qualifiers; /* and its qualifiers */
    TypeInfo *element;          /* POINTER, REFERENCE, ARRAY, VECTOR, COMPLEX: made on first use (typeinfo_element) */
    uint64_t stride;  /* POINTER, ARRAY: bytes from an element to the next (typeinfo_set_stride); 0: find out */
    uint64_t limit;   /* with a stride: indices below it are in an ARRAY of known length, or do not overflow */
    TypeInfo *record; /* the record that a field name is looked up in: itself or what it points to; NULL: none */
    TypeInfo *meta;   /* whose metatable holds: the plain RECORD, VECTOR or COMPLEX it is or points to; or NULL */
    int metatable;    /* in such a plain type: its metatype's registry reference; 0: none (metatype.h) */
    int collected;    /* in such a plain type: registry reference of the metatable of objects that Lua finalises ... */
    const void *collector; /* ... with this function, the metatype's __gc, which it holds: finalizer.h; NULL: none */
    const Parts *parts;    /* RECORD: made on first initialisation from values (typeinfo_parts); NULL before */
    FieldTable *fields;    /* RECORD: made on first field access after completion */
    Signature *signature;  /* FUNCTION: made on first use */
    struct CallbackType *callback_type; /* FUNCTION: made with its first callback */
    AbiType abi;                        /* made on first use (typeinfo_abi); leaves NULL before */
};

/* What is known of `type`, worked out once: typeinfo_of asks for it. Never NULL; raises for an enum whose values are
 * not known yet.
 * [-0, +0, v] */
TypeInfo *typeinfo_make(FfiState *S, lua_State *L, CType *type);

static inline TypeInfo *typeinfo_of(FfiState *S, lua_State *L, CType *type)
{
    return type->face != NULL ? type->face : typeinfo_make(S, L, type);
}

/* The same of the element (POINTER, ARRAY …). [-0, +0, v] */
TypeInfo *typeinfo_make_element(TypeInfo *info, lua_State *L);

static inline TypeInfo *typeinfo_element(TypeInfo *info, lua_State *L)
{
    return info->element != NULL ? info->element : typeinfo_make_element(info, L);
}

/* The pointer to such an element. [-0, +0, v] */
TypeInfo *typeinfo_pointer_to(FfiState *S, lua_State *L, CType *element);

/* Sets the stride of a POINTER or ARRAY whose element is made and complete. */
void typeinfo_set_stride(TypeInfo *info);

static inline uint32_t typeinfo_hash_key(const void *key)
{
    uintptr_t address = (uintptr_t)key;
    return (uint32_t)((address >> 4) ^ (address >> 11));
}

/* The field of a record whose key this is, lua_topointer of what may be its name; NULL: not found so, and
 * typeinfo_other_field may know it. */
static inline const Field *typeinfo_known_field(const TypeInfo *record, const void *key)
{
    const FieldTable *table = record->fields;
    if (table == NULL || key == NULL)
        return NULL;
    uint32_t i = typeinfo_hash_key(key);
    const Field *slot = &table->slots[i & table->mask];
    while (slot->key != key) {
        if (slot->key == NULL)
            return NULL;
        slot = &table->slots[++i & table->mask];
    }
    return slot;
}

/* Field of info->record by the string at stack index `index`; NULL when it has none or is incomplete. [-0, +0, m] */
const Field *typeinfo_find_field(TypeInfo *info, lua_State *L, int index);
/* The same when typeinfo_known_field has not found it. [-0, +0, m] */
const Field *typeinfo_other_field(TypeInfo *info, lua_State *L, int index);

/* Number of elements of an array at `start`, in an object of known size that ends at `end` (NULL: that is not known);
 * false: nobody knows. */
bool typeinfo_array_length(const CType *array, const char *start, const char *end, uint64_t *count);

/* The parts of a complete RECORD. [-0, +0, v] */
const Parts *typeinfo_make_parts(TypeInfo *info, lua_State *L);

static inline const Parts *typeinfo_parts(TypeInfo *info, lua_State *L)
{
    return info->parts != NULL ? info->parts : typeinfo_make_parts(info, L);
}

/* The type as the call engine wants it, or NULL when it cannot be passed by value. [-0, +0, m] */
const AbiType *typeinfo_abi(TypeInfo *info, lua_State *L);

/* char and its kin: what text and bytes consist of. */
static inline bool typeinfo_is_byte(const CType *type)
{
    return type->kind == CTYPE_INTEGER && type->size == 1;
}

/* Whether a pointer to this takes a Lua string, which nothing may write to. */
static inline bool typeinfo_takes_string(const CType *element)
{
    return (element->kind == CTYPE_VOID || typeinfo_is_byte(element)) && (element->qualifiers & QUALIFIER_CONST) != 0;
}

static inline bool typeinfo_is_function_pointer(const TypeInfo *info)
{
    return info->kind == VALUE_POINTER && info->type->u.element->kind == CTYPE_FUNCTION;
}

#endif
