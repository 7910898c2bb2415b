/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/package/tar.h"

#include "stage1/package/tar_pax.h"

#define BLOCK_BYTES 512

struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type;
	char target[100], magic[8], user[32], group[32], major[8], minor[8], prefix[155], pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK_BYTES, "tar header");

void tar_entry_done(struct tar_entry *t)
{
	free(t->path);
	free(t->target);
	package_xattrs_free(t->xattrs, t->n_xattrs);
	*t = (struct tar_entry){ 0 };
}

/* Big-endian two's complement, with the first byte's top bit as its mark. */
static int parse_base256(const uint8_t *p, size_t len, int64_t *ret)
{
	bool negative = p[0] & 0x40;
	uint64_t v = (p[0] & 0x3f) | (negative ? UINT64_MAX << 6 : 0);

	for (size_t i = 1; i < len; i++) {
		uint64_t top = v >> 55;
		if (top != (negative ? UINT64_MAX >> 55 : 0))
			return -ERANGE;
		v = v << 8 | p[i];
	}
	*ret = (int64_t)v;
	return 0;
}

/* Octal between optional spaces and a space, NUL or the field's end; nothing at all is 0. */
static int parse_octal(const char *p, size_t len, int64_t *ret)
{
	uint64_t v = 0;
	size_t i = 0;

	while (i < len && p[i] == ' ')
		i++;
	for (; i < len && p[i] >= '0' && p[i] <= '7'; i++)
		v = v << 3 | (uint64_t)(p[i] - '0'); /* 12 digits at most */
	if (i < len && p[i] != ' ' && p[i] != '\0')
		return -EINVAL;
	*ret = (int64_t)v;
	return 0;
}

static int parse_field(const char *name, const char *p, size_t len, int64_t min, int64_t max,
		       int64_t *ret, struct err *e)
{
	int64_t v = 0;
	int r = (uint8_t)p[0] & 0x80 ? parse_base256((const uint8_t *)p, len, &v)
				     : parse_octal(p, len, &v);

	if (r < 0 || v < min || v > max)
		return err_set(e, -EBADMSG, "its %s is not a number in range", name);
	*ret = v;
	return 0;
}

/* What lies behind the end would be there for other readers only. */
static int check_end(const struct tar *t, struct err *e)
{
	if (mem_is_zero(t->data + t->next, t->len - t->next))
		return 0;
	return err_set(e, -EBADMSG, "there is something behind the archive's end at offset %llu",
		       (unsigned long long)t->next);
}

bool tar_name_is_plain(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name < ' ' || *name == 0x7f)
			return false;
	return true;
}

static int check_sum(const struct header *h, struct err *e)
{
	const uint8_t *p = (const uint8_t *)h;
	size_t from = offsetof(struct header, checksum);
	int64_t sum = 0, want;

	for (size_t i = 0; i < BLOCK_BYTES; i++)
		sum += i >= from && i < from + sizeof(h->checksum) ? ' ' : p[i];
	int r = parse_field("checksum", h->checksum, sizeof(h->checksum), 0, INT32_MAX, &want, e);
	if (r == 0 && sum != want)
		r = err_set(e, -EBADMSG, "wrong checksum");
	return r;
}

/* "prefix/name" where the format has a prefix. */
static char *header_path(const struct header *h)
{
	size_t len = strnlen(h->name, sizeof(h->name));
	bool ustar = memcmp(h->magic, "ustar\0", 6) == 0;

	if (ustar && h->prefix[0])
		return str_printf("%.*s/%.*s", (int)strnlen(h->prefix, sizeof(h->prefix)),
				  h->prefix, (int)len, h->name);
	return strndup(h->name, len);
}

static int take_names(const struct header *h, struct tar_extra *x, struct tar_entry *n,
		      struct err *e)
{
	n->path = x->path ? TAKE_PTR(x->path) : header_path(h);
	if (!n->path)
		return err_oom(e);
	if (!n->path[0])
		return err_set(e, -EBADMSG, "it has no name");
	if (!tar_name_is_plain(n->path))
		return err_set(e, -EBADMSG, "a control character in its name");
	if (n->type != TAR_HARD_LINK && n->type != TAR_SYMLINK)
		return 0;
	n->target = x->target ? TAKE_PTR(x->target)
			      : strndup(h->target, strnlen(h->target, sizeof(h->target)));
	if (!n->target)
		return err_oom(e);
	if (!n->target[0])
		return err_set(e, -EBADMSG, "%s is a link to nothing", n->path);
	if (!tar_name_is_plain(n->target))
		return err_set(e, -EBADMSG, "%s: a control character in its target", n->path);
	return 0;
}

static int take_numbers(const struct header *h, struct tar_extra *x, struct tar_entry *n,
			struct err *e)
{
	int64_t mode, uid = x->uid, gid = x->gid, major = 0, minor = 0;

	n->mtime = x->mtime;
	int r = parse_field("mode", h->mode, sizeof(h->mode), 0, INT32_MAX, &mode, e);
	if (r == 0 && !x->has_uid)
		r = parse_field("uid", h->uid, sizeof(h->uid), 0, UINT32_MAX - 1, &uid, e);
	if (r == 0 && !x->has_gid)
		r = parse_field("gid", h->gid, sizeof(h->gid), 0, UINT32_MAX - 1, &gid, e);
	if (r == 0 && !x->has_mtime)
		r = parse_field("mtime", h->mtime, sizeof(h->mtime), INT64_MIN, INT64_MAX,
				&n->mtime, e);
	if (n->type == TAR_CHAR_DEVICE || n->type == TAR_BLOCK_DEVICE) {
		if (r == 0)
			r = parse_field("device number", h->major, sizeof(h->major), 0, UINT32_MAX,
					&major, e);
		if (r == 0)
			r = parse_field("device number", h->minor, sizeof(h->minor), 0, UINT32_MAX,
					&minor, e);
	}
	if (r < 0)
		return r;
	n->mode = (uint32_t)mode & 07777;
	n->uid = (uint32_t)uid;
	n->gid = (uint32_t)gid;
	n->rdev_major = (uint32_t)major;
	n->rdev_minor = (uint32_t)minor;
	return 0;
}

