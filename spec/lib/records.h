/* Structs and unions by value, of every make. The specs read this file too, through the preprocessor.
 *
 * REC_X_BODY is a record's definition behind its tag, REC_X_LEAVES its scalar members, as C and Lua both write them. make gives them
 * values from a seed (other members and padding are 0), is compares them, leaf gives one as a double. send and pour call f with the
 * records of REC_NSEEDS seeds, pour as spread takes them, and add up what f returns; fetch asks f for each record, round with it behind
 * a full stack, and they count the right ones. */

enum { REC_NSEEDS = 5 };

#define REC_LEAVES_1(L) L(a)
#define REC_LEAVES_2(L) L(a) L(b)
#define REC_LEAVES_3(L) L(a) L(b) L(c)
#define REC_LEAVES_4(L) L(a) L(b) L(c) L(d)

#define REC_pair_BODY { int a, b; }
#define REC_pair_LEAVES REC_LEAVES_2
#define REC_char_BODY { char a; }
#define REC_char_LEAVES REC_LEAVES_1
#define REC_bools_BODY { _Bool a, b; short c; }
#define REC_bools_LEAVES REC_LEAVES_3
#define REC_mixed_BODY { char a; double b; short c; }
#define REC_mixed_LEAVES REC_LEAVES_3
#define REC_int_float_BODY { int a; float b; }
#define REC_int_float_LEAVES REC_LEAVES_2
#define REC_floats_int_BODY { float a, b; int c; }
#define REC_floats_int_LEAVES REC_LEAVES_3
#define REC_float3_BODY { float a, b, c; }
#define REC_float3_LEAVES REC_LEAVES_3
#define REC_double2_BODY { double a, b; }
#define REC_double2_LEAVES REC_LEAVES_2
#define REC_double3_BODY { double a, b, c; }
#define REC_double3_LEAVES REC_LEAVES_3
#define REC_long_double_BODY { long a; double b; }
#define REC_long_double_LEAVES REC_LEAVES_2
#define REC_double_long_BODY { double a; long b; }
#define REC_double_long_LEAVES REC_LEAVES_2
#define REC_nested_BODY { char a; struct { float x, y; } at; short b; }
#define REC_nested_LEAVES(L) L(a) L(at.x) L(at.y) L(b)
#define REC_deep_BODY { struct { struct { struct { char a; } x; double b; } x; } x; }
#define REC_deep_LEAVES(L) L(x.x.x.a) L(x.x.b)
#define REC_anonymous_BODY { int a; union { int b; struct { short low, high; }; }; struct { float c; }; }
#define REC_anonymous_LEAVES(L) L(a) L(low) L(high) L(c)
#define REC_array_BODY { short a[3]; char b[5]; }
#define REC_array_LEAVES(L) L(a[0]) L(a[1]) L(a[2]) L(b[0]) L(b[4])
#define REC_matrix_BODY { float m[2][2]; }
#define REC_matrix_LEAVES(L) L(m[0][0]) L(m[0][1]) L(m[1][0]) L(m[1][1])
#define REC_pairs_BODY { struct rec_pair p[2]; }
#define REC_pairs_LEAVES(L) L(p[0].a) L(p[0].b) L(p[1].a) L(p[1].b)
#define REC_bits_BODY { unsigned a : 3; int b : 9; unsigned long c : 40; _Bool d : 1; }
#define REC_bits_LEAVES REC_LEAVES_4
#define REC_bits_apart_BODY { unsigned a : 5; unsigned : 0; int b : 7; float c; int : 4; long d : 33; }
#define REC_bits_apart_LEAVES REC_LEAVES_4
#define REC_bits_float_BODY { float a; unsigned b : 12; double c; }
#define REC_bits_float_LEAVES REC_LEAVES_3
#define REC_packed_BODY { char a; double b; short c; } __attribute__((packed))
#define REC_packed_LEAVES REC_LEAVES_3
#define REC_packed_small_BODY { char a; int b; } __attribute__((packed))
#define REC_packed_small_LEAVES REC_LEAVES_2
#define REC_packed_bits_BODY { unsigned a : 7; unsigned long b : 41; char c; } __attribute__((packed))
#define REC_packed_bits_LEAVES REC_LEAVES_3
#define REC_packed2_BODY { char a; int b; double c; } __attribute__((packed, aligned(2)))
#define REC_packed2_LEAVES REC_LEAVES_3
#define REC_packed_member_BODY { char a; int b __attribute__((packed)); short c; }
#define REC_packed_member_LEAVES REC_LEAVES_3
#define REC_aligned16_BODY { int a; float b; } __attribute__((aligned(16)))
#define REC_aligned16_LEAVES REC_LEAVES_2
#define REC_aligned32_BODY { int a; double b; } __attribute__((aligned(32)))
#define REC_aligned32_LEAVES REC_LEAVES_2
#define REC_aligned64_BODY { char a; float b; } __attribute__((aligned(64)))
#define REC_aligned64_LEAVES REC_LEAVES_2
#define REC_aligned_member_BODY { char a; int b __attribute__((aligned(8))); }
#define REC_aligned_member_LEAVES REC_LEAVES_2
#define REC_ldouble_BODY { long double a; }
#define REC_ldouble_LEAVES REC_LEAVES_1
#define REC_ldouble_int_BODY { long double a; int b; }
#define REC_ldouble_int_LEAVES REC_LEAVES_2
#define REC_quad_BODY { __float128 a; }
#define REC_quad_LEAVES REC_LEAVES_1
#define REC_int128_BODY { __int128 a; }
#define REC_int128_LEAVES REC_LEAVES_1
#define REC_int128_char_BODY { unsigned __int128 a; char b; }
#define REC_int128_char_LEAVES REC_LEAVES_2
#define REC_enum_BODY { enum { REC_RED = 1, REC_GREEN = 100, REC_BLUE = 1000 } a; short b; }
#define REC_enum_LEAVES REC_LEAVES_2
#define REC_number_BODY { int a; double b; }
#define REC_number_LEAVES(L) L(b)
#define REC_letters_BODY { long a; char b[12]; }
#define REC_letters_LEAVES(L) L(b[0]) L(b[7]) L(b[8]) L(b[11])
#define REC_either_BODY { float a; struct { char b; short c; } d; }
#define REC_either_LEAVES(L) L(d.b) L(d.c)
#define REC_variant_BODY { int kind; union { double a; long b; } as; }
#define REC_variant_LEAVES(L) L(kind) L(as.a)
#define REC_vector_BODY { float a __attribute__((vector_size(16))); }
#define REC_vector_LEAVES(L) L(a[0]) L(a[3])
#define REC_small_vector_BODY { short a __attribute__((vector_size(8))); double b; }
#define REC_small_vector_LEAVES(L) L(a[0]) L(a[3]) L(b)
#define REC_flexible_BODY { int a; short b; char tail[]; }
#define REC_flexible_LEAVES REC_LEAVES_2
#define REC_double8_BODY { double a[8]; }
#define REC_double8_LEAVES(L) L(a[0]) L(a[1]) L(a[6]) L(a[7])
#define REC_large_BODY { char a; double b[30]; int c; }
#define REC_large_LEAVES(L) L(a) L(b[0]) L(b[29]) L(c)
#define REC_typedefs_BODY { rec_word a; volatile int b; const char *name; }
#define REC_typedefs_LEAVES REC_LEAVES_2

