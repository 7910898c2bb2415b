/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/cli/test_inputs.h"

#include <fcntl.h>

#include "base/blob.h"

/* out/node_1.raw: out/node_1.roothash. Nothing where there is no such file. */
static int read_root_hash(const char *image, char **ret, struct err *e)
{
	size_t len = strlen(image) - (str_has_suffix(image, ".raw") ? 4 : 0);
	_cleanup_free_ char *path = str_printf("%.*s.roothash", (int)len, image);
	_cleanup_(blob_unref) struct blob *b = NULL;

	if (!path)
		return err_oom(e);
	int r = blob_new_file(AT_FDCWD, path, &b, e);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	*ret = strndup(b->data ? (const char *)b->data : "", b->len);
	if (!*ret)
		return err_oom(e);
	(*ret)[strcspn(*ret, "\n")] = '\0';
	return 0;
}

int test_root_hash(const char *image, const char *given, char **ret, struct err *e)
{
	_cleanup_free_ char *hash = given ? strdup(given) : NULL;
	uint8_t bytes[SHA256_BYTES];
	int r = 0;

	if (given && !hash)
		return err_oom(e);
	if (!given)
		r = read_root_hash(image, &hash, e);
	if (r == 0 && hash && hex_decode(hash, bytes, sizeof(bytes)) < 0)
		r = err_set(e, -EINVAL, "root hash \"%.80s\" is not 64 hexadecimal digits", hash);
	if (r == 0)
		*ret = TAKE_PTR(hash);
	return r;
}

int test_allowed(const char *image, const struct strv *files, struct allowed *ret, struct err *e)
{
	int r = allowed_add_own(ret, image, e);

	for (size_t i = 0; r == 0 && i < files->n; i++) {
		_cleanup_(blob_unref) struct blob *b = NULL;
		r = blob_new_file(AT_FDCWD, files->v[i], &b, e);
		if (r == 0)
			r = allowed_add(ret, (const char *)b->data, b->len, image, files->v[i], e);
	}
	return r;
}

/* A path that is this machine's own: packages name /usr/lib and /root as well. */
static int forbid_path(struct strv *words, const char *path)
{
	static const char *const common[] = { "/usr/", "/etc/", "/run/", "/dev/", "/proc/" };
	_cleanup_free_ char *real = path ? realpath(path, NULL) : NULL;

	if (!real || !strchr(real + 1, '/') || strv_contains(words, real))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		if (str_has_prefix(real, common[i]))
			return 0;
	return strv_add(words, real);
}

/* A name that no package would hold by chance: "runner" and "debian" are words of others, too. */
static int forbid_host_name(struct strv *words)
{
	char name[256] = "";

	if (gethostname(name, sizeof(name) - 1) < 0 || strlen(name) < 6 ||
	    !strpbrk(name, "0123456789-."))
		return 0;
	return strv_add(words, name);
}

int test_forbidden(const struct cli *c, const char *image, const struct strv *given,
		   struct strv *ret, struct err *e)
{
	const char *slash = strrchr(image, '/');
	_cleanup_free_ char *dir =
		slash ? strndup(image, (size_t)(slash - image) + 1) : strdup(".");
	const char *const paths[] = { dir, ".", c->cache_dir, c->home_dir };
	int r = dir ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < given->n; i++)
		r = strv_add(ret, given->v[i]);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(paths); i++)
		r = forbid_path(ret, paths[i]);
	if (r == 0)
		r = forbid_host_name(ret);
	return r < 0 ? err_oom(e) : 0;
}
