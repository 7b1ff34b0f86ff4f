/* A careful hand-written Lua 5.4 binding to libbench, as a good module author writes it today: the arguments checked by
 * luaL_check*, structs as userdata with metatables of their own, arrays with bounds checks. It is what `make bench`
 * compares the ffi with, so it takes no short cut that a module on LuaRocks would not take, and leaves none out that it would. */
#include <complex.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "hand_callback.h"

#define POINT "bench.point"
#define PAIR "bench.pair"
#define HANDLE "bench.handle"
#define BODY "bench.body"
#define WHOLE_BODY "bench.whole_body"
#define PART "bench.part"
#define NODE "bench.node"
#define INTS "bench.ints"
#define DOUBLES "bench.doubles"
#define BYTES "bench.bytes"
#define BUFFER "bench.buffer"
#define VIEW "bench.view"
#define INT64 "bench.int64"
#define COMPLEX "bench.complex"
#define CURSOR "bench.cursor"
#define BUFFER_NBYTES 64

/* -- plain calls ------------------------------------------------------------------------------------------------------- */

static int hand_nop(lua_State *L)
{
    (void)L;
    bench_nop();
    return 0;
}

static int hand_add(lua_State *L)
{
    int a = (int)luaL_checkinteger(L, 1);
    int b = (int)luaL_checkinteger(L, 2);
    lua_pushinteger(L, bench_add(a, b));
    return 1;
}

static int hand_add3(lua_State *L)
{
    double a = luaL_checknumber(L, 1);
    double b = luaL_checknumber(L, 2);
    double c = luaL_checknumber(L, 3);
    lua_pushnumber(L, bench_add3(a, b, c));
    return 1;
}

static int hand_mix16(lua_State *L)
{
    int a1 = (int)luaL_checkinteger(L, 1);
    int a2 = (int)luaL_checkinteger(L, 2);
    int a3 = (int)luaL_checkinteger(L, 3);
    int a4 = (int)luaL_checkinteger(L, 4);
    int a5 = (int)luaL_checkinteger(L, 5);
    int a6 = (int)luaL_checkinteger(L, 6);
    int a7 = (int)luaL_checkinteger(L, 7);
    int a8 = (int)luaL_checkinteger(L, 8);
    double d1 = luaL_checknumber(L, 9);
    double d2 = luaL_checknumber(L, 10);
    double d3 = luaL_checknumber(L, 11);
    double d4 = luaL_checknumber(L, 12);
    double d5 = luaL_checknumber(L, 13);
    double d6 = luaL_checknumber(L, 14);
    double d7 = luaL_checknumber(L, 15);
    double d8 = luaL_checknumber(L, 16);
    lua_pushnumber(L, bench_mix16(a1, a2, a3, a4, a5, a6, a7, a8, d1, d2, d3, d4, d5, d6, d7, d8));
    return 1;
}

static int hand_length(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)bench_length(luaL_checkstring(L, 1)));
    return 1;
}

static int hand_name(lua_State *L)
{
    lua_pushstring(L, bench_name());
    return 1;
}

static int hand_add64(lua_State *L)
{
    int64_t a = luaL_checkinteger(L, 1);
    int64_t b = luaL_checkinteger(L, 2);
    lua_pushinteger(L, bench_add64(a, b));
    return 1;
}

static int hand_get_counter(lua_State *L)
{
    lua_pushinteger(L, bench_counter);
    return 1;
}

static int hand_set_counter(lua_State *L)
{
    bench_counter = (int)luaL_checkinteger(L, 1);
    return 0;
}

/* -- a buffer, and snprintf into it with a string and an integer ------------------------------------------------------ */

static int hand_new_buffer(lua_State *L)
{
    char *buffer = lua_newuserdatauv(L, BUFFER_NBYTES, 0);
    memset(buffer, 0, BUFFER_NBYTES);
    luaL_setmetatable(L, BUFFER);
    return 1;
}

static int hand_snprintf_si(lua_State *L)
{
    char *buffer = luaL_checkudata(L, 1, BUFFER);
    const char *format = luaL_checkstring(L, 2);
    const char *text = luaL_checkstring(L, 3);
    int number = (int)luaL_checkinteger(L, 4);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    lua_pushinteger(L, snprintf(buffer, BUFFER_NBYTES, format, text, number));
#pragma GCC diagnostic pop
    return 1;
}