typedef unsigned short rec_word;

#ifdef __FLT16_MAX__
#define REC_half3_BODY { _Float16 a, b, c; }
#define REC_half3_LEAVES REC_LEAVES_3
#define REC_HALF(R) R(half3, struct)
#else
#define REC_HALF(R)
#endif

#define REC_RECORDS(R) \
    R(pair, struct) R(char, struct) R(bools, struct) R(mixed, struct) R(int_float, struct) R(floats_int, struct) R(float3, struct) \
    R(double2, struct) R(double3, struct) R(long_double, struct) R(double_long, struct) R(nested, struct) R(deep, struct) \
    R(anonymous, struct) R(array, struct) R(matrix, struct) R(pairs, struct) R(bits, struct) R(bits_apart, struct) \
    R(bits_float, struct) R(packed, struct) R(packed_small, struct) R(packed_bits, struct) R(packed2, struct) \
    R(packed_member, struct) R(aligned16, struct) R(aligned32, struct) R(aligned64, struct) R(aligned_member, struct) \
    R(ldouble, struct) R(ldouble_int, struct) R(quad, struct) R(int128, struct) R(int128_char, struct) R(enum, struct) \
    R(number, union) R(letters, union) R(either, union) R(variant, struct) R(vector, struct) R(small_vector, struct) \
    R(flexible, struct) R(double8, struct) R(large, struct) R(typedefs, struct) REC_HALF(R)

