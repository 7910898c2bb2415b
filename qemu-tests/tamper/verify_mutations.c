/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bad images without end of a good one, each put before the auditor: for people, and long runs. */
#include <time.h>

#include "qemu-tests/tamper/audit.h"
#include "qemu-tests/tamper/stranger.h"
#include "signing/openssl.h"

static const char usage[] =
	"usage: verify-mutations [--seed N] [--from N] [--count N] [--save OUT] [--trust CERT]…\n"
	"           --key FILE --certificate FILE IMAGE\n"
	"Makes COUNT mutations of IMAGE, a good raw disk, from number FROM on, and prints what was altered\n"
	"and what `slipway verify` says of it, a line each. Exits with 1 if one was not refused. --save\n"
	"writes number FROM to a file. Key and certificate are those that signed IMAGE; --trust names those of\n"
	"the keys that it enrols.\n";

struct options {
	const char *key, *certificate, *image, *save;
	const char *trust[8];
	size_t n_trust;
	uint64_t seed, from, count;
};

static bool set(struct options *o, const char *name, const char *value)
{
	static const char *const numbers[] = { "--seed", "--from", "--count" };
	uint64_t *to[] = { &o->seed, &o->from, &o->count };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (str_eq(name, numbers[i]))
			return parse_u64(value, 10, to[i]) == 0;
	if (str_eq(name, "--key"))
		o->key = value;
	else if (str_eq(name, "--certificate"))
		o->certificate = value;
	else if (str_eq(name, "--save"))
		o->save = value;
	else if (str_eq(name, "--trust") && o->n_trust < ARRAY_SIZE(o->trust))
		o->trust[o->n_trust++] = value;
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
	o->image = i + 1 == argc ? argv[i] : NULL;
	return o->image && o->key && o->certificate && o->count;
}

/* Return: 1 it was refused; 0 it was not */
static int one(const struct tamper_params *p, const struct verify_params *vp, uint64_t number,
	       struct err *e)
{
	_cleanup_(tamper_free) struct tamper *t = NULL;
	const struct tamper_kind *family;
	struct judgement_report j;

	int r = tamper_mutate(p, number, &t, &family, e);
	if (r < 0)
		return r;
	_cleanup_free_ char *line = tamper_line(t, family);
	r = line ? tamper_audit(&t->disk.src, vp, &j, e) : err_oom(e);
	if (r < 0)
		return r;
	printf("%llu %s: %s: %s\n", (unsigned long long)number, judgement_name(j.what), line,
	       j.why);
	fflush(stdout);
	return j.what == JUDGED_BAD;
}

static int judge_all(const struct tamper_params *p, const struct verify_params *vp,
		     const struct options *o, struct err *e)
{
	uint64_t refused = 0;

	for (uint64_t i = 0; i < o->count; i++) {
		int r = one(p, vp, o->from + i, e);
		if (r < 0)
			return r;
		refused += (uint64_t)r;
	}
	printf("seed %llu, from %llu: %llu of %llu refused\n", (unsigned long long)o->seed,
	       (unsigned long long)o->from, (unsigned long long)refused,
	       (unsigned long long)o->count);
	return refused == o->count ? 0 : 1;
}

static int save(const struct tamper_params *p, const struct options *o, struct err *e)
{
	_cleanup_(tamper_free) struct tamper *t = NULL;
	const struct tamper_kind *family;
	int r = tamper_mutate(p, o->from, &t, &family, e);

	return r < 0 ? r : overlay_save_raw(&t->disk, o->save, e);
}

/* The signer's certificate, and those that were named. */
static int load_trust(const struct options *o, X509 **certs, size_t *n, struct err *e)
{
	int r = certificate_load(o->certificate, &certs[(*n)++], e);

	for (size_t i = 0; r == 0 && i < o->n_trust; i++)
		r = certificate_load(o->trust[i], &certs[(*n)++], e);
	return r;
}

static int run(const struct options *o, struct err *e)
{
	_cleanup_(signer_free) struct signer *owner = NULL, *stranger = NULL;
	_cleanup_source_ struct source disk = SOURCE_INIT;
	X509 *certs[ARRAY_SIZE(o->trust) + 1] = { NULL };
	struct verify_params vp = { .trust = certs, .at = (int64_t)time(NULL) };
	int r = source_open(&disk, o->image, e);

	if (r == 0)
		r = signer_load(o->key, o->certificate, 0, &owner, e);
	if (r == 0)
		r = stranger_new("/tmp", &stranger, e);
	if (r == 0)
		r = load_trust(o, certs, &vp.n_trust, e);
	const struct tamper_params p = {
		.disk = &disk, .seed = o->seed, .owner = owner, .stranger = stranger
	};
	if (r == 0)
		r = o->save ? save(&p, o, e) : judge_all(&p, &vp, o, e);
	for (size_t i = 0; i < ARRAY_SIZE(certs); i++)
		X509_free(certs[i]);
	return r;
}

int main(int argc, char **argv)
{
	struct options o = { .count = 1 };
	struct err e;

	if (!parse(argc, argv, &o)) {
		fputs(usage, stderr);
		return 2;
	}
	int r = run(&o, &e);
	if (r < 0)
		fprintf(stderr, "verify-mutations: %s\n", e.msg);
	return r ? 1 : 0;
}
