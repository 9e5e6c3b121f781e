// Command bench measures the cache beside its peers and beside the bare
// devices, all in one run, and writes a report with tables, and the charts that
// tools/plots makes pictures of.
//
//	go run ./tools/bench -works all -out bench          in a guest, on modelled disks
//	go run ./tools/bench -on /dev/SSD,/dev/HDD -destroy on devices of your own
//
// Every work is a fio job of tests/fio. It starts on a system that was set up
// anew, so that no work pays for what another left in a log. Rounds are
// interleaved: each measures every system once, and what is reported is the
// median; what takes minutes is done once. A trial that fails or hangs is
// reported, and the others go on. Only ratios within a run mean something; an
// emulated guest's absolute times do not.
//
// The layer below the cache has yardsticks of its own: null devices over ublk,
// null_blk, and with -cserver the null device of another ublk server, such as
// ublksrv's ublk.null. With -counted they are measured in instructions: on a busy
// host too, ratios come out within 1 % at depth 1 and some 5 % at depth 32. The
// CPUs then take turns, so what a second queue gains in time does not show.
//
//	go run ./tools/bench -counted -systems nullblk,null,cnull,null2,cnull2 -works rw4k-qd1,rw4k-qd32 -cserver ublk.null
//
// lcmem is our cache on a log that forgets and a disk in memory: what is left is
// the processor time that the cache takes. It is for writes; what it reads from the
// log is zeroes.
//
// An emulated processor is 4 to 25 times slower than a real one, the modelled
// devices are not. What many jobs do at once is then bound by processors, and
// says little of a machine where they are not. With -dilate 10 the devices take
// ten times as long as their models, and ratios come out as where both are real.
//
//	go run ./tools/bench -dilate 10 -systems ssd,null,writecache,bcache,lc -works sync4k,sync4k-j4,sync4k-j16
//
// Without -on nothing outside the guest is touched. With -on nothing but the
// devices named there is written, and those only with -destroy.
package main
