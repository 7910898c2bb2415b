/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "stage1/fs/test/support.h"

struct fs_params fs_test_params(void)
{
	struct fs_params p = { .label = "usr-test", .time = 1700000000 };

	for (int i = 0; i < 16; i++) {
		p.uuid[i] = (uint8_t)(0x10 + i);
		p.hash_seed[i] = (uint8_t)(0xa0 + i);
	}
	return p;
}

static int load_xattrs(const char *full, struct tree_node *n, struct err *e)
{
	char names[4096], value[4096];
	ssize_t len = llistxattr(full, names, sizeof(names));

	for (const char *x = names; len > 0 && x < names + len; x += strlen(x) + 1) {
		ssize_t size = lgetxattr(full, x, value, sizeof(value));
		if (size >= 0 && tree_set_xattr(n, x, value, (size_t)size) < 0)
			return err_oom(e);
	}
	return 0;
}

/* Files with several names, by their inode. */
struct loaded {
	struct tree *t;
	struct {
		ino_t ino;
		char *path;
	} v[1000];
	size_t n;
};

static struct tree_node *find_link(const struct loaded *l, ino_t ino)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].ino == ino)
			return tree_lookup(l->t, l->v[i].path);
	return NULL;
}

static int load_one(struct loaded *l, const char *full, const char *path, struct err *e)
{
	struct tree *t = l->t;
	struct tree_node *n = NULL;
	struct blob *blob = NULL;
	char target[4096];
	struct stat st;

	if (lstat(full, &st) < 0)
		return err_sys(e, -errno, "%s", full);
	struct tree_meta m = { .mode = st.st_mode &
				       (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode) ? 07777 : ~0u),
			       .uid = st.st_uid,
			       .gid = st.st_gid,
			       .mtime = st.st_mtime };
	struct tree_node *link = S_ISDIR(st.st_mode) ? NULL : find_link(l, st.st_ino);
	int r = 0;
	if (link)
		return tree_add_link(t, path, link, NULL, e);
	if (S_ISDIR(st.st_mode)) {
		r = tree_add_dir(t, path, &m, &n, e);
	} else if (S_ISREG(st.st_mode)) {
		r = blob_new_file(AT_FDCWD, full, &blob, e);
		r = r < 0 ? r : tree_add_file(t, path, &m, blob, &n, e);
	} else if (S_ISLNK(st.st_mode)) {
		ssize_t len = readlink(full, target, sizeof(target) - 1);
		if (len < 0)
			return err_sys(e, -errno, "%s", full);
		target[len] = 0;
		r = tree_add_symlink(t, path, &m, target, &n, e);
	} else {
		r = tree_add_special(t, path, &m, major(st.st_rdev), minor(st.st_rdev), &n, e);
	}
	if (r == 0 && !S_ISDIR(st.st_mode) && st.st_nlink > 1) {
		ck_assert_uint_lt(l->n, ARRAY_SIZE(l->v));
		l->v[l->n].ino = st.st_ino;
		l->v[l->n++].path = strdup(path);
	}
	return r < 0 ? r : load_xattrs(full, n, e);
}

static int load_dir(struct loaded *l, const char *full, const char *path, struct err *e)
{
	DIR *d = opendir(full);
	struct dirent *de;
	int r = 0;

	if (!d)
		return err_sys(e, -errno, "%s", full);
	while (r == 0 && (de = readdir(d))) {
		if (str_eq(de->d_name, ".") || str_eq(de->d_name, ".."))
			continue;
		_cleanup_free_ char *sub = str_printf("%s/%s", full, de->d_name);
		_cleanup_free_ char *name =
			str_printf("%s%s%s", path, *path ? "/" : "", de->d_name);
		r = load_one(l, sub, name, e);
		if (r == 0 && de->d_type == DT_DIR)
			r = load_dir(l, sub, name, e);
	}
	closedir(d);
	return r;
}

int fs_test_load(const char *dir, struct tree **ret, struct err *e)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct loaded l = { .t = t };

	int r = t ? load_dir(&l, dir, "", e) : err_oom(e);
	for (size_t i = 0; i < l.n; i++)
		free(l.v[i].path);
	if (r == 0)
		*ret = TAKE_PTR(t);
	return r;
}

int fs_test_plan(const struct fs_writer *w, const struct tree *t, const struct fs_params *p,
		 uint64_t *ret_bytes, struct err *e)
{
	_cleanup_(fs_plan_free) struct fs_plan *plan = NULL;

	int r = w->plan(t, p, &plan, e);
	if (r == 0)
		*ret_bytes = plan->bytes;
	return r;
}

int fs_test_write(const struct fs_writer *w, const struct tree *t, const struct fs_params *p,
		  const char *path, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0644);
	_cleanup_(fs_plan_free) struct fs_plan *plan = NULL;
	struct sink s, window;

	if (fd < 0)
		return err_sys(e, -errno, "%s", path);
	int r = w->plan(t, p, &plan, e);
	if (r < 0)
		return r;
	if (ftruncate(fd, (off_t)plan->bytes) < 0)
		return err_sys(e, -errno, "%s", path);
	sink_init_fd(&s, fd);
	sink_init_window(&window, &s, 0, plan->bytes);
	return w->write(plan, &window, e);
}

bool fs_test_program(const char *name)
{
	static const char *const dirs[] = { "/usr/sbin", "/sbin", "/usr/bin", "/bin" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *path = str_printf("%s/%s", dirs[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

char *fs_test_run(const char *const *argv)
{
	static const char *const env[] = { "PATH=/usr/sbin:/sbin:/usr/bin:/bin", "LC_ALL=C.UTF-8",
					   NULL };
	struct buf out = BUF_INIT;
	struct err e = { 0 };
	int status = -1;

	struct run_params p = { .argv = argv, .env = env, .out = &out, .diag = &out };
	ck_ok(run_program(&p, &status, &e));
	ck_assert_msg(status == 0, "%s: status %d: %s", argv[0], status, buf_str(&out));
	if (!out.len)
		buf_append_str(&out, "\n");
	char *s = buf_take_str(&out);
	ck_assert_ptr_nonnull(s);
	return s;
}
