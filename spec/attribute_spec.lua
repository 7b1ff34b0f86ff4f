-- Attributes mean what they mean to gcc where they stand: each text is declared here and compiled by gcc, and all its types are compared.
local pool = require "spec.headers.pool"
local support = require "spec.support"

-- Of member declarations between two others.
local members = {
    -- without a declarator only what stands behind the keyword or the brace counts, and _Alignas
    "struct { char c; int d; } __attribute__((aligned(16)));",
    "__attribute__((aligned(16))) struct { char c; int d; };",
    "__attribute__((packed)) struct { char c; int d; };",
    "__attribute__((packed, aligned(32))) union { char c; int d; };",
    "struct __attribute__((packed)) { char c; int d; };",
    "_Alignas(16) struct { char c; int d; };",
    "_Alignas(8) __attribute__((aligned(16))) struct { char c; int d; };",
    "[[gnu::packed]] struct { char c; int d; };",
    "[[gnu::aligned(16)]] struct { char c; int d; };",
    -- before the specifiers and behind the name they are the member's
    "[[gnu::aligned(16)]] int b;", "[[gnu::packed]] int b;", "int b [[gnu::aligned(16)]];", "int b [[gnu::packed]];",
    "[[gnu::aligned(16)]] int *b;", "int *b [[gnu::packed]];",
    "int b [[gnu::aligned(16)]] [2];", "int b [[gnu::packed]] [2];", "int b [[gnu::packed]] [2] [[gnu::aligned(2)]];",
    "int (*b [[gnu::packed]] [2])(void);",
    "int b [[gnu::packed]] : 7; int c [[gnu::packed]] : 30;",
    -- behind a type they are the type's
    "int [[gnu::packed]] b;", "int [[gnu::aligned(16)]] b;", "int [[gnu::aligned(2)]] b;", "int [[gnu::aligned(16)]] *b;",
    "int [[gnu::aligned(16)]] b : 5;", "const int [[gnu::aligned(16)]] b;", "int [[gnu::mode(DI)]] b;",
    "int [[gnu::vector_size(16)]] b;", "struct { char c; int d; } [[gnu::packed]] b;",
    "int b[2] [[gnu::packed]];", "int b[2] [[gnu::aligned(16)]];", "int b[2] [[gnu::packed]] [3];", "int (*b)(void) [[gnu::packed]];",
    "int b[2] [[gnu::aligned(2)]];", "char b[2] [[gnu::aligned(8)]] [3];", "char b[2][4] [[gnu::aligned(4)]] [3];",
    "int b[2] [[gnu::packed]] __attribute__((packed));",
}

local declarations = {
    "typedef int T [[gnu::aligned(16)]]; struct s { char a; T b; };",
    "typedef int T [[gnu::aligned(16)]] [4]; struct s { char a; T b; };",
    "typedef int T[4] [[gnu::aligned(16)]]; struct s { char a; T b; };",
    "typedef int [[gnu::aligned(16)]] T; struct s { char a; T b; };",
    "typedef int [[gnu::aligned(16)]] *T; struct s { char a; T b; };",
    "[[gnu::aligned(16)]] typedef int T; struct s { char a; T b; };",
    "struct [[gnu::packed]] s { char a; int b; }; enum [[gnu::packed]] e { A }; struct u { enum e e; char b; };",
    "struct s { char a; int b; } [[gnu::packed]]; struct t { char a; int b; } [[gnu::aligned(16)]];",
    "struct s { char a; int b; } [[gnu::packed]] x; union t { char a; int b; } [[gnu::aligned(16)]] *y;",
    "typedef struct { char a; int b; } [[gnu::packed]] s; struct t { char x; s y; };",
    "typedef struct { char a; int b; } [[gnu::aligned(16)]] s; struct t { char x; s y; };",
    "enum e { A } [[gnu::packed]]; struct s { enum e b; char c; };",
    "enum e { A } __attribute__((packed)) [[gnu::aligned(8)]]; struct s { enum e b; char c; };",
}

local jobs = {}
local function add(source)
    jobs[#jobs + 1] = { source = source .. "\n", preprocess = support.cc, flags = "-P", standard = "-std=gnu2x" }
end
for _, member in ipairs(members) do add(("struct s { char a; %s char z; };"):format(member)) end
for _, text in ipairs(declarations) do add(text) end

describe("as gcc reads it:", function()
    local results, log, status
    for i, job in ipairs(jobs) do
        it(job.source:gsub("\n", ""), function()
            if not results then results, log, status = pool.run(jobs) end
            local result = results[i]
            assert(result.state == "checked", result.state .. "\n" .. table.concat(result.lines, "\n"))
        end)
    end
    it("and every process ends well", function() assert(status == 0 and log == "", log) end)
end)
