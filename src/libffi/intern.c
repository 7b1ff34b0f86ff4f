/* Owns the table of signatures, the one thing of this library besides the callback slots that is the whole process's and
 * changes. A signature's key is its types flattened to words: two struct types of the same leaves are one. A few scalars are
 * one word, whose product with an odd constant is the hash and says all. Each bucket is a tree of entries in which further
 * bits of the hash lead down, so that a hundred thousand are as good as ten. One is added by a compare-and-swap of the empty
 * child that the search ended at: released when it is complete, acquired by whoever meets it. Nothing is ever changed, moved,
 * freed or locked. */
#include "libffi/intern.h"

#include "libffi/adapter.h"

enum {
    LOG2_NBUCKETS = 10,
    LOG2_NCHILDREN = 2,   /* Signature.children */
    SMALL_NWORDS = 96,    /* of a key that is made on the stack */
    AGGREGATE_NWORDS = 4, /* of a type in front of its leaves */
    HEADER_NWORDS = 2 /* of a key in front of its types: ABI and whether it is variadic, arguments that are declared */
};

/* Above the number of leaves. */
enum { AGGREGATE = 1 << 16, RECORD = 1 << 17, NLEAVES_MASK = AGGREGATE - 1 };

static _Atomic(Signature *) buckets[1 << LOG2_NBUCKETS];

/* 2^64 by the golden ratio. Odd: no two words have the same product. The upper bits of that are the better ones. */
#define HASH_FACTOR 0x9e3779b97f4a7c15u

/* -- scalars packed into a word ------------------------------------------------------------------------------------- */

/* A type's number takes four bits; in front of the result's are the ABI's and a one. */
enum { PACKED_NARGS_MAX = 13, PACKED_TYPE_NBITS = 4, PACKED_START = 1 << PACKED_TYPE_NBITS };

_Static_assert(FFI_TYPE_POINTER < PACKED_START && (int)FFI_LAST_ABI <= PACKED_START, "four bits each");
_Static_assert(1 + PACKED_TYPE_NBITS * (2 + PACKED_NARGS_MAX) <= 64, "a one, the ABI, the result and the arguments");

static inline bool is_packable(const ffi_type *type)
{
    return type->type <= FFI_TYPE_POINTER && type->type != FFI_TYPE_STRUCT && adapter_is_laid_out(type);
}

/* 0: its key must be many words. */
static inline uint64_t pack(const ffi_cif *cif)
{
    uint64_t packed = PACKED_START | (uint64_t)cif->abi;
    const ffi_type *type = cif->rtype;
    if (cif->nargs > PACKED_NARGS_MAX || !adapter_is_abi(cif->abi))
        return 0;
    for (unsigned i = 0; is_packable(type); type = cif->arg_types[i++]) {
        packed = packed << PACKED_TYPE_NBITS | type->type;
        if (i == cif->nargs)
            return packed;
    }
    return 0;
}

/* -- keys ---------------------------------------------------------------------------------------------------------- */

typedef struct Key {
    uint32_t *words;
    size_t count, room; /* count goes on when the room is used up */
    size_t nkept;       /* words that are compared: none when the hash says all */
    uint64_t hash;
} Key;

static inline void add_word(Key *key, uint32_t word)
{
    if (key->count < key->room)
        key->words[key->count] = word;
    key->count++;
}

/* The engine's are powers of two. A client may say anything. */
static uint32_t alignment_of(const ffi_type *type)
{
    return type->alignment == 0 ? 1 : (uint32_t)1 << (31 - __builtin_clz(type->alignment));
}

/* A scalar is its type's number; others have their size, alignment and leaves behind a word that counts these. */
static void add_aggregate(Key *key, const ffi_type *type)
{
    AbiLeaf leaves[ADAPTER_NLEAVES_MAX];
    uint32_t nleaves = adapter_flatten(type, leaves);
    add_word(key, AGGREGATE | (type->type == FFI_TYPE_STRUCT ? (uint32_t)RECORD : 0) | nleaves);
    add_word(key, (uint32_t)type->size);
    add_word(key, (uint32_t)(type->size >> 32));
    add_word(key, alignment_of(type));
    for (uint32_t i = 0; i < nleaves; i++)
        add_word(key, leaves[i].offset << 8 | leaves[i].kind);
}

