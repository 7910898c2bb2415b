/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/utc.h"
#include "builder/attest/json_writer.h"
#include "builder/attest/provenance.h"
#include "signing/dsse.h"

static void put_digest(struct json_writer *w, const char *algorithm, const uint8_t *digest)
{
	json_member_open(w, "digest", '{');
	json_key(w, algorithm);
	json_hex(w, digest, SHA256_BYTES);
	json_close(w, '}');
}

static void put_file(struct json_writer *w, const struct provenance_file *f)
{
	json_open(w, '{');
	json_member(w, "name", f->name);
	put_digest(w, provenance_digest_name(f->kind), f->digest);
	json_close(w, '}');
}

static void put_suite(struct json_writer *w, const struct lock_suite *s)
{
	char date[UTC_CHARS];

	utc_format(s->date, date);
	json_open(w, '{');
	json_memberf(w, "name", "index %s %s", s->suite, s->component);
	put_digest(w, "sha256", s->inrelease_sha256);
	json_member_open(w, "annotations", '{');
	json_member(w, "codename", s->codename);
	json_member(w, "archive", s->security ? "security" : "main");
	json_member(w, "date", date);
	json_key(w, "packages_sha256");
	json_hex(w, s->packages_sha256, SHA256_BYTES);
	json_member_open(w, "signers", '[');
	for (size_t i = 0; i < s->signers.n; i++)
		json_string(w, s->signers.v[i]);
	json_close(w, ']');
	json_close(w, '}');
	json_close(w, '}');
}

static void put_package(struct json_writer *w, const struct component *c)
{
	json_open(w, '{');
	json_memberf(w, "name", "package %s %s %s", c->locked->name, c->locked->version,
		     c->locked->arch);
	json_member(w, "uri", c->purl);
	put_digest(w, "sha256", c->locked->sha256);
	json_member_open(w, "annotations", '{');
	json_member(w, "path", c->locked->path);
	json_member(w, "suite", c->locked->suite);
	json_close(w, '}');
	json_close(w, '}');
}

static void put_dependencies(struct json_writer *w, const struct provenance_params *p)
{
	json_member_open(w, "resolvedDependencies", '[');
	for (size_t i = 0; i < p->n_inputs; i++)
		put_file(w, &p->inputs[i]);
	for (size_t i = 0; i < p->lock->n_suites; i++)
		put_suite(w, &p->lock->suites[i]);
	for (size_t i = 0; i < p->components->n; i++)
		if (p->components->v[i].locked)
			put_package(w, &p->components->v[i]);
	json_close(w, ']');
}

/* What a person chose: all of it stands in the recipe, whose files are among the dependencies. */
static int put_external(struct json_writer *w, const struct provenance_params *p, struct err *e)
{
	uint8_t fingerprint[SHA256_BYTES];

	int r = certificate_fingerprint(p->signer->cert, fingerprint, e);
	if (r < 0)
		return r;
	json_member_open(w, "externalParameters", '{');
	json_member(w, "name", p->recipe->name);
	json_member(w, "version", p->recipe->version);
	json_member(w, "architecture", p->recipe->arch);
	json_member(w, "kernel_cmdline", p->recipe->cmdline);
	json_key(w, "certificate_sha256");
	json_hex(w, fingerprint, sizeof(fingerprint));
	json_close(w, '}');
	return 0;
}

static void put_layout(struct json_writer *w, const struct layout *l)
{
	json_member_open(w, "layout", '{');
	json_member(w, "name", l->name);
	json_key(w, "sector_bytes");
	json_number(w, l->sector_bytes);
	json_key(w, "boot_tries");
	json_number(w, l->boot_tries);
	json_member_open(w, "partitions", '[');
	for (size_t i = 0; i < l->n_partitions; i++) {
		const struct layout_partition *part = &l->partitions[i];
		json_open(w, '{');
		json_member(w, "type", layout_type_name(part->type));
		if (part->slot != LAYOUT_NO_SLOT)
			json_member(w, "slot", part->slot ? "b" : "a");
		json_key(w, "size_bytes");
		json_number(w, part->size_bytes);
		json_close(w, '}');
	}
	json_close(w, ']');
	json_close(w, '}');
}

static void put_internal(struct json_writer *w, const struct provenance_params *p)
{
	const struct recipe_filesystem *f = &p->recipe->filesystem;
	char time[UTC_CHARS];

	utc_format((uint64_t)p->time, time);
	json_member_open(w, "internalParameters", '{');
	json_member(w, "time", time);
	json_member_open(w, "filesystem", '{');
	json_member(w, "type", f->type);
	json_member(w, "compression", fs_algorithms[f->compression].name);
	json_key(w, "level");
	json_number(w, (uint64_t)f->level);
	json_key(w, "cluster_bytes");
	json_number(w, f->cluster_bytes);
	json_close(w, '}');
	put_layout(w, p->layout);
	json_close(w, '}');
}

/* Who built it, as far as that decides about bytes: the lock names the same versions. */
static void put_builder(struct json_writer *w, const struct lock *l)
{
	json_member_open(w, "runDetails", '{');
	json_member_open(w, "builder", '{');
	json_member(w, "id", PROVENANCE_BUILDER_ID);
	json_member_open(w, "version", '{');
	json_member(w, "slipway", SLIPWAY_VERSION);
	for (size_t i = 0; i < l->n_codecs; i++) {
		json_key(w, l->codecs[i].name);
		json_string(w, l->codecs[i].version);
	}
	json_close(w, '}');
	json_close(w, '}');
	json_close(w, '}');
}

static int write_statement(const struct provenance_params *p, struct buf *ret, struct err *e)
{
	struct json_writer w = JSON_WRITER_INIT(ret);

	json_open(&w, '{');
	json_member(&w, "_type", "https://in-toto.io/Statement/v1");
	json_member_open(&w, "subject", '[');
	for (size_t i = 0; i < p->n_outputs; i++)
		put_file(&w, &p->outputs[i]);
	json_close(&w, ']');
	json_member(&w, "predicateType", "https://slsa.dev/provenance/v1");
	json_member_open(&w, "predicate", '{');
	json_member_open(&w, "buildDefinition", '{');
	json_member(&w, "buildType", PROVENANCE_BUILD_TYPE);
	int r = put_external(&w, p, e);
	put_internal(&w, p);
	put_dependencies(&w, p);
	json_close(&w, '}');
	put_builder(&w, p->lock);
	json_close(&w, '}');
	json_close(&w, '}');
	if (r == 0 && buf_failed(ret))
		r = err_oom(e);
	return r;
}

int provenance_write(const struct provenance_params *p, struct buf *ret, struct err *e)
{
	_cleanup_buf_ struct buf statement = BUF_INIT;

	int r = write_statement(p, &statement, e);
	if (r == 0)
		r = dsse_sign(p->signer, PROVENANCE_PAYLOAD_TYPE, statement.data, statement.len,
			      ret, e);
	return r < 0 ? err_wrap(e, r, "provenance") : 0;
}