/* Where the content after the header at t->next lies; moves t->next behind it. */
static int take_content(struct tar *t, uint64_t size, uint64_t *ret_off, struct err *e)
{
	uint64_t off = t->next + BLOCK_BYTES;

	if (size > t->len - off)
		return err_set(e, -EBADMSG, "truncated: %llu bytes of content, and %llu are there",
			       (unsigned long long)size, (unsigned long long)(t->len - off));
	/* The last block's padding may be missing. */
	t->next = MIN(t->len, off + align_up(size, BLOCK_BYTES));
	*ret_off = off;
	return 0;
}

/* GNU's 'L' and 'K', pax's 'x' and 'g'. */
static int take_extra(struct tar *t, const struct header *h, struct tar_extra *x, struct err *e)
{
	bool gnu = h->type == 'L' || h->type == 'K';
	uint64_t off = 0;
	int64_t size = 0;

	int r = parse_field("size", h->size, sizeof(h->size), 0, INT64_MAX, &size, e);
	if (r == 0 && (uint64_t)size > (gnu ? TAR_MAX_PATH_BYTES + 1 : TAR_MAX_PAX_BYTES))
		r = err_set(e, -EBADMSG, "extended header of %lld bytes", (long long)size);
	if (r == 0)
		r = take_content(t, (uint64_t)size, &off, e);
	if (r < 0)
		return r;
	if (!gnu)
		return tar_pax_parse(x, t->data + off, (size_t)size, h->type == 'g', e);
	const char *name = (const char *)t->data + off;
	char *own = strndup(name, strnlen(name, (size_t)size));
	if (!own)
		return err_oom(e);
	/* A pax path or target, if there is one, counts more; nobody writes both. */
	char **where = h->type == 'L' ? &x->path : &x->target;
	free(*where);
	*where = own;
	return 0;
}

static int take_type(const struct header *h, enum tar_type *ret, struct err *e)
{
	switch (h->type) {
	case '\0':
	case '0':
	case '7': /* contiguous: a file like others */
		*ret = TAR_FILE;
		return 0;
	case TAR_HARD_LINK:
	case TAR_SYMLINK:
	case TAR_CHAR_DEVICE:
	case TAR_BLOCK_DEVICE:
	case TAR_DIRECTORY:
	case TAR_FIFO:
		*ret = (enum tar_type)h->type;
		return 0;
	case 'S':
		return err_set(e, -EBADMSG, "sparse files are not supported");
	default:
		return err_set(e, -EBADMSG, "entries of type 0x%02x are not supported",
			       (unsigned int)(uint8_t)h->type);
	}
}

/* As dpkg does, only files are taken to have content, whatever the size field of others says. */
static int take_entry(struct tar *t, const struct header *h, struct tar_extra *x,
		      struct tar_entry *n, struct err *e)
{
	int64_t size = (int64_t)x->size_bytes;

	int r = take_type(h, &n->type, e);
	if (r == 0)
		r = take_names(h, x, n, e);
	/* As archives from before ustar have directories. */
	if (r == 0 && n->type == TAR_FILE && n->path[strlen(n->path) - 1] == '/')
		n->type = TAR_DIRECTORY;
	if (r == 0)
		r = take_numbers(h, x, n, e);
	if (r == 0 && n->type == TAR_FILE && !x->has_size)
		r = parse_field("size", h->size, sizeof(h->size), 0, INT64_MAX, &size, e);
	if (r < 0)
		return r;
	if (n->type == TAR_FILE) {
		r = take_content(t, (uint64_t)size, &n->offset, e);
		if (r < 0)
			return err_wrap(e, r, "%s", n->path);
		n->size_bytes = (uint64_t)size;
	} else {
		t->next += BLOCK_BYTES;
	}
	n->xattrs = TAKE_PTR(x->xattrs);
	n->n_xattrs = x->n_xattrs;
	x->n_xattrs = 0;
	return 1;
}

int tar_next(struct tar *t, struct tar_entry *ret, struct err *e)
{
	_cleanup_tar_extra_ struct tar_extra x = { 0 };
	_cleanup_tar_entry_ struct tar_entry n = { 0 };
	bool has_extra = false;

	for (;;) {
		unsigned long long at = t->next;
		if (t->next == t->len && !has_extra)
			return 0;
		if (t->len - t->next < BLOCK_BYTES)
			return err_set(e, -EBADMSG, "truncated in the header at offset %llu", at);
		const struct header *h = (const struct header *)(t->data + t->next);
		if (mem_is_zero(t->data + t->next, BLOCK_BYTES)) {
			if (has_extra)
				return err_set(e, -EBADMSG, "extended header before the end");
			return check_end(t, e);
		}
		has_extra = h->type == 'L' || h->type == 'K' || h->type == 'x' || h->type == 'g';
		int r = check_sum(h, e);
		if (r == 0)
			r = has_extra ? take_extra(t, h, &x, e) : take_entry(t, h, &x, &n, e);
		if (r < 0)
			return err_wrap(e, r, "entry at offset %llu", at);
		/* A global header belongs to no entry. */
		has_extra = has_extra && (h->type != 'g' || x.path || x.target);
		if (r == 1) {
			*ret = n;
			n = (struct tar_entry){ 0 };
			return 1;
		}
	}
}
