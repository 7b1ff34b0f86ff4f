-- Writes batches of random C signatures for ../abi_differential.c: for each batch NAME.h (types), NAME_callee.c (what every compiler
-- compiles: callees of calls and callers of callbacks) and NAME_table.c (what gcc tells about the types, and a compiled caller for each
-- signature). A line "NAME ISA COUNT" for each batch goes to DIR/batches. Deterministic: signature number i of seed s is always the same,
-- whatever else is asked for.
--
--     lua5.4 generate.lua SEED FIRST COUNT ISA PER_BATCH DIR      ISA: 0 baseline, 1 AVX too, 2 AVX-512F too
--
-- Nothing here knows a size or an offset that counts: `size` and `align` below only steer the dice.

local draw = dofile((arg[0]:gsub("generate%.lua$", "../draw.lua")))
local model = dofile((arg[0]:gsub("generate%.lua$", "types.lua")))
local random = math.random

local ISA_NAMES = {[0] = "baseline", "avx", "avx512"}

-- By feature of a signature: the rule by which clang 14 may pass it otherwise than gcc 12 and the psABI. The driver leaves a case out only
-- when the caller compiled by gcc and the callee compiled by clang do disagree; anything else counts, for clang as well.
local CLANG_DIFFERS = {
    -- With one INTEGER register left clang splits a bare __int128 between it and the stack.
    int128 = "int128",
    -- va_arg of clang takes __float128 from the stack, and a record that holds one is passed in memory.
    float128 = "float128",
    complex_float128 = "float128",
    -- gcc passes a vector of one floating element in memory, clang returns it in xmm0 (and passes one float there).
    vector_of_one = "vector_of_one",
    -- clang passes vectors of 32 and 64 bytes to a variadic function in memory, the named ones too.
    variadic_wide_vector = "variadic_wide_vector",
    -- clang ignores unnamed bit-fields, gcc counts them as INTEGER.
    unnamed_bit_field = "unnamed_bit_field",
    -- gcc takes a bit-field in a union, of width 0 too, for an integer that can be unaligned.
    union_bit_field = "union_bit_field",
    -- clang passes a record in memory when a record in it is unaligned, or a member of any element of an array; gcc looks at members that
    -- are no records, and in arrays at the first element.
    packed_record = "packed_record",
    packed_array_of_records = "packed_record",
    -- Where it has AVX clang takes a union of 32 bytes for a vector when it holds one of 16 and is padded, or a vector and an array.
    avx_wide_union = "avx_wide_union",
    -- clang passes four bytes of an eightbyte that a record in a union begins with a float, whatever else the union has there.
    union_of_float = "union_of_float",
    -- gcc gives a zero-length array inside an eightbyte the class of its element, clang ignores it.
    zero_length_array = "zero_length_array",
    -- clang passes a struct with a flexible array member in memory, gcc ignores the member.
    flexible_array = "flexible_array",
}

-- The same for gcc, whose caller and callee do not always agree.
local GCC_FAILS = {
    -- Of an array of _Complex _Float16 across two eightbytes, two bytes of the second are passed.
    complex_float16_array = "complex_float16_array",
    -- At -O2 va_arg takes a record of alignment 16 for aligned where the registers were saved, which it is not.
    variadic_aligned_record = "variadic_aligned_record",
}

-- The same for ms_abi. All types that count here are such as Microsoft's compilers have not got.
local CLANG_DIFFERS_MS = {
    -- By themselves: clang returns a long double in st0, passes __float128 and vectors of any size but 16 in vector registers, the wide ones
    -- in pieces.
    bare_long_double = "bare_long_double",
    bare_float128 = "bare_float128",
    bare_vector8 = "bare_vector",
    bare_vector32 = "bare_vector",
    bare_vector64 = "bare_vector",
    bare_vector_of_one = "bare_vector",
    -- clang wants an address for a result of no bytes.
    empty = "empty",
    -- clang passes a struct with a flexible array member by reference, gcc ignores the member.
    flexible_array = "flexible_array",
    -- clang does not align an ms_struct union as a bit-field of it is.
    ms_union_bit_field = "ms_union_bit_field",
}

