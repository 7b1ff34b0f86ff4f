-- Writes a GIR file that describes the functions of spec/lib/values.h to GObject introspection, for the types that it has: g-ir-compiler makes of
-- it what PyGObject, gjs and lgi read.
local types = {
    schar = { "gint8", "signed char" }, uchar = { "guint8", "unsigned char" },
    short = { "gint16", "short" }, ushort = { "guint16", "unsigned short" },
    int = { "gint", "int" }, uint = { "guint", "unsigned" }, long = { "glong", "long" }, ulong = { "gulong", "unsigned long" },
    llong = { "gint64", "long long" }, ullong = { "guint64", "unsigned long long" }, size = { "gsize", "size_t" }, wchar = { "gint32", "int" },
    float = { "gfloat", "float" }, double = { "gdouble", "double" }, string = { "utf8", "const char*" },
}
local INT, DOUBLE, LONG, CHAR, SHORT, FLOAT = types.int, types.double, types.long, types.schar, types.short, types.float

local function put(format, ...) print((format:format(...))) end

local function put_type(type) put([[<type name="%s" c:type="%s"/>]], type[1], type[2]) end

-- `callback`: the name of the type of a parameter that is called during the call and no longer.
local function put_parameters(parameters)
    put "<parameters>"
    for i, type in ipairs(parameters) do
        local is_callback = type.callback and [[ scope="call"]] or ""
        put([[<parameter name="p%d" transfer-ownership="none"%s%s>]], i, is_callback, type[1] == "utf8" and [[ nullable="1" allow-none="1"]] or "")
        put_type(type)
        put "</parameter>"
    end
    put "</parameters>"
end

local function put_callable(kind, name, attributes, result, parameters)
    put([[<%s name="%s" %s><return-value transfer-ownership="none"%s>]], kind, name, attributes, result[1] == "utf8" and [[ nullable="1"]] or "")
    put_type(result)
    put "</return-value>"
    put_parameters(parameters)
    put("</%s>", kind)
end

local function put_function(name, result, parameters)
    put_callable("function", name, ([[c:identifier="val_%s"]]):format(name), result, parameters)
end

-- A function that takes a callback.
local function put_caller(name, result, parameters)
    local type = "Values" .. name
    put_callable("callback", type, ([[c:type="%s"]]):format(type), result, parameters)
    put_function(name, INT, { { type, type, callback = true } })
end

put [[<?xml version="1.0"?>
<repository version="1.2" xmlns="http://www.gtk.org/introspection/core/1.0" xmlns:c="http://www.gtk.org/introspection/c/1.0">
<namespace name="Values" version="1.0" c:identifier-prefixes="Values" c:symbol-prefixes="val">]]
for name, T in pairs(types) do
    local spread = { INT, T, DOUBLE, T, LONG, T, T, T, CHAR, T, T, T, T, T, FLOAT }
    local round = { INT, LONG, LONG, LONG, LONG, LONG, DOUBLE, DOUBLE, DOUBLE, DOUBLE, DOUBLE, DOUBLE, DOUBLE, DOUBLE, SHORT, T, CHAR }
    put_function(name .. "_count", INT, {})
    put_function(name .. "_get", T, { INT })
    put_function(name .. "_echo", T, { T })
    put_function(name .. "_is", INT, { T, INT })
    put_function(name .. "_spread", INT, spread)
    put_caller(name .. "_send", INT, { T, INT })
    put_caller(name .. "_fetch", T, { INT })
    put_caller(name .. "_pour", INT, spread)
    put_caller(name .. "_round", T, round)
end
put "</namespace>\n</repository>"
