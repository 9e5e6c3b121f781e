package disk

// spares keeps requests and buffers for the next, so that a model that serves
// thousands a second leaves no work to a garbage collector.
type spares struct {
	requests []*request
	buffers  [][]byte
}

// spareBuffer is the size of the buffers that are kept: most writes have it.
const spareBuffer = 4096

func (s *spares) request() *request {
	last := len(s.requests) - 1
	if last < 0 {
		return new(request)
	}
	r := s.requests[last]
	s.requests = s.requests[:last]
	return r
}

// keep takes back a request that is over.
func (s *spares) keep(r *request) {
	s.release(r.data)
	*r = request{}
	s.requests = append(s.requests, r)
}

func (s *spares) buffer(n int) []byte {
	last := len(s.buffers) - 1
	if n != spareBuffer || last < 0 {
		return make([]byte, n)
	}
	b := s.buffers[last]
	s.buffers = s.buffers[:last]
	return b
}

func (s *spares) release(b []byte) {
	if len(b) == spareBuffer {
		s.buffers = append(s.buffers, b)
	}
}
