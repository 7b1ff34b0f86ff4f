# Airlock. `make help` lists the targets.
#
# Overridable, and passed by luarocks: CC CFLAGS LDFLAGS LIBFLAG LUA_INCDIR INST_PREFIX INST_LIBDIR INST_LUADIR.
# What the code needs whatever CFLAGS says stands in OWN_CFLAGS. WERROR=1 makes warnings errors. Sources are found by wildcard.

BUILD ?= build
CC ?= gcc
CXX ?= g++
ifeq ($(origin CC),default)
CC = gcc
endif
ifeq ($(origin CXX),default)
CXX = g++
endif
NASM ?= nasm
LUA ?= lua5.4
LUAJIT ?= luajit
AR ?= ar
CFLAGS ?= -O2 -g
CXXFLAGS ?= -O2 -g
LDFLAGS ?=
LIBFLAG ?= -shared
LUA_INCDIR ?= $(or $(patsubst -I%,%,$(firstword $(shell pkg-config --cflags-only-I lua5.4 2>/dev/null))),/usr/include/lua5.4)
WERROR ?= $(if $(CI),1)
JOBS ?= $(shell nproc 2>/dev/null || echo 1)

PREFIX ?= /usr/local
INST_PREFIX ?= $(PREFIX)
INST_LIBDIR ?= $(INST_PREFIX)/lib/lua/5.4
INST_LUADIR ?= $(INST_PREFIX)/share/lua/5.4
INST_INCDIR ?= $(INST_PREFIX)/include
INST_ARDIR ?= $(INST_PREFIX)/lib

VERSION := $(shell sed -n 's/^\#define AIRLOCK_VERSION "\(.*\)"/\1/p' src/base/version.h)

WARN_BOTH := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Wwrite-strings -Wvla $(if $(filter-out 0,$(WERROR)),-Werror)
WARN_C := $(WARN_BOTH) -Wstrict-prototypes -Wmissing-prototypes
# Sample libraries do on purpose what the rest avoids.
WARN_LIB := -Wall -Wextra -Wno-psabi $(filter -Werror,$(WARN_BOTH))
OWN_BOTH := -Isrc -Isrc/libffi -fno-plt -fstack-clash-protection -Wno-psabi -fPIC -fvisibility=hidden -fasynchronous-unwind-tables -D_GNU_SOURCE $(SANITIZE)
OWN_CFLAGS := -std=c11 $(OWN_BOTH)
OWN_CXXFLAGS := -std=c++17 $(OWN_BOTH)
OWN_LDFLAGS := -Wl,-z,nodelete,-z,now,-z,relro,-z,noexecstack $(SANITIZE)
NASMFLAGS ?= -g -F dwarf
OWN_NASMFLAGS := -f elf64 -Iasm/ -Isrc/ --lprefix .L $(if $(filter-out 0,$(WERROR)),-Werror)

# -- what there is ------------------------------------------------------------------------------------------------------------

