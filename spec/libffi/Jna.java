// Java's JNA on the libffi that the loader finds. The sample libraries of spec/lib, compiled by the C compiler, are the oracle.
import com.sun.jna.Callback;
import com.sun.jna.CallbackProxy;
import com.sun.jna.Function;
import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.Structure.ByValue;
import com.sun.jna.Structure.FieldOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

public final class Jna {
    private static int nchecks;

    private static synchronized void check(Object expected, Object value, String what) {
        if (!Objects.equals(expected, value))
            throw new AssertionError(what + ": expected " + expected + ", got " + value);
        nchecks++;
    }

    private static NativeLibrary load(String name) {
        return NativeLibrary.getInstance(System.getenv("AIRLOCK_BUILD") + "/spec/lib" + name + ".so");
    }

    private static final NativeLibrary VALUES = load("values"), RECORDS = load("records"), CALLS = load("calls"), CALLBACKS = load("callbacks");

    private interface Handler {
        Object handle(Object[] arguments);
    }

    /** A callback whose types are chosen while the program runs. Structs arrive as their addresses. */
    private static Callback callback(Handler handler, Class<?> result, Class<?>... parameters) {
        return new CallbackProxy() {
            public Object callback(Object[] arguments) {
                for (int i = 0; i < arguments.length; i++)
                    if (ByValue.class.isAssignableFrom(parameters[i])) {
                        Structure record = Structure.newInstance(parameters[i].asSubclass(Structure.class), (Pointer)arguments[i]);
                        record.read();
                        arguments[i] = record;
                    }
                return handler.handle(arguments);
            }

            public Class<?>[] getParameterTypes() { return parameters; }
            public Class<?> getReturnType() { return result; }
        };
    }

    /** The functions PREFIX_get, PREFIX_send … of one type. */
    private record Bound(NativeLibrary library, String prefix, Class<?> type) {
        Object call(String name, Class<?> result, Object... arguments) {
            return library.getFunction(prefix + name).invoke(result, arguments);
        }

        int number(String name, Object... arguments) { return (Integer)call(name, int.class, arguments); }
    }

    private static Class<?>[] types(Object... parts) {
        List<Class<?>> all = new ArrayList<>();
        for (Object part : parts)
            if (part instanceof Class<?>[] several)
                Collections.addAll(all, several);
            else
                all.add((Class<?>)part);
        return all.toArray(new Class<?>[0]);
    }

    private static Class<?>[] times(int n, Class<?> type) {
        Class<?>[] all = new Class<?>[n];
        Arrays.fill(all, type);
        return all;
    }

    /** Values 0 to count - 1 of a type, made by C's `make` and judged by its `is`; `spread`: what spread takes. */
    private static void checkType(Bound f, int count, String make, Class<?>[] spread, Object[][] spreadValues) {
        Class<?> type = f.type;
        String name = f.prefix;
        for (int i = 0; i < count; i++) {
            Object v = f.call(make, type, i);
            check(1, f.number("is", v, i), name);
            check(1, f.number("is", f.call("echo", type, v), i), name);
            check(spread.length - 1, f.number("spread", spreadValues[i]), name + "spread");
        }
        check(count, f.number("send", callback(a -> f.number("is", a), int.class, type, int.class)), name + "send");
        check(count, f.number("fetch", callback(a -> f.call(make, type, a), type, int.class)), name + "fetch");
        check((spread.length - 1) * count, f.number("pour", callback(a -> f.number("spread", a), int.class, spread)), name + "pour");
        Callback round = callback(a -> {
            int i = (Integer)a[0];
            Object[] around = {2L, 3L, 4L, 5L, 6L, .5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, (short)-i};
            check(Arrays.asList(around), Arrays.asList(a).subList(1, 15), name + "round");
            check((byte)(i - 128), a[16], name + "round");
            return a[15];
        }, type, types(int.class, times(5, long.class), times(8, double.class), short.class, type, byte.class));
        check(count, f.number("round", round), name + "round");
    }

