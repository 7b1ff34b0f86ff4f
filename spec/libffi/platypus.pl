# Perl's FFI::Platypus on the libffi that the loader finds. The sample libraries of spec/lib, compiled by the C compiler, are the oracle.
use strict;
use warnings;
use FFI::Platypus;
use FFI::Platypus::Buffer;
use POSIX ();
use Test::More;

my $ffi = FFI::Platypus->new(api => 2);
$ffi->lib(undef, map { "$ENV{AIRLOCK_BUILD}/spec/lib$_.so" } qw(values records calls callbacks));

# A C function; one that takes a closure, whose type stands among the argument types.
sub c { my ($name, $result, @arguments) = @_; return $ffi->function($name => \@arguments => $result) }
sub variadic { my ($name, $result, $fixed, $rest) = @_; return $ffi->function($name => $fixed => $rest => $result) }

my @behind = (('long') x 5, ('double') x 8, 'short');
my @values_behind = (2, 3, 4, 5, 6, .5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5);

# The functions PREFIX_WHICH of a sample library for one type, given values 0 to count - 1 by $make and seen through `is`.
sub check_calls {
    my ($prefix, $type, $count, $make) = @_;
    my ($get, $echo) = (c("${prefix}_$make", $type, 'int'), c("${prefix}_echo", $type, $type));
    my $is = c("${prefix}_is", 'int', $type, 'int');
    my ($is_right, $is_back) = (0, 0);
    for my $i (0 .. $count - 1) {
        $is_right += $is->call($get->call($i), $i);
        $is_back += $is->call($echo->call($get->call($i)), $i);
    }
    is $is_right, $count, "$prefix: results and arguments";
    is $is_back, $count, "$prefix: there and back";
}

