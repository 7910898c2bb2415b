/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/transfer.h"

#include <strings.h>

#define CONNECT_SECONDS 20L
#define MAX_REDIRECTS	5L

static size_t on_data(char *data, size_t one, size_t len, void *ctx);
static size_t on_header(char *line, size_t one, size_t len, void *ctx);

int transfer_init(struct transfer *t, struct transfer_run *run, struct err *e)
{
	t->run = run;
	t->easy = curl_easy_init();
	t->hash = sha256_new();
	if (!t->easy || !t->hash)
		return err_oom(e);
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->curl_says);
	curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t->easy, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(t->easy, CURLOPT_MAXREDIRS, MAX_REDIRECTS);
	curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https,file");
	curl_easy_setopt(t->easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME, (long)run->limits->stall_seconds);
	curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "slipway/" SLIPWAY_VERSION);
	return 0;
}

static void release_item(struct transfer *t, bool keep)
{
	if (t->item && t->item->ops)
		t->item->ops->abort(t->item, keep);
	t->item = NULL;
	t->state = TRANSFER_IDLE;
}

void transfer_done(struct transfer *t)
{
	release_item(t, true);
	curl_easy_cleanup(t->easy);
	sha256_free(t->hash);
}

static void count(struct transfer *t, int64_t bytes)
{
	t->run->done_bytes += (uint64_t)bytes;
	if (t->run->total_bytes)
		progress_update(t->run->progress, t->run->what,
				MIN(t->run->done_bytes, t->run->total_bytes), t->run->total_bytes);
}

/* Nothing of what is there counts. */
static int start_over(struct transfer *t, struct err *e)
{
	uint8_t unused_ digest[SHA256_BYTES];

	sha256_final(t->hash, digest);
	count(t, -(int64_t)t->have);
	t->have = 0;
	if (t->item->ops)
		return t->item->ops->restart(t->item, e);
	t->item->buf->len = 0;
	return 0;
}

int transfer_begin(struct transfer *t, struct download *item, struct err *e)
{
	uint8_t unused_ digest[SHA256_BYTES];
	uint64_t offset = 0;
	int rc = item->ops ? item->ops->begin(item, &offset, e) : 0;

	if (rc == -EEXIST) {
		count(t, (int64_t)item->size_bytes);
		return 0;
	}
	if (rc < 0)
		return err_wrap(e, rc, "%s", item->path);
	sha256_final(t->hash, digest);
	t->item = item;
	t->tries = 0;
	t->have = t->asked_from = offset;
	count(t, (int64_t)offset);
	t->state = TRANSFER_WAITING;
	t->not_before_ms = 0;
	return 0;
}

/* Everything but what RFC 3986 calls unreserved, and slashes: some servers read + as a space. */
static char *address(const struct download *d)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_append_str(&b, d->base);
	buf_append(&b, "/", 1);
	for (const char *p = d->path; *p; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			     (*p >= '0' && *p <= '9') || strchr("/-._~", *p);
		buf_printf(&b, plain ? "%c" : "%%%02X", (unsigned char)*p);
	}
	return buf_take_str(&b);
}

int transfer_prepare(struct transfer *t, struct err *e)
{
	_cleanup_free_ char *url = address(t->item);
	char range[32] = "";

	if (!url)
		return err_oom(e);
	if (t->have)
		snprintf(range, sizeof(range), "%llu-", (unsigned long long)t->have);
	t->asked_from = t->have;
	t->range_start = UINT64_MAX;
	t->answered = false;
	t->err = (struct err){ 0 };
	t->curl_says[0] = '\0';
	curl_easy_setopt(t->easy, CURLOPT_URL, url);
	curl_easy_setopt(t->easy, CURLOPT_RANGE, t->have ? range : NULL);
	curl_easy_setopt(t->easy, CURLOPT_PIPEWAIT, str_has_prefix(url, "https:") ? 1L : 0L);
	return 0;
}

