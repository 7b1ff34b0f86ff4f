-- ffi.cdef and the sizes that follow from it: what it takes, what it refuses and where, and that gcc lays out the same.
local ffi = require "ffi"
local oracle = require "spec.oracle"

-- Declares a text and returns the ctype of a name in it.
local function declared(text, name, ...)
    ffi.cdef(text, ...)
    return ffi.typeof(name)
end

describe("ffi.cdef takes", function()
    local accepted = {
        { "a prototype", "int cd_f1(int a, const char *b);" },
        { "a prototype without names", "int cd_f2(int, double);" },
        { "a variadic prototype", "int cd_f3(const char *format, ...);" },
        { "a function pointer as parameter", "void cd_f4(int (*compare)(const void *, const void *), int n);" },
        { "a function that returns a function pointer", "void (*cd_f5(int number, void (*handler)(int)))(int);" },
        { "an array parameter", "int cd_f6(int n, double values[], int table[4][5]);" },
        { "a parameter array of static length", "int cd_f7(int n, int values[static 4], int rest[restrict]);" },
        { "an asm name", [[int cd_f8(int) __asm__("ab" "s");]] },
        { "inline functions, whose bodies are skipped",
            "static inline int cd_f9(int a) { if (a) { return '}'; } return 1; } int cd_f9b(void);" },
        { "attributes that mean nothing here",
            "int cd_f10(const char *, ...) __attribute__((format(printf, 1, 2), nothrow, pure));" },
        { "_Noreturn and __extension__", "_Noreturn void cd_f11(int); __extension__ typedef long long cd_t11;" },
        { "several declarators", "typedef int cd_a, *cd_b, cd_c[3], (*cd_d)(int);" },
        { "specifiers in any order", "typedef long unsigned int long cd_order; typedef int typedef_free; int const typedef cd_order2;" },
        { "extern variables", "extern int cd_v1, *cd_v2; extern const char *const cd_v3[]; extern char **__environ;" },
        { "static constants", "static const int CD_K1 = 3 * (2 + 4) << 1, CD_K2 = -1;" },
        { "comments", "/* int; \n */ int cd_f12(/* no */ int a // rest\n);" },
        { "a line continued", "int cd_f1\\\n3(int);" },
        { "an empty text", "" },
        { "stray semicolons", ";;; int cd_f14(void);;" },
        { "the last semicolon left out", "int cd_f15(void)" },
        { "a forward declaration", "struct cd_forward; struct cd_forward *cd_f16(struct cd_forward *);" },
        { "line markers and pragmas of gcc -E",
            "# 7 \"some.h\" 1\n#pragma GCC visibility push(default)\nint cd_f17(void);\n#pragma once\n" },
        { "_Static_assert", [[_Static_assert(sizeof(long) == 8, "long"); _Static_assert(sizeof(int[3]) == 12);]] },
        { "_Alignas and _Alignof", "struct cd_alignas { _Alignas(16) int a; _Alignas(double) char b[_Alignof(long)]; };" },
        { "an enum with a trailing comma", "enum cd_enum1 { CD_E1, CD_E2, };" },
        { "a struct in a typedef", "typedef struct cd_list { struct cd_list *next; int value; } cd_list;" },
        { "volatile, restrict, _Atomic",
            "typedef volatile int cd_vi; char *cd_f18(char *restrict a, const char *__restrict b); typedef _Atomic int cd_at;" },
        { "digraph-free real text",

            "typedef unsigned char __u_char; extern int cd_f19 (const __u_char *__s, int __c) __attribute__ ((__nonnull__ (1)));" },
    }
    for _, case in ipairs(accepted) do
        it(case[1], function() assert.has_no_error(function() ffi.cdef(case[2]) end) end)
    end

    it("returns nothing", function() assert.are.equal(0, select("#", ffi.cdef "int cd_f30(void);")) end)

    it("the same declarations again", function()
        local text = [[
            typedef struct cd_again { int a; union { int b; float c; }; } cd_again;
            enum cd_again_e { CD_AGAIN = 4 };
            int cd_again_f(cd_again *, int);
            int cd_again_f(struct cd_again *other, int n);
            extern int cd_again_v;
        ]]
        ffi.cdef(text)
        local first = ffi.typeof "cd_again"
        ffi.cdef(text)
        assert.are.equal(first, ffi.typeof "struct cd_again")
    end)

    it("types, names and numbers for `$`", function()
        local point = ffi.typeof "struct { short x, y; }"
        ffi.cdef("typedef struct { $ $; $ *next; char rest[$]; } cd_param_t;", point, "position", ffi.typeof "int", 5)
        assert.are.equal(ffi.sizeof(point), ffi.offsetof("cd_param_t", "next") - ffi.offsetof("cd_param_t", "position") - 4)
        assert.are.equal(5, ffi.sizeof(ffi.new("cd_param_t").rest))
        local cdata = ffi.new("int[4]")
        assert.are.equal(ffi.typeof "int[4][2]", ffi.typeof("$[$]", ffi.typeof "int[2]", 4))
        assert.are.equal(ffi.typeof "int (*)[4]", ffi.typeof("$ *", cdata))
        assert.are.equal(2, ffi.offsetof(ffi.typeof("struct { short $, $; }", "first", "second"), "second"))
    end)

    it("constants, which ffi.C has", function()
        ffi.cdef [[
            enum { CD_ZERO, CD_ONE, CD_TEN = 10, CD_ELEVEN, CD_MINUS = -3, CD_CHAR = 'A', CD_MASK = (1 << 4) | 3, CD_TERNARY = 2 > 1 ? 7 : 8 };
            enum { CD_BIG = 0x7fffffffffffffff, CD_SIZE = sizeof(struct { char a; double b; }) };
            enum { CD_HUGE = 0xffffffffffffffffULL };
            static const unsigned CD_STATIC = ~0u;
            static const long CD_LOW = -0x7fffffffffffffff - 1;
            static const __int128 CD_LOW128 = -5, CD_HIGH128 = (__int128)1 << 40;
        ]]
        local C = ffi.C
        assert.are.same({ 0, 1, 10, 11, -3, 65, 19, 7 },
            { C.CD_ZERO, C.CD_ONE, C.CD_TEN, C.CD_ELEVEN, C.CD_MINUS, C.CD_CHAR, C.CD_MASK, C.CD_TERNARY })
        assert.are.equal(math.maxinteger, C.CD_BIG)
        assert.are.equal(16, C.CD_SIZE)
        assert.are.equal("18446744073709551615ULL", tostring(ffi.cast("uint64_t", C.CD_HUGE)))
        assert.are.equal(4294967295, C.CD_STATIC)
        assert.are.equal(math.mininteger, C.CD_LOW)
        assert.are.equal(-5, C.CD_LOW128)
        assert.are.equal(1 << 40, C.CD_HIGH128)
        assert.are.equal(C.CD_TEN, rawget(C, "CD_TEN"))
    end)

    it("extern variables, which are read and written in C", function()
        ffi.cdef "extern int optind; extern char **__environ;"
        local before = ffi.C.optind
        ffi.C.optind = 42
        assert.are.equal(42, ffi.C.optind)
        assert.is_nil(rawget(ffi.C, "optind"))
        ffi.C.optind = before
        assert.is_truthy(ffi.string(ffi.C.__environ[0]):find "=")
    end)

    it("nested and anonymous members", function()
        local nested = declared([[
            struct cd_nested {
                int a;
                union { int b; struct { short c, d; }; float e; };
                struct { char f; } g[2];
                struct cd_inner { double h; } i;
            };
        ]], "struct cd_nested")
        local object = ffi.new(nested)
        object.b = 0x00020001
        assert.are.same({ 1, 2 }, { object.c, object.d })
        object.g[1].f = 9
        assert.are.equal(9, object.g[1].f)
        assert.are.equal(8, ffi.sizeof "struct cd_inner")
    end)
end)

