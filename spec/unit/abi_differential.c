/* The differential test of the call engine, without Lua: random C signatures (abi_differential/generate.lua), callees compiled by gcc and
 * by clang at -O0 and -O2, called through the engine; what they receive and return is compared with what was sent, bit for bit of every
 * member. A caller compiled by gcc makes each call first: where it and a callee of clang's disagree, the compilers do, and the case is left
 * out if a rule of generate.lua names it. Registers, stack, x87, MXCSR and flags are looked at on both sides of each call.
 * A quarter of the signatures is ms_abi (Microsoft x64).
 * The same the other way round: callers compiled by each compiler call a slot, whose target takes the arguments and places the result; the
 * callee that each of them calls first is gcc's. There a variadic signature stands for its named arguments.
 * Under valgrind long doubles are such as fit its 64 bits; what the CPU (or valgrind) lacks of AVX and AVX-512F is left out.
 *
 *     abi_differential [--seed N] [--count N] [--first N] [--keep]       or AIRLOCK_SEED, AIRLOCK_COUNT in the environment
 *
 * One signature on one compiler and level is one check, in each direction. --first I --count 1 brings back signature I of a seed. */
#include <dlfcn.h>

#include "generated.h"
#include "unit.h"

#include "abi/frame.h"
#include "abi_differential/calls.h"
#include "abi_differential/check.h"
#include "abi_differential/entry.h"
#include "abi_differential/inbound.h"
#include "abi_differential/tally.h"

enum {
    PER_BATCH = 250,
    COUNT_DEFAULT = IS_SANITIZED ? 400 : 2400,
    NAILED_MAX = 12,
    NORACLES = 16
};

static Generated run = {.name = "abi_differential", .first = 1, .count = COUNT_DEFAULT};

static struct {
    int isa; /* 0 baseline, 1 AVX, 2 AVX-512F */
    const char *spec, *lua, *gcc, *clang;
} with;

static const struct {
    const char *name, *flag;
} isas[] = {{"baseline", NULL}, {"AVX", "-mavx"}, {"AVX-512F", "-mavx512f"}};

enum { NVARIANTS = 4 };

static struct Variant {
    const char *name, *level, **compiler;
    bool is_clang;
} variants[NVARIANTS] = {
    {"gcc-O0", "-O0", &with.gcc, false},
    {"gcc-O2", "-O2", &with.gcc, false},
    {"clang-O0", "-O0", &with.clang, true},
    {"clang-O2", "-O2", &with.clang, true},
};

static Tally features, left_out[2], inbound_left_out[2]; /* of gcc, of clang */

/* -- compiling ----------------------------------------------------------------------------------------------------- */

static bool generate(void)
{
    char script[PATH_NBYTES], numbers[5][24];
    uint64_t values[5] = {run.seed, run.first, run.count, (uint64_t)with.isa, PER_BATCH};
    format_path(script, "%s/unit/abi_differential/generate.lua", with.spec);
    for (size_t i = 0; i < 5; i++)
        snprintf(numbers[i], sizeof numbers[i], "%llu", (unsigned long long)values[i]);
    const char *argv[] = {with.lua, script, numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], run.dir, NULL};
    return wait_for(start_program(argv));
}

typedef struct BatchFile {
    char name[40];
    int isa;
    unsigned count;
} BatchFile;

/* One shared object to make: the table (variant NULL) or the callees of a batch. */
typedef struct Job {
    const BatchFile *file;
    const struct Variant *variant;
} Job;

