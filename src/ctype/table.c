/* The table's life and its transactions.
 *
 * Invariant: outside of a transaction the journal is empty; within one it holds the old bytes of all that was changed
 * in place and was there before, and the lists of what was added. */
#include "ctype/table.h"

#include <string.h>

enum { CHUNK_NBYTES = TINY(4 * 1024, 16) };

CTypeTable *ctype_table_new(const Allocator *allocator)
{
    return ctype_table_new_sized(allocator, CHUNK_NBYTES);
}

CTypeTable *ctype_table_new_sized(const Allocator *allocator, size_t chunk_nbytes)
{
    CTypeTable *table = mem_alloc(allocator, sizeof *table);
    if (table == NULL)
        return NULL;
    memset(table, 0, sizeof *table);
    table->allocator = *allocator;
    arena_init(&table->arena, &table->allocator, chunk_nbytes);
    arena_init(&table->journal_arena, &table->allocator, chunk_nbytes);
    stack_init(&table->files, &table->allocator);
    if (names_init(table) && types_init(table) && predefined_declare(table))
        return table;
    ctype_table_free(table);
    return NULL;
}

void ctype_table_free(CTypeTable *table)
{
    Allocator allocator;
    if (table == NULL)
        return;
    allocator = table->allocator;
    if (table->names != NULL)
        mem_free(&allocator, table->names, (table->names_mask + 1) * sizeof *table->names);
    if (table->types != NULL)
        mem_free(&allocator, table->types, (table->types_mask + 1) * sizeof *table->types);
    stack_free(&table->files);
    arena_free(&table->journal_arena);
    arena_free(&table->arena);
    mem_free(&allocator, table, sizeof *table);
}

void *ctype_alloc(CTypeTable *table, size_t nbytes)
{
    return arena_alloc(&table->arena, nbytes);
}

const Allocator *ctype_allocator(const CTypeTable *table)
{
    return &table->allocator;
}

uint32_t ctype_next_stamp(CTypeTable *table)
{
    return ++table->stamp;
}

bool ctype_file_number(CTypeTable *table, const char *file, uint32_t *number)
{
    size_t count = table->files.used / sizeof file;
    const char **place;
    if (file == NULL || count >= CDECL_FILE_MAX) {
        *number = 0;
        return true;
    }
    *number = (uint32_t)count;
    if (count > 0 && ctype_file(table, *number) == file)
        return true;
    place = stack_push(&table->files, sizeof *place);
    if (place == NULL)
        return false;
    *place = file;
    ++*number;
    return true;
}

const char *ctype_file(const CTypeTable *table, uint32_t number)
{
    const char *const *files = stack_at(&table->files, 0);
    return number == 0 ? NULL : files[number - 1];
}

bool *ctype_keywords_flag(CTypeTable *table)
{
    return &table->has_keywords;
}

/* -- transactions -------------------------------------------------------------------------------------------------- */

void ctype_begin(CTypeTable *table)
{
    table->in_transaction = true;
    table->nchanges = 0;
    ctype_checkpoint(table);
    table->start = table->latest;
}

void ctype_checkpoint(CTypeTable *table)
{
    table->latest = (Checkpoint){.arena = arena_mark(&table->arena),
                                 .journal = table->journal,
                                 .nnames = table->added_names.count,
                                 .ntypes = table->added_types.count,
                                 .files = table->files.used,
                                 .nchanges = table->nchanges};
}

static void return_to(CTypeTable *table, const Checkpoint *checkpoint)
{
    for (; table->journal != checkpoint->journal; table->journal = table->journal->older)
        memcpy(table->journal->place, table->journal->saved, table->journal->nbytes);
    types_forget(table, checkpoint->ntypes); /* behind: a list that was saved with a new variant in it loses it here */
    names_forget(table, checkpoint->nnames);
    stack_drop(&table->files, checkpoint->files);
    arena_release(&table->arena, checkpoint->arena);
}

bool ctype_is_changed(const CTypeTable *table)
{
    return table->nchanges > 0;
}

bool ctype_is_changed_since_checkpoint(const CTypeTable *table)
{
    return table->nchanges != table->latest.nchanges;
}

void ctype_return(CTypeTable *table)
{
    return_to(table, &table->latest);
}

static void end(CTypeTable *table)
{
    table->in_transaction = false;
    table->journal = NULL;
    table->added_names = table->added_types = (AddedList){.count = 0};
    arena_free(&table->journal_arena);
}

void ctype_commit(CTypeTable *table)
{
    end(table);
}

void ctype_rollback(CTypeTable *table)
{
    return_to(table, &table->start);
    if (table->files.used == 0)
        stack_free(&table->files);
    end(table);
}

bool ctype_journal(CTypeTable *table, void *place, size_t nbytes)
{
    JournalEntry *entry;
    if (!table->in_transaction || arena_is_younger(&table->arena, table->latest.arena, place))
        return true;
    entry = arena_alloc(&table->journal_arena, sizeof *entry + nbytes);
    if (entry == NULL)
        return false;
    entry->older = table->journal;
    entry->place = place;
    entry->nbytes = nbytes;
    memcpy(entry->saved, place, nbytes);
    table->journal = entry;
    return true;
}

/* -- what was added ------------------------------------------------------------------------------------------------ */

enum { ADDED_IN_BLOCK = sizeof((Added *)NULL)->items / sizeof(void *) };

static bool add_block(CTypeTable *table, AddedList *list)
{
    Added *block = list->newest != NULL ? list->newest->newer : list->first;
    if (block == NULL) {
        block = arena_alloc(&table->journal_arena, sizeof *block);
        if (block == NULL)
            return false;
        block->older = list->newest;
        block->newer = NULL;
        *(list->newest != NULL ? &list->newest->newer : &list->first) = block;
    }
    list->newest = block;
    return true;
}

bool table_note_added(CTypeTable *table, AddedList *list, void *item)
{
    size_t place = list->count % ADDED_IN_BLOCK;
    if (!table->in_transaction)
        return true;
    if (place == 0 && !add_block(table, list))
        return false;
    list->newest->items[place] = item;
    list->count++;
    return true;
}

void *table_take_added(AddedList *list, size_t nkept)
{
    void *item;
    if (list->count <= nkept)
        return NULL;
    list->count--;
    item = list->newest->items[list->count % ADDED_IN_BLOCK];
    if (list->count % ADDED_IN_BLOCK == 0)
        list->newest = list->newest->older;
    return item;
}
