/* slots.h - the ring of slots between the caller's thread and the workers, as the caller sees it. */
#ifndef CONNLOG_ENGINE_SLOTS_H
#define CONNLOG_ENGINE_SLOTS_H

#include "engine/crew.h"

/* Returns the slot being filled. */
struct slot *slots_open(const struct crew *c);
/* Adds the next packets of the front engine. */
void slots_packets(struct crew *c, const connlog_packet *p, size_t n);
/* Ends the slot being filled; the next one must be free. */
void slots_end(struct crew *c, enum slot_kind kind);
/* Publishes all ended slots to the workers. */
void slots_announce(struct crew *c);
/* Waits until the workers have finished all slots before that number. */
void slots_wait(struct crew *c, uint64_t number);
/* Waits for the slots before that number and hands on their lines. */
void slots_take(struct crew *c, uint64_t number);
/* Hands on the lines of all packets so far; the workers are then idle. */
void slots_take_all(struct crew *c);
/* Merges what the engines have written to their outs at that index. */
void slots_merge(struct crew *c, size_t at);

#endif
