#include "bind/inspect.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bind/bitfield.h"
#include "bind/cdata.h"
#include "bind/errors.h"
#include "bind/function.h"
#include "bind/literal.h"

enum { DEPTH_MAX = 200, TEXT_MAX = 1 << 24, INDENT_MAX = 80, READ_NBYTES_MAX = 1 << 24, ZEROS_SHOWN = 8 };

/* An object whose text is being written; what it contains may lead back to it. */
typedef struct Open {
    const char *address;
    const struct Open *outer;
} Open;

/* The writer. The buffer's own value is on top of the stack between all calls. */
typedef struct Writer {
    FfiState *S;
    lua_State *L;
    luaL_Buffer buffer;
    int64_t depth, width, text, follow, indent;
    int64_t level;      /* of braces */
    unsigned ncomments; /* open: C's do not nest */
    const char *end;    /* behind the outermost object, whose last array may have no length of its own; NULL: unknown */
    const Open *open;
} Writer;

static void put_value(Writer *w, TypeInfo *info, const char *address);

/* -- writing ------------------------------------------------------------------------------------------------------- */

static void put(Writer *w, const char *text)
{
    luaL_addstring(&w->buffer, text);
}

/* Adds the text on top of the stack and what was pushed below it on the way. */
static void put_pushed(Writer *w, int top, const char *text)
{
    lua_State *L = w->L;
    lua_pushstring(L, text);
    lua_insert(L, top + 1);
    lua_settop(L, top + 1);
    luaL_addvalue(&w->buffer);
}

#define PUT(w, pushing)                                                                                                \
    do {                                                                                                               \
        int put_top = lua_gettop((w)->L);                                                                              \
        put_pushed(w, put_top, pushing);                                                                               \
    } while (0)

static void open_comment(Writer *w)
{
    put(w, w->ncomments++ == 0 ? "/* " : "(");
}

static void close_comment(Writer *w)
{
    put(w, --w->ncomments == 0 ? " */" : ")");
}

static void put_line(Writer *w)
{
    if (w->indent == 0)
        return;
    put(w, "\n");
    for (int64_t i = 0; i < w->level * w->indent; i++)
        put(w, " ");
}

/* Before each member or element but the first. */
static void put_separator(Writer *w, bool *is_first, bool has_lines)
{
    if (!*is_first)
        put(w, w->indent > 0 && has_lines ? "," : ", ");
    *is_first = false;
    if (has_lines)
        put_line(w);
}

/* -- types --------------------------------------------------------------------------------------------------------- */

static bool has_name(const CType *type)
{
    switch ((CTypeKind)type->kind) {
    case CTYPE_RECORD:
        return !type->u.record->is_local && (type->u.record->tag != NULL || type->u.record->typedef_name != NULL);
    case CTYPE_ENUM:
        return !type->u.enumeration->is_local &&
               (type->u.enumeration->tag != NULL || type->u.enumeration->typedef_name != NULL);
    case CTYPE_POINTER:
    case CTYPE_REFERENCE:
    case CTYPE_ARRAY: return has_name(type->u.element);
    case CTYPE_FUNCTION:
        for (uint32_t i = 0; i < type->u.function->nparams; i++)
            if (!has_name(type->u.function->params[i]))
                return false;
        return has_name(type->u.function->result);
    default: return true;
    }
}

/* Whether a compound literal can be of the type. */
static bool is_literal_type(const CType *type)
{
    if (type->kind == CTYPE_RECORD && (type->u.record->has_flexible || type->is_vla))
        return false;
    return has_name(type);
}

/* "(struct point)"; count: of an array's elements. */
static void put_type(Writer *w, const CType *type, uint64_t count)
{
    CType *element = type->kind == CTYPE_ARRAY ? type->u.element : NULL;
    put(w, "(");
    if (element != NULL && type->is_vla) {
        state_enter(w->S, w->L);
        type = ctype_array(w->S->types, element, count);
        if (type == NULL)
            error_raise(w->L, MESSAGE_NO_MEMORY);
    }
    PUT(w, error_push_type(w->L, type));
    put(w, ")");
}

