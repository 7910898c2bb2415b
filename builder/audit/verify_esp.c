/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ESP, the one part of a disk that nothing signs as a whole: file by file, and then to the last byte. */
#include "builder/audit/verify_esp.h"
#include "builder/stages/esp.h"

#define FILE_BYTES_MAX (1 * GiB)

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

enum { ALWAYS, ENROLMENT, ANY_NUMBER };

/* What is on an ESP. A path that ends in a slash is a directory, whose files are all alike. */
static const struct {
	const char *path, *arch; /* arch: NULL: of any */
	int need;		 /* enrolment files are there together, or not at all */
	int (*check)(struct verify *v, const struct esp_file *f, struct err *e);
} known[] = {
	{ "EFI/BOOT/BOOTX64.EFI", "x86-64", ALWAYS, verify_loader },
	{ "EFI/BOOT/BOOTAA64.EFI", "arm64", ALWAYS, verify_loader },
	{ "EFI/systemd/systemd-bootx64.efi", "x86-64", ALWAYS, verify_loader },
	{ "EFI/systemd/systemd-bootaa64.efi", "arm64", ALWAYS, verify_loader },
	{ "EFI/Linux/", NULL, ANY_NUMBER, check_uki },
	{ "loader/loader.conf", NULL, ALWAYS, check_loader_conf },
	{ "loader/entries.srel", NULL, ALWAYS, check_entries_srel },
	{ ESP_KEYS "/PK.auth", NULL, ENROLMENT, verify_auth },
	{ ESP_KEYS "/KEK.auth", NULL, ENROLMENT, verify_auth },
	{ ESP_KEYS "/db.auth", NULL, ENROLMENT, verify_auth },
};

struct walk {
	struct verify *v;
	struct fs_reader *reader;
	size_t n_files;
	bool there[ARRAY_SIZE(known)];
	bool has_loader;
	uint8_t loader[SHA256_BYTES]; /* of the first one: the other is a copy */
};

static bool is_for(const struct verify *v, size_t i)
{
	return !known[i].arch || str_eq(known[i].arch, v->arch);
}

/* Return: where it is in the table; its size if it is not */
static size_t find_known(const struct verify *v, const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		bool directory = str_has_suffix(known[i].path, "/");
		if (is_for(v, i) &&
		    (directory ? str_has_prefix(path, known[i].path) : str_eq(path, known[i].path)))
			return i;
	}
	return ARRAY_SIZE(known);
}

/*
 * What systemd-sysupdate and the renewal of the boot loader write under a name that nothing starts, and a
 * power cut leaves: systemd-boot passes over names with a dot in front.
 */
static bool is_left_over(const char *path)
{
	return str_has_prefix(path, "EFI/Linux/.") ||
	       ((str_has_prefix(path, "EFI/BOOT/") || str_has_prefix(path, "EFI/systemd/")) &&
		str_has_suffix(path, ".new"));
}

/* What nobody has signed on a node's ESP, and nobody trusts; Return: 1 this is none of it */
static int check_state(struct verify *v, const struct esp_file *f, struct err *e)
{
	if (v->has_root && str_eq(f->path, "loader/random-seed"))
		return verify_state(v, VERIFY_ESP_STATE, e, "%zu bytes of chance", f->content.len);
	if (v->has_root && is_left_over(f->path))
		return verify_state(v, VERIFY_ESP_STATE, e,
				    "left by what was cut off; nothing starts it");
	return 1;
}

static int check_copy(struct walk *w, const struct esp_file *f, struct err *e)
{
	uint8_t sha256[SHA256_BYTES];

	sha256_bytes(buf_str(&f->content), f->content.len, sha256);
	if (w->has_loader && memcmp(w->loader, sha256, sizeof(sha256)) != 0 && w->v->has_root)
		return verify_state(w->v, VERIFY_ESP_LOADER, e,
				    "it is not the same as the one in /EFI/BOOT: a renewal was cut "
				    "off");
	if (w->has_loader && memcmp(w->loader, sha256, sizeof(sha256)) != 0)
		return verify_fail(w->v, VERIFY_ESP_LOADER, e,
				   "it is not the same as the one in /EFI/BOOT");
	w->has_loader = true;
	memcpy(w->loader, sha256, sizeof(sha256));
	return 0;
}

static int check_file(struct walk *w, const struct esp_file *f, struct err *e)
{
	int r = check_state(w->v, f, e);

	if (r <= 0)
		return r;
	size_t i = find_known(w->v, f->path);
	if (i == ARRAY_SIZE(known))
		return verify_fail(w->v, VERIFY_ESP_FILES, e, "a file that no build makes");
	w->there[i] = true;
	r = known[i].check(w->v, f, e);
	return r == 0 && known[i].check == verify_loader ? check_copy(w, f, e) : r;
}

static int visit(void *ctx, const char *path, const struct fs_stat *st, struct err *e)
{
	struct walk *w = ctx;
	struct esp_file f = { .path = path, .content = BUF_INIT };

	verify_at(w->v, "esp: /%s", path);
	if (S_ISDIR(st->mode))
		return check_directory(w->v, &f, e);
	w->n_files++;
	int r = verify_read_file(w->reader, st, FILE_BYTES_MAX, &f.content, e);
	if (r < 0)
		r = verify_failed(w->v, VERIFY_ESP_FILES, r, e);
	else
		r = check_file(w, &f, e);
	buf_done(&f.content);
	return r;
}

static int check_there(struct verify *v, const struct walk *w, struct err *e)
{
	bool enrols = false;

	verify_at(v, "esp");
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		enrols = enrols || (known[i].need == ENROLMENT && w->there[i]);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		bool needed = known[i].need == ALWAYS || (known[i].need == ENROLMENT && enrols);
		if (needed && is_for(v, i) && !w->there[i])
			return verify_fail(v, VERIFY_ESP_FILES, e, "/%s is missing", known[i].path);
	}
	return verify_ok(v, VERIFY_ESP_FILES, e, "%zu files, all of them known", w->n_files);
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
