// C++ exceptions for the specs: see throws.h. What they are to look like from outside is told by C++ itself, which catches
// them here.
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <exception>
#include <new>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <system_error>
#include <typeinfo>
#include <unistd.h>
#include <unwind.h>

extern "C" {
#define _Bool bool
#define _Complex __complex__
#include "throws.h"
#undef _Complex
#undef _Bool
}

namespace {

// Each thread counts its own.
thread_local int nguards, ndestroyed, ncounted, nreturns, nforeign;

struct Guard {
    Guard() { nguards++; }
    ~Guard() { ndestroyed++; }
};

} // namespace

namespace shapes {

struct Plain {
    long filler = 1;
    virtual ~Plain() {}
};

struct Counted : std::runtime_error {
    explicit Counted(const char *text) : std::runtime_error(text) { ncounted++; }
    Counted(const Counted &other) : std::runtime_error(other) { ncounted++; }
    ~Counted() override { ncounted--; }
};

struct Second : Plain, Counted {
    Second() : Counted("second base") {}
};

struct Virtual : Plain, virtual std::exception {
    const char *text = "virtual base";
    const char *what() const noexcept override { return text; }
};

struct Left : virtual std::exception {
    long left = 2;
};

struct Right : virtual std::exception {
    long right = 3;
};

struct Diamond : Left, Plain, Right {
    std::string text = "diamond";
    const char *what() const noexcept override { return text.c_str(); }
};

struct Bottom : private std::string, Diamond {};

struct Private : private std::runtime_error {
    Private() : std::runtime_error("private") {}
};

struct Says : std::exception {
    const char *text;
    explicit Says(const char *words) : text(words) {}
    const char *what() const noexcept override { return text; }
};

template <class T, int n> struct Template : std::logic_error {
    Template() : std::logic_error("template") {}
};

enum Colour { red };

} // namespace shapes

namespace {

struct Anonymous : std::domain_error {
    Anonymous() : std::domain_error("anonymous namespace") {}
};

using namespace shapes;

Says pointed("pointed at");

void throw_nested()
{
    try {
        throw std::runtime_error("inner");
    } catch (...) {
        std::throw_with_nested(std::invalid_argument("outer"));
    }
}

void throw_again()
{
    try {
        throw Counted("again");
    } catch (const std::exception &) {
        Guard guard;
        throw;
    }
}

void rethrow(std::exception_ptr exception)
{
    std::rethrow_exception(exception);
}

void rethrow_while_handling()
{
    try {
        throw 1;
    } catch (int) {
        rethrow(std::make_exception_ptr(Diamond()));
    }
}

const struct Kind {
    const char *name;
    void (*raise)();
} kinds[] = {
    {"a std::runtime_error", [] { throw std::runtime_error("one"); }},
    {"a std::exception itself", [] { throw std::exception(); }},
    {"an int", [] { throw 42; }},
    {"a long double", [] { throw 1.0L; }},
    {"a string literal", [] { throw "text"; }},
    {"a pointer to an exception", [] { throw &pointed; }},
    {"an enumeration", [] { throw red; }},
    {"a function", [] { throw &std::abort; }},
    {"a std::string", [] { throw std::string("string"); }},
    {"a class of no std::exception", [] { throw Plain(); }},
    {"a second base", [] { throw Second(); }},
    {"a virtual base", [] { throw Virtual(); }},
    {"a diamond", [] { throw Diamond(); }},
    {"a diamond below", [] { throw Bottom(); }},
    {"a private base", [] { throw Private(); }},
    {"a template", [] { throw Template<int (*)(char), 3>(); }},
    {"a class of an anonymous namespace", [] { throw Anonymous(); }},
    {"a local class", [] {
         struct Local : std::range_error {
             Local() : std::range_error("local") {}
         };
         throw Local();
     }},
    {"what() of no text", [] { throw Says(""); }},
    {"what() of NULL", [] { throw Says(nullptr); }},
    {"what() of 100,000 bytes", [] { throw std::runtime_error(std::string(100000, 'x')); }},
    {"what() with percents", [] { throw Says("%s%n%d"); }},
    {"std::bad_alloc", [] { throw std::bad_alloc(); }},
    {"what operator new throws", [] { ::operator delete(::operator new(static_cast<std::size_t>(-1) >> 2)); }},
    {"std::system_error", [] { throw std::system_error(ENOENT, std::generic_category(), "file"); }},
    {"what std::string throws", [] { (void)std::string("abc").at(static_cast<std::size_t>(ncounted < 0 ? 0 : 100)); }},
    {"std::bad_cast", [] { Plain plain; (void)dynamic_cast<Second &>(plain); }},
    {"a nested exception", throw_nested},
    {"throw;", throw_again},
    {"std::rethrow_exception", [] { rethrow(std::make_exception_ptr(Second())); }},
    {"std::rethrow_exception of an int", [] { rethrow(std::make_exception_ptr(7)); }},
    {"std::rethrow_exception while another is handled", rethrow_while_handling},
};

const int nkinds = sizeof kinds / sizeof *kinds;
thread_local int chosen;

template <class T> T raise(T result, int kind)
{
    Guard guard;
    if (kind >= 1 && kind <= nkinds)
        kinds[kind - 1].raise();
    return result;
}

// What C++ sees.
struct Seen {
    std::string mangled, spelled, what;
    bool has_what = false;
};

Seen see(int kind)
{
    Seen seen;
    int status;
    try {
        try {
            raise(0, kind);
        } catch (...) {
            seen.mangled = abi::__cxa_current_exception_type()->name();
            if (char *text = abi::__cxa_demangle(seen.mangled.c_str(), nullptr, nullptr, &status)) {
                seen.spelled = text;
                std::free(text);
            }
            throw;
        }
    } catch (const std::exception &exception) {
        const char *what = exception.what();
        seen.has_what = what != nullptr && *what != '\0';
        seen.what = seen.has_what ? what : "";
    } catch (...) {
    }
    return seen;
}

const char *keep(const std::string &text)
{
    static thread_local std::string kept[4];
    static thread_local int next;
    return (kept[next++ % 4] = text).c_str();
}

struct CallsBack {
    int (*f)(int);
    int x;
    ~CallsBack()
    {
        f(x);
        nreturns++;
    }
};

struct Asking : std::exception {
    int (*f)(int);
    int x;
    const char *what() const noexcept override
    {
        f(x);
        nreturns++;
        return "asked";
    }
};

} // namespace

