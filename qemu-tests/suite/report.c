/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports of results: for people, TAP, JUnit XML. What guests said is in them, so nothing is trusted. */
#include "base/utf8.h"
#include "qemu-tests/suite/suite.h"

const char *suite_verdict_name(enum suite_verdict v)
{
	static const char *const names[] = { [SUITE_NOT_RUN] = "not-run",
					     [SUITE_PASSED] = "passed",
					     [SUITE_FAILED] = "failed",
					     [SUITE_SKIPPED] = "skipped" };

	return names[v];
}

static const char *reason(const struct suite_result *r)
{
	return r->reason ? r->reason : "no reason could be kept";
}

/* One line of printable text: what is not becomes \xNN. @escape: how a character is written, or NULL. */
static void append_text(struct buf *out, const char *s, const char *(*escape)(uint32_t c))
{
	while (*s) {
		uint32_t c;
		size_t len = utf8_next(s, &c);
		bool control =
			len && (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xfffe || c == 0xffff);
		const char *other = len && !control && escape ? escape(c) : NULL;

		if (other)
			buf_append_str(out, other);
		else if (len && !control)
			buf_append(out, s, len);
		else
			buf_printf(out, "\\x%02x", (unsigned int)(uint8_t)*s);
		s += len && !control ? len : 1;
	}
}

void suite_report_line(const struct suite_result *r, struct buf *out)
{
	static const char *const words[] = { [SUITE_NOT_RUN] = "NONE",
					     [SUITE_PASSED] = "PASS",
					     [SUITE_FAILED] = "FAIL",
					     [SUITE_SKIPPED] = "SKIP" };
	bool passed = r->verdict == SUITE_PASSED;

	buf_printf(out, "%s %s (%.0f s): ", words[r->verdict], r->c->name, r->seconds);
	append_text(out, passed ? r->c->description : reason(r), NULL);
	buf_append_str(out, "\n");
	for (size_t i = 0; i < r->notes.n; i++) {
		buf_append_str(out, "     ");
		append_text(out, r->notes.v[i], NULL);
		buf_append_str(out, "\n");
	}
}

/* "#" begins a directive. */
static const char *tap_escape(uint32_t c)
{
	return c == '#' ? "\\#" : c == '\\' ? "\\\\" : NULL;
}

/* In a YAML string of double quotes. */
static const char *yaml_escape(uint32_t c)
{
	return c == '"' ? "\\\"" : c == '\\' ? "\\\\" : NULL;
}

static void tap_notes(const struct suite_result *r, struct buf *out)
{
	buf_printf(out, "  ---\n  seconds: %.3f\n", r->seconds);
	if (r->verdict == SUITE_FAILED) {
		buf_append_str(out, "  message: \"");
		append_text(out, reason(r), yaml_escape);
		buf_append_str(out, "\"\n");
	}
	if (r->notes.n)
		buf_append_str(out, "  notes:\n");
	for (size_t i = 0; i < r->notes.n; i++) {
		buf_append_str(out, "    - \"");
		append_text(out, r->notes.v[i], yaml_escape);
		buf_append_str(out, "\"\n");
	}
	buf_append_str(out, "  ...\n");
}

void suite_report_tap(const struct suite_result *r, size_t number, struct buf *out)
{
	bool ok = r->verdict == SUITE_PASSED || r->verdict == SUITE_SKIPPED;

	buf_printf(out, "%s %zu - %s", ok ? "ok" : "not ok", number, r->c->name);
	if (r->verdict == SUITE_SKIPPED) {
		buf_append_str(out, " # SKIP ");
		append_text(out, reason(r), tap_escape);
	}
	buf_append_str(out, "\n");
	tap_notes(r, out);
}

static const char *xml_escape(uint32_t c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	default:
		return NULL;
	}
}

static void xml_element(struct buf *out, const char *name, const struct suite_result *r)
{
	buf_printf(out, "      <%s message=\"", name);
	append_text(out, reason(r), xml_escape);
	buf_append_str(out, "\"/>\n");
}

static void junit_case(const struct suite_result *r, const char *suite, struct buf *out)
{
	buf_append_str(out, "    <testcase classname=\"");
	append_text(out, suite, xml_escape);
	buf_printf(out, "\" name=\"%s\" time=\"%.3f\">\n", r->c->name, r->seconds);
	if (r->verdict == SUITE_FAILED)
		xml_element(out, "failure", r);
	else if (r->verdict == SUITE_SKIPPED)
		xml_element(out, "skipped", r);
	else if (r->verdict == SUITE_NOT_RUN)
		buf_append_str(out, "      <skipped message=\"interrupted\"/>\n");
	buf_append_str(out, "      <system-out>");
	append_text(out, r->c->description, xml_escape);
	for (size_t i = 0; i < r->notes.n; i++) {
		buf_append_str(out, "\n");
		append_text(out, r->notes.v[i], xml_escape);
	}
	buf_append_str(out, "</system-out>\n    </testcase>\n");
}

void suite_report_junit(const struct suite *s, const char *name, struct buf *out)
{
	buf_append_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
			    "  <testsuite name=\"");
	append_text(out, name, xml_escape);
	buf_printf(
		out,
		"\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%.3f\">\n",
		s->n, suite_count(s, SUITE_FAILED),
		suite_count(s, SUITE_SKIPPED) + suite_count(s, SUITE_NOT_RUN), s->seconds);
	for (size_t i = 0; i < s->n; i++)
		junit_case(&s->v[i], name, out);
	buf_append_str(out, "  </testsuite>\n</testsuites>\n");
}
