/* Where gcc puts the members of a record: the rules of psABI 3.1.2 and of gcc's attributes. */
#ifndef AIRLOCK_CTYPE_LAYOUT_H
#define AIRLOCK_CTYPE_LAYOUT_H

#include "ctype/build.h"

typedef struct Layout {
    uint64_t size;  /* bytes, a multiple of align */
    uint32_t align; /* bytes */
} Layout;

/* Fills members[0..nmembers) from the spec. False when an offset would pass PTRDIFF_MAX. */
bool layout_record(const CRecordSpec *spec, bool is_union, CMember *members, Layout *layout);

#endif
