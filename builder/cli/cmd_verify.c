/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway verify */
#include "base/utc.h"
#include "builder/audit/verify.h"
#include "builder/cli/cli.h"
#include "builder/cli/json.h"
#include "signing/openssl.h"
#include "signing/signer.h"

/* What a command line asks for. */
struct request {
	struct strv trust;
	const char *at, *policy_path, *lock_path, *root_hash_text;
	uint8_t root_hash[SHA256_BYTES];
	struct policy policy;
	struct lock *lock;
	X509 **certs;
	struct verify_params p;
};

static void request_done(struct request *q)
{
	for (size_t i = 0; i < q->p.n_trust; i++)
		X509_free(q->certs[i]);
	free(q->certs);
	strv_done(&q->trust);
	policy_done(&q->policy);
	lock_free(q->lock);
}

static int load_certificates(struct request *q, const struct strv *paths, struct err *e)
{
	for (size_t i = 0; i < paths->n; i++) {
		int r = certificate_load(paths->v[i], &q->certs[q->p.n_trust], e);
		if (r < 0)
			return r;
		q->p.n_trust++;
	}
	return 0;
}

/* What the command line names. */
static int load(struct request *q, struct err *e)
{
	int r = q->policy_path ? policy_load(q->policy_path, &q->policy, e) : 0;

	if (r == 0 && q->lock_path)
		r = lock_load(q->lock_path, &q->lock, e);
	if (r < 0)
		return r;
	if (!q->trust.n && !q->policy.certificates.n)
		return cli_usage(&cmd_verify, "nobody is trusted: ",
				 "give --trust CERT, or a policy that names certificates");
	q->certs = calloc(q->trust.n + q->policy.certificates.n + 1, sizeof(*q->certs));
	if (!q->certs)
		return err_oom(e);
	r = load_certificates(q, &q->trust, e);
	if (r == 0)
		r = load_certificates(q, &q->policy.certificates, e);
	q->p.trust = q->certs;
	q->p.policy = &q->policy;
	q->p.lock = q->lock;
	return r;
}

/* Return: 0; EXIT_USAGE after a usage error was printed; negative errno */
static int prepare(const struct cli *c, struct request *q, struct err *e)
{
	uint64_t at = (uint64_t)c->now;

	if (q->at && utc_parse(q->at, &at) < 0)
		return cli_usage(&cmd_verify,
				 "not a time as 2026-11-21T10:00:00Z or 2026-11-21: ", q->at);
	if (q->root_hash_text &&
	    hex_decode(q->root_hash_text, q->root_hash, sizeof(q->root_hash)) < 0)
		return cli_usage(&cmd_verify,
				 "not a root hash of 64 hex digits: ", q->root_hash_text);
	q->p.root_hash = q->root_hash_text ? q->root_hash : NULL;
	q->p.at = (int64_t)at;
	q->p.pool = c->pool;
	q->p.progress = c->progress;
	return load(q, e);
}

static struct json_object *json_of_check(const struct verify_check *k)
{
	struct json_object *o = json_object_new_object();

	json_put_str(o, "id", verify_id_name(k->id));
	json_put_str(o, "where", k->where);
	json_put_str(o, "verdict",
		     k->verdict == VERIFY_FAIL ? "fail" : verify_verdict_name(k->verdict));
	json_put_str(o, "compared", verify_id_what(k->id));
	json_put_str(o, "found", k->found);
	json_put_str(o, "expected", k->expected);
	return o;
}

static int print_json(struct cli *c, const char *path, const struct verify_report *report,
		      struct err *e)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; list && i < report->n; i++)
		json_object_array_add(list, json_of_check(&report->v[i]));
	json_put_str(o, "image", path);
	json_put_str(o, "verdict", report->n_failed ? "fail" : "ok");
	json_put_u64(o, "failed", report->n_failed);
	json_put(o, "checks", list);
	return cli_json_print(c, o, e);
}