/* "Content-Range: bytes <start>-<end>/<all>" */
static size_t on_header(char *line, size_t one, size_t len, void *ctx)
{
	static const char name[] = "content-range: bytes ";
	struct transfer *t = ctx;
	char digits[24];
	size_t n = 0;

	(void)one;
	if (len > 5 && strncasecmp(line, "HTTP/", 5) == 0)
		t->range_start = UINT64_MAX; /* headers of a redirect do not count */
	if (len <= sizeof(name) || strncasecmp(line, name, sizeof(name) - 1) != 0)
		return len;
	for (const char *p = line + sizeof(name) - 1; n < sizeof(digits) - 1 && p < line + len;
	     p++) {
		if (*p < '0' || *p > '9')
			break;
		digits[n++] = *p;
	}
	digits[n] = '\0';
	if (parse_u64(digits, 10, &t->range_start) < 0)
		t->range_start = UINT64_MAX;
	return len;
}

/* We asked for the rest; is that what comes? A server may send all of it instead. */
static int first_data(struct transfer *t)
{
	long status = 0;

	t->answered = true;
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 206 && t->range_start != t->asked_from)
		return err_set(&t->err, -EIO,
			       "the server sends another part than it was asked for");
	if (status && status != 206 && t->asked_from)
		return start_over(t, &t->err);
	return 0;
}

static int store(struct transfer *t, const char *data, size_t len)
{
	struct download *d = t->item;

	if (d->buf) {
		sha256_update(t->hash, data, len);
		buf_append(d->buf, data, len);
		return buf_failed(d->buf) ? err_oom(&t->err) : 0;
	}
	return d->ops->write(d, data, len, &t->err);
}

static size_t on_data(char *data, size_t one, size_t len, void *ctx)
{
	struct transfer *t = ctx;
	struct download *d = t->item;
	uint64_t most = d->size_bytes == UINT64_MAX ? d->max_bytes : d->size_bytes;

	(void)one;
	if (!t->answered && first_data(t) < 0)
		return CURL_WRITEFUNC_ERROR;
	if (len > most - t->have) {
		err_set(&t->err, -EBADMSG, "is longer than the %llu bytes that it should have",
			(unsigned long long)most);
		return CURL_WRITEFUNC_ERROR;
	}
	if (store(t, data, len) < 0)
		return CURL_WRITEFUNC_ERROR;
	t->have += len;
	count(t, (int64_t)len);
	return len;
}

static bool may_pass(CURLcode code, long status)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_PARTIAL_FILE:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return true;
	case CURLE_HTTP_RETURNED_ERROR:
		return status == 408 || status == 429 || status == 500 ||
		       (status >= 502 && status <= 504);
	default:
		return false;
	}
}

/* For good: the item is given up, and the message names it and where it should have come from. */
static int give_up(struct transfer *t, int code, bool keep, struct err *e)
{
	const struct download *d = t->item;

	release_item(t, keep);
	return err_wrap(e, code, "%s: from %s", d->path, d->base);
}

static int wait_for_next(struct transfer *t, uint64_t now_ms)
{
	unsigned int shift = MIN(t->tries - 1, 6U);

	t->not_before_ms = now_ms + ((uint64_t)t->run->limits->backoff_ms << shift);
	t->state = TRANSFER_WAITING;
	return 0;
}

static int truncated(struct transfer *t, bool keep, struct err *e)
{
	err_set(e, -EBADMSG, "truncated after %llu of %llu bytes", (unsigned long long)t->have,
		(unsigned long long)t->item->size_bytes);
	return give_up(t, -EBADMSG, keep, e);
}

/* Is it the mirror, or the way to it, that is at fault? */
static int mirror_fault(CURLcode code, long status)
{
	if (code == CURLE_OPERATION_TIMEDOUT)
		return -ETIMEDOUT;
	return may_pass(code, status) || code == CURLE_HTTP_RETURNED_ERROR ||
			       code == CURLE_PEER_FAILED_VERIFICATION
		       ? -EHOSTUNREACH
		       : -EIO;
}

