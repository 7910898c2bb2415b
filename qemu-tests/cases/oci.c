/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/oci.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/digest.h"
#include "base/json_cleanup.h"

DEFINE_CLEANUP(struct archive *, archive_write_free)
DEFINE_CLEANUP(struct archive_entry *, archive_entry_free)

#define TYPE "application/vnd.oci.image."

/* A piece of the image, named by its digest. */
struct piece {
	struct buf data;
	char digest[8 + SHA256_HEX]; /* "sha256:<hex>" */
};

static void piece_done(struct piece *p)
{
	buf_done(&p->data);
}

#define _cleanup_piece_ __attribute__((cleanup(piece_done)))

static void piece_name(struct piece *p)
{
	uint8_t d[SHA256_BYTES];

	sha256_bytes(p->data.data, p->data.len, d);
	memcpy(p->digest, "sha256:", 7);
	hex_encode(d, sizeof(d), p->digest + 7);
}

static ssize_t on_write(unused_ struct archive *a, void *out, const void *data, size_t len)
{
	buf_append(out, data, len);
	return buf_failed(out) ? -1 : (ssize_t)len;
}

static int tar_open(struct buf *out, struct archive **ret, struct err *e)
{
	_cleanup_(archive_write_free) struct archive *a = archive_write_new();

	if (!a)
		return err_oom(e);
	if (archive_write_set_format_ustar(a) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(a, 1) != ARCHIVE_OK ||
	    archive_write_open2(a, out, NULL, on_write, NULL, NULL) != ARCHIVE_OK)
		return err_set(e, -EIO, "tar: %s", archive_error_string(a));
	*ret = TAKE_PTR(a);
	return 0;
}

static int tar_add(struct archive *a, const char *path, unsigned int mode, const void *data,
		   size_t len, struct err *e)
{
	_cleanup_(archive_entry_free) struct archive_entry *entry = archive_entry_new();

	if (!entry)
		return err_oom(e);
	archive_entry_set_pathname(entry, path);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, (mode_t)mode);
	archive_entry_set_size(entry, (int64_t)len);
	archive_entry_set_mtime(entry, 0, 0);
	if (archive_write_header(a, entry) != ARCHIVE_OK ||
	    archive_write_data(a, data, len) != (ssize_t)len)
		return err_set(e, -EIO, "tar: %s: %s", path, archive_error_string(a));
	return 0;
}

static int tar_close(struct archive *a, struct err *e)
{
	if (archive_write_close(a) != ARCHIVE_OK)
		return err_set(e, -EIO, "tar: %s", archive_error_string(a));
	return 0;
}

static int make_layer(const struct oci_params *p, struct piece *layer, struct err *e)
{
	_cleanup_(archive_write_free) struct archive *a = NULL;
	int r = tar_open(&layer->data, &a, e);

	if (r >= 0)
		r = tar_add(a, p->path, 0755, p->program, p->len, e);
	if (r >= 0)
		r = tar_close(a, e);
	if (r >= 0)
		piece_name(layer);
	return r;
}

/* Takes @o; fills in the piece. */
static int set_json(struct piece *piece, struct json_object *o, struct err *e)
{
	_cleanup_(json_object_put) struct json_object *own = o;

	buf_append_str(&piece->data,
		       json_object_to_json_string_ext(own, JSON_C_TO_STRING_PLAIN |
								   JSON_C_TO_STRING_NOSLASHESCAPE));
	if (buf_failed(&piece->data))
		return err_oom(e);
	piece_name(piece);
	return 0;
}

static void add_str(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

static struct json_object *list_of(struct json_object *one)
{
	struct json_object *a = json_object_new_array();

	json_object_array_add(a, one);
	return a;
}

static struct json_object *descriptor(const char *type, const struct piece *p)
{
	struct json_object *o = json_object_new_object();

	add_str(o, "mediaType", type);
	add_str(o, "digest", p->digest);
	json_object_object_add(o, "size", json_object_new_int64((int64_t)p->data.len));
	return o;
}

static int make_config(const struct oci_params *p, const struct piece *layer, struct piece *config,
		       struct err *e)
{
	struct json_object *o = json_object_new_object(), *run = json_object_new_object(),
			   *rootfs = json_object_new_object();
	_cleanup_free_ char *command = str_printf("/%s", p->path);

	if (command)
		json_object_object_add(run, "Entrypoint", list_of(json_object_new_string(command)));
	if (p->argument)
		json_object_object_add(run, "Cmd", list_of(json_object_new_string(p->argument)));
	add_str(rootfs, "type", "layers");
	json_object_object_add(rootfs, "diff_ids", list_of(json_object_new_string(layer->digest)));
	add_str(o, "architecture", p->architecture);
	add_str(o, "os", "linux");
	json_object_object_add(o, "config", run);
	json_object_object_add(o, "rootfs", rootfs);
	int r = set_json(config, o, e);
	return command ? r : err_oom(e);
}

static int make_manifest(const struct piece *config, const struct piece *layer,
			 struct piece *manifest, struct err *e)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "schemaVersion", json_object_new_int(2));
	add_str(o, "mediaType", TYPE "manifest.v1+json");
	json_object_object_add(o, "config", descriptor(TYPE "config.v1+json", config));
	json_object_object_add(o, "layers", list_of(descriptor(TYPE "layer.v1.tar", layer)));
	return set_json(manifest, o, e);
}

static int make_index(const struct oci_params *p, const struct piece *manifest, struct piece *index,
		      struct err *e)
{
	struct json_object *o = json_object_new_object(), *names = json_object_new_object(),
			   *d = descriptor(TYPE "manifest.v1+json", manifest);

	add_str(names, "io.containerd.image.name", p->name);
	add_str(names, "org.opencontainers.image.ref.name", p->name);
	json_object_object_add(d, "annotations", names);
	json_object_object_add(o, "schemaVersion", json_object_new_int(2));
	json_object_object_add(o, "manifests", list_of(d));
	return set_json(index, o, e);
}

static int add_piece(struct archive *a, const struct piece *p, struct err *e)
{
	_cleanup_free_ char *path = str_printf("blobs/sha256/%s", p->digest + 7);

	return path ? tar_add(a, path, 0644, p->data.data, p->data.len, e) : err_oom(e);
}

int oci_archive(const struct oci_params *p, struct buf *out, struct err *e)
{
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	_cleanup_piece_ struct piece layer = { BUF_INIT, "" }, config = { BUF_INIT, "" },
				     manifest = { BUF_INIT, "" }, index = { BUF_INIT, "" };
	_cleanup_(archive_write_free) struct archive *a = NULL;
	int r;

	if ((r = make_layer(p, &layer, e)) < 0 || (r = make_config(p, &layer, &config, e)) < 0 ||
	    (r = make_manifest(&config, &layer, &manifest, e)) < 0 ||
	    (r = make_index(p, &manifest, &index, e)) < 0 || (r = tar_open(out, &a, e)) < 0 ||
	    (r = tar_add(a, "oci-layout", 0644, layout, strlen(layout), e)) < 0 ||
	    (r = tar_add(a, "index.json", 0644, index.data.data, index.data.len, e)) < 0 ||
	    (r = add_piece(a, &manifest, e)) < 0 || (r = add_piece(a, &config, e)) < 0 ||
	    (r = add_piece(a, &layer, e)) < 0)
		return r;
	return tar_close(a, e);
}
