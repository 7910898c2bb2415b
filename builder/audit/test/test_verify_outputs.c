/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory of what a build wrote, taken off a disk: parts and disk are of each other, or it is said. */
#include "builder/audit/test/outputs_support.h"

static struct err e;

static struct verify_report verify(int want)
{
	return vo_verify("out", want);
}

static void must_fail(enum verify_id id)
{
	struct verify_report r = verify(0);

	ck_assert(vs_fails(&r, id));
	verify_report_done(&r);
}

/* Another byte at a place of a part. */
static void flip(const char *suffix, off_t at)
{
	_cleanup_free_ char *name = str_printf("out/node_1%s", suffix);
	_cleanup_close_ int fd = open(fx_path(name), O_RDWR | O_CLOEXEC);
	uint8_t b;

	ck_assert_int_eq(pread(fd, &b, 1, at), 1);
	b ^= 1;
	ck_assert_int_eq(pwrite(fd, &b, 1, at), 1);
}

START_TEST(good)
{
	vo_make();
	struct verify_report r = verify(0);
	vs_print(&r);
	ck_assert_uint_eq(r.n_failed, 0);
	verify_report_done(&r);
	ck_assert_int_eq(unlink(fx_path("out/node_1.raw")), 0);
	r = verify(0);
	ck_assert_uint_eq(r.n_failed, 0);
	verify_report_done(&r);
}
END_TEST

START_TEST(parts_of_something_else)
{
	static const struct {
		const char *suffix;
		off_t at;
		enum verify_id id;
	} flips[] = {
		{ ".usr.raw", 5000, VERIFY_SLOT_TREE },
		{ ".usr.raw", 5000, VERIFY_OUTPUTS },
		{ ".usr-verity.raw", 5000, VERIFY_SLOT_TREE },
		{ ".usr-verity-sig.raw", 4000, VERIFY_SLOT_SIGNATURE },
		{ ".efi", 5000, VERIFY_PE_SIGNATURE },
		{ ".roothash", 64, VERIFY_OUTPUTS },
		{ ".raw", VS_USR_B, VERIFY_SLOT_EMPTY },
		{ ".raw", VS_VERITY + 5000, VERIFY_OUTPUTS },
	};

	vo_make();
	for (size_t i = 0; i < ARRAY_SIZE(flips); i++) {
		flip(flips[i].suffix, flips[i].at);
		must_fail(flips[i].id);
		flip(flips[i].suffix, flips[i].at);
	}
	vo_put(".usr.raw", "", 0);
	must_fail(VERIFY_SLOT_SUPERBLOCK);
}
END_TEST

/* The footer that makes a fixed VHD of what lies before it. */
static void append_footer(struct buf *file)
{
	uint8_t f[512] = "conectix";
	uint32_t sum = 0;

	put_be32(f + 8, 2);
	put_be32(f + 12, 0x00010000);
	put_be64(f + 16, UINT64_MAX);
	put_be64(f + 40, file->len);
	put_be64(f + 48, file->len);
	put_be32(f + 56, 0xffff10ff); /* the largest geometry: of any size */
	put_be32(f + 60, 2);
	for (size_t i = 0; i < sizeof(f); i++)
		sum += f[i];
	put_be32(f + 64, ~sum);
	buf_append(file, f, sizeof(f));
}

/* A disk in a disk is none that a machine boots, and a build's own disk is in nothing else. */
START_TEST(containers)
{
	_cleanup_buf_ struct buf disk = BUF_INIT;

	vo_make();
	fx_read("disk.raw", &disk);
	for (int depth = 1; depth <= 2; depth++) {
		append_footer(&disk);
		fx_write("disk.vhd", disk.data, disk.len);
		struct verify_report r = vo_verify("disk.vhd", 0);
		ck_assert_int_eq(r.v[0].id, VERIFY_CONTAINER);
		ck_assert(depth == 1 ? r.n_failed == 0 : vs_fails(&r, VERIFY_GPT_BACKUP));
		verify_report_done(&r);
		vo_put(".raw", disk.data, disk.len);
		must_fail(VERIFY_GPT_BACKUP);
	}
}
END_TEST

