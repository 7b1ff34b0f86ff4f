-- The C types that generate.lua draws from, records drawn at random, and what is asked of the compiler about them: AbiLeaf initialisers and
-- the functions that set bit-fields.

local M = {}
local random = math.random
local draw_weighted = dofile((arg[0]:gsub("generate%.lua$", "../draw.lua"))).weighted

-- -- types with a name ------------------------------------------------------------------------------------------------
-- kind: AbiKind; parts: leaves of that kind, one behind the other; bits: the widest bit-field; promoted: type of a variadic argument;
-- isa: the least that passes it in registers; weight: how often it is drawn.

local function scalar(weight, name, kind, size, more)
    local t = {name = name, kind = kind, parts = 1, size = size, align = size, isa = 0, weight = weight}
    for key, value in pairs(more or {}) do t[key] = value end
    return t
end

local function integer(weight, name, kind, size)
    return scalar(weight, name, kind, size, {bits = size * 8, promoted = size < 4 and "int" or nil, feature = "integer"})
end

M.types = {
    scalar(3, "_Bool", "BOOL", 1, {bits = 1, promoted = "int", feature = "bool"}),
    integer(4, "char", "I8", 1),
    integer(4, "signed char", "I8", 1),
    integer(4, "unsigned char", "U8", 1),
    integer(4, "short", "I16", 2),
    integer(4, "unsigned short", "U16", 2),
    integer(8, "int", "I32", 4),
    integer(5, "unsigned int", "U32", 4),
    integer(6, "long", "I64", 8),
    integer(3, "unsigned long", "U64", 8),
    integer(2, "LongLong", "I64", 8),
    integer(2, "UnsignedLongLong", "U64", 8),
    scalar(2, "Int128", "I128", 16, {bits = 128, feature = "int128"}),
    scalar(2, "UnsignedInt128", "I128", 16, {bits = 128, feature = "int128"}),
    scalar(3, "Pointer", "POINTER", 8, {feature = "pointer"}),
    scalar(1, "Text", "POINTER", 8, {feature = "pointer"}),
    scalar(1, "FunctionPointer", "POINTER", 8, {feature = "pointer"}),
    scalar(1, "EnumUnsigned", "U32", 4, {bits = 32, feature = "enum"}),
    scalar(1, "EnumSigned", "I32", 4, {bits = 32, feature = "enum"}),
    scalar(1, "EnumLong", "I64", 8, {bits = 64, feature = "enum"}),
    scalar(1, "EnumPacked", "U8", 1, {bits = 8, promoted = "int", feature = "enum"}),
    scalar(9, "float", "F32", 4, {promoted = "double", feature = "float"}),
    scalar(9, "double", "F64", 8, {feature = "double"}),
    scalar(3, "long double", "F80", 16, {feature = "long_double"}),
    scalar(0.7, "Float16", "F16", 2, {feature = "float16"}),
    scalar(3, "__float128", "F128", 16, {feature = "float128"}),
    scalar(2, "ComplexFloat", "F32", 8, {parts = 2, align = 4, feature = "complex"}),
    scalar(2, "ComplexDouble", "F64", 16, {parts = 2, align = 8, feature = "complex"}),
    scalar(2, "ComplexLongDouble", "COMPLEX_F80", 32, {align = 16, feature = "complex_long_double"}),
    scalar(0.3, "ComplexFloat16", "F16", 4, {parts = 2, align = 2, feature = "float16"}),
    scalar(1, "ComplexFloat128", "F128", 32, {parts = 2, align = 16, feature = "complex_float128"}),
    scalar(0.5, "ComplexChar", "I8", 2, {parts = 2, align = 1, feature = "complex_integer"}),
    scalar(0.5, "ComplexShort", "I16", 4, {parts = 2, align = 2, feature = "complex_integer"}),
    scalar(0.5, "ComplexInt", "I32", 8, {parts = 2, align = 4, feature = "complex_integer"}),
    scalar(0.5, "ComplexLong", "I64", 16, {parts = 2, align = 8, feature = "complex_integer"}),
    scalar(0.2, "ComplexInt128", "I128", 32, {parts = 2, align = 16, feature = "complex_int128"}),
    scalar(0.25, "Decimal32", "F32", 4, {feature = "decimal"}),
    scalar(0.25, "Decimal64", "F64", 8, {feature = "decimal"}),
    scalar(0.25, "Decimal128", "F128", 16, {feature = "decimal"}),
}

