/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Scripts held against the ledger. */
#include "stage1/finish/block.h"
#include "stage1/finish/ledger.h"
#include "stage1/package/package.h"

#define LEDGER_MAX_SCRIPT_BYTES (4 * MiB)

enum ledger_verdict {
	LEDGER_NOTHING, /* it does nothing, for any package and at any time */
	LEDGER_PARTS, /* all of it is known blocks, triggers, or configuration files of the package */
	LEDGER_LISTED, /* what else there is is in the ledger */
	LEDGER_UNKNOWN,
};

/* A block that the ledger does not know. */
struct ledger_stranger {
	struct block block; /* spans of the script */
	uint8_t sha256[SHA256_BYTES];
};

struct ledger_finding {
	const struct package *package;
	const char *script;
	enum ledger_verdict verdict;
	char *name;		      /* of the package, as the ledger has it */
	struct buf rest;	      /* what no block and no trigger of the ledger accounts for */
	uint8_t sha256[SHA256_BYTES]; /* of the rest */
	const struct ledger_entry **parts; /* blocks and triggers, each once */
	size_t n_parts;
	const struct ledger_entry *entry; /* the rest's; NULL unless LEDGER_LISTED */
	struct ledger_stranger *strangers;
	size_t n_strangers;
	struct strv strange_triggers; /* names */
	struct strv remarks; /* what is wrong with lines and blocks that are not accounted for */
};

/**
 * ledger_is_script() - does a member of a control archive make dpkg do something, or may it?
 *
 * Those that are nothing but data are md5sums, shlibs, symbols and templates. Any other has to be
 * accounted for, also one that nobody has heard of.
 */
bool ledger_is_script(const char *member) must_check;

/**
 * ledger_judge() - account for one script
 *
 * The rest of a maintainer script is its text without the blocks that the ledger knows, first and last
 * lines included; of a block that stays the first line loses its program's version. The rest of a
 * triggers or conffiles file are the lines that are not accounted for. The ledger has the rest's
 * SHA-256, so that for a script without blocks it is what sha256sum(1) prints.
 *
 * A part of a package's name between dashes that starts with a digit and has a dot is its version, as
 * in linux-image-6.12.9-amd64: the ledger has @VERSION@ instead, there and wherever it stands in the
 * rest.
 *
 * @ret: to be given to ledger_finding_done(), on failure too
 * Return: 0; -EBADMSG more than LEDGER_MAX_SCRIPT_BYTES, or an odd name; -ENOMEM
 */
int ledger_judge(const struct ledger *l, const struct package *pkg, const struct package_script *s,
		 struct ledger_finding *ret, struct err *e) must_check;
void ledger_finding_done(struct ledger_finding *f);
