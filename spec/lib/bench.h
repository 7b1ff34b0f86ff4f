/* What `make bench` calls, for bench.c and the hand-written binding; bench/cases.lua declares the same to the ffi. */
#ifndef AIRLOCK_SPEC_LIB_BENCH_H
#define AIRLOCK_SPEC_LIB_BENCH_H

#include <stddef.h>
#include <stdint.h>

struct bench_point {
    double x, y;
};

struct bench_body {
    struct bench_point position;
    double mass;
    int32_t id;
    uint8_t flags;
    const char *name;
};

struct bench_node {
    int value;
    struct bench_node *next;
};

extern int bench_counter;
extern double bench_doubles[1000];
extern uint8_t bench_bytes[4096];

void bench_nop(void);
int bench_add(int a, int b);
double bench_add3(double a, double b, double c);
double bench_mix16(int a1, int a2, int a3, int a4, int a5, int a6, int a7, int a8, double d1, double d2, double d3, double d4,
                   double d5, double d6, double d7, double d8);
size_t bench_length(const char *text);
const char *bench_name(void);
struct bench_point bench_mirror(struct bench_point p);
double bench_norm1(const struct bench_point *p);
int64_t bench_add64(int64_t a, int64_t b);
struct bench_body *bench_find_body(int id);
struct bench_node *bench_ring(void);
double bench_repeat(double (*step)(double), double x, int count);
void bench_shuffle(int *list, int count);

#endif
