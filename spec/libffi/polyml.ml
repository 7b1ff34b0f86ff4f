(* Poly/ML's Foreign as a client of libffi: the sample libraries' functions through buildCall and buildClosure. Each value and record is made
   and judged by C. *)
open Foreign;

val build = Option.getOpt (OS.Process.getEnv "AIRLOCK_BUILD", "build");
fun library name = loadLibrary (build ^ "/spec/lib" ^ name ^ ".so");
val nchecks = ref 0;

fun check what isRight =
    if isRight then nchecks := !nchecks + 1
    else (TextIO.output (TextIO.stdErr, what ^ " is not as it should be\n"); OS.Process.exit OS.Process.failure);

fun upTo n = List.tabulate (n, fn i => i);

(* -- scalars: spec/lib/values.h ------------------------------------------------------------------------------------------------- *)

val values = library "values";

fun checkValue (name, t) =
    let
        fun symbol short = getSymbol values ("val_" ^ name ^ "_" ^ short)
        val count = buildCall0 (symbol "count", (), cInt) ()
        val get = buildCall1 (symbol "get", cInt, t)
        val echo = buildCall1 (symbol "echo", t, t)
        val is = buildCall2 (symbol "is", (t, cInt), cInt)
        fun what i = name ^ " " ^ Int.toString i
        fun checkOne i = (check (what i) (is (get i, i) = 1); check (what i ^ ", come back,") (is (echo (get i), i) = 1))
    in
        List.app checkOne (upTo count);
        check (name ^ " into callbacks") (buildCall1 (symbol "send", cFunction, cInt) (buildClosure2 (is, (t, cInt), cInt)) = count);
        check (name ^ " out of callbacks") (buildCall1 (symbol "fetch", cFunction, cInt) (buildClosure1 (get, cInt, t)) = count)
    end;

checkValue ("schar", cInt8);
checkValue ("uchar", cUint8);
checkValue ("short", cShort);
checkValue ("ushort", cUshort);
checkValue ("int", cInt);
checkValue ("uint", cUint);
checkValue ("long", cInt64Large);
checkValue ("ulong", cUint64Large);
checkValue ("float", cFloat);
checkValue ("double", cDouble);
checkValue ("address", cPointer);

(* -- structs: spec/lib/records.h; a long is cInt64Large, for cLong loses what is negative ---------------------------------------------- *)

val records = library "records";
val nseeds = 5;

fun checkRecord (name, t) =
    let
        fun symbol short = getSymbol records ("rec_" ^ name ^ "_" ^ short)
        val spreadTypes = (cInt, t, cDouble, t, cInt64Large, t, cChar, t, t, t, cFloat)
        val make = buildCall1 (symbol "make", cInt, t)
        val echo = buildCall1 (symbol "echo", t, t)
        val is = buildCall2 (symbol "is", (t, cInt), cInt)
        val spread = buildCall11 (symbol "spread", spreadTypes, cInt)
        fun what i = name ^ " " ^ Int.toString i
        fun spreadOne (r, i) = spread (i, r, real i + 0.5, r, ~ (Int.toLarge i), r, chr i, r, r, r, ~ (real i) - 0.25)
        fun checkOne i =
            (check (what i) (is (make i, i) = 1);
             check (what i ^ ", come back,") (is (echo (make i), i) = 1);
             check (what i ^ ", among others,") (spreadOne (make i, i) = 10))
        fun through short closure = buildCall1 (symbol short, cFunction, cInt) closure
    in
        check ("the size of " ^ name) (buildCall0 (symbol "size", (), cInt) () = Word.toInt (#size (#ctype (breakConversion t))));
        List.app checkOne (upTo nseeds);
        check (name ^ " into callbacks") (through "send" (buildClosure2 (is, (t, cInt), cInt)) = nseeds);
        check (name ^ " out of callbacks") (through "fetch" (buildClosure1 (make, cInt, t)) = nseeds)
    end;

checkRecord ("pair", cStruct2 (cInt, cInt));
checkRecord ("bools", cStruct3 (cUint8, cUint8, cShort));
checkRecord ("mixed", cStruct3 (cInt8, cDouble, cShort));
checkRecord ("int_float", cStruct2 (cInt, cFloat));
checkRecord ("floats_int", cStruct3 (cFloat, cFloat, cInt));
checkRecord ("float3", cStruct3 (cFloat, cFloat, cFloat));
checkRecord ("double2", cStruct2 (cDouble, cDouble));
checkRecord ("double3", cStruct3 (cDouble, cDouble, cDouble));
checkRecord ("long_double", cStruct2 (cLong, cDouble));
checkRecord ("double_long", cStruct2 (cDouble, cLong));
checkRecord ("nested", cStruct3 (cInt8, cStruct2 (cFloat, cFloat), cShort));
checkRecord ("matrix", cStruct4 (cFloat, cFloat, cFloat, cFloat));
checkRecord ("pairs", cStruct2 (cStruct2 (cInt, cInt), cStruct2 (cInt, cInt)));
checkRecord ("double8", cStruct8 (cDouble, cDouble, cDouble, cDouble, cDouble, cDouble, cDouble, cDouble));

(* -- strings, varargs, closures that are kept, go into each other, are collected --------------------------------------------------------- *)

val calls = library "calls";
val callbacks = library "callbacks";
val describe = buildCall5 (getSymbol calls "call_describe", (cString, cInt, cInt64Large, cDouble, cString), cString);
val call: (int -> int) closure * int -> int = buildCall2 (getSymbol callbacks "cbk_call", (cFunction, cInt), cInt);
val sum: (int -> int) closure * int -> int = buildCall2 (getSymbol callbacks "cbk_sum", (cFunction, cInt), cInt);
val kept = buildClosure1 (fn n => n + 100, cInt, cInt);
fun closure f = buildClosure1 (f, cInt, cInt);
fun nested n = if n = 0 then 0 else 1 + call (closure nested, n - 1);

check "varargs" (describe ("ilds", 1, ~2, 2.5, "text") = "1 -2 2.5 text");
check "a sum" (sum (closure (fn n => n * n), 10) = 285);
check "callbacks in callbacks" (nested 20 = 20);
buildCall1 (getSymbol callbacks "cbk_keep", cFunction, cVoid) kept;
List.app (fn i => (check "a closure" (call (closure (fn n => n + i), 5) = i + 5); if i mod 500 = 0 then PolyML.fullGC () else ())) (upTo 2000);
check "the kept one" (buildCall1 (getSymbol callbacks "cbk_kept", cInt, cInt) 5 = 105);

print (Int.toString (!nchecks) ^ " checks\n");
