/* What happens when a name is declared: it is new, it is the same again, it says more, or it conflicts (C11 6.7p3, p4).
 *
 * The same again changes nothing and keeps no memory. */
#include "cdecl/parser.h"

static const char *kind_name(unsigned kind)
{
    static const char *const names[] = {[CDECL_TYPEDEF] = "typedef",
                                        [CDECL_FUNCTION] = "function",
                                        [CDECL_VARIABLE] = "variable",
                                        [CDECL_CONSTANT] = "constant"};
    return names[kind];
}

/* -- the asm label's and the parameters' names --------------------------------------------------------------------- */

/* The operation of the declared function itself, the innermost one, when it names parameters; else NULL. */
static const DeclaratorOp *naming_function(const Parser *parser, const CDecl *decl, const Declarator *declarator)
{
    const DeclaratorOp *op;
    const Param *params;
    uint32_t i;
    if (decl->kind != CDECL_FUNCTION || declarator == NULL || parser->ops.used == declarator->first_op)
        return NULL;
    op = stack_at(&parser->ops, declarator->first_op);
    params = params_of(parser, op);
    for (i = 0; i < op->nparams; i++)
        if (params[i].name != NULL)
            return op;
    return NULL;
}

static const char *asm_name_of(const CDecl *decl, const Declarator *declarator)
{
    bool is_symbol = decl->kind == CDECL_FUNCTION || decl->kind == CDECL_VARIABLE;
    return is_symbol && declarator != NULL ? declarator->asm_name : NULL;
}

/* Gives the declaration the names that the old one, or NULL, and the declarator have. */
static bool set_names(Parser *parser, CDecl *decl, const CDecl *old, const Declarator *declarator)
{
    bool has_old_params = old != NULL && old->has_param_names;
    const DeclaratorOp *op = has_old_params ? NULL : naming_function(parser, decl, declarator);
    const char *asm_name = old != NULL && old->has_asm_name ? ctype_asm_name(old) : asm_name_of(decl, declarator);
    const Param *params = op == NULL ? NULL : params_of(parser, op);
    uint32_t nparams = has_old_params ? old->type->u.function->nparams : op != NULL ? op->nparams : 0, i;
    const char **names;
    decl->has_asm_name = asm_name != NULL;
    decl->has_param_names = nparams > 0;
    if (asm_name == NULL && nparams == 0)
        return true;
    names = ctype_alloc(parser->table, ((size_t)nparams + decl->has_asm_name) * sizeof *names);
    if (names == NULL)
        return parser_fail_memory(parser);
    decl->names = names;
    if (asm_name != NULL)
        *names++ = asm_name;
    for (i = 0; i < nparams; i++)
        names[i] = has_old_params ? ctype_param_name(old, i) : params[i].name;
    return true;
}

/* -- new names ----------------------------------------------------------------------------------------------------- */

static bool declare_new(Parser *parser, CDecl *decl, const Declarator *declarator)
{
    CType *type = decl->type;
    bool is_untagged = (type->kind == CTYPE_RECORD && type->u.record->tag == NULL) ||
                       (type->kind == CTYPE_ENUM && type->u.enumeration->tag == NULL);
    if (!set_names(parser, decl, NULL, declarator))
        return false;
    if (decl->kind == CDECL_TYPEDEF && is_untagged && !ctype_name_type(parser->table, type, decl->name))
        return parser_fail_memory(parser);
    return ctype_declare(parser->table, decl) != NULL || parser_fail_memory(parser);
}

/* -- the same name again ------------------------------------------------------------------------------------------- */

/* Integer types of one size and signedness: a header's own int64_t may be long long. */
static bool is_like(const CType *a, const CType *b)
{
    bool are_scalars = (a->kind == CTYPE_INTEGER || a->kind == CTYPE_BOOL) && a->kind == b->kind;
    return are_scalars && a->size == b->size &&
           ctype_scalar_class((CScalar)a->scalar) == ctype_scalar_class((CScalar)b->scalar);
}

static bool is_predefined(const CDecl *decl)
{
    return decl->line == 0 && decl->kind == CDECL_TYPEDEF;
}

/* A typedef of a predefined name changes nothing, as in LuaJIT: what was written for another machine (`typedef unsigned
 * int size_t;`) must not change this one's types. bool, char16_t and char32_t are no types of C's own in older texts. */
static bool is_settled(const CDecl *old, const CDecl *decl)
{
    static const char *const open[] = {"bool", "char16_t", "char32_t"};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (strcmp(old->name, open[i]) == 0)
            return is_like(old->type, decl->type) || ctype_is_redeclaration(old->type, decl->type);
    return true;
}

/* Adds what the new declaration says more. */
static bool complete(Parser *parser, const CDecl *old, const CDecl *decl, const Declarator *declarator)
{
    CDecl merged = *old;
    bool has_news = (!old->has_asm_name && asm_name_of(decl, declarator) != NULL) ||
                    (!old->has_param_names && naming_function(parser, decl, declarator) != NULL);
    merged.type = ctype_composite(old->type, decl->type);
    if (decl->align_code > old->align_code)
        merged.align_code = decl->align_code;
    if (merged.type == old->type && merged.align_code == old->align_code && !has_news)
        return true;
    if (has_news && !set_names(parser, &merged, old, declarator))
        return false;
    return ctype_redeclare(parser->table, old, &merged) || parser_fail_memory(parser);
}

static bool check_again(Parser *parser, const Token *at, const CDecl *old, const CDecl *decl,
                        const Declarator *declarator)
{
    const char *asm_name = asm_name_of(decl, declarator);
    if (old->kind != decl->kind)
        return parser_fail(parser, at, MESSAGE_OTHER_KIND, decl->name, kind_name(decl->kind), kind_name(old->kind),
                           old->file, old->line);
    if (!ctype_is_redeclaration(old->type, decl->type))
        return parser_fail(parser, at, MESSAGE_CONFLICT, decl->name, decl->type, old->type, old->file, old->line);
    if (decl->kind == CDECL_CONSTANT && decl->value != old->value)
        return parser_fail(parser, at, MESSAGE_OTHER_VALUE, decl->name, old->file, old->line);
    if (old->has_asm_name && asm_name != NULL && ctype_asm_name(old) != asm_name)
        return parser_fail(parser, at, MESSAGE_OTHER_SYMBOL, decl->name, old->file, old->line);
    return true;
}

bool declare_name(Parser *parser, const Token *at, CDecl *decl, const Declarator *declarator)
{
    const CDecl *old = ctype_name_of(decl->name)->decl;
    if (old == NULL)
        return declare_new(parser, decl, declarator);
    if (is_predefined(old)) {
        if (decl->kind == CDECL_TYPEDEF && is_settled(old, decl))
            return true;
        return declare_new(parser, decl, declarator);
    }
    return check_again(parser, at, old, decl, declarator) && complete(parser, old, decl, declarator);
}
