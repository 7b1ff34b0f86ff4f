-- Every program in examples/, run by an interpreter of its own; other programs say what it should print.
local oracle = require "spec.oracle"
local support = require "spec.support"

local quote = support.quote

local function lines_of(text)
    local lines = {}
    for line in text:gmatch "([^\n]*)\n" do lines[#lines + 1] = line end
    return lines
end

-- The lines that an example prints, its exit status being 0.
local function example(name, ...)
    local parts = { support.lua, quote(("%s/examples/%s.lua"):format(support.root, name)) }
    for _, argument in ipairs { ... } do parts[#parts + 1] = quote(argument) end
    local output, status = support.run(table.concat(parts, " ") .. " 2>&1")
    assert.equal(0, status, output)
    return lines_of(output)
end

local function command(text, ...)
    local arguments = {}
    for i, argument in ipairs { ... } do arguments[i] = quote(argument) end
    local output, status = support.run(text:gsub("@(%d)", function(i) return arguments[tonumber(i)] end) .. "")
    assert.equal(0, status, text)
    return (output:gsub("\n$", ""))
end

local function has_command(name) return (select(2, support.run("command -v " .. name .. " >/dev/null 2>&1"))) == 0 end

describe("examples/calendar.lua", function()
    it("formats times as date(1) does", function()
        local lines = example "calendar"
        local landing = "1969-07-20 20:17:40"
        assert.equal(command("LC_ALL=C date -u -d @1 @2", landing, "+%Y-%m-%d %H:%M:%S, day %j of the year"), lines[1])
        assert.equal(command("LC_ALL=C date -u -d @1 @2", landing, "+day %w of the week, %s seconds from 1970"), lines[2])
        assert.equal(command("LC_ALL=C date -u -d @1 @2", "@" .. (1 << 31), "+32-bit clocks end at %Y-%m-%dT%H:%M:%SZ"), lines[3])
        assert.equal(3, #lines)
    end)
end)

describe("examples/division.lua", function()
    it("divides as C does", function()
        assert.same(oracle.lines("example_division", [[
            div_t small = div(-17, 5);
            ldiv_t large = ldiv(LONG_MAX, 1000000007);
            lldiv_t wide = lldiv(LLONG_MIN, 10);
            printf("-17 = 5 * %d + %d\n", small.quot, small.rem);
            printf("%ld = 1000000007 * %ld + %ld\n", LONG_MAX, large.quot, large.rem);
            printf("%lld = 10 * %lld + %lld\n", LLONG_MIN, wide.quot, wide.rem);
            printf("ctype<div_t>\t%zu\t%zu\n", sizeof small, sizeof large);]], "#include <stdlib.h>\n"), example "division")
    end)
end)

describe("examples/mathematics.lua", function()
    it("computes as C does", function()
        local lines = example "mathematics"
        local expected = oracle.lines("example_mathematics", [[
            double _Complex euler = cexp(M_PI * I), root = csqrt(-4);
            float _Complex single = csqrtf(-4);
            long double _Complex extended = csqrtl(-2);
            printf("exp(i pi) = %.15f %+.15fi\n", creal(euler), cimag(euler));
            printf("sqrt(-4) = %g %+gi, its modulus %g\n", creal(root), cimag(root), cabs(root));
            printf("in float:\t%g%+gi\n", crealf(single), cimagf(single));
            printf("in long double:\t%.14g%+.14gi\n", (double)creall(extended), (double)cimagl(extended));
            printf("sqrtl(2) = %.15f\n", (double)sqrtl(2));
            printf("sqrtl(4) = %.20Lf\n", sqrtl(4));]], "#include <math.h>\n")
        assert.same(expected, lines)
    end)
end)

describe("examples/printf.lua", function()
    it("prints as C does", function()
        assert.same(oracle.lines("example_printf", [[
            printf("%d bottles, %5.2f litres, %s\n", 99, 0.75, "on the wall");
            printf("%x %o %c %%\n", 255, 8, 'A');
            printf("%ld %lu\n", LONG_MIN, -1ul);
            printf("many words and more and more and more \n");
            printf("%d%d%d%d%d%d%d%d %g %g %g %g %g %g %g %g %g %g\n", 1, 2, 3, 4, 5, 6, 7, 8, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5,
                9.5, 10.5);
            printf("%.18Lf\n", (long double)0.1);
            int count; double ratio; char word[16];
            int nread = sscanf("42 apples 0.125", "%d %15s %lf", &count, word, &ratio);
            printf("%d\t%d\t%s\t%g\n", nread, count, word, ratio);]]), example "printf")
    end)

    it("prints as printf(1) does", function()
        local lines = example "printf"
        assert.equal(command("LC_ALL=C printf '%d bottles, %5.2f litres, %s' 99 0.75 'on the wall'"), lines[1])
        assert.equal(command("printf '%x %o %s %%' 255 8 A"), lines[2])
        assert.equal(command("printf '%d' " .. math.mininteger), lines[3]:match "^%S+")
    end)
end)

describe("examples/system.lua", function()
    local function check(lines, path)
        assert.equal(command "uname -s" .. " on " .. command "uname -m", lines[1])
        if has_command "getent" then
            local name, home = command("getent passwd 0"):match "^(.-):.-:.-:.-:.-:(.-):"
            assert.equal(("user 0 is %s, at home in %s"):format(name, home), lines[2])
        end
        assert.equal(command("stat -L -c @1 @2", "%n: %s bytes, mode %a, changed at %Y", path), lines[3])
        assert.equal("/no/such/file: No such file or directory", lines[4])
        assert.equal(4, #lines)
    end

    it("tells what uname(1), getent(1) and stat(1) tell", function() check(example "system", "/etc/passwd") end)

    it("tells about the file that it is given", function()
        local path = os.tmpname()
        support.write(path, ("x"):rep(12345))
        command("chmod 4751 @1", path)
        command("touch -d @1 @2", "@" .. (1 << 33), path) -- beyond 32 bits
        check(example("system", path), path)
        os.remove(path)
    end)
end)

describe("examples/zlib.lua", function()
    -- gzip(1) ends its output with the checksum and the length of what it was given.
    local function check(path, ...)
        local text = support.read(path)
        local lines = example("zlib", ...)
        local crc, length = command("gzip -c @1 | tail -c 8 | od -An -tx4", path):match "(%x+)%s+(%x+)"
        local nbytes = tonumber(length, 16)
        assert.equal(#text, nbytes)
        assert.matches("^zlib %d+%.%d+", lines[1])
        assert.equal(("%d bytes, crc32 %s"):format(nbytes, crc), lines[2])
        local packed = tonumber(lines[3]:match "^compressed to (%d+) bytes$")
        assert.is_true(packed > 0 and packed < nbytes)
        assert.equal(("expanded to %d bytes, crc32 %s"):format(nbytes, crc), lines[4])
        assert.equal("same", lines[5])
        assert.equal(5, #lines)
    end

    it("compresses and expands itself", function() check(support.root .. "/examples/zlib.lua") end)

    it("compresses and expands a file with every byte", function()
        local path = os.tmpname()
        local bytes = {}
        for i = 0, 255 do bytes[i + 1] = string.char(i) end
        support.write(path, table.concat(bytes):rep(500))
        check(path, path)
        os.remove(path)
    end)
end)

describe("examples/sqlite.lua", function()
    local nrows = 1000
    local places = { "Aachen", "Bergen", "Cork", "Delft", "Évora" }

    -- The same rows added up by Lua.
    local function expected_lines()
        local counts, sums = {}, {}
        for i = 1, nrows do
            local place = i % #places + 1
            counts[place] = (counts[place] or 0) + 1
            sums[place] = (sums[place] or 0) + i
        end
        local lines = {}
        for i, place in ipairs(places) do
            lines[i] = ("%s%s %8d %14d %12.3f"):format(place, (" "):rep(8 - utf8.len(place)), counts[i], sums[i], sums[i] / 8 / counts[i])
        end
        lines[#lines + 1] = ("%d rows, %d bytes of blobs, nothing is nil"):format(nrows, nrows * 8)
        lines[#lines + 1] = ("blob of row 1000: %d %d %d %d"):format(1000, 3000, 5000, 7000)
        return lines
    end

    local function check(file)
        local lines = example("sqlite", file, tostring(nrows))
        assert.matches("^SQLite 3%.%d+.*, database " .. file:gsub("%p", "%%%0") .. "$", lines[1])
        assert.matches(("^inserted %d rows, %%d+ rows per second$"):format(nrows), lines[2])
        assert.matches("^place +rows +sum of count +mean level$", lines[3])
        assert.same(expected_lines(), table.move(lines, 4, #lines, 1, {}))
    end

    it("fills a database in memory", function() check ":memory:" end)

    it("fills a database on disk, again and again, which others can read", function()
        local directory = support.new_directory()
        local file = directory .. "/readings.db"
        check(file)
        check(file)
        assert.equal("SQLite format 3\0", support.read(file):sub(1, 16))
        if has_command "sqlite3" then
            assert.equal(("%d|%d|%d"):format(nrows, nrows * (nrows + 1) // 2, nrows * 8),
                command("sqlite3 @1 @2", file, "SELECT COUNT(*), SUM(count), SUM(LENGTH(raw)) FROM reading"))
            assert.equal("1000|Aachen|1000|125.0|E803B80B8813581B",
                command("sqlite3 @1 @2", file, "SELECT id, place, count, level, HEX(raw) FROM reading WHERE id = 1000"))
        end
        support.remove(directory)
    end)

    it("tells why it cannot open a database", function()
        local output, status = support.run(("%s %s/examples/sqlite.lua /no/such/directory/file.db 2>&1"):format(support.lua,
            quote(support.root)))
        assert.equal(1, status)
        assert.matches("cannot open /no/such/directory/file%.db: unable to open database file", output)
    end)
end)

describe("examples/sort.lua", function()
    it("sorts and searches as C does", function()
        local expected = oracle.lines("example_sort", [[
            city cities[] = {{"Reykjavik", 64.15, 139000}, {"Nairobi", -1.29, 4397000}, {"Quito", -0.18, 1977000}, {"Oslo", 59.91, 709000},
                {"Hobart", -42.88, 197000}, {"Kyoto", 35.01, 1464000}}, key = {.people = 1464000};
            qsort(cities, 6, sizeof *cities, by_latitude);
            for (int i = 0; i < 6; i++)
                printf("%-10s %7.2f\n", cities[i].name, cities[i].latitude);
            qsort(cities, 6, sizeof *cities, by_people);
            printf("smallest\t%s\n", cities[0].name);
            printf("with 1464000\t%s\n", ((city *)bsearch(&key, cities, 6, sizeof *cities, by_people))->name);
            key.people++;
            printf("with 1464001\t%s\n", bsearch(&key, cities, 6, sizeof *cities, by_people) ? "found" : "nil");]], [[
            #include <stdlib.h>
            typedef struct city { const char *name; double latitude; int people; } city;
            static int by_latitude(const void *a, const void *b)
            {
                double x = ((const city *)a)->latitude, y = ((const city *)b)->latitude;
                return x > y ? -1 : x < y;
            }
            static int by_people(const void *a, const void *b) { return ((const city *)a)->people - ((const city *)b)->people; }]])
        expected[#expected + 1] = "false\tcannot compare"
        assert.same(expected, example "sort")
    end)
end)

describe("examples/sqlite_functions.lua", function()
    it("computes in SQL what Lua computes from the same numbers", function()
        local text = support.read(support.root .. "/examples/sqlite_functions.lua")
        local groups, long = {}, {}
        for name, continent, kilometres in text:gmatch "%('(%a+)', '(%a+)', (%d+)%)" do
            groups[continent] = groups[continent] or {}
            table.insert(groups[continent], tonumber(kilometres))
            if tonumber(kilometres) > 4500 then table.insert(long, { name:reverse(), tonumber(kilometres) }) end
        end
        table.sort(long, function(a, b) return a[2] < b[2] end)
        for _, numbers in pairs(groups) do table.sort(numbers) end
        local africa, europe = groups.Africa, groups.Europe
        assert.same({
            long[1][1], long[2][1],
            ("Africa\t%d\t%.1f"):format(#africa, africa[2]),
            ("Europe\t%d\t%.1f"):format(#europe, (europe[2] + europe[3]) / 2),
            "false\tpatience is over\t100",
            tostring(#africa + #europe),
        }, example "sqlite_functions")
    end)
end)

describe("examples/timers.lua", function()
    it("runs the loop until its handles are closed, and leaves one callback", function()
        assert.same({ "tick 1", "tick 2", "tick 3", "the last one", "idle between\ttrue", "handles left\tnil", "loop closed\t0",
            "callbacks left\t1" }, example "timers")
    end)
end)

describe("examples/walk.lua", function()
    local function check(directory, ...)
        local function find(tests) return tonumber(command("find @1 " .. tests .. " -printf x | wc -c", directory)) end
        local deepest = command("find @1 -printf '%d\\n' | sort -n | tail -n 1", directory)
        assert.same({
            ("%d files, %d directories, %d links, %s levels"):format(find "-type f", find "-type d", find "-type l", deepest),
            "42\ttrue",
            "false\t/no/such/directory: No such file or directory",
        }, example("walk", ...))
    end

    it("counts what find(1) finds", function() check(support.root .. "/examples") end)

    it("counts links and levels in the directory that it is given", function()
        local directory = support.new_directory()
        command("mkdir -p @1/a/b/c @1/d && touch @1/x.lua @1/a/b/c/y && ln -s /nowhere @1/d/link", directory)
        check(directory, directory)
        support.remove(directory)
    end)
end)

describe("examples/zlib_allocator.lua", function()
    it("gives zlib all its memory, and gets all of it back", function()
        assert.same({ "deflate\ttrue\ttrue\ttrue", "inflate\ttrue\ttrue", "left\t0\t0\tnil", "limited\tnil\ttrue\t0", "callbacks left\t0" },
            example "zlib_allocator")
    end)
end)

describe("examples/threads.lua", function()
    it("runs each thread's call, and refuses what is not for threads", function()
        local expected = {}
        for i = 0, 3 do expected[i + 1] = ("thread %d returned %d"):format(i, (i + 10) ^ 2 // 1 | 0) end
        expected[5] = "false\ta callback of type 'void *(void *)' was called on another thread than its state's; "
            .. "ffi.callback's option thread = \"queue\" allows that"
        assert.same(expected, example "threads")
    end)
end)

describe("examples/glib.lua", function()
    it("sorts as sort(1) does, and hears of signals", function()
        local words = command("printf '%s\\n' pear apple quince cherry | LC_ALL=C sort | tr '\\n' ' '"):gsub(" $", "")
        assert.same({ words, "class made", "object made", "first\tworld\t7", "second\tWORLD\t-7", "second\tAGAIN\t-8", "handlers left\tnil" },
            example "glib")
    end)
end)

describe("the examples", function()
    it("are all tested here", function()
        local tested = support.read(support.root .. "/spec/examples_spec.lua")
        for name in command("ls @1", support.root .. "/examples"):gmatch "[^\n]+" do
            assert.matches('describe%("examples/' .. name:gsub("%p", "%%%0"), tested)
        end
    end)

    it("run from any directory", function()
        local output, status = support.run(("cd / && %s %s/examples/division.lua 2>&1"):format(support.lua, quote(support.root)))
        assert.equal(0, status, output)
    end)
end)
