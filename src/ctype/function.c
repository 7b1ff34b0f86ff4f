/* Interned function types: (result, parameters, variadic, ABI, prototype or not). */
#include <string.h>

#include "ctype/table.h"

typedef struct FunctionKey {
    CType *result;
    CType *const *params;
    uint32_t nparams;
    bool is_variadic;
    bool is_ms_abi;
    bool is_unprototyped;
} FunctionKey;

static uint32_t hash_function(const FunctionKey *key)
{
    uint64_t shape = CTYPE_FUNCTION | (uint64_t)key->nparams << 32 | (uint64_t)key->is_variadic << 8 |
                     (uint64_t)key->is_ms_abi << 9 | (uint64_t)key->is_unprototyped << 10;
    uint64_t hash = hash_mix((uint64_t)(uintptr_t)key->result, shape);
    uint32_t i;
    for (i = 0; i < key->nparams; i++)
        hash = hash_mix(hash, (uint64_t)(uintptr_t)key->params[i]);
    return hash_end(hash);
}

static bool is_equal(const TypeNode *node, const FunctionKey *key)
{
    const CFunction *function = node->type.u.function;
    return node->type.main == &node->type && node->type.kind == CTYPE_FUNCTION && function->result == key->result &&
           function->nparams == key->nparams && function->is_variadic == key->is_variadic &&
           function->is_ms_abi == key->is_ms_abi && node->is_unprototyped == key->is_unprototyped &&
           (key->nparams == 0 || memcmp(function->params, key->params, key->nparams * sizeof *key->params) == 0);
}

static unsigned function_depth(const FunctionKey *key)
{
    unsigned depth = key->result->kind == CTYPE_RECORD ? 0 : ctype_depth(key->result);
    uint32_t i;
    for (i = 0; i < key->nparams; i++)
        if (key->params[i]->kind != CTYPE_RECORD && ctype_depth(key->params[i]) > depth)
            depth = ctype_depth(key->params[i]);
    return depth + 1;
}

static CType *new_function(CTypeTable *table, const FunctionKey *key, uint32_t hash)
{
    CType type = {.kind = CTYPE_FUNCTION, .align = 1, .size = CTYPE_SIZE_UNKNOWN};
    CFunction *function = arena_alloc(&table->arena, sizeof *function + key->nparams * sizeof *key->params);
    TypeNode *node;
    if (function == NULL)
        return NULL;
    function->result = key->result;
    function->nparams = key->nparams;
    function->is_variadic = key->is_variadic;
    function->is_ms_abi = key->is_ms_abi;
    if (key->nparams > 0)
        memcpy(function->params, key->params, key->nparams * sizeof *key->params);
    type.u.function = function;
    node = types_new(table, &type);
    if (node == NULL)
        return NULL;
    node->is_unprototyped = key->is_unprototyped;
    node->depth = types_depth(function_depth(key));
    types_insert(table, node, hash);
    return &node->type;
}

static CType *intern_function(CTypeTable *table, const FunctionKey *key)
{
    uint32_t hash = hash_function(key);
    TypeNode *node = table->types[hash & table->types_mask];
    while (node != NULL && (node->hash != hash || !is_equal(node, key)))
        node = node->next;
    return node != NULL ? &node->type : new_function(table, key, hash);
}

CType *ctype_function(CTypeTable *table, CType *result, CType *const *params, uint32_t nparams, bool is_variadic,
                      bool is_ms_abi)
{
    FunctionKey key = {result, params, nparams, is_variadic, is_ms_abi, false};
    return intern_function(table, &key);
}

CType *ctype_function_unprototyped(CTypeTable *table, CType *result, bool is_ms_abi)
{
    FunctionKey key = {result, NULL, 0, false, is_ms_abi, true};
    return intern_function(table, &key);
}
