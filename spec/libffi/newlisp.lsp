; newLISP as a client of libffi: the sample libraries' functions through its extended import. Each value and record is made and judged by C.
(set 'build (or (env "AIRLOCK_BUILD") "build"))
(set 'nchecks 0)

(define (library name) (string build "/spec/lib" name ".so"))

(define (check what wanted got)
  (if (!= wanted got)
      (begin (println what ": " got ", not " wanted) (exit 1)))
  (inc nchecks))

; A C function by its name, in a symbol of its own: (c-function "values" "val_int_get" result argument...)
(define (c-function lib name result)
  (eval (append (list 'import (library lib) name result) (args)))
  (sym name))

; -- scalars: spec/lib/values.h -----------------------------------------------------------------------------------------------------

(define (check-value name t)
  (letn (f (fn (short) (string "val_" name "_" short))
         get (c-function "values" (f "get") t "int")
         echo (c-function "values" (f "echo") t t)
         is (c-function "values" (f "is") "int" t "int")
         spread (c-function "values" (f "spread") "int" "int" t "double" t "long" t t t "char" t t t t t "float")
         number ((eval (c-function "values" (f "count") "int"))))
    (for (i 0 (- number 1))
      (let (v ((eval get) i))
        (check (list name i "arrives") 1 ((eval is) v i))
        (check (list name i "comes back") 1 ((eval is) ((eval echo) v) i))
        (check (list name i "among others") 14
               ((eval spread) i v (add i 0.5) v (- i) v v v i v v v v v (sub (- i) 0.25)))))))

(dolist (entry '(("schar" "char") ("uchar" "byte") ("short" "short int") ("ushort" "unsigned short int") ("int" "int")
                 ("uint" "unsigned int") ("long" "long") ("llong" "long long") ("double" "double") ("address" "void*")))
  (check-value (entry 0) (entry 1)))
(c-function "values" "val_float_is" "int" "float" "int")
(check "a float" 1 (val_float_is -1.5 3))

; -- strings, varargs, callbacks: spec/lib/calls.h, spec/lib/callbacks.h ----------------------------------------------------------------

(c-function "calls" "call_same_text" "char*" "char*")
(c-function "calls" "call_describe" "char*" "char*" "int" "long" "double" "char*")
(c-function "calls" "call_apply" "int" "void*" "int" "int")
(c-function "callbacks" "cbk_sum" "int" "void*" "int")
(c-function "callbacks" "cbk_call" "int" "void*" "int")
(c-function "callbacks" "cbk_keep" "void" "void*")
(c-function "callbacks" "cbk_kept" "int" "int")
(check "text" "text" (call_same_text "text"))
(check "varargs" "1 -2 2.5 text" (call_describe "ilds" 1 -2 2.5 "text"))

(define (square n) (* n n))
(define (both a b) (+ (* 1000 a) b))
(define (descend n) (if (= n 0) 0 (+ 1 (cbk_call (callback 'descend) (- n 1)))))
(define (further n) (+ n 100))
(check "a sum" 285 (cbk_sum (callback 'square "int" "int") 10))
(check "two arguments" -2996 (call_apply (callback 'both "int" "int" "int") -3 4))
(callback 'descend "int" "int")
(check "callbacks in callbacks" 20 (cbk_call (callback 'descend) 20))
(cbk_keep (callback 'further "int" "int"))
(dotimes (i 200)
  (let (f (sym (string "closure" i)))
    (set f (expand '(lambda (n) (+ n i)) 'i))
    (check (list "closure" i) (+ i 5) (cbk_call (callback f "int" "int") 5))))
(check "the kept one" 105 (cbk_kept 5))

(println nchecks " checks")
(exit)