extern "C" {

int throws_count(void) { return nkinds; }
const char *throws_name(int kind) { return kinds[kind - 1].name; }
const char *throws_mangled(int kind) { return keep(see(kind).mangled); }
const char *throws_spelled(int kind) { return keep(see(kind).spelled); }

const char *throws_what(int kind)
{
    Seen seen = see(kind);
    return seen.has_what ? keep(seen.what) : nullptr;
}

int throws_guards(void) { return nguards; }
int throws_guards_destroyed(void) { return ndestroyed; }
int throws_counted(void) { return ncounted; }
int throws_uncaught(void) { return std::uncaught_exceptions(); }

void throws_choose(int kind) { chosen = kind; }
void throws_none(void) { raise(0, chosen); }
void throws_void(int kind) { raise(0, kind); }
int throws_int(int kind) { return raise(-1, kind); }
long throws_longs(long kind, long b, long c, long d, long e, long f)
{
    return raise(b + c + d + e + f, static_cast<int>(kind));
}
long throws_stack(int kind, long b, long c, long d, long e, long f, long g, long h, throws_large i)
{
    return raise(b + c + d + e + f + g + h + i.a[7], kind);
}
double throws_doubles(double kind, double b, double c, double d, double e, double f, double g, double h)
{
    return raise(b + c + d + e + f + g + h, static_cast<int>(kind));
}
float throws_float(float kind) { return raise(1.5F, static_cast<int>(kind)); }
bool throws_bool(int kind) { return raise(true, kind); }
const char *throws_string(int kind) { return raise("string", kind); }
void *throws_pointer(void *kind) { return raise(kind, static_cast<int>(reinterpret_cast<std::size_t>(kind))); }
long double throws_long_double(long double kind) { return raise(kind, static_cast<int>(kind)); }
__complex__ double throws_complex(int kind)
{
    __complex__ double number;
    __real__ number = 1;
    __imag__ number = 2;
    return raise(number, kind);
}
throws_pair throws_by_pair(throws_pair kind) { return raise(kind, static_cast<int>(kind.b)); }
throws_large throws_by_large(int kind) { return raise(throws_large(), kind); }

int throws_variadic(int kind, ...)
{
    va_list arguments;
    va_start(arguments, kind);
    int second = va_arg(arguments, int);
    va_end(arguments);
    return raise(second, kind);
}

int (*throws_function(void))(int) { return throws_int; }
void throws_object(throws_pair *kind) { raise(0, static_cast<int>(kind->a)); }

int throws_errno(int kind, int value)
{
    errno = value;
    return raise(value, kind);
}

int throws_deep(int kind, int nframes)
{
    void *frame[512];
    for (void *&word : frame)
        word = frame;
    __asm__ volatile("" : : "r"(frame) : "memory");
    return nframes == 0 ? raise(0, kind) : throws_deep(kind, nframes - 1) + (frame[511] == nullptr);
}

int throws_through(int (*f)(int), int x)
{
    Guard guard;
    int result = f(x);
    nreturns++;
    return result + 1;
}

int throws_behind(int (*f)(int), int x, int kind)
{
    Guard guard;
    f(x);
    nreturns++;
    return raise(0, kind);
}

int throws_caught(int (*f)(int), int x)
{
    try {
        int result = f(x);
        nreturns++;
        return result;
    } catch (...) {
        return -1;
    }
}

int throws_returns(void) { return nreturns; }

int throws_unwinding(int (*f)(int), int x, int kind)
{
    CallsBack back = {f, x};
    return raise(0, kind);
}

int throws_asking(int (*f)(int), int x)
{
    Asking asking;
    asking.f = f;
    asking.x = x;
    throw asking;
}

static void end_foreign(_Unwind_Reason_Code reason, _Unwind_Exception *)
{
    nforeign += reason == _URC_FOREIGN_EXCEPTION_CAUGHT;
}

int throws_foreign(void)
{
    static _Unwind_Exception exception;
    Guard guard;
    std::memset(static_cast<void *>(&exception), 0, sizeof exception);
    exception.exception_class = 0x53504543464f524eu; // "SPECFORN"
    exception.exception_cleanup = end_foreign;
    _Unwind_RaiseException(&exception);
    return 1;
}

int throws_foreign_ended(void) { return nforeign; }

struct Says_goodbye {
    const char *text;
    ~Says_goodbye()
    {
        ssize_t written = write(1, text, std::strlen(text));
        (void)written;
    }
};

void throws_exit(void)
{
    Says_goodbye goodbye = {"exit\n"};
    pthread_exit(nullptr);
}

void throws_cancel(void)
{
    Says_goodbye goodbye = {"cancel\n"};
    pthread_cancel(pthread_self());
    pthread_testcancel();
}

} // extern "C"
