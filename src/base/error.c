/* Owns how a layer refuses where there is no text to point at. */
#include "base/error.h"

#include <stdio.h>

bool error_refuse(Error *error, ErrorCode code, const char *text)
{
    *error = (Error){.code = code};
    snprintf(error->text, sizeof error->text, "%s", text);
    return false;
}
