-- SQL functions written in Lua: a scalar one, an aggregate one, and a progress handler that ends a query by raising an error.
-- Usage: lua5.4 examples/sqlite_functions.lua
local ffi = require "ffi"

ffi.cdef [[
typedef struct sqlite3 sqlite3;
typedef struct sqlite3_context sqlite3_context;
typedef struct sqlite3_value sqlite3_value;
int sqlite3_open(const char *filename, sqlite3 **db);
int sqlite3_close(sqlite3 *db);
const char *sqlite3_errmsg(sqlite3 *db);
int sqlite3_exec(sqlite3 *db, const char *sql, int (*row)(void *context, int count, char **values, char **names), void *context,
                 char **message);
int sqlite3_create_function(sqlite3 *db, const char *name, int nargs, int encoding, void *data,
                            void (*call)(sqlite3_context *, int, sqlite3_value **),
                            void (*step)(sqlite3_context *, int, sqlite3_value **),
                            void (*finish)(sqlite3_context *));
void *sqlite3_aggregate_context(sqlite3_context *context, int nbytes);
void sqlite3_progress_handler(sqlite3 *db, int interval, int (*handler)(void *), void *data);
const char *sqlite3_value_text(sqlite3_value *value);
double sqlite3_value_double(sqlite3_value *value);
void sqlite3_result_text(sqlite3_context *context, const char *text, int nbytes, void *destructor);
void sqlite3_result_double(sqlite3_context *context, double value);
enum { SQLITE_OK = 0, SQLITE_UTF8 = 1 };
]]

local sqlite = ffi.load "sqlite3"
local TRANSIENT = ffi.cast("void *", -1) -- tells SQLite to copy what it is given

local out = ffi.new "sqlite3 *[1]"
assert(sqlite.sqlite3_open(":memory:", out) == sqlite.SQLITE_OK)
local db = out[0]

local function run(sql)
  local status = sqlite.sqlite3_exec(db, sql, nil, nil, nil)
  if status ~= sqlite.SQLITE_OK then error(ffi.string(sqlite.sqlite3_errmsg(db)), 2) end
end

-- Each row as a list of strings.
local function rows(sql)
  local list = {}
  local row <close> = ffi.callback("int (*)(void *, int, char **, char **)", function(_, count, values)
    local fields = {}
    for i = 0, count - 1 do fields[i + 1] = values[i] and ffi.string(values[i]) or "NULL" end
    list[#list + 1] = fields
    return 0
  end)
  local status = sqlite.sqlite3_exec(db, sql, row, nil, nil)
  if status ~= sqlite.SQLITE_OK then error(ffi.string(sqlite.sqlite3_errmsg(db)), 2) end
  return list
end

-- reverse(text)
sqlite.sqlite3_create_function(db, "reverse", 1, sqlite.SQLITE_UTF8, nil, function(context, _, values)
  local text = ffi.string(sqlite.sqlite3_value_text(values[0])):reverse()
  sqlite.sqlite3_result_text(context, text, #text, TRANSIENT)
end, nil, nil)

-- median(x): SQLite gives each group a block of its own, whose address is the key of the numbers seen so far.
local groups = {}
local function group_of(context)
  return tostring(sqlite.sqlite3_aggregate_context(context, 1))
end
sqlite.sqlite3_create_function(db, "median", 1, sqlite.SQLITE_UTF8, nil, nil, function(context, _, values)
  local key = group_of(context)
  groups[key] = groups[key] or {}
  table.insert(groups[key], sqlite.sqlite3_value_double(values[0]))
end, function(context)
  local key = group_of(context)
  local numbers = groups[key]
  groups[key] = nil
  table.sort(numbers)
  local middle = (#numbers + 1) // 2
  sqlite.sqlite3_result_double(context, (numbers[middle] + numbers[#numbers + 1 - middle]) / 2)
end)

run [[
  CREATE TABLE river(name TEXT, continent TEXT, kilometres INTEGER);
  INSERT INTO river VALUES ('Nile', 'Africa', 6650), ('Congo', 'Africa', 4700), ('Niger', 'Africa', 4200), ('Volga', 'Europe', 3531),
    ('Danube', 'Europe', 2850), ('Rhine', 'Europe', 1230), ('Elbe', 'Europe', 1094);
]]
for _, row in ipairs(rows "SELECT reverse(name) FROM river WHERE kilometres > 4500 ORDER BY kilometres") do print(row[1]) end
for _, row in ipairs(rows "SELECT continent, count(*), median(kilometres) FROM river GROUP BY continent ORDER BY 1") do
  print(row[1], row[2], row[3])
end

-- SQLite calls the handler after each 1000 steps of its machine and goes on for as long as it returns 0, which is also what C gets from
-- a callback that fails. So the handler asks for 1 in that case: the query ends, and the call of sqlite3_exec raises the error.
ffi.onerror(function() end) -- it is raised; that will do: nothing on the standard error output
local ncalls = 0
local handler = ffi.callback("int (*)(void *)", function()
  ncalls = ncalls + 1
  if ncalls == 100 then error({ reason = "patience is over" }) end
  return 0
end, { error = 1 })
sqlite.sqlite3_progress_handler(db, 1000, handler, nil)
local worked, problem = pcall(rows, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")
print(worked, problem.reason, ncalls)

sqlite.sqlite3_progress_handler(db, 0, nil, nil)
handler:free()
print(#rows "SELECT * FROM river")
sqlite.sqlite3_close(db)
