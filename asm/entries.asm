; The entries of callback slots, whatever their ABI: what C has for a function pointer. An entry tells r10 which slot it is and jumps to
; what the slot's plan says (callback_sysv64.asm, callback_win64.asm); every other register is as the C caller left it.

%include "abi.inc"

extern abi_builtin_slots:data hidden

; TABLE_NSLOTS, as the preprocessor wants it.
%assign NSLOTS 256
        times   (NSLOTS == TABLE_NSLOTS) - 1 db 0 ; an error when they differ

; slot_entries slots: a page of entries, each of which knows its slot by distance. They use no stack: whoever unwinds from a callback
; never meets them. The slot's first word is where to go.
%macro slot_entries 1
  %assign i 0
  %rep NSLOTS
        align   ENTRY_NBYTES, int3
        endbr64
        lea     r10, [%1 + i * SLOT_NBYTES]
        jmp     [r10 + SLOT_ENTER]
    %assign i i + 1
  %endrep
        align   ENTRY_NBYTES, int3
%endmacro

; The entries of the slots that are there from the start.
open_fde abi_builtin_entries
        slot_entries abi_builtin_slots
ENDPROC abi_builtin_entries

; Never run where it stands: further tables are this page, mapped once more (src/abi/map_template.c), each with its slots behind it.
section .text.abi_table progbits alloc exec nowrite align=4096
        global  abi_table_template:data hidden (TABLE_CODE_NBYTES)
abi_table_template:
        slot_entries abi_table_template + TABLE_CODE_NBYTES
        times   TABLE_CODE_NBYTES - ($ - abi_table_template) int3
