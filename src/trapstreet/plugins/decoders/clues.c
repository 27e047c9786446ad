/* Where in a text something may be encoded: the places of all clues in one pass over the bytes.
 *
 * It gives exactly the places of _reference.py; _clues.py says what a clue is, fills the structures and owns them. A
 * search keeps its state on the stack and in the caller's array, and only reads its configuration: any number of
 * threads may share one. No byte outside text[0, n) is read. Time is linear in the text: a run is looked at in a
 * bounded number of places, once. */

#include <stdint.h>
#include <string.h>
#if defined(__SSE4_2__)
#include <immintrin.h>
#endif

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

#define ABI 2

enum { SIGN, PAIRS, RUN };
enum { MOST_CLUES = 16, MOST_SETS = 6, BLOCK = 64 };
enum { LONG = 64, LOOK_EVERY = 16, LOOKS = 4 }; /* of a run; text is looked for at so many places of a long one */
enum { HEAD = 6 };                              /* bytes by which text is known */
enum { FILE_HEAD = 3, MOST_FILES = 15 };        /* bytes by which files are */
enum { FILE_BIT = 128 };

/* What a byte may be where text is expected; _text.py has the table. */
enum { PLAIN = 1, LEAD = 2, MORE = 4, ZERO = 8, LETTER = 16 };

typedef struct {
    u32 sort;
    u32 set;       /* that its characters are */
    u32 least;     /* characters of the shortest run */
    u32 bits;      /* that a character stands for */
    u32 group;     /* characters that stand for whole bytes */
    u32 second;    /* where the second byte begins */
    u32 digits;    /* a run whose first characters are so many digits is a number … */
    u32 longest;   /* … if it has at most so many, */
    u32 threes;    /* and fewer than so many of them are a 3 that begins a byte */
    u32 surely;    /* characters from which on the last bytes are not looked at */
    u8 sign;       /* the one character */
    u8 unused[3];
    u8 then[256];  /* whether a byte may follow the sign; bits that must meet those of `first` in a run */
    u8 first[256]; /* bits for what a run may begin with, the highest for a file */
    u8 value[256]; /* that a character stands for */
} clue;

typedef struct {
    u64 clues, sets;
    clue clue[MOST_CLUES];
    u8 member[MOST_SETS][16]; /* by a byte's low half the bits of its high halves below 8; the last set is all signs */
    u8 number[256];           /* of the clue whose sign a byte is, plus one */
    u8 skipped[256];          /* characters of a run that belong to the byte before it */
    u8 sorts[256];
    u8 wide[HEAD];            /* where letters stand in HEAD bytes of UTF-16 and UTF-32, the first the highest bit */
    u8 unused[2];
    u32 files;                /* how many heads of files there are */
    u32 file[MOST_FILES];     /* the first byte the highest */
} config;

typedef struct { /* the array, and how many places there are: those beyond `room` are only counted */
    u64 *at;
    u64 room, found;
} places;

typedef struct {
    const config *c;
    const u8 *text;
    u64 n;
    places *out;
} search;

static inline int is_member(const u8 member[16], u8 byte) {
    return byte < 128 && (member[byte & 15] >> (byte >> 4) & 1);
}

static inline void give(places *out, u64 at, u32 number) {
    if (out->found < out->room) out->at[out->found] = at << 4 | number;
    out->found++;
}

/* ---- 64 bytes as bits ------------------------------------------------------------------------------------- */

#if defined(__SSE4_2__)
static void mark(const config *c, const u8 *text, u64 masks[MOST_SETS]) {
    const __m128i low = _mm_set1_epi8(15), zero = _mm_setzero_si128();
    const __m128i high = _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
    __m128i rows[4], bits[4];
    for (int part = 0; part < 4; part++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(text + 16 * part));
        rows[part] = _mm_and_si128(bytes, low);
        bits[part] = _mm_shuffle_epi8(high, _mm_and_si128(_mm_srli_epi16(bytes, 4), low));
    }
    for (u64 set = 0; set < c->sets; set++) {
        const __m128i member = _mm_loadu_si128((const __m128i *)c->member[set]);
        u64 mask = 0;
        for (int part = 0; part < 4; part++) {
            __m128i in = _mm_and_si128(_mm_shuffle_epi8(member, rows[part]), bits[part]);
            mask |= (u64)(u32)_mm_movemask_epi8(_mm_cmpeq_epi8(in, zero)) << (16 * part);
        }
        masks[set] = ~mask;
    }
}
#else
static void mark(const config *c, const u8 *text, u64 masks[MOST_SETS]) {
    for (u64 set = 0; set < c->sets; set++) {
        u64 mask = 0;
        for (int at = 0; at < BLOCK; at++) mask |= (u64)is_member(c->member[set], text[at]) << at;
        masks[set] = mask;
    }
}
#endif

