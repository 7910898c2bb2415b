# SPDX-License-Identifier: GPL-2.0-or-later
src += stage1/fs/fs.c stage1/fs/walk.c stage1/fs/copy.c stage1/fs/nodes.c stage1/fs/compression.c stage1/fs/ext4_io.c stage1/fs/ext4_items.c stage1/fs/ext4_xattr.c \
       stage1/fs/ext4_dir.c stage1/fs/ext4_layout.c stage1/fs/ext4_inode.c stage1/fs/ext4_data.c \
       stage1/fs/ext4_write.c stage1/fs/fat_name.c stage1/fs/fat_items.c \
       stage1/fs/fat_geometry.c stage1/fs/fat_dir.c stage1/fs/fat_write.c stage1/fs/fat_read.c \
       stage1/fs/fat_read_dir.c stage1/fs/ext4_read.c stage1/fs/ext4_read_map.c \
       stage1/fs/ext4_read_dir.c stage1/fs/ext4_read_xattr.c \
       stage1/fs/ext4_inspect.c stage1/fs/fat_inspect.c \
       $(addprefix stage1/fs/erofs_,codec.c zstd.c content.c dir.c items.c layout.c meta.c pack.c write.c \
       xattr.c inspect.c read.c read_dir.c read_map.c read_xattr.c unpack.c)
# Helpers of the tests: in the archive, linked by tests only.
src += stage1/fs/test/support.c stage1/fs/test/compare.c stage1/fs/test/random.c \
       stage1/fs/test/erofs_support.c stage1/fs/test/marks.c

# What compare-writers.sh and builder/stages/test/test-update.sh measure with.
fs_tools := $(O)/stage1/fs/test/write_image $(O)/stage1/fs/test/same_blocks
tests: $(fs_tools)
-include $(addsuffix .d,$(fs_tools))
$(fs_tools): $(O)/%: $(O)/%.o $(O)/libslipway.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ldflags) -o $@ $^ $(libs) $(test_libs)
