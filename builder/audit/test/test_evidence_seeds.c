/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What fuzzing starts from, of what is signed and of what lies beside an image: envelopes, programs and
 * indexes that are taken. With $SLIPWAY_SEEDS in the environment they are written below that directory.
 */
#include "builder/attest/provenance.h"
#include "builder/audit/test/image_maker.h"
#include "builder/audit/test/seeds.h"
#include "builder/publish/index.h"
#include "signing/dsse.h"

static struct err e;

static char *str(const char *s)
{
	return (char *)(uintptr_t)s;
}

/* ---- beside an image ---------------------------------------------------------------------- */

START_TEST(provenance)
{
	struct recipe recipe = { .name = str("node"),
				 .version = str("1"),
				 .arch = str("x86-64"),
				 .cmdline = str("quiet"),
				 .filesystem = { .type = "erofs" } };
	struct layout layout = { .name = str("acl"), .sector_bytes = 512 };
	struct components components = COMPONENTS_INIT;
	struct lock lock = { .n_packages = 0 };
	struct provenance_file outputs[] = { { .name = "node_1.raw", .kind = PROVENANCE_FSVERITY },
					     { .name = "text", .kind = PROVENANCE_SHA256 } };
	const struct provenance_params p = { .recipe = &recipe,
					     .lock = &lock,
					     .layout = &layout,
					     .components = &components,
					     .signer = fx_db,
					     .outputs = outputs,
					     .n_outputs = ARRAY_SIZE(outputs) };
	_cleanup_buf_ struct buf envelope = BUF_INIT;
	_cleanup_dsse_ struct dsse statement = DSSE_INIT;
	_cleanup_(provenance_free) struct provenance *read = NULL;

	ck_ok(provenance_write(&p, &envelope, &e));
	ck_ok(provenance_open(envelope.data, envelope.len, &fx_db->cert, 1, &read, &e));
	ck_ok(dsse_open(envelope.data, envelope.len, PROVENANCE_PAYLOAD_TYPE, &fx_db->cert, 1,
			&statement, &e));
	seed_save_of("fuzz_evidence", "envelope", 'e', &envelope);
	seed_save_of("fuzz_evidence", "statement", 's', &statement.payload);
}
END_TEST

START_TEST(index_of_channel)
{
	struct publish_index i = { .name = str("node"),
				   .arch = str("x86-64"),
				   .channel = str("stable"),
				   .signing_key = str("ABCD"),
				   .best_before = str("2026-12-31T00:00:00Z"),
				   .minimum_version = str("1"),
				   .serial = 7 };
	struct publish_version v = { .version = str("10~rc1"), .has_lock = true };
	_cleanup_(publish_index_free) struct publish_index *read = NULL;
	_cleanup_buf_ struct buf text = BUF_INIT;

	for (size_t k = 0; k < PUBLISH_N_KINDS; k++)
		v.files[k] = (struct publish_file){ .name = str("a.xz"), .bytes = 1 };
	i.versions = &v;
	i.n_versions = 1;
	ck_ok(publish_index_format(&i, &text, &e));
	ck_ok(publish_index_parse(text.data, text.len, &read, &e));
	seed_save_of("fuzz_evidence", "index", 'i', &text);
}
END_TEST

/* ---- signed ------------------------------------------------------------------------------- */

/* The root hash and the signature are those that the target knows. */
START_TEST(kernel)
{
	_cleanup_buf_ struct buf uki = BUF_INIT, der = BUF_INIT;
	uint8_t root[SHA256_BYTES];
	struct im_spec s;

	memset(root, 0x5a, sizeof(root));
	buf_append(&der, "signature", 9);
	im_spec_init(&s);
	im_uki(&s, root, &der, &uki);
	ck_ok(authenticode_verify(uki.data, uki.len, fx_db->cert, &e));
	im_spec_done(&s);
	seed_save_of("fuzz_checks", "uki", 'u', &uki);
}
END_TEST

START_TEST(initrd)
{
	const struct initrd_pack_params p = { COMPRESS_NONE, 0, IM_TIME, NULL };
	_cleanup_buf_ struct buf archive = BUF_INIT;
	struct im_spec s;

	im_spec_init(&s);
	im_text(s.initrd, "usr/bin/sh", "");
	ck_ok(initrd_pack(s.initrd, &p, &archive, &e));
	im_spec_done(&s);
	seed_save_of("fuzz_checks", "initrd", 'i', &archive);
}
END_TEST

static void add_file(struct buf *b, uint8_t path, const char *text)
{
	uint8_t head[3] = { path };

	put_le16(head + 1, (uint16_t)strlen(text));
	buf_append(b, head, sizeof(head));
	buf_append(b, text, strlen(text));
}

/* By the target's table of paths. */
START_TEST(files_of_usr)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	add_file(&b, 0, "NAME=\"node\"\nIMAGE_ID=\"node\"\nIMAGE_VERSION=\"2\"\n");
	add_file(&b, 1, "Package: a\nVersion: 1:2-3\nArchitecture: amd64\nDescription: x\n y\n");
	add_file(&b, 2, "d41d8cd98f00b204e9800998ecf8427e  usr/share/x\n");
	add_file(&b, 3, "Package: b\nVersion: 1\nArchitecture: all\n");
	add_file(&b, 4, "CONFIG_X=m\n# CONFIG_Y is not set\n");
	add_file(&b, 5, "[Install]\nWantedBy=multi-user.target\n");
	add_file(&b, 6, "");
	add_file(&b, 8, "root:$6$salt$hash:19000:0:99999:7:::\nnobody:!:19000::::::\n");
	add_file(&b, 9,
		 "-----BEGIN RSA PRIVATE KEY-----\n"
		 "MIIEpAIBAAKCAQEAuyVMPXAeIDyNoHy9ZJr9XQvTyFpf4hSx\n");
	add_file(&b, 10,
		 "{\"components\":[{\"bom-ref\":\"O\",\"group\":\"overlay\",\"name\":\"x\","
		 "\"components\":"
		 "[{\"name\":\"/usr/share/x\"}]}]}\n");
	add_file(&b, 11,
		 "{\"packages\":[{\"SPDXID\":\"SPDXRef-O\",\"name\":\"x\"}],\"files\":["
		 "{\"SPDXID\":\"SPDXRef-Usr-0\",\"fileName\":\"./usr/share/x\"}],"
		 "\"relationships\":[{\"spdxElementId\":\"SPDXRef-O\",\"relationshipType\":"
		 "\"CONTAINS\",\"relatedSpdxElement\":\"SPDXRef-Usr-0\"}]}\n");
	seed_save_of("fuzz_checks", "files", 'f', &b);
}
END_TEST

FX_MAIN("evidence_seeds", provenance, index_of_channel, kernel, initrd, files_of_usr)
