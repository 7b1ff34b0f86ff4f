-- lgi as a client of libffi: C called through GObject introspection, and Lua 5.3 called back: the sample library's functions
-- (values_gir.lua), GLib's main loop, Gio's asynchronous calls, virtual functions, signals.
local lgi = require "lgi"
local Gio, GLib, GObject = lgi.Gio, lgi.GLib, lgi.GObject
local Values = lgi.require("Values", "1.0")

local nchecks = 0

-- lgi makes a float of every number.
local function text_of(value)
    if type(value) ~= "table" then return tostring(math.tointeger(value) or value) end
    local parts = {}
    for i, part in ipairs(value) do parts[i] = text_of(part) end
    return "{" .. table.concat(parts, ", ") .. "}"
end

local function check(what, wanted, got)
    if text_of(wanted) ~= text_of(got) then
        io.stderr:write(("%s: %s, not %s\n"):format(what, text_of(got), text_of(wanted)))
        os.exit(1)
    end
    nchecks = nchecks + 1
end

-- -- scalars: spec/lib/values.h ------------------------------------------------------------------------------------------------------

-- `values`: those of a 64-bit type that a float can hold.
local function check_values(name, values)
    local function f(short, ...) return Values[name .. "_" .. short](...) end
    local function spread(v, i) return f("spread", i, v, i + 0.5, v, -i, v, v, v, i, v, v, v, v, v, -i - 0.25) end
    local count = f "count"
    for j = 1, values and #values or count do
        local i = values and values[j] or j - 1
        local v = f("get", i)
        check(("%s %d arrives"):format(name, i), 1, f("is", v, i))
        check(("%s %d comes back"):format(name, i), 1, f("is", f("echo", v), i))
        check(("%s %d among others"):format(name, i), 14, spread(v, i))
    end
    if values then return end
    check(name .. " into callbacks", count, f("send", function(v, i) return f("is", v, i) end))
    check(name .. " out of callbacks", count, f("fetch", function(i) return f("get", i) end))
    check(name .. " spread into callbacks", 14 * count, f("pour", function(...) return f("spread", ...) end))
    check(name .. " through callbacks", count, f("round", function(...) return (select(16, ...)) end))
end

for name in ("schar uchar short ushort int uint wchar float double"):gmatch "%a+" do check_values(name) end
check_values("long", { 0, 1, 2, 5, 6 })
check_values("ulong", { 0, 1, 2 })
for name in ("llong ullong size"):gmatch "%a+" do check_values(name, { 0, 1 }) end
check("a string", "text", Values.string_echo "text")
check("no string", nil, Values.string_echo(nil))
local strings = {}
Values.string_send(function(text, i)
    strings[i + 1] = text or "none"
    return 0
end)
check("strings into callbacks", { "none", "", "text" }, strings)

-- -- out arguments, boxed types, errors --------------------------------------------------------------------------------------------------

check("out arguments", { "a", "b c" }, (GLib.shell_parse_argv "a 'b c'"))
local of_kind = { y = 255, n = -1, q = 65535, i = -1 << 31, u = (1 << 32) - 1, x = -1 << 52, t = 1 << 52, d = 2.5, s = "s", b = true }
for kind, value in pairs(of_kind) do
    check("a variant of " .. kind, value, GLib.Variant(kind, value).value)
end
local contents, message = Gio.File.new_for_path("/nonexistent"):load_contents()
check("an error", { false, true }, { contents, message:matches(Gio.IOErrorEnum, "NOT_FOUND") })
local date = GLib.DateTime.new_utc(2024, 2, 29, 12, 30, 15.5)
check("a struct's functions", { 2024, 2, 29 }, { date:get_ymd() })
check("a double", 15.5, date:get_seconds())
check("a GValue", 0.125, GObject.Value(GObject.Type.DOUBLE, 0.125).value)

-- -- signals, virtual functions ------------------------------------------------------------------------------------------------------------

