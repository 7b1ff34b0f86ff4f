# Raku's NativeCall on the libffi that the loader finds. The sample libraries of spec/lib, compiled by the C compiler, are the oracle.
use NativeCall;
use MONKEY-SEE-NO-EVAL;

my $nchecks = 0;
sub check($expected, $value, $what) {
    die "$what: expected $expected.raku(), got $value.raku()" unless $expected eqv $value;
    $nchecks++;
}
constant BUILD = %*ENV<AIRLOCK_BUILD>;

# spec/lib/values.h. NativeCall fixes types when a sub is compiled, so the text is made for each. Rakudo has no room for large numbers where C
# takes unsigned 64 bits: the signed ones have the same bytes.
my %types =
    bool => 'bool', schar => 'int8', uchar => 'uint8', short => 'int16', ushort => 'uint16', int => 'int32', uint => 'uint32', wchar => 'int32',
    plain => 'uint32', signed => 'int32', llong => 'longlong', float => 'num32', double => 'num64',
    |<long ulong ullong size wide huge buffer address operation>.map(* => 'int64');
my $text = q:to/END/;
    constant LIBRARY = BUILD ~ '/spec/libvalues.so';
    sub val_NAME_count(--> int32) is native(LIBRARY) {*}
    sub val_NAME_get(int32 --> TYPE) is native(LIBRARY) {*}
    sub val_NAME_echo(TYPE --> TYPE) is native(LIBRARY) {*}
    sub val_NAME_is(TYPE, int32 --> int32) is native(LIBRARY) {*}
    sub val_NAME_spread(int32, SPREAD --> int32) is native(LIBRARY) {*}
    sub val_NAME_send(&f (TYPE, int32 --> int32) --> int32) is native(LIBRARY) {*}
    sub val_NAME_fetch(&f (int32 --> TYPE) --> int32) is native(LIBRARY) {*}
    sub val_NAME_pour(&f (int32, SPREAD --> int32) --> int32) is native(LIBRARY) {*}
    my $count = val_NAME_count;
    for ^$count -> $i {
        my $v = val_NAME_get($i);
        check(1, val_NAME_is($v, $i), 'NAME');
        check(1, val_NAME_is(val_NAME_echo($v), $i), 'NAME');
        check(14, val_NAME_spread($i, $v, $i + .5e0, $v, -$i, $v, $v, $v, $i, $v, $v, $v, $v, $v, -$i - .25e0), 'NAME');
    }
    check($count, val_NAME_send(-> $v, $i { val_NAME_is($v, $i) }), 'NAME send');
    check($count, val_NAME_fetch(-> $i { val_NAME_get($i) }), 'NAME fetch');
    check(14 * $count, val_NAME_pour(-> *@all { val_NAME_spread(|@all) }), 'NAME pour');
    END
for %types.sort -> (:key($name), :value($type)) {
    my $spread = ($type, 'num64', $type, 'int64', $type xx 3, 'int8', $type xx 5, 'num32').flat.join(', ');
    EVAL $text.subst('NAME', $name, :g).subst('SPREAD', $spread, :g).subst('TYPE', $type, :g);
}

# Structs go by address.
class Pair is repr('CStruct') { has int32 $.a; has int32 $.b }
class Mixed is repr('CStruct') { has int8 $.a; has num64 $.b; has int16 $.c }
constant RECORDS = BUILD ~ '/spec/librecords.so';
sub rec_pair_fill(Pair, int32) is native(RECORDS) {*}
sub rec_pair_at_is(Pair, int32 --> int32) is native(RECORDS) {*}
sub rec_mixed_fill(Mixed, int32) is native(RECORDS) {*}
sub rec_mixed_at_is(Mixed, int32 --> int32) is native(RECORDS) {*}
sub rec_mixed_leaf(Mixed, int32 --> num64) is native(RECORDS) {*}
for ^5 -> $seed {
    my ($pair, $mixed) = Pair.new, Mixed.new;
    rec_pair_fill($pair, $seed);
    rec_mixed_fill($mixed, $seed);
    check(1, rec_pair_at_is($pair, $seed), 'pair');
    check(1, rec_mixed_at_is($mixed, $seed), 'mixed');
    check(rec_mixed_leaf($mixed, 1), $mixed.b, 'a member');
}

# Many arguments, and callbacks of their own.
constant CALLS = BUILD ~ '/spec/libcalls.so';
EVAL q:to/END/.subst('NUMBERS', ('num64' xx 20).join(', '));
    sub call_doubles20(NUMBERS --> num64) is native(CALLS) {*}
    check([+]((^20).map: { ($_ + 1) * ($_ + .25e0) }), call_doubles20(|(^20).map(* + .25e0)), 'call_doubles20');
    END
sub call_apply(&function (int32, int32 --> int32), int32, int32 --> int32) is native(CALLS) {*}
for ^500 -> $n {
    check(35 + $n, call_apply(-> $a, $b { $a * $b + $n }, 7, 5), 'call_apply');
}
sub qsort(CArray[int32], size_t, size_t, &compare (Pointer[int32], Pointer[int32] --> int32)) is native {*}
my @numbers = (^200).map: * * 7919 % 10007;
my $array = CArray[int32].new(@numbers);
qsort($array, 200, 4, -> $a, $b { ($a.deref <=> $b.deref).Int });
check(@numbers.sort.List, $array.list.List, 'qsort');

say "$nchecks checks";
