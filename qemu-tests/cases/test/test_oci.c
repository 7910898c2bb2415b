/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The container image that the boot cases carry, read back; the list of cases. */
#include <archive.h>
#include <archive_entry.h>
#include <json-c/json.h>

#include "base/digest.h"
#include "base/test/support.h"
#include "qemu-tests/cases/cases.h"
#include "qemu-tests/cases/oci.h"

static struct err e;

static const struct oci_params params = { .name = "example.test/hello:1",
					  .architecture = "amd64",
					  .path = "hello",
					  .argument = "world",
					  .program = "#!program",
					  .len = 9 };

/* The content of one file in a tar, as a string. */
static char *member(const void *tar, size_t len, const char *path)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	char *content = NULL;

	archive_read_support_format_tar(a);
	ck_assert_int_eq(archive_read_open_memory(a, tar, len), ARCHIVE_OK);
	while (!content && archive_read_next_header(a, &entry) == ARCHIVE_OK) {
		size_t size = (size_t)archive_entry_size(entry);
		if (!str_eq(archive_entry_pathname(entry), path))
			continue;
		content = calloc(1, size + 1);
		ck_assert_int_eq(archive_read_data(a, content, size), (ssize_t)size);
	}
	archive_read_free(a);
	ck_assert_msg(content != NULL, "no %s", path);
	return content;
}

static struct json_object *get(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	ck_assert_msg(json_object_object_get_ex(o, key, &v), "no %s", key);
	return v;
}

/* The piece that a descriptor names: its digest and size must be true. */
static char *piece(const struct buf *tar, struct json_object *descriptor)
{
	const char *digest = json_object_get_string(get(descriptor, "digest"));
	size_t size = (size_t)json_object_get_int64(get(descriptor, "size"));
	uint8_t sha256[SHA256_BYTES];
	char hex[SHA256_HEX];

	ck_assert(str_has_prefix(digest, "sha256:"));
	_cleanup_free_ char *path = str_printf("blobs/sha256/%s", digest + 7);
	char *content = member(tar->data, tar->len, path);
	sha256_bytes(content, size, sha256);
	hex_encode(sha256, sizeof(sha256), hex);
	ck_assert_str_eq(digest + 7, hex);
	return content;
}

START_TEST(every_piece_is_where_its_digest_says)
{
	_cleanup_buf_ struct buf tar = BUF_INIT;

	ck_ok(oci_archive(&params, &tar, &e));
	_cleanup_free_ char *layout = member(tar.data, tar.len, "oci-layout");
	ck_assert_ptr_nonnull(strstr(layout, "1.0.0"));
	_cleanup_free_ char *index_text = member(tar.data, tar.len, "index.json");
	struct json_object *index = json_tokener_parse(index_text);
	struct json_object *first = json_object_array_get_idx(get(index, "manifests"), 0);
	ck_assert_str_eq(
		json_object_get_string(get(get(first, "annotations"), "io.containerd.image.name")),
		"example.test/hello:1");
	_cleanup_free_ char *manifest_text = piece(&tar, first);
	struct json_object *manifest = json_tokener_parse(manifest_text);
	_cleanup_free_ char *config_text = piece(&tar, get(manifest, "config"));
	struct json_object *config = json_tokener_parse(config_text);
	struct json_object *command = get(get(config, "config"), "Cmd");
	ck_assert_str_eq(json_object_get_string(command), "[ \"world\" ]");
	struct json_object *layer = json_object_array_get_idx(get(manifest, "layers"), 0);
	struct json_object *diff =
		json_object_array_get_idx(get(get(config, "rootfs"), "diff_ids"), 0);
	ck_assert_str_eq(json_object_get_string(diff),
			 json_object_get_string(get(layer, "digest")));
	_cleanup_free_ char *layer_tar = piece(&tar, layer);
	_cleanup_free_ char *program =
		member(layer_tar, (size_t)json_object_get_int64(get(layer, "size")), "hello");
	ck_assert_str_eq(program, "#!program");
	json_object_put(index);
	json_object_put(manifest);
	json_object_put(config);
}
END_TEST

START_TEST(the_same_program_gives_the_same_bytes)
{
	_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT;

	ck_ok(oci_archive(&params, &a, &e));
	ck_ok(oci_archive(&params, &b, &e));
	ck_assert_uint_eq(a.len, b.len);
	ck_assert_mem_eq(a.data, b.data, a.len);
}
END_TEST

START_TEST(cases_have_names_of_their_own)
{
	for (size_t i = 0; i < n_vm_cases; i++) {
		ck_assert_ptr_eq(vm_case_find(vm_cases[i]->name), vm_cases[i]);
		ck_assert_ptr_nonnull(vm_cases[i]->run);
	}
	ck_assert_ptr_null(vm_case_find("no such case"));
	const struct vm_case *node = vm_case_find("node");
	ck_assert(vm_case_fits(node, "node_1.raw") && vm_case_fits(node, "/a_b/out/node_2~rc.raw"));
	ck_assert(!vm_case_fits(node, "/node_1/nginx_1.raw") && !vm_case_fits(node, "nodes_1.raw"));
}
END_TEST

TEST_MAIN("oci", every_piece_is_where_its_digest_says, the_same_program_gives_the_same_bytes,
	  cases_have_names_of_their_own)