static pid_t start_job(const Job *job)
{
    char src[PATH_NBYTES], own[PATH_NBYTES], in[PATH_NBYTES], out[PATH_NBYTES], dir[PATH_NBYTES];
    const struct Variant *variant = job->variant;
    format_path(src, "-I%s/../src", with.spec);
    format_path(own, "-I%s/unit/abi_differential", with.spec);
    format_path(dir, "-I%s", run.dir);
    format_path(in, "%s/%s_%s.c", run.dir, job->file->name, variant ? "callee" : "table");
    format_path(out, "%s/%s_%s.so", run.dir, job->file->name, variant ? variant->name : "table");
    const char *argv[] = {variant ? *variant->compiler : with.gcc, variant ? variant->level : "-O0", "-std=gnu11", "-w",
                          "-Wno-psabi", "-Wno-packed-bitfield-compat", "-fPIC", "-shared", "-fcf-protection=none", src,
                          own, dir, "-o", out, in, isas[job->file->isa].flag,
                          /* gcc 12 -O2 clears the upper half of ymm0 when it returns a union in it. */
                          job->file->isa > 0 ? "-mno-vzeroupper" : NULL, NULL};
    return start_program(argv);
}

/* As many at a time as there are processors. */
static bool run_jobs(const Job *jobs, size_t njobs)
{
    long nworkers = sysconf(_SC_NPROCESSORS_ONLN);
    pid_t running[64];
    size_t nrunning = 0, next = 0;
    bool ok = true;
    if (nworkers < 1 || nworkers > 64)
        nworkers = nworkers < 1 ? 1 : 64;
    while (next < njobs || nrunning > 0) {
        if (next < njobs && nrunning < (size_t)nworkers) {
            running[nrunning++] = start_job(&jobs[next++]);
            continue;
        }
        ok = wait_for(running[0]) && ok;
        memmove(running, running + 1, --nrunning * sizeof running[0]);
    }
    return ok;
}

static bool compile_all(const BatchFile *files, size_t nfiles)
{
    Job *jobs = calloc(nfiles * (NVARIANTS + 1), sizeof *jobs);
    size_t njobs = 0;
    if (jobs == NULL)
        abort();
    for (size_t i = 0; i < nfiles; i++) {
        jobs[njobs++] = (Job){&files[i], NULL};
        for (size_t v = 0; v < NVARIANTS; v++)
            jobs[njobs++] = (Job){&files[i], &variants[v]};
    }
    bool ok = run_jobs(jobs, njobs);
    free(jobs);
    return ok;
}

/* -- one call ------------------------------------------------------------------------------------------------------ */

static MachineRoom value_rooms[BATCH_ARGS_MAX], result_room, frame_room;

static void check_received(Case *c, uint32_t nargs)
{
    for (uint32_t i = 0; i < nargs; i++) {
        const BatchArg *arg = &c->signature->args[i];
        const ValueType *type = &c->types[arg->type];
        check_value(c, "argument", i + 1, type, c->callees->received + arg->received, c->call.values[i]);
        if (arg->wide != BATCH_NO_WIDE) {
            int wide;
            uint64_t wanted = value_extended(value_scalar_kind(type), c->call.values[i]);
            memcpy(&wide, c->callees->received + arg->wide, sizeof wide);
            if ((uint64_t)(int64_t)wide != wanted)
                complain(c, "\n      argument %u (%s) is %d as an int, wanted %lld", i + 1, type->batch->name, wide,
                         (long long)wanted);
        }
    }
}

static void check_result(Case *c)
{
    const unsigned char *before = c->call.result;
    if (c->signature->result == BATCH_NO_TYPE)
        return;
    check_value(c, "result", 0, &c->types[c->signature->result], before, c->wanted);
    for (size_t i = 1; i <= 64; i++) {
        if (before[-(ptrdiff_t)i] != 0xa5) {
            complain(c, "\n      the byte %zu before the result was written", i);
            return;
        }
    }
}

