/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory of what a build wrote, taken off a disk: parts and disk are of each other, or it is said. */
#include <sys/stat.h>

#include "builder/attest/provenance.h"
#include "builder/audit/image.h"
#include "builder/audit/test/verify_support.h"
#include "verity/fsverity.h"

static struct err e;

static void put(const char *suffix, const void *data, size_t len)
{
	_cleanup_free_ char *name = str_printf("out/node_1%s", suffix);

	fx_write(name, data, len);
}

static void put_uki(const struct source *esp)
{
	_cleanup_(fs_reader_free) struct fs_reader *reader = NULL;
	_cleanup_free_ uint8_t *data = NULL;
	struct fs_stat st;
	uint64_t ino;
	size_t len;

	ck_ok(fs_reader_open(esp, &reader, &e));
	ck_ok(fs_reader_lookup(reader, "EFI/Linux/node_1.efi", &ino, &e));
	ck_ok(reader->ops->stat(reader, ino, &st, &e));
	data = malloc(st.size_bytes);
	ck_ok(reader->ops->read(reader, ino, 0, data, st.size_bytes, &len, &e));
	put(".efi", data, len);
}

/* The disk of a spec, and its parts. */
static void make(void)
{
	_cleanup_source_ struct source disk = SOURCE_INIT;
	_cleanup_(image_free) struct image *image = NULL;
	char hex[SHA256_HEX + 1];
	struct verity_params p;
	uint8_t root[32];

	vs_make();
	ck_assert(mkdir(fx_path("out"), 0700) == 0 || errno == EEXIST);
	ck_ok(source_open(&disk, fx_path("disk.raw"), &e));
	ck_ok(image_open(&disk, &image, &e));
	ck_ok(verity_superblock_parse(disk.bytes + VS_VERITY, 512, &p, &e));
	put(".raw", disk.bytes, disk.size_bytes);
	put(".usr.raw", disk.bytes + VS_USR, p.data_blocks * 4096);
	put(".usr-verity.raw", disk.bytes + VS_VERITY, verity_area_bytes(&p));
	put(".usr-verity-sig.raw", disk.bytes + VS_SIG, 4096);
	memcpy(root, image_find(image, "usr-a")->entry.uuid, 16);
	memcpy(root + 16, image_find(image, "usr-verity-a")->entry.uuid, 16);
	hex_encode(root, 32, hex);
	strcat(hex, "\n");
	put(".roothash", hex, strlen(hex));
	put_uki(&image_find(image, "esp")->src);
}

static X509 *trust[1];
static struct verify_params params = { .trust = trust, .n_trust = 1, .at = FX_NOW };

static struct verify_report verify_at_path(const char *path, int want)
{
	struct verify_report r = { 0 };

	trust[0] = fx_db->cert;
	ck_assert_int_eq(verify_path(fx_path(path), &params, &r, &e), want);
	return r;
}

static struct verify_report verify(int want)
{
	return verify_at_path("out", want);
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
	make();
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

	make();
	for (size_t i = 0; i < ARRAY_SIZE(flips); i++) {
		flip(flips[i].suffix, flips[i].at);
		must_fail(flips[i].id);
		flip(flips[i].suffix, flips[i].at);
	}
	put(".usr.raw", "", 0);
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

	make();
	fx_read("disk.raw", &disk);
	for (int depth = 1; depth <= 2; depth++) {
		append_footer(&disk);
		fx_write("disk.vhd", disk.data, disk.len);
		struct verify_report r = verify_at_path("disk.vhd", 0);
		ck_assert_int_eq(r.v[0].id, VERIFY_CONTAINER);
		ck_assert(depth == 1 ? r.n_failed == 0 : vs_fails(&r, VERIFY_GPT_BACKUP));
		verify_report_done(&r);
		put(".raw", disk.data, disk.len);
		must_fail(VERIFY_GPT_BACKUP);
	}
}
END_TEST

