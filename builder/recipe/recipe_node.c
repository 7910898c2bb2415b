/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the node is to do by itself: take updates, and judge whether it is well. */
#include "builder/recipe/recipe_fields.h"

#define DEFAULT_CHANNEL	  "stable"
#define DEFAULT_LIMIT_SEC 300
#define MAX_LIMIT_SEC	  3600

static struct recipe_updates *updates(void *target)
{
	return &((struct recipe *)target)->updates;
}

/* The node's systemd expands "%" in it, and its shell reads it: neither finds anything of its own. */
FIELD_FN(updates_source)
{
	struct recipe_updates *u = updates(target);

	int rc = yaml_string(v, &u->source, e);
	if (rc < 0)
		return rc;
	if (!str_has_prefix(u->source, "http://") && !str_has_prefix(u->source, "https://"))
		return yaml_error(v, e, "\"%s\" is not an http:// or https:// URL", u->source);
	if (!recipe_all_of(u->source, RECIPE_LOWER RECIPE_UPPER RECIPE_DIGITS ":/.-_~@[]"))
		return yaml_error(v, e,
				  "\"%s\": a URL of updates has letters, digits and :/.-_~@[] only",
				  u->source);
	if (str_has_suffix(u->source, "/"))
		return yaml_error(v, e, "\"%s\": leave the / at the end out", u->source);
	return 0;
}

FIELD_FN(updates_channel)
{
	struct recipe_updates *u = updates(target);

	int rc = yaml_string(v, &u->channel, e);
	if (rc == 0 && (!recipe_all_of(u->channel, RECIPE_LOWER RECIPE_DIGITS "-") ||
			u->channel[0] == '-' || strlen(u->channel) > 32))
		return yaml_error(
			v, e,
			"\"%s\" is not a channel: at most 32 characters a-z, 0-9 and -, a "
			"letter or digit first",
			u->channel);
	return rc;
}

FIELD_FN(updates_key)
{
	return recipe_get_path(v, &updates(target)->key, e);
}

FIELD_FN(updates_reboot)
{
	static const char *const names[] = { "coordinated", "automatic" };
	size_t i;

	int rc = yaml_choice(v, names, ARRAY_SIZE(names), &i, e);
	if (rc == 0)
		updates(target)->reboots = i == 1;
	return rc;
}

void recipe_updates_done(struct recipe_updates *u)
{
	free(u->source);
	free(u->channel);
	free(u->key);
}

int recipe_set_updates(const struct yaml_value *v, void *target, struct err *e)
{
	static const struct yaml_field fields[] = { { "source", true, updates_source },
						    { "key", true, updates_key },
						    { "channel", false, updates_channel },
						    { "reboot", false, updates_reboot } };
	struct recipe_updates *u = updates(target);

	/* Nothing is left of an included file's: its key is not for this source. */
	recipe_updates_done(u);
	*u = (struct recipe_updates){ .channel = strdup(DEFAULT_CHANNEL) };
	return u->channel ? yaml_map(v, fields, ARRAY_SIZE(fields), target, e) : err_oom(e);
}

FIELD_FN(health_units)
{
	return yaml_strings(v, &((struct recipe *)target)->health.units, e);
}

FIELD_FN(health_commands)
{
	return yaml_strings(v, &((struct recipe *)target)->health.commands, e);
}

FIELD_FN(health_limit)
{
	return yaml_u64(v, 1, MAX_LIMIT_SEC, &((struct recipe *)target)->health.limit_sec, e);
}

int recipe_set_health(const struct yaml_value *v, void *target, struct err *e)
{
	static const struct yaml_field fields[] = { { "units", false, health_units },
						    { "commands", false, health_commands },
						    { "time-limit", false, health_limit } };
	struct recipe *r = target;

	if (!r->health.limit_sec)
		r->health.limit_sec = DEFAULT_LIMIT_SEC;
	return yaml_map(v, fields, ARRAY_SIZE(fields), target, e);
}
