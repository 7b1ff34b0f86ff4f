/* C++ exceptions, and whatever else unwinds the stack, as Lua errors. Nothing of a C++ runtime or an unwinder is linked. */
#ifndef AIRLOCK_BIND_EXCEPTION_H
#define AIRLOCK_BIND_EXCEPTION_H

#include <stdint.h>
#include <unwind.h>

/* The personality of the functions that call C for Lua (Itanium C++ ABI 1.6.3), which the unwinder asks when an exception
 * comes by. begin_call, in call.c, puts it into their unwind information. */
__attribute__((visibility("hidden"))) _Unwind_Reason_Code exception_personality(int version, _Unwind_Action actions,
                                                                                uint64_t exception_class,
                                                                                struct _Unwind_Exception *exception,
                                                                                struct _Unwind_Context *context);

#endif
