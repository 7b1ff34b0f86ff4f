/* The error record that the layers below bind fill for their caller: none of them prints, longjmps or exits. */
#ifndef AIRLOCK_BASE_ERROR_H
#define AIRLOCK_BASE_ERROR_H

#include <stdbool.h>
#include <stdint.h>

typedef enum ErrorCode {
    ERROR_NONE,
    ERROR_MEMORY,     /* an allocation failed; text is a constant */
    ERROR_SYNTAX,     /* the text is not C */
    ERROR_TYPE,       /* the text is C but means nothing: unknown name, void variable, array of functions … */
    ERROR_REDEFINED,  /* a declaration conflicts with an earlier one */
    ERROR_LIMIT,      /* nesting, a size or a count beyond what the layer handles */
    ERROR_UNSUPPORTED /* meaningful, but this build or machine cannot do it */
} ErrorCode;

typedef struct Error {
    ErrorCode code;
    uint32_t line;   /* 1-based line in the text, as #line and line markers give it; 0: no position */
    uint32_t column; /* 1-based, in bytes */
    /* Name from a line marker or the chunk name; "" when neither is known; a longer one keeps its end. */
    char file[128];
    char text[384];   /* the message without position, NUL-terminated UTF-8; a longer one is cut and ends in "..." */
    char source[160]; /* the source line around the column, without newline, "" when there is none */
    uint32_t caret;   /* 0-based byte of `source` that the error points at */
} Error;

/* Fills *error, without a position. Returns false. */
bool error_refuse(Error *error, ErrorCode code, const char *text);

#endif
