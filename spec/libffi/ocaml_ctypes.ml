(* OCaml's ctypes as a client of libffi: the sample libraries' functions through Foreign. Each value and record is made and judged by C. *)
open Ctypes
open Foreign

let build = try Sys.getenv "AIRLOCK_BUILD" with Not_found -> "build"
let library name = Dl.dlopen ~filename:(Printf.sprintf "%s/spec/lib%s.so" build name) ~flags:[ Dl.RTLD_NOW ]
let nchecks = ref 0

let check what wanted got =
  if wanted <> got then begin
    prerr_endline (what ^ " is not as it should be");
    exit 1
  end;
  incr nchecks

(* -- scalars: spec/lib/values.h ------------------------------------------------------------------------------------------------- *)

let values = library "values"

let check_value (type a) name (t : a typ) =
  let f short fn = foreign ~from:values (Printf.sprintf "val_%s_%s" name short) fn in
  let what i = Printf.sprintf "%s %s" name i in
  let spread_fn =
    int @-> t @-> double @-> t @-> int @-> t @-> t @-> t @-> int8_t @-> t @-> t @-> t @-> t @-> t @-> float @-> returning int in
  let round_fn =
    int @-> int @-> int @-> int @-> int @-> int @-> double @-> double @-> double @-> double @-> double @-> double @-> double
    @-> double @-> short @-> t @-> int8_t @-> returning t in
  let count = f "count" (void @-> returning int) () in
  let get = f "get" (int @-> returning t) and is = f "is" (t @-> int @-> returning int) in
  let echo = f "echo" (t @-> returning t) and spread = f "spread" spread_fn in
  for i = 0 to count - 1 do
    let v = get i and x = float_of_int i in
    check (what "arrives") 1 (is v i);
    check (what "comes back") 1 (is (echo v) i);
    check (what "among others") 14 (spread i v (x +. 0.5) v (-i) v v v i v v v v v (-.x -. 0.25))
  done;
  check (what "into callbacks") count (f "send" (funptr (t @-> int @-> returning int) @-> returning int) is);
  check (what "out of callbacks") count (f "fetch" (funptr (int @-> returning t) @-> returning int) get);
  check (what "spread into callbacks") (14 * count) (f "pour" (funptr spread_fn @-> returning int) spread);
  let ncalls = ref 0 in (* or all types would have one OCaml closure, and the C function of the first of them *)
  check (what "through callbacks") count
    (f "round" (funptr round_fn @-> returning int) (fun _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ v _ -> incr ncalls; v));
  check (what "through as many") count !ncalls

let () =
  check_value "bool" bool;
  check_value "char" char;
  check_value "schar" schar;
  check_value "uchar" uchar;
  check_value "short" short;
  check_value "ushort" ushort;
  check_value "int" int32_t;
  check_value "uint" uint;
  check_value "long" long;
  check_value "ulong" ulong;
  check_value "llong" llong;
  check_value "ullong" ullong;
  check_value "size" size_t;
  check_value "wchar" int32_t;
  check_value "plain" uint32_t;
  check_value "float" float;
  check_value "double" double;
  check_value "address" (ptr void);
  check_value "buffer" (ptr char)

(* -- structs: spec/lib/records.h -------------------------------------------------------------------------------------------------- *)

let records = library "records"
let nseeds = 5

type member = Member : string * 'a typ -> member

