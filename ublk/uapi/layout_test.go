package uapi

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// layoutOf describes a Go structure in the words of layout.golden, naming
// fields as the golden's C structure does.
func layoutOf(cName string, v any, golden string) string {
	t := reflect.TypeOf(v)
	names := cFields(golden, cName)
	var b strings.Builder
	fmt.Fprintf(&b, "struct %s %d\n", cName, t.Size())
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "_" {
			continue
		}
		name, ok := names[strings.ToLower(f.Name)]
		if !ok {
			name = "not in C: " + f.Name
		}
		fmt.Fprintf(&b, "\t%s %d %d\n", name, f.Offset, f.Type.Size())
	}
	return b.String()
}

// cFields maps "devid" to "dev_id" for the fields of one structure in the
// golden file.
func cFields(golden, cName string) map[string]string {
	names := map[string]string{}
	_, rest, _ := strings.Cut(golden, "struct "+cName+" ")
	for _, line := range strings.Split(rest, "\n")[1:] {
		if !strings.HasPrefix(line, "\t") {
			break
		}
		name := strings.Fields(line)[0]
		names[strings.ReplaceAll(name, "_", "")] = name
	}
	return names
}

// If this fails the mirror of the kernel's structures is wrong: the kernel
// never changes what it once published.
func TestLayout(t *testing.T) {
	raw, err := os.ReadFile("testdata/layout.golden")
	if err != nil {
		t.Fatal(err)
	}
	golden := string(raw)
	var got strings.Builder
	for _, s := range []struct {
		c string
		v any
	}{
		{"ublksrv_ctrl_cmd", UblksrvCtrlCmd{}},
		{"ublksrv_ctrl_dev_info", UblksrvCtrlDevInfo{}},
		{"ublksrv_io_cmd", UblksrvIOCmd{}},
		{"ublksrv_io_desc", UblksrvIODesc{}},
		{"ublk_params", UblkParams{}},
		{"ublk_param_basic", UblkParamBasic{}},
		{"ublk_param_discard", UblkParamDiscard{}},
		{"ublk_param_devt", UblkParamDevt{}},
		{"ublk_param_zoned", UblkParamZoned{}},
		{"ublk_param_dma_align", UblkParamDMAAlign{}},
		{"ublk_param_segment", UblkParamSegment{}},
		{"ublk_param_integrity", UblkParamIntegrity{}},
	} {
		got.WriteString(layoutOf(s.c, s.v, golden))
	}
	for _, c := range commands {
		fmt.Fprintf(&got, "%s 0x%x\n", c.name, c.op)
	}
	if diff := cmp.Diff(golden, got.String()); diff != "" {
		t.Error(diff)
	}
}

var commands = []struct {
	name string
	op   uint32
}{
	{"UBLK_U_CMD_GET_QUEUE_AFFINITY", UBLK_U_CMD_GET_QUEUE_AFFINITY},
	{"UBLK_U_CMD_GET_DEV_INFO", UBLK_U_CMD_GET_DEV_INFO},
	{"UBLK_U_CMD_ADD_DEV", UBLK_U_CMD_ADD_DEV},
	{"UBLK_U_CMD_DEL_DEV", UBLK_U_CMD_DEL_DEV},
	{"UBLK_U_CMD_START_DEV", UBLK_U_CMD_START_DEV},
	{"UBLK_U_CMD_STOP_DEV", UBLK_U_CMD_STOP_DEV},
	{"UBLK_U_CMD_SET_PARAMS", UBLK_U_CMD_SET_PARAMS},
	{"UBLK_U_CMD_GET_PARAMS", UBLK_U_CMD_GET_PARAMS},
	{"UBLK_U_CMD_START_USER_RECOVERY", UBLK_U_CMD_START_USER_RECOVERY},
	{"UBLK_U_CMD_END_USER_RECOVERY", UBLK_U_CMD_END_USER_RECOVERY},
	{"UBLK_U_CMD_GET_DEV_INFO2", UBLK_U_CMD_GET_DEV_INFO2},
	{"UBLK_U_CMD_GET_FEATURES", UBLK_U_CMD_GET_FEATURES},
	{"UBLK_U_CMD_DEL_DEV_ASYNC", UBLK_U_CMD_DEL_DEV_ASYNC},
	{"UBLK_U_CMD_UPDATE_SIZE", UBLK_U_CMD_UPDATE_SIZE},
	{"UBLK_U_CMD_QUIESCE_DEV", UBLK_U_CMD_QUIESCE_DEV},
	{"UBLK_U_CMD_TRY_STOP_DEV", UBLK_U_CMD_TRY_STOP_DEV},
	{"UBLK_U_CMD_REG_BUF", UBLK_U_CMD_REG_BUF},
	{"UBLK_U_CMD_UNREG_BUF", UBLK_U_CMD_UNREG_BUF},
	{"UBLK_U_IO_FETCH_REQ", UBLK_U_IO_FETCH_REQ},
	{"UBLK_U_IO_COMMIT_AND_FETCH_REQ", UBLK_U_IO_COMMIT_AND_FETCH_REQ},
	{"UBLK_U_IO_NEED_GET_DATA", UBLK_U_IO_NEED_GET_DATA},
	{"UBLK_U_IO_REGISTER_IO_BUF", UBLK_U_IO_REGISTER_IO_BUF},
	{"UBLK_U_IO_UNREGISTER_IO_BUF", UBLK_U_IO_UNREGISTER_IO_BUF},
}

func TestEveryFeatureHasItsName(t *testing.T) {
	if got := FeatureNames[len(FeatureNames)-1]; 1<<(len(FeatureNames)-1) != UBLK_F_SHMEM_ZC || got != "shmem_zc" {
		t.Errorf("the names do not end with the last flag: %q", got)
	}
	for bit, name := range map[uint64]string{
		UBLK_F_USER_RECOVERY: "user_recovery", UBLK_F_USER_COPY: "user_copy", UBLK_F_QUIESCE: "quiesce",
	} {
		for i, n := range FeatureNames {
			if (n == name) != (uint64(1)<<i == bit) {
				t.Errorf("bit %d is called %q", i, n)
			}
		}
	}
}