/* -- pointers ------------------------------------------------------------------------------------------------------ */

/* Whether all bytes can be read, asked of the kernel; false when it does not say. */
static bool is_readable(const char *address, uint64_t nbytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)address, last = first + nbytes - 1;
    if (nbytes == 0 || nbytes > READ_NBYTES_MAX || last < first)
        return false;
    for (uintptr_t at = first; at <= last; at = (at | (page - 1)) + 1) {
        char byte;
        struct iovec here = {.iov_base = &byte, .iov_len = 1};
        struct iovec there = {.iov_base = (void *)at, .iov_len = 1};
        if (process_vm_readv(getpid(), &here, 1, &there, 1, 0) != 1)
            return false;
        if ((at | (page - 1)) == UINTPTR_MAX)
            break;
    }
    return true;
}

/* Number of bytes before the zero, up to `limit`; false: that runs into memory that cannot be read. */
static bool string_length(const char *text, size_t limit, size_t *length)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (*length = 0; *length < limit;) {
        const char *at = text + *length;
        size_t chunk = page - ((uintptr_t)at & (page - 1));
        if (chunk > limit - *length)
            chunk = limit - *length;
        if (!is_readable(at, chunk))
            return false;
        size_t found = strnlen(at, chunk);
        *length += found;
        if (found < chunk)
            return true;
    }
    return true;
}

static bool is_char(const CType *type)
{
    return type->kind == CTYPE_INTEGER && type->scalar == CSCALAR_CHAR;
}

static bool put_string(Writer *w, const char *text)
{
    size_t length, limit = (size_t)w->text;
    if (!string_length(text, limit + 1, &length))
        return false;
    PUT(w, literal_push_string(w->L, text, length <= limit ? length : limit));
    if (length > limit) {
        put(w, " ");
        open_comment(w);
        put(w, "more");
        close_comment(w);
    }
    return true;
}

static bool is_open(const Writer *w, const char *address)
{
    const Open *open = w->open;
    while (open != NULL && open->address != address)
        open = open->outer;
    return open != NULL;
}

/* A value where a compound literal's braces must stand. */
static void put_braced(Writer *w, TypeInfo *info, const char *address)
{
    bool has_braces = info->kind == VALUE_RECORD || info->kind == VALUE_VECTOR ||
                      (info->kind == VALUE_ARRAY && !is_char(info->type->u.element));
    put(w, has_braces ? "" : "{");
    put_value(w, info, address);
    put(w, has_braces ? "" : "}");
}

/* False, and nothing is written: the pointer is not to be followed. */
static bool put_target(Writer *w, TypeInfo *info, const char *target)
{
    const CType *element = info->type->u.element;
    if (w->follow == 0 || !ctype_is_complete(element) || is_open(w, target))
        return false;
    if (is_char(element))
        return put_string(w, target);
    if (!is_literal_type(element) || !is_readable(target, element->size))
        return false;
    const char *end = w->end;
    w->end = NULL;
    w->follow--;
    put(w, "&");
    put_type(w, element, 0);
    put_braced(w, typeinfo_element(info, w->L), target);
    w->follow++;
    w->end = end;
    return true;
}

/* The name of the function at an address, where it has one that C can write; NULL: it has none. */
static const char *function_name(const char *address)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    Dl_info found;
    if (dladdr(address, &found) == 0 || found.dli_sname == NULL || found.dli_saddr != (const void *)address)
        return NULL;
    return found.dli_sname[strspn(found.dli_sname, letters)] == '\0' ? found.dli_sname : NULL;
}

static bool has_function_name(const TypeInfo *pointer, const char *address)
{
    return pointer->type->u.element->kind == CTYPE_FUNCTION && function_name(address) != NULL;
}

static void put_pointer(Writer *w, TypeInfo *info, const char *target)
{
    const CType *element = info->type->u.element;
    const char *name = element->kind == CTYPE_FUNCTION ? function_name(target) : NULL;
    if (target == NULL) {
        put(w, "0");
    } else if (name != NULL) {
        put(w, name);
    } else if (!put_target(w, info, target)) {
        CType *pointer = NULL;
        state_enter(w->S, w->L);
        if (has_name(element))
            pointer = ctype_pointer(w->S->types, info->type->u.element);
        const CType *type = pointer != NULL ? pointer : w->S->bytes->type;
        PUT(w, lua_pushfstring(w->L, "(%s)%p", error_push_type(w->L, type), (const void *)target));
    }
}

