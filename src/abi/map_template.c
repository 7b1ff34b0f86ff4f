/* Owns the way from the template page in memory to the same page of the module's file: which file that is and where in
 * it the page lies, and the mapping, which is compared with the original before anybody runs it. Nothing is kept, no lock
 * is taken on the common way (/proc), so that a forked child can come here. */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/slot.h"

typedef struct Source {
    char path[4096];
    uint64_t offset; /* of the template in the file */
} Source;

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

/* A line of maps, `start-end perms offset device inode   path` (proc(5)): true if it maps the template. */
static bool parse_mapping(const char *line, Source *source)
{
    unsigned long start, end, offset;
    int path = 0;
    if (sscanf(line, "%lx-%lx %*s %lx %*s %*s %n", &start, &end, &offset, &path) < 3 || path == 0)
        return false;
    if (template_address() < start || template_address() >= end)
        return false;
    snprintf(source->path, sizeof source->path, "%s", line + path);
    source->offset = offset + (template_address() - start);
    return true;
}

/* The path that the kernel knows: also right after a chdir, and for a program that was started through ld.so. */
static bool find_by_kernel(Source *source)
{
    char line[sizeof source->path + 128];
    Reader reader = {.descriptor = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)};
    bool found = false;
    if (reader.descriptor < 0)
        return false;
    while (!found && read_line(&reader, line, sizeof line))
        found = parse_mapping(line, source);
    close(reader.descriptor);
    return found;
}

static int look_into_object(struct dl_phdr_info *info, size_t nbytes, void *context)
{
    Source *source = context;
    (void)nbytes;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type != PT_LOAD || template_address() - start >= segment->p_filesz)
            continue;
        const char *name = info->dlpi_name[0] != '\0' ? info->dlpi_name : "/proc/self/exe";
        snprintf(source->path, sizeof source->path, "%s", name);
        source->offset = segment->p_offset + (template_address() - start);
        return 1;
    }
    return 0;
}

/* The path that the loader was given: where there is no /proc, or it names what cannot be reached from here. */
static bool find_by_loader(Source *source)
{
    return dl_iterate_phdr(look_into_object, source) == 1;
}

/* -- the mapping --------------------------------------------------------------------------------------------------- */

/* A long path keeps its end. */
static bool refuse(Error *error, const char *path, const char *why)
{
    enum { PATH_MAX_SHOWN = 180 };
    size_t length = strlen(path), start = length > PATH_MAX_SHOWN ? length - PATH_MAX_SHOWN : 0;
    *error = (Error){.code = ERROR_UNSUPPORTED};
    snprintf(error->text, sizeof error->text, "no more callbacks can be made: %s%.180s %.150s", start > 0 ? "..." : "",
             path + start, why);
    return false;
}

static bool refuse_errno(Error *error, const Source *source, const char *what)
{
    char why[150];
    snprintf(why, sizeof why, "%s: %s", what, strerrordesc_np(errno));
    return refuse(error, source->path, why);
}

static bool map_source(const Source *source, void *page, Error *error)
{
    int descriptor = open(source->path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return refuse_errno(error, source, "cannot be opened");
    /* A short file would be mapped, and touching it would end the process. */
    off_t nbytes = lseek(descriptor, 0, SEEK_END);
    if (nbytes < (off_t)(source->offset + ABI_TABLE_CODE_NBYTES)) {
        close(descriptor);
        return refuse(error, source->path, "is no longer the file that was loaded");
    }
    void *mapped = mmap(page, ABI_TABLE_CODE_NBYTES, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, descriptor,
                        (off_t)source->offset);
    int code = errno;
    close(descriptor);
    errno = code;
    if (mapped == MAP_FAILED)
        return refuse_errno(error, source, "cannot be mapped");
    if (memcmp(page, abi_table_template, ABI_TABLE_CODE_NBYTES) == 0)
        return true;
    mmap(page, ABI_TABLE_CODE_NBYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    return refuse(error, source->path, "is no longer the file that was loaded");
}

bool abi_map_template(void *page, Error *error)
{
    Source source;
    int code = errno;
    bool found = find_by_kernel(&source), done = found && map_source(&source, page, error);
    if (!done) {
        Error unused;
        Source other;
        if (find_by_loader(&other))
            done = map_source(&other, page, found ? &unused : error);
        else if (!found)
            refuse(error, "the module's own file", "cannot be found");
    }
    errno = code;
    return done;
}
