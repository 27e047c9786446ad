/* The matcher's kernel: candidates, fingerprints, look-up and confirmation in one pass over the bytes.
 *
 * It gives exactly the hits of reference.py; docs/adr/0003 says what a candidate, a token and a confirmation are,
 * docs/adr/0006 what a table is. Nothing here knows Python: kernel.py fills the structures and owns every array in
 * them. All state of a search lives on the caller's stack and in `results`; a configuration is only read, so any
 * number of threads may share one. No byte outside text[0, n) is read. Time is linear in the text: every candidate
 * looks at a bounded number of bytes round it. Beside it, code bits are counted here for tracing. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "index files and hashes are read in little-endian order"
#endif

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define ABI 4
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

enum { EMAIL, PHONE, CARD, IBAN, CODES }; /* places of the anchors' keys; CODES and more: one for each automaton */
enum { NAME, ADDRESS, POSTCODE, BIRTH_DATE, CONFIRMING };
enum { MOST_AUTOMATA = 4, ANCHORS = CODES + MOST_AUTOMATA };
enum { MOST_LITERALS = 8, LONGEST_LITERAL = 32, SKETCH_FORM = 24 };

/* ---- what Python gives ------------------------------------------------------------------------------------ */

typedef struct {
    u64 k0, k1;
} key;

typedef struct { /* table.py */
    const u64 *filter;
    u64 words;
    const u32 *directory;
    const u64 *entries;
    u64 n_entries;
    u64 bits;    /* of a fingerprint that choose its bucket */
    u64 shift;   /* low bits of an entry that are the record's number */
    u64 records; /* numbers are below; others come from a damaged file and are no hits */
    const u32 *slots[CONFIRMING];
    u64 width[CONFIRMING];
} table;

typedef struct {
    u8 whole, covers, count, unused[5];
    u8 size[MOST_LITERALS];
    u8 literal[MOST_LITERALS][LONGEST_LITERAL];
} ending;

typedef struct { /* core/fields/automaton.py */
    const u8 *classes;
    const u32 *rows; /* per state and class: where the next state's row begins; last in a row: its ending */
    const ending *endings;
    u64 width; /* of a row */
    int64_t back;
    u64 first_digits;
} automaton;

typedef struct {
    u64 hash; /* of the month's word under the birth date's key */
    u64 month;
} month_word;

typedef struct {
    u64 searched; /* bit per anchor */
    key keys[ANCHORS];
    u64 automata;
    automaton codes[MOST_AUTOMATA];
    u64 phone_lengths;         /* bit per length of a national number below nine digits that is in use */
    const u32 *local_prefixes; /* what may stand before such a number: digits << 3 | how many */
    u64 n_local_prefixes;
    const u8 *calling_codes; /* [1110]: one flag for each number of one, two and three digits */
    const u8 *iban_lengths;  /* [26 * 26] by the country's two letters, 0 for none */
    u64 unicode_emails;      /* whether places with other letters are worth telling */
    const table *tables;
    u64 n_tables;
    const table *route; /* where there are many tables: all in one, with tables for records; or NULL */
    u64 confirmed;      /* bit per confirming kind */
    key confirming[CONFIRMING];
    u64 initials[2][26];      /* hashes of "*a" … and "~a" … under the name's key */
    const u8 *const *pages;   /* [256] foldings of code points, see fold(); NULL where not given yet */
    const month_word *months; /* sorted by hash */
    u64 n_months;
} config;

/* ---- what Python gets ------------------------------------------------------------------------------------- */

typedef struct {
    u64 fingerprint;
    u32 start, end;
    u32 table, number;
    u8 anchor;
    u8 confirmed[CONFIRMING]; /* 0, or 1 and the lowest slot met */
    u8 unused[3];
} hit;

typedef struct {
    u64 fingerprint;
    u32 start, end;
    u32 anchor, unused;
} candidate;

typedef struct {
    u64 fingerprint;
    u8 form[SKETCH_FORM]; /* zeros behind a shorter one */
} sample;

typedef struct {
    hit *hits;
    u64 n_hits, room_hits;
    hit *spare; /* these two for sorting */
    u64 room_spare;
    u64 *order;
    u64 room_order;
    candidate *candidates;
    u64 n_candidates, room_candidates;
    u32 *hard; /* places of @ that need to be read as Unicode */
    u64 n_hard, room_hard;
    sample *samples[ANCHORS];
    u64 n_samples[ANCHORS], room_samples[ANCHORS];
    u64 threshold[ANCHORS]; /* smaller fingerprints are sampled */
    u64 keep;               /* samples kept of each anchor */
    u64 failed;             /* no memory */
} results;

/* ---- SipHash-2-4 (Aumasson and Bernstein 2012) ------------------------------------------------------------ */

#define ROTATE(x, b) (((x) << (b)) | ((x) >> (64 - (b))))
#define SIPROUND                                                                                                       \
    do {                                                                                                               \
        v0 += v1; v1 = ROTATE(v1, 13); v1 ^= v0; v0 = ROTATE(v0, 32);                                                  \
        v2 += v3; v3 = ROTATE(v3, 16); v3 ^= v2;                                                                       \
        v0 += v3; v3 = ROTATE(v3, 21); v3 ^= v0;                                                                       \
        v2 += v1; v1 = ROTATE(v1, 17); v1 ^= v2; v2 = ROTATE(v2, 32);                                                  \
    } while (0)

static inline u64 load64(const u8 *p) {
    u64 x;
    memcpy(&x, p, 8);
    return x;
}

/* The message must have eight readable bytes from every multiple of eight on: buffers here are padded. */
static inline u64 siphash(const u8 *message, u64 size, const key *k) {
    u64 v0 = k->k0 ^ 0x736f6d6570736575u, v1 = k->k1 ^ 0x646f72616e646f6du;
    u64 v2 = k->k0 ^ 0x6c7967656e657261u, v3 = k->k1 ^ 0x7465646279746573u, m;
    u64 i = 0;
    for (; i + 8 <= size; i += 8) {
        m = load64(message + i);
        v3 ^= m;
        SIPROUND;
        SIPROUND;
        v0 ^= m;
    }
    u64 left = size & 7;
    m = left ? load64(message + i) & (~(u64)0 >> (64 - 8 * left)) : 0;
    m |= size << 56;
    v3 ^= m;
    SIPROUND;
    SIPROUND;
    v0 ^= m;
    v2 ^= 0xff;
    SIPROUND;
    SIPROUND;
    SIPROUND;
    SIPROUND;
    return v0 ^ v1 ^ v2 ^ v3;
}

/* Messages side by side, each of so many words of eight bytes; the last word is padded as section 2.2 says. */
#if defined(__AVX512F__)
enum { LANES = 16 }; /* two registers: one is worked on while the other waits */
#else
enum { LANES = 4 };
#endif
enum { MOST_WORDS = 8 };
typedef u64 lanes __attribute__((vector_size(8 * LANES), aligned(8)));

static void siphash_each(const lanes *words, int count, const lanes *k0, const lanes *k1, lanes *out) {
    lanes v0 = *k0 ^ 0x736f6d6570736575u, v1 = *k1 ^ 0x646f72616e646f6du;
    lanes v2 = *k0 ^ 0x6c7967656e657261u, v3 = *k1 ^ 0x7465646279746573u;
    for (int i = 0; i < count; i++) {
        v3 ^= words[i];
        SIPROUND;
        SIPROUND;
        v0 ^= words[i];
    }
    v2 ^= 0xff;
    SIPROUND;
    SIPROUND;
    SIPROUND;
    SIPROUND;
    *out = v0 ^ v1 ^ v2 ^ v3;
}

/* ---- classes of bytes ------------------------------------------------------------------------------------- */

enum {
    DIGIT = 1,
    LETTER = 2,
    ALNUM = 3,
    LOCAL = 4,    /* of an address before the @ */
    SPACED = 8,   /* . _ + - : may stand in it but not begin it */
    GAP = 16,     /* between groups of digits */
    GLUE = 32,    /* a group of digits that touches it is part of a word */
    BETWEEN = 64, /* the parts of a code */
    DOMAIN = 128  /* of an address behind the @ */
};

#define D (DIGIT | LOCAL | DOMAIN)
#define L (LETTER | LOCAL | DOMAIN | GLUE)
static const u8 CLASS[256] = {
    [' '] = GAP | BETWEEN,
    ['!'] = LOCAL, ['#'] = LOCAL | BETWEEN, ['$'] = LOCAL, ['%'] = LOCAL, ['&'] = LOCAL, ['\''] = LOCAL,
    ['('] = GAP, [')'] = GAP,
    ['*'] = LOCAL, ['+'] = LOCAL | SPACED, ['-'] = LOCAL | SPACED | GAP | BETWEEN | DOMAIN,
    ['.'] = LOCAL | SPACED | GAP | BETWEEN | DOMAIN, ['/'] = LOCAL | GAP | BETWEEN, [':'] = BETWEEN,
    ['0'] = D, ['1'] = D, ['2'] = D, ['3'] = D, ['4'] = D, ['5'] = D, ['6'] = D, ['7'] = D, ['8'] = D, ['9'] = D,
    ['='] = LOCAL, ['?'] = LOCAL,
    ['A'] = L, ['B'] = L, ['C'] = L, ['D'] = L, ['E'] = L, ['F'] = L, ['G'] = L, ['H'] = L, ['I'] = L, ['J'] = L,
    ['K'] = L, ['L'] = L, ['M'] = L, ['N'] = L, ['O'] = L, ['P'] = L, ['Q'] = L, ['R'] = L, ['S'] = L, ['T'] = L,
    ['U'] = L, ['V'] = L, ['W'] = L, ['X'] = L, ['Y'] = L, ['Z'] = L,
    ['^'] = LOCAL, ['_'] = LOCAL | SPACED | GLUE | BETWEEN, ['`'] = LOCAL,
    ['a'] = L, ['b'] = L, ['c'] = L, ['d'] = L, ['e'] = L, ['f'] = L, ['g'] = L, ['h'] = L, ['i'] = L, ['j'] = L,
    ['k'] = L, ['l'] = L, ['m'] = L, ['n'] = L, ['o'] = L, ['p'] = L, ['q'] = L, ['r'] = L, ['s'] = L, ['t'] = L,
    ['u'] = L, ['v'] = L, ['w'] = L, ['x'] = L, ['y'] = L, ['z'] = L,
    ['{'] = LOCAL, ['|'] = LOCAL, ['}'] = LOCAL, ['~'] = LOCAL,
    [0x80] = GAP, [0x89] = GAP, [0x91] = GAP, [0x92] = GAP, [0x93] = GAP, [0xa0] = GAP, [0xaf] = GAP, [0xc2] = GAP,
    [0xe2] = GAP, /* the bytes of U+00A0, 2009, 2011, 2012, 2013, 202F */
};
#undef D
#undef L

static inline int is(u8 byte, int classes) { return CLASS[byte] & classes; }
static inline u8 lower(u8 byte) { return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte; }
static inline u8 upper(u8 byte) { return byte >= 'a' && byte <= 'z' ? byte & 0xdf : byte; }
static inline int is_local(u8 byte) { return is(byte, LOCAL) || byte >= 0x80; }
static inline int is_nrt(u8 byte) { return byte == 'n' || byte == 'r' || byte == 't'; }

/* ---- 64 bytes at once --------------------------------------------------------------------------------------- */

