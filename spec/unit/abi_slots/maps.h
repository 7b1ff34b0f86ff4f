/* What /proc/self/maps says of this process. For the tests of callback slots. */
#ifndef AIRLOCK_SPEC_ABI_SLOTS_MAPS_H
#define AIRLOCK_SPEC_ABI_SLOTS_MAPS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Maps {
    unsigned nwritable_code; /* mappings that are writable and executable */
    unsigned nunnamed_code;  /* executable ones of no file */
    size_t nbytes_used;     /* of private mappings without the heap that may be read: reserved addresses do not count */
    size_t nbytes_reserved; /* and the others */
} Maps;

static inline Maps maps_read(void)
{
    Maps maps = {0, 0, 0, 0};
    char line[4300], rights[8];
    unsigned long start, end;
    FILE *file = fopen("/proc/self/maps", "r");
    if (file == NULL)
        abort();
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%lx-%lx %7s", &start, &end, rights) != 3)
            abort();
        if (rights[1] == 'w' && rights[2] == 'x')
            maps.nwritable_code++;
        if (rights[2] == 'x' && strpbrk(line, "/[") == NULL)
            maps.nunnamed_code++;
        if (strstr(line, "[heap]") == NULL)
            *(rights[0] == 'r' ? &maps.nbytes_used : &maps.nbytes_reserved) += end - start;
    }
    fclose(file);
    return maps;
}

#endif
