/* Owns how the template page is mapped once more. Linux 5.13 and later copy the mapping that is there, whatever has become of
 * the file, of /proc and of descriptors. Elsewhere it comes from the module's file: which file that is and where in it the
 * page lies are found out here, and the mapping is compared with the original before anybody runs it. Nothing is kept, no
 * lock is taken on the common ways and little stack, so that a forked child and a small thread can come here. */
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

/* A line of maps, `start-end perms offset device inode   path` (proc(5)), in source->text: true if it maps the template from a file.
 */
static bool parse_mapping(AbiTemplate *source)
{
    char *at = source->text, *path;
    unsigned long start = strtoul(at, &at, 16), end = *at == '-' ? strtoul(at + 1, &at, 16) : 0;
    if (template_address() < start || template_address() >= end)
        return false;
    at = skip_fields(at + strspn(at, " "), 1);
    path = skip_fields(at, 3);
    source->path = path;
    source->offset = strtoul(at, NULL, 16) + (template_address() - start);
    cut_deleted(path);
    return *path == '/';
}

/* The path that the kernel knows: also right after a chdir, and for a program that was started through ld.so. */
static bool find_by_kernel(AbiTemplate *source)
{
    Reader reader = {.descriptor = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)};
    bool found = false;
    if (reader.descriptor < 0)
        return false;
    while (!found && read_line(&reader, source->text, sizeof source->text))
        found = parse_mapping(source);
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
    AbiTemplate *source = context;
    (void)nbytes;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type != PT_LOAD || template_address() - start >= segment->p_filesz)
            continue;
        snprintf(source->text, sizeof source->text, "%s",
                 info->dlpi_name[0] != '\0' ? info->dlpi_name : program_path());
        source->path = source->text;
        source->offset = segment->p_offset + (template_address() - start);
        return 1;
    }
    return 0;
}

/* The path that the loader was given: where there is no /proc, or it names what cannot be reached from here. */
static bool find_by_loader(AbiTemplate *source)
{
    return dl_iterate_phdr(look_into_object, source) == 1;
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

static bool refuse_errno(Error *error, const AbiTemplate *source, const char *what)
{
    char why[150];
    snprintf(why, sizeof why, "%s: %s", what, strerrordesc_np(errno));
    return refuse(error, source->path, why);
}

static bool refuse_changed(Error *error, const AbiTemplate *source)
{
    return refuse(error, source->path, "is no longer the file that was loaded");
}

/* Read, not mapped: touching what a short file does not have would end the process. */
static bool has_template(const AbiTemplate *source)
{
    unsigned char part[512];
    for (size_t at = 0; at < ABI_TABLE_CODE_NBYTES; at += sizeof part)
        if (pread(source->descriptor, part, sizeof part, (off_t)(source->offset + at)) != (ssize_t)sizeof part ||
            memcmp(part, abi_table_template + at, sizeof part) != 0)
            return false;
    return true;
}

/* By now something else may stand there, a pipe even. */
static bool open_path(AbiTemplate *source, Error *error)
{
    source->descriptor = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (source->descriptor < 0)
        return refuse_errno(error, source, "cannot be opened");
    if (has_template(source))
        return true;
    close(source->descriptor);
    source->descriptor = -1;
    return refuse_changed(error, source);
}

/* Finds and opens it, and sees that the template is still there. */
static bool open_file(AbiTemplate *source, Error *error)
{
    bool found = find_by_kernel(source);
    if (found && open_path(source, error))
        return true;
    if (find_by_loader(source)) {
        Error other;
        return open_path(source, found ? &other : error);
    }
    return found ? false : refuse(error, "the file of the program or module", "cannot be found");
}

void abi_template_close(const AbiTemplate *source)
{
    if (source->descriptor >= 0)
        close(source->descriptor);
}

static bool is_template(const void *page)
{
    static const unsigned char endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa}; /* the template's own may have been moved away */
    return memcmp(page, endbr64, sizeof endbr64) == 0 && memcmp(page, abi_table_template, ABI_TABLE_CODE_NBYTES) == 0;
}

/* To anywhere first: a kernel that refuses may by then have unmapped where it was to go. MAP_FAILED if it cannot be done. Where the
 * program has been moved to memory of no file, the page itself comes, and is brought back. */
static void *copy_mapping(void)
{
    void *template = (void *)(uintptr_t)abi_table_template;
    void *copy =
        mremap(template, ABI_TABLE_CODE_NBYTES, ABI_TABLE_CODE_NBYTES, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
    if (copy == MAP_FAILED || is_template(copy))
        return copy;
    if (*(const unsigned char *)copy != 0)
        (void)mremap(copy, ABI_TABLE_CODE_NBYTES, ABI_TABLE_CODE_NBYTES, MREMAP_MAYMOVE | MREMAP_FIXED, template);
    else
        munmap(copy, ABI_TABLE_CODE_NBYTES);
    return MAP_FAILED;
}

static bool map_copy(void *page)
{
    void *copy = copy_mapping();
    if (copy == MAP_FAILED)
        return false;
    if (mremap(copy, ABI_TABLE_CODE_NBYTES, ABI_TABLE_CODE_NBYTES, MREMAP_MAYMOVE | MREMAP_FIXED, page) != MAP_FAILED)
        return true;
    munmap(copy, ABI_TABLE_CODE_NBYTES);
    return false;
}

static bool map_file(const AbiTemplate *source, void *page, Error *error)
{
    void *mapped = mmap(page, ABI_TABLE_CODE_NBYTES, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, source->descriptor,
                        (off_t)source->offset);
    if (mapped == MAP_FAILED)
        return refuse_errno(error, source, "cannot be mapped");
    if (is_template(page))
        return true;
    (void)mmap(page, ABI_TABLE_CODE_NBYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    return refuse_changed(error, source);
}

/* mlock(2); what msync(2) says of such pages. */
static bool is_locked(const void *page)
{
    return msync((void *)(uintptr_t)page, ABI_TABLE_CODE_NBYTES, MS_INVALIDATE) != 0 && errno == EBUSY;
}

/* Linux unlocks what is around a page that it copies: then the file is better. */
bool abi_template_map(AbiTemplate *source, void *page, Error *error)
{
    bool was_locked = is_locked(abi_table_template);
    if (!was_locked && map_copy(page))
        return true;
    if ((source->descriptor >= 0 || open_file(source, error)) && map_file(source, page, error))
        return true;
    return was_locked && map_copy(page);
}
