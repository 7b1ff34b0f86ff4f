-- What gcc says that a translation unit declares at file scope: read from the text of `readelf --debug-dump=info` (DWARF 5) and of
-- `gcc -aux-info`. A type is a table { tag, offset, children, name, type … }: the attributes under DWARF's names.
local dwarf = {}

local kept = {
    name = true, type = true, byte_size = true, data_member_location = true, bit_size = true, data_bit_offset = true,
    declaration = true, upper_bound = true, encoding = true, decl_file = true, decl_line = true, decl_column = true,
}

local records = { structure_type = true, union_type = true }

-- Lines of one attribute: `    <26f>   DW_AT_name        : (indirect string, offset: 0x57): zork`.
local function set_attribute(entry, name, value)
    if name == "name" then
        entry.name = value:match "^%(.-string, offset: %w+%): (.*)$" or value
    elseif name == "type" then
        entry.type = tonumber(value:match "^<0x(%x+)>$", 16)
    else
        entry[name] = value:match "^%S+"
    end
end

-- Entries by offset, and those with no function around them, in order.
local function read_entries(text)
    local by_offset, order, stack = {}, {}, {}
    local entry, inside
    for line in text:gmatch "[^\n]+" do
        local name, value = line:match "^    <%x+>   DW_AT_([%w_]+) *:[ \t]*(.-)[ \t]*$"
        if name then
            if kept[name] then set_attribute(entry, name, value) end
        else
            local level, offset, tag = line:match "^ <(%d+)><(%x+)>: Abbrev Number: %d+ %(DW_TAG_([%w_]+)%)"
            if tag then
                level = tonumber(level)
                entry = { tag = tag, offset = tonumber(offset, 16), children = {} }
                by_offset[entry.offset] = entry
                if inside and level <= inside then inside = nil end
                if not inside then
                    order[#order + 1] = entry
                    if tag == "subprogram" then inside = level end
                end
                stack[level] = entry
                if level > 0 then table.insert(stack[level - 1].children, entry) end
            end
        end
    end
    return by_offset, order
end

-- The types that entries name by offset become the entries themselves.
local function link(by_offset)
    for _, entry in pairs(by_offset) do
        if entry.type then entry.type = assert(by_offset[entry.type]) end
    end
end

-- Lists of file scope, each in the compiler's order: records (complete ones), enums, typedefs, variables.
function dwarf.read(text)
    local by_offset, order = read_entries(text)
    link(by_offset)
    local unit = { records = {}, enums = {}, typedefs = {}, variables = {} }
    for _, entry in ipairs(order) do
        local list = records[entry.tag] and unit.records or entry.tag == "enumeration_type" and unit.enums
            or entry.tag == "typedef" and unit.typedefs or entry.tag == "variable" and entry.name and unit.variables
        if list and not entry.declaration or list == unit.variables then list[#list + 1] = entry end
    end
    return unit
end

-- Where an entry was declared.
function dwarf.place(entry)
    return ("%s:%s:%s"):format(entry.decl_file, entry.decl_line, entry.decl_column)
end

function dwarf.is_record(entry)
    return entry ~= nil and records[entry.tag] == true
end

-- The names of all functions that a text of `gcc -aux-info` declares: what stands before the first parameter list. Its lines are `/* file:line:NC */
-- declaration`; I for N is a call of what was never declared.
function dwarf.functions(text)
    local names, seen = {}, {}
    for origin, declaration in text:gmatch ":(%u)%u %*/ ([^\n]*)" do
        local name = declaration:match "([%a_][%w_]*) %([^*]"
        if name and origin ~= "I" and not seen[name] then
            seen[name] = true
            names[#names + 1] = name
        end
    end
    return names
end

return dwarf
