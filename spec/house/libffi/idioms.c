/* How the sources of clients use <ffi.h> beside calling it: what they ask the preprocessor, which names they take for granted, what they
 * embed and cast. It has to compile, as C and as C++, with Debian's header and with ours. */
#include <ffi.h>

#ifndef LIBFFI_H
#error "the header's guard, which other headers ask for"
#endif
#if !FFI_CLOSURES || !FFI_GO_CLOSURES || FFI_NATIVE_RAW_API
#error "closures"
#endif
#ifndef FFI_TARGET_HAS_COMPLEX_TYPE
#error "complex types"
#endif
#if FFI_SIZEOF_ARG != 8 || FFI_SIZEOF_JAVA_RAW != 8 || FFI_TRAMPOLINE_SIZE < 24
#error "sizes"
#endif
#if !defined FFI_TYPE_LONGDOUBLE || FFI_TYPE_LONGDOUBLE == FFI_TYPE_DOUBLE
#error "long double is a type of its own"
#endif
#ifdef FFI_STDCALL
#error "a convention of another processor"
#endif
#if defined ffi_type_ulong && !defined ffi_type_slong
#error "the types of C are macros"
#endif
#ifndef X86_64
#error "the processor"
#endif

/* Names of C clients that libffi leaves free. */
#ifndef __cplusplus
struct ffi_cif {
    int a;
};
struct ffi_closure {
    int b;
};
enum ffi_status { CLIENT_STATUS };
#endif

/* <limits.h> and <stddef.h> come with it. */
static const size_t limits[] = {INT_MAX, SCHAR_MAX, offsetof(ffi_cif, flags), offsetof(ffi_closure, user_data)};

/* Tables of types, by address and by code. */
static ffi_type *const by_code[FFI_TYPE_LAST + 1] = {
    &ffi_type_void,  &ffi_type_sint,   &ffi_type_float,  &ffi_type_double, &ffi_type_longdouble, &ffi_type_uint8,
    &ffi_type_sint8, &ffi_type_uint16, &ffi_type_sint16, &ffi_type_uint32, &ffi_type_sint32,     &ffi_type_uint64,
    &ffi_type_sint64};
static ffi_type *c_types[] = {&ffi_type_uchar, &ffi_type_schar, &ffi_type_ushort, &ffi_type_sshort, &ffi_type_uint,
                              &ffi_type_sint,  &ffi_type_ulong, &ffi_type_slong,  &ffi_type_pointer, NULL};
static ffi_type record = {sizeof(long), 8, FFI_TYPE_STRUCT, c_types};

/* An object that starts with a closure, or holds what a prepared call needs. */
typedef struct ClientClosure {
    ffi_closure *pcl_write;
    void *pcl_exec;
    ffi_cif cif;
    struct _ffi_type *restype;
    ffi_type *atypes[1];
} ClientClosure;
typedef struct ClientObject {
    ffi_closure closure;
    ffi_raw_closure raw;
    ffi_java_raw_closure java;
    ffi_go_closure go;
    ffi_raw word;
    ffi_java_raw java_word;
    ffi_arg result;
    ffi_sarg signed_result;
    enum ffi_abi abi;
    ffi_status status;
} ClientObject;

typedef void (*Handler)(ffi_cif *, void *, void **, void *);
typedef ffi_status (*Prepare)(ffi_closure *, ffi_cif *, Handler, void *, void *);
static const Prepare prepare = ffi_prep_closure_loc;

static const char *name_of(const ffi_type *type)
{
    switch (type->type) {
    case FFI_TYPE_VOID: return "void";
    case FFI_TYPE_INT: return "int";
    case FFI_TYPE_FLOAT: return "float";
    case FFI_TYPE_DOUBLE: return "double";
    case FFI_TYPE_LONGDOUBLE: return "long double";
    case FFI_TYPE_UINT8:
    case FFI_TYPE_SINT8: return "char";
    case FFI_TYPE_UINT16:
    case FFI_TYPE_SINT16: return "short";
    case FFI_TYPE_UINT32:
    case FFI_TYPE_SINT32:
    case FFI_TYPE_UINT64:
    case FFI_TYPE_SINT64: return "integer";
    case FFI_TYPE_STRUCT: return "struct";
    case FFI_TYPE_POINTER: return "pointer";
    case FFI_TYPE_COMPLEX: return type == &ffi_type_complex_float ? "complex float" : "complex";
    default: return NULL;
    }
}

static int is_abi(int abi)
{
    return abi > FFI_FIRST_ABI && abi < FFI_LAST_ABI && (abi == FFI_UNIX64 || abi == FFI_WIN64 || abi == FFI_EFI64 || abi == FFI_GNUW64);
}

static const char *explain(ffi_status status)
{
    return status == FFI_OK ? "" : status == FFI_BAD_TYPEDEF ? "typedef" : status == FFI_BAD_ABI ? "abi" : status == FFI_BAD_ARGTYPE ? "argument" : 0;
}

int client(ClientClosure *closure, ClientObject *object, int (*function)(int));
int client(ClientClosure *closure, ClientObject *object, int (*function)(int))
{
    void *values[1] = {&object->word.sint};
    union {
        ffi_arg u;
        ffi_sarg s;
        float f;
        void *p;
    } result = {0};
    closure->pcl_write = (ffi_closure *)ffi_closure_alloc(sizeof(ffi_closure), &closure->pcl_exec);
    object->status = ffi_prep_cif(&closure->cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, closure->atypes);
    ffi_call(&closure->cif, FFI_FN(function), &result, values);
    object->closure.tramp[0] = 0;
    object->closure.ftramp = NULL;
    object->word.data[0] = (char)object->word.flt;
    object->java_word.uint = (ffi_arg)(size_t)object->word.ptr;
    return (int)result.u + is_abi(object->abi) + (explain(object->status) == name_of(&record)) +
           (by_code[limits[0] % FFI_TYPE_LAST] == FFI_CLOSURE_PTR(c_types[0])) +
           (prepare(closure->pcl_write, &closure->cif, NULL, object, closure->pcl_exec) == FFI_OK);
}
