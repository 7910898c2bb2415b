/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bits and bytes, in any region of the disk: small regions are as likely as large ones. */
#include "qemu-tests/tamper/families.h"

#define RUN_BYTES_MAX 4096

static int pick_region(struct tamper *t, struct tamper_region *ret, struct err *e)
{
	struct tamper_region v[TAMPER_REGIONS_MAX];
	size_t n;
	int r = tamper_regions(t, v, &n, e);

	if (r == 0)
		*ret = v[tamper_random(t, n)];
	return r;
}

static int put(struct tamper *t, const struct tamper_region *x, uint64_t at, const void *data,
	       size_t len, const char *what, struct err *e)
{
	int r = sink_pwrite(&t->disk.sink, x->at + at, data, len, e);

	return r < 0 ? r
		     : tamper_note(t, e, "%s, byte %llu: %s", x->name, (unsigned long long)at,
				   what);
}

static int alter_flip(struct tamper *t, struct err *e)
{
	struct tamper_region x;
	uint8_t byte;
	int r = pick_region(t, &x, e);

	if (r < 0)
		return r;
	uint64_t at = tamper_random(t, x.len);
	r = source_pread(&t->disk.src, x.at + at, &byte, 1, e);
	byte ^= (uint8_t)(1 << tamper_random(t, 8));
	return r < 0 ? r : put(t, &x, at, &byte, 1, "a bit", e);
}

static int alter_byte(struct tamper *t, struct err *e)
{
	static const uint8_t likely[] = { 0, 1, 0x20, 0x7f, 0x80, 0xff };
	struct tamper_region x;
	int r = pick_region(t, &x, e);

	if (r < 0)
		return r;
	uint8_t byte =
		tamper_random(t, 2) ? tamper_pick(t, likely) : (uint8_t)tamper_random(t, 256);
	return put(t, &x, tamper_random(t, x.len), &byte, 1, "another byte", e);
}

static int alter_run(struct tamper *t, struct err *e)
{
	uint8_t data[RUN_BYTES_MAX] = { 0 };
	struct tamper_region x;
	int r = pick_region(t, &x, e);

	if (r < 0)
		return r;
	uint64_t at = tamper_random(t, x.len);
	size_t len = 1 + (size_t)tamper_random(t, MIN(sizeof(data), x.len - at));
	bool zeros = tamper_random(t, 3) == 0;
	if (!zeros)
		tamper_random_bytes(t, data, len);
	return put(t, &x, at, data, len, zeros ? "zeros" : "a run of bytes", e);
}

/* Two stretches of a region change places, or one is put over the other. */
static int alter_move(struct tamper *t, struct err *e)
{
	static const size_t lengths[] = { 1, 4, 16, 32, 128, 512, 4096 };
	uint8_t a[RUN_BYTES_MAX], b[RUN_BYTES_MAX];
	struct tamper_region x;
	size_t len = tamper_pick(t, lengths);
	int r = pick_region(t, &x, e);

	if (r < 0)
		return r;
	if (x.len < 2 * len)
		return err_set(e, -ENOENT, "%s is too short", x.name);
	uint64_t from = tamper_random(t, x.len / len) * len,
		 to = tamper_random(t, x.len / len) * len;
	r = source_pread(&t->disk.src, x.at + from, a, len, e);
	if (r == 0)
		r = source_pread(&t->disk.src, x.at + to, b, len, e);
	if (r == 0)
		r = put(t, &x, to, a, len, "bytes from elsewhere", e);
	return r == 0 && tamper_random(t, 2) ? put(t, &x, from, b, len, "and the other way", e) : r;
}

const struct tamper_kind tamper_m_flip = { "bit", "a bit of any region", alter_flip };
const struct tamper_kind tamper_m_byte = { "byte", "a byte of any region", alter_byte };
const struct tamper_kind tamper_m_run = { "run", "a run of bytes in any region", alter_run };
const struct tamper_kind tamper_m_move = { "move", "stretches of a region that change places",
					   alter_move };
