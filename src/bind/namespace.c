#include "bind/namespace.h"

#include <dlfcn.h>
#include <string.h>

#include "base/tiny.h"
#include "bind/convert.h"
#include "bind/function.h"
#include "bind/ldcache.h"

/* A library object: functions, views and the namespace itself hang on it. */
typedef struct Library {
    void *handle; /* of dlopen; NULL: the default namespace, everything loaded */
} Library;

/* Closes a library after its object is gone. */
typedef struct Guard {
    void *handle; /* NULL: nothing was opened */
} Guard;

/* Upvalues of a namespace's metamethods: the address of what they share, the library object, the library's name for
 * messages, and the userdata that is shared. */
enum { UPVALUE_ADDRESS = 1, UPVALUE_LIBRARY = 2, UPVALUE_NAME = 3, UPVALUE_SHARED = 4, NUPVALUES = 4 };

typedef struct Variable {
    const void *key; /* lua_topointer of the name, when that is an interned string; else NULL */
    void *address;
    TypeInfo *info;
    uint8_t kind;     /* ValueKind */
    uint8_t set_kind; /* the same; VOID: const */
} Variable;

enum { NRECENT = TINY(16, 1) };

/* A userdata whose user value is a table of the variables that were found before: name -> Variable. Nothing is ever taken
 * out: what was declared stays so, and the library stays mapped as long as its namespace. */
typedef struct Namespace {
    FfiState *state;
    Variable recent[NRECENT]; /* by a hash of the key, which the table holds; the newest one wins. Empty: kind VOID */
} Namespace;

/* -- names --------------------------------------------------------------------------------------------------------- */

/* What the key at 2 names. */
static const CDecl *check_decl(FfiState *S, lua_State *L)
{
    if (lua_type(L, 2) != LUA_TSTRING)
        error_raise(L, MESSAGE_NAMESPACE_KEY, error_push_value(L, 2));
    size_t length;
    const char *name = lua_tolstring(L, 2, &length);
    const CDecl *decl = ctype_find_decl(S->types, name, length);
    if (decl == NULL)
        error_raise(L, MESSAGE_UNDECLARED, name);
    if (decl->kind == CDECL_TYPEDEF)
        error_raise(L, MESSAGE_NOT_A_SYMBOL, name);
    return decl;
}

/* library, where: stack indices of the library object and of its name. */
static void *check_symbol_in(lua_State *L, const CDecl *decl, int library, int where)
{
    void *handle = ((const Library *)lua_touserdata(L, library))->handle;
    const char *asm_name = ctype_asm_name(decl);
    const char *symbol = asm_name != NULL ? asm_name : decl->name;
    void *address = dlsym(handle != NULL ? handle : RTLD_DEFAULT, symbol);
    if (address != NULL)
        return address;
    if (asm_name != NULL)
        error_raise(L, MESSAGE_NO_SYMBOL_ASM, symbol, decl->name, lua_tostring(L, where));
    error_raise(L, MESSAGE_NO_SYMBOL, symbol, lua_tostring(L, where));
}

static void *check_symbol(lua_State *L, const CDecl *decl)
{
    return check_symbol_in(L, decl, lua_upvalueindex(UPVALUE_LIBRARY), lua_upvalueindex(UPVALUE_NAME));
}

static void push_constant(FfiState *S, lua_State *L, const CDecl *decl)
{
    bool is_negative = ctype_scalar_class((CScalar)decl->type->scalar) == CSCALAR_SIGNED && (int64_t)decl->value < 0;
    uint64_t value[2] = {decl->value, is_negative ? UINT64_MAX : 0};
    value_push(L, typeinfo_of(S, L, decl->type), value, 0, 0);
}

ALWAYS_INLINE Namespace *namespace_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(UPVALUE_ADDRESS));
}

_Static_assert(sizeof(Variable) == 32, "a key's own bits are the offset of its slot");

static inline Variable *recent_slot(Namespace *namespace, const void *key)
{
    size_t offset = (uintptr_t)key & (NRECENT - 1) * sizeof(Variable);
    return (Variable *)(void *)((char *)namespace->recent + offset);
}

static void remember(Namespace *namespace, const Variable *variable)
{
    if (variable->key != NULL)
        *recent_slot(namespace, variable->key) = *variable;
}

