<?php
// PHP's FFI extension as a client of libffi: the sample libraries' functions through FFI::cdef. Each value and record is made and judged by C.
declare(strict_types=1);

$build = getenv("AIRLOCK_BUILD") ?: "build";
$library = fn(string $name) => "$build/spec/lib$name.so";

$nchecks = 0;
function check(string $what, mixed $wanted, mixed $got): void
{
    global $nchecks;
    if ($wanted !== $got) {
        fwrite(STDERR, "$what: " . var_export($got, true) . ", not " . var_export($wanted, true) . "\n");
        exit(1);
    }
    $nchecks++;
}

// -- scalars: spec/lib/values.h ---------------------------------------------------------------------------------------------------

$types = ["bool" => "bool", "char" => "int8_t", "schar" => "signed char", "uchar" => "unsigned char", "short" => "short",
    "ushort" => "unsigned short", "int" => "int", "uint" => "unsigned", "long" => "long", "ulong" => "unsigned long",
    "llong" => "long long", "ullong" => "unsigned long long", "size" => "size_t", "wchar" => "int32_t", "signed" => "int",
    "float" => "float", "double" => "double", "address" => "void *"];

function declare_value(string $n, string $t): string
{
    return "int val_{$n}_count(void); $t val_{$n}_get(int); $t val_{$n}_echo($t); int val_{$n}_is($t, int);
        int val_{$n}_spread(int, $t, double, $t, long, $t, $t, $t, int8_t, $t, $t, $t, $t, $t, float);
        int val_{$n}_send(int (*)($t, int)); int val_{$n}_fetch($t (*)(int));
        int val_{$n}_pour(int (*)(int, $t, double, $t, long, $t, $t, $t, int8_t, $t, $t, $t, $t, $t, float));
        int val_{$n}_round($t (*)(int, long, long, long, long, long, double, double, double, double, double, double, double, double,
            short, $t, int8_t));";
}

$values = FFI::cdef(implode("\n", array_map(declare_value(...), array_keys($types), $types)), $library("values"));
foreach ($types as $name => $_) {
    $f = fn(string $short, ...$arguments) => $values->{"val_{$name}_$short"}(...$arguments);
    $count = $f("count");
    for ($i = 0; $i < $count; $i++) {
        $v = $f("get", $i);
        check("$name $i arrives", 1, $f("is", $v, $i));
        check("$name $i comes back", 1, $f("is", $f("echo", $v), $i));
        check("$name $i among others", 14, $f("spread", $i, $v, $i + .5, $v, -$i, $v, $v, $v, $i, $v, $v, $v, $v, $v, -$i - .25));
    }
    check("$name into callbacks", $count, $f("send", fn($v, $i) => $f("is", $v, $i)));
    check("$name out of callbacks", $count, $f("fetch", fn($i) => $f("get", $i)));
    check("$name spread into callbacks", 14 * $count, $f("pour", fn(...$all) => $f("spread", ...$all)));
    check("$name through callbacks", $count, $f("round", fn(...$all) => $all[15]));
}

// -- structs: spec/lib/records.h --------------------------------------------------------------------------------------------------

$records = ["pair" => "int a, b;", "char" => "char a;", "bools" => "bool a, b; short c;", "mixed" => "char a; double b; short c;",
    "int_float" => "int a; float b;", "floats_int" => "float a, b; int c;", "float3" => "float a, b, c;", "double2" => "double a, b;",
    "double3" => "double a, b, c;", "long_double" => "long a; double b;", "double_long" => "double a; long b;",
    "nested" => "char a; struct { float x, y; } at; short b;", "deep" => "struct { struct { struct { char a; } x; double b; } x; } x;",
    "double8" => "double a[8];", "large" => "char a; double b[30]; int c;", "ldouble_int" => "long double a; int b;",
    "typedefs" => "unsigned short a; int b; const char *name;"];

function declare_record(string $n, string $body): string
{
    $t = "struct rec_$n";
    return "$t { $body }; int rec_{$n}_size(void); $t rec_{$n}_make(int); $t rec_{$n}_echo($t); int rec_{$n}_is($t, int);
        int rec_{$n}_at_is($t *, int);
        int rec_{$n}_spread(int, $t, double, $t, long, $t, char, $t, $t, $t, float);";
}

