# SPDX-License-Identifier: GPL-2.0-or-later
src += builder/cli/cmd_publish.c \
       builder/cli/cmd_archive.c builder/cli/cmd_boot.c builder/cli/cmd_build.c builder/cli/cmd_diff.c builder/cli/cmd_fetch.c builder/cli/cmd_keygen.c \
       builder/cli/cmd_lock.c builder/cli/cmd_recipe.c builder/cli/cmd_scripts.c builder/cli/cmd_test.c builder/cli/cmd_verify.c \
       builder/cli/cmd_cat.c builder/cli/cmd_extract.c builder/cli/cmd_inspect.c builder/cli/cmd_ls.c builder/cli/cmd_tree.c \
       builder/cli/bar.c builder/cli/changes_json.c builder/cli/changes_markdown.c builder/cli/changes_print.c \
        builder/cli/inspect_json.c \
       builder/cli/codecs.c builder/cli/fault.c builder/cli/files.c builder/cli/inputs.c builder/cli/json.c builder/cli/json_build.c \
       builder/cli/machines.c builder/cli/memory.c builder/cli/options.c builder/cli/plan.c builder/cli/progress.c \
       builder/cli/scripts_json.c builder/cli/scripts_print.c builder/cli/test_inputs.c
