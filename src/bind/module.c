/* require "ffi": the module's table, its functions and the metatables. */
#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "base/version.h"
#include "bind/callback.h"
#include "bind/cast.h"
#include "bind/compare.h"
#include "bind/convert.h"
#include "bind/ctypeobj.h"
#include "bind/extras.h"
#include "bind/finalizer.h"
#include "bind/function.h"
#include "bind/inspect.h"
#include "bind/memory.h"
#include "bind/metamethods.h"
#include "bind/metatype.h"
#include "bind/namespace.h"
#include "bind/object.h"
#include "bind/relation.h"
#include "bind/totable.h"
#include "cdecl/cdecl.h"

__attribute__((visibility("default"))) int luaopen_ffi(lua_State *L);

/* -- declarations and types ---------------------------------------------------------------------------------------- */

/* A float is truncated, as it is wherever an integer is wanted. */
static int64_t check_integer_param(FfiState *S, lua_State *L, int index, const char *function)
{
    int64_t integer;
    if (!number_to_integer(S, L, index, &integer))
        error_argument(L, index, function, "integer");
    return integer;
}

/* What the `$` in a text stand for: the arguments from `first` on. In userdata left on the stack. [-0, +1, v] */
static CdeclParam *push_params(FfiState *S, lua_State *L, int first, int count, const char *function)
{
    CdeclParam *params = lua_newuserdatauv(L, ((size_t)count + 1) * sizeof *params, 0);
    for (int i = 0; i < count; i++) {
        int index = first + i;
        if (lua_type(L, index) == LUA_TNUMBER) {
            params[i].kind = CDECL_PARAM_INTEGER;
            params[i].u.integer = check_integer_param(S, L, index, function);
        } else if (lua_type(L, index) == LUA_TSTRING) {
            params[i].kind = CDECL_PARAM_NAME;
            params[i].u.name.text = lua_tolstring(L, index, &params[i].u.name.length);
        } else if (lua_type(L, index) != LUA_TUSERDATA && lua_type(L, index) != LUA_TFUNCTION) {
            error_argument(L, index, function, "type, name or number");
        } else {
            params[i].kind = CDECL_PARAM_TYPE;
            params[i].u.type = check_ctype(S, L, index, function);
        }
    }
    return params;
}

/* The C text at 1 with the values for its `$` behind it; `wanted` is what the text is called when there is none. From here on the
 * parser may be called. [-0, +1, v] */
static CdeclSource check_source(FfiState *S, lua_State *L, const char *function, const char *wanted)
{
    int count = lua_gettop(L) - 1;
    if (lua_type(L, 1) != LUA_TSTRING)
        error_argument(L, 1, function, wanted);
    CdeclSource source = {.nparams = (size_t)count};
    source.text = lua_tolstring(L, 1, &source.length);
    source.params = push_params(S, L, 2, count, function);
    state_enter(S, L);
    return source;
}

static int ffi_cdef(lua_State *L)
{
    FfiState *S = state_of(L);
    CdeclSource source = check_source(S, L, "ffi.cdef", "string");
    Error error = {.code = ERROR_NONE};
    if (!cdecl_declare(S->types, &source, &error))
        error_raise_cdecl(L, &error, "ffi.cdef");
    return 0;
}

/* The second upvalue holds the ctype objects of the strings that were read before. */
static int ffi_typeof(lua_State *L)
{
    int count = lua_gettop(L);
    if (count == 1) {
        lua_pushvalue(L, 1);
        if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL)
            return 1;
    }
    FfiState *S = state_of(L);
    if (count <= 1) {
        ctypeobj_push(S, L, check_ctype(S, L, 1, "ffi.typeof"));
        return 1;
    }
    CdeclSource source = check_source(S, L, "ffi.typeof", "string with '$'");
    Error error = {.code = ERROR_NONE};
    CType *type = cdecl_type_name(S->types, &source, &error);
    if (type == NULL)
        error_raise_cdecl(L, &error, source.text);
    ctypeobj_push(S, L, type);
    return 1;
}

/* The value of a constant as Lua sees what C holds. [-0, +1, v] */
static void push_constant(FfiState *S, lua_State *L, const CdeclConstant *constant)
{
    const CType *type = constant->type;
    TypeInfo *info = typeinfo_of(S, L, constant->type);
    _Alignas(16) unsigned char object[16];
    Number number = {.kind = NUMBER_UNSIGNED, .floating = constant->number};
    number.integer = (Uint128)constant->bits[1] << 64 | constant->bits[0];
    if (type->kind == CTYPE_FLOATING)
        number.kind = NUMBER_FLOATING;
    else if (type->kind != CTYPE_POINTER && ctype_scalar_class((CScalar)type->scalar) == CSCALAR_SIGNED)
        number.kind = NUMBER_SIGNED;
    if (type->kind == CTYPE_POINTER)
        memcpy(object, constant->bits, sizeof(void *));
    else
        number_store(info, object, &number);
    value_push(L, info, object, 0, 0);
}