/* The marks of the block at `at`; none behind the text. */
static void mark_at(const search *s, u64 at, u64 masks[MOST_SETS]) {
    if (at + BLOCK <= s->n) {
        mark(s->c, s->text + at, masks);
    } else if (at < s->n) {
        u8 rest[BLOCK] = {0};
        memcpy(rest, s->text + at, s->n - at);
        mark(s->c, rest, masks);
    } else {
        memset(masks, 0, sizeof(u64[MOST_SETS]));
    }
}

/* ---- whether a run stands for text ------------------------------------------------------------------------ */

/* Whether the six bytes that a run's characters stand for may begin a text, or within one go on so. */
static int is_text(const search *s, const clue *k, u64 at, int within) {
    const u8 *characters = s->text + at;
    u64 head = 0;
    for (u32 n = 0; n < 8 * HEAD / k->bits; n++) head = head << k->bits | k->value[characters[n]];
    u32 plain = 0, lead = 0, more = 0, zero = 0, letter = 0;
    for (int byte = HEAD - 1; byte >= 0; byte--) {
        u32 sort = s->c->sorts[head >> 8 * byte & 255];
        plain = plain << 1 | !!(sort & PLAIN);
        lead = lead << 1 | !!(sort & LEAD);
        more = more << 1 | !!(sort & MORE);
        zero = zero << 1 | !!(sort & ZERO);
        letter = letter << 1 | !!(sort & LETTER);
    }
    const u32 all = (1 << HEAD) - 1, begun = (lead | more) >> 1 | (within ? 1 << (HEAD - 1) : 0);
    if ((plain | (lead & (more << 1 | 1)) | (more & begun)) == all) return 1;
    if (zero)
        for (int which = 0; which < HEAD; which++) {
            u32 letters = s->c->wide[which];
            if (((letter & letters) | (zero & ~letters)) == all) return 1;
        }
    return head >> 32 == 0xFFFE || head >> 32 == 0xFEFF;
}

static int is_number(const search *s, const clue *k, u64 at, u64 size) {
    const u8 *characters = s->text + at;
    u64 looked = size < k->digits ? size : k->digits;
    if (size > k->longest) return 0;
    u32 threes = 0;
    for (u64 n = 0; n < looked; n++) {
        if (characters[n] < '0' || characters[n] > '9') return 0;
        threes += n < 16 && n % 2 == 0 && characters[n] == '3';
    }
    return threes < k->threes;
}

/* Whether a short run may be text behind its first bytes, and a short text to its last. */
static int goes_on(const search *s, const clue *k, u64 at, u64 size) {
    const u64 head = 8 * HEAD / k->bits;
    if (size >= 2 * head && !is_text(s, k, at + head, 1)) return 0;
    if (size < k->surely && !is_text(s, k, at + size / k->group * k->group - head, 1)) return 0;
    return !is_number(s, k, at, size);
}

/* Whether a run stands for a file. */
static int is_file(const search *s, const clue *k, u64 at) {
    u32 head = 0;
    for (u32 n = 0; n < 8 * FILE_HEAD / k->bits; n++) head = head << k->bits | k->value[s->text[at + n]];
    for (u32 n = 0; n < s->c->files; n++)
        if (s->c->file[n] == head) return 1;
    return 0;
}

/* How far behind its beginning the first group of a long run is, by the text that most groups begin; -1 if it is
 * none. */
static int shift(const search *s, const clue *k, u64 at) {
    int best = -1, most = LOOKS / 2 - 1;
    for (u32 by = 0; by < k->group; by++) {
        int count = 0;
        for (u64 look = 0; look < LOOKS; look++) count += is_text(s, k, at + by + LOOK_EVERY * look, 0);
        if (count > most) best = (int)by, most = count;
    }
    return best;
}

