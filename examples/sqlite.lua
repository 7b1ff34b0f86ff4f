-- SQLite through require "ffi": a table of measurements, 100,000 rows by a prepared statement, sums by the database.
-- Usage: lua5.4 examples/sqlite.lua [database file] [rows]      (default: in memory, 100000 rows)
local ffi = require "ffi"

ffi.cdef [[
typedef struct sqlite3 sqlite3;
typedef struct sqlite3_stmt sqlite3_stmt;
const char *sqlite3_libversion(void);
int sqlite3_open(const char *filename, sqlite3 **db);
int sqlite3_close(sqlite3 *db);
const char *sqlite3_errmsg(sqlite3 *db);
int sqlite3_exec(sqlite3 *db, const char *sql, void *callback, void *context, char **message);
int sqlite3_prepare_v2(sqlite3 *db, const char *sql, int nbytes, sqlite3_stmt **statement, const char **tail);
int sqlite3_bind_text(sqlite3_stmt *statement, int index, const char *text, int nbytes, void *destructor);
int sqlite3_bind_int64(sqlite3_stmt *statement, int index, int64_t value);
int sqlite3_bind_double(sqlite3_stmt *statement, int index, double value);
int sqlite3_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, int nbytes, void *destructor);
int sqlite3_bind_null(sqlite3_stmt *statement, int index);
int sqlite3_step(sqlite3_stmt *statement);
int sqlite3_reset(sqlite3_stmt *statement);
int sqlite3_finalize(sqlite3_stmt *statement);
int sqlite3_column_count(sqlite3_stmt *statement);
const char *sqlite3_column_name(sqlite3_stmt *statement, int column);
int sqlite3_column_type(sqlite3_stmt *statement, int column);
int64_t sqlite3_column_int64(sqlite3_stmt *statement, int column);
double sqlite3_column_double(sqlite3_stmt *statement, int column);
const char *sqlite3_column_text(sqlite3_stmt *statement, int column);
const void *sqlite3_column_blob(sqlite3_stmt *statement, int column);
int sqlite3_column_bytes(sqlite3_stmt *statement, int column);

enum { SQLITE_OK = 0, SQLITE_ROW = 100, SQLITE_DONE = 101 };
enum { SQLITE_INTEGER = 1, SQLITE_FLOAT = 2, SQLITE_TEXT = 3, SQLITE_BLOB = 4, SQLITE_NULL = 5 };
]]

local sqlite = ffi.load "sqlite3"
local TRANSIENT = ffi.cast("void *", -1) -- tells SQLite to copy what it is given

local function open(file)
  local out = ffi.new "sqlite3 *[1]"
  local status = sqlite.sqlite3_open(file, out)
  local db = out[0]
  if status ~= sqlite.SQLITE_OK then
    local message = db ~= nil and ffi.string(sqlite.sqlite3_errmsg(db)) or "out of memory"
    sqlite.sqlite3_close(db)
    error(("cannot open %s: %s"):format(file, message))
  end
  return db
end

local function check(db, status)
  if status ~= sqlite.SQLITE_OK and status ~= sqlite.SQLITE_ROW and status ~= sqlite.SQLITE_DONE then
    error(ffi.string(sqlite.sqlite3_errmsg(db)), 2)
  end
  return status
end

local function execute(db, sql)
  check(db, sqlite.sqlite3_exec(db, sql, nil, nil, nil))
end

local function prepare(db, sql)
  local out = ffi.new "sqlite3_stmt *[1]"
  check(db, sqlite.sqlite3_prepare_v2(db, sql, #sql, out, nil))
  return out[0]
end

local read_column = {
  [sqlite.SQLITE_INTEGER] = sqlite.sqlite3_column_int64,
  [sqlite.SQLITE_FLOAT] = sqlite.sqlite3_column_double,
  [sqlite.SQLITE_TEXT] = function(statement, i)
    return ffi.string(sqlite.sqlite3_column_text(statement, i), sqlite.sqlite3_column_bytes(statement, i))
  end,
  [sqlite.SQLITE_BLOB] = function(statement, i)
    return ffi.string(sqlite.sqlite3_column_blob(statement, i), sqlite.sqlite3_column_bytes(statement, i))
  end,
  [sqlite.SQLITE_NULL] = function() return nil end,
}

-- Runs a query and calls `each` with a list of the row's values.
local function query(db, sql, each)
  local statement = prepare(db, sql)
  local ncolumns = sqlite.sqlite3_column_count(statement)
  local names = {}
  for i = 0, ncolumns - 1 do names[i + 1] = ffi.string(sqlite.sqlite3_column_name(statement, i)) end
  while check(db, sqlite.sqlite3_step(statement)) == sqlite.SQLITE_ROW do
    local row = {}
    for i = 0, ncolumns - 1 do
      row[i + 1] = read_column[sqlite.sqlite3_column_type(statement, i)](statement, i)
    end
    each(row, names)
  end
  sqlite.sqlite3_finalize(statement)
end

local function insert(db, nrows)
  local statement = prepare(db, "INSERT INTO reading (place, count, level, raw) VALUES (?, ?, ?, ?)")
  local places = { "Aachen", "Bergen", "Cork", "Delft", "Évora" }
  local raw = ffi.new "uint16_t[4]"
  execute(db, "BEGIN")
  for i = 1, nrows do
    local place = places[i % #places + 1]
    raw[0], raw[1], raw[2], raw[3] = i, i * 3, i * 5, i * 7
    check(db, sqlite.sqlite3_bind_text(statement, 1, place, #place, TRANSIENT))
    check(db, sqlite.sqlite3_bind_int64(statement, 2, i))
    check(db, sqlite.sqlite3_bind_double(statement, 3, i / 8))
    check(db, sqlite.sqlite3_bind_blob(statement, 4, raw, ffi.sizeof(raw), TRANSIENT))
    check(db, sqlite.sqlite3_step(statement))
    sqlite.sqlite3_reset(statement)
  end
  execute(db, "COMMIT")
  sqlite.sqlite3_finalize(statement)
end

local file = arg and arg[1] or ":memory:"
local nrows = tonumber(arg and arg[2]) or 100000
local db = open(file)
print("SQLite " .. ffi.string(sqlite.sqlite3_libversion()) .. ", database " .. file)
execute(db, "DROP TABLE IF EXISTS reading")
execute(db, "CREATE TABLE reading (id INTEGER PRIMARY KEY, place TEXT, count INTEGER, level REAL, raw BLOB)")

local started = os.clock()
insert(db, nrows)
local seconds = os.clock() - started
print(("inserted %d rows, %.0f rows per second"):format(nrows, nrows / math.max(seconds, 1e-9)))

print(("%-8s %8s %14s %12s"):format("place", "rows", "sum of count", "mean level"))
query(db, [[SELECT place, COUNT(*), SUM(count), AVG(level) FROM reading GROUP BY place ORDER BY place]], function(row)
  -- Lua counts bytes: pad by characters
  print(row[1] .. (" "):rep(8 - utf8.len(row[1])) .. (" %8d %14d %12.3f"):format(row[2], row[3], row[4]))
end)

local total
query(db, "SELECT COUNT(*), SUM(LENGTH(raw)), NULL FROM reading", function(row) total = row end)
print(("%d rows, %d bytes of blobs, nothing is %s"):format(total[1], total[2], tostring(total[3])))

query(db, "SELECT raw FROM reading WHERE id = 1000", function(row)
  local raw = ffi.cast("const uint16_t *", row[1])
  print(("blob of row 1000: %d %d %d %d"):format(raw[0], raw[1], raw[2], raw[3]))
end)
check(db, sqlite.sqlite3_close(db))
