package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Numbers of the NBD protocol, from its proto.md: fixed newstyle handshake.
const (
	nbdMagic         = 0x4e42444d41474943 // "NBDMAGIC"
	nbdOptionMagic   = 0x49484156454f5054 // "IHAVEOPT"
	nbdOptReplyMagic = 0x0003e889045565a9

	nbdFlagFixedNewstyle = 1 << 0 // same bits from both sides
	nbdFlagNoZeroes      = 1 << 1

	nbdOptExportName = 1
	nbdOptAbort      = 2
	nbdOptInfo       = 6
	nbdOptGo         = 7

	nbdRepAck      = 1
	nbdRepInfo     = 3
	nbdRepErrUnsup = 1<<31 + 1

	nbdInfoExport    = 0
	nbdInfoBlockSize = 3

	nbdTransHasFlags  = 1 << 0
	nbdTransFlush     = 1 << 2
	nbdTransFUA       = 1 << 3
	nbdTransMultiConn = 1 << 8

	transmissionFlags = nbdTransHasFlags | nbdTransFlush | nbdTransFUA | nbdTransMultiConn
)

// maxRequest is the longest read or write accepted, and maxOption the longest
// option: what a broken client can make us allocate.
const (
	maxRequest = 32 << 20
	maxOption  = 64 << 10
)

// errAborted is a client that said goodbye during the handshake.
var errAborted = errors.New("disk: client ended the negotiation")

// negotiate does the handshake up to the first request. There is one export;
// its name does not matter.
func negotiate(rw io.ReadWriter, size int64) error {
	be := binary.BigEndian
	hello := be.AppendUint64(nil, nbdMagic)
	hello = be.AppendUint64(hello, nbdOptionMagic)
	hello = be.AppendUint16(hello, nbdFlagFixedNewstyle|nbdFlagNoZeroes)
	if _, err := rw.Write(hello); err != nil {
		return fmt.Errorf("disk: handshake: %w", err)
	}
	var flags [4]byte
	if _, err := io.ReadFull(rw, flags[:]); err != nil {
		return fmt.Errorf("disk: handshake: %w", err)
	}
	noZeroes := be.Uint32(flags[:])&nbdFlagNoZeroes != 0
	for {
		opt, err := readOption(rw)
		if err != nil {
			return err
		}
		reply, done, err := answer(opt, size, noZeroes)
		if _, werr := rw.Write(reply); werr != nil {
			return fmt.Errorf("disk: handshake: %w", werr)
		}
		if err != nil || done {
			return err
		}
	}
}

// readOption returns the next option's number; its data never matters here.
func readOption(r io.Reader) (uint32, error) {
	var h [16]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return 0, fmt.Errorf("disk: handshake: %w", err)
	}
	if magic := binary.BigEndian.Uint64(h[:]); magic != nbdOptionMagic {
		return 0, fmt.Errorf("disk: handshake: option magic %#x", magic)
	}
	length := binary.BigEndian.Uint32(h[12:])
	if length > maxOption {
		return 0, fmt.Errorf("disk: handshake: option of %d bytes", length)
	}
	if _, err := io.CopyN(io.Discard, r, int64(length)); err != nil {
		return 0, fmt.Errorf("disk: handshake: %w", err)
	}
	return binary.BigEndian.Uint32(h[8:]), nil
}

// answer is the reply to one option, and whether requests follow.
func answer(opt uint32, size int64, noZeroes bool) (reply []byte, done bool, err error) {
	switch opt {
	case nbdOptExportName:
		reply = exportInfo(nil, size)
		if !noZeroes {
			reply = append(reply, make([]byte, 124)...)
		}
		return reply, true, nil
	case nbdOptAbort:
		return optionReply(nil, opt, nbdRepAck, nil), false, errAborted
	case nbdOptInfo, nbdOptGo:
		be := binary.BigEndian
		export := exportInfo(be.AppendUint16(nil, nbdInfoExport), size)
		blocks := be.AppendUint16(nil, nbdInfoBlockSize)
		blocks = be.AppendUint32(blocks, SectorSize) // smallest
		blocks = be.AppendUint32(blocks, 4096)       // preferred
		blocks = be.AppendUint32(blocks, maxRequest) // largest
		reply = optionReply(reply, opt, nbdRepInfo, export)
		reply = optionReply(reply, opt, nbdRepInfo, blocks)
		return optionReply(reply, opt, nbdRepAck, nil), opt == nbdOptGo, nil
	default:
		return optionReply(nil, opt, nbdRepErrUnsup, nil), false, nil
	}
}

func exportInfo(b []byte, size int64) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(size))
	return binary.BigEndian.AppendUint16(b, transmissionFlags)
}

func optionReply(b []byte, opt, kind uint32, data []byte) []byte {
	be := binary.BigEndian
	b = be.AppendUint64(b, nbdOptReplyMagic)
	b = be.AppendUint32(b, opt)
	b = be.AppendUint32(b, kind)
	b = be.AppendUint32(b, uint32(len(data)))
	return append(b, data...)
}
