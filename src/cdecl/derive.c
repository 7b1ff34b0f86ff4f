/* What a declarator's operations make of a base type, with C's constraints on derived types (C11 6.7.6.1 to 6.7.6.3).
 */
#include "cdecl/parser.h"

static CType *made(Parser *parser, const DeclaratorOp *op, CType *type)
{
    if (type == NULL) {
        parser_fail_memory(parser);
    } else if (ctype_depth(type) > CTYPE_DEPTH_MAX) {
        parser_fail(parser, &op->at, MESSAGE_TYPE_TOO_DEEP);
        return NULL;
    }
    return type;
}

static CType *derive_pointer(Parser *parser, const DeclaratorOp *op, CType *type)
{
    bool is_star = op->kind == OP_POINTER;
    if (type->kind == CTYPE_REFERENCE || (type->kind == CTYPE_VOID && !is_star)) {
        parser_fail(parser, &op->at, MESSAGE_BAD_REFERENT, is_star ? "pointer" : "reference",
                    type->kind == CTYPE_VOID ? "void" : "a reference");
        return NULL;
    }
    type = is_star ? ctype_pointer(parser->table, type) : ctype_reference(parser->table, type);
    if (type != NULL && op->qualifiers != 0)
        type = ctype_qualified(parser->table, type, op->qualifiers);
    return made(parser, op, type);
}

/* The constraints on an array's element. */
static bool check_element(Parser *parser, const DeclaratorOp *op, const CType *element)
{
    if (element->kind == CTYPE_VOID)
        return parser_fail(parser, &op->at, MESSAGE_ARRAY_OF_VOID);
    if (element->kind == CTYPE_FUNCTION)
        return parser_fail(parser, &op->at, MESSAGE_ARRAY_OF_FUNCTIONS);
    if (element->kind == CTYPE_REFERENCE)
        return parser_fail(parser, &op->at, MESSAGE_ARRAY_OF_REFERENCES);
    if (element->is_vla)
        return parser_fail(parser, &op->at, MESSAGE_ARRAY_VLA_PLACE);
    if (!ctype_is_complete(element))
        return parser_fail(parser, &op->at, MESSAGE_ARRAY_OF_INCOMPLETE, element);
    if (element->size % element->align != 0)
        return parser_fail(parser, &op->at, MESSAGE_ARRAY_MISALIGNED, element);
    return true;
}

static CType *derive_sized_array(Parser *parser, const DeclaratorOp *op, CType *element)
{
    if (op->nelems > (uint64_t)PTRDIFF_MAX ||
        (element->size != 0 && op->nelems > (uint64_t)PTRDIFF_MAX / element->size)) {
        parser_fail(parser, &op->at, MESSAGE_TOO_LARGE, "array");
        return NULL;
    }
    return ctype_array(parser->table, element, op->nelems);
}

/* `is_param` is set for a parameter's arrays, `is_whole` for that which is the parameter's own type. */
static CType *derive_array(Parser *parser, const DeclaratorOp *op, CType *type, bool is_param, bool is_whole)
{
    bool is_bracket_word = op->kind == OP_STAR || op->is_static || op->qualifiers != 0;
    if (is_bracket_word && !is_param) {
        parser_fail(parser, &op->at, MESSAGE_ARRAY_STAR,
                    op->kind == OP_STAR ? "'*'"
                    : op->is_static     ? "'static'"
                                        : "a qualifier");
        return NULL;
    }
    if (is_param &&
        type->is_unbounded) /* `a[n][m]` is a pointer to `int []`; more unknown bounds inside count as one */
        return is_whole ? made(parser, op, ctype_pointer(parser->table, type)) : type;
    if (!check_element(parser, op, type))
        return NULL;
    if (op->kind == OP_ARRAY)
        type = derive_sized_array(parser, op, type);
    else if (op->kind == OP_VLA)
        type = ctype_array_vla(parser->table, type);
    else
        type = ctype_array_unbounded(parser->table, type);
    return parser->failed ? NULL : made(parser, op, type);
}

/* Collects the parameters' types on the scratch stack for as long as the call takes. */
static CType *intern_function(Parser *parser, const DeclaratorOp *op, CType *result)
{
    size_t used = parser->scratch.used, padding = (0 - used) & 15;
    size_t nbytes = op->nparams * sizeof(CType *);
    CType **types, *type = NULL;
    const Param *params;
    uint32_t i;
    types = stack_push(&parser->scratch, padding + nbytes);
    if (types == NULL)
        return NULL;
    types = stack_at(&parser->scratch, used + padding);
    params = params_of(parser, op);
    for (i = 0; i < op->nparams; i++)
        types[i] = params[i].type;
    type = ctype_function(parser->table, result, types, op->nparams, op->is_variadic, op->is_ms_abi);
    stack_drop(&parser->scratch, used);
    return type;
}

static CType *derive_function(Parser *parser, const DeclaratorOp *op, CType *result)
{
    if (result->kind == CTYPE_ARRAY || result->kind == CTYPE_FUNCTION) {
        parser_fail(parser, &op->at, MESSAGE_FUNCTION_RESULT, result->kind == CTYPE_ARRAY ? "an array" : "a function");
        return NULL;
    }
    result = result->main; /* a result's own qualifiers do not count (C11 6.7.6.3p4 as of DR 423) */
    if (op->is_unprototyped)
        return made(parser, op, ctype_function_unprototyped(parser->table, result, op->is_ms_abi));
    return made(parser, op, intern_function(parser, op, result));
}

CType *declarator_apply(Parser *parser, const Declarator *declarator, CType *base, bool is_param)
{
    size_t top = parser->ops.used / sizeof(DeclaratorOp), first = declarator->first_op / sizeof(DeclaratorOp);
    CType *type = base;
    while (type != NULL && top-- > first) {
        const DeclaratorOp *op = stack_at(&parser->ops, top * sizeof *op); /* nothing pushes here */
        if (op->kind == OP_POINTER || op->kind == OP_REFERENCE)
            type = derive_pointer(parser, op, type);
        else if (op->kind == OP_FUNCTION)
            type = derive_function(parser, op, type);
        else if (op->kind == OP_ALIGN)
            type = made(parser, op, ctype_aligned(parser->table, type, op->align));
        else
            type = derive_array(parser, op, type, is_param, is_param && top == first);
    }
    return type;
}

CType *declared_type(Parser *parser, const Declarator *declarator, const Attributes *attributes, CType *base,
                     bool is_param)
{
    CType *type = base;
    if (attributes->is_ms_abi)
        declarator_set_ms_abi(parser, declarator);
    if (attributes->vector_nbytes != 0)
        type = vector_size_apply(parser, attributes, type);
    return type == NULL ? NULL : declarator_apply(parser, declarator, type, is_param);
}
