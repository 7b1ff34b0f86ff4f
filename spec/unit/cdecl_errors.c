/* Every message of the parser with its text, code, line and column; that a failed text leaves nothing behind, and what the
 * error shows of the source. */
#include "cdecl_help.h"

typedef enum Form { DECLARATIONS, TYPE_NAME } Form;

static const struct Case {
    Form form;
    const char *text;
    ErrorCode code;
    const char *file;
    uint32_t line, column;
    const char *message;
} cases[] = {
    {DECLARATIONS, "struct { int a int b; };",
     ERROR_SYNTAX, "", 1, 16, "expected ';' after struct field, got 'int'"},
    {DECLARATIONS, "struct s {\n  int a\n  int b;\n};",
     ERROR_SYNTAX, "", 3, 3, "expected ';' after struct field, got 'int'"},
    {DECLARATIONS, "foo x;",
     ERROR_TYPE, "", 1, 1, "unknown type name 'foo'"},
    {DECLARATIONS, "struct p { foo_t x; };",
     ERROR_TYPE, "", 1, 12, "unknown type name 'foo_t'"},
    {DECLARATIONS, "int f(bar b);",
     ERROR_TYPE, "", 1, 7, "unknown type name 'bar'"},
    {TYPE_NAME, "int x",
     ERROR_SYNTAX, "", 1, 5, "expected the end of the type name, got 'x'"},
    {TYPE_NAME, "int (*)(double) +",
     ERROR_SYNTAX, "", 1, 17, "expected the end of the type name, got '+'"},
    {DECLARATIONS, "void v;",
     ERROR_TYPE, "", 1, 6, "'v' has type void"},
    {DECLARATIONS, "void v[3];",
     ERROR_TYPE, "", 1, 7, "array of void"},
    {DECLARATIONS, "int f(void)[3];",
     ERROR_TYPE, "", 1, 6, "function returns an array"},
    {DECLARATIONS, "int f(void)(void);",
     ERROR_TYPE, "", 1, 6, "function returns a function"},
    {DECLARATIONS, "int a[3](void);",
     ERROR_TYPE, "", 1, 6, "array of functions"},
    {DECLARATIONS, "struct s; struct s a[2];",
     ERROR_TYPE, "", 1, 21, "array of incomplete type 'struct s'"},
    {DECLARATIONS, "struct s { struct s x; };",
     ERROR_TYPE, "", 1, 21, "'x' has incomplete type 'struct s'"},
    {DECLARATIONS, "struct s { int a; char a; };",
     ERROR_REDEFINED, "", 1, 24, "duplicate member 'a'"},
    {DECLARATIONS, "struct s { int a; struct { int b; union { int c; int a; }; }; };",
     ERROR_REDEFINED, "", 1, 19, "duplicate member 'a'"},
    {DECLARATIONS, "int f(int a, char a);",
     ERROR_REDEFINED, "", 1, 19, "duplicate parameter 'a'"},
    {DECLARATIONS, "struct s { int x : 33; };",
     ERROR_TYPE, "", 1, 20, "width of bit-field 'x' is more than its type 'int' has"},
    {DECLARATIONS, "struct s { _Bool x : 2; };",
     ERROR_TYPE, "", 1, 22, "width of bit-field 'x' is more than its type '_Bool' has"},
    {DECLARATIONS, "struct s { float x : 2; };",
     ERROR_TYPE, "", 1, 22, "bit-field 'x' has type 'float', which is no integer type"},
    {DECLARATIONS, "struct s { int x : -1; };",
     ERROR_TYPE, "", 1, 20, "width of bit-field 'x' is negative"},
    {DECLARATIONS, "struct s { int x : 0; };",
     ERROR_TYPE, "", 1, 20, "bit-field 'x' has width zero"},
    {DECLARATIONS, "struct s { int : 33; };",
     ERROR_TYPE, "", 1, 18, "width of bit-field (unnamed) is more than its type 'int' has"},
    {DECLARATIONS, "int a[-1];",
     ERROR_TYPE, "", 1, 7, "array size is negative"},
    {DECLARATIONS, "int a[0x7fffffffffffffff];",
     ERROR_TYPE, "", 1, 6, "size of array is too large"},
    {DECLARATIONS, "struct s { char a[0x7fffffffffffffff]; char b[0x7fffffffffffffff]; };",
     ERROR_TYPE, "", 1, 8, "size of struct is too large"},
    {DECLARATIONS, "int x; long x;",
     ERROR_REDEFINED, "", 1, 13, "'x' is declared as 'long', but was 'int'; previously at line 1"},
    {DECLARATIONS, "int x;\nlong f(int);\nint f(int);",
     ERROR_REDEFINED, "", 3, 5, "'f' is declared as 'int (int)', but was 'long (int)'; previously at line 2"},
    {DECLARATIONS, "typedef int T;\ntypedef long T;",
     ERROR_REDEFINED, "", 2, 14, "'T' is declared as 'long', but was 'int'; previously at line 1"},
    {DECLARATIONS, "typedef int T; int T;",
     ERROR_REDEFINED, "", 1, 20, "'T' is declared as a variable, but was a typedef; previously at line 1"},
    {DECLARATIONS, "struct s { int a; };\nstruct s { long a; };",
     ERROR_REDEFINED, "", 2, 8, "'struct s' is defined differently; previously at line 1"},
    {DECLARATIONS, "struct s { int a; }; union s;",
     ERROR_REDEFINED, "", 1, 28, "'s' is another kind of tag; previously at line 1"},
    {DECLARATIONS, "struct s { int a; }; enum s { A };",
     ERROR_REDEFINED, "", 1, 27, "'s' is another kind of tag; previously at line 1"},
    {DECLARATIONS, "struct s { int n; char d[]; int m; };",
     ERROR_TYPE, "", 1, 24, "flexible array member 'd' is not the last one"},
    {DECLARATIONS, "struct s { char d[]; };",
     ERROR_TYPE, "", 1, 17, "flexible array member 'd' in a struct without other named members"},
    {DECLARATIONS, "union u { int a; char d[]; };",
     ERROR_TYPE, "", 1, 23, "flexible array member 'd' in a union"},
    {DECLARATIONS, "enum { A = 1/0 };",
     ERROR_TYPE, "", 1, 13, "division by zero in a constant expression"},
    {DECLARATIONS, "enum { A = 5 % (3-3) };",
     ERROR_TYPE, "", 1, 14, "division by zero in a constant expression"},
    {DECLARATIONS, "enum { A = 0xffffffffffffffff, B };",
     ERROR_TYPE, "", 1, 32, "value of enumerator 'B' is beyond every integer type"},
    {DECLARATIONS, "enum { A = B };",
     ERROR_TYPE, "", 1, 12, "'B' is not declared"},
    {DECLARATIONS, "int x; enum { A = x };",
     ERROR_TYPE, "", 1, 19, "'x' is not a constant"},
    {DECLARATIONS, "enum { A = 1.5 };",
     ERROR_TYPE, "", 1, 12, "integer constant expected, got a value of type 'double'"},
    {DECLARATIONS, "enum { A = 1 >> -1 };",
     ERROR_TYPE, "", 1, 14, "shift count is negative"},
    {DECLARATIONS, "enum { A = 1 << -1 };",
     ERROR_TYPE, "", 1, 14, "shift count is negative"},
    {DECLARATIONS, "enum { A, A };",
     ERROR_REDEFINED, "", 1, 11, "duplicate enumerator 'A'"},
    {DECLARATIONS, "enum { A = 1 }; enum { A = 2 };",
     ERROR_REDEFINED, "", 1, 24, "constant 'A' has another value; previously at line 1"},
    {DECLARATIONS, "enum { A = 1 }; enum { A = 1, B };",
     ERROR_REDEFINED, "", 1, 17, "enumerator 'A' belongs to another enum; previously at line 1"},
    {DECLARATIONS, "static const int A = 1; static const int A = 2;",
     ERROR_REDEFINED, "", 1, 42, "constant 'A' has another value; previously at line 1"},
    {DECLARATIONS, "int f(int) __asm__(\"g\"); int f(int) __asm__(\"h\");",
     ERROR_REDEFINED, "", 1, 30, "'f' has another asm name; previously at line 1"},
    {DECLARATIONS, "int long long long x;",
     ERROR_SYNTAX, "", 1, 15, "'long' does not combine with the type specifiers before it"},
    {DECLARATIONS, "int char x;",
     ERROR_SYNTAX, "", 1, 5, "'char' does not combine with the type specifiers before it"},
    {DECLARATIONS, "unsigned float x;",
     ERROR_SYNTAX, "", 1, 10, "'float' does not combine with the type specifiers before it"},
    {DECLARATIONS, "extern long signed char _Complex x;",
     ERROR_SYNTAX, "", 1, 20, "'char' does not combine with the type specifiers before it"},
    {DECLARATIONS, "extern signed double x;",
     ERROR_SYNTAX, "", 1, 15, "'double' does not combine with the type specifiers before it"},
    {DECLARATIONS, "signed unsigned x;",
     ERROR_SYNTAX, "", 1, 8, "'unsigned' does not combine with the type specifiers before it"},
    {DECLARATIONS, "_Complex _Bool x;",
     ERROR_SYNTAX, "", 1, 10, "'_Bool' does not combine with the type specifiers before it"},
    {DECLARATIONS, "_Complex _Decimal64 x;",
     ERROR_SYNTAX, "", 1, 10, "'_Decimal64' does not combine with the type specifiers before it"},
    {DECLARATIONS, "_Decimal128 _Complex x;",
     ERROR_SYNTAX, "", 1, 13, "'_Complex' does not combine with the type specifiers before it"},
    {DECLARATIONS, "static extern int x;",
     ERROR_SYNTAX, "", 1, 8, "'extern' after another storage class"},
    {DECLARATIONS, "struct s { static int x; };",
     ERROR_SYNTAX, "", 1, 12, "storage class 'static' does not belong in a type name, member or parameter"},
    {DECLARATIONS, "typedef int T = 3;",
     ERROR_SYNTAX, "", 1, 15, "a typedef cannot have an initializer"},
    {DECLARATIONS, "int f(void) = 3;",
     ERROR_SYNTAX, "", 1, 13, "a function cannot have an initializer"},
    {DECLARATIONS, "#define X 1",
     ERROR_SYNTAX, "", 1, 1, "preprocessor directive '#define': run the text through the preprocessor first (gcc -E)"},
    {DECLARATIONS, "  #include <stdio.h>",
     ERROR_SYNTAX, "", 1, 3, "preprocessor directive '#include': run the text through the preprocessor first (gcc -E)"},
    {DECLARATIONS, "int x; @",
     ERROR_SYNTAX, "", 1, 8, "stray '@' in declarations"},
    {DECLARATIONS, "int x; /* open",
     ERROR_SYNTAX, "", 1, 8, "comment is not closed"},
    {DECLARATIONS, "char c = 'a;",
     ERROR_SYNTAX, "", 1, 10, "character constant is not closed"},
    {DECLARATIONS, "enum { A = 'ab };",
     ERROR_SYNTAX, "", 1, 12, "character constant is not closed"},
    {DECLARATIONS, "enum { A = '\\x' };",
     ERROR_SYNTAX, "", 1, 12, "bad escape sequence '\\x'"},
    {DECLARATIONS, "enum { A = L'\\u12' };",
     ERROR_SYNTAX, "", 1, 12, "bad escape sequence '\\u12'"},
    {DECLARATIONS, "enum { A = sizeof(\"a\\ud800\") };",
     ERROR_SYNTAX, "", 1, 19, "bad escape sequence '\\ud800'"},
    {DECLARATIONS, "enum { A = '\\u0041' };",
     ERROR_SYNTAX, "", 1, 12, "bad escape sequence '\\u0041'"},
    {DECLARATIONS, "enum { A = '\\U00110000' };",
     ERROR_SYNTAX, "", 1, 12, "bad escape sequence '\\U00110000'"},
    {DECLARATIONS, "enum { A = '' };",
     ERROR_SYNTAX, "", 1, 12, "character constant is empty"},
    {DECLARATIONS, "enum { A = 12ab };",
     ERROR_SYNTAX, "", 1, 12, "'12ab' is not a number"},
    {DECLARATIONS, "enum { A = 99999999999999999999999 };",
     ERROR_SYNTAX, "", 1, 12, "number '99999999999999999999999' is too large for any integer type"},
    {DECLARATIONS, "enum { A = 09 };",
     ERROR_SYNTAX, "", 1, 12, "'09' is not a number"},
    {DECLARATIONS, "enum { A = 0x1e+1 };",
     ERROR_SYNTAX, "", 1, 12, "'0x1e+1' is not a number"},
    {DECLARATIONS, "enum { A = 0x };",
     ERROR_SYNTAX, "", 1, 12, "'0x' is not a number"},
    {DECLARATIONS, "enum { A = 0b12 };",
     ERROR_SYNTAX, "", 1, 12, "'0b12' is not a number"},
    {DECLARATIONS, "enum { A = 1lul };",
     ERROR_SYNTAX, "", 1, 12, "'1lul' is not a number"},
    {DECLARATIONS, "enum { A = 1lL };",
     ERROR_SYNTAX, "", 1, 12, "'1lL' is not a number"},
    {DECLARATIONS, "enum { A = (int)1e+ };",
     ERROR_SYNTAX, "", 1, 17, "'1e+' is not a number"},
    {DECLARATIONS, "enum { A = (int)0x1.8 };",
     ERROR_SYNTAX, "", 1, 17, "'0x1.8' is not a number"},
    {DECLARATIONS, "enum { A = (int)1.0lf };",
     ERROR_SYNTAX, "", 1, 17, "'1.0lf' is not a number"},
    {DECLARATIONS, "enum { A = (int)1.0dF };",
     ERROR_SYNTAX, "", 1, 17, "'1.0dF' is not a number"},
    {DECLARATIONS, "enum { A = (int)0x1p1df };",
     ERROR_SYNTAX, "", 1, 17, "'0x1p1df' is not a number"},
    {DECLARATIONS, "enum { A = (int)0b1.1 };",
     ERROR_SYNTAX, "", 1, 17, "'0b1.1' is not a number"},
    {DECLARATIONS, "enum { A = (int)1.2.3 };",
     ERROR_SYNTAX, "", 1, 17, "'1.2.3' is not a number"},
    {DECLARATIONS, "enum { A = sizeof(3i) };",
     ERROR_UNSUPPORTED, "", 1, 19, "'3i' is a complex integer, which is not supported"},
    {DECLARATIONS, "enum { A = 1.5dd > 1 };",
     ERROR_UNSUPPORTED, "", 1, 12, "'1.5dd' is a decimal floating number, which is not supported"},
    {DECLARATIONS, "enum { A = (__int128)1 << 100 };",
     ERROR_TYPE, "", 1, 8, "value of enumerator 'A' is beyond every integer type"},
    {DECLARATIONS, "enum { A = -18446744073709551615 };",
     ERROR_TYPE, "", 1, 8, "value of enumerator 'A' is beyond every integer type"},
    {DECLARATIONS, "char a[(__int128)1 << 100];",
     ERROR_TYPE, "", 1, 7, "size of array is too large"},
    {DECLARATIONS, "char a[(__int128)-1];",
     ERROR_TYPE, "", 1, 8, "array size is negative"},
    {DECLARATIONS, "struct s { int x : (__int128)1 << 64; };",
     ERROR_TYPE, "", 1, 20, "width of bit-field 'x' is more than its type 'int' has"},
    {DECLARATIONS, "int x __attribute__((aligned((__int128)1 << 64)));",
     ERROR_TYPE, "", 1, 30, "alignment is not a power of two up to 2^28"},
    {DECLARATIONS, "int v; enum { A = (v = 3) };",
     ERROR_TYPE, "", 1, 22, "assignment in a constant expression"},
    {DECLARATIONS, "int v; enum { A = (v += 3) };",
     ERROR_TYPE, "", 1, 22, "assignment in a constant expression"},
    {DECLARATIONS, "int v; enum { A = ++v };",
     ERROR_TYPE, "", 1, 19, "assignment in a constant expression"},
    {DECLARATIONS, "int v; enum { A = v-- };",
     ERROR_TYPE, "", 1, 20, "assignment in a constant expression"},
    {DECLARATIONS, "enum { A = sizeof(3 = 4) };",
     ERROR_TYPE, "", 1, 21, "operator '=' does not take a value of type 'int'"},
    {DECLARATIONS, "enum { A = --3 };",
     ERROR_TYPE, "", 1, 12, "operator '--' does not take a value of type 'int'"},
    {DECLARATIONS, "enum { A = ({ 3; }) };",
     ERROR_UNSUPPORTED, "", 1, 12, "statement expressions '({ })' are not supported"},
    {DECLARATIONS, "typeof(({ 3; }) + 1) x;",
     ERROR_UNSUPPORTED, "", 1, 8, "statement expressions '({ })' are not supported"},
    {DECLARATIONS, "enum { A = __builtin_frob(1, int) };",
     ERROR_UNSUPPORTED, "", 1, 12, "'__builtin_frob' is no supported builtin"},
    {DECLARATIONS, "enum { A = sizeof(__builtin_frob(3)->a[2].b) };",
     ERROR_UNSUPPORTED, "", 1, 19, "'__builtin_frob' is no supported builtin"},
    {DECLARATIONS, "enum { A = 1 ? __builtin_frob(3) : 2 };",
     ERROR_UNSUPPORTED, "", 1, 16, "'__builtin_frob' is no supported builtin"},
    {DECLARATIONS, "enum { A = _Generic(__builtin_frob(3), int: 1) };",
     ERROR_UNSUPPORTED, "", 1, 21, "'__builtin_frob' is no supported builtin"},
    {DECLARATIONS, "enum { A = sizeof(u8\"a\" L\"b\") };",
     ERROR_SYNTAX, "", 1, 25, "strings of different prefixes side by side"},
    {DECLARATIONS, "enum { A = sizeof(u\"a\" \"b\" U\"b\") };",
     ERROR_SYNTAX, "", 1, 28, "strings of different prefixes side by side"},
    {DECLARATIONS, "struct p { int x, y; }; enum { A = sizeof((struct p[]){1, 2, 3}) };",
     ERROR_UNSUPPORTED, "", 1, 43, "the number of elements of 'struct p []' cannot be told from its initializer"},
    {DECLARATIONS, "enum { A = sizeof((int[]){[-1] = 2}) };",
     ERROR_TYPE, "", 1, 28, "array size is negative"},
    {DECLARATIONS, "enum { A = sizeof((long[]){[0x7ffffffffffffff0] = 2}) };",
     ERROR_TYPE, "", 1, 27, "size of array is too large"},
    {DECLARATIONS, "enum { A = sizeof((char[]){[0x7fffffffffffffff] = 2}) };",
     ERROR_TYPE, "", 1, 27, "size of array is too large"},
    {DECLARATIONS, "struct t; enum { A = sizeof((struct t){0}) };",
     ERROR_TYPE, "", 1, 29, "(unnamed) has incomplete type 'struct t'"},
    {DECLARATIONS, "enum { A = _Generic(1, long: 2) };",
     ERROR_TYPE, "", 1, 12, "no association of '_Generic' is for type 'int'"},
    {DECLARATIONS, "enum { A = _Generic(1, int: 2, default: 3, signed: 4) };",
     ERROR_TYPE, "", 1, 44, "two associations of '_Generic' are for type 'int'"},
    {DECLARATIONS, "enum { A = _Generic(1, default: 2, default: 3) };",
     ERROR_SYNTAX, "", 1, 36, "'_Generic' has two defaults"},
    {DECLARATIONS, "struct b { int x : 3; } b; typeof(b.x) y;",
     ERROR_TYPE, "", 1, 35, "bit-field 'x' has no type"},
    {DECLARATIONS, "static const int x = {1 / 0};",
     ERROR_TYPE, "", 1, 25, "division by zero in a constant expression"},
    {DECLARATIONS, "static const int x = {5, 6};",
     ERROR_SYNTAX, "", 1, 26, "expected '}' after initializer, got '6'"},
    {DECLARATIONS, "enum { A = __alignof__(int[]) };",
     ERROR_TYPE, "", 1, 12, "alignment of incomplete type 'int []'"},
    {DECLARATIONS, "int $;",
     ERROR_SYNTAX, "", 1, 5, "'$' without a value: only 0 given"},
    {DECLARATIONS, "_Static_assert(sizeof(int) == 8, \"int is \" \"eight\");",
     ERROR_TYPE, "", 1, 1, "static assertion failed: int is eight"},
    {DECLARATIONS, "_Static_assert(0);",
     ERROR_TYPE, "", 1, 1, "static assertion failed"},
    {DECLARATIONS, "_Static_assert(1 \"is true\");",
     ERROR_SYNTAX, "", 1, 18, "expected ')' after assertion, got '\"is true\"'"},
    {DECLARATIONS, "int f(void, int);",
     ERROR_TYPE, "", 1, 6, "'void' must be the only parameter"},
    {DECLARATIONS, "int f(void x);",
     ERROR_TYPE, "", 1, 12, "'x' has type void"},
    {DECLARATIONS, "int f(int, void);",
     ERROR_TYPE, "", 1, 6, "'void' must be the only parameter"},
    {DECLARATIONS, "struct s; int f(struct s); enum { A = sizeof(struct s) };",
     ERROR_TYPE, "", 1, 39, "size of incomplete type 'struct s'"},
    {DECLARATIONS, "enum { A = sizeof(int[]) };",
     ERROR_TYPE, "", 1, 12, "size of incomplete type 'int []'"},
    {DECLARATIONS, "struct b { int x : 3; }; enum { A = sizeof(((struct b *)0)->x) };",
     ERROR_TYPE, "", 1, 37, "bit-field 'x' has no size"},
    {DECLARATIONS, "struct b { int x : 3; }; enum { A = offsetof(struct b, x) };",
     ERROR_TYPE, "", 1, 56, "bit-field 'x' has no offset"},
    {DECLARATIONS, "struct b { int yy; }; enum { A = offsetof(struct b, y) };",
     ERROR_TYPE, "", 1, 53, "'struct b' has no member 'y'; did you mean 'yy'?"},
    {DECLARATIONS, "enum { A = offsetof(int, y) };",
     ERROR_TYPE, "", 1, 26, "'int' is no complete struct or union"},
    {DECLARATIONS, "enum { A = -\"abc\" };",
     ERROR_TYPE, "", 1, 12, "operator '-' does not take a value of type 'char *'"},
    {DECLARATIONS, "enum { A = ~1.0 };",
     ERROR_TYPE, "", 1, 12, "operator '~' does not take a value of type 'double'"},
    {DECLARATIONS, "struct b { int x; } b; enum { A = 1 + b };",
     ERROR_TYPE, "", 1, 37, "operator '+' does not take values of types 'int' and 'struct b'"},
    {DECLARATIONS, "struct b { int x; } b; enum { A = (int)b };",
     ERROR_TYPE, "", 1, 35, "no cast from 'struct b' to 'int' in a constant expression"},
    {DECLARATIONS, "int x __attribute__((aligned(3)));",
     ERROR_TYPE, "", 1, 30, "alignment is not a power of two up to 2^28"},
    {DECLARATIONS, "int x __attribute__((aligned(-4)));",
     ERROR_TYPE, "", 1, 30, "alignment is not a power of two up to 2^28"},
    {DECLARATIONS, "typedef float T __attribute__((mode(SI)));",
     ERROR_TYPE, "", 1, 32, "mode 'SI' does not apply to 'float'"},
    {DECLARATIONS, "typedef int T __attribute__((mode(XX)));",
     ERROR_TYPE, "", 1, 30, "mode 'XX' does not apply to 'int'"},
    {DECLARATIONS, "typedef int T __attribute__((vector_size(12)));",
     ERROR_TYPE, "", 1, 30, "no vector of this size has elements of type 'int'"},
    {DECLARATIONS, "struct q { int a; }; typedef struct q T __attribute__((vector_size(16)));",
     ERROR_TYPE, "", 1, 56, "no vector of this size has elements of type 'struct q'"},
    {DECLARATIONS, "#pragma scalar_storage_order little-endian\n#pragma scalar_storage_order default\n  #pragma scalar_storage_order big-endian\nstruct s { int a; };",
     ERROR_UNSUPPORTED, "", 3, 3, "#pragma scalar_storage_order big-endian would change the layout in a way that is not supported"},
    {DECLARATIONS, "enum __attribute__((mode(QI))) e { A = 255, B = -1 };",
     ERROR_TYPE, "", 1, 21, "mode 'QI' does not hold the values of 'enum e'"},
    {DECLARATIONS, "enum __attribute__((mode(SF))) e { A };",
     ERROR_TYPE, "", 1, 21, "mode 'SF' does not apply to 'unsigned int'"},
    {DECLARATIONS, "extern int *x __attribute__((mode(SI)));",
     ERROR_TYPE, "", 1, 30, "mode 'SI' does not apply to 'int *'"},
    {DECLARATIONS, "struct s { int m : 9 __attribute__((mode(QI))); };",
     ERROR_TYPE, "", 1, 37, "width of bit-field 'm' is more than its type 'signed char' has"},
    {DECLARATIONS, "extern int *__attribute__((vector_size(16))) x;",
     ERROR_UNSUPPORTED, "", 1, 28, "attribute 'vector_size' would change the layout in a way that is not supported"},
    {DECLARATIONS, "struct s { int a; } __attribute__((scalar_storage_order(1)));",
     ERROR_SYNTAX, "", 1, 57, "expected a string, got '1'"},
    {DECLARATIONS, "struct s { int a; } __attribute__((scalar_storage_order(\"little-endian\"))); struct s { int b; } __attribute__((scalar_storage_order(\"middle\")));",
     ERROR_UNSUPPORTED, "", 1, 112, "attribute 'scalar_storage_order' would change the layout in a way that is not supported"},
    {DECLARATIONS, "struct s { int a; } __attribute__((scalar_storage_order(\"big-endian\")));",
     ERROR_UNSUPPORTED, "", 1, 36, "attribute 'scalar_storage_order' would change the layout in a way that is not supported"},
    {DECLARATIONS, "int f(int a[*]); int b[*];",
     ERROR_TYPE, "", 1, 23, "'*' in an array's brackets is only for parameters"},
    {DECLARATIONS, "int b[static 3];",
     ERROR_TYPE, "", 1, 6, "'static' in an array's brackets is only for parameters"},
    {DECLARATIONS, "int b[const 3];",
     ERROR_TYPE, "", 1, 6, "a qualifier in an array's brackets is only for parameters"},
    {DECLARATIONS, "int b[?];",
     ERROR_TYPE, "", 1, 5, "'[?]' is only for the outermost array or the last member of a struct"},
    {DECLARATIONS, "int b[2][?];",
     ERROR_TYPE, "", 1, 6, "'[?]' is only for the outermost array or the last member of a struct"},
    {DECLARATIONS, "int &r[3];",
     ERROR_TYPE, "", 1, 7, "array of references"},
    {DECLARATIONS, "int &*r;",
     ERROR_TYPE, "", 1, 6, "pointer to a reference"},
    {DECLARATIONS, "void &r;",
     ERROR_TYPE, "", 1, 6, "reference to void"},
    {DECLARATIONS, "restrict int x;",
     ERROR_TYPE, "", 1, 1, "'restrict' on 'int', which is not a pointer"},
    {DECLARATIONS, "int restrict *x;",
     ERROR_TYPE, "", 1, 1, "'restrict' on 'int', which is not a pointer"},
    {DECLARATIONS, "typedef int A[3]; _Atomic A x;",
     ERROR_TYPE, "", 1, 19, "'_Atomic' on 'int [3]'"},
    {DECLARATIONS, "struct s { struct s { int a; } x; };",
     ERROR_REDEFINED, "", 1, 8, "'struct s' is defined inside itself"},
    {DECLARATIONS, "struct s { int f(int); };",
     ERROR_TYPE, "", 1, 16, "member 'f' is a function"},
    {DECLARATIONS, "struct s { void v; };",
     ERROR_TYPE, "", 1, 17, "'v' has type void"},
    {DECLARATIONS, "struct 3;",
     ERROR_SYNTAX, "", 1, 8, "expected a tag or '{' after 'struct', got '3'"},
    {DECLARATIONS, "enum 3;",
     ERROR_SYNTAX, "", 1, 6, "expected a tag or '{' after 'enum', got '3'"},
    {DECLARATIONS, "enum { 3 };",
     ERROR_SYNTAX, "", 1, 8, "expected an enumerator's name, got '3'"},
    {DECLARATIONS, "enum { A B };",
     ERROR_SYNTAX, "", 1, 10, "expected ',' or '}' after enumerator, got 'B'"},
    {DECLARATIONS, "enum { };",
     ERROR_SYNTAX, "", 1, 8, "expected an enumerator's name, got '}'"},
    {DECLARATIONS, "struct s { int a;",
     ERROR_SYNTAX, "", 1, 18, "expected '}' after struct fields, got end of text"},
    {DECLARATIONS, "int (x;",
     ERROR_SYNTAX, "", 1, 7, "expected ')' after declarator, got ';'"},
    {DECLARATIONS, "int x[3;",
     ERROR_SYNTAX, "", 1, 8, "expected ']' after array size, got ';'"},
    {DECLARATIONS, "int f(int;",
     ERROR_SYNTAX, "", 1, 10, "expected ',' or ')' after parameter, got ';'"},
    {DECLARATIONS, "int f(int a b);",
     ERROR_SYNTAX, "", 1, 13, "expected ',' or ')' after parameter, got 'b'"},
    {DECLARATIONS, "int *;",
     ERROR_SYNTAX, "", 1, 6, "expected a name, got ';'"},
    {DECLARATIONS, "int 3;",
     ERROR_SYNTAX, "", 1, 5, "expected a name, got '3'"},
    {DECLARATIONS, "int f(int) { return 1;",
     ERROR_SYNTAX, "", 1, 23, "expected '}', got end of text"},
    {DECLARATIONS, "int x __attribute__((aligned(4));",
     ERROR_SYNTAX, "", 1, 33, "expected '))' after attributes, got ';'"},
    {DECLARATIONS, "int x __attribute__(aligned);",
     ERROR_SYNTAX, "", 1, 21, "expected '((' after '__attribute__', got 'aligned'"},
    {DECLARATIONS, "int x __attribute__((;));",
     ERROR_SYNTAX, "", 1, 22, "expected an attribute, got ';'"},
    {DECLARATIONS, "extern \"C\" { int x; };",
     ERROR_SYNTAX, "", 1, 8, "expected a type, got '\"C\"'"},
    {DECLARATIONS, "int x = ;",
     ERROR_SYNTAX, "", 1, 9, "expected an initializer after '=', got ';'"},
    {DECLARATIONS, "int x = {1, 2",
     ERROR_SYNTAX, "", 1, 14, "expected '}', got end of text"},
    {DECLARATIONS, "typedef int lax __attribute__((aligned(8))); lax a[3];",
     ERROR_TYPE, "", 1, 51, "size of the elements 'int' is not a multiple of their alignment"},
    {DECLARATIONS, "enum { A = sizeof };",
     ERROR_SYNTAX, "", 1, 19, "expected an expression, got '}'"},
    {DECLARATIONS, "enum { A = (1 };",
     ERROR_SYNTAX, "", 1, 15, "expected ')' after expression, got '}'"},
    {DECLARATIONS, "enum { A = (int };",
     ERROR_SYNTAX, "", 1, 17, "expected ')' after type name, got '}'"},
    {DECLARATIONS, "enum { A = 1 ? 2 };",
     ERROR_SYNTAX, "", 1, 18, "expected ':' after expression, got '}'"},
    {DECLARATIONS, "int f(a, b);",
     ERROR_TYPE, "", 1, 7, "unknown type name 'a'"},
    {DECLARATIONS, "class foo;",
     ERROR_TYPE, "", 1, 1, "unknown type name 'class'"},
    {DECLARATIONS, "unsigned_int x;",
     ERROR_TYPE, "", 1, 1, "unknown type name 'unsigned_int'; did you mean 'unsigned'?"},
    {DECLARATIONS, "__auto_type x = 3;",
     ERROR_UNSUPPORTED, "", 1, 1, "'__auto_type' needs an initializer's type, which declarations do not have"},
    {DECLARATIONS, "extern int x[]; extern int x[3]; extern int x[4];",
     ERROR_REDEFINED, "", 1, 45, "'x' is declared as 'int [4]', but was 'int [3]'; previously at line 1"},
    {DECLARATIONS, "int f(); int f(int); int f(long);",
     ERROR_REDEFINED, "", 1, 26, "'f' is declared as 'int (long)', but was 'int (int)'; previously at line 1"},
    {DECLARATIONS, "$",
     ERROR_SYNTAX, "", 1, 1, "'$' without a value: only 0 given"},
    {DECLARATIONS, "enum { A = (int)\"abc\"[1] };",
     ERROR_TYPE, "", 1, 22, "the value of the expression is not constant"},
    {DECLARATIONS, "long a[1 << 30][1 << 31];",
     ERROR_TYPE, "", 1, 17, "array size is negative"},
    {DECLARATIONS, "struct s { static int x; register int y; };",
     ERROR_SYNTAX, "", 1, 12, "storage class 'static' does not belong in a type name, member or parameter"},
    {DECLARATIONS, "__auto_type x;",
     ERROR_UNSUPPORTED, "", 1, 1, "'__auto_type' needs an initializer's type, which declarations do not have"},
    {DECLARATIONS, "enum { A = 'ab'",
     ERROR_SYNTAX, "", 1, 16, "expected ',' or '}' after enumerator, got end of text"},
    {DECLARATIONS, "static const int x = f();",
     ERROR_TYPE, "", 1, 22, "'f' is not declared"},
    {DECLARATIONS, "struct t; struct t f(void)[2];",
     ERROR_TYPE, "", 1, 27, "array of incomplete type 'struct t'"},
    {DECLARATIONS, "int f(struct s { int a; } *p, int a, int *a);",
     ERROR_REDEFINED, "", 1, 43, "duplicate parameter 'a'"},
    {DECLARATIONS, "struct s { int a; struct { int a; }; };",
     ERROR_REDEFINED, "", 1, 19, "duplicate member 'a'"},
    {DECLARATIONS, "struct s { struct { int a; }; struct { int b; }; int c, d, e, f, g, h, i, b; };",
     ERROR_REDEFINED, "", 1, 75, "duplicate member 'b'"},
    {DECLARATIONS, "enum e { A }; enum e { A, B };",
     ERROR_REDEFINED, "", 1, 20, "'enum e' is defined differently; previously at line 1"},
    {DECLARATIONS, "union u { int a; }; struct s { union u; long a; };",
     ERROR_REDEFINED, "", 1, 46, "duplicate member 'a'"},
    {DECLARATIONS, "struct b { int x; } b; enum { A = b.x };",
     ERROR_TYPE, "", 1, 37, "'x' is not a constant"},
    {DECLARATIONS, "enum { A = *3 };",
     ERROR_TYPE, "", 1, 12, "operator '*' does not take a value of type 'int'"},
    {DECLARATIONS, "enum { A = &3 };",
     ERROR_TYPE, "", 1, 12, "operator '&' does not take a value of type 'int'"},
    {DECLARATIONS, "enum { A = 3 ->x };",
     ERROR_TYPE, "", 1, 14, "operator '->' does not take a value of type 'int'"},
    {DECLARATIONS, "enum { A = 3(4) };",
     ERROR_TYPE, "", 1, 13, "operator '()' does not take a value of type 'int'"},
    {DECLARATIONS, "int f(int); enum { A = sizeof(f) + f };",
     ERROR_TYPE, "", 1, 36, "'f' is not a constant"},
    {DECLARATIONS, "enum { A = (int *)1.5 };",
     ERROR_TYPE, "", 1, 12, "no cast from 'double' to 'int *' in a constant expression"},
    {DECLARATIONS, "#line 100 \"foo.h\"\nint x\ny;",
     ERROR_SYNTAX, "foo.h", 101, 1, "expected ';' after declaration, got 'y'"},
    {DECLARATIONS, "# 7 \"bar.h\" 3 4\ntypedef int T;\n\n# 3 \"baz.h\"\ntypedef long T;",
     ERROR_REDEFINED, "baz.h", 3, 14, "'T' is declared as 'long', but was 'int'; previously at bar.h:7"},
    {DECLARATIONS, "# 7 \"a \\\"b\\\" \\\\ \\303\\251.h\"\nint 3;",
     ERROR_SYNTAX, "a \"b\" \\ \303\251.h", 7, 5, "expected a name, got '3'"},
    {DECLARATIONS, "_Alignas(3) int x;",
     ERROR_TYPE, "", 1, 10, "alignment is not a power of two up to 2^28"},
    {DECLARATIONS, "_Alignas(int x;",
     ERROR_SYNTAX, "", 1, 14, "expected ')' after alignment, got 'x'"},
    {DECLARATIONS, "typedef int v __attribute__((vector_size(0)));",
     ERROR_TYPE, "", 1, 30, "no vector of this size has elements of type 'int'"},
    {DECLARATIONS, "static const char c = 1.0 ? 2 : f;",
     ERROR_TYPE, "", 1, 33, "'f' is not declared"},
    {DECLARATIONS, "int x __asm__(3);",
     ERROR_SYNTAX, "", 1, 15, "expected a string, got '3'"},
    {DECLARATIONS, "asm volatile (\"nop\" : : );\nint 4;",
     ERROR_SYNTAX, "", 2, 5, "expected a name, got '4'"},
    {DECLARATIONS, "int \\\ny \\\nz;",
     ERROR_SYNTAX, "", 3, 1, "expected ';' after declaration, got 'z'"},
    {DECLARATIONS, "in\\\nt x;\nint\\\r\n y\\\n y;",
     ERROR_SYNTAX, "", 5, 2, "expected ';' after declaration, got 'y'"},
    {DECLARATIONS, "usigned x;",
     ERROR_TYPE, "", 1, 1, "unknown type name 'usigned'; did you mean 'unsigned'?"},
    {DECLARATIONS, "int f(sise_t n);",
     ERROR_TYPE, "", 1, 7, "unknown type name 'sise_t'; did you mean 'size_t'?"},
    {DECLARATIONS, "struct point { int x; };\npoint *p;",
     ERROR_TYPE, "", 2, 1, "unknown type name 'point'; did you mean 'struct point'?"},
    {DECLARATIONS, "union value; value_ *p;",
     ERROR_TYPE, "", 1, 14, "unknown type name 'value_'; did you mean 'union value'?"},
    {DECLARATIONS, "enum colour { RED, GREEN }; int a[GREN];",
     ERROR_TYPE, "", 1, 35, "'GREN' is not declared; did you mean 'GREEN'?"},
    {DECLARATIONS, "struct s { struct { int length; }; }; int a[offsetof(struct s, lenght)];",
     ERROR_TYPE, "", 1, 64, "'struct s' has no member 'lenght'; did you mean 'length'?"},
    {DECLARATIONS, "int * __ptr32 p;",
     ERROR_UNSUPPORTED, "", 1, 7, "'__ptr32' makes a pointer of four bytes, which x86-64 Linux does not have"},
    {DECLARATIONS, "enum e : unsigned char { A = 256 };",
     ERROR_TYPE, "", 1, 26, "value of enumerator 'A' does not fit the enum's type 'unsigned char'"},
    {DECLARATIONS, "enum e : short { A = 32767, B };",
     ERROR_TYPE, "", 1, 29, "value of enumerator 'B' does not fit the enum's type 'short'"},
    {DECLARATIONS, "enum e : unsigned long { A = -1 };",
     ERROR_TYPE, "", 1, 26, "value of enumerator 'A' does not fit the enum's type 'unsigned long'"},
    {DECLARATIONS, "enum e : float { A };",
     ERROR_TYPE, "", 1, 10, "an enum's underlying type is an integer type, not 'float'"},
    {DECLARATIONS, "int x [[gnu::aligned(3)]];",
     ERROR_TYPE, "", 1, 22, "alignment is not a power of two up to 2^28"},
    {DECLARATIONS, "int x [[gnu::aligned(4)];",
     ERROR_SYNTAX, "", 1, 25, "expected ']]' after attributes, got ';'"},
    {DECLARATIONS, "int x [[gnu:aligned]];",
     ERROR_SYNTAX, "", 1, 13, "expected '::' after attribute's prefix, got 'aligned'"},
    {DECLARATIONS, "__declspec(align(3)) int x;",
     ERROR_TYPE, "", 1, 18, "alignment is not a power of two up to 2^28"},
    {DECLARATIONS, "__declspec(align) int x;",
     ERROR_SYNTAX, "", 1, 17, "expected '(' after 'align', got ')'"},
    {DECLARATIONS, "__declspec int x;",
     ERROR_SYNTAX, "", 1, 12, "expected '(' after '__declspec', got 'int'"},
    {DECLARATIONS, "enum { A = sizeof(void (*)(int)) / 0 ? 1 : 2 };",
     ERROR_TYPE, "", 1, 34, "division by zero in a constant expression"},
    {DECLARATIONS, "struct s { long long x : 65; };",
     ERROR_TYPE, "", 1, 26, "width of bit-field 'x' is more than its type 'long long' has"},
    {DECLARATIONS, "struct s { int x : f; };",
     ERROR_TYPE, "", 1, 20, "'f' is not declared"},
    {DECLARATIONS, "void f(void) { if (1) { return; }",
     ERROR_SYNTAX, "", 1, 34, "expected '}', got end of text"},
    {DECLARATIONS, "void f(void); void f(void) { if (1) { return; } } int 1;",
     ERROR_SYNTAX, "", 1, 55, "expected a name, got '1'"},
    {DECLARATIONS, "typedef struct s { int x; } s; s *f(s *, t *);",
     ERROR_TYPE, "", 1, 42, "unknown type name 't'"},
    {DECLARATIONS, "wchar_t 1;",
     ERROR_SYNTAX, "", 1, 9, "expected a name, got '1'"},
    {TYPE_NAME, "struct { int a",
     ERROR_SYNTAX, "", 1, 15, "expected ';' after struct field, got end of text"},
    {TYPE_NAME, "int [2][?]",
     ERROR_TYPE, "", 1, 5, "'[?]' is only for the outermost array or the last member of a struct"},
    {TYPE_NAME, "void [3]",
     ERROR_TYPE, "", 1, 6, "array of void"},
    {TYPE_NAME, "struct s { int a; } [-3]",
     ERROR_TYPE, "", 1, 22, "array size is negative"},
    {TYPE_NAME, "",
     ERROR_SYNTAX, "", 1, 1, "expected a type, got end of text"},
    {TYPE_NAME, "int f(int)",
     ERROR_SYNTAX, "", 1, 5, "expected the end of the type name, got 'f'"},
    {DECLARATIONS, "static const int a = 1 ? 2 : 1/0, b = 0 && 1/0, c = 1/0 || 1;",
     ERROR_TYPE, "", 1, 54, "division by zero in a constant expression"},
};

