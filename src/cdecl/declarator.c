/* Declarators and type names (C11 6.7.6, 6.7.7): read from the inside out onto a stack of operations, which derive.c
 * applies to the base type from the top down.
 *
 * A level's operations are pushed as: those of the parenthesised declarator inside, its suffixes in order, its stars
 * from the last to the first. So the top of the stack is what applies to the base type first. */
#include <string.h>

#include "cdecl/parser.h"

static DeclaratorOp *push_op(Parser *parser, Stack *stack, const DeclaratorOp *op)
{
    DeclaratorOp *place = stack_push(stack, sizeof *place);
    if (place == NULL)
        parser_fail_memory(parser);
    else
        *place = *op;
    return place;
}

/* -- pointers ------------------------------------------------------------------------------------------------------ */

/* What `aligned` asks of the pointer or group that it stands in, on top of what has been read of it. */
static bool push_align(Parser *parser, Stack *stack, const Attributes *attributes)
{
    DeclaratorOp op = {.kind = OP_ALIGN, .at = attributes->at, .align = attributes->last_align};
    return op.align == 0 || push_op(parser, stack, &op) != NULL;
}

/* type-qualifier-list, attributes among it */
static bool parse_qualifiers(Parser *parser, Declarator *declarator, uint8_t *qualifiers, Attributes *attributes)
{
    for (;;) {
        switch (parser->token.kind) {
        case TOKEN_CONST: *qualifiers |= QUALIFIER_CONST; break;
        case TOKEN_VOLATILE: *qualifiers |= QUALIFIER_VOLATILE; break;
        case TOKEN_RESTRICT: *qualifiers |= QUALIFIER_RESTRICT; break;
        case TOKEN_ATOMIC: *qualifiers |= QUALIFIER_ATOMIC; break;
        case TOKEN_EXTENSION:
        case TOKEN_PTR64: break;
        case TOKEN_PTR32: return parser_fail(parser, &parser->token, MESSAGE_BAD_PTR32);
        default:
            if (!is_attribute_start(parser))
                return !parser->failed;
            if (!parse_attributes(parser, attributes))
                return false;
            declarator->is_ms_abi = declarator->is_ms_abi || attributes->is_ms_abi;
            continue;
        }
        lexer_advance(parser);
    }
}

/* A mode among the stars is the pointer's; a vector_size there would reach through to what is pointed to. */
static bool check_pointer_attributes(Parser *parser, const Attributes *attributes)
{
    CType *pointer;
    if (attributes->vector_nbytes != 0)
        return parser_fail(parser, &attributes->at, MESSAGE_BAD_ATTRIBUTE, "vector_size");
    if (attributes->mode == NULL)
        return true;
    pointer = ctype_pointer(parser->table, ctype_void(parser->table));
    if (pointer == NULL)
        return parser_fail_memory(parser);
    return mode_apply(parser, attributes, pointer) != NULL;
}

/* pointer: ( * type-qualifier-list? )+, or C++'s & */
static bool parse_pointers(Parser *parser, Declarator *declarator)
{
    while (parser->token.kind == '*' || parser->token.kind == '&') {
        DeclaratorOp op = {.kind = parser->token.kind == '*' ? OP_POINTER : OP_REFERENCE, .at = parser->token};
        Attributes attributes = {.is_packed = false};
        lexer_advance(parser);
        if (!parse_qualifiers(parser, declarator, &op.qualifiers, &attributes) ||
            !check_pointer_attributes(parser, &attributes) || push_op(parser, &parser->pointers, &op) == NULL ||
            !push_align(parser, &parser->pointers, &attributes))
            return false;
    }
    return true;
}

static bool move_pointers(Parser *parser, size_t first)
{
    while (parser->pointers.used > first) {
        DeclaratorOp op;
        stack_drop(&parser->pointers, parser->pointers.used - sizeof op);
        memcpy(&op, stack_at(&parser->pointers, parser->pointers.used), sizeof op);
        if (push_op(parser, &parser->ops, &op) == NULL)
            return false;
    }
    return true;
}

/* -- arrays -------------------------------------------------------------------------------------------------------- */