static inline void add_type(Key *key, const ffi_type *type)
{
    if (type->type <= FFI_TYPE_SINT64 || type->type == FFI_TYPE_POINTER)
        add_word(key, type->type);
    else
        add_aggregate(key, type);
}

static void make_key(Key *key, const ffi_cif *cif, unsigned nfixed, bool is_variadic)
{
    key->count = 0;
    add_word(key, (uint32_t)cif->abi | (uint32_t)is_variadic << 8);
    add_word(key, is_variadic ? nfixed : cif->nargs);
    add_type(key, cif->rtype);
    for (unsigned i = 0; i < cif->nargs; i++)
        add_type(key, cif->arg_types[i]);
}

static uint64_t hash_words(const uint32_t *words, size_t count)
{
    uint64_t hash = count;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ words[i]) * HASH_FACTOR;
    return hash;
}

static void finish_key(Key *key, uint64_t packed)
{
    key->nkept = packed != 0 ? 0 : key->count;
    key->hash = packed != 0 ? packed * HASH_FACTOR : hash_words(key->words, key->count);
}

/* -- from a key to a plan ------------------------------------------------------------------------------------------ */

typedef struct Decoder {
    const uint32_t *word;
    AbiLeaf *leaf; /* where the next type's leaves go */
} Decoder;

static AbiType decode_type(Decoder *decoder)
{
    uint32_t word = *decoder->word++;
    if (!(word & AGGREGATE)) {
        AbiType scalar = adapter_scalar(word, decoder->leaf);
        decoder->leaf += scalar.nleaves;
        return scalar;
    }
    AbiType type = {.size = decoder->word[0] | (uint64_t)decoder->word[1] << 32,
                    .align = decoder->word[2],
                    .nleaves = word & NLEAVES_MASK,
                    .leaves = decoder->leaf,
                    .is_record = (word & RECORD) != 0};
    decoder->word += AGGREGATE_NWORDS - 1;
    for (uint32_t i = 0; i < type.nleaves; i++, decoder->word++)
        *decoder->leaf++ = (AbiLeaf){.offset = *decoder->word >> 8, .kind = *decoder->word & 255};
    return type;
}

static AbiConvention convention_of(ffi_abi abi)
{
    return abi == FFI_UNIX64 ? ABI_SYSV64 : ABI_WIN64;
}

/* From the key alone, not from the cif's types: what has the same key has the same plan. A key has no more leaves than words,
 * and no more types. */
static AbiPlan *plan_key(const Key *key, const ffi_cif *cif)
{
    const Allocator *allocator = &mem_system_allocator;
    size_t leaves_nbytes = key->count * sizeof(AbiLeaf), types_nbytes = (cif->nargs + (size_t)1) * sizeof(AbiType);
    AbiType *types = mem_alloc(allocator, types_nbytes + leaves_nbytes);
    if (types == NULL)
        return NULL;
    Decoder decoder = {.word = key->words + HEADER_NWORDS, .leaf = (AbiLeaf *)(void *)(types + cif->nargs + 1)};
    Error error;
    for (unsigned i = 0; i <= cif->nargs; i++)
        types[i] = decode_type(&decoder);
    AbiSignature signature = {.result = types[0],
                              .args = types + 1,
                              .nargs = cif->nargs,
                              .nfixed = key->words[1],
                              .is_variadic = (key->words[0] >> 8) != 0,
                              .convention = convention_of(cif->abi)};
    AbiPlan *plan = abi_plan_new_within(allocator, &signature, ABI_STACK_NBYTES_ABSOLUTE, &error);
    bool is_scalar = adapter_scalar_kind(cif->rtype) >= 0 && cif->rtype->type != FFI_TYPE_VECTOR;
    if (plan != NULL && is_scalar) /* a struct or a vector of small integers is no integer */
        abi_plan_widen(plan);
    mem_free(allocator, types, types_nbytes + leaves_nbytes);
    return plan;
}

static void keep_owner(AbiOwner *owner)
{
    (void)owner; /* for the life of the process */
}

static size_t signature_nbytes(size_t nwords, unsigned nargs)
{
    return sizeof(Signature) + nwords * sizeof(uint32_t) + nargs * sizeof(int32_t);
}

