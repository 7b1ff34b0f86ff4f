/* Owns callbacks as things: made from Lua functions, freed, collected, counted, and parted from a state that closes. What
 * happens when C calls one is inbound.c's. */
#include "bind/callback.h"

#include <stdlib.h>
#include <string.h>

#include "bind/cdata.h"
#include "bind/ctypeobj.h"
#include "bind/finalizer.h"
#include "bind/function.h"
#include "bind/inbound.h"

static void free_type(AbiOwner *owner)
{
    CallbackType *type = (CallbackType *)(void *)owner;
    home_release(type->home);
    abi_plan_free(&mem_system_allocator, type->plan);
    free(type);
}

/* -- lists of the live --------------------------------------------------------------------------------------------- */

static void link_callback(Home *home, AbiSlot *slot)
{
    Callback *callback = callback_of(slot);
    callback->previous = 0;
    callback->next = home->newest;
    if (home->newest != 0)
        callback_of(abi_slot_at(home->newest - 1))->previous = slot->index + 1;
    home->newest = slot->index + 1;
    home->count++;
}

static void unlink_callback(Home *home, AbiSlot *slot)
{
    const Callback *callback = callback_of(slot);
    if (callback->next != 0)
        callback_of(abi_slot_at(callback->next - 1))->previous = callback->previous;
    if (callback->previous != 0)
        callback_of(abi_slot_at(callback->previous - 1))->next = callback->next;
    else
        home->newest = callback->next;
    home->count--;
}

/* Takes the slot's entry from C. Another thread that called it before may be reading what it has. */
static void give_back(Home *home, AbiSlot *slot)
{
    Callback *callback = callback_of(slot);
    CallbackExtra *extra = atomic_load_explicit(&callback->extra, memory_order_relaxed);
    unlink_callback(home, slot);
    callback->ref = LUA_NOREF;
    callback->is_implicit = callback->is_noted = false;
    if (extra != NULL) {
        atomic_store(&callback->extra, NULL);
        extra->next = home->retired;
        home->retired = extra;
    }
    if (atomic_load(&home->ninside) == 0)
        home_free_retired(home);
    abi_slot_give_back(slot, inbound_freed);
}

/* -- callback types ------------------------------------------------------------------------------------------------ */

static CallbackType *new_type(Home *home, const Signature *signature, AbiPlan *plan)
{
    size_t nbytes = sizeof(CallbackType) + signature->nparams * sizeof(CallbackParam);
    CallbackType *type = malloc(nbytes);
    if (type == NULL)
        return NULL;
    *type = (CallbackType){.owner = {.plan = plan, .nreferences = 1, .free = free_type},
                           .home = home,
                           .next = home->types,
                           .signature = signature,
                           .plan = plan,
                           .nparams = signature->nparams,
                           .result_kind = signature->result_kind};
    for (uint32_t i = 0; i < type->nparams; i++) {
        TypeInfo *info = signature->params[i].info;
        type->params[i] =
            (CallbackParam){.kind = (uint8_t)signature_value_kind(info), .slot = plan->args[i].slot, .info = info};
    }
    home_retain(home);
    home->types = type;
    return type;
}

static CallbackType *make_type(FfiState *S, lua_State *L, TypeInfo *function)
{
    if (function->type->u.function->is_variadic)
        error_raise(L, MESSAGE_CALLBACK_VARIADIC, error_push_type(L, function->type));
    const Signature *signature = signature_of(function, L, NULL);
    if (S->home == NULL)
        error_raise(L, MESSAGE_CALLBACK_SLOT, error_push_type(L, function->type), "the Lua state is being closed");
    AbiPlan *plan = signature_plan(signature, L, signature->nparams, NULL, &mem_system_allocator);
    CallbackType *type = new_type(S->home, signature, plan);
    if (type == NULL) {
        abi_plan_free(&mem_system_allocator, plan);
        error_raise(L, MESSAGE_NO_MEMORY);
    }
    return function->callback_type = type;
}

