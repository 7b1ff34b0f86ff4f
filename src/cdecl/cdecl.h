/* The parser: text of C declarations in, types and names in a CTypeTable out. Recursive descent; its functions bear the
 * names of C11's grammar (6.7, A.2.2). It keeps the first error, turns the rest of the input into end-of-file, and
 * leaves the table as it was when it failed. */
#ifndef AIRLOCK_CDECL_CDECL_H
#define AIRLOCK_CDECL_CDECL_H

#include "ctype/ctype.h"

/* What a `$` in the text stands for, in order. */
typedef struct CdeclParam {
    enum { CDECL_PARAM_TYPE, CDECL_PARAM_INTEGER, CDECL_PARAM_NAME } kind;
    union {
        CType *type;
        int64_t integer;
        struct {
            const char *text;
            size_t length;
        } name;
    } u;
} CdeclParam;

typedef struct CdeclSource {
    const char *text; /* need not be NUL-terminated; not kept */
    size_t length;
    const char *file; /* NUL-terminated chunk name for messages, or NULL */
    const CdeclParam *params;
    size_t nparams; /* more or fewer than the text's `$` is an error */
} CdeclSource;

/* Parses declarations into the table. False with *error filled, and nothing declared, when the text is bad. */
bool cdecl_declare(CTypeTable *table, const CdeclSource *source, Error *error);

/* Parses one type name (C11 6.7.7; `[?]` allowed outermost; a record or enum definition allowed). NULL with *error
 * filled when bad. */
CType *cdecl_type_name(CTypeTable *table, const CdeclSource *source, Error *error);

__extension__ typedef __float128 CdeclReal;

/* What a constant expression comes to. */
typedef struct CdeclConstant {
    CType *type;      /* arithmetic but not complex, or a pointer; without qualifiers */
    uint64_t bits[2]; /* of an integer or pointer, the low half first: two's complement, extended as the type says */
    CdeclReal number; /* of a floating type, rounded to it */
} CdeclConstant;

/* Evaluates one constant expression (C11 6.6, floating and address constants too). False with *error filled when the
 * text is bad or its value is not known before the run. */
bool cdecl_constant(CTypeTable *table, const CdeclSource *source, CdeclConstant *constant, Error *error);

#endif
