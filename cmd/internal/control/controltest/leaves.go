// Package controltest helps tests to hold messages to what they are made of.
package controltest

import (
	"fmt"
	"math/rand/v2"
	"reflect"
)

// Fill sets all that v points to, and all below that, to anything. Lists get
// two elements.
func Fill(v any, r *rand.Rand) { fill(reflect.ValueOf(v).Elem(), r) }

func fill(v reflect.Value, r *rand.Rand) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), r)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), r)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), r)
		fill(v.Index(1), r)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), r)
	case reflect.Interface:
		v.Set(reflect.ValueOf(r.Uint64()))
	default:
		fillLeaf(v, r)
	}
}

func fillLeaf(v reflect.Value, r *rand.Rand) {
	switch {
	case v.CanUint():
		v.SetUint(r.Uint64() >> (64 - v.Type().Bits()))
	case v.CanInt():
		v.SetInt(int64(r.Uint64() >> (64 - v.Type().Bits())))
	case v.Kind() == reflect.Bool:
		v.SetBool(r.IntN(2) == 1)
	case v.Kind() == reflect.String:
		v.SetString(fmt.Sprintf("%x", r.Uint64()))
	default:
		panic(fmt.Sprintf("cannot fill a %v", v.Type()))
	}
}

// Leaves are the values of all fields of v, and of all below it, in their
// order: two structures of the same content have the same, whatever their types
// are called.
func Leaves(v any) []string { return leaves(nil, reflect.ValueOf(v)) }

func leaves(to []string, v reflect.Value) []string {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			to = leaves(to, v.Field(i))
		}
	case reflect.Array, reflect.Slice:
		for i := range v.Len() {
			to = leaves(to, v.Index(i))
		}
	case reflect.Pointer, reflect.Interface:
		to = leaves(to, v.Elem())
	default:
		to = append(to, fmt.Sprintf("%v", v))
	}
	return to
}