/* -- making and freeing -------------------------------------------------------------------------------------------- */

static void *entry_address(const AbiSlot *slot)
{
    AbiFunction entry = abi_slot_entry(slot);
    void *address;
    memcpy(&address, &entry, sizeof address);
    return address;
}

static AbiSlot *slot_of_address(void *address)
{
    AbiFunction entry;
    memcpy(&entry, &address, sizeof entry);
    return abi_slot_of(entry);
}

/* Where S->ref_results keeps what the callback's error value points into. */
static lua_Integer error_key(const AbiSlot *slot)
{
    return -1 - (lua_Integer)slot->index;
}

static void clear(lua_State *L, int ref, lua_Integer key)
{
    state_push_ref(L, ref);
    if (lua_rawgeti(L, -1, key) != LUA_TNIL) {
        lua_pushnil(L);
        lua_rawseti(L, -3, key);
    }
    lua_pop(L, 2);
}

/* Forgets what tables hold of it. */
static void forget(FfiState *S, lua_State *L, const AbiSlot *slot)
{
    clear(L, S->ref_results, slot->index);
    clear(L, S->ref_results, error_key(slot));
    clear(L, S->ref_sites, slot->index);
}

static void forget_implicit(FfiState *S, lua_State *L, AbiSlot *slot)
{
    state_push_ref(L, S->ref_implicit);
    lua_rawgetp(L, -1, callback_type_of(slot)->signature->info);
    state_push_ref(L, callback_of(slot)->ref);
    lua_pushnil(L);
    lua_rawset(L, -3);
    lua_pop(L, 2);
}

/* Enters the function on top, or nil, for a slot whose function lives as long as its cdata. [-1, +0, m] */
static void set_weak(FfiState *S, lua_State *L, const AbiSlot *slot)
{
    state_push_ref(L, S->ref_weak);
    lua_insert(L, -2);
    lua_rawseti(L, -2, slot->index);
    lua_pop(L, 1);
}

static void release(FfiState *S, lua_State *L, AbiSlot *slot)
{
    Callback *callback = callback_of(slot);
    if (callback->is_implicit)
        forget_implicit(S, L, slot);
    if (callback->is_noted)
        forget(S, L, slot);
    if (callback->ref == REF_WEAK) {
        lua_pushnil(L);
        set_weak(S, L, slot);
    } else {
        luaL_unref(L, LUA_REGISTRYINDEX, callback->ref);
    }
    give_back(callback_type_of(slot)->home, slot);
}

/* (table, value, key) */
static int set_element(lua_State *L)
{
    lua_settop(L, 3);
    lua_insert(L, 2);
    lua_rawset(L, 1);
    return 0;
}

/* Keeps the value on top, in the table of this registry reference, until the slot, which is live, is freed. An error
 * frees it. [-1, +0, v] */
static void note(FfiState *S, lua_State *L, AbiSlot *slot, int ref, lua_Integer key)
{
    state_push_ref(L, ref);
    lua_insert(L, -2);
    lua_pushcfunction(L, set_element);
    lua_insert(L, -3);
    lua_pushinteger(L, key);
    callback_of(slot)->is_noted = true;
    if (lua_pcall(L, 3, 0, 0) == LUA_OK)
        return;
    release(S, L, slot);
    lua_error(L);
}

/* Makes the slot one of the function at `index`. When that raises, the slot stays where the next taker looks first: only
 * memory may be asked for here, finalisers do not run. [-0, +0, m] */
static void hold_weakly(FfiState *S, lua_State *L, AbiSlot *slot, int index)
{
    S->home->spare = slot;
    lua_pushvalue(L, index);
    set_weak(S, L, slot);
}

static AbiSlot *take_slot(const Home *home, Error *error)
{
    return __builtin_expect(home->spare != NULL, 0) ? home->spare : abi_slot_take(error);
}

