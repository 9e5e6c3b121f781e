package main

import "testing"

func TestSeriesFigures(t *testing.T) {
	f := figure{Series: []float64{60, 60, 0, 10, 20, 30}}
	if steady(f) != 20 || least(f) != 0 || stalls(f) != 1 {
		t.Errorf("steady %v, least %v, stalls %v", steady(f), least(f), stalls(f))
	}
	if steady(figure{}) != 0 || least(figure{}) != 0 || stalls(figure{}) != 0 {
		t.Error("a figure without a series shows something")
	}
}