LAYERS := base ctype cdecl abi bind host libffi
sources = $(sort $(wildcard src/$(1)/*.c))
objects = $(patsubst %.c,$(BUILD)/%.o,$(call sources,$(1)))
FFI_ASM := $(sort $(wildcard asm/libffi_*.asm))
ASM_OBJECTS := $(patsubst %.asm,$(BUILD)/%.o,$(filter-out $(FFI_ASM),$(sort $(wildcard asm/*.asm))))
SOURCES := $(foreach layer,$(LAYERS),$(call sources,$(layer)))
OBJECTS := $(foreach layer,$(filter-out libffi,$(LAYERS)),$(call objects,$(layer))) $(ASM_OBJECTS)
LIBFFI_OBJECTS := $(call objects,base) $(call objects,abi) $(call objects,libffi) $(ASM_OBJECTS) $(FFI_ASM:%.asm=$(BUILD)/%.o)
ABI_OBJECTS := $(call objects,base) $(call objects,abi) $(ASM_OBJECTS)
CDECL_OBJECTS := $(call objects,base) $(call objects,ctype) $(call objects,cdecl)

unit_names = $(patsubst spec/unit/%.$(2),$(BUILD)/unit/%,$(sort $(wildcard $(addsuffix .$(2),$(addprefix spec/unit/,$(1))))))
ABI_UNITS := $(call unit_names,abi_*,c)
ABI_UNITS_CC := $(call unit_names,abi_*,cc)
CDECL_UNITS := $(call unit_names,base_* ctype_* cdecl_*,c)
# bind's adapter between the two halves, still without Lua.
LEAVES_UNITS := $(call unit_names,leaves_*,c)
LEAVES_OBJECTS := $(sort $(ABI_OBJECTS) $(CDECL_OBJECTS)) $(BUILD)/src/bind/leaves.o
# The parser and the type model once more, calling __sanitizer_cov_trace_pc in each basic block.
COUNTED_UNITS := $(call unit_names,counted_*,c)
COUNTED_OBJECTS := $(patsubst $(BUILD)/%,$(BUILD)/counted/%,$(CDECL_OBJECTS))
# Against the shared library, as its clients are.
LIBFFI_UNITS := $(call unit_names,libffi_*,c)
LIBFFI_UNITS_CC := $(call unit_names,libffi_*,cc)
# The same with the C++ runtime linked in.
LIBFFI_UNITS_CC_STATIC := $(addsuffix _static,$(LIBFFI_UNITS_CC))
UNITS := $(LIBFFI_UNITS) $(LIBFFI_UNITS_CC) $(LIBFFI_UNITS_CC_STATIC) $(ABI_UNITS) $(ABI_UNITS_CC) $(CDECL_UNITS) $(LEAVES_UNITS) $(COUNTED_UNITS)

.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

all: lib ## build ffi.so, libairlock.a and libffi.so.8, as make alone does
	@:

LIBFFI_HEADERS := $(BUILD)/include/ffi.h $(BUILD)/include/ffitarget.h

lib: $(BUILD)/ffi.so $(BUILD)/libairlock.a $(BUILD)/libffi.so.8 $(LIBFFI_HEADERS)
	@:

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | sort

# -- compiling ----------------------------------------------------------------------------------------------------------------

Q := $(if $(V),,@)
say = @$(if $(V),:,printf '%-5s %s\n' '$(1)' '$(2)')

# Objects are built anew when the flags change.
FLAGS_NOW := $(filter-out -Werror,$(CC) $(CFLAGS) $(OWN_CFLAGS) $(CXX) $(CXXFLAGS) $(NASMFLAGS) $(LUA_INCDIR) $(LUA_FLAGS))
FLAGS_FILE := $(BUILD)/flags
ifneq ($(FLAGS_NOW),$(shell cat $(FLAGS_FILE) 2>/dev/null))
$(FLAGS_FILE): FORCE
endif
$(FLAGS_FILE):
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' > $@

LUA_INC = $(if $(filter src/bind/% src/host/%,$<),-isystem $(LUA_INCDIR) $(LUA_FLAGS))

$(BUILD)/src/%.o: src/%.c $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(call say,cc,$@)
	$(Q)$(CC) $(OWN_CFLAGS) $(WARN_C) $(LUA_INC) $(CFLAGS) -MMD -MP -c -o $@ $<

# Two runs: nasm 2.16's -MD leaves %include files out.
$(BUILD)/asm/%.o: asm/%.asm $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(call say,nasm,$@)
	$(Q)$(NASM) $(OWN_NASMFLAGS) $(NASMFLAGS) -M -MP -MT $@ -MF $(@:.o=.d) $<
	$(Q)$(NASM) $(OWN_NASMFLAGS) $(NASMFLAGS) -o $@ $<

$(BUILD)/ffi.so: $(OBJECTS) tools/ffi.map
	@mkdir -p $(@D)
	$(call say,link,$@)
	$(Q)$(CC) $(CFLAGS) $(LIBFLAG) $(LDFLAGS) $(OWN_LDFLAGS) -Wl,--version-script=tools/ffi.map -o $@ $(OBJECTS) -lm -ldl

$(LIBFFI_HEADERS): $(BUILD)/include/%.h: src/libffi/%.h
	@mkdir -p $(@D)
	@cp $< $@

$(BUILD)/libffi.so.8: $(LIBFFI_OBJECTS) tools/libffi.map
	@mkdir -p $(@D)
	$(call say,link,$@)
	$(Q)$(CC) $(CFLAGS) -shared $(LDFLAGS) $(OWN_LDFLAGS) -Wl,--version-script=tools/libffi.map -Wl,-soname,libffi.so.8,-Bsymbolic-functions \
	    -o $@ $(LIBFFI_OBJECTS) -ldl

$(BUILD)/libairlock.a: $(OBJECTS)
	@mkdir -p $(@D)
	@rm -f $@
	$(call say,ar,$@)
	$(Q)$(AR) rcs $@ $(OBJECTS)

# -- unit tests ---------------------------------------------------------------------------------------------------------------

UNIT_LIBS := -lm -ldl -lpthread

# Against objects, whichever the unit has.
define link_unit
@mkdir -p $(@D)
$(call say,cc,$@)
$(Q)$(CC) $(OWN_CFLAGS) $(WARN_C) -Ispec/unit $(CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(filter %.o,$^) $(LDFLAGS) $(UNIT_LIBS)
endef

$(ABI_UNITS): $(BUILD)/unit/%: spec/unit/%.c $(ABI_OBJECTS) $(FLAGS_FILE)
	$(link_unit)
$(CDECL_UNITS): $(BUILD)/unit/%: spec/unit/%.c $(CDECL_OBJECTS) $(FLAGS_FILE)
	$(link_unit)
$(LEAVES_UNITS): private OWN_CFLAGS += -Ispec/unit/abi_differential
$(LEAVES_UNITS): $(BUILD)/unit/%: spec/unit/%.c $(LEAVES_OBJECTS) $(FLAGS_FILE)
	$(link_unit)
$(COUNTED_UNITS): $(BUILD)/unit/%: spec/unit/%.c $(COUNTED_OBJECTS) $(FLAGS_FILE)
	$(link_unit)

$(BUILD)/counted/%.o: %.c $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(call say,cc,$@)
	$(Q)$(CC) $(OWN_CFLAGS) $(WARN_C) $(CFLAGS) -fsanitize-coverage=trace-pc -MMD -MP -c -o $@ $<

$(ABI_UNITS_CC): $(BUILD)/unit/%: spec/unit/%.cc $(ABI_OBJECTS) $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(call say,c++,$@)
	$(Q)$(CXX) $(OWN_CXXFLAGS) $(WARN_BOTH) -Ispec/unit $(CXXFLAGS) -MMD -MP -MF $@.d -o $@ $< $(ABI_OBJECTS) $(LDFLAGS) $(UNIT_LIBS)

# Against libffi.so.8 and its headers, as clients are.
$(LIBFFI_UNITS): $(BUILD)/unit/%: spec/unit/%.c $(BUILD)/libffi.so.8 $(LIBFFI_HEADERS) $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(call say,cc,$@)
	$(Q)$(CC) $(filter-out -Isrc%,$(OWN_CFLAGS)) $(WARN_C) -I$(BUILD)/include -Ispec/unit $(CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(BUILD)/libffi.so.8 \
	    -Wl,-rpath,'$$ORIGIN/..' $(LDFLAGS) $(UNIT_LIBS)

$(LIBFFI_UNITS_CC_STATIC): RUNTIME := -static-libstdc++ -static-libgcc
$(LIBFFI_UNITS_CC): $(BUILD)/unit/%: spec/unit/%.cc $(BUILD)/libffi.so.8 $(LIBFFI_HEADERS) $(FLAGS_FILE)
	$(link_libffi_unit_cc)
$(LIBFFI_UNITS_CC_STATIC): $(BUILD)/unit/%_static: spec/unit/%.cc $(BUILD)/libffi.so.8 $(LIBFFI_HEADERS) $(FLAGS_FILE)
	$(link_libffi_unit_cc)

define link_libffi_unit_cc
@mkdir -p $(@D)
$(call say,c++,$@)
$(Q)$(CXX) $(filter-out -Isrc%,$(OWN_CXXFLAGS)) $(WARN_BOTH) -DUNIT_NAME='"$(@F)"' -I$(BUILD)/include -Ispec/unit $(CXXFLAGS) -MMD -MP -MF $@.d -o $@ $< \
    $(BUILD)/libffi.so.8 -Wl,-rpath,'$$ORIGIN/..' $(RUNTIME) $(LDFLAGS) $(UNIT_LIBS)
endef

units: $(UNITS)
	@:

# -- sample libraries: spec/lib/NAME.c, with NAME.asm where there is one, becomes $(BUILD)/spec/libNAME.so ---------------------

SPEC_LIBS := $(patsubst spec/lib/%.c,$(BUILD)/spec/lib%.so,$(sort $(wildcard spec/lib/*.c)))

.SECONDEXPANSION:
$(SPEC_LIBS): $(BUILD)/spec/lib%.so: spec/lib/%.c $$(if $$(wildcard spec/lib/%.asm),$(BUILD)/spec/%.asm.o) $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(call say,cc,$@)
	$(Q)$(CC) -std=gnu11 -fPIC $(WARN_LIB) -O2 -g -shared -Wl,-soname,$(@F) -MMD -MP -MF $@.d \
	    -o $@ $(filter %.c %.o,$^) -lm

# C++: the same source against each C++ runtime that a library may bring, or hide, or share. libc++ where it is installed.
THROWS := $(BUILD)/spec/libthrows.so $(BUILD)/spec/libthrows_static.so $(BUILD)/spec/libthrows_hidden.so \
    $(if $(wildcard /usr/lib/llvm-*/include/c++/v1/version /usr/include/c++/v1/version),$(BUILD)/spec/libthrows_libcxx.so)
