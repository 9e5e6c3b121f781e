// Package arch holds the rules of who may import whom, and of what the pure
// packages may not do, as tests.
package arch
