/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that is given: lock, layout, key and certificate, enrolment files, output directory. */
#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>

#include "builder/stages/build.h"
#include "builder/stages/inputs.h"

int inputs_load_enrolment(const struct recipe *recipe, struct blob *ret[N_ENROLMENT], struct err *e)
{
	static const char *const names[N_ENROLMENT] = { "PK.auth", "KEK.auth", "db.auth" };

	for (size_t i = 0; recipe->enroll && i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = str_printf("%s/%s", recipe->enroll, names[i]);
		if (!path)
			return err_oom(e);
		int r = blob_new_file(AT_FDCWD, path, &ret[i], e);
		if (r < 0)
			return err_wrap(e, r, "%s: signing: enroll (made by slipway keygen)",
					recipe->path);
	}
	return 0;
}

/* RFC 9580, 4.2: the tag of the first packet. */
enum { TAG_NONE = -1, TAG_SECRET_KEY = 5, TAG_PUBLIC_KEY = 6 };

static int first_tag(const struct blob *b)
{
	if (!b->len || !(b->data[0] & 0x80))
		return TAG_NONE;
	return b->data[0] & 0x40 ? b->data[0] & 0x3f : b->data[0] >> 2 & 0xf;
}

int inputs_load_update_key(const struct recipe *recipe, struct blob **ret, struct err *e)
{
	const char *path = recipe->updates.key;
	_cleanup_(blob_unref) struct blob *key = NULL;

	if (!path) {
		*ret = NULL;
		return 0;
	}
	int r = blob_new_file(AT_FDCWD, path, &key, e);
	if (r < 0)
		return err_wrap(e, r, "%s: updates: key", recipe->path);
	int tag = first_tag(key);
	if (tag != TAG_PUBLIC_KEY)
		return err_set(e, -EINVAL,
			       "%s: updates: key: %s: %s: give what gpg --export KEY writes",
			       recipe->path, path,
			       tag == TAG_SECRET_KEY
				       ? "this is a secret key, which must not get into an image"
				       : "this is no OpenPGP public key in binary form");
	*ret = TAKE_PTR(key);
	return 0;
}

static int load_layout(const struct recipe *recipe, struct layout **ret, struct err *e)
{
	int r = layout_load(recipe->layout, ret, e);

	return r < 0 ? err_wrap(e, r, "%s: layout", recipe->path) : 0;
}

static int load_signer(const struct recipe *recipe, int64_t now, struct signer **ret, struct err *e)
{
	int r = signer_load(recipe->key, recipe->certificate, now, ret, e);

	if (r == -ENOENT) {
		struct err why = *e;
		return err_set(e, r,
			       "%s: signing: %.1500s; slipway keygen makes keys for development",
			       recipe->path, why.msg);
	}
	return r < 0 ? err_wrap(e, r, "%s: signing", recipe->path) : 0;
}

static int note(int r, struct strv *problems, struct err *e)
{
	if (r == -ENOMEM)
		return r;
	return r < 0 && strv_add(problems, e->msg) < 0 ? err_oom(e) : 0;
}