$(BUILD)/spec/libthrows_static.so: RUNTIME := -static-libstdc++ -static-libgcc
# Beside the one that it hides, this one has a library that brings another.
$(BUILD)/spec/libthrows_hidden.so: RUNTIME := -static-libstdc++ -static-libgcc -Wl,--exclude-libs,ALL \
    -Wl,--no-as-needed $(BUILD)/spec/libthrows.so -Wl,-rpath,'$$ORIGIN'
$(BUILD)/spec/libthrows_hidden.so: $(BUILD)/spec/libthrows.so
$(BUILD)/spec/libthrows_libcxx.so: RUNTIME := -stdlib=libc++ -gdwarf-4
$(BUILD)/spec/libthrows_libcxx.so: private CXX := clang++

$(THROWS): spec/lib/throws.cc $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(call say,c++,$@)
	$(Q)$(CXX) -std=c++17 -fPIC -Wall -Wextra $(filter -Werror,$(WARN_BOTH)) -O2 -g -shared -Wl,-soname,$(@F) -MMD -MP -MF $@.d -o $@ $< $(RUNTIME)

$(BUILD)/spec/%.asm.o: spec/lib/%.asm $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(call say,nasm,$@)
	$(Q)$(NASM) $(OWN_NASMFLAGS) $(NASMFLAGS) -M -MP -MT $@ -MF $(@:.o=.d) $<
	$(Q)$(NASM) $(OWN_NASMFLAGS) $(NASMFLAGS) -o $@ $<