static void print_check(const struct verify_check *k)
{
	printf("%-5s  %-19s  %s%s%s", verify_verdict_name(k->verdict), verify_id_name(k->id),
	       k->where, *k->where ? ": " : "", k->found);
	if (k->expected)
		printf("\n%28s expected: %s", "", k->expected);
	if (k->verdict == VERIFY_FAIL)
		printf("\n%28s compared: %s", "", verify_id_what(k->id));
	printf("\n");
}

/* Those that failed come last, where they are seen. */
static int report(struct cli *c, const char *path, const struct verify_report *v, struct err *e)
{
	cli_progress_end(c->progress);
	if (c->json)
		return print_json(c, path, v, e);
	for (size_t i = 0; !c->quiet && i < v->n; i++)
		if (v->v[i].verdict != VERIFY_FAIL)
			print_check(&v->v[i]);
	for (size_t i = 0; i < v->n; i++)
		if (v->v[i].verdict == VERIFY_FAIL)
			print_check(&v->v[i]);
	if (v->n_failed)
		printf("%s: refused: %zu of %zu checks failed\n", path, v->n_failed, v->n);
	else
		cli_note(c, "%s: good: %zu checks", path, v->n);
	return 0;
}

static int verify(struct cli *c, const char *path, const struct request *q, struct err *e)
{
	struct verify_report v = { 0 };

	int r = verify_path(path, &q->p, &v, e);
	/* What is wrong with an image is a verdict: an error says that it cannot be read, as a pipe cannot. */
	if (r < 0 && cli_exit_status(r) == EXIT_BAD_INPUT)
		r = -ENOENT;
	if (r == 0)
		r = report(c, path, &v, e);
	if (r == 0 && v.n_failed)
		r = EXIT_FAILED;
	verify_report_done(&v);
	return r;
}

static int run_verify(struct cli *c, int argc, char **argv, struct err *e)
{
	struct request q = { 0 };
	const struct cli_option options[] = {
		{ .name = "trust",
		  .arg = "CERT",
		  .values = &q.trust,
		  .help = "who may have signed; give it for each certificate" },
		{ .name = "at",
		  .arg = "TIME",
		  .value = &q.at,
		  .help = "certificates must be valid then (default: now)" },
		{ .name = "policy",
		  .arg = "FILE",
		  .value = &q.policy_path,
		  .help = "what is asked of the image besides" },
		{ .name = "root-hash",
		  .arg = "HASH",
		  .value = &q.root_hash_text,
		  .help = "it must be the image of this root hash" },
		{ .name = "lock",
		  .arg = "FILE",
		  .value = &q.lock_path,
		  .help = "its packages must be those of this lock" },
		{ .name = "provenance",
		  .arg = "FILE",
		  .value = &q.p.provenance,
		  .help = "what its build says of it (default: beside it, if it is there)" },
		{ .name = "json", .flag = &c->json, .help = "print the checks as JSON" },
		{ 0 },
	};
	char **args;
	size_t n;

	policy_init(&q.policy);
	int r = cli_parse(&cmd_verify, options, argc, argv, &args, &n);
	if (r == 0)
		r = prepare(c, &q, e);
	if (r == 0)
		r = verify(c, args[0], &q, e);
	request_done(&q);
	return cli_apart_from_failed(r);
}

const struct cli_command cmd_verify = {
	.name = "verify",
	.args = "IMAGE",
	.summary = "Prove what an image is, from the image alone",
	.text = "IMAGE is a disk (raw, qcow2 or fixed VHD), a block device, the directory that a build wrote, or its\n"
		"*.provenance.json alone, of which what lies beside it is checked. Each check is a line with its verdict and what was\n"
		"found. Exits with 0 if all that is asked for holds, with 1 if the image is refused, with 2 on\n"
		"a wrong command line, with 3 if a certificate, policy or lock is wrong, with 4 if the image cannot be read.",
	.min_args = 1,
	.max_args = 1,
	.run = run_verify,
};
