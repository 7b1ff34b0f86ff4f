/* The table's life and its transactions.
 *
 * Invariant: outside of a transaction the journal is empty; within one it holds the old bytes of all that was changed
 * in place and was there before, and the lists of what was added. */
#include "ctype/table.h"

#include <string.h>

enum { CHUNK_NBYTES = 4 * 1024 };

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
    const char *const *files = (const char *const *)(const void *)table->files.data;
    return number == 0 ? NULL : files[number - 1];
}

bool *ctype_has_keywords(CTypeTable *table)
{
    return &table->has_keywords;
}

void ctype_begin(CTypeTable *table)
{
    table->in_transaction = true;
    table->is_changed = false;
    table->mark = arena_mark(&table->arena);
    table->mark_files = table->files.used;
}

static void end(CTypeTable *table)
{
    table->in_transaction = false;
    table->journal = NULL;
    table->added_names = table->added_types = NULL;
    arena_free(&table->journal_arena);
}

void ctype_commit(CTypeTable *table)
{
    end(table);
}

void ctype_rollback(CTypeTable *table)
{
    JournalEntry *entry;
    for (entry = table->journal; entry != NULL; entry = entry->older)
        memcpy(entry->place, entry->saved, entry->nbytes);
    types_forget(table); /* last: a list that was saved with a new variant in it loses it here */
    names_forget(table);
    stack_drop(&table->files, table->mark_files);
    if (table->files.used == 0)
        stack_free(&table->files);
    arena_release(&table->arena, table->mark);
    end(table);
}

bool ctype_journal(CTypeTable *table, void *place, size_t nbytes)
{
    JournalEntry *entry;
    if (!table->in_transaction || arena_is_younger(&table->arena, table->mark, place))
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

bool table_note_added(CTypeTable *table, Added **list, void *item)
{
    Added *added = *list;
    if (!table->in_transaction)
        return true;
    if (added == NULL || added->count == sizeof added->items / sizeof *added->items) {
        added = arena_alloc(&table->journal_arena, sizeof *added);
        if (added == NULL)
            return false;
        added->older = *list;
        added->count = 0;
        *list = added;
    }
    added->items[added->count++] = item;
    return true;
}

void *table_take_added(Added **list)
{
    Added *added = *list;
    if (added == NULL)
        return NULL;
    if (added->count == 1)
        *list = added->older;
    return added->items[--added->count];
}

bool ctype_is_changed(const CTypeTable *table)
{
    return table->is_changed;
}