static int hand_copy(lua_State *L)
{
    char *buffer = luaL_checkudata(L, 1, BUFFER);
    size_t length;
    const char *text = luaL_checklstring(L, 2, &length);
    lua_Integer nbytes = luaL_checkinteger(L, 3);
    luaL_argcheck(L, 0 <= nbytes && nbytes <= BUFFER_NBYTES && (size_t)nbytes <= length + 1, 3, "too long");
    memcpy(buffer, text, (size_t)nbytes);
    return 0;
}

static int hand_text(lua_State *L)
{
    const char *buffer = luaL_checkudata(L, 1, BUFFER);
    lua_Integer nbytes = luaL_checkinteger(L, 2);
    luaL_argcheck(L, 0 <= nbytes && nbytes <= BUFFER_NBYTES, 2, "too long");
    lua_pushlstring(L, buffer, (size_t)nbytes);
    return 1;
}

/* -- struct bench_point --------------------------------------------------------------------------------------------------- */

static struct bench_point *push_point(lua_State *L)
{
    struct bench_point *p = lua_newuserdatauv(L, sizeof(*p), 0);
    luaL_setmetatable(L, POINT);
    return p;
}

static int hand_point(lua_State *L)
{
    double x = luaL_checknumber(L, 1);
    double y = luaL_checknumber(L, 2);
    struct bench_point *p = push_point(L);
    p->x = x;
    p->y = y;
    return 1;
}

static int hand_mirror(lua_State *L)
{
    const struct bench_point *p = luaL_checkudata(L, 1, POINT);
    struct bench_point mirrored = bench_mirror(*p);
    *push_point(L) = mirrored;
    return 1;
}

static int hand_norm1(lua_State *L)
{
    lua_pushnumber(L, bench_norm1(luaL_checkudata(L, 1, POINT)));
    return 1;
}

static int point_index(lua_State *L)
{
    const struct bench_point *p = luaL_checkudata(L, 1, POINT);
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "x") == 0)
        lua_pushnumber(L, p->x);
    else if (strcmp(key, "y") == 0)
        lua_pushnumber(L, p->y);
    else
        return luaL_error(L, "point has no field '%s'", key);
    return 1;
}

static int point_newindex(lua_State *L)
{
    struct bench_point *p = luaL_checkudata(L, 1, POINT);
    const char *key = luaL_checkstring(L, 2);
    double value = luaL_checknumber(L, 3);
    if (strcmp(key, "x") == 0)
        p->x = value;
    else if (strcmp(key, "y") == 0)
        p->y = value;
    else
        return luaL_error(L, "point has no field '%s'", key);
    return 0;
}

/* A pointer to a point that is owned elsewhere: what the ffi's cast is compared with. */
static int hand_view(lua_State *L)
{
    struct bench_point *p = luaL_checkudata(L, 1, POINT);
    struct bench_point **view = lua_newuserdatauv(L, sizeof(*view), 0);
    *view = p;
    luaL_setmetatable(L, VIEW);
    return 1;
}

/* -- the same struct with a method, a computed property and an operator ---------------------------------------------------- */

static struct bench_point *push_pair(lua_State *L)
{
    struct bench_point *p = lua_newuserdatauv(L, sizeof(*p), 0);
    luaL_setmetatable(L, PAIR);
    return p;
}

static int hand_pair(lua_State *L)
{
    double x = luaL_checknumber(L, 1);
    double y = luaL_checknumber(L, 2);
    struct bench_point *p = push_pair(L);
    p->x = x;
    p->y = y;
    return 1;
}

static int pair_norm1(lua_State *L)
{
    lua_pushnumber(L, bench_norm1(luaL_checkudata(L, 1, PAIR)));
    return 1;
}

/* Fields, then the computed one, then the methods, which are in the metatable as usual. */
static int pair_index(lua_State *L)
{
    const struct bench_point *p = luaL_checkudata(L, 1, PAIR);
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "x") == 0)
        lua_pushnumber(L, p->x);
    else if (strcmp(key, "y") == 0)
        lua_pushnumber(L, p->y);
    else if (strcmp(key, "sum") == 0)
        lua_pushnumber(L, p->x + p->y);
    else
        luaL_getmetafield(L, 1, key);
    return 1;
}

static int pair_add(lua_State *L)
{
    const struct bench_point *a = luaL_checkudata(L, 1, PAIR);
    const struct bench_point *b = luaL_checkudata(L, 2, PAIR);
    struct bench_point *sum = push_pair(L);
    sum->x = a->x + b->x;
    sum->y = a->y + b->y;
    return 1;
}

