/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/package/ar.h"

#define MAGIC	     "!<arch>\n"
#define MAGIC_BYTES  8
#define HEADER_BYTES 60

struct header {
	char name[16], date[12], uid[6], gid[6], mode[8], size[10], end[2];
};
_Static_assert(sizeof(struct header) == HEADER_BYTES, "ar header");

int ar_init(struct ar *a, const struct source *src, struct err *e)
{
	char magic[MAGIC_BYTES];

	if (src->size_bytes < MAGIC_BYTES)
		return err_set(e, -EBADMSG, "not a .deb: it has only %llu bytes",
			       (unsigned long long)src->size_bytes);
	int r = source_pread(src, 0, magic, sizeof(magic), e);
	if (r < 0)
		return r;
	if (memcmp(magic, MAGIC, MAGIC_BYTES) != 0)
		return err_set(e, -EBADMSG, "not a .deb: it does not begin with \"!<arch>\"");
	*a = (struct ar){ .src = src, .next = MAGIC_BYTES };
	return 0;
}

/* Decimal digits, then spaces up to the end of the field. */
static int parse_decimal(const char *field, size_t len, uint64_t *ret)
{
	uint64_t v = 0;
	size_t i = 0;

	for (; i < len && field[i] >= '0' && field[i] <= '9'; i++)
		v = v * 10 + (uint64_t)(field[i] - '0'); /* 10 digits at most */
	if (i == 0)
		return -EINVAL;
	for (; i < len; i++)
		if (field[i] != ' ')
			return -EINVAL;
	*ret = v;
	return 0;
}

/* Printable only: names turn up in messages. */
static int copy_name(const char field[16], char name[17])
{
	size_t len = 16;

	while (len > 0 && field[len - 1] == ' ')
		len--;
	if (len > 0 && field[len - 1] == '/')
		len--;
	for (size_t i = 0; i < len; i++)
		if (field[i] < ' ' || field[i] > '~')
			return -EINVAL;
	memcpy(name, field, len);
	name[len] = '\0';
	return 0;
}

int ar_next(struct ar *a, struct ar_member *ret, struct err *e)
{
	unsigned long long at = a->next;
	uint64_t left = a->src->size_bytes > a->next ? a->src->size_bytes - a->next : 0;
	struct header h;
	struct ar_member m;

	if (left == 0)
		return 0;
	if (left < HEADER_BYTES)
		return err_set(e, -EBADMSG, "truncated in the member header at offset %llu", at);
	int r = source_pread(a->src, a->next, &h, sizeof(h), e);
	if (r < 0)
		return r;
	if (memcmp(h.end, "`\n", 2) != 0)
		return err_set(e, -EBADMSG, "damaged member header at offset %llu", at);
	if (copy_name(h.name, m.name) < 0)
		return err_set(e, -EBADMSG, "member header at offset %llu has a damaged name", at);
	if (parse_decimal(h.size, sizeof(h.size), &m.size_bytes) < 0)
		return err_set(e, -EBADMSG, "member header at offset %llu has a damaged size", at);
	m.offset = a->next + HEADER_BYTES;
	left -= HEADER_BYTES;
	if (m.size_bytes > left)
		return err_set(e, -EBADMSG, "%s: truncated: only %llu of its %llu bytes are there",
			       m.name, (unsigned long long)left, (unsigned long long)m.size_bytes);
	a->next = m.offset + m.size_bytes + (m.size_bytes & 1);
	*ret = m;
	return 1;
}
