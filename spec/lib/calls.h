/* Functions whose arguments, results and side effects call_spec watches. It reads this file too, through the preprocessor. */

/* -- pointers and strings */
int call_is_null(const void *pointer);
void *call_same(void *pointer);
const char *call_same_text(const char *text);
int call_read(const int *place);
void call_write(int *place, int value);
void call_swap(int *a, int *b);
__SIZE_TYPE__ call_sum_bytes(const unsigned char *bytes, __SIZE_TYPE__ nbytes);
void call_upper(char *text);
int call_sum_rows(int **rows, int nrows, int ncolumns);
int call_sum_matrix(int (*matrix)[3], int nrows);
int call_sum_array(const int list[static 4]);
const char *call_nth(const char *const *list, int i);
void call_hand_out(int **place);
void call_hand_out_text(const char **text, __SIZE_TYPE__ *length);

/* -- many arguments; each is weighted by its position so that an exchange shows */
long call_mixed24(char a1, unsigned char a2, short a3, unsigned short a4, int a5, unsigned a6, long a7, float f1, double f2, _Bool a8,
                  float f3, double f4, float f5, double f6, char a9, float f7, double f8, double f9, float f10, int a10, short a11,
                  double f11, long a12, char a13);
double call_doubles20(double a1, double a2, double a3, double a4, double a5, double a6, double a7, double a8, double a9, double a10,
                      double a11, double a12, double a13, double a14, double a15, double a16, double a17, double a18, double a19,
                      double a20);
/* The stack's misalignment at entry with 0, 1, 2, 3 arguments in memory: 0 each. */
int call_misalignment0(void);
int call_misalignment1(int a1, int a2, int a3, int a4, int a5, int a6, int a7);
int call_misalignment2(int a1, int a2, int a3, int a4, int a5, int a6, int a7, int a8);
int call_misalignment3(int a1, int a2, int a3, int a4, int a5, int a6, int a7, int a8, int a9);

/* -- results in memory that the caller gives */
struct call_big { long n[20]; };
struct call_big call_big_make(long first);
struct call_big call_big_add(struct call_big a, struct call_big b, long n);

/* -- function pointers */
typedef int (*call_binary)(int, int);
typedef int call_function(int, int);
int call_add(int a, int b);
int call_subtract(int a, int b);
int call_apply(call_binary function, int a, int b);
int call_apply_function(call_function *function, int a, int b);
int call_apply_function_type(call_function function, int a, int b);
int call_apply_untyped(void *function, int a, int b);
call_binary call_choose(char operation);
int (*call_choose_again(char operation))(int, int);
call_binary *call_both(void);
struct call_operations { call_binary add, subtract; };
extern struct call_operations call_operations;
extern call_binary call_current;
extern const call_binary call_always_add;
int call_current_apply(int a, int b);
int call_compare_ints(const void *a, const void *b);
_Bool call_is_less(double a, double b);

/* -- variables of the kinds that values.h and records.h leave */
extern int call_open_array[];
extern int call_matrix[2][3];
extern const int call_primes[5];
extern char call_text[16];
extern const char *call_greeting;
extern const char call_motto[];
extern int *call_pointer;
extern volatile int call_counter;
extern struct call_hidden *call_opaque;
int call_count(void);

/* -- variadic functions; `types` has a letter for each argument: i int, l long, d double, s string, p pointer, L long double,
 * q __float128, n __int128, z double _Complex, Z long double _Complex, f float _Complex, v a vector of four ints */
typedef int call_v4i __attribute__((vector_size(16)));
const char *call_describe(const char *types, ...);
long call_sum(int count, ...);
double call_sum_doubles(int count, ...);
double call_after_fixed(double d, const char *text, float f, ...);
struct call_big call_big_variadic(long first, ...);
double _Complex call_complex_variadic(int count, ...);
void call_nothing_variadic(int *place, ...);
int call_apply_variadic(int (*function)(int, ...), int a);
int call_second(int first, ...);

/* -- errno */
int call_fail(int error_number);
int call_errno(void);

/* -- the place for names given by __asm__ */
int call_twice(int n);
