-- declarations.lua < PREPROCESSED_HEADER: what it declares at the top level but for typedefs, so that a compiler can hold it against
-- another header.
local text = io.read("a"):gsub('extern%s+"C"%s*', "")
local depth, start = 0, 1
for at, char in text:gmatch("()([{};])") do
    if char == "{" then
        depth = depth + 1
    elseif char == "}" then
        depth = depth - 1
    elseif depth == 0 then
        local declaration = text:sub(start, at):gsub("%s+", " ")
        if not declaration:find("^ ?typedef") and declaration:find("ffi_") then print(declaration) end
        start = at + 1
    end
end
