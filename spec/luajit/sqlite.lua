-- A binding of SQLite as programs have it: classes around opaque pointers, `== nil` for NULL, errors by return code, finalisers.
local ffi = require("ffi")

ffi.cdef[[
typedef struct sqlite3 sqlite3;
typedef struct sqlite3_stmt sqlite3_stmt;
typedef void (*sqlite3_destructor_type)(void *);
int sqlite3_open(const char *filename, sqlite3 **db);
int sqlite3_close(sqlite3 *);
const char *sqlite3_errmsg(sqlite3 *);
int sqlite3_exec(sqlite3 *, const char *sql, int (*callback)(void *, int, char **, char **), void *, char **errmsg);
int sqlite3_prepare_v2(sqlite3 *, const char *sql, int nbytes, sqlite3_stmt **stmt, const char **tail);
int sqlite3_step(sqlite3_stmt *);
int sqlite3_reset(sqlite3_stmt *);
int sqlite3_clear_bindings(sqlite3_stmt *);
int sqlite3_finalize(sqlite3_stmt *);
int sqlite3_bind_null(sqlite3_stmt *, int);
int sqlite3_bind_double(sqlite3_stmt *, int, double);
int sqlite3_bind_int64(sqlite3_stmt *, int, int64_t);
int sqlite3_bind_text(sqlite3_stmt *, int, const char *, int n, sqlite3_destructor_type);
int sqlite3_bind_blob(sqlite3_stmt *, int, const void *, int n, sqlite3_destructor_type);
int sqlite3_bind_parameter_count(sqlite3_stmt *);
int sqlite3_bind_parameter_index(sqlite3_stmt *, const char *name);
int sqlite3_column_count(sqlite3_stmt *);
const char *sqlite3_column_name(sqlite3_stmt *, int);
int sqlite3_column_type(sqlite3_stmt *, int);
int64_t sqlite3_column_int64(sqlite3_stmt *, int);
double sqlite3_column_double(sqlite3_stmt *, int);
const unsigned char *sqlite3_column_text(sqlite3_stmt *, int);
const void *sqlite3_column_blob(sqlite3_stmt *, int);
int sqlite3_column_bytes(sqlite3_stmt *, int);
int64_t sqlite3_last_insert_rowid(sqlite3 *);
int sqlite3_changes(sqlite3 *);
void sqlite3_free(void *);
]]

local loaded, lib = pcall(ffi.load, "sqlite3")
if not loaded then
  lib = ffi.load("libsqlite3.so.0")
end

local OK, ROW, DONE = 0, 100, 101
local INTEGER, FLOAT, TEXT, BLOB = 1, 2, 3, 4
local TRANSIENT = ffi.cast("sqlite3_destructor_type", ffi.cast("intptr_t", -1))

local Database, Statement = {}, {}
Database.__index, Statement.__index = Database, Statement
local open_statements = 0

local function open(name)
  local out = ffi.new("sqlite3 *[1]")
  local code = lib.sqlite3_open(name, out)
  local handle = out[0]
  if code ~= OK then
    local message = handle == nil and "out of memory" or ffi.string(lib.sqlite3_errmsg(handle))
    lib.sqlite3_close(handle)
    return nil, message
  end
  return setmetatable({ handle = ffi.gc(handle, lib.sqlite3_close) }, Database)
end

function Database:error()
  return ffi.string(lib.sqlite3_errmsg(self.handle))
end

function Database:exec(sql)
  local message = ffi.new("char *[1]")
  if lib.sqlite3_exec(self.handle, sql, nil, nil, message) ~= OK then
    local text = "unknown"
    if message[0] ~= nil then
      text = ffi.string(message[0])
      lib.sqlite3_free(message[0])
    end
    return nil, text
  end
  return true
end

