;;; ECL as a client of libffi: the sample libraries' functions called without a compiler. Each value is made and judged by C. Of callbacks ECL
;;; hands out the address that it writes to, not the one that libffi gives for calls: they need memory that is writable and executable.
(setf *load-verbose* nil)
(defvar *build* (or (ext:getenv "AIRLOCK_BUILD") "build"))
(defvar *nchecks* 0)

(defun check (what wanted got)
  (unless (equal wanted got)
    (format *error-output* "~a: ~s, not ~s~%" what got wanted)
    (ext:quit 1))
  (incf *nchecks*))

(defun bind (library name result &rest arguments)
  (let ((function (si:find-foreign-symbol name (format nil "~a/spec/lib~a.so" *build* library) :pointer-void 0)))
    (lambda (&rest values) (si:call-cfun function result arguments values :default))))

(defun check-value (name type)
  (flet ((f (short result &rest arguments) (apply #'bind "values" (format nil "val_~a_~a" name short) result arguments)))
    (let ((count (funcall (f "count" :int)))
          (get (f "get" type :int))
          (echo (f "echo" type type))
          (is (f "is" :int type :int))
          (spread (f "spread" :int :int type :double type :long type type type :byte type type type type type :float)))
      (dotimes (i count)
        (let ((v (funcall get i)))
          (check (list name i "arrives") 1 (funcall is v i))
          (check (list name i "comes back") 1 (funcall is (funcall echo v) i))
          (check (list name i "among others") 14
                 (funcall spread i v (+ i 0.5d0) v (- i) v v v i v v v v v (- (- i) 0.25f0))))))))

(loop for (name type) in '(("schar" :byte) ("uchar" :unsigned-byte) ("short" :short) ("ushort" :unsigned-short) ("int" :int)
                           ("uint" :unsigned-int) ("long" :long) ("ulong" :unsigned-long) ("llong" :int64-t) ("ullong" :uint64-t)
                           ("wchar" :int32-t) ("address" :pointer-void))
      do (check-value name type))
(check "a float" 1 (funcall (bind "values" "val_float_is" :int :float :int) (funcall (bind "values" "val_float_get" :float :int) 3) 3))
(check "a double" 1 (funcall (bind "values" "val_double_is" :int :double :int) -1.5d0 3))

(check "text" "text" (funcall (bind "calls" "call_same_text" :cstring :cstring) "text"))
(check "20 doubles" (loop for i from 1 to 20 sum (* i (+ i 0.5d0)))
       (apply (apply #'bind "calls" "call_doubles20" :double (make-list 20 :initial-element :double))
              (loop for i from 1 to 20 collect (+ i 0.5d0))))
(check "varargs" "1 -2 2.5 text"
       (funcall (bind "calls" "call_describe" :cstring :cstring :int :long :double :cstring) "ilds" 1 -2 2.5d0 "text"))
(let ((add (bind "calls" "call_add" :int :int :int)) (apply (bind "calls" "call_apply" :int :pointer-void :int :int)))
  (check "a C function as callback" 7 (funcall apply (funcall (bind "calls" "call_choose" :pointer-void :byte) (char-code #\+)) 3 4))
  (check "threads" '(4950 4950 4950 4950)
         (let ((results (list 0 0 0 0)))
           (mapc #'mp:process-join
                 (loop for i below 4
                       collect (let ((i i))
                                 (mp:process-run-function "adder" (lambda () (dotimes (n 100) (setf (nth i results) (funcall add (nth i results) n))))))))
           results)))

(format t "~a checks~%" *nchecks*)
