/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in /usr: its hash tree was right, so that this is what the signer of the root hash signed. */
#include "base/os_release.h"
#include "builder/audit/verify_internal.h"
#include "builder/repo/solve.h"

#define OS_RELEASE_BYTES_MAX (64 * KiB)

int verify_read_file(struct fs_reader *reader, const struct fs_stat *st, uint64_t max_bytes,
		     struct buf *ret, struct err *e)
{
	if (!S_ISREG(st->mode) || st->size_bytes > max_bytes)
		return err_set(e, -EBADMSG, "%s of %llu bytes", fs_type_name(st->mode),
			       (unsigned long long)st->size_bytes);
	return fs_reader_append(reader, st, ret, e);
}

static int read_path(struct fs_reader *reader, const char *path, struct fs_stat *st,
		     struct buf *ret, struct err *e)
{
	uint64_t ino;

	int r = fs_reader_lookup(reader, path, &ino, e);
	if (r == 0)
		r = reader->ops->stat(reader, ino, st, e);
	if (r == 0)
		r = verify_read_file(reader, st, OS_RELEASE_BYTES_MAX, ret, e);
	return r < 0 ? err_wrap(e, r, "/%s", path) : 0;
}

/* The value of a line such as IMAGE_ID="node", as builds write them; NULL: there is none. */
static char *quoted_value(struct span text, const char *key)
{
	struct span v;

	return os_release_find(text, key, &v) && v.len && *v.p == '"'
		       ? strndup(v.p + 1, strcspn(v.p + 1, "\"\n"))
		       : NULL;
}

static int check_minimum(struct verify *v, const struct verify_slot *s, struct err *e)
{
	const char *minimum = v->p->policy->minimum_version;
	int order = 0;
	int r = minimum ? solve_compare_versions(s->version, minimum, &order, e) : 0;

	if (r < 0)
		return r;
	if (order < 0)
		return verify_fail(v, VERIFY_USR_VERSION, e, "%s %s is older than %s", s->image_id,
				   s->version, minimum);
	return verify_ok(v, VERIFY_USR_VERSION, e, "%s %s", s->image_id, s->version);
}

static int check_version(struct verify *v, struct verify_slot *s, struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	char label[GPT_LABEL_UTF8];
	struct fs_stat st;

	int r = read_path(s->usr, "lib/os-release", &st, &text, e);
	if (r < 0)
		return verify_failed(v, VERIFY_USR_VERSION, r, e);
	s->time = st.mtime;
	s->os_release = buf_take_str(&text);
	s->image_id = quoted_value(span_of(s->os_release), "IMAGE_ID");
	s->version = quoted_value(span_of(s->os_release), "IMAGE_VERSION");
	if (!s->image_id || !s->version)
		return verify_fail(v, VERIFY_USR_VERSION, e,
				   "/lib/os-release has no IMAGE_ID and IMAGE_VERSION");
	snprintf(label, sizeof(label), "%s_%s", s->image_id, s->version);
	if (s->label && !str_eq(s->label, label))
		return verify_differs(v, VERIFY_USR_VERSION, label, s->label, e);
	return check_minimum(v, s, e);
}

int verify_usr(struct verify *v, struct verify_slot *s, struct err *e)
{
	uint64_t bytes = s->verity.data_blocks * VERITY_BLOCK_BYTES;

	int r = source_init_window(&s->usr_src, &s->data, 0, bytes, e);
	if (r == 0)
		r = fs_reader_open(&s->usr_src, &s->usr, e);
	if (r < 0)
		return verify_failed(v, VERIFY_USR_FILESYSTEM, r, e);
	if (s->usr->size_bytes != bytes)
		r = verify_fail(v, VERIFY_USR_FILESYSTEM, e,
				"%llu bytes of a filesystem, and %llu that are hashed",
				(unsigned long long)s->usr->size_bytes, (unsigned long long)bytes);
	else
		r = verify_ok(v, VERIFY_USR_FILESYSTEM, e, "%s of %llu bytes", s->usr->ops->name,
			      (unsigned long long)bytes);
	if (r == 0)
		r = check_version(v, s, e);
	if (r == 0)
		r = verify_packages(v, s, e);
	return r < 0 ? r : verify_content(v, s, e);
}