static void check_machine(Case *c, const MachineCall *machine, bool by_compiler)
{
    EntryRecord *entry = c->callees->entry;
    check_saved_registers(c, machine->out, machine->in);
    check_state(c, "exit", machine, machine->flags, machine->mxcsr_out, machine->x87_out, 0);
    check_state(c, "entry", machine, entry->flags, entry->mxcsr, entry->x87, 0);
    if (entry->rsp % 16 != 8)
        complain(c, "\n      at entry rsp is %llx: not 16-aligned before the call", (unsigned long long)entry->rsp);
    if (entry->nmisaligned != 0 && (!by_compiler || !c->signature->is_ms)) /* gcc aligns copies to 16 at most */
        complain(c, "\n      %u arguments do not stand at their alignment", entry->nmisaligned);
    if (!c->signature->is_variadic || c->signature->is_ms || c->call.inbound != NULL)
        return;
    if (by_compiler)
        c->compiler_al = entry->rax & 0xff;
    else if ((entry->rax & 0xff) > 8 || (entry->rax & 0xff) < c->compiler_al)
        complain(c, "\n      al is %u, the compiled caller's %u", (unsigned)(entry->rax & 0xff), c->compiler_al);
}

static MachineCall new_machine_call(Case *c, const CallMode *mode, Random *random)
{
    MachineCall machine = {.function = mode->run, .context = &c->call};
    machine.mxcsr_in = 0x1f80 | (uint32_t)(random_next(random) & 0x6000);
    machine.control_in = 0x037f | (uint32_t)(random_next(random) & 0x0c00);
    random_fill(random, (unsigned char *)machine.in, sizeof machine.in);
    random_fill(random, (unsigned char *)machine_between_state.in, sizeof machine_between_state.in);
    random_fill(random, machine_between_ms_state.in[0], sizeof machine_between_ms_state.in);
    machine_between_ms_state.rdi_in = random_next(random);
    machine_between_ms_state.rsi_in = random_next(random);
    c->complaint[0] = '\0';
    return machine;
}

/* Makes the call in one of the ways; true when all was well, else c->complaint says what was not. */
static bool make_call(Case *c, const CallMode *mode, Random *random)
{
    MachineCall machine = new_machine_call(c, mode, random);
    c->call.nmissing_slots = 0;
    memset(c->callees->received, 0x5a, RECEIVED_NBYTES);
    memcpy(c->callees->returned, c->wanted, RETURNED_NBYTES);
    *c->callees->entry = c->entry;
    c->callees->entry->has_named_only = c->call.inbound != NULL;
    memset(result_room.start, 0xa5, result_room.nbytes);
    memset(frame_room.start, 0xcc, frame_room.nbytes);
    int number = machine_call_guarded(&machine);
    if (number != 0) {
        complain(c, "\n      signal %d (%s)", number, strsignal(number));
        return false;
    }
    machine_make_defined(&machine, sizeof machine);
    machine_make_defined(c->callees->entry, sizeof *c->callees->entry);
    machine_make_defined(c->callees->received, RECEIVED_NBYTES);
    machine_make_defined(result_room.start, result_room.nbytes);
    check_machine(c, &machine, mode->run == call_by_compiler || c->call.inbound != NULL);
    check_received(c, mode->run == call_by_inbound ? c->signature->nfixed : c->signature->nargs);
    check_result(c);
    if (c->call.nmissing_slots > 0)
        complain(c, "\n      %u scalars have no slot", c->call.nmissing_slots);
    return c->complaint[0] == '\0';
}

/* -- one case ------------------------------------------------------------------------------------------------------ */

static void report(Case *c, const char *mode)
{
    char text[160];
    snprintf(text, sizeof text, "signature %llu of seed %llu, %s, called %s", (unsigned long long)c->signature->index,
             (unsigned long long)run.seed, c->variant->name, mode);
    if (unit_nfailed < NAILED_MAX)
        fprintf(stderr, "\n%s\n    [%s]%s\n", c->signature->declaration, c->signature->features, c->complaint);
    unit_check(0, __FILE__, __LINE__, text);
}

