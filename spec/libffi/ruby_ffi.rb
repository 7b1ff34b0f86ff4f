# ruby-ffi as a client of libffi: the sample libraries' functions through FFI::Library. Each value and record is made and judged by C.
require "ffi"

LIBRARY = ->(name) { "#{ENV.fetch("AIRLOCK_BUILD", "build")}/spec/lib#{name}.so" }

$nchecks = 0
def check(what, wanted, got)
  abort "#{what}: #{got.inspect}, not #{wanted.inspect}" unless wanted == got
  $nchecks += 1
end

# -- scalars: spec/lib/values.h ---------------------------------------------------------------------------------------------------

module Values
  extend FFI::Library
  ffi_lib LIBRARY["values"]
  TYPES = { bool: :bool, char: :char, schar: :int8, uchar: :uchar, short: :short, ushort: :ushort, int: :int, uint: :uint, long: :long,
            ulong: :ulong, llong: :long_long, ullong: :ulong_long, size: :size_t, wchar: :int32, plain: :uint32, signed: :int32,
            float: :float, double: :double, address: :pointer, buffer: :pointer }.freeze
  SPREAD = ->(t) { [:int, t, :double, t, :long, t, t, t, :char, t, t, t, t, t, :float] }
  ROUND = ->(t) { [:int, *[:long] * 5, *[:double] * 8, :short, t, :char] }
  TYPES.each do |name, t|
    attach_function :"val_#{name}_count", [], :int
    attach_function :"val_#{name}_get", [:int], t
    attach_function :"val_#{name}_echo", [t], t
    attach_function :"val_#{name}_is", [t, :int], :int
    attach_function :"val_#{name}_spread", SPREAD[t], :int
    callback :"#{name}_send", [t, :int], :int
    callback :"#{name}_fetch", [:int], t
    callback :"#{name}_pour", SPREAD[t], :int
    callback :"#{name}_round", ROUND[t], t
    %w[send fetch pour round].each { |way| attach_function :"val_#{name}_#{way}", [:"#{name}_#{way}"], :int }
  end
end

Values::TYPES.each_key do |name|
  f = ->(function, *arguments, &block) { Values.public_send(:"val_#{name}_#{function}", *arguments, &block) }
  spread = ->(value, i) { f[:spread, i, value, i + 0.5, value, -i, value, value, value, i, value, value, value, value, value, -i - 0.25] }
  count = f[:count]
  count.times do |i|
    check "#{name} #{i} arrives", 1, f[:is, f[:get, i], i]
    check "#{name} #{i} comes back", 1, f[:is, f[:echo, f[:get, i]], i]
    check "#{name} #{i} among others", 14, spread[f[:get, i], i]
  end
  check "#{name} into callbacks", count, f.call(:send) { |value, i| f[:is, value, i] }
  check "#{name} out of callbacks", count, f.call(:fetch) { |i| f[:get, i] }
  check "#{name} spread into callbacks", 14 * count, f.call(:pour) { |*all| f[:spread, *all] }
  check "#{name} through callbacks", count, f.call(:round) { |*all| all[-2] }
end

# -- structs and unions: spec/lib/records.h --------------------------------------------------------------------------------------------------

class RecPair < FFI::Struct
  layout :a, :int, :b, :int
end

class Place < FFI::Struct
  layout :x, :float, :y, :float
end

class Inner < FFI::Struct
  layout :a, :char
end

class Middle < FFI::Struct
  layout :x, Inner, :b, :double
end

class Outer < FFI::Struct
  layout :x, Middle
end

class Number < FFI::Union
  layout :a, :int, :b, :double
end

class Letters < FFI::Union
  layout :a, :long, :b, [:char, 12]
end

class CharShort < FFI::Struct
  layout :b, :char, :c, :short
end

class Either < FFI::Union
  layout :a, :float, :d, CharShort
end

class DoubleOrLong < FFI::Union
  layout :a, :double, :b, :long
end