/* A parameter list that is open. While it is, CName.stamp is `stamp` for the names of its parameters. */
typedef struct ParameterList {
    uint32_t stamp;
    const struct ParameterList *outer;
} ParameterList;

static bool is_param_name(const Parser *parser, const Token *token)
{
    const ParameterList *list = token->kind == TOKEN_NAME ? parser->prototype : NULL;
    while (list != NULL && list->stamp != token->u.name->stamp)
        list = list->outer;
    return list != NULL;
}

/* Whether the bound names a parameter, so that only the call knows it. Looks ahead, consumes nothing. */
static bool is_variable_bound(Parser *parser)
{
    Bookmark mark = lexer_mark(parser);
    bool is_variable = false;
    if (parser->prototype_depth == 0)
        return false;
    while (!is_variable && parser->token.kind != ']' && parser->token.kind != TOKEN_END) {
        is_variable = is_param_name(parser, &parser->token);
        lexer_advance(parser);
    }
    lexer_return(parser, &mark);
    return is_variable;
}

static bool skip_bound(Parser *parser)
{
    while (parser->token.kind != ']' && parser->token.kind != TOKEN_END)
        if (parser->token.kind == '[' || parser->token.kind == '(') {
            if (!parser_skip_group(parser))
                return false;
        } else {
            lexer_advance(parser);
        }
    return !parser->failed;
}

static bool parse_bound(Parser *parser, DeclaratorOp *op)
{
    Token at = parser->token;
    Value value;
    op->kind = OP_ARRAY;
    if (!parse_constant(parser, &value))
        return false;
    if (value_is_negative(&value))
        return parser_fail(parser, &at, MESSAGE_NEGATIVE_SIZE);
    op->nelems = value_size(&value);
    return true;
}

/* `*` that the closing bracket follows is no multiplication. */
static bool is_star_bound(const Parser *parser)
{
    return parser->token.kind == '*' && parser_peek(parser) == ']';
}

/* [ static? type-qualifier-list? ( constant-expression | * | ? )? ]. A parameter's outermost bound means nothing. */
static bool parse_array(Parser *parser, Declarator *declarator)
{
    DeclaratorOp op = {.kind = OP_UNBOUNDED, .at = parser->token};
    bool is_outermost = parser->prototype_depth > 0 && parser->ops.used == declarator->first_op;
    Attributes attributes = {.is_packed = false};
    lexer_advance(parser);
    op.is_static = parser_accept(parser, TOKEN_STATIC);
    if (!parse_qualifiers(parser, declarator, &op.qualifiers, &attributes))
        return false;
    op.is_static = parser_accept(parser, TOKEN_STATIC) || op.is_static;
    if (parser_accept(parser, '?')) {
        op.kind = OP_VLA;
    } else if (is_star_bound(parser)) {
        op.kind = OP_STAR;
        lexer_advance(parser);
    } else if (parser->token.kind != ']') {
        bool is_variable = is_variable_bound(parser);
        if (is_variable)
            op.kind = is_outermost ? OP_UNBOUNDED : OP_STAR;
        if (is_variable ? !skip_bound(parser) : !parse_bound(parser, &op))
            return false;
    }
    return parser_expect(parser, ']', "']'", "array size") && push_op(parser, &parser->ops, &op) != NULL;
}

/* -- parameters ---------------------------------------------------------------------------------------------------- */

/* Arrays and functions become pointers, qualifiers of the parameter itself do not count (C11 6.7.6.3p7, p8, p15). */
static CType *adjust_param(Parser *parser, CType *type)
{
    if (type->kind == CTYPE_ARRAY)
        type = ctype_pointer(parser->table, type->u.element);
    else if (type->kind == CTYPE_FUNCTION)
        type = ctype_pointer(parser->table, type);
    if (type == NULL)
        parser_fail_memory(parser);
    return type == NULL ? NULL : type->main;
}

static bool check_param_name(Parser *parser, const Declarator *declarator)
{
    if (declarator->name->stamp == parser->prototype->stamp)
        return parser_fail(parser, &declarator->at, MESSAGE_DUPLICATE_PARAM, declarator->name->text);
    return true;
}

