/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot loader: systemd-boot, and the very one that lies in the /usr which it starts. So an older one,
 * or anything else that a trusted key has signed one day, does not pass for it.
 */
#include "builder/audit/verify_esp.h"
#include "signing/pe.h"

#define FILE_BYTES_MAX (64 * MiB)
#define SECTION	       ".sdmagic"
#define MAGIC	       "#### LoaderInfo: systemd-boot "

static int digest_of(const struct buf *file, uint8_t ret[SHA256_BYTES], struct err *e)
{
	_cleanup_free_ struct pe *pe = calloc(1, sizeof(*pe));

	if (!pe)
		return err_oom(e);
	int r = pe_parse(pe, file->data, file->len, e);
	return r < 0 ? r : pe_digest(pe, ret, e);
}

/* Where it says what it is; elsewhere, the words could be content of something else. */
static int check_magic(const struct buf *file, struct err *e)
{
	_cleanup_free_ struct pe *pe = calloc(1, sizeof(*pe));
	size_t len = 0;

	if (!pe)
		return err_oom(e);
	int r = pe_parse(pe, file->data, file->len, e);
	if (r < 0)
		return r;
	const struct pe_section *s = pe_find(pe, SECTION);
	const uint8_t *text = s ? pe_content(pe, s, &len) : NULL;
	if (len < strlen(MAGIC) || memcmp(text, MAGIC, strlen(MAGIC)) != 0)
		return err_set(e, -EBADMSG, "it is not systemd-boot");
	return 0;
}

/* Return: 1 it was read; 0 there is none */
static int read_own(const struct verify *v, const struct verify_slot *s, struct buf *ret,
		    struct err *e)
{
	const char *path = str_eq(v->arch, "arm64") ? "lib/systemd/boot/efi/systemd-bootaa64.efi"
						    : "lib/systemd/boot/efi/systemd-bootx64.efi";
	struct fs_stat st;
	uint64_t ino;

	int r = fs_reader_lookup(s->usr, path, &ino, e);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = s->usr->ops->stat(s->usr, ino, &st, e);
	if (r == 0)
		r = verify_read_file(s->usr, &st, FILE_BYTES_MAX, ret, e);
	return r < 0 ? err_wrap(e, r, "/usr/%s", path) : 1;
}

/* The signature is put to it on the way to the ESP: what it is of is the same. */
static int compare_own(const struct verify *v, const uint8_t digest[SHA256_BYTES], bool *ret_any,
		       bool *ret_same, struct err *e)
{
	for (size_t i = 0; i < VERIFY_SLOTS; i++) {
		_cleanup_buf_ struct buf own = BUF_INIT;
		uint8_t of_own[SHA256_BYTES];
		int r = v->slots[i].usr ? read_own(v, &v->slots[i], &own, e) : 0;
		if (r > 0)
			r = digest_of(&own, of_own, e);
		else if (r == 0)
			continue;
		if (r < 0)
			return r;
		*ret_any = true;
		*ret_same = *ret_same || memcmp(digest, of_own, SHA256_BYTES) == 0;
	}
	return 0;
}

int verify_loader(struct verify *v, const struct esp_file *f, struct err *e)
{
	const struct verify_pe pe = { f->content.data, f->content.len };
	uint8_t digest[SHA256_BYTES];
	bool any = false, same = false;

	int r = verify_pe(v, &pe, e);
	if (r < 0)
		return r;
	r = check_magic(&f->content, e);
	if (r == 0)
		r = digest_of(&f->content, digest, e);
	/* Updates of a node leave the loader as it is. */
	if (r == 0 && !v->has_root)
		r = compare_own(v, digest, &any, &same, e);
	if (r < 0)
		return verify_failed(v, VERIFY_ESP_LOADER, r, e);
	if (any && !same)
		return verify_fail(v, VERIFY_ESP_LOADER, e,
				   "it is not the systemd-boot that lies in /usr");
	return verify_ok(v, VERIFY_ESP_LOADER, e, "systemd-boot%s",
			 any ? ", the one that lies in /usr" : "");
}
