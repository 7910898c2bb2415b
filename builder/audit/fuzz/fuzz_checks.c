/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: the checks of verification, each from where a signature, a root hash or a checksum
 * would have stopped what a fuzzer makes. Built by `make fuzz`.
 *
 * The first byte picks which: [f]iles of /usr, a [u]ki, an [i]nitrd that is not compressed, an [e]sp, the
 * partition tables of a [d]isk of zeros. Files are one after another: which path (1 byte), length (2),
 * content.
 */
#include <sys/mman.h>

#include "base/utf8.h"
#include "builder/audit/changes.h"
#include "builder/audit/verify_internal.h"
#include "layouts/gpt_read.h"
#include "stage1/fs/fuzz/fat_parts.h"
#include "stage1/initrd/compress.h"

#define SECTOR_BYTES   512
#define TABLE_SECTORS  33 /* at the end of a disk; one more at its start */
#define DISK_BYTES_MAX (32 * MiB)
#define OS_RELEASE     "IMAGE_ID=\"node\"\nIMAGE_VERSION=\"1\"\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_text(const char *s)
{
	uint32_t c;
	size_t n;

	for (; s && *s; s += n) {
		n = utf8_next(s, &c);
		must(n && c >= ' ' && c != 0x7f);
	}
}

static void write_memfd(int fd, const struct buf *b, char path[64])
{
	must(fd >= 0 && pwrite(fd, b->data, b->len, 0) == (ssize_t)b->len);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
}

/* ---- /usr ------------------------------------------------------------------------------------- */

static const char *const paths[] = {
	"lib/os-release",
	"lib/dpkg/status.d/a",
	"lib/dpkg/status.d/a.md5sums",
	"lib/dpkg/status.d/b",
	"lib/modules/6.12/config",
	"lib/systemd/system/x.service",
	"lib/systemd/system/multi-user.target.wants/x.service",
	"lib/credstore/x",
	"share/factory/etc/shadow",
	"share/x",
	"share/sbom/node.cdx.json",
	"share/sbom/node.spdx.json",
};

static void add_file(struct tree *t, const char *path, const void *data, size_t len)
{
	const struct tree_meta m = { .mode = 04755, .mtime = 1700000000 };
	struct err e;

	must(tree_put_file(t, path, &m, blob_new(data, len), NULL, &e) == 0);
}

static void add_files(struct tree *t, const uint8_t *data, size_t size)
{
	while (size > 3) {
		size_t len = MIN(get_le16(data + 1), size - 3);
		add_file(t, paths[*data % ARRAY_SIZE(paths)], data + 3, len);
		data += 3 + len;
		size -= 3 + len;
	}
}

static void make_usr(const struct tree *t, struct buf *ret)
{
	const struct fs_params p = { .label = "node", .time = 1700000000 };
	_cleanup_(fs_plan_free) struct fs_plan *plan = NULL;
	struct sink s;
	struct err e;

	must(fs_writer_erofs.plan(t, &p, &plan, &e) == 0);
	buf_append_zero(ret, (size_t)plan->bytes);
	sink_init_buf(&s, ret);
	must(!buf_failed(ret) && fs_writer_erofs.write(plan, &s, &e) == 0);
}

/* What every node has. */
static const struct buf *plain_usr(void)
{
	static struct buf usr = BUF_INIT;

	if (!usr.len) {
		_cleanup_(tree_free) struct tree *t = tree_new();
		must(t != NULL);
		add_file(t, paths[0], OS_RELEASE, strlen(OS_RELEASE));
		add_file(t, "lib/modules/6.12/config", "CONFIG_X=y\n", 11);
		make_usr(t, &usr);
	}
	return &usr;
}

/* ---- verification ----------------------------------------------------------------------------- */

struct run {
	struct policy policy;
	struct verify_report report;
	struct verify v;
	struct err e;
};

/* Some of each kind of wish, so that it is looked at. */
static char min_image[] = "1", min_name[] = "a", min_package[] = "1:2-3",
	    pattern[] = "/usr/share/*";
static char *patterns[] = { pattern };
static struct policy_minimum minimum = { min_name, min_package };

static void run_init(struct run *r)
{
	*r = (struct run){ .policy = { .minimum_version = min_image,
				       .minimums = &minimum,
				       .n_minimums = 1,
				       .forbidden_paths = { .v = patterns, .n = 1 } } };
	const struct verify_params p = { .policy = &r->policy };
	must(verify_init(&r->v, &p, &r->report, &r->e) == 0);
	verify_at(&r->v, "here");
}

static void run_done(struct run *r)
{
	for (size_t i = 0; i < r->report.n; i++) {
		check_text(r->report.v[i].where);
		check_text(r->report.v[i].found);
		check_text(r->report.v[i].expected);
	}
	verify_done(&r->v);
	verify_report_done(&r->report);
}

static void verify_files(const struct buf *usr)
{
	struct run r;

	run_init(&r);
	struct verify_slot *s = &r.v.slots[0];
	source_init_bytes(&s->data, usr->data, usr->len);
	s->verity.data_blocks = usr->len / VERITY_BLOCK_BYTES;
	(void)!verify_usr(&r.v, s, &r.e);
	run_done(&r);
}

/* A slot with the plain /usr. */
static struct verify_slot *fill_slot(struct run *r)
{
	struct verify_slot *s = &r->v.slots[0];

