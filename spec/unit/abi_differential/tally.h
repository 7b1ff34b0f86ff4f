/* Words and how often they came. For abi_differential.c alone. */
#ifndef AIRLOCK_SPEC_ABI_DIFFERENTIAL_TALLY_H
#define AIRLOCK_SPEC_ABI_DIFFERENTIAL_TALLY_H

#include <stdio.h>
#include <string.h>

enum { NTALLIES_MAX = 256 };

typedef struct Tally {
    struct {
        char name[160];
        unsigned count;
    } rows[NTALLIES_MAX];
    size_t nrows;
} Tally;

static inline void tally_add(Tally *tally, const char *name, size_t length)
{
    size_t i = 0;
    while (i < tally->nrows && (strncmp(tally->rows[i].name, name, length) != 0 || tally->rows[i].name[length] != '\0'))
        i++;
    if (i == NTALLIES_MAX || length >= sizeof tally->rows[0].name)
        return;
    if (i == tally->nrows) {
        memcpy(tally->rows[i].name, name, length);
        tally->nrows++;
    }
    tally->rows[i].count++;
}

static inline void tally_words(Tally *tally, const char *words)
{
    while (*words != '\0') {
        size_t length = strcspn(words, " ");
        tally_add(tally, words, length);
        words += length + (words[length] == ' ');
    }
}

static inline void tally_print(const Tally *tally, const char *title)
{
    printf("%s:", title);
    for (size_t i = 0; i < tally->nrows; i++)
        printf("%s %s %u", i > 0 ? "," : "", tally->rows[i].name, tally->rows[i].count);
    printf("%s\n", tally->nrows == 0 ? " none" : "");
}

#endif
