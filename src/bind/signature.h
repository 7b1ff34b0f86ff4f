/* Signatures: a function type's plan and how each argument and the result converts, worked out once per type. */
#ifndef AIRLOCK_BIND_SIGNATURE_H
#define AIRLOCK_BIND_SIGNATURE_H

#include "bind/typeinfo.h"

/* How an argument gets into its slot. */
typedef enum ParamKind {
    PARAM_WORD, /* an integer or enum of 32 or 64 bits: a Lua integer as it is, whose upper half a 32-bit callee ignores */
    PARAM_NARROW, /* one of 8 or 16 bits: extended to 64 */
    PARAM_BOOL,
    PARAM_DOUBLE,
    PARAM_FLOAT,
    PARAM_STRING, /* a pointer that takes Lua strings */
    PARAM_POINTER,
    PARAM_SCALAR, /* any other value of one slot */
    PARAM_VALUE,  /* through abi_place */
    PARAM_END     /* behind the last one */
} ParamKind;

typedef enum ResultKind {
    RESULT_VOID,
    RESULT_I32,
    RESULT_U32,
    RESULT_I64,
    RESULT_U64,
    RESULT_BOOL,
    RESULT_F64,
    RESULT_F32,
    RESULT_POINTER,
    RESULT_SCALAR, /* anything else in a register that reads as a Lua value */
    RESULT_OBJECT  /* into a new cdata: records, vectors, complex numbers, everything wider than eight bytes */
} ResultKind;

typedef struct Param {
    TypeInfo *info;
    const TypeInfo *taken; /* STRING, POINTER, VALUE: type of the cdata that last went as it is: its like always do */
    uint32_t slot;         /* frame offset, unless PARAM_VALUE */
    uint8_t kind;          /* ParamKind */
} Param;

struct Signature {
    const AbiPlan *plan;
    uint32_t nparams;
    uint8_t result_kind; /* ResultKind */
    bool is_variadic;
    TypeInfo *result; /* unqualified */
    TypeInfo *info;   /* the function type's */
    Param params[];   /* nparams, and one of PARAM_END */
};

/* The signature of a FUNCTION type. decl names the function in messages, may be NULL. Raises when a type cannot be
 * passed. [-0, +0, v] */
Signature *signature_of(TypeInfo *function, lua_State *L, const CDecl *decl);

/* How a value of the type reads where it is one of a register's, whatever the plan. */
ResultKind signature_value_kind(const TypeInfo *info);

/* A plan for the signature, whose types are known, from another allocator. [-0, +0, v] */
AbiPlan *signature_plan(const Signature *signature, lua_State *L, uint32_t nfixed, const CDecl *decl,
                        const Allocator *allocator);

/* A signature for one call of a variadic function whose arguments beyond the prototype have these types, promoted
 * already. It and its plan live in userdata left on the stack. [-0, +2, v] */
Signature *signature_push_variadic(FfiState *S, lua_State *L, const Signature *fixed, const CDecl *decl,
                                   TypeInfo *const *types, uint32_t ntypes);

/* What messages call a function: its declared name, or its type when it is called through a pointer. [-0, +1, m] */
const char *signature_push_name(lua_State *L, const CType *function, const CDecl *decl);
/* Its prototype with the parameters' names, as far as they were declared. [-0, +1, m] */
const char *signature_push_prototype(lua_State *L, const CType *function, const CDecl *decl);

#endif
