/* The floor under hand.c: the same functions by the least C code over Lua's public API that does the job. No argument is looked
 * at twice, no type is checked, and a metatable is an upvalue, so this is no binding that anybody should write: it says what is
 * Lua's own price of an operation, which no ffi on stock Lua gets under. */
#include <complex.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { BUFFER_NBYTES = 64 };

/* New userdata with the metatable that is the first upvalue. */
static void *push_object(lua_State *L, size_t nbytes, int nvalues)
{
    void *object = lua_newuserdatauv(L, nbytes, nvalues);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_setmetatable(L, -2);
    return object;
}

static int push_box(lua_State *L, void *address)
{
    *(void **)push_object(L, sizeof(void *), 0) = address;
    return 1;
}

/* A box with the object that its address is in, at `owner`, as user value. */
static int push_anchored(lua_State *L, void *address, int owner)
{
    *(void **)push_object(L, sizeof(void *), 1) = address;
    lua_pushvalue(L, owner);
    lua_setiuservalue(L, -2, 1);
    return 1;
}

static void *object(lua_State *L, int index)
{
    return lua_touserdata(L, index);
}

static void *boxed(lua_State *L, int index)
{
    return *(void **)lua_touserdata(L, index);
}

static int integer(lua_State *L, int index)
{
    return (int)lua_tointegerx(L, index, NULL);
}

static double number(lua_State *L, int index)
{
    return lua_tonumberx(L, index, NULL);
}

static const char *text(lua_State *L, int index)
{
    return lua_tolstring(L, index, NULL);
}

/* -- calls ----------------------------------------------------------------------------------------------------------------- */

static int floor_nop(lua_State *L)
{
    (void)L;
    bench_nop();
    return 0;
}

static int floor_add(lua_State *L)
{
    lua_pushinteger(L, bench_add(integer(L, 1), integer(L, 2)));
    return 1;
}

static int floor_add3(lua_State *L)
{
    lua_pushnumber(L, bench_add3(number(L, 1), number(L, 2), number(L, 3)));
    return 1;
}

static int floor_mix16(lua_State *L)
{
    lua_pushnumber(L, bench_mix16(integer(L, 1), integer(L, 2), integer(L, 3), integer(L, 4), integer(L, 5), integer(L, 6),
                                  integer(L, 7), integer(L, 8), number(L, 9), number(L, 10), number(L, 11), number(L, 12),
                                  number(L, 13), number(L, 14), number(L, 15), number(L, 16)));
    return 1;
}

static int floor_length(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)bench_length(text(L, 1)));
    return 1;
}

/* Two calls and an object between them, as the ffi has it: ffi.string(lib.name()). */
static int floor_name_pointer(lua_State *L)
{
    return push_box(L, (void *)(uintptr_t)bench_name());
}

static int floor_string(lua_State *L)
{
    lua_pushstring(L, boxed(L, 1));
    return 1;
}

static int floor_add64(lua_State *L)
{
    lua_pushinteger(L, bench_add64(lua_tointegerx(L, 1, NULL), lua_tointegerx(L, 2, NULL)));
    return 1;
}

static int floor_get_counter(lua_State *L)
{
    lua_pushinteger(L, bench_counter);
    return 1;
}

static int floor_set_counter(lua_State *L)
{
    bench_counter = integer(L, 3);
    return 0;
}

static int floor_snprintf_si(lua_State *L)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    lua_pushinteger(L, snprintf(object(L, 1), BUFFER_NBYTES, text(L, 2), text(L, 3), integer(L, 4)));
#pragma GCC diagnostic pop
    return 1;
}

static int floor_norm1(lua_State *L)
{
    lua_pushnumber(L, bench_norm1(object(L, 1)));
    return 1;
}

static int floor_find_body(lua_State *L)
{
    return push_box(L, bench_find_body(integer(L, 1)));
}

static int floor_ring(lua_State *L)
{
    return push_box(L, bench_ring());
}

/* -- objects --------------------------------------------------------------------------------------------------------------- */

static int floor_point(lua_State *L)
{
    double x = number(L, 1);
    double y = number(L, 2);
    *(struct bench_point *)push_object(L, sizeof(struct bench_point), 0) = (struct bench_point){x, y};
    return 1;
}

static int floor_mirror(lua_State *L)
{
    struct bench_point mirrored = bench_mirror(*(const struct bench_point *)object(L, 1));
    *(struct bench_point *)push_object(L, sizeof mirrored, 0) = mirrored;
    return 1;
}

static int floor_handle(lua_State *L)
{
    double x = number(L, 1);
    *(double *)push_object(L, sizeof x, 0) = x;
    return 1;
}

static int floor_view(lua_State *L)
{
    return push_anchored(L, object(L, 1), 1);
}

