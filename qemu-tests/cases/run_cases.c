/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The runner of the boot tests: a line per case on standard output, status 1 if one failed. */
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "base/blob.h"
#include "qemu-tests/cases/cases.h"

static const char usage[] =
	"usage: run [--log-dir DIR] [--root-hash HEX] IMAGE [CASE…]\n"
	"Boots IMAGE as each CASE wants (default: all that are for images of its recipe, which is what\n"
	"its file's name begins with).\n"
	"The root hash is by default that of IMAGE's .roothash file, if there is one.\n"
	"Environment: SLIPWAY_ACCEL=kvm|tcg, TMPDIR, XDG_RUNTIME_DIR.\n";

struct options {
	const char *log_dir, *root_hash, *image;
	char **cases;
	int n_cases;
};

static bool parse(int argc, char **argv, struct options *o)
{
	int i = 1;

	for (; i < argc && str_has_prefix(argv[i], "--"); i += 2) {
		if (i + 1 == argc)
			return false;
		if (str_eq(argv[i], "--log-dir"))
			o->log_dir = argv[i + 1];
		else if (str_eq(argv[i], "--root-hash"))
			o->root_hash = argv[i + 1];
		else
			return false;
	}
	if (i == argc)
		return false;
	o->image = argv[i++];
	o->cases = argv + i;
	o->n_cases = argc - i;
	return true;
}

/* out/node_1.raw: out/node_1.roothash. Nothing when there is no such file. */
static int root_hash_beside(const char *image, char **ret, struct err *e)
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

static int make_host(const struct options *o, struct vm_host **ret, struct err *e)
{
	const char *accel = getenv("SLIPWAY_ACCEL");
	struct vm_host_params p = { .tmp_dir = getenv("TMPDIR"),
				    .cache_dir = getenv("XDG_RUNTIME_DIR"),
				    .log_dir = o->log_dir };

	if (accel && str_eq(accel, "kvm"))
		p.accel = VM_ACCEL_KVM;
	else if (accel && str_eq(accel, "tcg"))
		p.accel = VM_ACCEL_TCG;
	else if (accel && *accel)
		return err_set(e, -EINVAL, "SLIPWAY_ACCEL is '%s', not kvm or tcg", accel);
	return vm_host_new(&p, ret, e);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool run_case(const struct vm_case *c, const struct vm_case_context *ctx)
{
	_cleanup_strv_ struct strv notes = STRV_INIT;
	const char *tmp = getenv("TMPDIR");
	double start = seconds();
	struct err e = { 0 };

	int r = vm_case_run(c, ctx, tmp ? tmp : "/tmp", &notes, &e);
	if (r >= 0)
		printf("PASS %s (%.0f s): %s\n", c->name, seconds() - start, c->description);
	else
		printf("FAIL %s (%.0f s): %s\n", c->name, seconds() - start, e.msg);
	for (size_t i = 0; i < notes.n; i++)
		printf("     %s\n", notes.v[i]);
	fflush(stdout);
	return r >= 0;
}

static bool selected(const struct options *o, const struct vm_case *c)
{
	for (int i = 0; i < o->n_cases; i++)
		if (str_eq(o->cases[i], c->name))
			return true;
	return o->n_cases == 0 && vm_case_fits(c, o->image);
}

static int run_all(const struct options *o, struct err *e)
{
	_cleanup_(vm_host_free) struct vm_host *host = NULL;
	_cleanup_free_ char *beside = NULL;
	unsigned int passed = 0, failed = 0;

	for (int i = 0; i < o->n_cases; i++)
		if (!vm_case_find(o->cases[i]))
			return err_set(e, -EINVAL, "there is no case '%s'", o->cases[i]);
	if (mkdir(o->log_dir, 0777) < 0 && errno != EEXIST)
		return err_sys(e, -errno, "%s", o->log_dir);
	int r = root_hash_beside(o->image, &beside, e);
	if (r >= 0)
		r = make_host(o, &host, e);
	if (r < 0)
		return r;
	struct vm_case_context ctx = { .host = host,
				       .image = o->image,
				       .root_hash = o->root_hash ? o->root_hash : beside,
				       .log_dir = o->log_dir,
				       .limit_sec = 1800 };
	for (size_t i = 0; i < n_vm_cases; i++) {
		if (!selected(o, vm_cases[i]))
			continue;
		if (run_case(vm_cases[i], &ctx))
			passed++;
		else
			failed++;
	}
	if (passed + failed == 0)
		return err_set(e, -EINVAL, "no case is for images called %s: name one", o->image);
	printf("%u passed, %u failed; logs are in %s\n", passed, failed, o->log_dir);
	return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct options o = { .log_dir = "build/logs/vm" };
	struct err e;

	if (!parse(argc, argv, &o)) {
		fputs(usage, stderr);
		return 2;
	}
	int r = run_all(&o, &e);
	if (r < 0)
		fprintf(stderr, "run: %s\n", e.msg);
	return r ? 1 : 0;
}
