/* What the parser's parts share: its state, tokens, the error funnel, and one function per rule of C11's grammar (A.2)
 * that another part calls. For src/cdecl alone.
 *
 * Invariants: `token` is the first that is not yet consumed and `next` is behind it; after the first failure `failed`
 * is set and every further token is TOKEN_END, so that each loop that stops at the end stops. Recursion goes through
 * parser_enter, which bounds it. Each rule leaves the stacks as it found them, but for what its comment says. */
#ifndef AIRLOCK_CDECL_PARSER_H
#define AIRLOCK_CDECL_PARSER_H

#include <string.h>

#include "base/stack.h"
#include "cdecl/cdecl.h"
#include "ctype/build.h"

/* Levels of recursion. Measured with gcc -O2, none takes more than 1.6 KiB of the C stack, so that a thread's 1 MiB is
 * enough for a parse, which cdecl_memory.c tests. */
enum { CDECL_DEPTH_MAX = 600 };

/* A token of one character is that character; a keyword is TOKEN_ and its name. */
typedef enum TokenKind {
    TOKEN_END = 0,
    TOKEN_NAME = 128, /* u.name */
    TOKEN_INTEGER,    /* u.value, scalar; character constants too */
    TOKEN_FLOATING,   /* by its text; scalar */
    TOKEN_IMAGINARY,  /* by its text; scalar of the part, integer or floating */
    TOKEN_DECIMAL,    /* a decimal floating constant, by its text */
    TOKEN_STRING,     /* by its text, quotes and prefix included */
    TOKEN_TYPE,       /* a `$` that stands for a type: u.type */
    TOKEN_ARROW,
    TOKEN_SHIFT_LEFT,
    TOKEN_SHIFT_RIGHT,
    TOKEN_LESS_EQUAL,
    TOKEN_GREATER_EQUAL,
    TOKEN_EQUAL,
    TOKEN_NOT_EQUAL,
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_ELLIPSIS,
    TOKEN_INCREMENT,
    TOKEN_DECREMENT,
    TOKEN_ASSIGN, /* += and its like */
#define CDECL_KEYWORD(token, spelling) TOKEN_##token,
#define CDECL_ALIAS(token, spelling)
#define CDECL_SOFT(token, spelling)
#include "cdecl/keywords.def"
#undef CDECL_KEYWORD
#undef CDECL_SOFT
    TOKEN_SOFT_FIRST, /* from here on CName.keyword alone: the token is a NAME */
#define CDECL_KEYWORD(token, spelling)
#define CDECL_SOFT(token, spelling) TOKEN_##token,
#include "cdecl/keywords.def"
#undef CDECL_KEYWORD
#undef CDECL_ALIAS
#undef CDECL_SOFT
    TOKEN_KIND_COUNT
} TokenKind;

_Static_assert(TOKEN_KIND_COUNT <= 256, "CName.keyword is a byte");
_Static_assert(TOKEN_TYPEDEF == TOKEN_ASSIGN + 1, "the keywords are the last kinds, and this one the first of them");

typedef struct Token {
    const char *start;
    uint32_t length; /* bytes of text */
    uint32_t line;
    uint8_t kind;   /* TokenKind */
    uint8_t scalar; /* CScalar of a number */
    union {
        CName *name;    /* NAME and keywords */
        uint64_t value; /* INTEGER, two's complement */
        CType *type;
    } u;
} Token;

typedef enum Message {
#define CDECL_MESSAGE(name, code, format) MESSAGE_##name,
#include "cdecl/messages.def"
#undef CDECL_MESSAGE
    MESSAGE_COUNT
} Message;

typedef struct Parser {
    CTypeTable *table;
    const CdeclSource *source;
    Error *error;
    bool failed;
    unsigned depth; /* of recursion, 0..CDECL_DEPTH_MAX */
    /* the lexer */
    const char *text; /* begin, without backslash-newlines */
    const char *next; /* behind the current token */
    const char *end;
    const char *file; /* interned, or NULL */
    uint32_t line;    /* of `next` */
    size_t nvalues;   /* `$` so far */
    size_t ndirectives;
    char *spliced; /* owned copy of the text when it had backslash-newlines, else NULL */
    uint32_t pack; /* of #pragma pack, 0: none */
    Token token;
    /* stacks of what is being built */
    Stack packs;                           /* SavedPack: by #pragma pack(push) */
    Stack ops;                             /* DeclaratorOp, innermost first */
    Stack pointers;                        /* DeclaratorOp: stars read, not yet in ops */
    Stack params;                          /* Param */
    Stack members;                         /* CMemberSpec */
    Stack enumerators;                     /* CEnumerator */
    Stack tags;                            /* LocalTag: tags defined in the parameter lists that are open */
    Stack scratch;                         /* bytes */
    unsigned prototype_depth;              /* of open parameter lists */
    const struct ParameterList *prototype; /* the innermost of them, or NULL */
    const struct RecordParse *record;      /* the innermost that is being defined, or NULL */
    const CConstant *constants;            /* of its body so far, newest first */
} Parser;

