// Package guest tests the finished programs in a guest with a real kernel: real
// ublk, real file systems, real fio, real power cuts. Its tests run with
// LC_VM=1, which `make test-vm` sets; each boots a machine of its own.
package guest