/* An object with a finaliser. */
static int hand_handle(lua_State *L)
{
    double x = luaL_checknumber(L, 1);
    double *handle = lua_newuserdatauv(L, sizeof(*handle), 0);
    *handle = x;
    luaL_setmetatable(L, HANDLE);
    return 1;
}

static int handle_gc(lua_State *L)
{
    luaL_checkudata(L, 1, HANDLE);
    return 0;
}

/* -- struct bench_body, by pointer ---------------------------------------------------------------------------------------- */

static int hand_find_body(lua_State *L)
{
    struct bench_body *body = bench_find_body((int)luaL_checkinteger(L, 1));
    struct bench_body **box = lua_newuserdatauv(L, sizeof(*box), 0);
    *box = body;
    luaL_setmetatable(L, BODY);
    return 1;
}

static int body_index(lua_State *L)
{
    struct bench_body *const *box = luaL_checkudata(L, 1, BODY);
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "id") == 0)
        lua_pushinteger(L, (*box)->id);
    else if (strcmp(key, "flags") == 0)
        lua_pushinteger(L, (*box)->flags);
    else if (strcmp(key, "mass") == 0)
        lua_pushnumber(L, (*box)->mass);
    else if (strcmp(key, "name") == 0)
        lua_pushstring(L, (*box)->name);
    else if (strcmp(key, "position") == 0)
        *push_point(L) = (*box)->position;
    else
        return luaL_error(L, "body has no field '%s'", key);
    return 1;
}

/* -- struct bench_body with its position as a view, which keeps the body alive -------------------------------------------------- */

static int hand_new_body(lua_State *L)
{
    struct bench_body *body = lua_newuserdatauv(L, sizeof(*body), 0);
    memset(body, 0, sizeof(*body));
    luaL_setmetatable(L, WHOLE_BODY);
    return 1;
}

static int whole_body_index(lua_State *L)
{
    struct bench_body *body = luaL_checkudata(L, 1, WHOLE_BODY);
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "position") != 0)
        return luaL_error(L, "body has no part '%s'", key);
    struct bench_point **part = lua_newuserdatauv(L, sizeof(*part), 1);
    *part = &body->position;
    luaL_setmetatable(L, PART);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    return 1;
}

static double *check_part(lua_State *L)
{
    struct bench_point *const *part = luaL_checkudata(L, 1, PART);
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "x") == 0)
        return &(*part)->x;
    if (strcmp(key, "y") != 0)
        luaL_error(L, "point has no field '%s'", key);
    return &(*part)->y;
}

static int part_index(lua_State *L)
{
    lua_pushnumber(L, *check_part(L));
    return 1;
}

static int part_newindex(lua_State *L)
{
    *check_part(L) = luaL_checknumber(L, 3);
    return 0;
}

/* -- a list ---------------------------------------------------------------------------------------------------------------- */

static int push_node(lua_State *L, struct bench_node *node)
{
    struct bench_node **box = lua_newuserdatauv(L, sizeof(*box), 0);
    *box = node;
    luaL_setmetatable(L, NODE);
    return 1;
}

static int hand_ring(lua_State *L)
{
    return push_node(L, bench_ring());
}

static int node_index(lua_State *L)
{
    struct bench_node *const *box = luaL_checkudata(L, 1, NODE);
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "next") == 0)
        return push_node(L, (*box)->next);
    if (strcmp(key, "value") != 0)
        return luaL_error(L, "node has no field '%s'", key);
    lua_pushinteger(L, (*box)->value);
    return 1;
}

/* -- arrays, counted from 0 ------------------------------------------------------------------------------------------------ */

static int hand_new_doubles(lua_State *L)
{
    double *a = lua_newuserdatauv(L, sizeof(bench_doubles), 0);
    memset(a, 0, sizeof(bench_doubles));
    luaL_setmetatable(L, DOUBLES);
    return 1;
}

static int doubles_index(lua_State *L)
{
    const double *a = luaL_checkudata(L, 1, DOUBLES);
    lua_Integer i = luaL_checkinteger(L, 2);
    luaL_argcheck(L, 0 <= i && i < 1000, 2, "index out of range");
    lua_pushnumber(L, a[i]);
    return 1;
}

static int doubles_newindex(lua_State *L)
{
    double *a = luaL_checkudata(L, 1, DOUBLES);
    lua_Integer i = luaL_checkinteger(L, 2);
    luaL_argcheck(L, 0 <= i && i < 1000, 2, "index out of range");
    a[i] = luaL_checknumber(L, 3);
    return 0;
}