static int failed(struct transfer *t, CURLcode code, uint64_t now_ms, struct err *e)
{
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (t->err.code) {
		*e = t->err;
		return give_up(t, t->err.code, t->err.code != -EBADMSG, e);
	}
	if (code == CURLE_FILE_COULDNT_READ_FILE || status == 404 || status == 410) {
		if (t->item->may_be_missing) {
			t->item->missing = true;
			release_item(t, false);
			return 0;
		}
		err_set(e, -ENOENT, status ? "it is not there (HTTP %ld)" : "it is not there",
			status);
		return give_up(t, -ENOENT, false, e);
	}
	t->tries++;
	bool range_refused = status == 416 && t->asked_from;
	if (range_refused && start_over(t, e) < 0)
		return give_up(t, e->code, false, e);
	if ((range_refused || may_pass(code, status)) && t->tries < t->run->limits->tries)
		return wait_for_next(t, now_ms);
	if (code == CURLE_PARTIAL_FILE)
		return truncated(t, true, e);
	err_set(e, mirror_fault(code, status),
		"%s%s: try again, or name another mirror with --mirror or SLIPWAY_MIRROR",
		t->curl_says[0] ? t->curl_says : curl_easy_strerror(code),
		t->tries > 1 ? " (tried several times)" : "");
	return give_up(t, e->code, true, e);
}

/* An end that was announced is the whole file; one that was not may be a broken connection. */
static int came_short(struct transfer *t, uint64_t now_ms, struct err *e)
{
	curl_off_t announced = -1;

	curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
	t->tries++;
	if (announced < 0 && t->tries < t->run->limits->tries)
		return wait_for_next(t, now_ms);
	return truncated(t, false, e);
}

/* In memory: is the digest right? */
static int check_buf(struct transfer *t, struct err *e)
{
	char is[SHA256_HEX], should[SHA256_HEX];
	uint8_t got[SHA256_BYTES];

	sha256_final(t->hash, got);
	if (!t->item->sha256 || memcmp(got, t->item->sha256, SHA256_BYTES) == 0)
		return 0;
	hex_encode(got, SHA256_BYTES, is);
	hex_encode(t->item->sha256, SHA256_BYTES, should);
	return err_set(e, -EBADMSG, "its SHA-256 is %s and has to be %s", is, should);
}

/* The beginning, which came at another time, may be the bad part: all of it again. */
static int again_from_start(struct transfer *t, uint64_t now_ms, struct err *e)
{
	struct download *d = t->item;
	uint64_t offset = 0;

	count(t, -(int64_t)t->have);
	t->have = t->asked_from = 0;
	t->tries++;
	if (d->buf) {
		d->buf->len = 0;
		return wait_for_next(t, now_ms);
	}
	int rc = d->ops->begin(d, &offset, e);
	if (rc < 0)
		t->item = NULL;
	if (rc == 0 && offset)
		rc = d->ops->restart(d, e);
	return rc == -EEXIST ? 0
	       : rc < 0	     ? err_wrap(e, rc, "%s", d->path)
			     : wait_for_next(t, now_ms);
}

int transfer_end(struct transfer *t, CURLcode code, uint64_t now_ms, struct err *e)
{
	struct download *d = t->item;

	t->state = TRANSFER_IDLE;
	if (code != CURLE_OK)
		return failed(t, code, now_ms, e);
	if (d->size_bytes != UINT64_MAX && t->have != d->size_bytes)
		return came_short(t, now_ms, e);
	int rc = d->ops ? d->ops->commit(d, e) : check_buf(t, e);
	if (rc == -EBADMSG && t->asked_from)
		return again_from_start(t, now_ms, e);
	t->item = NULL;
	return rc < 0 ? err_wrap(e, rc, "%s: from %s", d->path, d->base) : 0;
}