describe("sizes and alignments are gcc's:", function()
    local types = {
        "char", "signed char", "unsigned char", "short", "unsigned short int", "int", "unsigned", "long", "unsigned long", "long long",
        "unsigned long long", "float", "double", "long double", "_Bool", "bool", "__int128", "unsigned __int128", "_Float16",
        "__float128", "_Float32", "_Float64", "_Float32x", "_Float64x", "_Float128", "_Complex float", "_Complex double", "_Complex long double",
        "void *", "char **", "int (*)(void)", "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t",
        "uint64_t", "intptr_t", "uintptr_t", "size_t", "ssize_t", "ptrdiff_t", "wchar_t", "char16_t", "char32_t",
        "__builtin_va_list", "int[3]", "char[7]", "double[2][3]", "int *[4]", "int (*)[4]", "char[0]", "char[sizeof(int[5]) * 2 - 1]",
        "struct { char a; int b; }", "struct { char a; double b; char c; }", "struct { char a[3]; short b; }", "struct { }",
        "struct { int n; double rest[]; }", "struct { char a; struct { char b; long c; } d; }", "union { char a[5]; int b; }", "union { }",
        "union { long double a; char b; }", "struct { char a; long double b; }", "struct { char a; __int128 b; }",
        "struct __attribute__((packed)) { char a; int b; double c; }", "struct { char a; int b __attribute__((packed)); short c; }",
        "struct { char a; int b __attribute__((aligned(16))); }", "struct { char a; } __attribute__((aligned(32)))",
        "struct __attribute__((packed, aligned(4))) { char a; int b; char c; }", "struct { char a; struct { int b; } __attribute__((packed)) c; }",
        "struct { char a; int b __attribute__((aligned)); }", "struct { int a __attribute__((mode(DI))); char b; }",
        "struct { int a __attribute__((mode(QI))); char b; }", "int __attribute__((mode(TI)))", "float __attribute__((mode(XF)))",
        "int __attribute__((vector_size(16)))", "float __attribute__((vector_size(8)))", "double __attribute__((vector_size(32)))",
        "char __attribute__((vector_size(64)))", "struct { char a; float b __attribute__((vector_size(16))); }",
        "enum { CD_A1, CD_A2 = 255 }", "enum { CD_B1 = -1, CD_B2 }", "enum { CD_C1 = 0x100000000 }", "enum { CD_D1 = 1 } __attribute__((packed))",
        "enum { CD_F1 = -1, CD_F2 = 0x80000000 }", "struct { char a; enum { CD_G1 } b; }",
        "struct { int a : 3; int b : 5; }", "struct { int a : 3; int : 0; int b : 5; }", "struct { char a : 3; int b : 30; }",
        "struct { long a : 40; int b : 30; }", "struct { char a; int b : 4; char c; }", "struct { int : 5; char a; }",
        "struct { short a : 9; short b : 9; char c; }",
        "struct __attribute__((packed)) { char a; int b : 9; int c : 20; long d : 50; }",
        "union { int a : 3; char b; }", "struct { _Bool a : 1; _Bool b : 1; int c; }",
        "struct { int a : 17; long b : 17; char c : 7; unsigned long d : 64; }", "struct { char a; int : 0; char b; }", "struct { int : 0; char b; }",
    }
    local lines
    setup(function()
        local body = {}
        for i, text in ipairs(types) do
            body[i] = ('{ typedef __typeof__(%s) t; printf("%%zu %%zu\\n", sizeof(t), __alignof__(t)); }'):format(text)
        end
        lines = oracle.lines("cdef_sizes", table.concat(body, "\n"), "#include <sys/types.h>")
    end)
    for i, text in ipairs(types) do
        it(text, function()
            local ctype = ffi.typeof(text)
            assert.are.equal(lines[i], ffi.sizeof(ctype) .. " " .. ffi.alignof(ctype))
        end)
    end

    it("nothing has an unknown size but is told so", function()
        for _, text in ipairs { "void", "int(int)", "int[]", "int[?]", "struct cd_unknown", "struct { int n; int rest[?]; }" } do
            assert.is_nil(ffi.sizeof(text), text)
        end
    end)

    it("variable-length types have the size of their count", function()
        assert.are.equal(12, ffi.sizeof("int[?]", 3))
        assert.are.equal(0, ffi.sizeof("int[?]", 0))
        assert.are.equal(24, ffi.sizeof("struct { int n; double rest[?]; }", 2))
        assert.are.equal(8, ffi.sizeof("struct { int n; double rest[?]; }", 0))
        assert.are.equal(ffi.sizeof "int" + 2, ffi.sizeof("struct { int n; char rest[?]; }", 2)) -- as LuaJIT has it, nothing is rounded up
        assert.are.equal(ffi.sizeof "int" + 5, ffi.sizeof("struct { int n; char rest[?]; }", 5))
        assert.are.equal(28, ffi.sizeof(ffi.new("int[?]", 7)))
        assert.are.equal(24, ffi.sizeof(ffi.new("struct { int n; double rest[?]; }", 2)))
    end)

    it("an aligned typedef keeps its alignment to itself", function()
        ffi.cdef "typedef int cd_aligned __attribute__((aligned(64)));"
        assert.are.equal(64, ffi.alignof "cd_aligned")
        assert.are.equal(4, ffi.sizeof "cd_aligned")
        assert.are.equal(4, ffi.alignof "int")
    end)

    it("#pragma pack", function()
        ffi.cdef "#pragma pack(push, 2)\nstruct cd_pack2 { char a; int b; };\n#pragma pack(pop)\nstruct cd_pack0 { char a; int b; };"
        assert.are.same({ 6, 2, 8, 4 }, { ffi.sizeof "struct cd_pack2", ffi.alignof "struct cd_pack2", ffi.sizeof "struct cd_pack0",
            ffi.alignof "struct cd_pack0" })
    end)
end)

