-- GLib and GObject: lists with Lua functions, a class of our own, and signals whose handlers are Lua functions.
-- Usage: lua5.4 examples/glib.lua
local ffi = require "ffi"

ffi.cdef [[
typedef struct GList { void *data; struct GList *next, *prev; } GList;
GList *g_list_prepend(GList *list, void *data);
GList *g_list_sort(GList *list, int (*compare)(const void *, const void *));
void g_list_foreach(GList *list, void (*visit)(void *data, void *context), void *context);
void g_list_free(GList *list);

typedef size_t GType;
typedef struct GTypeQuery { GType type; const char *name; unsigned class_size, instance_size; } GTypeQuery;
typedef struct GObject GObject;
typedef void (*GCallback)(void);
enum { G_TYPE_NONE = 1 << 2, G_TYPE_INT = 6 << 2, G_TYPE_STRING = 16 << 2, G_TYPE_OBJECT = 20 << 2, G_SIGNAL_RUN_LAST = 1 << 1 };
void g_type_query(GType type, GTypeQuery *query);
GType g_type_register_static_simple(GType parent, const char *name, unsigned class_size, void (*class_init)(void *class, void *data),
                                    unsigned instance_size, void (*instance_init)(GObject *object, void *class), int flags);
GObject *g_object_new(GType type, const char *first_property, ...);
void g_object_unref(GObject *object);
unsigned g_signal_new(const char *name, GType type, int flags, unsigned class_offset, void *accumulator, void *data, void *marshaller,
                      GType result, unsigned nparams, ...);
unsigned long g_signal_connect_data(GObject *object, const char *signal, GCallback handler, void *data,
                                    void (*destroy)(void *data, void *closure), int flags);
void g_signal_handler_disconnect(GObject *object, unsigned long handler);
void g_signal_emit_by_name(GObject *object, const char *signal, ...);
]]

local glib, gobject = ffi.load "glib-2.0", ffi.load "gobject-2.0"

-- A list of words, sorted and visited by Lua.
local words = { "pear", "apple", "quince", "cherry" } -- the list holds addresses, this table the strings
local list
for _, word in ipairs(words) do list = glib.g_list_prepend(list, ffi.cast("void *", word)) end

local function text(pointer) return ffi.string(ffi.cast("const char *", pointer)) end
list = glib.g_list_sort(list, function(a, b)
  a, b = text(a), text(b)
  return a < b and -1 or a > b and 1 or 0
end)
local visited = {}
local visit <close> = ffi.callback("void (*)(void *, void *)", function(data) visited[#visited + 1] = text(data) end)
glib.g_list_foreach(list, visit, nil)
glib.g_list_free(list)
print(table.concat(visited, " "))

-- A class derived from GObject, with a signal `greeted (text, number)`.
local query = ffi.new "GTypeQuery"
gobject.g_type_query(gobject.G_TYPE_OBJECT, query)
local greeter = gobject.g_type_register_static_simple(gobject.G_TYPE_OBJECT, "Greeter", query.class_size, function()
  print "class made"
end, query.instance_size, function()
  print "object made"
end, 0)
gobject.g_signal_new("greeted", greeter, gobject.G_SIGNAL_RUN_LAST, 0, nil, nil, nil, gobject.G_TYPE_NONE, 2, gobject.G_TYPE_STRING,
  gobject.G_TYPE_INT)

-- What a handler gets depends on the signal, so it is cast to what GObject calls any function. The callback is freed when GObject
-- tells that it has let go of the handler.
local handlers = {}
local function destroy(data)
  local key = ffi.tonumber(ffi.cast("intptr_t", data))
  handlers[key]:free()
  handlers[key] = nil
end
local function connect(object, signal, type, f)
  local handler = ffi.callback(type, f)
  handlers[#handlers + 1] = handler
  return gobject.g_signal_connect_data(object, signal, ffi.cast("GCallback", handler), ffi.cast("void *", #handlers), destroy, 0)
end

local Greeted = ffi.typeof "void (*)(GObject *, const char *, int, void *)"
local object = gobject.g_object_new(greeter, nil)
local first = connect(object, "greeted", Greeted, function(_, name, number) print("first", ffi.string(name), number) end)
connect(object, "greeted", Greeted, function(_, name, number) print("second", ffi.string(name):upper(), -number) end)

gobject.g_signal_emit_by_name(object, "greeted", "world", 7)
gobject.g_signal_handler_disconnect(object, first)
gobject.g_signal_emit_by_name(object, "greeted", "again", 8)
gobject.g_object_unref(object)
print("handlers left", next(handlers))