static bool push_param(Parser *parser, const Declarator *declarator, CType *type)
{
    Param *param = stack_push(&parser->params, sizeof *param);
    if (param == NULL)
        return parser_fail_memory(parser);
    *param = (Param){.type = type};
    if (declarator->name != NULL) {
        CName *name = ctype_name_of(declarator->name->text);
        param->name = name->text;
        param->outer_stamp = name->stamp;
        name->stamp = parser->prototype->stamp;
    }
    return true;
}

static bool is_plain_void(const CType *type)
{
    return type->kind == CTYPE_VOID && type->qualifiers == 0;
}

/* parameter-declaration; a lone `void` is left on the stack for the list to drop. */
static bool parse_parameter(Parser *parser)
{
    Specifiers specifiers;
    Declarator declarator;
    CType *type = NULL;
    if (!parse_specifiers(parser, &specifiers, true))
        return false;
    if (!parse_declarator(parser, &declarator, DECLARATOR_EITHER) || !parse_attributes(parser, &specifiers.attributes))
        return false;
    type = declared_type(parser, &declarator, &specifiers.attributes, specifiers.type, true);
    declarator_drop(parser, &declarator);
    if (type == NULL || (declarator.name != NULL && !check_param_name(parser, &declarator)))
        return false;
    if (type->kind == CTYPE_VOID && declarator.name != NULL)
        return parser_fail(parser, &declarator.at, MESSAGE_VOID_OBJECT, declarator.name->text);
    type = adjust_param(parser, type);
    if (type != NULL)
        type = attributes_apply_mode(parser, &specifiers.attributes, type);
    return type != NULL && push_param(parser, &declarator, type);
}

/* ( void ) is no parameter; any other void is an error. */
static bool drop_void(Parser *parser, DeclaratorOp *op)
{
    const Param *params = params_of(parser, op);
    uint32_t i;
    if (op->nparams == 1 && !op->is_variadic && is_plain_void(params[0].type)) {
        stack_drop(&parser->params, op->first_param);
        op->nparams = 0;
    }
    for (i = 0; i < op->nparams; i++)
        if (params[i].type->kind == CTYPE_VOID)
            return parser_fail(parser, &op->at, MESSAGE_VOID_PARAM);
    return true;
}

static void close_list(Parser *parser, const DeclaratorOp *op)
{
    const Param *params = params_of(parser, op);
    uint32_t i;
    for (i = 0; i < op->nparams; i++)
        if (params[i].name != NULL)
            ctype_name_of(params[i].name)->stamp = params[i].outer_stamp;
    parser->prototype = parser->prototype->outer;
}

/* The parameters, in the list's scope. */
static bool parse_parameters(Parser *parser, DeclaratorOp *op, const ParameterList *list)
{
    parser->prototype = list;
    do {
        if (parser_accept(parser, TOKEN_ELLIPSIS)) {
            op->is_variadic = true;
            break;
        }
        if (op->nparams == UINT32_MAX)
            return parser_fail(parser, &parser->token, MESSAGE_TOO_MANY, "parameters");
        if (!parse_parameter(parser))
            return false;
        op->nparams++;
    } while (parser_accept(parser, ','));
    return !parser->failed;
}

/* parameter-type-list: parameters separated by commas, the last may be `...` */
static bool parse_parameter_list(Parser *parser, DeclaratorOp *op)
{
    const ParameterList list = {ctype_next_stamp(parser->table), parser->prototype};
    bool is_good = parse_parameters(parser, op, &list);
    close_list(parser, op);
    return is_good && drop_void(parser, op);
}

/* ( parameter-type-list? ), behind its opening parenthesis */
static bool parse_function(Parser *parser, const Token *at)
{
    DeclaratorOp op = {.kind = OP_FUNCTION, .at = *at, .first_param = parser->params.used};
    op.is_unprototyped = parser->token.kind == ')';
    parser->prototype_depth++;
    if (!op.is_unprototyped && !parse_parameter_list(parser, &op))
        return false;
    tag_close_scope(parser);
    parser->prototype_depth--;
    if (!parser_expect(parser, ')', "',' or ')'", "parameter"))
        return false;
    return push_op(parser, &parser->ops, &op) != NULL;
}

/* -- the declarator ------------------------------------------------------------------------------------------------ */

