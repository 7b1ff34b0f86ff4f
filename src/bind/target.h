/* What the files that make calls share: the record behind a C function's closure, and the one way into the trampoline.
 */
#ifndef AIRLOCK_BIND_TARGET_H
#define AIRLOCK_BIND_TARGET_H

#include <string.h>

#include "base/tiny.h"
#include "bind/call.h"
#include "bind/convert.h"
#include "bind/signature.h"

/* Upvalues of an entry: the address of its CallTarget, the userdata that this is, the metatable of cdata and, if any, what
 * keeps the library mapped. */
enum { ENTRY_ADDRESS = 1, ENTRY_TARGET = 2, ENTRY_CDATA_META = 3, ENTRY_LIBRARY = 4 };

/* What every call reads is copied here. */
typedef struct CallTarget {
    AbiFunction function;
    AbiFunction direct; /* the plan's */
    FfiState *state;
    const AbiPlan *plan;
    Signature *signature;
    TypeInfo *result;
    const CDecl *decl; /* NULL: called through a pointer */
    uint32_t nparams;
    uint8_t result_kind; /* ResultKind */
} CallTarget;

/* 40 eightbytes on the stack beside all registers, or vectors of 32 bytes. */
enum { SMALL_FRAME_NBYTES = TINY(512, 256) };

/* A call's record and, right behind it, its frame, on the C stack of the entry: for all frames of up to
 * SMALL_FRAME_NBYTES. TARGET_FRAME is for the others. */
typedef struct SmallBlock {
    _Alignas(16) unsigned char bytes[sizeof(CallRecord) + SMALL_FRAME_NBYTES];
} SmallBlock;

_Static_assert(sizeof(CallRecord) % 16 == 0, "the frame behind the record is 16-aligned");

static inline AbiFrame *target_small_frame(SmallBlock *block)
{
    return (AbiFrame *)(void *)(block->bytes + sizeof(CallRecord));
}

/* The same for a plan that can be called directly: all registers, and nothing else. */
typedef struct DirectBlock {
    _Alignas(16) unsigned char bytes[sizeof(CallRecord) + sizeof(AbiFrame) + 8 * 8];
} DirectBlock;

static inline AbiFrame *target_direct_frame(DirectBlock *block)
{
    return (AbiFrame *)(void *)(block->bytes + sizeof(CallRecord));
}

/* A frame of nbytes with room for its record, until the calling function returns. */
#define TARGET_FRAME(nbytes)                                                                                           \
    ((AbiFrame *)(void *)((char *)__builtin_alloca_with_align(sizeof(CallRecord) + (nbytes), 16 * 8) +                 \
                          sizeof(CallRecord)))

static inline CallRecord *target_record(AbiFrame *frame)
{
    return (CallRecord *)(void *)frame - 1;
}

/* A target of the signature's type at `address`; decl: its declaration, for messages, or NULL. */
CallTarget target_make(Signature *signature, void *address, const CDecl *decl);

/* The Lua C function whose first upvalue is a CallTarget of this signature. */
lua_CFunction target_entry(const Signature *signature);
/* Whether a Lua C function is one of those. */
bool target_is_entry(lua_CFunction function);

/* "'f' takes 2 arguments, got 1: int f(int a, int b)" [-0, +0, v] */
_Noreturn void target_raise_count(lua_State *L, const CallTarget *target, int count);

/* Converts the arguments from stack index `first` on into the frame. [-0, +0, v] */
void target_place_arguments(lua_State *L, const CallTarget *target, AbiFrame *frame, int first);

/* Calls with a placed frame and pushes the result; variadic: the cursor behind variadic arguments, or NULL.
 * [-0, +(0|1), v] */
int target_finish(lua_State *L, const CallTarget *target, AbiFrame *frame, const AbiCursor *variadic);

/* The entry of variadic functions, and the same with the arguments from `first` on. [-0, +(0|1), v] */
int variadic_entry(lua_State *L);
int variadic_run(lua_State *L, const CallTarget *target, int first);

static inline void target_set_slot(AbiFrame *frame, size_t slot, uint64_t word)
{
    memcpy((char *)frame + slot, &word, sizeof word);
}

/* A value of up to eight bytes as a slot holds it: integers extended to 64 bits as their type says. */
uint64_t target_slot_value(ValueKind kind, const void *value);

#endif