static const Variable *new_variable(Namespace *namespace, lua_State *L, const CDecl *decl)
{
    FfiState *S = namespace->state;
    void *address = check_symbol(L, decl);
    TypeInfo *info = typeinfo_of(S, L, decl->type);
    lua_getiuservalue(L, lua_upvalueindex(UPVALUE_SHARED), 1);
    lua_pushvalue(L, 2);
    Variable *variable = lua_newuserdatauv(L, sizeof *variable, 0);
    *variable = (Variable){.info = info,
                           .address = address,
                           .kind = info->kind,
                           .set_kind = info->is_const ? (uint8_t)VALUE_VOID : info->kind};
    if (lua_rawlen(L, 2) <= S->interned_length)
        variable->key = lua_topointer(L, 2);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    remember(namespace, variable);
    return variable;
}

/* The variable that the key at 2 named before, or NULL. */
static const Variable *find_variable(Namespace *namespace, lua_State *L)
{
    lua_getiuservalue(L, lua_upvalueindex(UPVALUE_SHARED), 1);
    lua_pushvalue(L, 2);
    lua_rawget(L, -2);
    const Variable *variable = lua_touserdata(L, -1);
    lua_pop(L, 2); /* the table keeps it */
    if (variable != NULL)
        remember(namespace, variable);
    return variable;
}

static int push_variable(lua_State *L, const Variable *variable)
{
    unsigned flags = variable->info->type->is_unbounded ? CDATA_UNCHECKED : 0;
    value_push(L, variable->info, variable->address, lua_upvalueindex(UPVALUE_LIBRARY), flags);
    return 1;
}

/* All that the recent variables of the commonest types leave. */
static NOINLINE int index_slowly(Namespace *namespace, lua_State *L)
{
    FfiState *S = namespace->state;
    const Variable *variable = find_variable(namespace, L);
    if (variable != NULL)
        return push_variable(L, variable);
    const CDecl *decl = check_decl(S, L);
    if (decl->kind == CDECL_VARIABLE)
        return push_variable(L, new_variable(namespace, L, decl));
    if (decl->kind == CDECL_CONSTANT)
        push_constant(S, L, decl);
    else
        function_push(S, L, typeinfo_of(S, L, decl->type), check_symbol(L, decl), decl,
                      lua_upvalueindex(UPVALUE_LIBRARY));
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
    return 1;
}

/* (namespace, name): what is not in the table. */
static int namespace_index(lua_State *L)
{
    Namespace *namespace = namespace_of(L);
    const void *key = lua_topointer(L, 2);
    const Variable *variable = recent_slot(namespace, key);
    if (__builtin_expect(variable->key != key, 0))
        return index_slowly(namespace, L);
    switch ((ValueKind)variable->kind) {
    case VALUE_VOID: return index_slowly(namespace, L);
    case VALUE_I32: lua_pushinteger(L, *(const int32_t *)variable->address); return 1;
    case VALUE_U32: lua_pushinteger(L, *(const uint32_t *)variable->address); return 1;
    case VALUE_I64: lua_pushinteger(L, *(const int64_t *)variable->address); return 1;
    case VALUE_F64: lua_pushnumber(L, *(const double *)variable->address); return 1;
    default: return push_variable(L, variable);
    }
}

static NOINLINE int newindex_slowly(Namespace *namespace, lua_State *L)
{
    const Variable *variable = find_variable(namespace, L);
    if (variable == NULL) {
        const CDecl *decl = check_decl(namespace->state, L);
        if (decl->kind != CDECL_VARIABLE)
            error_raise(L, MESSAGE_NAMESPACE_WRITE, decl->name);
        variable = new_variable(namespace, L, decl);
    }
    Place place = {.kind = PLACE_VARIABLE, .name = lua_tostring(L, 2)};
    if (variable->info->is_const)
        error_raise(L, MESSAGE_CONST_WRITE, error_push_place(L, &place));
    value_assign(L, variable->info, variable->address, 3, &place);
    return 0;
}

/* (namespace, name, value): only variables can be assigned to. */
static int namespace_newindex(lua_State *L)
{
    Namespace *namespace = namespace_of(L);
    const void *key = lua_topointer(L, 2);
    const Variable *variable = recent_slot(namespace, key);
    if (__builtin_expect(variable->key != key, 0))
        return newindex_slowly(namespace, L);
    lua_Integer integer;
    switch ((ValueKind)variable->set_kind) {
    case VALUE_I32:
    case VALUE_U32:
        if (!lua_isinteger(L, 3))
            return newindex_slowly(namespace, L);
        integer = lua_tointegerx(L, 3, NULL);
        memcpy(variable->address, &integer, sizeof(int32_t)); /* the low bytes come first */
        return 0;
    case VALUE_VOID: return newindex_slowly(namespace, L);
    default: return number_store_lua(L, variable->info, variable->address, 3) ? 0 : newindex_slowly(namespace, L);
    }
}