static int floor_new_buffer(lua_State *L)
{
    memset(push_object(L, BUFFER_NBYTES, 0), 0, BUFFER_NBYTES);
    return 1;
}

static int floor_new_doubles(lua_State *L)
{
    memset(push_object(L, sizeof bench_doubles, 0), 0, sizeof bench_doubles);
    return 1;
}

static int floor_new_bytes(lua_State *L)
{
    memset(push_object(L, sizeof bench_bytes, 0), 0, sizeof bench_bytes);
    return 1;
}

static int floor_new_body(lua_State *L)
{
    memset(push_object(L, sizeof(struct bench_body), 0), 0, sizeof(struct bench_body));
    return 1;
}

static int floor_new_ints(lua_State *L)
{
    size_t nbytes = (size_t)integer(L, 1) * sizeof(int);
    memset(push_object(L, nbytes, 0), 0, nbytes);
    return 1;
}

static int floor_copy(lua_State *L)
{
    memcpy(object(L, 1), text(L, 2), (size_t)integer(L, 3));
    return 0;
}

static int floor_text(lua_State *L)
{
    lua_pushlstring(L, object(L, 1), (size_t)integer(L, 2));
    return 1;
}

static int floor_int64(lua_State *L)
{
    int64_t value = lua_tointegerx(L, 1, NULL);
    *(int64_t *)push_object(L, sizeof value, 0) = value;
    return 1;
}

static int floor_complex(lua_State *L)
{
    double complex z = CMPLX(number(L, 1), number(L, 2));
    *(double complex *)push_object(L, sizeof z, 0) = z;
    return 1;
}

/* What is made already, looked up by its text. */
static int floor_known(lua_State *L)
{
    lua_rawget(L, lua_upvalueindex(1));
    return 1;
}

/* -- Lua functions that C calls: errors are dropped ------------------------------------------------------------------------ */

/* Of the call in flight; its Lua function is at stack index 1, the metatable of what it gets is the first upvalue. */
static lua_State *caller;

static double step_in_lua(double x)
{
    lua_State *L = caller;
    lua_pushvalue(L, 1);
    lua_pushnumber(L, x);
    lua_pcall(L, 1, 1, 0);
    x = lua_tonumberx(L, -1, NULL);
    lua_settop(L, -2);
    return x;
}

static int floor_repeat_step(lua_State *L)
{
    caller = L;
    lua_pushnumber(L, bench_repeat(step_in_lua, number(L, 2), integer(L, 3)));
    return 1;
}

static int compare_in_lua(const void *a, const void *b)
{
    lua_State *L = caller;
    lua_pushvalue(L, 1);
    push_box(L, (void *)(uintptr_t)a);
    push_box(L, (void *)(uintptr_t)b);
    lua_pcall(L, 2, 1, 0);
    int order = integer(L, -1);
    lua_settop(L, -2);
    return order;
}

static int floor_sort_shuffled(lua_State *L)
{
    static int list[10000];
    int count = integer(L, 2);
    caller = L;
    bench_shuffle(list, count);
    qsort(list, (size_t)count, sizeof *list, compare_in_lua);
    lua_pushinteger(L, list[0]);
    return 1;
}

static int floor_callback(lua_State *L)
{
    int *ref = push_object(L, sizeof *ref, 0);
    lua_pushvalue(L, 1);
    *ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return 1;
}

static int callback_free(lua_State *L)
{
    luaL_unref(L, LUA_REGISTRYINDEX, *(int *)object(L, 1));
    return 0;
}

/* Its only key. */
static int callback_index(lua_State *L)
{
    lua_pushcfunction(L, callback_free);
    return 1;
}

/* -- metamethods ----------------------------------------------------------------------------------------------------------- */

/* Fields by the letter of their names that tells them apart. */
static int point_index(lua_State *L)
{
    const double *parts = object(L, 1);
    lua_pushnumber(L, parts[text(L, 2)[0] - 'x']);
    return 1;
}

static int point_newindex(lua_State *L)
{
    double *parts = object(L, 1);
    parts[text(L, 2)[0] - 'x'] = number(L, 3);
    return 0;
}

static int part_index(lua_State *L)
{
    const double *parts = boxed(L, 1);
    lua_pushnumber(L, parts[text(L, 2)[0] - 'x']);
    return 1;
}

static int part_newindex(lua_State *L)
{
    double *parts = boxed(L, 1);
    parts[text(L, 2)[0] - 'x'] = number(L, 3);
    return 0;
}

static int complex_index(lua_State *L)
{
    const double *parts = object(L, 1);
    lua_pushnumber(L, parts[text(L, 2)[0] != 'r']);
    return 1;
}

static int pair_index(lua_State *L)
{
    const struct bench_point *p = object(L, 1);
    switch (text(L, 2)[0]) {
    case 'x': lua_pushnumber(L, p->x); break;
    case 'y': lua_pushnumber(L, p->y); break;
    case 's': lua_pushnumber(L, p->x + p->y); break;
    default: lua_rawget(L, lua_upvalueindex(1)); break;
    }
    return 1;
}

