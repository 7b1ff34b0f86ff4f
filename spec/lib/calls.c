/* See calls.h. */
#include "calls.h"

#include <complex.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wpsabi"

/* -- pointers and strings --------------------------------------------------------------------------------------------------------- */

static int handed_out[3] = {11, 22, 33};

int call_is_null(const void *pointer)
{
    return pointer == NULL;
}

void *call_same(void *pointer)
{
    return pointer;
}

const char *call_same_text(const char *text)
{
    return text;
}

int call_read(const int *place)
{
    return *place;
}

void call_write(int *place, int value)
{
    *place = value;
}

void call_swap(int *a, int *b)
{
    int c = *a;
    *a = *b;
    *b = c;
}

size_t call_sum_bytes(const unsigned char *bytes, size_t nbytes)
{
    size_t sum = 0;
    for (size_t i = 0; i < nbytes; i++)
        sum += bytes[i];
    return sum;
}

void call_upper(char *text)
{
    for (; *text != '\0'; text++)
        *text = (char)toupper((unsigned char)*text);
}

int call_sum_rows(int **rows, int nrows, int ncolumns)
{
    int sum = 0;
    for (int i = 0; i < nrows; i++)
        for (int j = 0; rows[i] != NULL && j < ncolumns; j++)
            sum += rows[i][j];
    return sum;
}

int call_sum_matrix(int (*matrix)[3], int nrows)
{
    int sum = 0;
    for (int i = 0; i < nrows; i++)
        for (int j = 0; j < 3; j++)
            sum += matrix[i][j] * (j + 1);
    return sum;
}

int call_sum_array(const int list[static 4])
{
    return list[0] + list[1] + list[2] + list[3];
}

const char *call_nth(const char *const *list, int i)
{
    return list[i];
}

void call_hand_out(int **place)
{
    *place = handed_out;
}

void call_hand_out_text(const char **text, size_t *length)
{
    *text = "handed out";
    *length = strlen(*text);
}

/* -- many arguments ---------------------------------------------------------------------------------------------------------------- */

long call_mixed24(char a1, unsigned char a2, short a3, unsigned short a4, int a5, unsigned a6, long a7, float f1, double f2, _Bool a8,
                  float f3, double f4, float f5, double f6, char a9, float f7, double f8, double f9, float f10, int a10, short a11,
                  double f11, long a12, char a13)
{
    long whole = a1 + 2L * a2 + 3L * a3 + 4L * a4 + 5L * a5 + 6L * a6 + 7L * a7 + 8L * a8 + 9L * a9 + 10L * a10 + 11L * a11 +
                 12L * a12 + 13L * a13;
    double real = (double)f1 + 2 * f2 + 3 * (double)f3 + 4 * f4 + 5 * (double)f5 + 6 * f6 + 7 * (double)f7 + 8 * f8 + 9 * f9 +
                  10 * (double)f10 + 11 * f11;
    return 1000 * whole + (long)real;
}

double call_doubles20(double a1, double a2, double a3, double a4, double a5, double a6, double a7, double a8, double a9, double a10,
                      double a11, double a12, double a13, double a14, double a15, double a16, double a17, double a18, double a19,
                      double a20)
{
    return a1 + 2 * a2 + 3 * a3 + 4 * a4 + 5 * a5 + 6 * a6 + 7 * a7 + 8 * a8 + 9 * a9 + 10 * a10 + 11 * a11 + 12 * a12 + 13 * a13 +
           14 * a14 + 15 * a15 + 16 * a16 + 17 * a17 + 18 * a18 + 19 * a19 + 20 * a20;
}

/* The frame's address is where rbp was pushed, 16 bytes below what the caller aligned. */
#define MISALIGNMENT ((int)((unsigned long)__builtin_frame_address(0) % 16))

int call_misalignment0(void)
{
    return MISALIGNMENT;
}

int call_misalignment1(int a1, int a2, int a3, int a4, int a5, int a6, int a7)
{
    return MISALIGNMENT + (a1 + a2 + a3 + a4 + a5 + a6 + a7 - 28);
}

int call_misalignment2(int a1, int a2, int a3, int a4, int a5, int a6, int a7, int a8)
{
    return MISALIGNMENT + (a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 - 36);
}

int call_misalignment3(int a1, int a2, int a3, int a4, int a5, int a6, int a7, int a8, int a9)
{
    return MISALIGNMENT + (a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 - 45);
}

/* -- results in memory --------------------------------------------------------------------------------------------------------------- */

struct call_big call_big_make(long first)
{
    struct call_big big;
    for (int i = 0; i < 20; i++)
        big.n[i] = first + i;
    return big;
}

struct call_big call_big_add(struct call_big a, struct call_big b, long n)
{
    for (int i = 0; i < 20; i++)
        a.n[i] += b.n[i] * n;
    return a;
}

/* -- function pointers ----------------------------------------------------------------------------------------------------------------- */

struct call_operations call_operations = {call_add, call_subtract};
call_binary call_current;
const call_binary call_always_add = call_add;

int call_add(int a, int b)
{
    return a + b;
}

int call_subtract(int a, int b)
{
    return a - b;
}

int call_apply(call_binary function, int a, int b)
{
    return function == NULL ? -1 : function(a, b);
}

int call_apply_function(call_function *function, int a, int b)
{
    return function(a, b);
}

int call_apply_function_type(call_function function, int a, int b)
{
    return function(a, b);
}

