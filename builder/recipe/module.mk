# SPDX-License-Identifier: GPL-2.0-or-later
src += builder/recipe/layout_load.c builder/recipe/recipe.c builder/recipe/recipe_fields.c \
       builder/recipe/recipe_filesystem.c builder/recipe/recipe_image.c builder/recipe/recipe_node.c \
       builder/recipe/recipe_packages.c builder/recipe/recipe_scripts.c \
       builder/recipe/yaml.c builder/recipe/yaml_values.c
asm += builder/recipe/builtin.S
$(O)/builder/recipe/builtin.o: layouts/acl.yaml layouts/acl-4k.yaml $(wildcard builder/recipe/schema/*.json)
