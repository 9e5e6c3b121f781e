package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/classify"
	"golang.org/x/sys/unix"
)

const (
	// maxRequest bounds a request line, in bytes: a drain that may leave out
	// damaged records names each.
	maxRequest = 16 << 20
	// requestLimit bounds the time that a client takes to send its request.
	requestLimit = 10 * time.Second
	// answerLimit bounds the time that a client takes to read a line of the answer.
	answerLimit = 10 * time.Second
)

// conn is a client's connection: one request, then it ends.
type conn struct {
	c  *net.UnixConn
	mu sync.Mutex // one line at a time
}

// serve answers one request. The request is taken back when the client closes
// its side.
func (s *Server) serve(ctx context.Context, c *net.UnixConn) {
	defer c.Close()
	k := &conn{c: c}
	if err := checkPeer(c); err != nil {
		k.fail(err)
		return
	}
	_ = c.SetReadDeadline(time.Now().Add(requestLimit))
	stop := context.AfterFunc(ctx, func() { _ = c.CloseRead() }) // the server's end is not for a silent client to hold up
	defer stop()
	lines := bufio.NewReader(io.LimitReader(c, maxRequest))
	line, err := lines.ReadBytes('\n')
	if err != nil {
		return // no request, and nobody to tell
	}
	_ = c.SetReadDeadline(time.Time{})
	var r control.Request
	if err := json.Unmarshal(line, &r); err != nil {
		k.fail(control.Errorf(control.Usage, "the request cannot be understood: %w", err))
		return
	}
	do := verbs[r.Verb]
	if do == nil {
		k.fail(control.Errorf(control.Usage, "the server knows no verb %q; it may be older than this lc", r.Verb))
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() { // ends when the client closes its side, or when this connection is closed
		defer close(watched)
		_, _ = io.Copy(io.Discard, c)
		cancel()
	}()
	result, err := do(ctx, s, r.Args, k.report)
	if r.Verb == control.VerbShutdown && err == nil {
		s.end() // before the answer: who has it may start another server at once
	}
	if err != nil {
		k.fail(err)
	} else {
		k.succeed(result)
	}
	cancel()
	_ = c.CloseRead()
	<-watched
}

// checkPeer lets in root and the server's own user, as the modes of the socket do.
func checkPeer(c *net.UnixConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return fmt.Errorf("ask who the client is: %w", err)
	}
	var cred *unix.Ucred
	var cerr error
	if err := raw.Control(func(fd uintptr) {
		cred, cerr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return fmt.Errorf("ask who the client is: %w", err)
	}
	if cerr != nil {
		return fmt.Errorf("ask who the client is: %w", cerr)
	}
	if cred.Uid != 0 && int(cred.Uid) != os.Geteuid() {
		return control.Errorf(control.NotPermitted, "only root may talk to the server")
	}
	return nil
}

func (k *conn) report(p control.Progress) { k.send(control.Response{Progress: &p}) }

func (k *conn) fail(err error) { k.send(control.Response{Error: classify.Classify(err)}) }

func (k *conn) succeed(result any) {
	raw, err := json.Marshal(result)
	if err != nil {
		k.fail(fmt.Errorf("encode the result: %w", err))
		return
	}
	k.send(control.Response{Result: raw})
}

// send writes one line. A client that is gone hears nothing, and the command
// goes on.
func (k *conn) send(r control.Response) {
	line, err := json.Marshal(r)
	if err != nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	_ = k.c.SetWriteDeadline(time.Now().Add(answerLimit))
	_, _ = k.c.Write(append(line, '\n'))
}
