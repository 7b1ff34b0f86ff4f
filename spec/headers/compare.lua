-- One header's declarations, as ffi.cdef took them, beside gcc's: the compiler's debug information says what there must be, with sizes, offsets
-- and values; what it leaves out (alignment, the types themselves) becomes _Static_asserts, one a line, for the compiler to judge.
local dwarf = require "spec.headers.dwarf"

local compare = {}

local Comparison = {}
Comparison.__index = Comparison

function Comparison:fail(format, ...)
    self.failures[#self.failures + 1] = format:format(...)
end

function Comparison:count(what)
    self.counts[what] = (self.counts[what] or 0) + 1
end

-- A condition that gcc must find true; `label` names it and says what we have.
function Comparison:assert(condition, label)
    self.asserts[#self.asserts + 1] = ("_Static_assert(%s, \"\");"):format(condition)
    self.labels[#self.asserts] = label
end

-- Our ctype for a C type name, or nil after a failure.
function Comparison:typeof(text, label)
    local ok, ctype = pcall(self.ffi.typeof, text)
    if ok then return ctype end
    self:fail("%s: %s", label, tostring(ctype):gsub("\n.*", ""))
end

-- gcc's own record behind __builtin_va_list, whose tag is in no scope: what stands for it in the asserts.
local va_list_tag = "struct __va_list_tag"
local va_list_name = "airlock_va_list_tag"

compare.prologue = ("typedef __typeof__((*(__builtin_va_list *)0)[0]) %s;"):format(va_list_name)

-- How we spell a type, or nil when C cannot: in it is a record or enum without name, or one whose tag lives in a prototype's scope.
function Comparison:spelling(ctype)
    local text = tostring(ctype):match "^ctype<(.*)>$"
    local has_name = not text:find("{", 1, true)
    for tag in text:gmatch "%f[%w_][su][tn][ri][uo][cn]t? ([%a_][%w_]*)" do has_name = has_name and not self.hidden[tag] end
    if has_name then return (text:gsub(va_list_tag, va_list_name)) end
    self:count "unspelled"
end

-- `text` is a C type name: gcc must find it to be what we say it is but for qualifiers.
function Comparison:assert_compatible(text, ctype, label)
    local ours = self:spelling(ctype)
    if ours then
        self:assert(("__builtin_types_compatible_p(%s, __typeof__(%s))"):format(text, ours), ("%s: type, here %s"):format(label, ours))
    end
end

-- As above, qualifiers included: compared are pointers to both.
function Comparison:assert_type(text, ctype, label)
    local ours = self:spelling(ctype)
    if ours then
        self:assert(("__builtin_types_compatible_p(__typeof__(%s) *, __typeof__(%s) *)"):format(text, ours),
            ("%s: type, here %s"):format(label, ours))
    end
end

function Comparison:assert_layout(text, ctype, label)
    self:assert(("sizeof(%s) == %d"):format(text, self.ffi.sizeof(ctype)), ("%s: size, here %d"):format(label, self.ffi.sizeof(ctype)))
    self:assert(("__alignof__(%s) == %d"):format(text, self.ffi.alignof(ctype)), ("%s: alignment, here %d"):format(label, self.ffi.alignof(ctype)))
end

-- -- entries and expressions ---------------------------------------------------------------------------------------------------

local transparent = { const_type = true, volatile_type = true, atomic_type = true, restrict_type = true }
local leads = { array_type = true, pointer_type = true }

-- The type behind qualifiers (and names).
local function strip(entry, names_too)
    while entry and (transparent[entry.tag] or names_too and entry.tag == "typedef") do entry = entry.type end
    return entry
end

-- The record that arrays of and pointers to it lead to, with the subscripts that reach it.
local function leads_to(entry)
    local subscripts = ""
    entry = strip(entry)
    while entry and leads[entry.tag] do
        subscripts = subscripts .. "[0]"
        entry = strip(entry.type)
    end
    return entry, subscripts
end

-- What a bit-field whose bits are all ones reads as, told from DWARF's DW_ATE_* code.
local function all_ones(entry, width)
    local encoding = math.tointeger(strip(entry, true).encoding)
    if encoding == 2 then return "true" end
    if encoding == 5 or encoding == 6 then return "-1" end
    return width < 64 and tostring((1 << width) - 1) or "18446744073709551615ULL"
end

-- -- records -------------------------------------------------------------------------------------------------------------------

-- Visits the record without tag that an object expression leads to; messages call it `label`.
function Comparison:reach(entry, expression, label)
    local target, subscripts = leads_to(entry)
    if dwarf.is_record(target) and not target.name and not self.visited[target] then
        self:visit(target, ("__typeof__(%s%s)"):format(expression, subscripts), label .. subscripts)
    end
end

function Comparison:check_bitfield(member, ctype, name, label, base)
    local offset, position, width = self.ffi.offsetof(ctype, name)
    local bit_offset = math.tointeger(member.data_bit_offset or 0) + base * 8
    if not width then
        return self:fail("%s: a bit-field, here none", label)
    elseif width ~= math.tointeger(member.bit_size) then
        self:fail("%s: %s bits, here %d", label, member.bit_size, width)
    elseif offset * 8 + position ~= bit_offset then
        self:fail("%s: bit %d, here %d", label, bit_offset, offset * 8 + position)
    end
    return true
end

-- The value tells the type's signedness, and _Bool.
function Comparison:check_bits(member, ctype, name, label)
    local ffi = self.ffi
    local bytes = ffi.new("unsigned char[?]", ffi.sizeof(ctype))
    ffi.fill(bytes, ffi.sizeof(ctype), 0xff)
    local ours = tostring(ffi.cast(ffi.typeof("$ *", ctype), bytes)[0][name])
    local wanted = all_ones(member.type, math.tointeger(member.bit_size))
    if ours ~= wanted then self:fail("%s: all ones are %s, here %s", label, wanted, ours) end
end

function Comparison:check_offset(member, ctype, name, label, base)
    local wanted = math.tointeger(member.data_member_location or 0) + base
    local offset, position = self.ffi.offsetof(ctype, name)
    if position then
        return self:fail("%s: no bit-field, here one", label)
    elseif offset ~= wanted then
        return self:fail("%s: offset %d, here %s", label, wanted, offset)
    end
    return true
end

function Comparison:check_member(member, text, ctype, label, base)
    self:count "members"
    local name = member.name
    if self.ffi.offsetof(ctype, name) == nil then return self:fail("%s: not a member", label) end
    local expression = ("((%s *)0)->%s"):format(text, name)
    if member.bit_size then
        if self:check_bitfield(member, ctype, name, label, base) then self:check_bits(member, ctype, name, label) end
    elseif self:check_offset(member, ctype, name, label, base) then
        local ours = self:typeof(("__typeof__(&%s)"):format(expression), label)
        if ours then self:assert_type(("__typeof__(&%s)"):format(expression), ours, label) end
        self:reach(member.type, expression, label)
    end
end

-- The members of unnamed members are the record's own.
function Comparison:check_members(entry, text, ctype, label, base)
    for _, member in ipairs(entry.children) do
        local inner = strip(member.type, true)
        if member.tag == "member" and member.name then
            self:check_member(member, text, ctype, label .. "." .. member.name, base)
        elseif member.tag == "member" and dwarf.is_record(inner) then
            self.visited[inner] = { text = text, label = label }
            self:check_members(inner, text, ctype, label, base + math.tointeger(member.data_member_location or 0))
        end
    end
end

function Comparison:visit(entry, text, label)
    self.visited[entry] = { text = text, label = label }
    self:count "records"
    local ctype = self:typeof(text, label)
    if not ctype then return end
    local size = self.ffi.sizeof(ctype)
    if size == nil then return self:fail("%s: incomplete here", label) end
    if size ~= math.tointeger(entry.byte_size) then self:fail("%s: size %s, here %d", label, entry.byte_size, size) end
    self:assert_layout(text, ctype, label)
    self:check_members(entry, text, ctype, label, 0)
end

-- gcc writes a typedef's transparent union twice, the one that the typedef names without its members: what was declared in the same place.
function Comparison:check_variants()
    local empty = {}
    for entry, visit in pairs(self.visited) do
        if #entry.children == 0 then empty[dwarf.place(entry)] = visit end
    end
    for _, entry in ipairs(self.unit.records) do
        local visit = not self.visited[entry] and empty[dwarf.place(entry)]
        if visit then self:visit(entry, visit.text, visit.label) end
    end
end

function Comparison:check_all_visited()
    for _, entry in ipairs(self.unit.records) do
        if not self.visited[entry] and not self.hidden[entry.name] then
            self:fail("no name leads to the %s of %s", entry.tag, dwarf.place(entry))
        end
    end
end

function Comparison:check_records()
    local keyword = { structure_type = "struct ", union_type = "union " }
    for _, entry in ipairs(self.unit.records) do
        local text = entry.name and keyword[entry.tag] .. entry.name
        if text and not self.hidden[entry.name] then self:visit(entry, text == va_list_tag and va_list_name or text, text) end
    end
    for _, typedef in ipairs(self.unit.typedefs) do
        self:reach(typedef.type, ("(*(%s *)0)"):format(typedef.name), typedef.name)
    end
    for _, variable in ipairs(self.unit.variables) do self:reach(variable.type, variable.name, variable.name) end
    self:check_variants()
    self:check_all_visited()
end

-- -- enums, typedefs, variables, functions ----------------------------------------------------------------------------------------

function Comparison:check_enumerator(name)
    self:count "enumerators"
    local ok, value = pcall(function() return self.ffi.C[name] end)
    if not ok then return self:fail("%s: %s", name, tostring(value)) end
    local ours = math.type(value) == "integer" and value or math.tointeger(self.ffi.cast("int64_t", value))
    local is_negative = math.type(value) == "integer" and value < 0
    self:assert(("(unsigned long)(%s) == %#xUL && ((%s) < 0) == %d"):format(name, ours, name, is_negative and 1 or 0),
        ("%s: value, here %s"):format(name, tostring(value)))
    local ctype = self:typeof(("__typeof__(%s)"):format(name), name)
    if ctype then self:assert_type(("__typeof__(%s)"):format(name), ctype, name) end
end

function Comparison:check_enum(text)
    self:count "enums"
    local ctype = self:typeof(text, text)
    if not ctype then return end
    self:assert_layout(text, ctype, text)
    local is_signed = self:typeof(("char[((%s)-1 < 0) + 1]"):format(text), text)
    if is_signed then self:assert(("((%s)-1 < 0) + 1 == %d"):format(text, self.ffi.sizeof(is_signed)), text .. ": signedness") end
end

function Comparison:check_enums()
    for _, entry in ipairs(self.unit.enums) do
        if entry.name then self:check_enum("enum " .. entry.name) end
        for _, child in ipairs(entry.children) do
            if child.tag == "enumerator" then self:check_enumerator(child.name) end
        end
    end
end

-- Whether gcc knows a type's size.
local function is_sized(entry)
    entry = strip(entry, true)
    if entry == nil or entry.declaration or entry.tag == "subroutine_type" then return false end
    if entry.tag ~= "array_type" then return true end
    for _, child in ipairs(entry.children) do
        if child.tag == "subrange_type" and child.upper_bound == nil then return false end
    end
    return is_sized(entry.type)
end

function Comparison:check_typedefs()
    for _, typedef in ipairs(self.unit.typedefs) do
        local name = typedef.name
        local target = strip(typedef.type)
        self:count "typedefs"
        local ctype = self:typeof(name, name)
        if ctype then
            self:assert_type(name, ctype, name)
            if self.ffi.sizeof(ctype) then
                self:assert_layout(name, ctype, name)
            elseif is_sized(typedef.type) then
                self:fail("%s: incomplete here", name)
            end
            if target and target.tag == "enumeration_type" and not target.name then self:check_enum(name) end
        end
    end
end

function Comparison:check_variables()
    for _, variable in ipairs(self.unit.variables) do
        local text = ("__typeof__(%s)"):format(variable.name)
        self:count "variables"
        local ctype = self:typeof(text, variable.name)
        if ctype then self:assert_type(text, ctype, variable.name) end
    end
end

function Comparison:check_functions(names)
    for _, name in ipairs(names) do
        local text = ("__typeof__(%s)"):format(name)
        self:count "functions"
        local ctype = self:typeof(text, name)
        if ctype then self:assert_compatible(text, ctype, name) end
    end
end

-- -- the whole -------------------------------------------------------------------------------------------------------------------

-- `unit` (dwarf.read) and `functions` (names) say what there must be, `hidden` has the tags of prototypes' scopes; `ffi` has the same text
-- declared. Returns the failures so far, counts by kind, the _Static_asserts and what each stands for.
function compare.declarations(ffi, unit, functions, hidden)
    local self = setmetatable({
        ffi = ffi, unit = unit, hidden = hidden, failures = {}, counts = {}, asserts = {}, labels = {}, visited = {},
    }, Comparison)
    ffi.cdef(compare.prologue)
    self:assert("1", "the prologue")
    self.asserts[1] = compare.prologue
    self:check_records()
    self:check_enums()
    self:check_typedefs()
    self:check_variables()
    self:check_functions(functions)
    return self.failures, self.counts, self.asserts, self.labels
end

return compare