for _, element in ipairs {"I8", "U8", "I16", "U16", "I32", "U32", "I64", "U64", "F32", "F64"} do
    for size, isa in pairs {[8] = 0, [16] = 0, [32] = 1, [64] = 2} do
        table.insert(M.types, scalar(size < 32 and 0.6 or 2.5, "Vector" .. size .. element, "VECTOR" .. size, size,
            {isa = isa, feature = "vector" .. size}))
    end
end
table.insert(M.types, scalar(0.6, "Vector4F32", "F32", 4, {feature = "vector_of_one"}))
for _, t in ipairs(M.types) do
    -- gcc passes a vector of one floating element in memory.
    if t.name == "Vector8F64" then t.kind, t.feature = "F64", "vector_of_one" end
    t.in_memory = t.feature == "vector_of_one"
end
table.sort(M.types, function(a, b) return a.name < b.name end)

M.by_name = {}
M.bit_field_types = {}
for _, t in ipairs(M.types) do
    M.by_name[t.name] = t
    if t.bits then table.insert(M.bit_field_types, t) end
end

function M.draw_bare(isa)
    return draw_weighted(M.types, function(t) return t.isa <= isa end)
end

-- -- records ----------------------------------------------------------------------------------------------------------

-- The kind of a bit-field that gcc makes an ordinary member if it can. One of 8 bits is the same either way.
local ORDINARY = {[16] = "ABI_U16", [32] = "ABI_U32", [64] = "ABI_U64", [128] = "ABI_I128"}

local ALIGNMENTS = {2, 4, 8, 8, 16, 16, 16, 32, 32, 64}
local draw_members

local function new_name(signature)
    signature.nnames = signature.nnames + 1
    return "m" .. signature.nnames
end

-- A nested record is anonymous now and then; not when it has bit-fields that are found by its name.
local function draw_nested(signature, outer, depth, left)
    local record = draw_members(signature, depth + 1, random(1, left), outer.has_no_f80)
    local member = {type = record, dims = {}}
    if not record.must_have_name and record.has_names and random() < 0.3 then return member end
    member.name = new_name(signature)
    local features = {}
    M.add_features(record, features)
    -- gcc gives every element of an array the classes of the first: with _Float16 in it another result than the psABI's.
    if not features.float16 and random() < 0.25 then member.dims[1] = random(1, 3) end
    return member
end

local function draw_bits(signature)
    local widest = random() < 0.04 and 16 or 8
    local t = draw_weighted(M.bit_field_types, function(b) return b.size <= widest end)
    local dice = random()
    if dice < 0.06 then return {bits = 0, type = t} end
    local member = {bits = random() < 0.2 and t.bits or random(1, t.bits), type = t}
    if dice > 0.2 then member.name = new_name(signature) end
    return member
end

