/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/artefacts.h"

#include <dirent.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/strv.h"
#include "signing/pe.h"

#define UKI_DIR	      "EFI/Linux"
#define UKI_BYTES_MAX (512 * MiB)

/* Names of files end so; longer ones first. A disk's own suffix is the end of some. */
static const struct {
	const char *suffix;
	enum artefact_part part;
} suffixes[] = {
	{ ".usr.raw", ARTEFACT_USR },
	{ ".usr-verity.raw", ARTEFACT_HASH },
	{ ".usr-verity-sig.raw", ARTEFACT_SIGNATURE },
	{ ".efi", ARTEFACT_UKI },
};

static const char *const disk_suffixes[] = { ".raw", ".qcow2", ".vhd", ".img" };

int fs_read_path(struct fs_reader *r, const char *path, uint64_t max_bytes, struct buf *ret,
		 struct err *e)
{
	struct fs_stat st;
	uint64_t ino;

	int x = fs_reader_lookup(r, path, &ino, e);
	if (x == 0)
		x = r->ops->stat(r, ino, &st, e);
	if (x < 0)
		return x;
	if (!S_ISREG(st.mode))
		return err_set(e, -EINVAL, "/%s: not a regular file", path);
	if (st.size_bytes > max_bytes)
		return err_set(e, -EFBIG, "/%s: %llu bytes are more than it should have", path,
			       (unsigned long long)st.size_bytes);
	x = fs_reader_append(r, &st, ret, e);
	return x < 0 ? err_wrap(e, x, "/%s", path) : 0;
}

static bool is_pe(const struct source *s)
{
	uint8_t mz[2];
	struct err e;

	return source_pread(s, 0, mz, sizeof(mz), &e) == 0 && memcmp(mz, "MZ", sizeof(mz)) == 0;
}

bool artefacts_root_hash(const struct artefacts *a, uint8_t ret[VERITY_ROOT_HASH_BYTES])
{
	struct err e;

	return a->parts[ARTEFACT_HASH].size_bytes &&
	       verity_area_root_hash(&a->parts[ARTEFACT_HASH], ret, &e) == 0;
}

/* Does this UKI's command line name the root hash of the slot? */
static bool starts_slot(const struct artefacts *a, const struct buf *uki)
{
	uint8_t root[VERITY_ROOT_HASH_BYTES];
	char word[sizeof("usrhash=") + 2 * VERITY_ROOT_HASH_BYTES] = "usrhash=";
	const struct pe_section *s;
	struct pe pe;
	struct err e;
	size_t len;

	if (!artefacts_root_hash(a, root) || pe_parse(&pe, uki->data, uki->len, &e) < 0 ||
	    !(s = pe_find(&pe, ".cmdline")))
		return false;
	hex_encode(root, sizeof(root), word + strlen(word));
	const uint8_t *text = pe_content(&pe, s, &len);
	return memmem(text, len, word, strlen(word)) != NULL;
}

static int add_name(void *ctx, const char *name, size_t len, uint64_t ino unused_, struct err *e)
{
	struct strv *names = ctx;

	if (len < 4 || strncasecmp(name + len - 4, ".efi", 4) != 0)
		return 0;
	return strv_addf(names, "%.*s", (int)len, name) < 0 ? err_oom(e) : 0;
}

static int take_uki(struct artefacts *a, const char *name, struct buf *content, struct err *e)
{
	a->uki_name = strdup(name);
	if (!a->uki_name)
		return err_oom(e);
	buf_done(&a->uki);
	a->uki = *content;
	*content = (struct buf)BUF_INIT;
	source_init_bytes(&a->parts[ARTEFACT_UKI], a->uki.data, a->uki.len);
	return 0;
}

static int find_uki(struct artefacts *a, struct fs_reader *esp, struct err *e)
{
	_cleanup_strv_ struct strv names = STRV_INIT;
	uint64_t dir;

	int r = fs_reader_lookup(esp, UKI_DIR, &dir, e);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = esp->ops->readdir(esp, dir, add_name, &names, e);
	strv_sort(&names);
	for (size_t i = 0; r == 0 && i < names.n && !a->uki_name; i++) {
		_cleanup_free_ char *path = str_printf(UKI_DIR "/%s", names.v[i]);
		_cleanup_buf_ struct buf content = BUF_INIT;
		r = path ? fs_read_path(esp, path, UKI_BYTES_MAX, &content, e) : err_oom(e);
		if (r == 0 && (names.n == 1 || starts_slot(a, &content)))
			r = take_uki(a, names.v[i], &content, e);
	}
	return r;
}

static int open_esp(struct artefacts *a, struct err *e)
{
	const struct image_partition *p = image_find(a->disk, "esp");
	_cleanup_(fs_reader_free) struct fs_reader *esp = NULL;

	if (!p)
		return 0;
	int r = image_partition_open(a->disk, p, &esp, e);
	if (r == 0)
		r = find_uki(a, esp, e);
	return r < 0 ? err_wrap(e, r, "esp") : 0;
}