/* A run that begins at `at` and goes on for `size` characters; LONG stands for any number from there on. */
static void run(const search *s, const clue *k, u32 number, u64 at, u64 size) {
    const u8 *member = s->c->member[k->set];
    u64 by = at ? s->c->skipped[s->text[at - 1]] : 0;
    at += by;
    if (size < LONG) {
        size -= by;
    } else {
        for (size -= by; size < LONG && at + size < s->n && is_member(member, s->text[at + size]);) size++;
    }
    if (k->first[s->text[at]] & FILE_BIT && is_file(s, k, at)) {
        give(s->out, at, number);
    } else if (size < LONG) {
        if (!(k->first[s->text[at]] & k->then[s->text[at + k->second]])) return;
        if (is_text(s, k, at, 0) && goes_on(s, k, at, size)) give(s->out, at, number);
    } else {
        int by_group = shift(s, k, at);
        if (by_group >= 0) give(s->out, at + (u64)by_group, number);
    }
}

/* ---- clues in a block ------------------------------------------------------------------------------------- */

typedef struct { /* the marks of a block and of the next one, and whether the byte before it is marked */
    u64 here, next, before;
} marks;

static inline marks ahead(marks m, u32 by) { return (marks){m.here >> by | m.next << (BLOCK - by), m.next >> by, 0}; }

static inline marks both(marks a, marks b) { return (marks){a.here & b.here, a.next & b.next, 0}; }

static void signs(const search *s, u64 at, u64 found) {
    for (; found; found &= found - 1) {
        u64 place = at + (u64)__builtin_ctzll(found);
        u32 number = s->c->number[s->text[place]] - 1u;
        if (place + 1 < s->n && s->c->clue[number].then[s->text[place + 1]]) give(s->out, place, number);
    }
}

/* Eight pairs, each with one character behind it that is none of theirs. */
static void pairs(const search *s, u32 number, u64 at, marks m) {
    marks two = both(m, ahead(m, 1)), third = ahead(m, 2);
    marks many = both(two, (marks){~third.here, ~third.next, 0});
    for (u32 by = 3; by <= 12; by *= 2) many = both(many, ahead(many, by));
    for (u64 found = many.here; found; found &= found - 1) give(s->out, at + (u64)__builtin_ctzll(found), number);
}

static void runs(const search *s, const clue *k, u32 number, u64 at, marks m) {
    u64 begins = m.here & ~(m.here << 1 | m.before);
    marks full = m;
    for (u32 length = 1, step; length < k->least; length += step) {
        step = length < k->least - length ? length : k->least - length;
        full = both(full, ahead(full, step));
    }
    for (u64 found = full.here & begins; found; found &= found - 1) {
        u32 bit = (u32)__builtin_ctzll(found);
        u64 gaps = ~(m.here >> bit | m.next << 1 << (BLOCK - 1 - bit));
        run(s, k, number, at + bit, gaps ? (u64)__builtin_ctzll(gaps) : LONG);
    }
}

/* Every place of every clue: place << 4 | clue, for each clue ascending. How many there are; the array holds the
 * first of them. */
u64 clues_find(const config *c, const u8 *text, u64 n, u64 *at, u64 room) {
    places out = {at, room, 0};
    const search s = {c, text, n, &out};
    u64 here[MOST_SETS], next[MOST_SETS], before[MOST_SETS] = {0};
    mark_at(&s, 0, here);
    for (u64 block = 0; block < n; block += BLOCK) {
        mark_at(&s, block + BLOCK, next);
        if (here[c->sets - 1]) signs(&s, block, here[c->sets - 1]);
        for (u32 number = 0; number < c->clues; number++) {
            const clue *k = &c->clue[number];
            const marks m = {here[k->set], next[k->set], before[k->set]};
            if (k->sort == PAIRS) pairs(&s, number, block, m);
            else if (k->sort == RUN) runs(&s, k, number, block, m);
        }
        for (u64 set = 0; set < c->sets; set++) before[set] = here[set] >> (BLOCK - 1), here[set] = next[set];
    }
    return out.found;
}

u32 clues_abi(void) { return ABI; }

/* The size of the structure that Python fills. */
u64 clues_size(void) { return sizeof(config); }

/* Whether this processor has the instructions that the library was built for. */
int clues_supported(void) {
#if defined(__SSE4_2__)
    return __builtin_cpu_supports("sse4.2") != 0;
#else
    return 1;
#endif
}
