/*
 * Prints layout.golden from a kernel's own header, to compare when the header changes:
 *	cc -I <headers of Linux 7.1 or newer> -o layout layout.c && ./layout | diff layout.golden -
 * The tests read only layout.golden.
 */
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <linux/ublk_cmd.h>

#define S(s) printf("struct %s %zu\n", #s, sizeof(struct s))
#define F(s, f) printf("\t%s %zu %zu\n", #f, offsetof(struct s, f), sizeof(((struct s *)0)->f))
#define C(c) printf("%s 0x%x\n", #c, (unsigned)(c))

int main(void)
{
	S(ublksrv_ctrl_cmd);
	F(ublksrv_ctrl_cmd, dev_id);
	F(ublksrv_ctrl_cmd, queue_id);
	F(ublksrv_ctrl_cmd, len);
	F(ublksrv_ctrl_cmd, addr);
	F(ublksrv_ctrl_cmd, data);
	F(ublksrv_ctrl_cmd, dev_path_len);
	F(ublksrv_ctrl_cmd, pad);
	F(ublksrv_ctrl_cmd, reserved);
	S(ublksrv_ctrl_dev_info);
	F(ublksrv_ctrl_dev_info, nr_hw_queues);
	F(ublksrv_ctrl_dev_info, queue_depth);
	F(ublksrv_ctrl_dev_info, state);
	F(ublksrv_ctrl_dev_info, pad0);
	F(ublksrv_ctrl_dev_info, max_io_buf_bytes);
	F(ublksrv_ctrl_dev_info, dev_id);
	F(ublksrv_ctrl_dev_info, ublksrv_pid);
	F(ublksrv_ctrl_dev_info, pad1);
	F(ublksrv_ctrl_dev_info, flags);
	F(ublksrv_ctrl_dev_info, ublksrv_flags);
	F(ublksrv_ctrl_dev_info, owner_uid);
	F(ublksrv_ctrl_dev_info, owner_gid);
	F(ublksrv_ctrl_dev_info, reserved1);
	F(ublksrv_ctrl_dev_info, reserved2);
	S(ublksrv_io_cmd);
	F(ublksrv_io_cmd, q_id);
	F(ublksrv_io_cmd, tag);
	F(ublksrv_io_cmd, result);
	F(ublksrv_io_cmd, addr);
	S(ublksrv_io_desc);
	F(ublksrv_io_desc, op_flags);
	F(ublksrv_io_desc, nr_sectors);
	F(ublksrv_io_desc, start_sector);
	F(ublksrv_io_desc, addr);
	S(ublk_params);
	F(ublk_params, len);
	F(ublk_params, types);
	F(ublk_params, basic);
	F(ublk_params, discard);
	F(ublk_params, devt);
	F(ublk_params, zoned);
	F(ublk_params, dma);
	F(ublk_params, seg);
	F(ublk_params, integrity);
	S(ublk_param_basic);
	F(ublk_param_basic, attrs);
	F(ublk_param_basic, logical_bs_shift);
	F(ublk_param_basic, physical_bs_shift);
	F(ublk_param_basic, io_opt_shift);
	F(ublk_param_basic, io_min_shift);
	F(ublk_param_basic, max_sectors);
	F(ublk_param_basic, chunk_sectors);
	F(ublk_param_basic, dev_sectors);
	F(ublk_param_basic, virt_boundary_mask);
	S(ublk_param_discard);
	F(ublk_param_discard, discard_alignment);
	F(ublk_param_discard, discard_granularity);
	F(ublk_param_discard, max_discard_sectors);
	F(ublk_param_discard, max_write_zeroes_sectors);
	F(ublk_param_discard, max_discard_segments);
	F(ublk_param_discard, reserved0);
	S(ublk_param_devt);
	F(ublk_param_devt, char_major);
	F(ublk_param_devt, char_minor);
	F(ublk_param_devt, disk_major);
	F(ublk_param_devt, disk_minor);
	S(ublk_param_zoned);
	F(ublk_param_zoned, max_open_zones);
	F(ublk_param_zoned, max_active_zones);
	F(ublk_param_zoned, max_zone_append_sectors);
	F(ublk_param_zoned, reserved);
	S(ublk_param_dma_align);
	F(ublk_param_dma_align, alignment);
	F(ublk_param_dma_align, pad);
	S(ublk_param_segment);
	F(ublk_param_segment, seg_boundary_mask);
	F(ublk_param_segment, max_segment_size);
	F(ublk_param_segment, max_segments);
	F(ublk_param_segment, pad);
	S(ublk_param_integrity);
	F(ublk_param_integrity, flags);
	F(ublk_param_integrity, max_integrity_segments);
	F(ublk_param_integrity, interval_exp);
	F(ublk_param_integrity, metadata_size);
	F(ublk_param_integrity, pi_offset);
	F(ublk_param_integrity, csum_type);
	F(ublk_param_integrity, tag_size);
	F(ublk_param_integrity, pad);
	C(UBLK_U_CMD_GET_QUEUE_AFFINITY);
	C(UBLK_U_CMD_GET_DEV_INFO);
	C(UBLK_U_CMD_ADD_DEV);
	C(UBLK_U_CMD_DEL_DEV);
	C(UBLK_U_CMD_START_DEV);
	C(UBLK_U_CMD_STOP_DEV);
	C(UBLK_U_CMD_SET_PARAMS);
	C(UBLK_U_CMD_GET_PARAMS);
	C(UBLK_U_CMD_START_USER_RECOVERY);
	C(UBLK_U_CMD_END_USER_RECOVERY);
	C(UBLK_U_CMD_GET_DEV_INFO2);
	C(UBLK_U_CMD_GET_FEATURES);
	C(UBLK_U_CMD_DEL_DEV_ASYNC);
	C(UBLK_U_CMD_UPDATE_SIZE);
	C(UBLK_U_CMD_QUIESCE_DEV);
	C(UBLK_U_CMD_TRY_STOP_DEV);
	C(UBLK_U_CMD_REG_BUF);
	C(UBLK_U_CMD_UNREG_BUF);
	C(UBLK_U_IO_FETCH_REQ);
	C(UBLK_U_IO_COMMIT_AND_FETCH_REQ);
	C(UBLK_U_IO_NEED_GET_DATA);
	C(UBLK_U_IO_REGISTER_IO_BUF);
	C(UBLK_U_IO_UNREGISTER_IO_BUF);
	return 0;
}
