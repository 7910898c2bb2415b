/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/bootable.h"

#include "base/buf.h"
#include "builder/audit/files.h"
#include "verity/verity.h"

#define DIR	"EFI/Linux/"
#define KEY	" usrhash="
#define UKI_MAX (256 * MiB)
#define HALF	16 /* of a root hash: a UUID */

struct look {
	struct image_files *esp;
	struct bootable found;
};

static const struct image_partition *find_uuid(const struct image *i, enum layout_type type,
					       const uint8_t uuid[HALF])
{
	for (size_t k = 0; k < i->n_partitions; k++) {
		const struct image_partition *p = &i->partitions[k];
		if (p->known && p->type == type && memcmp(p->entry.uuid, uuid, HALF) == 0)
			return p;
	}
	return NULL;
}

static int check_slot(const struct image *i, const char *path, const uint8_t hash[2 * HALF],
		      struct err *e)
{
	const struct image_partition *usr = find_uuid(i, LAYOUT_USR, hash),
				     *tree = find_uuid(i, LAYOUT_USR_VERITY, hash + HALF);

	if (!usr || !tree)
		return err_set(e, -EBADMSG, "%s can be booted, and no partition is its %s", path,
			       usr ? "hash tree" : "/usr");
	int r = verity_verify(&usr->src, &tree->src, hash, NULL, e);
	return r < 0 ? err_wrap(e, r, "%s can be booted, and its /usr is not whole", path) : 0;
}

static int read_root_hash(struct fs_reader *f, const struct fs_stat *st, const char *path,
			  uint8_t ret[2 * HALF], struct err *e)
{
	_cleanup_buf_ struct buf uki = BUF_INIT;
	char hex[4 * HALF + 1] = "";

	if (st->size_bytes > UKI_MAX)
		return err_set(e, -EBADMSG, "%s is too large", path);
	int r = fs_reader_append(f, st, &uki, e);
	if (r < 0)
		return r;
	const char *key = memmem(uki.data, uki.len, KEY, strlen(KEY));
	if (key && (size_t)((const char *)uki.data + uki.len - key) > strlen(KEY) + sizeof(hex))
		memcpy(hex, key + strlen(KEY), sizeof(hex) - 1);
	return hex_decode(hex, ret, 2 * HALF) == 0
		       ? 0
		       : err_set(e, -EBADMSG, "%s names no root hash", path);
}

/* The boot loader takes names that end in .efi. */
static int look_at(void *ctx, const char *path, const struct fs_stat *st, struct err *e)
{
	struct look *l = ctx;
	uint8_t hash[2 * HALF];

	if (!str_has_prefix(path, DIR) || !S_ISREG(st->mode))
		return 0;
	if (!str_has_suffix(path, ".efi")) {
		l->found.begun++;
		return 0;
	}
	if (st->size_bytes == 0) {
		l->found.empty++;
		return 0;
	}
	l->found.kernels++;
	int r = read_root_hash(l->esp->reader, st, path, hash, e);
	return r < 0 ? r : check_slot(l->esp->disk, path, hash, e);
}

int bootable_check(const char *disk, struct bootable *ret, struct err *e)
{
	_cleanup_(image_files_free) struct image_files *esp = NULL;
	struct look l = { .esp = NULL };

	int r = image_files_open(disk, "esp", &esp, e);
	if (r < 0)
		return r;
	l.esp = esp;
	r = fs_reader_walk(esp->reader, look_at, &l, e);
	if (r == 0 && l.found.kernels == 0)
		r = err_set(e, -ENOENT, "%s: no kernel image in " DIR, disk);
	if (r == 0)
		*ret = l.found;
	return r;
}