speclibs: $(SPEC_LIBS) $(THROWS) $(BUILD)/bench/hand.so $(BUILD)/bench/floor.so $(BUILD)/bench/libffi
	@:

# -- testing ------------------------------------------------------------------------------------------------------------------

# What the tests find in their environment.
export AIRLOCK_BUILD = $(abspath $(BUILD))
export AIRLOCK_SPEC = $(abspath spec)
export LUA
LUA_ENV = eval "$$(tools/env.sh "$(CURDIR)" "$(BUILD)")"
TEST_ENV = $(LUA_ENV); export CC="$(CC)" CXX="$(CXX)"
SUB = --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS)) BUILD=$(BUILD)

unit: units ## run the C tests that need no Lua
	@export CC="$(CC)" CXX="$(CXX)"; TITLE="unit tests" tools/run_units.sh $(UNITS)

specs: lib speclibs ## run the busted specs; SPEC_ARGS goes to busted
	@$(TEST_ENV); export JOBS=$(JOBS); tools/run_specs.sh $(SPEC_ARGS)

HOUSE_TESTS := $(sort $(wildcard spec/house/*.sh))

house: lib ## test the build itself: lint checks that can fail, install, rock, libffi's symbols and headers
	@export CC="$(CC)"; TITLE="house tests" tools/run_units.sh $(HOUSE_TESTS)

test: ## install what is missing, build, run every test
	@tools/install_packages.sh test
	@$(MAKE) $(SUB) WERROR=1 lib units speclibs
	@mkdir -p $(BUILD)/log
	@for part in unit specs house; do $(MAKE) $(SUB) WERROR=1 $$part 2>&1 | tee $(BUILD)/log/$$part; done; \
	 tools/sum_tests.sh $(BUILD)/log/unit $(BUILD)/log/specs $(BUILD)/log/house

headers: ## install the -dev packages whose headers spec/headers_spec.lua tries where they are there
	@tools/install_packages.sh headers

clients: ## install the bigger programs that spec/libffi_clients_spec.lua runs on libffi.so.8 with AIRLOCK_CLIENTS=all
	@tools/install_packages.sh clients

ASAN := -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined

test-asan: ## the tests under AddressSanitizer and UBSan
	@tools/install_packages.sh asan
	@$(MAKE) --no-print-directory BUILD=build-asan SANITIZE='$(ASAN)' CFLAGS='-O1 -g' CXXFLAGS='-O1 -g' WERROR=1 test-asan-inside

# Without address randomisation, for which the runtime of gcc 12 has no room.
test-tsan: ## the tests with threads under ThreadSanitizer
	@tools/install_packages.sh tsan
	@$(MAKE) --no-print-directory BUILD=build-tsan SANITIZE='-fsanitize=thread' CFLAGS='-O1 -g' CXXFLAGS='-O1 -g' WERROR=1 test-tsan-inside

TSAN_UNITS := $(BUILD)/unit/abi_threads $(BUILD)/unit/libffi_threads
TSAN_SPECS := callback callback_thread gc library states

LD_SO := /lib64/ld-linux-x86-64.so.2
runtime = $(realpath $(shell $(CC) -print-file-name=$(1)))

test-tsan-inside: $(TSAN_UNITS)
	@$(MAKE) $(SUB) lib speclibs
	@mkdir -p $(BUILD)/log
	@export TSAN_OPTIONS=second_deadlock_stack=1:halt_on_error=1:suppressions=$(abspath tools/tsan.supp); \
	 TITLE="threads" UNIT_WRAPPER='setarch -R' tools/run_units.sh $(TSAN_UNITS) 2>&1 | tee $(BUILD)/log/unit; \
	 export SPECS='$(TSAN_SPECS)' LUA_WRAPPER='setarch -R $(LD_SO) --preload $(call runtime,libtsan.so)'; \
	 $(MAKE) $(SUB) specs 2>&1 | tee $(BUILD)/log/specs; \
	 tools/sum_tests.sh $(BUILD)/log/unit $(BUILD)/log/specs

test-asan-inside: $(FLAGS_FILE)
	@$(MAKE) $(SUB) lib units speclibs
	@mkdir -p $(BUILD)/log
	@export AIRLOCK_ASAN=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1; \
	 export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=0:allocator_may_return_null=1; \
	 export LSAN_OPTIONS=suppressions=$(abspath tools/lsan.supp):print_suppressions=0; \
	 $(MAKE) $(SUB) unit 2>&1 | tee $(BUILD)/log/unit; \
	 export LUA_WRAPPER='$(LD_SO) --preload $(call runtime,libasan.so):$(call runtime,libstdc++.so.6)'; \
	 $(MAKE) $(SUB) specs 2>&1 | tee $(BUILD)/log/specs; \
	 tools/sum_tests.sh $(BUILD)/log/unit $(BUILD)/log/specs

test-valgrind: ## the specs under valgrind's memcheck
	@tools/install_packages.sh valgrind
	@$(MAKE) $(SUB) lib speclibs
	@mkdir -p $(BUILD)/log
	@export AIRLOCK_VALGRIND=1; \
	 export LUA_WRAPPER='valgrind -q --error-exitcode=99 --num-callers=30 --suppressions=$(abspath tools/valgrind.supp)'; \
	 $(MAKE) $(SUB) specs 2>&1 | tee $(BUILD)/log/valgrind; tools/sum_tests.sh $(BUILD)/log/valgrind

# -- torture: what nobody holds is collected at once, and memory runs out ------------------------------------------------------

# In all states of the interpreters, each HOSTILE_AT-th allocation is a whole collection, besides the ones of spec/torture/collect.h.
HOSTILE_AT ?= 199
TORTURE ?= all
# What takes most of the time, and is left out with TORTURE=short.
TORTURE_LONG := bitfield callback_error callback_lifetime callback_value headers inspect luajit operator pointer record redeclare scalar states \
    torture value
TORTURE_ENV = export AIRLOCK_TORTURE=1 HOSTILE_AT=$(HOSTILE_AT) LUA_INIT_5_4='require "hostile"' \
    SPECS='$(if $(filter short,$(TORTURE)),$(filter-out $(TORTURE_LONG),$(patsubst spec/%_spec.lua,%,$(wildcard spec/*_spec.lua))))'
TORTURE_BUILD = --no-print-directory BUILD=build-torture CFLAGS='-O1 -g -DAIRLOCK_TINY=1' LUA_FLAGS='-include spec/torture/collect.h' WERROR=1

TORTURE_CC = $(CC) -std=gnu11 -O2 -g $(WARN_BOTH) -isystem $(LUA_INCDIR)

$(BUILD)/hostile.so: spec/torture/hostile.c spec/torture/allocator.c spec/torture/allocator.h $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(call say,cc,$@)
	$(Q)$(TORTURE_CC) -fPIC -shared -Wl,-z,nodelete -o $@ $(filter %.c,$^)

$(BUILD)/failing: $(addprefix spec/torture/,failing.c allocator.c allocator.h malloc.c malloc.h) $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(call say,cc,$@)
	$(Q)$(TORTURE_CC) -DWATCH_MALLOC -o $@ $(filter %.c,$^) $$(pkg-config --libs lua5.4)

test-torture: ## the specs with a collection at each allocation, tables of the least size, each allocation failing; TORTURE=short: a minute
	@tools/install_packages.sh test
	@$(MAKE) $(TORTURE_BUILD) test-torture-inside

test-torture-inside:
	@$(MAKE) $(SUB) lib speclibs $(BUILD)/hostile.so $(BUILD)/failing
	@mkdir -p $(BUILD)/log
	@$(TORTURE_ENV); $(MAKE) $(SUB) specs 2>&1 | tee $(BUILD)/log/torture
	@$(LUA_ENV); $(BUILD)/failing spec/torture/scenarios.lua $(TORTURE) | tee $(BUILD)/log/failing
	@tools/sum_tests.sh $(BUILD)/log/torture $(BUILD)/log/failing

# -- fuzzing ------------------------------------------------------------------------------------------------------------------

FUZZ_SECONDS ?= 60
FUZZ_SOURCES := $(call sources,base) $(call sources,ctype) $(call sources,cdecl)
FUZZ_CFLAGS := -std=c11 -D_GNU_SOURCE -Isrc -Ispec/unit -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined

$(BUILD)/fuzz/cdecl: spec/fuzz/cdecl.c $(FUZZ_SOURCES) $(wildcard src/base/*.h src/ctype/*.h src/cdecl/*.h src/ctype/*.def src/cdecl/*.def spec/unit/*.h)
	@mkdir -p $(@D)
	$(call say,clang,$@)
	$(Q)clang $(FUZZ_CFLAGS) -o $@ $< $(FUZZ_SOURCES)

fuzz: ## feed random declarations to the parser for FUZZ_SECONDS, 60 by default; what it finds goes to build/fuzz
	@tools/install_packages.sh fuzz
	@$(MAKE) $(SUB) $(BUILD)/fuzz/cdecl
	@mkdir -p $(BUILD)/fuzz/corpus
	$(BUILD)/fuzz/cdecl -seed=$${AIRLOCK_SEED:-1} -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -max_len=2048 -dict=spec/fuzz/cdecl.dict \
	    -artifact_prefix=$(BUILD)/fuzz/ -print_final_stats=1 $(BUILD)/fuzz/corpus spec/fuzz/corpus

# -- bench --------------------------------------------------------------------------------------------------------------------

BENCH_MODULES := $(BUILD)/bench/hand.so $(BUILD)/bench/floor.so $(if $(IR),$(BUILD)/bench/meter.so $(BUILD)/bench/still_clock.so)

# Found where the ffi finds it: next to bench/ in spec/.
$(BUILD)/bench/hand.so $(BUILD)/bench/floor.so: $(BUILD)/spec/libbench.so
$(BUILD)/bench/hand.so: bench/hand_callback.c bench/hand_callback.h

$(BUILD)/bench/%.so: bench/%.c $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(call say,cc,$@)
	$(Q)$(CC) -std=gnu11 -O2 -g -fPIC -Wall -Wextra -Ispec/lib -isystem $(LUA_INCDIR) -shared -MMD -MP -MF $@.d -o $@ $(filter %.c,$^) \
	    $(filter %.so,$^) -Wl,-rpath,'$$ORIGIN/../spec'

bench: ## the speed of each kind of call next to a hand-written binding; IR=1 counts instructions; ONLY=TEXT picks cases
	@tools/install_packages.sh $(if $(IR),valgrind,test)
	@$(MAKE) $(SUB) bench-inside

bench-inside: lib $(BENCH_MODULES)
	@$(LUA_ENV); $(if $(IR),$(LUA) bench/ir.lua $(AIRLOCK_BUILD),\
	    $(LUA) bench/bench.lua $(AIRLOCK_BUILD) $(if $(shell command -v $(LUAJIT)),--luajit="$(LUAJIT) -joff")) $(if $(ONLY),--only='$(ONLY)')

bench-cdef: ## the speed and memory of ffi.cdef and of lookups beside LuaJIT; IR=1 counts instructions; ONLY=TEXT picks rows
	@tools/install_packages.sh bench-cdef
	@$(MAKE) $(SUB) bench-cdef-inside

bench-cdef-inside: lib $(BENCH_MODULES)
	@$(LUA_ENV); export CC="$(CC)"; $(LUA) bench/cdef.lua $(AIRLOCK_BUILD) --luajit=$(LUAJIT) $(if $(IR),--ir) $(if $(ONLY),--only='$(ONLY)')

# The same program runs on our libffi.so.8 and on the system's. Metered, it has callgrind count its stretches.
$(BUILD)/bench/libffi_metered: private METERED := -DMETERED
$(BUILD)/bench/libffi $(BUILD)/bench/libffi_metered: bench/libffi.c $(BUILD)/libffi.so.8 $(LIBFFI_HEADERS) $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(call say,cc,$@)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -O2 -g $(WARN_LIB) $(METERED) $(SANITIZE) -I$(BUILD)/include -MMD -MP -MF $@.d -o $@ $< $(BUILD)/libffi.so.8 -ldl

bench-libffi: ## the speed of libffi.so.8 beside the system's; IR=1 counts instructions
	@tools/install_packages.sh $(if $(IR),valgrind,test)
	@$(MAKE) $(SUB) bench-libffi-inside

bench-libffi-inside: $(BUILD)/bench/libffi$(if $(IR),_metered)
	@$(LUA) bench/libffi.lua $(AIRLOCK_BUILD) $(if $(IR),--ir)

# -- lint ---------------------------------------------------------------------------------------------------------------------

LINT := lint-format lint-warnings lint-layers lint-binary lint-tidy lint-cppcheck lint-lua lint-selftest
UNIT_SOURCES := $(sort $(wildcard spec/unit/*.c))
# gcc's own, on top: what clang-tidy's checks of the same kind get wrong.
LINT_WARN := $(if $(findstring clang,$(CC)),,-Wlogical-op -Wduplicated-cond)
LINT_CFLAGS := $(OWN_CFLAGS) -isystem $(LUA_INCDIR)

lint: ## layering, what the libraries are, and what the checkers say
	@tools/install_packages.sh lint
	@$(MAKE) $(SUB) -k WERROR=1 $(LINT) && echo "lint: clean"

lint-warnings:
	@printf '%s\0' $(SOURCES) $(UNIT_SOURCES) | xargs -0 -r -n 1 -P $(JOBS) $(CC) $(LINT_CFLAGS) $(WARN_C) $(LINT_WARN) -Werror -Ispec/unit -O2 -S -o /dev/null

lint-format:
	@clang-format --dry-run --Werror $(SOURCES) $(sort $(wildcard src/*/*.h))

