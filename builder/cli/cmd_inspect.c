/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway inspect */
#include "base/path.h"
#include "base/utc.h"
#include "builder/audit/summary.h"
#include "builder/cli/bar.h"
#include "builder/cli/inspect.h"

#define N_BIGGEST    10 /* packages */
#define N_OTHERS     5
#define WORD_SHOWN   60
#define LINE_COLUMNS 78

static double mib(uint64_t bytes)
{
	return (double)bytes / (double)MiB;
}

/* Text of the image, as it may be shown: "?" for none. */
static void print_text(const char *before, const char *text, const char *after)
{
	_cleanup_free_ char *quoted = path_quote(text ? text : "?");

	printf("%s%s%s", before, quoted ? quoted : "?", after);
}

static bool is_cut_off(const struct image_partition *p)
{
	return p->src.size_bytes < p->size_bytes;
}

static void print_partition(const struct image_partition *p)
{
	char used[32] = "";
	uint64_t bytes;

	if (is_cut_off(p))
		snprintf(used, sizeof(used), "cut off");
	else if (summary_used_bytes(p, &bytes))
		snprintf(used, sizeof(used), "%.1f", mib(bytes));
	printf("%3u  %-17s %10.1f %10.1f  ", p->entry.number, p->name, mib(p->size_bytes),
	       mib(p->start_bytes));
	printf("%10s", used);
	print_text("  ", p->entry.label, "\n");
}

static void print_disk(const struct image *disk)
{
	_cleanup_free_ struct bar_part *parts = calloc(disk->n_partitions + 1, sizeof(*parts));

	printf("\ndisk          %s, %.1f MiB\n", image_format(disk), mib(disk->disk->size_bytes));
	for (size_t i = 0; parts && i < disk->n_partitions; i++) {
		const struct image_partition *p = &disk->partitions[i];
		parts[i] = (struct bar_part){ p->name, p->size_bytes, 0 };
		if (!summary_used_bytes(p, &parts[i].used_bytes))
			parts[i].used_bytes = 0;
	}
	if (parts)
		bar_print(parts, disk->n_partitions);
	printf("  #  %-17s %10s %10s  %10s  %s\n", "partition", "MiB", "at", "used", "label");
	for (size_t i = 0; i < disk->n_partitions; i++)
		print_partition(&disk->partitions[i]);
}

static void print_slots(const struct image *disk)
{
	size_t n = 0;

	for (size_t i = 0; i < disk->n_partitions; i++) {
		const struct image_partition *p = &disk->partitions[i];
		if (!p->known || p->type != LAYOUT_USR)
			continue;
		printf("%s%c: ", n++ ? ", " : "slots         ", 'a' + p->slot);
		print_text("", image_slot_used(p) ? p->entry.label : "empty", "");
	}
	if (n)
		printf("\n");
}

static void print_root_hash(const struct summary *s)
{
	char hex[2 * VERITY_ROOT_HASH_BYTES + 1];

	hex_encode(s->root_hash, sizeof(s->root_hash), hex);
	if (s->has_root_hash)
		printf("root hash     %s\n", hex);
}

static void print_signer(const struct image_signer *s)
{
	char hex[SHA256_HEX], from[UTC_CHARS], to[UTC_CHARS];

	hex_encode(s->fingerprint, sizeof(s->fingerprint), hex);
	utc_format((uint64_t)MAX(s->not_before, 0), from);
	utc_format((uint64_t)MAX(s->not_after, 0), to);
	printf("signed        %s by %s\n", s->what, s->subject);
	if (s->has_certificate)
		printf("              %s, valid from %.10s to %.10s\n", s->algorithm, from, to);
	printf(" SHA-256      %s\n", hex);
}

/* Words, in lines; of a signature its start. */
static void print_cmdline(const char *cmdline)
{
	_cleanup_strv_ struct strv words = STRV_INIT;
	size_t column = 0;

	if (strv_split(&words, cmdline, " ") < 0)
		return;
	for (size_t i = 0; i < words.n; i++) {
		_cleanup_free_ char *word = path_quote(words.v[i]);
		size_t len = MIN(strlen(word ? word : ""), (size_t)WORD_SHOWN);
		if (column && column + 1 + len > LINE_COLUMNS) {
			printf("\n");
			column = 0;
		}
		column += (size_t)printf("%s%.*s%s",
					 column ? " "
					 : i	? "              "
						: "command line  ",
					 (int)len, word ? word : "",
					 word && strlen(word) > len ? "..." : "");
	}
	printf("\n");
}

