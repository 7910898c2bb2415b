/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One bad image in a file, for whoever wants to look at it or boot it by hand. */
#include "qemu-tests/tamper/stranger.h"
#include "qemu-tests/tamper/tamper.h"

static const char usage[] =
	"usage: tamper-image [--seed N] [--key FILE --certificate FILE] IMAGE OUT KIND…\n"
	"       tamper-image --list\n"
	"Writes IMAGE, a good raw disk, altered as each KIND says to OUT: a raw disk, or a snapshot\n"
	"over IMAGE if its name ends in .qcow2. Key and certificate are those that signed IMAGE.\n";

struct options {
	const char *key, *certificate, *image, *out;
	char **kinds;
	int n_kinds;
	uint64_t seed;
};

static bool set(struct options *o, const char *name, const char *value)
{
	if (str_eq(name, "--seed"))
		return parse_u64(value, 10, &o->seed) == 0;
	if (str_eq(name, "--key"))
		o->key = value;
	else if (str_eq(name, "--certificate"))
		o->certificate = value;
	else
		return false;
	return true;
}

static bool parse(int argc, char **argv, struct options *o)
{
	int i = 1;

	for (; i < argc && str_has_prefix(argv[i], "--"); i += 2)
		if (i + 1 == argc || !set(o, argv[i], argv[i + 1]))
			return false;
	if (argc - i < 3 || !o->key != !o->certificate)
		return false;
	o->image = argv[i];
	o->out = argv[i + 1];
	o->kinds = argv + i + 2;
	o->n_kinds = argc - i - 2;
	return true;
}

static int apply(struct tamper *t, const struct options *o, struct err *e)
{
	for (int i = 0; i < o->n_kinds; i++) {
		const struct tamper_kind *k = tamper_kind_find(o->kinds[i]);
		if (!k)
			return err_set(e, -EINVAL, "there is no kind '%s': see --list",
				       o->kinds[i]);
		int r = tamper_apply(t, k, e);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < t->notes.n; i++)
		puts(t->notes.v[i]);
	return 0;
}

static int save(const struct tamper *t, const struct options *o, struct err *e)
{
	if (!str_has_suffix(o->out, ".qcow2"))
		return overlay_save_raw(&t->disk, o->out, e);
	_cleanup_free_ char *backing = realpath(o->image, NULL);
	if (!backing)
		return err_sys(e, -errno, "%s", o->image);
	return overlay_save_qcow2(&t->disk, backing, 0, o->out, e);
}

static int make(const struct options *o, struct err *e)
{
	__attribute__((cleanup(source_done))) struct source disk = SOURCE_INIT;
	_cleanup_(signer_free) struct signer *owner = NULL, *stranger = NULL;
	_cleanup_(tamper_free) struct tamper *t = NULL;
	int r = source_open(&disk, o->image, e);

	if (r == 0 && o->key)
		r = signer_load(o->key, o->certificate, 0, &owner, e);
	if (r == 0)
		r = stranger_new("/tmp", &stranger, e);
	if (r < 0)
		return r;
	const struct tamper_params p = {
		.disk = &disk, .seed = o->seed, .owner = owner, .stranger = stranger
	};
	r = tamper_new(&p, &t, e);
	if (r == 0)
		r = apply(t, o, e);
	return r < 0 ? r : save(t, o, e);
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	struct err e;

	if (argc == 2 && str_eq(argv[1], "--list")) {
		for (size_t i = 0; i < n_tamper_kinds; i++)
			printf("%-22s %s\n", tamper_kinds[i]->name, tamper_kinds[i]->made);
		return 0;
	}
	if (!parse(argc, argv, &o)) {
		fputs(usage, stderr);
		return 2;
	}
	int r = make(&o, &e);
	if (r < 0)
		fprintf(stderr, "tamper-image: %s\n", e.msg);
	return r ? 1 : 0;
}