lint-layers:
	@tools/lint_layers.sh

lint-binary: $(BUILD)/ffi.so $(BUILD)/libffi.so.8
	@tools/lint_binary.sh $(BUILD)/ffi.so $(ASM_OBJECTS)
	@tools/lint_binary.sh $(BUILD)/libffi.so.8 $(ASM_OBJECTS) $(FFI_ASM:%.asm=$(BUILD)/%.o)

lint-tidy:
	@tools/lint_tidy.sh $(LINT_CFLAGS) -- $(SOURCES)

lint-cppcheck:
	@tools/lint_cppcheck.sh $(SOURCES)

lint-lua:
	@luacheck -q --no-color --codes .

lint-selftest: ## see each check of lint fail on a planted violation
	@LINT_TOOLS=1 CC="$(CC)" spec/house/lint.sh

format: ## format the sources in place
	@clang-format -i $(SOURCES) $(sort $(wildcard src/*/*.h))

# -- using it -----------------------------------------------------------------------------------------------------------------

env: ## print export lines for LUA_PATH and LUA_CPATH
	@tools/env.sh "$(CURDIR)" "$(BUILD)"

demo: ## open a real SQLite database from Lua; DB=FILE for a database on disk
	@tools/install_packages.sh demo
	@$(MAKE) -s $(SUB) $(BUILD)/ffi.so
	@$(LUA_ENV); $(LUA) examples/sqlite.lua $(DB)

LUA_FILES := $(patsubst lua/%,%,$(sort $(wildcard lua/ffi/*.lua lua/ffi/*/*.lua)))

