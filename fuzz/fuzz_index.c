/* fuzz_index.c - the index of a capture (archive/index.h): any bytes are either rejected or form an index that can be
 * queried. */
#include <stdlib.h>

#include "archive/index.h"
#include "archive/keyset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ask(const struct index *x)
{
	const uint64_t pairs[] = { 1, 0x123456789abcdef0, UINT64_MAX };
	uint64_t       sum = 0;

	for (size_t i = 0; i < x->n; i++) {
		for (uint32_t m = 0; m < x->blocks[i].marks; m++)
			sum += x->marks[x->blocks[i].mark + m];
		sum += index_has_any(x, i, pairs, sizeof pairs / sizeof *pairs);
	}
	if (sum == 42)
		abort(); /* so that it is computed */
}

enum { HEADER = 72, BLOCK = 44, CHECKSUM = 8, FEW = 16 };

static void
put(uint8_t *p, uint64_t v, unsigned n)
{
	for (; n > 0; n--, v >>= 8)
		*p++ = (uint8_t)v;
}

/* Corrects what random input never has: the magic number, consistent sizes, the checksum. */
static void
mend(uint8_t *p, size_t size)
{
	const size_t blocks = p[48] % FEW, marks = p[56] % FEW, late = p[60] % FEW,
				 fixed = blocks * BLOCK + marks * 8 + late * 12;

	memcpy(p, "connlogX\1\0\0", 12);
	put(p + 48, blocks, 8);
	put(p + 56, marks, 4);
	put(p + 60, late, 4);
	if (fixed <= size - HEADER - CHECKSUM)
		put(p + 64, size - HEADER - CHECKSUM - fixed, 8);
	index_seal(p, size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t       *copy = malloc(size + 1);
	const uint64_t some[] = { 7, UINT64_C(1) << 63 };
	struct index   x;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	(void)keyset_has_any((struct bytes){ data, size }, size > 4 ? load_le32(data) : 3, some, 2);
	if (size > HEADER + CHECKSUM && data[size - 1] != 0)
		mend(copy, size);
	if (index_parse((struct bytes){ copy, size }, &x)) {
		ask(&x);
		index_free(&x);
	}
	free(copy);
	return 0;
}
