/* LLVM's interpreter as a client of libffi: run from bitcode by lli -force-interpreter, which calls the C library's functions by ffi_call.
 * What they return is compared with what this program works out itself. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int nchecks;

static void check(int ok, const char *what)
{
    if (!ok) {
        puts(what);
        exit(1);
    }
    nchecks++;
}

static void check_numbers(void)
{
    for (int i = -50; i <= 50; i++) {
        double x = i / 8.0;
        check(ldexp(x, 3) == i, "ldexp(double, int)");
        check(fma(x, 2, 1) == 2 * x + 1, "fma(double, double, double)");
        check(fmaf((float)x, 2, 1) == 2 * (float)x + 1, "fmaf(float, float, float)");
        check(labs((long)i << 40) == ((long)(i < 0 ? -i : i) << 40), "labs(long)");
        check(abs(i) == (i < 0 ? -i : i), "abs(int)");
        check(lround(x * 8) == i, "lround(double)");
    }
}

static void check_strings(void)
{
    char text[100], *end;
    for (int n = 0; n < 60; n++) {
        memset(text, 'a' + n % 26, 60);
        text[n] = '\0';
        check(strlen(text) == (size_t)n, "strlen");
        check(memchr(text, '\0', 100) == text + n, "memchr");
        check(n == 0 || strrchr(text, 'a' + n % 26) == text + n - 1, "strrchr");
    }
    check(strtod("-2.5e3rest", &end) == -2500 && strcmp(end, "rest") == 0, "strtod");
    check(strtol("-7fffffffffffffff", NULL, 16) == -0x7fffffffffffffff, "strtol");
    check(strtoull("18446744073709551615", NULL, 10) == ~0ull, "strtoull");
}

int main(void)
{
    check_numbers();
    check_strings();
    printf("%d checks\n", nchecks);
    return 0;
}