    private static void values() {
        Map<String, Class<?>> all = new TreeMap<>();
        for (String name : "bool char schar uchar".split(" ")) all.put(name, byte.class);
        for (String name : "short ushort".split(" ")) all.put(name, short.class);
        for (String name : "int uint wchar plain signed".split(" ")) all.put(name, int.class);
        for (String name : "long ulong llong ullong size wide huge".split(" ")) all.put(name, long.class);
        for (String name : "string buffer address operation".split(" ")) all.put(name, Pointer.class);
        all.put("float", float.class);
        all.put("double", double.class);
        all.forEach((name, type) -> {
            Bound f = new Bound(VALUES, "val_" + name + "_", type);
            int count = f.number("count");
            Object[][] arguments = new Object[count][];
            for (int i = 0; i < count; i++) {
                Object v = f.call("get", type, i);
                arguments[i] = new Object[] {i, v, i + .5, v, (long)-i, v, v, v, (byte)i, v, v, v, v, v, -i - .25f};
            }
            Class<?>[] spread = types(int.class, type, double.class, type, long.class, times(3, type), byte.class, times(5, type), float.class);
            checkType(f, count, "get", spread, arguments);
        });
    }

    @FieldOrder({"a", "b"}) public static class Pair extends Structure { public int a, b; public static class V extends Pair implements ByValue {} }
    @FieldOrder({"a"}) public static class Char extends Structure implements ByValue { public byte a; }
    @FieldOrder({"a", "b", "c"}) public static class Mixed extends Structure implements ByValue { public byte a; public double b; public short c; }
    @FieldOrder({"a", "b"}) public static class IntFloat extends Structure implements ByValue { public int a; public float b; }
    @FieldOrder({"a", "b", "c"}) public static class FloatsInt extends Structure implements ByValue { public float a, b; public int c; }
    @FieldOrder({"a", "b", "c"}) public static class Float3 extends Structure implements ByValue { public float a, b, c; }
    @FieldOrder({"a", "b"}) public static class Double2 extends Structure implements ByValue { public double a, b; }
    @FieldOrder({"a", "b", "c"}) public static class Double3 extends Structure implements ByValue { public double a, b, c; }
    @FieldOrder({"a", "b"}) public static class LongDouble extends Structure implements ByValue { public long a; public double b; }
    @FieldOrder({"a", "b"}) public static class DoubleLong extends Structure implements ByValue { public double a; public long b; }
    @FieldOrder({"x", "y"}) public static class Point extends Structure { public float x, y; }
    @FieldOrder({"a", "at", "b"}) public static class Nested extends Structure implements ByValue { public byte a; public Point at; public short b; }
    @FieldOrder({"a", "b"}) public static class Array extends Structure implements ByValue {
        public short[] a = new short[3];
        public byte[] b = new byte[5];
    }
    @FieldOrder({"m"}) public static class Matrix extends Structure implements ByValue { public float[] m = new float[4]; }
    @FieldOrder({"p"}) public static class Pairs extends Structure implements ByValue { public Pair[] p = new Pair[2]; }
    @FieldOrder({"a"}) public static class Double8 extends Structure implements ByValue { public double[] a = new double[8]; }
    @FieldOrder({"a", "b", "c"}) public static class Large extends Structure implements ByValue {
        public byte a;
        public double[] b = new double[30];
        public int c;
    }
    @FieldOrder({"a", "b", "name"}) public static class Typedefs extends Structure implements ByValue {
        public short a;
        public int b;
        public Pointer name;
    }

    private static void records() {
        Map<String, Class<?>> all = new TreeMap<>(Map.of("pair", Pair.V.class, "char", Char.class, "mixed", Mixed.class, "int_float", IntFloat.class,
            "floats_int", FloatsInt.class, "float3", Float3.class, "double2", Double2.class, "double3", Double3.class, "long_double",
            LongDouble.class, "double_long", DoubleLong.class));
        all.putAll(Map.of("nested", Nested.class, "array", Array.class, "matrix", Matrix.class, "pairs", Pairs.class, "double8", Double8.class,
            "large", Large.class, "typedefs", Typedefs.class));
        all.forEach((name, type) -> {
            Bound f = new Bound(RECORDS, "rec_" + name + "_", type);
            Object[][] arguments = new Object[5][];
            for (int i = 0; i < 5; i++) {
                Object r = f.call("make", type, i);
                check(f.number("size"), ((Structure)r).size(), name);
                arguments[i] = new Object[] {i, r, i + .5, r, (long)-i, r, (byte)i, r, r, r, -i - .25f};
            }
            Class<?>[] spread = types(int.class, type, double.class, type, long.class, type, byte.class, times(3, type), float.class);
            checkType(f, 5, "make", spread, arguments);
        });
    }

