# Perl's Glib::Object::Introspection as a client of libffi: the sample library's functions (values_gir.lua), called and calling back.
use strict;
use warnings;
use Glib::Object::Introspection;

Glib::Object::Introspection->setup(basename => "Values", version => "1.0", package => "Values");
Glib::Object::Introspection->setup(basename => "Gio", version => "2.0", package => "Gio");

my $nchecks = 0;

sub check {
    my ($what, $wanted, $got) = @_;
    die "$what: $got, not $wanted\n" unless $wanted eq $got;
    $nchecks++;
}

sub check_values {
    my ($name) = @_;
    my $f = sub { my $short = shift; no strict "refs"; &{"Values::${name}_$short"}(@_) };
    my $spread = sub { my ($v, $i) = @_; $f->("spread", $i, $v, $i + .5, $v, -$i, $v, $v, $v, $i, $v, $v, $v, $v, $v, -$i - .25) };
    my $count = $f->("count");
    for my $i (0 .. $count - 1) {
        my $v = $f->("get", $i);
        check("$name $i arrives", 1, $f->("is", $v, $i));
        check("$name $i comes back", 1, $f->("is", $f->("echo", $v), $i));
        check("$name $i among others", 14, $spread->($v, $i));
    }
    check("$name into callbacks", $count, $f->("send", sub { $f->("is", $_[0], $_[1]) }));
    check("$name out of callbacks", $count, $f->("fetch", sub { $f->("get", $_[0]) }));
    check("$name spread into callbacks", 14 * $count, $f->("pour", sub { $f->("spread", @_[0 .. 14]) }));
    check("$name through callbacks", $count, $f->("round", sub { $_[15] }));
}

check_values($_) for qw(schar uchar short ushort int uint long ulong llong ullong size wchar float double);

my @texts;
Values::string_send(sub { push @texts, $_[0] // "none"; 0 });
check("strings into callbacks", "none,,text", join ",", @texts);
check("a string", "text", Values::string_echo("text"));

my $loop = Glib::MainLoop->new;
my $file = Gio::File::new_for_path(__FILE__);
my $what;
$file->query_info_async("standard::*", [], 0, undef, sub {
    my ($source, $result) = @_;
    $what = $source->query_info_finish($result)->get_name;
    $loop->quit;
});
$loop->run;
check("an asynchronous call", "introspection.pl", $what);

for my $i (1 .. 2000) {
    check("callback $i", 5 * $i, Values::int_send(sub { $i }));
}
print "$nchecks checks\n";