/* ffi.eval(text, ...): the value of a C constant expression. */
static int ffi_eval(lua_State *L)
{
    FfiState *S = state_of(L);
    CdeclSource source = check_source(S, L, "ffi.eval", "string");
    CdeclConstant constant;
    Error error = {.code = ERROR_NONE};
    if (!cdecl_constant(S->types, &source, &constant, &error))
        error_raise_cdecl(L, &error, "ffi.eval");
    push_constant(S, L, &constant);
    return 1;
}

/* -- sizes --------------------------------------------------------------------------------------------------------- */

/* A reference is as large as what it refers to. */
static CType *referred(CType *type)
{
    return type->kind == CTYPE_REFERENCE ? type->u.element : type;
}

static int ffi_sizeof(lua_State *L)
{
    FfiState *S = state_of(L);
    Cdata *cdata = cdata_to(L, 1);
    CType *type = referred(check_ctype(S, L, 1, "ffi.sizeof"));
    uint64_t nbytes = type->size;
    if (cdata != NULL && cdata_flags(cdata) & CDATA_SIZED)
        nbytes = cdata_nbytes(cdata);
    else if (type->is_vla && !lua_isnoneornil(L, 2))
        nbytes = object_check_nbytes(S, L, type, 2);
    else if (type->is_vla)
        nbytes = CTYPE_SIZE_UNKNOWN;
    if (nbytes == CTYPE_SIZE_UNKNOWN)
        lua_pushnil(L);
    else
        lua_pushinteger(L, (lua_Integer)nbytes);
    return 1;
}

static int ffi_alignof(lua_State *L)
{
    lua_pushinteger(L, referred(check_ctype(state_of(L), L, 1, "ffi.alignof"))->align);
    return 1;
}

static int ffi_offsetof(lua_State *L)
{
    FfiState *S = state_of(L);
    CType *type = referred(check_ctype(S, L, 1, "ffi.offsetof"));
    if (lua_type(L, 2) != LUA_TSTRING)
        error_argument(L, 2, "ffi.offsetof", "field name");
    if (type->kind != CTYPE_RECORD || !type->u.record->is_complete)
        return 0;
    size_t length;
    uint64_t offset;
    const char *name = lua_tolstring(L, 2, &length);
    const CMember *member = ctype_find_member(type->u.record, name, length, &offset);
    if (member == NULL)
        return 0;
    lua_pushinteger(L, (lua_Integer)offset);
    if (!member->is_bitfield)
        return 1;
    lua_pushinteger(L, member->bit_offset);
    lua_pushinteger(L, member->bit_width);
    return 3;
}

/* -- types of values ----------------------------------------------------------------------------------------------- */

static int ffi_istype(lua_State *L)
{
    FfiState *S = state_of(L);
    CType *wanted = check_ctype(S, L, 1, "ffi.istype");
    if (lua_isnone(L, 2))
        error_argument(L, 2, "ffi.istype", "value");
    Cdata *cdata = cdata_to(L, 2);
    CType *type = cdata != NULL ? cdata->info->type : function_type_of(L, 2);
    if (type == NULL)
        type = ctypeobj_to(L, 2); /* as LuaJIT has it */
    if (type != NULL && type->kind == CTYPE_FUNCTION && wanted->kind == CTYPE_POINTER)
        wanted = wanted->u.element;
    lua_pushboolean(L, type != NULL && relation_is_type(wanted, type));
    return 1;
}

/* -- the rest ------------------------------------------------------------------------------------------------------ */

/* ffi.errno([new]): C's errno as the last FFI call left it; `new` is what the next call finds. */
static int ffi_errno(lua_State *L)
{
    FfiState *S = state_of(L);
    int64_t number;
    lua_pushinteger(L, S->errno_value);
    if (lua_gettop(L) > 1 && !lua_isnil(L, 1)) {
        if (!number_to_integer(S, L, 1, &number))
            error_argument(L, 1, "ffi.errno", "error number");
        S->errno_value = (int)number;
    }
    return 1;
}