    /** Native methods: the code that the virtual machine calls for each is a closure of libffi. */
    public static final class Direct {
        static { Native.register(Direct.class, CALLS); }
        static native int call_add(int a, int b);
        static native double call_doubles20(double a1, double a2, double a3, double a4, double a5, double a6, double a7, double a8, double a9,
            double a10, double a11, double a12, double a13, double a14, double a15, double a16, double a17, double a18, double a19, double a20);
        static native long call_mixed24(byte a1, byte a2, short a3, short a4, int a5, int a6, long a7, float f1, double f2, byte a8, float f3,
            double f4, float f5, double f6, byte a9, float f7, double f8, double f9, float f10, int a10, short a11, double f11, long a12, byte a13);
        static native Pointer call_same(Pointer pointer);
        static native int call_apply(Binary function, int a, int b);
        static native int call_fail(int number) throws LastErrorException;
    }

    public interface Binary extends Callback {
        int call(int a, int b);
    }

    private static void direct() {
        for (int n : new int[] {0, 1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE})
            check(n + 1000, Direct.call_add(n, 1000), "call_add");
        double[] d = new double[20];
        double sum = 0;
        for (int i = 0; i < 20; i++)
            sum += (i + 1) * (d[i] = i + .25);
        check(sum, Direct.call_doubles20(d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9], d[10], d[11], d[12], d[13], d[14], d[15],
            d[16], d[17], d[18], d[19]), "call_doubles20");
        Object[] mixed = {(byte)1, (byte)2, (short)3, (short)4, 5, 6, 7L, 8f, 9d, (byte)1, 11f, 12d, 13f, 14d, (byte)15, 16f, 17d, 18d, 19f, 20,
            (short)21, 22d, 23L, (byte)24};
        check(CALLS.getFunction("call_mixed24").invoke(long.class, mixed), Direct.call_mixed24((byte)1, (byte)2, (short)3, (short)4, 5, 6, 7, 8,
            9, (byte)1, 11, 12, 13, 14, (byte)15, 16, 17, 18, 19, 20, (short)21, 22, 23, (byte)24), "call_mixed24");
        check(new Pointer(-1), Direct.call_same(new Pointer(-1)), "call_same");
        check(35, Direct.call_apply((a, b) -> a * b, 7, 5), "call_apply");
        int error = 0;
        try {
            Direct.call_fail(42);
        } catch (LastErrorException thrown) {
            error = thrown.getErrorCode();
        }
        check(42, error, "errno");
    }

    private static void variadic() {
        Function describe = CALLS.getFunction("call_describe");
        check("-1 -9223372036854775808 0.1 text -1e+300",
            describe.invoke(String.class, new Object[] {"ildsd", -1, Long.MIN_VALUE, .1, "text", -1e300}), "call_describe");
        for (int n = 1; n <= 20; n++) {
            Object[] longs = new Object[n + 1], doubles = new Object[n + 1];
            longs[0] = doubles[0] = n;
            long sum = 0;
            double total = 0;
            for (int i = 1; i <= n; i++) {
                sum += i * (Long)(longs[i] = (long)-i);
                total += i * (Double)(doubles[i] = i + .5);
            }
            check(sum, CALLS.getFunction("call_sum").invoke(long.class, longs), "call_sum");
            check(total, CALLS.getFunction("call_sum_doubles").invoke(double.class, doubles), "call_sum_doubles");
        }
    }

    private static Callback adder(int n) {
        return callback(a -> (Integer)a[0] + n, int.class, int.class);
    }

    private static void threads() throws InterruptedException {
        Callback wanted = callback(a -> 3 * (Integer)a[0] + 1, int.class, int.class);
        Object threads = CALLBACKS.getFunction("cbk_start_int").invoke(Pointer.class, new Object[] {wanted, 8, 200});
        check(1600L, CALLBACKS.getFunction("cbk_join").invoke(long.class, new Object[] {threads}), "threads of C");

        List<Thread> running = new ArrayList<>();
        List<Integer> right = Collections.synchronizedList(new ArrayList<>());
        Function call = CALLBACKS.getFunction("cbk_call");
        for (int t = 0; t < 8; t++) {
            Thread thread = new Thread(() -> {
                Callback[] made = new Callback[300];
                for (int i = 0; i < made.length; i++) {
                    made[i] = adder(i);
                    call.invokeInt(new Object[] {made[i], 0});
                }
                for (int i = 0; i < made.length; i++)
                    if (call.invokeInt(new Object[] {made[i], 1000}) == 1000 + i)
                        right.add(i);
            });
            running.add(thread);
            thread.start();
        }
        for (Thread thread : running)
            thread.join();
        check(8 * 300, right.size(), "callbacks of eight threads");
    }

    public static void main(String[] arguments) throws InterruptedException {
        values();
        records();
        direct();
        variadic();
        threads();
        System.out.println(nchecks + " checks");
    }
}
