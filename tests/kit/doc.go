// Package kit is what the tests of several packages share: what they need of the
// machine, and disks to work on. It imports nothing of the product, so that every
// package's tests may use it; nothing of the product imports it (see tests/arch).
package kit
