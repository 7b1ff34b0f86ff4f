/* libFuzzer's entry: see cdecl_fuzz.h, and `make fuzz`. */
#include "cdecl_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_one(data, size);
    return 0;
}
