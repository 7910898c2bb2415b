/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nothing of who built the image, and no private key: in each file, unpacked, and in the disk's bytes. No file
 * is a credential by its place, and no database of users has a password.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/source.h"
#include "qemu-tests/cases/artefact.h"
#include "qemu-tests/cases/case_util.h"
#include "builder/audit/credentials.h"
#include "builder/audit/secrets.h"

#define SHOWN 4

struct search {
	const struct vm_case_context *ctx;
	struct strv found; /* "usr: etc/key: a private key (PEM) at its byte 0" */
	size_t n_files;
	/* What is being looked into. */
	const char *place, *path;
};

static int found(void *data, const struct secret *secret, struct err *e)
{
	struct search *s = data;

	if (secret->is_key && secret_is_known(secret->id))
		return 0;
	_cleanup_free_ char *finding =
		str_printf("secret %s %s", secret->is_key ? secret->id : "-", secret->what);

	if (!finding)
		return err_oom(e);
	if (allowed_test(s->ctx->allowed, finding))
		return 0;
	return strv_addf(&s->found, "%s: %s: %s at its byte %zu%s%s", s->place, s->path,
			 secret->what, secret->at, secret->is_key ? ", id " : "", secret->id) < 0
		       ? err_oom(e)
		       : 0;
}

static int search_bytes(struct search *s, const char *place, const char *path, const void *data,
			size_t len, struct err *e)
{
	s->place = place;
	s->path = path;
	return secrets_find(data, len, s->ctx->forbidden, found, s, e);
}

static int search_place(struct search *s, const struct artefact_file *f, struct err *e)
{
	const struct span content = { (const char *)f->data, f->len };
	const char *what = S_ISREG(f->mode) ? credential_in_file(f->path, content) : NULL;

	if (!what)
		return 0;
	_cleanup_free_ char *finding =
		f->place == ARTEFACT_USR
			? str_printf("secret - /usr/%s", f->path)
			: str_printf("secret - %s:/%s", artefact_place_name(f->place), f->path);
	if (!finding)
		return err_oom(e);
	if (allowed_test(s->ctx->allowed, finding))
		return 0;
	return strv_addf(&s->found, "%s: %s: %s", artefact_place_name(f->place), f->path, what) < 0
		       ? err_oom(e)
		       : 0;
}

/* Names are content too. */
static int search_file(void *ctx, const struct artefact_file *f, struct err *e)
{
	const char *place = artefact_place_name(f->place);
	struct search *s = ctx;

	s->n_files++;
	int r = search_place(s, f, e);
	if (r == 0)
		r = search_bytes(s, place, "a name", f->path, strlen(f->path), e);
	if (r == 0 && f->len)
		r = search_bytes(s, place, f->path, f->data, f->len, e);
	return r;
}

/* What no file is about: partition table, slack, deleted names. Holes are zeros. */
static int search_disk(struct search *s, const char *image, struct err *e)
{
	_cleanup_source_ struct source disk = SOURCE_INIT;
	_cleanup_close_ int fd = open(image, O_RDONLY | O_CLOEXEC);
	int r = source_open(&disk, image, e);
	off_t at = 0;

	if (r < 0)
		return r;
	if (fd < 0 || !disk.bytes)
		return err_set(e, -EIO, "%s: cannot be mapped into memory", image);
	while (r == 0 && (at = lseek(fd, at, SEEK_DATA)) >= 0) {
		char where[48];
		off_t end = lseek(fd, at, SEEK_HOLE);
		if (end <= at || (uint64_t)end > disk.size_bytes)
			return err_set(e, -EIO, "%s: changes while it is read", image);
		snprintf(where, sizeof(where), "from byte %lld on", (long long)at);
		r = search_bytes(s, "disk", where, disk.bytes + at, (size_t)(end - at), e);
		at = end;
	}
	return r;
}

static int judge(struct vm_case_context *ctx, const struct search *s, struct err *e)
{
	const struct strv *words = ctx->forbidden;
	_cleanup_buf_ struct buf text = BUF_INIT, all = BUF_INIT;

	for (size_t i = 0; i < s->found.n; i++) {
		if (i < SHOWN)
			buf_printf(&text, "%s%s", i ? "; " : "", s->found.v[i]);
		buf_printf(&all, "%s\n", s->found.v[i]);
	}
	int r = case_keep(ctx, "findings", &all, e);
	if (r < 0)
		return r;
	if (s->found.n)
		return err_set(e, -EBADMSG, "%s%s", buf_str(&text),
			       s->found.n > SHOWN ? "; …" : "");
	for (size_t i = 0; words && i < words->n; i++)
		buf_printf(&text, ", \"%s\"", words->v[i]);
	return guest_note(ctx, e,
			  "no private key or credential%s in %zu files and the disk's bytes",
			  buf_str(&text), s->n_files);
}

static int run(struct vm_case_context *ctx, struct err *e)
{
	struct search s = { .ctx = ctx };
	int r = artefact_visit(ctx->image, search_file, &s, e);

	if (r == 0)
		r = search_disk(&s, ctx->image, e);
	if (r == 0)
		r = judge(ctx, &s, e);
	strv_done(&s.found);
	return r;
}

extern const struct vm_case case_secrets;
const struct vm_case case_secrets = {
	.name = "secrets",
	.description = "no private key, no credential, no path or name of the building machine",
	.typical_sec = 10,
	.run = run,
};
