/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Trees with kernel modules, for tests. */
#include <lzma.h>
#include <zstd.h>

#include "base/test/support.h"
#include "stage1/finish/kmod/internal.h"
#include "stage1/finish/kmod/test/module_maker.h"

#define VERSION	 "6.12.0-test"
#define DIR_PATH MODULES_ROOT "/" VERSION

static inline void put_bytes(struct tree *t, const char *path, const void *data, size_t len)
{
	struct tree_meta m = { .mode = 0644 };
	struct err e = { 0 };

	ck_ok(tree_put_file(t, path, &m, blob_new(data, len), NULL, &e));
}

static inline void put_text(struct tree *t, const char *path, const char *text)
{
	put_bytes(t, path, text, strlen(text));
}

static inline struct buf compress_as(const struct buf *raw, const char *path)
{
	struct buf out = BUF_INIT;
	size_t room = raw->len * 2 + 1024, len = 0;
	uint8_t *p = buf_grow(&out, room);

	if (str_has_suffix(path, ".xz")) {
		ck_assert_int_eq(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL, raw->data,
							 raw->len, p, &len, room),
				 LZMA_OK);
	} else if (str_has_suffix(path, ".zst")) {
		len = ZSTD_compress(p, room, raw->data, raw->len, 3);
		ck_assert(!ZSTD_isError(len));
	} else {
		memcpy(p, raw->data, len = raw->len);
	}
	out.len = len;
	return out;
}

/* @path: below the version's directory, with a suffix that says how to compress */
static inline void put_module(struct tree *t, const char *path, struct maker m)
{
	_cleanup_free_ char *whole = str_printf("%s/%s", DIR_PATH, path);
	_cleanup_buf_ struct buf raw = make_module(&m);
	_cleanup_buf_ struct buf packed = compress_as(&raw, path);

	put_bytes(t, whole, packed.data, packed.len);
}

#define ORDER                                                                                 \
	"kernel/lib/base-lib.ko\nkernel/lib/mid.ko\nkernel/top.ko\nkernel/plain.ko\n"         \
	"kernel/dev.ko\nkernel/over.ko\nnot/there.ko\nkernel/dot.ko\nkernel/crc32c-fast.ko\n" \
	"kernel/crc32c-slow.ko\nkernel/lone.ko\nkernel/weak.ko\n"

/* One tree with all that the index has to cope with. */
static inline struct tree *make_tree(void)
{
	struct tree *t = tree_new();

	put_module(t, "kernel/lib/base-lib.ko.xz",
		   (struct maker){ .exports = "base_one base_two shared",
				   .modinfo = "license=GPL|alias=base-*|alias=b" });
	put_module(t, "kernel/lib/mid.ko.zst",
		   (struct maker){ .exports = "mid_one mid",
				   .imports = "base_one printk",
				   .versions = "module_layout base_one printk",
				   .modinfo =
					   "alias=pci:v*d0000[0-9A-F]-x*|alias=pci:v*|alias=p" });
	put_module(t, "kernel/top.ko",
		   (struct maker){ .imports = "plain_one mid_one base_two dev_one",
				   .versions = "dot_one",
				   .modinfo = "softdep=pre: crc32c lone post: nothing built-one|"
					      "alias=bad]bracket|alias=dmi:*svn Some Vendor:*" });
	put_module(t, "kernel/plain.ko.xz",
		   (struct maker){ .plain_exports = "plain_one plain_two", .imports = "base_one" });
	put_module(t, "kernel/dev.ko.xz",
		   (struct maker){ .exports = "dev_one",
				   .modinfo = "alias=devname:net/tun|alias=char-major-10-200" });
	put_module(t, "kernel/over.ko", (struct maker){ .exports = "over_old" });
	put_module(t, "updates/over.ko", (struct maker){ .exports = "over_new shared" });
	put_module(t, "kernel/dot.ko",
		   (struct maker){ .exports = "dot_one", .imports = ".dev_one shared" });
	put_module(t, "kernel/crc32c-fast.ko.xz",
		   (struct maker){ .modinfo = "alias=crypto-crc32c|alias=crc32c" });
	put_module(t, "kernel/crc32c-slow.ko.xz",
		   (struct maker){ .imports = "base_one", .modinfo = "alias=crc32c" });
	put_module(t, "kernel/lone.ko.xz", (struct maker){ .modinfo = "softdep=pre: weak" });
	put_module(t, "kernel/weak.ko",
		   (struct maker){ .modinfo =
					   "weakdep=top|alias=block-major-7-*|"
					   "alias=devname:loop-control|alias=char-major-10-237" });
	put_module(t, "build/hidden.ko", (struct maker){ .exports = "hidden" });
	put_text(t, DIR_PATH "/modules.order", ORDER);
	put_text(t, DIR_PATH "/modules.builtin", "kernel/fs/built-one.ko\nkernel/built_two.ko\n");
	static const char modinfo[] = "built_one.license=GPL\0built_one.alias=fs-built\0"
				      "built_two.alias=fs-built\0built_two.alias=x[-]y-z\0"
				      "built_two.file=a.b\0";
	put_bytes(t, DIR_PATH "/modules.builtin.modinfo", modinfo, sizeof(modinfo) - 1);
	return t;
}
