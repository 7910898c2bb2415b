/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The members of a .deb, in the order that deb(5) fixes: debian-binary, control.tar*, data.tar*. */
#include <sys/mman.h>

#include "stage1/package/ar.h"
#include "stage1/package/deb_internal.h"
#include "stage1/package/unpack.h"

#define MAX_CONTROL_BYTES (32 * MiB)
#define MAX_DATA_BYTES	  (16 * GiB)
#define MAX_VERSION_BYTES 64

static int check_version(const struct source *src, const struct ar_member *m, struct err *e)
{
	char text[MAX_VERSION_BYTES + 1] = "";

	if (!str_eq(m->name, "debian-binary"))
		return err_set(e, -EBADMSG,
			       "not a .deb: its first member is \"%s\" and not "
			       "debian-binary",
			       m->name);
	if (m->size_bytes <= MAX_VERSION_BYTES) {
		int r = source_pread(src, m->offset, text, (size_t)m->size_bytes, e);
		if (r < 0)
			return r;
	}
	size_t digits = str_has_prefix(text, "2.") ? strspn(text + 2, "0123456789") : 0;
	if (digits == 0 || text[2 + digits] != '\n')
		return err_set(e, -EBADMSG, "debian-binary: its format is not version 2");
	return 0;
}

/* Of "control.tar.xz", the part after "control.tar". */
static int member_format(const char *name, const char *suffix, bool data, enum unpack_format *ret,
			 struct err *e)
{
	static const struct {
		const char *suffix;
		enum unpack_format format;
		bool only_data;
	} known[] = {
		{ "", UNPACK_NONE, false },	{ ".gz", UNPACK_GZIP, false },
		{ ".xz", UNPACK_XZ, false },	{ ".zst", UNPACK_ZSTD, false },
		{ ".bz2", UNPACK_BZIP2, true }, { ".lzma", UNPACK_LZMA, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (str_eq(suffix, known[i].suffix) && (data || !known[i].only_data)) {
			*ret = known[i].format;
			return 0;
		}
	return err_set(e, -EBADMSG, "%s: unknown compression", name);
}

/* The next member that is not to be ignored. */
static int next_member(struct ar *a, struct ar_member *m, const char *want, struct err *e)
{
	do {
		int r = ar_next(a, m, e);
		if (r < 0)
			return r;
		if (r == 0)
			return err_set(e, -EBADMSG, "truncated: there is no %s in it", want);
	} while (m->name[0] == '_');
	if (!str_has_prefix(m->name, want))
		return err_set(e, -EBADMSG, "member \"%s\" is where %s has to be", m->name, want);
	return 0;
}

/*
 * Other members may follow the data archive, but not a second one of these: then two readers could
 * see two packages in one file.
 */
static int check_rest(struct ar a, struct err *e)
{
	static const char *const once[] = { "debian-binary", "control.tar", "data.tar" };
	struct ar_member m;

	for (;;) {
		int r = ar_next(&a, &m, e);
		if (r <= 0)
			return r < 0 ? err_wrap(e, r, "behind data.tar") : 0;
		for (size_t i = 0; i < ARRAY_SIZE(once); i++)
			if (str_has_prefix(m.name, once[i]))
				return err_set(e, -EBADMSG, "a second %s behind data.tar: \"%s\"",
					       once[i], m.name);
	}
}

static int read_control(const struct package_read_params *p, const struct ar_member *m,
			struct package *pkg, struct err *e)
{
	_cleanup_buf_ struct buf tar = BUF_INIT;
	_cleanup_source_ struct source src = SOURCE_INIT;
	enum unpack_format format;

	int r = member_format(m->name, m->name + strlen("control.tar"), false, &format, e);
	if (r < 0)
		return r;
	r = source_init_window(&src, p->src, m->offset, m->size_bytes, e);
	if (r == 0)
		r = unpack_to_buf(&src, format, MAX_CONTROL_BYTES, &tar, e);
	if (r == 0)
		r = package_read_control(pkg, tar.data, tar.len, e);
	return r < 0 ? err_wrap(e, r, "%s", m->name) : 0;
}

/* What an earlier run has unpacked. An archive that does not read is as good as none. */
static bool read_stored(const struct package_read_params *p, struct package *pkg)
{
	_cleanup_(mapping_unref) struct mapping *map = NULL;
	struct err e = { 0 };

	if (!p->store || !p->key)
		return false;
	_cleanup_close_ int fd = p->store->open(p->store, p->key, &e);
	return fd >= 0 && mapping_new(fd, &map, &e) == 0 && package_read_entries(pkg, map, &e) == 0;
}

static int unpack_data(const struct package_read_params *p, const struct ar_member *m, int fd,
		       struct package *pkg, struct err *e)
{
	_cleanup_(mapping_unref) struct mapping *map = NULL;
	_cleanup_source_ struct source src = SOURCE_INIT;
	struct unpack_params u = { .src = &src, .limit_bytes = MAX_DATA_BYTES, .pool = p->pool };
	struct sink out;
	uint64_t len;

	sink_init_fd(&out, fd);
	u.out = &out;
	int r = member_format(m->name, m->name + strlen("data.tar"), true, &u.format, e);
	if (r < 0)
		return r;
	r = source_init_window(&src, p->src, m->offset, m->size_bytes, e);
	if (r == 0)
		r = unpack(&u, &len, e);
	if (r == 0)
		r = mapping_new(fd, &map, e);
	if (r == 0)
		r = package_read_entries(pkg, map, e);
	return r < 0 ? err_wrap(e, r, "%s", m->name) : 0;
}

static int read_data(const struct package_read_params *p, const struct ar_member *m,
		     struct package *pkg, struct err *e)
{
	struct err not_stored = { 0 };
	int fd = -1;

	if (read_stored(p, pkg))
		return 0;
	if (p->store && p->key)
		fd = p->store->create(p->store, p->key, &not_stored);
	bool store = fd >= 0;
	if (!store)
		fd = memfd_create("package", MFD_CLOEXEC);
	if (fd < 0)
		return err_sys(e, -errno, "memory file for the unpacked package");
	int r = unpack_data(p, m, fd, pkg, e);
	if (store && r == 0)
		p->store->commit(p->store, p->key, fd);
	else if (store && p->store->discard)
		p->store->discard(p->store, p->key, fd);
	close(fd);
	return r;
}

int package_read(const struct package_read_params *p, struct package **ret, struct err *e)
{
	_cleanup_(package_free) struct package *pkg = calloc(1, sizeof(*pkg));
	struct ar_member m;
	struct ar a;

	if (!pkg)
		return err_oom(e);
	int r = ar_init(&a, p->src, e);
	if (r < 0)
		return r;
	r = ar_next(&a, &m, e);
	if (r < 0)
		return r;
	if (r == 0)
		return err_set(e, -EBADMSG, "truncated: there is no debian-binary in it");
	r = check_version(p->src, &m, e);
	if (r == 0)
		r = next_member(&a, &m, "control.tar", e);
	if (r == 0)
		r = read_control(p, &m, pkg, e);
	if (r == 0)
		r = next_member(&a, &m, "data.tar", e);
	if (r == 0)
		r = check_rest(a, e);
	if (r == 0)
		r = read_data(p, &m, pkg, e);
	if (r == 0)
		*ret = TAKE_PTR(pkg);
	return r;
}

int package_read_deb(const struct source *src, const char *key, struct unpack_store *store,
		     struct package **ret, struct err *e)
{
	const struct package_read_params p = { .src = src, .key = key, .store = store };

	return package_read(&p, ret, e);
}
