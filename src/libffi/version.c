/* What clients are told of the library: the libffi whose interface this is. */
#include "libffi/ffi.h"

#define VERSION_MAJOR 3
#define VERSION_MINOR 8
#define VERSION_MICRO 0
#define TEXT_OF(x)    #x
#define TEXT(x)       TEXT_OF(x)

const char *ffi_get_version(void)
{
    return TEXT(VERSION_MAJOR) "." TEXT(VERSION_MINOR) "." TEXT(VERSION_MICRO);
}

unsigned long ffi_get_version_number(void)
{
    return VERSION_MAJOR * 10000 + VERSION_MINOR * 100 + VERSION_MICRO;
}

unsigned int ffi_get_default_abi(void)
{
    return FFI_DEFAULT_ABI;
}

size_t ffi_get_closure_size(void)
{
    return sizeof(ffi_closure);
}