/* The partitions of the slot: windows of the disk, which own nothing. */
static void take_slot(struct artefacts *a)
{
	static const enum layout_type types[] = { LAYOUT_USR, LAYOUT_USR_VERITY,
						  LAYOUT_USR_VERITY_SIG };

	for (size_t i = 0; !a->slot && i < a->disk->n_partitions; i++) {
		const struct image_partition *p = &a->disk->partitions[i];
		if (p->known && p->type == LAYOUT_USR && image_slot_used(p))
			a->slot = p;
	}
	for (size_t i = 0; a->slot && i < ARRAY_SIZE(types); i++) {
		char name[32];
		snprintf(name, sizeof(name), "%s-%c", layout_type_name(types[i]),
			 'a' + a->slot->slot);
		const struct image_partition *p = image_find(a->disk, name);
		if (p)
			a->parts[ARTEFACT_USR + i] = p->src;
	}
}

static int open_disk(struct artefacts *a, struct err *e)
{
	int r = image_open(&a->file, &a->disk, e);

	if (r < 0)
		return r;
	take_slot(a);
	return open_esp(a, e);
}

static int open_usr(struct artefacts *a, struct err *e)
{
	if (!a->parts[ARTEFACT_USR].size_bytes)
		return 0;
	int r = fs_reader_open(&a->parts[ARTEFACT_USR], &a->usr, e);
	return r < 0 ? err_wrap(e, r, "/usr") : 0;
}

static int open_file(struct artefacts *a, const char *path, struct err *e)
{
	int r = source_open(&a->file, path, e);

	if (r < 0)
		return r;
	enum artefact_part part;
	if (image_probe(&a->file))
		return open_disk(a, e);
	if (is_pe(&a->file))
		part = ARTEFACT_UKI;
	else if (fs_reader_probe(&a->file))
		part = ARTEFACT_USR;
	else
		return err_set(e, -EINVAL, "neither a disk, nor a filesystem, nor a UKI");
	if (part == ARTEFACT_UKI)
		a->uki_name = strdup(path_last(path));
	return source_init_window(&a->parts[part], &a->file, 0, a->file.size_bytes, e);
}

static bool is_part(const char *name, enum artefact_part *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		if (str_has_suffix(name, suffixes[i].suffix)) {
			*ret = suffixes[i].part;
			return true;
		}
	}
	return false;
}

static bool is_disk(const char *name)
{
	enum artefact_part part;

	if (is_part(name, &part))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(disk_suffixes); i++)
		if (str_has_suffix(name, disk_suffixes[i]))
			return true;
	return false;
}

static int list_dir(const char *path, struct strv *names, struct err *e)
{
	DIR *d = opendir(path);
	struct dirent *de;
	int r = 0;

	if (!d)
		return err_sys(e, -errno, "%s", path);
	while (r == 0 && (de = readdir(d)))
		if (de->d_name[0] != '.' && strv_add(names, de->d_name) < 0)
			r = err_oom(e);
	closedir(d);
	strv_sort(names);
	return r;
}

static int open_part(struct artefacts *a, const char *dir, const char *name, struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, name);
	enum artefact_part part;

	if (!path)
		return err_oom(e);
	if (!is_part(name, &part))
		return 0;
	if (a->parts[part].size_bytes)
		return err_set(e, -ENOTUNIQ, "holds several images, such as %s: name one file",
			       name);
	if (part == ARTEFACT_UKI && !(a->uki_name = strdup(name)))
		return err_oom(e);
	return source_open(&a->parts[part], path, e);
}

static int open_dir(struct artefacts *a, const char *dir, struct err *e)
{
	_cleanup_strv_ struct strv names = STRV_INIT;
	const char *disk = NULL;

	int r = list_dir(dir, &names, e);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		if (!is_disk(names.v[i]))
			continue;
		if (disk)
			return err_set(e, -ENOTUNIQ, "holds several disks, %s and %s: name one",
				       disk, names.v[i]);
		disk = names.v[i];
	}
	if (disk) {
		_cleanup_free_ char *path = str_printf("%s/%s", dir, disk);
		return path ? open_file(a, path, e) : err_oom(e);
	}
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = open_part(a, dir, names.v[i], e);
	if (r == 0 && !a->parts[ARTEFACT_USR].size_bytes && !a->parts[ARTEFACT_UKI].size_bytes)
		return err_set(e, -EINVAL, "holds no image: no disk, *.usr.raw or *.efi");
	return r;
}

int artefacts_open(const char *path, struct artefacts **ret, struct err *e)
{
	_cleanup_(artefacts_free) struct artefacts *a = calloc(1, sizeof(*a));
	struct stat st;

	if (!a)
		return err_oom(e);
	a->file = (struct source)SOURCE_INIT;
	for (size_t i = 0; i < ARTEFACT_N_PARTS; i++)
		a->parts[i] = (struct source)SOURCE_INIT;
	if (stat(path, &st) < 0)
		return err_sys(e, -errno, "%s", path);
	int r = S_ISDIR(st.st_mode) ? open_dir(a, path, e) : open_file(a, path, e);
	if (r == 0)
		r = open_usr(a, e);
	if (r < 0)
		return str_has_prefix(e->msg, path) ? r : err_wrap(e, r, "%s", path);
	*ret = TAKE_PTR(a);
	return 0;
}

void artefacts_free(struct artefacts *a)
{
	if (!a)
		return;
	fs_reader_free(a->usr);
	for (size_t i = 0; i < ARTEFACT_N_PARTS; i++)
		source_done(&a->parts[i]);
	image_free(a->disk);
	source_done(&a->file);
	buf_done(&a->uki);
	free(a->uki_name);
	free(a);
}