/* -- arrays -------------------------------------------------------------------------------------------------------- */

static bool is_zero(const char *start, uint64_t nbytes)
{
    while (nbytes > 0 && *start == '\0') {
        start++;
        nbytes--;
    }
    return nbytes == 0;
}

/* What the elements that are not shown amount to. */
static void put_rest(Writer *w, uint64_t count, bool is_all_zero)
{
    put(w, " ");
    open_comment(w);
    PUT(w, lua_pushfstring(w->L, is_all_zero ? "%I zeros" : "%I more", (LUAI_UACINT)count));
    close_comment(w);
}

static void put_text(Writer *w, const char *start, uint64_t count)
{
    uint64_t length = count;
    while (length > 0 && start[length - 1] == '\0')
        length--;
    uint64_t shown = length < (uint64_t)w->text ? length : (uint64_t)w->text;
    PUT(w, literal_push_string(w->L, start, (size_t)shown));
    if (shown < length)
        put_rest(w, length - shown, false);
}

/* How many elements are written: no long row of zeros at the end, and no more than the width. */
static uint64_t count_shown(const Writer *w, const char *start, uint64_t count, uint64_t nbytes)
{
    uint64_t used = count;
    if (nbytes == 0)
        return count < (uint64_t)w->width ? count : (uint64_t)w->width;
    while (used > 1 && is_zero(start + (used - 1) * nbytes, nbytes))
        used--;
    if (count - used <= ZEROS_SHOWN)
        used = count;
    return used < (uint64_t)w->width ? used : (uint64_t)w->width;
}

static void put_elements(Writer *w, TypeInfo *element, const char *start, uint64_t count)
{
    uint64_t nbytes = element->type->size;
    uint64_t shown = count_shown(w, start, count, nbytes);
    bool has_lines = w->ncomments == 0 && (element->kind == VALUE_RECORD || element->kind == VALUE_ARRAY);
    bool is_first = true;
    put(w, "{");
    w->level++;
    for (uint64_t i = 0; i < shown; i++) {
        put_separator(w, &is_first, has_lines);
        put_value(w, element, start + i * nbytes);
    }
    if (shown < count)
        put_rest(w, count - shown, is_zero(start + shown * nbytes, (count - shown) * nbytes));
    w->level--;
    if (has_lines && shown > 0)
        put_line(w);
    put(w, "}");
}

static void put_array(Writer *w, TypeInfo *info, const char *start)
{
    uint64_t count;
    TypeInfo *element = typeinfo_element(info, w->L);
    if (!typeinfo_array_length(info->type, start, w->end, &count)) {
        put(w, "{");
        open_comment(w);
        put(w, "unknown length");
        close_comment(w);
        put(w, "}");
    } else if (is_char(element->type)) {
        put_text(w, start, count);
    } else {
        put_elements(w, element, start, count);
    }
}

/* -- records ------------------------------------------------------------------------------------------------------- */

typedef struct Members {
    uint64_t nshown;
    uint64_t nhidden;
    bool is_first;
} Members;

static void put_members(Writer *w, Members *members, const CRecord *record, const char *start);

static bool is_unnamed_record(const CMember *member)
{
    return member->name == NULL && member->type->kind == CTYPE_RECORD && !member->is_bitfield;
}

static void put_bitfield(Writer *w, const CMember *member, const char *address)
{
    Field field = {.info = typeinfo_of(w->S, w->L, member->type), .member = member};
    Number number;
    int top = lua_gettop(w->L);
    luaL_checkstack(w->L, 8, NULL);
    bitfield_push(w->L, &field, address);
    number_to(w->L, -1, &number);
    put_pushed(w, top, literal_push_integer(w->L, &number));
}

