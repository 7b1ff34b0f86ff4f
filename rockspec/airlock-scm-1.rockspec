rockspec_format = "3.0"
package = "airlock"
version = "scm-1"
source = {
    url = "git+file://.",
}
description = {
    summary = "An FFI for stock Lua 5.4 on x86-64 Linux",
    detailed = [[
        Airlock lets Lua call C from its declarations, as LuaJIT's ffi does, with its own System V call engine.
    ]],
    license = "MIT",
}
supported_platforms = { "linux" }
dependencies = {
    "lua >= 5.4, < 5.5",
}
build = {
    type = "make",
    build_variables = {
        CC = "$(CC)",
        CFLAGS = "$(CFLAGS)",
        LIBFLAG = "$(LIBFLAG)",
        LUA_INCDIR = "$(LUA_INCDIR)",
        BUILD = "build/rock",
    },
    install_variables = {
        CC = "$(CC)",
        CFLAGS = "$(CFLAGS)",
        LIBFLAG = "$(LIBFLAG)",
        LUA_INCDIR = "$(LUA_INCDIR)",
        BUILD = "build/rock",
        INST_PREFIX = "$(PREFIX)",
        INST_LIBDIR = "$(LIBDIR)",
        INST_LUADIR = "$(LUADIR)",
    },
}
