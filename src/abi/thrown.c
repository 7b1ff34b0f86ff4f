#include "abi/thrown.h"

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* -- the exception's header ---------------------------------------------------------------------------------------- */

/* An exception's class is eight letters, the first one highest; the last tells what std::rethrow_exception throws: a
 * dependent exception, which stands for a primary one. */
#define CLASS_GNU  0x474e5543432b2b00u /* "GNUCC++" */
#define CLASS_LLVM 0x434c4e47432b2b00u /* "CLNGC++" */

static uint64_t language_of(const struct _Unwind_Exception *exception)
{
    return exception->exception_class & ~(uint64_t)0xff;
}

static bool is_dependent(const struct _Unwind_Exception *exception)
{
    return (exception->exception_class & 0xff) == 1;
}

static bool is_cxx(const struct _Unwind_Exception *exception)
{
    return (language_of(exception) == CLASS_GNU || language_of(exception) == CLASS_LLVM) &&
           (exception->exception_class & 0xff) <= 1;
}

/* std::type_info and those made from it; what is behind the name depends on which one it is. */
typedef struct RttiType {
    const void *const *vtable;
    const char *name;
} RttiType;

typedef struct RttiSingle {
    RttiType type;
    const RttiType *base; /* public, not virtual, at offset 0 */
} RttiSingle;

typedef struct RttiBase {
    const RttiType *type;
    long flags; /* RTTI_*, and from bit 8 on the offset: of the base, or of what holds it in the vtable */
} RttiBase;

enum { RTTI_VIRTUAL = 1, RTTI_PUBLIC = 2, RTTI_OFFSET_SHIFT = 8 };

typedef struct RttiMultiple {
    RttiType type;
    unsigned flags;
    unsigned nbases;
    RttiBase bases[];
} RttiMultiple;

/* Words in front of the unwinder's header: the type of what was thrown is the last but nine, and so is a dependent
 * exception's primary object in libstdc++; libc++abi, which keeps the type there too, has it in front. */
enum { WORD_TYPE = -10, WORD_PRIMARY_GNU = -10, WORD_PRIMARY_LLVM = -11 };

static const void *header_word(const struct _Unwind_Exception *exception, int index)
{
    return ((const void *const *)(const void *)exception)[index];
}

/* What was thrown lies behind the header of the exception that is not dependent on another. */
static const void *object_of(const struct _Unwind_Exception *exception)
{
    if (!is_dependent(exception))
        return exception + 1;
    return header_word(exception, language_of(exception) == CLASS_GNU ? WORD_PRIMARY_GNU : WORD_PRIMARY_LLVM);
}

static const RttiType *type_of(const struct _Unwind_Exception *exception)
{
    const struct _Unwind_Exception *primary = (const struct _Unwind_Exception *)object_of(exception) - 1;
    return header_word(primary, WORD_TYPE);
}

/* A star in front says that the name is one object file's own, and no part of it. */
static const char *name_of(const RttiType *type)
{
    return type->name + (type->name[0] == '*');
}

const char *thrown_type(const struct _Unwind_Exception *exception)
{
    return is_cxx(exception) ? name_of(type_of(exception)) : NULL;
}

/* -- its bases ----------------------------------------------------------------------------------------------------- */

/* What a type_info itself is, by the type_info in front of its vtable: the runtimes have classes of the same names. */
static bool is_rtti(const RttiType *type, const char *name)
{
    const RttiType *meta = type->vtable[-1];
    return strcmp(name_of(meta), name) == 0;
}

/* A virtual base's offset stands in the vtable of the object. */
static const void *base_address(const RttiBase *base, const char *object)
{
    ptrdiff_t offset = base->flags >> RTTI_OFFSET_SHIFT;
    if (base->flags & RTTI_VIRTUAL) {
        const char *vtable = *(const char *const *)(const void *)object;
        memcpy(&offset, vtable + offset, sizeof offset);
    }
    return object + offset;
}

