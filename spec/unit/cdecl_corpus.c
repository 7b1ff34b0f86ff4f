/* The fuzzer's corpus and what it once found, as a test: every file of spec/fuzz/corpus goes through cdecl_fuzz.h, whole, cut at
 * several lengths, and with allocations failing. */
#include <dirent.h>

#include "cdecl_fuzz.h"

enum { INPUT_MAX = 1 << 16 };

static size_t read_input(const char *path, uint8_t *bytes)
{
    FILE *file = fopen(path, "rb");
    size_t length = file != NULL ? fread(bytes, 1, INPUT_MAX, file) : 0;
    if (file != NULL)
        fclose(file);
    return length;
}

/* A copy of its own, so that a sanitizer sees the end. */
static void run_copy(const uint8_t *bytes, size_t length)
{
    uint8_t *copy = malloc(length + 1);
    if (copy == NULL)
        abort();
    memcpy(copy, bytes, length);
    fuzz_one(copy, length);
    free(copy);
}

static void run_input(uint8_t *bytes, size_t length)
{
    size_t i;
    run_copy(bytes, length);
    for (i = 1; i < 8; i++)
        run_copy(bytes, length * i / 8);
    if (length < 3)
        return;
    for (i = 1; i < 600; i += 1 + i / 4) {
        bytes[1] = (uint8_t)i;
        bytes[2] = (uint8_t)(i >> 8);
        run_copy(bytes, length);
    }
}

int main(void)
{
    static uint8_t bytes[INPUT_MAX];
    const char *spec = getenv("AIRLOCK_SPEC");
    char path[512];
    DIR *directory;
    const struct dirent *entry;
    unsigned count = 0;
    snprintf(path, sizeof path, "%s/fuzz/corpus", spec != NULL ? spec : "spec");
    directory = opendir(path);
    while (CHECK(directory != NULL) && (entry = readdir(directory)) != NULL) {
        size_t length;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/fuzz/corpus/%s", spec != NULL ? spec : "spec", entry->d_name);
        length = read_input(path, bytes);
        if (CHECK(length > 0))
            run_input(bytes, length);
        count++;
    }
    if (directory != NULL)
        closedir(directory);
    CHECK(count > 100);
    printf("cdecl_corpus: %u inputs\n", count);
    return unit_end("cdecl_corpus");
}