static void put_member(Writer *w, Members *members, const CMember *member, const char *start)
{
    const char *address = start + member->offset;
    if (is_unnamed_record(member)) {
        put_members(w, members, member->type->u.record, address);
        return;
    }
    if (member->name == NULL)
        return;
    if (members->nshown++ >= (uint64_t)w->width) {
        members->nhidden++;
        return;
    }
    put_separator(w, &members->is_first, w->ncomments == 0);
    PUT(w, lua_pushfstring(w->L, ".%s = ", member->name));
    if (member->is_bitfield)
        put_bitfield(w, member, address);
    else
        put_value(w, typeinfo_of(w->S, w->L, member->type), address);
}

static uint64_t member_nbits(const CMember *member)
{
    if (member->is_bitfield)
        return member->name != NULL ? member->bit_width : 0;
    return ctype_is_complete(member->type) && member->type->size < UINT64_MAX / 8 ? member->type->size * 8 : 0;
}

/* The largest member makes all bytes; the others are the same bytes once more. */
static void put_union(Writer *w, Members *members, const CRecord *record, const char *start)
{
    uint32_t largest = 0;
    for (uint32_t i = 1; i < record->nmembers; i++)
        if (member_nbits(&record->members[i]) > member_nbits(&record->members[largest]))
            largest = i;
    if (record->nmembers == 0)
        return;
    put_member(w, members, &record->members[largest], start);
    Members others = {.nshown = members->nshown, .is_first = true};
    bool has_comment = record->nmembers > 1 && members->nshown < (uint64_t)w->width;
    if (has_comment) {
        put(w, " ");
        open_comment(w);
    }
    for (uint32_t i = 0; i < record->nmembers; i++)
        if (i != largest)
            put_member(w, &others, &record->members[i], start);
    if (has_comment)
        close_comment(w);
    members->nshown = others.nshown;
    members->nhidden += others.nhidden;
}

static void put_members(Writer *w, Members *members, const CRecord *record, const char *start)
{
    if (record->is_union) {
        put_union(w, members, record, start);
        return;
    }
    for (uint32_t i = 0; i < record->nmembers; i++)
        put_member(w, members, &record->members[i], start);
}

static void put_record(Writer *w, const CRecord *record, const char *start)
{
    Open open = {.address = start, .outer = w->open};
    Members members = {.is_first = true};
    w->open = &open;
    w->level++;
    put(w, "{");
    put_members(w, &members, record, start);
    if (members.nhidden > 0)
        put_rest(w, members.nhidden, false);
    w->level--;
    if (!members.is_first && w->ncomments == 0)
        put_line(w);
    put(w, "}");
    w->open = open.outer;
}

/* -- values -------------------------------------------------------------------------------------------------------- */

static void put_enum(Writer *w, TypeInfo *info, const char *address)
{
    const CEnum *enumeration = info->type->u.enumeration;
    Number number = number_load(info, address);
    for (uint32_t i = 0; i < enumeration->nenumerators; i++) {
        if (enumeration->enumerators[i].value == (uint64_t)number.integer) {
            put(w, enumeration->enumerators[i].name);
            return;
        }
    }
    PUT(w, literal_push_integer(w->L, &number));
}

/* Braces beyond the depth are empty. A char array is no level. */
static void put_aggregate(Writer *w, TypeInfo *info, const char *address)
{
    if (info->kind == VALUE_ARRAY && is_char(info->type->u.element)) {
        put_array(w, info, address);
    } else if (w->level >= w->depth) {
        put(w, "{");
        open_comment(w);
        PUT(w, error_push_type(w->L, info->type));
        close_comment(w);
        put(w, "}");
    } else if (info->kind == VALUE_RECORD) {
        put_record(w, info->type->u.record, address);
    } else if (info->kind == VALUE_ARRAY) {
        put_array(w, info, address);
    } else {
        put_elements(w, typeinfo_element(info, w->L), address, info->type->nelems);
    }
}

