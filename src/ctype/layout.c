/* Record layout, member by member. The position is kept as bytes and bits, so that it cannot overflow.
 *
 * psABI 3.1.2, Aggregates and Unions: a member goes to the lowest offset that its alignment allows; the record's
 * alignment is its strictest member's; its size is a multiple of that. Bit-Fields: allocated from right to left; one
 * must lie within a storage unit of its declared type, which it may share with other members; unnamed ones do not
 * affect the record's alignment; a `:0` (C11 6.7.2.1p12) closes the unit. gcc's attributes bend this: packed drops
 * alignment to a byte, and to a bit for bit-fields, which may then cross units; aligned on the member wins over packed;
 * #pragma pack caps all of it.
 *
 * ms_struct (GCC manual, x86 Variable Attributes): bit-fields in a row whose types have the same size share units of
 * that size, which are theirs however few bits they use; the first unit is aligned as the type is; a `:0` counts only
 * behind a bit-field of some width. */
#include "ctype/layout.h"

typedef struct Position {
    uint64_t nbytes; /* bytes from the start of the record */
    unsigned nbits;  /* 0..7 */
} Position;

/* The storage unit that the next bit-field of an ms_struct may go into. */
typedef struct Unit {
    uint64_t nbits; /* 0: none is open */
    uint64_t nbits_free;
} Unit;

typedef struct Placer {
    const CRecordSpec *spec;
    bool is_union;
    Position position; /* of the next member */
    Unit unit;         /* of an ms_struct */
    uint64_t end;      /* bytes, of the longest union member */
    uint32_t align;    /* of the record so far */
} Placer;