static bool parse_level(Parser *parser, Declarator *declarator, DeclaratorForm form);

/* ( declarator ), or where no name need come the parameters of an abstract function */
static bool parse_group(Parser *parser, Declarator *declarator, DeclaratorForm form)
{
    Token at = parser->token;
    Attributes attributes = {.is_packed = false};
    lexer_advance(parser);
    if (!parse_attributes(parser, &attributes))
        return false;
    declarator->is_ms_abi = declarator->is_ms_abi || attributes.is_ms_abi;
    if (form != DECLARATOR_NAMED &&
        (parser->token.kind == ')' || parser->token.kind == TOKEN_ELLIPSIS || is_type_start(parser)))
        return parse_function(parser, &at);
    return parse_level(parser, declarator, form) && push_align(parser, &parser->ops, &attributes) &&
           parser_expect(parser, ')', "')'", "declarator");
}

/* Those that change the type of what is inside would have to be applied in the midst of the declarator. */
static bool check_inner_attributes(Parser *parser, Declarator *declarator, const Attributes *attributes)
{
    if (attributes->vector_nbytes != 0 || attributes->mode != NULL)
        return parser_fail(parser, &attributes->at, MESSAGE_BAD_ATTRIBUTE, attributes->at.u.name->text);
    declarator->is_ms_abi = declarator->is_ms_abi || attributes->is_ms_abi;
    return true;
}

/* [[…]] behind the name, if a suffix follows them; any others are left to whom the whole declarator belongs. */
static bool parse_name_attributes(Parser *parser, Declarator *declarator)
{
    Bookmark mark = lexer_mark(parser);
    Attributes attributes = {.is_packed = false};
    if (!is_attribute_start(parser) || parser->token.kind != '[')
        return !parser->failed;
    if (!parse_attributes(parser, &attributes))
        return false;
    if (parser->token.kind != '[' && parser->token.kind != '(') {
        lexer_return(parser, &mark);
        return true;
    }
    declarator->align = attributes.align;
    declarator->is_packed = attributes.is_packed;
    return check_inner_attributes(parser, declarator, &attributes);
}

/* [[…]] behind a suffix belong to the array or function that it makes (C23 6.7.7.1): as they apply to the type behind it,
 * they go below it on the stack. */
static bool parse_suffix_attributes(Parser *parser, Declarator *declarator)
{
    Attributes attributes = {.is_packed = false};
    size_t last = parser->ops.used - sizeof(DeclaratorOp);
    DeclaratorOp suffix;
    memcpy(&suffix, stack_at(&parser->ops, last), sizeof suffix);
    if (!parse_type_attributes(parser, &attributes) || !check_inner_attributes(parser, declarator, &attributes))
        return false;
    if (attributes.last_align == 0 || suffix.kind == OP_FUNCTION)
        return true;
    stack_drop(&parser->ops, last);
    return push_align(parser, &parser->ops, &attributes) && push_op(parser, &parser->ops, &suffix) != NULL;
}

/* Marks the first function among the operations from `first_op` on; false when there is none. */
static bool mark_ms_abi(Parser *parser, size_t first_op)
{
    DeclaratorOp *op = stack_at(&parser->ops, first_op);
    const DeclaratorOp *end = stack_at(&parser->ops, parser->ops.used);
    for (; op < end; op++)
        if (op->kind == OP_FUNCTION) {
            op->is_ms_abi = true;
            return true;
        }
    return false;
}

/* Any [ … ] and ( … ) */
static bool parse_suffixes(Parser *parser, Declarator *declarator)
{
    while ((parser->token.kind == '[' || parser->token.kind == '(') && !is_attribute_start(parser)) {
        Token at = parser->token;
        if (at.kind == '(')
            lexer_advance(parser);
        if (at.kind == '(' ? !parse_function(parser, &at) : !parse_array(parser, declarator))
            return false;
        if (is_attribute_start(parser) && parser->token.kind == '[' && !parse_suffix_attributes(parser, declarator))
            return false;
    }
    return !parser->failed;
}