/* The subobject that is a std::exception, reached through public bases, or NULL. */
static const void *find_exception(const RttiType *type, const void *object, int depth)
{
    enum { DEPTH_MAX = 100 };
    if (strcmp(name_of(type), "St9exception") == 0)
        return object;
    if (depth == DEPTH_MAX)
        return NULL;
    if (is_rtti(type, "N10__cxxabiv120__si_class_type_infoE"))
        return find_exception(((const RttiSingle *)(const void *)type)->base, object, depth + 1);
    if (!is_rtti(type, "N10__cxxabiv121__vmi_class_type_infoE"))
        return NULL;
    const RttiMultiple *multiple = (const RttiMultiple *)(const void *)type;
    const void *found = NULL;
    for (unsigned i = 0; i < multiple->nbases && found == NULL; i++) {
        const RttiBase *base = &multiple->bases[i];
        if (base->flags & RTTI_PUBLIC)
            found = find_exception(base->type, base_address(base, object), depth + 1);
    }
    return found;
}

/* The third function of its vtable, behind two destructors. */
static const char *call_what(const void *exception)
{
    enum { VTABLE_WHAT = 2 };
    const char *(*what)(const void *);
    const void *const *vtable = *(const void *const *const *)exception;
    memcpy(&what, &vtable[VTABLE_WHAT], sizeof what);
    return what(exception);
}

/* -- its runtime --------------------------------------------------------------------------------------------------- */

/* A loaded file. dladdr would tell as much, but reads all symbols of the file for it. */
typedef struct Object {
    uintptr_t address;    /* what it holds */
    const char *name;     /* "": the program; NULL: not found */
    uintptr_t start, end; /* of all that is loaded */
} Object;

static int match_object(struct dl_phdr_info *info, size_t nbytes, void *argument)
{
    Object *object = argument;
    bool is_found = false;
    (void)nbytes;
    object->start = UINTPTR_MAX;
    object->end = 0;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        uintptr_t end = start + info->dlpi_phdr[i].p_memsz;
        if (info->dlpi_phdr[i].p_type != PT_LOAD)
            continue;
        is_found |= object->address >= start && object->address < end;
        object->start = start < object->start ? start : object->start;
        object->end = end > object->end ? end : object->end;
    }
    if (is_found)
        object->name = info->dlpi_name;
    return is_found;
}

/* The address of a function that the object itself defines, into *function. */
static bool find_function(void *library, const Object *object, const char *name, void *function)
{
    void *address = dlsym(library, name);
    if ((uintptr_t)address < object->start || (uintptr_t)address >= object->end)
        return false;
    memcpy(function, &address, sizeof address);
    return true;
}

/* In the object that holds the exception's cleanup function, which the runtime set: other objects may hold another runtime,
 * under the same names. */
static ThrownRuntime find_runtime(const struct _Unwind_Exception *exception)
{
    ThrownRuntime runtime = {NULL, NULL, NULL};
    Object object = {.address = (uintptr_t)exception->exception_cleanup};
    if (dl_iterate_phdr(match_object, &object) == 0)
        return runtime;
    void *library = dlopen(object.name[0] != '\0' ? object.name : NULL, RTLD_LAZY | RTLD_NOLOAD);
    if (library == NULL)
        return runtime;
    if (!find_function(library, &object, "__cxa_begin_catch", &runtime.begin_catch) ||
        !find_function(library, &object, "__cxa_end_catch", &runtime.end_catch))
        runtime.begin_catch = NULL;
    find_function(library, &object, "__cxa_demangle", &runtime.demangle);
    dlclose(library);
    return runtime;
}

/* -- catching ------------------------------------------------------------------------------------------------------ */

void thrown_begin(Thrown *thrown, struct _Unwind_Exception *exception)
{
    int status;
    *thrown = (Thrown){.exception = exception, .type = thrown_type(exception)};
    if (thrown->type == NULL)
        return;
    thrown->runtime = find_runtime(exception);
    if (thrown->runtime.begin_catch != NULL)
        thrown->runtime.begin_catch(exception);
    const void *object = find_exception(type_of(exception), object_of(exception), 0);
    if (object != NULL)
        thrown->what = call_what(object);
    if (thrown->runtime.demangle != NULL)
        thrown->spelling = thrown->runtime.demangle(thrown->type, NULL, NULL, &status);
}

void thrown_end(Thrown *thrown)
{
    struct _Unwind_Exception *exception = thrown->exception;
    free(thrown->spelling);
    if (thrown->runtime.begin_catch != NULL)
        thrown->runtime.end_catch();
    else if (exception->exception_cleanup != NULL)
        exception->exception_cleanup(_URC_FOREIGN_EXCEPTION_CAUGHT, exception);
}