LAYOUTS = {
  pair: RecPair, number: Number, letters: Letters, either: Either, variant: [:kind, :int, :as, DoubleOrLong],
  char: %i[a char], bools: %i[a bool b bool c short], mixed: %i[a char b double c short], int_float: %i[a int b float],
  floats_int: %i[a float b float c int], float3: %i[a float b float c float], double2: %i[a double b double],
  double3: %i[a double b double c double], long_double: %i[a long b double], double_long: %i[a double b long],
  nested: [:a, :char, :at, Place, :b, :short], deep: [:x, Outer], array: [:a, [:short, 3], :b, [:char, 5]],
  matrix: [:m, [:float, 4]], pairs: [:p, [RecPair, 2]], double8: [:a, [:double, 8]], large: [:a, :char, :b, [:double, 30], :c, :int],
  ldouble_int: %i[a long_double b int], typedefs: [:a, :ushort, :b, :int, :name, :pointer],
}.transform_values { |fields| fields.is_a?(Array) ? Class.new(FFI::Struct) { layout(*fields) } : fields }

module Records
  extend FFI::Library
  ffi_lib LIBRARY["records"]
  SPREAD = ->(t) { [:int, t, :double, t, :long, t, :char, t, t, t, :float] }
  ROUND = ->(t) { [:int, *[:long] * 5, *[:double] * 8, :short, t, :char] }
  LAYOUTS.each do |name, layout|
    t = layout.by_value
    attach_function :"rec_#{name}_size", [], :int
    attach_function :"rec_#{name}_make", [:int], t
    attach_function :"rec_#{name}_echo", [t], t
    attach_function :"rec_#{name}_is", [t, :int], :int
    attach_function :"rec_#{name}_at_is", [layout.by_ref, :int], :int
    attach_function :"rec_#{name}_spread", SPREAD[t], :int
    callback :"#{name}_send", [t, :int], :int
    callback :"#{name}_fetch", [:int], t
    callback :"#{name}_pour", SPREAD[t], :int
    callback :"#{name}_round", ROUND[t], t
    %w[send fetch pour round].each { |way| attach_function :"rec_#{name}_#{way}", [:"#{name}_#{way}"], :int }
  end
end

NSEEDS = 5
LAYOUTS.each do |name, layout|
  f = ->(function, *arguments, &block) { Records.public_send(:"rec_#{name}_#{function}", *arguments, &block) }
  spread = ->(record, i) { f[:spread, i, record, i + 0.5, record, -i, record, i, record, record, record, -i - 0.25] }
  check "size of #{name}", f[:size], layout.size
  NSEEDS.times do |seed|
    check "#{name} #{seed} arrives", 1, f[:is, f[:make, seed], seed]
    check "#{name} #{seed} comes back", 1, f[:at_is, f[:echo, f[:make, seed]], seed]
    check "#{name} #{seed} among others", 10, spread[f[:make, seed], seed]
  end
  check "#{name} into callbacks", NSEEDS, f.call(:send) { |record, seed| f[:is, record, seed] }
  check "#{name} out of callbacks", NSEEDS, f.call(:fetch) { |seed| f[:make, seed] }
  check "#{name} spread into callbacks", 10 * NSEEDS, f.call(:pour) { |*all| f[:spread, *all] }
  check "#{name} through callbacks", NSEEDS, f.call(:round) { |*all| all[-2] }
end

# -- strings, places, variables, enums, function pointers, varargs: spec/lib/calls.h ------------------------------------------------

class Operations < FFI::Struct
  layout :add, FFI::FunctionType.new(:int, %i[int int]), :subtract, :pointer
end

class Big < FFI::Struct
  layout :n, [:long, 20]
end

