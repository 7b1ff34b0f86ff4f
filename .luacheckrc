std = "lua54"
max_line_length = 150
self = false
exclude_files = { "build", "build-*", "spec/luajit/language.lua" } -- which has 0b101
files["spec"] = { std = "lua54+busted" }
-- Runs on LuaJIT too.
files["bench"] = { std = "lua54+luajit" }
-- Gives programs LuaJIT's globals.
files["lua/ffi/luajit"] = { ignore = { "111", "121", "122", "142", "143" } }
-- Programs for LuaJIT.
files["spec/luajit"] = { std = "luajit", ignore = { "241", "311" } }
-- Functions without bodies.
files["types"] = { unused_args = false }