static void print_uki(const struct summary *s)
{
	char hex[SHA256_HEX];

	if (!s->files->uki_name)
		return;
	print_text("\nUKI           ", s->files->uki_name, "");
	printf(", %.1f MiB, initrd %.1f MiB\n", mib(s->files->parts[ARTEFACT_UKI].size_bytes),
	       mib(s->initrd_bytes));
	print_text("kernel        ", s->kernel, "\n");
	if (s->cmdline)
		print_cmdline(s->cmdline);
	for (size_t i = 0; s->has_pcr11 && i < SUMMARY_PCR11_PHASES; i++) {
		hex_encode(s->pcr11[i], sizeof(s->pcr11[i]), hex);
		printf("%s%-*s %s\n", i ? " " : "", i ? 12 : 13,
		       i ? summary_pcr11_phase(i) : "PCR 11, stub", hex);
	}
}

static void print_packages(const struct summary *s)
{
	_cleanup_free_ const struct image_package **biggest = image_packages_by_size(&s->packages);

	printf("packages      %zu", s->packages.n);
	if (!s->packages.n || !biggest) {
		printf("%s\n", s->packages.n ? "" : ": the image has no list of them");
		return;
	}
	printf("; the biggest in MiB, by their files in /usr:\n");
	for (size_t i = 0; i < MIN(s->packages.n, (size_t)N_BIGGEST); i++) {
		printf("%13.1f ", mib(biggest[i]->bytes));
		print_text(" ", biggest[i]->name, "");
		print_text(" ", biggest[i]->version, "\n");
	}
}

/* What packages did not bring, for which an SBOM in the image answers. */
static void print_others(const struct summary *s)
{
	if (s->n_others)
		printf("others        %zu of another origin; the biggest in MiB, as the SBOM tells:\n",
		       s->n_others);
	for (size_t i = 0; i < MIN(s->n_others, (size_t)N_OTHERS); i++) {
		printf("%13.1f ", mib(s->others[i].bytes));
		print_text(" ", s->others[i].name, "\n");
	}
}

static void print_usr(const struct summary *s)
{
	if (!s->filesystem)
		return;
	printf("\n/usr          %s%s%s, %zu entries: %.1f MiB in %.1f MiB\n", s->filesystem,
	       *s->compression ? ", compression " : "", s->compression, s->usr.n,
	       mib(s->content_bytes), mib(s->usr_bytes));
	print_packages(s);
	print_others(s);
}

static void print_name(const struct summary *s)
{
	if (!s->name && !s->version && !s->os) {
		printf("image         of no name: nothing in it is an os-release\n");
		return;
	}
	print_text("image         ", s->name, " ");
	print_text("", s->version, "");
	print_text(" (", s->os, ")\n");
}

static int print_people(const struct summary *s, struct err *e)
{
	print_name(s);
	if (s->files->disk) {
		print_disk(s->files->disk);
		print_slots(s->files->disk);
		printf("\n");
	}
	print_root_hash(s);
	for (size_t i = 0; i < s->signers.n; i++)
		print_signer(&s->signers.v[i]);
	if (!s->signers.n && (s->files->disk || s->files->uki_name))
		printf("signed        nothing is\n");
	print_uki(s);
	print_usr(s);
	return fflush(stdout) == 0 ? 0 : err_sys(e, -errno, "standard output");
}

static int run_inspect(struct cli *c, int argc, char **argv, struct err *e)
{
	const struct cli_option options[] = {
		{ .name = "json", .flag = &c->json, .help = "print all of it as JSON" },
		{ 0 },
	};
	_cleanup_(summary_free) struct summary *s = NULL;
	char **args;
	size_t n;

	int r = cli_parse(&cmd_inspect, options, argc, argv, &args, &n);
	if (r)
		return r;
	r = summary_read(args[0], &s, e);
	if (r < 0)
		return r;
	return c->json ? inspect_print_json(c, s, e) : print_people(s, e);
}

const struct cli_command cmd_inspect = {
	.name = "inspect",
	.args = "IMAGE",
	.summary = "Show an image at a glance: partitions, signers, kernel, packages",
	.text = "IMAGE is a disk (raw, qcow2, fixed VHD or a block device), a directory that a build wrote,\n"
		"the filesystem of a /usr or a UKI. What is shown is what the image says of itself: verify\n"
		"tells whether it is true.",
	.min_args = 1,
	.max_args = 1,
	.run = run_inspect,
};
