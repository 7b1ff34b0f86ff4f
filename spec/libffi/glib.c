/* GLib as a client of libffi: signals of each fundamental type, as arguments in and beyond the registers and as results, through
 * g_cclosure_marshal_generic (GValues) and g_cclosure_marshal_generic_va (one handler, g_signal_emit). */
#include <glib-object.h>
#include <gobject/gvaluecollector.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int nchecks;

static void check(gboolean ok, const char *what, const char *how)
{
    if (!ok) {
        fprintf(stderr, "%s: %s\n", what, how);
        exit(1);
    }
    g_atomic_int_inc(&nchecks);
}

/* -- types: what GLib's fundamental types are in C ----------------------------------------------------------------------------- */

typedef enum Colour { RED = -5, GREEN = 3 } Colour;
typedef enum Sides { LEFT = 1, RIGHT = 1 << 30 } Sides;

static GType colour_type(void)
{
    static const GEnumValue values[] = {{RED, "RED", "red"}, {GREEN, "GREEN", "green"}, {0, NULL, NULL}};
    static gsize type;
    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("Colour", values));
    return type;
}

static GType sides_type(void)
{
    static const GFlagsValue values[] = {{LEFT, "LEFT", "left"}, {RIGHT, "RIGHT", "right"}, {0, NULL, NULL}};
    static gsize type;
    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_flags_register_static("Sides", values));
    return type;
}

static char *same_text(const char *text)
{
    return g_strdup(text);
}

static GPtrArray *same_array(GPtrArray *array)
{
    return array != NULL ? g_ptr_array_ref(array) : NULL;
}

static GParamSpec *same_param(GParamSpec *param)
{
    return g_param_spec_ref(param);
}

static GObject *same_object(GObject *object)
{
    return object != NULL ? g_object_ref(object) : NULL;
}

static GVariant *same_variant(GVariant *variant)
{
    return variant != NULL ? g_variant_ref(variant) : NULL;
}

#define ITSELF(v) v
#define EQUAL(a, b) ((a) == (b))
#define EQUAL_TEXT(a, b) (g_strcmp0(a, b) == 0)

/* Made in main. */
static GPtrArray *an_array;
static GParamSpec *a_param;
static GObject *an_object;
static GVariant *a_variant;

/* X(name, C type, GType, how a copy for the receiver is made, how it is freed, how it is compared, values...) */
#define TYPES(X) \
    X(char, gint8, G_TYPE_CHAR, ITSELF, (void), EQUAL, 0, 1, -1, G_MININT8, G_MAXINT8) \
    X(uchar, guint8, G_TYPE_UCHAR, ITSELF, (void), EQUAL, 0, 1, 127, 128, G_MAXUINT8) \
    X(boolean, gboolean, G_TYPE_BOOLEAN, ITSELF, (void), EQUAL, FALSE, TRUE) \
    X(int, gint, G_TYPE_INT, ITSELF, (void), EQUAL, 0, -1, G_MININT, G_MAXINT) \
    X(uint, guint, G_TYPE_UINT, ITSELF, (void), EQUAL, 0, 1, G_MAXINT + 1u, G_MAXUINT) \
    X(long, glong, G_TYPE_LONG, ITSELF, (void), EQUAL, 0, -1, G_MINLONG, G_MAXLONG, G_MAXUINT) \
    X(ulong, gulong, G_TYPE_ULONG, ITSELF, (void), EQUAL, 0, G_MAXUINT, G_MAXULONG) \
    X(int64, gint64, G_TYPE_INT64, ITSELF, (void), EQUAL, 0, -1, G_MININT64, G_MAXINT64) \
    X(uint64, guint64, G_TYPE_UINT64, ITSELF, (void), EQUAL, 0, G_MAXUINT64) \
    X(enum, Colour, colour_type(), ITSELF, (void), EQUAL, RED, GREEN) \
    X(flags, Sides, sides_type(), ITSELF, (void), EQUAL, LEFT, RIGHT, LEFT | RIGHT) \
    X(float, gfloat, G_TYPE_FLOAT, ITSELF, (void), EQUAL, 0, -1.5f, G_MAXFLOAT, G_MINFLOAT) \
    X(double, gdouble, G_TYPE_DOUBLE, ITSELF, (void), EQUAL, 0, -1.5, G_MAXDOUBLE, G_MINDOUBLE) \
    X(string, gchar *, G_TYPE_STRING, same_text, g_free, EQUAL_TEXT, NULL, (gchar *)"", (gchar *)"text") \
    X(pointer, gpointer, G_TYPE_POINTER, ITSELF, (void), EQUAL, NULL, &nchecks, (gpointer)-1L) \
    X(gtype, GType, G_TYPE_GTYPE, ITSELF, (void), EQUAL, G_TYPE_NONE, G_TYPE_OBJECT) \
    X(boxed, GPtrArray *, G_TYPE_PTR_ARRAY, same_array, g_ptr_array_unref, EQUAL, an_array, an_array) \
    X(param, GParamSpec *, G_TYPE_PARAM, same_param, g_param_spec_unref, EQUAL, a_param, a_param) \
    X(object, GObject *, G_TYPE_OBJECT, same_object, g_object_unref, EQUAL, an_object, an_object) \
    X(variant, GVariant *, G_TYPE_VARIANT, same_variant, g_variant_unref, EQUAL, a_variant, a_variant)