static void hash(const char *suffix, struct provenance_file *f)
{
	_cleanup_free_ char *name = str_printf("out/node_1%s", suffix);
	_cleanup_buf_ struct buf b = BUF_INIT;

	fx_read(name, &b);
	sha256_bytes(b.data, b.len, f->digest);
}

#define LOCK_HEX "0505050505050505050505050505050505050505050505050505050505050505"
#define KEY_HEX	 "AA4B54C3CDCA79751B16BC6B5225629DF75B188B"

/* As a build says of some of its outputs. */
static void put_provenance(const struct signer *signer)
{
	struct recipe recipe = { .name = (char *)(uintptr_t) "node",
				 .version = (char *)(uintptr_t) "1",
				 .arch = (char *)(uintptr_t) "x86-64",
				 .cmdline = (char *)(uintptr_t) "quiet",
				 .filesystem = { .type = "erofs" } };
	struct layout layout = { .name = (char *)(uintptr_t) "acl" };
	struct components components = COMPONENTS_INIT;
	struct lock_suite suite = { .suite = (char *)(uintptr_t) "trixie",
				    .component = (char *)(uintptr_t) "main",
				    .codename = (char *)(uintptr_t) "trixie" };
	struct lock lock = { .suites = &suite, .n_suites = 1 };
	struct provenance_file files[] = { { .name = "node_1.efi" },
					   { .name = "node_1.cdx.json" },
					   { .name = "node_1.roothash" },
					   { .name = "node_1.raw", .kind = PROVENANCE_FSVERITY } };
	struct provenance_file inputs[] = { { .name = "recipe" }, { .name = "lock" } };
	const struct provenance_params p = { .recipe = &recipe,
					     .lock = &lock,
					     .layout = &layout,
					     .components = &components,
					     .signer = signer,
					     .outputs = files,
					     .n_outputs = ARRAY_SIZE(files),
					     .inputs = inputs,
					     .n_inputs = ARRAY_SIZE(inputs) };
	_cleanup_buf_ struct buf b = BUF_INIT;
	_cleanup_source_ struct source disk = SOURCE_INIT;

	ck_ok(strv_add(&suite.signers, KEY_HEX));
	memset(inputs[1].digest, 5, SHA256_BYTES);
	ck_ok(source_open(&disk, fx_path("out/node_1.raw"), &e));
	ck_ok(fsverity_digest(&disk, NULL, files[3].digest, &e));
	hash(".roothash", &files[2]);

	put(".cdx.json", "{}", 2);
	hash(".efi", &files[0]);
	hash(".cdx.json", &files[1]);
	ck_ok(provenance_write(&p, &b, &e));
	put(".provenance.json", b.data, b.len);
	strv_done(&suite.signers);
}

START_TEST(what_the_build_says)
{
	make();
	put_provenance(fx_db);
	struct verify_report r = verify(0);
	vs_print(&r);
	ck_assert_uint_eq(r.n_failed, 0);
	verify_report_done(&r);
	put(".cdx.json", "[]", 2);
	must_fail(VERIFY_PROVENANCE);
	ck_assert_int_eq(unlink(fx_path("out/node_1.cdx.json")), 0);
	must_fail(VERIFY_PROVENANCE);
	put_provenance(fx_db);
	flip(".provenance.json", 100);
	must_fail(VERIFY_PROVENANCE);
	put_provenance(fx_pk);
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

	make();
	im_spec_init(&s);
	s.cmdline = "console=ttyS0 debug";
	im_make(&s, fx_path("other.raw"));
	im_spec_done(&s);
	ck_ok(source_open(&disk, fx_path("other.raw"), &e));
	ck_ok(image_open(&disk, &image, &e));
	put_uki(&image_find(image, "esp")->src);
	struct verify_report r = verify(0);
	ck_assert(vs_fails(&r, VERIFY_OUTPUTS) && r.n_failed == 1);
	verify_report_done(&r);
}
END_TEST