module Calls
  extend FFI::Library
  ffi_lib LIBRARY["calls"]
  callback :binary, %i[int int], :int
  attach_function :call_same_text, [:string], :string
  attach_function :call_is_null, [:pointer], :int
  attach_function :call_swap, %i[pointer pointer], :void
  attach_function :call_upper, [:buffer_inout], :void
  attach_function :call_hand_out_text, %i[pointer pointer], :void
  attach_function :call_doubles20, [:double] * 20, :double
  attach_function :call_add, %i[int int], :int
  attach_function :call_apply, %i[binary int int], :int
  attach_function :call_choose, [:char], :binary
  attach_function :call_big_add, [Big.by_value, Big.by_value, :long], Big.by_value
  attach_function :call_describe, %i[string varargs], :string
  attach_function :call_sum, %i[int varargs], :long
  attach_function :call_sum_doubles, %i[int varargs], :double
  attach_function :call_big_variadic, %i[long varargs], Big.by_value
  attach_function :call_fail, [:int], :int
  attach_variable :call_operations, Operations
  attach_variable :call_counter, :int
  attach_function :call_count, [], :int
end

check "text", "a\u00e9", Calls.call_same_text("a\u00e9").force_encoding("UTF-8")
check "no text", nil, Calls.call_same_text(nil)
check "NULL", 1, Calls.call_is_null(nil)
a, b = FFI::MemoryPointer.new(:int), FFI::MemoryPointer.new(:int)
a.write_int(3)
b.write_int(-4)
Calls.call_swap(a, b)
check "swapped", [-4, 3], [a.read_int, b.read_int]
text = FFI::MemoryPointer.from_string("upper")
Calls.call_upper(text)
check "written text", "UPPER", text.read_string
place, length = FFI::MemoryPointer.new(:pointer), FFI::MemoryPointer.new(:size_t)
Calls.call_hand_out_text(place, length)
check "a place for text", "handed out", place.read_pointer.read_string(length.read_ulong)
check "20 doubles", (1..20).sum { |i| i * (i + 0.5) }, Calls.call_doubles20(*(1..20).map { |i| i + 0.5 })
check "a C function as callback", 7, Calls.call_apply(Calls.call_choose("+".ord), 3, 4)
check "a function pointer called", -1, Calls.call_choose("-".ord).call(3, 4)
check "a function pointer of a struct", 7, Calls.call_operations[:add].call(3, 4)
check "a block", 12, Calls.call_apply(->(x, y) { x * y }, 3, 4)
Calls.call_counter = 41
check "a variable", [42, 42], [Calls.call_count, Calls.call_counter]
big = Big.new
20.times { |i| big[:n][i] = i }
sum = Calls.call_big_add(big, big, 10)
check "160 bytes", (0...20).map { |i| 11 * i }, sum[:n].to_a
check "varargs", "1 -2 2.5 text 0.25 3", Calls.call_describe("ildsdi", :int, 1, :long, -2, :double, 2.5, :string, "text", :float, 0.25, :char, 3)
check "many longs", (1..20).sum { |i| i * i }, Calls.call_sum(20, *(1..20).flat_map { |i| [:long, i] })
check "many doubles", (1..12).sum { |i| i * 0.5 }, Calls.call_sum_doubles(12, *([:double, 0.5] * 12))
described = Calls.call_describe("d" * 12, *(1..12).flat_map { |i| [:double, i + 0.5] })
check "doubles on the stack", (1..12).map { |i| "#{i}.5" }.join(" "), described
Calls.call_fail(33)
check "errno", 33, FFI.errno

class Colours
  extend FFI::Library
  ffi_lib LIBRARY["values"]
  enum :plain, [:none, 0, :one, 1, :many, 77]
  attach_function :val_plain_is, %i[plain int], :int
  attach_function :val_plain_get, [:int], :plain
end
check "an enum by name", 1, Colours.val_plain_is(:many, 2)
check "an enum's name", :many, Colours.val_plain_get(2)

# -- closures: kept, called by other threads, many, collected: spec/lib/callbacks.h -------------------------------------------------

class Small < FFI::Struct
  layout :a, :int, :b, :float
end

