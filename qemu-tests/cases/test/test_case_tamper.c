/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of altered images: what no machine is needed to find wrong in it. */
#include <regex.h>

#include "base/test/support.h"
#include "qemu-tests/cases/case_tamper.h"
#include "qemu-tests/cases/tamper.h"
#include "qemu-tests/tamper/tamper.h"

#define ADDRESS(name) &case_tamper_##name,
static const struct vm_case *const cases[] = { CASES_TAMPER(ADDRESS) };

START_TEST(each_is_whole)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct tamper_case *c = cases[i]->data;
		regex_t re;
		ck_assert_ptr_eq(vm_case_find(cases[i]->name), cases[i]);
		ck_assert(str_has_prefix(cases[i]->name, "tamper-"));
		ck_assert_ptr_nonnull(c->kinds[0]);
		for (size_t j = 0; j < TAMPER_KINDS_MAX && c->kinds[j]; j++)
			ck_assert_msg(tamper_kind_find(c->kinds[j]), "%s: no kind %s",
				      cases[i]->name, c->kinds[j]);
		ck_assert_msg((c->end == TAMPER_UP) == !c->reason, "%s: reason", cases[i]->name);
		ck_assert_msg((c->end >= TAMPER_EITHER) == !!c->steps, "%s: steps", cases[i]->name);
		if (!c->reason)
			continue;
		ck_assert_int_eq(regcomp(&re, c->reason, REG_EXTENDED), 0);
		/* A reason that is found in anything would be none. */
		ck_assert_int_ne(regexec(&re, "", 0, NULL, 0), 0);
		regfree(&re);
	}
}
END_TEST

static bool used(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct tamper_case *c = cases[i]->data;
		for (size_t j = 0; j < TAMPER_KINDS_MAX && c->kinds[j]; j++)
			if (str_eq(c->kinds[j], kind))
				return true;
	}
	return false;
}

START_TEST(each_kind_is_tried)
{
	for (size_t i = 0; i < n_tamper_kinds; i++) {
		/* No boot reads that partition, which tamper-addons shows. */
		bool want = !str_eq(tamper_kinds[i]->name, "sig-none");
		ck_assert_msg(used(tamper_kinds[i]->name) == want, "%s", tamper_kinds[i]->name);
	}
}
END_TEST

TEST_MAIN("case_tamper", each_is_whole, each_kind_is_tried)