local Package = lgi.package "ClientOfLibffi"
Package:class("Thing", GObject.Object, { Gio.ListModel, Gio.Initable })
function Package.Thing:do_get_n_items() return 3 end
function Package.Thing:do_get_item(i) return i < 3 and Gio.SimpleAction { name = ("item%d"):format(i) } or nil end
function Package.Thing:do_init(cancellable) return not (cancellable and cancellable:is_cancelled()) end

local thing = Package.Thing()
check("virtual functions", { 3, "item2", "nil" }, { Gio.ListModel.get_n_items(thing), Gio.ListModel.get_item(thing, 2).name,
    tostring(Gio.ListModel.get_item(thing, 3)) })
check("a virtual function that succeeds", true, (Gio.Initable.init(thing, nil)))
local cancelled = Gio.Cancellable()
local seen = {}
cancelled.on_cancelled = function(object) seen[#seen + 1] = object == cancelled end
cancelled:cancel()
check("a signal", { true }, seen)
check("a virtual function that fails", false, (Gio.Initable.init(thing, cancelled)))
local action = Gio.SimpleAction.new_stateful("state", GLib.VariantType.new "x", GLib.Variant("x", 1))
action.on_activate = function(object, parameter) object:set_state(GLib.Variant("x", parameter.value + object.state.value)) end
action:activate(GLib.Variant("x", 1 << 40))
check("a signal with a parameter", (1 << 40) + 1, action.state.value)

-- -- the main loop: sources, asynchronous calls --------------------------------------------------------------------------------------------

local loop = GLib.MainLoop()
local order, wanted = {}, {}
for i = 1, 1000 do
    wanted[i] = i
    GLib.idle_add(GLib.PRIORITY_DEFAULT_IDLE, function()
        order[#order + 1] = i
        if i % 200 == 0 then collectgarbage() end
        if i == 1000 then loop:quit() end
        return false
    end)
    if i % 100 == 0 then collectgarbage() end
end
loop:run()
check("a thousand idle functions", wanted, order)

local nticks = 0
GLib.timeout_add(GLib.PRIORITY_DEFAULT, 1, function()
    nticks = nticks + 1
    if nticks == 5 then loop:quit() end
    return nticks < 5
end)
loop:run()
check("timeouts", 5, nticks)

local text = ("contents "):rep(10000)
local path = os.tmpname()
local results = {}
Gio.Async.start(function()
    local file = Gio.File.new_for_path(path)
    results[1] = file:async_replace_contents(text, nil, false, "NONE")
    results[2] = tostring(file:async_load_contents()) == text
    local process = Gio.Subprocess.new({ "cat" }, { "STDIN_PIPE", "STDOUT_PIPE" })
    results[3] = process:async_communicate_utf8 "there and back"
    loop:quit()
end)()
loop:run()
os.remove(path)
check("asynchronous calls", { true, true, "there and back" }, { results[1] and true, results[2], results[3] })

local store = Gio.ListStore.new(Gio.SimpleAction)
for i = 0, 49 do store:append(Gio.SimpleAction { name = tostring(100 + i * 37 % 50) }) end
store:sort(function(a, b)
    a, b = GObject.Object(a), GObject.Object(b)
    return a.name < b.name and 1 or a.name > b.name and -1 or 0
end)
local names, backwards = {}, {}
for i = 1, 50 do names[i], backwards[i] = store:get_item(i - 1).name, tostring(150 - i) end
check("sorted", backwards, names)

-- Callbacks that go one into another, coroutines that are resumed by them, many that are collected.
local function nested(depth)
    return Values.int_send(function(_, i) return i == 0 and depth > 0 and nested(depth - 1) + 1 or 0 end)
end
check("callbacks in callbacks", 20, nested(20))
local producer = coroutine.wrap(function()
    for i = 1, 5 do coroutine.yield(i) end
end)
check("a coroutine resumed by a callback", 15, Values.int_send(function() return producer() end))
for i = 1, 3000 do
    check("a callback after others were collected", 5 * i, Values.int_send(function() return i end))
    if i % 500 == 0 then collectgarbage() end
end

print(nchecks .. " checks")