install: all ## install to PREFIX (DESTDIR honoured)
	install -d "$(DESTDIR)$(INST_LIBDIR)" "$(DESTDIR)$(INST_ARDIR)" "$(DESTDIR)$(INST_INCDIR)"
	for d in $(sort $(dir $(LUA_FILES))); do install -d "$(DESTDIR)$(INST_LUADIR)/$$d" || exit 1; done
	install -m 755 $(BUILD)/ffi.so "$(DESTDIR)$(INST_LIBDIR)/ffi.so"
	install -m 644 $(BUILD)/libairlock.a "$(DESTDIR)$(INST_ARDIR)/libairlock.a"
	for f in $(LUA_FILES); do install -m 644 "lua/$$f" "$(DESTDIR)$(INST_LUADIR)/$$f" || exit 1; done
	for f in $(BUILD)/include/airlock.h; do [ ! -f "$$f" ] || install -m 644 "$$f" "$(DESTDIR)$(INST_INCDIR)/" || exit 1; done

# -- installing libffi.so.8 ---------------------------------------------------------------------------------------------------

LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
LIBFFI_VERSION := $(shell sed -n 's/^\#define FFI_VERSION_STRING "\(.*\)"/\1/p' src/libffi/ffi.h)

install-libffi: $(BUILD)/libffi.so.8 $(LIBFFI_HEADERS) ## install libffi.so.8, its headers and libffi.pc to PREFIX, the library to LIBDIR (DESTDIR honoured)
	install -d "$(DESTDIR)$(LIBDIR)/pkgconfig" "$(DESTDIR)$(INCLUDEDIR)"
	install -m 644 $(BUILD)/libffi.so.8 "$(DESTDIR)$(LIBDIR)/libffi.so.8"
	ln -sf libffi.so.8 "$(DESTDIR)$(LIBDIR)/libffi.so"
	install -m 644 $(LIBFFI_HEADERS) "$(DESTDIR)$(INCLUDEDIR)"
	tools/libffi_pc.sh "$(PREFIX)" "$(LIBDIR)" "$(INCLUDEDIR)" $(LIBFFI_VERSION) > "$(DESTDIR)$(LIBDIR)/pkgconfig/libffi.pc"

clean: ## remove what was built
	rm -rf $(BUILD) build-asan build-torture build-tsan

.PHONY: all lib units unit speclibs specs house test headers clients test-asan test-asan-inside test-tsan test-tsan-inside test-valgrind test-torture \
        test-torture-inside fuzz lint $(LINT) format bench bench-inside bench-cdef bench-cdef-inside bench-libffi bench-libffi-inside demo env install \
        install-libffi help clean FORCE

DEPS := $(sort $(OBJECTS:.o=.d) $(LIBFFI_OBJECTS:.o=.d)) $(COUNTED_OBJECTS:.o=.d) $(addsuffix .d,$(UNITS) $(SPEC_LIBS)) $(wildcard $(BUILD)/spec/*.d $(BUILD)/bench/*.d)
-include $(wildcard $(DEPS))
