package vm

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// makeKernel puts the boot image and its version in place.
//
// The image is unpacked here, once: unpacking itself is a good part of what a
// kernel does at boot under emulation. QEMU starts the bare ELF file at its
// PVH entry, which also goes past the firmware.
func makeKernel(ctx context.Context, work string, k *kernelTree) error {
	image, err := os.ReadFile(k.image())
	if err != nil {
		return fmt.Errorf("vm: %w", err)
	}
	packed, err := payloadOf(image)
	if err != nil {
		return fmt.Errorf("vm: %s: %w", k.image(), err)
	}
	file := filepath.Join(work, "kernel.zst")
	if err := os.WriteFile(file, packed, 0o644); err != nil {
		return fmt.Errorf("vm: %w", err)
	}
	if _, err := command(ctx, work, "zstd", "-dq", "--rm", file, "-o", filepath.Join(work, "kernel")); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(work, "version"), []byte(k.version), 0o644); err != nil {
		return fmt.Errorf("vm: %w", err)
	}
	return nil
}

// Offsets in the header of an x86 boot image; see the kernel's
// Documentation/arch/x86/boot.rst.
const (
	bootSetupSectors  = 0x1f1
	bootMagic         = 0x202
	bootPayloadOffset = 0x248
	bootPayloadLength = 0x24c
	bootHeaderEnd     = 0x250
)

// payloadOf returns the compressed kernel in a boot image, which Debian's
// kernels have in zstd.
func payloadOf(image []byte) ([]byte, error) {
	if len(image) < bootHeaderEnd || !bytes.Equal(image[bootMagic:bootMagic+4], []byte("HdrS")) {
		return nil, errors.New("no boot image")
	}
	le := binary.LittleEndian
	start := uint64(image[bootSetupSectors])*512 + 512 + uint64(le.Uint32(image[bootPayloadOffset:]))
	end := start + uint64(le.Uint32(image[bootPayloadLength:]))
	// The last four bytes are the unpacked size, added by the kernel's build.
	if end > uint64(len(image)) || end < start+8 {
		return nil, errors.New("the payload is outside of the image")
	}
	payload := image[start : end-4]
	if !bytes.HasPrefix(payload, []byte{0x28, 0xb5, 0x2f, 0xfd}) {
		return nil, errors.New("the payload is not packed with zstd")
	}
	return payload, nil
}