static int ffi_abi(lua_State *L)
{
    static const char *const facts[] = {"64bit", "le", "fpu", "hardfp", "gc64"};
    bool holds = false;
    if (lua_type(L, 1) != LUA_TSTRING)
        error_argument(L, 1, "ffi.abi", "string");
    const char *asked = lua_tostring(L, 1);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        holds |= strcmp(asked, facts[i]) == 0;
    lua_pushboolean(L, holds);
    return 1;
}

/* -- opening ------------------------------------------------------------------------------------------------------- */

/* Each method has the state and its own name as upvalues. */
static int new_metatable(FfiState *S, lua_State *L, const char *name, const luaL_Reg *methods)
{
    lua_newtable(L);
    for (; methods->name != NULL; methods++) {
        state_push_ref(L, S->ref_self);
        lua_pushstring(L, methods->name);
        lua_pushcclosure(L, methods->func, 2);
        lua_setfield(L, -2, methods->name);
    }
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pushliteral(L, "ffi");
    lua_setfield(L, -2, "__metatable");
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

/* The types that the module's own functions convert to. */
static void open_types(FfiState *S, lua_State *L)
{
    state_enter(S, L);
    CType *plain = ctype_void(S->types);
    CType *read_only = ctype_qualified(S->types, plain, QUALIFIER_CONST | QUALIFIER_VOLATILE);
    if (read_only == NULL)
        error_raise(L, MESSAGE_NO_MEMORY);
    S->bytes = typeinfo_pointer_to(S, L, plain);
    S->const_bytes = typeinfo_pointer_to(S, L, read_only);
    S->word = typeinfo_of(S, L, ctype_scalar(S->types, CSCALAR_LONG));
    S->uword = typeinfo_of(S, L, ctype_scalar(S->types, CSCALAR_ULONG));
}

static void open_metatables(FfiState *S, lua_State *L)
{
    static const luaL_Reg cdata_methods[] = {
#define METAMETHOD(name) {"__" #name, meta_##name},
#include "bind/metamethods.def"
#undef METAMETHOD
        {NULL, NULL}};
    static const luaL_Reg ctype_methods[] = {{"__call", object_call},
                                             {"__index", ctypeobj_index},
                                             {"__newindex", ctypeobj_newindex},
                                             {"__tostring", ctypeobj_tostring},
                                             {NULL, NULL}};
    if (S->ref_cdata_meta != LUA_NOREF)
        return;
    open_types(S, L);
    int ctype_meta = new_metatable(S, L, "ctype", ctype_methods);
    namespace_open(S, L);
    finalizer_open(S, L);
    callback_open(S, L);
    S->ref_ctype_meta = ctype_meta;
    S->ref_cdata_meta = new_metatable(S, L, "cdata", cdata_methods); /* last: it says that all is there */
}

int luaopen_ffi(lua_State *L)
{
    /* clang-format off */
    static const luaL_Reg functions[] = {
        {"cdef", ffi_cdef},
        {"eval", ffi_eval},
        {"sizeof", ffi_sizeof},
        {"alignof", ffi_alignof},
        {"offsetof", ffi_offsetof},
        {"new", object_new},
        {"cast", cast_lua},
        {"istype", ffi_istype},
        {"errno", ffi_errno},
        {"abi", ffi_abi},
        {"load", namespace_load},
        {"string", memory_string},
        {"copy", memory_copy},
        {"fill", memory_fill},
        {"metatype", metatype_set},
        {"gc", finalizer_gc},
        {"callback", callback_make},
        {"callbacks", callback_count},
        {"onerror", fault_onerror},
        {"lasttraceback", fault_last_traceback},
        {"poll", remote_poll},
        {"debug", callback_debug},
        {"eq", compare_values},
        {"addressof", extras_addressof},
        {"tonumber", extras_tonumber},
        {"type", extras_type},
        {"toretval", extras_toretval},
        {"totable", totable_lua},
        {"inspect", inspect_lua},
        {NULL, NULL}};
    /* clang-format on */
    luaL_checkversion(L);
    FfiState *S = state_open(L);
    open_metatables(S, L);
    luaL_newlibtable(L, functions);
    lua_pushvalue(L, -2);
    luaL_setfuncs(L, functions, 1);
    lua_pushvalue(L, -2);
    state_push_ref(L, S->ref_spellings);
    lua_pushcclosure(L, ffi_typeof, 2);
    lua_setfield(L, -2, "typeof");
    namespace_push_default(S, L);
    lua_setfield(L, -2, "C");
    lua_pushliteral(L, "Linux");
    lua_setfield(L, -2, "os");
    lua_pushliteral(L, "x64");
    lua_setfield(L, -2, "arch");
    lua_pushliteral(L, "Airlock " AIRLOCK_VERSION);
    lua_setfield(L, -2, "_VERSION");
    return 1;
}