// PHP's callbacks take no structs; and it does not say to libffi what an array in a struct is made of.
$recordsLibrary = FFI::cdef(implode("\n", array_map(declare_record(...), array_keys($records), $records)), $library("records"));
foreach ($records as $name => $_) {
    $f = fn(string $short, ...$arguments) => $recordsLibrary->{"rec_{$name}_$short"}(...$arguments);
    check("size of $name", $f("size"), FFI::sizeof($recordsLibrary->type("struct rec_$name")));
    for ($seed = 0; $seed < 5; $seed++) {
        $record = $f("make", $seed);
        $copy = $recordsLibrary->new("struct rec_$name");
        FFI::memcpy($copy, $record, FFI::sizeof($record));
        check("$name $seed arrives", 1, $f("is", $record, $seed));
        check("$name $seed copied", 1, $f("is", $copy, $seed));
        check("$name $seed comes back", 1, $f("at_is", FFI::addr($f("echo", $record)), $seed));
        check("$name $seed among others", 10, $f("spread", $seed, $record, $seed + .5, $record, -$seed, $record, chr($seed), $record,
            $record, $record, -$seed - .25));
    }
}

$arrays = FFI::cdef("struct rec_array { short a[3]; char b[5]; }; struct rec_array rec_array_make(int); int rec_array_at_is(struct rec_array *, int);
    struct pair { int a, b; }; struct rec_pairs { struct pair p[2]; }; struct rec_pairs rec_pairs_make(int);
    int rec_pairs_at_is(struct rec_pairs *, int);
    union rec_letters { long a; char b[12]; }; union rec_letters rec_letters_make(int); int rec_letters_at_is(union rec_letters *, int);", $library("records"));
for ($seed = 0; $seed < 5; $seed++) {
    foreach (["array", "pairs", "letters"] as $name) {
        $record = $arrays->{"rec_{$name}_make"}($seed);
        check("$name $seed comes back", 1, $arrays->{"rec_{$name}_at_is"}(FFI::addr($record), $seed));
    }
}

// -- strings, places, variables, function pointers, varargs: spec/lib/calls.h -------------------------------------------------------

$calls = FFI::cdef("
    typedef int (*call_binary)(int, int);
    struct call_operations { call_binary add, subtract; };
    struct call_big { long n[20]; };
    const char *call_same_text(const char *text);
    int call_is_null(const void *pointer);
    void call_swap(int *a, int *b);
    void call_upper(char *text);
    void call_hand_out_text(const char **text, size_t *length);
    double call_doubles20(double, double, double, double, double, double, double, double, double, double, double, double, double, double,
        double, double, double, double, double, double);
    int call_apply(call_binary function, int a, int b);
    call_binary call_choose(char operation);
    struct call_big call_big_add(struct call_big a, struct call_big b, long n);
    const char *call_describe(const char *types, ...);
    long call_sum(int count, ...);
    double call_sum_doubles(int count, ...);
    struct call_big call_big_variadic(long first, ...);
    int call_count(void);
    extern struct call_operations call_operations;
    extern int call_counter;
", $library("calls"));

check("text", "a\u{e9}", $calls->call_same_text("a\u{e9}"));
check("NULL", 1, $calls->call_is_null(null));
[$a, $b] = [FFI::new("int"), FFI::new("int")];
[$a->cdata, $b->cdata] = [3, -4];
$calls->call_swap(FFI::addr($a), FFI::addr($b));
check("swapped", [-4, 3], [$a->cdata, $b->cdata]);
$text = FFI::new("char[6]");
FFI::memcpy($text, "upper\0", 6);
$calls->call_upper($text);
check("written text", "UPPER", FFI::string($text));
[$place, $length] = [FFI::new("char *"), FFI::new("size_t")];
$calls->call_hand_out_text(FFI::addr($place), FFI::addr($length));
check("a place for text", "handed out", FFI::string($place, $length->cdata));
$numbers = array_map(fn($i) => $i + .5, range(1, 20));
check("20 doubles", array_sum(array_map(fn($i) => $i * ($i + .5), range(1, 20))), $calls->call_doubles20(...$numbers));
check("a C function as callback", 7, $calls->call_apply($calls->call_choose("+"), 3, 4));
check("a function pointer called", -1, ($calls->call_choose("-"))(3, 4));
check("a function pointer of a struct", 7, ($calls->call_operations->add)(3, 4));
check("a closure", 12, $calls->call_apply(fn($x, $y) => $x * $y, 3, 4));
check("a method", 81, $calls->call_apply((new class {
    public function power(int $x, int $y): int
    {
        return $x ** $y;
    }
})->power(...), 3, 4));
$calls->call_counter = 41;
check("a variable", [42, 42], [$calls->call_count(), $calls->call_counter]);
$big = $calls->new("struct call_big");
for ($i = 0; $i < 20; $i++) {
    $big->n[$i] = $i;
}
$sum = $calls->call_big_add($big, $big, 10);
check("160 bytes", array_map(fn($i) => 11 * $i, range(0, 19)), array_map(fn($i) => $sum->n[$i], range(0, 19)));
check("varargs", "1 -2 2.5 text", $calls->call_describe("ilds", 1, -2, 2.5, "text"));
check("longs on the stack", array_sum(array_map(fn($i) => $i * $i, range(1, 20))), $calls->call_sum(20, ...range(1, 20)));
check("doubles on the stack", implode(" ", array_map(fn($i) => "$i.5", range(1, 12))),
    $calls->call_describe(str_repeat("d", 12), ...array_map(fn($i) => $i + .5, range(1, 12))));
check("doubles weighed", 39.0, $calls->call_sum_doubles(12, ...array_fill(0, 12, .5)));

// -- closures: kept, many, in callbacks, in a child: spec/lib/callbacks.h -------------------------------------------------------------

$callbacks = FFI::cdef("typedef int (*cbk_int)(int); int cbk_sum(cbk_int f, int n); int cbk_call(cbk_int f, int n); void cbk_keep(cbk_int f);
    int cbk_kept(int n);", $library("callbacks"));
check("a sum", 285, $callbacks->cbk_sum(fn($n) => $n * $n, 10));
$nested = function (int $n) use (&$nested, $callbacks): int {
    return $n == 0 ? 0 : 1 + $callbacks->cbk_call($nested, $n - 1);
};
check("callbacks in callbacks", 50, $callbacks->cbk_call($nested, 50));
$callbacks->cbk_keep(fn($n) => $n + 100);
for ($i = 0; $i < 3000; $i++) {
    check("closure $i", $i + 5, $callbacks->cbk_call(fn($n) => $n + $i, 5));
    if ($i % 500 == 0) {
        gc_collect_cycles();
    }
}
check("the kept one", 105, $callbacks->cbk_kept(5));

$libc = FFI::cdef("void qsort(int *base, size_t n, size_t size, int (*compare)(const int *, const int *));
    int snprintf(char *text, size_t size, const char *format, ...);
    int fork(void); int waitpid(int, int *, int); void _exit(int);");
$list = FFI::new("int[100]");
for ($i = 0; $i < 100; $i++) {
    $list[$i] = $i * 37 % 100;
}
$libc->qsort($list, 100, 4, fn($x, $y) => $x[0] <=> $y[0]);
check("qsort", range(0, 99), array_map(fn($i) => $list[$i], range(0, 99)));
$room = FFI::new("char[100]");
$libc->snprintf($room, 100, "%ld %s %.3f %c", -7, "s", 2.5, 65);
check("snprintf", "-7 s 2.500 A", FFI::string($room));

$child = $libc->fork();
if ($child == 0) {
    $right = $callbacks->cbk_kept(1) == 101 && $callbacks->cbk_sum(fn($n) => $n, 10) == 45;
    $libc->_exit($right ? 0 : 1);
}
$status = FFI::new("int");
$libc->waitpid($child, FFI::addr($status), 0);
check("a child", 0, $status->cdata);

echo "$nchecks checks\n";