/* -- the table ------------------------------------------------------------------------------------------------------------ */

static bool run(CTypeTable *table, Form form, const CdeclSource *source, Error *error)
{
    return form == TYPE_NAME ? cdecl_type_name(table, source, error) != NULL : cdecl_declare(table, source, error);
}

static void check_case(CTypeTable *table, const CountingHeap *heap, const struct Case *c)
{
    CdeclSource source = source_of(c->text);
    size_t nbytes = heap->nbytes;
    Error error;
    memset(&error, 0, sizeof error);
    if (!CHECK(!run(table, c->form, &source, &error)))
        fprintf(stderr, "    no error in: %s\n", c->text);
    if (!CHECK_TEXT(error.text, c->message) | !CHECK_INT(error.code, c->code) | !CHECK_INT(error.line, c->line) |
        !CHECK_INT(error.column, c->column) | !CHECK_TEXT(error.file, c->file))
        fprintf(stderr, "    in: %s\n", c->text);
    CHECK_INT(heap->nbytes, nbytes);
}

/* Whether a message's text is what a format with % makes: each conversion stands for any text. */
static bool matches(const char *format, const char *text)
{
    if (*format == '\0')
        return *text == '\0';
    if (*format != '%')
        return *format == *text && matches(format + 1, text + 1);
    for (;; text++) {
        if (matches(format + 2, text))
            return true;
        if (*text == '\0')
            return false;
    }
}