#define REC_DECLARE(N, K) \
    K rec_##N REC_##N##_BODY; \
    int rec_##N##_size(void); \
    int rec_##N##_align(void); \
    const char *rec_##N##_leaves(void); \
    double rec_##N##_leaf(const K rec_##N *record, int i); \
    K rec_##N rec_##N##_make(int seed); \
    K rec_##N rec_##N##_echo(K rec_##N record); \
    int rec_##N##_is(K rec_##N record, int seed); \
    int rec_##N##_at_is(const K rec_##N *record, int seed); \
    int rec_##N##_spread(int seed, K rec_##N r1, double d1, K rec_##N r2, long n1, K rec_##N r3, char c1, K rec_##N r4, \
                         K rec_##N r5, K rec_##N r6, float f1); \
    void rec_##N##_fill(K rec_##N *record, int seed); \
    int rec_##N##_send(int (*f)(K rec_##N record, int seed)); \
    int rec_##N##_fetch(K rec_##N (*f)(int seed)); \
    int rec_##N##_pour(int (*f)(int, K rec_##N, double, K rec_##N, long, K rec_##N, char, K rec_##N, K rec_##N, K rec_##N, float)); \
    int rec_##N##_round(K rec_##N (*f)(int, long, long, long, long, long, double, double, double, double, double, double, double, \
                                       double, short, K rec_##N, signed char)); \
    extern K rec_##N rec_##N##_variable; \
    extern const K rec_##N rec_##N##_constant; \
    extern K rec_##N rec_##N##_list[3];

REC_RECORDS(REC_DECLARE)
#undef REC_DECLARE

/* One of each size: bytes alone, and bytes behind something aligned. */
#define REC_SIZES_8(R, a, b, c, d, e, f, g, h) R(a) R(b) R(c) R(d) R(e) R(f) R(g) R(h)
#define REC_SIZES(R) \
    REC_SIZES_8(R, 1, 2, 3, 4, 5, 6, 7, 8) REC_SIZES_8(R, 9, 10, 11, 12, 13, 14, 15, 16) \
    REC_SIZES_8(R, 17, 18, 19, 20, 21, 22, 23, 24) REC_SIZES_8(R, 25, 26, 27, 28, 29, 30, 31, 32) \
    REC_SIZES_8(R, 33, 34, 35, 36, 37, 38, 39, 40) REC_SIZES_8(R, 41, 42, 43, 44, 45, 46, 47, 48) \
    REC_SIZES_8(R, 49, 50, 51, 52, 53, 54, 55, 56) REC_SIZES_8(R, 57, 58, 59, 60, 61, 62, 63, 64)

#define REC_DECLARE(N) \
    struct rec_bytes##N { char bytes[N]; }; \
    struct rec_bytes##N rec_bytes##N##_make(int seed); \
    struct rec_bytes##N rec_bytes##N##_turn(int n, struct rec_bytes##N record, double x); \
    int rec_bytes##N##_is(double x, struct rec_bytes##N record, int seed, struct rec_bytes##N again); \
    int rec_bytes##N##_swap(struct rec_bytes##N (*f)(double x, struct rec_bytes##N record, int seed, struct rec_bytes##N again)); \
    struct rec_headed##N { float head; char bytes[N]; }; \
    struct rec_headed##N rec_headed##N##_make(int seed); \
    struct rec_headed##N rec_headed##N##_turn(int n, struct rec_headed##N record, double x); \
    int rec_headed##N##_is(double x, struct rec_headed##N record, int seed, struct rec_headed##N again); \
    int rec_headed##N##_swap(struct rec_headed##N (*f)(double x, struct rec_headed##N record, int seed, struct rec_headed##N again));

REC_SIZES(REC_DECLARE)
#undef REC_DECLARE

/* Nothing is passed for an empty struct. */
struct rec_empty {};
struct rec_empty rec_empty_make(void);
int rec_empty_between(int a, struct rec_empty nothing, int b);
struct rec_empty_inside { struct rec_empty nothing; int a; };
struct rec_empty_inside rec_empty_inside_make(int a);
int rec_empty_inside_a(struct rec_empty_inside record);

/* Complex members: re and im of each, in order. */
struct rec_complexes { float _Complex a; double _Complex b; };
struct rec_complex_float { float _Complex a; };
struct rec_complex_ldouble { long double _Complex a; };
struct rec_complexes rec_complexes_make(double are, double aim, double bre, double bim);
double rec_complexes_part(struct rec_complexes record, int i);
struct rec_complex_float rec_complex_float_make(double re, double im);
double rec_complex_float_part(struct rec_complex_float record, int i);
struct rec_complex_ldouble rec_complex_ldouble_make(double re, double im);
double rec_complex_ldouble_part(struct rec_complex_ldouble record, int i);

/* Pointers as members: to itself, to a function, to text. */
struct rec_node { struct rec_node *next; const char *name; int (*weigh)(struct rec_node node); };
struct rec_node rec_node_make(struct rec_node *next, const char *name);
int rec_node_count(struct rec_node first);