/* What says of a disk what is in it is right, or it is said that nobody vouches for it. */
START_TEST(sboms_beside_a_disk)
{
	make();
	put_provenance(fx_db);
	struct verify_report r = verify_at_path("out/node_1.raw", 0);
	vs_print(&r);
	ck_assert_uint_eq(r.n_failed, 0);
	verify_report_done(&r);
	put(".cdx.json", "[]", 2);
	r = verify_at_path("out/node_1.raw", 0);
	ck_assert(vs_fails(&r, VERIFY_PROVENANCE) && r.n_failed == 1);
	verify_report_done(&r);
	put_provenance(fx_db);
	put(".spdx.json", "{}", 2); /* of which the statement does not tell */
	r = verify_at_path("out/node_1.raw", 0);
	ck_assert(vs_fails(&r, VERIFY_PROVENANCE) && r.n_failed == 1);
	verify_report_done(&r);
	ck_assert_int_eq(unlink(fx_path("out/node_1.provenance.json")), 0);
	for (int i = 0; i < 2; i++) {
		size_t n = 0;
		r = verify_at_path(i ? "out" : "out/node_1.raw", 0);
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
	{ "provenance: {locks: [" LOCK_HEX "]}", true },
	{ "provenance: {recipes: [" LOCK_HEX "]}", false },
	{ "provenance: {index-keys: [" KEY_HEX "]}", true },
	{ "provenance: {index-keys: [04B54C3CDCA79751B16BC6B5225629DF75B188BD]}", false },
};

static void with_policy(struct policy *policy, const char *text)
{
	policy_init(policy);
	fx_write("policy.yaml", text, strlen(text));
	ck_ok(policy_load(fx_path("policy.yaml"), policy, &e));
	params.policy = policy;
}

static void judge(const char *path, bool well, const char *text)
{
	struct verify_report r = verify_at_path(path, 0);

	vs_print(&r);
	ck_assert_msg((r.n_failed == 0) == well, "%s: %s", path, text);
	if (!well)
		ck_assert(vs_fails(&r, VERIFY_PROVENANCE) && r.n_failed == 1);
	verify_report_done(&r);
}

START_TEST(what_a_policy_asks)
{
	make();
	put_provenance(fx_db);
	for (size_t i = 0; i < ARRAY_SIZE(wishes); i++) {
		_cleanup_policy_ struct policy policy;
		with_policy(&policy, wishes[i].text);
		judge("out", wishes[i].well, wishes[i].text);
		judge("out/node_1.raw", wishes[i].well, wishes[i].text);
	}
	params.policy = NULL;
}
END_TEST

/* It must be there, and may be elsewhere. */
START_TEST(demanded)
{
	_cleanup_policy_ struct policy policy;

	make();
	put_provenance(fx_db);
	with_policy(&policy, "provenance: {}");
	ck_assert_int_eq(rename(fx_path("out/node_1.provenance.json"), fx_path("said")), 0);
	judge("out", false, "none");
	judge("out/node_1.raw", false, "none");
	judge("disk.raw", false, "none");
	_cleanup_free_ char *said = strdup(fx_path("said"));
	params.provenance = said;
	judge("disk.raw", true, "the same disk by another name");
	ck_assert_int_eq(unlink(said), 0);
	struct verify_report r = verify_at_path("disk.raw", -ENOENT);
	verify_report_done(&r);
	params.provenance = NULL;
	params.policy = NULL;
}
END_TEST

START_TEST(another_lock)
{
	const struct lock lock = { .n_packages = 0 };

	make();
	put_provenance(fx_db);
	params.lock = &lock;
	judge("out", false, "no such lock");
	params.lock = NULL;
}
END_TEST

/* A node has written to it since; the root hash is still that of the build, or is another's. */
START_TEST(booted)
{
	_cleanup_policy_ struct policy policy;
	struct im_spec s;

	make();
	put_provenance(fx_db);
	_cleanup_free_ char *said = strdup(fx_path("out/node_1.provenance.json"));
	params.provenance = said;
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
	params.provenance = NULL;
	params.policy = NULL;
}
END_TEST

/* ---- mutations ---------------------------------------------------------------------------- */

static uint64_t state;

static uint64_t chance(uint64_t below)
{
	state ^= state << 13, state ^= state >> 7, state ^= state << 17;
	return (state >> 11) % below;
}

/* Another content of the same file. */
static void mutate(struct buf *b, char *what, size_t size)
{
	uint64_t at = chance(b->len), n = 1 + chance(MIN((uint64_t)64, b->len - at));

	switch (chance(5)) {
	case 0:
		b->data[at] ^= 1 << chance(8);
		snprintf(what, size, "a bit of byte %llu", (unsigned long long)at);
		return;
	case 1:
		for (uint64_t i = 0; i < n; i++)
			b->data[at + i] ^= (uint8_t)(1 + chance(255));
		snprintf(what, size, "%llu bytes at %llu", (unsigned long long)n,
			 (unsigned long long)at);
		return;
	case 2:
		b->len = at;
		snprintf(what, size, "cut to %llu bytes", (unsigned long long)at);
		return;
	case 3:
		buf_append_zero(b, n);
		snprintf(what, size, "%llu zeros more", (unsigned long long)n);
		return;
	default:
		buf_append_str(b, "more");
		snprintf(what, size, "\"more\" at its end");
	}
}

static void must_refuse(const char *suffix)
{
	_cleanup_free_ char *name = str_printf("out/node_1%s", suffix);
	_cleanup_buf_ struct buf whole = BUF_INIT, bad = BUF_INIT;
	struct verify_report r = { 0 };
	char what[64];

	fx_read(name, &whole);
	buf_append(&bad, whole.data, whole.len);
	mutate(&bad, what, sizeof(what));
	fx_write(name, bad.data, bad.len);
	trust[0] = fx_db->cert;
	ck_assert_msg(verify_path(fx_path("out"), &params, &r, &e) == 0 && r.n_failed > 0,
		      "%s: %s: %s", suffix, what, r.n ? "it is good" : e.msg);
	verify_report_done(&r);
	fx_write(name, whole.data, whole.len);
}

/* Whatever is done to one of the files, with and without a statement that tells of them. */
START_TEST(mutated_files)
{
	static const char *const suffixes[] = {
		".usr.raw",	    ".usr-verity.raw", ".usr-verity-sig.raw", ".efi", ".roothash",
		".provenance.json", ".cdx.json"
	};
	const char *seed = getenv("SLIPWAY_MUTATIONS_SEED"), *count = getenv("SLIPWAY_MUTATIONS");
	uint64_t n = count ? strtoull(count, NULL, 10) : 140;

	state = (seed ? strtoull(seed, NULL, 10) : 7) * 88172645463325252u + 1;
	make();
	put_provenance(fx_db);
	ck_assert_int_eq(unlink(fx_path("out/node_1.raw")), 0);
	for (uint64_t i = 0; i < n; i++) {
		bool stated = i < n / 2;
		if (i == n / 2)
			ck_assert_int_eq(unlink(fx_path("out/node_1.provenance.json")), 0);
		must_refuse(suffixes[i % (stated ? ARRAY_SIZE(suffixes) : 5)]);
	}
}
END_TEST

START_TEST(what_cannot_be_read)
{
	make();
	ck_assert_int_eq(unlink(fx_path("out/node_1.efi")), 0);
	verify(-ENOENT);
	fx_write("out/other.roothash", "", 0);
	verify(-ENOENT);
	ck_assert(strstr(e.msg, "2 files are called"));
}
END_TEST

FX_MAIN("verify_outputs", good, containers, parts_of_something_else, another_kernel,
	what_the_build_says, sboms_beside_a_disk, what_a_policy_asks, demanded, another_lock,
	booted, mutated_files, what_cannot_be_read)