-- -- drawing a signature ----------------------------------------------------------------------------------------------

-- gcc 12 crashes in va_arg of a union with a vector of 32 or 64 bytes: an int goes in its place.
local function promoted(t)
    local features = {}
    model.add_features(t, features)
    if features.union and (features.vector32 or features.vector64) then return model.by_name.int end
    return t.promoted and model.by_name[t.promoted] or t
end

-- The records of a signature, then the types that its arguments are drawn from: anything, or a few that exhaust one kind of register.
local function draw_palette(signature)
    for i = 0, random(0, 3) do
        local record = model.draw_record(signature)
        record.name = ("%s%d_%d"):format(record.union and "Union" or "Struct", signature.index, i)
        signature.records[#signature.records + 1] = record
    end
    if random() < 0.75 then return nil end
    local palette = {}
    for i = 1, random(1, 3) do
        palette[i] = random() < 0.3 and signature.records[random(#signature.records)] or model.draw_bare(signature.isa)
    end
    return palette
end

local function draw_type(signature, palette)
    if palette then return palette[random(#palette)] end
    return random() < 0.45 and signature.records[random(#signature.records)] or model.draw_bare(signature.isa)
end

-- To ms_abi a decimal is no float of its size, which is all that the engine knows of it.
local function has_bare_decimal(signature)
    if signature.result and signature.result.feature == "decimal" then return true end
    for _, t in ipairs(signature.args) do
        if t.feature == "decimal" then return true end
    end
    return false
end

local function draw_signature(seed, index)
    math.randomseed(seed, index)
    local dice = random()
    local signature = {
        index = index,
        isa = dice < 0.7 and 0 or dice < 0.85 and 1 or 2,
        nnames = 0,
        records = {},
        args = {},
    }
    local palette = draw_palette(signature)
    local nargs = random() < 0.01 and 0 or random() < 0.5 and random(1, 6) or random(1, 20)
    for i = 1, nargs do signature.args[i] = draw_type(signature, palette) end
    draw.variadic(signature, promoted)
    if random() > 0.05 then
        signature.result = random() < 0.5 and signature.records[random(#signature.records)] or model.draw_bare(signature.isa)
    end
    signature.is_ms = random() < 0.25 and not has_bare_decimal(signature)
    return signature
end

-- -- what it is made of -----------------------------------------------------------------------------------------------

local function sorted_keys(set)
    local keys = {}
    for key, is_in in pairs(set) do
        if is_in then keys[#keys + 1] = key end
    end
    table.sort(keys)
    return keys
end

local function name_rules(rules, features)
    local names = {}
    for feature, rule in pairs(rules) do
        if features[feature] then names[rule] = true end
    end
    return table.concat(sorted_keys(names), " ")
end

-- What CLANG_DIFFERS_MS asks for besides: types that are no records.
local function add_ms_features(t, features)
    model.add_features(t, features)
    if not t.record then features["bare_" .. t.feature] = true end
end

-- Where they disagree on whether a result is in memory, one of the compilers writes it to an address that is none, or to an argument's.
local function has_ms_result_of_gcc(signature)
    local features = {}
    if signature.is_ms and signature.result then add_ms_features(signature.result, features) end
    return name_rules(CLANG_DIFFERS_MS, features) ~= ""
end

local function describe(signature)
    local features = {}
    for _, t in ipairs(signature.args) do model.add_features(t, features) end
    if signature.result then model.add_features(signature.result, features) else features.void_result = true end
    if signature.is_ms then
        for _, t in ipairs(signature.args) do add_ms_features(t, features) end
    end
    features.variadic = signature.is_variadic
    features.ms_abi = signature.is_ms
    features.packed_array_of_records = features.packed and features.array_of_records
    features.union_of_float = features.union_of_record and features.float
    features.avx_wide_union = signature.isa > 0 and (features.union_of_array or features.union and features.aligned)
    features.ms_union_bit_field = features.ms_bit_field and features.union_bit_field
    features.variadic_wide_vector = signature.is_variadic and (features.vector32 or features.vector64)
    if #signature.args > 8 then features.over_8_arguments = true end
    for i = signature.nfixed + 1, #signature.args do
        local t = signature.args[i]
        if t.record and t.align >= 16 then features.variadic_aligned_record = true end
    end
    -- Types that clang has not got, and bit-fields that it lays out as if they were not packed.
    signature.is_gcc_only = features.float16 or features.decimal or features.complex_int128 or features.packed_ms_bit_field
        or has_ms_result_of_gcc(signature)
    signature.features = table.concat(sorted_keys(features), " ")
    signature.clang_differs = name_rules(signature.is_ms and CLANG_DIFFERS_MS or CLANG_DIFFERS, features)
    signature.gcc_fails = name_rules(signature.is_ms and {} or GCC_FAILS, features)
end

local function is_used(signature, record)
    if signature.result == record then return true end
    for _, t in ipairs(signature.args) do
        if t == record then return true end
    end
    return false
end

local function keep_used_records(signature)
    local used = {}
    for _, record in ipairs(signature.records) do
        if is_used(signature, record) then used[#used + 1] = record end
    end
    signature.records = used
end

-- -- spelling it ------------------------------------------------------------------------------------------------------

local function spell_result(signature)
    return signature.result and signature.result.name or "void"
end

local function spell_parameters(signature, with_names)
    local list = {}
    for i = 1, signature.nfixed do
        list[i] = signature.args[i].name .. (with_names and " a" .. i or "")
    end
    if signature.is_variadic then list[#list + 1] = "..." end
    return #list == 0 and "void" or table.concat(list, ", ")
end

local function spell_types(signature)
    local lines = {}
    for _, record in ipairs(signature.records) do
        lines[#lines + 1] = ("typedef %s %s;"):format(model.spell_record(record, ""), record.name)
    end
    return table.concat(lines, "\n")
end

-- As the parser of src/cdecl has to read it, too.
local function spell_convention(signature)
    return signature.is_ms and "__attribute__((ms_abi)) " or ""
end

-- The type of a pointer to it.
local function spell_pointer(signature, parameters)
    return ("%s (%s*)(%s)"):format(spell_result(signature), spell_convention(signature), parameters)
end

local function spell_declaration(signature)
    local text = ("%s%s callee_%d(%s);"):format(spell_convention(signature), spell_result(signature), signature.index,
        spell_parameters(signature))
    for i = signature.nfixed + 1, #signature.args do
        text = text .. (" /* ... %s */"):format(signature.args[i].name)
    end
    local types = spell_types(signature)
    return (types == "" and "" or types .. "\n") .. text
end

local function is_widened(t)
    return t.promoted == "int"
end

local function spell_received(signature)
    local lines = {"struct Received" .. signature.index .. " {"}
    for i, t in ipairs(signature.args) do
        lines[#lines + 1] = ("    %s a%d;%s"):format(t.name, i, is_widened(t) and (" int wide%d;"):format(i) or "")
    end
    lines[#lines + 1] = "};"
    lines[#lines + 1] = ("_Static_assert(sizeof(struct Received%d) <= RECEIVED_NBYTES, \"received\");"):format(signature.index)
    return table.concat(lines, "\n")
end

local function spell_header(signature)
    return spell_types(signature) .. "\n" .. spell_received(signature)
end

local function spell_callee(signature)
    local lines = {
        ("HIDDEN %s%s callee_%d(%s)\n{"):format(spell_convention(signature), spell_result(signature), signature.index,
            spell_parameters(signature, true)),
        ("    struct Received%d *to = (void *)received;"):format(signature.index),
    }
    local function add(...) lines[#lines + 1] = "    " .. string.format(...) end
    local prefix = signature.is_ms and "ms_" or ""
    if signature.is_variadic then add("%sva_list rest; %sva_start(rest, a%d);", prefix, prefix, signature.nfixed) end
    for i, t in ipairs(signature.args) do
        if i > signature.nfixed then
            add("%s a%d = %sva_arg%s(rest, %s);", t.name, i, prefix, signature.is_ms and t.in_memory and "_reference" or "", t.name)
        end
        add("RECEIVE(a%d);%s", i, is_widened(t) and (" to->wide%d = (int)a%d;"):format(i, i) or "")
    end
    if signature.is_variadic then add("%sva_end(rest);", prefix) end
    if signature.result then
        add("%s result; memcpy(&result, returned, sizeof result); return result;", signature.result.name)
    end
    lines[#lines + 1] = "}\nENTRY(" .. signature.index .. ");"
    return table.concat(lines, "\n")
end

local function spell_caller(signature)
    local values = {}
    for i, t in ipairs(signature.args) do values[i] = ("*(%s *)values[%d]"):format(t.name, i - 1) end
    local call = ("((%s)function)(%s)"):format(spell_pointer(signature, spell_parameters(signature)), table.concat(values, ", "))
    if signature.result then call = ("*(%s *)result = %s"):format(signature.result.name, call) end
    return ("static void call_%d(AbiFunction function, void *result, void *const *values)\n{\n    %s;\n}"):format(signature.index, call)
end

-- Calls it as a callback is called: a function of the named arguments alone.
local function spell_inbound(signature)
    local types, values = {}, {}
    for i = 1, signature.nfixed do
        types[i] = signature.args[i].name
        values[i] = ("*(%s *)values[%d]"):format(types[i], i - 1)
    end
    local call = ("((%s)function)(%s)"):format(spell_pointer(signature, #types == 0 and "void" or table.concat(types, ", ")),
        table.concat(values, ", "))
    local t = signature.result
    local body = not t and call .. ";" or ("%s got = %s; memcpy(result, &got, sizeof got);%s"):format(
        t.name, call, is_widened(t) and " *wide = (int)got;" or "")
    return ("static void inbound_%d(void (*function)(void), void *result, void *const *values, int *wide)\n{\n    %s\n}"):format(
        signature.index, body)
end

local function spell_string(text)
    return '"' .. text:gsub('[\\"]', "\\%0"):gsub("\n", "\\n") .. '"'
end

-- -- the tables of a batch --------------------------------------------------------------------------------------------

local function new_type_table()
    local types = {rows = {}, functions = {}, index = {}}
    function types.index_of(t)
        local index = types.index[t.name]
        if index then return index end
        index = #types.rows
        types.index[t.name] = index
        local leaves, bits = model.flatten(t)
        local leaf_table, set_bits = "NULL", "NULL"
        if #leaves > 0 then
            leaf_table = "leaves_" .. index
            types.functions[#types.functions + 1] = ("static const AbiLeaf %s[] = {\n    %s};"):format(
                leaf_table, table.concat(leaves, ",\n    "))
        end
        if #bits > 0 then
            set_bits = "set_bits_" .. index
            types.functions[#types.functions + 1] = model.spell_set_bits(t, bits, set_bits)
        end
        types.rows[index + 1] = ("    {\"%s\", sizeof(%s), __alignof__(%s), %d, %s, %s, %d},"):format(
            t.name, t.name, t.name, #leaves, leaf_table, set_bits, t.record and 1 or 0)
        return index
    end
    return types
end

local function spell_row(signature, types)
    local rows = {}
    for i, t in ipairs(signature.args) do
        local received = ("offsetof(struct Received%d, %%s%d)"):format(signature.index, i)
        rows[i] = ("    {%d, %s, %s},"):format(types.index_of(t), received:format("a"),
            is_widened(t) and received:format("wide") or "BATCH_NO_WIDE")
    end
    local args = "NULL"
    local definition = ""
    if #rows > 0 then
        args = "args_" .. signature.index
        definition = ("static const BatchArg %s[] = {\n%s\n};\n"):format(args, table.concat(rows, "\n"))
    end
    local row = ("    {%d, %s, \"%s\", \"%s\", \"%s\", %s, %d, %d, %s, %d, %d, call_%d},"):format(
        signature.index, spell_string(spell_declaration(signature)), signature.features, signature.clang_differs, signature.gcc_fails, args,
        #signature.args, signature.nfixed, signature.result and types.index_of(signature.result) or "BATCH_NO_TYPE",
        signature.is_variadic and 1 or 0, signature.is_ms and 1 or 0, signature.index)
    return definition .. spell_caller(signature), row
end

local function write_file(path, ...)
    local file = assert(io.open(path, "w"))
    assert(file:write(table.concat({...}, "\n"), "\n"))
    assert(file:close())
end

local function write_table(dir, name, signatures)
    local types = new_type_table()
    local definitions, rows = {}, {}
    for i, signature in ipairs(signatures) do definitions[i], rows[i] = spell_row(signature, types) end
    write_file(("%s/%s_table.c"):format(dir, name),
        '#include "batch.h"', ('#include "%s.h"'):format(name),
        table.concat(types.functions, "\n"),
        "static const BatchType types[] = {", table.concat(types.rows, "\n"), "};",
        table.concat(definitions, "\n"),
        "static const BatchSignature signatures[] = {", table.concat(rows, "\n"), "};",
        ("const Batch batch = {types, %d, %d, signatures};"):format(#types.rows, #signatures))
end

local function write_batch(dir, name, signatures)
    local headers, callees = {'#include "callee.h"'}, {"#define AIRLOCK_CALLEES", ('#include "%s.h"'):format(name)}
    local entries, inbounds = {}, {}
    for i, signature in ipairs(signatures) do
        local guard = signature.is_gcc_only and "#if HAS_GCC_TYPES\n%s\n#endif" or "%s"
        headers[#headers + 1] = guard:format(spell_header(signature):gsub("%%", "%%%%"))
        callees[#callees + 1] = guard:format(spell_callee(signature) .. "\n" .. spell_inbound(signature))
        local item = signature.is_gcc_only and "    ENTRY_GCC_TYPES(%s_%d)," or "    %s_%d,"
        entries[i] = item:format("entry", signature.index)
        inbounds[i] = item:format("inbound", signature.index)
    end
    write_file(("%s/%s.h"):format(dir, name), table.concat(headers, "\n"))
    write_file(("%s/%s_callee.c"):format(dir, name), table.concat(callees, "\n"),
        "static void (*const entries[])(void) = {", table.concat(entries, "\n"), "};",
        "static const InboundCaller inbounds[] = {", table.concat(inbounds, "\n"), "};",
        "const Callees callees = {entries, inbounds, &entry_record, received, returned};")
    write_table(dir, name, signatures)
end

-- -- the whole run ----------------------------------------------------------------------------------------------------

local function main(seed, first, count, isa_max, per_batch, dir)
    local by_isa = {[0] = {}, {}, {}}
    for index = first, first + count - 1 do
        local signature = draw_signature(seed, index)
        keep_used_records(signature)
        describe(signature)
        local list = by_isa[signature.isa]
        list[#list + 1] = signature
    end
    local lines = {}
    for isa = 0, 2 do
        local list = by_isa[isa]
        if isa > isa_max then
            lines[#lines + 1] = ("- %d %d"):format(isa, #list)
        else
            for start = 1, #list, per_batch do
                local name = ("%s_%d"):format(ISA_NAMES[isa], start // per_batch + 1)
                local part = table.move(list, start, math.min(start + per_batch - 1, #list), 1, {})
                write_batch(dir, name, part)
                lines[#lines + 1] = ("%s %d %d"):format(name, isa, #part)
            end
        end
    end
    write_file(dir .. "/batches", table.concat(lines, "\n"))
end

local function integer(text)
    return assert(math.tointeger(tonumber(text)), "usage: generate.lua SEED FIRST COUNT ISA PER_BATCH DIR")
end

main(integer(arg[1]), integer(arg[2]), integer(arg[3]), integer(arg[4]), integer(arg[5]), assert(arg[6]))
