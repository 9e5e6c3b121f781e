package sim

import "github.com/ublk-lc/ublk-lc/logcache"

// maxDeep is how often in a row the power may fail while the host comes up.
const maxDeep = 5

// restart ends a host, by power cut or by a kill, and brings up the next.
func (w *world) restart() {
	killed := w.rng.IntN(5) == 0
	if killed {
		w.tracef("kill")
		for i, d := range w.s.backing {
			w.forgot[i] = d.forgot
		}
		w.s.kill(w.rng)
		w.noteUnfinished(func(i int, d *disk) { copy(w.image.disk[i], d.visible) })
	} else {
		w.tracef("power cut")
		w.powerCut()
		w.stats.Cuts++
		if w.rng.IntN(3) == 0 {
			w.sides.interrupted(w.image, 1+w.rng.IntN(maxDeep))
		} else {
			w.sides.try(w.image)
		}
		w.noteUnfinished(nil)
	}
	w.free()
	if w.Grown {
		w.grow()
	}
	for deep := 0; ; deep++ {
		w.newPorts()
		if deep < maxDeep && w.rng.IntN(3) == 0 {
			w.s.ios, w.s.limit = 0, 1+w.rng.IntN(40)
		}
		if w.boot(w, &w.sides.out) {
			break
		}
		w.free()
		w.powerCut()
		w.stats.Interrupted++
		killed = false
	}
	w.s.limit = 0
	w.checkRecovery(killed)
}

// powerCut leaves one of the images that a power cut may leave.
func (w *world) powerCut() {
	w.s.cut(w.rng, w.image)
	w.stats.state(w.s, w.image)
	if w.Rot && w.bad.IntN(2) == 0 {
		w.sides.spoil(w.image, w.bad.IntN(2))
	}
	w.s.revive(w.image)
}

// noteUnfinished notes what an unfinished batch may have left on the backings.
func (w *world) noteUnfinished(fill func(int, *disk)) {
	if fill != nil {
		w.s.each(fill)
	}
	if w.o.ahead(w.s.st, w.image) {
		w.o.loose = true
	}
}

// checkRecovery checks what the new host has, and goes on from there.
func (w *world) checkRecovery(killed bool) {
	out := &w.sides.out
	takeAnswer := w.answered
	w.answered = func(*logcache.Request) {}
	w.sides.readAll(&w.host, out)
	w.answered = takeAnswer
	w.givenUp(out)
	var disks [][]int
	for i, v := range w.o.vols {
		if killed && out.flushed[i] && !w.forgot[i] {
			v.cut = w.o.now
		}
		disks = append(disks, w.onDisk(i))
	}
	point := w.o.recovered(out.vols)
	w.tracef("recovered up to %d", point)
	w.o.truncate(point, out.vols, disks, killed)
	for i, v := range w.o.vols {
		if killed && w.forgot[i] {
			w.o.doubt(v)
		}
	}
	for i, on := range out.attached {
		if on != w.o.vols[i].logged {
			w.o.side(uint8(i+1), on, w.onDisk(i))
		}
	}
	w.reset()
}