/* Fields; the property that a Lua function computes, which is the metatable's first entry; methods. */
static int lua_pair_index(lua_State *L)
{
    const struct bench_point *p = object(L, 1);
    switch (text(L, 2)[0]) {
    case 'x': lua_pushnumber(L, p->x); break;
    case 'y': lua_pushnumber(L, p->y); break;
    case 'c':
        lua_rawgeti(L, lua_upvalueindex(1), 1);
        lua_insert(L, 1);
        lua_call(L, 2, 1);
        break;
    default: lua_rawget(L, lua_upvalueindex(1)); break;
    }
    return 1;
}

static int box_body_index(lua_State *L)
{
    const struct bench_body *body = boxed(L, 1);
    if (text(L, 2)[0] == 'i')
        lua_pushinteger(L, body->id);
    return 1;
}

/* Of position. */
static int body_index(lua_State *L)
{
    struct bench_body *body = object(L, 1);
    return push_anchored(L, &body->position, 1);
}

static int node_index(lua_State *L)
{
    struct bench_node *node = boxed(L, 1);
    if (text(L, 2)[0] != 'v')
        return push_box(L, node->next);
    lua_pushinteger(L, node->value);
    return 1;
}

static int doubles_index(lua_State *L)
{
    const double *a = object(L, 1);
    lua_pushnumber(L, a[lua_tointegerx(L, 2, NULL)]);
    return 1;
}

static int doubles_newindex(lua_State *L)
{
    double *a = object(L, 1);
    a[lua_tointegerx(L, 2, NULL)] = number(L, 3);
    return 0;
}

static int bytes_index(lua_State *L)
{
    const uint8_t *a = object(L, 1);
    lua_pushinteger(L, a[lua_tointegerx(L, 2, NULL)]);
    return 1;
}

static int bytes_newindex(lua_State *L)
{
    uint8_t *a = object(L, 1);
    a[lua_tointegerx(L, 2, NULL)] = (uint8_t)integer(L, 3);
    return 0;
}

static int int_index(lua_State *L)
{
    lua_pushinteger(L, ((const int *)boxed(L, 1))[lua_tointegerx(L, 2, NULL)]);
    return 1;
}

static int cursor_index(lua_State *L)
{
    const double *start = boxed(L, 1);
    lua_pushnumber(L, start[lua_tointegerx(L, 2, NULL)]);
    return 1;
}

static int cursor_add(lua_State *L)
{
    return push_anchored(L, (double *)boxed(L, 1) + lua_tointegerx(L, 2, NULL), 1);
}

static int64_t operand(lua_State *L, int index)
{
    const int64_t *value = lua_touserdata(L, index);
    return value != NULL ? *value : lua_tointegerx(L, index, NULL);
}

static int int64_add(lua_State *L)
{
    int64_t sum = operand(L, 1) + operand(L, 2);
    *(int64_t *)push_object(L, sizeof sum, 0) = sum;
    return 1;
}

static int int64_less(lua_State *L)
{
    lua_pushboolean(L, operand(L, 1) < operand(L, 2));
    return 1;
}

static int int64_tostring(lua_State *L)
{
    lua_pushfstring(L, "%ILL", (LUAI_UACINT)operand(L, 1));
    return 1;
}

static int complex_add(lua_State *L)
{
    double complex sum = *(double complex *)object(L, 1) + *(double complex *)object(L, 2);
    *(double complex *)push_object(L, sizeof sum, 0) = sum;
    return 1;
}

static int pair_add(lua_State *L)
{
    const struct bench_point *a = object(L, 1);
    const struct bench_point *b = object(L, 2);
    *(struct bench_point *)push_object(L, sizeof *a, 0) = (struct bench_point){a->x + b->x, a->y + b->y};
    return 1;
}

/* -- the module ------------------------------------------------------------------------------------------------------------ */

typedef enum Type {
    PLAIN, /* no metamethods: buffers, views and so on; and what makes no object */
    POINT,
    PAIR,
    PART,
    LUA_PAIR, /* what its metatable does is set from Lua */
    HANDLE,   /* its finaliser too */
    BODY,
    BODY_BOX,
    NODE,
    DOUBLES,
    BYTES,
    CURSOR,
    INT64,
    COMPLEX,
    COUNTER,
    INT_POINTER,
    CALLBACK,
    OWNED_CALLBACK,
    NTYPES
} Type;