/* -- kinds of types ------------------------------------------------------------------------------------------------ */

static inline bool is_integer(const CType *type)
{
    return type->kind == CTYPE_INTEGER || type->kind == CTYPE_BOOL || type->kind == CTYPE_ENUM;
}

static inline bool is_real(const CType *type)
{
    return is_integer(type) || type->kind == CTYPE_FLOATING;
}

static inline bool is_arithmetic(const CType *type)
{
    return is_real(type) || type->kind == CTYPE_COMPLEX;
}

static inline bool is_pointer(const CType *type)
{
    return type->kind == CTYPE_POINTER;
}

static inline bool is_scalar(const CType *type)
{
    return is_arithmetic(type) || is_pointer(type);
}

static inline bool is_signed(const CType *type)
{
    return ctype_scalar_class((CScalar)type->scalar) == CSCALAR_SIGNED;
}

/* -- bytes --------------------------------------------------------------------------------------------------------- */

/* Some bytes of a text, not NUL-terminated. */
typedef struct Word {
    const char *text;
    size_t length;
} Word;

static inline bool is_word(Word word, const char *wanted)
{
    return strlen(wanted) == word.length && memcmp(word.text, wanted, word.length) == 0;
}

/* The word with a NUL behind it, for a message; cut to the buffer. */
static inline const char *copy_word(Word word, char *buffer, size_t nbytes)
{
    size_t length = word.length < nbytes ? word.length : nbytes - 1;
    memcpy(buffer, word.text, length);
    buffer[length] = '\0';
    return buffer;
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool is_word_byte(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Whether the token is an identifier or a keyword of any kind. */
static inline bool is_word_token(const Token *token)
{
    return token->kind == TOKEN_NAME || token->kind >= TOKEN_TYPEDEF;
}

/* -- parser.c: state and errors ------------------------------------------------------------------------------------ */

/* Keeps the first error: the message with its arguments (see messages.def) at a token. Returns false. */
bool parser_fail(Parser *parser, const Token *at, Message message, ...);
/* The same where an allocation has failed. */
bool parser_fail_memory(Parser *parser);

/* The number of the current file, for what is declared here. Fails the parser when memory is out. */
uint32_t parser_file(Parser *parser);
/* The same into a declaration. */
void parser_set_file(Parser *parser, CDecl *decl);

/* One level of recursion more; false with an error when it is too deep. Every enter that succeeds has its leave. */
bool parser_enter(Parser *parser);
static inline void parser_leave(Parser *parser)
{
    parser->depth--;
}

/* Consumes the token if it is of this kind. */
bool parser_accept(Parser *parser, unsigned kind);
/* Consumes the token or fails with "expected WHAT after WHERE, got …". */
bool parser_expect(Parser *parser, unsigned kind, const char *what, const char *where);
/* The token kind of a soft keyword that is no typedef's name; 0 for every other token. */
unsigned soft_keyword(const Token *token);
/* The first byte behind the current token and the blanks that follow it; '\0' at the end. */
char parser_peek(const Parser *parser);
/* Drops the bytes on parser->scratch above `used`: they stay until the next push. */
Word parser_take_scratch(Parser *parser, size_t used);
/* The interned copy of them; NULL after a failure. */
const char *parser_intern_scratch(Parser *parser, size_t used);
/* Skips a balanced group that the current token, one of ( [ {, opens. */
bool parser_skip_group(Parser *parser);

/* -- lexer.c, number.c, literal.c, directive.c --------------------------------------------------------------------- */

/* Interns the keywords if that is to be done, and goes to the beginning of the text, without its first token. */
bool lexer_begin(Parser *parser);
/* Where a byte of the parser's text stands in the source, and how many backslash-newlines come before it in its line.
 * */
const char *lexer_origin(const Parser *parser, const char *at, uint32_t *nsplices);
/* Makes the next token the current one; the directives before it are obeyed. */
void lexer_advance(Parser *parser);
/* Makes the name of the current token again, where the table has forgotten it. */
bool lexer_renew(Parser *parser);
/* Reads a number, a character constant or a string at `start` into the token; the end of it, or NULL after a failure.
 */
const char *literal_number(Parser *parser, const char *start, Token *token);
const char *literal_quoted(Parser *parser, const char *start, Token *token);
/* string-literal+: appends the bytes that they stand for as narrow strings to parser->scratch. */
bool parse_narrow_string(Parser *parser);
/* Adds the elements of type `scalar` that a string token stands for, its closing zero not counted. */
bool literal_count(Parser *parser, const Token *string, CScalar scalar, uint64_t *count);
/* Obeys or skips the directive whose `#` is at `hash`; the end of its line, or NULL after a failure. */
const char *directive_line(Parser *parser, const char *hash);

/* A place in the text to return to, for one token of look-ahead and more. */
typedef struct Bookmark {
    Token token;
    const char *next, *file;
    size_t nvalues;
    uint32_t line, pack;
} Bookmark;

Bookmark lexer_mark(const Parser *parser);
/* Reads on from the mark, unless the parser has failed since. */
void lexer_return(Parser *parser, const Bookmark *mark);

/* -- attribute.c --------------------------------------------------------------------------------------------------- */

typedef struct Attributes {
    uint32_t align;          /* of aligned and _Alignas, 0: none; the strictest, which counts for a member */
    uint32_t last_align;     /* the last one, which counts for a type */
    uint32_t declspec_align; /* the part of __declspec(align) in align, 0: none */
    uint32_t alignas_align;  /* the part of _Alignas in align, 0: none */
    uint64_t vector_nbytes;  /* of vector_size, 0: none */
    const CName *mode;       /* of mode(…), NULL: none */
    bool is_mode_last;       /* behind a vector_size: for the vector, which it does not apply to */
    bool is_packed;
    bool is_packed_first; /* packed before any aligned, which is what gcc counts for an enum */
    bool is_ms_abi;
    bool is_ms_layout;   /* ms_struct or gcc_struct, */
    bool is_gcc_layout;  /* whichever came first */
    bool is_transparent; /* transparent_union */
    Token at;            /* of the last attribute that asks for something */
} Attributes;

/* Whether the current token begins an attribute of any spelling. */
static inline bool is_attribute_start(const Parser *parser)
{
    switch (parser->token.kind) {
    case TOKEN_ATTRIBUTE:
    case TOKEN_DECLSPEC:
    case TOKEN_CALLING_CONVENTION: return true;
    case '[': return parser_peek(parser) == '[';
    default: return false;
    }
}

/* parse_attributes where there is one. */
bool parse_attribute_list(Parser *parser, Attributes *attributes);
/* Any number of __attribute__((…)), [[…]], __declspec(…) and calling conventions. */
static inline bool parse_attributes(Parser *parser, Attributes *attributes)
{
    return is_attribute_start(parser) ? parse_attribute_list(parser, attributes) : !parser->failed;
}
/* The same behind a closing brace: [[…]] there come too late for the definition (C23 6.7.3.2). */
bool parse_body_attributes(Parser *parser, Attributes *attributes);
/* Any number of [[…]] that stand behind a type and belong to it: `packed` comes too late there. */
bool parse_type_attributes(Parser *parser, Attributes *attributes);
/* _Alignas(type or constant) */
bool parse_alignas(Parser *parser, Attributes *attributes);

/* The vector that vector_size makes of a declaration's base type; NULL after a failure. */
CType *vector_size_apply(Parser *parser, const Attributes *attributes, CType *base);

/* An attribute's or mode's name without the underscores that may surround it. */
Word bare_word(const CName *name);

/* mode.c: the type that the mode among the attributes makes of a type; NULL after a failure. */
CType *mode_apply(Parser *parser, const Attributes *attributes, CType *type);
/* The same where there is a mode for what declared_type has made: one for a vector's elements is in there already. */
static inline CType *attributes_apply_mode(Parser *parser, const Attributes *attributes, CType *type)
{
    bool is_element = attributes->vector_nbytes != 0 && !attributes->is_mode_last;
    return attributes->mode == NULL || is_element ? type : mode_apply(parser, attributes, type);
}

/* -- specifiers.c -------------------------------------------------------------------------------------------------- */

typedef struct Specifiers {
    CType *type;      /* with its qualifiers */
    unsigned storage; /* token kind TYPEDEF, EXTERN, STATIC, AUTO, REGISTER, or 0 */
    bool has_tag;     /* struct, union or enum: may stand without declarators */
    Attributes attributes;
    Token start;
} Specifiers;

/* declaration-specifiers; with `is_type_name`, specifier-qualifier-list. */
bool parse_specifiers(Parser *parser, Specifiers *specifiers, bool is_type_name);
/* ctype_complex that fails as the parser does. */
CType *complex_type(Parser *parser, CScalar part);
/* Whether the current token begins a type. */
bool is_type_start(const Parser *parser);
/* Whether a token kind is one of the words that make an arithmetic type or void. */
bool is_type_keyword(unsigned kind);

/* -- tag.c, record.c, enum.c --------------------------------------------------------------------------------------- */

/* The head of a struct, union or enum specifier. */
typedef struct Tag {
    CTypeKind kind; /* RECORD or ENUM */
    bool is_union;
    CName *name; /* or NULL */
    Token at;    /* of the name, else of the keyword */
    Attributes attributes;
} Tag;

/* A tag of prototype scope, which name->tag is while the scope lasts. */
typedef struct LocalTag {
    CName *name;
    CType *outer; /* what it was before */
    unsigned prototype_depth;
} LocalTag;

/* keyword attributes? identifier?; adds to tag->attributes. */
bool parse_tag(Parser *parser, Tag *tag);
/* What the tag means where no body follows; declares it when it is new. NULL after a failure, as below. */
CType *tag_mention(Parser *parser, const Tag *tag);
/* The incomplete type that a body completes; `*old` receives the complete one that is being defined again, or NULL. */
CType *tag_define(Parser *parser, const Tag *tag, CType **old);
/* The type that a completed definition stands for: `old`, if there is one and it is alike. */
CType *tag_settle(Parser *parser, const Tag *tag, CType *old, CType *type);

/* Forgets the tags of the innermost parameter list, or of all that a failure left open. */
void tag_close_scope(Parser *parser);
void tag_close_all(Parser *parser);

/* struct-or-union-specifier and enum-specifier; `align`: of a __declspec(align) before it, or 0. */
CType *parse_record_specifier(Parser *parser, uint32_t align);
CType *parse_enum_specifier(Parser *parser);
/* Adds a constant to the record that is being defined; name NULL: an enum's enumerators. */
bool record_add_constant(Parser *parser, const char *name, CType *type, uint64_t value);

/* -- declarator.c, derive.c ---------------------------------------------------------------------------------------- */

typedef struct Param {
    CType *type;
    const char *name;     /* interned, or NULL */
    uint32_t outer_stamp; /* of the name before */
} Param;

typedef struct DeclaratorOp {
    enum { OP_POINTER, OP_REFERENCE, OP_ARRAY, OP_UNBOUNDED, OP_VLA, OP_STAR, OP_FUNCTION, OP_ALIGN } kind;
    uint32_t align;     /* ALIGN: that the type so far gets */
    uint8_t qualifiers; /* of a POINTER, or within the brackets of a parameter's array */
    bool is_static;     /* within the brackets */
    bool is_variadic;
    bool is_unprototyped;
    bool is_ms_abi;
    uint32_t nparams;
    size_t first_param; /* of a FUNCTION: bytes of parser->params below its own */
    uint64_t nelems;
    Token at;
} DeclaratorOp;

typedef enum DeclaratorForm {
    DECLARATOR_NAMED,    /* declarator */
    DECLARATOR_ABSTRACT, /* abstract-declarator */
    DECLARATOR_EITHER    /* in a parameter list */
} DeclaratorForm;

typedef struct Declarator {
    const CName *name;    /* NULL when there is none */
    Token at;             /* of the name, or where it would be */
    size_t first_op;      /* bytes of parser->ops below it */
    size_t first_param;   /* the same of parser->params */
    const char *asm_name; /* of an asm label behind it, or NULL */
    uint32_t align;       /* of [[…]] between the name and a suffix, 0: none, */
    bool is_packed;       /* and whether it packs */
    bool is_ms_abi;       /* by an attribute among its stars */
} Declarator;

/* declarator, abstract-declarator: leaves its operations on parser->ops and its parameters on parser->params, until
 * declarator_drop. */
bool parse_declarator(Parser *parser, Declarator *declarator, DeclaratorForm form);
/* The parameters of a FUNCTION, op->nparams of them; valid until the next push. */
static inline const Param *params_of(const Parser *parser, const DeclaratorOp *op)
{
    return stack_at(&parser->params, op->first_param);
}
/* The attributes behind a declarator, and those within it that are the declared thing's. */
bool parse_declarator_attributes(Parser *parser, const Declarator *declarator, Attributes *attributes);
/* Takes its operations and parameters from the stacks. */
void declarator_drop(Parser *parser, const Declarator *declarator);
/* Marks the innermost function with ms_abi. */
void declarator_set_ms_abi(Parser *parser, const Declarator *declarator);
/* What the declarator makes of the base type; NULL after a failure. `is_param`: `[*]` and the like are allowed. */
CType *declarator_apply(Parser *parser, const Declarator *declarator, CType *base, bool is_param);
/* The type of what is declared, whatever it is: the attributes' vector_size and ms_abi count, and the declarator. What
 * else attributes make of it comes behind: a mode (attributes_apply_mode), then an alignment. NULL after a failure. */
CType *declared_type(Parser *parser, const Declarator *declarator, const Attributes *attributes, CType *base,
                     bool is_param);
/* type-name */
CType *parse_type_name(Parser *parser);

/* -- expression.c, initializer.c, value.c -------------------------------------------------------------------------- */

__extension__ typedef unsigned __int128 Bits;
__extension__ typedef __int128 SignedBits;
__extension__ typedef __float128 Real;

/* The value of an expression. An lvalue of known address stands for offsetof-like forms: `bits` is its address. What
 * the parser does not compute is typeless: valid C whose type, and so all that is made of it, is unknown. */
typedef struct Value {
    Bits bits;               /* two's complement, extended to 128 bits as the type says; of an lvalue its address */
    Real number;             /* of a floating type, rounded to it */
    CType *type;             /* with qualifiers; never NULL */
    const CMember *bitfield; /* of an lvalue that is one, else NULL */
    Token at;                /* when not known: where to say … */
    Message why;             /* … what */
    uint32_t align; /* of an lvalue, bytes: its declaration's; of a pointer: of what it was cast from; 0: none */
    bool is_known;
    bool is_typeless; /* implies that it is not known */
    bool is_lvalue;
    bool is_held;    /* an lvalue that holds `bits`: a constant's */
    bool is_address; /* the result of `&`: `align` is the object's */
    bool is_null;    /* null pointer constant (C11 6.3.2.3p3) */
} Value;

/* assignment-expression; may be typeless */
bool parse_assignment(Parser *parser, Value *value);
/* The type that `typeof ( expression` asks for, behind the parenthesis; NULL after a failure. */
CType *parse_expression_type(Parser *parser);
/* constant-expression: any known value */
bool parse_scalar_constant(Parser *parser, Value *value);
/* constant-expression: a known integer */
bool parse_constant(Parser *parser, Value *value);
/* The value of one that is not negative, UINT64_MAX when it is larger. */
uint64_t value_size(const Value *value);
bool value_is_negative(const Value *value);

/* initializer of an object of type *type. An array of unknown bound gets its bound when it can be told without knowing
 * the elements' own structure. */
bool parse_object_initializer(Parser *parser, CType **type);
/* The value of an integer constant's initializer, braced or not, converted to `type`; unknown when only the linker or
 * the run knows it. */
bool parse_constant_initializer(Parser *parser, CType *type, Value *value);

/* -- suggest.c ----------------------------------------------------------------------------------------------------- */

enum { SUGGESTION_NBYTES = 80 };

/* The known type, value or member that an unknown name most likely means, written into the buffer as the text would
 * have to say it ("struct point"); NULL when none is near. */
const char *suggest_type(const Parser *parser, const CName *wanted, char *buffer, size_t nbytes);
const char *suggest_value(const Parser *parser, const CName *wanted, char *buffer, size_t nbytes);
const char *suggest_member(const CRecord *record, const CName *wanted, char *buffer, size_t nbytes);

/* -- declaration.c, declare.c -------------------------------------------------------------------------------------- */

/* Whether the current token begins one. */
bool is_static_assert(const Parser *parser);
/* static_assert-declaration, at its first word */
bool parse_static_assert(Parser *parser);
/* external-declaration */
bool parse_external_declaration(Parser *parser);
/* Binds a declared name by the rules of redeclaration. `declarator`, or NULL, holds the asm name and the parameters'
 * names of a function. */
bool declare_name(Parser *parser, const Token *at, CDecl *decl, const Declarator *declarator);

#endif
