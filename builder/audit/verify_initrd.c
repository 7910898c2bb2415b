/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The initrd of a kernel: one archive, and what is in it. */
#include "builder/audit/verify_initrd.h"
#include "stage1/initrd/cpio_read.h"
#include "stage1/initrd/decompress.h"

#define INITRD_BYTES_MAX (1 * GiB)

struct initrd {
	struct fs_reader *usr; /* NULL: there is none to compare with */
	struct strv bad, secrets;
	struct initrd_origins origins;
	size_t n;
};

static bool is_shell(const char *path, uint32_t mode)
{
	static const char *const shells[] = { "sh",  "bash", "dash",	"ash",
					      "ksh", "zsh",  "busybox", "toybox" };
	const char *slash = strrchr(path, '/');

	if (S_ISDIR(mode) || !slash || !strstr(path, "bin/"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
		if (str_eq(slash + 1, shells[i]))
			return true;
	return false;
}

/*
 * Of a file with several names, the last one in the archive has the content.
 * Spec: Documentation/driver-api/early-userspace/buffer-format.rst of Linux, "hard links"
 */
static int find_content(const struct buf *b, size_t at, struct cpio_entry *x, struct err *e)
{
	struct cpio_entry other;
	int r;

	if (!S_ISREG(x->mode) || x->nlink < 2 || x->len)
		return 0;
	while ((r = cpio_read(b->data, b->len, &at, &other, e)) > 0)
		if (other.ino == x->ino && other.dev_major == x->dev_major &&
		    other.dev_minor == x->dev_minor && other.len) {
			x->data = other.data;
			x->len = other.len;
		}
	return r;
}

static int look_at(struct verify *v, struct initrd *in, const struct cpio_entry *x, struct err *e)
{
	const struct buf content = { .data = (uint8_t *)(uintptr_t)x->data, .len = x->len };
	_cleanup_free_ char *path = str_printf("/%s", x->name + strspn(x->name, "/"));
	int r = path ? 0 : -ENOMEM;

	in->n++;
	if (r == 0 && !v->p->policy->initrd_shells && is_shell(path, x->mode))
		r = strv_addf(&in->bad, "%s is a shell", path);
	if (r == 0 && (S_ISBLK(x->mode) || S_ISSOCK(x->mode) || (x->mode & (S_ISUID | S_ISGID))))
		r = strv_addf(&in->bad, "%s has the mode %o", path, x->mode);
	if (r < 0)
		return err_oom(e);
	r = verify_forbidden(v, path, &in->bad, e);
	const struct initrd_file file = { path + 1, x->mode, x->data, x->len };
	if (r == 0 && in->usr)
		r = verify_initrd_file(v->p->policy, in->usr, &file, &in->origins, e);
	return r < 0 ? r : verify_search_file(v, path, &content, &in->secrets, e);
}

static int read_archive(struct verify *v, struct initrd *in, const struct buf *b, struct err *e)
{
	struct cpio_entry x;
	size_t at = 0;
	int r;

	while ((r = cpio_read(b->data, b->len, &at, &x, e)) > 0) {
		r = find_content(b, at, &x, e);
		if (r == 0)
			r = look_at(v, in, &x, e);
		if (r < 0)
			return r;
	}
	if (r == 0 && at != b->len)
		r = err_set(e, -EBADMSG, "something follows its byte %zu", at);
	return r;
}

static int judge(struct verify *v, struct initrd *in, struct err *e)
{
	char good[64];

	snprintf(good, sizeof(good), "%zu files", in->n);
	int r = verify_found(v, VERIFY_UKI_INITRD, &in->bad, good, e);
	if (r == 0 && in->usr)
		r = verify_initrd_origins(v, &in->origins, e);
	return r < 0 ? r : verify_found(v, VERIFY_SECRETS, &in->secrets, "none in the initrd", e);
}

int verify_initrd(struct verify *v, struct fs_reader *usr, const uint8_t *data, size_t len,
		  struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct initrd in = { .usr = usr, .bad = STRV_INIT, .secrets = STRV_INIT };

	int r = zstd_decompress(data, len, INITRD_BYTES_MAX, &b, e);
	if (r == 0)
		r = read_archive(v, &in, &b, e);
	if (r < 0)
		r = verify_failed(v, VERIFY_UKI_INITRD, r, e);
	else
		r = judge(v, &in, e);
	strv_done(&in.bad);
	strv_done(&in.secrets);
	initrd_origins_done(&in.origins);
	return r;
}
