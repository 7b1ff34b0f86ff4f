/* The tables of callback entries and slots: asm/entries.asm against C, and how another table is mapped. */
#ifndef AIRLOCK_ABI_SLOT_H
#define AIRLOCK_ABI_SLOT_H

#include "abi/callback.h"
#include "abi/frame.h"

_Static_assert(offsetof(AbiSlot, enter) == ABI_SLOT_ENTER, "frame_offsets.def: enter");
_Static_assert(offsetof(AbiSlot, target) == ABI_SLOT_TARGET, "frame_offsets.def: target");
_Static_assert(offsetof(AbiSlot, flags) == ABI_SLOT_FLAGS, "frame_offsets.def: flags");
_Static_assert(sizeof(AbiSlot) == ABI_SLOT_NBYTES, "frame_offsets.def: slot");
_Static_assert(ABI_ENTRY_NBYTES *ABI_TABLE_NSLOTS == ABI_TABLE_CODE_NBYTES, "a page of entries");

enum {
    TABLE_SLOTS_NBYTES = ABI_TABLE_NSLOTS * ABI_SLOT_NBYTES,
    TABLE_NBYTES = ABI_TABLE_CODE_NBYTES + TABLE_SLOTS_NBYTES
};

extern const unsigned char abi_builtin_entries[ABI_TABLE_CODE_NBYTES]; /* code */
extern const unsigned char abi_table_template[ABI_TABLE_CODE_NBYTES];
extern AbiSlot abi_builtin_slots[ABI_TABLE_NSLOTS];

/* What the entries jump to, each of its ABI. */
void abi_enter_sysv64(void);
void abi_enter_win64(void);

/* Where further mappings of the template come from: where the kernel does not copy the one that is there, the module's own
 * file, which is found and opened when it is first wanted. */
typedef struct AbiTemplate {
    int descriptor;   /* of the file; -1: not open */
    uint64_t offset;  /* of the template in it */
    const char *path; /* in `text` */
    char text[4096 + 128];
} AbiTemplate;

static inline void abi_template_open(AbiTemplate *source)
{
    source->descriptor = -1;
}

/* Maps the template once more, at `page`, where the caller has reserved it. */
bool abi_template_map(AbiTemplate *source, void *page, Error *error);

void abi_template_close(const AbiTemplate *source);

#endif