describe("ffi.offsetof agrees with gcc:", function()
    local records = {
        { "struct { char a; int b; char c; double d; }", "a", "b", "c", "d" },
        { "struct { char a; union { int b; struct { short c, d; }; }; char e; }", "b", "c", "d", "e" },
        { "struct __attribute__((packed)) { char a; int b; struct { char c; long d; } e; }", "b", "e" },
        { "struct { char a; long double b; char c; __int128 d; char e[3]; float f[]; }", "b", "c", "d", "e", "f" },
        { "union { int a; struct { char b; int c; }; }", "a", "b", "c" },
        { "struct { char a; struct { char b; } __attribute__((aligned(8))) c; char d; }", "c", "d" },
    }
    local lines
    setup(function()
        local body = {}
        for _, record in ipairs(records) do
            body[#body + 1] = ("{ typedef %s t;"):format(record[1])
            for i = 2, #record do body[#body + 1] = ('printf("%%zu\\n", offsetof(t, %s));'):format(record[i]) end
            body[#body + 1] = "}"
        end
        lines = oracle.lines("cdef_offsets", table.concat(body, "\n"))
    end)
    local position = 0
    for _, record in ipairs(records) do
        for i = 2, #record do
            position = position + 1
            local line = position
            it(record[i] .. " of " .. record[1], function()
                assert.are.equal(lines[line], tostring(ffi.offsetof(record[1], record[i])))
                assert.are.equal(1, select("#", ffi.offsetof(record[1], record[i])))
            end)
        end
    end

    it("what is no member has none", function()
        assert.are.equal(0, select("#", ffi.offsetof("struct { int a; }", "b")))
        assert.are.equal(0, select("#", ffi.offsetof("int", "b")))
        assert.are.equal(0, select("#", ffi.offsetof("struct cd_incomplete", "b")))
    end)
end)

describe("bit-fields lie where gcc puts them:", function()
    -- member, declared type's size
    local records = {
        { "struct { int a : 3; unsigned b : 7; int c : 22; int d : 1; }", a = 4, b = 4, c = 4, d = 4 },
        { "struct { char a; int b : 4; short c : 9; char d : 8; long e : 40; }", b = 4, c = 2, d = 1, e = 8 },
        { "struct __attribute__((packed)) { char a; int b : 9; int c : 20; long d : 50; }", b = 4, c = 4, d = 8 },
        { "struct { int a : 5; int : 0; int b : 5; int : 7; int c : 20; int d : 12; }", a = 4, b = 4, c = 4, d = 4 },
        { "struct { long a : 33; int b : 31; unsigned long c : 64; _Bool d : 1; }", a = 8, b = 4, c = 8, d = 1 },
        { "union { int a : 3; unsigned b : 17; char c : 8; }", a = 4, b = 4, c = 1 },
        { "struct { char x; struct { int a : 6; int b : 10; }; }", a = 4, b = 4 },
    }
    local expected = {}
    setup(function()
        local body = {}
        for i, record in ipairs(records) do
            for name, nbytes in pairs(record) do
                if name ~= 1 then
                    body[#body + 1] = ([[{ typedef %s t; t o; memset(&o, 0, sizeof o); o.%s = -1; int first = -1, n = 0;
                        for (int bit = 0; bit < (int)sizeof o * 8; bit++)
                            if (((unsigned char *)&o)[bit / 8] >> bit %% 8 & 1) { if (first < 0) first = bit; n++; }
                        printf("%d %s %d %%d %%d\n", first, n); }]]):format(record[1], name, i, name, nbytes)
                end
            end
        end
        for _, line in ipairs(oracle.lines("cdef_bitfields", table.concat(body, "\n"))) do
            local index, name, nbytes, first, width = line:match "(%d+) (%w+) (%d+) (%d+) (%d+)"
            expected[index .. name] = { first = tonumber(first), width = tonumber(width), nbits = 8 * tonumber(nbytes) }
        end
    end)
    for i, record in ipairs(records) do
        for name in pairs(record) do
            if name ~= 1 then
                it(name .. " of " .. record[1], function()
                    local offset, bit, width = ffi.offsetof(record[1], name)
                    local wanted = expected[i .. name]
                    assert.are.same({ wanted.first, wanted.width }, { offset * 8 + bit, width })
                    local unit = wanted.first // wanted.nbits * wanted.nbits
                    local fits = wanted.first + wanted.width <= unit + wanted.nbits and not record[1]:find "packed"
                        and not record[1]:find "x; struct"
                    if fits then assert.are.equal(unit // 8, offset) end
                end)
            end
        end
    end
end)

