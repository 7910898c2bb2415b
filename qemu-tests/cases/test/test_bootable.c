/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/test/image_maker.h"
#include "qemu-tests/cases/bootable.h"

static struct err e;

static int check(const struct im_spec *s, struct bootable *ret)
{
	const char *path = fx_path("node.raw");

	im_make(s, path);
	return bootable_check(path, ret, &e);
}

START_TEST(whole)
{
	struct im_spec s;
	struct bootable found = { .kernels = 0 };

	im_spec_init(&s);
	ck_ok(check(&s, &found));
	ck_assert_uint_eq(found.kernels, 1);
	ck_assert_uint_eq(found.begun, 0);
	im_spec_done(&s);
}
END_TEST

/* An update that was cut while /usr was written, and has its kernel image already. */
START_TEST(part_of_usr)
{
	const char *path = fx_path("node.raw");
	_cleanup_close_ int fd = -EBADF;
	struct layout_plan plan;
	struct layout l;
	struct im_spec s;
	struct bootable found = { .kernels = 0 };

	im_spec_init(&s);
	im_plan(&s, &l, &plan);
	im_make(&s, path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	const uint64_t at = layout_placed_find(&plan, LAYOUT_USR, 0)->start_bytes;
	ck_assert_int_eq(pwrite(fd, "\xff", 1, (off_t)at + 5000), 1);
	ck_fails(bootable_check(path, &found, &e), -EBADMSG,
		 "can be booted, and its /usr is not whole");
	im_spec_done(&s);
}
END_TEST

static void other_uuid(struct layout_plan *p)
{
	for (size_t i = 0; i < p->n_placed; i++)
		if (p->placed[i].type == LAYOUT_USR_VERITY)
			p->placed[i].uuid[0] ^= 1;
}

static void no_root_hash(struct uki_params *p)
{
	p->cmdline = (struct uki_part){ "quiet", 5 };
}

static void no_kernel(struct tree *t)
{
	tree_remove(t, tree_lookup(t, "EFI/Linux"));
}

static void part_of_kernel(struct tree *t)
{
	im_text(t, "EFI/Linux/.#node_3+3-0.efi0123456789abcdef", "MZ");
	im_text(t, "EFI/Linux/node_3+3-0.efi", "");
}

/* The boot loader does not offer it: it need not be whole. */
START_TEST(part_of_a_kernel)
{
	struct im_spec s;
	struct bootable found = { .kernels = 0 };

	im_spec_init(&s);
	s.change_esp = part_of_kernel;
	ck_ok(check(&s, &found));
	ck_assert_uint_eq(found.kernels, 1);
	ck_assert_uint_eq(found.begun, 1);
	ck_assert_uint_eq(found.empty, 1);
	im_spec_done(&s);
}
END_TEST

START_TEST(parts_missing)
{
	struct im_spec s;
	struct bootable found = { .kernels = 0 };

	im_spec_init(&s);
	s.change_plan = other_uuid;
	ck_fails(check(&s, &found), -EBADMSG, "no partition is its hash tree");
	s.change_plan = NULL;
	s.change_uki = no_root_hash;
	ck_fails(check(&s, &found), -EBADMSG, "names no root hash");
	s.change_uki = NULL;
	s.change_esp = no_kernel;
	ck_fails(check(&s, &found), -ENOENT, "no kernel image");
	ck_assert_uint_eq(found.kernels, 0);
	im_spec_done(&s);
}
END_TEST

FX_MAIN("bootable", whole, part_of_usr, part_of_a_kernel, parts_missing)
