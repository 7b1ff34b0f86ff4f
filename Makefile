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
OWN_BOTH := -Isrc -fPIC -fvisibility=hidden -fasynchronous-unwind-tables -D_GNU_SOURCE $(SANITIZE)
OWN_CFLAGS := -std=c11 $(OWN_BOTH)
OWN_CXXFLAGS := -std=c++17 $(OWN_BOTH)
OWN_LDFLAGS := -Wl,-z,nodelete,-z,now,-z,relro,-z,noexecstack -Wl,--version-script=tools/ffi.map $(SANITIZE)
NASMFLAGS ?= -g -F dwarf
OWN_NASMFLAGS := -f elf64 -Iasm/ -Isrc/ --lprefix .L $(if $(filter-out 0,$(WERROR)),-Werror)

# -- what there is ------------------------------------------------------------------------------------------------------------

LAYERS := base ctype cdecl abi bind host libffi
sources = $(sort $(wildcard src/$(1)/*.c))
objects = $(patsubst %.c,$(BUILD)/%.o,$(call sources,$(1)))
ASM_OBJECTS := $(patsubst %.asm,$(BUILD)/%.o,$(sort $(wildcard asm/*.asm)))
SOURCES := $(foreach layer,$(LAYERS),$(call sources,$(layer)))
OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(SOURCES)) $(ASM_OBJECTS)
ABI_OBJECTS := $(call objects,base) $(call objects,abi) $(ASM_OBJECTS)
CDECL_OBJECTS := $(call objects,base) $(call objects,ctype) $(call objects,cdecl)

unit_names = $(patsubst spec/unit/%.$(2),$(BUILD)/unit/%,$(sort $(wildcard $(addsuffix .$(2),$(addprefix spec/unit/,$(1))))))
ABI_UNITS := $(call unit_names,abi_*,c)
ABI_UNITS_CC := $(call unit_names,abi_*,cc)
CDECL_UNITS := $(call unit_names,base_* ctype_* cdecl_*,c)
UNITS := $(ABI_UNITS) $(ABI_UNITS_CC) $(CDECL_UNITS)

.PHONY: all lib units unit env help clean install FORCE
.DELETE_ON_ERROR:

all: lib

lib: $(BUILD)/ffi.so $(BUILD)/libairlock.a

help:
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | sort

# -- compiling ----------------------------------------------------------------------------------------------------------------

# Objects are built anew when the flags change.
FLAGS_NOW := $(filter-out -Werror,$(CC) $(CFLAGS) $(OWN_CFLAGS) $(CXX) $(CXXFLAGS) $(NASMFLAGS) $(LUA_INCDIR))
FLAGS_FILE := $(BUILD)/flags
ifneq ($(FLAGS_NOW),$(shell cat $(FLAGS_FILE) 2>/dev/null))
$(FLAGS_FILE): FORCE
endif
$(FLAGS_FILE):
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' > $@

LUA_INC = $(if $(filter src/bind/% src/host/%,$<),-isystem $(LUA_INCDIR))

$(BUILD)/src/%.o: src/%.c $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(CC) $(OWN_CFLAGS) $(WARN_C) $(LUA_INC) $(CFLAGS) -MMD -MP -c -o $@ $<

# Two runs: nasm 2.16's -MD leaves %include files out.
$(BUILD)/asm/%.o: asm/%.asm $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(NASM) $(OWN_NASMFLAGS) $(NASMFLAGS) -M -MP -MT $@ -MF $(@:.o=.d) $<
	$(NASM) $(OWN_NASMFLAGS) $(NASMFLAGS) -o $@ $<

$(BUILD)/ffi.so: $(OBJECTS) tools/ffi.map
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LIBFLAG) $(LDFLAGS) $(OWN_LDFLAGS) -o $@ $(OBJECTS) -lm -ldl

$(BUILD)/libairlock.a: $(OBJECTS)
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $(OBJECTS)

# -- unit tests ---------------------------------------------------------------------------------------------------------------

UNIT_LIBS := -lm -ldl -lpthread

$(ABI_UNITS): $(BUILD)/unit/%: spec/unit/%.c $(ABI_OBJECTS) $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(CC) $(OWN_CFLAGS) $(WARN_C) -Ispec/unit $(CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(ABI_OBJECTS) $(LDFLAGS) $(UNIT_LIBS)

$(ABI_UNITS_CC): $(BUILD)/unit/%: spec/unit/%.cc $(ABI_OBJECTS) $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(CXX) $(OWN_CXXFLAGS) $(WARN_BOTH) -Ispec/unit $(CXXFLAGS) -MMD -MP -MF $@.d -o $@ $< $(ABI_OBJECTS) $(LDFLAGS) $(UNIT_LIBS)

$(CDECL_UNITS): $(BUILD)/unit/%: spec/unit/%.c $(CDECL_OBJECTS) $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(CC) $(OWN_CFLAGS) $(WARN_C) -Ispec/unit $(CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(CDECL_OBJECTS) $(LDFLAGS) $(UNIT_LIBS)

units: $(UNITS)

RUN_ENV = AIRLOCK_BUILD="$(CURDIR)/$(BUILD)" AIRLOCK_SPEC="$(CURDIR)/spec" CC="$(CC)" CXX="$(CXX)"

unit: units ## run the C tests that need no Lua
	@$(RUN_ENV) tools/run_units.sh $(UNITS)

# -- using it -----------------------------------------------------------------------------------------------------------------

env: ## print export lines for LUA_PATH and LUA_CPATH
	@tools/env.sh "$(CURDIR)" "$(BUILD)"

install: lib ## install to PREFIX (DESTDIR honoured)
	install -d "$(DESTDIR)$(INST_LIBDIR)" "$(DESTDIR)$(INST_LUADIR)/ffi"
	install -m 755 $(BUILD)/ffi.so "$(DESTDIR)$(INST_LIBDIR)/ffi.so"
	for f in lua/ffi/*.lua; do if [ -f "$$f" ]; then install -m 644 "$$f" "$(DESTDIR)$(INST_LUADIR)/ffi/" || exit 1; fi; done

clean: ## remove what was built
	rm -rf $(BUILD) build-asan

DEPS := $(OBJECTS:.o=.d) $(addsuffix .d,$(UNITS))
-include $(wildcard $(DEPS))