static int check_keyrings(const struct recipe *recipe, struct strv *problems, struct err *e)
{
	for (size_t i = 0; i < recipe->n_repos; i++) {
		const char *path = recipe->repos[i].keyring;
		int r = access(path, R_OK) < 0 ? err_sys(e, -errno, "keyring %s", path) : 0;
		if (r < 0 && strv_contains(problems, e->msg))
			continue; /* of another suite */
		r = note(r, problems, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_renew(const struct recipe *recipe, const struct strv *files, struct strv *problems,
		       struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < files->n; i++)
		if (access(files->v[i], R_OK) < 0)
			r = note(err_sys(e, -errno, "%s: signing: renew: %s", recipe->path,
					 files->v[i]),
				 problems, e);
	return r;
}

int inputs_check(const struct recipe *recipe, int64_t now, struct strv *problems, struct err *e)
{
	_cleanup_(layout_free) struct layout *layout = NULL;
	_cleanup_(signer_free) struct signer *signer = NULL;
	_cleanup_(blob_unref) struct blob *key = NULL;
	struct blob *enrolment[N_ENROLMENT] = { NULL };

	int r = note(load_layout(recipe, &layout, e), problems, e);
	if (r == 0)
		r = note(load_signer(recipe, now, &signer, e), problems, e);
	if (r == 0)
		r = note(inputs_load_enrolment(recipe, enrolment, e), problems, e);
	for (size_t i = 0; i < N_ENROLMENT; i++)
		blob_unref(enrolment[i]);
	if (r == 0)
		r = note(inputs_load_update_key(recipe, &key, e), problems, e);
	if (r == 0)
		r = check_renew(recipe, &recipe->renew.trust, problems, e);
	if (r == 0)
		r = check_renew(recipe, &recipe->renew.revoke, problems, e);
	return r < 0 ? r : check_keyrings(recipe, problems, e);
}

/*
 * What UUIDs and salts are derived from: the recipe's name and version, and every package. The same
 * inputs give the same bytes; another version of an image gives other ones.
 */
static int derive_seed(struct build *b, struct err *e)
{
	_cleanup_(sha256_free) struct sha256 *s = sha256_new();

	if (!s)
		return err_oom(e);
	sha256_update(s, b->p.recipe->name, strlen(b->p.recipe->name) + 1);
	sha256_update(s, b->p.recipe->version, strlen(b->p.recipe->version) + 1);
	for (size_t i = 0; i < b->p.lock->n_packages; i++)
		sha256_update(s, b->p.lock->packages[i].sha256, SHA256_BYTES);
	sha256_final(s, b->seed);
	return 0;
}

static int check_arch(const struct build *b, struct err *e)
{
	if (str_eq(b->p.recipe->arch, b->p.lock->arch))
		return 0;
	return err_set(e, -EINVAL, "the lock is for %s, the recipe for %s: run slipway lock",
		       b->p.lock->arch, b->p.recipe->arch);
}

/* The output directory, or what it will be made in. */
static int find_out_place(const char *path, char **ret, struct err *e)
{
	_cleanup_free_ char *parent = strdup(path);
	struct stat st;

	if (!parent)
		return err_oom(e);
	const char *dir = path;
	if (stat(path, &st) < 0 && errno == ENOENT) {
		if (lstat(path, &st) == 0)
			return err_set(
				e, -ENOENT,
				"output directory %s: a symlink to nowhere: make what it points to",
				path);
		dir = dirname(parent);
		if (stat(dir, &st) < 0)
			return err_sys(e, -errno, "output directory %s: make %s first", path, dir);
	}
	if (stat(dir, &st) == 0 && !S_ISDIR(st.st_mode))
		return err_set(e, -ENOTDIR, "output directory %s: %s is not a directory", path,
			       dir);
	if (access(dir, W_OK | X_OK) < 0)
		return err_sys(e, -errno, "output directory %s cannot be written to", path);
	*ret = strdup(dir);
	return *ret ? 0 : err_oom(e);
}

/* A file takes the place of another, not of a directory: said before the work, not after it. */
static int check_outputs(const struct build *b, struct err *e)
{
	struct stat st;

	for (enum build_output o = 0; o < BUILD_N_OUTPUTS; o++) {
		_cleanup_free_ char *path = build_output_path(b, o);
		if (!path)
			return err_oom(e);
		if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
			return err_set(e, -EISDIR,
				       "output %s: a directory has this name: remove it, or name "
				       "another place with --output",
				       path);
	}
	return 0;
}

/* Before the first output. */
static int run(struct build *b, struct err *e)
{
	if (mkdir(b->p.out_dir, 0755) < 0 && errno != EEXIST)
		return err_sys(e, -errno, "output directory %s", b->p.out_dir);
	return 0;
}

static int plan(struct build *b, struct err *e)
{
	const struct recipe *recipe = b->p.recipe;

	int r = check_arch(b, e);
	if (r == 0)
		r = derive_seed(b, e);
	if (r == 0)
		r = load_layout(recipe, &b->layout, e);
	if (r == 0)
		r = load_signer(recipe, b->p.now, &b->signer, e);
	if (r == 0)
		r = inputs_load_enrolment(recipe, b->auth, e);
	if (r == 0)
		r = find_out_place(b->p.out_dir, &b->out_place, e);
	return r < 0 ? r : check_outputs(b, e);
}

const struct stage stage_inputs = { .name = "inputs", .plan = plan, .run = run };