# @spread: the arguments of `spread`, all of which it counts.
sub check_closures {
    my ($prefix, $type, $count, $make, @spread) = @_;
    my $give = sub {
        my ($which, $handler, @types) = @_;
        my $closure = $ffi->closure($handler);
        return c("${prefix}_$which", 'int', '(' . join(',', @types[1 .. $#types]) . ")->$types[0]")->call($closure);
    };
    my ($get, $is, $spread) = (c("${prefix}_$make", $type, 'int'), c("${prefix}_is", 'int', $type, 'int'), c("${prefix}_spread", 'int', @spread));
    is $give->('send', sub { $is->call(@_) }, 'int', $type, 'int'), $count, "$prefix: to a callback";
    is $give->('fetch', sub { $get->call(@_) }, $type, 'int'), $count, "$prefix: from a callback";
    is $give->('pour', sub { $spread->call(@_) }, 'int', @spread), $#spread * $count, "$prefix: to a callback among others";
    my $is_surrounded = 0;
    my $round = sub {
        my ($i, @rest) = @_;
        my ($value, $last) = splice @rest, -2;
        $is_surrounded += "@rest" eq "@values_behind " . -$i && $last == $i - 128;
        return $value;
    };
    is $give->('round', $round, $type, 'int', @behind, $type, 'sint8'), $count, "$prefix: back behind a full stack";
    is $is_surrounded, $count, "$prefix: and what surrounds it";
}

# -- scalars -------------------------------------------------------------------------------------------------------------------

my %types = (
    bool => 'bool', char => 'sint8', schar => 'sint8', uchar => 'uint8', short => 'short', ushort => 'unsigned short', int => 'int',
    uint => 'unsigned int', long => 'long', ulong => 'unsigned long', llong => 'long long', ullong => 'unsigned long long',
    size => 'size_t', wchar => 'sint32', plain => 'uint32', signed => 'sint32', wide => 'sint64', huge => 'uint64', float => 'float',
    double => 'double', string => 'opaque', buffer => 'opaque', address => 'opaque', operation => 'opaque',
);
for my $name (sort keys %types) {
    my $type = $types{$name};
    my @arguments = ("val_$name", $type, c("val_${name}_count", 'int')->call, 'get');
    check_calls(@arguments);
    check_closures(@arguments, 'int', $type, 'double', $type, 'long', ($type) x 3, 'sint8', ($type) x 5, 'float');
}

# Not in closures, says Platypus.
my %outside = (ldouble => 'longdouble', cfloat => 'complex_float', cdouble => 'complex_double');
check_calls("val_$_", $outside{$_}, c("val_${_}_count", 'int')->call, 'get') for sort keys %outside;

# -- records -------------------------------------------------------------------------------------------------------------------

# Those that end where their last member does: Platypus knows no padding there.
my %records = (
    pair => [qw(sint32 a sint32 b)], char => [qw(sint8 a)], bools => [qw(bool a bool b sint16 c)], int_float => [qw(sint32 a float b)],
    floats_int => [qw(float a float b sint32 c)], float3 => [qw(float a float b float c)], double2 => [qw(double a double b)],
    double3 => [qw(double a double b double c)], long_double => [qw(sint64 a double b)], double_long => [qw(double a sint64 b)],
    matrix => [qw(float[4] m)], pairs => [qw(sint32[4] p)], double8 => [qw(double[8] a)], typedefs => [qw(uint16 a sint32 b opaque name)],
);
for my $name (sort keys %records) {
    my @layout = map { "'$_'" } @{$records{$name}};
    eval "package Record::$name; use FFI::Platypus::Record; record_layout_1(" . join(',', @layout) . "); 1" or die $@;
    my $type = "rec_$name";
    $ffi->type("record(Record::$name)" => $type);
    is "Record::$name"->_ffi_record_size, c("rec_${name}_size", 'int')->call, "rec_$name: size";
    my @arguments = ("rec_$name", $type, 5, 'make');
    check_calls(@arguments);
    check_closures(@arguments, 'int', $type, 'double', $type, 'long', $type, 'sint8', ($type) x 3, 'float');
}

# -- variadic functions, many arguments, errno -----------------------------------------------------------------------------------

is variadic('call_describe', 'string', ['string'], [qw(int long double string double)])->call('ildsd', -1, POSIX::LONG_MIN, .1, 'text', -1e300),
    '-1 -9223372036854775808 0.1 text -1e+300', 'call_describe';
for my $n (1 .. 20) {
    my ($sum, $doubles) = (0, 0);
    $sum -= $_ * $_, $doubles += $_ * ($_ + .5) for 1 .. $n;
    is variadic('call_sum', 'long', ['int'], [('long') x $n])->call($n, map { -$_ } 1 .. $n), $sum, "call_sum of $n";
    is variadic('call_sum_doubles', 'double', ['int'], [('double') x $n])->call($n, map { $_ + .5 } 1 .. $n), $doubles, "call_sum_doubles of $n";
}
my $total = 0;
$total += ($_ + 1) * ($_ + .25) for 0 .. 19;
is c('call_doubles20', 'double', ('double') x 20)->call(map { $_ + .25 } 0 .. 19), $total, 'call_doubles20';
c('call_fail', 'int', 'int')->call(42);
is $! + 0, 42, 'errno';

# -- closures ------------------------------------------------------------------------------------------------------------------

my $call = c('cbk_call', 'int', '(int)->int', 'int');

sub sort_is_right {
    my ($seed) = @_;
    my @numbers = map { ($seed + $_ * 7919) % 10007 } 1 .. 200;
    my $array = pack 'l*', @numbers;
    my ($address, $nbytes) = scalar_to_buffer $array;
    my $at = sub { my $cast = $ffi->cast('opaque' => 'sint32*', $_[0]); return $$cast };
    my $compare = $ffi->closure(sub { $at->($_[0]) <=> $at->($_[1]) });
    c('qsort', 'void', 'opaque', 'size_t', 'size_t', '(opaque,opaque)->int')->call($address, $nbytes / 4, 4, $compare);
    return join(' ', unpack 'l*', $array) eq join(' ', sort { $a <=> $b } @numbers);
}
ok sort_is_right($_), "qsort $_" for 1 .. 3;

# The first call of a closure makes its code: all are called before each is checked.
sub work {
    my @made = map { my $n = $_; $ffi->closure(sub { $_[0] + $n }) } 1 .. $_[0];
    $call->call($_, 0) for @made;
    my @right = grep { $call->call($made[$_], 1000) == 1001 + $_ } 0 .. $#made;
    return @right == $_[0];
}
ok work(5000), 'many closures';
ok work(500), 'again' for 1 .. 5;

no warnings 'recursion';
my $deeper;
$deeper = $ffi->closure(sub { $_[0] == 0 ? 0 : 1 + $call->call($deeper, $_[0] - 1) });
is $call->call($deeper, 100), 100, 'a closure that calls itself through C';

{
    my $warning = '';
    local $SIG{__WARN__} = sub { $warning .= $_[0] };
    $call->call($ffi->closure(sub { die "no way\n" }), 1);
    like $warning, qr/no way/, 'what a closure dies of is a warning';
}

for (1 .. 5) {
    my $child = fork;
    POSIX::_exit(work(300) && sort_is_right($_) ? 0 : 1) if $child == 0;
    waitpid $child, 0;
    is $?, 0, 'a forked child makes closures';
}

done_testing;
