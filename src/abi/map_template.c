/* Owns the way from the template page in memory to the same page of the module's file: which file that is and where in
 * it the page lies, and the mapping, which is compared with the original before anybody runs it. Nothing is kept, no lock
 * is taken on the common way (/proc) and little stack, so that a forked child and a small thread can come here. */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/slot.h"

static uintptr_t template_address(void)
{
    return (uintptr_t)abi_table_template;
}

/* -- which file ---------------------------------------------------------------------------------------------------- */

/* Buffered bytes of /proc/self/maps, without stdio: its locks and its memory are other threads' too. */
typedef struct Reader {
    int descriptor;
    size_t at, end;
    char buffer[1024];
} Reader;

static int next_char(Reader *reader)
{
    if (reader->at == reader->end) {
        ssize_t count = read(reader->descriptor, reader->buffer, sizeof reader->buffer);
        if (count <= 0)
            return -1;
        reader->at = 0;
        reader->end = (size_t)count;
    }
    return (unsigned char)reader->buffer[reader->at++];
}

static bool read_line(Reader *reader, char *line, size_t size)
{
    size_t length = 0;
    int c;
    while ((c = next_char(reader)) >= 0 && c != '\n')
        if (length + 1 < size)
            line[length++] = (char)c;
    line[length] = '\0';
    return c >= 0;
}

/* What maps adds to a name that the file has lost. It may be there again, or another one by that name. */
static void cut_deleted(char *path)
{
    static const char mark[] = " (deleted)";
    size_t length = strlen(path);
    if (length >= sizeof mark - 1 && strcmp(path + length - (sizeof mark - 1), mark) == 0)
        path[length - (sizeof mark - 1)] = '\0';
}

/* Behind `nfields` fields, which blanks follow. */
static char *skip_fields(char *at, int nfields)
{
    while (nfields-- > 0) {
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    return at;
}

/* A line of maps, `start-end perms offset device inode   path` (proc(5)), in file->text: true if it maps the template.
 */
static bool parse_mapping(AbiTemplateFile *file)
{
    char *at = file->text, *path;
    unsigned long start = strtoul(at, &at, 16), end = *at == '-' ? strtoul(at + 1, &at, 16) : 0;
    if (template_address() < start || template_address() >= end)
        return false;
    at = skip_fields(at + strspn(at, " "), 1);
    path = skip_fields(at, 3);
    file->path = path;
    file->offset = strtoul(at, NULL, 16) + (template_address() - start);
    cut_deleted(path);
    return true;
}

/* The path that the kernel knows: also right after a chdir, and for a program that was started through ld.so. */
static bool find_by_kernel(AbiTemplateFile *file)
{
    Reader reader = {.descriptor = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)};
    bool found = false;
    if (reader.descriptor < 0)
        return false;
    while (!found && read_line(&reader, file->text, sizeof file->text))
        found = parse_mapping(file);
    close(reader.descriptor);
    return found;
}

/* Of the program itself the loader has no name. */
static const char *program_path(void)
{
    static const char link[] = "/proc/self/exe";
    const char *path = (const char *)(uintptr_t)getauxval(AT_EXECFN);
    return path == NULL || access(link, R_OK) == 0 ? link : path;
}

static int look_into_object(struct dl_phdr_info *info, size_t nbytes, void *context)
{
    AbiTemplateFile *file = context;
    (void)nbytes;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type != PT_LOAD || template_address() - start >= segment->p_filesz)
            continue;
        snprintf(file->text, sizeof file->text, "%s", info->dlpi_name[0] != '\0' ? info->dlpi_name : program_path());
        file->path = file->text;
        file->offset = segment->p_offset + (template_address() - start);
        return 1;
    }
    return 0;
}

/* The path that the loader was given: where there is no /proc, or it names what cannot be reached from here. */
static bool find_by_loader(AbiTemplateFile *file)
{
    return dl_iterate_phdr(look_into_object, file) == 1;
}

/* -- opening and mapping ------------------------------------------------------------------------------------------- */

/* A long path keeps its end. */
static bool refuse(Error *error, const char *path, const char *why)
{
    enum { PATH_MAX_SHOWN = 180 };
    size_t length = strlen(path), start = length > PATH_MAX_SHOWN ? length - PATH_MAX_SHOWN : 0;
    *error = (Error){.code = ERROR_UNSUPPORTED};
    snprintf(error->text, sizeof error->text, "more callbacks need %s%.180s, which %.150s", start > 0 ? "..." : "",
             path + start, why);
    return false;
}

static bool refuse_errno(Error *error, const AbiTemplateFile *file, const char *what)
{
    char why[150];
    snprintf(why, sizeof why, "%s: %s", what, strerrordesc_np(errno));
    return refuse(error, file->path, why);
}

static bool refuse_changed(Error *error, const AbiTemplateFile *file)
{
    return refuse(error, file->path, "is no longer the file that was loaded");
}

/* Read, not mapped: touching what a short file does not have would end the process. */
static bool has_template(const AbiTemplateFile *file)
{
    unsigned char part[512];
    for (size_t at = 0; at < ABI_TABLE_CODE_NBYTES; at += sizeof part)
        if (pread(file->descriptor, part, sizeof part, (off_t)(file->offset + at)) != (ssize_t)sizeof part ||
            memcmp(part, abi_table_template + at, sizeof part) != 0)
            return false;
    return true;
}

/* By now something else may stand there, a pipe even. */
static bool open_file(AbiTemplateFile *file, Error *error)
{
    file->descriptor = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->descriptor < 0)
        return refuse_errno(error, file, "cannot be opened");
    if (has_template(file))
        return true;
    close(file->descriptor);
    return refuse_changed(error, file);
}

bool abi_template_open(AbiTemplateFile *file, Error *error)
{
    bool found = find_by_kernel(file);
    if (found && open_file(file, error))
        return true;
    if (find_by_loader(file)) {
        Error other;
        return open_file(file, found ? &other : error);
    }
    return found ? false : refuse(error, "the file of the program or module", "cannot be found");
}

void abi_template_close(const AbiTemplateFile *file)
{
    close(file->descriptor);
}

bool abi_template_map(const AbiTemplateFile *file, void *page, Error *error)
{
    void *mapped = mmap(page, ABI_TABLE_CODE_NBYTES, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, file->descriptor,
                        (off_t)file->offset);
    if (mapped == MAP_FAILED)
        return refuse_errno(error, file, "cannot be mapped");
    if (memcmp(page, abi_table_template, ABI_TABLE_CODE_NBYTES) == 0)
        return true;
    (void)mmap(page, ABI_TABLE_CODE_NBYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    return refuse_changed(error, file);
}