/* A live callback of the function at `index`. What can raise comes first: nobody else knows of it yet. */
static AbiSlot *make(FfiState *S, lua_State *L, TypeInfo *function, int index, bool is_weak)
{
    Error error;
    int ref = REF_WEAK;
    CallbackType *type = function->callback_type;
    if (__builtin_expect(type == NULL || S->home == NULL, 0))
        type = make_type(S, L, function);
    bool has_site = S->is_debugging;
    if (__builtin_expect(has_site, 0))
        luaL_where(L, 1);
    if (!is_weak) {
        lua_pushvalue(L, index);
        ref = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    AbiSlot *slot = take_slot(type->home, &error);
    if (slot == NULL) {
        luaL_unref(L, LUA_REGISTRYINDEX, ref);
        error_raise(L, MESSAGE_CALLBACK_SLOT, error_push_type(L, function->type), error.text);
    }
    if (is_weak)
        hold_weakly(S, L, slot, index);
    type->home->spare = NULL;
    *callback_of(slot) = (Callback){.ref = ref};
    link_callback(type->home, slot);
    abi_slot_arm(slot, &type->owner, inbound_live);
    if (__builtin_expect(has_site, 0))
        note(S, L, slot, S->ref_sites, slot->index);
    return slot;
}

/* -- the guard ----------------------------------------------------------------------------------------------------- */

/* The state closes, and all that was made after the guard is finalised: from now on nobody may touch Lua. */
static int guard_gc(lua_State *L)
{
    FfiState *S = state_of(L);
    Home *home = S->home;
    if (home == NULL)
        return 0;
    atomic_store(&home->state, NULL);
    Home *closing = home_for_closing();
    atomic_store_explicit(&S->own_cell.thread, current_thread(), memory_order_relaxed);
    S->cell = closing != NULL ? &closing->cell : &S->own_cell;
    S->home = NULL;
    if (home->spare != NULL)
        abi_slot_give_back(home->spare, NULL);
    while (home->newest != 0)
        give_back(home, abi_slot_at(home->newest - 1));
    remote_close(home);
    for (CallbackType *type = home->types, *next; type != NULL; type = next) {
        next = type->next;
        abi_owner_release(&type->owner);
    }
    home_release(home);
    return 0;
}

static int new_method(FfiState *S, lua_State *L, lua_CFunction method)
{
    state_push_ref(L, S->ref_self);
    lua_pushcclosure(L, method, 1);
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

static void push_guard(FfiState *S, lua_State *L)
{
    lua_newuserdatauv(L, 0, 0);
    lua_createtable(L, 0, 1);
    state_push_ref(L, S->ref_self);
    lua_pushcclosure(L, guard_gc, 1);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
}

/* -- making, for Lua ----------------------------------------------------------------------------------------------- */

bool callback_is_wanted(lua_State *L, const TypeInfo *pointer, int index)
{
    return lua_type(L, index) == LUA_TFUNCTION && typeinfo_is_function_pointer(pointer) &&
           function_address_of(L, index) == NULL;
}

/* The cdata first: what can fail comes before the callback. */
static AbiSlot *push_callback(FfiState *S, lua_State *L, TypeInfo *pointer, int index)
{
    index = lua_absindex(L, index);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    TypeInfo *function = typeinfo_element(pointer, L);
    cdata_push_pointer(L, pointer, NULL, 0);
    Cdata *cdata = lua_touserdata(L, -1);
    AbiSlot *slot = make(S, L, function, index, false);
    *(void **)cdata_address(cdata) = entry_address(slot);
    return slot;
}

void callback_push(lua_State *L, TypeInfo *pointer, int index)
{
    push_callback(pointer->state, L, pointer, index);
}

/* Pushes the table of a function type's implicit callbacks. */
static void push_implicit_of(FfiState *S, lua_State *L, const TypeInfo *function)
{
    state_push_ref(L, S->ref_implicit);
    if (lua_rawgetp(L, -1, function) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, -3, function);
    }
    lua_remove(L, -2);
}

void *callback_implicit(lua_State *L, TypeInfo *pointer, int index)
{
    FfiState *S = pointer->state;
    TypeInfo *function = typeinfo_element(pointer, L);
    index = lua_absindex(L, index);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    push_implicit_of(S, L, function);
    lua_pushvalue(L, index);
    lua_rawget(L, -2);
    void *address = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (address == NULL) {
        lua_pushvalue(L, index);
        lua_pushboolean(L, false);
        lua_rawset(L, -3); /* the entry's memory, before the callback */
        AbiSlot *slot = make(S, L, function, index, false);
        callback_of(slot)->is_implicit = true;
        address = entry_address(slot);
        lua_pushvalue(L, index);
        lua_pushlightuserdata(L, address);
        lua_rawset(L, -3);
    }
    lua_pop(L, 1);
    return address;
}

/* -- methods ------------------------------------------------------------------------------------------------------- */

/* The cdata that ffi.callback returns: a function pointer, and which use of its slot it is for. Its user value is the Lua
 * function, which nothing else of ours keeps: one that refers to its own cdata is garbage with it. */
typedef struct CollectedPointer {
    Cdata header;
    void *address; /* NULL until the callback is made */
    uint32_t serial;
} CollectedPointer;

/* Of all function pointers, only those are collected. */
static bool is_collected_pointer(const Cdata *cdata)
{
    return (cdata_flags(cdata) & CDATA_COLLECTED) != 0;
}

static bool has_serial(const Cdata *cdata, const AbiSlot *slot)
{
    return ((const CollectedPointer *)(const void *)cdata)->serial == slot->serial;
}

static bool is_type_of(const Home *home, const AbiOwner *owner)
{
    const CallbackType *type = home->types;
    while (type != NULL && &type->owner != owner)
        type = type->next;
    return type != NULL;
}

/* The live callback of this state that is at the address which a function pointer of this type holds, or NULL. A slot that
 * is not the state's may change hands in another thread at any time: no more is read of it than what tells. */
static AbiSlot *live_slot(const FfiState *S, const TypeInfo *pointer, void *address)
{
    AbiSlot *slot = address != NULL && S->home != NULL ? slot_of_address(address) : NULL;
    if (slot == NULL || atomic_load_explicit(&slot->target, memory_order_acquire) != inbound_live)
        return NULL;
    const AbiOwner *owner = atomic_load_explicit(&slot->owner, memory_order_relaxed);
    const CallbackType *usual = pointer->element != NULL ? pointer->element->callback_type : NULL;
    return (usual != NULL && &usual->owner == owner) || is_type_of(S->home, owner) ? slot : NULL;
}

/* Whether the function pointer is the one whose callback the slot is. */
static bool is_owner(const Cdata *cdata, const AbiSlot *slot)
{
    return is_collected_pointer(cdata) && has_serial(cdata, slot);
}

/* The live callback of this state that the function pointer at 1 leads to. */
static AbiSlot *check_callback(FfiState *S, lua_State *L, const char *method)
{
    Cdata *cdata = cdata_to(L, 1);
    bool is_pointer = cdata != NULL && typeinfo_is_function_pointer(cdata->info);
    AbiSlot *slot = is_pointer ? live_slot(S, cdata->info, cdata_pointer(cdata)) : NULL;
    if (slot == NULL || (is_collected_pointer(cdata) && !has_serial(cdata, slot)))
        error_raise(L, MESSAGE_NOT_A_CALLBACK, method, error_push_value(L, 1));
    return slot;
}

/* cb:free(). What ffi.callback returned still knows that its callback was this one, and not the place's next. */
static int method_free(lua_State *L)
{
    FfiState *S = state_of(L);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    AbiSlot *slot = check_callback(S, L, "free");
    const Cdata *cdata = lua_touserdata(L, 1);
    if (is_owner(cdata, slot) && !(cdata_flags(cdata) & CDATA_FINALISED)) {
        lua_pushnil(L);
        lua_setiuservalue(L, 1, 1);
    } else {
        finalizer_take(S, L, 1);
    }
    release(S, L, slot);
    return 0;
}

/* Finaliser of what ffi.callback returns. */
static int collect(lua_State *L)
{
    const CollectedPointer *pointer = lua_touserdata(L, 1);
    FfiState *S = pointer->header.info->state;
    AbiSlot *slot = live_slot(S, pointer->header.info, pointer->address);
    if (slot != NULL && slot->serial == pointer->serial)
        release(S, L, slot);
    return 0;
}

static CollectedPointer *push_collected(FfiState *S, lua_State *L, TypeInfo *pointer)
{
    if (S->ref_callback_meta == LUA_NOREF) {
        lua_pushcfunction(L, collect);
        S->ref_callback_meta = finalizer_new_metatable(S, L, -1);
        lua_pop(L, 1);
    }
    size_t nbytes = sizeof(CollectedPointer) - offsetof(CollectedPointer, serial);
    return (CollectedPointer *)(void *)cdata_push_collected_pointer(L, pointer, nbytes, S->ref_callback_meta);
}

/* Puts the function at 2 in the place of a weak one, if the cdata at 1 is the one that keeps it. */
static bool set_owned(FfiState *S, lua_State *L, const AbiSlot *slot)
{
    if (!is_owner(lua_touserdata(L, 1), slot))
        return false;
    lua_pushvalue(L, 2);
    set_weak(S, L, slot);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, 1, 1);
    return true;
}

