-- check.lua STEM: does the job STEM.job, which pool.lua wrote, and writes what came of it to STEM.result: "absent" and the compiler's words when
-- the header cannot be preprocessed or compiled; else "checked" and how much, or "failed" and what differs, a line each.
local ffi = require "ffi"
local compare = require "spec.headers.compare"
local dwarf = require "spec.headers.dwarf"
local support = require "spec.support"

local NERRORS_MAX = 200

local stem = arg[1]
local job = dofile(stem .. ".job")

local function finish(state, lines)
    support.write(stem .. ".result", state .. "\n" .. table.concat(lines, "\n") .. "\n")
    if not os.getenv "AIRLOCK_KEEP" then
        for _, suffix in ipairs { "c", "i", "o", "aux" } do os.remove(stem .. "." .. suffix) end
    end
    os.exit(true, true)
end

-- What a command prints, or nil and what it printed.
local function run(format, ...)
    local text, status = support.run((format .. " 2>&1"):format(...))
    if status ~= 0 then return nil, text end
    return text
end

-- The tags that gcc warns are declared inside a parameter list: no other declaration means them.
local function hidden_tags(warnings)
    local hidden = {}
    for tag in warnings:gmatch "warning: '%a+ ([%w_]+)' declared inside parameter list" do hidden[tag] = true end
    return hidden
end

local DEBUG_FLAGS = "-g -gdwarf-5 -fno-eliminate-unused-debug-types -fno-eliminate-unused-debug-symbols"

-- What glibc declares for compilers that lack these types, clang among them: to gcc they are keywords.
local function drop_float_typedefs(text)
    return (text:gsub("%f[%w_]typedef [%w_ ]+ _Float%d+x? *;", ""))
end

-- Returns the preprocessed text, or nil and the errors.
local function preprocess(source)
    local path = support.quote(stem)
    support.write(stem .. ".c", source)
    local done, errors = run("%s -E %s -o %s.i %s.c", job.preprocess, job.flags, path, path)
    if not done then return nil, errors end
    return support.read(stem .. ".i")
end

-- Preprocesses and compiles a source. Returns the compiler's warnings and the text, or nil and its errors.
local function compile(source)
    local path = support.quote(stem)
    local text, errors = preprocess(source)
    if not text then return nil, errors end
    support.write(stem .. ".i", drop_float_typedefs(text))
    local warnings
    warnings, errors = run("LC_ALL=C %s %s -Wsystem-headers %s -aux-info %s.aux -o %s.o -c %s.i",
        support.cc, job.standard, DEBUG_FLAGS, path, path, path)
    return warnings, warnings and text or errors
end

-- The header's text, and what the compiler says it declares.
local function oracle()
    local warnings, text = compile(job.source)
    if not warnings and job.retry then
        local again, whole = compile(job.retry .. job.source)
        if again then warnings, text = again, whole end
    end
    if not warnings then finish("absent", { text }) end
    local information = assert(run("LC_ALL=C readelf --debug-dump=info %s.o", support.quote(stem)))
    return text, dwarf.read(information), dwarf.functions(support.read(stem .. ".aux")), hidden_tags(warnings)
end

-- gcc tells the interchange types from those with the same values, and pointers to functions that do not return from others; here they are one.
local function merge_types(text)
    local merged = { ["32"] = "float", ["64"] = "double", ["32x"] = "double", ["64x"] = "long double" }
    text = text:gsub("%f[%w_]_Float(%d%dx?)%f[^%w_]", merged)
    text = text:gsub("%f[%w_]__noreturn__%f[^%w_]", "__unused__")
    return (text:gsub("%(%( *noreturn *%)%)", "((unused))"))
end

-- Lets the compiler judge the _Static_asserts behind the text. Returns what it finds false.
local function judge(text, asserts, labels)
    support.write(stem .. ".i", merge_types(drop_float_typedefs(text)) .. "\n# 1 \"asserts\"\n" .. table.concat(asserts, "\n") .. "\n")
    local output, status = support.run(("LC_ALL=C %s %s -w -fsyntax-only -fno-diagnostics-show-caret -fmax-errors=%d %s.i 2>&1"):format(
        support.cc, job.standard, NERRORS_MAX, support.quote(stem)))
    local failures = {}
    for file, line, message in output:gmatch "([^\n:]*):(%d+):%d+: error: ([^\n]*)" do
        line = math.tointeger(line)
        local label = file == "asserts" and labels[line] or file
        local is_plain = message:find "static assertion failed"
        failures[#failures + 1] = is_plain and label or ("%s: %s: %s"):format(label, message, file == "asserts" and asserts[line] or line)
    end
    if status ~= 0 and #failures == 0 then failures[1] = output end
    return failures
end

-- Declares the text, edited where the job says so.
local function declare(text)
    local edited, nedits = text, 1
    if job.find then edited, nedits = text:gsub(job.find, job.replace) end
    assert(nedits > 0, "nothing to edit")
    local ok, message = pcall(ffi.cdef, edited)
    if not ok then finish("failed", { tostring(message) }) end
end

if job.oracle == "none" then
    local text, errors = preprocess(job.source)
    if not text then finish("absent", { errors }) end
    declare(text)
    finish("checked", { "declared 1" })
end

local text, unit, functions, hidden = oracle()
declare(text)
local failures, counts, asserts, labels = compare.declarations(ffi, unit, functions, hidden)
table.move(judge(text, asserts, labels), 1, NERRORS_MAX, #failures + 1, failures)
if #failures > 0 then finish("failed", failures) end
local said = {}
for what, count in pairs(counts) do said[#said + 1] = ("%s %d"):format(what, count) end
table.sort(said)
finish("checked", said)