/* A metamethod of one type that makes objects of another, whose metatable is its upvalue. */
static const struct {
    Type type;
    const char *event;
    lua_CFunction function;
    Type made;
} metamethods[] = {
    {POINT, "__index", point_index, PLAIN},       {POINT, "__newindex", point_newindex, PLAIN},
    {PAIR, "__index", pair_index, PAIR},          {PAIR, "__add", pair_add, PAIR},
    {PAIR, "norm1", floor_norm1, PLAIN},          {PART, "__index", part_index, PLAIN},
    {PART, "__newindex", part_newindex, PLAIN},   {LUA_PAIR, "__index", lua_pair_index, LUA_PAIR},
    {BODY, "__index", body_index, PART},          {BODY_BOX, "__index", box_body_index, PLAIN},
    {NODE, "__index", node_index, NODE},          {DOUBLES, "__index", doubles_index, PLAIN},
    {DOUBLES, "__newindex", doubles_newindex, PLAIN}, {BYTES, "__index", bytes_index, PLAIN},
    {BYTES, "__newindex", bytes_newindex, PLAIN}, {CURSOR, "__index", cursor_index, PLAIN},
    {CURSOR, "__add", cursor_add, CURSOR},        {INT64, "__add", int64_add, INT64},
    {INT64, "__lt", int64_less, PLAIN},           {INT64, "__tostring", int64_tostring, PLAIN},
    {COMPLEX, "__add", complex_add, COMPLEX},     {COMPLEX, "__index", complex_index, PLAIN},
    {COUNTER, "__index", floor_get_counter, PLAIN}, {COUNTER, "__newindex", floor_set_counter, PLAIN},
    {INT_POINTER, "__index", int_index, PLAIN},   {CALLBACK, "__index", callback_index, PLAIN},
    {OWNED_CALLBACK, "__gc", callback_free, PLAIN},
};

static const struct {
    const char *name;
    lua_CFunction function;
    Type made;
} functions[] = {
    {"nop", floor_nop, PLAIN},
    {"add", floor_add, PLAIN},
    {"add3", floor_add3, PLAIN},
    {"mix16", floor_mix16, PLAIN},
    {"length", floor_length, PLAIN},
    {"name_pointer", floor_name_pointer, PLAIN},
    {"string", floor_string, PLAIN},
    {"add64", floor_add64, PLAIN},
    {"new_buffer", floor_new_buffer, PLAIN},
    {"snprintf_si", floor_snprintf_si, PLAIN},
    {"point", floor_point, POINT},
    {"pair", floor_point, PAIR},
    {"lua_pair", floor_point, LUA_PAIR},
    {"mirror", floor_mirror, POINT},
    {"norm1", floor_norm1, PLAIN},
    {"handle", floor_handle, HANDLE},
    {"view", floor_view, PLAIN},
    {"find_body", floor_find_body, BODY_BOX},
    {"new_body", floor_new_body, BODY},
    {"ring", floor_ring, NODE},
    {"new_doubles", floor_new_doubles, DOUBLES},
    {"new_bytes", floor_new_bytes, BYTES},
    {"new_ints", floor_new_ints, PLAIN},
    {"copy", floor_copy, PLAIN},
    {"text", floor_text, PLAIN},
    {"int64", floor_int64, INT64},
    {"complex", floor_complex, COMPLEX},
    {"cursor", floor_view, CURSOR},
    {"known", floor_known, PLAIN},
    {"repeat_step", floor_repeat_step, PLAIN},
    {"sort_shuffled", floor_sort_shuffled, INT_POINTER},
    {"callback", floor_callback, CALLBACK},
    {"owned_callback", floor_callback, OWNED_CALLBACK},
};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

LUAMOD_API int luaopen_floor(lua_State *L);

LUAMOD_API int luaopen_floor(lua_State *L)
{
    luaL_checkstack(L, NTYPES + 8, NULL);
    int module = lua_gettop(L) + 1;
    lua_newtable(L);
    int first_type = module + 1;
    for (int type = 0; type < NTYPES; type++)
        lua_newtable(L);
    for (size_t i = 0; i < COUNT_OF(metamethods); i++) {
        lua_pushvalue(L, first_type + (int)metamethods[i].made);
        lua_pushcclosure(L, metamethods[i].function, 1);
        lua_setfield(L, first_type + (int)metamethods[i].type, metamethods[i].event);
    }
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        lua_pushvalue(L, first_type + (int)functions[i].made);
        lua_pushcclosure(L, functions[i].function, 1);
        lua_setfield(L, module, functions[i].name);
    }
    lua_newtable(L); /* variables by name */
    lua_pushvalue(L, first_type + COUNTER);
    lua_setmetatable(L, -2);
    lua_setfield(L, module, "variables");
    lua_pushvalue(L, first_type + LUA_PAIR);
    lua_setfield(L, module, "lua_pair_metatable");
    lua_pushvalue(L, first_type + HANDLE);
    lua_setfield(L, module, "handle_metatable");
    lua_pushvalue(L, module);
    return 1;
}