/* From now on the function lives until the callback is freed. */
static void hold_strongly(FfiState *S, lua_State *L, AbiSlot *slot)
{
    state_push_ref(L, S->ref_weak);
    lua_rawgeti(L, -1, slot->index);
    callback_of(slot)->ref = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushnil(L);
    lua_rawseti(L, -2, slot->index);
    lua_pop(L, 1);
}

void callback_disown(FfiState *S, lua_State *L, int index)
{
    Cdata *cdata = lua_touserdata(L, index);
    bool is_pointer = typeinfo_is_function_pointer(cdata->info);
    AbiSlot *slot = is_pointer ? live_slot(S, cdata->info, cdata_pointer(cdata)) : NULL;
    if (slot != NULL && is_owner(cdata, slot) && callback_of(slot)->ref == REF_WEAK)
        hold_strongly(S, L, slot);
}

/* cb:set(function) */
static int method_set(lua_State *L)
{
    FfiState *S = state_of(L);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    AbiSlot *slot = check_callback(S, L, "set");
    if (lua_type(L, 2) != LUA_TFUNCTION)
        error_argument(L, 2, "set", "function");
    if (callback_of(slot)->is_implicit) {
        forget_implicit(S, L, slot);
        callback_of(slot)->is_implicit = false;
    }
    if (callback_of(slot)->ref == REF_WEAK && !set_owned(S, L, slot))
        hold_strongly(S, L, slot);
    if (callback_of(slot)->ref != REF_WEAK) {
        lua_pushvalue(L, 2);
        lua_rawseti(L, LUA_REGISTRYINDEX, callback_of(slot)->ref);
    }
    return 0;
}

