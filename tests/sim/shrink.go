package sim

// shrinkTries bounds the work of [Shrink], in runs.
const shrinkTries = 400

// Shrink looks for smaller options that still fail, one change at a time,
// until none does or it has tried often enough. Other options make another run
// of the same seed, so that it need not be the same failure; it is a shorter one.
func Shrink(o Options, fails func(Options) bool) Options {
	tries := 0
	for smaller := true; smaller; {
		smaller = false
		for _, c := range candidates(o) {
			if tries++; tries > shrinkTries {
				return o
			}
			if fails(c) {
				o, smaller = c, true
				break
			}
		}
	}
	return o
}

// candidates are options that differ from o in one thing, which is smaller.
func candidates(o Options) (cs []Options) {
	try := func(change func(*Options)) {
		c := o
		change(&c)
		cs = append(cs, c)
	}
	number := func(of func(*Options) *int, least int) {
		was := *of(&o)
		for _, n := range []int{least, (least + was) / 2, was - 1} {
			if n >= least && n < was {
				try(func(c *Options) { *of(c) = n })
			}
		}
	}
	if o.Faults {
		try(func(c *Options) { c.Faults = false })
	}
	if o.Stalls {
		try(func(c *Options) { c.Stalls = false })
	}
	if o.Paced {
		try(func(c *Options) { c.Paced = false })
	}
	if o.Pacer {
		try(func(c *Options) { c.Pacer = false })
	}
	if o.Discards {
		try(func(c *Options) { c.Discards = false })
	}
	if o.DiscardSlots {
		try(func(c *Options) { c.DiscardSlots = false })
	}
	if o.Bypass {
		try(func(c *Options) { c.Bypass = false })
	}
	if o.Company {
		try(func(c *Options) { c.Company = false })
	}
	if o.Rot {
		try(func(c *Options) { c.Rot = false })
	}
	number(func(c *Options) *int { return &c.Generations }, 1)
	number(func(c *Options) *int { return &c.Requests }, 1)
	number(func(c *Options) *int { return &c.Admin }, 0)
	number(func(c *Options) *int { return &c.Migrate }, 0)
	number(func(c *Options) *int { return &c.Depth }, 1)
	number(func(c *Options) *int { return &c.Ports }, 1)
	for i := range o.Volumes {
		if len(o.Volumes) > 1 {
			try(func(c *Options) {
				c.Volumes = append(append([]int(nil), o.Volumes[:i]...), o.Volumes[i+1:]...)
			})
		}
	}
	return cs
}
