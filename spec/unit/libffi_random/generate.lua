-- Writes batches of random C signatures for ../libffi_random.c: DIR/NAME.c has, for each signature, its types in C and as ffi_type, a
-- function that gcc compiles to be called, and one that calls; which convention they keep, types.h says. Signature number i of seed s is
-- always the same. Sizes and offsets that count are gcc's: `size` below only steers the dice.
--
--     lua5.4 generate.lua SEED FIRST COUNT PER_BATCH DIR [wide]      wide: vectors of 32 bytes too, for a compiler that knows of AVX

local random = math.random
local draw = dofile((arg[0]:gsub("generate%.lua$", "../draw.lua")))
local draw_weighted = draw.weighted

-- -- types ------------------------------------------------------------------------------------------------------------
-- ffi: the ffi_type; promoted: what a variadic argument becomes; parts: sizes of the parts that hold a value; weight: how often it is drawn.

local function scalar(weight, name, ffi, size, more)
    local t = {name = name, ffi = ffi or "&ffi_type_" .. name, size = size, align = size, weight = weight, parts = {size}}
    for key, value in pairs(more or {}) do t[key] = value end
    return t
end

local SMALL = {promoted = "int"}
local types = {
    scalar(3, "signed char", "&ffi_type_schar", 1, SMALL),
    scalar(3, "unsigned char", "&ffi_type_uchar", 1, SMALL),
    scalar(3, "short", "&ffi_type_sshort", 2, SMALL),
    scalar(3, "unsigned short", "&ffi_type_ushort", 2, SMALL),
    scalar(6, "int", "&ffi_type_sint", 4),
    scalar(4, "unsigned", "&ffi_type_uint", 4),
    scalar(6, "long", "&ffi_type_slong", 8),
    scalar(3, "unsigned long", "&ffi_type_ulong", 8),
    scalar(4, "Pointer", "&ffi_type_pointer", 8),
    scalar(8, "float", nil, 4, {promoted = "double"}),
    scalar(8, "double", nil, 8),
    scalar(4, "LongDouble", "&ffi_type_longdouble", 16, {is_x87 = true, parts = {10}}),
    scalar(2, "Int128", "&ffi_type_sint128", 16),
    scalar(1, "UnsignedInt128", "&ffi_type_uint128", 16),
    scalar(2, "ComplexFloat", "&ffi_type_complex_float", 8, {align = 4}),
    scalar(2, "ComplexDouble", "&ffi_type_complex_double", 16, {align = 8}),
    scalar(2, "ComplexLongDouble", "&ffi_type_complex_longdouble", 32, {align = 16, is_x87 = true, parts = {10, 10}, stride = 16}),
    scalar(0.5, "ComplexChar", "&complex_char", 2, {align = 1}),
    scalar(0.5, "ComplexShort", "&complex_short", 4, {align = 2}),
    scalar(0.5, "ComplexInt", "&complex_int", 8, {align = 4}),
    scalar(0.5, "ComplexLong", "&complex_long", 16, {align = 8}),
}
local lane_sizes = {Char = 1, Short = 2, Int = 4, Long = 8, Float = 4, Double = 8}
for _, lane in ipairs {"Char", "Short", "Int", "Long", "Float", "Double"} do
    for _, size in ipairs(arg[6] == "wide" and {1, 2, 4, 8, 16, 32} or {1, 2, 4, 8, 16}) do
        local name, ffi = ("Vector%d%s"):format(size, lane), ("&vector%d_%s"):format(size, lane:lower())
        if size >= lane_sizes[lane] then
            table.insert(types, scalar(size < 8 and 0.2 or size == 32 and 4 or 0.6, name, ffi, size, {is_vector = true, is_wide = size == 32}))
        end
    end
end
local by_name = {}
for _, t in ipairs(types) do by_name[t.name] = t end

local function draw_scalar()
    return draw_weighted(types, function() return true end)
end

-- -- records ----------------------------------------------------------------------------------------------------------
-- way: struct, union or packed. A client tells libffi the size of the last two, and of what is in them.

local function round_up(n, align)
    return (n + align - 1) // align * align
