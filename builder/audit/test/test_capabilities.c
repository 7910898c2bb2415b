/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values as setcap(8) writes them, and what it would write them for. */
#include "builder/audit/capabilities.h"

#include "base/test/support.h"

static const struct {
	const char *value;
	size_t len;
	const char *text;
} cases[] = {
	{ "\1\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, "cap_net_raw=ep" },
	{ "\0\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, "cap_net_raw=p" },
	{ "\1\0\0\2\0\x30\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, "cap_net_admin,cap_net_raw=ep" },
	{ "\1\0\0\2\1\0\0\0\3\0\0\0\0\1\0\0\0\0\0\0", 20,
	  "cap_checkpoint_restore=ep cap_chown=eip cap_dac_override=ei" },
	{ "\0\0\0\2\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0", 20, "cap_chown=i" },
	{ "\1\0\0\2\0\0\0\0\0\0\0\0\0\2\0\0\0\0\0\0", 20, "41=ep" },
	{ "\1\0\0\3\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xe8\3\0\0", 24,
	  "cap_net_raw=ep [rootid=1000]" },
	{ "\1\0\0\1\0\x20\0\0\0\0\0\0", 12, "cap_net_raw=ep" },
	{ "\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, "=" },
	/* What is none. */
	{ "\1\0\0\2\0\x20\0\0", 8, "0100000200200000" },
	{ "\1\0\0\3\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20,
	  "0100000300200000000000000000000000000000" },
	{ "\3\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20,
	  "0300000200200000000000000000000000000000" },
	{ "\1\0", 2, "0100" },
	{ "", 0, "" },
};

START_TEST(in_words)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		capabilities_describe(cases[i].value, cases[i].len, &b);
		ck_assert_str_eq(b.len ? buf_str(&b) : "", cases[i].text);
	}
}
END_TEST

TEST_MAIN("capabilities", in_words)