int call_apply_untyped(void *function, int a, int b)
{
    call_binary binary;
    memcpy(&binary, &function, sizeof binary);
    return binary(a, b);
}

call_binary call_choose(char operation)
{
    return operation == '+' ? call_add : operation == '-' ? call_subtract : NULL;
}

int (*call_choose_again(char operation))(int, int)
{
    return call_choose(operation);
}

call_binary *call_both(void)
{
    static call_binary both[] = {call_add, call_subtract, NULL};
    return both;
}

int call_current_apply(int a, int b)
{
    return call_current == NULL ? -1 : call_current(a, b);
}

int call_compare_ints(const void *a, const void *b)
{
    const int *x = a;
    const int *y = b;
    return (*x > *y) - (*x < *y);
}

_Bool call_is_less(double a, double b)
{
    return a < b;
}

/* -- variables ------------------------------------------------------------------------------------------------------------------------- */

int call_open_array[] = {1, 10, 100, 1000};
int call_matrix[2][3] = {{1, 2, 3}, {4, 5, 6}};
const int call_primes[5] = {2, 3, 5, 7, 11};
char call_text[16] = "text";
const char *call_greeting = "hello";
const char call_motto[] = "per aspera";
int *call_pointer;
volatile int call_counter;
struct call_hidden *call_opaque;

int call_count(void)
{
    return ++call_counter;
}

/* -- variadic functions ----------------------------------------------------------------------------------------------------------------- */

static char described[4096];
static size_t described_length;

#define PUT(...) \
    (described_length += (size_t)snprintf(described + described_length, sizeof described - described_length, __VA_ARGS__))

static void put_complex(double re, double im)
{
    PUT("%g%+gi ", re, im);
}

static void describe_one(char type, va_list *list)
{
    switch (type) {
    case 'i': PUT("%d ", va_arg(*list, int)); break;
    case 'l': PUT("%ld ", va_arg(*list, long)); break;
    case 'd': PUT("%.14g ", va_arg(*list, double)); break;
    case 'h': PUT("%.14g ", (double)va_arg(*list, _Float16)); break;
    case 's': PUT("%s ", va_arg(*list, const char *)); break;
    case 'p': PUT("%p ", va_arg(*list, void *)); break;
    case 'L': PUT("%.14Lg ", va_arg(*list, long double)); break;
    case 'q': PUT("%.14g ", (double)va_arg(*list, __float128)); break;
    case 'n': {
        __int128 wide = va_arg(*list, __int128);
        PUT("%ld:%lu ", (long)(wide >> 64), (unsigned long)wide);
        break;
    }
    case 'z': {
        double _Complex z = va_arg(*list, double _Complex);
        put_complex(creal(z), cimag(z));
        break;
    }
    case 'Z': {
        long double _Complex z = va_arg(*list, long double _Complex);
        put_complex((double)creall(z), (double)cimagl(z));
        break;
    }
    case 'f': {
        float _Complex z = va_arg(*list, float _Complex);
        put_complex((double)crealf(z), (double)cimagf(z));
        break;
    }
    case 'v': {
        call_v4i v = va_arg(*list, call_v4i);
        PUT("%d,%d,%d,%d ", v[0], v[1], v[2], v[3]);
        break;
    }
    default: PUT("?%c ", type); break;
    }
}

const char *call_describe(const char *types, ...)
{
    va_list list;
    described_length = 0;
    described[0] = '\0';
    va_start(list, types);
    for (; *types != '\0'; types++)
        describe_one(*types, &list);
    va_end(list);
    if (described_length > 0)
        described[described_length - 1] = '\0';
    return described;
}

long call_sum(int count, ...)
{
    long sum = 0;
    va_list list;
    va_start(list, count);
    for (int i = 1; i <= count; i++)
        sum += i * va_arg(list, long);
    va_end(list);
    return sum;
}

double call_sum_doubles(int count, ...)
{
    double sum = 0;
    va_list list;
    va_start(list, count);
    for (int i = 1; i <= count; i++)
        sum += i * va_arg(list, double);
    va_end(list);
    return sum;
}

double call_after_fixed(double d, const char *text, float f, ...)
{
    va_list list;
    va_start(list, f);
    double sum = d + (double)f * 10 + (double)strlen(text) * 100;
    sum += va_arg(list, double) * 1000;
    sum += (double)va_arg(list, int) * 10000;
    va_end(list);
    return sum;
}

struct call_big call_big_variadic(long first, ...)
{
    va_list list;
    va_start(list, first);
    struct call_big big = call_big_make(first);
    big.n[19] = va_arg(list, long);
    va_end(list);
    return big;
}

double _Complex call_complex_variadic(int count, ...)
{
    double _Complex sum = 0;
    va_list list;
    va_start(list, count);
    for (int i = 0; i < count; i++)
        sum += va_arg(list, double _Complex);
    va_end(list);
    return sum;
}

void call_nothing_variadic(int *place, ...)
{
    va_list list;
    va_start(list, place);
    *place = va_arg(list, int);
    va_end(list);
}

int call_apply_variadic(int (*function)(int, ...), int a)
{
    return function(a, 2 * a);
}

int call_second(int first, ...)
{
    va_list list;
    va_start(list, first);
    int second = va_arg(list, int);
    va_end(list);
    return second;
}

/* -- errno -------------------------------------------------------------------------------------------------------------------------------- */

int call_fail(int error_number)
{
    errno = error_number;
    return -1;
}

int call_errno(void)
{
    return errno;
}

int call_twice(int n)
{
    return 2 * n;
}
