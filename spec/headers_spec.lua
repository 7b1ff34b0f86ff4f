-- Real headers: each is preprocessed, given whole to ffi.cdef in a process of its own, and every struct, union, enum, enumerator, typedef,
-- variable and function that gcc finds in the same text is compared with gcc: size, alignment, offsets, bits, values, types (spec/headers/).
--
-- AIRLOCK_HEADERS=all tries all of /usr/include, AIRLOCK_HEADERS=/DIRECTORY what is below it; with AIRLOCK_HEADERS=ci what is not installed is a
-- failure.
local cases = require "spec.headers.cases"
local pool = require "spec.headers.pool"
local support = require "spec.support"

local which = os.getenv "AIRLOCK_HEADERS" or ""
local directory = which == "all" and "/usr/include" or which:match "^/.*"

-- Two functions: the result of the i-th of `jobs`, which are all done when the first is asked for; and a check that every process ended well.
local function results_of(jobs)
    local results, log, status
    local function result(i)
        if not results then results, log, status = pool.run(jobs) end
        return results[i]
    end
    local function assert_health()
        result(1)
        assert(status == 0 and log == "", log)
    end
    return result, assert_health
end

-- Every n-th of a list, when each process is slow.
local function thin_out(jobs)
    local step = (os.getenv "AIRLOCK_VALGRIND" or os.getenv "AIRLOCK_TORTURE") and 40 or os.getenv "AIRLOCK_ASAN" and 5 or 1
    local kept = {}
    for i = 1, #jobs, step do kept[#kept + 1] = jobs[i] end
    return kept
end