module Callbacks
  extend FFI::Library
  ffi_lib LIBRARY["callbacks"]
  callback :int_to_int, [:int], :int
  callback :small_to_small, [Small.by_value], Small.by_value
  callback :many, [*[:long] * 8, *[:double] * 9], :long
  attach_function :cbk_sum, %i[int_to_int int], :int
  attach_function :cbk_call, %i[int_to_int int], :int
  attach_function :cbk_keep, [:int_to_int], :void
  attach_function :cbk_kept, [:int], :int
  %i[int small many].zip(%i[int_to_int small_to_small many]) { |name, type| attach_function :"cbk_start_#{name}", [type, :int, :int], :pointer }
  attach_function :cbk_join, [:pointer], :long, blocking: true
  callback :nothing, [], :void
  attach_function :cbk_errno, %i[nothing int], :int
end

check "a sum", 285, Callbacks.cbk_sum(->(n) { n * n }, 10)
nested = ->(n) { n.zero? ? 0 : 1 + Callbacks.cbk_call(nested, n - 1) }
check "callbacks in callbacks", 50, Callbacks.cbk_call(nested, 50)
kept = FFI::Function.new(:int, [:int]) { |n| n + 100 }
Callbacks.cbk_keep(kept)
functions = Array.new(2000) { |i| FFI::Function.new(:int, [:int]) { |n| n + i } }
check "2000 closures", (0...2000).map { |i| i + 1 }, functions.map { |function| Callbacks.cbk_call(function, 1) }
functions.each_with_index { |function, i| function.free if i.odd? }
functions = nil
GC.start
500.times { |i| check "closure #{i} after the others went", i + 5, Callbacks.cbk_call(FFI::Function.new(:int, [:int]) { |n| n + i }, 5) }
GC.start
check "the kept one", 105, Callbacks.cbk_kept(5)

# Ruby takes calls of foreign threads over to a thread of its own.
threads = Callbacks.cbk_start_int(->(n) { 3 * n + 1 }, 4, 50)
check "ints from threads", 200, Callbacks.cbk_join(threads)
threads = Callbacks.cbk_start_small(->(s) { Small.new.tap { |r| r[:a] = 3 * s[:a] + 1; r[:b] = 3 * s[:b] + 1 } }, 4, 50)
check "structs from threads", 200, Callbacks.cbk_join(threads)
threads = Callbacks.cbk_start_many(->(*all) { 3 * all.sum.to_i + 1 }, 4, 50)
check "17 arguments from threads", 200, Callbacks.cbk_join(threads)
sums = Array.new(4) { |i| Thread.new { (0...100).sum { |n| Callbacks.cbk_call(->(m) { m + i }, n) } } }.map(&:value)
check "Ruby's threads", (0...4).map { |i| 4950 + 100 * i }, sums

begin
  Callbacks.cbk_call(->(_) { raise ArgumentError, "out of a callback" }, 1)
rescue ArgumentError => e
  raised = e.message
end
check "an exception through C", "out of a callback", raised

# -- libc, and a child --------------------------------------------------------------------------------------------------------------

module Libc
  extend FFI::Library
  ffi_lib FFI::Library::LIBC
  callback :compare, %i[pointer pointer], :int
  attach_function :qsort, %i[pointer size_t size_t compare], :void
  attach_function :snprintf, %i[pointer size_t string varargs], :int
end

numbers = FFI::MemoryPointer.new(:int, 100).write_array_of_int((0...100).map { |i| i * 37 % 100 })
Libc.qsort(numbers, 100, 4, ->(x, y) { x.read_int <=> y.read_int })
check "qsort", (0...100).to_a, numbers.read_array_of_int(100)
room = FFI::MemoryPointer.new(100)
Libc.snprintf(room, 100, "%d %s %.3f %lld %c", :int, -7, :string, "s", :double, 2.5, :long_long, 1 << 40, :int, 65)
check "snprintf", "-7 s 2.500 1099511627776 A", room.read_string

child = fork do
  right = Callbacks.cbk_kept(1) == 101 && Callbacks.cbk_sum(->(n) { n }, 10) == 45
  exit!(right ? 0 : 1)
end
Process.wait(child)
check "a child", 0, $?.exitstatus

puts "#{$nchecks} checks"