	source_init_bytes(&s->usr_src, plain_usr()->data, plain_usr()->len);
	must(fs_reader_open(&s->usr_src, &s->usr, &r->e) == 0);
	s->used = true;
	return s;
}

/* Signers, and what a TPM will measure. */
static void summarize(const uint8_t *data, size_t size)
{
	const struct buf file = { .data = (uint8_t *)(uintptr_t)data, .len = size };
	_cleanup_close_ int fd = memfd_create("uki", MFD_CLOEXEC);
	_cleanup_(summary_free) struct summary *s = NULL;
	char path[64];
	struct err e;

	write_memfd(fd, &file, path);
	if (summary_read(path, &s, &e) == 0)
		for (size_t i = 0; i < s->signers.n; i++)
			check_text(s->signers.v[i].subject);
}

/* Nobody is trusted: whatever it is, it is refused. */
static void use_uki(const uint8_t *data, size_t size)
{
	const struct verify_pe file = { data, size };
	struct run r;

	run_init(&r);
	struct verify_slot *s = fill_slot(&r);
	memset(s->root_hash, 0x5a, sizeof(s->root_hash));
	buf_append(&s->signature, "signature", 9);
	s->os_release = strdup(OS_RELEASE);
	s->image_id = strdup("node");
	s->version = strdup("1");
	must(s->os_release && s->image_id && s->version);
	if (verify_uki(&r.v, "EFI/Linux/node_1.efi", &file, &r.e) == 0)
		must(r.report.n_failed > 0);
	run_done(&r);
	summarize(data, size);
}

/* Compressed here: hardly a bit of a compressed one can be changed. */
static void use_initrd(const uint8_t *data, size_t size)
{
	const struct compress_params p = { COMPRESS_ZSTD, 1, size, 1 };
	_cleanup_(compress_free) struct compress *c = NULL;
	_cleanup_buf_ struct buf packed = BUF_INIT;
	struct sink out;
	struct run r;

	run_init(&r);
	sink_init_buf(&out, &packed);
	must(compress_new(&p, &out, &c, &r.e) == 0 &&
	     sink_pwrite(compress_sink(c), 0, data, size, &r.e) == 0 &&
	     compress_finish(c, NULL, &r.e) == 0);
	(void)!verify_initrd(&r.v, fill_slot(&r)->usr, packed.data, packed.len, &r.e);
	run_done(&r);
}

static void use_esp(const uint8_t *data, size_t size)
{
	struct parts_source esp;
	struct run r;

	if (size < SECTOR_BYTES)
		return;
	run_init(&r);
	r.v.arch = "x86-64";
	r.v.sector_bytes = SECTOR_BYTES;
	fat_source(&esp, data, size);
	(void)!verify_esp(&r.v, &esp.src, &r.e);
	run_done(&r);
}

/* The first header says where the second is. */
static void use_disk(const uint8_t *data, size_t size)
{
	const size_t start = (TABLE_SECTORS + 1) * SECTOR_BYTES, end = TABLE_SECTORS * SECTOR_BYTES;
	struct parts_source disk;
	struct run r;

	if (size < start + end)
		return;
	uint64_t last = get_le64(data + SECTOR_BYTES + GPT_OTHER_LBA);
	uint64_t bytes =
		last < DISK_BYTES_MAX / SECTOR_BYTES ? (last + 1) * SECTOR_BYTES : DISK_BYTES_MAX;
	run_init(&r);
	parts_init(&disk, data, MAX(bytes, start + end));
	disk.v[0] = (struct part){ 0, start, 0 };
	disk.v[1] = (struct part){ disk.src.size_bytes - end, end, start };
	if (verify_image(&r.v, &disk.src, &r.e) == 0)
		must(r.report.n_failed > 0);
	run_done(&r);
}

/* ---- comparison ------------------------------------------------------------------------------- */

static void compare_files(const struct buf *usr)
{
	_cleanup_close_ int a = memfd_create("a", MFD_CLOEXEC), b = memfd_create("b", MFD_CLOEXEC);
	_cleanup_(changes_free) struct changes *c = NULL;
	char name[2][64];
	const char *const names[] = { name[0], name[1] };
	struct err e;

	write_memfd(a, plain_usr(), name[0]);
	write_memfd(b, usr, name[1]);
	if (changes_read(names, NULL, &c, &e) < 0)
		return;
	for (size_t i = 0; i < CHANGES_N_SECTIONS; i++)
		for (size_t k = 0; k < c->sections[i].n; k++) {
			const struct change *x = &c->sections[i].v[k];
			check_text(x->what);
			check_text(x->a);
			check_text(x->b);
			check_text(x->how);
			check_text(x->package);
			check_text(x->origin);
		}
}

static void use_files(const uint8_t *data, size_t size)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	_cleanup_buf_ struct buf usr = BUF_INIT;

	must(t != NULL);
	add_files(t, data, size);
	make_usr(t, &usr);
	verify_files(&usr);
	compare_files(&usr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	_cleanup_free_ uint8_t *copy = malloc(size - 1); /* exact: a byte too far is seen */
	must(copy != NULL);
	memcpy(copy, data + 1, size - 1);
	switch (*data) {
	case 'f':
		use_files(copy, size - 1);
		break;
	case 'u':
		use_uki(copy, size - 1);
		break;
	case 'i':
		use_initrd(copy, size - 1);
		break;
	case 'e':
		use_esp(copy, size - 1);
		break;
	case 'd':
		use_disk(copy, size - 1);
		break;
	}
	return 0;
}