local function assert_checked(result)
    assert(result.state == "checked", result.state .. "\n" .. table.concat(result.lines, "\n"))
    assert.is_true(#result.lines > 0)
end

if directory then
    describe("every header below " .. directory, function()
        local jobs = cases.below(directory)
        it(("is as gcc reads it: %d headers"):format(#jobs), function()
            local result, counts, failed = results_of(jobs), {}, {}
            for i, job in ipairs(jobs) do
                local state = result(i).state
                counts[state] = (counts[state] or 0) + 1
                local text = table.concat(result(i).lines, "\n    ")
                if state == "failed" then failed[#failed + 1] = job.name .. "\n    " .. text end
                if state == "absent" then print(("%s: not compiled: %s"):format(job.name, text:match "error: ([^\n]*)")) end
            end
            print(("%d checked, %d failed, %d not compiled by gcc"):format(counts.checked or 0, counts.failed or 0, counts.absent or 0))
            assert(#failed == 0, table.concat(failed, "\n"))
        end)
    end)
    return
end

describe("as gcc reads it:", function()
    local jobs, missing = cases.list()
    jobs = thin_out(jobs)
    local result, assert_health = results_of(jobs)
    for i, job in ipairs(jobs) do
        it(job.name, function() assert_checked(result(i)) end)
    end
    it("and every process ends well", assert_health)
    if #missing > 0 then
        local text = ("%d headers are not installed: %s"):format(#missing, table.concat(missing, ", "))
        if which == "ci" then
            it("all headers are there", function() error(text) end)
        else
            pending(text)
        end
    end
end)

-- What ffi.cdef is given differs here from what gcc is: the comparison must say where.
describe("the comparison sees", function()
    local source = [[
struct point { int x, y; const char *label; };
struct flags { unsigned low : 3, high : 5; signed char rest : 2; _Bool on : 1; };
struct wide { char tag; long value; } __attribute__((aligned(32)));
struct outer { char c; struct { short s; int t; } inner[2]; union { float f; int i; }; };
struct chain { struct chain *next; volatile int state; };
typedef struct { long first; char second; } pair_t;
typedef union { int *number; char *text; } either __attribute__((transparent_union));
typedef unsigned int word;
typedef int matrix[3][4];
enum color { RED, GREEN = 5, BLUE };
enum level { LOW = -1, HIGH };
extern const int limit;
int measure(const struct point *, double, ...);
struct point *(*choose(int, void (*)(int)))(long);
]]
    local mistakes = {
        { "a member of another type and size", "int x, y;", "long x, y;", "struct point.y: offset 4, here 8" },
        { "a member of another type and the same size", "int x, y;", "int x; unsigned y;", "struct point.y: type, here unsigned int *" },
        { "a lost const", "const char %*label", "char *label", "struct point.label: type, here char **" },
        { "a lost volatile", "volatile int", "int", "struct chain.state: type, here int *" },
        { "members in another order", "char tag; long value", "long value; char tag", "struct wide.tag: offset 0, here 8" },
        { "a missing member", ", y;", ";", "struct point.y: not a member" },
        { "a missing member of an unnamed member", "float f;", "", "struct outer.f: not a member" },
        { "another width of a bit-field", "low : 3", "low : 4", "struct flags.low: 3 bits, here 4" },
        { "another position of a bit-field", "low : 3, high : 5", "high : 5, low : 3", "struct flags.low: bit 0, here 5" },
        { "another signedness of a bit-field", "signed char rest", "unsigned char rest", "struct flags.rest: all ones are -1, here 3" },
        { "a bit-field that is no _Bool", "_Bool on", "unsigned char on", "struct flags.on: all ones are true, here 1" },
        { "a bit-field that is none", "signed char rest : 2", "signed char rest", "struct flags.rest: a bit-field, here none" },
        { "another alignment", "aligned%(32%)", "aligned(16)", "struct wide: alignment, here 16" },
        { "another size", "aligned%(32%)", "aligned(64)", "struct wide: size 32, here 64" },
        { "another layout inside a member", "short s; int t", "int t; short s", "struct outer.inner[0].s: offset 0, here 4" },
        { "a packed record", "struct { short s; int t; }", "struct __attribute__((packed)) { short s; int t; }",
            "struct outer.inner: offset 4, here 1" },
        { "another length of an array", "inner%[2%]", "inner[3]", "struct outer: size" },
        { "another struct without a tag", "long first; char second", "char second; long first", "pair_t.first: offset 0, here 8" },
        { "a missing member of a transparent union", " char %*text;", "", "either.text: not a member" },
        { "a missing struct", "struct wide [^\n]*", "", "struct wide: incomplete here" },
        { "a union for a struct", "struct flags {", "union flags {", "struct flags" },
        { "a missing typedef", "typedef unsigned int word;", "", "word: " },
        { "another typedef", "unsigned int word", "int word", "word: type, here int" },
        { "another array typedef", "matrix%[3%]%[4%]", "matrix[4][3]", "matrix: type, here int [4][3]" },
        { "another enumerator", "GREEN = 5", "GREEN = 6", "GREEN: value, here 6" },
        { "a missing enumerator", ", BLUE", "", "BLUE: " },
        { "another type behind an enum", "LOW = %-1", "LOW = 1", "enum level: signedness" },
        { "a missing variable", "extern const int limit;", "", "limit: " },
        { "another variable", "const int limit", "int limit", "limit: type, here int" },
        { "a missing function", "int measure[^\n]*", "", "measure: " },
        { "another parameter", "double, ...", "float, ...", "measure: type, here int (const struct point *, float, ...)" },
        { "a lost ellipsis", ", %.%.%.", "", "measure: type, here int (const struct point *, double)" },
        { "another result", "%(long%)", "(int)", "choose: type, here struct point *(*(int, void (*)(int)))(int)" },
        { "a text that does not parse", "struct chain {", "struct chain [", "expected" },
    }
    local jobs = { { source = source, preprocess = support.cc, flags = "-P", standard = "" } }
    for _, mistake in ipairs(mistakes) do
        jobs[#jobs + 1] = { source = source, preprocess = support.cc, flags = "-P", standard = "", find = mistake[2], replace = mistake[3] }
    end
    local result = results_of(jobs)
    it("nothing where nothing differs", function() assert_checked(result(1)) end)
    for i, mistake in ipairs(mistakes) do
        it(mistake[1], function()
            local found = result(i + 1)
            local text = table.concat(found.lines, "\n")
            assert.are.equal("failed", found.state)
            assert(text:find(mistake[4], 1, true), text)
        end)
    end
end)
