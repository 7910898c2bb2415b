# SPDX-License-Identifier: GPL-2.0-or-later
src += builder/publish/channel.c builder/publish/entries.c builder/publish/head.c builder/publish/index.c \
       builder/publish/index_json.c builder/publish/pack.c builder/publish/plan.c builder/publish/publish.c \
       builder/publish/set.c builder/publish/sign.c builder/publish/version.c

# What the shell tests publish.
publish_tools := $(O)/builder/publish/test/make_outputs
tests: $(publish_tools)
-include $(addsuffix .d,$(publish_tools))
$(publish_tools): $(O)/%: $(O)/%.o $(O)/libslipway.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ldflags) -o $@ $^ $(libs) $(test_libs)