static int namespace_tostring(lua_State *L)
{
    lua_pushfstring(L, "library: %s", lua_tostring(L, lua_upvalueindex(UPVALUE_NAME)));
    return 1;
}

/* Table with the metamethods over the library object at `library`. [-0, +1, m] */
static void push_namespace(lua_State *L, FfiState *S, int library, const char *name)
{
    static const struct {
        const char *event;
        lua_CFunction function;
    } methods[] = {
        {"__index", namespace_index}, {"__newindex", namespace_newindex}, {"__tostring", namespace_tostring}};
    lua_newtable(L);
    Namespace *namespace = lua_newuserdatauv(L, sizeof *namespace, 1);
    *namespace = (Namespace){.state = S};
    lua_newtable(L);
    lua_setiuservalue(L, -2, 1);
    lua_createtable(L, 0, 5);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        lua_pushlightuserdata(L, namespace);
        lua_pushvalue(L, library);
        lua_pushstring(L, name);
        lua_pushvalue(L, -5);
        lua_pushcclosure(L, methods[i].function, NUPVALUES);
        lua_setfield(L, -2, methods[i].event);
    }
    lua_pushliteral(L, "ffi.library");
    lua_setfield(L, -2, "__name");
    lua_pushliteral(L, "ffi");
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -3);
    lua_pop(L, 1);
}

/* -- addresses ----------------------------------------------------------------------------------------------------- */

/* Leaves the __index function of the namespace at `table` on the stack. False, and nothing is left: it is none. */
static bool push_index_function(lua_State *L, int table)
{
    if (!lua_getmetatable(L, table))
        return false;
    bool is_namespace = lua_getfield(L, -1, "__index") == LUA_TFUNCTION && lua_tocfunction(L, -1) == namespace_index;
    lua_remove(L, -2);
    if (!is_namespace)
        lua_pop(L, 1);
    return is_namespace;
}

bool namespace_push_address(FfiState *S, lua_State *L)
{
    if (!push_index_function(L, 1))
        return false;
    const CDecl *decl = check_decl(S, L);
    if (decl->kind == CDECL_CONSTANT)
        error_raise(L, MESSAGE_CONSTANT_ADDRESS, decl->name);
    lua_getupvalue(L, -1, UPVALUE_LIBRARY);
    lua_getupvalue(L, -2, UPVALUE_NAME);
    int library = lua_gettop(L) - 1;
    void *address = check_symbol_in(L, decl, library, library + 1);
    cdata_push_pointer(L, typeinfo_pointer_to(S, L, decl->type), address, library);
    return true;
}

/* -- library objects ----------------------------------------------------------------------------------------------- */

/* A library is found dead together with what uses it, whose finalisers may still call it whatever their order: then its
 * object lives until they are done and is still in the weak-keyed table, and the guard tries again after the next
 * collection. At lua_close nothing is taken out of weak tables, so that libraries stay mapped. */
static int guard_gc(lua_State *L)
{
    FfiState *S = state_of(L);
    Guard *guard = lua_touserdata(L, 1);
    state_push_ref(L, S->ref_libraries);
    bool is_used = false;
    lua_pushnil(L);
    while (!is_used && lua_next(L, 2) != 0) {
        is_used = lua_touserdata(L, -1) == guard;
        lua_pop(L, 1);
    }
    if (is_used) {
        state_push_ref(L, S->ref_library_meta);
        lua_setmetatable(L, 1);
    } else if (guard->handle != NULL) {
        dlclose(guard->handle);
        guard->handle = NULL;
    }
    return 0;
}