/* A group and its suffixes: an attribute inside the parentheses is the outer function's, if there is one. */
static bool parse_group_and_suffixes(Parser *parser, Declarator *declarator, DeclaratorForm form)
{
    bool is_ms_abi = declarator->is_ms_abi;
    size_t first_suffix;
    declarator->is_ms_abi = false;
    if (!parse_group(parser, declarator, form))
        return false;
    first_suffix = parser->ops.used;
    if (!parse_suffixes(parser, declarator))
        return false;
    if (declarator->is_ms_abi && mark_ms_abi(parser, first_suffix))
        declarator->is_ms_abi = false;
    declarator->is_ms_abi = declarator->is_ms_abi || is_ms_abi;
    return true;
}

/* direct-declarator: identifier | ( declarator ), then any [ … ] and ( … ) */
static bool parse_direct(Parser *parser, Declarator *declarator, DeclaratorForm form)
{
    if (parser->token.kind == TOKEN_NAME && form != DECLARATOR_ABSTRACT) {
        declarator->name = parser->token.u.name;
        declarator->at = parser->token;
        lexer_advance(parser);
        if (!parse_name_attributes(parser, declarator))
            return false;
    } else if (parser->token.kind == '(') {
        return parse_group_and_suffixes(parser, declarator, form);
    } else if (form == DECLARATOR_NAMED) {
        return parser_fail(parser, &parser->token, MESSAGE_EXPECTED, "a name", &parser->token);
    }
    return parse_suffixes(parser, declarator);
}

/* declarator: pointer? direct-declarator */
static bool parse_level(Parser *parser, Declarator *declarator, DeclaratorForm form)
{
    size_t first_pointer = parser->pointers.used;
    bool is_good;
    if (!parser_enter(parser))
        return false;
    is_good = parse_pointers(parser, declarator) && parse_direct(parser, declarator, form) &&
              move_pointers(parser, first_pointer);
    parser_leave(parser);
    return is_good;
}

bool parse_declarator(Parser *parser, Declarator *declarator, DeclaratorForm form)
{
    *declarator = (Declarator){.at = parser->token, .first_op = parser->ops.used, .first_param = parser->params.used};
    if (!parse_level(parser, declarator, form))
        return false;
    if (declarator->is_ms_abi)
        declarator_set_ms_abi(parser, declarator);
    return true;
}

bool parse_declarator_attributes(Parser *parser, const Declarator *declarator, Attributes *attributes)
{
    if (declarator->align > attributes->align)
        attributes->align = declarator->align;
    if (declarator->align != 0)
        attributes->last_align = declarator->align;
    attributes->is_packed = attributes->is_packed || declarator->is_packed;
    return parse_attributes(parser, attributes);
}

void declarator_drop(Parser *parser, const Declarator *declarator)
{
    stack_drop(&parser->ops, declarator->first_op);
    stack_drop(&parser->params, declarator->first_param);
}

void declarator_set_ms_abi(Parser *parser, const Declarator *declarator)
{
    mark_ms_abi(parser, declarator->first_op);
}

/* -- type names ---------------------------------------------------------------------------------------------------- */

/* What the attributes and the abstract declarator make of the specifiers' type. */
static CType *named_type(Parser *parser, const Specifiers *specifiers, const Declarator *declarator)
{
    const Attributes *attributes = &specifiers->attributes;
    CType *type = declared_type(parser, declarator, attributes, specifiers->type, false);
    if (type != NULL)
        type = attributes_apply_mode(parser, attributes, type);
    if (type == NULL || attributes->last_align == 0)
        return type;
    type = ctype_aligned(parser->table, type, attributes->last_align);
    if (type == NULL)
        parser_fail_memory(parser);
    return type;
}

/* type-name: specifier-qualifier-list abstract-declarator? */
CType *parse_type_name(Parser *parser)
{
    Specifiers specifiers;
    Declarator declarator;
    CType *type = NULL;
    if (!parser_enter(parser))
        return NULL;
    if (parse_specifiers(parser, &specifiers, true) && parse_declarator(parser, &declarator, DECLARATOR_ABSTRACT) &&
        parse_attributes(parser, &specifiers.attributes)) {
        type = named_type(parser, &specifiers, &declarator);
        declarator_drop(parser, &declarator);
    }
    parser_leave(parser);
    return parser->failed ? NULL : type;
}
