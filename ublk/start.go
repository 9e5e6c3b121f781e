package ublk

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// timeoutMillis is written to the disk's io_timeout. A live server may take
// longer, the kernel only looks whether it is alive; but some kernels notice
// only here that a server died with every request in its hands.
const timeoutMillis = "3000"

// errQueueEnded is why waiting for START_DEV is given up: a queue that ended
// will never fetch.
var errQueueEnded = errors.New("a queue has ended")

// Start makes the queues, and returns when the block device can be opened.
// After an error the device is still to be given back with Stop, and cannot be
// started again.
func (d *Device) Start(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state != stateMade {
		return fmt.Errorf("ublk device %d: start: it was started before", d.id)
	}
	d.state = stateStopped
	fd, err := openChar(ctx, d.id)
	if err != nil {
		return err
	}
	d.charFD = fd
	word, err := d.makeQueues(ctx)
	if err != nil {
		if word != nil {
			close(word) // none will fetch
			<-d.done
		}
		return err
	}
	d.state = stateRunning
	for range d.queues {
		word <- true
	}
	if err := d.goLive(ctx); err != nil {
		return errors.Join(err, d.Err())
	}
	return nil
}

// makeQueues makes all queues, each on its thread. Each then waits for a word:
// true to fetch, false to end. When even their wake-ups could not be made there
// are no queues, and no one to give the word.
func (d *Device) makeQueues(ctx context.Context) (chan<- bool, error) {
	word, up := make(chan bool), make(chan error)
	queues := make([]*Queue, d.cfg.Queues)
	for i := range queues {
		q, err := newQueue(d, i)
		if err != nil {
			return nil, errors.Join(err, closeEvents(queues[:i]))
		}
		q.cpus = d.cpusOf(ctx, i)
		queues[i] = q
	}
	d.endMu.Lock()
	d.queues, d.serving = queues, len(queues)
	d.endMu.Unlock()
	for _, q := range queues {
		go q.run(d.handler, up, word)
	}
	var errs []error
	for range queues {
		errs = append(errs, <-up)
	}
	return word, errors.Join(errs...)
}

// cpusOf returns where a queue's thread is to run, and nil when that is
// anywhere or cannot be found out. A queue of one CPU's requests runs anywhere:
// there it would take turns with its client, request by request.
func (d *Device) cpusOf(ctx context.Context, queue int) *unix.CPUSet {
	if d.cfg.Float {
		return nil
	}
	cpus, err := queueAffinity(ctx, d.id, queue)
	if err != nil || cpus.Count() < 2 {
		return nil
	}
	return cpus
}

// goLive makes the kernel show the disk, and waits for its node.
func (d *Device) goLive(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-d.first:
			cancel(errQueueEnded)
		case <-ctx.Done():
		}
	}()
	defer func() { cancel(nil); <-watched }()

	events := subscribe()
	defer events.close()
	start := startDev
	if d.recovering {
		start = endRecovery
	}
	if err := start(ctx, d.id); err != nil {
		return err
	}
	if err := events.waitBlock(ctx, d.id); err != nil {
		return err
	}
	_ = os.WriteFile(blockSysfs(d.id)+"/queue/io_timeout", []byte(timeoutMillis), 0) // only sooner, not needed
	return nil
}

// queueEnded is the last thing a queue's goroutine does.
func (d *Device) queueEnded(q *Queue) {
	d.endMu.Lock()
	defer d.endMu.Unlock()
	if d.err == nil {
		d.err = q.err
	}
	if d.serving == d.cfg.Queues {
		close(d.first)
	}
	d.serving--
	if d.serving == 0 {
		close(d.done)
	}
}

// closeChar closes the character node once no queue uses it.
func (d *Device) closeChar() error {
	if d.charFD < 0 {
		return nil
	}
	fd := d.charFD
	d.charFD = -1
	if err := unix.Close(fd); err != nil {
		return fmt.Errorf("ublk device %d: close %s: %w", d.id, charPath(d.id), err)
	}
	return nil
}
