/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/attest/provenance.h"

#include "signing/dsse.h"
#include "signing/test/fixture.h"
#include "verity/fsverity.h"

static struct err e;
static uint8_t disk[8192];

static char *str(const char *s)
{
	return (char *)(uintptr_t)s;
}

/* Of a disk and of a file "text" with the content "abc". */
static void write_one(const struct signer *signer, struct buf *ret)
{
	struct recipe recipe = { .name = str("node"),
				 .version = str("1"),
				 .arch = str("x86-64"),
				 .cmdline = str("quiet"),
				 .filesystem = { .type = "erofs" } };
	struct layout layout = { .name = str("acl"), .sector_bytes = 512 };
	struct components components = COMPONENTS_INIT;
	struct lock_suite suite = { .suite = str("trixie"),
				    .component = str("main"),
				    .codename = str("trixie") };
	struct lock lock = { .suites = &suite, .n_suites = 1 };
	struct provenance_file inputs[] = { { .name = "overlay 1", .kind = PROVENANCE_DIRHASH } };
	struct provenance_file outputs[] = { { .name = "node_1.raw", .kind = PROVENANCE_FSVERITY },
					     { .name = "text", .kind = PROVENANCE_SHA256 } };
	struct source src;

	source_init_bytes(&src, disk, sizeof(disk));
	ck_ok(fsverity_digest(&src, NULL, outputs[0].digest, &e));
	sha256_bytes("abc", 3, outputs[1].digest);
	const struct provenance_params p = { .recipe = &recipe,
					     .lock = &lock,
					     .layout = &layout,
					     .components = &components,
					     .signer = signer,
					     .outputs = outputs,
					     .n_outputs = 2,
					     .inputs = inputs,
					     .n_inputs = 1 };
	ck_ok(strv_add(&suite.signers, "AB"));
	ck_ok(provenance_write(&p, ret, &e));
	strv_done(&suite.signers);
}

static int check(const struct provenance *p, const char *name, const void *data, size_t len)
{
	struct source src;

	source_init_bytes(&src, data, len);
	return provenance_check(p, name, &src, NULL, &e);
}

START_TEST(round_trip)
{
	_cleanup_buf_ struct buf b = BUF_INIT, again = BUF_INIT;
	_cleanup_(provenance_free) struct provenance *p = NULL;
	X509 *const certs[] = { fx_pk->cert, fx_db->cert };

	write_one(fx_db, &b);
	write_one(fx_db, &again);
	ck_assert_str_eq(buf_str(&b), buf_str(&again));
	ck_ok(provenance_open(b.data, b.len, certs, 2, &p, &e));
	ck_assert_uint_eq(p->cert, 1);
	ck_assert_uint_eq(p->n_outputs, 2);
	ck_ok(check(p, "node_1.raw", disk, sizeof(disk)));
	ck_ok(check(p, "text", "abc", 3));
	ck_fails(check(p, "text", "abd", 3), -EBADMSG, "text is not the file that was built");
	ck_fails(check(p, "node_1.raw", disk, 4096), -EBADMSG, "node_1.raw is not the file");
	ck_fails(check(p, "node_1.raw", disk, 5), -EBADMSG, "node_1.raw: 5 bytes");
	disk[5000] ^= 1;
	ck_fails(check(p, "node_1.raw", disk, sizeof(disk)), -EBADMSG, "node_1.raw is not");
	disk[5000] ^= 1;
	ck_fails(check(p, "other", "abc", 3), -ENOENT, "it tells of no other");
	ck_assert_str_eq(p->builder, SLIPWAY_VERSION);
	ck_assert_int_eq(provenance_input(p, "overlay 1")->file.kind, PROVENANCE_DIRHASH);
	ck_assert_str_eq(provenance_input(p, "index trixie main")->signers.v[0], "AB");
	ck_assert_ptr_null(provenance_input(p, "overlay 2"));
}
END_TEST

/* Pieces of a statement. */
#define KIND                                             \
	"\"_type\":\"https://in-toto.io/Statement/v1\"," \
	"\"predicateType\":\"https://slsa.dev/provenance/v1\","
#define BUILD	"\"buildType\":\"" PROVENANCE_BUILD_TYPE "\""
#define DIGEST	"\"digest\":{\"sha256\":\"" ZERO_16 ZERO_16 ZERO_16 ZERO_16 "\"}"
#define ZERO_16 "0000000000000000"
#define SUBJECT "\"subject\":[{\"name\":\"a\"," DIGEST "}]"

START_TEST(refuses)
{
	/* What is signed by the right key, and still is no statement of ours. */
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "[]", "not a JSON object" },
		{ "{\"_type\":\"x\"}", "its _type is not https://in-toto.io/Statement/v1" },
		{ "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":\"x\"}",
		  "its predicateType is not" },
		{ "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":"
		  "\"https://slsa.dev/provenance/v1\",\"predicate\":{\"buildDefinition\":"
		  "{\"buildType\":\"x\"}}}",
		  "its buildType is not" },
		{ "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":"
		  "\"https://slsa.dev/provenance/v1\",\"predicate\":{\"buildDefinition\":"
		  "{\"buildType\":\"" PROVENANCE_BUILD_TYPE "\"}},\"subject\":[]}",
		  "it is of 0 files" },
		{ "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":"
		  "\"https://slsa.dev/provenance/v1\",\"predicate\":{\"buildDefinition\":"
		  "{\"buildType\":\"" PROVENANCE_BUILD_TYPE "\"}},\"subject\":[{\"name\":\"a\","
		  "\"digest\":{\"sha256\":\"00\"}}]}",
		  "a has no digest that is known here" },
		{ "{" KIND "\"predicate\":{\"buildDefinition\":{" BUILD "}}," SUBJECT "}",
		  "it has no array \"resolvedDependencies\"" },
		{ "{" KIND "\"predicate\":{\"buildDefinition\":{" BUILD
		  ",\"resolvedDependencies\":[]}}," SUBJECT "}",
		  "it has no object \"runDetails\"" },
		{ "{" KIND "\"predicate\":{\"buildDefinition\":{" BUILD
		  ",\"resolvedDependencies\":[{\"name\":\"i\"," DIGEST
		  ",\"annotations\":{\"signers\":[null]}}]}}," SUBJECT "}",
		  "its signers are no list of fingerprints" },
	};
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct provenance *p = NULL;
	X509 *const cert = fx_db->cert;

	write_one(fx_pk, &b);
	ck_fails(provenance_open(b.data, b.len, &cert, 1, &p, &e), -EKEYREJECTED,
		 "provenance: not signed by a key that is trusted");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buf_ struct buf other = BUF_INIT;
		ck_ok(dsse_sign(fx_db, PROVENANCE_PAYLOAD_TYPE, cases[i].text,
				strlen(cases[i].text), &other, &e));
		ck_fails(provenance_open(other.data, other.len, &cert, 1, &p, &e), -EBADMSG,
			 cases[i].message);
	}
}
END_TEST

FX_MAIN("provenance", round_trip, refuses)