bool callback_push_method(FfiState *S, lua_State *L, int index)
{
    const char *name = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : "";
    if (strcmp(name, "free") == 0)
        state_push_ref(L, S->ref_callback_free);
    else if (strcmp(name, "set") == 0)
        state_push_ref(L, S->ref_callback_set);
    else
        return false;
    return true;
}

/* -- ffi.callback -------------------------------------------------------------------------------------------------- */

static TypeInfo *check_pointer_type(FfiState *S, lua_State *L)
{
    CType *type = check_ctype(S, L, 1, "ffi.callback");
    TypeInfo *pointer = type->kind == CTYPE_FUNCTION ? typeinfo_pointer_to(S, L, type) : typeinfo_of(S, L, type->main);
    if (!typeinfo_is_function_pointer(pointer))
        error_raise(L, MESSAGE_CALLBACK_TYPE, error_push_type(L, type));
    return pointer;
}

/* Gives the slot a copy of the block at `index`; raises without memory, and then the slot is free again. */
static void set_extra(FfiState *S, lua_State *L, AbiSlot *slot, int index, size_t nbytes)
{
    CallbackExtra *extra = malloc(nbytes);
    if (extra == NULL) {
        release(S, L, slot);
        error_raise(L, MESSAGE_NO_MEMORY);
    }
    memcpy(extra, option_extra_at(L, index), nbytes);
    atomic_store(&callback_of(slot)->extra, extra);
    if (extra->has_error) {
        lua_getiuservalue(L, index, 1);
        note(S, L, slot, S->ref_results, error_key(slot));
    }
}