static void put_value(Writer *w, TypeInfo *info, const char *address)
{
    const char *target;
    luaL_checkstack(w->L, 16, NULL);
    switch ((ValueKind)info->kind) {
    case VALUE_POINTER:
    case VALUE_REFERENCE:
        memcpy(&target, address, sizeof target);
        put_pointer(w, info, target);
        break;
    case VALUE_RECORD:
    case VALUE_ARRAY:
    case VALUE_VECTOR: put_aggregate(w, info, address); break;
    case VALUE_ENUM: put_enum(w, info, address); break;
    case VALUE_COMPLEX: PUT(w, literal_push_complex(w->L, info, address)); break;
    case VALUE_DECIMAL: PUT(w, literal_push_decimal(w->L, info, address)); break;
    default: PUT(w, literal_push_number(w->L, info, address)); break;
    }
}

/* -- ffi.inspect --------------------------------------------------------------------------------------------------- */

typedef struct Option {
    const char *name;
    size_t offset; /* in Writer */
    int64_t missing, highest;
} Option;

static const Option options[] = {
    {"depth", offsetof(Writer, depth), 8, DEPTH_MAX},    {"width", offsetof(Writer, width), 64, INT64_MAX},
    {"text", offsetof(Writer, text), 256, TEXT_MAX},     {"follow", offsetof(Writer, follow), 0, DEPTH_MAX},
    {"indent", offsetof(Writer, indent), 0, INDENT_MAX},
};

enum { NOPTIONS = sizeof options / sizeof options[0] };

static const Option *find_option(lua_State *L, int index)
{
    const char *name = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : error_push_value(L, index);
    for (size_t i = 0; i < NOPTIONS; i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    error_raise(L, MESSAGE_NO_OPTION, "ffi.inspect", name);
}

/* The options table at 2, where there is one. */
static void check_options(Writer *w)
{
    lua_State *L = w->L;
    for (size_t i = 0; i < NOPTIONS; i++)
        memcpy((char *)w + options[i].offset, &options[i].missing, sizeof(int64_t));
    if (lua_isnil(L, 2))
        return;
    if (lua_type(L, 2) != LUA_TTABLE)
        error_argument(L, 2, "ffi.inspect", "table of options");
    for (lua_pushnil(L); lua_next(L, 2) != 0; lua_pop(L, 1)) {
        int64_t value;
        const Option *option = find_option(L, -2);
        if (!number_to_integer(w->S, L, -1, &value) || value < 0)
            error_raise(L, MESSAGE_OPTION, option->name, error_push_value(L, -1));
        value = value < option->highest ? value : option->highest;
        memcpy((char *)w + option->offset, &value, sizeof value);
    }
}

static void put_object(Writer *w, Cdata *cdata)
{
    TypeInfo *info = cdata->info;
    const char *address = cdata_address(cdata);
    uint64_t nbytes = cdata_content_nbytes(cdata), count = 0;
    w->end = nbytes != CTYPE_SIZE_UNKNOWN ? address + nbytes : NULL;
    bool is_known = info->kind != VALUE_ARRAY || typeinfo_array_length(info->type, address, w->end, &count);
    /* an address is written with its type wherever it stands */
    const char *target = info->is_pointer ? cdata_pointer(cdata) : NULL;
    bool has_type = target != NULL && !has_function_name(info, target);
    if (!has_type && is_known && is_literal_type(info->type)) {
        put_type(w, info->type, count);
        if (info->kind == VALUE_ARRAY) {
            put_braced(w, info, address);
            return;
        }
    }
    put_value(w, info, address);
}

static void put_function(Writer *w, CType *type)
{
    TypeInfo *info = typeinfo_pointer_to(w->S, w->L, type);
    const char *address = function_address_of(w->L, 1);
    if (has_function_name(info, address))
        put_type(w, info->type, 0);
    put_pointer(w, info, address);
}

int inspect_lua(lua_State *L)
{
    Writer w = {.S = state_of(L), .L = L};
    Cdata *cdata = cdata_to(L, 1);
    CType *function = function_type_of(L, 1);
    if (cdata == NULL && function == NULL)
        error_argument(L, 1, "ffi.inspect", "cdata");
    lua_settop(L, 2);
    check_options(&w);
    luaL_buffinit(L, &w.buffer);
    if (cdata != NULL)
        put_object(&w, cdata);
    else
        put_function(&w, function);
    luaL_pushresult(&w.buffer);
    return 1;
}