static uint32_t max_align(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint32_t min_align(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void round_up(Position *position, uint32_t align)
{
    position->nbytes += position->nbits > 0;
    position->nbits = 0;
    position->nbytes = (position->nbytes + align - 1) & ~((uint64_t)align - 1);
}

static bool is_aligned(const Position *position, uint32_t align)
{
    return position->nbits == 0 && position->nbytes % align == 0;
}

static void advance(Position *position, uint64_t nbits)
{
    nbits += position->nbits;
    position->nbytes += nbits / 8;
    position->nbits = (unsigned)(nbits % 8);
}

/* The rest of the open unit stays unused. Then to a multiple of `align`, if the place was none before: as gcc has it.
 * */
static void leave_unit(Placer *placer, uint32_t align)
{
    bool is_unaligned = !is_aligned(&placer->position, align);
    if (placer->unit.nbits > 0)
        advance(&placer->position, placer->unit.nbits_free);
    placer->unit.nbits = 0;
    if (is_unaligned)
        round_up(&placer->position, align);
}

/* Flexible and VLA members take no room. */
static uint64_t size_in_record(const CType *type)
{
    return type->kind == CTYPE_ARRAY && type->size == CTYPE_SIZE_UNKNOWN ? 0 : type->size;
}

static bool is_packed(const Placer *placer, const CMemberSpec *spec)
{
    return spec->is_packed || placer->spec->is_packed;
}

static uint32_t cap(const Placer *placer, uint32_t align)
{
    uint32_t pack = placer->spec->pack;
    return pack != 0 ? min_align(align, pack) : align;
}

/* What the type asks for in its place. */
static uint32_t type_align(const Placer *placer, const CMemberSpec *spec)
{
    return cap(placer, is_packed(placer, spec) ? 1 : spec->type->align);
}

/* -- plain members ------------------------------------------------------------------------------------------------- */

/* An aligned attribute on the member can only raise the type's alignment, unless the member is packed. */
static uint32_t member_align(const Placer *placer, const CMemberSpec *spec)
{
    if (is_packed(placer, spec))
        return cap(placer, spec->align != 0 ? spec->align : 1);
    return cap(placer, max_align(spec->type->align, spec->align));
}

static void place_member(Placer *placer, const CMemberSpec *spec, CMember *member)
{
    uint32_t align = member_align(placer, spec);
    placer->align = max_align(placer->align, align);
    leave_unit(placer, align);
    round_up(&placer->position, type_align(placer, spec));
    member->offset = placer->position.nbytes;
    member->align = align;
    placer->position.nbytes += size_in_record(spec->type);
}

/* -- bit-fields ---------------------------------------------------------------------------------------------------- */

/* A field that fills a machine integer at a place where one may lie is an ordinary member to gcc. */
static bool is_machine_integer(const Placer *placer, const CMemberSpec *spec)
{
    unsigned width = spec->width;
    bool is_machine_width = width == 8 || width == 16 || width == 32 || width == 64 || width == 128;
    return is_machine_width && (width == 8 || !is_packed(placer, spec)) && is_aligned(&placer->position, width / 8);
}

/* The alignment that the bit-field asks for its own place; 0: any bit. */
static uint32_t bitfield_align(const Placer *placer, const CMemberSpec *spec)
{
    uint32_t align = spec->align;
    if (spec->width == 0 && !placer->spec->is_ms_layout)
        return max_align(align, spec->type->align); /* neither packed nor pragma pack change a `:0` */
    if (is_machine_integer(placer, spec))
        align = max_align(align, spec->width / 8);
    return align == 0 ? 0 : cap(placer, align);
}

/* What a named bit-field asks of the record by its declared type. */
static uint32_t bitfield_type_align(const Placer *placer, const CMemberSpec *spec)
{
    if (placer->spec->pack != 0)
        return cap(placer, spec->type->align);
    return is_packed(placer, spec) ? 1 : spec->type->align;
}

/* Whether the field would touch more units of its type's alignment than the type has. */
static bool touches_too_many(const Position *position, const CMemberSpec *spec)
{
    uint64_t align = (uint64_t)spec->type->align * 8;
    uint64_t first = position->nbytes % spec->type->align * 8 + position->nbits;
    return (first + spec->width + align - 1) / align > spec->type->size * 8 / align;
}

/* psABI 3.1.2's rule that a field lies within a unit of its type holds unless an attribute or pragma lifts it. */
static bool may_cross(const Placer *placer, const CMemberSpec *spec)
{
    return spec->width == 0 || is_packed(placer, spec) || placer->spec->pack != 0 || placer->is_union ||
           is_machine_integer(placer, spec);
}

/* Tells the place as CMember wants it: by the storage unit when the field fits inside one. */
static void record_place(const Position *position, const CMemberSpec *spec, CMember *member)
{
    uint64_t unit = position->nbytes / spec->type->size * spec->type->size;
    uint64_t bit = (position->nbytes - unit) * 8 + position->nbits;
    bool is_inside = bit + spec->width <= spec->type->size * 8;
    member->is_bitfield = true;
    member->bit_width = spec->width;
    member->offset = is_inside ? unit : position->nbytes;
    member->bit_offset = (uint8_t)(is_inside ? bit : position->nbits);
}

static void place_bitfield(Placer *placer, const CMemberSpec *spec, CMember *member)
{
    Position *position = &placer->position;
    uint32_t align = bitfield_align(placer, spec);
    bool is_free = may_cross(placer, spec);
    if (spec->name != NULL)
        placer->align = max_align(placer->align, max_align(align, bitfield_type_align(placer, spec)));
    if (align != 0)
        round_up(position, align);
    if (!is_free && touches_too_many(position, spec))
        round_up(position, spec->type->align);
    record_place(position, spec, member);
    advance(position, spec->width);
}

/* -- bit-fields of an ms_struct ------------------------------------------------------------------------------------ */

static void open_unit(Placer *placer, const CMemberSpec *spec)
{
    if (spec->width > 0)
        placer->unit.nbits = spec->type->size * 8;
    placer->unit.nbits_free = spec->type->size * 8 - spec->width;
}

/* Behind a bit-field of some width whose type has the same size: into the same unit, or into the next one. */
static void place_in_run(Placer *placer, const CMemberSpec *spec, uint32_t align)
{
    if (placer->unit.nbits_free >= spec->width) {
        placer->unit.nbits_free -= spec->width;
        return;
    }
    leave_unit(placer, align);
    open_unit(placer, spec);
}

/* Elsewhere a unit of its own begins. A `:0` closes the unit before it, and aligns when the types' sizes differ. */
static void place_apart(Placer *placer, const CMemberSpec *spec, uint32_t align)
{
    uint64_t nbits_before = placer->unit.nbits;
    leave_unit(placer, align);
    if (spec->width > 0 || (nbits_before > 0 && nbits_before != spec->type->size * 8))
        round_up(&placer->position, type_align(placer, spec));
    open_unit(placer, spec);
}

static void place_ms_bitfield(Placer *placer, const CMemberSpec *spec, CMember *member)
{
    uint32_t align = max_align(1, bitfield_align(placer, spec));
    if (spec->width > 0 ? !is_packed(placer, spec) : placer->unit.nbits > 0)
        placer->align = max_align(placer->align, cap(placer, max_align(align, spec->type->align)));
    if (spec->width > 0 && placer->unit.nbits == spec->type->size * 8)
        place_in_run(placer, spec, align);
    else
        place_apart(placer, spec, align);
    record_place(&placer->position, spec, member);
    advance(&placer->position, spec->width);
}

/* -- the record ---------------------------------------------------------------------------------------------------- */

static bool place(Placer *placer, const CMemberSpec *spec, CMember *member)
{
    const uint64_t limit = PTRDIFF_MAX;
    *member = (CMember){.name = spec->name, .type = spec->type};
    if (placer->is_union) {
        placer->position = (Position){0, 0};
        placer->unit.nbits = 0;
    }
    if (size_in_record(spec->type) > limit || placer->position.nbytes > limit - size_in_record(spec->type))
        return false;
    if (spec->is_bitfield && placer->spec->is_ms_layout)
        place_ms_bitfield(placer, spec, member);
    else if (spec->is_bitfield)
        place_bitfield(placer, spec, member);
    else
        place_member(placer, spec, member);
    if (placer->position.nbytes + (placer->position.nbits > 0) > placer->end)
        placer->end = placer->position.nbytes + (placer->position.nbits > 0);
    return placer->end <= limit;
}

bool layout_record(const CRecordSpec *spec, bool is_union, CMember *members, Layout *layout)
{
    Placer placer = {.spec = spec, .is_union = is_union, .align = max_align(1, spec->align)};
    uint32_t i;
    for (i = 0; i < spec->nmembers; i++)
        if (!place(&placer, &spec->members[i], &members[i]))
            return false;
    if (is_union)
        placer.position = (Position){placer.end, 0};
    else
        leave_unit(&placer, 1);
    round_up(&placer.position, placer.align);
    layout->size = placer.position.nbytes;
    layout->align = placer.align;
    return layout->size <= (uint64_t)PTRDIFF_MAX;
}