static void draw_values(Case *c, Random *random)
{
    for (uint32_t i = 0; i < c->signature->nargs; i++) {
        const ValueType *type = &c->types[c->signature->args[i].type];
        c->call.values[i] = machine_place(&value_rooms[i], type->abi.size);
        value_draw(type, c->call.values[i], random);
    }
    memset(c->wanted, 0, sizeof c->wanted);
    c->call.result = NULL;
    if (c->signature->result != BATCH_NO_TYPE) {
        const ValueType *type = &c->types[c->signature->result];
        c->call.result = machine_place(&result_room, type->abi.size);
        value_draw(type, c->wanted, random);
    }
}

/* The engine's ways. */
static bool make_engine_calls(Case *c, Random *random)
{
    static const CallMode modes[] = {
        {"by abi_invoke", call_by_invoke},
        {"by frame and slots", call_by_frame},
        {"directly", call_directly},
        {"by abi_next_slot", call_by_cursor}};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        uint32_t nbytes = c->call.plan->frame_nbytes;
        if (modes[i].run == call_directly && c->call.plan->direct == NULL)
            continue;
        if (modes[i].run == call_by_cursor) {
            if (c->call.fixed_plan == NULL)
                continue;
            nbytes = call_frame_nbytes(c->signature, c->call.fixed_plan);
        }
        c->call.frame = (AbiFrame *)(void *)machine_place(&frame_room, nbytes);
        if (!make_call(c, &modes[i], random)) {
            report(c, modes[i].name);
            return false;
        }
    }
    return true;
}

static bool make_plans(Case *c, AbiPlan **plan, AbiPlan **fixed_plan, Random *random)
{
    Error error;
    *fixed_plan = NULL;
    *plan = call_new_plan(c->signature, c->types, c->signature->nargs, c->signature->is_variadic, random, &error);
    if (*plan != NULL && call_has_plain_varargs(c->signature, c->types))
        *fixed_plan = call_new_plan(c->signature, c->types, c->signature->nfixed, true, random, &error);
    c->call.plan = *plan;
    c->call.fixed_plan = *fixed_plan;
    if (*plan != NULL && (*fixed_plan != NULL || !call_has_plain_varargs(c->signature, c->types)))
        return true;
    snprintf(c->complaint, sizeof c->complaint, "\n      abi_plan_new: %s", error.text);
    report(c, "not at all");
    return false;
}

/* Of ms_abi, vector registers alone, and none that it preserves. */
static void spoil_unused_registers(Case *c)
{
    const AbiPlan *plan = c->call.plan;
    c->entry.spoilt_gprs = c->signature->is_ms ? 0 : 0x3fu & ~0u << plan->end.ngpr;
    c->entry.spoilt_vecs = c->signature->is_ms ? 0x3fu : 0xffu & ~0u << plan->end.nvec;
    for (uint32_t i = 0; c->signature->is_ms && i < 4; i++)
        if ((plan->flags & (uint32_t)ABI_FLAG_FLOATING_0 << i) != 0)
            c->entry.spoilt_vecs &= ~(1u << i);
}

/* Where a rule has it that compilers may disagree, one byte that happens to be right is no agreement, and neither is a
 * register in which the caller happened to leave what the callee looks for there. */
static bool compilers_agree(Case *c, const CallMode *mode, const char *rules, Tally *without, Random *random)
{
    bool agree = true, has_rule = rules[0] != '\0';
    if (has_rule)
        spoil_unused_registers(c);
    for (int i = 0; agree && i < (has_rule ? NORACLES : 1); i++) {
        draw_values(c, random);
        agree = make_call(c, mode, random);
    }
    c->entry.spoilt_gprs = c->entry.spoilt_vecs = 0;
    if (!agree && !has_rule)
        report(c, mode->name);
    if (!agree && has_rule)
        tally_add(without, rules, strlen(rules));
    return agree;
}

static Case new_case(const BatchSignature *signature, const ValueType *types, const struct Variant *variant,
                     const Callees *callees, uint32_t index)
{
    static void *values[BATCH_ARGS_MAX];
    Case c = {.signature = signature, .types = types, .variant = variant, .callees = callees};
    c.call = (Call){.signature = signature, .types = types, .function = callees->entries[index], .values = values};
    return c;
}