START_TEST(what_the_build_says)
{
	vo_make();
	vo_put_provenance(fx_db);
	struct verify_report r = verify(0);
	vs_print(&r);
	ck_assert_uint_eq(r.n_failed, 0);
	verify_report_done(&r);
	vo_put(".cdx.json", "[]", 2);
	must_fail(VERIFY_PROVENANCE);
	ck_assert_int_eq(unlink(fx_path("out/node_1.cdx.json")), 0);
	must_fail(VERIFY_PROVENANCE);
	vo_put_provenance(fx_db);
	flip(".provenance.json", 100);
	must_fail(VERIFY_PROVENANCE);
	vo_put_provenance(fx_pk);
	must_fail(VERIFY_PROVENANCE);
	ck_assert_int_eq(unlink(fx_path("out/node_1.provenance.json")), 0);
	r = verify(0);
	ck_assert_uint_eq(r.n_failed, 0);
	verify_report_done(&r);
}
END_TEST

/* Of the same root hash, and signed: but not the one of the disk. */
START_TEST(another_kernel)
{
	_cleanup_source_ struct source disk = SOURCE_INIT;
	_cleanup_(image_free) struct image *image = NULL;
	struct im_spec s;

	vo_make();
	im_spec_init(&s);
	s.cmdline = "console=ttyS0 debug";
	im_make(&s, fx_path("other.raw"));
	im_spec_done(&s);
	ck_ok(source_open(&disk, fx_path("other.raw"), &e));
	ck_ok(image_open(&disk, &image, &e));
	vo_put_uki(&image_find(image, "esp")->src);
	struct verify_report r = verify(0);
	ck_assert(vs_fails(&r, VERIFY_OUTPUTS) && r.n_failed == 1);
	verify_report_done(&r);
}
END_TEST

/* What says of a disk what is in it is right, or it is said that nobody vouches for it. */
START_TEST(sboms_beside_a_disk)
{
	vo_make();
	vo_put_provenance(fx_db);
	struct verify_report r = vo_verify("out/node_1.raw", 0);
	vs_print(&r);
	ck_assert_uint_eq(r.n_failed, 0);
	verify_report_done(&r);
	vo_put(".cdx.json", "[]", 2);
	r = vo_verify("out/node_1.raw", 0);
	ck_assert(vs_fails(&r, VERIFY_PROVENANCE) && r.n_failed == 1);
	verify_report_done(&r);
	vo_put_provenance(fx_db);
	vo_put(".spdx.json", "{}", 2); /* of which the statement does not tell */
	r = vo_verify("out/node_1.raw", 0);
	ck_assert(vs_fails(&r, VERIFY_PROVENANCE) && r.n_failed == 1);
	verify_report_done(&r);
	ck_assert_int_eq(unlink(fx_path("out/node_1.provenance.json")), 0);
	for (int i = 0; i < 2; i++) {
		size_t n = 0;
		r = vo_verify(i ? "out" : "out/node_1.raw", 0);
		for (size_t k = 0; k < r.n; k++)
			n += r.v[k].id == VERIFY_PROVENANCE && r.v[k].verdict == VERIFY_STATE;
		ck_assert_uint_eq(n, 2);
		ck_assert_uint_eq(r.n_failed, 0);
		verify_report_done(&r);
	}
	ck_assert_int_eq(unlink(fx_path("out/node_1.spdx.json")), 0);
}
END_TEST

/* What a policy asks of the statement, of the outputs and of the disk alone. */
static const struct {
	const char *text;
	bool well;
} wishes[] = {
	{ "provenance: {}", true },
	{ "provenance: {builders: [\"" SLIPWAY_VERSION "\"]}", true },
	{ "provenance: {builders: [\"9.*\", x]}", false },
	{ "provenance: {locks: [" VO_LOCK_HEX "]}", true },
	{ "provenance: {recipes: [" VO_LOCK_HEX "]}", false },
	{ "provenance: {index-keys: [" VO_KEY_HEX "]}", true },
	{ "provenance: {index-keys: [04B54C3CDCA79751B16BC6B5225629DF75B188BD]}", false },
};