/* Messages that the table cannot hold; each has a test below, or one in cdecl_memory.c. */
static bool is_elsewhere(const char *name)
{
    static const char *const names[] = {"OUT_OF_MEMORY", "TOO_DEEP", "TYPE_TOO_DEEP", "PARAM_UNUSED", "TOO_MANY"};
    size_t i;
    for (i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void check_every_message(void)
{
    static const struct {
        const char *name, *format;
    } messages[] = {
#define CDECL_MESSAGE(name, code, format) {#name, format},
#include "cdecl/messages.def"
#undef CDECL_MESSAGE
    };
    size_t i, k;
    for (i = 0; i < sizeof messages / sizeof *messages; i++) {
        bool is_found = is_elsewhere(messages[i].name);
        for (k = 0; !is_found && k < sizeof cases / sizeof *cases; k++)
            is_found = matches(messages[i].format, cases[k].message);
        if (!CHECK(is_found))
            fprintf(stderr, "    no case for message %s\n", messages[i].name);
    }
}

/* -- values for $ ----------------------------------------------------------------------------------------------------------- */

static void check_values(CTypeTable *table)
{
    CdeclParam params[] = {{.kind = CDECL_PARAM_INTEGER, .u.integer = 3}, {.kind = CDECL_PARAM_TYPE, .u.type = ctype_scalar(table, CSCALAR_SHORT)}};
    CdeclSource source = {.text = "int x[$];", .length = 9, .params = params, .nparams = 2};
    Error error;
    CHECK(!cdecl_declare(table, &source, &error));
    CHECK_TEXT(error.text, "2 values given for 1 '$'");
    source.nparams = 1;
    source.text = "$ x[$];";
    source.length = 7;
    source.params = params + 1;
    CHECK(!cdecl_declare(table, &source, &error));
    CHECK_TEXT(error.text, "'$' without a value: only 1 given");
    CHECK_INT(error.column, 5);
}

/* -- what is shown ------------------------------------------------------------------------------------------------------------ */

static void check_source_line(CTypeTable *table)
{
    char text[1000];
    CdeclSource source = {.text = "int a;\n  int b c;\nint d;", .length = 24, .file = "some.h"};
    Error error;
    CHECK(!cdecl_declare(table, &source, &error));
    CHECK_TEXT(error.file, "some.h");
    CHECK_TEXT(error.source, "  int b c;");
    CHECK_INT(error.caret, 8);
    CHECK_INT(error.column, 9);
    memset(text, ' ', sizeof text);
    memcpy(text, "int b", 5);
    memcpy(text + 800, "c;", 2);
    source.text = text;
    source.length = sizeof text;
    CHECK(!cdecl_declare(table, &source, &error));
    CHECK_INT(error.column, 801);
    CHECK_INT(strlen(error.source), sizeof error.source - 1);
    CHECK(error.source[error.caret] == 'c');
}

/* A long file name keeps its end, a long message ends in dots. */
static void check_cut(CTypeTable *table)
{
    char file[300], text[700];
    CdeclSource source = {.text = "int", .length = 3, .file = file};
    Error error;
    memset(file, 'd', sizeof file);
    memcpy(file + sizeof file - 6, "/end.h", 6);
    file[sizeof file - 1] = '\0';
    CHECK(!cdecl_declare(table, &source, &error));
    CHECK_INT(strlen(error.file), sizeof error.file - 1);
    CHECK_TEXT(error.file + strlen(error.file) - 5, "/end.");
    snprintf(text, sizeof text, "_Static_assert(0, \"%0500d\");", 1);
    source = source_of(text);
    CHECK(!cdecl_declare(table, &source, &error));
    CHECK(strlen(error.text) < sizeof error.text);
    snprintf(text, sizeof text, "int %0500d", 1);
    memset(text + 4, 'n', 500);
    memcpy(text + 504, "; long ", 7);
    memset(text + 511, 'n', 100);
    text[611] = '\0';
    source = source_of(text);
    CHECK(declare(table, text));
    text[4 + 500] = ';';
    memcpy(text, "long", 4);
    memmove(text + 5, text + 4, 500);
    text[4] = ' ';
    text[505] = ';';
    text[506] = '\0';
    source = source_of(text);
    CHECK(!cdecl_declare(table, &source, &error));
    CHECK_INT(strlen(error.text), sizeof error.text - 1);
    CHECK_TEXT(error.text + strlen(error.text) - 3, "...");
}

/* A good text after a bad one finds the table as if the bad one had never been. */
static void check_nothing_left(CTypeTable *table)
{
    CdeclSource source = source_of("struct gone { int a; }; typedef int gone_t; enum { GONE = 1 }; extern int gone_v; int gone_f(struct gone *); int 3;");
    Error error;
    CHECK(!cdecl_declare(table, &source, &error));
    CHECK(find_tag(table, "gone") == NULL);
    CHECK(find_decl(table, "gone_t") == NULL);
    CHECK(find_decl(table, "GONE") == NULL);
    CHECK(find_decl(table, "gone_v") == NULL);
    CHECK(find_decl(table, "gone_f") == NULL);
    CHECK(ctype_find_name(table, "gone_f", 6) == NULL);
    CHECK(declare(table, "struct gone { long b; }; typedef long gone_t; enum { GONE = 2 }; int gone_f(void);"));
    CHECK_INT(find_tag(table, "gone")->size, 8);
}

int main(void)
{
    CountingHeap heap;
    Allocator allocator = counting_allocator(&heap);
    CTypeTable *table;
    CTypeTable *kept = ctype_table_new(&allocator);
    size_t i;
    declare(kept, "int first;"); /* interns the keywords */
    for (i = 0; i < sizeof cases / sizeof *cases; i++)
        check_case(kept, &heap, &cases[i]);
    check_values(kept);
    check_source_line(kept);
    ctype_table_free(kept);
    CHECK_INT(heap.nblocks, 0);
    table = ctype_table_new(&mem_system_allocator);
    check_every_message();
    check_cut(table);
    check_nothing_left(table);
    ctype_table_free(table);
    return unit_end("cdecl_errors");
}
