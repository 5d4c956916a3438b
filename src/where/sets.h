/* sets.h - sets in braces: numbers, ports, addresses and networks, texts.
 *
 * They are built once and then only queried. All memory is in the arena.
 */
#ifndef CONNLOG_WHERE_SETS_H
#define CONNLOG_WHERE_SETS_H

#include "base/addr.h"
#include "base/arena.h"
#include "conn/options.h" /* struct port_set */
#include "record/record.h"

enum element_kind { ELEMENT_NUMBER, ELEMENT_ADDR, ELEMENT_TEXT };

/* An element as written; a single number or address is a range from itself to itself. */
struct element {
	struct element *next;
	double          low, high;   /* NUMBER */
	struct addr     first, last; /* ADDR, both of the same family */
	struct text     text;
};

struct element_list {
	struct element *head, **tail;
	size_t          n;
};

/* Ranges, sorted and disjoint. */
struct number_set {
	size_t n;
	struct number_range {
		double low, high;
	} at[];
};

/* IPv4 and IPv6 are separate: a network of one family contains no addresses of the other. */
struct addr_set {
	size_t n[2]; /* IPv4, IPv6 */
	struct addr_range {
		struct addr first, last;
	} * at[2];
};

/* Sorted by length, then by bytes. */
struct word_set {
	size_t      n;
	struct text at[];
};

/* All return NULL when out of memory. */
const struct number_set *number_set_new(struct arena *a, const struct element_list *list);
const struct port_set   *port_set_new(struct arena *a, const struct element_list *list);
const struct addr_set   *addr_set_new(struct arena *a, const struct element_list *list);
const struct word_set   *word_set_new(struct arena *a, const struct element_list *list);

bool number_set_has(const struct number_set *set, double v);
bool addr_set_has(const struct addr_set *set, const struct addr *a);
/* Returns whether the text is in the set; with `lower` it is compared in lower case. */
bool word_set_has(const struct word_set *set, struct text t, bool lower);

/* Compares by bytes, like memcmp(); each text can be taken in lower case. */
int text_order(struct text a, bool lower_a, struct text b, bool lower_b);

/* Stores the first and the last address of the network. */
void net_range(const struct addr *net, unsigned bits, struct addr *first, struct addr *last);

#endif
