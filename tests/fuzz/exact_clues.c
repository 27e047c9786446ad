/* The search for clues on texts, and into arrays, that stand in memory of exactly their size: a read or write beyond either end
 * is caught, where Python's own byte strings and arrays have room round them. */

#include <stdlib.h>
#define clues_find find_in_place
#include SOURCE
#undef clues_find

u64 clues_find(const config *c, const u8 *text, u64 n, u64 *at, u64 room) {
    u8 *own_text = malloc(n);
    u64 *own_at = malloc(room * sizeof *at);
    if (!own_text || !own_at) abort();
    if (n) memcpy(own_text, text, n);
    u64 found = find_in_place(c, own_text, n, own_at, room);
    memcpy(at, own_at, (found < room ? found : room) * sizeof *at);
    free(own_at);
    free(own_text);
    return found;
}
