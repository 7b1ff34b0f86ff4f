;; Guile's (system foreign) as a client of libffi: the sample libraries' functions through pointer->procedure and procedure->pointer. Each
;; value and record is made and judged by C.
(use-modules (system foreign) (system foreign-library) (rnrs bytevectors) (ice-9 control) (ice-9 threads) (ice-9 format) (srfi srfi-1))

(setvbuf (current-output-port) 'line)
(define build (or (getenv "AIRLOCK_BUILD") "build"))
(define (library name) (load-foreign-library (string-append build "/spec/lib" name ".so")))

(define checks 0)
(define (check what wanted got)
  (unless (equal? wanted got)
    (format #t "~a: ~s, not ~s~%" what got wanted)
    (primitive-exit 1))
  (set! checks (1+ checks)))

;; A C function of a library as a procedure.
(define (bind lib name result . arguments)
  (pointer->procedure result (foreign-library-pointer lib name) arguments))

(define (repeat n thing) (make-list n thing))

;; -- scalars: spec/lib/values.h -------------------------------------------------------------------------------------------------

(define values-library (library "values"))

(define (check-value name type)
  (define (function short result . arguments)
    (apply bind values-library (format #f "val_~a_~a" name short) result arguments))
  (define spread-types `(,int ,type ,double ,type ,long ,type ,type ,type ,int8 ,type ,type ,type ,type ,type ,float))
  (define round-types `(,int ,@(repeat 5 long) ,@(repeat 8 double) ,short ,type ,int8))
  (define get (function "get" type int))
  (define is (function "is" int type int))
  (define spread (apply function "spread" int spread-types))
  (define count ((function "count" int)))
  (define (through short proc result arguments)
    ((function short int '*) (procedure->pointer result proc arguments)))
  (do ((i 0 (1+ i))) ((= i count))
    (let ((v (get i)))
      (check (list name i "arrives") 1 (is v i))
      (check (list name i "comes back") 1 (is ((function "echo" type type) v) i))
      (check (list name i "among others") 14 (spread i v (+ i .5) v (- i) v v v i v v v v v (- (- i) .25)))))
  (check (list name "into callbacks") count (through "send" is int (list type int)))
  (check (list name "out of callbacks") count (through "fetch" get type (list int)))
  (check (list name "spread into callbacks") (* 14 count) (through "pour" spread int spread-types))
  (check (list name "through callbacks") count (through "round" (lambda all (list-ref all 15)) type round-types)))

(for-each check-value
          '(bool char schar uchar short ushort int uint long ulong llong ullong size wchar plain signed float double address buffer)
          (list uint8 int8 int8 uint8 short unsigned-short int unsigned-int long unsigned-long int64 uint64 size_t int32 uint32 int32
                float double '* '*))

;; Of complex numbers Guile itself loses the sign of a zero.
(define (check-complex name type)
  (define (function short result . arguments)
    (apply bind values-library (format #f "val_~a_~a" name short) result arguments))
  (define get (function "get" type int))
  (define is (function "is" int type int))
  (check (list name "from C") 1.5-2.25i (get 1))
  (check (list name "to C") 1 (is 1.5-2.25i 1))
  (check (list name "through a callback") 1 ((function "round" int '*) (procedure->pointer type (lambda (i . _) 1.5-2.25i)
    `(,int ,@(repeat 5 long) ,@(repeat 8 double) ,short ,type ,int8)))))
(check-complex 'cfloat complex-float)
(check-complex 'cdouble complex-double)

;; -- structs: spec/lib/records.h --------------------------------------------------------------------------------------------------

(define records (library "records"))
(define nseeds 5)

(define (check-record name type)
  (define (function short result . arguments)
    (apply bind records (format #f "rec_~a_~a" name short) result arguments))
  (define spread-types `(,int ,type ,double ,type ,long ,type ,int8 ,type ,type ,type ,float))
  (define round-types `(,int ,@(repeat 5 long) ,@(repeat 8 double) ,short ,type ,int8))
  (define make (function "make" type int))
  (define is (function "is" int type int))
  (define spread (apply function "spread" int spread-types))
  (define (through short proc result arguments)
    ((function short int '*) (procedure->pointer result proc arguments)))
  (check (list name "size") ((function "size" int)) (sizeof type))
  (do ((i 0 (1+ i))) ((= i nseeds))
    (let ((v (make i)))
      (check (list name i "arrives") 1 (is v i))
      (check (list name i "comes back") 1 (is ((function "echo" type type) v) i))
      (check (list name i "taken apart") 1 (is (make-c-struct type (parse-c-struct v type)) i))
      (check (list name i "among others") 10 (spread i v (+ i .5) v (- i) v i v v v (- (- i) .25)))))
  (check (list name "into callbacks") nseeds (through "send" is int (list type int)))
  (check (list name "out of callbacks") nseeds (through "fetch" make type (list int)))
  (check (list name "spread into callbacks") (* 10 nseeds) (through "pour" spread int spread-types))
  (check (list name "through callbacks") nseeds (through "round" (lambda all (list-ref all 15)) type round-types)))

(for-each check-record
          '(pair char bools mixed int_float floats_int float3 double2 double3 long_double double_long nested deep array matrix pairs
                 double8 large typedefs)
          `((,int ,int) (,int8) (,uint8 ,uint8 ,short) (,int8 ,double ,short) (,int ,float) (,float ,float ,int) (,float ,float ,float)
            (,double ,double) (,double ,double ,double) (,long ,double) (,double ,long) (,int8 (,float ,float) ,short)
            ((((,int8) ,double))) (,@(repeat 3 short) ,@(repeat 5 int8)) ,(repeat 4 float) ,(repeat 2 (list int int))
            ,(repeat 8 double) (,int8 ,@(repeat 30 double) ,int) (,unsigned-short ,int *)))

;; -- strings, places, varargs, errno: spec/lib/calls.h ------------------------------------------------------------------------------

(define calls (library "calls"))
(define add-pointer (foreign-library-pointer calls "call_add"))
(define apply-binary (bind calls "call_apply" int '* int int))

(check "text" "aé" (pointer->string ((bind calls "call_same_text" '* '*) (string->pointer "aé" "UTF-8")) -1 "UTF-8"))
(check "NULL" 1 ((bind calls "call_is_null" int '*) %null-pointer))
(let ((a (make-bytevector 4)) (b (make-bytevector 4)))
  (bytevector-s32-native-set! a 0 3)
  (bytevector-s32-native-set! b 0 -4)
  ((bind calls "call_swap" void '* '*) (bytevector->pointer a) (bytevector->pointer b))
  (check "swapped" '(-4 3) (list (bytevector-s32-native-ref a 0) (bytevector-s32-native-ref b 0))))
(let ((text (string->utf8 "upper\0")))
  ((bind calls "call_upper" void '*) (bytevector->pointer text))
  (check "written text" "UPPER\0" (utf8->string text)))
(let ((numbers (iota 20 1.5)))
  (check "20 doubles" (fold (lambda (i x sum) (+ sum (* i x))) 0 (iota 20 1) numbers)
         (apply (apply bind calls "call_doubles20" double (repeat 20 double)) numbers)))
(check "a C function as callback" 7 (apply-binary add-pointer 3 4))
(check "a function pointer called" -1 ((pointer->procedure int ((bind calls "call_choose" '* int8) (char->integer #\-)) (list int int)) 3 4))
(check "a procedure" 12 (apply-binary (procedure->pointer int * (list int int)) 3 4))
(let* ((big (repeat 20 long))
       (numbers (make-c-struct big (iota 20)))
       (sum ((bind calls "call_big_add" big big big long) numbers numbers 10)))
  (check "160 bytes" (iota 20 0 11) (parse-c-struct sum big)))

;; Guile prepares variadic calls like others.
(define (describe types . arguments)
  (pointer->string (apply (apply bind calls "call_describe" '* '* types) arguments)))
(check "varargs" "1 -2 2.5 text"
       (describe (list int long double '*) (string->pointer "ilds") 1 -2 2.5 (string->pointer "text")))
(check "doubles on the stack" "1.5 2.5 3.5 4.5 5.5 6.5 7.5 8.5 9.5 10.5 11.5 12.5"
       (apply describe (repeat 12 double) (string->pointer (make-string 12 #\d)) (iota 12 1.5)))

(call-with-values
    (lambda () ((pointer->procedure int (foreign-library-pointer calls "call_fail") (list int) #:return-errno? #t) 33))
  (lambda (result errno) (check "errno" 33 errno)))

(define libc (load-foreign-library #f))
(let ((numbers (apply s32vector (map (lambda (i) (modulo (* i 37) 100)) (iota 100)))))
  (define (at pointer) (bytevector-s32-native-ref (pointer->bytevector pointer 4) 0))
  ((bind libc "qsort" void '* size_t size_t '*) (bytevector->pointer numbers) 100 4
   (procedure->pointer int (lambda (a b) (- (at a) (at b))) (list '* '*)))
  (check "qsort" (iota 100) (s32vector->list numbers)))

;; -- closures: kept, many, collected, in a child, in threads: spec/lib/callbacks.h ---------------------------------------

(define callbacks (library "callbacks"))
(define call (bind callbacks "cbk_call" int '* int))
(define (closure proc) (procedure->pointer int proc (list int)))

(check "a sum" 285 ((bind callbacks "cbk_sum" int '* int) (closure (lambda (n) (* n n))) 10))
(letrec ((nested (closure (lambda (n) (if (zero? n) 0 (1+ (call nested (1- n))))))))
  (check "callbacks in callbacks" 50 (call nested 50)))

(define kept (closure (lambda (n) (+ n 100))))
((bind callbacks "cbk_keep" void '*) kept)
(let ((closures (map (lambda (i) (closure (lambda (n) (+ n i)))) (iota 2000))))
  (check "2000 closures" (iota 2000 1) (map (lambda (f) (call f 1)) closures)))
(gc)
(do ((i 0 (1+ i))) ((= i 3000))
  (when (zero? (modulo i 500)) (gc))
  (check (list "closure" i "after others were collected") (+ i 5) (call (closure (lambda (n) (+ n i))) 5)))
(gc)
(check "the kept one" 105 ((bind callbacks "cbk_kept" int int) 5))
(check "a continuation out of a callback" 8 (call/ec (lambda (leave) (call (closure (lambda (n) (leave (1+ n)))) 7))))
(check "an exception out of a callback" 'thrown
       (catch 'thrown (lambda () (call (closure (lambda (n) (throw 'thrown))) 7)) (lambda (key . _) key)))

(let ((child (primitive-fork)))
  (when (zero? child)
    (primitive-_exit (if (and (= 101 ((bind callbacks "cbk_kept" int int) 1)) (= 3 (call (closure 1+) 2))) 0 1)))
  (check "a child" 0 (status:exit-val (cdr (waitpid child)))))

(check "Guile's threads" (map (lambda (i) (+ 4950 (* 100 i))) (iota 4))
       (par-map (lambda (i) (fold (lambda (n sum) (+ sum (call (closure (lambda (m) (+ m i))) n))) 0 (iota 100))) (iota 4)))

(format #t "~a checks~%" checks)