/* ffi.callback(ctype, function [, options]) -> cdata that frees the callback when it is collected or closed. The cdata is
 * made first, so that an error on the way leaves no callback behind. */
int callback_make(lua_State *L)
{
    enum { OPTIONS = 3, EXTRA };
    FfiState *S = state_of(L);
    size_t nbytes = 0;
    TypeInfo *pointer = check_pointer_type(S, L);
    TypeInfo *function = typeinfo_element(pointer, L);
    lua_settop(L, OPTIONS);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    if (!callback_is_wanted(L, pointer, 2))
        error_argument(L, 2, "ffi.callback", "Lua function");
    if (!lua_isnil(L, OPTIONS))
        nbytes = option_push(L, signature_of(function, L, NULL)->result, OPTIONS);
    lua_settop(L, EXTRA);
    CollectedPointer *cdata = push_collected(S, L, pointer);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, -2, 1);
    AbiSlot *slot = make(S, L, function, 2, true);
    cdata->serial = slot->serial;
    cdata->address = entry_address(slot);
    if (nbytes > 0)
        set_extra(S, L, slot, EXTRA, nbytes);
    return 1;
}

/* ffi.callbacks() -> number of live callbacks, list of where they were made (those made while ffi.debug was on) */
int callback_count(lua_State *L)
{
    FfiState *S = state_of(L);
    lua_pushinteger(L, S->home != NULL ? S->home->count : 0);
    if (!S->is_debugging || S->home == NULL)
        return 1;
    lua_newtable(L);
    state_push_ref(L, S->ref_sites);
    lua_Integer n = 0;
    for (uint32_t at = S->home->newest; at != 0; at = callback_of(abi_slot_at(at - 1))->next)
        if (lua_rawgeti(L, -1, at - 1) != LUA_TNIL)
            lua_rawseti(L, -3, ++n);
        else
            lua_pop(L, 1);
    lua_pop(L, 1);
    return 2;
}

/* ffi.debug([on]) -> whether it was on */
int callback_debug(lua_State *L)
{
    FfiState *S = state_of(L);
    bool was_on = S->is_debugging;
    if (!lua_isnone(L, 1))
        S->is_debugging = lua_toboolean(L, 1);
    lua_pushboolean(L, was_on);
    return 1;
}

void callback_open(FfiState *S, lua_State *L)
{
    if (S->home != NULL) /* memory was out behind this, and the module is opened again */
        return;
    fault_open(S, L);
    S->ref_implicit = state_new_table(L, NULL);
    S->ref_weak = state_new_table(L, "v");
    S->ref_results = state_new_table(L, NULL);
    S->ref_sites = state_new_table(L, NULL);
    S->ref_callback_meta = LUA_NOREF;
    S->ref_callback_free = new_method(S, L, method_free);
    S->ref_callback_set = new_method(S, L, method_set);
    push_guard(S, L);
    luaL_ref(L, LUA_REGISTRYINDEX);
    Home *home = home_take();
    if (home == NULL)
        error_raise(L, MESSAGE_NO_MEMORY);
    atomic_store(&home->state, S);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
    home->main = lua_tothread(L, -1);
    lua_pop(L, 1);
    S->home = home;
    S->cell = &home->cell;
}