static const char *rules_of(const Case *c)
{
    return c->variant->is_clang ? c->signature->clang_differs : c->signature->gcc_fails;
}

static void check_case(Case *c, Random *random)
{
    static const CallMode by_compiler = {"by gcc's caller", call_by_compiler};
    AbiPlan *plan, *fixed_plan;
    if (make_plans(c, &plan, &fixed_plan, random) &&
        compilers_agree(c, &by_compiler, rules_of(c), &left_out[c->variant->is_clang], random))
        unit_npassed += make_engine_calls(c, random);
    abi_plan_free(&mem_system_allocator, fixed_plan);
    abi_plan_free(&mem_system_allocator, plan);
}

/* -- one case the other way round ---------------------------------------------------------------------------------- */

/* Where the caller wants a result in memory. */
static uint64_t result_address(const Case *c)
{
    return c->signature->is_ms ? machine_between_state.rcx : machine_between_state.rdi;
}

/* A result in memory may be there. */
static void check_callers_stack(Case *c)
{
    MachineBetween *between = &machine_between_state;
    uint64_t place = result_address(c) - between->rsp_in, nbytes = c->call.plan->result_nbytes;
    if (c->call.plan->result == ABI_RESULT_MEMORY && place < MACHINE_ABOVE_NBYTES) {
        if (nbytes > MACHINE_ABOVE_NBYTES - place)
            nbytes = MACHINE_ABOVE_NBYTES - place;
        memcpy(between->above_out + place, between->above_in + place, nbytes);
    }
    if (memcmp(between->above_in, between->above_out, sizeof between->above_in) != 0)
        complain(c, "\n      the caller's stack was written");
}

/* What the caller was given back. nx87: as after gcc's callee. */
static void check_inbound_return(Case *c, const MachineCall *machine, uint32_t nx87)
{
    const MachineBetween *between = &machine_between_state;
    const ValueType *type = c->signature->result != BATCH_NO_TYPE ? &c->types[c->signature->result] : NULL;
    uint32_t kind = type != NULL ? value_scalar_kind(type) : (uint32_t)ABI_KIND_COUNT;
    check_saved_registers(c, between->out, between->in);
    if (c->signature->is_ms)
        check_saved_registers_ms(c);
    check_state(c, "return", machine, between->flags, between->mxcsr_out, between->x87_out, nx87);
    if (between->rsp_in != between->rsp_out)
        complain(c, "\n      rsp is %llx, was %llx", (unsigned long long)between->rsp_out,
                 (unsigned long long)between->rsp_in);
    check_callers_stack(c);
    if (c->call.plan->result == ABI_RESULT_MEMORY && between->rax != result_address(c))
        complain(c, "\n      rax is not the result's address");
    if (kind < ABI_I128 && between->rax != value_extended(kind, c->wanted))
        complain(c, "\n      rax is %llx, the extended result is %llx", (unsigned long long)between->rax,
                 (unsigned long long)value_extended(kind, c->wanted));
    if (kind < ABI_I32 && (uint64_t)(int64_t)c->call.wide != value_extended(kind, c->wanted))
        complain(c, "\n      the result is %d as an int", c->call.wide);
}

static bool make_inbound_call(Case *c, Inbound *inbound, uint32_t nx87, uint32_t nentered, Random *random)
{
    static const CallMode mode = {"", call_by_inbound};
    MachineCall machine = new_machine_call(c, &mode, random);
    inbound->machine = &machine;
    inbound->nentered = 0;
    memset(result_room.start, 0xa5, result_room.nbytes);
    int number = machine_call_guarded(&machine);
    if (number != 0) {
        complain(c, "\n      signal %d (%s)", number, strsignal(number));
        return false;
    }
    machine_make_defined(&machine, sizeof machine);
    machine_make_defined(&machine_between_state, sizeof machine_between_state);
    machine_make_defined(&machine_between_ms_state, sizeof machine_between_ms_state);
    machine_make_defined(result_room.start, result_room.nbytes);
    check_saved_registers(c, machine.out, machine.in);
    check_state(c, "exit", &machine, machine.flags, machine.mxcsr_out, machine.x87_out, 0);
    check_inbound_return(c, &machine, nx87);
    check_result(c);
    if (inbound->nentered != nentered)
        complain(c, "\n      the target was entered %u times", inbound->nentered);
    return c->complaint[0] == '\0';
}

