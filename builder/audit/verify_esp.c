/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ESP, the one part of a disk that nothing signs as a whole: file by file, and then to the last byte. */
#include "builder/audit/verify_esp.h"
#include "builder/stages/esp.h"

#define FILE_BYTES_MAX (1 * GiB)
#define LOADER_MAGIC   "#### LoaderInfo: systemd-boot "

static int check_directory(struct verify *v, const struct esp_file *f, struct err *e)
{
	static const char *const known[] = {
		"", "EFI", "EFI/BOOT", "EFI/Linux", "EFI/systemd", "loader", "loader/keys", ESP_KEYS
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (str_eq(f->path, known[i]))
			return 0;
	return verify_fail(v, VERIFY_ESP_FILES, e, "a directory that no build makes");
}

static int check_loader(struct verify *v, const struct esp_file *f, struct err *e)
{
	const struct verify_pe pe = { f->content.data, f->content.len };

	int r = verify_pe(v, &pe, e);
	if (r < 0)
		return r;
	if (!memmem(pe.data, pe.len, LOADER_MAGIC, strlen(LOADER_MAGIC)))
		return verify_fail(v, VERIFY_ESP_LOADER, e, "it is not systemd-boot");
	return verify_ok(v, VERIFY_ESP_LOADER, e, "systemd-boot");
}

static int check_uki(struct verify *v, const struct esp_file *f, struct err *e)
{
	const struct verify_pe pe = { f->content.data, f->content.len };

	return verify_uki(v, f->path, &pe, e);
}

static int check_text(struct verify *v, const struct esp_file *f, const char *want, struct err *e)
{
	if (f->content.len == strlen(want) && memcmp(f->content.data, want, strlen(want)) == 0)
		return verify_ok(v, VERIFY_ESP_CONFIG, e, "%zu bytes, as builds write them",
				 f->content.len);
	return verify_differs(v, VERIFY_ESP_CONFIG, buf_str(&f->content), want, e);
}

static int check_loader_conf(struct verify *v, const struct esp_file *f, struct err *e)
{
	return check_text(v, f, ESP_LOADER_CONF, e);
}

static int check_entries_srel(struct verify *v, const struct esp_file *f, struct err *e)
{
	return check_text(v, f, ESP_ENTRIES_SREL, e);
}

/* What may be on an ESP. A pattern that ends in a slash is a directory, whose files are all alike. */
static const struct {
	const char *path;
	int (*check)(struct verify *v, const struct esp_file *f, struct err *e);
} known[] = {
	{ "EFI/BOOT/BOOTX64.EFI", check_loader },
	{ "EFI/BOOT/BOOTAA64.EFI", check_loader },
	{ "EFI/systemd/systemd-bootx64.efi", check_loader },
	{ "EFI/systemd/systemd-bootaa64.efi", check_loader },
	{ "EFI/Linux/", check_uki },
	{ "loader/loader.conf", check_loader_conf },
	{ "loader/entries.srel", check_entries_srel },
	{ ESP_KEYS "/PK.auth", verify_auth },
	{ ESP_KEYS "/KEK.auth", verify_auth },
	{ ESP_KEYS "/db.auth", verify_auth },
};

static int check_file(struct verify *v, const struct esp_file *f, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		bool directory = str_has_suffix(known[i].path, "/");
		if (directory ? str_has_prefix(f->path, known[i].path)
			      : str_eq(f->path, known[i].path))
			return known[i].check(v, f, e);
	}
	return verify_fail(v, VERIFY_ESP_FILES, e, "a file that no build makes");
}

struct walk {
	struct verify *v;
	struct fs_reader *reader;
	size_t n_files, n_loaders, n_conf;
};

static int visit(void *ctx, const char *path, const struct fs_stat *st, struct err *e)
{
	struct walk *w = ctx;
	struct esp_file f = { .path = path, .content = BUF_INIT };

	verify_at(w->v, "esp: /%s", path);
	if (S_ISDIR(st->mode))
		return check_directory(w->v, &f, e);
	w->n_files++;
	w->n_loaders += str_has_prefix(path, "EFI/BOOT/");
	w->n_conf += str_eq(path, "loader/loader.conf");
	int r = verify_read_file(w->reader, st, FILE_BYTES_MAX, &f.content, e);
	if (r < 0)
		r = verify_failed(w->v, VERIFY_ESP_FILES, r, e);
	else
		r = check_file(w->v, &f, e);
	buf_done(&f.content);
	return r;
}

static int check_there(struct verify *v, const struct walk *w, struct err *e)
{
	verify_at(v, "esp");
	if (!w->n_loaders)
		return verify_fail(v, VERIFY_ESP_FILES, e, "there is no boot loader in /EFI/BOOT");
	if (!w->n_conf)
		return verify_fail(v, VERIFY_ESP_FILES, e, "there is no /loader/loader.conf");
	return verify_ok(v, VERIFY_ESP_FILES, e, "%zu files", w->n_files);
}

int verify_esp(struct verify *v, const struct source *esp, struct err *e)
{
	_cleanup_(fs_reader_free) struct fs_reader *reader = NULL;
	struct walk w = { .v = v };

	verify_at(v, "esp");
	int r = fs_reader_open(esp, &reader, e);
	if (r == 0 && !str_eq(reader->ops->name, "vfat"))
		r = err_set(e, -EBADMSG, "%s, expected vfat", reader->ops->name);
	if (r < 0)
		return verify_failed(v, VERIFY_ESP_FILES, r, e);
	w.reader = reader;
	r = fs_reader_walk(reader, visit, &w, e);
	if (r < 0)
		return verify_failed(v, VERIFY_ESP_FILES, r, e);
	r = check_there(v, &w, e);
	return r < 0 ? r : verify_esp_form(v, esp, reader, e);
}
