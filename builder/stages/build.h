/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A build: stages that first plan (read inputs, check what can be checked, fix sizes and names) and
 * then run (write). No run starts before every plan has succeeded. Outputs get their names last, when
 * all of them are whole.
 */
#include "base/outfile.h"
#include "base/pool.h"
#include "base/progress.h"
#include "base/strv.h"
#include "builder/attest/sbom.h"
#include "builder/cache/cache.h"
#include "builder/recipe/recipe.h"
#include "builder/repo/lock.h"
#include "signing/signer.h"
#include "stage1/fs/fs.h"
#include "stage1/package/package.h"
#include "stage1/tree/tree.h"
#include "verity/verity.h"

struct build_params {
	const struct recipe *recipe;
	const struct lock *lock;
	struct cache *cache;
	const char *packages_dir; /* packages are taken from there, by path; NULL: from the cache */
	const char *out_dir;	  /* made if it is not there */
	int64_t source_date_epoch; /* -1: the newest package's date */
	int64_t now;		   /* seconds since 1970: for certificates' validity only */
	struct pool *pool;
	struct progress *progress; /* may be NULL */
};

/* What a stage cost. */
struct build_timing {
	const char *stage;
	const char *phase; /* "plan" or "run"; run: the stages that run beside it are in it */
	double wall_seconds, cpu_seconds;
};

enum build_output {
	BUILD_DISK,	  /* <name>_<version>.raw */
	BUILD_USR,	  /* .usr.raw */
	BUILD_VERITY,	  /* .usr-verity.raw */
	BUILD_VERITY_SIG, /* .usr-verity-sig.raw */
	BUILD_UKI,	  /* .efi */
	BUILD_ROOT_HASH,  /* .roothash: 64 hex digits and a newline */
	BUILD_SPDX,	  /* .spdx.json: the outer SBOM */
	BUILD_CYCLONEDX,  /* .cdx.json: the same in another format */
	BUILD_PROVENANCE, /* .provenance.json: what was made of what, signed */
	BUILD_N_OUTPUTS,
};

enum build_sbom { BUILD_SBOM_SPDX, BUILD_SBOM_CYCLONEDX, BUILD_N_SBOMS };

/* The state that stages hand on. Each field says which stage sets it. */
struct build {
	struct build_params p;
	int64_t time;	       /* packages: the only time there is */
	uint8_t seed[32];      /* inputs: what UUIDs and salts are derived from */
	struct layout *layout; /* inputs */
	struct signer *signer; /* inputs */
	struct blob *auth[3];  /* inputs: PK, KEK, db; NULL: nothing to enrol */
	char *out_place;       /* inputs: the output directory, or what it will be made in */

	struct package **packages; /* packages: in the lock's order */
	size_t n_packages;

	struct tree *tree;   /* tree: the system; from its end on, what is in /usr */
	struct tree *initrd; /* tree */
	struct blob *kernel, *stub, *boot_loader, *os_release;		      /* tree */
	char *kernel_version;						      /* tree */
	const struct tree_origin *kernel_from, *stub_from, *boot_loader_from; /* tree: its own */
	size_t *removed; /* tree: for each of the recipe's remove, how many entries it left out */

	struct components components; /* sbom */
	struct inventory usr_files;   /* sbom: of the tree, with the inner SBOMs */
	struct sbom_document
		inner[BUILD_N_SBOMS]; /* sbom: without their texts, which are in the tree */

	char usr_label[16 + 1];	  /* usr (plan): of the name, what both filesystems have room for */
	struct outfile spool;	  /* usr (plan): compressed contents, until they are written */
	struct fs_plan *usr_plan; /* usr (plan) */
	struct verity_params verity; /* verity (plan) */
	uint64_t verity_bytes;	     /* verity (plan) */
	struct layout_plan plan;     /* disk (plan) */

	struct outfile out[BUILD_N_OUTPUTS];	   /* opened by each one's stage (run) */
	struct buf initrd_image;		   /* initrd (run) */
	uint8_t root_hash[VERITY_ROOT_HASH_BYTES]; /* verity (run) */
	struct buf verity_sig;			   /* root-hash (run): the partition's content */
	char *cmdline;				   /* root-hash (run) */
	struct buf uki;				   /* uki (run): signed */
	struct tree *esp;			   /* disk (run), until evidence (run) */
	uint8_t output_sha256[BUILD_N_OUTPUTS][SHA256_BYTES]; /* evidence (run): not of the disk */

	struct strv notices; /* for the person: what the build did that may surprise */
	struct build_timing timings[32];
	size_t n_timings;
};

struct stage {
	const char *name;
	int (*plan)(struct build *b, struct err *e); /* may be NULL */
	int (*run)(struct build *b, struct err *e);  /* may be NULL */
};

extern const struct stage stage_inputs, stage_packages, stage_scripts, stage_tree, stage_usr,
	stage_verity, stage_initrd, stage_root_hash, stage_uki, stage_disk, stage_sbom,
	stage_evidence, stage_provenance;

/** build_init() - @b is to be given to build_done() whatever follows */
void build_init(struct build *b, const struct build_params *p);
void build_done(struct build *b);

/**
 * build_plan() - all stages' plans
 * Return: 0; the first failed stage's code, with a message that tells the person what to do
 */
int build_plan(struct build *b, struct err *e) must_check;

/** build_plan_packages() - as build_plan(), but no further than the packages: no key is needed for it */
int build_plan_packages(struct build *b, struct err *e) must_check;

/**
 * build_run() - all stages' runs, then every output gets its name
 * Return: as build_plan(); on failure no output has got its name
 */
int build_run(struct build *b, struct err *e) must_check;

/**
 * build_user_ids() - the ids of users and groups that a build of these packages and this overlay wants
 * its lock to have
 * @p:   recipe, lock, cache, source_date_epoch, pool and progress matter; the lock's ids are those of
 *       the version before
 * @ret: empty
 * Return: as build_plan(), finish_user_ids()
 */
int build_user_ids(const struct build_params *p, struct ids *ret, struct err *e) must_check;

/** build_output_path() - of an output, on the heap; NULL when out of memory */
char *build_output_path(const struct build *b, enum build_output o) must_check;

/** build_output_suffix() - what follows <name>_<version> in an output's name */
const char *build_output_suffix(enum build_output o);

/** build_open_output() - begin an output file */
int build_open_output(struct build *b, enum build_output o, struct err *e) must_check;

/** build_write_output() - an output of bytes at hand */
int build_write_output(struct build *b, enum build_output o, const void *data, size_t len,
		       struct err *e) must_check;

/** build_derive() - @len (at most 32) bytes that depend on the inputs and on @what alone */
void build_derive(const struct build *b, const char *what, void *out, size_t len);