/* A slot with the plan, which it keeps: called twice, and once after it was given back. */
static bool make_inbound_calls(Case *c, AbiPlan *plan, Random *random)
{
    static const char *const ways[] = {"inbound by abi_take", "inbound by slots", "inbound after the slot was given back"};
    uint32_t nx87 = count_x87(machine_between_state.x87_out[2]);
    Inbound inbound = {.c = c, .plan = plan};
    AbiSlot *slot = inbound_arm(plan, &inbound);
    bool ok = true;
    c->call.function = abi_slot_entry(slot);
    for (unsigned i = 0; i < 3; i++) {
        draw_values(c, random);
        inbound.by_slots = i == 1;
        if (i == 2) {
            memset(c->wanted, 0, sizeof c->wanted);
            abi_slot_give_back(slot, NULL);
        }
        if (ok && !make_inbound_call(c, &inbound, nx87, i < 2, random)) {
            report(c, ways[i]);
            ok = false;
        }
    }
    inbound_rotate();
    return ok;
}

static void check_inbound_case(Case *c, InboundCaller caller, Random *random)
{
    static const CallMode by_compiler = {"inbound to gcc's callee", call_by_inbound};
    Error error;
    AbiPlan *plan = call_new_plan(c->signature, c->types, c->signature->nfixed, false, random, &error);
    c->call.plan = plan;
    c->call.inbound = caller;
    if (plan == NULL) {
        snprintf(c->complaint, sizeof c->complaint, "\n      abi_plan_new: %s", error.text);
        report(c, "inbound");
    } else if (compilers_agree(c, &by_compiler, rules_of(c), &inbound_left_out[c->variant->is_clang], random)) {
        unit_npassed += make_inbound_calls(c, plan, random);
    } else {
        abi_plan_free(&mem_system_allocator, plan);
    }
}

/* -- batches ------------------------------------------------------------------------------------------------------- */

static void *open_object(const BatchFile *file, const char *what, const char *symbol, const void **data)
{
    char path[PATH_NBYTES];
    format_path(path, "%s/%s_%s.so", run.dir, file->name, what);
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    *data = object != NULL ? dlsym(object, symbol) : NULL;
    if (*data == NULL) {
        fprintf(stderr, "abi_differential: %s\n", dlerror());
        CHECK(*data != NULL);
    }
    return object;
}

/* gcc: its callees at -O0. */
static void check_variant(const BatchFile *file, const Batch *batch, const ValueType *types,
                          const struct Variant *variant, const Callees *gcc)
{
    static Case c;
    const void *data;
    void *object = open_object(file, variant->name, "callees", &data);
    const Callees *callees = data;
    if (callees == NULL)
        return;
    for (uint32_t i = 0; i < batch->nsignatures; i++) {
        static const char no_such_type[] =
            "_Float16, decimals, _Complex __int128 (clang has none), bit-fields packed and ms_struct (laid out otherwise), "
            "ms_abi results in memory for one compiler alone";
        Random random = {run.seed ^ batch->signatures[i].index << 32 ^ (uint64_t)(variant - variants)};
        if (callees->entries[i] == NULL) {
            tally_add(&left_out[variant->is_clang], no_such_type, strlen(no_such_type));
            continue;
        }
        c = new_case(&batch->signatures[i], types, variant, callees, i);
        check_case(&c, &random);
        c = new_case(&batch->signatures[i], types, variant, gcc, i);
        check_inbound_case(&c, callees->inbounds[i], &random);
    }
    dlclose(object);
}

