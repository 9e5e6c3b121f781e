package uapi

// Feature flags, asked for in UblksrvCtrlDevInfo.Flags and reported by
// UBLK_U_CMD_GET_FEATURES.
const (
	UBLK_F_SUPPORT_ZERO_COPY      uint64 = 1 << 0
	UBLK_F_URING_CMD_COMP_IN_TASK uint64 = 1 << 1
	UBLK_F_NEED_GET_DATA          uint64 = 1 << 2
	UBLK_F_USER_RECOVERY          uint64 = 1 << 3
	UBLK_F_USER_RECOVERY_REISSUE  uint64 = 1 << 4
	UBLK_F_UNPRIVILEGED_DEV       uint64 = 1 << 5
	UBLK_F_CMD_IOCTL_ENCODE       uint64 = 1 << 6
	UBLK_F_USER_COPY              uint64 = 1 << 7
	UBLK_F_ZONED                  uint64 = 1 << 8
	UBLK_F_USER_RECOVERY_FAIL_IO  uint64 = 1 << 9
	UBLK_F_UPDATE_SIZE            uint64 = 1 << 10
	UBLK_F_AUTO_BUF_REG           uint64 = 1 << 11
	UBLK_F_QUIESCE                uint64 = 1 << 12
	UBLK_F_PER_IO_DAEMON          uint64 = 1 << 13
	UBLK_F_BUF_REG_OFF_DAEMON     uint64 = 1 << 14
	UBLK_F_BATCH_IO               uint64 = 1 << 15
	UBLK_F_INTEGRITY              uint64 = 1 << 16
	UBLK_F_SAFE_STOP_DEV          uint64 = 1 << 17
	UBLK_F_NO_AUTO_PART_SCAN      uint64 = 1 << 18
	UBLK_F_SHMEM_ZC               uint64 = 1 << 19
)

// FeatureNames gives the name of the feature of each bit, without its UBLK_F_
// prefix, in lower case.
var FeatureNames = [...]string{
	"support_zero_copy", "uring_cmd_comp_in_task", "need_get_data", "user_recovery", "user_recovery_reissue",
	"unprivileged_dev", "cmd_ioctl_encode", "user_copy", "zoned", "user_recovery_fail_io", "update_size",
	"auto_buf_reg", "quiesce", "per_io_daemon", "buf_reg_off_daemon", "batch_io", "integrity", "safe_stop_dev",
	"no_auto_part_scan", "shmem_zc",
}