static Signature *new_signature(const Key *key, const ffi_cif *cif)
{
    size_t nbytes = signature_nbytes(key->nkept, cif->nargs);
    Signature *signature = mem_alloc(&mem_system_allocator, nbytes);
    AbiPlan *plan = signature != NULL ? plan_key(key, cif) : NULL;
    if (plan == NULL) {
        mem_free(&mem_system_allocator, signature, nbytes);
        return NULL;
    }
    *signature = (Signature){.owner = {.plan = plan, .nreferences = 1, .free = keep_owner},
                             .hash = key->hash,
                             .nwords = (uint32_t)key->nkept};
    memcpy(signature->key, key->words, key->nkept * sizeof key->words[0]);
    locate_all(&signature->locations, (int32_t *)signature->key + key->nkept, plan, cif);
    return signature;
}

static void free_signature(Signature *signature)
{
    abi_plan_free(&mem_system_allocator, (AbiPlan *)(uintptr_t)signature->owner.plan);
    mem_free(&mem_system_allocator, signature, signature_nbytes(signature->nwords, signature->locations.nargs));
}

/* -- the table ----------------------------------------------------------------------------------------------------- */

static inline _Atomic(Signature *) *bucket_of(uint64_t hash)
{
    return &buckets[hash >> (64 - LOG2_NBUCKETS)];
}

static inline _Atomic(Signature *) *next_child(Signature *entry, uint64_t *path)
{
    unsigned child = (unsigned)(*path >> (64 - LOG2_NCHILDREN));
    *path <<= LOG2_NCHILDREN;
    return &entry->children[child];
}

static bool has_key(const Signature *entry, const Key *key)
{
    return entry->hash == key->hash && entry->nwords == key->nkept &&
           memcmp(entry->key, key->words, key->nkept * sizeof key->words[0]) == 0;
}

/* The entry of that key, or NULL and *child is the end of its way: where *path, the bits of the hash that are left, leads. */
static Signature *descend(const Key *key, _Atomic(Signature *) **child, uint64_t *path)
{
    Signature *entry;
    while ((entry = atomic_load_explicit(*child, memory_order_acquire)) != NULL && !has_key(entry, key))
        *child = next_child(entry, path);
    return entry;
}

static const Signature *find_or_add(const Key *key, const ffi_cif *cif)
{
    uint64_t path = key->hash << LOG2_NBUCKETS;
    _Atomic(Signature *) *child = bucket_of(key->hash);
    Signature *found = descend(key, &child, &path), *none = NULL;
    if (found != NULL)
        return found;
    Signature *added = new_signature(key, cif);
    while (added != NULL &&
           !atomic_compare_exchange_strong_explicit(child, &none, added, memory_order_release, memory_order_relaxed)) {
        found = descend(key, &child, &path);
        if (found != NULL) { /* another thread was first */
            free_signature(added);
            return found;
        }
        none = NULL;
    }
    return added;
}

const Signature *intern_known(const ffi_cif *cif)
{
    uint64_t packed = pack(cif), hash = packed * HASH_FACTOR, path = hash << LOG2_NBUCKETS;
    if (packed == 0)
        return NULL;
    Signature *entry = atomic_load_explicit(bucket_of(hash), memory_order_acquire);
    while (entry != NULL && (entry->hash != hash || entry->nwords != 0))
        entry = atomic_load_explicit(next_child(entry, &path), memory_order_acquire);
    return entry;
}

const Signature *intern_signature(const ffi_cif *cif, unsigned nfixed, bool is_variadic)
{
    uint32_t words[SMALL_NWORDS];
    Key key = {.words = words, .room = SMALL_NWORDS};
    uint64_t packed = is_variadic ? 0 : pack(cif);
    make_key(&key, cif, nfixed, is_variadic);
    if (key.count <= key.room) {
        finish_key(&key, packed);
        return find_or_add(&key, cif);
    }
    size_t nbytes = key.count * sizeof words[0];
    key = (Key){.words = mem_alloc(&mem_system_allocator, nbytes), .room = key.count};
    if (key.words == NULL)
        return NULL;
    make_key(&key, cif, nfixed, is_variadic);
    finish_key(&key, packed);
    const Signature *signature = find_or_add(&key, cif);
    mem_free(&mem_system_allocator, key.words, nbytes);
    return signature;
}