let record name members =
  let t = structure ("rec_" ^ name) in
  List.iter (fun (Member (name, t')) -> ignore (field t name t')) members;
  seal t;
  t

let check_record name t =
  let f short fn = foreign ~from:records (Printf.sprintf "rec_%s_%s" name short) fn in
  let what i = Printf.sprintf "%s %s" name i in
  let spread_fn =
    int @-> t @-> double @-> t @-> int @-> t @-> int8_t @-> t @-> t @-> t @-> float @-> returning int in
  let round_fn =
    int @-> int @-> int @-> int @-> int @-> int @-> double @-> double @-> double @-> double @-> double @-> double @-> double
    @-> double @-> short @-> t @-> int8_t @-> returning t in
  let make = f "make" (int @-> returning t) and is = f "is" (t @-> int @-> returning int) in
  let echo = f "echo" (t @-> returning t) and spread = f "spread" spread_fn in
  check (what "size") (f "size" (void @-> returning int) ()) (sizeof t);
  for i = 0 to nseeds - 1 do
    let r = make i and x = float_of_int i in
    check (what "arrives") 1 (is r i);
    check (what "comes back") 1 (f "at_is" (ptr t @-> int @-> returning int) (addr (echo r)) i);
    check (what "among others") 10 (spread i r (x +. 0.5) r (-i) r i r r r (-.x -. 0.25))
  done;
  check (what "into callbacks") nseeds (f "send" (funptr (t @-> int @-> returning int) @-> returning int) is);
  check (what "out of callbacks") nseeds (f "fetch" (funptr (int @-> returning t) @-> returning int) make);
  check (what "spread into callbacks") (10 * nseeds) (f "pour" (funptr spread_fn @-> returning int) spread);
  let ncalls = ref 0 in
  check (what "through callbacks") nseeds
    (f "round" (funptr round_fn @-> returning int) (fun _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ r _ -> incr ncalls; r));
  check (what "through as many") nseeds !ncalls

let numbered n t = List.init n (fun i -> Member (String.make 1 (Char.chr (97 + i)), t))
let a t = Member ("a", t) and b t = Member ("b", t) and c t = Member ("c", t)

let () =
  let place = record "place" [ Member ("x", float); Member ("y", float) ] in
  let inner = record "inner" [ a char ] in
  let middle = record "middle" [ Member ("x", inner); b double ] in
  let outer = record "outer" [ Member ("x", middle) ] in
  check_record "pair" (record "pair" (numbered 2 int));
  check_record "char" (record "char" [ a char ]);
  check_record "bools" (record "bools" [ a bool; b bool; c short ]);
  check_record "mixed" (record "mixed" [ a char; b double; c short ]);
  check_record "int_float" (record "int_float" [ a int; b float ]);
  check_record "floats_int" (record "floats_int" [ a float; b float; c int ]);
  check_record "float3" (record "float3" (numbered 3 float));
  check_record "double2" (record "double2" (numbered 2 double));
  check_record "double3" (record "double3" (numbered 3 double));
  check_record "long_double" (record "long_double" [ a long; b double ]);
  check_record "double_long" (record "double_long" [ a double; b long ]);
  check_record "nested" (record "nested" [ a char; Member ("at", place); b short ]);
  check_record "deep" (record "deep" [ Member ("x", outer) ]);
  check_record "matrix" (record "matrix" (numbered 4 float));
  check_record "double8" (record "double8" (numbered 8 double));
  check_record "typedefs" (record "typedefs" [ a ushort; b int; c (ptr char) ])

(* -- strings, places, variables, function pointers, varargs, errno: spec/lib/calls.h ------------------------------------------------ *)

let calls = library "calls"
let call name fn = foreign ~from:calls name fn
let binary = int @-> int @-> returning int

let () =
  check "text" "a\xc3\xa9" (call "call_same_text" (string @-> returning string) "a\xc3\xa9");
  check "no text" None (call "call_same_text" (string_opt @-> returning string_opt) None);
  check "NULL" 1 (call "call_is_null" (ptr void @-> returning int) null);
  let x = allocate int 3 and y = allocate int (-4) in
  call "call_swap" (ptr int @-> ptr int @-> returning void) x y;
  check "swapped" (-4, 3) (!@x, !@y);
  let text = CArray.of_string "upper" in
  call "call_upper" (ptr char @-> returning void) (CArray.start text);
  check "written text" "UPPER" (coerce (ptr char) string (CArray.start text));
  let place = allocate string "" and length = allocate size_t (Unsigned.Size_t.of_int 0) in
  call "call_hand_out_text" (ptr string @-> ptr size_t @-> returning void) place length;
  check "a place for text" ("handed out", 10) (!@place, Unsigned.Size_t.to_int !@length);
  let apply = call "call_apply" (funptr binary @-> int @-> int @-> returning int) in
  let choose = call "call_choose" (char @-> returning (funptr binary)) in
  check "a C function as callback" 7 (apply (choose '+') 3 4);
  check "a function pointer called" (-1) (choose '-' 3 4);
  check "a closure" 12 (apply ( * ) 3 4);
  check "a function pointer variable" 7 (!@(foreign_value ~from:calls "call_always_add" (funptr binary)) 3 4);
  let counter = foreign_value ~from:calls "call_counter" int in
  counter <-@ 41;
  check "a variable written" 42 (call "call_count" (void @-> returning int) ());
  check "a variable read" 42 !@counter;
  let describe fn = call "call_describe" (string @-> fn) in
  check "varargs" "1 -2 2.5 text"
    (describe (int @-> int @-> double @-> string @-> returning string) "ilds" 1 (-2) 2.5 "text");
  let d = double in
  check "doubles on the stack" "1.5 2.5 3.5 4.5 5.5 6.5 7.5 8.5 9.5 10.5"
    (describe (d @-> d @-> d @-> d @-> d @-> d @-> d @-> d @-> d @-> d @-> returning string)
       "dddddddddd" 1.5 2.5 3.5 4.5 5.5 6.5 7.5 8.5 9.5 10.5);
  check "errno" true
    (try ignore (foreign ~from:calls ~check_errno:true "call_fail" (int @-> returning int) 2); false
     with Unix.Unix_error (Unix.ENOENT, "call_fail", _) -> true);
  let numbers = CArray.of_list int (List.init 100 (fun i -> i * 37 mod 100)) in
  let compare_fn = ptr int @-> ptr int @-> returning int in
  foreign "qsort" (ptr int @-> size_t @-> size_t @-> funptr compare_fn @-> returning void)
    (CArray.start numbers) (Unsigned.Size_t.of_int 100) (Unsigned.Size_t.of_int 4) (fun x y -> compare !@x !@y);
  check "qsort" (List.init 100 Fun.id) (CArray.to_list numbers)

(* -- closures: kept, many, collected, raising, in threads, in a child: spec/lib/callbacks.h ------------------------------------------- *)

let callbacks = library "callbacks"
let int_fn = int @-> returning int
let cbk_call = foreign ~from:callbacks "cbk_call" (funptr int_fn @-> int @-> returning int)
let cbk_kept = foreign ~from:callbacks "cbk_kept" int_fn
let kept n = n + 100

module Kept = (val dynamic_funptr int_fn)

exception Out_of_callback of int

let () =
  check "a sum" 285 (foreign ~from:callbacks "cbk_sum" (funptr int_fn @-> int @-> returning int) (fun n -> n * n) 10);
  let rec nested n = if n = 0 then 0 else 1 + cbk_call nested (n - 1) in
  check "callbacks in callbacks" 50 (cbk_call nested 50);
  let handle = Kept.of_fun kept in
  foreign ~from:callbacks "cbk_keep" (Kept.t @-> returning void) handle;
  let many = List.init 2000 (fun i -> Kept.of_fun (fun n -> n + i)) in
  let call_one = foreign ~from:callbacks "cbk_call" (Kept.t @-> int @-> returning int) in
  check "2000 closures" (List.init 2000 succ) (List.map (fun f -> call_one f 1) many);
  List.iter Kept.free many;
  for i = 0 to 2999 do
    if i mod 500 = 0 then Gc.full_major ();
    check "a closure after others were collected" (i + 5) (cbk_call (fun n -> n + i) 5)
  done;
  Gc.full_major ();
  check "the kept one" 105 (cbk_kept 5);
  for i = 1 to 100 do
    check "an exception out of a callback" i (try cbk_call (fun n -> raise (Out_of_callback n)) i with Out_of_callback n -> n)
  done;
  match Unix.fork () with
  | 0 -> Unix._exit (if cbk_kept 1 = 101 && cbk_call succ 2 = 3 then 0 else 1)
  | child ->
      check "a child" (Unix.WEXITED 0) (snd (Unix.waitpid [] child));
      Kept.free handle

(* C's threads call while the main one has given the runtime's lock away. *)
let from_threads name fn f =
  let threaded = dynamic_funptr ~runtime_lock:true ~thread_registration:true fn in
  let start (type t) (module F : Funptr with type fn = t) (f : t) =
    F.with_fun f (fun f ->
        let threads = foreign ~from:callbacks ("cbk_start_" ^ name) (F.t @-> int @-> int @-> returning (ptr void)) f 4 50 in
        check (name ^ " from threads") 200
          (foreign ~from:callbacks ~release_runtime_lock:true "cbk_join" (ptr void @-> returning int) threads)) in
  start threaded f

let small : [ `Small ] structure typ = structure "cbk_small"
let small_a = field small "a" int
let small_b = field small "b" float
let () = seal small

let turn_small s =
  let r = make small in
  setf r small_a ((3 * getf s small_a) + 1);
  setf r small_b ((3. *. getf s small_b) +. 1.);
  r

let () =
  let d = double and l = int in
  from_threads "int" int_fn (fun n -> (3 * n) + 1);
  from_threads "double" (double @-> returning double) (fun x -> (3. *. x) +. 1.);
  from_threads "small" (small @-> returning small) turn_small;
  from_threads "many"
    (l @-> l @-> l @-> l @-> l @-> l @-> l @-> l @-> d @-> d @-> d @-> d @-> d @-> d @-> d @-> d @-> d @-> returning int)
    (fun a b c d e f g h i j k l m n o p q ->
      (3 * (a + b + c + d + e + f + g + h + int_of_float (i +. j +. k +. l +. m +. n +. o +. p +. q))) + 1);
  let results = Array.make 4 0 in
  let work i = for n = 0 to 99 do results.(i) <- results.(i) + cbk_call (fun m -> m + i) n; Thread.yield () done in
  List.iter Thread.join (List.init 4 (fun i -> Thread.create work i));
  check "OCaml's threads" [| 4950; 5050; 5150; 5250 |] results

let () = Printf.printf "%d checks\n" !nchecks
