# Ruby's fiddle on the libffi that the loader finds. The sample libraries of spec/lib, compiled by the C compiler, are the oracle.
require "fiddle"

$nchecks = 0

def check(expected, value, what = nil)
  raise "expected #{expected.inspect}, got #{value.inspect} #{what}" unless expected == value
  $nchecks += 1
end

module Types
  include Fiddle
  VOID, CHAR, SHORT, INT, LONG, LLONG = TYPE_VOID, TYPE_CHAR, TYPE_SHORT, TYPE_INT, TYPE_LONG, TYPE_LONG_LONG
  FLOAT, DOUBLE, POINTER = TYPE_FLOAT, TYPE_DOUBLE, TYPE_VOIDP
end
include Types

def load(name) = Fiddle.dlopen("#{ENV.fetch("AIRLOCK_BUILD")}/spec/lib#{name}.so")

VALUES, CALLS, CALLBACKS, C = load("values"), load("calls"), load("callbacks"), Fiddle.dlopen(nil)

def function(library, name, result, *arguments) = Fiddle::Function.new(library[name], arguments, result)
def callback(result, *arguments, &block) = Fiddle::Closure::BlockCaller.new(result, arguments, &block)

# spec/lib/values.h; an unsigned type is its signed one negated.
{
  "char" => CHAR, "schar" => CHAR, "uchar" => -CHAR, "short" => SHORT, "ushort" => -SHORT, "int" => INT, "uint" => -INT, "long" => LONG,
  "ulong" => -LONG, "llong" => LLONG, "ullong" => -LLONG, "size" => -LONG, "wchar" => INT, "plain" => -INT, "signed" => INT, "wide" => LONG,
  "huge" => -LONG, "float" => FLOAT, "double" => DOUBLE, "string" => POINTER, "buffer" => POINTER, "address" => POINTER, "operation" => POINTER
}.each do |name, type|
  bind = ->(which, result, *arguments) { function(VALUES, "val_#{name}_#{which}", result, *arguments) }
  count, get = bind["count", INT].call, bind["get", type, INT]
  echo, same = bind["echo", type, type], bind["is", INT, type, INT]
  spread_types = [INT, type, DOUBLE, type, LONG, type, type, type, CHAR, *[type] * 5, FLOAT]
  spread = bind["spread", INT, *spread_types]
  count.times do |i|
    v = get.call(i)
    check(1, same.call(v, i), name)
    check(1, same.call(echo.call(v), i), name)
    check(14, spread.call(i, v, i + 0.5, v, -i, v, v, v, i, v, v, v, v, v, -i - 0.25), name)
  end

  give = ->(which, closure) { bind[which, INT, POINTER].call(closure) }
  check(count, give["send", callback(INT, type, INT) { |v, i| same.call(v, i) }], name)
  check(0, give["send", callback(INT, type, INT) { |v, i| same.call(v, (i + 1) % count) }], name)
  check(count, give["fetch", callback(type, INT) { |i| get.call(i).then { |v| type == POINTER ? v.to_i : v } }], name)
  check(14 * count, give["pour", callback(INT, *spread_types) { |*arguments| spread.call(*arguments) }], name)
  round = callback(type, INT, *[LONG] * 5, *[DOUBLE] * 8, SHORT, type, CHAR) do |i, *rest, v, last|
    check([2, 3, 4, 5, 6, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, -i], rest, name)
    check(i - 128, last, name)
    type == POINTER ? v.to_i : v
  end
  check(count, give["round", round], name)
end

# Variadic functions; many arguments.
describe = function(CALLS, "call_describe", POINTER, POINTER, Fiddle::TYPE_VARIADIC)
check("-1 -9223372036854775808 0.1 text -1e+300",
      describe.call("ildsd", INT, -1, LONG, -2**63, DOUBLE, 0.1, POINTER, "text", DOUBLE, -1e300).to_s)
letters = "ild" * 12
kinds = {"i" => INT, "l" => LONG, "d" => DOUBLE}
check((0...36).to_a.join(" "), describe.call(letters, *letters.each_char.with_index.flat_map { |letter, i| [kinds[letter], i] }).to_s)
20.times do |n|
  sum = function(CALLS, "call_sum", LONG, INT, Fiddle::TYPE_VARIADIC).call(n, *(1..n).flat_map { |i| [LONG, -i] })
  check((1..n).sum { |i| -i * i }, sum)
  sum = function(CALLS, "call_sum_doubles", DOUBLE, INT, Fiddle::TYPE_VARIADIC).call(n, *(1..n).flat_map { |i| [DOUBLE, i + 0.5] })
  check((1..n).sum { |i| i * (i + 0.5) }, sum)
end
check((0...20).sum { |i| (i + 1) * (i + 0.25) }, function(CALLS, "call_doubles20", DOUBLE, *[DOUBLE] * 20).call(*(0...20).map { |i| i + 0.25 }))
check(7.5, function(C, "ldexp", DOUBLE, DOUBLE, INT).call(0.9375, 3))

# errno, as the function leaves it.
function(CALLS, "call_fail", INT, INT).call(42)
check(42, Fiddle.last_error)

# Callbacks.
def sort(seed, n = 200)
  random = Random.new(seed)
  numbers = Array.new(n) { random.rand(-1000..1000) }
  array = Fiddle::Pointer.malloc(4 * n, Fiddle::RUBY_FREE)
  array[0, 4 * n] = numbers.pack("l*")
  compare = callback(INT, POINTER, POINTER) { |a, b| a[0, 4].unpack1("l") <=> b[0, 4].unpack1("l") }
  function(C, "qsort", VOID, POINTER, -LONG, -LONG, POINTER).call(array, n, 4, compare)
  array[0, 4 * n].unpack("l*") == numbers.sort
end

def make(n) = Array.new(n) { |i| callback(INT, INT) { |v| v + i } }
def all_right?(made) = made.each_with_index.all? { |closure, i| function(CALLBACKS, "cbk_call", INT, POINTER, INT).call(closure, 1000) == 1000 + i }

check([true] * 10, Array.new(10) { |seed| Thread.new { sort(seed) } }.map(&:value))
made = make(5000)
check(5000, made.map(&:to_i).uniq.size)
check(true, all_right?(made))
made = nil
GC.start
5.times { check(true, all_right?(make(500))) }

deeper = nil
deeper = callback(INT, INT) { |n| n == 0 ? 0 : 1 + function(CALLBACKS, "cbk_call", INT, POINTER, INT).call(deeper, n - 1) }
check(100, function(CALLBACKS, "cbk_call", INT, POINTER, INT).call(deeper, 100))

# What a callback raises goes past the C function (longjmp) to who called it.
thrower = callback(INT, INT) { |n| raise ArgumentError, "thrown at #{n}" }
5.times do |n|
  message = begin
    function(CALLBACKS, "cbk_call", INT, POINTER, INT).call(thrower, n)
  rescue ArgumentError => error
    error.message
  end
  check("thrown at #{n}", message)
  check(n, catch(:out) { function(CALLBACKS, "cbk_call", INT, POINTER, INT).call(callback(INT, INT) { |v| throw :out, v }, n) })
end

# Forked while threads make closures.
over, failures = false, 0
threads = Array.new(3) { |i| Thread.new { failures += 1 unless sort(i) && all_right?(make(20)) until over } }
10.times do
  child = Process.fork { exit!(sort(5) && all_right?(make(300)) ? 0 : 1) }
  Process.wait(child)
  check(0, $?.to_i)
end
over = true
threads.each(&:join)
check(0, failures)

puts "#{$nchecks} checks"