static int hand_new_ints(lua_State *L)
{
    lua_Integer count = luaL_checkinteger(L, 1);
    luaL_argcheck(L, 0 <= count && count <= INT32_MAX, 1, "bad number of elements");
    size_t nbytes = (size_t)count * sizeof(int);
    memset(lua_newuserdatauv(L, nbytes, 0), 0, nbytes);
    luaL_setmetatable(L, INTS);
    return 1;
}

static int hand_new_bytes(lua_State *L)
{
    uint8_t *a = lua_newuserdatauv(L, sizeof(bench_bytes), 0);
    memset(a, 0, sizeof(bench_bytes));
    luaL_setmetatable(L, BYTES);
    return 1;
}

static int bytes_index(lua_State *L)
{
    const uint8_t *a = luaL_checkudata(L, 1, BYTES);
    lua_Integer i = luaL_checkinteger(L, 2);
    luaL_argcheck(L, 0 <= i && i < 4096, 2, "index out of range");
    lua_pushinteger(L, a[i]);
    return 1;
}

static int bytes_newindex(lua_State *L)
{
    uint8_t *a = luaL_checkudata(L, 1, BYTES);
    lua_Integer i = luaL_checkinteger(L, 2);
    luaL_argcheck(L, 0 <= i && i < 4096, 2, "index out of range");
    a[i] = (uint8_t)luaL_checkinteger(L, 3);
    return 0;
}

/* -- numbers that Lua has not, and a pointer into an array ----------------------------------------------------------------- */

static int push_int64(lua_State *L, int64_t value)
{
    int64_t *number = lua_newuserdatauv(L, sizeof(*number), 0);
    *number = value;
    luaL_setmetatable(L, INT64);
    return 1;
}

static int hand_int64(lua_State *L)
{
    return push_int64(L, luaL_checkinteger(L, 1));
}

/* Either operand may be a Lua integer. */
static int64_t check_int64(lua_State *L, int index)
{
    if (lua_isinteger(L, index))
        return lua_tointeger(L, index);
    return *(const int64_t *)luaL_checkudata(L, index, INT64);
}

static int int64_add(lua_State *L)
{
    int64_t a = check_int64(L, 1);
    int64_t b = check_int64(L, 2);
    return push_int64(L, (int64_t)((uint64_t)a + (uint64_t)b));
}

static int int64_less(lua_State *L)
{
    lua_pushboolean(L, check_int64(L, 1) < check_int64(L, 2));
    return 1;
}

static int int64_tostring(lua_State *L)
{
    lua_pushfstring(L, "%ILL", (LUAI_UACINT)check_int64(L, 1));
    return 1;
}

static double complex *push_complex(lua_State *L)
{
    double complex *z = lua_newuserdatauv(L, sizeof(*z), 0);
    luaL_setmetatable(L, COMPLEX);
    return z;
}

static int hand_complex(lua_State *L)
{
    double re = luaL_checknumber(L, 1);
    double im = luaL_checknumber(L, 2);
    *push_complex(L) = CMPLX(re, im);
    return 1;
}

static int complex_add(lua_State *L)
{
    double complex z = *(const double complex *)luaL_checkudata(L, 1, COMPLEX);
    double complex w = *(const double complex *)luaL_checkudata(L, 2, COMPLEX);
    *push_complex(L) = z + w;
    return 1;
}

static int complex_index(lua_State *L)
{
    double complex z = *(const double complex *)luaL_checkudata(L, 1, COMPLEX);
    const char *key = luaL_checkstring(L, 2);
    lua_pushnumber(L, strcmp(key, "re") == 0 ? creal(z) : cimag(z));
    return 1;
}

/* A cursor keeps the array alive that it points into: its user value. */
static int push_cursor(lua_State *L, double *address)
{
    double **cursor = lua_newuserdatauv(L, sizeof(*cursor), 1);
    *cursor = address;
    luaL_setmetatable(L, CURSOR);
    lua_insert(L, -2);
    lua_setiuservalue(L, -2, 1);
    return 1;
}

static int hand_cursor(lua_State *L)
{
    double *a = luaL_checkudata(L, 1, DOUBLES);
    lua_settop(L, 1);
    return push_cursor(L, a);
}

static int cursor_add(lua_State *L)
{
    double *const *cursor = luaL_checkudata(L, 1, CURSOR);
    lua_Integer n = luaL_checkinteger(L, 2);
    lua_getiuservalue(L, 1, 1);
    return push_cursor(L, *cursor + n);
}

