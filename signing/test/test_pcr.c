/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/pcr.h"
#include "signing/test/fixture.h"

static struct err e;
static const char *const phases[] = { "enter-initrd", "leave-initrd", "sysinit", "ready" };

static void make(struct buf *b)
{
	static const struct fx_section s[] = {
		{ ".text", "stub", 4, FX_CODE },
		{ ".osrel", "ID=x\n", 5, FX_DATA },
		{ ".cmdline", "console=ttyS0", 13, FX_DATA },
		{ ".uname", "6.12.1", 6, FX_DATA },
		{ ".linux", "kernel", 6, FX_DATA },
		{ ".initrd", "initrd!", 7, FX_DATA },
		{ ".sbat", "sbat,1\n", 7, FX_DATA },
		{ ".pcrpkey", "key", 3, FX_DATA },
		{ ".pcrsig", "{}", 2, FX_DATA },
	};

	fx_make_pe(b, PE_MACHINE_X86_64, s, ARRAY_SIZE(s));
}

/* systemd-measure calculate --bank=sha256 of systemd 257.13, with these contents as files. */
static const char *const golden[] = {
	"724ae835c670206b8827eb96d311c898311ba12ab4bade8eeb55b775a795ff97", /* --phase=: */
	"98aa74b1e3f739d3099f91fa4509bb5084d561d9304c961a2bbbe18eb9aa61a7",
	"8c4d4902731ac0c9ae92e000954598f02db03afbf93aa17ef82752edaf771c51",
	"fe923058a404382ea2a0e6c069645fa5dce364c035d377595fc1436717fe6566",
	"47bbbdd9fd0ee39f1b916543e08ff06ed8854afb6f860a14c776627efeccd670",
};

START_TEST(what_systemd_measure_says)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	make(&b);
	for (size_t n = 0; n < ARRAY_SIZE(golden); n++) {
		uint8_t pcr[SHA256_BYTES];
		char hex[SHA256_HEX];
		ck_ok(pcr_predict(b.data, b.len, phases, n, pcr, &e));
		hex_encode(pcr, sizeof(pcr), hex);
		ck_assert_str_eq(hex, golden[n]);
	}
}
END_TEST

START_TEST(not_a_uki)
{
	_cleanup_buf_ struct buf b = BUF_INIT, cut = BUF_INIT;
	uint8_t pcr[SHA256_BYTES];

	fx_make_stub(&b, PE_MACHINE_X86_64, "257");
	ck_fails(pcr_predict(b.data, b.len, NULL, 0, pcr, &e), -EBADMSG, "no section .linux");
	ck_fails(pcr_predict("MZ", 2, NULL, 0, pcr, &e), -EBADMSG, "not a PE file");
	make(&cut);
	uint8_t *cmdline = cut.data + FX_TABLE + 2 * PE_SECTION_BYTES;
	put_le32(cmdline + PE_SECTION_VIRTUAL_BYTES, 513);
	ck_fails(pcr_predict(cut.data, cut.len, NULL, 0, pcr, &e), -EBADMSG,
		 ".cmdline is shorter in the file");
}
END_TEST

FX_MAIN("pcr", what_systemd_measure_says, not_a_uki)
