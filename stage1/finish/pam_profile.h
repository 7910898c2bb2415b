/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* PAM profiles, usr/share/pam-configs: what modules packages offer, as pam-auth-update(8) reads them. */
#include "base/buf.h"
#include "base/strv.h"
#include "stage1/tree/tree.h"

struct pam_profile {
	char *name; /* of the file */
	struct strv keys,
		values; /* "Auth", "Auth-Initial", "Auth-Type", …; several lines have '\n' between */
	int64_t priority;
	bool by_default;
};

struct pam_profiles {
	struct pam_profile **all; /* sorted: highest priority first, then names downwards */
	size_t n;
	struct pam_profile **enabled; /* borrowed from @all, in its order */
	size_t n_enabled;
};

void pam_profiles_done(struct pam_profiles *l);

/**
 * pam_profiles_read() - all profiles; enabled are those with "Default: yes", of two that conflict the
 * one that sorts first
 * Return: 0; -EBADMSG a priority that is no number, with the profile's name; -ENOMEM
 */
int pam_profiles_read(const struct tree *t, struct pam_profiles *l, struct err *e) must_check;

/** pam_profile_field() - value of the field <stack><suffix>, or NULL */
const char *pam_profile_field(const struct pam_profile *p, const char *stack, const char *suffix);
