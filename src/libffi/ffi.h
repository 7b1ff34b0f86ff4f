/* libffi's interface, on Airlock's call engine: source and binary compatible with libffi 3.4 on x86-64 Linux
 * (libffi.so.8), with what later versions added.
 *
 * A call interface (ffi_cif) is prepared once for a signature; ffi_call calls any function of that signature with
 * arguments that lie in memory. A closure is a function pointer of a signature that leads to one handler. */
#ifndef LIBFFI_H
#define LIBFFI_H

#ifdef __cplusplus
extern "C" {
#endif

/* What some clients ask for to know the target. */
#ifndef X86_64
#define X86_64
#endif

/* The libffi whose interface this is: the numbers x, y and z of its version as x * 10000 + y * 100 + z. */
#define FFI_VERSION_STRING "3.8.0"
#define FFI_VERSION_NUMBER 30800

/* ffi_type.type */
#define FFI_TYPE_VOID       0
#define FFI_TYPE_INT        1
#define FFI_TYPE_FLOAT      2
#define FFI_TYPE_DOUBLE     3
#define FFI_TYPE_LONGDOUBLE 4
#define FFI_TYPE_UINT8      5
#define FFI_TYPE_SINT8      6
#define FFI_TYPE_UINT16     7
#define FFI_TYPE_SINT16     8
#define FFI_TYPE_UINT32     9
#define FFI_TYPE_SINT32     10
#define FFI_TYPE_UINT64     11
#define FFI_TYPE_SINT64     12
#define FFI_TYPE_STRUCT     13
#define FFI_TYPE_POINTER    14
#define FFI_TYPE_COMPLEX    15
#define FFI_TYPE_UINT128    16
#define FFI_TYPE_SINT128    17
#define FFI_TYPE_VECTOR     18
#define FFI_TYPE_LAST       FFI_TYPE_VECTOR

#include <ffitarget.h>

#ifndef LIBFFI_ASM

/* Clients may take for granted that this includes both. */
#include <limits.h>
#include <stddef.h>

/* FFI_API is exported from a library that is compiled with -fvisibility=hidden; FFI_EXTERN declares an object. A source
 * that defines the type objects itself, or wants none of them, hides them; one that defines the functions is no user whom
 * FFI_DEPRECATED could warn. */
#ifdef __GNUC__
#define FFI_API __attribute__((visibility("default")))
#else
#define FFI_API
#endif
#ifdef LIBFFI_HIDE_BASIC_TYPES
#define FFI_EXTERN FFI_API
#else
#define FFI_EXTERN extern FFI_API
#endif
#ifdef FFI_BUILDING
#define FFI_DEPRECATED
#elif defined __GNUC__
#define FFI_DEPRECATED __attribute__((deprecated))
#else
#define FFI_DEPRECATED
#endif

/* -- types --------------------------------------------------------------------------------------------------------- */

/* A struct has type FFI_TYPE_STRUCT, its members' types in `elements`, NULL behind the last, and size 0: size (bytes)
 * and alignment (bytes) are worked out when it is first used. A complex type has its part's type in elements[0], a
 * vector its element's, as often as it has elements. */
typedef struct _ffi_type {
    size_t size;
    unsigned short alignment;
    unsigned short type;         /* FFI_TYPE_* */
    struct _ffi_type **elements; /* NULL-terminated; NULL for scalars */
} ffi_type;

#ifndef LIBFFI_HIDE_BASIC_TYPES

FFI_EXTERN ffi_type ffi_type_void;
FFI_EXTERN ffi_type ffi_type_uint8;
FFI_EXTERN ffi_type ffi_type_sint8;
FFI_EXTERN ffi_type ffi_type_uint16;
FFI_EXTERN ffi_type ffi_type_sint16;
FFI_EXTERN ffi_type ffi_type_uint32;
FFI_EXTERN ffi_type ffi_type_sint32;
FFI_EXTERN ffi_type ffi_type_uint64;
FFI_EXTERN ffi_type ffi_type_sint64;
FFI_EXTERN ffi_type ffi_type_uint128;
FFI_EXTERN ffi_type ffi_type_sint128;
FFI_EXTERN ffi_type ffi_type_float;
FFI_EXTERN ffi_type ffi_type_double;
FFI_EXTERN ffi_type ffi_type_longdouble;
FFI_EXTERN ffi_type ffi_type_pointer;
FFI_EXTERN ffi_type ffi_type_complex_float;
FFI_EXTERN ffi_type ffi_type_complex_double;
FFI_EXTERN ffi_type ffi_type_complex_longdouble;

#define ffi_type_uchar  ffi_type_uint8
#define ffi_type_schar  ffi_type_sint8
#define ffi_type_ushort ffi_type_uint16
#define ffi_type_sshort ffi_type_sint16
#define ffi_type_uint   ffi_type_uint32
#define ffi_type_sint   ffi_type_sint32
#define ffi_type_ulong  ffi_type_uint64
#define ffi_type_slong  ffi_type_sint64

#endif

/* -- call interfaces ----------------------------------------------------------------------------------------------- */

typedef enum {
    FFI_OK = 0,
    FFI_BAD_TYPEDEF, /* no call has types like these (ffi_prep_cif says which); or memory is out */
    FFI_BAD_ABI,     /* none of FFI_UNIX64, FFI_WIN64 and FFI_GNUW64 */
    FFI_BAD_ARGTYPE  /* a variadic argument that C would have promoted */
} ffi_status;

/* Prepared by ffi_prep_cif; may be copied, and owns nothing. It refers to the types. */
typedef struct {
    ffi_abi abi;
    unsigned nargs;
    ffi_type **arg_types; /* nargs of them */
    ffi_type *rtype;
    unsigned bytes; /* this and the next are private */
    unsigned flags;
} ffi_cif;

/* Prepares *cif for calls with these arguments, lays types of size 0 out. FFI_BAD_ABI; FFI_BAD_TYPEDEF: a struct without
 * elements or with an empty one, a vector of unlike or no elements or of more than 64 bytes, a complex type of no
 * number, a type of an unknown number, a vector register that the processor has not, arguments of more than 1 GiB, no
 * memory. */
FFI_API ffi_status ffi_prep_cif(ffi_cif *cif, ffi_abi abi, unsigned int nargs, ffi_type *rtype, ffi_type **atypes);

/* For a call of a variadic function with these arguments, of which the first nfixedargs are declared. The statuses of
 * ffi_prep_cif; then FFI_BAD_ARGTYPE: one of the others is a float or an integer smaller than int. */
FFI_API ffi_status ffi_prep_cif_var(ffi_cif *cif, ffi_abi abi, unsigned int nfixedargs, unsigned int ntotalargs,
                                    ffi_type *rtype, ffi_type **atypes);

/* Calls fn. avalue[i] points at argument i; rvalue at room for the result, at least sizeof(ffi_arg) bytes, for integers
 * of less are widened to it; NULL when the result is not wanted. Nothing is changed but *rvalue, and nothing kept. */
FFI_API void ffi_call(ffi_cif *cif, void (*fn)(void), void *rvalue, void **avalue);

/* Works a struct's layout out: its size, its alignment and, unless `offsets` is NULL, the offset (bytes) of each element.
 * FFI_BAD_ABI; FFI_BAD_TYPEDEF: no struct, or one without elements, with an empty one or with one of an unknown number. */
FFI_API ffi_status ffi_get_struct_offsets(ffi_abi abi, ffi_type *struct_type, size_t *offsets);

#define FFI_FN(f) ((void (*)(void))(f))

/* A prepared call of one cif, which must outlive it; any number of threads may invoke it at once. alloc returns NULL when
 * memory is out; size is what it takes (bytes), 0 for NULL. */
typedef struct ffi_call_plan ffi_call_plan;
FFI_API ffi_call_plan *ffi_call_plan_alloc(ffi_cif *cif);
FFI_API void ffi_call_plan_invoke(ffi_call_plan *plan, void (*fn)(void), void *rvalue, void **avalue);
FFI_API void ffi_call_plan_free(ffi_call_plan *plan);
FFI_API size_t ffi_call_plan_size(ffi_call_plan *plan);

/* -- closures ------------------------------------------------------------------------------------------------------ */

/* The first 32 bytes are the library's; the rest ffi_prep_closure_loc fills in, and the handler's call reads. */
typedef struct {
    __extension__ union {
        char tramp[FFI_TRAMPOLINE_SIZE];
        void *ftramp;
    };
    ffi_cif *cif;
    void (*fun)(ffi_cif *, void *, void **, void *);
    void *user_data;
} ffi_closure
#ifdef __GNUC__
    __attribute__((aligned(8)))
#endif
    ;

/* Memory for a closure, `size` bytes (at least sizeof(ffi_closure)), 16-aligned; *code: the function pointer that it will
 * have. NULL: no memory, too many closures, or no `code`. Owned by the caller, who gives it to ffi_closure_free (NULL is
 * allowed) when C will not call it any more. */
FFI_API void *ffi_closure_alloc(size_t size, void **code);
FFI_API void ffi_closure_free(void *writable);

/* From now on codeloc leads to fun(cif, result, arguments, user_data): arguments[i] points at argument i, `result` at room
 * for the result, where an integer of less than sizeof(ffi_arg) bytes may be written as ffi_arg or in its own size; they
 * are gone when fun returns. codeloc is what ffi_closure_alloc gave, or the address at which the closure's own memory can
 * be executed. The closure refers to the cif. FFI_BAD_ABI: the cif was not prepared. */
FFI_API ffi_status ffi_prep_closure_loc(ffi_closure *closure, ffi_cif *cif,
                                        void (*fun)(ffi_cif *, void *, void **, void *), void *user_data,
                                        void *codeloc);

/* The same for a closure whose own memory is executable where it is written. */
FFI_API ffi_status ffi_prep_closure(ffi_closure *closure, ffi_cif *cif, void (*fun)(ffi_cif *, void *, void **, void *),
                                    void *user_data) FFI_DEPRECATED;

#define FFI_CLOSURE_PTR(X) (X)
#define FFI_RESTORE_PTR(X) (X)

/* -- raw: arguments side by side in words -------------------------------------------------------------------------- */

/* A word. Each argument takes as many as it needs, integers extended to one; a struct one, for its address. */
typedef union {
    ffi_sarg sint;
    ffi_arg uint;
    float flt;
    char data[FFI_SIZEOF_ARG];
    void *ptr;
} ffi_raw;

#define FFI_SIZEOF_JAVA_RAW FFI_SIZEOF_ARG
typedef ffi_raw ffi_java_raw; /* as Java's stack has them: 64-bit integers and double take two words */

/* ffi_call with the arguments in words; what a cif's arguments take (bytes); from pointers at arguments to words, which
 * are copies but for structs, and from words to pointers at them. */
FFI_API void ffi_raw_call(ffi_cif *cif, void (*fn)(void), void *rvalue, ffi_raw *avalue);
FFI_API void ffi_ptrarray_to_raw(ffi_cif *cif, void **args, ffi_raw *raw);
FFI_API void ffi_raw_to_ptrarray(ffi_cif *cif, ffi_raw *raw, void **args);
FFI_API size_t ffi_raw_size(ffi_cif *cif);

FFI_API void ffi_java_raw_call(ffi_cif *cif, void (*fn)(void), void *rvalue, ffi_java_raw *avalue) FFI_DEPRECATED;
FFI_API void ffi_java_ptrarray_to_raw(ffi_cif *cif, void **args, ffi_java_raw *raw) FFI_DEPRECATED;
FFI_API void ffi_java_raw_to_ptrarray(ffi_cif *cif, ffi_java_raw *raw, void **args) FFI_DEPRECATED;
FFI_API size_t ffi_java_raw_size(ffi_cif *cif) FFI_DEPRECATED;

/* A closure whose handler gets words. It starts with an ffi_closure, whose handler makes them. */
typedef struct {
    char tramp[FFI_TRAMPOLINE_SIZE];
    ffi_cif *cif;
    void (*translate_args)(ffi_cif *, void *, void **, void *);
    void *this_closure;
    void (*fun)(ffi_cif *, void *, ffi_raw *, void *);
    void *user_data;
} ffi_raw_closure;

typedef struct {
    char tramp[FFI_TRAMPOLINE_SIZE];
    ffi_cif *cif;
    void (*translate_args)(ffi_cif *, void *, void **, void *);
    void *this_closure;
    void (*fun)(ffi_cif *, void *, ffi_java_raw *, void *);
    void *user_data;
} ffi_java_raw_closure;

/* As ffi_prep_closure and ffi_prep_closure_loc; memory of sizeof(ffi_raw_closure) bytes from ffi_closure_alloc will do. */
FFI_API ffi_status ffi_prep_raw_closure(ffi_raw_closure *closure, ffi_cif *cif,
                                        void (*fun)(ffi_cif *, void *, ffi_raw *, void *), void *user_data);
FFI_API ffi_status ffi_prep_raw_closure_loc(ffi_raw_closure *closure, ffi_cif *cif,
                                            void (*fun)(ffi_cif *, void *, ffi_raw *, void *), void *user_data,
                                            void *codeloc);
FFI_API ffi_status ffi_prep_java_raw_closure(ffi_java_raw_closure *closure, ffi_cif *cif,
                                             void (*fun)(ffi_cif *, void *, ffi_java_raw *, void *),
                                             void *user_data) FFI_DEPRECATED;
FFI_API ffi_status ffi_prep_java_raw_closure_loc(ffi_java_raw_closure *closure, ffi_cif *cif,
                                                 void (*fun)(ffi_cif *, void *, ffi_java_raw *, void *),
                                                 void *user_data, void *codeloc) FFI_DEPRECATED;

/* -- Go ------------------------------------------------------------------------------------------------------------ */

/* What a Go function value points at: the static chain (r10) holds its address when its code (tramp) is called. */
typedef struct {
    void *tramp;
    ffi_cif *cif;
    void (*fun)(ffi_cif *, void *, void **, void *);
} ffi_go_closure;

/* The handler's user_data is the closure; memory of any kind will do. FFI_BAD_ABI: the cif was not prepared. */
FFI_API ffi_status ffi_prep_go_closure(ffi_go_closure *closure, ffi_cif *cif,
                                       void (*fun)(ffi_cif *, void *, void **, void *));

/* ffi_call with `closure` in the static chain. */
FFI_API void ffi_call_go(ffi_cif *cif, void (*fn)(void), void *rvalue, void **avalue, void *closure);

/* -- what this is -------------------------------------------------------------------------------------------------- */

FFI_API const char *ffi_get_version(void);          /* FFI_VERSION_STRING of the library that is loaded */
FFI_API unsigned long ffi_get_version_number(void); /* FFI_VERSION_NUMBER */
FFI_API unsigned int ffi_get_default_abi(void);     /* FFI_DEFAULT_ABI */
FFI_API size_t ffi_get_closure_size(void);          /* sizeof(ffi_closure) */

#endif

#ifdef __cplusplus
}
#endif
#endif
