/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ESP is read as a tree, changed there, and written anew: what did not change lies where it was. */
#include "qemu-tests/tamper/families.h"

#define FILE_BYTES_MAX (256 * MiB)

struct reading {
	struct fs_reader *reader;
	struct tamper_esp *esp;
};

static int read_blob(struct fs_reader *reader, const struct fs_stat *st, struct blob **ret,
		     struct err *e)
{
	_cleanup_buf_ struct buf content = BUF_INIT;

	if (st->size_bytes > FILE_BYTES_MAX)
		return err_set(e, -EFBIG, "%llu bytes", (unsigned long long)st->size_bytes);
	int r = fs_reader_append(reader, st, &content, e);
	if (r < 0)
		return r;
	*ret = blob_new_take(TAKE_PTR(content.data), content.len);
	return *ret ? 0 : err_oom(e);
}

static int add_entry(void *ctx, const char *path, const struct fs_stat *st, struct err *e)
{
	const struct reading *rd = ctx;
	const struct tree_meta m = { .mode = st->mode & 07777, .mtime = st->mtime };
	struct blob *blob = NULL;

	if (!*path)
		return 0;
	if (S_ISDIR(st->mode))
		return tree_add_dir(rd->esp->tree, path, &m, NULL, e);
	int r = read_blob(rd->reader, st, &blob, e);
	if (r == 0)
		r = tree_add_file(rd->esp->tree, path, &m, blob, NULL, e);
	return r < 0 ? err_wrap(e, r, "%s", path) : 0;
}

/* What the writer was told, from the boot sector: FAT32 has it further behind. */
static int read_params(struct tamper_esp *esp, struct err *e)
{
	uint8_t b[512];
	int r = source_pread(&esp->part->src, 0, b, sizeof(b), e);

	if (r < 0)
		return r;
	const uint8_t *identity = b + (get_le16(b + 22) ? 36 : 64);
	uint32_t sectors = get_le16(b + 19) ? get_le16(b + 19) : get_le32(b + 32);
	put_be32(esp->params.uuid, get_le32(identity + 3));
	memcpy(esp->label, identity + 7, 11);
	for (size_t i = 11; i > 0 && esp->label[i - 1] == ' '; i--)
		esp->label[i - 1] = '\0';
	esp->params.label = esp->label;
	esp->params.sector_bytes = get_le16(b + 11);
	esp->params.size_bytes = (uint64_t)sectors * esp->params.sector_bytes;
	return 0;
}

static int find_uki(struct tamper_esp *esp, struct err *e)
{
	const struct tree_node *dir = tree_lookup(esp->tree, "EFI/Linux");
	struct tree_node *n;

	if (dir && tree_is_dir(dir)) {
		tree_for_each_child (dir, n) {
			if (!tree_is_file(n) || !str_has_suffix(n->name, ".efi"))
				continue;
			esp->params.time = n->inode->mtime;
			esp->uki = tree_path(n);
			return esp->uki ? 0 : err_oom(e);
		}
	}
	return err_set(e, -ENOENT, "the ESP has no UKI in /EFI/Linux");
}

int tamper_esp_open(const struct tamper *t, struct tamper_esp *ret, struct err *e)
{
	_cleanup_(fs_reader_free) struct fs_reader *reader = NULL;
	int r = tamper_partition(t, "esp", &ret->part, e);

	if (r == 0)
		r = fs_reader_open(&ret->part->src, &reader, e);
	if (r == 0)
		r = read_params(ret, e);
	if (r < 0)
		return r;
	ret->tree = tree_new();
	if (!ret->tree)
		return err_oom(e);
	struct reading rd = { reader, ret };
	r = fs_reader_walk(reader, add_entry, &rd, e);
	if (r == 0)
		r = find_uki(ret, e);
	return r < 0 ? err_wrap(e, r, "esp") : 0;
}

void tamper_esp_done(struct tamper_esp *esp)
{
	tree_free(esp->tree);
	free(esp->uki);
	*esp = (struct tamper_esp)TAMPER_ESP_INIT;
}

int tamper_esp_put(struct tamper_esp *esp, const char *path, const void *data, size_t len,
		   struct err *e)
{
	const struct tree_meta m = { .mode = 0644, .mtime = esp->params.time };

	return tree_put_file(esp->tree, path, &m, blob_new(data, len), NULL, e);
}

int tamper_esp_choose(struct tamper_esp *esp, const char *entry, struct err *e)
{
	static const char path[] = "loader/loader.conf";
	const struct blob *old = tree_file_blob(esp->tree, path);
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (old)
		buf_append(&text, old->data, (size_t)old->len);
	buf_printf(&text, "default %s\n", entry);
	if (buf_failed(&text))
		return err_oom(e);
	return tamper_esp_put(esp, path, text.data, text.len, e);
}

/* Only what differs goes onto the disk. */
static int write_differences(struct tamper *t, const struct tamper_esp *esp, struct buf *image,
			     struct err *e)
{
	uint8_t old[OVERLAY_BLOCK_BYTES];
	int r = 0;

	buf_append_zero(image, (size_t)esp->params.size_bytes - image->len);
	if (buf_failed(image))
		return err_oom(e);
	for (uint64_t at = 0; r == 0 && at < esp->params.size_bytes; at += sizeof(old)) {
		size_t len = (size_t)MIN(sizeof(old), esp->params.size_bytes - at);
		r = source_pread(&esp->part->src, at, old, len, e);
		if (r == 0 && memcmp(old, image->data + at, len) != 0)
			r = tamper_write(t, esp->part, at, image->data + at, len, e);
	}
	return r;
}

int tamper_esp_save(struct tamper *t, const struct tamper_esp *esp, struct err *e)
{
	_cleanup_(fs_plan_free) struct fs_plan *plan = NULL;
	_cleanup_buf_ struct buf image = BUF_INIT;
	struct sink s;
	int r = fs_writer_vfat.plan(esp->tree, &esp->params, &plan, e);

	if (r < 0)
		return err_wrap(e, r, "esp");
	sink_init_buf(&s, &image);
	r = fs_writer_vfat.write(plan, &s, e);
	if (r == 0)
		r = write_differences(t, esp, &image, e);
	return r < 0 ? err_wrap(e, r, "esp") : 0;
}

struct picking {
	const char *suffix;
	uint64_t left; /* how many more are passed by; counts them at first */
	struct tree_node *found;
};

static int pick_file(struct tree_node *n, void *ctx, struct err *e unused_)
{
	struct picking *p = ctx;

	if (!tree_is_file(n) || !str_has_suffix(n->name, p->suffix))
		return 0;
	p->found = n;
	return p->left-- == 0;
}

int tamper_esp_pick(struct tamper *t, const struct tamper_esp *esp, const char *suffix,
		    struct tree_node **ret, struct err *e)
{
	struct picking p = { suffix, UINT64_MAX, NULL };

	(void)!tree_walk(tree_root(esp->tree), pick_file, &p, e);
	if (!p.found)
		return err_set(e, -ENOENT, "the ESP has no file *%s", suffix);
	p.left = tamper_random(t, UINT64_MAX - p.left);
	(void)!tree_walk(tree_root(esp->tree), pick_file, &p, e);
	*ret = p.found;
	return 0;
}
