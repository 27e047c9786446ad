/* The kernel on texts and ids that stand in memory of exactly their size: a read or write beyond either end is caught,
 * where Python's own byte strings have room round them. */

#define ts_scan scan_in_place
#define ts_confirm confirm_in_place
#define ts_count_bits count_bits_in_place
#include SOURCE
#undef ts_scan
#undef ts_confirm
#undef ts_count_bits

static u8 *exact(const u8 *text, u64 n) {
    u8 *copy = malloc(n);
    if (!copy) abort();
    if (n) memcpy(copy, text, n);
    return copy;
}

int ts_scan(const config *c, const u8 *text, u64 n, u64 first, u64 last, int all, results *r) {
    u8 *copy = exact(text, n);
    int status = scan_in_place(c, copy, n, first, last, all, r);
    free(copy);
    return status;
}

int ts_confirm(const config *c, const u8 *text, u64 n, results *r) {
    u8 *copy = exact(text, n);
    int status = confirm_in_place(c, copy, n, r);
    free(copy);
    return status;
}

void ts_count_bits(const key *keys, u64 n_keys, const u64 *ids, u64 n_ids, u32 slot, u64 threshold, u64 *counts) {
    u8 *own_keys = exact((const u8 *)keys, n_keys * sizeof *keys), *own_ids = exact((const u8 *)ids, n_ids * sizeof *ids);
    count_bits_in_place((const key *)own_keys, n_keys, (const u64 *)own_ids, n_ids, slot, threshold, counts);
    free(own_ids);
    free(own_keys);
}