/* -- a signal for each type ------------------------------------------------------------------------------------------------------ */

/* The value, among others in all kinds of registers and on the stack; the one that is expected is behind user_data. */
#define PARAMETERS(T) T a, gdouble x, T b, gint n, T c, T d, gfloat y, T e, T f, gint8 m, T g, T h, T i, T j, T k
#define ARGUMENTS(v) v, 2.5, v, -7, v, v, -0.25f, v, v, -100, v, v, v, v, v
#define ARGUMENT_TYPES(t) t, G_TYPE_DOUBLE, t, G_TYPE_INT, t, t, G_TYPE_FLOAT, t, t, G_TYPE_CHAR, t, t, t, t, t
enum { NARGUMENTS = 15 };

typedef struct Expected {
    const void *value;
    int ncalls;
    gpointer instance;
} Expected;

#define DEFINE(N, T, gtype, same, drop, equal, ...) \
    static gboolean are_right_##N(const Expected *expected, PARAMETERS(T)) \
    { \
        T v = *(T const *)expected->value; \
        return equal(a, v) && equal(b, v) && equal(c, v) && equal(d, v) && equal(e, v) && equal(f, v) && equal(g, v) && \
               equal(h, v) && equal(i, v) && equal(j, v) && equal(k, v) && x == 2.5 && n == -7 && y == -0.25f && m == -100; \
    } \
    static T on_##N(GObject *instance, PARAMETERS(T), gpointer user_data) \
    { \
        Expected *expected = user_data; \
        check(instance == expected->instance, #N, "instance"); \
        check(are_right_##N(expected, a, x, b, n, c, d, y, e, f, m, g, h, i, j, k), #N, "arguments"); \
        expected->ncalls++; \
        return same(a); \
    } \
    static T on_##N##_swapped(gpointer user_data, PARAMETERS(T), GObject *instance) \
    { \
        return on_##N(instance, a, x, b, n, c, d, y, e, f, m, g, h, i, j, k, user_data); \
    } \
    static void nothing_##N(GObject *instance, PARAMETERS(T), gpointer user_data) \
    { \
        on_##N##_drop(on_##N(instance, a, x, b, n, c, d, y, e, f, m, g, h, i, j, k, user_data)); \
    }

#define DEFINE_DROP(N, T, gtype, same, drop, equal, ...) \
    static void on_##N##_drop(T v) \
    { \
        if (v != (T)0) \
            drop(v); \
    }

TYPES(DEFINE_DROP)
TYPES(DEFINE)

/* Emits with the handlers that are there: `ncalls` of them are to be called, and the last result is to be right. */
#define DEFINE_EMIT(N, T, gtype, same, drop, equal, ...) \
    static void emit_##N(GObject *object, const char *signal, Expected *expected, int ncalls, const char *how) \
    { \
        T v = *(T const *)expected->value; \
        T result; \
        memset(&result, 0x55, sizeof result); \
        expected->ncalls = 0; \
        g_signal_emit_by_name(object, signal, ARGUMENTS(v), &result); \
        check(expected->ncalls == ncalls, #N, how); \
        check(equal(result, v), #N, "result"); \
        on_##N##_drop(result); \
    } \
    static void check_##N(GObject *object) \
    { \
        T values[] = {__VA_ARGS__}; \
        for (size_t i = 0; i < G_N_ELEMENTS(values); i++) { \
            Expected expected = {&values[i], 0, object}; \
            gulong one = g_signal_connect(object, "echo-" #N, G_CALLBACK(on_##N), &expected); \
            emit_##N(object, "echo-" #N, &expected, 1, "one handler"); \
            gulong two = g_signal_connect_swapped(object, "echo-" #N, G_CALLBACK(on_##N##_swapped), &expected); \
            emit_##N(object, "echo-" #N, &expected, 2, "two handlers"); \
            g_signal_handler_disconnect(object, one); \
            emit_##N(object, "echo-" #N, &expected, 1, "one handler, swapped"); \
            g_signal_handler_disconnect(object, two); \
            gulong three = g_signal_connect(object, "tell-" #N, G_CALLBACK(nothing_##N), &expected); \
            g_signal_emit_by_name(object, "tell-" #N, ARGUMENTS(values[i])); \
            check(expected.ncalls == 2, #N, "without a result"); \
            g_signal_handler_disconnect(object, three); \
            check_##N##_values(object, &expected, values[i]); \
        } \
    }

/* A closure invoked with GValues. */
#define DEFINE_VALUES(N, T, gtype, same, drop, equal, ...) \
    static void check_##N##_values(GObject *object, Expected *expected, T v) \
    { \
        const GType types[] = {ARGUMENT_TYPES(gtype)}; \
        GValue values[NARGUMENTS + 1] = {G_VALUE_INIT}, result = G_VALUE_INIT; \
        GClosure *closure = g_cclosure_new(G_CALLBACK(on_##N), expected, NULL); \
        g_value_init_from_instance(&values[0], object); \
        set_values(&values[1], types, ARGUMENTS(v)); \
        g_value_init(&result, gtype); \
        g_closure_ref(closure); \
        g_closure_sink(closure); \
        g_closure_set_marshal(closure, g_cclosure_marshal_generic); \
        expected->ncalls = 0; \
        g_closure_invoke(closure, &result, NARGUMENTS + 1, values, NULL); \
        check(expected->ncalls == 1, #N, "by values"); \
        T got = get_##N(&result); \
        check(equal(got, v), #N, "result by values"); \
        g_closure_unref(closure); \
        for (int i = 0; i <= NARGUMENTS; i++) \
            g_value_unset(&values[i]); \
        g_value_unset(&result); \
    }

/* As a C caller gives them. */
static void set_values(GValue *values, const GType *types, ...)
{
    va_list list;
    va_start(list, types);
    for (int i = 0; i < NARGUMENTS; i++) {
        char *error = NULL;
        G_VALUE_COLLECT_INIT(&values[i], types[i], list, 0, &error);
        check(error == NULL, "collecting", error);
    }
    va_end(list);
}

#define DEFINE_GET(N, T, gtype, same, drop, equal, ...) \
    static T get_##N(const GValue *value) \
    { \
        return (T)g_value_get_##N(value); \
    }
#define g_value_get_char g_value_get_schar

TYPES(DEFINE_GET)
TYPES(DEFINE_VALUES)
TYPES(DEFINE_EMIT)

/* -- the class that has the signals: no marshaller, which means the generic ones ---------------------------------------------------- */

typedef GObject Thing;
typedef GObjectClass ThingClass;
G_DEFINE_TYPE(Thing, thing, G_TYPE_OBJECT)

static void thing_init(Thing *thing)
{
    (void)thing;
}

#define NEW_SIGNAL(N, T, gtype, ...) \
    g_signal_new("echo-" #N, G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, gtype, NARGUMENTS, ARGUMENT_TYPES(gtype)); \
    g_signal_new("tell-" #N, G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, NARGUMENTS, \
                 ARGUMENT_TYPES(gtype));

static void thing_class_init(ThingClass *class)
{
    TYPES(NEW_SIGNAL)
}

#define CHECK_TYPE(N, ...) check_##N(object);

static void check_types(GObject *object)
{
    TYPES(CHECK_TYPE)
}

/* -- the same in threads, and in a child ----------------------------------------------------------------------------------------------- */

static gpointer work(gpointer nrounds)
{
    GObject *object = g_object_new(thing_get_type(), NULL);
    for (int i = 0; i < GPOINTER_TO_INT(nrounds); i++)
        check_types(object);
    g_object_unref(object);
    return NULL;
}

static void check_threads(void)
{
    GThread *threads[4];
    for (int i = 0; i < 4; i++)
        threads[i] = g_thread_new("emitter", work, GINT_TO_POINTER(20));
    for (int i = 0; i < 4; i++)
        g_thread_join(threads[i]);
}

static void check_child(GObject *object)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        check_types(object);
        _exit(0);
    }
    check(waitpid(child, &status, 0) == child && status == 0, "fork", "the child's status");
}

/* Signals within signals, and one that stops its emission. */
static gint descend(GObject *object, gint depth, gpointer user_data)
{
    gint below = 0;
    (void)user_data;
    if (depth > 0)
        g_signal_emit_by_name(object, "descend", depth - 1, &below);
    return below + depth;
}

static void check_nesting(GObject *object)
{
    gint sum = 0;
    g_signal_new("descend", thing_get_type(), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_INT, 1, G_TYPE_INT);
    g_signal_connect(object, "descend", G_CALLBACK(descend), NULL);
    g_signal_emit_by_name(object, "descend", 100, &sum);
    check(sum == 5050, "descend", "nested emissions");
}

int main(void)
{
    GObject *object = g_object_new(thing_get_type(), NULL);
    an_array = g_ptr_array_new();
    a_param = g_param_spec_ref_sink(g_param_spec_int("number", "", "", 0, 1, 0, G_PARAM_READWRITE));
    an_object = g_object_new(G_TYPE_OBJECT, NULL);
    a_variant = g_variant_ref_sink(g_variant_new_int32(7));
    check_types(object);
    check(an_array != NULL && G_OBJECT(an_object)->ref_count == 1, "object", "references");
    check_threads();
    check_child(object);
    check_nesting(object);
    printf("%d checks\n", nchecks);
    return 0;
}
