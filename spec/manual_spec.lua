-- The manual: every example of doc/*.md and README.md is run in an interpreter of its own and must print what the page
-- shows (doc/README.md says how it is written there); links lead somewhere; the reference and types/ffi.lua name
-- exactly what the module has.
local ffi = require "ffi"
local support = require "spec.support"

-- -- pages ------------------------------------------------------------------------------------------------------------

local function pages()
    local names = { "README.md" }
    local listing = assert(support.run("ls " .. support.quote(support.root .. "/doc")))
    for name in listing:gmatch "[^\n]+%.md" do names[#names + 1] = "doc/" .. name end
    return names
end

local function lines_of(text)
    local lines = {}
    for line in (text:gsub("\n?$", "\n")):gmatch "([^\n]*)\n" do lines[#lines + 1] = line end
    return lines
end

-- The fenced blocks of a page: language, line of the fence, lines of text, and what an HTML comment before it needs.
local function blocks_of(text)
    local blocks, block, needs = {}, nil, nil
    for number, line in ipairs(lines_of(text)) do
        local fence = line:match "^```(.*)$"
        if fence and not block then
            block = { language = fence, line = number, lines = {}, needs = needs }
            blocks[#blocks + 1], needs = block, nil
        elseif fence then
            block = nil
        elseif block then
            block.lines[#block.lines + 1] = line
        elseif line:find "%S" then
            needs = line:match "^<!%-%- needs (.-) %-%->$"
        end
    end
    assert(not block, "a block is not closed")
    return blocks
end

-- -- examples ---------------------------------------------------------------------------------------------------------

-- On the first line of each example, so that the others keep their numbers: `raises` prints the error of the line that calls it.
local preamble = [[
io.stdout:setvbuf "no"
function raises(f)
    local ok, message = pcall(f)
    local place = ("script.lua:%d: "):format(debug.getinfo(2, "l").currentline)
    if ok then message = "no error" end
    local _, stop = tostring(message):find(place, 1, true)
    print("! " .. tostring(message):sub((stop or 0) + 1))
end
]]

-- A line that shows an error is called by `raises`. Whole comment lines show more of what is printed.
local function program_of(block)
    local lines = {}
    for i, line in ipairs(block.lines) do
        local statement = line:match "^(.-)%s*%-%-! "
        lines[i] = statement and statement:find "%S" and ("raises(function() %s end)"):format(statement) or line
    end
    local text = table.concat(lines, "\n") .. "\n"
    local opening = text:find 'require "ffi' and "" or 'local ffi = require "ffi" '
    return preamble:gsub("%s+", " ") .. opening .. text
end

-- The lines that the comments show.
local function expected_of(block)
    local expected = {}
    for _, line in ipairs(block.lines) do
        local before, kind, shown = line:match "^(.-)%-%-([>!]) ?(.*)$"
        if kind == "!" and before:find "%S" then shown = "! " .. shown end
        expected[#expected + 1] = shown
    end
    return expected
end

local function matches(expected, got)
    return got:find("^" .. expected:gsub("%p", "%%%0"):gsub("…", ".+") .. "$") ~= nil
end

-- A block of ```lua luajit is a program for LuaJIT.
local function run(block)
    if block.language ~= "lua luajit" then return support.lua_text(program_of(block)) end
    local directory = support.new_directory()
    support.write(directory .. "/script.lua", program_of(block))
    local output, status = support.run(("cd %s && %s -l ffi.luajit script.lua 2>&1"):format(directory, support.lua))
    support.remove(directory)
    return output, status
end

-- What is wrong with an example, or nil.
local function fault_of(block)
    local output, status = run(block)
    local got, expected = output == "" and {} or lines_of(output), expected_of(block)
    if status ~= 0 then return output end
    for i = 1, math.max(#got, #expected) do
        if not (expected[i] and got[i] and matches(expected[i], got[i])) then
            return ("output line %d:\n  shown: %s\n  got:   %s"):format(i, expected[i] or "(nothing)", got[i] or "(nothing)")
        end
    end
end

local function has_header(name)
    return name == nil or select(2, support.run(("echo '#include <%s>' | %s -E - >/dev/null 2>&1"):format(name, support.cc))) == 0
end

for _, page in ipairs(pages()) do
    describe(page, function()
        local text = support.read(support.root .. "/" .. page)
        for _, block in ipairs(blocks_of(text)) do
            if block.language:find "^lua" then
                it("has an example that does what it shows, line " .. block.line, function()
                    if not has_header(block.needs) then return pending(block.needs .. " is not installed") end
                    local fault = fault_of(block)
                    assert(fault == nil, fault)
                end)
            end
        end

        it("links to what there is", function()
            local directory = page:match "^doc/" or ""
            for target in text:gmatch "%]%(([^)%s]+)%)" do
                local path, anchor = target:match "^([^#]*)#?(.*)$"
                if not target:find "^https?:" then
                    local name = path == "" and page or directory .. path
                    local file = assert(io.open(support.root .. "/" .. name), page .. " links to " .. target)
                    local content = anchor ~= "" and file:read "a" or ""
                    file:close()
                    local found = anchor == ""
                    for heading in content:gmatch "\n#+ ([^\n]+)" do
                        local slug = heading:lower():gsub("[^%w %-_]", ""):gsub(" ", "-")
                        found = found or slug == anchor
                    end
                    assert(found, page .. " links to " .. target .. ", which has no such heading")
                end
            end
        end)
    end)
end

describe("the check of examples", function()
    local function fault(...)
        return fault_of { lines = { ... } }
    end

    it("takes what is right", function()
        assert.is_nil(fault("print(1)     --> 1"))
        assert.is_nil(fault('print "a\\nb"', "--> a", "--> b"))
        assert.is_nil(fault('print(ffi.new "int[1]")  --> cdata<int [1]>: 0x…'))
        assert.is_nil(fault('error "e"   --! e', "print(2)  --> 2"))
        assert.is_nil(fault('error "e\\nf"   --! e', "--! f"))
    end)

    local faults = {
        ["another value"] = { "print(1)   --> 2" },
        ["a line too few"] = { "print(1)   --> 1", "--> 2" },
        ["a line too many"] = { "print(1)   --> 1", "print(2)" },
        ["a line that is longer"] = { "print(12)   --> 1" },
        ["output where none is shown"] = { "print(1)" },
        ["another error"] = { 'error "e"  --! f' },
        ["an error on another line"] = { "local function f()", 'error "e"', "end", "f()  --! e" },
        ["no error"] = { "local x = 1   --! e" },
        ["an error that is not shown"] = { 'error "e"' },
        ["a program that does not parse"] = { "print(" },
        ["a program that exits with a status"] = { "print(1) --> 1", "os.exit(3)" },
    }
    for name, lines in pairs(faults) do
        it("finds " .. name, function() assert.is_string(fault(table.unpack(lines))) end)
    end

    it("finds the examples of a page", function()
        local blocks = blocks_of "text\n```lua\nprint(1)\n```\n\n<!-- needs x.h -->\n```lua\n```\n```c\nint x;\n```\n"
        assert.equal(3, #blocks)
        assert.same({ language = "lua", line = 2, lines = { "print(1)" } }, blocks[1])
        assert.equal("x.h", blocks[2].needs)
        assert.equal("c", blocks[3].language)
    end)
end)

-- -- completeness -----------------------------------------------------------------------------------------------------

local function sorted_keys(set)
    local keys = {}
    for key in pairs(set) do keys[#keys + 1] = key end
    table.sort(keys)
    return keys
end

describe("doc/api.md", function()
    it("has a section for each name of the module, and no other", function()
        local named = {}
        for heading in support.read(support.root .. "/doc/api.md"):gmatch "\n### ([^\n]+)" do
            for name in heading:gmatch "ffi%.([%w_]+)" do named[name] = true end
        end
        assert.same(sorted_keys(ffi), sorted_keys(named))
    end)
end)

describe("types/ffi.lua", function()
    local path = support.root .. "/types/ffi.lua"

    it("annotates each name of the module as what it is, and no other", function()
        local annotated = assert(loadfile(path))()
        assert.same(sorted_keys(ffi), sorted_keys(annotated))
        for name, value in pairs(ffi) do assert.equal(type(value), type(annotated[name]), name) end
    end)

    it("defines each type that it names", function()
        local text = support.read(path)
        local defined = {}
        for kind, name in text:gmatch "%-%-%-@(%a+) (ffi%.[%a_]+)" do defined[name] = defined[name] or kind == "class" or kind == "alias" end
        for line in text:gmatch "%-%-%-@([^\n#]+)" do
            for name in line:gmatch "ffi%.[%a_]+" do assert(defined[name], name) end
        end
    end)

    it("gives each parameter a type, and each function a line of text", function()
        local above, count = {}, 0
        for _, line in ipairs(lines_of(support.read(path))) do
            local name, parameters = line:match "^function ffi%.([%w_]+)%((.*)%)"
            if name then
                local text = table.concat(above, "\n")
                count = count + 1
                assert(text:find "%-%-%-[^@]", name .. " has no text")
                for parameter in parameters:gmatch "[^%s,]+" do
                    local annotation = "@param " .. parameter
                    assert(text:find(annotation .. " ", 1, true) or text:find(annotation .. "? ", 1, true), name .. ": " .. parameter)
                end
            end
            if line:find "^%-%-%-" then above[#above + 1] = line else above = {} end
        end
        local nfunctions = 0
        for _, value in pairs(ffi) do nfunctions = nfunctions + (type(value) == "function" and 1 or 0) end
        assert.equal(nfunctions, count)
    end)
end)
