src += stage1/finish/linker_cache.c stage1/finish/linker_cache_file.c
src += stage1/finish/linker_dirs.c
src += $(addprefix stage1/finish/,finish.c finish_put.c finish_todo.c os_release.c place.c \
       place_boot.c preset.c script.c sysusers.c sysusers_apply.c text.c tmpfiles.c unit_file.c \
       unit_near.c units.c units_link.c units_scripts.c users.c users_db.c)