/* Parts of a block; a mask has a bit for each byte: those equal to one, from one to another, and of class GAP. */
#if defined(__AVX512BW__)
typedef __m512i part;
static inline part part_at(const u8 *p) { return _mm512_loadu_si512(p); }
static inline u64 equal_in(part v, char byte) { return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(byte)); }
static inline u64 within_in(part v, char from, char to) {
    return _mm512_cmple_epu8_mask(_mm512_sub_epi8(v, _mm512_set1_epi8(from)), _mm512_set1_epi8((char)(to - from)));
}
static inline part folded_in(part v) { return _mm512_or_si512(v, _mm512_set1_epi8(0x20)); }
static inline u64 gaps_in(part v, __m128i low, __m128i high) {
    const part nibble = _mm512_set1_epi8(15);
    part lows = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(low), _mm512_and_si512(v, nibble));
    part highs = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(high), _mm512_and_si512(_mm512_srli_epi16(v, 4), nibble));
    return _mm512_test_epi8_mask(lows, highs);
}
#elif defined(__AVX2__)
typedef __m256i part;
static inline part part_at(const u8 *p) { return _mm256_loadu_si256((const part *)p); }
static inline u64 mask_of(part v) { return (u32)_mm256_movemask_epi8(v); }
static inline u64 equal_in(part v, char byte) { return mask_of(_mm256_cmpeq_epi8(v, _mm256_set1_epi8(byte))); }
static inline u64 within_in(part v, char from, char to) {
    part x = _mm256_sub_epi8(v, _mm256_set1_epi8(from));
    return mask_of(_mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8((char)(to - from))), x));
}
static inline part folded_in(part v) { return _mm256_or_si256(v, _mm256_set1_epi8(0x20)); }
static inline u64 gaps_in(part v, __m128i low, __m128i high) {
    const part nibble = _mm256_set1_epi8(15);
    part lows = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(low), _mm256_and_si256(v, nibble));
    part highs = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(high), _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble));
    return (u32)~mask_of(_mm256_cmpeq_epi8(_mm256_and_si256(lows, highs), _mm256_setzero_si256()));
}
#elif defined(__SSE4_1__)
typedef __m128i part;
static inline part part_at(const u8 *p) { return _mm_loadu_si128((const part *)p); }
static inline u64 mask_of(part v) { return (u32)_mm_movemask_epi8(v); }
static inline u64 equal_in(part v, char byte) { return mask_of(_mm_cmpeq_epi8(v, _mm_set1_epi8(byte))); }
static inline u64 within_in(part v, char from, char to) {
    part x = _mm_sub_epi8(v, _mm_set1_epi8(from));
    return mask_of(_mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8((char)(to - from))), x));
}
static inline part folded_in(part v) { return _mm_or_si128(v, _mm_set1_epi8(0x20)); }
static inline u64 gaps_in(part v, __m128i low, __m128i high) {
    const part nibble = _mm_set1_epi8(15);
    part lows = _mm_shuffle_epi8(low, _mm_and_si128(v, nibble));
    part highs = _mm_shuffle_epi8(high, _mm_and_si128(_mm_srli_epi16(v, 4), nibble));
    return (u16)~mask_of(_mm_cmpeq_epi8(_mm_and_si128(lows, highs), _mm_setzero_si128()));
}
#endif

#if defined(__SSE4_1__)
enum { BLOCK_PARTS = 64 / sizeof(part), PART = sizeof(part) };
#define MASK(name, call)                                                                                               \
    static inline u64 name {                                                                                           \
        u64 mask = 0;                                                                                                  \
        for (int i = 0; i < BLOCK_PARTS; i++) mask |= (call) << (PART % 64 * i);                                       \
        return mask;                                                                                                   \
    }
typedef struct {
    part parts[BLOCK_PARTS];
} block;

static inline block block_at(const u8 *p) {
    block b;
    for (int i = 0; i < BLOCK_PARTS; i++) b.parts[i] = part_at(p + PART * i);
    return b;
}
MASK(equal_to(block b, char byte), equal_in(b.parts[i], byte))
MASK(within(block b, char from, char to), within_in(b.parts[i], from, to))
MASK(letters_in(block b), within_in(folded_in(b.parts[i]), 'a', 'z'))
MASK(equal_to_either(block b, char small), equal_in(folded_in(b.parts[i]), small))

/* A byte is of class GAP if the entries of its halves have a bit in common: one for each upper half that there is. */
static inline u64 gaps_among(block b) {
    const __m128i low = _mm_setr_epi8(1 | 2 | 8, 4, 4 | 16 | 32, 4, 0, 0, 0, 0, 1, 1 | 2, 0, 0, 0, 1, 1, 1 | 8);
    const __m128i high = _mm_setr_epi8(0, 0, 1, 0, 0, 0, 0, 0, 2, 4, 8, 0, 16, 0, 32, 0);
    u64 mask = 0;
    for (int i = 0; i < BLOCK_PARTS; i++) mask |= gaps_in(b.parts[i], low, high) << (PART % 64 * i);
    return mask;
}
#undef MASK
#endif

/* ---- results ---------------------------------------------------------------------------------------------- */

static int grow(void **items, u64 *room, u64 size) {
    u64 more = *room ? *room * 2 : 256;
    void *moved = realloc(*items, more * size);
    if (!moved) return 0;
    *items = moved;
    *room = more;
    return 1;
}