void namespace_open(FfiState *S, lua_State *L)
{
    lua_createtable(L, 0, 2);
    state_push_ref(L, S->ref_self);
    lua_pushcclosure(L, guard_gc, 1);
    lua_setfield(L, -2, "__gc");
    lua_pushliteral(L, "ffi");
    lua_setfield(L, -2, "__metatable");
    S->ref_library_meta = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* [-0, +1, m] */
static Library *push_library(lua_State *L)
{
    Library *library = lua_newuserdatauv(L, sizeof *library, 0);
    library->handle = NULL;
    return library;
}

/* New guard of the library object at `library`, which keeps it until then. [-0, +0, m] */
static Guard *make_guard(FfiState *S, lua_State *L, int library)
{
    state_push_ref(L, S->ref_libraries);
    lua_pushvalue(L, library);
    Guard *guard = lua_newuserdatauv(L, sizeof *guard, 0);
    guard->handle = NULL;
    state_push_ref(L, S->ref_library_meta);
    lua_setmetatable(L, -2);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    return guard;
}

void namespace_push_default(FfiState *S, lua_State *L)
{
    push_library(L);
    push_namespace(L, S, lua_gettop(L), "the process and the libraries it has loaded (ffi.C)");
    lua_remove(L, -2);
}

/* -- ffi.load ------------------------------------------------------------------------------------------------------ */

/* Adds the text on top of the stack to the one at stack index `reasons`. [-1, +0, m] */
static void add_reason(lua_State *L, int reasons)
{
    lua_pushvalue(L, reasons);
    lua_insert(L, -2);
    lua_concat(L, 2);
    lua_replace(L, reasons);
}

/* Tries one file; a failure leaves its reason in the text at `reasons`. */
static void *try_open(lua_State *L, const char *file, int flags, int reasons)
{
    void *handle = dlopen(file, flags);
    if (handle == NULL) {
        const char *reason = dlerror();
        lua_pushfstring(L, "\n    %s: %s", file, reason != NULL ? reason : "unknown error");
        add_reason(L, reasons);
    }
    return handle;
}

/* The file of a library by its bare name, LuaJIT's way: "lib" goes in front unless it is there, ".so" behind unless the
 * name has a dot. [-0, +1, m] */
static const char *push_canonical(lua_State *L, const char *name)
{
    const char *prefix = strncmp(name, "lib", 3) == 0 ? "" : "lib";
    return lua_pushfstring(L, "%s%s%s", prefix, name, strchr(name, '.') == NULL ? ".so" : "");
}

/* A bare name: as given, by its canonical name, as lib<name>.so, of which names with a dot are left, and as the newest
 * lib<name>.so.N that the loader's cache knows. */
static void *open_by_name(lua_State *L, const char *name, int flags, int reasons)
{
    void *handle = try_open(L, name, flags, reasons);
    if (handle != NULL || strchr(name, '/') != NULL)
        return handle;
    const char *plain = push_canonical(L, name);
    if (strcmp(plain, name) != 0)
        handle = try_open(L, plain, flags, reasons);
    if (handle == NULL && strchr(name, '.') != NULL) {
        plain = lua_pushfstring(L, "lib%s.so", name);
        handle = try_open(L, plain, flags, reasons);
    }
    char versioned[256];
    if (handle != NULL)
        return handle;
    if (ldcache_newest(plain, versioned, sizeof versioned)) {
        handle = try_open(L, versioned, flags, reasons);
    } else {
        lua_pushfstring(L, "\n    %s.*: none in %s", plain, LDCACHE_FILE);
        add_reason(L, reasons);
    }
    return handle;
}

int namespace_load(lua_State *L)
{
    FfiState *S = state_of(L);
    const char *name = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : NULL;
    if (name == NULL)
        error_argument(L, 1, "ffi.load", "library name");
    if (strlen(name) != lua_rawlen(L, 1))
        error_raise(L, MESSAGE_ARGUMENT_WANTED, 1, "ffi.load", "library name", "a string with a zero byte");
    if (name[0] == '\0')
        error_raise(L, MESSAGE_ARGUMENT_WANTED, 1, "ffi.load", "library name", "an empty string");
    /* What is global is found through ffi.C, which keeps no library: it stays for as long as the process does. */
    int flags = RTLD_LAZY | (lua_toboolean(L, 2) ? RTLD_GLOBAL | RTLD_NODELETE : RTLD_LOCAL);
    lua_settop(L, 1);
    Library *library = push_library(L);
    Guard *guard = make_guard(S, L, 2); /* first: nothing may fail between dlopen and its owner */
    lua_pushliteral(L, "");
    library->handle = guard->handle = open_by_name(L, name, flags, 3);
    if (library->handle == NULL)
        error_raise(L, MESSAGE_NO_LIBRARY, name, lua_tostring(L, 3));
    push_namespace(L, S, 2, lua_pushfstring(L, "library '%s'", name));
    return 1;
}
