/* The Microsoft x64 ABI: where arguments and results go, as gcc 12's ms_abi has it. */
#ifndef AIRLOCK_ABI_WIN64_H
#define AIRLOCK_ABI_WIN64_H

#include "abi/plan.h"

#define WIN64_NSLOTS 4 /* arguments in registers; the stack has room for these too */

/* Lays the whole signature out into the builder. */
void win64_lay_out(Builder *builder);

#endif