describe("ffi.cdef refuses", function()
    -- what, text, line and column of the error, its words, the file if a line marker gave one
    local refused = {
        { "an unknown type", "unknown_t cd_r1(void);", 1, 1, "unknown type name 'unknown_t'" },
        { "a missing semicolon", "int cd_r2(void)\nint cd_r3(void);", 2, 1, "expected ';' after declaration, got 'int'" },
        { "a stray character", "int cd_r4(void);\n  int @;", 2, 7, "stray '@' in declarations" },
        { "an open comment", "int cd_r5(void); /* open", 1, 18, "comment is not closed" },
        { "a directive", "#define X 1\n", 1, 1,
            "preprocessor directive '#define': run the text through the preprocessor first (gcc -E)" },
        { "a void variable", "void cd_r6;", 1, 6, "'cd_r6' has type void" },
        { "an array of void", "typedef void cd_r7[3];", 1, 19, "array of void" },
        { "a function that returns an array", "int cd_r8(void)[3];", 1, 10, "function returns an array" },
        { "a duplicate member", "struct cd_r9 { int a; float a; };", 1, 29, "duplicate member 'a'" },
        { "a negative array size", "typedef int cd_r10[-1];", 1, 20, "array size is negative" },
        { "a division by zero", "enum { CD_R11 = 1 / 0 };", 1, 19, "division by zero in a constant expression" },
        { "a bit-field wider than its type", "struct cd_r12 { char a : 9; };", 1, 26,
            "width of bit-field 'a' is more than its type 'char' has" },
        { "a `[?]` inside", "typedef int cd_r13[?][?];", 1, 19, "'[?]' is only for the outermost array or the last member of a struct" },
        { "a tab before the error", "\tint cd_r14(\tunknown_t);", 1, 14, "unknown type name 'unknown_t'" },
        { "an incomplete member", "struct cd_r15 { struct cd_never a; };", 1, 33, "'a' has incomplete type 'struct cd_never'" },
        { "an unfinished struct", "struct cd_r16 { int a;", 1, 23, "expected '}' after struct fields, got end of text" },
        { "words that make no type", "typedef short double cd_r17;", 1, 15, "'double' does not combine with the type specifiers before it" },
        { "a line after a marker by its number and file", "# 40 \"my.h\"\nint cd_r18(void);\nint cd_r19(unknown_t);", 41, 12,
            "unknown type name 'unknown_t'", "my.h" },
        { "a wrong tag", "struct cd_r20 { int a; }; union cd_r20 { int b; };", 1, 33, "'cd_r20' is another kind of tag; previously at line 1" },
        { "a failed assertion", '_Static_assert(1 > 2, "less"' .. ");", 1, 1, "static assertion failed: less" },
        { "an escape without digits", "enum { CD_R21 = '\\x' };", 1, 17, "bad escape sequence '\\x'" },
        { "a number too large", "enum { CD_R22 = 99999999999999999999 };", 1, 17, "number '99999999999999999999' is too large for any integer type" },
        { "an undeclared constant", "typedef int cd_r23[CD_NOWHERE];", 1, 20, "'CD_NOWHERE' is not declared" },
        { "a flexible array in the middle", "struct cd_r24 { int n; int a[]; int b; };", 1, 28, "flexible array member 'a' is not the last one" },
    }
    -- The whole message: the source line and a caret under the column, below which tabs stay tabs.
    local function full_message(text, line, column, words, file)
        local lines = {}
        for source in (text .. "\n"):gmatch "([^\n]*)\n" do lines[#lines + 1] = source end
        local source = file and lines[#lines] or lines[line]
        return ("%s:%d:%d: %s\n    %s\n    %s^"):format(file or "ffi.cdef", line, column, words, source,
            (source .. " "):sub(1, column - 1):gsub("[^\t]", " "))
    end
    for _, case in ipairs(refused) do
        it(case[1], function() assert.are.equal(full_message(table.unpack(case, 2)), oracle.message(ffi.cdef, case[2])) end)
    end

    it("and shows the line as it stands", function()
        assert.are.equal("ffi.cdef:2:8: unknown type name 'unknown_t'\n    \tconst unknown_t *a;\n    \t      ^",
            oracle.message(ffi.cdef, "struct cd_r30 {\n\tconst unknown_t *a;\n};"))
    end)

    it("a changed declaration, naming the earlier one", function()
        ffi.cdef "struct cd_change { int a; };\nint cd_change_f(int);"
        assert.are.equal("ffi.cdef:1:5: 'cd_change_f' is declared as 'int (long)', but was 'int (int)'; previously at line 2\n" ..
            "    int cd_change_f(long);\n        ^", oracle.message(ffi.cdef, "int cd_change_f(long);"))
        assert.are.equal("ffi.cdef:1:8: 'struct cd_change' is defined differently; previously at line 1\n" ..
            "    struct cd_change { long a; };\n           ^", oracle.message(ffi.cdef, "struct cd_change { long a; };"))
    end)

    it("`$` without a value, and a value without `$`", function()
        assert.are.equal("ffi.cdef:1:9: '$' without a value: only 0 given\n    typedef $ cd_p1;\n            ^",
            oracle.message(ffi.cdef, "typedef $ cd_p1;"))
        assert.are.equal("ffi.cdef:1:19: more values than '$': 2 given, 1 in the text\n    typedef $ * cd_p2;\n                      ^",
            oracle.message(ffi.cdef, "typedef $ * cd_p2;", ffi.typeof "int", 3))
    end)

    it("what is no text", function()
        assert.are.equal("bad argument #1 to 'ffi.cdef' (string expected, got number)", oracle.message(ffi.cdef, 42))
        assert.are.equal("bad argument #1 to 'ffi.cdef' (string expected, got no value)", oracle.message(ffi.cdef))
        local wanted = "bad argument #2 to 'ffi.cdef' (type, name or number expected, got %s)"
        for _, value in ipairs { {}, true, false } do
            assert.are.equal(wanted:format(type(value)), oracle.message(ffi.cdef, "typedef $ cd_p3;", value))
        end
        assert.are.equal(wanted:format "nil", oracle.message(ffi.cdef, "typedef $ cd_p3;", nil))
        assert.are.equal("bad argument #2 to 'ffi.cdef' (C type expected, got function)", oracle.message(ffi.cdef, "typedef $ cd_p3;", print))
        assert.are.equal("ffi.cdef:1:9: expected a type for '$', got the name 'int'\n    typedef $ cd_p3;\n            ^",
            oracle.message(ffi.cdef, "typedef $ cd_p3;", "int"))
    end)

    it("with the position of the Lua line that called it", function()
        local _, message = pcall(function() ffi.cdef "int" end)
        assert.are.equal("ffi.cdef:1:4: expected a name, got end of text\n    int\n       ^", (message:gsub("^spec/cdef_spec%.lua:%d+: ", "", 1)))
        assert.is_truthy(message:find "^spec/cdef_spec%.lua:%d+: ffi%.cdef:1:4: ")
    end)

    it("a type text by its own words", function()
        assert.are.equal("int *x:1:6: expected the end of the type name, got 'x'\n    int *x\n         ^", oracle.message(ffi.typeof, "int *x"))
        assert.are.equal("unknown_t:1:1: unknown type name 'unknown_t'\n    unknown_t\n    ^", oracle.message(ffi.sizeof, "unknown_t"))
        assert.are.equal("int,:1:4: expected the end of the type name, got ','\n    int,\n       ^", oracle.message(ffi.new, "int,"))
    end)

    it("a long type text by how it begins", function()
        assert.are.equal("struct {...:2:7: expected ';' after struct field, got 'y'\n    int x y; }\n          ^",
            oracle.message(ffi.typeof, "struct {\nint x y; }"))
        local name = ("z"):rep(80)
        assert.are.equal(name .. ":1:1: ", oracle.message(ffi.typeof, name):match "^z+:1:1: ")
        assert.are.equal(name .. "...:1:1: ", oracle.message(ffi.typeof, name .. "z"):match "^z+%.*:1:1: ")
        assert.is_true(#oracle.message(ffi.typeof, ("z"):rep(100000)) < 1000)
    end)
end)

describe("a cdef that failed leaves nothing:", function()
    it("no typedef, tag, constant, function or completion", function()
        ffi.cdef "struct cd_half;"
        assert.is_false(pcall(ffi.cdef, [[
            typedef int cd_left_t;
            struct cd_left { int a; };
            struct cd_half { int a; };
            enum cd_left_e { CD_LEFT = 3 };
            int cd_left_f(int);
            extern int cd_left_v;
            broken broken;
        ]]))
        assert.is_false(pcall(ffi.typeof, "cd_left_t"))
        assert.is_nil(ffi.sizeof "struct cd_left")
        assert.is_nil(ffi.sizeof "struct cd_half")
        assert.is_nil(ffi.sizeof "enum cd_left_e")
        for _, name in ipairs { "CD_LEFT", "cd_left_f", "cd_left_v" } do
            assert.are.equal(("'%s' is not declared: ffi.cdef its prototype first"):format(name), oracle.message(function() return ffi.C[name] end))
        end
        ffi.cdef [[
            typedef double cd_left_t;
            struct cd_left { long a[4]; };
            struct cd_half { char a[3]; };
            enum cd_left_e { CD_LEFT = 4 };
        ]]
        assert.are.same({ 8, 32, 3, 4 }, { ffi.sizeof "cd_left_t", ffi.sizeof "struct cd_left", ffi.sizeof "struct cd_half", ffi.C.CD_LEFT })
    end)

    it("not even after fifty different failures", function()
        for i = 1, 50 do
            assert.is_false(pcall(ffi.cdef, ("struct cd_many%d { int a[%d]; }; typedef struct cd_many%d cd_many; ?"):format(i, i, i)))
        end
        ffi.cdef "typedef char cd_many;"
        assert.are.equal(1, ffi.sizeof "cd_many")
    end)
end)