static void check_batch(const BatchFile *file)
{
    const void *data, *gcc;
    void *object = open_object(file, "table", "batch", &data),
         *gcc_object = open_object(file, variants[0].name, "callees", &gcc);
    const Batch *batch = data;
    if (batch == NULL || gcc == NULL)
        return;
    ValueType *types = calloc(batch->ntypes + 1, sizeof *types);
    if (types == NULL)
        abort();
    for (uint32_t i = 0; i < batch->ntypes; i++)
        value_load_type(&types[i], &batch->types[i]);
    for (uint32_t i = 0; i < batch->nsignatures; i++)
        tally_words(&features, batch->signatures[i].features);
    for (size_t v = 0; v < NVARIANTS; v++)
        check_variant(file, batch, types, &variants[v], gcc);
    for (uint32_t i = 0; i < batch->ntypes; i++)
        value_unload_type(&types[i]);
    free(types);
    dlclose(gcc_object);
    dlclose(object);
}

/* Reads what the generator wrote; batches that this CPU cannot run are named and left out. */
static size_t read_batches(BatchFile *files, size_t nfiles_max)
{
    char path[PATH_NBYTES];
    size_t nfiles = 0;
    BatchFile file;
    format_path(path, "%s/batches", run.dir);
    FILE *list = fopen(path, "r");
    if (list == NULL)
        return 0;
    while (nfiles < nfiles_max && fscanf(list, "%39s %d %u", file.name, &file.isa, &file.count) == 3) {
        if (file.name[0] != '-')
            files[nfiles++] = file;
        else
            printf("left out on this machine: %u signatures that need %s\n", file.count, isas[file.isa].name);
    }
    fclose(list);
    return nfiles;
}

static void check_all(void)
{
    size_t nfiles_max = run.count / PER_BATCH + 4, nfiles;
    BatchFile *files = calloc(nfiles_max, sizeof *files);
    if (files == NULL)
        abort();
    nfiles = CHECK(generate()) ? read_batches(files, nfiles_max) : 0;
    if (CHECK(nfiles > 0 || with.isa < 2) && CHECK(compile_all(files, nfiles))) {
        for (size_t i = 0; i < nfiles; i++)
            check_batch(&files[i]);
    }
    free(files);
}

/* -- the run ------------------------------------------------------------------------------------------------------- */

static void read_settings(void)
{
    with.isa = __builtin_cpu_supports("avx512f") ? 2 : __builtin_cpu_supports("avx") ? 1 : 0;
    with.spec = setting("AIRLOCK_SPEC", "spec");
    with.lua = setting("LUA", "lua5.4");
    with.gcc = setting("AIRLOCK_GCC", "gcc");
    with.clang = setting("AIRLOCK_CLANG", "clang");
}

int main(int argc, char **argv)
{
    read_settings();
    generated_read_options(&run, argc, argv);
    generated_open_dir(&run);
    for (size_t i = 0; i < BATCH_ARGS_MAX; i++)
        value_rooms[i] = machine_new_room(1);
    result_room = machine_new_room(1);
    frame_room = machine_new_room(16);
    inbound_begin();
    machine_catch_faults();
    check_all();
    tally_print(&features, "signatures by what they hold");
    tally_print(&left_out[false], "checks left out for gcc");
    tally_print(&left_out[true], "checks left out for clang");
    tally_print(&inbound_left_out[false], "inbound checks left out for gcc");
    tally_print(&inbound_left_out[true], "inbound checks left out for clang");
    printf("slots: %d owners are left\n", inbound_nowners);
    CHECK(inbound_nowners <= INBOUND_NKEPT + 1);
    generated_close_dir(&run, unit_nfailed > 0);
    return unit_end("abi_differential");
}
