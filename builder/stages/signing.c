/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The root hash's signature, the command line that demands it, and the UKI. */
#include "builder/stages/build.h"
#include "builder/stages/cmdline.h"
#include "signing/authenticode.h"
#include "signing/root_hash.h"
#include "signing/uki.h"

static int make_cmdline(struct build *b, const char *hash_hex, const struct buf *der, struct err *e)
{
	_cleanup_free_ char *base64 = base64_encode(der->data, der->len);

	if (!base64)
		return err_oom(e);
	b->cmdline = cmdline_make(b->p.recipe->cmdline, hash_hex, base64);
	return b->cmdline ? 0 : err_oom(e);
}

static int root_hash_run(struct build *b, struct err *e)
{
	_cleanup_buf_ struct buf der = BUF_INIT;
	char hex[SHA256_HEX + 1];

	int r = root_hash_sign(b->signer, b->root_hash, &der, e);
	if (r == 0)
		r = verity_sig_build(b->signer->cert, b->root_hash, der.data, der.len,
				     &b->verity_sig, e);
	if (r < 0)
		return err_wrap(e, r, "root hash signature");
	hex_encode(b->root_hash, sizeof(b->root_hash), hex);
	r = make_cmdline(b, hex, &der, e);
	if (r == 0)
		r = build_write_output(b, BUILD_VERITY_SIG, b->verity_sig.data, b->verity_sig.len,
				       e);
	strcat(hex, "\n");
	return r < 0 ? r : build_write_output(b, BUILD_ROOT_HASH, hex, strlen(hex), e);
}

const struct stage stage_root_hash = { .name = "root-hash", .run = root_hash_run };

static struct uki_part blob_part(const struct blob *b)
{
	return (struct uki_part){ b->data, b->len };
}

static struct uki_part str_part(const char *s)
{
	return (struct uki_part){ s, s ? strlen(s) : 0 };
}

static struct uki_params uki_params(const struct build *b)
{
	return (struct uki_params){
		.stub = blob_part(b->stub),
		.linux_ = blob_part(b->kernel),
		.stub_name = str_eq(b->p.recipe->arch, "arm64")
				     ? "linuxaa64.efi.stub, of systemd-boot-efi or an overlay"
				     : "linuxx64.efi.stub, of systemd-boot-efi or an overlay",
		.kernel_name = b->kernel_version,
		.initrd = { b->initrd_image.data, b->initrd_image.len },
		.osrel = blob_part(b->os_release),
		.cmdline = str_part(b->cmdline),
		.uname = str_part(b->kernel_version),
	};
}

static int uki_plan(struct build *b, struct err *e)
{
	struct uki_params p = uki_params(b);

	return uki_check(&p, e);
}

static int uki_run(struct build *b, struct err *e)
{
	struct uki_params p = uki_params(b);

	int r = uki_build(&p, &b->uki, e);
	if (r < 0)
		return r;
	r = authenticode_sign(b->signer, &b->uki, e);
	if (r < 0)
		return err_wrap(e, r, "UKI");
	return build_write_output(b, BUILD_UKI, b->uki.data, b->uki.len, e);
}

const struct stage stage_uki = { .name = "uki", .plan = uki_plan, .run = uki_run };
