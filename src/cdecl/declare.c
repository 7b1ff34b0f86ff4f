/* What happens when a name is declared: it is new, it is the same again, it says more, or it conflicts (C11 6.7p3, p4).
 *
 * The same again changes nothing and keeps no memory. */
#include <string.h>

#include "cdecl/parser.h"

static const char *kind_name(CDeclKind kind)
{
    static const char *const names[] = {[CDECL_TYPEDEF] = "typedef",
                                        [CDECL_FUNCTION] = "function",
                                        [CDECL_VARIABLE] = "variable",
                                        [CDECL_CONSTANT] = "constant"};
    return names[kind];
}

/* -- parameter names ----------------------------------------------------------------------------------------------- */

/* The parameters' names of the declared function itself: its operation is the innermost one. */
static bool set_param_names(Parser *parser, CDecl *decl, const Declarator *declarator)
{
    const DeclaratorOp *op;
    const Param *params;
    const char **names;
    uint32_t i, nnamed = 0;
    if (decl->kind != CDECL_FUNCTION || declarator == NULL || parser->ops.used == declarator->first_op)
        return true;
    op = (const DeclaratorOp *)(const void *)(parser->ops.data + declarator->first_op);
    params = (const Param *)(const void *)parser->params.data + op->first_param;
    for (i = 0; i < op->nparams; i++)
        nnamed += params[i].name != NULL;
    if (nnamed == 0)
        return true;
    names = ctype_alloc(parser->table, op->nparams * sizeof *names);
    if (names == NULL)
        return parser_fail_memory(parser);
    for (i = 0; i < op->nparams; i++)
        names[i] = params[i].name;
    decl->param_names = names;
    return true;
}

/* -- new names ----------------------------------------------------------------------------------------------------- */

static bool declare_new(Parser *parser, CDecl *decl, const Declarator *declarator)
{
    CType *type = decl->type;
    bool is_untagged = (type->kind == CTYPE_RECORD && type->u.record->tag == NULL) ||
                       (type->kind == CTYPE_ENUM && type->u.enumeration->tag == NULL);
    if (!set_param_names(parser, decl, declarator))
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

/* Adds what the new declaration says more. */
static bool complete(Parser *parser, const CDecl *old, const CDecl *decl, const Declarator *declarator)
{
    CDecl merged = *old;
    merged.type = ctype_composite(old->type, decl->type);
    if (old->asm_name == NULL)
        merged.asm_name = decl->asm_name;
    if (old->param_names == NULL && !set_param_names(parser, &merged, declarator))
        return false;
    if (merged.type == old->type && merged.asm_name == old->asm_name && merged.param_names == old->param_names)
        return true;
    return ctype_redeclare(parser->table, old, &merged) || parser_fail_memory(parser);
}

static bool check_again(Parser *parser, const Token *at, const CDecl *old, const CDecl *decl)
{
    if (old->kind != decl->kind)
        return parser_fail(parser, at, MESSAGE_OTHER_KIND, decl->name, kind_name(decl->kind), kind_name(old->kind),
                           old->file, old->line);
    if (!ctype_is_redeclaration(old->type, decl->type))
        return parser_fail(parser, at, MESSAGE_CONFLICT, decl->name, decl->type, old->type, old->file, old->line);
    if (decl->kind == CDECL_CONSTANT && decl->value != old->value)
        return parser_fail(parser, at, MESSAGE_OTHER_VALUE, decl->name, old->file, old->line);
    if (old->asm_name != NULL && decl->asm_name != NULL && old->asm_name != decl->asm_name)
        return parser_fail(parser, at, MESSAGE_OTHER_SYMBOL, decl->name, old->file, old->line);
    return true;
}

bool declare_name(Parser *parser, const Token *at, CDecl *decl, const Declarator *declarator)
{
    const CDecl *old = ctype_name_of(decl->name)->decl;
    if (old == NULL)
        return declare_new(parser, decl, declarator);
    if (is_predefined(old)) {
        if (decl->kind == CDECL_TYPEDEF &&
            (is_like(old->type, decl->type) || ctype_is_redeclaration(old->type, decl->type)))
            return true;
        return declare_new(parser, decl, declarator);
    }
    return check_again(parser, at, old, decl) && complete(parser, old, decl, declarator);
}