/* A new last item of a list, for its fields to be written in place; NULL where there is no memory. */
#define ADDED(r, name)                                                                                                 \
    (LIKELY((r)->n_##name < (r)->room_##name) ||                                                                       \
             grow((void **)&(r)->name, &(r)->room_##name, sizeof *(r)->name)                                           \
         ? &(r)->name[(r)->n_##name++]                                                                                 \
         : ((r)->failed = 1, NULL))

enum { PIGEONHOLES = 1 << 12 };

/* The order of samples by fingerprint. These are spread evenly below `threshold`, so that one pass puts each nearly
 * to its place; nobody without the key can make fingerprints that lie closer together. */
static void order_samples(const sample *all, u32 count, u64 threshold, u32 *order) {
    u32 next[PIGEONHOLES + 1] = {0};
    int above = __builtin_clzll(threshold | 1);
#define PIGEONHOLE(i) (all[i].fingerprint << above >> 52)
    for (u32 i = 0; i < count; i++) next[PIGEONHOLE(i) + 1]++;
    for (u32 hole = 0; hole < PIGEONHOLES; hole++) next[hole + 1] += next[hole];
    for (u32 i = 0; i < count; i++) order[next[PIGEONHOLE(i)]++] = i;
#undef PIGEONHOLE
    for (u32 i = 1; i < count; i++) {
        u32 moved = order[i], j = i;
        for (; j > 0 && all[order[j - 1]].fingerprint > all[moved].fingerprint; j--) order[j] = order[j - 1];
        order[j] = moved;
    }
}

/* Keep the smallest fingerprints of an anchor, each once. */
static void thin(results *r, int anchor) {
    sample *all = r->samples[anchor];
    u32 count = (u32)r->n_samples[anchor], kept = 0;
    u32 *order = malloc(count * sizeof *order + 1);
    sample *smallest = malloc(r->keep * sizeof *smallest);
    if (order && smallest) {
        order_samples(all, count, r->threshold[anchor], order);
        for (u32 i = 0; i < count && kept < r->keep; i++)
            if (!kept || all[order[i]].fingerprint != smallest[kept - 1].fingerprint) smallest[kept++] = all[order[i]];
        memcpy(all, smallest, kept * sizeof *all);
        r->n_samples[anchor] = kept;
        if (kept == r->keep) r->threshold[anchor] = all[kept - 1].fingerprint;
    } else
        r->failed = 1;
    free(order);
    free(smallest);
}

static void keep_sample(results *r, int anchor, u64 fingerprint, const u8 *form, u64 size) {
    if (r->n_samples[anchor] == r->room_samples[anchor]) {
        if (r->n_samples[anchor] >= 4 * r->keep) thin(r, anchor);
        if (r->n_samples[anchor] == r->room_samples[anchor] &&
            !grow((void **)&r->samples[anchor], &r->room_samples[anchor], sizeof(sample))) {
            r->failed = 1;
            return;
        }
    }
    sample *one = &r->samples[anchor][r->n_samples[anchor]++];
    memset(one, 0, sizeof *one);
    one->fingerprint = fingerprint;
    memcpy(one->form, form, size < SKETCH_FORM ? size : SKETCH_FORM);
}

/* ---- look-up ---------------------------------------------------------------------------------------------- */

enum { BATCH = 64 };

typedef struct { /* forms of one length in words that wait to be hashed together, padded as section 2.2 says */
    u64 forms[LANES][MOST_WORDS];
    lanes k0, k1;
    u32 starts[LANES], ends[LANES];
    u8 anchors[LANES], sizes[LANES];
    int count;
} queue;

typedef struct {
    const config *c;
    results *r;
    const u8 *s;
    u64 n, first, last; /* candidates that begin in [first, last) count */
    int all;            /* whether every candidate is wanted */
    u64 fingerprints[BATCH];
    u32 starts[BATCH], ends[BATCH];
    u8 anchors[BATCH];
    int batched;
    queue queues[MOST_WORDS];
} search;

static inline const u64 *filter_word(const table *t, u64 f) { return t->filter + (((f >> 32) * t->words) >> 32); }

static inline u64 filter_bits(u64 f) {
    return (u64)1 << ((f >> 8) & 63) | (u64)1 << ((f >> 14) & 63) | (u64)1 << ((f >> 20) & 63) | (u64)1 << ((f >> 26) & 63);
}

static inline int in_filter(const table *t, u64 f) {
    u64 bits = filter_bits(f);
    return (*filter_word(t, f) & bits) == bits;
}

static inline u64 bucket_end(const table *t, const u32 *bounds) { return bounds[1] < t->n_entries ? bounds[1] : t->n_entries; }
static inline u32 number_in(const table *t, u64 entry) { return (u32)(entry & (((u64)1 << t->shift) - 1)); }

typedef struct { /* the entries of a fingerprint's bucket */
    const u64 *from, *stop;
} bucket;

static inline bucket bucket_of(const table *t, u64 f) {
    const u32 *bounds = t->directory + (f >> (64 - t->bits));
    return (bucket){t->entries + bounds[0], t->entries + bucket_end(t, bounds)};
}

static inline void add_hit(search *z, u32 number, int i, u64 entry) {
    const table *t = &z->c->tables[number];
    if (UNLIKELY(number_in(t, entry) >= t->records)) return;
    hit *found = ADDED(z->r, hits);
    if (UNLIKELY(!found)) return;
    found->fingerprint = z->fingerprints[i];
    found->start = z->starts[i];
    found->end = z->ends[i];
    found->table = number;
    found->number = number_in(t, entry);
    found->anchor = z->anchors[i];
    memset(found->confirmed, 0, CONFIRMING);
}

static inline void in_bucket(search *z, u32 number, int i, bucket b) {
    const table *t = &z->c->tables[number];
    u64 mask = ~(u64)0 << t->shift, rest = z->fingerprints[i] << t->bits & mask;
    const u64 *entry = b.from;
    if (UNLIKELY(entry >= b.stop)) return;
#if defined(__AVX512F__)
    if (LIKELY(b.stop - entry <= 16)) { /* nearly all, at once: lengths of buckets are not predictable */
        u32 there = 0xffffu >> (16 - (b.stop - entry));
        __m512i first = _mm512_maskz_loadu_epi64((__mmask8)there, entry);
        __m512i second = _mm512_maskz_loadu_epi64((__mmask8)(there >> 8), entry + 8);
        __m512i same = _mm512_set1_epi64((int64_t)mask), sought = _mm512_set1_epi64((int64_t)rest);
        u32 equal = _mm512_mask_cmpeq_epi64_mask((__mmask8)there, _mm512_and_si512(first, same), sought);
        equal |= (u32)_mm512_mask_cmpeq_epi64_mask((__mmask8)(there >> 8), _mm512_and_si512(second, same), sought) << 8;
        for (; equal; equal &= equal - 1) add_hit(z, number, i, entry[__builtin_ctz(equal)]);
        return;
    }
#endif
    while (entry < b.stop && *entry < rest) entry++; /* they ascend, but in a damaged file */
    for (; entry < b.stop && (*entry & mask) == rest; entry++) add_hit(z, number, i, *entry);
}

/* The batch's fingerprints that pass a table's filter, with their buckets on the way. */
static int passing(const search *z, const table *t, int *passed, bucket *buckets) {
    int count = 0;
    for (int i = 0; i < z->batched; i++) {
        passed[count] = i;
        count += in_filter(t, z->fingerprints[i]);
    }
    for (int j = 0; j < count; j++) __builtin_prefetch(t->directory + (z->fingerprints[passed[j]] >> (64 - t->bits)));
    for (int j = 0; j < count; j++) {
        buckets[j] = bucket_of(t, z->fingerprints[passed[j]]);
        __builtin_prefetch(buckets[j].from);
        __builtin_prefetch(buckets[j].stop - 1); /* three of four reach into another line */
    }
    return count;
}

static void flush(search *z) {
    const table *route = z->c->route;
    int passed[BATCH];
    bucket buckets[BATCH];
    if (route)
        for (int j = 0, count = passing(z, route, passed, buckets); j < count; j++) {
            u64 f = z->fingerprints[passed[j]], rest = f << route->bits;
            for (const u64 *at = buckets[j].from; at < buckets[j].stop; at++)
                if ((*at ^ rest) >> route->shift == 0) {
                    int again = at > buckets[j].from && *at == at[-1]; /* once for all records */
                    u32 number = number_in(route, *at);
                    if (!again) in_bucket(z, number, passed[j], bucket_of(&z->c->tables[number], f));
                }
        }
    else
        for (u32 t = 0; t < z->c->n_tables; t++)
            for (int j = 0, count = passing(z, &z->c->tables[t], passed, buckets); j < count; j++)
                in_bucket(z, t, passed[j], buckets[j]);
    z->batched = 0;
}

static inline void look_up(search *z, int anchor, u64 f, u64 start, u64 end) {
    if (z->c->route)
        __builtin_prefetch(filter_word(z->c->route, f));
    else
        for (u64 t = 0; t < z->c->n_tables; t++) __builtin_prefetch(filter_word(&z->c->tables[t], f));
    int i = z->batched;
    z->fingerprints[i] = f;
    z->starts[i] = (u32)start;
    z->ends[i] = (u32)end;
    z->anchors[i] = (u8)anchor;
    if (++z->batched == BATCH) flush(z);
}

static inline void fingerprinted(search *z, int anchor, u64 f, u64 start, u64 end, const u8 *form, u64 size) {
    if (UNLIKELY(f < z->r->threshold[anchor])) keep_sample(z->r, anchor, f, form, size);
    if (UNLIKELY(z->all)) {
        candidate *one = ADDED(z->r, candidates);
        if (one) *one = (candidate){.fingerprint = f, .start = (u32)start, .end = (u32)end, .anchor = (u32)anchor};
    }
    look_up(z, anchor, f, start, end);
}

static inline void word_of_each(const queue *q, int w, lanes *word) {
#if defined(__AVX512F__)
    const __m512i rows = _mm512_set_epi64(56, 48, 40, 32, 24, 16, 8, 0);
    for (int lane = 0; lane < LANES; lane += 8)
        _mm512_storeu_si512((u64 *)word + lane, _mm512_i64gather_epi64(rows, &q->forms[lane][w], 8));
#else
    for (int lane = 0; lane < LANES; lane++) (*word)[lane] = q->forms[lane][w];
#endif
}

static void hash_queue(search *z, queue *q, int words) {
    lanes turned[MOST_WORDS], out;
    for (int w = 0; w < words; w++) word_of_each(q, w, &turned[w]);
    siphash_each(turned, words, &q->k0, &q->k1, &out);
    for (int i = 0; i < q->count; i++)
        fingerprinted(z, q->anchors[i], out[i], q->starts[i], q->ends[i], (const u8 *)q->forms[i], q->sizes[i]);
    q->count = 0;
}

/* One form of a candidate at [start, end). `form` is padded with eight readable bytes. */
static inline void offer(search *z, int anchor, u64 start, u64 end, const u8 *form, u64 size) {
    u64 last = size >> 3;
    if (UNLIKELY(last >= MOST_WORDS)) {
        fingerprinted(z, anchor, siphash(form, size, &z->c->keys[anchor]), start, end, form, size);
        return;
    }
    queue *q = &z->queues[last];
    if (q->count == LANES) hash_queue(z, q, (int)last + 1); /* now that its words have long been stored */
    int lane = q->count++;
#if defined(__AVX512BW__)
    _mm512_storeu_si512(q->forms[lane], _mm512_maskz_loadu_epi8(((u64)1 << size) - 1, form));
    ((u8 *)q->forms[lane])[8 * last + 7] = (u8)size; /* its length is not predictable: no loop over its words */
#else
    u64 left = size & 7;
    for (u64 i = 0; i < last; i++) q->forms[lane][i] = load64(form + 8 * i);
    q->forms[lane][last] = (left ? load64(form + 8 * last) & (~(u64)0 >> (64 - 8 * left)) : 0) | size << 56;
#endif
    q->k0[lane] = z->c->keys[anchor].k0;
    q->k1[lane] = z->c->keys[anchor].k1;
    q->starts[lane] = (u32)start;
    q->ends[lane] = (u32)end;
    q->anchors[lane] = (u8)anchor;
    q->sizes[lane] = (u8)size;
}

static inline int counts(const search *z, u64 start) { return start >= z->first && start < z->last; }

/* ---- e-mail addresses ------------------------------------------------------------------------------------- */

enum { LONGEST_LOCAL = 64, LONGEST_DOMAIN = 255, MOST_READINGS = 9 };

/* The end of a top-level label at p, 0 if it is none: letters, or punycode. */
static u64 top_level_end(const u8 *s, u64 limit, u64 p) {
    u64 e = p;
    if (p + 4 < limit && (s[p] | 0x20) == 'x' && (s[p + 1] | 0x20) == 'n' && s[p + 2] == '-' && s[p + 3] == '-') {
        for (e = p + 4; e < limit && e < p + 63 && (is(s[e], ALNUM) || s[e] == '-');) e++;
        while (e > p + 4 && e < limit && is(s[e], ALNUM)) e--;
        if (e > p + 4) return e;
        e = p;
    }
    while (e < limit && is(s[e], LETTER)) e++;
    return e - p >= 2 && e - p <= 63 && (e == limit || !is(s[e], ALNUM)) ? e : 0;
}

/* The end of the domain that begins at p, 0 if there is none. */
static u64 domain_end(const u8 *s, u64 limit, u64 p) {
    u64 best = 0;
    for (int labels = 0;; labels++) {
        u64 e = labels ? top_level_end(s, limit, p) : 0;
        if (e) best = e;
        if (labels == 20 || p >= limit || !is(s[p], ALNUM)) return best;
        for (e = p; e < limit && (is(s[e], ALNUM) || s[e] == '-');) e++;
        if (e - p > 63 || e >= limit || s[e] != '.') return best;
        p = e + 1;
    }
}

/* Where the next sentence begins in a domain, as in "x.com.The"; 0 if nowhere. */
static u64 sentence_in(const u8 *s, u64 p, u64 e) {
    int dotted = 0;
    for (u64 i = p; i + 2 < e; i++)
        if (s[i] == '.') {
            if (i > p && s[i - 1] >= 'a' && s[i - 1] <= 'z' && s[i + 1] >= 'A' && s[i + 1] <= 'Z' && s[i + 2] >= 'a' &&
                s[i + 2] <= 'z')
                return dotted ? i : 0;
            dotted = 1;
        }
    return 0;
}

static int has_punycode(const u8 *s, u64 p, u64 e) {
    for (u64 i = p; i + 4 <= e; i++)
        if ((s[i] | 0x20) == 'x' && (s[i + 1] | 0x20) == 'n' && s[i + 2] == '-' && s[i + 3] == '-') return 1;
    return 0;
}

enum { ADDRESS_ROOM = LONGEST_LOCAL + 1 + LONGEST_DOMAIN + 16 };

/* The address in form[0, size), and its base where it differs; local: bytes before the @, plus: before the first +. */
static inline void offer_forms(search *z, u64 start, u64 end, const u8 *form, u64 size, u64 local, u64 plus, int dotted) {
    offer(z, EMAIL, start, end, form, size);
    const u8 *domain = form + local + 1;
    u64 length = size - local - 1;
    int google = (length == 9 && !memcmp(domain, "gmail.com", 9)) || (length == 14 && !memcmp(domain, "googlemail.com", 14));
    if (LIKELY(!plus && !(google && (dotted || length == 14)))) return;
    u8 base[ADDRESS_ROOM];
    u64 to = 0, stop = plus ? plus : local;
    for (u64 i = 0; i < stop; i++)
        if (!google || form[i] != '.') base[to++] = form[i];
    base[to++] = '@';
    if (google) {
        domain = (const u8 *)"gmail.com";
        length = 9;
    }
    memcpy(base + to, domain, length);
    to += length;
    memset(base + to, 0, 8);
    offer(z, EMAIL, start, end, base, to);
}

/* The address with local part [l, at) and domain (at, e). */
static void offer_address(search *z, u64 start, u64 end, u64 l, u64 at, u64 e) {
    u8 form[ADDRESS_ROOM];
    u64 size = 0, plus = 0;
    int dotted = 0;
    for (u64 i = l; i < e; i++) {
        u8 b = lower(z->s[i]);
        if (b == '+' && i < at && !plus) plus = size;
        dotted |= b == '.' && i < at;
        form[size++] = b;
    }
    memset(form + size, 0, 8);
    offer_forms(z, start, end, form, size, at - l, plus, dotted);
}

/* Every reading of the @ at `at`; see docs/adr/0003. */
static void email_at(search *z, u64 at) {
    const u8 *s = z->s;
    u64 l = at, floor = at > LONGEST_LOCAL ? at - LONGEST_LOCAL : 0;
    while (l > floor && is_local(s[l - 1])) l--;
    if (l == at) return;
    u64 limit = z->n - at - 1 > LONGEST_DOMAIN ? at + 1 + LONGEST_DOMAIN : z->n;
    u64 t = at, d = at + 1;
    while (t > l && s[t - 1] < 0x80) t--;
    int wide = t > l;
    while (d < limit && (is(s[d], DOMAIN) || s[d] >= 0x80)) wide |= s[d++] >= 0x80;
    if (z->c->unicode_emails && (wide || has_punycode(s, at + 1, d))) {
        u32 *hard = ADDED(z->r, hard);
        if (hard) *hard = (u32)at;
    }
    u64 e = domain_end(s, limit, at + 1);
    if (!e) return;
    u64 starts[LONGEST_LOCAL], found = 0;
    int fresh = 1, escaped = t > 0 && t < at && s[t - 1] == '\\' && is_nrt(s[t]);
    for (u64 i = t; i < at; i++) {
        if (is(s[i], ALNUM)) {
            if (fresh) starts[found++] = i;
            fresh = escaped && i == t;
        } else if (!is(s[i], SPACED))
            fresh = 1;
    }
    u64 from = found > MOST_READINGS ? found - MOST_READINGS : 0;
    if (from == found || !counts(z, starts[from])) return;
    u64 cut = sentence_in(s, at + 1, e);
    for (u64 i = from; i < found; i++) {
        offer_address(z, starts[from], e, starts[i], at, e);
        if (cut) offer_address(z, starts[from], e, starts[i], at, cut);
    }
}

/* The same as email_at() for most addresses: at most 31 bytes on either side, one reading. Returns 0 where it is
 * not one of these, and nothing has been done. */
#if defined(__SSE4_1__)
static inline int usual_email_at(search *z, u64 at) {
    const u8 *s = z->s;
    if (at < 34 || at + 96 > z->n) return 0;
    block b = block_at(s + at - 32);
    u64 letter = letters_in(b), alnum = letter | within(b, '0', '9'), dot = equal_to(b, '.'), hyphen = equal_to(b, '-');
    u64 pluses = equal_to(b, '+');
    u32 run = (u32)(alnum | dot | hyphen | pluses | equal_to(b, '_')); /* in the 32 bytes before the @ */
    if (!(run >> 31) || run == ~(u32)0) return 0;
    u32 length = (u32)__builtin_clz(~run);
    u8 before = s[at - length - 1], further = s[at - length - 2];
    if (before >= 0x80 || (is(before, LOCAL) && is_local(further)) || (before == '\\' && is_nrt(s[at - length]))) return 0;
    u32 kept = ~(u32)0 << (32 - length), first = (u32)alnum & kept, plus = (u32)pluses & kept;
    if (!first || (plus && (plus & -plus) < (first & -first))) return 0; /* a + first: the slow way finds the next */
    u64 start = at - 32 + (u64)__builtin_ctz(first);
    u32 dots = (u32)dot & kept & ~((first & -first) - 1);

    u32 capital = (u32)(within(b, 'A', 'Z') >> 33); /* and in the 31 behind it */
    letter >>= 33, alnum >>= 33, dot >>= 33, hyphen >>= 33;
    run = (u32)(alnum | dot | hyphen);
    if (!(alnum & 1) || run == ~(u32)0 >> 1) return 0;
    length = (u32)__builtin_ctz(~run);
    kept = ((u32)1 << length) - 1;
    dot &= kept;
    if (s[at + 1 + length] >= 0x80 || !dot) return 0;
    u32 top = 63 - (u32)__builtin_clzll(dot), label = kept & ~(((u32)2 << top) - 1);
    if ((letter & label) != label || length - top < 3) return 0;
    if ((dot << 1 & (dot | hyphen | capital)) || (hyphen & hyphen >> 1 & kept)) return 0;
    if (!counts(z, start)) return 1;

    u8 form[96];
    for (int i = 0; i < 80; i++) form[i] = lower(s[start + i]);
    u64 local = at - start;
    offer_forms(z, start, at + 1 + length, form, local + 1 + length, local, plus ? at - 32 + (u64)__builtin_ctz(plus) - start : 0,
                dots != 0);
    return 1;
}
#else
static inline int usual_email_at(search *z, u64 at) { return (void)z, (void)at, 0; }
#endif

/* ---- what a tile holds -------------------------------------------------------------------------------------- */

/* One bit for each of 64 bytes. */
typedef struct {
    u64 digit, at, gap, alnum;
} masks;

#if defined(__SSE4_1__)
static inline masks masks_of(const u8 *p) {
    block b = block_at(p);
    u64 digit = within(b, '0', '9');
    return (masks){.digit = digit, .at = equal_to(b, '@'), .gap = gaps_among(b), .alnum = digit | letters_in(b)};
}
#else
static inline masks masks_of(const u8 *p) {
    masks m = {0, 0, 0, 0};
    for (int i = 0; i < 64; i++) {
        u8 c = CLASS[p[i]];
        m.digit |= (u64)(c & DIGIT) << i;
        m.at |= (u64)(p[i] == '@') << i;
        m.gap |= (u64)((c & GAP) != 0) << i;
        m.alnum |= (u64)((c & ALNUM) != 0) << i;
    }
    return m;
}
#endif

/* The text is taken in tiles, a tile in steps, each over everything of one sort: steps of one sort are predictable,
 * a mixture of them is not. */
enum { AHEAD = 2048 }; /* bytes sent for before they are looked at: a third quicker in prose than without */
enum { TILE = 1024, LONGEST_CHAIN = 64, PAST = LONGEST_CHAIN / 2, MOST_IN_TILE = PAST + TILE + 16 };

typedef struct {
    u64 from;                /* where the tile begins */
    u64 links[TILE / 64];    /* bit for each byte: a digit there is linked to a group of digits before it */
    u32 n_starts, n_ends;    /* of groups of digits in the tile; before them the latest PAST, all that a chain can have */
    u32 starts[MOST_IN_TILE], ends[MOST_IN_TILE];
    u8 linked[MOST_IN_TILE]; /* whether one to three bytes of a gap are between a group and the one before it */
    u32 n_ats, ats[MOST_IN_TILE];
    u32 n_words, words[MOST_IN_TILE]; /* where letters and digits begin */
    masks before;                     /* of the 64 bytes before */
} tile;

/* Append the places of bits; up to 15 more places behind them are overwritten. */
static inline u32 places_of(u64 bits, u64 base, u32 *out) {
    u32 count = (u32)__builtin_popcountll(bits), i = 0;
#if defined(__AVX512VBMI2__)
    const __m512i all = _mm512_set_epi64(0x3f3e3d3c3b3a3938, 0x3736353433323130, 0x2f2e2d2c2b2a2928, 0x2726252423222120,
                                         0x1f1e1d1c1b1a1918, 0x1716151413121110, 0x0f0e0d0c0b0a0908, 0x0706050403020100);
    __m512i chosen = _mm512_maskz_compress_epi8(bits, all);
    __m512i first = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(chosen));
    _mm512_storeu_si512(out, _mm512_add_epi32(first, _mm512_set1_epi32((int)base)));
    if (LIKELY(count <= 16)) return count;
    u8 places[64];
    _mm512_storeu_si512(places, chosen);
    for (i = 16; i < count; i++) out[i] = (u32)base + places[i];
#else
    for (; i < 4; i++, bits &= bits - 1) out[i] = (u32)base + (u32)__builtin_ctzll(bits | (u64)1 << 63);
    for (; UNLIKELY(i < count); i++, bits &= bits - 1) out[i] = (u32)base + (u32)__builtin_ctzll(bits);
#endif
    return count;
}

/* What stands `by` bytes before. */
#define BEFORE(mask, by) (m.mask << (by) | w->before.mask >> (64 - (by)))

/* Find what begins and ends in text[i, i + TILE). */
static void survey(const u8 *s, u64 n, tile *w, u64 i, u64 stop, int words) {
    memmove(w->starts, w->starts + w->n_ends, (PAST + 1) * sizeof *w->starts); /* with a group that goes on */
    memmove(w->ends, w->ends + w->n_ends, PAST * sizeof *w->ends);
    memmove(w->linked, w->linked + w->n_ends, (PAST + 1) * sizeof *w->linked);
    u32 begun = w->n_starts -= w->n_ends, ended = 0;
    u32 *starts = w->starts + PAST, *ends = w->ends + PAST;
    w->n_ats = w->n_words = 0;
    w->from = i;
    for (u64 end = i + TILE < stop ? i + TILE : stop; i < end; i += 64) {
        u8 rest[64];
        const u8 *bytes = s + i;
        if (UNLIKELY(i + 64 > n)) {
            memset(rest, 0, sizeof rest);
            bytes = memcpy(rest, s + i, n - i);
        }
        __builtin_prefetch((const void *)((uintptr_t)s + i + AHEAD)); /* which harms nothing behind the text */
        masks m = masks_of(bytes);
        u64 before = BEFORE(digit, 1);
        w->links[(i - w->from) / 64] =
            BEFORE(gap, 1) & (BEFORE(digit, 2) | (BEFORE(gap, 2) & (BEFORE(digit, 3) | (BEFORE(gap, 3) & BEFORE(digit, 4)))));
        w->n_starts += places_of(m.digit & ~before, i, starts + w->n_starts);
        ended += places_of(~m.digit & before, i, ends + ended);
        if (m.at) w->n_ats += places_of(m.at, i, w->ats + w->n_ats);
        if (words) w->n_words += places_of(m.alnum & ~BEFORE(alnum, 1), i, w->words + w->n_words);
        w->before = m;
    }
    w->n_ends = ended;
    for (u32 k = begun; k < w->n_starts; k++) {
        u64 place = starts[k] - w->from;
        w->linked[PAST + k] = w->links[place / 64] >> (place % 64) & 1;
    }
}
#undef BEFORE

/* ---- groups of digits ------------------------------------------------------------------------------------- */

enum { LONGEST_GROUP = 18, MOST_GROUPS = 6, IN_PARTS = 32 };

static inline int opens(const u8 *s, u64 p) {
    return p == 0 || !is(s[p - 1], GLUE) || (p >= 2 && s[p - 2] == '\\' && is_nrt(s[p - 1]));
}

static inline int closes(const u8 *s, u64 n, u64 e) { return e == n || !is(s[e], GLUE) || (s[e] | 0x20) == 'x'; }

/* Where the group before the one at p ends, if a gap of one to three bytes links them; else 0. */
static inline u64 linked_before(const u8 *s, u64 p) {
    u64 b = p;
    while (b > 0 && p - b < 3 && is(s[b - 1], GAP)) b--;
    return b > 0 && b < p && is(s[b - 1], DIGIT) ? b : 0;
}

static inline u64 group_start(const u8 *s, u64 e, u64 most) {
    u64 p = e;
    while (p > 0 && e - p <= most && is(s[p - 1], DIGIT)) p--;
    return p;
}

/* Whether digits are a country's calling code. */
static int calling_code(const config *c, const u8 *digits, u64 size) {
    static const u32 base[4] = {0, 0, 10, 110};
    u32 value = 0;
    if (size < 1 || size > 3) return 0;
    for (u64 i = 0; i < size; i++) value = value * 10 + (digits[i] - '0');
    return c->calling_codes[base[size] + value];
}

/* … with or without the trunk's zero behind it. */
static int calls_abroad(const config *c, const u8 *digits, u64 size) {
    return calling_code(c, digits, size) || (size && digits[size - 1] == '0' && calling_code(c, digits, size - 1));
}

/* Whether a national number may have these digits before it, in its own group. */
static int prefix_allowed(const search *z, const u8 *digits, u64 size, u64 start) {
    const config *c = z->c;
    if (!size) return 1;
    u64 b = start;
    while (b > 0 && start - b < 2 && (z->s[b - 1] == ' ' || z->s[b - 1] == '(')) b--;
    int plus = b > 0 && z->s[b - 1] == '+';
    u64 zeros = size >= 2 && !memcmp(digits, "00", 2) ? 2 : size >= 3 && !memcmp(digits, "011", 3) ? 3 : 0;
    if ((plus && calls_abroad(c, digits, size)) || (zeros && calls_abroad(c, digits + zeros, size - zeros))) return 1;
    if (size > 7) return 0;
    u32 value = 0;
    for (u64 i = 0; i < size; i++) value = value * 10 + (digits[i] - '0');
    for (u64 i = 0; i < c->n_local_prefixes; i++)
        if (c->local_prefixes[i] == (value << 3 | (u32)size)) return 1;
    return 0;
}

/* Digits put before those that stand at `end`. */
static inline void put_before(u8 *end, const u8 *s, u64 p, u64 stop) {
    if (LIKELY(stop >= IN_PARTS)) { /* more than there are: what is before the digits is overwritten later */
        memcpy(end - IN_PARTS / 2, s + stop - IN_PARTS / 2, IN_PARTS / 2);
        if (UNLIKELY(stop - p > IN_PARTS / 2)) memcpy(end - IN_PARTS, s + stop - IN_PARTS, IN_PARTS / 2);
    } else
        memcpy(end - (stop - p), s + p, stop - p);
}

/* The numbers that end with a group of the tile: for each length in use the last digits of as few groups as hold
 * them. A "(0)" is passed over. The walk back ends within PAST groups: each takes two bytes of the chain at least. */
static void phones_ending(search *z, const tile *w, u32 group) {
    const u8 *s = z->s;
    u8 room[LONGEST_CHAIN + IN_PARTS + 32], *end = room + LONGEST_CHAIN + IN_PARTS; /* the last digits first */
    u64 lengths = z->c->phone_lengths | 1 << 9, size = 0, e = w->ends[group];
    if (!closes(s, z->n, e)) return;
    memset(end, 0, 32);
    for (u32 groups = 0;; group--) {
        u64 p = w->starts[group], stop = w->ends[group], g = stop - p;
        if (g > LONGEST_GROUP || e - p > LONGEST_CHAIN) return;
        if (UNLIKELY(g == 1 && s[p] == '0' && p > 0 && s[p - 1] == '(' && stop < z->n && s[stop] == ')')) {
            if (!groups) return;
        } else {
            groups++;
            put_before(end - size, s, p, stop);
            size += g;
            if (size > LONGEST_GROUP) return;
            for (u64 held = lengths & (((u64)2 << size) - 1); held; held &= held - 1) {
                u64 length = (u64)__builtin_ctzll(held);
                if (!counts(z, p) || !opens(s, p)) continue;
                if (length < 9 && !prefix_allowed(z, end - size, size - length, p)) continue;
                u8 form[24] = {length < 9 ? 'n' : '~'};
                memcpy(form + 1, end - length, 16);
                offer(z, PHONE, p, e, form, length + 1);
            }
            lengths &= ~(((u64)2 << size) - 1);
            if (!lengths || groups == MOST_GROUPS) return;
        }
        if (!w->linked[group]) return;
    }
}

static int luhn(const u8 *digits, u64 size) {
    static const u8 doubled[10] = {0, 2, 4, 6, 8, 1, 3, 5, 7, 9};
    u32 sum = 0;
    for (u64 i = 0; i < size; i++) {
        u8 value = digits[size - 1 - i] - '0';
        sum += i & 1 ? doubled[value] : value;
    }
    return sum % 10 == 0;
}

/* Payment cards that end with the group [p, e): 13 to 19 digits in at most five groups. */
static void cards_ending(search *z, u64 p, u64 e) {
    const u8 *s = z->s;
    u8 digits[32];
    u64 size = 0;
    if (!closes(s, z->n, e)) return;
    for (u64 groups = 1, end = e;; groups++) {
        u64 g = end - p;
        if (size + g > 19 || e - p > LONGEST_CHAIN) return;
        memmove(digits + g, digits, size);
        memcpy(digits, s + p, g);
        size += g;
        if (size >= 13 && digits[0] != '0' && counts(z, p) && opens(s, p) && luhn(digits, size)) {
            memset(digits + size, 0, 8);
            offer(z, CARD, p, e, digits, size);
        }
        if (groups == 5 || !(end = linked_before(s, p))) return;
        p = group_start(s, end, 19);
    }
}

/* ---- codes ------------------------------------------------------------------------------------------------ */

/* A word begins at p: nothing alphanumeric before it, or the letter of an escaped line break or tab. */
static inline int borders(const u8 *s, u64 p) {
    return p == 0 || !is(s[p - 1], ALNUM) || (p >= 2 && s[p - 2] == '\\' && is_nrt(s[p - 1]));
}

static void iban_at(search *z, u64 p) {
    const u8 *s = z->s;
    u64 start = p;
    if (p + 2 > z->n || !is(s[p + 1], DIGIT)) return;
    if (start > 0 && s[start - 1] == ' ') start--;
    if (start < 2 || !is(s[start - 1], LETTER) || !is(s[start - 2], LETTER)) return;
    start -= 2;
    if (!counts(z, start) || !borders(s, start)) return;
    u8 compact[48];
    u64 length = z->c->iban_lengths[(upper(s[start]) - 'A') * 26 + (upper(s[start + 1]) - 'A')], size = 0, i = start;
    if (!length) return;
    for (;;) {
        if (i >= z->n || !is(s[i], ALNUM)) return;
        compact[size++] = upper(s[i++]);
        if (size == length) break;
        for (int between = 0; between < 2 && i < z->n; between++) {
            if (s[i] == ' ' || s[i] == '.' || s[i] == '-')
                i++;
            else if (s[i] == 0xc2 && i + 1 < z->n && s[i + 1] == 0xa0)
                i += 2;
            else
                break;
        }
    }
    if ((i < z->n && is(s[i], ALNUM)) || !is(compact[2], DIGIT) || !is(compact[3], DIGIT)) return;
    u32 rest = 0; /* ISO 7064, mod 97-10 */
    for (u64 j = 0; j < length; j++) {
        u8 b = compact[(j + 4) % length];
        rest = is(b, DIGIT) ? (rest * 10 + (b - '0')) % 97 : (rest * 100 + (b - 'A' + 10)) % 97;
    }
    if (rest != 1) return;
    memset(compact + size, 0, 8);
    offer(z, IBAN, start, i, compact, size);
}

enum { LONGEST_CODE = 96, COVERED = 8 }; /* learnt shapes have at most 64 letters and digits */

typedef struct {
    u64 ends[COVERED]; /* of the latest candidates that a shape with an optional literal accepted whole */
    u64 count;
} covered;

static int is_covered(const covered *v, u64 end) {
    for (u64 i = 0; i < COVERED && i < v->count; i++)
        if (v->ends[i] == end) return 1;
    return 0;
}

#define NOWHERE (~(u64)0)

enum { RUNS = 32, LONGEST_RUN = 16 };

typedef struct { /* where an automaton's row leads by so many digits: all digits are of one class */
    u32 row, digits, to;
} run;

typedef struct { /* what is remembered of one automaton */
    covered covers;
    run runs[RUNS];
} memory;

/* The row behind so many digits: one look instead of a chain of them, as most codes have equally many. */
static inline u64 row_behind(memory *m, const automaton *a, u64 row, u64 digits) {
    run *known = &m->runs[((u32)row * 5 + (u32)digits) % RUNS];
    if (LIKELY(known->row == row && known->digits == digits)) return known->to;
    u64 to = row;
    for (u64 i = 0; i < digits; i++) to = a->rows[to + a->classes['0']];
    *known = (run){(u32)row, (u32)digits, (u32)to};
    return to;
}

/* Every code that begins at `start`. The digits [p, e), if they stand in it, are passed over at once. */
static void codes_from(search *z, u64 which, memory *m, u64 start, u64 p, u64 e) {
    const automaton *a = &z->c->codes[which];
    const u8 *s = z->s, *classes = a->classes;
    const u32 *rows = a->rows;
    const u64 n = z->n, width = a->width;
    u8 compact[LONGEST_CODE + LONGEST_RUN];
    u64 row = width, size = 0, covering = 0, now[COVERED];
    for (u64 i = start; i < n; i++) {
        if (i == p) {
            row = row_behind(m, a, row, e - p);
            if (!row || size + (e - p) > LONGEST_CODE) break;
            memcpy(compact + size, s + p, LONGEST_RUN);
            size += e - p;
            i = e - 1;
        } else {
            row = rows[row + classes[s[i]]];
            if (!row) break;
            if (!is(s[i], ALNUM)) continue;
            if (size == LONGEST_CODE) break;
            compact[size++] = upper(s[i]);
        }
        if ((i + 1 < n && is(s[i + 1], ALNUM)) || !rows[row + width - 1]) continue;
        const ending *found = &a->endings[rows[row + width - 1]];
        if (found->covers && covering < COVERED) now[covering++] = i + 1;
        if (!counts(z, start) || size < 5) continue;
        memset(compact + size, 0, 8);
        if (found->whole) offer(z, (int)(CODES + which), start, i + 1, compact, size);
        if (!found->count || is_covered(&m->covers, i + 1)) continue;
        for (int j = 0; j < found->count; j++) {
            u8 form[LONGEST_LITERAL + LONGEST_CODE + 16];
            memcpy(form, found->literal[j], found->size[j]);
            memcpy(form + found->size[j], compact, size + 8);
            offer(z, (int)(CODES + which), start, i + 1, form, found->size[j] + size);
        }
    }
    covered *v = &m->covers;
    for (u64 i = 0; i < covering; i++) v->ends[v->count++ % COVERED] = now[i];
}

/* The codes whose first digits are the group [p, e): with up to `back` runs of letters before it. */
static void codes_round(search *z, u64 which, memory *m, u64 p, u64 e) {
    const automaton *a = &z->c->codes[which];
    const u8 *s = z->s;
    u64 g = e - p;
    if (!(a->first_digits >> (g < 31 ? g : 31) & 1)) return;
    u64 starts[32], at = p;
    int count = 0;
    if (borders(s, p)) starts[count++] = p;
    for (int64_t run = 0; run < a->back && count < 30; run++) {
        u64 b = at;
        for (int gap = 0; gap < 3 && b > 0; gap++) {
            if (is(s[b - 1], BETWEEN))
                b--;
            else if (b > 1 && s[b - 1] == 0xa0 && s[b - 2] == 0xc2)
                b -= 2;
            else
                break;
        }
        u64 l = b;
        while (l > 0 && b - l < LONGEST_CODE && is(s[l - 1], LETTER)) l--;
        if (l == b || (run && b == at)) break;
        if (l + 1 < b && l > 0 && s[l - 1] == '\\' && is_nrt(s[l])) starts[count++] = l + 1;
        if (borders(s, l)) starts[count++] = l;
        at = l;
    }
    u64 known = g <= LONGEST_RUN && p + LONGEST_RUN <= z->n ? p : NOWHERE;
    while (count) codes_from(z, which, m, starts[--count], known, e);
}

/* ---- the walk over the text -------------------------------------------------------------------------------- */

typedef struct {
    memory known[MOST_AUTOMATA];
    u32 fewest;       /* digits that a phone number has, 0 where none is searched */
    u64 first_digits; /* lengths of groups that any automaton begins with */
    u64 chain;        /* digits linked up to the group before */
    u32 chosen[MOST_IN_TILE];
    tile tile;
} walk;

/* The groups of the tile that may end a phone number: enough digits are linked up to them. */
static void phones_in(search *z, walk *w) {
    u32 count = 0, end = PAST + w->tile.n_ends;
    u64 chain = w->chain;
    for (u32 i = PAST; i < end; i++) {
        chain = (w->tile.linked[i] ? chain : 0) + (w->tile.ends[i] - w->tile.starts[i]);
        w->chosen[count] = i;
        count += chain >= w->fewest;
    }
    w->chain = chain;
    for (u32 i = 0; i < count; i++) phones_ending(z, &w->tile, w->chosen[i]);
}

static void codes_in(search *z, walk *w) {
    const u32 *starts = w->tile.starts, *ends = w->tile.ends;
    u32 count = 0, end = PAST + w->tile.n_ends;
    for (u32 i = PAST; i < end; i++) {
        u32 size = ends[i] - starts[i];
        w->chosen[count] = i;
        count += w->first_digits >> (size < 31 ? size : 31) & 1;
    }
    for (u64 a = 0; a < z->c->automata; a++)
        if (z->c->codes[a].back >= 0)
            for (u32 i = 0; i < count; i++) codes_round(z, a, &w->known[a], starts[w->chosen[i]], ends[w->chosen[i]]);
}

static void words_in(search *z, walk *w) {
    const u8 *s = z->s;
    for (u64 a = 0; a < z->c->automata; a++) {
        if (z->c->codes[a].back >= 0) continue;
        for (u32 i = 0; i < w->tile.n_words; i++) {
            u64 p = w->tile.words[i];
            codes_from(z, a, &w->known[a], p, NOWHERE, 0);
            if (p > 0 && s[p - 1] == '\\' && is_nrt(s[p]) && p + 1 < z->n && is(s[p + 1], ALNUM))
                codes_from(z, a, &w->known[a], p + 1, NOWHERE, 0);
        }
    }
}

static inline int in_order(const hit *a, const hit *b) { return a->start != b->start ? a->start < b->start : a->end <= b->end; }

static int hit_order(const void *a, const void *b) { return in_order(a, b) ? in_order(b, a) - 1 : 1; }

static int number_order(const void *a, const void *b) {
    u64 x = *(const u64 *)a, y = *(const u64 *)b;
    return (x > y) - (x < y);
}

/* Sort what is nearly in order by moving each to its place; where many have to move far, another way is quicker. */
#define SORT(type, items, count, ORDERED, compare)                                                                     \
    for (u64 i = 1, moves = 0; i < (count); i++) {                                                                     \
        if (LIKELY(ORDERED(&(items)[i - 1], &(items)[i]))) continue;                                                   \
        type moved = (items)[i];                                                                                       \
        u64 j = i;                                                                                                     \
        for (; j > 0 && !ORDERED(&(items)[j - 1], &moved); j--) (items)[j] = (items)[j - 1];                           \
        (items)[j] = moved;                                                                                            \
        if ((moves += i - j) > 64 * (count)) {                                                                         \
            qsort(items, count, sizeof *(items), compare);                                                             \
            break;                                                                                                     \
        }                                                                                                              \
    }

/* Sort the hits by their places: first numbers that stand for them, which are lighter to move. */
static void sort_hits(results *r) {
    u64 count = r->n_hits, ordered = 1;
    while (ordered < count && in_order(&r->hits[ordered - 1], &r->hits[ordered])) ordered++;
    if (ordered >= count) return;
    while (r->room_order < count && grow((void **)&r->order, &r->room_order, sizeof *r->order)) {}
    while (r->room_spare < count && grow((void **)&r->spare, &r->room_spare, sizeof *r->spare)) {}
    if (r->room_order < count || r->room_spare < count) {
        r->failed = 1;
        return;
    }
    for (u64 i = 0; i < count; i++) r->order[i] = (u64)r->hits[i].start << 32 | i;
#define ASCENDING(a, b) (*(a) <= *(b))
    SORT(u64, r->order, count, ASCENDING, number_order)
#undef ASCENDING
    for (u64 i = 0; i < count; i++) r->spare[i] = r->hits[(u32)r->order[i]];
    SORT(hit, r->spare, count, in_order, hit_order)
    hit *hits = r->hits;
    u64 room = r->room_hits;
    r->hits = r->spare, r->room_hits = r->room_spare;
    r->spare = hits, r->room_spare = room;
}

/* All candidates that begin in text[first, last) and what they hit. Returns 0, or -1 if memory ran out. */
int ts_scan(const config *c, const u8 *text, u64 n, u64 first, u64 last, int all, results *r) {
    search z;
    z.c = c, z.r = r, z.s = text, z.n = n, z.first = first, z.last = last, z.all = all;
    z.batched = 0;
    memset(z.queues, 0, sizeof z.queues);
    walk w;
    memset(&w, 0, sizeof w);
    tile *t = &w.tile;
    u64 searched = c->searched, begin = first > 512 ? first - 512 : 0, stop = last + 512 < n ? last + 512 : n;
    int words = 0;
    for (u64 a = 0; a < c->automata; a++) {
        words |= c->codes[a].back < 0;
        w.first_digits |= c->codes[a].back >= 0 ? c->codes[a].first_digits : 0;
    }
    if (searched >> PHONE & 1) w.fewest = c->phone_lengths ? (u32)__builtin_ctzll(c->phone_lengths) : 9;
    for (u64 i = begin; i < stop; i += TILE) {
        survey(text, n, t, i, stop, words);
        if (i + TILE >= stop && t->n_starts > t->n_ends) { /* a group of digits that goes on to the end */
            u64 e = t->starts[PAST + t->n_starts - 1];
            while (e < n && is(text[e], DIGIT)) e++;
            t->ends[PAST + t->n_ends++] = (u32)e;
        }
        const u32 *starts = t->starts + PAST, *ends = t->ends + PAST;
        if (w.fewest) phones_in(&z, &w);
        if (w.first_digits) codes_in(&z, &w);
        if (words) words_in(&z, &w);
        for (u32 j = 0; (searched >> CARD & 1) && j < t->n_ends; j++) cards_ending(&z, starts[j], ends[j]);
        for (u32 j = 0; (searched >> IBAN & 1) && j < t->n_ends; j++) iban_at(&z, starts[j]);
        for (u32 j = 0; (searched >> EMAIL & 1) && j < t->n_ats; j++)
            if (!usual_email_at(&z, t->ats[j])) email_at(&z, t->ats[j]);
    }
    for (int i = 0; i < MOST_WORDS; i++)
        if (z.queues[i].count) hash_queue(&z, &z.queues[i], i + 1);
    flush(&z);
    for (int anchor = 0; anchor < ANCHORS; anchor++)
        if (r->n_samples[anchor]) thin(r, anchor);
    return r->failed ? -1 : 0;
}

/* Forms that Python found at places of its own: looked up like any other. */
int ts_offer(const config *c, int anchor, const u64 *fingerprints, const u32 *starts, const u32 *ends, u64 count,
             results *r) {
    search z;
    z.c = c, z.r = r, z.batched = 0;
    for (u64 i = 0; i < count; i++) look_up(&z, anchor, fingerprints[i], starts[i], ends[i]);
    flush(&z);
    return r->failed ? -1 : 0;
}

/* ---- tokens ------------------------------------------------------------------------------------------------ */

enum { LONGEST_SOURCE = 64, LONGEST_TOKEN = 32, LONGEST_NOTHING = 16, CONTEXT = 96, REACH = 200, BESIDE = 96, REGION = 8192, NAME_REACH = 4 };

typedef struct {
    u32 start, end;
    u8 word, size;
    u8 text[LONGEST_TOKEN + 8]; /* zeros behind the text */
} token;

typedef struct { /* a form of two tokens or one, that confirms by the top half of its hash */
    u32 first, last; /* where its first and its last token begin */
    u32 slot;
} form;

typedef struct {
    u64 begin, end;
} span;

typedef struct {
    span *addresses; /* in the region, in order */
    u64 n_addresses, room_addresses;
    token *tokens;
    u64 n_tokens, room_tokens;
    form *forms;
    u64 n_forms, room_forms;
    u64 *words; /* hash, hash of the initial: of each word for names */
    u32 *places;
    u64 n_words, room_words;
    u64 failed;
    int page; /* of the foldings that is needed and not there, -1 for none */
} region;

enum { OUTSIDE, IN_WORD, IN_NUMBER };

typedef struct {
    region *g;
    u32 keep_from, keep_to; /* tokens that begin in here are kept */
    u64 address;            /* the first in the region that may still hold a token's beginning */
    int numbers;            /* whether numbers are wanted */
    int state;
    int joint;   /* after a letter: 1 backslash, 2 one apostrophe, 3 two */
    u8 pair;     /* the letter directly before, where it can still swallow the next one */
    u32 nothing; /* bytes of characters that fold to nothing, since the last that folds to something */
    u32 start, end;
    u32 size;          /* of the text, dropped letters left out; may go beyond what is stored */
    u8 text[LONGEST_SOURCE];
} tokeniser;

/* Whether a place is inside something like an address; places are asked for in order. */
static int in_address(tokeniser *k, u64 place) {
    const region *g = k->g;
    while (k->address < g->n_addresses && g->addresses[k->address].end <= place) k->address++;
    return k->address < g->n_addresses && g->addresses[k->address].begin <= place;
}

/* Keep a token if it is one of those wanted. `text` has LONGEST_SOURCE readable bytes. */
static inline void keep_token(tokeniser *k, int word, u32 start, u32 end, const u8 *text, u32 size) {
    if (start < k->keep_from || start >= k->keep_to || in_address(k, start)) return;
    if (end - start > LONGEST_SOURCE || size > LONGEST_SOURCE) return;
    if (word && size >= 7 && !memcmp(text + size - 7, "strasse", 7)) size -= 4;
    if (size > LONGEST_TOKEN) return;
    token *t = ADDED(k->g, tokens);
    if (!t) return;
    t->start = start;
    t->end = end;
    t->word = (u8)word;
    t->size = (u8)size;
    for (u32 i = 0; i < LONGEST_TOKEN; i++) t->text[i] = i < size ? text[i] : 0;
    memset(t->text + LONGEST_TOKEN, 0, sizeof t->text - LONGEST_TOKEN);
}

static void end_token(tokeniser *k) {
    int state = k->state;
    k->state = OUTSIDE;
    k->joint = 0;
    if (state != OUTSIDE) keep_token(k, state == IN_WORD, k->start, k->end, k->text, k->size);
}

static inline void begin_token(tokeniser *k, int state, u8 c, u32 start, u32 end) {
    k->state = state;
    k->joint = 0;
    k->start = start;
    k->end = end;
    k->size = 1;
    k->pair = k->text[0] = c;
}

static inline void add_character(tokeniser *k, u8 c) {
    if (k->size < LONGEST_SOURCE) k->text[k->size] = c;
    k->size++;
}

/* One folded character, whose source is text[start, end). */
static void folded(tokeniser *k, u8 c, u32 start, u32 end) {
    k->nothing = 0;
    if (c >= 'a' && c <= 'z') {
        if (k->state != IN_WORD || k->joint == 1) { /* a backslash alone is no joint */
            end_token(k);
            begin_token(k, IN_WORD, c, start, end);
            return;
        }
        k->joint = 0;
        k->end = end;
        int swallowed = (c == 'e' && (k->pair == 'a' || k->pair == 'o' || k->pair == 'u')) || (c == 'a' && k->pair == 'a');
        k->pair = swallowed ? 0 : c;
        if (!swallowed) add_character(k, c);
    } else if (is(c, DIGIT)) {
        if (k->state != IN_NUMBER) {
            end_token(k);
            begin_token(k, IN_NUMBER, c, start, end);
            return;
        }
        k->end = end;
        add_character(k, c);
    } else if (k->state == IN_WORD && c == '\\' && !k->joint)
        k->joint = 1;
    else if (k->state == IN_WORD && c == '\'' && k->joint < 3)
        k->joint = k->joint < 2 ? 2 : 3;
    else
        end_token(k);
}

/* The folding of a code point below U+10000: a page is 257 offsets (u16) and then the texts. */
static int fold(tokeniser *k, const config *c, u32 code, u32 start, u32 end) {
    const u8 *page = c->pages[code >> 8];
    if (!page) {
        k->g->page = (int)(code >> 8);
        return 0;
    }
    u16 from, to;
    memcpy(&from, page + 2 * (code & 255), 2);
    memcpy(&to, page + 2 * (code & 255) + 2, 2);
    if (from == to && (k->nothing += end - start) > LONGEST_NOTHING) end_token(k);
    for (; from < to; from++) folded(k, page[514 + from], start, end);
    return 1;
}

/* The bytes of the valid UTF-8 character at s[i], with its code point; 0 if there is none. */
static u32 character(const u8 *s, u64 n, u64 i, u32 *code) {
    u8 b = s[i];
    u32 size = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2, value = b >= 0xf0 ? b & 7 : b >= 0xe0 ? b & 15 : b & 31;
    if (b < 0xc2 || b > 0xf4 || i + size > n) return 0;
    for (u32 j = 1; j < size; j++) {
        if ((s[i + j] & 0xc0) != 0x80) return 0;
        value = value << 6 | (s[i + j] & 63);
    }
    if ((size == 3 && (value < 0x800 || (value >= 0xd800 && value < 0xe000))) ||
        (size == 4 && (value < 0x10000 || value > 0x10ffff)))
        return 0;
    *code = value;
    return size;
}

static int hexadecimal(const u8 *p, u32 *value) {
    *value = 0;
    for (int i = 0; i < 4; i++) {
        u8 c = lower(p[i]);
        if (!is(c, DIGIT) && (c < 'a' || c > 'f')) return 0;
        *value = *value << 4 | (u32)(is(c, DIGIT) ? c - '0' : c - 'a' + 10);
    }
    return 1;
}

/* Everything like an address that reaches into text[lo, hi): it is passed over. */
static void find_addresses(region *g, const u8 *s, u64 n, u64 lo, u64 hi) {
    u64 i = lo > LONGEST_DOMAIN ? lo - LONGEST_DOMAIN - 1 : 0, stop = hi + LONGEST_LOCAL + 1 < n ? hi + LONGEST_LOCAL + 1 : n;
    g->n_addresses = 0;
    for (const u8 *found; i < stop && (found = memchr(s + i, '@', stop - i));) {
        u64 at = (u64)(found - s), b = at, e = at + 1, floor = at > LONGEST_LOCAL ? at - LONGEST_LOCAL : 0;
        u64 limit = n - at - 1 > LONGEST_DOMAIN ? at + 1 + LONGEST_DOMAIN : n;
        while (b > floor && is_local(s[b - 1])) b--;
        while (e < limit && (is(s[e], DOMAIN) || s[e] >= 0x80)) e++;
        i = at + 1;
        if (b == at || e == at + 1) continue;
        span *one = ADDED(g, addresses);
        if (one) *one = (span){.begin = b, .end = e};
    }
}

/* The end of an address that begins at i, if nothing that follows it can belong to a token that begins in it. */
static inline u64 past_address(const region *g, const u8 *s, u64 n, u64 i, u64 *next) {
    while (*next < g->n_addresses && g->addresses[*next].begin < i) ++*next;
    if (*next == g->n_addresses || g->addresses[*next].begin != i || (i && s[i - 1] == '\\')) return 0;
    u64 e = g->addresses[*next].end;
    return e < n && !is(s[e], ALNUM) && s[e] < 0x80 && s[e] != '\'' && s[e] != '\\' && s[e] != '@' ? e : 0;
}

/* Whether a byte divides tokens whatever stands round it. */
static inline int divides(u8 byte) { return byte < 0x80 && !is(byte, ALNUM) && byte != '\\' && byte != '\''; }

#if defined(__SSE4_1__)
/* The words among the 64 bytes from i on that are ASCII letters and nothing else, up to the first place that needs
 * to be looked at more closely or ends the text; outside of any token. Returns that place. */
static u64 usual_words(tokeniser *k, const u8 *s, u64 n, u64 i, u64 stop, u64 *next) {
    block b = block_at(s + i);
    u64 letter = letters_in(b), backslash = equal_to(b, '\\'), other = backslash | within(b, (char)0x80, (char)0xff);
    u64 e = equal_to_either(b, 'e'), a = equal_to_either(b, 'a');
    u64 swallowed = (e & (a | equal_to_either(b, 'o') | equal_to_either(b, 'u')) << 1) | (a & a << 1);
    u64 open = other | equal_to(b, '\''); /* behind a word: it may go on */
    if (k->numbers) other |= within(b, '0', '9');
    for (u64 left = letter | other; left;) {
        u64 at = (u64)__builtin_ctzll(left), start = i + at, past;
        if (start >= stop || !(letter >> at & 1)) return start;
        if ((past = past_address(k->g, s, n, start, next))) {
            if (past - i >= 64) return past;
            left &= ~(u64)0 << (past - i);
            continue;
        }
        u64 size = (u64)__builtin_ctzll(~(letter >> at) | (u64)1 << 63);
        u64 whole = (((u64)1 << size) - 1) << at;
        if (at + size >= 64 || size > LONGEST_TOKEN || (swallowed & whole) || (open >> (at + size) & 1)) return start;
        u8 text[LONGEST_SOURCE];
        for (int j = 0; j < LONGEST_TOKEN; j++) text[j] = s[start + (u64)j] | 0x20;
        keep_token(k, 1, (u32)start, (u32)(start + size), text, (u32)size);
        left &= ~whole;
    }
    return i + 64;
}
#endif

/* The tokens that begin in text[lo, hi). Returns 0 if a page of foldings is missing. */
static int tokenise(region *g, const config *c, const u8 *s, u64 n, u64 lo, u64 hi) {
    tokeniser k = {.g = g, .keep_from = (u32)lo, .keep_to = (u32)hi, .numbers = c->confirmed != 1 << NAME};
    u64 i = lo, floor = lo > CONTEXT ? lo - CONTEXT : 0, stop = hi + CONTEXT < n ? hi + CONTEXT : n, next = 0, past;
    while (i > floor && !divides(s[i - 1])) i--;
    find_addresses(g, s, n, lo, hi);
    while (i < stop && (i < hi || k.state != OUTSIDE)) {
#if defined(__SSE4_1__)
        if (k.state == OUTSIDE && i + 64 + LONGEST_TOKEN <= n) {
            u64 from = i;
            i = usual_words(&k, s, n, i, hi, &next);
            if (i >= hi || i >= from + 64) continue;
        }
#endif
        u8 b = s[i];
        u32 code, size;
        if (LIKELY(is(b, LETTER))) {
            if (k.state == OUTSIDE && (past = past_address(g, s, n, i, &next))) {
                i = past;
                continue;
            }
            do folded(&k, lower(s[i]), (u32)i, (u32)i + 1);
            while (++i < stop && is(s[i], LETTER));
        } else if (is(b, DIGIT)) {
            if (k.numbers)
                folded(&k, b, (u32)i, (u32)i + 1), i++;
            else {
                end_token(&k);
                k.nothing = 0;
                while (++i < stop && is(s[i], DIGIT)) {}
            }
        } else if (b == '\\' && i + 6 <= n && s[i + 1] == 'u' && hexadecimal(s + i + 2, &code) &&
                   (code < 0xd800 || code > 0xdfff)) {
            if (!fold(&k, c, code, (u32)i, (u32)i + 6)) return 0;
            i += 6;
        } else if (b == '\\' && i + 2 <= n && is_nrt(s[i + 1]))
            end_token(&k), i += 2;
        else if (b < 0x80)
            folded(&k, b, (u32)i, (u32)i + 1), i++;
        else if ((size = character(s, n, i, &code))) {
            if (code > 0xffff)
                end_token(&k);
            else if (!fold(&k, c, code, (u32)i, (u32)(i + size)))
                return 0;
            i += size;
        } else
            end_token(&k), i++;
    }
    end_token(&k);
    return 1;
}

/* ---- forms that confirm ------------------------------------------------------------------------------------ */

static inline u32 slot_of(u64 hash) {
    u32 top = (u32)(hash >> 32);
    return top ? top : 1;
}

static void add_form(region *g, u32 first, u32 last, u64 hash) {
    form *f = ADDED(g, forms);
    if (f) *f = (form){.first = first, .last = last, .slot = slot_of(hash)};
}

typedef struct { /* words of one length in words of eight bytes that wait to be hashed together */
    lanes words[LONGEST_TOKEN / 8 + 1];
    u64 *hashes[LANES];
    int count;
} word_queue;

static void hash_words(word_queue *q, int words, const key *k) {
    lanes k0 = (lanes){0} + k->k0, k1 = (lanes){0} + k->k1, out;
    siphash_each(q->words, words, &k0, &k1, &out);
    for (int i = 0; i < q->count; i++) *q->hashes[i] = out[i];
    q->count = 0;
}

static void names_of(region *g, const config *c) {
    const key *k = &c->confirming[NAME];
    word_queue queues[LONGEST_TOKEN / 8 + 1];
    memset(queues, 0, sizeof queues);
    g->n_words = 0;
    while (g->room_words < g->n_tokens) {
        u64 room = g->room_words;
        if (!grow((void **)&g->words, &g->room_words, 2 * sizeof *g->words) ||
            !grow((void **)&g->places, &room, sizeof *g->places)) {
            g->failed = 1;
            return;
        }
    }
    for (u64 i = 0; i < g->n_tokens; i++) {
        const token *t = &g->tokens[i];
        if (!t->word) continue;
        u64 *hashes = g->words + 2 * g->n_words;
        g->places[g->n_words++] = t->start << 1 | (t->size >= 3);
        hashes[1] = c->initials[t->size > 1][t->text[0] - 'a'];
        int last = t->size / 8;
        word_queue *q = &queues[last];
        for (int w = 0; w < last; w++) q->words[w][q->count] = load64(t->text + 8 * w);
        q->words[last][q->count] = load64(t->text + 8 * last) | (u64)t->size << 56;
        q->hashes[q->count++] = hashes;
        if (q->count == LANES) hash_words(q, last + 1, k);
    }
    for (int last = 0; last <= LONGEST_TOKEN / 8; last++)
        if (queues[last].count) hash_words(&queues[last], last + 1, k);
}

static u64 number_hash(const token *t, const key *k) {
    u8 digits[LONGEST_TOKEN + 8] = {0};
    u64 zeros = 0;
    while (zeros + 1 < t->size && t->text[zeros] == '0') zeros++;
    memcpy(digits, t->text + zeros, t->size - zeros);
    return siphash(digits, t->size - zeros, k);
}

static void addresses_of(region *g, const config *c) {
    const key *k = &c->confirming[ADDRESS];
    for (u64 i = 0; i < g->n_tokens; i++) {
        const token *t = &g->tokens[i];
        if (t->word || t->size > 5) continue;
        u64 number = number_hash(t, k);
        for (u64 j = i > 5 ? i - 5 : 0; j < g->n_tokens && j <= i + 5; j++) {
            const token *w = &g->tokens[j];
            if (!w->word || w->size < 3) continue;
            const token *first = j < i ? w : t, *last = j < i ? t : w;
            add_form(g, first->start, last->start, number + siphash(w->text, w->size, k));
        }
    }
}

/* A run is tokens without a gap, from g->tokens[i] on: its end, and its text if that is short enough to matter. */
static u64 run_from(const region *g, u64 i, u8 *text, u64 *size, int *digit) {
    for (;; i++) {
        const token *t = &g->tokens[i];
        if (*size + t->size <= 10) memcpy(text + *size, t->text, t->size);
        *size += t->size;
        *digit |= !t->word;
        if (i + 1 == g->n_tokens || g->tokens[i + 1].start != t->end) return i + 1;
    }
}

static void postcodes_of(region *g, const config *c) {
    const key *k = &c->confirming[POSTCODE];
    for (u64 i = 0; i < g->n_tokens;) {
        u8 text[32] = {0};
        u64 size = 0;
        int digit = 0;
        u64 next = run_from(g, i, text, &size, &digit);
        if (size >= 3 && size <= 10 && digit) add_form(g, g->tokens[i].start, g->tokens[next - 1].start, siphash(text, size, k));
        if (size < 10 && next < g->n_tokens && g->tokens[next].start <= g->tokens[next - 1].end + 3) {
            u64 behind = run_from(g, next, text, &size, &digit);
            if (size >= 3 && size <= 10 && digit)
                add_form(g, g->tokens[i].start, g->tokens[behind - 1].start, siphash(text, size, k));
        }
        i = next;
    }
}

static u32 number_at(const token *t, u32 from, u32 size) {
    u32 value = 0;
    for (u32 i = from; i < from + size; i++) value = value * 10 + (t->text[i] - '0');
    return value;
}

static void add_date(region *g, const config *c, u64 first, u64 last, u32 year, u32 month, u32 day) {
    static const u8 days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1900 || year > 2099 || month < 1 || month > 12 || day < 1) return;
    int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (day > days[month - 1] + (u32)(leap && month == 2)) return;
    u8 text[16] = {0};
    u32 value = year * 10000 + month * 100 + day;
    for (int i = 7; i >= 0; i--, value /= 10) text[i] = (u8)('0' + value % 10);
    add_form(g, g->tokens[first].start, g->tokens[last].start, siphash(text, 8, &c->confirming[BIRTH_DATE]));
}

static u32 month_of(const token *t, const config *c) {
    u64 hash = siphash(t->text, t->size, &c->confirming[BIRTH_DATE]), low = 0, high = c->n_months;
    while (low < high) {
        u64 middle = (low + high) / 2;
        if (c->months[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low < c->n_months && c->months[low].hash == hash ? (u32)c->months[low].month : 0;
}

static void dates_by_month(region *g, const config *c, u64 i, u32 month) {
    for (u64 d = i > 3 ? i - 3 : 0; d <= i + 2 && d < g->n_tokens; d++) {
        const token *day = &g->tokens[d];
        if (d == i || day->word || day->size > 2) continue;
        for (u64 y = i + 1; y <= i + 4 && y < g->n_tokens; y++) {
            const token *year = &g->tokens[y];
            if (year->word || year->size != 4) continue;
            add_date(g, c, d < i ? d : i, y > d ? y : d, number_at(year, 0, 4), month, number_at(day, 0, day->size));
        }
    }
}

static int near_tokens(const token *a, const token *b) { return b->start > a->end && b->start - a->end <= 3; }

static void dates_of(region *g, const config *c) {
    for (u64 i = 0; i < g->n_tokens; i++) {
        const token *t = &g->tokens[i];
        u32 month;
        if (t->word) {
            if (t->size >= 3 && (month = month_of(t, c))) dates_by_month(g, c, i, month);
            continue;
        }
        if (t->size == 8) {
            add_date(g, c, i, i, number_at(t, 0, 4), number_at(t, 4, 2), number_at(t, 6, 2));
            add_date(g, c, i, i, number_at(t, 4, 4), number_at(t, 2, 2), number_at(t, 0, 2));
            add_date(g, c, i, i, number_at(t, 4, 4), number_at(t, 0, 2), number_at(t, 2, 2));
        }
        if (i + 2 >= g->n_tokens) continue;
        const token *u = t + 1, *v = t + 2;
        if (u->word || v->word || u->size > 2 || !near_tokens(t, u) || !near_tokens(u, v)) continue;
        u32 a = t->size <= 4 ? number_at(t, 0, t->size) : 0, b = number_at(u, 0, u->size);
        u32 e = v->size <= 4 ? number_at(v, 0, v->size) : 0;
        if (t->size == 4 && v->size <= 2) add_date(g, c, i, i + 2, a, b, e);
        if (t->size > 2 || (v->size != 4 && v->size != 2)) continue;
        for (u32 century = v->size == 4 ? 0 : 1900; century <= 2000; century += 100) {
            add_date(g, c, i, i + 2, century + e, b, a);
            add_date(g, c, i, i + 2, century + e, a, b);
            if (v->size == 4) break;
        }
    }
}

/* ---- confirmation ------------------------------------------------------------------------------------------ */

/* Whether words [a, b) hold a form of a name: a pair in reach or a word by itself, or an initial with a word. */
static int holds_name(const region *g, u64 a, u64 b, int initials, u32 slot) {
    const u64 *w = g->words;
    for (u64 i = a; i < b; i++) {
        if (!initials && (g->places[i] & 1) && slot_of(w[2 * i]) == slot) return 1;
        for (u64 d = 1; d <= NAME_REACH && i + d < b; d++)
            if (slot_of(w[2 * i + initials] + w[2 * (i + d)]) == slot) return 1;
        if (initials && i + 1 < b && slot_of(w[2 * i + 3] + w[2 * i]) == slot) return 1;
    }
    return 0;
}

static int holds_form(const form *forms, u64 a, u64 b, u32 from, u32 to, u32 slot) {
    for (u64 i = a; i < b && forms[i].first < to; i++)
        if (forms[i].slot == slot && forms[i].first >= from && forms[i].last < to) return 1;
    return 0;
}

typedef struct { /* where a window begins and ends among things in order; windows come nearly in order */
    u64 from, to;
} window;

/* Move a place among `count` starts to the first that is not below `value`. */
#define SEEK(place, count, start_of, value)                                                                            \
    do {                                                                                                               \
        while ((place) < (count) && (start_of(place)) < (value)) (place)++;                                            \
        while ((place) > 0 && (start_of((place) - 1)) >= (value)) (place)--;                                           \
    } while (0)

static void confirm_name(const region *g, window *w, hit *h, const u32 *slots, u64 width, u32 from, u32 to) {
#define WORD(i) (g->places[i] >> 1)
    SEEK(w->from, g->n_words, WORD, from);
    SEEK(w->to, g->n_words, WORD, to);
    u64 middle = w->from;
    while (middle < w->to && WORD(middle) < h->start) middle++;
#undef WORD
    u64 a = w->from, b = w->to, near_a = middle > a + 4 ? middle - 4 : a, near_b = middle + 4 < b ? middle + 4 : b;
    for (u64 i = 0; i < width; i++) /* most names stand beside the hit */
        if (slots[i] && (holds_name(g, near_a, near_b, i & 1, slots[i]) || holds_name(g, a, b, i & 1, slots[i]))) {
            h->confirmed[NAME] = (u8)(i + 1);
            return;
        }
}

static void confirm_form(const form *forms, u64 count, window *w, int kind, hit *h, const u32 *slots, u64 width, u32 from,
                         u32 to) {
#define FORM(i) (forms[i].first)
    SEEK(w->from, count, FORM, from);
#undef FORM
    for (u64 i = 0; i < width; i++)
        if (slots[i] && holds_form(forms, w->from, count, from, to, slots[i])) {
            h->confirmed[kind] = (u8)(i + 1);
            return;
        }
}

/* Returns whether a wider reach could tell more of the hit. */
static int confirm_hit(region *g, const config *c, hit *h, const u64 *bounds, window *windows, u32 reach) {
    const table *t = &c->tables[h->table];
    u32 from = h->start > reach ? h->start - reach : 0, to = h->end + reach;
    int open = 0;
    for (int kind = 0; kind < CONFIRMING; kind++) {
        h->confirmed[kind] = 0;
        if (!t->slots[kind] || !(c->confirmed >> kind & 1)) continue;
        const u32 *slots = t->slots[kind] + t->width[kind] * h->number;
        if (kind == NAME)
            confirm_name(g, &windows[kind], h, slots, t->width[kind], from, to);
        else
            confirm_form(g->forms + bounds[kind], bounds[kind + 1] - bounds[kind], &windows[kind], kind, h, slots,
                         t->width[kind], from, to);
        u64 best = 0; /* the lowest slot that there is */
        while (best < t->width[kind] && !slots[best]) best++;
        open |= best < t->width[kind] && h->confirmed[kind] != best + 1;
    }
    return open;
}

static int form_order(const void *a, const void *b) {
    u32 x = ((const form *)a)->first, y = ((const form *)b)->first;
    return (x > y) - (x < y);
}

/* What confirms hits[0, count), which stand close together, within `reach` bytes of each. Returns 0 if a page of
 * foldings is missing, 1 if a wider reach could tell more, 2 if not. */
static int confirm_region(region *g, const config *c, const u8 *s, u64 n, hit *hits, u64 count, u32 reach) {
    u64 beside = c->confirmed >> POSTCODE & 1 ? reach + CONTEXT : reach; /* runs are kept whole */
    u64 lo = hits[0].start > beside ? hits[0].start - beside : 0, hi = 0;
    for (u64 i = 0; i < count; i++)
        if (hits[i].end + beside > hi) hi = hits[i].end + beside;
    if (hi > n) hi = n;
    g->n_tokens = g->n_forms = g->n_words = 0;
    if (!tokenise(g, c, s, n, lo, hi)) return 0;
    u64 bounds[CONFIRMING + 1] = {0};
    if (c->confirmed >> NAME & 1) names_of(g, c);
    for (int kind = ADDRESS; kind < CONFIRMING; kind++) {
        if (c->confirmed >> kind & 1)
            (kind == ADDRESS ? addresses_of : kind == POSTCODE ? postcodes_of : dates_of)(g, c);
        bounds[kind + 1] = g->n_forms;
        if (kind != POSTCODE && bounds[kind + 1] > bounds[kind])
            qsort(g->forms + bounds[kind], bounds[kind + 1] - bounds[kind], sizeof(form), form_order);
    }
    if (g->failed) return 2;
    window windows[CONFIRMING] = {{0, 0}};
    int open = 0;
    for (u64 i = 0; i < count; i++) open |= confirm_hit(g, c, &hits[i], bounds, windows, reach);
    return open ? 1 : 2;
}

/* Sorts the hits by their places and fills in what confirms each.
 * Returns 0, -1 if memory ran out, or 1 + the page of foldings that is needed: give it and call again. */
int ts_confirm(const config *c, const u8 *text, u64 n, results *r) {
    sort_hits(r); /* those that Python added are behind the others */
    if (r->failed) return -1;
    if (!c->confirmed) return 0;
    region g = {.page = -1};
    for (u64 i = 0, next; i < r->n_hits && g.page < 0 && !g.failed; i = next) {
        for (next = i + 1; next < r->n_hits && r->hits[next].start < r->hits[next - 1].end + 2 * REACH &&
                           r->hits[next].start - r->hits[i].start < REGION;)
            next++;
        if (confirm_region(&g, c, text, n, r->hits + i, next - i, BESIDE) == 1) /* most things stand beside the hit */
            confirm_region(&g, c, text, n, r->hits + i, next - i, REACH);
    }
    free(g.addresses);
    free(g.tokens);
    free(g.forms);
    free(g.words);
    free(g.places);
    return g.failed ? -1 : g.page >= 0 ? g.page + 1 : 0;
}

/* ---- many tables --------------------------------------------------------------------------------------------- */

/* What an entry tells of its fingerprint: all but a few of its lowest bits. */
static inline u64 known(const table *t, u64 bucket, u64 entry) {
    return bucket << (64 - t->bits) | (entry >> t->shift << t->shift) >> t->bits;
}

/* Fill one table that tells in which of the others a fingerprint may be: filter and directory of zeros, room for
 * every entry, a shift that holds the tables' numbers. Returns 0, or -1 if memory ran out. */
int ts_route(const table *tables, u64 n_tables, u64 *filter, u64 words, u32 *directory, u64 *entries, u64 bits,
             u64 shift) {
    u64 buckets = (u64)1 << bits;
    u32 *next = malloc((buckets + 1) * sizeof *next);
    if (!next) return -1;
    for (int pass = 0; pass < 2; pass++) {
        for (u64 t = 0; t < n_tables; t++)
            for (u64 b = 0, i = 0; b < (u64)1 << tables[t].bits; b++) /* no entry twice, whatever a directory says */
                for (u64 e = bucket_end(&tables[t], tables[t].directory + b); i < e; i++) {
                    u64 f = known(&tables[t], b, tables[t].entries[i]);
                    if (!pass) {
                        directory[(f >> (64 - bits)) + 1]++;
                        continue;
                    }
                    entries[next[f >> (64 - bits)]++] = (f << bits) >> shift << shift | t;
                    filter[((f >> 32) * words) >> 32] |= filter_bits(f);
                }
        if (pass) break;
        for (u64 b = 0; b < buckets; b++) directory[b + 1] += directory[b];
        memcpy(next, directory, (buckets + 1) * sizeof *next);
    }
    free(next);
    return 0;
}

/* ---- code bits ------------------------------------------------------------------------------------------------- */

/* Adds to each key's count how many ids have a code bit of 1 under it (docs/adr/0002): SipHash-2-4 of id and slot,
 * twelve bytes, is below the threshold. */
void ts_count_bits(const key *keys, u64 n_keys, const u64 *ids, u64 n_ids, u32 slot, u64 threshold, u64 *counts) {
    for (u64 k = 0; k < n_keys; k++) {
        lanes k0 = (lanes){0} + keys[k].k0, k1 = (lanes){0} + keys[k].k1, out, held = {0};
        lanes words[2] = {{0}, (lanes){0} + (slot | (u64)12 << 56)};
        u64 i = 0;
        for (; i + LANES <= n_ids; i += LANES) {
            memcpy(words, ids + i, sizeof *words);
            siphash_each(words, 2, &k0, &k1, &out);
            held -= (lanes)(out < threshold);
        }
        for (int lane = 0; lane < LANES; lane++) counts[k] += held[lane];
        for (; i < n_ids; i++) {
            const u64 message[2] = {ids[i], slot};
            counts[k] += siphash((const u8 *)message, 12, &keys[k]) < threshold;
        }
    }
}

/* ---- the rest -------------------------------------------------------------------------------------------------- */

/* Ready for another search, with the room that it has. */
void ts_reset(results *r) {
    r->n_hits = r->n_candidates = r->n_hard = r->failed = 0;
    for (int anchor = 0; anchor < ANCHORS; anchor++) r->n_samples[anchor] = 0;
}

void ts_free(results *r) {
    free(r->hits);
    free(r->spare);
    free(r->order);
    free(r->candidates);
    free(r->hard);
    for (int anchor = 0; anchor < ANCHORS; anchor++) free(r->samples[anchor]);
    memset(r, 0, sizeof *r);
}

/* SipHash-2-4 of `count` messages that stand one behind the other: message i is bytes[ends[i-1], ends[i]). The
 * bytes are followed by eight more. */
void ts_siphash(const key *k, const u8 *bytes, const u64 *ends, u64 count, u64 *out) {
    u64 from = 0;
    for (u64 i = 0; i < count; from = ends[i++]) out[i] = siphash(bytes + from, ends[i] - from, k);
}

u32 ts_abi(void) { return ABI; }

/* The sizes of the structures that Python has to fill or read in the same way. */
u64 ts_size(int which) {
    const u64 sizes[] = {sizeof(config), sizeof(table), sizeof(automaton), sizeof(ending), sizeof(results),
                         sizeof(hit), sizeof(candidate), sizeof(sample), sizeof(month_word)};
    return which >= 0 && (u64)which < sizeof sizes / sizeof *sizes ? sizes[which] : 0;
}

/* Whether this processor has the instructions that the library was built for. */
int ts_supported(void) {
#if defined(__AVX512VBMI2__)
    return __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
#elif defined(__AVX2__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
#elif defined(__SSE4_2__)
    return __builtin_cpu_supports("sse4.2") != 0;
#else
    return 1;
#endif
}