end

local function lay_out(record, member)
    local size, align = member.type.size * (member.count or 1), record.way == "packed" and 1 or member.type.align
    record.align = math.max(record.align, align)
    record.size = record.way == "union" and math.max(record.size, size) or round_up(record.size, align) + size
end

local draw_record

local function draw_member(signature, record, left, depth)
    local fits = function(t) return t.size <= left and not (t.is_x87 and record.way == "union") end
    local t = record.palette and record.palette[random(#record.palette)]
    if depth < 3 and random() < 0.15 then
        t = draw_record(signature, random(1, left), depth + 1, record.is_sized)
        if record.way == "union" and t.has_x87 then t = nil end
    end
    if not t or not t.is_record and not fits(t) then t = draw_weighted(types, fits) end
    local member = {name = "m" .. #record.members + 1, type = t}
    -- Of an array of records gcc looks at the first alone for what is unaligned, clang at each, as the psABI has it.
    if random() < 0.2 and left // t.size > 1 and not t.has_packed then
        member.count = random(1, math.min(left // t.size, 9))
        member.is_nested = random() < 0.5 or record.way == "union"
    end
    return member
end

function draw_record(signature, budget, depth, is_sized)
    local dice = random()
    local record = {
        is_record = true, members = {}, size = 0, align = 1,
        way = dice < 0.8 and "struct" or dice < 0.9 and "union" or "packed",
    }
    record.is_sized = is_sized or record.way ~= "struct"
    if random() < 0.5 then record.palette = {draw_scalar(), draw_scalar()} end
    repeat
        local left = record.way == "union" and budget or budget - record.size
        if left <= 0 then break end
        local member = draw_member(signature, record, left, depth)
        lay_out(record, member)
        table.insert(record.members, member)
        record.has_x87 = record.has_x87 or member.type.is_x87 or member.type.has_x87
        record.has_packed = record.has_packed or record.way == "packed" or member.type.has_packed
    until #record.members >= 12 or record.way == "union" and random() < 0.3
    record.size = round_up(record.size, record.align)
    record.name = ("Record%d_%d"):format(signature.index, #signature.records)
    record.ffi = ("&%s_type"):format(record.name)
    table.insert(signature.records, record)
    return record
end

local function draw_budget()
    local dice = random()
    return dice < 0.6 and random(1, 16) or dice < 0.75 and random(17, 32) or dice < 0.95 and random(33, 64) or random(65, 300)
end

-- -- signatures -------------------------------------------------------------------------------------------------------

local function draw_type(signature)
    if random() < 0.4 then return draw_record(signature, draw_budget(), 1) end
    return draw_scalar()
end

-- At -O2 va_arg of gcc 12 takes a record of alignment 16 for aligned where the registers were saved, which it is not; and the compiler itself
-- crashes in va_arg of some records with wide vectors.
local function promoted(t)
    if t.is_record and t.align >= 16 or t.is_wide then return by_name.double end
    return t.promoted and by_name[t.promoted] or t
end

local function draw_signature(seed, index)
    math.randomseed(seed, index)
    local signature = {index = index, records = {}, args = {}}
    local palette = random() < 0.3 and {draw_type(signature), draw_type(signature)}
    local nargs = random() < 0.02 and 0 or random() < 0.6 and random(1, 6) or random(1, 20)
    for i = 1, nargs do signature.args[i] = palette and palette[random(2)] or draw_type(signature) end
    draw.variadic(signature, promoted)
    if random() > 0.05 then signature.result = draw_type(signature) end
    return signature
end

-- -- spelling ---------------------------------------------------------------------------------------------------------

-- Each part that holds a value: where it is, in C, how long, and whether it is an x87 number.
local function add_ranges(ranges, record, path, t, count)
    for i = 0, (count or 1) - 1 do
        local here = count and ("%s[%d]"):format(path, i) or path
        if t.is_record then
            for _, member in ipairs(t.members) do
                add_ranges(ranges, record, here .. "." .. member.name, member.type, member.count)
            end
        else
            for k, nbytes in ipairs(t.parts) do
                ranges[#ranges + 1] = ("    {offsetof(%s, %s) + %d, %d, %d},"):format(
                    record.name, here, (k - 1) * (t.stride or 0), nbytes, t.is_x87 and 1 or 0)
            end
        end
    end
end

-- What libffi lays out itself is not laid out yet when it is found in what a client lays out.
local function spell_ffi(record, t)
    return t.is_vector and record.is_sized and t.ffi .. "_sized" or t.ffi
end

local function spell_array(name, elements, layout)
    return ("static ffi_type *%s_elements[] = {%sNULL};\nstatic ffi_type %s_type = {%s, FFI_TYPE_STRUCT, %s_elements};\n"):format(
        name, elements, name, layout or "0, 0", name)
end

local function spell_record(record)
    local lines, elements, offsets, ranges = {}, {}, {}, {}
    local name = record.name
    for _, member in ipairs(record.members) do
        lines[#lines + 1] = ("    %s %s%s;"):format(member.type.name, member.name, member.count and ("[%d]"):format(member.count) or "")
        local ffi = spell_ffi(record, member.type)
        if member.count and member.is_nested then
            local repeated = ("%s, "):format(ffi):rep(member.count)
            ffi = ("&%s_%s_type"):format(name, member.name)
            elements[#elements + 1] = ffi
            offsets[#offsets + 1] = ("offsetof(%s, %s)"):format(name, member.name)
            lines.arrays = (lines.arrays or "") .. spell_array(name .. "_" .. member.name, repeated, record.is_sized and
                ("sizeof(%s) * %d, __alignof__(%s)"):format(member.type.name, member.count, member.type.name))
        else
            for i = 0, (member.count or 1) - 1 do
                elements[#elements + 1] = ffi
                offsets[#offsets + 1] = ("offsetof(%s, %s%s)"):format(name, member.name, member.count and ("[%d]"):format(i) or "")
            end
        end
        add_ranges(ranges, record, member.name, member.type, member.count)
    end
    local layout = record.is_sized and ("sizeof(%s), __alignof__(%s)"):format(name, name) or "0, 0"
    return ("typedef %s {\n%s\n}%s %s;\n"):format(record.way == "union" and "union" or "struct", table.concat(lines, "\n"),
            record.way == "packed" and " __attribute__((packed))" or "", name)
        .. (lines.arrays or "")
        .. ("static ffi_type *%s_elements[] = {%s, NULL};\n"):format(name, table.concat(elements, ", "))
        .. ("static ffi_type %s_type = {%s, FFI_TYPE_STRUCT, %s_elements};\n"):format(name, layout, name)
        .. ("static const size_t %s_offsets[] = {%s};\n"):format(name, table.concat(offsets, ", "))
        .. ("static const Range %s_ranges[] = {\n%s\n};\n"):format(name, table.concat(ranges, "\n"))
        .. ('static const Type %s_info = {"%s", %s, sizeof(%s), __alignof__(%s), %s, %d, %s_ranges, %d};\n'):format(
            name, record.way, record.ffi, name, name, record.way ~= "struct" and "NULL" or name .. "_offsets", #offsets, name, #ranges)
end

local function spell_scalars()
    local lines = {}
    for _, t in ipairs(types) do
        local ranges = {}
        for k, nbytes in ipairs(t.parts) do
            ranges[k] = ("{%d, %d, %d}"):format((k - 1) * (t.stride or 0), nbytes, t.is_x87 and 1 or 0)
        end
        local id = t.name:gsub(" ", "_")
        lines[#lines + 1] = ("static const Range %s_ranges[] = {%s};"):format(id, table.concat(ranges, ", "))
        lines[#lines + 1] = ('static const Type %s_info = {"%s", %s, sizeof(%s), __alignof__(%s), NULL, 0, %s_ranges, %d};'):format(
            id, t.name, t.ffi, t.name, t.name, id, #ranges)
    end
    return table.concat(lines, "\n")
end

local function info(t)
    return t and "&" .. t.name:gsub(" ", "_") .. "_info" or "NULL"
end

local function spell_parameters(signature, with_names)
    local list = {}
    for i = 1, signature.nfixed do list[i] = signature.args[i].name .. (with_names and " a" .. i or "") end
    if signature.is_variadic then list[#list + 1] = "..." end
    return #list == 0 and "void" or table.concat(list, ", ")
end

local function spell_callee(signature)
    local result = signature.result and signature.result.name or "void"
    local lines = {("static %s CONVENTION callee_%d(%s)\n{"):format(result, signature.index, spell_parameters(signature, true))}
    local function add(...) lines[#lines + 1] = "    " .. string.format(...) end
    if signature.is_variadic then add("VA_LIST rest; VA_START(rest, a%d);", signature.nfixed) end
    for i, t in ipairs(signature.args) do
        if i > signature.nfixed then add("%s a%d = VA_ARG(rest, %s);", t.name, i, t.name) end
        add("memcpy(received[%d], &a%d, sizeof a%d);", i - 1, i, i)
    end
    if signature.is_variadic then add("VA_END(rest);") end
    if signature.result then add("%s result; memcpy(&result, returned, sizeof result); return result;", result) end
    return table.concat(lines, "\n") .. "\n}\n"
end

local function spell_caller(signature)
    local result = signature.result and signature.result.name or "void"
    local values = {}
    for i, t in ipairs(signature.args) do values[i] = ("*(%s *)values[%d]"):format(t.name, i - 1) end
    local call = ("((%s (CONVENTION *)(%s))function)(%s)"):format(result, spell_parameters(signature), table.concat(values, ", "))
    return ("static void caller_%d(void (*function)(void), void *result, void **values)\n{\n    %s\n}\n"):format(signature.index,
        signature.result and ("%s got = %s; memcpy(result, &got, sizeof got);"):format(result, call) or call .. ";")
end

local function spell_text(signature)
    local list = {}
    for i, t in ipairs(signature.args) do list[i] = (i > signature.nfixed and "... " or "") .. t.name end
    return ("%s callee_%d(%s)"):format(signature.result and signature.result.name or "void", signature.index, table.concat(list, ", "))
end

local function spell_row(signature)
    local args, records = {}, {}
    for i, t in ipairs(signature.args) do args[i] = info(t) end
    for i, t in ipairs(signature.records) do records[i] = info(t) end
    return ("static const Type *const args_%d[] = {%s};\nstatic const Type *const records_%d[] = {%s};\n"):format(signature.index,
            table.concat(args, ", ") .. (#args > 0 and ", " or "") .. "NULL", signature.index,
            table.concat(records, ", ") .. (#records > 0 and ", " or "") .. "NULL"),
        ('    {%d, "%s", %s, args_%d, %d, %d, %d, records_%d, FFI_FN(callee_%d), caller_%d},'):format(signature.index, spell_text(signature),
            info(signature.result), signature.index, #signature.args, signature.nfixed, signature.is_variadic and 1 or 0, signature.index,
            signature.index, signature.index)
end

local function write_batch(path, seed, first, count)
    local file = assert(io.open(path, "w"))
    local rows = {}
    file:write('#include "batch.h"\n#include "types.h"\n', spell_scalars(), "\n")
    for index = first, first + count - 1 do
        local signature = draw_signature(seed, index)
        for _, record in ipairs(signature.records) do file:write(spell_record(record)) end
        local tables, row = spell_row(signature)
        rows[#rows + 1] = row
        file:write(spell_callee(signature), spell_caller(signature), tables)
    end
    file:write("static const Signature signatures[] = {\n", table.concat(rows, "\n"), "\n};\n")
    file:write(("const Batch batch = {signatures, %d, received, returned};\n"):format(count))
    assert(file:close())
end

local seed, first, count, per_batch = table.unpack(arg, 1, 4)
seed, first, count, per_batch = math.tointeger(seed), math.tointeger(first), math.tointeger(count), math.tointeger(per_batch)
for start = 0, count - 1, per_batch do
    write_batch(("%s/batch%d.c"):format(arg[5], start // per_batch), seed, first + start, math.min(per_batch, count - start))
end
