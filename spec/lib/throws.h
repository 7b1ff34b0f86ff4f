/* What C++ throws, from functions of every kind of signature. It is built against several C++ runtimes. */

/* The exceptions: throws_raise's argument goes from 1 to throws_count(). Of each, what C++ itself sees of it when it
 * catches it: its type, mangled and spelled, and what() if it is a std::exception and says something. */
int throws_count(void);
const char *throws_name(int kind);
const char *throws_mangled(int kind);
const char *throws_spelled(int kind);
const char *throws_what(int kind);

/* How many guards the functions below have made and destroyed, how many exceptions of a class that counts itself are there,
 * and std::uncaught_exceptions(). */
int throws_guards(void);
int throws_guards_destroyed(void);
int throws_counted(void);
int throws_uncaught(void);

/* They throw `kind`, or what throws_choose chose, and otherwise return something. */
typedef struct throws_pair { long a, b; } throws_pair;
typedef struct throws_large { long a[8]; } throws_large;
void throws_choose(int kind);
void throws_none(void);
void throws_void(int kind);
int throws_int(int kind);
long throws_longs(long kind, long b, long c, long d, long e, long f);
long throws_stack(int kind, long b, long c, long d, long e, long f, long g, long h, throws_large i);
double throws_doubles(double kind, double b, double c, double d, double e, double f, double g, double h);
float throws_float(float kind);
_Bool throws_bool(int kind);
const char *throws_string(int kind);
void *throws_pointer(void *kind);
long double throws_long_double(long double kind);
double _Complex throws_complex(int kind);
throws_pair throws_by_pair(throws_pair kind);
throws_large throws_by_large(int kind);
int throws_variadic(int kind, ...);
int (*throws_function(void))(int kind);
void throws_object(throws_pair *kind);
int throws_errno(int kind, int value);
int throws_deep(int kind, int nframes); /* from so many frames of 4 KiB of addresses in the stack */

/* Functions that call back. */
int throws_through(int (*f)(int), int x);         /* returns f's result + 1 */
int throws_behind(int (*f)(int), int x, int kind); /* calls f, then throws */
int throws_caught(int (*f)(int), int x);          /* catches whatever comes out of f: -1 then */
int throws_returns(void);                         /* how often f has returned to those */
int throws_unwinding(int (*f)(int), int x, int kind); /* calls f in a destructor on the exception's way */
int throws_asking(int (*f)(int), int x);          /* throws an exception whose what() calls f */

/* Unwinding that is no C++ exception's. */
int throws_foreign(void);
int throws_foreign_ended(void); /* how often its cleanup function was called, with the reason that it was caught */
void throws_exit(void);         /* pthread_exit */
void throws_cancel(void);       /* pthread_cancel of this thread */