static void with_policy(struct policy *policy, const char *text)
{
	policy_init(policy);
	fx_write("policy.yaml", text, strlen(text));
	ck_ok(policy_load(fx_path("policy.yaml"), policy, &e));
	vo_params.policy = policy;
}

static void judge(const char *path, bool well, const char *text)
{
	struct verify_report r = vo_verify(path, 0);

	vs_print(&r);
	ck_assert_msg((r.n_failed == 0) == well, "%s: %s", path, text);
	if (!well)
		ck_assert(vs_fails(&r, VERIFY_PROVENANCE) && r.n_failed == 1);
	verify_report_done(&r);
}

START_TEST(what_a_policy_asks)
{
	vo_make();
	vo_put_provenance(fx_db);
	for (size_t i = 0; i < ARRAY_SIZE(wishes); i++) {
		_cleanup_policy_ struct policy policy;
		with_policy(&policy, wishes[i].text);
		judge("out", wishes[i].well, wishes[i].text);
		judge("out/node_1.raw", wishes[i].well, wishes[i].text);
	}
	vo_params.policy = NULL;
}
END_TEST

/* It must be there, and may be elsewhere. */
START_TEST(demanded)
{
	_cleanup_policy_ struct policy policy;

	vo_make();
	vo_put_provenance(fx_db);
	with_policy(&policy, "provenance: {}");
	ck_assert_int_eq(rename(fx_path("out/node_1.provenance.json"), fx_path("said")), 0);
	judge("out", false, "none");
	judge("out/node_1.raw", false, "none");
	judge("disk.raw", false, "none");
	_cleanup_free_ char *said = strdup(fx_path("said"));
	vo_params.provenance = said;
	judge("disk.raw", true, "the same disk by another name");
	ck_assert_int_eq(unlink(said), 0);
	struct verify_report r = vo_verify("disk.raw", -ENOENT);
	verify_report_done(&r);
	vo_params.provenance = NULL;
	vo_params.policy = NULL;
}
END_TEST

START_TEST(another_lock)
{
	const struct lock lock = { .n_packages = 0 };

	vo_make();
	vo_put_provenance(fx_db);
	vo_params.lock = &lock;
	judge("out", false, "no such lock");
	vo_params.lock = NULL;
}
END_TEST

/* A node has written to it since; the root hash is still that of the build, or is another's. */
START_TEST(booted)
{
	_cleanup_policy_ struct policy policy;
	struct im_spec s;

	vo_make();
	vo_put_provenance(fx_db);
	_cleanup_free_ char *said = strdup(fx_path("out/node_1.provenance.json"));
	vo_params.provenance = said;
	with_policy(&policy, "{used-disk: allowed, provenance: {}}");
	for (int other = 0; other < 2; other++) {
		im_spec_init(&s);
		s.change_plan = vs_with_root;
		if (other)
			im_text(s.usr, "lib/more", "x");
		im_make(&s, fx_path("disk.raw"));
		im_spec_done(&s);
		judge("disk.raw", !other, "a disk that has booted");
	}
	vo_params.provenance = NULL;
	vo_params.policy = NULL;
}
END_TEST

START_TEST(what_cannot_be_read)
{
	vo_make();
	ck_assert_int_eq(unlink(fx_path("out/node_1.efi")), 0);
	verify(-ENOENT);
	fx_write("out/other.roothash", "", 0);
	struct verify_report r = { 0 };
	ck_fails(verify_path(fx_path("out"), &vo_params, &r, &e), -ENOENT, "2 files are called");
	verify_report_done(&r);
}
END_TEST

FX_MAIN("verify_outputs", good, containers, parts_of_something_else, another_kernel,
	what_the_build_says, sboms_beside_a_disk, what_a_policy_asks, demanded, another_lock,
	booted, what_cannot_be_read)