local function draw_plain(signature, record, left)
    local t = record.palette and record.palette[random(#record.palette)]
    if not t or t.size > left or t.kind == "F80" and record.has_no_f80 then
        t = draw_weighted(M.types, function(s)
            return s.isa <= signature.isa and s.size <= left and not (s.kind == "F80" and record.has_no_f80)
        end)
    end
    local member = {type = t, dims = {}, name = new_name(signature)}
    if random() < 0.2 and left // t.size > 1 then
        member.dims[1] = random(1, math.min(left // t.size, 8))
        if random() < 0.15 then member.dims[2] = 1 end
    end
    return member
end

local function draw_member(signature, record, depth, left)
    local dice = record.is_plain and 1 or random()
    if dice < 0.012 then
        return {type = {record = true, members = {}, size = 0, align = 1}, dims = {}, name = new_name(signature)}
    elseif dice < 0.02 then
        return {type = draw_weighted(M.types, function(t) return t.isa == 0 end), dims = {0}, name = new_name(signature)}
    elseif dice < 0.14 and depth < 4 then
        return draw_nested(signature, record, depth, left)
    elseif record.has_bits and dice < 0.65 or dice < 0.2 then
        record.has_bits = true
        return draw_bits(signature)
    end
    return draw_plain(signature, record, left)
end

local function draw_member_attributes(member)
    if not member.name or member.bits then return end
    local dice = random()
    if dice < 0.02 then
        member.packed = true
    elseif dice < 0.05 then
        member.aligned = ALIGNMENTS[random(#ALIGNMENTS)]
    end
end

local function round_up(n, align)
    return (n + align - 1) // align * align
end

-- Roughly where the compiler puts the member.
local function lay_out(record, member)
    local size, align = member.type.size, member.type.align
    for _, n in ipairs(member.dims or {}) do size = size * n end
    if member.bits then size, align = (member.bits + 7) // 8, 1 end
    if record.packed or member.packed then align = 1 end
    align = math.max(align, member.aligned or 1)
    record.align = math.max(record.align, align)
    if record.union then
        record.size = math.max(record.size, size)
    else
        record.size = round_up(record.size, align) + size
    end
end

local function holds_value(member)
    if member.bits then return member.name ~= nil end
    return member.dims[1] ~= 0 and (not member.type.record or member.type.has_values)
end

local function add_member(record, member)
    table.insert(record.members, member)
    lay_out(record, member)
    if member.name or member.type.has_names then record.has_names = true end
    if holds_value(member) then record.has_values = true end
    if member.bits and (member.bits > 0 and not member.name or ORDINARY[member.bits] or record.union) then
        record.must_have_name = true
    end
end

local function draw_palette(signature)
    local palette = {}
    for i = 1, random(1, 3) do palette[i] = M.draw_bare(signature.isa) end
    return palette
end

-- A union with a long double holds no records and no bit-fields, and is in no record: there the classes of a record depend on the order of its
-- members and on those of the records in it (psABI 3.2.3 merges and cleans up one record at a time, and MEMORY out of X87 and SSE stays),
-- which leaves do not tell. Who describes such a type must classify the inner record first, and add an ABI_MEMORY leaf if that is what it is.
function draw_members(signature, depth, budget, has_no_f80)
    local record = {record = true, union = random() < 0.2, members = {}, size = 0, align = 1}
    record.is_plain = record.union and depth == 1 and budget >= 16 and random() < 0.15
    record.has_no_f80 = has_no_f80 or record.union and not record.is_plain
    if random() < 0.5 then record.palette = draw_palette(signature) end
    record.packed = random() < 0.07
    record.ms_struct = random() < 0.1
    if record.is_plain then
        add_member(record, {type = M.by_name["long double"], dims = {}, name = new_name(signature)})
    end
    repeat
        local left = record.union and budget or budget - record.size
        if left <= 0 then break end
        local member = draw_member(signature, record, depth, left)
        draw_member_attributes(member)
        add_member(record, member)
    until #record.members >= 24 or record.union and random() < 0.35
    if #record.members > 0 and not record.has_values then
        -- C11 6.7.2.1p8: without a named member undefined. gcc gives such a record a register but no room on the stack.
        add_member(record, {type = M.by_name.char, dims = {}, name = new_name(signature)})
    end
    if random() < 0.06 then
        record.aligned = ALIGNMENTS[random(#ALIGNMENTS)]
        record.align = math.max(record.align, record.aligned)
    end
    record.size = round_up(record.size, record.align)
    return record
end

local function draw_budget()
    local dice = random()
    if dice < 0.5 then return random(1, 16) end
    if dice < 0.7 then return random(17, 32) end
    if dice < 0.95 then return random(33, 64) end
    return random(65, 200)
end

-- A record with everything that may stand in one; a flexible array only behind something else.
function M.draw_record(signature)
    if random() < 0.01 then return {record = true, members = {}, size = 0, align = 1} end
    local record = draw_members(signature, 1, draw_budget())
    if not record.union and record.has_names and random() < 0.02 then
        local t = draw_weighted(M.types, function(s) return s.isa == 0 end)
        add_member(record, {type = t, dims = {0}, name = new_name(signature), flexible = true})
    end
    return record
end

-- -- spelling ---------------------------------------------------------------------------------------------------------

local function spell_attributes(of)
    return (of.packed and " __attribute__((packed))" or "")
        .. (of.ms_struct and " __attribute__((ms_struct))" or "")
        .. (of.aligned and (" __attribute__((aligned(%d)))"):format(of.aligned) or "")
end

local function spell_member(member, indent, pad_name)
    local base = member.type.record and M.spell_record(member.type, indent) or member.type.name
    if member.bits then
        local name = member.name or pad_name or ""
        return ("%s%s%s : %d;"):format(base, name == "" and "" or " ", name, member.bits)
    end
    local text = base .. (member.name and " " .. member.name or "")
    for _, n in ipairs(member.dims) do
        text = text .. (member.flexible and "[]" or ("[%d]"):format(n))
    end
    return text .. spell_attributes(member) .. ";"
end

-- is_twin: names the record's own unnamed bit-fields pad1, pad2, … That moves none of them.
function M.spell_record(record, indent, is_twin)
    local lines = {(record.union and "union" or "struct") .. " {"}
    for i, member in ipairs(record.members) do
        local pad = is_twin and member.bits and member.bits > 0 and "pad" .. i or nil
        lines[#lines + 1] = indent .. "    " .. spell_member(member, indent .. "    ", pad)
    end
    lines[#lines + 1] = indent .. "}" .. spell_attributes(record)
    return table.concat(lines, "\n")
end

-- -- leaves -----------------------------------------------------------------------------------------------------------

local PART_TYPES = {
    F16 = "Float16", F32 = "float", F64 = "double", F80 = "long double", F128 = "__float128",
    I8 = "char", I16 = "short", I32 = "int", I64 = "long", I128 = "Int128",
}
local IS_FLOATING = {F16 = true, F32 = true, F64 = true, F80 = true, F128 = true, COMPLEX_F80 = true}

-- What flatten collects: root, the type itself; leaves, as C initialisers; bits, its bit-fields; is_later, inside an array element
-- other than the first.
local function add_leaf(to, offset, kind, is_value)
    local flags = (is_value and "" or " | BATCH_NO_VALUE") .. (to.is_later and " | BATCH_LATER" or "")
    table.insert(to.leaves, ("{%s, %s%s}"):format(offset, kind, flags))
end

local function add_scalar(to, t, offset)
    local parts, kind = t.parts, t.kind
    if to.root.record and kind == "COMPLEX_F80" then parts, kind = 2, "F80" end
    if t.in_memory then add_leaf(to, offset, "ABI_MEMORY") end
    for i = 0, parts - 1 do
        add_leaf(to, offset .. (i > 0 and (" + sizeof(%s)"):format(PART_TYPES[kind]) or ""), "ABI_" .. kind, true)
    end
end

-- A zero-length array that begins in the middle of an eightbyte counts in gcc like its element, its alignment included; else not at all.
local function add_zero_length(to, t, offset)
    if to.is_later then return end
    local class = t.in_memory and "ABI_MEMORY" or IS_FLOATING[t.kind] and "ABI_F16" or "ABI_U8"
    add_leaf(to, offset .. " / 8 * 8", ("(%s %% 8 == 0 ? BATCH_NO_LEAF : %s %% __alignof__(%s) != 0 ? ABI_MEMORY : %s)"):format(
        offset, offset, t.name, class))
end

-- A bit-field in a union, of width 0 too, counts in gcc like an integer of its width rounded up, its alignment included.
local function add_union_bits(to, width, offset, size)
    local nbytes = 1
    while nbytes * 8 < width do nbytes = nbytes * 2 end
    add_leaf(to, offset .. " / 8 * 8", to.is_later and "ABI_U8" or ("(%s %% %d != 0 ? ABI_MEMORY : ABI_U8)"):format(offset, nbytes))
    if nbytes == 16 then
        add_leaf(to, offset .. " / 8 * 8 + 8", ("(%s > 8 ? ABI_U8 : BATCH_NO_LEAF)"):format(size))
    end
end

local function add_bits(to, record, i, path, prefix)
    local member = record.members[i]
    local name, width = member.name, member.bits
    local here = path == "" and "0" or ("offsetof(%s, %s)"):format(to.root.name, path)
    if record.union then
        add_union_bits(to, width, here, path == "" and ("sizeof(%s)"):format(to.root.name)
            or ("sizeof(((%s *)0)->%s)"):format(to.root.name, path))
    end
    if width > 0 and (name or not record.union) then
        table.insert(to.bits, {
            record = record,
            offset = here,
            path = name and prefix .. name,
            pad = "pad" .. i,
            kind = not record.packed and not record.union and not to.is_later and ORDINARY[width] or "BATCH_NO_LEAF",
        })
    end
end

local add_record

local function add_elements(to, member, path, depth)
    local n = member.dims[depth]
    if n == 0 then
        if not member.flexible then add_zero_length(to, member.type, ("offsetof(%s, %s)"):format(to.root.name, path)) end
    elseif n then
        local was_later = to.is_later
        for i = 0, n - 1 do
            to.is_later = was_later or i > 0 and member.type.record ~= nil
            add_elements(to, member, ("%s[%d]"):format(path, i), depth + 1)
        end
        to.is_later = was_later
    elseif member.type.record then
        add_record(to, member.type, path)
    else
        add_scalar(to, member.type, ("offsetof(%s, %s)"):format(to.root.name, path))
    end
end

function add_record(to, record, path)
    local prefix = path == "" and "" or path .. "."
    for i, member in ipairs(record.members) do
        if member.bits then
            add_bits(to, record, i, path, prefix)
        elseif member.name then
            add_elements(to, member, prefix .. member.name, 1)
        else
            add_record(to, member.type, path)
        end
    end
end

-- C initialisers of the type's leaves, and its bit-fields for spell_set_bits.
function M.flatten(t)
    local to = {root = t, leaves = {}, bits = {}}
    if t.record then
        add_record(to, t, "")
    else
        add_scalar(to, t, "0")
    end
    return to.leaves, to.bits
end

-- A BatchSetBits. An unnamed bit-field is set through a twin of its record in which it has a name.
function M.spell_set_bits(t, bits, name)
    local lines = {("static int %s(void *object, unsigned index, BatchBits *bits)\n{"):format(name), "    switch (index) {"}
    for i, field in ipairs(bits) do
        if field.path then
            lines[#lines + 1] = ("    case %d: ((%s *)object)->%s = -1; *bits = (BatchBits){1, 0, %s, %s}; return 1;"):format(
                i - 1, t.name, field.path, field.offset, field.kind)
        else
            lines[#lines + 1] = ("    case %d: { typedef %s Twin; ((Twin *)object)->%s = -1; *bits = (BatchBits){0, %s, %s, %s}; return 1; }"):format(
                i - 1, M.spell_record(field.record, "    ", true), field.pad, field.offset, field.offset, field.kind)
        end
    end
    lines[#lines + 1] = "    default: return 0;\n    }\n}"
    return table.concat(lines, "\n")
end

-- -- features ---------------------------------------------------------------------------------------------------------

local function add_member_features(record, member, set)
    if member.bits then
        set.bit_field = true
        if record.ms_struct then set.ms_bit_field = true end
        if record.ms_struct and record.packed then set.packed_ms_bit_field = true end
        if record.union then set.union_bit_field = true end
        if member.bits == 0 then
            set.zero_bit_field = true
        elseif not member.name then
            set.unnamed_bit_field = true
        elseif ORDINARY[member.bits] then
            set.full_bit_field = true
        end
    elseif member.flexible then
        set.flexible_array = true
    elseif member.dims[1] == 0 then
        set.zero_length_array = true
    elseif member.dims[1] then
        set.array = true
        if member.type.record then set.array_of_records = true end
        if member.type.name == "ComplexFloat16" then set.complex_float16_array = true end
        if record.union and member.type.size * member.dims[1] > 16 then set.union_of_array = true end
    end
    if member.packed or record.packed then
        set.packed = true
        if member.type.record then set.packed_record = true end
    end
    if member.aligned or record.aligned then set.aligned = true end
    if record.union and member.type.record then set.union_of_record = true end
    M.add_features(member.type, set)
end

function M.add_features(t, set)
    if not t.record then
        set[t.feature] = true
        return
    end
    set[t.union and "union" or "struct"] = true
    if t.size > 64 then set.over_64_bytes = true end
    if #t.members == 0 then set.empty = true end
    for _, member in ipairs(t.members) do add_member_features(t, member, set) end
end

return M