function Database:prepare(sql)
  local out = ffi.new("sqlite3_stmt *[1]")
  local tail = ffi.new("const char *[1]")
  if lib.sqlite3_prepare_v2(self.handle, sql, #sql, out, tail) ~= OK then
    return nil, self:error()
  end
  if out[0] == nil then
    return nil, "no statement"
  end
  open_statements = open_statements + 1
  local stmt = ffi.gc(out[0], function(s)
    open_statements = open_statements - 1
    lib.sqlite3_finalize(s)
  end)
  return setmetatable({ db = self, stmt = stmt, rest = ffi.string(tail[0]) }, Statement)
end

function Statement:bind(index, value)
  local stmt = self.stmt
  if type(index) == "string" then
    index = lib.sqlite3_bind_parameter_index(stmt, index)
  end
  local kind, code = type(value), nil
  if value == nil then
    code = lib.sqlite3_bind_null(stmt, index)
  elseif kind == "number" and value == math.floor(value) then
    code = lib.sqlite3_bind_int64(stmt, index, value)
  elseif kind == "number" then
    code = lib.sqlite3_bind_double(stmt, index, value)
  elseif kind == "cdata" and ffi.istype("int64_t", value) then
    code = lib.sqlite3_bind_int64(stmt, index, value)
  elseif kind == "cdata" then
    code = lib.sqlite3_bind_blob(stmt, index, value, ffi.sizeof(value), TRANSIENT)
  else
    code = lib.sqlite3_bind_text(stmt, index, value, #value, TRANSIENT)
  end
  if code ~= OK then
    error(self.db:error(), 2)
  end
  return self
end

function Statement:column(i)
  local stmt, kind = self.stmt, lib.sqlite3_column_type(self.stmt, i)
  if kind == INTEGER then
    return lib.sqlite3_column_int64(stmt, i)
  elseif kind == FLOAT then
    return lib.sqlite3_column_double(stmt, i)
  elseif kind == TEXT then
    return ffi.string(lib.sqlite3_column_text(stmt, i), lib.sqlite3_column_bytes(stmt, i))
  elseif kind == BLOB then
    local pointer = lib.sqlite3_column_blob(stmt, i)
    if pointer == nil then
      return ""
    end
    return ffi.string(pointer, lib.sqlite3_column_bytes(stmt, i))
  end
  return nil
end

function Statement:rows()
  return function()
    local code = lib.sqlite3_step(self.stmt)
    if code == DONE then
      lib.sqlite3_reset(self.stmt)
      return nil
    elseif code ~= ROW then
      error(self.db:error(), 2)
    end
    local row = {}
    for i = 0, lib.sqlite3_column_count(self.stmt) - 1 do
      row[ffi.string(lib.sqlite3_column_name(self.stmt, i))] = self:column(i)
    end
    return row
  end
end

function Statement:run(...)
  lib.sqlite3_reset(self.stmt)
  lib.sqlite3_clear_bindings(self.stmt)
  for i = 1, lib.sqlite3_bind_parameter_count(self.stmt) do
    self:bind(i, (select(i, ...)))
  end
  for _ in self:rows() do end
  return tonumber(lib.sqlite3_last_insert_rowid(self.db.handle))
end

-- Its use -----------------------------------------------------------------------

local db = assert(open(":memory:"))
assert(db:exec("CREATE TABLE hatch (id INTEGER PRIMARY KEY, name TEXT, pressure REAL, serial INTEGER, data BLOB)"))
print("bad sql", db:exec("CREATE NONSENSE"))
print("bad prepare", db:prepare("SELECT * FROM nowhere"))
print("empty", db:prepare("  -- nothing"))

local insert = assert(db:prepare("INSERT INTO hatch (name, pressure, serial, data) VALUES (?, ?, ?, ?)"))
local bytes = ffi.new("uint8_t[4]", 1, 2, 0, 255)
print("ids", insert:run("inner", 101.325, 9007199254740993LL, bytes), insert:run("outer", 0, -1), insert:run("m\0d", nil, 2^31, "text"))

local select_all = assert(db:prepare("SELECT * FROM hatch ORDER BY id; SELECT 2"))
print("rest", (select_all.rest:gsub("^%s+", "")))
for row in select_all:rows() do
  print(string.format("%d %s %s %s %d", row.id, (row.name:gsub("%z", "0")), row.pressure and string.format("%.3f", row.pressure) or "NULL",
    tostring(row.serial):gsub("LL$", ""), row.data and #row.data or -1))
end

local by_name = assert(db:prepare("SELECT id, data FROM hatch WHERE name = :name AND pressure > :least"))
for row in by_name:bind(":name", "inner"):bind(":least", 0.5):rows() do
  print("found", string.format("%d", row.id), row.data:byte(1, -1))
end
print("range", pcall(by_name.bind, by_name, ":nosuch", 1))

-- Changes, in a transaction.
db:exec("BEGIN")
local update = db:prepare("UPDATE hatch SET pressure = pressure * 2 WHERE pressure IS NOT NULL")
update:run()
print("changes", lib.sqlite3_changes(db.handle))
db:exec("ROLLBACK")
local sum = db:prepare("SELECT sum(pressure) AS p, count(*) AS n, max(serial) = 9007199254740993 AS exact FROM hatch")
local row = sum:rows()()
print("sum", string.format("%.3f %d %d", row.p, row.n, row.exact))

local constraint = db:prepare("INSERT INTO hatch (id) VALUES (1)")
local ok, message = pcall(constraint.run, constraint)
print("constraint", ok, (message:gsub("^.-:%d+: ", "")))

-- What cannot be opened, and what is collected.
print("open", open("/no/such/directory/x.db"))
insert, select_all, by_name, update, sum, constraint = nil, nil, nil, nil, nil, nil
collectgarbage()
collectgarbage()
print("statements", open_statements)