static int cursor_index(lua_State *L)
{
    double *const *cursor = luaL_checkudata(L, 1, CURSOR);
    lua_pushnumber(L, (*cursor)[luaL_checkinteger(L, 2)]);
    return 1;
}

static void set_methods(lua_State *L, const char *name, const luaL_Reg *methods)
{
    luaL_getmetatable(L, name);
    luaL_setfuncs(L, methods, 0);
    lua_pop(L, 1);
}

static void new_operand_types(lua_State *L)
{
    static const luaL_Reg int64_methods[] = {
        {"__add", int64_add}, {"__lt", int64_less}, {"__tostring", int64_tostring}, {NULL, NULL}};
    static const luaL_Reg complex_methods[] = {{"__add", complex_add}, {"__index", complex_index}, {NULL, NULL}};
    static const luaL_Reg cursor_methods[] = {{"__add", cursor_add}, {"__index", cursor_index}, {NULL, NULL}};
    luaL_newmetatable(L, INT64);
    luaL_newmetatable(L, COMPLEX);
    luaL_newmetatable(L, CURSOR);
    lua_pop(L, 3);
    set_methods(L, INT64, int64_methods);
    set_methods(L, COMPLEX, complex_methods);
    set_methods(L, CURSOR, cursor_methods);
}

/* -- the module ------------------------------------------------------------------------------------------------------------- */

static void new_type(lua_State *L, const char *name, lua_CFunction index, lua_CFunction newindex)
{
    luaL_newmetatable(L, name);
    if (index != NULL) {
        lua_pushcfunction(L, index);
        lua_setfield(L, -2, "__index");
    }
    if (newindex != NULL) {
        lua_pushcfunction(L, newindex);
        lua_setfield(L, -2, "__newindex");
    }
    lua_pop(L, 1);
}

static void add_method(lua_State *L, const char *type, const char *name, lua_CFunction function)
{
    luaL_getmetatable(L, type);
    lua_pushcfunction(L, function);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

static const luaL_Reg functions[] = {
    {"nop", hand_nop},
    {"add", hand_add},
    {"add3", hand_add3},
    {"mix16", hand_mix16},
    {"length", hand_length},
    {"name", hand_name},
    {"add64", hand_add64},
    {"get_counter", hand_get_counter},
    {"set_counter", hand_set_counter},
    {"new_buffer", hand_new_buffer},
    {"snprintf_si", hand_snprintf_si},
    {"point", hand_point},
    {"mirror", hand_mirror},
    {"norm1", hand_norm1},
    {"view", hand_view},
    {"pair", hand_pair},
    {"handle", hand_handle},
    {"find_body", hand_find_body},
    {"new_body", hand_new_body},
    {"ring", hand_ring},
    {"copy", hand_copy},
    {"text", hand_text},
    {"new_ints", hand_new_ints},
    {"new_doubles", hand_new_doubles},
    {"new_bytes", hand_new_bytes},
    {"int64", hand_int64},
    {"complex", hand_complex},
    {"cursor", hand_cursor},
    {"repeat_step", hand_repeat_step},
    {"sort_shuffled", hand_sort_shuffled},
    {"callback", hand_callback},
    {"owned_callback", hand_owned_callback},
    {NULL, NULL},
};

LUAMOD_API int luaopen_hand(lua_State *L);

LUAMOD_API int luaopen_hand(lua_State *L)
{
    new_type(L, POINT, point_index, point_newindex);
    new_type(L, PAIR, pair_index, NULL);
    add_method(L, PAIR, "norm1", pair_norm1);
    add_method(L, PAIR, "__add", pair_add);
    new_type(L, HANDLE, NULL, NULL);
    add_method(L, HANDLE, "__gc", handle_gc);
    new_type(L, BODY, body_index, NULL);
    new_type(L, WHOLE_BODY, whole_body_index, NULL);
    new_type(L, PART, part_index, part_newindex);
    new_type(L, NODE, node_index, NULL);
    new_type(L, INTS, NULL, NULL);
    new_type(L, DOUBLES, doubles_index, doubles_newindex);
    new_type(L, BYTES, bytes_index, bytes_newindex);
    new_type(L, BUFFER, NULL, NULL);
    new_type(L, VIEW, NULL, NULL);
    new_operand_types(L);
    hand_open_callbacks(L);
    luaL_newlib(L, functions);
    return 1;
}
